//! Hold an account, and let it go: while it is held nothing happens to it by itself.

use serde::{Deserialize, Serialize};

use crate::domain::account::Event;
use crate::domain::command::Answer;
use crate::domain::draft::Draft;
use crate::domain::rejection::Rejection;

/// Hold an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {}

/// Let a held account go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetGo {}

/// Holds it.
pub fn hold(draft: &mut Draft<'_>) -> Result<Answer, Rejection> {
    draft.in_service()?;
    draft.push(Event::Held { at: draft.at });
    Ok(Answer::Done)
}

/// Lets it go; what became due meanwhile is settled now.
pub fn let_go(draft: &mut Draft<'_>) -> Result<Answer, Rejection> {
    if draft.open()?.held_at.is_none() {
        return Err(Rejection::AccountNotHeld);
    }
    draft.push(Event::LetGo { at: draft.at });
    Ok(Answer::Done)
}
