//! Reads are grouped like writes: whatever waits to be loaded is asked for at once. What comes is
//! replayed here, beside the thread that decides.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix::ArbiterHandle;
use tokio::sync::{Mutex, mpsc, oneshot, watch};

use super::failure::Failure;
use super::slot::{BUILD, Slot};
use crate::domain::ids::StreamId;
use crate::domain::nouns::house::House;
use crate::store::{self, StoreError};

/// Streams that are asked for in one read, at the most.
const GROUP_MAX: usize = 256;
/// Groups under way on a thread: while one is replayed, the next is read.
const GROUPS: usize = 2;
/// Requests that may wait.
const WAITING_MAX: usize = 65_536;

type Reply = oneshot::Sender<Result<Slot, Failure>>;
type Asked = (StreamId, Reply);

/// The handle to the loader.
#[derive(Clone)]
pub(super) struct Loader {
    queue: mpsc::Sender<Asked>,
}

impl Loader {
    /// Starts the loader on these threads. Agendas are made under the rules of `house`.
    pub(super) fn start(
        store: &store::Handle,
        house: &Arc<watch::Sender<Arc<House>>>,
        reading: &[ArbiterHandle],
    ) -> Self {
        let (queue, waiting) = mpsc::channel(WAITING_MAX);
        let waiting = Arc::new(Mutex::new(waiting));
        for thread in reading.iter().flat_map(|thread| [thread; GROUPS]) {
            thread.spawn(run(Arc::clone(store), Arc::clone(house), Arc::clone(&waiting)));
        }
        Self { queue }
    }

    /// The stream as it is stored: empty if it does not exist.
    pub(super) async fn load(&self, stream: StreamId) -> Result<Slot, Failure> {
        let gone = || Failure::from(StoreError::Unavailable("the loader is gone".to_owned()));
        let (reply, answer) = oneshot::channel();
        self.queue.send((stream, reply)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

async fn run(
    store: store::Handle,
    house: Arc<watch::Sender<Arc<House>>>,
    waiting: Arc<Mutex<mpsc::Receiver<Asked>>>,
) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    loop {
        let count = waiting.lock().await.recv_many(&mut group, GROUP_MAX).await;
        if count == 0 {
            return;
        }
        let mut asked: BTreeMap<StreamId, Vec<Reply>> = BTreeMap::new();
        for (stream, reply) in group.drain(..) {
            asked.entry(stream).or_default().push(reply);
        }
        let streams: Vec<StreamId> = asked.keys().copied().collect();
        match store.load_many(&streams, BUILD).await {
            Ok(loaded) => {
                let house = Arc::clone(&house.borrow());
                for ((stream, replies), loaded) in asked.into_iter().zip(loaded) {
                    let slot = match loaded {
                        Some(loaded) => Slot::replay(stream, loaded, &house.timeline),
                        None => Ok(Slot::empty(stream)),
                    };
                    answer(replies, slot);
                }
            }
            Err(error) => {
                for replies in asked.into_values() {
                    answer(replies, Err(error.clone().into()));
                }
            }
        }
    }
}

fn answer(mut replies: Vec<Reply>, slot: Result<Slot, Failure>) {
    let last = replies.pop();
    // Whoever asked may have gone; then nobody needs it.
    for reply in replies {
        let _ = reply.send(slot.clone());
    }
    if let Some(last) = last {
        let _ = last.send(slot);
    }
}
