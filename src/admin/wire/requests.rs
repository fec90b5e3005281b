//! What is asked.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Money;

/// `POST /v1/accounts`: open an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Ada Ltd", "email": "ops@ada.example", "kind": "corporate", "country": "DE",
    "currency": "USD", "time_zone": "Europe/Berlin", "language": "en",
    "address": ["Lindenstra\u{df}e 12", "10969 Berlin"], "tax_id": "DE123456789"
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
    /// The postal address for invoices, a line each. It is sealed, and only ever printed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub address: Vec<String>,
    /// The number that tax authorities know the owner under. It is sealed, and only ever printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_id: Option<String>,
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
