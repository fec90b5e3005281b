//! Pay-as-you-go resources: what runs is metered by time, what is used is reported, and both are
//! settled after the fact (R6.1).
//!
//! A stop by the owner and a stop for debt are two causes; a payment ends only the latter (R6.12).

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::usage::{Accrual, Batch, Metering};
use crate::domain::calendar::Timestamp;
use crate::domain::ids::ResourceId;
use crate::domain::metering::{self, Tally};
use crate::domain::month::Month;

/// What a resource is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The provider's own name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The product.
    pub product: String,
    /// The region.
    pub region: String,
}

/// Does it run?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It serves, and its time costs.
    Running,
    /// Its owner stopped it: it costs what its meters say of a stopped one.
    Stopped,
    /// It was stopped for debt: its time costs nothing (R6.9).
    Halted,
    /// It is gone.
    Released,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Running, Self::Stopped, Self::Halted, Self::Released];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Halted => "halted",
            Self::Released => "released",
        }
    }
}

/// A stretch of its life under one configuration; it lasts until the next one begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    /// From when.
    pub from: Timestamp,
    /// Its plan.
    pub plan: String,
    /// Did it run?
    pub state: State,
}

/// A pay-as-you-go resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Its id.
    pub id: ResourceId,
    /// What it is of.
    pub subject: Subject,
    /// Its plan.
    pub plan: String,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Since when its owner keeps it stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<Timestamp>,
    /// Since when it is stopped for debt (R6.9).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halted_at: Option<Timestamp>,
    /// When the owner was told that it will be released for debt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_noticed_at: Option<Timestamp>,
    /// When it was released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_at: Option<Timestamp>,
    /// Its configurations, oldest first, as far back as usage can still be billed.
    pub phases: Vec<Phase>,
    /// Its running time is settled up to here.
    pub settled_through: Timestamp,
    /// Is everything up to its release settled, but for what is reported late?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_settled: bool,
    /// Can nothing be reported of it any more? It is forgotten with the record at hand.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_over: bool,
    /// Its meters, as far as anything was metered.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub meters: BTreeMap<String, Metered>,
    /// What its lines came to so far before coupon and tax, in units of the currency (R6.4).
    #[serde(default, skip_serializing_if = "Decimal::is_zero")]
    pub billed: Decimal,
}

/// What a meter of a resource has counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metered {
    /// What was counted in the latest months: tiers and allowances run by calendar month (D44).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub counted: BTreeMap<Month, Decimal>,
    /// Usage that is not settled, by the start of its interval.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub open: BTreeMap<Timestamp, Slot>,
    /// Intervals that are settled, where a late report may change what they came to.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub closed: BTreeMap<Timestamp, Tally>,
    /// What accrued and is not billed, less than the smallest unit of the currency (D19).
    #[serde(skip_serializing_if = "Decimal::is_zero")]
    pub carry: Decimal,
    /// The part of the next line that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
    /// What was reported and settled within the 24 hours before the latest settlement, oldest
    /// first: a forecast goes on at that rate.
    #[serde(skip_serializing_if = "VecDeque::is_empty")]
    pub recent: VecDeque<Used>,
}

/// Reported use that was settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// The start of its interval; of the latest, where several were settled at once.
    pub since: Timestamp,
    /// When it was settled.
    pub settled_at: Timestamp,
    /// How much, in the meter's unit.
    pub quantity: Decimal,
}

/// Usage within one interval that is not settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// What was reported.
    pub tally: Tally,
    /// The end of the cycle that it lies in.
    pub until: Timestamp,
    /// How much of it is billed already.
    #[serde(default, skip_serializing_if = "Decimal::is_zero")]
    pub billed: Decimal,
    /// When the first of it came, if its interval had been settled by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_since: Option<Timestamp>,
}

