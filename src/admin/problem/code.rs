//! The codes, and the one table from code to status.

use actix_web::http::StatusCode;

use crate::domain::rejection::Rejection;

/// What the door, and the machinery behind it, may say beside the business's rejections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The body or the query is not of the form that is asked for.
    MalformedRequest,
    /// The `Idempotency-Key` is no token.
    InvalidToken,
    /// The cursor is not one that was given out for this list.
    InvalidCursor,
    /// The socket is not for this user.
    PeerNotAllowed,
    /// There is nothing at this path.
    NoSuchRoute,
    /// There is no such scheduler.
    SchedulerNotFound,
    /// There are no rules yet.
    CatalogueNotFound,
    /// Nothing is billed to the account in this month.
    StatementNotFound,
    /// The account has no such invoice or credit note.
    DocumentNotFound,
    /// Not this method, at this path.
    MethodNotAllowed,
    /// Nothing that the `Accept` header names is given here.
    NotAcceptable,
    /// The body took too long.
    RequestTimeout,
    /// The clock is the machine's: it cannot be moved.
    ClockNotManual,
    /// The account was set aside after repeated failure.
    AccountParked,
    /// The account was not set aside.
    AccountNotParked,
    /// The account is not closed.
    AccountNotClosed,
    /// The body is too large.
    BodyTooLarge,
    /// The body is of another type than is read here.
    WrongContentType,
    /// A value is of the right type and cannot be used; `field` says which.
    InvalidField,
    /// The currency is none that can be billed in.
    UnknownCurrency,
    /// The amount has more decimals than its currency.
    AmountTooPrecise,
    /// The clock only moves ahead.
    ClockInPast,
    /// A forecast does not look so far ahead.
    ForecastTooFar,
    /// What this does cannot be tried without doing it.
    DryRunNotPossible,
    /// One order takes one coupon (R5.18).
    OneCouponPerOrder,
    /// A renewal goes for a length or to a day of the month, one of the two (R1.26).
    PeriodOrRenewDay,
    /// More at once than is read.
    TooManyItems,
    /// What cannot be undone needs an explicit word (R8.4).
    ConfirmationRequired,
    /// A one-time code is wrong; it was counted.
    WrongCode,
    /// Too much waits for this account.
    Busy,
    /// The store cannot be reached.
    StoreUnavailable,
    /// It may have happened; repeating with the same token is safe.
    OutcomeUnknown,
    /// The scheduler or the clock could not do it.
    ControlFailed,
    /// The document was not printed: its figures contradict each other, or a font is missing.
    NotPrinted,
    /// A bug.
    InternalError,
}

impl Code {
    /// All of them.
    pub const ALL: [Self; 35] = [
        Self::MalformedRequest,
        Self::InvalidToken,
        Self::InvalidCursor,
        Self::PeerNotAllowed,
        Self::NoSuchRoute,
        Self::SchedulerNotFound,
        Self::CatalogueNotFound,
        Self::StatementNotFound,
        Self::DocumentNotFound,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::RequestTimeout,
        Self::ClockNotManual,
        Self::AccountParked,
        Self::AccountNotParked,
        Self::AccountNotClosed,
        Self::BodyTooLarge,
        Self::WrongContentType,
        Self::InvalidField,
        Self::UnknownCurrency,
        Self::AmountTooPrecise,
        Self::ClockInPast,
        Self::ForecastTooFar,
        Self::DryRunNotPossible,
        Self::OneCouponPerOrder,
        Self::PeriodOrRenewDay,
        Self::TooManyItems,
        Self::ConfirmationRequired,
        Self::WrongCode,
        Self::Busy,
        Self::StoreUnavailable,
        Self::OutcomeUnknown,
        Self::ControlFailed,
        Self::NotPrinted,
        Self::InternalError,
    ];

