//! What a decision needs beyond the live state: a closed set of questions, looked up before it
//! decides. They are within the account, or about what stays true once it is: that another account
//! exists.

use std::collections::BTreeSet;

use super::ids::{AccountId, CouponId, OrderId, ResourceId, SubscriptionId};

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
    /// Is there such an account?
    Account(AccountId),
}

/// What was found: those that exist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The questions that were answered with yes.
    pub found: BTreeSet<Question>,
}

impl Facts {
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
