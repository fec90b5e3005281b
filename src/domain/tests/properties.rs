//! What holds for every input: random lives of random accounts, and the laws that none of them
//! may break.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::book::book;
use super::scenario::{ACCOUNT, World, instant, open, usd};
use crate::domain::account::Open;
use crate::domain::agenda::{self, Agenda};
use crate::domain::calendar::{Period, Timestamp, Unit};
use crate::domain::command::{Answer, Command};
use crate::domain::event::Event;
use crate::domain::ids::{CouponId, OrderId, SubscriptionId};
use crate::domain::ledger;
use crate::domain::money::Money;
use crate::domain::nouns::campaign::Validity;
use crate::domain::nouns::coupon::{Benefit, Scope};
use crate::domain::nouns::notice::Kind;
use crate::domain::nouns::order::Kind as Kinds;
use crate::domain::nouns::subscription::Mode;
use crate::domain::nouns::{
    coupon, notice, order, resource, standing, subscription, usage, wallet, withdrawal,
};
use crate::domain::record::Record;
use crate::domain::rows::Row;
use crate::domain::rules::{TaxRate, Timeline};
use crate::domain::stream::State;
use crate::domain::verbs;
use crate::domain::verbs::pricing::CouponChoice;
use crate::domain::verbs::renew::Term;

const PRODUCTS: [&str; 10] = [
    "ecs",
    "intl",
    "intl-2017",
    "mongodb",
    "huawei",
    "tencent",
    "plan",
    "midnight",
    "t-3",
    "two-releases",
];
const ZONES: [&str; 4] = ["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"];
pub(super) const DAY_MINUTES: u32 = 24 * 60;

/// Something that a customer or an operator does. Numbers are picked among what exists.
#[derive(Debug, Clone)]
pub(super) enum Act {
    TopUp(u16),
    Purchase {
        product: usize,
        plan: usize,
        period: Period,
        mode: Mode,
        pay: bool,
        under: Option<u8>,
    },
    Renew {
        pick: u8,
        period: Period,
        pay: bool,
        seen: bool,
    },
    /// One more period, to a day of the month or with another plan.
    RenewTo {
        pick: u8,
        day: Option<u8>,
        large: bool,
        pay: bool,
    },
    Pay(u8),
    PayTogether(Vec<u8>),
    Cancel(u8),
    /// The provider's system says that it did, or could not.
    Report {
        pick: u8,
        delivered: bool,
    },
    Change {
        pick: u8,
        large: bool,
        until: Option<u8>,
        pay: bool,
    },
    Unsubscribe {
        pick: u8,
        unused: bool,
    },
    Refund {
        pick: u8,
        amount: Option<u16>,
    },
    Release(u8),
    Grant {
        kind: u8,
        amount: u8,
        days: u8,
        order_type: Option<usize>,
    },
    SetCoupon {
        pick: u8,
        coupon: Option<u8>,
    },
    TakeBack(u8),
    SetMode {
        pick: u8,
        mode: Mode,
        period: Option<Period>,
        muted: Option<bool>,
    },
    Hold,
    LetGo,
}

/// A life: its zone, the changes of prices and schedules on the way, and what is done when.
#[derive(Debug, Clone)]
pub(super) struct Life {
    zone: usize,
    /// Is there tax, and do prices include it?
    tax: Option<bool>,
    changes: Vec<(u32, usize, u32)>,
    pub(super) acts: Vec<(u32, Act)>,
    pub(super) days: u32,
}

fn periods() -> impl Strategy<Value = Period> {
    prop_oneof![
        3 => Just(Period::new(1, Unit::Week)),
        1 => Just(Period::new(3, Unit::Week)),
        5 => Just(Period::new(1, Unit::Month)),
        1 => Just(Period::new(2, Unit::Month)),
        1 => Just(Period::new(1, Unit::Year)),
    ]
}

fn modes() -> impl Strategy<Value = Mode> {
    prop_oneof![
        4 => Just(Mode::AutoRenewal),
        2 => Just(Mode::ManualRenewal),
        1 => Just(Mode::NotRenewal),
    ]
}

fn purchases() -> impl Strategy<Value = Act> {
    let under = prop::option::weighted(0.1, any::<u8>());
    (0..PRODUCTS.len(), 0_usize..12, periods(), modes(), prop::bool::weighted(0.8), under).prop_map(
        |(product, plan, period, mode, pay, under)| Act::Purchase {
            product,
            plan,
            period,
            mode,
            pay,
            under,
        },
    )
}

fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (1_u16..60).prop_map(Act::TopUp),
        2 => purchases(),
        7 => (any::<u8>(), periods(), any::<bool>(), any::<bool>())
            .prop_map(|(pick, period, pay, seen)| Act::Renew { pick, period, pay, seen }),
        2 => any::<u8>().prop_map(Act::Pay),
        1 => any::<u8>().prop_map(Act::Cancel),
        2 => (any::<u8>(), prop::option::of(1_u8..29), any::<bool>(), any::<bool>())
            .prop_map(|(pick, day, large, pay)| Act::RenewTo { pick, day, large, pay }),
        1 => prop::collection::vec(any::<u8>(), 1..4).prop_map(Act::PayTogether),
        3 => (any::<u8>(), any::<bool>())
            .prop_map(|(pick, delivered)| Act::Report { pick, delivered }),
        4 => (any::<u8>(), any::<bool>(), prop::option::weighted(0.2, 1_u8..20), any::<bool>())
            .prop_map(|(pick, large, until, pay)| Act::Change { pick, large, until, pay }),
        1 => (any::<u8>(), any::<bool>())
            .prop_map(|(pick, unused)| Act::Unsubscribe { pick, unused }),
        2 => (any::<u8>(), prop::option::of(1_u16..2000))
            .prop_map(|(pick, amount)| Act::Refund { pick, amount }),
        1 => any::<u8>().prop_map(Act::Release),
        4 => (any::<u8>(), 1_u8..60, 1_u8..80, prop::option::of(0_usize..3))
            .prop_map(|(kind, amount, days, order_type)| {
                Act::Grant { kind, amount, days, order_type }
            }),
        2 => (any::<u8>(), prop::option::weighted(0.7, any::<u8>()))
            .prop_map(|(pick, coupon)| Act::SetCoupon { pick, coupon }),
        1 => any::<u8>().prop_map(Act::TakeBack),
        4 => (any::<u8>(), modes(), prop::option::of(periods()), prop::option::of(any::<bool>()))
            .prop_map(|(pick, mode, period, muted)| Act::SetMode { pick, mode, period, muted }),
        1 => Just(Act::Hold),
        4 => Just(Act::LetGo),
    ]
}

pub(super) fn lives() -> impl Strategy<Value = Life> {
    let first = prop::collection::vec(purchases(), 1..4);
    // Instants of some days fall on the hour, where slots and marks lie.
    let when = prop_oneof![0..100 * DAY_MINUTES, (0_u32..100 * 24).prop_map(|hour| hour * 60)];
    let later = prop::collection::vec((when, acts()), 0..18);
    let changes = prop::collection::vec((0..90 * DAY_MINUTES, 0_usize..4, 1_u32..30), 0..3);
    let tax = prop::option::weighted(0.4, any::<bool>());
    (0..ZONES.len(), tax, 0_u16..300, first, later, changes, 20_u32..150).prop_map(
        |(zone, tax, cash, first, mut later, mut changes, days)| {
            changes.sort_unstable();
            let mut acts = vec![(0, Act::TopUp(cash))];
            acts.extend((0..).step_by(61).zip(first));
            acts.append(&mut later);
            acts.sort_by_key(|(minute, _)| *minute);
            Life { zone, tax, changes, acts, days }
        },
    )
}

/// Shortly before the clocks change in New York and Berlin, and half a year after Lord Howe's.
fn start() -> Timestamp {
    instant("2026-02-10", "06:30")
}

pub(super) fn minute(minute: u32) -> Timestamp {
    start().plus(Duration::from_secs(u64::from(minute) * 60))
}

fn timeline(life: &Life, needs_notice: bool) -> Timeline {
    let mut rules = book();
    for lifecycle in rules.lifecycles.values_mut().filter(|_| !needs_notice) {
        lifecycle.release_needs_notice = "0s".parse().expect("a length");
    }
    // Some of what is sold has to be delivered.
    for (product, kinds) in [
        ("midnight", vec![Kinds::New, Kinds::Renew]),
        ("t-3", vec![Kinds::Renew, Kinds::Upgrade, Kinds::Downgrade]),
    ] {
        rules.products.get_mut(product).expect("a product").acknowledge = kinds;
    }
    rules.tax.extend(life.tax.map(|inclusive| TaxRate {
        country: "DE".into(),
        kind: None,
        name: "VAT".into(),
        rate: 19.into(),
        inclusive,
    }));
    let mut world = World::new(Timeline::of(rules));
    for (at, what, amount) in &life.changes {
        world.amend(minute(*at), |rules| match what {
            0 => {
                rules.products.remove("ecs");
            }
            1 => {
                for product in rules.products.values_mut() {
                    if product.autorenewal == "daily-t9" {
                        product.autorenewal = "intl".into();
                    }
                }
            }
            _ => {
                for product in rules.products.values_mut() {
                    // What is paid for after use has no plans of this kind.
                    let Some(small) = product.plans.get_mut("small") else { continue };
                    for prices in small.prices.values_mut() {
                        prices.week = Some((*amount).into());
                        prices.month = Some((2 * amount).into());
                    }
                }
            }
        });
    }
    world.timeline
}

