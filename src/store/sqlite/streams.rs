//! Reading streams: heads, journals, tokens, what is due.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqlitePool};

use super::columns::Columns;
use super::fault::failed;
use super::ladder::Ladder;
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

/// The words of the partial index `streams_due`: SQLite uses it only if they stand in the query.
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

static LOAD: LazyLock<Ladder> = LazyLock::new(|| {
    let meet = "v.column1 = streams.stream \
                LEFT JOIN snapshots ON snapshots.stream = v.column1 AND snapshots.build = v.column2";
    Ladder::ask("streams", rows::LOADED, 2, meet)
});
static TOKENS: LazyLock<Ladder> = LazyLock::new(|| {
    Ladder::ask("tokens", rows::TOKEN, 2, "v.column1 = stream AND v.column2 = token")
});
static SEALED: LazyLock<Ladder> = LazyLock::new(|| {
    Ladder::ask("sealed", rows::SEALED, 2, "v.column1 = stream AND v.column2 = number")
});

pub(super) async fn load_many(
    pool: &SqlitePool,
    streams: &[StreamId],
    build: &str,
) -> Result<Vec<Option<Loaded>>, StoreError> {
    let mut conn = pool.acquire().await.map_err(failed)?;
    let found = LOAD.fetch(&mut conn, streams, |values, stream| {
        values.text(&stream.to_string()).text(build);
    });
    let found = found.await?;
    let loaded = found.iter().map(|row| rows::loaded(&mut Columns::of(row), build));
    let mut loaded = loaded.collect::<Result<HashMap<_, _>, _>>()?;
    Ok(streams.iter().map(|stream| loaded.remove(stream)).collect())
}

pub(super) async fn tokens(
    pool: &SqlitePool,
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

pub(super) async fn holder(
    pool: &SqlitePool,
    claim: &Claim,
) -> Result<Option<StreamId>, StoreError> {
    let found = sqlx::query("SELECT stream FROM claims WHERE kind = ? AND hash = ?")
        .bind(claim.kind.as_str())
        .bind(claim.hash.as_slice())
        .fetch_optional(pool)
        .await
        .map_err(failed)?;
    found.map(|row| Columns::of(&row).stream()).transpose()
}

/// For each job its oldest due, merged: five short walks along the index instead of one long one.
static DUE: LazyLock<&'static str> = LazyLock::new(|| {
    let part = concat!(
        "SELECT * FROM (SELECT stream, due_at, due_job FROM streams WHERE due_job = ? \
         AND due_at <= ? AND (due_at, stream) > (?, ?) AND ",
        waits!(),
        " ORDER BY due_at, stream LIMIT ?)"
    );
    let parts = vec![part; Job::ALL.len()].join(" UNION ALL ");
    String::leak(format!("{parts} ORDER BY 2, 1 LIMIT ?"))
});

pub(super) async fn due(pool: &SqlitePool, query: DueQuery) -> Result<Vec<DueRow>, StoreError> {
    let (after_at, after_stream) = match query.after {
        Some((at, stream)) => (at.micros(), stream.to_string()),
        None => (i64::MIN, String::new()),
    };
    let mut asked = sqlx::query(*DUE);
    for job in Job::ALL {
        let until =
            if job == query.job { query.until.max(query.any_until) } else { query.any_until };
        asked = asked
            .bind(job.as_str())
            .bind(until.micros())
            .bind(after_at)
            .bind(after_stream.clone())
            .bind(query.limit);
    }
    let found = asked.bind(query.limit).fetch_all(pool).await.map_err(failed)?;
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
             AND {waits} ORDER BY due_at LIMIT 1)"
        )
    };
    String::leak(Job::ALL.map(part).join(" UNION ALL "))
});

pub(super) async fn next_due(pool: &SqlitePool) -> Result<BTreeMap<Job, Timestamp>, StoreError> {
    let found = sqlx::query(*NEXT_DUE).fetch_all(pool).await.map_err(failed)?;
    let pair = |row| {
        let mut columns = Columns::of(row);
        Ok((codec::job(columns.str()?)?, columns.at()?))
    };
    found.iter().map(pair).collect()
}

pub(super) async fn stale(
    pool: &SqlitePool,
    rules_version: u32,
    after: Option<StreamId>,
    limit: u32,
) -> Result<Vec<StreamId>, StoreError> {
    let sql = concat!(
        "SELECT stream FROM streams WHERE stream > ? AND ",
        is_account!(),
        " AND rules_version < ? ORDER BY stream LIMIT ?"
    );
    let found = sqlx::query(sql)
        .bind(after.map(|stream| stream.to_string()).unwrap_or_default())
        .bind(rules_version)
        .bind(limit)
        .fetch_all(pool)
        .await
        .map_err(failed)?;
    found.iter().map(|row| Columns::of(row).stream()).collect()
}

