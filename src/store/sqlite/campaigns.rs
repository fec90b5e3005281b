//! Coupon campaigns: one row for each, and their lists.

use std::sync::LazyLock;

use sqlx::{QueryBuilder, Sqlite, SqliteConnection, SqlitePool};

use super::columns::Columns;
use super::fault::{Fault, failed};
use super::ladder::{Changes, Ladder};
use crate::domain::ids::CampaignId;
use crate::domain::rows::CampaignRow;
use crate::store::batch::Of;
use crate::store::rows::nouns;
use crate::store::{CampaignQuery, StoreError};

static UPSERT_CAMPAIGNS: LazyLock<Ladder> =
    LazyLock::new(|| Ladder::upsert("campaigns", nouns::CAMPAIGN, 1));

/// Writes the rows of a batch.
pub(super) async fn put(
    conn: &mut SqliteConnection,
    rows: &[Of<'_, CampaignRow>],
) -> Result<(), Fault> {
    UPSERT_CAMPAIGNS
        .execute(conn, rows, Changes::Each, |values, (stream, row)| {
            nouns::bind_campaign(values, stream, row);
        })
        .await
}

pub(super) async fn list(
    pool: &SqlitePool,
    query: CampaignQuery,
) -> Result<Vec<CampaignRow>, StoreError> {
    let found = ask(query).build().fetch_all(pool).await.map_err(failed)?;
    found.iter().map(|row| nouns::campaign(&mut Columns::of(row))).collect()
}

fn ask(query: CampaignQuery) -> QueryBuilder<Sqlite> {
    let mut sql =
        QueryBuilder::new(format!("SELECT {} FROM campaigns WHERE TRUE", nouns::CAMPAIGN));
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

static ONE: LazyLock<&'static str> = LazyLock::new(|| {
    String::leak(format!("SELECT {} FROM campaigns WHERE stream = ?", nouns::CAMPAIGN))
});

pub(super) async fn one(
    pool: &SqlitePool,
    id: CampaignId,
) -> Result<Option<CampaignRow>, StoreError> {
    let query = sqlx::query(*ONE).bind(id.to_string());
    let found = query.fetch_optional(pool).await.map_err(failed)?;
    found.map(|row| nouns::campaign(&mut Columns::of(&row))).transpose()
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