/// The command for an act, as the account stands.
pub(super) fn command(act: &Act, world: &World) -> Command {
    let open = world.open();
    let subs: Vec<_> = open.subscriptions.keys().copied().collect();
    let sub = |pick: u8| match subs.len() {
        0 => SubscriptionId::new(ACCOUNT, 99),
        // Now and then one that is not there.
        count => subs
            .get(usize::from(pick) % (count + usize::from(pick > 240)))
            .copied()
            .unwrap_or(SubscriptionId::new(ACCOUNT, 1)),
    };
    let orders: Vec<_> = open.orders.keys().copied().collect();
    let order = |pick: u8| match orders.len() {
        0 => OrderId::new(ACCOUNT, 2),
        count => orders[usize::from(pick) % count],
    };
    match act {
        Act::TopUp(amount) => Command::TopUp(verbs::top_up::TopUp {
            amount: usd(&amount.to_string()),
            method: "card".into(),
            channel: "api".into(),
            reference: None,
        }),
        Act::Purchase { product, plan, period, mode, pay, under } => {
            Command::Purchase(verbs::purchase::Purchase {
                product: PRODUCTS[*product].into(),
                plan: match plan {
                    0 => "free",
                    1 => "old",
                    2 => "large",
                    _ => "small",
                }
                .into(),
                region: "eu".into(),
                period: *period,
                renewal_mode: *mode,
                pay_now: *pay,
                external_id: None,
                expires_not_after: under.map(sub),
                coupon: CouponChoice::Auto,
                price_lock: *plan == 5,
                expected_payable: None,
            })
        }
        Act::Renew { pick, period, pay, seen } => {
            let subscription = sub(*pick);
            let paid = open.subscriptions.get(&subscription).and_then(|live| live.paid.as_ref());
            Command::Renew(verbs::renew::Renew {
                subscription,
                term: Term::Period(*period),
                plan: None,
                pay_now: *pay,
                expected_expires_at: paid.filter(|_| *seen).map(|paid| paid.expires_at),
                coupon: CouponChoice::Auto,
                expected_payable: None,
            })
        }
        Act::RenewTo { pick, day, large, pay } => Command::Renew(verbs::renew::Renew {
            subscription: sub(*pick),
            term: day.map_or(Term::Period(Period::new(1, Unit::Month)), Term::Day),
            plan: Some(if *large { "large" } else { "small" }.into()),
            pay_now: *pay,
            expected_expires_at: None,
            coupon: CouponChoice::Auto,
            expected_payable: None,
        }),
        Act::PayTogether(picks) => Command::PayTogether(verbs::pay::PayTogether {
            orders: picks.iter().map(|pick| order(*pick)).collect(),
        }),
        Act::Report { pick, delivered: true } => {
            Command::Provisioned(verbs::deliver::Provisioned { order: order(*pick) })
        }
        Act::Report { pick, delivered: false } => {
            Command::ProvisionFailed(verbs::deliver::ProvisionFailed {
                order: order(*pick),
                detail: None,
            })
        }
        Act::Change { pick, large, until, pay } => Command::Change(verbs::change::Change {
            subscription: sub(*pick),
            plan: if *large { "large" } else { "small" }.into(),
            until: until.map(|days| {
                let last = world.records.last().expect("it was opened").at;
                last.plus(Duration::from_hours(24 * u64::from(days)))
            }),
            pay_now: *pay,
            coupon: CouponChoice::Auto,
            expected_payable: None,
        }),
        Act::Unsubscribe { pick, unused } => Command::Unsubscribe(verbs::refund::Unsubscribe {
            subscription: sub(*pick),
            unused: *unused,
        }),
        Act::Refund { pick, amount } => {
            let covering: Vec<_> = open
                .subscriptions
                .values()
                .flat_map(|live| live.coverages.iter().map(|coverage| coverage.order))
                .collect();
            let of = covering.get(usize::from(*pick) % covering.len().max(1));
            Command::Refund(verbs::refund::Refund {
                order: of.copied().unwrap_or(OrderId::new(ACCOUNT, 2)),
                amount: amount.map(|minor| Money::from_minor(minor.into(), usd("1").currency())),
            })
        }
        Act::Release(pick) => Command::Release(verbs::refund::Release { subscription: sub(*pick) }),
        Act::Grant { kind, amount, days, order_type } => {
            let value = usd(&amount.to_string());
            let benefit = match kind % 4 {
                0 | 1 => Benefit::Cash { value },
                2 => Benefit::SpendAndSave { threshold: usd("60"), off: value },
                _ => Benefit::Discount {
                    percent: (*amount).into(),
                    cap: kind.is_multiple_of(2).then(|| usd("20")),
                },
            };
            let kinds = [Kinds::New, Kinds::Renew, Kinds::Upgrade];
            Command::GrantCoupon(verbs::coupons::Grant {
                campaign: None,
                description: String::new(),
                benefit,
                scope: Scope {
                    order_types: order_type.map(|place| kinds[place]).into_iter().collect(),
                    ..Scope::default()
                },
                effective_at: None,
                validity: Validity::Days((*days).into()),
            })
        }
        Act::SetCoupon { pick, coupon } => {
            let coupons: Vec<_> = open.coupons.keys().copied().collect();
            let this = |pick: u8| {
                let picked = coupons.get(usize::from(pick) % coupons.len().max(1));
                CouponChoice::This(picked.copied().unwrap_or(CouponId::new(ACCOUNT, 99)))
            };
            Command::SetCoupon(verbs::coupons::SetCoupon {
                order: order(*pick),
                coupon: coupon.map_or(CouponChoice::Decline, this),
            })
        }
        Act::TakeBack(pick) => {
            let coupons: Vec<_> = open.coupons.keys().copied().collect();
            let picked = coupons.get(usize::from(*pick) % coupons.len().max(1));
            let coupon = picked.copied().unwrap_or(CouponId::new(ACCOUNT, 99));
            Command::CancelCoupon(verbs::coupons::CancelCoupon { coupon })
        }
        Act::Pay(pick) => Command::Pay(verbs::pay::Pay { order: order(*pick) }),
        Act::Cancel(pick) => Command::Cancel(verbs::cancel::Cancel { order: order(*pick) }),
        Act::SetMode { pick, mode, period, muted } => {
            Command::SetRenewalMode(verbs::set_renewal_mode::SetRenewalMode {
                subscription: sub(*pick),
                mode: *mode,
                period: *period,
                muted: *muted,
            })
        }
        Act::Hold => Command::Hold(verbs::hold::Hold {}),
        Act::LetGo => Command::LetGo(verbs::hold::LetGo {}),
    }
}

