//! Walks through large tables in short reads: where they step, and what they sum up.

use std::collections::BTreeMap;

use super::rows::Columns;
use super::{StoreError, UsagePlace, codec};
use crate::domain::money::Currency;
use crate::domain::month::Month;
use crate::domain::nouns::house::MonthSum;
use crate::domain::trial_balance::Balance;

/// Rows that are summed at once, about: enough for few steps, few enough to be sorted in memory.
pub(super) const SUMMED: u32 = 20_000;
/// Behind every stream: their ids begin with letters.
pub(super) const END: &str = "~";

/// The place of a report of usage as it is compared; `none` is the stream before, or behind, all
/// of them.
pub(super) fn usage_place(place: Option<UsagePlace>, none: &str) -> (String, Vec<u8>) {
    match place {
        Some((account, key)) => (account.to_string(), key.0.to_vec()),
        None => (none.to_owned(), Vec::new()),
    }
}

/// What the lines of a ledger come to, by currency and account of the chart.
#[derive(Default)]
pub(super) struct LedgerSums(BTreeMap<(Currency, String), i128>);

impl LedgerSums {
    /// Adds the sum of some lines: `account`, `currency`, minor units.
    pub(super) fn add<'r>(&mut self, columns: &mut impl Columns<'r>) -> Result<(), StoreError> {
        let account = columns.string()?;
        let currency = codec::parsed(columns.str()?)?;
        *self.0.entry((currency, account)).or_default() += i128::from(columns.int()?);
        Ok(())
    }

    pub(super) fn balances(self) -> Result<Vec<Balance>, StoreError> {
        let balances = self.0.into_iter().map(|((currency, account), minor)| {
            codec::sum(minor, currency, &account).map(|amount| Balance { account, amount })
        });
        balances.collect()
    }
}

/// What the bill lines of a month come to, by currency.
#[derive(Default)]
pub(super) struct MonthSums(BTreeMap<Currency, Lines>);

#[derive(Default)]
struct Lines {
    line_count: u64,
    account_count: u64,
    net: i128,
    tax: i128,
    total: i128,
}

impl MonthSums {
    /// Adds the sum of all lines of some accounts: `currency`, how many lines and accounts, and
    /// the minor units of net, tax and total.
    pub(super) fn add<'r>(&mut self, columns: &mut impl Columns<'r>) -> Result<(), StoreError> {
        let lines = self.0.entry(codec::parsed(columns.str()?)?).or_default();
        lines.line_count += columns.natural::<u64>()?;
        lines.account_count += columns.natural::<u64>()?;
        lines.net += i128::from(columns.int()?);
        lines.tax += i128::from(columns.int()?);
        lines.total += i128::from(columns.int()?);
        Ok(())
    }

    pub(super) fn of(self, month: Month) -> Result<Vec<MonthSum>, StoreError> {
        let month = month.to_string();
        let sums = self.0.into_iter().map(|(currency, lines)| {
            let money = |minor| codec::sum(minor, currency, &month);
            Ok(MonthSum {
                line_count: lines.line_count,
                account_count: lines.account_count,
                net: money(lines.net)?,
                tax: money(lines.tax)?,
                total: money(lines.total)?,
            })
        });
        sums.collect()
    }
}
