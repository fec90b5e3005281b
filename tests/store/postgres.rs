//! What only the server can promise.

use std::time::{Duration, Instant};

use renewd::domain::agenda::Job;
use renewd::store::postgres::PostgresStore;
use renewd::store::{
    Channel, Chore, CouponQuery, DeliveryQuery, DeliveryState, DueQuery, EffectKey, EntryQuery,
    ErasureStage, OrderQuery, ResourceQuery, StatementQuery, Store, StoreError, SubscriptionQuery,
    Written,
};

use crate::contents::assert_holds;
use crate::proxy::{Cut, Proxy};
use crate::samples::{account, at, commit, everything, id, token};
use crate::server::{self, Database, Server};
use crate::{chores, put, write};

/// Longer than any lease, on a loaded machine.
const PATIENCE: Duration = Duration::from_mins(2);

async fn open(database: &Database<'_>) -> PostgresStore {
    PostgresStore::open(&database.url(), None).await.expect("an open store")
}

/// Writes until it can.
async fn write_at_last(store: &PostgresStore, number: u64) {
    let began_at = Instant::now();
    while store.write(vec![commit(account(number), 0, 1)], Vec::new()).await.is_err() {
        assert!(began_at.elapsed() < PATIENCE, "it stays away");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn is_unavailable<T>(answer: &Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Unavailable(_)))
}

#[tokio::test]
async fn reopening_keeps_everything() {
    let Some(server) = server::shared() else { return };
    let database = server.database(None);
    let commits = [everything(1), everything(2)];
    {
        let store = open(&database).await;
        put(&store, &commits).await;
        chores(&store, vec![Chore::Park { stream: account(2), at: at(1), reason: "r".into() }])
            .await;
        store.close().await;
        assert_holds(&store, &commits[..1]).await;
        let late = store.write(vec![commit(account(3), 0, 1)], Vec::new()).await;
        assert!(is_unavailable(&late), "{late:?}");
    }
    let store = open(&database).await;
    assert_holds(&store, &commits[..1]).await;
    assert_eq!(store.account_count().await.expect("read"), 2);
    assert_eq!(store.parked().await.expect("read").len(), 1);
    put(&store, &[commit(account(1), 2, 1)]).await;
}

#[tokio::test]
async fn its_name_says_where_it_is_and_no_password() {
    let Some(server) = server::shared() else { return };
    let database = server.database(None);
    let url = database.url().replace("postgres@", "postgres:s3cret@");
    let name = PostgresStore::open(&url, Some("m0re")).await.expect("an open store").name();
    let directory = server.directory().display();
    assert!(name.starts_with(&format!("postgres://postgres@{directory}:5432/book_")), "{name}");
    let wrong = PostgresStore::open("postgres://a:s3cret@localhost:x/b", None).await;
    let wrong = wrong.expect_err("refused").to_string();
    assert!(!wrong.contains("s3cret"), "{wrong}");
}

#[tokio::test]
async fn a_second_daemon_is_refused() {
    let Some(server) = server::shared() else { return };
    let database = server.database(None);
    let first = open(&database).await;
    let second = PostgresStore::open(&database.url(), None).await;
    assert!(matches!(second, Err(StoreError::InUse(_))), "{second:?}");
    put(&first, &[commit(account(1), 0, 1)]).await;
    drop(first);
    open(&database).await;
}

/// Who runs on another machine can only be seen to renew its lease, or not to.
#[tokio::test]
async fn a_daemon_elsewhere_is_waited_for_and_refused_when_it_lives() {
    let Some(server) = server::shared() else { return };
    let database = server.database(None);
    drop(open(&database).await);
    let lease = |seconds: u32| {
        database.sql(&format!(
            "INSERT INTO leases VALUES ('daemon', 'elsewhere', \
             (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT + {seconds} * 1000000) \
             ON CONFLICT (name) DO UPDATE SET valid_until = excluded.valid_until"
        ));
    };
    lease(1);
    let store = open(&database).await;
    put(&store, &[commit(account(1), 0, 1)]).await;
    drop(store);
    lease(60);
    let url = database.url();
    let (second, ()) = tokio::join!(PostgresStore::open(&url, None), async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        lease(60);
    });
    assert!(matches!(second, Err(StoreError::InUse(_))), "{second:?}");
}

