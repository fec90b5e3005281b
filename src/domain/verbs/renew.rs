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
use crate::domain::rules::{Offer, Timeline};

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
    let made = make(draft, live, paid, renew.period, draft.at, false)?;
    let pays = renew.pay_now || made.order.payable.is_zero();
    if pays {
        pay::check_funds(draft, made.order.payable)?;
    }
    let (id, subscription) = (made.order.id, made.order.subscription);
    draft.push(order::Event::Opened(Box::new(made.order.clone())));
    if pays {
        pay::settle(draft, &made.order, made.paid, draft.at, false);
    } else {
        draft.push(Event::RenewalOrdered { id: subscription, order: id });
    }
    pay::answer(draft, id)
}

/// An order for one more period, and the period that it would give.
struct Made {
    order: Order,
    paid: Paid,
    /// Was it open already (D28)?
    is_open: bool,
}

/// Makes the order for one more period at `at`, or says why it cannot be made. Whether there is
/// money for it is not looked at.
fn make(
    draft: &Draft<'_>,
    live: &Subscription,
    paid: &Paid,
    period: Period,
    at: Timestamp,
    automatic: bool,
) -> Result<Made, Rejection> {
    let open = draft.open()?;
    let (product, plan) = (&live.subject.product, &live.subject.plan);
    let (version, offer) = draft
        .offer(product, plan, at)
        .filter(|(_, offer)| offer.plan.renewal_ends.is_none_or(|ends| ends > at))
        .ok_or_else(|| purchase::retired(product, plan))?;
    // What renews by itself was on its menu when it was chosen; a price is all that it needs now.
    let is_on_menu = automatic || offer.product.sells(period);
    let list = price(&offer, period, is_on_menu, open, product, plan)?;
    let end = paid.course.plus(period).end(live.subject.zone);
    check_horizon(&offer, end, at, live.subject.zone)?;
    check_in_time(draft, live, period, at)?;
    check_parent(draft, live.subject.expires_not_after, end)?;
    // What a notice promised for the next period is honoured (R2.17): for that length, whoever
    // orders it.
    let is_promised = live.renewal.mode == Mode::AutoRenewal
        && live.auto_period().is_some_and(|promised| promised.is_as_long_as(period));
    let mut order = Order {
        id: OrderId::new(live.id.account, open.next_number),
        kind: Kind::Renew,
        subscription: live.id,
        product: product.clone(),
        plan: plan.clone(),
        period,
        period_no: paid.period_no + 1,
        starts_at: Some(paid.expires_at),
        ends_at: None,
        list,
        payable: if is_promised { live.honoured(list) } else { list },
        rules_version: version,
        automatic,
        created_at: at,
        deadline: deadline(draft, live, &offer, at),
        state: order::State::Unpaid,
        closed_at: None,
        cancelled_for: None,
    };
    let paid = pay::period_of(draft, &order, at)?;
    order.ends_at = Some(paid.expires_at);
    Ok(Made { order, paid, is_open: false })
}

/// One automatic attempt, at the slot `due_at`: it renews, or records why not. An attempt that
/// cannot be paid takes nothing and leaves no order (R2.16).
pub fn attempt(draft: &mut Draft<'_>, id: SubscriptionId, due_at: Timestamp) {
    let Ok(live) = draft.subscription(id) else { return };
    match prepare(draft, live, due_at) {
        Ok(Made { order, paid, is_open }) => {
            if !is_open {
                draft.push(order::Event::Opened(Box::new(order.clone())));
            }
            pay::settle(draft, &order, paid, due_at, true);
        }
        Err((failure, quote)) => {
            let superseded = later_slot_has_passed(draft, live, due_at);
            draft.push(Event::AttemptFailed { id, due_at, quote, failure, superseded });
        }
    }
}

