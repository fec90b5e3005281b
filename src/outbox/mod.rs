//! The outbox: what the journal decided that the world must be told goes out from here, at least
//! once, under keys that never change.
//!
//! [`Outbox::run_once`] is a plain function: it takes what is ready, delivers it, writes back how
//! that went, and says when it should be called again. Timers and actors around it are somebody
//! else's. It promises:
//!
//! - a delivery that was taken by the other side is settled before the run ends;
//! - one that was not is tried again, ever more rarely, until its window closes (`dead`);
//! - one that is useless by now is recorded as `void`, not sent;
//! - a row, once settled, says in words why it stands as it does, with no address in it.
//!
//! It doesn't promise exactly-once: a crash between sending and writing back sends again, with the
//! same Message-ID, webhook id or token.

#[cfg(test)]
mod change_letters;
#[cfg(test)]
mod closure_end_letters;
#[cfg(test)]
mod closure_letters;
mod embedded;
#[cfg(test)]
mod fake;
mod files;
#[cfg(test)]
mod letters;
pub mod mailer;
mod markup;
#[cfg(test)]
mod order_letters;
#[cfg(test)]
mod overrides;
#[cfg(test)]
mod payg_letters;
mod payload;
mod relay;
mod retry;
mod run;
mod samples;
pub mod sender;
pub mod templates;
#[cfg(test)]
mod tests;
mod values;
pub mod webhooks;
mod words;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream;

use crate::actors::{Accounts, ExecuteError, Receipt, Request};
use crate::config::Config;
use crate::domain::calendar::Timestamp;
use crate::domain::event::SealedRef;
use crate::domain::ids::StreamId;
use crate::store::{
    self, Channel, Chore, Delivery, DeliveryQuery, DeliveryState, OutboxDepth, StoreError,
};

use mailer::Mailer;
use retry::{Breaker, Policy};
use templates::Templates;
use webhooks::Webhooks;

pub use run::{Counts, Run, SentMail};

/// Deliveries that are taken at once.
const PAGE: u32 = 128;
/// Webhooks and commands that are under way at once.
const CONCURRENCY: usize = 16;
/// Pages of waiting webhooks that are looked through for the next attempt.
const PAGES_MAX: usize = 4;

/// Who an account belongs to, as far as a mail needs to know.
#[derive(Clone, PartialEq, Eq)]
pub struct Profile {
    /// How to address them; may be empty.
    pub name: String,
    /// Where to write to.
    pub email: String,
}

impl fmt::Debug for Profile {
    /// Says nothing: profiles must not reach a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Profile(…)")
    }
}

/// Where addresses come from: effects carry none.
#[async_trait]
pub trait Addresses: Send + Sync {
    /// The profile of the account behind `stream`; `None` if there is none, or no longer.
    async fn profile(&self, stream: StreamId) -> Result<Option<Profile>, StoreError>;

    /// What is sealed under a reference of `stream`; `None` if it is not there, or no longer.
    async fn note(&self, stream: StreamId, note: SealedRef) -> Result<Option<String>, StoreError>;
}

/// Stands where mail servers and webhook endpoints stand, in a world that is made of memory: what
/// goes out is handed to it after everything that happens before a connection is made, but for the
/// form that a mail has on the wire.
pub trait Receiver: Send + Sync {
    /// Takes a mail, or says why it cannot be reached.
    fn mail(&self, mail: mailer::Kept) -> Result<(), String>;

    /// Takes a webhook, or says why it cannot be reached.
    fn webhook(&self, webhook: webhooks::Posted) -> Result<(), String>;
}

/// What a product is called among people, by its key; `None` for an unknown one.
pub type Names = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What the outbox asks of the house.
#[async_trait(?Send)]
pub trait Desk: Send + Sync {
    /// Deliveries that are ready, oldest first; see [`store::Store::ready`].
    async fn ready(
        &self,
        channel: Channel,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// A page of deliveries; see [`store::Store::deliveries`].
    async fn deliveries(&self, query: DeliveryQuery) -> Result<Vec<Delivery>, StoreError>;

    /// How the channels stand; see [`store::Store::outbox_depth`].
    async fn depth(&self) -> Result<BTreeMap<Channel, OutboxDepth>, StoreError>;

    /// Writes down how deliveries went.
    async fn chores(&self, chores: Vec<Chore>) -> Result<(), ExecuteError>;

    /// Executes a command on a stream.
    async fn execute(&self, stream: StreamId, request: Request) -> Result<Receipt, ExecuteError>;
}

/// The house as it is: its store and its accounts.
struct House {
    store: store::Handle,
    accounts: Accounts,
}

#[async_trait(?Send)]
impl Desk for House {
    async fn ready(
        &self,
        channel: Channel,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.store.ready(channel, now, limit).await
    }

