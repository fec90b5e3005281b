//! The account: its phase, its wallet, its live orders and subscriptions. [`Account::apply`] is
//! the only writer of this state.

mod closing;
mod settling;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::calendar::{Timestamp, Zone};
use super::event::{self, SealedRef};
use super::ids::{
    AccountId, CampaignId, CouponId, OrderId, ResourceId, SubscriptionId, WithdrawalId,
};
use super::money::{Currency, Money};
use super::nouns::closure::{self, Closure, Holding};
use super::nouns::coupon::Coupon;
use super::nouns::coverage::Coverage;
use super::nouns::order::{Order, Parts};
use super::nouns::resource::Resource;
use super::nouns::standing::Standing;
use super::nouns::statement::Bills;
use super::nouns::subscription::Subscription;
use super::nouns::usage::Package;
use super::nouns::wallet::Wallet;
use super::nouns::withdrawal::Withdrawal;
use super::nouns::{coupon, order, resource, statement, subscription, wallet, withdrawal};

/// Who owns an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A person.
    Individual,
    /// A company.
    Corporate,
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Individual => "individual",
            Self::Corporate => "corporate",
        }
    }
}

/// What is known of an account from its opening; fixed, and nothing personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Who owns it.
    pub kind: Kind,
    /// The settlement currency, fixed at opening.
    pub currency: Currency,
    /// Country of residence, two letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The zone that its days are counted in (D3).
    pub zone: Zone,
    /// The language of its mail.
    pub language: String,
}

/// What happened to the account itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// It was opened.
    Opened {
        /// What is known of it.
        terms: Terms,
        /// Name and address, sealed beside the journal.
        profile: SealedRef,
        /// When.
        at: Timestamp,
    },
    /// Nothing happens to it by itself until it is let go.
    Held {
        /// When.
        at: Timestamp,
    },
    /// It is in service again.
    LetGo {
        /// When.
        at: Timestamp,
    },
    /// The day of the month was chosen that renewals can be aligned to (R1.22).
    UnifiedDaySet {
        /// 1 to 28.
        day: u8,
        /// When.
        at: Timestamp,
    },
    /// A coupon of a campaign could not be taken, and its quota was told back.
    CouponDeclined {
        /// The campaign.
        campaign: CampaignId,
        /// When.
        at: Timestamp,
    },
}

/// An account: a phase, so that one that was never opened has no owner and no currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Account {
    /// Nothing happened yet.
    Unopened(AccountId),
    /// In service.
    Open(Box<Open>),
    /// Closed for good: its books are kept, and nothing else (R8.12).
    Closed(Box<Open>),
}

/// An account in service, or the books of one that was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// Its id.
    pub id: AccountId,
    /// What is known of it.
    pub terms: Terms,
    /// Its sealed name and address.
    pub profile: SealedRef,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Since when it is held, if it is.
    pub held_at: Option<Timestamp>,
    /// The next number for an order or a subscription.
    pub next_number: u32,
    /// The next number for something sealed.
    pub next_sealed: u32,
    /// Its money.
    pub wallet: Wallet,
    /// Orders that can still change, and those that closed in the record at hand.
    pub orders: BTreeMap<OrderId, Arc<Order>>,
    /// Subscriptions that live, and those that ended in the record at hand.
    pub subscriptions: BTreeMap<SubscriptionId, Arc<Subscription>>,
    /// Coupons that can still be used, and those that became final in the record at hand.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub coupons: BTreeMap<CouponId, Arc<Coupon>>,
    /// Pay-as-you-go resources, until nothing can be reported of them any more.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub resources: BTreeMap<ResourceId, Arc<Resource>>,
    /// Withdrawals that are to be paid, and those that were settled in the record at hand.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub withdrawals: BTreeMap<WithdrawalId, Arc<Withdrawal>>,
    /// Prepaid quantities that are drawn before usage is priced (R6.20).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Package>,
    /// Its closure, while that is under way, and once it is closed (R8.6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closure: Option<Box<Closure>>,
    /// What other systems of the provider hold for it, by kind and id (R8.2).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub holdings: BTreeMap<String, Holding>,
    /// Good or overdue, and its alerts.
    #[serde(default, skip_serializing_if = "Standing::is_default")]
    pub standing: Standing,
    /// The day of the month that renewals can be aligned to, if one was chosen (R1.22).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unified_day: Option<u8>,
    /// What was billed, and the documents of it.
    #[serde(default, skip_serializing_if = "Bills::is_empty")]
    pub bills: Bills,
    /// When a product was last given back in full (R10.9).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub full_refunds: BTreeMap<String, Timestamp>,
    /// What became final in the record at hand, so that the rest need not be searched for it.
    #[serde(default, skip_serializing_if = "Ended::is_empty")]
    pub ended: Ended,
}

