//! Effects: what the world must be told of an event. Mail to the customer or the operator, a
//! webhook for the provider's systems, a command for another stream. They carry references and
//! values, nothing personal; addresses and names are resolved when sending.

mod bills;
mod closure;
mod message;
mod orders;
mod payg;
mod subscriptions;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::account::{self, Open};
use super::calendar::Timestamp;
use super::command::Command;
use super::event::Event;
use super::ids::{CouponId, OrderId, StreamId, SubscriptionId};
use super::nouns::campaign::{self, Campaign};
use super::nouns::coupon::Coupon;
use super::nouns::order;
use super::nouns::resource::Resource;
use super::nouns::statement::{Document, Statement};
use super::nouns::subscription::{Subject, Subscription};
use super::nouns::withdrawal::Withdrawal;
use super::nouns::{house, notice, series, wallet};
use super::verbs::bill::AssignNumber;
use super::verbs::transfer::{TakeTransfer, TransferAnswered};

pub use self::closure::ClosureOf;
pub use self::message::{About, Hook, Recipient, Template};

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
    /// A pay-as-you-go resource.
    Resource(Resource),
    /// A withdrawal.
    Withdrawal(Withdrawal),
    /// A month of bills.
    Statement(Statement),
    /// An invoice or a credit note.
    Document(Document),
    /// The closure of the account.
    Closure(ClosureOf),
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
    /// What is said of debt and its consequences: void once it is paid.
    Debt,
    /// What is said of a closure at its stage: void at the next one.
    Closure,
    /// What is said of a balance that runs low: void once it is above its alert again.
    LowBalance,
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
    let before = out.len();
    of_event(event, open, out);
    // Who has left is told of that, and then no more.
    let is_closed = open.closure.as_deref().is_some_and(|closure| closure.closed_at.is_some());
    if is_closed && !matches!(event, Event::Closure(_)) {
        let after = out.split_off(before);
        out.extend(after.into_iter().filter(|outgoing| !is_mail(outgoing)));
    }
}

const fn is_mail(outgoing: &Outgoing) -> bool {
    matches!(outgoing, Outgoing::Send { effect: Effect::Mail { .. }, .. })
}

fn of_event(event: &Event, open: &Open, out: &mut Vec<Outgoing>) {
    match event {
        Event::Wallet(wallet::Event::ToppedUp { amount, .. }) => {
            let about = About { amount: Some(*amount), ..base(open) };
            out.push(mail(Template::ToppedUp, about, Topic::None, None));
        }
        Event::Wallet(wallet::Event::Sent { number, to, amount, .. }) => {
            let take = TakeTransfer { from: open.id, number: *number, amount: *amount };
            out.push(tell(*to, Command::TakeTransfer(take)));
        }
        Event::Wallet(wallet::Event::Received { from, number, .. }) => {
            let answered = TransferAnswered { number: *number, declined: None };
            out.push(tell(*from, Command::TransferAnswered(answered)));
        }
        Event::Wallet(wallet::Event::Declined { from, number, reason, .. }) => {
            let declined = Some(reason.clone());
            let answered = TransferAnswered { number: *number, declined };
            out.push(tell(*from, Command::TransferAnswered(answered)));
        }
        Event::Withdrawal(event) => payg::told_of_withdrawal(event, open, out),
        Event::Order(event) => orders::told(event, open, out),
        Event::Subscription(event) => subscriptions::told(event, open, out),
        Event::Coupon(event) => orders::told_of_coupon(event, open, out),
        Event::Resource(event) => payg::told_of_resource(event, open, out),
        Event::Standing(event) => payg::told_of_standing(event, open, out),
        Event::Closure(event) => closure::told(event, open, out),
        Event::Statement(event) => bills::told(event, open, out),
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
        | Event::Usage(_)
        | Event::Wallet(
            wallet::Event::BroughtIn { .. }
            | wallet::Event::Forfeited { .. }
            | wallet::Event::LimitSet { .. }
            | wallet::Event::Lent { .. }
            | wallet::Event::Repaid { .. }
            | wallet::Event::FellDue { .. }
            | wallet::Event::DepositHeld { .. }
            | wallet::Event::DepositReleased { .. }
            | wallet::Event::Arrived { .. }
            | wallet::Event::Returned { .. },
        )
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

fn base(open: &Open) -> About {
    About {
        language: open.terms.language.clone(),
        zone: Some(open.terms.zone),
        cash: Some(open.wallet.cash),
        ..About::default()
    }
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
