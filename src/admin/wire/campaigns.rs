//! Campaigns: coupons for many, out of one quota.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Benefit, Coupon, Problem, Scope};

/// `POST /v1/campaigns`: open a campaign. What it grants is fixed from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Spring 2027", "description": "A fifth off new servers",
    "benefit": {"type": "discount", "percent": "20"},
    "scope": {"products": ["ecs"], "order_types": ["new"]},
    "quota": 500, "per_account": 1, "ends_at": "2027-06-01T00:00:00Z", "valid_days": 30,
    "code": "Spring-2027"
}))]
pub struct OpenCampaign {
    /// Its name for operators.
    pub name: String,
    /// What its coupons say to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What its coupons take off.
    pub benefit: Benefit,
    /// What they may be used for.
    #[serde(default)]
    pub scope: Scope,
    /// How many coupons it grants at the most; as many as are asked for if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<u32>,
    /// How many of them one account may get; 1 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_account: Option<u32>,
    /// From when it grants; from now on if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<String>,
    /// Until when it grants, excluded.
    pub ends_at: String,
    /// Until when its coupons are good, excluded; this or `valid_days`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// How many days of 24 hours each coupon is good; this or `expires_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 65_535)]
    pub valid_days: Option<u16>,
    /// A redemption code by which its coupons can be had; upper and lower case matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// A campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Campaign {
    /// Its id.
    #[schema(example = "cmp_k3f9x2m7qd")]
    pub id: String,
    /// Its name for operators.
    pub name: String,
    /// What its coupons say to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What its coupons take off.
    pub benefit: Benefit,
    /// What they may be used for.
    #[serde(default)]
    pub scope: Scope,
    /// `planned`, `running`, `exhausted`, `over` or `closed`.
    pub state: String,
    /// How many coupons it grants at the most; absent for as many as are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<u32>,
    /// How many were taken.
    pub taken: u32,
    /// How many are left of the quota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<u32>,
    /// How many one account may get.
    pub per_account: u32,
    /// From when it grants.
    pub starts_at: String,
    /// Until when it grants, excluded.
    pub ends_at: String,
    /// Until when its coupons are good, where that is one instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// How many days each coupon is good, where that is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 65_535)]
    pub valid_days: Option<u16>,
    /// Can its coupons be had by a redemption code?
    pub has_code: bool,
    /// When it was opened.
    pub opened_at: String,
    /// When it was closed before its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<String>,
}

/// A campaign was opened or closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CampaignIs {
    /// As it stands.
    pub campaign: Campaign,
}

/// `POST /v1/campaigns/{id}/grants`: grant a coupon to each of these accounts, or to none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"accounts": ["acc_k3f9x2m7qd", "acc_0c2m8v1x4b"]}))]
pub struct GrantMany {
    /// To whom; one that is named twice gets two.
    pub accounts: Vec<String>,
}

/// What became of a grant to many: the quota is taken for all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GrantedMany {
    /// The campaign as it stands.
    pub campaign: Campaign,
    /// For each account, in the order given.
    pub items: Vec<GrantedItem>,
}

/// What one account got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GrantedItem {
    /// Which account.
    pub account: String,
    /// The coupon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<Coupon>,
    /// Why it could not take it: the coupon goes back to the quota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    /// It is on its way, and comes by itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pending: bool,
}

/// `POST /v1/accounts/{id}/redemptions`: redeem a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "Spring-2027"}))]
pub struct Redeem {
    /// The code; upper and lower case matter.
    pub code: String,
}

/// A code was redeemed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Redeemed {
    /// The campaign that it came from.
    pub campaign: String,
    /// The coupon that it yielded; absent if it is on its way: it comes by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<Coupon>,
}
