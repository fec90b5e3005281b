//! Change the plan of a subscription: a dearer one is paid for the time that is left (R10.12), a
//! cheaper one gives money back for it (R10.13, R10.15). The expiry stays where it is.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::pricing::{self, Asked, CouponChoice};
use super::refund::{self, Ratio};
use super::{pay, purchase};
use crate::domain::account::Open;
use crate::domain::calendar::{Period, Timestamp, Unit};
use crate::domain::command::Answer;
use crate::domain::draft::Draft;
use crate::domain::ids::{OrderId, SubscriptionId};
use crate::domain::money::{Currency, Money, Rounding};
use crate::domain::nouns::order::{self, Kind, Order};
use crate::domain::nouns::subscription::{Event, Paid, State, Subscription};
use crate::domain::price::{Gross, Item};
use crate::domain::rejection::Rejection;
use crate::domain::rules::{Offer, Prices};

/// Change the plan of a subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Which subscription.
    pub subscription: SubscriptionId,
    /// The plan that it is to have.
    pub plan: String,
    /// Only until then: a renewal continues the plan before it (R1.19). For dearer plans.
    pub until: Option<Timestamp>,
    /// Pay now from the balance, or leave the order unpaid.
    pub pay_now: bool,
    /// Which coupon to use (R4.6).
    pub coupon: CouponChoice,
    /// What the caller expects to pay: any other price is refused.
    pub expected_payable: Option<Money>,
}

/// Opens the order, an upgrade or a downgrade by the list prices of now, and settles it.
pub fn decide(draft: &mut Draft<'_>, change: &Change) -> Result<Answer, Rejection> {
    let open = draft.in_service()?;
    let live = draft.subscription(change.subscription)?;
    let Some(paid) = live.paid.as_ref().filter(|_| live.state == State::Active) else {
        return Err(Rejection::wrong_state(live));
    };
    if let Some(order) = live.open_order.and_then(|id| open.orders.get(&id)) {
        return Err(Rejection::in_the_way(order));
    }
    let pending = live.temporary.as_ref().map(|temporary| temporary.until);
    if let Some(until) = pending.or_else(|| live.next_plan.as_ref().map(|next| next.at)) {
        return Err(Rejection::ChangePending { subscription: live.id, until });
    }
    let (product, from) = (&live.subject.product, &live.subject.plan);
    if *from == change.plan {
        return Err(Rejection::SamePlan { subscription: live.id, plan: from.clone() });
    }
    let at = draft.at;
    let ends_at = change.until.unwrap_or(paid.expires_at);
    if ends_at <= at || ends_at > paid.expires_at {
        return Err(Rejection::OutsidePaidTime { expires_at: paid.expires_at });
    }
    let (version, offer) = offered(draft, product, &change.plan, at)?;
    let plans = Plans::of(draft, open, live, &change.plan, at)?;
    let kind = if plans.is_downgrade()? { Kind::Downgrade } else { Kind::Upgrade };
    if kind == Kind::Upgrade {
        draft.in_good_standing()?;
    }
    if kind == Kind::Downgrade {
        let limit = draft.timeline.in_force(at).map_or(0, |v| v.rules.downgrade.max_realtime);
        if live.downgrades >= limit {
            return Err(Rejection::TooManyDowngrades { subscription: live.id, limit });
        }
        if change.until.is_some() {
            return Err(Rejection::OutsidePaidTime { expires_at: paid.expires_at });
        }
        plans.check_refundable()?;
    }
    pricing::check_choice(draft, change.coupon)?;
    let ttl = offer.product.unpaid_ttl.unwrap_or_else(|| {
        draft.timeline.in_force(at).map(|v| v.rules.orders.unpaid_ttl).unwrap_or_default()
    });
    let mut order = Order {
        from_plan: Some(from.clone()),
        starts_at: Some(at),
        ends_at: Some(ends_at),
        until: change.until,
        rules_version: version,
        deadline: at.plus(ttl.0).min(ends_at),
        ..Order::new(
            OrderId::new(open.id, open.next_number),
            kind,
            live.id,
            (product, &change.plan),
            (paid.period, paid.period_no),
            at,
            open.terms.currency,
        )
    };
    match kind {
        Kind::Downgrade => {
            order.refund = Some(refund::Giving::of(live, plans.ratio()?, at).parts.cash);
        }
        Kind::New | Kind::Renew | Kind::Upgrade | Kind::Refund => {
            let list = plans.for_the_rest(live, at, ends_at)?;
            let zero = Money::zero(open.terms.currency);
            let asked = Asked {
                kind,
                product,
                period: paid.period,
                takes_coupons: offer.plan.coupons,
                lines: &[Gross { item: Item::Upgrade, list, discount: zero }],
                coupon: change.coupon,
                at,
            };
            order.set_price(pricing::price(draft.timeline, &open.terms, &open.coupons, &asked)?);
        }
    }
    pricing::check_expected(change.expected_payable, order.payable)?;
    let pays = change.pay_now || order.payable.is_zero();
    if pays {
        pay::check_funds(draft, order.payable)?;
    }
    let (id, subscription) = (order.id, order.subscription);
    draft.push(order::Event::Opened(Box::new(order.clone())));
    if pays {
        pay::settle(draft, &order, at, false);
    } else {
        draft.push(Event::ChangeOrdered { id: subscription, order: id });
        pay::freeze(draft, &order, at);
    }
    pay::answer(draft, id)
}

