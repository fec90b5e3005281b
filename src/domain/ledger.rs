//! The ledger: every event that moves money, as balanced double entries (debits above zero,
//! credits below).

use std::collections::BTreeMap;
use std::fmt;

use super::event::Event;
use super::money::{Currency, Money};
use super::nouns::order::Parts;
use super::nouns::withdrawal::PaidOut;
use super::nouns::{order, usage, wallet, withdrawal};

/// An account of the chart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Account {
    /// Cash that customers paid ahead: owed to them.
    CustomerCash,
    /// Money on its way in or out, by method.
    Clearing(String),
    /// Revenue that is paid and not yet earned, by product. What is earned by an instant is a
    /// reading of the coverages (D43).
    Unearned(String),
    /// Revenue that is earned, by product: stands in trial balances, where the reading moves it
    /// from what is unearned.
    Earned(String),
    /// What coupons paid, by product: contra-revenue (D43).
    Promotions(String),
    /// What was given back although it had been earned, by product: contra-revenue.
    Refunds(String),
    /// Tax that was collected and is owed to the state.
    Tax,
    /// Balances that imported accounts brought along.
    OpeningBalances,
    /// Cash that left a wallet and is to be paid out to its owner.
    Withdrawals,
    /// Cash on its way from one account to another.
    InTransit,
    /// Cash that customers gave up when they closed their accounts (R8.3).
    Forfeited,
    /// What customers owe: credit that was drawn, and usage that no money covered.
    Receivable,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CustomerCash => f.write_str("customer_cash"),
            Self::Clearing(method) => write!(f, "clearing:{method}"),
            Self::Unearned(product) => write!(f, "unearned:{product}"),
            Self::Earned(product) => write!(f, "earned:{product}"),
            Self::Promotions(product) => write!(f, "promotions:{product}"),
            Self::Refunds(product) => write!(f, "refunds:{product}"),
            Self::Tax => f.write_str("tax"),
            Self::OpeningBalances => f.write_str("opening_balances"),
            Self::Withdrawals => f.write_str("withdrawals"),
            Self::InTransit => f.write_str("in_transit"),
            Self::Forfeited => f.write_str("forfeited"),
            Self::Receivable => f.write_str("receivable"),
        }
    }
}

/// One line of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// Which account.
    pub account: Account,
    /// Debit above zero, credit below.
    pub amount: Money,
}

/// The ledger lines of an event; they sum to zero. Nothing for events that move no money.
#[must_use]
pub fn postings(event: &Event) -> Vec<Posting> {
    match event {
        Event::Wallet(wallet::Event::ToppedUp { amount, method, .. }) => {
            pair(Account::Clearing(method.clone()), Account::CustomerCash, *amount)
        }
        Event::Wallet(wallet::Event::BroughtIn { amount }) => {
            pair(Account::OpeningBalances, Account::CustomerCash, *amount)
        }
        Event::Wallet(wallet::Event::Lent { amount, .. }) => {
            pair(Account::Receivable, Account::CustomerCash, *amount)
        }
        Event::Wallet(wallet::Event::Repaid { parts, .. }) => parts
            .iter()
            .flat_map(|part| pair(Account::CustomerCash, Account::Receivable, part.amount))
            .collect(),
        Event::Wallet(wallet::Event::Sent { amount, .. }) => {
            pair(Account::CustomerCash, Account::InTransit, *amount)
        }
        Event::Wallet(
            wallet::Event::Received { amount, .. } | wallet::Event::Returned { amount, .. },
        ) => pair(Account::InTransit, Account::CustomerCash, *amount),
        Event::Wallet(wallet::Event::Forfeited { amount, .. }) => {
            pair(Account::CustomerCash, Account::Forfeited, *amount)
        }
        Event::Withdrawal(withdrawal::Event::Requested(withdrawal)) => {
            pair(Account::CustomerCash, Account::Withdrawals, withdrawal.amount)
        }
        Event::Withdrawal(withdrawal::Event::Paid { paid, .. }) => {
            let out = |paid: &PaidOut| {
                pair(Account::Withdrawals, Account::Clearing(paid.method.clone()), paid.amount)
            };
            paid.iter().flat_map(out).collect()
        }
        Event::Withdrawal(withdrawal::Event::Failed { amount, .. }) => {
            pair(Account::Withdrawals, Account::CustomerCash, *amount)
        }
        Event::Withdrawal(withdrawal::Event::PaidAfterAll { paid, .. }) => {
            let out = |paid: &PaidOut| {
                pair(Account::CustomerCash, Account::Clearing(paid.method.clone()), paid.amount)
            };
            paid.iter().flat_map(out).collect()
        }
        Event::Withdrawal(withdrawal::Event::FailedAfterAll { paid, .. }) => {
            let back = |paid: &PaidOut| {
                pair(Account::Clearing(paid.method.clone()), Account::CustomerCash, paid.amount)
            };
            paid.iter().flat_map(back).collect()
        }
        Event::Usage(usage::Event::Settled(settlement)) => settled(settlement),
        Event::Order(order::Event::Paid { product, cash, coupon, tax, .. }) => {
            bought(product, &Parts { cash: *cash, coupon: *coupon, tax: *tax })
        }
        Event::Order(order::Event::Processing { product, parts, .. }) => bought(product, parts),
        Event::Order(order::Event::Failed { product, parts, .. }) => {
            negated(bought(product, parts))
        }
        Event::Order(order::Event::Refunded { product, parts, earned, .. }) => {
            let mut postings = negated(bought(product, parts));
            // What was earned already is not taken from what is unearned.
            if let Some(earned) = earned {
                let (refunds, unearned) =
                    (Account::Refunds(product.clone()), Account::Unearned(product.clone()));
                postings.extend(pair(refunds, unearned, *earned));
            }
            postings
        }
        Event::Order(
            order::Event::Opened(_)
            | order::Event::Repriced { .. }
            | order::Event::Warned { .. }
            | order::Event::Provisioned { .. }
            | order::Event::Cancelled { .. }
            | order::Event::ReportedLate { .. },
        )
        | Event::Wallet(
            wallet::Event::LimitSet { .. }
            | wallet::Event::FellDue { .. }
            | wallet::Event::DepositHeld { .. }
            | wallet::Event::DepositReleased { .. }
            | wallet::Event::Arrived { .. }
            | wallet::Event::Declined { .. },
        )
        | Event::Usage(
            usage::Event::Recorded { .. }
            | usage::Event::PackageFilled(_)
            | usage::Event::PackageDropped { .. },
        )
        | Event::Withdrawal(withdrawal::Event::ReportedAgain { .. })
        | Event::Account(_)
        | Event::Resource(_)
        | Event::Standing(_)
        | Event::Subscription(_)
        | Event::Coupon(_)
        | Event::Closure(_)
        | Event::Statement(_)
        | Event::Notice(_)
        | Event::House(_)
        | Event::Campaign(_)
        | Event::Series(_) => Vec::new(),
    }
}

