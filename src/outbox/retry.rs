//! When a failed delivery is tried again, and when nobody tries any more.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config;
use crate::domain::calendar::Timestamp;
use crate::store::Delivery;

/// Failures in a row after which a lane counts as down for the rest of the run.
const DOWN_AFTER: u32 = 3;
/// A delivery that lay here while the daemon was down deserves so many attempts, even if its
/// window closed meanwhile.
const ATTEMPTS_MIN: u32 = 5;

/// Waits that double, up to a longest one, within a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Policy {
    /// The wait after the first failure.
    pub(super) first: Duration,
    max: Duration,
    give_up_after: Duration,
}

impl Policy {
    pub(super) fn of(config: &config::Outbox) -> Self {
        // Instants are whole seconds: a wait of less would be none, and the run never end.
        let first = config.retry_first.0.max(Duration::from_secs(1));
        Self { first, max: config.retry_max.0.max(first), give_up_after: config.give_up_after.0 }
    }

    /// When to try again after the `attempts`-th attempt failed at `now`; `None` to give up. The
    /// last attempt comes when the window closes.
    pub(super) fn next(
        &self,
        delivery: &Delivery,
        attempts: u32,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let closes_at = delivery.row.at.plus(self.give_up_after);
        let next_at = now.plus(self.wait(delivery, attempts));
        if now < closes_at {
            return Some(next_at.min(closes_at));
        }
        (attempts < ATTEMPTS_MIN).then_some(next_at)
    }

    /// When to try something that was not tried now.
    pub(super) fn postponed(&self, delivery: &Delivery, now: Timestamp) -> Timestamp {
        now.plus(self.wait(delivery, delivery.attempts))
    }

    /// The wait after the `attempts`-th failure: doubled each time, and up to a tenth longer so
    /// that what failed together does not come back together. The same key waits the same, so a
    /// rehearsal repeats itself.
    fn wait(&self, delivery: &Delivery, attempts: u32) -> Duration {
        let doublings = attempts.saturating_sub(1).min(31);
        let wait = self.first.saturating_mul(1_u32 << doublings).min(self.max);
        wait + wait.saturating_mul(spread(delivery)) / 10_000
    }
}

/// From 0 to 999, by the delivery's key: thousandths of a tenth.
fn spread(delivery: &Delivery) -> u32 {
    let text = format!(
        "{}/{}/{}/{}",
        delivery.stream, delivery.row.seq, delivery.row.n, delivery.row.endpoint
    );
    // FNV-1a: spread evenly enough, and the same on every machine.
    let hash = text
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash % 1000
}

/// Which lanes are down: endpoints by name, and the mail server. A dead server answers a backlog
/// of thousands with thousands of time-outs; after a few it is left alone until the next run.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: BTreeMap<String, u32>,
}

impl Breaker {
    pub(super) fn is_open(&self, lane: &str) -> bool {
        self.failures.get(lane).is_some_and(|count| *count >= DOWN_AFTER)
    }

    pub(super) fn note(&mut self, lane: &str, unreachable: bool) {
        if unreachable {
            *self.failures.entry(lane.to_owned()).or_default() += 1;
        } else {
            self.failures.remove(lane);
        }
    }
}
