//! The agenda: when an account next needs attention, and for what. It is a reading of the state
//! and the rules; nobody remembers to schedule anything.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::account::{Account, Open};
use super::calendar::Timestamp;
use super::ids::{CouponId, OrderId, ResourceId, SubscriptionId};
use super::money::Money;
use super::month::Month;
use super::nouns::notice::Kind;
use super::nouns::order::Order;
use super::nouns::resource::Resource;
use super::nouns::subscription::{Mode, State, Subscription};
use super::nouns::{coupon, order, resource as resources};
use super::rules::{Lifecycle, Reminders, Span, Timeline};
use super::verbs::{bill, credit, resource, settle, standing};

/// Which scheduler looks after a due thing. A label: any advance settles everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Unpaid orders time out; coupons become good and expire.
    Orders,
    /// Automatic renewals.
    Renewals,
    /// Usage is settled.
    Settlement,
    /// Due dates, and what happens for debt: notices, stops, releases.
    Dunning,
    /// Expiry, suspension, release.
    Lifecycle,
    /// Notices.
    Reminders,
    /// Months are closed.
    Statements,
    /// Sweeps: rules changes, tokens, old deliveries.
    Housekeeping,
}

impl Job {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Orders,
        Self::Renewals,
        Self::Settlement,
        Self::Dunning,
        Self::Lifecycle,
        Self::Reminders,
        Self::Statements,
        Self::Housekeeping,
    ];

    /// Its name in configuration, on the command line and in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Renewals => "renewals",
            Self::Settlement => "settlement",
            Self::Dunning => "dunning",
            Self::Lifecycle => "lifecycle",
            Self::Reminders => "reminders",
            Self::Statements => "statements",
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
            let known: Vec<_> = Self::ALL.into_iter().map(Self::as_str).collect();
            format!("{text:?} is none of {}", known.join(", "))
        })
    }
}

/// A thing to do when it is due, in the order of ranks in which things of one instant are done
/// (D35).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// An unpaid order reaches its deadline.
    TimeOut(OrderId),
    /// A paid order was not delivered in time (D41).
    DeliveryTimeOut(OrderId),
    /// A coupon becomes good.
    CouponEffective(CouponId),
    /// Usage is settled (R6.1).
    Settle,
    /// The due date of what is owed for a month (R7.3).
    CreditDue(Month),
    /// A resource is stopped for debt (R6.9).
    Halt(ResourceId),
    /// A resource is released for debt.
    ReleaseForDebt(ResourceId),
    /// The owner is to be told that a resource will be released for debt.
    ReleaseNotice(ResourceId),
    /// The owner is told again that the account is overdue (R6.9).
    OverdueNotice,
    /// The balance will not cover the next day (R6.18).
    Forecast,
    /// No usage of a resource can be reported any more.
    CloseResource(ResourceId),
    /// An automatic renewal is attempted.
    Attempt(SubscriptionId),
    /// A plan that was paid ahead takes effect, or one for a while ends.
    TakePlan(SubscriptionId),
    /// The time of a coupon passes.
    CouponExpire(CouponId),
    /// The paid time ends.
    Expire(SubscriptionId),
    /// Service stops.
    Suspend(SubscriptionId),
    /// The resource goes.
    Release(SubscriptionId),
    /// A month of its bills is closed.
    CloseStatement(Month),
    /// Something is to be said.
    Notice(SubscriptionId, Kind),
    /// The owner of an unpaid order is to be warned (D48).
    WarnTimeOut(OrderId),
    /// The owner of a coupon is to be reminded.
    CouponNotice(CouponId),
}

impl Step {
    /// The scheduler that looks after it.
    #[must_use]
    pub const fn job(self) -> Job {
        match self {
            Self::TimeOut(_)
            | Self::DeliveryTimeOut(_)
            | Self::WarnTimeOut(_)
            | Self::CouponEffective(_)
            | Self::CouponExpire(_) => Job::Orders,
            Self::Attempt(_) => Job::Renewals,
            Self::Settle | Self::CloseResource(_) => Job::Settlement,
            Self::CreditDue(_)
            | Self::Halt(_)
            | Self::ReleaseForDebt(_)
            | Self::ReleaseNotice(_)
            | Self::OverdueNotice => Job::Dunning,
            Self::Forecast => Job::Reminders,
            Self::TakePlan(_) | Self::Expire(_) | Self::Suspend(_) | Self::Release(_) => {
                Job::Lifecycle
            }
            Self::CloseStatement(_) => Job::Statements,
            Self::Notice(..) | Self::CouponNotice(_) => Job::Reminders,
        }
    }

