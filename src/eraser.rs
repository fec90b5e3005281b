//! The erasure of closed accounts, after the last letter: key, sealed texts and deliveries, then the
//! mail files and the traces in the store's own files. Who bought is sealed again for the invoices
//! that are kept, and destroyed when the retention ends (D49).
//!
//! [`Eraser::run_once`] is a plain function of the instant that does whatever the store says is next;
//! what is broken off anywhere goes on from there. It promises that an account is said to be erased
//! only after nothing personal of it can be found here any more.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use actix::{
    Actor, ActorFutureExt, Addr, ArbiterHandle, AsyncContext, AtomicResponse, Context, Handler,
    Message, WrapFuture,
};

use crate::actors::{Accounts, ExecuteError};
use crate::clock::Clock;
use crate::config::Retention;
use crate::domain::calendar::Timestamp;
use crate::domain::ids::{AccountId, StreamId};
use crate::failpoint::{self, Point};
use crate::outbox::sender::Sender;
use crate::store::seal::{SealError, Vault};
use crate::store::{Chore, DocumentQuery, Erasure, ErasureStage, Retained, StoreError};

/// Accounts that are erased at once.
const PAGE: u32 = 100;
/// How long it rests after it could not end what it began.
const REST: Duration = Duration::from_mins(1);

/// Why an erasure did not go on. It is tried again.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// The store or its writer failed.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    /// Mail files could not be deleted.
    #[error("the mail files could not be deleted")]
    Mail(#[source] io::Error),
    /// Who bought could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Somebody reads the store's files.
    #[error("the store's files are being read: traces of what was destroyed stay in them for now")]
    BeingRead,
}

impl From<StoreError> for EraseError {
    fn from(error: StoreError) -> Self {
        Self::Execute(error.into())
    }
}

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// Accounts whose key was destroyed.
    pub destroyed_count: usize,
    /// Accounts of which nothing is left but the buyer on their invoices.
    pub erased_count: usize,
    /// Accounts whose retention ended, and of which nothing is left.
    pub swept_count: usize,
}

impl Erased {
    /// Did it find nothing to do?
    #[must_use]
    pub fn is_idle(&self) -> bool {
        *self == Self::default()
    }
}

/// Erases closed accounts.
#[derive(Clone)]
pub struct Eraser {
    accounts: Accounts,
    vault: Vault,
    sender: Sender,
    retention: Retention,
}

impl Eraser {
    /// An eraser over the house.
    #[must_use]
    pub const fn new(
        accounts: Accounts,
        vault: Vault,
        sender: Sender,
        retention: Retention,
    ) -> Self {
        Self { accounts, vault, sender, retention }
    }

    /// Takes every erasure as far as it can go at `now`.
    pub async fn run_once(&self, now: Timestamp) -> Result<Erased, EraseError> {
        let store = &self.vault.store;
        let waiting = store.erasures(ErasureStage::Waiting, Timestamp::MAX, PAGE).await?;
        let mut chores = Vec::with_capacity(waiting.len());
        let mails = self.count_mails(&waiting).await?;
        for Erasure { stream, .. } in &waiting {
            let (stream, retained) = (*stream, self.retained(*stream).await?);
            let mail_count = mails.get(&stream).copied().unwrap_or(0);
            chores.push(Chore::Destroy { stream, at: now, retained, mail_count });
        }
        let ended =
            store.erasures(ErasureStage::Erased, self.retention.ended_for(now), PAGE).await?;
        // One that is swept already is not swept again, and has nothing left.
        chores.extend(ended.iter().map(|erasure| Chore::Sweep { stream: erasure.stream, at: now }));
        if !chores.is_empty() {
            failpoint::pass(Point::EraserBeforeDestroy);
            self.accounts.chores(chores).await?;
            failpoint::pass(Point::EraserAfterDestroy);
        }
        let (erased_count, swept_count) = self.scrub(now).await?;
        Ok(Erased { destroyed_count: waiting.len(), erased_count, swept_count })
    }

    async fn count_mails(
        &self,
        erasures: &[Erasure],
    ) -> Result<BTreeMap<StreamId, u64>, EraseError> {
        if erasures.is_empty() {
            return Ok(BTreeMap::new());
        }
        let streams = erasures.iter().map(|erasure| erasure.stream).collect();
        self.sender.outbox().count_mails(streams).await.map_err(EraseError::Mail)
    }

