//! The agenda: when an account next needs attention, and for what. It is a reading of the state
//! and the rules; nobody remembers to schedule anything.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::account::{Account, Open};
use super::calendar::Timestamp;
use super::ids::{OrderId, SubscriptionId};
use super::money::Money;
use super::nouns::notice::Kind;
use super::nouns::subscription::{Mode, State, Subscription};
use super::rules::{Lifecycle, Reminders, Span, Timeline};

/// Which scheduler looks after a due thing. A label: any advance settles everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Unpaid orders time out.
    Orders,
    /// Automatic renewals.
    Renewals,
    /// Expiry, suspension, release.
    Lifecycle,
    /// Notices.
    Reminders,
    /// Sweeps: rules changes, tokens, old deliveries.
    Housekeeping,
}

impl Job {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Orders, Self::Renewals, Self::Lifecycle, Self::Reminders, Self::Housekeeping];

    /// Its name in configuration, on the command line and in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Renewals => "renewals",
            Self::Lifecycle => "lifecycle",
            Self::Reminders => "reminders",
            Self::Housekeeping => "housekeeping",
        }
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Job {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|job| job.as_str() == text).ok_or_else(|| {
            format!("{text:?} is not orders, renewals, lifecycle, reminders or housekeeping")
        })
    }
}

/// A thing to do when it is due, in the order of ranks in which things of one instant are done
/// (D35).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// An unpaid order reaches its deadline.
    TimeOut(OrderId),
    /// An automatic renewal is attempted.
    Attempt(SubscriptionId),
    /// The paid time ends.
    Expire(SubscriptionId),
    /// Service stops.
    Suspend(SubscriptionId),
    /// The resource goes.
    Release(SubscriptionId),
    /// Something is to be said.
    Notice(SubscriptionId, Kind),
}

impl Step {
    /// The scheduler that looks after it.
    #[must_use]
    pub const fn job(self) -> Job {
        match self {
            Self::TimeOut(_) => Job::Orders,
            Self::Attempt(_) => Job::Renewals,
            Self::Expire(_) | Self::Suspend(_) | Self::Release(_) => Job::Lifecycle,
            Self::Notice(..) => Job::Reminders,
        }
    }

    /// The word for its kind.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::TimeOut(_) => "order_timed_out",
            Self::Attempt(_) => "renewal_attempted",
            Self::Expire(_) => "expired",
            Self::Suspend(_) => "suspended",
            Self::Release(_) => "released",
            Self::Notice(..) => "notice",
        }
    }

    /// Does it take something away from a customer? Those wait while the brake is engaged (D38).
    #[must_use]
    pub const fn is_destructive(self) -> bool {
        matches!(self, Self::Suspend(_) | Self::Release(_))
    }

    const fn rank(self) -> u8 {
        match self {
            Self::TimeOut(_) => 0,
            Self::Attempt(_) => 2,
            Self::Expire(_) | Self::Suspend(_) | Self::Release(_) => 3,
            Self::Notice(..) => 4,
        }
    }
}

/// A step and the instant at which it is due. The derived order is the one total order in which
/// steps run: instant, rank, nearest expiry, amount, number (D27, D35).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// When.
    pub at: Timestamp,
    rank: u8,
    expires_at: Timestamp,
    minor: i64,
    number: u32,
    /// What.
    pub step: Step,
}

/// What a noun needs next, and, where that takes something away, what it needs next besides:
/// while the brake holds the one back, the other goes ahead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Needs {
    taking: Option<Due>,
    other: Option<Due>,
}

/// The next due steps of every live noun of an account, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agenda {
    rules_version: u32,
    /// Steps that take something away from the customer.
    taking: BTreeSet<Due>,
    /// All others.
    others: BTreeSet<Due>,
    of_orders: BTreeMap<OrderId, Needs>,
    of_subscriptions: BTreeMap<SubscriptionId, Needs>,
}

