//! The values that mail templates print, by the names that they have there.

use std::collections::BTreeMap;

use serde_json::{Map, json};

use crate::domain::calendar::{Timestamp, Zone};
use crate::domain::effects::{About, Template};
use crate::domain::ids::StreamId;
use crate::domain::money::Money;

use super::markup::Block;

/// What a mail is to say, and to whom.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// The template.
    pub template: Template,
    /// The values.
    pub about: &'a About,
    /// How to address the reader; may be empty.
    pub name: &'a str,
    /// The one-time code that it tells, unsealed.
    pub code: Option<String>,
    /// Why, in an operator's words, unsealed.
    pub note: Option<String>,
    /// The stream that it is about.
    pub stream: StreamId,
    /// When it was caused.
    pub at: Timestamp,
    /// What the product is called, if it is known; otherwise its key stands for it.
    pub product: Option<String>,
    /// What the products in a coupon's scope are called, where that is known.
    pub products: BTreeMap<String, String>,
}

/// Every value that a template may print, by name; what does not concern it is none.
pub(super) fn values(
    subject: &Subject<'_>,
    language: &str,
    provider: &str,
) -> Map<String, serde_json::Value> {
    let about = subject.about;
    let zone = about.zone.unwrap_or(Zone::UTC);
    let product = subject.product.clone().or_else(|| about.product.clone());
    let text = |text: Option<&String>| text.map(|text| one_line(text));
    let shortfall = about
        .amount
        .zip(about.cash)
        .and_then(|(amount, cash)| amount.checked_sub(cash))
        .filter(|missing| !missing.is_negative() && !missing.is_zero());
    let missing = about
        .amount
        .zip(about.available)
        .and_then(|(amount, available)| amount.checked_sub(available))
        .filter(|missing| !missing.is_negative() && !missing.is_zero());
    let days_left = about.expires_at.map(|at| days(zone, subject.at, at));
    let account = match subject.stream {
        StreamId::House | StreamId::Campaign(_) | StreamId::Series(_) => None,
        StreamId::Account(id) => Some(id.to_string()),
    };
    let values = json!({
        "language": language,
        "zone": zone.name(),
        "provider": one_line(provider),
        "name": one_line(subject.name),
        "account": account,
        "at": subject.at,
        "item": item(about, product.as_deref()),
        "subscription": about.subscription,
        "withdrawal": about.withdrawal,
        "code": text(subject.code.as_ref()),
        "note": text(subject.note.as_ref()),
        "forfeit": about.forfeit,
        "resource": about.resource,
        "available": about.available,
        "missing": missing,
        "external_id": text(about.external_id.as_ref()),
        "product": text(product.as_ref()),
        "product_key": text(about.product.as_ref()),
        "plan": text(about.plan.as_ref()),
        "region": text(about.region.as_ref()),
        "mode": about.mode,
        "period": about.period,
        "starts_at": about.starts_at,
        "expires_at": about.expires_at,
        "suspends_at": about.suspends_at,
        "releases_at": about.releases_at,
        "order": about.order,
        "deadline": about.deadline,
        "amount": about.amount,
        "cash": about.cash,
        "shortfall": shortfall,
        "covered": about.covered,
        "automatic": about.automatic,
        "days": about.days,
        "days_left": days_left,
        "days_over": days_left.filter(|days| *days < 0).map(i64::abs),
        "due_at": about.due_at,
        "attempt_at": about.attempt_at,
        "reason": text(about.reason.as_ref()),
        "count": about.count,
        "month": about.month,
    });
    let mut values = map(values);
    values.extend(order_values(subject));
    values.extend(coupon_values(subject));
    values
}

