//! Reading the money side: orders, coupons, ledger lines, what was paid for which time.

use std::sync::LazyLock;

use sqlx::postgres::PgRow;
use sqlx::{PgPool, Postgres, QueryBuilder};

use super::columns::Columns;
use super::fault::failed;
use super::lists::{all, one_of, read, select};
use super::unnest::{Unnest, plain};
use crate::domain::calendar::Timestamp;
use crate::domain::ids::{CouponId, OrderId, StreamId};
use crate::domain::nouns::order::{self, Order};
use crate::domain::rows::{CouponRow, CoverageRow};
use crate::domain::trial_balance::Balance;
use crate::store::rows::{self, Columns as _, Values as _};
use crate::store::walks::{END, LedgerSums, SUMMED};
use crate::store::{
    ChartFilter, CouponQuery, EntryQuery, LedgerRow, OrderQuery, StoreError, codec,
};

/// The words of the partial indexes: these are used only if they stand in the query.
const OPEN: &str = " AND state IN ('Unpaid', 'Processing')";
const LIVE: &str = " AND state IN ('NotEffective', 'Available', 'Frozen')";

pub(super) async fn orders(pool: &PgPool, query: OrderQuery) -> Result<Vec<Order>, StoreError> {
    read(&all(pool, ask_orders(query)).await?, rows::order)
}

fn ask_orders(query: OrderQuery) -> QueryBuilder<Postgres> {
    let account = query.of_account();
    let is_open = matches!(query.state, Some(order::State::Unpaid | order::State::Processing));
    let mut sql = select(rows::ORDER, "orders");
    if let Some(account) = account {
        sql.push(" AND stream = ").push_bind(account.to_string());
    } else if is_open {
        sql.push(OPEN);
    }
    if let Some(subscription) = query.subscription {
        sql.push(" AND subscription = ").push_bind(i64::from(subscription.number));
        sql.push(" AND stream = ").push_bind(subscription.account.to_string());
    }
    if let Some(state) = query.state {
        sql.push(" AND state = ").push_bind(state.as_str());
    }
    if let Some(kind) = query.kind {
        sql.push(" AND kind = ").push_bind(kind.as_str());
    }
    if let Some(product) = query.product {
        sql.push(" AND product = ").push_bind(plain(&product));
    }
    if let Some(from) = query.created_from {
        sql.push(" AND created_at >= ").push_bind(from.micros());
    }
    if let Some(before) = query.created_before {
        sql.push(" AND created_at < ").push_bind(before.micros());
    }
    if let Some((at, id)) = query.before {
        if account.is_some() {
            sql.push(" AND number < ").push_bind(i64::from(id.number));
        } else {
            sql.push(" AND (created_at, stream, number) < (").push_bind(at.micros());
            sql.push(", ").push_bind(id.account.to_string());
            sql.push(", ").push_bind(i64::from(id.number)).push(")");
        }
    }
    sql.push(if account.is_some() {
        " ORDER BY number DESC LIMIT "
    } else {
        " ORDER BY created_at DESC, stream DESC, number DESC LIMIT "
    });
    sql.push_bind(i64::from(query.limit));
    sql
}

pub(super) async fn coupons(
    pool: &PgPool,
    query: CouponQuery,
) -> Result<Vec<CouponRow>, StoreError> {
    read(&all(pool, ask_coupons(&query)).await?, rows::coupon)
}

fn ask_coupons(query: &CouponQuery) -> QueryBuilder<Postgres> {
    let by_expiry = query.is_by_expiry();
    let mut sql = select(rows::COUPON, "coupons");
    if by_expiry {
        sql.push(LIVE);
    }
    if let Some(account) = query.account {
        sql.push(" AND stream = ").push_bind(account.to_string());
    }
    if !query.states.is_empty() {
        one_of(&mut sql, " AND state IN (", query.states.iter().map(|state| state.as_str()));
    }
    if let Some(campaign) = query.campaign {
        sql.push(" AND campaign = ").push_bind(campaign.to_string());
    }
    if let Some(before) = query.expires_before {
        sql.push(" AND expires_at < ").push_bind(before.micros());
    }
    if by_expiry && let Some((at, id)) = query.after {
        sql.push(" AND (expires_at, stream, number) > (").push_bind(at.micros());
        sql.push(", ").push_bind(id.account.to_string());
        sql.push(", ").push_bind(i64::from(id.number)).push(")");
    }
    if !by_expiry {
        // The first page is behind a place as well, so that the key is what is walked along.
        let (stream, number) = match query.after {
            Some((_, id)) => (id.account.to_string(), i64::from(id.number)),
            None => (String::new(), 0),
        };
        if query.account.is_some() {
            sql.push(" AND number > ").push_bind(number);
        } else {
            sql.push(" AND (stream, number) > (").push_bind(stream);
            sql.push(", ").push_bind(number).push(")");
        }
    }
    sql.push(if by_expiry {
        " ORDER BY expires_at, stream, number LIMIT "
    } else {
        " ORDER BY stream, number LIMIT "
    });
    sql.push_bind(i64::from(query.limit));
    sql
}

pub(super) async fn coupon(pool: &PgPool, id: CouponId) -> Result<Option<CouponRow>, StoreError> {
    let mut sql = select(rows::COUPON, "coupons");
    sql.push(" AND stream = ").push_bind(id.account.to_string());
    sql.push(" AND number = ").push_bind(i64::from(id.number));
    Ok(read(&all(pool, sql).await?, rows::coupon)?.pop())
}

pub(super) async fn entries(
    pool: &PgPool,
    query: EntryQuery,
) -> Result<Vec<(StreamId, LedgerRow)>, StoreError> {
    read(&all(pool, ask_entries(query)).await?, rows::entry)
}

