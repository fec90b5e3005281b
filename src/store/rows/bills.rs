//! The rows of bills: lines, closed months, documents.

use super::{Columns, Values};
use crate::domain::ids::{AccountId, DocumentId, OrderId, ResourceId, SeriesId, SubscriptionId};
use crate::domain::money::{Currency, Money};
use crate::domain::nouns::statement::{BillLine, Charged, Document, Statement, Totals};
use crate::store::{StoreError, codec};

pub(in crate::store) const BILL_LINE: &str = "month, stream, number, item_type, at, order_number, related, order_type, \
    item, days, subscription, resource, meter, unit, quantity, price, tier, external_id, product, \
    plan, region, starts_at, ends_at, list_minor, discount_minor, coupon_minor, net_minor, tax_name, tax_rate, \
    tax_minor, total_minor, paid_minor, currency";
pub(in crate::store) const STATEMENT: &str = "stream, month, line_count, net_minor, tax_minor, total_minor, paid_minor, \
    closed_at, pending, pending_net_minor, pending_tax_minor, pending_total_minor, \
    pending_paid_minor, currency, repaid_minor, state";
pub(in crate::store) const DOCUMENT: &str = "stream, number, kind, year, month, lines, net_minor, tax_minor, \
    total_minor, paid_minor, currency, related, issued_at, printed_number";

pub(in crate::store) fn bind_line(values: &mut impl Values, stream: &str, line: &BillLine) {
    values
        .text(&line.month.to_string())
        .text(stream)
        .int(line.number)
        .text(line.item_type.as_str())
        .int(line.at.micros());
    bind_charged(values, &line.charged);
    values
        .text(codec::text(line.external_id.as_deref()))
        .text(&line.product)
        .text(&line.plan)
        .text(&line.region)
        .int(codec::micros(line.starts_at))
        .int(codec::micros(line.ends_at))
        .int(line.list.minor())
        .int(line.discount.minor())
        .int(line.coupon.minor())
        .int(line.net.minor());
    match &line.tax {
        Some((name, rate)) => values.text(name).text(&rate.to_string()),
        None => values.text("").text(""),
    };
    values
        .int(line.tax_amount.minor())
        .int(line.total.minor())
        .int(line.paid.minor())
        .text(line.total.currency().code());
}

/// What is not of an order, or not of usage, is none.
fn bind_charged(values: &mut impl Values, charged: &Charged) {
    match charged {
        Charged::Order { order, related, order_type, item, subscription } => {
            let (item, days) = codec::item(*item);
            values
                .int(order.number)
                .int(codec::number(related.map(|order| order.number)))
                .text(order_type.as_str())
                .text(item)
                .int(codec::number(days))
                .int(subscription.number)
                .int(codec::NO_NUMBER)
                .text("")
                .text("")
                .text("")
                .text("")
                .int(codec::NO_NUMBER);
        }
        Charged::Usage { resource, meter, unit, quantity, price, tier } => {
            values
                .int(codec::NO_NUMBER)
                .int(codec::NO_NUMBER)
                .text("")
                .text("")
                .int(codec::NO_NUMBER)
                .int(codec::NO_NUMBER)
                .int(resource.number)
                .text(meter)
                .text(unit)
                .text(&quantity.to_string())
                .text(&price.to_string())
                .int(*tier);
        }
    }
}

fn charged<'r>(columns: &mut impl Columns<'r>, account: AccountId) -> Result<Charged, StoreError> {
    let order = codec::some_number(columns.int()?)?;
    let (related, order_type) = (columns.int()?, columns.str()?);
    let (item, days, subscription) = (columns.str()?, columns.int()?, columns.int()?);
    let resource = codec::some_number(columns.int()?)?;
    let (meter, unit) = (columns.string()?, columns.string()?);
    let (quantity, price, tier) = (columns.str()?, columns.str()?, columns.int()?);
    match (order, resource) {
        (Some(order), None) => Ok(Charged::Order {
            order: OrderId::new(account, order),
            related: codec::some_number(related)?.map(|number| OrderId::new(account, number)),
            order_type: codec::order_kind(order_type)?,
            item: codec::some_item(item, days)?,
            subscription: SubscriptionId::new(account, codec::natural(subscription)?),
        }),
        (None, Some(resource)) => Ok(Charged::Usage {
            resource: ResourceId::new(account, resource),
            meter,
            unit,
            quantity: codec::parsed(quantity)?,
            price: codec::parsed(price)?,
            tier: codec::natural(tier)?,
        }),
        (Some(_), Some(_)) | (None, None) => {
            Err(codec::corrupt("a bill line of an order and of a resource, or of neither"))
        }
    }
}

