//! The values of each rejection.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

use crate::admin::convert;
use crate::domain::rejection::Rejection;

/// The values of a rejection, in the forms of the wire.
#[expect(clippy::too_many_lines, reason = "a table: one line a rejection")]
pub(super) fn of(rejection: &Rejection) -> BTreeMap<String, Value> {
    let text = |value: &dyn fmt::Display| Value::from(value.to_string());
    let values = match rejection {
        Rejection::TokenMismatch
        | Rejection::AccountNotFound
        | Rejection::AccountExists
        | Rejection::EmailTaken
        | Rejection::ExternalIdTaken
        | Rejection::AccountHeld
        | Rejection::AccountNotHeld
        | Rejection::AccountClosed
        | Rejection::NoClosure
        | Rejection::DisclaimerRequired
        | Rejection::AmountTooLarge
        | Rejection::TransferToSelf
        | Rejection::InvalidUnifiedDay
        | Rejection::CampaignNotFound
        | Rejection::UnknownCode
        | Rejection::CodeTaken
        | Rejection::PeriodRequired
        | Rejection::BrakeNotEngaged => json!({}),
        Rejection::AccountClosing { stage } | Rejection::ClosureStage { stage } => {
            json!({ "stage": stage.as_str() })
        }
        Rejection::ClosureBlocked { blockers } => {
            let blockers: Vec<_> = blockers.iter().map(convert::blocker).collect();
            json!({ "blockers": blockers })
        }
        Rejection::AccountOverdue { amount } => json!({ "amount": convert::money(*amount) }),
        Rejection::ResourceNotFound { resource } | Rejection::ResourceReleased { resource } => {
            json!({ "resource": resource })
        }
        Rejection::PurchaseRequires { missing } => json!({ "missing": missing }),
        Rejection::SubscriptionNotFound { subscription }
        | Rejection::SubscriptionEnded { subscription }
        | Rejection::ExpiredForAlignment { subscription }
        | Rejection::TooLateForMode { subscription } => json!({ "subscription": subscription }),
        Rejection::OrderNotFound { order }
        | Rejection::OrderClosed { order }
        | Rejection::OrderNotPaid { order }
        | Rejection::OrderProcessing { order }
        | Rejection::NothingToRefund { order } => json!({ "order": order }),
        Rejection::NothingToInvoice { month } => json!({ "month": month }),
        Rejection::NotLatestPeriod { latest } => json!({ "latest": latest }),
        Rejection::CouponNotFound { coupon } | Rejection::CouponOver { coupon } => {
            json!({ "coupon": coupon })
        }
        Rejection::WithdrawalNotFound { withdrawal } => {
            json!({ "withdrawal": withdrawal })
        }
        Rejection::NotWithdrawable { amount, withdrawable } => json!({
            "amount": convert::money(*amount), "withdrawable": convert::money(*withdrawable)
        }),
        Rejection::PayeeNotFound { account } => json!({ "account": account }),
        Rejection::NotTransferable { amount, transferable } => json!({
            "amount": convert::money(*amount), "transferable": convert::money(*transferable)
        }),
        Rejection::PaymentMethodNotAllowed { channel, action, method, allowed } => json!({
            "channel": channel, "action": action.as_str(), "method": method, "allowed": allowed
        }),
        Rejection::ChannelReadOnly { channel } | Rejection::OperatorOnly { channel } => {
            json!({ "channel": channel })
        }
        Rejection::CouponNotUsable { coupon, unmet } => {
            let unmet: Vec<_> = unmet.iter().map(convert::unmet).collect();
            json!({ "coupon": coupon, "unmet": unmet })
        }
        Rejection::CouponHeld { coupon, order } => json!({ "coupon": coupon, "order": order }),
        Rejection::InvalidCoupon { fault } => json!({ "fault": fault }),
        Rejection::PriceChanged { expected, payable } => {
            json!({ "expected": convert::money(*expected), "payable": convert::money(*payable) })
        }
        Rejection::SamePlan { subscription, plan } => {
            json!({ "subscription": subscription, "plan": plan })
        }
        Rejection::TooEarlyForDowngrade { from } => json!({ "from": text(from) }),
        Rejection::TooManyDowngrades { subscription, limit } => {
            json!({ "subscription": subscription, "limit": limit })
        }
        Rejection::ChangePending { subscription, until } => {
            json!({ "subscription": subscription, "until": text(until) })
        }
        Rejection::RefundExceedsPaid { amount, refundable } => {
            json!({ "amount": convert::money(*amount), "refundable": convert::money(*refundable) })
        }
        Rejection::TooManyOrders { count, limit } => json!({ "count": count, "limit": limit }),
        Rejection::CampaignNotRunning { starts_at, ends_at } => {
            json!({ "starts_at": text(starts_at), "ends_at": text(ends_at) })
        }
        Rejection::QuotaExhausted { left, asked } => json!({ "left": left, "asked": asked }),
        Rejection::UnknownAccounts { accounts } => json!({ "accounts": accounts }),
        Rejection::CampaignLimit { account, limit } => {
            json!({ "account": account, "limit": limit })
        }
        Rejection::WrongState { subscription, state } => {
            json!({ "subscription": subscription, "state": state })
        }
        Rejection::UnknownProduct { product }
        | Rejection::NotRefundable { product }
        | Rejection::NotPayAsYouGo { product } => json!({ "product": product }),
        Rejection::UnknownPlan { product, plan } | Rejection::PlanRetired { product, plan } => {
            json!({ "product": product, "plan": plan })
        }
        Rejection::UnknownRegion { product, region } => {
            json!({ "product": product, "region": region })
        }
        Rejection::WrongCurrency { expected, given } => {
            json!({ "expected": text(expected), "given": text(given) })
        }
        Rejection::AmountNotPositive { amount } | Rejection::AmountNegative { amount } => {
            json!({ "amount": convert::money(*amount) })
        }
        Rejection::CurrencyNotOffered { product, plan, currency } => {
            json!({ "product": product, "plan": plan, "currency": text(currency) })
        }
        Rejection::UnknownMeter { product, meter } => {
            json!({ "product": product, "meter": meter })
        }
        Rejection::PeriodNotOffered { period, offered } => {
            let offered: Vec<Value> = offered.iter().map(|period| text(period)).collect();
            json!({ "period": text(period), "offered": offered })
        }
        Rejection::UnpaidOrder { order, deadline } => {
            json!({ "order": order, "deadline": text(deadline) })
        }
        Rejection::BeyondHorizon { expires_at, limit } => {
            json!({ "expires_at": text(expires_at), "limit": text(limit) })
        }
        Rejection::OutlivesParent { parent, expires_at, limit } => {
            json!({ "parent": parent, "expires_at": text(expires_at), "limit": text(limit) })
        }
        Rejection::PeriodInPast { minimum } => json!({ "minimum": text(minimum) }),
        Rejection::OffAnchor { expires_at } | Rejection::OutsidePaidTime { expires_at } => {
            json!({ "expires_at": text(expires_at) })
        }
        Rejection::NotEnoughFunds { needed, available } => {
            json!({ "needed": convert::money(*needed), "available": convert::money(*available) })
        }
        Rejection::InvalidRules { faults } => json!({ "faults": faults }),
        Rejection::EffectiveInPast { earliest } => json!({ "earliest": text(earliest) }),
    };
    let Value::Object(values) = values else { return BTreeMap::new() };
    values.into_iter().collect()
}
