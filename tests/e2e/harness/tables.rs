//! All tables of a book as they are, row by row, wherever it is.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqliteConnection};

use super::daemon::Home;
use super::server::Database;

/// Columns by name; bytes are in hexadecimal.
pub(crate) type Row = Map<String, Value>;

/// What tables are called that are not the database's own.
const OF_FILE: &str = "SELECT name FROM sqlite_schema WHERE type = 'table' \
    AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_sqlx%' ESCAPE '\\'";
const OF_SERVER: &str = "SELECT table_name FROM information_schema.tables \
    WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%' AND table_name <> 'leases'";

/// The rows of all tables, by table; of one table in no order.
pub(crate) fn tables(home: &Home) -> BTreeMap<String, Vec<Row>> {
    let lines = match home.database() {
        Some(database) => of_server(database),
        None => actix_rt::System::new().block_on(of_file(&home.data().join("renewd.db"))),
    };
    let mut tables = BTreeMap::new();
    for line in lines {
        let (table, row) = line.split_once('\t').expect("a table");
        let rows: &mut Vec<Row> = tables.entry(table.to_owned()).or_default();
        rows.push(serde_json::from_str(row).expect("a row"));
    }
    tables
}

fn of_server(database: &Database<'_>) -> Vec<String> {
    let names = database.sql(OF_SERVER);
    let reads = names.lines().map(|name| {
        format!("SELECT '{name}' || chr(9) || to_jsonb(t)::TEXT FROM public.{name} AS t")
    });
    let reads: Vec<_> = reads.collect();
    database.sql(&reads.join(" UNION ALL ")).lines().map(str::to_owned).collect()
}

async fn of_file(file: &Path) -> Vec<String> {
    let mut conn = connect(file).await;
    let mut lines = Vec::new();
    for table in tables_of(&mut conn).await {
        let columns = columns_of(&mut conn, &table).await;
        let fields = columns.iter().map(|(name, kind)| {
            let value = if kind == "BLOB" { format!("hex({name})") } else { name.clone() };
            format!("'{name}', {value}")
        });
        let fields: Vec<_> = fields.collect();
        let fields = fields.join(", ");
        let read = format!("SELECT '{table}' || char(9) || json_object({fields}) FROM {table}");
        let rows: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(read)).fetch_all(&mut conn).await.expect("rows");
        lines.extend(rows);
    }
    conn.close().await.expect("closed");
    lines
}

/// A connection to a file, which is made if there is none.
pub(crate) async fn connect(file: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    options.disable_statement_logging().connect().await.expect("a connection")
}

/// The tables in a file.
pub(crate) async fn tables_of(conn: &mut SqliteConnection) -> Vec<String> {
    sqlx::query_scalar(OF_FILE).fetch_all(conn).await.expect("tables")
}

/// The columns of a table in a file, with their types.
pub(crate) async fn columns_of(conn: &mut SqliteConnection, table: &str) -> Vec<(String, String)> {
    let asked = "SELECT name, type FROM pragma_table_info(?)";
    sqlx::query_as(asked).bind(table).fetch_all(conn).await.expect("columns")
}
