//! Opening the file: the lock, the settings, the migrations.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{Migrate as _, MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection as _, SqlSafeStr, SqliteConnection, SqlitePool};

use super::fault;
use crate::failpoint::{self, Point};
use crate::store::StoreError;

const READERS: u32 = 4;
/// What the writer keeps of the file, in KiB below zero: with less it reads the pages that it is
/// about to change again and again.
const CACHE: &str = "-65536";

/// The texts of all migrations ever, in order. None is ever changed or removed: databases
/// remember them.
const MIGRATIONS: [(i64, &str, &str); 10] = [
    (1, "book", include_str!("../../../migrations/sqlite/0001_book.sql")),
    (
        2,
        "orders and coupons",
        include_str!("../../../migrations/sqlite/0002_orders_and_coupons.sql"),
    ),
    (3, "campaigns", include_str!("../../../migrations/sqlite/0003_campaigns.sql")),
    (4, "statements", include_str!("../../../migrations/sqlite/0004_statements.sql")),
    (5, "usage lines", include_str!("../../../migrations/sqlite/0005_usage_lines.sql")),
    (6, "pay as you go", include_str!("../../../migrations/sqlite/0006_payg.sql")),
    (7, "withdrawals", include_str!("../../../migrations/sqlite/0007_withdrawals.sql")),
    (8, "closures", include_str!("../../../migrations/sqlite/0008_closures.sql")),
    (9, "erasure", include_str!("../../../migrations/sqlite/0009_erasure.sql")),
    (10, "indexes", include_str!("../../../migrations/sqlite/0010_indexes.sql")),
];

/// Locks the database for this process, beside the file: SQLite's own locks come and go.
pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let failed = |error| not_written(Path::new(&name), &error);
    let file =
        OpenOptions::new().create(true).append(true).mode(0o600).open(&name).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(StoreError::InUse(format!("another daemon has {} open", path.display())))
        }
        Err(TryLockError::Error(error)) => Err(failed(error)),
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
        // The checkpoints beside the writer never catch up with it while it is busy: from this many
        // pages on it finishes one by itself, and the log begins anew.
        .pragma("wal_autocheckpoint", "20000")
        .pragma("cache_size", CACHE)
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

/// A connection that writes nothing of its own, and brings the log into the file.
pub(super) async fn beside_the_writer(path: &Path) -> Result<SqliteConnection, StoreError> {
    options(path)
        .synchronous(SqliteSynchronous::Full)
        .thread_name(|_| "store-checkpoint".to_owned())
        .connect()
        .await
        .map_err(fault::failed)
}

/// Brings what it can of the log into the file, and waits for nobody.
pub(super) async fn checkpoint(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    let done = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(conn).await;
    done.map(drop).map_err(fault::failed)
}

/// Closes it, with all that was written in the one file: readers that are still open would keep
/// SQLite from doing so by itself.
pub(super) async fn close(mut conn: SqliteConnection) -> Result<(), sqlx::Error> {
    failpoint::pass(Point::StoreBeforeClose);
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut conn).await?;
    let closed = conn.close().await;
    failpoint::pass(Point::StoreAfterClose);
    closed
}

/// The database says who pays for what: it is made for its owner only.
fn private(path: &Path) -> Result<(), StoreError> {
    let made = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    made.map(drop).map_err(|error| not_written(path, &error))
}

/// A file cannot be made, or opened to be written.
fn not_written(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}: {}", path.display(), fault::SEE_TO_IT))
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

/// Brings the tables up to date, or refuses a database from the future. Each step is whole or not at
/// all: whoever is killed between two of them is gone on from there.
pub(super) async fn migrate(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    step_by_step(conn, i64::MAX).await.map_err(fault::migration)
}

