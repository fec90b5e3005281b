//! What there is to do: steps, the order in which they run, and who looks after them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::calendar::Timestamp;
use crate::domain::ids::{CouponId, OrderId, ResourceId, SubscriptionId};
use crate::domain::month::Month;
use crate::domain::nouns::notice::Kind;

/// Which scheduler looks after a due thing. A label: any advance settles everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Unpaid orders time out; coupons become good and expire.
    Orders,
    /// Automatic renewals.
    Renewals,
    /// Usage is settled.
    Settlement,
    /// Due dates, and what happens for debt: notices, stops, releases.
    Dunning,
    /// Expiry, suspension, release.
    Lifecycle,
    /// Notices.
    Reminders,
    /// Accounts are closed, stage by stage.
    Closures,
    /// Months are closed.
    Statements,
    /// Sweeps: rules changes, tokens, old deliveries.
    Housekeeping,
}

impl Job {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Orders,
        Self::Renewals,
        Self::Settlement,
        Self::Dunning,
        Self::Lifecycle,
        Self::Reminders,
        Self::Closures,
        Self::Statements,
        Self::Housekeeping,
    ];

    /// Its name in configuration, on the command line and in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Renewals => "renewals",
            Self::Settlement => "settlement",
            Self::Dunning => "dunning",
            Self::Lifecycle => "lifecycle",
            Self::Reminders => "reminders",
            Self::Closures => "closures",
            Self::Statements => "statements",
            Self::Housekeeping => "housekeeping",
        }
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Job {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|job| job.as_str() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.into_iter().map(Self::as_str).collect();
            format!("{text:?} is none of {}", known.join(", "))
        })
    }
}

/// A thing to do when it is due, in the order of ranks in which things of one instant are done
/// (D35).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// An unpaid order reaches its deadline.
    TimeOut(OrderId),
    /// A paid order was not delivered in time (D41).
    DeliveryTimeOut(OrderId),
    /// A coupon becomes good.
    CouponEffective(CouponId),
    /// Usage is settled (R6.1).
    Settle,
    /// The due date of what is owed for a month (R7.3).
    CreditDue(Month),
    /// A resource is stopped for debt (R6.9).
    Halt(ResourceId),
    /// A resource is released for debt.
    ReleaseForDebt(ResourceId),
    /// The owner is to be told that a resource will be released for debt.
    ReleaseNotice(ResourceId),
    /// The owner is told again that the account is overdue (R6.9).
    OverdueNotice,
    /// The balance will not cover the next day (R6.18).
    Forecast,
    /// No usage of a resource can be reported any more.
    CloseResource(ResourceId),
    /// An automatic renewal is attempted.
    Attempt(SubscriptionId),
    /// A plan that was paid ahead takes effect, or one for a while ends.
    TakePlan(SubscriptionId),
    /// The time of a coupon passes.
    CouponExpire(CouponId),
    /// The paid time ends.
    Expire(SubscriptionId),
    /// Service stops.
    Suspend(SubscriptionId),
    /// The resource goes.
    Release(SubscriptionId),
    /// A stage of a closure ends (R8.6).
    ClosureStage,
    /// The account is closed for good.
    CloseAccount,
    /// A month of its bills is closed.
    CloseStatement(Month),
    /// Something is to be said.
    Notice(SubscriptionId, Kind),
    /// The owner of an unpaid order is to be warned (D48).
    WarnTimeOut(OrderId),
    /// The owner of a coupon is to be reminded.
    CouponNotice(CouponId),
}

impl Step {
    /// The scheduler that looks after it.
    #[must_use]
    pub const fn job(self) -> Job {
        match self {
            Self::TimeOut(_)
            | Self::DeliveryTimeOut(_)
            | Self::WarnTimeOut(_)
            | Self::CouponEffective(_)
            | Self::CouponExpire(_) => Job::Orders,
            Self::Attempt(_) => Job::Renewals,
            Self::Settle | Self::CloseResource(_) => Job::Settlement,
            Self::CreditDue(_)
            | Self::Halt(_)
            | Self::ReleaseForDebt(_)
            | Self::ReleaseNotice(_)
            | Self::OverdueNotice => Job::Dunning,
            Self::TakePlan(_) | Self::Expire(_) | Self::Suspend(_) | Self::Release(_) => {
                Job::Lifecycle
            }
            Self::ClosureStage | Self::CloseAccount => Job::Closures,
            Self::CloseStatement(_) => Job::Statements,
            Self::Notice(..) | Self::CouponNotice(_) | Self::Forecast => Job::Reminders,
        }
    }

    /// The word for its kind.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::TimeOut(_) => "order_timed_out",
            Self::DeliveryTimeOut(_) => "delivery_timed_out",
            Self::WarnTimeOut(_) => "order_warned",
            Self::CouponEffective(_) => "coupon_effective",
            Self::CouponExpire(_) => "coupon_expired",
            Self::CouponNotice(_) => "coupon_notice",
            Self::Attempt(_) => "renewal_attempted",
            Self::Settle => "usage_settled",
            Self::CreditDue(_) => "credit_due",
            Self::Halt(_) => "resource_halted",
            Self::ReleaseForDebt(_) => "resource_released_for_debt",
            Self::ReleaseNotice(_) => "resource_release_notice",
            Self::OverdueNotice => "overdue_notice",
            Self::Forecast => "forecast",
            Self::CloseResource(_) => "resource_closed",
            Self::TakePlan(_) => "plan_took_effect",
            Self::CloseStatement(_) => "statement_closed",
            Self::ClosureStage => "closure_stage",
            Self::CloseAccount => "account_closed",
            Self::Expire(_) => "expired",
            Self::Suspend(_) => "suspended",
            Self::Release(_) => "released",
            Self::Notice(..) => "notice",
        }
    }

    /// Does it take something away from a customer? Those wait while the brake is engaged (D38).
    #[must_use]
    pub const fn is_destructive(self) -> bool {
        matches!(
            self,
            Self::Suspend(_)
                | Self::Release(_)
                | Self::Halt(_)
                | Self::ReleaseForDebt(_)
                | Self::CloseAccount
        )
    }

    pub(super) const fn rank(self) -> u8 {
        match self {
            Self::TimeOut(_) | Self::DeliveryTimeOut(_) | Self::CouponEffective(_) => 0,
            Self::Settle | Self::CreditDue(_) | Self::Halt(_) | Self::ReleaseForDebt(_) => 1,
            Self::Attempt(_) => 2,
            Self::TakePlan(_)
            | Self::CouponExpire(_)
            | Self::Expire(_)
            | Self::Suspend(_)
            | Self::Release(_) => 3,
            Self::Notice(..)
            | Self::ReleaseNotice(_)
            | Self::OverdueNotice
            | Self::Forecast
            | Self::CloseResource(_)
            | Self::WarnTimeOut(_)
            | Self::CouponNotice(_)
            | Self::CloseStatement(_) => 4,
            // Everything else of that instant may still stand in the way.
            Self::ClosureStage | Self::CloseAccount => 5,
        }
    }
}

/// A step and the instant at which it is due. The derived order is the one total order in which
/// steps run: instant, rank, nearest expiry, amount, number (D27, D35).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// When.
    pub at: Timestamp,
    pub(super) rank: u8,
    pub(super) expires_at: Timestamp,
    pub(super) minor: i64,
    pub(super) number: u32,
    /// What.
    pub step: Step,
}
