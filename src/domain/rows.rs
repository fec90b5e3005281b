//! Rows: what people query, one for each noun that a record touched, computed from the account
//! after it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::account::{Account, Kind, Open};
use super::calendar::{Course, Period, Timestamp, Zone};
use super::draft::Touched;
use super::ids::{
    AccountId, CampaignId, CouponId, DocumentId, OrderId, ResourceId, SubscriptionId, WithdrawalId,
};
use super::money::{Currency, Money};
use super::month::Month;
use super::nouns::campaign::{Campaign, Terms};
use super::nouns::closure::{Closure, Stage};
use super::nouns::coupon::Coupon;
use super::nouns::order::{self, Order};
use super::nouns::resource::{self, Resource};
use super::nouns::statement::{BillLine, Document, Statement};
use super::nouns::subscription::{Mode, State, Subscription};
use super::nouns::withdrawal::Withdrawal;

/// A row of a readable table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// Of `orders`.
    Order(Box<Order>),
    /// Of `subscriptions`.
    Subscription(Box<SubscriptionRow>),
    /// Of `coupons`.
    Coupon(Box<CouponRow>),
    /// Of `resources`.
    Resource(Box<ResourceRow>),
    /// Of `withdrawals`.
    Withdrawal(Box<Withdrawal>),
    /// Of `coverages`.
    Coverage(Box<CoverageRow>),
    /// Of `bill_lines`.
    BillLine(AccountId, Box<BillLine>),
    /// Of `statements`: months that are closed.
    Statement(AccountId, Box<Statement>),
    /// Of `documents`.
    Document(Box<Document>),
    /// Of `campaigns`.
    Campaign(Box<CampaignRow>),
}

/// Which row it is: a later one with the same key replaces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// Of `orders`.
    Order(OrderId),
    /// Of `subscriptions`.
    Subscription(SubscriptionId),
    /// Of `coupons`.
    Coupon(CouponId),
    /// Of `resources`.
    Resource(ResourceId),
    /// Of `withdrawals`.
    Withdrawal(WithdrawalId),
    /// Of `coverages`: the order and the start of the time.
    Coverage(OrderId, Timestamp),
    /// Of `bill_lines`.
    BillLine(AccountId, Month, u32),
    /// Of `statements`.
    Statement(AccountId, Month),
    /// Of `documents`.
    Document(DocumentId),
    /// Of `campaigns`.
    Campaign(CampaignId),
}

impl Row {
    /// Its key.
    #[must_use]
    pub fn key(&self) -> Key {
        match self {
            Self::Order(order) => Key::Order(order.id),
            Self::Subscription(live) => Key::Subscription(live.id),
            Self::Coupon(row) => Key::Coupon(row.coupon.id),
            Self::Resource(row) => Key::Resource(row.id),
            Self::Withdrawal(withdrawal) => Key::Withdrawal(withdrawal.id),
            Self::Coverage(row) => Key::Coverage(row.order, row.starts_at),
            Self::BillLine(account, line) => Key::BillLine(*account, line.month, line.number),
            Self::Statement(account, statement) => Key::Statement(*account, statement.month),
            Self::Document(document) => Key::Document(document.id),
            Self::Campaign(row) => Key::Campaign(row.id),
        }
    }
}

/// A coupon as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouponRow {
    /// The coupon.
    pub coupon: Coupon,
    /// Until when the order that holds it can be paid or must be delivered.
    pub held_until: Option<Timestamp>,
}

/// What an order paid for a time, as revenue is earned along it (D43). Its key is the order and
/// the start of the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageRow {
    /// The order.
    pub order: OrderId,
    /// The product.
    pub product: String,
    /// Start of the time.
    pub starts_at: Timestamp,
    /// End of the time, excluded; the start if it was given back before it began.
    pub ends_at: Timestamp,
    /// The revenue: before tax, with the coupon's part.
    pub revenue: Money,
}

/// A pay-as-you-go resource as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceRow {
    /// Its id.
    pub id: ResourceId,
    /// The provider's own name for it.
    pub external_id: Option<String>,
    /// The product.
    pub product: String,
    /// Its plan.
    pub plan: String,
    /// The region.
    pub region: String,
    /// Does it run?
    pub state: resource::State,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Since when its owner keeps it stopped.
    pub stopped_at: Option<Timestamp>,
    /// Since when it is stopped for debt.
    pub halted_at: Option<Timestamp>,
    /// When it was released.
    pub released_at: Option<Timestamp>,
}

