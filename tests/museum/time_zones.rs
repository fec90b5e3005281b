//! Third room: time zones, daylight saving, the ends of months.

use chrono::{Datelike as _, Months, NaiveDate, NaiveDateTime};
use renewd::domain::agenda::Job;
use renewd::domain::calendar::{Course, Period, Unit, Zone};
use serde_json::json;

use crate::house::{House, at, usd};
use crate::people::{Customer, follow_each_other};

fn zone(name: &str) -> Zone {
    name.parse().expect("a zone")
}

/// What a clock on the wall there shows.
fn local(instant: &str, name: &str) -> NaiveDateTime {
    zone(name).local(at(instant))
}

/// There, the next date was looked for in a loop that daylight saving kept from ending. Here period
/// n is the anchor plus n periods, turned into an instant once: in Havana the clocks skip midnight,
/// on Lord Howe they jump by half an hour.
#[actix_rt::test]
async fn killbill_445_weeks_go_by_in_every_zone() {
    // Sunday at half past midnight in Havana.
    let house = House::start_at("2026-02-22T05:30:00Z").await;
    let mut weekly = Customer::order("AutoRenewal", true);
    weekly["period"] = "P1W".into();
    let mut lives = Vec::new();
    for name in ["America/Havana", "Australia/Lord_Howe", "Africa/Casablanca"] {
        let customer =
            Customer::open_in(&house, &name.to_lowercase().replace('/', "."), name).await;
        customer.tops_up(&house, "500.00").await;
        lives.push((name, customer.places(&house, &weekly).await.0));
    }
    house.until("2026-11-15T12:00:00Z").await;
    for (name, sub) in &lives {
        let periods = sub.periods(&house).await;
        follow_each_other(&periods);
        assert_eq!(periods.len(), 39, "{name}: a week each, and one that is paid ahead");
        let begun = local("2026-02-22T05:30:00Z", name);
        for (number, _, end) in &periods {
            let end = local(end, name);
            assert_eq!(end.weekday(), begun.weekday(), "{name}, period {number}");
            let is_gap = *name == "America/Havana" && end.to_string() == "2026-03-08 01:00:00";
            assert!(is_gap || end.time() == begun.time(), "{name}, period {number}: {end}");
        }
    }
    house.close().await;
}

/// There, an account that was opened within one certain hour of the day got the wrong billing day,
/// as one offset stood for the whole zone. Here the anchor is what the wall clock shows, at any hour.
#[actix_rt::test]
async fn killbill_743_the_billing_day_is_right_at_every_hour() {
    let house = House::start_at("2026-03-07T12:00:00Z").await;
    let name = "America/New_York";
    let mut subs = Vec::new();
    for hour in 0..30 {
        // Over the night in which summer begins.
        let (day, hour) = if hour < 12 { (7, hour + 12) } else { (8, hour - 12) };
        let now = format!("2026-03-{day:02}T{hour:02}:00:00Z");
        house.sleeps_until(&now);
        let customer = Customer::open_in(&house, &format!("c{day}-{hour}"), name).await;
        customer.tops_up(&house, "18.00").await;
        subs.push((now, customer.buys(&house, "ManualRenewal").await));
    }
    for (now, sub) in &subs {
        let (begun, end) = (local(now, name), local(&sub.expires_at(&house).await, name));
        assert_eq!(end, begun + Months::new(1), "bought at {now}");
    }
    house.close().await;
}

/// There, dates became instants by one fixed offset, again and again over ten years. Here it is the
/// offset of that very day: half an hour before midnight stays on its day in winter and in summer.
#[actix_rt::test]
async fn killbill_1074_1923_1934_1966_the_offset_is_the_one_of_that_day() {
    let house = House::start_at("2026-01-31T22:30:00Z").await;
    let ada = Customer::open_in(&house, "ada", "Europe/Berlin").await;
    ada.tops_up(&house, "500.00").await;
    let database = ada.buys(&house, "ManualRenewal").await;
    for _ in 0..10 {
        database.renew(&house).await.ok();
    }
    let ends: Vec<String> =
        database.periods(&house).await.into_iter().map(|period| period.2).collect();
    assert_eq!(
        ends,
        [
            "2026-02-28T22:30:00Z",
            "2026-03-31T21:30:00Z",
            "2026-04-30T21:30:00Z",
            "2026-05-31T21:30:00Z",
            "2026-06-30T21:30:00Z",
            "2026-07-31T21:30:00Z",
            "2026-08-31T21:30:00Z",
            "2026-09-30T21:30:00Z",
            "2026-10-31T22:30:00Z",
            "2026-11-30T22:30:00Z",
            "2026-12-31T22:30:00Z",
        ]
    );
    house.close().await;
}

