//! What goes over the control socket: every request and response body.
//!
//! Instants are RFC 3339 in UTC, periods ISO 8601 (`P1W`, `P1M`, `P1Y`), money a decimal string
//! with its currency, ids opaque strings; states and modes have the rulebook's names. Requests
//! refuse fields that they do not know; readers of responses must not.
//!
//! `renewctl` sees nothing of renewd but this, so nothing here names a type of another room.

mod balance;
mod book;
mod campaigns;
mod closure;
mod coupons;
mod erasure;
mod forecast;
mod house;
mod import;
mod ledger;
mod meters;
mod ordering;
mod orders;
mod queries;
mod requests;
mod resources;
mod statements;
mod usage;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

pub use balance::{
    AlertShown, AmountAt, Balance, BurnShown, CashLot, Hold, Movement, OwedMonth, SetBalanceAlert,
    SetCreditLimit, StandingShown, Transfer, Transferred, Withdraw, WithdrawAmount, Withdrawal,
    WithdrawalFailed, WithdrawalIs, WithdrawalPart, WithdrawalQuery,
};
pub use book::{
    Account, AccountSummary, Delivery, LedgerLine, ModeSet, NextDue, Opened, PlanAt, PlanUntil,
    Record, Subscription, ToppedUp,
};
pub use campaigns::{
    Campaign, CampaignIs, GrantMany, GrantedItem, GrantedMany, OpenCampaign, Redeem, Redeemed,
};
pub use closure::{
    ApproveClosure, BeginClosures, BegunBy, BegunClosure, BegunClosures, BegunOutcome,
    ClearHolding, Closure, ClosureBlocker, ClosureEligibility, ClosureItem, ClosureQuery,
    ClosureWarning, ConfirmClosure, EligibilityQuery, Holding, OnBehalf, ReportHolding,
    RequestClosure,
};
pub use coupons::{Benefit, Coupon, CouponIs, Fit, GrantCoupon, Holder, Scope, Unmet};
pub use erasure::{
    CertificateQuery, ClosureCertificate, ErasedItem, Export, ExportedProfile, KeptItem, LegalHold,
    SetLegalHold,
};
pub use forecast::{
    BookForecast, Forecast, ForecastAssumption, ForecastDay, ForecastItem, ForecastLeftOut,
    ForecastQuery, ForecastRules, ForecastShort, ForecastUsage, Shortfall,
};
pub use house::{
    Brake, Catalogue, CatalogueApplied, CatalogueDifference, CatalogueVersion, Change, Clock,
    ClockKind, Done, Due, Fault, JobRun, Moved, Outbox, Parked, Scheduler, Status, Tally,
};
pub use import::{ImportAnswer, ImportLine, ImportOutcome, ImportedSubscription};
pub use ledger::{LedgerEntry, TrialBalance, TrialBalanceLine, TrialBalanceTotal};
pub use meters::{Meter, MeterQuery, QuoteUse, Tariff, Tier, UsePart, UseQuote};
pub use ordering::{
    ChangePlan, CouponWish, GiveBack, PayTogether, PlaceOrder, ProvisionFailed, ReleaseNow, Renew,
    RenewDay, RenewItem, RenewMany, SetCoupon, SetUnifiedDay, Unsubscribe,
};
pub use orders::{
    AppliedCoupon, Order, OrderLine, Ordered, PaidTogether, Placed, Released, RenewedItem,
    RenewedMany, Reported, SkippedOrder, Tax,
};
pub use queries::{
    AllCouponsQuery, CampaignQuery, CatalogueQuery, CouponQuery, DeliveryQuery, DocumentQuery,
    EntryQuery, ImportQuery, OrderQuery, PageQuery, ShownQuery, StatementQuery, SubscriptionQuery,
    TrialBalanceQuery, WriteHeaders, WriteQuery,
};
pub use requests::{MoveClock, OpenAccount, SetRenewalMode, TopUp};
pub use resources::{ChangeResource, OpenResource, Resource, ResourceIs, ResourceQuery, SetPower};
pub use statements::{
    BillLine, BillTax, BillTotals, BilledUsage, Document, DocumentIs, DocumentShown, Statement,
    StatementShown,
};
pub use usage::{
    CloudData, CloudEvent, MeterUsage, ResourceUsage, UsageEvent, UsageQuery, UsageResult,
    UsageTaken,
};

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// The amount as a decimal number, with no more decimals than the currency has.
    #[schema(example = "59.50")]
    pub amount: String,
    /// The ISO 4217 code of its currency.
    #[schema(example = "USD")]
    pub currency: String,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// The cursor of the next page, for `?cursor=`; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The window that the list was taken over, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
}

