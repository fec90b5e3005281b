//! What is said of pay-as-you-go resources, of the standing of an account, and of withdrawals.

use super::{About, Hook, Noun, Outgoing, Template, Topic, base, hook, mail};
use crate::domain::account::Open;
use crate::domain::nouns::resource::{self, Resource};
use crate::domain::nouns::{standing, withdrawal};

/// The reason of a report that takes back the one before.
const AFTER_ALL: &str = "after_all";

/// What the world must be told of what happened to a resource.
pub(super) fn told_of_resource(event: &resource::Event, open: &Open, out: &mut Vec<Outgoing>) {
    let Some(live) = open.resources.get(&event.resource()) else { return };
    let noun = || Noun::Resource(live.as_ref().clone());
    let told = match event {
        resource::Event::Opened { .. } => Hook::ResourceOpened,
        resource::Event::Started { .. } => Hook::ResourceStarted,
        resource::Event::Stopped { .. } => Hook::ResourceStopped,
        resource::Event::PlanChanged { .. } => Hook::ResourceChanged,
        resource::Event::Halted { due_at, releases_at, .. } => {
            let about = About {
                due_at: Some(*due_at),
                releases_at: Some(*releases_at),
                amount: Some(crate::domain::verbs::standing::to_pay(open)),
                ..of_resource(open, live)
            };
            out.push(mail(Template::ResourceHalted, about, Topic::Debt, None));
            Hook::ResourceHalted
        }
        resource::Event::ReleaseNoticed { due_at, releases_at, .. } => {
            let about = About {
                due_at: Some(*due_at),
                releases_at: Some(*releases_at),
                amount: Some(crate::domain::verbs::standing::to_pay(open)),
                ..of_resource(open, live)
            };
            out.push(mail(Template::ResourceReleaseAhead, about, Topic::Debt, None));
            return;
        }
        resource::Event::Restored { .. } => {
            let about = of_resource(open, live);
            out.push(mail(Template::ResourceRestored, about, Topic::None, None));
            Hook::ResourceRestored
        }
        resource::Event::Released { at, for_debt, .. } => {
            if *for_debt {
                let about = About { due_at: Some(*at), ..of_resource(open, live) };
                out.push(mail(Template::ResourceReleased, about, Topic::None, None));
            }
            Hook::ResourceReleased
        }
        resource::Event::Closed { .. } => return,
    };
    out.push(hook(told, noun()));
}

/// What the owner must be told of what happened to the standing.
pub(super) fn told_of_standing(event: &standing::Event, open: &Open, out: &mut Vec<Outgoing>) {
    let (template, topic, about) = match event {
        standing::Event::FellOverdue { amount, available, at } => {
            let (amount, available) = (Some(*amount), Some(*available));
            let about = About { available, amount, due_at: Some(*at), ..base(open) };
            (Template::Overdue, Topic::Debt, about)
        }
        standing::Event::OverdueNoticed { amount, due_at, superseded } => {
            if *superseded {
                return;
            }
            let available = Some(open.wallet.available());
            let (amount, due_at) = (Some(*amount), Some(*due_at));
            let about = About { available, amount, due_at, ..base(open) };
            (Template::Overdue, Topic::Debt, about)
        }
        standing::Event::Recovered { at } => {
            out.push(Outgoing::Void(Topic::Debt));
            let available = Some(open.wallet.available());
            let about = About { available, due_at: Some(*at), ..base(open) };
            (Template::DebtSettled, Topic::None, about)
        }
        standing::Event::RanLow { available, .. } => {
            let below = open.standing.alert.map(|alert| alert.below);
            let about = About { amount: below, available: Some(*available), ..base(open) };
            (Template::LowBalance, Topic::LowBalance, about)
        }
        standing::Event::Refilled { .. } => {
            out.push(Outgoing::Void(Topic::LowBalance));
            return;
        }
        standing::Event::WillRunShort { needed, available, due_at } => {
            let (amount, available) = (Some(*needed), Some(*available));
            let about = About { available, amount, due_at: Some(*due_at), ..base(open) };
            let worth_until = due_at.plus(std::time::Duration::from_hours(24));
            out.push(mail(Template::WillRunShort, about, Topic::LowBalance, Some(worth_until)));
            return;
        }
        standing::Event::AlertSet { .. } => return,
    };
    out.push(mail(template, about, topic, None));
}

/// What the world must be told of what happened to a withdrawal.
pub(super) fn told_of_withdrawal(event: &withdrawal::Event, open: &Open, out: &mut Vec<Outgoing>) {
    let Some(live) = open.withdrawals.get(&event.withdrawal()) else { return };
    let (template, told) = match event {
        withdrawal::Event::Requested(_) => {
            (Template::WithdrawalRequested, Hook::WithdrawalRequested)
        }
        withdrawal::Event::Paid { .. } | withdrawal::Event::PaidAfterAll { .. } => {
            (Template::WithdrawalPaid, Hook::WithdrawalPaid)
        }
        withdrawal::Event::Failed { .. } | withdrawal::Event::FailedAfterAll { .. } => {
            (Template::WithdrawalFailed, Hook::WithdrawalFailed)
        }
        withdrawal::Event::ReportedAgain { .. } => return,
    };
    let after_all = match event {
        withdrawal::Event::PaidAfterAll { .. } | withdrawal::Event::FailedAfterAll { .. } => true,
        withdrawal::Event::Requested(_)
        | withdrawal::Event::Paid { .. }
        | withdrawal::Event::Failed { .. }
        | withdrawal::Event::ReportedAgain { .. } => false,
    };
    let available = after_all.then(|| open.wallet.available());
    let about = About {
        withdrawal: Some(live.id),
        amount: Some(live.amount),
        reason: if after_all { Some(AFTER_ALL.to_owned()) } else { live.reason.clone() },
        available,
        ..base(open)
    };
    out.push(mail(template, about, Topic::None, None));
    out.push(hook(told, Noun::Withdrawal(live.as_ref().clone())));
}

fn of_resource(open: &Open, live: &Resource) -> About {
    About {
        resource: Some(live.id),
        external_id: live.subject.external_id.clone(),
        product: Some(live.subject.product.clone()),
        plan: Some(live.plan.clone()),
        region: Some(live.subject.region.clone()),
        available: Some(open.wallet.available()),
        ..base(open)
    }
}
