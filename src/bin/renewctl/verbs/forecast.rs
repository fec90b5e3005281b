//! Forecasts: of one account with everything that will happen, of the whole book by day.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use renewd::admin::wire::{
    AmountAt, BookForecast, Forecast, ForecastAssumption, ForecastDay, ForecastQuery, Money,
    Shortfall,
};
use rust_decimal::Decimal;
use serde::Serialize;

use super::{Desk, chart, house};
use crate::cli;
use crate::client::Call;
use crate::failure::Failure;
use crate::output::{self, Output, money, or_nothing};

/// The longest page that the daemon gives.
const PAGE_MAX: u32 = 300;
/// Columns of a chart: what has more days has bars of several.
const BARS_MAX: usize = 40;

/// Looks ahead.
pub(super) async fn run(desk: &Desk, asked: &cli::Forecast) -> Result<(), Failure> {
    let query = ForecastQuery {
        until: asked.until.clone(),
        days: asked.days,
        cursor: None,
        limit: Some(PAGE_MAX),
    };
    match &asked.account {
        Some(account) => of_account(desk, account, &query, asked.chart).await,
        None => of_book(desk, &query, asked.chart).await,
    }
}

async fn of_account(
    desk: &Desk,
    account: &str,
    query: &ForecastQuery,
    with_chart: bool,
) -> Result<(), Failure> {
    let first = Call::get(&["v1", "accounts", account, "forecast"]).filter(query)?;
    let mut forecast: Forecast = desk.client.send(&first).await?.read()?;
    while let Some(next) = forecast.next.take() {
        let call = first.clone().query("cursor", Some(next));
        let page: Forecast = desk.client.send(&call).await?.read()?;
        forecast.items.extend(page.items);
        forecast.next = page.next;
    }
    if desk.output.json {
        return print(&forecast);
    }
    output::card(&card(&forecast))?;
    let rows = forecast.items.iter().map(|item| {
        let what = [Some(item.what.clone()), item.detail.clone()];
        vec![
            item.at.clone(),
            what.into_iter().flatten().collect::<Vec<_>>().join(" "),
            or_nothing(item.about.as_ref()),
            item.amount.as_ref().map(money).unwrap_or_default(),
            money(&item.balance),
        ]
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        desk.output.say("nothing will happen");
    } else {
        desk.output.table(&["AT", "WHAT", "ABOUT", ">AMOUNT", ">BALANCE"], rows)?;
        if with_chart {
            output::line(&drawn(&forecast.days))?;
        }
    }
    if forecast.is_cut {
        let until = &forecast.until;
        desk.output.say(&format!("it ends at {until}: there is too much to tell"));
    }
    assumed(desk.output, &forecast.assumptions);
    Ok(())
}

fn card(forecast: &Forecast) -> Vec<(&'static str, String)> {
    let rules: Vec<_> = forecast.rules.iter().map(|rules| rules.version.to_string()).collect();
    let usage = forecast.usage.iter();
    let usage = usage.map(|it| format!("{} {} a day of {}", it.daily, it.unit, it.resource));
    vec![
        ("from", forecast.from.clone()),
        ("until", forecast.until.clone()),
        ("balance", money(&forecast.balance)),
        ("money in", money(&forecast.money_in)),
        ("money out", money(&forecast.money_out)),
        ("cash at the end", money(&forecast.cash_at_end)),
        ("owed at the end", money(&forecast.debt_at_end)),
        ("falls short", forecast.shortfall.as_ref().map(short).unwrap_or_default()),
        ("use goes on", usage.collect::<Vec<_>>().join(", ")),
        ("rules", rules.join(", ")),
    ]
}

fn short(short: &Shortfall) -> String {
    let of = short.subscription.as_ref().map(|id| format!(" for {id}")).unwrap_or_default();
    format!("{}: {} missing{of}", short.at, money(&short.missing))
}

fn assumed(output: Output, assumptions: &[ForecastAssumption]) {
    for assumption in assumptions {
        output.say(&format!("taken for granted: {}", assumption.text));
    }
}

fn print(forecast: &impl Serialize) -> Result<(), Failure> {
    let text =
        serde_json::to_string(forecast).map_err(|error| Failure::local("the forecast", &error))?;
    Ok(output::line(&text)?)
}

async fn of_book(desk: &Desk, query: &ForecastQuery, with_chart: bool) -> Result<(), Failure> {
    let spinner = house::spinner(desk, "looking ahead");
    let first = Call::get(&["v1", "forecast"]).filter(query)?;
    let mut book: Option<BookForecast> = None;
    let mut next: Option<String> = None;
    loop {
        let call = first.clone().query("cursor", next.as_ref());
        let page = match desk.client.send(&call).await.and_then(|answer| answer.read()) {
            Ok(page) => page,
            Err(failure) => {
                spinner.finish_and_clear();
                return Err(failure);
            }
        };
        let whole = match book.take() {
            Some(book) => joined(book, page),
            None => page,
        };
        spinner.set_message(format!("looking ahead: {} accounts", whole.account_count));
        next.clone_from(&whole.next);
        book = Some(whole);
        if next.is_none() {
            break;
        }
    }
    spinner.finish_and_clear();
    let Some(book) = book else { return Ok(()) };
    if desk.output.json {
        return print(&book);
    }
    show_book(desk.output, &book, with_chart)
}

/// Two pages as one.
fn joined(mut book: BookForecast, page: BookForecast) -> BookForecast {
    book.account_count += page.account_count;
    for assumption in page.assumptions {
        if !book.assumptions.contains(&assumption) {
            book.assumptions.push(assumption);
        }
    }
    let mut days: BTreeMap<(String, String), ForecastDay> = BTreeMap::new();
    for day in book.days.drain(..).chain(page.days) {
        let key = (day.day.clone(), day.money_out.currency.clone());
        match days.get_mut(&key) {
            Some(sum) => {
                sum.money_in = plus(&sum.money_in, &day.money_in);
                sum.money_out = plus(&sum.money_out, &day.money_out);
            }
            None => drop(days.insert(key, day)),
        }
    }
    book.days = days.into_values().collect();
    book.short.extend(page.short);
    book.left_out.extend(page.left_out);
    book.next = page.next;
    book
}

fn show_book(output: Output, book: &BookForecast, with_chart: bool) -> Result<(), Failure> {
    output::card(&[
        ("from", book.from.clone()),
        ("until", book.until.clone()),
        ("accounts", book.account_count.to_string()),
        ("fall short", book.short.len().to_string()),
    ])?;
    if book.days.is_empty() {
        output.say("no money moves");
    } else {
        let rows = book.days.iter();
        let rows =
            rows.map(|day| vec![day.day.clone(), money(&day.money_in), money(&day.money_out)]);
        output.table(&["DAY", ">IN", ">OUT"], rows.collect())?;
    }
    if !book.short.is_empty() {
        let rows = book.short.iter().map(|it| {
            let short = &it.shortfall;
            let of = or_nothing(short.subscription.as_ref());
            vec![it.account.clone(), short.at.clone(), money(&short.missing), of]
        });
        output.table(&["FALLS SHORT", "AT", ">MISSING", "FOR"], rows.collect())?;
    }
    if !book.left_out.is_empty() {
        let rows = book
            .left_out
            .iter()
            .map(|it| vec![it.account.clone(), it.code.clone(), or_nothing(it.until.as_ref())]);
        output.table(&["NOT TOLD", "WHY", "TOLD UNTIL"], rows.collect())?;
    }
    if with_chart {
        let mut by_currency: BTreeMap<&str, Vec<ForecastDay>> = BTreeMap::new();
        for day in &book.days {
            by_currency.entry(&day.money_out.currency).or_default().push(day.clone());
        }
        for days in by_currency.values() {
            output::line(&drawn(&every_day(days, &book.from, &book.until)))?;
        }
    }
    assumed(output, &book.assumptions);
    Ok(())
}

/// The days of a book from one instant to another, with those on which no money moves.
fn every_day(days: &[ForecastDay], from: &str, until: &str) -> Vec<ForecastDay> {
    let date = |text: &str| text.get(..10).and_then(|date| date.parse::<NaiveDate>().ok());
    let known: BTreeMap<_, _> =
        days.iter().filter_map(|day| Some((date(&day.day)?, day))).collect();
    let (Some(first), Some((last, sample))) = (known.keys().next(), known.last_key_value()) else {
        return Vec::new();
    };
    let zero = |like: &Money| Money {
        amount: Decimal::new(0, number(like).scale()).to_string(),
        currency: like.currency.clone(),
    };
    let empty = ForecastDay {
        day: String::new(),
        money_in: zero(&sample.money_in),
        money_out: zero(&sample.money_out),
        balance: None,
    };
    // The first and the last day of the zone of bills may be others than those of UTC.
    let first = date(from).map_or(*first, |from| from.min(*first));
    let last = date(until).map_or(*last, |until| until.max(*last));
    let dates = first.iter_days().take_while(|date| *date <= last);
    let shown = dates.map(|date| match known.get(&date) {
        Some(day) => (*day).clone(),
        None => ForecastDay { day: date.to_string(), ..empty.clone() },
    });
    shown.collect()
}

/// Money out and in, and the balance where there is one.
fn drawn(days: &[ForecastDay]) -> String {
    let size = days.len().div_ceil(BARS_MAX).max(1);
    let each = if size == 1 { "each day".to_owned() } else { format!("every {size} days") };
    let bars = |amount: &dyn Fn(&[ForecastDay]) -> Option<Money>| -> Vec<AmountAt> {
        let bar = |some: &[ForecastDay]| {
            let at = some.first()?.day.clone();
            Some(AmountAt { at, amount: amount(some)? })
        };
        days.chunks(size).filter_map(bar).collect()
    };
    let sum = |some: &[ForecastDay], of: &dyn Fn(&ForecastDay) -> &Money| {
        some.iter().map(of).cloned().reduce(|a, b| plus(&a, &b))
    };
    let mut text = String::new();
    let is_there = |amount: &Money| number(amount) != Decimal::ZERO;
    let money_out = bars(&|some| sum(some, &|day| &day.money_out));
    chart::section(&mut text, &format!("money out, {each}"), &money_out);
    if days.iter().any(|day| is_there(&day.money_in)) {
        let money_in = bars(&|some| sum(some, &|day| &day.money_in));
        chart::section(&mut text, &format!("money in, {each}"), &money_in);
    }
    let balance = bars(&|some| some.last()?.balance.clone());
    chart::section(&mut text, &format!("balance, at the end of {each}"), &balance);
    text
}

fn number(amount: &Money) -> Decimal {
    amount.amount.parse().unwrap_or_default()
}

fn plus(a: &Money, b: &Money) -> Money {
    let sum = number(a).saturating_add(number(b));
    Money { amount: sum.to_string(), currency: a.currency.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(amount: &str) -> Money {
        Money { amount: amount.to_owned(), currency: "USD".to_owned() }
    }

    fn day(day: &str, money_out: &str, balance: Option<&str>) -> ForecastDay {
        ForecastDay {
            day: day.to_owned(),
            money_in: usd("0.00"),
            money_out: usd(money_out),
            balance: balance.map(usd),
        }
    }

    #[test]
    fn days_are_drawn_and_a_balance_below_zero_has_no_bar() {
        let days = [
            day("2026-11-01", "0.00", Some("4.00")),
            day("2026-11-02", "3.00", Some("1.00")),
            day("2026-11-03", "2.00", Some("-1.00")),
        ];
        insta::assert_snapshot!(drawn(&days), @r"

        money out, each day
        3.00 USD |   ██
                 |   ██
                 |   ██ ▃▃
                 |   ██ ██
                 |   ██ ██
                 |   ██ ██
                 |   ██ ██
               0 |   ██ ██
                  2026-11-01 2026-11-03

        balance, at the end of each day
        4.00 USD |██
                 |██
                 |██
                 |██
                 |██
                 |██
                 |██ ██
               0 |██ ██
                  2026-11-01 2026-11-03
        ");
    }

    #[test]
    fn many_days_are_one_bar() {
        let days: Vec<_> = (0..90).map(|_| day("2026-11-01", "1.00", None)).collect();
        let text = drawn(&days);
        assert!(text.contains("money out, every 3 days"), "{text}");
        assert!(text.contains("3.00 USD |"), "{text}");
        assert!(!text.contains("balance"), "{text}");
        assert!(!text.contains("money in"), "{text}");
    }

    #[test]
    fn days_on_which_no_money_moves_are_drawn_too() {
        let days = [day("2026-11-02", "3.00", None), day("2026-11-04", "1.50", None)];
        let every = every_day(&days, "2026-11-01T12:00:00Z", "2026-11-05T12:00:00Z");
        let shown: Vec<_> =
            every.iter().map(|day| format!("{} {}", &day.day[8..], day.money_out.amount)).collect();
        assert_eq!(shown, ["01 0.00", "02 3.00", "03 0.00", "04 1.50", "05 0.00"]);
        assert_eq!(every_day(&[], "2026-11-01T12:00:00Z", "2026-11-05T12:00:00Z"), []);
    }

    #[test]
    fn pages_of_a_book_are_summed() {
        let page = |days: Vec<ForecastDay>, next: Option<&str>| BookForecast {
            from: "2026-11-01T00:00:00Z".to_owned(),
            until: "2026-12-01T00:00:00Z".to_owned(),
            account_count: 2,
            assumptions: Vec::new(),
            days,
            short: Vec::new(),
            left_out: Vec::new(),
            next: next.map(str::to_owned),
        };
        let mut yen = day("2026-11-02", "500", None);
        yen.money_out.currency = "JPY".to_owned();
        let first = page(vec![day("2026-11-02", "1.50", None)], Some("on"));
        let second =
            page(vec![day("2026-11-01", "1.00", None), day("2026-11-02", "0.50", None), yen], None);
        let whole = joined(first, second);
        let out: Vec<_> =
            whole.days.iter().map(|day| format!("{} {}", day.day, money(&day.money_out))).collect();
        assert_eq!(out, ["2026-11-01 1.00 USD", "2026-11-02 500 JPY", "2026-11-02 2.00 USD"]);
        assert_eq!((whole.account_count, whole.next), (4, None));
    }
}
