//! The house, built bottom-up once: store, actors, schedulers, outbox; then the control socket in
//! front of it. If two parts needed each other, one of them would be a row in the outbox.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use actix_rt::{Arbiter, ArbiterHandle, System};
use anyhow::Context as _;
use async_trait::async_trait;

use crate::actors::{Accounts, Journal, Lane, Limits, Ports, Request};
use crate::clock::{Clock, ManualClock};
use crate::config::{Book, Config};
use crate::domain::agenda::Job;
use crate::domain::command::Command;
use crate::domain::event::SealedRef;
use crate::domain::ids::StreamId;
use crate::domain::nouns::house::House;
use crate::domain::record::{Cause, Record};
use crate::domain::rules::Rules;
use crate::domain::stream::State;
use crate::domain::verbs::apply_rules::ApplyRules;
use crate::eraser::{self, Eraser};
use crate::outbox::sender::Sender;
use crate::outbox::{self, Addresses, Names, Outbox, Receiver};
use crate::scheduler::Schedulers;
use crate::scheduler::cron::CronLine;
use crate::stepper::Stepper;
use crate::store::copy::Tables;
use crate::store::postgres::{PostgresStore, WRITERS};
use crate::store::seal::{Sealer, Vault};
use crate::store::sqlite::SqliteStore;
use crate::store::{Handle, StoreError};

/// The house, running.
pub struct App {
    /// Its configuration.
    pub config: Arc<Config>,
    /// Its clock.
    pub clock: Clock,
    /// Where everything is kept.
    pub store: Handle,
    /// Seals what is personal.
    pub sealer: Sealer,
    /// Opens it.
    pub vault: Vault,
    /// All streams.
    pub accounts: Accounts,
    /// One scheduler a job.
    pub schedulers: Schedulers,
    /// What goes out.
    pub sender: Sender,
    /// What erases closed accounts.
    pub eraser: eraser::Handle,
    /// When the schedulers look.
    pub lines: BTreeMap<Job, CronLine>,
    /// The threads that the actors live on, where they are its own.
    arbiters: Vec<Arbiter>,
}

/// What a house stands on.
pub struct Ground {
    /// Where everything is kept.
    pub store: Handle,
    /// Seals what is personal.
    pub sealer: Sealer,
    /// Takes mail and webhooks, where no servers do.
    pub receiver: Option<Arc<dyn Receiver>>,
    /// The threads.
    pub threads: Threads,
}

/// What lives where: it may all be one thread.
pub struct Threads {
    /// The streams.
    pub streams: ArbiterHandle,
    /// Where streams are read back: on two, because parsing them is most of it.
    pub reading: [ArbiterHandle; 2],
    /// The journal, the schedulers and whatever goes out.
    pub clockwork: ArbiterHandle,
}

impl Threads {
    /// Everything on one thread.
    #[must_use]
    pub fn one(thread: &ArbiterHandle) -> Self {
        let [streams, first, second, clockwork] = [(); 4].map(|()| thread.clone());
        Self { streams, reading: [first, second], clockwork }
    }
}

impl App {
    /// Starts the house. `rules` seed an empty rules timeline; without them an empty timeline is
    /// left for the operator to fill.
    pub async fn start(
        config: &Config,
        clock: Clock,
        rules: Option<Rules>,
    ) -> anyhow::Result<Self> {
        let store = open_store(config).await?;
        Self::start_over(config, clock, rules, store).await
    }

    /// Starts the house over a store that is open.
    pub async fn start_over(
        config: &Config,
        clock: Clock,
        rules: Option<Rules>,
        store: Handle,
    ) -> anyhow::Result<Self> {
        let key = config.key_path();
        anyhow::ensure!(
            key.exists() || store.account_count().await? == 0,
            "the book has accounts, but their deployment key {} is missing: restore it, or their \
             names and addresses stay sealed for ever",
            key.display()
        );
        let sealer = Sealer::load_or_create(&key)
            .with_context(|| format!("the deployment key {}", key.display()))?;
        let arbiters = [(); 4].map(|()| Arbiter::new());
        let [streams, first, second, clockwork] = arbiters.each_ref().map(Arbiter::handle);
        let threads = Threads { streams, reading: [first, second], clockwork };
        let ground = Ground { store, sealer, receiver: None, threads };
        Ok(Self {
            arbiters: arbiters.into(),
            ..Self::start_on(config, clock, rules, ground).await?
        })
    }

    /// Starts the house on threads of the caller's, which end it when they end.
    pub async fn start_on(
        config: &Config,
        clock: Clock,
        rules: Option<Rules>,
        ground: Ground,
    ) -> anyhow::Result<Self> {
        let Ground { store, sealer, receiver, threads: Threads { streams, reading, clockwork } } =
            ground;
        let lines = cron_lines(config)?;
        let house = load_house(&store).await?;
        let limits = Limits {
            live_max: usize::try_from(config.daemon.live_accounts_max)?,
            retire_after: config.daemon.retire_after.0,
            ..Limits::default()
        };
        let ports = Ports::start(
            &reading,
            Arc::clone(&store),
            sealer.clone(),
            clock.clone(),
            config.webhooks.keys().cloned().collect(),
            limits,
            house,
        );
        // Not where the streams are: a batch would be cut only after their turns.
        let journal = Journal::start(Arc::clone(&store), &clockwork);
        let accounts = Accounts::start(ports, journal, &streams);
        if let Some(rules) = rules.filter(|_| accounts.ports().house().timeline.newest() == 0) {
            let apply = ApplyRules { rules: Arc::new(rules), effective_at: None };
            let request = Request::new(Command::ApplyRules(apply), Cause::Daemon, Lane::People);
            accounts.execute(StreamId::House, request).await.context("the first catalogue")?;
        }
        let vault = Vault { store: Arc::clone(&store), sealer: sealer.clone() };
        let schedulers = Schedulers::start(&accounts, config, &lines, &clockwork);
        let addresses = Arc::new(Opened(vault.clone()));
        let names = product_names(accounts.ports().clone());
        let (kept, all) = (Arc::clone(&store), accounts.clone());
        let outbox = match receiver {
            Some(receiver) => Outbox::open_to(config, &receiver, kept, all, addresses, names),
            None => Outbox::open(config, kept, all, addresses, names),
        }?;
        let sender = Sender::start(outbox, &clock, config.outbox.every.0, &clockwork);
        let eraser = Eraser::new(accounts.clone(), vault.clone(), sender.clone(), config.retention);
        let eraser = eraser.start(&clock, config.outbox.every.0, &clockwork);
        Ok(Self {
            config: Arc::new(config.clone()),
            clock,
            store,
            sealer,
            vault,
            accounts,
            schedulers,
            sender,
            eraser,
            lines,
            arbiters: Vec::new(),
        })
    }

