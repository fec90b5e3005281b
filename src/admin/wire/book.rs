//! The book as it is shown: accounts, subscriptions, and what happened to them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::Money;

/// When an account next needs attention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NextDue {
    /// When.
    pub at: String,
    /// The scheduler that looks after it.
    pub job: String,
}

/// An account as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountSummary {
    /// Its id.
    pub id: String,
    /// The owner's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where its mail goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// `individual` or `corporate`.
    pub kind: String,
    /// The settlement currency.
    pub currency: String,
    /// Country of residence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The cash in its wallet.
    pub cash: Money,
    /// Available credit: cash and credit limit without holds and what is owed. It may be below
    /// zero.
    pub available: Money,
    /// Since when it is overdue; absent while it is in good standing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue_since: Option<String>,
    /// Is it held? Then nothing happens to it by itself.
    pub held: bool,
    /// When it was opened.
    pub opened_at: String,
    /// How many of its subscriptions live.
    pub subscription_count: u32,
    /// The number of its last record.
    pub seq: u64,
    /// When it next needs attention; absent if never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_due: Option<NextDue>,
}

/// An account as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Account {
    /// What a list shows of it.
    #[serde(flatten)]
    pub summary: AccountSummary,
    /// Since when it is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_at: Option<String>,
    /// The zone in which its days are counted.
    pub time_zone: String,
    /// The language of its mail.
    pub language: String,
    /// How many of its orders wait to be paid.
    pub unpaid_order_count: u32,
    /// How many of its orders are paid and wait to be delivered.
    #[serde(default)]
    pub processing_order_count: u32,
    /// The day of the month, 1 to 28, that renewals can be aligned to; absent if none was chosen,
    /// then it is the house's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unified_day: Option<u8>,
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Subscription {
    /// Its id.
    pub id: String,
    /// The account it belongs to.
    pub account: String,
    /// The provider's own name for the resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The product.
    pub product: String,
    /// Its plan.
    pub plan: String,
    /// The region.
    pub region: String,
    /// `PendingPayment`, `Active`, `Grace`, `Suspended`, `Released`, `Cancelled` or
    /// `Unsubscribed`.
    pub state: String,
    /// `AutoRenewal`, `ManualRenewal` or `NotRenewal`.
    pub mode: String,
    /// The length of an automatic renewal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_period: Option<String>,
    /// Are expiry reminders muted?
    #[serde(default)]
    pub muted: bool,
    /// The zone in which its days are counted.
    pub time_zone: String,
    /// The length of the latest paid period; this and what follows is absent until the first
    /// payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// The number of that period, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period_no: Option<u32>,
    /// The instant that its periods are counted from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<String>,
    /// Start of the latest paid period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// End of the paid time, excluded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// When service stops unless it is renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspends_at: Option<String>,
    /// When it is released, and its data lost, unless it is renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub releases_at: Option<String>,
    /// What the latest period cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// The unpaid order on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_order: Option<String>,
    /// The subscription that it may not outlive; this and what follows is shown while it lives,
    /// and not in the list over all accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_not_after: Option<String>,
    /// The plan that takes effect with a period that was paid ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_plan: Option<PlanAt>,
    /// The plan that it has for a while, in place of the one that is renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporary_plan: Option<PlanUntil>,
    /// Does it keep the prices of its purchase?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub price_lock: bool,
    /// How many times it was downgraded before its end.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub downgrades_used: u32,
    /// Is the order on it paid, and waits to be delivered?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub processing: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde asks for")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// A plan that takes effect later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlanAt {
    /// Which.
    pub plan: String,
    /// When.
    pub at: String,
}

/// A plan for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlanUntil {
    /// Which.
    pub plan: String,
    /// Until when.
    pub until: String,
}

/// The account is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Opened {
    /// Its id.
    pub id: String,
}

/// The cash was credited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ToppedUp {
    /// How much.
    pub amount: Money,
    /// The cash afterwards.
    pub cash: Money,
}

/// The renewal mode stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ModeSet {
    /// The subscription as it stands.
    pub subscription: Subscription,
    /// The next automatic attempt, if there will be one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<String>,
}

/// A record of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Record {
    /// Its number, from 1.
    pub seq: u64,
    /// When it was recorded.
    pub at: String,
    /// Who asked, as it is stored: `{"operator":{"uid":0}}`, `{"job":"renewals"}`, …
    pub cause: Value,
    /// The token that the request came under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The version of the rules in force.
    pub rules_version: u32,
    /// What happened, as it is stored.
    pub events: Vec<Value>,
    /// The digest over its stored bytes and its predecessor's digest, in hexadecimal.
    pub digest: String,
}

/// A line of the ledger. The lines of one record sum to zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LedgerLine {
    /// The record that posted it.
    pub seq: u64,
    /// Its number in that record, from 0.
    pub line: u32,
    /// When.
    pub at: String,
    /// The account of the chart.
    pub ledger_account: String,
    /// Debit above zero, credit below.
    pub amount: Money,
}

/// A mail or a webhook, and how its delivery stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    /// Its id: stream, record, number in the record.
    #[schema(example = "acc_k3f9x2m7qd-4-0")]
    pub id: String,
    /// The account, or `house`.
    pub stream: String,
    /// The record that caused it.
    pub seq: u64,
    /// `mail`, `webhook` or `tell`.
    pub channel: String,
    /// The webhook endpoint's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The mail's template, the webhook's type, or the command told.
    pub what: String,
    /// When it was caused.
    pub at: String,
    /// It is not sent after this; absent if it keeps its worth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worth_until: Option<String>,
    /// `waiting`, `sent`, `void` or `dead`.
    pub state: String,
    /// Attempts so far.
    pub attempts: u32,
    /// When the next attempt is due, or when it was settled.
    pub next_at: String,
    /// What the last attempt came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The effect as it is stored.
    pub effect: Value,
}
