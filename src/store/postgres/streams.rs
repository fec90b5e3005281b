//! Reading streams: heads, journals, tokens, what is due.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use sqlx::postgres::PgRow;
use sqlx::{Connection as _, PgConnection, PgPool};

use super::columns::Columns;
use super::fault::failed;
use super::open::Address;
use super::unnest::Unnest;
use crate::domain::agenda::Job;
use crate::domain::calendar::Timestamp;
use crate::domain::facts::Question;
use crate::domain::ids::{AccountId, StreamId};
use crate::domain::nouns::closure::Stage;
use crate::store::account_count::AccountCount;
use crate::store::rows::{self, Columns as _, Values as _};
use crate::store::{
    Claim, DueQuery, DueRow, Head, Loaded, SealedRow, StoreError, StoredRecord, TokenRow, codec,
};

/// The words of the partial index `streams_due`: it is used only if they stand in the query.
macro_rules! waits {
    () => {
        "parked_at = 9223372036854775807 AND due_at < 253402300799000000"
    };
}

/// All accounts and not the house: every id that starts with `acc_`, as a range.
macro_rules! is_account {
    () => {
        "stream >= 'acc_' AND stream < 'acc`'"
    };
}

static TOKENS: LazyLock<Unnest> = LazyLock::new(|| {
    Unnest::ask("tokens", rows::TOKEN, 2, "v.column1 = stream AND v.column2 = token")
});
static SEALED: LazyLock<Unnest> = LazyLock::new(|| {
    Unnest::ask("sealed", rows::SEALED, 2, "v.column1 = stream AND v.column2 = number")
});

static LOAD: LazyLock<&'static str> = LazyLock::new(|| {
    let loaded = rows::LOADED;
    String::leak(format!(
        "SELECT {loaded} FROM UNNEST($1) AS v (stream) JOIN streams ON streams.stream = v.stream \
         LEFT JOIN snapshots ON snapshots.stream = v.stream AND snapshots.build = $2"
    ))
});

pub(super) async fn load_many(
    pool: &PgPool,
    streams: &[StreamId],
    build: &str,
) -> Result<Vec<Option<Loaded>>, StoreError> {
    let texts: BTreeSet<_> = streams.iter().map(StreamId::to_string).collect();
    let texts: Vec<_> = texts.into_iter().collect();
    let found = sqlx::query(*LOAD).bind(texts).bind(build).fetch_all(pool).await;
    let found = found.map_err(failed)?;
    let loaded = found.iter().map(|row| rows::loaded(&mut Columns::of(row), build));
    let mut loaded = loaded.collect::<Result<HashMap<_, _>, _>>()?;
    Ok(streams.iter().map(|stream| loaded.remove(stream)).collect())
}

pub(super) async fn tokens(
    pool: &PgPool,
    stream: StreamId,
    tokens: &[String],
) -> Result<Vec<TokenRow>, StoreError> {
    let stream = stream.to_string();
    let asked: BTreeSet<_> = tokens.iter().collect();
    let asked: Vec<_> = asked.into_iter().collect();
    let mut conn = pool.acquire().await.map_err(failed)?;
    let found = TOKENS.fetch(&mut conn, &asked, |values, token| {
        values.text(&stream).text(token);
    });
    let found = found.await?;
    let mut found: Vec<_> =
        found.iter().map(|row| rows::token(&mut Columns::of(row))).collect::<Result<_, _>>()?;
    found.sort_unstable_by(|a, b| a.token.cmp(&b.token));
    Ok(found)
}

pub(super) async fn holder(pool: &PgPool, claim: &Claim) -> Result<Option<StreamId>, StoreError> {
    let found = sqlx::query("SELECT stream FROM claims WHERE kind = $1 AND hash = $2")
        .bind(claim.kind.as_str())
        .bind(claim.hash.as_slice())
        .fetch_optional(pool)
        .await
        .map_err(failed)?;
    found.map(|row| Columns::of(&row).stream()).transpose()
}

/// For each job its oldest due, merged: short walks along the index instead of one long one.
static DUE: LazyLock<&'static str> = LazyLock::new(|| {
    let part = |job: Job| {
        let (job, waits) = (job.as_str(), waits!());
        format!(
            "SELECT * FROM (SELECT stream, due_at, due_job FROM streams WHERE due_job = '{job}' \
             AND due_at <= CASE WHEN $1 = '{job}' THEN $2 ELSE $3 END \
             AND (due_at, stream) > ($4, $5) AND {waits} \
             ORDER BY due_at, stream LIMIT $6) AS {job}"
        )
    };
    let parts = Job::ALL.map(part).join(" UNION ALL ");
    String::leak(format!("{parts} ORDER BY 2, 1 LIMIT $6"))
});

