//! Coupon campaigns: one row for each, and their lists.

use std::sync::LazyLock;

use sqlx::{PgPool, Postgres, QueryBuilder};

use super::columns::Columns;
use super::fault::{Fault, failed};
use super::unnest::{Changes, Script, Unnest, plain};
use crate::domain::ids::CampaignId;
use crate::domain::rows::CampaignRow;
use crate::store::batch::Of;
use crate::store::rows::nouns;
use crate::store::{CampaignQuery, StoreError};

static UPSERT_CAMPAIGNS: LazyLock<Unnest> =
    LazyLock::new(|| Unnest::upsert("campaigns", nouns::CAMPAIGN, 1));

/// Writes the rows of a batch.
pub(super) fn put(script: &mut Script, rows: &[Of<'_, CampaignRow>]) -> Result<(), Fault> {
    script.add(&UPSERT_CAMPAIGNS, rows, Changes::Each, |values, (stream, row)| {
        nouns::bind_campaign(values, stream, row);
    })
}

pub(super) async fn list(
    pool: &PgPool,
    query: CampaignQuery,
) -> Result<Vec<CampaignRow>, StoreError> {
    let found = ask(query).build().fetch_all(pool).await.map_err(failed)?;
    found.iter().map(|row| nouns::campaign(&mut Columns::of(row))).collect()
}

fn ask(query: CampaignQuery) -> QueryBuilder<Postgres> {
    let mut sql =
        QueryBuilder::new(format!("SELECT {} FROM campaigns WHERE TRUE", nouns::CAMPAIGN));
    if let Some(name) = query.name {
        // By the rules of "C", here as in the question: `lower` knows ASCII letters only.
        sql.push(" AND strpos(lower(name), lower(")
            .push_bind(plain(&name))
            .push(" COLLATE \"C\")) > 0");
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
    sql.push(" ORDER BY opened_at DESC, stream DESC LIMIT ").push_bind(i64::from(query.limit));
    sql
}

static ONE: LazyLock<&'static str> = LazyLock::new(|| {
    String::leak(format!("SELECT {} FROM campaigns WHERE stream = $1", nouns::CAMPAIGN))
});

pub(super) async fn one(pool: &PgPool, id: CampaignId) -> Result<Option<CampaignRow>, StoreError> {
    let query = sqlx::query(*ONE).bind(id.to_string());
    let found = query.fetch_optional(pool).await.map_err(failed)?;
    found.map(|row| nouns::campaign(&mut Columns::of(&row))).transpose()
}
