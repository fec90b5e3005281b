//! Schedulers: one actor a job, each with its cron line. A scheduler carries no data: it wakes,
//! asks the store who is due, nearest first, and says so to each account. Late, twice, or after a
//! week asleep, it is the same path.

mod brake;
pub mod cron;
mod housekeeping;
mod months;
mod run;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::{
    Actor, ActorFutureExt, Addr, ArbiterHandle, AsyncContext, AtomicResponse, Context, Handler,
    Message, WrapFuture,
};
use tokio::sync::watch;

use self::cron::CronLine;
pub use self::run::Run;
use crate::actors::{Accounts, ExecuteError};
use crate::config;
use crate::domain::agenda::Job;
use crate::domain::calendar::Timestamp;
use crate::store::JobRun;

/// What was settled later than this is late: schedulers look at least every five minutes.
const LATE_SECONDS: u64 = 300;

/// The longest wait until what failed is tried again.
pub const RETRY_MAX: Duration = run::RETRY_MAX;

/// How a scheduler stands.
#[derive(Debug, Clone)]
pub struct Status {
    /// Which.
    pub job: Job,
    /// Its cron line, in UTC.
    pub cron: CronLine,
    /// Its last run.
    pub last: Option<JobRun>,
}

/// The handle to all schedulers.
#[derive(Clone)]
pub struct Schedulers {
    actors: Arc<BTreeMap<Job, Running>>,
    any_after: Duration,
}

/// A job's actor, and how it stands.
type Running = (Addr<SchedulerActor>, watch::Receiver<Status>);

impl Schedulers {
    /// Starts one actor a job on `arbiter`. Under a manual clock they only run when told.
    #[must_use]
    pub fn start(
        accounts: &Accounts,
        settings: &config::Config,
        lines: &BTreeMap<Job, CronLine>,
        arbiter: &ArbiterHandle,
    ) -> Self {
        let actors = lines
            .iter()
            .map(|(job, cron)| {
                let status = Status { job: *job, cron: cron.clone(), last: None };
                let (publish, watch) = watch::channel(status);
                let run = Run::new(*job, accounts.clone(), settings);
                let actor = SchedulerActor::start_in_arbiter(arbiter, move |_| SchedulerActor {
                    run: Some(run),
                    publish,
                });
                (*job, (actor, watch))
            })
            .collect();
        Self { actors: Arc::new(actors), any_after: settings.schedulers.any_after.0 }
    }

    /// Runs a job once, after whatever run of it is under way, and answers what it did.
    pub async fn run(&self, job: Job, now: Timestamp) -> Result<JobRun, ExecuteError> {
        let Some((actor, _)) = self.actors.get(&job) else {
            return Err(ExecuteError::OutcomeUnknown);
        };
        actor.send(RunOnce { now }).await.unwrap_or(Err(ExecuteError::OutcomeUnknown))
    }

    /// Would a job find something at `now`, if `due` is when the first of each is due? Its own, or
    /// what is overdue for so long that any of them takes it.
    #[must_use]
    pub fn concerns(&self, job: Job, due: &BTreeMap<Job, Timestamp>, now: Timestamp) -> bool {
        let overdue = now.minus(self.any_after);
        due.iter().any(|(of, at)| *at <= overdue || (*of == job && *at <= now))
    }

    /// How each scheduler stands.
    #[must_use]
    pub fn status(&self) -> Vec<Status> {
        self.actors.values().map(|(_, watch)| watch.borrow().clone()).collect()
    }
}

/// Says what the first run since the start had to catch up with, and how late it was.
fn report_catch_up(ran: &JobRun) {
    for (kind, tally) in ran.steps.iter().filter(|(_, tally)| tally.lag_seconds_max > LATE_SECONDS)
    {
        tracing::warn!(
            job = %ran.job,
            step = kind,
            count = tally.count,
            lag_seconds_max = tally.lag_seconds_max,
            "caught up with what was late"
        );
    }
}

/// One job's actor.
struct SchedulerActor {
    /// Away while a run is under way.
    run: Option<Run>,
    publish: watch::Sender<Status>,
}

impl SchedulerActor {
    /// Wakes at the next instant of the cron line.
    fn wake_later(&self, now: Timestamp, context: &mut Context<Self>) {
        let next = self.publish.borrow().cron.next_after(now);
        if let Some(next) = next {
            context.run_later(next.since(now), |_, context| context.notify(Tick));
        }
    }
}

impl Actor for SchedulerActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        // After a start, what became due meanwhile is looked after at once.
        if self.run.as_ref().is_some_and(|run| !run.clock().is_manual()) {
            context.notify(Tick);
        }
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Tick;

impl Handler<Tick> for SchedulerActor {
    type Result = ();

    fn handle(&mut self, _: Tick, context: &mut Context<Self>) {
        let Some(clock) = self.run.as_ref().map(|run| run.clock().clone()) else {
            return;
        };
        let me = context.address();
        let now = clock.now();
        let run = async move { me.send(RunOnce { now }).await };
        context.spawn(run.into_actor(self).map(move |ran, actor, context| {
            if let Ok(Err(error)) = ran {
                tracing::error!(%error, "a scheduler's run failed; it is tried again at its next instant");
            }
            actor.wake_later(clock.now(), context);
        }));
    }
}

#[derive(Message)]
#[rtype(result = "Result<JobRun, ExecuteError>")]
struct RunOnce {
    now: Timestamp,
}

impl Handler<RunOnce> for SchedulerActor {
    type Result = AtomicResponse<Self, Result<JobRun, ExecuteError>>;

    fn handle(&mut self, RunOnce { now }: RunOnce, _: &mut Context<Self>) -> Self::Result {
        let run = self.run.take();
        let once = async move {
            match run {
                Some(mut run) => {
                    let ran = run.once(now).await;
                    (Some(run), ran)
                }
                None => (None, Err(ExecuteError::OutcomeUnknown)),
            }
        };
        AtomicResponse::new(Box::pin(once.into_actor(self).map(|(run, ran), actor, _| {
            actor.run = run;
            if let Ok(ran) = &ran {
                actor.publish.send_modify(|status| {
                    if status.last.is_none() {
                        report_catch_up(ran);
                    }
                    status.last = Some(ran.clone());
                });
            }
            ran
        })))
    }
}
