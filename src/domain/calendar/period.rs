//! Lengths that are sold.

use std::fmt;
use std::str::FromStr;

use super::{CalendarError, no};
use crate::domain::text::text_serde;

/// The unit of a [`Period`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unit {
    /// Seven days.
    Week,
    /// A calendar month.
    Month,
    /// Twelve calendar months.
    Year,
}

/// A length that is sold: weeks, calendar months or calendar years, written `P1W`, `P3M`, `P2Y`
/// (R1.14).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Period {
    unit: Unit,
    count: u32,
}

impl Period {
    /// `count` of `unit`. A count of nothing is read as one, so that no period is empty.
    #[must_use]
    pub const fn new(count: u32, unit: Unit) -> Self {
        Self { unit, count: if count == 0 { 1 } else { count } }
    }

    /// The unit it is counted in.
    #[must_use]
    pub const fn unit(self) -> Unit {
        self.unit
    }

    /// How many of the unit.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.count
    }

    /// Its length in calendar months; `None` for weeks.
    #[must_use]
    pub const fn months(self) -> Option<u32> {
        match self.unit {
            Unit::Week => None,
            Unit::Month => Some(self.count),
            Unit::Year => Some(self.count * 12),
        }
    }

    /// About how many days it is, for saying which of two periods is longer: months count 30.
    #[must_use]
    pub const fn days_about(self) -> u32 {
        match self.unit {
            Unit::Week => self.count.saturating_mul(7),
            Unit::Month => self.count.saturating_mul(30),
            Unit::Year => self.count.saturating_mul(360),
        }
    }

    /// Is it as long as `other`? `P12M` is as long as `P1Y`.
    #[must_use]
    pub fn is_as_long_as(self, other: Self) -> bool {
        match (self.months(), other.months()) {
            (None, None) => self.count == other.count,
            (a, b) => a == b,
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Week => 'W',
            Unit::Month => 'M',
            Unit::Year => 'Y',
        };
        write!(f, "P{}{unit}", self.count)
    }
}

impl fmt::Debug for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Period {
    type Err = CalendarError;

    fn from_str(text: &str) -> Result<Self, CalendarError> {
        let parse = || {
            let rest = text.strip_prefix('P')?;
            let unit = match rest.as_bytes().last()? {
                b'W' => Unit::Week,
                b'M' => Unit::Month,
                b'Y' => Unit::Year,
                _ => return None,
            };
            let digits = &rest[..rest.len() - 1];
            let plain = !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit());
            let count = digits.parse().ok().filter(|count| plain && (1..=1200).contains(count))?;
            Some(Self { unit, count })
        };
        parse().ok_or_else(|| no(text, "a period such as P1W, P1M or P1Y"))
    }
}

text_serde!(Period);
