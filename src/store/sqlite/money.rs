//! Reading the money side: orders, coupons, ledger lines, what was paid for which time.

use std::sync::LazyLock;

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite, SqlitePool};

use super::columns::Columns;
use super::fault::failed;
use super::ladder::Ladder;
use super::lists::{all, one_of, read, select};
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

/// The words of the partial indexes: SQLite uses them only if they stand in the query.
const OPEN: &str = " AND state IN ('Unpaid', 'Processing')";
const LIVE: &str = " AND state IN ('NotEffective', 'Available', 'Frozen')";

pub(super) async fn orders(pool: &SqlitePool, query: OrderQuery) -> Result<Vec<Order>, StoreError> {
    read(&all(pool, ask_orders(query)).await?, rows::order)
}

fn ask_orders(query: OrderQuery) -> QueryBuilder<Sqlite> {
    let account = query.of_account();
    let is_open = matches!(query.state, Some(order::State::Unpaid | order::State::Processing));
    let table = match (account, is_open) {
        (Some(_), _) => "orders",
        (None, true) => "orders INDEXED BY orders_open",
        (None, false) => "orders INDEXED BY orders_created_at",
    };
    let mut sql = select(rows::ORDER, table);
    if let Some(account) = account {
        sql.push(" AND stream = ").push_bind(account.to_string());
    } else if is_open {
        sql.push(OPEN);
    }
    if let Some(subscription) = query.subscription {
        sql.push(" AND subscription = ").push_bind(subscription.number);
        sql.push(" AND stream = ").push_bind(subscription.account.to_string());
    }
    if let Some(state) = query.state {
        sql.push(" AND state = ").push_bind(state.as_str());
    }
    if let Some(kind) = query.kind {
        sql.push(" AND kind = ").push_bind(kind.as_str());
    }
    if let Some(product) = query.product {
        sql.push(" AND product = ").push_bind(product);
    }
    // An account's orders are found by its key: the plus keeps other indexes away.
    let created_at = if account.is_some() { "+created_at" } else { "created_at" };
    if let Some(from) = query.created_from {
        sql.push(format_args!(" AND {created_at} >= ")).push_bind(from.micros());
    }
    if let Some(before) = query.created_before {
        sql.push(format_args!(" AND {created_at} < ")).push_bind(before.micros());
    }
    if let Some((at, id)) = query.before {
        if account.is_some() {
            sql.push(" AND number < ").push_bind(id.number);
        } else {
            sql.push(" AND (created_at, stream, number) < (").push_bind(at.micros());
            sql.push(", ").push_bind(id.account.to_string());
            sql.push(", ").push_bind(id.number).push(")");
        }
    }
    sql.push(if account.is_some() {
        " ORDER BY number DESC LIMIT "
    } else {
        " ORDER BY created_at DESC, stream DESC, number DESC LIMIT "
    });
    sql.push_bind(query.limit);
    sql
}

pub(super) async fn coupons(
    pool: &SqlitePool,
    query: CouponQuery,
) -> Result<Vec<CouponRow>, StoreError> {
    read(&all(pool, ask_coupons(&query)).await?, rows::coupon)
}

fn ask_coupons(query: &CouponQuery) -> QueryBuilder<Sqlite> {
    let by_expiry = query.is_by_expiry();
    let table = if by_expiry { "coupons INDEXED BY coupons_live" } else { "coupons" };
    let mut sql = select(rows::COUPON, table);
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
        sql.push(", ").push_bind(id.number).push(")");
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
    sql.push_bind(query.limit);
    sql
}

pub(super) async fn coupon(
    pool: &SqlitePool,
    id: CouponId,
) -> Result<Option<CouponRow>, StoreError> {
    let mut sql = select(rows::COUPON, "coupons");
    sql.push(" AND stream = ").push_bind(id.account.to_string());
    sql.push(" AND number = ").push_bind(id.number);
    Ok(read(&all(pool, sql).await?, rows::coupon)?.pop())
}

pub(super) async fn entries(
    pool: &SqlitePool,
    query: EntryQuery,
) -> Result<Vec<(StreamId, LedgerRow)>, StoreError> {
    read(&all(pool, ask_entries(query)).await?, rows::entry)
}

