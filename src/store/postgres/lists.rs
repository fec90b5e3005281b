//! Reading lists: subscriptions, orders, ledger lines, deliveries, runs.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::LazyLock;

use sqlx::postgres::PgRow;
use sqlx::{PgPool, Postgres, QueryBuilder};

use super::columns::Columns;
use super::fault::failed;
use super::unnest::{Unnest, plain};
use super::{streams, usage, withdrawals};
use crate::domain::agenda::Job;
use crate::domain::calendar::Timestamp;
use crate::domain::facts::{Facts, Question};
use crate::domain::ids::{AccountId, CouponId, OrderId, ResourceId, StreamId, SubscriptionId};
use crate::domain::nouns::order::Order;
use crate::domain::rows::SubscriptionRow;
use crate::store::rows::{self, Columns as _, Values as _};
use crate::store::{
    Channel, Delivery, DeliveryQuery, DeliveryState, JobRun, LedgerRow, OutboxDepth, StoreError,
    SubscriptionQuery, codec,
};

pub(super) fn read<'r, T>(
    found: &'r [PgRow],
    row: impl Fn(&mut Columns<'r>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    found.iter().map(|found| row(&mut Columns::of(found))).collect()
}

pub(super) fn select(columns: &str, table: impl Display) -> QueryBuilder<Postgres> {
    QueryBuilder::new(format!("SELECT {columns} FROM {table} WHERE TRUE"))
}

pub(super) async fn all(
    pool: &PgPool,
    mut query: QueryBuilder<Postgres>,
) -> Result<Vec<PgRow>, StoreError> {
    query.build().fetch_all(pool).await.map_err(failed)
}

static ASK_NOUNS: LazyLock<[Unnest; 4]> = LazyLock::new(|| {
    let meet = "v.column1 = stream AND v.column2 = number";
    ["orders", "subscriptions", "coupons", "resources"]
        .map(|table| Unnest::ask(table, "stream, number", 2, meet))
});

pub(super) async fn facts(pool: &PgPool, questions: &[Question]) -> Result<Facts, StoreError> {
    let mut facts = Facts::default();
    if questions.is_empty() {
        return Ok(facts);
    }
    let mut asked = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    let (mut accounts, mut reports, mut withdrawals) = (Vec::new(), Vec::new(), Vec::new());
    for question in questions {
        match question {
            Question::Order(id) => asked[0].push((id.account, id.number)),
            Question::Subscription(id) => asked[1].push((id.account, id.number)),
            Question::Coupon(id) => asked[2].push((id.account, id.number)),
            Question::Account(id) => accounts.push(*id),
            Question::Withdrawal(id) => withdrawals.push(*id),
            Question::Resource(id) => asked[3].push((id.account, id.number)),
            Question::Usage(account, key) => reports.push((*account, *key)),
        }
    }
    let answers: [fn(AccountId, u32) -> Question; 4] = [
        |account, number| Question::Order(OrderId::new(account, number)),
        |account, number| Question::Subscription(SubscriptionId::new(account, number)),
        |account, number| Question::Coupon(CouponId::new(account, number)),
        |account, number| Question::Resource(ResourceId::new(account, number)),
    ];
    let mut conn = pool.acquire().await.map_err(failed)?;
    facts.usage = usage::seen(&mut conn, &reports).await?;
    facts.found.extend(streams::known_accounts(&mut conn, &accounts).await?);
    let known = withdrawals::known(&mut conn, &withdrawals).await?;
    facts.found.extend(known.iter().map(|known| Question::Withdrawal(known.id)));
    facts.withdrawals.extend(known.into_iter().map(|known| (known.id, known)));
    for ((ladder, asked), answer) in ASK_NOUNS.iter().zip(&asked).zip(answers) {
        let found = ladder.fetch(&mut conn, asked, |values, (account, number)| {
            values.text(&account.to_string()).int(*number);
        });
        for row in found.await? {
            let mut columns = Columns::of(&row);
            let account = codec::account(columns.stream()?)?;
            facts.found.insert(answer(account, columns.natural()?));
        }
    }
    Ok(facts)
}

