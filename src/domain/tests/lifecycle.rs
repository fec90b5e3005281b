//! Expiry, grace, suspension, release, imports, holds and the brake.

use insta::assert_snapshot;

use super::scenario::{instant, mails, play, play_only, run};
use crate::domain::command::{Answer, Command};
use crate::domain::nouns::subscription::{Mode, State};
use crate::domain::verbs::set_renewal_mode::SetRenewalMode;

const LIFE: [&str; 4] = ["expired", "suspended", "released", "Renewal"];

#[test]
fn r1_1_to_r1_5_each_lifecycle_takes_its_days() {
    let life = |product: &str| {
        let script = format!(
            "2026-01-10 12:00 top-up 10\n2026-01-10 12:00 purchase {product} small 1 month\n2026-04-01 00:00 step"
        );
        play_only(&LIFE, &script).lines().fold(format!("{product}:"), |told, line| {
            format!("{told} {} {};", &line[5..10], line.split(' ').nth(3).expect("a word"))
        }) + "\n"
    };
    assert_snapshot!(["ecs", "intl", "tencent", "plan", "midnight"].map(life).concat(), @r"
        ecs: 02-10 expired; 02-10 suspended; 02-25 released;
        intl: 02-10 expired; 02-25 suspended; 03-12 released;
        tencent: 02-10 expired; 02-11 notice; 02-13 notice; 02-15 notice; 02-17 notice; 02-17 suspended; 02-24 released;
        plan: 02-10 expired; 02-10 suspended; 02-10 released;
        midnight: 02-11 expired; 02-11 suspended; 02-26 released;
        ");
}

#[test]
fn r2_18_not_renewal_reminds_of_nothing_before_expiry() {
    let script = "
        2026-01-10 12:00 top-up 20
        2026-01-10 12:00 purchase ecs small 1 month none
        2026-01-10 12:00 purchase t-3 small 1 month none
        2026-03-01 12:00 step
    ";
    assert_snapshot!(play_only(&["notice", "suspended", "released"], script), @r"
        2026-02-07 09:00 #3 notice expiring(3) due 2026-02-07 09:00
        2026-02-10 12:00 #1 suspended due 2026-02-10 12:00
        2026-02-10 12:00 #3 suspended due 2026-02-10 12:00
        2026-02-24 09:00 #1 notice release_ahead(1) due 2026-02-24 09:00
        2026-02-24 09:00 #3 notice release_ahead(1) due 2026-02-24 09:00
        2026-02-25 12:00 #1 released due 2026-02-25 12:00
        2026-02-25 12:00 #3 released due 2026-02-25 12:00
        ");
    assert_snapshot!(mails(script), @r"
        2026-01-10 12:00 topped_up
        2026-01-10 12:00 activated
        2026-01-10 12:00 activated
        2026-02-03 12:00 statement_ready
        2026-02-07 09:00 expiring
        2026-02-10 12:00 suspended
        2026-02-10 12:00 suspended
        2026-02-24 09:00 release_ahead
        2026-02-24 09:00 release_ahead
        2026-02-25 12:00 released
        2026-02-25 12:00 released
        ");
}

#[test]
fn r2_19_not_renewal_is_still_renewed_by_hand_and_stays() {
    let (world, story) = run("
        2026-01-10 12:00 top-up 20
        2026-01-10 12:00 purchase ecs small 1 month none
        2026-02-15 12:00 renew #1 1 month
    ");
    assert!(story.contains("renewed 2026-02-10 12:00 to 2026-03-10 12:00"), "{story}");
    assert_eq!(world.live(1).map(|live| live.renewal.mode.as_str()), Some("NotRenewal"));
}

#[test]
fn r2_19_switching_back_restores_reminders() {
    assert_snapshot!(play_only(&["notice", "Renewal"], "
        2026-01-10 12:00 top-up 10
        2026-01-10 12:00 purchase ecs small 1 month none
        2026-02-05 12:00 mode #1 manual
        2026-02-10 00:00 step
    "), @r"
        2026-02-05 12:00 #1 ManualRenewal
        2026-02-07 09:00 #1 notice expiring(3) due 2026-02-07 09:00
        2026-02-09 09:00 #1 notice expiring(1) due 2026-02-09 09:00
        ");
}

#[test]
fn r2_20_not_renewal_is_not_served_in_grace_and_released_no_earlier() {
    assert_snapshot!(play_only(&LIFE, "
        2026-01-10 12:00 top-up 20
        2026-01-10 12:00 purchase intl small 1 month none
        2026-01-10 12:00 purchase intl small 1 month manual
        2026-02-12 10:00 mode #3 none
        2026-02-12 11:00 mode #3 manual
        2026-03-13 12:00 step
    "), @r"
        2026-02-12 10:00 #1 expired due 2026-02-10 12:00
        2026-02-12 10:00 #1 suspended due 2026-02-10 12:00
        2026-02-12 10:00 #3 expired due 2026-02-10 12:00
        2026-02-12 10:00 #3 NotRenewal
        2026-02-12 10:00 #3 suspended due 2026-02-12 10:00
        2026-02-12 11:00 ! TooLateForMode: the renewal mode of sub#3 can no longer be changed to that
        2026-03-12 12:00 #1 released due 2026-03-12 12:00
        2026-03-12 12:00 #3 released due 2026-03-12 12:00
        ");
}

#[test]
fn r2_20_the_answer_tells_what_the_change_made_due_at_once() {
    let (mut world, _) = run("
        2026-01-10 12:00 top-up 10
        2026-01-10 12:00 purchase intl small 1 month
        2026-02-12 10:00 step
    ");
    let set = Command::SetRenewalMode(SetRenewalMode {
        subscription: world.live(1).expect("a subscription").id,
        mode: Mode::NotRenewal,
        period: None,
        muted: None,
    });
    match world.execute(instant("2026-02-12", "10:00"), &set).answer {
        Ok(Answer::ModeSet { subscription, .. }) => {
            assert_eq!(subscription.state, State::Suspended);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn d38_a_release_waits_a_day_for_its_notice() {
    assert_snapshot!(play("
        2026-01-10 12:00 top-up 20
        2026-01-10 12:00 purchase quiet small 1 month
        2026-02-25 13:00 advance
        2026-02-26 12:59 renew #1 1 month unpaid
        2026-02-26 12:59 cancel #3
        2026-02-26 13:00 renew #1 1 month
    "), @r"
        2026-01-10 12:00 +20.00 USD
        2026-01-10 12:00 #1 order #2 new P1M 10.00 USD by 2026-01-17 12:00
        2026-01-10 12:00   order #2 paid 10.00 USD
        2026-01-10 12:00 #1 active 2026-01-10 12:00 to 2026-02-10 12:00
        2026-02-25 13:00 2026-01 closed: 1 lines, 10.00 USD due 2026-02-03 12:00
        2026-02-25 13:00 #1 expired due 2026-02-10 12:00
        2026-02-25 13:00 #1 suspended due 2026-02-10 12:00
        2026-02-25 13:00 #1 notice release_ahead(1) due 2026-02-25 12:00, release moves to 2026-02-26 13:00
        2026-02-26 12:59 #1 order #3 renew P1M 10.00 USD by 2026-02-26 13:00
        2026-02-26 12:59   order #3 cancelled Requested due 2026-02-26 12:59
        2026-02-26 13:00 #1 released due 2026-02-26 13:00
        2026-02-26 13:00 ! SubscriptionEnded: sub#1 is over: what was released cannot be renewed
        ");
}

#[test]
fn d38_a_notice_that_came_late_moves_the_release_and_says_so() {
    assert_snapshot!(play_only(&["release"], "
        2026-01-10 12:00 top-up 20
        2026-01-10 12:00 purchase ecs small 1 month
        2026-02-25 10:00 advance
        2026-02-27 12:00 step
    "), @r"
        2026-02-25 10:00 #1 notice release_ahead(1) due 2026-02-24 09:00, release moves to 2026-02-26 10:00
        2026-02-26 10:00 #1 released due 2026-02-26 10:00
        ");
}

#[test]
fn d38_the_notice_comes_a_day_earlier_where_its_time_of_day_would_be_too_late() {
    // Released at eight, with notices at nine: the day before is twenty-three hours.
    assert_snapshot!(play_only(&["release"], "
        2026-01-10 08:00 top-up 20
        2026-01-10 08:00 purchase ecs small 1 month
        2026-02-27 12:00 step
    "), @r"
        2026-02-23 09:00 #1 notice release_ahead(1) due 2026-02-23 09:00
        2026-02-25 08:00 #1 released due 2026-02-25 08:00
        ");
}

#[test]
fn d38_without_the_policy_release_is_on_time() {
    assert_snapshot!(play_only(&["release"], "
        2026-01-10 12:00 top-up 20
        2026-01-10 12:00 purchase silent small 1 month
        2026-03-25 10:00 advance
    "), @r"
        2026-03-25 10:00 #1 notice release_ahead(1) due 2026-02-24 09:00
        2026-03-25 10:00 #1 released due 2026-02-25 12:00
        ");
}

#[test]
fn d38_the_brake_holds_suspensions_and_releases_and_nothing_else() {
    assert_snapshot!(play_only(&["failed", "expired", "suspended", "released", "renewed", "notice release"], "
        2026-01-10 12:00 top-up 20
        2026-01-10 12:00 purchase ecs small 1 month
        2026-01-10 12:00 purchase intl small 1 month auto
        2026-02-09 12:00 brake on
        2026-02-23 12:00 step
        2026-02-23 12:00 top-up 10
        2026-02-24 12:00 step
        2026-02-28 12:00 step
        2026-02-28 12:00 brake off
        2026-02-28 12:00 advance
    "), @r"
        2026-02-07 08:00 #3 failed NotEnoughFunds 10.00 USD due 2026-02-07 08:00
        2026-02-09 08:00 #3 failed NotEnoughFunds 10.00 USD due 2026-02-09 08:00
        2026-02-10 08:00 #3 failed NotEnoughFunds 10.00 USD due 2026-02-10 08:00
        2026-02-10 12:00 #1 expired due 2026-02-10 12:00
        2026-02-10 12:00 #3 expired due 2026-02-10 12:00
        2026-02-16 08:00 #3 failed NotEnoughFunds 10.00 USD due 2026-02-16 08:00
        2026-02-24 08:00 #3 renewed by itself 2026-02-10 12:00 to 2026-03-10 12:00 due 2026-02-24 08:00
        2026-02-24 09:00 #1 notice release_ahead(1) due 2026-02-24 09:00
        2026-02-28 12:00 #1 suspended due 2026-02-10 12:00
        2026-02-28 12:00 #1 released due 2026-02-25 12:00
        ");
}

#[test]
fn d38_while_the_brake_holds_a_suspension_attempts_go_on() {
    // Under huawei the attempts go on to the end of retention, behind a suspension that waits.
    assert_snapshot!(play_only(&["renewed", "suspended"], "
        2026-01-10 12:00 top-up 10
        2026-01-10 12:00 purchase huawei small 1 month auto
        2026-02-20 12:00 step
        2026-02-20 12:00 brake on
        2026-02-27 12:00 step
        2026-02-27 12:00 top-up 10
        2026-02-28 12:00 step
    "), @"2026-02-28 03:00 #1 renewed by itself 2026-02-10 12:00 to 2026-03-10 12:00 due 2026-02-28 03:00");
}

#[test]
fn a_held_account_waits_until_it_is_let_go() {
    assert_snapshot!(play("
        2026-01-10 12:00 top-up 10
        2026-01-10 12:00 purchase quiet small 1 month auto
        2026-01-20 12:00 hold
        2026-01-20 12:00 hold
        2026-02-02 12:00 renew #1 1 month
        2026-02-02 12:00 top-up 10
        2026-02-02 13:00 let-go
        2026-02-02 13:00 let-go
    "), @r"
        2026-01-10 12:00 +10.00 USD
        2026-01-10 12:00 #1 order #2 new P1M 10.00 USD by 2026-01-17 12:00
        2026-01-10 12:00   order #2 paid 10.00 USD
        2026-01-10 12:00 #1 active 2026-01-10 12:00 to 2026-02-10 12:00
        2026-01-20 12:00 held
        2026-01-20 12:00 ! AccountHeld: the account is held until an operator lets it go
        2026-02-02 12:00 ! AccountHeld: the account is held until an operator lets it go
        2026-02-02 12:00 +10.00 USD
        2026-02-02 13:00 let go
        2026-02-02 13:00 #1 order #3 renew P1M 10.00 USD by 2026-02-08 08:00
        2026-02-02 13:00   order #3 paid 10.00 USD
        2026-02-02 13:00 #1 renewed by itself 2026-02-10 12:00 to 2026-03-10 12:00 due 2026-02-01 08:00
        2026-02-02 13:00 ! AccountNotHeld: the account is not held
        ");
}

#[test]
fn r3_7_every_mark_before_an_import_counts_as_settled() {
    assert_snapshot!(play("
        2026-11-20 12:00 import ecs small 1 month until 2026-11-30 00:00 from 2025-08-31 00:00 cash 5
        2026-12-17 12:00 step
    "), @r"
        2026-11-20 12:00 +5.00 USD brought in
        2026-11-20 12:00 #1 imported 2026-10-31 00:00 to 2026-11-30 00:00
        2026-11-23 09:00 #1 notice expiring(7) due 2026-11-23 09:00
        2026-11-27 09:00 #1 notice expiring(3) due 2026-11-27 09:00
        2026-11-29 09:00 #1 notice expiring(1) due 2026-11-29 09:00
        2026-11-30 00:00 #1 expired due 2026-11-30 00:00
        2026-11-30 00:00 #1 suspended due 2026-11-30 00:00
        2026-12-13 09:00 #1 notice release_ahead(1) due 2026-12-13 09:00
        2026-12-15 00:00 #1 released due 2026-12-15 00:00
        ");
}

#[test]
fn an_import_without_an_anchor_is_attempted_as_any_other() {
    assert_snapshot!(play_only(&["imported", "failed", "renewed"], "
        2026-11-20 12:00 import ecs small 1 month auto until 2026-11-30 05:00
        2026-11-23 12:00 step
        2026-11-23 12:00 top-up 10
        2026-11-24 12:00 step
    "), @r"
        2026-11-20 12:00 #1 imported 2026-10-30 05:00 to 2026-11-30 05:00
        2026-11-21 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-11-21 08:00
        2026-11-22 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-11-22 08:00
        2026-11-23 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-11-23 08:00
        2026-11-24 08:00 #1 renewed by itself 2026-11-30 05:00 to 2026-12-30 05:00 due 2026-11-24 08:00
        ");
}

#[test]
fn an_import_that_is_long_expired_is_stopped_and_warned_first() {
    assert_snapshot!(play("
        2026-11-20 12:00 import ecs small 1 month until 2026-10-30 05:00
        2026-11-22 12:00 step
    "), @r"
        2026-11-20 12:00 #1 imported 2026-09-30 05:00 to 2026-10-30 05:00
        2026-11-20 12:00 #1 expired due 2026-11-20 12:00
        2026-11-20 12:00 #1 suspended due 2026-11-20 12:00
        2026-11-20 12:00 #1 notice release_ahead(1) due 2026-11-20 12:00, release moves to 2026-11-21 12:00
        2026-11-21 12:00 #1 released due 2026-11-21 12:00
        ");
}

#[test]
fn an_import_in_an_overlap_keeps_the_expiry_that_it_was_given() {
    assert_snapshot!(play_only(&["imported", "expired", "suspended"], "
        2025-10-20 12:00 import ecs small 1 month in America/New_York until 2025-11-02 06:30
        2025-11-03 12:00 step
    "), @r"
        2025-10-20 12:00 #1 imported 2025-10-02 05:30 to 2025-11-02 06:30
        2025-11-02 06:30 #1 expired due 2025-11-02 06:30
        2025-11-02 06:30 #1 suspended due 2025-11-02 06:30
        ");
}

#[test]
fn an_import_off_its_anchor_is_refused() {
    assert_snapshot!(play("
        2026-11-20 12:00 import ecs small 1 month until 2026-11-29 00:00 from 2025-08-31 00:00
        2026-11-20 12:00 import midnight small 1 month until 2026-12-02 00:00 from 2026-10-01 15:00
    "), @r"
        2026-11-20 12:00 ! OffAnchor: expires_at 2026-11-29T00:00:00Z does not lie whole months or weeks after its anchor
        2026-11-20 12:00 #1 imported 2026-11-01 15:00 to 2026-12-02 00:00
        ");
}

#[test]
fn d41_a_new_subscription_starts_when_it_is_paid() {
    let (world, story) = run("
        2026-01-10 12:00 top-up 10
        2026-01-10 12:00 purchase ecs small 1 month unpaid
        2026-01-14 15:30 pay #2
    ");
    assert!(story.contains("active 2026-01-14 15:30 to 2026-02-14 15:30"), "{story}");
    assert_eq!(world.live(1).map(|live| live.state), Some(State::Active));
    assert_eq!(world.due_at(), Some(instant("2026-01-30", "09:00")), "its first mark");
}
