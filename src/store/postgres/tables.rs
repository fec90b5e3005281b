//! The tables as they are, for whoever copies the whole book.

use async_trait::async_trait;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{Arguments, AssertSqlSafe, PgConnection, Row};

use super::PostgresStore;
use super::fault::{Fault, failed};
use super::unnest::plain;
use crate::store::copy::{Cell, Cells, Filler, Kind, Table, Tables};
use crate::store::{Store as _, StoreError, codec};

const COLUMNS: &str = "SELECT table_name::TEXT, column_name::TEXT, data_type::TEXT \
    FROM information_schema.columns WHERE table_schema = CURRENT_SCHEMA \
    AND table_name NOT LIKE '\\_sqlx%' AND table_name <> 'leases' \
    ORDER BY table_name COLLATE \"C\", column_name COLLATE \"C\"";
const KEYS: &str = "SELECT k.column_name::TEXT FROM information_schema.table_constraints AS c \
    JOIN information_schema.key_column_usage AS k USING (constraint_schema, constraint_name) \
    WHERE c.table_schema = CURRENT_SCHEMA AND c.table_name = $1 \
    AND c.constraint_type = 'PRIMARY KEY' ORDER BY k.ordinal_position";

#[async_trait]
impl Tables for PostgresStore {
    fn place(&self) -> String {
        self.name()
    }

    async fn tables(&self) -> Result<Vec<Table>, StoreError> {
        let asked = self.readers.ask(|pool| async move {
            let found: Vec<(String, String, String)> =
                sqlx::query_as(COLUMNS).fetch_all(&pool).await.map_err(failed)?;
            let mut tables: Vec<Table> = Vec::new();
            for (table, column, kind) in found {
                if tables.last().is_none_or(|last| last.name != table) {
                    let key = sqlx::query_scalar(KEYS).bind(table.as_str()).fetch_all(&pool).await;
                    let key = key.map_err(failed)?;
                    tables.push(Table { name: table, columns: Vec::new(), key });
                }
                let kind = match kind.as_str() {
                    "bigint" => Kind::Int,
                    "boolean" => Kind::Flag,
                    "text" => Kind::Text,
                    "bytea" => Kind::Blob,
                    other => return Err(codec::corrupt(format_args!("{column} is {other}"))),
                };
                if let Some(table) = tables.last_mut() {
                    table.columns.push((column, kind));
                }
            }
            Ok(tables)
        });
        asked.await
    }

    async fn count(&self, table: &Table) -> Result<u64, StoreError> {
        let sql = AssertSqlSafe(format!("SELECT COUNT(*) FROM {}", table.name));
        let count: i64 =
            self.readers
                .ask(|pool| async move {
                    sqlx::query_scalar(sql).fetch_one(&pool).await.map_err(failed)
                })
                .await?;
        codec::natural(count)
    }

    async fn page(
        &self,
        table: &Table,
        after: Option<&[Cell]>,
        limit: u32,
    ) -> Result<Vec<Cells>, StoreError> {
        let columns: Vec<_> = table.columns.iter().map(|(name, _)| name.as_str()).collect();
        let (name, key) = (&table.name, table.key.join(", "));
        let mut values = PgArguments::default();
        let mut behind = String::new();
        let after = after.unwrap_or_default();
        if !after.is_empty() {
            let places: Vec<_> = (1..=after.len()).map(|place| format!("${place}")).collect();
            behind = format!("WHERE ({key}) > ({})", places.join(", "));
            for cell in after {
                let added = match cell {
                    Cell::Int(value) => values.add(*value),
                    Cell::Text(value) => values.add(value.as_str()),
                    Cell::Blob(value) => values.add(value.as_slice()),
                };
                added.map_err(codec::corrupt)?;
            }
        }
        values.add(i64::from(limit)).map_err(codec::corrupt)?;
        let (columns, last) = (columns.join(", "), after.len() + 1);
        let sql = format!("SELECT {columns} FROM {name} {behind} ORDER BY {key} LIMIT ${last}");
        let kinds: Vec<_> = table.columns.iter().map(|(_, kind)| *kind).collect();
        let asked = self.readers.ask(|pool| async move {
            let found = sqlx::query_with(AssertSqlSafe(sql), values).fetch_all(&pool).await;
            let cells = |row| {
                let cell = |(place, kind): (usize, &Kind)| cell(row, place, *kind);
                kinds.iter().enumerate().map(cell).collect()
            };
            found.map_err(failed)?.iter().map(cells).collect()
        });
        asked.await
    }

