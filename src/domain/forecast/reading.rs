//! What a forecast came to: its items in words, its days, its totals, and when money falls short.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{Days, NaiveDate};

use super::{Asked, Assumption, GoingOn, Moment, Walk};
use crate::domain::account::{Account, Open};
use crate::domain::calendar::{Timestamp, Zone};
use crate::domain::event::Event;
use crate::domain::ids::{CouponId, OrderId, ResourceId, SubscriptionId};
use crate::domain::ledger::{self, Account as Chart};
use crate::domain::money::Money;
use crate::domain::month::Month;
use crate::domain::nouns::order::Kind;
use crate::domain::nouns::subscription::Failure;
use crate::domain::nouns::{
    closure, coupon, notice, order, resource, standing, statement, subscription, usage, wallet,
};
use crate::domain::rules::Version;
use crate::domain::verbs::standing as verbs;

/// What an item is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The account as a whole.
    Account,
    /// A subscription.
    Subscription(SubscriptionId),
    /// A pay-as-you-go resource.
    Resource(ResourceId),
    /// An order.
    Order(OrderId),
    /// A coupon.
    Coupon(CouponId),
    /// A month of bills.
    Month(Month),
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account => Ok(()),
            Self::Subscription(id) => id.fmt(f),
            Self::Resource(id) => id.fmt(f),
            Self::Order(id) => id.fmt(f),
            Self::Coupon(id) => id.fmt(f),
            Self::Month(month) => month.fmt(f),
        }
    }
}

/// Something that will happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// When.
    pub at: Timestamp,
    /// What, as a stable word.
    pub what: &'static str,
    /// Which notice it is, or why something fails.
    pub detail: Option<&'static str>,
    /// What it is about.
    pub about: About,
    /// By how much it changes the balance: below zero is money out. Nothing where no money moves.
    pub amount: Option<Money>,
    /// The balance afterwards: cash without what is owed.
    pub balance: Money,
}

/// When money first falls short, and of how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortfall {
    /// When.
    pub at: Timestamp,
    /// How much is missing then.
    pub missing: Money,
    /// What cannot be paid: the subscription that cannot be renewed; or the account as a whole,
    /// which falls overdue, or is.
    pub about: About,
}

/// A day of the zone of bills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Which.
    pub date: NaiveDate,
    /// What comes back to the balance, in minor units.
    pub money_in: i64,
    /// What is taken from it, in minor units.
    pub money_out: i64,
    /// The balance at its end.
    pub balance: Money,
}

/// What a forecast came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forecast {
    /// Up to when everything is told.
    pub through: Timestamp,
    /// Did it stop before the end that was asked for, because there was too much?
    pub is_cut: bool,
    /// What it takes for granted.
    pub assumptions: Vec<Assumption>,
    /// The versions of the rules on the way, with their numbers and from when they are in force.
    pub rules: Vec<(u32, Timestamp)>,
    /// The reported usage that it takes to go on.
    pub going_on: Vec<GoingOn>,
    /// Cash without what is owed, at the start.
    pub balance: Money,
    /// Cash at the end.
    pub cash: Money,
    /// What is owed at the end.
    pub debt: Money,
    /// Every day from the first to the last.
    pub days: Vec<Day>,
    /// What comes back to the balance in all.
    pub money_in: Money,
    /// What is taken from it in all.
    pub money_out: Money,
    /// When money first falls short.
    pub shortfall: Option<Shortfall>,
    /// How many events it took.
    pub event_count: usize,
}

/// Reads a walk to its end.
#[derive(Debug)]
pub struct Reader<F> {
    sink: F,
    zone: Zone,
    /// Usage of one day, as long as nothing else happens: one item.
    used: Option<Item>,
    /// The open orders that renew, with their subscriptions.
    renewals: BTreeMap<OrderId, SubscriptionId>,
    cash: Money,
    debt: Money,
    days: BTreeMap<NaiveDate, (i64, i64, i64)>,
    shortfall: Option<Shortfall>,
    waits_for_delivery: bool,
}

