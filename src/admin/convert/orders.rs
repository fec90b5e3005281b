//! Orders, with their price in parts.

use super::{live, money, text};
use crate::admin::wire;
use crate::domain;
use crate::domain::nouns::order::{FailReason, Order};
use crate::domain::nouns::subscription::Subscription;
use crate::domain::price::{Item, Line, Tax};

/// An order.
#[must_use]
pub fn order(order: &Order) -> wire::Order {
    wire::Order {
        id: order.id.to_string(),
        account: order.id.account.to_string(),
        kind: order.kind.as_str().to_owned(),
        subscription: order.subscription.to_string(),
        product: order.product.clone(),
        plan: order.plan.clone(),
        from_plan: order.from_plan.clone(),
        period: order.period.to_string(),
        period_no: order.period_no,
        starts_at: order.starts_at.map(text),
        ends_at: order.ends_at.map(text),
        aligned_to: order.aligned_to.map(text),
        until: order.until.map(text),
        list: money(order.list),
        discount: order.discount.map(money),
        coupon: order.coupon.map(|applied| wire::AppliedCoupon {
            id: applied.id.to_string(),
            amount: money(applied.amount),
        }),
        tax: order.tax.as_ref().map(tax),
        lines: order.lines().iter().map(line).collect(),
        payable: money(order.payable),
        refund: order.refund.map(money),
        refund_of: order.refund_of.map(|order| order.to_string()),
        rules_version: order.rules_version,
        automatic: order.automatic,
        created_at: text(order.created_at),
        deadline: text(order.deadline),
        state: order.state.as_str().to_owned(),
        paid_at: order.paid_at.map(text),
        deliver_until: order.deliver_until.map(text),
        closed_at: order.closed_at.map(text),
        cancelled_for: order.cancelled_for.map(|reason| reason.as_str().to_owned()),
        failed_for: order.failed_for.as_ref().map(|reason| reason.as_str().to_owned()),
        failed_reason: match &order.failed_for {
            Some(FailReason::Reported { detail }) => detail.clone(),
            Some(FailReason::TimedOut) | None => None,
        },
    }
}

fn tax(tax: &Tax) -> wire::Tax {
    wire::Tax {
        name: tax.name.clone(),
        rate: tax.rate.normalize().to_string(),
        inclusive: tax.inclusive,
        amount: money(tax.amount),
    }
}

/// What a line is for, and for how many days where it is for days.
pub(super) const fn item(item: Item) -> (&'static str, Option<u16>) {
    match item {
        Item::Period => ("period", None),
        Item::Days(days) => ("days", Some(days)),
        Item::Upgrade => ("upgrade", None),
        Item::Refund => ("refund", None),
    }
}

fn line(line: &Line) -> wire::OrderLine {
    let (item, days) = item(line.item);
    wire::OrderLine {
        item: item.to_owned(),
        days,
        list: money(line.list),
        discount: money(line.discount),
        coupon: money(line.coupon),
        tax: money(line.tax),
        payable: money(line.payable),
    }
}

/// An order that was made, paid or closed, with its subscription and the cash afterwards.
#[must_use]
pub fn ordered(
    order: &Order,
    subscription: &Subscription,
    cash: domain::money::Money,
) -> wire::Ordered {
    wire::Ordered { order: self::order(order), subscription: live(subscription), cash: money(cash) }
}
