//! What is said of the closure of an account. Each stage makes what still waits of an earlier one
//! void: who is closed at once gets one letter.

use serde::{Deserialize, Serialize};

use super::{About, Effect, Hook, Noun, Outgoing, Recipient, Template, Topic, base, hook, mail};
use crate::domain::account::Open;
use crate::domain::calendar::Timestamp;
use crate::domain::ids::AccountId;
use crate::domain::nouns::closure::{Blocker, Closure, Event, OnBehalf, RevokedBy, Stage};

/// The reason of what was begun by an operator.
const BY_OPERATOR: &str = "operator";

/// The closure of an account, as a webhook shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosureOf {
    /// The account.
    pub account: AccountId,
    /// Where the closure stands.
    pub stage: Stage,
    /// When the stage ends at the earliest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// `operator` if one began it, who or what revoked it, or the codes of what stood in its way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
}

/// What the world must be told of what happened to a closure.
pub(super) fn told(event: &Event, open: &Open, out: &mut Vec<Outgoing>) {
    let closure = open.closure.as_deref();
    let topic = Topic::Closure;
    let by_operator = closure.and_then(|closure| closure.by_operator.as_ref());
    let forfeit = closure.map(|closure| closure.forfeit);
    let until = |at: &Timestamp| About { until: Some(*at), ..base(open) };
    match event {
        Event::Requested { note, expires_at, .. } => {
            let about = About { code: Some(*note), ..until(expires_at) };
            out.push(mail(Template::ClosureCode, about, topic, Some(*expires_at)));
            out.push(told_of(Hook::ClosureRequested, open, closure, Vec::new()));
        }
        Event::Begun { .. } => {
            let reasons = vec![BY_OPERATOR.to_owned()];
            out.push(told_of(Hook::ClosureRequested, open, closure, reasons));
        }
        Event::Confirmed { .. } => {
            out.push(Outgoing::Void(topic));
            out.push(told_of(Hook::ClosureConfirmed, open, closure, Vec::new()));
        }
        Event::ApprovalAsked { at } => {
            let reason = by_operator.map(|_| BY_OPERATOR.to_owned());
            let language = "en".to_owned();
            let about = About { due_at: Some(*at), reason, language, ..base(open) };
            let template = Template::ClosureApproval;
            let effect = Effect::Mail { to: Recipient::Operator, template, about: Box::new(about) };
            out.push(Outgoing::Send { effect, topic, worth_until: None });
            out.extend(by_operator.map(|why| begun(why, forfeit, *at, base(open))));
        }
        Event::SettlingBegan { until: ends_at, at } => {
            out.push(Outgoing::Void(topic));
            let is_approved = closure.is_some_and(|closure| closure.approval.is_some());
            if let Some(why) = by_operator.filter(|_| !is_approved) {
                out.push(begun(why, forfeit, *at, until(ends_at)));
            } else {
                let reason = by_operator.map(|_| BY_OPERATOR.to_owned());
                let about = About { forfeit, reason, ..until(ends_at) };
                out.push(mail(Template::ClosureSettling, about, topic, None));
            }
        }
        Event::QuietBegan { until: at, .. } => {
            out.push(Outgoing::Void(topic));
            let about = About { forfeit, ..until(at) };
            out.push(mail(Template::ClosureQuiet, about, topic, Some(*at)));
        }
        Event::ReturnedToSettling { blockers, until: at, .. } => {
            out.push(Outgoing::Void(topic));
            let owed = Some(open.wallet.debt()).filter(|owed| !owed.is_zero());
            let about = About { reason: reason(blockers), amount: owed, ..until(at) };
            out.push(mail(Template::ClosureReturned, about, topic, None));
        }
        Event::Rejected { blockers, at } | Event::Interrupted { blockers, at } => {
            out.push(Outgoing::Void(topic));
            let about = About { reason: reason(blockers), due_at: Some(*at), ..base(open) };
            out.push(mail(Template::ClosureInterrupted, about, Topic::None, None));
            out.push(told_of(Hook::ClosureInterrupted, open, None, codes(blockers)));
        }
        Event::Revoked { by, at } => {
            out.push(Outgoing::Void(topic));
            let (reason, due_at) = (Some(by.as_str().to_owned()), Some(*at));
            let about = About { due_at, reason, ..base(open) };
            // Whoever never confirmed it need not be told that it is over by itself.
            if *by != RevokedBy::CodeExpired {
                out.push(mail(Template::ClosureRevoked, about, Topic::None, None));
            }
            let reasons = vec![by.as_str().to_owned()];
            out.push(told_of(Hook::ClosureRevoked, open, None, reasons));
        }
        Event::Closed { at } => {
            out.push(Outgoing::Void(topic));
            let about = About { due_at: Some(*at), ..base(open) };
            out.push(mail(Template::AccountClosed, about, Topic::None, None));
            out.push(told_of(Hook::ClosureClosed, open, closure, Vec::new()));
        }
        Event::CodeMissed { .. }
        | Event::Approved { .. }
        | Event::HoldingReported(_)
        | Event::HoldingCleared { .. } => {}
    }
}

/// That an operator began it is told whatever comes of it.
fn begun(why: &OnBehalf, forfeit: Option<bool>, at: Timestamp, about: About) -> Outgoing {
    let about = About { note: Some(why.reason), forfeit, due_at: Some(at), ..about };
    mail(Template::ClosureBegun, about, Topic::None, None)
}

/// The first of what stands in the way: the mail speaks of that.
fn reason(blockers: &[Blocker]) -> Option<String> {
    blockers.first().map(|blocker| blocker.code().to_owned())
}

fn codes(blockers: &[Blocker]) -> Vec<String> {
    let mut codes: Vec<_> = blockers.iter().map(|blocker| blocker.code().to_owned()).collect();
    codes.dedup();
    codes
}

fn told_of(told: Hook, open: &Open, closure: Option<&Closure>, reasons: Vec<String>) -> Outgoing {
    let noun = ClosureOf {
        account: open.id,
        stage: closure.map_or(Stage::Ended, |closure| closure.stage),
        until: closure.and_then(|closure| closure.until),
        reasons,
    };
    hook(told, Noun::Closure(noun))
}
