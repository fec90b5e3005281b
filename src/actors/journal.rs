//! The journal's one writer: it gathers the commits of all streams and writes them in as few
//! transactions as the disk allows. People go before clockwork. A batch is cut by the time it
//! will take, so that nobody waits long behind it. No business code runs here.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actix::{
    Actor, ActorFutureExt, Addr, ArbiterHandle, AsyncContext, Context, Handler, Message, WrapFuture,
};
use tokio::sync::oneshot;

use super::{Lane, mailbox};
use crate::failpoint::{self, Point};
use crate::store::{self, Chore, Commit, StoreError, Written};

/// How long one transaction should take where nobody waits for it.
const BATCH_TIME: Duration = Duration::from_millis(10);
/// How long one should take that somebody waits for.
const PEOPLE_TIME: Duration = Duration::from_millis(4);
/// Commits in one transaction, at the least and at the most.
const BATCH_MIN: usize = 8;
const BATCH_MAX: usize = 1024;
/// Commits that are worth a writer of their own while another one is at work: many small batches
/// cost the store more than they spare whoever waits.
const BESIDE_MIN: usize = 32;
/// Commits that may wait.
const WAITING_MAX: usize = 65_536;

type Reply = oneshot::Sender<Result<Written, StoreError>>;
type ChoreReply = oneshot::Sender<Result<(), StoreError>>;

/// The handle to the journal.
#[derive(Clone)]
pub struct Journal {
    actor: Addr<JournalActor>,
    waiting: Arc<Mutex<Waiting>>,
    batch_count: Arc<AtomicU64>,
}

/// What waits to be written. The writer is told of it only where it would act on that: while it is
/// at work it looks by itself when it is done, and nobody wakes its thread for each commit.
#[derive(Default)]
struct Waiting {
    people: VecDeque<(Commit, Reply)>,
    clockwork: VecDeque<(Commit, Reply)>,
    chores: Vec<(Vec<Chore>, ChoreReply)>,
    tell: Tell,
    /// The writer is gone: nothing is taken any more.
    is_closed: bool,
}

/// What the writer is told of.
#[derive(Default)]
enum Tell {
    /// Whatever comes: it has nothing to do.
    #[default]
    All,
    /// So many commits, which it would write beside others.
    Commits(usize),
    /// Nothing: it will look by itself.
    Nothing,
}

impl Waiting {
    fn commit_count(&self) -> usize {
        self.people.len() + self.clockwork.len()
    }

    fn count(&self) -> usize {
        self.commit_count() + self.chores.len()
    }

    /// Whoever waits is told that nobody writes.
    fn close(&mut self) {
        *self = Self { is_closed: true, ..Self::default() };
    }

    /// Is the writer to act on what waits?
    fn is_enough(&self) -> bool {
        match self.tell {
            Tell::All => self.count() > 0,
            Tell::Commits(count) => self.commit_count() >= count,
            Tell::Nothing => false,
        }
    }
}

impl Journal {
    /// Starts the writer on `arbiter`.
    #[must_use]
    pub fn start(store: store::Handle, arbiter: &ArbiterHandle) -> Self {
        let batch_count = Arc::new(AtomicU64::new(0));
        let waiting = Arc::<Mutex<Waiting>>::default();
        let (counter, shared) = (Arc::clone(&batch_count), Arc::clone(&waiting));
        let actor = || JournalActor {
            writers: store.writers(),
            store,
            waiting: shared,
            in_flight: 0,
            are_chores_in_flight: false,
            is_cutting: false,
            commit_time: Duration::from_micros(200),
            batch_count: counter,
        };
        Self { actor: mailbox::start_on(arbiter, WAITING_MAX, actor), waiting, batch_count }
    }

    /// How many transactions with commits were written since the start.
    #[must_use]
    pub fn batch_count(&self) -> u64 {
        self.batch_count.load(Ordering::Relaxed)
    }