impl Agenda {
    /// The whole agenda of an account under the rules as they are.
    #[must_use]
    pub fn of(timeline: &Timeline, account: &Account) -> Self {
        let mut agenda = Self { rules_version: timeline.newest(), ..Self::default() };
        if let Some(open) = account.open() {
            for id in open.orders.keys() {
                agenda.refresh_order(open, *id);
            }
            for id in open.subscriptions.keys() {
                agenda.refresh_subscription(timeline, open, *id);
            }
        }
        agenda
    }

    /// The newest version of the rules that it was computed under.
    #[must_use]
    pub const fn rules_version(&self) -> u32 {
        self.rules_version
    }

    /// What comes next. While the brake is engaged, what takes something away is passed over.
    #[must_use]
    pub fn next(&self, account: &Account, brake: bool) -> Option<Due> {
        if account.open()?.held_at.is_some() {
            return None;
        }
        let taking = self.taking.first().filter(|_| !brake);
        taking.into_iter().chain(self.others.first()).min().copied()
    }

    /// Looks again at an order that was touched.
    pub fn refresh_order(&mut self, open: &Open, id: OrderId) {
        let due = open.orders.get(&id).filter(|order| !order.is_final()).map(|order| Due {
            at: order.deadline,
            rank: Step::TimeOut(id).rank(),
            expires_at: order.ends_at.unwrap_or(order.deadline),
            minor: order.payable.minor(),
            number: id.number,
            step: Step::TimeOut(id),
        });
        let old = match due {
            Some(_) => self.of_orders.insert(id, Needs { taking: None, other: due }),
            None => self.of_orders.remove(&id),
        };
        replace(&mut self.others, old.and_then(|old| old.other), due);
    }

    /// Looks again at a subscription that was touched.
    pub fn refresh_subscription(&mut self, timeline: &Timeline, open: &Open, id: SubscriptionId) {
        let live = open.subscriptions.get(&id);
        let needs = live.and_then(|subscription| needs_of(timeline, subscription));
        let old = match needs {
            Some(needs) => self.of_subscriptions.insert(id, needs),
            None => self.of_subscriptions.remove(&id),
        };
        let (old, new) = (old.unwrap_or_default(), needs.unwrap_or_default());
        replace(&mut self.taking, old.taking, new.taking);
        replace(&mut self.others, old.other, new.other);
    }
}

fn replace(dues: &mut BTreeSet<Due>, old: Option<Due>, new: Option<Due>) {
    if old == new {
        return;
    }
    if let Some(old) = old {
        dues.remove(&old);
    }
    if let Some(new) = new {
        dues.insert(new);
    }
}

/// What a subscription needs next, if anything ever.
fn needs_of(timeline: &Timeline, subscription: &Subscription) -> Option<Needs> {
    if subscription.is_final() {
        return None;
    }
    let span = subscription.span()?;
    let paid = subscription.paid.as_ref()?;
    let due = |(at, step): (Timestamp, Step), minor: i64| Due {
        at,
        rank: step.rank(),
        expires_at: paid.expires_at,
        minor,
        number: subscription.id.number,
        step,
    };
    let transition = next_transition(timeline, subscription, &span)
        .map(|next| due(next, paid.terms.price.minor()));
    let attempt = next_attempt(timeline, subscription, &span).map(|at| {
        // The lowest amount goes first (D27): what this attempt will cost, not what the present
        // period did.
        let minor = charge_of(timeline, subscription, at).map_or(0, Money::minor);
        due((at, Step::Attempt(subscription.id)), minor)
    });
    let notice = next_mark(timeline, subscription, &span)
        .map(|(at, kind)| due((at, Step::Notice(subscription.id, kind)), paid.terms.price.minor()));
    let is_taking = |due: &Due| due.step.is_destructive();
    Some(Needs {
        taking: transition.filter(is_taking),
        other: [transition.filter(|due| !is_taking(due)), attempt, notice]
            .into_iter()
            .flatten()
            .min(),
    })
}