/// There, the next date was counted from the last run, so one late cron run moved the billing day
/// for good. Here it is counted from the anchor: however late each run was, the day stays.
#[actix_rt::test]
async fn invoiceninja_2817_3294_3407_a_late_run_moves_no_billing_day() {
    let house = House::start_at("2026-01-15T10:00:00Z").await;
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "200.00").await;
    let database = ada.buys(&house, "AutoRenewal").await;
    // Each attempt was due on the 6th at 08:00.
    for late in [
        "2026-02-06T08:05:00Z",
        "2026-03-07T23:59:00Z",
        "2026-04-14T17:00:00Z",
        "2026-05-15T09:59:59Z",
        "2026-06-06T08:00:00Z",
    ] {
        house.sleeps_until(late);
        house.run(Job::Renewals).await;
    }
    let periods = database.periods(&house).await;
    follow_each_other(&periods);
    let days: Vec<&str> = periods.iter().map(|period| &period.2[5..]).collect();
    assert_eq!(
        days,
        [
            "02-15T10:00:00Z",
            "03-15T10:00:00Z",
            "04-15T10:00:00Z",
            "05-15T10:00:00Z",
            "06-15T10:00:00Z",
            "07-15T10:00:00Z"
        ]
    );
    house.close().await;
}

/// There, the next time of sending was an hour off after the clocks had changed. Here a mark is a
/// time on the customer's wall: nine o'clock is nine o'clock on both sides.
#[actix_rt::test]
async fn invoiceninja_12158_nine_o_clock_is_nine_o_clock() {
    let house = House::start_at("2026-02-20T15:00:00Z").await;
    let name = "America/New_York";
    let ada = Customer::open_in(&house, "ada", name).await;
    ada.tops_up(&house, "100.00").await;
    ada.buys(&house, "ManualRenewal").await;
    let auto = ada.buys(&house, "AutoRenewal").await;
    house.until("2026-03-20T13:00:00Z").await;
    let notices = ada.events(&house, &["notice.issued"]).await;
    let sent: Vec<&str> = notices.iter().map(|notice| notice.at.as_str()).collect();
    let (winter, summer) = ("2026-03-05T14:00:00Z", "2026-03-13T13:00:00Z");
    assert!(sent.contains(&winter) && sent.contains(&summer), "{sent:?}");
    for notice in &sent {
        assert_eq!(local(notice, name).time().to_string(), "09:00:00", "{notice}");
    }
    let renewed = ada.events(&house, &["subscription.renewed"]).await;
    assert_eq!(renewed[0].word("at"), "2026-03-11T12:00:00Z", "eight o'clock, in summer");
    let (begun, end) =
        (local("2026-02-20T15:00:00Z", name), local(&auto.expires_at(&house).await, name));
    assert_eq!(end, begun + Months::new(2), "and ten o'clock is ten o'clock");
    house.close().await;
}

/// In the sources of both, a month is added to the date before: 31 January overflows to 3 March, or
/// is cut to 28 February and stays the 28th for ever. Here each end is the anchor plus n months, cut
/// for that month alone: for every day to start on, over 48 months.
#[test]
fn fossbilling_paymenter_month_overflow_the_day_comes_back() {
    let month = Period::new(1, Unit::Month);
    for day in 0..366 {
        let first = NaiveDate::from_ymd_opt(2024, 1, 1).expect("a date") + chrono::Days::new(day);
        let start = at(&format!("{first}T12:00:00Z"));
        let mut course = Course::starting(start, Zone::UTC);
        for count in 1..=48_u32 {
            course = course.plus(month);
            let months = first.month0() + count;
            let year = first.year() + i32::try_from(months / 12).expect("a year");
            let of_day = |day| NaiveDate::from_ymd_opt(year, months % 12 + 1, day);
            let expected = (1..=first.day()).rev().find_map(of_day).expect("a date");
            let found = Zone::UTC.date(course.end(Zone::UTC));
            assert_eq!(found, expected, "{count} months after {first}");
        }
    }
}

