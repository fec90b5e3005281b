//! The ledger over all accounts: entries and the trial balance, as JSON and as CSV.

use std::collections::BTreeMap;

use actix_web::http::header::{ACCEPT, CONTENT_DISPOSITION};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, get};
use futures_util::stream;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::admin::problem::Problem;
use crate::admin::request::Asks;
use crate::admin::{Admin, convert, cursor, fields, wire};
use crate::domain::calendar::Timestamp;
use crate::domain::ids::{AccountId, StreamId};
use crate::domain::money::{Currency, Money};
use crate::domain::trial_balance::Balance;
use crate::store::{ChartFilter, EntryQuery, LedgerRow, StoreError};

/// Lines that are read at once where all are.
const READ_AT_ONCE: u32 = 1_000;
/// CSV's media type.
const CSV: &str = "text/csv";

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_entries).service(trial_balance);
}

/// Is CSV asked for: by `format`, or else by the `Accept` header?
fn wants_csv(format: Option<&str>, request: &HttpRequest) -> Result<bool, Problem> {
    match format {
        Some("csv") => Ok(true),
        Some("json") => Ok(false),
        Some(other) => Err(Problem::field("format", format!("{other:?} is not json or csv"))),
        None => {
            let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
            let first = accept.and_then(|accept| accept.split([',', ';']).next());
            Ok(first.is_some_and(|first| first.trim().eq_ignore_ascii_case(CSV)))
        }
    }
}

/// A field of a CSV line, quoted where it must be (RFC 4180).
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

fn csv_line(fields: &[&str]) -> String {
    let fields: Vec<String> = fields.iter().map(|text| quoted(text)).collect();
    format!("{}\r\n", fields.join(","))
}

/// Lists ledger lines over all accounts: by account, record and line. CSV is sent whole, line by
/// line as it is read.
#[utoipa::path(
    tag = "ledger",
    params(wire::EntryQuery),
    responses(
        (status = 200, description = "A page; or all lines as CSV", content(
            (wire::Page<wire::LedgerEntry> = "application/json"),
            (String = "text/csv")
        )),
        Problem
    )
)]
#[get("/v1/ledger/entries")]
async fn list_entries(
    admin: Data<Admin>,
    request: HttpRequest,
    Asks(query): Asks<wire::EntryQuery>,
) -> Result<HttpResponse, Problem> {
    let asked = selection(&query)?;
    if wants_csv(query.format.as_deref(), &request)? {
        if query.limit.is_some() {
            return Err(Problem::field("limit", "CSV comes whole: narrow it by from and to"));
        }
        return Ok(as_file("ledger-entries.csv").streaming(entry_lines(admin, asked)));
    }
    let limit = cursor::limit(query.limit)?;
    let rows = admin.store.entries(EntryQuery { limit: limit + 1, ..asked }).await?;
    let behind = |(stream, row): &(StreamId, LedgerRow)| {
        let fields = [stream.to_string(), row.seq.to_string(), row.line.to_string()];
        cursor::write("entries", &fields)
    };
    let page = cursor::page(rows, limit, behind, |(stream, row)| Ok(entry(stream, &row)))?;
    Ok(HttpResponse::Ok().json(page))
}

fn selection(query: &wire::EntryQuery) -> Result<EntryQuery, Problem> {
    let account: Option<AccountId> = fields::parse_some("account", query.account.as_deref())?;
    let chart = query.ledger_account.as_deref();
    Ok(EntryQuery {
        stream: account.map(StreamId::from),
        chart: chart.map(|name| {
            let filter =
                if name.ends_with(':') { ChartFilter::Under } else { ChartFilter::Account };
            filter(name.to_owned())
        }),
        from: fields::parse_some("from", query.from.as_deref())?,
        before: fields::parse_some("to", query.to.as_deref())?,
        newest_first: false,
        after: cursor::read("entries", query.cursor.as_deref(), |fields| match fields {
            [stream, seq, line] => {
                Some((stream.parse().ok()?, seq.parse().ok()?, line.parse().ok()?))
            }
            _ => None,
        })?,
        limit: 0,
    })
}

fn entry(stream: StreamId, row: &LedgerRow) -> wire::LedgerEntry {
    wire::LedgerEntry { account: stream.to_string(), line: convert::ledger_line(row) }
}

/// A file to keep.
fn as_file(name: &str) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.content_type("text/csv; charset=utf-8; header=present");
    response.insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
    response
}

/// All lines as CSV, read piece by piece. What fails midway breaks the answer off.
fn entry_lines(
    admin: Data<Admin>,
    asked: EntryQuery,
) -> impl stream::Stream<Item = Result<Bytes, StoreError>> {
    let head = csv_line(&["account", "seq", "line", "at", "ledger_account", "amount", "currency"]);
    let asked = EntryQuery { limit: READ_AT_ONCE, ..asked };
    stream::try_unfold((admin, Some(asked), head), |(admin, asked, mut text)| async move {
        let Some(asked) = asked else { return Ok(None) };
        let rows = admin.store.entries(asked.clone()).await?;
        for (stream, row) in &rows {
            text.push_str(&csv_line(&[
                &stream.to_string(),
                &row.seq.to_string(),
                &row.line.to_string(),
                &row.at.to_string(),
                &row.account,
                &row.amount.amount(),
                row.amount.currency().code(),
            ]));
        }
        let is_whole = u32::try_from(rows.len()).is_ok_and(|count| count < READ_AT_ONCE);
        let last = rows.last().filter(|_| !is_whole);
        let next = last
            .map(|(stream, row)| EntryQuery { after: Some((*stream, row.seq, row.line)), ..asked });
        Ok(Some((Bytes::from(text), (admin, next, String::new()))))
    })
}

