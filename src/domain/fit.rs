//! Which coupons of an account suit an order, which one the rule picks, and why the others do not
//! suit (R5.7, R5.17): a reading of what pricing would do.

use super::account::Open;
use super::calendar::{Period, Timestamp};
use super::ids::CouponId;
use super::money::Money;
use super::nouns::coupon::{Basket, Billing, Coupon, Unmet};
use super::nouns::order::{Kind, Order};
use super::price::{Gross, Item, Pretax};
use super::rejection::Rejection;
use super::rules::Timeline;
use super::verbs::{pricing, renew};

/// How a coupon suits an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fit {
    /// Every predicate that does not hold; none if it can be used.
    pub unmet: Vec<Unmet>,
    /// What it would take off, before tax, if it can be used.
    pub deductible: Option<Money>,
    /// Is it the one that the rule picks?
    pub is_picked: bool,
}

/// What an account would buy.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The product.
    pub product: &'a str,
    /// Its plan.
    pub plan: &'a str,
    /// How long.
    pub period: Period,
    /// As which type of order.
    pub kind: Kind,
}

/// An order, or what one would be, as coupons are held against it.
#[derive(Debug)]
pub struct Against<'a> {
    basket: Basket<'a>,
    picked: Option<CouponId>,
    at: Timestamp,
}

impl<'a> Against<'a> {
    /// An unpaid order of the account.
    #[must_use]
    pub fn order(timeline: &Timeline, open: &Open, order: &'a Order, at: Timestamp) -> Self {
        let pretax = Pretax::again(order.lines(), order.tax.as_ref(), open.terms.currency);
        let rules = timeline.in_force(at).map(|version| version.rules.as_ref());
        let offer = rules.and_then(|rules| rules.offer(&order.product, &order.plan));
        let basket = Basket {
            kind: order.kind,
            billing: Billing::Subscription,
            period: Some(order.period),
            lines: pretax.amounts().map(|amount| (order.product.as_str(), amount)).collect(),
            currency: open.terms.currency,
            excludes_coupons: offer.is_some_and(|offer| !offer.plan.coupons),
            order: Some(order.id),
        };
        Self::basket(timeline, open, basket, at)
    }

    /// What the account would buy at the list price.
    pub fn offer(
        timeline: &Timeline,
        open: &Open,
        wanted: Wanted<'a>,
        at: Timestamp,
    ) -> Result<Self, Rejection> {
        let Wanted { product, plan, period, kind } = wanted;
        let rules = timeline
            .in_force(at)
            .map(|version| version.rules.as_ref())
            .filter(|rules| rules.products.contains_key(product))
            .ok_or_else(|| Rejection::UnknownProduct { product: product.to_owned() })?;
        let offer = rules.offer(product, plan).ok_or_else(|| Rejection::UnknownPlan {
            product: product.to_owned(),
            plan: plan.to_owned(),
        })?;
        let currency = open.terms.currency;
        let list = renew::price(&offer, period, offer.product.sells(period), open, product, plan)?;
        let lines = [Gross { item: Item::Period, list, discount: Money::zero(currency) }];
        let rate = rules.tax_rate(open.terms.kind, open.terms.country.as_deref());
        let basket = Basket {
            kind,
            billing: Billing::Subscription,
            period: Some(period),
            lines: Pretax::of(&lines, rate, currency)
                .amounts()
                .map(|amount| (product, amount))
                .collect(),
            currency,
            excludes_coupons: !offer.plan.coupons,
            order: None,
        };
        Ok(Self::basket(timeline, open, basket, at))
    }

    fn basket(timeline: &Timeline, open: &Open, basket: Basket<'a>, at: Timestamp) -> Self {
        let rules = timeline.in_force(at).map(|version| version.rules.as_ref());
        let coupons = open.coupons.values().map(AsRef::as_ref);
        let picked = pricing::picked(rules, coupons, &basket, at).map(|coupon| coupon.id);
        Self { basket, picked, at }
    }

    /// How `coupon` suits it.
    #[must_use]
    pub fn fit(&self, coupon: &Coupon) -> Fit {
        let unmet = coupon.unmet(&self.basket, self.at);
        Fit {
            deductible: unmet.is_empty().then(|| coupon.deductible(&self.basket)),
            unmet,
            is_picked: self.picked == Some(coupon.id),
        }
    }
}
