//! Pay-as-you-go as data: meters, their tariffs, and what all metered products have in common
//! (R6.1, R6.5, R6.19, D44).
//!
//! How a tariff prices a quantity is in `domain::metering`.

mod faults;

use std::collections::BTreeMap;
use std::time::Duration;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::units::Length;
use crate::domain::money::Currency;

/// Decimals that a price of a meter may have.
pub const PRICE_DECIMALS: u32 = 12;

/// Decimals that a quantity may have.
pub const QUANTITY_DECIMALS: u32 = 9;

/// The largest quantity that one reading may name, either way of zero. A million of them in one
/// month are still priced; what lies beyond is not.
pub const QUANTITY_MAX: Decimal = Decimal::from_parts(3_567_587_328, 232, 0, false, 0);

/// Days that use may be reported late at the most, whatever the rules say: accounts keep what it
/// needs for so long.
pub const LATE_DAYS_MAX: u64 = 44;

/// How a product is paid for after use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payg {
    /// How often its use is settled (R6.1, R6.5).
    #[serde(default)]
    pub cycle: Cycle,
    /// The preset by which its resources are stopped and released when the account owes money
    /// (R6.9, R6.10).
    #[serde(default = "intl")]
    pub dunning: String,
    /// Hours of its price that are held while a resource exists (R6.19); 0 is off.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub deposit_hours: u32,
    /// Does a subscription of the product go on as a resource when it is released (R1.5)?
    #[serde(default, skip_serializing_if = "is_false")]
    pub fallback: bool,
    /// What is measured, by the name that readings use.
    pub meters: BTreeMap<String, Meter>,
}

fn intl() -> String {
    "intl".to_owned()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde asks for")]
const fn is_zero(value: &u32) -> bool {
    *value == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde asks for")]
const fn is_false(value: &bool) -> bool {
    !*value
}

impl Payg {
    /// Is `plan` one of a resource of this product? It is if any meter prices it.
    #[must_use]
    pub fn has_plan(&self, plan: &str) -> bool {
        self.meters.values().any(|meter| meter.plans.contains_key(plan))
    }

    /// Is `plan` priced in `currency`?
    #[must_use]
    pub fn sells(&self, plan: &str, currency: Currency) -> bool {
        self.meters.values().any(|meter| meter.tariff(plan, currency).is_some())
    }
}

/// How often use is settled.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Cycle {
    /// A clock hour of UTC (R6.1).
    #[default]
    Hour,
    /// A calendar day in the zone of bills.
    Day,
    /// A calendar month in the zone of bills.
    Month,
}

/// Something that is measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meter {
    /// What one of it is: `GB`, `request`; `second`, `minute` or `hour` for a duration.
    pub unit: String,
    /// What becomes of its readings within one cycle.
    pub aggregation: Aggregation,
    /// Does a resource that its owner stopped still cost?
    #[serde(default, skip_serializing_if = "is_false")]
    pub while_stopped: bool,
    /// May a reading be below zero? Only sums and last values can be.
    #[serde(default, skip_serializing_if = "is_false")]
    pub allow_negative: bool,
    /// Prices by plan and currency; on a plan that is not named it costs nothing.
    pub plans: BTreeMap<String, BTreeMap<Currency, Tariff>>,
}

/// What becomes of the readings of one cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// They are added up.
    Sum,
    /// The largest counts.
    Max,
    /// The latest counts.
    Last,
    /// How many different values there were.
    UniqueCount,
    /// There are none: the time counts for which a resource runs.
    Duration,
}

impl Meter {
    /// The prices on `plan` in `currency`; none if it costs nothing there.
    #[must_use]
    pub fn tariff(&self, plan: &str, currency: Currency) -> Option<&Tariff> {
        self.plans.get(plan)?.get(&currency)
    }

    /// How many seconds the unit of a duration has; none for what is counted by readings.
    /// Durations are always counted in seconds, and priced by this unit.
    #[must_use]
    pub fn unit_seconds(&self) -> Option<u32> {
        match (self.aggregation, self.unit.as_str()) {
            (Aggregation::Duration, "second") => Some(1),
            (Aggregation::Duration, "minute") => Some(60),
            (Aggregation::Duration, "hour") => Some(3600),
            (
                Aggregation::Sum
                | Aggregation::Max
                | Aggregation::Last
                | Aggregation::UniqueCount
                | Aggregation::Duration,
                _,
            ) => None,
        }
    }
}

/// How a quantity is priced. Allowances and tiers run by calendar month (D44).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tariff {
    /// The kind of prices.
    #[serde(default)]
    pub model: Model,
    /// The price of one unit, of a package, or of a clock hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Decimal>,
    /// Prices by quantity, lowest first; what the allowance covers is not counted in them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<Tier>,
    /// How many units a package has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Decimal>,
    /// Units that are free in each calendar month: the allowance.
    #[serde(default, skip_serializing_if = "Decimal::is_zero")]
    pub included: Decimal,
    /// What a cycle costs at the least in which anything was used, in units of the currency.
    #[serde(default, skip_serializing_if = "Decimal::is_zero")]
    pub minimum: Decimal,
}

/// A kind of prices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// Every unit costs the same.
    #[default]
    Flat,
    /// Each unit costs what its tier says: one line for each tier (R10.4).
    Tiered,
    /// All units cost what the tier says that their whole quantity lies in.
    Volume,
    /// Units come in packages, and a package that was begun is paid for.
    Package,
    /// Every clock hour that a resource runs in costs the same (R6.1).
    Hourly,
}

/// A tier of prices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// The quantity up to which it reaches, included; the last one has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<Decimal>,
    /// The price of one unit in it.
    pub price: Decimal,
}

/// A quantity that comes with each paid period of a plan, and that the use of a meter is taken
/// from before anything is paid for it (R6.20).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// The product that it is good for.
    pub product: String,
    /// The meter of that product.
    pub meter: String,
    /// How much of it, in the meter's unit.
    pub quantity: Decimal,
}

/// What all metered products have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PaygRules {
    /// How long after its end a cycle is settled (R6.1).
    pub settle_delay: Length,
    /// Use that is told later than this after it happened is an adjustment (D44).
    pub late_line: Length,
    /// Use that is told later than this is refused; as long is it known what was told (D44).
    pub late_adjustment: Length,
    /// How far ahead of the daemon's clock use may be dated (D44).
    pub ahead: Length,
    /// What a resource costs at the least in its life, if it costs anything, in units of the
    /// currency (R6.4); 0 is off.
    pub min_lifetime_charge: Decimal,
    /// What an account must have to start a resource, by currency (R6.7); none is off.
    pub min_available: BTreeMap<Currency, Decimal>,
}

impl Default for PaygRules {
    fn default() -> Self {
        Self {
            settle_delay: Length(Duration::from_mins(5)),
            late_line: Length(Duration::from_hours(48)),
            late_adjustment: Length(Duration::from_hours(35 * 24)),
            ahead: Length(Duration::from_mins(5)),
            min_lifetime_charge: Decimal::new(1, 2),
            min_available: BTreeMap::new(),
        }
    }
}