/// Nouns that became final in the record at hand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Orders that were paid or cancelled.
    pub orders: Vec<OrderId>,
    /// Subscriptions that were released or never paid.
    pub subscriptions: Vec<SubscriptionId>,
    /// Coupons that were used, expired or were taken back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coupons: Vec<CouponId>,
    /// Subscriptions of which something paid was given back or is over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coverages: Vec<SubscriptionId>,
    /// Withdrawals that were paid, or failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withdrawals: Vec<WithdrawalId>,
    /// Resources of which nothing can be reported any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<ResourceId>,
}

impl Ended {
    /// Did nothing become final?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty()
            && self.subscriptions.is_empty()
            && self.coupons.is_empty()
            && self.coverages.is_empty()
            && self.resources.is_empty()
            && self.withdrawals.is_empty()
    }
}

impl Account {
    /// The account in service, if it is.
    #[must_use]
    pub fn open(&self) -> Option<&Open> {
        match self {
            Self::Unopened(_) | Self::Closed(_) => None,
            Self::Open(open) => Some(open),
        }
    }

    /// The books of the account, whether it is in service or closed.
    #[must_use]
    pub fn books(&self) -> Option<&Open> {
        match self {
            Self::Unopened(_) => None,
            Self::Open(open) | Self::Closed(open) => Some(open),
        }
    }

    /// Changes the account by what happened. An event that cannot follow is a broken journal:
    /// it panics, and the account is parked rather than guessed at.
    pub fn apply(&mut self, event: &event::Event) {
        match self {
            Self::Unopened(id) => {
                let event::Event::Account(Event::Opened { terms, profile, at }) = event else {
                    panic!("broken journal: {id} is not open, and {event:?}")
                };
                *self = Self::Open(Box::new(Open::new(*id, terms, *profile, *at)));
            }
            Self::Open(open) => {
                open.apply(event);
                if let event::Event::Closure(closure::Event::Closed { .. }) = event {
                    let id = open.id;
                    if let Self::Open(mut books) = std::mem::replace(self, Self::Unopened(id)) {
                        books.close();
                        *self = Self::Closed(books);
                    }
                }
            }
            Self::Closed(books) => {
                let is_for_books = matches!(
                    event,
                    event::Event::Statement(_)
                        | event::Event::Wallet(wallet::Event::Declined { .. })
                        | event::Event::Withdrawal(withdrawal::Event::ReportedAgain { .. })
                        | event::Event::Account(Event::CouponDeclined { .. })
                );
                assert!(is_for_books, "broken journal: {} is closed, and {event:?}", books.id);
                books.apply(event);
            }
        }
    }

    /// Lets go of what became final in the record that is complete now.
    pub fn forget_final(&mut self) {
        if let Self::Open(open) | Self::Closed(open) = self {
            let ended = std::mem::take(&mut open.ended);
            for order in &ended.orders {
                open.orders.remove(order);
            }
            for subscription in &ended.subscriptions {
                open.subscriptions.remove(subscription);
            }
            for coupon in &ended.coupons {
                open.coupons.remove(coupon);
            }
            for withdrawal in &ended.withdrawals {
                open.withdrawals.remove(withdrawal);
            }
            for resource in &ended.resources {
                open.resources.remove(resource);
            }
            open.bills.forget_fresh();
            for subscription in &ended.coverages {
                if let Some(live) = open.subscriptions.get_mut(subscription) {
                    Arc::make_mut(live).forget_closed();
                }
            }
        }
    }
}

