//! Forecasts: of one account, and of the whole book account by account in short reads.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use actix_web::get;
use actix_web::web::{self, Data, Json};
use chrono::NaiveDate;
use futures_util::future;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::actors::ExecuteError;
use crate::admin::problem::{Code, Problem};
use crate::admin::request::{Asks, OfAccount};
use crate::admin::{Admin, convert, cursor, fields, wire};
use crate::domain::calendar::Timestamp;
use crate::domain::forecast::{Asked, Assumption, DAYS_MAX, EVENTS_MAX, Forecast};
use crate::domain::ids::AccountId;
use crate::domain::money::{Currency, Money};
use crate::domain::nouns::house::House;
use crate::domain::rejection::Rejection;
use crate::domain::stream::State;

/// Days ahead, if nothing is said.
const DAYS_DEFAULT: u32 = 30;
/// Accounts that are read at once, and so in memory at once.
const READ_AT_ONCE: usize = 16;
/// Events after which a page of the book ends, so that none takes for ever.
const PAGE_EVENTS_MAX: usize = 100_000;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(forecast_account).service(forecast_book);
}

/// Up to when a forecast from `from` on is asked for.
fn until(query: &wire::ForecastQuery, from: Timestamp) -> Result<Timestamp, Problem> {
    let ahead = |days: u32| from.plus(Duration::from_hours(24 * u64::from(days)));
    let until = match (&query.until, query.days) {
        (Some(until), None) => fields::parse("until", until)?,
        (None, days) => ahead(days.unwrap_or(DAYS_DEFAULT).min(DAYS_MAX + 1)),
        (Some(_), Some(_)) => {
            return Err(Problem::field("days", "until and days together say two things"));
        }
    };
    if until < from {
        return Err(Problem::field("until", format!("it is {from}: a forecast looks ahead")));
    }
    let latest = ahead(DAYS_MAX);
    if until > latest {
        let detail = format!("a forecast looks {DAYS_MAX} days ahead at the most: to {latest}");
        let field = if query.days.is_some() { "days" } else { "until" };
        let problem = Problem::new(Code::ForecastTooFar, detail).at(field);
        return Err(problem.with("latest", latest.to_string()));
    }
    Ok(until)
}

fn under(house: &House, from: Timestamp, until: Timestamp) -> Asked<'_> {
    Asked {
        timeline: &house.timeline,
        from,
        until,
        brake: house.brake.is_some(),
        closed_through: house.closed_through,
        events_max: EVENTS_MAX,
    }
}

/// Where a page of items ended. It goes on only if the account and the rules are as they were.
struct Place {
    from: Timestamp,
    until: Timestamp,
    seq: u64,
    rules: u32,
    skip: usize,
}

impl Place {
    fn read(fields: &[&str]) -> Option<Self> {
        let [from, until, seq, rules, skip] = fields else { return None };
        Some(Self {
            from: from.parse().ok()?,
            until: until.parse().ok()?,
            seq: seq.parse().ok()?,
            rules: rules.parse().ok()?,
            skip: skip.parse().ok()?,
        })
    }

    fn write(&self, skip: usize) -> String {
        let Self { from, until, seq, rules, .. } = self;
        let fields = [from.to_string(), until.to_string(), seq.to_string(), rules.to_string()];
        cursor::write("forecast", &[fields.as_slice(), &[skip.to_string()]].concat())
    }
}

/// Tells what will happen to an account if nobody asks for anything: every renewal, notice,
/// settlement, stop and release with its instant and what it does to the balance. Over a stretch
/// without commands it is what then happens.
#[utoipa::path(
    tag = "balance",
    params(("account" = String, Path, description = "The account's id"), wire::ForecastQuery),
    responses((status = 200, description = "What will happen", body = wire::Forecast), Problem)
)]
#[get("/v1/accounts/{account}/forecast")]
async fn forecast_account(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    Asks(query): Asks<wire::ForecastQuery>,
) -> Result<Json<wire::Forecast>, Problem> {
    let limit = usize::try_from(cursor::limit(query.limit)?).unwrap_or(usize::MAX);
    let view = admin.accounts.view(id.into()).await?;
    let house = admin.accounts.ports().house();
    let rules = house.timeline.newest();
    let place = cursor::read("forecast", query.cursor.as_deref(), Place::read)?;
    let place = match place {
        Some(place) if (place.seq, place.rules) != (view.seq, rules) => {
            let detail = "the account or the rules changed since the page before; start without a \
                          cursor";
            return Err(Problem::new(Code::InvalidCursor, detail));
        }
        Some(place) => place,
        None => {
            let from = admin.clock.now();
            Place { from, until: until(&query, from)?, seq: view.seq, rules, skip: 0 }
        }
    };
    let State::Account(account) = view.state else {
        return Err(Problem::broken("the account is another stream"));
    };
    let (from, until, skip) = (place.from, place.until, place.skip);
    // It takes its time: elsewhere, so that nobody else waits for it.
    let told = web::block(move || {
        let (mut count, mut items) = (0_usize, Vec::new());
        let told = Forecast::read(under(&house, from, until), account, |item| {
            if count >= skip && items.len() < limit {
                items.push(item);
            }
            count += 1;
        });
        told.map(|told| (told, items, count))
    });
    let told = told.await.map_err(Problem::broken)?;
    let (told, items, count) = told.ok_or(Rejection::AccountNotFound)?;
    let reached = skip.saturating_add(items.len());
    let next = (reached < count).then(|| place.write(reached));
    Ok(Json(convert::forecast(id, from, &told, &items, next)))
}

