//! Record reported usage: each reading is accepted, a duplicate, or refused with a code; nothing
//! is refused because of its neighbours, and nothing is counted twice (D34, D44).

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::accrue;
use crate::domain::account::Open;
use crate::domain::calendar::Timestamp;
use crate::domain::command::Answer;
use crate::domain::draft::Draft;
use crate::domain::ids::ResourceId;
use crate::domain::nouns::usage::{Batch, Event, Reading};
use crate::domain::rejection::Rejection;
use crate::domain::rules::{Aggregation, QUANTITY_DECIMALS, QUANTITY_MAX};
use crate::domain::usage::{Seen, UsageKey};

/// Record readings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordUsage {
    /// In any order.
    pub readings: Vec<Reported>,
}

/// A reading as it was reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    /// What it is known by: a hash of meter, source and event id.
    pub key: UsageKey,
    /// The resource that used.
    pub resource: ResourceId,
    /// On which meter.
    pub meter: String,
    /// How much, in the meter's unit.
    pub quantity: Decimal,
    /// What is counted, hashed, where the meter counts different things.
    pub value: Option<u64>,
    /// When it was used.
    pub at: Timestamp,
}

/// What became of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is counted.
    Accepted,
    /// It was counted before: nothing to do.
    Duplicate,
    /// It is not counted.
    Rejected(Fault),
}

/// Why a reading is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// There is no such resource in the account, or none any more.
    ResourceNotFound,
    /// Its product has no such meter.
    UnknownMeter,
    /// The meter measures running time by itself.
    MeteredByTime,
    /// A quantity below zero, where the meter does not take it.
    NegativeQuantity,
    /// More than any quantity may be, or more decimals.
    QuantityTooLarge,
    /// The meter counts different things, and the reading names none.
    ValueRequired,
    /// Before the resource was opened.
    BeforeOpening,
    /// After it was released.
    AfterRelease,
    /// Older than usage may be reported (D44).
    TooLate,
    /// Ahead of the clock by more than may be (D44).
    InFuture,
    /// The same event was reported before with other content; that stands.
    Conflict,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::ResourceNotFound,
        Self::UnknownMeter,
        Self::MeteredByTime,
        Self::NegativeQuantity,
        Self::QuantityTooLarge,
        Self::ValueRequired,
        Self::BeforeOpening,
        Self::AfterRelease,
        Self::TooLate,
        Self::InFuture,
        Self::Conflict,
    ];

    /// Its stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ResourceNotFound => "ResourceNotFound",
            Self::UnknownMeter => "UnknownMeter",
            Self::MeteredByTime => "MeteredByTime",
            Self::NegativeQuantity => "NegativeQuantity",
            Self::QuantityTooLarge => "QuantityTooLarge",
            Self::ValueRequired => "ValueRequired",
            Self::BeforeOpening => "UsageBeforeOpening",
            Self::AfterRelease => "UsageAfterRelease",
            Self::TooLate => "UsageTooLate",
            Self::InFuture => "UsageInFuture",
            Self::Conflict => "UsageConflict",
        }
    }
}

/// Records what can be counted. A held account takes usage too: what was used was used.
pub fn decide(draft: &mut Draft<'_>, command: &RecordUsage) -> Result<Answer, Rejection> {
    let open = draft.open()?;
    let mut batches: BTreeMap<(ResourceId, &str, Timestamp), Batch> = BTreeMap::new();
    let mut accepted: BTreeMap<UsageKey, Seen> = BTreeMap::new();
    let mut outcomes = Vec::with_capacity(command.readings.len());
    for reported in &command.readings {
        let seen = Seen {
            resource: reported.resource,
            quantity: reported.quantity,
            value: reported.value,
            at: reported.at,
        };
        let known = accepted.get(&reported.key).or_else(|| draft.facts.usage.get(&reported.key));
        if let Some(known) = known {
            let is_same = *known == seen;
            outcomes.push(if is_same {
                Outcome::Duplicate
            } else {
                Outcome::Rejected(Fault::Conflict)
            });
            continue;
        }
        match place(draft, open, reported) {
            Err(fault) => outcomes.push(Outcome::Rejected(fault)),
            Ok(place) => {
                accepted.insert(reported.key, seen);
                let of = (reported.resource, reported.meter.as_str(), place.slot);
                let batch = batches.entry(of).or_insert_with(|| Batch {
                    resource: reported.resource,
                    meter: reported.meter.clone(),
                    aggregation: place.aggregation,
                    slot: place.slot,
                    until: place.until,
                    late: place.is_late.then_some(draft.at),
                    readings: Vec::new(),
                });
                batch.readings.push(Reading {
                    key: reported.key,
                    at: reported.at,
                    quantity: reported.quantity,
                    value: reported.value,
                });
                outcomes.push(Outcome::Accepted);
            }
        }
    }
    if !batches.is_empty() {
        let batches = batches.into_values().collect();
        draft.push(Event::Recorded { batches, at: draft.at });
    }
    Ok(Answer::UsageRecorded { outcomes })
}

/// Where a reading counts.
struct Place {
    aggregation: Aggregation,
    slot: Timestamp,
    until: Timestamp,
    is_late: bool,
}

fn place(draft: &Draft<'_>, open: &Open, reported: &Reported) -> Result<Place, Fault> {
    let resource = open.resources.get(&reported.resource).ok_or(Fault::ResourceNotFound)?;
    let (rules, payg) = accrue::payg(draft.timeline, &resource.subject.product, reported.at)
        .ok_or(Fault::UnknownMeter)?;
    let meter = payg.meters.get(&reported.meter).ok_or(Fault::UnknownMeter)?;
    let aggregation = meter.aggregation;
    match aggregation {
        Aggregation::Duration => return Err(Fault::MeteredByTime),
        Aggregation::UniqueCount if reported.value.is_none() => return Err(Fault::ValueRequired),
        Aggregation::Sum | Aggregation::Max | Aggregation::Last | Aggregation::UniqueCount => {}
    }
    if reported.quantity.is_sign_negative() && !reported.quantity.is_zero() && !meter.allow_negative
    {
        return Err(Fault::NegativeQuantity);
    }
    if reported.quantity.abs() > QUANTITY_MAX
        || reported.quantity.normalize().scale() > QUANTITY_DECIMALS
    {
        return Err(Fault::QuantityTooLarge);
    }
    if reported.at > draft.at.plus(rules.payg.ahead.0) {
        return Err(Fault::InFuture);
    }
    if reported.at < draft.at.minus(rules.payg.late_adjustment.0) {
        return Err(Fault::TooLate);
    }
    if reported.at < resource.opened_at {
        return Err(Fault::BeforeOpening);
    }
    if resource.released_at.is_some_and(|released| reported.at > released) {
        return Err(Fault::AfterRelease);
    }
    let (slot, until) = accrue::slot_of(rules, payg, resource, reported.at);
    let is_late = until.plus(rules.payg.settle_delay.0) <= draft.at;
    Ok(Place { aggregation, slot, until, is_late })
}
