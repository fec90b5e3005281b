//! The floor: the rows that the daemon wrote, written again into a copy of the database as it was
//! before, by one prepared statement a row, in transactions as large as the daemon's were. What a
//! record wrote is the same for a book on a server, whose floor is in [`super::server`].

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::processors::Processors;
use crate::domain::calendar::Zone;
use crate::domain::draft::Touched;
use crate::domain::event::Event;
use crate::domain::month::Month;
use crate::domain::nouns::{order, usage};
use crate::domain::record::Record;
use crate::domain::stream;
use crate::store::copy::Cell;

/// A table, and the columns by which the rows of it that a record wrote are found, beside its
/// stream.
pub(super) type Written = (&'static str, By);

/// How the rows that a record wrote are found.
#[derive(Debug, Clone, Copy)]
pub(super) enum By {
    /// The one of the stream.
    Stream,
    /// They carry the record's number.
    Record,
    /// They are of the orders that the record touched.
    Order,
    /// They are of the subscriptions that it touched.
    Subscription,
    /// They are of the coupons that it touched.
    Coupon,
    /// They are of the orders that it paid, by the start of the time.
    Coverage,
    /// They are of the orders that it paid, by the month of the bill.
    BillLine,
    /// They are lines of usage that it settled, by their place on the bill.
    UsageLine,
    /// They are reports of usage that it counted.
    Usage,
    /// They are of the resources that it touched.
    Resource,
}

/// Everything that a record of an account can write, beside what is personal.
pub(super) const WRITTEN: [Written; 12] = [
    ("journal", By::Record),
    ("streams", By::Stream),
    ("orders", By::Order),
    ("ledger_entries", By::Record),
    ("subscriptions", By::Subscription),
    ("coupons", By::Coupon),
    ("coverages", By::Coverage),
    ("bill_lines", By::BillLine),
    ("bill_lines", By::UsageLine),
    ("usage_seen", By::Usage),
    ("resources", By::Resource),
    ("outbox", By::Record),
];

/// Commits that are read into memory at once.
pub(super) const CHUNK: usize = 20_000;

impl By {
    /// The columns that they are found by, beside the stream.
    pub(super) const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Stream => &[],
            Self::Record => &["seq"],
            Self::Order | Self::Subscription | Self::Coupon | Self::Resource => &["number"],
            Self::Coverage => &["number", "starts_at"],
            Self::BillLine => &["order_number", "month"],
            Self::UsageLine => &["month", "number"],
            Self::Usage => &["key"],
        }
    }
}

/// What the floor took.
pub(super) struct Floor {
    /// Commits that were written again.
    pub commit_count: u64,
    /// How long that took; reading the rows is not counted.
    pub took: Duration,
    /// What it took of the processors.
    pub taken: Duration,
}

struct Table {
    name: &'static str,
    by: By,
    upsert: String,
}

/// Writes again what `written` holds of `commits`, a list of `(stream, seq)`, into `copy`,
/// `batch` commits a transaction.
pub(super) fn run(
    written: &Path,
    copy: &Path,
    commits: &[(String, i64)],
    batch: usize,
) -> anyhow::Result<Floor> {
    let from = Connection::open(written)?;
    let to = Connection::open(copy)?;
    to.pragma_update(None, "journal_mode", "WAL")?;
    to.pragma_update(None, "synchronous", "FULL")?;
    to.pragma_update(None, "wal_autocheckpoint", 10_000)?;
    to.pragma_update(None, "secure_delete", "ON")?;
    to.pragma_update(None, "cache_size", -65_536)?;
    let tables = WRITTEN
        .iter()
        .map(|(name, by)| Table::read(&from, name, *by))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let (mut took, mut taken) = (Duration::ZERO, Duration::ZERO);
    let mut billed = Billed::new();
    for chunk in commits.chunks(CHUNK) {
        let rows = chunk
            .iter()
            .map(|(stream, seq)| rows_of(&from, &tables, &mut billed, stream, *seq))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let processors = Processors::now();
        let started = Instant::now();
        for batch in rows.chunks(batch.max(1)) {
            to.execute_batch("BEGIN IMMEDIATE")?;
            for commit in batch {
                for (table, row) in commit {
                    let table = &tables[*table];
                    to.prepare_cached(&table.upsert)?.execute(params_from_iter(row))?;
                }
            }
            to.execute_batch("COMMIT")?;
        }
        took += started.elapsed();
        taken += processors.taken_since(None);
    }
    Ok(Floor { commit_count: u64::try_from(commits.len())?, took, taken })
}

