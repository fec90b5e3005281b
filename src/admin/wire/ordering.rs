//! What is asked about orders: to make, renew, change, pay, and give back.

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::Money;

/// Which coupon an order is to use: the id of one, `"none"` for none, `"auto"` for the one that
/// the rule picks. One order takes one coupon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "the id of a coupon, \"none\" or \"auto\"")]
pub enum CouponWish {
    /// One, or a word.
    One(String),
    /// Several: read, so that they can be refused by what is wrong with them.
    Several(Vec<String>),
}

/// Until which day of the month a renewal goes: 1 to 28, or `"unified"` for the account's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a day of the month, 1 to 28, or \"unified\"")]
pub enum RenewDay {
    /// The day.
    Day(u32),
    /// `unified`.
    Word(String),
}

// By hand: the derive has no bounds for a variant.
impl PartialSchema for RenewDay {
    fn schema() -> RefOr<Schema> {
        let day = ObjectBuilder::new().schema_type(Type::Integer);
        let word = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["unified"]));
        let either = OneOfBuilder::new().item(day.minimum(Some(1)).maximum(Some(28))).item(word);
        either.description(Some("A day of the month, or the account's")).into()
    }
}

impl ToSchema for RenewDay {}

/// `POST /v1/accounts/{id}/orders`: order a new subscription, or one more period of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({
    "kind": "new", "product": "ecs", "plan": "small", "region": "eu-central-1",
    "period": "P1M", "renewal_mode": "ManualRenewal", "pay_now": true,
    "coupon": "cpn_k3f9x2m7qd_7", "price_lock": false,
    "expected_payable": {"amount": "9.00", "currency": "USD"}
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
        /// The coupon to use, by its id; `"none"` for none; the one that the rule picks if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, example = "cpn_k3f9x2m7qd_7")]
        coupon: Option<CouponWish>,
        /// Keep the prices of today for its renewals.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        price_lock: bool,
        /// What is expected to be paid: any other price is refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected_payable: Option<Money>,
    },
    /// One more period, as `POST …/renewals` has it.
    Renew {
        /// Which subscription.
        subscription: String,
        /// How long; this or `expected_renew_day`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        period: Option<String>,
        /// Until which day of the month, 1 to 28, or `"unified"` for the account's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected_renew_day: Option<RenewDay>,
        /// With another plan from the new period on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        plan: Option<String>,
        /// Pay from the balance at once; otherwise the order waits unpaid.
        #[serde(default)]
        pay_now: bool,
        /// The expiry that was seen: if it has moved, nothing is done.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected_expires_at: Option<String>,
        /// The coupon to use, by its id; `"none"` for none; the one that the rule picks if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        coupon: Option<CouponWish>,
        /// What is expected to be paid: any other price is refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected_payable: Option<Money>,
    },
}

/// `POST /v1/accounts/{id}/subscriptions/{sub}/renewals`: order one more period.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "period": "P1M", "pay_now": true, "expected_expires_at": "2026-12-01T10:00:00Z"
}))]
pub struct Renew {
    /// How long; this or `expected_renew_day`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// Until which day of the month, 1 to 28, or `"unified"` for the account's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_renew_day: Option<RenewDay>,
    /// With another plan from the new period on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// Pay from the balance at once; otherwise the order waits unpaid.
    #[serde(default)]
    pub pay_now: bool,
    /// The expiry that was seen: if it has moved, nothing is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_expires_at: Option<String>,
    /// The coupon to use, by its id; `"none"` for none; the one that the rule picks if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub coupon: Option<CouponWish>,
    /// What is expected to be paid: any other price is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_payable: Option<Money>,
}

/// `POST /v1/accounts/{id}/renewals`: order one more period of up to 100 subscriptions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"items": [
    {"subscription": "sub_k3f9x2m7qd_1", "period": "P1M", "pay_now": true},
    {"subscription": "sub_k3f9x2m7qd_4", "expected_renew_day": "unified"}
]}))]
pub struct RenewMany {
    /// Which, and how.
    pub items: Vec<RenewItem>,
}

/// One item of a batch of renewals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewItem {
    /// Which subscription.
    pub subscription: String,
    /// How long; this or `expected_renew_day`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// Until which day of the month, 1 to 28, or `"unified"` for the account's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_renew_day: Option<RenewDay>,
    /// With another plan from the new period on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// Pay from the balance at once; otherwise the order waits unpaid.
    #[serde(default)]
    pub pay_now: bool,
    /// The expiry that was seen: if it has moved, nothing is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_expires_at: Option<String>,
    /// The coupon to use, by its id; `"none"` for none; the one that the rule picks if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub coupon: Option<CouponWish>,
    /// What is expected to be paid: any other price is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_payable: Option<Money>,
}

/// `PUT /v1/accounts/{id}/orders/{order}/coupon`: choose the coupon of an unpaid order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"coupon": "none"}))]
pub struct SetCoupon {
    /// The coupon to use, by its id; `"none"` for none; `"auto"` for the one that the rule picks.
    #[schema(value_type = String)]
    pub coupon: CouponWish,
}

/// `POST /v1/accounts/{id}/orders/{order}/provision-failed`: it could not be delivered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "no_stock"}))]
pub struct ProvisionFailed {
    /// Why, in the words of the provider's system; nothing personal: it is kept in the journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// `POST /v1/accounts/{id}/orders/{order}/refunds`: give money back for an order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": {"amount": "5.00", "currency": "USD"}}))]
pub struct GiveBack {
    /// How much, tax included; what was paid for goes on. Without it, the whole period that the
    /// order paid, which must not have begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
}

/// `POST /v1/accounts/{id}/payments`: pay several unpaid orders together from the balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"orders": ["ord_k3f9x2m7qd_2", "ord_k3f9x2m7qd_5"]}))]
pub struct PayTogether {
    /// Which, in the order in which they are paid.
    pub orders: Vec<String>,
}

/// `POST /v1/accounts/{id}/subscriptions/{sub}/changes`: change the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"plan": "large", "pay_now": true}))]
pub struct ChangePlan {
    /// The plan that it is to have.
    pub plan: String,
    /// Only until then: a renewal continues the plan before it. For dearer plans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Pay from the balance at once; otherwise the order waits unpaid.
    #[serde(default)]
    pub pay_now: bool,
    /// The coupon to use, by its id; `"none"` for none; the one that the rule picks if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub coupon: Option<CouponWish>,
    /// What is expected to be paid: any other price is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_payable: Option<Money>,
}

/// `POST /v1/accounts/{id}/subscriptions/{sub}/unsubscribe`: give it up before its end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"unused": false}))]
pub struct Unsubscribe {
    /// It was never used: within the first days everything is given back then.
    #[serde(default)]
    pub unused: bool,
}

/// `POST /v1/accounts/{id}/subscriptions/{sub}/release`: release a suspended one at once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"confirm": true}))]
pub struct ReleaseNow {
    /// Must be `true`: its data are lost, and nothing is given back.
    #[serde(default)]
    pub confirm: bool,
}

/// `PUT /v1/accounts/{id}/unified-day`: choose the day of the month that renewals can be aligned
/// to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"day": 15}))]
pub struct SetUnifiedDay {
    /// 1 to 28.
    #[schema(minimum = 1, maximum = 28)]
    pub day: u32,
}
