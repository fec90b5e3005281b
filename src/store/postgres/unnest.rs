//! Statements over many rows: the values travel as one array for each column, and the server
//! makes rows of them (`UNNEST`). So a statement has one text for any number of rows, and is
//! prepared once.
//!
//! What a statement costs beside its rows is the way to the server and back: a [`Script`] sends
//! the statements of many tables as one.

use serde::Serialize;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{Arguments, AssertSqlSafe, PgConnection, Row};

use super::fault::Fault;
use crate::store::rows;

/// A statement over rows of values.
#[derive(Debug)]
pub(super) struct Unnest {
    columns: usize,
    before: String,
    after: String,
    /// The whole text, for where it goes alone.
    sql: &'static str,
}

/// How many rows a statement must have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Changes {
    /// As many as were sent: anything else fails the transaction.
    Each,
    /// Any number.
    Any,
}

/// The values of one column.
#[derive(Debug)]
enum Array {
    Ints(Vec<i64>),
    Flags(Vec<bool>),
    Texts(Vec<String>),
    Blobs(Vec<Vec<u8>>),
}

/// The values of rows, column by column.
#[derive(Debug, Default)]
pub(super) struct Values {
    arrays: Vec<Array>,
    rows: usize,
    place: usize,
    error: Option<String>,
}

impl Values {
    /// The array of the next column. The first row says what the columns hold.
    fn next(&mut self, fresh: fn() -> Array) -> Option<&mut Array> {
        if self.rows == 0 {
            self.arrays.push(fresh());
        }
        self.place += 1;
        self.arrays.get_mut(self.place - 1)
    }

    fn wrong(&mut self) {
        self.error.get_or_insert_with(|| format!("value {} does not fit its column", self.place));
    }
}

impl rows::Values for Values {
    fn int(&mut self, value: impl Into<i64>) -> &mut Self {
        match self.next(|| Array::Ints(Vec::new())) {
            Some(Array::Ints(values)) => values.push(value.into()),
            Some(Array::Flags(_) | Array::Texts(_) | Array::Blobs(_)) | None => self.wrong(),
        }
        self
    }

    fn flag(&mut self, value: bool) -> &mut Self {
        match self.next(|| Array::Flags(Vec::new())) {
            Some(Array::Flags(values)) => values.push(value),
            Some(Array::Ints(_) | Array::Texts(_) | Array::Blobs(_)) | None => self.wrong(),
        }
        self
    }

    fn text(&mut self, value: &str) -> &mut Self {
        match self.next(|| Array::Texts(Vec::new())) {
            Some(Array::Texts(values)) => values.push(plain(value)),
            Some(Array::Ints(_) | Array::Flags(_) | Array::Blobs(_)) | None => self.wrong(),
        }
        self
    }

    fn blob(&mut self, value: &[u8]) -> &mut Self {
        match self.next(|| Array::Blobs(Vec::new())) {
            Some(Array::Blobs(values)) => values.push(value.to_owned()),
            Some(Array::Ints(_) | Array::Flags(_) | Array::Texts(_)) | None => self.wrong(),
        }
        self
    }

    fn json(&mut self, value: &impl Serialize) -> &mut Self {
        match serde_json::to_string(value) {
            Ok(text) => self.text(&text),
            Err(error) => {
                self.error = Some(error.to_string());
                self
            }
        }
    }
}

impl Unnest {
    /// A statement of `before`, rows of `columns` values, `after`. The texts live as long as the
    /// program: make each once.
    pub(super) fn new(before: &str, columns: usize, after: &str) -> Self {
        let (before, after) = (before.to_owned(), after.to_owned());
        let mut made = Self { columns, before, after, sql: "" };
        made.sql = String::leak(made.text(0));
        made
    }

    /// Inserts into `table`; `after` says what happens to rows that exist.
    pub(super) fn insert(table: &str, columns: &str, after: &str) -> Self {
        let count = columns.split(',').count();
        Self::new(&format!("INSERT INTO {table} ({columns}) SELECT * FROM"), count, after)
    }

    /// Inserts into `table`, or replaces everything but the first `keys` columns. No two rows may
    /// have the same key.
    pub(super) fn upsert(table: &str, columns: &str, keys: usize) -> Self {
        let names: Vec<_> = columns.split(',').map(str::trim).collect();
        let set: Vec<_> =
            names.iter().skip(keys).map(|name| format!("{name} = excluded.{name}")).collect();
        let key = names[..keys].join(", ");
        let after = format!("ON CONFLICT ({key}) DO UPDATE SET {}", set.join(", "));
        Self::insert(table, columns, &after)
    }

    /// Reads those rows of `table` that meet rows of `values` values.
    pub(super) fn ask(table: &str, columns: &str, values: usize, meet: &str) -> Self {
        let after = format!("{} JOIN {table} ON {meet}", named(values));
        Self::new(&format!("SELECT {columns} FROM"), values, &after)
    }

    /// Changes rows of `table` by rows of `values` values.
    pub(super) fn update(table: &str, set: &str, values: usize, meet: &str) -> Self {
        let after = format!("{} WHERE {meet}", named(values));
        Self::new(&format!("UPDATE {table} SET {set} FROM"), values, &after)
    }

