//! Pay-as-you-go for every life: usage is conserved, lines sum to what accrued, whoever slept
//! settles what whoever was awake did, and standing is a function of what is owed.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for the events that it is about")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::book::book;
use super::payg_words::reported;
use super::scenario::{ACCOUNT, World, grant, instant, open, usd};
use crate::domain::agenda::Agenda;
use crate::domain::calendar::Timestamp;
use crate::domain::command::{Answer, Command};
use crate::domain::event::Event;
use crate::domain::ids::ResourceId;
use crate::domain::ledger;
use crate::domain::money::Money;
use crate::domain::nouns::resource::State;
use crate::domain::nouns::{resource, usage, wallet};
use crate::domain::rules::{Length, TaxRate, Timeline};
use crate::domain::stream;
use crate::domain::verbs;
use crate::domain::verbs::record_usage::{Outcome, RecordUsage};

const PRODUCTS: [&str; 6] = ["vm", "debt", "at-once", "disk", "by-hour", "net"];

/// Something that a customer or the provider's systems do. Numbers are picked among what exists.
#[derive(Debug, Clone)]
pub(super) enum Act {
    TopUp(u16),
    Voucher(u16),
    Open(usize, bool),
    Power(u8, bool),
    Plan(u8, bool),
    Release(u8),
    /// Resource, meter, tenths, id, minutes back.
    Report(u8, usize, i8, u8, u32),
    Alert(u16),
}

#[derive(Debug, Clone)]
pub(super) struct Life {
    tax: Option<bool>,
    /// Minutes after the start.
    pub(super) acts: Vec<(u32, Act)>,
    pub(super) days: u32,
}

fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => (0_u16..2_000).prop_map(Act::TopUp),
        1 => (1_u16..500).prop_map(Act::Voucher),
        3 => (0..PRODUCTS.len(), any::<bool>()).prop_map(|(product, big)| Act::Open(product, big)),
        2 => (any::<u8>(), any::<bool>()).prop_map(|(which, run)| Act::Power(which, run)),
        2 => (any::<u8>(), any::<bool>()).prop_map(|(which, big)| Act::Plan(which, big)),
        1 => any::<u8>().prop_map(Act::Release),
        6 => (any::<u8>(), 0_usize..4, -20_i8..100, 0_u8..40, prop_oneof![0_u32..90, 0_u32..70_000])
            .prop_map(|(which, meter, tenths, id, back)| Act::Report(which, meter, tenths, id, back)),
        1 => (0_u16..1_000).prop_map(Act::Alert),
    ]
}

pub(super) fn lives() -> impl Strategy<Value = Life> {
    let gap = prop_oneof![0_u32..120, 0_u32..3_000];
    let tax = prop::option::of(any::<bool>());
    (tax, prop::collection::vec((gap, acts()), 1..30), 1_u32..40).prop_map(|(tax, acts, days)| {
        let mut at = 0;
        let acts = acts
            .into_iter()
            .map(|(gap, act)| {
                at += gap;
                (at, act)
            })
            .collect();
        Life { tax, acts, days: at / (24 * 60) + days }
    })
}

pub(super) fn minute(count: u32) -> Timestamp {
    instant("2026-02-26", "09:40:17").plus(Duration::from_mins(u64::from(count)))
}

pub(super) fn begin(life: &Life) -> World {
    let mut rules = book();
    // A release that waits for its notice is later for whoever slept; that has tests of its own.
    rules.overdue.release_notice = Length(Duration::ZERO);
    rules.tax.extend(life.tax.map(|inclusive| TaxRate {
        country: "US".into(),
        kind: None,
        name: "VAT".into(),
        rate: 19.into(),
        inclusive,
    }));
    let mut world = World::new(Timeline::of(rules));
    world.execute(minute(0), &open(&["UTC", "of", "US"])).answer.expect("it opens");
    world
}

fn pick(world: &World, which: u8) -> ResourceId {
    let known: Vec<_> = world.open().resources.keys().copied().collect();
    match known.len() {
        0 => ResourceId::new(ACCOUNT, 99),
        count => known[usize::from(which) % count],
    }
}

