//! The brake on mass destruction (D38): after a gap, an import or a rules change, a pass that
//! holds more suspensions, releases and closings than a usual day's waits for an operator.

use std::pin::pin;

use futures_util::stream::StreamExt;

use super::run::Run;
use crate::actors::{ExecuteError, Lane, Request};
use crate::domain::calendar::Timestamp;
use crate::domain::command::Command;
use crate::domain::ids::StreamId;
use crate::domain::record::Cause;
use crate::domain::verbs::brake::Engage;

/// Counts what the pass would take away from customers, by deciding it on copies, and engages the
/// brake if it is too much. Only what is overdue for longer than the gap is looked at: punctual
/// work is never held.
pub(super) async fn check(run: &Run, now: Timestamp) -> Result<(), ExecuteError> {
    let house = run.accounts.ports().house();
    if house.brake.is_some() {
        return Ok(());
    }
    let overdue = now.minus(run.brake.gap.0);
    let rows = run.due(now, overdue);
    let accounts = run.accounts.ports().store.account_count().await?;
    let share = accounts * u64::from(run.brake.share_percent) / 100;
    let limit = share.max(u64::from(run.brake.min));
    let held = {
        let previews = rows
            .filter(|row| {
                let let_through = row
                    .as_ref()
                    .is_ok_and(|row| house.released_through.is_some_and(|by| row.due_at <= by));
                std::future::ready(!let_through)
            })
            .map(|row| async {
                let request = Request::new(Command::Advance, Cause::Job(run.job), Lane::Clockwork);
                let receipt = run.accounts.preview(row?.stream, request).await;
                let destructive = ["suspended", "released", "account_closed"];
                Ok::<u64, ExecuteError>(receipt.map_or(0, |receipt| {
                    destructive
                        .iter()
                        .filter_map(|kind| receipt.steps.get(kind))
                        .map(|tally| tally.count)
                        .sum()
                }))
            })
            .buffer_unordered(run.concurrency);
        let mut previews = pin!(previews);
        let mut held = 0;
        // Counted to the end, also beyond the limit: the operator is told how many wait.
        while let Some(count) = previews.next().await {
            held += count?;
        }
        held
    };
    if held <= limit {
        return Ok(());
    }
    tracing::warn!(held, limit, "the brake is engaged: suspensions, releases and closings wait");
    let engage = Engage {
        held_count: u32::try_from(held).unwrap_or(u32::MAX),
        limit: u32::try_from(limit).unwrap_or(u32::MAX),
    };
    let request = Request::new(Command::EngageBrake(engage), Cause::Job(run.job), Lane::Clockwork);
    run.accounts.execute(StreamId::House, request).await?;
    Ok(())
}
