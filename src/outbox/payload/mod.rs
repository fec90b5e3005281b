//! What a webhook says, as it is on the wire. Types of its own, so that a change inside cannot
//! change what a provider's systems read. References and values only: no name, no address (D50).

mod bills;
mod resource;
mod withdrawal;

use rust_decimal::Decimal;
use serde::Serialize;

use crate::domain::calendar::{Period, Timestamp, Zone};
use crate::domain::effects::{ClosureOf, Hook, Noun, Ordered};
use crate::domain::ids::{CampaignId, CouponId, OrderId, StreamId, SubscriptionId};
use crate::domain::nouns::coupon::{self, Billing};
use crate::domain::nouns::order::{self, CancelReason, FailReason};
use crate::domain::nouns::subscription::{self, Mode};
use crate::domain::price::{self, Item};
use crate::domain::{money, nouns};

use bills::{Document, Statement};
use resource::Resource;

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
    Resource(Resource),
    Statement(Statement),
    Document(Document),
    Withdrawal(withdrawal::Withdrawal),
    Closure(ClosureOf),
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
            Noun::Resource(live) => Wire::Resource(live.into()),
            Noun::Withdrawal(asked) => Wire::Withdrawal(asked.into()),
            Noun::Closure(closure) => Wire::Closure(closure.clone()),
            Noun::Statement(statement) => Wire::Statement(statement.into()),
            Noun::Document(document) => Wire::Document(document.into()),
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

#[cfg(test)]
mod tests {
    use super::super::fake::{account, at, now, order, ordered, subscription, usd};
    use super::*;
    use crate::domain::effects::Effect;

    fn body(hook: Hook, noun: &Noun) -> String {
        let body = Body::new(hook, now(), account().into(), 12, noun);
        let value = serde_json::to_value(&body).expect("JSON");
        serde_json::to_string_pretty(&value["data"]).expect("JSON")
    }

    fn field(body: &str, pointer: &str) -> serde_json::Value {
        let value: serde_json::Value = serde_json::from_str(body).expect("JSON");
        value.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is not in {body}")).clone()
    }

    fn tax() -> price::Tax {
        let rate = "19".parse().expect("a rate");
        price::Tax { name: "VAT".into(), rate, inclusive: false, amount: usd("9.50") }
    }

    /// A dearer plan for a while, paid and waiting to be delivered.
    fn upgrade() -> order::Order {
        let applied = price::Applied { id: CouponId::new(account(), 21), amount: usd("10.00") };
        order::Order {
            kind: order::Kind::Upgrade,
            from_plan: Some("tiny".into()),
            starts_at: Some(now()),
            ends_at: Some(at("2026-03-20T09:00:00Z")),
            until: Some(at("2026-03-20T09:00:00Z")),
            discount: Some(usd("10.00")),
            coupon: Some(applied),
            tax: Some(tax()),
            state: order::State::Processing,
            paid_at: Some(now()),
            deliver_until: Some(at("2026-02-06T08:00:00Z")),
            ..order()
        }
    }

