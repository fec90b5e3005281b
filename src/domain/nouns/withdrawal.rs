//! A withdrawal: cash that goes back to its owner. It leaves the wallet when it is requested, lot by
//! lot, and each part goes the way that it came, as long as that way is open (R7.5, D47).

use serde::{Deserialize, Serialize};

use super::wallet::{Origin, Taken};
use crate::domain::calendar::Timestamp;
use crate::domain::event::SealedRef;
use crate::domain::ids::WithdrawalId;
use crate::domain::money::Money;

/// The method of what an operator pays out.
pub const OPERATOR: &str = "operator";

/// A withdrawal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// Its id.
    pub id: WithdrawalId,
    /// How much.
    pub amount: Money,
    /// What it was taken from, the last that came in first.
    pub parts: Vec<Part>,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "State::is_requested")]
    pub state: State,
    /// When it was requested.
    pub requested_at: Timestamp,
    /// When it was reported to be paid, or to have failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Timestamp>,
    /// Why it failed, as a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A part of a withdrawal: what was taken from one lot, and the way that it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What was taken.
    #[serde(flatten)]
    pub taken: Taken,
    /// The way that it goes.
    pub route: Route,
}

/// The way that money goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// As it came.
    Original,
    /// An operator pays it out.
    Operator,
}

impl Route {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Operator => "operator",
        }
    }
}

/// Where a withdrawal stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It left the wallet, and is to be paid.
    #[default]
    Requested,
    /// It was paid.
    Paid,
    /// It could not be paid, and is back in the wallet.
    Failed,
}

impl State {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Paid => "paid",
            Self::Failed => "failed",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    fn is_requested(&self) -> bool {
        *self == Self::Requested
    }
}

/// What was paid out by one method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidOut {
    /// The method; `operator` where an operator paid.
    pub method: String,
    /// How much.
    pub amount: Money,
}

/// What happened to a withdrawal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// It was requested: the cash left the wallet.
    Requested(Box<Withdrawal>),
    /// It was paid.
    Paid {
        /// Which.
        id: WithdrawalId,
        /// By which methods.
        paid: Vec<PaidOut>,
        /// When it was reported.
        at: Timestamp,
    },
    /// It could not be paid: the cash is back in the lots that it was taken from.
    Failed {
        /// Which.
        id: WithdrawalId,
        /// How much.
        amount: Money,
        /// Why, as a code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// When it was reported.
        at: Timestamp,
    },
    /// It was paid although it had been reported to have failed: what went back to the wallet is
    /// taken again, and what that lacked was lent before.
    PaidAfterAll {
        /// As it stands now.
        withdrawal: Box<Withdrawal>,
        /// By which methods.
        paid: Vec<PaidOut>,
        /// The own lots that it was taken from this time; the rest is drawn.
        taken: Vec<Taken>,
    },
    /// It came back although it had been reported to be paid: the cash is in its lots again.
    FailedAfterAll {
        /// As it stands now.
        withdrawal: Box<Withdrawal>,
        /// By which methods it had been paid.
        paid: Vec<PaidOut>,
    },
    /// What was reported is known already, or comes too late to matter: nothing changes.
    ReportedAgain {
        /// Which.
        id: WithdrawalId,
        /// Was it said to be paid, or to have failed?
        is_paid: bool,
        /// When.
        at: Timestamp,
    },
}

impl Event {
    /// The withdrawal it is about.
    #[must_use]
    pub const fn withdrawal(&self) -> WithdrawalId {
        match self {
            Self::Requested(withdrawal)
            | Self::PaidAfterAll { withdrawal, .. }
            | Self::FailedAfterAll { withdrawal, .. } => withdrawal.id,
            Self::Paid { id, .. } | Self::Failed { id, .. } | Self::ReportedAgain { id, .. } => *id,
        }
    }
}

impl Part {
    /// The reference of the top-up that it came with, sealed beside the journal.
    #[must_use]
    pub const fn reference(&self) -> Option<SealedRef> {
        match self.taken.origin {
            Origin::TopUp { reference, .. } => reference,
            Origin::Transfer | Origin::Import | Origin::Refund => None,
        }
    }

    /// By which method it is paid out.
    #[must_use]
    pub fn method(&self) -> &str {
        match (self.route, &self.taken.origin) {
            (Route::Original, Origin::TopUp { method, .. }) => method,
            (Route::Original, Origin::Transfer | Origin::Import | Origin::Refund)
            | (Route::Operator, _) => OPERATOR,
        }
    }
}

impl Withdrawal {
    /// Can nothing happen to it any more?
    #[must_use]
    pub const fn is_final(&self) -> bool {
        match self.state {
            State::Requested => false,
            State::Paid | State::Failed => true,
        }
    }

    /// What left the wallet.
    pub fn taken(&self) -> impl Iterator<Item = &Taken> {
        self.parts.iter().map(|part| &part.taken)
    }

    /// What is paid out by which method, in the order of its parts.
    #[must_use]
    pub fn paid_out(&self) -> Vec<PaidOut> {
        let mut paid: Vec<PaidOut> = Vec::new();
        for part in &self.parts {
            let (method, amount) = (part.method(), part.taken.amount);
            // Parts of an amount do not come to more than it.
            let known = paid.iter_mut().find(|paid| paid.method == method);
            match known.and_then(|paid| Some((paid.amount.checked_add(amount)?, paid))) {
                Some((sum, paid)) => paid.amount = sum,
                None => paid.push(PaidOut { method: method.to_owned(), amount }),
            }
        }
        paid
    }

    /// Changes it by what happened.
    pub fn apply(&mut self, event: &Event) {
        assert!(!self.is_final(), "broken journal: {} is {}", self.id, self.state.as_str());
        match event {
            Event::Requested(_) => panic!("broken journal: {} was requested twice", self.id),
            Event::Paid { at, .. } => {
                (self.state, self.settled_at) = (State::Paid, Some(*at));
            }
            Event::Failed { reason, at, .. } => {
                (self.state, self.settled_at) = (State::Failed, Some(*at));
                self.reason.clone_from(reason);
            }
            Event::PaidAfterAll { .. }
            | Event::FailedAfterAll { .. }
            | Event::ReportedAgain { .. } => {
                panic!("broken journal: {} was not settled before", self.id)
            }
        }
    }
}