fn next_transition(
    timeline: &Timeline,
    subscription: &Subscription,
    span: &Span,
) -> Option<(Timestamp, Step)> {
    let id = subscription.id;
    let (at, step) = match subscription.state {
        State::PendingPayment | State::Released | State::Cancelled => return None,
        State::Active => (span.expires_at, Step::Expire(id)),
        State::Grace => (span.suspends_at, Step::Suspend(id)),
        State::Suspended => match release_at(timeline, subscription, span) {
            Some(at) => (at, Step::Release(id)),
            // Its last notice was never recorded: it goes out now, and the release waits for it.
            None => (span.releases_at, Step::Notice(id, late_notice(timeline, subscription, span))),
        },
    };
    // Nothing is due before the owner's latest word on it, nor before the import.
    Some((at.max(subscription.mode_set_at), step))
}

/// When it is released: not before its last notice is as old as it must be (D38). `None` while a
/// notice is needed and none was recorded.
#[must_use]
pub fn release_at(
    timeline: &Timeline,
    subscription: &Subscription,
    span: &Span,
) -> Option<Timestamp> {
    let needed = release_needs(timeline, subscription, span);
    if needed.is_zero() {
        return Some(span.releases_at);
    }
    let noticed_at = subscription.release_noticed_at?;
    Some(span.releases_at.max(noticed_at.plus(needed)))
}

/// How old the notice of a release must be, by the version in force at the release.
#[must_use]
pub fn release_needs(timeline: &Timeline, subscription: &Subscription, span: &Span) -> Duration {
    lifecycle_at(timeline, subscription, span.releases_at)
        .map_or_else(
            || Lifecycle::default().release_needs_notice,
            |lifecycle| lifecycle.release_needs_notice,
        )
        .0
}

/// The notice that a release waits for says in how many days it will be.
fn late_notice(timeline: &Timeline, subscription: &Subscription, span: &Span) -> Kind {
    let days = release_needs(timeline, subscription, span).as_secs().div_ceil(86_400);
    Kind::ReleaseAhead(u16::try_from(days).unwrap_or(u16::MAX))
}

/// The lifecycle of the subscription's product at `at`.
fn lifecycle_at<'a>(
    timeline: &'a Timeline,
    subscription: &Subscription,
    at: Timestamp,
) -> Option<&'a Lifecycle> {
    let (rules, product) =
        timeline.product(timeline.in_force(at)?, &subscription.subject.product)?;
    rules.lifecycles.get(&product.lifecycle)
}

/// What an automatic renewal at `at` will cost: the list price then, or what a notice promised
/// if that is less (R2.17, D31). `None` where there is no price.
#[must_use]
pub fn charge_of(timeline: &Timeline, subscription: &Subscription, at: Timestamp) -> Option<Money> {
    let currency = subscription.paid.as_ref()?.terms.price.currency();
    let period = subscription.auto_period()?;
    let rules = &timeline.in_force(at)?.rules;
    let offer = rules.offer(&subscription.subject.product, &subscription.subject.plan)?;
    if offer.plan.renewal_ends.is_some_and(|ends| ends <= at) {
        return None;
    }
    Some(subscription.honoured(offer.price(period, currency)?))
}

/// The next slot of auto-renewal: from the version in force at that slot.
#[must_use]
pub fn next_attempt(
    timeline: &Timeline,
    subscription: &Subscription,
    span: &Span,
) -> Option<Timestamp> {
    next_attempt_after(timeline, subscription, span, subscription.attempted_through)
}

/// The next slot of auto-renewal after `after`.
#[must_use]
pub fn next_attempt_after(
    timeline: &Timeline,
    subscription: &Subscription,
    span: &Span,
    after: Timestamp,
) -> Option<Timestamp> {
    if subscription.renewal.mode != Mode::AutoRenewal || !subscription.is_renewable() {
        return None;
    }
    let lead_days = subscription.paid.as_ref()?.terms.lead_days;
    timeline.stretches(after).find_map(|(version, start, end)| {
        let (rules, product) = timeline.product(version, &subscription.subject.product)?;
        let schedule = rules.autorenewals.get(&product.autorenewal)?;
        schedule
            .slots(span, lead_days)
            .into_iter()
            .find(|slot| *slot > after && *slot >= start && *slot < end)
    })
}