impl Forecast {
    /// The forecast of `account`, with every item to `sink` in the order in which they happen;
    /// nothing for an account that was never opened.
    pub fn read(asked: Asked<'_>, account: Account, sink: impl FnMut(Item)) -> Option<Self> {
        let books = account.books()?;
        let zone = asked.timeline.in_force(asked.from).map_or(books.terms.zone, zone_of);
        let mut reader = Reader::begin(books, zone, asked.from, sink);
        let (cash, debt) = (reader.cash, reader.debt);
        let is_held = books.held_at.is_some();
        let has_resources = !books.resources.is_empty();
        let mut walk = Walk::new(asked, account);
        while let Some(moment) = walk.step() {
            reader.take(&moment);
        }
        reader.tell_used();
        let assumptions = [
            (Assumption::NoCommands, true),
            (Assumption::OnTime, true),
            (Assumption::RulesAsScheduled, true),
            (Assumption::UsageGoesOn, has_resources),
            (Assumption::UniqueCountsEnd, walk.leaves_out_counts()),
            (Assumption::NoDeliveries, reader.waits_for_delivery),
            (Assumption::StaysHeld, is_held),
            (Assumption::BrakeStays, asked.brake),
        ];
        let stretches = asked.timeline.stretches(asked.from);
        let stretches = stretches.take_while(|(_, start, _)| *start <= walk.through());
        let rules = stretches.map(|(version, ..)| (version.number, version.effective_at));
        let currency = cash.currency();
        let sum = |part: fn(&(i64, i64, i64)) -> i64| {
            let sum = reader.days.values().map(part).fold(0, i64::saturating_add);
            Money::from_minor(sum, currency)
        };
        Some(Self {
            through: walk.through(),
            is_cut: walk.is_cut(),
            assumptions: assumptions.into_iter().filter(|it| it.1).map(|it| it.0).collect(),
            rules: rules.collect(),
            going_on: walk.going_on().to_vec(),
            balance: less(cash, debt),
            cash: reader.cash,
            debt: reader.debt,
            money_in: sum(|day| day.0),
            money_out: sum(|day| day.1),
            days: reader.days(asked.from, walk.through(), less(cash, debt)),
            shortfall: reader.shortfall,
            event_count: walk.event_count(),
        })
    }
}

/// The zone of bills.
fn zone_of(version: &Version) -> Zone {
    version.rules.bill.zone
}

fn less(cash: Money, debt: Money) -> Money {
    Money::from_minor(cash.minor().saturating_sub(debt.minor()), cash.currency())
}

impl<F: FnMut(Item)> Reader<F> {
    fn begin(books: &Open, zone: Zone, from: Timestamp, sink: F) -> Self {
        let is_overdue = books.standing.is_overdue();
        Self {
            sink,
            zone,
            used: None,
            renewals: BTreeMap::new(),
            cash: books.wallet.cash,
            debt: books.wallet.debt(),
            days: BTreeMap::new(),
            shortfall: is_overdue.then(|| Shortfall {
                at: from,
                missing: verbs::to_pay(books),
                about: About::Account,
            }),
            waits_for_delivery: books
                .orders
                .values()
                .any(|order| order.state == order::State::Processing),
        }
    }

    fn take(&mut self, moment: &Moment) {
        for event in &moment.events {
            let amount = self.move_money(event, moment.at);
            self.look_for_shortfall(event, moment.at);
            let told = self.told(event);
            let balance = less(self.cash, self.debt);
            match (told, amount) {
                (Some((what, detail, about)), amount) => {
                    self.tell(Item { at: moment.at, what, detail, about, amount, balance });
                }
                (None, Some(_)) => {
                    let (what, about) = ("other", About::Account);
                    self.tell(Item { at: moment.at, what, detail: None, about, amount, balance });
                }
                (None, None) => {}
            }
        }
    }

