//! Pay-as-you-go resources: one row for each, and their lists.

use std::sync::LazyLock;

use sqlx::{PgPool, Postgres, QueryBuilder};

use super::columns::Columns;
use super::fault::{Fault, failed};
use super::lists::{all, read, select};
use super::unnest::{Changes, Script, Unnest, plain};
use crate::domain::ids::ResourceId;
use crate::domain::rows::ResourceRow;
use crate::store::batch::Of;
use crate::store::rows::nouns;
use crate::store::{ResourceQuery, StoreError};

static UPSERT_RESOURCES: LazyLock<Unnest> =
    LazyLock::new(|| Unnest::upsert("resources", nouns::RESOURCE, 2));

/// Writes the rows of a batch.
pub(super) fn put(script: &mut Script, rows: &[Of<'_, ResourceRow>]) -> Result<(), Fault> {
    script.add(&UPSERT_RESOURCES, rows, Changes::Each, |values, (stream, row)| {
        nouns::bind_resource(values, stream, row);
    })
}

pub(super) async fn list(
    pool: &PgPool,
    query: ResourceQuery,
) -> Result<Vec<ResourceRow>, StoreError> {
    read(&all(pool, ask(query)).await?, nouns::resource)
}

fn ask(query: ResourceQuery) -> QueryBuilder<Postgres> {
    let mut sql = select(nouns::RESOURCE, "resources");
    if let Some(account) = query.account {
        sql.push(" AND stream = ").push_bind(account.to_string());
    }
    if let Some(state) = query.state {
        // The word of the partial index: it is used only if it stands in the query.
        sql.push(format_args!(" AND state = '{}'", state.as_str()));
    }
    if let Some(product) = query.product {
        sql.push(" AND product = ").push_bind(plain(&product));
    }
    if let Some(region) = query.region {
        sql.push(" AND region = ").push_bind(plain(&region));
    }
    if let Some(after) = query.after {
        sql.push(" AND (stream, number) > (").push_bind(after.account.to_string());
        sql.push(", ").push_bind(i64::from(after.number)).push(")");
    }
    sql.push(" ORDER BY stream, number LIMIT ").push_bind(i64::from(query.limit));
    sql
}

static ONE: LazyLock<&'static str> = LazyLock::new(|| {
    String::leak({
        let columns = nouns::RESOURCE;
        format!("SELECT {columns} FROM resources WHERE stream = $1 AND number = $2")
    })
});

pub(super) async fn one(pool: &PgPool, id: ResourceId) -> Result<Option<ResourceRow>, StoreError> {
    let query = sqlx::query(*ONE).bind(id.account.to_string()).bind(i64::from(id.number));
    let found = query.fetch_optional(pool).await.map_err(failed)?;
    found.map(|row| nouns::resource(&mut Columns::of(&row))).transpose()
}
