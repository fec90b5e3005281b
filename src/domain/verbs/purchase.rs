//! Order a new subscription.

use serde::{Deserialize, Serialize};

use super::pricing::{self, Asked, CouponChoice};
use super::{pay, renew};
use crate::domain::account::Open;
use crate::domain::calendar::{Course, Period};
use crate::domain::command::{Answer, derived_auto_period};
use crate::domain::draft::Draft;
use crate::domain::ids::{OrderId, SubscriptionId};
use crate::domain::money::Money;
use crate::domain::nouns::order::{self, Kind, Order};
use crate::domain::nouns::subscription::{self, Mode, Renewal, Subject};
use crate::domain::price::{Gross, Item};
use crate::domain::rejection::Rejection;
use crate::domain::rules::{Offer, Requirement, Rules};

/// Order a new subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    /// The product.
    pub product: String,
    /// Its plan.
    pub plan: String,
    /// The region.
    pub region: String,
    /// The length of the first period.
    pub period: Period,
    /// How it is to be renewed (R2.2).
    pub renewal_mode: Mode,
    /// Pay now from the balance, or leave the order unpaid.
    pub pay_now: bool,
    /// The provider's own name for the resource.
    pub external_id: Option<String>,
    /// A subscription of the same account that it may not outlive (R1.17).
    pub expires_not_after: Option<SubscriptionId>,
    /// Which coupon to use (R4.6).
    #[serde(default)]
    pub coupon: CouponChoice,
    /// Keep the prices of today for its renewals (D31).
    #[serde(default)]
    pub price_lock: bool,
    /// What the caller expects to pay: any other price is refused.
    #[serde(default)]
    pub expected_payable: Option<Money>,
}

/// Opens the order, and pays it at once if that was asked or nothing is to be paid (R4.17).
pub fn decide(draft: &mut Draft<'_>, purchase: &Purchase) -> Result<Answer, Rejection> {
    let open = draft.in_good_standing()?;
    if let Some(parent) = purchase.expires_not_after {
        draft.subscription(parent)?;
    }
    let (version, rules) = draft
        .timeline
        .in_force(draft.at)
        .map(|version| (version.number, version.rules.as_ref()))
        .ok_or_else(|| Rejection::UnknownProduct { product: purchase.product.clone() })?;
    check_requirements(rules, open)?;
    let offer = offered(rules, &purchase.product, &purchase.plan, &purchase.region)?;
    if offer.plan.retired_at.is_some_and(|retired| retired <= draft.at) {
        return Err(retired(&purchase.product, &purchase.plan));
    }
    let (product, plan) = (&purchase.product, &purchase.plan);
    let is_on_menu = offer.product.sells(purchase.period);
    let list = renew::price(&offer, purchase.period, is_on_menu, open, product, plan)?;
    let auto_period = derived_auto_period(purchase.period);
    if purchase.renewal_mode == Mode::AutoRenewal {
        check_auto_period(&offer, auto_period, open, product, plan)?;
    }
    let zone = open.terms.zone;
    let end = Course::starting(draft.at, zone).plus(purchase.period).end(zone);
    renew::check_horizon(&offer, end, draft.at, zone)?;
    renew::check_parent(draft, purchase.expires_not_after, end)?;

    pricing::check_choice(draft, purchase.coupon)?;
    let asked = Asked {
        kind: Kind::New,
        product,
        period: purchase.period,
        takes_coupons: offer.plan.coupons,
        lines: &[Gross { item: Item::Period, list, discount: Money::zero(open.terms.currency) }],
        coupon: purchase.coupon,
        at: draft.at,
    };
    let price = pricing::price(draft.timeline, &open.terms, &open.coupons, &asked)?;
    pricing::check_expected(purchase.expected_payable, price.payable)?;

    let subscription = SubscriptionId::new(open.id, open.next_number);
    let ttl = offer.product.unpaid_ttl.unwrap_or(rules.orders.unpaid_ttl).0;
    let mut order = Order {
        rules_version: version,
        deadline: draft.at.plus(ttl),
        ..Order::new(
            OrderId::new(open.id, open.next_number + 1),
            Kind::New,
            subscription,
            (product, plan),
            (purchase.period, 1),
            draft.at,
            open.terms.currency,
        )
    };
    order.set_price(price);
    let pays = purchase.pay_now || order.payable.is_zero();
    if pays {
        pay::check_funds(draft, order.payable)?;
    }
    let locked = offer.plan.prices.get(&open.terms.currency).copied();
    let id = order.id;
    draft.push(order::Event::Opened(Box::new(order.clone())));
    draft.push(subscription::Event::Ordered {
        id: subscription,
        subject: Subject {
            product: purchase.product.clone(),
            plan: purchase.plan.clone(),
            region: purchase.region.clone(),
            zone,
            external_id: purchase.external_id.clone(),
            expires_not_after: purchase.expires_not_after,
        },
        renewal: Renewal {
            mode: purchase.renewal_mode,
            period: (purchase.renewal_mode == Mode::AutoRenewal).then_some(auto_period),
            muted: false,
        },
        order: id,
        at: draft.at,
        locked: locked.filter(|_| purchase.price_lock),
    });
    if pays {
        pay::settle(draft, &order, draft.at, false);
    } else {
        pay::freeze(draft, &order, draft.at);
    }
    pay::answer(draft, id)
}

/// What the names stand for, or which of them is unknown.
pub fn offered<'a>(
    rules: &'a Rules,
    product: &str,
    plan: &str,
    region: &str,
) -> Result<Offer<'a>, Rejection> {
    let known = rules
        .products
        .get(product)
        .ok_or_else(|| Rejection::UnknownProduct { product: product.to_owned() })?;
    let offer = rules.offer(product, plan).ok_or_else(|| Rejection::UnknownPlan {
        product: product.to_owned(),
        plan: plan.to_owned(),
    })?;
    if !known.regions.iter().any(|sold| sold == region) {
        return Err(Rejection::UnknownRegion {
            product: product.to_owned(),
            region: region.to_owned(),
        });
    }
    Ok(offer)
}

/// Can auto-renewal be set to `period`: does it have a price, and is it on that menu (R2.12)?
pub fn check_auto_period(
    offer: &Offer<'_>,
    period: Period,
    open: &Open,
    product: &str,
    plan: &str,
) -> Result<(), Rejection> {
    renew::price(offer, period, true, open, product, plan)?;
    if offer.product.renews_by_itself(period) {
        return Ok(());
    }
    Err(Rejection::PeriodNotOffered { period, offered: offer.product.auto_periods.clone() })
}

/// The rejection for a plan that is retired.
#[must_use]
pub fn retired(product: &str, plan: &str) -> Rejection {
    Rejection::PlanRetired { product: product.to_owned(), plan: plan.to_owned() }
}

fn check_requirements(rules: &Rules, open: &Open) -> Result<(), Rejection> {
    for requirement in &rules.orders.purchase_requires {
        match requirement {
            Requirement::Country if open.terms.country.is_none() => {
                return Err(Rejection::PurchaseRequires { missing: "country".to_owned() });
            }
            Requirement::Country => {}
        }
    }
    Ok(())
}