    /// Writes a commit and answers when it is durable.
    pub async fn append(&self, commit: Commit, lane: Lane) -> Result<Written, StoreError> {
        let (reply, written) = oneshot::channel();
        self.wait(|waiting| {
            let lane = match lane {
                Lane::People => &mut waiting.people,
                Lane::Clockwork => &mut waiting.clockwork,
            };
            lane.push_back((commit, reply));
        })?;
        written.await.map_err(|_| gone())?
    }

    /// Writes chores and answers when they are durable.
    pub async fn chores(&self, chores: Vec<Chore>) -> Result<(), StoreError> {
        let (reply, written) = oneshot::channel();
        self.wait(|waiting| waiting.chores.push((chores, reply)))?;
        written.await.map_err(|_| gone())?
    }

    fn wait(&self, push: impl FnOnce(&mut Waiting)) -> Result<(), StoreError> {
        let mut waiting = lock(&self.waiting);
        if waiting.is_closed || waiting.count() >= WAITING_MAX {
            return Err(gone());
        }
        push(&mut waiting);
        if !waiting.is_enough() {
            return Ok(());
        }
        waiting.tell = Tell::Nothing;
        drop(waiting);
        self.actor.try_send(Look).map_err(|_| {
            lock(&self.waiting).close();
            gone()
        })
    }
}

/// Nothing panics while it is held.
fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

fn gone() -> StoreError {
    StoreError::Unavailable("the journal takes no more for now".to_owned())
}

struct JournalActor {
    store: store::Handle,
    /// Batches that the store writes at the same time.
    writers: usize,
    waiting: Arc<Mutex<Waiting>>,
    /// Batches that the store is writing. No stream is in two of them, because its actor waits for
    /// the answer. None waits behind them: what people ask meanwhile goes before it.
    in_flight: usize,
    /// A store with several writers writes chores one batch after the other all the same: one that
    /// brings more would only wait.
    are_chores_in_flight: bool,
    /// Is the next batch about to be cut?
    is_cutting: bool,
    /// What a commit takes on this disk, as lately seen.
    commit_time: Duration,
    batch_count: Arc<AtomicU64>,
}

impl Actor for JournalActor {
    type Context = Context<Self>;
}

impl Drop for JournalActor {
    fn drop(&mut self) {
        lock(&self.waiting).close();
    }
}

/// Enough waits.
#[derive(Message)]
#[rtype(result = "()")]
struct Look;

impl Handler<Look> for JournalActor {
    type Result = ();

    fn handle(&mut self, _: Look, context: &mut Context<Self>) {
        self.write_soon(context);
    }
}

impl JournalActor {
    /// Starts a batch if the store has nothing to do, or a large one beside what is written. What
    /// arrives in the same breath comes along: the batch is cut only when the arbiter has handled
    /// what is in the mailbox.
    fn write_soon(&mut self, context: &mut Context<Self>) {
        if self.is_cutting {
            return;
        }
        let mut waiting = lock(&self.waiting);
        waiting.tell = self.worth(&waiting);
        if !waiting.is_enough() {
            return;
        }
        waiting.tell = Tell::Nothing;
        drop(waiting);
        self.is_cutting = true;
        context.spawn(tokio::task::yield_now().into_actor(self).map(|(), actor, context| {
            actor.is_cutting = false;
            actor.write_batch(context);
        }));
    }

    /// What is worth a batch now.
    fn worth(&self, waiting: &Waiting) -> Tell {
        if self.in_flight == 0 {
            Tell::All
        } else if self.in_flight < self.writers {
            Tell::Commits(self.fitting(waiting).min(BESIDE_MIN))
        } else {
            Tell::Nothing
        }
    }

