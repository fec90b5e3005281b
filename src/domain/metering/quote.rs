//! What a quantity would cost: the prices of the rules, asked without an account.

use rust_decimal::Decimal;

use super::tariff::Part;
use crate::domain::money::{Currency, Money, Rounding};
use crate::domain::rejection::Rejection;
use crate::domain::rules::{Meter, Model, Rules, Tariff};

/// What is asked about. Quantities are in the meter's unit, of durations too; those of an hourly
/// tariff in clock hours.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The product.
    pub product: &'a str,
    /// Its meter.
    pub meter: &'a str,
    /// The plan of the resource.
    pub plan: &'a str,
    /// The currency of the account.
    pub currency: Currency,
    /// What the resource used of it in this month before; not below zero.
    pub before: Decimal,
    /// What it uses more.
    pub quantity: Decimal,
}

/// What it costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// Tier by tier, quantities in the meter's unit; none where the meter costs nothing.
    pub parts: Vec<Part>,
    /// All of them together, unrounded.
    pub amount: Decimal,
    /// What its line says, where what came before is billed: the whole month is rounded down, so
    /// that the rest carries (D19).
    pub billed: Money,
}

/// What a quantity costs by these rules, before coupons and tax, and without the minimum of a
/// cycle.
pub fn quote(rules: &Rules, wanted: &Wanted<'_>) -> Result<Quote, Rejection> {
    let Wanted { product, meter, plan, currency, before, quantity } = *wanted;
    let product = || product.to_owned();
    let sold = rules
        .products
        .get(wanted.product)
        .ok_or_else(|| Rejection::UnknownProduct { product: product() })?;
    let payg = sold.payg.as_ref().ok_or_else(|| Rejection::NotPayAsYouGo { product: product() })?;
    let unknown = || Rejection::UnknownMeter { product: product(), meter: meter.to_owned() };
    let meter = payg.meters.get(meter).ok_or_else(unknown)?;
    if !payg.has_plan(plan) {
        return Err(Rejection::UnknownPlan { product: product(), plan: plan.to_owned() });
    }
    if !payg.sells(plan, currency) {
        let plan = plan.to_owned();
        return Err(Rejection::CurrencyNotOffered { product: product(), plan, currency });
    }
    let Some(tariff) = meter.tariff(plan, currency) else {
        let billed = Money::zero(currency);
        return Ok(Quote { parts: Vec::new(), amount: Decimal::ZERO, billed });
    };
    let (per, unit_seconds) = (counted(meter, tariff), meter.unit_seconds());
    let (before, quantity) = (before.saturating_mul(per), quantity.saturating_mul(per));
    let mut parts = tariff.parts(unit_seconds, before, quantity);
    for part in &mut parts {
        part.quantity = (part.quantity / per).normalize();
    }
    let billed = |quantity: Decimal| {
        let total = tariff.total(unit_seconds, quantity);
        Money::from_decimal(total, currency, Rounding::Down).map_err(|_| Rejection::AmountTooLarge)
    };
    let more = billed(before.saturating_add(quantity))?.checked_sub(billed(before)?);
    Ok(Quote {
        amount: parts.iter().map(|part| part.amount).sum(),
        billed: more.ok_or(Rejection::AmountTooLarge)?,
        parts,
    })
}

