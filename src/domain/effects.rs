//! Effects: what the world must be told of an event. Mail to the customer or the operator, a
//! webhook for the provider's systems, a command for another stream. They carry references and
//! values, nothing personal; addresses and names are resolved when sending.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::account::{self, Open};
use super::calendar::{Period, Timestamp, Zone};
use super::command::Command;
use super::event::Event;
use super::ids::{CouponId, OrderId, StreamId, SubscriptionId};
use super::money::Money;
use super::month::Month;
use super::nouns::campaign::{self, Campaign};
use super::nouns::coupon::{self, Benefit, Coupon, Scope};
use super::nouns::order;
use super::nouns::statement::{self, Document, Statement};
use super::nouns::subscription::{self, Mode, Subject, Subscription};
use super::nouns::{house, notice, series, wallet};
use super::verbs::bill::{AssignNumber, Number};

/// What a mail is about, by the name of its template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    /// Cash was received.
    ToppedUp,
    /// An order waits to be paid.
    OrderUnpaid,
    /// An unpaid order is about to time out.
    OrderTimingOut,
    /// An order was closed without payment.
    OrderCancelled,
    /// An order was paid and is being delivered.
    OrderProcessing,
    /// An order was paid and not delivered: all was given back.
    OrderFailed,
    /// Money was given back.
    Refunded,
    /// A subscription has another plan.
    PlanChanged,
    /// A coupon was granted.
    CouponGranted,
    /// A coupon is about to expire.
    CouponExpiring,
    /// A month was closed.
    StatementReady,
    /// A subscription was bought and runs.
    Activated,
    /// A subscription was renewed.
    Renewed,
    /// A subscription expires soon.
    Expiring,
    /// A subscription has expired and can still be renewed.
    ExpiredFor,
    /// Auto-renewal is coming.
    RenewalAhead,
    /// Auto-renewal will fail for lack of funds.
    TopUp,
    /// Auto-renewal failed.
    RenewalFailed,
    /// A subscription expired and still serves.
    Expired,
    /// A subscription was stopped.
    Suspended,
    /// A subscription is about to be released.
    ReleaseAhead,
    /// A subscription was released.
    Released,
    /// To the operator: the brake holds back suspensions and releases.
    BrakeEngaged,
}

impl Template {
    /// All of them.
    pub const ALL: [Self; 23] = [
        Self::ToppedUp,
        Self::OrderUnpaid,
        Self::OrderTimingOut,
        Self::OrderCancelled,
        Self::OrderProcessing,
        Self::OrderFailed,
        Self::Refunded,
        Self::PlanChanged,
        Self::CouponGranted,
        Self::CouponExpiring,
        Self::StatementReady,
        Self::Activated,
        Self::Renewed,
        Self::Expiring,
        Self::ExpiredFor,
        Self::RenewalAhead,
        Self::TopUp,
        Self::RenewalFailed,
        Self::Expired,
        Self::Suspended,
        Self::ReleaseAhead,
        Self::Released,
        Self::BrakeEngaged,
    ];

    /// The name of its files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ToppedUp => "topped_up",
            Self::OrderUnpaid => "order_unpaid",
            Self::OrderTimingOut => "order_timing_out",
            Self::OrderCancelled => "order_cancelled",
            Self::OrderProcessing => "order_processing",
            Self::OrderFailed => "order_failed",
            Self::Refunded => "refunded",
            Self::PlanChanged => "plan_changed",
            Self::CouponGranted => "coupon_granted",
            Self::CouponExpiring => "coupon_expiring",
            Self::StatementReady => "statement_ready",
            Self::Activated => "activated",
            Self::Renewed => "renewed",
            Self::Expiring => "expiring",
            Self::ExpiredFor => "expired_for",
            Self::RenewalAhead => "renewal_ahead",
            Self::TopUp => "top_up",
            Self::RenewalFailed => "renewal_failed",
            Self::Expired => "expired",
            Self::Suspended => "suspended",
            Self::ReleaseAhead => "release_ahead",
            Self::Released => "released",
            Self::BrakeEngaged => "brake_engaged",
        }
    }
}

