//! What others depend on, byte by byte: the JSON of every event ever written, and the codes of
//! rejections.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use insta::assert_snapshot;
use serde_json::Value;

use super::scenario::{ACCOUNT, instant, usd};
use crate::domain::account;
use crate::domain::event::Event;
use crate::domain::ids::{CouponId, OrderId, ResourceId, SubscriptionId, WithdrawalId};
use crate::domain::nouns::coupon::Unmet;
use crate::domain::nouns::{
    campaign, closure, coupon, house, notice, order, resource, series, standing, statement,
    subscription, usage, wallet, withdrawal,
};
use crate::domain::rejection::Rejection;
use crate::domain::verbs::channel::Action;

/// One line for each event variant; lines are added, never changed. A journal of any age is read
/// by the code of today.
const GOLDEN: &str = include_str!("golden_events.jsonl");

/// The names of all variants, and the name of each: a new variant does not compile without one,
/// and a name without a golden line fails.
macro_rules! variants {
    ($($pattern:pat => $name:literal),+ $(,)?) => {
        pub(super) const VARIANTS: &[&str] = &[$($name),+];

        pub(super) fn variant(event: &Event) -> &'static str {
            match event {
                $($pattern => $name),+
            }
        }
    };
}
variants! {
    Event::Account(account::Event::Opened { .. }) => "account.opened",
    Event::Account(account::Event::Held { .. }) => "account.held",
    Event::Account(account::Event::LetGo { .. }) => "account.let_go",
    Event::Account(account::Event::UnifiedDaySet { .. }) => "account.unified_day_set",
    Event::Account(account::Event::CouponDeclined { .. }) => "account.coupon_declined",
    Event::Wallet(wallet::Event::ToppedUp { .. }) => "wallet.topped_up",
    Event::Withdrawal(withdrawal::Event::Requested(_)) => "withdrawal.requested",
    Event::Withdrawal(withdrawal::Event::Paid { .. }) => "withdrawal.paid",
    Event::Withdrawal(withdrawal::Event::Failed { .. }) => "withdrawal.failed",
    Event::Withdrawal(withdrawal::Event::PaidAfterAll { .. }) => "withdrawal.paid_after_all",
    Event::Withdrawal(withdrawal::Event::FailedAfterAll { .. }) => "withdrawal.failed_after_all",
    Event::Withdrawal(withdrawal::Event::ReportedAgain { .. }) => "withdrawal.reported_again",
    Event::Wallet(wallet::Event::Sent { .. }) => "wallet.sent",
    Event::Wallet(wallet::Event::Arrived { .. }) => "wallet.arrived",
    Event::Wallet(wallet::Event::Returned { .. }) => "wallet.returned",
    Event::Wallet(wallet::Event::Received { .. }) => "wallet.received",
    Event::Wallet(wallet::Event::Declined { .. }) => "wallet.declined",
    Event::Wallet(wallet::Event::BroughtIn { .. }) => "wallet.brought_in",
    Event::Wallet(wallet::Event::LimitSet { .. }) => "wallet.limit_set",
    Event::Wallet(wallet::Event::Lent { .. }) => "wallet.lent",
    Event::Wallet(wallet::Event::Repaid { .. }) => "wallet.repaid",
    Event::Wallet(wallet::Event::FellDue { .. }) => "wallet.fell_due",
    Event::Wallet(wallet::Event::DepositHeld { .. }) => "wallet.deposit_held",
    Event::Wallet(wallet::Event::DepositReleased { .. }) => "wallet.deposit_released",
    Event::Resource(resource::Event::Opened { .. }) => "resource.opened",
    Event::Resource(resource::Event::Started { .. }) => "resource.started",
    Event::Resource(resource::Event::Stopped { .. }) => "resource.stopped",
    Event::Resource(resource::Event::PlanChanged { .. }) => "resource.plan_changed",
    Event::Resource(resource::Event::Halted { .. }) => "resource.halted",
    Event::Resource(resource::Event::ReleaseNoticed { .. }) => "resource.release_noticed",
    Event::Resource(resource::Event::Restored { .. }) => "resource.restored",
    Event::Resource(resource::Event::Released { .. }) => "resource.released",
    Event::Resource(resource::Event::Closed { .. }) => "resource.closed",
    Event::Usage(usage::Event::Recorded { .. }) => "usage.recorded",
    Event::Usage(usage::Event::Settled(_)) => "usage.settled",
    Event::Usage(usage::Event::PackageFilled(_)) => "usage.package_filled",
    Event::Usage(usage::Event::PackageDropped { .. }) => "usage.package_dropped",
    Event::Standing(standing::Event::FellOverdue { .. }) => "standing.fell_overdue",
    Event::Standing(standing::Event::OverdueNoticed { .. }) => "standing.overdue_noticed",
    Event::Standing(standing::Event::Recovered { .. }) => "standing.recovered",
    Event::Standing(standing::Event::AlertSet { .. }) => "standing.alert_set",
    Event::Standing(standing::Event::RanLow { .. }) => "standing.ran_low",
    Event::Standing(standing::Event::Refilled { .. }) => "standing.refilled",
    Event::Standing(standing::Event::WillRunShort { .. }) => "standing.will_run_short",
    Event::Order(order::Event::Opened(_)) => "order.opened",
    Event::Order(order::Event::Repriced { .. }) => "order.repriced",
    Event::Order(order::Event::Warned { .. }) => "order.warned",
    Event::Order(order::Event::Paid { .. }) => "order.paid",
    Event::Order(order::Event::Processing { .. }) => "order.processing",
    Event::Order(order::Event::Provisioned { .. }) => "order.provisioned",
    Event::Order(order::Event::Failed { .. }) => "order.failed",
    Event::Order(order::Event::Refunded { .. }) => "order.refunded",
    Event::Order(order::Event::ReportedLate { .. }) => "order.reported_late",
    Event::Order(order::Event::Cancelled { .. }) => "order.cancelled",
    Event::Subscription(subscription::Event::Ordered { .. }) => "subscription.ordered",
    Event::Subscription(subscription::Event::Activated { .. }) => "subscription.activated",
    Event::Subscription(subscription::Event::Imported { .. }) => "subscription.imported",
    Event::Subscription(subscription::Event::Renewed { .. }) => "subscription.renewed",
    Event::Subscription(subscription::Event::RenewalOrdered { .. }) => "subscription.renewal_ordered",
    Event::Subscription(subscription::Event::ChangeOrdered { .. }) => "subscription.change_ordered",
    Event::Subscription(subscription::Event::OrderClosed { .. }) => "subscription.order_closed",
    Event::Subscription(subscription::Event::PlanChanged { .. }) => "subscription.plan_changed",
    Event::Subscription(subscription::Event::PlanTookEffect { .. }) => "subscription.plan_took_effect",
    Event::Subscription(subscription::Event::PeriodCancelled { .. }) => "subscription.period_cancelled",
    Event::Subscription(subscription::Event::Unsubscribed { .. }) => "subscription.unsubscribed",
    Event::Subscription(subscription::Event::AttemptFailed { .. }) => "subscription.attempt_failed",
    Event::Subscription(subscription::Event::ModeSet { .. }) => "subscription.mode_set",
    Event::Subscription(subscription::Event::Expired { .. }) => "subscription.expired",
    Event::Subscription(subscription::Event::Suspended { .. }) => "subscription.suspended",
    Event::Subscription(subscription::Event::Released { .. }) => "subscription.released",
    Event::Subscription(subscription::Event::Cancelled { .. }) => "subscription.cancelled",
    Event::Coupon(coupon::Event::Granted(_)) => "coupon.granted",
    Event::Coupon(coupon::Event::BecameEffective { .. }) => "coupon.became_effective",
    Event::Coupon(coupon::Event::Frozen { .. }) => "coupon.frozen",
    Event::Coupon(coupon::Event::Unfrozen { .. }) => "coupon.unfrozen",
    Event::Coupon(coupon::Event::Redeemed { .. }) => "coupon.redeemed",
    Event::Coupon(coupon::Event::Spent { .. }) => "coupon.spent",
    Event::Coupon(coupon::Event::Restored { .. }) => "coupon.restored",
    Event::Coupon(coupon::Event::Reminded { .. }) => "coupon.reminded",
    Event::Coupon(coupon::Event::Expired { .. }) => "coupon.expired",
    Event::Coupon(coupon::Event::Cancelled { .. }) => "coupon.cancelled",
    Event::Closure(closure::Event::Requested { .. }) => "closure.requested",
    Event::Closure(closure::Event::Begun { .. }) => "closure.begun",
    Event::Closure(closure::Event::CodeMissed { .. }) => "closure.code_missed",
    Event::Closure(closure::Event::Confirmed { .. }) => "closure.confirmed",
    Event::Closure(closure::Event::ApprovalAsked { .. }) => "closure.approval_asked",
    Event::Closure(closure::Event::Approved { .. }) => "closure.approved",
    Event::Closure(closure::Event::SettlingBegan { .. }) => "closure.settling_began",
    Event::Closure(closure::Event::QuietBegan { .. }) => "closure.quiet_began",
    Event::Closure(closure::Event::ReturnedToSettling { .. }) => "closure.returned_to_settling",
    Event::Closure(closure::Event::Rejected { .. }) => "closure.rejected",
    Event::Closure(closure::Event::Revoked { .. }) => "closure.revoked",
    Event::Closure(closure::Event::Interrupted { .. }) => "closure.interrupted",
    Event::Closure(closure::Event::Closed { .. }) => "closure.closed",
    Event::Closure(closure::Event::HoldingReported(_)) => "closure.holding_reported",
    Event::Closure(closure::Event::HoldingCleared { .. }) => "closure.holding_cleared",
    Event::Wallet(wallet::Event::Forfeited { .. }) => "wallet.forfeited",
    Event::Statement(statement::Event::Closed { .. }) => "statement.closed",
    Event::Statement(statement::Event::DocumentIssued(_)) => "statement.document_issued",
    Event::Statement(statement::Event::DocumentNumbered { .. }) => "statement.document_numbered",
    Event::Notice(notice::Event::Issued { .. }) => "notice.issued",
    Event::Notice(notice::Event::Skipped { .. }) => "notice.skipped",
    Event::House(house::Event::RulesApplied { .. }) => "house.rules_applied",
    Event::House(house::Event::BrakeEngaged(_)) => "house.brake_engaged",
    Event::House(house::Event::MonthSealed { .. }) => "house.month_sealed",
    Event::House(house::Event::MonthClosed { .. }) => "house.month_closed",
    Event::House(house::Event::BrakeReleased { .. }) => "house.brake_released",
    Event::Campaign(campaign::Event::Opened { .. }) => "campaign.opened",
    Event::Campaign(campaign::Event::Taken { .. }) => "campaign.taken",
    Event::Campaign(campaign::Event::GivenBack { .. }) => "campaign.given_back",
    Event::Campaign(campaign::Event::Closed { .. }) => "campaign.closed",
    Event::Series(series::Event::Numbered { .. }) => "series.numbered",
}

