//! Standing: overdue after a settlement or a due date that the funds did not cover, good again when
//! all due debt is paid; and the alerts on the way (R6.8–R6.18).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::credit;
use crate::domain::account::Open;
use crate::domain::agenda;
use crate::domain::calendar::Timestamp;
use crate::domain::command::Answer;
use crate::domain::draft::Draft;
use crate::domain::money::Money;
use crate::domain::nouns::resource;
use crate::domain::nouns::standing::{Burn, Event};
use crate::domain::rejection::Rejection;
use crate::domain::rules::{Dunning, Timeline};

/// Set the low-balance alert, or switch it off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAlert {
    /// Below which available credit it is told; none: off.
    pub below: Option<Money>,
}

/// Sets it. Enabling it while available credit is below already sends nothing (R6.16).
pub fn set_alert(draft: &mut Draft<'_>, set: SetAlert) -> Result<Answer, Rejection> {
    let open = draft.open()?;
    if let Some(below) = set.below
        && below.currency() != open.terms.currency
    {
        let (expected, given) = (open.terms.currency, below.currency());
        return Err(Rejection::WrongCurrency { expected, given });
    }
    let armed = set.below.is_some_and(|below| open.wallet.available().covers(below));
    draft.push(Event::AlertSet { below: set.below, armed, at: draft.at });
    Ok(Answer::Done)
}

/// After a settlement, or a due date: overdue if available credit is below zero, or something is
/// past due (R6.8).
pub fn review(draft: &mut Draft<'_>, at: Timestamp) {
    let Ok(open) = draft.open() else { return };
    let available = open.wallet.available();
    let owes = available.is_negative() || !open.wallet.past_due().is_zero();
    if owes && !open.standing.is_overdue() {
        draft.push(Event::FellOverdue { amount: to_pay(open), available, at });
    }
}

/// What must come in to be in good standing again.
#[must_use]
pub fn to_pay(open: &Open) -> Money {
    let lacking = credit::due(open).minor() - open.wallet.spendable().minor();
    Money::from_minor(lacking.max(0), open.wallet.cash.currency())
}

/// For how many whole hours the available credit lasts if every day costs what the last one did;
/// none if that cost nothing.
#[must_use]
pub fn hours_left(open: &Open, at: Timestamp) -> Option<u64> {
    let burnt = open.standing.burnt(at)?.minor();
    let available = open.wallet.available().minor().max(0);
    let hours =
        (i128::from(available) * i128::from(HOURS)).checked_div(i128::from(burnt.max(0)))?;
    Some(u64::try_from(hours).unwrap_or(u64::MAX))
}

/// What each of the 24 hours before `at` cost, the oldest first, by the instants at which they end.
#[must_use]
pub fn hourly_burn(open: &Open, at: Timestamp) -> Vec<Burn> {
    let hour = Duration::from_hours(1);
    let zero = Money::zero(open.terms.currency);
    let ends = (0..HOURS).rev().map(|ago| at.minus(hour * ago));
    let burnt_by = |end: Timestamp| {
        let within = |burn: &&Burn| burn.at > end.minus(hour) && burn.at <= end;
        let amounts = open.standing.burn.iter().filter(within).map(|burn| burn.amount);
        amounts.fold(zero, |sum, amount| sum.checked_add(amount).unwrap_or(sum))
    };
    ends.map(|end| Burn { at: end, amount: burnt_by(end) }).collect()
}

/// The available credit ahead if every day costs what the last one did: some points with whole
/// hours between them, from now until it is used up. Nothing if the last day cost nothing.
#[must_use]
pub fn projection(open: &Open, at: Timestamp) -> Vec<Burn> {
    let Some(hours) = hours_left(open, at) else { return Vec::new() };
    let Some(burnt) = open.standing.burnt(at) else { return Vec::new() };
    let available = open.wallet.available();
    // What lasts longer than anybody plans for is shown as far as that.
    let hours = hours.min(HORIZON);
    let step = (hours + 1).div_ceil(u64::from(HOURS));
    (0..=u64::from(HOURS))
        .map(|place| place * step)
        .take_while(|ahead| *ahead <= hours + step)
        .map(|ahead| {
            let spent = i128::from(burnt.minor()) * i128::from(ahead) / i128::from(HOURS);
            let left = i128::from(available.minor()) - spent;
            let left = i64::try_from(left.max(0)).unwrap_or(i64::MAX);
            let amount = Money::from_minor(left, available.currency());
            Burn { at: at.plus(Duration::from_hours(ahead)), amount }
        })
        .collect()
}

/// The hours of a day by which the rate of use is measured.
const HOURS: u32 = 24;
/// How far a projection looks, in hours: a year.
const HORIZON: u64 = 24 * 365;

