//! Pay-as-you-go as data: meters, their tariffs, and what all metered products have in common
//! (R6.1, R6.5, R6.19, D44).
//!
//! How a tariff prices a quantity is in `domain::metering`.

use std::collections::BTreeMap;
use std::time::Duration;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::units::Length;
use crate::domain::money::{Currency, Money};

/// Decimals that a price of a meter may have.
pub const PRICE_DECIMALS: u32 = 12;

/// Decimals that a quantity may have.
pub const QUANTITY_DECIMALS: u32 = 9;

/// The largest quantity that one reading may name, either way of zero. A million of them in one
/// month are still priced; what lies beyond is not.
pub const QUANTITY_MAX: Decimal = Decimal::from_parts(3_567_587_328, 232, 0, false, 0);

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

impl PaygRules {
    pub(super) fn faults(&self, path: &str, fault: &mut impl FnMut(String, String)) {
        if self.settle_delay.0 > Duration::from_hours(1) {
            fault(format!("{path}.settle_delay"), "is longer than an hour".into());
        }
        if self.late_adjustment < self.late_line {
            fault(format!("{path}.late_adjustment"), "is shorter than late_line".into());
        }
        if self.ahead.0 > Duration::from_hours(1) {
            fault(format!("{path}.ahead"), "is longer than an hour".into());
        }
        not_negative(format!("{path}.min_lifetime_charge"), self.min_lifetime_charge, fault);
        for (currency, amount) in &self.min_available {
            exact_money(format!("{path}.min_available.{currency}"), *amount, *currency, fault);
        }
    }
}

impl Payg {
    pub(super) fn faults(&self, path: &str, fault: &mut impl FnMut(String, String)) {
        if self.meters.is_empty() {
            fault(format!("{path}.meters"), "is empty".into());
        }
        for (name, meter) in &self.meters {
            meter.faults(&format!("{path}.meters.{name}"), self.cycle, fault);
        }
        self.faults_of_currencies(path, fault);
    }

    /// A plan that one meter prices in a currency and another does not would be free on the other
    /// for whoever pays in it, which nobody means.
    fn faults_of_currencies(&self, path: &str, fault: &mut impl FnMut(String, String)) {
        for (name, meter) in &self.meters {
            for (plan, tariffs) in &meter.plans {
                let elsewhere = self.meters.values().filter_map(|other| other.plans.get(plan));
                let mut missing: Vec<Currency> = elsewhere
                    .flat_map(BTreeMap::keys)
                    .filter(|currency| !tariffs.contains_key(currency))
                    .copied()
                    .collect();
                missing.sort_unstable();
                missing.dedup();
                for currency in missing {
                    fault(
                        format!("{path}.meters.{name}.plans.{plan}.{currency}"),
                        "is missing, but another meter prices the plan in it".into(),
                    );
                }
            }
        }
    }
}

impl Meter {
    fn faults(&self, path: &str, cycle: Cycle, fault: &mut impl FnMut(String, String)) {
        let duration = self.aggregation == Aggregation::Duration;
        if duration && self.unit_seconds().is_none() {
            fault(format!("{path}.unit"), "must be second, minute or hour".into());
        } else if self.unit.is_empty() {
            fault(format!("{path}.unit"), "is empty".into());
        }
        let may_fall = matches!(self.aggregation, Aggregation::Sum | Aggregation::Last);
        if self.allow_negative && !may_fall {
            fault(format!("{path}.allow_negative"), "is only for sum and last".into());
        }
        if self.plans.is_empty() {
            fault(format!("{path}.plans"), "is empty".into());
        }
        for (plan, tariffs) in &self.plans {
            if tariffs.is_empty() {
                fault(format!("{path}.plans.{plan}"), "is empty".into());
            }
            for (currency, tariff) in tariffs {
                let path = format!("{path}.plans.{plan}.{currency}");
                tariff.faults(&path, self, cycle, *currency, fault);
            }
        }
    }
}

