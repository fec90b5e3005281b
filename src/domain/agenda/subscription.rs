//! What a subscription needs next: transitions, attempts, notices, plans that begin or end.

use std::time::Duration;

use super::{Due, Needs, Step};
use crate::domain::calendar::Timestamp;
use crate::domain::money::Money;
use crate::domain::nouns::notice::Kind;
use crate::domain::nouns::subscription::{Mode, State, Subscription};
use crate::domain::rules::{Lifecycle, Reminders, Span, Timeline};

/// What a subscription needs next, if anything ever.
pub(super) fn needs_of(timeline: &Timeline, subscription: &Subscription) -> Option<Needs> {
    if subscription.is_final() {
        return None;
    }
    let span = subscription.span()?;
    let paid = subscription.paid.as_ref()?;
    let due = |(at, step): (Timestamp, Step), minor: i64| Due {
        at,
        rank: step.rank(),
        expires_at: paid.expires_at,
        minor,
        number: subscription.id.number,
        step,
    };
    let transition = next_transition(timeline, subscription, &span)
        .map(|next| due(next, paid.terms.price.minor()));
    let attempt = next_attempt(timeline, subscription, &span).map(|at| {
        // The lowest amount goes first (D27): what this attempt will cost, not what the present
        // period did.
        let minor = charge_of(timeline, subscription, at).map_or(0, Money::minor);
        due((at, Step::Attempt(subscription.id)), minor)
    });
    let notice = next_mark(timeline, subscription, &span)
        .map(|(at, kind)| due((at, Step::Notice(subscription.id, kind)), paid.terms.price.minor()));
    let plan = next_plan_at(subscription)
        .map(|at| due((at, Step::TakePlan(subscription.id)), paid.terms.price.minor()));
    let is_taking = |due: &Due| due.step.is_destructive();
    Some(Needs {
        taking: transition.filter(is_taking),
        other: [transition.filter(|due| !is_taking(due)), attempt, notice, plan]
            .into_iter()
            .flatten()
            .min(),
    })
}

/// When its plan changes by itself: one for a while ends, or one that was paid ahead begins.
fn next_plan_at(subscription: &Subscription) -> Option<Timestamp> {
    let ends = subscription.temporary.as_ref().map(|temporary| temporary.until);
    let begins = subscription.next_plan.as_ref().map(|next| next.at);
    [ends, begins].into_iter().flatten().min()
}

fn next_transition(
    timeline: &Timeline,
    subscription: &Subscription,
    span: &Span,
) -> Option<(Timestamp, Step)> {
    let id = subscription.id;
    let (at, step) = match subscription.state {
        State::PendingPayment | State::Released | State::Cancelled | State::Unsubscribed => {
            return None;
        }
        // What is paid and about to be delivered is not released (D41).
        State::Suspended if subscription.processing => return None,
        State::Active => (span.expires_at, Step::Expire(id)),
        State::Grace => (span.suspends_at, Step::Suspend(id)),
        State::Suspended => match release_at(timeline, subscription, span) {
            Some(at) => (at, Step::Release(id)),
            // Its last notice was never recorded: it goes out now, and the release waits for it.
            None => (span.releases_at, Step::Notice(id, late_notice(timeline, subscription, span))),
        },
    };
    // Nothing is due before the owner's latest word on it, nor before the import.
    Some((at.max(subscription.mode_set_at), step))
}

/// When it is released: not before its last notice is as old as it must be (D38). `None` while a
/// notice is needed and none was recorded.
#[must_use]
pub fn release_at(
    timeline: &Timeline,
    subscription: &Subscription,
    span: &Span,
) -> Option<Timestamp> {
    let needed = release_needs(timeline, subscription, span);
    if needed.is_zero() {
        return Some(span.releases_at);
    }
    let noticed_at = subscription.release_noticed_at?;
    Some(span.releases_at.max(noticed_at.plus(needed)))
}

/// How old the notice of a release must be, by the version in force at the release.
#[must_use]
pub fn release_needs(timeline: &Timeline, subscription: &Subscription, span: &Span) -> Duration {
    lifecycle_at(timeline, subscription, span.releases_at)
        .map_or_else(
            || Lifecycle::default().release_needs_notice,
            |lifecycle| lifecycle.release_needs_notice,
        )
        .0
}

/// The notice that a release waits for says in how many days it will be.
fn late_notice(timeline: &Timeline, subscription: &Subscription, span: &Span) -> Kind {
    let days = release_needs(timeline, subscription, span).as_secs().div_ceil(86_400);
    Kind::ReleaseAhead(u16::try_from(days).unwrap_or(u16::MAX))
}

/// The lifecycle of the subscription's product at `at`.
fn lifecycle_at<'a>(
    timeline: &'a Timeline,
    subscription: &Subscription,
    at: Timestamp,
) -> Option<&'a Lifecycle> {
    let (rules, product) =
        timeline.product(timeline.in_force(at)?, &subscription.subject.product)?;
    rules.lifecycles.get(&product.lifecycle)
}

