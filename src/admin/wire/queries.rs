//! What stands behind the `?`. Parameters that are not known are refused.

use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

/// Of a write.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct WriteQuery {
    /// Only say what would happen, and write nothing.
    pub dry_run: bool,
    /// Through which channel it was asked, such as `app`: what that may do, and by which methods it
    /// pays, is a matter of the rules. The provider's own systems, which may do everything, if
    /// absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(min_length = 1)]
    pub channel: Option<String>,
}

/// The header of a write.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct WriteHeaders {
    /// The token of the request: the same request under the same token is carried out once, and
    /// answered alike (with `Idempotent-Replayed: true`); with other parameters it is refused.
    #[serde(rename = "Idempotency-Key", skip_serializing_if = "Option::is_none")]
    #[param(pattern = "^[!-~]{1,64}$")]
    pub idempotency_key: Option<String>,
}

/// Of `PUT /v1/catalogue`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct CatalogueQuery {
    /// Only say what would change, and write nothing.
    pub dry_run: bool,
    /// From when the rules are in force; at once if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<String>,
}

/// Of `POST /v1/imports`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// Only say what would happen, and write nothing.
    pub dry_run: bool,
    /// Start the accounts held, until an operator lets them go.
    pub held: bool,
}

/// Of a list that has no filters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(min_length = 1)]
    pub cursor: Option<String>,
    /// Rows on a page: 20 if absent, at most 300.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 300)]
    pub limit: Option<u32>,
}

/// Of `GET /v1/orders` and `GET /v1/accounts/{account}/orders`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct OrderQuery {
    /// Only in this state: `Unpaid`, `Processing`, `Paid`, `Cancelled`, `Failed` or `Refunded`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Only of this type: `new`, `renew`, `upgrade`, `downgrade` or `refund`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only of this product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Only made at or after this instant. Over all accounts, without a window it is 30 days ago.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_from: Option<String>,
    /// Only made before this instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_to: Option<String>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(min_length = 1)]
    pub cursor: Option<String>,
    /// Rows on a page: 20 if absent, at most 300.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 300)]
    pub limit: Option<u32>,
}

/// Of `GET /v1/subscriptions`: renewal management over all accounts, nearest expiry first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct SubscriptionQuery {
    /// The urgent list, in all modes: what expires within this length (`P15D`, `15d`), and what
    /// has expired and can still be renewed (`Grace`, `Suspended`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_within: Option<String>,
    /// Only expiring at or after this instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_from: Option<String>,
    /// Only expiring before this instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_before: Option<String>,
    /// Only in this mode, or in one of several with commas between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Only in this state, or in one of several with commas between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Only of this product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Only in this region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Only of this account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(min_length = 1)]
    pub cursor: Option<String>,
    /// Rows on a page: 20 if absent, at most 300.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 300)]
    pub limit: Option<u32>,
}

/// Of `GET /v1/deliveries` and `GET /v1/accounts/{account}/notices`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct DeliveryQuery {
    /// Only in this state: `waiting`, `sent`, `void` or `dead`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Only on this channel: `mail`, `webhook` or `tell`; notices are mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(min_length = 1)]
    pub channel: Option<String>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(min_length = 1)]
    pub cursor: Option<String>,
    /// Rows on a page: 20 if absent, at most 300.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 300)]
    pub limit: Option<u32>,
}

/// Of `GET /v1/accounts/{account}/coupons`. With `for_order`, or with `product`, `plan` and
/// `period`, each coupon says whether it could be used for that, or every predicate that does not
/// hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct CouponQuery {
    /// Only in this state, or in one of several with commas between: `NotEffective`, `Available`,
    /// `Frozen`, `Used`, `Expired`, `Cancelled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// An unpaid order of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub for_order: Option<String>,
    /// What would be bought: the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Its plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// How long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// As `new`, if absent, or `renew`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(min_length = 1)]
    pub cursor: Option<String>,
    /// Rows on a page: 20 if absent, at most 300.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 300)]
    pub limit: Option<u32>,
}

/// Of `GET /v1/coupons`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct AllCouponsQuery {
    /// Only in this state, or in one of several with commas between: `NotEffective`, `Available`,
    /// `Frozen`, `Used`, `Expired`, `Cancelled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Only from this campaign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// Only expiring before this instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_before: Option<String>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(min_length = 1)]
    pub cursor: Option<String>,
    /// Rows on a page: 20 if absent, at most 300.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 300)]
    pub limit: Option<u32>,
}

/// Of `GET /v1/campaigns`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct CampaignQuery {
    /// Only those with this in their name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only those that grant now, as long as their quota lasts.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub running: bool,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(min_length = 1)]
    pub cursor: Option<String>,
    /// Rows on a page: 20 if absent, at most 300.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 300)]
    pub limit: Option<u32>,
}

/// Of `GET /v1/ledger/entries`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct EntryQuery {
    /// Only of this account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Only on this account of the chart, such as `customer_cash`; with a colon at the end on all
    /// that begin so, such as `unearned:`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ledger_account: Option<String>,
    /// Only posted at or after this instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Only posted before this instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// `json` or `csv`; as the `Accept` header has it if absent. CSV comes whole, not in pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(pattern = "^(json|csv)$")]
    pub format: Option<String>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(min_length = 1)]
    pub cursor: Option<String>,
    /// Rows on a page: 20 if absent, at most 300; not for CSV.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 300)]
    pub limit: Option<u32>,
}

/// Of `GET /v1/ledger/trial-balance`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct TrialBalanceQuery {
    /// By which instant: what was posted by then, and what of it is earned by then; now if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
    /// Only in this currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// `json` or `csv`; as the `Accept` header has it if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(pattern = "^(json|csv)$")]
    pub format: Option<String>,
}

/// Of `GET /v1/statements`: months that are closed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct StatementQuery {
    /// Only of this month, such as `2026-04`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month: Option<String>,
    /// Only in this state: `Uncleared` or `Cleared`. Months that are not closed are listed by
    /// account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(min_length = 1)]
    pub cursor: Option<String>,
    /// Rows on a page: 20 if absent, at most 300.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 300)]
    pub limit: Option<u32>,
}

/// Of `GET /v1/accounts/{account}/statements/{month}` and
/// `GET /v1/accounts/{account}/documents/{document}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ShownQuery {
    /// `json`, `html` or `pdf`; as the `Accept` header has it if absent. HTML and PDF are printed
    /// whole, with the owner's name and address on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(pattern = "^(json|html|pdf)$")]
    pub format: Option<String>,
    /// The `next` of the page of lines before; JSON only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(min_length = 1)]
    pub cursor: Option<String>,
    /// Lines on a page: 20 if absent, at most 300; JSON only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 300)]
    pub limit: Option<u32>,
}

/// Of `GET /v1/accounts/{account}/documents`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct DocumentQuery {
    /// Only for lines of this month, such as `2026-04`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month: Option<String>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(min_length = 1)]
    pub cursor: Option<String>,
    /// Rows on a page: 20 if absent, at most 300.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 300)]
    pub limit: Option<u32>,
}
