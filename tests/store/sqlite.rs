//! What only the file can promise.

use std::os::unix::fs::PermissionsExt;

use renewd::domain::calendar::Timestamp;
use renewd::store::sqlite::SqliteStore;
use renewd::store::{Chore, DeliveryQuery, Store, StoreError, SubscriptionQuery, Written};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};

use crate::contents::assert_holds;
use crate::samples::{account, at, commit, everything};
use crate::{Scratch, chores, put, write};

async fn open(scratch: &Scratch) -> SqliteStore {
    SqliteStore::open(scratch.file()).await.expect("an open store")
}

async fn raw(scratch: &Scratch) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(scratch.file());
    SqliteConnection::connect_with(&options).await.expect("a connection")
}

#[tokio::test]
async fn reopening_keeps_everything() {
    let scratch = Scratch::new();
    let commits = [everything(1), everything(2)];
    {
        let store = open(&scratch).await;
        put(&store, &commits).await;
        chores(&store, vec![Chore::Park { stream: account(2), at: at(1), reason: "r".into() }])
            .await;
    }
    let store = open(&scratch).await;
    assert_holds(&store, &commits[..1]).await;
    assert_eq!(store.account_count().await.expect("read"), 2);
    assert_eq!(store.parked().await.expect("read").len(), 1);
    put(&store, &[commit(account(1), 2, 1)]).await;
    assert_eq!(store.name(), format!("sqlite:{}", scratch.file().display()));
}

#[tokio::test]
async fn a_second_daemon_is_refused() {
    let scratch = Scratch::new();
    let first = open(&scratch).await;
    let second = SqliteStore::open(scratch.file()).await;
    assert!(matches!(second, Err(StoreError::InUse(_))), "{second:?}");
    put(&first, &[commit(account(1), 0, 1)]).await;
    drop(first);
    open(&scratch).await;
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    let scratch = Scratch::new();
    drop(open(&scratch).await);
    let mut conn = raw(&scratch).await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'of the future', TRUE, x'00', 0)",
    )
    .execute(&mut conn)
    .await
    .expect("written");
    conn.close().await.expect("closed");
    let refused = SqliteStore::open(scratch.file()).await.expect_err("refused").to_string();
    assert!(refused.contains("newer version of renewd (its migration 9999"), "{refused}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let scratch = Scratch::new();
    std::fs::write(
        scratch.file(),
        "This is not a database, and longer than a header of one. ".repeat(99),
    )
    .expect("written");
    let refused = SqliteStore::open(scratch.file()).await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
}

#[tokio::test]
async fn the_files_are_for_their_owner_only() {
    let scratch = Scratch::new();
    let store = open(&scratch).await;
    put(&store, &[commit(account(1), 0, 1)]).await;
    let entries = std::fs::read_dir(scratch.path()).expect("a directory");
    for entry in entries {
        let entry = entry.expect("an entry");
        let mode = entry.metadata().expect("a file").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
    }
}

/// The settings that durability and erasure rest on, as the database itself reports them.
#[tokio::test]
async fn the_file_is_in_wal_mode_and_every_table_is_strict() {
    let scratch = Scratch::new();
    let _store = open(&scratch).await;
    let mut conn = raw(&scratch).await;
    let mode: String =
        sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut conn).await.expect("read");
    assert_eq!(mode, "wal");
    let loose: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' \
         AND NOT strict AND name NOT LIKE '\\_sqlx%' ESCAPE '\\' \
         AND name NOT LIKE 'sqlite%'",
    )
    .fetch_all(&mut conn)
    .await
    .expect("read");
    assert_eq!(loose, Vec::<String>::new());
    let nullable: Vec<String> = sqlx::query_scalar(
        "SELECT t.name || '.' || c.name FROM pragma_table_list AS t, pragma_table_info(t.name) AS c \
         WHERE t.schema = 'main' AND t.type = 'table' AND NOT c.\"notnull\" \
         AND t.name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND t.name NOT LIKE 'sqlite%'",
    )
    .fetch_all(&mut conn)
    .await
    .expect("read");
    assert_eq!(nullable, Vec::<String>::new());
}

/// A batch of any size, and any number of batches, lead to the same book.
#[tokio::test]
async fn a_big_batch_is_the_same_as_its_commits_one_by_one() {
    let (big, single) = (Scratch::new(), Scratch::new());
    let commits: Vec<_> = (0..1_500_u64)
        .map(|number| {
            let mut commit = commit(account(number % 1_400), number / 1_400, 1);
            commit.tokens = vec![crate::samples::token(&format!("t{number}"), 1)];
            if number < 1_400 {
                let full = everything(number);
                commit.rows = full.rows;
                commit.sealed = full.sealed;
                commit.seen = full.seen;
                commit.key = full.key;
                commit.outbox = full.outbox[..2].to_vec();
                commit.entries = full.entries[..2].to_vec();
            } else {
                commit.voids = vec!["reminders:sub_1".to_owned()];
            }
            commit
        })
        .collect();
    {
        let (a, b) = (open(&big).await, open(&single).await);
        put(&a, &commits).await;
        for commit in &commits {
            put(&b, std::slice::from_ref(commit)).await;
        }
        for store in [&a, &b] {
            assert_eq!(store.account_count().await.expect("read"), 1_400);
            let query = SubscriptionQuery { limit: 9_999, ..SubscriptionQuery::default() };
            assert_eq!(store.subscriptions(query).await.expect("read").len(), 2_800);
            let query = DeliveryQuery { limit: 9_999, ..DeliveryQuery::default() };
            assert_eq!(store.deliveries(query).await.expect("read").len(), 2_800);
        }
    }
    assert_eq!(dump(&big).await, dump(&single).await);
}

/// Every row of every table, as text.
async fn dump(scratch: &Scratch) -> Vec<(String, Vec<String>)> {
    let mut conn = raw(scratch).await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table' \
         AND name NOT LIKE '\\_sqlx%' ESCAPE '\\' ORDER BY name",
    )
    .fetch_all(&mut conn)
    .await
    .expect("read");
    assert_eq!(tables.len(), 25, "{tables:?}");
    let mut dump = Vec::new();
    for table in tables {
        let columns: Vec<String> = sqlx::query_scalar("SELECT name FROM pragma_table_info(?)")
            .bind(table.clone())
            .fetch_all(&mut conn)
            .await
            .expect("read");
        let quoted: Vec<_> = columns.iter().map(|name| format!("quote({name})")).collect();
        let sql = format!("SELECT {} FROM {table} ORDER BY 1", quoted.join("||','||"));
        let rows: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&mut conn).await.expect("read");
        dump.push((table, rows));
    }
    dump
}

/// Whoever asks may go away: the batch is written or it is not, and the next one finds no open
/// transaction.
#[tokio::test]
async fn a_dropped_write_is_whole() {
    let scratch = Scratch::new();
    let store = open(&scratch).await;
    for bits in 0..50 {
        let batch = vec![everything(bits)];
        let asked = store.write(batch, Vec::new());
        let impatient = async { tokio::task::yield_now().await };
        tokio::select! {
            biased;
            () = impatient => {}
            _ = asked => {}
        }
    }
    let mut after = commit(account(999), 0, 1);
    after.head.due_at = Timestamp::MAX;
    assert_eq!(write(&store, &[after]).await, [Written::Done]);
    for bits in 0..50 {
        let loaded = store.load_many(&[account(bits)], "b").await.expect("read").remove(0);
        if loaded.is_some() {
            assert_holds(&store, &[everything(bits)]).await;
        }
    }
}