/// Shows the trial balance: what stands on every account of the chart, with what is earned by then
/// moved from what is unearned.
#[utoipa::path(
    tag = "ledger",
    params(wire::TrialBalanceQuery),
    responses(
        (status = 200, description = "As it stands, or stood", content(
            (wire::TrialBalance = "application/json"),
            (String = "text/csv")
        )),
        Problem
    )
)]
#[get("/v1/ledger/trial-balance")]
async fn trial_balance(
    admin: Data<Admin>,
    request: HttpRequest,
    Asks(query): Asks<wire::TrialBalanceQuery>,
) -> Result<HttpResponse, Problem> {
    let is_csv = wants_csv(query.format.as_deref(), &request)?;
    let now = admin.clock.now();
    let as_of: Timestamp = fields::parse_some("as_of", query.as_of.as_deref())?.unwrap_or(now);
    if as_of > now {
        let detail = format!("it lies ahead of now, {now}: what will be posted is not known");
        return Err(Problem::field("as_of", detail));
    }
    let currency = query.currency.as_deref();
    let currency = currency.map(|text| fields::currency("currency", text)).transpose()?;
    let balance = admin.store.trial_balance(as_of).await?;
    let balances: Vec<&Balance> = balance
        .balances()
        .iter()
        .filter(|line| currency.is_none_or(|currency| line.amount.currency() == currency))
        .collect();
    if is_csv {
        return Ok(as_file("trial-balance.csv").body(balance_lines(&balances)));
    }
    Ok(HttpResponse::Ok().json(wire::TrialBalance {
        as_of: balance.as_of().to_string(),
        lines: balances.iter().map(|line| balance_line(line)).collect(),
        totals: totals(&balances)?,
    }))
}

/// An amount as debit or credit; neither where it is zero.
fn sides(amount: Money) -> (Option<Money>, Option<Money>) {
    let debit = (amount.minor() > 0).then_some(amount);
    (debit, amount.is_negative().then(|| amount.negated()))
}

fn balance_line(line: &Balance) -> wire::TrialBalanceLine {
    let (debit, credit) = sides(line.amount);
    wire::TrialBalanceLine {
        ledger_account: line.account.clone(),
        debit: debit.map(convert::money),
        credit: credit.map(convert::money),
    }
}

fn balance_lines(balances: &[&Balance]) -> String {
    let amount = |side: Option<Money>| side.map(Money::amount).unwrap_or_default();
    let mut text = csv_line(&["ledger_account", "debit", "credit", "currency"]);
    for line in balances {
        let (debit, credit) = sides(line.amount);
        let currency = line.amount.currency();
        text.push_str(&csv_line(&[
            &line.account,
            &amount(debit),
            &amount(credit),
            currency.code(),
        ]));
    }
    text
}

/// What each side sums to.
fn totals(balances: &[&Balance]) -> Result<Vec<wire::TrialBalanceTotal>, Problem> {
    let mut sums: BTreeMap<Currency, (Money, Money)> = BTreeMap::new();
    for line in balances {
        let zero = Money::zero(line.amount.currency());
        let (debit, credit) = sides(line.amount);
        let sum = sums.entry(line.amount.currency()).or_insert((zero, zero));
        let plus = |sum: Money, side: Option<Money>| {
            let sum = sum.checked_add(side.unwrap_or(zero));
            sum.ok_or_else(|| Problem::broken("a total is more than an amount can say"))
        };
        *sum = (plus(sum.0, debit)?, plus(sum.1, credit)?);
    }
    let total = |(debit, credit)| wire::TrialBalanceTotal {
        debit: convert::money(debit),
        credit: convert::money(credit),
    };
    Ok(sums.into_values().map(total).collect())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn usd(minor: i64) -> Money {
        Money::from_minor(minor, "USD".parse().expect("a currency"))
    }

    fn line(account: &str, minor: i64) -> Balance {
        Balance { account: account.to_owned(), amount: usd(minor) }
    }

    #[test]
    fn csv_is_asked_for_by_format_or_header() {
        let asks = |format: Option<&str>, accept: &str| {
            let request = TestRequest::default().insert_header((ACCEPT, accept)).to_http_request();
            wants_csv(format, &request).map_err(|problem| problem.code())
        };
        assert_eq!(asks(None, "text/csv"), Ok(true));
        assert_eq!(asks(None, "text/csv;q=0.9, */*"), Ok(true));
        assert_eq!(asks(None, "*/*"), Ok(false));
        assert_eq!(asks(Some("json"), "text/csv"), Ok(false));
        assert_eq!(asks(Some("csv"), "*/*"), Ok(true));
        assert_eq!(asks(Some("xml"), "*/*"), Err("InvalidField"));
    }

    #[test]
    fn what_would_break_a_csv_line_is_quoted() {
        assert_eq!(
            csv_line(&["clearing:cash, \"old\"", "-5.00", ""]),
            "\"clearing:cash, \"\"old\"\"\",-5.00,\r\n"
        );
    }

    #[test]
    fn a_balance_stands_on_one_side() {
        let lines = [line("clearing:card", 5950), line("customer_cash", -5950), line("tax", 0)];
        let balances: Vec<&Balance> = lines.iter().collect();
        insta::assert_snapshot!(balance_lines(&balances).replace('\r', ""), @r"
        ledger_account,debit,credit,currency
        clearing:card,59.50,,USD
        customer_cash,,59.50,USD
        tax,,,USD
        ");
        let [total] = totals(&balances).expect("totals").try_into().expect("one currency");
        assert_eq!(
            (total.debit, total.credit),
            (convert::money(usd(5950)), convert::money(usd(5950)))
        );
    }
}
