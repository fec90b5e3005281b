//! Messages: what a mail is about, the values that it may print, and the types of webhooks.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::domain::calendar::{Period, Timestamp, Zone};
use crate::domain::event::SealedRef;
use crate::domain::ids::{CouponId, OrderId, ResourceId, SubscriptionId, WithdrawalId};
use crate::domain::money::Money;
use crate::domain::month::Month;
use crate::domain::nouns::coupon::Scope;
use crate::domain::nouns::order;
use crate::domain::nouns::subscription::Mode;

/// What a mail is about, by the name of its template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    /// Cash was received.
    ToppedUp,
    /// An order waits to be paid.
    OrderUnpaid,
    /// An unpaid order is about to time out.
    OrderTimingOut,
    /// An order was closed without payment.
    OrderCancelled,
    /// An order was paid and is being delivered.
    OrderProcessing,
    /// An order was paid and not delivered: all was given back.
    OrderFailed,
    /// Money was given back.
    Refunded,
    /// A subscription has another plan.
    PlanChanged,
    /// A coupon was granted.
    CouponGranted,
    /// A coupon is about to expire.
    CouponExpiring,
    /// A month was closed.
    StatementReady,
    /// A subscription was bought and runs.
    Activated,
    /// A subscription was renewed.
    Renewed,
    /// A subscription expires soon.
    Expiring,
    /// A subscription has expired and can still be renewed.
    ExpiredFor,
    /// Auto-renewal is coming.
    RenewalAhead,
    /// Auto-renewal will fail for lack of funds.
    TopUp,
    /// Auto-renewal failed.
    RenewalFailed,
    /// A subscription expired and still serves.
    Expired,
    /// A subscription was stopped.
    Suspended,
    /// A subscription is about to be released.
    ReleaseAhead,
    /// A subscription was released.
    Released,
    /// The balance dropped below its alert.
    LowBalance,
    /// The balance will not cover the next day.
    WillRunShort,
    /// The account is overdue.
    Overdue,
    /// All due debt is paid.
    DebtSettled,
    /// A pay-as-you-go resource was stopped for debt.
    ResourceHalted,
    /// A pay-as-you-go resource is about to be released for debt.
    ResourceReleaseAhead,
    /// A pay-as-you-go resource was released for debt.
    ResourceReleased,
    /// A pay-as-you-go resource runs again: its debt is paid.
    ResourceRestored,
    /// Cash was withdrawn, and is to be paid out.
    WithdrawalRequested,
    /// A withdrawal was paid.
    WithdrawalPaid,
    /// A withdrawal could not be paid.
    WithdrawalFailed,
    /// The one-time code by which the closing of an account is confirmed.
    ClosureCode,
    /// To the operator: the closing of an account waits for approval.
    ClosureApproval,
    /// An operator began to close an account on its owner's behalf.
    ClosureBegun,
    /// An account is being closed: final charges are waited for.
    ClosureSettling,
    /// Everything is settled: the account is closed at the end of a quiet period.
    ClosureQuiet,
    /// Money turned up that is to be settled before an account is closed.
    ClosureReturned,
    /// Something stood in the way: the account is in service again.
    ClosureInterrupted,
    /// The closing of an account was revoked.
    ClosureRevoked,
    /// The account is closed for good.
    AccountClosed,
    /// To the operator: the brake holds back suspensions, releases and closings.
    BrakeEngaged,
}

impl Template {
    /// All of them.
    pub const ALL: [Self; 43] = [
        Self::ToppedUp,
        Self::OrderUnpaid,
        Self::OrderTimingOut,
        Self::OrderCancelled,
        Self::OrderProcessing,
        Self::OrderFailed,
        Self::Refunded,
        Self::PlanChanged,
        Self::CouponGranted,
        Self::CouponExpiring,
        Self::StatementReady,
        Self::Activated,
        Self::Renewed,
        Self::Expiring,
        Self::ExpiredFor,
        Self::RenewalAhead,
        Self::TopUp,
        Self::RenewalFailed,
        Self::Expired,
        Self::Suspended,
        Self::ReleaseAhead,
        Self::Released,
        Self::LowBalance,
        Self::WillRunShort,
        Self::Overdue,
        Self::DebtSettled,
        Self::ResourceHalted,
        Self::ResourceReleaseAhead,
        Self::ResourceReleased,
        Self::ResourceRestored,
        Self::WithdrawalRequested,
        Self::WithdrawalPaid,
        Self::WithdrawalFailed,
        Self::ClosureCode,
        Self::ClosureApproval,
        Self::ClosureBegun,
        Self::ClosureSettling,
        Self::ClosureQuiet,
        Self::ClosureReturned,
        Self::ClosureInterrupted,
        Self::ClosureRevoked,
        Self::AccountClosed,
        Self::BrakeEngaged,
    ];

