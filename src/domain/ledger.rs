//! The ledger: every event that moves money, as balanced double entries (debits above zero,
//! credits below).

use std::fmt;

use super::event::Event;
use super::money::Money;
use super::nouns::{order, wallet};

/// An account of the chart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Account {
    /// Cash that customers paid ahead: owed to them.
    CustomerCash,
    /// Money on its way in, by method.
    Clearing(String),
    /// Revenue that is paid and not yet earned, by product.
    Unearned(String),
    /// Balances that imported accounts brought along.
    OpeningBalances,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CustomerCash => f.write_str("customer_cash"),
            Self::Clearing(method) => write!(f, "clearing:{method}"),
            Self::Unearned(product) => write!(f, "unearned:{product}"),
            Self::OpeningBalances => f.write_str("opening_balances"),
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
        Event::Order(order::Event::Paid { product, cash, .. }) => {
            pair(Account::CustomerCash, Account::Unearned(product.clone()), *cash)
        }
        Event::Order(order::Event::Opened(_) | order::Event::Cancelled { .. })
        | Event::Account(_)
        | Event::Subscription(_)
        | Event::Notice(_)
        | Event::House(_) => Vec::new(),
    }
}

fn pair(debit: Account, credit: Account, amount: Money) -> Vec<Posting> {
    if amount.is_zero() {
        return Vec::new();
    }
    vec![Posting { account: debit, amount }, Posting { account: credit, amount: amount.negated() }]
}
