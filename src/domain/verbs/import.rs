//! Bring an existing account along: its balance, and its live subscriptions with anchor, expiry
//! and mode. Every mark before the import counts as settled (R3.7).

use serde::{Deserialize, Serialize};

use super::{open, purchase};
use crate::domain::account;
use crate::domain::calendar::{Course, Period, Timestamp, Zone, rounded_up_to_midnight};
use crate::domain::command::{Answer, derived_auto_period};
use crate::domain::draft::Draft;
use crate::domain::ids::SubscriptionId;
use crate::domain::money::{MINOR_MAX, Money};
use crate::domain::nouns::subscription::{Event, Mode, Paid, Renewal, Subject};
use crate::domain::nouns::wallet;
use crate::domain::rejection::Rejection;
use crate::domain::rules::Rules;

/// Bring an existing account along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The account as it would be opened.
    pub open: open::Open,
    /// Its balance.
    pub cash: Option<Money>,
    /// Its live subscriptions.
    pub subscriptions: Vec<Imported>,
    /// Start it held, until an operator lets it go.
    pub held: bool,
}

/// A subscription that is brought along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The provider's own name for it.
    pub external_id: String,
    /// The product.
    pub product: String,
    /// Its plan.
    pub plan: String,
    /// The region.
    pub region: String,
    /// Where its periods are counted from; its expiry if nothing is said.
    pub anchor: Option<Timestamp>,
    /// End of its paid time.
    pub expires_at: Timestamp,
    /// The length of its periods.
    pub period: Period,
    /// How it is renewed.
    pub mode: Mode,
    /// What the present period cost; the list price if nothing is said.
    pub price: Option<Money>,
}

/// Opens the account and begins what it brings along: all of it or nothing.
pub fn decide(draft: &mut Draft<'_>, import: &Import) -> Result<Answer, Rejection> {
    if draft.account().books().is_some() {
        return Err(Rejection::AccountExists);
    }
    let terms = &import.open.terms;
    if let Some(cash) = import.cash {
        if cash.currency() != terms.currency {
            return Err(Rejection::WrongCurrency {
                expected: terms.currency,
                given: cash.currency(),
            });
        }
        if cash.is_negative() {
            return Err(Rejection::AmountNotPositive { amount: cash });
        }
        if cash.minor() > MINOR_MAX {
            return Err(Rejection::AmountTooLarge);
        }
    }
    let mut begun = Vec::with_capacity(import.subscriptions.len());
    for (number, imported) in (1..).zip(&import.subscriptions) {
        let id = SubscriptionId::new(import.open.account, number);
        begun.push(begin(draft, import, imported, id)?);
    }
    let subscriptions = begun.iter().map(Event::subscription).collect();
    open::decide(draft, &import.open)?;
    if let Some(amount) = import.cash.filter(|cash| !cash.is_zero()) {
        draft.push(wallet::Event::BroughtIn { amount });
    }
    for event in begun {
        draft.push(event);
    }
    if import.held {
        draft.push(account::Event::Held { at: draft.at });
    }
    Ok(Answer::Imported { account: import.open.account, subscriptions })
}

fn begin(
    draft: &Draft<'_>,
    import: &Import,
    imported: &Imported,
    id: SubscriptionId,
) -> Result<Event, Rejection> {
    let unknown = || Rejection::UnknownProduct { product: imported.product.clone() };
    let rules: &Rules =
        draft.timeline.in_force(draft.at).map(|v| v.rules.as_ref()).ok_or_else(unknown)?;
    let offer = purchase::offered(rules, &imported.product, &imported.plan, &imported.region)?;
    let terms = &import.open.terms;
    let price = match imported.price {
        Some(price) if price.currency() != terms.currency => {
            return Err(Rejection::WrongCurrency {
                expected: terms.currency,
                given: price.currency(),
            });
        }
        Some(price) if price.is_negative() => {
            return Err(Rejection::AmountNotPositive { amount: price });
        }
        Some(price) => price,
        None => offer.price(imported.period, terms.currency).ok_or_else(|| {
            Rejection::PeriodNotOffered {
                period: imported.period,
                offered: offer.product.periods.clone(),
            }
        })?,
    };
    let auto_period = if offer.product.renews_by_itself(imported.period) {
        imported.period
    } else {
        derived_auto_period(imported.period)
    };
    if imported.mode == Mode::AutoRenewal && !offer.product.renews_by_itself(auto_period) {
        return Err(Rejection::PeriodNotOffered {
            period: imported.period,
            offered: offer.product.auto_periods.clone(),
        });
    }
    let course = course_of(imported, offer.lifecycle.round_up_to_midnight, terms.zone)?;
    Ok(Event::Imported {
        id,
        subject: Subject {
            product: imported.product.clone(),
            plan: imported.plan.clone(),
            region: imported.region.clone(),
            zone: terms.zone,
            external_id: Some(imported.external_id.clone()),
            expires_not_after: None,
        },
        renewal: Renewal {
            mode: imported.mode,
            period: (imported.mode == Mode::AutoRenewal).then_some(auto_period),
            muted: false,
        },
        paid: Box::new(Paid {
            period_no: 1,
            period: imported.period,
            course,
            started_at: course.last_start(imported.period, terms.zone),
            expires_at: imported.expires_at,
            terms: offer.terms(price),
        }),
        at: draft.at,
    })
}

/// Where the expiry lies on the anchor's calendar. The expiry stands as it was given, never
/// rounded; where expiries are rounded up to midnight, it may be such a midnight (D4).
fn course_of(imported: &Imported, round_up: bool, zone: Zone) -> Result<Course, Rejection> {
    let Some(anchor) = imported.anchor else {
        return Ok(Course::starting(imported.expires_at, zone));
    };
    let unit = imported.period.unit();
    let exact = Course::ending(anchor, imported.expires_at, unit, zone);
    let rounded = || {
        let time = zone.local(anchor).time();
        let unrounded = zone.on_day(imported.expires_at, -1, time);
        let course = Course::ending(anchor, unrounded, unit, zone)?;
        let midnight = rounded_up_to_midnight(course.end(zone), zone);
        (round_up && midnight == imported.expires_at).then_some(course)
    };
    exact.or_else(rounded).ok_or(Rejection::OffAnchor { expires_at: imported.expires_at })
}