    /// The name of its files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ToppedUp => "topped_up",
            Self::OrderUnpaid => "order_unpaid",
            Self::OrderTimingOut => "order_timing_out",
            Self::OrderCancelled => "order_cancelled",
            Self::OrderProcessing => "order_processing",
            Self::OrderFailed => "order_failed",
            Self::Refunded => "refunded",
            Self::PlanChanged => "plan_changed",
            Self::CouponGranted => "coupon_granted",
            Self::CouponExpiring => "coupon_expiring",
            Self::StatementReady => "statement_ready",
            Self::Activated => "activated",
            Self::Renewed => "renewed",
            Self::Expiring => "expiring",
            Self::ExpiredFor => "expired_for",
            Self::RenewalAhead => "renewal_ahead",
            Self::TopUp => "top_up",
            Self::RenewalFailed => "renewal_failed",
            Self::Expired => "expired",
            Self::Suspended => "suspended",
            Self::ReleaseAhead => "release_ahead",
            Self::Released => "released",
            Self::LowBalance => "low_balance",
            Self::WillRunShort => "will_run_short",
            Self::Overdue => "overdue",
            Self::DebtSettled => "debt_settled",
            Self::ResourceHalted => "resource_halted",
            Self::ResourceReleaseAhead => "resource_release_ahead",
            Self::ResourceReleased => "resource_released",
            Self::ResourceRestored => "resource_restored",
            Self::WithdrawalRequested => "withdrawal_requested",
            Self::WithdrawalPaid => "withdrawal_paid",
            Self::WithdrawalFailed => "withdrawal_failed",
            Self::ClosureCode => "closure_code",
            Self::ClosureApproval => "closure_approval",
            Self::ClosureBegun => "closure_begun",
            Self::ClosureSettling => "closure_settling",
            Self::ClosureQuiet => "closure_quiet",
            Self::ClosureReturned => "closure_returned",
            Self::ClosureInterrupted => "closure_interrupted",
            Self::ClosureRevoked => "closure_revoked",
            Self::AccountClosed => "account_closed",
            Self::BrakeEngaged => "brake_engaged",
        }
    }
}

/// The values that a template may print. What does not concern it is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// The language of the mail.
    pub language: String,
    /// The zone in which instants are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
    /// The subscription.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription: Option<SubscriptionId>,
    /// The pay-as-you-go resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<ResourceId>,
    /// The withdrawal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawal: Option<WithdrawalId>,
    /// Available credit; it may be below zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available: Option<Money>,
    /// A one-time code, sealed beside the journal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<SealedRef>,
    /// Why, in an operator's words, sealed beside the journal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<SealedRef>,
    /// Is the cash that is left at the end given up?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forfeit: Option<bool>,
    /// The provider's own name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// The region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// How it is renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// The length of the period spoken of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// When the period starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    /// When the paid time ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When service stops.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspends_at: Option<Timestamp>,
    /// When the resource is released (D33).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub releases_at: Option<Timestamp>,
    /// The order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// What the order is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<order::Kind>,
    /// The order that money is given back for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_of: Option<OrderId>,
    /// Until when the order can be paid or, once it is paid, must be delivered (D41).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// When a change ends by itself (R1.19), or a stage of a closure does at the earliest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The amount spoken of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// The cash in the wallet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cash: Option<Money>,
    /// Will the funds cover the amount?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covered: Option<bool>,
    /// Was it done by auto-renewal?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub automatic: Option<bool>,
    /// Days to or from what is spoken of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<u16>,
    /// The instant at which it was due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// When auto-renewal will be attempted next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt_at: Option<Timestamp>,
    /// Why, as a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The coupon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coupon: Option<CouponId>,
    /// What the coupon says to people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What a coupon takes off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coupon_amount: Option<Money>,
    /// Per cent that a coupon takes off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<Decimal>,
    /// Until when the coupon on the order is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coupon_expires_at: Option<Timestamp>,
    /// Is the coupon used up by one order (R5.1)?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub single_use: Option<bool>,
    /// What the coupon may be used for; its minimum spend with its threshold in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// The list price, before tax.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<Money>,
    /// What a promise or a lock took off it, before tax.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount: Option<Money>,
    /// The tax in the amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax: Option<Money>,
    /// What the tax is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_name: Option<String>,
    /// Its rate, in per cent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_rate: Option<Decimal>,
    /// What was given back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund: Option<Money>,
    /// The plan before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_plan: Option<String>,
    /// The month of bills.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month: Option<Month>,
    /// How many: what is held back for the operator, or the lines of a month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
}

/// Who a mail is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// The owner of the account.
    Customer,
    /// Whoever runs renewd.
    Operator,
}