pub(super) fn begin(life: &Life, needs_notice: bool) -> World {
    let mut world = World::new(timeline(life, needs_notice));
    world.execute(start(), &open(&[ZONES[life.zone], "of", "DE"])).answer.expect("it opens");
    world
}

/// Lives a life awake, checking after every record what must hold after every record.
fn live_awake(life: &Life) -> World {
    let mut world = begin(life, true);
    for (at, act) in &life.acts {
        step_checked(&mut world, minute(*at));
        let command = command(act, &world);
        let quoted = quote(&world, minute(*at), &command);
        let answer = world.execute(minute(*at), &command).answer;
        if let (Some(quoted), Ok(Answer::Ordered { order, .. })) = (quoted, answer) {
            assert_eq!(price_of(&quoted), price_of(&order), "a quote is what its order costs");
        }
        check_state(&world);
    }
    // Whoever was held is let go in the end.
    world.execute(minute(life.acts.last().map_or(0, |(at, _)| *at)), &command(&Act::LetGo, &world));
    step_checked(&mut world, minute(life.days * DAY_MINUTES));
    world
}

/// What `command` would cost if it were left unpaid: a quote, made on a copy.
fn quote(world: &World, at: Timestamp, command: &Command) -> Option<order::Order> {
    let mut command = command.clone();
    if let Command::Purchase(purchase) = &mut command {
        purchase.pay_now = false;
    } else if let Command::Renew(renew) = &mut command {
        renew.pay_now = false;
    } else if let Command::Change(change) = &mut command {
        change.pay_now = false;
    } else {
        return None;
    }
    match world.clone().execute(at, &command).answer {
        Ok(Answer::Ordered { order, .. }) => Some(*order),
        Ok(_) | Err(_) => None,
    }
}

/// Everything about an order that a customer agrees to.
fn price_of(order: &order::Order) -> impl PartialEq + std::fmt::Debug {
    let lines = order.lines();
    let parts = (order.list, order.discount, order.coupon, order.tax.clone(), order.payable);
    (parts, lines, order.refund, order.period, order.kind, order.plan.clone())
}

fn step_checked(world: &mut World, until: Timestamp) {
    while let Some(at) = world.due_at().filter(|at| *at <= until) {
        world.execute(at, &Command::Advance);
        check_state(world);
        let again = world.execute(at, &Command::Advance);
        assert_eq!(again.events, [], "advancing twice is once");
    }
}

fn check_state(world: &World) {
    let account = world.state.account().expect("an account");
    assert_eq!(world.agenda, Agenda::of(&world.timeline, account), "the agenda is a full scan");
    let open = world.open();
    assert!(!open.wallet.cash.is_negative(), "cash never falls below zero");
    assert!(open.ended.is_empty(), "what became final is forgotten");
    let held: BTreeMap<_, _> =
        open.subscriptions.values().filter_map(|live| Some((live.open_order?, live.id))).collect();
    let unpaid: BTreeMap<_, _> =
        open.orders.values().map(|order| (order.id, order.subscription)).collect();
    assert_eq!(held, unpaid, "an unpaid order and its subscription know each other");
    for order in open.orders.values() {
        assert!(!order.is_final());
        assert!(order.deadline > order.created_at, "an order can be paid: {order:?}");
    }
    check_coupons(open);
}