    /// The stable code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MalformedRequest => "MalformedRequest",
            Self::InvalidToken => "InvalidToken",
            Self::InvalidCursor => "InvalidCursor",
            Self::PeerNotAllowed => "PeerNotAllowed",
            Self::NoSuchRoute => "NoSuchRoute",
            Self::SchedulerNotFound => "SchedulerNotFound",
            Self::CatalogueNotFound => "CatalogueNotFound",
            Self::StatementNotFound => "StatementNotFound",
            Self::DocumentNotFound => "DocumentNotFound",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::NotAcceptable => "NotAcceptable",
            Self::RequestTimeout => "RequestTimeout",
            Self::ClockNotManual => "ClockNotManual",
            Self::AccountParked => "AccountParked",
            Self::AccountNotParked => "AccountNotParked",
            Self::AccountNotClosed => "AccountNotClosed",
            Self::BodyTooLarge => "BodyTooLarge",
            Self::WrongContentType => "WrongContentType",
            Self::InvalidField => "InvalidField",
            Self::UnknownCurrency => "UnknownCurrency",
            Self::AmountTooPrecise => "AmountTooPrecise",
            Self::ClockInPast => "ClockInPast",
            Self::ForecastTooFar => "ForecastTooFar",
            Self::DryRunNotPossible => "DryRunNotPossible",
            Self::OneCouponPerOrder => "OneCouponPerOrder",
            Self::PeriodOrRenewDay => "PeriodOrRenewDay",
            Self::TooManyItems => "TooManyItems",
            Self::ConfirmationRequired => "ConfirmationRequired",
            Self::WrongCode => "WrongCode",
            Self::Busy => "Busy",
            Self::StoreUnavailable => "StoreUnavailable",
            Self::OutcomeUnknown => "OutcomeUnknown",
            Self::ControlFailed => "ControlFailed",
            Self::NotPrinted => "NotPrinted",
            Self::InternalError => "InternalError",
        }
    }

    /// Its status.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::MalformedRequest | Self::InvalidToken | Self::InvalidCursor => {
                StatusCode::BAD_REQUEST
            }
            Self::PeerNotAllowed => StatusCode::FORBIDDEN,
            Self::NoSuchRoute
            | Self::SchedulerNotFound
            | Self::CatalogueNotFound
            | Self::StatementNotFound
            | Self::DocumentNotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::ClockNotManual
            | Self::AccountParked
            | Self::AccountNotParked
            | Self::AccountNotClosed => StatusCode::CONFLICT,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::WrongContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::InvalidField
            | Self::UnknownCurrency
            | Self::AmountTooPrecise
            | Self::ClockInPast
            | Self::ForecastTooFar
            | Self::DryRunNotPossible
            | Self::OneCouponPerOrder
            | Self::PeriodOrRenewDay
            | Self::TooManyItems
            | Self::ConfirmationRequired
            | Self::WrongCode => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Busy | Self::StoreUnavailable | Self::OutcomeUnknown | Self::ControlFailed => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::NotPrinted | Self::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// The status of a rejection: 404 for what is not there, 402 for what is not covered, 409 where
