//! Grant a coupon, take it back, and choose the one of an order.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::pay;
use super::pricing::{self, CouponChoice};
use crate::domain::account;
use crate::domain::calendar::Timestamp;
use crate::domain::command::Answer;
use crate::domain::draft::Draft;
use crate::domain::ids::{CampaignId, CouponId, OrderId};
use crate::domain::nouns::campaign::Validity;
use crate::domain::nouns::coupon::{Benefit, Coupon, Event, Scope, State};
use crate::domain::nouns::order;
use crate::domain::rejection::Rejection;

/// Grant a coupon to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The campaign whose quota it was taken from; none for a single one. A campaign's coupon that
    /// cannot be taken is told back.
    pub campaign: Option<CampaignId>,
    /// What it says to people.
    pub description: String,
    /// What it takes off.
    pub benefit: Benefit,
    /// What it may be used for.
    pub scope: Scope,
    /// From when it is good; from its grant on if nothing is said.
    pub effective_at: Option<Timestamp>,
    /// How long it is good.
    pub validity: Validity,
}

/// Take a coupon back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelCoupon {
    /// Which.
    pub coupon: CouponId,
}

/// Choose another coupon for an unpaid order, or none (R4.6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetCoupon {
    /// Which order.
    pub order: OrderId,
    /// Which coupon.
    pub coupon: CouponChoice,
}

/// Grants it. What comes from a campaign was taken from its quota already, so it is never refused:
/// what cannot be taken is told back.
pub fn grant(draft: &mut Draft<'_>, grant: &Grant) -> Result<Answer, Rejection> {
    let open = draft.books()?;
    let at = draft.at;
    let effective_at = grant.effective_at.unwrap_or(at).max(at);
    let expires_at = match grant.validity {
        Validity::Until(until) => until,
        Validity::Days(days) => effective_at.plus(Duration::from_hours(24 * u64::from(days))),
    };
    let is_foreign = grant.benefit.currency().is_some_and(|c| c != open.terms.currency);
    let fault = grant.benefit.fault().or_else(|| {
        if open.closure.is_some() {
            Some("the account is being closed, or is closed")
        } else if is_foreign {
            Some("it is of another currency than the account")
        } else if expires_at <= effective_at {
            Some("it would be over before it begins")
        } else {
            None
        }
    });
    if let Some(fault) = fault {
        let Some(campaign) = grant.campaign else {
            return Err(Rejection::InvalidCoupon { fault: fault.to_owned() });
        };
        draft.push(account::Event::CouponDeclined { campaign, at });
        return Ok(Answer::CouponDeclined { fault: fault.to_owned() });
    }
    let balance = match grant.benefit {
        Benefit::Cash { value } => Some(value),
        Benefit::SpendAndSave { .. } | Benefit::Discount { .. } => None,
    };
    let coupon = Coupon {
        id: CouponId::new(open.id, open.next_number),
        campaign: grant.campaign,
        description: grant.description.clone(),
        benefit: grant.benefit,
        balance,
        scope: grant.scope.clone(),
        granted_at: at,
        effective_at,
        expires_at,
        state: if effective_at > at { State::NotEffective } else { State::Available },
        order: None,
        frozen_at: None,
        again_for: None,
        reminded: false,
    };
    draft.push(Event::Granted(Box::new(coupon.clone())));
    Ok(Answer::Coupon { coupon: Box::new(coupon) })
}

/// Takes it back; an order that holds it must be closed first.
pub fn cancel(draft: &mut Draft<'_>, cancel: &CancelCoupon) -> Result<Answer, Rejection> {
    let coupon = draft.coupon(cancel.coupon)?;
    if let Some(order) = coupon.order {
        return Err(Rejection::CouponHeld { coupon: coupon.id, order });
    }
    let mut coupon = coupon.clone();
    let event = Event::Cancelled { id: coupon.id, at: draft.at };
    coupon.apply(&event);
    draft.push(event);
    Ok(Answer::Coupon { coupon: Box::new(coupon) })
}

/// Chooses another coupon for an unpaid order, at the list price that it was made at. The one that
/// it held is free again in the same commit.
pub fn set(draft: &mut Draft<'_>, set: &SetCoupon) -> Result<Answer, Rejection> {
    draft.in_service()?;
    let order = draft.unpaid_order(set.order)?.clone();
    pricing::check_choice(draft, set.coupon)?;
    let price = pricing::reprice(draft, &order, set.coupon, draft.at)?;
    let at = draft.at;
    if price.payable.is_zero() {
        pay::check_payable(draft, &order, at)?;
    }
    if price.coupon != order.coupon {
        if let Some(held) = order.coupon {
            draft.push(Event::Unfrozen { id: held.id, at, expires_at: None });
        }
        draft.push(order::Event::Repriced {
            order: order.id,
            coupon: price.coupon,
            tax: price.tax,
            lines: order::Order::lines_to_keep(price.lines),
            payable: price.payable,
            at,
        });
        let order = draft.unpaid_order(set.order)?.clone();
        pay::freeze(draft, &order, at);
        // What a coupon covers whole is done at once (R4.17).
        if order.payable.is_zero() {
            pay::settle(draft, &order, at, false);
        }
    }
    pay::answer(draft, order.id)
}
