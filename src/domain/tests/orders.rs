//! Orders: section 4 of the rulebook, and who goes first (D35).

use std::fmt::Write as _;

use insta::assert_snapshot;

use super::scenario::{mails, play, play_only, run};
use crate::domain::rows::Row;

#[test]
fn r4_3_an_unpaid_order_lives_for_seven_days() {
    assert_snapshot!(play("
        2026-01-10 12:00 purchase ecs small 1 month unpaid
        2026-01-17 11:59:59 advance
        2026-01-17 12:00 step
    "), @r"
        2026-01-10 12:00 #1 order #2 new P1M 10.00 USD by 2026-01-17 12:00
        2026-01-17 12:00   order #2 cancelled TimedOut due 2026-01-17 12:00
        2026-01-17 12:00 #1 never began
        ");
}

#[test]
fn d37_paying_at_the_deadline_is_refused() {
    assert_snapshot!(play("
        2026-01-10 12:00 top-up 10
        2026-01-10 12:00 purchase ecs small 1 month unpaid
        2026-01-17 12:00 pay #2
    "), @r"
        2026-01-10 12:00 +10.00 USD
        2026-01-10 12:00 #1 order #2 new P1M 10.00 USD by 2026-01-17 12:00
        2026-01-17 12:00   order #2 cancelled TimedOut due 2026-01-17 12:00
        2026-01-17 12:00 #1 never began
        2026-01-17 12:00 ! OrderClosed: ord#2 is closed: only unpaid orders can be paid or cancelled
        ");
}

#[test]
fn r4_4_only_unpaid_orders_can_be_paid_or_cancelled() {
    assert_snapshot!(play("
        2026-01-10 12:00 top-up 20
        2026-01-10 12:00 purchase ecs small 1 month unpaid
        2026-01-10 12:00 cancel #2
        2026-01-10 12:00 cancel #2
        2026-01-10 12:00 pay #2
        2026-01-10 12:00 purchase ecs small 1 month
        2026-01-10 12:00 cancel #4
        2026-01-10 12:00 pay #77
        2026-01-10 12:00 renew #1 1 month
    "), @r"
        2026-01-10 12:00 +20.00 USD
        2026-01-10 12:00 #1 order #2 new P1M 10.00 USD by 2026-01-17 12:00
        2026-01-10 12:00   order #2 cancelled Requested due 2026-01-10 12:00
        2026-01-10 12:00 #1 never began
        2026-01-10 12:00 ! OrderClosed: ord#2 is closed: only unpaid orders can be paid or cancelled
        2026-01-10 12:00 ! OrderClosed: ord#2 is closed: only unpaid orders can be paid or cancelled
        2026-01-10 12:00 #3 order #4 new P1M 10.00 USD by 2026-01-17 12:00
        2026-01-10 12:00   order #4 paid 10.00 USD
        2026-01-10 12:00 #3 active 2026-01-10 12:00 to 2026-02-10 12:00
        2026-01-10 12:00 ! OrderClosed: ord#4 is closed: only unpaid orders can be paid or cancelled
        2026-01-10 12:00 ! OrderNotFound: there is no order ord#77 in this account
        2026-01-10 12:00 ! SubscriptionEnded: sub#1 is over: what was released cannot be renewed
        ");
}

#[test]
fn r4_5_a_top_up_pays_no_order() {
    assert_snapshot!(play("
        2026-01-10 12:00 purchase ecs small 1 month unpaid
        2026-01-10 12:00 pay #2
        2026-01-10 12:00 top-up 50
        2026-01-11 12:00 advance
        2026-01-11 12:00 pay #2
    "), @r"
        2026-01-10 12:00 #1 order #2 new P1M 10.00 USD by 2026-01-17 12:00
        2026-01-10 12:00 ! NotEnoughFunds: 10.00 USD is needed, 0.00 USD is there
        2026-01-10 12:00 +50.00 USD
        2026-01-11 12:00   order #2 paid 10.00 USD
        2026-01-11 12:00 #1 active 2026-01-11 12:00 to 2026-02-11 12:00
        ");
}

#[test]
fn r4_10_a_payment_that_no_longer_fits_fails_and_can_be_tried_again() {
    // The order for one week is three weeks old when it is paid: its period would be over.
    assert_snapshot!(play_only(&["order", "renewed"], "
        2026-01-01 10:00 top-up 100
        2026-01-01 10:00 purchase quiet small 1 week
        2026-01-09 10:00 renew #1 1 week unpaid
        2026-01-15 10:00 pay #3
        2026-01-15 10:00 cancel #3
        2026-01-15 10:00 renew #1 2 weeks
    "), @r"
        2026-01-01 10:00 #1 order #2 new P1W 3.00 USD by 2026-01-08 10:00
        2026-01-01 10:00   order #2 paid 3.00 USD
        2026-01-09 10:00 #1 order #3 renew P1W 3.00 USD by 2026-01-16 10:00
        2026-01-15 10:00 ! PeriodInPast: the new period would be over already; at least P2W is needed
        2026-01-15 10:00   order #3 cancelled Requested due 2026-01-15 10:00
        2026-01-15 10:00 #1 order #4 renew P2W 6.00 USD by 2026-01-22 10:00
        2026-01-15 10:00   order #4 paid 6.00 USD
        2026-01-15 10:00 #1 renewed 2026-01-08 10:00 to 2026-01-22 10:00 due 2026-01-15 10:00
        ");
}

#[test]
fn r4_17_an_order_of_nothing_is_paid_at_once() {
    assert_snapshot!(play("
        2026-01-10 12:00 purchase ecs free 1 month unpaid auto
        2026-01-10 12:00 renew #1 1 month unpaid
        2026-03-02 12:00 step
    "), @r"
        2026-01-10 12:00 #1 order #2 new P1M 0.00 USD by 2026-01-17 12:00
        2026-01-10 12:00   order #2 paid 0.00 USD
        2026-01-10 12:00 #1 active 2026-01-10 12:00 to 2026-02-10 12:00
        2026-01-10 12:00 #1 order #3 renew P1M 0.00 USD by 2026-01-17 12:00
        2026-01-10 12:00   order #3 paid 0.00 USD
        2026-01-10 12:00 #1 renewed 2026-02-10 12:00 to 2026-03-10 12:00 due 2026-01-10 12:00
        2026-02-03 12:00 2026-01 closed: 2 lines, 0.00 USD due 2026-02-03 12:00
        2026-02-23 09:00 #1 notice renewal_ahead(15) 0.00 USD due 2026-02-23 09:00
        2026-02-25 09:00 #1 no notice top_up(13): FundsSuffice due 2026-02-25 09:00
        2026-02-27 09:00 #1 no notice top_up(11): FundsSuffice due 2026-02-27 09:00
        2026-03-01 08:00 #1 order #4 renew P1M 0.00 USD by 2026-03-08 08:00
        2026-03-01 08:00   order #4 paid 0.00 USD
        2026-03-01 08:00 #1 renewed by itself 2026-03-10 12:00 to 2026-04-10 12:00 due 2026-03-01 08:00
        ");
}

#[test]
fn d35_time_goes_first_and_release_before_a_renewal_at_the_same_instant() {
    assert_snapshot!(play_only(&["released"], "
        2026-01-10 12:00 top-up 100
        2026-01-10 12:00 purchase silent small 1 month
        2026-02-25 12:00 renew #1 1 month
    "), @r"
        2026-02-25 12:00 #1 released due 2026-02-25 12:00
        2026-02-25 12:00 ! SubscriptionEnded: sub#1 is over: what was released cannot be renewed
        ");
    assert_snapshot!(play_only(&["renewed"], "
        2026-01-10 12:00 top-up 100
        2026-01-10 12:00 purchase silent small 1 month
        2026-02-25 11:59:59 renew #1 1 month
    "), @"2026-02-25 11:59:59 #1 renewed 2026-02-10 12:00 to 2026-03-10 12:00 due 2026-02-25 11:59:59");
}

#[test]
fn d35_a_renewal_order_closes_before_the_release_of_its_subscription() {
    assert_snapshot!(play_only(&["order #3", "released"], "
        2026-01-10 12:00 top-up 10
        2026-01-10 12:00 purchase ecs small 1 month
        2026-02-24 12:00 renew #1 1 month unpaid
        2026-02-25 12:00 step
    "), @r"
        2026-02-24 12:00 #1 order #3 renew P1M 10.00 USD by 2026-02-25 12:00
        2026-02-25 12:00   order #3 cancelled TimedOut due 2026-02-25 12:00
        2026-02-25 12:00 #1 released due 2026-02-25 12:00
        ");
}

#[test]
fn what_is_unknown_is_refused_by_name() {
    assert_snapshot!(play("
        2026-01-10 12:00 purchase boats small 1 month
        2026-01-10 12:00 purchase ecs giant 1 month
        2026-01-10 12:00 purchase ecs yearly 1 month
        2026-01-10 12:00 purchase ecs small 7 years
        2026-01-10 12:00 purchase ecs small 1 month
        2026-01-10 12:00 top-up 0
        2026-01-10 12:00 top-up -5
        2026-01-10 12:00 renew #1 1 month
        2026-01-10 12:00 mode #1 auto
    "), @r#"
        2026-01-10 12:00 ! UnknownProduct: there is no product "boats"
        2026-01-10 12:00 ! UnknownPlan: "ecs" has no plan "giant"
        2026-01-10 12:00 ! PeriodNotOffered: P1M is not offered; offered are [P12M, P1Y, P2Y, P3Y, P4Y, P5Y]
        2026-01-10 12:00 ! PeriodNotOffered: P7Y is not offered; offered are [P1W, P2W, P3W, P1M, P2M, P3M, P4M, P5M, P6M, P7M, P8M, P9M, P10M, P11M, P12M, P1Y, P2Y, P3Y, P4Y, P5Y]
        2026-01-10 12:00 ! NotEnoughFunds: 10.00 USD is needed, 0.00 USD is there
        2026-01-10 12:00 ! AmountNotPositive: 0.00 USD is not above zero
        2026-01-10 12:00 ! AmountNotPositive: -5.00 USD is not above zero
        2026-01-10 12:00 ! SubscriptionNotFound: there is no subscription sub#1 in this account
        2026-01-10 12:00 ! SubscriptionNotFound: there is no subscription sub#1 in this account
        "#);
}

#[test]
fn what_is_said_of_an_order() {
    assert_snapshot!(mails("
        2026-01-10 12:00 top-up 30
        2026-01-10 12:00 purchase quiet small 1 month unpaid
        2026-01-11 12:00 pay #2
        2026-01-12 12:00 renew #1 1 month unpaid
        2026-01-19 12:00 step
        2026-01-19 12:00 renew #1 1 month
    "), @r"
        2026-01-10 12:00 topped_up
        2026-01-10 12:00 order_unpaid
        2026-01-11 12:00 activated
        2026-01-12 12:00 order_unpaid
        2026-01-18 12:00 order_timing_out
        2026-01-19 12:00 order_cancelled
        2026-01-19 12:00 renewed
        ");
}

#[test]
fn d35_an_attempt_at_the_instant_of_expiry_comes_before_it() {
    assert_snapshot!(play_only(&["renewed", "expired"], "
        2026-01-10 08:00 top-up 20
        2026-01-10 08:00 purchase intl-2017 small 1 month auto
        2026-02-10 08:00 step
    "), @"2026-02-10 08:00 #1 renewed by itself 2026-02-10 08:00 to 2026-03-10 08:00 due 2026-02-10 08:00");
}

/// The orders of a script as they are listed, without what all of them say.
fn listed(script: &str) -> String {
    let (world, _) = run(script);
    let mut text = String::new();
    for row in world.rows.values() {
        let Row::Order(order) = row else { continue };
        let mut value = serde_json::to_value(order.as_ref()).expect("JSON");
        let values = value.as_object_mut().expect("values");
        for name in ["id", "subscription", "product", "plan", "period", "rules_version", "lines"] {
            values.remove(name);
        }
        let said = values.iter().map(|(name, value)| format!("{name} {value}"));
        let said = said.collect::<Vec<_>>().join(", ").replace('"', "");
        writeln!(text, "#{}: {said}; {} lines", order.id.number, order.lines.len())
            .expect("it grows");
    }
    text
}

#[test]
fn r11_8_what_became_of_an_order_stays_listed() {
    assert_snapshot!(listed("
        2026-04-01 00:00 top-up 100
        2026-04-01 00:00 purchase ecs small 1 month unpaid
        2026-04-02 00:00 pay #2
        2026-04-02 00:00 purchase ecs small 1 month unpaid
        2026-04-03 00:00 cancel #4
        2026-04-03 00:00 acknowledge ecs new upgrade
        2026-04-03 00:00 purchase ecs small 1 month
        2026-04-03 06:00 provisioned #6
        2026-04-03 07:00 purchase ecs small 1 month
        2026-04-03 08:00 provision-failed #8
        2026-04-04 00:00 renew #1 day 9
        2026-04-05 00:00 refund #2 1
        2026-04-05 00:00 renew #5 1 month unpaid
    "), @r"
        #2: closed_at 2026-04-02T00:00:00Z, created_at 2026-04-01T00:00:00Z, deadline 2026-04-08T00:00:00Z, ends_at 2026-05-02T00:00:00Z, kind new, list 10.00 USD, paid_at 2026-04-02T00:00:00Z, payable 10.00 USD, period_no 1, starts_at 2026-04-02T00:00:00Z, state Paid; 0 lines
        #4: cancelled_for requested, closed_at 2026-04-03T00:00:00Z, created_at 2026-04-02T00:00:00Z, deadline 2026-04-09T00:00:00Z, kind new, list 10.00 USD, payable 10.00 USD, period_no 1, state Cancelled; 0 lines
        #6: closed_at 2026-04-03T06:00:00Z, created_at 2026-04-03T00:00:00Z, deadline 2026-04-10T00:00:00Z, deliver_until 2026-04-04T00:00:00Z, ends_at 2026-05-03T06:00:00Z, kind new, list 10.00 USD, paid_at 2026-04-03T00:00:00Z, payable 10.00 USD, period_no 1, starts_at 2026-04-03T06:00:00Z, state Paid; 0 lines
        #8: closed_at 2026-04-03T08:00:00Z, created_at 2026-04-03T07:00:00Z, deadline 2026-04-10T07:00:00Z, deliver_until 2026-04-04T07:00:00Z, failed_for {reported:{}}, kind new, list 10.00 USD, paid_at 2026-04-03T07:00:00Z, payable 10.00 USD, period_no 1, state Failed; 0 lines
        #9: aligned_to 2026-06-09T00:00:00Z, closed_at 2026-04-04T00:00:00Z, created_at 2026-04-04T00:00:00Z, deadline 2026-04-11T00:00:00Z, ends_at 2026-06-09T00:00:00Z, kind renew, list 12.33 USD, paid_at 2026-04-04T00:00:00Z, payable 12.33 USD, period_no 2, starts_at 2026-05-02T00:00:00Z, state Paid; 2 lines
        #10: closed_at 2026-04-05T00:00:00Z, created_at 2026-04-05T00:00:00Z, deadline 2026-04-05T00:00:00Z, kind refund, list 0.00 USD, payable 0.00 USD, period_no 2, refund 1.00 USD, refund_of ord_0000000007_2, state Refunded; 0 lines
        #11: created_at 2026-04-05T00:00:00Z, deadline 2026-04-12T00:00:00Z, ends_at 2026-06-03T06:00:00Z, kind renew, list 10.00 USD, payable 10.00 USD, period_no 2, starts_at 2026-05-03T06:00:00Z, state Unpaid; 0 lines
        ");
}

#[test]
fn r4_6_an_order_that_gets_another_price_says_so_in_all_its_parts() {
    assert_snapshot!(listed("
        2026-04-01 00:00 open UTC of DE
        2026-04-01 00:00 tax DE VAT 19 inclusive
        2026-04-01 00:00 price ecs small month 11.90
        2026-04-01 00:00 top-up 100
        2026-04-01 00:00 grant cash 4 until 2026-06-01 00:00
        2026-04-01 00:00 purchase ecs small 1 month coupon none unpaid
        2026-04-01 00:00 use #3 coupon #1
    "), @"#3: coupon {amount:4.00 USD,id:cpn_0000000007_1}, created_at 2026-04-01T00:00:00Z, deadline 2026-04-08T00:00:00Z, kind new, list 10.00 USD, payable 7.14 USD, period_no 1, state Unpaid, tax {amount:1.14 USD,inclusive:true,name:VAT,rate:19}; 1 lines");
}

#[test]
fn r1_10_a_renewal_with_another_plan_after_expiry_says_that_it_starts_now() {
    assert_snapshot!(listed("
        2026-04-01 00:00 top-up 10
        2026-04-01 00:00 purchase ecs small 1 month
        2026-05-03 12:00 renew #1 1 month plan large unpaid
    "), @r"
        #2: closed_at 2026-04-01T00:00:00Z, created_at 2026-04-01T00:00:00Z, deadline 2026-04-08T00:00:00Z, ends_at 2026-05-01T00:00:00Z, kind new, list 10.00 USD, paid_at 2026-04-01T00:00:00Z, payable 10.00 USD, period_no 1, starts_at 2026-04-01T00:00:00Z, state Paid; 0 lines
        #3: created_at 2026-05-03T12:00:00Z, deadline 2026-05-10T12:00:00Z, ends_at 2026-06-03T12:00:00Z, from_plan small, kind renew, list 50.00 USD, payable 50.00 USD, period_no 2, starts_at 2026-05-03T12:00:00Z, state Unpaid; 0 lines
        ");
}
