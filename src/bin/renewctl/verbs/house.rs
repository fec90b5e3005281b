//! The house: status, schedulers, clock, brake, what was set aside.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use renewd::admin::wire::{
    Brake, Clock, ClockKind, Done, JobRun, MoveClock, Moved, Outbox, Page, Parked, Receipt,
    Scheduler, Status, Tally,
};

use super::{Desk, would};
use crate::cli::{BrakeVerb, ClockVerb, ScheduleVerb};
use crate::client::Call;
use crate::failure::Failure;
use crate::output::{self, Output, length, or_nothing};

/// How the daemon stands.
pub(super) async fn status(desk: &Desk) -> Result<(), Failure> {
    desk.ask(&Call::get(&["v1", "status"]), |output, status: Status| {
        let lag = match status.lag_seconds {
            0 => "nothing is late".to_owned(),
            seconds => format!("the oldest due thing is late by {}", length(seconds)),
        };
        output::card(&[
            ("renewd", status.version.clone()),
            ("clock", clock_text(&status.clock)),
            ("store", status.store.clone()),
            ("accounts", format!("{} ({} live)", status.account_count, status.live_account_count)),
            (
                "parked",
                if status.parked_count > 0 {
                    status.parked_count.to_string()
                } else {
                    String::new()
                },
            ),
            ("rules", rules_text(status.rules_version)),
            ("due", lag),
            ("brake", brake_text(&status.brake)),
        ])?;
        schedulers(output, &status.schedulers)?;
        if !status.outbox.is_empty() {
            outbox(output, &status.outbox)?;
        }
        Ok(())
    })
    .await
}

fn rules_text(version: u32) -> String {
    if version == 0 {
        "none: `renewctl catalogue apply FILE` sets them".to_owned()
    } else {
        format!("version {version}")
    }
}

fn clock_text(clock: &Clock) -> String {
    match clock.kind {
        ClockKind::System => clock.now.clone(),
        ClockKind::Manual => format!("{} (manual: it only moves when told)", clock.now),
    }
}

fn outbox(output: Output, channels: &[Outbox]) -> io::Result<()> {
    let rows = channels
        .iter()
        .map(|channel| {
            vec![
                channel.channel.clone(),
                channel.waiting_count.to_string(),
                channel.dead_count.to_string(),
                channel.age_seconds.map(length).unwrap_or_default(),
                or_nothing(channel.next_at.as_ref()),
            ]
        })
        .collect();
    output.table(&["OUTBOX", ">WAITING", ">DEAD", ">OLDEST", "NEXT ATTEMPT"], rows)
}

fn schedulers(output: Output, schedulers: &[Scheduler]) -> io::Result<()> {
    let rows = schedulers
        .iter()
        .map(|scheduler| {
            let due = scheduler.due.as_ref();
            let run = scheduler.runs.first();
            vec![
                scheduler.job.clone(),
                scheduler.cron.clone(),
                or_nothing(scheduler.next_run_at.as_ref()),
                due.map(|due| due.at.clone()).unwrap_or_default(),
                due.map(|due| length(due.lag_seconds)).unwrap_or_default(),
                run.map(|run| run.at.clone()).unwrap_or_default(),
                run.map(run_text).unwrap_or_default(),
            ]
        })
        .collect();
    output.table(&["SCHEDULER", "CRON", "NEXT RUN", "DUE", ">LATE", "LAST RUN", "DID"], rows)
}

fn run_text(run: &JobRun) -> String {
    let mut parts = steps_text(&run.steps);
    if run.failed_count > 0 {
        parts.push(format!("{} accounts failed", run.failed_count));
    }
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
}

fn steps_text(steps: &BTreeMap<String, Tally>) -> Vec<String> {
    steps.iter().map(|(kind, tally)| format!("{} {kind}", tally.count)).collect()
}

/// About schedulers.
pub(super) async fn schedule(desk: &Desk, verb: &ScheduleVerb) -> Result<(), Failure> {
    match verb {
        ScheduleVerb::List => {
            let call = Call::get(&["v1", "schedulers"]);
            desk.ask(&call, |output, page: Page<Scheduler>| Ok(schedulers(output, &page.items)?))
                .await
        }
        ScheduleVerb::Run { job, once } => {
            let spinner = spinner(desk, &format!("{} runs", job.as_str()));
            let call = Call::post(&["v1", "schedulers", job.as_str(), "run"], &once.into());
            let done = desk
                .ask(&call, |output, run: JobRun| {
                    spinner.finish_and_clear();
                    steps(output, &run.steps)?;
                    output.say(&format!(
                        "{} advanced {} accounts in {} ms{}",
                        run.job,
                        run.advanced_count,
                        run.took_ms,
                        failed(run.failed_count)
                    ));
                    Ok(())
                })
                .await;
            spinner.finish_and_clear();
            done
        }
    }
}

