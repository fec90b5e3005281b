//! Pay an unpaid order from the balance: the whole amount or nothing (R2.16).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{bill, change, credit, deliver, renew};
use crate::domain::calendar::{Course, Timestamp, rounded_up_to_midnight};
use crate::domain::command::{Answer, Skipped};
use crate::domain::draft::Draft;
use crate::domain::ids::OrderId;
use crate::domain::money::Money;
use crate::domain::nouns::coupon;
use crate::domain::nouns::order::{self, Kind, Order};
use crate::domain::nouns::subscription::{Event, Paid, Subscription};
use crate::domain::rejection::Rejection;
use crate::domain::rules::Terms;

/// Pay an unpaid order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pay {
    /// Which.
    pub order: OrderId,
}

/// Pay several unpaid orders together (R4.15).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayTogether {
    /// Which, in the order in which they are paid.
    pub orders: Vec<OrderId>,
}

/// Pays it.
pub fn decide(draft: &mut Draft<'_>, pay: &Pay) -> Result<Answer, Rejection> {
    draft.in_good_standing()?;
    let order = draft.unpaid_order(pay.order)?.clone();
    check_payable(draft, &order, draft.at)?;
    check_funds(draft, order.payable)?;
    settle(draft, &order, draft.at, false);
    answer(draft, order.id)
}

/// Pays them all or none, as far as money goes; those whose status changed meanwhile are skipped
/// and named (R4.15). Each keeps its own coupon.
pub fn together(draft: &mut Draft<'_>, pay: &PayTogether) -> Result<Answer, Rejection> {
    let open = draft.in_good_standing()?;
    let limit = draft.timeline.in_force(draft.at).map_or(0, |v| v.rules.orders.together_max);
    let count = u32::try_from(pay.orders.len()).unwrap_or(u32::MAX);
    if count > limit {
        return Err(Rejection::TooManyOrders { count, limit });
    }
    let mut needed = Money::zero(open.terms.currency);
    let asked: BTreeSet<OrderId> = pay.orders.iter().copied().collect();
    for id in &asked {
        match draft.unpaid_order(*id) {
            Ok(order) => {
                needed = needed.checked_add(order.payable).ok_or(Rejection::AmountTooLarge)?;
            }
            Err(rejection @ Rejection::OrderNotFound { .. }) => return Err(rejection),
            Err(_) => {}
        }
    }
    check_funds(draft, needed)?;
    let (mut paid, mut skipped) = (Vec::new(), Vec::new());
    for id in &pay.orders {
        let payable = draft.unpaid_order(*id).cloned().and_then(|order| {
            check_payable(draft, &order, draft.at)?;
            Ok(order)
        });
        match payable {
            Ok(order) => {
                settle(draft, &order, draft.at, false);
                paid.push(*id);
            }
            Err(rejection) => {
                skipped.push(Skipped { order: *id, code: rejection.code().to_owned() });
            }
        }
    }
    let open = draft.open()?;
    let paid = paid.iter().filter_map(|id| open.orders.get(id));
    Ok(Answer::PaidTogether {
        paid: paid.map(|order| order.as_ref().clone()).collect(),
        skipped,
        cash: open.wallet.cash,
    })
}

/// Do the cash and the credit that is left cover `needed` (D15)?
pub fn check_funds(draft: &Draft<'_>, needed: Money) -> Result<(), Rejection> {
    let available = draft.open()?.wallet.funds();
    if available.covers(needed) {
        Ok(())
    } else {
        Err(Rejection::NotEnoughFunds { needed, available })
    }
}

/// Can an open order be paid at `at`, or why not (R4.10)? What held when it was made may not hold
/// any more, and a new subscription that is paid later ends later.
pub fn check_payable(draft: &Draft<'_>, order: &Order, at: Timestamp) -> Result<(), Rejection> {
    let live = draft.subscription(order.subscription)?;
    match order.kind {
        Kind::New | Kind::Renew => {
            let paid = period_of(draft, order, at)?;
            if order.kind == Kind::Renew && paid.expires_at <= at {
                renew::check_in_time(draft, live, order.period, at)?;
            }
            // Compared before any rounding up.
            let end = paid.course.end(live.subject.zone);
            renew::check_parent(draft, live.subject.expires_not_after, end)
        }
        Kind::Upgrade | Kind::Downgrade => change::check_changeable(live, order),
        Kind::Refund => Err(Rejection::OrderClosed { order: order.id }),
    }
}

/// The period that `order` gives if it is paid, or delivered, at `at`: a new subscription starts
/// then, a renewal at the old expiry (R1.8, R1.9), unless it changes the plan of one that has
/// expired (R1.10). Its terms are those of the product at `at`, also where the plan is gone by
/// then: the order was made while it was sold.
pub fn period_of(draft: &Draft<'_>, order: &Order, at: Timestamp) -> Result<Paid, Rejection> {
    let live = draft.subscription(order.subscription)?;
    let zone = live.subject.zone;
    let (course, started_at) = match &live.paid {
        Some(paid) if order.from_plan.is_none() || paid.expires_at > at => {
            (paid.course, paid.expires_at)
        }
        Some(_) | None => (Course::starting(at, zone), at),
    };
    let course = match order.aligned_to {
        Some(day) => Course::starting(day, zone),
        None => course.plus(order.period),
    };
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

/// Takes the cash for an open order, and gives what was ordered, or waits until it is delivered
/// (D41). The checks were made.
pub fn settle(draft: &mut Draft<'_>, order: &Order, at: Timestamp, automatic: bool) {
    credit::lend(draft, order.payable, at);
    let ttl = deliver::time_to_deliver(draft, order, at);
    let cycle = bill::cycle(draft, at);
    if let Some(ttl) = ttl {
        let (id, subscription) = (order.id, order.subscription);
        if draft.subscription(subscription).is_ok_and(|live| live.open_order != Some(id)) {
            draft.push(match order.kind {
                Kind::New | Kind::Renew => Event::RenewalOrdered { id: subscription, order: id },
                Kind::Upgrade | Kind::Downgrade | Kind::Refund => {
                    Event::ChangeOrdered { id: subscription, order: id }
                }
            });
        }
        freeze(draft, order, at);
        draft.push(order::Event::Processing {
            order: order.id,
            product: order.product.clone(),
            parts: order.parts(),
            deliver_until: at.plus(ttl),
            cycle,
            at,
        });
        return;
    }
    let order::Parts { cash, coupon, tax } = order.parts();
    let paid = |starts_at, ends_at| order::Event::Paid {
        order: order.id,
        product: order.product.clone(),
        cash,
        coupon,
        tax,
        starts_at,
        ends_at,
        cycle,
        at,
    };
    deliver::give(draft, order, at, automatic, paid);
}

/// Freezes the coupon of an open order, whole (R4.7, D12).
pub fn freeze(draft: &mut Draft<'_>, order: &Order, at: Timestamp) {
    let Some(applied) = order.coupon else { return };
    let held = draft.open().is_ok_and(|open| {
        open.coupons.get(&applied.id).is_some_and(|coupon| coupon.order == Some(order.id))
    });
    if !held {
        draft.push(coupon::Event::Frozen { id: applied.id, order: order.id, at });
    }
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
