//! Close an account: ask for it, confirm it by the one-time code, have it approved, revoke it; and
//! the stages that follow by themselves (R8.1–R8.11, D49).

mod eligibility;
mod gate;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::eligibility::{Eligibility, Warning, blockers};
pub use self::gate::gate;
use crate::domain::account::Open;
use crate::domain::calendar::Timestamp;
use crate::domain::command::Answer;
use crate::domain::draft::Draft;
use crate::domain::event::SealedRef;
use crate::domain::nouns::closure::{
    Blocker, Closure, CodeHash, Event, Holding, HoldingKind, OnBehalf, RevokedBy, Stage,
};
use crate::domain::nouns::{coupon, wallet};
use crate::domain::rejection::Rejection;
use crate::domain::rules::{self, Timeline};

/// Ask for the account to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestClosure {
    /// Was the disclaimer acknowledged: that nothing of it can be undone (R8.1)?
    pub disclaimer: bool,
    /// Is the cash that is left given up (R8.3)?
    pub forfeit: bool,
    /// The hash of the one-time code, drawn at the door.
    pub code: CodeHash,
    /// The code, sealed at the door.
    pub note: SealedRef,
}

/// Begin it on the owner's behalf, without a code. By asking, the operator acknowledges the
/// disclaimer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeginClosure {
    /// Why.
    pub by_operator: OnBehalf,
    /// Did the owner give up the cash that is left (R8.3)?
    pub forfeit: bool,
}

/// Confirm it by the one-time code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmClosure {
    /// The hash of the code.
    pub code: CodeHash,
}

/// Approve it, on a document (R8.11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApproveClosure {
    /// The document; nothing personal.
    pub reference: String,
}

/// Revoke it (D21).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokeClosure {}

/// The provider's site saw the owner log in (R8.9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginSeen {}

/// Another of the provider's systems holds something for the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportHolding {
    /// What it is.
    pub kind: HoldingKind,
    /// Its id over there.
    pub id: String,
    /// What to call it.
    pub label: Option<String>,
}

/// It no longer does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClearHolding {
    /// What it was.
    pub kind: HoldingKind,
    /// Its id over there.
    pub id: String,
}

/// Asks for it. Everything that stands in the way is answered at once, and nothing changes then.
pub fn request(draft: &mut Draft<'_>, request: &RequestClosure) -> Result<Answer, Rejection> {
    not_closing(draft)?;
    if !request.disclaimer {
        return Err(Rejection::DisclaimerRequired);
    }
    eligible(draft, request.forfeit)?;
    let rules = settings(draft.timeline, draft.at);
    draft.push(Event::Requested {
        code: request.code,
        note: request.note,
        expires_at: draft.at.plus(rules.code_ttl.0),
        tries: rules.code_tries,
        forfeit: request.forfeit,
        at: draft.at,
    });
    answer(draft)
}

/// Begins it on the owner's behalf: by the same checks, and from then on as if it were confirmed.
pub fn begin(draft: &mut Draft<'_>, begin: &BeginClosure) -> Result<Answer, Rejection> {
    not_closing(draft)?;
    eligible(draft, begin.forfeit)?;
    let at = draft.at;
    let by_operator = begin.by_operator.clone();
    draft.push(Event::Begun { by_operator, forfeit: begin.forfeit, at });
    approve_or_settle(draft, at);
    answer(draft)
}

fn not_closing(draft: &Draft<'_>) -> Result<(), Rejection> {
    match &draft.in_service()?.closure {
        Some(closure) => Err(Rejection::ClosureStage { stage: closure.stage }),
        None => Ok(()),
    }
}

fn eligible(draft: &Draft<'_>, forfeit: bool) -> Result<(), Rejection> {
    let eligibility = Eligibility::of(draft.timeline, draft.in_service()?, forfeit);
    if eligibility.may_request() {
        return Ok(());
    }
    Err(Rejection::ClosureBlocked { blockers: eligibility.blockers })
}

