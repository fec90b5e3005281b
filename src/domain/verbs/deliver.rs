//! Delivery: what was paid is given, at once, or when the provider's system says that it is
//! delivered (D41). What is not delivered is given back in full, with the coupon (R4.16, R5.14).
//!
//! Reports from the world are facts: they are never refused. What no longer fits is recorded.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{package, pay};
use crate::domain::calendar::Timestamp;
use crate::domain::command::Answer;
use crate::domain::draft::Draft;
use crate::domain::ids::OrderId;
use crate::domain::nouns::order::{self, FailReason, Kind, Order};
use crate::domain::nouns::subscription::Mode;
use crate::domain::nouns::{coupon, subscription};
use crate::domain::rejection::Rejection;

use super::{bill, change, credit, refund, renew};

/// The provider's system delivered an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provisioned {
    /// Which.
    pub order: OrderId,
}

/// The provider's system could not deliver an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvisionFailed {
    /// Which.
    pub order: OrderId,
    /// Its words, as a code; nothing personal.
    pub detail: Option<String>,
}

/// Gives what was ordered, as of now.
pub fn provisioned(draft: &mut Draft<'_>, report: &Provisioned) -> Result<Answer, Rejection> {
    let Some(order) = processing(draft, report.order)? else {
        return Ok(late(draft, report.order, true));
    };
    let at = draft.at;
    let done =
        |starts_at, ends_at| order::Event::Provisioned { order: order.id, starts_at, ends_at, at };
    let is_given = give(draft, &order, at, order.automatic, done);
    if !is_given {
        // What it was paid for is not possible any more: nobody may pay for nothing.
        fail(draft, order.id, FailReason::Reported { detail: None }, at);
    } else if matches!(order.kind, Kind::Upgrade | Kind::Downgrade) {
        attempt_put_off(draft, &order, at);
    }
    pay::answer(draft, order.id)
}

/// Gives everything back.
pub fn failed(draft: &mut Draft<'_>, report: &ProvisionFailed) -> Result<Answer, Rejection> {
    if processing(draft, report.order)?.is_none() {
        return Ok(late(draft, report.order, false));
    }
    let reason = FailReason::Reported { detail: report.detail.clone() };
    fail(draft, report.order, reason, draft.at);
    pay::answer(draft, report.order)
}

/// The order, if it waits to be delivered; an order that never was is refused.
fn processing(draft: &Draft<'_>, id: OrderId) -> Result<Option<Order>, Rejection> {
    match draft.open()?.orders.get(&id) {
        Some(order) if order.state == order::State::Processing => Ok(Some(order.as_ref().clone())),
        Some(order) if order.state == order::State::Unpaid => {
            Err(Rejection::OrderNotPaid { order: id })
        }
        Some(_) => Ok(None),
        None if draft.facts.knows_order(id) => Ok(None),
        None => Err(Rejection::OrderNotFound { order: id }),
    }
}

/// A report on an order that is closed is recorded, and changes nothing: a second report of the
/// same, or one that came after the time-out.
fn late(draft: &mut Draft<'_>, order: OrderId, delivered: bool) -> Answer {
    let at = draft.at;
    draft.push(order::Event::ReportedLate { order, delivered, at });
    Answer::ReportedLate { order }
}

/// How long an order waits to be delivered once it is paid; `None` if its product needs no
/// acknowledgement.
#[must_use]
pub fn time_to_deliver(draft: &Draft<'_>, order: &Order, at: Timestamp) -> Option<Duration> {
    let version = draft.timeline.in_force(at)?;
    let (_, product) = draft.timeline.product(version, &order.product)?;
    product.acknowledge.contains(&order.kind).then_some(version.rules.orders.processing_ttl.0)
}