/// The values that a template may print. What does not concern it is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// The language of the mail.
    pub language: String,
    /// The zone in which instants are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
    /// The subscription.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription: Option<SubscriptionId>,
    /// The provider's own name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// The region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// How it is renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// The length of the period spoken of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// When the period starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    /// When the paid time ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When service stops.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspends_at: Option<Timestamp>,
    /// When the resource is released (D33).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub releases_at: Option<Timestamp>,
    /// The order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// What the order is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<order::Kind>,
    /// The order that money is given back for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_of: Option<OrderId>,
    /// Until when the order can be paid or, once it is paid, must be delivered (D41).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// When a change ends by itself (R1.19).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The amount spoken of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// The cash in the wallet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cash: Option<Money>,
    /// Will the funds cover the amount?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covered: Option<bool>,
    /// Was it done by auto-renewal?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub automatic: Option<bool>,
    /// Days to or from what is spoken of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<u16>,
    /// The instant at which it was due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// When auto-renewal will be attempted next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt_at: Option<Timestamp>,
    /// Why, as a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The coupon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coupon: Option<CouponId>,
    /// What the coupon says to people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What a coupon takes off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coupon_amount: Option<Money>,
    /// Per cent that a coupon takes off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<Decimal>,
    /// Until when the coupon on the order is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coupon_expires_at: Option<Timestamp>,
    /// Is the coupon used up by one order (R5.1)?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub single_use: Option<bool>,
    /// What the coupon may be used for; its minimum spend with its threshold in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// The list price, before tax.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<Money>,
    /// What a promise or a lock took off it, before tax.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount: Option<Money>,
    /// The tax in the amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax: Option<Money>,
    /// What the tax is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_name: Option<String>,
    /// Its rate, in per cent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_rate: Option<Decimal>,
    /// What was given back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund: Option<Money>,
    /// The plan before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_plan: Option<String>,
    /// The month of bills.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month: Option<Month>,
    /// How many: what is held back for the operator, or the lines of a month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
}

/// Who a mail is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// The owner of the account.
    Customer,
    /// Whoever runs renewd.
    Operator,
}

/// A webhook's type (Standard Webhooks).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Hook {
    /// A subscription was bought and runs.
    #[serde(rename = "subscription.activated")]
    Activated,
    /// A subscription was renewed; it runs again if it was stopped.
    #[serde(rename = "subscription.renewed")]
    Renewed,
    /// Auto-renewal failed.
    #[serde(rename = "subscription.renewal_failed")]
    RenewalFailed,
    /// A subscription's paid time ended.
    #[serde(rename = "subscription.expired")]
    Expired,
    /// A subscription is to be stopped.
    #[serde(rename = "subscription.suspended")]
    Suspended,
    /// A subscription's resource is to be destroyed.
    #[serde(rename = "subscription.released")]
    Released,
    /// A subscription has another plan: its resource is to be changed.
    #[serde(rename = "subscription.changed")]
    Changed,
    /// A subscription was given up: its resource is to be destroyed.
    #[serde(rename = "subscription.unsubscribed")]
    Unsubscribed,
    /// An order was paid and is to be delivered: the answer is `provisioned` or
    /// `provision-failed`.
    #[serde(rename = "order.processing")]
    OrderProcessing,
    /// An order was paid.
    #[serde(rename = "order.paid")]
    OrderPaid,
    /// An order was not delivered, and its money given back.
    #[serde(rename = "order.failed")]
    OrderFailed,
    /// Money was given back.
    #[serde(rename = "order.refunded")]
    OrderRefunded,
    /// A coupon was granted.
    #[serde(rename = "coupon.granted")]
    CouponGranted,
    /// A month of an account was closed: its figures never move again.
    #[serde(rename = "statement.closed")]
    StatementClosed,
    /// An invoice or a credit note was issued, and has its number.
    #[serde(rename = "document.issued")]
    DocumentIssued,
    /// An order was closed without payment.
    #[serde(rename = "order.cancelled")]
    OrderCancelled,
}

