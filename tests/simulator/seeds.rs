//! What worlds have found, each with its story: once as plain as it can be told, and as the seeds
//! of the worlds that found it.

use std::time::Duration;

use renewd::actors::{Lane, Request};
use renewd::domain::calendar::Timestamp;
use renewd::domain::command::Command;
use renewd::domain::ids::{AccountId, StreamId};
use renewd::domain::record::Cause;
use renewd::domain::verbs;
use renewd::store::{OrderQuery, Store as _};

use crate::book;
use crate::faulty::{Faulty, Weather};
use crate::habits::{Customer, parsed};
use crate::house::{House, Site};
use crate::random::Random;
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
    let purchase = verbs::purchase::Purchase {
        product: "vps".to_owned(),
        plan: "small".to_owned(),
        region: "eu".to_owned(),
        period: parsed("P1M"),
        renewal_mode: renewd::domain::nouns::subscription::Mode::ManualRenewal,
        pay_now: false,
        external_id: None,
        expires_not_after: None,
        coupon: verbs::pricing::CouponChoice::Auto,
        price_lock: false,
        expected_payable: None,
    };
    assert!(ask(&mut house, id.into(), Command::Purchase(purchase), Vec::new()));
    let deadline = at.plus(Duration::from_hours(7 * 24));
    let reach = |house: &mut House, at: Timestamp| {
        let stepped = house.run(async |_, stepper| stepper.advance_to(at, |_| ()).await);
        stepped.expect("it lives").is_ok()
    };
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
