//! Writes a batch: commits through the gate, then their rows, in one transaction.

use std::sync::LazyLock;

use sqlx::SqliteConnection;

use super::campaigns;
use super::chores;
use super::columns::Columns;
use super::erasure;
use super::fault::Fault;
use super::ladder::{self, Changes, Ladder};
use super::{resources, statements, usage, withdrawals};
use crate::failpoint::{self, Point};
use crate::store::batch::{Batch, winners};
use crate::store::gate::{Gate, Known, Questions, hope, judge};
use crate::store::rows::{self, Values as _, beside};
use crate::store::{Chore, Commit, StoreError, Written, codec};

static INSERT_HEADS: LazyLock<Ladder> = LazyLock::new(|| {
    Ladder::insert("streams", &format!("{}, parked_at, parked_reason", rows::HEAD), "")
});
static MOVE_HEADS: LazyLock<Ladder> = LazyLock::new(|| {
    Ladder::new(
        "UPDATE streams SET seq = v.column2, at = v.column3, digest = v.column4, \
         due_at = v.column5, due_job = v.column6, rules_version = v.column7, \
         summary = v.column8 FROM (VALUES",
        9,
        ") AS v WHERE streams.stream = v.column1 AND streams.seq = v.column9",
    )
});
static INSERT_CLAIMS: LazyLock<Ladder> =
    LazyLock::new(|| Ladder::insert("claims", beside::CLAIM, ""));
static INSERT_TOKENS: LazyLock<Ladder> =
    LazyLock::new(|| Ladder::insert("tokens", rows::TOKEN, ""));
static INSERT_KEYS: LazyLock<Ladder> = LazyLock::new(|| Ladder::insert("keys", beside::KEY, ""));
static INSERT_SEALED: LazyLock<Ladder> =
    LazyLock::new(|| Ladder::insert("sealed", rows::SEALED, ""));
static INSERT_RECORDS: LazyLock<Ladder> =
    LazyLock::new(|| Ladder::insert("journal", rows::RECORD, ""));
static UPSERT_ORDERS: LazyLock<Ladder> = LazyLock::new(|| Ladder::upsert("orders", rows::ORDER, 2));
static UPSERT_SUBSCRIPTIONS: LazyLock<Ladder> =
    LazyLock::new(|| Ladder::upsert("subscriptions", rows::SUBSCRIPTION, 2));
static UPSERT_COUPONS: LazyLock<Ladder> =
    LazyLock::new(|| Ladder::upsert("coupons", rows::COUPON, 2));
static UPSERT_COVERAGES: LazyLock<Ladder> =
    LazyLock::new(|| Ladder::upsert("coverages", rows::COVERAGE, 3));
static INSERT_ENTRIES: LazyLock<Ladder> =
    LazyLock::new(|| Ladder::insert("ledger_entries", rows::ENTRY, ""));
static INSERT_EFFECTS: LazyLock<Ladder> =
    LazyLock::new(|| Ladder::insert("outbox", rows::DELIVERY, ""));
static VOID_EFFECTS: LazyLock<Ladder> = LazyLock::new(|| {
    Ladder::new(
        "UPDATE outbox INDEXED BY outbox_waiting SET state = 'void', next_at = v.column4 FROM (VALUES",
        4,
        ") AS v WHERE outbox.stream = v.column1 AND outbox.topic = v.column2 \
         AND outbox.seq <= v.column3 AND outbox.state = 'waiting'",
    )
});
static UPSERT_SNAPSHOTS: LazyLock<Ladder> =
    LazyLock::new(|| Ladder::upsert("snapshots", rows::SNAPSHOT, 1));

static ASK_HEADS: LazyLock<Ladder> =
    LazyLock::new(|| Ladder::ask("streams", "stream, seq", 1, "v.column1 = stream"));
static ASK_CLAIMS: LazyLock<Ladder> = LazyLock::new(|| {
    Ladder::ask("claims", beside::CLAIM, 2, "v.column1 = kind AND v.column2 = hash")
});
static ASK_TOKENS: LazyLock<Ladder> = LazyLock::new(|| {
    Ladder::ask("tokens", "stream, token", 2, "v.column1 = stream AND v.column2 = token")
});

/// Writes a batch in one transaction. Whatever comes back, no transaction is open afterwards.
pub(super) async fn write(
    conn: &mut SqliteConnection,
    commits: &[Commit],
    chores: &[Chore],
) -> Result<Vec<Written>, StoreError> {
    let mut gate = Gate::Hopeful;
    loop {
        match (transact(conn, commits, chores, gate).await, gate.next()) {
            (Ok(written), _) => return Ok(written),
            (Err(Fault::Data(reason)), Some(next)) => {
                tracing::debug!(?gate, reason, "a batch was rolled back");
                gate = next;
            }
            (Err(fault), _) => return Err(fault.into()),
        }
    }
}

