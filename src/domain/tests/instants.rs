//! At the very instant: what happens just when something else begins or ends, on which side it is.

use insta::assert_snapshot;

use super::scenario::{World, instant, play_only, run};
use crate::domain::agenda::{charge_by, charge_of};
use crate::domain::calendar::Timestamp;
use crate::domain::event::Event;
use crate::domain::nouns::notice::{self, Kind, Reason};
use crate::domain::nouns::{coupon, order};

/// The events of a world, in their order.
fn events(world: &World) -> impl Iterator<Item = &Event> {
    world.records.iter().flat_map(|record| &record.events)
}

/// What became of each notice, without those of a release.
fn notices(world: &World) -> Vec<String> {
    let told = events(world).filter_map(|event| {
        let Event::Notice(event) = event else { return None };
        let (kind, what) = match event {
            notice::Event::Issued { kind, .. } => (kind, "said"),
            notice::Event::Skipped { kind, reason: Reason::Superseded, .. } => (kind, "superseded"),
            notice::Event::Skipped { kind, reason: Reason::FundsSuffice, .. } => (kind, "idle"),
        };
        let is_release = matches!(kind, Kind::ReleaseAhead(_));
        (!is_release).then(|| format!("{}({}) {what}", kind.as_str(), kind.days()))
    });
    told.collect()
}

/// The instant before.
fn just_before(at: Timestamp) -> Timestamp {
    at.minus(std::time::Duration::from_micros(1))
}

#[test]
fn d25_a_notice_gives_way_to_what_is_due_at_the_very_instant() {
    // To the next notice of its kind.
    let bought = "2026-01-10 12:00 top-up 30\n2026-01-10 12:00 purchase ecs small 1 month";
    let (world, _) = run(&format!("{bought}\n2026-02-07 09:00 advance"));
    assert_eq!(
        notices(&world),
        ["expiring(15) superseded", "expiring(7) superseded", "expiring(3) said"]
    );
    let (world, _) = run(&format!("{bought}\n2026-02-07 08:59:59 advance"));
    assert_eq!(notices(&world), ["expiring(15) superseded", "expiring(7) said"]);
    // To expiry.
    let (world, _) = run(&format!("{bought}\n2026-02-10 09:00 step\n2026-02-10 12:00 advance"));
    assert_eq!(notices(&world).last().map(String::as_str), Some("expiring(0) said"));
    let (world, _) = run(&format!("{bought}\n2026-02-10 08:00 step\n2026-02-10 12:00 advance"));
    assert_eq!(notices(&world).last().map(String::as_str), Some("expiring(0) superseded"));
    let (world, _) = run(&format!("{bought}\n2026-02-10 08:00 step\n2026-02-10 11:59:59 advance"));
    assert_eq!(notices(&world).last().map(String::as_str), Some("expiring(0) said"));
}

#[test]
fn d25_what_is_said_of_a_renewal_gives_way_to_its_attempt() {
    let bought = "2026-01-10 12:00 top-up 30\n2026-01-10 12:00 purchase ecs small 1 month auto";
    let (world, _) = run(&format!("{bought}\n2026-02-01 08:00 advance"));
    assert_eq!(notices(&world)[0], "renewal_ahead(15) superseded");
    let (world, _) = run(&format!("{bought}\n2026-02-01 07:59:59 advance"));
    assert_eq!(notices(&world), ["renewal_ahead(15) said", "top_up(13) idle", "top_up(11) idle"]);
    // What has nothing to say supersedes nothing.
    let (world, _) = run(&format!("{bought}\n2026-01-28 09:00 advance"));
    assert_eq!(notices(&world), ["renewal_ahead(15) said", "top_up(13) idle"]);
}

