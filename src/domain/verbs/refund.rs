//! Give money back: what is left of a subscription that is given up (R10.8, R10.9), a period that
//! has not begun, a part of an order, and what a downgrade leaves (R10.13). Never more than the
//! cash that was paid and not given back yet; to the balance, which is what paid.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use super::change::Plans;
use super::{bill, credit, package, pay};
use crate::domain::account::Open;
use crate::domain::calendar::{Course, Period, Timestamp, Unit};
use crate::domain::command::Answer;
use crate::domain::draft::Draft;
use crate::domain::ids::{CouponId, OrderId, SubscriptionId};
use crate::domain::money::{Currency, Money, Rounding};
use crate::domain::month::Month;
use crate::domain::nouns::coupon::{self, Coupon};
use crate::domain::nouns::coverage::Coverage;
use crate::domain::nouns::order::{self, Cut, Kind, Order, Parts};
use crate::domain::nouns::subscription::{Event, State, Subscription};
use crate::domain::price;
use crate::domain::rejection::Rejection;
use crate::domain::rules::Refunds;

/// Give a subscription up before its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsubscribe {
    /// Which.
    pub subscription: SubscriptionId,
    /// The caller asserts that it was never used: within the first days everything is given back
    /// (R10.9, D43).
    pub unused: bool,
}

/// Give money back for one order: without an amount, the period that it paid, which must not have
/// begun; with one, a part of what it paid, and the period goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Which.
    pub order: OrderId,
    /// How much, tax included.
    pub amount: Option<Money>,
}

/// Release a suspended subscription at once, by its owner's explicit word (R8.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Which.
    pub subscription: SubscriptionId,
}

/// A share as two whole numbers, so that no precision is lost before the one rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    /// The part.
    pub part: i64,
    /// Of the whole; above zero.
    pub whole: i64,
}

impl Ratio {
    /// All of it.
    pub const ALL: Self = Self { part: 1, whole: 1 };
}

/// Gives it up: what is left of what was paid comes back, and it is over.
pub fn unsubscribe(draft: &mut Draft<'_>, unsubscribe: &Unsubscribe) -> Result<Answer, Rejection> {
    let open = draft.in_service()?;
    let live = draft.subscription(unsubscribe.subscription)?;
    if !live.is_renewable() {
        return Err(Rejection::wrong_state(live));
    }
    check_free(open, live)?;
    check_refundable(draft, &live.subject.product)?;
    let at = draft.at;
    let is_asserted = unsubscribe.unused || !rules(draft, at).full_requires_unused;
    let is_full = is_asserted && is_within_full_refund(draft, open, live, at);
    let giving =
        if is_full { Giving::everything(live, at) } else { Giving::of(live, Ratio::ALL, at) };
    let (id, order) = (live.id, refund_order(draft, open, live, None, &giving, at));
    let answer = order.id;
    give_back(draft, &order, giving, is_full, at);
    package::drop_after(draft, id, at);
    draft.push(Event::Unsubscribed { id, order: answer, at });
    pay::answer(draft, answer)
}

/// Gives money back for one order.
pub fn refund(draft: &mut Draft<'_>, refund: &Refund) -> Result<Answer, Rejection> {
    let open = draft.in_service()?;
    if let Some(order) = open.orders.get(&refund.order).filter(|order| !order.is_final()) {
        return Err(Rejection::in_the_way(order));
    }
    let covering = open.subscriptions.values().find_map(|live| {
        let paid_by = |coverage: &&Coverage| coverage.order == refund.order;
        Some((live, live.coverages.iter().rev().find(paid_by)?))
    });
    let at = draft.at;
    let Some((live, coverage)) =
        covering.filter(|(live, coverage)| !live.is_final() && coverage.ends_at > at)
    else {
        let known = draft.facts.knows_order(refund.order);
        return Err(if known || open.orders.contains_key(&refund.order) {
            Rejection::NothingToRefund { order: refund.order }
        } else {
            Rejection::OrderNotFound { order: refund.order }
        });
    };
    check_free(open, live)?;
    match refund.amount {
        Some(amount) => part(draft, live.id, &coverage.clone(), amount, at),
        None => period(draft, live.id, &coverage.clone(), at),
    }
}