pub(super) async fn due(pool: &PgPool, query: DueQuery) -> Result<Vec<DueRow>, StoreError> {
    let (after_at, after_stream) = match query.after {
        Some((at, stream)) => (at.micros(), stream.to_string()),
        None => (i64::MIN, String::new()),
    };
    let found = sqlx::query(*DUE)
        .bind(query.job.as_str())
        .bind(query.until.max(query.any_until).micros())
        .bind(query.any_until.micros())
        .bind(after_at)
        .bind(after_stream)
        .bind(i64::from(query.limit))
        .fetch_all(pool)
        .await
        .map_err(failed)?;
    let row = |row| {
        let mut columns = Columns::of(row);
        Ok(DueRow {
            stream: columns.stream()?,
            due_at: columns.at()?,
            job: codec::job(columns.str()?)?,
        })
    };
    found.iter().map(row).collect()
}

static NEXT_DUE: LazyLock<&'static str> = LazyLock::new(|| {
    let part = |job: Job| {
        let job = job.as_str();
        let waits = waits!();
        format!(
            "SELECT * FROM (SELECT due_job, due_at FROM streams WHERE due_job = '{job}' \
             AND {waits} ORDER BY due_at LIMIT 1) AS {job}"
        )
    };
    String::leak(Job::ALL.map(part).join(" UNION ALL "))
});

pub(super) async fn next_due(pool: &PgPool) -> Result<BTreeMap<Job, Timestamp>, StoreError> {
    let found = sqlx::query(*NEXT_DUE).fetch_all(pool).await.map_err(failed)?;
    let pair = |row| {
        let mut columns = Columns::of(row);
        Ok((codec::job(columns.str()?)?, columns.at()?))
    };
    found.iter().map(pair).collect()
}

pub(super) async fn stale(
    pool: &PgPool,
    rules_version: u32,
    after: Option<StreamId>,
    limit: u32,
) -> Result<Vec<StreamId>, StoreError> {
    let sql = concat!(
        "SELECT stream FROM streams WHERE stream > $1 AND ",
        is_account!(),
        " AND rules_version < $2 ORDER BY stream LIMIT $3"
    );
    let found = sqlx::query(sql)
        .bind(after.map(|stream| stream.to_string()).unwrap_or_default())
        .bind(i64::from(rules_version))
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await
        .map_err(failed)?;
    found.iter().map(|row| Columns::of(row).stream()).collect()
}

static ACCOUNTS: LazyLock<&'static str> = LazyLock::new(|| {
    let (head, is_account) = (rows::HEAD, is_account!());
    String::leak(format!(
        "SELECT {head} FROM streams WHERE stream > $1 AND {is_account} ORDER BY stream LIMIT $2"
    ))
});

pub(super) async fn accounts(
    pool: &PgPool,
    after: Option<AccountId>,
    limit: u32,
) -> Result<Vec<(AccountId, Head)>, StoreError> {
    let found = sqlx::query(*ACCOUNTS)
        .bind(after.map(|account| account.to_string()).unwrap_or_default())
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await
        .map_err(failed)?;
    with_heads(&found)
}

fn with_heads(found: &[PgRow]) -> Result<Vec<(AccountId, Head)>, StoreError> {
    let pair = |row| {
        let (stream, head) = rows::head(&mut Columns::of(row))?;
        Ok((codec::account(stream)?, head))
    };
    found.iter().map(pair).collect()
}

/// The first condition is that of the index, word by word.
static CLOSURES: LazyLock<&'static str> = LazyLock::new(|| {
    let head = rows::HEAD;
    String::leak(format!(
        "SELECT {head} FROM streams WHERE strpos(summary, '\"closure\":') > 0 AND stream > $1 \
         AND strpos(summary, $2) > 0 ORDER BY stream LIMIT $3"
    ))
});

pub(super) async fn closures(
    pool: &PgPool,
    stage: Option<Stage>,
    after: Option<AccountId>,
    limit: u32,
) -> Result<Vec<(AccountId, Head)>, StoreError> {
    let found = sqlx::query(*CLOSURES)
        .bind(after.map(|account| account.to_string()).unwrap_or_default())
        .bind(codec::at_stage(stage))
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await
        .map_err(failed)?;
    with_heads(&found)
}

static ASK_ACCOUNTS: LazyLock<Unnest> =
    LazyLock::new(|| Unnest::ask("streams", "stream", 1, "v.column1 = stream"));

