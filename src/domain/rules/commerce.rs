//! What concerns money: coupons, refunds, changes, the unified day, bills, tax.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::units::WallTime;
use crate::domain::account::Kind;
use crate::domain::calendar::Zone;
use crate::domain::price::Rate;

/// How coupons are chosen and spoken of (R5.7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Coupons {
    /// By what the coupon of an order is picked, the first that tells two apart deciding.
    pub pick: Vec<Pick>,
    /// Days before its expiry at which the owner of a coupon is reminded of it; none is off.
    pub expiry_notice_days: Option<u16>,
}

impl Default for Coupons {
    fn default() -> Self {
        Self {
            pick: vec![Pick::Expiry, Pick::DeductibleDesc, Pick::BalanceAsc, Pick::Id],
            expiry_notice_days: Some(3),
        }
    }
}

/// What tells two usable coupons apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    /// The earlier expiry first.
    Expiry,
    /// What takes more off this order first.
    DeductibleDesc,
    /// The smaller balance first.
    BalanceAsc,
    /// The larger balance first (D11).
    BalanceDesc,
    /// The earlier grant first (D11).
    Granted,
    /// The smaller id first; what is left undecided is decided by this.
    Id,
}

/// What is given back, and when (R10.9, D43).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Refunds {
    /// Days after a purchase within which it is given back in full; 0 is off.
    pub full_refund_days: u16,
    /// Calendar months that must pass between two full refunds of one product in an account.
    pub full_refund_every_months: u16,
    /// Must the caller assert that it was not used?
    pub full_requires_unused: bool,
}

impl Default for Refunds {
    fn default() -> Self {
        Self { full_refund_days: 5, full_refund_every_months: 12, full_requires_unused: true }
    }
}

/// Cheaper plans (R1.20, R10.15).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Downgrades {
    /// How often a subscription may be downgraded within its paid time.
    pub max_realtime: u32,
    /// Days before expiry from which a renewal may be with a cheaper plan.
    pub renewal_window_days: u16,
}

impl Default for Downgrades {
    fn default() -> Self {
        Self { max_realtime: 3, renewal_window_days: 15 }
    }
}

/// The day of the month that renewals can be aligned to (R1.22, R1.23).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Unified {
    /// The day of accounts that chose none, 1 to 28.
    pub default_day: u8,
    /// Days after the old expiry that the new one lies at the least (D8).
    pub min_gap_days: u16,
    /// Days that the price of a month stands for where single days are priced (R1.24).
    pub month_days: u16,
}

impl Default for Unified {
    fn default() -> Self {
        Self { default_day: 1, min_gap_days: 30, month_days: 30 }
    }
}

/// Statements and invoices (R10.5, R10.6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bill {
    /// The zone that months are counted in (D3).
    pub zone: Zone,
    /// The day of the next month on which a month is closed (R10.5).
    pub final_day: u8,
    /// The time of that day.
    pub final_at: WallTime,
    /// Months back, from the one that is closed, for whose lines an invoice can still be asked
    /// for; what lies further back is forgotten by the account.
    pub invoice_within_months: u16,
    /// How invoices are numbered: `{year}` and `{number}` are filled in.
    pub invoice_number: String,
    /// How credit notes are numbered.
    pub credit_note_number: String,
}

impl Default for Bill {
    fn default() -> Self {
        Self {
            zone: Zone::UTC,
            final_day: 3,
            final_at: WallTime(chrono::NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default()),
            invoice_within_months: 12,
            invoice_number: "INV-{year}-{number}".to_owned(),
            credit_note_number: "CN-{year}-{number}".to_owned(),
        }
    }
}

/// One rate of the table of taxes: the first that fits an account is charged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxRate {
    /// The country of residence, two letters.
    pub country: String,
    /// Only for accounts of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Its name on documents: `VAT`.
    pub name: String,
    /// Per cent, from 0; 0 is named on documents, an absent rate is not.
    pub rate: Decimal,
    /// Do list prices include it?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inclusive: bool,
}

impl TaxRate {
    /// Is it charged to an account of this kind and country?
    #[must_use]
    pub fn fits(&self, kind: Kind, country: Option<&str>) -> bool {
        country == Some(self.country.as_str()) && self.kind.is_none_or(|only| only == kind)
    }

    /// The rate for a price.
    #[must_use]
    pub fn rate(&self) -> Rate<'_> {
        Rate { name: &self.name, percent: self.rate, inclusive: self.inclusive }
    }
}