/// What an attempt would pay, or why it cannot, with the price where it is known. An unpaid order
/// for the same time is adopted (D28): it is paid as by hand, at the price it was made at.
fn prepare(
    draft: &Draft<'_>,
    live: &Subscription,
    at: Timestamp,
) -> Result<Made, (Failure, Option<Money>)> {
    let unknown = (Failure::PeriodNotOffered, None);
    let (Some(paid), Some(period)) = (live.paid.as_ref(), live.auto_period()) else {
        return Err(unknown);
    };
    let Ok(open) = draft.open() else { return Err(unknown) };
    let zone = live.subject.zone;
    let made = match live.open_order.and_then(|id| open.orders.get(&id)) {
        None => make(draft, live, paid, period, at, true)
            .map_err(|rejection| (failure_of(&rejection), quote(draft, live, at)))?,
        Some(order) => {
            let quote = Some(order.payable);
            if paid.course.plus(order.period).end(zone) != paid.course.plus(period).end(zone) {
                return Err((Failure::UnpaidOrder { order: order.id }, quote));
            }
            let paid = pay::payable_period(draft, order, at)
                .map_err(|rejection| (failure_of(&rejection), quote))?;
            Made { order: order.as_ref().clone(), paid, is_open: true }
        }
    };
    let payable = made.order.payable;
    pay::check_funds(draft, payable)
        .map_err(|rejection| (failure_of(&rejection), Some(payable)))?;
    Ok(made)
}

/// What the next automatic renewal will cost, as far as the rules at `at` know.
#[must_use]
pub fn quote(draft: &Draft<'_>, live: &Subscription, at: Timestamp) -> Option<Money> {
    agenda::charge_of(draft.timeline, live, at)
}

/// The automatic renewals of an account in the order in which they come (D27), as seen at one
/// instant, with what all before each will cost. It is built once for all notices of that
/// instant: an account may have ten thousand of them.
#[derive(Debug)]
pub struct Queue {
    at: Timestamp,
    places: Vec<(Timestamp, i64, SubscriptionId)>,
    /// What the places before each cost together, and all of them at the end.
    before: Vec<i64>,
}

impl Queue {
    /// The queue at `at`.
    #[must_use]
    pub fn at(timeline: &Timeline, open: &Open, at: Timestamp) -> Self {
        let place = |live: &Subscription| {
            let expires_at = live.paid.as_ref()?.expires_at;
            let is_in = live.renewal.mode == Mode::AutoRenewal
                && live.is_renewable()
                // One that only waits for the notice of its release is as good as gone (D30).
                && (expires_at > at || live.span().is_some_and(|span| span.releases_at > at));
            let charge = agenda::charge_of(timeline, live, at).filter(|_| is_in)?;
            Some((expires_at, charge.minor(), live.id))
        };
        let mut places: Vec<_> =
            open.subscriptions.values().filter_map(|live| place(live)).collect();
        places.sort_unstable();
        let mut before = Vec::with_capacity(places.len() + 1);
        before.push(0);
        for (_, minor, _) in &places {
            let sum = before.last().map_or(0, |sum: &i64| sum.saturating_add(*minor));
            before.push(sum);
        }
        Self { at, places, before }
    }

    /// Is it the queue at `at`?
    #[must_use]
    pub fn is_at(&self, at: Timestamp) -> bool {
        self.at == at
    }

    /// Will the cash cover `amount` for this subscription, after the renewals that come before?
    #[must_use]
    pub fn covers(&self, open: &Open, live: &Subscription, amount: Money) -> bool {
        let Some(paid) = &live.paid else { return false };
        let mine = (paid.expires_at, amount.minor(), live.id);
        let place = self.places.partition_point(|place| *place < mine);
        let needed = self.before[place].saturating_add(amount.minor());
        open.wallet.cash.covers(Money::from_minor(needed, amount.currency()))
    }
}

fn later_slot_has_passed(draft: &Draft<'_>, live: &Subscription, due_at: Timestamp) -> bool {
    let Some(span) = live.span() else { return false };
    let after = live.attempted_through.max(due_at);
    agenda::next_attempt_after(draft.timeline, live, &span, after)
        .is_some_and(|slot| slot <= draft.at)
}

