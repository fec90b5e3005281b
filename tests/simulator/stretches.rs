//! What was promised when: the stretches of a subscription's life in which nothing about it
//! changed, told from its journal by a reckoning of its own. What had to happen in them is what
//! the laws about slots and marks compare with.

use std::collections::BTreeMap;

use chrono::{Days, NaiveTime};
use renewd::domain::calendar::{Timestamp, Zone};
use renewd::domain::event::Event;
use renewd::domain::ids::{OrderId, SubscriptionId};
use renewd::domain::nouns::subscription::{self, Mode, Renewal, Subject};
use renewd::domain::nouns::{closure, order};
use renewd::domain::rules::{Rules, Timeline};

use crate::history::{History, Stream};

/// A stretch in which a subscription was paid to the same end, and renewed in the same way.
#[derive(Debug, Clone)]
pub(crate) struct Stretch {
    pub(crate) id: SubscriptionId,
    pub(crate) product: String,
    pub(crate) zone: Zone,
    pub(crate) mode: Mode,
    pub(crate) muted: bool,
    /// The paid period.
    pub(crate) started_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    /// Does it end for good with its paid time?
    pub(crate) ends_at_expiry: bool,
    /// It lasted from here, excluded, to there, excluded.
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    /// Is something paid for it that is not delivered yet?
    pub(crate) processing: bool,
}

/// All of them, of an account.
#[expect(clippy::too_many_lines, reason = "every event is named, so that a new one is looked at")]
pub(crate) fn of(history: &History, stream: &Stream) -> Vec<Stretch> {
    let mut live: BTreeMap<SubscriptionId, Stretch> = BTreeMap::new();
    let mut orders: BTreeMap<OrderId, SubscriptionId> = BTreeMap::new();
    let mut done = Vec::new();
    let mut now = Timestamp::MIN;
    let mut turn = |live: &mut BTreeMap<SubscriptionId, Stretch>,
                    id: SubscriptionId,
                    at: Timestamp,
                    change: &dyn Fn(&mut Stretch)| {
        if let Some(stretch) = live.get_mut(&id) {
            done.push(Stretch { to: at, ..stretch.clone() });
            stretch.from = stretch.from.max(at);
            change(stretch);
        }
    };
    for (record, event) in stream.events() {
        now = record.at;
        match event {
            Event::Order(order::Event::Opened(order)) => {
                orders.insert(order.id, order.subscription);
            }
            Event::Order(order::Event::Processing { order, at, .. }) => {
                let Some(id) = orders.get(order) else { continue };
                turn(&mut live, *id, *at, &|stretch| stretch.processing = true);
            }
            Event::Order(
                order::Event::Provisioned { order, at, .. }
                | order::Event::Failed { order, at, .. },
            ) => {
                let Some(id) = orders.get(order) else { continue };
                turn(&mut live, *id, *at, &|stretch| stretch.processing = false);
            }
            Event::Subscription(subscription::Event::Ordered {
                id, subject, renewal, at, ..
            }) => {
                live.insert(*id, Stretch::new(*id, subject, renewal, *at));
            }
            Event::Subscription(subscription::Event::Imported {
                id,
                subject,
                renewal,
                paid,
                at,
            }) => {
                let mut stretch = Stretch::new(*id, subject, renewal, *at);
                stretch.pay(paid);
                live.insert(*id, stretch);
            }
            Event::Subscription(subscription::Event::Activated { id, paid, .. }) => {
                let at = record.at;
                turn(&mut live, *id, at, &|stretch| stretch.pay(paid));
            }
            Event::Subscription(subscription::Event::Renewed { id, paid, at, .. }) => {
                turn(&mut live, *id, *at, &|stretch| stretch.pay(paid));
            }
            Event::Subscription(subscription::Event::ModeSet { id, renewal, at }) => {
                turn(&mut live, *id, *at, &|stretch| {
                    (stretch.mode, stretch.muted) = (renewal.mode, renewal.muted);
                });
            }
            // What it falls back to, this reckoning does not follow.
            Event::Subscription(
                subscription::Event::PeriodCancelled { id, at, .. }
                | subscription::Event::Unsubscribed { id, at, .. }
                | subscription::Event::Released { id, due_at: at, .. }
                | subscription::Event::Cancelled { id, at },
            ) => {
                turn(&mut live, *id, *at, &|_| ());
                live.remove(id);
            }
            Event::Closure(closure::Event::Closed { .. }) => live.clear(),
            Event::Order(
                order::Event::Repriced { .. }
                | order::Event::Warned { .. }
                | order::Event::Paid { .. }
                | order::Event::Refunded { .. }
                | order::Event::Cancelled { .. }
                | order::Event::ReportedLate { .. },
            )
            | Event::Subscription(
                subscription::Event::RenewalOrdered { .. }
                | subscription::Event::ChangeOrdered { .. }
                | subscription::Event::OrderClosed { .. }
                | subscription::Event::PlanChanged { .. }
                | subscription::Event::PlanTookEffect { .. }
                | subscription::Event::AttemptFailed { .. }
                | subscription::Event::Expired { .. }
                | subscription::Event::Suspended { .. },
            )
            | Event::Closure(
                closure::Event::Requested { .. }
                | closure::Event::Begun { .. }
                | closure::Event::CodeMissed { .. }
                | closure::Event::Confirmed { .. }
                | closure::Event::ApprovalAsked { .. }
                | closure::Event::Approved { .. }
                | closure::Event::SettlingBegan { .. }
                | closure::Event::QuietBegan { .. }
                | closure::Event::ReturnedToSettling { .. }
                | closure::Event::Rejected { .. }
                | closure::Event::Revoked { .. }
                | closure::Event::Interrupted { .. }
                | closure::Event::HoldingReported(_)
                | closure::Event::HoldingCleared { .. },
            )
            | Event::Account(_)
            | Event::Wallet(_)
            | Event::Withdrawal(_)
            | Event::Coupon(_)
            | Event::Resource(_)
            | Event::Usage(_)
            | Event::Standing(_)
            | Event::Statement(_)
            | Event::Notice(_)
            | Event::House(_)
            | Event::Campaign(_)
            | Event::Series(_) => {}
        }
    }
    // While it is held, nothing is due in an account.
    let held_at = stream.state.account().and_then(|account| account.books()?.held_at);
    let to = held_at.unwrap_or(history.ended_at.max(now));
    done.extend(live.into_values().map(|stretch| Stretch { to, ..stretch }));
    done.retain(|stretch| stretch.expires_at < Timestamp::MAX && stretch.from < stretch.to);
    done
}

