//! Reads are grouped like writes: whatever waits to be loaded is asked for at once.

use actix::ArbiterHandle;
use tokio::sync::{mpsc, oneshot};

use crate::domain::ids::StreamId;
use crate::store::{self, Loaded, StoreError};

/// Streams that are asked for in one read, at the most.
const GROUP_MAX: usize = 256;
/// Requests that may wait.
const WAITING_MAX: usize = 65_536;

/// The build that snapshots are good for.
pub(super) const BUILD: &str = env!("RENEWD_DOMAIN_HASH");

type Asked = (StreamId, oneshot::Sender<Result<Option<Loaded>, StoreError>>);

/// The handle to the loader.
#[derive(Clone)]
pub(super) struct Loader {
    queue: mpsc::Sender<Asked>,
}

impl Loader {
    /// Starts the loader on an arbiter.
    pub(super) fn start(store: store::Handle, arbiter: &ArbiterHandle) -> Self {
        let (queue, waiting) = mpsc::channel(WAITING_MAX);
        arbiter.spawn(run(store, waiting));
        Self { queue }
    }

    /// The stream as it is stored; `None` if it does not exist.
    pub(super) async fn load(&self, stream: StreamId) -> Result<Option<Loaded>, StoreError> {
        let gone = || StoreError::Unavailable("the loader is gone".to_owned());
        let (reply, answer) = oneshot::channel();
        self.queue.send((stream, reply)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

async fn run(store: store::Handle, mut waiting: mpsc::Receiver<Asked>) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    while waiting.recv_many(&mut group, GROUP_MAX).await > 0 {
        let streams: Vec<StreamId> = group.iter().map(|(stream, _)| *stream).collect();
        match store.load_many(&streams, BUILD).await {
            Ok(loaded) => {
                for ((_, reply), loaded) in group.drain(..).zip(loaded) {
                    // Whoever asked may have gone; then nobody needs it.
                    let _ = reply.send(Ok(loaded));
                }
            }
            Err(error) => {
                for (_, reply) in group.drain(..) {
                    let _ = reply.send(Err(error.clone()));
                }
            }
        }
    }
}