static ACCOUNTS: LazyLock<&'static str> = LazyLock::new(|| {
    let (head, is_account) = (rows::HEAD, is_account!());
    String::leak(format!(
        "SELECT {head} FROM streams WHERE stream > ? AND {is_account} ORDER BY stream LIMIT ?"
    ))
});

pub(super) async fn accounts(
    pool: &SqlitePool,
    after: Option<AccountId>,
    limit: u32,
) -> Result<Vec<(AccountId, Head)>, StoreError> {
    let found = sqlx::query(*ACCOUNTS)
        .bind(after.map(|account| account.to_string()).unwrap_or_default())
        .bind(limit)
        .fetch_all(pool)
        .await
        .map_err(failed)?;
    with_heads(&found)
}

fn with_heads(found: &[SqliteRow]) -> Result<Vec<(AccountId, Head)>, StoreError> {
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
        "SELECT {head} FROM streams WHERE instr(summary, '\"closure\":') > 0 AND stream > ? \
         AND instr(summary, ?) > 0 ORDER BY stream LIMIT ?"
    ))
});

pub(super) async fn closures(
    pool: &SqlitePool,
    stage: Option<Stage>,
    after: Option<AccountId>,
    limit: u32,
) -> Result<Vec<(AccountId, Head)>, StoreError> {
    let found = sqlx::query(*CLOSURES)
        .bind(after.map(|account| account.to_string()).unwrap_or_default())
        .bind(codec::at_stage(stage))
        .bind(limit)
        .fetch_all(pool)
        .await
        .map_err(failed)?;
    with_heads(&found)
}

static ASK_ACCOUNTS: LazyLock<Ladder> =
    LazyLock::new(|| Ladder::ask("streams", "stream", 1, "v.column1 = stream"));

/// Those of the accounts that exist.
pub(super) async fn known_accounts(
    conn: &mut SqliteConnection,
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
    String::leak(format!("SELECT {head} FROM streams WHERE stream > ? ORDER BY stream LIMIT ?"))
});

pub(super) async fn shared(
    pool: &SqlitePool,
    after: Option<StreamId>,
    limit: u32,
) -> Result<Vec<(StreamId, Head)>, StoreError> {
    let found = sqlx::query(*SHARED)
        .bind(after.map_or_else(|| "acc`".to_owned(), |stream| stream.to_string()))
        .bind(limit)
        .fetch_all(pool)
        .await
        .map_err(failed)?;
    found.iter().map(|row| rows::head(&mut Columns::of(row))).collect()
}

/// Begins to count the accounts as they are now: a walk over the whole table, so it is done once
/// and kept up to date, and nobody waits for it.
pub(super) async fn count_accounts(
    pool: &SqlitePool,
    count: &AccountCount,
) -> Result<(), StoreError> {
    let mut reading = pool.begin().await.map_err(failed)?;
    // From its first read on a transaction sees nothing that comes later.
    let first = "SELECT stream FROM streams LIMIT 1";
    sqlx::query(first).fetch_optional(&mut *reading).await.map_err(failed)?;
    let counting = count.begin();
    tokio::spawn(async move {
        let sql = concat!("SELECT COUNT(*) FROM streams WHERE ", is_account!());
        let counted = match sqlx::query(sql).fetch_one(&mut *reading).await {
            Ok(row) => Columns::of(&row).natural(),
            Err(error) => Err(failed(error)),
        };
        drop(reading);
        counting.end(counted);
    });
    Ok(())
}

pub(super) async fn journal(
    pool: &SqlitePool,
    stream: StreamId,
    after_seq: u64,
    limit: u32,
) -> Result<Vec<StoredRecord>, StoreError> {
    let found = sqlx::query(
        "SELECT stream, seq, at, digest, body FROM journal WHERE stream = ? AND seq > ? \
         ORDER BY seq LIMIT ?",
    )
    .bind(stream.to_string())
    .bind(codec::whole(after_seq))
    .bind(limit)
    .fetch_all(pool)
    .await
    .map_err(failed)?;
    found.iter().map(|row| rows::record(&mut Columns::of(row)).map(|(_, record)| record)).collect()
}

pub(super) async fn sealed(
    pool: &SqlitePool,
    stream: StreamId,
    numbers: &[u32],
) -> Result<Option<(Vec<u8>, Vec<SealedRow>)>, StoreError> {
    let stream = stream.to_string();
    let mut conn = pool.acquire().await.map_err(failed)?;
    // Zeros stand where a key was destroyed.
    let key = "SELECT wrapped FROM keys WHERE stream = ? AND wrapped <> zeroblob(length(wrapped))";
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
    pool: &SqlitePool,
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

/// Statements that must find their rows by a key.
#[cfg(test)]
pub(super) fn keyed() -> Vec<&'static str> {
    let ladders = [&ASK_ACCOUNTS, &LOAD, &TOKENS, &SEALED];
    let texts = ladders.iter().flat_map(|ladder| ladder.texts());
    texts.chain([*DUE, *NEXT_DUE, *ACCOUNTS, *CLOSURES, *SHARED]).collect()
}