impl Hook {
    /// The type as it is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Activated => "subscription.activated",
            Self::Renewed => "subscription.renewed",
            Self::RenewalFailed => "subscription.renewal_failed",
            Self::Expired => "subscription.expired",
            Self::Suspended => "subscription.suspended",
            Self::Released => "subscription.released",
            Self::Changed => "subscription.changed",
            Self::Unsubscribed => "subscription.unsubscribed",
            Self::OrderProcessing => "order.processing",
            Self::OrderPaid => "order.paid",
            Self::OrderFailed => "order.failed",
            Self::OrderRefunded => "order.refunded",
            Self::CouponGranted => "coupon.granted",
            Self::StatementClosed => "statement.closed",
            Self::DocumentIssued => "document.issued",
            Self::OrderCancelled => "order.cancelled",
        }
    }
}

/// Something the world must be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// A mail.
    Mail {
        /// To whom.
        to: Recipient,
        /// What it is about.
        template: Template,
        /// The values to print.
        about: Box<About>,
    },
    /// A webhook for each endpoint, with the whole present state of the noun.
    Webhook {
        /// Its type.
        hook: Hook,
        /// The noun: a subscription or an order.
        noun: Box<Noun>,
    },
    /// A command for another stream, delivered exactly once by its token.
    Tell {
        /// Which stream.
        to: StreamId,
        /// What it is told.
        command: Box<Command>,
    },
}

/// A noun as it stands, for a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Noun {
    /// A subscription.
    Subscription(Subscription),
    /// An order.
    Order(Ordered),
    /// A coupon.
    Coupon(Coupon),
    /// A month of bills.
    Statement(Statement),
    /// An invoice or a credit note.
    Document(Document),
}

/// An order, and what it is of: whoever delivers it needs both (D41).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ordered {
    /// The order.
    #[serde(flatten)]
    pub order: order::Order,
    /// What its subscription is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
}

/// What a later event may void while it still waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// Never void.
    None,
    /// What is said ahead of a subscription's expiry: void once it is renewed, or renewed
    /// otherwise than was said (R3.7).
    Reminders(SubscriptionId),
    /// What is said of its failing, stopping and going: void once it is renewed or gone.
    Losses(SubscriptionId),
    /// What is still to be done about an unpaid order: void once it is closed.
    Order(OrderId),
    /// What is said of a coupon's coming end: void once it is used or gone.
    Coupon(CouponId),
}

/// An effect on its way out, or a topic that no longer holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Outgoing {
    /// Send it.
    Send {
        /// What.
        effect: Effect,
        /// Its topic.
        topic: Topic,
        /// Useless after this instant: then it is recorded as void instead of sent.
        worth_until: Option<Timestamp>,
    },
    /// What still waits under this topic is void.
    Void(Topic),
}

/// Drops what the same record made void again: a purchase that is paid at once leaves no order
/// to be paid, and after a long sleep nobody is told of what was lost and won back meanwhile.
pub fn drop_voided(out: &mut Vec<Outgoing>) {
    let mut voided = BTreeSet::new();
    let mut kept: Vec<_> = std::mem::take(out)
        .into_iter()
        .rev()
        .filter(|outgoing| match outgoing {
            // Once is enough.
            Outgoing::Void(topic) => voided.insert(*topic),
            Outgoing::Send { topic, .. } => !voided.contains(topic),
        })
        .collect();
    kept.reverse();
    *out = kept;
}

