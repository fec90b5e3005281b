//! Changes of plan, alignment, refunds and delivery: R1.10, R1.18–R1.28, R10.8–R10.15, D41, D43.

use insta::assert_snapshot;

use super::scenario::{mails, play, play_only};

#[test]
fn v3_the_unified_day() {
    // Expiries on 2018-09-10, 2018-05-17 and 2026-01-31, aligned to day 1.
    assert_snapshot!(play_only(&["renewed"], "
        2018-04-17 12:00 top-up 500
        2018-04-17 12:00 purchase ecs small 1 month
        2018-05-01 12:00 renew #1 day 1
        2018-08-10 12:00 purchase ecs small 1 month
        2018-08-11 12:00 renew #4 day unified
        2025-12-31 12:00 purchase ecs small 1 month
        2026-01-01 12:00 renew #7 day 1
    "), @r"
        2018-05-01 12:00 #1 renewed 2018-05-17 12:00 to 2018-07-01 00:00 due 2018-05-01 12:00
        2018-08-11 12:00 #4 renewed 2018-09-10 12:00 to 2018-11-01 00:00 due 2018-08-11 12:00
        2026-01-01 12:00 #7 renewed 2026-01-31 12:00 to 2026-04-01 00:00 due 2026-01-01 12:00
        ");
}

#[test]
fn v4_alignment_costs_whole_months_and_the_days_beyond() {
    assert_snapshot!(play("
        2026-03-05 00:00 price ecs small month 60
        2026-03-05 00:00 top-up 150
        2026-03-05 00:00 purchase ecs small 1 month
        2026-03-06 00:00 unified 20
        2026-03-06 00:00 renew #1 day unified
        2026-03-06 00:00 top-up 60
        2026-03-06 00:00 renew #1 1 month
    "), @r"
        2026-03-05 00:00 +150.00 USD
        2026-03-05 00:00 #1 order #2 new P1M 60.00 USD by 2026-03-12 00:00
        2026-03-05 00:00   order #2 paid 60.00 USD
        2026-03-05 00:00 #1 active 2026-03-05 00:00 to 2026-04-05 00:00
        2026-03-06 00:00 unified day 20
        2026-03-06 00:00 #1 order #3 renew P1M 90.00 USD by 2026-03-13 00:00
        2026-03-06 00:00   order #3 paid 90.00 USD
        2026-03-06 00:00 #1 renewed 2026-04-05 00:00 to 2026-05-20 00:00 due 2026-03-06 00:00
        2026-03-06 00:00 +60.00 USD
        2026-03-06 00:00 #1 order #4 renew P1M 60.00 USD by 2026-03-13 00:00
        2026-03-06 00:00   order #4 paid 60.00 USD
        2026-03-06 00:00 #1 renewed 2026-05-20 00:00 to 2026-06-20 00:00 due 2026-03-06 00:00
        ");
}

#[test]
fn r1_22_what_has_expired_is_not_aligned() {
    assert_snapshot!(play_only(&[], "
        2026-03-05 00:00 top-up 150
        2026-03-05 00:00 purchase ecs small 1 month
        2026-04-05 00:00 renew #1 day 20
        2026-04-05 00:00 renew #1 day 29
        2026-04-05 00:00 unified 0
    "), @r"
        2026-04-05 00:00 ! ExpiredForAlignment: sub#1 has expired: renew it first, then align it
        2026-04-05 00:00 ! ExpiredForAlignment: sub#1 has expired: renew it first, then align it
        2026-04-05 00:00 ! InvalidUnifiedDay: a unified expiry day is 1 to 28
        ");
}

#[test]
fn v6_a_downgrade_gives_back_by_ratio() {
    // 30 for 30 days; on day 11 from 1 a day to 0.5.
    assert_snapshot!(play("
        2026-04-01 00:00 price ecs large month 30
        2026-04-01 00:00 price ecs small month 15
        2026-04-01 00:00 top-up 30
        2026-04-01 00:00 purchase ecs large 1 month
        2026-04-11 00:00 change #1 small
    "), @r"
        2026-04-01 00:00 +30.00 USD
        2026-04-01 00:00 #1 order #2 new P1M 30.00 USD by 2026-04-08 00:00
        2026-04-01 00:00   order #2 paid 30.00 USD
        2026-04-01 00:00 #1 active 2026-04-01 00:00 to 2026-05-01 00:00
        2026-04-11 00:00 #1 order #3 downgrade P1M 0.00 USD back 10.00 USD by 2026-04-18 00:00
        2026-04-11 00:00   order #3 gives 10.00 USD back
        2026-04-11 00:00 #1 is small
        ");
}

#[test]
fn v7_each_payment_gives_back_its_own_share() {
    // 30 bought, upgraded to 2 a day for 20 more on day 11, down to 0.5 on day 21.
    assert_snapshot!(play("
        2026-04-01 00:00 price ecs large month 60
        2026-04-01 00:00 price ecs small month 30
        2026-04-01 00:00 price ecs old month 15
        2026-04-01 00:00 top-up 50
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-11 00:00 change #1 large
        2026-04-21 00:00 change #1 old
    "), @r"
        2026-04-01 00:00 +50.00 USD
        2026-04-01 00:00 #1 order #2 new P1M 30.00 USD by 2026-04-08 00:00
        2026-04-01 00:00   order #2 paid 30.00 USD
        2026-04-01 00:00 #1 active 2026-04-01 00:00 to 2026-05-01 00:00
        2026-04-11 00:00 #1 order #3 upgrade P1M 20.00 USD by 2026-04-18 00:00
        2026-04-11 00:00   order #3 paid 20.00 USD
        2026-04-11 00:00 #1 is large
        2026-04-21 00:00 #1 notice expiring(15) due 2026-04-16 09:00
        2026-04-21 00:00 #1 order #4 downgrade P1M 0.00 USD back 15.00 USD by 2026-04-28 00:00
        2026-04-21 00:00   order #4 gives 15.00 USD back
        2026-04-21 00:00 #1 is old
        ");
}

#[test]
fn v7_what_was_paid_counts_not_what_it_would_cost_now() {
    // The same with prices that moved in between, as an exchange rate would move them: paid as
    // 300 and 220, given back by the ratio of the prices of the day (R10.14).
    assert_snapshot!(play_only(&["order"], "
        2026-04-01 00:00 price ecs small month 300
        2026-04-01 00:00 top-up 520
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-11 00:00 price ecs large month 630
        2026-04-11 00:00 change #1 large
        2026-04-21 00:00 price ecs large month 60
        2026-04-21 00:00 price ecs old month 15
        2026-04-21 00:00 change #1 old
    "), @r"
        2026-04-01 00:00 #1 order #2 new P1M 300.00 USD by 2026-04-08 00:00
        2026-04-01 00:00   order #2 paid 300.00 USD
        2026-04-11 00:00 #1 order #3 upgrade P1M 220.00 USD by 2026-04-18 00:00
        2026-04-11 00:00   order #3 paid 220.00 USD
        2026-04-21 00:00 #1 order #4 downgrade P1M 0.00 USD back 157.50 USD by 2026-04-28 00:00
        2026-04-21 00:00   order #4 gives 157.50 USD back
        ");
}

#[test]
fn v18_a_refund_is_of_the_cash_that_was_paid() {
    // 30 with a coupon of 10, given up after 10 of 30 days.
    assert_snapshot!(play("
        2026-04-01 00:00 price ecs small month 30
        2026-04-01 00:00 top-up 20
        2026-04-01 00:00 grant cash 10 until 2026-04-02 00:00
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-11 00:00 unsubscribe #2
        2026-04-11 00:00 renew #2 1 month
    "), @r"
        2026-04-01 00:00 +20.00 USD
        2026-04-01 00:00   coupon #1 cash 10.00 USD granted until 2026-04-02 00:00
        2026-04-01 00:00 #2 order #3 new P1M 20.00 USD with coupon #1 10.00 USD by 2026-04-08 00:00
        2026-04-01 00:00   order #3 paid 20.00 USD
        2026-04-01 00:00   coupon #1 took 10.00 USD off
        2026-04-01 00:00 #2 active 2026-04-01 00:00 to 2026-05-01 00:00
        2026-04-11 00:00   order #4 gives 13.33 USD back
        2026-04-11 00:00 #2 unsubscribed
        2026-04-11 00:00 ! SubscriptionEnded: sub#2 is over: what was released cannot be renewed
        ");
}

#[test]
fn r10_13_a_downgrade_of_what_a_coupon_paid_in_part() {
    assert_snapshot!(play_only(&["back"], "
        2026-04-01 00:00 price ecs large month 30
        2026-04-01 00:00 price ecs small month 15
        2026-04-01 00:00 top-up 20
        2026-04-01 00:00 grant cash 10 until 2026-04-02 00:00
        2026-04-01 00:00 purchase ecs large 1 month
        2026-04-11 00:00 change #2 small
    "), @r"
        2026-04-11 00:00 #2 order #4 downgrade P1M 0.00 USD back 6.67 USD by 2026-04-18 00:00
        2026-04-11 00:00   order #4 gives 6.67 USD back
        ");
}

#[test]
fn r10_9_everything_comes_back_within_the_first_days_once_a_year() {
    assert_snapshot!(play_only(&["back", "unsubscribed"], "
        2026-04-01 00:00 top-up 100
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-05 23:59:59 unsubscribe #1 unused
        2026-04-06 00:00 purchase ecs small 1 month
        2026-04-07 00:00 unsubscribe #4 unused
        2026-04-07 00:00 purchase tencent small 1 month
        2026-04-08 00:00 unsubscribe #7
        2026-04-08 00:00 purchase intl small 1 month
        2026-04-13 00:00 unsubscribe #10 unused
    "), @r"
        2026-04-05 23:59:59   order #3 gives 10.00 USD back in full
        2026-04-05 23:59:59 #1 unsubscribed
        2026-04-07 00:00   order #6 gives 9.67 USD back
        2026-04-07 00:00 #4 unsubscribed
        2026-04-08 00:00   order #9 gives 9.67 USD back
        2026-04-08 00:00 #7 unsubscribed
        2026-04-13 00:00   order #12 gives 8.33 USD back
        2026-04-13 00:00 #10 unsubscribed
        ");
}

#[test]
fn r5_14_a_period_that_has_not_begun_comes_back_with_its_coupon() {
    assert_snapshot!(play("
        2026-04-01 00:00 top-up 30
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-02 00:00 grant cash 4 days 60
        2026-04-02 00:00 renew #1 1 month
        2026-04-02 00:00 grant off 50 days 60
        2026-04-02 00:00 renew #1 1 month
        2026-04-03 00:00 refund #4
        2026-04-03 00:00 refund #2
        2026-04-03 00:00 refund #6
        2026-04-03 00:00 refund #4
        2026-04-03 00:00 renew #1 1 month
    "), @r"
        2026-04-01 00:00 +30.00 USD
        2026-04-01 00:00 #1 order #2 new P1M 10.00 USD by 2026-04-08 00:00
        2026-04-01 00:00   order #2 paid 10.00 USD
        2026-04-01 00:00 #1 active 2026-04-01 00:00 to 2026-05-01 00:00
        2026-04-02 00:00   coupon #3 cash 4.00 USD granted until 2026-06-01 00:00
        2026-04-02 00:00 #1 order #4 renew P1M 6.00 USD with coupon #3 4.00 USD by 2026-04-09 00:00
        2026-04-02 00:00   order #4 paid 6.00 USD
        2026-04-02 00:00   coupon #3 took 4.00 USD off
        2026-04-02 00:00 #1 renewed 2026-05-01 00:00 to 2026-06-01 00:00 due 2026-04-02 00:00
        2026-04-02 00:00   coupon #5 discount granted until 2026-06-01 00:00
        2026-04-02 00:00 #1 order #6 renew P1M 5.00 USD with coupon #5 5.00 USD by 2026-04-09 00:00
        2026-04-02 00:00   order #6 paid 5.00 USD
        2026-04-02 00:00   coupon #5 took 5.00 USD off
        2026-04-02 00:00 #1 renewed 2026-06-01 00:00 to 2026-07-01 00:00 due 2026-04-02 00:00
        2026-04-03 00:00 ! NotLatestPeriod: ord#6 paid a later period: give that back first
        2026-04-03 00:00 ! NothingToRefund: ord#2 paid for no period that lies ahead; while its period lasts, unsubscribe or name an amount
        2026-04-03 00:00   order #7 gives 5.00 USD back
        2026-04-03 00:00   coupon #8 discount granted for #5 until 2026-06-01 00:00
        2026-04-03 00:00 #1 period taken back
        2026-04-03 00:00   order #9 gives 6.00 USD back
        2026-04-03 00:00   coupon #10 cash 4.00 USD granted for #3 until 2026-06-01 00:00
        2026-04-03 00:00 #1 period taken back
        2026-04-03 00:00 #1 order #11 renew P1M 5.00 USD with coupon #8 5.00 USD by 2026-04-10 00:00
        2026-04-03 00:00   order #11 paid 5.00 USD
        2026-04-03 00:00   coupon #8 took 5.00 USD off
        2026-04-03 00:00 #1 renewed 2026-05-01 00:00 to 2026-06-01 00:00 due 2026-04-03 00:00
        ");
}

#[test]
fn a_part_of_what_an_order_paid_comes_back_and_never_more() {
    assert_snapshot!(play("
        2026-04-01 00:00 open UTC of DE
        2026-04-01 00:00 tax DE VAT 19
        2026-04-01 00:00 top-up 30
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-02 00:00 refund #2 5
        2026-04-02 00:00 refund #2 6.91
        2026-04-02 00:00 refund #2 6.90
        2026-04-02 00:00 refund #2 0.01
        2026-04-02 00:00 refund #9
        2026-04-02 00:00 unsubscribe #1
    "), @r"
        2026-04-01 00:00 +30.00 USD
        2026-04-01 00:00 #1 order #2 new P1M 11.90 USD tax 1.90 USD by 2026-04-08 00:00
        2026-04-01 00:00   order #2 paid 11.90 USD
        2026-04-01 00:00 #1 active 2026-04-01 00:00 to 2026-05-01 00:00
        2026-04-02 00:00   order #3 gives 5.00 USD back
        2026-04-02 00:00 ! RefundExceedsPaid: 6.91 USD is more than the 6.90 USD that is left of what was paid
        2026-04-02 00:00   order #4 gives 6.90 USD back
        2026-04-02 00:00 ! RefundExceedsPaid: 0.01 USD is more than the 0.00 USD that is left of what was paid
        2026-04-02 00:00 ! OrderNotFound: there is no order ord#9 in this account
        2026-04-02 00:00   order #5 gives 0.00 USD back
        2026-04-02 00:00 #1 unsubscribed
        ");
}

#[test]
fn d43_in_suspension_only_what_has_not_begun_comes_back() {
    assert_snapshot!(play_only(&["back", "released", "unsubscribed"], "
        2026-04-01 00:00 top-up 30
        2026-04-01 00:00 purchase ecs small 1 month
        2026-05-02 00:00 advance
        2026-05-02 00:00 unsubscribe #1
        2026-05-02 00:00 purchase ecs small 1 month
        2026-05-02 00:00 release #4
        2026-06-03 00:00 advance
        2026-06-03 00:00 release #4
        2026-06-03 00:00 release #4
    "), @r"
        2026-05-02 00:00   order #3 gives 0.00 USD back
        2026-05-02 00:00 #1 unsubscribed
        2026-05-02 00:00 ! WrongState: sub#4 is Active
        2026-06-03 00:00 #4 released due 2026-06-03 00:00
        2026-06-03 00:00 ! SubscriptionEnded: sub#4 is over: what was released cannot be renewed
        ");
}

#[test]
fn r10_12_an_upgrade_pays_the_difference_for_the_time_that_is_left() {
    assert_snapshot!(play("
        2026-04-01 00:00 top-up 40
        2026-04-01 00:00 purchase ecs small 1 month auto
        2026-04-16 00:00 change #1 large unpaid
        2026-04-16 00:00 renew #1 1 month
        2026-04-16 00:00 change #1 large
        2026-04-17 00:00 pay #3
        2026-04-17 00:00 change #1 large
        2026-04-22 10:00 step
    "), @r#"
        2026-04-01 00:00 +40.00 USD
        2026-04-01 00:00 #1 order #2 new P1M 10.00 USD by 2026-04-08 00:00
        2026-04-01 00:00   order #2 paid 10.00 USD
        2026-04-01 00:00 #1 active 2026-04-01 00:00 to 2026-05-01 00:00
        2026-04-16 00:00 #1 order #3 upgrade P1M 20.00 USD by 2026-04-23 00:00
        2026-04-16 00:00 ! UnpaidOrder: ord#3 on this subscription is unpaid: pay it or cancel it
        2026-04-16 00:00 ! UnpaidOrder: ord#3 on this subscription is unpaid: pay it or cancel it
        2026-04-17 00:00 #1 notice renewal_ahead(15) 10.00 USD due 2026-04-16 09:00
        2026-04-17 00:00   order #3 paid 20.00 USD
        2026-04-17 00:00 #1 is large
        2026-04-17 00:00 ! SamePlan: sub#1 has plan "large" already
        2026-04-18 09:00 #1 notice top_up(13) 50.00 USD short due 2026-04-18 09:00
        2026-04-20 09:00 #1 notice top_up(11) 50.00 USD short due 2026-04-20 09:00
        2026-04-22 08:00 #1 failed NotEnoughFunds 50.00 USD due 2026-04-22 08:00
        "#);
}

#[test]
fn r10_15_a_subscription_is_downgraded_three_times() {
    assert_snapshot!(play_only(&["is small", "is large"], "
        2026-04-01 00:00 top-up 400
        2026-04-01 00:00 purchase ecs large 1 month
        2026-04-02 00:00 change #1 small
        2026-04-03 00:00 change #1 large
        2026-04-04 00:00 change #1 small
        2026-04-05 00:00 change #1 large
        2026-04-06 00:00 change #1 small
        2026-04-07 00:00 change #1 large
        2026-04-08 00:00 change #1 small
    "), @r"
        2026-04-02 00:00 #1 is small
        2026-04-03 00:00 #1 is large
        2026-04-04 00:00 #1 is small
        2026-04-05 00:00 #1 is large
        2026-04-06 00:00 #1 is small
        2026-04-07 00:00 #1 is large
        2026-04-08 00:00 ! TooManyDowngrades: sub#1 was downgraded 3 times: that is the most
        ");
}

#[test]
fn r1_19_a_plan_for_a_while_is_not_renewed() {
    assert_snapshot!(play("
        2026-04-01 00:00 top-up 100
        2026-04-01 00:00 purchase ecs small 1 month auto
        2026-04-10 00:00 change #1 large until 2026-04-20 00:00
        2026-04-11 00:00 change #1 small
        2026-04-11 00:00 change #1 large until 2026-06-20 00:00
        2026-04-22 10:00 step
    "), @r"
        2026-04-01 00:00 +100.00 USD
        2026-04-01 00:00 #1 order #2 new P1M 10.00 USD by 2026-04-08 00:00
        2026-04-01 00:00   order #2 paid 10.00 USD
        2026-04-01 00:00 #1 active 2026-04-01 00:00 to 2026-05-01 00:00
        2026-04-10 00:00 #1 order #3 upgrade P1M 13.33 USD by 2026-04-17 00:00
        2026-04-10 00:00   order #3 paid 13.33 USD
        2026-04-10 00:00 #1 is large until 2026-04-20 00:00
        2026-04-11 00:00 ! ChangePending: sub#1 changes its plan at 2026-04-20T00:00:00Z: it cannot be changed before
        2026-04-11 00:00 ! ChangePending: sub#1 changes its plan at 2026-04-20T00:00:00Z: it cannot be changed before
        2026-04-16 09:00 #1 notice renewal_ahead(15) 10.00 USD due 2026-04-16 09:00
        2026-04-18 09:00 #1 no notice top_up(13): FundsSuffice due 2026-04-18 09:00
        2026-04-20 00:00 #1 is small due 2026-04-20 00:00
        2026-04-20 09:00 #1 no notice top_up(11): FundsSuffice due 2026-04-20 09:00
        2026-04-22 08:00 #1 order #4 renew P1M 10.00 USD by 2026-04-29 08:00
        2026-04-22 08:00   order #4 paid 10.00 USD
        2026-04-22 08:00 #1 renewed by itself 2026-05-01 00:00 to 2026-06-01 00:00 due 2026-04-22 08:00
        ");
}

#[test]
fn r1_10_a_renewal_with_another_plan_after_expiry_starts_on_the_day() {
    assert_snapshot!(play_only(&["order", "renewed", "is "], "
        2026-03-31 10:00 top-up 200
        2026-03-31 10:00 purchase ecs small 1 month
        2026-05-03 12:00 renew #1 1 month plan large
        2026-05-04 12:00 renew #1 1 month
    "), @r"
        2026-03-31 10:00 #1 order #2 new P1M 10.00 USD by 2026-04-07 10:00
        2026-03-31 10:00   order #2 paid 10.00 USD
        2026-05-03 12:00 #1 order #3 renew P1M 50.00 USD by 2026-05-10 12:00
        2026-05-03 12:00   order #3 paid 50.00 USD
        2026-05-03 12:00 #1 renewed 2026-05-03 12:00 to 2026-06-03 12:00 due 2026-05-03 12:00
        2026-05-04 12:00 #1 order #4 renew P1M 50.00 USD by 2026-05-11 12:00
        2026-05-04 12:00   order #4 paid 50.00 USD
        2026-05-04 12:00 #1 renewed 2026-06-03 12:00 to 2026-07-03 12:00 due 2026-05-04 12:00
        ");
}

#[test]
fn r1_20_a_cheaper_plan_is_renewed_from_15_days_before_expiry_on() {
    assert_snapshot!(play_only(&["order", "renewed", "is "], "
        2026-04-01 10:00 top-up 200
        2026-04-01 10:00 purchase ecs large 1 month
        2026-04-16 09:59 renew #1 1 month plan small
        2026-04-16 10:00 renew #1 1 month plan small
        2026-04-17 10:00 change #1 free
        2026-05-02 10:00 step
        2026-05-02 10:00 renew #1 1 month
    "), @r"
        2026-04-01 10:00 #1 order #2 new P1M 50.00 USD by 2026-04-08 10:00
        2026-04-01 10:00   order #2 paid 50.00 USD
        2026-04-16 09:59 ! TooEarlyForDowngrade: a renewal with a cheaper plan is possible from 2026-04-16T10:00:00Z on
        2026-04-16 10:00 #1 order #3 renew P1M 10.00 USD by 2026-04-23 10:00
        2026-04-16 10:00   order #3 paid 10.00 USD
        2026-04-16 10:00 #1 renewed 2026-05-01 10:00 to 2026-06-01 10:00 due 2026-04-16 10:00
        2026-04-17 10:00 ! ChangePending: sub#1 changes its plan at 2026-05-01T10:00:00Z: it cannot be changed before
        2026-05-01 10:00 #1 is small due 2026-05-01 10:00
        2026-05-02 10:00 #1 order #4 renew P1M 10.00 USD by 2026-05-09 10:00
        2026-05-02 10:00   order #4 paid 10.00 USD
        2026-05-02 10:00 #1 renewed 2026-06-01 10:00 to 2026-07-01 10:00 due 2026-05-02 10:00
        ");
}

#[test]
fn d31_a_price_that_is_locked_is_kept() {
    assert_snapshot!(play_only(&["order"], "
        2026-04-01 10:00 top-up 300
        2026-04-01 10:00 purchase ecs small 1 month lock
        2026-04-01 10:00 purchase ecs small 1 month
        2026-04-02 10:00 price ecs small month 14
        2026-04-02 10:00 renew #1 1 month
        2026-04-02 10:00 renew #3 1 month
        2026-04-03 10:00 price ecs small month 7
        2026-04-03 10:00 renew #1 1 month
    "), @r"
        2026-04-01 10:00 #1 order #2 new P1M 10.00 USD by 2026-04-08 10:00
        2026-04-01 10:00   order #2 paid 10.00 USD
        2026-04-01 10:00 #3 order #4 new P1M 10.00 USD by 2026-04-08 10:00
        2026-04-01 10:00   order #4 paid 10.00 USD
        2026-04-02 10:00 #1 order #5 renew P1M 10.00 USD by 2026-04-09 10:00
        2026-04-02 10:00   order #5 paid 10.00 USD
        2026-04-02 10:00 #3 order #6 renew P1M 14.00 USD by 2026-04-09 10:00
        2026-04-02 10:00   order #6 paid 14.00 USD
        2026-04-03 10:00 #1 order #7 renew P1M 7.00 USD by 2026-04-10 10:00
        2026-04-03 10:00   order #7 paid 7.00 USD
        ");
}

#[test]
fn d41_what_is_paid_is_delivered_or_given_back() {
    assert_snapshot!(play("
        2026-04-01 10:00 acknowledge ecs new renew upgrade downgrade
        2026-04-01 10:00 top-up 100
        2026-04-01 10:00 provisioned #2
        2026-04-01 10:00 purchase ecs small 1 month
        2026-04-01 10:00 renew #1 1 month
        2026-04-01 11:00 provisioned #2
        2026-04-01 11:00 provisioned #2
        2026-04-02 10:00 change #1 large
        2026-04-02 10:05 provision-failed #3
        2026-04-02 10:06 purchase ecs small 1 month unpaid
        2026-04-02 10:06 provisioned #5
        2026-04-02 10:06 pay #5
        2026-04-03 10:06 step
    "), @r"
        2026-04-01 10:00 +100.00 USD
        2026-04-01 10:00 ! OrderNotFound: there is no order ord#2 in this account
        2026-04-01 10:00 #1 order #2 new P1M 10.00 USD by 2026-04-08 10:00
        2026-04-01 10:00   order #2 paid 10.00 USD, delivery by 2026-04-02 10:00
        2026-04-01 10:00 ! WrongState: sub#1 is PendingPayment
        2026-04-01 11:00   order #2 delivered
        2026-04-01 11:00 #1 active 2026-04-01 11:00 to 2026-05-01 11:00
        2026-04-01 11:00   order #2 reported late
        2026-04-02 10:00 #1 order #3 upgrade P1M 38.72 USD by 2026-04-09 10:00
        2026-04-02 10:00   order #3 paid 38.72 USD, delivery by 2026-04-03 10:00
        2026-04-02 10:05   order #3 failed reported, 38.72 USD back due 2026-04-02 10:05
        2026-04-02 10:06 #4 order #5 new P1M 10.00 USD by 2026-04-09 10:06
        2026-04-02 10:06 ! OrderNotPaid: ord#5 is not paid: there is nothing to deliver yet
        2026-04-02 10:06   order #5 paid 10.00 USD, delivery by 2026-04-03 10:06
        2026-04-03 10:06   order #5 failed timed_out, 10.00 USD back due 2026-04-03 10:06
        2026-04-03 10:06 #4 never began
        ");
}

#[test]
fn d41_a_paid_renewal_that_is_being_delivered_suspends_release() {
    assert_snapshot!(play_only(&["order", "renewed", "expired", "suspended", "released"], "
        2026-04-01 10:00 acknowledge quiet renew
        2026-04-01 10:00 top-up 100
        2026-04-01 10:00 purchase quiet small 1 month
        2026-05-15 20:00 step
        2026-05-16 09:00 renew #1 1 month
        2026-05-16 12:00 step
        2026-05-17 08:00 provisioned #3
    "), @r"
        2026-04-01 10:00 #1 order #2 new P1M 10.00 USD by 2026-04-08 10:00
        2026-04-01 10:00   order #2 paid 10.00 USD
        2026-05-01 10:00 #1 expired due 2026-05-01 10:00
        2026-05-01 10:00 #1 suspended due 2026-05-01 10:00
        2026-05-16 09:00 #1 order #3 renew P1M 10.00 USD by 2026-05-16 10:00
        2026-05-16 09:00   order #3 paid 10.00 USD, delivery by 2026-05-17 09:00
        2026-05-17 08:00   order #3 delivered
        2026-05-17 08:00 #1 renewed 2026-05-01 10:00 to 2026-06-01 10:00 due 2026-05-17 08:00
        ");
}

#[test]
fn r2_11_a_renewal_that_is_being_delivered_is_not_attempted_again() {
    assert_snapshot!(play_only(&["order", "renewed", "failed"], "
        2026-04-01 10:00 acknowledge quiet renew
        2026-04-01 10:00 top-up 30
        2026-04-01 10:00 purchase quiet small 1 month auto
        2026-04-24 12:00 step
        2026-04-25 12:00 step
        2026-04-25 12:00 provisioned #5
        2026-04-30 12:00 step
    "), @r"
        2026-04-01 10:00 #1 order #2 new P1M 10.00 USD by 2026-04-08 10:00
        2026-04-01 10:00   order #2 paid 10.00 USD
        2026-04-22 08:00 #1 order #3 renew P1M 10.00 USD by 2026-04-29 08:00
        2026-04-22 08:00   order #3 paid 10.00 USD, delivery by 2026-04-23 08:00
        2026-04-23 08:00   order #3 failed timed_out, 10.00 USD back due 2026-04-23 08:00
        2026-04-24 08:00 #1 order #4 renew P1M 10.00 USD by 2026-05-01 08:00
        2026-04-24 08:00   order #4 paid 10.00 USD, delivery by 2026-04-25 08:00
        2026-04-25 08:00   order #4 failed timed_out, 10.00 USD back due 2026-04-25 08:00
        2026-04-25 12:00 ! OrderNotFound: there is no order ord#5 in this account
        2026-04-26 08:00 #1 order #5 renew P1M 10.00 USD by 2026-05-01 08:00
        2026-04-26 08:00   order #5 paid 10.00 USD, delivery by 2026-04-27 08:00
        2026-04-27 08:00   order #5 failed timed_out, 10.00 USD back due 2026-04-27 08:00
        2026-04-28 08:00 #1 order #6 renew P1M 10.00 USD by 2026-05-01 08:00
        2026-04-28 08:00   order #6 paid 10.00 USD, delivery by 2026-04-29 08:00
        2026-04-29 08:00   order #6 failed timed_out, 10.00 USD back due 2026-04-29 08:00
        2026-04-30 08:00 #1 order #7 renew P1M 10.00 USD by 2026-05-01 08:00
        2026-04-30 08:00   order #7 paid 10.00 USD, delivery by 2026-05-01 08:00
        ");
}

#[test]
fn r4_15_orders_are_paid_together_and_those_that_changed_are_skipped() {
    assert_snapshot!(play("
        2026-04-01 10:00 top-up 20
        2026-04-01 10:00 purchase ecs small 1 month unpaid
        2026-04-01 10:00 purchase ecs small 1 month unpaid
        2026-04-01 10:00 purchase ecs small 1 month unpaid
        2026-04-01 10:00 pay-together #2 #4 #6
        2026-04-01 10:00 cancel #4
        2026-04-01 10:00 pay-together #2 #4 #6 #2
        2026-04-01 10:00 pay-together #2 #77
    "), @r"
        2026-04-01 10:00 +20.00 USD
        2026-04-01 10:00 #1 order #2 new P1M 10.00 USD by 2026-04-08 10:00
        2026-04-01 10:00 #3 order #4 new P1M 10.00 USD by 2026-04-08 10:00
        2026-04-01 10:00 #5 order #6 new P1M 10.00 USD by 2026-04-08 10:00
        2026-04-01 10:00 ! NotEnoughFunds: 30.00 USD is needed, 20.00 USD is there
        2026-04-01 10:00   order #4 cancelled Requested due 2026-04-01 10:00
        2026-04-01 10:00 #3 never began
        2026-04-01 10:00   order #2 paid 10.00 USD
        2026-04-01 10:00 #1 active 2026-04-01 10:00 to 2026-05-01 10:00
        2026-04-01 10:00   order #6 paid 10.00 USD
        2026-04-01 10:00 #5 active 2026-04-01 10:00 to 2026-05-01 10:00
        2026-04-01 10:00 ! OrderNotFound: there is no order ord#77 in this account
        ");
}

#[test]
fn r10_11_what_is_not_refundable_is_not_given_back() {
    assert_snapshot!(play_only(&["back"], "
        2026-04-01 10:00 top-up 200
        2026-04-01 10:00 refundable ecs no
        2026-04-01 10:00 purchase ecs large 1 month
        2026-04-02 10:00 unsubscribe #1 unused
        2026-04-02 10:00 change #1 small
        2026-04-02 10:00 renew #1 1 month
        2026-04-02 10:00 refund #3
        2026-04-02 10:00 refund #3 1
    "), @r#"
        2026-04-02 10:00 ! NotRefundable: what was paid for "ecs" is not given back
        2026-04-02 10:00 ! NotRefundable: what was paid for "ecs" is not given back
        2026-04-02 10:00 ! NotRefundable: what was paid for "ecs" is not given back
        2026-04-02 10:00   order #4 gives 1.00 USD back
        "#);
}

#[test]
fn a_price_that_is_not_the_expected_one_is_refused() {
    assert_snapshot!(play_only(&["order"], "
        2026-04-01 10:00 top-up 200
        2026-04-01 10:00 purchase ecs small 1 month expect 9
        2026-04-01 10:00 purchase ecs small 1 month expect 10
        2026-04-01 10:00 renew #1 1 month expect 10.01
        2026-04-01 10:00 change #1 large expect 40
    "), @r"
        2026-04-01 10:00 ! PriceChanged: this costs 10.00 USD, not 9.00 USD
        2026-04-01 10:00 #1 order #2 new P1M 10.00 USD by 2026-04-08 10:00
        2026-04-01 10:00   order #2 paid 10.00 USD
        2026-04-01 10:00 ! PriceChanged: this costs 10.00 USD, not 10.01 USD
        2026-04-01 10:00 #1 order #3 upgrade P1M 40.00 USD by 2026-04-08 10:00
        2026-04-01 10:00   order #3 paid 40.00 USD
        ");
}

#[test]
fn prices_with_the_tax_in_them_and_without() {
    assert_snapshot!(play_only(&["order #", "back"], "
        2026-04-01 00:00 open UTC of DE
        2026-04-01 00:00 tax DE VAT 19 inclusive
        2026-04-01 00:00 price ecs small month 9.99
        2026-04-01 00:00 top-up 100
        2026-04-01 00:00 purchase ecs small 1 month unpaid
        2026-04-01 00:00 grant cash 2 days 60
        2026-04-01 00:00 use #2
        2026-04-01 00:00 use #2 coupon none
        2026-04-01 00:00 pay #2
        2026-04-16 00:00 unsubscribe #1
    "), @r"
        2026-04-01 00:00 #1 order #2 new P1M 9.99 USD tax 1.60 USD by 2026-04-08 00:00
        2026-04-01 00:00   order #2 costs 7.60 USD with coupon #3 2.00 USD
        2026-04-01 00:00   order #2 costs 9.99 USD
        2026-04-01 00:00   order #2 paid 9.99 USD
        2026-04-16 00:00   order #4 gives 5.00 USD back
        ");
}

#[test]
fn what_is_said_of_changes() {
    assert_snapshot!(mails("
        2026-04-01 00:00 top-up 100
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-02 00:00 change #1 large unpaid
        2026-04-02 01:00 pay #3
        2026-04-03 00:00 change #1 small
        2026-04-04 00:00 unsubscribe #1
        2026-04-04 00:00 acknowledge ecs new
        2026-04-04 00:00 purchase ecs small 1 month
        2026-04-05 00:00 step
    "), @r"
        2026-04-01 00:00 topped_up
        2026-04-01 00:00 activated
        2026-04-02 00:00 order_unpaid
        2026-04-02 01:00 plan_changed
        2026-04-03 00:00 plan_changed
        2026-04-04 00:00 refunded
        2026-04-04 00:00 order_processing
        2026-04-05 00:00 order_failed
        ");
}

#[test]
fn d31_a_kept_price_is_that_of_the_plan_which_is_renewed() {
    let renewed = |how: &str| {
        play_only(
            &["order #"],
            &format!(
                "
            2026-04-01 00:00 top-up 900
            2026-04-01 00:00 purchase ecs small 1 month lock
            {how}
        "
            ),
        )
    };
    assert_snapshot!(renewed("
            2026-04-20 00:00 renew #1 1 month plan large
            2026-05-08 00:00 price ecs large month 60
            2026-05-08 00:00 renew #1 1 month
    "), @r"
        2026-04-01 00:00 #1 order #2 new P1M 10.00 USD by 2026-04-08 00:00
        2026-04-01 00:00   order #2 paid 10.00 USD
        2026-04-20 00:00 #1 order #3 renew P1M 50.00 USD by 2026-04-27 00:00
        2026-04-20 00:00   order #3 paid 50.00 USD
        2026-05-08 00:00 #1 order #4 renew P1M 50.00 USD by 2026-05-15 00:00
        2026-05-08 00:00   order #4 paid 50.00 USD
        ");
    assert_snapshot!(renewed("
            2026-04-02 00:00 change #1 large until 2026-04-10 00:00
            2026-04-11 00:00 price ecs small month 14
            2026-04-11 00:00 renew #1 1 month
    "), @r"
        2026-04-01 00:00 #1 order #2 new P1M 10.00 USD by 2026-04-08 00:00
        2026-04-01 00:00   order #2 paid 10.00 USD
        2026-04-02 00:00 #1 order #3 upgrade P1M 10.66 USD by 2026-04-09 00:00
        2026-04-02 00:00   order #3 paid 10.66 USD
        2026-04-11 00:00 #1 order #4 renew P1M 10.00 USD by 2026-04-18 00:00
        2026-04-11 00:00   order #4 paid 10.00 USD
        ");
    assert_snapshot!(renewed("
            2026-04-02 00:00 change #1 large
            2026-04-11 00:00 price ecs large month 60
            2026-04-11 00:00 renew #1 1 month
    "), @r"
        2026-04-01 00:00 #1 order #2 new P1M 10.00 USD by 2026-04-08 00:00
        2026-04-01 00:00   order #2 paid 10.00 USD
        2026-04-02 00:00 #1 order #3 upgrade P1M 38.66 USD by 2026-04-09 00:00
        2026-04-02 00:00   order #3 paid 38.66 USD
        2026-04-11 00:00 #1 order #4 renew P1M 50.00 USD by 2026-04-18 00:00
        2026-04-11 00:00   order #4 paid 50.00 USD
        ");
}

#[test]
fn d31_what_was_kept_is_kept_again_if_the_next_plan_is_taken_back() {
    assert_snapshot!(play_only(&["order #"], "
        2026-04-01 00:00 top-up 900
        2026-04-01 00:00 purchase ecs small 1 month lock
        2026-04-20 00:00 renew #1 1 month plan large
        2026-04-21 00:00 refund #3
        2026-04-22 00:00 price ecs small month 14
        2026-04-22 00:00 renew #1 1 month
    "), @r"
        2026-04-01 00:00 #1 order #2 new P1M 10.00 USD by 2026-04-08 00:00
        2026-04-01 00:00   order #2 paid 10.00 USD
        2026-04-20 00:00 #1 order #3 renew P1M 50.00 USD by 2026-04-27 00:00
        2026-04-20 00:00   order #3 paid 50.00 USD
        2026-04-21 00:00   order #4 gives 50.00 USD back
        2026-04-22 00:00 #1 order #5 renew P1M 10.00 USD by 2026-04-29 00:00
        2026-04-22 00:00   order #5 paid 10.00 USD
        ");
}
