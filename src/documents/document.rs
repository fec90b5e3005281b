//! What a document is made of: plain values, decided by the caller.

use crate::domain::calendar::{Timestamp, Zone};
use crate::domain::money::{Currency, Money};

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What happened on an account in a month.
    Statement,
    /// A demand, or a receipt, for what was sold.
    Invoice,
    /// What is taken back of an invoice.
    CreditNote,
}

/// The language of the words; names and descriptions are printed as they are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    En,
    /// German.
    De,
}

impl Language {
    /// The language for a tag such as `de` or `de-AT`; English for what has no words here.
    #[must_use]
    pub fn of(tag: &str) -> Self {
        let base = tag.split(['-', '_']).next().unwrap_or(tag);
        if base.eq_ignore_ascii_case("de") { Self::De } else { Self::En }
    }
}

/// How far a statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its month still runs: the figures may change.
    Generating,
    /// Complete, and something of it is unpaid.
    Uncleared,
    /// Complete and paid.
    Cleared,
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemType {
    /// A term that was bought or renewed.
    SubscriptionOrder,
    /// Use that was metered.
    PayAsYouGoBill,
    /// Money given back.
    Refund,
    /// A correction by hand.
    Adjustment,
}

/// A stretch of time. Printed as its first and its last day on the wall clock of the document's
/// zone: a month that ends at midnight ends, on paper, on its last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its first instant.
    pub from: Timestamp,
    /// Its end, excluded.
    pub to: Timestamp,
}

/// Who sells or buys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Party {
    /// The name, as registered.
    pub name: String,
    /// The address, a line each, the country last.
    pub address: Vec<String>,
    /// The number that tax authorities know it under, such as a VAT ID.
    pub tax_id: Option<String>,
    /// Ways to reach it, one a line: mail, telephone, web.
    pub contact: Vec<String>,
}

/// One item. Amounts are of the whole line, in the document's currency; those of a refund are
/// negative. `list - discount - coupon = net` and `net + tax = total`, or nothing is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When it was booked.
    pub at: Timestamp,
    /// What was sold, in the customer's words.
    pub description: String,
    /// Small print under the description, one fact an entry: subscription, external id, region.
    pub details: Vec<String>,
    /// The time that is paid by it.
    pub service: Option<Span>,
    /// The order that it came from.
    pub order: Option<String>,
    /// What it is about.
    pub item_type: ItemType,
    /// The price before anything is taken off, without tax.
    pub list: Money,
    /// What a discount takes off the list price: positive for a sale.
    pub discount: Money,
    /// What a coupon takes off: positive for a sale.
    pub coupon: Money,
    /// What is left, without tax.
    pub net: Money,
    /// The rate as it is printed: `19 %`, `exempt`, `reverse charge`. Lines of one text are of
    /// one rate.
    pub tax_rate: String,
    /// The tax on `net`.
    pub tax: Money,
    /// `net` with `tax`.
    pub total: Money,
}

/// The tax of all lines of one rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxTotal {
    /// The rate, exactly as the lines say it.
    pub rate: String,
    /// The sum of what it is raised on.
    pub net: Money,
    /// The sum of the tax.
    pub tax: Money,
}

/// The sums of the lines, in the document's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    /// All that discounts take off.
    pub discount: Money,
    /// All that coupons take off.
    pub coupon: Money,
    /// All without tax.
    pub net: Money,
    /// The tax, in the order in which it is printed; every rate of the lines once.
    pub taxes: Vec<TaxTotal>,
    /// All with tax.
    pub total: Money,
    /// What is paid of the total. Of a credit note: what is paid out, negative as its total is.
    pub paid: Money,
    /// `total - paid`.
    pub outstanding: Money,
}

/// A billing document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// What it is.
    pub kind: Kind,
    /// The language of its words.
    pub language: Language,
    /// The zone of all its days, named on it.
    pub zone: Zone,
    /// Its number; `None` while it is pending, which is printed.
    pub number: Option<String>,
    /// The number of the document that it is about: a credit note's invoice.
    pub related: Option<String>,
    /// When it was issued. Also the date in the file, so that the bytes are the same every time.
    pub issued_at: Timestamp,
    /// The time that it covers.
    pub period: Option<Span>,
    /// How far it is; statements only.
    pub state: Option<State>,
    /// Who sells.
    pub seller: Party,
    /// Who buys.
    pub buyer: Party,
    /// The account of the buyer.
    pub account: String,
    /// The currency of every amount on it.
    pub currency: Currency,
    /// The items, in the order in which they are printed.
    pub lines: Vec<Line>,
    /// Their sums.
    pub totals: Totals,
    /// Paragraphs under the sums: terms of payment, grounds of an exemption.
    pub notes: Vec<String>,
}
