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
use crate::domain::rules::Terms;

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
    let paid = payable_period(draft, &order, draft.at)?;
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

/// The period that an unpaid order gives if it is paid at `at`, or why it cannot be paid now
/// (R4.10): what held when it was made may not hold any more, and a new subscription that is paid
/// later ends later.
pub fn payable_period(draft: &Draft<'_>, order: &Order, at: Timestamp) -> Result<Paid, Rejection> {
    let live = draft.subscription(order.subscription)?;
    let paid = period_of(draft, order, at)?;
    let end = paid.course.end(live.subject.zone);
    renew::check_in_time(draft, live, order.period, at)?;
    renew::check_parent(draft, live.subject.expires_not_after, end)?;
    Ok(paid)
}

/// The period that `order` pays if it is paid at `at`: a new subscription starts then, a renewal
/// at the old expiry (R1.8, R1.9). Its terms are those of the product at `at`, also where the
/// plan is gone by then: the order was made while it was sold.
pub fn period_of(draft: &Draft<'_>, order: &Order, at: Timestamp) -> Result<Paid, Rejection> {
    let live = draft.subscription(order.subscription)?;
    let zone = live.subject.zone;
    let (course, started_at) = match &live.paid {
        Some(paid) => (paid.course, paid.expires_at),
        None => (Course::starting(at, zone), at),
    };
    let course = course.plus(order.period);
    let end = course.end(zone);
    let (lifecycle, autorenewals) = draft
        .timeline
        .presets(&order.product, at)
        .ok_or_else(|| Rejection::UnknownProduct { product: order.product.clone() })?;
    let terms = Terms::of(lifecycle, autorenewals, order.payable);
    let round_up = lifecycle.round_up_to_midnight;
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
