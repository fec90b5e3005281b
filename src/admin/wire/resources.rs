//! Pay-as-you-go resources: what runs and is paid for afterwards.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Of `POST /v1/accounts/{account}/resources`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenResource {
    /// The product; it must be one that is paid for after use.
    #[schema(example = "compute")]
    pub product: String,
    /// Its plan.
    #[schema(example = "small")]
    pub plan: String,
    /// The region.
    #[schema(example = "eu-central-1")]
    pub region: String,
    /// The provider's own name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

/// Of `POST /v1/resources/{resource}/change`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeResource {
    /// The plan that it has from now on; what it used before is a line of its own.
    pub plan: String,
}

/// Of `POST /v1/resources/{resource}/start` and `/stop`: nothing more needs to be said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPower {}

/// Of `GET /v1/resources` and `GET /v1/accounts/{account}/resources`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ResourceQuery {
    /// Only in this state: `running`, `stopped`, `halted` or `released`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Only of this product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Only in this region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(min_length = 1)]
    pub cursor: Option<String>,
    /// Rows on a page: 20 if absent, at most 300.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 300)]
    pub limit: Option<u32>,
}

/// A pay-as-you-go resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Resource {
    /// Its id: reports of usage name it.
    pub id: String,
    /// The account that pays for it.
    pub account: String,
    /// The provider's own name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The product.
    pub product: String,
    /// Its plan.
    pub plan: String,
    /// The region.
    pub region: String,
    /// `running`; `stopped` by its owner; `halted` for debt; `released`.
    pub state: String,
    /// When it was opened.
    pub opened_at: String,
    /// Since when its owner keeps it stopped. It stays stopped when debt is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<String>,
    /// Since when it is stopped for debt; it runs again once all due debt is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halted_at: Option<String>,
    /// When it was released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_at: Option<String>,
    /// When it will be stopped for debt unless that is paid; this and what follows is there while
    /// the account is overdue, and not in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halts_at: Option<String>,
    /// When it will be released for debt unless that is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub releases_at: Option<String>,
}

/// The resource stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResourceIs {
    /// As it stands.
    pub resource: Resource,
}
