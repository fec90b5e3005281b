//! Rejections: the business says no. One flat enum in order of precedence; verbs check in that
//! order. Each has a stable code, and carries values, never prose for people.

use serde::{Deserialize, Serialize};

use super::calendar::{Period, Timestamp};
use super::ids::{AccountId, CouponId, OrderId, ResourceId, SubscriptionId, WithdrawalId};
use super::money::{Currency, Money};
use super::month::Month;
use super::nouns::closure::{Blocker, Stage};
use super::nouns::coupon::Unmet;
use super::nouns::{order, subscription};
use super::rules::Fault;
use super::verbs::channel::Action;

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
    /// The account is closed for good (R8.1).
    #[error("the account is closed")]
    AccountClosed,
    /// The account is being closed: it can pay, be topped up, withdraw, release and revoke (R8.8).
    #[error("the account is being closed ({}): it can only pay, withdraw, release and revoke", stage.as_str())]
    AccountClosing {
        /// Where that stands.
        stage: Stage,
    },
    /// The account is not being closed.
    #[error("the account is not being closed")]
    NoClosure,
    /// The closure is at another stage than that would need.
    #[error("the closure is at the stage {:?}", stage.as_str())]
    ClosureStage {
        /// Which.
        stage: Stage,
    },
    /// The disclaimer was not acknowledged (R8.1).
    #[error("the disclaimer must be acknowledged: a closed account cannot be reopened")]
    DisclaimerRequired,
    /// Something stands in the way; all of it is named (R8.2).
    #[error("the account cannot be closed yet: {}", codes(blockers))]
    ClosureBlocked {
        /// What.
        blockers: Vec<Blocker>,
    },
    /// The account is overdue: nothing can be bought, upgraded, renewed or started until all due
    /// debt is paid (R6.8, D29).
    #[error("the account is overdue: {amount} must be paid first")]
    AccountOverdue {
        /// What must come in.
        amount: Money,
    },
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
    /// There is no such resource in the account.
    #[error("there is no resource {resource} in this account")]
    ResourceNotFound {
        /// What was asked for.
        resource: ResourceId,
    },
    /// The resource is released.
    #[error("{resource} is released")]
    ResourceReleased {
        /// Which.
        resource: ResourceId,
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
    /// The order is not paid yet: there is nothing to deliver.
    #[error("{order} is not paid: there is nothing to deliver yet")]
    OrderNotPaid {
        /// Which.
        order: OrderId,
    },
    /// Another order on the subscription is paid and waits to be delivered (R4.12).
    #[error("{order} on this subscription is being delivered: wait until it is done")]
    OrderProcessing {
        /// Which.
        order: OrderId,
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
    /// The product is not sold after use.
    #[error("{product:?} is not sold as pay-as-you-go")]
    NotPayAsYouGo {
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
    /// The amount is below zero.
    #[error("{amount} is below zero")]
    AmountNegative {
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
    /// The product has no such meter.
    #[error("{product:?} has no meter {meter:?}")]
    UnknownMeter {
        /// The product.
        product: String,
        /// What was asked for.
        meter: String,
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
    /// There is no such withdrawal in the account.
    #[error("there is no withdrawal {withdrawal} in this account")]
    WithdrawalNotFound {
        /// What was asked for.
        withdrawal: WithdrawalId,
    },
    /// More than can be withdrawn: own top-ups, and neither what is held nor what is owed (R7.5).
    #[error("{withdrawable} can be withdrawn, not {amount}")]
    NotWithdrawable {
        /// What was asked for.
        amount: Money,
        /// What can be withdrawn.
        withdrawable: Money,
    },
    /// There is no such account to transfer to.
    #[error("there is no account {account} to transfer to")]
    PayeeNotFound {
        /// What was asked for.
        account: AccountId,
    },
    /// More than can be transferred (R7.6).
    #[error("{transferable} can be transferred, not {amount}")]
    NotTransferable {
        /// What was asked for.
        amount: Money,
        /// What can be transferred.
        transferable: Money,
    },
    /// A transfer goes to another account.
    #[error("a transfer goes to another account")]
    TransferToSelf,
    /// The channel does not allow this to be paid by that (R7.16).
    #[error("{} through {channel:?} is paid by {allowed:?}, not by {method:?}", action.as_str())]
    PaymentMethodNotAllowed {
        /// The channel.
        channel: String,
        /// What is paid.
        action: Action,
        /// By what it was to be paid.
        method: String,
        /// By what it can be paid.
        allowed: Vec<String>,
    },
    /// Through this channel the mode of renewal can be looked at, and not be changed (R7.16).
    #[error("the renewal mode cannot be changed through {channel:?}")]
    ChannelReadOnly {
        /// The channel.
        channel: String,
    },
    /// An operator alone may ask that, through no channel but their own.
    #[error("that is for operators, and cannot be asked through {channel:?}")]
    OperatorOnly {
        /// The channel.
        channel: String,
    },
    /// There is no such coupon in the account.
    #[error("there is no coupon {coupon} in this account")]
    CouponNotFound {
        /// What was asked for.
        coupon: CouponId,
    },
    /// The coupon was used, has expired or was taken back.
    #[error("{coupon} was used, has expired or was taken back")]
    CouponOver {
        /// Which.
        coupon: CouponId,
    },
    /// The coupon cannot be used for this order; every predicate that does not hold is named
    /// (R5.17).
    #[error("{coupon} cannot be used for this order")]
    CouponNotUsable {
        /// Which.
        coupon: CouponId,
        /// Why not.
        unmet: Vec<Unmet>,
    },
    /// An order is holding the coupon: pay or cancel that first.
    #[error("{order} holds {coupon}: pay it or cancel it")]
    CouponHeld {
        /// Which.
        coupon: CouponId,
        /// The order that holds it.
        order: OrderId,
    },
    /// A coupon or a campaign cannot be like that: a discount over 100 % for example.
    #[error("that is no coupon: {fault}")]
    InvalidCoupon {
        /// What is wrong.
        fault: String,
    },
    /// The price is not the one that was expected.
    #[error("this costs {payable}, not {expected}")]
    PriceChanged {
        /// What the caller expected to pay.
        expected: Money,
        /// What it costs.
        payable: Money,
    },
    /// The subscription has that plan already.
    #[error("{subscription} has plan {plan:?} already")]
    SamePlan {
        /// Which.
        subscription: SubscriptionId,
        /// The plan.
        plan: String,
    },
    /// A renewal with a cheaper plan comes too early (R1.20).
    #[error("a renewal with a cheaper plan is possible from {from} on")]
    TooEarlyForDowngrade {
        /// From when.
        from: Timestamp,
    },
    /// The subscription was downgraded as often as is allowed (R10.15).
    #[error("{subscription} was downgraded {limit} times: that is the most")]
    TooManyDowngrades {
        /// Which.
        subscription: SubscriptionId,
        /// How often it is allowed.
        limit: u32,
    },
    /// The subscription has a plan for a while, or a plan that was paid ahead: it cannot be
    /// changed before that is over.
    #[error("{subscription} changes its plan at {until}: it cannot be changed before")]
    ChangePending {
        /// Which.
        subscription: SubscriptionId,
        /// Until when.
        until: Timestamp,
    },
    /// An end that is not within the paid time.
    #[error("that must lie within the paid time, which ends at {expires_at}")]
    OutsidePaidTime {
        /// Its end.
        expires_at: Timestamp,
    },
    /// The day of the month is not 1 to 28.
    #[error("a unified expiry day is 1 to 28")]
    InvalidUnifiedDay,
    /// An expired subscription cannot be aligned (R1.22, R1.25).
    #[error("{subscription} has expired: renew it first, then align it")]
    ExpiredForAlignment {
        /// Which.
        subscription: SubscriptionId,
    },
    /// What was paid for this is not given back (R10.11).
    #[error("what was paid for {product:?} is not given back")]
    NotRefundable {
        /// The product.
        product: String,
    },
    /// More than is left of what was paid.
    #[error("{amount} is more than the {refundable} that is left of what was paid")]
    RefundExceedsPaid {
        /// What was asked for.
        amount: Money,
        /// What can be given back.
        refundable: Money,
    },
    /// There is nothing to give back: it was never paid, or its time is over.
    #[error(
        "{order} paid for no period that lies ahead; while its period lasts, unsubscribe or name \
         an amount"
    )]
    NothingToRefund {
        /// Which order.
        order: OrderId,
    },
    /// A later period of the subscription is paid: that one is given back first.
    #[error("{latest} paid a later period: give that back first")]
    NotLatestPeriod {
        /// The order of the latest period.
        latest: OrderId,
    },
    /// More orders than can be paid together (R4.15).
    #[error("{count} orders cannot be paid together: {limit} is the most")]
    TooManyOrders {
        /// How many there are.
        count: u32,
        /// How many there may be.
        limit: u32,
    },
    /// There are no lines of that month that are on no document yet, or it lies too far back.
    #[error("there is nothing of {month} to invoice")]
    NothingToInvoice {
        /// The month.
        month: Month,
    },
    /// There is no such campaign.
    #[error("there is no such campaign")]
    CampaignNotFound,
    /// Of the accounts that were named some do not exist; nobody got anything.
    #[error("{} of these accounts do not exist: nobody got anything", accounts.len())]
    UnknownAccounts {
        /// Those that do not exist.
        accounts: Vec<AccountId>,
    },
    /// No campaign has this redemption code. Codes are case-sensitive (R5.2).
    #[error("there is no such redemption code; upper and lower case matter")]
    UnknownCode,
    /// Another campaign has this redemption code.
    #[error("another campaign has this redemption code")]
    CodeTaken,
    /// The campaign has not begun, is over, or was closed.
    #[error("the campaign grants from {starts_at} until {ends_at}")]
    CampaignNotRunning {
        /// From when it grants.
        starts_at: Timestamp,
        /// Until when.
        ends_at: Timestamp,
    },
    /// The quota of the campaign does not suffice.
    #[error("{left} coupons are left of this campaign, and {asked} were asked for")]
    QuotaExhausted {
        /// How many are left.
        left: u32,
        /// How many were asked for.
        asked: u32,
    },
    /// The account got all the coupons that it may get from this campaign.
    #[error("an account gets {limit} of this campaign, and {account} has them")]
    CampaignLimit {
        /// Which account.
        account: AccountId,
        /// How many an account may get.
        limit: u32,
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
            Self::AccountClosed => "AccountClosed",
            Self::AccountClosing { .. } => "AccountClosing",
            Self::NoClosure => "NoClosure",
            Self::ClosureStage { .. } => "ClosureStage",
            Self::DisclaimerRequired => "DisclaimerRequired",
            Self::ClosureBlocked { .. } => "ClosureBlocked",
            Self::PurchaseRequires { .. } => "PurchaseRequires",
            Self::SubscriptionNotFound { .. } => "SubscriptionNotFound",
            Self::SubscriptionEnded { .. } => "SubscriptionEnded",
            Self::OrderNotFound { .. } => "OrderNotFound",
            Self::OrderClosed { .. } => "OrderClosed",
            Self::WrongState { .. } => "WrongState",
            Self::UnpaidOrder { .. } => "UnpaidOrder",
            Self::OrderNotPaid { .. } => "OrderNotPaid",
            Self::OrderProcessing { .. } => "LastOrderProcessing",
            Self::TooLateForMode { .. } => "TooLateForMode",
            Self::PeriodRequired => "PeriodRequired",
            Self::UnknownProduct { .. } => "UnknownProduct",
            Self::UnknownPlan { .. } => "UnknownPlan",
            Self::UnknownRegion { .. } => "UnknownRegion",
            Self::PlanRetired { .. } => "PlanRetired",
            Self::WrongCurrency { .. } => "WrongCurrency",
            Self::AmountNotPositive { .. } => "AmountNotPositive",
            Self::AmountNegative { .. } => "AmountNegative",
            Self::AmountTooLarge => "AmountTooLarge",
            Self::AccountOverdue { .. } => "AccountOverdue",
            Self::ResourceNotFound { .. } => "ResourceNotFound",
            Self::ResourceReleased { .. } => "ResourceReleased",
            Self::NotPayAsYouGo { .. } => "NotPayAsYouGo",
            Self::CurrencyNotOffered { .. } => "CurrencyNotOffered",
            Self::UnknownMeter { .. } => "UnknownMeter",
            Self::PeriodNotOffered { .. } => "PeriodNotOffered",
            Self::BeyondHorizon { .. } => "InvalidPeriod.ExceededMaximumExpirationDate",
            Self::PeriodInPast { .. } => "PeriodInPast",
            Self::OutlivesParent { .. } => "InvalidPeriod.ExceededDedicatedHost",
            Self::OffAnchor { .. } => "OffAnchor",
            Self::NotEnoughFunds { .. } => "NotEnoughFunds",
            Self::WithdrawalNotFound { .. } => "WithdrawalNotFound",
            Self::NotWithdrawable { .. } => "NotWithdrawable",
            Self::PayeeNotFound { .. } => "PayeeNotFound",
            Self::NotTransferable { .. } => "NotTransferable",
            Self::TransferToSelf => "TransferToSelf",
            Self::PaymentMethodNotAllowed { .. } => "PaymentMethodNotAllowed",
            Self::ChannelReadOnly { .. } => "ChannelReadOnly",
            Self::OperatorOnly { .. } => "OperatorOnly",
            Self::CouponNotFound { .. } => "CouponNotFound",
            Self::CouponOver { .. } => "CouponOver",
            Self::CouponNotUsable { .. } => "CouponNotUsable",
            Self::CouponHeld { .. } => "CouponHeld",
            Self::InvalidCoupon { .. } => "InvalidCoupon",
            Self::PriceChanged { .. } => "PriceChanged",
            Self::SamePlan { .. } => "SamePlan",
            Self::TooEarlyForDowngrade { .. } => "TooEarlyForDowngrade",
            Self::TooManyDowngrades { .. } => "TooManyDowngrades",
            Self::ChangePending { .. } => "ChangePending",
            Self::OutsidePaidTime { .. } => "OutsidePaidTime",
            Self::InvalidUnifiedDay => "InvalidUnifiedDay",
            Self::ExpiredForAlignment { .. } => "ExpiredForAlignment",
            Self::NotRefundable { .. } => "NotRefundable",
            Self::RefundExceedsPaid { .. } => "RefundExceedsPaid",
            Self::NothingToRefund { .. } => "NothingToRefund",
            Self::NotLatestPeriod { .. } => "NotLatestPeriod",
            Self::TooManyOrders { .. } => "TooManyOrders",
            Self::NothingToInvoice { .. } => "NothingToInvoice",
            Self::CampaignNotFound => "CampaignNotFound",
            Self::UnknownAccounts { .. } => "UnknownAccounts",
            Self::UnknownCode => "UnknownCode",
            Self::CodeTaken => "CodeTaken",
            Self::CampaignNotRunning { .. } => "CampaignNotRunning",
            Self::QuotaExhausted { .. } => "QuotaExhausted",
            Self::CampaignLimit { .. } => "CampaignLimit",
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
    pub const fn in_the_way(order: &order::Order) -> Self {
        match order.state {
            order::State::Processing => Self::OrderProcessing { order: order.id },
            order::State::Unpaid
            | order::State::Paid
            | order::State::Cancelled
            | order::State::Failed
            | order::State::Refunded => {
                Self::UnpaidOrder { order: order.id, deadline: order.deadline }
            }
        }
    }
}

/// The codes of blockers, each once.
fn codes(blockers: &[Blocker]) -> String {
    let mut codes: Vec<_> = blockers.iter().map(Blocker::code).collect();
    codes.dedup();
    codes.join(", ")
}
