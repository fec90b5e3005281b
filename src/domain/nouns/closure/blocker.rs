//! What stands in the way of a closure, and what the provider's other systems hold for an account.

use serde::{Deserialize, Serialize};

use crate::domain::calendar::Timestamp;
use crate::domain::ids::{OrderId, ResourceId, SubscriptionId, WithdrawalId};
use crate::domain::money::Money;
use crate::domain::nouns::subscription::Mode;
use crate::domain::nouns::{order, resource, subscription};

/// What the provider's other systems hold for an account (R8.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldingKind {
    /// A domain name that is still valid.
    Domain,
    /// A user below the account.
    SubUser,
    /// A key to an interface.
    AccessKey,
    /// A link by which another account pays, or sees, for this one.
    FinanceLink,
    /// Something else that must be gone first.
    Other,
}

impl HoldingKind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Domain, Self::SubUser, Self::AccessKey, Self::FinanceLink, Self::Other];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::SubUser => "sub_user",
            Self::AccessKey => "access_key",
            Self::FinanceLink => "finance_link",
            Self::Other => "other",
        }
    }
}

/// Something that another of the provider's systems holds for the account, as it was reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// What it is.
    pub kind: HoldingKind,
    /// Its id over there; nothing personal.
    pub id: String,
    /// What to call it; nothing personal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// When it was reported.
    pub reported_at: Timestamp,
}

impl Holding {
    /// What it is known by in its account.
    #[must_use]
    pub fn key(kind: HoldingKind, id: &str) -> String {
        format!("{}/{id}", kind.as_str())
    }
}

/// Money of the customer that is on its way, or held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// A withdrawal that is to be paid out.
    Withdrawal(WithdrawalId),
    /// A transfer that the other account has not taken yet, by its number.
    Transfer(u32),
    /// The deposit of a resource.
    Deposit(ResourceId),
}

/// Something that stands in the way of a closure (R8.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blocker {
    /// A subscription that is not over; a suspended one is kept in the recycle bin.
    LiveSubscription {
        /// Which.
        id: SubscriptionId,
        /// Its state.
        state: subscription::State,
        /// How it is renewed.
        mode: Mode,
        /// When its paid time ends.
        expires_at: Option<Timestamp>,
        /// When it is gone unless it is renewed.
        releases_at: Option<Timestamp>,
    },
    /// A pay-as-you-go resource that is not released; a stopped one is not.
    UnreleasedResource {
        /// Which.
        id: ResourceId,
        /// Does it run?
        state: resource::State,
    },
    /// Something is owed.
    Owed {
        /// How much.
        amount: Money,
        /// How much of it is past its due date.
        past_due: Money,
    },
    /// An order that is neither paid nor closed, or not delivered.
    OpenOrder {
        /// Which.
        id: OrderId,
        /// Its state.
        state: order::State,
    },
    /// What a released resource used is not settled yet.
    UnsettledUsage {
        /// Which resource.
        resource: ResourceId,
        /// When it will be.
        settles_at: Timestamp,
    },
    /// Money of the customer is on its way, or held.
    OwedToCustomer {
        /// What it is.
        claim: Claim,
        /// How much.
        amount: Money,
        /// When that is expected to be over, where it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected_by: Option<Timestamp>,
    },
    /// Cash is left, and was not given up (R8.3).
    PositiveCash {
        /// How much.
        amount: Money,
        /// How much of it can be withdrawn.
        withdrawable: Money,
    },
    /// Another of the provider's systems holds something for the account.
    Holding(Holding),
}

/// What to do about a blocker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Remedy {
    /// Switch auto-renewal off and wait until it is over, or unsubscribe.
    SwitchOffRenewal,
    /// Wait until it is over, or unsubscribe.
    WaitOrUnsubscribe,
    /// Release it at once (R8.4).
    Release,
    /// Release the resource.
    ReleaseResource,
    /// Pay.
    Pay,
    /// Pay the order, or cancel it.
    PayOrCancel,
    /// Wait until the order is delivered.
    WaitForDelivery,
    /// Wait until usage is settled.
    WaitForSettlement,
    /// Wait until the money has arrived.
    WaitForMoney,
    /// Withdraw the cash, or give it up.
    WithdrawOrForfeit,
    /// Give the cash up: it cannot be withdrawn.
    Forfeit,
    /// Remove it where it is held; that system reports it.
    ClearHolding,
}

impl Remedy {
    /// Its stable code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SwitchOffRenewal => "switch_off_renewal",
            Self::WaitOrUnsubscribe => "wait_or_unsubscribe",
            Self::Release => "release",
            Self::ReleaseResource => "release_resource",
            Self::Pay => "pay",
            Self::PayOrCancel => "pay_or_cancel",
            Self::WaitForDelivery => "wait_for_delivery",
            Self::WaitForSettlement => "wait_for_settlement",
            Self::WaitForMoney => "wait_for_money",
            Self::WithdrawOrForfeit => "withdraw_or_forfeit",
            Self::Forfeit => "forfeit",
            Self::ClearHolding => "clear_holding",
        }
    }
}

impl Blocker {
    /// Its stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::LiveSubscription { .. } => "LiveSubscription",
            Self::UnreleasedResource { .. } => "UnreleasedResource",
            Self::Owed { .. } => "Owed",
            Self::OpenOrder { .. } => "OpenOrder",
            Self::UnsettledUsage { .. } => "UnsettledUsage",
            Self::OwedToCustomer { .. } => "OwedToCustomer",
            Self::PositiveCash { .. } => "PositiveCash",
            Self::Holding(_) => "Holding",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::LiveSubscription { state: subscription::State::Suspended, .. } => Remedy::Release,
            Self::LiveSubscription { mode: Mode::AutoRenewal, .. } => Remedy::SwitchOffRenewal,
            Self::LiveSubscription { .. } => Remedy::WaitOrUnsubscribe,
            Self::UnreleasedResource { .. } => Remedy::ReleaseResource,
            Self::Owed { .. } => Remedy::Pay,
            Self::OpenOrder { state: order::State::Unpaid, .. } => Remedy::PayOrCancel,
            Self::OpenOrder { .. } => Remedy::WaitForDelivery,
            Self::UnsettledUsage { .. } => Remedy::WaitForSettlement,
            Self::OwedToCustomer { .. } => Remedy::WaitForMoney,
            Self::PositiveCash { withdrawable, .. } if withdrawable.minor() > 0 => {
                Remedy::WithdrawOrForfeit
            }
            Self::PositiveCash { .. } => Remedy::Forfeit,
            Self::Holding(_) => Remedy::ClearHolding,
        }
    }

    /// Is it about money, which a closure that has begun waits for (R8.6)? Everything else puts the
    /// account back in service.
    #[must_use]
    pub const fn is_money(&self) -> bool {
        match self {
            Self::Owed { .. }
            | Self::UnsettledUsage { .. }
            | Self::OwedToCustomer { .. }
            | Self::PositiveCash { .. } => true,
            Self::LiveSubscription { .. }
            | Self::UnreleasedResource { .. }
            | Self::OpenOrder { .. }
            | Self::Holding(_) => false,
        }
    }

    /// Is it waited for from the very request on? What was used lately is charged within the time
    /// of settling (R8.5).
    #[must_use]
    pub const fn is_awaited(&self) -> bool {
        matches!(self, Self::UnsettledUsage { .. })
    }
}
