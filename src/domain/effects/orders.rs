//! What is said of orders, refunds and coupons.

use super::{
    About, Hook, Noun, Ordered, Outgoing, Template, Topic, base, hook, mail, of_subscription,
};
use crate::domain::account::Open;
use crate::domain::calendar::Timestamp;
use crate::domain::ids::OrderId;
use crate::domain::nouns::coupon::{self, Benefit, Scope};
use crate::domain::nouns::{order, subscription};

pub(super) fn told(event: &order::Event, open: &Open, out: &mut Vec<Outgoing>) {
    let Some(order) = open.orders.get(&event.order()) else { return };
    let topic = Topic::Order(order.id);
    let about = || of_order(open, order);
    let noun = || {
        let live = open.subscriptions.get(&order.subscription);
        let subject = live.map(|live| live.subject.clone());
        Noun::Order(Ordered { order: order.as_ref().clone(), subject })
    };
    match event {
        order::Event::Opened(_)
        | order::Event::Repriced { .. }
        | order::Event::ReportedLate { .. } => {}
        order::Event::Warned { due_at, .. } => {
            let about = About { due_at: Some(*due_at), ..about() };
            out.push(mail(Template::OrderTimingOut, about, topic, Some(order.deadline)));
        }
        order::Event::Paid { .. } | order::Event::Provisioned { .. } => {
            out.push(hook(Hook::OrderPaid, noun()));
        }
        order::Event::Processing { .. } => {
            out.push(Outgoing::Void(topic));
            let about = About { deadline: order.deliver_until, ..about() };
            out.push(mail(Template::OrderProcessing, about, Topic::None, None));
            out.push(hook(Hook::OrderProcessing, noun()));
        }
        order::Event::Failed { reason, at, parts, .. } => {
            let about = About {
                reason: Some(reason.as_str().to_owned()),
                refund: Some(parts.cash),
                due_at: Some(*at),
                ..about()
            };
            out.push(mail(Template::OrderFailed, about, Topic::None, None));
            out.push(hook(Hook::OrderFailed, noun()));
        }
        order::Event::Refunded { cuts, at, .. } => {
            // A change, the end of a period and the end of a subscription tell what they give
            // back themselves, as things stand after them.
            if order.refund_of.is_some() && cuts.is_empty() {
                out.push(refund_mail_of(about(), Refunded::Part, *at));
            }
            out.push(hook(Hook::OrderRefunded, noun()));
        }
        order::Event::Cancelled { reason, at, .. } => {
            out.push(Outgoing::Void(topic));
            let reason = reason.as_str().to_owned();
            let about = About { reason: Some(reason), due_at: Some(*at), ..about() };
            out.push(mail(Template::OrderCancelled, about, Topic::None, None));
            out.push(hook(Hook::OrderCancelled, noun()));
        }
    }
}

pub(super) fn told_of_coupon(event: &coupon::Event, open: &Open, out: &mut Vec<Outgoing>) {
    let Some(coupon) = open.coupons.get(&event.coupon()) else { return };
    let topic = Topic::Coupon(coupon.id);
    let about = || About {
        coupon: Some(coupon.id),
        description: Some(coupon.description.clone()).filter(|text| !text.is_empty()),
        coupon_amount: coupon.balance.or_else(|| coupon.benefit.nominal()),
        percent: match coupon.benefit {
            Benefit::Discount { percent, .. } => Some(percent),
            Benefit::Cash { .. } | Benefit::SpendAndSave { .. } => None,
        },
        single_use: Some(coupon.is_single_use()),
        scope: Some(Scope { min_spend: coupon.min_spend(), ..coupon.scope.clone() }),
        starts_at: Some(coupon.effective_at),
        expires_at: Some(coupon.expires_at),
        ..base(open)
    };
    match event {
        coupon::Event::Granted(_) => {
            let again = coupon.again_for.map(|_| "again".to_owned());
            let about = About { reason: again, ..about() };
            out.push(mail(Template::CouponGranted, about, topic, Some(coupon.expires_at)));
            out.push(hook(Hook::CouponGranted, Noun::Coupon(coupon.as_ref().clone())));
        }
        coupon::Event::Reminded { superseded, due_at, .. } => {
            if !superseded {
                let about = About { due_at: Some(*due_at), ..about() };
                out.push(mail(Template::CouponExpiring, about, topic, Some(coupon.expires_at)));
            }
        }
        coupon::Event::Redeemed { .. } | coupon::Event::Spent { .. } => {
            if coupon.is_final() {
                out.push(Outgoing::Void(topic));
            }
        }
        coupon::Event::Cancelled { .. } => out.push(Outgoing::Void(topic)),
        coupon::Event::BecameEffective { .. }
        | coupon::Event::Frozen { .. }
        | coupon::Event::Unfrozen { .. }
        | coupon::Event::Restored { .. }
        | coupon::Event::Expired { .. } => {}
    }
}

