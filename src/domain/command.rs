//! Commands: what can be asked of a stream, and the answers. One verb each.

use serde::{Deserialize, Serialize};

use super::calendar::{Period, Timestamp};
use super::facts::Question;
use super::ids::{AccountId, OrderId, SubscriptionId};
use super::money::Money;
use super::nouns::order::Order;
use super::nouns::subscription::Subscription;
use super::verbs::{
    apply_rules, brake, cancel, hold, import, open, pay, purchase, renew, set_renewal_mode, top_up,
};

/// A request to a stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Open an account.
    Open(open::Open),
    /// Bring an existing account along, with its balance and its live subscriptions.
    Import(import::Import),
    /// Credit cash that was received.
    TopUp(top_up::TopUp),
    /// Order a new subscription.
    Purchase(purchase::Purchase),
    /// Pay an unpaid order from the balance.
    Pay(pay::Pay),
    /// Close an unpaid order.
    Cancel(cancel::Cancel),
    /// Order one more period.
    Renew(renew::Renew),
    /// Choose how a subscription is renewed.
    SetRenewalMode(set_renewal_mode::SetRenewalMode),
    /// Hold an account: nothing happens to it by itself.
    Hold(hold::Hold),
    /// Let a held account go.
    LetGo(hold::LetGo),
    /// Settle what is due; nothing more.
    Advance,
    /// To the house: add a version of the rules.
    ApplyRules(apply_rules::ApplyRules),
    /// To the house: hold back suspensions and releases.
    EngageBrake(brake::Engage),
    /// To the house: let them go ahead.
    ReleaseBrake(brake::Release),
}

impl Command {
    /// Gives what comes sealed with the command its numbers in the stream: references count from
    /// 0 at the door, from `base` in the journal.
    pub fn number_sealed(&mut self, base: u32) {
        match self {
            Self::Open(open) => open.profile.0 += base,
            Self::Import(import) => import.open.profile.0 += base,
            Self::TopUp(top_up) => {
                if let Some(reference) = &mut top_up.reference {
                    reference.0 += base;
                }
            }
            Self::Purchase(_)
            | Self::Pay(_)
            | Self::Cancel(_)
            | Self::Renew(_)
            | Self::SetRenewalMode(_)
            | Self::Hold(_)
            | Self::LetGo(_)
            | Self::Advance
            | Self::ApplyRules(_)
            | Self::EngageBrake(_)
            | Self::ReleaseBrake(_) => {}
        }
    }

    /// What must be looked up before it can be decided.
    #[must_use]
    pub fn questions(&self) -> Vec<Question> {
        match self {
            Self::Pay(pay) => vec![Question::Order(pay.order)],
            Self::Cancel(cancel) => vec![Question::Order(cancel.order)],
            Self::Renew(renew) => vec![Question::Subscription(renew.subscription)],
            Self::SetRenewalMode(set) => vec![Question::Subscription(set.subscription)],
            Self::Open(_)
            | Self::Import(_)
            | Self::TopUp(_)
            | Self::Purchase(_)
            | Self::Hold(_)
            | Self::LetGo(_)
            | Self::Advance
            | Self::ApplyRules(_)
            | Self::EngageBrake(_)
            | Self::ReleaseBrake(_) => Vec::new(),
        }
    }
}

/// What a command is answered with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The account is open.
    Opened {
        /// Its id.
        account: AccountId,
    },
    /// The account was brought along.
    Imported {
        /// Its id.
        account: AccountId,
        /// Its subscriptions, in the order given.
        subscriptions: Vec<SubscriptionId>,
    },
    /// The cash was credited.
    ToppedUp {
        /// How much.
        amount: Money,
        /// The cash afterwards.
        cash: Money,
    },
    /// An order was made, paid or cancelled.
    Ordered {
        /// As it stands.
        order: Box<Order>,
        /// Its subscription as it stands.
        subscription: Box<Subscription>,
        /// The cash afterwards.
        cash: Money,
    },
    /// The expiry had moved already (D26): nothing was done.
    AlreadyRenewed {
        /// The order that moved it; none if it was imported so.
        order: Option<OrderId>,
        /// Where it is now.
        expires_at: Timestamp,
    },
    /// The renewal mode stands.
    ModeSet {
        /// The subscription as it stands.
        subscription: Box<Subscription>,
        /// The next automatic attempt, if there will be one.
        next_attempt_at: Option<Timestamp>,
    },
    /// Done; there is nothing to add.
    Done,
    /// A version of the rules stands on the timeline.
    RulesApplied {
        /// Its number.
        version: u32,
        /// From when it is in force.
        effective_at: Timestamp,
    },
}

/// The period that auto-renewal derives from a purchase: bought in weeks, one week; in months,
/// one month; in years, one year (R2.13).
#[must_use]
pub const fn derived_auto_period(bought: Period) -> Period {
    Period::new(1, bought.unit())
}
