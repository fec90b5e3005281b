//! What the actors need from the house, bound together once at the start.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use tokio::sync::{broadcast, watch};

use super::loader::Loader;
use crate::clock::Clock;
use crate::domain::calendar::Timestamp;
use crate::domain::event::Event;
use crate::domain::ids::StreamId;
use crate::domain::nouns::house::House;
use crate::store;
use crate::store::seal::Sealer;

/// Bounds of queues and memory.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Actors that may live at once.
    pub live_max: usize,
    /// An actor that was idle for so long is retired.
    pub retire_after: std::time::Duration,
    /// Questions that may wait for one stream.
    pub waiting_max: usize,
    /// Commands decided in one turn.
    pub turn_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            live_max: 10_000,
            retire_after: std::time::Duration::from_mins(1),
            waiting_max: 256,
            turn_max: 64,
        }
    }
}

/// A record that is durable, for whoever watches.
#[derive(Debug, Clone)]
pub struct Committed {
    /// The stream.
    pub stream: StreamId,
    /// The record.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub events: Arc<[Event]>,
}

/// What the actors share. Cheap to clone.
#[derive(Clone)]
pub struct Ports {
    /// Where everything is kept.
    pub store: store::Handle,
    /// Seals what is personal.
    pub sealer: Sealer,
    /// The clock.
    pub clock: Clock,
    /// The names of the webhook endpoints: one effect goes to each.
    pub endpoints: Arc<[String]>,
    /// Bounds.
    pub limits: Limits,
    pub(super) loader: Loader,
    house: Arc<watch::Sender<Arc<House>>>,
    feed: broadcast::Sender<Committed>,
    gauges: Arc<Gauges>,
}

#[derive(Debug, Default)]
struct Gauges {
    live: AtomicU64,
    /// Parked since `parked_since`, in microseconds since 1970.
    parked: AtomicU64,
    parked_since: AtomicI64,
    clockwork_stopped: AtomicBool,
}

/// Records that a watcher may lag behind. The channel holds room for them from the start, so it is
/// memory of an idle daemon too.
const FEED_MAX: usize = 4096;

/// More accounts parked within the window than this stop the clockwork: something is wrong with
/// the daemon, not with an account.
const PARKED_STOPS_CLOCKWORK: u64 = 10;
/// The window in which they are counted.
const PARKED_WINDOW: std::time::Duration = std::time::Duration::from_mins(1);

impl Ports {
    /// Binds them together, with the loader on the threads of `reading`. `house` is the house as it
    /// was loaded.
    #[must_use]
    pub fn start(
        reading: &[actix::ArbiterHandle],
        store: store::Handle,
        sealer: Sealer,
        clock: Clock,
        endpoints: Vec<String>,
        limits: Limits,
        house: House,
    ) -> Self {
        let house = Arc::new(watch::Sender::new(Arc::new(house)));
        Self {
            loader: Loader::start(&store, &house, reading),
            store,
            sealer,
            clock,
            endpoints: endpoints.into(),
            limits,
            house,
            feed: broadcast::Sender::new(FEED_MAX),
            gauges: Arc::default(),
        }
    }

    /// The house as it stands: the rules timeline and the brake.
    #[must_use]
    pub fn house(&self) -> Arc<House> {
        Arc::clone(&self.house.borrow())
    }

    pub(super) fn publish_house(&self, house: House) {
        self.house.send_replace(Arc::new(house));
    }

    /// Watches every record from now on. A watcher that falls far behind loses the oldest.
    #[must_use]
    pub fn watch(&self) -> broadcast::Receiver<Committed> {
        self.feed.subscribe()
    }

    pub(super) fn is_watched(&self) -> bool {
        self.feed.receiver_count() > 0
    }

    pub(super) fn tell(&self, committed: Committed) {
        // Nobody listening is no failure.
        let _ = self.feed.send(committed);
    }

    /// How many actors live.
    #[must_use]
    pub fn live_count(&self) -> u64 {
        self.gauges.live.load(Ordering::Relaxed)
    }

    pub(super) fn set_live_count(&self, count: usize) {
        self.gauges.live.store(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Notes that an account was parked at `now`. Accounts parked now and then over the months
    /// are no reason to stop; many within a minute are.
    pub(super) fn note_parked(&self, now: Timestamp) {
        let gauges = &self.gauges;
        let began = Timestamp::from_micros(gauges.parked_since.load(Ordering::Relaxed));
        if now.since(began) > PARKED_WINDOW {
            gauges.parked_since.store(now.micros(), Ordering::Relaxed);
            gauges.parked.store(0, Ordering::Relaxed);
        }
        let parked = gauges.parked.fetch_add(1, Ordering::Relaxed) + 1;
        if parked > PARKED_STOPS_CLOCKWORK {
            tracing::error!(parked, "too many accounts were parked: the clockwork stops");
            gauges.clockwork_stopped.store(true, Ordering::Relaxed);
        }
    }

    /// Has the clockwork stopped because accounts were parked one after the other?
    #[must_use]
    pub fn is_clockwork_stopped(&self) -> bool {
        self.gauges.clockwork_stopped.load(Ordering::Relaxed)
    }
}
