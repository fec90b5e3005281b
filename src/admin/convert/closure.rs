//! The closure of an account, and what stands in its way.

use super::{money, text};
use crate::admin::wire;
use crate::domain::account::Open;
use crate::domain::ids::AccountId;
use crate::domain::nouns::closure::{Blocker, Claim, Closure, Holding, Stage};
use crate::domain::rows::ClosureSummary;
use crate::domain::verbs::closure::{Eligibility, Warning};

/// A closure as it stands, with an operator's reason, unsealed, and what stands in its way.
#[must_use]
pub fn closure(
    account: AccountId,
    closure: &Closure,
    reason: Option<String>,
    blockers: &[Blocker],
) -> wire::Closure {
    let ClosureSummary { stage, requested_at, until, closed_at } = closure.into();
    wire::Closure {
        account: account.to_string(),
        stage: stage.as_str().to_owned(),
        next: next(stage, blockers).map(str::to_owned),
        until: until.map(text),
        requested_at: text(requested_at),
        confirmed_at: closure.confirmed_at.map(text),
        closed_at: closed_at.map(text),
        approval: closure.approval.clone(),
        forfeit: closure.forfeit,
        by_operator: closure
            .by_operator
            .as_ref()
            .map(|by_operator| wire::BegunBy { reason, reference: by_operator.reference.clone() }),
        tries_left: closure.code.map(|code| code.tries_left),
        blockers: blockers.iter().map(blocker).collect(),
    }
}

/// A closure as it is listed.
#[must_use]
pub fn closure_item(account: AccountId, summary: &ClosureSummary) -> wire::ClosureItem {
    wire::ClosureItem {
        account: account.to_string(),
        stage: summary.stage.as_str().to_owned(),
        next: next(summary.stage, &[]).map(str::to_owned),
        until: summary.until.map(text),
        requested_at: text(summary.requested_at),
        closed_at: summary.closed_at.map(text),
    }
}

/// What comes next.
fn next(stage: Stage, blockers: &[Blocker]) -> Option<&'static str> {
    let is_owed = blockers.iter().any(|blocker| matches!(blocker, Blocker::Owed { .. }));
    match stage {
        Stage::Requested => Some("confirm"),
        Stage::Approval => Some("approve"),
        Stage::Settling if is_owed => Some("pay"),
        Stage::Checking | Stage::Settling => Some("wait"),
        Stage::Quiet => Some("close"),
        Stage::Closed | Stage::Ended => None,
    }
}

/// May it be closed?
#[must_use]
pub fn eligibility(open: &Open, eligibility: &Eligibility) -> wire::ClosureEligibility {
    wire::ClosureEligibility {
        account: open.id.to_string(),
        eligible: eligibility.may_request() && open.closure.is_none(),
        blockers: eligibility.blockers.iter().map(blocker).collect(),
        warnings: eligibility.warnings.iter().map(warning).collect(),
    }
}

/// Something that stands in the way.
#[must_use]
pub fn blocker(blocker: &Blocker) -> wire::ClosureBlocker {
    let base = wire::ClosureBlocker {
        code: blocker.code().to_owned(),
        why: why(blocker).to_owned(),
        remedy: blocker.remedy().as_str().to_owned(),
        awaited: blocker.is_awaited(),
        ..wire::ClosureBlocker::default()
    };
    match blocker {
        Blocker::LiveSubscription { id, state, mode, expires_at, releases_at } => {
            wire::ClosureBlocker {
                id: Some(id.to_string()),
                state: Some(state.as_str().to_owned()),
                mode: Some(mode.to_string()),
                expires_at: expires_at.map(text),
                releases_at: releases_at.map(text),
                ..base
            }
        }
        Blocker::UnreleasedResource { id, state } => wire::ClosureBlocker {
            id: Some(id.to_string()),
            state: Some(state.as_str().to_owned()),
            ..base
        },
        Blocker::Owed { amount, past_due } => wire::ClosureBlocker {
            amount: Some(money(*amount)),
            past_due: Some(money(*past_due)),
            ..base
        },
        Blocker::OpenOrder { id, state } => wire::ClosureBlocker {
            id: Some(id.to_string()),
            state: Some(state.as_str().to_owned()),
            ..base
        },
        Blocker::UnsettledUsage { resource, settles_at } => wire::ClosureBlocker {
            id: Some(resource.to_string()),
            expected_at: Some(text(*settles_at)),
            ..base
        },
        Blocker::OwedToCustomer { claim, amount, expected_by } => {
            let (kind, id) = match claim {
                Claim::Withdrawal(id) => ("withdrawal", id.to_string()),
                Claim::Transfer(number) => ("transfer", number.to_string()),
                Claim::Deposit(id) => ("deposit", id.to_string()),
            };
            wire::ClosureBlocker {
                kind: Some(kind.to_owned()),
                id: Some(id),
                amount: Some(money(*amount)),
                expected_at: expected_by.map(text),
                ..base
            }
        }
        Blocker::PositiveCash { amount, withdrawable } => wire::ClosureBlocker {
            amount: Some(money(*amount)),
            withdrawable: Some(money(*withdrawable)),
            ..base
        },
        Blocker::Holding(held) => wire::ClosureBlocker {
            kind: Some(held.kind.as_str().to_owned()),
            id: Some(held.id.clone()),
            label: held.label.clone(),
            ..base
        },
    }
}

/// Why it stands in the way.
const fn why(blocker: &Blocker) -> &'static str {
    match blocker {
        Blocker::LiveSubscription { .. } => "the subscription is not over, and its data is kept",
        Blocker::UnreleasedResource { .. } => "the resource is not released: stopped is not enough",
        Blocker::Owed { .. } => "something is owed",
        Blocker::OpenOrder { .. } => "the order is neither done nor closed",
        Blocker::UnsettledUsage { .. } => "what was used is not charged yet",
        Blocker::OwedToCustomer { .. } => "money of the account is on its way, or held",
        Blocker::PositiveCash { .. } => "cash is left, and was not given up",
        Blocker::Holding(_) => "another system holds this for the account",
    }
}

fn warning(warning: &Warning) -> wire::ClosureWarning {
    let code = warning.code().to_owned();
    match warning {
        Warning::NotInvoiced { month, amount } => wire::ClosureWarning {
            code,
            remedy: "issue_invoice".to_owned(),
            month: Some(month.to_string()),
            amount: Some(money(*amount)),
            count: None,
        },
        Warning::Coupons { count } => wire::ClosureWarning {
            code,
            remedy: "use_coupons".to_owned(),
            month: None,
            amount: None,
            count: Some(*count),
        },
    }
}

/// What another system holds.
#[must_use]
pub fn holding(held: &Holding) -> wire::Holding {
    wire::Holding {
        kind: held.kind.as_str().to_owned(),
        id: held.id.clone(),
        label: held.label.clone(),
        reported_at: text(held.reported_at),
    }
}