impl Open {
    fn new(id: AccountId, terms: &Terms, profile: SealedRef, at: Timestamp) -> Self {
        Self {
            id,
            terms: terms.clone(),
            profile,
            opened_at: at,
            held_at: None,
            next_number: 1,
            next_sealed: profile.0 + 1,
            wallet: Wallet::empty(Money::zero(terms.currency)),
            orders: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            coupons: BTreeMap::new(),
            resources: BTreeMap::new(),
            withdrawals: BTreeMap::new(),
            packages: Vec::new(),
            closure: None,
            holdings: BTreeMap::new(),
            standing: Standing::default(),
            unified_day: None,
            bills: Bills::default(),
            full_refunds: BTreeMap::new(),
            ended: Ended::default(),
        }
    }

    fn apply(&mut self, event: &event::Event) {
        if let (Some(closure), Some(at)) = (&mut self.closure, closing::moved_at(event)) {
            closure.moved(at);
        }
        match event {
            event::Event::Account(Event::Opened { .. }) => {
                panic!("broken journal: {} was opened twice", self.id)
            }
            event::Event::Account(Event::Held { at }) => self.held_at = Some(*at),
            event::Event::Account(Event::LetGo { .. }) => self.held_at = None,
            event::Event::Account(Event::UnifiedDaySet { day, .. }) => {
                self.unified_day = Some(*day);
            }
            event::Event::Account(Event::CouponDeclined { .. }) => {}
            event::Event::Wallet(event) => {
                self.wallet.apply(event);
                self.owe(event);
            }
            event::Event::Withdrawal(event) => self.apply_withdrawal(event),
            event::Event::Order(event) => {
                self.apply_order(event);
                self.bill(event);
            }
            event::Event::Subscription(event) => self.apply_subscription(event),
            event::Event::Coupon(event) => self.apply_coupon(event),
            event::Event::Resource(event) => self.apply_resource(event),
            event::Event::Usage(event) => self.apply_usage(event),
            event::Event::Standing(event) => self.standing.apply(event),
            event::Event::Closure(event) => self.apply_closure(event),
            event::Event::Statement(event) => self.apply_statement(event),
            event::Event::Notice(event) => {
                Arc::make_mut(self.live_mut(event.subscription())).apply_notice(event);
            }
            event::Event::House(_) | event::Event::Campaign(_) | event::Event::Series(_) => {
                panic!("broken journal: {event:?} in {}", self.id)
            }
        }
    }

    /// Keeps what is owed for a month beside what is billed in it.
    fn owe(&mut self, event: &wallet::Event) {
        match event {
            wallet::Event::ToppedUp { reference, .. } => {
                let sealed = reference.map_or(0, |note| note.0 + 1);
                self.next_sealed = self.next_sealed.max(sealed);
            }
            wallet::Event::Lent { amount, month, .. } => self.bills.lend(*month, *amount),
            wallet::Event::Repaid { parts, .. } => {
                for part in parts {
                    self.bills.repay(part.month, part.amount);
                }
            }
            wallet::Event::Sent { number, .. } => self.number_taken(*number),
            wallet::Event::Forfeited { .. }
            | wallet::Event::Arrived { .. }
            | wallet::Event::Returned { .. }
            | wallet::Event::Received { .. }
            | wallet::Event::Declined { .. }
            | wallet::Event::BroughtIn { .. }
            | wallet::Event::LimitSet { .. }
            | wallet::Event::FellDue { .. }
            | wallet::Event::DepositHeld { .. }
            | wallet::Event::DepositReleased { .. } => {}
        }
    }

    fn apply_withdrawal(&mut self, event: &withdrawal::Event) {
        let id = event.withdrawal();
        match event {
            withdrawal::Event::Requested(withdrawal) => {
                self.number_taken(id.number);
                self.wallet.take(withdrawal.taken());
                self.withdrawals.insert(id, Arc::new(withdrawal.as_ref().clone()));
                return;
            }
            withdrawal::Event::Paid { .. } | withdrawal::Event::Failed { .. } => {
                let withdrawal = self
                    .withdrawals
                    .get_mut(&id)
                    .unwrap_or_else(|| panic!("broken journal: {id} is not there"));
                let withdrawal = Arc::make_mut(withdrawal);
                withdrawal.apply(event);
                if let withdrawal::Event::Failed { .. } = event {
                    self.wallet.put_back(withdrawal.taken());
                }
            }
            // What was settled before was forgotten: it comes with what happened.
            withdrawal::Event::PaidAfterAll { withdrawal, taken, .. } => {
                self.wallet.take_again(withdrawal.amount, taken);
                self.withdrawals.insert(id, Arc::new(withdrawal.as_ref().clone()));
            }
            withdrawal::Event::FailedAfterAll { withdrawal, .. } => {
                self.wallet.put_back(withdrawal.taken());
                self.withdrawals.insert(id, Arc::new(withdrawal.as_ref().clone()));
            }
            withdrawal::Event::ReportedAgain { .. } => return,
        }
        self.ended.withdrawals.push(id);
    }

