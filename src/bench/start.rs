//! `renewd bench start`: a cold start over a large book, as whoever starts the daemon sees it: a
//! process of its own, until the socket answers, and until an account was read. Once where it was
//! closed well, and once after a kill that left a write-ahead log behind. And what memory the
//! daemon then takes, and for each account that is live.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Serialize;

use super::copies::{self, Lived};
use super::daemon::{self, Client, Daemon};
use super::house::{self, Closed, Place};
use super::server;
use crate::domain::rules::Rules;

/// Days after which the first of the accounts is renewed: nothing is due before.
const RENEWED_AFTER_DAYS: u64 = 60;
/// Commands before the kill, at the most.
const COMMANDS_MAX: u64 = 20_000;
/// Accounts that are live at the end: as many as may be by default.
const LIVE: u64 = 10_000;
/// Starts of each kind; the median is told.
const STARTS: usize = 5;

/// What the bench measured.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    /// Accounts in the book.
    pub accounts: u64,
    /// Starts over a book that was closed well.
    pub closed: Start,
    /// Starts after a kill.
    pub killed: Start,
    /// How large the write-ahead log was then, where the book is a file.
    pub wal_mib: f64,
    /// Memory after the start.
    pub rss_start_mib: f64,
    /// Accounts that were made live then.
    pub live_accounts: u64,
    /// Memory with them.
    pub rss_live_mib: f64,
    /// What each of them takes; 0 where they are too few to tell.
    pub bytes_per_live_account: f64,
}

/// What it takes to start, in milliseconds since the process was started.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Start {
    /// Until it had said how it stands, with all accounts counted.
    pub status_ms: f64,
    /// Until an account was read.
    pub read_ms: f64,
    /// The floor: a process that does nothing, and a row that is read by bare means.
    pub floor_ms: f64,
    /// The third by the second.
    pub ratio: f64,
}

/// Runs it at `place`, over a book of `accounts`.
pub async fn run(
    place: &Place,
    rules: Rules,
    accounts: u64,
    mut progress: impl FnMut(&str, u64),
) -> anyhow::Result<Measured> {
    let since = copies::today();
    let expires_at = since.plus(Duration::from_hours(24 * RENEWED_AFTER_DAYS));
    let lived = Lived { accounts, since, expires_at, until: since, live_max: 1 };
    let bench = copies::book(place, rules, lived, &mut progress).await?;
    // So that the disk is done with what was made before anything is measured.
    let book = bench.close().await;
    if book.database().is_none() {
        std::fs::File::open(book.file())?.sync_all()?;
    }

    let closed = starts(&book, &mut progress).await?;

    progress("commanding", 0);
    let mut daemon = Daemon::start(&book.config)?;
    command(&mut daemon, &book)?;
    daemon.kill()?;
    let wal_mib = daemon::wal_mib(&book.file());
    let killed = starts(&book, &mut progress).await?;

    progress("rehydrating", 0);
    let mut daemon = Daemon::start(&book.config)?;
    let mut client = daemon.connect()?;
    client.get("/v1/status")?;
    let rss_start_mib = daemon.rss_mib();
    let live_accounts = LIVE.min(accounts);
    for number in 0..live_accounts {
        client.get(&format!("/v1/accounts/{}/balance", house::account(number)))?;
    }
    let rss_live_mib = daemon.rss_mib();
    daemon.kill()?;
    #[expect(clippy::cast_precision_loss, reason = "a size for people")]
    let each =
        (rss_live_mib - rss_start_mib).max(0.0) * f64::from(1 << 20) / live_accounts.max(1) as f64;
    Ok(Measured {
        accounts,
        closed,
        killed,
        wal_mib,
        rss_start_mib,
        live_accounts,
        rss_live_mib,
        bytes_per_live_account: each,
    })
}

/// Starts it a few times. Each is killed, so that what it found stays as it is for the next.
async fn starts(book: &Closed, progress: &mut impl FnMut(&str, u64)) -> anyhow::Result<Start> {
    let (mut read, mut status, mut floors) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..STARTS {
        progress("starting", number as u64);
        let mut daemon = Daemon::start(&book.config)?;
        let (shown, said) = first_answers(&mut daemon)?;
        read.push(shown);
        status.push(said);
        daemon.kill()?;
        floors.push(floor(book).await?);
    }
    let median = |samples: &mut Vec<Duration>| super::percentile_ms(samples, 0.5);
    let read_ms = median(&mut read);
    let floor_ms = median(&mut floors);
    Ok(Start {
        status_ms: median(&mut status),
        read_ms,
        floor_ms,
        ratio: floor_ms / read_ms.max(f64::MIN_POSITIVE),
    })
}

/// How long it took until it showed an account, and until it said how it stands, for which all
/// accounts are counted.
fn first_answers(daemon: &mut Daemon) -> anyhow::Result<(Duration, Duration)> {
    let mut client = daemon.connect()?;
    client.get(&format!("/v1/accounts/{}", house::account(0)))?;
    let read = daemon.started.elapsed();
    client.get("/v1/status")?;
    Ok((read, daemon.started.elapsed()))
}

/// A process that does nothing; then a row of the book by bare means, in this one.
async fn floor(book: &Closed) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let mut nothing = daemon::program()?;
    nothing.arg("--version").stdin(Stdio::null()).stdout(Stdio::null());
    anyhow::ensure!(nothing.status()?.success(), "the program does not start");
    let stream = house::account(0).to_string();
    if let Some(database) = book.database() {
        let mut conn = database.connect().await?;
        server::streams(&mut conn, &[stream]).await?;
    } else {
        let file = rusqlite::Connection::open(book.file())?;
        // What the next start finds must be as it was.
        let as_it_was = rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
        file.set_db_config(as_it_was, true)?;
        let sql = "SELECT body FROM journal WHERE stream = ?1 ORDER BY seq";
        file.query_row(sql, [stream], |row| row.get::<_, String>(0))?;
    }
    Ok(started.elapsed())
}

/// Sends commands, until there is much in the write-ahead log but just too little to be folded
/// into the file.
fn command(daemon: &mut Daemon, book: &Closed) -> anyhow::Result<()> {
    const WAL_MIB: f64 = 24.0;
    let mut client: Client = daemon.connect()?;
    for number in 0..COMMANDS_MAX {
        // Where the book is on a server its log is the server's own.
        let is_enough = match book.database() {
            Some(_) => number >= 1_000,
            None => number % 50 == 0 && daemon::wal_mib(&book.file()) > WAL_MIB,
        };
        if is_enough {
            break;
        }
        let account = house::account(number % 500);
        let path = format!("/v1/accounts/{account}/top-ups");
        let body = r#"{"amount":{"amount":"0.01","currency":"USD"},"method":"bank_transfer"}"#;
        client.post(&path, body).context("a top-up")?;
    }
    Ok(())
}