/// What an order adds: its price in parts, and how its coupon fares.
fn order_values(subject: &Subject<'_>) -> Map<String, serde_json::Value> {
    let about = subject.about;
    let text = |text: Option<&String>| text.map(|text| one_line(text));
    let is_over = |end| end <= about.due_at.unwrap_or(subject.at);
    map(json!({
        "kind": about.kind,
        "refund_of": about.refund_of,
        "until": about.until,
        "from_plan": text(about.from_plan.as_ref()),
        "starts_ahead": about.starts_at.zip(about.due_at).map(|(start, due_at)| start > due_at),
        "list": about.list,
        "discount": about.discount,
        "tax": about.tax,
        "tax_name": text(about.tax_name.as_ref()),
        "tax_rate": about.tax_rate.map(|rate| rate.normalize()),
        "tax_ahead": tax_ahead(about),
        "is_free": about.amount.map(Money::is_zero),
        // Nothing given back is nothing to speak of.
        "refund": about.refund.filter(|refund| !refund.is_zero()),
        "coupon_expires_at": about.coupon_expires_at,
        "coupon_over": about.coupon_expires_at.map(is_over),
        "coupon_ends_first":
            about.coupon_expires_at.zip(about.deadline).map(|(end, deadline)| end < deadline),
    }))
}

/// The tax that a renewal to come will add to its price without the coupon; a notice does not name
/// it. Nothing where the price includes it.
fn tax_ahead(about: &About) -> Option<Money> {
    let list = about.list?;
    let net = about.coupon_amount.map_or(Some(list), |coupon| list.checked_sub(coupon))?;
    let tax = about.amount?.checked_sub(net)?;
    (tax.minor() > 0 && about.tax.is_none()).then_some(tax)
}

/// What a coupon is good for.
fn coupon_values(subject: &Subject<'_>) -> Map<String, serde_json::Value> {
    let about = subject.about;
    let scope = about.scope.clone().unwrap_or_default();
    let called = |keys: &[String]| {
        let names = keys.iter().map(|key| one_line(subject.products.get(key).unwrap_or(key)));
        Some(names.collect::<Vec<_>>().join(", ")).filter(|names| !names.is_empty())
    };
    map(json!({
        "coupon": about.coupon,
        "description": about.description.as_deref().map(one_line),
        "coupon_amount": about.coupon_amount,
        "percent": about.percent.map(|percent| percent.normalize()),
        "single_use": about.single_use,
        "good_for": called(&scope.products),
        "not_for": called(&scope.products_denied),
        "order_types": scope.order_types,
        "billing": scope.billing,
        "min_spend": scope.min_spend,
        "min_period": scope.min_period,
        "max_period": scope.max_period,
    }))
}

fn map(values: serde_json::Value) -> Map<String, serde_json::Value> {
    if let serde_json::Value::Object(values) = values { values } else { Map::new() }
}

/// Calendar days from one instant to another: tomorrow is 1, however few hours away.
fn days(zone: Zone, from: Timestamp, to: Timestamp) -> i64 {
    (zone.date(to) - zone.date(from)).num_days()
}

/// What a mail is about, in a few words: `Virtual server small (web-1)`.
fn item(about: &About, product: Option<&str>) -> Option<String> {
    let named = about
        .external_id
        .clone()
        .or_else(|| about.subscription.map(|id| id.to_string()))
        .or_else(|| about.resource.map(|id| id.to_string()));
    let mut item = product?.to_owned();
    if let Some(plan) = &about.plan {
        item = format!("{item} {plan}");
    }
    if let Some(name) = named {
        item = format!("{item} ({name})");
    }
    Some(one_line(&item))
}

/// What a mail client shows beside the subject.
pub(super) fn preview(blocks: &[Block]) -> String {
    let mut paragraphs = blocks.iter().filter_map(|block| match block {
        Block::Paragraph { text } => Some(text.clone()),
        Block::Heading { .. } | Block::Rows { .. } | Block::List { .. } | Block::Small { .. } => {
            None
        }
    });
    // The first one only greets.
    paragraphs.nth(1).unwrap_or_default()
}

/// No value may begin a line of its own: it would be read as markup, or as another header.
pub(super) fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
