//! Meters: list them, and ask what some use would cost.

use renewd::admin::wire::{Meter, MeterQuery, Page, QuoteUse, Tariff, UseQuote};

use super::Desk;
use crate::cli::{MeterVerb, Write};
use crate::client::Call;
use crate::failure::Failure;
use crate::output::{self, Output, or_nothing, yes};

/// About meters.
pub(super) async fn run(desk: &Desk, verb: &MeterVerb) -> Result<(), Failure> {
    match verb {
        MeterVerb::List { product } => {
            let filter = MeterQuery { product: product.clone() };
            let call = Call::get(&["v1", "meters"]).filter(&filter)?;
            desk.ask(&call, |output, page: Page<Meter>| list(output, &page.items)).await
        }
        MeterVerb::Quote { product, meter, plan, currency, quantity, before } => {
            let asked = QuoteUse {
                product: product.clone(),
                meter: meter.clone(),
                plan: plan.clone(),
                currency: currency.clone(),
                before: before.clone(),
                quantity: quantity.clone(),
            };
            let call = Call::post(&["v1", "meters", "quote"], &Write::default()).json(&asked)?;
            desk.ask(&call, |output, quote| show(output, &quote)).await
        }
    }
}

/// Two tables: what is measured, and at which prices.
fn list(output: Output, meters: &[Meter]) -> Result<(), Failure> {
    if meters.is_empty() {
        output.say("nothing is metered");
        return Ok(());
    }
    let measured = meters.iter().map(|meter| {
        vec![
            meter.product.clone(),
            meter.meter.clone(),
            meter.unit.clone(),
            meter.aggregation.clone(),
            meter.cycle.clone(),
            yes(meter.while_stopped),
            yes(meter.allow_negative),
        ]
    });
    let columns =
        ["PRODUCT", "METER", "UNIT", "COUNTS", "SETTLED BY", "WHILE STOPPED", "BELOW ZERO"];
    output.table(&columns, measured.collect())?;
    let prices = meters.iter().flat_map(|meter| {
        meter.tariffs.iter().map(|tariff| {
            vec![
                meter.product.clone(),
                meter.meter.clone(),
                tariff.plan.clone(),
                tariff.currency.clone(),
                price(meter, tariff),
                or_nothing(tariff.included.as_ref()),
                tariff.minimum.as_ref().map(output::money).unwrap_or_default(),
            ]
        })
    });
    let columns = ["PRODUCT", "METER", "PLAN", "CURRENCY", "PRICE", ">FREE A MONTH", ">MINIMUM"];
    Ok(output.table(&columns, prices.collect())?)
}

/// A price in words, a line for each tier.
fn price(meter: &Meter, tariff: &Tariff) -> String {
    let price = tariff.price.as_deref().unwrap_or_default();
    match tariff.model.as_str() {
        "package" => {
            let size = tariff.size.as_deref().unwrap_or_default();
            format!("{price} per {size} {}", meter.unit)
        }
        "hourly" => format!("{price} per clock hour"),
        "tiered" | "volume" => {
            let all = if tariff.model == "volume" { "all at " } else { "" };
            let lines: Vec<String> = tariff
                .tiers
                .iter()
                .map(|tier| match &tier.up_to {
                    Some(up_to) => format!("{all}{} up to {up_to}", tier.price),
                    None => format!("{all}{} above", tier.price),
                })
                .collect();
            lines.join("\n")
        }
        _ => format!("{price} per {}", meter.unit),
    }
}

fn show(output: Output, quote: &UseQuote) -> Result<(), Failure> {
    let rows = quote.parts.iter().map(|part| {
        let tier = if part.tier == 0 { "free".to_owned() } else { part.tier.to_string() };
        vec![tier, part.price.clone(), part.quantity.clone(), part.amount.clone()]
    });
    let quantity = format!(">{}", quote.unit);
    output.table(&["TIER", ">PRICE", &quantity, ">AMOUNT"], rows.collect())?;
    Ok(output::card(&[
        ("unrounded", quote.amount.clone()),
        ("billed", output::money(&quote.billed)),
    ])?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn prices_are_said_in_words() {
        let meter: Meter = serde_json::from_value(json!({
            "product": "compute", "meter": "it", "unit": "GB", "aggregation": "sum",
            "cycle": "hour", "while_stopped": false, "allow_negative": false,
            "tariffs": [
                {"plan": "a", "currency": "USD", "model": "flat", "price": "0.05"},
                {"plan": "b", "currency": "USD", "model": "package", "price": "2", "size": "1000"},
                {"plan": "c", "currency": "USD", "model": "hourly", "price": "0.04"},
                {"plan": "d", "currency": "USD", "model": "volume",
                    "tiers": [{"up_to": "10", "price": "0.1"}, {"price": "0.05"}]},
            ],
        }))
        .expect("a meter");
        let said: Vec<String> = meter.tariffs.iter().map(|tariff| price(&meter, tariff)).collect();
        assert_eq!(
            said,
            [
                "0.05 per GB",
                "2 per 1000 GB",
                "0.04 per clock hour",
                "all at 0.1 up to 10\nall at 0.05 above",
            ]
        );
    }
}
