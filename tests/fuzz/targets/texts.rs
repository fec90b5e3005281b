//! What is written as text: instants, zones, periods, money, ids, lengths, cron lines. What reads
//! is written as something that reads as the same; and what is reckoned with it has an end.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use renewd::admin::{cursor, fields, wire};
use renewd::domain::agenda::Job;
use renewd::domain::calendar::{Course, Period, Timestamp, Zone};
use renewd::domain::event::SealedRef;
use renewd::domain::ids::{
    AccountId, CampaignId, CouponId, DocumentId, OrderId, ResourceId, SeriesId, StreamId,
    SubscriptionId, WithdrawalId,
};
use renewd::domain::money::{Currency, Money};
use renewd::domain::month::Month;
use renewd::domain::nouns::closure::CodeHash;
use renewd::domain::nouns::subscription::Mode;
use renewd::domain::rules::{Length, Wait, WallTime};
use renewd::domain::usage::UsageKey;
use renewd::scheduler::cron::CronLine;

/// Reads each line as everything, and reckons with what came of it.
pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let mut calendar = Calendar::default();
    for line in text.lines().take(16) {
        reads_back(line);
        door(line);
        calendar.take(line);
    }
    calendar.reckon();
}

/// What reads is written, and reads as the same.
fn comes_back<T: FromStr<Err: Display> + Display + PartialEq + Debug>(text: &str) -> Option<T> {
    let read: T = text.parse().ok()?;
    let written = read.to_string();
    match written.parse::<T>() {
        Ok(again) => assert_eq!(again, read, "{text:?} is written {written:?}"),
        Err(error) => panic!("{text:?} is written {written:?}: {error}"),
    }
    Some(read)
}

fn reads_back(text: &str) {
    let _ = comes_back::<SealedRef>(text);
    let _ = comes_back::<AccountId>(text);
    let _ = comes_back::<CampaignId>(text);
    let _ = comes_back::<CouponId>(text);
    let _ = comes_back::<DocumentId>(text);
    let _ = comes_back::<OrderId>(text);
    let _ = comes_back::<ResourceId>(text);
    let _ = comes_back::<SeriesId>(text);
    let _ = comes_back::<StreamId>(text);
    let _ = comes_back::<SubscriptionId>(text);
    let _ = comes_back::<WithdrawalId>(text);
    let _ = comes_back::<UsageKey>(text);
    let _ = comes_back::<CodeHash>(text);
    let _ = comes_back::<Length>(text);
    let _ = comes_back::<Wait>(text);
    let _ = comes_back::<WallTime>(text);
    let _ = comes_back::<Job>(text);
    let _ = comes_back::<Money>(text);
    if let Some(currency) = comes_back::<Currency>(text) {
        assert!(currency.exponent() <= 4, "{text}");
    }
    if let Ok(line) = text.parse::<CronLine>() {
        let again: CronLine = line.to_string().parse().expect("a cron line");
        let start = Timestamp::from_micros(1_767_225_600_000_000);
        assert_eq!(line.next_after(start), again.next_after(start));
        assert!(line.next_after(start).is_none_or(|next| next > start), "{text}");
        let _ = CronLine::for_job(Job::Renewals, text);
    }
    let _ = text.parse::<Mode>();
}

/// What comes in over the wire.
fn door(text: &str) {
    if let Ok(address) = fields::email("email", text) {
        assert_eq!(fields::email("email", &address).as_ref(), Ok(&address));
    }
    if let Ok(line) = fields::line("name", text, 200) {
        assert_eq!(fields::line("name", &line, 200).as_ref(), Ok(&line));
    }
    let _ = fields::country("country", text);
    let _ = fields::language("language", text);
    let _ = fields::length("advance", text);
    let _ = fields::words::<Mode>("mode", Some(text));
    let _ = cursor::read("orders", Some(text), |fields| fields.first().map(|_| ()));
    if let Ok(quantity) = fields::quantity("quantity", text) {
        assert_eq!(fields::quantity("quantity", &quantity.to_string()), Ok(quantity));
    }
    for code in ["USD", "JPY", "KWD"] {
        let money = wire::Money { amount: text.to_owned(), currency: code.to_owned() };
        let Ok(money) = fields::money("amount", &money) else { continue };
        let again = wire::Money { amount: money.amount(), currency: code.to_owned() };
        assert_eq!(fields::money("amount", &again), Ok(money), "{text:?}");
    }
}

/// What can be reckoned with.
#[derive(Default)]
struct Calendar {
    instants: Vec<Timestamp>,
    zones: Vec<Zone>,
    periods: Vec<Period>,
    months: Vec<Month>,
}

impl Calendar {
    fn take(&mut self, text: &str) {
        self.instants.extend(comes_back::<Timestamp>(text));
        self.zones.extend(text.parse::<Zone>());
        self.periods.extend(comes_back::<Period>(text));
        self.months.extend(comes_back::<Month>(text));
    }

    /// A period ends after it starts, or at the end of all time, in whatever zone.
    fn reckon(&self) {
        for &zone in self.zones.iter().chain([&Zone::UTC]) {
            for &at in &self.instants {
                assert!(
                    zone.plus_days(at, 1) > at || at.plus_day() == Timestamp::MAX,
                    "{at} {zone:?}"
                );
                let month = Month::of(at, zone);
                assert!(month.starts_at(zone) <= at, "{at} {zone:?}");
                for &period in &self.periods {
                    let course = Course::starting(at, zone).plus(period);
                    let end = course.end(zone);
                    assert!(end > at || end == Timestamp::MAX, "{at} + {period} ends {end}");
                    assert!(course.last_start(period, zone) <= end);
                    let further = course.plus(period);
                    assert!(further.end(zone) >= end, "{at} + 2 × {period}");
                    let _ = Course::ending(at, end, period.unit(), zone);
                }
            }
            for &month in &self.months {
                assert!(month.next().starts_at(zone) >= month.starts_at(zone));
            }
        }
    }
}

/// A day later, for who asks whether there is one.
trait Later {
    fn plus_day(self) -> Timestamp;
}

impl Later for Timestamp {
    fn plus_day(self) -> Timestamp {
        self.plus(std::time::Duration::from_hours(48))
    }
}

/// Some of everything.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let seeds = [
        "2026-01-31T23:30:00+01:00\nEurope/Berlin\nP1M",
        "2024-02-29T12:00:00Z\nPacific/Apia\nP12Y",
        "2026-03-29T01:59:59Z\nAmerica/New_York\nP1W",
        "9999-12-01T00:00:00Z\nAsia/Kolkata\nP5Y",
        "2026-01\n9999-12\nUTC",
        "12.34 USD\n0.001 KWD\n-5 JPY",
        "acc_k3f9x2m7qd\nsub_k3f9x2m7qd_7\ncpn_k3f9x2m7qd_4\ncmp_k3f9x2m7qd",
        "note#1\nA15Ui3Li_bQkmzbIkSrPob",
        "7d\n24h\n5m\n30s\n08:00\nP1W2DT3H4M5S",
        "0 0 9 * * *\n*/5 * * * *\n0 0 12 1 JAN MON-FRI 2026\n@hourly",
        "renewals\nAutoRenewal,ManualRenewal\npt-BR\nDE",
        "ops@ada.example\n-1000000000000.000000001",
    ];
    seeds.into_iter().map(|seed| seed.as_bytes().to_vec()).collect()
}