    /// Who bought, sealed again, if the account has invoices.
    async fn retained(&self, stream: StreamId) -> Result<Option<Retained>, EraseError> {
        let StreamId::Account(account) = stream else { return Ok(None) };
        if !self.has_documents(account).await? {
            return Ok(None);
        }
        let profile = self.vault.profile(stream).await?;
        Ok(profile.map(|profile| self.vault.retain(stream, &profile.into())).transpose()?)
    }

    async fn has_documents(&self, account: AccountId) -> Result<bool, StoreError> {
        let query = DocumentQuery { account, month: None, before: None, limit: 1 };
        Ok(!self.vault.store.documents(query).await?.is_empty())
    }

    /// Removes the traces of what was destroyed.
    async fn scrub(&self, now: Timestamp) -> Result<(usize, usize), EraseError> {
        let store = &self.vault.store;
        let scrubbing = store.erasures(ErasureStage::Scrubbing, Timestamp::MAX, PAGE).await?;
        let sweeping = store.erasures(ErasureStage::Sweeping, Timestamp::MAX, PAGE).await?;
        if scrubbing.is_empty() && sweeping.is_empty() {
            return Ok((0, 0));
        }
        if !store.scrub().await? {
            return Err(EraseError::BeingRead);
        }
        failpoint::pass(Point::EraserAfterScrub);
        let streams: BTreeSet<StreamId> = scrubbing.iter().map(|erasure| erasure.stream).collect();
        if !streams.is_empty() {
            self.sender.outbox().forget_mails(streams).await.map_err(EraseError::Mail)?;
        }
        failpoint::pass(Point::EraserAfterMails);
        let all = scrubbing.iter().chain(&sweeping);
        let chores = all.map(|erasure| Chore::Scrubbed { stream: erasure.stream, at: now });
        self.accounts.chores(chores.collect()).await?;
        failpoint::pass(Point::EraserAfterEnd);
        for erasure in &scrubbing {
            tracing::info!(account.id = %erasure.stream, "erased: its personal data is destroyed");
        }
        for erasure in &sweeping {
            tracing::info!(account.id = %erasure.stream, "swept: its retention has ended");
        }
        Ok((scrubbing.len(), sweeping.len()))
    }

    /// Starts an actor on `arbiter` that runs it `every` so often. Under a manual clock it only
    /// runs when told.
    #[must_use]
    pub fn start(self, clock: &Clock, every: Duration, arbiter: &ArbiterHandle) -> Handle {
        let clock = clock.clone();
        let eraser = Arc::new(self);
        let actor =
            EraserActor::start_in_arbiter(arbiter, move |_| EraserActor { eraser, clock, every });
        Handle { actor }
    }
}

/// The handle to the eraser that runs.
#[derive(Clone)]
pub struct Handle {
    actor: Addr<EraserActor>,
}

impl Handle {
    /// Runs it once, after whatever run is under way.
    pub async fn run_once(&self, now: Timestamp) -> Result<Erased, EraseError> {
        let gone = |_| StoreError::Unavailable("the eraser is gone".to_owned());
        self.actor.send(Run { now }).await.map_err(gone)?
    }
}

struct EraserActor {
    eraser: Arc<Eraser>,
    clock: Clock,
    every: Duration,
}

impl Actor for EraserActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        if !self.clock.is_manual() {
            context.notify(Tick);
        }
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Tick;

impl Handler<Tick> for EraserActor {
    type Result = ();

    fn handle(&mut self, _: Tick, context: &mut Context<Self>) {
        let me = context.address();
        let now = self.clock.now();
        let run = async move { me.send(Run { now }).await };
        context.spawn(run.into_actor(self).map(|ran, actor, context| {
            let mut wait = actor.every;
            if let Ok(Err(error)) = ran {
                tracing::warn!(%error, "an erasure did not come to its end; it is tried again");
                wait = REST;
            }
            context.run_later(wait, |_, context| context.notify(Tick));
        }));
    }
}

#[derive(Message)]
#[rtype(result = "Result<Erased, EraseError>")]
struct Run {
    now: Timestamp,
}

impl Handler<Run> for EraserActor {
    type Result = AtomicResponse<Self, Result<Erased, EraseError>>;

    fn handle(&mut self, Run { now }: Run, _: &mut Context<Self>) -> Self::Result {
        let eraser = Arc::clone(&self.eraser);
        let run = async move { eraser.run_once(now).await };
        AtomicResponse::new(Box::pin(run.into_actor(self)))
    }
}
