//! Renew a subscription: by hand, and by itself.

use serde::{Deserialize, Serialize};

use super::pricing::{self, Asked, CouponChoice};
use super::{align, change, pay, purchase, standing};
use crate::domain::account::Open;
use crate::domain::agenda;
use crate::domain::calendar::{Course, Period, Timestamp, Unit, Zone};
use crate::domain::command::Answer;
use crate::domain::draft::Draft;
use crate::domain::ids::{OrderId, SubscriptionId};
use crate::domain::money::Money;
use crate::domain::nouns::order::{self, Kind, Order};
use crate::domain::nouns::subscription::{Event, Failure, Mode, Paid, Subscription};
use crate::domain::price::{Gross, Item};
use crate::domain::rejection::Rejection;
use crate::domain::rules::Offer;

/// Until when a renewal goes (R1.26): a length, or a day of the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Term {
    /// One more period of a length.
    Period(Period),
    /// To this day of a month, 1 to 28.
    Day(u8),
    /// To the account's unified day (R1.22).
    UnifiedDay,
}

/// Order one more period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renew {
    /// Which subscription.
    pub subscription: SubscriptionId,
    /// How long.
    pub term: Term,
    /// With another plan (R1.10, R1.20).
    pub plan: Option<String>,
    /// Pay now from the balance, or leave the order unpaid.
    pub pay_now: bool,
    /// The expiry that the customer saw: if it has moved, nothing is done (D26).
    pub expected_expires_at: Option<Timestamp>,
    /// Which coupon to use (R4.6).
    pub coupon: CouponChoice,
    /// What the caller expects to pay: any other price is refused.
    pub expected_payable: Option<Money>,
}

/// Opens the order from the old expiry (R1.8, R1.9), and pays it at once if that was asked.
/// The mode stays as it is (R2.19).
pub fn decide(draft: &mut Draft<'_>, renew: &Renew) -> Result<Answer, Rejection> {
    let open = draft.in_good_standing()?;
    let live = draft.subscription(renew.subscription)?;
    let Some(paid) = live.paid.as_ref().filter(|_| live.is_renewable()) else {
        return Err(Rejection::wrong_state(live));
    };
    if renew.expected_expires_at.is_some_and(|expected| expected != paid.expires_at) {
        return Ok(Answer::AlreadyRenewed { order: live.last_order, expires_at: paid.expires_at });
    }
    if let Some(order) = live.open_order.and_then(|id| open.orders.get(&id)) {
        return Err(Rejection::in_the_way(order));
    }
    pricing::check_choice(draft, renew.coupon)?;
    let wanted = Wanted {
        term: renew.term,
        plan: renew.plan.as_deref().filter(|plan| *plan != live.renewed_plan()),
        coupon: renew.coupon,
        automatic: false,
    };
    // The plan that is paid for the next period is not replaced before it has begun (R1.20).
    if let Some(next) = live.next_plan.as_ref().filter(|_| wanted.plan.is_some()) {
        return Err(Rejection::ChangePending { subscription: live.id, until: next.at });
    }
    let order = make(draft, live, paid, &wanted, draft.at)?;
    pricing::check_expected(renew.expected_payable, order.payable)?;
    let pays = renew.pay_now || order.payable.is_zero();
    if pays {
        pay::check_funds(draft, order.payable)?;
    }
    let (id, subscription) = (order.id, order.subscription);
    draft.push(order::Event::Opened(Box::new(order.clone())));
    if pays {
        pay::settle(draft, &order, draft.at, false);
    } else {
        draft.push(Event::RenewalOrdered { id: subscription, order: id });
        pay::freeze(draft, &order, draft.at);
    }
    pay::answer(draft, id)
}

/// What a renewal is to be.
struct Wanted<'a> {
    term: Term,
    /// Another plan than it has.
    plan: Option<&'a str>,
    coupon: CouponChoice,
    automatic: bool,
}

