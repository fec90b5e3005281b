//! Books on a PostgreSQL server: a database for each, and the floor there. It writes the rows that
//! the daemon wrote into copies of the tables as they were before, by the best batch form that is
//! known: one statement a transaction, `UNNEST` of an array for each column, table by table.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgRow};
use sqlx::{Arguments, AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row as _};

use super::floor::{Billed, CHUNK, Floor, WRITTEN, Wrote};
use super::processors::Processors;
use crate::store::copy::{Cell, Cells};

/// A database of a bench's own on a server. Dropped, it is removed there.
#[derive(Debug)]
pub(super) struct Database {
    server: String,
    name: String,
    url: String,
}

/// A column of a table.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Its name.
    pub name: String,
    /// What it holds, by the server's word.
    pub kind: String,
    /// Is it a part of the key?
    pub is_key: bool,
}

/// A table of the floor.
struct Table {
    name: &'static str,
    columns: Vec<Column>,
}

impl Database {
    /// Makes the database `name` on the server at the address `server`.
    pub(super) async fn create(server: &str, name: &str) -> anyhow::Result<Self> {
        let url = at(server, name)
            .with_context(|| format!("expected postgres://user@host/database, not {server}"))?;
        let mut conn = connect(server).await?;
        run(&mut conn, &format!("CREATE DATABASE {name}")).await?;
        conn.close().await?;
        Ok(Self { server: server.to_owned(), name: name.to_owned(), url })
    }

    /// Its address.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// A connection to it.
    pub(super) async fn connect(&self) -> anyhow::Result<PgConnection> {
        connect(&self.url).await
    }

    /// How large it is.
    pub(super) async fn bytes(&self) -> anyhow::Result<u64> {
        let mut conn = self.connect().await?;
        let sql = "SELECT pg_database_size(current_database())";
        let bytes: i64 = sqlx::query_scalar(sql).fetch_one(&mut conn).await?;
        conn.close().await?;
        Ok(u64::try_from(bytes)?)
    }

    /// How many rows a table has.
    pub(super) async fn count(&self, table: &str) -> anyhow::Result<u64> {
        let mut conn = self.connect().await?;
        let sql = AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        let count: i64 = sqlx::query_scalar(sql).fetch_one(&mut conn).await?;
        conn.close().await?;
        Ok(u64::try_from(count)?)
    }

    /// Copies the tables of the floor into a schema of their own, with their keys and indexes.
    pub(super) async fn set_aside(&self) -> anyhow::Result<()> {
        let mut conn = self.connect().await?;
        run(&mut conn, "SET client_min_messages = warning").await?;
        run(&mut conn, "DROP SCHEMA IF EXISTS floor CASCADE").await?;
        run(&mut conn, "CREATE SCHEMA floor").await?;
        for name in names() {
            let like = format!("CREATE TABLE floor.{name} (LIKE public.{name} INCLUDING ALL)");
            run(&mut conn, &like).await?;
            run(&mut conn, &format!("INSERT INTO floor.{name} SELECT * FROM public.{name}"))
                .await?;
        }
        // So that the server does not write these pages out while the daemon is measured. Not
        // every user may ask for it.
        let _ = run(&mut conn, "CHECKPOINT").await;
        conn.close().await?;
        Ok(())
    }

    /// The records of streams that were written at or after `at`, in the order in which they
    /// were.
    pub(super) async fn commits_since(&self, at: i64) -> anyhow::Result<Vec<(String, i64)>> {
        let mut conn = self.connect().await?;
        let sql = "SELECT stream, seq FROM journal WHERE at >= $1 ORDER BY ctid";
        let commits = sqlx::query_as(sql).bind(at).fetch_all(&mut conn).await?;
        conn.close().await?;
        Ok(commits)
    }

