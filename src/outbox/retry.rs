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

#[cfg(test)]
mod tests {
    use super::super::fake;
    use super::*;

    fn policy() -> Policy {
        Policy::of(&config::Outbox::default())
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let delivery = fake::mail(1, 0);
        let waits: Vec<u64> =
            (1..=14).map(|attempts| policy().wait(&delivery, attempts).as_secs()).collect();
        let longest = policy().max.as_secs();
        for (place, wait) in waits.iter().enumerate() {
            let exact = (5 << place).min(longest);
            assert!((exact..=exact + exact / 10).contains(wait), "{wait} for {exact}");
        }
        assert_eq!(policy().wait(&delivery, u32::MAX).as_secs(), waits[13]);
    }

    #[test]
    fn what_failed_together_does_not_come_back_together() {
        let mut waits: Vec<u64> =
            (1..50).map(|seq| policy().wait(&fake::mail(seq, 0), 12).as_secs()).collect();
        waits.sort_unstable();
        waits.dedup();
        assert!(waits.len() > 40, "{waits:?}");
    }

    #[test]
    fn the_last_attempt_comes_when_the_window_closes() {
        let delivery = fake::mail(1, 0);
        let (at, closes_at) =
            (delivery.row.at, delivery.row.at.plus(config::Outbox::default().give_up_after.0));
        let mut now = at;
        let mut attempts = 0;
        while let Some(next_at) = policy().next(&delivery, attempts + 1, now) {
            attempts += 1;
            assert!(next_at > now && next_at <= closes_at);
            now = next_at;
        }
        assert_eq!(now, closes_at);
        assert!((20..40).contains(&attempts), "{attempts}");
    }

    #[test]
    fn what_lay_here_while_the_daemon_was_down_still_gets_a_few_attempts() {
        let delivery = fake::mail(1, 0);
        let now = delivery.row.at.plus(10 * config::Outbox::default().give_up_after.0);
        assert!(policy().next(&delivery, 1, now).is_some());
        assert!(policy().next(&delivery, ATTEMPTS_MIN, now).is_none());
    }

    #[test]
    fn a_lane_is_down_after_failures_in_a_row() {
        let mut breaker = Breaker::default();
        for unreachable in [true, true, false, true, true] {
            breaker.note("a", unreachable);
        }
        assert!(!breaker.is_open("a"));
        breaker.note("a", true);
        assert!(breaker.is_open("a") && !breaker.is_open("b"));
    }
}