pub(super) fn command(world: &World, act: &Act, at: Timestamp) -> Command {
    let plan = |big: bool| if big { "large" } else { "small" };
    match act {
        Act::TopUp(cents) => Command::TopUp(verbs::top_up::TopUp {
            amount: Money::from_minor(i64::from(*cents) + 1, usd("1").currency()),
            method: "card".into(),
            channel: "api".into(),
            reference: None,
        }),
        Act::Voucher(cents) => {
            let value = Decimal::new(i64::from(*cents), 2).to_string();
            grant(&["cash", &value])
        }
        Act::Open(product, big) => Command::OpenResource(verbs::resource::OpenResource {
            product: PRODUCTS[*product].into(),
            plan: if PRODUCTS[*product] == "net" { "small" } else { plan(*big) }.into(),
            region: "eu".into(),
            external_id: None,
        }),
        Act::Power(which, run) => Command::SetPower(verbs::resource::SetPower {
            resource: pick(world, *which),
            run: *run,
        }),
        Act::Plan(which, big) => Command::ChangeResource(verbs::resource::ChangeResource {
            resource: pick(world, *which),
            plan: plan(*big).into(),
        }),
        Act::Release(which) => Command::ReleaseResource(verbs::resource::ReleaseResource {
            resource: pick(world, *which),
        }),
        Act::Report(which, meter, tenths, id, back) => {
            let meter = ["traffic", "peak", "seats", "users"][*meter];
            let resource = format!("#{}", pick(world, *which).number);
            let quantity = Decimal::new(i64::from(*tenths), 1).to_string();
            let used = at.minus(Duration::from_mins(u64::from(*back)));
            let reading = reported(&resource, meter, &quantity, &id.to_string(), used);
            Command::RecordUsage(RecordUsage { readings: vec![reading.clone(), reading] })
        }
        Act::Alert(cents) => Command::SetAlert(verbs::standing::SetAlert {
            below: Some(Money::from_minor(i64::from(*cents), usd("1").currency())),
        }),
    }
}

/// Lives a life awake, checking after every record what must hold after every record.
fn live(life: &Life) -> World {
    let mut world = begin(life);
    for (at, act) in &life.acts {
        let at = minute(*at);
        world.step(at);
        let command = command(&world, act, at);
        let answer = world.execute(at, &command).answer;
        if let Ok(Answer::UsageRecorded { outcomes }) = answer {
            assert_ne!(outcomes[1], Outcome::Accepted, "a repeated reading is not counted again");
        }
        check(&world);
    }
    world.step(minute(life.days * 24 * 60));
    check(&world);
    world
}

fn check(world: &World) {
    let account = world.state.account().expect("an account");
    assert_eq!(Agenda::of(&world.timeline, account), world.agenda, "the agenda is a full scan");
    let open = world.open();
    let wallet = &open.wallet;
    let lots: i64 = wallet.lots.iter().map(|lot| lot.left.minor()).sum();
    assert_eq!(wallet.cash.minor(), lots, "cash is what is left of the lots");
    assert_eq!(wallet.lent, None);
    assert!(!wallet.spendable().is_negative(), "what is held is there");
    let owes = wallet.available().is_negative() || !wallet.past_due().is_zero();
    assert_eq!(open.standing.is_overdue(), owes, "standing is a function of what is owed");
    for live in open.resources.values() {
        let is_halted = live.state() == State::Halted;
        assert!(!is_halted || open.standing.is_overdue(), "nothing is stopped for paid debt");
        for metered in live.meters.values() {
            let carry = metered.carry;
            assert!(carry >= Decimal::ZERO && carry < Decimal::new(1, 2), "{carry} is carried");
        }
    }
}

fn events(world: &World) -> impl Iterator<Item = &Event> {
    world.records.iter().flat_map(|record| &record.events)
}

fn settlements(world: &World) -> impl Iterator<Item = &usage::Settlement> {
    events(world).filter_map(|event| match event {
        Event::Usage(usage::Event::Settled(settlement)) => Some(settlement.as_ref()),
        _ => None,
    })
}

/// Ledger: every record balances, and the accounts of the customer are what the wallet says.
fn check_ledger(world: &World) {
    let (mut cash, mut receivable) = (0, 0);
    for record in &world.records {
        let postings: Vec<_> = record.events.iter().flat_map(ledger::postings).collect();
        assert!(ledger::is_balanced(&postings), "{postings:?}");
        for posting in postings {
            match posting.account {
                ledger::Account::CustomerCash => cash -= posting.amount.minor(),
                ledger::Account::Receivable => receivable += posting.amount.minor(),
                _ => {}
            }
        }
    }
    let wallet = &world.open().wallet;
    assert_eq!((cash, receivable), (wallet.cash.minor(), wallet.debt().minor()));
}

