//! Credit cash that was received. It pays no order by itself (R4.5), but what is owed (R6.12).

use serde::{Deserialize, Serialize};

use super::channel::{self, Action};
use super::credit;
use crate::domain::command::Answer;
use crate::domain::draft::Draft;
use crate::domain::event::SealedRef;
use crate::domain::money::{MINOR_MAX, Money};
use crate::domain::nouns::wallet::Event;
use crate::domain::rejection::Rejection;

/// Credit cash that was received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopUp {
    /// How much; above zero.
    pub amount: Money,
    /// By which method it was paid.
    pub method: String,
    /// Through which channel it came in.
    pub channel: String,
    /// The payer's reference, sealed at the door.
    pub reference: Option<SealedRef>,
}

/// Adds the cash to the wallet. A held account can be topped up.
pub fn decide(draft: &mut Draft<'_>, top_up: &TopUp) -> Result<Answer, Rejection> {
    let open = draft.open()?;
    if top_up.amount.currency() != open.terms.currency {
        return Err(Rejection::WrongCurrency {
            expected: open.terms.currency,
            given: top_up.amount.currency(),
        });
    }
    if top_up.amount.minor() <= 0 {
        return Err(Rejection::AmountNotPositive { amount: top_up.amount });
    }
    channel::check_method(draft, &top_up.channel, Action::TopUp, &top_up.method)?;
    open.wallet
        .cash
        .checked_add(top_up.amount)
        .filter(|cash| cash.minor() <= MINOR_MAX)
        .ok_or(Rejection::AmountTooLarge)?;
    draft.push(Event::ToppedUp {
        amount: top_up.amount,
        method: top_up.method.clone(),
        channel: top_up.channel.clone(),
        reference: top_up.reference,
        at: Some(draft.at),
    });
    credit::repay(draft, draft.at);
    let cash = draft.open()?.wallet.cash;
    Ok(Answer::ToppedUp { amount: top_up.amount, cash })
}