/// A suspended subscription is released at once.
pub fn release(draft: &mut Draft<'_>, release: &Release) -> Result<Answer, Rejection> {
    let open = draft.in_service()?;
    let live = draft.subscription(release.subscription)?;
    if live.state != State::Suspended {
        return Err(Rejection::wrong_state(live));
    }
    check_free(open, live)?;
    let id = live.id;
    draft.push(Event::Released { id, due_at: draft.at, asked: true });
    let live = draft.open()?.subscriptions.get(&id);
    let subscription = live.ok_or(Rejection::SubscriptionNotFound { subscription: id })?;
    Ok(Answer::Released { subscription: Box::new(subscription.as_ref().clone()) })
}

/// A part of what an order paid; what it paid for goes on.
fn part(
    draft: &mut Draft<'_>,
    id: SubscriptionId,
    coverage: &Coverage,
    amount: Money,
    at: Timestamp,
) -> Result<Answer, Rejection> {
    let (open, live) = (draft.open()?, draft.subscription(id)?);
    if amount.currency() != open.terms.currency {
        let (expected, given) = (open.terms.currency, amount.currency());
        return Err(Rejection::WrongCurrency { expected, given });
    }
    if amount.minor() <= 0 {
        return Err(Rejection::AmountNotPositive { amount });
    }
    let refundable = coverage.refundable();
    if !refundable.covers(amount) {
        return Err(Rejection::RefundExceedsPaid { amount, refundable });
    }
    let tax = share_of_tax(&coverage.parts, amount);
    let parts = Parts { cash: amount, coupon: None, tax: some(tax) };
    // Its revenue is earned as before: what is given back stands against it.
    let giving =
        Giving { earned: Some(parts.revenue()), parts, cuts: Vec::new(), back: Vec::new() };
    let order = refund_order(draft, open, live, Some(coverage.order), &giving, at);
    let answer = order.id;
    give_back(draft, &order, giving, false, at);
    pay::answer(draft, answer)
}

/// The period that an order paid, which has not begun (R10.9): all of it comes back, the coupon
/// too (R5.14), and the subscription ends where it would have ended.
fn period(
    draft: &mut Draft<'_>,
    id: SubscriptionId,
    coverage: &Coverage,
    at: Timestamp,
) -> Result<Answer, Rejection> {
    let (open, live) = (draft.open()?, draft.subscription(id)?);
    let nothing = Rejection::NothingToRefund { order: coverage.order };
    let Some(period_no) = coverage.period_no.filter(|_| coverage.is_ahead(at)) else {
        return Err(nothing);
    };
    check_refundable(draft, &live.subject.product)?;
    let (Some(paid), Some(before)) = (&live.paid, live.earlier.last()) else {
        return Err(nothing);
    };
    if paid.period_no != period_no {
        let latest = live.last_order.unwrap_or(coverage.order);
        return Err(Rejection::NotLatestPeriod { latest });
    }
    // A dearer plan that was paid to the end of this period is given back for it as well.
    let ends_at = before.expires_at;
    let giving = Giving::of(live, Ratio::ALL, ends_at);
    let order = refund_order(draft, open, live, Some(coverage.order), &giving, at);
    let answer = order.id;
    give_back(draft, &order, giving, false, at);
    package::drop_after(draft, id, ends_at);
    draft.push(Event::PeriodCancelled { id, order: answer, at });
    pay::answer(draft, answer)
}

/// Gives back what a downgrade that is delivered at `at` leaves.
pub fn give_back_for_downgrade(draft: &mut Draft<'_>, order: &Order, at: Timestamp) {
    let (Ok(open), Ok(live)) = (draft.open(), draft.subscription(order.subscription)) else {
        return;
    };
    let ratio = Plans::of(draft, open, live, &order.plan, at).and_then(|plans| plans.ratio());
    let Ok(ratio) = ratio else { return };
    let giving = Giving::of(live, ratio, at);
    let cycle = bill::cycle(draft, at);
    let cash = giving.parts.cash;
    draft.push(refunded(order, giving, false, cycle, at));
    bill::issue_credit_notes(draft, at);
    credit::repay_from_refund(draft, cash, at);
}

/// What is given back, and from what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Giving {
    /// Cash to the customer with its tax, and the coupon's part, which nobody gets.
    pub parts: Parts,
    /// The part of it that had been earned already.
    earned: Option<Money>,
    cuts: Vec<Cut>,
    /// Coupons that come back, with what was taken from them.
    back: Vec<(Box<Coupon>, Money)>,
}