/// Bills: what is to be paid is paid or owed, and what a resource was billed before coupon and tax
/// is what accrued on it, but for what is carried.
fn check_lines(world: &World) {
    let mut rest: BTreeMap<ResourceId, Decimal> = BTreeMap::new();
    let mut carried: BTreeMap<(ResourceId, &str), Decimal> = BTreeMap::new();
    let mut ended = BTreeSet::new();
    for settlement in settlements(world) {
        let total: i64 = settlement.lines.iter().map(|line| line.payable.minor()).sum();
        assert_eq!(total, settlement.cash.minor() + settlement.owed.minor(), "paid or owed");
        let coupon: i64 = settlement.lines.iter().map(|line| line.coupon.minor()).sum();
        assert_eq!(coupon, settlement.coupon.map_or(0, |coupon| coupon.amount.minor()));
        for line in &settlement.lines {
            let parts = line.list.minor() - line.coupon.minor() + line.tax.minor();
            assert_eq!(parts, line.payable.minor());
        }
        // Where prices include no tax, lines say what was billed.
        if world.timeline.versions()[0].rules.tax.iter().all(|rate| !rate.inclusive) {
            let listed: Decimal = settlement.lines.iter().map(|line| line.list.decimal()).sum();
            let billed: Decimal = settlement.accruals.iter().map(|accrual| accrual.billed).sum();
            assert_eq!(listed, billed);
        }
        for accrual in &settlement.accruals {
            let rest = rest.entry(accrual.resource).or_default();
            *rest -= accrual.billed;
            for metering in &accrual.meters {
                *rest += metering.amount;
                carried.insert((accrual.resource, &metering.meter), metering.carry);
            }
            if accrual.is_final {
                ended.insert(accrual.resource);
            }
        }
    }
    for ((resource, _), carry) in carried {
        *rest.entry(resource).or_default() -= carry;
    }
    for (resource, rest) in rest {
        // The least charge of a life is more than accrued, by less than a cent.
        let raised =
            ended.contains(&resource) && rest < Decimal::ZERO && rest > Decimal::new(-1, 2);
        assert!(rest.is_zero() || raised, "{resource}: {rest} is neither billed nor carried");
    }
}

/// Usage: what was accepted of a sum is what was settled, and what was settled of time is the time
/// that the resource ran, by a count of its own.
fn check_usage(world: &World) {
    let mut reported: BTreeMap<(ResourceId, &str), Decimal> = BTreeMap::new();
    let mut settled: BTreeMap<(ResourceId, &str), Decimal> = BTreeMap::new();
    let mut ran: BTreeMap<ResourceId, Decimal> = BTreeMap::new();
    let mut power: BTreeMap<ResourceId, (Timestamp, bool, bool)> = BTreeMap::new();
    let mut keys = BTreeSet::new();
    for event in events(world) {
        match event {
            Event::Usage(usage::Event::Recorded { batches, .. }) => {
                for batch in batches.iter().filter(|batch| batch.meter == "traffic") {
                    let sum = reported.entry((batch.resource, &batch.meter)).or_default();
                    *sum += batch.readings.iter().map(|read| read.quantity).sum::<Decimal>();
                }
                for reading in batches.iter().flat_map(|batch| &batch.readings) {
                    assert!(keys.insert(reading.key), "a key counts once");
                }
            }
            Event::Usage(usage::Event::Settled(settlement)) => {
                for accrual in &settlement.accruals {
                    for metering in &accrual.meters {
                        *settled.entry((accrual.resource, &metering.meter)).or_default() +=
                            metering.quantity;
                    }
                }
            }
            Event::Resource(event) => {
                let id = event.resource();
                let (at, stopped, halted) = match event {
                    resource::Event::Opened { at, .. } => (*at, Some(false), Some(false)),
                    resource::Event::Started { at, .. } => (*at, Some(false), None),
                    resource::Event::Stopped { at, .. } => (*at, Some(true), None),
                    resource::Event::Halted { due_at, .. } => (*due_at, None, Some(true)),
                    resource::Event::Restored { at, .. } => (*at, None, Some(false)),
                    resource::Event::Released { at, .. } => (*at, Some(true), Some(true)),
                    resource::Event::PlanChanged { .. }
                    | resource::Event::ReleaseNoticed { .. }
                    | resource::Event::Closed { .. } => continue,
                };
                let before = power.get(&id).copied();
                if let Some((since, false, false)) = before {
                    let seconds = at.utc().timestamp() - since.utc().timestamp();
                    *ran.entry(id).or_default() += Decimal::from(seconds);
                }
                let (_, was_stopped, was_halted) = before.unwrap_or((at, false, false));
                let now = (stopped.unwrap_or(was_stopped), halted.unwrap_or(was_halted));
                power.insert(id, (at, now.0, now.1));
            }
            _ => {}
        }
    }
    // Everything is released and a day has passed: all of it is settled.
    for (of, quantity) in reported {
        assert_eq!(settled.get(&of).copied().unwrap_or_default(), quantity, "{of:?}");
    }
    for (id, seconds) in ran {
        let by_time = settled.get(&(id, "cpu")).copied();
        let by_hour = events(world).any(|event| {
            matches!(event, Event::Resource(resource::Event::Opened { id: opened, subject, .. })
                if *opened == id && subject.product == "by-hour")
        });
        if !by_hour && let Some(by_time) = by_time {
            assert_eq!(by_time, seconds, "{id} ran");
        }
    }
}