    /// Keeps the sums; answers by how much the balance changes, if any money moves.
    fn move_money(&mut self, event: &Event, at: Timestamp) -> Option<Money> {
        let (mut cash, mut debt, mut moves) = (0_i64, 0_i64, false);
        for posting in ledger::postings(event) {
            let minor = posting.amount.minor();
            // Cash is owed to customers: credit adds to it.
            if posting.account == Chart::CustomerCash {
                (cash, moves) = (cash.saturating_sub(minor), true);
            } else if posting.account == Chart::Receivable {
                (debt, moves) = (debt.saturating_add(minor), true);
            }
        }
        if !moves {
            return None;
        }
        let add = |to: Money, minor: i64| {
            Money::from_minor(to.minor().saturating_add(minor), to.currency())
        };
        (self.cash, self.debt) = (add(self.cash, cash), add(self.debt, debt));
        let change = cash.saturating_sub(debt);
        let balance = less(self.cash, self.debt).minor();
        let day = self.days.entry(self.zone.date(at)).or_default();
        day.0 = day.0.saturating_add(change.max(0));
        day.1 = day.1.saturating_add(change.min(0).saturating_neg());
        day.2 = balance;
        Some(Money::from_minor(change, self.cash.currency()))
    }

    fn look_for_shortfall(&mut self, event: &Event, at: Timestamp) {
        if self.shortfall.is_some() {
            return;
        }
        if let Event::Subscription(subscription::Event::AttemptFailed {
            id,
            quote: Some(needed),
            failure: Failure::NotEnoughFunds { available },
            ..
        }) = event
        {
            let (missing, about) = (less(*needed, *available), About::Subscription(*id));
            self.shortfall = Some(Shortfall { at, missing, about });
        }
        if let Event::Standing(standing::Event::FellOverdue { amount, .. }) = event {
            self.shortfall = Some(Shortfall { at, missing: *amount, about: About::Account });
        }
    }

    /// Tells an item. What is used within a day is one item, as long as nothing else happens.
    fn tell(&mut self, item: Item) {
        if item.what != USED {
            self.tell_used();
            (self.sink)(item);
            return;
        }
        let same_day = |used: &Item| self.zone.date(used.at) == self.zone.date(item.at);
        let joined = self.used.filter(same_day).map(|used| {
            let about = if used.about == item.about { used.about } else { About::Account };
            let both = [used.amount, item.amount].into_iter().flatten();
            let amount = both.reduce(|a, b| a.checked_add(b).unwrap_or(a));
            Item { about, amount, ..item }
        });
        if joined.is_none() {
            self.tell_used();
        }
        self.used = Some(joined.unwrap_or(item));
    }

    fn tell_used(&mut self) {
        let used = self.used.take();
        if let Some(item) = used.filter(|item| item.amount.is_some_and(|it| !it.is_zero())) {
            (self.sink)(item);
        }
    }

    /// The word for an event, where it is worth one.
    fn told(&mut self, event: &Event) -> Option<(&'static str, Option<&'static str>, About)> {
        let of = |what, about| Some((what, None, about));
        match event {
            Event::Order(event) => self.of_order(event),
            Event::Subscription(event) => {
                let about = About::Subscription(event.subscription());
                if let subscription::Event::AttemptFailed { failure, .. } = event {
                    return Some(("renewal_failed", Some(failure.code()), about));
                }
                of(of_subscription(event)?, about)
            }
            Event::Notice(notice::Event::Issued { subscription, kind, .. }) => {
                Some(("notice", Some(kind.as_str()), About::Subscription(*subscription)))
            }
            Event::Coupon(event) => of(of_coupon(event)?, About::Coupon(event.coupon())),
            Event::Resource(event) => of(of_resource(event)?, About::Resource(event.resource())),
            Event::Usage(usage::Event::Settled(settlement)) => {
                let mut resources = settlement.lines.iter().map(|line| line.resource);
                let first = resources.next().filter(|one| resources.all(|other| other == *one));
                of(USED, first.map_or(About::Account, About::Resource))
            }
            Event::Wallet(event) => of_wallet(event).map(|(what, about)| (what, None, about)),
            Event::Standing(event) => of(of_standing(event)?, About::Account),
            Event::Closure(event) => of(of_closure(event)?, About::Account),
            Event::Statement(statement::Event::Closed { month, .. }) => {
                of("statement_closed", About::Month(*month))
            }
            Event::Statement(
                statement::Event::DocumentIssued(_) | statement::Event::DocumentNumbered { .. },
            )
            | Event::Notice(notice::Event::Skipped { .. })
            | Event::Usage(
                usage::Event::Recorded { .. }
                | usage::Event::PackageFilled(_)
                | usage::Event::PackageDropped { .. },
            )
            | Event::Account(_)
            | Event::Withdrawal(_)
            | Event::House(_)
            | Event::Campaign(_)
            | Event::Series(_) => None,
        }
    }