impl Giving {
    /// `ratio` of what is left after `from`, linear by the second on the cash paid (R10.10,
    /// R10.13). Rounded once, half to even (D19).
    #[must_use]
    pub fn of(live: &Subscription, ratio: Ratio, from: Timestamp) -> Self {
        let currency = currency_of(live);
        let left: Vec<_> = live
            .coverages
            .iter()
            .filter(|coverage| coverage.ends_at > from && !coverage.is_closed)
            .map(|coverage| Left::of(coverage, ratio, from))
            .collect();
        let exact: Decimal = left.iter().map(|left| left.share(left.coverage.refundable())).sum();
        let cash = rounded(exact, currency);
        // Each gives its share of the whole, and none more than what is left of it.
        let rooms: Vec<_> = left.iter().map(Left::room).collect();
        let shares = price::split(cash, &rooms);
        let mut giving = Self {
            parts: Parts { cash, coupon: None, tax: None },
            earned: None,
            cuts: Vec::new(),
            back: Vec::new(),
        };
        let (mut coupon, mut tax) = (0, 0);
        for ((left, room), share) in left.iter().zip(&rooms).zip(&shares) {
            let (parts, cut) = left.cut(*share, *room, ratio == Ratio::ALL);
            coupon += parts.coupon.map_or(0, Money::minor);
            tax += parts.tax.map_or(0, Money::minor);
            giving.cuts.push(cut);
            if let (Some(used), Some(amount)) = (&left.coverage.coupon, left.coverage.parts.coupon)
                && ratio == Ratio::ALL
                && left.coverage.starts_at >= from
            {
                giving.back.push((used.clone(), amount));
            }
        }
        giving.parts.coupon = some(Money::from_minor(coupon, currency));
        giving.parts.tax = some(Money::from_minor(tax, currency));
        giving
    }

    /// All that was paid and not given back, whatever was consumed of it (R10.9).
    #[must_use]
    pub fn everything(live: &Subscription, at: Timestamp) -> Self {
        let currency = currency_of(live);
        let (mut cash, mut coupon, mut tax, mut earned) = (0, 0, 0, 0);
        let mut cuts = Vec::new();
        for coverage in live.coverages.iter().filter(|coverage| !coverage.is_closed) {
            let back = coverage.refundable();
            let tax_back = share_of_tax(&coverage.parts, back);
            let given = Parts { cash: back, coupon: coverage.parts.coupon, tax: some(tax_back) };
            cash += back.minor();
            tax += tax_back.minor();
            coupon += coverage.parts.coupon.map_or(0, Money::minor);
            let by_now = coverage.earned(at).minor();
            earned += by_now;
            // What was earned by now stays earned, and stands against what is given back. A part that
            // was given back before stands against revenue that was still to be earned: no time is
            // left for that, so it is earned now (D43).
            let before = coverage.parts.revenue().minor() - given.revenue().minor();
            let consumed = Money::from_minor(by_now + before, currency);
            cuts.push(Cut {
                order: coverage.order,
                starts_at: coverage.starts_at,
                at: at.max(coverage.starts_at),
                ends_at: coverage.ends_at,
                given,
                consumed: Parts { cash: consumed, coupon: None, tax: None },
                rest: None,
            });
        }
        let money = |minor| Money::from_minor(minor, currency);
        Self {
            parts: Parts { cash: money(cash), coupon: some(money(coupon)), tax: some(money(tax)) },
            earned: some(money(earned)),
            cuts,
            back: Vec::new(),
        }
    }
}

/// What is left of a coverage after an instant.
struct Left<'a> {
    coverage: &'a Coverage,
    ratio: Ratio,
    from: Timestamp,
    /// Seconds of it that are left, and of all of it.
    seconds: (u64, u64),
}

impl<'a> Left<'a> {
    fn of(coverage: &'a Coverage, ratio: Ratio, from: Timestamp) -> Self {
        let from = from.max(coverage.starts_at);
        let whole = coverage.ends_at.since(coverage.starts_at).as_secs().max(1);
        Self { coverage, ratio, from, seconds: (coverage.ends_at.since(from).as_secs(), whole) }
    }

    /// The share of `amount` that is given back, exact as far as decimals go.
    fn share(&self, amount: Money) -> Decimal {
        let part = Decimal::from(self.seconds.0) * Decimal::from(self.ratio.part);
        let whole = Decimal::from(self.seconds.1) * Decimal::from(self.ratio.whole);
        let share = amount.decimal().checked_mul(part);
        share.and_then(|share| share.checked_div(whole)).unwrap_or_default()
    }

