//! Usage in detail: what packages give, what waits for its line, what is remembered, and what a
//! resource has used so far (R6.1–R6.4, R6.20, D19, D44).

use insta::assert_snapshot;

use super::payg_words::{command, live, usage_told};
use super::scenario::{World, act, instant, play_only, run, usd};
use super::statements;
use crate::domain::calendar::Timestamp;
use crate::domain::event::Event;
use crate::domain::nouns::usage;
use crate::domain::verbs::so_far::{SoFar, so_far};
use crate::domain::verbs::standing;

/// What packages have left, in the order in which they came.
fn left(world: &World) -> Vec<(u32, String)> {
    let packages = &world.open().packages;
    packages.iter().map(|it| (it.subscription.number, it.left.normalize().to_string())).collect()
}

/// What was drawn, settlement by settlement.
fn draws(world: &World) -> Vec<Vec<(u32, String)>> {
    let events = world.records.iter().flat_map(|record| &record.events);
    let drawn = events.filter_map(|event| {
        let Event::Usage(usage::Event::Settled(settlement)) = event else { return None };
        let of = |draw: &usage::PackageDraw| {
            (draw.subscription.number, draw.quantity.normalize().to_string())
        };
        Some(settlement.draws.iter().map(of).collect::<Vec<_>>())
    });
    drawn.filter(|draws| !draws.is_empty()).collect()
}

fn is(pairs: &[(u32, &str)]) -> Vec<(u32, String)> {
    pairs.iter().map(|(number, text)| (*number, (*text).to_owned())).collect()
}

