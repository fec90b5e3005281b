//! The wallet: prepaid cash in lots, a credit limit, deposits on hold, and what is owed.
//!
//! Credit is a loan to the wallet: what an order lacks is lent into the cash first, so that orders
//! are always paid in cash, and what is owed is one list by month, whoever owes it for what (R7.3,
//! D36).

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::calendar::Timestamp;
use crate::domain::event::SealedRef;
use crate::domain::ids::{AccountId, ResourceId};
use crate::domain::money::Money;
use crate::domain::month::Month;

/// The wallet as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wallet {
    /// Cash that was received and not yet spent: what is left of the lots, and what was lent.
    pub cash: Money,
    /// Where the cash came from, oldest first. A lot that is spent stays as long as a refund may
    /// restore it (D47).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lots: Vec<Lot>,
    /// Cash that was lent for the order that takes it next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lent: Option<Money>,
    /// The credit limit: a ceiling on what is owed (R7.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Money>,
    /// Deposits, by the resource that they were taken for (R6.19).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub holds: BTreeMap<ResourceId, Money>,
    /// Cash on its way to other accounts, by the number of the transfer (R7.6).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub in_transit: BTreeMap<u32, InTransit>,
    /// What is owed, by the month that it is billed in.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub owed: BTreeMap<Month, Owed>,
}

/// Cash that came in at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    /// How much it was.
    pub amount: Money,
    /// How much of it is not spent.
    pub left: Money,
    /// When it came; none for what came before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Where from.
    pub origin: Origin,
}

/// Where cash came from: only own top-ups can be withdrawn (R7.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The owner's own top-up.
    TopUp {
        /// By which method.
        method: String,
        /// The payer's reference, sealed beside the journal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<SealedRef>,
    },
    /// Another account: neither withdrawn nor passed on.
    Transfer,
    /// The balance that an imported account brought along.
    Import,
    /// Money back for what cash had not paid.
    Refund,
}

/// Cash on its way to another account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InTransit {
    /// To which.
    pub to: AccountId,
    /// How much.
    pub amount: Money,
    /// What it was taken from, if it comes back.
    pub taken: Vec<Taken>,
}

/// Cash that left the wallet out of a lot, and may come back to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// How much.
    pub amount: Money,
    /// When it had come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Where from.
    pub origin: Origin,
}

impl Origin {
    /// Is it the owner's own, so that it can go back to them (R7.5)? Money back is not: nobody
    /// knows a way that it came by.
    #[must_use]
    pub const fn is_own(&self) -> bool {
        match self {
            Self::TopUp { .. } | Self::Import => true,
            Self::Transfer | Self::Refund => false,
        }
    }

    /// The word for it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::TopUp { .. } => "top_up",
            Self::Transfer => "transfer",
            Self::Import => "import",
            Self::Refund => "refund",
        }
    }
}

/// What is owed for a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// How much.
    pub amount: Money,
    /// Is it past its due date (R6.8)?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub past_due: bool,
}

/// What is paid back for a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repayment {
    /// The month.
    pub month: Month,
    /// How much.
    pub amount: Money,
}

