//! Calendar months, as bills are made in.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate, NaiveTime};

use super::calendar::{CalendarError, Timestamp, Zone};
use super::text::text_serde;

/// A calendar month: `2026-04`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: u16,
    month: u8,
}

impl Month {
    /// The month that `at` lies in, in `zone`.
    #[must_use]
    pub fn of(at: Timestamp, zone: Zone) -> Self {
        let date = zone.date(at);
        Self {
            year: u16::try_from(date.year()).unwrap_or_default(),
            month: u8::try_from(date.month()).unwrap_or(1),
        }
    }

    /// Its year.
    #[must_use]
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month after it.
    #[must_use]
    pub const fn next(self) -> Self {
        match self.month {
            12 => Self { year: self.year + 1, month: 1 },
            month => Self { year: self.year, month: month + 1 },
        }
    }

    /// The month before it.
    #[must_use]
    pub const fn previous(self) -> Self {
        match self.month {
            1 => Self { year: self.year - 1, month: 12 },
            month => Self { year: self.year, month: month - 1 },
        }
    }

    /// How many months it lies after `earlier`; 0 if it does not.
    #[must_use]
    pub fn since(self, earlier: Self) -> u32 {
        let count = |month: Self| u32::from(month.year) * 12 + u32::from(month.month);
        count(self).saturating_sub(count(earlier))
    }

    /// The instant of a day of it at a time of day, in `zone`.
    #[must_use]
    pub fn instant(self, day: u8, time: NaiveTime, zone: Zone) -> Timestamp {
        let (year, month) = (i32::from(self.year), u32::from(self.month));
        let date = NaiveDate::from_ymd_opt(year, month, u32::from(day)).unwrap_or_default();
        zone.instant(date.and_time(time))
    }

    /// Its first instant in `zone`.
    #[must_use]
    pub fn starts_at(self, zone: Zone) -> Timestamp {
        self.instant(1, NaiveTime::MIN, zone)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl fmt::Debug for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Month {
    type Err = CalendarError;

    fn from_str(text: &str) -> Result<Self, CalendarError> {
        let parse = || {
            let (year, month) = text.split_once('-')?;
            let plain =
                |text: &str, len| text.len() == len && text.bytes().all(|c| c.is_ascii_digit());
            if !plain(year, 4) || !plain(month, 2) {
                return None;
            }
            let (year, month) = (year.parse().ok()?, month.parse().ok()?);
            (year > 0 && (1..=12).contains(&month)).then_some(Self { year, month })
        };
        parse().ok_or_else(|| CalendarError {
            text: text.to_owned(),
            expected: "a month such as 2026-04",
        })
    }
}

text_serde!(Month);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_reads_back_and_has_neighbours() {
        let december: Month = "2026-12".parse().expect("a month");
        assert_eq!(december.to_string(), "2026-12");
        assert_eq!(
            (december.next().to_string(), december.previous().to_string()),
            ("2027-01".into(), "2026-11".into())
        );
        assert_eq!(december.next().since(december), 1);
        for text in ["2026-13", "2026-00", "26-01", "2026-1", "0000-01", "2026-01-01"] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_month_begins_in_its_zone() {
        let zone: Zone = "Asia/Shanghai".parse().expect("a zone");
        let at: Timestamp = "2026-03-31T16:00:00Z".parse().expect("an instant");
        assert_eq!(Month::of(at, zone).to_string(), "2026-04");
        assert_eq!(Month::of(at, Zone::UTC).to_string(), "2026-03");
        assert_eq!("2026-04".parse::<Month>().expect("a month").starts_at(zone), at);
    }
}
