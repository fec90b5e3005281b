//! Forecasts.

use super::{money, text};
use crate::admin::wire;
use crate::domain::calendar::Timestamp;
use crate::domain::forecast::{About, Assumption, Day, Forecast, GoingOn, Item, Shortfall};
use crate::domain::ids::AccountId;
use crate::domain::money::Money;

/// A forecast from `from` on, with the items of a page and its next cursor.
#[must_use]
pub fn forecast(
    id: AccountId,
    from: Timestamp,
    told: &Forecast,
    items: &[Item],
    next: Option<String>,
) -> wire::Forecast {
    let rules = told.rules.iter().map(|(version, effective_at)| wire::ForecastRules {
        version: *version,
        effective_at: text(*effective_at),
    });
    wire::Forecast {
        account: id.to_string(),
        from: text(from),
        until: text(told.through),
        is_cut: told.is_cut,
        assumptions: assumptions(&told.assumptions),
        rules: rules.collect(),
        usage: told.going_on.iter().map(going_on).collect(),
        balance: money(told.balance),
        cash_at_end: money(told.cash),
        debt_at_end: money(told.debt),
        money_in: money(told.money_in),
        money_out: money(told.money_out),
        shortfall: told.shortfall.as_ref().map(shortfall),
        days: told.days.iter().map(day).collect(),
        items: items.iter().map(forecast_item).collect(),
        next,
    }
}

/// What is taken for granted.
#[must_use]
pub fn assumptions(assumed: &[Assumption]) -> Vec<wire::ForecastAssumption> {
    let shown = |it: &Assumption| wire::ForecastAssumption {
        code: it.as_str().to_owned(),
        text: it.text().to_owned(),
    };
    assumed.iter().map(shown).collect()
}

fn going_on(it: &GoingOn) -> wire::ForecastUsage {
    wire::ForecastUsage {
        resource: it.resource.to_string(),
        meter: it.meter.clone(),
        unit: it.unit.clone(),
        daily: it.daily().to_string(),
    }
}

/// When money falls short.
#[must_use]
pub fn shortfall(short: &Shortfall) -> wire::Shortfall {
    wire::Shortfall {
        at: text(short.at),
        missing: money(short.missing),
        subscription: match short.about {
            About::Subscription(id) => Some(id.to_string()),
            About::Account
            | About::Resource(_)
            | About::Order(_)
            | About::Coupon(_)
            | About::Month(_) => None,
        },
    }
}

fn day(day: &Day) -> wire::ForecastDay {
    let currency = day.balance.currency();
    wire::ForecastDay {
        day: day.date.to_string(),
        money_in: money(Money::from_minor(day.money_in, currency)),
        money_out: money(Money::from_minor(day.money_out, currency)),
        balance: Some(money(day.balance)),
    }
}

fn forecast_item(item: &Item) -> wire::ForecastItem {
    wire::ForecastItem {
        at: text(item.at),
        what: item.what.to_owned(),
        detail: item.detail.map(str::to_owned),
        about: (item.about != About::Account).then(|| item.about.to_string()),
        amount: item.amount.map(money),
        balance: money(item.balance),
    }
}
