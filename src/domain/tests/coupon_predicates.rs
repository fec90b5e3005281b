//! What a coupon is good for: each predicate by itself, at its limit and one step beyond, and what
//! happens to the coupon.

use std::fmt::Write as _;

use insta::assert_snapshot;

use super::scenario::{ACCOUNT, instant, period, run, usd};
use crate::domain::ids::OrderId;
use crate::domain::money::{MINOR_MAX, Money};
use crate::domain::nouns::coupon::{Basket, Benefit, Billing, Coupon, Event, State, Unmet};
use crate::domain::nouns::order::Kind;

fn granted(words: &str) -> Coupon {
    let (world, _) = run(&format!("2026-02-01 10:00 grant {words} until 2026-03-01 00:00"));
    let coupon = world.open().coupons.values().next().expect("a coupon");
    coupon.as_ref().clone()
}

/// One month of `ecs` for 10.
fn basket() -> Basket<'static> {
    Basket {
        kind: Kind::New,
        billing: Billing::Subscription,
        period: Some(period("1", "month")),
        lines: vec![("ecs", usd("10"))],
        currency: usd("10").currency(),
        excludes_coupons: false,
        order: None,
    }
}

fn unmet(coupon: &Coupon, basket: &Basket<'_>) -> Vec<&'static str> {
    let at = instant("2026-02-02", "10:00");
    coupon.unmet(basket, at).iter().map(Unmet::code).collect()
}

#[test]
fn r5_3_each_predicate_holds_up_to_its_limit() {
    let codes = |words: &str| unmet(&granted(words), &basket());
    assert_eq!(codes("cash 5"), [""; 0]);
    assert_eq!(
        codes("cash 5 product ecs for new min 10 at-least 1 month at-most 1 month"),
        [""; 0]
    );
    assert_eq!(codes("cash 5 product rds"), ["product"]);
    assert_eq!(codes("cash 5 not ecs"), ["product"]);
    assert_eq!(codes("cash 5 not rds"), [""; 0]);
    assert_eq!(codes("cash 5 for renew"), ["order_type"]);
    assert_eq!(codes("cash 5 min 10.01"), ["min_spend"]);
    assert_eq!(codes("cash 5 at-least 2 months"), ["min_period"]);
    assert_eq!(codes("cash 5 at-most 3 weeks"), ["max_period"]);
    assert_eq!(codes("save 10 5"), [""; 0]);
    assert_eq!(codes("save 10.01 5"), ["min_spend"]);
    let mut coupon = granted("cash 5");
    coupon.scope.billing = Some(Billing::Subscription);
    assert_eq!(unmet(&coupon, &basket()), [""; 0]);
    coupon.scope.billing = Some(Billing::Payg);
    assert_eq!(unmet(&coupon, &basket()), ["billing"]);
}

#[test]
fn r5_17_what_takes_nothing_off_says_so() {
    let free = Basket { lines: vec![("ecs", usd("0"))], ..basket() };
    assert_eq!(unmet(&granted("cash 5"), &free), ["nothing_to_deduct"]);
    let euros = Basket { currency: "EUR".parse().expect("euros"), ..basket() };
    assert_eq!(unmet(&granted("cash 5"), &euros), ["currency"]);
    let excluded = Basket { excludes_coupons: true, ..basket() };
    assert_eq!(unmet(&granted("cash 5"), &excluded), ["excluded"]);
}

#[test]
fn r5_3_a_coupon_is_good_from_its_first_instant_to_before_its_last() {
    let coupon = granted("cash 5 from 2026-02-03 00:00");
    let codes = |date: &str, time: &str| {
        let unmet = coupon.unmet(&basket(), instant(date, time));
        unmet.iter().map(Unmet::code).collect::<Vec<_>>()
    };
    assert_eq!(codes("2026-02-02", "23:59:59"), ["not_effective"]);
    assert_eq!(codes("2026-02-03", "00:00"), [""; 0]);
    assert_eq!(codes("2026-02-28", "23:59:59"), [""; 0]);
    assert_eq!(codes("2026-03-01", "00:00"), ["expired"]);
}

#[test]
fn r5_1_what_a_coupon_can_be() {
    let money = |minor| Money::from_minor(minor, usd("1").currency());
    let cash = |minor| Benefit::Cash { value: money(minor) };
    let save =
        |threshold, off| Benefit::SpendAndSave { threshold: money(threshold), off: money(off) };
    let off = |percent: &str, cap: Option<i64>| Benefit::Discount {
        percent: percent.parse().expect("a percentage"),
        cap: cap.map(money),
    };
    let good = [
        cash(1),
        cash(MINOR_MAX),
        save(2000, 2000),
        save(MINOR_MAX, 1),
        off("0.01", None),
        off("100", Some(1)),
        off("15", Some(MINOR_MAX)),
    ];
    for benefit in good {
        assert_eq!(benefit.fault(), None, "{benefit:?}");
    }
    let bad = [
        (cash(0), "value"),
        (cash(-1), "value"),
        (cash(MINOR_MAX + 1), "value"),
        (save(2000, 0), "takes off"),
        (save(MINOR_MAX + 1, MINOR_MAX + 1), "takes off"),
        (save(1999, 2000), "threshold"),
        (off("0", None), "percentage"),
        (off("100.01", None), "percentage"),
        (off("15", Some(0)), "cap"),
        (off("15", Some(MINOR_MAX + 1)), "cap"),
    ];
    for (benefit, word) in bad {
        let fault = benefit.fault().unwrap_or_default();
        assert!(fault.contains(word), "{benefit:?}: {fault:?}");
    }
}

#[test]
fn r5_5_what_happens_to_a_coupon_once_it_is_over_or_held() {
    let at = instant("2026-02-02", "10:00");
    let order = OrderId::new(ACCOUNT, 5);
    let happen = |coupon: &Coupon| {
        let id = coupon.id;
        let amount = usd("1");
        let events = [
            Event::BecameEffective { id, due_at: at },
            Event::Frozen { id, order, at },
            Event::Unfrozen { id, at, expires_at: None },
            Event::Redeemed { id, order, amount, at },
            Event::Redeemed { id, order: OrderId::new(ACCOUNT, 6), amount, at },
            Event::Spent { id, amount, at },
            Event::Restored { id, order, amount, at },
            Event::Reminded { id, due_at: at, superseded: false },
            Event::Expired { id, due_at: at },
            Event::Cancelled { id, at },
        ];
        let allowed = events.iter().map(|event| if coupon.allows(event) { 'y' } else { '-' });
        allowed.collect::<String>()
    };
    // Good, frozen, thawed, redeemed, spent, given back, another given back, reminded, over, void.
    let mut told = String::new();
    for words in ["cash 5", "off 15"] {
        let mut coupon = granted(words);
        for state in [
            State::NotEffective,
            State::Available,
            State::Frozen,
            State::Used,
            State::Expired,
            State::Cancelled,
        ] {
            coupon.state = state;
            coupon.order = (state == State::Frozen).then_some(order);
            writeln!(told, "{words}: {state:?} {}", happen(&coupon)).expect("it grows");
        }
    }
    assert_snapshot!(told, @r"
    cash 5: NotEffective y------yyy
    cash 5: Available -y-yyyyyyy
    cash 5: Frozen --yy--y--y
    cash 5: Used ----------
    cash 5: Expired ----------
    cash 5: Cancelled ----------
    off 15: NotEffective y------yyy
    off 15: Available -y-yy--yyy
    off 15: Frozen --yy-----y
    off 15: Used ----------
    off 15: Expired ----------
    off 15: Cancelled ----------
    ");
}

#[test]
fn r5_5_what_was_held_is_held_no_more_when_its_end_comes() {
    let at = instant("2026-02-02", "10:00");
    let order = OrderId::new(ACCOUNT, 5);
    for words in ["cash 5", "off 15"] {
        let mut held = granted(words);
        let id = held.id;
        held.apply(&Event::Frozen { id, order, at });
        assert_eq!(
            (held.state, held.order, held.frozen_at),
            (State::Frozen, Some(order), Some(at))
        );
        let ends = [
            (Event::Unfrozen { id, at, expires_at: None }, State::Available),
            (Event::Redeemed { id, order, amount: usd("5"), at }, State::Used),
            (Event::Cancelled { id, at }, State::Cancelled),
        ];
        for (event, state) in ends {
            let mut coupon = held.clone();
            coupon.apply(&event);
            assert_eq!((coupon.state, coupon.order, coupon.frozen_at), (state, None, None));
        }
    }
    let mut voucher = granted("cash 5");
    let id = voucher.id;
    voucher.apply(&Event::Spent { id, amount: usd("4.99"), at });
    assert_eq!(voucher.state, State::Available);
    voucher.apply(&Event::Spent { id, amount: usd("0.01"), at });
    assert_eq!(voucher.state, State::Used);
}