    /// Ends the house: the actors, then the store. What was answered is written; what was under
    /// way is written or it is not.
    pub async fn close(self) {
        for arbiter in self.arbiters {
            arbiter.stop();
            // A panic in there was told when it happened.
            let _ = arbiter.join();
        }
        self.store.close().await;
    }

    /// The stepper over this house, if its clock is a manual one.
    #[must_use]
    pub fn stepper(&self) -> Option<(ManualClock, Stepper)> {
        let Clock::Manual(clock) = &self.clock else { return None };
        let stepper = Stepper::new(
            clock.clone(),
            self.accounts.clone(),
            self.schedulers.clone(),
            self.sender.clone(),
            self.eraser.clone(),
            self.lines.clone(),
        );
        Some((clock.clone(), stepper))
    }
}

/// Addresses are unsealed when a mail is sent, and not before.
struct Opened(Vault);

#[async_trait]
impl Addresses for Opened {
    async fn profile(&self, stream: StreamId) -> Result<Option<outbox::Profile>, StoreError> {
        let profile = self.0.profile(stream).await?;
        Ok(profile.map(|profile| outbox::Profile { name: profile.name, email: profile.email }))
    }

    async fn note(&self, stream: StreamId, note: SealedRef) -> Result<Option<String>, StoreError> {
        Ok(self.0.open(stream, &[note.0]).await?.remove(&note.0))
    }
}

/// What products are called among people, by the newest price list.
fn product_names(ports: Ports) -> Names {
    Arc::new(move |product| {
        let house = ports.house();
        let newest = house.timeline.versions().last()?;
        newest.rules.products.get(product).map(|product| product.name.clone())
    })
}

/// Opens the store that the configuration names.
pub async fn open_store(config: &Config) -> anyhow::Result<Handle> {
    let data = &config.daemon.data;
    create_private(data).with_context(|| format!("the directory {}", data.display()))?;
    let password = read_password(&config.store.password_file)?;
    Ok(match config.book() {
        Book::Server(url) => {
            let asked = usize::try_from(config.store.writers).unwrap_or(WRITERS);
            let writers = if asked == 0 { WRITERS } else { asked };
            let opening = PostgresStore::open_with(&url, password.as_deref(), writers);
            Arc::new(opening.await.context("the database")?)
        }
        Book::File(path) => Arc::new(open_file(&path).await?),
    })
}

/// The password to a database, from the file that holds it; none if no file is named.
pub fn read_password(file: &Path) -> anyhow::Result<Option<String>> {
    if file.as_os_str().is_empty() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("the password file {}", file.display()))?;
    Ok(Some(text.trim_end().to_owned()))
}

/// Opens the store at a place, to be copied from there or to it.
pub async fn open_tables(book: &Book, password: Option<&str>) -> anyhow::Result<Box<dyn Tables>> {
    Ok(match book {
        Book::Server(url) => {
            Box::new(PostgresStore::open(url, password).await.context("the database")?)
        }
        Book::File(path) => Box::new(open_file(path).await?),
    })
}

async fn open_file(path: &Path) -> anyhow::Result<SqliteStore> {
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        create_private(parent).with_context(|| format!("the directory {}", parent.display()))?;
    }
    SqliteStore::open(path).await.with_context(|| format!("the database {}", path.display()))
}

/// Creates a directory that only its owner can look into: it holds keys and addresses.
pub fn create_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o750).create(path)
}

/// When the schedulers look, as configured.
pub fn cron_lines(config: &Config) -> anyhow::Result<BTreeMap<Job, CronLine>> {
    Job::ALL
        .into_iter()
        .map(|job| Ok((job, CronLine::for_job(job, config.schedulers.cron(job))?)))
        .collect()
}

/// The house's own stream, replayed: the rules timeline and the brake.
async fn load_house(store: &Handle) -> Result<House, StoreError> {
    let mut state = State::empty(StreamId::House);
    let mut after = 0;
    loop {
        let page = store.journal(StreamId::House, after, 100).await?;
        for stored in &page {
            after = stored.seq;
            let record: Record = serde_json::from_str(&stored.body)
                .map_err(|error| StoreError::Corrupt(format!("house record {after}: {error}")))?;
            for event in &record.events {
                state.apply(event);
            }
        }
        if page.is_empty() {
            break;
        }
    }
    match state {
        State::House(house) => Ok(house),
        State::Account(_) | State::Campaign(_) | State::Series(_) => Ok(House::default()),
    }
}

/// Stops the arbiters and everything on them.
pub fn stop() {
    if let Some(system) = System::try_current() {
        system.stop();
    }
}
