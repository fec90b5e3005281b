//! The house as it is shown: status, catalogue, schedulers, clock, brake.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// Done; there is nothing to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Done {}

/// How the daemon stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// Its version.
    pub version: String,
    /// Its clock.
    pub clock: Clock,
    /// Its store.
    #[schema(example = "sqlite:/var/lib/renewd/renewd.db")]
    pub store: String,
    /// How many accounts there are.
    pub account_count: u64,
    /// How many account actors live.
    pub live_account_count: u64,
    /// How many streams are parked after repeated failure.
    pub parked_count: u64,
    /// The version of the rules in force; 0 if there is none.
    pub rules_version: u32,
    /// How late the oldest due timer is, in seconds; 0 if nothing is overdue.
    pub lag_seconds: u64,
    /// The schedulers, each with its last run.
    pub schedulers: Vec<Scheduler>,
    /// How the outbox stands, by channel.
    pub outbox: Vec<Outbox>,
    /// The brake.
    pub brake: Brake,
}

/// Which kind of clock it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockKind {
    /// The machine's.
    System,
    /// One that only moves when told.
    Manual,
}

/// The clock that the daemon runs by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Clock {
    /// Which kind.
    pub kind: ClockKind,
    /// What it shows.
    pub now: String,
}

/// The clock was moved, through every due instant, cron tick and retry on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Moved {
    /// Where it stood.
    pub from: String,
    /// Where it stands.
    pub to: String,
    /// At how many instants something was done.
    pub stop_count: u64,
    /// Steps that were settled, by kind.
    pub steps: BTreeMap<String, Tally>,
    /// Mails and webhooks that were delivered.
    pub delivered_count: u64,
}

/// How many steps of a kind were settled, and how late the latest was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// The longest delay behind the due instant, in seconds.
    pub lag_seconds_max: u64,
}

/// What has been due since when, for one scheduler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Due {
    /// The earliest instant.
    pub at: String,
    /// How late that is, in seconds; 0 if it lies ahead.
    pub lag_seconds: u64,
}

/// A scheduler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Scheduler {
    /// Its job: `orders`, `renewals`, `lifecycle`, `reminders` or `housekeeping`.
    pub job: String,
    /// Its cron line, with seconds, in UTC.
    pub cron: String,
    /// When it looks next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_run_at: Option<String>,
    /// The earliest thing that is due for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// Its latest runs, newest first; `GET /v1/status` shows the last one only.
    pub runs: Vec<JobRun>,
}

/// What a run of a scheduler did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobRun {
    /// Which scheduler.
    pub job: String,
    /// When it looked.
    pub at: String,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// Accounts that it advanced.
    pub advanced_count: u64,
    /// Accounts that failed and will be tried again.
    pub failed_count: u64,
    /// Steps by kind, with the longest lag of each.
    pub steps: BTreeMap<String, Tally>,
}

/// How the outbox stands on a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Outbox {
    /// `mail`, `webhook` or `tell`.
    pub channel: String,
    /// Deliveries that wait.
    pub waiting_count: u64,
    /// Deliveries that were given up.
    pub dead_count: u64,
    /// How long the oldest has waited, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<u64>,
    /// When the next attempt is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<String>,
}

/// The brake on mass destruction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Brake {
    /// Does it hold back suspensions, releases and closings?
    pub engaged: bool,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engaged_at: Option<String>,
    /// How many were about to happen in one pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_count: Option<u32>,
    /// How many would have been let through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// What was due by then was let through by an operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_through: Option<String>,
}

/// A stream that was set aside after repeated failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Parked {
    /// The account, or `house`.
    pub stream: String,
    /// Since when.
    pub at: String,
    /// Why.
    pub reason: String,
}

/// A version of the rules on the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CatalogueVersion {
    /// Its number, from 1.
    pub version: u32,
    /// From when it is in force.
    pub effective_at: String,
}

/// The price list and the rules beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Catalogue {
    /// The number of the version shown.
    pub version: u32,
    /// From when it is in force.
    pub effective_at: String,
    /// What it says, in the form of `config/catalogue.toml`.
    pub rules: Value,
    /// All versions, oldest first.
    pub versions: Vec<CatalogueVersion>,
}

/// A version of the rules stands on the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CatalogueApplied {
    /// Its number.
    pub version: u32,
    /// From when it is in force.
    pub effective_at: String,
}

/// What a version of the rules would change (`PUT /v1/catalogue?dry_run=true`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CatalogueDifference {
    /// Always true.
    pub dry_run: bool,
    /// The newest version, which it was compared with; 0 if there is none.
    pub version: u32,
    /// From when it would be in force; absent if it would be refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<String>,
    /// What it would change, in the order of paths.
    pub changes: Vec<Change>,
    /// What is wrong with it: with any fault it would be refused.
    pub faults: Vec<Fault>,
}

/// One difference between two versions of the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// The place, as a path of names.
    #[schema(example = "products.ecs.plans.small.prices.USD.month")]
    pub path: String,
    /// What stood there; null if nothing did.
    pub old: Value,
    /// What would stand there; null if nothing would.
    pub new: Value,
}

/// Something wrong in a version of the rules, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fault {
    /// The place, as a path of names.
    pub path: String,
    /// What is wrong with it.
    pub detail: String,
}
