//! Usage: what became of reports, and what a resource has used so far.

use crate::admin::wire;
use crate::domain::money::Currency;
use crate::domain::nouns::resource::Resource;
use crate::domain::rules::Aggregation;
use crate::domain::verbs::record_usage::Fault;
use crate::domain::verbs::so_far::SoFar;

use super::text;

/// Why a report is not counted, in words.
#[must_use]
pub const fn fault_in_words(fault: Fault) -> &'static str {
    match fault {
        Fault::ResourceNotFound => "there is no such resource in the account, or none any more",
        Fault::UnknownMeter => "the resource's product has no such meter",
        Fault::MeteredByTime => "this meter measures running time by itself",
        Fault::NegativeQuantity => "the quantity is below zero, which this meter does not take",
        Fault::QuantityTooLarge => "the quantity is larger than is counted, or has more decimals",
        Fault::ValueRequired => "this meter counts different values, and the event has none",
        Fault::BeforeOpening => "the resource was not open yet",
        Fault::AfterRelease => "the resource was released by then",
        Fault::TooLate => "it is older than usage may be reported",
        Fault::InFuture => "it lies ahead of the clock by more than may be",
        Fault::Conflict => "the same event was reported before with other content, which stands",
    }
}

/// What a resource has used so far.
#[must_use]
pub fn resource_usage(live: &Resource, currency: Currency, so_far: &SoFar) -> wire::ResourceUsage {
    wire::ResourceUsage {
        resource: live.id.to_string(),
        month: so_far.month.to_string(),
        settled_through: text(live.settled_through),
        settles_at: so_far.settles_at.map(text),
        billed: wire::Money { amount: live.billed.to_string(), currency: currency.to_string() },
        meters: so_far
            .meters
            .iter()
            .map(|on| wire::MeterUsage {
                meter: on.meter.clone(),
                unit: on.unit.clone(),
                aggregation: aggregation(on.aggregation).to_owned(),
                settled: on.settled.to_string(),
                unsettled: on.unsettled.to_string(),
            })
            .collect(),
    }
}

const fn aggregation(aggregation: Aggregation) -> &'static str {
    match aggregation {
        Aggregation::Sum => "sum",
        Aggregation::Max => "max",
        Aggregation::Last => "last",
        Aggregation::UniqueCount => "unique_count",
        Aggregation::Duration => "duration",
    }
}