/// A webhook's type (Standard Webhooks).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Hook {
    /// A subscription was bought and runs.
    #[serde(rename = "subscription.activated")]
    Activated,
    /// A subscription was renewed; it runs again if it was stopped.
    #[serde(rename = "subscription.renewed")]
    Renewed,
    /// Auto-renewal failed.
    #[serde(rename = "subscription.renewal_failed")]
    RenewalFailed,
    /// A subscription's paid time ended.
    #[serde(rename = "subscription.expired")]
    Expired,
    /// A subscription is to be stopped.
    #[serde(rename = "subscription.suspended")]
    Suspended,
    /// A subscription's resource is to be destroyed.
    #[serde(rename = "subscription.released")]
    Released,
    /// A subscription has another plan: its resource is to be changed.
    #[serde(rename = "subscription.changed")]
    Changed,
    /// A subscription was given up: its resource is to be destroyed.
    #[serde(rename = "subscription.unsubscribed")]
    Unsubscribed,
    /// An order was paid and is to be delivered: the answer is `provisioned` or
    /// `provision-failed`.
    #[serde(rename = "order.processing")]
    OrderProcessing,
    /// An order was paid.
    #[serde(rename = "order.paid")]
    OrderPaid,
    /// An order was not delivered, and its money given back.
    #[serde(rename = "order.failed")]
    OrderFailed,
    /// Money was given back.
    #[serde(rename = "order.refunded")]
    OrderRefunded,
    /// A coupon was granted.
    #[serde(rename = "coupon.granted")]
    CouponGranted,
    /// A month of an account was closed: its figures never move again.
    #[serde(rename = "statement.closed")]
    StatementClosed,
    /// An invoice or a credit note was issued, and has its number.
    #[serde(rename = "document.issued")]
    DocumentIssued,
    /// An order was closed without payment.
    #[serde(rename = "order.cancelled")]
    OrderCancelled,
    /// A pay-as-you-go resource was opened and is to run.
    #[serde(rename = "resource.opened")]
    ResourceOpened,
    /// Its owner started a resource.
    #[serde(rename = "resource.started")]
    ResourceStarted,
    /// Its owner stopped a resource.
    #[serde(rename = "resource.stopped")]
    ResourceStopped,
    /// A resource has another plan.
    #[serde(rename = "resource.changed")]
    ResourceChanged,
    /// A resource is to be stopped for debt.
    #[serde(rename = "resource.halted")]
    ResourceHalted,
    /// A resource is no longer stopped for debt.
    #[serde(rename = "resource.restored")]
    ResourceRestored,
    /// A resource is to be destroyed.
    #[serde(rename = "resource.released")]
    ResourceReleased,
    /// Cash was withdrawn, and is to be paid out: the answer is `paid` or `failed`.
    #[serde(rename = "withdrawal.requested")]
    WithdrawalRequested,
    /// A withdrawal was paid.
    #[serde(rename = "withdrawal.paid")]
    WithdrawalPaid,
    /// The owner asked for the account to be closed, or an operator began it, which its reasons
    /// say, and which nobody confirms: the owner is to be logged out, and sessions and tokens
    /// revoked.
    #[serde(rename = "closure.requested")]
    ClosureRequested,
    /// The owner confirmed that the account is to be closed.
    #[serde(rename = "closure.confirmed")]
    ClosureConfirmed,
    /// The closing of an account was revoked.
    #[serde(rename = "closure.revoked")]
    ClosureRevoked,
    /// Something stood in the way of closing an account: it is in service again.
    #[serde(rename = "closure.interrupted")]
    ClosureInterrupted,
    /// The account is closed for good.
    #[serde(rename = "closure.closed")]
    ClosureClosed,
    /// A withdrawal could not be paid, and is back in the wallet.
    #[serde(rename = "withdrawal.failed")]
    WithdrawalFailed,
}

impl Hook {
    /// The type as it is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Activated => "subscription.activated",
            Self::Renewed => "subscription.renewed",
            Self::RenewalFailed => "subscription.renewal_failed",
            Self::Expired => "subscription.expired",
            Self::Suspended => "subscription.suspended",
            Self::Released => "subscription.released",
            Self::Changed => "subscription.changed",
            Self::Unsubscribed => "subscription.unsubscribed",
            Self::OrderProcessing => "order.processing",
            Self::OrderPaid => "order.paid",
            Self::OrderFailed => "order.failed",
            Self::OrderRefunded => "order.refunded",
            Self::CouponGranted => "coupon.granted",
            Self::StatementClosed => "statement.closed",
            Self::DocumentIssued => "document.issued",
            Self::OrderCancelled => "order.cancelled",
            Self::ResourceOpened => "resource.opened",
            Self::ResourceStarted => "resource.started",
            Self::ResourceStopped => "resource.stopped",
            Self::WithdrawalRequested => "withdrawal.requested",
            Self::WithdrawalPaid => "withdrawal.paid",
            Self::WithdrawalFailed => "withdrawal.failed",
            Self::ResourceChanged => "resource.changed",
            Self::ResourceHalted => "resource.halted",
            Self::ResourceRestored => "resource.restored",
            Self::ClosureRequested => "closure.requested",
            Self::ClosureConfirmed => "closure.confirmed",
            Self::ClosureRevoked => "closure.revoked",
            Self::ClosureInterrupted => "closure.interrupted",
            Self::ClosureClosed => "closure.closed",
            Self::ResourceReleased => "resource.released",
        }
    }
}
