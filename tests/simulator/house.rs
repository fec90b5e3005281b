//! One life of the daemon: the real house, every actor of it on this one thread, over the store
//! that outlives it.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use actix_rt::{Arbiter, System, SystemRunner};
use futures_util::future::{Either, select};
use renewd::app::{App, Ground, Threads};
use renewd::clock::Clock;
use renewd::config::Config;
use renewd::domain::calendar::Timestamp;
use renewd::domain::rules::Rules;
use renewd::outbox::Receiver;
use renewd::stepper::Stepper;
use renewd::store::Handle;
use renewd::store::seal::Sealer;

use crate::faulty::Faulty;
use crate::outside::Outside;

/// The key of every world: nothing that is sealed shows in a journal.
const KEY: [u8; 32] = [7; 32];

/// What outlives the daemon.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) config: Arc<Config>,
    pub(crate) store: Arc<Faulty>,
    pub(crate) outside: Arc<Outside>,
    pub(crate) sealer: Sealer,
}

impl Site {
    pub(crate) fn new(config: Config, store: Faulty) -> Self {
        let (config, store) = (Arc::new(config), Arc::new(store));
        Self { config, store, outside: Arc::default(), sealer: Sealer::from_key(KEY) }
    }
}

/// The daemon, while it runs.
pub(crate) struct House {
    pub(crate) app: App,
    stepper: Stepper,
    store: Arc<Faulty>,
    /// Last, so that everything that lives on it goes first.
    runner: SystemRunner,
}

/// Why a daemon is not there.
#[derive(Debug)]
pub(crate) enum Down {
    /// It was killed.
    Killed,
    /// It did not start.
    Refused(String),
}

impl House {
    /// Starts at `now`. `rules` seed an empty timeline.
    pub(crate) fn start(site: &Site, now: Timestamp, rules: Option<Rules>) -> Result<Self, Down> {
        site.store.revive();
        let runner = System::with_tokio_rt(runtime);
        let store: Handle = Arc::clone(&site.store) as _;
        let receiver: Arc<dyn Receiver> = Arc::clone(&site.outside) as _;
        let config = Arc::clone(&site.config);
        let sealer = site.sealer.clone();
        let start = async move {
            let thread = Arbiter::current();
            let threads = Threads::one(&thread);
            let ground = Ground { store, sealer, receiver: Some(receiver), threads };
            App::start_on(&config, Clock::manual(now), rules, ground).await
        };
        let app = match until_death(&runner, &site.store, start) {
            None => return Err(Down::Killed),
            Some(Err(error)) => return Err(Down::Refused(format!("{error:#}"))),
            Some(Ok(app)) => app,
        };
        let Some((_, stepper)) = app.stepper() else { unreachable!("its clock is a manual one") };
        Ok(Self { app, stepper, store: Arc::clone(&site.store), runner })
    }

    /// Lets it do something: `None` if it was killed meanwhile.
    pub(crate) fn run<T>(&mut self, what: impl AsyncFnOnce(&App, &mut Stepper) -> T) -> Option<T> {
        let Self { app, stepper, store, runner } = self;
        until_death(runner, store, what(app, stepper))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.app.clock.now()
    }
}

/// Timers are there and never fire: under a manual clock nothing waits for them.
fn runtime() -> tokio::runtime::Runtime {
    match tokio::runtime::Builder::new_current_thread().enable_time().build() {
        Ok(runtime) => runtime,
        Err(error) => panic!("no runtime: {error}"),
    }
}

fn until_death<T>(
    runner: &SystemRunner,
    store: &Faulty,
    what: impl Future<Output = T>,
) -> Option<T> {
    runner.block_on(async {
        let (what, death) = (pin!(what), pin!(store.death()));
        match select(death, what).await {
            Either::Left(_) => None,
            Either::Right((done, _)) => Some(done),
        }
    })
}
