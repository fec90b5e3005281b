//! The cycles that use is settled in, and how much of a stretch of time lies in one (R6.1, R6.2).

use std::time::Duration;

use chrono::NaiveTime;

use crate::domain::calendar::{Timestamp, Zone};
use crate::domain::month::Month;
use crate::domain::rules::Cycle;

const HOUR_SECONDS: i64 = 3_600;

impl Cycle {
    /// The cycle that `at` lies in: its start, and its end, which is not in it. Hours are those of
    /// UTC, days and months those of `zone`, the zone of bills.
    #[must_use]
    pub fn interval(self, at: Timestamp, zone: Zone) -> (Timestamp, Timestamp) {
        let (start, end, after) = match self {
            Self::Hour => {
                let into = at.seconds().rem_euclid(HOUR_SECONDS).unsigned_abs();
                let start = at.minus(Duration::from_secs(into));
                return (start, start.plus(Duration::from_hours(1)));
            }
            Self::Day => {
                let midnight = |days| zone.on_day(at, days, NaiveTime::MIN);
                (midnight(0), midnight(1), midnight(2))
            }
            Self::Month => {
                let month = Month::of(at, zone);
                let next = month.next();
                (month.starts_at(zone), next.starts_at(zone), next.next().starts_at(zone))
            }
        };
        // Where a clock is set back over midnight, the day before is shown a second time: it has
        // ended the first time.
        if at < end { (start, end) } else { (end, after) }
    }
}

/// The seconds that `[from, to)` and `interval` have in common.
#[must_use]
pub fn seconds_within(from: Timestamp, to: Timestamp, interval: (Timestamp, Timestamp)) -> u64 {
    let (start, end) = interval;
    to.min(end).since(from.max(start)).as_secs()
}

/// How many clock hours of UTC `[from, to)` touches; none if it is empty.
#[must_use]
pub fn clock_hours_touched(from: Timestamp, to: Timestamp) -> u32 {
    if to <= from {
        return 0;
    }
    let first = from.seconds().div_euclid(HOUR_SECONDS);
    let last = (to.seconds() - 1).div_euclid(HOUR_SECONDS);
    u32::try_from(last - first + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn zone(name: &str) -> Zone {
        name.parse().expect("a zone")
    }

    /// The seconds of `[from, to)` in each of its hours, in order.
    fn by_hour(from: &str, to: &str) -> Vec<u64> {
        let (from, to) = (at(from), at(to));
        let mut seconds = Vec::new();
        let mut next = from;
        while next < to {
            let hour = Cycle::Hour.interval(next, Zone::UTC);
            seconds.push(seconds_within(from, to, hour));
            next = hour.1;
        }
        seconds
    }

    #[test]
    fn v13_time_is_settled_in_the_hours_that_it_lies_in() {
        assert_eq!(by_hour("2026-05-04T10:59:30Z", "2026-05-04T11:50:30Z"), [30, 3030]);
    }

    #[test]
    fn r6_2_half_an_hour_over_none_and_over_one() {
        assert_eq!(by_hour("2026-05-04T01:30:30Z", "2026-05-04T01:55:30Z"), [1500]);
        assert_eq!(by_hour("2026-05-04T01:30:30Z", "2026-05-04T03:00:00Z"), [1770, 3600]);
    }

    #[test]
    fn r6_1_an_hour_that_is_touched_counts_whole() {
        let hours = |from: &str, to: &str| clock_hours_touched(at(from), at(to));
        assert_eq!(hours("2026-05-04T10:59:59Z", "2026-05-04T11:00:01Z"), 2);
        assert_eq!(hours("2026-05-04T10:00:00Z", "2026-05-04T11:00:00Z"), 1);
        assert_eq!(hours("2026-05-04T10:00:00Z", "2026-05-04T10:00:00Z"), 0);
        assert_eq!(hours("2026-05-04T10:00:01Z", "2026-05-04T10:00:00Z"), 0);
        assert_eq!(hours("1969-12-31T23:59:59Z", "1970-01-01T00:00:01Z"), 2);
    }

    #[test]
    fn days_and_months_are_those_of_bills() {
        let berlin = zone("Europe/Berlin");
        assert_eq!(
            Cycle::Day.interval(at("2026-03-28T23:30:00Z"), berlin),
            (at("2026-03-28T23:00:00Z"), at("2026-03-29T22:00:00Z")),
            "a day of 23 hours"
        );
        assert_eq!(
            Cycle::Month.interval(at("2026-03-31T22:00:00Z"), berlin),
            (at("2026-03-31T22:00:00Z"), at("2026-04-30T22:00:00Z"))
        );
    }

    #[test]
    fn a_day_that_is_shown_twice_ends_once() {
        // At 00:01 of the 7th the clock went back to 23:01 of the 6th.
        let johns = zone("America/St_Johns");
        let midnight = at("2010-11-07T02:30:00Z");
        assert_eq!(johns.local(at("2010-11-07T02:40:00Z")).to_string(), "2010-11-06 23:10:00");
        assert_eq!(Cycle::Day.interval(at("2010-11-07T02:29:59Z"), johns).1, midnight);
        assert_eq!(Cycle::Day.interval(at("2010-11-07T02:40:00Z"), johns).0, midnight);
    }

    proptest! {
        #[test]
        fn cycles_tile_time(
            seconds in 1_000_000_000_i64..2_000_000_000,
            name in prop::sample::select(vec![
                "UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "America/Havana",
                "Pacific/Apia", "America/Sao_Paulo", "Africa/Cairo",
            ]),
            cycle in prop::sample::select(vec![Cycle::Hour, Cycle::Day, Cycle::Month]),
        ) {
            let at = Timestamp::from_micros(seconds * 1_000_000);
            let zone = zone(name);
            let (start, end) = cycle.interval(at, zone);
            prop_assert!(start <= at && at < end);
            let second = Duration::from_secs(1);
            prop_assert_eq!(cycle.interval(start, zone), (start, end));
            prop_assert_eq!(cycle.interval(end.minus(second), zone), (start, end));
            prop_assert_eq!(cycle.interval(start.minus(second), zone).1, start);
            prop_assert_eq!(cycle.interval(end, zone).0, end);
        }

        #[test]
        fn seconds_and_hours_are_those_of_a_clock_that_ticks(
            start in 1_700_000_000_i64..1_700_010_000,
            length in 0_i64..8_000,
        ) {
            let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
            let (from, to) = (at(start), at(start + length));
            let hour = Cycle::Hour.interval(at(1_700_006_000), Zone::UTC);
            let ticks = (start..start + length).filter(|&tick| hour.0 <= at(tick) && at(tick) < hour.1);
            prop_assert_eq!(seconds_within(from, to, hour), u64::try_from(ticks.count()).expect("few"));
            let mut hours: Vec<i64> = (start..start + length).map(|tick| tick / 3_600).collect();
            hours.dedup();
            prop_assert_eq!(clock_hours_touched(from, to), u32::try_from(hours.len()).expect("few"));
        }
    }
}
