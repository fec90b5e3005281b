//! Renew a subscription: by hand, and by itself.

use serde::{Deserialize, Serialize};

use super::{pay, purchase};
use crate::domain::account::Open;
use crate::domain::agenda;
use crate::domain::calendar::{Course, Period, Timestamp, Unit, Zone};
use crate::domain::command::Answer;
use crate::domain::draft::Draft;
use crate::domain::ids::{OrderId, SubscriptionId};
use crate::domain::money::Money;
use crate::domain::nouns::order::{self, Kind, Order};
use crate::domain::nouns::subscription::{Event, Failure, Mode, Paid, Subscription};
use crate::domain::rejection::Rejection;
use crate::domain::rules::Offer;

/// Order one more period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renew {
    /// Which subscription.
    pub subscription: SubscriptionId,
    /// How long.
    pub period: Period,
    /// Pay now from the balance, or leave the order unpaid.
    pub pay_now: bool,
    /// The expiry that the customer saw: if it has moved, nothing is done (D26).
    pub expected_expires_at: Option<Timestamp>,
}

/// Opens the order from the old expiry (R1.8, R1.9), and pays it at once if that was asked.
/// The mode stays as it is (R2.19).
pub fn decide(draft: &mut Draft<'_>, renew: &Renew) -> Result<Answer, Rejection> {
    let open = draft.in_service()?;
    let live = draft.subscription(renew.subscription)?;
    let Some(paid) = live.paid.as_ref().filter(|_| live.is_renewable()) else {
        return Err(Rejection::wrong_state(live));
    };
    if renew.expected_expires_at.is_some_and(|expected| expected != paid.expires_at) {
        return Ok(Answer::AlreadyRenewed { order: live.last_order, expires_at: paid.expires_at });
    }
    if let Some(unpaid) = live.open_order.and_then(|id| open.orders.get(&id)) {
        return Err(Rejection::unpaid(unpaid));
    }
    let (product, plan) = (&live.subject.product, &live.subject.plan);
    let (version, offer) = draft
        .offer(product, plan, draft.at)
        .filter(|(_, offer)| !offer.plan.renewal_ends.is_some_and(|ends| ends <= draft.at))
        .ok_or_else(|| purchase::retired(product, plan))?;
    let list = price(&offer, renew.period, open, product, plan)?;
    let order = order_for(draft, live, paid, renew.period, version, list, draft.at, false);
    let end = paid.course.plus(renew.period).end(live.subject.zone);
    check_horizon(&offer, end, draft.at, live.subject.zone)?;
    check_parent(draft, live.subject.expires_not_after, end)?;
    check_in_time(live, &order, draft.at)?;
    let pays = renew.pay_now || order.payable.is_zero();
    let period = pay::period_of(draft, &order, draft.at)?;
    if pays {
        pay::check_funds(draft, order.payable)?;
    }
    let (id, subscription) = (order.id, order.subscription);
    draft.push(order::Event::Opened(Box::new(order.clone())));
    if pays {
        pay::settle(draft, &order, period, draft.at, false);
    } else {
        draft.push(Event::RenewalOrdered { id: subscription, order: id });
    }
    pay::answer(draft, id)
}

/// One automatic attempt, at the slot `due_at`: it renews, or records why not. An attempt that
/// cannot be paid takes nothing and leaves no order (R2.16).
pub fn attempt(draft: &mut Draft<'_>, id: SubscriptionId, due_at: Timestamp) {
    let Ok(live) = draft.subscription(id) else { return };
    let Ok((order, paid, is_open)) = prepare(draft, live, due_at) else {
        let failed = prepare(draft, live, due_at).err();
        if let Some((failure, quote)) = failed {
            let superseded = later_slot_has_passed(draft, live, due_at);
            draft.push(Event::AttemptFailed { id, due_at, quote, failure, superseded });
        }
        return;
    };
    if !is_open {
        draft.push(order::Event::Opened(Box::new(order.clone())));
    }
    pay::settle(draft, &order, paid, due_at, true);
}

