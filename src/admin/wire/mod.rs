//! What goes over the control socket: every request and response body.
//!
//! Instants are RFC 3339 in UTC, periods ISO 8601 (`P1W`, `P1M`, `P1Y`), money a decimal string
//! with its currency, ids opaque strings; states and modes have the rulebook's names. Requests
//! refuse fields that they do not know; readers of responses must not.
//!
//! `renewctl` sees nothing of renewd but this, so nothing here names a type of another room.

mod book;
mod house;
mod import;
mod queries;
mod requests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

pub use book::{
    Account, AccountSummary, Delivery, LedgerLine, ModeSet, NextDue, Opened, Order, Ordered,
    Placed, Record, Subscription, ToppedUp,
};
pub use house::{
    Brake, Catalogue, CatalogueApplied, CatalogueDifference, CatalogueVersion, Change, Clock,
    ClockKind, Done, Due, Fault, JobRun, Moved, Outbox, Parked, Scheduler, Status, Tally,
};
pub use import::{ImportAnswer, ImportLine, ImportOutcome, ImportedSubscription};
pub use queries::{
    CatalogueQuery, DeliveryQuery, ImportQuery, OrderQuery, PageQuery, SubscriptionQuery,
    WriteHeaders, WriteQuery,
};
pub use requests::{MoveClock, OpenAccount, PlaceOrder, Renew, SetRenewalMode, TopUp};

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// The amount as a decimal number, with no more decimals than the currency has.
    #[schema(example = "59.50")]
    pub amount: String,
    /// The ISO 4217 code of its currency.
    #[schema(example = "USD")]
    pub currency: String,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// The cursor of the next page, for `?cursor=`; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What a write came to: the answer, and the record of the journal that tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Receipt<T> {
    /// The number of the record in the account's journal (or the house's).
    pub seq: u64,
    /// When it was recorded.
    pub at: String,
    /// Nothing was written: the request only asked what would happen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// The answer.
    #[serde(flatten)]
    pub answer: T,
}

/// What went wrong (RFC 9457, `application/problem+json`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the code says which problem it is.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    pub kind: String,
    /// The status in words.
    #[schema(example = "Unprocessable Entity")]
    pub title: String,
    /// The HTTP status.
    #[schema(example = 422)]
    pub status: u16,
    /// The stable code.
    #[schema(example = "NotEnoughFunds")]
    pub code: String,
    /// For people.
    pub detail: String,
    /// The values that belong to the code: `needed`, `available`, `field`, `faults`, …
    #[serde(flatten)]
    pub values: BTreeMap<String, Value>,
}