impl From<&Resource> for ResourceRow {
    fn from(live: &Resource) -> Self {
        Self {
            id: live.id,
            external_id: live.subject.external_id.clone(),
            product: live.subject.product.clone(),
            plan: live.plan.clone(),
            region: live.subject.region.clone(),
            state: live.state(),
            opened_at: live.opened_at,
            stopped_at: live.stopped_at,
            halted_at: live.halted_at,
            released_at: live.released_at,
        }
    }
}

/// A campaign as it is listed: without who got what, which may be long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignRow {
    /// Its id.
    pub id: CampaignId,
    /// What it grants.
    pub terms: Terms,
    /// How much of the quota is taken.
    pub taken: u32,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was closed before its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
}

impl CampaignRow {
    /// The row of a campaign; none before it is opened.
    #[must_use]
    pub fn of(campaign: &Campaign) -> Option<Self> {
        let terms = campaign.terms.clone()?;
        Some(Self {
            id: campaign.id,
            terms,
            taken: campaign.taken,
            opened_at: campaign.opened_at?,
            closed_at: campaign.closed_at,
        })
    }

    /// Does it grant at `at`, as long as its quota lasts?
    #[must_use]
    pub fn is_running(&self, at: Timestamp) -> bool {
        self.terms.starts_at <= at
            && at < self.terms.ends_at
            && self.closed_at.is_none_or(|closed| at < closed)
    }
}

/// A subscription as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionRow {
    /// Its id.
    pub id: SubscriptionId,
    /// The provider's own name for it.
    pub external_id: Option<String>,
    /// The product.
    pub product: String,
    /// Its plan.
    pub plan: String,
    /// The region.
    pub region: String,
    /// The zone its days are counted in.
    pub zone: Zone,
    /// Where it stands.
    pub state: State,
    /// How it is renewed.
    pub mode: Mode,
    /// The length of an automatic renewal.
    pub auto_period: Option<Period>,
    /// Are expiry reminders muted?
    pub muted: bool,
    /// The unpaid order on it.
    pub open_order: Option<OrderId>,
    /// The latest paid period; none before the first payment.
    pub paid: Option<PaidRow>,
}

/// The latest paid period of a listed subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidRow {
    /// Its number.
    pub period_no: u32,
    /// Its length.
    pub period: Period,
    /// Where it stands on the calendar.
    pub course: Course,
    /// Its start.
    pub started_at: Timestamp,
    /// Its end, excluded.
    pub expires_at: Timestamp,
    /// When service stops unless it is renewed.
    pub suspends_at: Timestamp,
    /// When it is released unless it is renewed.
    pub releases_at: Timestamp,
    /// What it cost.
    pub price: Money,
}

impl From<&Subscription> for SubscriptionRow {
    fn from(live: &Subscription) -> Self {
        let paid = live.paid.as_ref().zip(live.span()).map(|(paid, span)| PaidRow {
            period_no: paid.period_no,
            period: paid.period,
            course: paid.course,
            started_at: paid.started_at,
            expires_at: paid.expires_at,
            suspends_at: span.suspends_at,
            releases_at: span.releases_at,
            price: paid.terms.price,
        });
        Self {
            id: live.id,
            external_id: live.subject.external_id.clone(),
            product: live.subject.product.clone(),
            plan: live.subject.plan.clone(),
            region: live.subject.region.clone(),
            zone: live.subject.zone,
            state: live.state,
            mode: live.renewal.mode,
            auto_period: live.renewal.period,
            muted: live.renewal.muted,
            open_order: live.open_order,
            paid,
        }
    }
}

/// An account as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Who owns it.
    pub kind: Kind,
    /// The settlement currency.
    pub currency: Currency,
    /// Country of residence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Since when it is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_at: Option<Timestamp>,
    /// The cash in its wallet.
    pub cash: Money,
    /// Available credit, where it is not what the cash is (R7.1); it may be below zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<Money>,
    /// Since when it is overdue, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue_since: Option<Timestamp>,
    /// How many subscriptions live.
    pub subscription_count: u32,
    /// The day of the month that renewals can be aligned to, if one was chosen (R1.22).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unified_day: Option<u8>,
    /// Its closure, while that is under way, and once it is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closure: Option<ClosureSummary>,
}

/// The closure of an account as it is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosureSummary {
    /// Where it stands.
    pub stage: Stage,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When the stage ends at the earliest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// When the account was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
}

impl From<&Closure> for ClosureSummary {
    fn from(closure: &Closure) -> Self {
        Self {
            stage: closure.stage,
            requested_at: closure.requested_at,
            until: closure.code.map(|code| code.expires_at).or(closure.until),
            closed_at: closure.closed_at,
        }
    }
}

