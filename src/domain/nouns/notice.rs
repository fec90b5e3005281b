//! Notices about a subscription that time gives rise to: which were issued, which gave way to a
//! more urgent one, and which had nothing to say (R3.7). A notice is known by its subscription,
//! its expiry and its mark.

use serde::{Deserialize, Serialize};

use crate::domain::calendar::Timestamp;
use crate::domain::ids::SubscriptionId;
use crate::domain::money::Money;

/// What a notice says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It expired that many days ago (R3.3).
    ExpiredFor(u16),
    /// Auto-renewal will fail for lack of funds (R2.17).
    TopUp(u16),
    /// Auto-renewal is coming: date, amount, whether the funds cover it (R2.17).
    RenewalAhead(u16),
    /// It expires in that many days (R3.1); 0 is the day itself.
    Expiring(u16),
    /// It is released in that many days, and its data lost (R3.1, D38).
    ReleaseAhead(u16),
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ExpiredFor(_) => "expired_for",
            Self::TopUp(_) => "top_up",
            Self::RenewalAhead(_) => "renewal_ahead",
            Self::Expiring(_) => "expiring",
            Self::ReleaseAhead(_) => "release_ahead",
        }
    }

    /// Days from the mark to what it speaks of.
    #[must_use]
    pub const fn days(self) -> u16 {
        match self {
            Self::ExpiredFor(days)
            | Self::TopUp(days)
            | Self::RenewalAhead(days)
            | Self::Expiring(days)
            | Self::ReleaseAhead(days) => days,
        }
    }
}

/// Why a notice that was due was not issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A later mark had passed as well: only the most urgent is said (D25).
    Superseded,
    /// The funds cover the renewal.
    FundsSuffice,
}

/// What happened about a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// It was issued; the outbox carries it.
    Issued {
        /// About which subscription.
        subscription: SubscriptionId,
        /// What it says.
        kind: Kind,
        /// Its mark.
        due_at: Timestamp,
        /// When it was recorded: a release counts from here (D38).
        at: Timestamp,
        /// What the renewal will cost, before coupon and tax: honoured for this period (R2.17).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        amount: Option<Money>,
        /// What it will take from the cash, as things stand, where that is another amount.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payable: Option<Money>,
        /// What it will take from a coupon, as things stand.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        coupon: Option<Money>,
        /// Will the funds cover it?
        #[serde(default, skip_serializing_if = "Option::is_none")]
        covered: Option<bool>,
        /// The release that it speaks of, where it had to move to give this notice its time
        /// (D38).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        moved_to: Option<Timestamp>,
        /// When auto-renewal will be attempted next (R2.17).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attempt_at: Option<Timestamp>,
    },
    /// It was due and not issued.
    Skipped {
        /// About which subscription.
        subscription: SubscriptionId,
        /// What it would have said.
        kind: Kind,
        /// Its mark.
        due_at: Timestamp,
        /// Why not.
        reason: Reason,
        /// What it would have said that the renewal will cost: honoured likewise (D30).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        amount: Option<Money>,
    },
}

impl Event {
    /// The subscription that it is about.
    #[must_use]
    pub const fn subscription(&self) -> SubscriptionId {
        match self {
            Self::Issued { subscription, .. } | Self::Skipped { subscription, .. } => *subscription,
        }
    }

    /// Its mark.
    #[must_use]
    pub const fn due_at(&self) -> Timestamp {
        match self {
            Self::Issued { due_at, .. } | Self::Skipped { due_at, .. } => *due_at,
        }
    }
}