/// Do lines sum to zero in each of their currencies? Those of a record must, and no currency makes
/// up for another.
#[must_use]
pub fn is_balanced(postings: &[Posting]) -> bool {
    let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
    for Posting { amount, .. } in postings {
        *sums.entry(amount.currency()).or_default() += i128::from(amount.minor());
    }
    sums.values().all(|sum| *sum == 0)
}

/// What was paid for a product: cash and coupon against unearned revenue and tax.
fn bought(product: &str, parts: &Parts) -> Vec<Posting> {
    let zero = Money::zero(parts.cash.currency());
    let lines = [
        (Account::CustomerCash, parts.cash),
        (Account::Promotions(product.to_owned()), parts.coupon.unwrap_or(zero)),
        (Account::Unearned(product.to_owned()), parts.revenue().negated()),
        (Account::Tax, parts.tax.unwrap_or(zero).negated()),
    ];
    let moved = lines.into_iter().filter(|(_, amount)| !amount.is_zero());
    moved.map(|(account, amount)| Posting { account, amount }).collect()
}

/// What usage cost: cash, debt and coupons against revenue, which is earned at once, and tax.
fn settled(settlement: &usage::Settlement) -> Vec<Posting> {
    let zero = Money::zero(settlement.cash.currency());
    let mut products: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    let mut tax = 0;
    for line in &settlement.lines {
        let (coupon, revenue) = products.entry(&line.product).or_default();
        *coupon += line.coupon.minor();
        *revenue += line.list.minor();
        tax += line.tax.minor();
    }
    let amount = |minor| Money::from_minor(minor, zero.currency());
    let mut lines = vec![
        (Account::CustomerCash, settlement.cash),
        (Account::Receivable, settlement.owed),
        (Account::Tax, amount(-tax)),
    ];
    for (product, (coupon, revenue)) in products {
        lines.push((Account::Promotions(product.to_owned()), amount(coupon)));
        lines.push((Account::Earned(product.to_owned()), amount(-revenue)));
    }
    let moved = lines.into_iter().filter(|(_, amount)| !amount.is_zero());
    moved.map(|(account, amount)| Posting { account, amount }).collect()
}

fn negated(postings: Vec<Posting>) -> Vec<Posting> {
    let turned = |posting: Posting| Posting { amount: posting.amount.negated(), ..posting };
    postings.into_iter().map(turned).collect()
}

fn pair(debit: Account, credit: Account, amount: Money) -> Vec<Posting> {
    if amount.is_zero() {
        return Vec::new();
    }
    vec![Posting { account: debit, amount }, Posting { account: credit, amount: amount.negated() }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_currency_makes_up_for_another() {
        let tax = |minor: i64, currency: &str| Posting {
            account: Account::Tax,
            amount: Money::from_minor(minor, currency.parse().expect("a currency")),
        };
        assert!(is_balanced(&[]));
        assert!(is_balanced(&[tax(1, "USD"), tax(7, "EUR"), tax(-1, "USD"), tax(-7, "EUR")]));
        assert!(!is_balanced(&[tax(1, "USD"), tax(-1, "EUR")]));
        assert!(!is_balanced(&[tax(1, "USD")]));
        assert!(!is_balanced(&[tax(i64::MAX, "USD"), tax(i64::MAX, "USD"), tax(2, "USD")]));
    }
}