#[test]
fn r6_20_the_package_that_ends_first_is_drawn_first_and_never_below_zero() {
    let (world, _) = run("
        2026-03-01 10:00 top-up 100
        2026-03-01 10:00 purchase quota small 2 months
        2026-03-01 10:00 purchase quota small 1 month
        2026-03-01 10:00 open-resource net small
        2026-03-01 10:00 open-resource net small
        2026-03-01 10:30 report #5 traffic 4
        2026-03-01 10:30 report #6 traffic 9
        2026-03-01 12:00 step
        2026-03-01 12:30 report #5 traffic 20
        2026-03-01 14:00 step
        2026-03-01 14:30 report #5 traffic 1
        2026-03-01 16:00 step
    ");
    assert_eq!(draws(&world), [is(&[(3, "4"), (3, "6"), (1, "3")]), is(&[(1, "7")])]);
    assert_eq!(left(&world), is(&[(1, "0"), (3, "0")]));
}

#[test]
fn r6_20_a_package_pays_for_every_interval_that_its_time_reaches_into() {
    let drawn = |bought: &str, used: &str| {
        let (world, _) = run(&format!(
            "
            2026-02-01 10:00 top-up 100
            2026-02-01 10:00 open-resource net small
            {bought} purchase quota small 1 month
            {used} report #1 traffic 4
            2026-04-01 00:00 step
        "
        ));
        !draws(&world).is_empty()
    };
    // Bought a second before the end of an hour.
    assert!(drawn("2026-02-01 10:59:59", "2026-02-01 10:59:59"));
    // It ends with an hour of 1 March, or a second after it.
    assert!(!drawn("2026-02-01 11:00", "2026-03-01 11:30"));
    assert!(drawn("2026-02-01 11:00:01", "2026-03-01 11:30"));
}

#[test]
fn r6_20_what_was_used_before_a_package_began_is_not_its_to_pay() {
    let (world, _) = run("
        2026-02-01 10:00 top-up 100
        2026-02-01 10:00 open-resource net small
        2026-02-01 10:30 report #1 traffic 4
        2026-02-01 11:00 purchase quota small 1 month
        2026-02-01 12:00 step
    ");
    assert_eq!((draws(&world), left(&world)), (vec![], is(&[(2, "10")])));
}

#[test]
fn r6_3_what_waits_for_a_cent_is_written_before_another_plan_or_month() {
    assert_snapshot!(play_only(&["settled"], "
        2026-03-31 21:00 top-up 10
        2026-03-31 21:00 open-resource v17 small
        2026-03-31 22:00 plan #1 large
        2026-03-31 23:00 plan #1 small
        2026-04-01 03:10 step
    "), @r"
        2026-03-31 23:00   settled due 2026-03-31 22:05: 0.00 USD paid []
        2026-03-31 23:05   settled due 2026-03-31 23:05: 0.02 USD paid [#1 cpu small 1 hour of tier 1 at 0.004 2026-03-31 21:00 to 2026-03-31 22:00 = 0.00 USD; #1 cpu large 1 hour of tier 1 at 0.0199 2026-03-31 22:00 to 2026-03-31 23:00 = 0.02 USD]
        2026-04-01 00:05   settled due 2026-04-01 00:05: 0.00 USD paid []
        2026-04-01 01:05   settled due 2026-04-01 01:05: 0.01 USD paid [#1 cpu small 1 hour of tier 1 at 0.004 2026-03-31 23:00 to 2026-04-01 00:00 = 0.00 USD; #1 cpu small 1 hour of tier 1 at 0.004 2026-04-01 00:00 to 2026-04-01 01:00 = 0.01 USD]
        2026-04-01 02:05   settled due 2026-04-01 02:05: 0.00 USD paid []
        2026-04-01 03:05   settled due 2026-04-01 03:05: 0.00 USD paid []
        ");
}

#[test]
fn r10_4_what_waits_for_a_cent_is_written_before_another_tier() {
    assert_snapshot!(play_only(&["settled"], "
        2026-03-01 10:00 top-up 10
        2026-03-01 10:00 open-resource net small
        2026-03-01 10:30 report #1 traffic 9.99
        2026-03-01 11:30 report #1 traffic 0.009 as second
        2026-03-01 12:30 report #1 traffic 0.011 as third
        2026-03-01 13:30 report #1 traffic 1 as fourth
        2026-03-01 15:00 step
    "), @r"
        2026-03-01 11:30   settled due 2026-03-01 11:05: 0.99 USD paid [#1 traffic small 9.99 GB of tier 1 at 0.1 2026-03-01 10:00 to 2026-03-01 11:00 = 0.99 USD]
        2026-03-01 12:30   settled due 2026-03-01 12:05: 0.00 USD paid []
        2026-03-01 13:30   settled due 2026-03-01 13:05: 0.01 USD paid [#1 traffic small 0.010 GB of tier 1 at 0.1 2026-03-01 11:00 to 2026-03-01 13:00 = 0.01 USD]
        2026-03-01 14:05   settled due 2026-03-01 14:05: 0.05 USD paid [#1 traffic small 1.01 GB of tier 2 at 0.05 2026-03-01 12:00 to 2026-03-01 14:00 = 0.05 USD]
        ");
}

#[test]
fn d44_what_comes_48_hours_after_its_interval_is_a_line_and_later_an_adjustment() {
    assert_snapshot!(play_only(&["settled"], "
        2026-03-01 10:00 top-up 10
        2026-03-01 10:00 open-resource net small
        2026-03-03 11:00 report #1 traffic 1 as in at 2026-03-01 10:30
        2026-03-03 12:00:01 report #1 traffic 1 as out at 2026-03-01 11:30
        2026-03-03 14:00 step
    "), @r"
        2026-03-03 12:05   settled due 2026-03-03 12:05: 0.10 USD paid [#1 traffic small 1 GB of tier 1 at 0.1 2026-03-01 10:00 to 2026-03-01 11:00 = 0.10 USD]
        2026-03-03 13:05   settled due 2026-03-03 13:05: 0.10 USD paid [adjustment #1 traffic small 1 GB of tier 1 at 0.1 2026-03-01 11:00 to 2026-03-01 12:00 = 0.10 USD]
        ");
}

#[test]
fn r6_4_the_least_charge_of_a_life_counts_what_was_billed_before() {
    let (mut world, _) = run("
        2026-03-01 10:00 top-up 10
        2026-03-01 10:00 open-resource disk small
        2026-03-01 10:00 open-resource vm small
    ");
    world.amend(instant("2026-03-01", "00:00"), |rules| {
        rules.payg.min_lifetime_charge = "0.05".parse().expect("an amount");
    });
    let released = |world: &mut World, time: &str, id: &str| {
        let at = instant("2026-03-01", time);
        world.step(at);
        let command = command(at, "release-resource", &[id]).expect("a word");
        world.execute(at, &command).answer.expect("it is released");
    };
    // Ten seconds of two meters come to less than a cent, an hour of one to three.
    released(&mut world, "10:00:10", "#1");
    released(&mut world, "11:00:10", "#2");
    world.step(instant("2026-03-01", "13:00"));
    let lines = |number: u32| {
        let events = world.records.iter().flat_map(|record| &record.events);
        let lines = events.filter_map(|event| {
            let Event::Usage(usage::Event::Settled(settlement)) = event else { return None };
            Some(&settlement.lines)
        });
        let lines = lines.flatten().filter(|line| line.resource.number == number);
        lines.map(|line| line.payable.amount()).collect::<Vec<_>>()
    };
    assert_eq!(lines(1).iter().map(|it| usd(it).minor()).sum::<i64>(), 5, "{:?}", lines(1));
    assert_eq!(lines(2), ["0.03", "0.02"]);
}

#[test]
fn a_month_in_which_nothing_was_used_has_no_minimum() {
    assert_snapshot!(play_only(&["settled"], "
        2026-03-01 10:00 top-up 10
        2026-03-01 10:00 open-resource by-month small
        2026-03-05 10:00 report #1 calls 0 as nothing
        2026-04-05 10:00 report #1 calls 20 as twenty
        2026-05-02 10:00 step
    "), @r"
        2026-04-05 10:00   settled due 2026-04-01 00:05: 0.00 USD paid []
        2026-05-01 00:05   settled due 2026-05-01 00:05: 2.00 USD paid [#1 calls small 20 call of tier 1 at 0.1 2026-04-01 00:00 to 2026-05-01 00:00 = 2.00 USD]
        ");
}

#[test]
fn what_can_no_longer_be_reported_is_forgotten_and_nothing_else() {
    let (world, _) = run("
        2026-03-01 10:00 top-up 100
        2026-03-01 10:00 open-resource vm small
        2026-03-01 10:00 open-resource net small
        2026-03-01 10:10 stop #1
        2026-03-01 10:10 stop #2
        2026-03-01 11:20 start #1
        2026-03-01 11:20 start #2
        2026-03-01 12:30 report #2 peak 4
        2026-03-04 10:00 step
    ");
    assert_eq!(live(&world, 1).phases.len(), 1, "running time is settled");
    assert_eq!(live(&world, 2).phases.len(), 3, "reports may still come");
    assert_eq!(live(&world, 2).meters["peak"].closed.len(), 1);
    let (world, _) = run("
        2026-03-01 10:00 top-up 100
        2026-03-01 10:00 open-resource net small
        2026-03-01 10:10 stop #1
        2026-03-01 11:20 start #1
        2026-03-01 12:30 report #1 peak 4
        2026-03-01 12:30 report #1 traffic 4
        2026-04-06 10:30 report #1 peak 4 as later
        2026-04-06 12:00 step
    ");
    assert_eq!(live(&world, 1).phases.len(), 1);
    let closed: Vec<_> = live(&world, 1).meters["peak"].closed.keys().copied().collect();
    assert_eq!(closed, [instant("2026-04-06", "10:00")]);
    assert!(live(&world, 1).meters["traffic"].closed.is_empty(), "a sum needs no memory");
}

#[test]
fn what_was_counted_is_kept_for_three_months_and_the_rate_for_a_day() {
    let (world, _) = run("
        2026-01-01 10:00 top-up 100
        2026-01-01 10:00 open-resource net small
        2026-01-05 10:30 report #1 traffic 1
        2026-02-05 10:30 report #1 traffic 2
        2026-03-05 10:30 report #1 traffic 3
        2026-04-05 09:30 report #1 traffic 4
        2026-04-05 10:30 report #1 traffic 5
        2026-04-06 10:30 report #1 traffic 6
        2026-04-06 12:00 step
    ");
    let traffic = &live(&world, 1).meters["traffic"];
    let months: Vec<_> = traffic.counted.keys().map(ToString::to_string).collect();
    assert_eq!(months, ["2026-02", "2026-03", "2026-04"]);
    let used: Vec<_> = traffic.recent.iter().map(|used| used.quantity.to_string()).collect();
    assert_eq!(used, ["6"], "what was settled a day before is no longer of the last day");
    assert_eq!(live(&world, 1).billed.to_string(), "1.85");
}

#[test]
fn r6_12_what_is_restored_is_told_anew_before_it_is_released() {
    assert_snapshot!(play_only(&["resource", "standing"], "
        2026-03-01 10:00 open-resource at-once small
        2026-03-15 12:00 step
        2026-03-15 12:00 top-up 1
        2026-03-30 12:00 step
        2026-03-31 12:00 step
    "), @r"
        2026-03-01 10:00   resource #1 opened at-once small
        2026-03-01 11:05   resource #1 halted due 2026-03-01 11:05, released at 2026-03-16 11:05
        2026-03-15 11:05   resource #1 will be released at 2026-03-16 11:05
        2026-03-15 12:00   in good standing
        2026-03-15 12:00   resource #1 restored
        2026-03-15 13:05   resource #1 halted due 2026-03-15 13:05, released at 2026-03-30 13:05
        2026-03-29 13:05   resource #1 will be released at 2026-03-30 13:05
        2026-03-30 13:05   resource #1 released for debt at 2026-03-30 13:05
        ");
}

fn used(world: &World, number: u32, at: Timestamp) -> Vec<(String, String, String)> {
    let currency = usd("0").currency();
    let SoFar { meters, .. } =
        so_far(&world.timeline, currency, live(world, number), at).expect("so far");
    let of = meters.into_iter().map(|on| {
        (format!("{} {}", on.meter, on.unit), on.settled.to_string(), on.unsettled.to_string())
    });
    of.filter(|(_, settled, unsettled)| (settled.as_str(), unsettled.as_str()) != ("0", "0"))
        .collect()
}

#[test]
fn so_far_is_what_was_settled_in_the_month_and_what_was_not() {
    let (world, _) = run("
        2026-03-01 10:00 top-up 100
        2026-03-01 10:00 open-resource disk small
        2026-03-01 10:00 open-resource by-hour small
        2026-03-01 10:00 open-resource net small
        2026-03-01 10:30 report #3 traffic 4
        2026-03-01 10:30 report #3 peak 7
        2026-03-01 12:30 report #3 traffic 2 as second
        2026-03-01 12:40 report #3 peak 9 as higher at 2026-03-01 10:40
    ");
    let at = instant("2026-03-01", "12:45");
    let texts = |texts: &[(&str, &str, &str)]| -> Vec<_> {
        let of = |it: &(&str, &str, &str)| (it.0.to_owned(), it.1.to_owned(), it.2.to_owned());
        texts.iter().map(of).collect()
    };
    assert_eq!(
        used(&world, 1, at),
        texts(&[("cpu hour", "2", "0.75"), ("disk hour", "2", "0.75")])
    );
    assert_eq!(used(&world, 2, at), texts(&[("cpu hour", "2", "1")]));
    assert_eq!(
        used(&world, 3, at),
        texts(&[("peak piece", "7", "2"), ("traffic GB", "4", "2")]),
        "of an interval that is settled, what came since"
    );
    let next_month = instant("2026-04-01", "00:00");
    assert_eq!(used(&world, 3, next_month)[1], texts(&[("traffic GB", "0", "2")])[0]);
}

#[test]
fn no_wallet_holds_more_than_an_amount_can_say() {
    assert_snapshot!(play_only(&["+", "limit"], "
        2026-03-01 10:00 top-up 9999999999
        2026-03-01 10:00 top-up 1.01
        2026-03-01 10:00 top-up 0.99
        2026-03-01 10:00 take 0.01
        2026-03-01 10:00 take 0.02
        2026-03-01 10:00 top-up 0.01
        2026-03-01 10:00 top-up 0
        2026-03-01 10:00 limit 10000000000
    "), @r"
        2026-03-01 10:00 +9999999999.00 USD
        2026-03-01 10:00 ! AmountTooLarge: the balance would become too large
        2026-03-01 10:00 +0.99 USD
        2026-03-01 10:00 +0.01 USD from acc_0000000008
        2026-03-01 10:00 ! AmountTooLarge: the balance would become too large
        2026-03-01 10:00 ! AmountNotPositive: 0.00 USD is not above zero
        2026-03-01 10:00 credit limit 10000000000.00 USD
        ");
}

#[test]
fn r7_6_what_comes_from_another_account_pays_what_is_due() {
    assert_snapshot!(play_only(&["repaid", "standing", "overdue", "from"], "
        2026-03-01 10:00 open-resource at-once small
        2026-03-01 12:00 step
        2026-03-01 12:30 take 5
    "), @r"
        2026-03-01 11:05   overdue: 0.60 USD to pay, available -0.60 USD
        2026-03-01 12:30 +5.00 USD from acc_0000000008
        2026-03-01 12:30 repaid 0.65 USD for 2026-03
        2026-03-01 12:30   in good standing
        ");
}

#[test]
fn d44_what_was_reported_too_much_comes_back_in_cash() {
    let script = "
        2026-03-01 10:00 top-up 0.80
        2026-03-01 10:00 open-resource net small
        2026-03-01 10:00 open-resource net small
        2026-03-01 10:30 report #1 traffic 5
        2026-03-01 12:00 step
        2026-03-01 12:10 report #1 traffic -5 as less at 2026-03-01 10:30
        2026-03-01 12:10 report #2 traffic 2 as other at 2026-03-01 10:30
        2026-03-01 14:00 step
    ";
    let (world, _) = run(script);
    assert_snapshot!(statements::lines(&world), @r"
        2026-03 1 PayAsYouGoBill #1 traffic 0.50 0.00 0.00 0.50 = 0.50 USD
        2026-03 2 PayAsYouGoBill #1 traffic -0.50 0.00 0.00 -0.50 = -0.50 USD
        2026-03 3 PayAsYouGoBill #2 traffic 0.20 0.00 0.00 0.20 = 0.20 USD
        ");
    assert_eq!(world.open().wallet.cash, usd("0.60"));
    let sums = world.open().bills.months.values().map(|month| month.totals).collect::<Vec<_>>();
    assert_eq!(
        sums.iter().map(|sum| (sum.total, sum.paid)).collect::<Vec<_>>(),
        [(usd("0.20"), usd("0.20"))]
    );
}

#[test]
fn d44_an_adjustment_is_billed_as_one() {
    let (world, _) = run("
        2026-03-01 10:00 top-up 10
        2026-03-01 10:00 open-resource net small
        2026-03-01 10:30 report #1 traffic 5
        2026-03-03 12:00:01 report #1 traffic 1 as out at 2026-03-01 11:30
        2026-03-03 14:00 step
    ");
    assert_snapshot!(statements::lines(&world), @r"
        2026-03 1 PayAsYouGoBill #1 traffic 0.50 0.00 0.00 0.50 = 0.50 USD
        2026-03 2 Adjustment #1 traffic 0.10 0.00 0.00 0.10 = 0.10 USD
        ");
}

#[test]
fn r6_20_a_package_is_kept_as_long_as_its_use_may_be_reported() {
    let kept = |until: &str| {
        let (world, _) = run(&format!(
            "
            2026-02-01 10:00 top-up 9999
            2026-02-01 10:00 open-resource vm small
            2026-02-01 10:00 purchase quota small 1 month
            {until} step
        "
        ));
        world.open().packages.len()
    };
    // To 1 March 10:00, and 45 days.
    assert_eq!((kept("2026-04-15 09:30"), kept("2026-04-15 10:30")), (1, 0));
}

#[test]
fn r6_4_what_was_billed_is_the_least_charge_once_it_is_one() {
    // A cent is billed, and more than another half is carried on two meters.
    let story = play_only(
        &["settled"],
        "
        2026-03-01 10:00:00 top-up 10
        2026-03-01 10:00:00 open-resource disk small
        2026-03-01 10:03:19 release-resource #1
        2026-03-01 12:00 step
    ",
    );
    assert!(story.contains("settled due 2026-03-01 11:05: 0.01 USD paid"), "{story}");
}

#[test]
fn r6_3_what_waits_for_a_cent_is_of_one_plan_though_it_costs_the_same() {
    let story = play_only(
        &["settled"],
        "
        2026-03-01 10:00 top-up 10
        2026-03-01 10:00 open-resource disk small
        2026-03-01 10:01 plan #1 large
        2026-03-01 12:00 step
    ",
    );
    assert_snapshot!(story.trim(), @"2026-03-01 11:05   settled due 2026-03-01 11:05: 0.77 USD paid [#1 cpu small 0.016667 hour of tier 1 at 0.36 2026-03-01 10:00 to 2026-03-01 10:01 = 0.00 USD; #1 cpu large 0.983333 hour of tier 1 at 0.72 2026-03-01 10:01 to 2026-03-01 11:00 = 0.71 USD; #1 disk small 0.016667 hour of tier 1 at 0.06 2026-03-01 10:00 to 2026-03-01 10:01 = 0.00 USD; #1 disk large 0.983333 hour of tier 1 at 0.06 2026-03-01 10:01 to 2026-03-01 11:00 = 0.06 USD]");
}

#[test]
fn r6_2_a_line_begins_where_the_first_of_what_waited_for_it_was_used() {
    let story = play_only(
        &["settled"],
        "
        2026-03-01 10:00 top-up 10
        2026-03-01 10:00 open-resource net small
        2026-03-01 11:30 report #1 traffic 0.01 as a
        2026-03-01 12:30 report #1 traffic 0.01 as b at 2026-03-01 10:30
        2026-03-01 13:30 release-resource #1
        2026-03-01 15:00 step
    ",
    );
    assert!(
        story.contains(
            "traffic small 0.02 GB of tier 1 at 0.1 2026-03-01 10:00 to 2026-03-01 12:00"
        ),
        "{story}"
    );
}

/// A world in which what is settled by the day has another price for its largest value on the
/// other plan, and nothing waits for late reports.
fn by_day() -> World {
    let (mut world, _) = run("2026-03-01 09:00 top-up 100");
    world.amend(instant("2026-03-01", "09:00"), |rules| {
        rules.payg.settle_delay = "0s".parse().expect("a length");
        let seats = rules.products["net"].payg.as_ref().expect("metered").meters["seats"].clone();
        let meters = &mut rules.products.get_mut("by-day").expect("a product").payg;
        let peak = meters.as_mut().expect("metered").meters.get_mut("peak").expect("a meter");
        peak.plans.insert("large".into(), seats.plans["small"].clone());
    });
    world
}

/// Acts on a world, and tells what was settled.
fn settled(mut world: World, script: &str) -> String {
    let seen = world.records.len();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let refused = act(&mut world, instant(words[0], words[1]), words[2], &words[3..]);
        assert_eq!(refused, None, "{line}");
    }
    let events = world.records[seen..].iter().flat_map(|record| &record.events);
    let told = events.filter_map(|event| {
        let Event::Usage(event @ usage::Event::Settled(_)) = event else { return None };
        Some(usage_told(event).trim().to_owned())
    });
    told.collect::<Vec<_>>().join("\n")
}

#[test]
fn r6_3_what_is_reported_at_the_very_change_of_a_plan_is_of_the_new_one() {
    assert_snapshot!(settled(by_day(), "
        2026-03-01 10:00 open-resource by-day small
        2026-03-01 12:00 report #1 peak 3 as a
        2026-03-01 14:00 plan #1 large
        2026-03-01 14:00 report #1 peak 2 as b
        2026-03-01 15:00 stop #1
        2026-03-01 16:00 start #1
        2026-03-02 01:00 step
    "), @"settled due 2026-03-02 00:00: 15.20 USD paid [#1 cpu small 4 hour of tier 1 at 0.6 2026-03-01 10:00 to 2026-03-01 14:00 = 2.40 USD; #1 cpu large 9 hour of tier 1 at 1.2 2026-03-01 14:00 to 2026-03-02 00:00 = 10.80 USD; #1 peak small 3 piece of tier 1 at 0.5 2026-03-01 00:00 to 2026-03-01 14:00 = 1.50 USD; #1 peak large 2 piece of tier 1 at 0.25 2026-03-01 14:00 to 2026-03-02 00:00 = 0.50 USD]");
}

#[test]
fn r6_3_lines_follow_the_time_also_where_only_one_plan_is_priced_by_the_hour() {
    let (mut world, _) = run("2026-03-01 09:00 top-up 100");
    world.amend(instant("2026-03-01", "09:00"), |rules| {
        let by_second = rules.products["vm"].payg.as_ref().expect("metered").meters["cpu"].clone();
        let payg = rules.products.get_mut("by-hour").expect("a product").payg.as_mut();
        let cpu = payg.expect("metered").meters.get_mut("cpu").expect("a meter");
        cpu.plans.insert("large".into(), by_second.plans["large"].clone());
    });
    assert_snapshot!(settled(world, "
        2026-03-01 10:10 open-resource by-hour small
        2026-03-01 10:40 plan #1 large
        2026-03-01 12:00 step
    "), @"settled due 2026-03-01 11:05: 1.02 USD paid [#1 cpu small 1 hour of tier 1 at 1 2026-03-01 10:00 to 2026-03-01 11:00 = 1.00 USD; #1 cpu large 0.333333 hour of tier 1 at 0.072 2026-03-01 10:40 to 2026-03-01 11:00 = 0.02 USD]");
}

#[test]
fn d44_an_interval_is_known_as_long_as_it_can_be_corrected() {
    let mut world = by_day();
    for (date, time, verb, args) in [
        ("2026-03-01", "09:00", "open-resource", &["net", "small"][..]),
        ("2026-03-01", "09:30", "report", &["#1", "peak", "4", "as", "a"]),
        ("2026-03-01", "10:30", "report", &["#1", "peak", "4", "as", "b"]),
        ("2026-04-05", "09:30", "report", &["#1", "peak", "4", "as", "c"]),
        // Thirty-five days after the second began.
        ("2026-04-05", "10:00", "step", &[]),
    ] {
        assert_eq!(act(&mut world, instant(date, time), verb, args), None);
    }
    let closed: Vec<_> = live(&world, 1).meters["peak"].closed.keys().copied().collect();
    assert_eq!(closed, [instant("2026-03-01", "10:00"), instant("2026-04-05", "09:00")]);
}

#[test]
fn r6_18_what_is_settled_at_the_time_of_the_forecast_is_of_the_day_before_the_next() {
    let mut world = by_day();
    for (time, verb, args) in [
        ("09:00", "open-resource", &["net", "small"][..]),
        ("13:30", "report", &["#1", "peak", "4", "as", "a"]),
        ("14:00", "step", &[]),
    ] {
        assert_eq!(act(&mut world, instant("2026-03-01", time), verb, args), None);
    }
    assert_eq!(
        standing::next_forecast(&world.timeline, world.open()),
        Some(instant("2026-03-02", "14:00"))
    );
}
