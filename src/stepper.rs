//! The stepper drives everything under a manual clock: it steps through every due instant, cron
//! tick and retry on the way, and at each lets whatever is due run until nothing did anything.
//! The demo, the end-to-end tests, the simulator and every integrator's rehearsal use it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::actors::{Accounts, ExecuteError};
use crate::clock::ManualClock;
use crate::domain::agenda::Job;
use crate::domain::calendar::Timestamp;
use crate::domain::ids::StreamId;
use crate::eraser::{self, EraseError};
use crate::outbox::sender::Sender;
use crate::scheduler::cron::CronLine;
use crate::scheduler::{self, Schedulers};
use crate::store::{DueQuery, JobRun, StoreError};

/// Rows of what is due that are looked through at once.
const PAGE: u32 = 100;
/// Rounds at one instant after which something must be wrong.
const ROUNDS_MAX: u32 = 10_000;

/// What a stretch of manual time came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stepped {
    /// Instants at which something ran.
    pub instant_count: u64,
    /// Runs of schedulers that did something.
    pub runs: Vec<JobRun>,
    /// Deliveries that were sent.
    pub sent_count: u64,
}

/// Why a stretch of manual time came to a stop.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// A run failed.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An account was not erased.
    #[error(transparent)]
    Erase(#[from] EraseError),
    /// The clock does not go back.
    #[error("the clock stands at {now} and does not go back")]
    Backwards {
        /// Where it stands.
        now: Timestamp,
    },
}

/// Moves a manual clock, and the house with it.
pub struct Stepper {
    clock: ManualClock,
    accounts: Accounts,
    schedulers: Schedulers,
    sender: Sender,
    eraser: eraser::Handle,
    lines: BTreeMap<Job, CronLine>,
    /// What was due and did not move when its job ran: looked at again when it changes.
    stuck: BTreeMap<Job, Timestamp>,
    /// Jobs of which something failed, each until when it is surely tried again.
    failing: BTreeMap<Job, Timestamp>,
}

impl Stepper {
    /// A stepper over a house under a manual clock.
    #[must_use]
    pub fn new(
        clock: ManualClock,
        accounts: Accounts,
        schedulers: Schedulers,
        sender: Sender,
        eraser: eraser::Handle,
        lines: BTreeMap<Job, CronLine>,
    ) -> Self {
        let (stuck, failing) = (BTreeMap::new(), BTreeMap::new());
        Self { clock, accounts, schedulers, sender, eraser, lines, stuck, failing }
    }

    /// Moves the clock to `target`, with everything on the way. `seen` is called after each
    /// instant at which something ran.
    pub async fn advance_to(
        &mut self,
        target: Timestamp,
        mut seen: impl FnMut(Timestamp),
    ) -> Result<Stepped, StepError> {
        let now = self.clock.now();
        if target < now {
            return Err(StepError::Backwards { now });
        }
        let mut stepped = Stepped::default();
        // What waits at this instant already: mail of the commands that came before.
        self.settle(now, &mut stepped).await?;
        seen(now);
        while let Some(next) = self.next_instant(self.clock.now()).await?.filter(|at| *at <= target)
        {
            self.clock.set(next);
            stepped.instant_count += 1;
            self.settle(next, &mut stepped).await?;
            seen(next);
        }
        self.clock.set(target);
        Ok(stepped)
    }

    /// The next instant at which a scheduler finds something due, looks by itself, or a delivery
    /// is tried again.
    async fn next_instant(&self, now: Timestamp) -> Result<Option<Timestamp>, StepError> {
        let due = self.accounts.ports().store.next_due().await?;
        let retry = self.sender.outbox().next_at(now).await?;
        let soon = now.plus(Duration::from_secs(1));
        let mut next = retry.map(|at| at.max(soon));
        for (job, line) in &self.lines {
            let at = match job {
                Job::Housekeeping => line.next_after(now),
                Job::Orders
                | Job::Renewals
                | Job::Settlement
                | Job::Dunning
                | Job::Lifecycle
                | Job::Reminders
                | Job::Closures
                | Job::Statements => {
                    let due_at = match due.get(job) {
                        Some(first) if self.stuck.get(job) == Some(first) => {
                            self.due_behind(*job, now).await?
                        }
                        first => first.copied(),
                    };
                    due_at.and_then(|due_at| line.at_or_after(due_at.max(soon)))
                }
            };
            next = next.into_iter().chain(at).min();
        }
        Ok(next)
    }

    /// When something of a job is due for the first time after `now`: what stays where it is hides
    /// it from whoever asks for the first of all.
    async fn due_behind(&self, job: Job, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let mut query = DueQuery {
            job,
            until: Timestamp::MAX,
            any_until: Timestamp::MIN,
            after: Some((now, StreamId::House)),
            limit: PAGE,
        };
        loop {
            let page = self.accounts.ports().store.due(query).await?;
            let later = page.iter().map(|row| row.due_at).find(|due_at| *due_at > now);
            let Some(last) = page.last().filter(|_| later.is_none()) else { return Ok(later) };
            query.after = Some((last.due_at, last.stream));
        }
    }

    /// Runs whatever ticks at `now` and has something to do, until nothing did anything.
    async fn settle(&mut self, now: Timestamp, stepped: &mut Stepped) -> Result<(), StepError> {
        let ticking: Vec<Job> = self
            .lines
            .iter()
            .filter(|(_, line)| line.at_or_after(now) == Some(now))
            .map(|(job, _)| *job)
            .collect();
        let mut due = self.accounts.ports().store.next_due().await?;
        for round in 0..ROUNDS_MAX {
            let mut did = false;
            for job in &ticking {
                // A sweep looks once, whatever is due; the others until nothing of theirs is.
                let runs = match job {
                    Job::Housekeeping => round == 0,
                    Job::Orders
                    | Job::Renewals
                    | Job::Settlement
                    | Job::Dunning
                    | Job::Lifecycle
                    | Job::Reminders
                    | Job::Closures
                    | Job::Statements => self.schedulers.concerns(*job, &due, now),
                };
                if runs {
                    did |= self.run(*job, now, stepped).await?;
                }
            }
            let sent = self.sender.run_once(now).await?;
            did |= !sent.is_idle();
            stepped.sent_count += sent.total().sent;
            // Whoever is closed is erased once nothing waits to be sent.
            if !did {
                did = !self.eraser.run_once(now).await?.is_idle();
            }
            due = self.accounts.ports().store.next_due().await?;
            if !did {
                break;
            }
        }
        self.note_stuck(now, &ticking, &due);
        Ok(())
    }

    /// Runs a job; did it do anything?
    async fn run(
        &mut self,
        job: Job,
        now: Timestamp,
        stepped: &mut Stepped,
    ) -> Result<bool, StepError> {
        let ran = self.schedulers.run(job, now).await;
        if ran.as_ref().map_or(true, |ran| ran.failed_count > 0) {
            self.failing.insert(job, now.plus(scheduler::RETRY_MAX));
        }
        let ran = ran?;
        let moved = !ran.steps.is_empty();
        if moved {
            stepped.runs.push(ran);
        }
        Ok(moved)
    }

    fn note_stuck(&mut self, now: Timestamp, ticking: &[Job], due: &BTreeMap<Job, Timestamp>) {
        self.failing.retain(|_, until| *until >= now);
        for job in ticking {
            // What failed has not moved, and will when it is tried again.
            let stays = |due: &&Timestamp| **due <= now && !self.failing.contains_key(job);
            match due.get(job).filter(stays) {
                Some(due) => self.stuck.insert(*job, *due),
                None => self.stuck.remove(job),
            };
        }
    }
}