/// What the world must be told of `event`, given the campaign after it: for what is taken from the
/// quota, the account gets its coupon.
pub fn campaign_effects(event: &campaign::Event, campaign: &Campaign, out: &mut Vec<Outgoing>) {
    match event {
        campaign::Event::Taken { account, .. } => {
            let grant = super::verbs::campaign::grant(campaign);
            out.extend(grant.map(|grant| tell(*account, Command::GrantCoupon(grant))));
        }
        campaign::Event::Opened { .. }
        | campaign::Event::GivenBack { .. }
        | campaign::Event::Closed { .. } => {}
    }
}

/// A command for another stream; nothing later makes it void.
fn tell(to: impl Into<StreamId>, command: Command) -> Outgoing {
    Outgoing::Send {
        effect: Effect::Tell { to: to.into(), command: Box::new(command) },
        topic: Topic::None,
        worth_until: None,
    }
}

/// What the world must be told of `event`, given the account after it.
pub fn effects(event: &Event, open: &Open, out: &mut Vec<Outgoing>) {
    match event {
        Event::Wallet(wallet::Event::ToppedUp { amount, .. }) => {
            let about = About { amount: Some(*amount), ..base(open) };
            out.push(mail(Template::ToppedUp, about, Topic::None, None));
        }
        Event::Order(event) => order_effects(event, open, out),
        Event::Subscription(event) => subscription_effects(event, open, out),
        Event::Coupon(event) => coupon_effects(event, open, out),
        Event::Statement(event) => statement_effects(event, open, out),
        Event::Account(account::Event::CouponDeclined { campaign, .. }) => {
            // Its quota is told back.
            let back = super::verbs::campaign::GiveBack { account: open.id };
            out.push(tell(StreamId::Campaign(*campaign), Command::GiveBack(back)));
        }
        Event::Notice(notice::Event::Issued {
            subscription,
            kind,
            due_at,
            amount,
            payable,
            coupon,
            covered,
            moved_to,
            attempt_at,
            ..
        }) => {
            let Some(live) = open.subscriptions.get(subscription) else { return };
            let (reminders, losses) =
                (Topic::Reminders(*subscription), Topic::Losses(*subscription));
            let (template, topic, worth_until) = match kind {
                notice::Kind::Expiring(_) => (Template::Expiring, reminders, expiry(live)),
                notice::Kind::RenewalAhead(_) => (Template::RenewalAhead, reminders, expiry(live)),
                notice::Kind::TopUp(_) => (Template::TopUp, reminders, expiry(live)),
                notice::Kind::ExpiredFor(_) => (Template::ExpiredFor, losses, release(live)),
                notice::Kind::ReleaseAhead(_) => (Template::ReleaseAhead, losses, None),
            };
            let about = of_subscription(open, live);
            let about = About {
                amount: payable.or(*amount),
                list: amount.filter(|_| payable.is_some()),
                coupon_amount: *coupon,
                covered: *covered,
                days: Some(kind.days()),
                due_at: Some(*due_at),
                releases_at: moved_to.or(about.releases_at),
                attempt_at: *attempt_at,
                ..about
            };
            out.push(mail(template, about, topic, worth_until));
        }
        Event::Notice(notice::Event::Skipped { .. })
        | Event::Wallet(wallet::Event::BroughtIn { .. })
        | Event::Account(
            account::Event::Opened { .. }
            | account::Event::Held { .. }
            | account::Event::LetGo { .. }
            | account::Event::UnifiedDaySet { .. },
        )
        | Event::House(_)
        | Event::Campaign(_)
        | Event::Series(_) => {}
    }
}

/// What the accounts must be told of what happened to a number series.
pub fn series_effects(event: &series::Event, out: &mut Vec<Outgoing>) {
    let series::Event::Numbered { document, number, .. } = event;
    let assign = AssignNumber { document: *document, number: *number };
    out.push(tell(document.account, Command::AssignNumber(assign)));
}