/// How many of what is counted make one unit.
fn counted(meter: &Meter, tariff: &Tariff) -> Decimal {
    match tariff.model {
        Model::Hourly => Decimal::ONE,
        Model::Flat | Model::Tiered | Model::Volume | Model::Package => {
            Decimal::from(meter.unit_seconds().unwrap_or(1))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rules() -> Rules {
        let rules = json!({ "products": {
            "compute": { "name": "Compute", "regions": ["eu"], "payg": { "meters": {
                "cpu": { "unit": "hour", "aggregation": "duration", "plans": {
                    "small": { "USD": { "price": "0.0199", "included": "1.5" } },
                    "large": { "USD": { "model": "hourly", "price": "0.04" } },
                } },
                "traffic": { "unit": "GB", "aggregation": "sum", "plans": { "small": { "USD": {
                    "model": "tiered",
                    "tiers": [{ "up_to": "10", "price": "0.085" }, { "price": "0.05" }],
                } } } },
            } } },
            "domain": { "name": "Names", "regions": ["eu"] },
        } });
        serde_json::from_value(rules).expect("rules")
    }

    /// `tier: quantity = amount` of each part, what they come to, and what is billed.
    fn shown(
        meter: &str,
        plan: &str,
        before: &str,
        quantity: &str,
    ) -> Result<(Vec<String>, String, String), &'static str> {
        let number = |text: &str| text.parse().expect("a number");
        let currency = "USD".parse().expect("a currency");
        let (before, quantity) = (number(before), number(quantity));
        let wanted = Wanted { product: "compute", meter, plan, currency, before, quantity };
        let quote = quote(&rules(), &wanted).map_err(|rejection| rejection.code())?;
        let part = |part: &Part| format!("{}: {} = {}", part.tier, part.quantity, part.amount);
        let parts = quote.parts.iter().map(part).collect();
        Ok((parts, quote.amount.to_string(), quote.billed.amount()))
    }

    #[test]
    fn v17_a_quote_is_in_units_and_in_money() {
        let cpu = shown("cpu", "small", "1.5", "720").expect("a quote");
        assert_eq!(cpu, (vec!["1: 720 = 14.328".into()], "14.328".into(), "14.32".into()));
        let cpu = shown("cpu", "small", "1", "0.6").expect("a quote");
        let parts = vec!["0: 0.5 = 0".into(), "1: 0.1 = 0.00199".into()];
        assert_eq!(cpu, (parts, "0.00199".into(), "0.00".into()));
        let hours = shown("cpu", "large", "0", "3").expect("a quote");
        assert_eq!(hours, (vec!["1: 3 = 0.12".into()], "0.12".into(), "0.12".into()));
    }

    #[test]
    fn d19_the_rest_of_what_came_before_carries() {
        let first = shown("traffic", "small", "0", "9.5").expect("a quote");
        assert_eq!((first.1.as_str(), first.2.as_str()), ("0.8075", "0.80"));
        let next = shown("traffic", "small", "9.5", "0.6").expect("a quote");
        assert_eq!(next.0, ["1: 0.5 = 0.0425", "2: 0.1 = 0.005"]);
        assert_eq!((next.1.as_str(), next.2.as_str()), ("0.0475", "0.05"));
        let back = shown("traffic", "small", "9.5", "-9.5").expect("a quote");
        assert_eq!((back.1.as_str(), back.2.as_str()), ("-0.8075", "-0.80"));
    }

    #[test]
    fn a_meter_that_does_not_price_a_plan_costs_nothing_on_it() {
        let free = shown("traffic", "large", "0", "1000").expect("a quote");
        assert_eq!(free, (vec![], "0".into(), "0.00".into()));
    }

    #[test]
    fn what_is_not_sold_has_no_price() {
        assert_eq!(shown("tape", "small", "0", "1"), Err("UnknownMeter"));
        assert_eq!(shown("cpu", "huge", "0", "1"), Err("UnknownPlan"));
        assert_eq!(shown("cpu", "small", "0", "1000000000000"), Err("AmountTooLarge"));
        let code = |product, code: &str| {
            let (currency, before) = (code.parse().expect("a currency"), Decimal::ZERO);
            let (meter, plan, quantity) = ("cpu", "small", Decimal::ONE);
            let wanted = Wanted { product, meter, plan, currency, before, quantity };
            quote(&rules(), &wanted).expect_err("no price").code()
        };
        assert_eq!(code("boats", "USD"), "UnknownProduct");
        assert_eq!(code("domain", "USD"), "NotPayAsYouGo");
        assert_eq!(code("compute", "EUR"), "CurrencyNotOffered");
    }
}
