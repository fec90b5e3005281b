//! The one writer: commits through the gate, then their rows, in one transaction.
//!
//! First it is hoped that every commit passes, which is nearly always so: then nothing is read,
//! and the writes themselves prove it, because each must change as many rows as were sent. If
//! one does not, or a commit loses against another of its batch, the transaction is rolled back
//! and heads, claims and tokens are read. If it fails even so, it is the data: then each commit is
//! tried for itself inside the transaction.
//!
//! The rows of all tables go in one statement: begin, write, commit are three ways to the server.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::Hash;
use std::sync::LazyLock;
use std::time::Duration;

use sqlx::PgConnection;

use super::campaigns;
use super::chores;
use super::columns::Columns;
use super::erasure;
use super::fault::Fault;
use super::unnest::{Changes, Script, Unnest, Values};
use super::{resources, statements, usage, withdrawals};
use crate::domain::ids::StreamId;
use crate::domain::rows::Row;
use crate::failpoint::{self, Point};
use crate::store::gate::Known;
use crate::store::rows::{self, Columns as _, Values as _};
use crate::store::{Chore, Claim, Commit, Head, StoreError, Written, codec, gate};

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
    LazyLock::new(|| Unnest::insert("claims", "kind, hash, stream", ""));
static INSERT_TOKENS: LazyLock<Unnest> =
    LazyLock::new(|| Unnest::insert("tokens", rows::TOKEN, ""));