    /// The text, where `taken` parameters stand before its own.
    fn text(&self, taken: usize) -> String {
        let places: Vec<_> =
            (taken + 1..=taken + self.columns).map(|place| format!("${place}")).collect();
        format!("{} UNNEST({}) {}", self.before, places.join(", "), self.after)
    }

    /// Changes rows; `bind` gives the values of one row.
    pub(super) async fn execute<T>(
        &self,
        conn: &mut PgConnection,
        rows: &[T],
        changes: Changes,
        bind: impl Fn(&mut Values, &T),
    ) -> Result<(), Fault> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut arguments = PgArguments::default();
        self.add(&mut arguments, rows, bind)?;
        let done = sqlx::query_with(self.sql, arguments).execute(conn).await?;
        let touched = usize::try_from(done.rows_affected()).unwrap_or(usize::MAX);
        if changes == Changes::Each && touched != rows.len() {
            return Err(changed(touched, rows.len(), &self.before));
        }
        Ok(())
    }

    /// Reads what was asked by rows; `bind` gives the values of one.
    pub(super) async fn fetch<T>(
        &self,
        conn: &mut PgConnection,
        rows: &[T],
        bind: impl Fn(&mut Values, &T),
    ) -> Result<Vec<PgRow>, Fault> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let mut arguments = PgArguments::default();
        self.add(&mut arguments, rows, bind)?;
        Ok(sqlx::query_with(self.sql, arguments).fetch_all(conn).await?)
    }

    /// Adds the arrays of rows. A value that was forgotten would be an error of the server at
    /// best, so they are counted.
    fn add<T>(
        &self,
        arguments: &mut PgArguments,
        rows: &[T],
        bind: impl Fn(&mut Values, &T),
    ) -> Result<(), Fault> {
        let mut values = Values::default();
        for row in rows {
            values.place = 0;
            bind(&mut values, row);
            if values.place != self.columns {
                let (count, text) = (values.place, &self.before);
                return Err(Fault::Data(format!("{count} values for {text:.40}")));
            }
            values.rows += 1;
        }
        if let Some(error) = values.error {
            return Err(Fault::Data(error));
        }
        for array in values.arrays {
            let added = match array {
                Array::Ints(values) => arguments.add(values),
                Array::Flags(values) => arguments.add(values),
                Array::Texts(values) => arguments.add(values),
                Array::Blobs(values) => arguments.add(values),
            };
            added.map_err(|error| Fault::Data(error.to_string()))?;
        }
        Ok(())
    }
}

/// A text as the server takes it: it refuses the character 0, which the other stores keep. What
/// comes in by the door has none; what a webhook's endpoint answers may.
pub(super) fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// A name for rows of values, and for each of their columns.
fn named(values: usize) -> String {
    let columns: Vec<_> = (1..=values).map(|column| format!("column{column}")).collect();
    format!("AS v ({})", columns.join(", "))
}

fn changed(touched: usize, sent: usize, text: &str) -> Fault {
    Fault::Data(format!("{touched} of {sent} rows changed by {text:.40}"))
}

/// Statements of several tables that are sent as one: each sees the tables as they were before all
/// of them, so no two may touch the same row.
#[derive(Debug, Default)]
pub(super) struct Script {
    parts: Vec<Part>,
    arguments: PgArguments,
    places: usize,
}

#[derive(Debug)]
struct Part {
    text: String,
    sent: usize,
    changes: Changes,
}

impl Script {
    /// Adds a statement; `bind` gives the values of one row. Nothing to do is no statement.
    pub(super) fn add<T>(
        &mut self,
        unnest: &Unnest,
        rows: &[T],
        changes: Changes,
        bind: impl Fn(&mut Values, &T),
    ) -> Result<(), Fault> {
        if rows.is_empty() {
            return Ok(());
        }
        unnest.add(&mut self.arguments, rows, bind)?;
        self.parts.push(Part { text: unnest.text(self.places), sent: rows.len(), changes });
        self.places += unnest.columns;
        Ok(())
    }

    /// Runs them, and counts the rows that each has changed.
    pub(super) async fn run(self, conn: &mut PgConnection) -> Result<(), Fault> {
        if self.parts.is_empty() {
            return Ok(());
        }
        let (mut with, mut counts) = (Vec::new(), Vec::new());
        for (number, part) in self.parts.iter().enumerate() {
            with.push(format!("w{number} AS ({} RETURNING 1)", part.text));
            counts.push(format!("(SELECT COUNT(*) FROM w{number})"));
        }
        let sql = format!("WITH {} SELECT ARRAY[{}]", with.join(", "), counts.join(", "));
        let row = sqlx::query_with(AssertSqlSafe(sql), self.arguments).fetch_one(conn).await?;
        let counts: Vec<i64> = row.try_get(0)?;
        for (part, count) in self.parts.iter().zip(counts) {
            let touched = usize::try_from(count).unwrap_or(usize::MAX);
            if part.changes == Changes::Each && touched != part.sent {
                return Err(changed(touched, part.sent, &part.text));
            }
        }
        Ok(())
    }
}
