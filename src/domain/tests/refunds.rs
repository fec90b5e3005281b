//! What a refund says of the money in it: cash, the tax in it, and the coupon's part, cut from what
//! each order paid (R10.8–R10.13, D19, D43); and what stands in its way.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use insta::assert_snapshot;

use super::scenario::{ACCOUNT, play, play_only, run, short};
use crate::domain::effects::{Outgoing, Topic};
use crate::domain::event::Event;
use crate::domain::ids::{OrderId, SubscriptionId};
use crate::domain::money::Money;
use crate::domain::nouns::order::{Cut, Event as OrderEvent, Parts};

fn told(parts: &Parts) -> String {
    let of = |name: &str, part: Option<Money>| {
        part.map_or(String::new(), |part| format!(" {name} {}", part.amount()))
    };
    format!("{}{}{}", parts.cash.amount(), of("coupon", parts.coupon), of("tax", parts.tax))
}

fn cut_told(cut: &Cut) -> String {
    let rest = cut.rest.as_ref().map_or(String::new(), |rest| format!(", rest {}", told(rest)));
    let (given, consumed) = (told(&cut.given), told(&cut.consumed));
    format!(
        "  #{} at {}: given {given}, consumed {consumed}{rest}",
        cut.order.number,
        short(cut.at)
    )
}

/// Cash, coupon and tax.
fn minor(parts: &Parts) -> [i64; 3] {
    [Some(parts.cash), parts.coupon, parts.tax].map(|part| part.map_or(0, Money::minor))
}

/// The refunds of a script. All that an order paid is in its cuts, unless it is given back beside
/// what was consumed.
fn refunds(script: &str) -> String {
    let (world, _) = run(script);
    super::properties::check_money(&world);
    let mut paid: BTreeMap<OrderId, [i64; 3]> = BTreeMap::new();
    let mut text = String::new();
    for event in world.records.iter().flat_map(|record| &record.events) {
        let Event::Order(event) = event else { continue };
        if let OrderEvent::Paid { order, cash, coupon, tax, .. } = event {
            paid.insert(*order, minor(&Parts { cash: *cash, coupon: *coupon, tax: *tax }));
        }
        let OrderEvent::Refunded { order, parts, earned, cuts, is_full, .. } = event else {
            continue;
        };
        let earned = earned.map_or(String::new(), |it| format!(", earned {}", it.amount()));
        writeln!(text, "#{} gives {}{earned}", order.number, told(parts)).expect("it grows");
        for cut in cuts {
            writeln!(text, "{}", cut_told(cut)).expect("it grows");
            let pieces = [Some(&cut.given), Some(&cut.consumed), cut.rest.as_ref()];
            let pieces = pieces.into_iter().flatten().map(minor);
            let sum = pieces.fold([0; 3], |sum, piece| {
                [sum[0] + piece[0], sum[1] + piece[1], sum[2] + piece[2]]
            });
            assert!(*is_full || paid.get(&cut.order) == Some(&sum), "{cut:?}");
        }
    }
    text
}

/// 30 a month and half of that, with a coupon of 10 and a tax of 19 per cent.
const BOUGHT: &str = "
    2026-04-01 00:00 open UTC of DE
    2026-04-01 00:00 tax DE VAT 19
    2026-04-01 00:00 price ecs large month 30
    2026-04-01 00:00 price ecs small month 15
    2026-04-01 00:00 top-up 100
    2026-04-01 00:00 grant cash 10 until 2026-04-02 00:00
    2026-04-01 00:00 purchase ecs large 1 month
";

