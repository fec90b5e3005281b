//! The erasure of closed accounts, step by step. Closing is rare: one account at a time.

use std::sync::LazyLock;

use sqlx::{SqliteConnection, SqlitePool};

use super::columns::Columns;
use super::fault::{Fault, failed};
use super::lists::read;
use crate::domain::calendar::Timestamp;
use crate::domain::ids::StreamId;
use crate::store::batch::Closing;
use crate::store::rows::{Columns as _, beside};
use crate::store::{Erasure, ErasureStage, LegalHold, Retained, StoreError, codec};

const RELEASE_CLAIMS: &str = "DELETE FROM claims WHERE stream = ?";
const BEGIN: &str = "INSERT INTO erasures (stream, stage, seq, closed_at, destroyed_at, \
    erased_at, swept_at, claim_count, sealed_count, delivery_count, mail_count) \
    VALUES (?, 'waiting', ?, ?, ?, ?, ?, ?, 0, 0, 0)";

/// Nothing of the account in `column` waits to be sent.
macro_rules! all_is_sent {
    ($column:literal) => {
        concat!(
            "NOT EXISTS (SELECT 1 FROM outbox INDEXED BY outbox_waiting WHERE outbox.stream = ",
            $column,
            " AND outbox.state = 'waiting')"
        )
    };
}

/// No legal hold keeps the account in `column`.
macro_rules! is_free {
    ($column:literal) => {
        concat!("NOT EXISTS (SELECT 1 FROM legal_holds WHERE legal_holds.stream = ", $column, ")")
    };
}

const DESTROY: &str = concat!(
    "UPDATE erasures SET stage = 'scrubbing', destroyed_at = ?2, mail_count = ?3, \
     sealed_count = (SELECT COUNT(*) FROM sealed WHERE sealed.stream = ?1), \
     delivery_count = (SELECT COUNT(*) FROM outbox WHERE outbox.stream = ?1) \
     WHERE stream = ?1 AND stage = 'waiting' AND ",
    all_is_sent!("?1"),
    " AND ",
    is_free!("?1")
);
/// Zeros of the same length stand where it stood, in the same page: see the migration.
const DESTROY_KEY: &str = "UPDATE keys SET wrapped = zeroblob(length(wrapped)) WHERE stream = ?";
const DESTROY_SEALED: &str = "DELETE FROM sealed WHERE stream = ?";
const DESTROY_DELIVERIES: &str = "DELETE FROM outbox WHERE stream = ?";
const RETAIN_KEY: &str = "INSERT INTO retention_keys (stream, wrapped) VALUES (?, ?)";
const RETAIN: &str = "INSERT INTO retained (stream, sealed) VALUES (?, ?)";
const SWEEP: &str = concat!(
    "UPDATE erasures SET stage = 'sweeping', swept_at = ?2 \
     WHERE stream = ?1 AND stage = 'erased' AND ",
    is_free!("?1")
);
const DESTROY_RETENTION_KEY: &str =
    "UPDATE retention_keys SET wrapped = zeroblob(length(wrapped)) WHERE stream = ?";
const DESTROY_RETAINED: &str = "DELETE FROM retained WHERE stream = ?";
const END: &str = "UPDATE erasures SET stage = 'erased', erased_at = ? \
    WHERE stream = ? AND stage = 'scrubbing'";
const END_SWEEP: &str =
    "UPDATE erasures SET stage = 'swept' WHERE stream = ? AND stage = 'sweeping'";
const SET_HOLD: &str = "INSERT INTO legal_holds (stream, held_at, uid, reason) \
    VALUES (?, ?, ?, ?) ON CONFLICT (stream) DO UPDATE SET held_at = excluded.held_at, \
    uid = excluded.uid, reason = excluded.reason";
const LIFT_HOLD: &str = "DELETE FROM legal_holds WHERE stream = ?";

