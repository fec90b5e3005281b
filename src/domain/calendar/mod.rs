//! Instants, zones, periods and the anchored calendar.
//!
//! Instants are whole seconds of UTC and intervals are half-open (D37). Local time exists only
//! where a rule speaks of days: [`Zone`] turns one into the other, once, with the tz database.
//! Ends of periods are computed from the anchor, never from the last end (R1.12).

mod course;
mod period;
mod timestamp;
mod zone;

pub use course::Course;
pub use period::{Period, Unit};
pub use timestamp::Timestamp;
pub use zone::{Zone, rounded_up_to_midnight};

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

#[cfg(test)]
mod tests {
    use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
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