/// Gives what `order` is for at `at`: pushes `done` with the time that it pays for, what it does
/// to its coupon and to its subscription. Answers whether that is still possible.
pub fn give(
    draft: &mut Draft<'_>,
    order: &Order,
    at: Timestamp,
    automatic: bool,
    done: impl FnOnce(Timestamp, Timestamp) -> order::Event,
) -> bool {
    let (id, subscription) = (order.id, order.subscription);
    match order.kind {
        Kind::New | Kind::Renew => {
            let Ok(paid) = pay::period_of(draft, order, at) else { return false };
            draft.push(done(paid.started_at, paid.expires_at));
            redeem(draft, order, at);
            let period = paid.clone();
            let paid = Box::new(paid);
            draft.push(match order.kind {
                Kind::New => subscription::Event::Activated { id: subscription, order: id, paid },
                Kind::Renew | Kind::Upgrade | Kind::Downgrade | Kind::Refund => {
                    let plan = order.from_plan.is_some().then(|| order.plan.clone());
                    let locked = plan.as_ref().and_then(|_| change::kept_prices(draft, order, at));
                    subscription::Event::Renewed {
                        id: subscription,
                        order: id,
                        paid,
                        at,
                        automatic,
                        plan,
                        locked,
                    }
                }
            });
            package::fill(draft, subscription, &period, at);
        }
        Kind::Upgrade => {
            let ends_at = order.ends_at.unwrap_or(at);
            if ends_at <= at {
                return false;
            }
            draft.push(done(at, ends_at));
            redeem(draft, order, at);
            change::take_plan(draft, order, at);
        }
        Kind::Downgrade => {
            refund::give_back_for_downgrade(draft, order, at);
            change::take_plan(draft, order, at);
        }
        Kind::Refund => return false,
    }
    true
}

/// The coupon has done its work.
fn redeem(draft: &mut Draft<'_>, order: &Order, at: Timestamp) {
    if let Some(applied) = order.coupon {
        let (id, order, amount) = (applied.id, order.id, applied.amount);
        draft.push(coupon::Event::Redeemed { id, order, amount, at });
    }
}

/// Closes a paid order that was not delivered: everything is given back, the coupon is free
/// again, for the time that it was frozen if it expired meanwhile (R4.16, D42).
pub fn fail(draft: &mut Draft<'_>, id: OrderId, reason: FailReason, at: Timestamp) {
    let Ok(Some(order)) = processing(draft, id) else { return };
    let cycle = bill::cycle(draft, at);
    draft.push(order::Event::Failed {
        order: id,
        product: order.product.clone(),
        parts: order.parts(),
        reason,
        cycle,
        at,
    });
    bill::issue_credit_notes(draft, at);
    credit::repay_from_refund(draft, order.parts().cash, at);
    if let Some(applied) = order.coupon
        && let Some(coupon) = draft.open().ok().and_then(|open| open.coupons.get(&applied.id))
    {
        let frozen = coupon.frozen_at.map_or(Duration::ZERO, |frozen_at| at.since(frozen_at));
        let expires_at = (coupon.expires_at <= at).then(|| at.plus(frozen));
        draft.push(coupon::Event::Unfrozen { id: applied.id, at, expires_at });
    }
    let id = order.subscription;
    draft.push(match order.kind {
        Kind::New => subscription::Event::Cancelled { id, at },
        Kind::Renew | Kind::Upgrade | Kind::Downgrade | Kind::Refund => {
            subscription::Event::OrderClosed { id }
        }
    });
    attempt_put_off(draft, &order, at);
}

/// The attempt of an auto-renewal that was switched on while `order` was being delivered, too late
/// for any slot, has waited for it (R2.9).
fn attempt_put_off(draft: &mut Draft<'_>, order: &Order, at: Timestamp) {
    let is_put_off = draft.subscription(order.subscription).is_ok_and(|live| {
        live.renewal.mode == Mode::AutoRenewal
            && order.paid_at.is_some_and(|paid_at| live.mode_set_at >= paid_at)
    });
    if is_put_off {
        renew::attempt_without_slot(draft, order.subscription, at);
    }
}
