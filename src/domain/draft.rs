//! A draft: the account with the events so far, each applied as it is pushed, so that a verb of
//! several steps sees the state between them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::account::{Account, Open};
use super::agenda::Agenda;
use super::calendar::Timestamp;
use super::effects::{self, Outgoing};
use super::event::Event;
use super::facts::Facts;
use super::ids::{CouponId, DocumentId, OrderId, ResourceId, SubscriptionId, WithdrawalId};
use super::month::Month;
use super::nouns::coupon::Coupon;
use super::nouns::order::{self, Order};
use super::nouns::resource::Resource;
use super::nouns::statement;
use super::nouns::subscription::Subscription;
use super::nouns::withdrawal::{self, Withdrawal};
use super::rejection::Rejection;
use super::rules::{Offer, Timeline};
use super::stream::Context;
use super::verbs::ahead::Queue;
use super::verbs::standing;

/// The nouns that a record touched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// Orders.
    pub orders: BTreeSet<OrderId>,
    /// Subscriptions.
    pub subscriptions: BTreeSet<SubscriptionId>,
    /// Coupons.
    pub coupons: BTreeSet<CouponId>,
    /// Resources.
    pub resources: BTreeSet<ResourceId>,
    /// Withdrawals.
    pub withdrawals: BTreeSet<WithdrawalId>,
    /// Orders that paid for a time, or gave back from one.
    pub covering: BTreeSet<OrderId>,
    /// Documents.
    pub documents: BTreeSet<DocumentId>,
    /// The campaign itself, if the stream is one.
    pub campaign: bool,
}

impl Touched {
    /// Notes what `event` touches.
    pub fn note(&mut self, event: &Event) {
        match event {
            Event::Order(event) => {
                match event {
                    order::Event::Paid { order, .. }
                    | order::Event::Provisioned { order, .. }
                    | order::Event::Refunded { order, .. } => {
                        self.covering.insert(*order);
                    }
                    order::Event::Opened(_)
                    | order::Event::Repriced { .. }
                    | order::Event::Warned { .. }
                    | order::Event::Processing { .. }
                    | order::Event::Failed { .. }
                    | order::Event::Cancelled { .. } => {}
                    // The order is long gone: its row stays as it is.
                    order::Event::ReportedLate { .. } => return,
                }
                self.orders.insert(event.order());
            }
            Event::Subscription(event) => drop(self.subscriptions.insert(event.subscription())),
            Event::Notice(event) => drop(self.subscriptions.insert(event.subscription())),
            Event::Coupon(event) => drop(self.coupons.insert(event.coupon())),
            Event::Resource(event) => drop(self.resources.insert(event.resource())),
            Event::Withdrawal(
                event @ (withdrawal::Event::Requested(_)
                | withdrawal::Event::Paid { .. }
                | withdrawal::Event::Failed { .. }
                | withdrawal::Event::PaidAfterAll { .. }
                | withdrawal::Event::FailedAfterAll { .. }),
            ) => drop(self.withdrawals.insert(event.withdrawal())),
            Event::Statement(statement::Event::DocumentIssued(document)) => {
                self.documents.insert(document.id);
            }
            Event::Statement(statement::Event::DocumentNumbered { document, .. }) => {
                self.documents.insert(*document);
            }
            Event::Campaign(_) => self.campaign = true,
            // Lines and months of bills say themselves that they are fresh; a withdrawal that is
            // reported again is long gone, and its row stays as it is.
            Event::Withdrawal(withdrawal::Event::ReportedAgain { .. })
            | Event::Account(_)
            | Event::Wallet(_)
            | Event::Usage(_)
            | Event::Standing(_)
            | Event::Closure(_)
            | Event::Statement(statement::Event::Closed { .. })
            | Event::House(_)
            | Event::Series(_) => {}
        }
    }
}

/// What a decision sees, and where it writes.
#[derive(Debug)]
pub struct Draft<'a> {
    /// The rules of all times.
    pub timeline: &'a Timeline,
    /// What was looked up.
    pub facts: &'a Facts,
    /// The instant of the record.
    pub at: Timestamp,
    /// Is the brake engaged?
    pub brake: bool,
    /// The latest month that the house has closed.
    pub closed_through: Option<Month>,
    account: &'a mut Account,
    agenda: &'a mut Agenda,
    /// What happened so far.
    pub events: Vec<Event>,
    /// What the world must be told of it.
    pub outgoing: Vec<Outgoing>,
    /// Which nouns were touched.
    pub touched: Touched,
    queue: Option<Arc<Queue>>,
}

