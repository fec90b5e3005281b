//! The writer's thread: it owns the one connection that writes and takes batch after batch. Who
//! asks only waits for the answer, so nobody can stop a batch half-way. Between batches it renews
//! the lease, and while the server is away it looks for it.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use sqlx::{Connection, PgConnection};
use tokio::runtime;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::lease::{Lease, RENEWED_EVERY};
use super::open::{Address, Trust};
use super::{erasure, streams, write};
use crate::domain::ids::StreamId;
use crate::failpoint::{self, Point};
use crate::store::account_count::AccountCount;
use crate::store::{Chore, Commit, StoreError, Written};

/// A batch that takes longer has lost its connection without being told.
const WRITE_TIMEOUT: Duration = Duration::from_mins(1);
/// How long a connection or a renewal may take.
const REACH_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a server that is away is looked for.
const LOOKED_FOR_EVERY: Duration = Duration::from_millis(500);

type Answer = Result<Vec<Written>, StoreError>;

struct Batch {
    commits: Vec<Commit>,
    chores: Vec<Chore>,
    answer: oneshot::Sender<Answer>,
}

enum Ask {
    Write(Batch),
    /// Write nothing more, and give the lease back.
    Close(oneshot::Sender<()>),
}

/// The handle of the writer's thread. Dropping it waits for the batch in hand.
#[derive(Debug)]
pub(super) struct Writer {
    asks: Option<mpsc::UnboundedSender<Ask>>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread works with.
struct Desk {
    address: Address,
    /// None after an error of the database: then the connection is not trusted again.
    conn: Option<PgConnection>,
    lease: Arc<Lease>,
    trust: Arc<Trust>,
    account_count: AccountCount,
}

impl Writer {
    /// Connects, takes the lease, brings the tables up to date and starts the thread.
    pub(super) async fn start(
        address: Address,
        trust: Arc<Trust>,
        account_count: AccountCount,
    ) -> Result<(Self, Arc<Lease>), StoreError> {
        let (opened, open) = oneshot::channel();
        let (asks, inbox) = mpsc::unbounded_channel();
        let failed = |error: std::io::Error| StoreError::Unavailable(error.to_string());
        let runtime =
            runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                runtime.block_on(async move {
                    match Desk::open(address, trust, account_count).await {
                        Ok(desk) => {
                            let _ = opened.send(Ok(Arc::clone(&desk.lease)));
                            desk.work(inbox).await;
                        }
                        Err(error) => {
                            let _ = opened.send(Err(error));
                        }
                    }
                });
            })
            .map_err(failed)?;
        let writer = Self { asks: Some(asks), thread: Some(thread) };
        let lease = open.await.map_err(|_| gone())??;
        Ok((writer, lease))
    }

    /// Writes one batch.
    pub(super) async fn write(&self, commits: Vec<Commit>, chores: Vec<Chore>) -> Answer {
        let (answer, answered) = oneshot::channel();
        let batch = Ask::Write(Batch { commits, chores, answer });
        self.asks.as_ref().and_then(|asks| asks.send(batch).ok()).ok_or_else(gone)?;
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

fn gone() -> StoreError {
    StoreError::Unavailable("the writer has stopped".to_owned())
}

fn too_slow() -> StoreError {
    StoreError::Unavailable("the database does not answer".to_owned())
}

impl Desk {
    async fn open(
        address: Address,
        trust: Arc<Trust>,
        account_count: AccountCount,
    ) -> Result<Self, StoreError> {
        let connecting = timeout(REACH_TIMEOUT, address.writer());
        let mut conn = connecting.await.map_err(|_| too_slow())??;
        let lease = Arc::new(Lease::take(&mut conn).await?);
        if let Err(error) = prepared(&mut conn, &address, &lease, &account_count).await {
            // Whoever comes next, perhaps a newer daemon on another machine, need not wait.
            let _ = timeout(REACH_TIMEOUT, lease.release(&mut conn)).await;
            return Err(error);
        }
        Ok(Self { address, conn: Some(conn), lease, trust, account_count })
    }

    async fn work(mut self, mut inbox: mpsc::UnboundedReceiver<Ask>) {
        let mut closed = None;
        let mut pause = RENEWED_EVERY;
        loop {
            let ask = match timeout(pause, inbox.recv()).await {
                Ok(Some(Ask::Close(answer))) => {
                    closed = Some(answer);
                    break;
                }
                Ok(Some(Ask::Write(batch))) => Some(batch),
                Ok(None) => break,
                Err(_) => None,
            };
            let ready = self.be_ready().await;
            pause = if ready.is_ok() { RENEWED_EVERY } else { LOOKED_FOR_EVERY };
            let Some(Batch { commits, chores, answer }) = ask else { continue };
            let written = match ready {
                Ok(()) => self.write(&commits, &chores).await,
                Err(error) => Err(error),
            };
            // Whoever asked may have gone: what is written stays written.
            let _ = answer.send(written);
        }
        self.end().await;
        if let Some(answer) = closed {
            let _ = answer.send(());
        }
    }

    /// Sees to it that there is a connection and that the lease is held.
    async fn be_ready(&mut self) -> Result<(), StoreError> {
        if self.conn.is_some() && !self.lease.is_due() {
            return Ok(());
        }
        let ready = match timeout(REACH_TIMEOUT, self.reach()).await {
            Ok(ready) => ready,
            Err(_) => Err(too_slow()),
        };
        if let Err(error) = &ready {
            tracing::warn!(%error, "the database is out of reach");
            self.trust.shake();
            self.conn = None;
        }
        ready
    }

    async fn reach(&mut self) -> Result<(), StoreError> {
        if let Some(conn) = &mut self.conn {
            match self.lease.renew(conn).await {
                Ok(()) => return Ok(()),
                Err(error) => {
                    tracing::warn!(%error, "the lease was not renewed");
                    self.trust.shake();
                }
            }
            self.conn = None;
        }
        let mut conn = self.address.writer().await?;
        self.lease.renew(&mut conn).await?;
        // What the last transaction came to may not be known.
        streams::count_accounts(&self.address, &self.account_count).await?;
        tracing::info!("the database is in reach again");
        self.conn = Some(conn);
        Ok(())
    }

    /// Writes a batch. If the connection breaks while it is committed, nobody knows whether it
    /// was: then whoever asked reads what is there, and the gate keeps the same commit from being
    /// written twice.
    async fn write(&mut self, commits: &[Commit], chores: &[Chore]) -> Answer {
        let Some(mut conn) = self.conn.take() else { return Err(too_slow()) };
        let written = match timeout(WRITE_TIMEOUT, write::write(&mut conn, commits, chores)).await {
            Ok(written) => written,
            Err(_) => Err(too_slow()),
        };
        match &written {
            Ok(written) => {
                self.conn = Some(conn);
                let opened = commits.iter().zip(written).filter(|(commit, written)| {
                    **written == Written::Done
                        && commit.expected_seq == 0
                        && matches!(commit.stream, StreamId::Account(_))
                });
                let opened = u64::try_from(opened.count()).unwrap_or(0);
                self.account_count.add(opened);
            }
            Err(error) => {
                tracing::error!(%error, "a batch could not be written");
                self.trust.shake();
                let _ = timeout(REACH_TIMEOUT, conn.close()).await;
            }
        }
        written
    }

    /// Gives the lease back, so that the next daemon need not wait. If that fails, it runs out.
    async fn end(mut self) {
        let Some(mut conn) = self.conn.take() else { return };
        failpoint::pass(Point::StoreBeforeClose);
        let ended = timeout(REACH_TIMEOUT, async {
            self.lease.release(&mut conn).await?;
            conn.close().await.map_err(super::fault::failed)
        });
        match ended.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the database did not close well"),
            Err(_) => tracing::warn!("the database did not close in time"),
        }
        failpoint::pass(Point::StoreAfterClose);
    }
}

/// Brings the tables up to date, and begins to count the accounts.
async fn prepared(
    conn: &mut PgConnection,
    address: &Address,
    lease: &Lease,
    account_count: &AccountCount,
) -> Result<(), StoreError> {
    failpoint::pass(Point::StoreBeforeMigrations);
    super::open::migrate(conn).await?;
    failpoint::pass(Point::StoreAfterMigrations);
    streams::count_accounts(address, account_count).await?;
    lease.renew(conn).await?;
    Ok(())
}

/// Removes what was deleted from the tables, on a connection of its own: that takes a while.
pub(super) async fn scrub(address: Address) -> Result<bool, StoreError> {
    let mut conn = address.writer().await?;
    let scrubbed = erasure::scrub(&mut conn).await;
    let _ = conn.close().await;
    scrubbed
}
