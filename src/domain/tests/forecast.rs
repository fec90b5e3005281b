//! Forecasts, case by case: what is told, when money falls short, what is taken for granted.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use insta::assert_snapshot;

use super::forecast_properties::asked;
use super::golden::variant;
use super::scenario::{World, instant, run, short};
use crate::domain::calendar::Timestamp;
use crate::domain::command::Command;
use crate::domain::event::Event;
use crate::domain::forecast::{Asked, Forecast, Walk};
use crate::domain::nouns::{notice, order};
use crate::domain::rules::Timeline;

fn read(world: &World, asked: Asked<'_>) -> (Forecast, String) {
    let account = world.state.account().expect("an account").clone();
    let mut told = String::new();
    let forecast = Forecast::read(asked, account, |item| {
        let detail = item.detail.map_or(String::new(), |detail| format!(" {detail}"));
        let about = match item.about.to_string().replace("_0000000007_", "#") {
            about if about.is_empty() => about,
            about => format!(" {about}"),
        };
        let amount = item.amount.map_or(String::new(), |amount| format!(" {amount}"));
        let (at, what, balance) = (short(item.at), item.what, item.balance);
        writeln!(told, "{at} {what}{detail}{about}{amount} -> {balance}").expect("a string grows");
    });
    let forecast = forecast.expect("an account");
    if let Some(short_of) = forecast.shortfall {
        let about = short_of.about.to_string().replace("_0000000007_", "#");
        let (at, missing) = (short(short_of.at), short_of.missing);
        let of = format!("short {at} of {missing} {about}");
        writeln!(told, "{}", of.trim_end()).expect("a string grows");
    }
    let (money_in, money_out) = (forecast.money_in, forecast.money_out);
    let (cash, debt) = (forecast.cash, forecast.debt);
    let assumed: Vec<_> = forecast.assumptions.iter().map(|it| it.as_str()).collect();
    writeln!(told, "in {money_in} out {money_out} cash {cash} debt {debt}").expect("it grows");
    writeln!(told, "{}", assumed.join(" ")).expect("a string grows");
    (forecast, told)
}

fn ahead(script: &str, from: (&str, &str), until: (&str, &str)) -> String {
    let (world, _) = run(script);
    let (from, until) = (instant(from.0, from.1), instant(until.0, until.1));
    read(&world, asked(&world, from, until)).1
}

