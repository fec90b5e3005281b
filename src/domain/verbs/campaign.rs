//! What is asked of a coupon campaign.

use serde::{Deserialize, Serialize};

use crate::domain::ids::AccountId;

/// An account could not take the coupon: it goes back to the quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiveBack {
    /// Which account.
    pub account: AccountId,
}
