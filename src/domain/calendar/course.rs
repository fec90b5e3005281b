//! Where a subscription stands on its calendar.

use chrono::{Days, Months, NaiveDateTime};
use serde::{Deserialize, Serialize};

use super::period::{Period, Unit};
use super::timestamp::Timestamp;
use super::zone::Zone;

/// Where a subscription stands on its calendar: the anchor on the wall clock, and how far from
/// it the paid time reaches. The end is computed from the anchor every time (R1.12), so a month
/// that was clamped does not stay clamped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// The local date and time that all ends are counted from; kept for life, reset by a change
    /// of unit to weeks (D5).
    pub anchor: NaiveDateTime,
    /// Whole months from the anchor to the end of the paid time.
    pub months_from_anchor: u32,
    /// Whole weeks from the anchor; never together with months.
    pub weeks_from_anchor: u32,
}

impl Course {
    /// The course that starts at `at`, with nothing paid yet.
    #[must_use]
    pub fn starting(at: Timestamp, zone: Zone) -> Self {
        Self { anchor: zone.local(at), months_from_anchor: 0, weeks_from_anchor: 0 }
    }

    /// The course anchored at `anchor` whose paid time ends at `end`, counted in `unit`: the
    /// import's question. `None` if no whole number of that unit leads there: what is renewed by
    /// the month does not lie on a calendar of weeks, even where a week happens to end there.
    #[must_use]
    pub fn ending(anchor: Timestamp, end: Timestamp, unit: Unit, zone: Zone) -> Option<Self> {
        let base = Self::starting(anchor, zone);
        let days = (zone.date(end) - base.anchor.date()).num_days();
        match unit {
            Unit::Week => {
                let weeks_from_anchor = u32::try_from(days / 7).ok()?;
                Some(Self { weeks_from_anchor, ..base }).filter(|course| course.end(zone) == end)
            }
            Unit::Month | Unit::Year => {
                let months = u32::try_from(days / 31).ok()?;
                (months.saturating_sub(1)..=months + months / 24 + 2)
                    .map(|months_from_anchor| Self { months_from_anchor, ..base })
                    .find(|course| course.end(zone) == end)
            }
        }
    }

    /// Where the last `period` of the paid time began, by the calendar: also where the anchor is
    /// nothing but the end of the paid time.
    #[must_use]
    pub fn last_start(self, period: Period, zone: Zone) -> Timestamp {
        let local = match period.months() {
            Some(months) if months <= self.months_from_anchor => {
                Self { months_from_anchor: self.months_from_anchor - months, ..self }.end_local()
            }
            Some(months) => self
                .anchor
                .checked_sub_months(Months::new(months - self.months_from_anchor))
                .unwrap_or(self.anchor),
            None => self
                .end_local()
                .checked_sub_days(Days::new(7 * u64::from(period.count())))
                .unwrap_or(self.anchor),
        };
        zone.instant(local)
    }

    /// What the wall clock shows at the end of the paid time.
    #[must_use]
    pub fn end_local(self) -> NaiveDateTime {
        let months = Months::new(self.months_from_anchor);
        let days = Days::new(7 * u64::from(self.weeks_from_anchor));
        self.anchor
            .checked_add_months(months)
            .and_then(|local| local.checked_add_days(days))
            .unwrap_or(NaiveDateTime::MAX)
    }

    /// The instant at which the paid time ends, excluded.
    #[must_use]
    pub fn end(self, zone: Zone) -> Timestamp {
        zone.instant(self.end_local())
    }

    /// One more period. A change of unit to weeks, and back, starts a new anchor where the paid
    /// time ends (D5); months and years keep the anchor.
    #[must_use]
    pub fn plus(self, period: Period) -> Self {
        let here = Self { anchor: self.end_local(), months_from_anchor: 0, weeks_from_anchor: 0 };
        if let Some(months) = period.months() {
            let base = if self.weeks_from_anchor > 0 { here } else { self };
            Self { months_from_anchor: base.months_from_anchor + months, ..base }
        } else {
            let base = if self.months_from_anchor > 0 { here } else { self };
            Self { weeks_from_anchor: base.weeks_from_anchor + period.count(), ..base }
        }
    }
}