    /// The word for its kind.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::TimeOut(_) => "order_timed_out",
            Self::DeliveryTimeOut(_) => "delivery_timed_out",
            Self::WarnTimeOut(_) => "order_warned",
            Self::CouponEffective(_) => "coupon_effective",
            Self::CouponExpire(_) => "coupon_expired",
            Self::CouponNotice(_) => "coupon_notice",
            Self::Attempt(_) => "renewal_attempted",
            Self::Settle => "usage_settled",
            Self::CreditDue(_) => "credit_due",
            Self::Halt(_) => "resource_halted",
            Self::ReleaseForDebt(_) => "resource_released_for_debt",
            Self::ReleaseNotice(_) => "resource_release_notice",
            Self::OverdueNotice => "overdue_notice",
            Self::Forecast => "forecast",
            Self::CloseResource(_) => "resource_closed",
            Self::TakePlan(_) => "plan_took_effect",
            Self::CloseStatement(_) => "statement_closed",
            Self::Expire(_) => "expired",
            Self::Suspend(_) => "suspended",
            Self::Release(_) => "released",
            Self::Notice(..) => "notice",
        }
    }

    /// Does it take something away from a customer? Those wait while the brake is engaged (D38).
    #[must_use]
    pub const fn is_destructive(self) -> bool {
        matches!(
            self,
            Self::Suspend(_) | Self::Release(_) | Self::Halt(_) | Self::ReleaseForDebt(_)
        )
    }

    const fn rank(self) -> u8 {
        match self {
            Self::TimeOut(_) | Self::DeliveryTimeOut(_) | Self::CouponEffective(_) => 0,
            Self::Settle | Self::CreditDue(_) | Self::Halt(_) | Self::ReleaseForDebt(_) => 1,
            Self::Attempt(_) => 2,
            Self::TakePlan(_)
            | Self::CouponExpire(_)
            | Self::Expire(_)
            | Self::Suspend(_)
            | Self::Release(_) => 3,
            Self::Notice(..)
            | Self::ReleaseNotice(_)
            | Self::OverdueNotice
            | Self::Forecast
            | Self::CloseResource(_)
            | Self::WarnTimeOut(_)
            | Self::CouponNotice(_)
            | Self::CloseStatement(_) => 4,
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
    of_coupons: BTreeMap<CouponId, Due>,
    of_bills: Option<Due>,
    of_resources: BTreeMap<ResourceId, Needs>,
    of_usage: Option<Due>,
    of_account: Option<Due>,
}

impl Agenda {
    /// The whole agenda of an account under the rules as they are.
    #[must_use]
    pub fn of(timeline: &Timeline, account: &Account) -> Self {
        let mut agenda = Self { rules_version: timeline.newest(), ..Self::default() };
        if let Some(open) = account.open() {
            for id in open.orders.keys() {
                agenda.refresh_order(timeline, open, *id);
            }
            for id in open.coupons.keys() {
                agenda.refresh_coupon(timeline, open, *id);
            }
            agenda.refresh_bills(timeline, open);
            agenda.refresh_resources(timeline, open);
            agenda.refresh_settled(timeline, open);
            agenda.refresh_account(timeline, open);
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
    pub fn refresh_order(&mut self, timeline: &Timeline, open: &Open, id: OrderId) {
        let needed = open.orders.get(&id).and_then(|order| order_needs(timeline, order));
        let due = needed.map(|(order, at, step)| Due {
            at,
            rank: step.rank(),
            expires_at: order.ends_at.unwrap_or(order.deadline),
            minor: order.payable.minor(),
            number: id.number,
            step,
        });
        let old = match due {
            Some(_) => self.of_orders.insert(id, Needs { taking: None, other: due }),
            None => self.of_orders.remove(&id),
        };
        replace(&mut self.others, old.and_then(|old| old.other), due);
    }

    /// Looks again at a coupon that was touched.
    pub fn refresh_coupon(&mut self, timeline: &Timeline, open: &Open, id: CouponId) {
        let needed = open.coupons.get(&id).and_then(|coupon| coupon_needs(timeline, coupon));
        let due = needed.map(|(coupon, at, step)| Due {
            at,
            rank: step.rank(),
            expires_at: coupon.expires_at,
            minor: coupon.balance.map_or(0, Money::minor),
            number: id.number,
            step,
        });
        let old = match due {
            Some(due) => self.of_coupons.insert(id, due),
            None => self.of_coupons.remove(&id),
        };
        replace(&mut self.others, old, due);
    }

    /// Looks again at what was billed: the oldest month that is not closed comes next.
    pub fn refresh_bills(&mut self, timeline: &Timeline, open: &Open) {
        let next = open.bills.months.values().find(|month| month.closed_at.is_none());
        let due = next.map(|statement| {
            let at = bill::final_at(timeline, statement.month);
            let step = Step::CloseStatement(statement.month);
            Due {
                at,
                rank: step.rank(),
                expires_at: at,
                minor: statement.totals.total.minor(),
                number: 0,
                step,
            }
        });
        let old = std::mem::replace(&mut self.of_bills, due);
        replace(&mut self.others, old, due);
    }

    /// Looks again at a resource that was touched.
    pub fn refresh_resource(&mut self, timeline: &Timeline, open: &Open, id: ResourceId) {
        let needs = open.resources.get(&id).and_then(|live| resource_needs(timeline, open, live));
        let old = match needs {
            Some(needs) => self.of_resources.insert(id, needs),
            None => self.of_resources.remove(&id),
        };
        let (old, new) = (old.unwrap_or_default(), needs.unwrap_or_default());
        replace(&mut self.taking, old.taking, new.taking);
        replace(&mut self.others, old.other, new.other);
        self.refresh_usage(timeline, open);
    }

    /// Looks again at all resources: the standing of the account has changed.
    pub fn refresh_resources(&mut self, timeline: &Timeline, open: &Open) {
        for id in open.resources.keys() {
            self.refresh_resource(timeline, open, *id);
        }
    }

    /// Looks again at usage that was recorded or settled, and at resources that are done with it.
    pub fn refresh_settled(&mut self, timeline: &Timeline, open: &Open) {
        let released = open.resources.values().filter(|live| live.released_at.is_some());
        let gone: Vec<ResourceId> = released.map(|live| live.id).collect();
        for id in gone {
            self.refresh_resource(timeline, open, id);
        }
        self.refresh_usage(timeline, open);
    }

    fn refresh_usage(&mut self, timeline: &Timeline, open: &Open) {
        let due = settle::due_at(timeline, open).map(|at| of_all(at, Step::Settle, 0));
        let old = std::mem::replace(&mut self.of_usage, due);
        replace(&mut self.others, old, due);
    }

    /// Looks again at what the account as a whole needs: due dates, notices of debt, the forecast.
    pub fn refresh_account(&mut self, timeline: &Timeline, open: &Open) {
        let has_none = open.wallet.owed.is_empty()
            && !open.standing.is_overdue()
            && open.standing.burn.is_empty();
        let due = if has_none { None } else { account_needs(timeline, open) };
        let old = std::mem::replace(&mut self.of_account, due);
        replace(&mut self.others, old, due);
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

/// What an order needs next: its time-out, and a warning of it (D48).
fn order_needs<'a>(timeline: &Timeline, order: &'a Order) -> Option<(&'a Order, Timestamp, Step)> {
    match order.state {
        order::State::Unpaid => {
            let warning = warning_at(timeline, order).filter(|_| !order.warned);
            Some(match warning {
                Some(at) => (order, at, Step::WarnTimeOut(order.id)),
                None => (order, order.deadline, Step::TimeOut(order.id)),
            })
        }
        order::State::Processing => {
            let at = order.deliver_until.unwrap_or(order.deadline);
            Some((order, at, Step::DeliveryTimeOut(order.id)))
        }
        order::State::Paid
        | order::State::Cancelled
        | order::State::Failed
        | order::State::Refunded => None,
    }
}

/// When the owner of an unpaid order is warned of its time-out: the setting before it, or a
/// quarter of its life where that is less (D48).
fn warning_at(timeline: &Timeline, order: &Order) -> Option<Timestamp> {
    let before = timeline.in_force(order.created_at)?.rules.orders.warn_before_timeout.0;
    let quarter = Duration::from_secs(order.deadline.since(order.created_at).as_secs() / 4);
    Some(order.deadline.minus(before.min(quarter))).filter(|_| !before.is_zero())
}

/// What a coupon needs next. A frozen one needs nothing: it is honoured by the order that holds it
/// (R5.15). What became due meanwhile is due when it is free again.
fn coupon_needs<'a>(
    timeline: &Timeline,
    coupon: &'a coupon::Coupon,
) -> Option<(&'a coupon::Coupon, Timestamp, Step)> {
    let id = coupon.id;
    match coupon.state {
        coupon::State::NotEffective if coupon.effective_at < coupon.expires_at => {
            Some((coupon, coupon.effective_at, Step::CouponEffective(id)))
        }
        coupon::State::NotEffective => Some((coupon, coupon.expires_at, Step::CouponExpire(id))),
        coupon::State::Available => {
            let days = timeline.in_force(coupon.granted_at)?.rules.coupons.expiry_notice_days;
            let notice = days
                .map(|days| coupon.expires_at.minus(Duration::from_hours(24 * u64::from(days))))
                // What is granted for a shorter time needs no reminder: its grant was told.
                .filter(|at| !coupon.reminded && *at > coupon.effective_at.max(coupon.granted_at));
            Some(match notice {
                Some(at) => (coupon, at, Step::CouponNotice(id)),
                None => (coupon, coupon.expires_at, Step::CouponExpire(id)),
            })
        }
        coupon::State::Frozen
        | coupon::State::Used
        | coupon::State::Expired
        | coupon::State::Cancelled => None,
    }
}

/// A step of the account as a whole.
const fn of_all(at: Timestamp, step: Step, number: u32) -> Due {
    Due { at, rank: step.rank(), expires_at: at, minor: 0, number, step }
}

/// What a resource needs next, besides being settled.
fn resource_needs(timeline: &Timeline, open: &Open, live: &Resource) -> Option<Needs> {
    let id = live.id;
    let due = |at, step| of_all(at, step, id.number);
    match live.state() {
        resources::State::Released => {
            let at = settle::closes_at(timeline, live)?;
            Some(Needs { taking: None, other: Some(due(at, Step::CloseResource(id))) })
        }
        resources::State::Running | resources::State::Stopped => {
            let at = resource::halts_at(timeline, open, live)?;
            Some(Needs { taking: Some(due(at, Step::Halt(id))), other: None })
        }
        resources::State::Halted => {
            let planned = resource::planned_release(timeline, open, live, live.halted_at?)?;
            let needed = resource::notice_needed(timeline, live, planned);
            // The release waits for its notice (D38).
            Some(match live.release_noticed_at {
                None if !needed.is_zero() => Needs {
                    taking: None,
                    other: Some(due(planned.minus(needed), Step::ReleaseNotice(id))),
                },
                noticed_at => {
                    let earliest = noticed_at.map_or(planned, |told| told.plus(needed));
                    let at = planned.max(earliest);
                    Needs { taking: Some(due(at, Step::ReleaseForDebt(id))), other: None }
                }
            })
        }
    }
}

/// What the account as a whole needs next.
fn account_needs(timeline: &Timeline, open: &Open) -> Option<Due> {
    let to_come = open.wallet.owed.iter().find(|(_, owed)| !owed.past_due);
    let credit = to_come
        .map(|(month, _)| of_all(credit::due_at(timeline, *month), Step::CreditDue(*month), 0));
    let told_through = open.standing.overdue.map(|overdue| overdue.told_through);
    let notice = told_through
        .and_then(|told| standing::next_notice_after(timeline, open, told))
        .map(|at| of_all(at, Step::OverdueNotice, 0));
    let forecast = standing::forecast_at(timeline, open).map(|at| of_all(at, Step::Forecast, 0));
    [credit, notice, forecast].into_iter().flatten().min()
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
    let plan = next_plan_at(subscription)
        .map(|at| due((at, Step::TakePlan(subscription.id)), paid.terms.price.minor()));
    let is_taking = |due: &Due| due.step.is_destructive();
    Some(Needs {
        taking: transition.filter(is_taking),
        other: [transition.filter(|due| !is_taking(due)), attempt, notice, plan]
            .into_iter()
            .flatten()
            .min(),
    })
}

/// When its plan changes by itself: one for a while ends, or one that was paid ahead begins.
fn next_plan_at(subscription: &Subscription) -> Option<Timestamp> {
    let ends = subscription.temporary.as_ref().map(|temporary| temporary.until);
    let begins = subscription.next_plan.as_ref().map(|next| next.at);
    [ends, begins].into_iter().flatten().min()
}

fn next_transition(
    timeline: &Timeline,
    subscription: &Subscription,
    span: &Span,
) -> Option<(Timestamp, Step)> {
    let id = subscription.id;
    let (at, step) = match subscription.state {
        State::PendingPayment | State::Released | State::Cancelled | State::Unsubscribed => {
            return None;
        }
        // What is paid and about to be delivered is not released (D41).
        State::Suspended if subscription.processing => return None,
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
    let offer = rules.offer(&subscription.subject.product, subscription.renewed_plan())?;
    if offer.plan.renewal_ends.is_some_and(|ends| ends <= at) {
        return None;
    }
    let list = offer.price(period, currency)?;
    Some(subscription.honoured(subscription.kept(list, period)))
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
    let may = subscription.renewal.mode == Mode::AutoRenewal && subscription.is_renewable();
    // A period that is paid and about to be delivered is not paid again (R2.11).
    if !may || subscription.processing {
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
