//! What is said of subscriptions.

use super::orders::{Refunded, refund_mail, with_order, with_paid_order};
use super::{About, Hook, Noun, Outgoing, Template, Topic, hook, mail, of_subscription, release};
use crate::domain::account::Open;
use crate::domain::nouns::subscription;

/// What the world must be told of what happened to a subscription.
pub(super) fn told(event: &subscription::Event, open: &Open, out: &mut Vec<Outgoing>) {
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
