//! Reports of usage that were counted: known by account and key, and forgotten when they are old.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use sqlx::{SqliteConnection, SqlitePool};

use super::columns::Columns;
use super::fault::{Fault, failed};
use super::ladder::{Changes, Ladder};
use crate::domain::calendar::Timestamp;
use crate::domain::usage::{Seen, UsageKey};
use crate::store::batch::Of;
use crate::store::rows::{Columns as _, Values as _, beside};
use crate::store::walks::{END, usage_place};
use crate::store::{OldUsage, StoreError, UsagePlace, codec};

static INSERT: LazyLock<Ladder> = LazyLock::new(|| Ladder::insert("usage_seen", beside::SEEN, ""));
static ASK: LazyLock<Ladder> = LazyLock::new(|| {
    Ladder::ask("usage_seen", beside::SEEN, 2, "v.column1 = stream AND v.column2 = key")
});

/// Writes what was counted; one that is known already fails the transaction.
pub(super) async fn put(
    conn: &mut SqliteConnection,
    seen: &[Of<'_, (UsageKey, Seen)>],
) -> Result<(), Fault> {
    INSERT
        .execute(conn, seen, Changes::Each, |values, (stream, (key, seen))| {
            beside::bind_seen(values, stream, key, seen);
        })
        .await
}

/// Those of the reports that are known.
pub(super) async fn seen(
    conn: &mut SqliteConnection,
    asked: &[UsagePlace],
) -> Result<BTreeMap<UsageKey, Seen>, StoreError> {
    let asked: BTreeSet<_> = asked.iter().collect();
    let asked: Vec<_> =
        asked.into_iter().map(|(account, key)| (account.to_string(), key)).collect();
    let found = ASK.fetch(conn, &asked, |values, (stream, key)| {
        values.text(stream).blob(&key.0);
    });
    found.await?.iter().map(|row| beside::seen(&mut Columns::of(row))).collect()
}

const STEP: &str = "SELECT stream, key FROM usage_seen WHERE (stream, key) > (?, ?) \
    ORDER BY stream, key LIMIT 1 OFFSET ?";
const COUNT: &str = "SELECT COUNT(*) FROM usage_seen \
    WHERE (stream, key) > (?, ?) AND (stream, key) <= (?, ?) AND at < ?";
const FORGET: &str = "DELETE FROM usage_seen \
    WHERE (stream, key) > (?, ?) AND (stream, key) <= (?, ?) AND at < ?";

pub(super) async fn old(
    pool: &SqlitePool,
    before: Timestamp,
    after: Option<UsagePlace>,
    limit: u32,
) -> Result<OldUsage, StoreError> {
    let (stream, key) = usage_place(after, "");
    let step = sqlx::query(STEP).bind(stream.clone()).bind(key.clone());
    let end = step.bind(limit.saturating_sub(1)).fetch_optional(pool).await.map_err(failed)?;
    let through = match &end {
        Some(row) => {
            let mut columns = Columns::of(row);
            Some((codec::account(columns.stream()?)?, codec::usage_key(columns.blob()?)?))
        }
        None => None,
    };
    let (to, to_key) = usage_place(through, END);
    let count = sqlx::query(COUNT).bind(stream).bind(key).bind(to).bind(to_key);
    let row = count.bind(before.micros()).fetch_one(pool).await.map_err(failed)?;
    Ok(OldUsage { through, count: Columns::of(&row).natural()? })
}

pub(super) async fn forget(
    conn: &mut SqliteConnection,
    before: Timestamp,
    after: Option<UsagePlace>,
    through: Option<UsagePlace>,
) -> Result<(), Fault> {
    let ((from, from_key), (to, to_key)) = (usage_place(after, ""), usage_place(through, END));
    let forget = sqlx::query(FORGET).bind(from).bind(from_key).bind(to).bind(to_key);
    forget.bind(before.micros()).execute(conn).await?;
    Ok(())
}

/// Statements that must find their rows by a key.
#[cfg(test)]
pub(super) fn keyed() -> Vec<&'static str> {
    ASK.texts().into_iter().chain([STEP, COUNT, FORGET]).collect()
}
