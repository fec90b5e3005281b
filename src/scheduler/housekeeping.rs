//! Sweeps: due rows that were computed under older rules are looked at again; months are closed for
//! everybody; tokens and settled deliveries that are old enough are forgotten.

use std::time::Duration;

use futures_util::stream::{self, StreamExt};

use super::months;
use super::run::{self, Run};
use crate::actors::{ExecuteError, Lane, Request};
use crate::domain::agenda::Job;
use crate::domain::calendar::Timestamp;
use crate::domain::command::Command;
use crate::domain::record::Cause;
use crate::store::{Chore, JobRun};

/// Accounts in a page of the sweep.
const PAGE: u32 = 1000;
/// How often old things are forgotten.
const FORGET_EVERY: Duration = Duration::from_hours(24);

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
    }
    Ok(())
}

async fn refresh_due_rows(run: &Run, ran: &mut JobRun) -> Result<(), ExecuteError> {
    let newest = run.accounts.ports().house().timeline.newest();
    let mut after = None;
    loop {
        let page = run.accounts.ports().store.stale(newest, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
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