/// A coupon is never in two open orders; frozen means an open order, and an open order with a
/// coupon means frozen (D12).
fn check_coupons(open: &Open) {
    let holding: BTreeMap<_, _> =
        open.orders.values().filter_map(|order| Some((order.coupon?.id, order.id))).collect();
    let with_coupon = open.orders.values().filter(|order| order.coupon.is_some()).count();
    assert_eq!(holding.len(), with_coupon, "a coupon is in two open orders");
    let frozen: BTreeMap<_, _> = open
        .coupons
        .values()
        .filter(|coupon| coupon.state == coupon::State::Frozen)
        .map(|coupon| (coupon.id, coupon.order.expect("an order holds it")))
        .collect();
    assert_eq!(holding, frozen);
    for coupon in open.coupons.values() {
        assert!(coupon.balance.is_none_or(|balance| !balance.is_negative()));
        assert!(!coupon.is_final(), "what became final is forgotten");
    }
    for coverage in open.subscriptions.values().flat_map(|live| &live.coverages) {
        assert!(!coverage.refundable().is_negative(), "{coverage:?}");
        assert!(!coverage.parts.revenue().is_negative(), "{coverage:?}");
    }
}

/// The journal as it is kept: each event as JSON.
fn replayed(records: &[Record]) -> State {
    let mut state = State::empty(ACCOUNT.into());
    for record in records {
        for event in &record.events {
            let text = serde_json::to_string(event).expect("an event is written");
            let read: Event = serde_json::from_str(&text).expect("an event is read");
            assert_eq!(&read, event);
            state.apply(&read);
        }
        state.end_record();
    }
    state
}

fn events(world: &World) -> impl Iterator<Item = (&Record, &Event)> {
    world.records.iter().flat_map(|record| record.events.iter().map(move |event| (record, event)))
}

/// The ledger balances record by record, cash is what it says, what is unearned is what is covered,
/// and no more is given back than was paid.
pub(super) fn check_money(world: &World) {
    let mut balances: BTreeMap<ledger::Account, i64> = BTreeMap::new();
    for record in &world.records {
        let lines: Vec<_> = record.events.iter().flat_map(ledger::postings).collect();
        assert_eq!(lines.iter().map(|line| line.amount.minor()).sum::<i64>(), 0, "it balances");
        for line in lines {
            *balances.entry(line.account).or_default() += line.amount.minor();
        }
    }
    let wallet = &world.books().wallet;
    let cash = wallet.cash.minor();
    let lots: i64 = wallet.lots.iter().map(|lot| lot.left.minor()).sum();
    assert_eq!((cash, wallet.lent), (lots, None), "cash is what its lots hold");
    assert_eq!(balances.get(&ledger::Account::CustomerCash).copied().unwrap_or(0), -cash);
    // What is paid and not earned is what the coverages say (D43).
    let mut covered: BTreeMap<ledger::Account, i64> = BTreeMap::new();
    let mut processing: BTreeMap<ledger::Account, i64> = BTreeMap::new();
    for row in world.rows.values() {
        if let Row::Coverage(row) = row {
            let account = ledger::Account::Unearned(row.product.clone());
            *covered.entry(account).or_default() -= row.revenue.minor();
        }
        if let Row::Order(order) = row
            && order.state == order::State::Processing
        {
            // It is paid, and covers nothing until it is delivered.
            let account = ledger::Account::Unearned(order.product.clone());
            *processing.entry(account).or_default() -= order.parts().revenue().minor();
        }
    }
    for (account, minor) in processing {
        *covered.entry(account).or_default() += minor;
    }
    covered.retain(|_, minor| *minor != 0);
    let unearned: BTreeMap<_, _> = balances
        .iter()
        .filter(|(account, minor)| matches!(account, ledger::Account::Unearned(_)) && **minor != 0)
        .map(|(account, minor)| (account.clone(), *minor))
        .collect();
    assert_eq!(unearned, covered, "what is unearned is what is covered");
    check_refunds(world);
    let (mut credited, mut paid) = (0, 0);
    for (_, event) in events(world) {
        match event {
            Event::Wallet(
                wallet::Event::ToppedUp { amount, .. }
                | wallet::Event::BroughtIn { amount }
                | wallet::Event::Lent { amount, .. }
                | wallet::Event::Received { amount, .. }
                | wallet::Event::Returned { amount, .. },
            ) => credited += amount.minor(),
            Event::Order(order::Event::Paid { cash, .. }) => paid += cash.minor(),
            Event::Order(order::Event::Processing { parts, .. }) => paid += parts.cash.minor(),
            Event::Order(
                order::Event::Failed { parts, .. } | order::Event::Refunded { parts, .. },
            ) => paid -= parts.cash.minor(),
            Event::Usage(usage::Event::Settled(settlement)) => {
                paid += settlement.cash.minor();
            }
            Event::Wallet(wallet::Event::Repaid { parts, .. }) => {
                paid += parts.iter().map(|part| part.amount.minor()).sum::<i64>();
            }
            Event::Wallet(
                wallet::Event::Sent { amount, .. } | wallet::Event::Forfeited { amount, .. },
            ) => paid += amount.minor(),
            Event::Withdrawal(withdrawal::Event::Requested(asked)) => paid += asked.amount.minor(),
            Event::Withdrawal(withdrawal::Event::PaidAfterAll { withdrawal: asked, .. }) => {
                paid += asked.amount.minor();
            }
            Event::Withdrawal(withdrawal::Event::Failed { amount, .. }) => paid -= amount.minor(),
            Event::Withdrawal(withdrawal::Event::FailedAfterAll { withdrawal: asked, .. }) => {
                paid -= asked.amount.minor();
            }
            Event::Order(_)
            | Event::Wallet(_)
            | Event::Withdrawal(
                withdrawal::Event::Paid { .. } | withdrawal::Event::ReportedAgain { .. },
            )
            | Event::Usage(_)
            | Event::Resource(_)
            | Event::Standing(_)
            | Event::Account(_)
            | Event::Subscription(_)
            | Event::Coupon(_)
            | Event::Closure(_)
            | Event::Statement(_)
            | Event::Notice(_)
            | Event::House(_)
            | Event::Campaign(_)
            | Event::Series(_) => {}
        }
    }
    assert_eq!(cash, credited - paid, "money is conserved");
}