type Row = Vec<Value>;

/// The rows that a record wrote, with the number of their table.
fn rows_of(
    from: &Connection,
    tables: &[Table],
    billed: &mut Billed,
    stream: &str,
    seq: i64,
) -> anyhow::Result<Vec<(usize, Row)>> {
    let wrote = Wrote::read(from, billed, stream, seq)?;
    let mut rows = Vec::new();
    for (number, table) in tables.iter().enumerate() {
        let columns = table.by.columns().iter().map(|column| format!(" AND {column} = ?"));
        let condition: String = columns.collect();
        let select = format!("SELECT * FROM {} WHERE stream = ?{condition}", table.name);
        let keys = wrote.keys(table.by, seq);
        let mut statement = from.prepare_cached(&select)?;
        let columns = statement.column_count();
        for key in keys {
            let key = key.into_iter().map(value);
            let values = std::iter::once(Value::from(stream.to_owned())).chain(key);
            let mut found = statement.query(params_from_iter(values))?;
            while let Some(row) = found.next()? {
                let values = (0..columns).map(|n| row.get(n)).collect::<Result<Row, _>>()?;
                rows.push((number, values));
            }
        }
    }
    Ok(rows)
}

fn value(cell: Cell) -> Value {
    match cell {
        Cell::Int(value) => Value::from(value),
        Cell::Text(value) => Value::from(value),
        Cell::Blob(value) => Value::from(value),
    }
}

/// What a record wrote, as far as its events say. The newest state of a row is as large as it was
/// then.
pub(super) struct Wrote {
    touched: Touched,
    /// Orders that were paid: their number, the start of the time, and the month of the bill.
    paid: Vec<(i64, i64, String)>,
    /// Lines of usage: their month, and their number there.
    lines: Vec<(String, i64)>,
    /// The keys of reports of usage.
    usage: Vec<Vec<u8>>,
}

/// How many lines the months of the streams have had so far: lines of usage follow each other.
pub(super) type Billed = HashMap<(String, Month), i64>;

impl Wrote {
    fn read(
        from: &Connection,
        billed: &mut Billed,
        stream: &str,
        seq: i64,
    ) -> anyhow::Result<Self> {
        let mut select =
            from.prepare_cached("SELECT body FROM journal WHERE stream = ?1 AND seq = ?2")?;
        let body: String = select.query_row((stream, seq), |row| row.get(0))?;
        Self::of(&body, billed, stream)
    }

    /// What the record with the text `body` wrote.
    pub(super) fn of(body: &str, billed: &mut Billed, stream: &str) -> anyhow::Result<Self> {
        let record: Record = serde_json::from_str(body)?;
        let (mut touched, mut paid) = (Touched::default(), Vec::new());
        let (mut lines, mut usage) = (Vec::new(), Vec::new());
        for event in &record.events {
            touched.note(event);
            if let Event::Order(order::Event::Paid { order, starts_at, cycle, at, .. }) = event {
                let month = cycle.unwrap_or_else(|| Month::of(*at, Zone::UTC));
                paid.push((i64::from(order.number), starts_at.micros(), month.to_string()));
            }
            if let Event::Usage(usage::Event::Settled(settlement)) = event {
                let last = billed.entry((stream.to_owned(), settlement.month)).or_default();
                for _ in &settlement.lines {
                    *last += 1;
                    lines.push((settlement.month.to_string(), *last));
                }
            }
        }
        usage.extend(stream::seen(&record.events).iter().map(|(key, _)| key.0.to_vec()));
        Ok(Self { touched, paid, lines, usage })
    }

