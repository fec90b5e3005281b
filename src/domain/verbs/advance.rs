//! Settle what is due: each thing at its own instant, in one total order (D30, D35). Only
//! notices collapse (D25), and a release waits for its notice (D38).

use super::{cancel, renew};
use crate::domain::agenda::{self, Due, Step};
use crate::domain::draft::Draft;
use crate::domain::ids::SubscriptionId;
use crate::domain::nouns::notice::{self, Kind, Reason};
use crate::domain::nouns::order::CancelReason;
use crate::domain::nouns::subscription::{Event, Subscription};

/// Settles everything that is due by the instant of the draft; answers what was done.
pub fn advance(draft: &mut Draft<'_>) -> Vec<Due> {
    let mut done = Vec::new();
    while let Some(due) = draft.agenda().next(draft.account(), draft.brake) {
        if due.at > draft.at {
            break;
        }
        let events = draft.events.len();
        run(draft, due);
        let next = draft.agenda().next(draft.account(), draft.brake);
        assert!(
            draft.events.len() > events && next != Some(due),
            "a due step changed nothing: {due:?}"
        );
        done.push(due);
    }
    done
}

fn run(draft: &mut Draft<'_>, due: Due) {
    match due.step {
        Step::TimeOut(order) => cancel::close(draft, order, CancelReason::TimedOut, due.at),
        Step::Attempt(id) => renew::attempt(draft, id, due.at),
        Step::Expire(id) => draft.push(Event::Expired { id, due_at: due.at }),
        Step::Suspend(id) => draft.push(Event::Suspended { id, due_at: due.at }),
        Step::Release(id) => release(draft, id, due),
        Step::Notice(id, kind) => notice(draft, id, kind, due),
    }
}

/// Releases, if the last notice was recorded early enough; otherwise the notice goes out now and
/// the release waits for it.
fn release(draft: &mut Draft<'_>, id: SubscriptionId, due: Due) {
    let Ok(live) = draft.subscription(id) else { return };
    let needed = live
        .span()
        .and_then(|span| agenda::lifecycle_of(draft.timeline.in_force(span.releases_at), live))
        .map(|lifecycle| lifecycle.release_needs_notice.0)
        .unwrap_or_default();
    let noticed = live.release_noticed_at.is_some_and(|at| at.plus(needed) <= draft.at);
    if !needed.is_zero() && !noticed {
        draft.push(notice::Event::Issued {
            subscription: id,
            kind: Kind::ReleaseAhead(1),
            due_at: due.at,
            at: draft.at,
            amount: None,
            covered: None,
        });
        return;
    }
    if let Some(order) = live.open_order {
        cancel::close(draft, order, CancelReason::Released, due.at);
    }
    draft.push(Event::Released { id, due_at: due.at });
}

fn notice(draft: &mut Draft<'_>, id: SubscriptionId, kind: Kind, due: Due) {
    let Ok(live) = draft.subscription(id) else { return };
    let skip = |reason| notice::Event::Skipped { subscription: id, kind, due_at: due.at, reason };
    if is_superseded(draft, live, kind, due) {
        return draft.push(skip(Reason::Superseded));
    }
    let (amount, covered) = match kind {
        Kind::RenewalAhead(_) | Kind::TopUp(_) => {
            let amount = renew::quote(draft, live, due.at);
            let covered = amount.map(|amount| renew::is_covered(draft, live, amount, due.at));
            (amount, covered)
        }
        Kind::Expiring(_) | Kind::ExpiredFor(_) | Kind::ReleaseAhead(_) => (None, None),
    };
    if matches!(kind, Kind::TopUp(_)) && covered != Some(false) {
        return draft.push(skip(Reason::FundsSuffice));
    }
    draft.push(notice::Event::Issued {
        subscription: id,
        kind,
        due_at: due.at,
        at: draft.at,
        amount,
        covered,
    });
}

/// Has something more urgent to say become due as well? A notice of release never gives way.
fn is_superseded(draft: &Draft<'_>, live: &Subscription, kind: Kind, due: Due) -> bool {
    let Some(span) = live.span() else { return false };
    let ahead_of_expiry = match kind {
        Kind::ReleaseAhead(_) => return false,
        Kind::Expiring(_) | Kind::RenewalAhead(_) | Kind::TopUp(_) => true,
        Kind::ExpiredFor(_) => false,
    };
    if ahead_of_expiry && span.expires_at <= draft.at {
        return true;
    }
    let attempted = agenda::next_attempt(draft.timeline, live, &span);
    if ahead_of_expiry && attempted.is_some_and(|slot| slot <= draft.at) {
        return true;
    }
    let mut after = live.clone();
    after.noticed_through = after.noticed_through.max(due.at);
    loop {
        match agenda::next_mark(draft.timeline, &after, &span) {
            // A "top up" notice may turn out to have nothing to say.
            Some((at, Kind::TopUp(_))) if at <= draft.at => after.noticed_through = at,
            later => return later.is_some_and(|(at, _)| at <= draft.at),
        }
    }
}
