//! The erasure of closed accounts, step by step. Closing is rare: one account at a time.

use std::sync::LazyLock;

use sqlx::{PgConnection, PgPool};

use super::columns::Columns;
use super::fault::{Fault, failed};
use super::lists::read;
use super::unnest::plain;
use crate::domain::calendar::Timestamp;
use crate::domain::ids::StreamId;
use crate::store::batch::Closing;
use crate::store::rows::{Columns as _, beside};
use crate::store::{Erasure, ErasureStage, LegalHold, Retained, StoreError, codec};

const RELEASE_CLAIMS: &str = "DELETE FROM claims WHERE stream = $1";
const BEGIN: &str = "INSERT INTO erasures (stream, stage, seq, closed_at, destroyed_at, \
    erased_at, swept_at, claim_count, sealed_count, delivery_count, mail_count) \
    VALUES ($1, 'waiting', $2, $3, $4, $5, $6, $7, 0, 0, 0)";

/// Nothing of the account in `column` waits to be sent.
macro_rules! all_is_sent {
    ($column:literal) => {
        concat!(
            "NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.stream = ",
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

/// Whoever adds to the account waits until it is over: what comes between two statements would be
/// destroyed without having been looked at.
const LOCK: &str = "SELECT stream FROM streams WHERE stream = $1 FOR UPDATE";
const DESTROY: &str = concat!(
    "UPDATE erasures SET stage = 'scrubbing', destroyed_at = $2, mail_count = $3, \
     sealed_count = (SELECT COUNT(*) FROM sealed WHERE sealed.stream = $1), \
     delivery_count = (SELECT COUNT(*) FROM outbox WHERE outbox.stream = $1) \
     WHERE stream = $1 AND stage = 'waiting' AND ",
    all_is_sent!("$1"),
    " AND ",
    is_free!("$1")
);
/// Zeros of the same length stand where it stood.
const DESTROY_KEY: &str = concat!("UPDATE keys SET wrapped = ", zeros!(), " WHERE stream = $1");
const DESTROY_SEALED: &str = "DELETE FROM sealed WHERE stream = $1";
const DESTROY_DELIVERIES: &str = "DELETE FROM outbox WHERE stream = $1";
const RETAIN_KEY: &str = "INSERT INTO retention_keys (stream, wrapped) VALUES ($1, $2)";
const RETAIN: &str = "INSERT INTO retained (stream, sealed) VALUES ($1, $2)";
const SWEEP: &str = concat!(
    "UPDATE erasures SET stage = 'sweeping', swept_at = $2 \
     WHERE stream = $1 AND stage = 'erased' AND ",
    is_free!("$1")
);
const DESTROY_RETENTION_KEY: &str =
    concat!("UPDATE retention_keys SET wrapped = ", zeros!(), " WHERE stream = $1");
const DESTROY_RETAINED: &str = "DELETE FROM retained WHERE stream = $1";
const END: &str = "UPDATE erasures SET stage = 'erased', erased_at = $1 \
    WHERE stream = $2 AND stage = 'scrubbing'";
const END_SWEEP: &str =
    "UPDATE erasures SET stage = 'swept' WHERE stream = $1 AND stage = 'sweeping'";
const SET_HOLD: &str = "INSERT INTO legal_holds (stream, held_at, uid, reason) \
    VALUES ($1, $2, $3, $4) ON CONFLICT (stream) DO UPDATE SET held_at = excluded.held_at, \
    uid = excluded.uid, reason = excluded.reason";
const LIFT_HOLD: &str = "DELETE FROM legal_holds WHERE stream = $1";

/// Releases the claims of an account that is closed, and opens its erasure.
pub(super) async fn begin(conn: &mut PgConnection, closing: &Closing<'_>) -> Result<(), Fault> {
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
    conn: &mut PgConnection,
    stream: StreamId,
    at: Timestamp,
    retained: Option<&Retained>,
    mail_count: u64,
) -> Result<(), Fault> {
    let stream = stream.to_string();
    sqlx::query(LOCK).bind(stream.as_str()).execute(&mut *conn).await?;
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
    conn: &mut PgConnection,
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
    conn: &mut PgConnection,
    stream: StreamId,
    at: Timestamp,
) -> Result<(), Fault> {
    let stream = stream.to_string();
    sqlx::query(END).bind(at.micros()).bind(stream.as_str()).execute(&mut *conn).await?;
    sqlx::query(END_SWEEP).bind(stream.as_str()).execute(conn).await?;
    Ok(())
}

pub(super) async fn set_hold(
    conn: &mut PgConnection,
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
        .bind(i64::from(hold.uid))
        .bind(plain(&hold.reason))
        .execute(conn)
        .await?;
    must_change_one(set.rows_affected(), "a legal hold")
}

static ONE: LazyLock<&'static str> = LazyLock::new(|| {
    let columns = beside::ERASURE;
    String::leak(format!("SELECT {columns} FROM erasures WHERE stream = $1"))
});

pub(super) async fn one(pool: &PgPool, stream: StreamId) -> Result<Option<Erasure>, StoreError> {
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
            "SELECT {columns} FROM erasures WHERE stage = $1 \
             AND closed_at <= $2 AND {condition} ORDER BY closed_at, stream LIMIT $3"
        ))
    })
});

pub(super) async fn list(
    pool: &PgPool,
    stage: ErasureStage,
    closed_by: Timestamp,
    limit: u32,
) -> Result<Vec<Erasure>, StoreError> {
    let [waiting, others] = *LISTS;
    let sql = if stage == ErasureStage::Waiting { waiting } else { others };
    let found = sqlx::query(sql)
        .bind(stage.as_str())
        .bind(closed_by.micros())
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await
        .map_err(failed)?;
    read(&found, beside::erasure)
}

const ASK_RETAINED: &str = "SELECT wrapped, sealed FROM retained \
    JOIN retention_keys USING (stream) WHERE retained.stream = $1";

pub(super) async fn retained(
    pool: &PgPool,
    stream: StreamId,
) -> Result<Option<Retained>, StoreError> {
    let found = sqlx::query(ASK_RETAINED).bind(stream.to_string()).fetch_optional(pool).await;
    let row = |row| {
        let mut columns = Columns::of(&row);
        Ok(Retained { wrapped: columns.blob()?.to_vec(), sealed: columns.blob()?.to_vec() })
    };
    found.map_err(failed)?.map(row).transpose()
}

const ASK_HOLD: &str = "SELECT held_at, uid, reason FROM legal_holds WHERE stream = $1";

pub(super) async fn hold(pool: &PgPool, stream: StreamId) -> Result<Option<LegalHold>, StoreError> {
    let found = sqlx::query(ASK_HOLD).bind(stream.to_string()).fetch_optional(pool).await;
    found.map_err(failed)?.map(|row| beside::hold(&mut Columns::of(&row))).transpose()
}

/// What was deleted is still there for whoever reads an older state of the tables, and then until
/// its place is written to again. This gives the places up. What was sealed can be opened by
/// nobody as soon as its key is gone; of the key, copies can be left in free places, in the log
/// and in its archives, and only under the deployment's key, which is kept elsewhere.
pub(super) async fn scrub(conn: &mut PgConnection) -> Result<bool, StoreError> {
    for table in ["keys", "sealed", "outbox", "claims", "retention_keys", "retained"] {
        let sql = sqlx::AssertSqlSafe(format!("VACUUM {table}"));
        sqlx::raw_sql(sql).execute(&mut *conn).await.map_err(failed)?;
    }
    Ok(true)
}