impl Stretch {
    /// Nothing is due before its first period is paid.
    fn new(id: SubscriptionId, subject: &Subject, renewal: &Renewal, at: Timestamp) -> Self {
        Self {
            id,
            product: subject.product.clone(),
            zone: subject.zone,
            mode: renewal.mode,
            muted: renewal.muted,
            started_at: Timestamp::MAX,
            expires_at: Timestamp::MAX,
            ends_at_expiry: false,
            from: at,
            to: Timestamp::MAX,
            processing: false,
        }
    }

    fn pay(&mut self, paid: &subscription::Paid) {
        self.started_at = paid.started_at;
        self.expires_at = paid.expires_at;
        self.ends_at_expiry = paid.terms.grace_days + paid.terms.recovery_days == 0;
    }

    /// The rules in force at `at`, if the product is sold under them.
    pub(crate) fn rules<'a>(&self, timeline: &'a Timeline, at: Timestamp) -> Option<&'a Rules> {
        let rules = &timeline.in_force(at)?.rules;
        rules.products.contains_key(&self.product).then_some(rules)
    }

    /// So many days before its expiry, at an hour of the day there.
    pub(crate) fn before_expiry(&self, days: u64, hour: u32) -> Timestamp {
        let date = self.zone.local(self.expires_at).date() - Days::new(days);
        let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
        self.zone.instant(date.and_time(time))
    }

    /// Does `at` lie in it?
    pub(crate) fn has(&self, at: Timestamp) -> bool {
        self.from < at && at < self.to
    }
}
