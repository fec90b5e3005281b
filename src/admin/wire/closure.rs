//! The closure of an account.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Money, Problem};

/// Asks for an account to be closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestClosure {
    /// Was the disclaimer acknowledged: a closed account cannot be reopened, its personal data is
    /// destroyed and its coupons are void? An operator acknowledges it by beginning.
    #[serde(default)]
    pub disclaimer: bool,
    /// Is the cash that is left at the end given up? Else it stands in the way.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forfeit: bool,
    /// An operator begins it on the owner's behalf, without a one-time code: through no channel, or
    /// through `operator`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_operator: Option<OnBehalf>,
}

/// Why an operator begins to close an account on its owner's behalf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OnBehalf {
    /// The reason: the owner is mailed it. It is destroyed with what is personal.
    #[schema(example = "You asked for it by letter of 2 March.")]
    pub reason: String,
    /// The reference of a document; nothing personal: it is kept with the books.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// Begins to close many accounts on their owners' behalf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BeginClosures {
    /// The accounts, 1,000 at the most.
    pub accounts: Vec<String>,
    /// Why; each owner is mailed it.
    pub by_operator: OnBehalf,
    /// Is the cash that is left at the end given up? Else it stands in the way.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forfeit: bool,
}

/// What became of each of many accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BegunClosures {
    /// Was it only asked what would happen?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// One for each account, in the order given.
    pub items: Vec<BegunClosure>,
}

/// What became of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BegunClosure {
    /// The account, as it was given.
    pub account: String,
    /// What became of it.
    pub outcome: BegunOutcome,
    /// Where its closure stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// When that stage ends at the earliest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Was it begun before, under the same token?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replayed: bool,
    /// Why it was rejected, with everything that stands in the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// What became of one of many accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BegunOutcome {
    /// Its closure was begun; in a dry run, it would be.
    Begun,
    /// It is being closed already.
    UnderWay,
    /// It is closed already.
    Closed,
    /// It cannot be closed.
    Rejected,
}

/// Confirms it by the one-time code that its owner was mailed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmClosure {
    /// The code.
    #[schema(example = "042917")]
    pub code: String,
}

/// Approves it, on a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveClosure {
    /// The reference of the document; nothing personal: it is kept with the books.
    pub reference: String,
}

/// The closure of an account, as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Closure {
    /// The account.
    pub account: String,
    /// `requested`, `checking`, `approval`, `settling`, `quiet`, `closed`, or `ended` where the
    /// account is in service again.
    pub stage: String,
    /// What comes next: `confirm`, `approve`, `pay`, `wait`, `close`; absent once it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// When the stage ends at the earliest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// When it was asked for.
    pub requested_at: String,
    /// When it was confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<String>,
    /// When the account was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<String>,
    /// The document on which it was approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<String>,
    /// Is the cash that is left given up?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forfeit: bool,
    /// Why an operator began it, if one did; the reason is gone once it is erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_operator: Option<BegunBy>,
    /// How many more wrong codes end it, while the code is awaited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries_left: Option<u32>,
    /// What stands in the way now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blockers: Vec<ClosureBlocker>,
}

/// Why an operator began to close an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BegunBy {
    /// The reason, as the owner was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The reference of a document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// A closure in the list over all accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClosureItem {
    /// The account.
    pub account: String,
    /// Its stage.
    pub stage: String,
    /// What comes next, as far as it shows without looking at the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// When the stage ends at the earliest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// When it was asked for.
    pub requested_at: String,
    /// When the account was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<String>,
}

/// May an account be closed?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClosureEligibility {
    /// The account.
    pub account: String,
    /// Can it be asked for now? Usage that is not settled yet is waited for.
    pub eligible: bool,
    /// Everything that stands in the way.
    pub blockers: Vec<ClosureBlocker>,
    /// What its owner should know, and does not stand in the way.
    pub warnings: Vec<ClosureWarning>,
}

/// Something that stands in the way of a closure: what it is, why, and what to do about it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClosureBlocker {
    /// What it is, as a stable code: `LiveSubscription`, `UnreleasedResource`, `OpenOrder`,
    /// `UnsettledUsage`, `Owed`, `OwedToCustomer`, `PositiveCash`, `Holding`.
    pub code: String,
    /// Why it stands in the way.
    pub why: String,
    /// What to do about it, as a stable code.
    pub remedy: String,
    /// Is it waited for by itself, so that a closure can be asked for all the same?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub awaited: bool,
    /// The subscription, order, resource, withdrawal or holding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What is held elsewhere, or is on its way: `domain`, …, `withdrawal`, `transfer`, `deposit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What the holding is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Its state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// How the subscription is renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// When its paid time ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// When it is gone unless it is renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub releases_at: Option<String>,
    /// How much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// How much of it is past its due date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub past_due: Option<Money>,
    /// How much of it can be withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawable: Option<Money>,
    /// When it will be settled, or is expected to be over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_at: Option<String>,
}

/// Something that the owner should know before closing the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClosureWarning {
    /// What it is: `NotInvoiced`, `Coupons`.
    pub code: String,
    /// What to do about it.
    pub remedy: String,
    /// The month that is not invoiced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month: Option<String>,
    /// What its lines come to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// How many coupons will be void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
}

/// What is asked of the eligibility.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EligibilityQuery {
    /// Would the cash that is left be given up?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forfeit: bool,
}

/// Which closures to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ClosureQuery {
    /// Those at this stage only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// How many on a page; 50 if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 300)]
    pub limit: Option<u32>,
    /// Where the page before ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(min_length = 1)]
    pub cursor: Option<String>,
}

/// Reports what another of the provider's systems holds for an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportHolding {
    /// `domain`, `sub_user`, `access_key`, `finance_link` or `other`.
    pub kind: String,
    /// Its id over there; nothing personal.
    pub id: String,
    /// What to call it; nothing personal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// Reports that it is no longer held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClearHolding {
    /// `domain`, `sub_user`, `access_key`, `finance_link` or `other`.
    pub kind: String,
    /// Its id over there.
    pub id: String,
}

/// Something that another of the provider's systems holds for an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Holding {
    /// What it is.
    pub kind: String,
    /// Its id over there.
    pub id: String,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// When it was reported.
    pub reported_at: String,
}