async fn step_by_step(conn: &mut SqliteConnection, last: i64) -> Result<(), MigrateError> {
    let known = MIGRATIONS.into_iter().filter(|(version, ..)| *version <= last);
    let migrations = known.map(|(version, name, sql)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    let migrator = Migrator::with_migrations(migrations.collect());
    conn.ensure_migrations_table(&migrator.table_name).await?;
    let done = conn.list_applied_migrations(&migrator.table_name).await?;
    for step in migrator.iter() {
        if done.iter().all(|done| done.version != step.version) {
            migrator.run_direct(Some(step.version), conn, false).await?;
            failpoint::pass(Point::StoreMigrated);
        }
    }
    // All that was done before is what is known here.
    migrator.run_direct(None, conn, false).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::Timestamp;
    use crate::domain::ids::{AccountId, OrderId, SubscriptionId};
    use crate::domain::nouns::order;
    use crate::domain::nouns::statement::Charged;
    use crate::domain::price::Item;
    use crate::store::sqlite::{money, statements};
    use crate::store::{BillLineQuery, OrderQuery};

    /// A book of the first release keeps its orders, and they say what they said.
    #[tokio::test]
    async fn orders_of_the_first_tables_are_kept() {
        let path = std::env::temp_dir().join(format!("renewd-old-book-{}.db", std::process::id()));
        let mut conn = writer(&path).await.expect("a connection");
        step_by_step(&mut conn, 1).await.expect("the first tables");
        sqlx::query(
            "INSERT INTO orders VALUES \
             ('acc_0000000001', 1, 'new', 2, 'vm', 'small', 'P1M', 3, 4000000, 5000000, 600, 590, \
              'USD', 7, 1, 8000000, 9000000, 'Paid', 10000000, ''), \
             ('acc_0000000001', 2, 'renew', 2, 'vm', 'small', 'P1M', 3, 9223372036854775807, \
              9223372036854775807, 600, 600, 'USD', 7, 0, 8000000, 9000000, 'Cancelled', \
              11000000, 'timed_out')",
        )
        .execute(&mut conn)
        .await
        .expect("written");
        migrate(&mut conn).await.expect("the tables of today");
        conn.close().await.expect("closed");
        let query = OrderQuery { limit: 9, ..OrderQuery::default() };
        let orders = money::orders(&readers(&path), query).await.expect("read");
        let [cancelled, paid] = orders.as_slice() else { panic!("{orders:?}") };
        let at = |seconds: i64| Some(Timestamp::from_micros(seconds * 1_000_000));
        assert_eq!(paid.id.account, AccountId::from_bits(1));
        assert_eq!((paid.starts_at, paid.ends_at), (at(4), at(5)));
        assert_eq!((paid.paid_at, paid.closed_at), (at(10), at(10)));
        assert_eq!((paid.list.minor(), paid.payable.minor()), (600, 590));
        assert_eq!((Some(paid.created_at), Some(paid.deadline)), (at(8), at(9)));
        assert!(paid.automatic && !paid.warned);
        assert_eq!((paid.rules_version, paid.period_no), (7, 3));
        assert_eq!(cancelled.state, order::State::Cancelled);
        assert_eq!(cancelled.cancelled_for, Some(order::CancelReason::TimedOut));
        assert_eq!((cancelled.paid_at, cancelled.closed_at), (None, at(11)));
        for order in &orders {
            let absent = order.from_plan.is_none()
                && order.aligned_to.is_none()
                && order.until.is_none()
                && order.discount.is_none()
                && order.coupon.is_none()
                && order.tax.is_none()
                && order.lines.is_empty()
                && order.refund.is_none()
                && order.refund_of.is_none()
                && order.deliver_until.is_none()
                && order.failed_for.is_none();
            assert!(absent, "{order:?}");
        }
        for end in ["db", "db-wal", "db-shm"] {
            let _ = std::fs::remove_file(path.with_extension(end));
        }
    }

    /// Lines and months that were billed before there was usage keep what they said.
    #[tokio::test]
    async fn bills_of_orders_alone_are_kept() {
        let path = std::env::temp_dir().join(format!("renewd-old-bills-{}.db", std::process::id()));
        let mut conn = writer(&path).await.expect("a connection");
        step_by_step(&mut conn, 4).await.expect("the tables of orders");
        sqlx::query(
            "INSERT INTO bill_lines VALUES ('2026-04', 'acc_0000000001', 1, 'Refund', 4000000, 7, \
             6, 'refund', 'refund', -1, 2, '', 'vm', 'small', 'fra1', 9223372036854775807, \
             9223372036854775807, -10, 0, 0, -10, '', '', 0, -10, -10, 'USD')",
        )
        .execute(&mut conn)
        .await
        .expect("written");
        sqlx::query(
            "INSERT INTO statements VALUES ('acc_0000000001', '2026-04', 1, -10, 0, -10, -10, \
             5000000, '[[1,1]]', -10, 0, -10, -10, 'USD', 'Cleared')",
        )
        .execute(&mut conn)
        .await
        .expect("written");
        migrate(&mut conn).await.expect("the tables of today");
        conn.close().await.expect("closed");
        let account = AccountId::from_bits(1);
        let month = "2026-04".parse().expect("a month");
        let query = BillLineQuery { account, month, after: None, limit: 9 };
        let lines = statements::bill_lines(&readers(&path), query).await.expect("read");
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(line.total.minor(), -10);
        let expected = Charged::Order {
            order: OrderId::new(account, 7),
            related: Some(OrderId::new(account, 6)),
            order_type: order::Kind::Refund,
            item: Item::Refund,
            subscription: SubscriptionId::new(account, 2),
        };
        assert_eq!(line.charged, expected);
        let closed = statements::one_statement(&readers(&path), account, month).await;
        let closed = closed.expect("read").expect("a month");
        assert_eq!((closed.repaid, closed.line_count), (None, 1));
        for end in ["db", "db-wal", "db-shm"] {
            let _ = std::fs::remove_file(path.with_extension(end));
        }
    }
}
