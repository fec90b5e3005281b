//! Orders: what was asked for, at which price, and what became of it.

use serde::{Deserialize, Serialize};

use crate::domain::calendar::{Period, Timestamp};
use crate::domain::ids::{OrderId, SubscriptionId};
use crate::domain::money::{Currency, Money};
use crate::domain::month::Month;
use crate::domain::price::{Applied, Item, Line, Price, Tax};

/// What an order is for (R4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A new subscription.
    New,
    /// One more period of a subscription.
    Renew,
    /// A dearer plan for the time that is left.
    Upgrade,
    /// A cheaper plan for the time that is left, with money back.
    Downgrade,
    /// Money back.
    Refund,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::New, Self::Renew, Self::Upgrade, Self::Downgrade, Self::Refund];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Renew => "renew",
            Self::Upgrade => "upgrade",
            Self::Downgrade => "downgrade",
            Self::Refund => "refund",
        }
    }
}

/// Where an order stands (R4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    /// Waiting to be paid until its deadline.
    Unpaid,
    /// Paid, and waiting for the provider's system to say that it is delivered (D41).
    Processing,
    /// Paid and done.
    Paid,
    /// Closed without payment; final (R4.4).
    Cancelled,
    /// Paid and not delivered: all was given back; final (R4.16).
    Failed,
    /// A refund that was given; a refund order has no payment status (R4.2).
    Refunded,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Unpaid, Self::Processing, Self::Paid, Self::Cancelled, Self::Failed, Self::Refunded];

    /// The rulebook's name for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unpaid => "Unpaid",
            Self::Processing => "Processing",
            Self::Paid => "Paid",
            Self::Cancelled => "Cancelled",
            Self::Failed => "Failed",
            Self::Refunded => "Refunded",
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

impl CancelReason {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::TimedOut => "timed_out",
            Self::Released => "released",
        }
    }
}

/// Why a paid order was not delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailReason {
    /// The provider's system said so.
    Reported {
        /// Its words, as a code; nothing personal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    /// Nobody said anything in time (D41).
    TimedOut,
}

impl FailReason {
    /// The word for it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Reported { .. } => "reported",
            Self::TimedOut => "timed_out",
        }
    }
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// What it is for.
    pub kind: Kind,
    /// The subscription that it starts, renews or changes.
    pub subscription: SubscriptionId,
    /// The product ordered.
    pub product: String,
    /// The plan ordered.
    pub plan: String,
    /// The plan that it replaces, where it changes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_plan: Option<String>,
    /// The length ordered; of a change, the length of the period that it falls in.
    pub period: Period,
    /// The number of the period in its subscription, from 1 (R2.11).
    pub period_no: u32,
    /// Start of the period; for a new subscription it is known when it is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    /// End of the period, excluded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// The day that the expiry is aligned to, where it is (R1.22).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aligned_to: Option<Timestamp>,
    /// When a change ends by itself (R1.19).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The list price when the order was made (R1.21, D31), before tax.
    pub list: Money,
    /// What a promise or a lock took off it, before tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<Money>,
    /// The coupon on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<Applied>,
    /// The tax on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<Tax>,
    /// Its lines, where they say more than the order; see [`Order::lines`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
    /// What is to be paid.
    pub payable: Money,
    /// What is given back, by a downgrade or a refund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<Money>,
    /// The order that a refund gives money back for, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_of: Option<OrderId>,
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
    /// Was its owner warned that it is about to time out (D48)?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub warned: bool,
    /// When it was paid, if it then had to be delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    /// Until when it must be delivered (D41).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver_until: Option<Timestamp>,
    /// When it was done, cancelled, failed or refunded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// Why it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_for: Option<CancelReason>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_for: Option<FailReason>,
}

/// The parts of a sum of money that was paid or given back, as the ledger needs them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// Cash, with the tax in it.
    pub cash: Money,
    /// The coupon's part, before tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<Money>,
    /// The tax in the cash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<Money>,
}

impl Parts {
    /// What is left of the cash without the tax, with the coupon's part: the revenue.
    #[must_use]
    pub fn revenue(&self) -> Money {
        let minor = |part: Option<Money>| part.map_or(0, Money::minor);
        Money::from_minor(
            self.cash.minor() + minor(self.coupon) - minor(self.tax),
            self.cash.currency(),
        )
    }
}

/// Where a refund cuts what an order paid for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// The order that paid.
    pub order: OrderId,
    /// Start of the time that is cut.
    pub starts_at: Timestamp,
    /// Where it is cut; at its start if it lies ahead.
    pub at: Timestamp,
    /// Where it ended.
    pub ends_at: Timestamp,
    /// What is given back of it.
    pub given: Parts,
    /// What stays paid for the time before.
    pub consumed: Parts,
    /// What stays paid for the time after, where it goes on at a lower price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest: Option<Parts>,
}

