//! Transfer cash to another account (R7.6). Each account is a stream of its own, so the cash is on
//! its way in between: it leaves here, is taken or declined there, and here is told which.

use serde::{Deserialize, Serialize};

use super::credit;
use crate::domain::command::Answer;
use crate::domain::draft::Draft;
use crate::domain::ids::AccountId;
use crate::domain::money::{MINOR_MAX, Money};
use crate::domain::nouns::wallet::{Event, Origin};
use crate::domain::rejection::Rejection;

/// Transfer cash to another account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// To which.
    pub to: AccountId,
    /// How much; above zero.
    pub amount: Money,
}

/// To the account that it goes to: take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakeTransfer {
    /// Where it comes from.
    pub from: AccountId,
    /// Its number there.
    pub number: u32,
    /// How much.
    pub amount: Money,
}

/// To the account that it came from: it was taken, or why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferAnswered {
    /// Its number.
    pub number: u32,
    /// Why it was declined, as a rejection's code; none if it was taken.
    pub declined: Option<String>,
}

/// Sends it. None while overdue, and nothing that was transferred in (R7.6).
pub fn send(draft: &mut Draft<'_>, transfer: Transfer) -> Result<Answer, Rejection> {
    let open = draft.in_good_standing()?;
    let Transfer { to, amount } = transfer;
    if to == open.id {
        return Err(Rejection::TransferToSelf);
    }
    if !draft.facts.knows_account(to) {
        return Err(Rejection::PayeeNotFound { account: to });
    }
    if amount.currency() != open.terms.currency {
        let (expected, given) = (open.terms.currency, amount.currency());
        return Err(Rejection::WrongCurrency { expected, given });
    }
    if amount.minor() <= 0 {
        return Err(Rejection::AmountNotPositive { amount });
    }
    let transferable = open.wallet.transferable();
    if !transferable.covers(amount) {
        return Err(Rejection::NotTransferable { amount, transferable });
    }
    let number = open.next_number;
    let taken = open.wallet.last_of(amount, |origin| *origin != Origin::Transfer);
    draft.push(Event::Sent { number, to, amount, taken, at: draft.at });
    let cash = draft.open()?.wallet.cash;
    Ok(Answer::Transferred { number, to, amount, cash })
}

/// Takes it, or declines it for good: what is declined once is never taken, whatever changes
/// meanwhile. A held account can take it, as it can be topped up.
pub fn take(draft: &mut Draft<'_>, take: TakeTransfer) -> Result<Answer, Rejection> {
    let open = draft.books()?;
    let TakeTransfer { from, number, amount } = take;
    let (expected, given) = (open.terms.currency, amount.currency());
    let fault = if draft.open().is_err() {
        Some(Rejection::AccountClosed)
    } else if let Some(closure) = &open.closure {
        Some(Rejection::AccountClosing { stage: closure.stage })
    } else if expected == given {
        let cash = open.wallet.cash.checked_add(amount);
        let fits = cash.is_some_and(|cash| cash.minor() <= MINOR_MAX);
        (!fits).then_some(Rejection::AmountTooLarge)
    } else {
        Some(Rejection::WrongCurrency { expected, given })
    };
    let at = draft.at;
    let declined = fault.map(|fault| fault.code().to_owned());
    if let Some(reason) = &declined {
        draft.push(Event::Declined { from, number, amount, reason: reason.clone(), at });
    } else {
        draft.push(Event::Received { from, number, amount, at });
        credit::repay(draft, at);
    }
    Ok(Answer::TransferDecided { declined })
}

/// It was taken, or is back in its lots. It is a fact: what is known already changes nothing.
pub fn answered(draft: &mut Draft<'_>, answer: &TransferAnswered) -> Result<Answer, Rejection> {
    let (number, at) = (answer.number, draft.at);
    if let Some(sent) = draft.books()?.wallet.in_transit.get(&number) {
        let amount = sent.amount;
        if let Some(reason) = answer.declined.clone() {
            draft.push(Event::Returned { number, amount, reason, at });
            credit::repay(draft, at);
        } else {
            draft.push(Event::Arrived { number, at });
        }
    }
    Ok(Answer::Done)
}
