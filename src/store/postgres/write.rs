//! Writes a batch: commits through the gate, then their rows, in one transaction.
//!
//! The rows of all tables go in one statement: begin, write, commit are three ways to the server.

use std::sync::LazyLock;
use std::time::Duration;

use sqlx::PgConnection;

use super::campaigns;
use super::chores;
use super::columns::Columns;
use super::erasure;
use super::fault::Fault;
use super::lease::{self, Lease};
use super::unnest::{Changes, Script, Unnest};
use super::{resources, statements, usage, withdrawals};
use crate::failpoint::{self, Point};
use crate::store::batch::{Batch, winners};
use crate::store::gate::{Gate, Known, Questions, hope, judge};
use crate::store::rows::{self, Values as _, beside};
use crate::store::{Chore, Commit, StoreError, Written, codec};

static INSERT_HEADS: LazyLock<Unnest> = LazyLock::new(|| {
    Unnest::insert("streams", &format!("{}, parked_at, parked_reason", rows::HEAD), "")
});
static MOVE_HEADS: LazyLock<Unnest> = LazyLock::new(|| {
    Unnest::update(
        "streams",
        "seq = v.column2, at = v.column3, digest = v.column4, due_at = v.column5, \
         due_job = v.column6, rules_version = v.column7, summary = v.column8",
        9,
        "streams.stream = v.column1 AND streams.seq = v.column9",
    )
});
static INSERT_CLAIMS: LazyLock<Unnest> =
    LazyLock::new(|| Unnest::insert("claims", beside::CLAIM, ""));
static INSERT_TOKENS: LazyLock<Unnest> =
    LazyLock::new(|| Unnest::insert("tokens", rows::TOKEN, ""));
static INSERT_KEYS: LazyLock<Unnest> = LazyLock::new(|| Unnest::insert("keys", beside::KEY, ""));
static INSERT_SEALED: LazyLock<Unnest> =
    LazyLock::new(|| Unnest::insert("sealed", rows::SEALED, ""));
static INSERT_RECORDS: LazyLock<Unnest> =
    LazyLock::new(|| Unnest::insert("journal", rows::RECORD, ""));
static UPSERT_ORDERS: LazyLock<Unnest> = LazyLock::new(|| Unnest::upsert("orders", rows::ORDER, 2));
static UPSERT_SUBSCRIPTIONS: LazyLock<Unnest> =
    LazyLock::new(|| Unnest::upsert("subscriptions", rows::SUBSCRIPTION, 2));
static UPSERT_COUPONS: LazyLock<Unnest> =
    LazyLock::new(|| Unnest::upsert("coupons", rows::COUPON, 2));
static UPSERT_COVERAGES: LazyLock<Unnest> =
    LazyLock::new(|| Unnest::upsert("coverages", rows::COVERAGE, 3));
static INSERT_ENTRIES: LazyLock<Unnest> =
    LazyLock::new(|| Unnest::insert("ledger_entries", rows::ENTRY, ""));
static INSERT_EFFECTS: LazyLock<Unnest> =
    LazyLock::new(|| Unnest::insert("outbox", rows::DELIVERY, ""));
static VOID_EFFECTS: LazyLock<Unnest> = LazyLock::new(|| {
    Unnest::update(
        "outbox",
        "state = 'void', next_at = v.column4",
        4,
        "outbox.stream = v.column1 AND outbox.topic = v.column2 \
         AND outbox.seq <= v.column3 AND outbox.state = 'waiting'",
    )
});
static UPSERT_SNAPSHOTS: LazyLock<Unnest> =
    LazyLock::new(|| Unnest::upsert("snapshots", rows::SNAPSHOT, 1));

static ASK_HEADS: LazyLock<Unnest> =
    LazyLock::new(|| Unnest::ask("streams", "stream, seq", 1, "v.column1 = stream"));
static ASK_CLAIMS: LazyLock<Unnest> = LazyLock::new(|| {
    Unnest::ask("claims", beside::CLAIM, 2, "v.column1 = kind AND v.column2 = hash")
});
static ASK_TOKENS: LazyLock<Unnest> = LazyLock::new(|| {
    Unnest::ask("tokens", "stream, token", 2, "v.column1 = stream AND v.column2 = token")
});

/// Times that a batch is tried again which got into another transaction's way.
const TRIES: u32 = 8;
/// Times that a commit is judged which fails on the data: whoever writes at the same time may have
/// taken what was free when it was looked for.
const JUDGED: u32 = 3;