    fn apply_order(&mut self, event: &order::Event) {
        match event {
            order::Event::Opened(order) => {
                self.number_taken(order.id.number);
                self.orders.insert(order.id, Arc::new(order.as_ref().clone()));
            }
            order::Event::Repriced { order, .. } | order::Event::Warned { order, .. } => {
                Arc::make_mut(self.order_mut(*order)).apply(event);
            }
            order::Event::Paid { order, cash, coupon, tax, starts_at, ends_at, at, .. } => {
                self.wallet.draw(*cash);
                let parts = Parts { cash: *cash, coupon: *coupon, tax: *tax };
                self.cover(*order, parts, *starts_at, *ends_at, *at);
                self.close_order(*order, event);
            }
            order::Event::Processing { order, parts, at, .. } => {
                self.wallet.draw(parts.cash);
                let paid = Arc::make_mut(self.order_mut(*order));
                paid.apply(event);
                let subscription = paid.subscription;
                let live = Arc::make_mut(self.live_mut(subscription));
                live.begin_delivery(*at);
            }
            order::Event::Provisioned { order, starts_at, ends_at, at } => {
                let parts = self.order_mut(*order).parts();
                self.cover(*order, parts, *starts_at, *ends_at, *at);
                self.close_order(*order, event);
            }
            order::Event::Failed { order, parts, at, .. } => {
                self.wallet.give_back(parts.cash);
                let subscription = self.order_mut(*order).subscription;
                Arc::make_mut(self.live_mut(subscription)).settle_attempts(*at);
                self.close_order(*order, event);
            }
            order::Event::Refunded { order, parts, cuts, at, is_full, .. } => {
                self.wallet.give_back(parts.cash);
                let refund = Arc::clone(self.order_mut(*order));
                let live = Arc::make_mut(self.live_mut(refund.subscription));
                live.uncover(cuts, *at);
                if let (Some(paid_by), true) = (refund.refund_of, cuts.is_empty()) {
                    live.give_back(paid_by, parts.cash);
                }
                self.ended.coverages.push(refund.subscription);
                if *is_full {
                    self.full_refunds.insert(refund.product.clone(), *at);
                }
                self.close_order(*order, event);
            }
            order::Event::Cancelled { order, .. } => self.close_order(*order, event),
            order::Event::ReportedLate { .. } => {}
        }
    }

    /// Bills what was paid or given back.
    fn bill(&mut self, event: &order::Event) {
        let Some(order) = self.orders.get(&event.order()) else { return };
        if let Some(live) = self.subscriptions.get(&order.subscription) {
            self.bills.bill(event, order, live);
        }
    }

    fn apply_statement(&mut self, event: &statement::Event) {
        self.bills.apply(event);
        match event {
            statement::Event::DocumentIssued(document) => self.number_taken(document.id.number),
            statement::Event::Closed { .. } => {
                // What is over can't be given back any more, so it needs no place on a bill.
                let covering: BTreeSet<_> = self
                    .subscriptions
                    .values()
                    .flat_map(|live| live.coverages.iter().map(|coverage| coverage.order))
                    .collect();
                let orders = &self.orders;
                let waiting: BTreeSet<_> =
                    self.bills.waiting.iter().map(|line| line.order).collect();
                self.bills.charges.retain(|id, _| {
                    covering.contains(id) || orders.contains_key(id) || waiting.contains(id)
                });
            }
            statement::Event::DocumentNumbered { .. } => {}
        }
    }

    fn close_order(&mut self, id: OrderId, event: &order::Event) {
        Arc::make_mut(self.order_mut(id)).apply(event);
        self.ended.orders.push(id);
    }

