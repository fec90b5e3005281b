//! Settle usage: one bill for everything of an account that is due at one instant. Packages first,
//! then a voucher, then cash, then credit; the rest is owed (R5.10, R6.7, R6.20, D36).

use std::time::Duration;

use rust_decimal::Decimal;

use super::accrue::{self, Settling};
use super::{credit, pricing, standing};
use crate::domain::account::Open;
use crate::domain::calendar::Timestamp;
use crate::domain::draft::Draft;
use crate::domain::ids::ResourceId;
use crate::domain::money::Money;
use crate::domain::month::Month;
use crate::domain::nouns::coupon::{self, Basket, Billing, Coupon};
use crate::domain::nouns::order::Kind;
use crate::domain::nouns::usage::{Event, Settlement, UsageLine};
use crate::domain::nouns::{resource, wallet};
use crate::domain::price::{Applied, Gross, Item, Pretax};
use crate::domain::rules::Timeline;

/// Settles what is due.
pub fn settle(draft: &mut Draft<'_>, due_at: Timestamp) {
    let Ok(open) = draft.open() else { return };
    let currency = open.terms.currency;
    let mut settling = Settling::new(draft.timeline, currency, due_at, &open.packages);
    let due = open
        .resources
        .values()
        .filter(|resource| accrue::due_at(draft.timeline, resource).is_some_and(|at| at <= due_at));
    let accruals: Vec<_> = due.filter_map(|resource| settling.accrue(resource)).collect();
    let ended: Vec<ResourceId> = accruals
        .iter()
        .filter(|accrual| accrual.is_final)
        .map(|accrual| accrual.resource)
        .collect();
    let (draws, mut lines) = (settling.draws, settling.lines);
    let month = month(draft, due_at);
    let (coupon, tax) = price(draft, open, &mut lines, due_at);
    let minor: i64 = lines.iter().map(|line| line.payable.minor()).sum();
    // What goes back is cash; what is to be paid draws it to zero.
    let cash = minor.min(open.wallet.spendable().minor().max(0));
    let settlement = Settlement {
        month,
        due_at,
        accruals,
        draws,
        lines,
        coupon,
        tax,
        cash: Money::from_minor(cash, currency),
        owed: Money::from_minor(minor - cash, currency),
    };
    draft.push(Event::Settled(Box::new(settlement)));
    if let Some(Applied { id, amount }) = coupon {
        draft.push(coupon::Event::Spent { id, amount, at: due_at });
    }
    for id in ended {
        release_deposit(draft, id, due_at);
    }
    credit::repay(draft, due_at);
    standing::review(draft, due_at);
}

/// The month that a settlement is billed in: that of the cycle which it settles, whether that ended
/// with the month or not (R10.3). What is due together ended together.
fn month(draft: &Draft<'_>, due_at: Timestamp) -> Month {
    let rules = draft.timeline.in_force(due_at).map(|version| &version.rules);
    let delay = rules.map_or(Duration::ZERO, |rules| rules.payg.settle_delay.0);
    credit::month_of(draft, due_at.minus(delay).minus(Duration::from_micros(1)))
}

/// Puts coupon and tax on lines: the coupon first, the tax on what is left of each (D19, D42).
fn price(
    draft: &Draft<'_>,
    open: &Open,
    lines: &mut [UsageLine],
    due_at: Timestamp,
) -> (Option<Applied>, Option<(String, Decimal)>) {
    let currency = open.terms.currency;
    let version = draft.timeline.in_force(due_at);
    let rules = version.map(|version| version.rules.as_ref());
    let rate =
        rules.and_then(|rules| rules.tax_rate(open.terms.kind, open.terms.country.as_deref()));
    if lines.is_empty() {
        return (None, None);
    }
    let gross: Vec<_> = lines
        .iter()
        .map(|line| Gross {
            // A period of use; the line itself says of what.
            item: Item::Period,
            list: line.list,
            discount: Money::zero(currency),
        })
        .collect();
    let tax = rate.as_ref().map(|rate| (rate.name.to_owned(), rate.percent));
    let pretax = Pretax::of(&gross, rate, currency);
    let amounts: Vec<Money> = pretax.amounts().collect();
    let basket = Basket {
        kind: Kind::New,
        billing: Billing::Payg,
        period: None,
        lines: lines
            .iter()
            .zip(&amounts)
            .filter(|(_, amount)| amount.minor() > 0)
            .map(|(line, amount)| (line.product.as_str(), *amount))
            .collect(),
        currency,
        excludes_coupons: false,
        order: None,
    };
    // None while overdue (R5.10), and none that is for orders of a type.
    let vouchers = open.coupons.values().map(AsRef::as_ref).filter(|coupon: &&Coupon| {
        !coupon.is_single_use()
            && coupon.scope.order_types.is_empty()
            && !open.standing.is_overdue()
    });
    let picked = pricing::picked(rules, vouchers, &basket, due_at);
    let applied =
        picked.map(|coupon| Applied { id: coupon.id, amount: coupon.deductible(&basket) });
    let priced = pretax.price(applied, |place| {
        let is_allowed = |coupon: &Coupon| coupon.scope.allows_product(&lines[place].product);
        amounts[place].minor() > 0 && picked.is_some_and(is_allowed)
    });
    for (line, priced) in lines.iter_mut().zip(priced.lines) {
        line.list = priced.list;
        line.coupon = priced.coupon;
        line.tax = priced.tax;
        line.payable = priced.payable;
    }
    (applied, tax)
}

/// The deposit of a resource that is released and settled is free again (D47).
fn release_deposit(draft: &mut Draft<'_>, id: ResourceId, at: Timestamp) {
    let held = draft.open().ok().and_then(|open| open.wallet.holds.get(&id).copied());
    if let Some(amount) = held {
        draft.push(wallet::Event::DepositReleased { resource: id, amount, at });
    }
}

/// No usage of a released resource can be reported any more: it is forgotten.
pub fn close(draft: &mut Draft<'_>, id: ResourceId, due_at: Timestamp) {
    draft.push(resource::Event::Closed { id, due_at });
}

/// When that is.
#[must_use]
pub fn closes_at(timeline: &Timeline, resource: &resource::Resource) -> Option<Timestamp> {
    let released_at = resource.released_at.filter(|_| resource.is_settled && !resource.is_over)?;
    let (rules, _) = accrue::payg(timeline, &resource.subject.product, released_at)?;
    let is_idle = resource.meters.values().all(|metered| metered.open.is_empty());
    is_idle.then(|| released_at.plus(rules.payg.late_adjustment.0))
}
