//! What the automatic renewals up to an instant will take, as a sum that is kept: an account may
//! have ten thousand of them, and every event asks.

use std::collections::BTreeMap;

use super::subscription::{charge_of, next_attempt};
use crate::domain::account::Open;
use crate::domain::calendar::Timestamp;
use crate::domain::ids::SubscriptionId;
use crate::domain::money::Money;
use crate::domain::nouns::subscription::Subscription;
use crate::domain::rules::Timeline;

/// The charges of renewals that are attempted at or before an instant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Charges {
    until: Option<Timestamp>,
    /// In minor units.
    each: BTreeMap<SubscriptionId, i64>,
    sum: i128,
}

impl Charges {
    /// Sums those up to `until`; of none where nobody wants to know.
    pub(super) fn up_to(&mut self, timeline: &Timeline, open: &Open, until: Option<Timestamp>) {
        if self.until == until {
            return;
        }
        *self = Self { until, ..Self::default() };
        if until.is_some() {
            for id in open.subscriptions.keys() {
                self.refresh(timeline, open, *id);
            }
        }
    }

    /// Looks again at a subscription that was touched.
    pub(super) fn refresh(&mut self, timeline: &Timeline, open: &Open, id: SubscriptionId) {
        let Some(until) = self.until else { return };
        let live = open.subscriptions.get(&id);
        let new = live.and_then(|live| charge_by(timeline, live, until)).map(Money::minor);
        let old = match new {
            Some(new) => self.each.insert(id, new),
            None => self.each.remove(&id),
        };
        self.sum += i128::from(new.unwrap_or(0)) - i128::from(old.unwrap_or(0));
    }

    /// The sum, in minor units.
    pub(super) const fn sum(&self) -> i128 {
        self.sum
    }
}

/// What the next renewal of a subscription will take, if it is attempted by `until`.
#[must_use]
pub fn charge_by(timeline: &Timeline, live: &Subscription, until: Timestamp) -> Option<Money> {
    let span = live.span()?;
    let attempt = next_attempt(timeline, live, &span)?;
    (attempt <= until).then(|| charge_of(timeline, live, attempt))?
}