async fn transact(
    conn: &mut SqliteConnection,
    commits: &[Commit],
    chores: &[Chore],
    gate: Gate,
) -> Result<Vec<Written>, Fault> {
    run(conn, "BEGIN IMMEDIATE").await?;
    let done = match fill(conn, commits, chores, gate).await {
        Ok(written) => {
            failpoint::pass(Point::StoreBeforeCommit);
            let committed = run(conn, "COMMIT").await;
            failpoint::pass(Point::StoreAfterCommit);
            committed.map(|()| written)
        }
        Err(fault) => Err(fault),
    };
    if done.is_err() {
        // Some errors have rolled back already; then this one says so and means nothing.
        let _ = run(conn, "ROLLBACK").await;
    }
    done
}

async fn run(conn: &mut SqliteConnection, sql: &'static str) -> Result<(), Fault> {
    ladder::execute(conn, sqlx::query(sql)).await?;
    Ok(())
}

async fn fill(
    conn: &mut SqliteConnection,
    commits: &[Commit],
    chores: &[Chore],
    gate: Gate,
) -> Result<Vec<Written>, Fault> {
    let written = match gate {
        Gate::Hopeful => {
            let written = hope(commits).map_err(|why| Fault::Data(why.to_owned()))?;
            put(conn, commits, &written).await?;
            written
        }
        Gate::Informed => {
            let written = judge(commits, informed(conn, commits).await?);
            put(conn, commits, &written).await?;
            written
        }
        Gate::OneByOne => one_by_one(conn, commits).await?,
    };
    chores::write(conn, chores).await?;
    Ok(written)
}

async fn one_by_one(
    conn: &mut SqliteConnection,
    commits: &[Commit],
) -> Result<Vec<Written>, Fault> {
    let mut written = Vec::with_capacity(commits.len());
    for commit in commits {
        run(conn, "SAVEPOINT one").await?;
        let alone = std::slice::from_ref(commit);
        let judged = judge(alone, informed(conn, alone).await?);
        match put(conn, alone, &judged).await {
            Ok(()) => written.extend(judged),
            Err(Fault::Data(reason)) => {
                tracing::error!(stream.id = %commit.stream, reason, "a commit cannot be written");
                run(conn, "ROLLBACK TO one").await?;
                written.push(Written::Refused);
            }
            Err(fault) => return Err(fault),
        }
        run(conn, "RELEASE one").await?;
    }
    Ok(written)
}

/// Reads where the heads stand, and which claims and tokens are gone.
async fn informed(conn: &mut SqliteConnection, commits: &[Commit]) -> Result<Known, Fault> {
    let mut known = Known::default();
    let asked = Questions::of(commits);
    let found = ASK_HEADS.fetch(conn, &asked.streams, |values, stream| {
        values.text(stream);
    });
    for row in found.await? {
        known.head(&mut Columns::of(&row))?;
    }
    let found = ASK_CLAIMS.fetch(conn, &asked.claims, |values, claim| {
        values.text(claim.kind.as_str()).blob(&claim.hash);
    });
    for row in found.await? {
        known.claim(&mut Columns::of(&row))?;
    }
    let found = ASK_TOKENS.fetch(conn, &asked.tokens, |values, (stream, token)| {
        values.text(&stream.to_string()).text(token);
    });
    for row in found.await? {
        known.token(&mut Columns::of(&row))?;
    }
    Ok(known)
}

/// Writes all rows of all winners, table by table: first what the gate stands on, so that a
/// vain hope fails early.
async fn put(
    conn: &mut SqliteConnection,
    commits: &[Commit],
    written: &[Written],
) -> Result<(), Fault> {
    let winners = winners(commits, written);
    let batch = Batch::of(&winners);
    put_heads(conn, &batch).await?;
    put_facts(conn, &batch).await?;
    put_rows(conn, &batch).await?;
    put_effects(conn, &batch).await?;
    INSERT_RECORDS
        .execute(conn, &batch.records, Changes::Each, |values, (stream, row)| {
            rows::bind_record(values, stream, row);
        })
        .await?;
    UPSERT_SNAPSHOTS
        .execute(conn, &batch.snapshots, Changes::Each, |values, (stream, row)| {
            rows::bind_snapshot(values, stream, row);
        })
        .await
}

async fn put_heads(conn: &mut SqliteConnection, batch: &Batch<'_>) -> Result<(), Fault> {
    INSERT_HEADS
        .execute(conn, &batch.fresh, Changes::Each, |values, moved| {
            rows::bind_head(values, moved.stream, moved.head);
            values.int(codec::NO_INSTANT).text("");
        })
        .await?;
    MOVE_HEADS
        .execute(conn, &batch.moves, Changes::Each, |values, moved| {
            rows::bind_head(values, moved.stream, moved.head);
            values.int(codec::whole(moved.from));
        })
        .await
}

async fn put_facts(conn: &mut SqliteConnection, batch: &Batch<'_>) -> Result<(), Fault> {
    for closing in &batch.closings {
        erasure::begin(conn, closing).await?;
    }
    INSERT_CLAIMS
        .execute(conn, &batch.claims, Changes::Each, |values, (stream, row)| {
            beside::bind_claim(values, stream, row);
        })
        .await?;
    INSERT_TOKENS
        .execute(conn, &batch.tokens, Changes::Each, |values, (stream, row)| {
            rows::bind_token(values, stream, row);
        })
        .await?;
    INSERT_KEYS
        .execute(conn, &batch.keys, Changes::Each, |values, (stream, row)| {
            beside::bind_key(values, stream, row);
        })
        .await?;
    INSERT_SEALED
        .execute(conn, &batch.sealed, Changes::Each, |values, (stream, row)| {
            rows::bind_sealed(values, stream, row);
        })
        .await?;
    usage::put(conn, &batch.seen).await
}

