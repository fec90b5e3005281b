//! `POST /v1/imports`: JSON lines, one account a line, and one line of answer for each.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{OpenAccount, Problem};

/// One line of an import: an account with its balance and its live subscriptions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "external_id": "whmcs-812",
    "account": {
        "name": "Ada Ltd", "email": "ops@ada.example", "kind": "corporate", "country": "DE",
        "currency": "USD", "time_zone": "Europe/Berlin", "language": "en"
    },
    "cash": "120.00",
    "subscriptions": [{
        "external_id": "srv-9", "product": "ecs", "plan": "small", "region": "eu-central-1",
        "anchor": "2025-08-31T00:00:00Z", "expires_at": "2026-11-30T00:00:00Z",
        "period": "P1M", "mode": "AutoRenewal", "price": "12.00"
    }]
}))]
pub struct ImportLine {
    /// The provider's own name for the account: nothing is imported twice under it.
    pub external_id: String,
    /// The account as it would be opened.
    pub account: OpenAccount,
    /// Its balance, a decimal number in the account's currency; nothing if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cash: Option<String>,
    /// Its live subscriptions.
    #[serde(default)]
    pub subscriptions: Vec<ImportedSubscription>,
}

/// A subscription that is brought along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportedSubscription {
    /// The provider's own name for it.
    pub external_id: String,
    /// The product.
    pub product: String,
    /// Its plan.
    pub plan: String,
    /// The region.
    pub region: String,
    /// The instant that its periods are counted from; its expiry if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<String>,
    /// End of its paid time.
    pub expires_at: String,
    /// The length of its periods.
    pub period: String,
    /// How it is renewed; `ManualRenewal` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// What the present period cost, a decimal number in the account's currency; the list price
    /// if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportOutcome {
    /// The account was brought along.
    Imported,
    /// Its external id was imported before; nothing was done.
    AlreadyImported,
    /// It was refused, for the reason in `problem`; other lines are not touched by that.
    Rejected,
}

/// The answer to one line of an import; answers come in the order of the lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportAnswer {
    /// The number of the line, from 1; empty lines count and are not answered.
    pub line: u64,
    /// What became of it.
    pub outcome: ImportOutcome,
    /// The provider's own name for the account, where it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Its subscriptions, in the order given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subscriptions: Vec<String>,
    /// Nothing was written: the request only asked what would happen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}