    /// Remembers what an order paid for its time, with the coupon while it can be given back.
    fn cover(
        &mut self,
        id: OrderId,
        parts: Parts,
        starts_at: Timestamp,
        ends_at: Timestamp,
        at: Timestamp,
    ) {
        let order = self.order_mut(id);
        let gives_back = matches!(order.kind, order::Kind::Downgrade | order::Kind::Refund);
        if gives_back || (parts.cash.is_zero() && parts.coupon.is_none()) {
            return;
        }
        let period_no = match order.kind {
            order::Kind::New | order::Kind::Renew => Some(order.period_no),
            order::Kind::Upgrade | order::Kind::Downgrade | order::Kind::Refund => None,
        };
        let (subscription, applied) = (order.subscription, order.coupon);
        let coupon = applied
            .filter(|_| starts_at > at)
            .and_then(|applied| self.coupons.get(&applied.id))
            .map(|coupon| Box::new(coupon.as_ref().clone()));
        let coverage = Coverage {
            order: id,
            period_no,
            starts_at,
            ends_at,
            parts,
            coupon,
            given_back: None,
            is_closed: false,
        };
        let live = Arc::make_mut(self.live_mut(subscription));
        live.cover(coverage, at);
        if live.has_closed() {
            self.ended.coverages.push(subscription);
        }
    }

    fn apply_coupon(&mut self, event: &coupon::Event) {
        let id = event.coupon();
        if let coupon::Event::Granted(coupon) = event {
            self.number_taken(id.number);
            self.coupons.insert(id, Arc::new(coupon.as_ref().clone()));
            return;
        }
        let coupon =
            self.coupons.get_mut(&id).unwrap_or_else(|| panic!("broken journal: {id} is not live"));
        let coupon = Arc::make_mut(coupon);
        coupon.apply(event);
        if coupon.is_final() {
            self.ended.coupons.push(id);
        }
    }

    fn apply_resource(&mut self, event: &resource::Event) {
        let id = event.resource();
        if let resource::Event::Opened { subject, plan, at, .. } = event {
            self.number_taken(id.number);
            let opened = Resource::begin(id, subject.clone(), plan.clone(), *at);
            self.resources.insert(id, Arc::new(opened));
            return;
        }
        Arc::make_mut(self.resource_mut(id)).apply(event);
        if matches!(event, resource::Event::Closed { .. }) {
            self.ended.resources.push(id);
        }
    }

    fn apply_subscription(&mut self, event: &subscription::Event) {
        match event {
            subscription::Event::Ordered { id, .. } | subscription::Event::Imported { id, .. } => {
                self.number_taken(id.number);
                self.subscriptions.insert(*id, Arc::new(Subscription::begin(event)));
            }
            subscription::Event::Activated { .. }
            | subscription::Event::Renewed { .. }
            | subscription::Event::RenewalOrdered { .. }
            | subscription::Event::ChangeOrdered { .. }
            | subscription::Event::OrderClosed { .. }
            | subscription::Event::PlanChanged { .. }
            | subscription::Event::PlanTookEffect { .. }
            | subscription::Event::PeriodCancelled { .. }
            | subscription::Event::Unsubscribed { .. }
            | subscription::Event::AttemptFailed { .. }
            | subscription::Event::ModeSet { .. }
            | subscription::Event::Expired { .. }
            | subscription::Event::Suspended { .. }
            | subscription::Event::Released { .. }
            | subscription::Event::Cancelled { .. } => {
                let live = Arc::make_mut(self.live_mut(event.subscription()));
                live.apply(event);
                if live.is_final() {
                    self.ended.subscriptions.push(event.subscription());
                }
            }
        }
    }

    fn number_taken(&mut self, number: u32) {
        self.next_number = self.next_number.max(number + 1);
    }

    fn order_mut(&mut self, id: OrderId) -> &mut Arc<Order> {
        self.orders.get_mut(&id).unwrap_or_else(|| panic!("broken journal: {id} is not live"))
    }

    fn resource_mut(&mut self, id: ResourceId) -> &mut Arc<Resource> {
        self.resources.get_mut(&id).unwrap_or_else(|| panic!("broken journal: {id} is not there"))
    }

    fn live_mut(&mut self, id: SubscriptionId) -> &mut Arc<Subscription> {
        self.subscriptions
            .get_mut(&id)
            .unwrap_or_else(|| panic!("broken journal: {id} is not live"))
    }
}