/// The order that an attempt would pay, the period it would give, and whether the order is open
/// already (D28); or why not, with the price where it is known.
fn prepare(
    draft: &Draft<'_>,
    live: &Subscription,
    at: Timestamp,
) -> Result<(Order, Paid, bool), (Failure, Option<Money>)> {
    let rejected = |rejection: &Rejection| (failure_of(rejection), None);
    let open = draft.open().map_err(|r| rejected(&r))?;
    let paid = live.paid.as_ref().ok_or((Failure::PeriodNotOffered, None))?;
    let period = auto_period(live).ok_or((Failure::PeriodNotOffered, None))?;
    let zone = live.subject.zone;
    let end = paid.course.plus(period).end(zone);

    let unpaid = live.open_order.and_then(|id| open.orders.get(&id));
    if let Some(unpaid) = unpaid
        && !unpaid.period.is_as_long_as(period)
    {
        return Err((Failure::UnpaidOrder { order: unpaid.id }, Some(unpaid.payable)));
    }
    let (product, plan) = (&live.subject.product, &live.subject.plan);
    let (version, offer) = draft
        .offer(product, plan, at)
        .filter(|(_, offer)| !offer.plan.renewal_ends.is_some_and(|ends| ends <= at))
        .ok_or((Failure::PlanRetired, None))?;
    let (order, is_open) = match unpaid {
        Some(unpaid) => (unpaid.as_ref().clone(), true),
        None => {
            let list = price(&offer, period, open, product, plan).map_err(|r| rejected(&r))?;
            let mut order = order_for(draft, live, paid, period, version, list, at, true);
            // What a notice promised for this period is honoured (R2.17).
            if let Some(quote) = live.quote.filter(|quote| list.covers(*quote)) {
                order.payable = quote;
            }
            (order, false)
        }
    };
    let quote = Some(order.payable);
    let quoted = |rejection: Rejection| (failure_of(&rejection), quote);
    check_horizon(&offer, end, at, zone).map_err(quoted)?;
    check_parent(draft, live.subject.expires_not_after, end).map_err(quoted)?;
    check_in_time(live, &order, at).map_err(quoted)?;
    let paid = pay::period_of(draft, &order, at).map_err(quoted)?;
    pay::check_funds(draft, order.payable).map_err(quoted)?;
    Ok((order, paid, is_open))
}

/// The length of an automatic renewal: chosen, or derived from what was bought (R2.13).
#[must_use]
pub fn auto_period(live: &Subscription) -> Option<Period> {
    let bought = live.paid.as_ref().map(|paid| paid.period);
    live.renewal.period.or_else(|| bought.map(crate::domain::command::derived_auto_period))
}

/// What the next automatic renewal will cost, as far as the rules at `at` know.
#[must_use]
pub fn quote(draft: &Draft<'_>, live: &Subscription, at: Timestamp) -> Option<Money> {
    if live.quote.is_some() {
        return live.quote;
    }
    let (_, offer) = draft.offer(&live.subject.product, &live.subject.plan, at)?;
    offer.price(auto_period(live)?, draft.open().ok()?.terms.currency)
}

/// Will the cash cover `amount` for this subscription, after the automatic renewals that come
/// before it (D27)?
#[must_use]
pub fn is_covered(draft: &Draft<'_>, live: &Subscription, amount: Money, at: Timestamp) -> bool {
    let Ok(open) = draft.open() else { return false };
    let Some(expires_at) = live.paid.as_ref().map(|paid| paid.expires_at) else { return false };
    let before = open.subscriptions.values().filter(|other| {
        other.id != live.id
            && other.renewal.mode == Mode::AutoRenewal
            && other.is_renewable()
            && other
                .paid
                .as_ref()
                .is_some_and(|paid| (paid.expires_at, other.id) < (expires_at, live.id))
    });
    let mut needed = amount;
    for other in before {
        let Some(sum) = quote(draft, other, at).and_then(|more| needed.checked_add(more)) else {
            continue;
        };
        needed = sum;
    }
    open.wallet.cash.covers(needed)
}

fn later_slot_has_passed(draft: &Draft<'_>, live: &Subscription, due_at: Timestamp) -> bool {
    let Some(span) = live.span() else { return false };
    let mut after = live.clone();
    after.attempted_through = after.attempted_through.max(due_at);
    agenda::next_attempt(draft.timeline, &after, &span).is_some_and(|slot| slot <= draft.at)
}

const fn failure_of(rejection: &Rejection) -> Failure {
    match rejection {
        Rejection::NotEnoughFunds { available, .. } => {
            Failure::NotEnoughFunds { available: *available }
        }
        Rejection::UnpaidOrder { order, .. } => Failure::UnpaidOrder { order: *order },
        Rejection::BeyondHorizon { .. } => Failure::BeyondHorizon,
        Rejection::OutlivesParent { .. } => Failure::OutlivesParent,
        Rejection::PeriodInPast { .. } => Failure::PeriodInPast,
        Rejection::PlanRetired { .. } => Failure::PlanRetired,
        _ => Failure::PeriodNotOffered,
    }
}

