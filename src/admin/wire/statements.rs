//! Monthly statements, their lines, and the invoices and credit notes made of them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Money;

/// What lines come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BillTotals {
    /// Before tax, after discounts and coupons.
    pub net: Money,
    /// The tax.
    pub tax: Money,
    /// Both.
    pub total: Money,
    /// What was paid of it; of a month also what was paid later.
    pub paid: Money,
    /// What is left to be paid.
    pub outstanding: Money,
}

/// A month of an account: as it is summed up so far, or as it was closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "account": "acc_k3f9x2m7qd", "month": "2026-04", "state": "Cleared",
    "final_at": "2026-05-03T12:00:00Z", "closed_at": "2026-05-03T12:00:00Z", "line_count": 2,
    "totals": {
        "net": {"amount": "50.00", "currency": "EUR"}, "tax": {"amount": "9.50", "currency": "EUR"},
        "total": {"amount": "59.50", "currency": "EUR"},
        "paid": {"amount": "59.50", "currency": "EUR"},
        "outstanding": {"amount": "0.00", "currency": "EUR"}
    },
    "uninvoiced_line_count": 0,
    "uninvoiced_total": {"amount": "0.00", "currency": "EUR"}
}))]
pub struct Statement {
    /// Whose it is.
    pub account: String,
    /// The month.
    #[schema(example = "2026-04")]
    pub month: String,
    /// `Generating` while the month is not closed; then `Uncleared` or `Cleared`.
    #[schema(example = "Cleared")]
    pub state: String,
    /// When its month is closed.
    pub final_at: String,
    /// When it was closed: its lines and their total never move again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<String>,
    /// How many lines it has.
    pub line_count: u32,
    /// What they come to.
    pub totals: BillTotals,
    /// How many of them are on no invoice and no credit note yet.
    pub uninvoiced_line_count: u32,
    /// What those come to.
    pub uninvoiced_total: Money,
}

/// A statement with a page of its lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatementShown {
    /// The statement.
    #[serde(flatten)]
    pub statement: Statement,
    /// Its lines, by number.
    pub lines: Vec<BillLine>,
    /// The cursor of the next page of lines, for `?cursor=`; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A line of a bill: `list - discount - coupon` is `net`, and `net + tax_amount` is `total`. Money
/// back is below zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BillLine {
    /// Its number in its month, from 1.
    pub number: u32,
    /// `SubscriptionOrder`, `PayAsYouGoBill`, `Refund` or `Adjustment`.
    #[schema(example = "SubscriptionOrder")]
    pub item_type: String,
    /// When it was paid, given back, or settled.
    pub at: String,
    /// The order; absent for usage, as all that is about an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "ord_k3f9x2m7qd_2")]
    pub order: Option<String>,
    /// The order that it corrects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub related: Option<String>,
    /// `new`, `renew`, `upgrade`, `downgrade` or `refund`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_type: Option<String>,
    /// Which line of the order: `period`, `days`, `upgrade` or `refund`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// How many days, where it is `days`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u16>,
    /// The subscription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<String>,
    /// What was used, where that is paid after the fact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<BilledUsage>,
    /// The provider's own name for the subscription or the resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The product.
    pub product: String,
    /// The plan.
    pub plan: String,
    /// The region.
    pub region: String,
    /// Start of the time that it pays for; absent where nothing was delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<String>,
    /// End of that time, excluded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<String>,
    /// The list price, before tax.
    pub list: Money,
    /// What a promise or a price lock took off.
    pub discount: Money,
    /// What a coupon took off.
    pub coupon: Money,
    /// What is left before tax.
    pub net: Money,
    /// The tax by name and rate; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<BillTax>,
    /// How much tax.
    pub tax_amount: Money,
    /// With tax.
    pub total: Money,
    /// What was paid of it when it was booked.
    pub paid: Money,
}

/// What a resource used, as a line of a bill charges it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BilledUsage {
    /// The resource.
    #[schema(example = "res_k3f9x2m7qd_5")]
    pub resource: String,
    /// What was measured.
    #[schema(example = "traffic")]
    pub meter: String,
    /// What that is counted in.
    #[schema(example = "GB")]
    pub unit: String,
    /// How much of it; below zero where an adjustment takes some back.
    #[schema(example = "120.5")]
    pub quantity: String,
    /// The price of a unit, before tax.
    #[schema(example = "0.004")]
    pub price: String,
    /// The tier of the price, from 1: each is a line of its own.
    pub tier: u32,
}

/// A tax by name and rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BillTax {
    /// Its name on documents.
    #[schema(example = "VAT")]
    pub name: String,
    /// Per cent.
    #[schema(example = "19")]
    pub rate: String,
}

/// An invoice or a credit note: a fixed set of lines of one month. It is never edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "doc_k3f9x2m7qd_9", "account": "acc_k3f9x2m7qd", "kind": "invoice",
    "number": "INV-2026-000001", "month": "2026-04", "issued_at": "2026-05-04T09:00:00Z",
    "line_count": 2,
    "totals": {
        "net": {"amount": "50.00", "currency": "EUR"}, "tax": {"amount": "9.50", "currency": "EUR"},
        "total": {"amount": "59.50", "currency": "EUR"},
        "paid": {"amount": "59.50", "currency": "EUR"},
        "outstanding": {"amount": "0.00", "currency": "EUR"}
    }
}))]
pub struct Document {
    /// Its id.
    #[schema(example = "doc_k3f9x2m7qd_9")]
    pub id: String,
    /// Whose it is.
    pub account: String,
    /// `invoice` or `credit_note`.
    #[schema(example = "invoice")]
    pub kind: String,
    /// Its number in its series; null while the series has not answered: it comes by itself.
    #[serde(default)]
    #[schema(example = "INV-2026-000001")]
    pub number: Option<String>,
    /// The month of its lines.
    #[schema(example = "2026-04")]
    pub month: String,
    /// The invoice that a credit note corrects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub related: Option<String>,
    /// When it was issued.
    pub issued_at: String,
    /// How many lines it has.
    pub line_count: u32,
    /// What they come to; below zero on a credit note.
    pub totals: BillTotals,
}

/// A document with a page of its lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DocumentShown {
    /// The document.
    #[serde(flatten)]
    pub document: Document,
    /// Its lines, by their numbers in the month.
    pub lines: Vec<BillLine>,
    /// The cursor of the next page of lines, for `?cursor=`; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A document was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DocumentIs {
    /// As it stands.
    pub document: Document,
}
