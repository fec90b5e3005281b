//! `renewd bench commands`: single durable commands from concurrent clients, each waiting for its
//! answer, beside a floor in transactions of the size that group commit reached.

use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use serde::Serialize;

use super::house::{self, Bench, Place};
use super::mark::{self, Mark};
use super::renewals::top_up;
use super::{peak_rss_mib, per_second, percentile_ms};
use crate::domain::calendar::Timestamp;
use crate::domain::nouns::subscription::Mode;
use crate::domain::rules::Rules;

/// What the bench measured.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    /// Clients at once.
    pub clients: u64,
    /// Commands that were answered.
    pub commands: u64,
    /// Commands a second, durable.
    pub commands_per_s: f64,
    /// The same rows a second by bare prepared statements.
    pub floor_per_s: f64,
    /// The first by the second.
    pub ratio: f64,
    /// Commits in a transaction, on average.
    pub commits_per_batch: f64,
    /// A command, median.
    pub p50_ms: f64,
    /// A command, the slowest in a hundred.
    pub p99_ms: f64,
    /// The largest memory.
    pub peak_rss_mib: f64,
}

/// Runs it at `place`: `clients` clients over `accounts` accounts, `commands` in all.
pub async fn run(
    place: &Place,
    rules: Rules,
    accounts: u64,
    clients: u64,
    commands: u64,
    mut progress: impl FnMut(&str, u64),
) -> anyhow::Result<Measured> {
    let seeded_at: Timestamp = "2026-01-31T12:00:00Z".parse()?;
    let at: Timestamp = "2026-01-31T13:00:00Z".parse()?;
    let expires_at: Timestamp = "2026-06-10T10:00:00Z".parse()?;
    let bench = Bench::start(place, seeded_at, rules).await?;
    bench.seed(accounts, Mode::ManualRenewal, expires_at, |n| progress("seeding", n)).await?;
    let mark = Mark::of(&bench).await?;

    progress("commanding", 0);
    bench.clock.set(at);
    let batches_before = bench.house.accounts.batch_count();
    let share = commands / clients.max(1);
    let started = Instant::now();
    let samples = try_join_all((0..clients).map(|client| {
        let house = &bench.house;
        async move {
            let mut samples = Vec::new();
            for number in 0..share {
                // Each client walks over accounts of its own, so no command waits for another's.
                let place = (number * clients + client) % accounts;
                samples.push(top_up(&house.accounts, house::account(place)).await?);
            }
            anyhow::Ok(samples)
        }
    }))
    .await?;
    let took = started.elapsed();
    let batches = (bench.house.accounts.batch_count() - batches_before).max(1);
    let mut samples: Vec<Duration> = samples.into_iter().flatten().collect();
    let commands = samples.len() as u64;
    let peak_rss_mib = peak_rss_mib();

    progress("floor", 0);
    let written = mark::commits_since(&bench, at).await?;
    let floor = mark.floor(&bench, &written, commands / batches).await?.floor;
    bench.close().await;
    let commands_per_s = per_second(commands, took);
    let floor_per_s = per_second(floor.commit_count, floor.took);
    #[expect(clippy::cast_precision_loss, reason = "an average for people")]
    let commits_per_batch = commands as f64 / batches as f64;
    Ok(Measured {
        clients,
        commands,
        commands_per_s,
        floor_per_s,
        ratio: commands_per_s / floor_per_s,
        commits_per_batch,
        p50_ms: percentile_ms(&mut samples, 0.5),
        p99_ms: percentile_ms(&mut samples, 0.99),
        peak_rss_mib,
    })
}