async fn put_rows(conn: &mut SqliteConnection, batch: &Batch<'_>) -> Result<(), Fault> {
    UPSERT_ORDERS
        .execute(conn, &batch.orders, Changes::Each, |values, (stream, row)| {
            rows::bind_order(values, stream, row);
        })
        .await?;
    UPSERT_SUBSCRIPTIONS
        .execute(conn, &batch.subscriptions, Changes::Each, |values, (stream, row)| {
            rows::bind_subscription(values, stream, row);
        })
        .await?;
    resources::put(conn, &batch.resources).await?;
    UPSERT_COUPONS
        .execute(conn, &batch.coupons, Changes::Each, |values, (stream, row)| {
            rows::bind_coupon(values, stream, row);
        })
        .await?;
    UPSERT_COVERAGES
        .execute(conn, &batch.coverages, Changes::Each, |values, (stream, row)| {
            rows::bind_coverage(values, stream, row);
        })
        .await?;
    withdrawals::put(conn, &batch.withdrawals).await?;
    statements::put(conn, batch).await?;
    campaigns::put(conn, &batch.campaigns).await?;
    INSERT_ENTRIES
        .execute(conn, &batch.entries, Changes::Each, |values, (stream, row)| {
            rows::bind_entry(values, stream, row);
        })
        .await
}

async fn put_effects(conn: &mut SqliteConnection, batch: &Batch<'_>) -> Result<(), Fault> {
    INSERT_EFFECTS
        .execute(conn, &batch.effects, Changes::Each, |values, (stream, row)| {
            rows::bind_effect(values, stream, row);
        })
        .await?;
    for voids in batch.void_runs() {
        VOID_EFFECTS.execute(conn, voids, Changes::Any, beside::bind_void).await?;
    }
    Ok(())
}

/// Statements that must find their rows by a key.
#[cfg(test)]
pub(super) fn keyed() -> Vec<&'static str> {
    let ladders = [&MOVE_HEADS, &VOID_EFFECTS, &ASK_HEADS, &ASK_CLAIMS, &ASK_TOKENS];
    ladders.iter().flat_map(|ladder| ladder.texts()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agenda::Job;
    use crate::domain::calendar::Timestamp;
    use crate::domain::ids::{AccountId, StreamId};
    use crate::store::sqlite::open;
    use crate::store::{Head, StoredRecord};

    fn commit(bits: u64, body: &str) -> Commit {
        let digest = codec::digest(&codec::GENESIS, body);
        let record = StoredRecord { seq: 1, at: Timestamp::MIN, body: body.to_owned(), digest };
        Commit {
            stream: StreamId::Account(AccountId::from_bits(bits)),
            expected_seq: 0,
            head: Head {
                seq: 1,
                at: Timestamp::MIN,
                digest,
                due_at: Timestamp::MAX,
                due_job: Job::Lifecycle,
                rules_version: 1,
                summary: "{}".to_owned(),
            },
            records: vec![record],
            claims: Vec::new(),
            tokens: Vec::new(),
            key: None,
            sealed: Vec::new(),
            seen: Vec::new(),
            rows: Vec::new(),
            entries: Vec::new(),
            voids: Vec::new(),
            outbox: Vec::new(),
            snapshot: None,
            erase: false,
        }
    }

    async fn count(conn: &mut SqliteConnection, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(conn).await.expect("a count")
    }

    #[tokio::test]
    async fn on_a_full_disk_nothing_is_written_and_no_transaction_stays_open() {
        let path = std::env::temp_dir().join(format!("renewd-full-disk-{}.db", std::process::id()));
        let mut conn = open::writer(&path).await.expect("a connection");
        open::migrate(&mut conn).await.expect("tables");
        // The same error that a full disk gives, without one.
        let pages = count(&mut conn, "PRAGMA page_count").await;
        let limit = format!("PRAGMA max_page_count = {}", pages + 20);
        sqlx::query(sqlx::AssertSqlSafe(limit)).execute(&mut conn).await.expect("a limit");
        let batch = [commit(1, "{}"), commit(2, &"x".repeat(400_000))];
        let full = write(&mut conn, &batch, &[]).await;
        assert!(matches!(full, Err(StoreError::Unavailable(_))), "{full:?}");
        assert_eq!(count(&mut conn, "SELECT COUNT(*) FROM streams").await, 0);
        assert_eq!(count(&mut conn, "SELECT COUNT(*) FROM journal").await, 0);
        let next = write(&mut conn, &batch[..1], &[]).await;
        assert_eq!(next.expect("written"), [Written::Done]);
        for end in ["db", "db-wal", "db-shm"] {
            let _ = std::fs::remove_file(path.with_extension(end));
        }
    }
}