fn statement_effects(event: &statement::Event, open: &Open, out: &mut Vec<Outgoing>) {
    match event {
        statement::Event::Closed { month, line_count, totals, due_at, .. } => {
            let about = About {
                month: Some(*month),
                amount: Some(totals.total),
                count: Some(*line_count),
                due_at: Some(*due_at),
                ..base(open)
            };
            out.push(mail(Template::StatementReady, about, Topic::None, None));
            if let Some(statement) = open.bills.months.get(month) {
                let noun = Noun::Statement(statement.clone());
                out.push(hook(Hook::StatementClosed, noun));
            }
        }
        statement::Event::DocumentIssued(document) => {
            let series = StreamId::Series(document.series);
            out.push(tell(series, Command::Number(Number { document: document.id })));
        }
        statement::Event::DocumentNumbered { document, .. } => {
            if let Some(document) = open.bills.documents.get(document) {
                let noun = Noun::Document(document.clone());
                out.push(hook(Hook::DocumentIssued, noun));
            }
        }
    }
}

/// What the operator must be told of what happened to the house.
pub fn house_effects(event: &house::Event, out: &mut Vec<Outgoing>) {
    if let house::Event::BrakeEngaged(brake) = event {
        let about = About {
            language: "en".to_owned(),
            count: Some(brake.held_count),
            due_at: Some(brake.engaged_at),
            ..About::default()
        };
        out.push(Outgoing::Send {
            effect: Effect::Mail {
                to: Recipient::Operator,
                template: Template::BrakeEngaged,
                about: Box::new(about),
            },
            topic: Topic::None,
            worth_until: None,
        });
    }
}

fn order_effects(event: &order::Event, open: &Open, out: &mut Vec<Outgoing>) {
    let Some(order) = open.orders.get(&event.order()) else { return };
    let topic = Topic::Order(order.id);
    let about = || of_order(open, order);
    let noun = || {
        let live = open.subscriptions.get(&order.subscription);
        let subject = live.map(|live| live.subject.clone());
        Noun::Order(Ordered { order: order.as_ref().clone(), subject })
    };
    match event {
        order::Event::Opened(_)
        | order::Event::Repriced { .. }
        | order::Event::ReportedLate { .. } => {}
        order::Event::Warned { due_at, .. } => {
            let about = About { due_at: Some(*due_at), ..about() };
            out.push(mail(Template::OrderTimingOut, about, topic, Some(order.deadline)));
        }
        order::Event::Paid { .. } | order::Event::Provisioned { .. } => {
            out.push(hook(Hook::OrderPaid, noun()));
        }
        order::Event::Processing { .. } => {
            out.push(Outgoing::Void(topic));
            let about = About { deadline: order.deliver_until, ..about() };
            out.push(mail(Template::OrderProcessing, about, Topic::None, None));
            out.push(hook(Hook::OrderProcessing, noun()));
        }
        order::Event::Failed { reason, at, parts, .. } => {
            let about = About {
                reason: Some(reason.as_str().to_owned()),
                refund: Some(parts.cash),
                due_at: Some(*at),
                ..about()
            };
            out.push(mail(Template::OrderFailed, about, Topic::None, None));
            out.push(hook(Hook::OrderFailed, noun()));
        }
        order::Event::Refunded { cuts, at, .. } => {
            // A change, the end of a period and the end of a subscription tell what they give
            // back themselves, as things stand after them.
            if order.refund_of.is_some() && cuts.is_empty() {
                out.push(refund_mail_of(about(), Refunded::Part, *at));
            }
            out.push(hook(Hook::OrderRefunded, noun()));
        }
        order::Event::Cancelled { reason, at, .. } => {
            out.push(Outgoing::Void(topic));
            let reason = reason.as_str().to_owned();
            let about = About { reason: Some(reason), due_at: Some(*at), ..about() };
            out.push(mail(Template::OrderCancelled, about, Topic::None, None));
            out.push(hook(Hook::OrderCancelled, noun()));
        }
    }
}

