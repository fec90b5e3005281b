//! Lengths and times of day, as people write them in a catalogue.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::NaiveTime;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::domain::calendar::CalendarError;

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

macro_rules! text_serde {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    };
}
text_serde!(Length);
text_serde!(WallTime);
