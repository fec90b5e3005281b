//! Time: the clock, and the schedulers that look at it.

use std::collections::BTreeMap;

use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse, get, post, rt};
use utoipa_actix_web::service_config::ServiceConfig;

use super::accounts::Nothing;
use crate::actors::Token;
use crate::admin::problem::{Code, Problem};
use crate::admin::request::{JSON, Write};
use crate::admin::{Admin, convert, fields, wire};
use crate::domain::agenda::Job;
use crate::domain::calendar::Timestamp;

/// Runs of each scheduler that are shown.
const RUNS_SHOWN: u32 = 10;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_schedulers).service(run_scheduler).service(show_clock).service(move_clock);
}

/// What cannot be undone by not writing it cannot be tried either.
pub(super) fn must_be_meant(dry_run: bool) -> Result<(), Problem> {
    if dry_run {
        let detail = "what this does cannot be tried without doing it";
        return Err(Problem::new(Code::DryRunNotPossible, detail));
    }
    Ok(())
}

/// The answer of the machinery.
pub(super) fn answered(answer: String, replayed: bool) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.content_type(JSON);
    if replayed {
        response.insert_header(("Idempotent-Replayed", "true"));
    }
    response.body(answer)
}

/// The schedulers, each with its latest runs.
pub(super) async fn schedulers(
    admin: &Admin,
    runs_max: u32,
) -> Result<Vec<wire::Scheduler>, Problem> {
    let now = admin.clock.now();
    let due = admin.store.next_due().await?;
    let mut runs: BTreeMap<Job, Vec<wire::JobRun>> = BTreeMap::new();
    for run in admin.store.job_runs(runs_max).await? {
        runs.entry(run.job).or_default().push(convert::job_run(&run));
    }
    let shown = admin.control.schedulers().into_iter().map(|status| {
        let runs = runs.remove(&status.job).unwrap_or_default();
        convert::scheduler(&status, due.get(&status.job).copied(), runs, now)
    });
    Ok(shown.collect())
}

/// What the clock shows.
pub(super) fn shown(admin: &Admin) -> wire::Clock {
    let kind =
        if admin.clock.is_manual() { wire::ClockKind::Manual } else { wire::ClockKind::System };
    wire::Clock { kind, now: admin.clock.now().to_string() }
}

/// Lists the schedulers with what is due for them and their latest runs.
#[utoipa::path(
    tag = "time",
    responses((status = 200, description = "A page", body = wire::Page<wire::Scheduler>), Problem)
)]
#[get("/v1/schedulers")]
async fn list_schedulers(admin: Data<Admin>) -> Result<Json<wire::Page<wire::Scheduler>>, Problem> {
    Ok(Json(wire::Page { items: schedulers(&admin, RUNS_SHOWN).await?, next: None, window: None }))
}

/// Runs a scheduler now, whatever its cron line says; it advances its accounts fully.
#[utoipa::path(
    tag = "time",
    params(
        ("job" = String, Path,
            description = "orders, renewals, lifecycle, reminders or housekeeping"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    responses((status = 200, description = "What the run did", body = wire::JobRun), Problem)
)]
#[post("/v1/schedulers/{job}/run")]
async fn run_scheduler(
    admin: Data<Admin>,
    request: HttpRequest,
    write: Write<Nothing>,
) -> Result<HttpResponse, Problem> {
    let text = request.match_info().query("job");
    let job: Job = text
        .parse()
        .map_err(|error: String| Problem::new(Code::SchedulerNotFound, error).with("job", text))?;
    must_be_meant(write.dry_run)?;
    to_the_end(&admin, write.asking.token, move |admin| async move {
        let run = admin.control.run_job(job).await.map_err(failed)?;
        serde_json::to_string(&convert::job_run(&run)).map_err(Problem::broken)
    })
    .await
}

/// Shows the clock that the daemon runs by.
#[utoipa::path(
    tag = "time",
    responses((status = 200, description = "As it stands", body = wire::Clock), Problem)
)]
#[get("/v1/clock")]
async fn show_clock(admin: Data<Admin>) -> Json<wire::Clock> {
    Json(shown(&admin))
}