/// What happened to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// It was made.
    Opened(Box<Order>),
    /// Its coupon was changed or declined, and so its price (R4.6).
    Repriced {
        /// Which.
        order: OrderId,
        /// The coupon on it now.
        coupon: Option<Applied>,
        /// The tax on it now.
        tax: Option<Tax>,
        /// Its lines, where there is more than one.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lines: Vec<Line>,
        /// What is to be paid now.
        payable: Money,
        /// When.
        at: Timestamp,
    },
    /// Its owner was warned that it is about to time out (D48).
    Warned {
        /// Which.
        order: OrderId,
        /// When that was due.
        due_at: Timestamp,
    },
    /// It was paid, whole (R2.16), and is done.
    Paid {
        /// Which.
        order: OrderId,
        /// The product, for the ledger.
        product: String,
        /// What cash paid, with the tax in it.
        cash: Money,
        /// What the coupon paid, before tax.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        coupon: Option<Money>,
        /// The tax in the cash.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tax: Option<Money>,
        /// When the period starts.
        starts_at: Timestamp,
        /// When the period ends.
        ends_at: Timestamp,
        /// The month that it is billed in, where that is not the one of the instant in UTC.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cycle: Option<Month>,
        /// When it was paid: the due instant for an automatic payment.
        at: Timestamp,
    },
    /// It was paid, whole, and waits to be delivered (D41).
    Processing {
        /// Which.
        order: OrderId,
        /// The product, for the ledger.
        product: String,
        /// What was paid.
        parts: Parts,
        /// Until when it must be delivered.
        deliver_until: Timestamp,
        /// The month that it is billed in, where that is not the one of the instant in UTC.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cycle: Option<Month>,
        /// When it was paid.
        at: Timestamp,
    },
    /// The provider's system delivered it; it is done.
    Provisioned {
        /// Which.
        order: OrderId,
        /// When the period starts.
        starts_at: Timestamp,
        /// When the period ends.
        ends_at: Timestamp,
        /// When it was delivered.
        at: Timestamp,
    },
    /// It was not delivered, and all that was paid was given back (R4.16).
    Failed {
        /// Which.
        order: OrderId,
        /// The product, for the ledger.
        product: String,
        /// What was given back.
        parts: Parts,
        /// Why.
        reason: FailReason,
        /// The month that it is billed in, where that is not the one of the instant in UTC.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cycle: Option<Month>,
        /// When.
        at: Timestamp,
    },
    /// A downgrade or a refund gave money back, and is done.
    Refunded {
        /// Which.
        order: OrderId,
        /// The product, for the ledger.
        product: String,
        /// What was given back: cash to the customer, and the coupon's part to nobody.
        parts: Parts,
        /// The part of it that had been earned already.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        earned: Option<Money>,
        /// What it takes from what was paid.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        cuts: Vec<Cut>,
        /// Was it a full refund within the first days (R10.9)?
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_full: bool,
        /// The month that it is billed in, where that is not the one of the instant in UTC.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cycle: Option<Month>,
        /// When.
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
    /// The provider's system reported on an order that is closed: recorded, and compensated
    /// elsewhere.
    ReportedLate {
        /// Which.
        order: OrderId,
        /// Did it say that it delivered it?
        delivered: bool,
        /// When.
        at: Timestamp,
    },
}

impl Event {
    /// The order that it happened to.
    #[must_use]
    pub fn order(&self) -> OrderId {
        match self {
            Self::Opened(order) => order.id,
            Self::Repriced { order, .. }
            | Self::Warned { order, .. }
            | Self::Paid { order, .. }
            | Self::Processing { order, .. }
            | Self::Provisioned { order, .. }
            | Self::Failed { order, .. }
            | Self::Refunded { order, .. }
            | Self::Cancelled { order, .. }
            | Self::ReportedLate { order, .. } => *order,
        }
    }
}

impl Order {
    /// An unpaid order without a price, made at `at`: whoever makes it fills in what it is about.
    #[must_use]
    pub fn new(
        id: OrderId,
        kind: Kind,
        subscription: SubscriptionId,
        (product, plan): (&str, &str),
        (period, period_no): (Period, u32),
        at: Timestamp,
        currency: Currency,
    ) -> Self {
        Self {
            id,
            kind,
            subscription,
            product: product.to_owned(),
            plan: plan.to_owned(),
            from_plan: None,
            period,
            period_no,
            starts_at: None,
            ends_at: None,
            aligned_to: None,
            until: None,
            list: Money::zero(currency),
            discount: None,
            coupon: None,
            tax: None,
            lines: Vec::new(),
            payable: Money::zero(currency),
            refund: None,
            refund_of: None,
            rules_version: 0,
            automatic: false,
            created_at: at,
            deadline: at,
            state: State::Unpaid,
            warned: false,
            paid_at: None,
            deliver_until: None,
            closed_at: None,
            cancelled_for: None,
            failed_for: None,
        }
    }