    /// Writes again what the tables hold of `commits`, a list of `(stream, seq)`, into what was
    /// set aside, `batch` commits a transaction.
    pub(super) async fn floor(
        &self,
        commits: &[(String, i64)],
        batch: usize,
    ) -> anyhow::Result<Floor> {
        let mut from = self.connect().await?;
        let mut to = self.connect().await?;
        run(&mut to, "SET synchronous_commit = on").await?;
        let mut tables = Vec::new();
        for name in names() {
            tables.push(Table { name, columns: columns(&mut from, name).await? });
        }
        let (mut took, mut taken) = (Duration::ZERO, Duration::ZERO);
        let mut billed = Billed::new();
        for chunk in commits.chunks(CHUNK) {
            let rows = rows_of(&mut from, &tables, &mut billed, chunk).await?;
            let processors = Processors::now();
            let started = Instant::now();
            for batch in rows.chunks(batch) {
                let (sql, arguments) = script(&tables, batch)?;
                sqlx::query_with(AssertSqlSafe(sql), arguments).execute(&mut to).await?;
            }
            took += started.elapsed();
            taken += processors.taken_since(None);
        }
        from.close().await?;
        to.close().await?;
        Ok(Floor { commit_count: u64::try_from(commits.len())?, took, taken })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        let remove = move || -> anyhow::Result<()> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut conn = connect(&server).await?;
                run(&mut conn, &format!("DROP DATABASE {name} WITH (FORCE)")).await
            })
        };
        let removed = std::thread::spawn(remove).join();
        if !matches!(removed, Ok(Ok(()))) {
            tracing::error!(database = self.name, "the bench's database could not be removed");
        }
    }
}

/// The address of another database on the same server.
fn at(server: &str, name: &str) -> Option<String> {
    let (address, query) = match server.split_once('?') {
        Some((address, query)) => (address, format!("?{query}")),
        None => (server, String::new()),
    };
    let (scheme, host) = address.split_once("://")?;
    let host = host.split_once('/').map_or(host, |(host, _)| host);
    Some(format!("{scheme}://{host}/{name}{query}"))
}

async fn connect(url: &str) -> anyhow::Result<PgConnection> {
    let options: PgConnectOptions = url.parse().context("the server's address")?;
    options.disable_statement_logging().connect().await.context("the server")
}

/// Runs a statement without parameters.
pub(super) async fn run(conn: &mut PgConnection, sql: &str) -> anyhow::Result<()> {
    sqlx::query(AssertSqlSafe(sql.to_owned())).execute(conn).await.context(sql.to_owned())?;
    Ok(())
}

/// The tables that the floor writes, each once.
fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = WRITTEN.iter().map(|(name, _)| *name).collect();
    names.dedup();
    names
}

/// The columns of a table in their order.
pub(super) async fn columns(conn: &mut PgConnection, table: &str) -> anyhow::Result<Vec<Column>> {
    let sql = "SELECT a.attname::TEXT, format_type(a.atttypid, NULL), a.attnum = ANY (i.indkey) \
               FROM pg_attribute AS a JOIN pg_index AS i ON i.indrelid = a.attrelid \
               AND i.indisprimary WHERE a.attrelid = $1::REGCLASS AND a.attnum > 0 \
               AND NOT a.attisdropped ORDER BY a.attnum";
    let found: Vec<(String, String, bool)> =
        sqlx::query_as(sql).bind(table).fetch_all(conn).await?;
    Ok(found.into_iter().map(|(name, kind, is_key)| Column { name, kind, is_key }).collect())
}

/// The tables of the book.
pub(super) async fn tables(conn: &mut PgConnection) -> anyhow::Result<Vec<String>> {
    let sql = "SELECT tablename::TEXT FROM pg_tables WHERE schemaname = 'public' \
               AND tablename NOT LIKE '\\_sqlx%'";
    Ok(sqlx::query_scalar(sql).fetch_all(conn).await?)
}

/// Fills a table of pairs.
pub(super) async fn fill_pairs(
    conn: &mut PgConnection,
    pairs: Vec<(String, String)>,
) -> anyhow::Result<()> {
    let (old, new): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    let sql = "INSERT INTO pairs (old, new) SELECT * FROM UNNEST($1::TEXT[], $2::TEXT[])";
    sqlx::query(sql).bind(old).bind(new).execute(conn).await?;
    Ok(())
}