/// Makes the order for one more period at `at`, or says why it cannot be made. Whether there is
/// money for it is not looked at.
fn make(
    draft: &Draft<'_>,
    live: &Subscription,
    paid: &Paid,
    wanted: &Wanted<'_>,
    at: Timestamp,
) -> Result<Order, Rejection> {
    let open = draft.open()?;
    let zone = live.subject.zone;
    let product = &live.subject.product;
    let plan = wanted.plan.unwrap_or_else(|| live.renewed_plan());
    let (version, offer) = match wanted.plan {
        None => draft
            .offer(product, plan, at)
            .filter(|(_, offer)| offer.plan.renewal_ends.is_none_or(|ends| ends > at))
            .ok_or_else(|| purchase::retired(product, plan))?,
        Some(plan) => change::offered(draft, product, plan, at)?,
    };
    let mut order = Order {
        automatic: wanted.automatic,
        rules_version: version,
        from_plan: wanted.plan.map(|_| live.renewed_plan().to_owned()),
        starts_at: Some(paid.expires_at),
        deadline: deadline(draft, live, &offer, at),
        ..Order::new(
            OrderId::new(live.id.account, open.next_number),
            Kind::Renew,
            live.id,
            (product, plan),
            (paid.period, live.next_period_no()),
            at,
            open.terms.currency,
        )
    };
    let lines = match wanted.term {
        Term::Period(period) => {
            order.period = period;
            // What renews by itself was on its menu when it was chosen; a price is all that it
            // needs now.
            let is_on_menu = wanted.automatic || offer.product.sells(period);
            let list = price(&offer, period, is_on_menu, open, product, plan)?;
            let payable = match wanted.plan {
                Some(_) => list,
                None => promised(live, list, period),
            };
            let discount = list.checked_sub(payable).unwrap_or(list);
            vec![Gross { item: Item::Period, list, discount }]
        }
        Term::Day(_) | Term::UnifiedDay => {
            let aligned = align::align(draft, open, live, paid, &offer, wanted.term, at)?;
            order.period = aligned.period;
            order.aligned_to = Some(aligned.to);
            aligned.lines
        }
    };
    let given = pay::period_of(draft, &order, at)?;
    let end = given.course.end(zone);
    check_horizon(&offer, end, at, zone)?;
    if given.expires_at <= at {
        check_in_time(draft, live, order.period, at)?;
    }
    check_parent(draft, live.subject.expires_not_after, end)?;
    if let Some(plan) = wanted.plan {
        change::check_renewal_window(draft, live, paid, plan, at)?;
    }
    order.starts_at = Some(given.started_at);
    order.ends_at = Some(given.expires_at);
    let asked = Asked {
        kind: Kind::Renew,
        product,
        period: order.period,
        takes_coupons: offer.plan.coupons,
        lines: &lines,
        coupon: wanted.coupon,
        at,
    };
    order.set_price(pricing::price(draft.timeline, &open.terms, &open.coupons, &asked)?);
    Ok(order)
}

/// What a period at `list` costs: what a notice promised for the next period is honoured (R2.17),
/// for that length, whoever orders it; so is a price that the subscription keeps (D31).
fn promised(live: &Subscription, list: Money, period: Period) -> Money {
    let kept = live.kept(list, period);
    let is_promised = live.renewal.mode == Mode::AutoRenewal
        && live.auto_period().is_some_and(|promised| promised.is_as_long_as(period));
    if is_promised { live.honoured(kept) } else { kept }
}

/// One automatic attempt, at the slot `due_at`: it renews, or records why not. An attempt that
/// cannot be paid takes nothing, freezes nothing and leaves no order (R2.16).
pub fn attempt(draft: &mut Draft<'_>, id: SubscriptionId, due_at: Timestamp) {
    let Ok(live) = draft.subscription(id) else { return };
    match prepare(draft, live, due_at) {
        Ok(order) => {
            if Some(order.id) != live.open_order {
                draft.push(order::Event::Opened(Box::new(order.clone())));
            }
            pay::settle(draft, &order, due_at, true);
        }
        Err((failure, quote)) => {
            let superseded = later_slot_has_passed(draft, live, due_at);
            draft.push(Event::AttemptFailed { id, due_at, quote, failure, superseded });
        }
    }
}

/// Attempts at once where no slot is left before expiry (R2.9). What is paid and about to be
/// delivered is neither paid again nor in the way: the delivery's end asks once more.
pub fn attempt_without_slot(draft: &mut Draft<'_>, id: SubscriptionId, at: Timestamp) {
    let Ok(live) = draft.subscription(id) else { return };
    let Some(span) = live.span() else { return };
    let next = agenda::next_attempt(draft.timeline, live, &span);
    let has_slot = next.is_some_and(|slot| slot < span.expires_at);
    if live.is_renewable() && !live.processing && !has_slot {
        attempt(draft, id, at);
    }
}

