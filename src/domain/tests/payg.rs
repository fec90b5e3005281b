//! Pay-as-you-go, rule by rule: metering, settlement, standing, dunning.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for the events that it is about")]

use insta::assert_snapshot;

use super::payg_words::{live, reported};
use super::scenario::{ACCOUNT, instant, mails, play, play_only, run, usd};
use crate::domain::command::{Answer, Command};
use crate::domain::event::Event;
use crate::domain::nouns::usage;
use crate::domain::verbs::record_usage::{Fault, Outcome, RecordUsage};

#[test]
fn v13_the_seconds_of_each_clock_hour() {
    assert_snapshot!(play("
        2026-03-01 10:00  top-up 10
        2026-03-01 10:59:30  open-resource vm small
        2026-03-01 11:50:30  release-resource #1
        2026-03-01 13:00  step
    "), @r"
    2026-03-01 10:00 +10.00 USD
    2026-03-01 10:59:30   resource #1 opened vm small
    2026-03-01 11:50:30   settled due 2026-03-01 11:05: 0.00 USD paid []
    2026-03-01 11:50:30   resource #1 released at 2026-03-01 11:50:30
    2026-03-01 12:05   settled due 2026-03-01 12:05: 0.03 USD paid [#1 cpu small 0.85 hour of tier 1 at 0.036 2026-03-01 10:59:30 to 2026-03-01 11:50:30 = 0.03 USD]
    ");
}

#[test]
fn r6_2_v13_seconds_are_settled_in_the_hours_that_they_lie_in() {
    let accrued = |from: &str, to: &str| {
        let (world, _) = run(&format!(
            "
            2026-03-01 00:00  top-up 10
            2026-03-01 {from}  open-resource vm small
            2026-03-01 {to}  release-resource #1
            2026-03-01 13:00  step
            "
        ));
        let events = world.records.iter().flat_map(|record| &record.events);
        let seconds = events.filter_map(|event| match event {
            Event::Usage(usage::Event::Settled(settlement)) => {
                Some(settlement.accruals[0].meters[0].quantity.to_string())
            }
            _ => None,
        });
        seconds.collect::<Vec<_>>()
    };
    assert_eq!(accrued("10:59:30", "11:50:30"), ["30", "3030"]);
    assert_eq!(accrued("01:30:30", "01:55:30"), ["1500"]);
}

#[test]
fn v17_what_is_left_over_is_carried_to_the_next_hour() {
    let total = |plan: &str| {
        let (world, _) = run(&format!(
            "
            2026-04-01 00:00  top-up 100
            2026-04-01 00:00  open-resource v17 {plan}
            2026-05-01 00:05  step
            "
        ));
        let left = world.open().wallet.cash.minor();
        let resource = live(&world, 1);
        (10_000 - left, resource.meters["cpu"].carry.to_string())
    };
    assert_eq!(total("small"), (288, "0".to_owned()));
    assert_eq!(total("large").0, 1_432);
}

#[test]
fn r6_3_a_change_within_an_hour_gives_two_lines() {
    assert_snapshot!(play_only(&["settled", "plan"], "
        2026-03-01 10:00  top-up 10
        2026-03-01 10:00  open-resource disk small
        2026-03-01 10:30  plan #1 large
        2026-03-01 11:30  stop #1
        2026-03-01 13:10  step
    "), @r"
    2026-03-01 10:30   resource #1 has plan large
    2026-03-01 11:30   settled due 2026-03-01 11:05: 0.60 USD paid [#1 cpu small 0.5 hour of tier 1 at 0.36 2026-03-01 10:00 to 2026-03-01 10:30 = 0.18 USD; #1 cpu large 0.5 hour of tier 1 at 0.72 2026-03-01 10:30 to 2026-03-01 11:00 = 0.36 USD; #1 disk small 0.5 hour of tier 1 at 0.06 2026-03-01 10:00 to 2026-03-01 10:30 = 0.03 USD; #1 disk large 0.5 hour of tier 1 at 0.06 2026-03-01 10:30 to 2026-03-01 11:00 = 0.03 USD]
    2026-03-01 12:05   settled due 2026-03-01 12:05: 0.42 USD paid [#1 cpu large 0.5 hour of tier 1 at 0.72 2026-03-01 11:00 to 2026-03-01 11:30 = 0.36 USD; #1 disk large 1 hour of tier 1 at 0.06 2026-03-01 11:00 to 2026-03-01 12:00 = 0.06 USD]
    2026-03-01 13:05   settled due 2026-03-01 13:05: 0.06 USD paid [#1 disk large 1 hour of tier 1 at 0.06 2026-03-01 12:00 to 2026-03-01 13:00 = 0.06 USD]
    ");
}

#[test]
fn r10_5_what_is_paid_of_an_hour_pays_its_lines_one_after_the_other() {
    let (world, _) = run("
        2026-03-01 10:00  top-up 0.40
        2026-03-01 10:00  open-resource at-once small
        2026-03-01 10:30  plan #1 large
        2026-03-01 11:10  step
    ");
    let statement = world.open().bills.months.values().next().expect("a month");
    let sums = (statement.line_count, statement.totals.total, statement.totals.paid);
    assert_eq!(sums, (2, usd("0.90"), usd("0.40")), "never more than there was");
}

#[test]
fn r6_1_an_hour_that_is_touched_is_paid_for_once_at_the_dearer_price() {
    assert_snapshot!(play_only(&["settled"], "
        2026-03-01 10:00  top-up 10
        2026-03-01 10:59:30  open-resource by-hour small
        2026-03-01 11:10  plan #1 large
        2026-03-01 11:20  plan #1 small
        2026-03-01 11:30  stop #1
        2026-03-01 11:40  start #1
        2026-03-01 11:50:30  release-resource #1
        2026-03-01 13:00  step
    "), @r"
    2026-03-01 11:10   settled due 2026-03-01 11:05: 1.00 USD paid [#1 cpu small 1 hour of tier 1 at 1 2026-03-01 10:00 to 2026-03-01 11:00 = 1.00 USD]
    2026-03-01 12:05   settled due 2026-03-01 12:05: 2.00 USD paid [#1 cpu large 1 hour of tier 1 at 2 2026-03-01 11:00 to 2026-03-01 12:00 = 2.00 USD]
    ");
}

#[test]
fn r6_5_days_and_months_are_those_of_the_billing_zone() {
    assert_snapshot!(play_only(&["settled"], "
        2026-03-01 10:00  top-up 100
        2026-03-01 10:00  billing-zone Europe/Berlin
        2026-03-01 21:00  open-resource by-day small
        2026-03-01 22:30  report #1 peak 3 as a
        2026-03-01 23:30  report #1 peak 2 as b
        2026-03-02 10:00  plan #1 large
        2026-03-03 12:00  step
    "), @r"
    2026-03-01 23:30   settled due 2026-03-01 23:05: 2.70 USD paid [#1 cpu small 2 hour of tier 1 at 0.6 2026-03-01 21:00 to 2026-03-01 23:00 = 1.20 USD; #1 peak small 3 piece of tier 1 at 0.5 2026-02-28 23:00 to 2026-03-01 23:00 = 1.50 USD]
    2026-03-02 23:05   settled due 2026-03-02 23:05: 23.20 USD paid [#1 cpu small 11 hour of tier 1 at 0.6 2026-03-01 23:00 to 2026-03-02 10:00 = 6.60 USD; #1 cpu large 13 hour of tier 1 at 1.2 2026-03-02 10:00 to 2026-03-02 23:00 = 15.60 USD; #1 peak small 2 piece of tier 1 at 0.5 2026-03-01 23:00 to 2026-03-02 10:00 = 1.00 USD]
    ");
    assert_snapshot!(play_only(&["settled", "closed"], "
        2026-03-01 10:00  top-up 100
        2026-03-01 10:00  billing-zone Europe/Berlin
        2026-03-01 10:00  open-resource by-month small
        2026-03-05 10:00  report #1 calls 60 as a
        2026-03-31 21:30  report #1 calls 60 as b
        2026-03-31 22:30  report #1 calls 10 as c
        2026-05-04 00:00  step
    "), @r"
    2026-03-31 22:30   settled due 2026-03-31 22:05: 6.00 USD paid [#1 calls small 120 call of tier 2 at 0.05 2026-02-28 23:00 to 2026-03-31 22:00 = 6.00 USD]
    2026-04-03 10:00 2026-03 closed: 1 lines, 6.00 USD due 2026-04-03 10:00
    2026-04-30 22:05   settled due 2026-04-30 22:05: 2.00 USD paid [#1 calls small 10 call of tier 1 at 0.1 2026-03-31 22:00 to 2026-04-30 22:00 = 2.00 USD]
    2026-05-03 10:00 2026-04 closed: 1 lines, 2.00 USD due 2026-05-03 10:00
    ");
}

#[test]
fn r10_3_use_is_billed_in_the_month_of_its_cycle() {
    let (world, _) = run("
        2026-02-10 10:00  top-up 100
        2026-02-10 10:00  open-resource net small
        2026-02-28 23:10  report #1 traffic 2 as a
        2026-03-01 00:10  report #1 traffic 3 as b
        2026-03-02 10:10  report #1 traffic 4 as c at 2026-02-28 22:10
        2026-03-02 12:00  step
    ");
    let events = world.records.iter().flat_map(|record| &record.events);
    let billed = events.filter_map(|event| match event {
        Event::Usage(usage::Event::Settled(settlement)) => {
            Some(format!("{} {}", settlement.month, settlement.lines[0].quantity))
        }
        _ => None,
    });
    // What is reported late is billed when it is told.
    assert_eq!(billed.collect::<Vec<_>>(), ["2026-02 2", "2026-03 3", "2026-03 4"]);
}

#[test]
fn r6_4_a_life_that_cost_less_than_a_cent_costs_one() {
    assert_snapshot!(play_only(&["settled", "!"], "
        2026-03-01 10:00  top-up 10
        2026-03-01 10:00  open-resource v17 small
        2026-03-01 10:01  release-resource #1
        2026-03-01 10:01  open-resource net small
        2026-03-01 10:02  release-resource #2
        2026-03-01 13:00  step
    "), @"2026-03-01 11:05   settled due 2026-03-01 11:05: 0.01 USD paid [#1 cpu small 0.016667 hour of tier 1 at 0.004 2026-03-01 10:00 to 2026-03-01 10:01 = 0.01 USD]");
}

#[test]
fn r10_4_tiers_are_lines_of_their_own_and_run_by_month() {
    assert_snapshot!(play_only(&["settled", "recorded"], "
        2026-03-31 20:00  top-up 10
        2026-03-31 20:00  open-resource net small
        2026-03-31 20:10  report #1 traffic 8 as a
        2026-03-31 21:10  report #1 traffic 4 as b
        2026-03-31 23:10  report #1 traffic 2 as c
        2026-04-01 00:10  report #1 traffic 2 as d
        2026-04-01 02:00  step
    "), @r"
    2026-03-31 20:10   recorded 1 traffic in 2026-03-31 20:00
    2026-03-31 21:10   settled due 2026-03-31 21:05: 0.80 USD paid [#1 traffic small 8 GB of tier 1 at 0.1 2026-03-31 20:00 to 2026-03-31 21:00 = 0.80 USD]
    2026-03-31 21:10   recorded 1 traffic in 2026-03-31 21:00
    2026-03-31 23:10   settled due 2026-03-31 22:05: 0.30 USD paid [#1 traffic small 2 GB of tier 1 at 0.1 2026-03-31 21:00 to 2026-03-31 22:00 = 0.20 USD; #1 traffic small 2 GB of tier 2 at 0.05 2026-03-31 21:00 to 2026-03-31 22:00 = 0.10 USD]
    2026-03-31 23:10   recorded 1 traffic in 2026-03-31 23:00
    2026-04-01 00:10   settled due 2026-04-01 00:05: 0.10 USD paid [#1 traffic small 2 GB of tier 2 at 0.05 2026-03-31 23:00 to 2026-04-01 00:00 = 0.10 USD]
    2026-04-01 00:10   recorded 1 traffic in 2026-04-01 00:00
    2026-04-01 01:05   settled due 2026-04-01 01:05: 0.20 USD paid [#1 traffic small 2 GB of tier 1 at 0.1 2026-04-01 00:00 to 2026-04-01 01:00 = 0.20 USD]
    ");
}

#[test]
fn each_aggregation_settles_what_it_says() {
    assert_snapshot!(play_only(&["settled"], "
        2026-03-01 10:00  top-up 10
        2026-03-01 10:00  open-resource net small
        2026-03-01 10:10  report #1 peak 3 as a
        2026-03-01 10:20  report #1 peak 5 as b
        2026-03-01 10:20  report #1 seats 7 as c at 2026-03-01 10:19
        2026-03-01 10:21  report #1 seats 9 as d at 2026-03-01 10:11
        2026-03-01 10:30  report #1 users 1 as ann
        2026-03-01 10:31  report #1 users 1 as bob
        2026-03-01 12:00  step
    "), @"2026-03-01 11:05   settled due 2026-03-01 11:05: 4.65 USD paid [#1 peak small 5 piece of tier 1 at 0.5 2026-03-01 10:00 to 2026-03-01 11:00 = 2.50 USD; #1 seats small 7 piece of tier 1 at 0.25 2026-03-01 10:00 to 2026-03-01 11:00 = 1.75 USD; #1 users small 2 piece of tier 1 at 0.2 2026-03-01 10:00 to 2026-03-01 11:00 = 0.40 USD]");
}

#[test]
fn d44_late_usage_is_a_line_then_an_adjustment_then_refused() {
    assert_snapshot!(play_only(&["settled", "recorded"], "
        2026-03-01 10:00  top-up 10
        2026-03-01 10:00  open-resource net small
        2026-03-01 10:10  report #1 peak 3 as a
        2026-03-01 10:20  report #1 traffic 5 as b
        2026-03-02 10:00  report #1 traffic 1 as c at 2026-03-01 10:30
        2026-03-02 10:00  report #1 peak 4 as d at 2026-03-01 10:30
        2026-03-05 10:00  report #1 traffic 2 as e at 2026-03-01 10:30
        2026-03-05 10:00  report #1 traffic -1 as f at 2026-03-01 10:30
        2026-04-10 10:00  report #1 traffic 2 as g at 2026-03-01 10:30
        2026-04-10 12:00  step
    "), @r"
    2026-03-01 10:10   recorded 1 peak in 2026-03-01 10:00
    2026-03-01 10:20   recorded 1 traffic in 2026-03-01 10:00
    2026-03-02 10:00   settled due 2026-03-01 11:05: 2.00 USD paid [#1 peak small 3 piece of tier 1 at 0.5 2026-03-01 10:00 to 2026-03-01 11:00 = 1.50 USD; #1 traffic small 5 GB of tier 1 at 0.1 2026-03-01 10:00 to 2026-03-01 11:00 = 0.50 USD]
    2026-03-02 10:00   recorded 1 traffic late in 2026-03-01 10:00
    2026-03-02 10:00   recorded 1 peak late in 2026-03-01 10:00
    2026-03-05 10:00   settled due 2026-03-02 11:05: 0.60 USD paid [#1 peak small 1 piece of tier 1 at 0.5 2026-03-01 10:00 to 2026-03-01 11:00 = 0.50 USD; #1 traffic small 1 GB of tier 1 at 0.1 2026-03-01 10:00 to 2026-03-01 11:00 = 0.10 USD]
    2026-03-05 10:00   recorded 1 traffic late in 2026-03-01 10:00
    2026-03-05 10:00   recorded 1 traffic late in 2026-03-01 10:00
    2026-04-10 10:00   settled due 2026-03-05 11:05: 0.10 USD paid [adjustment #1 traffic small 1 GB of tier 1 at 0.1 2026-03-01 10:00 to 2026-03-01 11:00 = 0.10 USD]
    ");
}

#[test]
fn d34_every_reading_has_its_own_answer() {
    let (mut world, _) = run("
        2026-03-01 10:00  top-up 10
        2026-03-01 10:00  open-resource net small
        2026-03-01 10:00  open-resource vm small
        2026-03-01 10:30  release-resource #2
    ");
    let at = |time: &str| instant("2026-03-01", time);
    let now = at("10:40");
    let readings = vec![
        reported("#1", "traffic", "1", "a", at("10:10")),
        reported("#1", "traffic", "1", "a", at("10:10")),
        reported("#1", "traffic", "2", "a", at("10:10")),
        reported("#1", "steam", "2", "b", at("10:10")),
        reported("#9", "traffic", "2", "c", at("10:10")),
        reported("#2", "cpu", "2", "d", at("10:10")),
        reported("#1", "peak", "-2", "e", at("10:10")),
        reported("#1", "traffic", "2", "f", at("10:46")),
        reported("#1", "traffic", "2", "g", at("09:59")),
        reported("#1", "traffic", "1000000000001", "h", at("10:10")),
        reported("#1", "traffic", "0.5", "i", at("10:45")),
    ];
    let command = Command::RecordUsage(RecordUsage { readings });
    let outcomes = |answer| match answer {
        Ok(Answer::UsageRecorded { outcomes }) => outcomes,
        other => panic!("{other:?}"),
    };
    let refused = Outcome::Rejected;
    assert_eq!(
        outcomes(world.execute(now, &command).answer),
        [
            Outcome::Accepted,
            Outcome::Duplicate,
            refused(Fault::Conflict),
            refused(Fault::UnknownMeter),
            refused(Fault::ResourceNotFound),
            refused(Fault::MeteredByTime),
            refused(Fault::NegativeQuantity),
            refused(Fault::InFuture),
            refused(Fault::BeforeOpening),
            refused(Fault::QuantityTooLarge),
            Outcome::Accepted,
        ]
    );
    let again = outcomes(world.execute(now, &command).answer);
    assert_eq!(again[0], Outcome::Duplicate, "also in another command");
    assert_eq!(again[2], refused(Fault::Conflict));
    assert_eq!(again[10], Outcome::Duplicate);
}

#[test]
fn r5_10_a_voucher_pays_first_and_then_cash_and_the_rest_is_owed() {
    assert_snapshot!(play_only(&["settled", "coupon", "overdue", "repaid", "standing"], "
        2026-03-01 10:00  top-up 0.40
        2026-03-01 10:00  grant cash 1
        2026-03-01 10:00  open-resource at-once small
        2026-03-01 13:10  step
        2026-03-01 13:20  top-up 0.30
        2026-03-01 13:30  top-up 5
        2026-03-01 14:10  step
    "), @r"
    2026-03-01 10:00   coupon #1 cash 1.00 USD granted until 2026-04-30 10:00
    2026-03-01 11:05   settled due 2026-03-01 11:05: 0.00 USD paid, coupon #1 0.60 USD [#2 cpu small 1 hour of tier 1 at 0.6 2026-03-01 10:00 to 2026-03-01 11:00 = 0.00 USD]
    2026-03-01 11:05   coupon #1 paid 0.60 USD of usage
    2026-03-01 12:05   settled due 2026-03-01 12:05: 0.20 USD paid, coupon #1 0.40 USD [#2 cpu small 1 hour of tier 1 at 0.6 2026-03-01 11:00 to 2026-03-01 12:00 = 0.20 USD]
    2026-03-01 12:05   coupon #1 paid 0.40 USD of usage
    2026-03-01 13:05   settled due 2026-03-01 13:05: 0.20 USD paid, 0.40 USD owed [#2 cpu small 1 hour of tier 1 at 0.6 2026-03-01 12:00 to 2026-03-01 13:00 = 0.60 USD]
    2026-03-01 13:05   overdue: 0.40 USD to pay, available -0.40 USD
    2026-03-01 13:20 repaid 0.30 USD for 2026-03
    2026-03-01 13:30 repaid 0.10 USD for 2026-03
    2026-03-01 13:30   in good standing
    2026-03-01 14:05   settled due 2026-03-01 14:05: 0.35 USD paid [#2 cpu small 0.583333 hour of tier 1 at 0.6 2026-03-01 13:00 to 2026-03-01 14:00 = 0.35 USD]
    ");
}

#[test]
fn r6_12_a_stop_for_debt_ends_with_the_debt_and_the_owners_own_does_not() {
    assert_snapshot!(play("
        2026-03-01 10:00  top-up 1.30
        2026-03-01 10:00  open-resource debt small
        2026-03-01 11:10  step
        2026-03-01 14:00  stop #1
        2026-03-01 16:30  step
        2026-03-01 17:00  open-resource vm small
        2026-03-01 17:00  start #1
        2026-03-01 18:00  top-up 5
        2026-03-01 18:30  start #1
        2026-03-01 20:00  step
    "), @r"
    2026-03-01 10:00 +1.30 USD
    2026-03-01 10:00   resource #1 opened debt small
    2026-03-01 10:00 deposit 0.60 USD held for #1
    2026-03-01 11:05   settled due 2026-03-01 11:05: 0.60 USD paid [#1 cpu small 1 hour of tier 1 at 0.6 2026-03-01 10:00 to 2026-03-01 11:00 = 0.60 USD]
    2026-03-01 14:00   settled due 2026-03-01 12:05: 0.10 USD paid, 0.50 USD owed [#1 cpu small 1 hour of tier 1 at 0.6 2026-03-01 11:00 to 2026-03-01 12:00 = 0.60 USD]
    2026-03-01 14:00   overdue: 0.50 USD to pay, available -0.50 USD
    2026-03-01 14:00   settled due 2026-03-01 13:05: 0.00 USD paid, 0.60 USD owed [#1 cpu small 1 hour of tier 1 at 0.6 2026-03-01 12:00 to 2026-03-01 13:00 = 0.60 USD]
    2026-03-01 14:00   resource #1 stopped
    2026-03-01 14:05   settled due 2026-03-01 14:05: 0.00 USD paid, 0.60 USD owed [#1 cpu small 1 hour of tier 1 at 0.6 2026-03-01 13:00 to 2026-03-01 14:00 = 0.60 USD]
    2026-03-01 14:05   resource #1 halted due 2026-03-01 14:05, released at 2026-03-02 14:05
    2026-03-01 14:05   resource #1 will be released at 2026-03-02 14:05
    2026-03-01 17:00 ! AccountOverdue: the account is overdue: 1.70 USD must be paid first
    2026-03-01 17:00 ! AccountOverdue: the account is overdue: 1.70 USD must be paid first
    2026-03-01 18:00 +5.00 USD
    2026-03-01 18:00 repaid 1.70 USD for 2026-03
    2026-03-01 18:00   in good standing
    2026-03-01 18:00   resource #1 restored
    2026-03-01 18:30   resource #1 started
    2026-03-01 19:05   settled due 2026-03-01 19:05: 0.30 USD paid [#1 cpu small 0.5 hour of tier 1 at 0.6 2026-03-01 18:30 to 2026-03-01 19:00 = 0.30 USD]
    ");
}

#[test]
fn r6_10_what_is_not_paid_is_stopped_and_released() {
    assert_snapshot!(play("
        2026-03-01 10:00  top-up 1
        2026-03-01 10:00  open-resource debt small
        2026-03-03 10:00  step
    "), @r"
    2026-03-01 10:00 +1.00 USD
    2026-03-01 10:00   resource #1 opened debt small
    2026-03-01 10:00 deposit 0.60 USD held for #1
    2026-03-01 11:05   settled due 2026-03-01 11:05: 0.40 USD paid, 0.20 USD owed [#1 cpu small 1 hour of tier 1 at 0.6 2026-03-01 10:00 to 2026-03-01 11:00 = 0.60 USD]
    2026-03-01 11:05   overdue: 0.20 USD to pay, available -0.20 USD
    2026-03-01 12:05   settled due 2026-03-01 12:05: 0.00 USD paid, 0.60 USD owed [#1 cpu small 1 hour of tier 1 at 0.6 2026-03-01 11:00 to 2026-03-01 12:00 = 0.60 USD]
    2026-03-01 13:05   settled due 2026-03-01 13:05: 0.00 USD paid, 0.60 USD owed [#1 cpu small 1 hour of tier 1 at 0.6 2026-03-01 12:00 to 2026-03-01 13:00 = 0.60 USD]
    2026-03-01 13:05   resource #1 halted due 2026-03-01 13:05, released at 2026-03-02 13:05
    2026-03-01 13:05   resource #1 will be released at 2026-03-02 13:05
    2026-03-01 14:05   settled due 2026-03-01 14:05: 0.00 USD paid, 0.05 USD owed [#1 cpu small 0.083333 hour of tier 1 at 0.6 2026-03-01 13:00 to 2026-03-01 13:05 = 0.05 USD]
    2026-03-02 13:05   resource #1 released for debt at 2026-03-02 13:05
    2026-03-02 14:05   settled due 2026-03-02 14:05: 0.00 USD paid []
    2026-03-02 14:05 deposit 0.60 USD of #1 free
    2026-03-02 14:05 repaid 0.60 USD for 2026-03
    ");
}

#[test]
fn r6_9_the_owner_is_told_again_and_the_resource_stops_on_the_fifteenth_day() {
    assert_snapshot!(play_only(&["overdue", "halted", "released", "closed", "lent", "past"], "
        2026-03-01 10:00  open-resource vm small
        2026-05-01 00:00  step
    "), @r"
    2026-03-01 11:05   overdue: 0.03 USD to pay, available -0.03 USD
    2026-03-08 11:05   overdue still: 6.08 USD to pay, due 2026-03-08 11:05
    2026-03-15 11:05   overdue still: 12.13 USD to pay, due 2026-03-15 11:05
    2026-03-16 11:05   resource #1 halted due 2026-03-16 11:05, released at 2026-03-31 11:05
    2026-03-30 11:05   resource #1 will be released at 2026-03-31 11:05
    2026-03-31 11:05   resource #1 released for debt at 2026-03-31 11:05
    2026-04-03 12:00 2026-03 closed: 362 lines, 12.99 USD due 2026-04-03 12:00
    2026-04-23 12:00 12.99 USD of 2026-03 past due since 2026-04-23 12:00
    ");
    assert_snapshot!(mails("
        2026-03-01 10:00  open-resource vm small
        2026-05-01 00:00  step
    "), @r"
    2026-03-01 11:05 overdue
    2026-03-08 11:05 overdue
    2026-03-15 11:05 overdue
    2026-03-16 11:05 resource_halted
    2026-03-30 11:05 resource_release_ahead
    2026-03-31 11:05 resource_released
    2026-04-03 12:00 statement_ready
    ");
}

#[test]
fn r6_8_while_overdue_nothing_is_bought_renewed_or_opened() {
    assert_snapshot!(play_only(&["!", "failed", "overdue:"], "
        2026-03-01 10:00  top-up 10
        2026-03-01 10:00  purchase ecs small 1 month
        2026-03-01 10:00  open-resource vm small
        2026-03-01 11:10  step
        2026-03-01 12:00  purchase ecs small 1 month
        2026-03-01 12:00  renew #1 1 month
        2026-03-01 12:00  change #1 large
        2026-03-01 12:00  mode #1 auto
        2026-03-01 12:00  open-resource vm small
        2026-03-01 12:00  stop #3
        2026-03-01 12:00  start #3
        2026-03-01 12:00  plan #3 large
        2026-03-01 12:00  release-resource #3
    "), @r"
    2026-03-01 11:05   overdue: 0.03 USD to pay, available -0.03 USD
    2026-03-01 12:00 ! AccountOverdue: the account is overdue: 0.03 USD must be paid first
    2026-03-01 12:00 ! AccountOverdue: the account is overdue: 0.03 USD must be paid first
    2026-03-01 12:00 ! AccountOverdue: the account is overdue: 0.03 USD must be paid first
    2026-03-01 12:00 ! AccountOverdue: the account is overdue: 0.03 USD must be paid first
    2026-03-01 12:00 ! AccountOverdue: the account is overdue: 0.03 USD must be paid first
    2026-03-01 12:00 ! AccountOverdue: the account is overdue: 0.03 USD must be paid first
    2026-03-01 12:00 ! AccountOverdue: the account is overdue: 0.03 USD must be paid first
    ");
}

#[test]
fn r6_16_an_alert_is_told_once_per_downward_crossing() {
    assert_snapshot!(play_only(&["alert", "low", "refilled"], "
        2026-03-01 10:00  top-up 3
        2026-03-01 10:00  alert 5
        2026-03-01 10:10  top-up 3
        2026-03-01 10:10  open-resource at-once small
        2026-03-01 15:00  step
        2026-03-01 15:10  top-up 1
        2026-03-01 18:10  step
    "), @r"
    2026-03-01 10:00   alert below 5.00 USD, low
    2026-03-01 10:10   refilled
    2026-03-01 12:05   ran low: 4.90 USD
    ");
}

#[test]
fn r6_18_the_forecast_is_made_at_two_and_only_where_the_balance_will_not_do() {
    assert_snapshot!(play_only(&["will run short"], "
        2026-03-01 00:00  top-up 40
        2026-03-01 00:00  open-resource at-once small
        2026-03-03 20:00  step
    "), @"2026-03-03 14:00   will run short: 14.40 USD needed, 3.40 USD there, due 2026-03-03 14:00");
}

#[test]
fn r1_5_a_fixed_quota_that_is_released_goes_on_as_pay_as_you_go() {
    assert_snapshot!(play_only(&["released", "resource", "settled"], "
        2026-03-01 10:00  top-up 12
        2026-03-01 10:00  purchase quota small 1 month manual
        2026-04-02 12:10  step
    "), @r"
    2026-04-02 10:00 #1 released due 2026-04-02 10:00
    2026-04-02 10:00   resource #3 opened quota small
    2026-04-02 11:05   settled due 2026-04-02 11:05: 0.60 USD paid [#3 cpu small 1 hour of tier 1 at 0.6 2026-04-02 10:00 to 2026-04-02 11:00 = 0.60 USD]
    2026-04-02 12:05   settled due 2026-04-02 12:05: 0.60 USD paid [#3 cpu small 1 hour of tier 1 at 0.6 2026-04-02 11:00 to 2026-04-02 12:00 = 0.60 USD]
    ");
}

#[test]
fn r6_20_a_package_is_drawn_before_anything_is_paid() {
    assert_snapshot!(play_only(&["package", "settled"], "
        2026-03-01 10:00  top-up 30
        2026-03-01 10:00  purchase quota small 1 month manual
        2026-03-01 10:00  open-resource net small
        2026-03-01 10:10  report #3 traffic 8 as a
        2026-03-01 11:10  report #3 traffic 8 as b
        2026-03-01 13:00  step
        2026-03-01 13:00  renew #1 1 month
        2026-04-01 10:30  report #3 traffic 4 as c
        2026-04-01 12:00  step
    "), @r"
    2026-03-01 10:00   package of 10 traffic until 2026-04-01 10:00
    2026-03-01 11:10   settled due 2026-03-01 11:05: 0.00 USD paid []
    2026-03-01 12:05   settled due 2026-03-01 12:05: 0.60 USD paid [#3 traffic small 6 GB of tier 1 at 0.1 2026-03-01 11:00 to 2026-03-01 12:00 = 0.60 USD]
    2026-03-01 13:00   package of 10 traffic until 2026-05-01 10:00
    2026-04-01 11:05   settled due 2026-04-01 11:05: 0.00 USD paid []
    ");
    assert_snapshot!(play_only(&["package", "settled"], "
        2026-03-01 10:00  top-up 30
        2026-03-01 10:00  purchase quota small 1 month manual
        2026-03-01 10:00  open-resource net small
        2026-03-02 10:10  report #3 traffic 4 as a
        2026-03-02 10:20  unsubscribe #1 unused
        2026-03-02 11:10  report #3 traffic 4 as b
        2026-03-02 13:00  step
    "), @r"
    2026-03-01 10:00   package of 10 traffic until 2026-04-01 10:00
    2026-03-02 10:20   packages of #1 dropped
    2026-03-02 11:10   settled due 2026-03-02 11:05: 0.00 USD paid []
    2026-03-02 12:05   settled due 2026-03-02 12:05: 0.40 USD paid [#3 traffic small 4 GB of tier 1 at 0.1 2026-03-02 11:00 to 2026-03-02 12:00 = 0.40 USD]
    ");
}

#[test]
fn r6_20_a_package_is_drawn_and_dropped_with_its_own_subscription() {
    let (world, _) = run("
        2026-03-01 10:00  top-up 90
        2026-03-01 10:00  purchase quota small 1 month manual
        2026-03-01 10:00  purchase quota small 1 month manual
        2026-03-01 10:00  open-resource net small
        2026-03-01 10:10  report #5 traffic 12 as a
        2026-03-01 12:00  renew #1 1 month
        2026-03-01 12:00  renew #3 1 month
        2026-03-02 10:20  unsubscribe #1 unused
    ");
    let packages = world.open().packages.iter();
    let left: Vec<_> = packages
        .map(|package| format!("#{} {}", package.subscription.number, package.left))
        .collect();
    assert_eq!(left, ["#1 0", "#3 8", "#3 10"]);
}

#[test]
fn a_resource_that_is_settled_for_good_is_let_go_of() {
    let (world, _) = run("
        2026-03-01 10:00  top-up 10
        2026-03-01 10:00  open-resource at-once small
        2026-03-01 10:30  release-resource #1
        2026-03-01 12:00  step
    ");
    assert!(world.open().resources.is_empty());
}

#[test]
fn usage_costs_what_its_time_cost_whenever_it_is_reported() {
    let (mut world, _) = run("
        2026-03-01 10:00  top-up 10
        2026-03-01 10:00  open-resource net small
    ");
    world.amend(instant("2026-03-02", "00:00"), |rules| {
        let payg = rules.products.get_mut("net").and_then(|product| product.payg.as_mut());
        let meter = payg.and_then(|payg| payg.meters.get_mut("seats")).expect("a meter");
        for tariff in meter.plans.values_mut().flat_map(|prices| prices.values_mut()) {
            tariff.price = Some("1".parse().expect("a price"));
        }
    });
    let now = instant("2026-03-02", "09:00");
    let before = reported("#1", "seats", "4", "a", instant("2026-03-01", "12:00"));
    let after = reported("#1", "seats", "4", "b", instant("2026-03-02", "08:30"));
    let command = Command::RecordUsage(RecordUsage { readings: vec![before, after] });
    world.execute(now, &command).answer.expect("they are counted");
    world.step(instant("2026-03-02", "12:00"));
    assert_eq!(world.open().wallet.cash, usd("5"), "four at 0.25, and four at 1");
}

#[test]
fn usage_is_the_same_in_any_order_and_batching() {
    let script = |lines: &str| {
        let (world, _) = run(&format!(
            "
            2026-03-01 10:00  top-up 10
            2026-03-01 10:00  open-resource net small
            {lines}
            2026-03-01 12:00  step
            "
        ));
        (world.open().wallet.cash, live(&world, 1).meters["traffic"].counted.clone())
    };
    let one = script(
        "2026-03-01 10:50  report #1 traffic 1.5 as a at 2026-03-01 10:05
         2026-03-01 10:50  report #1 traffic 2.25 as b at 2026-03-01 10:06",
    );
    let other = script(
        "2026-03-01 10:40  report #1 traffic 2.25 as b at 2026-03-01 10:06
         2026-03-01 10:45  report #1 traffic 1.5 as a at 2026-03-01 10:05
         2026-03-01 10:46  report #1 traffic 1.5 as a at 2026-03-01 10:05",
    );
    assert_eq!(one, other);
    assert_eq!(one.0, usd("9.63"));
}

#[test]
fn a_replayed_settlement_is_the_same_account() {
    let (world, _) = run("
        2026-03-01 10:00  top-up 1
        2026-03-01 10:00  open-resource debt small
        2026-03-01 10:00  open-resource net small
        2026-03-01 10:20  report #2 users 5 as ann
        2026-03-01 15:00  step
    ");
    let mut state = crate::domain::stream::State::empty(ACCOUNT.into());
    for record in &world.records {
        for event in &record.events {
            let text = serde_json::to_string(event).expect("it is written");
            state.apply(&serde_json::from_str(&text).expect("it is read"));
        }
        state.end_record();
    }
    assert_eq!(state, world.state);
    let settled = world
        .records
        .iter()
        .flat_map(|record| &record.events)
        .any(|event| matches!(event, Event::Usage(usage::Event::Settled(_))));
    assert!(settled);
}
