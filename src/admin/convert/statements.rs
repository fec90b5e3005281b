//! Monthly statements, their lines, and documents.

use super::{money, orders, text};
use crate::admin::wire;
use crate::domain::calendar::Timestamp;
use crate::domain::ids::AccountId;
use crate::domain::nouns::statement::{BillLine, Charged, Document, Runs, Statement, Totals};

/// How many lines these runs hold.
fn count(runs: &Runs) -> u32 {
    runs.iter().fold(0, |count, (first, last)| count + last.saturating_sub(*first) + 1)
}

fn totals(totals: &Totals) -> wire::BillTotals {
    wire::BillTotals {
        net: money(totals.net),
        tax: money(totals.tax),
        total: money(totals.total),
        paid: money(totals.paid),
        outstanding: money(totals.outstanding()),
    }
}

/// A month of an account, which is closed at `final_at`.
#[must_use]
pub fn statement(
    account: AccountId,
    statement: &Statement,
    final_at: Timestamp,
) -> wire::Statement {
    wire::Statement {
        account: account.to_string(),
        month: statement.month.to_string(),
        state: statement.state().as_str().to_owned(),
        final_at: text(statement.closed_at.unwrap_or(final_at)),
        closed_at: statement.closed_at.map(text),
        line_count: statement.line_count,
        totals: totals(&statement.standing()),
        uninvoiced_line_count: count(&statement.pending),
        uninvoiced_total: money(statement.pending_totals.total),
    }
}

/// A line of a bill.
#[must_use]
pub fn bill_line(line: &BillLine) -> wire::BillLine {
    let common = common(line);
    match &line.charged {
        Charged::Order { order, related, order_type, item, subscription } => {
            let (item, days) = orders::item(*item);
            wire::BillLine {
                order: Some(order.to_string()),
                related: related.map(|order| order.to_string()),
                order_type: Some(order_type.as_str().to_owned()),
                item: Some(item.to_owned()),
                days,
                subscription: Some(subscription.to_string()),
                ..common
            }
        }
        Charged::Usage { resource, meter, unit, quantity, price, tier } => {
            let usage = wire::BilledUsage {
                resource: resource.to_string(),
                meter: meter.clone(),
                unit: unit.clone(),
                quantity: quantity.normalize().to_string(),
                price: price.normalize().to_string(),
                tier: *tier,
            };
            wire::BillLine { usage: Some(usage), ..common }
        }
    }
}

/// What lines of orders and of usage have in common.
fn common(line: &BillLine) -> wire::BillLine {
    wire::BillLine {
        number: line.number,
        item_type: line.item_type.as_str().to_owned(),
        at: text(line.at),
        order: None,
        related: None,
        order_type: None,
        item: None,
        days: None,
        subscription: None,
        usage: None,
        external_id: line.external_id.clone(),
        product: line.product.clone(),
        plan: line.plan.clone(),
        region: line.region.clone(),
        starts_at: line.starts_at.map(text),
        ends_at: line.ends_at.map(text),
        list: money(line.list),
        discount: money(line.discount),
        coupon: money(line.coupon),
        net: money(line.net),
        tax: line.tax.as_ref().map(|(name, rate)| wire::BillTax {
            name: name.clone(),
            rate: rate.normalize().to_string(),
        }),
        tax_amount: money(line.tax_amount),
        total: money(line.total),
        paid: money(line.paid),
    }
}

/// An invoice or a credit note.
#[must_use]
pub fn document(document: &Document) -> wire::Document {
    wire::Document {
        id: document.id.to_string(),
        account: document.id.account.to_string(),
        kind: document.series.kind.as_str().to_owned(),
        number: document.number.clone(),
        month: document.month.to_string(),
        related: document.related.map(|related| related.to_string()),
        issued_at: text(document.issued_at),
        line_count: count(&document.lines),
        totals: totals(&document.totals),
    }
}
