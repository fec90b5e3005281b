//! Bill lines, closed months, documents: their columns, how their rows are bound and read back,
//! and their lists.

use std::sync::LazyLock;

use sqlx::{QueryBuilder, Sqlite, SqliteConnection, SqlitePool};

use super::columns::Columns;
use super::fault::{Fault, failed};
use super::ladder::{Changes, Ladder};
use super::lists::{all, read, select};
use crate::domain::ids::{AccountId, DocumentId};
use crate::domain::month::Month;
use crate::domain::nouns::house::MonthSum;
use crate::domain::nouns::statement::{BillLine, Document, State, Statement};
use crate::store::batch::Batch;
use crate::store::rows::Columns as _;
use crate::store::rows::bills::{self, BILL_LINE, DOCUMENT, STATEMENT};
use crate::store::walks::{END, MonthSums, SUMMED};
use crate::store::{BillLineQuery, DocumentQuery, StatementQuery, StoreError, codec};

static UPSERT_LINES: LazyLock<Ladder> =
    LazyLock::new(|| Ladder::upsert("bill_lines", BILL_LINE, 3));
static UPSERT_STATEMENTS: LazyLock<Ladder> =
    LazyLock::new(|| Ladder::upsert("statements", STATEMENT, 2));
static UPSERT_DOCUMENTS: LazyLock<Ladder> =
    LazyLock::new(|| Ladder::upsert("documents", DOCUMENT, 2));

/// Writes the rows of a batch.
pub(super) async fn put(conn: &mut SqliteConnection, batch: &Batch<'_>) -> Result<(), Fault> {
    UPSERT_LINES
        .execute(conn, &batch.bill_lines, Changes::Each, |values, (stream, line)| {
            bills::bind_line(values, stream, line);
        })
        .await?;
    UPSERT_STATEMENTS
        .execute(conn, &batch.statements, Changes::Each, |values, (stream, statement)| {
            bills::bind_statement(values, stream, statement);
        })
        .await?;
    UPSERT_DOCUMENTS
        .execute(conn, &batch.documents, Changes::Each, |values, (stream, document)| {
            bills::bind_document(values, stream, document);
        })
        .await
}

pub(super) async fn bill_lines(
    pool: &SqlitePool,
    query: BillLineQuery,
) -> Result<Vec<BillLine>, StoreError> {
    read(&all(pool, ask_lines(query)).await?, bills::line)
}

fn ask_lines(query: BillLineQuery) -> QueryBuilder<Sqlite> {
    let mut sql = select(BILL_LINE, "bill_lines");
    sql.push(" AND month = ").push_bind(query.month.to_string());
    sql.push(" AND stream = ").push_bind(query.account.to_string());
    if let Some(after) = query.after {
        sql.push(" AND number > ").push_bind(after);
    }
    sql.push(" ORDER BY number LIMIT ").push_bind(query.limit);
    sql
}

/// One seek for each month.
const NEXT_MONTH: &str = "SELECT month FROM bill_lines WHERE month > ? ORDER BY month LIMIT 1";

pub(super) async fn billed_months(pool: &SqlitePool) -> Result<Vec<Month>, StoreError> {
    let mut months = Vec::new();
    let mut after = String::new();
    loop {
        let found =
            sqlx::query(NEXT_MONTH).bind(after).fetch_optional(pool).await.map_err(failed)?;
        let Some(row) = found else { return Ok(months) };
        let month: Month = codec::parsed(Columns::of(&row).str()?)?;
        after = month.to_string();
        months.push(month);
    }
}

/// Of lines that are summed at once there are never parts of an account.
const STEP: &str = "SELECT stream FROM bill_lines WHERE month = ? AND stream > ? \
    ORDER BY stream LIMIT 1 OFFSET ?";
const SUM: &str = "SELECT currency, COUNT(*), COUNT(DISTINCT stream), SUM(net_minor), \
    SUM(tax_minor), SUM(total_minor) FROM bill_lines \
    WHERE month = ? AND stream > ? AND stream <= ? GROUP BY currency";

pub(super) async fn month_sums(
    pool: &SqlitePool,
    month: Month,
) -> Result<Vec<MonthSum>, StoreError> {
    let text = month.to_string();
    let mut sums = MonthSums::default();
    let mut from = String::new();
    loop {
        let end = sqlx::query(STEP)
            .bind(text.as_str())
            .bind(from.as_str())
            .bind(SUMMED - 1)
            .fetch_optional(pool)
            .await
            .map_err(failed)?;
        let is_last = end.is_none();
        let to = match &end {
            Some(row) => Columns::of(row).string()?,
            None => END.to_owned(),
        };
        let found = sqlx::query(SUM)
            .bind(text.as_str())
            .bind(from)
            .bind(to.as_str())
            .fetch_all(pool)
            .await
            .map_err(failed)?;
        for row in &found {
            sums.add(&mut Columns::of(row))?;
        }
        if is_last {
            return sums.of(month);
        }
        from = to;
    }
}

