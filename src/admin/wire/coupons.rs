//! Coupons: what is granted, and how each stands.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::Money;

/// What a coupon takes off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({
    "type": "discount", "percent": "20", "cap": {"amount": "50.00", "currency": "USD"}
}))]
pub enum Benefit {
    /// Stored value: used until it is spent or expires.
    Cash {
        /// What it is worth.
        value: Money,
    },
    /// From a threshold on, a fixed amount off, once.
    SpendAndSave {
        /// What the eligible lines must come to, before tax.
        threshold: Money,
        /// What is taken off.
        off: Money,
    },
    /// A percentage off, once.
    Discount {
        /// Per cent taken off, as a decimal number: above 0, at most 100.
        percent: String,
        /// The most that is taken off.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cap: Option<Money>,
    },
}

/// What a coupon may be used for: all of it must hold; what is absent does not bind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"products": ["ecs"], "order_types": ["new"], "min_period": "P3M"}))]
pub struct Scope {
    /// Products that it is good for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<String>,
    /// Products that it is not good for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub products_denied: Vec<String>,
    /// Order types that it is good for: `new`, `renew`, `upgrade`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub order_types: Vec<String>,
    /// The billing method that it is good for: `subscription` or `payg`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing: Option<String>,
    /// What the eligible lines must come to, before tax.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_spend: Option<Money>,
    /// The shortest period that it is good for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_period: Option<String>,
    /// The longest period that it is good for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_period: Option<String>,
}

/// `POST /v1/accounts/{id}/coupons`: grant a coupon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "description": "For the outage in May",
    "benefit": {"type": "cash", "value": {"amount": "20.00", "currency": "USD"}},
    "scope": {"products": ["ecs"]},
    "valid_days": 90
}))]
pub struct GrantCoupon {
    /// What it says to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it takes off.
    pub benefit: Benefit,
    /// What it may be used for.
    #[serde(default)]
    pub scope: Scope,
    /// From when it is good; from now on if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<String>,
    /// Until when it is good, excluded; this or `valid_days`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// How many days of 24 hours it is good; this or `expires_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 65_535)]
    pub valid_days: Option<u16>,
}

/// A coupon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Coupon {
    /// Its id.
    #[schema(example = "cpn_k3f9x2m7qd_7")]
    pub id: String,
    /// The account that it was granted to.
    pub account: String,
    /// The campaign that it came from; absent if it was granted singly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// What it says to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `NotEffective`, `Available`, `Frozen`, `Used`, `Expired` or `Cancelled`.
    pub state: String,
    /// What it takes off.
    pub benefit: Benefit,
    /// What is left of a cash coupon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<Money>,
    /// What it may be used for.
    #[serde(default)]
    pub scope: Scope,
    /// When it was granted.
    pub granted_at: String,
    /// From when it is good.
    pub effective_at: String,
    /// Until when, excluded.
    pub expires_at: String,
    /// The order that holds it while it is frozen, and until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_by: Option<Holder>,
    /// The coupon that it was granted again for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again_for: Option<String>,
    /// How it suits what was asked for with `for_order` or `product`; absent if nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fit: Option<Fit>,
}

/// The order that holds a frozen coupon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Holder {
    /// Which.
    pub order: String,
    /// Until when it can be paid, or must be delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// How a coupon suits an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fit {
    /// Can it be used?
    pub usable: bool,
    /// Is it the one that the rule picks?
    pub picked: bool,
    /// What it would take off, before tax; absent if it can't be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deductible: Option<Money>,
    /// Every predicate that does not hold.
    #[serde(default)]
    pub unmet: Vec<Unmet>,
}

/// A predicate that does not hold, with its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "code": "min_spend", "detail": "50.00 USD must be reached, and 18.00 USD counts",
    "needed": {"amount": "50.00", "currency": "USD"},
    "eligible": {"amount": "18.00", "currency": "USD"}
}))]
pub struct Unmet {
    /// `not_effective`, `frozen`, `used`, `expired`, `cancelled`, `currency`, `product`,
    /// `order_type`, `billing`, `min_spend`, `min_period`, `max_period`, `excluded` or
    /// `nothing_to_deduct`.
    pub code: String,
    /// The same in words.
    pub detail: String,
    /// What was needed and what is there: `effective_at`, `order`, `expires_at`, `needed`,
    /// `eligible`, `shortest`, `longest`.
    #[serde(flatten)]
    pub values: Map<String, Value>,
}

/// A coupon was granted or taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CouponIs {
    /// As it stands.
    pub coupon: Coupon,
}