    #[test]
    fn d41_an_order_in_processing_says_all_that_is_needed_to_deliver_it() {
        insta::assert_snapshot!(body(Hook::OrderProcessing, &ordered(upgrade())), @r##"
        {
          "account": "acc_938nkrkayd",
          "order": {
            "aligned_to": null,
            "automatic": false,
            "cancelled_for": null,
            "closed_at": null,
            "coupon": {
              "amount": {
                "amount": "10.00",
                "currency": "USD"
              },
              "id": "cpn_938nkrkayd_21"
            },
            "created_at": "2026-02-05T08:00:00Z",
            "deadline": "2026-02-06T08:00:00Z",
            "deliver_until": "2026-02-06T08:00:00Z",
            "discount": {
              "amount": "10.00",
              "currency": "USD"
            },
            "ends_at": "2026-03-20T09:00:00Z",
            "expires_not_after": null,
            "external_id": "web-1",
            "failed_for": null,
            "failure_detail": null,
            "from_plan": "tiny",
            "id": "ord_938nkrkayd_17",
            "kind": "upgrade",
            "lines": [
              {
                "coupon": {
                  "amount": "10.00",
                  "currency": "USD"
                },
                "days": null,
                "discount": {
                  "amount": "10.00",
                  "currency": "USD"
                },
                "item": "upgrade",
                "list": {
                  "amount": "70.00",
                  "currency": "USD"
                },
                "payable": {
                  "amount": "59.50",
                  "currency": "USD"
                },
                "tax": {
                  "amount": "9.50",
                  "currency": "USD"
                }
              }
            ],
            "list": {
              "amount": "70.00",
              "currency": "USD"
            },
            "paid_at": "2026-02-05T08:00:00Z",
            "payable": {
              "amount": "59.50",
              "currency": "USD"
            },
            "period": "P1M",
            "period_no": 2,
            "plan": "small",
            "product": "vm",
            "refund": null,
            "refund_of": null,
            "region": "eu-central",
            "starts_at": "2026-02-05T08:00:00Z",
            "state": "Processing",
            "subscription": "sub_938nkrkayd_4",
            "tax": {
              "amount": {
                "amount": "9.50",
                "currency": "USD"
              },
              "inclusive": false,
              "name": "VAT",
              "rate": "19"
            },
            "until": "2026-03-20T09:00:00Z",
            "zone": "UTC"
          },
          "seq": 12
        }
        "##);
    }

    #[test]
    fn an_order_that_failed_says_why() {
        let failed = |reason| order::Order {
            state: order::State::Failed,
            failed_for: Some(reason),
            ..order()
        };
        let detail = Some("NO_CAPACITY".to_owned());
        let told = body(Hook::OrderFailed, &ordered(failed(FailReason::Reported { detail })));
        assert_eq!(field(&told, "/order/state"), "Failed");
        assert_eq!(field(&told, "/order/failed_for"), "reported");
        assert_eq!(field(&told, "/order/failure_detail"), "NO_CAPACITY");
        let told = body(Hook::OrderFailed, &ordered(failed(FailReason::TimedOut)));
        assert_eq!(field(&told, "/order/failed_for"), "timed_out");
        assert!(field(&told, "/order/failure_detail").is_null());
    }

    #[test]
    fn a_refund_names_the_order_that_it_gives_back_for() {
        let refund = order::Order {
            kind: order::Kind::Refund,
            state: order::State::Refunded,
            refund: Some(usd("13.33")),
            refund_of: Some(OrderId::new(account(), 11)),
            ..order()
        };
        let told = body(Hook::OrderRefunded, &ordered(refund));
        assert_eq!(field(&told, "/order/kind"), "refund");
        assert_eq!(field(&told, "/order/state"), "Refunded");
        assert_eq!(field(&told, "/order/refund/amount"), "13.33");
        assert_eq!(field(&told, "/order/refund_of"), "ord_938nkrkayd_11");
    }

    #[test]
    fn lines_say_what_they_are_for() {
        let zero = usd("0.00");
        let line = |item, list| price::Line {
            item,
            list,
            discount: zero,
            coupon: zero,
            tax: zero,
            payable: list,
            label: None,
        };
        let lines = vec![line(Item::Period, usd("60.00")), line(Item::Days(15), usd("30.00"))];
        let told = body(Hook::OrderPaid, &ordered(order::Order { lines, ..order() }));
        assert_eq!(field(&told, "/order/lines/0/item"), "period");
        assert!(field(&told, "/order/lines/0/days").is_null());
        assert_eq!(field(&told, "/order/lines/1/item"), "days");
        assert_eq!(field(&told, "/order/lines/1/days"), 15);
        assert_eq!(field(&told, "/order/lines/1/payable/amount"), "30.00");
    }

    #[test]
    fn a_subscription_says_the_plan_that_it_has_now() {
        let until = at("2026-03-01T00:00:00Z");
        let mut live = subscription();
        live.temporary = Some(subscription::Temporary { plan: "large".into(), until });
        live.next_plan = Some(subscription::NextPlan {
            plan: "medium".into(),
            at: at("2026-03-20T09:00:00Z"),
            kept: None,
        });
        let told = body(Hook::Changed, &Noun::Subscription(live));
        assert_eq!(field(&told, "/subscription/plan"), "large");
        assert_eq!(field(&told, "/subscription/temporary/until"), "2026-03-01T00:00:00Z");
        assert_eq!(field(&told, "/subscription/temporary/then"), "small");
        assert_eq!(field(&told, "/subscription/next_plan/plan"), "medium");
        assert_eq!(field(&told, "/subscription/next_plan/at"), "2026-03-20T09:00:00Z");
        let mut live = subscription();
        live.state = subscription::State::Unsubscribed;
        let told = body(Hook::Unsubscribed, &Noun::Subscription(live));
        assert_eq!(field(&told, "/subscription/state"), "Unsubscribed");
        assert_eq!(field(&told, "/subscription/plan"), "small");
        assert!(field(&told, "/subscription/temporary").is_null());
    }

    #[test]
    fn a_coupon_is_told_whole() {
        let coupon = coupon::Coupon {
            id: CouponId::new(account(), 21),
            campaign: None,
            description: "Welcome".into(),
            benefit: coupon::Benefit::Cash { value: usd("50.00") },
            balance: Some(usd("12.50")),
            scope: coupon::Scope {
                products: vec!["vm".into()],
                order_types: vec![order::Kind::New],
                min_spend: Some(usd("20.00")),
                ..coupon::Scope::default()
            },
            granted_at: now(),
            effective_at: now(),
            expires_at: at("2026-06-01T00:00:00Z"),
            state: coupon::State::Frozen,
            order: Some(OrderId::new(account(), 17)),
            frozen_at: Some(now()),
            again_for: None,
            reminded: false,
        };
        insta::assert_snapshot!(body(Hook::CouponGranted, &Noun::Coupon(coupon)), @r##"
        {
          "account": "acc_938nkrkayd",
          "coupon": {
            "again_for": null,
            "balance": {
              "amount": "12.50",
              "currency": "USD"
            },
            "benefit": {
              "type": "cash",
              "value": {
                "amount": "50.00",
                "currency": "USD"
              }
            },
            "campaign": null,
            "description": "Welcome",
            "effective_at": "2026-02-05T08:00:00Z",
            "expires_at": "2026-06-01T00:00:00Z",
            "frozen_at": "2026-02-05T08:00:00Z",
            "granted_at": "2026-02-05T08:00:00Z",
            "id": "cpn_938nkrkayd_21",
            "order": "ord_938nkrkayd_17",
            "scope": {
              "billing": null,
              "max_period": null,
              "min_period": null,
              "min_spend": {
                "amount": "20.00",
                "currency": "USD"
              },
              "order_types": [
                "new"
              ],
              "products": [
                "vm"
              ],
              "products_denied": []
            },
            "state": "Frozen"
          },
          "seq": 12
        }
        "##);
    }

    #[test]
    fn what_was_written_before_orders_knew_their_subject_can_still_be_sent() {
        let noun = serde_json::to_value(order()).expect("JSON");
        let effect = serde_json::json!({
            "webhook": {"hook": "order.cancelled", "noun": {"order": noun}},
        });
        let effect: Effect = serde_json::from_str(&effect.to_string()).expect("an effect");
        let Effect::Webhook { noun, .. } = effect else { panic!("{effect:?}") };
        let told = body(Hook::OrderCancelled, &noun);
        assert_eq!(field(&told, "/order/id"), "ord_938nkrkayd_17");
        assert!(field(&told, "/order/region").is_null());
    }

    #[test]
    fn a_webhook_survives_its_way_through_the_outbox() {
        let order = order::Order { tax: Some(tax()), ..order() };
        let effect =
            Effect::Webhook { hook: Hook::OrderProcessing, noun: Box::new(ordered(order)) };
        let text = serde_json::to_string(&effect).expect("JSON");
        assert_eq!(serde_json::from_str::<Effect>(&text).expect("an effect"), effect);
    }
}