    /// The values of [`By::columns`] for each row, or for rows that share them.
    pub(super) fn keys(&self, by: By, seq: i64) -> Vec<Vec<Cell>> {
        let of = |numbers: &mut dyn Iterator<Item = u32>| {
            numbers.map(|number| vec![Cell::Int(i64::from(number))]).collect::<Vec<_>>()
        };
        let touched = &self.touched;
        match by {
            By::Stream => vec![Vec::new()],
            By::Record => vec![vec![Cell::Int(seq)]],
            By::Order => of(&mut touched.orders.iter().map(|id| id.number)),
            By::Subscription => of(&mut touched.subscriptions.iter().map(|id| id.number)),
            By::Coupon => of(&mut touched.coupons.iter().map(|id| id.number)),
            By::Resource => of(&mut touched.resources.iter().map(|id| id.number)),
            By::Coverage => {
                let key = |(order, starts_at, _): &(i64, i64, String)| {
                    vec![Cell::Int(*order), Cell::Int(*starts_at)]
                };
                self.paid.iter().map(key).collect()
            }
            By::BillLine => {
                let key = |(order, _, month): &(i64, i64, String)| {
                    vec![Cell::Int(*order), Cell::Text(month.clone())]
                };
                self.paid.iter().map(key).collect()
            }
            By::UsageLine => {
                let key = |(month, number): &(String, i64)| {
                    vec![Cell::Text(month.clone()), Cell::Int(*number)]
                };
                self.lines.iter().map(key).collect()
            }
            By::Usage => self.usage.iter().map(|key| vec![Cell::Blob(key.clone())]).collect(),
        }
    }
}

impl Table {
    fn read(from: &Connection, name: &'static str, by: By) -> anyhow::Result<Self> {
        let mut columns: Vec<String> = Vec::new();
        let mut keys: Vec<String> = Vec::new();
        let mut info = from.prepare(&format!("PRAGMA table_info({name})"))?;
        let mut rows = info.query(())?;
        while let Some(row) = rows.next()? {
            let column: String = row.get("name")?;
            if row.get::<_, i64>("pk")? > 0 {
                keys.push(column.clone());
            }
            columns.push(column);
        }
        anyhow::ensure!(!keys.is_empty(), "table {name} has no key");
        let marks = vec!["?"; columns.len()].join(", ");
        let sets: Vec<String> = columns
            .iter()
            .filter(|column| !keys.contains(column))
            .map(|column| format!("{column} = excluded.{column}"))
            .collect();
        let upsert = format!(
            "INSERT INTO {name} VALUES ({marks}) ON CONFLICT ({}) DO UPDATE SET {}",
            keys.join(", "),
            sets.join(", ")
        );
        Ok(Self { name, by, upsert })
    }
}

/// The records of streams that were written at or after `at`, in the order in which they were:
/// other pages would be touched in another.
pub(super) fn commits_since(written: &Path, at: i64) -> anyhow::Result<Vec<(String, i64)>> {
    let from = Connection::open(written)?;
    let mut select = from
        .prepare("SELECT stream, seq FROM journal WHERE at >= ?1 ORDER BY rowid")
        .context("the journal cannot be read")?;
    let rows = select.query_map([at], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many rows a table has.
pub(super) fn count(path: &Path, table: &str) -> anyhow::Result<u64> {
    let connection = Connection::open(path)?;
    let count: i64 =
        connection.query_row(&format!("SELECT count(*) FROM {table}"), (), |row| row.get(0))?;
    Ok(u64::try_from(count)?)
}

/// Folds the write-ahead log into the file, so that its size and a copy of it are whole.
pub(super) fn checkpoint(path: &Path) -> anyhow::Result<()> {
    let connection = Connection::open(path)?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))?;
    Ok(())
}
