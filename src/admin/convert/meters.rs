//! Meters, tariffs and quotes of use.

use rust_decimal::Decimal;

use super::money;
use crate::admin::wire;
use crate::domain::metering::Quote;
use crate::domain::money::{Currency, Money};
use crate::domain::rules::{Aggregation, Cycle, Meter, Model, Rules, Tariff};

/// All meters of a version of the rules, or those of one product.
#[must_use]
pub fn meters(rules: &Rules, product: Option<&str>) -> Vec<wire::Meter> {
    let wanted = |name: &str| product.is_none_or(|product| product == name);
    let metered = rules.products.iter().filter(|(name, _)| wanted(name));
    metered
        .filter_map(|(name, product)| Some((name, product.payg.as_ref()?)))
        .flat_map(|(product, payg)| {
            payg.meters.iter().map(|(name, shown)| meter(product, payg.cycle, name, shown))
        })
        .collect()
}

fn meter(product: &str, cycle: Cycle, name: &str, meter: &Meter) -> wire::Meter {
    let tariffs = meter.plans.iter().flat_map(|(plan, tariffs)| {
        tariffs.iter().map(|(currency, shown)| tariff(plan, *currency, shown))
    });
    wire::Meter {
        product: product.to_owned(),
        meter: name.to_owned(),
        unit: meter.unit.clone(),
        aggregation: aggregation(meter.aggregation).to_owned(),
        cycle: in_words(cycle).to_owned(),
        while_stopped: meter.while_stopped,
        allow_negative: meter.allow_negative,
        tariffs: tariffs.collect(),
    }
}

const fn aggregation(aggregation: Aggregation) -> &'static str {
    match aggregation {
        Aggregation::Sum => "sum",
        Aggregation::Max => "max",
        Aggregation::Last => "last",
        Aggregation::UniqueCount => "unique_count",
        Aggregation::Duration => "duration",
    }
}

const fn in_words(cycle: Cycle) -> &'static str {
    match cycle {
        Cycle::Hour => "hour",
        Cycle::Day => "day",
        Cycle::Month => "month",
    }
}

const fn model(model: Model) -> &'static str {
    match model {
        Model::Flat => "flat",
        Model::Tiered => "tiered",
        Model::Volume => "volume",
        Model::Package => "package",
        Model::Hourly => "hourly",
    }
}

fn text(number: Decimal) -> String {
    number.normalize().to_string()
}

fn tariff(plan: &str, currency: Currency, tariff: &Tariff) -> wire::Tariff {
    let tiers = tariff
        .tiers
        .iter()
        .map(|tier| wire::Tier { up_to: tier.up_to.map(text), price: text(tier.price) });
    let minimum = tariff.minimum().and_then(|minimum| Money::exact(minimum, currency).ok());
    wire::Tariff {
        plan: plan.to_owned(),
        currency: currency.to_string(),
        model: model(tariff.model).to_owned(),
        price: tariff.price.map(text),
        tiers: tiers.collect(),
        size: tariff.size.map(text),
        included: Some(tariff.included).filter(|included| !included.is_zero()).map(text),
        minimum: minimum.map(money),
    }
}

/// What use would cost.
#[must_use]
pub fn use_quote(meter: &Meter, quote: &Quote) -> wire::UseQuote {
    let parts = quote.parts.iter().map(|part| wire::UsePart {
        tier: part.tier,
        price: text(part.price),
        quantity: text(part.quantity),
        amount: text(part.amount),
    });
    wire::UseQuote {
        unit: meter.unit.clone(),
        parts: parts.collect(),
        amount: text(quote.amount),
        billed: money(quote.billed),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_are_those_of_the_catalogue() {
        for value in [
            Aggregation::Sum,
            Aggregation::Max,
            Aggregation::Last,
            Aggregation::UniqueCount,
            Aggregation::Duration,
        ] {
            assert_eq!(json!(aggregation(value)), json!(value));
        }
        for value in [Model::Flat, Model::Tiered, Model::Volume, Model::Package, Model::Hourly] {
            assert_eq!(json!(model(value)), json!(value));
        }
        for value in [Cycle::Hour, Cycle::Day, Cycle::Month] {
            assert_eq!(json!(in_words(value)), json!(value));
        }
    }

    #[test]
    fn a_meter_is_shown_with_all_of_its_prices() {
        let rules = json!({ "products": {
            "calls": { "name": "Calls", "regions": ["eu"], "payg": { "cycle": "month", "meters": {
                "minutes": {
                    "unit": "minute", "aggregation": "sum", "while_stopped": true,
                    "plans": { "basic": {
                        "JPY": { "model": "package", "price": "10.50", "size": "60.0" },
                        "USD": {
                            "model": "volume", "included": "100", "minimum": "1.5",
                            "tiers": [{ "up_to": "1000", "price": "0.0100" }, { "price": "0.005" }],
                        },
                    } },
                },
            } } },
            "domain": { "name": "Names", "regions": ["eu"] },
        } });
        let rules: Rules = serde_json::from_value(rules).expect("rules");
        let shown = json!([{
            "product": "calls", "meter": "minutes", "unit": "minute", "aggregation": "sum",
            "cycle": "month", "while_stopped": true, "allow_negative": false,
            "tariffs": [
                {
                    "plan": "basic", "currency": "JPY", "model": "package", "price": "10.5",
                    "size": "60",
                },
                {
                    "plan": "basic", "currency": "USD", "model": "volume", "included": "100",
                    "tiers": [{ "up_to": "1000", "price": "0.01" }, { "price": "0.005" }],
                    "minimum": { "amount": "1.50", "currency": "USD" },
                },
            ],
        }]);
        assert_eq!(json!(meters(&rules, None)), shown);
        assert_eq!(json!(meters(&rules, Some("calls"))), shown);
        assert_eq!(json!(meters(&rules, Some("domain"))), json!([]));
    }
}