static INSERT_KEYS: LazyLock<Unnest> =
    LazyLock::new(|| Unnest::insert("keys", "stream, wrapped", ""));
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
    Unnest::ask("claims", "kind, hash, stream", 2, "v.column1 = kind AND v.column2 = hash")
});
static ASK_TOKENS: LazyLock<Unnest> = LazyLock::new(|| {
    Unnest::ask("tokens", "stream, token", 2, "v.column1 = stream AND v.column2 = token")
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

/// Times that a batch is tried again which got into another transaction's way.
const TRIES: u32 = 8;

/// Writes a batch in one transaction. After an error the connection is not to be used again.
pub(super) async fn write(
    conn: &mut PgConnection,
    commits: &[Commit],
    chores: &[Chore],
) -> Result<Vec<Written>, StoreError> {
    let mut gate = Gate::Hopeful;
    let mut tries = 0;
    loop {
        match (transact(conn, commits, chores, gate).await, gate) {
            (Ok(written), _) => return Ok(written),
            (Err(Fault::Again(reason)), _) if tries < TRIES => {
                tracing::debug!(?gate, reason, "a batch is tried again");
                tries += 1;
                tokio::time::sleep(Duration::from_millis(u64::from(tries) * 10)).await;
            }
            (Err(Fault::Data(reason)), Gate::Hopeful) => {
                tracing::debug!(?gate, reason, "a batch was rolled back");
                gate = Gate::Informed;
            }
            (Err(Fault::Data(reason)), Gate::Informed) => {
                tracing::debug!(?gate, reason, "a batch was rolled back");
                gate = Gate::OneByOne;
            }
            (Err(fault), _) => return Err(fault.into()),
        }
    }
}

async fn transact(
    conn: &mut PgConnection,
    commits: &[Commit],
    chores: &[Chore],
    gate: Gate,
) -> Result<Vec<Written>, Fault> {
    run(conn, "BEGIN").await?;
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
        // If it fails, the connection has: then the server rolls back by itself.
        let _ = run(conn, "ROLLBACK").await;
    }
    done
}

async fn run(conn: &mut PgConnection, sql: &'static str) -> Result<(), Fault> {
    sqlx::raw_sql(sql).execute(conn).await?;
    Ok(())
}

async fn fill(
    conn: &mut PgConnection,
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

async fn one_by_one(conn: &mut PgConnection, commits: &[Commit]) -> Result<Vec<Written>, Fault> {
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
async fn informed(conn: &mut PgConnection, commits: &[Commit]) -> Result<Known, Fault> {
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

/// Writes all rows of all winners.
async fn put(
    conn: &mut PgConnection,
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
    // Rows are locked in one order, whoever writes; of one stream the order is kept.
    winners.sort_by(|a, b| a.0.cmp(&b.0));
    // What is released here may be claimed there.
    let claims = release(conn, &winners).await?;
    let mut script = Script::default();
    put_heads(&mut script, &winners)?;
    put_facts(&mut script, &winners, &claims)?;
    put_rows(&mut script, &winners)?;
    let records: Vec<_> = each(&winners, |commit| &commit.records).collect();
    script.add(&INSERT_RECORDS, &records, Changes::Each, |values, (stream, record)| {
        rows::bind_record(values, stream, record);
    })?;
    let snapshots: BTreeMap<_, _> = each(&winners, |commit| &commit.snapshot).collect();
    let snapshots: Vec<_> = snapshots.into_iter().collect();
    script.add(&UPSERT_SNAPSHOTS, &snapshots, Changes::Each, |values, (stream, snapshot)| {
        rows::bind_snapshot(values, stream, snapshot);
    })?;
    let effects: Vec<_> = each(&winners, |commit| &commit.outbox).collect();
    script.add(&INSERT_EFFECTS, &effects, Changes::Each, |values, (stream, row)| {
        rows::bind_effect(values, stream, row);
    })?;
    put_voids(conn, script, &winners).await
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

fn put_heads(script: &mut Script, winners: &[Winner<'_>]) -> Result<(), Fault> {
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
    script.add(&INSERT_HEADS, &fresh, Changes::Each, |values, moved| {
        rows::bind_head(values, moved.stream, moved.head);
        values.int(codec::NO_INSTANT).text("");
    })?;
    script.add(&MOVE_HEADS, &known, Changes::Each, |values, moved| {
        rows::bind_head(values, moved.stream, moved.head);
        values.int(codec::whole(moved.from));
    })
}

/// Releases the claims of accounts that are closed, and answers those that are to be written.
async fn release<'a>(
    conn: &mut PgConnection,
    winners: &'a [Winner<'a>],
) -> Result<Vec<(&'a str, &'a Claim)>, Fault> {
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
    Ok(claims)
}

fn put_facts(
    script: &mut Script,
    winners: &[Winner<'_>],
    claims: &[(&str, &Claim)],
) -> Result<(), Fault> {
    script.add(&INSERT_CLAIMS, claims, Changes::Each, |values, (stream, claim)| {
        values.text(claim.kind.as_str()).blob(&claim.hash).text(stream);
    })?;
    let mut tokens: Vec<_> = each(winners, |commit| &commit.tokens).collect();
    tokens.sort_by_key(|(stream, row)| (*stream, &row.token));
    script.add(&INSERT_TOKENS, &tokens, Changes::Each, |values, (stream, token)| {
        rows::bind_token(values, stream, token);
    })?;
    let keys: Vec<_> = each(winners, |commit| &commit.key).collect();
    script.add(&INSERT_KEYS, &keys, Changes::Each, |values, (stream, wrapped)| {
        values.text(stream).blob(wrapped);
    })?;
    let sealed: Vec<_> = each(winners, |commit| &commit.sealed).collect();
    script.add(&INSERT_SEALED, &sealed, Changes::Each, |values, (stream, row)| {
        rows::bind_sealed(values, stream, row);
    })?;
    usage::put(script, each(winners, |commit| &commit.seen))
}

fn put_rows(script: &mut Script, winners: &[Winner<'_>]) -> Result<(), Fault> {
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
    script.add(&UPSERT_ORDERS, &orders, Changes::Each, |values, ((stream, _), order)| {
        rows::bind_order(values, stream, order);
    })?;
    let subscriptions: Vec<_> = subscriptions.into_iter().collect();
    script.add(
        &UPSERT_SUBSCRIPTIONS,
        &subscriptions,
        Changes::Each,
        |values, ((stream, _), row)| {
            rows::bind_subscription(values, stream, row);
        },
    )?;
    let used: Vec<_> = used.into_iter().map(|((stream, _), row)| (stream, row)).collect();
    resources::put(script, &used)?;
    let coupons: Vec<_> = coupons.into_iter().collect();
    script.add(&UPSERT_COUPONS, &coupons, Changes::Each, |values, ((stream, _), row)| {
        rows::bind_coupon(values, stream, row);
    })?;
    let coverages: Vec<_> = coverages.into_iter().collect();
    script.add(&UPSERT_COVERAGES, &coverages, Changes::Each, |values, ((_, stream, _), row)| {
        rows::bind_coverage(values, stream, row);
    })?;
    let withdrawals: Vec<_> = withdrawals.into_iter().collect();
    withdrawals::put(script, &withdrawals)?;
    bills.put(script)?;
    campaigns::put(script, campaigns)?;
    let entries: Vec<_> = each(winners, |commit| &commit.entries).collect();
    script.add(&INSERT_ENTRIES, &entries, Changes::Each, |values, (stream, entry)| {
        rows::bind_entry(values, stream, entry);
    })
}

/// Runs the script, and sets aside what is void by now: together with it, unless a commit of the
/// batch voids what an earlier one has sent.
async fn put_voids(
    conn: &mut PgConnection,
    mut script: Script,
    winners: &[Winner<'_>],
) -> Result<(), Fault> {
    let voids: Vec<_> = winners
        .iter()
        .flat_map(|(stream, commit)| {
            let topics = commit.voids.iter().filter(|topic| !topic.is_empty());
            topics.map(move |topic| (stream.as_str(), topic.as_str(), *commit))
        })
        .collect();
    let bind = |values: &mut Values, (stream, topic, commit): &(&str, &str, &Commit)| {
        let (seq, at) = (codec::whole(commit.expected_seq), commit.head.at.micros());
        values.text(stream).text(topic).int(seq).int(at);
    };
    let runs = runs(&voids, |(stream, topic, _)| (*stream, *topic));
    let once = winners.windows(2).all(|pair| pair[0].0 != pair[1].0);
    if let ([all], true) = (runs.as_slice(), once) {
        script.add(&VOID_EFFECTS, all, Changes::Any, bind)?;
        return script.run(conn).await;
    }
    script.run(conn).await?;
    for voids in runs {
        VOID_EFFECTS.execute(conn, voids, Changes::Any, bind).await?;
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
