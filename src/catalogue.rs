//! What a new version of the rules changes: the difference of two versions, place by place.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::rules::Rules;

/// One place where two versions of the rules differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The place, as a path of names.
    pub path: String,
    /// What it was; nothing if it is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// What it becomes; nothing if it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

/// Everything in which `new` differs from `old`, in the order of paths. Without an `old` all of
/// it is new. Lists are compared as a whole.
#[must_use]
pub fn difference(old: Option<&Rules>, new: &Rules) -> Vec<Change> {
    let mut before = old.map(places).unwrap_or_default();
    let mut changes = Vec::new();
    for (path, new) in places(new) {
        let old = before.remove(&path);
        if old.as_ref() != Some(&new) {
            changes.push(Change { path, old, new: Some(new) });
        }
    }
    changes.extend(before.into_iter().map(|(path, old)| Change {
        path,
        old: Some(old),
        new: None,
    }));
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    changes
}

/// What stands at each place.
fn places(rules: &Rules) -> BTreeMap<String, String> {
    let mut places = BTreeMap::new();
    // Rules are made of texts, numbers, lists and tables keyed by texts, so this can't fail.
    if let Ok(value) = serde_json::to_value(rules) {
        descend(String::new(), &value, &mut places);
    }
    places
}

fn descend(path: String, value: &Value, places: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(table) if !table.is_empty() => {
            for (name, value) in table {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                descend(path, value, places);
            }
        }
        Value::String(text) => {
            places.insert(path, text.clone());
        }
        Value::Object(_) | Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {
            places.insert(path, spaced(value));
        }
    }
}

/// A value as people write it: lists with a blank after each comma, texts in them without quotes.
fn spaced(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(spaced).collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = r#"{
        "lifecycles": {"default": {}},
        "autorenewals": {"daily-t9": {"schedule": [{"from": -9, "to": "expiry", "every": 1}]}},
        "reminders": {"default": {}},
        "products": {"ecs": {
            "name": "Machines", "regions": ["a"], "lifecycle": "default",
            "autorenewal": "daily-t9", "reminders": "default", "periods": ["P1M"],
            "auto_periods": ["P1M"],
            "plans": {"small": {"prices": {"USD": {"month": "12.00"}}}}
        }}
    }"#;

    fn rules(text: &str) -> Rules {
        serde_json::from_str(text).expect("rules")
    }

    fn shown(old: Option<&Rules>, new: &Rules) -> Vec<String> {
        let side = |side: Option<String>| side.unwrap_or_else(|| "nothing".to_owned());
        difference(old, new)
            .into_iter()
            .map(|change| format!("{}: {} -> {}", change.path, side(change.old), side(change.new)))
            .collect()
    }

    #[test]
    fn the_same_rules_do_not_differ() {
        assert_eq!(difference(Some(&rules(OLD)), &rules(OLD)), []);
    }

    #[test]
    fn each_place_that_changed_is_named_once() {
        let new = OLD
            .replace("12.00", "13.50")
            .replace(r#"["a"]"#, r#"["a", "b"]"#)
            .replace(r#""month": "13.50""#, r#""month": "13.50", "year": "130""#)
            .replace(
                r#""reminders": {"default": {}}"#,
                r#""reminders": {"default": {"at": "10:00"}}"#,
            );
        assert_eq!(
            shown(Some(&rules(OLD)), &rules(&new)),
            [
                "products.ecs.plans.small.prices.USD.month: 12.00 -> 13.50",
                "products.ecs.plans.small.prices.USD.year: nothing -> 130",
                "products.ecs.regions: [a] -> [a, b]",
                "reminders.default.at: 09:00 -> 10:00",
            ]
        );
    }

    #[test]
    fn what_goes_is_named_too() {
        let gone = rules(&OLD.replace(r#""month": "12.00""#, r#""year": "120.00""#));
        assert_eq!(
            shown(Some(&rules(OLD)), &gone),
            [
                "products.ecs.plans.small.prices.USD.month: 12.00 -> nothing",
                "products.ecs.plans.small.prices.USD.year: nothing -> 120.00",
            ]
        );
    }

    #[test]
    fn without_a_version_before_everything_is_new() {
        let new = rules(OLD);
        let changes = difference(None, &new);
        assert!(changes.iter().all(|change| change.old.is_none() && change.new.is_some()));
        assert!(changes.iter().any(|change| change.path == "orders.unpaid_ttl"));
        assert!(changes.iter().any(|change| {
            change.path == "autorenewals.daily-t9.schedule"
                && change.new.as_deref() == Some(r#"[{"every":1,"from":-9,"to":"expiry"}]"#)
        }));
    }
}
