//! Cron lines: when a scheduler looks. Always UTC, so that no wall clock's gap or overlap can
//! skip or double a run; business times of day are calendar arithmetic in the core.
//!
//! A line has six fields (second, minute, hour, day of month, month, day of week) or seven (with
//! the year); five, as crontabs have them, mean second 0. `@hourly` and its like are read too.
//! Where both days are given, both must fit. Weekdays are named: their numbers mean different
//! days to different crons.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use cron::{Schedule, TimeUnitSpec};

use crate::domain::agenda::Job;
use crate::domain::calendar::Timestamp;

/// How far apart the runs of a job that looks after due things may be.
const DUE_GAP_MAX: Duration = Duration::from_mins(5);

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_hours(1);
const MICROS: i64 = 1_000_000;

/// A text that is no cron line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no cron line: {reason}")]
pub struct CronError {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

/// When a scheduler looks.
#[derive(Clone)]
pub struct CronLine {
    text: String,
    schedule: Schedule,
    /// The same, where every day is like the next.
    daily: Option<Daily>,
}

/// The instants of a day: in each of its `hours` the same `seconds` of an hour. Most lines are
/// like that, and are asked all the time.
#[derive(Clone, PartialEq, Eq)]
struct Daily {
    hours: Vec<i64>,
    seconds: Vec<i64>,
}

impl Daily {
    fn of(schedule: &Schedule) -> Option<Self> {
        let is_every_day = schedule.days_of_month().is_all()
            && schedule.months().is_all()
            && schedule.days_of_week().is_all()
            && schedule.years().is_all();
        let minutes = schedule.minutes().iter();
        let seconds =
            |minute| schedule.seconds().iter().map(move |second| i64::from(minute * 60 + second));
        is_every_day.then(|| Self {
            hours: schedule.hours().iter().map(i64::from).collect(),
            seconds: minutes.flat_map(seconds).collect(),
        })
    }

    fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        let (hours, of_hour) = (at.seconds().div_euclid(3600), at.seconds().rem_euclid(3600));
        let (day, hour) = (hours.div_euclid(24), hours.rem_euclid(24));
        let rest = self.seconds.get(self.seconds.partition_point(|second| *second <= of_hour));
        let first = self.seconds.first()?;
        let later = |hours: &i64| self.hours.iter().copied().find(|hour| hour > hours);
        let (hour, second) = match (rest, later(&hour)) {
            (Some(second), _) if self.hours.contains(&hour) => (hour, second),
            (_, Some(later)) => (later, first),
            (_, None) => (24 + self.hours.first()?, first),
        };
        let next = ((day * 24 + hour) * 3600 + second).checked_mul(MICROS)?;
        // At the end of what can be written there is none.
        Some(Timestamp::from_micros(next)).filter(|next| *next > at)
    }
}

impl CronLine {
    /// Reads the line of a job. One that looks after due things must look at least every five
    /// minutes.
    pub fn for_job(job: Job, text: &str) -> Result<Self, CronError> {
        let line: Self = text.parse()?;
        let due = match job {
            Job::Orders
            | Job::Renewals
            | Job::Settlement
            | Job::Dunning
            | Job::Lifecycle
            | Job::Reminders
            | Job::Closures
            | Job::Statements => true,
            Job::Housekeeping => false,
        };
        if due && line.gap_max().is_none_or(|gap| gap > DUE_GAP_MAX) {
            return Err(CronError {
                text: text.to_owned(),
                reason: format!("{job} must look at least every five minutes, at all hours"),
            });
        }
        Ok(line)
    }

    /// The first instant after `at` that it names; `None` if there is none.
    #[must_use]
    pub fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        match &self.daily {
            Some(daily) => daily.next_after(at),
            None => self.schedule.after(&at.utc()).next().map(Timestamp::from),
        }
    }

    /// `at`, if it names that instant, or the first one after it.
    #[must_use]
    pub fn at_or_after(&self, at: Timestamp) -> Option<Timestamp> {
        self.next_after(at.minus(SECOND))
    }

    /// The longest wait between two instants that it names; `None` if it leaves out hours or
    /// days, or comes to an end.
    #[must_use]
    pub fn gap_max(&self) -> Option<Duration> {
        let schedule = &self.schedule;
        let at_all_hours = schedule.hours().is_all()
            && schedule.days_of_month().is_all()
            && schedule.months().is_all()
            && schedule.days_of_week().is_all()
            && schedule.years().is_all();
        if !at_all_hours {
            return None;
        }
        // Every hour is like the next, so one of them tells all.
        let first = self.next_after(Timestamp::from_micros(0))?;
        let mut gap = Duration::ZERO;
        let mut at = first;
        while at < first.plus(HOUR) {
            let next = self.next_after(at)?;
            gap = gap.max(next.since(at));
            at = next;
        }
        Some(gap)
    }
}

