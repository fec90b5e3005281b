//! Bills, statements and documents: R10.1–R10.7.

use std::collections::BTreeMap;

use insta::assert_snapshot;

use super::scenario::{World, play_only, run};
use crate::domain::ids::{AccountId, ResourceId};
use crate::domain::money::Money;
use crate::domain::month::Month;
use crate::domain::nouns::statement::{BillLine, Bills, Charged, Event, ItemType, State, Totals};
use crate::domain::rows::Row;

const BILLS: &[&str] = &["closed", "invoice #", "credit_note #", "document #"];

/// The lines of an account, each in a line of text.
pub(super) fn lines(world: &World) -> String {
    let told = |row: &Row| {
        let Row::BillLine(_, line) = row else { return None };
        let tax = line.tax.as_ref().map_or(String::new(), |(name, rate)| {
            format!(" {name} {rate} % {}", line.tax_amount.amount())
        });
        let of = match &line.charged {
            Charged::Order { order, .. } => format!("#{}", order.number),
            Charged::Usage { resource, meter, .. } => format!("#{} {meter}", resource.number),
        };
        let parts = [line.list, line.discount, line.coupon, line.net].map(Money::amount);
        let related = line.related().map_or(String::new(), |of| format!(" of #{}", of.number));
        Some(format!(
            "{} {} {} {of}{related} {}{tax} = {}\n",
            line.month,
            line.number,
            line.item_type.as_str(),
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

fn usd(minor: i64) -> Money {
    Money::from_minor(minor, "USD".parse().expect("a currency"))
}

fn month(text: &str) -> Month {
    text.parse().expect("a month")
}

/// A line of usage that is paid in part.
fn usage(text: &str, total: i64, paid: i64) -> BillLine {
    BillLine {
        month: month(text),
        number: 0,
        item_type: ItemType::PayAsYouGoBill,
        at: "2026-04-10T09:00:00Z".parse().expect("an instant"),
        charged: Charged::Usage {
            resource: ResourceId::new(AccountId::from_bits(7), 3),
            meter: "traffic".to_owned(),
            unit: "GB".to_owned(),
            quantity: "120.5".parse().expect("a quantity"),
            price: "0.004".parse().expect("a price"),
            tier: 1,
        },
        external_id: None,
        product: "ecs".to_owned(),
        plan: "small".to_owned(),
        region: "eu".to_owned(),
        starts_at: None,
        ends_at: None,
        list: usd(total),
        discount: usd(0),
        coupon: usd(0),
        net: usd(total),
        tax: None,
        tax_amount: usd(0),
        total: usd(total),
        paid: usd(paid),
    }
}

/// Closes a month with the figures that it has.
fn close(bills: &mut Bills, text: &str, forgets_through: Option<&str>) {
    let statement = &bills.months[&month(text)];
    let (line_count, totals) = (statement.line_count, statement.totals);
    bills.apply(&Event::Closed {
        month: month(text),
        line_count,
        totals,
        due_at: "2026-05-03T12:00:00Z".parse().expect("an instant"),
        forgets_through: forgets_through.map(month),
    });
}

#[test]
fn usage_is_numbered_and_summed_like_everything_else() {
    let mut bills = Bills::default();
    let places = [(288, 200), (12, 12), (-50, -50)]
        .map(|(total, paid)| bills.add_usage(usage("2026-04", total, paid)));
    let april = month("2026-04");
    assert_eq!(places, [(april, 1), (april, 2), (april, 3)]);
    let statement = &bills.months[&april];
    let sums = Totals { net: usd(250), tax: usd(0), total: usd(250), paid: usd(162) };
    assert_eq!((statement.totals, statement.pending_totals), (sums, sums));
    assert_eq!((statement.line_count, &statement.pending), (3, &vec![(1, 3)]));
    let fresh: Vec<_> = bills.fresh.iter().map(|line| (line.number, line.total)).collect();
    assert_eq!(fresh, [(1, usd(288)), (2, usd(12)), (3, usd(-50))]);
}

#[test]
fn r10_5_a_closed_month_is_uncleared_while_something_of_it_is_owed() {
    let mut bills = Bills::default();
    bills.add_usage(usage("2026-04", 288, 200));
    let april = month("2026-04");
    bills.repay(april, usd(8));
    assert_eq!(bills.months[&april].state(), State::Generating);
    close(&mut bills, "2026-04", None);
    let mut stands = Vec::new();
    for amount in [79, 1] {
        let statement = &bills.months[&april];
        stands.push((statement.standing().outstanding(), statement.state()));
        bills.forget_fresh();
        bills.repay(april, usd(amount));
        assert_eq!(bills.touched, [april], "its row is written again");
    }
    assert_eq!(stands, [(usd(80), State::Uncleared), (usd(1), State::Uncleared)]);
    let statement = &bills.months[&april];
    assert_eq!(statement.state(), State::Cleared);
    assert_eq!(statement.totals.paid, usd(200), "what was closed does not move");
    let text = serde_json::to_string(&bills).expect("JSON");
    let read: Bills = serde_json::from_str(&text).expect("bills");
    assert_eq!(read.months, bills.months);
}

#[test]
fn a_month_of_which_something_is_owed_is_not_forgotten() {
    let mut bills = Bills::default();
    bills.add_usage(usage("2026-01", 5, 5));
    bills.add_usage(usage("2026-02", 5, 4));
    bills.add_usage(usage("2026-03", 5, 5));
    for text in ["2026-01", "2026-02"] {
        close(&mut bills, text, None);
    }
    close(&mut bills, "2026-03", Some("2026-02"));
    let known = |bills: &Bills| bills.months.keys().map(Month::to_string).collect::<Vec<_>>();
    assert_eq!(known(&bills), ["2026-02", "2026-03"]);
    bills.repay(month("2026-02"), usd(1));
    bills.add_usage(usage("2026-04", 5, 5));
    close(&mut bills, "2026-04", Some("2026-03"));
    assert_eq!(known(&bills), ["2026-04"]);
}

/// What a world found: `renewd check` said that such a month differed from its replay.
#[test]
fn what_was_lent_and_paid_back_whole_is_as_if_it_had_never_been() {
    let mut bills = Bills::default();
    bills.add_usage(usage("2026-04", 288, 288));
    bills.lend(month("2026-04"), usd(80));
    assert_eq!(bills.months[&month("2026-04")].repaid, Some(usd(-80)));
    bills.repay(month("2026-04"), usd(80));
    assert_eq!(bills.months[&month("2026-04")].repaid, None);
}
