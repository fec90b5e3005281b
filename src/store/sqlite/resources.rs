//! Pay-as-you-go resources: one row for each, and their lists.

use std::sync::LazyLock;

use sqlx::{QueryBuilder, Sqlite, SqliteConnection, SqlitePool};

use super::columns::Columns;
use super::fault::{Fault, failed};
use super::ladder::{Changes, Ladder};
use super::lists::{all, read, select};
use crate::domain::ids::ResourceId;
use crate::domain::nouns::resource::State;
use crate::domain::rows::ResourceRow;
use crate::store::batch::Of;
use crate::store::rows::nouns;
use crate::store::{ResourceQuery, StoreError};

static UPSERT_RESOURCES: LazyLock<Ladder> =
    LazyLock::new(|| Ladder::upsert("resources", nouns::RESOURCE, 2));

/// Writes the rows of a batch.
pub(super) async fn put(
    conn: &mut SqliteConnection,
    rows: &[Of<'_, ResourceRow>],
) -> Result<(), Fault> {
    UPSERT_RESOURCES
        .execute(conn, rows, Changes::Each, |values, (stream, row)| {
            nouns::bind_resource(values, stream, row);
        })
        .await
}

pub(super) async fn list(
    pool: &SqlitePool,
    query: ResourceQuery,
) -> Result<Vec<ResourceRow>, StoreError> {
    read(&all(pool, ask(query)).await?, nouns::resource)
}

fn ask(query: ResourceQuery) -> QueryBuilder<Sqlite> {
    let table = match (query.account, query.state) {
        (None, Some(State::Halted)) => "resources INDEXED BY resources_halted",
        (Some(_), _) | (None, Some(State::Running | State::Stopped | State::Released) | None) => {
            "resources"
        }
    };
    let mut sql = select(nouns::RESOURCE, table);
    if let Some(account) = query.account {
        sql.push(" AND stream = ").push_bind(account.to_string());
    }
    if let Some(state) = query.state {
        // The word of the partial index: SQLite uses it only if it stands in the query.
        sql.push(format_args!(" AND state = '{}'", state.as_str()));
    }
    if let Some(product) = query.product {
        sql.push(" AND product = ").push_bind(product);
    }
    if let Some(region) = query.region {
        sql.push(" AND region = ").push_bind(region);
    }
    if let Some(after) = query.after {
        sql.push(" AND (stream, number) > (").push_bind(after.account.to_string());
        sql.push(", ").push_bind(after.number).push(")");
    }
    sql.push(" ORDER BY stream, number LIMIT ").push_bind(query.limit);
    sql
}

static ONE: LazyLock<&'static str> = LazyLock::new(|| {
    String::leak({
        let columns = nouns::RESOURCE;
        format!("SELECT {columns} FROM resources WHERE stream = ? AND number = ?")
    })
});

pub(super) async fn one(
    pool: &SqlitePool,
    id: ResourceId,
) -> Result<Option<ResourceRow>, StoreError> {
    let query = sqlx::query(*ONE).bind(id.account.to_string()).bind(id.number);
    let found = query.fetch_optional(pool).await.map_err(failed)?;
    found.map(|row| nouns::resource(&mut Columns::of(&row))).transpose()
}

/// Statements that must find their rows by a key.
#[cfg(test)]
pub(super) fn keyed() -> Vec<&'static str> {
    let account = crate::domain::ids::AccountId::from_bits(1);
    let after = Some(ResourceId::new(account, 1));
    let rest = ResourceQuery { after, limit: 1, ..ResourceQuery::default() };
    let of = ResourceQuery { account: Some(account), limit: 1, ..ResourceQuery::default() };
    let both =
        ResourceQuery { account: Some(account), product: Some("a".to_owned()), ..rest.clone() };
    let pages = [rest, of, both].map(|query| &*String::leak(ask(query).into_string()));
    pages.into_iter().chain([*ONE]).collect()
}

/// Pages over everything that must come in the order of an index.
#[cfg(test)]
pub(super) fn in_order() -> Vec<String> {
    let halted = ResourceQuery {
        state: Some(State::Halted),
        after: Some(ResourceId::new(crate::domain::ids::AccountId::from_bits(1), 1)),
        limit: 1,
        ..ResourceQuery::default()
    };
    vec![ask(halted).into_string()]
}
