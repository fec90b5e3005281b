//! Bills, statements and documents: R10.1–R10.7.

use std::collections::BTreeMap;

use insta::assert_snapshot;

use super::scenario::{World, play_only, run};
use crate::domain::money::Money;
use crate::domain::rows::Row;

const BILLS: &[&str] = &["closed", "invoice #", "credit_note #", "document #"];

/// The lines of an account, each in a line of text.
fn lines(world: &World) -> String {
    let told = |row: &Row| {
        let Row::BillLine(_, line) = row else { return None };
        let tax = line.tax.as_ref().map_or(String::new(), |(name, rate)| {
            format!(" {name} {rate} % {}", line.tax_amount.amount())
        });
        let parts = [line.list, line.discount, line.coupon, line.net].map(Money::amount);
        let related = line.related.map_or(String::new(), |of| format!(" of #{}", of.number));
        Some(format!(
            "{} {} {} #{}{related} {}{tax} = {}\n",
            line.month,
            line.number,
            line.item_type.as_str(),
            line.order.number,
            parts.join(" "),
            line.total,
        ))
    };
    world.rows.values().filter_map(told).collect()
}

#[test]
fn r10_3_every_order_and_every_refund_is_a_line() {
    let (world, _) = run("
        2026-04-01 00:00 open UTC of DE
        2026-04-01 00:00 tax DE VAT 19
        2026-04-01 00:00 top-up 100
        2026-04-01 00:00 grant cash 4 days 60
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-02 00:00 change #2 large
        2026-04-03 00:00 change #2 small
        2026-04-04 00:00 refund #3 1
        2026-04-05 00:00 renew #2 day 9
        2026-05-01 00:00 unsubscribe #2
    ");
    assert_snapshot!(lines(&world), @r"
        2026-04 1 SubscriptionOrder #3 10.00 0.00 4.00 6.00 VAT 19 % 1.14 = 7.14 USD
        2026-04 2 SubscriptionOrder #4 38.66 0.00 0.00 38.66 VAT 19 % 7.35 = 46.01 USD
        2026-04 3 Refund #5 of #3 -7.47 0.00 -2.99 -4.48 VAT 19 % -0.85 = -5.33 USD
        2026-04 4 Refund #5 of #4 -29.86 0.00 0.00 -29.86 VAT 19 % -5.68 = -35.54 USD
        2026-04 5 Refund #6 of #3 -0.84 0.00 0.00 -0.84 VAT 19 % -0.16 = -1.00 USD
        2026-04 6 SubscriptionOrder #7 10.00 0.00 0.00 10.00 VAT 19 % 1.90 = 11.90 USD
        2026-04 7 SubscriptionOrder #7 2.66 0.00 0.00 2.66 VAT 19 % 0.51 = 3.17 USD
        2026-05 1 Refund #8 of #7 -12.66 0.00 0.00 -12.66 VAT 19 % -2.41 = -15.07 USD
        ");
}

#[test]
fn r4_16_what_was_not_delivered_is_taken_off_the_bill() {
    let (world, _) = run("
        2026-04-01 00:00 acknowledge ecs new
        2026-04-01 00:00 top-up 100
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-02 00:00 step
    ");
    assert_snapshot!(lines(&world), @r"
        2026-04 1 SubscriptionOrder #2 10.00 0.00 0.00 10.00 = 10.00 USD
        2026-04 2 Refund #2 of #2 -10.00 0.00 0.00 -10.00 = -10.00 USD
        ");
}

#[test]
fn r10_5_a_month_is_closed_on_the_third_of_the_next() {
    assert_snapshot!(play_only(BILLS, "
        2026-04-01 00:00 top-up 100
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-20 00:00 renew #1 1 month
        2026-05-01 00:00 purchase quiet small 1 month
        2026-07-01 00:00 step
    "), @r"
        2026-05-03 12:00 2026-04 closed: 2 lines, 20.00 USD due 2026-05-03 12:00
        2026-06-03 12:00 2026-05 closed: 1 lines, 10.00 USD due 2026-06-03 12:00
        ");
}

#[test]
fn a_slept_daemon_bills_each_thing_in_its_own_month() {
    let script = |how: &str| {
        format!(
            "
        2026-03-10 00:00 top-up 100
        2026-03-10 00:00 purchase quiet small 1 month auto
        2026-06-20 00:00 {how}
    "
        )
    };
    let [(stepped, _), (slept, _)] = ["step", "advance"].map(|how| run(&script(how)));
    assert_eq!(lines(&stepped), lines(&slept));
    assert_snapshot!(lines(&slept), @r"
        2026-03 1 SubscriptionOrder #2 10.00 0.00 0.00 10.00 = 10.00 USD
        2026-04 1 SubscriptionOrder #3 10.00 0.00 0.00 10.00 = 10.00 USD
        2026-05 1 SubscriptionOrder #4 10.00 0.00 0.00 10.00 = 10.00 USD
        2026-06 1 SubscriptionOrder #5 10.00 0.00 0.00 10.00 = 10.00 USD
        ");
}

#[test]
fn whoever_was_held_while_a_month_was_closed_is_billed_in_a_later_one() {
    let (world, _) = run("
        2026-03-10 00:00 top-up 100
        2026-03-10 00:00 purchase quiet small 1 month auto
        2026-03-20 00:00 hold
        2026-05-03 13:00 house-closes 2026-04
        2026-05-04 00:00 let-go
    ");
    assert_snapshot!(lines(&world), @r"
        2026-03 1 SubscriptionOrder #2 10.00 0.00 0.00 10.00 = 10.00 USD
        2026-05 1 SubscriptionOrder #3 10.00 0.00 0.00 10.00 = 10.00 USD
        2026-05 2 SubscriptionOrder #4 10.00 0.00 0.00 10.00 = 10.00 USD
        ");
}

#[test]
fn months_are_counted_in_the_billing_zone() {
    let (world, _) = run("
        2026-03-31 15:00 billing-zone Asia/Shanghai
        2026-03-31 15:00 top-up 100
        2026-03-31 15:30 purchase ecs small 1 week
        2026-03-31 16:00 purchase ecs small 1 week
    ");
    assert_snapshot!(lines(&world), @r"
        2026-03 1 SubscriptionOrder #2 3.00 0.00 0.00 3.00 = 3.00 USD
        2026-04 1 SubscriptionOrder #4 3.00 0.00 0.00 3.00 = 3.00 USD
        ");
}

#[test]
fn r10_6_an_invoice_on_demand_covers_what_is_on_no_document_yet() {
    assert_snapshot!(play_only(BILLS, "
        2026-04-01 00:00 top-up 100
        2026-04-01 00:00 invoice 2026-04
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-02 00:00 invoice 2026-04
        2026-04-02 00:00 invoice 2026-04
        2026-04-02 00:00 number #3 7
        2026-04-02 00:00 number #3 8
        2026-04-03 00:00 purchase ecs large 1 month
        2026-05-04 00:00 advance
        2026-05-04 00:00 invoice 2026-04
    "), @r"
        2026-04-01 00:00 ! NothingToInvoice: there is nothing of 2026-04 to invoice
        2026-04-02 00:00 invoice #3 of 2026-04 [(1, 1)] 10.00 USD
        2026-04-02 00:00 ! NothingToInvoice: there is nothing of 2026-04 to invoice
        2026-04-02 00:00 document #3 is INV-2026-000007
        2026-05-04 00:00 2026-04 closed: 2 lines, 60.00 USD due 2026-05-03 12:00
        2026-05-04 00:00 invoice #6 of 2026-04 [(2, 2)] 50.00 USD
        ");
}

#[test]
fn r10_7_what_comes_back_after_an_invoice_is_on_a_credit_note() {
    assert_snapshot!(play_only(BILLS, "
        2026-04-01 00:00 top-up 100
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-02 00:00 refund #2 1
        2026-04-02 00:00 invoice 2026-04
        2026-04-03 00:00 refund #2 2
        2026-04-03 00:00 unsubscribe #3
        2026-04-04 00:00 purchase ecs small 1 month
        2026-04-04 00:00 refund #12 1
        2026-04-05 00:00 invoice 2026-04
        2026-05-02 00:00 renew #1 1 month
        2026-05-03 13:00 refund #15 3
        2026-05-03 13:00 refund #12 3
    "), @r"
        2026-04-02 00:00 invoice #6 of 2026-04 [(1, 3)] 19.00 USD
        2026-04-03 00:00 credit_note #8 for #6 of 2026-04 [(4, 4)] -2.00 USD
        2026-04-03 00:00 credit_note #10 for #6 of 2026-04 [(5, 5)] -9.33 USD
        2026-04-05 00:00 invoice #14 of 2026-04 [(6, 7)] 9.00 USD
        2026-05-03 13:00 2026-04 closed: 7 lines, 16.67 USD due 2026-05-03 12:00
        2026-05-03 13:00 credit_note #18 for #14 of 2026-05 [(3, 3)] -3.00 USD
        ");
}

#[test]
fn r10_7_what_comes_back_before_its_invoice_in_a_later_month_is_on_a_credit_note() {
    assert_snapshot!(play_only(BILLS, "
        2026-04-30 00:00 top-up 100
        2026-04-30 00:00 purchase ecs small 1 month
        2026-05-01 00:00 refund #2 1
        2026-05-01 00:00 invoice 2026-05
        2026-05-02 00:00 purchase ecs small 1 month
        2026-05-05 00:00 invoice 2026-05
        2026-06-04 00:00 invoice 2026-04
        2026-06-04 00:00 invoice 2026-05
    "), @r"
        2026-05-01 00:00 ! NothingToInvoice: there is nothing of 2026-05 to invoice
        2026-05-05 00:00 2026-04 closed: 1 lines, 10.00 USD due 2026-05-03 12:00
        2026-05-05 00:00 invoice #6 of 2026-05 [(2, 2)] 10.00 USD
        2026-06-04 00:00 2026-05 closed: 2 lines, 9.00 USD due 2026-06-03 12:00
        2026-06-04 00:00 invoice #7 of 2026-04 [(1, 1)] 10.00 USD
        2026-06-04 00:00 credit_note #8 for #7 of 2026-05 [(1, 1)] -1.00 USD
        2026-06-04 00:00 ! NothingToInvoice: there is nothing of 2026-05 to invoice
        ");
}

#[test]
fn months_out_of_reach_are_forgotten() {
    let (world, _) = run("
        2026-01-10 00:00 top-up 900
        2026-01-10 00:00 purchase quiet small 1 month auto
        2027-06-20 00:00 step
        2027-06-20 00:00 invoice 2026-05
        2027-06-20 00:00 invoice 2026-06
    ");
    let months: Vec<_> = world.open().bills.months.keys().map(ToString::to_string).collect();
    assert_eq!(months.first().map(String::as_str), Some("2026-06"));
    // The present period and the one that was paid ahead.
    assert_eq!(world.open().bills.charges.len(), 2, "what is over needs no place on a bill");
}

#[test]
fn what_waits_for_an_invoice_is_kept_as_long_as_there_can_be_one() {
    let script = |months: u32| {
        format!(
            "
        2026-01-10 00:00 top-up 900
        2026-01-10 00:00 purchase quiet small 1 month
        2026-01-10 00:00 purchase quiet small 1 month auto
        2026-02-01 00:00 refund #2 1
        {:04}-{:02}-20 00:00 step
    ",
            2026 + months / 12,
            months % 12 + 1
        )
    };
    let waiting = |months| run(&script(months)).0.open().bills.waiting.clone();
    let orders: Vec<_> = waiting(6).iter().map(|line| line.order.number).collect();
    assert_eq!(orders, [2], "its period is long over");
    assert!(waiting(18).is_empty(), "January is out of reach");
}

#[test]
fn lines_sum_to_what_is_closed() {
    let (world, _) = run("
        2026-04-01 00:00 open UTC of DE
        2026-04-01 00:00 tax DE VAT 19 inclusive
        2026-04-01 00:00 price ecs small month 9.99
        2026-04-01 00:00 top-up 100
        2026-04-01 00:00 grant off 15 days 60
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-02 00:00 change #2 large
        2026-04-05 00:00 unsubscribe #2
        2026-04-06 00:00 purchase ecs small 1 month
        2026-05-06 00:00 step
    ");
    let mut sums: BTreeMap<_, i64> = BTreeMap::new();
    for row in world.rows.values() {
        if let Row::BillLine(_, line) = row {
            let parts = line.list.minor() - line.discount.minor() - line.coupon.minor();
            assert_eq!(parts, line.net.minor(), "{line:?}");
            assert_eq!(line.net.minor() + line.tax_amount.minor(), line.total.minor(), "{line:?}");
            *sums.entry(line.month).or_default() += line.total.minor();
        }
    }
    let april = world.open().bills.months.values().next().expect("a month");
    assert!(april.closed_at.is_some());
    assert_eq!(sums[&april.month], april.totals.total.minor());
    let cash = world.open().wallet.cash.minor();
    assert_eq!(sums.values().sum::<i64>(), 10_000 - cash, "the bill is what the wallet paid");
}
