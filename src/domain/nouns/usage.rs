//! Usage: what was reported, what settlements made of it, and the prepaid packages that are drawn
//! first (R6.1–R6.5, R6.20).

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::resource::Held;
use crate::domain::calendar::Timestamp;
use crate::domain::ids::{ResourceId, SubscriptionId};
use crate::domain::money::Money;
use crate::domain::month::Month;
use crate::domain::price::Applied;
use crate::domain::rules::Aggregation;
use crate::domain::usage::UsageKey;

/// A reading that was accepted: its key, when, how much, and what was counted where that is a
/// number of different things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Its key.
    pub key: UsageKey,
    /// When it was used.
    pub at: Timestamp,
    /// How much.
    pub quantity: Decimal,
    /// What was counted, hashed.
    pub value: Option<u64>,
}

/// A journal holds millions of these: they are written as lists.
impl Serialize for Reading {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            None => (self.key, self.at, self.quantity).serialize(serializer),
            Some(value) => (self.key, self.at, self.quantity, value).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Reading {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Counted(UsageKey, Timestamp, Decimal, u64),
            Plain(UsageKey, Timestamp, Decimal),
        }
        Ok(match Written::deserialize(deserializer)? {
            Written::Counted(key, at, quantity, value) => {
                Self { key, at, quantity, value: Some(value) }
            }
            Written::Plain(key, at, quantity) => Self { key, at, quantity, value: None },
        })
    }
}

/// Readings of one meter within one interval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// The resource.
    pub resource: ResourceId,
    /// The meter.
    pub meter: String,
    /// How they make a quantity.
    pub aggregation: Aggregation,
    /// The start of the interval: of the cycle, or of the plan within it.
    pub slot: Timestamp,
    /// The end of the cycle that it lies in.
    pub until: Timestamp,
    /// When they came, where the interval had been settled by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<Timestamp>,
    /// The readings.
    pub readings: Vec<Reading>,
}

/// What a settlement accrued on one meter, and what its state is afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metering {
    /// The meter.
    pub meter: String,
    /// How much was used, what packages paid for included.
    pub quantity: Decimal,
    /// What it cost, unrounded, in units of the currency.
    pub amount: Decimal,
    /// What was counted in its months, afterwards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counted: Vec<(Month, Decimal)>,
    /// What is not billed yet, afterwards.
    #[serde(default, skip_serializing_if = "Decimal::is_zero")]
    pub carry: Decimal,
    /// The part of the next line that is known, afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
    /// The intervals of reports that were settled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slots: Vec<Timestamp>,
}

/// What a settlement accrued on one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accrual {
    /// The resource.
    pub resource: ResourceId,
    /// Its running time is settled up to here.
    pub through: Timestamp,
    /// Is everything up to its release settled?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_final: bool,
    /// Is it forgotten, because nothing can be reported of it?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_over: bool,
    /// Its meters.
    pub meters: Vec<Metering>,
    /// What its lines came to, before coupon and tax.
    #[serde(default, skip_serializing_if = "Decimal::is_zero")]
    pub billed: Decimal,
    /// What lies before this can no longer be reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forgets_before: Option<Timestamp>,
}

/// What was drawn from a package (R6.20).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageDraw {
    /// The subscription that it came with.
    pub subscription: SubscriptionId,
    /// The start of its period.
    pub starts_at: Timestamp,
    /// How much.
    pub quantity: Decimal,
}

/// A line of usage, as it is billed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageLine {
    /// The resource.
    pub resource: ResourceId,
    /// Its product.
    pub product: String,
    /// The plan that it had.
    pub plan: String,
    /// The meter.
    pub meter: String,
    /// Its unit.
    pub unit: String,
    /// The tier of the tariff (R10.4).
    pub tier: u32,
    /// The price of a unit.
    pub price: Decimal,
    /// How much was used.
    pub quantity: Decimal,
    /// From when.
    pub since: Timestamp,
    /// To when.
    pub until: Timestamp,
    /// Does it correct what lies further back than a line may (D44)?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_adjustment: bool,
    /// What it costs before coupon and tax: rounded down once, with what was left over before
    /// (D19).
    pub list: Money,
    /// The coupon's share.
    pub coupon: Money,
    /// The tax.
    pub tax: Money,
    /// What is to be paid.
    pub payable: Money,
}

/// A settlement: one bill for everything of an account that was due at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// The month that it is billed in.
    pub month: Month,
    /// When it was due.
    pub due_at: Timestamp,
    /// What accrued.
    pub accruals: Vec<Accrual>,
    /// What packages paid for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub draws: Vec<PackageDraw>,
    /// The lines; none where nothing came to the smallest unit of the currency.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<UsageLine>,
    /// The voucher that pays a part (R5.10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<Applied>,
    /// The name of the tax, and per cent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<(String, Decimal)>,
    /// What cash paid; below zero if money goes back.
    pub cash: Money,
    /// What is owed: it draws cash to zero, then credit, and the rest is a receivable (D36).
    pub owed: Money,
}

/// A prepaid quantity, good for one paid period (R6.20).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// The subscription that it comes with.
    pub subscription: SubscriptionId,
    /// The product that it pays for.
    pub product: String,
    /// The meter.
    pub meter: String,
    /// What is left, in the meter's unit; seconds of running time.
    pub left: Decimal,
    /// From when it is good.
    pub starts_at: Timestamp,
    /// Until when, excluded.
    pub ends_at: Timestamp,
}

/// What happened to usage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Usage was reported.
    Recorded {
        /// What was accepted.
        batches: Vec<Batch>,
        /// When.
        at: Timestamp,
    },
    /// What was due was settled.
    Settled(Box<Settlement>),
    /// A paid period brought a package.
    PackageFilled(Package),
    /// What was paid for was given back from an instant on, and the packages with it.
    PackageDropped {
        /// The subscription.
        subscription: SubscriptionId,
        /// The instant.
        after: Timestamp,
    },
}

impl Event {
    /// The resources that used something, or whose use was settled.
    #[must_use]
    pub fn resources(&self) -> Vec<ResourceId> {
        match self {
            Self::Recorded { batches, .. } => batches.iter().map(|batch| batch.resource).collect(),
            Self::Settled(settlement) => {
                settlement.accruals.iter().map(|accrual| accrual.resource).collect()
            }
            Self::PackageFilled(_) | Self::PackageDropped { .. } => Vec::new(),
        }
    }
}
