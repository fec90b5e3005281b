//! The daemon as it is served: the house with the control socket in front of it, until it is told
//! to stop.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::stream::{self, StreamExt};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Mutex;

use crate::admin::ports::{self, Control, Profiles, SchedulerStatus, Sealing, StepReport};
use crate::admin::replies::Replies;
use crate::admin::server::{Server, Socket};
use crate::admin::turns::Turns;
use crate::admin::{Admin, wire};
use crate::app::{self, App};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::agenda::Job;
use crate::domain::calendar::Timestamp;
use crate::domain::ids::{AccountId, StreamId};
use crate::domain::rules::Rules;
use crate::scheduler::Schedulers;
use crate::stepper::Stepper;
use crate::store::seal::{Sealer, Vault};
use crate::store::{JobRun, StoreError};

/// Lines of a book that are worked on at once.
const IMPORT_CONCURRENCY: usize = 256;

/// Serves until a signal says stop.
pub async fn serve(config: &Config, clock: Clock, rules: Rules) -> anyhow::Result<()> {
    // The socket first: a daemon that answers there keeps the store.
    app::create_private(&config.daemon.data)?;
    let socket = Socket::bind(&config.socket_path())?;
    let app = App::start(config, clock, Some(rules)).await?;
    stay_up_at(app, socket).await
}

/// Opens the control socket in front of a house that runs, and serves until a signal says stop.
pub async fn stay_up(app: App) -> anyhow::Result<()> {
    let socket = Socket::bind(&app.config.socket_path())?;
    stay_up_at(app, socket).await
}

