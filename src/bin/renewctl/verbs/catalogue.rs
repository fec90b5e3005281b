//! The catalogue: show it, and apply another.

use renewd::admin::wire::{
    Catalogue, CatalogueApplied, CatalogueDifference, CatalogueQuery, Change, Receipt,
};
use serde_json::Value;

use super::{Desk, contents};
use crate::cli::{CatalogueVerb, Write};
use crate::client::Call;
use crate::failure::Failure;
use crate::output::{self, Output};

/// So many changes are shown one by one.
const CHANGES_SHOWN_MAX: usize = 60;

/// About the catalogue.
pub(super) async fn run(desk: &Desk, verb: &CatalogueVerb) -> Result<(), Failure> {
    match verb {
        CatalogueVerb::Show => {
            let call = Call::get(&["v1", "catalogue"]);
            desk.ask(&call, |output, catalogue| show(output, &catalogue)).await
        }
        CatalogueVerb::Apply { file, effective_at, write } => {
            let rules = contents(file)?;
            apply(desk, &rules, effective_at.as_ref(), write).await
        }
    }
}

/// Asks for the difference, shows it, and applies the rules if nothing is wrong with them.
async fn apply(
    desk: &Desk,
    rules: &[u8],
    effective_at: Option<&String>,
    write: &Write,
) -> Result<(), Failure> {
    let json = rules.trim_ascii_start().starts_with(b"{");
    let content_type = if json { "application/json" } else { "application/toml" };
    let call = |dry_run: bool| -> Result<Call, Failure> {
        let query = CatalogueQuery { dry_run, effective_at: effective_at.cloned() };
        // The question has a token of its own: under the write's it would be another request.
        let token = if dry_run { None } else { write.token.clone() };
        let write = Write { token, dry_run: false, channel: None };
        let call = Call::put(&["v1", "catalogue"], &write).filter(&query)?;
        Ok(call.body(content_type, rules.to_vec()))
    };
    let answer = desk.client.send(&call(true)?).await?;
    let difference: CatalogueDifference = answer.read()?;
    if write.dry_run && desk.output.json {
        output::line(&answer.text())?;
    } else if !desk.output.json {
        changes(desk.output, &difference)?;
    }
    if !difference.faults.is_empty() {
        desk.output.say(&format!("{} faults: it can't be applied", difference.faults.len()));
        for fault in &difference.faults {
            desk.output.say(&format!("  {}: {}", fault.path, fault.detail));
        }
        return Err(Failure::PartlyRejected);
    }
    if write.dry_run {
        desk.output.say("dry run: nothing was written");
        return Ok(());
    }
    if difference.changes.is_empty() && effective_at.is_none() {
        desk.output.say(&format!("version {} says the same: nothing to do", difference.version));
        return Ok(());
    }
    desk.ask(&call(false)?, |output, receipt: Receipt<CatalogueApplied>| {
        let CatalogueApplied { version, effective_at } = receipt.answer;
        output.say(&format!("version {version} is in force from {effective_at}"));
        Ok(())
    })
    .await
}

fn changes(output: Output, difference: &CatalogueDifference) -> Result<(), Failure> {
    let shown = if difference.version == 0 { &[][..] } else { &difference.changes };
    if difference.version == 0 {
        output.say(&format!("the first version: {} places", difference.changes.len()));
    }
    if !shown.is_empty() {
        let rows = shown.iter().take(CHANGES_SHOWN_MAX).map(row).collect();
        output.table(&["PLACE", "OLD", "NEW"], rows)?;
    }
    if shown.len() > CHANGES_SHOWN_MAX {
        let more = shown.len() - CHANGES_SHOWN_MAX;
        output.say(&format!("and {more} more; `--dry-run --json` shows all"));
    }
    Ok(())
}

fn row(change: &Change) -> Vec<String> {
    vec![change.path.clone(), text(&change.old), text(&change.new)]
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// Two tables: what is sold, and at which prices.
fn show(output: Output, catalogue: &Catalogue) -> Result<(), Failure> {
    let empty = serde_json::Map::new();
    let table = |value: &Value, name: &str| -> serde_json::Map<String, Value> {
        value.get(name).and_then(Value::as_object).unwrap_or(&empty).clone()
    };
    let word = |value: &Value, name: &str| value.get(name).map(text).unwrap_or_default();
    let products = table(&catalogue.rules, "products");
    let (mut sold, mut prices) = (Vec::new(), Vec::new());
    for (name, product) in &products {
        sold.push(vec![
            name.clone(),
            word(product, "name"),
            word(product, "lifecycle"),
            word(product, "autorenewal"),
            word(product, "reminders"),
            word(product, "regions").replace(", ", "\n"),
        ]);
        for (plan_name, plan) in &table(product, "plans") {
            for (currency, of) in &table(plan, "prices") {
                prices.push(vec![
                    name.clone(),
                    plan_name.clone(),
                    word(plan, "name"),
                    currency.clone(),
                    word(of, "week"),
                    word(of, "month"),
                    word(of, "year"),
                ]);
            }
        }
    }
    output
        .table(&["PRODUCT", "NAME", "LIFECYCLE", "AUTO-RENEWAL", "REMINDERS", "REGIONS"], sold)?;
    output.table(&["PRODUCT", "PLAN", "NAME", "CURRENCY", ">WEEK", ">MONTH", ">YEAR"], prices)?;
    output.say(&format!(
        "version {} of {}, in force from {}",
        catalogue.version,
        catalogue.versions.len(),
        catalogue.effective_at
    ));
    for later in catalogue.versions.iter().filter(|other| other.version > catalogue.version) {
        output.say(&format!("version {} takes over from {}", later.version, later.effective_at));
    }
    Ok(())
}