/// Releases everything and waits until it is settled.
fn end(world: &mut World, life: &Life) {
    let at = minute(life.days * 24 * 60);
    let open: Vec<_> =
        world.open().resources.values().filter(|r| r.released_at.is_none()).collect();
    let ids: Vec<_> = open.into_iter().map(|resource| resource.id).collect();
    for resource in ids {
        let release = verbs::resource::ReleaseResource { resource };
        world.execute(at, &Command::ReleaseResource(release)).answer.expect("it is released");
    }
    world.step(at.plus(Duration::from_hours(24)));
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases / 2,
        ..ProptestConfig::default()
    })]

    #[test]
    fn usage_is_conserved_and_lines_sum_to_the_total(life in lives()) {
        let mut world = live(&life);
        check_ledger(&world);
        check_lines(&world);
        end(&mut world, &life);
        check(&world);
        check_ledger(&world);
        check_lines(&world);
        check_usage(&world);
        let topped_up: i64 = events(&world).map(|event| match event {
            Event::Wallet(wallet::Event::ToppedUp { amount, .. }) => amount.minor(),
            _ => 0,
        }).sum();
        let paid: i64 = settlements(&world).map(|s| s.cash.minor()).sum::<i64>()
            + events(&world).map(|event| match event {
                Event::Wallet(wallet::Event::Repaid { parts, .. }) => {
                    parts.iter().map(|part| part.amount.minor()).sum()
                }
                _ => 0,
            }).sum::<i64>();
        prop_assert_eq!(topped_up - paid, world.open().wallet.cash.minor(), "money is conserved");
    }

    #[test]
    fn a_journal_of_usage_tells_the_state(life in lives()) {
        let world = live(&life);
        let mut state = stream::State::empty(ACCOUNT.into());
        for record in &world.records {
            for event in &record.events {
                let text = serde_json::to_string(event).expect("it is written");
                state.apply(&serde_json::from_str(&text).expect("it is read"));
            }
            state.end_record();
        }
        prop_assert_eq!(&state, &world.state, "the journal tells the state");
        let snapshot = serde_json::to_string(&world.state).expect("a state is written");
        let read: stream::State = serde_json::from_str(&snapshot).expect("a state is read");
        prop_assert_eq!(&read, &world.state, "a snapshot is the state");
    }

    #[test]
    fn settlement_slept_through_is_hour_by_hour(life in lives()) {
        let (mut awake, mut asleep) = (begin(&life), begin(&life));
        for (at, act) in &life.acts {
            let at = minute(*at);
            awake.step(at);
            let command = command(&awake, act, at);
            awake.execute(at, &command);
            asleep.execute(at, &command);
        }
        let end = minute(life.days * 24 * 60);
        awake.step(end);
        asleep.execute(end, &Command::Advance);
        let money = |world: &World| {
            settlements(world).map(|s| serde_json::to_string(s).expect("JSON")).collect::<Vec<_>>()
        };
        prop_assert_eq!(money(&awake), money(&asleep));
        prop_assert_eq!(&awake.state, &asleep.state);
    }
}
