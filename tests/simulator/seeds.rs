//! What worlds have found, each with its story: once as plain as it can be told, and as the seeds
//! of the worlds that found it.

use std::time::Duration;

use renewd::actors::{Lane, Request};
use renewd::domain::agenda::Job;
use renewd::domain::calendar::Timestamp;
use renewd::domain::command::Command;
use renewd::domain::event::Event;
use renewd::domain::ids::{AccountId, StreamId};
use renewd::domain::nouns::subscription;
use renewd::domain::record::{Cause, Record};
use renewd::domain::verbs;
use renewd::store::{DueQuery, OrderQuery, Store as _};

use crate::book;
use crate::faulty::{Faulty, Weather};
use crate::habits::{Customer, parsed, usd};
use crate::house::{House, Site};
use crate::random::Random;
use crate::runs::Run;
use crate::world::now;

fn site() -> Site {
    Site::new(book::config(&mut Random::new(1)), Faulty::new(Random::new(1)))
}

fn start(site: &Site, at: Timestamp) -> House {
    let rules = book::rules(&mut Random::new(1));
    House::start(site, at, Some(rules)).expect("a house")
}

fn ask(house: &mut House, stream: StreamId, command: Command, sidecar: Vec<String>) -> bool {
    let mut request = Request::new(command, Cause::Operator { uid: 0 }, Lane::People);
    request.sidecar = sidecar;
    let answer = house.run(async |app, _| app.accounts.execute(stream, request).await);
    answer.expect("it lives").is_ok()
}

/// A small one for a month, renewed by hand.
fn purchase(product: &str, pay_now: bool) -> Command {
    Command::Purchase(verbs::purchase::Purchase {
        product: product.to_owned(),
        plan: "small".to_owned(),
        region: "eu".to_owned(),
        period: parsed("P1M"),
        renewal_mode: subscription::Mode::ManualRenewal,
        pay_now,
        external_id: None,
        expires_not_after: None,
        coupon: verbs::pricing::CouponChoice::Auto,
        price_lock: false,
        expected_payable: None,
    })
}

fn reach(house: &mut House, at: Timestamp) -> bool {
    let stepped = house.run(async |_, stepper| stepper.advance_to(at, |_| ()).await);
    stepped.expect("it lives").is_ok()
}

/// The price list was written, and the reply was lost: everybody went on by the old one until the
/// next restart. What the house says is read again after a failure.
#[test]
fn a_price_list_whose_writing_was_not_answered_is_in_force() {
    let site = site();
    let mut house = start(&site, parsed("2026-03-01T12:00:00Z"));
    site.store.set_weather(Weather { reply_lost: 1_000, ..Weather::default() });
    let rules = book::rules(&mut Random::new(2)).into();
    let apply = verbs::apply_rules::ApplyRules { rules, effective_at: None };
    assert!(!ask(&mut house, StreamId::House, Command::ApplyRules(apply), Vec::new()));
    site.store.set_weather(Weather::default());
    let newest = house.run(async |app, _| app.accounts.ports().house().timeline.newest());
    assert_eq!(newest, Some(2));
}

/// Under a manual clock, what failed once was looked at again only when something else was due.
#[test]
fn what_failed_is_tried_again_under_a_manual_clock_too() {
    let site = site();
    let at: Timestamp = parsed("2026-03-01T12:00:00Z");
    let mut house = start(&site, at);
    let id = AccountId::from_bits(5);
    let opening = Customer::new(id, 1, false, Random::new(3)).opening();
    assert!(ask(&mut house, id.into(), opening.command, opening.sidecar));
    assert!(ask(&mut house, id.into(), purchase("vps", false), Vec::new()));
    let deadline = at.plus(Duration::from_hours(7 * 24));
    assert!(reach(&mut house, deadline.minus(Duration::from_secs(1))));
    site.store.set_weather(Weather { write_fails: 1_000, ..Weather::default() });
    while house.now() < deadline {
        let _ = reach(&mut house, deadline);
    }
    site.store.set_weather(Weather::default());
    assert!(reach(&mut house, deadline.plus(Duration::from_hours(2))));
    let query = OrderQuery { account: Some(id), limit: 9, ..OrderQuery::default() };
    let orders = now(site.store.kept().orders(query)).expect("orders");
    let states: Vec<_> = orders.iter().map(|order| order.state.as_str()).collect();
    assert_eq!(states, ["Cancelled"]);
}

