//! From the domain's types, and the store's, to the wire's.

mod balance;
mod campaigns;
mod closure;
mod coupons;
mod erasure;
mod forecast;
mod meters;
mod orders;
mod resources;
mod statements;
mod usage;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::Value;

pub use self::balance::{balance, movement, withdrawal};
pub use self::campaigns::campaign;
pub use self::closure::{blocker, closure, closure_item, eligibility, holding};
pub use self::coupons::{coupon, coupon_row, fit, in_words, unmet};
pub use self::erasure::{certificate, legal_hold};
pub use self::forecast::{assumptions, forecast, shortfall};
pub use self::meters::{meters, use_quote};
pub use self::orders::{order, ordered};
pub use self::resources::{resource, resource_row, resource_with_debt};
pub use self::statements::{bill_line, document, statement};
pub use self::usage::{fault_in_words, resource_usage};
use super::ports::{Profile, SchedulerStatus};
use super::problem::Problem;
use super::wire;
use crate::catalogue;
use crate::domain::account::Open;
use crate::domain::agenda::Due;
use crate::domain::calendar::Timestamp;
use crate::domain::ids::AccountId;
use crate::domain::money;
use crate::domain::nouns::house::House;
use crate::domain::nouns::order::State;
use crate::domain::nouns::subscription;
use crate::domain::rows::{SubscriptionRow, Summary};
use crate::domain::rules::{Fault, Version};
use crate::domain::stream;
use crate::store::{self, Head, LedgerRow, OutboxDepth, StoredRecord};

/// An amount.
#[must_use]
pub fn money(amount: money::Money) -> wire::Money {
    wire::Money { amount: amount.amount(), currency: amount.currency().to_string() }
}

fn text(instant: Timestamp) -> String {
    instant.to_string()
}

/// An account as it is listed, from the head of its stream.
pub fn summary(
    id: AccountId,
    head: &Head,
    profile: Option<Profile>,
) -> Result<wire::AccountSummary, Problem> {
    let known: Summary = serde_json::from_str(&head.summary)
        .map_err(|error| Problem::broken(format!("the summary of {id}: {error}")))?;
    let due = (head.due_at < Timestamp::MAX).then_some((head.due_at, head.due_job.as_str()));
    Ok(summarized(id, &known, head.seq, due, profile))
}

/// An account as it stands.
#[must_use]
pub fn account(open: &Open, seq: u64, due: Option<Due>, profile: Option<Profile>) -> wire::Account {
    let due = due.map(|due| (due.at, due.step.job().as_str()));
    let count = |state: State| {
        let count = open.orders.values().filter(|order| order.state == state).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    };
    wire::Account {
        summary: summarized(open.id, &Summary::of(open), seq, due, profile),
        held_at: open.held_at.map(text),
        time_zone: open.terms.zone.to_string(),
        language: open.terms.language.clone(),
        unpaid_order_count: count(State::Unpaid),
        processing_order_count: count(State::Processing),
        unified_day: open.unified_day,
    }
}

fn summarized(
    id: AccountId,
    known: &Summary,
    seq: u64,
    due: Option<(Timestamp, &str)>,
    profile: Option<Profile>,
) -> wire::AccountSummary {
    let (name, email) = profile.map(|profile| (profile.name, profile.email)).unzip();
    wire::AccountSummary {
        id: id.to_string(),
        name,
        email,
        kind: known.kind.as_str().to_owned(),
        currency: known.currency.to_string(),
        country: known.country.clone(),
        cash: money(known.cash),
        available: money(known.available.unwrap_or(known.cash)),
        overdue_since: known.overdue_since.map(text),
        held: known.held_at.is_some(),
        opened_at: text(known.opened_at),
        subscription_count: known.subscription_count,
        seq,
        next_due: due.map(|(at, job)| wire::NextDue { at: text(at), job: job.to_owned() }),
    }
}

/// A subscription as it is listed.
#[must_use]
pub fn subscription(row: &SubscriptionRow) -> wire::Subscription {
    let paid = row.paid.as_ref();
    wire::Subscription {
        id: row.id.to_string(),
        account: row.id.account.to_string(),
        external_id: row.external_id.clone(),
        product: row.product.clone(),
        plan: row.plan.clone(),
        region: row.region.clone(),
        state: row.state.as_str().to_owned(),
        mode: row.mode.to_string(),
        auto_period: row.auto_period.map(|period| period.to_string()),
        muted: row.muted,
        time_zone: row.zone.to_string(),
        period: paid.map(|paid| paid.period.to_string()),
        period_no: paid.map(|paid| paid.period_no),
        anchor: paid.map(|paid| text(row.zone.instant(paid.course.anchor))),
        started_at: paid.map(|paid| text(paid.started_at)),
        expires_at: paid.map(|paid| text(paid.expires_at)),
        suspends_at: paid.map(|paid| text(paid.suspends_at)),
        releases_at: paid.map(|paid| text(paid.releases_at)),
        price: paid.map(|paid| money(paid.price)),
        open_order: row.open_order.map(|order| order.to_string()),
        expires_not_after: None,
        next_plan: None,
        temporary_plan: None,
        price_lock: false,
        downgrades_used: 0,
        processing: false,
    }
}

/// A subscription that lives.
#[must_use]
pub fn live(live: &subscription::Subscription) -> wire::Subscription {
    wire::Subscription {
        expires_not_after: live.subject.expires_not_after.map(|parent| parent.to_string()),
        next_plan: live
            .next_plan
            .as_ref()
            .map(|next| wire::PlanAt { plan: next.plan.clone(), at: text(next.at) }),
        temporary_plan: live
            .temporary
            .as_ref()
            .map(|other| wire::PlanUntil { plan: other.plan.clone(), until: text(other.until) }),
        price_lock: live.locked.is_some(),
        downgrades_used: live.downgrades,
        processing: live.processing,
        ..subscription(&live.into())
    }
}

