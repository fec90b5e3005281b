//! Open an account.

use serde::{Deserialize, Serialize};

use crate::domain::account::{Event, Terms};
use crate::domain::command::Answer;
use crate::domain::draft::Draft;
use crate::domain::event::SealedRef;
use crate::domain::ids::AccountId;
use crate::domain::rejection::Rejection;

/// Open an account. Name and address were sealed at the door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// Its id, drawn at the door.
    pub account: AccountId,
    /// What is known of it.
    pub terms: Terms,
    /// Its sealed name and address.
    pub profile: SealedRef,
}

/// Opens it, once.
pub fn decide(draft: &mut Draft<'_>, open: &Open) -> Result<Answer, Rejection> {
    if draft.account().books().is_some() {
        return Err(Rejection::AccountExists);
    }
    draft.push(Event::Opened { terms: open.terms.clone(), profile: open.profile, at: draft.at });
    Ok(Answer::Opened { account: open.account })
}
