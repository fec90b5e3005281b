//! One run of a scheduler, as a plain function of the instant.

use std::collections::BTreeMap;
use std::future;
use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::stream::{self, FuturesUnordered, Stream, StreamExt};

use super::{brake, housekeeping};
use crate::actors::{Accounts, ExecuteError, Lane, Receipt, Request};
use crate::clock::Clock;
use crate::config;
use crate::domain::agenda::Job;
use crate::domain::calendar::Timestamp;
use crate::domain::command::Command;
use crate::domain::ids::StreamId;
use crate::domain::record::Cause;
use crate::failpoint::{self, Point};
use crate::store::{Chore, DueQuery, DueRow, JobRun, StoreError};

/// Streams in a page of what is due.
const PAGE: u32 = 1000;
/// This part of what may be under way is asked for at once, and not one by one: whoever is not in
/// memory is read back together. Smaller parts made smaller groups, larger ones make people wait.
const REFILL: usize = 4;
/// The wait after a stream's first failure; it doubles up to the longest.
const RETRY_FIRST: Duration = Duration::from_mins(1);
pub(super) const RETRY_MAX: Duration = Duration::from_hours(1);

/// A scheduler's job, its settings, and which accounts failed lately.
pub struct Run {
    pub(super) job: Job,
    pub(super) accounts: Accounts,
    pub(super) concurrency: usize,
    pub(super) any_after: Duration,
    pub(super) brake: config::Brake,
    pub(super) tokens_keep: Duration,
    pub(super) deliveries_keep: Duration,
    pub(super) forgot_at: Option<Timestamp>,
    pub(super) usage_walk: housekeeping::Walk,
    /// The version of the rules under which all due rows were found to be reckoned.
    pub(super) refreshed_under: Option<u32>,
    failed: BTreeMap<StreamId, Failed>,
}

#[derive(Clone, Copy)]
struct Failed {
    count: u32,
    retry_at: Timestamp,
}

impl Run {
    /// A job that has not run yet.
    #[must_use]
    pub fn new(job: Job, accounts: Accounts, settings: &config::Config) -> Self {
        Self {
            job,
            accounts,
            concurrency: usize::try_from(settings.schedulers.concurrency).unwrap_or(1).max(1),
            any_after: settings.schedulers.any_after.0,
            brake: settings.brake.clone(),
            tokens_keep: settings.tokens.keep.0,
            deliveries_keep: settings.outbox.keep.0,
            forgot_at: None,
            usage_walk: housekeeping::Walk::AtEnd,
            refreshed_under: None,
            failed: BTreeMap::new(),
        }
    }