/// Releases the claims of an account that is closed, and opens its erasure.
pub(super) async fn begin(conn: &mut SqliteConnection, closing: &Closing<'_>) -> Result<(), Fault> {
    let Closing { stream, head, unwritten } = *closing;
    let released = sqlx::query(RELEASE_CLAIMS).bind(stream).execute(&mut *conn).await?;
    let claim_count = released.rows_affected().saturating_add(unwritten);
    let begun = sqlx::query(BEGIN)
        .bind(stream)
        .bind(codec::whole(head.seq))
        .bind(head.at.micros())
        .bind(codec::NO_INSTANT)
        .bind(codec::NO_INSTANT)
        .bind(codec::NO_INSTANT)
        .bind(codec::whole(claim_count))
        .execute(conn)
        .await?;
    must_change_one(begun.rows_affected(), "an erasure")
}

fn must_change_one(changed: u64, what: &str) -> Result<(), Fault> {
    if changed == 1 { Ok(()) } else { Err(Fault::Data(format!("{changed} rows are {what}"))) }
}

pub(super) async fn destroy(
    conn: &mut SqliteConnection,
    stream: StreamId,
    at: Timestamp,
    retained: Option<&Retained>,
    mail_count: u64,
) -> Result<(), Fault> {
    let stream = stream.to_string();
    let moved = sqlx::query(DESTROY)
        .bind(stream.as_str())
        .bind(at.micros())
        .bind(codec::whole(mail_count))
        .execute(&mut *conn)
        .await?;
    if moved.rows_affected() == 0 {
        return Ok(());
    }
    for sql in [DESTROY_KEY, DESTROY_SEALED, DESTROY_DELIVERIES] {
        sqlx::query(sql).bind(stream.as_str()).execute(&mut *conn).await?;
    }
    if let Some(retained) = retained {
        for (sql, bytes) in [(RETAIN_KEY, &retained.wrapped), (RETAIN, &retained.sealed)] {
            let kept = sqlx::query(sql).bind(stream.as_str()).bind(bytes.as_slice());
            let kept = kept.execute(&mut *conn).await?;
            must_change_one(kept.rows_affected(), "a buyer")?;
        }
    }
    Ok(())
}

pub(super) async fn sweep(
    conn: &mut SqliteConnection,
    stream: StreamId,
    at: Timestamp,
) -> Result<(), Fault> {
    let stream = stream.to_string();
    let moved =
        sqlx::query(SWEEP).bind(stream.as_str()).bind(at.micros()).execute(&mut *conn).await?;
    if moved.rows_affected() > 0 {
        for sql in [DESTROY_RETENTION_KEY, DESTROY_RETAINED] {
            sqlx::query(sql).bind(stream.as_str()).execute(&mut *conn).await?;
        }
    }
    Ok(())
}

pub(super) async fn scrubbed(
    conn: &mut SqliteConnection,
    stream: StreamId,
    at: Timestamp,
) -> Result<(), Fault> {
    let stream = stream.to_string();
    sqlx::query(END).bind(at.micros()).bind(stream.as_str()).execute(&mut *conn).await?;
    sqlx::query(END_SWEEP).bind(stream.as_str()).execute(conn).await?;
    Ok(())
}

pub(super) async fn set_hold(
    conn: &mut SqliteConnection,
    stream: StreamId,
    hold: Option<&LegalHold>,
) -> Result<(), Fault> {
    let stream = stream.to_string();
    let Some(hold) = hold else {
        sqlx::query(LIFT_HOLD).bind(stream.as_str()).execute(conn).await?;
        return Ok(());
    };
    let set = sqlx::query(SET_HOLD)
        .bind(stream.as_str())
        .bind(hold.held_at.micros())
        .bind(hold.uid)
        .bind(hold.reason.as_str())
        .execute(conn)
        .await?;
    must_change_one(set.rows_affected(), "a legal hold")
}

static ONE: LazyLock<&'static str> = LazyLock::new(|| {
    let columns = beside::ERASURE;
    String::leak(format!("SELECT {columns} FROM erasures WHERE stream = ?"))
});

