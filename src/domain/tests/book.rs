//! The price list that the scripts buy from: one product for each preset of the rulebook.

use crate::domain::rules::Rules;

/// Every product has the plans `small` (3 a week, 10 a month, 100 a year), `large` (five times
/// that), `free`, and `yearly` (100 a year and nothing else).
pub(super) fn book() -> Rules {
    let product = |lifecycle: &str, autorenewal: &str, reminders: &str| {
        serde_json::json!({
            "name": lifecycle,
            "regions": ["eu"],
            "lifecycle": lifecycle,
            "autorenewal": autorenewal,
            "reminders": reminders,
            "plans": {
                "small": {"prices": {"USD": {"week": "3", "month": "10", "year": "100"}}},
                "large": {"prices": {"USD": {"week": "15", "month": "50", "year": "500"}}},
                "free": {"prices": {"USD": {"month": "0"}}},
                "yearly": {"prices": {"USD": {"year": "100"}}},
                "old": {
                    "retired_at": "2026-06-01T00:00:00Z",
                    "renewal_ends": "2026-09-01T00:00:00Z",
                    "prices": {"USD": {"month": "7"}},
                },
            },
        })
    };
    let days =
        |from: i32, to: serde_json::Value| serde_json::json!({"from": from, "to": to, "every": 1});
    let mut rules = serde_json::json!({
        "lifecycles": {
            "0+15": {},
            "15+15": {"grace_days": 15},
            "7+7": {"grace_days": 7, "recovery_days": 7},
            "0+0": {"recovery_days": 0},
            "midnight": {"round_up_to_midnight": true},
            "silent": {"release_needs_notice": "0s"},
        },
        "autorenewals": {
            "daily-t9": {"schedule": [days(-9, "expiry".into())]},
            "intl": {"schedule": [-3, -1, 0, 6, 14], "enable_until_days": 14},
            "intl-2017": {"schedule": [0, 6, 14]},
            "mongodb": {"schedule": [-9, -8, -7]},
            "huawei": {"at": "03:00", "schedule": [days(-7, "release".into())]},
            "tencent": {"schedule": [days(0, "suspension".into())]},
            "half-past-two": {"at": "02:30", "schedule": [days(-9, "expiry".into())]},
        },
        "reminders": {
            "default": {},
            "tencent": {"before_days": [7, 5, 3, 1], "after_days": [1, 3, 5, 7]},
            "none": {
                "before_days": [], "on_expiry": false, "before_release_days": [],
                "auto_renewal_days": [], "topup_days": [],
            },
            "t-3": {"not_renewal_days": [3]},
            "two-releases": {"before_release_days": [7, 1]},
        },
        "products": {
            "ecs": product("0+15", "daily-t9", "default"),
            "quiet": product("0+15", "daily-t9", "none"),
            "intl": product("15+15", "intl", "default"),
            "intl-2017": product("15+15", "intl-2017", "default"),
            "mongodb": product("0+15", "mongodb", "default"),
            "huawei": product("15+15", "huawei", "default"),
            "tencent": product("7+7", "tencent", "tencent"),
            "plan": product("0+0", "daily-t9", "default"),
            "midnight": product("midnight", "daily-t9", "default"),
            "silent": product("silent", "daily-t9", "default"),
            "t-3": product("0+15", "daily-t9", "t-3"),
            "two-releases": product("0+15", "daily-t9", "two-releases"),
            "half-past-two": product("0+15", "half-past-two", "default"),
        },
    });
    if let (Some(products), serde_json::Value::Object(metered)) =
        (rules["products"].as_object_mut(), metered_products())
    {
        products.extend(metered);
    }
    serde_json::from_value(rules).expect("the book reads")
}

/// Products that are paid for after use.
fn metered_products() -> serde_json::Value {
    // Plans `small` and `large`, paid for after use.
    let metered = |dunning: &str, deposit_hours: u32, meters: serde_json::Value| {
        serde_json::json!({
            "name": "metered",
            "regions": ["eu"],
            "payg": {"dunning": dunning, "deposit_hours": deposit_hours, "meters": meters},
        })
    };
    let time = |small: &str, large: &str| {
        serde_json::json!({
            "unit": "hour", "aggregation": "duration",
            "plans": {"small": {"USD": {"price": small}}, "large": {"USD": {"price": large}}},
        })
    };
    let counted = |aggregation: &str, price: &str| {
        serde_json::json!({
            "unit": "piece", "aggregation": aggregation,
            "plans": {"small": {"USD": {"price": price}}},
        })
    };
    serde_json::json!({
        "vm": metered("intl", 0, serde_json::json!({"cpu": time("0.036", "0.072")})),
        "v17": metered("intl", 0, serde_json::json!({"cpu": time("0.004", "0.0199")})),
        "debt": metered("tencent-hourly", 1, serde_json::json!({"cpu": time("0.60", "1.20")})),
        "at-once": metered("immediate", 0, serde_json::json!({"cpu": time("0.60", "1.20")})),
        "disk": metered("intl", 0, serde_json::json!({
            "cpu": time("0.36", "0.72"),
            "disk": {
                "unit": "hour", "aggregation": "duration", "while_stopped": true,
                "plans": {"small": {"USD": {"price": "0.06"}}, "large": {"USD": {"price": "0.06"}}},
            },
        })),
        "quota": {
            "name": "falls back to pay-as-you-go", "regions": ["eu"],
            "lifecycle": "0+0", "autorenewal": "daily-t9", "reminders": "none",
            "plans": {"small": {"prices": {"USD": {"month": "10"}},
                "package": {"product": "net", "meter": "traffic", "quantity": "10"}}},
            "payg": {"fallback": true, "meters": {"cpu": time("0.60", "1.20")}},
        },
        "by-hour": metered("intl", 0, serde_json::json!({
            "cpu": {
                "unit": "hour", "aggregation": "duration",
                "plans": {
                    "small": {"USD": {"model": "hourly", "price": "1"}},
                    "large": {"USD": {"model": "hourly", "price": "2"}},
                },
            },
        })),
        "by-day": {
            "name": "settled by the day", "regions": ["eu"],
            "payg": {"cycle": "day", "meters": {
                "cpu": time("0.60", "1.20"), "peak": counted("max", "0.50"),
            }},
        },
        "by-month": {
            "name": "settled by the month", "regions": ["eu"],
            "payg": {"cycle": "month", "meters": {"calls": {
                "unit": "call", "aggregation": "sum",
                "plans": {"small": {"USD": {"model": "volume", "minimum": "2", "tiers": [
                    {"up_to": "100", "price": "0.10"}, {"price": "0.05"},
                ]}}},
            }}},
        },
        "net": metered("intl", 0, serde_json::json!({
            "traffic": {
                "unit": "GB", "aggregation": "sum", "allow_negative": true,
                "plans": {"small": {"USD": {"model": "tiered", "tiers": [
                    {"up_to": "10", "price": "0.10"}, {"price": "0.05"},
                ]}}},
            },
            "peak": counted("max", "0.50"),
            "seats": counted("last", "0.25"),
            "users": counted("unique_count", "0.20"),
        })),
    })
}

#[test]
fn the_book_has_no_faults() {
    assert_eq!(book().faults(), []);
}
