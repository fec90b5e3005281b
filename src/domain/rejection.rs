//! Rejections: the business says no. One flat enum in order of precedence; verbs check in that
//! order. Each has a stable code, and carries values, never prose for people.

use serde::{Deserialize, Serialize};

use super::calendar::{Period, Timestamp};
use super::ids::{OrderId, SubscriptionId};
use super::money::{Currency, Money};
use super::nouns::{order, subscription};
use super::rules::Fault;

/// Why a command was refused. Nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Rejection {
    /// A request was repeated with other parameters under the same token (R4.12).
    #[error("the same token came with other parameters")]
    TokenMismatch,
    /// The account does not exist.
    #[error("there is no such account")]
    AccountNotFound,
    /// The id is taken: an account is opened once.
    #[error("the account is open already")]
    AccountExists,
    /// Another account has this e-mail address.
    #[error("another account has this e-mail address")]
    EmailTaken,
    /// Something was imported under this external id before.
    #[error("the external id was imported before")]
    ExternalIdTaken,
    /// The account is held until an operator lets it go.
    #[error("the account is held until an operator lets it go")]
    AccountHeld,
    /// The account is not held.
    #[error("the account is not held")]
    AccountNotHeld,
    /// The account lacks what a purchase requires (D53).
    #[error("a purchase requires what the account lacks: {missing}")]
    PurchaseRequires {
        /// What is missing.
        missing: String,
    },
    /// There is no such subscription in the account.
    #[error("there is no subscription {subscription} in this account")]
    SubscriptionNotFound {
        /// What was asked for.
        subscription: SubscriptionId,
    },
    /// The subscription is over: released resources cannot be renewed (R1.7).
    #[error("{subscription} is over: what was released cannot be renewed")]
    SubscriptionEnded {
        /// Which.
        subscription: SubscriptionId,
    },
    /// There is no such order in the account.
    #[error("there is no order {order} in this account")]
    OrderNotFound {
        /// What was asked for.
        order: OrderId,
    },
    /// The order is closed: only unpaid orders can be paid or cancelled (R4.4).
    #[error("{order} is closed: only unpaid orders can be paid or cancelled")]
    OrderClosed {
        /// Which.
        order: OrderId,
    },
    /// The subscription is not in a state that allows this.
    #[error("{subscription} is {state}")]
    WrongState {
        /// Which.
        subscription: SubscriptionId,
        /// Its state.
        state: String,
    },
    /// Another order on the subscription waits to be paid or cancelled (R1.18).
    #[error("{order} on this subscription is unpaid: pay it or cancel it")]
    UnpaidOrder {
        /// Which.
        order: OrderId,
        /// Until when it can be paid.
        deadline: Timestamp,
    },
    /// Auto-renewal can no longer be switched on (R2.7), or the mode not be changed (R2.20).
    #[error("the renewal mode of {subscription} can no longer be changed to that")]
    TooLateForMode {
        /// Which.
        subscription: SubscriptionId,
    },
    /// Auto-renewal needs a length that can renew by itself.
    #[error("auto-renewal needs a period")]
    PeriodRequired,
    /// There is no such product.
    #[error("there is no product {product:?}")]
    UnknownProduct {
        /// What was asked for.
        product: String,
    },
    /// The product has no such plan.
    #[error("{product:?} has no plan {plan:?}")]
    UnknownPlan {
        /// The product.
        product: String,
        /// What was asked for.
        plan: String,
    },
    /// The product is not sold in that region.
    #[error("{product:?} is not sold in {region:?}")]
    UnknownRegion {
        /// The product.
        product: String,
        /// What was asked for.
        region: String,
    },
    /// The plan can no longer be bought, or no longer be renewed (D40).
    #[error("plan {plan:?} of {product:?} is retired")]
    PlanRetired {
        /// The product.
        product: String,
        /// The plan.
        plan: String,
    },
    /// The amount is in another currency than the account's.
    #[error("the account settles in {expected}, not in {given}")]
    WrongCurrency {
        /// The account's.
        expected: Currency,
        /// What was given.
        given: Currency,
    },
    /// The amount is not above zero.
    #[error("{amount} is not above zero")]
    AmountNotPositive {
        /// What was given.
        amount: Money,
    },
    /// The balance would become larger than any amount that is accepted.
    #[error("the balance would become too large")]
    AmountTooLarge,
    /// The plan has no price in the account's currency.
    #[error("plan {plan:?} of {product:?} has no price in {currency}")]
    CurrencyNotOffered {
        /// The product.
        product: String,
        /// The plan.
        plan: String,
        /// The account's currency.
        currency: Currency,
    },
    /// The length is not on the menu, or has no price (R1.15, R2.12).
    #[error("{period} is not offered; offered are {offered:?}")]
    PeriodNotOffered {
        /// What was asked for.
        period: Period,
        /// What there is.
        offered: Vec<Period>,
    },
    /// The new expiry would lie further ahead than is allowed (R1.16).
    #[error("the new expiry {expires_at} would lie beyond {limit}")]
    BeyondHorizon {
        /// What it would be.
        expires_at: Timestamp,
        /// How far is allowed.
        limit: Timestamp,
    },
    /// The new period would already be over (D7).
    #[error("the new period would be over already; at least {minimum} is needed")]
    PeriodInPast {
        /// The shortest period on offer that reaches beyond now.
        minimum: Period,
    },
    /// It would outlive what it belongs to (R1.17).
    #[error("it would expire at {expires_at}, after {parent} at {limit}")]
    OutlivesParent {
        /// What it belongs to.
        parent: SubscriptionId,
        /// What its expiry would be.
        expires_at: Timestamp,
        /// When its parent expires.
        limit: Timestamp,
    },
    /// An imported subscription's expiry does not lie on its anchor's calendar.
    #[error("expires_at {expires_at} does not lie whole months or weeks after its anchor")]
    OffAnchor {
        /// What was given.
        expires_at: Timestamp,
    },
    /// The cash does not cover the order; nothing was taken (R2.16).
    #[error("{needed} is needed, {available} is there")]
    NotEnoughFunds {
        /// What the order costs.
        needed: Money,
        /// What there is.
        available: Money,
    },
    /// The rules cannot be used; everything that is wrong with them.
    #[error("the rules have {} faults", faults.len())]
    InvalidRules {
        /// What and where.
        faults: Vec<Fault>,
    },
    /// A version of the rules may not take effect in the past, nor before one that is planned.
    #[error("rules may take effect from {earliest} on")]
    EffectiveInPast {
        /// The earliest instant.
        earliest: Timestamp,
    },
    /// The brake is not engaged.
    #[error("the brake is not engaged")]
    BrakeNotEngaged,
}

