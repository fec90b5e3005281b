//! Lengths and times of day, as people write them in a catalogue.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::NaiveTime;

use crate::domain::calendar::{CalendarError, Timestamp, Zone};
use crate::domain::text::text_serde;

/// An exact length written as people do: `7d`, `24h`, `5m`, `30s`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Length(pub Duration);

impl FromStr for Length {
    type Err = CalendarError;

    fn from_str(text: &str) -> Result<Self, CalendarError> {
        let parse = || {
            let unit = match text.as_bytes().last()? {
                b'd' => 86_400,
                b'h' => 3_600,
                b'm' => 60,
                b's' => 1,
                _ => return None,
            };
            let count: u64 = text[..text.len() - 1].parse().ok()?;
            Some(Self(Duration::from_secs(count.checked_mul(unit)?)))
        };
        parse().ok_or_else(|| CalendarError {
            text: text.to_owned(),
            expected: "a length such as 7d, 24h, 5m or 30s",
        })
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (count, unit) = [(86_400, 'd'), (3_600, 'h'), (60, 'm')]
            .into_iter()
            .find(|(size, _)| seconds > 0 && seconds.is_multiple_of(*size))
            .map_or((seconds, 's'), |(size, unit)| (seconds / size, unit));
        write!(f, "{count}{unit}")
    }
}

impl fmt::Debug for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How long something waits: calendar days, which keep the time on the wall (`15d`), or an exact
/// length (`2h`, `30m`; `0s` is at once) (D37).
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Calendar days.
    Days(u16),
    /// An exact length.
    Exact(Length),
}

impl Wait {
    /// The instant that lies so long after `at`, days being counted in `zone`.
    #[must_use]
    pub fn after(self, at: Timestamp, zone: Zone) -> Timestamp {
        match self {
            Self::Days(days) => zone.plus_days(at, i32::from(days)),
            Self::Exact(length) => at.plus(length.0),
        }
    }
}

impl FromStr for Wait {
    type Err = CalendarError;

    fn from_str(text: &str) -> Result<Self, CalendarError> {
        match text.strip_suffix('d') {
            Some(days) => days.parse().map(Self::Days).map_err(|_| CalendarError {
                text: text.to_owned(),
                expected: "calendar days such as 15d, up to 65535d",
            }),
            None => text.parse().map(Self::Exact),
        }
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Days(days) => write!(f, "{days}d"),
            // Never in days: what is exact must not read back as days of the calendar.
            Self::Exact(length) => {
                let seconds = length.0.as_secs();
                match seconds {
                    0 => f.write_str("0s"),
                    _ if seconds.is_multiple_of(3_600) => write!(f, "{}h", seconds / 3_600),
                    _ if seconds.is_multiple_of(60) => write!(f, "{}m", seconds / 60),
                    _ => write!(f, "{seconds}s"),
                }
            }
        }
    }
}

impl fmt::Debug for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A time on the wall, `08:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WallTime(pub NaiveTime);

impl FromStr for WallTime {
    type Err = CalendarError;

    fn from_str(text: &str) -> Result<Self, CalendarError> {
        NaiveTime::parse_from_str(text, "%H:%M").map(Self).map_err(|_| CalendarError {
            text: text.to_owned(),
            expected: "a time of day such as 08:00",
        })
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%H:%M"))
    }
}

text_serde!(Length, WallTime, Wait);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn d37_days_keep_the_wall_and_hours_do_not() {
        let berlin: Zone = "Europe/Berlin".parse().expect("a zone");
        let eve = at("2026-03-28T11:00:00Z");
        let after = |text: &str| text.parse::<Wait>().expect("a wait").after(eve, berlin);
        assert_eq!(after("1d"), at("2026-03-29T10:00:00Z"));
        assert_eq!(after("24h"), at("2026-03-29T11:00:00Z"));
        assert_eq!(after("0s"), eve);
    }

    #[test]
    fn a_wait_reads_back_as_what_it_was() {
        for text in ["0s", "15d", "24h", "2h", "90m", "61s"] {
            assert_eq!(text.parse::<Wait>().map(|wait| wait.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "d", "-1d", "15", "65536d", "1.5h"] {
            assert!(text.parse::<Wait>().is_err(), "{text}");
        }
    }
}
