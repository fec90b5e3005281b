//! The standing of an account: good or overdue, and the alerts that its owner is told before it
//! gets that far (R6.8–R6.18).

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::calendar::Timestamp;
use crate::domain::money::Money;

/// How the account stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Standing {
    /// Since when it is overdue, if it is (D45).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overdue: Option<Overdue>,
    /// The low-balance alert, if one is set (R6.16).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<Alert>,
    /// What settlements cost within the last 24 hours, oldest first (R6.18).
    #[serde(skip_serializing_if = "VecDeque::is_empty")]
    pub burn: VecDeque<Burn>,
    /// Forecasts up to here were made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forecast_through: Option<Timestamp>,
}

/// An account that is overdue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overdue {
    /// Since when.
    pub since: Timestamp,
    /// Notices up to here were given.
    pub told_through: Timestamp,
}

/// A low-balance alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// It is told when available credit drops below this.
    pub below: Money,
    /// Will the next drop be told? Not while it is below already.
    pub armed: bool,
}

/// What a settlement cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Burn {
    /// When it was due.
    pub at: Timestamp,
    /// How much, with tax.
    pub amount: Money,
}

/// What happened to the standing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The account fell overdue (R6.8).
    FellOverdue {
        /// What must be paid to be in good standing again.
        amount: Money,
        /// Available credit.
        available: Money,
        /// When.
        at: Timestamp,
    },
    /// The owner is told again that the account is overdue (R6.9).
    OverdueNoticed {
        /// What must be paid.
        amount: Money,
        /// When that was due.
        due_at: Timestamp,
        /// Something later to say was due as well (D25).
        superseded: bool,
    },
    /// All due debt is paid: the account is in good standing (R6.12).
    Recovered {
        /// When.
        at: Timestamp,
    },
    /// The low-balance alert was set, or switched off.
    AlertSet {
        /// Below which available credit it is told; none: off.
        below: Option<Money>,
        /// Is it above that now? Enabling it while below sends nothing.
        armed: bool,
        /// When.
        at: Timestamp,
    },
    /// Available credit dropped below the alert (R6.16).
    RanLow {
        /// Available credit.
        available: Money,
        /// When.
        at: Timestamp,
    },
    /// Available credit is above the alert again: the next drop will be told.
    Refilled {
        /// When.
        at: Timestamp,
    },
    /// The balance will not cover a day like the last one and the renewals of the next (R6.18).
    WillRunShort {
        /// What is expected to be needed.
        needed: Money,
        /// Available credit.
        available: Money,
        /// When that was due.
        due_at: Timestamp,
    },
}

impl Standing {
    /// Is nothing to be said?
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Is it overdue?
    #[must_use]
    pub const fn is_overdue(&self) -> bool {
        self.overdue.is_some()
    }

    /// What settlements cost within the 24 hours before `at`; nothing where none did.
    #[must_use]
    pub fn burnt(&self, at: Timestamp) -> Option<Money> {
        let from = at.minus(DAY);
        let recent = self.burn.iter().filter(|burn| burn.at > from && burn.at <= at);
        recent.map(|burn| burn.amount).reduce(|a, b| a.checked_add(b).unwrap_or(a))
    }

    /// Remembers what a settlement cost.
    pub fn burn(&mut self, at: Timestamp, amount: Money) {
        while self.burn.front().is_some_and(|oldest| oldest.at <= at.minus(DAY)) {
            self.burn.pop_front();
        }
        if !amount.is_zero() {
            self.burn.push_back(Burn { at, amount });
        }
    }

    /// Changes the standing by what happened.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::FellOverdue { at, .. } => {
                self.overdue = Some(Overdue { since: *at, told_through: *at });
            }
            Event::OverdueNoticed { due_at, .. } => {
                if let Some(overdue) = &mut self.overdue {
                    overdue.told_through = *due_at;
                }
            }
            Event::Recovered { .. } => self.overdue = None,
            Event::AlertSet { below, armed, .. } => {
                self.alert = below.map(|below| Alert { below, armed: *armed });
            }
            Event::RanLow { .. } => self.arm(false),
            Event::Refilled { .. } => self.arm(true),
            Event::WillRunShort { due_at, .. } => self.forecast_through = Some(*due_at),
        }
    }

    const fn arm(&mut self, armed: bool) {
        if let Some(alert) = &mut self.alert {
            alert.armed = armed;
        }
    }
}

const DAY: Duration = Duration::from_hours(24);
