//! The journal's one writer: it gathers the commits of all streams and writes them in as few
//! transactions as the disk allows. People go before clockwork. A batch is cut by the time it
//! will take, so that nobody waits long behind it. No business code runs here.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix::{
    Actor, ActorFutureExt, Addr, ArbiterHandle, AsyncContext, Context, Handler, Message, WrapFuture,
};
use tokio::sync::oneshot;

use super::Lane;
use crate::failpoint::{self, Point};
use crate::store::{self, Chore, Commit, StoreError, Written};

/// How long one transaction should take.
const BATCH_TIME: Duration = Duration::from_millis(4);
/// Batches that the store is given at once.
const IN_FLIGHT_MAX: usize = 2;
/// Commits in one transaction, at the least and at the most.
const BATCH_MIN: usize = 8;
const BATCH_MAX: usize = 1024;
/// Commits that may wait.
const WAITING_MAX: usize = 65_536;

type Reply = oneshot::Sender<Result<Written, StoreError>>;
type ChoreReply = oneshot::Sender<Result<(), StoreError>>;

/// The handle to the journal.
#[derive(Clone)]
pub struct Journal {
    actor: Addr<JournalActor>,
    batch_count: Arc<AtomicU64>,
}

impl Journal {
    /// Starts the writer on `arbiter`.
    #[must_use]
    pub fn start(store: store::Handle, arbiter: &ArbiterHandle) -> Self {
        let batch_count = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&batch_count);
        let actor = |context: &mut Context<JournalActor>| {
            context.set_mailbox_capacity(WAITING_MAX);
            JournalActor {
                store,
                people: VecDeque::new(),
                clockwork: VecDeque::new(),
                chores: Vec::new(),
                in_flight: 0,
                is_cutting: false,
                ended_at: Instant::now(),
                commit_time: Duration::from_micros(200),
                batch_count: counter,
            }
        };
        Self { actor: JournalActor::start_in_arbiter(arbiter, actor), batch_count }
    }

    /// How many transactions with commits were written since the start.
    #[must_use]
    pub fn batch_count(&self) -> u64 {
        self.batch_count.load(Ordering::Relaxed)
    }

    /// Writes a commit and answers when it is durable.
    pub async fn append(&self, commit: Commit, lane: Lane) -> Result<Written, StoreError> {
        let (reply, written) = oneshot::channel();
        self.actor.try_send(Append { commit, lane, reply }).map_err(|_| gone())?;
        written.await.map_err(|_| gone())?
    }

    /// Writes chores and answers when they are durable.
    pub async fn chores(&self, chores: Vec<Chore>) -> Result<(), StoreError> {
        let (reply, written) = oneshot::channel();
        self.actor.try_send(Chores { chores, reply }).map_err(|_| gone())?;
        written.await.map_err(|_| gone())?
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable("the journal takes no more for now".to_owned())
}

struct JournalActor {
    store: store::Handle,
    people: VecDeque<(Commit, Reply)>,
    clockwork: VecDeque<(Commit, Reply)>,
    chores: Vec<(Vec<Chore>, ChoreReply)>,
    /// Batches handed to the store: one that is written, and at most one that waits behind it, so
    /// that the store's thread never waits for this one.
    in_flight: usize,
    /// Is the next batch about to be cut?
    is_cutting: bool,
    /// When the last batch was durable.
    ended_at: Instant,
    /// What a commit takes on this disk, as lately seen.
    commit_time: Duration,
    batch_count: Arc<AtomicU64>,
}

impl Actor for JournalActor {
    type Context = Context<Self>;
}

#[derive(Message)]
#[rtype(result = "()")]
struct Append {
    commit: Commit,
    lane: Lane,
    reply: Reply,
}

#[derive(Message)]
#[rtype(result = "()")]
struct Chores {
    chores: Vec<Chore>,
    reply: ChoreReply,
}

impl Handler<Append> for JournalActor {
    type Result = ();

    fn handle(&mut self, append: Append, context: &mut Context<Self>) {
        let lane = match append.lane {
            Lane::People => &mut self.people,
            Lane::Clockwork => &mut self.clockwork,
        };
        lane.push_back((append.commit, append.reply));
        self.write_soon(context);
    }
}

impl Handler<Chores> for JournalActor {
    type Result = ();

    fn handle(&mut self, chores: Chores, context: &mut Context<Self>) {
        self.chores.push((chores.chores, chores.reply));
        self.write_soon(context);
    }
}

impl JournalActor {
    /// Starts a batch if the store has nothing to do, or a whole one behind the batch that is
    /// written. What arrives in the same breath comes along: the batch is cut only when the
    /// arbiter has handled what is in the mailbox.
    fn write_soon(&mut self, context: &mut Context<Self>) {
        let is_whole = self.people.len() + self.clockwork.len() >= self.fitting();
        let may_write = self.in_flight == 0 || (self.in_flight < IN_FLIGHT_MAX && is_whole);
        if self.is_cutting || !may_write {
            return;
        }
        self.is_cutting = true;
        context.spawn(tokio::task::yield_now().into_actor(self).map(|(), actor, context| {
            actor.is_cutting = false;
            actor.write_batch(context);
        }));
    }

    fn write_batch(&mut self, context: &mut Context<Self>) {
        let (commits, replies) = self.cut();
        let (chores, chore_replies): (Vec<_>, Vec<_>) = self.chores.drain(..).unzip();
        let chores: Vec<Chore> = chores.into_iter().flatten().collect();
        if commits.is_empty() && chores.is_empty() {
            return;
        }
        self.in_flight += 1;
        let count = u32::try_from(commits.len()).unwrap_or(u32::MAX);
        let store = Arc::clone(&self.store);
        let handed_at = Instant::now();
        let write = async move {
            failpoint::pass(Point::JournalBeforeBatch);
            let written = store.write(commits, chores).await;
            failpoint::pass(Point::JournalAfterBatch);
            written
        };
        context.spawn(write.into_actor(self).map(move |written, actor, context| {
            actor.in_flight -= 1;
            let began_at = handed_at.max(actor.ended_at);
            actor.ended_at = Instant::now();
            if count > 0 {
                actor.batch_count.fetch_add(1, Ordering::Relaxed);
                let each = actor.ended_at.duration_since(began_at) / count;
                actor.commit_time = (actor.commit_time * 3 + each) / 4;
            }
            answer(written, replies, chore_replies);
            actor.write_soon(context);
        }));
        self.write_soon(context);
    }

    /// As many commits as [`BATCH_TIME`] allows on this disk.
    fn fitting(&self) -> usize {
        let fitting = BATCH_TIME.as_micros() / self.commit_time.as_micros().max(1);
        usize::try_from(fitting).unwrap_or(BATCH_MAX).clamp(BATCH_MIN, BATCH_MAX)
    }

    /// The commits of the next batch: as many as [`BATCH_TIME`] allows, people first.
    fn cut(&mut self) -> (Vec<Commit>, Vec<Reply>) {
        let count = self.fitting();
        let people = count.min(self.people.len());
        let clockwork = (count - people).min(self.clockwork.len());
        self.people.drain(..people).chain(self.clockwork.drain(..clockwork)).unzip()
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