/// Whoever was taken for dead writes and reads nothing until it has its lease back.
#[tokio::test]
async fn who_lost_the_lease_stands_still() {
    let Some(server) = server::shared() else { return };
    let database = server.database(None);
    let store = open(&database).await;
    put(&store, &[commit(account(1), 0, 1)]).await;
    database.sql("UPDATE leases SET owner = 'elsewhere', valid_until = 9223372036854775807");
    let began_at = Instant::now();
    while store.parked().await.is_ok() {
        assert!(began_at.elapsed() < PATIENCE, "it reads on");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let refused = store.write(vec![commit(account(1), 1, 1)], Vec::new()).await;
    assert!(is_unavailable(&refused), "{refused:?}");
    database.sql("DELETE FROM leases");
    write_at_last(&store, 2).await;
    assert_eq!(store.account_count().await.expect("read"), 2);
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    let Some(server) = server::shared() else { return };
    let database = server.database(None);
    drop(open(&database).await);
    database.sql(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'of the future', TRUE, '', 0)",
    );
    let refused = PostgresStore::open(&database.url(), None).await;
    let refused = refused.expect_err("refused").to_string();
    assert!(refused.contains("newer version of renewd (its migration 9999"), "{refused}");
}

#[tokio::test]
async fn every_column_is_required_and_every_text_is_compared_byte_by_byte() {
    let Some(server) = server::shared() else { return };
    let database = server.database(None);
    let _store = open(&database).await;
    let of_ours = "table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%' \
         AND table_name <> 'leases'";
    let ask = |wrong: &str| {
        database.sql(&format!(
            "SELECT table_name || '.' || column_name FROM information_schema.columns \
             WHERE {of_ours} AND {wrong}"
        ))
    };
    assert_eq!(ask("is_nullable <> 'NO'"), "");
    assert_eq!(ask("data_type = 'text' AND collation_name IS DISTINCT FROM 'C'"), "");
    assert_eq!(ask("data_type NOT IN ('bigint', 'boolean', 'bytea', 'text')"), "");
    assert_ne!(ask("data_type = 'text'"), "");
}

/// The server refuses the character 0, which the other stores keep. It must not fail the batch
/// that it is in: what a webhook's endpoint answers may hold anything.
#[tokio::test]
async fn a_text_that_the_server_refuses_is_kept_without_the_character() {
    let Some(server) = server::shared() else { return };
    let database = server.database(None);
    let store = open(&database).await;
    put(&store, &[everything(1)]).await;
    let key = EffectKey { stream: account(1), seq: 1, n: 0 };
    let delivery = Chore::Delivery {
        key,
        state: DeliveryState::Waiting,
        attempts: 1,
        next_at: at(5),
        outcome: "a\0b".into(),
    };
    let park = Chore::Park { stream: account(1), at: at(1), reason: "\0".into() };
    chores(&store, vec![delivery, park]).await;
    let query = DeliveryQuery { limit: 9, ..DeliveryQuery::default() };
    let deliveries = store.deliveries(query).await.expect("read");
    let found = deliveries.iter().find(|delivery| delivery.key() == key).expect("a delivery");
    assert_eq!(found.outcome, "a\u{fffd}b");
    let product = Some("\0".to_owned());
    let query = SubscriptionQuery { product, limit: 9, ..SubscriptionQuery::default() };
    assert_eq!(store.subscriptions(query).await.expect("read"), []);
}

