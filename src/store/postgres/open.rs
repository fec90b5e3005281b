//! Reaching the server: the address, the settings of connections, the migrations.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::migrate::{Migrate as _, MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection as _, PgConnection, PgPool, SqlSafeStr};

use super::fault;
use crate::failpoint::{self, Point};
use crate::store::StoreError;

const READERS: u32 = 8;
/// How long a read waits for a connection: while the server is away, its caller does.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that was idle for so long is tried before it is used.
pub(super) const TRUSTED_FOR: Duration = Duration::from_secs(2);

/// How long all are tried after one broke.
const SHAKEN_FOR: Duration = Duration::from_secs(10);

/// The texts of all migrations ever, in order. None is ever changed or removed: databases
/// remember them.
const MIGRATIONS: [(i64, &str, &str); 10] = [
    (1, "book", include_str!("../../../migrations/postgres/0001_book.sql")),
    (
        2,
        "orders and coupons",
        include_str!("../../../migrations/postgres/0002_orders_and_coupons.sql"),
    ),
    (3, "campaigns", include_str!("../../../migrations/postgres/0003_campaigns.sql")),
    (4, "statements", include_str!("../../../migrations/postgres/0004_statements.sql")),
    (5, "usage lines", include_str!("../../../migrations/postgres/0005_usage_lines.sql")),
    (6, "pay as you go", include_str!("../../../migrations/postgres/0006_payg.sql")),
    (7, "withdrawals", include_str!("../../../migrations/postgres/0007_withdrawals.sql")),
    (8, "closures", include_str!("../../../migrations/postgres/0008_closures.sql")),
    (9, "erasure", include_str!("../../../migrations/postgres/0009_erasure.sql")),
    (10, "indexes", include_str!("../../../migrations/postgres/0010_indexes.sql")),
];

/// Where the database is, and how to get in.
#[derive(Clone)]
pub(super) struct Address(PgConnectOptions);

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name())
    }
}

impl Address {
    /// Reads `postgres://user@host:port/database`. The password comes from `password`, from the
    /// address itself, from `PGPASSWORD`, or from the file that `PGPASSFILE` names, in this order.
    pub(super) fn new(url: &str, password: Option<&str>) -> Result<Self, StoreError> {
        let mut options: PgConnectOptions = url
            .parse()
            .map_err(|error| StoreError::Unavailable(format!("its address is wrong: {error}")))?;
        if let Some(password) = password {
            options = options.password(password);
        }
        let options = options.application_name("renewd").disable_statement_logging();
        Ok(Self(options))
    }

    /// The address for people, without a password.
    pub(super) fn name(&self) -> String {
        let options = &self.0;
        let host = match options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => options.get_host().to_owned(),
        };
        let user = options.get_username();
        let database = options.get_database().unwrap_or(user);
        format!("postgres://{user}@{host}:{}/{database}", options.get_port())
    }

    /// The directory of the server's socket, if it is reached by one.
    pub(super) fn socket(&self) -> Option<PathBuf> {
        self.0.get_socket().cloned()
    }

    /// A connection that writes.
    ///
    /// What is acknowledged must be durable, whatever the server's own settings say. A transaction
    /// that was left behind by a broken connection must not hold its locks for long.
    pub(super) async fn writer(&self) -> Result<PgConnection, StoreError> {
        let options = self.0.clone().statement_cache_capacity(256).options([
            ("synchronous_commit", "on"),
            ("default_transaction_isolation", "read committed"),
            ("idle_in_transaction_session_timeout", "15000"),
            ("lock_timeout", "5000"),
            // Tables that are there already are not worth a line of the log.
            ("client_min_messages", "warning"),
        ]);
        options.connect().await.map_err(|error| StoreError::Unavailable(error.to_string()))
    }

    /// The connections that read. They are opened when they are first needed.
    pub(super) fn readers(&self, trust: Arc<Trust>) -> PgPool {
        let options = self.0.clone().statement_cache_capacity(256).options([
            ("default_transaction_read_only", "on"),
            ("statement_timeout", "60000"),
            ("idle_in_transaction_session_timeout", "15000"),
        ]);
        PgPoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .before_acquire(move |conn, known| {
                let is_trusted = known.idle_for < TRUSTED_FOR && !trust.is_shaken();
                Box::pin(async move {
                    if !is_trusted {
                        conn.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(options)
    }
}

/// Whether connections are taken to be whole. Where one broke others have as well, and each would
/// fail whoever uses it first: so for a while each is tried before it is used.
#[derive(Debug)]
pub(super) struct Trust {
    began_at: Instant,
    /// In milliseconds after `began_at`.
    shaken_until: AtomicU64,
}

impl Trust {
    pub(super) fn new() -> Self {
        Self { began_at: Instant::now(), shaken_until: AtomicU64::new(0) }
    }

    /// A connection broke.
    pub(super) fn shake(&self) {
        let until = (self.began_at.elapsed() + SHAKEN_FOR).as_millis();
        self.shaken_until.store(u64::try_from(until).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(super) fn is_shaken(&self) -> bool {
        let until = Duration::from_millis(self.shaken_until.load(Ordering::Relaxed));
        self.began_at.elapsed() < until
    }
}

/// Brings the tables up to date, or refuses a database from the future. Each step is whole or not at
/// all: whoever is killed between two of them is gone on from there. The lease keeps others from
/// doing so at the same time: the migrator's own lock is one that not every server has.
pub(super) async fn migrate(conn: &mut PgConnection) -> Result<(), StoreError> {
    step_by_step(conn).await.map_err(fault::migration)
}

async fn step_by_step(conn: &mut PgConnection) -> Result<(), MigrateError> {
    let migrations = MIGRATIONS.into_iter().map(|(version, name, sql)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    let mut migrator = Migrator::with_migrations(migrations.collect());
    migrator.set_locking(false);
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
