//! Withdrawals: one row for each, and the list of an account's.

use std::sync::LazyLock;

use sqlx::{PgConnection, PgPool, Postgres, QueryBuilder};

use super::columns::Columns;
use super::fault::Fault;
use super::lists::{all, read, select};
use super::unnest::{Changes, Script, Unnest};
use crate::domain::ids::WithdrawalId;
use crate::domain::nouns::withdrawal::Withdrawal;
use crate::store::batch::Of;
use crate::store::rows::{Values as _, nouns};
use crate::store::{StoreError, WithdrawalQuery};

static UPSERT: LazyLock<Unnest> =
    LazyLock::new(|| Unnest::upsert("withdrawals", nouns::WITHDRAWAL, 2));
static ASK: LazyLock<Unnest> = LazyLock::new(|| {
    let meet = "v.column1 = stream AND v.column2 = number";
    Unnest::ask("withdrawals", nouns::WITHDRAWAL, 2, meet)
});

/// Writes the rows of a batch.
pub(super) fn put(script: &mut Script, rows: &[Of<'_, Withdrawal>]) -> Result<(), Fault> {
    script.add(&UPSERT, rows, Changes::Each, |values, (stream, row)| {
        nouns::bind_withdrawal(values, stream, row);
    })
}

/// Those of the withdrawals that exist, as they stand.
pub(super) async fn known(
    conn: &mut PgConnection,
    asked: &[WithdrawalId],
) -> Result<Vec<Withdrawal>, StoreError> {
    let found = ASK.fetch(conn, asked, |values, id| {
        values.text(&id.account.to_string()).int(id.number);
    });
    found.await?.iter().map(|row| nouns::withdrawal(&mut Columns::of(row))).collect()
}

pub(super) async fn list(
    pool: &PgPool,
    query: WithdrawalQuery,
) -> Result<Vec<Withdrawal>, StoreError> {
    read(&all(pool, ask(query)).await?, nouns::withdrawal)
}

fn ask(query: WithdrawalQuery) -> QueryBuilder<Postgres> {
    let mut sql = select(nouns::WITHDRAWAL, "withdrawals");
    sql.push(" AND stream = ").push_bind(query.account.to_string());
    if let Some(state) = query.state {
        sql.push(" AND state = ").push_bind(state.as_str());
    }
    if let Some(before) = query.before {
        sql.push(" AND number < ").push_bind(i64::from(before));
    }
    sql.push(" ORDER BY number DESC LIMIT ").push_bind(i64::from(query.limit));
    sql
}