    fn of_order(
        &mut self,
        event: &order::Event,
    ) -> Option<(&'static str, Option<&'static str>, About)> {
        let order = event.order();
        // An order that renews is told of what it renews.
        let renewal = self.renewals.get(&order).copied();
        let what = match event {
            order::Event::Opened(order) => {
                if order.kind == Kind::Renew {
                    self.renewals.insert(order.id, order.subscription);
                }
                return None;
            }
            order::Event::Paid { .. } if renewal.is_some() => "renewed",
            order::Event::Paid { .. } => "order_paid",
            order::Event::Processing { .. } => {
                self.waits_for_delivery = true;
                "order_processing"
            }
            order::Event::Failed { .. } => "order_failed",
            order::Event::Refunded { .. } => "refund",
            order::Event::Cancelled { .. } => "order_cancelled",
            order::Event::Warned { .. } => "order_timing_out",
            order::Event::Repriced { .. }
            | order::Event::Provisioned { .. }
            | order::Event::ReportedLate { .. } => return None,
        };
        if !matches!(event, order::Event::Processing { .. } | order::Event::Warned { .. }) {
            self.renewals.remove(&order);
        }
        Some((what, None, renewal.map_or(About::Order(order), About::Subscription)))
    }

    /// Every day from the first to the last, also those on which nothing moves.
    fn days(&self, from: Timestamp, through: Timestamp, start: Money) -> Vec<Day> {
        let (first, last) = (self.zone.date(from), self.zone.date(through));
        let mut balance = start;
        let mut days = Vec::new();
        let mut date = first;
        while date <= last {
            let (money_in, money_out) = match self.days.get(&date) {
                Some((money_in, money_out, minor)) => {
                    balance = Money::from_minor(*minor, start.currency());
                    (*money_in, *money_out)
                }
                None => (0, 0),
            };
            days.push(Day { date, money_in, money_out, balance });
            let Some(next) = date.checked_add_days(Days::new(1)) else { break };
            date = next;
        }
        days
    }
}

/// The word for usage that is settled.
const USED: &str = "usage_settled";

const fn of_subscription(event: &subscription::Event) -> Option<&'static str> {
    match event {
        subscription::Event::PlanTookEffect { .. } => Some("plan_took_effect"),
        subscription::Event::Expired { .. } => Some("expired"),
        subscription::Event::Suspended { .. } => Some("suspended"),
        subscription::Event::Released { .. } => Some("released"),
        subscription::Event::Cancelled { .. } => Some("cancelled"),
        // Told by its order, or only ever asked for.
        subscription::Event::Renewed { .. }
        | subscription::Event::AttemptFailed { .. }
        | subscription::Event::Ordered { .. }
        | subscription::Event::Activated { .. }
        | subscription::Event::Imported { .. }
        | subscription::Event::RenewalOrdered { .. }
        | subscription::Event::ChangeOrdered { .. }
        | subscription::Event::OrderClosed { .. }
        | subscription::Event::PlanChanged { .. }
        | subscription::Event::PeriodCancelled { .. }
        | subscription::Event::Unsubscribed { .. }
        | subscription::Event::ModeSet { .. } => None,
    }
}