    /// What is left of the cash, rounded up: the most that can be given back.
    fn room(&self) -> Money {
        let cash = self.coverage.refundable();
        let left = cash.decimal().checked_mul(Decimal::from(self.seconds.0));
        let left = left.and_then(|left| left.checked_div(Decimal::from(self.seconds.1)));
        let left = left.unwrap_or_default().round_dp(12);
        let scale = cash.currency().exponent();
        let up = left.round_dp_with_strategy(scale, RoundingStrategy::ToPositiveInfinity);
        Money::from_decimal(up, cash.currency(), Rounding::Down).unwrap_or(cash)
    }

    /// The parts that are given back with `cash` of it, and how that cuts the coverage.
    fn cut(&self, cash: Money, room: Money, ends: bool) -> (Parts, Cut) {
        let coverage = self.coverage;
        let parts = &coverage.parts;
        let currency = cash.currency();
        let money = |minor| Money::from_minor(minor, currency);
        let minor = |part: Option<Money>| part.map_or(0, Money::minor);
        let (whole_coupon, whole_tax) = (minor(parts.coupon), minor(parts.tax));
        let tax = share_of_tax(parts, cash).minor();
        let revenue = rounded(self.share(parts.revenue()), currency).minor();
        let coupon = (revenue - (cash.minor() - tax)).clamp(0, whole_coupon);
        let given = Parts { cash, coupon: some(money(coupon)), tax: some(money(tax)) };
        let rest = (!ends).then(|| {
            let cash = room.minor() - cash.minor();
            let tax = share_of_tax(parts, money(cash)).minor().min(whole_tax - tax);
            let left = Left { ratio: Ratio::ALL, ..*self };
            let left = rounded(left.share(money(whole_coupon)), currency).minor();
            let coupon = (left - coupon).clamp(0, whole_coupon - coupon);
            (cash, coupon, tax)
        });
        let (rest_cash, rest_coupon, rest_tax) = rest.unwrap_or_default();
        let of = |cash, coupon, tax| Parts {
            cash: money(cash),
            coupon: some(money(coupon)),
            tax: some(money(tax)),
        };
        let consumed = of(
            parts.cash.minor() - given.cash.minor() - rest_cash,
            whole_coupon - coupon - rest_coupon,
            whole_tax - tax - rest_tax,
        );
        let cut = Cut {
            order: coverage.order,
            starts_at: coverage.starts_at,
            at: self.from,
            ends_at: coverage.ends_at,
            given: given.clone(),
            consumed,
            rest: rest.map(|(cash, coupon, tax)| of(cash, coupon, tax)),
        };
        (given, cut)
    }
}

/// Opens the refund order, gives the money back, and the coupons that nothing was delivered for.
fn give_back(draft: &mut Draft<'_>, order: &Order, giving: Giving, is_full: bool, at: Timestamp) {
    draft.push(order::Event::Opened(Box::new(order.clone())));
    let back = giving.back.clone();
    let cycle = bill::cycle(draft, at);
    let cash = giving.parts.cash;
    draft.push(refunded(order, giving, is_full, cycle, at));
    bill::issue_credit_notes(draft, at);
    credit::repay_from_refund(draft, cash, at);
    for (used, amount) in back {
        restore(draft, &used, amount, order.id, at);
    }
}

fn refunded(
    order: &Order,
    giving: Giving,
    is_full: bool,
    cycle: Option<Month>,
    at: Timestamp,
) -> order::Event {
    order::Event::Refunded {
        order: order.id,
        product: order.product.clone(),
        parts: giving.parts,
        earned: giving.earned,
        cuts: giving.cuts,
        is_full,
        cycle,
        at,
    }
}

/// A coupon that paid for what was never delivered is good again (R5.14): a voucher that still
/// lives gets the amount back, any other is granted anew.
fn restore(draft: &mut Draft<'_>, used: &Coupon, amount: Money, order: OrderId, at: Timestamp) {
    let Ok(open) = draft.open() else { return };
    let lives = open.coupons.get(&used.id).is_some_and(|coupon| {
        !coupon.is_final() && !coupon.is_single_use() && coupon.expires_at > at
    });
    if lives {
        draft.push(coupon::Event::Restored { id: used.id, order, amount, at });
        return;
    }
    if used.expires_at <= at {
        return;
    }
    let again = Coupon {
        id: CouponId::new(open.id, open.next_number),
        balance: used.balance.map(|_| amount),
        granted_at: at,
        state: coupon::State::Available,
        order: None,
        frozen_at: None,
        again_for: Some(used.id),
        reminded: used.reminded,
        ..used.clone()
    };
    draft.push(coupon::Event::Granted(Box::new(again)));
}

