//! The one writer: commits through the gate, then their rows, in one transaction.
//!
//! First it is hoped that every commit passes, which is nearly always so: then nothing is read,
//! and the writes themselves prove it, because each must change as many rows as were sent. If
//! one does not, or a commit loses against another of its batch, the transaction is rolled back
//! and heads, claims and tokens are read. If it fails even so, it is the data: then each commit is
//! tried for itself inside the transaction.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::Hash;
use std::sync::LazyLock;

use sqlx::SqliteConnection;

use super::campaigns;
use super::chores;
use super::columns::Columns;
use super::erasure;
use super::fault::Fault;
use super::ladder::{Changes, Ladder};
use super::{resources, statements, usage, withdrawals};
use crate::domain::ids::StreamId;
use crate::domain::rows::Row;
use crate::failpoint::{self, Point};
use crate::store::gate::Known;
use crate::store::rows::{self, Columns as _, Values as _};
use crate::store::{Chore, Claim, Commit, Head, StoreError, Written, codec, gate};

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
    LazyLock::new(|| Ladder::insert("claims", "kind, hash, stream", ""));
static INSERT_TOKENS: LazyLock<Ladder> =
    LazyLock::new(|| Ladder::insert("tokens", rows::TOKEN, ""));
static INSERT_KEYS: LazyLock<Ladder> =
    LazyLock::new(|| Ladder::insert("keys", "stream, wrapped", ""));
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
    Ladder::ask("claims", "kind, hash, stream", 2, "v.column1 = kind AND v.column2 = hash")
});
static ASK_TOKENS: LazyLock<Ladder> = LazyLock::new(|| {
    Ladder::ask("tokens", "stream, token", 2, "v.column1 = stream AND v.column2 = token")
});

/// How the gate learns what it must know.
#[derive(Debug, Clone, Copy)]
enum Gate {
    /// It hopes.
    Hopeful,
    /// It reads.
    Informed,
    /// It reads for each commit, and a commit that fails is undone alone.
    OneByOne,
}

/// Writes a batch in one transaction. Whatever comes back, no transaction is open afterwards.
pub(super) async fn write(
    conn: &mut SqliteConnection,
    commits: &[Commit],
    chores: &[Chore],
) -> Result<Vec<Written>, StoreError> {
    for gate in [Gate::Hopeful, Gate::Informed] {
        match transact(conn, commits, chores, gate).await {
            Ok(written) => return Ok(written),
            Err(Fault::Store(error)) => return Err(error),
            Err(Fault::Data(reason)) => tracing::debug!(?gate, reason, "a batch was rolled back"),
        }
    }
    transact(conn, commits, chores, Gate::OneByOne).await.map_err(StoreError::from)
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
    sqlx::query(sql).execute(conn).await?;
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
            if commits.iter().any(|commit| commit.erase) {
                // Who may have the claims that it releases depends on who asks before it.
                return Err(Fault::Data("a commit of the batch releases claims".to_owned()));
            }
            let written = judge(commits, Known::hopeful(commits));
            if written.iter().any(|one| *one != Written::Done) {
                // Of those that lose hope knows neither the reason nor whom they kept out.
                return Err(Fault::Data("a commit loses within the batch".to_owned()));
            }
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
    let streams: BTreeSet<String> =
        commits.iter().map(|commit| commit.stream.to_string()).collect();
    let streams: Vec<_> = streams.into_iter().collect();
    let found = ASK_HEADS.fetch(conn, &streams, |values, stream| {
        values.text(stream);
    });
    for row in found.await? {
        let mut columns = Columns::of(&row);
        known.heads.insert(columns.stream()?, columns.natural()?);
    }
    let claims: BTreeSet<&Claim> = commits.iter().flat_map(|commit| &commit.claims).collect();
    let claims: Vec<_> = claims.into_iter().collect();
    let found = ASK_CLAIMS.fetch(conn, &claims, |values, claim| {
        values.text(claim.kind.as_str()).blob(&claim.hash);
    });
    for row in found.await? {
        let mut columns = Columns::of(&row);
        let kind = codec::claim_kind(columns.str()?)?;
        let claim = Claim { kind, hash: codec::hash(columns.blob()?)? };
        known.claims.insert(claim, columns.stream()?);
    }
    let tokens: BTreeSet<(StreamId, &str)> = commits
        .iter()
        .flat_map(|commit| commit.tokens.iter().map(|row| (commit.stream, row.token.as_str())))
        .collect();
    let tokens: Vec<_> = tokens.into_iter().collect();
    let found = ASK_TOKENS.fetch(conn, &tokens, |values, (stream, token)| {
        values.text(&stream.to_string()).text(token);
    });
    for row in found.await? {
        let mut columns = Columns::of(&row);
        known.tokens.insert((columns.stream()?, columns.string()?));
    }
    Ok(known)
}

/// Asks the gate, one commit after the other.
fn judge(commits: &[Commit], mut known: Known) -> Vec<Written> {
    commits.iter().map(|commit| known.pass(commit)).collect()
}

/// A commit with the text of its stream's id.
type Winner<'a> = (String, &'a Commit);