/// What happened to the wallet. Cash drawn for an order is told by the order's payment, cash drawn
/// for usage by its settlement.
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
        /// When.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Timestamp>,
    },
    /// The balance that an imported account brought along.
    BroughtIn {
        /// How much.
        amount: Money,
    },
    /// The credit limit was set; zero takes credit away.
    LimitSet {
        /// To how much.
        limit: Money,
        /// When.
        at: Timestamp,
    },
    /// Cash was lent for what is paid next (D15).
    Lent {
        /// How much.
        amount: Money,
        /// The month that it is owed for.
        month: Month,
        /// When.
        at: Timestamp,
    },
    /// Cash paid back what is owed, oldest month first (R6.15).
    Repaid {
        /// For which months.
        parts: Vec<Repayment>,
        /// When.
        at: Timestamp,
    },
    /// What is owed for a month is past its due date (R7.3).
    FellDue {
        /// The month.
        month: Month,
        /// How much of it is left.
        amount: Money,
        /// The due date.
        due_at: Timestamp,
    },
    /// Cash that its owner gave up in so many words is no longer owed to them: the account is closed
    /// (R8.3).
    Forfeited {
        /// How much.
        amount: Money,
        /// When.
        at: Timestamp,
    },
    /// A deposit was taken for a resource (R6.19).
    DepositHeld {
        /// Which.
        resource: ResourceId,
        /// How much.
        amount: Money,
        /// When.
        at: Timestamp,
    },
    /// A deposit is free again: its resource is released and settled (D47).
    DepositReleased {
        /// Which.
        resource: ResourceId,
        /// How much.
        amount: Money,
        /// When.
        at: Timestamp,
    },
    /// Cash was sent to another account (R7.6).
    Sent {
        /// The number of the transfer.
        number: u32,
        /// To which account.
        to: AccountId,
        /// How much.
        amount: Money,
        /// What it was taken from.
        taken: Vec<Taken>,
        /// When.
        at: Timestamp,
    },
    /// The other account has taken it.
    Arrived {
        /// The number of the transfer.
        number: u32,
        /// When.
        at: Timestamp,
    },
    /// The other account has declined it: it is back in its lots.
    Returned {
        /// The number of the transfer.
        number: u32,
        /// How much.
        amount: Money,
        /// Why, as a rejection's code.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// Cash came from another account.
    Received {
        /// Which.
        from: AccountId,
        /// The number of the transfer there.
        number: u32,
        /// How much.
        amount: Money,
        /// When.
        at: Timestamp,
    },
    /// Cash from another account could not be taken, and is told back.
    Declined {
        /// Which.
        from: AccountId,
        /// The number of the transfer there.
        number: u32,
        /// How much.
        amount: Money,
        /// Why, as a rejection's code.
        reason: String,
        /// When.
        at: Timestamp,
    },
}

impl Wallet {
    /// An empty wallet in the currency of `zero`.
    #[must_use]
    pub const fn empty(zero: Money) -> Self {
        Self {
            cash: zero,
            lots: Vec::new(),
            lent: None,
            limit: None,
            holds: BTreeMap::new(),
            in_transit: BTreeMap::new(),
            owed: BTreeMap::new(),
        }
    }

    /// The credit limit; zero without credit.
    #[must_use]
    pub fn limit(&self) -> Money {
        self.limit.unwrap_or(self.zero())
    }

    /// What deposits hold back.
    #[must_use]
    pub fn held(&self) -> Money {
        self.holds.values().copied().fold(self.zero(), plus)
    }

    /// The cash that can be spent: without what deposits hold back.
    #[must_use]
    pub fn spendable(&self) -> Money {
        minus(self.cash, self.held())
    }

    /// Everything that is owed.
    #[must_use]
    pub fn debt(&self) -> Money {
        self.owed.values().map(|owed| owed.amount).fold(self.zero(), plus)
    }

    /// What is owed past its due date.
    #[must_use]
    pub fn past_due(&self) -> Money {
        let past_due = self.owed.values().filter(|owed| owed.past_due);
        past_due.map(|owed| owed.amount).fold(self.zero(), plus)
    }

    /// Available credit: cash and credit limit without holds and what is owed (R7.1, R7.2). It may
    /// be below zero.
    #[must_use]
    pub fn available(&self) -> Money {
        minus(plus(self.spendable(), self.limit()), self.debt())
    }

    /// What can be paid with: the cash that can be spent, and the credit that is left.
    #[must_use]
    pub fn funds(&self) -> Money {
        let credit = minus(self.limit(), self.debt());
        plus(self.spendable(), if credit.is_negative() { self.zero() } else { credit })
    }

    /// How much its owner can have paid out: own money, last in first out, and neither what is
    /// held nor what is owed (R7.5, D47).
    #[must_use]
    pub fn withdrawable(&self) -> Money {
        let own = self.lots.iter().filter(|lot| lot.origin.is_own());
        let own = own.map(|lot| lot.left).fold(self.zero(), plus);
        let free = minus(self.spendable(), self.debt()).minor();
        Money::from_minor(own.minor().min(free).max(0), self.cash.currency())
    }

    /// Cash on its way to other accounts.
    #[must_use]
    pub fn sent(&self) -> Money {
        self.in_transit.values().map(|sent| sent.amount).fold(self.zero(), plus)
    }

