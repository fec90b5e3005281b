//! Power cuts while a book of an earlier release is brought up to date, and a book of a later one.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqlSafeStr as _};

use super::kept::Kept;
use crate::harness::server::{self, Database};
use crate::harness::tables::{Row, columns_of, connect, tables, tables_of};
use crate::harness::{Customer, Home, Ran};

/// Longer than anything takes on a loaded machine.
const PATIENCE: Duration = Duration::from_mins(2);
/// Where the clock stands when the book is made.
const NOW: &str = "2026-02-05T00:00:00Z";
/// Tables that every release had, as they are today.
const SINCE_EVER: [&str; 9] = [
    "claims",
    "journal",
    "keys",
    "ledger_entries",
    "outbox",
    "sealed",
    "streams",
    "subscriptions",
    "tokens",
];

/// The steps from nothing to the tables of today, as they are in the sources.
fn steps(home: &Home) -> Vec<Migration> {
    let database = if home.database().is_some() { "postgres" } else { "sqlite" };
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(database);
    let files = fs::read_dir(place).expect("a directory");
    let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    let steps = files.into_iter().zip(1..).map(|(file, version)| {
        let text = fs::read_to_string(file).expect("a migration");
        let text = AssertSqlSafe(text).into_sql_str();
        Migration::new(version, "".into(), MigrationType::Simple, text, false)
    });
    steps.collect()
}

/// Makes the tables of a release that knew so many steps, and fills them from those of today with
/// what it would have had of them. What came later is not there: a book without it, no more.
fn make_older(home: &Home, step_count: usize) {
    let steps = steps(home).into_iter().take(step_count).collect();
    let mut migrator = Migrator::with_migrations(steps);
    migrator.set_locking(false);
    let system = actix_rt::System::new();
    match home.database() {
        Some(database) => {
            database.sql("ALTER SCHEMA public RENAME TO today");
            database.sql("CREATE SCHEMA public");
            system.block_on(async {
                let mut conn = PgConnection::connect(&database.url()).await.expect("a connection");
                migrator.run_direct(None, &mut conn, false).await.expect("tables");
                conn.close().await.expect("closed");
            });
            let fills = database.sql(
                "SELECT 'INSERT INTO public.' || table_name || ' (' \
                 || string_agg(column_name, ', ' ORDER BY column_name) || ') SELECT ' \
                 || string_agg(column_name, ', ' ORDER BY column_name) || ' FROM today.' \
                 || table_name FROM information_schema.columns WHERE table_schema = 'public' \
                 AND table_name NOT LIKE '\\_sqlx%' GROUP BY table_name",
            );
            for fill in fills.lines() {
                database.sql(fill);
            }
            database.sql("DROP SCHEMA today CASCADE");
        }
        None => system.block_on(async {
            let (book, today) = (home.data().join("renewd.db"), home.path("today.db"));
            fs::rename(&book, &today).expect("a book in one file");
            let mut conn = connect(&book).await;
            migrator.run_direct(None, &mut conn, false).await.expect("tables");
            let attach = sqlx::query("ATTACH DATABASE ? AS today").bind(today.to_str());
            attach.execute(&mut conn).await.expect("attached");
            for table in tables_of(&mut conn).await {
                let columns = columns_of(&mut conn, &table).await;
                let columns: Vec<_> = columns.into_iter().map(|(name, _)| name).collect();
                let columns = columns.join(", ");
                let fill = format!(
                    "INSERT INTO main.{table} ({columns}) SELECT {columns} FROM today.{table}"
                );
                sqlx::query(AssertSqlSafe(fill)).execute(&mut conn).await.expect("filled");
            }
            conn.close().await.expect("closed");
        }),
    }
}

/// Rows of all tables, as they can be compared.
fn dump(home: &Home) -> BTreeMap<String, Vec<String>> {
    let text = |row: Row| serde_json::Value::from(row).to_string();
    let tables = tables(home).into_iter().map(|(table, rows)| {
        let mut rows: Vec<_> = rows.into_iter().map(text).collect();
        rows.sort();
        (table, rows)
    });
    tables.collect()
}

/// `renewd check`, which brings the tables up to date before it reads them; it may be killed.
fn check(home: &Home, death: Option<&str>) -> Ran {
    let mut command = home.renewd("check");
    command.envs(death.map(|death| ("RENEWD_DIE_AT", death)));
    Ran::of(&mut command)
}

/// A book of a month, and its owner.
fn book(home: &Home) -> Customer {
    let daemon = home.start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "100.00");
    ada.buys(&daemon, "AutoRenewal");
    ada.buys(&daemon, "NotRenewal");
    daemon.until(NOW);
    daemon.stop();
    ada
}

