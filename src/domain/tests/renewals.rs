//! Renewal by hand and by itself: sections 1 and 2 of the rulebook.

use insta::assert_snapshot;

use super::scenario::{instant, ordered, period, play, play_only, run, short, usd};
use crate::domain::agenda;
use crate::domain::command::{Answer, Command};
use crate::domain::nouns::subscription::{Mode, State};
use crate::domain::verbs::pricing::CouponChoice;
use crate::domain::verbs::{purchase, renew};

const RENEWALS: [&str; 3] = ["renewed", "failed", "active"];

#[test]
fn v5_the_first_attempt_is_nine_days_ahead_and_ten_slots_follow() {
    assert_snapshot!(play_only(&["failed"], "
        2014-01-31 12:00 top-up 20
        2014-01-31 12:00 purchase ecs small 2 months auto
        2014-04-01 00:00 step
    "), @r"
        2014-03-22 08:00 #1 failed NotEnoughFunds 10.00 USD due 2014-03-22 08:00
        2014-03-23 08:00 #1 failed NotEnoughFunds 10.00 USD due 2014-03-23 08:00
        2014-03-24 08:00 #1 failed NotEnoughFunds 10.00 USD due 2014-03-24 08:00
        2014-03-25 08:00 #1 failed NotEnoughFunds 10.00 USD due 2014-03-25 08:00
        2014-03-26 08:00 #1 failed NotEnoughFunds 10.00 USD due 2014-03-26 08:00
        2014-03-27 08:00 #1 failed NotEnoughFunds 10.00 USD due 2014-03-27 08:00
        2014-03-28 08:00 #1 failed NotEnoughFunds 10.00 USD due 2014-03-28 08:00
        2014-03-29 08:00 #1 failed NotEnoughFunds 10.00 USD due 2014-03-29 08:00
        2014-03-30 08:00 #1 failed NotEnoughFunds 10.00 USD due 2014-03-30 08:00
        2014-03-31 08:00 #1 failed NotEnoughFunds 10.00 USD due 2014-03-31 08:00
        ");
}

#[test]
fn v5_r2_3_the_last_slot_lies_strictly_before_expiry() {
    for (time, slots) in [("05:00", 9), ("08:00", 9), ("08:01", 10), ("15:00", 10)] {
        let failed = play_only(
            &["failed"],
            &format!(
                "
            2014-01-31 {time} top-up 20
            2014-01-31 {time} purchase ecs small 2 months auto
            2014-04-01 00:00 step
        "
            ),
        );
        assert_eq!(failed.lines().count(), slots, "expiry at {time}");
        assert!(failed.starts_with("2014-03-22 08:00"), "{failed}");
    }
}

#[test]
fn v15_a_weekly_plan_is_charged_on_the_first_day() {
    assert_snapshot!(play_only(&RENEWALS, "
        2026-11-02 10:00 top-up 100
        2026-11-02 10:00 purchase ecs small 1 week auto
        2026-11-17 12:00 step
    "), @r"
        2026-11-02 10:00 #1 active 2026-11-02 10:00 to 2026-11-09 10:00
        2026-11-03 08:00 #1 renewed by itself 2026-11-09 10:00 to 2026-11-16 10:00 due 2026-11-03 08:00
        2026-11-10 08:00 #1 renewed by itself 2026-11-16 10:00 to 2026-11-23 10:00 due 2026-11-10 08:00
        2026-11-17 08:00 #1 renewed by itself 2026-11-23 10:00 to 2026-11-30 10:00 due 2026-11-17 08:00
        ");
}

#[test]
fn v16_r2_10_a_manual_renewal_cancels_the_attempt() {
    assert_snapshot!(play_only(&RENEWALS, "
        2026-01-01 10:00 top-up 100
        2026-01-01 10:00 purchase ecs small 1 month auto
        2026-01-22 10:00 renew #1 1 month
        2026-02-28 10:00 step
    "), @r"
        2026-01-01 10:00 #1 active 2026-01-01 10:00 to 2026-02-01 10:00
        2026-01-22 10:00 #1 renewed 2026-02-01 10:00 to 2026-03-01 10:00 due 2026-01-22 10:00
        2026-02-20 08:00 #1 renewed by itself 2026-03-01 10:00 to 2026-04-01 10:00 due 2026-02-20 08:00
        ");
}

#[test]
fn v19_an_attempt_in_a_gap_comes_at_its_end() {
    let (world, _) = run("
        2025-02-12 17:00 open America/New_York
        2025-02-12 17:00 top-up 10
        2025-02-12 17:00 purchase half-past-two small 1 month auto
        2025-03-09 00:00 step
    ");
    assert_eq!(world.due_at(), Some(instant("2025-03-09", "07:00")), "02:30 is 03:00 EDT");
}

#[test]
fn v20_r1_16_the_horizon_is_ten_years() {
    assert_snapshot!(play("
        2026-01-01 10:00 top-up 5000
        2026-01-01 10:00 purchase ecs small 4 years
        2026-01-01 10:00 renew #1 5 years
        2026-01-01 10:00 renew #1 5 years
    "), @r"
        2026-01-01 10:00 +5000.00 USD
        2026-01-01 10:00 #1 order #2 new P4Y 400.00 USD by 2026-01-08 10:00
        2026-01-01 10:00   order #2 paid 400.00 USD
        2026-01-01 10:00 #1 active 2026-01-01 10:00 to 2030-01-01 10:00
        2026-01-01 10:00 #1 order #3 renew P5Y 500.00 USD by 2026-01-08 10:00
        2026-01-01 10:00   order #3 paid 500.00 USD
        2026-01-01 10:00 #1 renewed 2030-01-01 10:00 to 2035-01-01 10:00 due 2026-01-01 10:00
        2026-01-01 10:00 ! InvalidPeriod.ExceededMaximumExpirationDate: the new expiry 2040-01-01T10:00:00Z would lie beyond 2036-01-01T10:00:00Z
        ");
}

#[test]
fn r1_16_the_horizon_is_compared_before_rounding_up() {
    assert_snapshot!(play_only(&["renewed"], "
        2026-01-01 10:00 top-up 5000
        2026-01-01 10:00 purchase midnight small 5 years
        2026-01-01 10:00 renew #1 5 years
        2026-01-01 10:00 renew #1 1 week
    "), @r"
        2026-01-01 10:00 #1 renewed 2031-01-02 00:00 to 2036-01-02 00:00 due 2026-01-01 10:00
        2026-01-01 10:00 ! InvalidPeriod.ExceededMaximumExpirationDate: the new expiry 2036-01-08T10:00:00Z would lie beyond 2036-01-01T10:00:00Z
        ");
}

#[test]
fn r1_7_renewing_restarts_what_was_suspended_and_nothing_that_was_released() {
    assert_snapshot!(play("
        2026-01-01 10:00 top-up 100
        2026-01-01 10:00 purchase quiet small 1 month
        2026-02-10 10:00 step
        2026-02-10 10:00 renew #1 1 month
        2026-03-17 10:00 step
        2026-03-17 10:00 renew #1 1 month
    "), @r"
        2026-01-01 10:00 +100.00 USD
        2026-01-01 10:00 #1 order #2 new P1M 10.00 USD by 2026-01-08 10:00
        2026-01-01 10:00   order #2 paid 10.00 USD
        2026-01-01 10:00 #1 active 2026-01-01 10:00 to 2026-02-01 10:00
        2026-02-01 10:00 #1 expired due 2026-02-01 10:00
        2026-02-01 10:00 #1 suspended due 2026-02-01 10:00
        2026-02-03 12:00 2026-01 closed: 1 lines, 10.00 USD due 2026-02-03 12:00
        2026-02-10 10:00 #1 order #3 renew P1M 10.00 USD by 2026-02-16 10:00
        2026-02-10 10:00   order #3 paid 10.00 USD
        2026-02-10 10:00 #1 renewed 2026-02-01 10:00 to 2026-03-01 10:00 due 2026-02-10 10:00
        2026-03-01 10:00 #1 expired due 2026-03-01 10:00
        2026-03-01 10:00 #1 suspended due 2026-03-01 10:00
        2026-03-03 12:00 2026-02 closed: 1 lines, 10.00 USD due 2026-03-03 12:00
        2026-03-16 10:00 #1 notice release_ahead(1) due 2026-03-16 10:00, release moves to 2026-03-17 10:00
        2026-03-17 10:00 #1 released due 2026-03-17 10:00
        2026-03-17 10:00 ! SubscriptionEnded: sub#1 is over: what was released cannot be renewed
        ");
}

#[test]
fn r1_8_an_early_renewal_starts_at_the_old_expiry() {
    assert_snapshot!(play_only(&["renewed"], "
        2024-01-31 12:00 top-up 100
        2024-01-31 12:00 purchase ecs small 1 month
        2024-02-10 12:00 renew #1 1 month
        2024-02-11 12:00 renew #1 1 month
    "), @r"
        2024-02-10 12:00 #1 renewed 2024-02-29 12:00 to 2024-03-31 12:00 due 2024-02-10 12:00
        2024-02-11 12:00 #1 renewed 2024-03-31 12:00 to 2024-04-30 12:00 due 2024-02-11 12:00
        ");
}

#[test]
fn r1_9_a_late_renewal_starts_at_the_old_expiry() {
    assert_snapshot!(play_only(&["renewed"], "
        2026-01-31 12:00 top-up 100
        2026-01-31 12:00 purchase ecs small 1 month
        2026-03-10 12:00 renew #1 1 month
    "), @"2026-03-10 12:00 #1 renewed 2026-02-28 12:00 to 2026-03-31 12:00 due 2026-03-10 12:00");
}

#[test]
fn r1_11_the_worked_example_of_a_late_success() {
    assert_snapshot!(play_only(&["renewed", "failed", "active"], "
        2016-03-25 00:00 open UTC
        2016-03-25 00:00 top-up 10
        2016-03-25 00:00 purchase intl-2017 small 1 month auto
        2016-05-08 12:00 top-up 10
        2016-05-10 00:00 step
    "), @r"
        2016-03-25 00:00 #1 active 2016-03-25 00:00 to 2016-04-25 00:00
        2016-05-08 12:00 #1 failed NotEnoughFunds 10.00 USD due 2016-04-25 08:00 (silent)
        2016-05-08 12:00 #1 failed NotEnoughFunds 10.00 USD due 2016-05-01 08:00
        2016-05-09 08:00 #1 renewed by itself 2016-04-25 00:00 to 2016-05-25 00:00 due 2016-05-09 08:00
        ");
}

#[test]
fn r1_17_a_child_does_not_outlive_its_parent() {
    assert_snapshot!(play("
        2026-01-01 10:00 top-up 500
        2026-01-01 10:00 purchase quiet large 1 month
        2026-01-01 10:00 purchase quiet small 1 month under #1
        2026-01-01 10:00 purchase quiet small 2 months under #1
        2026-01-01 10:00 renew #3 1 month
        2026-01-01 10:00 renew #1 1 month
        2026-01-01 10:00 renew #3 1 month
        2026-01-01 10:00 purchase quiet small 1 month under #9
    "), @r"
        2026-01-01 10:00 +500.00 USD
        2026-01-01 10:00 #1 order #2 new P1M 50.00 USD by 2026-01-08 10:00
        2026-01-01 10:00   order #2 paid 50.00 USD
        2026-01-01 10:00 #1 active 2026-01-01 10:00 to 2026-02-01 10:00
        2026-01-01 10:00 #3 order #4 new P1M 10.00 USD by 2026-01-08 10:00
        2026-01-01 10:00   order #4 paid 10.00 USD
        2026-01-01 10:00 #3 active 2026-01-01 10:00 to 2026-02-01 10:00
        2026-01-01 10:00 ! InvalidPeriod.ExceededDedicatedHost: it would expire at 2026-03-01T10:00:00Z, after sub#1 at 2026-02-01T10:00:00Z
        2026-01-01 10:00 ! InvalidPeriod.ExceededDedicatedHost: it would expire at 2026-03-01T10:00:00Z, after sub#1 at 2026-02-01T10:00:00Z
        2026-01-01 10:00 #1 order #5 renew P1M 50.00 USD by 2026-01-08 10:00
        2026-01-01 10:00   order #5 paid 50.00 USD
        2026-01-01 10:00 #1 renewed 2026-02-01 10:00 to 2026-03-01 10:00 due 2026-01-01 10:00
        2026-01-01 10:00 #3 order #6 renew P1M 10.00 USD by 2026-01-08 10:00
        2026-01-01 10:00   order #6 paid 10.00 USD
        2026-01-01 10:00 #3 renewed 2026-02-01 10:00 to 2026-03-01 10:00 due 2026-01-01 10:00
        2026-01-01 10:00 ! SubscriptionNotFound: there is no subscription sub#9 in this account
        ");
}

#[test]
fn r1_17_a_child_that_is_paid_later_does_not_outlive_its_parent_either() {
    assert_snapshot!(play("
        2026-01-01 10:00 top-up 500
        2026-01-01 10:00 purchase quiet large 1 month
        2026-01-01 10:00 purchase quiet small 1 month unpaid under #1
        2026-01-04 10:00 pay #4
        2026-01-05 10:00 renew #1 1 month
        2026-01-05 10:00 pay #4
    "), @r"
        2026-01-01 10:00 +500.00 USD
        2026-01-01 10:00 #1 order #2 new P1M 50.00 USD by 2026-01-08 10:00
        2026-01-01 10:00   order #2 paid 50.00 USD
        2026-01-01 10:00 #1 active 2026-01-01 10:00 to 2026-02-01 10:00
        2026-01-01 10:00 #3 order #4 new P1M 10.00 USD by 2026-01-08 10:00
        2026-01-04 10:00 ! InvalidPeriod.ExceededDedicatedHost: it would expire at 2026-02-04T10:00:00Z, after sub#1 at 2026-02-01T10:00:00Z
        2026-01-05 10:00 #1 order #5 renew P1M 50.00 USD by 2026-01-12 10:00
        2026-01-05 10:00   order #5 paid 50.00 USD
        2026-01-05 10:00 #1 renewed 2026-02-01 10:00 to 2026-03-01 10:00 due 2026-01-05 10:00
        2026-01-05 10:00   order #4 paid 10.00 USD
        2026-01-05 10:00 #3 active 2026-01-05 10:00 to 2026-02-05 10:00
        ");
}

#[test]
fn r1_17_auto_renewal_fails_where_the_parent_ends() {
    assert_snapshot!(play_only(&["failed"], "
        2026-01-01 10:00 top-up 500
        2026-01-01 10:00 purchase quiet large 1 month
        2026-01-01 10:00 purchase quiet small 1 month auto under #1
        2026-01-24 10:00 step
    "), @r"
        2026-01-23 08:00 #3 failed InvalidPeriod.ExceededDedicatedHost 10.00 USD due 2026-01-23 08:00
        2026-01-24 08:00 #3 failed InvalidPeriod.ExceededDedicatedHost 10.00 USD due 2026-01-24 08:00
        ");
}

#[test]
fn r1_18_an_unpaid_order_stands_in_the_way_of_another() {
    assert_snapshot!(play("
        2026-01-01 10:00 top-up 500
        2026-01-01 10:00 purchase quiet small 1 month
        2026-01-02 10:00 renew #1 1 month unpaid
        2026-01-02 10:00 renew #1 3 months
        2026-01-02 10:00 cancel #3
        2026-01-02 10:00 renew #1 3 months
    "), @r"
        2026-01-01 10:00 +500.00 USD
        2026-01-01 10:00 #1 order #2 new P1M 10.00 USD by 2026-01-08 10:00
        2026-01-01 10:00   order #2 paid 10.00 USD
        2026-01-01 10:00 #1 active 2026-01-01 10:00 to 2026-02-01 10:00
        2026-01-02 10:00 #1 order #3 renew P1M 10.00 USD by 2026-01-09 10:00
        2026-01-02 10:00 ! UnpaidOrder: ord#3 on this subscription is unpaid: pay it or cancel it
        2026-01-02 10:00   order #3 cancelled Requested due 2026-01-02 10:00
        2026-01-02 10:00 #1 order #4 renew P3M 30.00 USD by 2026-01-09 10:00
        2026-01-02 10:00   order #4 paid 30.00 USD
        2026-01-02 10:00 #1 renewed 2026-02-01 10:00 to 2026-05-01 10:00 due 2026-01-02 10:00
        ");
}

#[test]
fn r2_5_every_preset_has_its_slots() {
    let slots = |product: &str| {
        let script = format!(
            "2026-01-10 12:00 top-up 10\n2026-01-10 12:00 purchase {product} small 1 month auto\n2026-03-20 00:00 step"
        );
        let failed = play_only(&["failed"], &script);
        let days: Vec<_> = failed.lines().map(|line| line[5..16].to_owned()).collect();
        format!("{product}: {}\n", days.join(", "))
    };
    // Each expires on 10 February at 12:00.
    assert_snapshot!(["ecs", "intl", "intl-2017", "mongodb", "huawei", "tencent", "plan"].map(slots).concat(), @r"
        ecs: 02-01 08:00, 02-02 08:00, 02-03 08:00, 02-04 08:00, 02-05 08:00, 02-06 08:00, 02-07 08:00, 02-08 08:00, 02-09 08:00, 02-10 08:00
        intl: 02-07 08:00, 02-09 08:00, 02-10 08:00, 02-16 08:00, 02-24 08:00
        intl-2017: 02-10 08:00, 02-16 08:00, 02-24 08:00
        mongodb: 02-01 08:00, 02-02 08:00, 02-03 08:00
        huawei: 02-03 03:00, 02-04 03:00, 02-05 03:00, 02-06 03:00, 02-07 03:00, 02-08 03:00, 02-09 03:00, 02-10 03:00, 02-11 03:00, 02-12 03:00, 02-13 03:00, 02-14 03:00, 02-15 03:00, 02-16 03:00, 02-17 03:00, 02-18 03:00, 02-19 03:00, 02-20 03:00, 02-21 03:00, 02-22 03:00, 02-23 03:00, 02-24 03:00, 02-25 03:00, 02-26 03:00, 02-27 03:00, 02-28 03:00, 03-01 03:00, 03-02 03:00, 03-03 03:00, 03-04 03:00, 03-05 03:00, 03-06 03:00, 03-07 03:00, 03-08 03:00, 03-09 03:00, 03-10 03:00, 03-11 03:00, 03-12 03:00
        tencent: 02-10 08:00, 02-11 08:00, 02-12 08:00, 02-13 08:00, 02-14 08:00, 02-15 08:00, 02-16 08:00, 02-17 08:00
        plan: 02-01 08:00, 02-02 08:00, 02-03 08:00, 02-04 08:00, 02-05 08:00, 02-06 08:00, 02-07 08:00, 02-08 08:00, 02-09 08:00, 02-10 08:00
        ");
}

#[test]
fn r2_6_a_top_up_after_expiry_does_not_revive_auto_renewal() {
    assert_snapshot!(play_only(&["renewed", "+", "released"], "
        2026-01-10 12:00 top-up 10
        2026-01-10 12:00 purchase quiet small 1 month auto
        2026-02-11 12:00 top-up 100
        2026-03-10 12:00 step
    "), @r"
        2026-01-10 12:00 +10.00 USD
        2026-02-11 12:00 +100.00 USD
        2026-02-26 12:00 #1 released due 2026-02-26 12:00
        ");
}

#[test]
fn r2_7_auto_renewal_is_switched_on_until_expiry_and_under_intl_for_fourteen_days() {
    assert_snapshot!(play_only(&["Renewal", "renewed"], "
        2026-01-10 12:00 top-up 100
        2026-01-10 12:00 purchase ecs small 1 month
        2026-01-10 12:00 purchase intl small 1 month
        2026-01-10 12:00 purchase intl small 1 month
        2026-02-10 12:00 mode #1 auto
        2026-02-24 11:59 mode #3 auto
        2026-02-24 12:00 mode #5 auto
    "), @r"
        2026-02-10 12:00 ! TooLateForMode: the renewal mode of sub#1 can no longer be changed to that
        2026-02-24 11:59 #3 AutoRenewal P1M
        2026-02-24 11:59 #3 renewed by itself 2026-02-10 12:00 to 2026-03-10 12:00 due 2026-02-24 11:59
        2026-02-24 12:00 ! TooLateForMode: the renewal mode of sub#5 can no longer be changed to that
        ");
}

#[test]
fn r2_8_short_periods_are_attempted_from_the_day_after_their_start() {
    let first = |product: &str, length: &str| {
        let (world, _) = run(&format!(
            "2026-11-02 10:00 top-up 100\n2026-11-02 10:00 purchase {product} small {length} auto"
        ));
        let live = world.live(1).expect("a subscription");
        let span = live.span().expect("a span");
        let next = agenda::next_attempt(&world.timeline, live, &span).expect("a slot");
        format!("{product} {length}: {}\n", short(next))
    };
    let all: Vec<_> = ["ecs", "intl", "intl-2017", "mongodb", "huawei", "tencent"]
        .into_iter()
        .flat_map(|product| ["1 week", "2 weeks"].map(|length| first(product, length)))
        .collect();
    assert_snapshot!(all.concat(), @r"
        ecs 1 week: 2026-11-03 08:00
        ecs 2 weeks: 2026-11-07 08:00
        intl 1 week: 2026-11-06 08:00
        intl 2 weeks: 2026-11-13 08:00
        intl-2017 1 week: 2026-11-09 08:00
        intl-2017 2 weeks: 2026-11-16 08:00
        mongodb 1 week: 2026-11-03 08:00
        mongodb 2 weeks: 2026-11-07 08:00
        huawei 1 week: 2026-11-03 03:00
        huawei 2 weeks: 2026-11-09 03:00
        tencent 1 week: 2026-11-09 08:00
        tencent 2 weeks: 2026-11-16 08:00
        ");
}

#[test]
fn r2_9_where_no_slot_is_left_before_expiry_it_is_attempted_at_once() {
    assert_snapshot!(play_only(&["Renewal", "renewed", "failed"], "
        2026-01-10 12:00 top-up 20
        2026-01-10 12:00 purchase mongodb small 1 month
        2026-01-10 12:00 purchase mongodb small 1 month
        2026-02-05 12:00 mode #1 auto
        2026-02-05 12:00 mode #1 auto
        2026-02-05 13:00 top-up 10
        2026-02-05 14:00 mode #3 auto
    "), @r"
        2026-02-05 12:00 #1 AutoRenewal P1M
        2026-02-05 12:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-05 12:00
        2026-02-05 14:00 #3 AutoRenewal P1M
        2026-02-05 14:00 #3 renewed by itself 2026-02-10 12:00 to 2026-03-10 12:00 due 2026-02-05 14:00
        ");
}

#[test]
fn r2_9_what_is_being_delivered_is_waited_for_and_not_paid_again() {
    let happens = &["Renewal", "order", "renewed", "failed"];
    let begins = "
        2026-01-10 12:00 acknowledge mongodb renew upgrade
        2026-01-10 12:00 top-up 100
        2026-01-10 12:00 purchase mongodb small 1 month
        2026-02-05 11:00 renew #1 1 month
        2026-02-05 11:00 mode #1 auto
";
    let begun = play_only(happens, begins);
    assert_snapshot!(begun, @r"
        2026-01-10 12:00 #1 order #2 new P1M 10.00 USD by 2026-01-17 12:00
        2026-01-10 12:00   order #2 paid 10.00 USD
        2026-02-05 11:00 #1 order #3 renew P1M 10.00 USD by 2026-02-12 11:00
        2026-02-05 11:00   order #3 paid 10.00 USD, delivery by 2026-02-06 11:00
        2026-02-05 11:00 #1 AutoRenewal P1M
        ");
    let goes_on = |ends: &[&str]| {
        let told = play_only(happens, &format!("{begins}{}", ends.join("\n")));
        told.strip_prefix(&begun).expect("the same beginning").trim_start().to_owned()
    };
    assert_snapshot!(goes_on(&["2026-02-05 13:00 provisioned #3", "2026-02-06 13:00 step"]), @r"
        2026-02-05 13:00   order #3 delivered
        2026-02-05 13:00 #1 renewed 2026-02-10 12:00 to 2026-03-10 12:00 due 2026-02-05 13:00
        ");
    assert_snapshot!(goes_on(&["2026-02-06 13:00 step", "2026-02-08 13:00 step"]), @r"
        2026-02-06 11:00   order #3 failed timed_out, 10.00 USD back due 2026-02-06 11:00
        2026-02-06 11:00 #1 order #4 renew P1M 10.00 USD by 2026-02-13 11:00
        2026-02-06 11:00   order #4 paid 10.00 USD, delivery by 2026-02-07 11:00
        2026-02-07 11:00   order #4 failed timed_out, 10.00 USD back due 2026-02-07 11:00
        ");
    assert_snapshot!(goes_on(&["2026-02-05 13:00 mode #1 manual", "2026-02-06 13:00 step"]), @r"
        2026-02-05 13:00 #1 ManualRenewal P1M
        2026-02-06 11:00   order #3 failed timed_out, 10.00 USD back due 2026-02-06 11:00
        ");
    assert_snapshot!(play_only(happens, "
        2026-01-10 12:00 acknowledge mongodb upgrade
        2026-01-10 12:00 top-up 100
        2026-01-10 12:00 purchase mongodb small 1 month
        2026-02-05 11:00 change #1 large
        2026-02-05 11:00 mode #1 auto
        2026-02-05 13:00 provisioned #3
    "), @r"
        2026-01-10 12:00 #1 order #2 new P1M 10.00 USD by 2026-01-17 12:00
        2026-01-10 12:00   order #2 paid 10.00 USD
        2026-02-05 11:00 #1 order #3 upgrade P1M 6.50 USD by 2026-02-10 12:00
        2026-02-05 11:00   order #3 paid 6.50 USD, delivery by 2026-02-06 11:00
        2026-02-05 11:00 #1 AutoRenewal P1M
        2026-02-05 13:00   order #3 delivered
        2026-02-05 13:00 #1 order #4 renew P1M 50.00 USD by 2026-02-12 13:00
        2026-02-05 13:00   order #4 paid 50.00 USD
        2026-02-05 13:00 #1 renewed by itself 2026-02-10 12:00 to 2026-03-10 12:00 due 2026-02-05 13:00
        ");
}

#[test]
fn r2_13_the_period_of_auto_renewal_is_derived_from_what_was_bought() {
    assert_snapshot!(play_only(&["Renewal", "active"], "
        2026-01-10 12:00 top-up 900
        2026-01-10 12:00 purchase ecs small 6 months
        2026-01-10 12:00 mode #1 auto
        2026-01-10 12:00 purchase ecs small 2 years
        2026-01-10 12:00 mode #3 auto
        2026-01-10 12:00 purchase ecs small 3 weeks unpaid
        2026-01-10 12:00 mode #5 auto
        2026-01-10 12:00 mode #5 auto by 9 months
        2026-01-10 12:00 purchase ecs yearly 12 months auto
    "), @r"
        2026-01-10 12:00 #1 active 2026-01-10 12:00 to 2026-07-10 12:00
        2026-01-10 12:00 #1 AutoRenewal P1M
        2026-01-10 12:00 #3 active 2026-01-10 12:00 to 2028-01-10 12:00
        2026-01-10 12:00 #3 AutoRenewal P1Y
        2026-01-10 12:00 #5 AutoRenewal P1W
        2026-01-10 12:00 ! PeriodNotOffered: P9M is not offered; offered are [P1W, P2W, P3W, P1M, P2M, P3M, P6M, P12M, P1Y, P2Y, P3Y]
        2026-01-10 12:00 ! PeriodNotOffered: P1M is not offered; offered are [P12M, P1Y, P2Y, P3Y, P4Y, P5Y]
        ");
    let (world, _) = run("
        2026-01-10 12:00 top-up 900
        2026-01-10 12:00 purchase ecs small 6 months auto
    ");
    assert_eq!(world.live(1).and_then(|live| live.renewal.period), "P1M".parse().ok());
}

#[test]
fn r2_16_an_attempt_takes_the_whole_or_nothing_and_leaves_no_order() {
    let (world, story) = run("
        2026-01-10 12:00 top-up 19.99
        2026-01-10 12:00 purchase quiet small 1 month auto
        2026-02-01 12:00 step
    ");
    assert!(story.contains("failed NotEnoughFunds 10.00 USD due 2026-02-01 08:00"));
    assert_eq!(world.open().wallet.cash, usd("9.99"));
    assert!(world.open().orders.is_empty());
    assert_eq!(world.open().next_number, 3, "not even a number was used");
}

#[test]
fn d26_a_renewal_of_an_expiry_that_moved_is_answered_with_the_order_that_moved_it() {
    assert_snapshot!(play("
        2026-01-01 10:00 top-up 100
        2026-01-01 10:00 purchase ecs small 1 month
        2026-01-02 10:00 renew #1 1 month seen 2026-02-01 10:00
        2026-01-02 10:00 renew #1 1 month seen 2026-02-01 10:00
        2026-01-02 10:00 renew #1 1 month
    "), @r"
        2026-01-01 10:00 +100.00 USD
        2026-01-01 10:00 #1 order #2 new P1M 10.00 USD by 2026-01-08 10:00
        2026-01-01 10:00   order #2 paid 10.00 USD
        2026-01-01 10:00 #1 active 2026-01-01 10:00 to 2026-02-01 10:00
        2026-01-02 10:00 #1 order #3 renew P1M 10.00 USD by 2026-01-09 10:00
        2026-01-02 10:00   order #3 paid 10.00 USD
        2026-01-02 10:00 #1 renewed 2026-02-01 10:00 to 2026-03-01 10:00 due 2026-01-02 10:00
        2026-01-02 10:00 #1 order #4 renew P1M 10.00 USD by 2026-01-09 10:00
        2026-01-02 10:00   order #4 paid 10.00 USD
        2026-01-02 10:00 #1 renewed 2026-03-01 10:00 to 2026-04-01 10:00 due 2026-01-02 10:00
        ");
}

#[test]
fn d26_the_answer_names_the_order_and_the_present_expiry() {
    let (mut world, _) = run("
        2026-01-01 10:00 top-up 100
        2026-01-01 10:00 purchase ecs small 1 month
        2026-01-02 10:00 renew #1 1 month
    ");
    let live = world.live(1).expect("a subscription").clone();
    let renew = Command::Renew(renew::Renew {
        subscription: live.id,
        term: renew::Term::Period("P1M".parse().expect("a period")),
        plan: None,
        pay_now: true,
        expected_expires_at: Some(instant("2026-02-01", "10:00")),
        coupon: CouponChoice::Auto,
        expected_payable: None,
    });
    let answer = world.execute(instant("2026-01-02", "10:00"), &renew).answer;
    let expires_at = instant("2026-03-01", "10:00");
    assert_eq!(answer, Ok(Answer::AlreadyRenewed { order: live.last_order, expires_at }));
}

#[test]
fn d27_little_money_goes_to_the_nearest_expiry_then_to_the_lowest_amount() {
    // #3 expires an hour before the others. Of those #5 costs 10, #7 50 and #1 100.
    assert_snapshot!(play_only(&["renewed", "failed"], "
        2025-02-10 12:00 top-up 100
        2025-02-10 12:00 purchase quiet small 1 year auto
        2026-01-10 11:00 top-up 110
        2026-01-10 11:00 purchase quiet large 1 month auto
        2026-01-10 12:00 purchase quiet small 1 month auto
        2026-01-10 12:00 purchase quiet large 1 month auto
        2026-01-10 12:30 top-up 60
        2026-02-01 12:00 advance
    "), @r"
        2026-02-01 12:00 #3 renewed by itself 2026-02-10 11:00 to 2026-03-10 11:00 due 2026-02-01 08:00
        2026-02-01 12:00 #5 renewed by itself 2026-02-10 12:00 to 2026-03-10 12:00 due 2026-02-01 08:00
        2026-02-01 12:00 #7 failed NotEnoughFunds 50.00 USD due 2026-02-01 08:00
        2026-02-01 12:00 #1 failed NotEnoughFunds 100.00 USD due 2026-02-01 08:00
        ");
}

#[test]
fn d27_what_does_not_fit_is_skipped_and_the_rest_goes_on() {
    assert_snapshot!(play_only(&["renewed", "failed"], "
        2026-01-10 11:00 top-up 60
        2026-01-10 11:00 purchase quiet large 1 month auto
        2026-01-10 12:00 purchase quiet small 1 month auto
        2026-01-10 12:30 top-up 20
        2026-02-01 12:00 advance
    "), @r"
        2026-02-01 12:00 #1 failed NotEnoughFunds 50.00 USD due 2026-02-01 08:00
        2026-02-01 12:00 #3 renewed by itself 2026-02-10 12:00 to 2026-03-10 12:00 due 2026-02-01 08:00
        ");
}

#[test]
fn d27_the_amount_is_what_the_attempt_costs_not_what_the_period_did() {
    // #1 cost 100 for the year and renews by the month at 10; #3 renews at 50.
    assert_snapshot!(play_only(&["renewed", "failed"], "
        2025-02-10 12:00 top-up 100
        2025-02-10 12:00 purchase quiet small 1 year auto
        2025-02-10 12:00 mode #1 auto by 1 month
        2026-01-10 12:00 top-up 100
        2026-01-10 12:00 purchase quiet large 1 month auto
        2026-02-01 12:00 advance
    "), @r"
        2026-02-01 12:00 #1 renewed by itself 2026-02-10 12:00 to 2026-03-10 12:00 due 2026-02-01 08:00
        2026-02-01 12:00 #3 failed NotEnoughFunds 50.00 USD due 2026-02-01 08:00
        ");
}

#[test]
fn d28_an_unpaid_order_for_the_same_time_is_adopted() {
    assert_snapshot!(play("
        2026-01-10 12:00 top-up 10
        2026-01-10 12:00 purchase quiet small 1 month auto
        2026-01-31 12:00 renew #1 1 month unpaid
        2026-02-01 09:00 step
        2026-02-01 10:00 price quiet small month 12
        2026-02-01 10:00 top-up 10
        2026-02-02 09:00 step
    "), @r"
        2026-01-10 12:00 +10.00 USD
        2026-01-10 12:00 #1 order #2 new P1M 10.00 USD by 2026-01-17 12:00
        2026-01-10 12:00   order #2 paid 10.00 USD
        2026-01-10 12:00 #1 active 2026-01-10 12:00 to 2026-02-10 12:00
        2026-01-31 12:00 #1 order #3 renew P1M 10.00 USD by 2026-02-07 12:00
        2026-02-01 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-01 08:00
        2026-02-01 10:00 +10.00 USD
        2026-02-02 08:00   order #3 paid 10.00 USD
        2026-02-02 08:00 #1 renewed by itself 2026-02-10 12:00 to 2026-03-10 12:00 due 2026-02-02 08:00
        ");
}

#[test]
fn d28_an_unpaid_order_for_another_time_holds_up_all_attempts_but_the_last() {
    assert_snapshot!(play("
        2026-01-10 12:00 top-up 10
        2026-01-10 12:00 purchase quiet small 1 month auto
        2026-02-07 12:00 step
        2026-02-07 12:00 renew #1 2 months unpaid
        2026-02-08 07:00 top-up 10
        2026-02-10 12:00 step
    "), @r"
        2026-01-10 12:00 +10.00 USD
        2026-01-10 12:00 #1 order #2 new P1M 10.00 USD by 2026-01-17 12:00
        2026-01-10 12:00   order #2 paid 10.00 USD
        2026-01-10 12:00 #1 active 2026-01-10 12:00 to 2026-02-10 12:00
        2026-02-01 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-01 08:00
        2026-02-02 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-02 08:00
        2026-02-03 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-03 08:00
        2026-02-03 12:00 2026-01 closed: 1 lines, 10.00 USD due 2026-02-03 12:00
        2026-02-04 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-04 08:00
        2026-02-05 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-05 08:00
        2026-02-06 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-06 08:00
        2026-02-07 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-07 08:00
        2026-02-07 12:00 #1 order #3 renew P2M 20.00 USD by 2026-02-10 08:00
        2026-02-08 07:00 +10.00 USD
        2026-02-08 08:00 #1 failed UnpaidOrder 20.00 USD due 2026-02-08 08:00
        2026-02-09 08:00 #1 failed UnpaidOrder 20.00 USD due 2026-02-09 08:00
        2026-02-10 08:00   order #3 cancelled TimedOut due 2026-02-10 08:00
        2026-02-10 08:00 #1 order #4 renew P1M 10.00 USD by 2026-02-17 08:00
        2026-02-10 08:00   order #4 paid 10.00 USD
        2026-02-10 08:00 #1 renewed by itself 2026-02-10 12:00 to 2026-03-10 12:00 due 2026-02-10 08:00
        ");
}

#[test]
fn d28_the_deadline_is_the_last_slot_and_the_attempt_there_makes_its_own_order() {
    assert_snapshot!(play("
        2026-01-10 12:00 top-up 10
        2026-01-10 12:00 purchase quiet small 1 month auto
        2026-02-09 12:00 step
        2026-02-09 12:00 renew #1 1 month unpaid
        2026-02-10 07:00 top-up 10
        2026-02-10 08:00 pay #3
    "), @r"
        2026-01-10 12:00 +10.00 USD
        2026-01-10 12:00 #1 order #2 new P1M 10.00 USD by 2026-01-17 12:00
        2026-01-10 12:00   order #2 paid 10.00 USD
        2026-01-10 12:00 #1 active 2026-01-10 12:00 to 2026-02-10 12:00
        2026-02-01 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-01 08:00
        2026-02-02 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-02 08:00
        2026-02-03 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-03 08:00
        2026-02-03 12:00 2026-01 closed: 1 lines, 10.00 USD due 2026-02-03 12:00
        2026-02-04 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-04 08:00
        2026-02-05 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-05 08:00
        2026-02-06 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-06 08:00
        2026-02-07 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-07 08:00
        2026-02-08 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-08 08:00
        2026-02-09 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-09 08:00
        2026-02-09 12:00 #1 order #3 renew P1M 10.00 USD by 2026-02-10 08:00
        2026-02-10 07:00 +10.00 USD
        2026-02-10 08:00   order #3 cancelled TimedOut due 2026-02-10 08:00
        2026-02-10 08:00 #1 order #4 renew P1M 10.00 USD by 2026-02-17 08:00
        2026-02-10 08:00   order #4 paid 10.00 USD
        2026-02-10 08:00 #1 renewed by itself 2026-02-10 12:00 to 2026-03-10 12:00 due 2026-02-10 08:00
        2026-02-10 08:00 ! OrderClosed: ord#3 is closed: only unpaid orders can be paid or cancelled
        ");
}

#[test]
fn d40_a_retired_plan_is_renewed_until_it_ends_and_then_fails_with_a_notice() {
    assert_snapshot!(play_only(&["renewed", "failed", "active"], "
        2026-05-01 10:00 top-up 100
        2026-05-01 10:00 purchase quiet old 1 month auto
        2026-06-01 00:00 purchase quiet old 1 month
        2026-09-25 00:00 step
        2026-09-25 00:00 renew #1 1 month
    "), @r#"
        2026-05-01 10:00 #1 active 2026-05-01 10:00 to 2026-06-01 10:00
        2026-06-01 00:00 #1 renewed by itself 2026-06-01 10:00 to 2026-07-01 10:00 due 2026-05-23 08:00
        2026-06-01 00:00 ! PlanRetired: plan "old" of "quiet" is retired
        2026-06-22 08:00 #1 renewed by itself 2026-07-01 10:00 to 2026-08-01 10:00 due 2026-06-22 08:00
        2026-07-23 08:00 #1 renewed by itself 2026-08-01 10:00 to 2026-09-01 10:00 due 2026-07-23 08:00
        2026-08-23 08:00 #1 renewed by itself 2026-09-01 10:00 to 2026-10-01 10:00 due 2026-08-23 08:00
        2026-09-22 08:00 #1 failed PlanRetired due 2026-09-22 08:00
        2026-09-23 08:00 #1 failed PlanRetired due 2026-09-23 08:00
        2026-09-24 08:00 #1 failed PlanRetired due 2026-09-24 08:00
        2026-09-25 00:00 ! PlanRetired: plan "old" of "quiet" is retired
        "#);
}

#[test]
fn d40_a_product_that_leaves_the_rules_fails_aloud() {
    assert_snapshot!(play("
        2026-05-01 10:00 top-up 100
        2026-05-01 10:00 purchase ecs small 1 month auto
        2026-05-02 10:00 withdraw ecs
        2026-06-16 12:00 advance
        2026-06-18 12:00 advance
    "), @r"
        2026-05-01 10:00 +100.00 USD
        2026-05-01 10:00 #1 order #2 new P1M 10.00 USD by 2026-05-08 10:00
        2026-05-01 10:00   order #2 paid 10.00 USD
        2026-05-01 10:00 #1 active 2026-05-01 10:00 to 2026-06-01 10:00
        2026-06-16 12:00 #1 no notice renewal_ahead(15): Superseded due 2026-05-17 09:00
        2026-06-16 12:00 #1 no notice top_up(13): FundsSuffice due 2026-05-19 09:00
        2026-06-16 12:00 #1 no notice top_up(11): FundsSuffice due 2026-05-21 09:00
        2026-06-16 12:00 #1 failed PlanRetired due 2026-05-23 08:00 (silent)
        2026-06-16 12:00 #1 failed PlanRetired due 2026-05-24 08:00 (silent)
        2026-06-16 12:00 #1 failed PlanRetired due 2026-05-25 08:00 (silent)
        2026-06-16 12:00 #1 failed PlanRetired due 2026-05-26 08:00 (silent)
        2026-06-16 12:00 #1 failed PlanRetired due 2026-05-27 08:00 (silent)
        2026-06-16 12:00 #1 failed PlanRetired due 2026-05-28 08:00 (silent)
        2026-06-16 12:00 #1 failed PlanRetired due 2026-05-29 08:00 (silent)
        2026-06-16 12:00 #1 failed PlanRetired due 2026-05-30 08:00 (silent)
        2026-06-16 12:00 #1 failed PlanRetired due 2026-05-31 08:00 (silent)
        2026-06-16 12:00 #1 failed PlanRetired due 2026-06-01 08:00
        2026-06-16 12:00 #1 expired due 2026-06-01 10:00
        2026-06-16 12:00 #1 suspended due 2026-06-01 10:00
        2026-06-16 12:00 2026-05 closed: 1 lines, 10.00 USD due 2026-06-03 12:00
        2026-06-16 12:00 #1 notice release_ahead(1) due 2026-06-15 09:00, release moves to 2026-06-17 12:00
        2026-06-18 12:00 #1 released due 2026-06-17 12:00
        ");
}

#[test]
fn d40_twelve_months_are_a_year_in_every_price() {
    let prices: Vec<_> = ["1 month", "11 months", "12 months", "1 year", "3 weeks"]
        .into_iter()
        .map(|length| {
            let (mut world, _) = run("2026-01-01 10:00 top-up 500");
            let words: Vec<&str> = length.split(' ').collect();
            let command = Command::Purchase(purchase::Purchase {
                product: "ecs".into(),
                plan: "small".into(),
                region: "eu".into(),
                period: period(words[0], words[1]),
                renewal_mode: Mode::ManualRenewal,
                pay_now: true,
                external_id: None,
                expires_not_after: None,
                coupon: CouponChoice::Auto,
                price_lock: false,
                expected_payable: None,
            });
            let order = ordered(world.execute(instant("2026-01-01", "10:00"), &command).answer);
            assert_eq!(world.live(1).map(|live| live.state), Some(State::Active));
            order.payable
        })
        .collect();
    assert_eq!(prices, ["10", "110", "100", "100", "9"].map(usd));
}

#[test]
fn d7_a_period_that_would_be_over_is_refused_with_the_least_that_is_not() {
    assert_snapshot!(play_only(&["renewed"], "
        2026-01-01 10:00 top-up 100
        2026-01-01 10:00 purchase quiet small 1 week
        2026-01-22 10:00 renew #1 1 week
        2026-01-22 10:00 renew #1 2 weeks
        2026-01-22 10:00 renew #1 3 weeks
    "), @r"
        2026-01-22 10:00 ! PeriodInPast: the new period would be over already; at least P3W is needed
        2026-01-22 10:00 ! PeriodInPast: the new period would be over already; at least P3W is needed
        2026-01-22 10:00 #1 renewed 2026-01-08 10:00 to 2026-01-29 10:00 due 2026-01-22 10:00
        ");
    // Four weeks would be needed and are not on the menu; a month is.
    assert_snapshot!(play_only(&["renewed"], "
        2026-01-01 10:00 top-up 100
        2026-01-01 10:00 purchase intl small 1 week
        2026-01-29 11:00 renew #1 3 weeks
        2026-01-29 11:00 renew #1 1 month
    "), @r"
        2026-01-29 11:00 ! PeriodInPast: the new period would be over already; at least P1M is needed
        2026-01-29 11:00 #1 renewed 2026-01-08 10:00 to 2026-02-08 10:00 due 2026-01-29 11:00
        ");
}

#[test]
fn d5_the_anchor_stays_for_life() {
    assert_snapshot!(play_only(&["renewed"], "
        2023-01-31 12:00 top-up 500
        2023-01-31 12:00 purchase ecs small 1 month auto
        2023-07-20 12:00 step
    "), @r"
        2023-02-19 08:00 #1 renewed by itself 2023-02-28 12:00 to 2023-03-31 12:00 due 2023-02-19 08:00
        2023-03-22 08:00 #1 renewed by itself 2023-03-31 12:00 to 2023-04-30 12:00 due 2023-03-22 08:00
        2023-04-21 08:00 #1 renewed by itself 2023-04-30 12:00 to 2023-05-31 12:00 due 2023-04-21 08:00
        2023-05-22 08:00 #1 renewed by itself 2023-05-31 12:00 to 2023-06-30 12:00 due 2023-05-22 08:00
        2023-06-21 08:00 #1 renewed by itself 2023-06-30 12:00 to 2023-07-31 12:00 due 2023-06-21 08:00
        ");
}

#[test]
fn d37_a_purchase_keeps_its_wall_time_over_the_clocks() {
    // 02:30 does not exist on 8 March 2026 in New York, and is there again a month later.
    assert_snapshot!(play_only(&["active", "renewed"], "
        2026-02-08 07:30 open America/New_York
        2026-02-08 07:30 top-up 100
        2026-02-08 07:30 purchase ecs small 1 month
        2026-02-09 07:30 renew #1 1 month
    "), @r"
        2026-02-08 07:30 #1 active 2026-02-08 07:30 to 2026-03-08 07:00
        2026-02-09 07:30 #1 renewed 2026-03-08 07:00 to 2026-04-08 06:30 due 2026-02-09 07:30
        ");
}