    fn kept(&self, text: &str) -> Option<String> {
        text.contains('\0').then(|| plain(text))
    }

    async fn filler(&self) -> Result<Box<dyn Filler>, StoreError> {
        let mut conn = self.address.writer().await?;
        // Between two pages it waits for the other side to read.
        for sql in ["SET idle_in_transaction_session_timeout = 0", "BEGIN"] {
            sqlx::raw_sql(sql).execute(&mut conn).await.map_err(failed)?;
        }
        Ok(Box::new(PostgresFiller(conn)))
    }
}

fn cell(row: &PgRow, place: usize, kind: Kind) -> Result<Cell, StoreError> {
    let cell = match kind {
        Kind::Int => row.try_get(place).map(Cell::Int),
        Kind::Flag => row.try_get(place).map(|flag: bool| Cell::Int(flag.into())),
        Kind::Text => row.try_get(place).map(Cell::Text),
        Kind::Blob => row.try_get(place).map(Cell::Blob),
    };
    cell.map_err(failed)
}

/// Dropped before its end, it has written nothing.
struct PostgresFiller(PgConnection);

#[async_trait]
impl Filler for PostgresFiller {
    async fn fill(&mut self, table: &Table, rows: Vec<Cells>) -> Result<(), StoreError> {
        let columns: Vec<_> = table.columns.iter().map(|(name, _)| name.as_str()).collect();
        let places: Vec<_> = (1..=columns.len()).map(|place| format!("${place}")).collect();
        let (name, columns, places) = (&table.name, columns.join(", "), places.join(", "));
        let sql = format!("INSERT INTO {name} ({columns}) SELECT * FROM UNNEST({places})");
        let sent = rows.len() as u64;
        let values = arrays(table, rows)?;
        let done = sqlx::query_with(AssertSqlSafe(sql), values).execute(&mut self.0).await;
        if done.map_err(failed)?.rows_affected() != sent {
            return Err(codec::corrupt(format_args!("rows of {name} were not written")));
        }
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<(), StoreError> {
        // So that the first plans know what there is.
        for sql in ["COMMIT", "ANALYZE"] {
            sqlx::raw_sql(sql).execute(&mut self.0).await.map_err(failed)?;
        }
        Ok(())
    }
}

/// The columns of rows, each as an array.
fn arrays(table: &Table, rows: Vec<Cells>) -> Result<PgArguments, StoreError> {
    let mut values = PgArguments::default();
    let mut rows: Vec<_> = rows.into_iter().map(Vec::into_iter).collect();
    for (name, kind) in &table.columns {
        let cells = rows.iter_mut().map(Iterator::next);
        let wrong = || Fault::Data(format!("{name} holds something else"));
        let added = match kind {
            Kind::Int => values.add(ints(cells).ok_or_else(wrong)?),
            Kind::Flag => {
                let flags = ints(cells).ok_or_else(wrong)?;
                values.add(flags.into_iter().map(|flag| flag != 0).collect::<Vec<_>>())
            }
            Kind::Text => values.add(
                cells
                    .map(|cell| match cell {
                        Some(Cell::Text(text)) => Some(text),
                        Some(Cell::Int(_) | Cell::Blob(_)) | None => None,
                    })
                    .collect::<Option<Vec<_>>>()
                    .ok_or_else(wrong)?,
            ),
            Kind::Blob => values.add(
                cells
                    .map(|cell| match cell {
                        Some(Cell::Blob(bytes)) => Some(bytes),
                        Some(Cell::Int(_) | Cell::Text(_)) | None => None,
                    })
                    .collect::<Option<Vec<_>>>()
                    .ok_or_else(wrong)?,
            ),
        };
        added.map_err(codec::corrupt)?;
    }
    Ok(values)
}

fn ints(cells: impl Iterator<Item = Option<Cell>>) -> Option<Vec<i64>> {
    cells
        .map(|cell| match cell {
            Some(Cell::Int(value)) => Some(value),
            Some(Cell::Text(_) | Cell::Blob(_)) | None => None,
        })
        .collect()
}