pub(super) async fn subscriptions(
    pool: &PgPool,
    query: SubscriptionQuery,
) -> Result<Vec<SubscriptionRow>, StoreError> {
    read(&all(pool, ask_subscriptions(query)).await?, rows::subscription)
}

fn ask_subscriptions(query: SubscriptionQuery) -> QueryBuilder<Postgres> {
    let mut sql = select(rows::SUBSCRIPTION, "subscriptions");
    if let Some(account) = query.account {
        sql.push(" AND stream = ").push_bind(account.to_string());
    }
    if let Some(from) = query.expires_from {
        sql.push(" AND expires_at >= ").push_bind(from.micros());
    }
    if let Some(before) = query.expires_before {
        sql.push(" AND expires_at < ").push_bind(before.micros());
    }
    if query.expires_from.is_some() || query.expires_before.is_some() {
        // What was never paid has no expiry to compare.
        sql.push(" AND period <> ''");
    }
    if !query.modes.is_empty() {
        one_of(&mut sql, " AND mode IN (", query.modes.iter().map(|mode| mode.as_str()));
    }
    if !query.states.is_empty() {
        one_of(&mut sql, " AND state IN (", query.states.iter().map(|state| state.as_str()));
    }
    if let Some(product) = query.product {
        sql.push(" AND product = ").push_bind(plain(&product));
    }
    if let Some(region) = query.region {
        sql.push(" AND region = ").push_bind(plain(&region));
    }
    if let Some((at, id)) = query.after {
        sql.push(" AND (expires_at, stream, number) > (").push_bind(at.micros());
        sql.push(", ").push_bind(id.account.to_string());
        sql.push(", ").push_bind(i64::from(id.number)).push(")");
    }
    sql.push(" ORDER BY expires_at, stream, number LIMIT ").push_bind(i64::from(query.limit));
    sql
}

pub(super) fn one_of(
    sql: &mut QueryBuilder<Postgres>,
    before: &str,
    words: impl Iterator<Item = impl Into<String>>,
) {
    sql.push(before);
    let mut list = sql.separated(", ");
    for word in words {
        list.push_bind(word.into());
    }
    sql.push(")");
}

pub(super) async fn subscription(
    pool: &PgPool,
    id: SubscriptionId,
) -> Result<Option<SubscriptionRow>, StoreError> {
    let mut sql = select(rows::SUBSCRIPTION, "subscriptions");
    sql.push(" AND stream = ").push_bind(id.account.to_string());
    sql.push(" AND number = ").push_bind(i64::from(id.number));
    Ok(read(&all(pool, sql).await?, rows::subscription)?.pop())
}

pub(super) async fn order(pool: &PgPool, id: OrderId) -> Result<Option<Order>, StoreError> {
    let mut sql = select(rows::ORDER, "orders");
    sql.push(" AND stream = ").push_bind(id.account.to_string());
    sql.push(" AND number = ").push_bind(i64::from(id.number));
    Ok(read(&all(pool, sql).await?, rows::order)?.pop())
}

pub(super) async fn ledger(
    pool: &PgPool,
    stream: StreamId,
    after: Option<(u64, u32)>,
    limit: u32,
) -> Result<Vec<LedgerRow>, StoreError> {
    let mut sql = select(rows::ENTRY, "ledger_entries");
    sql.push(" AND stream = ").push_bind(stream.to_string());
    if let Some((seq, line)) = after {
        sql.push(" AND (seq, line) > (").push_bind(codec::whole(seq));
        sql.push(", ").push_bind(i64::from(line)).push(")");
    }
    sql.push(" ORDER BY seq, line LIMIT ").push_bind(i64::from(limit));
    Ok(read(&all(pool, sql).await?, rows::entry)?.into_iter().map(|(_, row)| row).collect())
}

/// The words of the partial index `outbox_open` come first: it is used only if they stand
/// in the query.
const OPEN: &str = " AND state IN ('waiting', 'dead')";