/// What was written before a field was added lacks it; what it has is kept.
fn is_within(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            old.iter().all(|(key, old)| new.get(key).is_some_and(|new| is_within(old, new)))
        }
        (Value::Array(old), Value::Array(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| is_within(old, new))
        }
        (old, new) => old == new,
    }
}

#[test]
fn every_event_that_was_ever_written_is_read_and_written_alike() {
    let mut alike = BTreeSet::new();
    for line in GOLDEN.lines() {
        let event: Event = serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
        let written = serde_json::to_string(&event).expect("an event is written");
        let value = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
        assert!(is_within(&value(line), &value(&written)), "{line}\nis written as\n{written}");
        assert_eq!(serde_json::from_str::<Event>(&written).expect("it is read again"), event);
        if written == line {
            alike.insert(variant(&event));
        }
    }
    let changed: Vec<_> = VARIANTS.iter().filter(|name| !alike.contains(*name)).collect();
    assert!(changed.is_empty(), "no golden line of today for {changed:?}");
}

#[test]
fn every_event_has_a_golden_line() {
    let lines = GOLDEN.lines().map(|line| serde_json::from_str(line).expect("an event"));
    let written: BTreeSet<_> = lines.map(|event: Event| variant(&event)).collect();
    let missing: Vec<_> = VARIANTS.iter().filter(|name| !written.contains(*name)).collect();
    assert!(missing.is_empty(), "no golden line for {missing:?}");
}