impl<'a> Draft<'a> {
    /// A draft in which nothing happened yet.
    #[must_use]
    pub fn new(
        context: &Context<'a>,
        facts: &'a Facts,
        account: &'a mut Account,
        agenda: &'a mut Agenda,
    ) -> Self {
        Self {
            timeline: context.timeline,
            facts,
            at: context.at,
            brake: context.brake,
            closed_through: context.closed_through,
            account,
            agenda,
            events: Vec::new(),
            outgoing: Vec::new(),
            touched: Touched::default(),
            queue: None,
        }
    }

    /// Adds what happened: applies it, looks again at what it touched, and notes what the world
    /// must be told.
    pub fn push(&mut self, event: impl Into<Event>) {
        let event = event.into();
        self.account.apply(&event);
        // A notice changes nothing about the order or the cost of what is to come.
        if !matches!(event, Event::Notice(_)) {
            self.queue = None;
        }
        self.touched.note(&event);
        if let Some(open) = self.account.open() {
            match &event {
                Event::Order(event) => {
                    self.agenda.refresh_order(self.timeline, open, event.order());
                    self.agenda.refresh_bills(self.timeline, open);
                    // What is paid and about to be delivered is not attempted, nor released.
                    if let order::Event::Processing { order, .. } = event
                        && let Some(order) = open.orders.get(order)
                    {
                        self.agenda.refresh_subscription(self.timeline, open, order.subscription);
                    }
                }
                Event::Subscription(event) => {
                    self.agenda.refresh_subscription(self.timeline, open, event.subscription());
                }
                Event::Notice(event) => {
                    self.agenda.refresh_subscription(self.timeline, open, event.subscription());
                }
                Event::Coupon(event) => {
                    self.agenda.refresh_coupon(self.timeline, open, event.coupon());
                }
                // What was paid after all may be owed for a month in which nothing else was.
                Event::Statement(_) | Event::Withdrawal(_) => {
                    self.agenda.refresh_bills(self.timeline, open);
                }
                Event::Resource(event) => {
                    self.agenda.refresh_resource(self.timeline, open, event.resource());
                }
                // What is overdue, or no longer, is so for all of them.
                Event::Standing(_) => self.agenda.refresh_resources(self.timeline, open),
                Event::Usage(event) => {
                    for id in event.resources() {
                        self.agenda.refresh_resource(self.timeline, open, id);
                    }
                    self.agenda.refresh_bills(self.timeline, open);
                }
                Event::Account(_)
                | Event::Wallet(_)
                | Event::Closure(_)
                | Event::House(_)
                | Event::Campaign(_)
                | Event::Series(_) => {}
            }
            self.agenda.refresh_account(self.timeline, open);
            self.agenda.refresh_closure(self.timeline, open);
        } else {
            // Of a closed account months of bills are left, and no more.
            *self.agenda = Agenda::of(self.timeline, self.account);
        }
        if let Some(books) = self.account.books() {
            effects::effects(&event, books, &mut self.outgoing);
        }
        self.events.push(event);
    }

    /// The automatic renewals to come, as seen at `at`.
    pub fn queue_at(&mut self, at: Timestamp) -> Option<Arc<Queue>> {
        if self.queue.as_ref().is_none_or(|queue| !queue.is_at(at)) {
            let open = self.account.open()?;
            self.queue = Some(Arc::new(Queue::at(self.timeline, open, at)));
        }
        self.queue.clone()
    }

    /// The account as it stands now.
    #[must_use]
    pub fn account(&self) -> &Account {
        self.account
    }

    /// The agenda as it stands now.
    #[must_use]
    pub fn agenda(&self) -> &Agenda {
        self.agenda
    }

    /// The account in service, or a rejection.
    pub fn open(&self) -> Result<&Open, Rejection> {
        match &*self.account {
            Account::Unopened(_) => Err(Rejection::AccountNotFound),
            Account::Open(open) => Ok(open),
            Account::Closed(_) => Err(Rejection::AccountClosed),
        }
    }

    /// The books of the account, in service or closed, or a rejection.
    pub fn books(&self) -> Result<&Open, Rejection> {
        self.account.books().ok_or(Rejection::AccountNotFound)
    }