    fn write_batch(&mut self, context: &mut Context<Self>) {
        let mut waiting = lock(&self.waiting);
        let (commits, replies) = self.cut(&mut waiting);
        let would_wait = self.writers > 1 && self.are_chores_in_flight;
        let taken = if would_wait { 0 } else { waiting.chores.len() };
        let (chores, chore_replies): (Vec<_>, Vec<_>) = waiting.chores.drain(..taken).unzip();
        drop(waiting);
        let chores: Vec<Chore> = chores.into_iter().flatten().collect();
        if commits.is_empty() && chores.is_empty() {
            return self.write_soon(context);
        }
        let began_at = Instant::now();
        self.in_flight += 1;
        let has_chores = !chores.is_empty();
        self.are_chores_in_flight |= has_chores;
        let count = u32::try_from(commits.len()).unwrap_or(u32::MAX);
        let store = Arc::clone(&self.store);
        let write = async move {
            failpoint::pass(Point::JournalBeforeBatch);
            let written = store.write(commits, chores).await;
            failpoint::pass(Point::JournalAfterBatch);
            written
        };
        context.spawn(write.into_actor(self).map(move |written, actor, context| {
            actor.in_flight -= 1;
            actor.are_chores_in_flight &= !has_chores;
            if count > 0 {
                actor.batch_count.fetch_add(1, Ordering::Relaxed);
                let each = began_at.elapsed() / count;
                actor.commit_time = (actor.commit_time * 3 + each) / 4;
            }
            answer(written, replies, chore_replies);
            actor.write_soon(context);
        }));
        self.write_soon(context);
    }

    /// As many commits as the time of a batch allows on this disk. The nearest power of two,
    /// because statements over many rows are prepared for those.
    fn fitting(&self, waiting: &Waiting) -> usize {
        let time = if waiting.people.is_empty() { BATCH_TIME } else { PEOPLE_TIME };
        let fitting = time.as_micros() / self.commit_time.as_micros().max(1);
        let fitting = usize::try_from(fitting).unwrap_or(BATCH_MAX).clamp(BATCH_MIN, BATCH_MAX);
        (fitting * 4 / 3 + 1).next_power_of_two() / 2
    }

    /// The commits of the next batch: as many as fit, people first.
    fn cut(&self, waiting: &mut Waiting) -> (Vec<Commit>, Vec<Reply>) {
        let count = self.fitting(waiting);
        let people = count.min(waiting.people.len());
        let clockwork = (count - people).min(waiting.clockwork.len());
        waiting.people.drain(..people).chain(waiting.clockwork.drain(..clockwork)).unzip()
    }
}

fn answer(
    written: Result<Vec<Written>, StoreError>,
    replies: Vec<Reply>,
    chore_replies: Vec<ChoreReply>,
) {
    // Whoever asked may have gone; what is written stays written.
    match written {
        Ok(written) => {
            for (reply, written) in replies.into_iter().zip(written) {
                let _ = reply.send(Ok(written));
            }
            for reply in chore_replies {
                let _ = reply.send(Ok(()));
            }
        }
        Err(error) => {
            tracing::error!(%error, "a batch was not written");
            for reply in replies {
                let _ = reply.send(Err(error.clone()));
            }
            for reply in chore_replies {
                let _ = reply.send(Err(error.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use actix::{Arbiter, System};
    use futures_util::future::join_all;

    use super::*;
    use crate::domain::calendar::Timestamp;
    use crate::store::memory::MemoryStore;

    fn forget() -> Vec<Chore> {
        vec![Chore::ForgetTokens { before: Timestamp::MIN }]
    }

    #[test]
    fn whoever_asks_a_writer_that_has_ended_is_told_so() {
        System::new().block_on(async {
            let arbiter = Arbiter::new();
            let journal = Journal::start(Arc::new(MemoryStore::new()), &arbiter.handle());
            journal.chores(forget()).await.expect("written");
            arbiter.stop();
            arbiter.join().expect("a thread");
            for asked in join_all((0..3).map(|_| journal.chores(forget()))).await {
                assert!(matches!(asked, Err(StoreError::Unavailable(_))), "{asked:?}");
            }
        });
    }

    /// It is told once of what comes while it is at work, and forgets none of it.
    #[test]
    fn what_comes_while_the_writer_is_at_work_is_written_too() {
        System::new().block_on(async {
            let arbiter = Arbiter::new();
            let journal = Journal::start(Arc::new(MemoryStore::new()), &arbiter.handle());
            for _ in 0..50 {
                let asked = join_all((0..50).map(|_| journal.chores(forget()))).await;
                assert!(asked.into_iter().all(|asked| asked.is_ok()));
            }
            arbiter.stop();
            arbiter.join().expect("a thread");
        });
    }
}
