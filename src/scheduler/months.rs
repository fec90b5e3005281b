//! The closing of months for everybody: once no account has anything left to do in a month, the
//! house keeps what was billed in it, and no line is billed in it any more (R10.5).

use std::time::Duration;

use super::run::Run;
use crate::actors::{ExecuteError, Lane, Request};
use crate::domain::agenda::Job;
use crate::domain::calendar::Timestamp;
use crate::domain::command::Command;
use crate::domain::ids::StreamId;
use crate::domain::month::Month;
use crate::domain::nouns::house::House;
use crate::domain::record::Cause;
use crate::domain::verbs::bill::{self, CloseMonth};
use crate::store::StoreError;

/// How long after the closing of the accounts' months: what was decided before it is written then.
const CLOSE_AFTER: Duration = Duration::from_hours(1);
/// What is not closed so long after that is worth a line in the log.
const LATE_AFTER: Duration = Duration::from_hours(24);

/// Closes every month that is final, one after another. A month in which an account still has
/// something to do waits for the next sweep, and so do those after it.
pub(super) async fn close(run: &Run, now: Timestamp) -> Result<(), ExecuteError> {
    let store = &run.accounts.ports().store;
    loop {
        let house = run.accounts.ports().house();
        let month = next(run, &house, now).await?;
        let final_at = bill::final_at(&house.timeline, month);
        let close_at = final_at.plus(CLOSE_AFTER);
        if now < close_at {
            return Ok(());
        }
        let due = store.next_due().await?.into_iter().find(|(_, due_at)| *due_at <= final_at);
        if let Some((job, due_at)) = due {
            if close_at.plus(LATE_AFTER) <= now {
                tracing::warn!(
                    %month,
                    %job,
                    %due_at,
                    "the month cannot be closed while accounts have something to do in it"
                );
            }
            return Ok(());
        }
        let sums = store.month_sums(month).await?;
        let command = Command::CloseMonth(CloseMonth { month, sums });
        let request = Request::new(command, Cause::Job(Job::Statements), Lane::Clockwork);
        run.accounts.execute(StreamId::House, request).await?;
        if run.accounts.ports().house().closed_through < Some(month) {
            tracing::error!(%month, "the month was closed, but the house does not know it");
            return Ok(());
        }
        tracing::info!(%month, "closed the month for everybody");
    }
}

/// The month to be closed next: the one after the last. If none was closed yet, the month before
/// the current one, or the first in which anything was billed, if that lies further back.
async fn next(run: &Run, house: &House, now: Timestamp) -> Result<Month, StoreError> {
    if let Some(closed) = house.closed_through {
        return Ok(closed.next());
    }
    let previous = Month::of(now, bill::settings(&house.timeline, now).zone).previous();
    let billed = run.accounts.ports().store.billed_months().await?;
    Ok(billed.first().map_or(previous, |first| previous.min(*first)))
}
