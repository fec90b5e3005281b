//! The tables as they are, for whoever copies the whole book.

use async_trait::async_trait;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, Row, SqliteConnection};

use super::fault::failed;
use super::{SqliteStore, open};
use crate::store::copy::{Cell, Cells, Filler, Kind, Table, Tables};
use crate::store::{Store as _, StoreError, codec};

const TABLES: &str = "SELECT t.name, c.name, c.type, c.pk \
    FROM pragma_table_list AS t, pragma_table_info(t.name) AS c \
    WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
    AND t.name NOT LIKE '\\_sqlx%' ESCAPE '\\' ORDER BY t.name, c.name";
/// Values that a statement may have, at the most.
const VALUES_MAX: usize = 30_000;

#[async_trait]
impl Tables for SqliteStore {
    fn place(&self) -> String {
        self.name()
    }

    async fn tables(&self) -> Result<Vec<Table>, StoreError> {
        let found: Vec<(String, String, String, i64)> =
            sqlx::query_as(TABLES).fetch_all(&self.readers).await.map_err(failed)?;
        let mut tables: Vec<Table> = Vec::new();
        let mut keys: Vec<Vec<(i64, String)>> = Vec::new();
        for (table, column, kind, place) in found {
            if tables.last().is_none_or(|last| last.name != table) {
                tables.push(Table { name: table, columns: Vec::new(), key: Vec::new() });
                keys.push(Vec::new());
            }
            let kind = match kind.as_str() {
                "INTEGER" => Kind::Int,
                "TEXT" => Kind::Text,
                "BLOB" => Kind::Blob,
                other => return Err(codec::corrupt(format_args!("{column} is {other}"))),
            };
            if let (Some(table), Some(key)) = (tables.last_mut(), keys.last_mut()) {
                if place > 0 {
                    key.push((place, column.clone()));
                }
                table.columns.push((column, kind));
            }
        }
        for (table, mut key) in tables.iter_mut().zip(keys) {
            key.sort_unstable();
            table.key = key.into_iter().map(|(_, column)| column).collect();
        }
        Ok(tables)
    }

    async fn count(&self, table: &Table) -> Result<u64, StoreError> {
        let sql = AssertSqlSafe(format!("SELECT COUNT(*) FROM {}", table.name));
        let count: i64 = sqlx::query_scalar(sql).fetch_one(&self.readers).await.map_err(failed)?;
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
        let mut values = SqliteArguments::default();
        let mut behind = String::new();
        if let Some(after) = after {
            behind = format!("WHERE ({key}) > ({})", vec!["?"; after.len()].join(", "));
            for cell in after {
                add(&mut values, cell)?;
            }
        }
        add(&mut values, &Cell::Int(limit.into()))?;
        let columns = columns.join(", ");
        let sql = format!("SELECT {columns} FROM {name} {behind} ORDER BY {key} LIMIT ?");
        let found = sqlx::query_with(AssertSqlSafe(sql), values).fetch_all(&self.readers).await;
        let cells = |row| {
            let cell = |(place, (_, kind)): (usize, &(String, Kind))| cell(row, place, *kind);
            table.columns.iter().enumerate().map(cell).collect()
        };
        found.map_err(failed)?.iter().map(cells).collect()
    }

    async fn filler(&self) -> Result<Box<dyn Filler>, StoreError> {
        let mut conn = open::writer(&self.path).await?;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut conn).await.map_err(failed)?;
        Ok(Box::new(SqliteFiller(conn)))
    }
}

fn cell(row: &sqlx::sqlite::SqliteRow, place: usize, kind: Kind) -> Result<Cell, StoreError> {
    let cell = match kind {
        Kind::Int | Kind::Flag => row.try_get(place).map(Cell::Int),
        Kind::Text => row.try_get(place).map(Cell::Text),
        Kind::Blob => row.try_get(place).map(Cell::Blob),
    };
    cell.map_err(failed)
}

fn add(values: &mut SqliteArguments, cell: &Cell) -> Result<(), StoreError> {
    let added = match cell {
        Cell::Int(value) => values.add(*value),
        Cell::Text(value) => values.add(value.clone()),
        Cell::Blob(value) => values.add(value.clone()),
    };
    added.map_err(codec::corrupt)
}

/// Dropped before its end, it has written nothing.
struct SqliteFiller(SqliteConnection);

#[async_trait]
impl Filler for SqliteFiller {
    async fn fill(&mut self, table: &Table, rows: Vec<Cells>) -> Result<(), StoreError> {
        let columns: Vec<_> = table.columns.iter().map(|(name, _)| name.as_str()).collect();
        let row = format!("({})", vec!["?"; columns.len()].join(", "));
        for chunk in rows.chunks((VALUES_MAX / columns.len().max(1)).max(1)) {
            let (name, columns) = (&table.name, columns.join(", "));
            let places = vec![row.as_str(); chunk.len()].join(", ");
            let sql = format!("INSERT INTO {name} ({columns}) VALUES {places}");
            let mut values = SqliteArguments::default();
            for cell in chunk.iter().flatten() {
                add(&mut values, cell)?;
            }
            let done = sqlx::query_with(AssertSqlSafe(sql), values).execute(&mut self.0).await;
            if done.map_err(failed)?.rows_affected() != chunk.len() as u64 {
                return Err(codec::corrupt(format_args!("rows of {name} were not written")));
            }
        }
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<(), StoreError> {
        sqlx::query("COMMIT").execute(&mut self.0).await.map_err(failed)?;
        open::close(self.0).await.map_err(failed)
    }
}
