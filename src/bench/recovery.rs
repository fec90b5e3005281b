//! `renewd bench recovery`: every account of a book is read back from its snapshot and its journal,
//! as after a restart, by the real path: directory, actor, loader, replay. Beside it a floor that
//! reads the same rows by bare statements and parses them, but replays nothing and keeps nothing.

use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt as _};
use serde::Serialize;

use super::copies::{self, Lived};
use super::house::{self, Place};
use super::{peak_rss_mib, per_second, server};
use crate::domain::calendar::Timestamp;
use crate::domain::record::Record;
use crate::domain::rules::Rules;
use crate::domain::stream::State;

/// Accounts that are asked for at once.
const AT_ONCE: usize = 2_000;
/// Hours of a month, nearly.
const MONTH: u64 = 730;

/// What the bench measured.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    /// Accounts that were read back.
    pub accounts: u64,
    /// Months that they had lived.
    pub months: u64,
    /// Bytes of snapshots and of records behind them, for an account on average.
    pub bytes_per_account: u64,
    /// Accounts a second.
    pub accounts_per_s: f64,
    /// The same rows a second by bare statements.
    pub floor_per_s: f64,
    /// The first by the second.
    pub ratio: f64,
    /// How long 100,000 accounts take at this rate.
    pub seconds_per_100000: f64,
    /// The largest memory, with all of them live.
    pub peak_rss_mib: f64,
}

/// Runs it at `place`: `accounts` accounts that have lived for `months`.
pub async fn run(
    place: &Place,
    rules: Rules,
    accounts: u64,
    months: u64,
    mut progress: impl FnMut(&str, u64),
) -> anyhow::Result<Measured> {
    let since: Timestamp = "2026-01-01T12:00:00Z".parse()?;
    let lived = Lived {
        accounts,
        since,
        expires_at: since.plus(Duration::from_hours(24 * 20)),
        until: since.plus(Duration::from_hours(MONTH * months)),
        live_max: accounts + 1,
    };
    let bench = copies::book(place, rules, lived, &mut progress).await?;
    let all = &bench.house.accounts;
    let started = Instant::now();
    let mut loading = stream::iter(0..accounts)
        .map(|number| all.view(house::account(number).into()))
        .buffer_unordered(AT_ONCE);
    let mut count = 0;
    while let Some(view) = loading.next().await {
        let view = view?;
        let is_open = view.state.account().is_some_and(|account| account.open().is_some());
        anyhow::ensure!(is_open, "an account that was brought along is not open");
        count += 1;
        if count % 1_000 == 0 {
            progress("reading back", count);
        }
    }
    drop(loading);
    let took = started.elapsed();
    anyhow::ensure!(all.live_count() == accounts, "not every account is live");
    let peak_rss_mib = peak_rss_mib();

    progress("floor", 0);
    let closed = bench.close().await;
    let (floor, bytes) = match closed.database() {
        Some(database) => {
            let ids: Vec<_> = (0..accounts).map(|n| house::account(n).to_string()).collect();
            let mut conn = database.connect().await?;
            let (started, mut bytes) = (Instant::now(), 0);
            for ids in ids.chunks(AT_ONCE) {
                for (snapshot, bodies) in server::streams(&mut conn, ids).await? {
                    bytes += parse(snapshot.as_deref(), bodies.iter().map(String::as_str))?;
                }
            }
            (started.elapsed(), bytes)
        }
        None => floor(&closed.file(), accounts)?,
    };
    let accounts_per_s = per_second(accounts, took);
    let floor_per_s = per_second(accounts, floor);
    Ok(Measured {
        accounts,
        months,
        bytes_per_account: bytes / accounts.max(1),
        accounts_per_s,
        floor_per_s,
        ratio: accounts_per_s / floor_per_s,
        seconds_per_100000: 100_000.0 / accounts_per_s,
        peak_rss_mib,
    })
}

/// Reads each stream by two prepared statements.
fn floor(path: &Path, accounts: u64) -> anyhow::Result<(Duration, u64)> {
    let book = rusqlite::Connection::open(path)?;
    let (started, mut bytes) = (Instant::now(), 0);
    for number in 0..accounts {
        let stream = house::account(number).to_string();
        let mut head = book.prepare_cached(
            "SELECT s.seq, s.at, s.digest, s.summary, n.seq, n.body FROM streams AS s \
             LEFT JOIN snapshots AS n USING (stream) WHERE stream = ?1",
        )?;
        let (after, snapshot): (Option<i64>, Option<String>) =
            head.query_row([&stream], |row| Ok((row.get(4)?, row.get(5)?)))?;
        let mut records = book.prepare_cached(
            "SELECT body FROM journal WHERE stream = ?1 AND seq > ?2 ORDER BY seq",
        )?;
        let bodies: Vec<String> = records
            .query_map((&stream, after.unwrap_or(0)), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        bytes += parse(snapshot.as_deref(), bodies.iter().map(String::as_str))?;
    }
    Ok((started.elapsed(), bytes))
}

/// Parses what was read, and answers how much it was.
fn parse<'a>(snapshot: Option<&str>, bodies: impl Iterator<Item = &'a str>) -> anyhow::Result<u64> {
    let mut bytes = 0;
    if let Some(snapshot) = snapshot {
        bytes += snapshot.len();
        std::hint::black_box(serde_json::from_str::<State>(snapshot)?);
    }
    for body in bodies {
        bytes += body.len();
        std::hint::black_box(serde_json::from_str::<Record>(body)?);
    }
    Ok(u64::try_from(bytes)?)
}