/// A plan that walks through a table is right on ten rows and a disaster on ten million. Where
/// the server is told to avoid it, it does so only if there is no other way.
#[tokio::test]
async fn nothing_that_is_asked_all_the_time_walks_through_a_table() {
    let Some(server) = server::shared() else { return };
    let database = server.database(None);
    drop(open(&database).await);
    let name = database.sql("SELECT CURRENT_DATABASE()");
    database.sql(&format!("ALTER DATABASE {name} SET enable_seqscan = off"));
    database.sql(&format!("ALTER DATABASE {name} SET enable_bitmapscan = off"));
    {
        let store = open(&database).await;
        database.sql("SELECT pg_stat_reset()");
        let first: Vec<_> = (1..=5).map(everything).collect();
        put(&store, &first).await;
        put(&store, &[commit(account(1), 2, 1), commit(account(6), 0, 1)]).await;
        // One that loses, so that the gate reads.
        write(&store, &[everything(1), commit(account(7), 0, 1)]).await;
        let mut closing = commit(account(5), 2, 1);
        (closing.erase, closing.voids) = (true, vec!["reminders:sub_1".to_owned()]);
        put(&store, &[closing]).await;
        let key = EffectKey { stream: account(2), seq: 1, n: 0 };
        let moved = Chore::Delivery {
            key,
            state: DeliveryState::Sent,
            attempts: 1,
            next_at: at(5),
            outcome: String::new(),
        };
        let before = at(1);
        let forget = [Chore::ForgetTokens { before }, Chore::ForgetDeliveries { before }];
        let usage = Chore::ForgetUsage { before, after: None, through: None };
        let (stream, retained) = (account(5), None);
        let destroy = Chore::Destroy { stream, at: at(9), retained, mail_count: 0 };
        chores(&store, [vec![moved, usage, destroy], forget.to_vec()].concat()).await;
        assert_holds(&store, &[everything(3)]).await;
        let (one, many) = (Some(id(3)), 9);
        let due = DueQuery {
            job: Job::Renewals,
            until: at(99),
            any_until: at(99),
            after: None,
            limit: many,
        };
        store.due(due).await.expect("read");
        store.next_due().await.expect("read");
        store.stale(99, None, many).await.expect("read");
        store.accounts(None, many).await.expect("read");
        store.closures(None, None, many).await.expect("read");
        store.shared_streams(None, many).await.expect("read");
        for account in [None, one] {
            let limit = many;
            let query = SubscriptionQuery { account, limit, ..SubscriptionQuery::default() };
            store.subscriptions(query).await.expect("read");
            let query = ResourceQuery { account, limit, ..ResourceQuery::default() };
            store.resources(query).await.expect("read");
            let query = OrderQuery { account, limit, ..OrderQuery::default() };
            store.orders(query).await.expect("read");
            let query = CouponQuery { account, limit, ..CouponQuery::default() };
            store.coupons(query).await.expect("read");
            let query = StatementQuery { account, limit, ..StatementQuery::default() };
            store.statements(query).await.expect("read");
        }
        store.entries(EntryQuery { limit: many, ..EntryQuery::default() }).await.expect("read");
        store.balances(at(99)).await.expect("read");
        store.coverages(at(99), None, many).await.expect("read");
        for month in store.billed_months().await.expect("read") {
            store.month_sums(month).await.expect("read");
        }
        for stage in ErasureStage::ALL {
            store.erasures(stage, at(99), many).await.expect("read");
        }
        for channel in [Channel::Mail, Channel::Webhook, Channel::Tell] {
            store.ready(channel, at(99), many).await.expect("read");
        }
        let query = DeliveryQuery { limit: many, ..DeliveryQuery::default() };
        store.deliveries(query).await.expect("read");
        store.outbox_depth().await.expect("read");
        store.job_runs(many).await.expect("read");
        store.parked().await.expect("read");
        store.old_usage(at(99), None, many).await.expect("read");
    }
    // Whoever leaves has told what was read.
    let walked = database.sql(
        "SELECT relname || ' ' || seq_scan FROM pg_stat_user_tables WHERE seq_scan > 0 \
         AND relname <> 'leases' ORDER BY 1",
    );
    assert_eq!(walked, "");
    let read = "SELECT COUNT(*) FROM pg_stat_user_tables WHERE idx_scan > 0";
    assert!(database.sql(read).parse::<u32>().expect("a count") > 20);
}