/// The list price of `period`, or why there is none.
pub fn price(
    offer: &Offer<'_>,
    period: Period,
    open: &Open,
    product: &str,
    plan: &str,
) -> Result<Money, Rejection> {
    let currency = open.terms.currency;
    let prices = offer.plan.prices.get(&currency).ok_or_else(|| Rejection::CurrencyNotOffered {
        product: product.to_owned(),
        plan: plan.to_owned(),
        currency,
    })?;
    let sold = |period: &Period| prices.of(*period, currency).is_some();
    Some(period)
        .filter(|period| offer.product.sells(*period))
        .and_then(|period| prices.of(period, currency))
        .ok_or_else(|| Rejection::PeriodNotOffered {
            period,
            offered: offer.product.periods.iter().copied().filter(|p| sold(p)).collect(),
        })
}

/// The order for one more period of `live`. Its deadline is the earliest of its time to live,
/// the last attempt slot, and release (D28).
#[expect(clippy::too_many_arguments, reason = "everything that an order is made of")]
fn order_for(
    draft: &Draft<'_>,
    live: &Subscription,
    paid: &Paid,
    period: Period,
    rules_version: u32,
    list: Money,
    at: Timestamp,
    automatic: bool,
) -> Order {
    let zone = live.subject.zone;
    let number = draft.open().map_or(0, |open| open.next_number);
    let ttl = draft.timeline.in_force(at).map(|version| {
        let product = version.rules.products.get(&live.subject.product);
        product.and_then(|product| product.unpaid_ttl).unwrap_or(version.rules.orders.unpaid_ttl)
    });
    let mut deadline = at.plus(ttl.unwrap_or_default().0);
    if let Some(span) = live.span() {
        deadline = deadline.min(span.releases_at);
        if let Some(last) = last_slot(draft, live, at) {
            deadline = deadline.min(last);
        }
    }
    Order {
        id: OrderId::new(live.id.account, number),
        kind: Kind::Renew,
        subscription: live.id,
        product: live.subject.product.clone(),
        plan: live.subject.plan.clone(),
        period,
        period_no: paid.period_no + 1,
        starts_at: Some(paid.expires_at),
        ends_at: Some(paid.course.plus(period).end(zone)),
        list,
        payable: list,
        rules_version,
        automatic,
        created_at: at,
        deadline,
        state: order::State::Unpaid,
        closed_at: None,
        cancelled_for: None,
    }
}

/// The last slot at which auto-renewal could still adopt an order made at `at`. It is left a
/// second, so that the attempt comes before the time-out.
fn last_slot(draft: &Draft<'_>, live: &Subscription, at: Timestamp) -> Option<Timestamp> {
    if live.renewal.mode != Mode::AutoRenewal {
        return None;
    }
    let span = live.span()?;
    let lead_days = live.paid.as_ref()?.terms.lead_days;
    let (_, offer) = draft.offer(&live.subject.product, &live.subject.plan, at)?;
    let slots = offer.autorenewals.slots(&span, lead_days);
    let last = slots.into_iter().rfind(|slot| *slot > at)?;
    Some(last.plus(std::time::Duration::from_secs(1)))
}

/// R1.16: the new end may not lie beyond the horizon; compared before any rounding up.
pub fn check_horizon(
    offer: &Offer<'_>,
    end: Timestamp,
    at: Timestamp,
    zone: Zone,
) -> Result<(), Rejection> {
    let years = Period::new(u32::from(offer.lifecycle.max_horizon_years), Unit::Year);
    let limit = Course::starting(at, zone).plus(years).end(zone);
    if end > limit {
        return Err(Rejection::BeyondHorizon { expires_at: end, limit });
    }
    Ok(())
}

/// R1.17: a child may not outlive its parent.
pub fn check_parent(
    draft: &Draft<'_>,
    parent: Option<SubscriptionId>,
    end: Timestamp,
) -> Result<(), Rejection> {
    let Some(parent) = parent else { return Ok(()) };
    let limit = match &draft.subscription(parent)?.paid {
        Some(paid) => paid.expires_at,
        None => return Err(Rejection::SubscriptionNotFound { subscription: parent }),
    };
    if end > limit {
        return Err(Rejection::OutlivesParent { parent, expires_at: end, limit });
    }
    Ok(())
}

/// D7: the new period may not be over already; the rejection says how much would reach beyond
/// now.
pub fn check_in_time(live: &Subscription, order: &Order, at: Timestamp) -> Result<(), Rejection> {
    let Some(paid) = &live.paid else { return Ok(()) };
    let zone = live.subject.zone;
    let reaches = |period: Period| paid.course.plus(period).end(zone) > at;
    if reaches(order.period) {
        return Ok(());
    }
    let unit = order.period.unit();
    let minimum = (1..=1200).map(|count| Period::new(count, unit)).find(|period| reaches(*period));
    Err(Rejection::PeriodInPast { minimum: minimum.unwrap_or(order.period) })
}