/// The order that records a refund (R4.1).
fn refund_order(
    draft: &Draft<'_>,
    open: &Open,
    live: &Subscription,
    of: Option<OrderId>,
    giving: &Giving,
    at: Timestamp,
) -> Order {
    let (period, period_no) = live
        .paid
        .as_ref()
        .map_or((Period::new(1, Unit::Month), 0), |paid| (paid.period, paid.period_no));
    Order {
        refund: Some(giving.parts.cash),
        refund_of: of,
        rules_version: draft.timeline.in_force(at).map_or(0, |version| version.number),
        ..Order::new(
            OrderId::new(open.id, open.next_number),
            Kind::Refund,
            live.id,
            (&live.subject.product, live.plan()),
            (period, period_no),
            at,
            open.terms.currency,
        )
    }
}

/// An order that waits on the subscription stands in the way (R10.11).
fn check_free(open: &Open, live: &Subscription) -> Result<(), Rejection> {
    match live.open_order.and_then(|id| open.orders.get(&id)) {
        Some(order) => Err(Rejection::in_the_way(order)),
        None => Ok(()),
    }
}

fn check_refundable(draft: &Draft<'_>, product: &str) -> Result<(), Rejection> {
    let known = draft
        .timeline
        .in_force(draft.at)
        .and_then(|version| draft.timeline.product(version, product));
    if known.is_some_and(|(_, product)| !product.refundable) {
        return Err(Rejection::NotRefundable { product: product.to_owned() });
    }
    Ok(())
}

fn rules(draft: &Draft<'_>, at: Timestamp) -> Refunds {
    draft.timeline.in_force(at).map(|version| version.rules.refund.clone()).unwrap_or_default()
}

/// Is it within the days after its purchase in which everything is given back, and was the
/// product not given back so in this account lately (R10.9)?
fn is_within_full_refund(
    draft: &Draft<'_>,
    open: &Open,
    live: &Subscription,
    at: Timestamp,
) -> bool {
    let rules = rules(draft, at);
    let zone = live.subject.zone;
    let is_first = live.paid.as_ref().is_some_and(|paid| paid.period_no == 1);
    let bought_at = live.paid.as_ref().map(|paid| paid.started_at);
    let in_time = bought_at
        .is_some_and(|bought_at| at < zone.plus_days(bought_at, i32::from(rules.full_refund_days)));
    let again_from = open.full_refunds.get(&live.subject.product).map(|last| {
        let months = Period::new(u32::from(rules.full_refund_every_months).max(1), Unit::Month);
        Course::starting(*last, zone).plus(months).end(zone)
    });
    live.state == State::Active && is_first && in_time && again_from.is_none_or(|from| from <= at)
}

/// The tax in a part of the cash.
fn share_of_tax(parts: &Parts, cash: Money) -> Money {
    let currency = cash.currency();
    let Some(tax) = parts.tax.filter(|_| !parts.cash.is_zero()) else {
        return Money::zero(currency);
    };
    let share = cash.decimal().checked_mul(tax.decimal());
    let share = share.and_then(|share| share.checked_div(parts.cash.decimal()));
    rounded(share.unwrap_or_default(), currency)
}

fn rounded(exact: Decimal, currency: Currency) -> Money {
    // Thirds that were added up are what they were before.
    Money::from_decimal(exact.round_dp(12), currency, Rounding::HalfEven)
        .unwrap_or_else(|_| Money::zero(currency))
}

fn some(amount: Money) -> Option<Money> {
    Some(amount).filter(|amount| !amount.is_zero())
}

fn currency_of(live: &Subscription) -> Currency {
    // A subscription without a paid period has nothing to give back.
    live.paid.as_ref().map_or_else(
        || live.coverages.first().map_or_else(unreachable_currency, |c| c.parts.cash.currency()),
        |paid| paid.terms.price.currency(),
    )
}

fn unreachable_currency() -> Currency {
    panic!("what was never paid is not given back")
}