pub(super) async fn ready(
    pool: &PgPool,
    channel: Channel,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Delivery>, StoreError> {
    read(&all(pool, ask_ready(channel, now, limit)).await?, rows::delivery)
}

fn ask_ready(channel: Channel, now: Timestamp, limit: u32) -> QueryBuilder<Postgres> {
    let mut sql = select(rows::DELIVERY, "outbox AS o");
    sql.push(OPEN).push(" AND state = 'waiting' AND channel = ").push_bind(channel.as_str());
    sql.push(" AND next_at <= ").push_bind(now.micros());
    if channel == Channel::Webhook {
        sql.push(
            " AND NOT EXISTS (SELECT 1 FROM outbox AS e \
             WHERE e.stream = o.stream \
             AND e.endpoint = o.endpoint AND e.state = 'waiting' AND e.channel = 'webhook' \
             AND (e.seq, e.n) < (o.seq, o.n))",
        );
    }
    sql.push(" ORDER BY next_at, stream, seq, n LIMIT ").push_bind(i64::from(limit));
    sql
}

pub(super) async fn deliveries(
    pool: &PgPool,
    query: DeliveryQuery,
) -> Result<Vec<Delivery>, StoreError> {
    read(&all(pool, ask_deliveries(&query)).await?, rows::delivery)
}

fn ask_deliveries(query: &DeliveryQuery) -> QueryBuilder<Postgres> {
    let open = matches!(query.state, Some(DeliveryState::Waiting | DeliveryState::Dead));
    let mut sql = select(rows::DELIVERY, "outbox");
    if open && query.stream.is_none() {
        sql.push(OPEN);
    }
    if let Some(stream) = query.stream {
        sql.push(" AND stream = ").push_bind(stream.to_string());
    }
    if let Some(state) = query.state {
        sql.push(" AND state = ").push_bind(state.as_str());
    }
    if let Some(channel) = query.channel {
        sql.push(" AND channel = ").push_bind(channel.as_str());
    }
    if let Some((at, key)) = query.before {
        sql.push(" AND (at, stream, seq, n) < (").push_bind(at.micros());
        sql.push(", ").push_bind(key.stream.to_string());
        sql.push(", ").push_bind(codec::whole(key.seq));
        sql.push(", ").push_bind(i64::from(key.n)).push(")");
    }
    sql.push(" ORDER BY at DESC, stream DESC, seq DESC, n DESC LIMIT ")
        .push_bind(i64::from(query.limit));
    sql
}

pub(super) async fn outbox_depth(
    pool: &PgPool,
) -> Result<BTreeMap<Channel, OutboxDepth>, StoreError> {
    let found = sqlx::query(
        "SELECT channel, state, COUNT(*), MIN(at), MIN(next_at) FROM outbox \
         WHERE state IN ('waiting', 'dead') GROUP BY channel, state",
    )
    .fetch_all(pool)
    .await
    .map_err(failed)?;
    let mut depths: BTreeMap<Channel, OutboxDepth> = BTreeMap::new();
    for row in &found {
        let mut columns = Columns::of(row);
        let depth = depths.entry(codec::channel(columns.str()?)?).or_default();
        if codec::delivery_state(columns.str()?)? == DeliveryState::Waiting {
            depth.waiting_count = columns.natural()?;
            depth.oldest_at = Some(columns.at()?);
            depth.next_at = Some(columns.at()?);
        } else {
            depth.dead_count = columns.natural()?;
        }
    }
    Ok(depths)
}

static RUNS: LazyLock<&'static str> = LazyLock::new(|| {
    let part = |job: Job| {
        let (job, run) = (job.as_str(), rows::RUN);
        format!(
            "SELECT * FROM (SELECT {run} FROM job_runs WHERE job = '{job}' \
             ORDER BY n DESC LIMIT $1) AS {job}"
        )
    };
    String::leak(Job::ALL.map(part).join(" UNION ALL "))
});

pub(super) async fn job_runs(pool: &PgPool, limit: u32) -> Result<Vec<JobRun>, StoreError> {
    let found = sqlx::query(*RUNS).bind(i64::from(limit)).fetch_all(pool).await.map_err(failed)?;
    let mut runs = read(&found, rows::run)?;
    runs.sort_by(|a, b| (b.at, a.job).cmp(&(a.at, b.job)));
    Ok(runs)
}
