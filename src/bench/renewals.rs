//! `renewd bench renewals`: N automatic renewals that are due in the same slot, by the real path:
//! scheduler, actor, journal, a durable store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::house::{self, Bench, Place};
use super::mark::{self, Mark};
use super::processors::Processors;
use super::{micros_each, peak_rss_mib, per_second, percentile_ms, rss_mib};
use crate::actors::{Accounts, Lane, Request};
use crate::domain::agenda::Job;
use crate::domain::calendar::Timestamp;
use crate::domain::command::Command;
use crate::domain::ids::AccountId;
use crate::domain::money::Money;
use crate::domain::nouns::subscription::Mode;
use crate::domain::record::Cause;
use crate::domain::rules::Rules;
use crate::domain::verbs::top_up::TopUp;

/// Accounts that the unrelated commands go to.
const BYSTANDERS: u64 = 16;

/// What the bench measured.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    /// Renewals that were due.
    pub accounts: u64,
    /// Renewals a second, durable.
    pub renewals_per_s: f64,
    /// The same rows a second by bare prepared statements.
    pub floor_per_s: f64,
    /// The first by the second.
    pub ratio: f64,
    /// What a renewal takes of the processors, in microseconds: all threads of this process.
    pub processor_us: f64,
    /// Of that, the thread that SQLite writes on; 0 on a server.
    pub sqlite_us: f64,
    /// What the same rows take of the processors by bare statements, in microseconds; of a server
    /// only what is on this side.
    pub floor_processor_us: f64,
    /// Commits in a transaction, on average: the floor's transactions are as large.
    pub commits_per_batch: f64,
    /// An unrelated command while idle, median.
    pub idle_p50_ms: f64,
    /// An unrelated command during the drain, median.
    pub p50_ms: f64,
    /// An unrelated command during the drain, the slowest in a hundred.
    pub p99_ms: f64,
    /// Unrelated commands that were answered during the drain.
    pub bystander_count: u64,
    /// Memory before the drain.
    pub rss_before_mib: f64,
    /// The largest memory up to the end of the drain.
    pub peak_rss_mib: f64,
    /// Growth of the database by a renewal.
    pub bytes_per_renewal: u64,
}

/// Runs it at `place`. `progress` is told of stages and of counts within them.
pub async fn run(
    place: &Place,
    rules: Rules,
    accounts: u64,
    mut progress: impl FnMut(&str, u64),
) -> anyhow::Result<Measured> {
    // Notices of this period lie behind the import, so that the slot holds renewals only.
    let seeded_at: Timestamp = "2026-01-31T12:00:00Z".parse()?;
    let slot: Timestamp = "2026-02-01T08:00:00Z".parse()?;
    let expires_at: Timestamp = "2026-02-10T10:00:00Z".parse()?;
    let bench = Bench::start(place, seeded_at, rules).await?;
    let seed = |count| progress("seeding", count);
    bench.seed(accounts, Mode::AutoRenewal, expires_at, seed).await?;
    let bystanders = bystanders(&bench, accounts).await?;

    let mark = Mark::of(&bench).await?;
    progress("idle", 0);
    bench.clock.set(slot);
    let mut idle = Vec::new();
    for number in 0..200 {
        idle.push(top_up(&bench.house.accounts, bystanders[number % bystanders.len()]).await?);
    }
    let rss_before_mib = rss_mib();
    progress("renewing", 0);
    let draining = Arc::new(AtomicBool::new(true));
    let unrelated =
        actix_rt::spawn(stand_by(bench.house.accounts.clone(), bystanders, Arc::clone(&draining)));
    let batches_before = bench.house.accounts.batch_count();
    let processors = Processors::now();
    let started = Instant::now();
    let ran = bench.house.schedulers.run(Job::Renewals, slot).await?;
    let took = started.elapsed();
    let (taken, by_sqlite) =
        (processors.taken_since(None), processors.taken_since(Some("store-sqlite")));
    draining.store(false, Ordering::Relaxed);
    let mut during = unrelated.await??;
    let batches = bench.house.accounts.batch_count() - batches_before;
    anyhow::ensure!(
        ran.advanced_count == accounts && ran.failed_count == 0,
        "{} of {accounts} were advanced, {} failed",
        ran.advanced_count,
        ran.failed_count
    );
    let peak_rss_mib = peak_rss_mib();
    progress("floor", 0);
    let commits: Vec<_> = mark::commits_since(&bench, slot)
        .await?
        .into_iter()
        .filter(|(_, seq)| *seq == 2)
        .take(usize::try_from(accounts)?)
        .collect();
    let commits_per_batch = (accounts + during.len() as u64) / batches.max(1);
    let stage = mark.floor(&bench, &commits, commits_per_batch).await?;
    bench.close().await;
    let renewals_per_s = per_second(accounts, took);
    let floor_per_s = per_second(stage.floor.commit_count, stage.floor.took);
    #[expect(clippy::cast_precision_loss, reason = "an average for people")]
    let commits_per_batch = commits_per_batch as f64;
    Ok(Measured {
        accounts,
        renewals_per_s,
        floor_per_s,
        ratio: renewals_per_s / floor_per_s,
        processor_us: micros_each(accounts, taken),
        sqlite_us: micros_each(accounts, by_sqlite),
        floor_processor_us: micros_each(stage.floor.commit_count, stage.floor.taken),
        commits_per_batch,
        idle_p50_ms: percentile_ms(&mut idle, 0.5),
        p50_ms: percentile_ms(&mut during, 0.5),
        p99_ms: percentile_ms(&mut during, 0.99),
        bystander_count: during.len() as u64,
        rss_before_mib,
        peak_rss_mib,
        bytes_per_renewal: stage.bytes / accounts.max(1),
    })
}

/// Accounts without anything due.
async fn bystanders(bench: &Bench, accounts: u64) -> anyhow::Result<Vec<AccountId>> {
    let ids: Vec<_> = (accounts..accounts + BYSTANDERS).map(house::account).collect();
    for number in accounts..accounts + BYSTANDERS {
        bench.seed_bystander(number).await?;
    }
    Ok(ids)
}

/// Sends an unrelated command every few milliseconds, and answers how long each took.
async fn stand_by(
    accounts: Accounts,
    bystanders: Vec<AccountId>,
    draining: Arc<AtomicBool>,
) -> anyhow::Result<Vec<Duration>> {
    let mut samples = Vec::new();
    for account in bystanders.iter().cycle() {
        if !draining.load(Ordering::Relaxed) {
            break;
        }
        samples.push(top_up(&accounts, *account).await?);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(samples)
}

/// Credits a cent, and answers how long that took.
pub async fn top_up(accounts: &Accounts, account: AccountId) -> anyhow::Result<Duration> {
    let command = Command::TopUp(TopUp {
        amount: Money::from_minor(1, "USD".parse()?),
        method: "bank_transfer".to_owned(),
        channel: "api".to_owned(),
        reference: None,
    });
    let request = Request::new(command, Cause::Daemon, Lane::People);
    let started = Instant::now();
    accounts.execute(account.into(), request).await?;
    Ok(started.elapsed())
}