fn coupon_effects(event: &coupon::Event, open: &Open, out: &mut Vec<Outgoing>) {
    let Some(coupon) = open.coupons.get(&event.coupon()) else { return };
    let topic = Topic::Coupon(coupon.id);
    let about = || About {
        coupon: Some(coupon.id),
        description: Some(coupon.description.clone()).filter(|text| !text.is_empty()),
        coupon_amount: coupon.balance.or_else(|| coupon.benefit.nominal()),
        percent: match coupon.benefit {
            Benefit::Discount { percent, .. } => Some(percent),
            Benefit::Cash { .. } | Benefit::SpendAndSave { .. } => None,
        },
        single_use: Some(coupon.is_single_use()),
        scope: Some(Scope { min_spend: coupon.min_spend(), ..coupon.scope.clone() }),
        starts_at: Some(coupon.effective_at),
        expires_at: Some(coupon.expires_at),
        ..base(open)
    };
    match event {
        coupon::Event::Granted(_) => {
            let again = coupon.again_for.map(|_| "again".to_owned());
            let about = About { reason: again, ..about() };
            out.push(mail(Template::CouponGranted, about, topic, Some(coupon.expires_at)));
            out.push(hook(Hook::CouponGranted, Noun::Coupon(coupon.as_ref().clone())));
        }
        coupon::Event::Reminded { superseded, due_at, .. } => {
            if !superseded {
                let about = About { due_at: Some(*due_at), ..about() };
                out.push(mail(Template::CouponExpiring, about, topic, Some(coupon.expires_at)));
            }
        }
        coupon::Event::Redeemed { .. } => {
            if coupon.is_final() {
                out.push(Outgoing::Void(topic));
            }
        }
        coupon::Event::Cancelled { .. } => out.push(Outgoing::Void(topic)),
        coupon::Event::BecameEffective { .. }
        | coupon::Event::Frozen { .. }
        | coupon::Event::Unfrozen { .. }
        | coupon::Event::Restored { .. }
        | coupon::Event::Expired { .. } => {}
    }
}

