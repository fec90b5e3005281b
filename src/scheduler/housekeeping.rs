//! Sweeps: due rows that were computed under older rules are looked at again; months are closed for
//! everybody; tokens, settled deliveries and reports of usage that are old enough are forgotten.

use std::time::Duration;

use futures_util::stream::{self, StreamExt};

use super::months;
use super::run::{self, Run};
use crate::actors::{ExecuteError, Lane, Request};
use crate::domain::agenda::Job;
use crate::domain::calendar::Timestamp;
use crate::domain::command::Command;
use crate::domain::ids::StreamId;
use crate::domain::record::Cause;
use crate::domain::rules::{PaygRules, Timeline};
use crate::store::{Chore, JobRun, OldUsage, UsagePlace};

/// Accounts in a page of the sweep.
const PAGE: u32 = 1000;
/// How often old things are forgotten.
const FORGET_EVERY: Duration = Duration::from_hours(24);

/// How much longer reports of usage are known than usage may be reported late (D44).
const USAGE_MARGIN: Duration = Duration::from_hours(24);
/// Reports of usage that are looked through at once.
const USAGE_PAGE: u32 = 10_000;
/// How often that is done in a sweep: what is not reached is looked through in the next one.
const USAGE_PAGES: u32 = 2_000;

/// How far the walk through all reports of usage is, in search of old ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walk {
    /// It goes on behind this place; none before the first.
    Behind(Option<UsagePlace>),
    /// It has seen all.
    AtEnd,
}

/// One sweep.
pub(super) async fn sweep(
    run: &mut Run,
    now: Timestamp,
    ran: &mut JobRun,
) -> Result<(), ExecuteError> {
    refresh_due_rows(run, ran).await?;
    months::close(run, now).await?;
    if run.forgot_at.is_none_or(|at| at.plus(FORGET_EVERY) <= now) {
        run.forgot_at = Some(now);
        let forget = vec![
            Chore::ForgetTokens { before: now.minus(run.tokens_keep) },
            Chore::ForgetDeliveries { before: now.minus(run.deliveries_keep) },
        ];
        run.accounts.chores(forget).await?;
        if run.usage_walk == Walk::AtEnd {
            run.usage_walk = Walk::Behind(None);
        }
    }
    let before = usage_forgotten_before(&run.accounts.ports().house().timeline, now);
    forget_usage(run, before).await
}

/// Usage from before this can no longer be reported.
fn usage_forgotten_before(timeline: &Timeline, now: Timestamp) -> Timestamp {
    let set = timeline.in_force(now).map(|version| version.rules.payg.late_adjustment);
    let late = set.unwrap_or_else(|| PaygRules::default().late_adjustment);
    now.minus(late.0 + USAGE_MARGIN)
}

/// Forgets old reports of usage, page by page, so that none holds up the writer.
async fn forget_usage(run: &mut Run, before: Timestamp) -> Result<(), ExecuteError> {
    for _ in 0..USAGE_PAGES {
        let Walk::Behind(after) = run.usage_walk else { break };
        let store = &run.accounts.ports().store;
        let OldUsage { through, count } = store.old_usage(before, after, USAGE_PAGE).await?;
        if count > 0 {
            let forget = Chore::ForgetUsage { before, after, through };
            run.accounts.chores(vec![forget]).await?;
        }
        run.usage_walk = through.map_or(Walk::AtEnd, |place| Walk::Behind(Some(place)));
    }
    Ok(())
}

async fn refresh_due_rows(run: &mut Run, ran: &mut JobRun) -> Result<(), ExecuteError> {
    // Reads the house again if its last commit was not answered.
    run.accounts.view(StreamId::House).await?;
    let newest = run.accounts.ports().house().timeline.newest();
    // Looking for older ones walks through all accounts. Once a whole walk has found none, none can
    // come to be before the rules change again: whatever is written is reckoned under the newest.
    if run.refreshed_under == Some(newest) {
        return Ok(());
    }
    let mut after = None;
    loop {
        let page = run.accounts.ports().store.stale(newest, after, PAGE).await?;
        let Some(last) = page.last() else {
            run.refreshed_under = after.is_none().then_some(newest);
            return Ok(());
        };
        after = Some(*last);
        let mut receipts = stream::iter(page)
            .map(|stream| {
                let request =
                    Request::new(Command::Advance, Cause::Job(Job::Housekeeping), Lane::Clockwork);
                run.accounts.execute(stream, request)
            })
            .buffer_unordered(run.concurrency);
        while let Some(receipt) = receipts.next().await {
            match receipt {
                Ok(receipt) => run::count(ran, &receipt),
                Err(error) => {
                    ran.failed_count += 1;
                    tracing::warn!(%error, "a due row was not refreshed; the next sweep tries again");
                }
            }
        }
    }
}