fn failed(count: u64) -> String {
    if count == 0 { String::new() } else { format!("; {count} failed and will be tried again") }
}

fn steps(output: Output, steps: &BTreeMap<String, Tally>) -> io::Result<()> {
    if steps.is_empty() {
        output.say("nothing was due");
        return Ok(());
    }
    let rows = steps
        .iter()
        .map(|(kind, tally)| {
            vec![kind.clone(), tally.count.to_string(), length(tally.lag_seconds_max)]
        })
        .collect();
    output.table(&["STEP", ">COUNT", ">LATEST BY"], rows)
}

/// About the clock.
pub(super) async fn clock(desk: &Desk, verb: &ClockVerb) -> Result<(), Failure> {
    let (body, once) = match verb {
        ClockVerb::Show => {
            let call = Call::get(&["v1", "clock"]);
            return desk.ask(&call, |_, clock: Clock| Ok(output::line(&clock_text(&clock))?)).await;
        }
        ClockVerb::Advance { length, once } => {
            (MoveClock { advance: Some(length.clone()), to: None }, once)
        }
        ClockVerb::To { instant, once } => {
            (MoveClock { advance: None, to: Some(instant.clone()) }, once)
        }
    };
    let spinner = spinner(desk, "the clock moves through everything that is due");
    let call = Call::post(&["v1", "clock"], &once.into()).json(&body)?;
    let done = desk
        .ask(&call, |output, moved: Moved| {
            spinner.finish_and_clear();
            steps(output, &moved.steps)?;
            output.say(&format!(
                "from {} to {}: {} stops, {} deliveries",
                moved.from, moved.to, moved.stop_count, moved.delivered_count
            ));
            Ok(())
        })
        .await;
    spinner.finish_and_clear();
    done
}

/// Turns on stderr while the daemon works; nothing if nobody looks or wants to.
pub(super) fn spinner(desk: &Desk, words: &str) -> ProgressBar {
    if desk.output.is_quiet() {
        return ProgressBar::hidden();
    }
    let spinner = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        spinner.set_style(style);
    }
    spinner.set_message(words.to_owned());
    spinner.enable_steady_tick(Duration::from_millis(120));
    spinner
}

/// About the brake.
pub(super) async fn brake(desk: &Desk, verb: &BrakeVerb) -> Result<(), Failure> {
    match verb {
        BrakeVerb::Show => {
            let call = Call::get(&["v1", "brake"]);
            desk.ask(&call, |_, brake: Brake| {
                Ok(output::card(&[
                    ("brake", brake_text(&brake)),
                    ("let through", or_nothing(brake.released_through.as_ref())),
                ])?)
            })
            .await
        }
        BrakeVerb::Release { write } => {
            let call = Call::post(&["v1", "brake", "release"], write);
            desk.ask(&call, |output, receipt: Receipt<Done>| {
                let would = would(receipt.dry_run);
                output.say(&format!("{would}the brake is released; what it held goes on"));
                Ok(())
            })
            .await
        }
    }
}

fn brake_text(brake: &Brake) -> String {
    if !brake.engaged {
        return "not engaged".to_owned();
    }
    let count = or_nothing(brake.held_count.as_ref());
    let since = or_nothing(brake.engaged_at.as_ref());
    format!(
        "ENGAGED since {since}: {count} suspensions, releases and closings wait; `renewctl brake release` \
         lets them through"
    )
}

/// What was set aside after repeated failure.
pub(super) async fn parked(desk: &Desk) -> Result<(), Failure> {
    desk.ask(&Call::get(&["v1", "parked"]), |output, page: Page<Parked>| {
        if page.items.is_empty() {
            output.say("nothing is parked");
            return Ok(());
        }
        let rows = page.items.into_iter().map(|row| vec![row.stream, row.at, row.reason]).collect();
        Ok(output.table(&["STREAM", "SINCE", "WHY"], rows)?)
    })
    .await
}
