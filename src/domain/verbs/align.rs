//! Align an expiry to a day of the month: the account's unified day, or one that is named
//! (R1.22–R1.26, D46).

use chrono::{Datelike, NaiveTime};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::renew::{self, Term};
use crate::domain::account::{self, Open};
use crate::domain::calendar::{Period, Timestamp, Unit};
use crate::domain::command::Answer;
use crate::domain::draft::Draft;
use crate::domain::money::{Money, Rounding};
use crate::domain::nouns::subscription::{Paid, Subscription};
use crate::domain::price::{Gross, Item};
use crate::domain::rejection::Rejection;
use crate::domain::rules::Offer;

/// Choose the day of the month that renewals can be aligned to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetUnifiedDay {
    /// 1 to 28.
    pub day: u8,
}

/// Sets it; it is applied only where a renewal asks for it (R1.22).
pub fn set_unified_day(draft: &mut Draft<'_>, set: SetUnifiedDay) -> Result<Answer, Rejection> {
    let open = draft.in_service()?;
    if !(1..=28).contains(&set.day) {
        return Err(Rejection::InvalidUnifiedDay);
    }
    if open.unified_day != Some(set.day) {
        draft.push(account::Event::UnifiedDaySet { day: set.day, at: draft.at });
    }
    Ok(Answer::Done)
}

/// Where an alignment leads, and what it costs before coupon and tax.
#[derive(Debug)]
pub struct Aligned {
    /// The new expiry: that day at 00:00 in the subscription's zone.
    pub to: Timestamp,
    /// The whole months; one where there is none.
    pub period: Period,
    /// The months, and the days beyond them.
    pub lines: Vec<Gross>,
}

/// The new expiry is the first such day on or after the old expiry and the least gap, compared as
/// local dates (R1.23, D46). Whole months cost the price of months, what is left the month's price
/// by the day (R1.24).
pub fn align(
    draft: &Draft<'_>,
    open: &Open,
    live: &Subscription,
    paid: &Paid,
    offer: &Offer<'_>,
    term: Term,
    at: Timestamp,
) -> Result<Aligned, Rejection> {
    if paid.expires_at <= at {
        return Err(Rejection::ExpiredForAlignment { subscription: live.id });
    }
    let rules = draft
        .timeline
        .in_force(at)
        .map(|version| version.rules.unified.clone())
        .unwrap_or_default();
    let day = match term {
        Term::Day(day) => day,
        Term::UnifiedDay | Term::Period(_) => open.unified_day.unwrap_or(rules.default_day),
    };
    if !(1..=28).contains(&day) {
        return Err(Rejection::InvalidUnifiedDay);
    }
    let zone = live.subject.zone;
    let month = Period::new(1, Unit::Month);
    let (product, plan) = (&live.subject.product, live.renewed_plan());
    let a_month = renew::price(offer, month, true, open, product, plan)?;

    let from = zone.date(paid.expires_at);
    let least = zone.date(zone.plus_days(paid.expires_at, i32::from(rules.min_gap_days)));
    let target =
        least.iter_days().take(32).find(|date| date.day() == u32::from(day)).unwrap_or(least);
    let to = zone.instant(target.and_time(NaiveTime::MIN));

    let reached = |months: u32| match months {
        0 => from,
        months => paid.course.plus(Period::new(months, Unit::Month)).end_local().date(),
    };
    let mut months = 0;
    while reached(months + 1) <= target {
        months += 1;
    }
    let days = (target - reached(months)).num_days();
    let currency = open.terms.currency;
    let zero = Money::zero(currency);
    let mut lines = Vec::new();
    if months > 0 {
        let period = Period::new(months, Unit::Month);
        let list = renew::price(offer, period, true, open, product, plan)?;
        let kept = live.kept(list, period);
        lines.push(Gross {
            item: Item::Period,
            list,
            discount: list.checked_sub(kept).unwrap_or(zero),
        });
    }
    if days > 0 || lines.is_empty() {
        let by_the_day = |month: Money| {
            let price = month.decimal() * Decimal::from(days) / Decimal::from(rules.month_days);
            Money::from_decimal(price, currency, Rounding::Down)
                .map_err(|_| Rejection::AmountTooLarge)
        };
        let list = by_the_day(a_month)?;
        let kept = by_the_day(live.kept(a_month, month))?;
        lines.push(Gross {
            item: Item::Days(u16::try_from(days).unwrap_or(u16::MAX)),
            list,
            discount: list.checked_sub(kept).unwrap_or(zero),
        });
    }
    Ok(Aligned { to, period: Period::new(months.max(1), Unit::Month), lines })
}