pub(in crate::store) fn line<'r>(columns: &mut impl Columns<'r>) -> Result<BillLine, StoreError> {
    let month = codec::parsed(columns.str()?)?;
    let account = codec::account(columns.stream()?)?;
    let number = columns.natural()?;
    let item_type = codec::item_type(columns.str()?)?;
    let at = columns.at()?;
    let charged = charged(columns, account)?;
    let external_id = codec::some_text(columns.string()?);
    let (product, plan, region) = (columns.string()?, columns.string()?, columns.string()?);
    let starts_at = codec::some_instant(columns.int()?)?;
    let ends_at = codec::some_instant(columns.int()?)?;
    let (list, discount) = (columns.int()?, columns.int()?);
    let (coupon, net) = (columns.int()?, columns.int()?);
    let (name, rate) = (columns.string()?, codec::some_parsed(columns.str()?)?);
    let (tax_amount, total, paid) = (columns.int()?, columns.int()?, columns.int()?);
    let currency: Currency = codec::parsed(columns.str()?)?;
    let money = |minor| Money::from_minor(minor, currency);
    Ok(BillLine {
        month,
        number,
        item_type,
        at,
        charged,
        external_id,
        product,
        plan,
        region,
        starts_at,
        ends_at,
        list: money(list),
        discount: money(discount),
        coupon: money(coupon),
        net: money(net),
        tax: rate.map(|rate| (name, rate)),
        tax_amount: money(tax_amount),
        total: money(total),
        paid: money(paid),
    })
}

fn bind_totals(values: &mut impl Values, totals: &Totals) {
    let Totals { net, tax, total, paid } = totals;
    values.int(net.minor()).int(tax.minor()).int(total.minor()).int(paid.minor());
}

/// Totals in minor units, until their currency is read.
fn totals<'r>(columns: &mut impl Columns<'r>) -> Result<[i64; 4], StoreError> {
    Ok([columns.int()?, columns.int()?, columns.int()?, columns.int()?])
}

fn in_currency(minor: [i64; 4], currency: Currency) -> Totals {
    let [net, tax, total, paid] = minor.map(|minor| Money::from_minor(minor, currency));
    Totals { net, tax, total, paid }
}

pub(in crate::store) fn bind_statement(
    values: &mut impl Values,
    stream: &str,
    statement: &Statement,
) {
    values.text(stream).text(&statement.month.to_string()).int(statement.line_count);
    bind_totals(values, &statement.totals);
    values.int(codec::micros(statement.closed_at)).json(&statement.pending);
    bind_totals(values, &statement.pending_totals);
    values
        .text(statement.totals.total.currency().code())
        .int(statement.repaid.map_or(0, Money::minor))
        .text(statement.state().as_str());
}

pub(in crate::store) fn statement<'r>(
    columns: &mut impl Columns<'r>,
) -> Result<(AccountId, Statement), StoreError> {
    let account = codec::account(columns.stream()?)?;
    let (month, line_count) = (codec::parsed(columns.str()?)?, columns.natural()?);
    let sums = totals(columns)?;
    let closed_at = codec::some_instant(columns.int()?)?;
    let pending = codec::from_json(columns.str()?)?;
    let pending_sums = totals(columns)?;
    let currency = codec::parsed(columns.str()?)?;
    let repaid = codec::repaid(Some(Money::from_minor(columns.int()?, currency)));
    let statement = Statement {
        month,
        line_count,
        totals: in_currency(sums, currency),
        repaid,
        closed_at,
        pending,
        pending_totals: in_currency(pending_sums, currency),
    };
    if codec::statement_state(columns.str()?)? != statement.state() {
        return Err(codec::corrupt(format_args!("{month} of {account} stands elsewhere")));
    }
    Ok((account, statement))
}

pub(in crate::store) fn bind_document(values: &mut impl Values, stream: &str, document: &Document) {
    values
        .text(stream)
        .int(document.id.number)
        .text(document.series.kind.as_str())
        .int(document.series.year)
        .text(&document.month.to_string())
        .json(&document.lines);
    bind_totals(values, &document.totals);
    values
        .text(document.totals.total.currency().code())
        .int(codec::number(document.related.map(|related| related.number)))
        .int(document.issued_at.micros())
        .text(codec::text(document.number.as_deref()));
}

pub(in crate::store) fn document<'r>(
    columns: &mut impl Columns<'r>,
) -> Result<Document, StoreError> {
    let account = codec::account(columns.stream()?)?;
    let id = DocumentId::new(account, columns.natural()?);
    let kind = codec::document_kind(columns.str()?)?;
    let series = SeriesId { kind, year: columns.natural()? };
    let (month, lines) = (codec::parsed(columns.str()?)?, codec::from_json(columns.str()?)?);
    let sums = totals(columns)?;
    let totals = in_currency(sums, codec::parsed(columns.str()?)?);
    let related = codec::some_number(columns.int()?)?;
    Ok(Document {
        id,
        series,
        month,
        lines,
        totals,
        related: related.map(|number| DocumentId::new(account, number)),
        issued_at: columns.at()?,
        number: codec::some_text(columns.string()?),
    })
}