/// Confirms it, or counts a wrong code, which is a fact and no rejection (D49).
pub fn confirm(draft: &mut Draft<'_>, confirm: ConfirmClosure) -> Result<Answer, Rejection> {
    let open = draft.in_service()?;
    let closure = open.closure.as_deref().ok_or(Rejection::NoClosure)?;
    let stage = closure.stage;
    let code = closure.code.ok_or(Rejection::ClosureStage { stage })?;
    let at = draft.at;
    if code.hash != confirm.code {
        let tries_left = code.tries_left.saturating_sub(1);
        draft.push(Event::CodeMissed { tries_left, at });
        if tries_left == 0 {
            draft.push(Event::Revoked { by: RevokedBy::CodeMissed, at });
        }
        return Ok(Answer::ClosureCodeMissed { tries_left });
    }
    let before = closure.clone();
    draft.push(Event::Confirmed { at });
    if check(draft, at) {
        approve_or_settle(draft, at);
    }
    answer_or(draft, before)
}

/// Accounts of some kinds wait for an approval first (R8.11).
fn approve_or_settle(draft: &mut Draft<'_>, at: Timestamp) {
    let needs_approval = draft
        .open()
        .is_ok_and(|open| settings(draft.timeline, at).approval_for.contains(&open.terms.kind));
    if needs_approval {
        draft.push(Event::ApprovalAsked { at });
    } else {
        settle(draft, at);
    }
}

/// Approves it; what stood in the way meanwhile puts the account back in service.
pub fn approve(draft: &mut Draft<'_>, approve: &ApproveClosure) -> Result<Answer, Rejection> {
    let open = draft.in_service()?;
    let closure = open.closure.as_deref().ok_or(Rejection::NoClosure)?;
    if closure.stage != Stage::Approval {
        return Err(Rejection::ClosureStage { stage: closure.stage });
    }
    let before = closure.clone();
    let at = draft.at;
    draft.push(Event::Approved { reference: approve.reference.clone(), at });
    if check(draft, at) {
        settle(draft, at);
    }
    answer_or(draft, before)
}

/// Revokes it, at any time until the account is closed (R8.9, D21).
pub fn revoke(draft: &mut Draft<'_>) -> Result<Answer, Rejection> {
    let before = draft.open()?.closure.as_deref().ok_or(Rejection::NoClosure)?.clone();
    draft.push(Event::Revoked { by: RevokedBy::Request, at: draft.at });
    answer_or(draft, before)
}

/// The owner logged in: that revokes it only where it is configured so (R8.9).
pub fn login_seen(draft: &mut Draft<'_>) -> Result<Answer, Rejection> {
    let before = draft.open()?.closure.as_deref().ok_or(Rejection::NoClosure)?.clone();
    if settings(draft.timeline, draft.at).revoke_on_login {
        draft.push(Event::Revoked { by: RevokedBy::Login, at: draft.at });
    }
    answer_or(draft, before)
}

/// Takes the report that something is held. What is known already is left as it is.
pub fn report_holding(draft: &mut Draft<'_>, report: &ReportHolding) -> Result<Answer, Rejection> {
    let open = draft.open()?;
    let known = open.holdings.get(&Holding::key(report.kind, &report.id));
    if known.is_none_or(|known| known.label != report.label) {
        draft.push(Event::HoldingReported(Holding {
            kind: report.kind,
            id: report.id.clone(),
            label: report.label.clone(),
            reported_at: draft.at,
        }));
    }
    Ok(Answer::Done)
}

/// Takes the report that something is no longer held: a fact, whether it was known or not.
pub fn clear_holding(draft: &mut Draft<'_>, clear: &ClearHolding) -> Result<Answer, Rejection> {
    let open = draft.open()?;
    if open.holdings.contains_key(&Holding::key(clear.kind, &clear.id)) {
        let (kind, id) = (clear.kind, clear.id.clone());
        draft.push(Event::HoldingCleared { kind, id, at: draft.at });
    }
    Ok(Answer::Done)
}

/// When the closure needs attention, if it goes on by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// A stage ends, or what stands in the way now is dealt with.
    Stage(Timestamp),
    /// The account is closed.
    Close(Timestamp),
}