/// What is given back for a subscription is never more than the cash that was paid for it, and
/// what is given back for one order never more than that order.
fn check_refunds(world: &World) {
    let orders: BTreeMap<_, _> = world
        .rows
        .values()
        .filter_map(|row| match row {
            Row::Order(order) => Some((order.id, order.as_ref())),
            Row::Subscription(_)
            | Row::Resource(_)
            | Row::Withdrawal(_)
            | Row::BillLine(..)
            | Row::Statement(..)
            | Row::Document(_)
            | Row::Coupon(_)
            | Row::Coverage(_)
            | Row::Campaign(_) => None,
        })
        .collect();
    let mut paid: BTreeMap<SubscriptionId, i64> = BTreeMap::new();
    let mut back: BTreeMap<SubscriptionId, i64> = BTreeMap::new();
    for order in orders.values() {
        match order.state {
            order::State::Paid | order::State::Processing => {
                *paid.entry(order.subscription).or_default() += order.payable.minor();
            }
            order::State::Unpaid
            | order::State::Cancelled
            | order::State::Failed
            | order::State::Refunded => {}
        }
        if matches!(order.state, order::State::Paid | order::State::Refunded) {
            let refund = order.refund.map_or(0, Money::minor);
            assert!(refund >= 0, "{order:?}");
            *back.entry(order.subscription).or_default() += refund;
        }
    }
    for (subscription, back) in back {
        let paid = paid.get(&subscription).copied().unwrap_or(0);
        assert!(back <= paid, "{subscription} was given {back} back of {paid}");
    }
}

fn check_periods(world: &World) {
    let mut numbers = BTreeMap::new();
    let mut paid = BTreeSet::new();
    let mut ends: BTreeMap<SubscriptionId, Timestamp> = BTreeMap::new();
    let mut changes_plan = BTreeSet::new();
    for (_, event) in events(world) {
        match event {
            Event::Order(order::Event::Opened(order)) => {
                if matches!(order.kind, Kinds::New | Kinds::Renew) {
                    numbers.insert(order.id, (order.subscription, order.period_no));
                }
                if order.from_plan.is_some() {
                    changes_plan.insert(order.id);
                }
            }
            Event::Order(
                order::Event::Paid { order, starts_at, ends_at, .. }
                | order::Event::Provisioned { order, starts_at, ends_at, .. },
            ) => {
                assert!(starts_at < ends_at);
                let Some(number) = numbers.get(order) else { continue };
                assert!(paid.insert(*number), "{number:?} was paid twice");
                let end = ends.insert(number.0, *ends_at);
                if let Some(end) = end {
                    // A renewal that changes the plan after expiry starts when it is paid (R1.10).
                    let follows =
                        end == *starts_at || (changes_plan.contains(order) && end < *starts_at);
                    assert!(follows, "periods follow each other (R1.8, R1.9)");
                }
            }
            Event::Subscription(subscription::Event::PeriodCancelled { id, .. }) => {
                // The next starts where the one before ended; the row of it says where.
                ends.remove(id);
            }
            Event::Order(_)
            | Event::Account(_)
            | Event::Wallet(_)
            | Event::Withdrawal(_)
            | Event::Subscription(_)
            | Event::Coupon(_)
            | Event::Resource(_)
            | Event::Usage(_)
            | Event::Standing(_)
            | Event::Closure(_)
            | Event::Statement(_)
            | Event::Notice(_)
            | Event::House(_)
            | Event::Campaign(_)
            | Event::Series(_) => {}
        }
    }
}

