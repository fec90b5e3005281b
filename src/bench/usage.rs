//! `renewd bench usage`: reports of usage in batches, from their text to their durable answer, and
//! the settlement of running resources hour by hour.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::Serialize;

use super::floor::Floor;
use super::house::{self, Bench, Place};
use super::mark::{self, Mark};
use super::{peak_rss_mib, per_second};
use crate::actors::{Accounts, Lane, Request};
use crate::admin::door;
use crate::admin::intake::{self, Became, Taken};
use crate::domain::agenda::Job;
use crate::domain::calendar::Timestamp;
use crate::domain::command::{Answer, Command};
use crate::domain::ids::{AccountId, ResourceId};
use crate::domain::record::Cause;
use crate::domain::rules::Rules;
use crate::domain::verbs::record_usage::Outcome;
use crate::domain::verbs::resource::OpenResource;

/// Senders at once, each waiting for the answer to its batch.
const CLIENTS: u64 = 16;

/// How large a batch is, and how many accounts its events are of.
const BATCHES: [(&str, u64, u64); 4] =
    [("1", 1, 1), ("100", 100, 1), ("1000", 1_000, 10), ("1000_scattered", 1_000, 1_000)];

/// What the bench measured.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    /// Accounts that usage was reported of.
    pub accounts: u64,
    /// Events in batches of 1,000 by the floor's.
    pub ratio: f64,
    /// Reports, by the size of their batches.
    pub batches: BTreeMap<&'static str, Reports>,
    /// Settlement.
    pub settlement: Settlement,
    /// The largest memory.
    pub peak_rss_mib: f64,
}

/// What reports of one size of batch came to.
#[derive(Debug, Clone, Serialize)]
pub struct Reports {
    /// Events that were counted, each of them once.
    pub events: u64,
    /// Accounts in a batch.
    pub accounts_per_batch: u64,
    /// Events a second, durable.
    pub events_per_s: f64,
    /// The same rows by bare prepared statements, as events a second.
    pub floor_per_s: f64,
    /// The first by the second.
    pub ratio: f64,
    /// Commits in a transaction, on average.
    pub commits_per_batch: f64,
    /// Growth of the database by an event.
    pub bytes_per_event: u64,
}

/// What settlement came to.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Settlement {
    /// Accounts with one running resource each.
    pub accounts: u64,
    /// Hours that were settled.
    pub hours: u64,
    /// Account-hours a second, durable.
    pub hours_per_s: f64,
    /// The same rows by bare prepared statements.
    pub floor_per_s: f64,
    /// The first by the second.
    pub ratio: f64,
    /// Commits in a transaction, on average.
    pub commits_per_batch: f64,
    /// Bill lines that an account-hour wrote, on average.
    pub lines_per_hour: f64,
    /// Growth of the database by an account-hour.
    pub bytes_per_hour: u64,
    /// The largest memory up to the end of it.
    pub peak_rss_mib: f64,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Accounts that usage is reported of.
    pub accounts: u64,
    /// Events for each size of batch; a tenth of that one by one.
    pub events: u64,
    /// Accounts that are settled.
    pub settled: u64,
    /// Hours that they are settled for.
    pub hours: u64,
}

/// Runs it at `place`.
pub async fn run(
    place: &Place,
    rules: Rules,
    size: Size,
    mut progress: impl FnMut(&str, u64),
) -> anyhow::Result<Measured> {
    let settlement = settle(place, rules.clone(), size, &mut progress).await?;
    let opened_at: Timestamp = "2026-02-01T00:00:00Z".parse()?;
    let bench = Bench::start(place, opened_at, rules).await?;
    let resources = seed(&bench, size.accounts, &mut progress).await?;
    let mut batches = BTreeMap::new();
    for (stage, (name, events, accounts)) in (1..).zip(BATCHES) {
        progress(name, 0);
        let total = if events == 1 { size.events / 10 } else { size.events };
        let sent = Sent { stage, events, accounts, total };
        // Nothing is due before five past one.
        let at = opened_at.plus(Duration::from_mins(5 * stage));
        batches.insert(name, report(&bench, &resources, sent, at).await?);
    }
    let ratio = batches.get("1000").map_or(0.0, |reports| reports.ratio);
    bench.close().await;
    let peak_rss_mib = peak_rss_mib();
    Ok(Measured { accounts: size.accounts, ratio, batches, settlement, peak_rss_mib })
}

