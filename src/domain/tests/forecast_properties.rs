//! A forecast over a stretch without commands is, event for event, what then happens.

use proptest::prelude::*;

use super::scenario::World;
use super::{payg_properties, properties};
use crate::domain::account::Account;
use crate::domain::calendar::Timestamp;
use crate::domain::command::Command;
use crate::domain::event::Event;
use crate::domain::forecast::{Asked, EVENTS_MAX, Forecast, Walk};
use crate::domain::money::Money;

pub(super) fn asked(world: &World, from: Timestamp, until: Timestamp) -> Asked<'_> {
    Asked {
        timeline: &world.timeline,
        from,
        until,
        brake: world.brake,
        closed_through: world.closed_through,
        events_max: EVENTS_MAX,
    }
}

fn account(world: &World) -> Account {
    world.state.account().expect("an account").clone()
}

/// Everything that is forecast, with the instants of its records.
fn foretold(
    world: &World,
    from: Timestamp,
    until: Timestamp,
) -> (Vec<(Timestamp, Event)>, Account) {
    let mut walk = Walk::new(asked(world, from, until), account(world));
    let mut events = Vec::new();
    while let Some(moment) = walk.step() {
        assert!(moment.at >= from && moment.at <= until);
        events.extend(moment.events.into_iter().map(|event| (moment.at, event)));
    }
    assert!(!walk.is_cut());
    (events, walk.account().expect("an account").clone())
}

/// Goes on to `until` without commands, and compares.
fn step_and_compare(world: &mut World, from: Timestamp, until: Timestamp) {
    let (foretold, ahead) = foretold(world, from, until);
    let before = world.open().wallet.clone();
    let mut items = Vec::new();
    let told = Forecast::read(asked(world, from, until), account(world), |item| items.push(item));
    let told = told.expect("an account");
    let seen = world.records.len();
    world.step(until);
    let happened = world.records[seen..].iter();
    let happened = happened.flat_map(|record| record.events.iter().map(|event| (record.at, event)));
    let happened: Vec<_> = happened.collect();
    let difference = foretold.iter().zip(&happened).find(|(a, b)| (a.0, &a.1) != **b);
    assert_eq!(difference, None);
    assert_eq!(foretold.len(), happened.len());
    assert_eq!(Some(&ahead), world.state.account());
    // What is told of it is what the wallet says.
    let wallet = &world.books().wallet;
    let net = |cash: Money, debt: Money| cash.minor() - debt.minor();
    let (start, end) = (net(before.cash, before.debt()), net(wallet.cash, wallet.debt()));
    assert_eq!((told.cash, told.debt), (wallet.cash, wallet.debt()));
    assert_eq!(told.balance.minor(), start);
    assert_eq!(end - start, told.money_in.minor() - told.money_out.minor());
    assert_eq!(told.days.last().map(|day| day.balance.minor()), Some(end));
    let of_items: i64 = items.iter().filter_map(|item| item.amount).map(Money::minor).sum();
    assert_eq!(of_items, end - start, "the items are the whole of it");
    assert!(items.iter().map(|item| item.at).is_sorted(), "one after the other");
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases / 4,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_forecast_is_what_then_happens(life in properties::lives()) {
        let mut world = properties::begin(&life, true);
        let mut from = properties::minute(0);
        for (at, act) in &life.acts {
            let at = properties::minute(*at);
            step_and_compare(&mut world, from, at);
            let command = properties::command(act, &world);
            world.execute(at, &command);
            from = at;
        }
        let end = properties::minute(life.days * properties::DAY_MINUTES).max(from);
        step_and_compare(&mut world, from, end);
    }

    #[test]
    fn a_forecast_of_what_is_metered_by_time_is_what_then_happens(
        life in payg_properties::lives()
    ) {
        let mut world = payg_properties::begin(&life);
        let mut from = payg_properties::minute(0);
        for (at, act) in &life.acts {
            // What is reported is taken to go on: there the law does not hold.
            if matches!(act, payg_properties::Act::Report(..)) {
                continue;
            }
            let at = payg_properties::minute(*at);
            step_and_compare(&mut world, from, at);
            let command = payg_properties::command(&world, act, at);
            world.execute(at, &command);
            from = at;
        }
        let end = payg_properties::minute(life.days * 24 * 60).max(from);
        step_and_compare(&mut world, from, end);
    }

    #[test]
    fn a_forecast_is_what_a_daemon_does_that_slept(life in properties::lives()) {
        let mut world = properties::begin(&life, false);
        let mut from = properties::minute(0);
        for (at, act) in &life.acts {
            from = properties::minute(*at);
            world.step(from);
            let command = properties::command(act, &world);
            world.execute(from, &command);
        }
        let end = properties::minute(life.days * properties::DAY_MINUTES).max(from);
        let (foretold, _) = foretold(&world, from, end);
        let executed = world.execute(end, &Command::Advance);
        let ahead = properties::essence(foretold.iter().map(|(_, event)| event), false);
        prop_assert_eq!(ahead, properties::essence(executed.events.iter(), false));
    }
}