/// Those of the accounts that exist.
pub(super) async fn known_accounts(
    conn: &mut PgConnection,
    accounts: &[AccountId],
) -> Result<Vec<Question>, StoreError> {
    let found = ASK_ACCOUNTS.fetch(conn, accounts, |values, account| {
        values.text(&account.to_string());
    });
    let account = |row| codec::account(Columns::of(row).stream()?).map(Question::Account);
    found.await?.iter().map(account).collect()
}

/// Of all ids only those of accounts come before the bound.
static SHARED: LazyLock<&'static str> = LazyLock::new(|| {
    let head = rows::HEAD;
    String::leak(format!("SELECT {head} FROM streams WHERE stream > $1 ORDER BY stream LIMIT $2"))
});

pub(super) async fn shared(
    pool: &PgPool,
    after: Option<StreamId>,
    limit: u32,
) -> Result<Vec<(StreamId, Head)>, StoreError> {
    let found = sqlx::query(*SHARED)
        .bind(after.map_or_else(|| "acc`".to_owned(), |stream| stream.to_string()))
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await
        .map_err(failed)?;
    found.iter().map(|row| rows::head(&mut Columns::of(row))).collect()
}

/// Begins to count the accounts as they are now, on a connection of its own: a walk over the whole
/// table, so it is done once and kept up to date, and nobody waits for it. Answers whether it is
/// begun: where it is not quiet any more when the moment of the count is fixed, it is not.
pub(super) async fn count_accounts(
    address: &Address,
    count: &AccountCount,
    is_quiet: impl Fn() -> bool,
) -> Result<bool, StoreError> {
    let mut conn = address.writer().await?;
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    sqlx::query(begin).execute(&mut conn).await.map_err(failed)?;
    // From its first read on a transaction sees nothing that comes later.
    let first = "SELECT stream FROM streams LIMIT 1";
    sqlx::query(first).fetch_optional(&mut conn).await.map_err(failed)?;
    if !is_quiet() {
        return Ok(false);
    }
    let counting = count.begin();
    tokio::spawn(async move {
        let sql = concat!("SELECT COUNT(*) FROM streams WHERE ", is_account!());
        let counted = match sqlx::query(sql).fetch_one(&mut conn).await {
            Ok(row) => Columns::of(&row).natural(),
            Err(error) => Err(failed(error)),
        };
        counting.end(counted);
        // It has nothing to say any more.
        let _ = conn.close().await;
    });
    Ok(true)
}

pub(super) async fn journal(
    pool: &PgPool,
    stream: StreamId,
    after_seq: u64,
    limit: u32,
) -> Result<Vec<StoredRecord>, StoreError> {
    let found = sqlx::query(
        "SELECT stream, seq, at, digest, body FROM journal WHERE stream = $1 AND seq > $2 \
         ORDER BY seq LIMIT $3",
    )
    .bind(stream.to_string())
    .bind(codec::whole(after_seq))
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await
    .map_err(failed)?;
    found.iter().map(|row| rows::record(&mut Columns::of(row)).map(|(_, record)| record)).collect()
}

pub(super) async fn sealed(
    pool: &PgPool,
    stream: StreamId,
    numbers: &[u32],
) -> Result<Option<(Vec<u8>, Vec<SealedRow>)>, StoreError> {
    let stream = stream.to_string();
    let mut conn = pool.acquire().await.map_err(failed)?;
    // Zeros stand where a key was destroyed.
    let key = concat!("SELECT wrapped FROM keys WHERE stream = $1 AND wrapped <> ", zeros!());
    let key =
        sqlx::query(key).bind(stream.clone()).fetch_optional(&mut *conn).await.map_err(failed)?;
    let Some(key) = key else { return Ok(None) };
    let wrapped = Columns::of(&key).blob()?.to_vec();
    let asked: BTreeSet<_> = numbers.iter().copied().collect();
    let asked: Vec<_> = asked.into_iter().collect();
    let found = SEALED.fetch(&mut conn, &asked, |values, number| {
        values.text(&stream).int(*number);
    });
    let found = found.await?;
    let mut found: Vec<_> =
        found.iter().map(|row| rows::sealed(&mut Columns::of(row))).collect::<Result<_, _>>()?;
    found.sort_unstable_by_key(|row| row.number);
    Ok(Some((wrapped, found)))
}

pub(super) async fn parked(
    pool: &PgPool,
) -> Result<Vec<(StreamId, Timestamp, String)>, StoreError> {
    let found = sqlx::query(
        "SELECT stream, parked_at, parked_reason FROM streams \
         WHERE parked_at <> 9223372036854775807 ORDER BY parked_at, stream",
    )
    .fetch_all(pool)
    .await
    .map_err(failed)?;
    let row = |row| {
        let mut columns = Columns::of(row);
        Ok((columns.stream()?, columns.at()?, columns.string()?))
    };
    found.iter().map(row).collect()
}
