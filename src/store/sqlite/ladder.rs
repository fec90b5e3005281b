//! Statements over many rows: a ladder of static texts whose rungs double, so that any number of
//! rows takes few statements and every statement is prepared once. What a statement costs beside
//! its rows is the way to the connection's thread and back, which is why there are many rungs.

use futures_util::TryStreamExt as _;
use serde::Serialize;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, Either, Executor as _, Sqlite, SqliteConnection};

use super::fault::Fault;
use crate::store::rows;

const RUNGS: [usize; 8] = [128, 64, 32, 16, 8, 4, 2, 1];

/// The same statement for the number of rows on each rung.
#[derive(Debug)]
pub(super) struct Ladder {
    columns: usize,
    sql: [&'static str; RUNGS.len()],
}

/// How many rows a statement must have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Changes {
    /// As many as were sent: anything else fails the transaction.
    Each,
    /// Any number.
    Any,
}

/// The values of a statement, in the order of its question marks.
#[derive(Debug, Default)]
pub(super) struct Values(SqliteArguments, Option<String>);

impl Values {
    fn add<'t, T>(&mut self, value: T) -> &mut Self
    where
        T: sqlx::Encode<'t, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
    {
        if let Err(error) = self.0.add(value) {
            self.1 = Some(error.to_string());
        }
        self
    }
}

impl rows::Values for Values {
    fn int(&mut self, value: impl Into<i64>) -> &mut Self {
        self.add(value.into())
    }

    fn flag(&mut self, value: bool) -> &mut Self {
        self.int(value)
    }

    fn text(&mut self, value: &str) -> &mut Self {
        self.add(value)
    }

    fn blob(&mut self, value: &[u8]) -> &mut Self {
        self.add(value)
    }

    fn json(&mut self, value: &impl Serialize) -> &mut Self {
        match serde_json::to_string(value) {
            Ok(text) => self.add(text),
            Err(error) => {
                self.1 = Some(error.to_string());
                self
            }
        }
    }
}

impl Ladder {
    /// A ladder of `before`, rows of `columns` values, `after`. The texts live as long as the
    /// program: make each ladder once.
    pub(super) fn new(before: &str, columns: usize, after: &str) -> Self {
        let row = format!("({})", vec!["?"; columns].join(", "));
        let sql = RUNGS.map(|count| {
            let rows = vec![row.as_str(); count].join(", ");
            &*String::leak(format!("{before} {rows} {after}"))
        });
        Self { columns, sql }
    }

    /// Inserts into `table`; `after` says what happens to rows that exist.
    pub(super) fn insert(table: &str, columns: &str, after: &str) -> Self {
        let count = columns.split(',').count();
        Self::new(&format!("INSERT INTO {table} ({columns}) VALUES"), count, after)
    }

    /// Inserts into `table`, or replaces everything but the first `keys` columns.
    pub(super) fn upsert(table: &str, columns: &str, keys: usize) -> Self {
        let names: Vec<_> = columns.split(',').map(str::trim).collect();
        let set: Vec<_> =
            names.iter().skip(keys).map(|name| format!("{name} = excluded.{name}")).collect();
        let key = names[..keys].join(", ");
        let after = format!("ON CONFLICT ({key}) DO UPDATE SET {}", set.join(", "));
        Self::insert(table, columns, &after)
    }

    /// Reads those rows of `table` that meet rows of `values` values. A join in this order, because
    /// SQLite walks through the whole table for `(a, b) IN (VALUES …)`.
    pub(super) fn ask(table: &str, columns: &str, values: usize, meet: &str) -> Self {
        let after = format!(") AS v CROSS JOIN {table} ON {meet}");
        Self::new(&format!("SELECT {columns} FROM (VALUES"), values, &after)
    }

    /// Changes rows; `bind` gives the values of one row.
    pub(super) async fn execute<T>(
        &self,
        conn: &mut SqliteConnection,
        rows: &[T],
        changes: Changes,
        bind: impl Fn(&mut Values, &T),
    ) -> Result<(), Fault> {
        for (sql, chunk) in self.steps(rows) {
            let values = self.values(sql, chunk, &bind)?;
            let touched = execute(conn, sqlx::query_with(sql, values)).await?;
            let touched = usize::try_from(touched).unwrap_or(usize::MAX);
            if changes == Changes::Each && touched != chunk.len() {
                let sent = chunk.len();
                return Err(Fault::Data(format!("{touched} of {sent} rows changed by {sql:.40}")));
            }
        }
        Ok(())
    }

    /// Reads what was asked by rows; `bind` gives the values of one.
    pub(super) async fn fetch<T>(
        &self,
        conn: &mut SqliteConnection,
        rows: &[T],
        bind: impl Fn(&mut Values, &T),
    ) -> Result<Vec<SqliteRow>, Fault> {
        let mut found = Vec::new();
        for (sql, chunk) in self.steps(rows) {
            let values = self.values(sql, chunk, &bind)?;
            found.extend(sqlx::query_with(sql, values).fetch_all(&mut *conn).await?);
        }
        Ok(found)
    }

    /// Its texts, for a look at how they would be run.
    #[cfg(test)]
    pub(super) fn texts(&self) -> [&'static str; RUNGS.len()] {
        self.sql
    }

    fn steps<'r, T>(&self, mut rows: &'r [T]) -> Vec<(&'static str, &'r [T])> {
        let mut steps = Vec::new();
        for (count, sql) in RUNGS.into_iter().zip(self.sql) {
            while let Some((chunk, rest)) = rows.split_at_checked(count) {
                steps.push((sql, chunk));
                rows = rest;
            }
        }
        steps
    }

    /// A value that was forgotten would be NULL and no error, so they are counted.
    fn values<T>(
        &self,
        sql: &str,
        rows: &[T],
        bind: impl Fn(&mut Values, &T),
    ) -> Result<SqliteArguments, Fault> {
        let mut values = Values::default();
        values.0.reserve(rows.len() * self.columns, 0);
        for row in rows {
            bind(&mut values, row);
        }
        if let Some(error) = values.1 {
            return Err(Fault::Data(error));
        }
        if values.0.len() != rows.len() * self.columns {
            return Err(Fault::Data(format!("{} values for {sql:.40}", values.0.len())));
        }
        Ok(values.0)
    }
}

/// Runs one statement that answers no rows, and says how many it changed. Its end is not waited for
/// once more after it was told, as `execute` of sqlx does: that wakes this thread twice.
pub(super) async fn execute(
    conn: &mut SqliteConnection,
    statement: Query<'_, Sqlite, SqliteArguments>,
) -> Result<u64, Fault> {
    let mut told = conn.fetch_many(statement);
    while let Some(step) = told.try_next().await? {
        if let Either::Left(done) = step {
            return Ok(done.rows_affected());
        }
    }
    Ok(0)
}