    async fn deliveries(&self, query: DeliveryQuery) -> Result<Vec<Delivery>, StoreError> {
        self.store.deliveries(query).await
    }

    async fn depth(&self) -> Result<BTreeMap<Channel, OutboxDepth>, StoreError> {
        self.store.outbox_depth().await
    }

    async fn chores(&self, chores: Vec<Chore>) -> Result<(), ExecuteError> {
        self.accounts.chores(chores).await
    }

    async fn execute(&self, stream: StreamId, request: Request) -> Result<Receipt, ExecuteError> {
        self.accounts.execute(stream, request).await
    }
}

/// Why an outbox cannot be built from its configuration.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// A key has a value that cannot be used.
    #[error("{key}: {message}")]
    Setting {
        /// Which key.
        key: String,
        /// What is wrong with it.
        message: String,
    },
    /// A template is wrong; all that are.
    #[error("mail.templates: {} templates are wrong, the first is {}", .0.len(), first(.0))]
    Templates(Vec<templates::Problem>),
}

fn first(problems: &[templates::Problem]) -> String {
    problems.first().map(ToString::to_string).unwrap_or_default()
}

impl OutboxError {
    fn setting(key: impl Into<String>, message: &(impl fmt::Display + ?Sized)) -> Self {
        Self::Setting { key: key.into(), message: message.to_string() }
    }
}

/// What an attempt came to, in words without addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    /// The other side took it.
    Sent(String),
    /// It is not to be sent.
    Void(String),
    /// It will never be taken.
    Dead(String),
    /// Something about this delivery failed for now.
    Failed(String),
    /// The other side cannot be reached: it is the same for all that goes there.
    Unreachable(String),
}

