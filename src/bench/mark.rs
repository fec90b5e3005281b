//! The book as it was before a stage, beside which the floor writes what the stage wrote.

use anyhow::Context as _;

use super::floor::{self, Floor};
use super::house::Bench;
use crate::domain::calendar::Timestamp;

/// The book as it was.
pub(super) struct Mark {
    bytes: u64,
}

/// What the stage came to.
pub(super) struct Stage {
    /// What its rows take by bare statements.
    pub floor: Floor,
    /// How much the book grew.
    pub bytes: u64,
}

impl Mark {
    /// Sets a copy of the book aside.
    pub(super) async fn of(bench: &Bench) -> anyhow::Result<Self> {
        if let Some(database) = bench.database() {
            database.set_aside().await.context("the floor needs a copy of the tables")?;
            return Ok(Self { bytes: database.bytes().await? });
        }
        let bytes = bytes(bench).await?;
        std::fs::copy(bench.file(), bench.copy())
            .context("the floor needs a copy of the database")?;
        Ok(Self { bytes })
    }

    /// Writes `commits` again, `batch` of them in a transaction, and removes the copy.
    pub(super) async fn floor(
        self,
        bench: &Bench,
        commits: &[(String, i64)],
        batch: u64,
    ) -> anyhow::Result<Stage> {
        let bytes = bytes(bench).await?.saturating_sub(self.bytes);
        let batch = usize::try_from(batch.max(1))?;
        if let Some(database) = bench.database() {
            return Ok(Stage { floor: database.floor(commits, batch).await?, bytes });
        }
        let floor = floor::run(&bench.file(), &bench.copy(), commits, batch)?;
        for suffix in ["", "-wal", "-shm"] {
            let mut name = bench.copy().into_os_string();
            name.push(suffix);
            // What is not there need not go.
            let _ = std::fs::remove_file(name);
        }
        Ok(Stage { floor, bytes })
    }
}

/// How large the book is.
async fn bytes(bench: &Bench) -> anyhow::Result<u64> {
    if let Some(database) = bench.database() {
        return database.bytes().await;
    }
    floor::checkpoint(&bench.file())?;
    Ok(std::fs::metadata(bench.file())?.len())
}

/// The records that were written at or after `at`, in the order in which they were.
pub(super) async fn commits_since(
    bench: &Bench,
    at: Timestamp,
) -> anyhow::Result<Vec<(String, i64)>> {
    match bench.database() {
        Some(database) => database.commits_since(at.micros()).await,
        None => floor::commits_since(&bench.file(), at.micros()),
    }
}

/// How many rows a table has.
pub(super) async fn count(bench: &Bench, table: &str) -> anyhow::Result<u64> {
    match bench.database() {
        Some(database) => database.count(table).await,
        None => floor::count(&bench.file(), table),
    }
}
