//! Orders: what was asked for, at which price, and what became of it.

use serde::{Deserialize, Serialize};

use crate::domain::calendar::{Period, Timestamp};
use crate::domain::ids::{OrderId, SubscriptionId};
use crate::domain::money::Money;

/// What an order is for (R4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A new subscription.
    New,
    /// One more period of a subscription.
    Renew,
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Renew => "renew",
        }
    }
}

/// Where an order stands (R4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    /// Waiting to be paid until its deadline.
    Unpaid,
    /// Paid and done.
    Paid,
    /// Closed without payment; final (R4.4).
    Cancelled,
}

impl State {
    /// The rulebook's name for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unpaid => "Unpaid",
            Self::Paid => "Paid",
            Self::Cancelled => "Cancelled",
        }
    }
}

/// Why an order was closed without payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// Somebody asked for it.
    Requested,
    /// Its deadline passed (R4.3).
    TimedOut,
    /// Its subscription was released (D28).
    Released,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// What it is for.
    pub kind: Kind,
    /// The subscription that it starts or renews.
    pub subscription: SubscriptionId,
    /// The product ordered.
    pub product: String,
    /// The plan ordered.
    pub plan: String,
    /// The length ordered.
    pub period: Period,
    /// The number of the period in its subscription, from 1 (R2.11).
    pub period_no: u32,
    /// Start of the period; for a new subscription it is known when it is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    /// End of the period, excluded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// The list price when the order was made (R1.21, D31).
    pub list: Money,
    /// What is to be paid.
    pub payable: Money,
    /// The version of the rules that it was priced by.
    pub rules_version: u32,
    /// Was it made by auto-renewal?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub automatic: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it can no longer be paid (D37: paying at the deadline is refused).
    pub deadline: Timestamp,
    /// Where it stands.
    pub state: State,
    /// When it was paid or cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// Why it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_for: Option<CancelReason>,
}

/// What happened to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// It was made.
    Opened(Box<Order>),
    /// It was paid, whole (R2.16).
    Paid {
        /// Which.
        order: OrderId,
        /// The product, for the ledger.
        product: String,
        /// What cash paid.
        cash: Money,
        /// When the period starts.
        starts_at: Timestamp,
        /// When the period ends.
        ends_at: Timestamp,
        /// When it was paid: the due instant for an automatic payment.
        at: Timestamp,
    },
    /// It was closed without payment.
    Cancelled {
        /// Which.
        order: OrderId,
        /// Why.
        reason: CancelReason,
        /// When: the deadline for a time-out.
        at: Timestamp,
    },
}

impl Event {
    /// The order that it happened to.
    #[must_use]
    pub fn order(&self) -> OrderId {
        match self {
            Self::Opened(order) => order.id,
            Self::Paid { order, .. } | Self::Cancelled { order, .. } => *order,
        }
    }
}

impl Order {
    /// Is there nothing more that can happen to it?
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.state != State::Unpaid
    }

    /// Can `event` happen to it as it stands? The state machine of the rulebook, section 14.
    #[must_use]
    pub fn allows(&self, event: &Event) -> bool {
        match event {
            Event::Opened(_) => false,
            Event::Paid { .. } | Event::Cancelled { .. } => self.state == State::Unpaid,
        }
    }

    /// Changes the order by what happened after it was opened. What cannot follow is a broken
    /// journal.
    pub fn apply(&mut self, event: &Event) {
        assert!(self.allows(event), "broken journal: {event:?} cannot happen to {self:?}");
        match event {
            Event::Opened(_) => {}
            Event::Paid { starts_at, ends_at, at, .. } => {
                self.state = State::Paid;
                self.starts_at = Some(*starts_at);
                self.ends_at = Some(*ends_at);
                self.closed_at = Some(*at);
            }
            Event::Cancelled { reason, at, .. } => {
                self.state = State::Cancelled;
                self.cancelled_for = Some(*reason);
                self.closed_at = Some(*at);
            }
        }
    }
}
