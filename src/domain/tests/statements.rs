//! Bills, statements and documents: R10.1–R10.7.

use std::collections::BTreeMap;

use insta::assert_snapshot;

use super::scenario::{World, play_only, run};
use crate::domain::rows::Row;

const BILLS: &[&str] = &["closed", "invoice #", "credit_note #", "document #"];

/// The lines of an account, each in a line of text.
fn lines(world: &World) -> String {
    let told = |row: &Row| {
        let Row::BillLine(_, line) = row else { return None };
        let tax = line.tax.as_ref().map_or(String::new(), |(name, rate)| {
            format!(" {name} {rate} % {}", line.tax_amount.amount())
        });
        let parts = [line.list, line.discount, line.coupon, line.net].map(|part| part.amount());
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
    assert_snapshot!(lines(&world), @"");
}

#[test]
fn r4_16_what_was_not_delivered_is_taken_off_the_bill() {
    let (world, _) = run("
        2026-04-01 00:00 acknowledge ecs new
        2026-04-01 00:00 top-up 100
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-02 00:00 step
    ");
    assert_snapshot!(lines(&world), @"");
}

#[test]
fn r10_5_a_month_is_closed_on_the_third_of_the_next() {
    assert_snapshot!(play_only(BILLS, "
        2026-04-01 00:00 top-up 100
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-20 00:00 renew #1 1 month
        2026-05-01 00:00 purchase quiet small 1 month
        2026-07-01 00:00 step
    "), @"");
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
    assert_snapshot!(lines(&slept), @"");
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
    assert_snapshot!(lines(&world), @"");
}

#[test]
fn months_are_counted_in_the_billing_zone() {
    let (world, _) = run("
        2026-03-31 15:00 billing-zone Asia/Shanghai
        2026-03-31 15:00 top-up 100
        2026-03-31 15:30 purchase ecs small 1 week
        2026-03-31 16:00 purchase ecs small 1 week
    ");
    assert_snapshot!(lines(&world), @"");
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
    "), @"");
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
        2026-04-04 00:00 refund #11 1
        2026-04-05 00:00 invoice 2026-04
        2026-05-02 00:00 renew #1 1 month
        2026-05-03 13:00 refund #14 3
    "), @"");
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
    assert_eq!(world.open().bills.charges.len(), 1, "what is over needs no place on a bill");
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
    assert_eq!(sums.values().sum::<i64>(), 100_00 - cash, "the bill is what the wallet paid");
}
