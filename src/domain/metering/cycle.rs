//! The cycles that use is settled in (R6.1, R6.5).

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
    }
}
