//! The ledger over all accounts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{LedgerLine, Money};

/// A line of the ledger, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LedgerEntry {
    /// The account.
    pub account: String,
    /// The line.
    #[serde(flatten)]
    pub line: LedgerLine,
}

/// A trial balance. It sums to zero in every currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrialBalance {
    /// The instant that it shows.
    pub as_of: String,
    /// What stands on each account of the chart.
    pub lines: Vec<TrialBalanceLine>,
    /// The sums, by currency.
    pub totals: Vec<TrialBalanceTotal>,
}

/// What stands on an account of the chart, in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrialBalanceLine {
    /// The account of the chart.
    #[schema(example = "unearned:ecs")]
    pub ledger_account: String,
    /// Debits less credits, where that is above zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debit: Option<Money>,
    /// Credits less debits, where that is above zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<Money>,
}

/// The sums in one currency: debit and credit are alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrialBalanceTotal {
    /// All debits.
    pub debit: Money,
    /// All credits.
    pub credit: Money,
}
