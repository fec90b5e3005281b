//! The writer's thread: it owns the one connection that writes and takes batch after batch. Who
//! asks only waits for the answer, so nobody can stop a batch half-way.

use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use sqlx::{Connection, SqliteConnection};
use tokio::runtime;
use tokio::sync::{mpsc, oneshot};

use super::checkpoint::Checkpoints;
use super::{erasure, open, write};
use crate::domain::ids::StreamId;
use crate::store::account_count::AccountCount;
use crate::store::{Chore, Commit, StoreError, Written};

type Answer = Result<Vec<Written>, StoreError>;

struct Batch {
    commits: Vec<Commit>,
    chores: Vec<Chore>,
    answer: oneshot::Sender<Answer>,
}

enum Ask {
    Write(Batch),
    /// Remove the traces of what was deleted.
    Scrub(oneshot::Sender<Result<bool, StoreError>>),
    /// Write nothing more, and leave all in one file.
    Close(oneshot::Sender<()>),
}

/// The handle of the writer's thread. Dropping it waits for the batch in hand.
#[derive(Debug)]
pub(super) struct Writer {
    asks: Option<mpsc::UnboundedSender<Ask>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(
        path: &Path,
        conn: SqliteConnection,
        account_count: AccountCount,
    ) -> Result<Self, StoreError> {
        let failed = |error: std::io::Error| StoreError::Unavailable(error.to_string());
        let runtime =
            runtime::Builder::new_current_thread().enable_time().build().map_err(failed)?;
        let (asks, inbox) = mpsc::unbounded_channel();
        let path = path.to_owned();
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || runtime.block_on(work(path, conn, inbox, account_count)))
            .map_err(failed)?;
        Ok(Self { asks: Some(asks), thread: Some(thread) })
    }

    /// Writes one batch.
    pub(super) async fn write(&self, commits: Vec<Commit>, chores: Vec<Chore>) -> Answer {
        let gone = || StoreError::Unavailable("the writer has stopped".to_owned());
        let (answer, answered) = oneshot::channel();
        let batch = Ask::Write(Batch { commits, chores, answer });
        self.asks.as_ref().and_then(|asks| asks.send(batch).ok()).ok_or_else(gone)?;
        answered.await.map_err(|_| gone())?
    }

    /// Removes the traces of what was deleted before.
    pub(super) async fn scrub(&self) -> Result<bool, StoreError> {
        let gone = || StoreError::Unavailable("the writer has stopped".to_owned());
        let (answer, answered) = oneshot::channel();
        let asked = self.asks.as_ref().and_then(|asks| asks.send(Ask::Scrub(answer)).ok());
        asked.ok_or_else(gone)?;
        answered.await.map_err(|_| gone())?
    }

    /// Ends it, after what was asked before.
    pub(super) async fn close(&self) {
        let (answer, answered) = oneshot::channel();
        if self.asks.as_ref().is_some_and(|asks| asks.send(Ask::Close(answer)).is_ok()) {
            // It may have ended by itself meanwhile.
            let _ = answered.await;
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.asks = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's writer had panicked");
        }
    }
}

async fn work(
    path: PathBuf,
    conn: SqliteConnection,
    mut inbox: mpsc::UnboundedReceiver<Ask>,
    account_count: AccountCount,
) {
    let mut conn = Some(conn);
    let mut checkpoints = Checkpoints::of(&path);
    let mut closed = None;
    while let Some(ask) = inbox.recv().await {
        let Batch { commits, chores, answer } = match ask {
            Ask::Write(batch) => batch,
            Ask::Scrub(answer) => {
                checkpoints.close().await;
                let _ = answer.send(scrub(&path, &mut conn).await);
                continue;
            }
            Ask::Close(answer) => {
                closed = Some(answer);
                break;
            }
        };
        let written = one(&path, &mut conn, &commits, &chores).await;
        if let Ok(written) = &written {
            let opened = commits.iter().zip(written).filter(|(commit, written)| {
                **written == Written::Done
                    && commit.expected_seq == 0
                    && matches!(commit.stream, StreamId::Account(_))
            });
            let opened = u64::try_from(opened.count()).unwrap_or(0);
            account_count.add(opened);
        }
        let is_written = written.is_ok();
        // Whoever asked may have gone: what is written stays written.
        let _ = answer.send(written);
        if is_written {
            checkpoints.wrote(&commits).await;
        }
    }
    checkpoints.close().await;
    if let Some(conn) = conn
        && let Err(error) = open::close(conn).await
    {
        tracing::warn!(%error, "the database did not close well");
    }
    if let Some(answer) = closed {
        let _ = answer.send(());
    }
}

async fn scrub(path: &Path, slot: &mut Option<SqliteConnection>) -> Result<bool, StoreError> {
    let mut conn = match slot.take() {
        Some(conn) => conn,
        None => open::writer(path).await?,
    };
    let scrubbed = erasure::scrub(&mut conn).await;
    *slot = Some(conn);
    scrubbed
}

/// Writes a batch. After an error of the database the connection is not trusted again: the next
/// batch gets a new one.
async fn one(
    path: &Path,
    slot: &mut Option<SqliteConnection>,
    commits: &[Commit],
    chores: &[Chore],
) -> Answer {
    let mut conn = match slot.take() {
        Some(conn) => conn,
        None => open::writer(path).await?,
    };
    let written = write::write(&mut conn, commits, chores).await;
    match &written {
        Ok(_) => *slot = Some(conn),
        Err(error) => {
            tracing::error!(%error, "a batch could not be written");
            let _ = conn.close().await;
        }
    }
    written
}