/// Tells what will happen to the whole book if nobody asks for anything, a page of accounts at a
/// time: money in and out per day, and who will fall short. The sums of the book are the sums of
/// its pages, all of which look ahead from the instant of the first.
#[utoipa::path(
    tag = "balance",
    params(wire::ForecastQuery),
    responses((status = 200, description = "A page", body = wire::BookForecast), Problem)
)]
#[get("/v1/forecast")]
async fn forecast_book(
    admin: Data<Admin>,
    Asks(query): Asks<wire::ForecastQuery>,
) -> Result<Json<wire::BookForecast>, Problem> {
    let limit = cursor::limit(query.limit)?;
    let place = cursor::read("book-forecast", query.cursor.as_deref(), |fields| match fields {
        [from, until, after] => {
            let after: AccountId = after.parse().ok()?;
            Some((from.parse().ok()?, until.parse().ok()?, Some(after)))
        }
        _ => None,
    })?;
    let (from, until, after) = if let Some(place) = place {
        place
    } else {
        let from = admin.clock.now();
        (from, until(&query, from)?, None)
    };
    let rows = admin.store.accounts(after, limit + 1).await?;
    let ids: Vec<AccountId> = rows.into_iter().map(|(id, _)| id).collect();
    let mut book = Book::default();
    let (page, rest) = ids.split_at(ids.len().min(usize::try_from(limit).unwrap_or(usize::MAX)));
    for some in page.chunks(READ_AT_ONCE) {
        if !book.take(&admin, some, (from, until)).await? {
            break;
        }
    }
    let last = book.account_count.checked_sub(1).and_then(|last| ids.get(last));
    let is_last = rest.is_empty() && book.account_count == page.len();
    let next = last.filter(|_| !is_last).map(|last| {
        let fields = [from.to_string(), until.to_string(), last.to_string()];
        cursor::write("book-forecast", &fields)
    });
    Ok(Json(book.shown(from, until, next)))
}

/// What a page of the book comes to.
#[derive(Default)]
struct Book {
    account_count: usize,
    event_count: usize,
    assumptions: Vec<Assumption>,
    /// Money in and out.
    days: BTreeMap<(NaiveDate, Currency), (i64, i64)>,
    short: Vec<wire::ForecastShort>,
    left_out: Vec<wire::ForecastLeftOut>,
}

