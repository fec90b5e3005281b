//! Time zones: the one way between instants and local time.

use std::fmt;
use std::str::FromStr;

use chrono::{Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};

use super::timestamp::Timestamp;
use super::{CalendarError, MICROS, no};
use crate::domain::text::text_serde;

/// A time zone of the tz database.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(chrono_tz::Tz);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(chrono_tz::UTC);

    /// Its name: `Europe/Berlin`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// What a clock on the wall there shows at `instant`.
    #[must_use]
    pub fn local(self, instant: Timestamp) -> NaiveDateTime {
        let utc = instant.utc().naive_utc();
        // Most books are kept in it, and a zone's table is a search.
        if self == Self::UTC { utc } else { self.0.from_utc_datetime(&utc).naive_local() }
    }

    /// The instant at which a clock on the wall there first shows `local`. In a gap it is the
    /// first instant after the gap, in an overlap the first of the two (D3, D37).
    #[must_use]
    pub fn instant(self, local: NaiveDateTime) -> Timestamp {
        if self == Self::UTC {
            return local.and_utc().into();
        }
        match self.0.from_local_datetime(&local) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => {
                at.with_timezone(&Utc).into()
            }
            LocalResult::None => self.end_of_gap(local),
        }
    }

    /// The first instant after the gap that `local` lies in: between a day before, when the old
    /// offset held, and a day after, when the new one does, the offset changes where the wall
    /// clock jumps past `local`.
    fn end_of_gap(self, local: NaiveDateTime) -> Timestamp {
        let shows = |seconds: i64| self.local(Timestamp::from_micros(seconds * MICROS));
        let middle = local.and_utc().timestamp();
        let (mut before, mut after) = (middle - 2 * 86_400, middle + 2 * 86_400);
        while after - before > 1 {
            let half = i64::midpoint(before, after);
            if shows(half) > local {
                after = half;
            } else {
                before = half;
            }
        }
        Timestamp::from_micros(after * MICROS)
    }

    /// `days` calendar days after `instant`, at the same time on the wall (D37). No days later is
    /// the instant itself, even if it is the second of the two that an overlap has.
    #[must_use]
    pub fn plus_days(self, instant: Timestamp, days: i32) -> Timestamp {
        if days == 0 {
            return instant;
        }
        self.instant(shift_days(self.local(instant), days))
    }

    /// `time` on the local date of `instant` shifted by `days` (R2.3).
    #[must_use]
    pub fn on_day(self, instant: Timestamp, days: i32, time: NaiveTime) -> Timestamp {
        let date = self.local(instant).date();
        self.instant(shift_days(date.and_time(time), days))
    }

    /// The local date of `instant`.
    #[must_use]
    pub fn date(self, instant: Timestamp) -> NaiveDate {
        self.local(instant).date()
    }
}

fn shift_days(local: NaiveDateTime, days: i32) -> NaiveDateTime {
    let count = Days::new(u64::from(days.unsigned_abs()));
    let shifted =
        if days < 0 { local.checked_sub_days(count) } else { local.checked_add_days(count) };
    shifted.unwrap_or(local)
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Zone {
    type Err = CalendarError;

    fn from_str(text: &str) -> Result<Self, CalendarError> {
        text.parse().map(Self).map_err(|_| no(text, "a time zone such as Europe/Berlin"))
    }
}

/// `instant`, or the next midnight in `zone` if it is not one: the option of D4 never shortens.
#[must_use]
pub fn rounded_up_to_midnight(instant: Timestamp, zone: Zone) -> Timestamp {
    let local = zone.local(instant);
    if local.time() == NaiveTime::MIN {
        return instant;
    }
    zone.instant(shift_days(local.date().and_time(NaiveTime::MIN), 1))
}

text_serde!(Zone);