    /// The account in service and not held, or a rejection.
    pub fn in_service(&self) -> Result<&Open, Rejection> {
        let open = self.open()?;
        if open.held_at.is_some() {
            return Err(Rejection::AccountHeld);
        }
        Ok(open)
    }

    /// The account in service, not held and not overdue, or a rejection: while it is overdue
    /// nothing is purchased, upgraded, renewed or switched to auto-renewal (R6.8, D29).
    pub fn in_good_standing(&self) -> Result<&Open, Rejection> {
        let open = self.in_service()?;
        if open.standing.is_overdue() {
            return Err(Rejection::AccountOverdue { amount: standing::to_pay(open) });
        }
        Ok(open)
    }

    /// A resource of this account that is not released, or a rejection.
    pub fn resource(&self, id: ResourceId) -> Result<&Resource, Rejection> {
        match self.open()?.resources.get(&id) {
            Some(resource) if resource.released_at.is_none() => Ok(resource),
            Some(_) => Err(Rejection::ResourceReleased { resource: id }),
            None if self.facts.knows_resource(id) => {
                Err(Rejection::ResourceReleased { resource: id })
            }
            None => Err(Rejection::ResourceNotFound { resource: id }),
        }
    }

    /// A withdrawal of this account as it stands, settled or not, or a rejection.
    pub fn withdrawal(&self, id: WithdrawalId) -> Result<&Withdrawal, Rejection> {
        let live = self.books()?.withdrawals.get(&id).map(Arc::as_ref);
        let known = live.or_else(|| self.facts.withdrawals.get(&id));
        known.ok_or(Rejection::WithdrawalNotFound { withdrawal: id })
    }

    /// A live subscription of this account, or a rejection.
    pub fn subscription(&self, id: SubscriptionId) -> Result<&Subscription, Rejection> {
        match self.open()?.subscriptions.get(&id) {
            Some(subscription) if !subscription.is_final() => Ok(subscription),
            Some(_) => Err(Rejection::SubscriptionEnded { subscription: id }),
            None if self.facts.knows_subscription(id) => {
                Err(Rejection::SubscriptionEnded { subscription: id })
            }
            None => Err(Rejection::SubscriptionNotFound { subscription: id }),
        }
    }

    /// An unpaid order of this account, or a rejection.
    pub fn unpaid_order(&self, id: OrderId) -> Result<&Order, Rejection> {
        match self.open()?.orders.get(&id) {
            Some(order) if order.state == order::State::Unpaid => Ok(order),
            Some(_) => Err(Rejection::OrderClosed { order: id }),
            None if self.facts.knows_order(id) => Err(Rejection::OrderClosed { order: id }),
            None => Err(Rejection::OrderNotFound { order: id }),
        }
    }

    /// A coupon of this account that can still be used, or a rejection. Somebody else's is not
    /// there.
    pub fn coupon(&self, id: CouponId) -> Result<&Coupon, Rejection> {
        match self.open()?.coupons.get(&id) {
            Some(coupon) if !coupon.is_final() => Ok(coupon),
            Some(_) => Err(Rejection::CouponOver { coupon: id }),
            None if self.facts.knows_coupon(id) => Err(Rejection::CouponOver { coupon: id }),
            None => Err(Rejection::CouponNotFound { coupon: id }),
        }
    }

    /// What a product and a plan stand for at `at`, with the version that says so; `None` if
    /// either is gone.
    #[must_use]
    pub fn offer(&self, product: &str, plan: &str, at: Timestamp) -> Option<(u32, Offer<'a>)> {
        let version = self.timeline.in_force(at)?;
        Some((version.number, version.rules.offer(product, plan)?))
    }
}

macro_rules! from_noun {
    ($($noun:ident => $variant:ident),+ $(,)?) => {
        $(impl From<super::nouns::$noun::Event> for Event {
            fn from(event: super::nouns::$noun::Event) -> Self {
                Self::$variant(event)
            }
        })+
    };
}
from_noun!(
    closure => Closure,
    coupon => Coupon,
    statement => Statement,
    house => House,
    notice => Notice,
    order => Order,
    resource => Resource,
    standing => Standing,
    subscription => Subscription,
    usage => Usage,
    wallet => Wallet,
    withdrawal => Withdrawal,
);

impl From<super::account::Event> for Event {
    fn from(event: super::account::Event) -> Self {
        Self::Account(event)
    }
}
