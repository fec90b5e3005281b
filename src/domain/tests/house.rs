//! The rules timeline, and what a change of rules may change.

use std::sync::Arc;

use insta::assert_snapshot;

use super::book::book;
use super::scenario::{instant, play_only, run};
use crate::domain::agenda::Agenda;
use crate::domain::calendar::Timestamp;
use crate::domain::command::{Answer, Command};
use crate::domain::facts::Facts;
use crate::domain::ids::StreamId;
use crate::domain::nouns::subscription::Subscription;
use crate::domain::rejection::Rejection;
use crate::domain::rules::{Rules, Slots, Timeline};
use crate::domain::stream::{Context, State};
use crate::domain::verbs::{apply_rules, brake};

fn at(day: &str) -> Timestamp {
    instant(day, "12:00")
}

fn tell(house: &mut State, at: Timestamp, command: &Command) -> Result<Answer, Rejection> {
    let timeline = Timeline::default();
    let context = Context { timeline: &timeline, at, brake: false, closed_through: None };
    house.execute(&mut Agenda::default(), command, &Facts::default(), &context).answer
}

fn apply(rules: Rules, effective_at: Option<Timestamp>) -> Command {
    Command::ApplyRules(apply_rules::ApplyRules { rules: Arc::new(rules), effective_at })
}

#[test]
fn rules_take_effect_from_now_on_or_later_and_the_same_again_changes_nothing() {
    let mut house = State::empty(StreamId::House);
    let mut other = book();
    other.products.remove("ecs");
    let mut tell = |day: &str, rules: &Rules, effective: Option<&str>| {
        tell(&mut house, at(day), &apply(rules.clone(), effective.map(at)))
    };
    let applied = |version, day: &str| Ok(Answer::RulesApplied { version, effective_at: at(day) });
    let refused = |day: &str| Err(Rejection::EffectiveInPast { earliest: at(day) });
    assert_eq!(tell("2026-01-01", &book(), None), applied(1, "2026-01-01"));
    assert_eq!(tell("2026-01-02", &book(), None), applied(1, "2026-01-01"));
    assert_eq!(tell("2026-01-02", &other, Some("2026-01-01")), refused("2026-01-02"));
    assert_eq!(tell("2026-01-02", &other, Some("2026-02-01")), applied(2, "2026-02-01"));
    assert_eq!(tell("2026-01-03", &book(), Some("2026-01-20")), refused("2026-02-01"));
    assert_eq!(tell("2026-01-03", &book(), None), applied(3, "2026-02-01"));
}

#[test]
fn rules_with_faults_are_refused_with_all_of_them() {
    let mut rules = book();
    rules.autorenewals.get_mut("intl").expect("a preset").schedule.clear();
    rules.products.get_mut("ecs").expect("a product").lifecycle = "none".into();
    let answer = tell(&mut State::empty(StreamId::House), at("2026-01-01"), &apply(rules, None));
    let Err(Rejection::InvalidRules { faults }) = answer else { panic!("{answer:?}") };
    assert_eq!(faults.len(), 2, "{faults:?}");
}

#[test]
fn the_brake_is_engaged_once_and_released_once() {
    let mut house = State::empty(StreamId::House);
    let engage = Command::EngageBrake(brake::Engage { held_count: 31, limit: 20 });
    let release = Command::ReleaseBrake(brake::Release {});
    let day = at("2026-01-01");
    assert_eq!(tell(&mut house, day, &release), Err(Rejection::BrakeNotEngaged));
    assert_eq!(tell(&mut house, day, &engage), Ok(Answer::Done));
    assert_eq!(tell(&mut house, day, &engage), Ok(Answer::Done));
    assert_eq!(tell(&mut house, day, &release), Ok(Answer::Done));
    assert_eq!(tell(&mut house, day, &release), Err(Rejection::BrakeNotEngaged));
}

#[test]
fn a_new_policy_makes_nothing_due_before_its_own_start() {
    // The reminder of five days was due on 5 February; it is on the list from the 6th on.
    assert_snapshot!(play_only(&["notice"], "
        2026-01-10 12:00 top-up 10
        2026-01-10 12:00 purchase ecs small 1 month
        2026-02-06 10:00 preset ecs reminders tencent
        2026-02-10 12:00 step
    "), @r"
        2026-01-26 09:00 #1 notice expiring(15) due 2026-01-26 09:00
        2026-02-03 09:00 #1 notice expiring(7) due 2026-02-03 09:00
        2026-02-07 09:00 #1 notice expiring(3) due 2026-02-07 09:00
        2026-02-09 09:00 #1 notice expiring(1) due 2026-02-09 09:00
        2026-02-10 09:00 #1 notice expiring(0) due 2026-02-10 09:00
        ");
}

#[test]
fn the_terms_of_a_paid_period_are_kept() {
    assert_snapshot!(play_only(&["suspended", "renewed"], "
        2026-01-10 12:00 top-up 20
        2026-01-10 12:00 purchase ecs small 1 month
        2026-01-10 12:00 purchase ecs small 1 month
        2026-01-20 10:00 preset ecs lifecycle 15+15
        2026-01-20 10:00 top-up 20
        2026-01-21 10:00 renew #3 1 month
        2026-03-30 12:00 step
    "), @r"
        2026-01-21 10:00 #3 renewed 2026-02-10 12:00 to 2026-03-10 12:00 due 2026-01-21 10:00
        2026-02-10 12:00 #1 suspended due 2026-02-10 12:00
        2026-03-25 12:00 #3 suspended due 2026-03-25 12:00
        ");
}

#[test]
fn a_lead_is_a_term_and_the_schedule_within_it_a_policy() {
    // The period was bought with a lead of three days; daily attempts start there, not at nine.
    assert_snapshot!(play_only(&["failed"], "
        2026-01-10 12:00 top-up 10
        2026-01-10 12:00 purchase intl small 1 month auto
        2026-01-20 10:00 preset intl autorenewal daily-t9
        2026-02-12 12:00 step
    "), @r"
        2026-02-07 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-07 08:00
        2026-02-08 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-08 08:00
        2026-02-09 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-09 08:00
        2026-02-10 08:00 #1 failed NotEnoughFunds 10.00 USD due 2026-02-10 08:00
        ");
}

#[test]
fn d39_slots_at_or_after_release_are_dropped() {
    let mut rules = book();
    let schedule = vec![Slots::Day(-1), Slots::Day(14), Slots::Day(15), Slots::Day(16)];
    rules.autorenewals.get_mut("daily-t9").expect("a preset").schedule = schedule;
    let (world, _) = run("
        2026-01-10 08:00 top-up 10
        2026-01-10 08:00 purchase ecs small 1 month auto
    ");
    let span = world.live(1).and_then(Subscription::span).expect("a span");
    let slots = rules.autorenewals["daily-t9"].slots(&span, 9);
    let days = ["2026-02-09", "2026-02-24"].map(|day| instant(day, "08:00"));
    assert_eq!(slots, days, "the fifteenth day is the release itself");
}
