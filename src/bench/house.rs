//! The house that a bench runs in: the real daemon path on a database of its own.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};

use super::server::Database;
use crate::actors::{Accounts, Lane, Request};
use crate::app::App;
use crate::clock::{Clock, ManualClock};
use crate::config::Config;
use crate::domain::account::{Kind, Terms};
use crate::domain::calendar::{Timestamp, Zone};
use crate::domain::command::Command;
use crate::domain::event::SealedRef;
use crate::domain::ids::AccountId;
use crate::domain::money::Money;
use crate::domain::nouns::subscription::Mode;
use crate::domain::record::Cause;
use crate::domain::rules::{Length, Rules};
use crate::domain::verbs::import::{Import, Imported};
use crate::domain::verbs::open::Open;

/// What accounts are seeded with.
pub(super) struct Seed {
    /// The product that each has one subscription of.
    pub product: &'static str,
    /// Its plan.
    pub plan: &'static str,
    /// Its region.
    pub region: &'static str,
}

/// The subscription of every seeded account.
pub(super) const SEED: Seed = Seed { product: "ecs", plan: "small", region: "eu-central-1" };

/// Where benches keep their books meanwhile.
#[derive(Debug, Clone)]
pub struct Place {
    /// Below which directory: the database, where it is a file, the key, what is sent.
    pub directory: PathBuf,
    /// The server on which each book is a database of its own, instead of a file; an address with
    /// a user who may make databases.
    pub server: Option<String>,
}

/// A house over a book of its own, which is removed afterwards.
pub(super) struct Bench {
    /// The house.
    pub house: App,
    /// Its clock.
    pub clock: ManualClock,
    /// Its settings.
    pub config: Config,
    /// The book, where it is on a server.
    database: Option<Database>,
    directory: Directory,
}

impl Bench {
    /// A house over an empty book, with its clock at `at`.
    pub(super) async fn start(place: &Place, at: Timestamp, rules: Rules) -> anyhow::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("renewd-bench-{}-{number}", std::process::id());
        let directory = Directory(place.directory.join(&name));
        std::fs::create_dir_all(&directory.0)?;
        let mut config = Config::default();
        config.daemon.data.clone_from(&directory.0);
        let database = match &place.server {
            Some(server) => Some(Database::create(server, &name.replace('-', "_")).await?),
            None => None,
        };
        if let Some(database) = &database {
            database.url().clone_into(&mut config.store.url);
        }
        let Clock::Manual(clock) = Clock::manual(at) else {
            anyhow::bail!("a bench runs by a manual clock")
        };
        let house = App::start(&config, Clock::Manual(clock.clone()), Some(rules)).await?;
        Ok(Self { house, clock, config, database, directory })
    }

    /// Closes the house, leaves the book to `change`, and starts a new house over it, in which
    /// nothing is live yet and `live_max` accounts may be.
    pub(super) async fn restart(
        self,
        live_max: u64,
        change: impl AsyncFnOnce(Book<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        let Self { house, clock, mut config, database, directory } = self;
        house.close().await;
        let file = directory.0.join("renewd.db");
        change(database.as_ref().map_or(Book::File(&file), Book::Server)).await?;
        config.daemon.live_accounts_max = u32::try_from(live_max)?;
        config.daemon.retire_after = Length(Duration::from_hours(1));
        let house = App::start(&config, Clock::Manual(clock.clone()), None).await?;
        Ok(Self { house, clock, config, database, directory })
    }

    /// Closes the house; the book stays until what is answered is dropped.
    pub(super) async fn close(self) -> Closed {
        let Self { house, config, database, directory, .. } = self;
        house.close().await;
        Closed { config, database, directory }
    }

    /// The book's name, for those who look at it past the house.
    pub(super) fn file(&self) -> PathBuf {
        self.directory.0.join("renewd.db")
    }

    /// The database, where the book is on a server.
    pub(super) const fn database(&self) -> Option<&Database> {
        self.database.as_ref()
    }

    /// A place for a copy of the file.
    pub(super) fn copy(&self) -> PathBuf {
        self.directory.0.join("floor.db")
    }

    /// Seeds `count` accounts through the import path, each with one subscription that expires at
    /// `expires_at` and money for many renewals.
    pub(super) async fn seed(
        &self,
        count: u64,
        mode: Mode,
        expires_at: Timestamp,
        mut progress: impl FnMut(u64),
    ) -> anyhow::Result<()> {
        let accounts = &self.house.accounts;
        let mut done = stream::iter(0..count)
            .map(|number| seed_one(accounts, number, Some((mode, expires_at))))
            .buffer_unordered(1024);
        let mut seeded = 0;
        while let Some(result) = done.next().await {
            result?;
            seeded += 1;
            progress(seeded);
        }
        Ok(())
    }

    /// Seeds one account without subscriptions: nothing ever becomes due there.
    pub(super) async fn seed_bystander(&self, number: u64) -> anyhow::Result<()> {
        seed_one(&self.house.accounts, number, None).await
    }
}