/// Usage that came to less than the smallest unit of the currency: its line is written once it
/// comes to more, or is followed by usage at another price (R6.3, R10.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The plan.
    pub plan: String,
    /// The tier of its tariff.
    pub tier: u32,
    /// The price of a unit.
    pub price: Decimal,
    /// The month whose tiers and allowances it counts in.
    pub month: Month,
    /// How much.
    pub quantity: Decimal,
    /// From when.
    pub since: Timestamp,
    /// To when.
    pub until: Timestamp,
    /// Does it correct what lies further back than a line may (D44)?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_adjustment: bool,
}

/// What happened to a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// It was opened and runs.
    Opened {
        /// Which.
        id: ResourceId,
        /// What it is of.
        subject: Subject,
        /// Its plan.
        plan: String,
        /// When.
        at: Timestamp,
    },
    /// Its owner started it.
    Started {
        /// Which.
        id: ResourceId,
        /// When.
        at: Timestamp,
    },
    /// Its owner stopped it.
    Stopped {
        /// Which.
        id: ResourceId,
        /// When.
        at: Timestamp,
    },
    /// It has another plan.
    PlanChanged {
        /// Which.
        id: ResourceId,
        /// The plan.
        plan: String,
        /// When.
        at: Timestamp,
    },
    /// It was stopped for debt (R6.9).
    Halted {
        /// Which.
        id: ResourceId,
        /// When that was due.
        due_at: Timestamp,
        /// When it will be released unless all due debt is paid.
        releases_at: Timestamp,
    },
    /// The owner is told that it will be released for debt.
    ReleaseNoticed {
        /// Which.
        id: ResourceId,
        /// When that was due.
        due_at: Timestamp,
        /// When the owner is told.
        at: Timestamp,
        /// When it will be released.
        releases_at: Timestamp,
    },
    /// All due debt was paid: it is no longer stopped for debt (R6.12).
    Restored {
        /// Which.
        id: ResourceId,
        /// When.
        at: Timestamp,
    },
    /// It was released: by its owner, or for debt.
    Released {
        /// Which.
        id: ResourceId,
        /// When.
        at: Timestamp,
        /// For debt?
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        for_debt: bool,
    },
    /// No usage of it can be reported any more.
    Closed {
        /// Which.
        id: ResourceId,
        /// When that was due.
        due_at: Timestamp,
    },
}

impl Event {
    /// The resource that it happened to.
    #[must_use]
    pub const fn resource(&self) -> ResourceId {
        match self {
            Self::Opened { id, .. }
            | Self::Started { id, .. }
            | Self::Stopped { id, .. }
            | Self::PlanChanged { id, .. }
            | Self::Halted { id, .. }
            | Self::ReleaseNoticed { id, .. }
            | Self::Restored { id, .. }
            | Self::Released { id, .. }
            | Self::Closed { id, .. } => *id,
        }
    }
}

impl Resource {
    /// A resource that was just opened.
    #[must_use]
    pub fn begin(id: ResourceId, subject: Subject, plan: String, at: Timestamp) -> Self {
        Self {
            id,
            subject,
            plan: plan.clone(),
            opened_at: at,
            stopped_at: None,
            halted_at: None,
            release_noticed_at: None,
            released_at: None,
            phases: vec![Phase { from: at, plan, state: State::Running }],
            settled_through: at,
            is_settled: false,
            is_over: false,
            meters: BTreeMap::new(),
            billed: Decimal::ZERO,
        }
    }

    /// Does it run?
    #[must_use]
    pub const fn state(&self) -> State {
        match (self.released_at, self.halted_at, self.stopped_at) {
            (Some(_), _, _) => State::Released,
            (None, Some(_), _) => State::Halted,
            (None, None, Some(_)) => State::Stopped,
            (None, None, None) => State::Running,
        }
    }

    /// The phase that it was in at `at`; none before it was opened.
    #[must_use]
    pub fn phase_at(&self, at: Timestamp) -> Option<&Phase> {
        self.phases.iter().rev().find(|phase| phase.from <= at)
    }