#[test]
fn r10_13_a_downgrade_cuts_cash_coupon_and_tax_alike() {
    assert_snapshot!(refunds(&format!("{BOUGHT} 2026-04-11 00:00 change #2 small")), @r"
        #4 gives 7.93 coupon 3.34 tax 1.27
          #3 at 2026-04-11 00:00: given 7.93 coupon 3.34 tax 1.27, consumed 7.93 coupon 3.33 tax 1.26, rest 7.94 coupon 3.33 tax 1.27
        ");
}

#[test]
fn r10_10_what_is_given_up_is_cut_where_it_ends() {
    let renewed = format!("{BOUGHT} 2026-04-02 00:00 renew #2 1 month");
    assert_snapshot!(refunds(&format!("{renewed}\n2026-04-11 00:00 unsubscribe #2")), @r"
        #5 gives 51.57 coupon 6.66 tax 8.23
          #3 at 2026-04-11 00:00: given 15.87 coupon 6.66 tax 2.53, consumed 7.93 coupon 3.34 tax 1.27
          #4 at 2026-05-01 00:00: given 35.70 tax 5.70, consumed 0.00
        ");
}

#[test]
fn r10_9_all_that_was_paid_comes_back_and_what_was_earned_stands_against_it() {
    assert_snapshot!(refunds(&format!("{BOUGHT} 2026-04-04 00:00 unsubscribe #2 unused")), @r"
        #4 gives 23.80 coupon 10.00 tax 3.80, earned 3.00
          #3 at 2026-04-04 00:00: given 23.80 coupon 10.00 tax 3.80, consumed 3.00
        ");
}

/// What was given back before is not left unearned for ever: no time is left in which to earn it.
#[test]
fn d43_what_was_given_back_before_is_earned_once_everything_comes_back() {
    let parted = format!("{BOUGHT} 2026-04-03 00:00 refund #3 11.90");
    assert_snapshot!(refunds(&format!("{parted}\n2026-04-04 00:00 unsubscribe #2 unused")), @r"
        #4 gives 11.90 tax 1.90, earned 10.00
        #5 gives 11.90 coupon 10.00 tax 1.90, earned 3.00
          #3 at 2026-04-04 00:00: given 11.90 coupon 10.00 tax 1.90, consumed 13.00
        ");
}

#[test]
fn r10_9_everything_comes_back_in_the_first_period_while_it_serves_and_again_a_year_later() {
    assert_snapshot!(play_only(&["back"], "
        2026-04-01 00:00 top-up 100
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-02 00:00 renew #1 1 month
        2026-04-03 00:00 unsubscribe #1 unused
        2026-04-03 00:00 purchase ecs small 1 week
        2026-04-04 00:00 unsubscribe #5 unused
        2027-04-04 00:00 purchase ecs small 1 month
        2027-04-04 00:00 unsubscribe #8 unused
        2028-04-03 23:59:59 purchase ecs small 1 month
        2028-04-03 23:59:59 unsubscribe #11 unused
    "), @r"
        2026-04-03 00:00   order #4 gives 19.33 USD back
        2026-04-04 00:00   order #7 gives 3.00 USD back in full
        2027-04-04 00:00   order #10 gives 10.00 USD back in full
        2028-04-03 23:59:59   order #13 gives 10.00 USD back
        ");
}

#[test]
fn r5_14_a_voucher_that_still_lives_gets_back_what_a_period_took() {
    assert_snapshot!(play_only(&["coupon", "back"], "
        2026-04-01 00:00 top-up 100
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-02 00:00 grant cash 15 until 2026-06-01 00:00
        2026-04-02 00:00 renew #1 1 month
        2026-04-03 00:00 refund #4
        2026-04-03 00:00 renew #1 1 month
        2026-06-01 00:00 renew #1 1 month
    "), @r"
        2026-04-02 00:00   coupon #3 cash 15.00 USD granted until 2026-06-01 00:00
        2026-04-02 00:00 #1 order #4 renew P1M 0.00 USD with coupon #3 10.00 USD by 2026-04-09 00:00
        2026-04-02 00:00   coupon #3 took 10.00 USD off
        2026-04-03 00:00   order #5 gives 0.00 USD back
        2026-04-03 00:00   coupon #3 got 10.00 USD back
        2026-04-03 00:00 #1 period taken back
        2026-04-03 00:00 #1 order #6 renew P1M 0.00 USD with coupon #3 10.00 USD by 2026-04-10 00:00
        2026-04-03 00:00   coupon #3 took 10.00 USD off
        2026-06-01 00:00   coupon #3 expired due 2026-06-01 00:00
        ");
}

#[test]
fn r5_14_what_has_expired_meanwhile_does_not_come_back() {
    for (at, again) in [("2026-04-02 23:59:59", 1), ("2026-04-03 00:00", 0)] {
        let story = play(&format!(
            "
            2026-04-01 00:00 top-up 100
            2026-04-01 00:00 purchase ecs small 1 month
            2026-04-02 00:00 grant cash 4 until 2026-04-03 00:00
            2026-04-02 00:00 renew #1 1 month
            {at} refund #4
        "
        ));
        assert_eq!(story.matches("granted for #3").count(), again, "{story}");
        assert!(story.contains("gives 6.00 USD back"), "{story}");
    }
}

#[test]
fn r10_11_what_waits_on_a_subscription_stands_in_the_way_of_giving_it_back() {
    assert_snapshot!(play_only(&["back"], "
        2026-04-01 00:00 top-up 100
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-02 00:00 renew #1 1 month
        2026-04-03 00:00 renew #1 1 month unpaid
        2026-04-03 00:00 unsubscribe #1
        2026-04-03 00:00 refund #3
        2026-04-03 00:00 refund #3 1
        2026-04-03 00:00 refund #4
        2026-04-03 00:00 cancel #4
        2026-04-03 00:00 refund #4
        2026-04-03 00:00 refund #3 0
        2026-04-03 00:00 refund #3 -1
        2026-04-03 00:00 refund #3 1
    "), @r"
        2026-04-03 00:00 ! UnpaidOrder: ord#4 on this subscription is unpaid: pay it or cancel it
        2026-04-03 00:00 ! UnpaidOrder: ord#4 on this subscription is unpaid: pay it or cancel it
        2026-04-03 00:00 ! UnpaidOrder: ord#4 on this subscription is unpaid: pay it or cancel it
        2026-04-03 00:00 ! UnpaidOrder: ord#4 on this subscription is unpaid: pay it or cancel it
        2026-04-03 00:00 ! NothingToRefund: ord#4 paid for no period that lies ahead; while its period lasts, unsubscribe or name an amount
        2026-04-03 00:00 ! AmountNotPositive: 0.00 USD is not above zero
        2026-04-03 00:00 ! AmountNotPositive: -1.00 USD is not above zero
        2026-04-03 00:00   order #5 gives 1.00 USD back
        ");
}

#[test]
fn r8_4_what_waits_for_payment_is_not_released_by_hand() {
    assert_snapshot!(play_only(&["released"], "
        2026-04-01 00:00 top-up 100
        2026-04-01 00:00 purchase ecs small 1 month
        2026-05-02 00:00 renew #1 1 month unpaid
        2026-05-02 00:00 release #1
        2026-05-02 00:00 cancel #3
        2026-05-02 00:00 release #1
    "), @r"
        2026-05-02 00:00 ! UnpaidOrder: ord#3 on this subscription is unpaid: pay it or cancel it
        2026-05-02 00:00 #1 released due 2026-05-02 00:00
        ");
}

#[test]
fn r10_11_what_is_over_gives_nothing_back() {
    assert_snapshot!(play_only(&["back"], "
        2026-04-01 00:00 top-up 100
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-02 00:00 purchase ecs small 1 month
        2026-04-03 00:00 unsubscribe #1
        2026-04-03 00:00 refund #2 1
        2026-05-01 23:59:59 refund #4 1
        2026-05-02 00:00 refund #4 1
    "), @r"
        2026-04-03 00:00   order #5 gives 9.33 USD back
        2026-04-03 00:00 ! NothingToRefund: ord#2 paid for no period that lies ahead; while its period lasts, unsubscribe or name an amount
        2026-05-01 23:59:59   order #6 gives 1.00 USD back
        2026-05-02 00:00 ! NothingToRefund: ord#4 paid for no period that lies ahead; while its period lasts, unsubscribe or name an amount
        ");
}

#[test]
fn r10_7_what_a_downgrade_gives_back_repays_credit_and_is_on_a_credit_note() {
    assert_snapshot!(play_only(&["repaid", "back", "credit", "invoice"], "
        2026-04-01 00:00 limit 50
        2026-04-01 00:00 purchase ecs large 1 month
        2026-04-02 00:00 invoice 2026-04
        2026-04-16 00:00 change #1 small
    "), @r"
        2026-04-01 00:00 credit limit 50.00 USD
        2026-04-02 00:00 invoice #3 of 2026-04 [(1, 1)] 50.00 USD
        2026-04-16 00:00 #1 order #4 downgrade P1M 0.00 USD back 20.00 USD by 2026-04-23 00:00
        2026-04-16 00:00   order #4 gives 20.00 USD back
        2026-04-16 00:00 credit_note #5 for #3 of 2026-04 [(2, 2)] -20.00 USD
        2026-04-16 00:00 repaid 20.00 USD for 2026-04
        ");
}

#[test]
fn r6_20_the_package_of_a_period_that_is_taken_back_goes_with_it() {
    assert_snapshot!(play_only(&["package", "back"], "
        2026-04-01 00:00 top-up 100
        2026-04-01 00:00 purchase quota small 1 month
        2026-04-02 00:00 renew #1 1 month
        2026-04-03 00:00 refund #3
    "), @r"
        2026-04-01 00:00   package of 10 traffic until 2026-05-01 00:00
        2026-04-02 00:00   package of 10 traffic until 2026-06-01 00:00
        2026-04-03 00:00   order #4 gives 10.00 USD back
        2026-04-03 00:00   packages of #1 dropped
        2026-04-03 00:00 #1 period taken back
        ");
}

/// Three months paid ahead, of which the last is taken back.
const TAKEN_BACK: &str = "
    2026-04-01 00:00 top-up 300
    2026-04-01 00:00 purchase ecs small 1 month
    2026-04-02 00:00 renew #1 1 month
    2026-04-02 00:00 renew #1 1 month
    2026-04-03 00:00 refund #4
";

#[test]
fn r3_1_what_comes_before_the_end_of_what_is_left_is_said_after_all() {
    assert_snapshot!(play_only(&["notice", "expired"], &format!("{TAKEN_BACK} 2026-06-01 00:00 step")), @r"
        2026-05-17 09:00 #1 notice expiring(15) due 2026-05-17 09:00
        2026-05-25 09:00 #1 notice expiring(7) due 2026-05-25 09:00
        2026-05-29 09:00 #1 notice expiring(3) due 2026-05-29 09:00
        2026-05-31 09:00 #1 notice expiring(1) due 2026-05-31 09:00
        2026-06-01 00:00 #1 expired due 2026-06-01 00:00
        ");
}

#[test]
fn r3_1_what_was_said_before_a_period_was_taken_back_is_not_said_again() {
    assert_snapshot!(play_only(&["notice"], "
        2026-04-01 00:00 top-up 300
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-17 00:00 renew #1 1 month
        2026-04-24 09:00 refund #3
        2026-05-01 00:00 step
    "), @r"
        2026-04-17 00:00 #1 notice expiring(15) due 2026-04-16 09:00
        2026-04-28 09:00 #1 notice expiring(3) due 2026-04-28 09:00
        2026-04-30 09:00 #1 notice expiring(1) due 2026-04-30 09:00
        ");
}

#[test]
fn r10_9_a_period_that_was_taken_back_is_not_the_latest_any_more() {
    let (world, _) = run(TAKEN_BACK);
    assert_eq!(world.live(1).and_then(|live| live.last_order), Some(OrderId::new(ACCOUNT, 3)));
    let (_, story) = run(&format!(
        "
        {TAKEN_BACK}
        2026-04-04 00:00 renew #1 1 month
        2026-04-05 00:00 renew #1 1 month
        2026-04-06 00:00 refund #7
        2026-04-06 00:00 refund #3
    "
    ));
    assert!(story.contains("! NotLatestPeriod") && story.contains("ord#6"), "{story}");
    let (world, _) = run("
        2026-02-10 10:00 import ecs small 1 month until 2026-03-01 00:00 cash 50
        2026-02-11 10:00 renew #1 1 month
        2026-02-11 10:00 refund #2
    ");
    assert_eq!(world.live(1).and_then(|live| live.last_order), None);
}

#[test]
fn r2_10_what_waits_to_be_said_of_what_was_left_is_void_once_it_is_renewed() {
    let told = "2026-05-29 09:00 step\n2026-05-29 09:30 renew #1 1 month";
    let (world, _) = run(&format!("{TAKEN_BACK} {told}"));
    let live = SubscriptionId::new(ACCOUNT, 1);
    let renewed_at = world.records.last().expect("a record").at;
    let last = world.outgoing.iter().filter(|(at, _)| *at == renewed_at);
    assert!(last.clone().any(|(_, out)| *out == Outgoing::Void(Topic::Reminders(live))));
    assert!(last.clone().any(|(_, out)| *out == Outgoing::Void(Topic::Losses(live))));
}

#[test]
fn r1_19_a_plan_for_a_while_ends_with_the_time_that_is_left() {
    assert_snapshot!(play_only(&["is large", "is small", "back", "renewed"], "
        2026-04-01 00:00 top-up 300
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-01 00:00 renew #1 1 month
        2026-04-01 00:00 change #1 large until 2026-05-16 12:00
        2026-04-02 00:00 refund #3
        2026-04-02 00:00 renew #1 1 month
        2026-06-01 00:00 step
    "), @r"
        2026-04-01 00:00 #1 renewed 2026-05-01 00:00 to 2026-06-01 00:00 due 2026-04-01 00:00
        2026-04-01 00:00 #1 is large until 2026-05-16 12:00
        2026-04-02 00:00   order #5 gives 30.44 USD back
        2026-04-02 00:00 #1 period taken back
        2026-04-02 00:00 #1 renewed 2026-05-01 00:00 to 2026-06-01 00:00 due 2026-04-02 00:00
        2026-05-01 00:00 #1 is small due 2026-05-01 00:00
        ");
}
