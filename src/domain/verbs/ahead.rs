//! The automatic renewals that are ahead: what each will take, and whether the cash lasts (D27,
//! R2.17).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::pricing::{self, Asked, CouponChoice};
use crate::domain::account::Open;
use crate::domain::agenda;
use crate::domain::calendar::Timestamp;
use crate::domain::ids::{CouponId, SubscriptionId};
use crate::domain::money::Money;
use crate::domain::nouns::coupon::{self, Coupon};
use crate::domain::nouns::order::Kind;
use crate::domain::nouns::subscription::{Mode, Subscription};
use crate::domain::price::{Gross, Item, Price};
use crate::domain::rules::Timeline;

/// The automatic renewals of an account in the order in which they come (D27), as seen at one
/// instant, with what all before each will take. It is built once for all notices of that
/// instant: an account may have ten thousand of them.
#[derive(Debug)]
pub struct Queue {
    at: Timestamp,
    places: Vec<Place>,
}

/// A renewal that is ahead.
#[derive(Debug, Clone, Copy)]
struct Place {
    key: (Timestamp, i64, SubscriptionId),
    expected: Expected,
}

/// What a renewal is expected to take, as things stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// From the cash: with tax, after the coupon.
    pub payable: Money,
    /// From a coupon, before tax.
    pub coupon: Option<Money>,
    /// What those before it take from the cash.
    before: i64,
}

impl Expected {
    /// Will the cash cover it, after the renewals that come before?
    #[must_use]
    pub fn is_covered(&self, cash: Money) -> bool {
        let needed = self.before.saturating_add(self.payable.minor());
        cash.covers(Money::from_minor(needed, self.payable.currency()))
    }
}

impl Queue {
    /// The queue at `at`.
    #[must_use]
    pub fn at(timeline: &Timeline, open: &Open, at: Timestamp) -> Self {
        let place = |live: &Subscription| {
            let expires_at = live.paid.as_ref()?.expires_at;
            let is_in = live.renewal.mode == Mode::AutoRenewal
                && live.is_renewable()
                // One that only waits for the notice of its release is as good as gone (D30).
                && (expires_at > at || live.span().is_some_and(|span| span.releases_at > at));
            let charge = agenda::charge_of(timeline, live, at).filter(|_| is_in)?;
            Some((expires_at, charge.minor(), live.id))
        };
        let mut keys: Vec<_> = open.subscriptions.values().filter_map(|live| place(live)).collect();
        keys.sort_unstable();
        let mut till = Till { timeline, open, at, coupons: open.coupons.clone(), taken: 0 };
        let mut places = Vec::with_capacity(keys.len());
        for key in keys {
            let Some(live) = open.subscriptions.get(&key.2) else { continue };
            let amount = Money::from_minor(key.1, open.terms.currency);
            places.push(Place { key, expected: till.take(live, amount) });
        }
        Self { at, places }
    }

    /// Is it the queue at `at`?
    #[must_use]
    pub fn is_at(&self, at: Timestamp) -> bool {
        self.at == at
    }

    /// What the renewal of `live` at the pretax price `amount` is expected to take.
    #[must_use]
    pub fn expected(
        &self,
        timeline: &Timeline,
        open: &Open,
        live: &Subscription,
        amount: Money,
    ) -> Expected {
        let mine = live.paid.as_ref().map(|paid| (paid.expires_at, amount.minor(), live.id));
        let place = self.places.partition_point(|place| Some(place.key) < mine);
        if let Some(place) = self.places.get(place).filter(|place| Some(place.key) == mine) {
            return place.expected;
        }
        // It is not in the queue; what comes before it takes its money first all the same.
        let before = place.checked_sub(1).and_then(|last| self.places.get(last));
        let taken = before
            .map_or(0, |last| last.expected.before.saturating_add(last.expected.payable.minor()));
        let coupons = open.coupons.clone();
        Till { timeline, open, at: self.at, coupons, taken }.take(live, amount)
    }
}

/// Takes what renewals will cost from the coupons and the cash as they stand, one after the other.
struct Till<'a> {
    timeline: &'a Timeline,
    open: &'a Open,
    at: Timestamp,
    coupons: BTreeMap<CouponId, Arc<Coupon>>,
    taken: i64,
}

impl Till<'_> {
    fn take(&mut self, live: &Subscription, amount: Money) -> Expected {
        let price = self.price(live, amount);
        let coupon = price.as_ref().and_then(|price| price.coupon);
        if let Some(applied) = coupon
            && let (Some(coupon), Some(order)) =
                (self.coupons.get_mut(&applied.id), live.last_order)
        {
            let (id, amount, at) = (applied.id, applied.amount, self.at);
            Arc::make_mut(coupon).apply(&coupon::Event::Redeemed { id, order, amount, at });
        }
        let expected = Expected {
            payable: price.map_or(amount, |price| price.payable),
            coupon: coupon.map(|applied| applied.amount),
            before: self.taken,
        };
        self.taken = self.taken.saturating_add(expected.payable.minor());
        expected
    }

    /// The price as it would be at the next attempt, when a coupon may have expired.
    fn price(&self, live: &Subscription, amount: Money) -> Option<Price> {
        let at = if self.coupons.is_empty() {
            self.at
        } else {
            let slot =
                live.span().and_then(|span| agenda::next_attempt(self.timeline, live, &span));
            slot.unwrap_or(self.at).max(self.at)
        };
        let rules = &self.timeline.in_force(self.at)?.rules;
        let offer = rules.offer(&live.subject.product, live.renewed_plan())?;
        let zero = Money::zero(amount.currency());
        let asked = Asked {
            kind: Kind::Renew,
            product: &live.subject.product,
            period: live.auto_period()?,
            takes_coupons: offer.plan.coupons,
            lines: &[Gross { item: Item::Period, list: amount, discount: zero }],
            coupon: CouponChoice::Auto,
            at,
        };
        pricing::price(self.timeline, &self.open.terms, &self.coupons, &asked).ok()
    }
}