/// The part of a stored record that is shown; the rest stands in its row.
#[derive(Deserialize)]
struct Body {
    cause: Value,
    #[serde(default)]
    token: Option<String>,
    rules_version: u32,
    events: Vec<Value>,
}

/// A record of the journal.
pub fn record(stored: &StoredRecord) -> Result<wire::Record, Problem> {
    let body: Body = serde_json::from_str(&stored.body)
        .map_err(|error| Problem::broken(format!("record {}: {error}", stored.seq)))?;
    Ok(wire::Record {
        seq: stored.seq,
        at: text(stored.at),
        cause: body.cause,
        token: body.token,
        rules_version: body.rules_version,
        events: body.events,
        digest: stored.digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        }),
    })
}

/// A line of the ledger.
#[must_use]
pub fn ledger_line(row: &LedgerRow) -> wire::LedgerLine {
    wire::LedgerLine {
        seq: row.seq,
        line: row.line,
        at: text(row.at),
        ledger_account: row.account.clone(),
        amount: money(row.amount),
    }
}

/// A delivery.
pub fn delivery(delivery: &store::Delivery) -> Result<wire::Delivery, Problem> {
    let row = &delivery.row;
    let id = format!("{}-{}-{}", delivery.stream, row.seq, row.n);
    let effect: Value = serde_json::from_str(&row.body)
        .map_err(|error| Problem::broken(format!("delivery {id}: {error}")))?;
    Ok(wire::Delivery {
        what: what(&effect).to_owned(),
        id,
        stream: delivery.stream.to_string(),
        seq: row.seq,
        channel: row.channel.as_str().to_owned(),
        endpoint: Some(row.endpoint.clone()).filter(|name| !name.is_empty()),
        at: text(row.at),
        worth_until: (row.worth_until < Timestamp::MAX).then(|| text(row.worth_until)),
        state: delivery.state.as_str().to_owned(),
        attempts: delivery.attempts,
        next_at: text(delivery.next_at),
        outcome: Some(delivery.outcome.clone()).filter(|outcome| !outcome.is_empty()),
        effect,
    })
}

/// The word for an effect: a mail's template, a webhook's type, the command told.
fn what(effect: &Value) -> &str {
    let mail = effect.pointer("/mail/template");
    let webhook = || effect.pointer("/webhook/hook");
    let told = || match effect.pointer("/tell/command")? {
        Value::Object(command) => command.keys().next().map(String::as_str),
        Value::String(command) => Some(command.as_str()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    };
    mail.or_else(webhook).and_then(Value::as_str).or_else(told).unwrap_or_default()
}

/// What a run of a scheduler did.
#[must_use]
pub fn job_run(run: &store::JobRun) -> wire::JobRun {
    wire::JobRun {
        job: run.job.to_string(),
        at: text(run.at),
        took_ms: run.took_ms,
        advanced_count: run.advanced_count,
        failed_count: run.failed_count,
        steps: steps(&run.steps),
    }
}

/// Steps by kind.
#[must_use]
pub fn steps(steps: &BTreeMap<String, stream::Tally>) -> BTreeMap<String, wire::Tally> {
    let tally = |tally: &stream::Tally| wire::Tally {
        count: tally.count,
        lag_seconds_max: tally.lag_seconds_max,
    };
    steps.iter().map(|(kind, steps)| (kind.clone(), tally(steps))).collect()
}

/// A scheduler with what is due for it and its latest runs.
#[must_use]
pub fn scheduler(
    status: &SchedulerStatus,
    due_at: Option<Timestamp>,
    runs: Vec<wire::JobRun>,
    now: Timestamp,
) -> wire::Scheduler {
    wire::Scheduler {
        job: status.job.to_string(),
        cron: status.cron.clone(),
        next_run_at: status.next_run_at.map(text),
        due: due_at
            .filter(|at| *at < Timestamp::MAX)
            .map(|at| wire::Due { at: text(at), lag_seconds: now.since(at).as_secs() }),
        runs,
    }
}

/// How the outbox stands on a channel.
#[must_use]
pub fn outbox(channel: store::Channel, depth: &OutboxDepth, now: Timestamp) -> wire::Outbox {
    wire::Outbox {
        channel: channel.as_str().to_owned(),
        waiting_count: depth.waiting_count,
        dead_count: depth.dead_count,
        age_seconds: depth.oldest_at.map(|at| now.since(at).as_secs()),
        next_at: depth.next_at.map(text),
    }
}

/// The brake.
#[must_use]
pub fn brake(house: &House) -> wire::Brake {
    let brake = house.brake.as_ref();
    wire::Brake {
        engaged: brake.is_some(),
        engaged_at: brake.map(|brake| text(brake.engaged_at)),
        held_count: brake.map(|brake| brake.held_count),
        limit: brake.map(|brake| brake.limit),
        released_through: house.released_through.map(text),
    }
}

/// A version of the rules on the timeline.
#[must_use]
pub fn version(version: &Version) -> wire::CatalogueVersion {
    wire::CatalogueVersion { version: version.number, effective_at: text(version.effective_at) }
}

/// A difference between two versions of the rules.
#[must_use]
pub fn change(change: catalogue::Change) -> wire::Change {
    wire::Change { path: change.path, old: change.old.into(), new: change.new.into() }
}

/// Something wrong in a version of the rules.
#[must_use]
pub fn fault(fault: Fault) -> wire::Fault {
    wire::Fault { path: fault.path, detail: fault.detail }
}
