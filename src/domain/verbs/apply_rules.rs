//! Add a version of the rules to the timeline.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::calendar::Timestamp;
use crate::domain::command::Answer;
use crate::domain::nouns::house::{Event, House};
use crate::domain::rejection::Rejection;
use crate::domain::rules::Rules;

/// Add a version of the rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApplyRules {
    /// What it says.
    pub rules: Arc<Rules>,
    /// From when it is in force; now if nothing is said.
    pub effective_at: Option<Timestamp>,
}

/// Checks the version and adds it. It may not take effect in the past, nor before a version that
/// is already planned; the same rules again change nothing.
pub fn decide(
    house: &House,
    apply: &ApplyRules,
    at: Timestamp,
) -> Result<(Vec<Event>, Answer), Rejection> {
    let faults = apply.rules.faults();
    if !faults.is_empty() {
        return Err(Rejection::InvalidRules { faults });
    }
    let newest = house.timeline.versions().last();
    let earliest = newest.map_or(at, |newest| newest.effective_at.max(at));
    let effective_at = apply.effective_at.unwrap_or(earliest);
    if effective_at < earliest {
        return Err(Rejection::EffectiveInPast { earliest });
    }
    if let Some(newest) = newest.filter(|newest| newest.rules == apply.rules) {
        let answer =
            Answer::RulesApplied { version: newest.number, effective_at: newest.effective_at };
        return Ok((Vec::new(), answer));
    }
    let version = house.timeline.newest() + 1;
    let event = Event::RulesApplied { version, effective_at, rules: Arc::clone(&apply.rules) };
    Ok((vec![event], Answer::RulesApplied { version, effective_at }))
}
