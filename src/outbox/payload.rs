//! What a webhook says, as it is on the wire. Types of its own, so that a change inside cannot
//! change what a provider's systems read. References and values only: no name, no address (D50).

use rust_decimal::Decimal;
use serde::Serialize;

use crate::domain::calendar::{Period, Timestamp, Zone};
use crate::domain::effects::{Hook, Noun, Ordered};
use crate::domain::ids::{CampaignId, CouponId, OrderId, StreamId, SubscriptionId};
use crate::domain::nouns::coupon::{self, Billing};
use crate::domain::nouns::order::{self, CancelReason, FailReason};
use crate::domain::nouns::subscription::{self, Mode};
use crate::domain::price::{self, Item};
use crate::domain::{money, nouns};

/// A webhook's body.
#[derive(Debug, Serialize)]
pub(super) struct Body {
    r#type: Hook,
    timestamp: Timestamp,
    data: Data,
}

#[derive(Debug, Serialize)]
struct Data {
    account: String,
    /// Rises with every record of the account: what came with a higher one is newer.
    seq: u64,
    #[serde(flatten)]
    noun: Wire,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Wire {
    Subscription(Box<Subscription>),
    Order(Box<Order>),
    Coupon(Box<Coupon>),
}

#[derive(Debug, Serialize)]
struct Money {
    amount: String,
    currency: &'static str,
}

#[derive(Debug, Serialize)]
struct Subscription {
    id: SubscriptionId,
    state: subscription::State,
    product: String,
    /// The plan that it has now.
    plan: String,
    /// The plan that begins with a period that was paid ahead.
    next_plan: Option<NextPlan>,
    /// The plan for a while: while there is one, it is the plan that it has now.
    temporary: Option<Temporary>,
    region: String,
    external_id: Option<String>,
    zone: Zone,
    expires_not_after: Option<SubscriptionId>,
    renewal_mode: Mode,
    renewal_period: Option<Period>,
    period_no: Option<u32>,
    period: Option<Period>,
    price: Option<Money>,
    started_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    suspends_at: Option<Timestamp>,
    releases_at: Option<Timestamp>,
    open_order: Option<OrderId>,
    last_order: Option<OrderId>,
}

#[derive(Debug, Serialize)]
struct NextPlan {
    plan: String,
    at: Timestamp,
}

#[derive(Debug, Serialize)]
struct Temporary {
    plan: String,
    until: Timestamp,
    /// The plan that it goes back to.
    then: String,
}

/// An order. Whoever delivers it needs no other request: it says what is ordered, of what, where,
/// and until when that must be acknowledged.
#[derive(Debug, Serialize)]
struct Order {
    id: OrderId,
    kind: order::Kind,
    state: order::State,
    subscription: SubscriptionId,
    product: String,
    plan: String,
    /// The plan that it replaces, where it changes one.
    from_plan: Option<String>,
    region: Option<String>,
    external_id: Option<String>,
    zone: Option<Zone>,
    expires_not_after: Option<SubscriptionId>,
    period: Period,
    period_no: u32,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    aligned_to: Option<Timestamp>,
    /// When a change ends by itself.
    until: Option<Timestamp>,
    list: Money,
    discount: Option<Money>,
    coupon: Option<Applied>,
    tax: Option<Tax>,
    payable: Money,
    lines: Vec<Line>,
    refund: Option<Money>,
    refund_of: Option<OrderId>,
    automatic: bool,
    created_at: Timestamp,
    deadline: Timestamp,
    paid_at: Option<Timestamp>,
    /// Until when `provisioned` or `provision-failed` must be answered.
    deliver_until: Option<Timestamp>,
    closed_at: Option<Timestamp>,
    cancelled_for: Option<CancelReason>,
    failed_for: Option<&'static str>,
    /// What the provider's system said of it.
    failure_detail: Option<String>,
}

#[derive(Debug, Serialize)]
struct Applied {
    id: CouponId,
    amount: Money,
}

#[derive(Debug, Serialize)]
struct Tax {
    name: String,
    /// Per cent.
    rate: Decimal,
    inclusive: bool,
    amount: Money,
}

#[derive(Debug, Serialize)]
struct Line {
    item: &'static str,
    /// How many, of the item `days`.
    days: Option<u16>,
    list: Money,
    discount: Money,
    coupon: Money,
    tax: Money,
    payable: Money,
}

#[derive(Debug, Serialize)]
struct Coupon {
    id: CouponId,
    state: coupon::State,
    description: String,
    benefit: Benefit,
    /// What is left of a cash voucher.
    balance: Option<Money>,
    scope: Scope,
    campaign: Option<CampaignId>,
    granted_at: Timestamp,
    effective_at: Timestamp,
    expires_at: Timestamp,
    /// The order that holds it while it is frozen, and since when.
    order: Option<OrderId>,
    frozen_at: Option<Timestamp>,
    /// The coupon that it was granted again for.
    again_for: Option<CouponId>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Benefit {
    Cash { value: Money },
    SpendAndSave { threshold: Money, off: Money },
    Discount { percent: Decimal, cap: Option<Money> },
}

#[derive(Debug, Serialize)]
struct Scope {
    products: Vec<String>,
    products_denied: Vec<String>,
    order_types: Vec<order::Kind>,
    billing: Option<Billing>,
    min_spend: Option<Money>,
    min_period: Option<Period>,
    max_period: Option<Period>,
}

impl Body {
    /// What happened to `noun` in record `seq` of `stream`.
    pub(super) fn new(hook: Hook, at: Timestamp, stream: StreamId, seq: u64, noun: &Noun) -> Self {
        let noun = match noun {
            Noun::Subscription(live) => Wire::Subscription(Box::new(live.into())),
            Noun::Order(ordered) => Wire::Order(Box::new(ordered.into())),
            Noun::Coupon(coupon) => Wire::Coupon(Box::new(coupon.into())),
        };
        Self { r#type: hook, timestamp: at, data: Data { account: stream.to_string(), seq, noun } }
    }
}

impl From<money::Money> for Money {
    fn from(money: money::Money) -> Self {
        Self { amount: money.amount(), currency: money.currency().code() }
    }
}

impl From<&nouns::subscription::Subscription> for Subscription {
    fn from(live: &nouns::subscription::Subscription) -> Self {
        let (paid, span) = (live.paid.as_ref(), live.span());
        let next_plan =
            live.next_plan.as_ref().map(|next| NextPlan { plan: next.plan.clone(), at: next.at });
        let temporary = live.temporary.as_ref().map(|temporary| Temporary {
            plan: temporary.plan.clone(),
            until: temporary.until,
            then: live.subject.plan.clone(),
        });
        Self {
            id: live.id,
            state: live.state,
            product: live.subject.product.clone(),
            plan: live.plan().to_owned(),
            next_plan,
            temporary,
            region: live.subject.region.clone(),
            external_id: live.subject.external_id.clone(),
            zone: live.subject.zone,
            expires_not_after: live.subject.expires_not_after,
            renewal_mode: live.renewal.mode,
            renewal_period: live.renewal.period,
            period_no: paid.map(|paid| paid.period_no),
            period: paid.map(|paid| paid.period),
            price: paid.map(|paid| paid.terms.price.into()),
            started_at: paid.map(|paid| paid.started_at),
            expires_at: span.map(|span| span.expires_at),
            suspends_at: span.map(|span| span.suspends_at),
            releases_at: span.map(|span| span.releases_at),
            open_order: live.open_order,
            last_order: live.last_order,
        }
    }
}

impl From<&Ordered> for Order {
    fn from(ordered: &Ordered) -> Self {
        let (order, subject) = (&ordered.order, ordered.subject.as_ref());
        let coupon =
            order.coupon.map(|applied| Applied { id: applied.id, amount: applied.amount.into() });
        let tax = order.tax.as_ref().map(|tax| Tax {
            name: tax.name.clone(),
            rate: tax.rate,
            inclusive: tax.inclusive,
            amount: tax.amount.into(),
        });
        let failure_detail = match &order.failed_for {
            Some(FailReason::Reported { detail }) => detail.clone(),
            Some(FailReason::TimedOut) | None => None,
        };
        Self {
            id: order.id,
            kind: order.kind,
            state: order.state,
            subscription: order.subscription,
            product: order.product.clone(),
            plan: order.plan.clone(),
            from_plan: order.from_plan.clone(),
            region: subject.map(|subject| subject.region.clone()),
            external_id: subject.and_then(|subject| subject.external_id.clone()),
            zone: subject.map(|subject| subject.zone),
            expires_not_after: subject.and_then(|subject| subject.expires_not_after),
            period: order.period,
            period_no: order.period_no,
            starts_at: order.starts_at,
            ends_at: order.ends_at,
            aligned_to: order.aligned_to,
            until: order.until,
            list: order.list.into(),
            discount: order.discount.map(Into::into),
            coupon,
            tax,
            payable: order.payable.into(),
            lines: order.lines().into_iter().map(Into::into).collect(),
            refund: order.refund.map(Into::into),
            refund_of: order.refund_of,
            automatic: order.automatic,
            created_at: order.created_at,
            deadline: order.deadline,
            paid_at: order.paid_at,
            deliver_until: order.deliver_until,
            closed_at: order.closed_at,
            cancelled_for: order.cancelled_for,
            failed_for: order.failed_for.as_ref().map(FailReason::as_str),
            failure_detail,
        }
    }
}

impl From<price::Line> for Line {
    fn from(line: price::Line) -> Self {
        let (item, days) = match line.item {
            Item::Period => ("period", None),
            Item::Days(days) => ("days", Some(days)),
            Item::Upgrade => ("upgrade", None),
            Item::Refund => ("refund", None),
        };
        Self {
            item,
            days,
            list: line.list.into(),
            discount: line.discount.into(),
            coupon: line.coupon.into(),
            tax: line.tax.into(),
            payable: line.payable.into(),
        }
    }
}

impl From<&coupon::Coupon> for Coupon {
    fn from(coupon: &coupon::Coupon) -> Self {
        let benefit = match coupon.benefit {
            coupon::Benefit::Cash { value } => Benefit::Cash { value: value.into() },
            coupon::Benefit::SpendAndSave { threshold, off } => {
                Benefit::SpendAndSave { threshold: threshold.into(), off: off.into() }
            }
            coupon::Benefit::Discount { percent, cap } => {
                Benefit::Discount { percent, cap: cap.map(Into::into) }
            }
        };
        let scope = &coupon.scope;
        Self {
            id: coupon.id,
            state: coupon.state,
            description: coupon.description.clone(),
            benefit,
            balance: coupon.balance.map(Into::into),
            scope: Scope {
                products: scope.products.clone(),
                products_denied: scope.products_denied.clone(),
                order_types: scope.order_types.clone(),
                billing: scope.billing,
                min_spend: scope.min_spend.map(Into::into),
                min_period: scope.min_period,
                max_period: scope.max_period,
            },
            campaign: coupon.campaign,
            granted_at: coupon.granted_at,
            effective_at: coupon.effective_at,
            expires_at: coupon.expires_at,
            order: coupon.order,
            frozen_at: coupon.frozen_at,
            again_for: coupon.again_for,
        }
    }
}