/// Everything that goes out, and how.
pub struct Outbox {
    desk: Arc<dyn Desk>,
    mailer: Mailer,
    webhooks: Webhooks,
    policy: Policy,
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl Outbox {
    /// The outbox of a house. Everything that can be wrong with its configuration is found here,
    /// not at the first mail: addresses, secrets, URLs, templates.
    pub fn open(
        config: &Config,
        store: store::Handle,
        accounts: Accounts,
        addresses: Arc<dyn Addresses>,
        names: Names,
    ) -> Result<Self, OutboxError> {
        Self::over(config, Arc::new(House { store, accounts }), addresses, names)
    }

    /// The outbox of a house whose mail and webhooks go to `receiver`, whatever its configuration
    /// says of servers and endpoints.
    pub fn open_to(
        config: &Config,
        receiver: &Arc<dyn Receiver>,
        store: store::Handle,
        accounts: Accounts,
        addresses: Arc<dyn Addresses>,
        names: Names,
    ) -> Result<Self, OutboxError> {
        let templates = Templates::load(&config.mail)?;
        let mailer = Mailer::open(config, templates, addresses, names)?;
        Ok(Self {
            desk: Arc::new(House { store, accounts }),
            mailer: mailer.to(Arc::clone(receiver)),
            webhooks: Webhooks::to(Arc::clone(receiver)),
            policy: Policy::of(&config.outbox),
        })
    }

    /// The outbox over any desk.
    pub fn over(
        config: &Config,
        desk: Arc<dyn Desk>,
        addresses: Arc<dyn Addresses>,
        names: Names,
    ) -> Result<Self, OutboxError> {
        let templates = Templates::load(&config.mail)?;
        // What is embedded was checked when it was built.
        let is_overridden = !config.mail.templates.as_os_str().is_empty();
        let problems = if is_overridden { templates.check() } else { Vec::new() };
        if !problems.is_empty() {
            return Err(OutboxError::Templates(problems));
        }
        Ok(Self {
            desk,
            mailer: Mailer::open(config, templates, addresses, names)?,
            webhooks: Webhooks::open(&config.webhooks, config.outbox.timeout.0)?,
            policy: Policy::of(&config.outbox),
        })
    }

    /// The mails that the memory backend keeps; `None` with another backend.
    #[must_use]
    pub fn memory(&self) -> Option<mailer::Memory> {
        self.mailer.memory()
    }

    /// How many mails of each of these streams are kept here, in their directory or in memory.
    pub async fn count_mails(
        &self,
        streams: BTreeSet<StreamId>,
    ) -> io::Result<BTreeMap<StreamId, u64>> {
        self.mailer.count(streams).await
    }

    /// Deletes the mails of these streams that are kept here, in their directory or in memory.
    pub async fn forget_mails(&self, streams: BTreeSet<StreamId>) -> io::Result<()> {
        self.mailer.forget(streams).await
    }

    /// Delivers everything that is ready at `now`, on all channels side by side. One run at a
    /// time: two at once would send twice.
    pub async fn run_once(&self, now: Timestamp) -> Result<Run, StoreError> {
        let (mail, webhook, tell) = futures_util::future::join3(
            self.drain(Channel::Mail, now),
            self.drain(Channel::Webhook, now),
            self.drain(Channel::Tell, now),
        )
        .await;
        let mut run = mail?;
        run.merge(webhook?);
        run.merge(tell?);
        run.next_at = self.next_at(now).await?;
        Ok(run)
    }

    /// The same for one channel, so that a slow webhook endpoint need not hold up the mail. Runs
    /// of different channels may overlap. It does not say when the next attempt is due.
    pub async fn run_channel(&self, channel: Channel, now: Timestamp) -> Result<Run, StoreError> {
        self.drain(channel, now).await
    }

    /// The channels on which something may be ready at `now`.
    pub async fn waiting(&self, now: Timestamp) -> Result<Vec<Channel>, StoreError> {
        let depths = self.desk.depth().await?;
        let waits = |depth: &OutboxDepth| {
            depth.waiting_count > 0 && depth.next_at.is_none_or(|at| at <= now)
        };
        Ok(depths.into_iter().filter(|(_, depth)| waits(depth)).map(|(of, _)| of).collect())
    }

    async fn drain(&self, channel: Channel, now: Timestamp) -> Result<Run, StoreError> {
        let mut run = Run::default();
        let breaker = RefCell::new(Breaker::default());
        let mut handled = BTreeSet::new();
        loop {
            let mut page = self.desk.ready(channel, now, PAGE).await?;
            // What was handled in this run can only come back if its result was not written;
            // sending it again and again would be worse than leaving it to the next run.
            page.retain(|delivery| handled.insert(delivery.key()));
            if page.is_empty() {
                return Ok(run);
            }
            let mut counts = Counts::default();
            let mut chores = Vec::with_capacity(page.len());
            let mut attempts = stream::iter(page)
                .map(|delivery| self.attempt(delivery, now, &breaker))
                .buffer_unordered(self.concurrency(channel));
            while let Some(settled) = attempts.next().await {
                counts.add(settled.counts);
                run.mails.extend(settled.mail);
                chores.push(settled.chore);
            }
            drop(attempts);
            self.desk.chores(chores).await.map_err(not_written)?;
            run.count(channel, counts);
        }
    }

    fn concurrency(&self, channel: Channel) -> usize {
        match channel {
            Channel::Mail => self.mailer.concurrency(),
            Channel::Webhook | Channel::Tell => CONCURRENCY,
        }
    }

    async fn attempt(
        &self,
        delivery: Delivery,
        now: Timestamp,
        breaker: &RefCell<Breaker>,
    ) -> Settled {
        let lane = delivery.row.endpoint.clone();
        if delivery.row.worth_until < now {
            let why = format!("useless after {}", delivery.row.worth_until);
            return self.settle(&delivery, now, Outcome::Void(why), None);
        }
        if breaker.borrow().is_open(&lane) {
            return self.postpone(&delivery, now);
        }
        let (outcome, mail) = match delivery.row.channel {
            Channel::Mail => self.mailer.deliver(&delivery).await,
            Channel::Webhook => (self.webhooks.deliver(&delivery).await, None),
            Channel::Tell => (relay::deliver(self.desk.as_ref(), &delivery).await, None),
        };
        breaker.borrow_mut().note(&lane, matches!(outcome, Outcome::Unreachable(_)));
        self.settle(&delivery, now, outcome, mail)
    }

    fn settle(
        &self,
        delivery: &Delivery,
        now: Timestamp,
        outcome: Outcome,
        mail: Option<SentMail>,
    ) -> Settled {
        let attempts = delivery.attempts.saturating_add(1);
        let (state, attempts, next_at, text) = match outcome {
            Outcome::Sent(text) => (DeliveryState::Sent, attempts, now, text),
            Outcome::Void(text) => (DeliveryState::Void, delivery.attempts, now, text),
            Outcome::Dead(text) => (DeliveryState::Dead, attempts, now, text),
            Outcome::Failed(text) | Outcome::Unreachable(text) => {
                if let Some(next_at) = self.policy.next(delivery, attempts, now) {
                    (DeliveryState::Waiting, attempts, next_at, text)
                } else {
                    let text = format!("given up after {attempts} attempts: {text}");
                    (DeliveryState::Dead, attempts, now, text)
                }
            }
        };
        log(delivery, state, attempts, next_at, &text);
        let key = delivery.key();
        let chore = Chore::Delivery { key, state, attempts, next_at, outcome: text };
        Settled { chore, counts: Counts::one(state), mail }
    }

    /// Not tried, and not counted as an attempt.
    fn postpone(&self, delivery: &Delivery, now: Timestamp) -> Settled {
        let counts = Counts { postponed: 1, ..Counts::default() };
        let chore = Chore::Delivery {
            key: delivery.key(),
            state: DeliveryState::Waiting,
            attempts: delivery.attempts,
            next_at: self.policy.postponed(delivery, now),
            outcome: "postponed: the other side does not answer".to_owned(),
        };
        Settled { chore, counts, mail: None }
    }

    /// When the next attempt is due, seen from `now`. Not the same as the earliest `next_at` of
    /// the rows that wait: a webhook behind one that waits for its retry is due on paper only, and
    /// whoever waits by that looks again every second for days.
    pub async fn next_at(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let mut next = None;
        for (channel, depth) in self.desk.depth().await? {
            if depth.waiting_count == 0 {
                continue;
            }
            let at = match depth.next_at {
                // A webhook behind one that waits for its retry is due on paper only.
                Some(at) if channel == Channel::Webhook && at <= now => {
                    self.next_webhook_at(now).await?
                }
                at => at,
            };
            next = next.into_iter().chain(at).min();
        }
        Ok(next)
    }

    /// The earliest attempt among the oldest that wait for each endpoint and stream. If more wait
    /// than are looked through it may be later than that, so the answer is soon.
    async fn next_webhook_at(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let mut heads = BTreeMap::new();
        let mut before = None;
        for _ in 0..PAGES_MAX {
            let query = DeliveryQuery {
                state: Some(DeliveryState::Waiting),
                channel: Some(Channel::Webhook),
                before,
                limit: 500,
                ..DeliveryQuery::default()
            };
            let page = self.desk.deliveries(query).await?;
            before = page.last().map(|delivery| (delivery.row.at, delivery.key()));
            for delivery in &page {
                let key = delivery.key();
                let head = heads
                    .entry((delivery.row.endpoint.clone(), delivery.stream))
                    .or_insert((key, delivery.next_at));
                if (key.seq, key.n) <= (head.0.seq, head.0.n) {
                    *head = (key, delivery.next_at);
                }
            }
            if page.len() < 500 {
                return Ok(heads.into_values().map(|(_, at)| at).min());
            }
        }
        Ok(Some(now.plus(self.policy.first)))
    }
}

/// An attempt as it is written down.
struct Settled {
    chore: Chore,
    counts: Counts,
    mail: Option<SentMail>,
}

fn not_written(error: ExecuteError) -> StoreError {
    match error {
        ExecuteError::Store(error) => error,
        ExecuteError::Rejected(_)
        | ExecuteError::Busy
        | ExecuteError::OutcomeUnknown
        | ExecuteError::Parked(_) => {
            StoreError::Unavailable(format!("deliveries were not written down: {error}"))
        }
    }
}

fn log(
    delivery: &Delivery,
    state: DeliveryState,
    attempts: u32,
    next_at: Timestamp,
    outcome: &str,
) {
    let channel = delivery.row.channel.as_str();
    let endpoint = delivery.row.endpoint.as_str();
    let effect = format!("{}/{}/{}", delivery.stream, delivery.row.seq, delivery.row.n);
    match state {
        DeliveryState::Sent => {
            tracing::debug!(channel, endpoint, effect, attempts, outcome, "delivered");
        }
        DeliveryState::Void => {
            tracing::info!(channel, endpoint, effect, outcome, "not sent");
        }
        DeliveryState::Waiting => {
            tracing::warn!(
                channel,
                endpoint,
                effect,
                attempts,
                outcome,
                next_at = %next_at,
                "not delivered, will be tried again"
            );
        }
        DeliveryState::Dead => {
            tracing::error!(channel, endpoint, effect, attempts, outcome, "given up");
        }
    }
}
