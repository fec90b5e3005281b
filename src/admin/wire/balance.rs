//! The balance of an account: what is there, what is owed, and how far it reaches.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Money;

/// `PUT /v1/accounts/{id}/credit-limit`: set the ceiling on what the account may owe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"limit": {"amount": "500.00", "currency": "USD"}}))]
pub struct SetCreditLimit {
    /// To how much; zero takes credit away.
    pub limit: Money,
}

/// `PUT /v1/accounts/{id}/balance-alert`: tell the owner when available credit drops below an
/// amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"below": {"amount": "20.00", "currency": "USD"}}))]
pub struct SetBalanceAlert {
    /// Below which; `null` switches the alert off.
    #[serde(deserialize_with = "Option::deserialize")]
    pub below: Option<Money>,
}
