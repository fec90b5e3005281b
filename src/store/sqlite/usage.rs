//! Reports of usage that were counted: known by account and key, and forgotten when they are old.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use sqlx::{SqliteConnection, SqlitePool};

use super::fault::{Fault, failed};
use super::ladder::{Changes, Ladder};
use super::rows::Columns;
use crate::domain::calendar::Timestamp;
use crate::domain::ids::ResourceId;
use crate::domain::usage::{Seen, UsageKey};
use crate::store::{OldUsage, StoreError, UsagePlace, codec};

const SEEN: &str = "stream, key, resource, quantity, value, at";

static INSERT: LazyLock<Ladder> = LazyLock::new(|| Ladder::insert("usage_seen", SEEN, ""));
static ASK: LazyLock<Ladder> =
    LazyLock::new(|| Ladder::ask("usage_seen", SEEN, 2, "v.column1 = stream AND v.column2 = key"));

/// Writes what was counted; one that is known already fails the transaction.
pub(super) async fn put<'a>(
    conn: &mut SqliteConnection,
    seen: impl Iterator<Item = (&'a str, &'a (UsageKey, Seen))>,
) -> Result<(), Fault> {
    let mut seen: Vec<_> = seen.collect();
    seen.sort_unstable_by_key(|(stream, (key, _))| (*stream, *key));
    INSERT
        .execute(conn, &seen, Changes::Each, |values, (stream, (key, seen))| {
            let value = seen.value.map(u64::to_be_bytes);
            values
                .text(stream)
                .blob(&key.0)
                .int(seen.resource.number)
                .text(&seen.quantity.to_string())
                .blob(value.as_ref().map_or(&[], <[u8; 8]>::as_slice))
                .int(seen.at.micros());
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
    let row = |row| {
        let mut columns = Columns::of(row);
        let account = codec::account(columns.stream()?)?;
        let key = codec::usage_key(columns.blob()?)?;
        let seen = Seen {
            resource: ResourceId::new(account, columns.natural()?),
            quantity: codec::parsed(columns.str()?)?,
            value: codec::usage_value(columns.blob()?)?,
            at: columns.at()?,
        };
        Ok((key, seen))
    };
    found.await?.iter().map(row).collect()
}

/// Behind every stream: their ids begin with letters.
const END: &str = "~";

const STEP: &str = "SELECT stream, key FROM usage_seen WHERE (stream, key) > (?, ?) \
    ORDER BY stream, key LIMIT 1 OFFSET ?";
const COUNT: &str = "SELECT COUNT(*) FROM usage_seen \
    WHERE (stream, key) > (?, ?) AND (stream, key) <= (?, ?) AND at < ?";
const FORGET: &str = "DELETE FROM usage_seen \
    WHERE (stream, key) > (?, ?) AND (stream, key) <= (?, ?) AND at < ?";

/// A place as it is compared; none is before, or behind, all of them.
fn place(place: Option<UsagePlace>, none: &str) -> (String, Vec<u8>) {
    match place {
        Some((account, key)) => (account.to_string(), key.0.to_vec()),
        None => (none.to_owned(), Vec::new()),
    }
}

pub(super) async fn old(
    pool: &SqlitePool,
    before: Timestamp,
    after: Option<UsagePlace>,
    limit: u32,
) -> Result<OldUsage, StoreError> {
    let (stream, key) = place(after, "");
    let step = sqlx::query(STEP).bind(stream.clone()).bind(key.clone());
    let end = step.bind(limit.saturating_sub(1)).fetch_optional(pool).await.map_err(failed)?;
    let through = match &end {
        Some(row) => {
            let mut columns = Columns::of(row);
            Some((codec::account(columns.stream()?)?, codec::usage_key(columns.blob()?)?))
        }
        None => None,
    };
    let (to, to_key) = place(through, END);
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
    let ((from, from_key), (to, to_key)) = (place(after, ""), place(through, END));
    let forget = sqlx::query(FORGET).bind(from).bind(from_key).bind(to).bind(to_key);
    forget.bind(before.micros()).execute(conn).await?;
    Ok(())
}

/// Statements that must find their rows by a key.
#[cfg(test)]
pub(super) fn keyed() -> Vec<&'static str> {
    ASK.texts().into_iter().chain([STEP, COUNT, FORGET]).collect()
}