/// What a product and a plan that can be bought stand for at `at`.
pub fn offered<'a>(
    draft: &Draft<'a>,
    product: &str,
    plan: &str,
    at: Timestamp,
) -> Result<(u32, Offer<'a>), Rejection> {
    let (version, offer) = draft.offer(product, plan, at).ok_or_else(|| {
        Rejection::UnknownPlan { product: product.to_owned(), plan: plan.to_owned() }
    })?;
    if offer.plan.retired_at.is_some_and(|retired| retired <= at) {
        return Err(purchase::retired(product, plan));
    }
    Ok((version, offer))
}

/// Does the subscription still stand as it did when the change was ordered (R4.10)?
pub fn check_changeable(live: &Subscription, order: &Order) -> Result<(), Rejection> {
    let is_same = order.from_plan.as_deref() == Some(live.subject.plan.as_str());
    if live.state != State::Active || !is_same || live.temporary.is_some() {
        return Err(Rejection::wrong_state(live));
    }
    Ok(())
}

/// A renewal with a cheaper plan is possible from some days before expiry on (R1.20).
pub fn check_renewal_window(
    draft: &Draft<'_>,
    live: &Subscription,
    paid: &Paid,
    plan: &str,
    at: Timestamp,
) -> Result<(), Rejection> {
    if !Plans::of(draft, draft.open()?, live, plan, at)?.is_downgrade()? {
        return Ok(());
    }
    let days = draft.timeline.in_force(at).map_or(0, |v| v.rules.downgrade.renewal_window_days);
    let from = live.subject.zone.plus_days(paid.expires_at, -i32::from(days));
    if at < from {
        return Err(Rejection::TooEarlyForDowngrade { from });
    }
    Ok(())
}

/// The plan takes effect.
pub fn take_plan(draft: &mut Draft<'_>, order: &Order, at: Timestamp) {
    let Ok(live) = draft.subscription(order.subscription) else { return };
    // A plan for a while is not renewed, so its prices are not kept (R1.19).
    let locked = if order.until.is_some() { live.locked } else { kept_prices(draft, order, at) };
    draft.push(Event::PlanChanged {
        id: order.subscription,
        order: order.id,
        plan: order.plan.clone(),
        until: order.until,
        locked,
        downgrade: order.kind == Kind::Downgrade,
        at,
    });
}

/// Who keeps prices keeps those of the new plan from now on (D31).
#[must_use]
pub fn kept_prices(draft: &Draft<'_>, order: &Order, at: Timestamp) -> Option<Prices> {
    let open = draft.open().ok()?;
    let locks = open.subscriptions.get(&order.subscription)?.locked.is_some();
    let (_, offer) = draft.offer(&order.product, &order.plan, at).filter(|_| locks)?;
    offer.plan.prices.get(&open.terms.currency).copied()
}