fn check_notices(world: &World) {
    let mut expiries: BTreeMap<SubscriptionId, Timestamp> = BTreeMap::new();
    let mut noticed: BTreeMap<SubscriptionId, Timestamp> = BTreeMap::new();
    let mut said = BTreeSet::new();
    for (record, event) in events(world) {
        match event {
            Event::Subscription(
                subscription::Event::Activated { id, paid, .. }
                | subscription::Event::Renewed { id, paid, .. }
                | subscription::Event::Imported { id, paid, .. },
            ) => {
                expiries.insert(*id, paid.expires_at);
                noticed.remove(id);
            }
            Event::Notice(notice::Event::Issued { subscription, kind, at, .. }) => {
                assert_eq!(*at, record.at);
                let is_release = matches!(kind, Kind::ReleaseAhead(_));
                let fresh = said.insert((*subscription, expiries[subscription], *kind));
                assert!(fresh || is_release, "{kind:?} was said twice of {subscription}");
                if is_release {
                    noticed.insert(*subscription, *at);
                }
            }
            Event::Subscription(subscription::Event::Released { id, asked: false, .. }) => {
                let since = noticed.get(id).map(|at| record.at.since(*at));
                assert!(
                    since >= Some(Duration::from_hours(24)),
                    "{id} was released {since:?} after its notice"
                );
            }
            // Whoever says so needs no notice (R8.4).
            Event::Subscription(_)
            | Event::Notice(notice::Event::Skipped { .. })
            | Event::Account(_)
            | Event::Wallet(_)
            | Event::Withdrawal(_)
            | Event::Order(_)
            | Event::Coupon(_)
            | Event::Resource(_)
            | Event::Usage(_)
            | Event::Standing(_)
            | Event::Closure(_)
            | Event::Statement(_)
            | Event::House(_)
            | Event::Campaign(_)
            | Event::Series(_) => {}
        }
    }
}

/// What must be the same however long the daemon slept: every event that moves money, gives or
/// ends a period, or fails to, in the same order, with the same due instants. Not compared are
/// notices (they collapse), whether a failure was told or superseded, and the instant of a
/// release where that waits for its notice (D38).
pub(super) fn essence<'a>(
    events: impl Iterator<Item = &'a Event>,
    needs_notice: bool,
) -> Vec<Event> {
    events
        .filter_map(|event| match event {
            Event::Notice(_)
            | Event::Coupon(coupon::Event::Reminded { .. })
            | Event::Resource(resource::Event::ReleaseNoticed { .. })
            | Event::Standing(
                standing::Event::OverdueNoticed { .. }
                | standing::Event::RanLow { .. }
                | standing::Event::Refilled { .. }
                | standing::Event::WillRunShort { .. },
            ) => None,
            Event::Subscription(subscription::Event::Released { .. }) if needs_notice => None,
            Event::Subscription(subscription::Event::AttemptFailed {
                id,
                due_at,
                quote,
                failure,
                ..
            }) => Some(Event::Subscription(subscription::Event::AttemptFailed {
                id: *id,
                due_at: *due_at,
                quote: *quote,
                failure: *failure,
                superseded: false,
            })),
            Event::Subscription(_)
            | Event::Account(_)
            | Event::Wallet(_)
            | Event::Withdrawal(_)
            | Event::Order(_)
            | Event::Coupon(_)
            | Event::Resource(_)
            | Event::Usage(_)
            | Event::Standing(_)
            | Event::Closure(_)
            | Event::Statement(_)
            | Event::House(_)
            | Event::Campaign(_)
            | Event::Series(_) => Some(event.clone()),
        })
        .collect()
}

/// When each live subscription whose notice of release was given will be released (D38).
fn releases(world: &World) -> BTreeMap<SubscriptionId, Option<Timestamp>> {
    let live = world.open().subscriptions.values();
    live.map(|live| {
        let span = live.span().filter(|_| live.release_noticed_at.is_some());
        let at = span.and_then(|span| agenda::release_at(&world.timeline, live, &span));
        (live.id, at)
    })
    .collect()
}

