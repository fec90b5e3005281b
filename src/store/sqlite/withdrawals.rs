//! Withdrawals: one row for each, and the list of an account's.

use std::sync::LazyLock;

use sqlx::{QueryBuilder, Sqlite, SqliteConnection, SqlitePool};

use super::columns::Columns;
use super::fault::Fault;
use super::ladder::{Changes, Ladder};
use super::lists::{all, read, select};
use crate::domain::ids::WithdrawalId;
use crate::domain::nouns::withdrawal::Withdrawal;
use crate::store::batch::Of;
use crate::store::rows::{Values as _, nouns};
use crate::store::{StoreError, WithdrawalQuery};

static UPSERT: LazyLock<Ladder> =
    LazyLock::new(|| Ladder::upsert("withdrawals", nouns::WITHDRAWAL, 2));
static ASK: LazyLock<Ladder> = LazyLock::new(|| {
    let meet = "v.column1 = stream AND v.column2 = number";
    Ladder::ask("withdrawals", nouns::WITHDRAWAL, 2, meet)
});

/// Writes the rows of a batch.
pub(super) async fn put(
    conn: &mut SqliteConnection,
    rows: &[Of<'_, Withdrawal>],
) -> Result<(), Fault> {
    UPSERT
        .execute(conn, rows, Changes::Each, |values, (stream, row)| {
            nouns::bind_withdrawal(values, stream, row);
        })
        .await
}

/// Those of the withdrawals that exist, as they stand.
pub(super) async fn known(
    conn: &mut SqliteConnection,
    asked: &[WithdrawalId],
) -> Result<Vec<Withdrawal>, StoreError> {
    let found = ASK.fetch(conn, asked, |values, id| {
        values.text(&id.account.to_string()).int(id.number);
    });
    found.await?.iter().map(|row| nouns::withdrawal(&mut Columns::of(row))).collect()
}

pub(super) async fn list(
    pool: &SqlitePool,
    query: WithdrawalQuery,
) -> Result<Vec<Withdrawal>, StoreError> {
    read(&all(pool, ask(query)).await?, nouns::withdrawal)
}

fn ask(query: WithdrawalQuery) -> QueryBuilder<Sqlite> {
    let mut sql = select(nouns::WITHDRAWAL, "withdrawals");
    sql.push(" AND stream = ").push_bind(query.account.to_string());
    if let Some(state) = query.state {
        sql.push(" AND state = ").push_bind(state.as_str());
    }
    if let Some(before) = query.before {
        sql.push(" AND number < ").push_bind(before);
    }
    sql.push(" ORDER BY number DESC LIMIT ").push_bind(query.limit);
    sql
}