/// Opens an account with one running resource, many times.
async fn seed(
    bench: &Bench,
    accounts: u64,
    progress: &mut impl FnMut(&str, u64),
) -> anyhow::Result<Vec<ResourceId>> {
    let house = &bench.house.accounts;
    let mut opened = stream::iter(0..accounts)
        .map(|number| async move {
            bench.seed_bystander(number).await?;
            open(house, house::account(number)).await
        })
        .buffered(1024);
    let mut resources = Vec::new();
    while let Some(resource) = opened.try_next().await? {
        resources.push(resource);
        progress("seeding", resources.len() as u64);
    }
    Ok(resources)
}

/// Opens a resource, which runs from then on.
pub(super) async fn open(accounts: &Accounts, account: AccountId) -> anyhow::Result<ResourceId> {
    let command = Command::OpenResource(OpenResource {
        product: "compute".to_owned(),
        plan: "small".to_owned(),
        region: house::SEED.region.to_owned(),
        external_id: None,
    });
    let request = Request::new(command, Cause::Daemon, Lane::Clockwork);
    let answer = accounts.execute(account.into(), request).await?.answer;
    let Answer::Resource { resource } = answer else { anyhow::bail!("{answer:?} is no resource") };
    Ok(resource.id)
}

/// What is sent in one stage.
#[derive(Clone, Copy)]
struct Sent {
    stage: u64,
    /// Events in a batch.
    events: u64,
    /// Accounts in a batch.
    accounts: u64,
    /// Events in all.
    total: u64,
}

impl Sent {
    /// The text of a batch, as JSON lines.
    fn batch(&self, number: u64, resources: &[ResourceId], at: Timestamp) -> String {
        let mut text = String::new();
        let known = resources.len() as u64;
        for event in 0..self.events {
            let place = (number * self.accounts + event % self.accounts) % known.max(1);
            let place = usize::try_from(place).unwrap_or(0);
            let (stage, resource) = (self.stage, resources[place]);
            // A string grows.
            let _ = writeln!(
                text,
                r#"{{"id":"{stage}-{number}-{event}","source":"bench","resource":"{resource}","meter":"traffic","quantity":"0.{event:03}","at":"{at}"}}"#,
            );
        }
        text
    }
}

async fn report(
    bench: &Bench,
    resources: &[ResourceId],
    sent: Sent,
    at: Timestamp,
) -> anyhow::Result<Reports> {
    let mark = Mark::of(bench).await?;
    bench.clock.set(at);
    let count = (sent.total / sent.events).max(CLIENTS);
    let texts: Vec<String> = (0..count).map(|n| sent.batch(n, resources, at)).collect();
    let accounts = &bench.house.accounts;
    let batches = accounts.batch_count();
    let started = Instant::now();
    let counted = try_join_all((0..CLIENTS).map(|client| {
        let own = texts.iter().skip(usize::try_from(client).unwrap_or(0));
        let own = own.step_by(usize::try_from(CLIENTS).unwrap_or(1));
        async move {
            let mut counted = 0;
            for text in own {
                counted += send(accounts, text).await?;
            }
            anyhow::Ok(counted)
        }
    }))
    .await?;
    let took = started.elapsed();
    let events: u64 = counted.into_iter().sum();
    anyhow::ensure!(
        events == count * sent.events,
        "{events} of {} were counted",
        count * sent.events
    );
    let transactions = bench.house.accounts.batch_count() - batches;
    let after = floor(mark, bench, at, transactions).await?;
    let events_per_s = per_second(events, took);
    let floor_per_s = per_second(events, after.floor.took);
    Ok(Reports {
        events,
        accounts_per_batch: sent.accounts,
        events_per_s,
        floor_per_s,
        ratio: events_per_s / floor_per_s,
        commits_per_batch: after.commits_per_batch,
        bytes_per_event: after.bytes / events.max(1),
    })
}

