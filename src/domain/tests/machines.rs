//! The state machines of the rulebook, section 14: every transition happens, and no other does.

use std::fmt::Write as _;

use insta::assert_snapshot;

use super::scenario::{ACCOUNT, instant, usd};
use crate::domain::calendar::{Course, Timestamp, Zone};
use crate::domain::ids::{OrderId, SubscriptionId};
use crate::domain::nouns::order::{self, CancelReason, Order};
use crate::domain::nouns::subscription::{
    Event, Failure, Mode, Paid, Renewal, State, Subject, Subscription,
};
use crate::domain::rules::Terms;

const STATES: [State; 6] = [
    State::PendingPayment,
    State::Active,
    State::Grace,
    State::Suspended,
    State::Released,
    State::Cancelled,
];

fn at() -> Timestamp {
    instant("2026-01-10", "12:00")
}

fn id() -> SubscriptionId {
    SubscriptionId::new(ACCOUNT, 1)
}

fn order_id() -> OrderId {
    OrderId::new(ACCOUNT, 2)
}

fn paid(period_no: u32) -> Paid {
    let period = "P1M".parse().expect("a period");
    let course = Course::starting(at(), Zone::UTC).plus(period);
    Paid {
        period_no,
        period,
        course,
        started_at: at(),
        expires_at: course.end(Zone::UTC),
        terms: Terms { price: usd("10"), grace_days: 0, recovery_days: 15, lead_days: 9 },
    }
}

fn events(period_no: u32) -> Vec<(&'static str, Event)> {
    let renewal = Renewal { mode: Mode::ManualRenewal, period: None, muted: false };
    let subject = Subject {
        product: "ecs".into(),
        plan: "small".into(),
        region: "eu".into(),
        zone: Zone::UTC,
        external_id: None,
        expires_not_after: None,
    };
    let (id, order, at) = (id(), order_id(), at());
    let paid = || Box::new(paid(period_no));
    vec![
        ("ordered", Event::Ordered { id, subject: subject.clone(), renewal, order, at }),
        ("imported", Event::Imported { id, subject, renewal, paid: paid(), at }),
        ("activated", Event::Activated { id, order, paid: paid() }),
        ("renewed", Event::Renewed { id, order, paid: paid(), at, automatic: false }),
        ("renewal ordered", Event::RenewalOrdered { id, order }),
        ("order closed", Event::OrderClosed { id }),
        (
            "attempt failed",
            Event::AttemptFailed {
                id,
                due_at: at,
                quote: None,
                failure: Failure::PlanRetired,
                superseded: false,
            },
        ),
        ("mode set", Event::ModeSet { id, renewal, at }),
        ("expired", Event::Expired { id, due_at: at }),
        ("suspended", Event::Suspended { id, due_at: at }),
        ("released", Event::Released { id, due_at: at }),
        ("cancelled", Event::Cancelled { id, at }),
    ]
}

fn subscription_in(state: State, open_order: bool) -> Subscription {
    let (_, ordered) = events(1).swap_remove(0);
    let mut live = Subscription::begin(&ordered);
    if !matches!(state, State::PendingPayment | State::Cancelled) {
        live.paid = Some(paid(1));
        live.open_order = open_order.then(order_id);
    }
    live.state = state;
    live
}

#[test]
fn a_subscription_makes_these_transitions_and_no_others() {
    let mut table = String::new();
    for state in STATES {
        for open_order in [false, true] {
            for (name, event) in events(if state == State::PendingPayment { 1 } else { 2 }) {
                let mut live = subscription_in(state, open_order);
                if !live.allows(&event) {
                    continue;
                }
                live.apply(&event);
                let with = if open_order { " with an unpaid order" } else { "" };
                let transition =
                    format!("{}{with} --{name}--> {}", state.as_str(), live.state.as_str());
                // Most of it is the same with and without an unpaid order.
                let plain = format!("{} --{name}--> {}\n", state.as_str(), live.state.as_str());
                if !table.contains(&plain) {
                    writeln!(table, "{transition}").expect("a string grows");
                }
            }
        }
    }
    assert_snapshot!(table, @r"
        PendingPayment --activated--> Active
        PendingPayment --mode set--> PendingPayment
        PendingPayment --cancelled--> Cancelled
        Active --renewed--> Active
        Active --renewal ordered--> Active
        Active --attempt failed--> Active
        Active --mode set--> Active
        Active --expired--> Grace
        Active with an unpaid order --order closed--> Active
        Grace --renewed--> Active
        Grace --renewal ordered--> Grace
        Grace --attempt failed--> Grace
        Grace --mode set--> Grace
        Grace --suspended--> Suspended
        Grace with an unpaid order --order closed--> Grace
        Suspended --renewed--> Active
        Suspended --renewal ordered--> Suspended
        Suspended --attempt failed--> Suspended
        Suspended --mode set--> Suspended
        Suspended --released--> Released
        Suspended with an unpaid order --order closed--> Suspended
        ");
}

#[test]
fn a_period_number_is_never_skipped_nor_used_again() {
    let live = subscription_in(State::Active, false);
    for (number, allowed) in [(1, false), (2, true), (3, false)] {
        let renewed = events(number).swap_remove(3).1;
        assert_eq!(live.allows(&renewed), allowed, "{number}");
    }
}

fn order_in(state: order::State) -> Order {
    Order {
        id: order_id(),
        kind: order::Kind::Renew,
        subscription: id(),
        product: "ecs".into(),
        plan: "small".into(),
        period: "P1M".parse().expect("a period"),
        period_no: 2,
        starts_at: None,
        ends_at: None,
        list: usd("10"),
        payable: usd("10"),
        rules_version: 1,
        automatic: false,
        created_at: at(),
        deadline: at(),
        state,
        closed_at: None,
        cancelled_for: None,
    }
}

#[test]
fn an_order_makes_these_transitions_and_no_others() {
    let mut table = String::new();
    for state in [order::State::Unpaid, order::State::Paid, order::State::Cancelled] {
        let cancelled = |reason| order::Event::Cancelled { order: order_id(), reason, at: at() };
        let events = [
            ("opened", order::Event::Opened(Box::new(order_in(order::State::Unpaid)))),
            (
                "paid",
                order::Event::Paid {
                    order: order_id(),
                    product: "ecs".into(),
                    cash: usd("10"),
                    starts_at: at(),
                    ends_at: at(),
                    at: at(),
                },
            ),
            ("requested", cancelled(CancelReason::Requested)),
            ("timed out", cancelled(CancelReason::TimedOut)),
            ("released", cancelled(CancelReason::Released)),
        ];
        for (name, event) in events {
            let mut order = order_in(state);
            if order.allows(&event) {
                order.apply(&event);
                writeln!(table, "{} --{name}--> {}", state.as_str(), order.state.as_str())
                    .expect("a string grows");
            }
        }
    }
    assert_snapshot!(table, @r"
        Unpaid --paid--> Paid
        Unpaid --requested--> Cancelled
        Unpaid --timed out--> Cancelled
        Unpaid --released--> Cancelled
        ");
}