impl Summary {
    /// The summary of an account in service, or of the books of one that was.
    #[must_use]
    pub fn of(open: &Open) -> Self {
        let live = open.subscriptions.len().saturating_sub(open.ended.subscriptions.len());
        Self {
            kind: open.terms.kind,
            currency: open.terms.currency,
            country: open.terms.country.clone(),
            opened_at: open.opened_at,
            held_at: open.held_at,
            cash: open.wallet.cash,
            available: Some(open.wallet.available()).filter(|it| *it != open.wallet.cash),
            overdue_since: open.standing.overdue.map(|overdue| overdue.since),
            subscription_count: u32::try_from(live).unwrap_or(u32::MAX),
            unified_day: open.unified_day,
            closure: open.closure.as_deref().map(ClosureSummary::from),
        }
    }
}

/// One row for each noun that was touched, as it stands in the account after the record, before
/// what became final is forgotten.
#[must_use]
pub fn rows(touched: &Touched, account: &Account) -> Vec<Row> {
    let Some(open) = account.books() else { return Vec::new() };
    let orders = touched.orders.iter().filter_map(|id| open.orders.get(id));
    let subscriptions = touched.subscriptions.iter().filter_map(|id| open.subscriptions.get(id));
    // A coupon that an order held already is held until that is delivered, once it is paid.
    let in_delivery = touched.orders.iter().filter_map(|id| open.orders.get(id));
    let in_delivery = in_delivery
        .filter(|order| order.state == order::State::Processing)
        .filter_map(|order| order.coupon.map(|applied| applied.id));
    let coupons: BTreeSet<CouponId> = touched.coupons.iter().copied().chain(in_delivery).collect();
    let coupons = coupons.iter().filter_map(|id| open.coupons.get(id));
    let resources = touched.resources.iter().filter_map(|id| open.resources.get(id));
    let withdrawals = touched.withdrawals.iter().filter_map(|id| open.withdrawals.get(id));
    let covering = touched.covering.iter().filter_map(|id| open.orders.get(id));
    orders
        .map(|order| Row::Order(Box::new(order.as_ref().clone())))
        .chain(subscriptions.map(|live| Row::Subscription(Box::new(live.as_ref().into()))))
        .chain(coupons.map(|coupon| Row::Coupon(Box::new(coupon_row(open, coupon)))))
        .chain(resources.map(|live| Row::Resource(Box::new(live.as_ref().into()))))
        .chain(withdrawals.map(|asked| Row::Withdrawal(Box::new(asked.as_ref().clone()))))
        .chain(covering.flat_map(|order| coverage_rows(open, order)))
        .chain(bill_rows(open, touched))
        .collect()
}

/// Lines that are fresh, months that were closed or put on a document, and documents.
fn bill_rows<'a>(open: &'a Open, touched: &'a Touched) -> impl Iterator<Item = Row> + 'a {
    let account = open.id;
    let bills = &open.bills;
    let lines = bills.fresh.iter().map(move |line| Row::BillLine(account, Box::new(line.clone())));
    let months = bills.touched.iter().filter_map(|month| bills.months.get(month));
    let closed = months.filter(|statement| statement.closed_at.is_some());
    let statements = closed.map(move |month| Row::Statement(account, month.clone()));
    let documents = touched.documents.iter().filter_map(|id| bills.documents.get(id));
    let documents = documents.map(|document| Row::Document(Box::new(document.clone())));
    lines.chain(statements).chain(documents)
}

fn coupon_row(open: &Open, coupon: &Coupon) -> CouponRow {
    let order = coupon.order.and_then(|id| open.orders.get(&id));
    let held_until = order.map(|order| order.deliver_until.unwrap_or(order.deadline));
    CouponRow { coupon: coupon.clone(), held_until }
}

/// What `order` paid for, or, if it gave money back, everything that it may have cut.
fn coverage_rows(open: &Open, order: &Order) -> Vec<Row> {
    let Some(live) = open.subscriptions.get(&order.subscription) else { return Vec::new() };
    let gives_back = matches!(order.kind, order::Kind::Downgrade | order::Kind::Refund);
    live.coverages
        .iter()
        .filter(|coverage| gives_back || coverage.order == order.id)
        .map(|coverage| {
            Row::Coverage(Box::new(CoverageRow {
                order: coverage.order,
                product: live.subject.product.clone(),
                starts_at: coverage.starts_at,
                ends_at: coverage.ends_at,
                revenue: coverage.parts.revenue(),
            }))
        })
        .collect()
}