    /// The clock it runs by.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.accounts.ports().clock
    }

    /// Advances every account that is due for this job by `now`, and any that is long overdue.
    pub async fn once(&mut self, now: Timestamp) -> Result<JobRun, ExecuteError> {
        let started = Instant::now();
        let mut ran = JobRun {
            job: self.job,
            at: now,
            took_ms: 0,
            advanced_count: 0,
            failed_count: 0,
            steps: BTreeMap::new(),
        };
        if self.accounts.ports().is_clockwork_stopped() {
            return Ok(ran);
        }
        if self.job == Job::Housekeeping {
            housekeeping::sweep(self, now, &mut ran).await?;
        }
        let mut due = pin!(self.due(now, now).peekable());
        // Whoever has nothing to do asks the store once.
        if let Some(nearest) = due.as_mut().peek().await {
            let overdue = now.minus(self.brake.gap.0);
            if nearest.as_ref().is_ok_and(|row| row.due_at <= overdue) {
                brake::check(self, now).await?;
            }
            self.drain(due, now, &mut ran).await?;
        }
        self.failed.retain(|_, failed| failed.retry_at > now.minus(RETRY_MAX));
        ran.took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        if ran.advanced_count + ran.failed_count > 0 {
            failpoint::pass(Point::SchedulerBeforeRecord);
            self.accounts.chores(vec![Chore::JobRun(ran.clone())]).await?;
            failpoint::pass(Point::SchedulerAfterRecord);
            tracing::info!(
                job = %self.job,
                advanced = ran.advanced_count,
                failed = ran.failed_count,
                duration_ms = ran.took_ms,
                "run"
            );
        }
        Ok(ran)
    }

    async fn drain(
        &mut self,
        due: impl Stream<Item = Result<DueRow, StoreError>>,
        now: Timestamp,
        ran: &mut JobRun,
    ) -> Result<(), ExecuteError> {
        let (outcomes, broken) = self.advance_due(due, now, ran).await;
        for stream in outcomes {
            let failed = self.failed.entry(stream).or_insert(Failed { count: 0, retry_at: now });
            let wait = RETRY_FIRST * 2_u32.saturating_pow(failed.count.min(10));
            *failed = Failed { count: failed.count + 1, retry_at: now.plus(wait.min(RETRY_MAX)) };
        }
        match broken {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    /// Says "advance" to whoever is due and did not fail just now; answers who failed, and what
    /// broke the list off.
    async fn advance_due(
        &self,
        due: impl Stream<Item = Result<DueRow, StoreError>>,
        now: Timestamp,
        ran: &mut JobRun,
    ) -> (Vec<StreamId>, Option<StoreError>) {
        let rests = |stream: &StreamId| self.failed.get(stream).is_some_and(|f| f.retry_at > now);
        let due =
            due.filter(|row| future::ready(!row.as_ref().is_ok_and(|row| rests(&row.stream))));
        let mut due = pin!(due.fuse());
        let mut under_way = FuturesUnordered::new();
        let (mut outcomes, mut broken) = (Vec::new(), None);
        loop {
            if under_way.len() <= self.concurrency - self.concurrency.div_ceil(REFILL) {
                while under_way.len() < self.concurrency
                    && let Some(row) = due.next().await
                {
                    match row {
                        Ok(row) => under_way.push(self.advance(row.stream)),
                        Err(error) => broken = Some(error),
                    }
                }
            }
            match under_way.next().await {
                Some((_, Ok(receipt))) => count(ran, &receipt),
                Some((stream, Err(error))) => {
                    ran.failed_count += 1;
                    tracing::warn!(%stream, %error, job = %self.job, "not advanced");
                    outcomes.push(stream);
                }
                None => break,
            }
        }
        (outcomes, broken)
    }

    async fn advance(&self, stream: StreamId) -> (StreamId, Result<Receipt, ExecuteError>) {
        let request = Request::new(Command::Advance, Cause::Job(self.job), Lane::Clockwork);
        (stream, self.accounts.execute(stream, request).await)
    }

    /// What is due for this job by `until`, nearest first, page by page.
    pub(super) fn due(
        &self,
        now: Timestamp,
        until: Timestamp,
    ) -> impl Stream<Item = Result<DueRow, StoreError>> + use<> {
        let store = std::sync::Arc::clone(&self.accounts.ports().store);
        let query = DueQuery {
            job: self.job,
            until,
            any_until: now.minus(self.any_after).min(until),
            after: None,
            limit: PAGE,
        };
        stream::unfold(Some(query), move |query| {
            let store = std::sync::Arc::clone(&store);
            async move {
                let query = query?;
                match store.due(query).await {
                    Ok(page) => {
                        let last = page.last().map(|row| (row.due_at, row.stream));
                        let is_full = page.len() >= PAGE as usize;
                        let next = last.filter(|_| is_full);
                        let next = next.map(|after| DueQuery { after: Some(after), ..query });
                        let page: Vec<_> = page.into_iter().map(Ok).collect();
                        Some((stream::iter(page), next))
                    }
                    Err(error) => Some((stream::iter(vec![Err(error)]), None)),
                }
            }
        })
        .flatten()
    }
}

/// Adds what an account's advance settled.
pub(super) fn count(ran: &mut JobRun, receipt: &Receipt) {
    ran.advanced_count += 1;
    for (kind, tally) in &receipt.steps {
        let sum = ran.steps.entry((*kind).to_owned()).or_default();
        sum.count += tally.count;
        sum.lag_seconds_max = sum.lag_seconds_max.max(tally.lag_seconds_max);
    }
}
