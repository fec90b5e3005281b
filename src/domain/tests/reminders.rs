//! Reminders: section 3 of the rulebook, and what R2.17 and R2.18 say of them.

use insta::assert_snapshot;

use super::scenario::{play_only, run};
use crate::domain::effects::{Outgoing, Topic};

const NOTICES: [&str; 2] = ["notice", "Renewal"];

#[test]
fn r3_1_the_ordinary_series() {
    assert_snapshot!(play_only(&NOTICES, "
        2026-01-10 12:00 top-up 10
        2026-01-10 12:00 purchase ecs small 1 month
        2026-03-01 12:00 step
    "), @r"
        2026-01-26 09:00 #1 notice expiring(15) due 2026-01-26 09:00
        2026-02-03 09:00 #1 notice expiring(7) due 2026-02-03 09:00
        2026-02-07 09:00 #1 notice expiring(3) due 2026-02-07 09:00
        2026-02-09 09:00 #1 notice expiring(1) due 2026-02-09 09:00
        2026-02-10 09:00 #1 notice expiring(0) due 2026-02-10 09:00
        2026-02-24 09:00 #1 notice release_ahead(1) due 2026-02-24 09:00
        ");
}

#[test]
fn r3_1_in_the_zone_of_the_subscription_and_over_the_clocks() {
    assert_snapshot!(play_only(&NOTICES, "
        2026-03-01 12:00 open Europe/Berlin
        2026-03-01 12:00 top-up 10
        2026-03-01 12:00 purchase ecs small 1 month
        2026-04-20 12:00 step
    "), @r"
        2026-03-17 08:00 #1 notice expiring(15) due 2026-03-17 08:00
        2026-03-25 08:00 #1 notice expiring(7) due 2026-03-25 08:00
        2026-03-29 07:00 #1 notice expiring(3) due 2026-03-29 07:00
        2026-03-31 07:00 #1 notice expiring(1) due 2026-03-31 07:00
        2026-04-01 07:00 #1 notice expiring(0) due 2026-04-01 07:00
        2026-04-15 07:00 #1 notice release_ahead(1) due 2026-04-15 07:00
        ");
}

#[test]
fn r3_3_some_remind_after_expiry_too() {
    assert_snapshot!(play_only(&NOTICES, "
        2026-01-10 12:00 top-up 10
        2026-01-10 12:00 purchase tencent small 1 month
        2026-03-01 12:00 step
    "), @r"
        2026-02-03 09:00 #1 notice expiring(7) due 2026-02-03 09:00
        2026-02-05 09:00 #1 notice expiring(5) due 2026-02-05 09:00
        2026-02-07 09:00 #1 notice expiring(3) due 2026-02-07 09:00
        2026-02-09 09:00 #1 notice expiring(1) due 2026-02-09 09:00
        2026-02-10 09:00 #1 notice expiring(0) due 2026-02-10 09:00
        2026-02-11 09:00 #1 notice expired_for(1) due 2026-02-11 09:00
        2026-02-13 09:00 #1 notice expired_for(3) due 2026-02-13 09:00
        2026-02-15 09:00 #1 notice expired_for(5) due 2026-02-15 09:00
        2026-02-17 09:00 #1 notice expired_for(7) due 2026-02-17 09:00
        2026-02-23 09:00 #1 notice release_ahead(1) due 2026-02-23 09:00
        ");
}

#[test]
fn r3_5_muted_reminders_leave_losses_and_failures() {
    assert_snapshot!(play_only(&["notice", "Renewal", "failed"], "
        2026-01-10 12:00 top-up 20
        2026-01-10 12:00 purchase ecs small 1 month
        2026-01-10 12:00 purchase ecs small 1 month auto
        2026-01-10 12:00 mode #1 manual muted
        2026-01-10 12:00 mode #3 auto muted
        2026-02-02 12:00 step
        2026-03-01 12:00 step
    "), @r"
        2026-01-10 12:00 #1 ManualRenewal muted
        2026-01-10 12:00 #3 AutoRenewal P1M muted
        2026-02-01 08:00 #3 failed NotEnoughFunds 10.00 USD due 2026-02-01 08:00
        2026-02-02 08:00 #3 failed NotEnoughFunds 10.00 USD due 2026-02-02 08:00
        2026-02-03 08:00 #3 failed NotEnoughFunds 10.00 USD due 2026-02-03 08:00
        2026-02-04 08:00 #3 failed NotEnoughFunds 10.00 USD due 2026-02-04 08:00
        2026-02-05 08:00 #3 failed NotEnoughFunds 10.00 USD due 2026-02-05 08:00
        2026-02-06 08:00 #3 failed NotEnoughFunds 10.00 USD due 2026-02-06 08:00
        2026-02-07 08:00 #3 failed NotEnoughFunds 10.00 USD due 2026-02-07 08:00
        2026-02-08 08:00 #3 failed NotEnoughFunds 10.00 USD due 2026-02-08 08:00
        2026-02-09 08:00 #3 failed NotEnoughFunds 10.00 USD due 2026-02-09 08:00
        2026-02-10 08:00 #3 failed NotEnoughFunds 10.00 USD due 2026-02-10 08:00
        2026-02-24 09:00 #1 notice release_ahead(1) due 2026-02-24 09:00
        2026-02-24 09:00 #3 notice release_ahead(1) due 2026-02-24 09:00
        ");
}

#[test]
fn r3_5_reminders_can_be_muted_when_the_mode_can_no_longer_be_changed() {
    assert_snapshot!(play_only(&["Renewal"], "
        2026-01-10 12:00 top-up 20
        2026-01-10 12:00 purchase tencent small 1 month
        2026-02-18 12:00 mode #1 auto
        2026-02-18 12:00 mode #1 manual muted
    "), @r"
        2026-02-18 12:00 ! TooLateForMode: the renewal mode of sub#1 can no longer be changed to that
        2026-02-18 12:00 #1 ManualRenewal muted
        ");
}

#[test]
fn r3_7_after_downtime_only_the_most_urgent_is_said() {
    assert_snapshot!(play_only(&["notice"], "
        2026-01-10 12:00 top-up 10
        2026-01-10 12:00 purchase ecs small 1 month
        2026-02-08 12:00 advance
        2026-02-20 12:00 advance
    "), @r"
        2026-02-08 12:00 #1 no notice expiring(15): Superseded due 2026-01-26 09:00
        2026-02-08 12:00 #1 no notice expiring(7): Superseded due 2026-02-03 09:00
        2026-02-08 12:00 #1 notice expiring(3) due 2026-02-07 09:00
        2026-02-20 12:00 #1 no notice expiring(1): Superseded due 2026-02-09 09:00
        2026-02-20 12:00 #1 no notice expiring(0): Superseded due 2026-02-10 09:00
        ");
}

#[test]
fn r3_7_two_notices_of_a_release_collapse_as_well() {
    assert_snapshot!(play_only(&["notice"], "
        2026-01-10 12:00 top-up 10
        2026-01-10 12:00 purchase two-releases small 1 month
        2026-02-24 12:00 advance
    "), @r"
        2026-02-24 12:00 #1 no notice expiring(15): Superseded due 2026-01-26 09:00
        2026-02-24 12:00 #1 no notice expiring(7): Superseded due 2026-02-03 09:00
        2026-02-24 12:00 #1 no notice expiring(3): Superseded due 2026-02-07 09:00
        2026-02-24 12:00 #1 no notice expiring(1): Superseded due 2026-02-09 09:00
        2026-02-24 12:00 #1 no notice expiring(0): Superseded due 2026-02-10 09:00
        2026-02-24 12:00 #1 no notice release_ahead(7): Superseded due 2026-02-18 09:00
        2026-02-24 12:00 #1 notice release_ahead(1) due 2026-02-24 09:00
        ");
}

#[test]
fn d25_two_notices_to_top_up_collapse_as_well() {
    assert_snapshot!(play_only(&["notice"], "
        2026-01-10 12:00 top-up 10
        2026-01-10 12:00 purchase ecs small 1 month auto
        2026-01-31 12:00 advance
    "), @r"
        2026-01-31 12:00 #1 no notice renewal_ahead(15): Superseded due 2026-01-26 09:00
        2026-01-31 12:00 #1 no notice top_up(13): Superseded due 2026-01-28 09:00
        2026-01-31 12:00 #1 notice top_up(11) 10.00 USD short due 2026-01-30 09:00
        ");
}

#[test]
fn d25_failures_collapse_into_the_last() {
    assert_snapshot!(play_only(&["failed", "notice"], "
        2026-01-10 12:00 top-up 10
        2026-01-10 12:00 purchase ecs small 1 month auto
        2026-02-12 12:00 advance
    "), @r"
        2026-02-12 12:00 #1 no notice renewal_ahead(15): Superseded due 2026-01-26 09:00
        2026-02-12 12:00 #1 no notice top_up(13): Superseded due 2026-01-28 09:00
        2026-02-12 12:00 #1 no notice top_up(11): Superseded due 2026-01-30 09:00
        2026-02-12 12:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-01 08:00 (silent)
        2026-02-12 12:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-02 08:00 (silent)
        2026-02-12 12:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-03 08:00 (silent)
        2026-02-12 12:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-04 08:00 (silent)
        2026-02-12 12:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-05 08:00 (silent)
        2026-02-12 12:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-06 08:00 (silent)
        2026-02-12 12:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-07 08:00 (silent)
        2026-02-12 12:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-08 08:00 (silent)
        2026-02-12 12:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-09 08:00 (silent)
        2026-02-12 12:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-10 08:00
        ");
}

#[test]
fn r3_7_marks_before_the_start_of_the_period_are_never_due() {
    assert_snapshot!(play_only(&["notice", "renewed"], "
        2026-11-02 10:00 top-up 100
        2026-11-02 10:00 purchase ecs small 1 week
        2026-11-04 10:00 renew #1 1 week
        2026-11-17 10:00 step
    "), @r"
        2026-11-04 10:00 #1 renewed 2026-11-09 10:00 to 2026-11-16 10:00 due 2026-11-04 10:00
        2026-11-13 09:00 #1 notice expiring(3) due 2026-11-13 09:00
        2026-11-15 09:00 #1 notice expiring(1) due 2026-11-15 09:00
        2026-11-16 09:00 #1 notice expiring(0) due 2026-11-16 09:00
        ");
}

#[test]
fn r3_7_after_a_change_of_mode_only_future_marks_apply() {
    assert_snapshot!(play_only(&NOTICES, "
        2026-01-10 12:00 top-up 10
        2026-01-10 12:00 purchase ecs small 1 month
        2026-01-28 10:00 mode #1 auto
        2026-02-04 10:00 mode #1 manual
        2026-02-10 10:00 step
    "), @r"
        2026-01-28 10:00 #1 notice expiring(15) due 2026-01-26 09:00
        2026-01-28 10:00 #1 AutoRenewal P1M
        2026-02-04 10:00 #1 no notice top_up(11): Superseded due 2026-01-30 09:00
        2026-02-04 10:00 #1 ManualRenewal P1M
        2026-02-07 09:00 #1 notice expiring(3) due 2026-02-07 09:00
        2026-02-09 09:00 #1 notice expiring(1) due 2026-02-09 09:00
        2026-02-10 09:00 #1 notice expiring(0) due 2026-02-10 09:00
        ");
}

#[test]
fn r3_7_a_mark_on_the_expiry_gives_way() {
    // It expires at nine, when the notice of the day would be due.
    assert_snapshot!(play_only(&["notice", "suspended"], "
        2026-01-10 09:00 top-up 10
        2026-01-10 09:00 purchase ecs small 1 month
        2026-02-11 10:00 step
    "), @r"
        2026-01-26 09:00 #1 notice expiring(15) due 2026-01-26 09:00
        2026-02-03 09:00 #1 notice expiring(7) due 2026-02-03 09:00
        2026-02-07 09:00 #1 notice expiring(3) due 2026-02-07 09:00
        2026-02-09 09:00 #1 notice expiring(1) due 2026-02-09 09:00
        2026-02-10 09:00 #1 suspended due 2026-02-10 09:00
        ");
}

#[test]
fn r3_7_without_recovery_the_release_notice_is_the_last_reminder() {
    assert_snapshot!(play_only(&["notice", "suspended", "released"], "
        2026-01-10 12:00 top-up 10
        2026-01-10 12:00 purchase plan small 1 month
        2026-02-11 10:00 step
    "), @r"
        2026-01-26 09:00 #1 notice expiring(15) due 2026-01-26 09:00
        2026-02-03 09:00 #1 notice expiring(7) due 2026-02-03 09:00
        2026-02-07 09:00 #1 notice expiring(3) due 2026-02-07 09:00
        2026-02-09 09:00 #1 notice release_ahead(1) due 2026-02-09 09:00
        2026-02-10 09:00 #1 notice expiring(0) due 2026-02-10 09:00
        2026-02-10 12:00 #1 suspended due 2026-02-10 12:00
        2026-02-10 12:00 #1 released due 2026-02-10 12:00
        ");
}

#[test]
fn r3_7_renewing_voids_what_was_not_sent_yet() {
    let (world, _) = run("
        2026-01-10 12:00 top-up 20
        2026-01-10 12:00 purchase ecs small 1 month
        2026-02-08 12:00 step
        2026-02-08 12:00 renew #1 1 month
    ");
    let id = world.live(1).expect("a subscription").id;
    let voided = |topic| world.outgoing.iter().any(|(_, out)| *out == Outgoing::Void(topic));
    assert!(voided(Topic::Reminders(id)));
    assert!(voided(Topic::Losses(id)));
}

#[test]
fn r2_17_one_notice_ahead_and_top_up_notices_only_while_short() {
    assert_snapshot!(play_only(&NOTICES, "
        2026-01-10 12:00 top-up 30
        2026-01-10 12:00 purchase ecs small 1 month auto
        2026-01-10 12:00 purchase ecs small 1 month auto
        2026-01-28 12:00 step
        2026-01-28 12:00 top-up 10
        2026-02-01 07:00 step
    "), @r"
        2026-01-26 09:00 #1 notice renewal_ahead(15) 10.00 USD due 2026-01-26 09:00
        2026-01-26 09:00 #3 notice renewal_ahead(15) 10.00 USD short due 2026-01-26 09:00
        2026-01-28 09:00 #1 no notice top_up(13): FundsSuffice due 2026-01-28 09:00
        2026-01-28 09:00 #3 notice top_up(13) 10.00 USD short due 2026-01-28 09:00
        2026-01-30 09:00 #1 no notice top_up(11): FundsSuffice due 2026-01-30 09:00
        2026-01-30 09:00 #3 no notice top_up(11): FundsSuffice due 2026-01-30 09:00
        ");
}

#[test]
fn r2_17_the_amount_of_a_notice_is_honoured() {
    assert_snapshot!(play_only(&["notice", "renewed", "order"], "
        2026-01-10 12:00 top-up 100
        2026-01-10 12:00 purchase ecs small 1 month auto
        2026-01-27 12:00 step
        2026-01-27 12:00 price ecs small month 15
        2026-02-01 12:00 step
        2026-03-01 12:00 step
    "), @r"
        2026-01-10 12:00 #1 order #2 new P1M 10.00 USD by 2026-01-17 12:00
        2026-01-10 12:00   order #2 paid 10.00 USD
        2026-01-26 09:00 #1 notice renewal_ahead(15) 10.00 USD due 2026-01-26 09:00
        2026-01-28 09:00 #1 no notice top_up(13): FundsSuffice due 2026-01-28 09:00
        2026-01-30 09:00 #1 no notice top_up(11): FundsSuffice due 2026-01-30 09:00
        2026-02-01 08:00 #1 order #3 renew P1M 10.00 USD by 2026-02-08 08:00
        2026-02-01 08:00   order #3 paid 10.00 USD
        2026-02-01 08:00 #1 renewed by itself 2026-02-10 12:00 to 2026-03-10 12:00 due 2026-02-01 08:00
        2026-02-23 09:00 #1 notice renewal_ahead(15) 15.00 USD due 2026-02-23 09:00
        2026-02-25 09:00 #1 no notice top_up(13): FundsSuffice due 2026-02-25 09:00
        2026-02-27 09:00 #1 no notice top_up(11): FundsSuffice due 2026-02-27 09:00
        2026-03-01 08:00 #1 order #4 renew P1M 15.00 USD by 2026-03-08 08:00
        2026-03-01 08:00   order #4 paid 15.00 USD
        2026-03-01 08:00 #1 renewed by itself 2026-03-10 12:00 to 2026-04-10 12:00 due 2026-03-01 08:00
        ");
}

#[test]
fn r2_17_a_lower_price_is_a_lower_price() {
    assert_snapshot!(play_only(&["notice", "renewed", "order"], "
        2026-01-10 12:00 top-up 100
        2026-01-10 12:00 purchase ecs small 1 month auto
        2026-01-27 12:00 step
        2026-01-27 12:00 price ecs small month 8
        2026-02-01 12:00 step
    "), @r"
        2026-01-10 12:00 #1 order #2 new P1M 10.00 USD by 2026-01-17 12:00
        2026-01-10 12:00   order #2 paid 10.00 USD
        2026-01-26 09:00 #1 notice renewal_ahead(15) 10.00 USD due 2026-01-26 09:00
        2026-01-28 09:00 #1 no notice top_up(13): FundsSuffice due 2026-01-28 09:00
        2026-01-30 09:00 #1 no notice top_up(11): FundsSuffice due 2026-01-30 09:00
        2026-02-01 08:00 #1 order #3 renew P1M 8.00 USD by 2026-02-08 08:00
        2026-02-01 08:00   order #3 paid 8.00 USD
        2026-02-01 08:00 #1 renewed by itself 2026-02-10 12:00 to 2026-03-10 12:00 due 2026-02-01 08:00
        ");
}

#[test]
fn r2_17_a_promise_for_a_month_is_none_for_a_year() {
    assert_snapshot!(play_only(&["notice", "renewed", "order"], "
        2026-01-10 12:00 top-up 200
        2026-01-10 12:00 purchase ecs small 1 month auto
        2026-01-27 12:00 step
        2026-01-27 12:00 mode #1 auto by 1 year
        2026-02-01 12:00 step
    "), @r"
        2026-01-10 12:00 #1 order #2 new P1M 10.00 USD by 2026-01-17 12:00
        2026-01-10 12:00   order #2 paid 10.00 USD
        2026-01-26 09:00 #1 notice renewal_ahead(15) 10.00 USD due 2026-01-26 09:00
        2026-01-28 09:00 #1 no notice top_up(13): FundsSuffice due 2026-01-28 09:00
        2026-01-30 09:00 #1 no notice top_up(11): FundsSuffice due 2026-01-30 09:00
        2026-02-01 08:00 #1 order #3 renew P1Y 100.00 USD by 2026-02-08 08:00
        2026-02-01 08:00   order #3 paid 100.00 USD
        2026-02-01 08:00 #1 renewed by itself 2026-02-10 12:00 to 2027-02-10 12:00 due 2026-02-01 08:00
        ");
}

#[test]
fn r2_17_a_promise_holds_by_hand_too_and_after_sleep() {
    assert_snapshot!(play_only(&["notice", "renewed", "order"], "
        2026-01-10 12:00 top-up 200
        2026-01-10 12:00 purchase ecs small 1 month auto
        2026-01-27 12:00 step
        2026-01-27 12:00 price ecs small month 15
        2026-01-28 12:00 renew #1 1 month
    "), @r"
        2026-01-10 12:00 #1 order #2 new P1M 10.00 USD by 2026-01-17 12:00
        2026-01-10 12:00   order #2 paid 10.00 USD
        2026-01-26 09:00 #1 notice renewal_ahead(15) 10.00 USD due 2026-01-26 09:00
        2026-01-28 12:00 #1 no notice top_up(13): FundsSuffice due 2026-01-28 09:00
        2026-01-28 12:00 #1 order #3 renew P1M 10.00 USD by 2026-02-04 12:00
        2026-01-28 12:00   order #3 paid 10.00 USD
        2026-01-28 12:00 #1 renewed 2026-02-10 12:00 to 2026-03-10 12:00 due 2026-01-28 12:00
        ");
    assert_snapshot!(play_only(&["notice", "renewed", "order"], "
        2026-01-10 12:00 top-up 200
        2026-01-10 12:00 purchase ecs small 1 month auto
        2026-01-27 12:00 price ecs small month 15
        2026-02-12 12:00 advance
    "), @r"
        2026-01-10 12:00 #1 order #2 new P1M 10.00 USD by 2026-01-17 12:00
        2026-01-10 12:00   order #2 paid 10.00 USD
        2026-02-12 12:00 #1 no notice renewal_ahead(15): Superseded due 2026-01-26 09:00
        2026-02-12 12:00 #1 no notice top_up(13): FundsSuffice due 2026-01-28 09:00
        2026-02-12 12:00 #1 no notice top_up(11): FundsSuffice due 2026-01-30 09:00
        2026-02-12 12:00 #1 order #3 renew P1M 10.00 USD by 2026-02-08 08:00
        2026-02-12 12:00   order #3 paid 10.00 USD
        2026-02-12 12:00 #1 renewed by itself 2026-02-10 12:00 to 2026-03-10 12:00 due 2026-02-01 08:00
        ");
}
