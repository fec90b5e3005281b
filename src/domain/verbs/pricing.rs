//! What an order costs: list price, promise, coupon, tax. A quote and the order that follows it
//! come from here, so they agree.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::account::Terms;
use crate::domain::calendar::{Period, Timestamp};
use crate::domain::draft::Draft;
use crate::domain::ids::CouponId;
use crate::domain::money::Money;
use crate::domain::nouns::coupon::{Basket, Billing, Coupon};
use crate::domain::nouns::order;
use crate::domain::price::{Applied, Gross, Pretax, Price};
use crate::domain::rejection::Rejection;
use crate::domain::rules::{Pick, Rules, Timeline};

/// Which coupon an order is to use (R4.6).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CouponChoice {
    /// The one that the rule picks, if any can be used (R5.7).
    #[default]
    Auto,
    /// None.
    Decline,
    /// This one, or the order is refused.
    This(CouponId),
}

/// What is to be priced.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What the order is for.
    pub kind: order::Kind,
    /// The product.
    pub product: &'a str,
    /// The length ordered.
    pub period: Period,
    /// Does the plan take coupons (R5.17)?
    pub takes_coupons: bool,
    /// The lines before coupon and tax.
    pub lines: &'a [Gross],
    /// Which coupon it is to use.
    pub coupon: CouponChoice,
    /// When: tax and coupons are those of then.
    pub at: Timestamp,
}

/// The whole price, with the coupon that was chosen.
pub fn price(
    timeline: &Timeline,
    terms: &Terms,
    coupons: &BTreeMap<CouponId, Arc<Coupon>>,
    asked: &Asked<'_>,
) -> Result<Price, Rejection> {
    let rules = timeline.in_force(asked.at).map(|version| version.rules.as_ref());
    let rate = rules.and_then(|rules| rules.tax_rate(terms.kind, terms.country.as_deref()));
    let pretax = Pretax::of(asked.lines, rate, terms.currency);
    let basket = Basket {
        kind: asked.kind,
        billing: Billing::Subscription,
        period: Some(asked.period),
        lines: pretax.amounts().map(|amount| (asked.product, amount)).collect(),
        currency: terms.currency,
        excludes_coupons: !asked.takes_coupons,
        order: None,
    };
    let coupon = choose(rules, coupons, &basket, asked.coupon, asked.at)?;
    Ok(pretax.price(coupon, |_| true))
}

/// The price of an order that is open, with another coupon.
pub fn reprice(
    draft: &Draft<'_>,
    order: &order::Order,
    choice: CouponChoice,
    at: Timestamp,
) -> Result<Price, Rejection> {
    let open = draft.open()?;
    let rules = draft.timeline.in_force(at).map(|version| version.rules.as_ref());
    let pretax = Pretax::again(order.lines(), order.tax.as_ref(), open.terms.currency);
    let amounts = pretax.amounts().collect::<Vec<_>>();
    let basket = basket_of(draft, order, &amounts, at);
    let coupon = choose(rules, &open.coupons, &basket, choice, at)?;
    Ok(pretax.price(coupon, |_| true))
}

/// What coupons of an open order are held against.
#[must_use]
pub fn basket_of<'a>(
    draft: &Draft<'_>,
    order: &'a order::Order,
    amounts: &[Money],
    at: Timestamp,
) -> Basket<'a> {
    let offer = draft.offer(&order.product, &order.plan, at);
    Basket {
        kind: order.kind,
        billing: Billing::Subscription,
        period: Some(order.period),
        lines: amounts.iter().map(|amount| (order.product.as_str(), *amount)).collect(),
        currency: order.payable.currency(),
        excludes_coupons: offer.is_some_and(|(_, offer)| !offer.plan.coupons),
        order: Some(order.id),
    }
}

/// Refuses if the caller expected another price.
pub fn check_expected(expected: Option<Money>, payable: Money) -> Result<(), Rejection> {
    match expected {
        Some(expected) if expected != payable => Err(Rejection::PriceChanged { expected, payable }),
        Some(_) | None => Ok(()),
    }
}

/// The coupon that is to be used, and what it takes off.
fn choose(
    rules: Option<&Rules>,
    coupons: &BTreeMap<CouponId, Arc<Coupon>>,
    basket: &Basket<'_>,
    choice: CouponChoice,
    at: Timestamp,
) -> Result<Option<Applied>, Rejection> {
    let applied = |coupon: &Coupon| Applied { id: coupon.id, amount: coupon.deductible(basket) };
    match choice {
        CouponChoice::Decline => Ok(None),
        CouponChoice::Auto => {
            let coupons = coupons.values().map(AsRef::as_ref);
            Ok(picked(rules, coupons, basket, at).map(applied))
        }
        CouponChoice::This(id) => {
            let coupon = coupons.get(&id).ok_or(Rejection::CouponNotFound { coupon: id })?;
            let unmet = coupon.unmet(basket, at);
            if !unmet.is_empty() {
                return Err(Rejection::CouponNotUsable { coupon: id, unmet });
            }
            Ok(Some(applied(coupon)))
        }
    }
}

/// The coupon that the rule picks of those that can be used (R5.7, D11).
#[must_use]
pub fn picked<'a>(
    rules: Option<&Rules>,
    coupons: impl Iterator<Item = &'a Coupon>,
    basket: &Basket<'_>,
    at: Timestamp,
) -> Option<&'a Coupon> {
    let pick = rules.map_or(&[][..], |rules| rules.coupons.pick.as_slice());
    coupons
        .filter(|coupon| coupon.unmet(basket, at).is_empty())
        .min_by(|a, b| compare(pick, a, b, basket))
}

/// Which of two usable coupons comes first.
#[must_use]
pub fn compare(pick: &[Pick], a: &Coupon, b: &Coupon, basket: &Basket<'_>) -> Ordering {
    let deductible = |coupon: &Coupon| coupon.deductible(basket).minor();
    let balance = |coupon: &Coupon| {
        coupon.balance.or_else(|| coupon.benefit.nominal()).map_or(i64::MAX, Money::minor)
    };
    pick.iter()
        .map(|pick| match pick {
            Pick::Expiry => a.expires_at.cmp(&b.expires_at),
            Pick::DeductibleDesc => Reverse(deductible(a)).cmp(&Reverse(deductible(b))),
            Pick::BalanceAsc => balance(a).cmp(&balance(b)),
            Pick::BalanceDesc => Reverse(balance(a)).cmp(&Reverse(balance(b))),
            Pick::Granted => a.granted_at.cmp(&b.granted_at),
            Pick::Id => a.id.cmp(&b.id),
        })
        .find(|ordering| ordering.is_ne())
        .unwrap_or_else(|| a.id.cmp(&b.id))
}

/// A coupon that is asked for by its id must be one of the account's, and live.
pub fn check_choice(draft: &Draft<'_>, choice: CouponChoice) -> Result<(), Rejection> {
    match choice {
        CouponChoice::This(id) => draft.coupon(id).map(|_| ()),
        CouponChoice::Auto | CouponChoice::Decline => Ok(()),
    }
}
