//! What seldom happens, each case by itself: amounts at their limits, orders that stand when
//! something else happens to them, what newer rules leave.

use std::sync::Arc;

use super::book::book;
use super::properties;
use super::scenario::{ACCOUNT, World, act, instant, open, play_only, run, short, usd};
use crate::domain::agenda::{Job, Step};
use crate::domain::calendar::{Timestamp, Zone};
use crate::domain::command::{Answer, Command};
use crate::domain::event::SealedRef;
use crate::domain::facts::Question;
use crate::domain::ids::{OrderId, ResourceId, SeriesId, WithdrawalId};
use crate::domain::money::{MINOR_MAX, Money};
use crate::domain::nouns::closure::{Blocker, CodeHash, HoldingKind, Remedy};
use crate::domain::nouns::subscription::{Mode, State};
use crate::domain::rejection::Rejection;
use crate::domain::rules::{AutoRenewals, Length, Span, Timeline, Version};
use crate::domain::verbs;
use crate::domain::verbs::closure::{Eligibility, ReportHolding, Warning};
use crate::domain::verbs::import::{Import, Imported};
use crate::domain::verbs::pay::{Pay, PayTogether};
use crate::domain::verbs::top_up::TopUp;

fn top_up(amount: Money) -> Command {
    Command::TopUp(TopUp {
        amount,
        method: "bank_transfer".into(),
        channel: "operator".into(),
        reference: None,
    })
}

/// `minor` cents.
fn cents(minor: i64) -> Money {
    Money::from_minor(minor, usd("0").currency())
}

fn at(time: &str) -> Timestamp {
    instant("2026-03-01", time)
}

#[test]
fn a_wallet_is_filled_to_the_largest_amount_and_no_further() {
    let (mut world, _) = run("2026-03-01 10:00 open");
    assert!(world.execute(at("10:00"), &top_up(cents(MINOR_MAX - 1))).answer.is_ok());
    assert!(world.execute(at("10:00"), &top_up(cents(1))).answer.is_ok());
    let answer = world.execute(at("10:00"), &top_up(cents(1))).answer;
    assert_eq!(answer.err(), Some(Rejection::AmountTooLarge));
}

/// The import of one subscription and some cash.
fn import(cash: Option<Money>, change: impl FnOnce(&mut Imported)) -> Command {
    let Command::Open(open) = open(&[]) else { unreachable!("open makes an opening") };
    let mut imported = Imported {
        external_id: "srv-1".into(),
        product: "ecs".into(),
        plan: "small".into(),
        region: "eu".into(),
        anchor: None,
        expires_at: at("12:00"),
        period: "P1M".parse().expect("a period"),
        mode: Mode::ManualRenewal,
        price: None,
    };
    change(&mut imported);
    Command::Import(Import { open, cash, subscriptions: vec![imported], held: false })
}

fn imported(command: &Command) -> Result<Answer, Rejection> {
    let mut world = World::new(run("").0.timeline);
    world.execute(instant("2026-02-10", "10:00"), command).answer
}

#[test]
fn an_import_brings_as_much_cash_as_a_wallet_holds() {
    assert!(imported(&import(Some(cents(MINOR_MAX)), |_| ())).is_ok());
    let answer = imported(&import(Some(cents(MINOR_MAX + 1)), |_| ()));
    assert_eq!(answer.err(), Some(Rejection::AmountTooLarge));
}

#[test]
fn an_import_says_what_a_period_cost_in_the_account_s_currency_and_not_below_zero() {
    let priced = |price: Money| imported(&import(None, |it| it.price = Some(price)));
    assert!(priced(cents(0)).is_ok());
    assert_eq!(priced(cents(-1)).err(), Some(Rejection::AmountNotPositive { amount: cents(-1) }));
    let euros = Money::from_minor(5, "EUR".parse().expect("a currency"));
    let rejection = priced(euros).err();
    assert!(matches!(rejection, Some(Rejection::WrongCurrency { .. })), "{rejection:?}");
}