/// The order that an attempt would pay, or why it cannot, with the price where it is known. An
/// unpaid order for the same time is adopted (D28): it is paid as by hand, at the price it was
/// made at, with the coupon that it froze.
fn prepare(
    draft: &Draft<'_>,
    live: &Subscription,
    at: Timestamp,
) -> Result<Order, (Failure, Option<Money>)> {
    let unknown = (Failure::PeriodNotOffered, None);
    let (Some(paid), Some(period)) = (live.paid.as_ref(), live.auto_period()) else {
        return Err(unknown);
    };
    let Ok(open) = draft.open() else { return Err(unknown) };
    if open.standing.is_overdue() {
        let amount = standing::to_pay(open);
        return Err((Failure::Overdue { amount }, quote(draft, live, at)));
    }
    let order = match live.open_order.and_then(|id| open.orders.get(&id)) {
        None => {
            let wanted = Wanted {
                term: Term::Period(period),
                plan: None,
                coupon: CouponChoice::Auto,
                automatic: true,
            };
            make(draft, live, paid, &wanted, at)
                .map_err(|rejection| (failure_of(&rejection), quote(draft, live, at)))?
        }
        Some(order) => {
            let quote = Some(order.payable);
            let ends_at = paid.course.plus(period).end(live.subject.zone);
            let is_for_that_time = order.kind == Kind::Renew
                && order.from_plan.is_none()
                && order.aligned_to.is_none()
                && paid.course.plus(order.period).end(live.subject.zone) == ends_at;
            if !is_for_that_time {
                return Err((Failure::UnpaidOrder { order: order.id }, quote));
            }
            pay::check_payable(draft, order, at)
                .map_err(|rejection| (failure_of(&rejection), quote))?;
            order.as_ref().clone()
        }
    };
    pay::check_funds(draft, order.payable)
        .map_err(|rejection| (failure_of(&rejection), Some(order.payable)))?;
    Ok(order)
}

/// What the next automatic renewal will cost, as far as the rules at `at` know.
#[must_use]
pub fn quote(draft: &Draft<'_>, live: &Subscription, at: Timestamp) -> Option<Money> {
    agenda::charge_of(draft.timeline, live, at)
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
        Rejection::AccountOverdue { amount } => Failure::Overdue { amount: *amount },
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
        | Rejection::UnknownMeter { .. }
        | Rejection::PeriodRequired
        | Rejection::CurrencyNotOffered { .. }
        | Rejection::WrongCurrency { .. }
        | Rejection::AmountNotPositive { .. }
        | Rejection::AmountNegative { .. }
        | Rejection::AmountTooLarge
        | Rejection::TokenMismatch
        | Rejection::AccountNotFound
        | Rejection::AccountExists
        | Rejection::EmailTaken
        | Rejection::ExternalIdTaken
        | Rejection::AccountHeld
        | Rejection::AccountNotHeld
        | Rejection::AccountClosed
        | Rejection::AccountClosing { .. }
        | Rejection::NoClosure
        | Rejection::ClosureStage { .. }
        | Rejection::DisclaimerRequired
        | Rejection::ClosureBlocked { .. }
        | Rejection::ResourceNotFound { .. }
        | Rejection::ResourceReleased { .. }
        | Rejection::NotPayAsYouGo { .. }
        | Rejection::PurchaseRequires { .. }
        | Rejection::OrderNotFound { .. }
        | Rejection::OrderClosed { .. }
        | Rejection::TooLateForMode { .. }
        | Rejection::OffAnchor { .. }
        | Rejection::OrderNotPaid { .. }
        | Rejection::OrderProcessing { .. }
        | Rejection::WithdrawalNotFound { .. }
        | Rejection::NotWithdrawable { .. }
        | Rejection::PayeeNotFound { .. }
        | Rejection::NotTransferable { .. }
        | Rejection::TransferToSelf
        | Rejection::PaymentMethodNotAllowed { .. }
        | Rejection::ChannelReadOnly { .. }
        | Rejection::OperatorOnly { .. }
        | Rejection::CouponNotFound { .. }
        | Rejection::CouponOver { .. }
        | Rejection::CouponNotUsable { .. }
        | Rejection::CouponHeld { .. }
        | Rejection::InvalidCoupon { .. }
        | Rejection::PriceChanged { .. }
        | Rejection::SamePlan { .. }
        | Rejection::TooEarlyForDowngrade { .. }
        | Rejection::TooManyDowngrades { .. }
        | Rejection::ChangePending { .. }
        | Rejection::OutsidePaidTime { .. }
        | Rejection::InvalidUnifiedDay
        | Rejection::ExpiredForAlignment { .. }
        | Rejection::NotRefundable { .. }
        | Rejection::RefundExceedsPaid { .. }
        | Rejection::NothingToRefund { .. }
        | Rejection::NotLatestPeriod { .. }
        | Rejection::TooManyOrders { .. }
        | Rejection::NothingToInvoice { .. }
        | Rejection::CampaignNotFound
        | Rejection::UnknownAccounts { .. }
        | Rejection::UnknownCode
        | Rejection::CodeTaken
        | Rejection::CampaignNotRunning { .. }
        | Rejection::QuotaExhausted { .. }
        | Rejection::CampaignLimit { .. }
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