/// What an automatic renewal at `at` will cost: the list price then, or what a notice promised
/// if that is less (R2.17, D31). `None` where there is no price.
#[must_use]
pub fn charge_of(timeline: &Timeline, subscription: &Subscription, at: Timestamp) -> Option<Money> {
    let currency = subscription.paid.as_ref()?.terms.price.currency();
    let period = subscription.auto_period()?;
    let rules = &timeline.in_force(at)?.rules;
    let offer = rules.offer(&subscription.subject.product, subscription.renewed_plan())?;
    if offer.plan.renewal_ends.is_some_and(|ends| ends <= at) {
        return None;
    }
    let list = offer.price(period, currency)?;
    Some(subscription.honoured(subscription.kept(list, period)))
}

/// The next slot of auto-renewal: from the version in force at that slot.
#[must_use]
pub fn next_attempt(
    timeline: &Timeline,
    subscription: &Subscription,
    span: &Span,
) -> Option<Timestamp> {
    next_attempt_after(timeline, subscription, span, subscription.attempted_through)
}

/// The next slot of auto-renewal after `after`.
#[must_use]
pub fn next_attempt_after(
    timeline: &Timeline,
    subscription: &Subscription,
    span: &Span,
    after: Timestamp,
) -> Option<Timestamp> {
    let may = subscription.renewal.mode == Mode::AutoRenewal && subscription.is_renewable();
    // A period that is paid and about to be delivered is not paid again (R2.11).
    if !may || subscription.processing {
        return None;
    }
    let lead_days = subscription.paid.as_ref()?.terms.lead_days;
    timeline.stretches(after).find_map(|(version, start, end)| {
        let (rules, product) = timeline.product(version, &subscription.subject.product)?;
        let schedule = rules.autorenewals.get(&product.autorenewal)?;
        schedule
            .slots(span, lead_days)
            .into_iter()
            .find(|slot| *slot > after && *slot >= start && *slot < end)
    })
}

/// The next mark at which something is to be said: from the version in force at that mark.
#[must_use]
pub(super) fn next_mark(
    timeline: &Timeline,
    subscription: &Subscription,
    span: &Span,
) -> Option<(Timestamp, Kind)> {
    next_mark_after(timeline, subscription, span, subscription.noticed_through)
}

/// The next mark after `after`.
#[must_use]
pub fn next_mark_after(
    timeline: &Timeline,
    subscription: &Subscription,
    span: &Span,
    after: Timestamp,
) -> Option<(Timestamp, Kind)> {
    if !subscription.is_renewable() {
        return None;
    }
    timeline.stretches(after).find_map(|(version, start, end)| {
        let (rules, product) = timeline.product(version, &subscription.subject.product)?;
        let reminders = rules.reminders.get(&product.reminders)?;
        let lifecycle = rules.lifecycles.get(&product.lifecycle)?;
        marks(reminders, lifecycle, subscription, span)
            .into_iter()
            .filter(|(at, _)| *at > after && *at >= start && *at < end)
            // Two marks of one instant: the more urgent one speaks for both.
            .min_by_key(|(at, kind)| (*at, std::cmp::Reverse(*kind)))
    })
}

/// Every mark of the period, in no order (R3.1–R3.7, R2.17, R2.18).
fn marks(
    reminders: &Reminders,
    lifecycle: &Lifecycle,
    subscription: &Subscription,
    span: &Span,
) -> Vec<(Timestamp, Kind)> {
    let before =
        |mark: Timestamp, days: u16| span.zone.on_day(mark, -i32::from(days), reminders.at.0);
    // A mark at or after expiry gives way to the notice of expiry or suspension.
    let expiring = |days: u16| {
        let at = before(span.expires_at, days);
        (at < span.expires_at).then_some(at)
    };
    let mut marks = Vec::new();
    let release_is_expiry = span.releases_at <= span.expires_at;
    if !subscription.renewal.muted {
        match subscription.renewal.mode {
            Mode::ManualRenewal => {
                let today = reminders.on_expiry.then_some(0);
                for days in reminders.before_days.iter().copied().chain(today) {
                    // With no recovery the notice of release says what the last reminder would.
                    let merged = release_is_expiry && days == 1;
                    if let Some(at) = expiring(days).filter(|_| !merged) {
                        marks.push((at, Kind::Expiring(days)));
                    }
                }
                for days in reminders.after_days.iter().copied() {
                    let at = span.zone.on_day(span.expires_at, i32::from(days), reminders.at.0);
                    if at > span.expires_at && at < span.releases_at {
                        marks.push((at, Kind::ExpiredFor(days)));
                    }
                }
            }
            Mode::AutoRenewal => {
                let ahead = reminders.auto_renewal_days.iter();
                marks.extend(ahead.filter_map(|&d| Some((expiring(d)?, Kind::RenewalAhead(d)))));
                let top_up = reminders.topup_days.iter();
                marks.extend(top_up.filter_map(|&d| Some((expiring(d)?, Kind::TopUp(d)))));
            }
            Mode::NotRenewal => {
                let days = reminders.not_renewal_days.iter();
                marks.extend(days.filter_map(|&d| Some((expiring(d)?, Kind::Expiring(d)))));
            }
        }
    }
    for days in reminders.before_release_days.iter().copied() {
        // The notice comes at its time of day, and early enough for the release to be on time
        // (D38).
        let needed = lifecycle.release_needs_notice.0;
        let mut shift = days;
        while before(span.releases_at, shift).plus(needed) > span.releases_at && shift < days + 30 {
            shift += 1;
        }
        marks.push((before(span.releases_at, shift), Kind::ReleaseAhead(days)));
    }
    marks
}