    /// Is there nothing more that can happen to it?
    #[must_use]
    pub const fn is_final(&self) -> bool {
        !matches!(self.state, State::Unpaid | State::Processing)
    }

    /// Its lines: one that says what the order says, unless there are more (R10.4).
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        if !self.lines.is_empty() {
            return self.lines.clone();
        }
        let zero = Money::zero(self.payable.currency());
        let item = match self.kind {
            Kind::New | Kind::Renew => Item::Period,
            Kind::Upgrade => Item::Upgrade,
            Kind::Downgrade | Kind::Refund => Item::Refund,
        };
        vec![Line {
            item,
            list: self.list,
            discount: self.discount.unwrap_or(zero),
            coupon: self.coupon.map_or(zero, |coupon| coupon.amount),
            tax: self.tax.as_ref().map_or(zero, |tax| tax.amount),
            payable: self.payable,
            label: None,
        }]
    }

    /// Takes over a price.
    pub fn set_price(&mut self, price: Price) {
        self.list = price.list;
        self.discount = Some(price.discount).filter(|discount| !discount.is_zero());
        self.coupon = price.coupon;
        self.tax = price.tax;
        self.lines = Self::lines_to_keep(price.lines);
        self.payable = price.payable;
    }

    /// The lines, where they say more than the order does.
    #[must_use]
    pub fn lines_to_keep(lines: Vec<Line>) -> Vec<Line> {
        let says_more = lines.len() > 1 || lines.iter().any(|line| line.label.is_some());
        if says_more { lines } else { Vec::new() }
    }

    /// What is paid for it, in parts.
    #[must_use]
    pub fn parts(&self) -> Parts {
        Parts {
            cash: self.payable,
            coupon: self.coupon.map(|coupon| coupon.amount),
            tax: self.tax.as_ref().map(|tax| tax.amount).filter(|tax| !tax.is_zero()),
        }
    }

    /// Can `event` happen to it as it stands? The state machine of the rulebook, section 14.
    #[must_use]
    pub fn allows(&self, event: &Event) -> bool {
        let gives_back = matches!(self.kind, Kind::Downgrade | Kind::Refund);
        match event {
            Event::Opened(_) => false,
            Event::Repriced { .. }
            | Event::Warned { .. }
            | Event::Paid { .. }
            | Event::Processing { .. }
            | Event::Cancelled { .. } => self.state == State::Unpaid,
            Event::Provisioned { .. } | Event::Failed { .. } => self.state == State::Processing,
            Event::Refunded { .. } => gives_back && !self.is_final(),
            Event::ReportedLate { .. } => self.is_final(),
        }
    }

    /// Changes the order by what happened after it was opened. What cannot follow is a broken
    /// journal.
    pub fn apply(&mut self, event: &Event) {
        assert!(self.allows(event), "broken journal: {event:?} cannot happen to {self:?}");
        match event {
            Event::Opened(_) | Event::ReportedLate { .. } => {}
            Event::Repriced { coupon, tax, lines, payable, .. } => {
                self.coupon = *coupon;
                self.tax.clone_from(tax);
                self.lines.clone_from(lines);
                self.payable = *payable;
            }
            Event::Warned { .. } => self.warned = true,
            Event::Paid { starts_at, ends_at, at, .. } => {
                self.paid_at = Some(*at);
                self.done(*starts_at, *ends_at, *at);
            }
            Event::Processing { deliver_until, at, .. } => {
                self.state = State::Processing;
                self.paid_at = Some(*at);
                self.deliver_until = Some(*deliver_until);
            }
            Event::Provisioned { starts_at, ends_at, at, .. } => {
                self.done(*starts_at, *ends_at, *at);
            }
            Event::Failed { reason, at, .. } => {
                self.state = State::Failed;
                self.failed_for = Some(reason.clone());
                self.closed_at = Some(*at);
            }
            Event::Refunded { parts, at, .. } => {
                self.state = match self.kind {
                    Kind::Refund => State::Refunded,
                    Kind::New | Kind::Renew | Kind::Upgrade | Kind::Downgrade => State::Paid,
                };
                self.refund = Some(parts.cash);
                self.closed_at = Some(*at);
            }
            Event::Cancelled { reason, at, .. } => {
                self.state = State::Cancelled;
                self.cancelled_for = Some(*reason);
                self.closed_at = Some(*at);
            }
        }
    }

    fn done(&mut self, starts_at: Timestamp, ends_at: Timestamp, at: Timestamp) {
        self.state = State::Paid;
        self.starts_at = Some(starts_at);
        self.ends_at = Some(ends_at);
        self.closed_at = Some(at);
    }
}
