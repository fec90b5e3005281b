//! Coupon campaigns: one row for each, and their lists.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use sqlx::{QueryBuilder, Sqlite, SqliteConnection, SqlitePool};

use super::fault::{Fault, failed};
use super::ladder::{Changes, Ladder, Values};
use super::rows::Columns;
use crate::domain::ids::{CampaignId, StreamId};
use crate::domain::rows::CampaignRow;
use crate::store::{CampaignQuery, StoreError, codec};

const CAMPAIGN: &str = "stream, name, starts_at, ends_at, opened_at, closed_at, taken, terms";

static UPSERT_CAMPAIGNS: LazyLock<Ladder> =
    LazyLock::new(|| Ladder::upsert("campaigns", CAMPAIGN, 1));

/// Writes the rows of a batch, each with the text of its stream's id.
pub(super) async fn put(
    conn: &mut SqliteConnection,
    rows: BTreeMap<&str, &CampaignRow>,
) -> Result<(), Fault> {
    let mut texts = Vec::with_capacity(rows.len());
    for (stream, row) in rows {
        let terms = serde_json::to_string(&row.terms).map_err(codec::corrupt)?;
        texts.push((stream, row, terms));
    }
    UPSERT_CAMPAIGNS
        .execute(conn, &texts, Changes::Each, |values, (stream, row, terms)| {
            bind(values, stream, row, terms);
        })
        .await
}

fn bind(values: &mut Values, stream: &str, row: &CampaignRow, terms: &str) {
    values
        .text(stream)
        .text(&row.terms.name)
        .int(row.terms.starts_at.micros())
        .int(row.terms.ends_at.micros())
        .int(row.opened_at.micros())
        .int(codec::micros(row.closed_at))
        .int(row.taken)
        .text(terms);
}

fn read(columns: &mut Columns<'_>) -> Result<CampaignRow, StoreError> {
    let id = match columns.stream()? {
        StreamId::Campaign(id) => id,
        other @ (StreamId::Account(_) | StreamId::House | StreamId::Series(_)) => {
            return Err(codec::corrupt(format_args!("{other} where a campaign must be")));
        }
    };
    // These are in the terms as well.
    let (_name, _starts_at, _ends_at) = (columns.str()?, columns.at()?, columns.at()?);
    Ok(CampaignRow {
        id,
        opened_at: columns.at()?,
        closed_at: codec::some_instant(columns.int()?)?,
        taken: columns.natural()?,
        terms: serde_json::from_str(columns.str()?).map_err(codec::corrupt)?,
    })
}

pub(super) async fn list(
    pool: &SqlitePool,
    query: CampaignQuery,
) -> Result<Vec<CampaignRow>, StoreError> {
    let found = ask(query).build().fetch_all(pool).await.map_err(failed)?;
    found.iter().map(|row| read(&mut Columns::of(row))).collect()
}

fn ask(query: CampaignQuery) -> QueryBuilder<Sqlite> {
    let mut sql = QueryBuilder::new(format!("SELECT {CAMPAIGN} FROM campaigns WHERE TRUE"));
    if let Some(name) = query.name {
        // Here as in the question, `lower` knows ASCII letters only.
        sql.push(" AND instr(lower(name), lower(").push_bind(name).push(")) > 0");
    }
    if let Some(at) = query.running_at {
        sql.push(" AND starts_at <= ").push_bind(at.micros());
        sql.push(" AND ends_at > ").push_bind(at.micros());
        sql.push(" AND closed_at > ").push_bind(at.micros());
    }
    if let Some((at, id)) = query.before {
        sql.push(" AND (opened_at, stream) < (").push_bind(at.micros());
        sql.push(", ").push_bind(id.to_string()).push(")");
    }
    sql.push(" ORDER BY opened_at DESC, stream DESC LIMIT ").push_bind(query.limit);
    sql
}

static ONE: LazyLock<&'static str> =
    LazyLock::new(|| String::leak(format!("SELECT {CAMPAIGN} FROM campaigns WHERE stream = ?")));

pub(super) async fn one(
    pool: &SqlitePool,
    id: CampaignId,
) -> Result<Option<CampaignRow>, StoreError> {
    let query = sqlx::query(*ONE).bind(id.to_string());
    let found = query.fetch_optional(pool).await.map_err(failed)?;
    found.map(|row| read(&mut Columns::of(&row))).transpose()
}

/// Statements that must find their rows by a key.
#[cfg(test)]
pub(super) fn keyed() -> Vec<&'static str> {
    vec![*ONE]
}

/// Statements that must find their rows in the order asked.
#[cfg(test)]
pub(super) fn in_order() -> Vec<String> {
    use crate::domain::calendar::Timestamp;

    let before = Some((Timestamp::MIN, CampaignId::from_bits(1)));
    let running_at = Some(Timestamp::MIN);
    let all = CampaignQuery { limit: 1, ..CampaignQuery::default() };
    let some = CampaignQuery { name: Some("a".to_owned()), running_at, before, limit: 1 };
    [all, some].map(|query| ask(query).into_string()).into()
}
