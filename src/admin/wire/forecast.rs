//! Forecasts: what will happen if nobody asks for anything.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Money;

/// Of `GET /v1/accounts/{account}/forecast` and `GET /v1/forecast`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ForecastQuery {
    /// Up to which instant; 30 days ahead if neither this nor `days` is given, and at most 400.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Up to how many days ahead; instead of `until`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(maximum = 400)]
    pub days: Option<u32>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(min_length = 1)]
    pub cursor: Option<String>,
    /// Items, or accounts, on a page: 20 if absent, at most 300.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 300)]
    pub limit: Option<u32>,
}

/// What will happen to an account if nobody asks for anything. Items come in pages; everything
/// else is of the whole time, on every page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Forecast {
    /// The account.
    #[schema(example = "acc_k3f9x2m7qd")]
    pub account: String,
    /// From when.
    pub from: String,
    /// Up to when everything is told: what was asked for, unless there is too much to tell.
    pub until: String,
    /// Does it end early, because there is too much to tell?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_cut: bool,
    /// What it takes for granted.
    pub assumptions: Vec<ForecastAssumption>,
    /// The versions of the rules on the way.
    pub rules: Vec<ForecastRules>,
    /// The reported usage that it takes to go on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub usage: Vec<ForecastUsage>,
    /// The balance at the start: cash without what is owed.
    pub balance: Money,
    /// The cash at the end.
    pub cash_at_end: Money,
    /// What is owed at the end.
    pub debt_at_end: Money,
    /// What comes back to the balance in all.
    pub money_in: Money,
    /// What is taken from the balance in all.
    pub money_out: Money,
    /// When money first falls short; absent if it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortfall: Option<Shortfall>,
    /// Every day, in the time zone of bills.
    pub days: Vec<ForecastDay>,
    /// What happens, in order. What is used within a day is one item, as long as nothing else
    /// happens.
    pub items: Vec<ForecastItem>,
    /// The cursor of the next page, for `?cursor=`; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Something that a forecast takes for granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForecastAssumption {
    /// The stable word for it.
    #[schema(example = "no_commands")]
    pub code: String,
    /// The same as a sentence.
    pub text: String,
}

/// A version of the rules that a forecast uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForecastRules {
    /// Its number.
    pub version: u32,
    /// From when it is in force.
    pub effective_at: String,
}

/// Reported usage that is taken to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForecastUsage {
    /// Of which resource.
    pub resource: String,
    /// On which meter.
    pub meter: String,
    /// The meter's unit.
    pub unit: String,
    /// How much within a day; in each cycle, on average, where the meter keeps the largest or the
    /// latest value of one.
    pub daily: String,
}

/// When money first falls short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Shortfall {
    /// When.
    pub at: String,
    /// How much is missing then.
    pub missing: Money,
    /// The subscription that cannot be renewed then; absent where the account falls overdue, or is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<String>,
}

/// A day of a forecast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForecastDay {
    /// Which.
    #[schema(example = "2026-11-30")]
    pub day: String,
    /// What comes back to the balance.
    pub money_in: Money,
    /// What is taken from it.
    pub money_out: Money,
    /// The balance at its end; absent over the whole book.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<Money>,
}

/// Something that will happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForecastItem {
    /// When.
    pub at: String,
    /// What: `renewed`, `renewal_failed`, `expired`, `suspended`, `released`, `notice`,
    /// `usage_settled`, `overdue`, `resource_halted`, `statement_closed`, …
    #[schema(example = "renewed")]
    pub what: String,
    /// Which notice it is, or the code of why something fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The id of what it is about, or the month; absent for the account as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// By how much it changes the balance: below zero is money out. Absent where none moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// The balance afterwards: cash without what is owed.
    pub balance: Money,
}

/// What will happen to the accounts of a page if nobody asks for anything. Its sums are of these
/// accounts: those of the whole book are the sums of all pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BookForecast {
    /// From when; the same on every page.
    pub from: String,
    /// Up to when.
    pub until: String,
    /// How many accounts were looked at.
    pub account_count: u64,
    /// What it takes for granted.
    pub assumptions: Vec<ForecastAssumption>,
    /// The days on which money moves, in the time zone of bills, a row for each currency.
    pub days: Vec<ForecastDay>,
    /// The accounts that will fall short, or do.
    pub short: Vec<ForecastShort>,
    /// The accounts that are not told, or not to the end, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<ForecastLeftOut>,
    /// The cursor of the next page, for `?cursor=`; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// An account that will fall short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForecastShort {
    /// The account.
    pub account: String,
    /// When, and of how much.
    #[serde(flatten)]
    pub shortfall: Shortfall,
}

/// An account that a forecast of the book does not tell, or not to the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForecastLeftOut {
    /// The account.
    pub account: String,
    /// Why: `AccountParked`, `StoreUnavailable`, `InternalError`, or `TooMuch` where it is told up
    /// to `until`.
    pub code: String,
    /// Up to when it is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}
