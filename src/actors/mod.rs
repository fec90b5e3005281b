//! One writer for each stream. The rest of the house holds [`Accounts`] and does not know that
//! actors exist.
//!
//! - [`execute`] is the turn of a stream as a plain function: look up, settle what is due,
//!   decide, one commit, keep; [`gather`] puts the commit together.
//! - [`account`] is a mailbox and a slot around it; [`directory`] finds, starts and retires them;
//!   [`journal`] groups their commits; [`loader`] groups their reads and makes them a [`slot`]
//!   each; [`mailbox`] is how their mailboxes are made.
//! - [`tell`] is what streams tell each other: a campaign an account, an account a campaign.
//!
//! There are no locks here, no clock reads, and nothing uncommitted is ever visible.

mod account;
mod directory;
mod execute;
mod failure;
mod gather;
mod journal;
mod loader;
mod mailbox;
mod ports;
mod slot;
pub mod tell;

use std::collections::BTreeMap;

use actix::Addr;
use tokio::sync::oneshot;

use self::directory::Directory;
pub use self::journal::Journal;
pub use self::ports::{Committed, Limits, Ports};
use crate::domain::calendar::Timestamp;
use crate::domain::command::{Answer, Command};
use crate::domain::ids::StreamId;
use crate::domain::record::Cause;
use crate::domain::rejection::Rejection;
use crate::domain::stream::{State, Tally};
use crate::store::{Chore, Claim, Digest, StoreError};

/// Who goes first where there is a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Somebody waits for the answer.
    People,
    /// Schedulers and senders.
    Clockwork,
}

/// The token of a request, unique in its stream (R4.11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// As it was given.
    pub text: String,
    /// The keyed hash of the request's parameters (R4.12).
    pub fingerprint: Digest,
}

/// A command with everything that comes along with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// What is asked. References to what is sealed count from 0 in `sidecar`; the executor gives
    /// them their numbers in the stream.
    pub command: Command,
    /// Who asks.
    pub cause: Cause,
    /// The token it came under.
    pub token: Option<Token>,
    /// What is personal: sealed beside the journal if the command is accepted.
    pub sidecar: Vec<String>,
    /// Claims that must be free.
    pub claims: Vec<Claim>,
    /// Its lane.
    pub lane: Lane,
}

impl Request {
    /// A request with nothing but its command.
    #[must_use]
    pub const fn new(command: Command, cause: Cause, lane: Lane) -> Self {
        Self { command, cause, token: None, sidecar: Vec::new(), claims: Vec::new(), lane }
    }
}

/// What a command came to, once it is durable.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// The stream.
    pub stream: StreamId,
    /// The record that tells it; the last one if nothing was recorded.
    pub seq: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// The answer.
    pub answer: Answer,
    /// Was it answered before, under the same token?
    pub replayed: bool,
    /// Due steps that were settled on the way, by kind.
    pub steps: BTreeMap<&'static str, Tally>,
}

/// A stream as it stands: nothing uncommitted.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The state.
    pub state: State,
    /// Its last record.
    pub seq: u64,
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// The business says no. Nothing changed but what was due anyway.
    #[error("rejected: {0}")]
    Rejected(#[from] Rejection),
    /// Too much waits for this stream; try again shortly.
    #[error("too much waits for this account; try again shortly")]
    Busy,
    /// The store failed; nothing was written.
    #[error("not carried out")]
    Store(#[from] StoreError),
    /// The actor went away before it answered: the outcome is unknown, and repeating the request
    /// with its token is safe.
    #[error("the outcome is unknown; repeat the request with the same token")]
    OutcomeUnknown,
    /// The account was set aside after repeated failure and needs an operator.
    #[error("the account is parked: {0}")]
    Parked(String),
}

/// Where the answer to a question goes.
type Reply<T> = oneshot::Sender<Result<T, ExecuteError>>;

/// What can be asked of a stream.
enum Ask {
    /// Execute a command.
    Execute(Box<Request>, Reply<Receipt>),
    /// Decide it on a copy.
    Preview(Box<Request>, Reply<Receipt>),
    /// Show the state.
    View(Reply<View>),
}

/// The handle to all streams.
#[derive(Clone)]
pub struct Accounts {
    directory: Addr<Directory>,
    journal: Journal,
    ports: Ports,
}

impl Accounts {
    /// Starts the directory on an arbiter of its own.
    #[must_use]
    pub fn start(ports: Ports, journal: Journal, arbiter: &actix::ArbiterHandle) -> Self {
        let directory = Directory::start(ports.clone(), journal.clone(), arbiter);
        Self { directory, journal, ports }
    }

    /// Executes a command and answers once it is durable.
    pub async fn execute(
        &self,
        stream: StreamId,
        request: Request,
    ) -> Result<Receipt, ExecuteError> {
        self.ask(stream, |reply| Ask::Execute(Box::new(request), reply)).await
    }

    /// Decides a command on a copy and writes nothing (`dry_run`).
    pub async fn preview(
        &self,
        stream: StreamId,
        request: Request,
    ) -> Result<Receipt, ExecuteError> {
        self.ask(stream, |reply| Ask::Preview(Box::new(request), reply)).await
    }

    /// The stream as it stands.
    pub async fn view(&self, stream: StreamId) -> Result<View, ExecuteError> {
        self.ask(stream, Ask::View).await
    }

    /// The stream as it is stored, and when its last record was written: for whoever goes through
    /// the whole book. No actor is started for it, so that nothing is kept live.
    pub async fn peek(&self, stream: StreamId) -> Result<(View, Timestamp), ExecuteError> {
        execute::peek(&self.ports, stream).await.map_err(|failure| failure.error())
    }

    async fn ask<T>(
        &self,
        stream: StreamId,
        ask: impl FnOnce(Reply<T>) -> Ask,
    ) -> Result<T, ExecuteError> {
        let (reply, answer) = oneshot::channel();
        self.directory
            .try_send(directory::Forward { stream, ask: ask(reply) })
            .map_err(|_| ExecuteError::Busy)?;
        answer.await.unwrap_or(Err(ExecuteError::OutcomeUnknown))
    }

    /// Writes chores through the journal's one writer.
    pub async fn chores(&self, chores: Vec<Chore>) -> Result<(), ExecuteError> {
        self.journal.chores(chores).await.map_err(ExecuteError::Store)
    }

    /// How many transactions with commits were written since the start.
    #[must_use]
    pub fn batch_count(&self) -> u64 {
        self.journal.batch_count()
    }

    /// How many account actors live.
    #[must_use]
    pub fn live_count(&self) -> u64 {
        self.ports.live_count()
    }

    /// What the actors share: the clock, the house, the store.
    #[must_use]
    pub const fn ports(&self) -> &Ports {
        &self.ports
    }
}
