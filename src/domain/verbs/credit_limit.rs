//! Set the credit limit: a ceiling on what is owed (R7.3).

use serde::{Deserialize, Serialize};

use super::credit;
use crate::domain::command::Answer;
use crate::domain::draft::Draft;
use crate::domain::money::{MINOR_MAX, Money};
use crate::domain::nouns::wallet::Event;
use crate::domain::rejection::Rejection;

/// Set the credit limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetCreditLimit {
    /// To how much; zero takes credit away.
    pub limit: Money,
}

/// Sets it. What is owed beyond it must be paid, and a higher one may bring the account back to
/// good standing. A held account can be given credit, as it can be topped up.
pub fn decide(draft: &mut Draft<'_>, set: SetCreditLimit) -> Result<Answer, Rejection> {
    let open = draft.open()?;
    if set.limit.currency() != open.terms.currency {
        let (expected, given) = (open.terms.currency, set.limit.currency());
        return Err(Rejection::WrongCurrency { expected, given });
    }
    if set.limit.is_negative() {
        return Err(Rejection::AmountNegative { amount: set.limit });
    }
    if set.limit.minor() > MINOR_MAX {
        return Err(Rejection::AmountTooLarge);
    }
    if open.wallet.limit() != set.limit {
        draft.push(Event::LimitSet { limit: set.limit, at: draft.at });
        credit::repay(draft, draft.at);
    }
    Ok(Answer::Done)
}