/// Good again once nothing is past due and available credit is not below zero: what was stopped
/// for debt runs again, unless its owner stopped it too (R6.12).
pub fn recover(draft: &mut Draft<'_>, at: Timestamp) {
    let Ok(open) = draft.open() else { return };
    let is_clear = open.wallet.past_due().is_zero() && !open.wallet.available().is_negative();
    if !open.standing.is_overdue() || !is_clear {
        return;
    }
    let halted: Vec<_> = open
        .resources
        .values()
        .filter(|resource| resource.halted_at.is_some() && resource.released_at.is_none())
        .map(|resource| resource.id)
        .collect();
    draft.push(Event::Recovered { at });
    for id in halted {
        draft.push(resource::Event::Restored { id, at });
    }
}

/// Tells the owner again (R6.9).
pub fn notice(draft: &mut Draft<'_>, due_at: Timestamp) {
    let Ok(open) = draft.open() else { return };
    let amount = to_pay(open);
    let later = next_notice_after(draft.timeline, open, due_at);
    let superseded = later.is_some_and(|later| later <= draft.at);
    draft.push(Event::OverdueNoticed { amount, due_at, superseded });
}

/// When the owner of an overdue account is told again, after `after`.
#[must_use]
pub fn next_notice_after(timeline: &Timeline, open: &Open, after: Timestamp) -> Option<Timestamp> {
    let since = open.standing.overdue?.since;
    let rules = &timeline.in_force(since)?.rules;
    let preset = rules.dunning.get(&rules.overdue.preset)?;
    let zone = rules.bill.zone;
    let at = |days: &u16| zone.plus_days(since, i32::from(*days));
    preset.notices.iter().map(at).filter(|at| *at > after).min()
}

/// The dunning preset of a resource's product in an account that is overdue since `since`.
#[must_use]
pub fn dunning<'a>(timeline: &'a Timeline, product: &str, since: Timestamp) -> Option<&'a Dunning> {
    let (rules, product) = timeline.product(timeline.in_force(since)?, product)?;
    rules.dunning.get(&product.payg.as_ref()?.dunning)
}

/// When the next forecast is made: at a time of day, once (R6.18). Where the balance will cover a day
/// like the last one and the renewals of the next, nobody is told, and nothing is due.
#[must_use]
pub fn next_forecast(timeline: &Timeline, open: &Open) -> Option<Timestamp> {
    // Who is overdue has been told worse.
    let last = open.standing.burn.back().filter(|_| !open.standing.is_overdue())?.at;
    let rules = &timeline.in_force(last)?.rules;
    let (zone, time) = (rules.bill.zone, rules.alerts.forecast_at.0);
    let today = zone.on_day(last, 0, time);
    let at = if today > last { today } else { zone.on_day(last, 1, time) };
    let is_told = open.standing.forecast_through.is_some_and(|through| through >= at);
    Some(at).filter(|_| !is_told)
}

/// Until when the renewals count that a forecast at `at` looks at.
#[must_use]
pub fn forecast_until(at: Timestamp) -> Timestamp {
    at.plus(Duration::from_hours(24))
}

/// Will the balance fall short of a day like the last one before `at` and of the renewals until
/// [`forecast_until`], whose charges come to `charges` minor units?
#[must_use]
pub fn is_short(open: &Open, at: Timestamp, charges: i128) -> bool {
    let needed = open.standing.burnt(at).map(|burnt| i128::from(burnt.minor()) + charges);
    needed.is_some_and(|needed| i128::from(open.wallet.available().minor()) < needed)
}

/// What is expected to be needed within the day after `at`.
fn needed_at(timeline: &Timeline, open: &Open, at: Timestamp) -> Option<Money> {
    let burnt = open.standing.burnt(at)?;
    let until = forecast_until(at);
    let live = open.subscriptions.values();
    let charges = live.filter_map(|live| agenda::charge_by(timeline, live, until));
    Some(charges.fold(burnt, |sum, charge| sum.checked_add(charge).unwrap_or(sum)))
}

/// Tells the owner that the balance will not cover the next day.
pub fn forecast(draft: &mut Draft<'_>, due_at: Timestamp) {
    let Ok(open) = draft.open() else { return };
    let available = open.wallet.available();
    let needed = needed_at(draft.timeline, open, due_at).unwrap_or(available);
    draft.push(Event::WillRunShort { needed, available, due_at });
}

/// At the end of a record: did available credit cross the alert (R6.16)?
pub fn watch(draft: &mut Draft<'_>) {
    let Ok(open) = draft.open() else { return };
    let Some(alert) = open.standing.alert else { return };
    let available = open.wallet.available();
    let is_low = !available.covers(alert.below);
    if is_low && alert.armed {
        draft.push(Event::RanLow { available, at: draft.at });
    } else if !is_low && !alert.armed {
        draft.push(Event::Refilled { at: draft.at });
    }
}
