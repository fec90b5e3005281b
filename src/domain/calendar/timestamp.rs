//! Instants: whole seconds of UTC.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Timelike, Utc};

use super::{CalendarError, MICROS, no};
use crate::domain::text::text_serde;

/// An instant: whole seconds, kept as microseconds since 1970 in UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Before everything that can be said.
    pub const MIN: Self = Self(-62_135_596_800 * MICROS);
    /// After everything that can be said: the end of the year 9999.
    pub const MAX: Self = Self(253_402_300_799 * MICROS);

    /// The instant `micros` microseconds after 1970, cut to its second (D37) and to the years
    /// that can be written.
    #[must_use]
    pub fn from_micros(micros: i64) -> Self {
        let seconds = micros.div_euclid(MICROS);
        Self((seconds * MICROS).clamp(Self::MIN.0, Self::MAX.0))
    }

    /// Microseconds since 1970.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0 / MICROS
    }

    /// The instant as chrono has it.
    #[must_use]
    pub fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }

    /// An exact length later; the end of time if it lies beyond.
    #[must_use]
    pub fn plus(self, length: Duration) -> Self {
        let micros = i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
        Self::from_micros(self.0.saturating_add(micros))
    }

    /// An exact length earlier.
    #[must_use]
    pub fn minus(self, length: Duration) -> Self {
        let micros = i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
        Self::from_micros(self.0.saturating_sub(micros))
    }

    /// How long after `earlier` it is; nothing if it is not.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(instant: DateTime<Utc>) -> Self {
        Self::from_micros(instant.timestamp_micros())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // By hand: every record writes some, and a format string is read anew each time.
        let at = self.utc().naive_utc();
        let (date, time) = (at.date(), at.time());
        let Some(year) = u32::try_from(date.year()).ok().filter(|year| *year <= 9999) else {
            return write!(f, "{}", at.format("%Y-%m-%dT%H:%M:%SZ"));
        };
        let mut text = *b"0000-00-00T00:00:00Z";
        let (century, year) = (year / 100, year % 100);
        let pairs = [century, year, date.month(), date.day()];
        let pairs = pairs.into_iter().chain([time.hour(), time.minute(), time.second()]);
        for (place, pair) in [0, 2, 5, 8, 11, 14, 17].into_iter().zip(pairs) {
            two_digits(&mut text, place, pair);
        }
        f.write_str(str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

/// Writes a number below 100 at `place`.
fn two_digits(text: &mut [u8], place: usize, number: u32) {
    for (place, digit) in [(place, number / 10 % 10), (place + 1, number % 10)] {
        text[place] = b"0123456789"[digit as usize];
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = CalendarError;

    /// Reads RFC 3339 with any offset; parts of a second are cut off.
    fn from_str(text: &str) -> Result<Self, CalendarError> {
        if let Some(instant) = as_displayed(text.as_bytes()) {
            return Ok(instant);
        }
        DateTime::parse_from_rfc3339(text)
            .map(|instant| Self::from(instant.with_timezone(&Utc)))
            .map_err(|_| no(text, "an instant such as 2026-12-01T10:00:00Z"))
    }
}

/// Reads what [`Timestamp`] writes, and nothing else: every record that is read back has some.
fn as_displayed(text: &[u8]) -> Option<Timestamp> {
    let text: &[u8; 20] = text.try_into().ok()?;
    let digit = |place: usize| {
        Some(u32::from(text[place])).filter(|_| text[place].is_ascii_digit()).map(|c| c - 48)
    };
    let pair = |place| Some(10 * digit(place)? + digit(place + 1)?);
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'Z')];
    if marks.iter().any(|(place, mark)| text[*place] != *mark) {
        return None;
    }
    let year = i32::try_from(100 * pair(0)? + pair(2)?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, pair(5)?, pair(8)?)?;
    let time = NaiveTime::from_hms_opt(pair(11)?, pair(14)?, pair(17)?)?;
    Some(date.and_time(time).and_utc().into())
}

text_serde!(Timestamp);