pub(super) async fn one(
    pool: &SqlitePool,
    stream: StreamId,
) -> Result<Option<Erasure>, StoreError> {
    let found = sqlx::query(*ONE).bind(stream.to_string()).fetch_optional(pool).await;
    found.map_err(failed)?.map(|row| beside::erasure(&mut Columns::of(&row))).transpose()
}

/// Erasures in a stage that may take their next step: of those that wait, and of the others.
static LISTS: LazyLock<[&'static str; 2]> = LazyLock::new(|| {
    let free = is_free!("erasures.stream");
    let sent = all_is_sent!("erasures.stream");
    [format!("{free} AND {sent}"), free.to_owned()].map(|condition| {
        let columns = beside::ERASURE;
        &*String::leak(format!(
            "SELECT {columns} FROM erasures INDEXED BY erasures_stage WHERE stage = ? \
             AND closed_at <= ? AND {condition} ORDER BY closed_at, stream LIMIT ?"
        ))
    })
});

pub(super) async fn list(
    pool: &SqlitePool,
    stage: ErasureStage,
    closed_by: Timestamp,
    limit: u32,
) -> Result<Vec<Erasure>, StoreError> {
    let [waiting, others] = *LISTS;
    let sql = if stage == ErasureStage::Waiting { waiting } else { others };
    let found = sqlx::query(sql)
        .bind(stage.as_str())
        .bind(closed_by.micros())
        .bind(limit)
        .fetch_all(pool)
        .await
        .map_err(failed)?;
    read(&found, beside::erasure)
}

const ASK_RETAINED: &str = "SELECT wrapped, sealed FROM retained \
    CROSS JOIN retention_keys USING (stream) WHERE retained.stream = ?";

pub(super) async fn retained(
    pool: &SqlitePool,
    stream: StreamId,
) -> Result<Option<Retained>, StoreError> {
    let found = sqlx::query(ASK_RETAINED).bind(stream.to_string()).fetch_optional(pool).await;
    let row = |row| {
        let mut columns = Columns::of(&row);
        Ok(Retained { wrapped: columns.blob()?.to_vec(), sealed: columns.blob()?.to_vec() })
    };
    found.map_err(failed)?.map(row).transpose()
}

const ASK_HOLD: &str = "SELECT held_at, uid, reason FROM legal_holds WHERE stream = ?";

pub(super) async fn hold(
    pool: &SqlitePool,
    stream: StreamId,
) -> Result<Option<LegalHold>, StoreError> {
    let found = sqlx::query(ASK_HOLD).bind(stream.to_string()).fetch_optional(pool).await;
    found.map_err(failed)?.map(|row| beside::hold(&mut Columns::of(&row))).transpose()
}

/// Deleted rows were overwritten where they stood (`secure_delete`), but the log still has the
/// pages as they were: it is brought into the file and emptied. Whoever reads from it meanwhile
/// keeps it as it is.
pub(super) async fn scrub(conn: &mut SqliteConnection) -> Result<bool, StoreError> {
    // Nobody can write while it waits for readers.
    sqlx::query("PRAGMA busy_timeout = 100").execute(&mut *conn).await.map_err(failed)?;
    let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *conn).await;
    let reset = sqlx::query("PRAGMA busy_timeout = 5000").execute(&mut *conn).await;
    let row = row.map_err(failed)?;
    reset.map_err(failed)?;
    Ok(Columns::of(&row).int()? == 0)
}

/// Statements that must find their rows by a key.
#[cfg(test)]
pub(super) fn keyed() -> Vec<&'static str> {
    let texts = [
        RELEASE_CLAIMS,
        DESTROY,
        DESTROY_KEY,
        DESTROY_SEALED,
        DESTROY_DELIVERIES,
        SWEEP,
        DESTROY_RETENTION_KEY,
        DESTROY_RETAINED,
        END,
        END_SWEEP,
        LIFT_HOLD,
        ASK_RETAINED,
        ASK_HOLD,
    ];
    texts.into_iter().chain([*ONE]).collect()
}

/// Statements that must find their rows in order.
#[cfg(test)]
pub(super) fn in_order() -> Vec<String> {
    LISTS.map(str::to_owned).to_vec()
}