#[test]
fn a_renewal_that_the_balance_does_not_cover_is_short_on_its_day_and_service_ends() {
    assert_snapshot!(ahead(
        "
        2026-01-01 12:00 top-up 15
        2026-01-01 12:00 purchase ecs small 1 month auto
        2026-01-02 12:00 purchase ecs small 1 week manual unpaid
        ",
        ("2026-01-20", "12:00"),
        ("2026-02-19", "12:00"),
    ), @r"
    2026-01-20 12:00 order_timing_out ord#4 -> 5.00 USD
    2026-01-20 12:00 order_cancelled ord#4 -> 5.00 USD
    2026-01-20 12:00 cancelled sub#3 -> 5.00 USD
    2026-01-20 12:00 notice top_up sub#1 -> 5.00 USD
    2026-01-21 09:00 notice top_up sub#1 -> 5.00 USD
    2026-01-23 08:00 renewal_failed NotEnoughFunds sub#1 -> 5.00 USD
    2026-01-24 08:00 renewal_failed NotEnoughFunds sub#1 -> 5.00 USD
    2026-01-25 08:00 renewal_failed NotEnoughFunds sub#1 -> 5.00 USD
    2026-01-26 08:00 renewal_failed NotEnoughFunds sub#1 -> 5.00 USD
    2026-01-27 08:00 renewal_failed NotEnoughFunds sub#1 -> 5.00 USD
    2026-01-28 08:00 renewal_failed NotEnoughFunds sub#1 -> 5.00 USD
    2026-01-29 08:00 renewal_failed NotEnoughFunds sub#1 -> 5.00 USD
    2026-01-30 08:00 renewal_failed NotEnoughFunds sub#1 -> 5.00 USD
    2026-01-31 08:00 renewal_failed NotEnoughFunds sub#1 -> 5.00 USD
    2026-02-01 08:00 renewal_failed NotEnoughFunds sub#1 -> 5.00 USD
    2026-02-01 12:00 expired sub#1 -> 5.00 USD
    2026-02-01 12:00 suspended sub#1 -> 5.00 USD
    2026-02-03 12:00 statement_closed 2026-01 -> 5.00 USD
    2026-02-15 09:00 notice release_ahead sub#1 -> 5.00 USD
    2026-02-16 12:00 released sub#1 -> 5.00 USD
    short 2026-01-23 08:00 of 5.00 USD sub#1
    in 0.00 USD out 0.00 USD cash 5.00 USD debt 0.00 USD
    no_commands on_time rules_as_scheduled
    ");
}

#[test]
fn what_runs_is_paid_for_until_the_balance_is_used_up_and_then_it_stops() {
    assert_snapshot!(ahead(
        "
        2026-03-01 10:00  top-up 20
        2026-03-01 10:00  open-resource debt small
        2026-03-01 12:00  step
        ",
        ("2026-03-01", "12:00"),
        ("2026-03-31", "12:00"),
    ), @r"
    2026-03-01 23:05 usage_settled res#1 -7.20 USD -> 12.20 USD
    2026-03-02 13:05 usage_settled res#1 -8.40 USD -> 3.80 USD
    2026-03-02 14:00 will_run_short -> 3.80 USD
    2026-03-02 19:05 usage_settled res#1 -3.60 USD -> 0.20 USD
    2026-03-02 19:05 overdue -> 0.20 USD
    2026-03-02 21:05 usage_settled res#1 -1.20 USD -> -1.00 USD
    2026-03-02 21:05 resource_halted res#1 -> -1.00 USD
    2026-03-02 21:05 resource_release_ahead res#1 -> -1.00 USD
    2026-03-02 22:05 usage_settled res#1 -0.05 USD -> -1.05 USD
    2026-03-03 21:05 resource_released res#1 -> -1.05 USD
    2026-03-03 22:05 credit_repaid 0.00 USD -> -1.05 USD
    2026-03-09 19:05 overdue_notice -> -1.05 USD
    2026-03-16 19:05 overdue_notice -> -1.05 USD
    short 2026-03-02 19:05 of 0.40 USD
    in 0.00 USD out 20.45 USD cash 0.00 USD debt 1.05 USD
    no_commands on_time rules_as_scheduled usage_goes_on
    ");
}

#[test]
fn reported_use_goes_on_at_the_rate_of_the_last_day() {
    let script = "
        2026-03-01 00:00  top-up 100
        2026-03-01 00:00  open-resource net small
        2026-03-02 00:30  report #1 traffic 12 as a
        2026-03-02 06:30  report #1 traffic 12 as b
        2026-03-02 06:40  report #1 seats 4 as c
        2026-03-02 06:40  report #1 users 1 as d
        2026-03-03 00:00  step
        ";
    assert_snapshot!(ahead(script, ("2026-03-03", "00:00"), ("2026-03-06", "00:00")), @r"
    2026-03-03 23:05 usage_settled res#1 -2.10 USD -> 95.00 USD
    2026-03-04 23:05 usage_settled res#1 -2.20 USD -> 92.80 USD
    2026-03-05 23:05 usage_settled res#1 -2.20 USD -> 90.60 USD
    in 0.00 USD out 6.50 USD cash 90.60 USD debt 0.00 USD
    no_commands on_time rules_as_scheduled usage_goes_on unique_counts_end
    ");
    let (world, _) = run(script);
    let (from, until) = (instant("2026-03-03", "00:00"), instant("2026-03-06", "00:00"));
    let (forecast, _) = read(&world, asked(&world, from, until));
    let daily: Vec<_> =
        forecast.going_on.iter().map(|it| format!("{} {}", it.meter, it.daily())).collect();
    assert_eq!(daily, ["seats 0.166666667", "traffic 24"], "four for one hour of 24");
}

#[test]
fn what_is_settled_by_the_month_goes_on_at_the_rate_of_its_month() {
    // 40 calls in ten days are 124 in March: more than 100, so all of them at 0.05.
    assert_snapshot!(ahead(
        "
        2026-03-01 00:00  top-up 100
        2026-03-01 00:00  open-resource by-month small
        2026-03-05 10:00  report #1 calls 40 as a
        2026-03-11 00:00  step
        ",
        ("2026-03-11", "00:00"),
        ("2026-04-02", "00:00"),
    ), @r"
    2026-04-01 00:05 usage_settled res#1 -6.20 USD -> 93.80 USD
    in 0.00 USD out 6.20 USD cash 93.80 USD debt 0.00 USD
    no_commands on_time rules_as_scheduled usage_goes_on
    ");
}

#[test]
fn rules_that_change_on_the_way_are_used_from_then_on() {
    let script = "
        2026-01-01 12:00 top-up 60
        2026-01-01 12:00 purchase ecs small 1 month auto
        2026-02-25 00:00 price ecs small month 30
        ";
    let (mut world, _) = run(script);
    world.execute(instant("2026-01-02", "12:00"), &Command::Advance);
    let asked = asked(&world, instant("2026-01-02", "12:00"), instant("2026-04-20", "12:00"));
    let (forecast, told) = read(&world, asked);
    assert_eq!(forecast.rules.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2]);
    assert_snapshot!(told, @r"
    2026-01-17 09:00 notice renewal_ahead sub#1 -> 50.00 USD
    2026-01-23 08:00 renewed sub#1 -10.00 USD -> 40.00 USD
    2026-02-03 12:00 statement_closed 2026-01 -> 40.00 USD
    2026-02-14 09:00 notice renewal_ahead sub#1 -> 40.00 USD
    2026-02-20 08:00 renewed sub#1 -10.00 USD -> 30.00 USD
    2026-03-03 12:00 statement_closed 2026-02 -> 30.00 USD
    2026-03-17 09:00 notice renewal_ahead sub#1 -> 30.00 USD
    2026-03-23 08:00 renewed sub#1 -30.00 USD -> 0.00 USD
    2026-04-03 12:00 statement_closed 2026-03 -> 0.00 USD
    2026-04-16 09:00 notice renewal_ahead sub#1 -> 0.00 USD
    2026-04-18 09:00 notice top_up sub#1 -> 0.00 USD
    2026-04-20 09:00 notice top_up sub#1 -> 0.00 USD
    in 0.00 USD out 50.00 USD cash 0.00 USD debt 0.00 USD
    no_commands on_time rules_as_scheduled
    ");
}

#[test]
fn what_waits_for_its_delivery_is_given_back_and_that_is_said() {
    assert_snapshot!(ahead(
        "
        2026-01-01 12:00 acknowledge ecs renew
        2026-01-01 12:00 top-up 40
        2026-01-01 12:00 purchase ecs small 1 month auto
        ",
        ("2026-01-02", "12:00"),
        ("2026-01-28", "12:00"),
    ), @r"
    2026-01-17 09:00 notice renewal_ahead sub#1 -> 30.00 USD
    2026-01-23 08:00 order_processing sub#1 -10.00 USD -> 20.00 USD
    2026-01-24 08:00 order_failed sub#1 10.00 USD -> 30.00 USD
    2026-01-25 08:00 order_processing sub#1 -10.00 USD -> 20.00 USD
    2026-01-26 08:00 order_failed sub#1 10.00 USD -> 30.00 USD
    2026-01-27 08:00 order_processing sub#1 -10.00 USD -> 20.00 USD
    2026-01-28 08:00 order_failed sub#1 10.00 USD -> 30.00 USD
    in 30.00 USD out 30.00 USD cash 30.00 USD debt 0.00 USD
    no_commands on_time rules_as_scheduled no_deliveries
    ");
}

#[test]
fn nothing_is_due_in_a_held_account_and_that_is_said() {
    assert_snapshot!(ahead(
        "
        2026-01-01 12:00 top-up 40
        2026-01-01 12:00 purchase ecs small 1 month auto
        2026-01-02 12:00 hold
        ",
        ("2026-01-02", "12:00"),
        ("2026-03-28", "12:00"),
    ), @r"
    in 0.00 USD out 0.00 USD cash 30.00 USD debt 0.00 USD
    no_commands on_time rules_as_scheduled stays_held
    ");
}

#[test]
fn what_is_long_due_happens_now() {
    let told = ahead(
        "
        2026-01-01 12:00 top-up 10
        2026-01-01 12:00 purchase ecs small 1 month manual
        ",
        ("2026-03-01", "12:00"),
        ("2026-03-01", "12:00"),
    );
    assert!(told.starts_with("2026-03-01 12:00 "), "{told}");
    assert!(told.contains("suspended") && told.contains("release_ahead"), "{told}");
    assert!(!told.contains("released"), "a release waits for its notice: {told}");
}

#[test]
fn too_much_ends_it_early_and_says_where() {
    let (world, _) = run("
        2026-03-01 10:00  top-up 20
        2026-03-01 10:00  open-resource vm small
    ");
    let (from, until) = (instant("2026-03-01", "10:00"), instant("2026-03-31", "10:00"));
    let (forecast, _) = read(&world, Asked { events_max: 30, ..asked(&world, from, until) });
    assert!(forecast.is_cut);
    assert!(forecast.event_count >= 30 && forecast.event_count < 60);
    assert_eq!(forecast.through, instant("2026-03-02", "16:05"));
    assert_eq!(forecast.days.len(), 2);
}

/// What the notices of renewals quote, and what the forecast then takes, by subscription.
fn quoted_and_taken(script: &str) -> (Vec<String>, Vec<String>) {
    let (world, _) = run(script);
    let (from, until) = (instant("2026-01-16", "12:00"), instant("2026-02-01", "12:00"));
    let account = world.state.account().expect("an account").clone();
    let mut walk = Walk::new(asked(&world, from, until), account);
    let (mut quoted, mut opened, mut taken) = (Vec::new(), BTreeMap::new(), Vec::new());
    while let Some(moment) = walk.step() {
        for event in moment.events {
            if let Event::Notice(notice::Event::Issued {
                subscription, kind, amount, payable, ..
            }) = event
                && matches!(kind, notice::Kind::RenewalAhead(_))
                && let Some(quote) = payable.or(amount)
            {
                quoted.push(format!("#{} {quote}", subscription.number));
            } else if let Event::Order(order::Event::Opened(order)) = event {
                opened.insert(order.id, order.subscription);
            } else if let Event::Order(order::Event::Paid { order, cash, .. }) = event {
                taken.push(format!("#{} {cash}", opened[&order].number));
            }
        }
    }
    (quoted, taken)
}

#[test]
fn r2_17_the_notice_of_a_renewal_quotes_what_its_forecast_takes() {
    let (quoted, taken) = quoted_and_taken(
        "
        2026-01-01 12:00 open UTC of US
        2026-01-01 12:00 tax US VAT 19
        2026-01-01 12:00 top-up 100
        2026-01-01 12:00 purchase ecs small 1 month auto
        2026-01-01 12:00 purchase intl small 1 month auto
        2026-01-16 12:00 grant cash 3
    ",
    );
    assert_eq!(quoted, ["#1 8.33 USD", "#3 11.90 USD"], "3.00 off the first, 19 % on both");
    assert_eq!(taken, quoted);
}

/// The notice counts each other renewal once. Where a shorter one comes twice before, and takes
/// more of the same voucher, only the forecast knows.
#[test]
fn r2_17_a_shorter_renewal_that_comes_twice_is_known_to_the_forecast_only() {
    let (quoted, taken) = quoted_and_taken(
        "
        2026-01-01 12:00 top-up 100
        2026-01-01 12:00 purchase intl small 1 month auto
        2026-01-03 12:00 purchase ecs small 1 week auto
        2026-01-16 12:00 grant cash 12
    ",
    );
    assert_eq!(quoted, ["#1 1.00 USD"], "9.00 are left of the voucher after one week");
    assert_eq!(taken, ["#3 0.00 USD", "#3 0.00 USD", "#1 4.00 USD", "#3 3.00 USD"]);
}

#[test]
fn an_account_that_was_never_opened_has_none() {
    let world = World::new(Timeline::default());
    let account = world.state.account().expect("an account").clone();
    let asked = asked(&world, Timestamp::MIN, Timestamp::MAX);
    assert!(Forecast::read(asked, account, |_| {}).is_none());
}

/// What is taken to go on, by the day, a day after the first.
fn goes_on(script: &str, from: (&str, &str)) -> Vec<String> {
    let (world, _) = run(&format!("2026-03-01 00:00 top-up 100\n{script}"));
    let from = instant(from.0, from.1);
    let (forecast, _) = read(&world, asked(&world, from, from));
    forecast.going_on.iter().map(|it| format!("{} {}", it.meter, it.daily())).collect()
}

#[test]
fn what_comes_to_nothing_does_not_go_on() {
    let script = "
        2026-03-01 10:00  open-resource net small
        2026-03-01 10:30  report #1 traffic 0
        2026-03-01 10:30  report #1 peak 0";
    assert_eq!(goes_on(script, ("2026-03-01", "12:00")), Vec::<String>::new());
}

#[test]
fn what_was_settled_just_a_day_ago_is_no_longer_of_the_last_day() {
    let script = "
        2026-03-01 10:00  open-resource net small
        2026-03-01 10:30  report #1 traffic 12
        2026-03-01 11:05  step";
    assert_eq!(goes_on(script, ("2026-03-02", "11:05")), Vec::<String>::new());
    assert_eq!(goes_on(script, ("2026-03-02", "11:04:59")), ["traffic 11.481854727"]);
}

#[test]
fn a_level_is_that_of_the_cycles_of_a_day_or_of_the_first() {
    let script = "
        2026-03-01 10:00  open-resource net small
        2026-03-01 10:30  report #1 peak 4
        2026-03-01 11:05  step";
    // Of the cycle that began a day ago, and of 23 more.
    assert_eq!(goes_on(script, ("2026-03-02", "10:00")), ["peak 0.166666667"]);
    assert_eq!(goes_on(script, ("2026-03-02", "11:00")), Vec::<String>::new());
    let script = "
        2026-03-01 10:00  open-resource by-day small
        2026-03-01 10:30  report #1 peak 4";
    assert_eq!(goes_on(script, ("2026-03-01", "12:00")), ["peak 4"]);
}

#[test]
fn what_is_due_at_the_instant_of_a_report_comes_before_it() {
    let (world, _) = run("
        2026-02-28 10:59:59  top-up 100
        2026-02-28 10:59:59  purchase quiet small 1 week
        2026-03-07 08:00  open-resource net small
        2026-03-07 09:30  report #3 traffic 12
        2026-03-07 10:10  step
    ");
    let (from, until) = (instant("2026-03-07", "10:10"), instant("2026-03-07", "11:00"));
    let account = world.state.account().expect("an account").clone();
    let mut walk = Walk::new(asked(&world, from, until), account);
    let mut told = Vec::new();
    while let Some(moment) = walk.step() {
        told.extend(moment.events.iter().map(|event| (short(moment.at), variant(event))));
    }
    let at = || "2026-03-07 10:59:59".to_owned();
    let expected = ["subscription.expired", "subscription.suspended", "usage.recorded"];
    assert_eq!(told, expected.map(|what| (at(), what)));
}

#[test]
fn rules_that_take_effect_at_the_very_end_are_told() {
    let (mut world, _) = run("2026-03-01 00:00 top-up 100");
    let end = instant("2026-03-05", "00:00");
    world.amend(end, |_| ());
    let (forecast, _) = read(&world, asked(&world, instant("2026-03-01", "00:00"), end));
    assert_eq!(forecast.rules.iter().map(|it| it.0).collect::<Vec<_>>(), [1, 2]);
}
