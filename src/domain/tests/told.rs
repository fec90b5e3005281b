//! What customers and provisioners are told of orders, changes, refunds and coupons.

use std::fmt::Write as _;

use insta::assert_snapshot;

use super::scenario::{World, run};
use crate::domain::effects::{About, Effect, Hook, Noun, Outgoing, Template};

/// The mails of one template, with the values that matter here.
fn told(world: &World, wanted: Template) -> Vec<About> {
    let mails = world.outgoing.iter().filter_map(|(_, out)| match out {
        Outgoing::Send { effect: Effect::Mail { template, about, .. }, .. } => {
            (*template == wanted).then(|| about.as_ref().clone())
        }
        Outgoing::Send { effect: Effect::Webhook { .. } | Effect::Tell { .. }, .. }
        | Outgoing::Void(_) => None,
    });
    mails.collect()
}

fn only(script: &str, wanted: Template) -> About {
    let (world, story) = run(script);
    let mut told = told(&world, wanted);
    assert_eq!(told.len(), 1, "{story}");
    told.remove(0)
}

/// The refunds that were told, with their reasons.
fn refunds(script: &str) -> String {
    let (world, _) = run(script);
    let mut text = String::new();
    for about in told(&world, Template::Refunded) {
        let (reason, refund) = (about.reason.expect("a reason"), about.refund.expect("a refund"));
        let expires_at = about.expires_at.expect("an expiry");
        let of = about.refund_of.map(|order| format!(" of #{}", order.number));
        let of = of.unwrap_or_default();
        writeln!(text, "{reason}{of}: {refund}, until {expires_at}").expect("it grows");
    }
    text
}

#[test]
fn r10_8_a_refund_says_what_it_is_for_as_things_stand_after_it() {
    assert_snapshot!(refunds("
        2026-04-01 00:00 price ecs small month 30
        2026-04-01 00:00 top-up 300
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-01 00:00 renew #1 1 month
        2026-04-02 00:00 refund #2 1
        2026-04-02 00:00 refund #3
        2026-04-11 00:00 unsubscribe #1
        2026-04-11 00:00 purchase ecs small 1 month
        2026-04-12 00:00 unsubscribe #7 unused
    "), @r##"
    part of #2: 1.00 USD, until 2026-06-01T00:00:00Z
    period_cancelled of #3: 30.00 USD, until 2026-05-01T00:00:00Z
    unsubscribed: 19.33 USD, until 2026-05-01T00:00:00Z
    unsubscribed_in_full: 30.00 USD, until 2026-05-11T00:00:00Z
    "##);
}

#[test]
fn an_unpaid_order_tells_its_price_in_parts_and_its_coupon() {
    let about = only(
        "
        2026-04-01 00:00 open Europe/Berlin DE
        2026-04-01 00:00 price ecs small month 30
        2026-04-01 00:00 grant cash 10 until 2026-06-01 00:00
        2026-04-01 00:00 purchase ecs small 1 month unpaid
    ",
        Template::OrderUnpaid,
    );
    let money = |amount: Option<crate::domain::money::Money>| amount.map(|it| it.to_string());
    assert_eq!(money(about.list).as_deref(), Some("30.00 USD"));
    assert_eq!(money(about.coupon_amount).as_deref(), Some("10.00 USD"));
    assert_eq!(money(about.amount).as_deref(), Some("20.00 USD"));
    assert_eq!(about.coupon.map(|coupon| coupon.number), Some(1));
    assert_eq!(about.coupon_expires_at, "2026-06-01T00:00:00Z".parse().ok());
}

#[test]
fn d41_what_is_being_delivered_is_told_with_what_it_is_of() {
    let (world, story) = run("
        2026-04-01 00:00 acknowledge ecs new
        2026-04-01 00:00 top-up 300
        2026-04-01 00:00 purchase ecs small 1 month
    ");
    let about = &told(&world, Template::OrderProcessing)[0];
    let hooked = world.outgoing.iter().find_map(|(_, out)| match out {
        Outgoing::Send {
            effect: Effect::Webhook { hook: Hook::OrderProcessing, noun }, ..
        } => Some(noun.as_ref()),
        Outgoing::Send { .. } | Outgoing::Void(_) => None,
    });
    let Some(Noun::Order(ordered)) = hooked else { panic!("{story}") };
    let subject = ordered.subject.as_ref().expect("a subject");
    assert_eq!((subject.region.as_str(), ordered.order.plan.as_str()), ("eu", "small"));
    assert!(ordered.order.deliver_until.is_some());
    // The mail speaks of the same deadline, not of the one for paying.
    assert_eq!(about.deadline, ordered.order.deliver_until);
}

#[test]
fn r5_4_a_coupon_tells_what_must_be_spent() {
    let about = only(
        "
        2026-04-01 00:00 grant save 50 10 until 2026-06-01 00:00
    ",
        Template::CouponGranted,
    );
    let scope = about.scope.expect("a scope");
    assert_eq!(scope.min_spend.map(|amount| amount.to_string()).as_deref(), Some("50.00 USD"));
    assert_eq!((about.single_use, about.reason), (Some(true), None));
}

#[test]
fn d42_a_coupon_that_is_granted_again_says_so() {
    let (world, story) = run("
        2026-04-01 00:00 price ecs small month 30
        2026-04-01 00:00 top-up 300
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-02 00:00 grant save 20 10 until 2026-09-01 00:00
        2026-04-02 00:00 renew #1 1 month
        2026-04-03 00:00 refund #4
    ");
    let reasons: Vec<_> =
        told(&world, Template::CouponGranted).into_iter().map(|about| about.reason).collect();
    assert_eq!(reasons, [None, Some("again".to_owned())], "{story}");
}
