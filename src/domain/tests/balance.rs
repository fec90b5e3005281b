//! Balance and credit, rule by rule.

use insta::assert_snapshot;

use super::scenario::{instant, play_only, run, usd};
use crate::domain::verbs::standing::{hourly_burn, hours_left, projection};

#[test]
fn v9_a_balance_below_zero_is_overdue_until_it_is_topped_up() {
    let script = "
        2026-03-01 10:00  limit 1017.33
        2026-03-01 10:00  open-resource net small
        2026-03-01 10:10  report #1 traffic 22428.2 as a
        2026-03-01 12:00  step
    ";
    let (world, _) = run(script);
    assert_eq!(world.open().wallet.available(), usd("-104.58"));
    assert!(world.open().standing.is_overdue());
    let script = format!("{script}\n2026-03-01 13:00  top-up 104.58");
    let (world, story) = run(&script);
    assert_eq!(world.open().wallet.available(), usd("0"));
    assert!(!world.open().standing.is_overdue(), "{story}");
}

#[test]
fn v12_available_credit_counts_cash_limit_and_what_is_owed() {
    let (world, story) = run("
        2026-02-01 10:00  limit 5000
        2026-02-01 10:00  open-resource net small
        2026-02-01 10:10  report #1 traffic 59990 as a
        2026-03-01 10:10  report #1 traffic 59990 as b
        2026-03-01 12:00  step
        2026-03-01 13:00  top-up 10200
        2026-03-01 13:00  purchase ecs yearly 2 year
        2026-03-01 14:00  unsubscribe #2 unused
    ");
    assert_eq!(world.open().wallet.available(), usd("9200"), "{story}");
}

#[test]
fn r7_3_credit_is_a_ceiling_and_a_lower_one_is_paid_down_to() {
    assert_snapshot!(play_only(&["credit", "paid", "owed", "+", "standing", "overdue"], "
        2026-03-01 10:00  purchase ecs small 1 month
        2026-03-01 10:00  limit 15
        2026-03-01 10:00  purchase ecs small 1 month
        2026-03-01 10:00  purchase ecs small 1 month
        2026-03-01 11:00  top-up 4
        2026-03-01 12:00  limit 8
        2026-03-01 12:00  limit 8
        2026-03-01 13:00  limit 0
        2026-03-01 13:00  limit -1
        2026-03-01 14:00  top-up 10
    "), @r"");
}

#[test]
fn r6_15_the_oldest_month_is_repaid_first() {
    assert_snapshot!(play_only(&["owed", "repaid", "back", "credit", "+"], "
        2026-02-10 10:00  limit 100
        2026-02-10 10:00  purchase ecs small 1 month
        2026-03-10 10:00  purchase ecs small 1 month
        2026-03-20 10:00  limit 15
        2026-03-20 11:00  top-up 3
        2026-03-20 11:00  limit 0
        2026-03-20 12:00  top-up 9
    "), @r"");
}

#[test]
fn the_last_day_says_how_far_the_balance_reaches() {
    let (world, _) = run("
        2026-03-01 00:00  top-up 40
        2026-03-01 00:00  open-resource at-once small
        2026-03-02 02:30  step
    ");
    let (open, now) = (world.open(), instant("2026-03-02", "02:30"));
    // 0.60 an hour: 26 hours cost 15.60, and 24.40 are left.
    assert_eq!(open.wallet.available(), usd("24.40"));
    assert_eq!(open.standing.burnt(now), Some(usd("14.40")));
    assert_eq!(hours_left(open, now), Some(40));
    let hourly = hourly_burn(open, now);
    assert_eq!(hourly.len(), 24);
    assert!(hourly.iter().all(|hour| hour.amount == usd("0.60")), "{hourly:?}");
    assert_eq!(hourly.last().map(|hour| hour.at), Some(now));
    let ahead = projection(open, now);
    let told: Vec<_> = ahead.iter().map(|point| point.amount).collect();
    assert_eq!((told[0], told[1]), (usd("24.40"), usd("23.20")), "two hours a step");
    assert_eq!(told.last(), Some(&usd("0")));
    assert_eq!(told.iter().filter(|left| left.is_zero()).count(), 1, "it ends there: {told:?}");
    let later = instant("2026-03-04", "00:00");
    assert_eq!((hours_left(open, later), projection(open, later)), (None, Vec::new()));
}
