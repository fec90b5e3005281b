//! Bill lines, closed months, documents: their columns, how their rows are bound and read back,
//! and their lists.

use std::sync::LazyLock;

use sqlx::{PgPool, Postgres, QueryBuilder};

use super::columns::Columns;
use super::fault::{Fault, failed};
use super::lists::{all, read, select};
use super::unnest::{Changes, Script, Unnest};
use crate::domain::ids::{AccountId, DocumentId};
use crate::domain::month::Month;
use crate::domain::nouns::house::MonthSum;
use crate::domain::nouns::statement::{BillLine, Document, Statement};
use crate::store::batch::Batch;
use crate::store::rows::Columns as _;
use crate::store::rows::bills::{self, BILL_LINE, DOCUMENT, STATEMENT};
use crate::store::walks::{END, MonthSums, SUMMED};
use crate::store::{BillLineQuery, DocumentQuery, StatementQuery, StoreError, codec};

static UPSERT_LINES: LazyLock<Unnest> =
    LazyLock::new(|| Unnest::upsert("bill_lines", BILL_LINE, 3));
static UPSERT_STATEMENTS: LazyLock<Unnest> =
    LazyLock::new(|| Unnest::upsert("statements", STATEMENT, 2));
static UPSERT_DOCUMENTS: LazyLock<Unnest> =
    LazyLock::new(|| Unnest::upsert("documents", DOCUMENT, 2));

/// Writes the rows of a batch.
pub(super) fn put(script: &mut Script, batch: &Batch<'_>) -> Result<(), Fault> {
    script.add(&UPSERT_LINES, &batch.bill_lines, Changes::Each, |values, (stream, line)| {
        bills::bind_line(values, stream, line);
    })?;
    script.add(&UPSERT_STATEMENTS, &batch.statements, Changes::Each, |values, (stream, row)| {
        bills::bind_statement(values, stream, row);
    })?;
    script.add(&UPSERT_DOCUMENTS, &batch.documents, Changes::Each, |values, (stream, row)| {
        bills::bind_document(values, stream, row);
    })
}

pub(super) async fn bill_lines(
    pool: &PgPool,
    query: BillLineQuery,
) -> Result<Vec<BillLine>, StoreError> {
    read(&all(pool, ask_lines(query)).await?, bills::line)
}

fn ask_lines(query: BillLineQuery) -> QueryBuilder<Postgres> {
    let mut sql = select(BILL_LINE, "bill_lines");
    sql.push(" AND month = ").push_bind(query.month.to_string());
    sql.push(" AND stream = ").push_bind(query.account.to_string());
    if let Some(after) = query.after {
        sql.push(" AND number > ").push_bind(i64::from(after));
    }
    sql.push(" ORDER BY number LIMIT ").push_bind(i64::from(query.limit));
    sql
}

/// One seek for each month.
const NEXT_MONTH: &str = "SELECT month FROM bill_lines WHERE month > $1 ORDER BY month LIMIT 1";

pub(super) async fn billed_months(pool: &PgPool) -> Result<Vec<Month>, StoreError> {
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
const STEP: &str = "SELECT stream FROM bill_lines WHERE month = $1 AND stream > $2 \
    ORDER BY stream LIMIT 1 OFFSET $3";
const SUM: &str = "SELECT currency, COUNT(*), COUNT(DISTINCT stream), \
    SUM(net_minor)::BIGINT, SUM(tax_minor)::BIGINT, SUM(total_minor)::BIGINT FROM bill_lines \
    WHERE month = $1 AND stream > $2 AND stream <= $3 GROUP BY currency";

pub(super) async fn month_sums(pool: &PgPool, month: Month) -> Result<Vec<MonthSum>, StoreError> {
    let text = month.to_string();
    let mut sums = MonthSums::default();
    let mut from = String::new();
    loop {
        let end = sqlx::query(STEP)
            .bind(text.as_str())
            .bind(from.as_str())
            .bind(i64::from(SUMMED) - 1)
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
    pool: &PgPool,
    query: StatementQuery,
) -> Result<Vec<(AccountId, Statement)>, StoreError> {
    read(&all(pool, ask_statements(query)).await?, bills::statement)
}

fn ask_statements(query: StatementQuery) -> QueryBuilder<Postgres> {
    let mut sql = select(STATEMENT, "statements");
    if let Some(account) = query.account {
        sql.push(" AND stream = ").push_bind(account.to_string());
    }
    if let Some(month) = query.month {
        sql.push(" AND month = ").push_bind(month.to_string());
    }
    if let Some(state) = query.state {
        // The word of the partial index: it is used only if it stands in the query.
        sql.push(format_args!(" AND state = '{}'", state.as_str()));
    }
    if let Some((month, account)) = query.after {
        sql.push(" AND (month, stream) > (").push_bind(month.to_string());
        sql.push(", ").push_bind(account.to_string()).push(")");
    }
    sql.push(" ORDER BY month, stream LIMIT ").push_bind(i64::from(query.limit));
    sql
}

static ONE_STATEMENT: LazyLock<&'static str> = LazyLock::new(|| {
    String::leak(format!("SELECT {STATEMENT} FROM statements WHERE stream = $1 AND month = $2"))
});

pub(super) async fn one_statement(
    pool: &PgPool,
    account: AccountId,
    month: Month,
) -> Result<Option<Statement>, StoreError> {
    let query = sqlx::query(*ONE_STATEMENT).bind(account.to_string()).bind(month.to_string());
    let found = query.fetch_optional(pool).await.map_err(failed)?;
    found.map(|row| Ok(bills::statement(&mut Columns::of(&row))?.1)).transpose()
}

pub(super) async fn documents(
    pool: &PgPool,
    query: DocumentQuery,
) -> Result<Vec<Document>, StoreError> {
    read(&all(pool, ask_documents(query)).await?, bills::document)
}

fn ask_documents(query: DocumentQuery) -> QueryBuilder<Postgres> {
    let mut sql = select(DOCUMENT, "documents");
    sql.push(" AND stream = ").push_bind(query.account.to_string());
    if let Some(month) = query.month {
        sql.push(" AND month = ").push_bind(month.to_string());
    }
    if let Some(before) = query.before {
        sql.push(" AND number < ").push_bind(i64::from(before));
    }
    sql.push(" ORDER BY number DESC LIMIT ").push_bind(i64::from(query.limit));
    sql
}

static ONE_DOCUMENT: LazyLock<&'static str> = LazyLock::new(|| {
    String::leak(format!("SELECT {DOCUMENT} FROM documents WHERE stream = $1 AND number = $2"))
});

pub(super) async fn one_document(
    pool: &PgPool,
    id: DocumentId,
) -> Result<Option<Document>, StoreError> {
    let query = sqlx::query(*ONE_DOCUMENT).bind(id.account.to_string()).bind(i64::from(id.number));
    let found = query.fetch_optional(pool).await.map_err(failed)?;
    found.map(|row| bills::document(&mut Columns::of(&row))).transpose()
}
