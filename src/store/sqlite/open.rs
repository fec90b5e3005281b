//! Opening the file: the lock, the settings, the migrations.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection as _, SqlSafeStr, SqliteConnection, SqlitePool};

use super::fault;
use crate::store::StoreError;

const READERS: u32 = 4;

/// The texts of all migrations ever, in order. None is ever changed or removed: databases
/// remember them.
const MIGRATIONS: [(i64, &str, &str); 3] = [
    (1, "book", include_str!("../../../migrations/sqlite/0001_book.sql")),
    (
        2,
        "orders and coupons",
        include_str!("../../../migrations/sqlite/0002_orders_and_coupons.sql"),
    ),
    (3, "campaigns", include_str!("../../../migrations/sqlite/0003_campaigns.sql")),
];

/// Locks the database for this process, beside the file: SQLite's own locks come and go.
pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let failed = |error: &dyn std::fmt::Display| {
        StoreError::Unavailable(format!("{}: {error}", Path::new(&name).display()))
    };
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&name)
        .map_err(|error| failed(&error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(StoreError::InUse(format!("another daemon has {} open", path.display())))
        }
        Err(TryLockError::Error(error)) => Err(failed(&error)),
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(false)
        .busy_timeout(Duration::from_secs(5))
        .disable_statement_logging()
}

/// The connection that writes.
pub(super) async fn writer(path: &Path) -> Result<SqliteConnection, StoreError> {
    private(path)?;
    options(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", "10000")
        .pragma("secure_delete", "ON")
        // Statements of many rows keep a journal of their own to be undone by; in a file it would
        // be as large as everything else that a commit writes.
        .pragma("temp_store", "MEMORY")
        .statement_cache_capacity(256)
        .thread_name(|_| "store-sqlite".to_owned())
        .connect()
        .await
        .map_err(fault::failed)
}

/// Closes it, with all that was written in the one file: readers that are still open would keep
/// SQLite from doing so by itself.
pub(super) async fn close(mut conn: SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut conn).await?;
    conn.close().await
}

/// The database says who pays for what: it is made for its owner only.
fn private(path: &Path) -> Result<(), StoreError> {
    let made = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    made.map(drop).map_err(|error| StoreError::Unavailable(format!("{}: {error}", path.display())))
}

/// The connections that read. They are opened when they are first needed.
pub(super) fn readers(path: &Path) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(Duration::from_secs(30))
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_lazy_with(
            options(path)
                .read_only(true)
                .statement_cache_capacity(256)
                .thread_name(|id| format!("store-reader-{id}")),
        )
}

/// Brings the tables up to date, or refuses a database from the future.
pub(super) async fn migrate(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    let migrations = MIGRATIONS.into_iter().map(|(version, name, sql)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    let migrator = Migrator::with_migrations(migrations.collect());
    migrator.run_direct(None, conn, false).await.map_err(fault::migration)
}
