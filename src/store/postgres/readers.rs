//! The readers' thread: the pool of connections that read lives on a runtime of its own, because
//! a connection stands still while the runtime that opened it is busy with something else.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use sqlx::PgPool;
use tokio::runtime::{self, Handle};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::lease::Lease;
use super::open::{Address, Trust};
use crate::store::StoreError;

/// A read that takes longer has lost its connection without being told.
const READ_TIMEOUT: Duration = Duration::from_secs(70);

/// The handle of the thread. Dropping it ends the reads in hand.
#[derive(Debug)]
pub(super) struct Readers {
    pool: PgPool,
    runtime: Handle,
    lease: Arc<Lease>,
    trust: Arc<Trust>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Readers {
    /// Starts the thread. No connection is opened yet.
    pub(super) fn start(
        address: &Address,
        lease: Arc<Lease>,
        trust: Arc<Trust>,
    ) -> Result<Self, StoreError> {
        let failed = |error: std::io::Error| StoreError::Unavailable(error.to_string());
        let runtime =
            runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let handle = runtime.handle().clone();
        let pool = {
            let _inside = handle.enter();
            address.readers(Arc::clone(&trust))
        };
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("store-readers".to_owned())
            .spawn(move || {
                // Whether it was told so or its handle has gone.
                let _ = runtime.block_on(stopped);
            })
            .map_err(failed)?;
        Ok(Self { pool, runtime: handle, lease, trust, stop: Some(stop), thread: Some(thread) })
    }

    /// Reads. Whoever does not hold the lease might act on what another daemon is acting on.
    pub(super) async fn ask<T, F>(
        &self,
        read: impl FnOnce(PgPool) -> F + Send,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        if !self.lease.is_held() {
            return Err(StoreError::Unavailable("the database is out of reach".to_owned()));
        }
        let reading = read(self.pool.clone());
        let read = self.runtime.spawn(async move { timeout(READ_TIMEOUT, reading).await }).await;
        let read = read.map_err(|_| StoreError::Unavailable("a read has failed".to_owned()))?;
        let read = read
            .unwrap_or_else(|_| Err(StoreError::Unavailable("a read took too long".to_owned())));
        if matches!(read, Err(StoreError::Unavailable(_))) {
            self.trust.shake();
        }
        read
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's readers had panicked");
        }
    }
}