#[test]
fn an_upgrade_that_is_killed_anywhere_is_completed_and_loses_nothing() {
    let home = Home::new();
    let ada = book(&home);
    let (today, all) = (dump(&home), steps(&home).len());
    let begin = Kept::of(&home, home.path("kept"));
    let is_whole = std::env::var("RENEWD_CRASH").is_ok_and(|asked| asked == "all");
    for step_count in (1..all).rev() {
        // The release before this one, one in the middle, and the first.
        if !is_whole && ![all - 1, all / 2, 1].contains(&step_count) {
            continue;
        }
        let older = begin.home();
        make_older(&older, step_count);
        let kept = Kept::of(&older, older.path("kept"));
        let from = format!("from step {step_count}");
        // Without a death.
        let right = kept.home();
        let told = check(&right, None);
        let right = dump(&right);
        for table in SINCE_EVER {
            assert_eq!(right.get(table), today.get(table), "{from}: {table}");
        }
        if all - step_count < 4 {
            // What came since then are places for what this book has not.
            assert!(told.out.contains(" 0 findings"), "{from}: {told:?}");
            assert_eq!(right, today, "{from}");
        }
        // With one, after each step and around them all.
        let steps = (1..=all - step_count).map(|n| format!("store.migrated:{n}"));
        let around = ["store.before_migrations:1", "store.after_migrations:1"].map(str::to_owned);
        for death in steps.chain(around) {
            let home = kept.home();
            assert!(check(&home, Some(&death)).was_killed(), "{from}: {death}");
            let again = check(&home, None);
            assert_eq!((again.code(), &again.out), (told.code(), &told.out), "{from}: {death}");
            assert_eq!(dump(&home), right, "{from}: {death}");
        }
        // With one after the other, each a step further.
        let home = kept.home();
        let deaths = (0..PATIENCE.as_secs()).take_while(|_| {
            let ran = check(&home, Some("store.migrated:1"));
            ran.was_killed()
        });
        assert_eq!(deaths.count(), all - step_count, "{from}");
        assert_eq!(dump(&home), right, "{from}, again and again");
        let daemon = home.start_at(NOW);
        assert_eq!(ada.journal(&daemon).len(), count_of(&today["journal"], &ada.id), "{from}");
        ada.tops_up(&daemon, "1.00");
        daemon.until("2026-02-06T00:00:00Z");
        daemon.stop();
    }
}

fn count_of(rows: &[String], id: &str) -> usize {
    rows.iter().filter(|row| row.contains(&format!("\"stream\":\"{id}\""))).count()
}

/// The server goes on with what it was told until it sees that nobody is there any more: here a step
/// is held up by somebody's lock when the daemon is killed.
#[test]
fn a_step_that_is_cut_off_in_the_middle_is_undone_by_the_server() {
    let Some(server) = server::shared() else { return };
    let home = Home::on(server.database(None));
    book(&home);
    let today = dump(&home);
    // The fifth step alters the table of bill lines, and then the one of statements.
    make_older(&home, 4);
    let database = home.database().expect("a database");
    let began_at = Instant::now();
    loop {
        let holder = hold(database);
        let mut command = home.renewd("check");
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("renewd");
        let is_stuck = loop {
            if is_waiting(database) {
                break true;
            }
            // On a loaded machine it may have lost its patience before it was seen to wait.
            if child.try_wait().expect("a process").is_some() {
                break false;
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        child.kill().expect("a process to kill");
        child.wait().expect("an end");
        // The lock is let go; the server finds out by itself who has gone.
        drop(holder);
        if is_stuck {
            break;
        }
        assert!(began_at.elapsed() < PATIENCE, "it never waits");
    }
    while database.sql(CONNECTED) != "1" {
        assert!(began_at.elapsed() < PATIENCE, "the server keeps who has gone");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(database.sql("SELECT MAX(version) FROM _sqlx_migrations"), "4");
    let checked = check(&home, None);
    assert!(checked.out.contains("findings"), "{checked:?}");
    let all = steps(&home).len().to_string();
    assert_eq!(database.sql("SELECT MAX(version) FROM _sqlx_migrations"), all);
    let right = dump(&home);
    for table in SINCE_EVER {
        assert_eq!(right.get(table), today.get(table), "{table}");
    }
}

const CONNECTED: &str = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = CURRENT_DATABASE()";

/// Does somebody wait for a lock in the middle of a step?
fn is_waiting(database: &Database<'_>) -> bool {
    let asked = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = CURRENT_DATABASE() \
        AND wait_event_type = 'Lock' AND query LIKE '%ALTER TABLE statements%'";
    database.sql(asked) != "0"
}

/// Keeps others from altering the table of statements, until it is dropped.
struct Holder {
    system: actix_rt::SystemRunner,
    conn: Option<PgConnection>,
}

fn hold(database: &Database<'_>) -> Holder {
    let system = actix_rt::System::new();
    let conn = system.block_on(async {
        let mut conn = PgConnection::connect(&database.url()).await.expect("a connection");
        let lock = "BEGIN; LOCK TABLE statements IN ACCESS SHARE MODE";
        sqlx::raw_sql(lock).execute(&mut conn).await.expect("a lock");
        conn
    });
    Holder { system, conn: Some(conn) }
}

impl Drop for Holder {
    fn drop(&mut self) {
        if let Some(conn) = self.conn.take() {
            self.system.block_on(async { conn.close().await.expect("closed") });
        }
    }
}

#[test]
fn a_book_of_a_later_release_is_refused_and_left_alone() {
    let home = Home::new();
    let ada = book(&home);
    let before = dump(&home);
    let change = |sql: &'static str| match home.database() {
        Some(database) => drop(database.sql(sql)),
        None => actix_rt::System::new().block_on(async {
            let mut conn = connect(&home.data().join("renewd.db")).await;
            sqlx::query(sql).execute(&mut conn).await.expect("changed");
            conn.close().await.expect("closed");
        }),
    };
    change(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'later', TRUE, '', 0)",
    );
    let serve = home.refuses_at(NOW);
    for refused in [serve, check(&home, None)] {
        assert_eq!(refused.code(), 1, "{refused:?}");
        assert!(refused.err.contains("a newer version of renewd"), "{refused:?}");
        assert!(refused.err.contains("upgrade renewd or restore a backup"), "{refused:?}");
    }
    assert_eq!(dump(&home), before);
    if let Some(database) = home.database() {
        assert_eq!(database.sql("SELECT COUNT(*) FROM leases"), "0", "nobody waits for it");
    }
    change("DELETE FROM _sqlx_migrations WHERE version = 9999");
    let daemon = home.start_at(NOW);
    assert_eq!(ada.journal(&daemon).len(), count_of(&before["journal"], &ada.id));
    daemon.stop();
}
