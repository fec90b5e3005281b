//! The house that a bench runs in: the real daemon path on a database of its own.

use std::path::{Path, PathBuf};

use futures_util::stream::{self, StreamExt};

use crate::actors::{Accounts, Lane, Request};
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::account::{Kind, Terms};
use crate::domain::calendar::{Timestamp, Zone};
use crate::domain::command::Command;
use crate::domain::event::SealedRef;
use crate::domain::ids::AccountId;
use crate::domain::money::Money;
use crate::domain::nouns::subscription::Mode;
use crate::domain::record::Cause;
use crate::domain::rules::Rules;
use crate::domain::verbs::import::{Import, Imported};
use crate::domain::verbs::open::Open;

/// What accounts are seeded with.
pub struct Seed {
    /// The product that each has one subscription of.
    pub product: &'static str,
    /// Its plan.
    pub plan: &'static str,
    /// Its region.
    pub region: &'static str,
}

/// The subscription of every seeded account.
pub const SEED: Seed = Seed { product: "ecs", plan: "small", region: "eu-central-1" };

/// A database of its own, removed afterwards.
pub struct Bench {
    /// Its directory.
    pub directory: PathBuf,
    /// The house over it.
    pub house: App,
    /// Its clock.
    pub clock: crate::clock::ManualClock,
}

impl Bench {
    /// A house over an empty database below `parent`, with its clock at `at`.
    pub async fn start(parent: &Path, at: Timestamp, rules: Rules) -> anyhow::Result<Self> {
        let directory = parent.join(format!("renewd-bench-{}", std::process::id()));
        std::fs::create_dir_all(&directory)?;
        let mut config = Config::default();
        config.daemon.data.clone_from(&directory);
        let Clock::Manual(clock) = Clock::manual(at) else {
            anyhow::bail!("a bench runs by a manual clock")
        };
        let house = App::start(&config, Clock::Manual(clock.clone()), Some(rules)).await?;
        Ok(Self { directory, house, clock })
    }

    /// The database file.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.directory.join("renewd.db")
    }

    /// Seeds `count` accounts through the import path, each with one subscription that expires at
    /// `expires_at` and money for two renewals.
    pub async fn seed(
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
    pub async fn seed_bystander(&self, number: u64) -> anyhow::Result<()> {
        seed_one(&self.house.accounts, number, None).await
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // Left behind it only takes room; there is nobody to tell.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// The id of the account seeded as `number`: spread over the keys as random ids are.
#[must_use]
pub fn account(number: u64) -> AccountId {
    AccountId::from_bits((number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 14)
}

async fn seed_one(
    accounts: &Accounts,
    number: u64,
    subscription: Option<(Mode, Timestamp)>,
) -> anyhow::Result<()> {
    let account = account(number);
    let currency = "USD".parse()?;
    let period = "P1M".parse()?;
    let imported = subscription.map(|(mode, expires_at)| Imported {
        external_id: format!("srv-{number}"),
        product: SEED.product.to_owned(),
        plan: SEED.plan.to_owned(),
        region: SEED.region.to_owned(),
        anchor: None,
        expires_at,
        period,
        mode,
        price: None,
    });
    let import = Import {
        open: Open {
            account,
            terms: Terms {
                kind: Kind::Corporate,
                currency,
                country: None,
                zone: Zone::UTC,
                language: "en".to_owned(),
            },
            profile: SealedRef(0),
        },
        cash: Some(Money::from_minor(1_000_000, currency)),
        subscriptions: imported.into_iter().collect(),
        held: false,
    };
    let mut request = Request::new(Command::Import(import), Cause::Import, Lane::Clockwork);
    request.sidecar =
        vec![format!(r#"{{"name":"Account {number}","email":"{number}@bench.example"}}"#)];
    accounts.execute(account.into(), request).await?;
    Ok(())
}
