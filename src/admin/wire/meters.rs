//! Meters as they are shown, and what a quantity would cost.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Money;

/// Of `GET /v1/meters`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct MeterQuery {
    /// Only of this product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
}

/// Something that is measured, and what it costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Meter {
    /// The product.
    pub product: String,
    /// Its name.
    pub meter: String,
    /// What one of it is: `GB`, `request`; `second`, `minute` or `hour` for a duration.
    #[schema(example = "GB")]
    pub unit: String,
    /// What becomes of its readings: `sum`, `max`, `last`, `unique_count`; or `duration`, which
    /// has none.
    pub aggregation: String,
    /// How often it is settled: `hour`, `day` or `month`.
    pub cycle: String,
    /// Does a resource that its owner stopped still cost?
    pub while_stopped: bool,
    /// May a reading be below zero?
    pub allow_negative: bool,
    /// What it costs, by plan and currency; on other plans nothing.
    pub tariffs: Vec<Tariff>,
}

/// What a meter costs on a plan, in a currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tariff {
    /// The plan.
    pub plan: String,
    /// The ISO 4217 code of the currency.
    #[schema(example = "USD")]
    pub currency: String,
    /// The kind of prices: `flat`, `tiered`, `volume`, `package` or `hourly`.
    pub model: String,
    /// The price of a unit, a package or a clock hour, a decimal string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    /// Prices by quantity, lowest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<Tier>,
    /// How many units a package has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// Units that are free in each calendar month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub included: Option<String>,
    /// What a cycle costs at the least in which anything was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<Money>,
}

/// A tier of prices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tier {
    /// The quantity up to which it reaches, included, counted from the end of what is free; the
    /// last one has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<String>,
    /// The price of one unit in it.
    pub price: String,
}

/// A question for what use would cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "product": "compute", "meter": "traffic", "plan": "small", "currency": "USD",
    "before": "90", "quantity": "50"
}))]
pub struct QuoteUse {
    /// The product.
    pub product: String,
    /// Its meter.
    pub meter: String,
    /// The plan of the resource.
    pub plan: String,
    /// The ISO 4217 code of the currency.
    pub currency: String,
    /// What the resource used of it in this calendar month before, in the meter's unit; nothing if
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What it uses more, in the meter's unit; for an hourly tariff in clock hours.
    pub quantity: String,
}

/// What use would cost, by the rules in force, before coupons and tax and without the minimum of a
/// cycle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UseQuote {
    /// The meter's unit.
    pub unit: String,
    /// Tier by tier; none where the meter costs nothing on the plan.
    pub parts: Vec<UsePart>,
    /// All of them together, unrounded, in units of the currency.
    #[schema(example = "3.2000199")]
    pub amount: String,
    /// What its line of a bill says, where what came before is billed: the month is rounded down
    /// as a whole, and the rest carries.
    pub billed: Money,
}

/// What of a quantity falls into one tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsePart {
    /// 0 is what is free; tiers are numbered from 1.
    pub tier: u32,
    /// The price of one unit, of a package or of a clock hour.
    pub price: String,
    /// How much, in the meter's unit.
    pub quantity: String,
    /// What it costs, unrounded, in units of the currency.
    pub amount: String,
}
