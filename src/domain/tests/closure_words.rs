//! The words of scripts for closing an account, and how its events are told.

use super::scenario::short;
use crate::domain::account::Kind;
use crate::domain::command::Command;
use crate::domain::event::SealedRef;
use crate::domain::nouns::closure::{Blocker, Claim, CodeHash, Event, HoldingKind, OnBehalf};
use crate::domain::rules;
use crate::domain::verbs::closure::{
    ApproveClosure, BeginClosure, ClearHolding, ConfirmClosure, LoginSeen, ReportHolding,
    RequestClosure, RevokeClosure,
};

/// The code that every closure of a script is confirmed by.
pub(super) const CODE: CodeHash = CodeHash([7; 32]);

/// `close`, `close forfeit`, `close unread`, `begin`, `begin forfeit`,
/// `confirm`, `confirm wrong`, `approve DOC-1`, `revoke`,
/// `log-in`, `holding domain example.com`, `cleared domain example.com`.
pub(super) fn command(verb: &str, args: &[&str]) -> Option<Command> {
    let kind = || {
        let is_named = |kind: &HoldingKind| kind.as_str() == args[0];
        HoldingKind::ALL.into_iter().find(is_named).expect("a kind of holding")
    };
    let command = match verb {
        "close" => Command::RequestClosure(RequestClosure {
            disclaimer: !args.contains(&"unread"),
            forfeit: args.contains(&"forfeit"),
            code: CODE,
            note: SealedRef(2),
        }),
        "begin" => Command::BeginClosure(BeginClosure {
            by_operator: OnBehalf { reason: SealedRef(2), reference: Some("LTR-1".into()) },
            forfeit: args.contains(&"forfeit"),
        }),
        "confirm" => {
            let code = if args == ["wrong"] { CodeHash([8; 32]) } else { CODE };
            Command::ConfirmClosure(ConfirmClosure { code })
        }
        "approve" => Command::ApproveClosure(ApproveClosure { reference: args[0].into() }),
        "revoke" => Command::RevokeClosure(RevokeClosure {}),
        "log-in" => Command::LoginSeen(LoginSeen {}),
        "holding" => {
            Command::ReportHolding(ReportHolding { kind: kind(), id: args[1].into(), label: None })
        }
        "cleared" => Command::ClearHolding(ClearHolding { kind: kind(), id: args[1].into() }),
        _ => return None,
    };
    Some(command)
}

/// `closure settle 0s quiet 0s approval none log-in yes`
pub(super) fn set(closure: &mut rules::Closure, args: &[&str]) {
    for pair in args.chunks(2) {
        match pair {
            ["settle", length] => closure.settle = length.parse().expect("a length"),
            ["quiet", wait] => closure.quiet = wait.parse().expect("a wait"),
            ["approval", "none"] => closure.approval_for.clear(),
            ["approval", "corporate"] => closure.approval_for = vec![Kind::Corporate],
            ["log-in", word] => closure.revoke_on_login = *word == "yes",
            _ => panic!("{pair:?} sets nothing"),
        }
    }
}

pub(super) fn told(event: &Event) -> String {
    match event {
        Event::Requested { expires_at, forfeit, .. } => {
            let forfeit = if *forfeit { ", cash given up" } else { "" };
            format!("closure requested, code until {}{forfeit}", short(*expires_at))
        }
        Event::Begun { forfeit, .. } => {
            let forfeit = if *forfeit { ", cash given up" } else { "" };
            format!("closure begun by an operator{forfeit}")
        }
        Event::CodeMissed { tries_left, .. } => format!("wrong code, {tries_left} tries left"),
        Event::Confirmed { .. } => "closure confirmed".into(),
        Event::ApprovalAsked { .. } => "closure waits for approval".into(),
        Event::Approved { reference, .. } => format!("closure approved on {reference}"),
        Event::SettlingBegan { until, at } => {
            format!("settling due {} until {}", short(*at), short(*until))
        }
        Event::QuietBegan { until, at } => {
            format!("quiet due {} until {}", short(*at), short(*until))
        }
        Event::ReturnedToSettling { blockers, until, at } => {
            let (at, until) = (short(*at), short(*until));
            format!("settling again due {at} until {until}: {}", in_the_way(blockers))
        }
        Event::Rejected { blockers, .. } => format!("closure rejected: {}", in_the_way(blockers)),
        Event::Revoked { by, at } => {
            format!("closure revoked by {} due {}", by.as_str(), short(*at))
        }
        Event::Interrupted { blockers, at } => {
            format!("closure interrupted due {}: {}", short(*at), in_the_way(blockers))
        }
        Event::Closed { at } => format!("closed due {}", short(*at)),
        Event::HoldingReported(held) => format!("holds {} {}", held.kind.as_str(), held.id),
        Event::HoldingCleared { kind, id, .. } => format!("cleared {} {id}", kind.as_str()),
    }
}

/// Blockers in a line, each with what to do about it.
pub(super) fn in_the_way(blockers: &[Blocker]) -> String {
    let of = |blocker: &Blocker| {
        let what = match blocker {
            Blocker::LiveSubscription { id, state, expires_at, .. } => {
                let until = expires_at.map_or(String::new(), |at| format!(" to {}", short(at)));
                format!("#{} {}{until}", id.number, state.as_str())
            }
            Blocker::UnreleasedResource { id, state } => {
                format!("#{} {}", id.number, state.as_str())
            }
            Blocker::Owed { amount, past_due } => format!("{amount}, {past_due} past due"),
            Blocker::OpenOrder { id, state } => format!("#{} {}", id.number, state.as_str()),
            Blocker::UnsettledUsage { resource, settles_at } => {
                format!("#{} at {}", resource.number, short(*settles_at))
            }
            Blocker::OwedToCustomer { claim, amount, expected_by } => {
                let claim = match claim {
                    Claim::Withdrawal(id) => format!("withdrawal #{}", id.number),
                    Claim::Transfer(number) => format!("transfer #{number}"),
                    Claim::Deposit(id) => format!("deposit of #{}", id.number),
                };
                let by = expected_by.map_or(String::new(), |at| format!(" by {}", short(at)));
                format!("{claim} {amount}{by}")
            }
            Blocker::PositiveCash { amount, withdrawable } => {
                format!("{amount}, {withdrawable} withdrawable")
            }
            Blocker::Holding(held) => format!("{} {}", held.kind.as_str(), held.id),
        };
        format!("{} {what} ({})", blocker.code(), blocker.remedy().as_str())
    };
    blockers.iter().map(of).collect::<Vec<_>>().join("; ")
}