impl Tariff {
    fn faults(
        &self,
        path: &str,
        meter: &Meter,
        cycle: Cycle,
        currency: Currency,
        fault: &mut impl FnMut(String, String),
    ) {
        match self.model {
            Model::Flat | Model::Package => {}
            Model::Hourly => {
                if meter.unit_seconds() != Some(3600) {
                    let detail = "hourly is only for a duration whose unit is hour";
                    fault(format!("{path}.model"), detail.into());
                }
            }
            Model::Tiered => self.faults_of_tiers(path, fault),
            Model::Volume => {
                self.faults_of_tiers(path, fault);
                if cycle != Cycle::Month {
                    let detail = "volume is only for products that are settled by the month";
                    fault(format!("{path}.model"), detail.into());
                }
            }
        }
        let by_tier = matches!(self.model, Model::Tiered | Model::Volume);
        match self.price {
            Some(price) if !by_tier => price_fault(format!("{path}.price"), price, fault),
            None if !by_tier => fault(format!("{path}.price"), "is missing".into()),
            Some(_) => fault(format!("{path}.price"), "each tier has its own".into()),
            None => {}
        }
        if !by_tier && !self.tiers.is_empty() {
            fault(format!("{path}.tiers"), "are only for tiered and volume".into());
        }
        match (self.model, self.size) {
            (Model::Package, None) => fault(format!("{path}.size"), "is missing".into()),
            (Model::Package, Some(size)) => {
                if size <= Decimal::ZERO {
                    fault(format!("{path}.size"), "must be above 0".into());
                }
                quantity_fault(format!("{path}.size"), size, fault);
            }
            (Model::Flat | Model::Tiered | Model::Volume | Model::Hourly, Some(_)) => {
                fault(format!("{path}.size"), "is only for package".into());
            }
            (Model::Flat | Model::Tiered | Model::Volume | Model::Hourly, None) => {}
        }
        not_negative(format!("{path}.included"), self.included, fault);
        quantity_fault(format!("{path}.included"), self.included, fault);
        exact_money(format!("{path}.minimum"), self.minimum, currency, fault);
        if meter.allow_negative && !self.minimum.is_zero() {
            let detail = "does not go with allow_negative: a credit would be made a charge";
            fault(format!("{path}.minimum"), detail.into());
        }
    }

    fn faults_of_tiers(&self, path: &str, fault: &mut impl FnMut(String, String)) {
        let Some((last, bounded)) = self.tiers.split_last() else {
            fault(format!("{path}.tiers"), "is empty".into());
            return;
        };
        let mut reached = Decimal::ZERO;
        for (place, tier) in bounded.iter().enumerate() {
            let path = format!("{path}.tiers.{place}.up_to");
            match tier.up_to {
                None => fault(path, "is missing: only the last tier has no end".into()),
                Some(up_to) if up_to <= reached => {
                    fault(path, format!("must be above {reached}"));
                }
                Some(up_to) => {
                    quantity_fault(path, up_to, fault);
                    reached = up_to;
                }
            }
        }
        if last.up_to.is_some() {
            let path = format!("{path}.tiers.{}.up_to", bounded.len());
            fault(path, "the last tier must have no end".into());
        }
        for (place, tier) in self.tiers.iter().enumerate() {
            price_fault(format!("{path}.tiers.{place}.price"), tier.price, fault);
        }
    }
}

fn not_negative(path: String, number: Decimal, fault: &mut impl FnMut(String, String)) {
    if number < Decimal::ZERO {
        fault(path, "is negative".into());
    }
}

fn price_fault(path: String, price: Decimal, fault: &mut impl FnMut(String, String)) {
    if price.normalize().scale() > PRICE_DECIMALS {
        fault(path, format!("has more than {PRICE_DECIMALS} decimals"));
    } else {
        not_negative(path, price, fault);
    }
}

fn quantity_fault(path: String, quantity: Decimal, fault: &mut impl FnMut(String, String)) {
    if quantity.normalize().scale() > QUANTITY_DECIMALS {
        fault(path, format!("has more than {QUANTITY_DECIMALS} decimals"));
    } else if quantity > QUANTITY_MAX {
        fault(path, format!("is above {QUANTITY_MAX}"));
    }
}

fn exact_money(
    path: String,
    amount: Decimal,
    currency: Currency,
    fault: &mut impl FnMut(String, String),
) {
    match Money::exact(amount, currency) {
        Ok(amount) if amount.is_negative() => fault(path, "is negative".into()),
        Ok(_) => {}
        Err(error) => fault(path, error.to_string()),
    }
}