/// The rejections in order of precedence. A new one does not compile until it has its place.
fn rejections() -> Vec<Rejection> {
    let subscription = SubscriptionId::new(ACCOUNT, 1);
    let order = OrderId::new(ACCOUNT, 2);
    let coupon = CouponId::new(ACCOUNT, 3);
    let withdrawal = WithdrawalId::new(ACCOUNT, 6);
    let (product, plan) = (|| "ecs".to_owned(), || "small".to_owned());
    let currency = usd("1").currency();
    let month = || "P1M".parse().expect("a period");
    let at = instant("2026-01-10", "12:00");
    let all = vec![
        Rejection::TokenMismatch,
        Rejection::AccountNotFound,
        Rejection::AccountExists,
        Rejection::EmailTaken,
        Rejection::ExternalIdTaken,
        Rejection::AccountHeld,
        Rejection::AccountNotHeld,
        Rejection::PurchaseRequires { missing: "country".into() },
        Rejection::SubscriptionNotFound { subscription },
        Rejection::SubscriptionEnded { subscription },
        Rejection::OrderNotFound { order },
        Rejection::OrderClosed { order },
        Rejection::WrongState { subscription, state: "PendingPayment".into() },
        Rejection::UnpaidOrder { order, deadline: at },
        Rejection::OrderNotPaid { order },
        Rejection::OrderProcessing { order },
        Rejection::TooLateForMode { subscription },
        Rejection::PeriodRequired,
        Rejection::UnknownProduct { product: product() },
        Rejection::UnknownPlan { product: product(), plan: plan() },
        Rejection::UnknownRegion { product: product(), region: "eu".into() },
        Rejection::PlanRetired { product: product(), plan: plan() },
        Rejection::WrongCurrency { expected: currency, given: currency },
        Rejection::AmountNotPositive { amount: usd("0") },
        Rejection::AmountNegative { amount: usd("-1") },
        Rejection::AmountTooLarge,
        Rejection::CurrencyNotOffered { product: product(), plan: plan(), currency },
        Rejection::UnknownMeter { product: product(), meter: "tape".into() },
        Rejection::PeriodNotOffered { period: month(), offered: vec![month()] },
        Rejection::BeyondHorizon { expires_at: at, limit: at },
        Rejection::PeriodInPast { minimum: month() },
        Rejection::OutlivesParent { parent: subscription, expires_at: at, limit: at },
        Rejection::OffAnchor { expires_at: at },
        Rejection::NotEnoughFunds { needed: usd("10"), available: usd("9.99") },
        Rejection::WithdrawalNotFound { withdrawal },
        Rejection::NotWithdrawable { amount: usd("2"), withdrawable: usd("1") },
        Rejection::PayeeNotFound { account: ACCOUNT },
        Rejection::NotTransferable { amount: usd("2"), transferable: usd("1") },
        Rejection::TransferToSelf,
        Rejection::PaymentMethodNotAllowed {
            channel: "app".into(),
            action: Action::Renew,
            method: "huabei".into(),
            allowed: vec!["alipay".into()],
        },
        Rejection::ChannelReadOnly { channel: "app".into() },
        Rejection::OperatorOnly { channel: "app".into() },
        Rejection::CouponNotFound { coupon },
        Rejection::CouponOver { coupon },
        Rejection::CouponNotUsable { coupon, unmet: vec![Unmet::Product] },
        Rejection::CouponHeld { coupon, order },
        Rejection::InvalidCoupon { fault: "too much".into() },
        Rejection::PriceChanged { expected: usd("1"), payable: usd("2") },
        Rejection::SamePlan { subscription, plan: plan() },
        Rejection::TooEarlyForDowngrade { from: at },
        Rejection::TooManyDowngrades { subscription, limit: 3 },
        Rejection::ChangePending { subscription, until: at },
        Rejection::OutsidePaidTime { expires_at: at },
        Rejection::InvalidUnifiedDay,
        Rejection::ExpiredForAlignment { subscription },
        Rejection::NotRefundable { product: product() },
        Rejection::RefundExceedsPaid { amount: usd("2"), refundable: usd("1") },
        Rejection::NothingToRefund { order },
        Rejection::NotLatestPeriod { latest: order },
        Rejection::TooManyOrders { count: 31, limit: 30 },
        Rejection::NothingToInvoice { month: "2026-04".parse().expect("a month") },
        Rejection::CampaignNotFound,
        Rejection::UnknownAccounts { accounts: vec![ACCOUNT] },
        Rejection::UnknownCode,
        Rejection::CodeTaken,
        Rejection::CampaignNotRunning { starts_at: at, ends_at: at },
        Rejection::QuotaExhausted { left: 1, asked: 2 },
        Rejection::CampaignLimit { account: ACCOUNT, limit: 1 },
        Rejection::InvalidRules { faults: Vec::new() },
        Rejection::EffectiveInPast { earliest: at },
        Rejection::AccountOverdue { amount: usd("5") },
        Rejection::ResourceNotFound { resource: ResourceId::new(ACCOUNT, 5) },
        Rejection::ResourceReleased { resource: ResourceId::new(ACCOUNT, 5) },
        Rejection::NotPayAsYouGo { product: "ecs".into() },
        Rejection::AccountClosed,
        Rejection::AccountClosing { stage: closure::Stage::Quiet },
        Rejection::NoClosure,
        Rejection::ClosureStage { stage: closure::Stage::Settling },
        Rejection::DisclaimerRequired,
        Rejection::ClosureBlocked { blockers: Vec::new() },
        Rejection::BrakeNotEngaged,
    ];
    for rejection in &all {
        // Reminds whoever adds one to add it above.
        match rejection {
            Rejection::TokenMismatch
            | Rejection::AccountNotFound
            | Rejection::AccountExists
            | Rejection::EmailTaken
            | Rejection::ExternalIdTaken
            | Rejection::AccountHeld
            | Rejection::AccountNotHeld
            | Rejection::PurchaseRequires { .. }
            | Rejection::SubscriptionNotFound { .. }
            | Rejection::SubscriptionEnded { .. }
            | Rejection::OrderNotFound { .. }
            | Rejection::OrderClosed { .. }
            | Rejection::WrongState { .. }
            | Rejection::UnpaidOrder { .. }
            | Rejection::OrderNotPaid { .. }
            | Rejection::OrderProcessing { .. }
            | Rejection::TooLateForMode { .. }
            | Rejection::PeriodRequired
            | Rejection::UnknownProduct { .. }
            | Rejection::UnknownPlan { .. }
            | Rejection::UnknownRegion { .. }
            | Rejection::PlanRetired { .. }
            | Rejection::WrongCurrency { .. }
            | Rejection::AmountNotPositive { .. }
            | Rejection::AmountNegative { .. }
            | Rejection::AmountTooLarge
            | Rejection::CurrencyNotOffered { .. }
            | Rejection::UnknownMeter { .. }
            | Rejection::PeriodNotOffered { .. }
            | Rejection::BeyondHorizon { .. }
            | Rejection::OutlivesParent { .. }
            | Rejection::PeriodInPast { .. }
            | Rejection::OffAnchor { .. }
            | Rejection::NotEnoughFunds { .. }
            | Rejection::WithdrawalNotFound { .. }
            | Rejection::NotWithdrawable { .. }
            | Rejection::PayeeNotFound { .. }
            | Rejection::NotTransferable { .. }
            | Rejection::TransferToSelf
            | Rejection::PaymentMethodNotAllowed { .. }
            | Rejection::ChannelReadOnly { .. }
            | Rejection::OperatorOnly { .. }
            | Rejection::CouponNotFound { .. }
            | Rejection::CouponOver { .. }
            | Rejection::CouponNotUsable { .. }
            | Rejection::CouponHeld { .. }
            | Rejection::InvalidCoupon { .. }
            | Rejection::PriceChanged { .. }
            | Rejection::SamePlan { .. }
            | Rejection::TooEarlyForDowngrade { .. }
            | Rejection::TooManyDowngrades { .. }
            | Rejection::ChangePending { .. }
            | Rejection::OutsidePaidTime { .. }
            | Rejection::InvalidUnifiedDay
            | Rejection::ExpiredForAlignment { .. }
            | Rejection::NotRefundable { .. }
            | Rejection::RefundExceedsPaid { .. }
            | Rejection::NothingToRefund { .. }
            | Rejection::NotLatestPeriod { .. }
            | Rejection::TooManyOrders { .. }
            | Rejection::NothingToInvoice { .. }
            | Rejection::CampaignNotFound
            | Rejection::UnknownAccounts { .. }
            | Rejection::UnknownCode
            | Rejection::CodeTaken
            | Rejection::CampaignNotRunning { .. }
            | Rejection::QuotaExhausted { .. }
            | Rejection::CampaignLimit { .. }
            | Rejection::InvalidRules { .. }
            | Rejection::EffectiveInPast { .. }
            | Rejection::AccountOverdue { .. }
            | Rejection::ResourceNotFound { .. }
            | Rejection::ResourceReleased { .. }
            | Rejection::NotPayAsYouGo { .. }
            | Rejection::AccountClosed
            | Rejection::AccountClosing { .. }
            | Rejection::NoClosure
            | Rejection::ClosureStage { .. }
            | Rejection::DisclaimerRequired
            | Rejection::ClosureBlocked { .. }
            | Rejection::BrakeNotEngaged => {}
        }
    }
    all
}

