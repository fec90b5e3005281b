//! Withdrawals: one row for each, and the list of an account's.

use std::sync::LazyLock;

use sqlx::{QueryBuilder, Sqlite, SqliteConnection, SqlitePool};

use super::fault::Fault;
use super::ladder::{Changes, Ladder, Values};
use super::lists::{all, read, select};
use super::rows::Columns;
use crate::domain::ids::WithdrawalId;
use crate::domain::nouns::withdrawal::Withdrawal;
use crate::store::{StoreError, WithdrawalQuery, codec};

const WITHDRAWAL: &str =
    "stream, number, state, minor, currency, requested_at, settled_at, reason, parts";

static UPSERT: LazyLock<Ladder> = LazyLock::new(|| Ladder::upsert("withdrawals", WITHDRAWAL, 2));
static ASK: LazyLock<Ladder> = LazyLock::new(|| {
    let meet = "v.column1 = stream AND v.column2 = number";
    Ladder::ask("withdrawals", WITHDRAWAL, 2, meet)
});

/// Writes the rows of a batch, each with the text of its stream's id.
pub(super) async fn put(
    conn: &mut SqliteConnection,
    rows: &[((&str, u32), &Withdrawal)],
) -> Result<(), Fault> {
    UPSERT
        .execute(conn, rows, Changes::Each, |values, ((stream, _), row)| bind(values, stream, row))
        .await
}

fn bind(values: &mut Values, stream: &str, row: &Withdrawal) {
    values
        .text(stream)
        .int(row.id.number)
        .text(row.state.as_str())
        .int(row.amount.minor())
        .text(row.amount.currency().code())
        .int(row.requested_at.micros())
        .int(codec::micros(row.settled_at))
        .text(codec::text(row.reason.as_deref()))
        .json(&row.parts);
}

fn withdrawal(columns: &mut Columns<'_>) -> Result<Withdrawal, StoreError> {
    let account = codec::account(columns.stream()?)?;
    let id = WithdrawalId::new(account, columns.natural()?);
    let state = codec::withdrawal_state(columns.str()?)?;
    Ok(Withdrawal {
        id,
        state,
        amount: codec::money(columns.int()?, columns.str()?)?,
        requested_at: columns.at()?,
        settled_at: codec::some_instant(columns.int()?)?,
        reason: codec::some_text(columns.string()?),
        parts: codec::from_json(columns.str()?)?,
    })
}

/// Those of the withdrawals that exist, as they stand.
pub(super) async fn known(
    conn: &mut SqliteConnection,
    asked: &[WithdrawalId],
) -> Result<Vec<Withdrawal>, StoreError> {
    let found = ASK.fetch(conn, asked, |values, id| {
        values.text(&id.account.to_string()).int(id.number);
    });
    found.await?.iter().map(|row| withdrawal(&mut Columns::of(row))).collect()
}

pub(super) async fn list(
    pool: &SqlitePool,
    query: WithdrawalQuery,
) -> Result<Vec<Withdrawal>, StoreError> {
    read(&all(pool, ask(query)).await?, withdrawal)
}

fn ask(query: WithdrawalQuery) -> QueryBuilder<Sqlite> {
    let mut sql = select(WITHDRAWAL, "withdrawals");
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
