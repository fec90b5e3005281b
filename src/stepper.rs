//! The stepper drives everything under a manual clock: it steps through every due instant, cron
//! tick and retry on the way, and at each lets whatever is due run until nothing did anything.
//! The demo, the end-to-end tests, the simulator and every integrator's rehearsal use it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::actors::{Accounts, ExecuteError};
use crate::clock::ManualClock;
use crate::domain::agenda::Job;
use crate::domain::calendar::Timestamp;
use crate::eraser::{self, EraseError};
use crate::outbox::sender::Sender;
use crate::scheduler::cron::CronLine;
use crate::scheduler::{self, Schedulers};
use crate::store::{JobRun, StoreError};

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
        let store = &self.accounts.ports().store;
        let due = store.next_due().await?;
        let retry = self.sender.outbox().next_at(now).await?;
        let soon = now.plus(Duration::from_secs(1));
        let jobs = self.lines.iter().filter_map(|(job, line)| match job {
            Job::Housekeeping => line.next_after(now),
            Job::Orders
            | Job::Renewals
            | Job::Settlement
            | Job::Dunning
            | Job::Lifecycle
            | Job::Reminders
            | Job::Closures
            | Job::Statements => {
                let due = due.get(job).filter(|due| self.stuck.get(job) != Some(*due))?;
                line.at_or_after((*due).max(soon))
            }
        });
        Ok(jobs.chain(retry.map(|at| at.max(soon))).min())
    }

    /// Runs whatever ticks at `now`, until nothing did anything.
    async fn settle(&mut self, now: Timestamp, stepped: &mut Stepped) -> Result<(), StepError> {
        let ticking: Vec<Job> = self
            .lines
            .iter()
            .filter(|(_, line)| line.at_or_after(now) == Some(now))
            .map(|(job, _)| *job)
            .collect();
        for round in 0..ROUNDS_MAX {
            let mut did = false;
            for job in &ticking {
                // A sweep looks once; the others until nothing of theirs is due.
                if *job == Job::Housekeeping && round > 0 {
                    continue;
                }
                let ran = self.schedulers.run(*job, now).await;
                if ran.as_ref().map_or(true, |ran| ran.failed_count > 0) {
                    self.failing.insert(*job, now.plus(scheduler::RETRY_MAX));
                }
                let ran = ran?;
                let moved = !ran.steps.is_empty();
                did |= moved;
                if moved {
                    stepped.runs.push(ran);
                }
            }
            let sent = self.sender.run_once(now).await?;
            did |= !sent.is_idle();
            stepped.sent_count += sent.total().sent;
            did |= !self.eraser.run_once(now).await?.is_idle();
            if !did {
                break;
            }
        }
        self.note_stuck(now, &ticking).await
    }

    async fn note_stuck(&mut self, now: Timestamp, ticking: &[Job]) -> Result<(), StepError> {
        let due = self.accounts.ports().store.next_due().await?;
        self.failing.retain(|_, until| *until >= now);
        for job in ticking {
            // What failed has not moved, and will when it is tried again.
            let stays = |due: &&Timestamp| **due <= now && !self.failing.contains_key(job);
            match due.get(job).filter(stays) {
                Some(due) => self.stuck.insert(*job, *due),
                None => self.stuck.remove(job),
            };
        }
        Ok(())
    }
}
