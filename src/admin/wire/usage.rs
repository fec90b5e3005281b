//! Usage: what is reported, what became of each report, and what a resource has used so far.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Money;

/// Of `POST /v1/usage`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct UsageQuery {
    /// `all` lists every event in the answer; otherwise only those that are not counted now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub results: Option<String>,
    /// Only say what would happen, and write nothing.
    pub dry_run: bool,
}

/// Something that a resource used. It is counted once, however often it is sent: it is known by
/// its meter, source and id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UsageEvent {
    /// What the event is known by, among those of its meter and source.
    pub id: String,
    /// Who reports it.
    pub source: String,
    /// The resource that used.
    pub resource: String,
    /// On which meter of its product.
    pub meter: String,
    /// How much, in the meter's unit: a decimal number, as text or as a JSON number. It may be left
    /// out where there is a `value`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "1.25")]
    pub quantity: Option<String>,
    /// What is counted, where the meter counts different things.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// When it was used.
    pub at: String,
}

/// The same as a `CloudEvent` 1.0; attributes and data beside these are left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CloudEvent {
    /// `1.0`.
    pub specversion: String,
    /// What the event is known by, among those of its meter and source.
    pub id: String,
    /// Who reports it.
    pub source: String,
    /// The meter, behind the last `.` if there is one: `com.example.traffic`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The resource that used.
    pub subject: String,
    /// When it was used.
    pub time: String,
    /// How much.
    pub data: CloudData,
}

/// What a `CloudEvent` says of usage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CloudData {
    /// How much, in the meter's unit: a decimal number, as text or as a JSON number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<String>,
    /// What is counted, where the meter counts different things.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// What became of a call's events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsageTaken {
    /// Counted now.
    pub accepted_count: u32,
    /// Counted before.
    pub duplicate_count: u32,
    /// Refused: sending them again changes nothing.
    pub rejected_count: u32,
    /// Not carried out for now: send them again; what was counted is not counted twice.
    pub failed_count: u32,
    /// Nothing was written: the request only asked what would happen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// Those that are not counted now, or all of them, in the order of the request.
    pub results: Vec<UsageResult>,
}

/// What became of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsageResult {
    /// Its place in the request, from 0.
    pub index: u32,
    /// Its id, if it has one that can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `accepted`, `duplicate`, `rejected` or `failed`.
    pub outcome: String,
    /// Why it is not counted, as a stable code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The same in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What a resource has used so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResourceUsage {
    /// The resource.
    pub resource: String,
    /// The month that tiers and allowances run by.
    #[schema(example = "2026-04")]
    pub month: String,
    /// Its running time is settled up to here.
    pub settled_through: String,
    /// When it is settled next; absent if there is nothing to settle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settles_at: Option<String>,
    /// What its lines came to in its whole life, before coupon and tax.
    pub billed: Money,
    /// Its meters.
    pub meters: Vec<MeterUsage>,
}

/// What a resource has used on one meter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MeterUsage {
    /// The meter.
    pub meter: String,
    /// Its unit.
    pub unit: String,
    /// How reports make a quantity: `sum`, `max`, `last`, `unique_count`; `duration` is metered
    /// by the daemon.
    pub aggregation: String,
    /// What was settled in this month, without what packages paid for.
    pub settled: String,
    /// What is not settled yet.
    pub unsettled: String,
}
