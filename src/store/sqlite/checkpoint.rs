//! Bringing the write-ahead log into the file, on a connection of its own, while the writer goes
//! on: a commit that had to do it on its way would keep everybody waiting.

use std::path::{Path, PathBuf};

use sqlx::{Connection, SqliteConnection};
use tokio::task::JoinHandle;

use super::open;
use crate::store::{Commit, StoreError};

/// Rows after which the log is worth bringing in: there are about as many pages in it.
const ROWS: usize = 5_000;

/// What has to be brought in, and who does it.
#[derive(Debug)]
pub(super) struct Checkpoints {
    path: PathBuf,
    /// Rows written since the last one began.
    rows: usize,
    /// The last one; it gives its connection back.
    last: Option<JoinHandle<Result<SqliteConnection, StoreError>>>,
}

impl Checkpoints {
    pub(super) fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), rows: 0, last: None }
    }

    /// Begins one if enough was written, and none is under way.
    pub(super) async fn wrote(&mut self, commits: &[Commit]) {
        self.rows += commits.iter().map(rows_of).sum::<usize>();
        if self.rows < ROWS || self.last.as_ref().is_some_and(|last| !last.is_finished()) {
            return;
        }
        self.rows = 0;
        let conn = self.end().await;
        let path = self.path.clone();
        self.last = Some(tokio::spawn(async move {
            let mut conn = match conn {
                Some(conn) => conn,
                None => open::beside_the_writer(&path).await?,
            };
            open::checkpoint(&mut conn).await?;
            Ok(conn)
        }));
    }

    /// Waits for the one that is under way, and gives its connection back: nothing of it is left.
    pub(super) async fn close(&mut self) {
        if let Some(conn) = self.end().await
            && let Err(error) = conn.close().await
        {
            tracing::warn!(%error, "the connection of the checkpoints did not close well");
        }
    }

    /// Waits for the last one; answers its connection if that can be used again. What failed is
    /// tried again with the next: until then the log keeps what was written.
    async fn end(&mut self) -> Option<SqliteConnection> {
        match self.last.take()?.await {
            Ok(Ok(conn)) => Some(conn),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the write-ahead log was not brought into the file");
                None
            }
            Err(error) => {
                tracing::error!(%error, "a checkpoint panicked");
                None
            }
        }
    }
}

/// The rows of a commit, as far as it can have many.
fn rows_of(commit: &Commit) -> usize {
    let beside = commit.rows.len() + commit.entries.len() + commit.outbox.len();
    1 + commit.records.len() + beside + commit.seen.len()
}