#[test]
fn r2_12_what_does_not_renew_by_itself_may_have_any_length() {
    // The product renews by itself by the week only, and the period is a month.
    let mut world = World::new(run("").0.timeline);
    world.amend(instant("2026-01-01", "00:00"), |rules| {
        let product = rules.products.get_mut("ecs").expect("a product");
        product.auto_periods = vec!["P1W".parse().expect("a period")];
    });
    let answer = |mode| {
        let command = import(None, |it| it.mode = mode);
        world.clone().execute(instant("2026-02-10", "10:00"), &command).answer
    };
    assert!(answer(Mode::ManualRenewal).is_ok());
    let rejection = answer(Mode::AutoRenewal).err();
    assert!(matches!(rejection, Some(Rejection::PeriodNotOffered { .. })), "{rejection:?}");
}

#[test]
fn what_comes_sealed_is_numbered_from_where_its_stream_is() {
    let mut command = import(None, |_| ());
    command.number_sealed(4);
    let Command::Import(import) = command else { panic!("it is an import") };
    assert_eq!(import.open.profile, SealedRef(5));
}

#[test]
fn what_is_asked_about_is_looked_up() {
    let id = OrderId::new(ACCOUNT, 3);
    assert_eq!(Command::Pay(Pay { order: id }).questions(), [Question::Order(id)]);
    assert_eq!(top_up(cents(1)).questions(), []);
}

#[test]
fn a_job_is_read_by_its_name() {
    for job in Job::ALL {
        assert_eq!(job.as_str().parse(), Ok(job));
    }
    assert!("".parse::<Job>().is_err());
}

#[test]
fn no_time_is_written_in_seconds() {
    for text in ["0s", "90s", "2m", "3h", "1d"] {
        assert_eq!(text.parse::<Length>().map(|length| length.to_string()), Ok(text.to_owned()));
    }
}

#[test]
fn the_year_of_a_series_has_four_digits() {
    assert!("series_invoice_2026".parse::<SeriesId>().is_ok());
    for text in ["series_invoice_+026", "series_invoice_02026", "series_invoice_026"] {
        assert!(text.parse::<SeriesId>().is_err(), "{text}");
    }
}

#[test]
fn the_hash_of_a_code_is_read_from_as_many_digits_as_it_has() {
    let text = "07".repeat(32);
    assert_eq!(text.parse(), Ok(CodeHash([7; 32])));
    // As many bytes, of other letters; and too few of the right ones.
    for text in ["é".repeat(32), text[2..].to_owned(), format!("{text}07")] {
        assert!(text.parse::<CodeHash>().is_err(), "{text}");
    }
}

#[test]
fn r8_3_cash_that_cannot_be_withdrawn_can_only_be_given_up() {
    let remedy = |withdrawable| Blocker::PositiveCash { amount: cents(500), withdrawable }.remedy();
    assert_eq!(remedy(cents(0)), Remedy::Forfeit);
    assert_eq!(remedy(cents(1)), Remedy::WithdrawOrForfeit);
}

#[test]
fn r5_16_who_has_no_coupons_is_not_warned_of_any() {
    let warnings = |script: &str| {
        let (world, _) = run(script);
        Eligibility::of(&world.timeline, world.open(), false).warnings
    };
    assert_eq!(warnings("2026-03-01 10:00 open"), []);
    let granted = "2026-03-01 10:00 grant cash 5";
    assert_eq!(warnings(granted), [Warning::Coupons { count: 1 }]);
}

#[test]
fn r8_2_what_is_held_is_told_again_only_by_another_name() {
    let (mut world, _) = run("2026-03-01 10:00 open");
    let mut report = |label: Option<&str>| {
        let (kind, id) = (HoldingKind::Domain, "example.com".to_owned());
        let label = label.map(str::to_owned);
        let report = Command::ReportHolding(ReportHolding { kind, id, label });
        world.execute(at("10:00"), &report).events.len()
    };
    assert_eq!([None, None, Some("a"), Some("a"), None].map(&mut report), [1, 0, 1, 0, 1]);
}