/// Runs a statement over the pairs after one number up to another.
pub(super) async fn copy(
    conn: &mut PgConnection,
    statement: &str,
    after: u64,
    until: u64,
) -> anyhow::Result<()> {
    let sql = AssertSqlSafe(statement.to_owned());
    let copying = sqlx::query(sql).bind(i64::try_from(after)?).bind(i64::try_from(until)?);
    copying.execute(conn).await.context(statement.to_owned())?;
    Ok(())
}

/// Streams as whoever rehydrates them needs them: the last snapshot, and the records behind it.
pub(super) async fn streams(
    conn: &mut PgConnection,
    ids: &[String],
) -> anyhow::Result<Vec<(Option<String>, Vec<String>)>> {
    let heads = "SELECT stream, s.seq, s.at, s.digest, s.summary, n.body FROM streams AS s \
                 JOIN UNNEST($1::TEXT[]) AS i ON stream = i LEFT JOIN snapshots AS n USING (stream)";
    let found = sqlx::query(heads).bind(ids).fetch_all(&mut *conn).await?;
    let mut streams = BTreeMap::new();
    for row in &found {
        let stream: String = row.try_get(0)?;
        streams.insert(stream, (row.try_get::<Option<String>, _>(5)?, Vec::new()));
    }
    let records = "SELECT j.stream, j.body FROM journal AS j JOIN UNNEST($1::TEXT[]) AS i \
                   ON j.stream = i LEFT JOIN snapshots AS n ON n.stream = j.stream \
                   WHERE j.seq > COALESCE(n.seq, 0) ORDER BY j.stream, j.seq";
    let found = sqlx::query(records).bind(ids).fetch_all(&mut *conn).await?;
    for row in &found {
        if let Some((_, bodies)) = streams.get_mut(row.try_get::<&str, _>(0)?) {
            bodies.push(row.try_get(1)?);
        }
    }
    Ok(streams.into_values().collect())
}

fn cell(row: &PgRow, place: usize, kind: &str) -> anyhow::Result<Cell> {
    Ok(match kind {
        "bigint" => Cell::Int(row.try_get(place)?),
        "boolean" => Cell::Int(i64::from(row.try_get::<bool, _>(place)?)),
        "text" => Cell::Text(row.try_get(place)?),
        "bytea" => Cell::Blob(row.try_get(place)?),
        other => anyhow::bail!("a column of {other}"),
    })
}

/// The rows that a commit wrote, with the number of their table.
type Rows = Vec<(usize, Cells)>;

/// The rows that each of `commits` wrote. The tables are asked once for all.
async fn rows_of(
    from: &mut PgConnection,
    tables: &[Table],
    billed: &mut Billed,
    commits: &[(String, i64)],
) -> anyhow::Result<Vec<Rows>> {
    let (streams, numbers): (Vec<_>, Vec<_>) = commits.iter().cloned().unzip();
    let sql = "SELECT body FROM UNNEST($1::TEXT[], $2::BIGINT[]) WITH ORDINALITY AS c (s, n, place) \
               JOIN journal ON stream = c.s AND seq = c.n ORDER BY c.place";
    let bodies: Vec<String> =
        sqlx::query_scalar(sql).bind(&streams).bind(&numbers).fetch_all(&mut *from).await?;
    anyhow::ensure!(bodies.len() == commits.len(), "records are missing");
    let mut wrote = Vec::with_capacity(commits.len());
    for ((stream, _), body) in commits.iter().zip(&bodies) {
        wrote.push(Wrote::of(body, billed, stream)?);
    }
    let mut distinct = streams;
    distinct.sort_unstable();
    distinct.dedup();
    let mut rows: Vec<Rows> = commits.iter().map(|_| Vec::new()).collect();
    for (name, by) in WRITTEN {
        let Some(number) = tables.iter().position(|table| table.name == name) else { continue };
        let columns = &tables[number].columns;
        let place = |name: &str| columns.iter().position(|column| column.name == name);
        let keyed: Vec<usize> = by.columns().iter().filter_map(|name| place(name)).collect();
        let of = place("stream").with_context(|| format!("{name} has no stream"))?;
        let sql = format!("SELECT t.* FROM {name} AS t JOIN UNNEST($1::TEXT[]) AS s ON stream = s");
        let found = sqlx::query(AssertSqlSafe(sql)).bind(&distinct).fetch_all(&mut *from).await?;
        let mut by_key: BTreeMap<(String, Cells), Vec<Cells>> = BTreeMap::new();
        for row in &found {
            let cells = columns.iter().enumerate().map(|(n, column)| cell(row, n, &column.kind));
            let cells = cells.collect::<anyhow::Result<Cells>>()?;
            let key = keyed.iter().map(|place| cells[*place].clone()).collect();
            by_key.entry((row.try_get(of)?, key)).or_default().push(cells);
        }
        for (((stream, seq), wrote), rows) in commits.iter().zip(&wrote).zip(&mut rows) {
            for key in wrote.keys(by, *seq) {
                let found = by_key.get(&(stream.clone(), key)).into_iter().flatten();
                rows.extend(found.map(|cells| (number, cells.clone())));
            }
        }
    }
    Ok(rows)
}