#[test]
fn a_rejection_keeps_its_code() {
    let mut table = String::new();
    let mut codes = BTreeSet::new();
    for rejection in rejections() {
        let text = serde_json::to_string(&rejection).expect("a rejection is written");
        assert_eq!(serde_json::from_str::<Rejection>(&text).expect("it is read"), rejection);
        let name = text.trim_start_matches(['{', '"']);
        let name = &name[..name.find('"').expect("a name")];
        assert!(codes.insert(rejection.code()), "{name} shares its code");
        writeln!(table, "{name} -> {}", rejection.code()).expect("a string grows");
    }
    assert_snapshot!(table, @r"
        TokenMismatch -> IdempotenceParamNotMatch
        AccountNotFound -> AccountNotFound
        AccountExists -> AccountExists
        EmailTaken -> EmailTaken
        ExternalIdTaken -> ExternalIdTaken
        AccountHeld -> AccountHeld
        AccountNotHeld -> AccountNotHeld
        PurchaseRequires -> PurchaseRequires
        SubscriptionNotFound -> SubscriptionNotFound
        SubscriptionEnded -> SubscriptionEnded
        OrderNotFound -> OrderNotFound
        OrderClosed -> OrderClosed
        WrongState -> WrongState
        UnpaidOrder -> UnpaidOrder
        OrderNotPaid -> OrderNotPaid
        OrderProcessing -> LastOrderProcessing
        TooLateForMode -> TooLateForMode
        PeriodRequired -> PeriodRequired
        UnknownProduct -> UnknownProduct
        UnknownPlan -> UnknownPlan
        UnknownRegion -> UnknownRegion
        PlanRetired -> PlanRetired
        WrongCurrency -> WrongCurrency
        AmountNotPositive -> AmountNotPositive
        AmountNegative -> AmountNegative
        AmountTooLarge -> AmountTooLarge
        CurrencyNotOffered -> CurrencyNotOffered
        UnknownMeter -> UnknownMeter
        PeriodNotOffered -> PeriodNotOffered
        BeyondHorizon -> InvalidPeriod.ExceededMaximumExpirationDate
        PeriodInPast -> PeriodInPast
        OutlivesParent -> InvalidPeriod.ExceededDedicatedHost
        OffAnchor -> OffAnchor
        NotEnoughFunds -> NotEnoughFunds
        WithdrawalNotFound -> WithdrawalNotFound
        NotWithdrawable -> NotWithdrawable
        PayeeNotFound -> PayeeNotFound
        NotTransferable -> NotTransferable
        TransferToSelf -> TransferToSelf
        PaymentMethodNotAllowed -> PaymentMethodNotAllowed
        ChannelReadOnly -> ChannelReadOnly
        OperatorOnly -> OperatorOnly
        CouponNotFound -> CouponNotFound
        CouponOver -> CouponOver
        CouponNotUsable -> CouponNotUsable
        CouponHeld -> CouponHeld
        InvalidCoupon -> InvalidCoupon
        PriceChanged -> PriceChanged
        SamePlan -> SamePlan
        TooEarlyForDowngrade -> TooEarlyForDowngrade
        TooManyDowngrades -> TooManyDowngrades
        ChangePending -> ChangePending
        OutsidePaidTime -> OutsidePaidTime
        InvalidUnifiedDay -> InvalidUnifiedDay
        ExpiredForAlignment -> ExpiredForAlignment
        NotRefundable -> NotRefundable
        RefundExceedsPaid -> RefundExceedsPaid
        NothingToRefund -> NothingToRefund
        NotLatestPeriod -> NotLatestPeriod
        TooManyOrders -> TooManyOrders
        NothingToInvoice -> NothingToInvoice
        CampaignNotFound -> CampaignNotFound
        UnknownAccounts -> UnknownAccounts
        UnknownCode -> UnknownCode
        CodeTaken -> CodeTaken
        CampaignNotRunning -> CampaignNotRunning
        QuotaExhausted -> QuotaExhausted
        CampaignLimit -> CampaignLimit
        InvalidRules -> InvalidRules
        EffectiveInPast -> EffectiveInPast
        AccountOverdue -> AccountOverdue
        ResourceNotFound -> ResourceNotFound
        ResourceReleased -> ResourceReleased
        NotPayAsYouGo -> NotPayAsYouGo
        AccountClosed -> AccountClosed
        AccountClosing -> AccountClosing
        NoClosure -> NoClosure
        ClosureStage -> ClosureStage
        DisclaimerRequired -> DisclaimerRequired
        ClosureBlocked -> ClosureBlocked
        BrakeNotEngaged -> BrakeNotEngaged
        ");
}