/// The failure that a rejection is to an attempt. Those that an attempt cannot meet are named
/// all the same, so that a new rejection has to find its place here.
const fn failure_of(rejection: &Rejection) -> Failure {
    match rejection {
        Rejection::NotEnoughFunds { available, .. } => {
            Failure::NotEnoughFunds { available: *available }
        }
        Rejection::UnpaidOrder { order, .. } => Failure::UnpaidOrder { order: *order },
        Rejection::BeyondHorizon { .. } => Failure::BeyondHorizon,
        // A parent that is gone sets an end as well.
        Rejection::OutlivesParent { .. }
        | Rejection::SubscriptionNotFound { .. }
        | Rejection::SubscriptionEnded { .. }
        | Rejection::WrongState { .. } => Failure::OutlivesParent,
        Rejection::PeriodInPast { .. } => Failure::PeriodInPast,
        Rejection::PlanRetired { .. }
        | Rejection::UnknownProduct { .. }
        | Rejection::UnknownPlan { .. }
        | Rejection::UnknownRegion { .. } => Failure::PlanRetired,
        Rejection::PeriodNotOffered { .. }
        | Rejection::PeriodRequired
        | Rejection::CurrencyNotOffered { .. }
        | Rejection::WrongCurrency { .. }
        | Rejection::AmountNotPositive { .. }
        | Rejection::AmountTooLarge
        | Rejection::TokenMismatch
        | Rejection::AccountNotFound
        | Rejection::AccountExists
        | Rejection::EmailTaken
        | Rejection::ExternalIdTaken
        | Rejection::AccountHeld
        | Rejection::AccountNotHeld
        | Rejection::PurchaseRequires { .. }
        | Rejection::OrderNotFound { .. }
        | Rejection::OrderClosed { .. }
        | Rejection::TooLateForMode { .. }
        | Rejection::OffAnchor { .. }
        | Rejection::InvalidRules { .. }
        | Rejection::EffectiveInPast { .. }
        | Rejection::BrakeNotEngaged => Failure::PeriodNotOffered,
    }
}

/// The list price of `period`, or why there is none.
pub fn price(
    offer: &Offer<'_>,
    period: Period,
    is_on_menu: bool,
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
    Some(period).filter(|_| is_on_menu).and_then(|period| prices.of(period, currency)).ok_or_else(
        || Rejection::PeriodNotOffered {
            period,
            offered: offer.product.periods.iter().copied().filter(|p| sold(p)).collect(),
        },
    )
}

/// Until when a renewal order made at `at` can be paid: the earliest of its time to live, the
/// last attempt slot, and release (D28).
///
/// At the last slot the order times out first (D35), and paying at a deadline is refused (D37).
/// So an order for another period cannot stand in the way of the last attempt, and one for the
/// same period is made anew by it, at no other price. What lies behind already is no deadline:
/// a release that waits for an operator (D38) closes the order when it comes.
fn deadline(draft: &Draft<'_>, live: &Subscription, offer: &Offer<'_>, at: Timestamp) -> Timestamp {
    let ttl = offer.product.unpaid_ttl.or_else(|| {
        let version = draft.timeline.in_force(at)?;
        Some(version.rules.orders.unpaid_ttl)
    });
    let end = at.plus(ttl.unwrap_or_default().0);
    let Some(span) = live.span() else { return end };
    let is_auto = live.renewal.mode == Mode::AutoRenewal;
    let lead_days = live.paid.as_ref().map(|paid| paid.terms.lead_days);
    let last_slot = lead_days
        .filter(|_| is_auto)
        .and_then(|lead_days| offer.autorenewals.slots(&span, lead_days).into_iter().max());
    // A release date that moved is one only where the first lies behind (D38): until then the
    // deadline is the same as if the daemon had never slept (D30).
    let release = Some(span.releases_at)
        .filter(|release| *release > at)
        .or_else(|| agenda::release_at(draft.timeline, live, &span));
    [last_slot, release].into_iter().flatten().filter(|end| *end > at).fold(end, Ord::min)
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
    let live = draft.subscription(parent)?;
    let Some(paid) = &live.paid else { return Err(Rejection::wrong_state(live)) };
    if end > paid.expires_at {
        return Err(Rejection::OutlivesParent { parent, expires_at: end, limit: paid.expires_at });
    }
    Ok(())
}

/// D7: the new period may not be over already; the rejection says what is offered that would
/// reach beyond now.
pub fn check_in_time(
    draft: &Draft<'_>,
    live: &Subscription,
    period: Period,
    at: Timestamp,
) -> Result<(), Rejection> {
    let Some(paid) = &live.paid else { return Ok(()) };
    let end = |period: Period| paid.course.plus(period).end(live.subject.zone);
    if end(period) > at {
        return Ok(());
    }
    let offered = draft
        .offer(&live.subject.product, &live.subject.plan, at)
        .map_or(&[][..], |(_, offer)| offer.product.periods.as_slice());
    let counted = (1..=1200).map(|count| Period::new(count, period.unit()));
    let minimum = offered
        .iter()
        .copied()
        .filter(|offered| end(*offered) > at)
        .min_by_key(|offered| end(*offered))
        .or_else(|| counted.into_iter().find(|longer| end(*longer) > at));
    Err(Rejection::PeriodInPast { minimum: minimum.unwrap_or(period) })
}