/// The next mark at which something is to be said: from the version in force at that mark.
#[must_use]
pub fn next_mark(
    timeline: &Timeline,
    subscription: &Subscription,
    span: &Span,
) -> Option<(Timestamp, Kind)> {
    next_mark_after(timeline, subscription, span, subscription.noticed_through)
}

/// The next mark after `after`.
#[must_use]
pub fn next_mark_after(
    timeline: &Timeline,
    subscription: &Subscription,
    span: &Span,
    after: Timestamp,
) -> Option<(Timestamp, Kind)> {
    if !subscription.is_renewable() {
        return None;
    }
    timeline.stretches(after).find_map(|(version, start, end)| {
        let (rules, product) = timeline.product(version, &subscription.subject.product)?;
        let reminders = rules.reminders.get(&product.reminders)?;
        let lifecycle = rules.lifecycles.get(&product.lifecycle)?;
        marks(reminders, lifecycle, subscription, span)
            .into_iter()
            .filter(|(at, _)| *at > after && *at >= start && *at < end)
            // Two marks of one instant: the more urgent one speaks for both.
            .min_by_key(|(at, kind)| (*at, std::cmp::Reverse(*kind)))
    })
}

/// Every mark of the period, in no order (R3.1–R3.7, R2.17, R2.18).
fn marks(
    reminders: &Reminders,
    lifecycle: &Lifecycle,
    subscription: &Subscription,
    span: &Span,
) -> Vec<(Timestamp, Kind)> {
    let before =
        |mark: Timestamp, days: u16| span.zone.on_day(mark, -i32::from(days), reminders.at.0);
    // A mark at or after expiry gives way to the notice of expiry or suspension.
    let expiring = |days: u16| {
        let at = before(span.expires_at, days);
        (at < span.expires_at).then_some(at)
    };
    let mut marks = Vec::new();
    let release_is_expiry = span.releases_at <= span.expires_at;
    if !subscription.renewal.muted {
        match subscription.renewal.mode {
            Mode::ManualRenewal => {
                let today = reminders.on_expiry.then_some(0);
                for days in reminders.before_days.iter().copied().chain(today) {
                    // With no recovery the notice of release says what the last reminder would.
                    let merged = release_is_expiry && days == 1;
                    if let Some(at) = expiring(days).filter(|_| !merged) {
                        marks.push((at, Kind::Expiring(days)));
                    }
                }
                for days in reminders.after_days.iter().copied() {
                    let at = span.zone.on_day(span.expires_at, i32::from(days), reminders.at.0);
                    if at > span.expires_at && at < span.releases_at {
                        marks.push((at, Kind::ExpiredFor(days)));
                    }
                }
            }
            Mode::AutoRenewal => {
                let ahead = reminders.auto_renewal_days.iter();
                marks.extend(ahead.filter_map(|&d| Some((expiring(d)?, Kind::RenewalAhead(d)))));
                let top_up = reminders.topup_days.iter();
                marks.extend(top_up.filter_map(|&d| Some((expiring(d)?, Kind::TopUp(d)))));
            }
            Mode::NotRenewal => {
                let days = reminders.not_renewal_days.iter();
                marks.extend(days.filter_map(|&d| Some((expiring(d)?, Kind::Expiring(d)))));
            }
        }
    }
    for days in reminders.before_release_days.iter().copied() {
        // The notice comes at its time of day, and early enough for the release to be on time
        // (D38).
        let needed = lifecycle.release_needs_notice.0;
        let mut shift = days;
        while before(span.releases_at, shift).plus(needed) > span.releases_at && shift < days + 30 {
            shift += 1;
        }
        marks.push((before(span.releases_at, shift), Kind::ReleaseAhead(days)));
    }
    marks
}