    /// How much can be transferred to another account: no cash that was transferred in or is held,
    /// and never more than available credit (R7.6).
    #[must_use]
    pub fn transferable(&self) -> Money {
        let transferred = self.lots.iter().filter(|lot| lot.origin == Origin::Transfer);
        let transferred = transferred.map(|lot| lot.left).fold(self.zero(), plus);
        let free = minus(self.spendable(), transferred).minor();
        Money::from_minor(free.min(self.available().minor()).max(0), self.cash.currency())
    }

    /// What `amount` is taken from, the last that came in first, of lots from `origins`. That they
    /// suffice was checked.
    #[must_use]
    pub fn last_of(&self, amount: Money, origins: impl Fn(&Origin) -> bool) -> Vec<Taken> {
        let mut rest = amount.minor();
        let mut taken = Vec::new();
        for lot in self.lots.iter().rev().filter(|lot| origins(&lot.origin)) {
            let part = lot.left.minor().min(rest);
            rest -= part;
            if part > 0 {
                let amount = Money::from_minor(part, amount.currency());
                taken.push(Taken { amount, at: lot.at, origin: lot.origin.clone() });
            }
        }
        taken
    }

    /// Changes the wallet by what happened.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::ToppedUp { amount, method, reference, at, .. } => {
                let origin = Origin::TopUp { method: method.clone(), reference: *reference };
                self.bring(*amount, *at, origin);
            }
            Event::BroughtIn { amount } => self.bring(*amount, None, Origin::Import),
            Event::LimitSet { limit, .. } => {
                self.limit = Some(*limit).filter(|limit| !limit.is_zero());
            }
            Event::Lent { amount, month, .. } => {
                self.owe(*month, *amount);
                self.cash = plus(self.cash, *amount);
                self.lent = Some(plus(self.lent.unwrap_or(self.zero()), *amount));
            }
            Event::Repaid { parts, .. } => {
                for Repayment { month, amount } in parts {
                    self.draw(*amount);
                    self.repay(*month, *amount);
                }
            }
            Event::FellDue { month, .. } => match self.owed.get_mut(month) {
                Some(owed) => owed.past_due = true,
                None => panic!("broken journal: nothing is owed for {month}"),
            },
            Event::Forfeited { amount, .. } => self.draw(*amount),
            Event::DepositHeld { resource, amount, .. } => {
                self.holds.insert(*resource, *amount);
            }
            Event::DepositReleased { resource, .. } => drop(self.holds.remove(resource)),
            Event::Sent { number, to, amount, taken, .. } => {
                self.take(taken.iter());
                let sent = InTransit { to: *to, amount: *amount, taken: taken.clone() };
                self.in_transit.insert(*number, sent);
            }
            Event::Arrived { number, .. } => drop(self.arrive(*number)),
            Event::Returned { number, .. } => {
                let sent = self.arrive(*number);
                self.put_back(sent.taken.iter());
            }
            Event::Received { amount, at, .. } => self.bring(*amount, Some(*at), Origin::Transfer),
            Event::Declined { .. } => {}
        }
    }

    /// Takes cash out: what was lent for it first, then the oldest lots (D47).
    pub fn draw(&mut self, amount: Money) {
        self.cash = minus(self.cash, amount);
        let mut rest = amount.minor();
        if let Some(lent) = self.lent.take() {
            let taken = lent.minor().min(rest);
            rest -= taken;
            self.lent = Some(less(lent, taken)).filter(|lent| !lent.is_zero());
        }
        for lot in &mut self.lots {
            let taken = lot.left.minor().min(rest);
            rest -= taken;
            lot.left = less(lot.left, taken);
            if rest == 0 {
                break;
            }
        }
    }

    /// Puts back what an order gave back: to the lots that were spent last (D47); what no lot had
    /// paid is a lot of its own.
    pub fn give_back(&mut self, amount: Money) {
        self.cash = plus(self.cash, amount);
        let mut rest = amount.minor();
        for lot in self.lots.iter_mut().rev() {
            let room = (lot.amount.minor() - lot.left.minor()).min(rest);
            rest -= room;
            lot.left = less(lot.left, -room);
        }
        if rest > 0 {
            let left = Money::from_minor(rest, amount.currency());
            self.lots.push(Lot { amount: left, left, at: None, origin: Origin::Refund });
        }
    }

    /// Cash leaves its lots for good: no refund finds room there any more.
    pub fn take<'a>(&mut self, taken: impl Iterator<Item = &'a Taken>) {
        for Taken { amount, at, origin } in taken {
            self.cash = minus(self.cash, *amount);
            let mut rest = amount.minor();
            let of_these = |lot: &&mut Lot| lot.at == *at && lot.origin == *origin;
            for lot in self.lots.iter_mut().rev().filter(of_these) {
                let part = lot.left.minor().min(rest);
                rest -= part;
                lot.left = less(lot.left, part);
                lot.amount = less(lot.amount, part);
            }
            assert!(rest == 0, "broken journal: {amount} is more than {origin:?} has left");
        }
        self.lots.retain(|lot| !lot.amount.is_zero());
    }

    /// Cash that was back in its lots leaves them again, also where it was spent meanwhile: what the
    /// lots lack is drawn, and no refund finds room for it any more.
    pub fn take_again(&mut self, amount: Money, taken: &[Taken]) {
        self.take(taken.iter());
        let rest = taken.iter().map(|taken| taken.amount.negated()).fold(amount, plus);
        self.draw(rest);
        let mut rest = rest.minor();
        for lot in self.lots.iter_mut().rev().filter(|lot| lot.origin.is_own()) {
            let room = (lot.amount.minor() - lot.left.minor()).min(rest);
            rest -= room;
            lot.amount = less(lot.amount, room);
        }
        self.lots.retain(|lot| !lot.amount.is_zero());
    }

    /// Cash is back in the lots that it left.
    pub fn put_back<'a>(&mut self, taken: impl Iterator<Item = &'a Taken>) {
        for Taken { amount, at, origin } in taken {
            self.cash = plus(self.cash, *amount);
            let known = self.lots.iter_mut().rfind(|lot| lot.at == *at && lot.origin == *origin);
            if let Some(lot) = known {
                lot.left = plus(lot.left, *amount);
                lot.amount = plus(lot.amount, *amount);
            } else {
                // Before what came later, so that it is spent first again.
                let place = self.lots.iter().position(|lot| lot.at > *at);
                let place = place.unwrap_or(self.lots.len());
                let (amount, left) = (*amount, *amount);
                self.lots.insert(place, Lot { amount, left, at: *at, origin: origin.clone() });
            }
        }
    }

    /// Owes more for a month.
    pub fn owe(&mut self, month: Month, amount: Money) {
        if amount.is_zero() {
            return;
        }
        let zero = self.zero();
        let owed = self.owed.entry(month).or_insert(Owed { amount: zero, past_due: false });
        owed.amount = plus(owed.amount, amount);
    }

    /// Cash comes in as a lot. Spent lots that no refund can reach any more are let go.
    pub fn bring(&mut self, amount: Money, at: Option<Timestamp>, origin: Origin) {
        self.cash = plus(self.cash, amount);
        if let Some(at) = at {
            let reach = at.minus(Duration::from_hours(24 * u64::from(LOT_DAYS)));
            self.lots.retain(|lot| !lot.left.is_zero() || lot.at.is_some_and(|at| at > reach));
        }
        self.lots.push(Lot { amount, left: amount, at, origin });
    }

    fn repay(&mut self, month: Month, amount: Money) {
        let Some(owed) = self.owed.get_mut(&month) else {
            panic!("broken journal: nothing is owed for {month}")
        };
        owed.amount = minus(owed.amount, amount);
        if owed.amount.is_zero() {
            self.owed.remove(&month);
        }
    }

    fn arrive(&mut self, number: u32) -> InTransit {
        let sent = self.in_transit.remove(&number);
        sent.unwrap_or_else(|| panic!("broken journal: transfer {number} is not on its way"))
    }

    const fn zero(&self) -> Money {
        Money::zero(self.cash.currency())
    }
}

/// Days that a spent lot is kept for a refund to restore. No route back may be open for longer, so
/// this is no rule: what is older goes back to a lot of its own.
pub const LOT_DAYS: u16 = 400;

fn plus(a: Money, b: Money) -> Money {
    a.checked_add(b).unwrap_or_else(|| panic!("broken journal: {b} cannot be added to {a}"))
}

fn minus(a: Money, b: Money) -> Money {
    plus(a, b.negated())
}

fn less(amount: Money, minor: i64) -> Money {
    Money::from_minor(amount.minor() - minor, amount.currency())
}