impl Book {
    /// Takes in some accounts, in their order; answers whether the page has room for more.
    async fn take(
        &mut self,
        admin: &Data<Admin>,
        ids: &[AccountId],
        (from, until): (Timestamp, Timestamp),
    ) -> Result<bool, Problem> {
        let peeks = ids.iter().map(|id| admin.accounts.peek((*id).into()));
        let mut accounts = Vec::with_capacity(ids.len());
        for (id, peeked) in ids.iter().zip(future::join_all(peeks).await) {
            let peeked = match peeked {
                Ok((view, at)) => Ok((view.state, at)),
                Err(ExecuteError::Parked(_)) => Err(Code::AccountParked),
                Err(ExecuteError::OutcomeUnknown) => Err(Code::InternalError),
                // One that cannot be read hides none of the others; a store that is gone cannot
                // give the next page.
                Err(ExecuteError::Store(_) | ExecuteError::Busy) => Err(Code::StoreUnavailable),
                Err(error @ ExecuteError::Rejected(_)) => return Err(error.into()),
            };
            accounts.push((*id, peeked));
        }
        let house = admin.accounts.ports().house();
        let mut room = PAGE_EVENTS_MAX.saturating_sub(self.event_count);
        let told = web::block(move || {
            let mut told = Vec::with_capacity(accounts.len());
            for (id, peeked) in accounts {
                // One account is told whatever it takes, so that the next page goes on behind it.
                if room == 0 {
                    break;
                }
                let one = peeked.and_then(|(state, at)| {
                    let State::Account(account) = state else { return Ok(None) };
                    // What was recorded since the first page is where this account goes on from.
                    let asked = under(&house, from.max(at), until.max(at));
                    // Whoever breaks the core is left out; the others are told.
                    let read = AssertUnwindSafe(|| Forecast::read(asked, account, drop));
                    catch_unwind(read).map_err(|_| Code::InternalError)
                });
                let count = one.iter().flatten().map(|told| told.event_count).sum();
                room = room.saturating_sub(count);
                told.push((id, one));
            }
            told
        });
        let told = told.await.map_err(Problem::broken)?;
        let is_whole = told.len() == ids.len();
        for (id, told) in told {
            self.account_count += 1;
            match told {
                Ok(told) => self.add(id, told.as_ref()),
                Err(code) => {
                    let (account, code) = (id.to_string(), code.as_str().to_owned());
                    self.left_out.push(wire::ForecastLeftOut { account, code, until: None });
                }
            }
        }
        Ok(is_whole && self.event_count < PAGE_EVENTS_MAX)
    }

    fn add(&mut self, id: AccountId, told: Option<&Forecast>) {
        let Some(told) = told else { return };
        self.event_count = self.event_count.saturating_add(told.event_count);
        self.assumptions.extend(&told.assumptions);
        self.assumptions.sort_unstable();
        self.assumptions.dedup();
        for day in told.days.iter().filter(|day| (day.money_in, day.money_out) != (0, 0)) {
            let sums = self.days.entry((day.date, day.balance.currency())).or_default();
            sums.0 = sums.0.saturating_add(day.money_in);
            sums.1 = sums.1.saturating_add(day.money_out);
        }
        if let Some(short) = &told.shortfall {
            let (account, shortfall) = (id.to_string(), convert::shortfall(short));
            self.short.push(wire::ForecastShort { account, shortfall });
        }
        if told.is_cut {
            let until = Some(told.through.to_string());
            let (account, code) = (id.to_string(), "TooMuch".to_owned());
            self.left_out.push(wire::ForecastLeftOut { account, code, until });
        }
    }

    fn shown(self, from: Timestamp, until: Timestamp, next: Option<String>) -> wire::BookForecast {
        let money = |minor, currency| convert::money(Money::from_minor(minor, currency));
        let days = self.days.into_iter().map(|((date, currency), (money_in, money_out))| {
            wire::ForecastDay {
                day: date.to_string(),
                money_in: money(money_in, currency),
                money_out: money(money_out, currency),
                balance: None,
            }
        });
        wire::BookForecast {
            from: from.to_string(),
            until: until.to_string(),
            account_count: self.account_count as u64,
            assumptions: convert::assumptions(&self.assumptions),
            days: days.collect(),
            short: self.short,
            left_out: self.left_out,
            next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forecast_looks_ahead_and_400_days_at_the_most() {
        let from: Timestamp = "2026-01-01T00:00:00Z".parse().expect("an instant");
        let read = |given: Option<&str>, days: Option<u32>| {
            let until_given = given.map(str::to_owned);
            let query = wire::ForecastQuery { until: until_given, days, ..Default::default() };
            until(&query, from).map(|until| until.to_string()).map_err(|problem| problem.code())
        };
        assert_eq!(read(None, None).as_deref(), Ok("2026-01-31T00:00:00Z"));
        assert_eq!(read(None, Some(400)).as_deref(), Ok("2027-02-05T00:00:00Z"));
        assert_eq!(read(None, Some(401)), Err("ForecastTooFar"));
        assert_eq!(read(None, Some(u32::MAX)), Err("ForecastTooFar"));
        assert_eq!(read(Some("2026-03-01T00:00:00Z"), None).as_deref(), Ok("2026-03-01T00:00:00Z"));
        assert_eq!(read(Some("2027-02-05T00:00:01Z"), None), Err("ForecastTooFar"));
        assert_eq!(read(Some("2025-12-31T00:00:00Z"), None), Err("InvalidField"));
        assert_eq!(read(Some("2026-03-01T00:00:00Z"), Some(3)), Err("InvalidField"));
        assert_eq!(read(Some("soon"), None), Err("InvalidField"));
    }
}