/// The plan that a subscription has and the one that it is to have, at the list prices of one
/// instant.
#[derive(Debug)]
pub struct Plans<'a> {
    old: Offer<'a>,
    new: Offer<'a>,
    product: &'a str,
    currency: Currency,
    /// Days that the price of a month stands for (R1.24).
    month_days: u16,
    /// The length at which the two are compared: that of the paid period (R10.14).
    period: Period,
}

impl<'a> Plans<'a> {
    /// The two plans at `at`. One that is gone from the rules is worth what it cost last.
    pub fn of(
        draft: &Draft<'a>,
        open: &Open,
        live: &'a Subscription,
        plan: &str,
        at: Timestamp,
    ) -> Result<Self, Rejection> {
        let product = live.subject.product.as_str();
        let timeline = draft.timeline;
        let version = timeline.in_force(at).map_or(0, |version| version.number);
        let offer = |plan: &str| {
            let known = timeline.versions().iter().rev().filter(|v| v.number <= version);
            known.map(|version| version.rules.as_ref()).find_map(|rules| rules.offer(product, plan))
        };
        let unknown = |plan: &str| Rejection::UnknownPlan {
            product: product.to_owned(),
            plan: plan.to_owned(),
        };
        let old = live.renewed_plan();
        Ok(Self {
            old: offer(old).ok_or_else(|| unknown(old))?,
            new: offer(plan).ok_or_else(|| unknown(plan))?,
            product,
            currency: open.terms.currency,
            month_days: timeline.in_force(at).map_or(30, |v| v.rules.unified.month_days).max(1),
            period: live.paid.as_ref().map_or(Period::new(1, Unit::Month), |paid| paid.period),
        })
    }

    /// What each costs for `period`.
    fn prices(&self, period: Period) -> Result<(Money, Money), Rejection> {
        let price = |offer: &Offer<'_>| {
            offer.price(period, self.currency).ok_or_else(|| Rejection::PeriodNotOffered {
                period,
                offered: offer.product.periods.clone(),
            })
        };
        Ok((price(&self.old)?, price(&self.new)?))
    }

    /// Is the new plan the cheaper one?
    pub fn is_downgrade(&self) -> Result<bool, Rejection> {
        let (old, new) = self.prices(self.period)?;
        Ok(new.minor() < old.minor())
    }

    /// The share that a downgrade gives back: `(old - new) / old` (R10.13).
    pub fn ratio(&self) -> Result<Ratio, Rejection> {
        let (old, new) = self.prices(self.period)?;
        Ok(Ratio { part: old.minor() - new.minor(), whole: old.minor() })
    }

    /// What the dearer plan costs from `at` until `ends_at`: for each paid period the difference
    /// of the list prices, for the share of it that lies within (R10.12). Floored (D19).
    fn for_the_rest(
        &self,
        live: &Subscription,
        at: Timestamp,
        ends_at: Timestamp,
    ) -> Result<Money, Rejection> {
        let mut sum = Decimal::ZERO;
        for paid in live.earlier.iter().chain(&live.paid) {
            let (start, end) = (paid.started_at.max(at), paid.expires_at.min(ends_at));
            if end <= start {
                continue;
            }
            // An aligned period costs by the day of a month (R1.24).
            let (period, whole) = if paid.is_aligned() {
                (Period::new(1, Unit::Month), 86_400 * u64::from(self.month_days))
            } else {
                (paid.period, paid.expires_at.since(paid.started_at).as_secs())
            };
            let (old, new) = self.prices(period)?;
            let share = (new.decimal() - old.decimal())
                .checked_mul(Decimal::from(end.since(start).as_secs()))
                .and_then(|cost| cost.checked_div(Decimal::from(whole)));
            sum += share.ok_or(Rejection::AmountTooLarge)?;
        }
        // Thirds do not add up to just below one.
        Money::from_decimal(sum.round_dp(12), self.currency, Rounding::Down)
            .map_err(|_| Rejection::AmountTooLarge)
    }

    /// The rejection for a product whose payments are not given back.
    fn check_refundable(&self) -> Result<(), Rejection> {
        if self.new.product.refundable {
            return Ok(());
        }
        Err(Rejection::NotRefundable { product: self.product.to_owned() })
    }
}