async fn stay_up_at(app: App, socket: Socket) -> anyhow::Result<()> {
    let path = socket.path().to_owned();
    // Heard before anybody is told that it is ready: who starts it may stop it at once.
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let server = Server::start(socket, admin(&app))?;
    let stopper = server.stopper();
    actix_rt::spawn(async move {
        tokio::select! {
            biased;
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: what is under way comes to its end");
        stopper.stop().await;
    });
    tracing::info!(
        socket = %path.display(),
        store = %app.store.name(),
        clock = if app.clock.is_manual() { "manual" } else { "system" },
        version = env!("CARGO_PKG_VERSION"),
        "ready"
    );
    let ended = server.run().await;
    app.close().await;
    app::stop();
    Ok(ended?)
}

/// What the control socket works with, over this house.
#[must_use]
pub fn admin(app: &App) -> Admin {
    let stepper = app.stepper().map(|(_, stepper)| Arc::new(Mutex::new(stepper)));
    Admin {
        accounts: app.accounts.clone(),
        store: Arc::clone(&app.store),
        clock: app.clock.clone(),
        control: Arc::new(Shell {
            schedulers: app.schedulers.clone(),
            clock: app.clock.clone(),
            stepper,
        }),
        sealing: Arc::new(Seals(app.sealer.clone())),
        profiles: Arc::new(Opens(app.vault.clone())),
        config: Arc::clone(&app.config),
        version: env!("CARGO_PKG_VERSION"),
        replies: Arc::new(Replies::default()),
    }
}

struct Shell {
    schedulers: Schedulers,
    clock: Clock,
    /// One stretch of manual time at a time.
    stepper: Option<Arc<Mutex<Stepper>>>,
}

#[async_trait(?Send)]
impl Control for Shell {
    async fn run_job(&self, job: Job) -> Result<JobRun, String> {
        let (schedulers, now) = (self.schedulers.clone(), self.clock.now());
        // Spawned, so that it comes to its end even if whoever asked has gone.
        let run = actix_rt::spawn(async move { schedulers.run(job, now).await });
        let ran = run.await.map_err(|error| error.to_string())?;
        ran.map_err(|error| error.to_string())
    }

    async fn advance_clock(&self, to: Timestamp) -> Result<StepReport, String> {
        let stepper = self.stepper.as_ref().ok_or("the clock is not a manual one")?;
        let stepper = Arc::clone(stepper);
        let stretch =
            actix_rt::spawn(async move { stepper.lock().await.advance_to(to, |_| {}).await });
        let stepped = stretch.await.map_err(|error| error.to_string())?;
        let stepped = stepped.map_err(|error| error.to_string())?;
        let mut report = StepReport {
            stop_count: stepped.instant_count,
            delivered_count: stepped.sent_count,
            ..StepReport::default()
        };
        for run in stepped.runs {
            for (kind, tally) in run.steps {
                let sum = report.steps.entry(kind).or_default();
                sum.count += tally.count;
                sum.lag_seconds_max = sum.lag_seconds_max.max(tally.lag_seconds_max);
            }
        }
        Ok(report)
    }

    fn schedulers(&self) -> Vec<SchedulerStatus> {
        let now = self.clock.now();
        self.schedulers
            .status()
            .into_iter()
            .map(|status| SchedulerStatus {
                job: status.job,
                cron: status.cron.to_string(),
                next_run_at: status.cron.next_after(now),
            })
            .collect()
    }
}

struct Seals(Sealer);

impl Sealing for Seals {
    fn random_bits(&self) -> u64 {
        self.0.random_bits().unwrap_or_else(|error| {
            // An id that could be guessed is worse than a request that fails.
            panic!("the system gives no random bits: {error}")
        })
    }

    fn keyed_hash(&self, purpose: &str, text: &[u8]) -> [u8; 32] {
        self.0.keyed_hash(purpose, text)
    }
}

struct Opens(Vault);

#[async_trait(?Send)]
impl Profiles for Opens {
    async fn profile(&self, stream: StreamId) -> Option<ports::Profile> {
        match self.0.profile(stream).await {
            Ok(profile) => profile.map(|profile| ports::Profile {
                name: profile.name,
                email: profile.email,
                address: profile.address,
                tax_id: profile.tax_id,
            }),
            Err(error) => {
                tracing::error!(%stream, %error, "a profile cannot be opened");
                None
            }
        }
    }

    async fn buyer(&self, stream: StreamId) -> Option<ports::Profile> {
        match self.0.buyer(stream).await {
            Ok(buyer) => buyer.map(|buyer| ports::Profile {
                name: buyer.name,
                email: String::new(),
                address: buyer.address,
                tax_id: buyer.tax_id,
            }),
            Err(error) => {
                tracing::error!(%stream, %error, "who bought cannot be opened");
                None
            }
        }
    }

    async fn notes(
        &self,
        stream: StreamId,
        numbers: &[u32],
    ) -> Result<BTreeMap<u32, String>, StoreError> {
        self.0.open(stream, numbers).await
    }
}

/// What an import came to.
#[derive(Debug, Default)]
pub struct Imported {
    /// Accounts that were brought along.
    pub imported_count: u64,
    /// Accounts that had been before.
    pub known_count: u64,
    /// Bad lines by number, each with its reason.
    pub failed: Vec<(u64, String)>,
    /// The accounts, imported now or before.
    pub accounts: Vec<AccountId>,
}

/// Imports a book line by line. A bad line stops nothing else.
pub async fn import(app: &App, book: &str, held: bool, mut progress: impl FnMut(u64)) -> Imported {
    let admin = admin(app);
    let query = wire::ImportQuery { held, dry_run: false };
    let lines = (1_u64..).zip(book.lines()).filter(|(_, line)| !line.trim().is_empty());
    let turns = Turns::default();
    let mut answers = stream::iter(lines)
        .map(|(number, line)| admin.import_line(number, line, &query, &turns))
        .buffered(IMPORT_CONCURRENCY);
    let mut imported = Imported::default();
    while let Some(answer) = answers.next().await {
        progress(answer.line);
        match answer.outcome {
            wire::ImportOutcome::Imported => imported.imported_count += 1,
            wire::ImportOutcome::AlreadyImported => imported.known_count += 1,
            wire::ImportOutcome::Rejected => {
                let reason =
                    answer.problem.map(|problem| format!("{}: {}", problem.code, problem.detail));
                imported.failed.push((answer.line, reason.unwrap_or_default()));
            }
        }
        let account = answer.account.and_then(|id| id.parse::<AccountId>().ok());
        imported.accounts.extend(account);
    }
    imported
}
