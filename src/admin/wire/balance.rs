//! The balance of an account: what is there, what is owed, and how far it reaches.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Money;

/// `PUT /v1/accounts/{id}/credit-limit`: set the ceiling on what the account may owe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"limit": {"amount": "500.00", "currency": "USD"}}))]
pub struct SetCreditLimit {
    /// To how much; zero takes credit away.
    pub limit: Money,
}

/// `PUT /v1/accounts/{id}/balance-alert`: tell the owner when available credit drops below an
/// amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"below": {"amount": "20.00", "currency": "USD"}}))]
pub struct SetBalanceAlert {
    /// Below which; `null` switches the alert off.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required)]
    pub below: Option<Money>,
}

/// The balance of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Balance {
    /// The account.
    pub account: String,
    /// Up to which instant burn and reach are counted: now.
    pub as_of: String,
    /// Available credit: cash and credit limit without holds and what is owed. It may be below
    /// zero.
    pub available: Money,
    /// The cash in the wallet.
    pub cash: Money,
    /// The cash that can be spent: without what is held.
    pub spendable: Money,
    /// The cash that can be paid out to the owner: own money, and neither what is held nor what is
    /// owed. Nothing while the account is overdue.
    pub withdrawable: Money,
    /// The ceiling on what may be owed.
    pub credit_limit: Money,
    /// Everything that is owed.
    pub debt: Money,
    /// Deposits, by the resource that they were taken for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Hold>,
    /// What can be transferred to other accounts: no cash that was transferred in or is held.
    /// Nothing while the account is overdue.
    pub transferable: Money,
    /// Cash on its way to other accounts.
    pub in_transit: Money,
    /// What is owed, by the month that it is billed in, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owed: Vec<OwedMonth>,
    /// Good or overdue.
    pub standing: StandingShown,
    /// The low-balance alert; absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<AlertShown>,
    /// What pay-as-you-go costs.
    pub burn: BurnShown,
    /// Where the cash came from, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lots: Vec<CashLot>,
}

/// A deposit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hold {
    /// The resource that it was taken for.
    pub resource: String,
    /// How much.
    pub amount: Money,
}

/// What is owed for a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwedMonth {
    /// The month.
    #[schema(example = "2026-11")]
    pub month: String,
    /// How much.
    pub amount: Money,
    /// Is it past its due date?
    pub past_due: bool,
    /// When it is due.
    pub due_at: String,
}

/// How an account stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StandingShown {
    /// `good` or `overdue`.
    pub state: String,
    /// Since when it is overdue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// What must come in to be in good standing again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_pay: Option<Money>,
}

/// A low-balance alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertShown {
    /// It is told when available credit drops below this.
    pub below: Money,
    /// Will the next drop be told? Not while it is below already.
    pub armed: bool,
}

/// What pay-as-you-go cost within the last 24 hours, and how far the available credit reaches if it
/// goes on like that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BurnShown {
    /// Within the last 24 hours.
    pub last_24_hours: Money,
    /// In how many whole hours the available credit is used up; absent if nothing is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours_left: Option<u64>,
    /// What was settled within each of the last 24 hours, the oldest first, by the instants at
    /// which they end.
    pub hourly: Vec<AmountAt>,
    /// The available credit ahead, until it is used up or for a year.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub projection: Vec<AmountAt>,
}

/// An amount at an instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AmountAt {
    /// When.
    pub at: String,
    /// How much.
    pub amount: Money,
}

/// Cash that came in at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CashLot {
    /// Where from: `top_up`, `import`, `transfer` or `refund`.
    pub origin: String,
    /// By which method it was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// When it came; absent for an import, and for money back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// How much it was, without what was paid out of it.
    pub amount: Money,
    /// How much of it is not spent.
    pub left: Money,
    /// Is it the owner's own, so that it can be paid out?
    pub withdrawable: bool,
}

/// A movement of an account's money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Movement {
    /// The record that tells it.
    pub seq: u64,
    /// The ledger line of that record.
    pub line: u32,
    /// When it was recorded.
    pub at: String,
    /// What it moved: `cash`, or `debt`, which is what is owed.
    pub of: String,
    /// What happened: `top_up`, `brought_in`, `order_paid`, `order_failed`, `refund`,
    /// `usage_settled`, `credit_drawn`, `credit_repaid`, `withdrawal_requested`,
    /// `withdrawal_failed`, `transfer_sent`, `transfer_received`, `transfer_returned`.
    pub what: String,
    /// By how much it grew, or shrank if it is below zero.
    pub amount: Money,
    /// What it was afterwards.
    pub balance: Money,
    /// The order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// The resource, where it is about one only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The other account of a transfer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The withdrawal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawal: Option<String>,
    /// The month that is billed or paid back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month: Option<String>,
    /// By which method money came or went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
}

/// `POST /v1/accounts/{id}/withdrawals`: pay cash out to its owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": {"amount": "40.00", "currency": "USD"}}))]
pub struct Withdraw {
    /// How much: an amount, or `"all"` for all that can be withdrawn.
    pub amount: WithdrawAmount,
}

/// How much to withdraw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum WithdrawAmount {
    /// An amount.
    Amount(Money),
    /// `all`.
    Word(String),
}

/// `POST /v1/withdrawals/{id}/failed`: a withdrawal could not be paid.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "account_closed"}))]
pub struct WithdrawalFailed {
    /// Why, as a code; nothing personal: it is kept in the journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A withdrawal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Withdrawal {
    /// Its id.
    pub id: String,
    /// The account.
    pub account: String,
    /// `requested`, `paid` or `failed`.
    pub state: String,
    /// How much.
    pub amount: Money,
    /// What it was taken from, the last that came in first.
    pub parts: Vec<WithdrawalPart>,
    /// When it was requested.
    pub requested_at: String,
    /// By when it is expected to be paid out, while it is under way (`withdraw.payout_days`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_by: Option<String>,
    /// When it was last reported to be paid, or to have failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A part of a withdrawal, and the way that it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WithdrawalPart {
    /// How much.
    pub amount: Money,
    /// `original`, as it came, or `operator`, who pays it out by hand.
    pub route: String,
    /// By which method.
    pub method: String,
    /// The payer's reference, as it was given with the top-up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// When it had come in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topped_up_at: Option<String>,
}

/// The answer about a withdrawal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WithdrawalIs {
    /// As it stands.
    pub withdrawal: Withdrawal,
    /// The cash afterwards.
    pub cash: Money,
}

/// Which withdrawals of an account to list, the last requested first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WithdrawalQuery {
    /// Only in this state: `requested`, `paid` or `failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Rows on the page: 1 to 300, 20 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 300)]
    pub limit: Option<u32>,
    /// Where the last page ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(min_length = 1)]
    pub cursor: Option<String>,
}

/// `POST /v1/accounts/{id}/transfers`: transfer cash to another account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "to": "acc_k3f9x2m7qd", "amount": {"amount": "25.00", "currency": "USD"}
}))]
pub struct Transfer {
    /// To which account.
    pub to: String,
    /// How much.
    pub amount: Money,
}

/// What became of a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Transferred {
    /// To which account.
    pub to: String,
    /// How much.
    pub amount: Money,
    /// `arrived`, `returned` as the other account could not take it, or `in_transit`: then it is
    /// decided soon.
    pub state: String,
    /// Why it was returned, as a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The cash afterwards.
    pub cash: Money,
}
