//! Choose how a subscription is renewed.

use serde::{Deserialize, Serialize};

use super::{purchase, renew};
use crate::domain::agenda;
use crate::domain::calendar::Period;
use crate::domain::command::{Answer, derived_auto_period};
use crate::domain::draft::Draft;
use crate::domain::ids::SubscriptionId;
use crate::domain::nouns::subscription::{Event, Mode, Renewal, State, Subscription};
use crate::domain::rejection::Rejection;

/// Choose how a subscription is renewed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetRenewalMode {
    /// Which.
    pub subscription: SubscriptionId,
    /// How from now on.
    pub mode: Mode,
    /// The length of an automatic renewal; otherwise what stands, or what was bought implies.
    pub period: Option<Period>,
    /// Mute expiry reminders (R3.5), or not; otherwise as it stands.
    pub muted: Option<bool>,
}

/// Sets it, effective immediately; and where no slot is left before expiry, auto-renewal attempts
/// at once (R2.9), or as soon as what is being delivered is delivered or given back.
pub fn decide(draft: &mut Draft<'_>, set: &SetRenewalMode) -> Result<Answer, Rejection> {
    draft.in_service()?;
    let live = draft.subscription(set.subscription)?;
    let id = live.id;
    let is_switched = set.mode != live.renewal.mode;
    if is_switched && set.mode == Mode::AutoRenewal {
        draft.in_good_standing()?;
    }
    if is_switched {
        check_in_time(draft, live, set.mode)?;
    }
    let period = match set.mode {
        Mode::AutoRenewal => Some(checked_auto_period(draft, live, set.period)?),
        Mode::ManualRenewal | Mode::NotRenewal => live.renewal.period,
    };
    let renewal =
        Renewal { mode: set.mode, period, muted: set.muted.unwrap_or(live.renewal.muted) };
    if renewal != live.renewal {
        draft.push(Event::ModeSet { id, renewal, at: draft.at });
    }
    // The same again is not a way to ask for one more attempt.
    if is_switched && set.mode == Mode::AutoRenewal {
        renew::attempt_without_slot(draft, id, draft.at);
    }
    let live = draft.subscription(id)?;
    let next_attempt_at =
        live.span().and_then(|span| agenda::next_attempt(draft.timeline, live, &span));
    Ok(Answer::ModeSet { subscription: Box::new(live.clone()), next_attempt_at })
}

/// The mode may be changed until Suspended (R2.20); auto-renewal be switched on until expiry, or
/// as long after it as the schedule allows (R2.7).
fn check_in_time(draft: &Draft<'_>, live: &Subscription, mode: Mode) -> Result<(), Rejection> {
    let too_late = Err(Rejection::TooLateForMode { subscription: live.id });
    match live.state {
        State::Released | State::Cancelled | State::Unsubscribed => {
            Err(Rejection::SubscriptionEnded { subscription: live.id })
        }
        State::Grace | State::Suspended if mode == Mode::AutoRenewal => {
            let offer = draft.offer(&live.subject.product, &live.subject.plan, draft.at);
            let (Some((_, offer)), Some(span)) = (offer, live.span()) else { return too_late };
            let days = i32::from(offer.autorenewals.enable_until_days);
            if draft.at < span.zone.plus_days(span.expires_at, days) { Ok(()) } else { too_late }
        }
        State::PendingPayment | State::Active | State::Grace => Ok(()),
        State::Suspended => too_late,
    }
}

fn checked_auto_period(
    draft: &Draft<'_>,
    live: &Subscription,
    asked: Option<Period>,
) -> Result<Period, Rejection> {
    let open = draft.open()?;
    // Before the first payment its order says what is bought (R2.13).
    let ordered = || {
        let order = open.orders.get(&live.open_order?)?;
        Some(derived_auto_period(order.period))
    };
    let period =
        asked.or_else(|| live.auto_period()).or_else(ordered).ok_or(Rejection::PeriodRequired)?;
    let (product, plan) = (&live.subject.product, &live.subject.plan);
    let (_, offer) =
        draft.offer(product, plan, draft.at).ok_or_else(|| purchase::retired(product, plan))?;
    purchase::check_auto_period(&offer, period, open, product, plan)?;
    Ok(period)
}
