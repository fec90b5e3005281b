//! What happens to a subscription.

use serde::{Deserialize, Serialize};

use super::{Paid, Renewal, Subject};
use crate::domain::calendar::Timestamp;
use crate::domain::ids::{OrderId, SubscriptionId};
use crate::domain::money::Money;
use crate::domain::rules::Prices;

/// Why an automatic renewal did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The cash does not cover it (R2.16).
    NotEnoughFunds {
        /// What there is.
        available: Money,
    },
    /// The account is overdue (R2.21, D29).
    Overdue {
        /// What must be paid first.
        amount: Money,
    },
    /// Another unpaid order is open on it (D28).
    UnpaidOrder {
        /// Which.
        order: OrderId,
    },
    /// Its plan can no longer be renewed (D40).
    PlanRetired,
    /// Its length is no longer sold in the account's currency.
    PeriodNotOffered,
    /// It would end further ahead than is allowed (R1.16).
    BeyondHorizon,
    /// It would outlive what it belongs to (R1.17).
    OutlivesParent,
    /// The new period would already be over (D7).
    PeriodInPast,
}

impl Failure {
    /// The word for it, the same as a rejection's code where there is one.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotEnoughFunds { .. } => "NotEnoughFunds",
            Self::Overdue { .. } => "AccountOverdue",
            Self::UnpaidOrder { .. } => "UnpaidOrder",
            Self::PlanRetired => "PlanRetired",
            Self::PeriodNotOffered => "PeriodNotOffered",
            Self::BeyondHorizon => "InvalidPeriod.ExceededMaximumExpirationDate",
            Self::OutlivesParent => "InvalidPeriod.ExceededDedicatedHost",
            Self::PeriodInPast => "PeriodInPast",
        }
    }
}

/// What happened to a subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// It was ordered and waits for its payment.
    Ordered {
        /// Its id.
        id: SubscriptionId,
        /// What it is of.
        subject: Subject,
        /// How it is to be renewed.
        renewal: Renewal,
        /// The order.
        order: OrderId,
        /// When.
        at: Timestamp,
        /// The prices that it keeps (D31).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        locked: Option<Prices>,
    },
    /// Its first period was paid.
    Activated {
        /// Its id.
        id: SubscriptionId,
        /// The order that paid it.
        order: OrderId,
        /// The period.
        paid: Box<Paid>,
    },
    /// It was brought along by an imported account.
    Imported {
        /// Its id.
        id: SubscriptionId,
        /// What it is of.
        subject: Subject,
        /// How it is to be renewed.
        renewal: Renewal,
        /// The period it is in.
        paid: Box<Paid>,
        /// When it was imported: every mark before counts as settled (R3.7).
        at: Timestamp,
    },
    /// One more period was paid.
    Renewed {
        /// Its id.
        id: SubscriptionId,
        /// The order that paid it.
        order: OrderId,
        /// The period.
        paid: Box<Paid>,
        /// When: the slot for an automatic renewal.
        at: Timestamp,
        /// Was it auto-renewal?
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        automatic: bool,
        /// The plan from the start of the period on, where it is another (R1.20).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        plan: Option<String>,
        /// The prices of that plan, where the subscription keeps its prices (D31).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        locked: Option<Prices>,
    },
    /// An order to renew it was made and waits for its payment.
    RenewalOrdered {
        /// Its id.
        id: SubscriptionId,
        /// The order.
        order: OrderId,
    },
    /// An order to change it was made and waits for its payment or its delivery.
    ChangeOrdered {
        /// Its id.
        id: SubscriptionId,
        /// The order.
        order: OrderId,
    },
    /// The order that waited was closed without payment, or failed.
    OrderClosed {
        /// Its id.
        id: SubscriptionId,
    },
    /// It has another plan.
    PlanChanged {
        /// Its id.
        id: SubscriptionId,
        /// The order.
        order: OrderId,
        /// The plan.
        plan: String,
        /// Until when, if only for a while (R1.19).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
        /// The prices that it keeps from now on, where it keeps any (D31).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        locked: Option<Prices>,
        /// Is it a cheaper one, within the paid time (R10.15)?
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        downgrade: bool,
        /// When.
        at: Timestamp,
    },
    /// The plan that was paid ahead took effect, or the one for a while ended.
    PlanTookEffect {
        /// Its id.
        id: SubscriptionId,
        /// The plan that it has now.
        plan: String,
        /// When it was due.
        due_at: Timestamp,
    },
    /// The latest paid period, which had not begun, was taken back (R10.9).
    PeriodCancelled {
        /// Its id.
        id: SubscriptionId,
        /// The refund order.
        order: OrderId,
        /// When.
        at: Timestamp,
    },
    /// It was given back before its end.
    Unsubscribed {
        /// Its id.
        id: SubscriptionId,
        /// The refund order.
        order: OrderId,
        /// When.
        at: Timestamp,
    },
    /// An automatic renewal did not happen.
    AttemptFailed {
        /// Its id.
        id: SubscriptionId,
        /// The slot.
        due_at: Timestamp,
        /// What it would have cost, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quote: Option<Money>,
        /// Why.
        failure: Failure,
        /// A later slot had passed as well, so nobody is told of this one (D25).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        superseded: bool,
    },
    /// Its owner chose how it is renewed.
    ModeSet {
        /// Its id.
        id: SubscriptionId,
        /// How from now on.
        renewal: Renewal,
        /// When.
        at: Timestamp,
    },
    /// Its paid time ended.
    Expired {
        /// Its id.
        id: SubscriptionId,
        /// When it was due.
        due_at: Timestamp,
    },
    /// It was stopped.
    Suspended {
        /// Its id.
        id: SubscriptionId,
        /// When it was due.
        due_at: Timestamp,
    },
    /// It is gone.
    Released {
        /// Its id.
        id: SubscriptionId,
        /// When it was due.
        due_at: Timestamp,
        /// Did its owner ask for it, before it was due (R8.4)?
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        asked: bool,
    },
    /// It was never paid.
    Cancelled {
        /// Its id.
        id: SubscriptionId,
        /// When.
        at: Timestamp,
    },
}

impl Event {
    /// The subscription that it happened to.
    #[must_use]
    pub const fn subscription(&self) -> SubscriptionId {
        match self {
            Self::Ordered { id, .. }
            | Self::Activated { id, .. }
            | Self::Imported { id, .. }
            | Self::Renewed { id, .. }
            | Self::RenewalOrdered { id, .. }
            | Self::ChangeOrdered { id, .. }
            | Self::OrderClosed { id }
            | Self::PlanChanged { id, .. }
            | Self::PlanTookEffect { id, .. }
            | Self::PeriodCancelled { id, .. }
            | Self::Unsubscribed { id, .. }
            | Self::AttemptFailed { id, .. }
            | Self::ModeSet { id, .. }
            | Self::Expired { id, .. }
            | Self::Suspended { id, .. }
            | Self::Released { id, .. }
            | Self::Cancelled { id, .. } => *id,
        }
    }
}
