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
const GROUP_MAX: usize = 128;
/// Groups under way on a thread: while one is replayed, the next is read.
const GROUPS: usize = 2;
/// Streams that are worth a group of their own while another one is under way: many small groups
/// cost more, in threads that wake each other, than they spare whoever waits.
const BESIDE_MIN: usize = 64;
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
        let (queue, asked) = mpsc::channel(WAITING_MAX);
        let groups =
            Arc::new(Groups { asked: Mutex::new(asked), under_way: watch::Sender::new(0) });
        for thread in reading.iter().flat_map(|thread| [thread; GROUPS]) {
            thread.spawn(run(Arc::clone(store), Arc::clone(house), Arc::clone(&groups)));
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

/// What waits to be loaded, and how many groups of it are under way.
struct Groups {
    asked: Mutex<mpsc::Receiver<Asked>>,
    under_way: watch::Sender<usize>,
}

impl Groups {
    /// The next group: whatever waits as soon as nothing else is under way, or enough to go beside.
    /// It is under way until the second value is dropped. `None` if nobody can ask any more.
    async fn next(&self) -> Option<(Vec<Asked>, UnderWay<'_>)> {
        let mut asked = self.asked.lock().await;
        let mut group = Vec::with_capacity(GROUP_MAX);
        asked.recv_many(&mut group, GROUP_MAX).await;
        if group.is_empty() {
            return None;
        }
        let mut under_way = self.under_way.subscribe();
        while group.len() + asked.len() < BESIDE_MIN && *under_way.borrow_and_update() > 0 {
            // It cannot be closed: the other end is here.
            let _ = under_way.changed().await;
        }
        let room = GROUP_MAX - group.len();
        if room > 0 && !asked.is_empty() {
            asked.recv_many(&mut group, room).await;
        }
        self.under_way.send_modify(|count| *count += 1);
        Some((group, UnderWay(&self.under_way)))
    }
}

/// A group that is under way.
struct UnderWay<'a>(&'a watch::Sender<usize>);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

async fn run(store: store::Handle, house: Arc<watch::Sender<Arc<House>>>, groups: Arc<Groups>) {
    while let Some((group, _under_way)) = groups.next().await {
        let mut asked: BTreeMap<StreamId, Vec<Reply>> = BTreeMap::new();
        for (stream, reply) in group {
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

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use actix::System;
    use futures_util::FutureExt as _;

    use super::*;
    use crate::domain::ids::AccountId;

    #[test]
    fn a_small_group_waits_for_the_one_that_is_under_way_and_a_large_one_does_not() {
        System::new().block_on(async {
            let (queue, asked) = mpsc::channel(WAITING_MAX);
            let groups = Groups { asked: Mutex::new(asked), under_way: watch::Sender::new(0) };
            let ask = async |count: u64| {
                for bits in 0..count {
                    let (reply, _) = oneshot::channel();
                    let stream = StreamId::Account(AccountId::from_bits(bits));
                    queue.send((stream, reply)).await.expect("room");
                }
            };
            ask(3).await;
            let (first, under_way) = groups.next().await.expect("a group");
            assert_eq!(first.len(), 3);

            ask(10).await;
            let mut second = pin!(groups.next());
            assert!((&mut second).now_or_never().is_none(), "it is not worth going beside");
            ask(5).await;
            drop(under_way);
            let (second, under_way) = second.await.expect("a group");
            assert_eq!(second.len(), 15, "what came meanwhile comes along");

            ask(200).await;
            let (third, _beside) = groups.next().await.expect("a group");
            assert_eq!(third.len(), GROUP_MAX);
            drop(under_way);
        });
    }
}
