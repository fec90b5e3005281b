//! `renewd bench large-account`: one account with very many subscriptions, which are all reminded
//! and then all renewed in one slot, beside a tenth of them. A step that looked at all the others
//! would take ten times as long in the larger account.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::house::{self, Bench, Place};
use super::mark::{self, Mark};
use super::renewals::top_up;
use super::{peak_rss_mib, usage};
use crate::domain::agenda::Job;
use crate::domain::calendar::Timestamp;
use crate::domain::money::Money;
use crate::domain::nouns::subscription::Mode;
use crate::domain::rules::Rules;

/// What the bench measured.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    /// The account.
    pub large: Account,
    /// One with a tenth of the subscriptions.
    pub small: Account,
    /// A renewal in the large account by one in the small: 1 if none looks at the others.
    pub renewal_growth: f64,
    /// The same of reminders.
    pub reminder_growth: f64,
    /// The largest memory.
    pub peak_rss_mib: f64,
}

/// What an account came to.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Account {
    /// Its subscriptions.
    pub subscriptions: u64,
    /// To bring one along, in microseconds.
    pub import_us: f64,
    /// To remind of one renewal, with what all before it will take.
    pub reminder_us: f64,
    /// To renew one.
    pub renewal_us: f64,
    /// The rows of one by bare prepared statements, all in one transaction.
    pub floor_us: f64,
    /// The last by the one before.
    pub ratio: f64,
    /// A command of the owner's on this account, median of some.
    pub command_ms: f64,
    /// To read it back after a restart.
    pub read_back_ms: f64,
}

/// Runs it at `place`: an account with `subscriptions`, and one with a tenth of them.
pub async fn run(
    place: &Place,
    rules: Rules,
    subscriptions: u64,
    mut progress: impl FnMut(&str, u64),
) -> anyhow::Result<Measured> {
    let small = account(place, rules.clone(), (subscriptions / 10).max(1), &mut progress).await?;
    let large = account(place, rules, subscriptions, &mut progress).await?;
    Ok(Measured {
        large,
        small,
        renewal_growth: large.renewal_us / small.renewal_us.max(f64::MIN_POSITIVE),
        reminder_growth: large.reminder_us / small.reminder_us.max(f64::MIN_POSITIVE),
        peak_rss_mib: peak_rss_mib(),
    })
}

async fn account(
    place: &Place,
    rules: Rules,
    subscriptions: u64,
    progress: &mut impl FnMut(&str, u64),
) -> anyhow::Result<Account> {
    let at: Timestamp = "2026-01-20T12:00:00Z".parse()?;
    // 15 days ahead they are all reminded of, at nine; and they are renewed on the tenth day
    // before their end, at eight.
    let reminded_at: Timestamp = "2026-01-26T09:00:00Z".parse()?;
    let asked_at: Timestamp = "2026-01-30T09:00:00Z".parse()?;
    let opened_at: Timestamp = "2026-02-01T01:00:00Z".parse()?;
    let slot: Timestamp = "2026-02-01T08:00:00Z".parse()?;
    let expires_at: Timestamp = "2026-02-10T10:00:00Z".parse()?;
    let bench = Bench::start(place, at, rules).await?;
    let begun = (0..subscriptions)
        .map(|n| house::subscription_of(&format!("srv-{n}"), Mode::AutoRenewal, expires_at));
    let begun = begun.collect::<anyhow::Result<Vec<_>>>()?;
    let cash = Money::from_minor(10_000 * i64::try_from(subscriptions)?, "USD".parse()?);
    let accounts = &bench.house.accounts;
    let owner = house::account(0);

    progress("importing", 0);
    let started = Instant::now();
    house::import(accounts, 0, cash, begun).await?;
    let imported = started.elapsed();

    progress("reminding", subscriptions / 4);
    bench.clock.set(reminded_at);
    let reminded = run_job(&bench, Job::Reminders, "notice", reminded_at, subscriptions).await?;
    // Twice more they are looked at whether the money lasts.
    bench.clock.set(asked_at);
    run_job(&bench, Job::Reminders, "notice", asked_at, 2 * subscriptions).await?;

    // Something runs there as well, and its cost of the last day is known: whether the balance
    // lasts is asked after every event.
    bench.clock.set(opened_at);
    usage::open(accounts, owner).await?;
    let settled_at = opened_at.plus(Duration::from_hours(6));
    bench.clock.set(settled_at);
    bench.house.schedulers.run(Job::Settlement, settled_at).await?;

    progress("renewing", subscriptions / 2);
    let mark = Mark::of(&bench).await?;
    bench.clock.set(slot);
    let renewed = run_job(&bench, Job::Renewals, "renewal_attempted", slot, subscriptions).await?;

    let mut commands = Vec::new();
    let commits = mark::commits_since(&bench, slot).await?;
    for _ in 0..20 {
        commands.push(top_up(accounts, owner).await?);
    }
    progress("floor", subscriptions);
    let floor = mark.floor(&bench, &commits, 1).await?.floor;
    let bench = bench.restart(10, async |_| Ok(())).await?;
    let started = Instant::now();
    bench.house.accounts.view(owner.into()).await?;
    let read_back = started.elapsed();
    bench.close().await;

    let each = |took: Duration| {
        #[expect(clippy::cast_precision_loss, reason = "an average for people")]
        let count = subscriptions.max(1) as f64;
        took.as_secs_f64() * 1e6 / count
    };
    Ok(Account {
        subscriptions,
        import_us: each(imported),
        reminder_us: each(reminded),
        renewal_us: each(renewed),
        floor_us: each(floor.took),
        ratio: floor.took.as_secs_f64() / renewed.as_secs_f64().max(f64::MIN_POSITIVE),
        command_ms: super::percentile_ms(&mut commands, 0.5),
        read_back_ms: read_back.as_secs_f64() * 1e3,
    })
}

/// Runs a job, which must settle one step of a kind for each subscription.
async fn run_job(
    bench: &Bench,
    job: Job,
    kind: &str,
    at: Timestamp,
    count: u64,
) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let ran = bench.house.schedulers.run(job, at).await?;
    let took = started.elapsed();
    let settled = ran.steps.get(kind).map_or(0, |tally| tally.count);
    anyhow::ensure!(settled == count, "{settled} of {count}: {:?}", ran.steps);
    Ok(took)
}