fn subscription_effects(event: &subscription::Event, open: &Open, out: &mut Vec<Outgoing>) {
    let id = event.subscription();
    let Some(live) = open.subscriptions.get(&id) else { return };
    let about = || of_subscription(open, live);
    let noun = || Noun::Subscription(live.as_ref().clone());
    let (reminders, losses) = (Topic::Reminders(id), Topic::Losses(id));
    match event {
        subscription::Event::Ordered { order, .. }
        | subscription::Event::RenewalOrdered { order, .. }
        | subscription::Event::ChangeOrdered { order, .. } => {
            let Some(order) = open.orders.get(order) else { return };
            let about = About { starts_at: order.starts_at, ..with_order(about(), open, order) };
            let topic = Topic::Order(order.id);
            out.push(mail(Template::OrderUnpaid, about, topic, Some(order.deadline)));
        }
        subscription::Event::Activated { order, paid, .. } => {
            out.push(Outgoing::Void(Topic::Order(*order)));
            let about = About {
                starts_at: Some(paid.started_at),
                ..with_paid_order(about(), open, *order, paid)
            };
            out.push(mail(Template::Activated, about, Topic::None, None));
            out.push(hook(Hook::Activated, noun()));
        }
        subscription::Event::Renewed { order, paid, automatic, at, .. } => {
            if live.told_in_period + 1 == paid.period_no {
                out.push(Outgoing::Void(reminders));
                out.push(Outgoing::Void(losses));
            }
            // An order that auto-renewal made never waited to be paid.
            if open.orders.get(order).is_some_and(|order| !order.automatic) {
                out.push(Outgoing::Void(Topic::Order(*order)));
            }
            let about = About {
                starts_at: Some(paid.started_at),
                automatic: Some(*automatic),
                due_at: Some(*at),
                ..with_paid_order(about(), open, *order, paid)
            };
            out.push(mail(Template::Renewed, about, Topic::None, None));
            out.push(hook(Hook::Renewed, noun()));
        }
        subscription::Event::AttemptFailed { due_at, quote, failure, superseded, .. } => {
            if *superseded {
                return;
            }
            let about = About {
                amount: *quote,
                due_at: Some(*due_at),
                reason: Some(failure.code().to_owned()),
                ..about()
            };
            out.push(mail(Template::RenewalFailed, about, losses, release(live)));
            out.push(hook(Hook::RenewalFailed, noun()));
        }
        subscription::Event::Expired { due_at, .. } => {
            out.push(hook(Hook::Expired, noun()));
            if live.span().is_some_and(|span| span.suspends_at > *due_at) {
                let about = About { due_at: Some(*due_at), ..about() };
                out.push(mail(Template::Expired, about, losses, release(live)));
            }
        }
        subscription::Event::Suspended { due_at, .. } => {
            let about = About { due_at: Some(*due_at), ..about() };
            out.push(mail(Template::Suspended, about, losses, release(live)));
            out.push(hook(Hook::Suspended, noun()));
        }
        subscription::Event::Released { due_at, .. } => {
            out.push(Outgoing::Void(losses));
            let about = About { due_at: Some(*due_at), ..about() };
            out.push(mail(Template::Released, about, Topic::None, None));
            out.push(hook(Hook::Released, noun()));
        }
        subscription::Event::ModeSet { .. } => out.push(Outgoing::Void(reminders)),
        subscription::Event::PlanChanged { order, at, .. } => {
            out.push(Outgoing::Void(Topic::Order(*order)));
            out.push(Outgoing::Void(reminders));
            let Some(order) = open.orders.get(order) else { return };
            let about = About { due_at: Some(*at), ..with_order(about(), open, order) };
            out.push(mail(Template::PlanChanged, about, Topic::None, None));
            out.push(hook(Hook::Changed, noun()));
        }
        subscription::Event::PlanTookEffect { .. } => out.push(hook(Hook::Changed, noun())),
        subscription::Event::PeriodCancelled { order, at, .. } => {
            out.push(Outgoing::Void(reminders));
            out.extend(refund_mail(about(), open, *order, Refunded::Period, *at));
            out.push(hook(Hook::Changed, noun()));
        }
        subscription::Event::Unsubscribed { order, at, .. } => {
            out.push(Outgoing::Void(reminders));
            out.push(Outgoing::Void(losses));
            let is_full = open.full_refunds.get(&live.subject.product) == Some(at);
            let what = if is_full { Refunded::Everything } else { Refunded::Rest };
            out.extend(refund_mail(about(), open, *order, what, *at));
            out.push(hook(Hook::Unsubscribed, noun()));
        }
        subscription::Event::Imported { .. }
        | subscription::Event::OrderClosed { .. }
        | subscription::Event::Cancelled { .. } => {}
    }
}

fn base(open: &Open) -> About {
    About {
        language: open.terms.language.clone(),
        zone: Some(open.terms.zone),
        cash: Some(open.wallet.cash),
        ..About::default()
    }
}

fn of_order(open: &Open, order: &order::Order) -> About {
    let of_its_subscription = open.subscriptions.get(&order.subscription);
    let about = of_its_subscription.map_or_else(|| base(open), |live| of_subscription(open, live));
    with_order(about, open, order)
}