/// D30. Two worlds get the same commands at the same instants. One daemon wakes at every due
/// instant, the other only when there is a command, and at the end. Then both stay awake for
/// three more days, so that releases that wait for their notice have happened.
///
/// Where a release needs its notice, a subscription outlives its release date in the world that
/// slept, by design; for that day, while the two worlds do not have the same live subscriptions
/// with the same releases before them, commands are left out: an order can be paid until then.
fn sleep_and_compare(life: &Life, needs_notice: bool) {
    let mut awake = begin(life, needs_notice);
    let mut asleep = begin(life, needs_notice);
    for (at, act) in &life.acts {
        let at = minute(*at);
        awake.step(at);
        if needs_notice {
            asleep.execute(at, &Command::Advance);
            if releases(&awake) != releases(&asleep) {
                continue;
            }
        }
        let command = command(act, &awake);
        let one = awake.execute(at, &command).answer.map_err(|rejection| rejection.code());
        let other = asleep.execute(at, &command).answer.map_err(|rejection| rejection.code());
        assert_eq!(one.is_ok(), other.is_ok());
        assert_eq!(one.err(), other.err(), "{command:?}");
    }
    let let_go = command(&Act::LetGo, &awake);
    let end = minute(life.days * DAY_MINUTES).max(minute(life.acts.last().map_or(0, |a| a.0)));
    awake.step(end);
    awake.execute(end, &let_go);
    asleep.execute(end, &let_go);
    for world in [&mut awake, &mut asleep] {
        world.step(end.plus(Duration::from_hours(72)));
    }
    let told = |world| essence(events(world).map(|(_, event)| event), needs_notice);
    let (one, other) = (told(&awake), told(&asleep));
    // The first difference says more than two long lists.
    let difference = one.iter().zip(&other).find(|(one, other)| one != other);
    assert_eq!(difference, None);
    assert_eq!(one.len(), other.len());
    let ends = |world: &World| {
        let states: Vec<_> = world
            .open()
            .subscriptions
            .values()
            .map(|subscription| {
                let mut state = subscription.as_ref().clone();
                // Who was told of what, and when, differs.
                state.told_in_period = 0;
                state.release_noticed_at = None;
                state
            })
            .collect();
        let open = world.open();
        (open.wallet.clone(), states, open.orders.clone(), open.coupons.clone())
    };
    assert_eq!(ends(&awake), ends(&asleep));
}

/// An account as large as they come: nothing in a pass over it may search the whole account for
/// each of its subscriptions. If something does, this test takes minutes instead of seconds.
#[test]
fn ten_thousand_subscriptions_are_reminded_renewed_and_released() {
    let count: u32 = 10_000;
    let mut world = World::new(Timeline::of(book()));
    let Command::Open(opening) = open(&[]) else { unreachable!("open makes an opening") };
    let expires_at = instant("2026-03-10", "12:00");
    let subscriptions = (0..count)
        .map(|number| verbs::import::Imported {
            external_id: number.to_string(),
            product: "ecs".into(),
            plan: "small".into(),
            region: "eu".into(),
            anchor: None,
            expires_at,
            period: Period::new(1, Unit::Month),
            mode: Mode::AutoRenewal,
            price: None,
        })
        .collect();
    // Half of them can be renewed.
    let cash = Some(usd("50000"));
    let import = verbs::import::Import { open: opening, cash, subscriptions, held: false };
    world.execute(start(), &Command::Import(import)).answer.expect("it is imported");
    world.execute(instant("2026-03-01", "12:00"), &Command::Advance);
    assert_eq!(world.open().wallet.cash, usd("0"));
    world.execute(instant("2026-03-28", "12:00"), &Command::Advance);
    world.execute(instant("2026-03-29", "12:00"), &Command::Advance);
    assert_eq!(world.open().subscriptions.len(), 5_000);
    check_state(&world);
}

proptest! {
    // Half of the usual number, whatever the environment says that is: these are whole lives.
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases / 2,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_life_keeps_the_laws(life in lives()) {
        let world = live_awake(&life);
        prop_assert_eq!(&replayed(&world.records), &world.state, "the journal tells the state");
        let snapshot = serde_json::to_string(&world.state).expect("a state is written");
        let read: State = serde_json::from_str(&snapshot).expect("a state is read");
        prop_assert_eq!(&read, &world.state, "a snapshot is the state");
        check_money(&world);
        check_periods(&world);
        check_notices(&world);
    }

    #[test]
    fn d30_slept_through_is_stepped(life in lives()) {
        sleep_and_compare(&life, true);
    }

    #[test]
    fn d30_slept_through_is_stepped_to_the_release_itself(life in lives()) {
        sleep_and_compare(&life, false);
    }

    #[test]
    fn d38_a_release_has_its_notice_also_after_sleep(life in lives()) {
        let mut world = begin(&life, true);
        for (at, act) in &life.acts {
            let command = command(act, &world);
            world.execute(minute(*at), &command);
            check_state(&world);
        }
        for days in [life.days, life.days + 20, life.days + 21, life.days + 60] {
            world.execute(minute(days * DAY_MINUTES).max(world.records.last().expect("one").at), &Command::Advance);
            check_state(&world);
        }
        check_notices(&world);
        check_money(&world);
    }
}