/// Writes all rows of all winners, table by table: first what the gate stands on, so that a
/// vain hope fails early.
async fn put(
    conn: &mut SqliteConnection,
    commits: &[Commit],
    written: &[Written],
) -> Result<(), Fault> {
    let mut winners: Vec<Winner<'_>> = Vec::with_capacity(commits.len());
    for (commit, written) in commits.iter().zip(written) {
        if *written == Written::Done {
            winners.push((commit.stream.to_string(), commit));
        } else if let Some(reason) = gate::unsound(commit) {
            tracing::error!(stream.id = %commit.stream, reason, "a commit cannot be true");
        }
    }
    // Neighbours share pages; of one stream the order is kept.
    winners.sort_by(|a, b| a.0.cmp(&b.0));
    put_heads(conn, &winners).await?;
    put_facts(conn, &winners).await?;
    put_rows(conn, &winners).await?;
    put_effects(conn, &winners).await?;

    let records: Vec<_> = each(&winners, |commit| &commit.records).collect();
    INSERT_RECORDS
        .execute(conn, &records, Changes::Each, |values, (stream, record)| {
            rows::bind_record(values, stream, record);
        })
        .await?;
    let snapshots: BTreeMap<_, _> = each(&winners, |commit| &commit.snapshot).collect();
    let snapshots: Vec<_> = snapshots.into_iter().collect();
    UPSERT_SNAPSHOTS
        .execute(conn, &snapshots, Changes::Each, |values, (stream, snapshot)| {
            rows::bind_snapshot(values, stream, snapshot);
        })
        .await
}

fn each<'a, T, I>(
    winners: &'a [Winner<'a>],
    part: impl Fn(&'a Commit) -> I,
) -> impl Iterator<Item = (&'a str, T)>
where
    I: IntoIterator<Item = T>,
{
    winners.iter().flat_map(move |(stream, commit)| {
        part(commit).into_iter().map(move |item| (stream.as_str(), item))
    })
}

/// A head that moves once, however many commits of its stream are written.
struct Move<'a> {
    stream: &'a str,
    from: u64,
    head: &'a Head,
}

