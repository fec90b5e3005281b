//! The lines of a bill and what they come to.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::domain::calendar::Timestamp;
use crate::domain::ids::{OrderId, ResourceId, SubscriptionId};
use crate::domain::money::{Currency, Money};
use crate::domain::month::Month;
use crate::domain::nouns::order;
use crate::domain::price::Item;

/// What a bill line is (R10.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemType {
    /// An order of a subscription: new, renewed or changed.
    SubscriptionOrder,
    /// Usage that is paid after the fact.
    PayAsYouGoBill,
    /// Money back.
    Refund,
    /// A correction of another month.
    Adjustment,
}

impl ItemType {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::SubscriptionOrder, Self::PayAsYouGoBill, Self::Refund, Self::Adjustment];

    /// The rulebook's name for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SubscriptionOrder => "SubscriptionOrder",
            Self::PayAsYouGoBill => "PayAsYouGoBill",
            Self::Refund => "Refund",
            Self::Adjustment => "Adjustment",
        }
    }
}

/// What a bill line is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Charged {
    /// An order, paid ahead.
    Order {
        /// The order.
        order: OrderId,
        /// The order that it corrects, where it gives money back.
        related: Option<OrderId>,
        /// What the order was for.
        order_type: order::Kind,
        /// The line of the order.
        item: Item,
        /// The subscription.
        subscription: SubscriptionId,
    },
    /// What a resource used, paid after the fact: one line for each tier (R10.4).
    Usage {
        /// The resource.
        resource: ResourceId,
        /// What was measured.
        meter: String,
        /// What that is counted in.
        unit: String,
        /// How much of it; below zero where an adjustment takes some back (D44).
        quantity: Decimal,
        /// The price of a unit, before tax.
        price: Decimal,
        /// The tier of the price, from 1.
        tier: u32,
    },
}

/// A line of a bill (R10.2, R10.3). Money back is below zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillLine {
    /// The month that it is billed in.
    pub month: Month,
    /// Its number there, from 1.
    pub number: u32,
    /// What it is.
    pub item_type: ItemType,
    /// When it was paid, given back, or settled.
    pub at: Timestamp,
    /// What it is for.
    pub charged: Charged,
    /// The provider's own name for the subscription or the resource.
    pub external_id: Option<String>,
    /// The product.
    pub product: String,
    /// The plan.
    pub plan: String,
    /// The region.
    pub region: String,
    /// Start of the time that it pays for; none where nothing was delivered.
    pub starts_at: Option<Timestamp>,
    /// End of that time, excluded.
    pub ends_at: Option<Timestamp>,
    /// The list price, before tax.
    pub list: Money,
    /// What a promise took off it.
    pub discount: Money,
    /// What a coupon took off it.
    pub coupon: Money,
    /// What is left before tax: `list - discount - coupon`.
    pub net: Money,
    /// The name of the tax, and per cent; none where there is none.
    pub tax: Option<(String, Decimal)>,
    /// The tax.
    pub tax_amount: Money,
    /// `net + tax`.
    pub total: Money,
    /// What was paid of it when it was booked. All of an order's line; of usage perhaps a part, and
    /// the rest is owed (D36).
    pub paid: Money,
}

impl BillLine {
    /// The order that it corrects, where it gives money back.
    #[must_use]
    pub const fn related(&self) -> Option<OrderId> {
        match self.charged {
            Charged::Order { related, .. } => related,
            Charged::Usage { .. } => None,
        }
    }
}

/// Lines summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Before tax, after coupons.
    pub net: Money,
    /// The tax.
    pub tax: Money,
    /// Both.
    pub total: Money,
    /// What was paid of it when it was booked.
    pub paid: Money,
}

impl Totals {
    /// Of no lines.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        let zero = Money::zero(currency);
        Self { net: zero, tax: zero, total: zero, paid: zero }
    }

    /// With a line added.
    pub fn add(&mut self, line: &BillLine) {
        *self = Self {
            net: plus(self.net, line.net),
            tax: plus(self.tax, line.tax_amount),
            total: plus(self.total, line.total),
            paid: plus(self.paid, line.paid),
        };
    }

    /// What is left to be paid.
    #[must_use]
    pub fn outstanding(&self) -> Money {
        Money::from_minor(self.total.minor() - self.paid.minor(), self.total.currency())
    }
}

/// Numbers of lines, as runs of consecutive ones: `(first, last)`.
pub type Runs = Vec<(u32, u32)>;

/// Adds the next number to runs.
pub fn add_to_runs(runs: &mut Runs, number: u32) {
    match runs.last_mut() {
        Some((_, last)) if *last + 1 == number => *last = number,
        Some(_) | None => runs.push((number, number)),
    }
}

/// Is `number` in one of the runs?
#[must_use]
pub fn has(runs: &Runs, number: u32) -> bool {
    runs.iter().any(|(first, last)| (*first..=*last).contains(&number))
}

/// The sum of two amounts of one bill.
pub(super) fn plus(a: Money, b: Money) -> Money {
    a.checked_add(b).unwrap_or_else(|| panic!("broken journal: {b} on a bill in {a}"))
}