/// The same on the way that a customer goes, with an account that was brought along in February:
/// its anchor still knows the 31st.
#[actix_rt::test]
async fn fossbilling_paymenter_month_overflow_a_book_keeps_its_31st() {
    let house = House::start_at("2026-02-10T00:00:00Z").await;
    let paid = json!({
        "anchor": "2025-10-31T08:00:00Z", "expires_at": "2026-02-28T08:00:00Z",
        "mode": "AutoRenewal"
    });
    let (_, sub) = Customer::import(&house, "ada", "UTC", "100.00", &paid).await;
    house.until("2026-06-25T00:00:00Z").await;
    let periods = sub.periods(&house).await;
    let ends: Vec<&str> = periods.iter().map(|period| &period.2[..10]).collect();
    assert_eq!(ends, ["2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30", "2026-07-31"]);
    house.close().await;
}

/// There, "ends on 31 July" meant midnight at the beginning of that day, and the invoice of the day
/// never went. Here every interval is half-open and its ends are instants: the last attempt is made
/// on the last day itself, and the last second of July is billed in July.
#[actix_rt::test]
async fn invoiceninja_3963_the_last_day_counts_to_its_last_second() {
    let house = House::start_at("2026-07-10T00:00:00Z").await;
    let paid = json!({
        "anchor": "2026-05-31T15:00:00Z", "expires_at": "2026-07-31T15:00:00Z",
        "mode": "AutoRenewal"
    });
    let (ada, database) = Customer::import(&house, "ada", "UTC", "0.00", &paid).await;
    house.until("2026-07-31T07:59:00Z").await;
    assert_eq!(ada.count(&house, "subscription.renewed").await, 0, "there is no money yet");
    ada.tops_up(&house, "54.00").await;
    house.until("2026-07-31T08:00:00Z").await;
    assert_eq!(database.expires_at(&house).await, "2026-08-31T15:00:00Z", "on its last day");
    for (now, month) in [("2026-07-31T23:59:59Z", "2026-07"), ("2026-08-01T00:00:00Z", "2026-08")] {
        house.until(now).await;
        ada.buys(&house, "NotRenewal").await;
        let bill = house.get(&ada.path(&format!("/statements/{month}"))).await.ok();
        let lines = bill["lines"].as_array().expect("lines");
        assert_eq!(lines.last().expect("a line")["at"], now, "{bill}");
    }
    house.until("2026-08-03T12:00:00Z").await;
    let july = house.get(&ada.path("/statements/2026-07")).await.ok();
    assert_eq!(july["totals"]["total"], usd("36.00"), "{july}");
    house.close().await;
}

/// There, on the day on which an hour comes twice, usage was put into the wrong one of the two. Here
/// usage lives in hours of UTC: the day has 25 of them, and half past one in summer and half past one
/// in winter are an hour apart.
#[actix_rt::test]
async fn flexprice_74a058381_the_hour_that_comes_twice_is_two_hours() {
    let house = House::start_at("2026-11-01T04:00:00Z").await;
    let name = "America/New_York";
    let ada = Customer::open_in(&house, "ada", name).await;
    ada.tops_up(&house, "100.00").await;
    let machine = ada.starts_a_machine(&house).await;
    let reading = |id: &str, quantity: &str, at: &str| {
        json!({
            "id": id, "source": "dc1", "resource": machine, "meter": "traffic",
            "quantity": quantity, "at": at
        })
    };
    let (summer, winter) = ("2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z");
    assert_eq!(local(summer, name), local(winter, name), "half past one");
    house.until("2026-11-01T06:31:00Z").await;
    let readings = json!([reading("1", "200", summer), reading("2", "300", winter)]);
    assert_eq!(house.post("/v1/usage", &readings).await.ok()["accepted_count"], 2);
    house.until("2026-11-02T05:05:00Z").await;
    let usage = house.get(&format!("/v1/resources/{machine}/usage")).await.ok();
    let meters = usage["meters"].as_array().expect("meters");
    let meter = |name: &str| meters.iter().find(|it| it["meter"] == name).expect("a meter");
    assert_eq!(meter("cpu")["settled"], "25", "the day had 25 hours: {usage}");
    assert_eq!(meter("traffic")["settled"], "500");
    let recorded = ada.events(&house, &["usage.recorded"]).await;
    let slots: Vec<_> = recorded
        .iter()
        .flat_map(|it| it.what["batches"].as_array().expect("batches"))
        .map(|batch| &batch["slot"])
        .collect();
    assert_eq!(slots, ["2026-11-01T05:00:00Z", "2026-11-01T06:00:00Z"]);
    house.close().await;
}
