//! What an account holds, value by value: a snapshot of it is kept beside the journal, and is read
//! instead of what came before.

use insta::assert_snapshot;
use serde_json::Value;

use super::scenario::run;
use crate::domain::account::Open;

/// What is the same in every script here.
const ALWAYS: &[&str] = &["id", "subject", "terms", "earlier", "order", "rules_version"];

/// A noun in a line: its values, without quotes and the number of the account.
fn line(value: &Value) -> String {
    let text = match value {
        Value::Object(values) => {
            let wanted = values.iter().filter(|(name, _)| !ALWAYS.contains(&name.as_str()));
            let parts: Vec<_> =
                wanted.map(|(name, value)| format!("{name} {}", inner(value))).collect();
            parts.join(", ")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            inner(value)
        }
    };
    text.replace('"', "").replace("_0000000007_", "#").replace("T00:00:00Z", "")
}

fn inner(value: &Value) -> String {
    match value {
        Value::Object(_) => format!("{{{}}}", line(value)),
        Value::Array(values) => {
            format!("[{}]", values.iter().map(inner).collect::<Vec<_>>().join("; "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

fn json<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("JSON")
}

/// The subscriptions after a script: each with its coverages, and how many periods lie before.
fn subscriptions(script: &str) -> String {
    let (world, _) = run(script);
    let live = world.open().subscriptions.values();
    live.map(|live| {
        let mut value = json(live.as_ref());
        let values = value.as_object_mut().expect("values");
        let coverages = values.remove("coverages").unwrap_or_default();
        let coverages = coverages.as_array().cloned().unwrap_or_default();
        let coverages: String =
            coverages.iter().map(|coverage| format!("\n  {}", line(coverage))).collect();
        format!("#{} {}, {} before{coverages}\n", live.id.number, line(&value), live.earlier.len())
    })
    .collect()
}

fn bills(open: &Open) -> String {
    let mut value = json(&open.bills);
    let values = value.as_object_mut().expect("values");
    let lines = values.iter().map(|(name, value)| format!("{name}: {}\n", inner(value)));
    lines
        .collect::<String>()
        .replace('"', "")
        .replace("_0000000007_", "#")
        .replace("T00:00:00Z", "")
}

#[test]
fn r2_10_a_renewed_subscription_begins_a_clean_period() {
    assert_snapshot!(subscriptions("
        2026-04-01 00:00 top-up 300
        2026-04-01 00:00 purchase intl small 1 month auto
        2026-04-20 00:00 step
        2026-04-20 00:00 renew #1 1 month
        2026-05-20 00:00 step
    "), @r"
        #1 attempted_through 2026-04-20, earlier_quote [1; 10.00 USD], last_order ord#3, mode_set_at 2026-04-01, noticed_through 2026-05-19T09:00:00Z, open_order null, paid {course {anchor 2026-04-01T00:00:00, months_from_anchor 2, weeks_from_anchor 0}, expires_at 2026-06-01, period P1M, period_no 2, started_at 2026-05-01}, quote 10.00 USD, release_noticed_at null, renewal {mode AutoRenewal, period P1M}, state Active, told_in_period 2, 1 before
          ends_at 2026-05-01, parts {cash 10.00 USD}, period_no 1, starts_at 2026-04-01
          ends_at 2026-06-01, parts {cash 10.00 USD}, period_no 2, starts_at 2026-05-01
        ");
}

#[test]
fn r1_7_a_subscription_that_came_back_from_its_last_day() {
    assert_snapshot!(subscriptions("
        2026-04-01 00:00 top-up 10
        2026-04-01 00:00 purchase ecs small 1 month auto
        2026-05-15 12:00 step
        2026-05-15 12:00 top-up 20
        2026-05-15 12:00 renew #1 1 month
    "), @r"
        #1 attempted_through 2026-05-15T12:00:00Z, last_order ord#3, mode_set_at 2026-04-01, noticed_through 2026-05-15T12:00:00Z, open_order null, paid {course {anchor 2026-04-01T00:00:00, months_from_anchor 2, weeks_from_anchor 0}, expires_at 2026-06-01, period P1M, period_no 2, started_at 2026-05-01}, quote null, release_noticed_at null, renewal {mode AutoRenewal, period P1M}, state Active, told_in_period 1, 0 before
          ends_at 2026-06-01, parts {cash 10.00 USD}, period_no 2, starts_at 2026-05-01
        ");
}

#[test]
fn r10_13_coverages_are_cut_where_money_comes_back() {
    assert_snapshot!(subscriptions("
        2026-04-01 00:00 open UTC of DE
        2026-04-01 00:00 tax DE VAT 19
        2026-04-01 00:00 top-up 300
        2026-04-01 00:00 purchase ecs large 1 month
        2026-04-02 00:00 grant cash 4 until 2026-09-01 00:00
        2026-04-02 00:00 renew #1 1 month
        2026-04-03 00:00 refund #2 1
        2026-04-11 00:00 change #1 small
    "), @r"
        #1 attempted_through 2026-04-02, downgrades 1, last_order ord#4, mode_set_at 2026-04-01, noticed_through 2026-05-01, open_order null, paid {course {anchor 2026-04-01T00:00:00, months_from_anchor 2, weeks_from_anchor 0}, expires_at 2026-06-01, period P1M, period_no 2, started_at 2026-05-01}, quote null, release_noticed_at null, renewal {mode ManualRenewal}, state Active, told_in_period 0, 1 before
          ends_at 2026-05-01, parts {cash 7.81 USD, tax 1.25 USD}, period_no 1, starts_at 2026-04-11
          coupon {balance 4.00 USD, benefit {cash {value 4.00 USD}}, effective_at 2026-04-02, expires_at 2026-09-01, granted_at 2026-04-02, scope {}, state Available}, ends_at 2026-06-01, parts {cash 10.94 USD, coupon 0.81 USD, tax 1.75 USD}, period_no 2, starts_at 2026-05-01
        ");
}

#[test]
fn r10_9_a_period_that_was_taken_back_leaves_the_one_before() {
    assert_snapshot!(subscriptions("
        2026-04-01 00:00 top-up 300
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-02 00:00 renew #1 1 month
        2026-04-03 00:00 renew #1 1 month
        2026-04-04 00:00 refund #4
        2026-04-20 00:00 step
    "), @r"
        #1 attempted_through 2026-04-04, last_order ord#3, last_period_no 3, mode_set_at 2026-04-01, noticed_through 2026-04-04, open_order null, paid {course {anchor 2026-04-01T00:00:00, months_from_anchor 2, weeks_from_anchor 0}, expires_at 2026-06-01, period P1M, period_no 2, started_at 2026-05-01}, quote null, release_noticed_at null, renewal {mode ManualRenewal}, state Active, told_in_period 0, 1 before
          ends_at 2026-05-01, parts {cash 10.00 USD}, period_no 1, starts_at 2026-04-01
          ends_at 2026-06-01, parts {cash 10.00 USD}, period_no 2, starts_at 2026-05-01
        ");
}

#[test]
fn r1_20_a_plan_that_is_to_come_goes_with_its_period() {
    assert_snapshot!(subscriptions("
        2026-04-01 00:00 top-up 300
        2026-04-01 00:00 purchase ecs large 1 month lock
        2026-04-20 00:00 renew #1 1 month plan small
        2026-04-21 00:00 purchase ecs large 1 month
        2026-05-08 00:00 step
        2026-05-08 00:00 renew #4 1 month plan small
        2026-05-09 00:00 refund #6
        2026-05-10 00:00 purchase ecs small 1 month lock
        2026-05-11 00:00 change #8 large until 2026-05-20 00:00
    "), @r"
        #1 attempted_through 2026-04-20, last_order ord#3, locked {month 10, week 3, year 100}, mode_set_at 2026-04-01, noticed_through 2026-05-01, open_order null, paid {course {anchor 2026-04-01T00:00:00, months_from_anchor 2, weeks_from_anchor 0}, expires_at 2026-06-01, period P1M, period_no 2, started_at 2026-05-01}, quote null, release_noticed_at null, renewal {mode ManualRenewal}, state Active, told_in_period 1, 1 before
          ends_at 2026-05-01, parts {cash 50.00 USD}, period_no 1, starts_at 2026-04-01
          ends_at 2026-06-01, parts {cash 10.00 USD}, period_no 2, starts_at 2026-05-01
        #4 attempted_through 2026-05-09, last_order ord#5, last_period_no 2, mode_set_at 2026-04-21, noticed_through 2026-05-09, open_order null, paid {course {anchor 2026-04-21T00:00:00, months_from_anchor 1, weeks_from_anchor 0}, expires_at 2026-05-21, period P1M, period_no 1, started_at 2026-04-21}, quote null, release_noticed_at null, renewal {mode ManualRenewal}, state Active, told_in_period 1, 0 before
          ends_at 2026-05-21, parts {cash 50.00 USD}, period_no 1, starts_at 2026-04-21
        #8 attempted_through 2026-05-10, last_order ord#9, locked {month 10, week 3, year 100}, mode_set_at 2026-05-10, noticed_through 2026-05-10, open_order null, paid {course {anchor 2026-05-10T00:00:00, months_from_anchor 1, weeks_from_anchor 0}, expires_at 2026-06-10, period P1M, period_no 1, started_at 2026-05-10}, quote null, release_noticed_at null, renewal {mode ManualRenewal}, state Active, temporary {plan large, until 2026-05-20}, told_in_period 0, 0 before
          ends_at 2026-06-10, parts {cash 10.00 USD}, period_no 1, starts_at 2026-05-10
          ends_at 2026-05-20, parts {cash 11.61 USD}, starts_at 2026-05-11
        ");
}

#[test]
fn d41_what_is_being_delivered_is_marked_until_it_is_or_fails() {
    assert_snapshot!(subscriptions("
        2026-04-01 00:00 top-up 300
        2026-04-01 00:00 purchase ecs small 1 month auto
        2026-04-01 00:00 purchase ecs small 1 month auto
        2026-04-01 00:00 purchase ecs small 1 month auto
        2026-04-01 00:00 acknowledge ecs renew
        2026-04-22 08:00 step
        2026-04-22 09:00 provisioned #7
        2026-04-22 09:00 provision-failed #8
    "), @r"
        #1 attempted_through 2026-04-22T09:00:00Z, earlier_quote [1; 10.00 USD], last_order ord#7, mode_set_at 2026-04-01, noticed_through 2026-05-01, open_order null, paid {course {anchor 2026-04-01T00:00:00, months_from_anchor 2, weeks_from_anchor 0}, expires_at 2026-06-01, period P1M, period_no 2, started_at 2026-05-01}, quote null, release_noticed_at null, renewal {mode AutoRenewal, period P1M}, state Active, told_in_period 1, 1 before
          ends_at 2026-05-01, parts {cash 10.00 USD}, period_no 1, starts_at 2026-04-01
          ends_at 2026-06-01, parts {cash 10.00 USD}, period_no 2, starts_at 2026-05-01
        #3 attempted_through 2026-04-22T09:00:00Z, last_order ord#4, mode_set_at 2026-04-01, noticed_through 2026-04-20T09:00:00Z, open_order null, paid {course {anchor 2026-04-01T00:00:00, months_from_anchor 1, weeks_from_anchor 0}, expires_at 2026-05-01, period P1M, period_no 1, started_at 2026-04-01}, quote 10.00 USD, release_noticed_at null, renewal {mode AutoRenewal, period P1M}, state Active, told_in_period 1, 0 before
          ends_at 2026-05-01, parts {cash 10.00 USD}, period_no 1, starts_at 2026-04-01
        #5 attempted_through 2026-04-22T08:00:00Z, last_order ord#6, mode_set_at 2026-04-01, noticed_through 2026-04-20T09:00:00Z, open_order ord#9, paid {course {anchor 2026-04-01T00:00:00, months_from_anchor 1, weeks_from_anchor 0}, expires_at 2026-05-01, period P1M, period_no 1, started_at 2026-04-01}, processing true, quote 10.00 USD, release_noticed_at null, renewal {mode AutoRenewal, period P1M}, state Active, told_in_period 1, 0 before
          ends_at 2026-05-01, parts {cash 10.00 USD}, period_no 1, starts_at 2026-04-01
        ");
}

#[test]
fn r10_1_what_is_billed_is_summed_and_waits_for_its_documents() {
    let script = "
        2026-04-01 00:00 open UTC of DE
        2026-04-01 00:00 tax DE VAT 19
        2026-04-01 00:00 limit 50
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-02 00:00 renew #1 1 month
        2026-04-03 00:00 invoice 2026-04
        2026-04-04 00:00 refund #2 1
        2026-04-05 00:00 renew #1 1 month
    ";
    let (world, _) = run(script);
    assert_snapshot!(bills(world.open()), @r"
        charges: {ord#2 {invoice doc#4, line 1, month 2026-04, tax [VAT; 19]}, ord#3 {invoice doc#4, line 2, month 2026-04, tax [VAT; 19]}, ord#7 {line 4, month 2026-04, tax [VAT; 19]}}
        documents: {doc#4 {issued_at 2026-04-03, lines [[1; 2]], month 2026-04, series series_invoice_2026, totals {net 20.00 USD, paid 23.80 USD, tax 3.80 USD, total 23.80 USD}}, doc#6 {issued_at 2026-04-04, lines [[3; 3]], month 2026-04, related doc#4, series series_credit_note_2026, totals {net -0.84 USD, paid -1.00 USD, tax -0.16 USD, total -1.00 USD}}}
        months: {2026-04 {line_count 4, month 2026-04, pending [[4; 4]], pending_totals {net 10.00 USD, paid 11.90 USD, tax 1.90 USD, total 11.90 USD}, repaid -34.70 USD, totals {net 29.16 USD, paid 34.70 USD, tax 5.54 USD, total 34.70 USD}}}
        ");
    let (world, _) = run(&format!("{script}\n2026-05-04 00:00 step\n2026-05-05 00:00 refund #6 2"));
    assert_snapshot!(bills(world.open()), @r"
        charges: {ord#2 {invoice doc#4, line 1, month 2026-04, tax [VAT; 19]}, ord#3 {invoice doc#4, line 2, month 2026-04, tax [VAT; 19]}, ord#7 {line 4, month 2026-04, tax [VAT; 19]}}
        closed_through: 2026-04
        documents: {doc#4 {issued_at 2026-04-03, lines [[1; 2]], month 2026-04, series series_invoice_2026, totals {net 20.00 USD, paid 23.80 USD, tax 3.80 USD, total 23.80 USD}}, doc#6 {issued_at 2026-04-04, lines [[3; 3]], month 2026-04, related doc#4, series series_credit_note_2026, totals {net -0.84 USD, paid -1.00 USD, tax -0.16 USD, total -1.00 USD}}}
        months: {2026-04 {closed_at 2026-05-03T12:00:00Z, line_count 4, month 2026-04, pending [[4; 4]], pending_totals {net 10.00 USD, paid 11.90 USD, tax 1.90 USD, total 11.90 USD}, repaid -34.70 USD, totals {net 29.16 USD, paid 34.70 USD, tax 5.54 USD, total 34.70 USD}}}
        ");
    let (world, _) = run(&format!(
        "{script}\n2026-05-04 00:00 step\n2026-05-05 00:00 refund #6 2\n2026-05-06 00:00 invoice 2026-04"
    ));
    assert_snapshot!(bills(world.open()), @r"
        charges: {ord#2 {invoice doc#4, line 1, month 2026-04, tax [VAT; 19]}, ord#3 {invoice doc#4, line 2, month 2026-04, tax [VAT; 19]}, ord#7 {invoice doc#8, line 4, month 2026-04, tax [VAT; 19]}}
        closed_through: 2026-04
        documents: {doc#4 {issued_at 2026-04-03, lines [[1; 2]], month 2026-04, series series_invoice_2026, totals {net 20.00 USD, paid 23.80 USD, tax 3.80 USD, total 23.80 USD}}, doc#6 {issued_at 2026-04-04, lines [[3; 3]], month 2026-04, related doc#4, series series_credit_note_2026, totals {net -0.84 USD, paid -1.00 USD, tax -0.16 USD, total -1.00 USD}}, doc#8 {issued_at 2026-05-06, lines [[4; 4]], month 2026-04, series series_invoice_2026, totals {net 10.00 USD, paid 11.90 USD, tax 1.90 USD, total 11.90 USD}}}
        months: {2026-04 {closed_at 2026-05-03T12:00:00Z, line_count 4, month 2026-04, pending [], pending_totals {net 0.00 USD, paid 0.00 USD, tax 0.00 USD, total 0.00 USD}, repaid -34.70 USD, totals {net 29.16 USD, paid 34.70 USD, tax 5.54 USD, total 34.70 USD}}}
        ");
}