impl FromStr for CronLine {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        let no = |reason: &str| CronError { text: text.to_owned(), reason: reason.to_owned() };
        let fields: Vec<&str> = text.split_whitespace().collect();
        let (line, weekday) = match *fields.as_slice() {
            [shorthand] if shorthand.starts_with('@') => (shorthand.to_owned(), "*"),
            [.., weekday] if fields.len() == 5 => (format!("0 {}", fields.join(" ")), weekday),
            [.., weekday] if fields.len() == 6 => (fields.join(" "), weekday),
            [.., weekday, _year] if fields.len() == 7 => (fields.join(" "), weekday),
            _ => return Err(no("it needs five, six or seven fields")),
        };
        if weekday.contains(|c: char| c.is_ascii_digit()) {
            return Err(no("weekdays are named, as in MON-FRI"));
        }
        let schedule =
            Schedule::from_str(&line).map_err(|error| no(error.to_string().trim_end()))?;
        let daily = Daily::of(&schedule);
        Ok(Self { text: text.to_owned(), schedule, daily })
    }
}

impl fmt::Display for CronLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for CronLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> CronLine {
        text.parse().expect("a cron line")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn the_next_run_is_after_and_the_present_one_counts_only_when_asked() {
        let line = line("0 * * * * *");
        let noon = at("2026-01-01T12:00:00Z");
        assert_eq!(line.next_after(noon), Some(at("2026-01-01T12:01:00Z")));
        assert_eq!(line.at_or_after(noon), Some(noon));
        assert_eq!(line.at_or_after(at("2026-01-01T12:00:01Z")), line.next_after(noon));
    }

    #[test]
    fn what_is_reckoned_by_the_day_is_what_the_schedule_names() {
        let lines = [
            "0 * * * * *",
            "*/7 * * * * *",
            "30 7 * * * *",
            "30 7 3 * * *",
            "59 59 23 * * *",
            "0 0,5,20 0,13-15 * * *",
            "5 4 0 * * *",
        ];
        for text in lines {
            let line = line(text);
            assert!(line.daily.is_some(), "{text}");
            let mut from = at("2027-12-31T22:00:00Z");
            for step in 0..2_000 {
                let named = line.schedule.after(&from.utc()).next().map(Timestamp::from);
                assert_eq!(line.next_after(from), named, "{text} after {from}");
                from = from.plus(Duration::from_secs(1 + step % 97));
            }
        }
        assert!(line("0 0 9 * * MON").daily.is_none());
        assert_eq!(line("0 * * * * *").next_after(Timestamp::MAX), None);
    }

    #[test]
    fn five_fields_mean_second_zero() {
        let noon = at("2026-01-01T12:00:00Z");
        assert_eq!(line("30 3 * * *").next_after(noon), Some(at("2026-01-02T03:30:00Z")));
        assert_eq!(line("30 3 * * *").to_string(), "30 3 * * *");
        assert_eq!(line("@hourly").next_after(noon), Some(at("2026-01-01T13:00:00Z")));
        assert_eq!(line("0 9 * * MON").next_after(noon), Some(at("2026-01-05T09:00:00Z")));
    }

    #[test]
    fn a_line_may_come_to_an_end() {
        let once = line("0 0 0 1 1 * 2027");
        assert_eq!(once.next_after(at("2026-06-01T00:00:00Z")), Some(at("2027-01-01T00:00:00Z")));
        assert_eq!(once.next_after(at("2027-01-01T00:00:00Z")), None);
        assert_eq!(once.gap_max(), None);
    }

    #[test]
    fn utc_has_no_gap_and_no_overlap() {
        let half_past_two = line("30 2 * * *");
        let mut at = at("2025-03-08T12:00:00Z");
        for day in 9..=11 {
            at = half_past_two.next_after(at).expect("a next run");
            assert_eq!(at.to_string(), format!("2025-03-{day:02}T02:30:00Z"));
        }
    }

    #[test]
    fn the_longest_wait_is_known() {
        let seconds = |text: &str| line(text).gap_max().map(|gap| gap.as_secs());
        assert_eq!(seconds("0 * * * * *"), Some(60));
        assert_eq!(seconds("*/10 * * * * *"), Some(10));
        assert_eq!(seconds("0 0,5,20 * * * *"), Some(2400));
        assert_eq!(seconds("30 */5 * * * *"), Some(300));
        assert_eq!(seconds("* 0 * * * *"), Some(3541), "a burst once an hour");
        assert_eq!(seconds("0 * 0-22 * * *"), None);
        assert_eq!(seconds("0 * * * * MON-FRI"), None);
    }

    #[test]
    fn due_things_are_looked_after_at_least_every_five_minutes() {
        assert!(CronLine::for_job(Job::Renewals, "*/5 * * * *").is_ok());
        assert!(CronLine::for_job(Job::Renewals, "*/6 * * * *").is_err());
        assert!(CronLine::for_job(Job::Lifecycle, "0 3 * * *").is_err());
        assert!(CronLine::for_job(Job::Housekeeping, "0 3 * * *").is_ok());
    }

    #[test]
    fn what_is_no_cron_line_is_refused_with_a_reason() {
        for text in ["", "* * *", "61 * * * * *", "@often", "0 0 L * *", "0 9 * * 1", "a b c d e f"]
        {
            let error = text.parse::<CronLine>().expect_err(text);
            assert_eq!(error.text, text);
            assert!(!error.reason.is_empty());
        }
    }
}