/// Writes a batch in one transaction. After an error the connection is not to be used again.
pub(super) async fn write(
    conn: &mut PgConnection,
    commits: &[Commit],
    chores: &[Chore],
    lease: &Lease,
) -> Result<Vec<Written>, StoreError> {
    let mut gate = Gate::Hopeful;
    let mut tries = 0;
    loop {
        match (transact(conn, commits, chores, lease, gate).await, gate.next()) {
            (Ok(written), _) => return Ok(written),
            (Err(Fault::Again(reason)), _) if tries < TRIES => {
                tracing::debug!(?gate, reason, "a batch is tried again");
                tries += 1;
                tokio::time::sleep(Duration::from_millis(u64::from(tries) * 10)).await;
            }
            (Err(Fault::Data(reason)), Some(next)) => {
                tracing::debug!(?gate, reason, "a batch was rolled back");
                gate = next;
            }
            (Err(fault), _) => return Err(fault.into()),
        }
    }
}

async fn transact(
    conn: &mut PgConnection,
    commits: &[Commit],
    chores: &[Chore],
    lease: &Lease,
    gate: Gate,
) -> Result<Vec<Written>, Fault> {
    // What can be made ready is so before it begins: the server ends whoever idles within.
    let hoped = match gate {
        Gate::Hopeful => Some(hope(commits).map_err(|why| Fault::Data(why.to_owned()))?),
        Gate::Informed | Gate::OneByOne => None,
    };
    let winners = winners(commits, hoped.as_deref().unwrap_or_default());
    let batch = Batch::of(&winners);
    let script = script(&batch)?;
    run(conn, "BEGIN").await?;
    let filled = match hoped {
        Some(written) => put(conn, script, &batch).await.map(|()| written),
        None => inform(conn, commits, gate).await,
    };
    let filled = match filled {
        Ok(written) => chores::write(conn, chores).await.map(|()| written),
        Err(fault) => Err(fault),
    };
    let done = match filled {
        // A neighbour may have found it lost meanwhile.
        Ok(_) if lease.is_lost() => Err(lease::taken_over().into()),
        Ok(written) => {
            failpoint::pass(Point::StoreBeforeCommit);
            let committed = run(conn, "COMMIT").await;
            failpoint::pass(Point::StoreAfterCommit);
            committed.map(|()| written)
        }
        Err(fault) => Err(fault),
    };
    if done.is_err() {
        // If it fails, the connection has: then the server rolls back by itself.
        let _ = run(conn, "ROLLBACK").await;
    }
    done
}

async fn run(conn: &mut PgConnection, sql: &'static str) -> Result<(), Fault> {
    sqlx::raw_sql(sql).execute(conn).await?;
    Ok(())
}

/// Writes those of the commits that the gate lets pass by what the tables say.
async fn inform(
    conn: &mut PgConnection,
    commits: &[Commit],
    gate: Gate,
) -> Result<Vec<Written>, Fault> {
    match gate {
        Gate::OneByOne => one_by_one(conn, commits).await,
        Gate::Hopeful | Gate::Informed => {
            let written = judge(commits, informed(conn, commits).await?);
            put_winners(conn, commits, &written).await?;
            Ok(written)
        }
    }
}

async fn one_by_one(conn: &mut PgConnection, commits: &[Commit]) -> Result<Vec<Written>, Fault> {
    let mut written = Vec::with_capacity(commits.len());
    for commit in commits {
        written.push(one(conn, commit).await?);
    }
    Ok(written)
}

async fn one(conn: &mut PgConnection, commit: &Commit) -> Result<Written, Fault> {
    let alone = std::slice::from_ref(commit);
    let mut reason = String::new();
    for _ in 0..JUDGED {
        run(conn, "SAVEPOINT one").await?;
        let judged = informed(conn, alone).await?.pass(commit);
        match put_winners(conn, alone, &[judged]).await {
            Ok(()) => {
                run(conn, "RELEASE one").await?;
                return Ok(judged);
            }
            Err(Fault::Data(what)) => reason = what,
            Err(fault) => return Err(fault),
        }
        run(conn, "ROLLBACK TO one").await?;
        run(conn, "RELEASE one").await?;
    }
    tracing::error!(stream.id = %commit.stream, reason, "a commit cannot be written");
    Ok(Written::Refused)
}

/// Reads which claims and tokens are gone, and then where the heads stand: one that has not moved
/// says that what was read before it is none of its own stream's doing meanwhile.
async fn informed(conn: &mut PgConnection, commits: &[Commit]) -> Result<Known, Fault> {
    let mut known = Known::default();
    let asked = Questions::of(commits);
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
    let found = ASK_HEADS.fetch(conn, &asked.streams, |values, stream| {
        values.text(stream);
    });
    for row in found.await? {
        known.head(&mut Columns::of(&row))?;
    }
    Ok(known)
}

