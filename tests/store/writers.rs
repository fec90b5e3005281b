//! Several connections that write to one server: none waits for another without need, and whoever
//! gets into another's way finds out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use renewd::store::postgres::PostgresStore;
use renewd::store::{Commit, Store, StoreError, Written};
use tokio::task::JoinHandle;

use crate::contents::assert_holds;
use crate::samples::{account, claim, commit, everything};
use crate::server::{self, Database};
use crate::{put, write};

/// Longer than anything takes on a loaded machine.
const PATIENCE: Duration = Duration::from_mins(2);

async fn open(database: &Database<'_>) -> PostgresStore {
    PostgresStore::open(&database.url(), None).await.expect("an open store")
}

fn opened(bits: u64) -> Commit {
    commit(account(bits), 0, 1)
}

fn next(bits: u64) -> Commit {
    commit(account(bits), 1, 1)
}

fn lock(bits: u64) -> String {
    format!("SELECT FROM streams WHERE stream = '{}' FOR UPDATE;", account(bits))
}

/// SQL of somebody who sleeps until `condition` holds, and fails if it never does.
fn sleep_until(condition: &str) -> String {
    format!(
        "DO $$ DECLARE began_at TIMESTAMPTZ := clock_timestamp(); BEGIN \
         WHILE NOT ({condition}) LOOP \
         IF clock_timestamp() > began_at + INTERVAL '100 s' THEN RAISE 'in vain'; END IF; \
         PERFORM pg_sleep(0.01); END LOOP; END $$;"
    )
}

/// Somebody waits for a lock of whoever asks this.
const SOMEBODY_WAITS: &str = "EXISTS (SELECT FROM pg_locks \
    WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))";

/// Somebody else runs SQL that sleeps at some time; answers when it does.
async fn somebody(database: &Arc<Database<'static>>, sql: String) -> JoinHandle<String> {
    let other = Arc::clone(database);
    let running = tokio::task::spawn_blocking(move || other.sql(&sql));
    let began_at = Instant::now();
    let sleeps = "SELECT COUNT(*) FROM pg_stat_activity \
        WHERE datname = current_database() AND wait_event = 'PgSleep'";
    while database.sql(sleeps) == "0" {
        assert!(began_at.elapsed() < PATIENCE && !running.is_finished(), "it never sleeps");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    running
}

/// The first one is let go only when the second one is written.
#[tokio::test]
async fn a_batch_that_waits_holds_up_no_other() {
    let Some(server) = server::shared() else { return };
    let database = Arc::new(server.database(None));
    let store = open(&database).await;
    assert_eq!(store.writers(), 4);
    put(&store, &[opened(1)]).await;
    let until =
        sleep_until(&format!("EXISTS (SELECT FROM streams WHERE stream = '{}')", account(2)));
    let holder = somebody(&database, format!("BEGIN; {} {until} COMMIT;", lock(1))).await;
    let (held, free) = join(write(&store, &[next(1)]), write(&store, &[opened(2)])).await;
    assert_eq!([held, free].concat(), [Written::Done; 2]);
    holder.await.expect("let go");
}

/// Somebody takes heads in the other order: one of both is turned away, and here that is the batch.
#[tokio::test]
async fn a_batch_that_is_turned_away_is_tried_again() {
    let Some(server) = server::shared() else { return };
    let database = Arc::new(server.database(None));
    let store = open(&database).await;
    put(&store, &[opened(1), opened(2)]).await;
    let is_in_the_way = format!(
        "DO $$ BEGIN PERFORM 1 FROM streams WHERE stream = '{}' FOR UPDATE NOWAIT; \
         RAISE 'nobody is in the way'; EXCEPTION WHEN lock_not_available THEN NULL; END $$;",
        account(1)
    );
    let (first, wait, second) = (lock(2), sleep_until(SOMEBODY_WAITS), lock(1));
    let sql = format!(
        "SET deadlock_timeout = '1h'; BEGIN; {first} {wait} {is_in_the_way} {second} COMMIT;"
    );
    let other = somebody(&database, sql).await;
    let mut claiming = next(2);
    claiming.claims = vec![claim(1)];
    assert_eq!(write(&store, &[next(1), claiming]).await, [Written::Done; 2]);
    other.await.expect("it had its turn");
    assert_eq!(store.holder(&claim(1)).await.expect("read"), Some(account(2)));
}

/// One writer waits for a head while its neighbour learns that another daemon has the lease.
#[tokio::test]
async fn what_is_under_way_when_the_lease_is_lost_is_not_committed() {
    let Some(server) = server::shared() else { return };
    let database = Arc::new(server.database(None));
    let store = open(&database).await;
    put(&store, &[opened(1)]).await;
    let until = sleep_until("EXISTS (SELECT FROM leases WHERE owner = 'let go')");
    let holder = somebody(&database, format!("BEGIN; {} {until} COMMIT;", lock(1))).await;
    let lease = |owner: &str| {
        database.sql(&format!(
            "UPDATE leases SET owner = '{owner}', valid_until = 9223372036854775807"
        ));
    };
    let (written, ()) = join(store.write(vec![next(1)], Vec::new()), async {
        lease("elsewhere");
        let began_at = Instant::now();
        while store.parked().await.is_ok() {
            assert!(began_at.elapsed() < PATIENCE, "it reads on");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        lease("let go");
    })
    .await;
    assert!(matches!(written, Err(StoreError::Unavailable(_))), "{written:?}");
    holder.await.expect("let go");
    assert_eq!(database.sql("SELECT COUNT(*) FROM journal"), "1");
}

/// Connections break while accounts are opened: each is opened once, and they are counted right
/// as soon as it is known what was written.
#[tokio::test]
async fn accounts_that_are_opened_while_connections_break_are_counted_right() {
    const OPENED: u64 = 80;
    let Some(server) = server::shared() else { return };
    let database = server.database(None);
    let store = open(&database).await;
    let opener = |n: u64| {
        let (store, database) = (&store, &database);
        async move {
            let began_at = Instant::now();
            for bits in (0..OPENED).filter(|bits| bits % 8 == n) {
                if bits % 16 == 5 {
                    database.cut();
                }
                while store.write(vec![everything(bits)], Vec::new()).await.is_err() {
                    assert!(began_at.elapsed() < PATIENCE, "it stays away");
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        }
    };
    join_all((0..8).map(opener)).await;
    let began_at = Instant::now();
    while store.account_count().await.ok() != Some(OPENED) {
        assert!(began_at.elapsed() < PATIENCE, "{:?}", store.account_count().await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(database.sql("SELECT COUNT(*) FROM streams"), OPENED.to_string());
    assert_holds(&store, &[everything(3)]).await;
}
