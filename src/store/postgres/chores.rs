//! The small writes that are no commit.

use std::sync::LazyLock;

use sqlx::PgConnection;

use super::erasure;
use super::fault::Fault;
use super::unnest::{Changes, Unnest, plain};
use super::usage;
use crate::domain::calendar::Timestamp;
use crate::store::batch::runs;
use crate::store::chores::{moved, together};
use crate::store::rows::beside;
use crate::store::{Chore, JobRun, codec};

/// What was voided meanwhile stays void, unless it turns out that it was sent.
static MOVE_DELIVERIES: LazyLock<Unnest> = LazyLock::new(|| {
    Unnest::update(
        "outbox",
        "state = v.column4, attempts = v.column5, next_at = v.column6, outcome = v.column7",
        7,
        "outbox.stream = v.column1 AND outbox.seq = v.column2 AND outbox.n = v.column3 \
         AND (outbox.state <> 'void' OR v.column4 = 'sent')",
    )
});

/// Those of number series stay (R10.6). The words of the partial index `tokens_at`: it is used
/// only if they stand in the query.
const FORGET_TOKENS: &str = "DELETE FROM tokens WHERE (stream, token) IN \
    (SELECT stream, token FROM tokens WHERE at < $1 AND substr(stream, 1, 7) <> 'series_' \
    ORDER BY at, stream, token LIMIT $2)";
const FORGET_DELIVERIES: &str = "DELETE FROM outbox WHERE (stream, seq, n) IN \
    (SELECT stream, seq, n FROM outbox WHERE at < $1 AND state <> 'waiting' \
    ORDER BY at, stream, seq, n LIMIT $2)";

/// Writes chores in the order given; deliveries that follow each other go together.
pub(super) async fn write(conn: &mut PgConnection, chores: &[Chore]) -> Result<(), Fault> {
    for same in together(chores) {
        match same {
            [Chore::Delivery { .. }, ..] => move_deliveries(conn, same).await?,
            [Chore::JobRun(run)] => insert_run(conn, run).await?,
            [Chore::ForgetTokens { before }] => {
                forget(conn, FORGET_TOKENS, *before).await?;
            }
            [Chore::ForgetDeliveries { before }] => {
                forget(conn, FORGET_DELIVERIES, *before).await?;
            }
            [Chore::ForgetUsage { before, after, through }] => {
                usage::forget(conn, *before, *after, *through).await?;
            }
            [Chore::Park { stream, at, reason }] => {
                sqlx::query(
                    "UPDATE streams SET parked_at = $1, parked_reason = $2 WHERE stream = $3",
                )
                .bind(at.micros())
                .bind(plain(reason))
                .bind(stream.to_string())
                .execute(&mut *conn)
                .await?;
            }
            [Chore::Unpark { stream }] => {
                sqlx::query(
                    "UPDATE streams SET parked_at = $1, parked_reason = '' WHERE stream = $2",
                )
                .bind(codec::NO_INSTANT)
                .bind(stream.to_string())
                .execute(&mut *conn)
                .await?;
            }
            [Chore::Destroy { stream, at, retained, mail_count }] => {
                erasure::destroy(conn, *stream, *at, retained.as_ref(), *mail_count).await?;
            }
            [Chore::Sweep { stream, at }] => erasure::sweep(conn, *stream, *at).await?,
            [Chore::Scrubbed { stream, at }] => erasure::scrubbed(conn, *stream, *at).await?,
            [Chore::SetLegalHold { stream, hold }] => {
                erasure::set_hold(conn, *stream, hold.as_ref()).await?;
            }
            _ => return Err(Fault::Data("chores that do not belong together".to_owned())),
        }
    }
    Ok(())
}

async fn forget(
    conn: &mut PgConnection,
    sql: &'static str,
    before: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(sql)
        .bind(before.micros())
        .bind(i64::from(codec::FORGOTTEN_MAX))
        .execute(conn)
        .await?;
    Ok(())
}

async fn move_deliveries(conn: &mut PgConnection, chores: &[Chore]) -> Result<(), Fault> {
    let moved = moved(chores);
    for run in runs(&moved, |moved| moved.key) {
        MOVE_DELIVERIES.execute(conn, run, Changes::Any, beside::bind_moved).await?;
    }
    Ok(())
}

async fn insert_run(conn: &mut PgConnection, run: &JobRun) -> Result<(), Fault> {
    let steps = serde_json::to_string(&run.steps).map_err(codec::corrupt)?;
    let job = run.job.as_str();
    sqlx::query(
        "INSERT INTO job_runs (job, n, at, took_ms, advanced_count, failed_count, steps) \
         VALUES ($1, (SELECT COALESCE(MAX(n), 0) + 1 FROM job_runs WHERE job = $2), $3, $4, $5, $6, $7)",
    )
    .bind(job)
    .bind(job)
    .bind(run.at.micros())
    .bind(codec::whole(run.took_ms))
    .bind(codec::whole(run.advanced_count))
    .bind(codec::whole(run.failed_count))
    .bind(steps)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "DELETE FROM job_runs WHERE job = $1 \
         AND n <= (SELECT MAX(n) FROM job_runs WHERE job = $2) - $3",
    )
    .bind(job)
    .bind(job)
    .bind(i64::from(codec::RUNS_KEPT))
    .execute(conn)
    .await?;
    Ok(())
}
