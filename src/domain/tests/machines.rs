//! The state machines of the rulebook, section 14: every transition happens, and no other does.

use std::fmt::Write as _;

use insta::assert_snapshot;

use super::scenario::{ACCOUNT, instant, usd};
use crate::domain::calendar::{Course, Timestamp, Zone};
use crate::domain::ids::{CouponId, OrderId, SubscriptionId};
use crate::domain::nouns::coupon::{self, Benefit, Coupon, Scope};
use crate::domain::nouns::order::{self, CancelReason, Order, Parts};
use crate::domain::nouns::subscription::{
    Event, Failure, Mode, Paid, Renewal, State, Subject, Subscription, Temporary,
};
use crate::domain::rules::Terms;

const STATES: [State; 7] = [
    State::PendingPayment,
    State::Active,
    State::Grace,
    State::Suspended,
    State::Released,
    State::Cancelled,
    State::Unsubscribed,
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
        (
            "ordered",
            Event::Ordered { id, subject: subject.clone(), renewal, order, at, locked: None },
        ),
        ("imported", Event::Imported { id, subject, renewal, paid: paid(), at }),
        ("activated", Event::Activated { id, order, paid: paid() }),
        (
            "renewed",
            Event::Renewed {
                id,
                order,
                paid: paid(),
                at,
                automatic: false,
                plan: None,
                locked: None,
            },
        ),
        ("renewal ordered", Event::RenewalOrdered { id, order }),
        ("change ordered", Event::ChangeOrdered { id, order }),
        ("order closed", Event::OrderClosed { id }),
        (
            "plan changed",
            Event::PlanChanged {
                id,
                order,
                plan: "large".into(),
                until: None,
                locked: None,
                downgrade: false,
                at,
            },
        ),
        ("plan took effect", Event::PlanTookEffect { id, plan: "large".into(), due_at: at }),
        ("period cancelled", Event::PeriodCancelled { id, order, at }),
        ("unsubscribed", Event::Unsubscribed { id, order, at }),
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
        ("released", Event::Released { id, due_at: at, asked: false }),
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
        Active --change ordered--> Active
        Active --plan changed--> Active
        Active --unsubscribed--> Unsubscribed
        Active --attempt failed--> Active
        Active --mode set--> Active
        Active --expired--> Grace
        Active with an unpaid order --order closed--> Active
        Grace --renewed--> Active
        Grace --renewal ordered--> Grace
        Grace --change ordered--> Grace
        Grace --plan changed--> Grace
        Grace --unsubscribed--> Unsubscribed
        Grace --attempt failed--> Grace
        Grace --mode set--> Grace
        Grace --suspended--> Suspended
        Grace with an unpaid order --order closed--> Grace
        Suspended --renewed--> Active
        Suspended --renewal ordered--> Suspended
        Suspended --change ordered--> Suspended
        Suspended --plan changed--> Suspended
        Suspended --unsubscribed--> Unsubscribed
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

#[test]
fn r2_11_the_first_period_is_the_first() {
    for (state, number, allowed) in [
        (State::PendingPayment, 1, true),
        (State::PendingPayment, 2, false),
        (State::Active, 1, false),
    ] {
        let activated = events(number).swap_remove(2).1;
        assert_eq!(subscription_in(state, true).allows(&activated), allowed, "{state:?} {number}");
    }
}

#[test]
fn r1_19_a_renewal_with_another_plan_ends_one_for_a_while() {
    let mut live = subscription_in(State::Suspended, false);
    live.temporary = Some(Temporary { plan: "huge".into(), until: instant("2027-01-01", "00:00") });
    let mut renewed = events(2).swap_remove(3).1;
    let Event::Renewed { plan, .. } = &mut renewed else { panic!("{renewed:?}") };
    *plan = Some("large".into());
    live.apply(&renewed);
    assert_eq!((live.plan(), live.temporary.as_ref()), ("large", None));
}

fn order_in(kind: order::Kind, state: order::State) -> Order {
    let (period, currency) = ("P1M".parse().expect("a period"), usd("10").currency());
    Order {
        list: usd("10"),
        payable: usd("10"),
        state,
        ..Order::new(order_id(), kind, id(), ("ecs", "small"), (period, 2), at(), currency)
    }
}

#[test]
fn an_order_makes_these_transitions_and_no_others() {
    let mut table = String::new();
    let parts = || Parts { cash: usd("10"), coupon: None, tax: None };
    let (order, at) = (order_id(), at());
    let cancelled = |reason| order::Event::Cancelled { order, reason, at };
    for kind in [order::Kind::Renew, order::Kind::Downgrade, order::Kind::Refund] {
        for state in order::State::ALL {
            let opened = Box::new(order_in(kind, order::State::Unpaid));
            let (product, payable) = ("ecs".to_owned(), usd("10"));
            let (coupon, tax, lines) = (None, None, Vec::new());
            let events = [
                ("opened", order::Event::Opened(opened)),
                ("repriced", order::Event::Repriced { order, coupon, tax, lines, payable, at }),
                ("warned", order::Event::Warned { order, due_at: at }),
                (
                    "paid",
                    order::Event::Paid {
                        order,
                        product: product.clone(),
                        cash: usd("10"),
                        coupon: None,
                        tax: None,
                        starts_at: at,
                        ends_at: at,
                        cycle: None,
                        at,
                    },
                ),
                (
                    "paid, to be delivered",
                    order::Event::Processing {
                        order,
                        product: product.clone(),
                        parts: parts(),
                        deliver_until: at,
                        cycle: None,
                        at,
                    },
                ),
                (
                    "provisioned",
                    order::Event::Provisioned { order, starts_at: at, ends_at: at, at },
                ),
                (
                    "failed",
                    order::Event::Failed {
                        order,
                        product: product.clone(),
                        parts: parts(),
                        reason: order::FailReason::TimedOut,
                        cycle: None,
                        at,
                    },
                ),
                (
                    "refunded",
                    order::Event::Refunded {
                        order,
                        product,
                        parts: parts(),
                        earned: None,
                        cuts: Vec::new(),
                        is_full: false,
                        cycle: None,
                        at,
                    },
                ),
                ("requested", cancelled(CancelReason::Requested)),
                ("timed out", cancelled(CancelReason::TimedOut)),
                ("released", cancelled(CancelReason::Released)),
                ("reported late", order::Event::ReportedLate { order, delivered: true, at }),
            ];
            for (name, event) in events {
                let mut order = order_in(kind, state);
                if order.allows(&event) {
                    order.apply(&event);
                    let (from, to) = (state.as_str(), order.state.as_str());
                    // What every kind does is told once.
                    let line = format!("{from} --{name}--> {to}\n");
                    if !table.contains(&format!("renew {line}")) {
                        write!(table, "{} {line}", kind.as_str()).expect("a string grows");
                    }
                }
            }
        }
    }
    assert_snapshot!(table, @r"
        renew Unpaid --repriced--> Unpaid
        renew Unpaid --warned--> Unpaid
        renew Unpaid --paid--> Paid
        renew Unpaid --paid, to be delivered--> Processing
        renew Unpaid --requested--> Cancelled
        renew Unpaid --timed out--> Cancelled
        renew Unpaid --released--> Cancelled
        renew Processing --provisioned--> Paid
        renew Processing --failed--> Failed
        renew Paid --reported late--> Paid
        renew Cancelled --reported late--> Cancelled
        renew Failed --reported late--> Failed
        renew Refunded --reported late--> Refunded
        downgrade Unpaid --refunded--> Paid
        downgrade Processing --refunded--> Paid
        refund Unpaid --refunded--> Refunded
        refund Processing --refunded--> Refunded
        ");
}

/// The state machine of a coupon (rulebook, section 14).
#[test]
fn a_coupon_makes_these_transitions_and_no_others() {
    let mut table = String::new();
    let (id, order, at) = (CouponId::new(ACCOUNT, 5), order_id(), at());
    for (name, benefit) in [
        ("cash", Benefit::Cash { value: usd("10") }),
        ("off", Benefit::Discount { percent: 15.into(), cap: None }),
    ] {
        for state in [
            coupon::State::NotEffective,
            coupon::State::Available,
            coupon::State::Frozen,
            coupon::State::Used,
            coupon::State::Expired,
            coupon::State::Cancelled,
        ] {
            let balance = benefit.nominal();
            let coupon = Coupon {
                id,
                campaign: None,
                description: String::new(),
                benefit,
                balance,
                scope: Scope::default(),
                granted_at: at,
                effective_at: at,
                expires_at: at,
                state,
                order: (state == coupon::State::Frozen).then_some(order),
                frozen_at: None,
                again_for: None,
                reminded: false,
            };
            let redeemed = |amount| coupon::Event::Redeemed { id, order, amount: usd(amount), at };
            let events = [
                ("granted", coupon::Event::Granted(Box::new(coupon.clone()))),
                ("effective", coupon::Event::BecameEffective { id, due_at: at }),
                ("frozen", coupon::Event::Frozen { id, order, at }),
                ("unfrozen", coupon::Event::Unfrozen { id, at, expires_at: None }),
                ("redeemed in part", redeemed("4")),
                ("redeemed whole", redeemed("10")),
                ("restored", coupon::Event::Restored { id, order, amount: usd("1"), at }),
                ("reminded", coupon::Event::Reminded { id, due_at: at, superseded: false }),
                ("expired", coupon::Event::Expired { id, due_at: at }),
                ("cancelled", coupon::Event::Cancelled { id, at }),
            ];
            for (event_name, event) in events {
                let mut coupon = coupon.clone();
                if coupon.allows(&event) {
                    coupon.apply(&event);
                    let (from, to) = (state.as_str(), coupon.state.as_str());
                    let line = format!("{from} --{event_name}--> {to}\n");
                    if !table.contains(&format!("cash {line}")) {
                        write!(table, "{name} {line}").expect("a string grows");
                    }
                }
            }
        }
    }
    assert_snapshot!(table, @r"
        cash NotEffective --effective--> Available
        cash NotEffective --reminded--> NotEffective
        cash NotEffective --expired--> Expired
        cash NotEffective --cancelled--> Cancelled
        cash Available --frozen--> Frozen
        cash Available --redeemed in part--> Available
        cash Available --redeemed whole--> Used
        cash Available --restored--> Available
        cash Available --reminded--> Available
        cash Available --expired--> Expired
        cash Available --cancelled--> Cancelled
        cash Frozen --unfrozen--> Available
        cash Frozen --redeemed in part--> Available
        cash Frozen --redeemed whole--> Used
        cash Frozen --restored--> Frozen
        cash Frozen --cancelled--> Cancelled
        off Available --redeemed in part--> Used
        off Frozen --redeemed in part--> Used
        ");
}