/// A batch of any size, and any number of batches, lead to the same book.
#[tokio::test]
async fn a_big_batch_is_the_same_as_its_commits_one_by_one() {
    let Some(server) = server::shared() else { return };
    let (big, single) = (server.database(None), server.database(None));
    let commits: Vec<_> = (0..450_u64)
        .map(|number| {
            let mut commit = commit(account(number % 400), number / 400, 1);
            commit.tokens = vec![token(&format!("t{number}"), 1)];
            if number < 400 {
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
        assert_eq!(a.account_count().await.expect("read"), 400);
        assert_eq!(b.account_count().await.expect("read"), 400);
    }
    let tables = "SELECT table_name FROM information_schema.tables \
         WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%' \
         AND table_name <> 'leases' ORDER BY 1";
    let tables = big.sql(tables);
    assert_eq!(tables.lines().count(), 25, "{tables}");
    for table in tables.lines() {
        let dump = format!("SELECT t::TEXT FROM {table} AS t ORDER BY 1");
        assert!(big.sql(&dump) == single.sql(&dump), "{table}");
    }
}

/// Whoever asks may go away: the batch is written or it is not, and the next one finds no open
/// transaction.
#[tokio::test]
async fn a_dropped_write_is_whole() {
    let Some(server) = server::shared() else { return };
    let database = server.database(None);
    let store = open(&database).await;
    for bits in 0..50 {
        let asked = store.write(vec![everything(bits)], Vec::new());
        tokio::select! {
            biased;
            () = tokio::task::yield_now() => {}
            _ = asked => {}
        }
    }
    assert_eq!(write(&store, &[commit(account(999), 0, 1)]).await, [Written::Done]);
    for bits in 0..50 {
        let loaded = store.load_many(&[account(bits)], "b").await.expect("read").remove(0);
        if loaded.is_some() {
            assert_holds(&store, &[everything(bits)]).await;
        }
    }
}

/// The connection breaks while a transaction is committed: nobody is told whether it was. Whoever
/// reads again finds it written whole, or not at all, and the gate lets nothing be written twice.
#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_whole_and_never_written_twice() {
    let Some(server) = server::shared() else { return };
    for (cut, is_written) in [(Cut::BehindCommit, true), (Cut::BeforeCommit, false)] {
        let database = server.database(None);
        let proxy = Proxy::before(server);
        let store = PostgresStore::open(&proxy.url(&database), None).await.expect("an open store");
        put(&store, &[everything(1)]).await;
        proxy.cut_at_next(cut);
        let lost = store.write(vec![everything(2)], Vec::new()).await;
        assert!(is_unavailable(&lost), "{lost:?}");
        // The same again, as whoever holds it may ask; the store finds its way back by itself.
        let began_at = Instant::now();
        let again = loop {
            match store.write(vec![everything(2)], Vec::new()).await {
                Ok(written) => break written,
                Err(error) => assert!(began_at.elapsed() < PATIENCE, "{error}"),
            }
        };
        assert_eq!(again, [if is_written { Written::Conflict } else { Written::Done }]);
        assert_holds(&store, &[everything(1)]).await;
        assert_holds(&store, &[everything(2)]).await;
        assert_eq!(store.account_count().await.expect("read"), 2);
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_told_at_once_and_found_again() {
    let Some(server) = Server::start() else { return };
    let database = server.database(None);
    let store = open(&database).await;
    put(&store, &[commit(account(1), 0, 1)]).await;
    for (number, away) in [(2, Server::stop as fn(&Server)), (3, Server::crash)] {
        away(&server);
        let refused = store.write(vec![commit(account(number), 0, 1)], Vec::new()).await;
        assert!(is_unavailable(&refused), "{refused:?}");
        let unread = store.load_many(&[account(1)], "b").await;
        assert!(is_unavailable(&unread), "{unread:?}");
        server.resume();
        write_at_last(&store, number).await;
        let mut loaded = store.load_many(&[account(1), account(number)], "b").await;
        while is_unavailable(&loaded) {
            // Each reader finds out for itself that its connection is gone.
            loaded = store.load_many(&[account(1), account(number)], "b").await;
        }
        assert!(loaded.expect("read").iter().all(Option::is_some));
    }
    database.cut();
    write_at_last(&store, 4).await;
    assert_eq!(store.account_count().await.expect("read"), 4);
}