#[test]
fn r6_20_a_resource_that_is_gone_is_not_one_that_never_was() {
    let (world, story) = run("
        2026-03-01 10:00 top-up 10
        2026-03-01 10:00 open-resource vm small
        2026-03-01 10:10 release-resource #1
        2026-03-01 12:00 step
        2026-03-01 12:00 stop #1
        2026-03-01 12:01 stop #9
    ");
    assert!(!world.open().resources.contains_key(&ResourceId::new(ACCOUNT, 1)));
    assert!(story.contains("12:00 ! ResourceReleased"), "{story}");
    assert!(story.contains("12:01 ! ResourceNotFound"), "{story}");
}

#[test]
fn d28_what_is_open_on_a_release_that_waited_is_closed_with_it() {
    let story = play_only(
        &["order", "released"],
        "
        2026-01-10 12:00 top-up 30
        2026-01-10 12:00 purchase ecs small 1 month
        2026-02-24 12:00 step
        2026-02-25 11:00 brake on
        2026-02-25 12:00 step
        2026-02-25 13:00 renew #1 1 month unpaid
        2026-02-26 12:00 brake off
        2026-02-26 12:00 step
    ",
    );
    assert!(story.contains("#3 cancelled Released due 2026-02-25 12:00"), "{story}");
    assert!(story.ends_with("#1 released due 2026-02-25 12:00\n"), "{story}");
}

#[test]
fn r4_15_what_cannot_be_paid_any_more_is_skipped() {
    let (mut world, _) = run("
        2026-01-10 12:00 top-up 300
        2026-01-10 12:00 purchase ecs small 1 month
        2026-02-14 12:00 renew #1 1 week unpaid
        2026-02-14 12:00 purchase ecs small 1 month unpaid
    ");
    let orders = vec![OrderId::new(ACCOUNT, 3), OrderId::new(ACCOUNT, 5)];
    let together = Command::PayTogether(PayTogether { orders });
    let answer = world.execute(instant("2026-02-18", "12:00"), &together).answer;
    let Ok(Answer::PaidTogether { paid, skipped, .. }) = answer else { panic!("{answer:?}") };
    assert_eq!(paid.iter().map(|order| order.id.number).collect::<Vec<_>>(), [5]);
    let codes = skipped.iter().map(|skip| (skip.order.number, skip.code.as_str()));
    assert_eq!(codes.collect::<Vec<_>>(), [(3, "PeriodInPast")]);
}

#[test]
fn r4_17_a_coupon_that_covers_an_order_whole_does_not_pay_what_cannot_be_paid() {
    let script = |at: &str| {
        format!(
            "
        2026-01-10 12:00 top-up 300
        2026-01-10 12:00 purchase ecs small 1 month
        2026-02-14 12:00 renew #1 1 week unpaid
        2026-02-14 12:00 grant cash 3 until 2026-06-01 00:00
        2026-02-14 12:00 grant cash 2 until 2026-06-01 00:00
        {at} use #3 coupon #4
    "
        )
    };
    let (_, story) = run(&script("2026-02-18 12:00"));
    assert!(story.contains("! PeriodInPast"), "{story}");
    let (_, story) = run(&script("2026-02-16 12:00"));
    assert!(story.contains("renewed 2026-02-10 12:00 to 2026-02-17 12:00"), "{story}");
    // One that leaves something to be paid can still be chosen.
    let (_, story) = run(&script("2026-02-18 12:00").replace("coupon #4", "coupon #5"));
    assert!(story.contains("order #3 costs 1.00 USD with coupon #5 2.00 USD"), "{story}");
}

#[test]
fn r1_23_a_day_that_is_whole_months_away_costs_months() {
    let price = |expiry: &str, day: &str| {
        let story = play_only(
            &["order"],
            &format!(
                "
            2026-01-02 12:00 import ecs small 1 month until {expiry} 00:00 cash 500
            2026-01-03 12:00 renew #1 day {day}
        "
            ),
        );
        story.lines().next().expect("an order").split(' ').nth(7).expect("a price").to_owned()
    };
    assert_eq!(price("2026-03-01", "1"), "10.00");
    // Thirty days from 28 July are fewer than a month.
    assert_eq!(price("2026-07-28", "27"), "10.00");
    assert_eq!(price("2026-07-28", "28"), "10.00");
    assert_eq!(price("2026-07-28", "1"), "11.33");
}

#[test]
fn r1_23_days_are_counted_from_the_midnight_that_an_expiry_was_rounded_to() {
    let (mut world, _) = run("
        2026-06-28 12:00 top-up 100
        2026-06-28 12:00 purchase midnight small 1 month
    ");
    world.amend(instant("2026-06-29", "00:00"), |rules| rules.unified.min_gap_days = 0);
    let refused = act(&mut world, instant("2026-07-01", "12:00"), "renew", &["#1", "day", "5"]);
    assert_eq!(refused, None);
    // From 29 July on: seven days of a thirtieth.
    assert_eq!(world.open().wallet.cash, usd("87.67"));
}

#[test]
fn r1_5_what_newer_rules_do_not_sell_after_use_is_not_fallen_back_to() {
    let opened = |change: fn(&mut crate::domain::rules::Payg)| {
        let (mut world, _) = run("
            2026-03-01 10:00 top-up 12
            2026-03-01 10:00 purchase quota small 1 month manual
        ");
        world.amend(instant("2026-03-02", "00:00"), |rules| {
            let product = rules.products.get_mut("quota").expect("a product");
            change(product.payg.as_mut().expect("paid after use"));
        });
        world.step(instant("2026-04-03", "00:00"));
        assert!(world.open().subscriptions.is_empty());
        !world.open().resources.is_empty()
    };
    assert!(opened(|_| ()));
    assert!(!opened(|payg| payg.fallback = false));
    assert!(!opened(|payg| {
        for meter in payg.meters.values_mut() {
            meter.plans.remove("small");
        }
    }));
}

#[test]
fn a_step_says_whose_job_it_is_also_where_the_answer_made_it_due() {
    let (mut world, _) = run("
        2026-01-10 12:00 top-up 10
        2026-01-10 12:00 purchase intl small 1 month
        2026-02-12 10:00 step
    ");
    let live = world.live(1).expect("a subscription").id;
    let set = Command::SetRenewalMode(verbs::set_renewal_mode::SetRenewalMode {
        subscription: live,
        mode: Mode::NotRenewal,
        period: None,
        muted: None,
    });
    let executed = world.execute(instant("2026-02-12", "10:00"), &set);
    assert_eq!(
        executed.steps.iter().map(|due| due.step).collect::<Vec<_>>(),
        [Step::Suspend(live)]
    );
    let Ok(Answer::ModeSet { subscription, next_attempt_at }) = executed.answer else {
        panic!("{:?}", executed.answer)
    };
    assert_eq!((subscription.state, next_attempt_at), (State::Suspended, None));
}

#[test]
fn an_answer_tells_what_it_made_due_at_once() {
    // Released on the hour, where settlement waits for nothing: it is settled in the same record.
    let (mut world, _) = run("
        2026-03-01 10:00 top-up 10
        2026-03-01 10:00 open-resource vm small
    ");
    world.amend(at("10:00"), |rules| {
        rules.payg.settle_delay = "0s".parse().expect("a length");
    });
    world.step(at("10:30"));
    let release = Command::ReleaseResource(verbs::resource::ReleaseResource {
        resource: ResourceId::new(ACCOUNT, 1),
    });
    let answer = world.execute(at("11:00"), &release).answer;
    let Ok(Answer::Resource { resource }) = answer else { panic!("{answer:?}") };
    assert!(resource.is_settled);
    // The last withdrawal before an account is closed: the cash that is left is given up.
    let (mut world, _) = run("
        2026-03-01 10:00 closure settle 0s quiet 0s approval none
        2026-03-01 10:00 top-up 5
        2026-03-01 10:00 open-resource vm small
        2026-03-01 10:01 release-resource #1
        2026-03-01 10:02 close forfeit
        2026-03-01 10:03 confirm
        2026-03-01 10:04 cash-out 2
        2026-03-01 12:00 step
    ");
    assert!(world.open().closure.is_some(), "it waits for the withdrawal");
    let paid = Command::WithdrawalPaid(verbs::withdraw::WithdrawalPaid {
        withdrawal: WithdrawalId::new(ACCOUNT, 2),
    });
    let answer = world.execute(at("12:00"), &paid).answer;
    let Ok(Answer::Withdrawal { cash, .. }) = answer else { panic!("{answer:?}") };
    assert!(cash.is_zero(), "{cash}");
}

#[test]
fn r10_13_a_tax_of_three_cents_is_split_into_no_more() {
    let (world, _) = run("
        2026-04-01 00:00 open UTC of US
        2026-04-01 00:00 tax US VAT 20 inclusive
        2026-04-01 00:00 price ecs large month 0.18
        2026-04-01 00:00 price ecs small month 0.09
        2026-04-01 00:00 top-up 10
        2026-04-01 00:00 purchase ecs large 1 month
        2026-04-01 00:00 change #1 small
    ");
    let live = world.live(1).expect("a subscription");
    let taxes: Vec<_> = live.coverages.iter().map(|coverage| coverage.parts.tax).collect();
    // Two of three cents came back with half of the cash.
    assert_eq!(taxes, [Some(usd("0.01"))]);
    properties::check_money(&world);
}

#[test]
fn r6_3_a_minimum_of_nothing_is_none() {
    let minimum = |product: &str, meter: &str| {
        let rules = book();
        let payg = rules.products[product].payg.as_ref().expect("paid after use");
        payg.meters[meter].plans["small"][&usd("0").currency()].minimum()
    };
    assert_eq!(minimum("by-month", "calls"), Some(2.into()));
    assert_eq!(minimum("vm", "cpu"), None);
}

#[test]
fn r2_8_a_period_of_a_day_has_its_slot_the_day_after_its_start_if_at_all() {
    // A period is as short as that where an alignment leaves no gap.
    let slots = |start: &str, expiry: &str, day: i32| {
        let renewals: AutoRenewals =
            serde_json::from_value(serde_json::json!({"schedule": [day]})).expect("a schedule");
        let expires_at = instant("2026-07-28", expiry);
        let span = Span {
            zone: Zone::UTC,
            started_at: instant("2026-07-27", start),
            expires_at,
            suspends_at: instant("2026-08-12", "00:00"),
            releases_at: instant("2026-08-12", "00:00"),
        };
        renewals.slots(&span, 9)
    };
    // At 08:00: on the day of expiry, which has just passed; and never when it has just come.
    assert_eq!(slots("00:00", "00:00", 0), [instant("2026-07-28", "08:00")]);
    assert_eq!(slots("08:00", "08:00", -1), []);
    assert_eq!(slots("08:00:01", "08:00:01", -1), [instant("2026-07-28", "08:00")]);
}

#[test]
fn rules_are_in_force_in_one_stretch_until_others_are() {
    let version = |number: u32, day: &str| Version {
        number,
        effective_at: instant(day, "00:00"),
        rules: Arc::new(book()),
    };
    let stretches = |versions: &[Version], from: &str| {
        let mut timeline = Timeline::default();
        for version in versions {
            timeline.push(version.clone());
        }
        let told = timeline.stretches(instant(from, "00:00"));
        told.map(|(version, start, end)| (version.number, short(start), short(end)))
            .collect::<Vec<_>>()
    };
    let day = |date: &str| format!("{date} 00:00");
    let end = short(Timestamp::MAX);
    // The first is in force before it takes effect as well.
    assert_eq!(
        stretches(&[version(1, "2026-03-01")], "2026-01-01"),
        [(1, day("2026-01-01"), end.clone())]
    );
    // One that takes effect no later than those before it replaces them from there on.
    let replaced = [version(1, "2026-01-01"), version(2, "2026-04-01"), version(3, "2026-03-01")];
    assert_eq!(
        stretches(&replaced, "2026-02-01"),
        [(1, day("2026-02-01"), day("2026-03-01")), (3, day("2026-03-01"), end)]
    );
}

#[test]
fn r6_4_what_is_carried_counts_though_nothing_of_it_is_billed_any_more() {
    let (mut world, _) = run("2026-03-01 10:00 top-up 10");
    world.amend(at("10:00"), |rules| {
        let payg = rules.products.get_mut("net").expect("a product").payg.as_mut();
        let seats = payg.expect("metered").meters.get_mut("seats").expect("a meter");
        for tariff in seats.plans.values_mut().flat_map(|prices| prices.values_mut()) {
            tariff.price = Some(0.into());
        }
    });
    for (time, verb, args) in [
        ("10:00", "open-resource", &["net", "small"][..]),
        ("10:10", "report", &["#1", "traffic", "0.199", "as", "a"]),
        // The cent that was billed is taken back.
        ("11:10", "report", &["#1", "traffic", "-0.15", "as", "b", "at", "2026-03-01", "10:20"]),
        ("12:10", "report", &["#1", "seats", "5", "as", "c"]),
        ("12:20", "release-resource", &["#1"]),
        ("13:10", "step", &[]),
    ] {
        assert_eq!(act(&mut world, at(time), verb, args), None);
    }
    // Half a cent is carried on: a cent is the least that it costs.
    assert_eq!(world.open().wallet.cash, usd("9.99"));
}
