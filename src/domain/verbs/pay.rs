//! Pay an unpaid order from the balance: the whole amount or nothing (R2.16).

use serde::{Deserialize, Serialize};

use super::renew;
use crate::domain::calendar::{Course, Timestamp, rounded_up_to_midnight};
use crate::domain::command::Answer;
use crate::domain::draft::Draft;
use crate::domain::ids::OrderId;
use crate::domain::money::Money;
use crate::domain::nouns::order::{self, Kind, Order};
use crate::domain::nouns::subscription::{self, Paid, Subscription};
use crate::domain::rejection::Rejection;

/// Pay an unpaid order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pay {
    /// Which.
    pub order: OrderId,
}

/// Pays it.
pub fn decide(draft: &mut Draft<'_>, pay: &Pay) -> Result<Answer, Rejection> {
    draft.in_service()?;
    let order = draft.unpaid_order(pay.order)?.clone();
    let live = draft.subscription(order.subscription)?;
    if order.kind == Kind::Renew {
        renew::check_in_time(live, &order, draft.at)?;
    }
    let paid = period_of(draft, &order, draft.at)?;
    check_funds(draft, order.payable)?;
    settle(draft, &order, paid, draft.at, false);
    answer(draft, order.id)
}

/// Does the cash cover `needed`?
pub fn check_funds(draft: &Draft<'_>, needed: Money) -> Result<(), Rejection> {
    let available = draft.open()?.wallet.cash;
    if available.covers(needed) {
        Ok(())
    } else {
        Err(Rejection::NotEnoughFunds { needed, available })
    }
}

/// The period that `order` pays if it is paid at `at`: a new subscription starts then (R1.8 has
/// the old expiry for a renewal).
pub fn period_of(draft: &Draft<'_>, order: &Order, at: Timestamp) -> Result<Paid, Rejection> {
    let live = draft.subscription(order.subscription)?;
    let zone = live.subject.zone;
    let (course, started_at) = match &live.paid {
        Some(paid) => (paid.course, paid.expires_at),
        None => (Course::starting(at, zone), at),
    };
    let course = course.plus(order.period);
    let end = course.end(zone);
    let offer = draft.offer(&order.product, &order.plan, at);
    let round_up = offer.is_some_and(|(_, offer)| offer.lifecycle.round_up_to_midnight);
    let terms = match (offer, &live.paid) {
        (Some((_, offer)), _) => offer.terms(order.payable),
        (None, Some(paid)) => crate::domain::rules::Terms { price: order.payable, ..paid.terms },
        (None, None) => {
            return Err(Rejection::PlanRetired {
                product: order.product.clone(),
                plan: order.plan.clone(),
            });
        }
    };
    Ok(Paid {
        period_no: order.period_no,
        period: order.period,
        course,
        started_at,
        expires_at: if round_up { rounded_up_to_midnight(end, zone) } else { end },
        terms,
    })
}

/// Takes the cash for an open order and gives the period. The checks were made.
pub fn settle(draft: &mut Draft<'_>, order: &Order, paid: Paid, at: Timestamp, automatic: bool) {
    let (id, subscription) = (order.id, order.subscription);
    draft.push(order::Event::Paid {
        order: id,
        product: order.product.clone(),
        cash: order.payable,
        starts_at: paid.started_at,
        ends_at: paid.expires_at,
        at,
    });
    let paid = Box::new(paid);
    draft.push(match order.kind {
        Kind::New => subscription::Event::Activated { id: subscription, order: id, paid },
        Kind::Renew => {
            subscription::Event::Renewed { id: subscription, order: id, paid, at, automatic }
        }
    });
}

/// The answer about an order that was touched in this draft.
pub fn answer(draft: &Draft<'_>, id: OrderId) -> Result<Answer, Rejection> {
    let open = draft.open()?;
    let order = open.orders.get(&id).ok_or(Rejection::OrderNotFound { order: id })?;
    let subscription: &Subscription = open
        .subscriptions
        .get(&order.subscription)
        .ok_or(Rejection::SubscriptionNotFound { subscription: order.subscription })?;
    Ok(Answer::Ordered {
        order: Box::new(order.as_ref().clone()),
        subscription: Box::new(subscription.clone()),
        cash: open.wallet.cash,
    })
}