/// Moves a manual clock, through every due instant, cron tick and retry on the way.
#[utoipa::path(
    tag = "time",
    params(wire::WriteQuery, wire::WriteHeaders),
    request_body = wire::MoveClock,
    responses((status = 200, description = "What happened on the way", body = wire::Moved), Problem)
)]
#[post("/v1/clock")]
async fn move_clock(
    admin: Data<Admin>,
    write: Write<wire::MoveClock>,
) -> Result<HttpResponse, Problem> {
    if !admin.clock.is_manual() {
        let detail = "the clock is the machine's; start with --clock manual:INSTANT to move it";
        return Err(Problem::new(Code::ClockNotManual, detail));
    }
    must_be_meant(write.dry_run)?;
    let asked = write.body;
    // Read in time: a length counts from where the clock stands when its turn has come.
    destination(&asked, admin.clock.now())?;
    to_the_end(&admin, write.asking.token, move |admin| async move {
        let from = admin.clock.now();
        let to = destination(&asked, from)?;
        let report = admin.control.advance_clock(to).await.map_err(failed)?;
        let moved = wire::Moved {
            from: from.to_string(),
            to: admin.clock.now().to_string(),
            stop_count: report.stop_count,
            steps: convert::steps(&report.steps),
            delivered_count: report.delivered_count,
        };
        serde_json::to_string(&moved).map_err(Problem::broken)
    })
    .await
}

/// Where the clock is to stand.
fn destination(asked: &wire::MoveClock, now: Timestamp) -> Result<Timestamp, Problem> {
    let to = match (&asked.advance, &asked.to) {
        (Some(length), None) => now.plus(fields::length("advance", length)?),
        (None, Some(to)) => fields::parse("to", to)?,
        (None, None) => return Err(Problem::field("advance", "either advance or to is needed")),
        (Some(_), Some(_)) => {
            return Err(Problem::field("advance", "advance and to together say two things"));
        }
    };
    if to < now {
        let detail = format!("the clock stands at {now} and only moves ahead");
        return Err(Problem::new(Code::ClockInPast, detail).with("now", now.to_string()));
    }
    Ok(to)
}

fn failed(error: String) -> Problem {
    Problem::new(Code::ControlFailed, error)
}

/// Has the machinery do something to its end, even if the client goes away meanwhile.
async fn to_the_end<F>(
    admin: &Data<Admin>,
    token: Option<Token>,
    work: impl FnOnce(Data<Admin>) -> F + 'static,
) -> Result<HttpResponse, Problem>
where
    F: Future<Output = Result<String, Problem>> + 'static,
{
    let admin = admin.clone();
    let task = rt::spawn(async move {
        let work = work(admin.clone());
        admin.replies.once(token.as_ref(), work).await
    });
    let (answer, replayed) = task.await.map_err(Problem::broken)??;
    Ok(answered(answer, replayed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_moves_by_a_length_or_to_an_instant() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().expect("an instant");
        let read = |body: &str| {
            let asked: wire::MoveClock = serde_json::from_str(body).expect("a request");
            destination(&asked, now).map(|to| to.to_string()).map_err(|problem| problem.code())
        };
        assert_eq!(read(r#"{"advance":"P15D"}"#).as_deref(), Ok("2026-01-16T00:00:00Z"));
        assert_eq!(read(r#"{"advance":"15d"}"#).as_deref(), Ok("2026-01-16T00:00:00Z"));
        assert_eq!(read(r#"{"to":"2026-02-01T00:00:00Z"}"#).as_deref(), Ok("2026-02-01T00:00:00Z"));
        assert_eq!(read(r#"{"to":"2025-02-01T00:00:00Z"}"#), Err("ClockInPast"));
        assert_eq!(read(r#"{"advance":"P1M"}"#), Err("InvalidField"));
        assert_eq!(read("{}"), Err("InvalidField"));
        assert_eq!(read(r#"{"advance":"1d","to":"2026-02-01T00:00:00Z"}"#), Err("InvalidField"));
    }
}
