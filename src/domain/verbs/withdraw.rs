//! Withdraw cash: own top-ups only, last in first out, each part the way that it came; and what the
//! provider reports of it (R7.5, D47).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::credit;
use crate::domain::calendar::Timestamp;
use crate::domain::command::Answer;
use crate::domain::draft::Draft;
use crate::domain::ids::WithdrawalId;
use crate::domain::money::Money;
use crate::domain::nouns::wallet::{Origin, Taken};
use crate::domain::nouns::withdrawal::{Event, PaidOut, Part, Route, State, Withdrawal};
use crate::domain::rejection::Rejection;

/// Withdraw cash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdraw {
    /// How much; all that can be withdrawn, if nothing is said.
    pub amount: Option<Money>,
}

/// The provider paid a withdrawal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawalPaid {
    /// Which.
    pub withdrawal: WithdrawalId,
}

/// The provider could not pay a withdrawal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawalFailed {
    /// Which.
    pub withdrawal: WithdrawalId,
    /// Why, as a code; nothing personal.
    pub reason: Option<String>,
}

/// Requests it: the cash leaves the wallet at once. None while overdue.
pub fn request(draft: &mut Draft<'_>, withdraw: &Withdraw) -> Result<Answer, Rejection> {
    let open = draft.in_good_standing()?;
    let withdrawable = open.wallet.withdrawable();
    let amount = withdraw.amount.unwrap_or(withdrawable);
    if amount.currency() != open.terms.currency {
        let (expected, given) = (open.terms.currency, amount.currency());
        return Err(Rejection::WrongCurrency { expected, given });
    }
    if withdraw.amount.is_some_and(|amount| amount.minor() <= 0) {
        return Err(Rejection::AmountNotPositive { amount });
    }
    if amount.is_zero() || !withdrawable.covers(amount) {
        return Err(Rejection::NotWithdrawable { amount, withdrawable });
    }
    let id = WithdrawalId::new(open.id, open.next_number);
    let parts = open.wallet.last_of(amount, Origin::is_own);
    let parts = parts.into_iter().map(|taken| routed(draft, taken)).collect();
    let withdrawal = Withdrawal {
        id,
        amount,
        parts,
        state: State::Requested,
        requested_at: draft.at,
        settled_at: None,
        reason: None,
    };
    draft.push(Event::Requested(Box::new(withdrawal)));
    answer(draft, id)
}

/// The way that a part goes: as it came, within some days of 24 hours; else an operator pays it
/// out (D47).
fn routed(draft: &Draft<'_>, taken: Taken) -> Part {
    let days = draft
        .timeline
        .in_force(draft.at)
        .map_or(0, |version| version.rules.withdraw.original_route_days);
    let reach = Duration::from_hours(24 * u64::from(days));
    let is_open = |at: Timestamp| at.plus(reach) > draft.at;
    let route = match taken.origin {
        Origin::TopUp { .. } if taken.at.is_some_and(is_open) => Route::Original,
        Origin::TopUp { .. } | Origin::Transfer | Origin::Import | Origin::Refund => {
            Route::Operator
        }
    };
    Part { taken, route }
}

/// The provider paid it.
pub fn paid(draft: &mut Draft<'_>, report: WithdrawalPaid) -> Result<Answer, Rejection> {
    let withdrawal = draft.withdrawal(report.withdrawal)?;
    let mut paid: Vec<PaidOut> = Vec::new();
    for part in &withdrawal.parts {
        let (method, amount) = (part.method(), part.taken.amount);
        match paid.iter_mut().find(|paid| paid.method == method) {
            Some(known) => {
                known.amount = known.amount.checked_add(amount).ok_or(Rejection::AmountTooLarge)?;
            }
            None => paid.push(PaidOut { method: method.to_owned(), amount }),
        }
    }
    draft.push(Event::Paid { id: report.withdrawal, paid, at: draft.at });
    answer(draft, report.withdrawal)
}

/// The provider could not pay it: the cash is back in its lots, and pays what must be paid.
pub fn failed(draft: &mut Draft<'_>, report: &WithdrawalFailed) -> Result<Answer, Rejection> {
    let amount = draft.withdrawal(report.withdrawal)?.amount;
    let (id, reason) = (report.withdrawal, report.reason.clone());
    draft.push(Event::Failed { id, amount, reason, at: draft.at });
    credit::repay(draft, draft.at);
    answer(draft, id)
}

fn answer(draft: &Draft<'_>, id: WithdrawalId) -> Result<Answer, Rejection> {
    let open = draft.open()?;
    let withdrawal =
        open.withdrawals.get(&id).ok_or(Rejection::WithdrawalNotFound { withdrawal: id })?;
    let withdrawal = Box::new(withdrawal.as_ref().clone());
    Ok(Answer::Withdrawal { withdrawal, cash: open.wallet.cash })
}
