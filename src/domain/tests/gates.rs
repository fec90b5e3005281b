//! What stands in the way of a command, and what happens on the very limit of a rule.

use insta::assert_snapshot;

use super::scenario::{ACCOUNT, World, instant, mails, period, play, play_only, run, usd};
use crate::domain::command::{Answer, Command};
use crate::domain::ids::{CouponId, OrderId};
use crate::domain::nouns::coupon;
use crate::domain::nouns::subscription::Mode;
use crate::domain::rules::Requirement;
use crate::domain::verbs::coupons::CancelCoupon;
use crate::domain::verbs::pay::PayTogether;
use crate::domain::verbs::pricing::CouponChoice;
use crate::domain::verbs::purchase::Purchase;

/// How a subscription is renewed.
fn renewal(world: &World, number: u32) -> String {
    let live = world.live(number).expect("a subscription");
    format!("{:?} {:?}", live.renewal.mode, live.renewal.period)
}

#[test]
fn r10_12_a_change_is_ordered_within_the_paid_time_and_with_money_for_it() {
    assert_snapshot!(play_only(&["order", "is ", "frozen", "took"], "
        2026-04-01 00:00 top-up 10
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-11 00:00 change #1 large
        2026-04-11 00:00 change #1 large coupon #77
        2026-04-11 00:00 change #1 large until 2026-04-11 00:00
        2026-04-11 00:00 change #1 large until 2026-05-01 00:00:01
        2026-04-11 00:00 change #1 large until 2026-05-01 00:00 expect 26 unpaid
        2026-04-11 00:00 grant cash 4 until 2026-06-01 00:00
        2026-04-11 00:00 change #1 large until 2026-05-01 00:00 unpaid
        2026-04-11 00:00 top-up 30
        2026-04-11 00:00 pay #4
    "), @r"
        2026-04-01 00:00 #1 order #2 new P1M 10.00 USD by 2026-04-08 00:00
        2026-04-01 00:00   order #2 paid 10.00 USD
        2026-04-11 00:00 ! NotEnoughFunds: 26.66 USD is needed, 0.00 USD is there
        2026-04-11 00:00 ! CouponNotFound: there is no coupon cpn#77 in this account
        2026-04-11 00:00 ! OutsidePaidTime: that must lie within the paid time, which ends at 2026-05-01T00:00:00Z
        2026-04-11 00:00 ! OutsidePaidTime: that must lie within the paid time, which ends at 2026-05-01T00:00:00Z
        2026-04-11 00:00 ! PriceChanged: this costs 26.66 USD, not 26.00 USD
        2026-04-11 00:00 #1 order #4 upgrade P1M 22.66 USD with coupon #3 4.00 USD by 2026-04-18 00:00
        2026-04-11 00:00   coupon #3 frozen by #4
        2026-04-11 00:00   order #4 paid 22.66 USD
        2026-04-11 00:00   coupon #3 took 4.00 USD off
        2026-04-11 00:00 #1 is large until 2026-05-01 00:00
        ");
}

#[test]
fn r10_12_an_upgrade_of_an_aligned_period_costs_by_the_day_of_a_month() {
    assert_snapshot!(play_only(&["order #"], "
        2026-03-05 00:00 price ecs small month 60
        2026-03-05 00:00 price ecs large month 90
        2026-03-05 00:00 top-up 500
        2026-03-05 00:00 purchase ecs small 1 month
        2026-03-06 00:00 renew #1 day 20
        2026-03-20 12:00 change #1 large
    "), @r"
        2026-03-05 00:00 #1 order #2 new P1M 60.00 USD by 2026-03-12 00:00
        2026-03-05 00:00   order #2 paid 60.00 USD
        2026-03-06 00:00 #1 order #3 renew P1M 90.00 USD by 2026-03-13 00:00
        2026-03-06 00:00   order #3 paid 90.00 USD
        2026-03-20 12:00 #1 order #4 upgrade P1M 60.00 USD by 2026-03-27 12:00
        2026-03-20 12:00   order #4 paid 60.00 USD
        ");
}

#[test]
fn r10_12_a_plan_of_the_same_price_is_no_downgrade_and_upgrades_count_for_none() {
    assert_snapshot!(play_only(&["order #", "is "], "
        2026-04-01 00:00 price ecs large month 10
        2026-04-01 00:00 top-up 100
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-01 00:00 change #1 large
        2026-04-02 00:00 purchase ecs free 1 month
        2026-04-02 00:00 change #4 old
        2026-04-03 00:00 change #4 small
        2026-04-04 00:00 price ecs large month 20
        2026-04-04 00:00 change #4 large
        2026-04-05 00:00 change #4 small
    "), @r"
        2026-04-01 00:00 #1 order #2 new P1M 10.00 USD by 2026-04-08 00:00
        2026-04-01 00:00   order #2 paid 10.00 USD
        2026-04-01 00:00 #1 order #3 upgrade P1M 0.00 USD by 2026-04-08 00:00
        2026-04-01 00:00   order #3 paid 0.00 USD
        2026-04-01 00:00 #1 is large
        2026-04-02 00:00 #4 order #5 new P1M 0.00 USD by 2026-04-09 00:00
        2026-04-02 00:00   order #5 paid 0.00 USD
        2026-04-02 00:00 #4 order #6 upgrade P1M 7.00 USD by 2026-04-09 00:00
        2026-04-02 00:00   order #6 paid 7.00 USD
        2026-04-02 00:00 #4 is old
        2026-04-03 00:00 #4 order #7 upgrade P1M 2.90 USD by 2026-04-10 00:00
        2026-04-03 00:00   order #7 paid 2.90 USD
        2026-04-03 00:00 #4 is small
        2026-04-04 00:00 #4 order #8 upgrade P1M 9.33 USD by 2026-04-11 00:00
        2026-04-04 00:00   order #8 paid 9.33 USD
        2026-04-04 00:00 #4 is large
        2026-04-05 00:00 #4 order #9 downgrade P1M 0.00 USD back 9.00 USD by 2026-04-12 00:00
        2026-04-05 00:00   order #9 gives 9.00 USD back
        2026-04-05 00:00 #4 is small
        ");
}

#[test]
fn r1_20_a_plan_that_is_paid_for_the_next_period_is_not_replaced_before_it_begins() {
    assert_snapshot!(play_only(&["order #", "is "], "
        2026-04-01 00:00 top-up 900
        2026-04-01 00:00 purchase ecs free 1 month
        2026-04-02 00:00 renew #1 1 month plan small
        2026-04-03 00:00 renew #1 1 month plan large
        2026-04-03 00:00 renew #1 1 month plan small
        2026-05-02 00:00 step
        2026-05-02 00:00 renew #1 1 month plan large
        2026-06-02 00:00 step
    "), @r"
        2026-04-01 00:00 #1 order #2 new P1M 0.00 USD by 2026-04-08 00:00
        2026-04-01 00:00   order #2 paid 0.00 USD
        2026-04-02 00:00 #1 order #3 renew P1M 10.00 USD by 2026-04-09 00:00
        2026-04-02 00:00   order #3 paid 10.00 USD
        2026-04-03 00:00 ! ChangePending: sub#1 changes its plan at 2026-05-01T00:00:00Z: it cannot be changed before
        2026-04-03 00:00 #1 order #4 renew P1M 10.00 USD by 2026-04-10 00:00
        2026-04-03 00:00   order #4 paid 10.00 USD
        2026-05-01 00:00 #1 is small due 2026-05-01 00:00
        2026-05-02 00:00 #1 order #5 renew P1M 50.00 USD by 2026-05-09 00:00
        2026-05-02 00:00   order #5 paid 50.00 USD
        ");
}

#[test]
fn d40_a_retired_plan_is_sold_and_renewed_up_to_its_last_instant() {
    assert_snapshot!(play_only(&["order #", "renewed", "is "], "
        2026-05-15 00:00 top-up 500
        2026-05-15 00:00 purchase ecs old 5 months
        2026-05-15 00:00 purchase ecs small 1 month
        2026-05-15 00:00 purchase ecs small 1 month
        2026-05-31 23:59:59 change #3 old
        2026-06-01 00:00 change #5 old
        2026-06-01 00:00 purchase ecs old 1 month
        2026-08-31 23:59:59 renew #1 1 month
        2026-09-01 00:00 renew #1 1 month
    "), @r#"
        2026-05-15 00:00 #1 order #2 new P5M 35.00 USD by 2026-05-22 00:00
        2026-05-15 00:00   order #2 paid 35.00 USD
        2026-05-15 00:00 #3 order #4 new P1M 10.00 USD by 2026-05-22 00:00
        2026-05-15 00:00   order #4 paid 10.00 USD
        2026-05-15 00:00 #5 order #6 new P1M 10.00 USD by 2026-05-22 00:00
        2026-05-15 00:00   order #6 paid 10.00 USD
        2026-05-31 23:59:59 #3 order #7 downgrade P1M 0.00 USD back 1.35 USD by 2026-06-07 23:59:59
        2026-05-31 23:59:59   order #7 gives 1.35 USD back
        2026-05-31 23:59:59 #3 is old
        2026-06-01 00:00 ! PlanRetired: plan "old" of "ecs" is retired
        2026-06-01 00:00 ! PlanRetired: plan "old" of "ecs" is retired
        2026-08-31 23:59:59 #1 order #8 renew P1M 7.00 USD by 2026-09-07 23:59:59
        2026-08-31 23:59:59   order #8 paid 7.00 USD
        2026-08-31 23:59:59 #1 renewed 2026-10-15 00:00 to 2026-11-15 00:00 due 2026-08-31 23:59:59
        2026-09-01 00:00 ! PlanRetired: plan "old" of "ecs" is retired
        "#);
}

#[test]
fn r2_16_a_renewal_by_hand_is_all_or_nothing() {
    assert_snapshot!(play_only(&["order", "coupon", "renewed"], "
        2026-04-01 00:00 top-up 10
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-02 00:00 renew #1 1 month
        2026-04-02 00:00 renew #1 1 month coupon #77
        2026-04-02 00:00 grant cash 4 until 2026-06-01 00:00
        2026-04-02 00:00 renew #1 1 month unpaid
    "), @r"
        2026-04-01 00:00 #1 order #2 new P1M 10.00 USD by 2026-04-08 00:00
        2026-04-01 00:00   order #2 paid 10.00 USD
        2026-04-02 00:00 ! NotEnoughFunds: 10.00 USD is needed, 0.00 USD is there
        2026-04-02 00:00 ! CouponNotFound: there is no coupon cpn#77 in this account
        2026-04-02 00:00   coupon #3 cash 4.00 USD granted until 2026-06-01 00:00
        2026-04-02 00:00 #1 order #4 renew P1M 6.00 USD with coupon #3 4.00 USD by 2026-04-09 00:00
        2026-04-02 00:00   coupon #3 frozen by #4
        ");
}

#[test]
fn r2_17_what_was_promised_is_kept_for_its_length_and_its_mode() {
    let script = |how: &str| {
        play_only(
            &["order #"],
            &format!(
                "
            2026-04-01 00:00 top-up 100
            2026-04-01 00:00 purchase ecs small 1 month auto
            2026-04-17 00:00 step
            2026-04-17 00:00 price ecs small month 14
            {how}
        "
            ),
        )
    };
    assert_snapshot!(script("2026-04-18 00:00 renew #1 1 month"), @r"
        2026-04-01 00:00 #1 order #2 new P1M 10.00 USD by 2026-04-08 00:00
        2026-04-01 00:00   order #2 paid 10.00 USD
        2026-04-18 00:00 #1 order #3 renew P1M 10.00 USD by 2026-04-25 00:00
        2026-04-18 00:00   order #3 paid 10.00 USD
        ");
    assert_snapshot!(script("2026-04-18 00:00 renew #1 3 months"), @r"
        2026-04-01 00:00 #1 order #2 new P1M 10.00 USD by 2026-04-08 00:00
        2026-04-01 00:00   order #2 paid 10.00 USD
        2026-04-18 00:00 #1 order #3 renew P3M 42.00 USD by 2026-04-25 00:00
        2026-04-18 00:00   order #3 paid 42.00 USD
        ");
    assert_snapshot!(script("2026-04-18 00:00 mode #1 manual\n2026-04-18 00:00 renew #1 1 month"), @r"
        2026-04-01 00:00 #1 order #2 new P1M 10.00 USD by 2026-04-08 00:00
        2026-04-01 00:00   order #2 paid 10.00 USD
        2026-04-18 00:00 #1 order #3 renew P1M 14.00 USD by 2026-04-25 00:00
        2026-04-18 00:00   order #3 paid 14.00 USD
        ");
}

#[test]
fn r2_17_what_was_promised_holds_again_when_the_period_is_taken_back() {
    let script = |bought: &str| {
        play_only(
            &[" renew P", "taken back", "! "],
            &format!(
                "
            2026-04-01 00:00 top-up 300
            2026-04-01 00:00 purchase ecs small 1 month auto
            2026-04-17 00:00 step
            2026-04-17 00:00 price ecs small month 14
            {bought}
            2026-05-01 00:00 step
        "
            ),
        )
    };
    assert_snapshot!(script("2026-04-18 00:00 renew #1 1 month
            2026-04-18 12:00 refund #3"), @r"
        2026-04-18 00:00 #1 order #3 renew P1M 10.00 USD by 2026-04-25 00:00
        2026-04-18 12:00 #1 period taken back
        2026-04-22 08:00 #1 order #5 renew P1M 10.00 USD by 2026-04-29 08:00
        ");
    assert_snapshot!(script("2026-04-18 00:00 renew #1 3 months
            2026-04-18 00:00 renew #1 1 month
            2026-04-18 12:00 refund #4
            2026-04-18 12:00 refund #3"), @r"
        2026-04-18 00:00 #1 order #3 renew P3M 42.00 USD by 2026-04-25 00:00
        2026-04-18 00:00 #1 order #4 renew P1M 14.00 USD by 2026-04-25 00:00
        2026-04-18 12:00 #1 period taken back
        2026-04-18 12:00 #1 period taken back
        2026-04-22 08:00 #1 order #7 renew P1M 10.00 USD by 2026-04-29 08:00
        ");
    // For another length nothing was promised.
    assert_snapshot!(script("2026-04-18 00:00 renew #1 1 month
            2026-04-18 06:00 mode #1 auto by 3 months
            2026-04-18 12:00 refund #3"), @r"
        2026-04-18 00:00 #1 order #3 renew P1M 10.00 USD by 2026-04-25 00:00
        2026-04-18 12:00 #1 period taken back
        2026-04-22 08:00 #1 order #5 renew P3M 42.00 USD by 2026-04-29 08:00
        ");
}

#[test]
fn d28_only_a_plain_renewal_for_the_same_time_is_adopted() {
    let attempted = |order: &str| {
        play_only(
            &["failed", "renewed"],
            &format!(
                "
            2026-04-01 00:00 top-up 300
            2026-04-01 00:00 purchase ecs small 1 month auto
            2026-04-21 00:00 {order}
            2026-04-22 08:00 step
        "
            ),
        )
    };
    assert_snapshot!(attempted("change #1 large unpaid"), @"2026-04-22 08:00 #1 failed UnpaidOrder 13.33 USD due 2026-04-22 08:00");
    assert_snapshot!(attempted("renew #1 1 month plan large unpaid"), @"2026-04-22 08:00 #1 failed UnpaidOrder 50.00 USD due 2026-04-22 08:00");
    assert_snapshot!(attempted("renew #1 day 9 unpaid"), @"2026-04-22 08:00 #1 failed UnpaidOrder 12.66 USD due 2026-04-22 08:00");
    assert_snapshot!(attempted("renew #1 3 months unpaid"), @"2026-04-22 08:00 #1 failed UnpaidOrder 30.00 USD due 2026-04-22 08:00");
    assert_snapshot!(attempted("renew #1 1 month unpaid"), @"2026-04-22 08:00 #1 renewed by itself 2026-05-01 00:00 to 2026-06-01 00:00 due 2026-04-22 08:00");
}

#[test]
fn r1_17_what_its_parent_no_longer_allows_is_not_adopted_either() {
    assert_snapshot!(play_only(&["failed", "renewed", "unsubscribed"], "
        2026-04-01 00:00 top-up 300
        2026-04-01 00:00 purchase ecs small 1 month under #9
        2026-04-01 00:00 purchase ecs small 1 year
        2026-04-01 00:00 purchase ecs small 1 month under #1 auto
        2026-04-21 00:00 renew #3 1 month unpaid
        2026-04-21 00:00 unsubscribe #1
        2026-04-22 08:00 step
        2026-04-22 08:00 pay #5
    "), @r"
        2026-04-01 00:00 ! SubscriptionNotFound: there is no subscription sub#9 in this account
        2026-04-21 00:00 #1 unsubscribed
        2026-04-22 08:00 #3 failed InvalidPeriod.ExceededDedicatedHost 10.00 USD due 2026-04-22 08:00
        2026-04-22 08:00 ! SubscriptionEnded: sub#1 is over: what was released cannot be renewed
        ");
}

#[test]
fn d25_of_what_failed_while_nobody_looked_the_last_is_told() {
    // The attempt of the very instant is the one that is told of.
    assert_snapshot!(play_only(&["failed"], "
        2026-04-01 00:00 top-up 10
        2026-04-01 00:00 purchase quiet small 1 month auto
        2026-04-24 08:00 advance
    "), @r"
        2026-04-24 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-04-22 08:00 (silent)
        2026-04-24 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-04-23 08:00 (silent)
        2026-04-24 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-04-24 08:00
        ");
}

#[test]
fn r5_10_only_a_voucher_for_anything_serves_usage() {
    assert_snapshot!(play_only(&["settled"], "
        2026-03-01 10:00 top-up 100
        2026-03-01 10:00 grant off 50
        2026-03-01 10:00 grant cash 5 for renew
        2026-03-01 10:00 open-resource at-once small
        2026-03-01 11:10 step
        2026-03-01 11:10 grant cash 0.10
        2026-03-01 12:10 step
    "), @r"
        2026-03-01 11:05   settled due 2026-03-01 11:05: 0.60 USD paid [#3 cpu small 1 hour of tier 1 at 0.6 2026-03-01 10:00 to 2026-03-01 11:00 = 0.60 USD]
        2026-03-01 12:05   settled due 2026-03-01 12:05: 0.50 USD paid, coupon #4 0.10 USD [#3 cpu small 1 hour of tier 1 at 0.6 2026-03-01 11:00 to 2026-03-01 12:00 = 0.50 USD]
        ");
}

#[test]
fn r5_10_no_voucher_serves_while_overdue() {
    assert_snapshot!(play_only(&["settled", "overdue", "standing"], "
        2026-03-01 10:00 top-up 0.05
        2026-03-01 10:00 open-resource vm small
        2026-03-01 12:10 step
        2026-03-01 12:10 grant cash 5
        2026-03-01 13:10 step
        2026-03-01 13:20 top-up 0.10
        2026-03-01 14:10 step
    "), @r"
        2026-03-01 11:05   settled due 2026-03-01 11:05: 0.03 USD paid [#1 cpu small 1 hour of tier 1 at 0.036 2026-03-01 10:00 to 2026-03-01 11:00 = 0.03 USD]
        2026-03-01 12:05   settled due 2026-03-01 12:05: 0.02 USD paid, 0.02 USD owed [#1 cpu small 1 hour of tier 1 at 0.036 2026-03-01 11:00 to 2026-03-01 12:00 = 0.04 USD]
        2026-03-01 12:05   overdue: 0.02 USD to pay, available -0.02 USD
        2026-03-01 13:05   settled due 2026-03-01 13:05: 0.00 USD paid, 0.03 USD owed [#1 cpu small 1 hour of tier 1 at 0.036 2026-03-01 12:00 to 2026-03-01 13:00 = 0.03 USD]
        2026-03-01 13:20   in good standing
        2026-03-01 14:05   settled due 2026-03-01 14:05: 0.00 USD paid, coupon #2 0.04 USD [#1 cpu small 1 hour of tier 1 at 0.036 2026-03-01 13:00 to 2026-03-01 14:00 = 0.00 USD]
        ");
}

#[test]
fn r5_3_a_voucher_for_one_product_pays_for_no_other() {
    assert_snapshot!(play_only(&["settled"], "
        2026-03-01 10:00 top-up 100
        2026-03-01 10:00 grant cash 5 product vm
        2026-03-01 10:00 open-resource at-once small
        2026-03-01 10:00 open-resource vm small
        2026-03-01 11:10 step
    "), @"2026-03-01 11:05   settled due 2026-03-01 11:05: 0.60 USD paid, coupon #1 0.03 USD [#2 cpu small 1 hour of tier 1 at 0.6 2026-03-01 10:00 to 2026-03-01 11:00 = 0.60 USD; #3 cpu small 1 hour of tier 1 at 0.036 2026-03-01 10:00 to 2026-03-01 11:00 = 0.00 USD]");
}

#[test]
fn r1_23_an_alignment_is_a_renewal_of_whole_months_and_days() {
    assert_snapshot!(play_only(&["order #", "renewed"], "
        2026-03-05 00:00 top-up 500
        2026-03-05 00:00 purchase ecs small 3 months
        2026-03-06 00:00 renew #1 day 20
    "), @r"
        2026-03-05 00:00 #1 order #2 new P3M 30.00 USD by 2026-03-12 00:00
        2026-03-05 00:00   order #2 paid 30.00 USD
        2026-03-06 00:00 #1 order #3 renew P1M 15.00 USD by 2026-03-13 00:00
        2026-03-06 00:00   order #3 paid 15.00 USD
        2026-03-06 00:00 #1 renewed 2026-06-05 00:00 to 2026-07-20 00:00 due 2026-03-06 00:00
        ");
}

#[test]
fn r2_9_a_slot_at_the_very_expiry_is_none_before_it() {
    assert_snapshot!(play_only(&["renewed", "auto", "Auto"], "
        2026-04-01 08:00 top-up 20
        2026-04-01 08:00 purchase intl-2017 small 1 month
        2026-04-20 08:00 mode #1 auto
    "), @r"
        2026-04-20 08:00 #1 AutoRenewal P1M
        2026-04-20 08:00 #1 renewed by itself 2026-05-01 08:00 to 2026-06-01 08:00 due 2026-04-20 08:00
        ");
}

#[test]
fn r6_12_what_was_released_for_debt_does_not_come_back() {
    assert_snapshot!(play_only(&["resource", "standing"], "
        2026-03-01 10:00 open-resource net small
        2026-03-01 10:30 report #1 traffic 20
        2026-04-02 10:00 step
        2026-04-02 10:00 top-up 10
    "), @r"
        2026-03-01 10:00   resource #1 opened net small
        2026-03-16 11:05   resource #1 halted due 2026-03-16 11:05, released at 2026-03-31 11:05
        2026-03-30 11:05   resource #1 will be released at 2026-03-31 11:05
        2026-03-31 11:05   resource #1 released for debt at 2026-03-31 11:05
        2026-04-02 10:00   in good standing
        ");
}

#[test]
fn d25_of_two_notices_of_debt_that_were_slept_through_the_later_is_sent() {
    for (until, sent) in [("2026-03-15 11:04:59", 2), ("2026-03-15 11:05", 2)] {
        let mails = mails(&format!(
            "
            2026-03-01 10:00 open-resource net small
            2026-03-01 10:30 report #1 traffic 20
            2026-03-01 11:05 step
            {until} advance
        "
        ));
        assert_eq!(mails.matches("overdue").count(), sent, "{mails}");
    }
}

#[test]
fn r4_15_what_is_paid_together_is_answered_order_by_order() {
    let (mut world, _) = run("
        2026-04-01 00:00 top-up 100
        2026-04-01 00:00 purchase ecs small 1 month unpaid
        2026-04-01 00:00 purchase ecs small 1 month unpaid
        2026-04-01 00:00 purchase ecs small 1 month unpaid
        2026-04-01 00:00 cancel #4
    ");
    let at = instant("2026-04-01", "01:00");
    world.amend(at, |rules| rules.orders.together_max = 3);
    let mut pay = |numbers: &[u32]| {
        let orders = numbers.iter().map(|number| OrderId::new(ACCOUNT, *number)).collect();
        world.execute(at, &Command::PayTogether(PayTogether { orders })).answer
    };
    let refused = pay(&[2, 4, 6, 6]).expect_err("four are more than three");
    assert_eq!(refused.code(), "TooManyOrders");
    let Ok(Answer::PaidTogether { paid, skipped, cash }) = pay(&[2, 4, 6]) else {
        panic!("unpaid")
    };
    assert_eq!(paid.iter().map(|order| order.id.number).collect::<Vec<_>>(), [2, 6]);
    let skipped: Vec<_> = skipped.iter().map(|it| (it.order.number, it.code.as_str())).collect();
    assert_eq!(skipped, [(4, "OrderClosed")]);
    assert_eq!(cash, usd("80"));
}

#[test]
fn r5_5_a_coupon_that_is_taken_back_is_answered_as_it_is_then() {
    let (mut world, _) = run("2026-04-01 00:00 grant cash 5 until 2026-06-01 00:00");
    let coupon = CouponId::new(ACCOUNT, 1);
    let command = Command::CancelCoupon(CancelCoupon { coupon });
    let answer = world.execute(instant("2026-04-02", "00:00"), &command).answer;
    let Ok(Answer::Coupon { coupon }) = answer else { panic!("{answer:?}") };
    assert_eq!(coupon.state, coupon::State::Cancelled);
}

#[test]
fn d44_a_released_resource_is_forgotten_once_nothing_can_come_any_more() {
    assert_snapshot!(play_only(&["released", "closed", "recorded"], "
        2026-03-01 10:00 top-up 10
        2026-03-01 10:00 open-resource net small
        2026-03-02 10:00 release-resource #1
        2026-04-06 09:59:59 step
        2026-04-06 10:00 step
    "), @r"
        2026-03-02 10:00   resource #1 released at 2026-03-02 10:00
        2026-04-06 10:00   resource #1 closed
        ");
}

#[test]
fn d44_use_counts_from_the_opening_to_the_release_and_35_days_back() {
    assert_snapshot!(play_only(&["recorded"], "
        2026-03-01 10:00 top-up 10
        2026-03-01 10:00 open-resource net small
        2026-03-01 10:30 report #1 traffic 1 as before at 2026-03-01 09:59:59
        2026-03-01 10:30 report #1 traffic 1 as first at 2026-03-01 10:00
        2026-03-01 10:30 report #1 traffic 1 as ahead at 2026-03-01 10:35
        2026-03-01 10:30 report #1 traffic 1 as beyond at 2026-03-01 10:35:01
        2026-03-01 10:30 report #1 traffic 1000000000000 as most
        2026-03-01 10:30 report #1 traffic 1000000000000.1 as more
        2026-04-05 10:00 report #1 traffic 1 as late at 2026-03-01 10:00
        2026-04-05 10:00:01 report #1 traffic 1 as later at 2026-03-01 10:00
        2026-04-05 10:30 release-resource #1
        2026-04-05 10:31 report #1 traffic 1 as last at 2026-04-05 10:30
        2026-04-05 10:31 report #1 traffic 1 as after at 2026-04-05 10:30:01
        2026-04-05 11:04:59 report #1 traffic 1 as intime at 2026-04-05 10:20
        2026-04-05 11:05 report #1 traffic 1 as toolate at 2026-04-05 10:20
    "), @r"
        2026-03-01 10:30   recorded 1 traffic in 2026-03-01 10:00
        2026-03-01 10:30   recorded 1 traffic in 2026-03-01 10:00
        2026-03-01 10:30   recorded 1 traffic in 2026-03-01 10:00
        2026-04-05 10:00   recorded 1 traffic late in 2026-03-01 10:00
        2026-04-05 10:31   recorded 1 traffic in 2026-04-05 10:00
        2026-04-05 11:04:59   recorded 1 traffic in 2026-04-05 10:00
        2026-04-05 11:05   recorded 1 traffic late in 2026-04-05 10:00
        ");
}

#[test]
fn r5_14_an_upgrade_takes_its_coupon_and_a_failed_one_gives_it_back() {
    assert_snapshot!(play_only(&["coupon", "order"], "
        2026-04-01 00:00 top-up 100
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-02 00:00 grant cash 4 until 2026-06-01 00:00
        2026-04-02 00:00 change #1 large
    "), @r"
        2026-04-01 00:00 #1 order #2 new P1M 10.00 USD by 2026-04-08 00:00
        2026-04-01 00:00   order #2 paid 10.00 USD
        2026-04-02 00:00   coupon #3 cash 4.00 USD granted until 2026-06-01 00:00
        2026-04-02 00:00 #1 order #4 upgrade P1M 34.66 USD with coupon #3 4.00 USD by 2026-04-09 00:00
        2026-04-02 00:00   order #4 paid 34.66 USD
        2026-04-02 00:00   coupon #3 took 4.00 USD off
        ");
}

#[test]
fn d41_an_upgrade_that_comes_after_its_end_is_paid_back() {
    let delivered = |at: &str| {
        play_only(
            &["order", "is "],
            &format!(
                "
            2026-04-01 00:00 top-up 100
            2026-04-01 00:00 purchase ecs small 1 month
            2026-04-02 00:00 acknowledge ecs upgrade
            2026-04-19 12:00 change #1 large until 2026-04-20 00:00
            2026-04-{at} provisioned #3
        "
            ),
        )
    };
    assert_snapshot!(delivered("19 23:59:59"), @r"
        2026-04-01 00:00 #1 order #2 new P1M 10.00 USD by 2026-04-08 00:00
        2026-04-01 00:00   order #2 paid 10.00 USD
        2026-04-19 12:00 #1 order #3 upgrade P1M 0.66 USD by 2026-04-20 00:00
        2026-04-19 12:00   order #3 paid 0.66 USD, delivery by 2026-04-20 12:00
        2026-04-19 23:59:59   order #3 delivered
        2026-04-19 23:59:59 #1 is large until 2026-04-20 00:00
        ");
    assert_snapshot!(delivered("20 00:00"), @r"
        2026-04-01 00:00 #1 order #2 new P1M 10.00 USD by 2026-04-08 00:00
        2026-04-01 00:00   order #2 paid 10.00 USD
        2026-04-19 12:00 #1 order #3 upgrade P1M 0.66 USD by 2026-04-20 00:00
        2026-04-19 12:00   order #3 paid 0.66 USD, delivery by 2026-04-20 12:00
        2026-04-20 00:00   order #3 failed reported, 0.66 USD back due 2026-04-20 00:00
        ");
}

#[test]
fn d43_what_was_not_delivered_repays_credit_and_is_on_a_credit_note() {
    assert_snapshot!(play_only(&["order", "invoice", "credit", "repaid"], "
        2026-04-01 00:00 limit 50
        2026-04-01 00:00 acknowledge ecs new
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-01 01:00 invoice 2026-04
        2026-04-01 02:00 provision-failed #2
    "), @r"
        2026-04-01 00:00 credit limit 50.00 USD
        2026-04-01 00:00 #1 order #2 new P1M 10.00 USD by 2026-04-08 00:00
        2026-04-01 00:00   order #2 paid 10.00 USD, delivery by 2026-04-02 00:00
        2026-04-01 01:00 invoice #3 of 2026-04 [(1, 1)] 10.00 USD
        2026-04-01 02:00   order #2 failed reported, 10.00 USD back due 2026-04-01 02:00
        2026-04-01 02:00 credit_note #4 for #3 of 2026-04 [(2, 2)] -10.00 USD
        2026-04-01 02:00 repaid 10.00 USD for 2026-04
        ");
}

#[test]
fn d42_a_coupon_that_ends_as_its_delivery_fails_gets_its_time_back() {
    for (at, again) in [("2026-04-01 23:59:59", 0), ("2026-04-02 00:00", 1)] {
        let story = play(&format!(
            "
            2026-04-01 12:00 acknowledge ecs new
            2026-04-01 12:00 top-up 20
            2026-04-01 12:00 grant cash 4 until 2026-04-02 00:00
            2026-04-01 12:00 purchase ecs small 1 month
            {at} provision-failed #3
        "
        ));
        assert_eq!(story.matches("free again until 2026-04-02 12:00").count(), again, "{story}");
        assert_eq!(story.matches("free again").count(), 1, "{story}");
    }
}

#[test]
fn r5_3_a_coupon_that_would_be_over_as_it_begins_is_none() {
    assert_snapshot!(play("
        2026-02-01 10:00 grant cash 5 from 2026-02-02 00:00 until 2026-02-02 00:00
        2026-02-01 10:00 grant cash 5 from 2026-02-02 00:00 until 2026-02-02 00:00:01
    "), @r"
        2026-02-01 10:00 ! InvalidCoupon: that is no coupon: it would be over before it begins
        2026-02-01 10:00   coupon #1 cash 5.00 USD granted until 2026-02-02 00:00:01
        ");
}

#[test]
fn a_held_account_changes_nothing() {
    assert_snapshot!(play_only(&["held"], "
        2026-04-01 00:00 top-up 100
        2026-04-01 00:00 purchase ecs small 1 month unpaid
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-01 00:00 open-resource vm small
        2026-04-01 00:00 grant cash 5
        2026-04-01 00:00 hold
        2026-04-01 00:00 use #2
        2026-04-01 00:00 mode #3 none
        2026-04-01 00:00 stop #5
        2026-04-01 00:00 release-resource #5
        2026-04-01 00:00 change #3 large
        2026-04-01 00:00 unsubscribe #3
        2026-04-01 00:00 renew #3 1 month
        2026-04-01 00:00 pay #2
        2026-04-01 00:00 let-go
        2026-04-01 00:00 use #2 coupon #77
        2026-04-01 00:00 open-resource vm huge
        2026-04-01 00:00 plan #5 huge
    "), @r#"
        2026-04-01 00:00 held
        2026-04-01 00:00 ! AccountHeld: the account is held until an operator lets it go
        2026-04-01 00:00 ! AccountHeld: the account is held until an operator lets it go
        2026-04-01 00:00 ! AccountHeld: the account is held until an operator lets it go
        2026-04-01 00:00 ! AccountHeld: the account is held until an operator lets it go
        2026-04-01 00:00 ! AccountHeld: the account is held until an operator lets it go
        2026-04-01 00:00 ! AccountHeld: the account is held until an operator lets it go
        2026-04-01 00:00 ! AccountHeld: the account is held until an operator lets it go
        2026-04-01 00:00 ! AccountHeld: the account is held until an operator lets it go
        2026-04-01 00:00 ! CouponNotFound: there is no coupon cpn#77 in this account
        2026-04-01 00:00 ! UnknownPlan: "vm" has no plan "huge"
        2026-04-01 00:00 ! UnknownPlan: "vm" has no plan "huge"
        "#);
}

#[test]
fn r6_8_while_overdue_nothing_is_bought_and_auto_renewal_is_not_switched_on() {
    assert_snapshot!(play_only(&["overdue", "auto", "manual", "none", "NotRenewal"], "
        2026-03-01 10:00 top-up 20
        2026-03-01 10:00 purchase ecs small 1 month
        2026-03-01 10:00 purchase ecs small 1 month auto
        2026-03-01 10:00 open-resource at-once small
        2026-03-01 10:00 purchase ecs small 1 month unpaid
        2026-03-01 12:00 step
        2026-03-01 12:00 mode #1 auto
        2026-03-01 12:00 mode #3 auto by 3 months
        2026-03-01 12:00 mode #3 none
        2026-03-01 12:00 mode #1 none
        2026-03-01 12:00 pay #7
        2026-03-01 12:00 pay-together #7
        2026-03-01 12:00 renew #1 1 month
        2026-03-01 12:00 change #1 large
        2026-03-01 12:00 purchase ecs free 1 month
    "), @r"
        2026-03-01 11:05   overdue: 0.60 USD to pay, available -0.60 USD
        2026-03-01 12:00 ! AccountOverdue: the account is overdue: 0.60 USD must be paid first
        2026-03-01 12:00 #3 NotRenewal P3M
        2026-03-01 12:00 #1 NotRenewal
        2026-03-01 12:00 ! AccountOverdue: the account is overdue: 0.60 USD must be paid first
        2026-03-01 12:00 ! AccountOverdue: the account is overdue: 0.60 USD must be paid first
        2026-03-01 12:00 ! AccountOverdue: the account is overdue: 0.60 USD must be paid first
        2026-03-01 12:00 ! AccountOverdue: the account is overdue: 0.60 USD must be paid first
        2026-03-01 12:00 ! AccountOverdue: the account is overdue: 0.60 USD must be paid first
        ");
}

#[test]
fn r2_13_an_imported_subscription_renews_by_what_is_on_the_menu() {
    let renews = |words: &str| {
        let (world, _) =
            run(&format!("2026-02-10 10:00 import ecs small {words} until 2026-03-01 00:00 held"));
        (renewal(&world, 1), world.open().held_at.is_some())
    };
    assert_eq!(renews("3 months auto"), ("AutoRenewal Some(P3M)".to_owned(), true));
    assert_eq!(renews("5 months auto"), ("AutoRenewal Some(P1M)".to_owned(), true));
    assert_eq!(renews("5 months"), ("ManualRenewal None".to_owned(), true));
    assert_eq!(renews("1 month none"), ("NotRenewal None".to_owned(), true));
    let (world, _) = run(
        "2026-02-10 10:00 import ecs small 1 month until 2026-03-01 00:00 from 2026-01-01 00:00",
    );
    assert_eq!(world.open().held_at, None);
    assert_eq!(world.live(1).expect("a subscription").renewal.mode, Mode::ManualRenewal);
}

#[test]
fn d4_an_import_lies_on_its_anchor_or_on_the_midnight_after_it() {
    assert_snapshot!(play("
        2026-02-10 10:00 import ecs small 1 month from 2026-01-01 10:00 until 2026-03-02 00:00
        2026-02-10 10:00 import midnight small 1 month from 2026-01-01 10:00 until 2026-03-02 00:01
        2026-02-10 10:00 import midnight small 1 month from 2026-01-01 10:00 until 2026-03-03 00:00
        2026-02-10 10:00 import midnight small 1 month from 2026-01-01 10:00 until 2026-03-02 00:00
    "), @r"
        2026-02-10 10:00 ! OffAnchor: expires_at 2026-03-02T00:00:00Z does not lie whole months or weeks after its anchor
        2026-02-10 10:00 ! OffAnchor: expires_at 2026-03-02T00:01:00Z does not lie whole months or weeks after its anchor
        2026-02-10 10:00 ! OffAnchor: expires_at 2026-03-03T00:00:00Z does not lie whole months or weeks after its anchor
        2026-02-10 10:00 #1 imported 2026-02-01 10:00 to 2026-03-02 00:00
        ");
}

#[test]
fn d53_a_purchase_needs_a_country_where_that_is_required() {
    for (country, bought) in [("", false), (" of DE", true)] {
        let (mut world, _) = run(&format!("2026-02-10 10:00 open UTC{country}"));
        let at = instant("2026-02-10", "11:00");
        world.amend(at, |rules| rules.orders.purchase_requires = vec![Requirement::Country]);
        let command = purchase("1");
        let answer = world.execute(at, &command).answer;
        assert_eq!(answer.is_ok(), bought, "{answer:?}");
        let code = answer.err().map(|rejection| rejection.code());
        assert_eq!(code, (!bought).then_some("PurchaseRequires"));
    }
}

#[test]
fn r1_16_a_first_purchase_does_not_reach_beyond_the_horizon_either() {
    let (mut world, _) = run("2026-02-10 10:00 open UTC");
    let at = instant("2026-02-10", "11:00");
    world.amend(at, |rules| {
        rules.lifecycles.get_mut("0+15").expect("a preset").max_horizon_years = 1;
    });
    for (years, code) in [("1", None), ("2", Some("InvalidPeriod.ExceededMaximumExpirationDate"))] {
        let command = purchase(years);
        assert_eq!(world.execute(at, &command).answer.err().map(|it| it.code()), code);
    }
}

/// So many years of `ecs`, unpaid.
fn purchase(years: &str) -> Command {
    let purchase = Purchase {
        product: "ecs".into(),
        plan: "small".into(),
        region: "eu".into(),
        period: period(years, "year"),
        renewal_mode: Mode::ManualRenewal,
        pay_now: false,
        external_id: None,
        expires_not_after: None,
        coupon: CouponChoice::Auto,
        price_lock: false,
        expected_payable: None,
    };
    Command::Purchase(purchase)
}
