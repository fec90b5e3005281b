//! What a webhook says, as it is on the wire. Types of its own, so that a change inside cannot
//! change what a provider's systems read. References and values only: no name, no address (D50).

use serde::Serialize;

use crate::domain::calendar::{Period, Timestamp, Zone};
use crate::domain::effects::{Hook, Noun};
use crate::domain::ids::{CouponId, OrderId, StreamId, SubscriptionId};
use crate::domain::nouns::coupon;
use crate::domain::nouns::order::{self, CancelReason};
use crate::domain::nouns::subscription::{self, Mode};
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
    Subscription(Subscription),
    Order(Order),
    Coupon(Coupon),
}

#[derive(Debug, Serialize)]
struct Coupon {
    id: CouponId,
    state: coupon::State,
    effective_at: Timestamp,
    expires_at: Timestamp,
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
    plan: String,
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
struct Order {
    id: OrderId,
    kind: order::Kind,
    state: order::State,
    subscription: SubscriptionId,
    product: String,
    plan: String,
    period: Period,
    period_no: u32,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    list: Money,
    payable: Money,
    automatic: bool,
    created_at: Timestamp,
    deadline: Timestamp,
    closed_at: Option<Timestamp>,
    cancelled_for: Option<CancelReason>,
}

impl Body {
    /// What happened to `noun` in record `seq` of `stream`.
    pub(super) fn new(hook: Hook, at: Timestamp, stream: StreamId, seq: u64, noun: &Noun) -> Self {
        let noun = match noun {
            Noun::Subscription(live) => Wire::Subscription(live.into()),
            Noun::Order(order) => Wire::Order(order.into()),
            Noun::Coupon(coupon) => Wire::Coupon(coupon.into()),
        };
        Self { r#type: hook, timestamp: at, data: Data { account: stream.to_string(), seq, noun } }
    }
}

impl From<&coupon::Coupon> for Coupon {
    fn from(coupon: &coupon::Coupon) -> Self {
        Self {
            id: coupon.id,
            state: coupon.state,
            effective_at: coupon.effective_at,
            expires_at: coupon.expires_at,
        }
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
        Self {
            id: live.id,
            state: live.state,
            product: live.subject.product.clone(),
            plan: live.subject.plan.clone(),
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

impl From<&order::Order> for Order {
    fn from(order: &order::Order) -> Self {
        Self {
            id: order.id,
            kind: order.kind,
            state: order.state,
            subscription: order.subscription,
            product: order.product.clone(),
            plan: order.plan.clone(),
            period: order.period,
            period_no: order.period_no,
            starts_at: order.starts_at,
            ends_at: order.ends_at,
            list: order.list.into(),
            payable: order.payable.into(),
            automatic: order.automatic,
            created_at: order.created_at,
            deadline: order.deadline,
            closed_at: order.closed_at,
            cancelled_for: order.cancelled_for,
        }
    }
}