/// The window that a list was taken over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Window {
    /// From when, included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Until when, excluded; absent for up to now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Nobody asked for it: it is the last 30 days.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_default: bool,
}

/// What a write came to: the answer, and the record of the journal that tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Receipt<T> {
    /// The number of the record in the account's journal (or the house's).
    pub seq: u64,
    /// When it was recorded.
    pub at: String,
    /// Nothing was written: the request only asked what would happen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// The answer.
    #[serde(flatten)]
    pub answer: T,
}

/// What went wrong (RFC 9457, `application/problem+json`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the code says which problem it is.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    pub kind: String,
    /// The status in words.
    #[schema(example = "Unprocessable Entity")]
    pub title: String,
    /// The HTTP status.
    #[schema(example = 422)]
    pub status: u16,
    /// The stable code.
    #[schema(example = "NotEnoughFunds")]
    pub code: String,
    /// For people.
    pub detail: String,
    /// The values that belong to the code: `needed`, `available`, `field`, `faults`, …
    #[serde(flatten)]
    pub values: BTreeMap<String, Value>,
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::json;

    use super::*;

    fn reads_back<T: DeserializeOwned + Serialize>(written: &Value) {
        let read: T = serde_json::from_value(written.clone()).expect("the form of the promise");
        assert_eq!(&serde_json::to_value(read).expect("JSON"), written);
    }

    #[test]
    fn requests_have_the_forms_of_the_promise() {
        let account = json!({
            "name": "Ada Ltd", "email": "ops@ada.example", "kind": "corporate", "country": "DE",
            "currency": "USD", "time_zone": "Europe/Berlin", "language": "en"
        });
        reads_back::<OpenAccount>(&account);
        reads_back::<TopUp>(&json!({
            "amount": {"amount": "59.50", "currency": "USD"}, "method": "bank_transfer",
            "channel": "operator", "reference": "2026-118"
        }));
        reads_back::<PlaceOrder>(&json!({
            "kind": "new", "product": "ecs", "plan": "small", "region": "eu-central-1",
            "period": "P1M", "renewal_mode": "ManualRenewal", "pay_now": true
        }));
        reads_back::<Renew>(&json!({
            "period": "P1M", "pay_now": true, "expected_expires_at": "2026-12-01T10:00:00Z"
        }));
        reads_back::<PlaceOrder>(&json!({
            "kind": "new", "product": "ecs", "plan": "small", "region": "eu-central-1",
            "period": "P1M", "pay_now": false, "coupon": "none", "price_lock": true,
            "expected_payable": {"amount": "9.00", "currency": "USD"}
        }));
        reads_back::<PlaceOrder>(&json!({
            "kind": "renew", "subscription": "sub_k3f9x2m7qd_1", "expected_renew_day": "unified",
            "plan": "large", "pay_now": true
        }));
        reads_back::<RenewMany>(&json!({"items": [
            {"subscription": "sub_k3f9x2m7qd_1", "expected_renew_day": 15, "pay_now": true},
            {"subscription": "sub_k3f9x2m7qd_4", "period": "P1M", "pay_now": false}
        ]}));
        reads_back::<SetCoupon>(&json!({"coupon": "cpn_k3f9x2m7qd_7"}));
        reads_back::<PayTogether>(&json!({"orders": ["ord_k3f9x2m7qd_2"]}));
        reads_back::<ChangePlan>(&json!({"plan": "large", "pay_now": true}));
        reads_back::<GrantCoupon>(&json!({
            "benefit": {
                "type": "spend_and_save", "threshold": {"amount": "50.00", "currency": "USD"},
                "off": {"amount": "10.00", "currency": "USD"}
            },
            "scope": {"products": ["ecs"], "order_types": ["new"]}, "valid_days": 30
        }));
        reads_back::<OpenCampaign>(&json!({
            "name": "Spring", "benefit": {"type": "discount", "percent": "12.5"}, "scope": {},
            "quota": 500, "ends_at": "2027-06-01T00:00:00Z", "valid_days": 30, "code": "Spring"
        }));
        reads_back::<QuoteUse>(&json!({
            "product": "compute", "meter": "traffic", "plan": "small", "currency": "USD",
            "before": "90", "quantity": "50"
        }));
        reads_back::<SetRenewalMode>(&json!({"mode": "AutoRenewal", "period": "P1M"}));
        reads_back::<MoveClock>(&json!({"advance": "P15D"}));
        reads_back::<MoveClock>(&json!({"to": "2026-02-01T00:00:00Z"}));
        reads_back::<ImportLine>(&json!({
            "external_id": "whmcs-812", "account": account, "cash": "120.00",
            "subscriptions": [{
                "external_id": "srv-9", "product": "ecs", "plan": "small",
                "region": "eu-central-1", "anchor": "2025-08-31T00:00:00Z",
                "expires_at": "2026-11-30T00:00:00Z", "period": "P1M", "mode": "AutoRenewal",
                "price": "12.00"
            }]
        }));
    }

    #[test]
    fn a_request_refuses_what_it_does_not_know() {
        let refused = |error: serde_json::Error| error.to_string();
        let order = json!({
            "kind": "new", "product": "ecs", "plan": "small", "region": "eu-central-1",
            "period": "P1M", "voucher": "SPRING"
        });
        let error = serde_json::from_value::<PlaceOrder>(order).map_err(refused).expect_err("no");
        assert!(error.contains("voucher"), "{error}");
        let amount = json!({"amount": 59.5, "currency": "USD"});
        let error = serde_json::from_value::<Money>(amount).map_err(refused).expect_err("no");
        assert!(error.contains("expected a string"), "{error}");
    }

    #[test]
    fn a_predicate_stands_beside_its_values() {
        let written = json!({
            "code": "min_spend", "detail": "50.00 USD must be reached, and 18.00 USD counts",
            "needed": {"amount": "50.00", "currency": "USD"},
            "eligible": {"amount": "18.00", "currency": "USD"}
        });
        reads_back::<Unmet>(&written);
        let page: Page<Unmet> = serde_json::from_value(json!({"items": [written]})).expect("read");
        assert_eq!((page.items.len(), page.next, page.window), (1, None, None));
    }

    #[test]
    fn a_receipt_stands_beside_its_answer() {
        let amount = |amount: &str| Money { amount: amount.into(), currency: "USD".into() };
        let receipt = Receipt {
            seq: 2,
            at: "2026-01-01T00:00:00Z".to_owned(),
            dry_run: true,
            answer: ToppedUp { amount: amount("59.50"), cash: amount("60.00") },
        };
        let written = json!({
            "seq": 2, "at": "2026-01-01T00:00:00Z", "dry_run": true,
            "amount": {"amount": "59.50", "currency": "USD"},
            "cash": {"amount": "60.00", "currency": "USD"}
        });
        assert_eq!(serde_json::to_value(&receipt).expect("JSON"), written);
        assert_eq!(serde_json::from_value::<Receipt<ToppedUp>>(written).expect("read"), receipt);
        let placed = json!({
            "seq": 3, "at": "2026-01-01T00:00:00Z", "outcome": "already_renewed",
            "expires_at": "2026-02-01T00:00:00Z"
        });
        let read: Receipt<Placed> = serde_json::from_value(placed).expect("read");
        assert!(matches!(read.answer, Placed::AlreadyRenewed { last_order: None, .. }));
    }
}