pub(super) async fn statements(
    pool: &SqlitePool,
    query: StatementQuery,
) -> Result<Vec<(AccountId, Statement)>, StoreError> {
    read(&all(pool, ask_statements(query)).await?, bills::statement)
}

fn ask_statements(query: StatementQuery) -> QueryBuilder<Sqlite> {
    let table = match (query.account, query.state) {
        (Some(_), _) => "statements",
        (None, Some(State::Uncleared)) => "statements INDEXED BY statements_uncleared",
        (None, Some(State::Generating | State::Cleared) | None) => {
            "statements INDEXED BY statements_month"
        }
    };
    let mut sql = select(STATEMENT, table);
    if let Some(account) = query.account {
        sql.push(" AND stream = ").push_bind(account.to_string());
    }
    if let Some(month) = query.month {
        sql.push(" AND month = ").push_bind(month.to_string());
    }
    if let Some(state) = query.state {
        // The word of the partial index: SQLite uses it only if it stands in the query.
        sql.push(format_args!(" AND state = '{}'", state.as_str()));
    }
    if let Some((month, account)) = query.after {
        sql.push(" AND (month, stream) > (").push_bind(month.to_string());
        sql.push(", ").push_bind(account.to_string()).push(")");
    }
    sql.push(" ORDER BY month, stream LIMIT ").push_bind(query.limit);
    sql
}

static ONE_STATEMENT: LazyLock<&'static str> = LazyLock::new(|| {
    String::leak(format!("SELECT {STATEMENT} FROM statements WHERE stream = ? AND month = ?"))
});

pub(super) async fn one_statement(
    pool: &SqlitePool,
    account: AccountId,
    month: Month,
) -> Result<Option<Statement>, StoreError> {
    let query = sqlx::query(*ONE_STATEMENT).bind(account.to_string()).bind(month.to_string());
    let found = query.fetch_optional(pool).await.map_err(failed)?;
    found.map(|row| Ok(bills::statement(&mut Columns::of(&row))?.1)).transpose()
}

pub(super) async fn documents(
    pool: &SqlitePool,
    query: DocumentQuery,
) -> Result<Vec<Document>, StoreError> {
    read(&all(pool, ask_documents(query)).await?, bills::document)
}

fn ask_documents(query: DocumentQuery) -> QueryBuilder<Sqlite> {
    let mut sql = select(DOCUMENT, "documents");
    sql.push(" AND stream = ").push_bind(query.account.to_string());
    if let Some(month) = query.month {
        sql.push(" AND month = ").push_bind(month.to_string());
    }
    if let Some(before) = query.before {
        sql.push(" AND number < ").push_bind(before);
    }
    sql.push(" ORDER BY number DESC LIMIT ").push_bind(query.limit);
    sql
}

static ONE_DOCUMENT: LazyLock<&'static str> = LazyLock::new(|| {
    String::leak(format!("SELECT {DOCUMENT} FROM documents WHERE stream = ? AND number = ?"))
});

pub(super) async fn one_document(
    pool: &SqlitePool,
    id: DocumentId,
) -> Result<Option<Document>, StoreError> {
    let query = sqlx::query(*ONE_DOCUMENT).bind(id.account.to_string()).bind(id.number);
    let found = query.fetch_optional(pool).await.map_err(failed)?;
    found.map(|row| bills::document(&mut Columns::of(&row))).transpose()
}

/// Statements that must find their rows by a key.
#[cfg(test)]
pub(super) fn keyed() -> Vec<&'static str> {
    vec![NEXT_MONTH, STEP, SUM, *ONE_STATEMENT, *ONE_DOCUMENT]
}

/// Pages over everything that must come in the order of an index.
#[cfg(test)]
pub(super) fn in_order() -> Vec<String> {
    let account = AccountId::from_bits(1);
    let month: Month = "2026-04".parse().expect("a month");
    let lines = [None, Some(1)].map(|after| BillLineQuery { account, month, after, limit: 1 });
    let after = Some((month, account));
    let every = StatementQuery { limit: 1, ..StatementQuery::default() };
    let rest = StatementQuery { after, ..every };
    let statements = [
        every,
        rest,
        StatementQuery { month: Some(month), ..rest },
        StatementQuery { state: Some(State::Cleared), ..rest },
        StatementQuery { state: Some(State::Uncleared), month: Some(month), ..rest },
        StatementQuery { account: Some(account), ..rest },
        StatementQuery { account: Some(account), state: Some(State::Uncleared), ..every },
        StatementQuery { account: Some(account), month: Some(month), ..rest },
    ];
    let documents = [(None, None), (Some(month), Some(9))].map(|(month, before)| DocumentQuery {
        account,
        month,
        before,
        limit: 1,
    });
    let asked = lines.into_iter().map(ask_lines).chain(statements.map(ask_statements));
    asked.chain(documents.map(ask_documents)).map(QueryBuilder::into_string).collect()
}
