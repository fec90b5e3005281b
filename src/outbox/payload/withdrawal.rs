//! A withdrawal, as webhooks show it.

use serde::Serialize;

use super::Money;
use crate::domain::calendar::Timestamp;
use crate::domain::event::SealedRef;
use crate::domain::ids::WithdrawalId;
use crate::domain::nouns::withdrawal::{self, Route, State};

#[derive(Debug, Serialize)]
pub(super) struct Withdrawal {
    id: WithdrawalId,
    state: State,
    amount: Money,
    parts: Vec<Part>,
    requested_at: Timestamp,
    settled_at: Option<Timestamp>,
    reason: Option<String>,
}

/// What goes back of one top-up.
#[derive(Debug, Serialize)]
struct Part {
    amount: Money,
    route: Route,
    method: String,
    /// The number of the payer's reference, which is sealed: the socket opens it.
    reference: Option<SealedRef>,
    topped_up_at: Option<Timestamp>,
}

impl From<&withdrawal::Withdrawal> for Withdrawal {
    fn from(asked: &withdrawal::Withdrawal) -> Self {
        Self {
            id: asked.id,
            state: asked.state,
            amount: asked.amount.into(),
            parts: asked.parts.iter().map(Part::from).collect(),
            requested_at: asked.requested_at,
            settled_at: asked.settled_at,
            reason: asked.reason.clone(),
        }
    }
}

impl From<&withdrawal::Part> for Part {
    fn from(part: &withdrawal::Part) -> Self {
        Self {
            amount: part.taken.amount.into(),
            route: part.route,
            method: part.method().to_owned(),
            reference: part.reference(),
            topped_up_at: part.taken.at,
        }
    }
}