impl Rejection {
    /// The stable code: vendors' words where the rulebook names them.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TokenMismatch => "IdempotenceParamNotMatch",
            Self::AccountNotFound => "AccountNotFound",
            Self::AccountExists => "AccountExists",
            Self::EmailTaken => "EmailTaken",
            Self::ExternalIdTaken => "ExternalIdTaken",
            Self::AccountHeld => "AccountHeld",
            Self::AccountNotHeld => "AccountNotHeld",
            Self::PurchaseRequires { .. } => "PurchaseRequires",
            Self::SubscriptionNotFound { .. } => "SubscriptionNotFound",
            Self::SubscriptionEnded { .. } => "SubscriptionEnded",
            Self::OrderNotFound { .. } => "OrderNotFound",
            Self::OrderClosed { .. } => "OrderClosed",
            Self::WrongState { .. } => "WrongState",
            Self::UnpaidOrder { .. } => "UnpaidOrder",
            Self::TooLateForMode { .. } => "TooLateForMode",
            Self::PeriodRequired => "PeriodRequired",
            Self::UnknownProduct { .. } => "UnknownProduct",
            Self::UnknownPlan { .. } => "UnknownPlan",
            Self::UnknownRegion { .. } => "UnknownRegion",
            Self::PlanRetired { .. } => "PlanRetired",
            Self::WrongCurrency { .. } => "WrongCurrency",
            Self::AmountNotPositive { .. } => "AmountNotPositive",
            Self::AmountTooLarge => "AmountTooLarge",
            Self::CurrencyNotOffered { .. } => "CurrencyNotOffered",
            Self::PeriodNotOffered { .. } => "PeriodNotOffered",
            Self::BeyondHorizon { .. } => "InvalidPeriod.ExceededMaximumExpirationDate",
            Self::PeriodInPast { .. } => "PeriodInPast",
            Self::OutlivesParent { .. } => "InvalidPeriod.ExceededDedicatedHost",
            Self::OffAnchor { .. } => "OffAnchor",
            Self::NotEnoughFunds { .. } => "NotEnoughFunds",
            Self::InvalidRules { .. } => "InvalidRules",
            Self::EffectiveInPast { .. } => "EffectiveInPast",
            Self::BrakeNotEngaged => "BrakeNotEngaged",
        }
    }

    /// A subscription that is not in the state that a verb needs.
    #[must_use]
    pub fn wrong_state(subscription: &subscription::Subscription) -> Self {
        Self::WrongState {
            subscription: subscription.id,
            state: subscription.state.as_str().to_owned(),
        }
    }

    /// An open order that stands in the way.
    #[must_use]
    pub const fn unpaid(order: &order::Order) -> Self {
        Self::UnpaidOrder { order: order.id, deadline: order.deadline }
    }
}
