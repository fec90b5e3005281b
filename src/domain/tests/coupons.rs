//! Coupons: section 5 of the rulebook.

use insta::assert_snapshot;

use super::scenario::{mails, play, play_only, run};
use crate::domain::nouns::coupon;

#[test]
fn v8_coupons_are_ranked_c_b_a_d_e_and_only_one_is_used() {
    // A10 is #1, B8 #2, C5 #3, D2 #4, all until 9 March, and E4 #5 until the 10th. Bought for 4
    // each time: whichever comes first is then taken back.
    assert_snapshot!(play_only(&["took"], "
        2026-02-20 10:00 price ecs small week 4
        2026-02-20 10:00 top-up 100
        2026-02-20 10:00 grant cash 10 until 2026-03-09 00:00
        2026-02-20 10:00 grant cash 8 until 2026-03-09 00:00
        2026-02-20 10:00 grant cash 5 until 2026-03-09 00:00
        2026-02-20 10:00 grant cash 2 until 2026-03-09 00:00
        2026-02-20 10:00 grant cash 4 until 2026-03-10 00:00
        2026-02-20 10:00 purchase ecs small 1 week
        2026-02-20 10:00 take-back #3
        2026-02-20 10:00 purchase ecs small 1 week
        2026-02-20 10:00 take-back #2
        2026-02-20 10:00 purchase ecs small 1 week
        2026-02-20 10:00 take-back #1
        2026-02-20 10:00 purchase ecs small 1 week
        2026-02-20 10:00 purchase ecs small 1 week
    "), @r"
        2026-02-20 10:00   coupon #3 took 4.00 USD off
        2026-02-20 10:00   coupon #2 took 4.00 USD off
        2026-02-20 10:00   coupon #1 took 4.00 USD off
        2026-02-20 10:00   coupon #4 took 2.00 USD off
        2026-02-20 10:00   coupon #5 took 4.00 USD off
        ");
}

#[test]
fn v18_fifteen_per_cent_off_9_99_is_8_49() {
    assert_snapshot!(play("
        2026-02-20 10:00 price ecs small month 9.99
        2026-02-20 10:00 top-up 10
        2026-02-20 10:00 grant off 15 until 2026-03-09 00:00
        2026-02-20 10:00 purchase ecs small 1 month
    "), @r"
        2026-02-20 10:00 +10.00 USD
        2026-02-20 10:00   coupon #1 discount granted until 2026-03-09 00:00
        2026-02-20 10:00 #2 order #3 new P1M 8.49 USD with coupon #1 1.50 USD by 2026-02-27 10:00
        2026-02-20 10:00   order #3 paid 8.49 USD
        2026-02-20 10:00   coupon #1 took 1.50 USD off
        2026-02-20 10:00 #2 active 2026-02-20 10:00 to 2026-03-20 10:00
        ");
}

#[test]
fn v14_one_voucher_over_the_lines_of_one_order_is_split_in_proportion() {
    // An alignment has two lines: one month for 200, fifteen days for 100.
    let (world, _) = run("
        2026-03-05 00:00 price ecs small month 200
        2026-03-05 00:00 top-up 500
        2026-03-05 00:00 purchase ecs small 1 month
        2026-03-06 00:00 grant cash 90 until 2026-05-09 00:00
        2026-03-06 00:00 renew #1 day 20 unpaid
    ");
    let order = world.open().orders.values().next().expect("an unpaid order");
    let shares: Vec<_> = order.lines().iter().map(|line| line.coupon.amount()).collect();
    assert_eq!(shares, ["60.00", "30.00"]);
    assert_eq!(order.payable.amount(), "210.00");
}

#[test]
fn r4_7_an_unpaid_order_freezes_its_coupon_and_closing_it_frees_it() {
    assert_snapshot!(play("
        2026-02-01 10:00 top-up 20
        2026-02-01 10:00 grant cash 4 until 2026-03-09 00:00
        2026-02-01 10:00 purchase ecs small 1 month unpaid
        2026-02-01 11:00 purchase ecs small 1 month unpaid
        2026-02-01 11:00 purchase ecs small 1 month unpaid coupon #1
        2026-02-01 11:00 take-back #1
        2026-02-01 12:00 cancel #3
        2026-02-01 13:00 purchase ecs small 1 month unpaid
        2026-02-08 13:00 step
    "), @r"
        2026-02-01 10:00 +20.00 USD
        2026-02-01 10:00   coupon #1 cash 4.00 USD granted until 2026-03-09 00:00
        2026-02-01 10:00 #2 order #3 new P1M 6.00 USD with coupon #1 4.00 USD by 2026-02-08 10:00
        2026-02-01 10:00   coupon #1 frozen by #3
        2026-02-01 11:00 #4 order #5 new P1M 10.00 USD by 2026-02-08 11:00
        2026-02-01 11:00 ! CouponNotUsable: cpn#1 cannot be used for this order
        2026-02-01 11:00 ! CouponHeld: ord#3 holds cpn#1: pay it or cancel it
        2026-02-01 12:00   order #3 cancelled Requested due 2026-02-01 12:00
        2026-02-01 12:00   coupon #1 free again
        2026-02-01 12:00 #2 never began
        2026-02-01 13:00 #6 order #7 new P1M 6.00 USD with coupon #1 4.00 USD by 2026-02-08 13:00
        2026-02-01 13:00   coupon #1 frozen by #7
        2026-02-08 11:00   order #5 cancelled TimedOut due 2026-02-08 11:00
        2026-02-08 11:00 #4 never began
        2026-02-08 13:00   order #7 cancelled TimedOut due 2026-02-08 13:00
        2026-02-08 13:00   coupon #1 free again
        2026-02-08 13:00 #6 never began
        ");
}

#[test]
fn r5_1_a_cash_voucher_is_used_until_it_is_spent() {
    assert_snapshot!(play_only(&["coupon", "order"], "
        2026-02-01 10:00 top-up 20
        2026-02-01 10:00 grant cash 14 until 2026-03-09 00:00
        2026-02-01 10:00 purchase ecs small 1 month
        2026-02-01 10:00 purchase ecs small 1 month
        2026-02-01 10:00 purchase ecs small 1 month coupon #1
    "), @r"
        2026-02-01 10:00   coupon #1 cash 14.00 USD granted until 2026-03-09 00:00
        2026-02-01 10:00 #2 order #3 new P1M 0.00 USD with coupon #1 10.00 USD by 2026-02-08 10:00
        2026-02-01 10:00   order #3 paid 0.00 USD
        2026-02-01 10:00   coupon #1 took 10.00 USD off
        2026-02-01 10:00 #4 order #5 new P1M 6.00 USD with coupon #1 4.00 USD by 2026-02-08 10:00
        2026-02-01 10:00   order #5 paid 6.00 USD
        2026-02-01 10:00   coupon #1 took 4.00 USD off
        2026-02-01 10:00 ! CouponOver: cpn#1 was used, has expired or was taken back
        ");
}

#[test]
fn r5_1_what_is_left_of_a_single_use_coupon_is_lost() {
    assert_snapshot!(play_only(&["coupon", "order"], "
        2026-02-01 10:00 top-up 60
        2026-02-01 10:00 grant save 50 20 until 2026-03-09 00:00
        2026-02-01 10:00 purchase ecs small 1 month
        2026-02-01 10:00 purchase ecs large 1 month
        2026-02-01 10:00 purchase ecs small 1 month coupon #1
    "), @r"
        2026-02-01 10:00   coupon #1 spend_and_save 20.00 USD granted until 2026-03-09 00:00
        2026-02-01 10:00 #2 order #3 new P1M 10.00 USD by 2026-02-08 10:00
        2026-02-01 10:00   order #3 paid 10.00 USD
        2026-02-01 10:00 #4 order #5 new P1M 30.00 USD with coupon #1 20.00 USD by 2026-02-08 10:00
        2026-02-01 10:00   order #5 paid 30.00 USD
        2026-02-01 10:00   coupon #1 took 20.00 USD off
        2026-02-01 10:00 ! CouponOver: cpn#1 was used, has expired or was taken back
        ");
}

#[test]
fn r5_17_every_predicate_that_does_not_hold_is_named() {
    let (world, _) = run("
        2026-02-01 10:00 top-up 60
        2026-02-01 10:00 coupons ecs free no
        2026-02-01 10:00 grant cash 5 from 2026-02-03 00:00 until 2026-03-09 00:00 product tencent for renew min 20 at-least 3 months
        2026-02-01 10:00 purchase ecs free 1 month
    ");
    let coupon = world.open().coupons.values().next().expect("a coupon");
    let basket = coupon::Basket {
        kind: crate::domain::nouns::order::Kind::New,
        billing: coupon::Billing::Subscription,
        period: Some("P1M".parse().expect("a period")),
        lines: vec![("ecs", super::scenario::usd("10"))],
        currency: super::scenario::usd("10").currency(),
        excludes_coupons: true,
        order: None,
    };
    let at = super::scenario::instant("2026-02-01", "10:00");
    let codes: Vec<_> = coupon.unmet(&basket, at).iter().map(coupon::Unmet::code).collect();
    assert_eq!(
        codes,
        ["not_effective", "product", "order_type", "min_spend", "min_period", "excluded"]
    );
}

#[test]
fn r5_4_the_minimum_spend_is_reached_by_the_pretax_amount() {
    // 10 before tax; with tax it would be 11.90.
    assert_snapshot!(play_only(&["order #", "!"], "
        2026-02-01 10:00 open UTC of DE
        2026-02-01 10:00 tax DE VAT 19
        2026-02-01 10:00 top-up 60
        2026-02-01 10:00 grant cash 5 min 10.01 until 2026-03-09 00:00
        2026-02-01 10:00 grant cash 4 min 10 until 2026-03-09 00:00
        2026-02-01 10:00 purchase ecs small 1 month
    "), @r"
        2026-02-01 10:00 #3 order #4 new P1M 7.14 USD with coupon #2 4.00 USD tax 1.14 USD by 2026-02-08 10:00
        2026-02-01 10:00   order #4 paid 7.14 USD
        ");
}

#[test]
fn r5_15_a_coupon_that_expires_while_frozen_is_honoured_by_its_order() {
    assert_snapshot!(play_only(&["coupon", "order"], "
        2026-02-01 10:00 top-up 20
        2026-02-01 10:00 grant cash 4 until 2026-02-03 00:00
        2026-02-01 10:00 purchase ecs small 1 month unpaid
        2026-02-04 10:00 pay #3
        2026-02-05 10:00 grant cash 4 until 2026-02-07 00:00
        2026-02-05 10:00 purchase ecs small 1 month unpaid
        2026-02-08 10:00 cancel #6
        2026-02-08 10:00 take-back #4
    "), @r"
        2026-02-01 10:00   coupon #1 cash 4.00 USD granted until 2026-02-03 00:00
        2026-02-01 10:00 #2 order #3 new P1M 6.00 USD with coupon #1 4.00 USD by 2026-02-08 10:00
        2026-02-01 10:00   coupon #1 frozen by #3
        2026-02-04 10:00   order #3 paid 6.00 USD
        2026-02-04 10:00   coupon #1 took 4.00 USD off
        2026-02-05 10:00   coupon #4 cash 4.00 USD granted until 2026-02-07 00:00
        2026-02-05 10:00 #5 order #6 new P1M 6.00 USD with coupon #4 4.00 USD by 2026-02-12 10:00
        2026-02-05 10:00   coupon #4 frozen by #6
        2026-02-08 10:00   order #6 cancelled Requested due 2026-02-08 10:00
        2026-02-08 10:00   coupon #4 free again
        2026-02-08 10:00   coupon #4 expired due 2026-02-07 00:00
        2026-02-08 10:00 ! CouponOver: cpn#4 was used, has expired or was taken back
        ");
}

#[test]
fn d42_a_coupon_that_expired_while_a_delivery_was_tried_gets_its_time_back() {
    assert_snapshot!(play_only(&["coupon", "order"], "
        2026-02-01 10:00 acknowledge ecs new
        2026-02-01 10:00 top-up 20
        2026-02-01 10:00 grant cash 4 until 2026-02-02 00:00
        2026-02-01 10:00 purchase ecs small 1 month
        2026-02-02 08:00 provision-failed #3
        2026-02-03 06:00 step
    "), @r"
        2026-02-01 10:00   coupon #1 cash 4.00 USD granted until 2026-02-02 00:00
        2026-02-01 10:00 #2 order #3 new P1M 6.00 USD with coupon #1 4.00 USD by 2026-02-08 10:00
        2026-02-01 10:00   coupon #1 frozen by #3
        2026-02-01 10:00   order #3 paid 6.00 USD, delivery by 2026-02-02 10:00
        2026-02-02 08:00   order #3 failed reported, 6.00 USD back due 2026-02-02 08:00
        2026-02-02 08:00   coupon #1 free again until 2026-02-03 06:00
        2026-02-03 06:00   coupon #1 expired due 2026-02-03 06:00
        ");
}

#[test]
fn r4_6_the_coupon_of_an_order_is_changed_or_declined() {
    assert_snapshot!(play("
        2026-02-01 10:00 top-up 20
        2026-02-01 10:00 grant cash 4 until 2026-03-09 00:00
        2026-02-01 10:00 grant cash 10 until 2026-04-09 00:00 for new
        2026-02-01 10:00 purchase ecs small 1 month unpaid
        2026-02-01 10:00 use #4 coupon none
        2026-02-01 10:00 use #4
        2026-02-01 10:00 use #4 coupon #2
    "), @r"
        2026-02-01 10:00 +20.00 USD
        2026-02-01 10:00   coupon #1 cash 4.00 USD granted until 2026-03-09 00:00
        2026-02-01 10:00   coupon #2 cash 10.00 USD granted until 2026-04-09 00:00
        2026-02-01 10:00 #3 order #4 new P1M 6.00 USD with coupon #1 4.00 USD by 2026-02-08 10:00
        2026-02-01 10:00   coupon #1 frozen by #4
        2026-02-01 10:00   coupon #1 free again
        2026-02-01 10:00   order #4 costs 10.00 USD
        2026-02-01 10:00   order #4 costs 6.00 USD with coupon #1 4.00 USD
        2026-02-01 10:00   coupon #1 frozen by #4
        2026-02-01 10:00   coupon #1 free again
        2026-02-01 10:00   order #4 costs 0.00 USD with coupon #2 10.00 USD
        2026-02-01 10:00   coupon #2 frozen by #4
        2026-02-01 10:00   order #4 paid 0.00 USD
        2026-02-01 10:00   coupon #2 took 10.00 USD off
        2026-02-01 10:00 #3 active 2026-02-01 10:00 to 2026-03-01 10:00
        ");
}

#[test]
fn r2_15_an_automatic_renewal_takes_the_coupon_first() {
    assert_snapshot!(play_only(&["coupon", "order", "failed"], "
        2026-02-01 10:00 top-up 17
        2026-02-01 10:00 purchase ecs small 1 month auto coupon none
        2026-02-02 10:00 grant cash 2 until 2026-03-01 00:00
        2026-02-21 10:00 step
        2026-02-21 10:00 grant cash 3 until 2026-03-01 00:00
        2026-02-22 10:00 step
    "), @r"
        2026-02-01 10:00 #1 order #2 new P1M 10.00 USD by 2026-02-08 10:00
        2026-02-01 10:00   order #2 paid 10.00 USD
        2026-02-02 10:00   coupon #3 cash 2.00 USD granted until 2026-03-01 00:00
        2026-02-14 09:00 #1 notice renewal_ahead(15) 10.00 USD coupon 2.00 USD takes 8.00 USD short due 2026-02-14 09:00
        2026-02-16 09:00 #1 notice top_up(13) 10.00 USD coupon 2.00 USD takes 8.00 USD short due 2026-02-16 09:00
        2026-02-18 09:00 #1 notice top_up(11) 10.00 USD coupon 2.00 USD takes 8.00 USD short due 2026-02-18 09:00
        2026-02-20 08:00 #1 failed NotEnoughFunds 8.00 USD due 2026-02-20 08:00
        2026-02-21 08:00 #1 failed NotEnoughFunds 8.00 USD due 2026-02-21 08:00
        2026-02-21 10:00   coupon #4 cash 3.00 USD granted until 2026-03-01 00:00
        2026-02-22 08:00 #1 order #5 renew P1M 7.00 USD with coupon #4 3.00 USD by 2026-03-01 08:00
        2026-02-22 08:00   order #5 paid 7.00 USD
        2026-02-22 08:00   coupon #4 took 3.00 USD off
        ");
}

#[test]
fn r2_17_the_notice_ahead_counts_the_coupon_and_the_tax() {
    // #1 and #3 expire an hour apart. The voucher is for the first; one good until the notice and
    // not until the attempt is not counted.
    assert_snapshot!(play_only(&["notice", "renewed", "took"], "
        2026-02-01 10:00 open UTC of DE
        2026-02-01 10:00 tax DE VAT 19
        2026-02-01 10:00 top-up 40
        2026-02-01 10:00 purchase ecs small 1 month auto
        2026-02-01 11:00 purchase ecs small 1 month auto
        2026-02-01 11:00 grant cash 6 days 60
        2026-02-01 11:00 grant cash 9 until 2026-02-18 00:00
        2026-02-21 10:00 step
    "), @r"
        2026-02-14 09:00 #1 notice renewal_ahead(15) 10.00 USD coupon 6.00 USD takes 4.76 USD due 2026-02-14 09:00
        2026-02-14 09:00 #3 notice renewal_ahead(15) 10.00 USD takes 11.90 USD short due 2026-02-14 09:00
        2026-02-16 09:00 #1 no notice top_up(13): FundsSuffice due 2026-02-16 09:00
        2026-02-16 09:00 #3 notice top_up(13) 10.00 USD takes 11.90 USD short due 2026-02-16 09:00
        2026-02-18 09:00 #1 no notice top_up(11): FundsSuffice due 2026-02-18 09:00
        2026-02-18 09:00 #3 notice top_up(11) 10.00 USD takes 11.90 USD short due 2026-02-18 09:00
        2026-02-20 08:00   coupon #5 took 6.00 USD off
        2026-02-20 08:00 #1 renewed by itself 2026-03-01 10:00 to 2026-04-01 10:00 due 2026-02-20 08:00
        ");
}

#[test]
fn what_is_said_of_a_coupon() {
    assert_snapshot!(mails("
        2026-02-01 10:00 top-up 20
        2026-02-01 10:00 grant cash 4 until 2026-03-01 10:00
        2026-02-01 10:00 grant cash 4 days 2
        2026-02-01 10:00 grant cash 4 from 2026-02-10 00:00 until 2026-02-20 00:00
        2026-03-02 10:00 step
    "), @r"
        2026-02-01 10:00 topped_up
        2026-02-01 10:00 coupon_granted
        2026-02-01 10:00 coupon_granted
        2026-02-01 10:00 coupon_granted
        2026-02-17 00:00 coupon_expiring
        2026-02-26 10:00 coupon_expiring
        ");
}

#[test]
fn d25_a_coupon_that_expired_while_the_daemon_slept_is_not_reminded_of() {
    assert_snapshot!(mails("
        2026-02-01 10:00 top-up 20
        2026-02-01 10:00 grant cash 4 until 2026-03-01 10:00
        2026-03-02 10:00 advance
    "), @r"
        2026-02-01 10:00 topped_up
        2026-02-01 10:00 coupon_granted
        ");
}

#[test]
fn a_coupon_of_another_currency_or_over_100_per_cent_is_refused() {
    assert_snapshot!(play("
        2026-02-01 10:00 top-up 20
        2026-02-01 10:00 grant off 100.5
        2026-02-01 10:00 grant off 0
        2026-02-01 10:00 grant save 10 20
        2026-02-01 10:00 grant cash 5 until 2026-01-01 00:00
        2026-02-01 10:00 grant cash 5 until 2026-01-01 00:00 campaign
        2026-02-01 10:00 purchase ecs small 1 month coupon #77
    "), @r"
        2026-02-01 10:00 +20.00 USD
        2026-02-01 10:00 ! InvalidCoupon: that is no coupon: its percentage must be above 0 and at most 100
        2026-02-01 10:00 ! InvalidCoupon: that is no coupon: its percentage must be above 0 and at most 100
        2026-02-01 10:00 ! InvalidCoupon: that is no coupon: its threshold must be at least what it takes off, in the same currency
        2026-02-01 10:00 ! InvalidCoupon: that is no coupon: it would be over before it begins
        2026-02-01 10:00 coupon declined
        2026-02-01 10:00 ! CouponNotFound: there is no coupon cpn#77 in this account
        ");
}