/// the same request could succeed once something else has changed, 422 otherwise.
#[must_use]
pub const fn status_of(rejection: &Rejection) -> StatusCode {
    match rejection {
        Rejection::AccountNotFound
        | Rejection::SubscriptionNotFound { .. }
        | Rejection::OrderNotFound { .. }
        | Rejection::ResourceNotFound { .. }
        | Rejection::WithdrawalNotFound { .. }
        | Rejection::PayeeNotFound { .. }
        | Rejection::CouponNotFound { .. }
        | Rejection::CampaignNotFound
        | Rejection::UnknownCode => StatusCode::NOT_FOUND,
        Rejection::NotEnoughFunds { .. }
        | Rejection::NotWithdrawable { .. }
        | Rejection::NotTransferable { .. }
        | Rejection::AccountOverdue { .. } => StatusCode::PAYMENT_REQUIRED,
        Rejection::AccountExists
        | Rejection::EmailTaken
        | Rejection::ExternalIdTaken
        | Rejection::AccountHeld
        | Rejection::AccountNotHeld
        | Rejection::AccountClosed
        | Rejection::AccountClosing { .. }
        | Rejection::NoClosure
        | Rejection::ClosureStage { .. }
        | Rejection::ClosureBlocked { .. }
        | Rejection::SubscriptionEnded { .. }
        | Rejection::ResourceReleased { .. }
        | Rejection::OrderClosed { .. }
        | Rejection::WrongState { .. }
        | Rejection::UnpaidOrder { .. }
        | Rejection::TooLateForMode { .. }
        | Rejection::OrderNotPaid { .. }
        | Rejection::OrderProcessing { .. }
        | Rejection::CouponOver { .. }
        | Rejection::CouponHeld { .. }
        | Rejection::PriceChanged { .. }
        | Rejection::ChangePending { .. }
        | Rejection::NothingToRefund { .. }
        | Rejection::NothingToInvoice { .. }
        | Rejection::NotLatestPeriod { .. }
        | Rejection::CodeTaken
        | Rejection::CampaignNotRunning { .. }
        | Rejection::QuotaExhausted { .. }
        | Rejection::CampaignLimit { .. }
        | Rejection::BrakeNotEngaged => StatusCode::CONFLICT,
        Rejection::TokenMismatch
        | Rejection::DisclaimerRequired
        | Rejection::UnknownAccounts { .. }
        | Rejection::PurchaseRequires { .. }
        | Rejection::UnknownProduct { .. }
        | Rejection::NotPayAsYouGo { .. }
        | Rejection::UnknownPlan { .. }
        | Rejection::UnknownRegion { .. }
        | Rejection::PlanRetired { .. }
        | Rejection::WrongCurrency { .. }
        | Rejection::AmountNotPositive { .. }
        | Rejection::AmountNegative { .. }
        | Rejection::PaymentMethodNotAllowed { .. }
        | Rejection::ChannelReadOnly { .. }
        | Rejection::OperatorOnly { .. }
        | Rejection::TransferToSelf
        | Rejection::AmountTooLarge
        | Rejection::CurrencyNotOffered { .. }
        | Rejection::UnknownMeter { .. }
        | Rejection::PeriodNotOffered { .. }
        | Rejection::PeriodRequired
        | Rejection::BeyondHorizon { .. }
        | Rejection::OutlivesParent { .. }
        | Rejection::PeriodInPast { .. }
        | Rejection::OffAnchor { .. }
        | Rejection::CouponNotUsable { .. }
        | Rejection::InvalidCoupon { .. }
        | Rejection::SamePlan { .. }
        | Rejection::TooEarlyForDowngrade { .. }
        | Rejection::TooManyDowngrades { .. }
        | Rejection::OutsidePaidTime { .. }
        | Rejection::InvalidUnifiedDay
        | Rejection::ExpiredForAlignment { .. }
        | Rejection::NotRefundable { .. }
        | Rejection::RefundExceedsPaid { .. }
        | Rejection::TooManyOrders { .. }
        | Rejection::InvalidRules { .. }
        | Rejection::EffectiveInPast { .. } => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Problem;
    use super::*;
    use crate::admin::wire;
    use crate::domain::calendar::{Period, Timestamp, Unit};
    use crate::domain::ids::{
        AccountId, CouponId, OrderId, ResourceId, SubscriptionId, WithdrawalId,
    };
    use crate::domain::money::{Currency, Money};
    use crate::domain::nouns::closure::Stage;
    use crate::domain::nouns::coupon::Unmet;
    use crate::domain::verbs::channel::Action;

    fn rejections() -> Vec<Rejection> {
        let account = AccountId::from_bits(7);
        let (order, subscription) = (OrderId::new(account, 2), SubscriptionId::new(account, 1));
        let withdrawal = WithdrawalId::new(account, 6);
        let (coupon, resource) = (CouponId::new(account, 3), ResourceId::new(account, 5));
        let at: Timestamp = "2026-12-01T10:00:00Z".parse().expect("an instant");
        let usd: Currency = "USD".parse().expect("a currency");
        let (amount, product, plan) = (Money::from_minor(5950, usd), "ecs", "small");
        let (product, plan) = (product.to_owned(), plan.to_owned());
        let period = Period::new(1, Unit::Month);
        vec![
            Rejection::TokenMismatch,
            Rejection::AccountNotFound,
            Rejection::AccountExists,
            Rejection::EmailTaken,
            Rejection::ExternalIdTaken,
            Rejection::AccountHeld,
            Rejection::AccountNotHeld,
            Rejection::AccountClosed,
            Rejection::AccountClosing { stage: Stage::Quiet },
            Rejection::NoClosure,
            Rejection::ClosureStage { stage: Stage::Settling },
            Rejection::DisclaimerRequired,
            Rejection::ClosureBlocked { blockers: Vec::new() },
            Rejection::PurchaseRequires { missing: "country".into() },
            Rejection::SubscriptionNotFound { subscription },
            Rejection::SubscriptionEnded { subscription },
            Rejection::OrderNotFound { order },
            Rejection::OrderClosed { order },
            Rejection::WrongState { subscription, state: "Released".into() },
            Rejection::UnknownProduct { product: product.clone() },
            Rejection::UnknownPlan { product: product.clone(), plan: plan.clone() },
            Rejection::UnknownRegion { product: product.clone(), region: "mars".into() },
            Rejection::PlanRetired { product: product.clone(), plan: plan.clone() },
            Rejection::WrongCurrency { expected: usd, given: usd },
            Rejection::AmountNotPositive { amount },
            Rejection::AmountNegative { amount },
            Rejection::AmountTooLarge,
            Rejection::CurrencyNotOffered { product, plan, currency: usd },
            Rejection::UnknownMeter { product: "compute".into(), meter: "tape".into() },
            Rejection::PeriodNotOffered { period, offered: vec![period] },
            Rejection::PeriodRequired,
            Rejection::UnpaidOrder { order, deadline: at },
            Rejection::TooLateForMode { subscription },
            Rejection::BeyondHorizon { expires_at: at, limit: at },
            Rejection::OutlivesParent { parent: subscription, expires_at: at, limit: at },
            Rejection::PeriodInPast { minimum: period },
            Rejection::OffAnchor { expires_at: at },
            Rejection::NotEnoughFunds { needed: amount, available: amount },
            Rejection::InvalidRules { faults: Vec::new() },
            Rejection::EffectiveInPast { earliest: at },
            Rejection::OrderNotPaid { order },
            Rejection::OrderProcessing { order },
            Rejection::WithdrawalNotFound { withdrawal },
            Rejection::NotWithdrawable { amount, withdrawable: amount },
            Rejection::PayeeNotFound { account },
            Rejection::NotTransferable { amount, transferable: amount },
            Rejection::TransferToSelf,
            Rejection::PaymentMethodNotAllowed {
                channel: "app".into(),
                action: Action::TopUp,
                method: "huabei".into(),
                allowed: vec!["alipay".into()],
            },
            Rejection::ChannelReadOnly { channel: "app".into() },
            Rejection::OperatorOnly { channel: "app".into() },
            Rejection::CouponNotFound { coupon },
            Rejection::CouponOver { coupon },
            Rejection::CouponNotUsable { coupon, unmet: vec![Unmet::Used] },
            Rejection::CouponHeld { coupon, order },
            Rejection::InvalidCoupon { fault: "its value must be above zero".into() },
            Rejection::PriceChanged { expected: amount, payable: amount },
            Rejection::SamePlan { subscription, plan: "small".into() },
            Rejection::TooEarlyForDowngrade { from: at },
            Rejection::TooManyDowngrades { subscription, limit: 3 },
            Rejection::ChangePending { subscription, until: at },
            Rejection::OutsidePaidTime { expires_at: at },
            Rejection::InvalidUnifiedDay,
            Rejection::ExpiredForAlignment { subscription },
            Rejection::NotRefundable { product: "ecs".into() },
            Rejection::RefundExceedsPaid { amount, refundable: amount },
            Rejection::NothingToRefund { order },
            Rejection::NothingToInvoice { month: "2026-05".parse().expect("a month") },
            Rejection::NotLatestPeriod { latest: order },
            Rejection::TooManyOrders { count: 31, limit: 30 },
            Rejection::UnknownAccounts { accounts: vec![account] },
            Rejection::CampaignNotFound,
            Rejection::UnknownCode,
            Rejection::CodeTaken,
            Rejection::CampaignNotRunning { starts_at: at, ends_at: at },
            Rejection::QuotaExhausted { left: 1, asked: 2 },
            Rejection::CampaignLimit { account, limit: 1 },
            Rejection::AccountOverdue { amount },
            Rejection::ResourceNotFound { resource },
            Rejection::ResourceReleased { resource },
            Rejection::NotPayAsYouGo { product: "ecs".into() },
            Rejection::BrakeNotEngaged,
        ]
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "the table of all codes")]
    fn every_code_has_its_status() {
        let of_rejections = rejections().into_iter().map(|rejection| {
            let wire::Problem { values, .. } = Problem::from(rejection.clone()).to_wire();
            let values: Vec<String> = values.into_keys().collect();
            format!("{} {} {}", status_of(&rejection).as_u16(), rejection.code(), values.join(" "))
        });
        let of_the_door = Code::ALL
            .into_iter()
            .map(|code| format!("{} {}", code.status().as_u16(), code.as_str()));
        let table: Vec<String> =
            of_rejections.chain(of_the_door).map(|line| line.trim_end().to_owned()).collect();
        insta::assert_snapshot!(table.join("\n"), @r"
        422 IdempotenceParamNotMatch
        404 AccountNotFound
        409 AccountExists
        409 EmailTaken
        409 ExternalIdTaken
        409 AccountHeld
        409 AccountNotHeld
        409 AccountClosed
        409 AccountClosing stage
        409 NoClosure
        409 ClosureStage stage
        422 DisclaimerRequired
        409 ClosureBlocked blockers
        422 PurchaseRequires missing
        404 SubscriptionNotFound subscription
        409 SubscriptionEnded subscription
        404 OrderNotFound order
        409 OrderClosed order
        409 WrongState state subscription
        422 UnknownProduct product
        422 UnknownPlan plan product
        422 UnknownRegion product region
        422 PlanRetired plan product
        422 WrongCurrency expected given
        422 AmountNotPositive amount
        422 AmountNegative amount
        422 AmountTooLarge
        422 CurrencyNotOffered currency plan product
        422 UnknownMeter meter product
        422 PeriodNotOffered offered period
        422 PeriodRequired
        409 UnpaidOrder deadline order
        409 TooLateForMode subscription
        422 InvalidPeriod.ExceededMaximumExpirationDate expires_at limit
        422 InvalidPeriod.ExceededDedicatedHost expires_at limit parent
        422 PeriodInPast minimum
        422 OffAnchor expires_at
        402 NotEnoughFunds available needed
        422 InvalidRules faults
        422 EffectiveInPast earliest
        409 OrderNotPaid order
        409 LastOrderProcessing order
        404 WithdrawalNotFound withdrawal
        402 NotWithdrawable amount withdrawable
        404 PayeeNotFound account
        402 NotTransferable amount transferable
        422 TransferToSelf
        422 PaymentMethodNotAllowed action allowed channel method
        422 ChannelReadOnly channel
        422 OperatorOnly channel
        404 CouponNotFound coupon
        409 CouponOver coupon
        422 CouponNotUsable coupon unmet
        409 CouponHeld coupon order
        422 InvalidCoupon fault
        409 PriceChanged expected payable
        422 SamePlan plan subscription
        422 TooEarlyForDowngrade from
        422 TooManyDowngrades limit subscription
        409 ChangePending subscription until
        422 OutsidePaidTime expires_at
        422 InvalidUnifiedDay
        422 ExpiredForAlignment subscription
        422 NotRefundable product
        422 RefundExceedsPaid amount refundable
        409 NothingToRefund order
        409 NothingToInvoice month
        409 NotLatestPeriod latest
        422 TooManyOrders count limit
        422 UnknownAccounts accounts
        404 CampaignNotFound
        404 UnknownCode
        409 CodeTaken
        409 CampaignNotRunning ends_at starts_at
        409 QuotaExhausted asked left
        409 CampaignLimit account limit
        402 AccountOverdue amount
        404 ResourceNotFound resource
        409 ResourceReleased resource
        422 NotPayAsYouGo product
        409 BrakeNotEngaged
        400 MalformedRequest
        400 InvalidToken
        400 InvalidCursor
        403 PeerNotAllowed
        404 NoSuchRoute
        404 SchedulerNotFound
        404 CatalogueNotFound
        404 StatementNotFound
        404 DocumentNotFound
        405 MethodNotAllowed
        406 NotAcceptable
        408 RequestTimeout
        409 ClockNotManual
        409 AccountParked
        409 AccountNotParked
        409 AccountNotClosed
        413 BodyTooLarge
        415 WrongContentType
        422 InvalidField
        422 UnknownCurrency
        422 AmountTooPrecise
        422 ClockInPast
        422 ForecastTooFar
        422 DryRunNotPossible
        422 OneCouponPerOrder
        422 PeriodOrRenewDay
        422 TooManyItems
        422 ConfirmationRequired
        422 WrongCode
        503 Busy
        503 StoreUnavailable
        503 OutcomeUnknown
        503 ControlFailed
        500 NotPrinted
        500 InternalError
        ");
    }
}