/// Sends a batch as the socket takes it; answers how many of its events were counted.
async fn send(accounts: &Accounts, text: &str) -> anyhow::Result<u64> {
    let events = door::usage(Some("application/x-ndjson"), text.as_bytes(), 10_000)
        .map_err(|problem| anyhow::anyhow!("{}", problem.detail()))?;
    let taken = intake::take(accounts, &Cause::Daemon, events, false).await;
    let is_counted = |taken: &&Taken<'_>| taken.became == Became::Answered(Outcome::Accepted);
    Ok(taken.iter().filter(is_counted).count() as u64)
}

/// Settles resources that run, an hour at a time.
async fn settle(
    place: &Place,
    rules: Rules,
    size: Size,
    progress: &mut impl FnMut(&str, u64),
) -> anyhow::Result<Settlement> {
    if size.settled == 0 {
        return Ok(Settlement::default());
    }
    let opened_at: Timestamp = "2026-02-01T00:00:00Z".parse()?;
    let bench = Bench::start(place, opened_at, rules).await?;
    seed(&bench, size.settled, progress).await?;
    let mark = Mark::of(&bench).await?;
    let first = opened_at.plus(Duration::from_mins(65));
    let batches = bench.house.accounts.batch_count();
    let mut took = Duration::ZERO;
    for hour in 0..size.hours {
        progress("settling", hour * size.settled / size.hours.max(1));
        let at = first.plus(Duration::from_hours(hour));
        bench.clock.set(at);
        let started = Instant::now();
        let ran = bench.house.schedulers.run(Job::Settlement, at).await?;
        took += started.elapsed();
        anyhow::ensure!(
            ran.advanced_count == size.settled && ran.failed_count == 0,
            "{} of {} were settled, {} failed",
            ran.advanced_count,
            size.settled,
            ran.failed_count
        );
    }
    let peak_rss_mib = peak_rss_mib();
    let transactions = bench.house.accounts.batch_count() - batches;
    progress("floor", 0);
    let after = floor(mark, &bench, first, transactions).await?;
    let hours = size.settled * size.hours;
    let lines = mark::count(&bench, "bill_lines").await?;
    bench.close().await;
    let hours_per_s = per_second(hours, took);
    let floor_per_s = per_second(hours, after.floor.took);
    #[expect(clippy::cast_precision_loss, reason = "an average for people")]
    let lines_per_hour = lines as f64 / hours.max(1) as f64;
    Ok(Settlement {
        accounts: size.settled,
        hours: size.hours,
        hours_per_s,
        floor_per_s,
        ratio: hours_per_s / floor_per_s,
        commits_per_batch: after.commits_per_batch,
        lines_per_hour,
        bytes_per_hour: after.bytes / hours.max(1),
        peak_rss_mib,
    })
}

/// What a stage came to, beside its floor.
struct After {
    floor: Floor,
    commits_per_batch: f64,
    bytes: u64,
}

/// Writes again what was written since `at`, in equally large transactions.
async fn floor(
    mark: Mark,
    bench: &Bench,
    at: Timestamp,
    transactions: u64,
) -> anyhow::Result<After> {
    let commits = mark::commits_since(bench, at).await?;
    let (count, transactions) = (commits.len() as u64, transactions.max(1));
    let stage = mark.floor(bench, &commits, count / transactions).await?;
    #[expect(clippy::cast_precision_loss, reason = "an average for people")]
    let commits_per_batch = count as f64 / transactions as f64;
    Ok(After { floor: stage.floor, commits_per_batch, bytes: stage.bytes })
}
