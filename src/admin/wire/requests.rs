//! What is asked.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Money;

/// `POST /v1/accounts`: open an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Ada Ltd", "email": "ops@ada.example", "kind": "corporate", "country": "DE",
    "currency": "USD", "time_zone": "Europe/Berlin", "language": "en"
}))]
pub struct OpenAccount {
    /// The owner's name.
    pub name: String,
    /// Where mail goes; one account an address.
    pub email: String,
    /// `individual` or `corporate`.
    pub kind: String,
    /// Country of residence, two letters (ISO 3166-1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The settlement currency (ISO 4217), fixed from now on.
    pub currency: String,
    /// The zone in which its days are counted; the house's if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// The language of its mail; the house's if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// `POST /v1/accounts/{id}/top-ups`: credit cash that was received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "amount": {"amount": "59.50", "currency": "USD"}, "method": "bank_transfer",
    "channel": "operator", "reference": "2026-118"
}))]
pub struct TopUp {
    /// How much; above zero, in the account's currency.
    pub amount: Money,
    /// By which method it was paid: `bank_transfer`, `card`, …
    pub method: String,
    /// Through which channel it came in: `operator`, `console`, `api`, …; `operator` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The payer's reference; kept sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// `POST /v1/accounts/{id}/orders`: order a new subscription, or one more period of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({
    "kind": "new", "product": "ecs", "plan": "small", "region": "eu-central-1",
    "period": "P1M", "renewal_mode": "ManualRenewal", "pay_now": true
}))]
pub enum PlaceOrder {
    /// A new subscription.
    New {
        /// The product.
        product: String,
        /// Its plan.
        plan: String,
        /// The region.
        region: String,
        /// The length of the first period.
        period: String,
        /// How it is to be renewed; `ManualRenewal` if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        renewal_mode: Option<String>,
        /// Pay from the balance at once; otherwise the order waits unpaid.
        #[serde(default)]
        pay_now: bool,
        /// The provider's own name for the resource.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        external_id: Option<String>,
        /// A subscription of the same account that it may not outlive.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_not_after: Option<String>,
    },
    /// One more period, as `POST …/renewals` has it.
    Renew {
        /// Which subscription.
        subscription: String,
        /// How long.
        period: String,
        /// Pay from the balance at once; otherwise the order waits unpaid.
        #[serde(default)]
        pay_now: bool,
        /// The expiry that was seen: if it has moved, nothing is done.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected_expires_at: Option<String>,
    },
}

/// `POST /v1/accounts/{id}/subscriptions/{sub}/renewals`: order one more period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "period": "P1M", "pay_now": true, "expected_expires_at": "2026-12-01T10:00:00Z"
}))]
pub struct Renew {
    /// How long.
    pub period: String,
    /// Pay from the balance at once; otherwise the order waits unpaid.
    #[serde(default)]
    pub pay_now: bool,
    /// The expiry that was seen: if it has moved, nothing is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_expires_at: Option<String>,
}

/// `PUT /v1/accounts/{id}/subscriptions/{sub}/renewal-mode`: choose how it is renewed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"mode": "AutoRenewal", "period": "P1M"}))]
pub struct SetRenewalMode {
    /// `AutoRenewal`, `ManualRenewal` or `NotRenewal`.
    pub mode: String,
    /// The length of an automatic renewal; what stands, or what was bought implies, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// Mute expiry reminders; as it stands if absent. Notices of loss are never muted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted: Option<bool>,
}

/// `POST /v1/clock`: move a manual clock, by a length or to an instant; one of the two.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"advance": "P15D"}))]
pub struct MoveClock {
    /// By how much: `P15D`, `PT6H`, or `15d`, `6h`, `30m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advance: Option<String>,
    /// To which instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}
