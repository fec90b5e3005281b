//! Hold back suspensions, releases and closings, and let them go ahead (D38).

use serde::{Deserialize, Serialize};

use crate::domain::calendar::Timestamp;
use crate::domain::command::Answer;
use crate::domain::nouns::house::{Brake, Event, House};
use crate::domain::rejection::Rejection;

/// Engage the brake: a pass is about to take away more than is usual.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engage {
    /// How many suspensions, releases and closings the pass holds.
    pub held_count: u32,
    /// How many would have been let through.
    pub limit: u32,
}

/// Let what is due by now go ahead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {}

/// Engages it; once is enough.
#[must_use]
pub fn engage(house: &House, engage: &Engage, at: Timestamp) -> (Vec<Event>, Answer) {
    let events = match house.brake {
        Some(_) => Vec::new(),
        None => vec![Event::BrakeEngaged(Brake {
            engaged_at: at,
            held_count: engage.held_count,
            limit: engage.limit,
        })],
    };
    (events, Answer::Done)
}

/// Releases it.
pub fn release(house: &House, at: Timestamp) -> Result<(Vec<Event>, Answer), Rejection> {
    if house.brake.is_none() {
        return Err(Rejection::BrakeNotEngaged);
    }
    Ok((vec![Event::BrakeReleased { at }], Answer::Done))
}
