//! So far: what a resource has used, settled and not, and what debt will do to it. Nothing is
//! decided here.

use rust_decimal::Decimal;

use super::{accrue, resource};
use crate::domain::account::Open;
use crate::domain::calendar::Timestamp;
use crate::domain::money::Currency;
use crate::domain::month::Month;
use crate::domain::nouns::resource::{Resource, State};
use crate::domain::rules::{Aggregation, Meter, Model, Timeline};

/// What a resource has used so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoFar {
    /// The month that tiers and allowances run by (D44).
    pub month: Month,
    /// When it is settled next, if there is anything to settle.
    pub settles_at: Option<Timestamp>,
    /// Its meters, by name.
    pub meters: Vec<OnMeter>,
}

/// What a resource has used on one meter, in the meter's unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnMeter {
    /// The meter.
    pub meter: String,
    /// Its unit.
    pub unit: String,
    /// How reports make a quantity.
    pub aggregation: Aggregation,
    /// What was settled in this month, without what packages paid for.
    pub settled: Decimal,
    /// What is not settled yet.
    pub unsettled: Decimal,
}

/// What a resource has used up to `at`; nothing if its product is in no rules.
#[must_use]
pub fn so_far(
    timeline: &Timeline,
    currency: Currency,
    resource: &Resource,
    at: Timestamp,
) -> Option<SoFar> {
    let (rules, payg) = accrue::payg(timeline, &resource.subject.product, at)?;
    let month = Month::of(at, rules.bill.zone);
    let on = |(name, meter): (&String, &Meter)| {
        let metered = resource.meters.get(name);
        let settled = metered.and_then(|metered| metered.counted.get(&month)).copied();
        let open = metered.into_iter().flat_map(|metered| metered.open.values());
        let reported: Decimal = open.map(|slot| slot.tally.quantity() - slot.billed).sum();
        let ran = match meter.aggregation {
            Aggregation::Duration => {
                accrue::ran(resource, meter, currency, resource.settled_through, at)
            }
            Aggregation::Sum | Aggregation::Max | Aggregation::Last | Aggregation::UniqueCount => {
                Decimal::ZERO
            }
        };
        OnMeter {
            meter: name.clone(),
            unit: meter.unit.clone(),
            aggregation: meter.aggregation,
            settled: in_units(meter, currency, resource, settled.unwrap_or_default()),
            unsettled: in_units(meter, currency, resource, reported + ran),
        }
    };
    Some(SoFar {
        month,
        settles_at: accrue::due_at(timeline, resource),
        meters: payg.meters.iter().map(on).collect(),
    })
}

/// What debt will do to a resource as things stand: when it is stopped, if it is not yet, and when
/// it is released (R6.9, D38).
#[must_use]
pub fn debt_ahead(
    timeline: &Timeline,
    open: &Open,
    live: &Resource,
) -> (Option<Timestamp>, Option<Timestamp>) {
    let planned = |halted_at| resource::planned_release(timeline, open, live, halted_at);
    match live.state() {
        State::Released => (None, None),
        State::Running | State::Stopped => {
            let halts_at = resource::halts_at(timeline, open, live);
            (halts_at, halts_at.and_then(planned))
        }
        State::Halted => {
            let releases_at = live.halted_at.and_then(planned).map(|planned| {
                let needed = resource::notice_needed(timeline, live, planned);
                let noticed_at = live.release_noticed_at;
                noticed_at.map_or(planned, |told| planned.max(told.plus(needed)))
            });
            (None, releases_at)
        }
    }
}

/// Running time is counted in seconds, or in clock hours where its price is by the hour (R6.1).
fn in_units(meter: &Meter, currency: Currency, resource: &Resource, quantity: Decimal) -> Decimal {
    let is_hourly =
        meter.tariff(&resource.plan, currency).is_some_and(|t| t.model == Model::Hourly);
    let units = match meter.unit_seconds() {
        Some(seconds) if !is_hourly => quantity.checked_div(Decimal::from(seconds)),
        Some(_) | None => None,
    };
    units.unwrap_or(quantity).round_dp(6).normalize()
}
