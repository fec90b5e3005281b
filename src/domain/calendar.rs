//! Instants, zones, periods and the anchored calendar.
//!
//! Instants are whole seconds of UTC and intervals are half-open (D37). Local time exists only
//! where a rule speaks of days: [`Zone`] turns one into the other, once, with the tz database.
//! Ends of periods are computed from the anchor, never from the last end (R1.12).

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{
    DateTime, Datelike, Days, LocalResult, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeZone,
    Timelike, Utc,
};
use serde::{Deserialize, Serialize};

use super::text::text_serde;

const MICROS: i64 = 1_000_000;

/// A text that names no instant, zone or period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {expected}")]
pub struct CalendarError {
    /// What was given.
    pub text: String,
    /// What was expected, in words.
    pub expected: &'static str,
}

fn no(text: &str, expected: &'static str) -> CalendarError {
    CalendarError { text: text.to_owned(), expected }
}

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
                .checked_sub_days(Days::new(7 * u64::from(period.count)))
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
            Self { weeks_from_anchor: base.weeks_from_anchor + period.count, ..base }
        }
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

text_serde!(Timestamp, Zone, Period);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn zone(text: &str) -> Zone {
        text.parse().expect("a zone")
    }

    fn period(text: &str) -> Period {
        text.parse().expect("a period")
    }

    fn ends(start: &str, periods: &[&str]) -> Vec<String> {
        let mut course = Course::starting(at(start), Zone::UTC);
        periods
            .iter()
            .map(|text| {
                course = course.plus(period(text));
                course.end(Zone::UTC).to_string()[..10].to_owned()
            })
            .collect()
    }

    #[test]
    fn v1_months_are_counted_from_the_anchor() {
        assert_eq!(
            ends("2024-01-31T00:00:00Z", &["P1M"; 5]),
            ["2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31", "2024-06-30"]
        );
    }

    #[test]
    fn v2_a_leap_day_comes_back_every_fourth_year() {
        assert_eq!(ends("2024-02-29T00:00:00Z", &["P1Y", "P3Y"]), ["2025-02-28", "2028-02-29"]);
    }

    #[test]
    fn r1_13_mixed_lengths_keep_the_anchor() {
        assert_eq!(
            ends("2026-03-31T00:00:00Z", &["P1M", "P1M", "P1Y", "P9M"]),
            ["2026-04-30", "2026-05-31", "2027-05-31", "2028-02-29"]
        );
    }

    #[test]
    fn d5_weeks_start_a_new_anchor() {
        assert_eq!(
            ends("2026-01-31T10:00:00Z", &["P1M", "P1W", "P1M", "P1M"]),
            ["2026-02-28", "2026-03-07", "2026-04-07", "2026-05-07"]
        );
    }

    #[test]
    fn d5_weeks_after_weeks_keep_their_anchor() {
        let start = Course::starting(at("2026-01-31T10:00:00Z"), Zone::UTC);
        let course = start.plus(period("P1W")).plus(period("P2W"));
        assert_eq!(course, Course { weeks_from_anchor: 3, ..start });
    }

    #[test]
    fn v19_a_gap_gives_the_first_instant_after_it_and_an_overlap_the_first_of_two() {
        let new_york = zone("America/New_York");
        let local = |text: &str| {
            NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("a local time")
        };
        assert_eq!(new_york.instant(local("2025-03-09 02:30")), at("2025-03-09T07:00:00Z"));
        assert_eq!(new_york.instant(local("2025-11-02 01:30")), at("2025-11-02T05:30:00Z"));
    }

    #[test]
    fn d37_a_day_that_a_zone_left_out_ends_where_the_next_begins() {
        let noon = NaiveDate::from_ymd_opt(2011, 12, 30).and_then(|day| day.and_hms_opt(12, 0, 0));
        assert_eq!(
            zone("Pacific/Apia").instant(noon.expect("a local time")),
            at("2011-12-30T10:00:00Z")
        );
    }

    #[test]
    fn d37_calendar_days_keep_the_wall_time() {
        let berlin = zone("Europe/Berlin");
        assert_eq!(
            berlin.plus_days(at("2026-03-28T09:00:00Z"), 1),
            at("2026-03-29T08:00:00Z"),
            "ten o'clock is ten o'clock"
        );
    }

    #[test]
    fn d4_rounding_up_to_midnight_never_shortens() {
        let berlin = zone("Europe/Berlin");
        assert_eq!(
            rounded_up_to_midnight(at("2026-06-01T10:00:00Z"), berlin),
            at("2026-06-01T22:00:00Z")
        );
        let midnight = at("2026-06-01T22:00:00Z");
        assert_eq!(rounded_up_to_midnight(midnight, berlin), midnight);
    }

    #[test]
    fn an_imported_expiry_finds_its_place_on_the_anchor() {
        let place = |anchor: &str, end: &str, unit: Unit| {
            Course::ending(at(anchor), at(end), unit, Zone::UTC)
                .map(|course| (course.months_from_anchor, course.weeks_from_anchor))
        };
        let (week, month) = (Unit::Week, Unit::Month);
        assert_eq!(place("2025-08-31T00:00:00Z", "2026-11-30T00:00:00Z", month), Some((15, 0)));
        assert_eq!(place("2026-11-02T10:00:00Z", "2026-11-16T10:00:00Z", week), Some((0, 2)));
        assert_eq!(place("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", week), Some((0, 4)));
        assert_eq!(place("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", month), Some((1, 0)));
        // 65 weeks to the day, and still no whole number of months.
        assert_eq!(place("2025-08-31T00:00:00Z", "2026-11-29T00:00:00Z", month), None);
        assert_eq!(place("2016-02-29T00:00:00Z", "2036-02-29T00:00:00Z", month), Some((240, 0)));
        assert_eq!(place("2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z", month), None);
        assert_eq!(place("2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z", week), None);
    }

    #[test]
    fn the_last_period_starts_where_the_calendar_says() {
        let start = |anchor: &str, months_from_anchor, weeks_from_anchor, text: &str| {
            let anchor = Zone::UTC.local(at(anchor));
            let course = Course { anchor, months_from_anchor, weeks_from_anchor };
            course.last_start(period(text), Zone::UTC).to_string()[..10].to_owned()
        };
        assert_eq!(start("2025-08-31T00:00:00Z", 15, 0, "P1M"), "2026-10-31");
        assert_eq!(start("2026-11-30T00:00:00Z", 0, 0, "P1M"), "2026-10-30");
        assert_eq!(start("2026-11-30T00:00:00Z", 0, 0, "P1W"), "2026-11-23");
        assert_eq!(start("2026-08-31T00:00:00Z", 3, 0, "P1Y"), "2025-11-30");
    }

    #[test]
    fn d37_no_days_later_is_the_same_instant_in_an_overlap() {
        let second = at("2025-11-02T06:30:00Z");
        assert_eq!(zone("America/New_York").plus_days(second, 0), second);
    }

    #[test]
    fn a_period_is_written_in_one_way() {
        assert_eq!(period("P3M").to_string(), "P3M");
        assert!(period("P12M").is_as_long_as(period("P1Y")));
        assert!(!period("P4W").is_as_long_as(period("P1M")));
        assert!(period("P2W").is_as_long_as(period("P2W")));
        assert!(!period("P2W").is_as_long_as(period("P3W")));
        for text in ["P0M", "1M", "PM", "P1D", "P-1M", "P+1M", "p1m", ""] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_instant_is_read_as_rfc_3339_says_however_it_is_written(
            micros in any::<i64>(),
            place in 0_usize..20,
            letter in "[0-9TZ:.+ -]",
        ) {
            let whole = Timestamp::from_micros(micros).to_string();
            let mut changed = whole.clone();
            changed.replace_range(place..=place, &letter);
            for text in [whole, changed] {
                let theirs = DateTime::parse_from_rfc3339(&text).ok();
                let theirs = theirs.map(|instant| Timestamp::from(instant.with_timezone(&Utc)));
                prop_assert_eq!(text.parse().ok(), theirs, "{}", text);
            }
        }

        #[test]
        fn one_more_period_is_always_later(
            start in 0_i64..4_000_000_000,
            units in prop::collection::vec(0_u32..3, 1..20),
            zone_name in prop::sample::select(vec!["UTC", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe"]),
        ) {
            let zone = zone(zone_name);
            let mut course = Course::starting(Timestamp::from_micros(start * MICROS), zone);
            for unit in units {
                let unit = [Unit::Week, Unit::Month, Unit::Year][unit as usize];
                let next = course.plus(Period::new(1, unit));
                prop_assert!(next.end(zone) > course.end(zone));
                course = next;
            }
        }

        #[test]
        fn one_by_one_is_all_at_once(start in 0_i64..4_000_000_000, months in 1_u32..60) {
            let start = Course::starting(Timestamp::from_micros(start * MICROS), Zone::UTC);
            let stepped = (0..months).fold(start, |course, _| course.plus(Period::new(1, Unit::Month)));
            prop_assert_eq!(stepped.end(Zone::UTC), start.plus(Period::new(months, Unit::Month)).end(Zone::UTC));
        }

        #[test]
        fn an_instant_reads_back_as_it_was_written(seconds in 0_i64..250_000_000_000) {
            let instant = Timestamp::from_micros(seconds * MICROS);
            prop_assert_eq!(instant.to_string().parse::<Timestamp>(), Ok(instant));
        }
    }
}
