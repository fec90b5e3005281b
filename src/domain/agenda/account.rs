//! What an account needs next as a whole, and of its orders, coupons and resources.

use std::time::Duration;

use super::{Due, Needs, Step};
use crate::domain::account::Open;
use crate::domain::calendar::Timestamp;
use crate::domain::nouns::order::Order;
use crate::domain::nouns::resource::{self, Resource};
use crate::domain::nouns::{coupon, order};
use crate::domain::rules::Timeline;
use crate::domain::verbs;
use crate::domain::verbs::closure::{self, Next};
use crate::domain::verbs::{credit, settle, standing};

/// What an order needs next: its time-out, and a warning of it (D48).
pub(super) fn order_needs<'a>(
    timeline: &Timeline,
    order: &'a Order,
) -> Option<(&'a Order, Timestamp, Step)> {
    match order.state {
        order::State::Unpaid => {
            let warning = warning_at(timeline, order).filter(|_| !order.warned);
            Some(match warning {
                Some(at) => (order, at, Step::WarnTimeOut(order.id)),
                None => (order, order.deadline, Step::TimeOut(order.id)),
            })
        }
        order::State::Processing => {
            let at = order.deliver_until.unwrap_or(order.deadline);
            Some((order, at, Step::DeliveryTimeOut(order.id)))
        }
        order::State::Paid
        | order::State::Cancelled
        | order::State::Failed
        | order::State::Refunded => None,
    }
}

/// When the owner of an unpaid order is warned of its time-out: the setting before it, or a
/// quarter of its life where that is less (D48).
fn warning_at(timeline: &Timeline, order: &Order) -> Option<Timestamp> {
    let before = timeline.in_force(order.created_at)?.rules.orders.warn_before_timeout.0;
    let quarter = Duration::from_secs(order.deadline.since(order.created_at).as_secs() / 4);
    Some(order.deadline.minus(before.min(quarter))).filter(|_| !before.is_zero())
}

/// What a coupon needs next. A frozen one needs nothing: it is honoured by the order that holds it
/// (R5.15). What became due meanwhile is due when it is free again.
pub(super) fn coupon_needs<'a>(
    timeline: &Timeline,
    coupon: &'a coupon::Coupon,
) -> Option<(&'a coupon::Coupon, Timestamp, Step)> {
    let id = coupon.id;
    match coupon.state {
        coupon::State::NotEffective => {
            Some((coupon, coupon.effective_at, Step::CouponEffective(id)))
        }
        coupon::State::Available => {
            let days = timeline.in_force(coupon.granted_at)?.rules.coupons.expiry_notice_days;
            let notice = days
                .map(|days| coupon.expires_at.minus(Duration::from_hours(24 * u64::from(days))))
                // What is granted for a shorter time needs no reminder: its grant was told.
                .filter(|at| !coupon.reminded && *at > coupon.effective_at.max(coupon.granted_at));
            Some(match notice {
                Some(at) => (coupon, at, Step::CouponNotice(id)),
                None => (coupon, coupon.expires_at, Step::CouponExpire(id)),
            })
        }
        coupon::State::Frozen
        | coupon::State::Used
        | coupon::State::Expired
        | coupon::State::Cancelled => None,
    }
}

/// A step of the account as a whole.
pub(super) const fn of_all(at: Timestamp, step: Step, number: u32) -> Due {
    Due { at, rank: step.rank(), expires_at: at, minor: 0, number, step }
}

/// What a resource needs next, besides being settled.
pub(super) fn resource_needs(timeline: &Timeline, open: &Open, live: &Resource) -> Option<Needs> {
    let id = live.id;
    let due = |at, step| of_all(at, step, id.number);
    match live.state() {
        resource::State::Released => {
            let at = settle::closes_at(timeline, live)?;
            Some(Needs { taking: None, other: Some(due(at, Step::CloseResource(id))) })
        }
        resource::State::Running | resource::State::Stopped => {
            let at = verbs::resource::halts_at(timeline, open, live)?;
            Some(Needs { taking: Some(due(at, Step::Halt(id))), other: None })
        }
        resource::State::Halted => {
            let planned = verbs::resource::planned_release(timeline, open, live, live.halted_at?)?;
            let needed = verbs::resource::notice_needed(timeline, live, planned);
            // The release waits for its notice (D38).
            Some(match live.release_noticed_at {
                None if !needed.is_zero() => Needs {
                    taking: None,
                    other: Some(due(planned.minus(needed), Step::ReleaseNotice(id))),
                },
                noticed_at => {
                    let earliest = noticed_at.map_or(planned, |told| told.plus(needed));
                    let at = planned.max(earliest);
                    Needs { taking: Some(due(at, Step::ReleaseForDebt(id))), other: None }
                }
            })
        }
    }
}

/// What the account as a whole needs next. At `short_at` its owner is told that the balance will not
/// last.
pub(super) fn account_needs(
    timeline: &Timeline,
    open: &Open,
    short_at: Option<Timestamp>,
) -> Option<Due> {
    let to_come = open.wallet.owed.iter().find(|(_, owed)| !owed.past_due);
    let credit = to_come
        .map(|(month, _)| of_all(credit::due_at(timeline, *month), Step::CreditDue(*month), 0));
    let told_through = open.standing.overdue.map(|overdue| overdue.told_through);
    let notice = told_through
        .and_then(|told| standing::next_notice_after(timeline, open, told))
        .map(|at| of_all(at, Step::OverdueNotice, 0));
    let forecast = short_at.map(|at| of_all(at, Step::Forecast, 0));
    [credit, notice, forecast].into_iter().flatten().min()
}

/// What a closure needs next.
pub(super) fn closure_needs(timeline: &Timeline, open: &Open) -> Needs {
    match closure::next(timeline, open) {
        None => Needs::default(),
        Some(Next::Stage(at)) => {
            Needs { taking: None, other: Some(of_all(at, Step::ClosureStage, 0)) }
        }
        Some(Next::Close(at)) => {
            Needs { taking: Some(of_all(at, Step::CloseAccount, 0)), other: None }
        }
    }
}