/// One statement that writes all rows of some commits: of rows with the same key the last.
fn script(tables: &[Table], commits: &[Rows]) -> anyhow::Result<(String, PgArguments)> {
    let mut arguments = PgArguments::default();
    let (mut parts, mut places) = (Vec::new(), 0);
    for (number, Table { name, columns }) in tables.iter().enumerate() {
        let mut last: BTreeMap<Vec<&Cell>, &Cells> = BTreeMap::new();
        for (_, cells) in commits.iter().flatten().filter(|(table, _)| *table == number) {
            let key = columns.iter().zip(cells).filter(|(column, _)| column.is_key);
            last.insert(key.map(|(_, cell)| cell).collect(), cells);
        }
        if last.is_empty() {
            continue;
        }
        let mut arrays = Vec::new();
        for (place, column) in columns.iter().enumerate() {
            let cells = last.values().map(|cells| &cells[place]);
            add(&mut arguments, &column.kind, cells)?;
            places += 1;
            arrays.push(format!("${places}::{}[]", column.kind));
        }
        let names = |is_key: bool| columns.iter().filter(move |column| column.is_key == is_key);
        let keys: Vec<_> = names(true).map(|column| column.name.as_str()).collect();
        let sets: Vec<_> =
            names(false).map(|column| format!("{0} = excluded.{0}", column.name)).collect();
        parts.push(format!(
            "w{number} AS (INSERT INTO floor.{name} SELECT * FROM UNNEST({}) \
             ON CONFLICT ({}) DO UPDATE SET {})",
            arrays.join(", "),
            keys.join(", "),
            sets.join(", "),
        ));
    }
    Ok((format!("WITH {} SELECT 1", parts.join(", ")), arguments))
}

fn add<'a>(
    arguments: &mut PgArguments,
    kind: &str,
    cells: impl Iterator<Item = &'a Cell>,
) -> anyhow::Result<()> {
    let (mut ints, mut texts, mut blobs) = (Vec::new(), Vec::new(), Vec::new());
    for cell in cells {
        match cell {
            Cell::Int(value) => ints.push(*value),
            Cell::Text(value) => texts.push(value.as_str()),
            Cell::Blob(value) => blobs.push(value.as_slice()),
        }
    }
    let added = match kind {
        "bigint" => arguments.add(ints),
        "boolean" => arguments.add(ints.into_iter().map(|flag| flag != 0).collect::<Vec<_>>()),
        "text" => arguments.add(texts),
        _ => arguments.add(blobs),
    };
    added.map_err(|error| anyhow::anyhow!("{error}"))
}

#[cfg(test)]
mod tests {
    use super::at;

    #[test]
    fn another_database_is_on_the_same_server() {
        let named = |server| at(server, "bench").unwrap_or_default();
        assert_eq!(named("postgres://me@host/mine"), "postgres://me@host/bench");
        assert_eq!(named("postgres://me@host:6000"), "postgres://me@host:6000/bench");
        let by_socket = "postgres://me@localhost/mine?host=/run/postgresql&sslmode=disable";
        let expected = "postgres://me@localhost/bench?host=/run/postgresql&sslmode=disable";
        assert_eq!(named(by_socket), expected);
        assert_eq!(at("sqlite:book.db", "bench"), None);
    }
}