    /// The instants within the interval from `from` on at which its plan changed.
    pub fn plan_changes(&self, from: Timestamp) -> impl Iterator<Item = Timestamp> + '_ {
        let pairs = self.phases.iter().zip(self.phases.iter().skip(1));
        pairs
            .filter(move |(before, after)| after.plan != before.plan && after.from > from)
            .map(|(_, after)| after.from)
    }

    /// Changes it by what happened to it.
    pub fn apply(&mut self, event: &Event) {
        let at = match event {
            Event::Opened { .. } => panic!("broken journal: {} was opened twice", self.id),
            Event::Started { at, .. } => {
                self.stopped_at = None;
                *at
            }
            Event::Stopped { at, .. } => {
                self.stopped_at = Some(*at);
                *at
            }
            Event::PlanChanged { plan, at, .. } => {
                self.plan.clone_from(plan);
                *at
            }
            Event::Halted { due_at, .. } => {
                self.halted_at = Some(*due_at);
                *due_at
            }
            Event::ReleaseNoticed { at, .. } => {
                self.release_noticed_at = Some(*at);
                return;
            }
            Event::Restored { at, .. } => {
                self.halted_at = None;
                self.release_noticed_at = None;
                *at
            }
            Event::Released { at, .. } => {
                self.released_at = Some(*at);
                *at
            }
            Event::Closed { .. } => {
                self.is_over = true;
                return;
            }
        };
        let phase = Phase { from: at, plan: self.plan.clone(), state: self.state() };
        match self.phases.last_mut() {
            // What lasted no time was nothing.
            Some(last) if last.from == at => *last = phase,
            Some(last) if last.plan == phase.plan && last.state == phase.state => {}
            Some(_) | None => self.phases.push(phase),
        }
    }

    /// Counts what was reported.
    pub fn record(&mut self, batch: &Batch) {
        let metered = self.meters.entry(batch.meter.clone()).or_default();
        let closed = metered.closed.get(&batch.slot);
        let slot = metered.open.entry(batch.slot).or_insert_with(|| {
            let tally = closed.cloned().or_else(|| Tally::new(batch.aggregation));
            let tally = tally.unwrap_or_else(|| {
                panic!("broken journal: {} is metered by time, and {batch:?}", batch.meter)
            });
            Slot { billed: tally.quantity(), tally, until: batch.until, late_since: batch.late }
        });
        for reading in &batch.readings {
            slot.tally.add(&metering::Reading {
                at: reading.at,
                key: u128::from_be_bytes(reading.key.0),
                quantity: reading.quantity,
                value: reading.value.unwrap_or_default(),
            });
        }
    }

    /// Takes over what a settlement accrued that was due at `due_at`.
    pub fn settle(&mut self, accrual: &Accrual, due_at: Timestamp) {
        self.settled_through = self.settled_through.max(accrual.through);
        self.is_settled |= accrual.is_final;
        self.is_over |= accrual.is_over;
        for metering in &accrual.meters {
            let Metering { meter, quantity, counted, carry, held, slots, .. } = metering;
            let metered = self.meters.entry(meter.clone()).or_default();
            for (month, quantity) in counted {
                metered.counted.insert(*month, *quantity);
            }
            // A report is refused when it is older than a month and some days.
            while metered.counted.len() > 3 {
                metered.counted.pop_first();
            }
            metered.carry = *carry;
            metered.held.clone_from(held);
            // Running time has no intervals of reports.
            if let Some(since) = slots.iter().max() {
                let day_ago = due_at.minus(Duration::from_hours(24));
                metered.recent.retain(|used| used.settled_at > day_ago);
                let (since, quantity) = (*since, *quantity);
                metered.recent.push_back(Used { since, settled_at: due_at, quantity });
            }
            for start in slots {
                if let Some(slot) = metered.open.remove(start)
                    && !matches!(slot.tally, Tally::Sum(_))
                {
                    metered.closed.insert(*start, slot.tally);
                }
            }
        }
        self.billed += accrual.billed;
        if let Some(before) = accrual.forgets_before {
            for metered in self.meters.values_mut() {
                metered.closed.retain(|start, _| *start >= before);
            }
            // The phase in which that instant lies is still needed.
            let reached = self.phases.iter().rposition(|phase| phase.from <= before);
            self.phases.drain(..reached.unwrap_or(0));
        }
    }
}