#[test]
fn r3_3_a_notice_after_expiry_gives_way_to_the_release_at_that_very_instant() {
    let quiet = |world: &mut World| {
        world.amend(instant("2026-01-01", "00:00"), |rules| {
            let reminders = rules.reminders.get_mut("tencent").expect("reminders");
            reminders.before_days.clear();
            reminders.before_release_days.clear();
            reminders.after_days = vec![0, 3, 14];
            let lifecycle = rules.lifecycles.get_mut("7+7").expect("a lifecycle");
            lifecycle.release_needs_notice = "0s".parse().expect("a length");
        });
    };
    let bought = "2026-01-10 09:00 top-up 30\n2026-01-10 09:00 purchase tencent small 1 month";
    let (mut world, _) = run(bought);
    quiet(&mut world);
    // It has just expired, and two weeks later it is just released: that is what is said.
    world.step(instant("2026-03-01", "00:00"));
    assert_eq!(notices(&world), ["expired_for(3) said"]);
    let (mut world, _) = run(bought);
    quiet(&mut world);
    world.execute(instant("2026-02-24", "09:00"), &crate::domain::command::Command::Advance);
    assert_eq!(notices(&world), ["expired_for(3) superseded"]);
}

#[test]
fn r3_3_a_release_that_waits_for_its_notice_is_no_longer_counted_from_expiry() {
    let (mut world, _) = run("
        2026-01-10 09:00 top-up 30
        2026-01-10 09:00 purchase tencent small 1 month
    ");
    world.amend(instant("2026-01-11", "00:00"), |rules| {
        let reminders = rules.reminders.get_mut("tencent").expect("reminders");
        reminders.before_days.clear();
        reminders.before_release_days.clear();
        reminders.after_days = vec![3, 14];
    });
    world.step(instant("2026-03-01", "00:00"));
    assert!(world.live(1).is_none(), "it is released a day later");
    assert_eq!(notices(&world), ["expired_for(3) said"]);
}

#[test]
fn r1_9_a_period_that_ends_now_is_over_for_its_renewal() {
    let bought = "2026-01-10 09:00 top-up 30\n2026-01-10 09:00 purchase ecs small 1 month";
    let before = |at: &str| {
        let (world, _) = run(&format!("{bought}\n{at} renew #1 1 month"));
        world.live(1).expect("a subscription").earlier.len()
    };
    assert_eq!(before("2026-02-10 08:59:59"), 1);
    assert_eq!(before("2026-02-10 09:00"), 0);
}

#[test]
fn r1_5_what_is_released_at_expiry_is_not_said_to_have_expired() {
    let (mut world, _) = run("
        2026-01-10 12:00 top-up 30
        2026-01-10 12:00 purchase plan small 1 month
    ");
    world.amend(instant("2026-01-11", "00:00"), |rules| {
        let reminders = rules.reminders.get_mut("default").expect("reminders");
        (reminders.before_days, reminders.after_days) = (Vec::new(), vec![1]);
        reminders.on_expiry = false;
        let lifecycle = rules.lifecycles.get_mut("0+0").expect("a lifecycle");
        // The notice of its release is not sent before expiry, so that it waits for two days.
        lifecycle.release_needs_notice = "48h".parse().expect("a length");
        reminders.before_release_days.clear();
    });
    world.step(instant("2026-02-20", "00:00"));
    assert_eq!(notices(&world), Vec::<String>::new());
}

#[test]
fn r1_5_with_no_recovery_the_notice_of_release_says_what_the_last_reminder_would() {
    let at = |time: &str| {
        play_only(
            &["notice", "released"],
            &format!(
                "2026-01-10 {time} top-up 30\n2026-01-10 {time} purchase plan small 1 month\n2026-02-12 00:00 step"
            ),
        )
    };
    // Early in the morning a notice of the day before would be less than a day old.
    assert_snapshot!(at("05:00"), @r"
        2026-01-26 09:00 #1 notice expiring(15) due 2026-01-26 09:00
        2026-02-03 09:00 #1 notice expiring(7) due 2026-02-03 09:00
        2026-02-07 09:00 #1 notice expiring(3) due 2026-02-07 09:00
        2026-02-08 09:00 #1 notice release_ahead(1) due 2026-02-08 09:00
        2026-02-10 05:00 #1 released due 2026-02-10 05:00
        ");
    assert_snapshot!(at("09:00"), @r"
        2026-01-26 09:00 #1 notice expiring(15) due 2026-01-26 09:00
        2026-02-03 09:00 #1 notice expiring(7) due 2026-02-03 09:00
        2026-02-07 09:00 #1 notice expiring(3) due 2026-02-07 09:00
        2026-02-09 09:00 #1 notice release_ahead(1) due 2026-02-09 09:00
        2026-02-10 09:00 #1 released due 2026-02-10 09:00
        ");
}

#[test]
fn d38_a_notice_is_looked_for_on_thirty_days_and_no_further() {
    let (mut world, _) = run("
        2026-01-10 12:00 top-up 150
        2026-01-10 12:00 purchase quiet small 1 year
    ");
    world.amend(instant("2026-01-11", "00:00"), |rules| {
        let reminders = rules.reminders.get_mut("none").expect("reminders");
        reminders.before_release_days = vec![2];
        let lifecycle = rules.lifecycles.get_mut("0+15").expect("a lifecycle");
        lifecycle.release_needs_notice = "2400h".parse().expect("a length");
    });
    world.step(instant("2027-01-20", "00:00"));
    let noticed = events(&world).find_map(|event| {
        let Event::Notice(notice::Event::Issued { due_at, .. }) = event else { return None };
        Some(*due_at)
    });
    // Released on 25 January: 32 days before.
    assert_eq!(noticed, Some(instant("2026-12-24", "09:00")));
}

#[test]
fn d39_rules_are_in_force_from_their_very_instant() {
    let told = |preset: &str| {
        play_only(
            &["renewed", "failed"],
            &format!(
                "
            2026-01-10 12:00 top-up 30
            2026-01-10 12:00 purchase ecs small 1 month auto
            2026-02-01 07:00 step
            2026-02-01 08:00 preset ecs autorenewal {preset}
            2026-02-05 12:00 step
        "
            ),
        )
    };
    // The slot of the old rules is at that instant, and not theirs any more; nor has the new
    // schedule one.
    assert_eq!(told("intl-2017"), "");
    let (_, story) = run("
        2026-01-10 12:00 top-up 30
        2026-01-10 12:00 purchase mongodb small 1 month auto
        2026-01-11 00:00 preset mongodb autorenewal intl-2017
        2026-02-01 08:00 preset mongodb autorenewal daily-t9
        2026-02-10 12:00 step
    ");
    assert!(story.contains("2026-02-01 08:00 #1 renewed by itself"), "{story}");
    let marks = |script: &str| play_only(&["notice"], script);
    assert_snapshot!(marks("
        2026-01-10 12:00 top-up 30
        2026-01-10 12:00 purchase ecs small 1 month
        2026-02-03 09:00 preset ecs reminders none
        2026-02-07 09:00 preset ecs reminders default
        2026-02-08 00:00 step
    "), @r"
        2026-01-26 09:00 #1 notice expiring(15) due 2026-01-26 09:00
        2026-02-07 09:00 #1 notice expiring(3) due 2026-02-07 09:00
        ");
}

#[test]
fn r2_5_a_plan_is_not_renewed_from_the_end_of_its_renewal_on() {
    let (world, _) = run("
        2026-05-01 12:00 top-up 30
        2026-05-01 12:00 purchase ecs old 1 month auto
    ");
    let live = world.live(1).expect("a subscription");
    let ends = instant("2026-09-01", "00:00");
    assert_eq!(charge_of(&world.timeline, live, ends), None);
    assert!(charge_of(&world.timeline, live, just_before(ends)).is_some());
}

#[test]
fn r6_18_a_forecast_counts_a_renewal_at_its_very_end() {
    let (world, _) = run("
        2026-01-10 12:00 top-up 30
        2026-01-10 12:00 purchase ecs small 1 month auto
    ");
    let live = world.live(1).expect("a subscription");
    let slot = instant("2026-02-01", "08:00");
    assert!(charge_by(&world.timeline, live, slot).is_some());
    assert_eq!(charge_by(&world.timeline, live, just_before(slot)), None);
}

#[test]
fn r10_9_a_period_that_begins_now_lies_no_longer_ahead() {
    let paid = "
        2026-04-01 00:00 top-up 300
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-02 00:00 renew #1 1 month
    ";
    let (_, story) = run(&format!("{paid} 2026-05-01 00:00 refund #3"));
    assert!(story.contains("! NothingToRefund"), "{story}");
    let (_, story) = run(&format!("{paid} 2026-04-30 23:59:59 refund #3"));
    assert!(story.contains("period taken back"), "{story}");
}

#[test]
fn d48_an_order_of_an_hour_is_warned_of_in_its_last_quarter() {
    let (world, _) = run("
        2026-04-01 00:00 top-up 10
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-30 23:00 change #1 large unpaid
        2026-05-01 00:00 step
    ");
    let warned = events(&world).find_map(|event| {
        let Event::Order(order::Event::Warned { due_at, .. }) = event else { return None };
        Some(*due_at)
    });
    assert_eq!(warned, Some(instant("2026-04-30", "23:45")));
}

/// When a coupon was reminded of, and whether that was too late.
fn reminded(script: &str) -> Vec<bool> {
    let (world, _) = run(script);
    let reminded = events(&world).filter_map(|event| {
        let Event::Coupon(coupon::Event::Reminded { superseded, .. }) = event else { return None };
        Some(*superseded)
    });
    reminded.collect()
}

#[test]
fn r5_2_a_coupon_for_no_longer_than_its_reminder_is_not_reminded_of() {
    assert_eq!(
        reminded("2026-02-01 00:00 grant cash 4 until 2026-02-04 00:00\n2026-02-05 00:00 step"),
        [false; 0]
    );
    assert_eq!(
        reminded("2026-02-01 00:00 grant cash 4 until 2026-02-04 00:00:01\n2026-02-05 00:00 step"),
        [false]
    );
}

#[test]
fn d25_what_expires_now_is_not_reminded_of() {
    let granted = "2026-02-01 00:00 grant cash 4 until 2026-02-09 00:00";
    assert_eq!(reminded(&format!("{granted}\n2026-02-09 00:00 advance")), [true]);
    assert_eq!(reminded(&format!("{granted}\n2026-02-08 23:59:59 advance")), [false]);
}

/// What the notices of automatic renewals say of the funds.
fn covered(script: &str) -> Vec<Option<bool>> {
    let (world, _) = run(script);
    let told = events(&world).filter_map(|event| {
        let Event::Notice(notice::Event::Issued { kind, covered, .. }) = event else { return None };
        matches!(kind, Kind::RenewalAhead(_)).then_some(*covered)
    });
    told.collect()
}

#[test]
fn d27_only_renewals_that_will_be_attempted_come_before_others() {
    // One that is renewed by hand takes nothing.
    let of = |mode: &str| {
        covered(&format!(
            "
            2026-01-10 12:00 top-up 20
            2026-01-10 12:00 purchase quiet small 1 month {mode}
            2026-01-11 12:00 purchase ecs small 1 month auto
            2026-01-12 12:00 top-up 10
            2026-01-27 09:00 step
        "
        ))
    };
    assert_eq!(of("manual"), [Some(true)]);
    assert_eq!(of("auto"), [Some(false)]);
    // One that has expired and may still be renewed takes its money first.
    let of = |attempts: &str| {
        covered(&format!(
            "
            2026-01-10 12:00 top-up 10
            2026-01-10 12:00 purchase intl small 1 month auto
            2026-01-11 12:00 preset intl reminders none
            2026-01-28 12:00 top-up 10
            2026-01-28 12:00 purchase ecs small 1 month auto
            2026-02-11 12:00 top-up 10
            2026-02-11 12:00 mode #1 {attempts}
            2026-02-13 09:00 step
        "
        ))
    };
    assert_eq!(of("manual"), [Some(true)]);
    assert_eq!(of("auto"), [Some(false)]);
    // One whose release is due, and only waits for its notice, takes nothing any more.
    let at = |time: &str| {
        covered(&format!(
            "
            2026-01-09 {time} top-up 20
            2026-01-09 {time} purchase plan small 1 month auto
            2026-01-09 {time} preset plan reminders none
            2026-01-24 12:00 purchase ecs small 1 month auto
            2026-02-09 08:30 top-up 10
            2026-02-09 09:00 step
        "
        ))
    };
    assert_eq!(at("09:00:01"), [Some(false)]);
    assert_eq!(at("09:00"), [Some(true)]);
}

#[test]
fn r1_10_a_renewal_with_another_plan_at_the_very_expiry_starts_anew() {
    let (_, story) = run("
        2026-01-31 12:00 top-up 300
        2026-01-31 12:00 purchase ecs small 1 month
        2026-02-28 12:00 renew #1 1 month plan large
    ");
    assert!(story.contains("renewed 2026-02-28 12:00 to 2026-03-28 12:00"), "{story}");
    let (_, story) = run("
        2026-01-31 12:00 top-up 300
        2026-01-31 12:00 purchase ecs small 1 month
        2026-02-28 11:59:59 renew #1 1 month plan large
    ");
    assert!(story.contains("renewed 2026-02-28 12:00 to 2026-03-31 12:00"), "{story}");
}

#[test]
fn r1_10_a_renewal_with_another_plan_counts_from_its_payment() {
    // A week from the old expiry would be over.
    let (_, story) = run("
        2026-01-10 12:00 top-up 300
        2026-01-10 12:00 purchase ecs small 1 month
        2026-02-14 12:00 renew #1 1 week plan large unpaid
        2026-02-19 12:00 pay #3
    ");
    assert!(story.contains("renewed 2026-02-19 12:00 to 2026-02-26 12:00"), "{story}");
}

#[test]
fn r6_20_a_package_that_ends_now_needs_not_be_dropped() {
    let (_, story) = run("
        2026-03-01 10:00 top-up 30
        2026-03-01 10:00 purchase quota small 1 month manual
        2026-04-01 10:00 unsubscribe #1
    ");
    assert!(story.contains("unsubscribed") && !story.contains("dropped"), "{story}");
    let (_, story) = run("
        2026-03-01 10:00 top-up 30
        2026-03-01 10:00 purchase quota small 1 month manual
        2026-03-01 10:00 purchase ecs small 1 month manual
        2026-03-11 10:00 unsubscribe #3
    ");
    assert!(story.contains("unsubscribed") && !story.contains("dropped"), "{story}");
}

#[test]
fn r1_9_the_least_period_ends_after_now() {
    let (mut world, _) = run("
        2026-01-10 12:00 top-up 300
        2026-01-10 12:00 purchase ecs small 1 month
    ");
    world.amend(instant("2026-01-11", "00:00"), |rules| {
        let product = rules.products.get_mut("ecs").expect("a product");
        product.unpaid_ttl = Some("10d".parse().expect("a length"));
    });
    let mut act = |date: &str, time: &str, verb: &str, args: &[&str]| {
        super::scenario::act(&mut world, instant(date, time), verb, args)
    };
    assert_eq!(act("2026-02-15", "12:00", "renew", &["#1", "1", "week", "unpaid"]), None);
    assert_eq!(act("2026-02-16", "12:00", "withdraw", &["ecs"]), None);
    // Two weeks from the old expiry end at this very instant.
    let refused = act("2026-02-24", "12:00", "pay", &["#3"]).expect("a rejection");
    assert!(refused.to_string().contains("P3W"), "{refused}");
}
