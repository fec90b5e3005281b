//! Large books in a short time: some accounts live for a while in the real house, and then all
//! their rows are copied under other ids by SQL, as many times as it takes. A copy is read and
//! continued like any other account; only its digests, which are over the ids too, and what is
//! sealed under its key are not its own, so nobody checks or unseals it.

use rusqlite::Connection;

use super::house::{self, Bench, Book, Place};
use super::server::{self, Database};
use crate::clock::Clock;
use crate::domain::calendar::Timestamp;
use crate::domain::ids::AccountId;
use crate::domain::nouns::subscription::Mode;
use crate::domain::rules::Rules;

/// Accounts that live in the real house.
const ORIGINALS: u64 = 500;
/// Accounts that are copied in a transaction.
const CHUNK: u64 = 20_000;

/// What a book is to hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lived {
    /// Accounts, with one automatic renewal each.
    pub accounts: u64,
    /// When they were brought along.
    pub since: Timestamp,
    /// When their time is over.
    pub expires_at: Timestamp,
    /// Until when they live.
    pub until: Timestamp,
    /// How many may be live in the house that is answered.
    pub live_max: u64,
}

/// A house that was just started, over a book of accounts that have lived.
pub(super) async fn book(
    place: &Place,
    rules: Rules,
    lived: Lived,
    progress: &mut impl FnMut(&str, u64),
) -> anyhow::Result<Bench> {
    let originals = lived.accounts.min(ORIGINALS);
    let mut bench = Bench::start(place, lived.since, rules).await?;
    bench.seed(originals, Mode::AutoRenewal, lived.expires_at, |n| progress("seeding", n)).await?;
    progress("living", 0);
    if let Some((_, mut stepper)) = bench.house.stepper() {
        stepper.advance_to(lived.until, |_| {}).await?;
    }
    bench = bench
        .restart(lived.live_max, async |book| match book {
            Book::File(path) => {
                copy_file(&mut Connection::open(path)?, originals, lived.accounts, |done| {
                    progress("copying", done);
                })
            }
            Book::Server(database) => {
                copy_server(database, originals, lived.accounts, |done| progress("copying", done))
                    .await
            }
        })
        .await?;
    anyhow::ensure!(
        bench.house.store.account_count().await? == lived.accounts,
        "the book has not as many accounts as were copied"
    );
    Ok(bench)
}

/// The instant by the system's clock.
pub(super) fn today() -> Timestamp {
    Clock::System.now()
}

/// Ids in the order of their text: the original, and what its copy is called.
fn pairs(originals: u64, accounts: u64) -> Vec<(String, String)> {
    let bare = |account: AccountId| account.to_string().split_off("acc_".len());
    let mut pairs: Vec<_> = (originals..accounts)
        .map(|number| {
            (bare(house::account(number)), bare(house::account(number % originals.max(1))))
        })
        .collect();
    pairs.sort_unstable();
    pairs.into_iter().map(|(new, old)| (old, new)).collect()
}

/// The statement that copies the rows of `table` for a chunk of the pairs; `columns` are its
/// columns, each with whether it is a text. None for a table that is not of streams.
fn copying(table: &str, columns: &[(String, bool)], random: &str) -> Option<String> {
    columns.iter().find(|(name, _)| name == "stream")?;
    let value = |(name, is_text): &(String, bool)| match (table, name.as_str()) {
        // What is claimed is claimed once.
        ("claims", "hash") => random.to_owned(),
        _ if *is_text => format!("replace(t.{name}, c.old, c.new)"),
        _ => format!("t.{name}"),
    };
    let names: Vec<_> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let values: Vec<_> = columns.iter().map(value).collect();
    Some(format!(
        "INSERT INTO {table} ({}) SELECT {} FROM pairs AS c CROSS JOIN {table} AS t \
         WHERE t.stream = 'acc_' || c.old AND c.n > $1 AND c.n <= $2",
        names.join(", "),
        values.join(", "),
    ))
}

fn copy_file(
    book: &mut Connection,
    originals: u64,
    accounts: u64,
    mut progress: impl FnMut(u64),
) -> anyhow::Result<()> {
    book.pragma_update(None, "synchronous", "OFF")?;
    book.pragma_update(None, "cache_size", -200_000)?;
    book.execute_batch(
        "CREATE TEMP TABLE pairs (n INTEGER PRIMARY KEY, old TEXT NOT NULL, new TEXT NOT NULL)",
    )?;
    let filling = book.transaction()?;
    for (old, new) in pairs(originals, accounts) {
        let insert = "INSERT INTO pairs (old, new) VALUES (?1, ?2)";
        filling.prepare_cached(insert)?.execute((old, new))?;
    }
    filling.commit()?;
    let mut statements = Vec::new();
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table'";
    let tables: Vec<String> =
        book.prepare(tables)?.query_map((), |row| row.get(0))?.collect::<Result<_, _>>()?;
    for table in tables {
        let columns = "SELECT name, type = 'TEXT' FROM pragma_table_info(?1)";
        let columns: Vec<(String, bool)> = book
            .prepare(columns)?
            .query_map([&table], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        statements.extend(copying(&table, &columns, "randomblob(32)"));
    }
    let mut done = originals;
    while done < accounts {
        let next = (done + CHUNK).min(accounts);
        let copying = book.transaction()?;
        for statement in &statements {
            copying
                .prepare_cached(statement)?
                .execute((i64::try_from(done - originals)?, i64::try_from(next - originals)?))?;
        }
        copying.commit()?;
        done = next;
        progress(done);
    }
    Ok(())
}

async fn copy_server(
    book: &Database,
    originals: u64,
    accounts: u64,
    mut progress: impl FnMut(u64),
) -> anyhow::Result<()> {
    let mut conn = book.connect().await?;
    server::run(&mut conn, "SET synchronous_commit = off").await?;
    server::run(
        &mut conn,
        "CREATE TEMP TABLE pairs (n BIGSERIAL PRIMARY KEY, old TEXT NOT NULL, new TEXT NOT NULL)",
    )
    .await?;
    server::fill_pairs(&mut conn, pairs(originals, accounts)).await?;
    server::run(&mut conn, "ANALYZE pairs").await?;
    let mut statements = Vec::new();
    for table in server::tables(&mut conn).await? {
        let columns = server::columns(&mut conn, &table).await?;
        let columns: Vec<_> =
            columns.into_iter().map(|column| (column.name, column.kind == "text")).collect();
        let random = "decode(md5(random()::TEXT) || md5(random()::TEXT), 'hex')";
        statements.extend(copying(&table, &columns, random));
    }
    let mut done = originals;
    while done < accounts {
        let next = (done + CHUNK).min(accounts);
        for statement in &statements {
            server::copy(&mut conn, statement, done - originals, next - originals).await?;
        }
        done = next;
        progress(done);
    }
    server::run(&mut conn, "ANALYZE").await
}