pub(super) fn of_order(open: &Open, order: &order::Order) -> About {
    let of_its_subscription = open.subscriptions.get(&order.subscription);
    let about = of_its_subscription.map_or_else(|| base(open), |live| of_subscription(open, live));
    with_order(about, open, order)
}

/// What an order adds: what is paid, and how that comes about.
pub(super) fn with_order(about: About, open: &Open, order: &order::Order) -> About {
    let is_priced_in_parts =
        order.discount.is_some() || order.coupon.is_some() || order.tax.is_some();
    let coupon = order.coupon.and_then(|applied| open.coupons.get(&applied.id));
    About {
        order: Some(order.id),
        kind: Some(order.kind),
        refund_of: order.refund_of,
        until: order.until,
        product: Some(order.product.clone()),
        plan: Some(order.plan.clone()),
        from_plan: order.from_plan.clone(),
        period: Some(order.period),
        amount: Some(order.payable),
        refund: order.refund,
        deadline: Some(order.deadline),
        list: Some(order.list).filter(|_| is_priced_in_parts),
        discount: order.discount,
        coupon: order.coupon.map(|applied| applied.id),
        coupon_amount: order.coupon.map(|applied| applied.amount),
        coupon_expires_at: coupon.map(|coupon| coupon.expires_at),
        description: coupon
            .map(|coupon| coupon.description.clone())
            .filter(|text| !text.is_empty()),
        tax: order.tax.as_ref().map(|tax| tax.amount),
        tax_name: order.tax.as_ref().map(|tax| tax.name.clone()),
        tax_rate: order.tax.as_ref().map(|tax| tax.rate),
        ..about
    }
}

/// What money is given back for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refunded {
    /// A subscription that was given up: all that was paid for it (R10.9).
    Everything,
    /// A subscription that was given up: what is left of what was paid for it (R10.8).
    Rest,
    /// A period that had not begun (R10.9).
    Period,
    /// A part of an order; what it paid for goes on.
    Part,
}

impl Refunded {
    /// The code that a template tells them apart by.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Everything => "unsubscribed_in_full",
            Self::Rest => "unsubscribed",
            Self::Period => "period_cancelled",
            Self::Part => "part",
        }
    }
}

/// The mail of a refund by the refund order `order`.
pub(super) fn refund_mail(
    about: About,
    open: &Open,
    order: OrderId,
    what: Refunded,
    at: Timestamp,
) -> Option<Outgoing> {
    let order = open.orders.get(&order)?;
    Some(refund_mail_of(with_order(about, open, order), what, at))
}

/// A refund is done: nothing is to be paid, and there is no deadline.
pub(super) fn refund_mail_of(about: About, what: Refunded, at: Timestamp) -> Outgoing {
    let about = About {
        reason: Some(what.as_str().to_owned()),
        due_at: Some(at),
        amount: None,
        deadline: None,
        ..about
    };
    mail(Template::Refunded, about, Topic::None, None)
}

/// The same once it is paid: what the period cost, and nothing about a deadline.
pub(super) fn with_paid_order(
    about: About,
    open: &Open,
    id: OrderId,
    paid: &subscription::Paid,
) -> About {
    let about = match open.orders.get(&id) {
        Some(order) => About { deadline: None, ..with_order(about, open, order) },
        None => About { order: Some(id), period: Some(paid.period), ..about },
    };
    About { amount: Some(paid.terms.price), ..about }
}
