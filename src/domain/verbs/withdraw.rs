//! Withdraw cash: own top-ups only, last in first out, each part the way that it came; and what the
//! provider reports of it (R7.5, D47).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{credit, standing};
use crate::domain::calendar::Timestamp;
use crate::domain::command::Answer;
use crate::domain::draft::Draft;
use crate::domain::ids::WithdrawalId;
use crate::domain::money::Money;
use crate::domain::nouns::wallet::{Origin, Taken};
use crate::domain::nouns::withdrawal::{Event, Part, Route, State, Withdrawal};
use crate::domain::rejection::Rejection;
use crate::domain::rules::Timeline;

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

/// The provider paid it: a fact. What is known already is recorded and changes nothing; what had
/// failed is taken from the wallet again, and what that lacks is owed.
pub fn paid(draft: &mut Draft<'_>, report: WithdrawalPaid) -> Result<Answer, Rejection> {
    let (id, at) = (report.withdrawal, draft.at);
    let known = draft.withdrawal(id)?.clone();
    let paid = known.paid_out();
    match known.state {
        State::Requested => draft.push(Event::Paid { id, paid, at }),
        State::Failed if draft.open().is_ok() => {
            let open = draft.open()?;
            let cash = open.wallet.spendable().minor().clamp(0, known.amount.minor());
            let cash = Money::from_minor(cash, known.amount.currency());
            let taken = open.wallet.last_of(cash, Origin::is_own);
            let state = State::Paid;
            let amount = known.amount;
            let withdrawal =
                Box::new(Withdrawal { state, settled_at: Some(at), reason: None, ..known });
            credit::lend(draft, amount, at);
            draft.push(Event::PaidAfterAll { withdrawal, paid, taken });
            standing::review(draft, at);
        }
        State::Paid | State::Failed => return Ok(known_already(draft, known, true)),
    }
    answer(draft, id)
}

/// The provider could not pay it, or it came back: a fact. The cash is back in its lots, and pays
/// what must be paid. What is known already is recorded and changes nothing.
pub fn failed(draft: &mut Draft<'_>, report: &WithdrawalFailed) -> Result<Answer, Rejection> {
    let (id, at) = (report.withdrawal, draft.at);
    let known = draft.withdrawal(id)?.clone();
    let reason = report.reason.clone();
    match known.state {
        State::Requested => draft.push(Event::Failed { id, amount: known.amount, reason, at }),
        State::Paid if draft.open().is_ok() => {
            let (state, paid) = (State::Failed, known.paid_out());
            let withdrawal = Box::new(Withdrawal { state, settled_at: Some(at), reason, ..known });
            draft.push(Event::FailedAfterAll { withdrawal, paid });
        }
        State::Paid | State::Failed => return Ok(known_already(draft, known, false)),
    }
    credit::repay(draft, at);
    answer(draft, id)
}

/// Nothing changes. In a closed account no wallet is left for what was reported otherwise before:
/// the record tells it to whoever puts it right.
fn known_already(draft: &mut Draft<'_>, withdrawal: Withdrawal, is_paid: bool) -> Answer {
    let (id, at) = (withdrawal.id, draft.at);
    draft.push(Event::ReportedAgain { id, is_paid, at });
    let zero = Money::zero(withdrawal.amount.currency());
    let cash = draft.books().map_or(zero, |books| books.wallet.cash);
    Answer::Withdrawal { withdrawal: Box::new(withdrawal), cash }
}

/// By when it is expected to be paid out, while it is under way: some days of 24 hours after the
/// request, by the slowest of its methods.
#[must_use]
pub fn expected_by(timeline: &Timeline, withdrawal: &Withdrawal) -> Option<Timestamp> {
    let rules = &timeline.in_force(withdrawal.requested_at)?.rules.withdraw;
    let days = withdrawal.parts.iter().map(|part| rules.payout_days_by(part.method())).max()?;
    let wait = Duration::from_hours(24 * u64::from(days));
    (!withdrawal.is_final()).then(|| withdrawal.requested_at.plus(wait))
}

fn answer(draft: &Draft<'_>, id: WithdrawalId) -> Result<Answer, Rejection> {
    let open = draft.open()?;
    let withdrawal =
        open.withdrawals.get(&id).ok_or(Rejection::WithdrawalNotFound { withdrawal: id })?;
    let withdrawal = Box::new(withdrawal.as_ref().clone());
    Ok(Answer::Withdrawal { withdrawal, cash: open.wallet.cash })
}