fn ask_entries(query: EntryQuery) -> QueryBuilder<Sqlite> {
    let mut sql = select(rows::ENTRY, "ledger_entries");
    if let Some(stream) = query.stream {
        sql.push(" AND stream = ").push_bind(stream.to_string());
    }
    match query.chart {
        Some(ChartFilter::Account(account)) => {
            sql.push(" AND account = ").push_bind(account);
        }
        Some(ChartFilter::Under(prefix)) => {
            sql.push(" AND substr(account, 1, length(").push_bind(prefix.clone());
            sql.push(")) = ").push_bind(prefix);
        }
        Some(ChartFilter::OneOf(accounts)) => {
            one_of(&mut sql, " AND account IN (", accounts.into_iter());
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
    sql.push_bind(query.limit);
    sql
}

/// The place of the line that stands so many behind another; the text of the sum up to it.
const STEP: &str = "SELECT stream, seq, line FROM ledger_entries \
    WHERE (stream, seq, line) > (?, ?, ?) ORDER BY stream, seq, line LIMIT 1 OFFSET ?";
const SUM: &str = "SELECT account, currency, SUM(minor) FROM ledger_entries \
    WHERE (stream, seq, line) > (?, ?, ?) AND (stream, seq, line) <= (?, ?, ?) AND at <= ? \
    GROUP BY account, currency";

/// Sums the ledger in short reads. The lines of a record are written at once and never changed, so
/// the sums are of whole records, whatever is written meanwhile.
pub(super) async fn balances(
    pool: &SqlitePool,
    as_of: Timestamp,
) -> Result<Vec<Balance>, StoreError> {
    let mut sums = LedgerSums::default();
    let mut from = (String::new(), 0_i64, 0_i64);
    loop {
        let end = sqlx::query(STEP)
            .bind(from.0.clone())
            .bind(from.1)
            .bind(from.2)
            .bind(SUMMED - 1)
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

fn place(row: &SqliteRow) -> Result<(String, i64, i64), StoreError> {
    let mut columns = Columns::of(row);
    Ok((columns.string()?, columns.int()?, columns.int()?))
}

pub(super) async fn coverages(
    pool: &SqlitePool,
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
) -> QueryBuilder<Sqlite> {
    let mut sql = select(rows::COVERAGE, "coverages");
    sql.push(" AND starts_at <= ").push_bind(began_by.micros());
    if let Some((at, id)) = after {
        sql.push(" AND (starts_at, stream, number) > (").push_bind(at.micros());
        sql.push(", ").push_bind(id.account.to_string());
        sql.push(", ").push_bind(id.number).push(")");
    }
    sql.push(" ORDER BY starts_at, stream, number LIMIT ").push_bind(limit);
    sql
}

static ASK_COVERAGES: LazyLock<Ladder> = LazyLock::new(|| {
    let meet = "v.column1 = starts_at AND v.column2 = stream AND v.column3 = number";
    Ladder::ask("coverages", rows::COVERAGE, 3, meet)
});

pub(super) async fn coverages_at(
    pool: &SqlitePool,
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

/// Pages over everything that must come in the order of an index.
#[cfg(test)]
pub(super) fn in_order() -> Vec<String> {
    use crate::domain::ids::{AccountId, SubscriptionId};
    use crate::domain::nouns::coupon;

    let account = Some(AccountId::from_bits(1));
    let at = Some(Timestamp::MAX);
    let order = OrderId::new(AccountId::from_bits(1), 1);
    let before = Some((Timestamp::MAX, order));
    let window =
        OrderQuery { created_from: at, created_before: at, before, ..OrderQuery::default() };
    let subscription = Some(SubscriptionId::new(order.account, 1));
    let orders = [
        OrderQuery::default(),
        window.clone(),
        OrderQuery { account, ..window.clone() },
        OrderQuery { subscription, ..window.clone() },
        OrderQuery { state: Some(order::State::Unpaid), ..window.clone() },
        OrderQuery { state: Some(order::State::Paid), ..window },
    ];
    let after = Some((Timestamp::MAX, CouponId::new(order.account, 1)));
    let last = CouponQuery { after, expires_before: at, ..CouponQuery::default() };
    let coupons = [
        CouponQuery::default(),
        last.clone(),
        CouponQuery { account, ..last.clone() },
        CouponQuery { states: vec![coupon::State::Available], ..last.clone() },
        CouponQuery { states: vec![coupon::State::Used], ..last },
    ];
    let after = Some((StreamId::House, 1, 1));
    let entries = [
        EntryQuery::default(),
        EntryQuery { after, from: at, ..EntryQuery::default() },
        EntryQuery { after, stream: Some(StreamId::House), ..EntryQuery::default() },
    ];
    let coverages = [None, before].map(|after| ask_coverages(Timestamp::MAX, after, 9));
    let asked = orders.into_iter().map(ask_orders);
    let asked = asked.chain(coupons.iter().map(ask_coupons));
    let asked = asked.chain(entries.into_iter().map(ask_entries)).chain(coverages);
    asked.map(QueryBuilder::into_string).collect()
}

/// Statements that must find their rows by a key.
#[cfg(test)]
pub(super) fn keyed() -> Vec<&'static str> {
    ASK_COVERAGES.texts().into_iter().chain([STEP, SUM]).collect()
}
