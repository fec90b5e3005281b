//! What a decision needs beyond the live state: a closed set of questions, looked up before it
//! decides. They are within the account, or about what stays true once it is: that another account
//! exists.

use std::collections::{BTreeMap, BTreeSet};

use super::ids::{AccountId, CouponId, OrderId, ResourceId, SubscriptionId, WithdrawalId};
use super::nouns::withdrawal::Withdrawal;
use super::usage::{Seen, UsageKey};

/// Something to look up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// Was there ever such an order?
    Order(OrderId),
    /// Was there ever such a subscription?
    Subscription(SubscriptionId),
    /// Was there ever such a coupon?
    Coupon(CouponId),
    /// Was there ever such a resource?
    Resource(ResourceId),
    /// Was there ever such a withdrawal, and how does it stand?
    Withdrawal(WithdrawalId),
    /// Is there such an account?
    Account(AccountId),
    /// Has the account had such a report of usage?
    Usage(AccountId, UsageKey),
}

/// What was found: those that exist, and of usage what is known of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The questions that were answered with yes.
    pub found: BTreeSet<Question>,
    /// The withdrawals that were asked about, as they stand.
    pub withdrawals: BTreeMap<WithdrawalId, Withdrawal>,
    /// The reports of usage that were asked about and are known, with what they said.
    pub usage: BTreeMap<UsageKey, Seen>,
}

impl Facts {
    /// Takes in what was just counted: several commands of a stream are decided on what was looked
    /// up once, and the later ones must know what the earlier ones counted.
    pub fn learn(&mut self, seen: &[(UsageKey, Seen)]) {
        self.usage.extend(seen.iter().copied());
    }

    /// Takes in how a withdrawal stands now.
    pub fn learn_withdrawal(&mut self, withdrawal: &Withdrawal) {
        self.withdrawals.insert(withdrawal.id, withdrawal.clone());
    }

    /// Was there ever such an order?
    #[must_use]
    pub fn knows_order(&self, id: OrderId) -> bool {
        self.found.contains(&Question::Order(id))
    }

    /// Was there ever such a subscription?
    #[must_use]
    pub fn knows_subscription(&self, id: SubscriptionId) -> bool {
        self.found.contains(&Question::Subscription(id))
    }

    /// Was there ever such a coupon?
    #[must_use]
    pub fn knows_coupon(&self, id: CouponId) -> bool {
        self.found.contains(&Question::Coupon(id))
    }

    /// Was there ever such a resource?
    #[must_use]
    pub fn knows_resource(&self, id: ResourceId) -> bool {
        self.found.contains(&Question::Resource(id))
    }

    /// Is there such an account?
    #[must_use]
    pub fn knows_account(&self, id: AccountId) -> bool {
        self.found.contains(&Question::Account(id))
    }
}