async fn put_heads(conn: &mut SqliteConnection, winners: &[Winner<'_>]) -> Result<(), Fault> {
    let mut moves: Vec<Move<'_>> = Vec::with_capacity(winners.len());
    for (stream, commit) in winners {
        match moves.last_mut() {
            Some(last) if last.stream == stream => last.head = &commit.head,
            Some(_) | None => {
                moves.push(Move { stream, from: commit.expected_seq, head: &commit.head });
            }
        }
    }
    let (fresh, known): (Vec<_>, Vec<_>) = moves.into_iter().partition(|moved| moved.from == 0);
    INSERT_HEADS
        .execute(conn, &fresh, Changes::Each, |values, moved| {
            rows::bind_head(values, moved.stream, moved.head);
            values.int(codec::NO_INSTANT).text("");
        })
        .await?;
    MOVE_HEADS
        .execute(conn, &known, Changes::Each, |values, moved| {
            rows::bind_head(values, moved.stream, moved.head);
            values.int(codec::whole(moved.from));
        })
        .await
}

async fn put_facts(conn: &mut SqliteConnection, winners: &[Winner<'_>]) -> Result<(), Fault> {
    let mut claims: Vec<(&str, &Claim)> = Vec::new();
    for (stream, commit) in winners {
        if commit.erase {
            let before = claims.len();
            claims.retain(|(holder, _)| holder != stream);
            let unwritten = (before - claims.len()) as u64;
            erasure::begin(conn, stream, &commit.head, unwritten).await?;
        }
        claims.extend(commit.claims.iter().map(|claim| (stream.as_str(), claim)));
    }
    claims.sort_by_key(|(_, claim)| *claim);
    INSERT_CLAIMS
        .execute(conn, &claims, Changes::Each, |values, (stream, claim)| {
            values.text(claim.kind.as_str()).blob(&claim.hash).text(stream);
        })
        .await?;
    let mut tokens: Vec<_> = each(winners, |commit| &commit.tokens).collect();
    tokens.sort_by_key(|(stream, row)| (*stream, &row.token));
    INSERT_TOKENS
        .execute(conn, &tokens, Changes::Each, |values, (stream, token)| {
            rows::bind_token(values, stream, token);
        })
        .await?;
    let keys: Vec<_> = each(winners, |commit| &commit.key).collect();
    INSERT_KEYS
        .execute(conn, &keys, Changes::Each, |values, (stream, wrapped)| {
            values.text(stream).blob(wrapped);
        })
        .await?;
    let sealed: Vec<_> = each(winners, |commit| &commit.sealed).collect();
    INSERT_SEALED
        .execute(conn, &sealed, Changes::Each, |values, (stream, row)| {
            rows::bind_sealed(values, stream, row);
        })
        .await?;
    usage::put(conn, each(winners, |commit| &commit.seen)).await
}

async fn put_rows(conn: &mut SqliteConnection, winners: &[Winner<'_>]) -> Result<(), Fault> {
    let mut orders = BTreeMap::new();
    let mut subscriptions = BTreeMap::new();
    let mut coupons = BTreeMap::new();
    let mut withdrawals = BTreeMap::new();
    let mut used = BTreeMap::new();
    let mut coverages = BTreeMap::new();
    let mut campaigns = BTreeMap::new();
    let mut bills = statements::Batch::default();
    for (stream, row) in each(winners, |commit| &commit.rows) {
        match row {
            Row::Order(order) => {
                orders.insert((stream, order.id.number), order);
            }
            Row::Subscription(row) => {
                subscriptions.insert((stream, row.id.number), row);
            }
            Row::Coupon(row) => {
                coupons.insert((stream, row.coupon.id.number), row);
            }
            Row::Withdrawal(row) => {
                withdrawals.insert((stream, row.id.number), row.as_ref());
            }
            Row::Resource(row) => {
                used.insert((stream, row.id.number), row.as_ref());
            }
            Row::Coverage(row) => {
                coverages.insert((row.starts_at, stream, row.order.number), row);
            }
            Row::BillLine(..) | Row::Statement(..) | Row::Document(_) => bills.take(stream, row),
            Row::Campaign(row) => {
                campaigns.insert(stream, row.as_ref());
            }
        }
    }
    let orders: Vec<_> = orders.into_iter().collect();
    UPSERT_ORDERS
        .execute(conn, &orders, Changes::Each, |values, ((stream, _), order)| {
            rows::bind_order(values, stream, order);
        })
        .await?;
    let subscriptions: Vec<_> = subscriptions.into_iter().collect();
    UPSERT_SUBSCRIPTIONS
        .execute(conn, &subscriptions, Changes::Each, |values, ((stream, _), row)| {
            rows::bind_subscription(values, stream, row);
        })
        .await?;
    let used: Vec<_> = used.into_iter().map(|((stream, _), row)| (stream, row)).collect();
    resources::put(conn, &used).await?;
    let coupons: Vec<_> = coupons.into_iter().collect();
    UPSERT_COUPONS
        .execute(conn, &coupons, Changes::Each, |values, ((stream, _), row)| {
            rows::bind_coupon(values, stream, row);
        })
        .await?;
    let coverages: Vec<_> = coverages.into_iter().collect();
    UPSERT_COVERAGES
        .execute(conn, &coverages, Changes::Each, |values, ((_, stream, _), row)| {
            rows::bind_coverage(values, stream, row);
        })
        .await?;
    let withdrawals: Vec<_> = withdrawals.into_iter().collect();
    withdrawals::put(conn, &withdrawals).await?;
    bills.put(conn).await?;
    campaigns::put(conn, campaigns).await?;
    let entries: Vec<_> = each(winners, |commit| &commit.entries).collect();
    INSERT_ENTRIES
        .execute(conn, &entries, Changes::Each, |values, (stream, entry)| {
            rows::bind_entry(values, stream, entry);
        })
        .await
}

/// What leaves a stream, then what is void: a later commit of the batch may void what an earlier
/// one sent.
async fn put_effects(conn: &mut SqliteConnection, winners: &[Winner<'_>]) -> Result<(), Fault> {
    let effects: Vec<_> = each(winners, |commit| &commit.outbox).collect();
    INSERT_EFFECTS
        .execute(conn, &effects, Changes::Each, |values, (stream, row)| {
            rows::bind_effect(values, stream, row);
        })
        .await?;
    let voids: Vec<_> = winners
        .iter()
        .flat_map(|(stream, commit)| {
            let topics = commit.voids.iter().filter(|topic| !topic.is_empty());
            topics.map(move |topic| (stream.as_str(), topic.as_str(), *commit))
        })
        .collect();
    for voids in runs(&voids, |(stream, topic, _)| (*stream, *topic)) {
        VOID_EFFECTS
            .execute(conn, voids, Changes::Any, |values, (stream, topic, commit)| {
                values
                    .text(stream)
                    .text(topic)
                    .int(codec::whole(commit.expected_seq))
                    .int(commit.head.at.micros());
            })
            .await?;
    }
    Ok(())
}

/// Cuts `items` so that no run has the same key twice: an update that meets a row twice takes
/// either.
pub(super) fn runs<T, K: Eq + Hash>(items: &[T], key: impl Fn(&T) -> K) -> Vec<&[T]> {
    let mut runs = Vec::new();
    let mut seen = HashSet::new();
    let mut start = 0;
    for (place, item) in items.iter().enumerate() {
        if !seen.insert(key(item)) {
            runs.push(&items[start..place]);
            start = place;
            seen.clear();
            seen.insert(key(item));
        }
    }
    runs.push(&items[start..]);
    runs
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
    use crate::domain::ids::AccountId;
    use crate::store::StoredRecord;
    use crate::store::sqlite::open;

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

    #[test]
    fn no_run_has_a_key_twice() {
        assert_eq!(runs(&[1, 2, 1, 1, 3], |n| *n), [&[1, 2][..], &[1], &[1, 3]]);
        assert_eq!(runs(&[] as &[u8], |n| *n), [&[] as &[u8]]);
    }
}
