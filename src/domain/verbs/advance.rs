//! Settle what is due: each thing at its own instant, in one total order (D30, D35). Only
//! notices collapse (D25), and a release waits for its notice (D38).

use super::{bill, cancel, closure, credit, deliver, renew, resource, settle, standing};
use crate::domain::agenda::{self, Due, Step};
use crate::domain::draft::Draft;
use crate::domain::ids::{CouponId, SubscriptionId};
use crate::domain::nouns::coupon;
use crate::domain::nouns::notice::{self, Kind, Reason};
use crate::domain::nouns::order::{self, CancelReason, FailReason};
use crate::domain::nouns::subscription::{Event, Subscription};
use crate::domain::rules::Span;

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
        Step::DeliveryTimeOut(order) => {
            deliver::fail(draft, order, FailReason::TimedOut, due.at);
        }
        Step::WarnTimeOut(order) => draft.push(order::Event::Warned { order, due_at: due.at }),
        Step::CouponEffective(id) => {
            draft.push(coupon::Event::BecameEffective { id, due_at: due.at });
        }
        Step::CouponExpire(id) => draft.push(coupon::Event::Expired { id, due_at: due.at }),
        Step::CouponNotice(id) => coupon_notice(draft, id, due),
        Step::CloseStatement(month) => bill::close(draft, month, due.at),
        Step::Settle => settle::settle(draft, due.at),
        Step::CreditDue(month) => credit::fall_due(draft, month, due.at),
        Step::Halt(id) => resource::halt(draft, id, due.at),
        Step::ReleaseForDebt(id) => resource::release_for_debt(draft, id, due.at),
        Step::ReleaseNotice(id) => resource::notice_release(draft, id, due.at),
        Step::OverdueNotice => standing::notice(draft, due.at),
        Step::Forecast => standing::forecast(draft, due.at),
        Step::CloseResource(id) => settle::close(draft, id, due.at),
        Step::ClosureStage => closure::go_on(draft, due.at),
        Step::CloseAccount => closure::close(draft, due.at),
        Step::Attempt(id) => renew::attempt(draft, id, due.at),
        Step::TakePlan(id) => take_plan(draft, id, due),
        Step::Expire(id) => draft.push(Event::Expired { id, due_at: due.at }),
        Step::Suspend(id) => draft.push(Event::Suspended { id, due_at: due.at }),
        Step::Release(id) => release(draft, id, due),
        Step::Notice(id, kind) => notice(draft, id, kind, due),
    }
}

/// A plan that was paid ahead takes effect, or the one for a while ends: what it has from then on
/// is what its state says.
fn take_plan(draft: &mut Draft<'_>, id: SubscriptionId, due: Due) {
    let Ok(live) = draft.subscription(id) else { return };
    let next = live.next_plan.as_ref().filter(|next| next.at <= due.at);
    let plan = next.map_or(&live.subject.plan, |next| &next.plan).clone();
    draft.push(Event::PlanTookEffect { id, plan, due_at: due.at });
}

/// Reminds the owner of a coupon, unless it is over by now (D25).
fn coupon_notice(draft: &mut Draft<'_>, id: CouponId, due: Due) {
    let Ok(coupon) = draft.coupon(id) else { return };
    let superseded = coupon.expires_at <= draft.at;
    draft.push(coupon::Event::Reminded { id, due_at: due.at, superseded });
}

/// Releases, and closes what is open on it (D28).
fn release(draft: &mut Draft<'_>, id: SubscriptionId, due: Due) {
    let Ok(live) = draft.subscription(id) else { return };
    if let Some(order) = live.open_order {
        cancel::close(draft, order, CancelReason::Released, due.at);
    }
    draft.push(Event::Released { id, due_at: due.at, asked: false });
    resource::fall_back(draft, id, due.at);
}

fn notice(draft: &mut Draft<'_>, id: SubscriptionId, kind: Kind, due: Due) {
    let queue = match kind {
        Kind::RenewalAhead(_) | Kind::TopUp(_) => draft.queue_at(due.at),
        Kind::Expiring(_) | Kind::ExpiredFor(_) | Kind::ReleaseAhead(_) => None,
    };
    let (Ok(open), Ok(live)) = (draft.open(), draft.subscription(id)) else { return };
    let Some(span) = live.span() else { return };
    let amount = queue.as_ref().and_then(|_| renew::quote(draft, live, due.at));
    let expected =
        queue.zip(amount).map(|(queue, amount)| queue.expected(draft.timeline, open, live, amount));
    let covered = expected.map(|expected| expected.is_covered(open.wallet.funds()));
    let is_short = covered == Some(false);
    let skip = |reason, amount| notice::Event::Skipped {
        subscription: id,
        kind,
        due_at: due.at,
        reason,
        amount,
    };
    if matches!(kind, Kind::TopUp(_)) && !is_short {
        return draft.push(skip(Reason::FundsSuffice, None));
    }
    if is_superseded(draft, live, &span, kind, is_short, due) {
        return draft.push(skip(Reason::Superseded, amount));
    }
    let moved_to = match kind {
        Kind::ReleaseAhead(_) => {
            let needed = agenda::release_needs(draft.timeline, live, &span);
            Some(draft.at.plus(needed))
                .filter(|earliest| !needed.is_zero() && *earliest > span.releases_at)
        }
        Kind::Expiring(_) | Kind::ExpiredFor(_) | Kind::RenewalAhead(_) | Kind::TopUp(_) => None,
    };
    let attempt_at = match kind {
        Kind::RenewalAhead(_) | Kind::TopUp(_) => agenda::next_attempt(draft.timeline, live, &span),
        Kind::Expiring(_) | Kind::ExpiredFor(_) | Kind::ReleaseAhead(_) => None,
    };
    draft.push(notice::Event::Issued {
        subscription: id,
        kind,
        due_at: due.at,
        at: draft.at,
        amount,
        // Said only where it is something else than the price.
        payable: expected.map(|expected| expected.payable).filter(|it| Some(*it) != amount),
        coupon: expected.and_then(|expected| expected.coupon),
        covered,
        moved_to,
        attempt_at,
    });
}

/// Has something more urgent to say become due as well (D25)? A notice of release gives way to
/// none but a later one of its kind.
fn is_superseded(
    draft: &Draft<'_>,
    live: &Subscription,
    span: &Span,
    kind: Kind,
    is_short: bool,
    due: Due,
) -> bool {
    let gave_way_to_what_happened = match kind {
        Kind::ReleaseAhead(_) => false,
        Kind::ExpiredFor(_) => span.releases_at <= draft.at,
        Kind::Expiring(_) | Kind::RenewalAhead(_) | Kind::TopUp(_) => {
            let attempted = agenda::next_attempt(draft.timeline, live, span);
            span.expires_at <= draft.at || attempted.is_some_and(|slot| slot <= draft.at)
        }
    };
    if gave_way_to_what_happened {
        return true;
    }
    let is_release = matches!(kind, Kind::ReleaseAhead(_));
    let mut after = due.at;
    while let Some((at, later)) = agenda::next_mark_after(draft.timeline, live, span, after)
        && at <= draft.at
    {
        let is_said = match later {
            Kind::ReleaseAhead(_) => true,
            // While the funds suffice it will have nothing to say.
            Kind::TopUp(_) => is_short && !is_release,
            Kind::Expiring(_) | Kind::ExpiredFor(_) | Kind::RenewalAhead(_) => !is_release,
        };
        if is_said {
            return true;
        }
        after = at;
    }
    false
}