/// A book while no house works on it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Book<'a> {
    /// In a file.
    File(&'a Path),
    /// On a server.
    Server(&'a Database),
}

/// A book whose house is closed; removed when it is dropped.
pub(super) struct Closed {
    /// The settings of the house.
    pub config: Config,
    database: Option<Database>,
    directory: Directory,
}

impl Closed {
    /// The database file, where the book is one.
    pub(super) fn file(&self) -> PathBuf {
        self.directory.0.join("renewd.db")
    }

    /// The database, where the book is on a server.
    pub(super) const fn database(&self) -> Option<&Database> {
        self.database.as_ref()
    }
}

struct Directory(PathBuf);

impl Drop for Directory {
    fn drop(&mut self) {
        // Left behind it only takes room; there is nobody to tell.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The id of the account seeded as `number`: spread over the keys as random ids are.
#[must_use]
pub(super) fn account(number: u64) -> AccountId {
    AccountId::from_bits((number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 14)
}

async fn seed_one(
    accounts: &Accounts,
    number: u64,
    subscription: Option<(Mode, Timestamp)>,
) -> anyhow::Result<()> {
    let cash = Money::from_minor(1_000_000, "USD".parse()?);
    let begun = subscription
        .map(|(mode, expires_at)| subscription_of(&format!("srv-{number}"), mode, expires_at));
    let subscriptions = begun.transpose()?.into_iter().collect();
    import(accounts, number, cash, subscriptions).await
}

/// A subscription that is brought along.
pub(super) fn subscription_of(
    external_id: &str,
    mode: Mode,
    expires_at: Timestamp,
) -> anyhow::Result<Imported> {
    Ok(Imported {
        external_id: external_id.to_owned(),
        product: SEED.product.to_owned(),
        plan: SEED.plan.to_owned(),
        region: SEED.region.to_owned(),
        anchor: None,
        expires_at,
        period: "P1M".parse()?,
        mode,
        price: None,
    })
}

/// Brings an account along, by the import path.
pub(super) async fn import(
    accounts: &Accounts,
    number: u64,
    cash: Money,
    subscriptions: Vec<Imported>,
) -> anyhow::Result<()> {
    let account = account(number);
    let import = Import {
        open: Open {
            account,
            terms: Terms {
                kind: Kind::Corporate,
                currency: cash.currency(),
                country: None,
                zone: Zone::UTC,
                language: "en".to_owned(),
            },
            profile: SealedRef(0),
        },
        cash: Some(cash),
        subscriptions,
        held: false,
    };
    let mut request = Request::new(Command::Import(import), Cause::Import, Lane::Clockwork);
    request.sidecar =
        vec![format!(r#"{{"name":"Account {number}","email":"{number}@bench.example"}}"#)];
    accounts.execute(account.into(), request).await?;
    Ok(())
}
