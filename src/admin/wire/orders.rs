//! Orders as they are shown, with their price in parts, and what became of a request.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Money, Problem, Subscription};

/// An order. Its price in parts: `list - discount - coupon + tax` is `payable`; where list prices
/// include the tax, `list` is without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Order {
    /// Its id.
    #[schema(example = "ord_k3f9x2m7qd_2")]
    pub id: String,
    /// The account it belongs to.
    pub account: String,
    /// `new`, `renew`, `upgrade`, `downgrade` or `refund`.
    pub kind: String,
    /// The subscription that it starts, renews or changes.
    pub subscription: String,
    /// The product.
    pub product: String,
    /// Its plan.
    pub plan: String,
    /// The plan that it replaces, where it changes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_plan: Option<String>,
    /// The length ordered; of a change, the length of the period that it falls in.
    pub period: String,
    /// The number of the period in its subscription, from 1.
    pub period_no: u32,
    /// Start of the period; of a new subscription, once it is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<String>,
    /// End of the period, excluded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<String>,
    /// The day that the expiry is aligned to, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aligned_to: Option<String>,
    /// When a change ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The list price when the order was made, before tax.
    pub list: Money,
    /// What a promise or a price lock takes off, before tax; absent where nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<Money>,
    /// The coupon on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<AppliedCoupon>,
    /// The tax on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<Tax>,
    /// Its lines; their parts sum to the order's.
    #[serde(default)]
    pub lines: Vec<OrderLine>,
    /// What is to be paid.
    pub payable: Money,
    /// What is given back, by a downgrade or a refund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<Money>,
    /// The order that a refund gives money back for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_of: Option<String>,
    /// The version of the rules that it was priced by.
    pub rules_version: u32,
    /// Was it made by auto-renewal?
    pub automatic: bool,
    /// When it was made.
    pub created_at: String,
    /// From when it can no longer be paid.
    pub deadline: String,
    /// `Unpaid`, `Processing`, `Paid`, `Cancelled`, `Failed` or `Refunded`.
    pub state: String,
    /// When it was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<String>,
    /// Until when it must be delivered, or it is given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver_until: Option<String>,
    /// When it was done, cancelled, failed or refunded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<String>,
    /// Why it was cancelled: `requested`, `timed_out` or `released`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_for: Option<String>,
    /// Why it failed: `reported` or `timed_out`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_for: Option<String>,
    /// What the provider's system said to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_reason: Option<String>,
}

/// The coupon on an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AppliedCoupon {
    /// Which.
    #[schema(example = "cpn_k3f9x2m7qd_7")]
    pub id: String,
    /// What it takes off, before tax.
    pub amount: Money,
}

/// The tax on an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tax {
    /// Its name on documents.
    #[schema(example = "VAT")]
    pub name: String,
    /// Per cent, as a decimal number.
    #[schema(example = "19")]
    pub rate: String,
    /// Do list prices include it?
    pub inclusive: bool,
    /// How much.
    pub amount: Money,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderLine {
    /// `period`, `days`, `upgrade` or `refund`.
    pub item: String,
    /// How many days, where it is for days beyond whole months.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u16>,
    /// The list price, before tax.
    pub list: Money,
    /// What a promise or a price lock takes off.
    pub discount: Money,
    /// The coupon's share.
    pub coupon: Money,
    /// The tax.
    pub tax: Money,
    /// What is to be paid for it.
    pub payable: Money,
}

/// An order was made, paid, changed or closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ordered {
    /// As it stands.
    pub order: Order,
    /// Its subscription as it stands.
    pub subscription: Subscription,
    /// The cash afterwards.
    pub cash: Money,
}

/// What became of a request to order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Placed {
    /// An order was made; it is paid if `pay_now` was asked or nothing is to be paid.
    Ordered {
        /// The order as it stands.
        order: Box<Order>,
        /// The subscription as it stands.
        subscription: Box<Subscription>,
        /// The cash afterwards.
        cash: Money,
        /// Of a dry run: when the next version of the rules takes effect, so that the price may
        /// be another; absent if none is planned. The order itself keeps its price.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_until: Option<String>,
    },
    /// The expiry was no longer the one that was expected: nothing was done.
    AlreadyRenewed {
        /// The order that moved it; absent if it was imported so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_order: Option<String>,
        /// Where it is now.
        expires_at: String,
    },
}

/// What became of a report on a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Reported {
    /// It changed the order.
    Settled {
        /// The order as it stands.
        order: Box<Order>,
        /// The subscription as it stands.
        subscription: Box<Subscription>,
        /// The cash afterwards.
        cash: Money,
    },
    /// The order was closed before: the report is recorded, and nothing changed.
    Late {
        /// Which order.
        order: String,
    },
}

/// What became of a payment of several orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaidTogether {
    /// Those that were paid, as they stand.
    pub paid: Vec<Order>,
    /// Those that were not, because they had changed meanwhile.
    pub skipped: Vec<SkippedOrder>,
    /// The cash afterwards.
    pub cash: Money,
}

/// An order that was not paid with the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SkippedOrder {
    /// Which.
    pub order: String,
    /// Why not: the code of the problem that paying it alone would have met.
    #[schema(example = "OrderClosed")]
    pub code: String,
}

/// What became of a batch of renewals: one answer an item, in the order given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RenewedMany {
    /// Nothing was written: the request only asked what would happen, to each item as if it were
    /// the only one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// How many became orders.
    pub done_count: u32,
    /// How many were refused.
    pub refused_count: u32,
    /// The answers.
    pub items: Vec<RenewedItem>,
}

/// What became of one item of a batch: `result` or `problem`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RenewedItem {
    /// The subscription.
    pub subscription: String,
    /// The record that tells it; absent with a problem.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// Was it answered before, under the same token?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replayed: bool,
    /// What it came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Placed>,
    /// Why nothing was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// A subscription was released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Released {
    /// As it stands.
    pub subscription: Subscription,
}