fn ask_entries(query: EntryQuery) -> QueryBuilder<Postgres> {
    let mut sql = select(rows::ENTRY, "ledger_entries");
    if let Some(stream) = query.stream {
        sql.push(" AND stream = ").push_bind(stream.to_string());
    }
    match query.chart {
        Some(ChartFilter::Account(account)) => {
            sql.push(" AND account = ").push_bind(plain(&account));
        }
        Some(ChartFilter::Under(prefix)) => {
            sql.push(" AND substr(account, 1, length(").push_bind(plain(&prefix));
            sql.push(")) = ").push_bind(plain(&prefix));
        }
        Some(ChartFilter::OneOf(accounts)) => {
            one_of(&mut sql, " AND account IN (", accounts.iter().map(|account| plain(account)));
        }
        None => {}
    }
    if let Some(from) = query.from {
        sql.push(" AND at >= ").push_bind(from.micros());
    }
    if let Some(before) = query.before {
        sql.push(" AND at < ").push_bind(before.micros());
    }
    let (after, seq, line) = match query.after {
        Some((stream, seq, line)) => (stream.to_string(), codec::whole(seq), i64::from(line)),
        // Behind every stream: their ids begin with letters.
        None if query.newest_first => ("~".to_owned(), i64::MAX, 0),
        None => (String::new(), 0, 0),
    };
    let behind = if query.newest_first { "<" } else { ">" };
    if query.stream.is_some() {
        sql.push(format_args!(" AND (seq, line) {behind} ("));
    } else {
        sql.push(format_args!(" AND (stream, seq, line) {behind} ("));
        sql.push_bind(after).push(", ");
    }
    sql.push_bind(seq).push(", ").push_bind(line).push(")");
    sql.push(if query.newest_first {
        " ORDER BY stream DESC, seq DESC, line DESC LIMIT "
    } else {
        " ORDER BY stream, seq, line LIMIT "
    });
    sql.push_bind(i64::from(query.limit));
    sql
}

/// The place of the line that stands so many behind another; the text of the sum up to it.
const STEP: &str = "SELECT stream, seq, line FROM ledger_entries \
    WHERE (stream, seq, line) > ($1, $2, $3) ORDER BY stream, seq, line LIMIT 1 OFFSET $4";
const SUM: &str = "SELECT account, currency, SUM(minor)::BIGINT FROM ledger_entries \
    WHERE (stream, seq, line) > ($1, $2, $3) AND (stream, seq, line) <= ($4, $5, $6) AND at <= $7 \
    GROUP BY account, currency";

/// Sums the ledger in short reads. The lines of a record are written at once and never changed, so
/// the sums are of whole records, whatever is written meanwhile.
pub(super) async fn balances(pool: &PgPool, as_of: Timestamp) -> Result<Vec<Balance>, StoreError> {
    let mut sums = LedgerSums::default();
    let mut from = (String::new(), 0_i64, 0_i64);
    loop {
        let end = sqlx::query(STEP)
            .bind(from.0.clone())
            .bind(from.1)
            .bind(from.2)
            .bind(i64::from(SUMMED) - 1)
            .fetch_optional(pool)
            .await
            .map_err(failed)?;
        let is_last = end.is_none();
        let to = match &end {
            Some(row) => place(row)?,
            None => (END.to_owned(), 0, 0),
        };
        let found = sqlx::query(SUM)
            .bind(from.0)
            .bind(from.1)
            .bind(from.2)
            .bind(to.0.clone())
            .bind(to.1)
            .bind(to.2)
            .bind(as_of.micros())
            .fetch_all(pool)
            .await
            .map_err(failed)?;
        for row in &found {
            sums.add(&mut Columns::of(row))?;
        }
        if is_last {
            return sums.balances();
        }
        from = to;
    }
}

fn place(row: &PgRow) -> Result<(String, i64, i64), StoreError> {
    let mut columns = Columns::of(row);
    Ok((columns.string()?, columns.int()?, columns.int()?))
}

pub(super) async fn coverages(
    pool: &PgPool,
    began_by: Timestamp,
    after: Option<(Timestamp, OrderId)>,
    limit: u32,
) -> Result<Vec<CoverageRow>, StoreError> {
    read(&all(pool, ask_coverages(began_by, after, limit)).await?, rows::coverage)
}

fn ask_coverages(
    began_by: Timestamp,
    after: Option<(Timestamp, OrderId)>,
    limit: u32,
) -> QueryBuilder<Postgres> {
    let mut sql = select(rows::COVERAGE, "coverages");
    sql.push(" AND starts_at <= ").push_bind(began_by.micros());
    if let Some((at, id)) = after {
        sql.push(" AND (starts_at, stream, number) > (").push_bind(at.micros());
        sql.push(", ").push_bind(id.account.to_string());
        sql.push(", ").push_bind(i64::from(id.number)).push(")");
    }
    sql.push(" ORDER BY starts_at, stream, number LIMIT ").push_bind(i64::from(limit));
    sql
}

static ASK_COVERAGES: LazyLock<Unnest> = LazyLock::new(|| {
    let meet = "v.column1 = starts_at AND v.column2 = stream AND v.column3 = number";
    Unnest::ask("coverages", rows::COVERAGE, 3, meet)
});

pub(super) async fn coverages_at(
    pool: &PgPool,
    places: &[(Timestamp, OrderId)],
) -> Result<Vec<CoverageRow>, StoreError> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let mut conn = pool.acquire().await.map_err(failed)?;
    let found = ASK_COVERAGES.fetch(&mut conn, places, |values, (at, id)| {
        values.int(at.micros()).text(&id.account.to_string()).int(id.number);
    });
    let mut found = read(&found.await?, rows::coverage)?;
    found.sort_unstable_by_key(|row| (row.starts_at, row.order));
    Ok(found)
}
