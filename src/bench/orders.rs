//! `renewd bench orders`: orders with a coupon, made unpaid, then paid or cancelled in turn, from
//! concurrent clients that wait for each answer, beside a floor that writes the same rows.

use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use futures_util::stream::{self, StreamExt};
use serde::Serialize;

use super::house::{self, Bench, Place, SEED};
use super::mark::{self, Mark};
use super::{peak_rss_mib, per_second, percentile_ms};
use crate::actors::{Accounts, Lane, Request};
use crate::domain::calendar::Timestamp;
use crate::domain::command::{Answer, Command};
use crate::domain::ids::{AccountId, OrderId};
use crate::domain::money::Money;
use crate::domain::nouns::campaign::Validity;
use crate::domain::nouns::coupon::{Benefit, Scope};
use crate::domain::nouns::subscription::Mode;
use crate::domain::record::Cause;
use crate::domain::rules::Rules;
use crate::domain::verbs::cancel::Cancel;
use crate::domain::verbs::coupons::Grant;
use crate::domain::verbs::pay::Pay;
use crate::domain::verbs::pricing::CouponChoice;
use crate::domain::verbs::purchase::Purchase;

/// What the bench measured.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    /// Clients at once.
    pub clients: u64,
    /// Orders that were made, each with a coupon; half of them were paid, half cancelled.
    pub orders: u64,
    /// Commands that were answered: two an order.
    pub commands: u64,
    /// Commands a second, durable.
    pub commands_per_s: f64,
    /// The same rows a second by bare prepared statements.
    pub floor_per_s: f64,
    /// The first by the second.
    pub ratio: f64,
    /// Commits in a transaction, on average: the floor's transactions are as large.
    pub commits_per_batch: f64,
    /// Making an order that freezes a coupon, median.
    pub create_p50_ms: f64,
    /// Making one, the slowest in a hundred.
    pub create_p99_ms: f64,
    /// Paying one, median.
    pub pay_p50_ms: f64,
    /// Paying one, the slowest in a hundred.
    pub pay_p99_ms: f64,
    /// Cancelling one, median.
    pub cancel_p50_ms: f64,
    /// Cancelling one, the slowest in a hundred.
    pub cancel_p99_ms: f64,
    /// The largest memory.
    pub peak_rss_mib: f64,
}

/// How long each command of a kind took.
#[derive(Default)]
struct Samples {
    create: Vec<Duration>,
    pay: Vec<Duration>,
    cancel: Vec<Duration>,
}

/// Runs it at `place`: `clients` clients over `accounts` accounts, `orders` in all.
pub async fn run(
    place: &Place,
    rules: Rules,
    accounts: u64,
    clients: u64,
    orders: u64,
    mut progress: impl FnMut(&str, u64),
) -> anyhow::Result<Measured> {
    let seeded_at: Timestamp = "2026-01-31T12:00:00Z".parse()?;
    let at: Timestamp = "2026-01-31T13:00:00Z".parse()?;
    let expires_at: Timestamp = "2026-06-10T10:00:00Z".parse()?;
    let bench = Bench::start(place, seeded_at, rules).await?;
    bench.seed(accounts, Mode::ManualRenewal, expires_at, |n| progress("seeding", n)).await?;
    progress("granting", 0);
    // A voucher is used up by the order that pays with it, so each account needs one for each.
    for _ in 0..orders.div_ceil(accounts.max(1)) {
        let grants = (0..accounts).map(|n| grant(&bench.house.accounts, house::account(n)));
        let mut grants = stream::iter(grants).buffer_unordered(1024);
        while let Some(granted) = grants.next().await {
            granted?;
        }
    }
    let mark = Mark::of(&bench).await?;

    progress("ordering", 0);
    bench.clock.set(at);
    let batches_before = bench.house.accounts.batch_count();
    let share = orders / clients.max(1);
    let started = Instant::now();
    let samples = try_join_all((0..clients).map(|client| {
        let house = &bench.house;
        async move {
            let mut samples = Samples::default();
            for number in 0..share {
                // Each client walks over accounts of its own, so no command waits for another's.
                let account = house::account((number * clients + client) % accounts);
                order(&house.accounts, account, number.is_multiple_of(2), &mut samples).await?;
            }
            anyhow::Ok(samples)
        }
    }))
    .await?;
    let took = started.elapsed();
    let batches = (bench.house.accounts.batch_count() - batches_before).max(1);
    let mut all = Samples::default();
    for samples in samples {
        all.create.extend(samples.create);
        all.pay.extend(samples.pay);
        all.cancel.extend(samples.cancel);
    }
    let orders = all.create.len() as u64;
    let commands = 2 * orders;
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
        orders,
        commands,
        commands_per_s,
        floor_per_s,
        ratio: commands_per_s / floor_per_s,
        commits_per_batch,
        create_p50_ms: percentile_ms(&mut all.create, 0.5),
        create_p99_ms: percentile_ms(&mut all.create, 0.99),
        pay_p50_ms: percentile_ms(&mut all.pay, 0.5),
        pay_p99_ms: percentile_ms(&mut all.pay, 0.99),
        cancel_p50_ms: percentile_ms(&mut all.cancel, 0.5),
        cancel_p99_ms: percentile_ms(&mut all.cancel, 0.99),
        peak_rss_mib,
    })
}

/// Makes an order that freezes the account's coupon, and pays it or cancels it.
async fn order(
    accounts: &Accounts,
    account: AccountId,
    pays: bool,
    samples: &mut Samples,
) -> anyhow::Result<()> {
    let purchase = Command::Purchase(Purchase {
        product: SEED.product.to_owned(),
        plan: SEED.plan.to_owned(),
        region: SEED.region.to_owned(),
        period: "P1M".parse()?,
        renewal_mode: Mode::ManualRenewal,
        pay_now: false,
        external_id: None,
        expires_not_after: None,
        coupon: CouponChoice::Auto,
        price_lock: false,
        expected_payable: None,
    });
    let started = Instant::now();
    let id = ordered(accounts, account, purchase).await?;
    samples.create.push(started.elapsed());
    let started = Instant::now();
    if pays {
        ordered(accounts, account, Command::Pay(Pay { order: id })).await?;
        samples.pay.push(started.elapsed());
    } else {
        ordered(accounts, account, Command::Cancel(Cancel { order: id })).await?;
        samples.cancel.push(started.elapsed());
    }
    Ok(())
}

async fn ordered(
    accounts: &Accounts,
    account: AccountId,
    command: Command,
) -> anyhow::Result<OrderId> {
    let request = Request::new(command, Cause::Daemon, Lane::People);
    let receipt = accounts.execute(account.into(), request).await?;
    let Answer::Ordered { order, .. } = receipt.answer else {
        anyhow::bail!("an order was expected, not {:?}", receipt.answer)
    };
    anyhow::ensure!(order.coupon.is_some(), "the order has no coupon");
    Ok(order.id)
}

/// A voucher for a part of an order.
async fn grant(accounts: &Accounts, account: AccountId) -> anyhow::Result<()> {
    let command = Command::GrantCoupon(Grant {
        campaign: None,
        description: "Bench".to_owned(),
        benefit: Benefit::Cash { value: Money::from_minor(100, "USD".parse()?) },
        scope: Scope {
            products: vec![SEED.product.to_owned()],
            min_spend: Some(Money::from_minor(100, "USD".parse()?)),
            ..Scope::default()
        },
        effective_at: None,
        validity: Validity::Days(60),
    });
    let request = Request::new(command, Cause::Daemon, Lane::Clockwork);
    accounts.execute(account.into(), request).await?;
    Ok(())
}
