//! The writers' thread: it owns the connections that write, and gives each batch to one that is
//! free. Who asks only waits for the answer, so nobody can stop a batch half-way. Between batches
//! one of them renews the lease, and while the server is away it looks for it.
//!
//! Batches that are written at the same time are kept apart by the database alone: whoever comes
//! second at a head, a claim or a token waits for the first, and then finds it moved, held or used.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::erasure;
use super::lease::{Lease, RENEWED_EVERY};
use super::open::{Address, Trust};
use super::writer::{Answer, Batch, Common, Writer};
use crate::failpoint::{self, Point};
use crate::store::account_count::AccountCount;
use crate::store::{Chore, Commit, StoreError};

/// How often a server that is away is looked for.
const LOOKED_FOR_EVERY: Duration = Duration::from_millis(500);

enum Ask {
    Write(Batch),
    /// Write nothing more, and give the lease back.
    Close(oneshot::Sender<()>),
}

/// The handle of the writers' thread. Dropping it waits for the batches in hand.
#[derive(Debug)]
pub(super) struct Writers {
    asks: Option<mpsc::UnboundedSender<Ask>>,
    thread: Option<JoinHandle<()>>,
    count: usize,
}

impl Writers {
    /// Connects, takes the lease, brings the tables up to date and starts the thread. All but the
    /// first of `count` connections are opened when they are first needed.
    pub(super) async fn start(
        address: Address,
        trust: Arc<Trust>,
        account_count: AccountCount,
        count: usize,
    ) -> Result<(Self, Arc<Lease>), StoreError> {
        let (opened, open) = oneshot::channel();
        let (asks, inbox) = mpsc::unbounded_channel();
        let failed = |error: std::io::Error| StoreError::Unavailable(error.to_string());
        let runtime =
            runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let thread = thread::Builder::new()
            .name("store-writers".to_owned())
            .spawn(move || {
                runtime.block_on(async move {
                    match Writer::open(address, trust, account_count).await {
                        Ok(writer) => {
                            let _ = opened.send(Ok(Arc::clone(&writer.common().lease)));
                            work(writer, count, inbox).await;
                        }
                        Err(error) => {
                            let _ = opened.send(Err(error));
                        }
                    }
                });
            })
            .map_err(failed)?;
        let writers = Self { asks: Some(asks), thread: Some(thread), count };
        let lease = open.await.map_err(|_| gone())??;
        Ok((writers, lease))
    }

    /// Batches that are written at the same time, at the most.
    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// Writes one batch.
    pub(super) async fn write(&self, commits: Vec<Commit>, chores: Vec<Chore>) -> Answer {
        let (answer, answered) = oneshot::channel();
        let batch = Ask::Write(Batch { commits, chores, answer });
        self.asks.as_ref().and_then(|asks| asks.send(batch).ok()).ok_or_else(gone)?;
        answered.await.map_err(|_| gone())?
    }

    /// Ends them, after what was asked before.
    pub(super) async fn close(&self) {
        let (answer, answered) = oneshot::channel();
        if self.asks.as_ref().is_some_and(|asks| asks.send(Ask::Close(answer)).is_ok()) {
            // They may have ended by themselves meanwhile.
            let _ = answered.await;
        }
    }
}

impl Drop for Writers {
    fn drop(&mut self) {
        self.asks = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's writers had panicked");
        }
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable("the writers have stopped".to_owned())
}

/// Gives out batch after batch, until it is told to close or nobody can ask any more.
async fn work(first: Writer, count: usize, mut inbox: mpsc::UnboundedReceiver<Ask>) {
    let common = Arc::clone(first.common());
    // Who has worked last works next: while there is little to do the others stay unopened.
    let mut free: Vec<_> = (1..count).map(|_| Writer::new(Arc::clone(&common))).collect();
    free.push(first);
    let mut busy = JoinSet::new();
    let mut pause = RENEWED_EVERY;
    let closed = loop {
        let batch = tokio::select! {
            Some(done) = busy.join_next() => {
                let writer = back(done, &common);
                pause = if writer.is_connected() { RENEWED_EVERY } else { LOOKED_FOR_EVERY };
                free.push(writer);
                continue;
            }
            ask = inbox.recv(), if !free.is_empty() => match ask {
                Some(Ask::Write(batch)) => Some(batch),
                Some(Ask::Close(answer)) => break Some(answer),
                None => break None,
            },
            () = sleep(pause), if !free.is_empty() => None,
        };
        if let Some(writer) = free.pop() {
            busy.spawn(writer.serve(batch));
        }
    };
    // Whoever asks from now on is told that it is too late.
    drop(inbox);
    while let Some(done) = busy.join_next().await {
        free.push(back(done, &common));
    }
    end(free, &common).await;
    if let Some(answer) = closed {
        let _ = answer.send(());
    }
}

/// The writer that comes back from its work; a new one for one that was lost over it.
fn back(done: Result<Writer, tokio::task::JoinError>, common: &Arc<Common>) -> Writer {
    done.unwrap_or_else(|error| {
        tracing::error!(%error, "a writer has failed over a batch");
        Writer::new(Arc::clone(common))
    })
}

/// Gives the lease back, so that the next daemon need not wait. If that fails, it runs out.
async fn end(writers: Vec<Writer>, common: &Common) {
    failpoint::pass(Point::StoreBeforeClose);
    let mut is_released = false;
    for writer in writers.into_iter().rev() {
        let lease = if is_released { None } else { Some(&*common.lease) };
        is_released |= writer.end(lease).await;
    }
    failpoint::pass(Point::StoreAfterClose);
}

/// Removes what was deleted from the tables, on a connection of its own: that takes a while.
pub(super) async fn scrub(address: Address) -> Result<bool, StoreError> {
    let mut conn = address.writer().await?;
    let scrubbed = erasure::scrub(&mut conn).await;
    let _ = sqlx::Connection::close(conn).await;
    scrubbed
}
