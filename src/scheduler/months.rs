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
use crate::domain::verbs::bill::{self, CloseMonth, SealMonth};
use crate::failpoint::{self, Point};
use crate::store::StoreError;

/// How long after the closing of the accounts' months: what was decided before it is written then.
const CLOSE_AFTER: Duration = Duration::from_hours(1);
/// What is not closed so long after that is worth a line in the log.
const LATE_AFTER: Duration = Duration::from_hours(24);

/// Closes every month that is final, one after another. A month in which an account still has
/// something to do waits for the next sweep, and so do those after it. While the brake holds
/// suspensions back, what they belong to is not done, and its month waits too.
pub(super) async fn close(run: &Run, now: Timestamp) -> Result<(), ExecuteError> {
    loop {
        let house = run.accounts.ports().house();
        // Sealed, and not summed up: the last sweep was cut short.
        if let Some(month) =
            house.closed_through.filter(|_| house.summed_through < house.closed_through)
        {
            sum_up(run, month).await?;
            continue;
        }
        let month = next(run, &house, now).await?;
        if !is_done(run, &house, month, now).await? {
            return Ok(());
        }
        let seal = Command::SealMonth(SealMonth { month });
        tell_house(run, seal).await?;
        failpoint::pass(Point::MonthAfterSeal);
        if run.accounts.ports().house().closed_through < Some(month) {
            tracing::error!(%month, "the month was sealed, but the house does not know it");
            return Ok(());
        }
        sum_up(run, month).await?;
        tracing::info!(%month, "closed the month for everybody");
    }
}

/// Is the month final, and has no account anything left to do in it?
async fn is_done(
    run: &Run,
    house: &House,
    month: Month,
    now: Timestamp,
) -> Result<bool, ExecuteError> {
    let final_at = bill::final_at(&house.timeline, month);
    let close_at = final_at.plus(CLOSE_AFTER);
    if now < close_at {
        return Ok(false);
    }
    let due = run.accounts.ports().store.next_due().await?;
    let Some((job, due_at)) = due.into_iter().find(|(_, due_at)| *due_at <= final_at) else {
        return Ok(true);
    };
    if close_at.plus(LATE_AFTER) <= now {
        tracing::warn!(
            %month,
            %job,
            %due_at,
            "the month cannot be closed while accounts have something to do in it"
        );
    }
    Ok(false)
}

/// Records what was billed in a month that is sealed: nothing is added to it any more.
async fn sum_up(run: &Run, month: Month) -> Result<(), ExecuteError> {
    let sums = run.accounts.ports().store.month_sums(month).await?;
    tell_house(run, Command::CloseMonth(CloseMonth { month, sums })).await?;
    failpoint::pass(Point::MonthAfterSums);
    Ok(())
}

async fn tell_house(run: &Run, command: Command) -> Result<(), ExecuteError> {
    let request = Request::new(command, Cause::Job(Job::Statements), Lane::Clockwork);
    run.accounts.execute(StreamId::House, request).await.map(|_| ())
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