/// Writes all rows of all winners.
async fn put_winners(
    conn: &mut PgConnection,
    commits: &[Commit],
    written: &[Written],
) -> Result<(), Fault> {
    let winners = winners(commits, written);
    let batch = Batch::of(&winners);
    let script = script(&batch)?;
    put(conn, script, &batch).await
}

/// What writes the rows of a batch.
fn script(batch: &Batch<'_>) -> Result<Script, Fault> {
    let mut script = Script::default();
    put_heads(&mut script, batch)?;
    put_facts(&mut script, batch)?;
    put_rows(&mut script, batch)?;
    Ok(script)
}

fn put_heads(script: &mut Script, batch: &Batch<'_>) -> Result<(), Fault> {
    script.add(&INSERT_HEADS, &batch.fresh, Changes::Each, |values, moved| {
        rows::bind_head(values, moved.stream, moved.head);
        values.int(codec::NO_INSTANT).text("");
    })?;
    script.add(&MOVE_HEADS, &batch.moves, Changes::Each, |values, moved| {
        rows::bind_head(values, moved.stream, moved.head);
        values.int(codec::whole(moved.from));
    })
}

fn put_facts(script: &mut Script, batch: &Batch<'_>) -> Result<(), Fault> {
    script.add(&INSERT_CLAIMS, &batch.claims, Changes::Each, |values, (stream, row)| {
        beside::bind_claim(values, stream, row);
    })?;
    script.add(&INSERT_TOKENS, &batch.tokens, Changes::Each, |values, (stream, row)| {
        rows::bind_token(values, stream, row);
    })?;
    script.add(&INSERT_KEYS, &batch.keys, Changes::Each, |values, (stream, row)| {
        beside::bind_key(values, stream, row);
    })?;
    script.add(&INSERT_SEALED, &batch.sealed, Changes::Each, |values, (stream, row)| {
        rows::bind_sealed(values, stream, row);
    })?;
    usage::put(script, &batch.seen)
}

fn put_rows(script: &mut Script, batch: &Batch<'_>) -> Result<(), Fault> {
    script.add(&UPSERT_ORDERS, &batch.orders, Changes::Each, |values, (stream, row)| {
        rows::bind_order(values, stream, row);
    })?;
    script.add(
        &UPSERT_SUBSCRIPTIONS,
        &batch.subscriptions,
        Changes::Each,
        |values, (stream, row)| {
            rows::bind_subscription(values, stream, row);
        },
    )?;
    resources::put(script, &batch.resources)?;
    script.add(&UPSERT_COUPONS, &batch.coupons, Changes::Each, |values, (stream, row)| {
        rows::bind_coupon(values, stream, row);
    })?;
    script.add(&UPSERT_COVERAGES, &batch.coverages, Changes::Each, |values, (stream, row)| {
        rows::bind_coverage(values, stream, row);
    })?;
    withdrawals::put(script, &batch.withdrawals)?;
    statements::put(script, batch)?;
    campaigns::put(script, &batch.campaigns)?;
    script.add(&INSERT_ENTRIES, &batch.entries, Changes::Each, |values, (stream, row)| {
        rows::bind_entry(values, stream, row);
    })?;
    script.add(&INSERT_RECORDS, &batch.records, Changes::Each, |values, (stream, row)| {
        rows::bind_record(values, stream, row);
    })?;
    script.add(&UPSERT_SNAPSHOTS, &batch.snapshots, Changes::Each, |values, (stream, row)| {
        rows::bind_snapshot(values, stream, row);
    })?;
    script.add(&INSERT_EFFECTS, &batch.effects, Changes::Each, |values, (stream, row)| {
        rows::bind_effect(values, stream, row);
    })
}

/// Runs the script of a batch, and sets aside what is void by now: together with it, unless a commit
/// of the batch voids what an earlier one has sent.
async fn put(conn: &mut PgConnection, mut script: Script, batch: &Batch<'_>) -> Result<(), Fault> {
    // What is released here may be claimed there.
    for closing in &batch.closings {
        erasure::begin(conn, closing).await?;
    }
    let runs = batch.void_runs();
    if let ([all], false) = (runs.as_slice(), batch.has_sequels) {
        script.add(&VOID_EFFECTS, all, Changes::Any, beside::bind_void)?;
        return script.run(conn).await;
    }
    script.run(conn).await?;
    for voids in runs {
        VOID_EFFECTS.execute(conn, voids, Changes::Any, beside::bind_void).await?;
    }
    Ok(())
}