const fn of_coupon(event: &coupon::Event) -> Option<&'static str> {
    match event {
        coupon::Event::BecameEffective { .. } => Some("coupon_effective"),
        coupon::Event::Expired { .. } => Some("coupon_expired"),
        coupon::Event::Reminded { .. } => Some("coupon_expiring"),
        coupon::Event::Redeemed { .. } | coupon::Event::Spent { .. } => Some("coupon_used"),
        coupon::Event::Granted(_)
        | coupon::Event::Frozen { .. }
        | coupon::Event::Unfrozen { .. }
        | coupon::Event::Restored { .. }
        | coupon::Event::Cancelled { .. } => None,
    }
}

const fn of_resource(event: &resource::Event) -> Option<&'static str> {
    match event {
        resource::Event::Opened { .. } => Some("resource_opened"),
        resource::Event::Halted { .. } => Some("resource_halted"),
        resource::Event::ReleaseNoticed { .. } => Some("resource_release_ahead"),
        resource::Event::Restored { .. } => Some("resource_restored"),
        resource::Event::Released { .. } => Some("resource_released"),
        resource::Event::Started { .. }
        | resource::Event::Stopped { .. }
        | resource::Event::PlanChanged { .. }
        | resource::Event::Closed { .. } => None,
    }
}

const fn of_wallet(event: &wallet::Event) -> Option<(&'static str, About)> {
    match event {
        wallet::Event::Lent { month, .. } => Some(("credit_drawn", About::Month(*month))),
        wallet::Event::FellDue { month, .. } => Some(("credit_due", About::Month(*month))),
        wallet::Event::Repaid { .. } => Some(("credit_repaid", About::Account)),
        wallet::Event::Forfeited { .. } => Some(("forfeited", About::Account)),
        wallet::Event::ToppedUp { .. }
        | wallet::Event::BroughtIn { .. }
        | wallet::Event::Sent { .. }
        | wallet::Event::Arrived { .. }
        | wallet::Event::Returned { .. }
        | wallet::Event::Received { .. }
        | wallet::Event::Declined { .. }
        | wallet::Event::LimitSet { .. }
        | wallet::Event::DepositHeld { .. }
        | wallet::Event::DepositReleased { .. } => None,
    }
}

const fn of_standing(event: &standing::Event) -> Option<&'static str> {
    match event {
        standing::Event::FellOverdue { .. } => Some("overdue"),
        standing::Event::OverdueNoticed { superseded: false, .. } => Some("overdue_notice"),
        standing::Event::Recovered { .. } => Some("recovered"),
        standing::Event::RanLow { .. } => Some("low_balance"),
        standing::Event::WillRunShort { .. } => Some("will_run_short"),
        standing::Event::OverdueNoticed { superseded: true, .. }
        | standing::Event::AlertSet { .. }
        | standing::Event::Refilled { .. } => None,
    }
}

const fn of_closure(event: &closure::Event) -> Option<&'static str> {
    match event {
        closure::Event::SettlingBegan { .. } => Some("closure_settling"),
        closure::Event::QuietBegan { .. } => Some("closure_quiet"),
        closure::Event::ReturnedToSettling { .. } => Some("closure_returned"),
        closure::Event::Rejected { .. } | closure::Event::Interrupted { .. } => {
            Some("closure_interrupted")
        }
        closure::Event::Revoked { .. } => Some("closure_revoked"),
        closure::Event::Closed { .. } => Some("account_closed"),
        closure::Event::Requested { .. }
        | closure::Event::Begun { .. }
        | closure::Event::CodeMissed { .. }
        | closure::Event::Confirmed { .. }
        | closure::Event::ApprovalAsked { .. }
        | closure::Event::Approved { .. }
        | closure::Event::HoldingReported(_)
        | closure::Event::HoldingCleared { .. } => None,
    }
}