/// What an order adds: what is paid, and how that comes about.
fn with_order(about: About, open: &Open, order: &order::Order) -> About {
    let is_priced_in_parts =
        order.discount.is_some() || order.coupon.is_some() || order.tax.is_some();
    let coupon = order.coupon.and_then(|applied| open.coupons.get(&applied.id));
    About {
        order: Some(order.id),
        kind: Some(order.kind),
        refund_of: order.refund_of,
        until: order.until,
        product: Some(order.product.clone()),
        plan: Some(order.plan.clone()),
        from_plan: order.from_plan.clone(),
        period: Some(order.period),
        amount: Some(order.payable),
        refund: order.refund,
        deadline: Some(order.deadline),
        list: Some(order.list).filter(|_| is_priced_in_parts),
        discount: order.discount,
        coupon: order.coupon.map(|applied| applied.id),
        coupon_amount: order.coupon.map(|applied| applied.amount),
        coupon_expires_at: coupon.map(|coupon| coupon.expires_at),
        description: coupon
            .map(|coupon| coupon.description.clone())
            .filter(|text| !text.is_empty()),
        tax: order.tax.as_ref().map(|tax| tax.amount),
        tax_name: order.tax.as_ref().map(|tax| tax.name.clone()),
        tax_rate: order.tax.as_ref().map(|tax| tax.rate),
        ..about
    }
}

/// What money is given back for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refunded {
    /// A subscription that was given up: all that was paid for it (R10.9).
    Everything,
    /// A subscription that was given up: what is left of what was paid for it (R10.8).
    Rest,
    /// A period that had not begun (R10.9).
    Period,
    /// A part of an order; what it paid for goes on.
    Part,
}

impl Refunded {
    /// The code that a template tells them apart by.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Everything => "unsubscribed_in_full",
            Self::Rest => "unsubscribed",
            Self::Period => "period_cancelled",
            Self::Part => "part",
        }
    }
}

/// The mail of a refund by the refund order `order`.
fn refund_mail(
    about: About,
    open: &Open,
    order: OrderId,
    what: Refunded,
    at: Timestamp,
) -> Option<Outgoing> {
    let order = open.orders.get(&order)?;
    Some(refund_mail_of(with_order(about, open, order), what, at))
}

/// A refund is done: nothing is to be paid, and there is no deadline.
fn refund_mail_of(about: About, what: Refunded, at: Timestamp) -> Outgoing {
    let about = About {
        reason: Some(what.as_str().to_owned()),
        due_at: Some(at),
        amount: None,
        deadline: None,
        ..about
    };
    mail(Template::Refunded, about, Topic::None, None)
}

/// The same once it is paid: what the period cost, and nothing about a deadline.
fn with_paid_order(about: About, open: &Open, id: OrderId, paid: &subscription::Paid) -> About {
    let about = match open.orders.get(&id) {
        Some(order) => About { deadline: None, ..with_order(about, open, order) },
        None => About { order: Some(id), period: Some(paid.period), ..about },
    };
    About { amount: Some(paid.terms.price), ..about }
}

fn of_subscription(open: &Open, live: &Subscription) -> About {
    let span = live.span();
    About {
        zone: Some(live.subject.zone),
        subscription: Some(live.id),
        external_id: live.subject.external_id.clone(),
        product: Some(live.subject.product.clone()),
        plan: Some(live.subject.plan.clone()),
        region: Some(live.subject.region.clone()),
        mode: Some(live.renewal.mode),
        expires_at: span.map(|span| span.expires_at),
        suspends_at: span.map(|span| span.suspends_at),
        releases_at: span.map(|span| span.releases_at),
        ..base(open)
    }
}

fn expiry(live: &Subscription) -> Option<Timestamp> {
    live.span().map(|span| span.expires_at)
}

fn release(live: &Subscription) -> Option<Timestamp> {
    live.span().map(|span| span.releases_at)
}

fn mail(
    template: Template,
    about: About,
    topic: Topic,
    worth_until: Option<Timestamp>,
) -> Outgoing {
    Outgoing::Send {
        effect: Effect::Mail { to: Recipient::Customer, template, about: Box::new(about) },
        topic,
        worth_until,
    }
}

fn hook(hook: Hook, noun: Noun) -> Outgoing {
    Outgoing::Send {
        effect: Effect::Webhook { hook, noun: Box::new(noun) },
        topic: Topic::None,
        worth_until: None,
    }
}
