//! The trial balance: what stands on every account of the chart by an instant, with what is earned
//! by then moved from what is unearned. It sums to zero in every currency, or there is none.

use std::collections::BTreeMap;

use super::calendar::Timestamp;
use super::ledger::Account;
use super::money::{Currency, Money};
use super::nouns::coverage;
use super::rows::CoverageRow;

/// What stands on an account of the chart, in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// The account, as [`Account`] writes it.
    pub account: String,
    /// Debits less credits.
    pub amount: Money,
}

/// What is earned by an instant (D43), gathered coverage by coverage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earned {
    as_of: Timestamp,
    minor: BTreeMap<(Currency, String), i128>,
}

impl Earned {
    /// Nothing yet, by `as_of`.
    #[must_use]
    pub const fn by(as_of: Timestamp) -> Self {
        Self { as_of, minor: BTreeMap::new() }
    }

    /// Adds what is earned along a coverage.
    pub fn add(&mut self, row: &CoverageRow) {
        let earned = coverage::earned(row.revenue, row.starts_at, row.ends_at, self.as_of);
        if !earned.is_zero() {
            let key = (earned.currency(), row.product.clone());
            *self.minor.entry(key).or_default() += i128::from(earned.minor());
        }
    }
}

/// Why there is no trial balance.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unbalanced {
    /// Debits and credits differ.
    #[error("the ledger does not sum to zero in {currency}: {minor} minor units are too many")]
    Sum {
        /// In which currency.
        currency: Currency,
        /// Debits less credits.
        minor: i128,
    },
    /// More than an amount can say.
    #[error("{account} holds more {currency} than an amount can say")]
    TooLarge {
        /// Where.
        account: String,
        /// In which currency.
        currency: Currency,
    },
}

/// A trial balance. There is no way to make one that does not sum to zero in every currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrialBalance {
    as_of: Timestamp,
    balances: Vec<Balance>,
}

impl TrialBalance {
    /// The trial balance of `balances`, which are the sums of all ledger lines posted by the
    /// instant by which `earned` was gathered.
    pub fn new(balances: &[Balance], earned: &Earned) -> Result<Self, Unbalanced> {
        let mut sums: BTreeMap<(Currency, String), i128> = BTreeMap::new();
        let mut totals: BTreeMap<Currency, i128> = BTreeMap::new();
        for Balance { account, amount } in balances {
            let (currency, minor) = (amount.currency(), i128::from(amount.minor()));
            *sums.entry((currency, account.clone())).or_default() += minor;
            *totals.entry(currency).or_default() += minor;
        }
        if let Some((currency, minor)) = totals.into_iter().find(|(_, minor)| *minor != 0) {
            return Err(Unbalanced::Sum { currency, minor });
        }
        for ((currency, product), minor) in &earned.minor {
            let unearned = Account::Unearned(product.clone()).to_string();
            let earned = Account::Earned(product.clone()).to_string();
            *sums.entry((*currency, unearned)).or_default() += minor;
            *sums.entry((*currency, earned)).or_default() -= minor;
        }
        let balances =
            sums.into_iter().map(|((currency, account), minor)| match i64::try_from(minor) {
                Ok(minor) => Ok(Balance { account, amount: Money::from_minor(minor, currency) }),
                Err(_) => Err(Unbalanced::TooLarge { account, currency }),
            });
        Ok(Self { as_of: earned.as_of, balances: balances.collect::<Result<_, _>>()? })
    }

    /// The instant that it shows.
    #[must_use]
    pub const fn as_of(&self) -> Timestamp {
        self.as_of
    }

    /// Its lines, by currency and account: debits above zero, credits below; one that came to zero
    /// is shown too.
    #[must_use]
    pub fn balances(&self) -> &[Balance] {
        &self.balances
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{AccountId, OrderId};

    fn usd(minor: i64) -> Money {
        Money::from_minor(minor, "USD".parse().expect("a currency"))
    }

    fn balance(account: &str, minor: i64) -> Balance {
        Balance { account: account.to_owned(), amount: usd(minor) }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn ten_seconds(minor: i64) -> CoverageRow {
        CoverageRow {
            order: OrderId::new(AccountId::from_bits(1), 1),
            product: "vm".to_owned(),
            starts_at: at(0),
            ends_at: at(10),
            revenue: usd(minor),
        }
    }

    #[test]
    fn what_is_earned_leaves_what_is_unearned() {
        let balances = [balance("customer_cash", 1_000), balance("unearned:vm", -1_000)];
        let mut earned = Earned::by(at(3));
        earned.add(&ten_seconds(99));
        earned.add(&ten_seconds(99));
        let shown = TrialBalance::new(&balances, &earned).expect("a trial balance");
        assert_eq!(shown.as_of(), at(3));
        assert_eq!(
            shown.balances(),
            [
                balance("customer_cash", 1_000),
                balance("earned:vm", -58),
                balance("unearned:vm", -942),
            ]
        );
    }

    #[test]
    fn there_is_none_unless_it_sums_to_zero() {
        let usd = usd(0).currency();
        let none = Earned::by(at(0));
        let crooked = [balance("tax", 5), balance("customer_cash", -4)];
        let refused = Unbalanced::Sum { currency: usd, minor: 1 };
        assert_eq!(TrialBalance::new(&crooked, &none), Err(refused));
        let huge = [balance("tax", i64::MAX), balance("tax", 1), balance("tax", i64::MIN)];
        assert_eq!(TrialBalance::new(&huge, &none).map(|it| it.balances().len()), Ok(1));
        let huge = [balance("a", i64::MAX), balance("a", 1), balance("b", i64::MIN)];
        let refused = Unbalanced::TooLarge { account: "a".to_owned(), currency: usd };
        assert_eq!(TrialBalance::new(&huge, &none), Err(refused));
    }
}