/// What the closure of an account needs next.
#[must_use]
pub fn next(timeline: &Timeline, open: &Open) -> Option<Next> {
    let closure = open.closure.as_deref()?;
    match closure.stage {
        Stage::Requested => closure.code.map(|code| Next::Stage(code.expires_at)),
        Stage::Settling | Stage::Quiet => {
            let blockers = blockers(timeline, open, closure.forfeit);
            let until = closure.until?.max(closure.moved_at);
            let waits = blockers.iter().all(Blocker::is_money);
            match (blockers.is_empty(), closure.stage == Stage::Quiet) {
                (true, true) => Some(Next::Close(until)),
                (true, false) => Some(Next::Stage(until)),
                (false, false) if waits => None,
                (false, _) => Some(Next::Stage(closure.moved_at)),
            }
        }
        Stage::Checking | Stage::Approval | Stage::Closed | Stage::Ended => None,
    }
}

/// A stage ends: the code was not given in time, everything is settled, or something stands in the
/// way now.
pub fn go_on(draft: &mut Draft<'_>, due_at: Timestamp) {
    let Ok(open) = draft.open() else { return };
    let Some(closure) = open.closure.as_deref() else { return };
    let (stage, zone) = (closure.stage, open.terms.zone);
    let blockers = blockers(draft.timeline, open, closure.forfeit);
    let at = due_at;
    match stage {
        Stage::Requested => draft.push(Event::Revoked { by: RevokedBy::CodeExpired, at }),
        Stage::Settling | Stage::Quiet => {
            if !blockers.iter().all(Blocker::is_money) {
                draft.push(Event::Interrupted { blockers, at });
            } else if stage == Stage::Quiet {
                let until = settled_at(draft, at);
                draft.push(Event::ReturnedToSettling { blockers, until, at });
            } else {
                let until = settings(draft.timeline, at).quiet.after(at, zone);
                draft.push(Event::QuietBegan { until, at });
            }
        }
        Stage::Checking | Stage::Approval | Stage::Closed | Stage::Ended => {}
    }
}

/// Closes the account: coupons are void (R5.16), and the cash that was given up is no longer owed
/// to anybody.
pub fn close(draft: &mut Draft<'_>, due_at: Timestamp) {
    let Ok(open) = draft.open() else { return };
    let amount = open.wallet.cash;
    let coupons: Vec<_> =
        open.coupons.values().filter(|coupon| !coupon.is_final()).map(|coupon| coupon.id).collect();
    for id in coupons {
        draft.push(coupon::Event::Cancelled { id, at: due_at });
    }
    if amount.minor() > 0 {
        draft.push(wallet::Event::Forfeited { amount, at: due_at });
    }
    draft.push(Event::Closed { at: due_at });
}

/// Is nothing in the way but money, which is waited for? Else the closure is over.
fn check(draft: &mut Draft<'_>, at: Timestamp) -> bool {
    let Ok(open) = draft.open() else { return false };
    let forfeit = open.closure.as_deref().is_some_and(|closure| closure.forfeit);
    let blockers = blockers(draft.timeline, open, forfeit);
    let may_go_on = blockers.iter().all(Blocker::is_money);
    if !may_go_on {
        draft.push(Event::Rejected { blockers, at });
    }
    may_go_on
}

fn settle(draft: &mut Draft<'_>, at: Timestamp) {
    let until = settled_at(draft, at);
    draft.push(Event::SettlingBegan { until, at });
}

/// Until when final charges are waited for at least: some time after the last metered use (R8.5).
fn settled_at(draft: &Draft<'_>, at: Timestamp) -> Timestamp {
    let used = draft.open().ok().and_then(eligibility::last_used);
    let wait: Duration = settings(draft.timeline, at).settle.0;
    used.map_or(at, |used| used.plus(wait).max(at))
}

/// The settings in force at `at`.
fn settings(timeline: &Timeline, at: Timestamp) -> rules::Closure {
    timeline.in_force(at).map(|version| version.rules.closure.clone()).unwrap_or_default()
}

fn answer(draft: &Draft<'_>) -> Result<Answer, Rejection> {
    let closure = draft.open()?.closure.clone().ok_or(Rejection::NoClosure)?;
    Ok(Answer::Closure { closure })
}

/// As it stands, or, where it is over, as it was, ended.
fn answer_or(draft: &Draft<'_>, before: Closure) -> Result<Answer, Rejection> {
    let stands = draft.books()?.closure.clone();
    let ended = || Box::new(Closure { stage: Stage::Ended, code: None, until: None, ..before });
    Ok(Answer::Closure { closure: stands.unwrap_or_else(ended) })
}
