//! The house: what all accounts share. The rules timeline, and the brake on mass destruction
//! (D38).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::calendar::Timestamp;
use crate::domain::money::Money;
use crate::domain::month::Month;
use crate::domain::rules::{Rules, Timeline, Version};

/// The house as it stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct House {
    /// Every version of the rules.
    pub timeline: Timeline,
    /// The brake, while it is engaged.
    pub brake: Option<Brake>,
    /// The latest month that is sealed: no line is billed in it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_through: Option<Month>,
    /// The latest month whose figures are recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summed_through: Option<Month>,
    /// What was due by then was let through by an operator: the brake does not count it again.
    pub released_through: Option<Timestamp>,
}

/// Suspensions and releases are held back until an operator has looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brake {
    /// Since when.
    pub engaged_at: Timestamp,
    /// How many were about to happen in one pass.
    pub held_count: u32,
    /// How many would have been let through.
    pub limit: u32,
}

/// What all accounts together were billed in a month, in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthSum {
    /// How many lines.
    pub line_count: u64,
    /// In how many accounts.
    pub account_count: u64,
    /// Before tax, after coupons.
    pub net: Money,
    /// The tax.
    pub tax: Money,
    /// Both.
    pub total: Money,
}

/// What happened to the house.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A version of the rules was added to the timeline.
    RulesApplied {
        /// Its number.
        version: u32,
        /// From when it is in force.
        effective_at: Timestamp,
        /// What it says.
        rules: Arc<Rules>,
    },
    /// The brake was engaged.
    BrakeEngaged(Brake),
    /// A month was sealed: whatever is decided from now on is billed in a later one.
    MonthSealed {
        /// Which.
        month: Month,
        /// When.
        at: Timestamp,
    },
    /// A month was closed for everybody: its figures never move again.
    MonthClosed {
        /// Which.
        month: Month,
        /// What was billed in it, by currency.
        sums: Vec<MonthSum>,
        /// When.
        at: Timestamp,
    },
    /// An operator let everything due by then go ahead.
    BrakeReleased {
        /// When.
        at: Timestamp,
    },
}

impl House {
    /// Changes the house by what happened.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::RulesApplied { version, effective_at, rules } => self.timeline.push(Version {
                number: *version,
                effective_at: *effective_at,
                rules: Arc::clone(rules),
            }),
            Event::BrakeEngaged(brake) => self.brake = Some(brake.clone()),
            Event::MonthSealed { month, .. } => self.closed_through = Some(*month),
            Event::MonthClosed { month, .. } => {
                self.closed_through = self.closed_through.max(Some(*month));
                self.summed_through = Some(*month);
            }
            Event::BrakeReleased { at } => {
                self.brake = None;
                self.released_through = Some(*at);
            }
        }
    }
}
