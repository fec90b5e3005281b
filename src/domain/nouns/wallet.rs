//! The wallet: prepaid cash in the account's settlement currency.

use serde::{Deserialize, Serialize};

use crate::domain::event::SealedRef;
use crate::domain::money::Money;

/// The wallet as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wallet {
    /// Cash that was received and not yet spent.
    pub cash: Money,
}

/// What happened to the wallet. Cash drawn for an order is told by the order's payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Cash was received.
    ToppedUp {
        /// How much.
        amount: Money,
        /// By which method: `bank_transfer`, `card`, …
        method: String,
        /// Through which channel: `operator`, `console`, `api`, …
        channel: String,
        /// The payer's reference, sealed beside the journal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<SealedRef>,
    },
    /// The balance that an imported account brought along.
    BroughtIn {
        /// How much.
        amount: Money,
    },
}

impl Wallet {
    /// An empty wallet in the currency of `zero`.
    #[must_use]
    pub const fn empty(zero: Money) -> Self {
        Self { cash: zero }
    }

    /// Changes the wallet by what happened.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::ToppedUp { amount, .. } | Event::BroughtIn { amount } => self.add(*amount),
        }
    }

    /// Takes cash out for an order that was paid.
    pub fn draw(&mut self, amount: Money) {
        self.add(amount.negated());
    }

    /// Puts back what an order gave back.
    pub fn give_back(&mut self, amount: Money) {
        self.add(amount);
    }

    fn add(&mut self, amount: Money) {
        self.cash = self
            .cash
            .checked_add(amount)
            .unwrap_or_else(|| panic!("broken journal: {amount} cannot be added to {}", self.cash));
    }
}
