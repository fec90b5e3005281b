//! Lifecycles, auto-renewal schedules and reminders: days laid around a mark (D39).

use std::time::Duration;

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};

use super::units::{Length, WallTime};
use crate::domain::calendar::{Timestamp, Zone};

/// Days around a mark that are looked at, at the most: a schedule is a list, not a loop.
const DAYS_MAX: i32 = 400;

/// What happens to a subscription that is not renewed (R1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lifecycle {
    /// Calendar days after expiry in which it still serves (R1.2).
    pub grace_days: u16,
    /// Calendar days suspended, data kept, before release (R1.2).
    pub recovery_days: u16,
    /// Furthest expiry, in years from now (R1.16).
    pub max_horizon_years: u16,
    /// Round an expiry up to midnight in the subscription's zone (D4).
    pub round_up_to_midnight: bool,
    /// How long before a release its last notice must have been recorded (D38); `0s` is off.
    pub release_needs_notice: Length,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self {
            grace_days: 0,
            recovery_days: 15,
            max_horizon_years: 10,
            round_up_to_midnight: false,
            release_needs_notice: Length(Duration::from_hours(24)),
        }
    }
}

/// Where a range of days ends (D39).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// The instant of expiry: the last slot lies before it.
    Expiry,
    /// The end of grace.
    Suspension,
    /// The end of recovery.
    Release,
}

/// The end of a range of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Edge {
    /// A day counted from the expiry date, included.
    Day(i32),
    /// Everything before a mark.
    Mark(Mark),
}

/// One entry of a schedule: a day from the expiry date, or a range of days (D39).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Slots {
    /// One day.
    Day(i32),
    /// Every `every` days.
    Range {
        /// First day.
        from: i32,
        /// Last day, or the mark before which it ends.
        to: Edge,
        /// Step in days.
        every: u16,
    },
}

/// When renewals are attempted by themselves (R2.3, R2.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutoRenewals {
    /// Time of day in the subscription's zone.
    #[serde(default = "eight")]
    pub at: WallTime,
    /// The days, counted from the local date of expiry.
    pub schedule: Vec<Slots>,
    /// Days after expiry until which auto-renewal may still be switched on (R2.7).
    #[serde(default)]
    pub enable_until_days: u16,
}

fn eight() -> WallTime {
    WallTime(NaiveTime::from_hms_opt(8, 0, 0).unwrap_or_default())
}

fn nine() -> WallTime {
    WallTime(NaiveTime::from_hms_opt(9, 0, 0).unwrap_or_default())
}

/// What a schedule is laid around.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// The zone that days are counted in.
    pub zone: Zone,
    /// Start of the latest paid period.
    pub started_at: Timestamp,
    /// End of the paid time.
    pub expires_at: Timestamp,
    /// End of grace.
    pub suspends_at: Timestamp,
    /// End of recovery.
    pub releases_at: Timestamp,
}

impl AutoRenewals {
    /// The days from expiry that the schedule names, with the mark that bounds each.
    fn offsets(&self) -> impl Iterator<Item = (i32, Mark)> {
        self.schedule.iter().flat_map(|slots| {
            let (from, to, every, mark) = match *slots {
                Slots::Day(day) => (day, day, 1, Mark::Release),
                Slots::Range { from, to: Edge::Day(to), every } => (from, to, every, Mark::Release),
                Slots::Range { from, to: Edge::Mark(Mark::Expiry), every } => {
                    (from, 0, every, Mark::Expiry)
                }
                Slots::Range { from, to: Edge::Mark(mark), every } => (from, DAYS_MAX, every, mark),
            };
            (from.max(-DAYS_MAX)..=to.min(DAYS_MAX))
                .step_by(usize::from(every.max(1)))
                .map(move |day| (day, mark))
        })
    }

    /// How many days before expiry the first attempt may come: a term of the period.
    #[must_use]
    pub fn lead_days(&self) -> u16 {
        let first = self.offsets().map(|(day, _)| day).min().unwrap_or(0);
        u16::try_from(first.min(0).unsigned_abs()).unwrap_or(u16::MAX)
    }

    /// The slots of one period, in order: never before the day after the period's start (R2.8),
    /// never more than `lead_days` before expiry, none at or after release (D39).
    #[must_use]
    pub fn slots(&self, span: &Span, lead_days: u16) -> Vec<Timestamp> {
        let first = span.zone.on_day(span.started_at, 1, self.at.0);
        let mut too_early = false;
        let mut slots = Vec::new();
        for (day, mark) in self.offsets() {
            if day < -i32::from(lead_days) {
                continue;
            }
            let slot = span.zone.on_day(span.expires_at, day, self.at.0);
            let end = match mark {
                Mark::Expiry => span.expires_at,
                Mark::Suspension => span.suspends_at,
                Mark::Release => span.releases_at,
            };
            if slot >= end.min(span.releases_at) {
                continue;
            }
            if slot < first {
                too_early = true;
            } else {
                slots.push(slot);
            }
        }
        if too_early && first < span.expires_at {
            slots.push(first);
        }
        slots.sort_unstable();
        slots.dedup();
        slots
    }
}

/// What is said, and how long before (R3.1–R3.7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reminders {
    /// Time of day in the subscription's zone.
    pub at: WallTime,
    /// Days before expiry, for manual renewal.
    pub before_days: Vec<u16>,
    /// On the day of expiry, if it is still ahead at that time of day.
    pub on_expiry: bool,
    /// Days after expiry, until release (R3.3).
    pub after_days: Vec<u16>,
    /// Days before release; may not be muted (R3.5).
    pub before_release_days: Vec<u16>,
    /// Days before expiry for subscriptions that are not to be renewed (R2.18).
    pub not_renewal_days: Vec<u16>,
    /// Days before expiry of the "renewal ahead" notice (R2.17).
    pub auto_renewal_days: Vec<u16>,
    /// Days before expiry of the "top up" notice while funds are short (R2.17).
    pub topup_days: Vec<u16>,
}

impl Default for Reminders {
    fn default() -> Self {
        Self {
            at: nine(),
            before_days: vec![15, 7, 3, 1],
            on_expiry: true,
            after_days: Vec::new(),
            before_release_days: vec![1],
            not_renewal_days: Vec::new(),
            auto_renewal_days: vec![15],
            topup_days: vec![13, 11],
        }
    }
}