/// A suspension that the brake holds back stays the first thing that is due of its job, and hid
/// what was due later of the same job from the stepper, until something of another job came.
#[test]
fn what_the_brake_holds_back_hides_nothing_that_is_due_later() {
    let site = site();
    let at: Timestamp = parsed("2026-03-01T12:00:00Z");
    let mut house = start(&site, at);
    let engage = verbs::brake::Engage { held_count: 30, limit: 20 };
    let (first, second) = (AccountId::from_bits(5), AccountId::from_bits(6));
    assert!(ask(&mut house, StreamId::House, Command::EngageBrake(engage), Vec::new()));
    for (person, id, days) in [(1, first, 0), (2, second, 20)] {
        let at = at.plus(Duration::from_hours(days * 24));
        assert!(reach(&mut house, at));
        let opening = Customer::new(id, person, false, Random::new(3)).opening();
        assert!(ask(&mut house, id.into(), opening.command, opening.sidecar));
        let top_up = verbs::top_up::TopUp {
            amount: usd(50_000),
            method: "card".to_owned(),
            channel: "api".to_owned(),
            reference: None,
        };
        assert!(ask(&mut house, id.into(), Command::TopUp(top_up), Vec::new()));
        assert!(ask(&mut house, id.into(), purchase("intl", true), Vec::new()));
    }
    // The first one's grace ends 46 days after the start, the second one's period 51 days after it.
    assert!(reach(&mut house, at.plus(Duration::from_hours(60 * 24))));
    let expired = |id: AccountId| {
        let journal = now(site.store.kept().journal(id.into(), 0, 1_000)).expect("a journal");
        let records = journal
            .iter()
            .map(|stored| serde_json::from_str::<Record>(&stored.body).expect("a record"));
        let mut found = records.flat_map(|record| {
            let at = record.at;
            record.events.into_iter().map(move |event| (at, event))
        });
        found.find_map(|(at, event)| {
            let Event::Subscription(subscription::Event::Expired { due_at, .. }) = event else {
                return None;
            };
            Some((at, due_at))
        })
    };
    let held = now(site.store.kept().due(DueQuery {
        job: Job::Lifecycle,
        until: house.now(),
        any_until: Timestamp::MIN,
        after: None,
        limit: 9,
    }));
    let held: Vec<_> = held.expect("rows").into_iter().map(|row| row.stream).collect();
    assert_eq!(held, [StreamId::Account(first)], "only what the brake holds back is still due");
    let (at, due_at) = expired(second).expect("the second one expired");
    assert!(at.since(due_at) < Duration::from_mins(1), "it was due at {due_at}, and came at {at}");
}

/// A renewal was held back with its account until the house had closed the month: it was billed in
/// the next by whoever was awake, and in its own by whoever slept, whose house closes no months. The
/// law of sleep had taken that for a difference.
#[test]
fn what_was_held_over_the_close_of_a_month_is_billed_in_the_next() {
    Run { first: 1004, count: 1, threads: 1, shows: false }.go();
}

/// New rules without one of the slots came in the very instant of that slot: whoever was awake had
/// renewed before they came, whoever slept went by them. The law of sleep had taken that for a
/// difference.
#[test]
fn new_rules_do_not_come_in_the_instant_of_what_they_change() {
    Run { first: 603_704, count: 1, threads: 1, shows: false }.go();
}

/// A resource was over with its last settlement, and forgotten with its record: whoever slept made
/// that settlement in the record of the confirmation, and its closure waited for more of the
/// resource's usage, of which there could be none.
#[test]
fn what_was_settled_for_good_delays_no_closing() {
    Run { first: 105_160, count: 1, threads: 1, shows: false }.go();
}

/// A part of an order was given back, and then everything else within the first days: what the part
/// had left unearned stayed so for ever.
#[test]
fn what_was_given_back_in_part_is_not_left_unearned() {
    Run { first: 301_764, count: 1, threads: 1, shows: false }.go();
}
