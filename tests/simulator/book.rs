//! What the provider of a world sells, and how its daemon is set up.

use std::time::Duration;

use renewd::config::{Config, MailBackend, Webhook};
use renewd::domain::rules::{Length, Rules, TaxRate};
use serde_json::{Value, json};

use crate::random::Random;

/// Products that are paid ahead.
pub(crate) const TERMED: [&str; 7] = ["vps", "intl", "huawei", "short", "plan", "slow", "quota"];
/// Products that are paid for after use, by the hour and otherwise.
pub(crate) const HOURLY: [&str; 4] = ["vm", "debt", "at-once", "net"];
pub(crate) const METERED: [&str; 2] = ["by-day", "by-month"];
/// Where bills and days are counted.
pub(crate) const ZONES: [&str; 5] =
    ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai"];

/// The price list of a world.
pub(crate) fn rules(random: &mut Random) -> Rules {
    let days = |from: i32, to: Value| json!({"from": from, "to": to, "every": 1});
    let product = |lifecycle: &str, autorenewal: &str, reminders: &str| {
        json!({
            "name": lifecycle, "regions": ["eu"],
            "lifecycle": lifecycle, "autorenewal": autorenewal, "reminders": reminders,
            "plans": {
                "small": {"prices": {"USD": {"week": "3", "month": "10", "year": "100"}}},
                "large": {"prices": {"USD": {"week": "15", "month": "50", "year": "500"}}},
            },
        })
    };
    let time = |price: &str| {
        json!({"unit": "hour", "aggregation": "duration",
            "plans": {"small": {"USD": {"price": price}}, "large": {"USD": {"price": price}}}})
    };
    let counted = |aggregation: &str, price: &str| {
        json!({"unit": "piece", "aggregation": aggregation,
            "plans": {"small": {"USD": {"price": price}}, "large": {"USD": {"price": price}}}})
    };
    let metered = |dunning: &str, deposit_hours: u32, meters: Value| {
        json!({"name": "metered", "regions": ["eu"],
            "payg": {"dunning": dunning, "deposit_hours": deposit_hours, "meters": meters}})
    };
    let traffic = json!({"unit": "GB", "aggregation": "sum", "allow_negative": true,
        "plans": {"small": {"USD": {"model": "tiered", "tiers": [
            {"up_to": "10", "price": "0.10"}, {"price": "0.05"}]}},
            "large": {"USD": {"price": "0.05"}}}});
    let mut book = json!({
        "lifecycles": {
            "0+15": {}, "15+15": {"grace_days": 15}, "7+7": {"grace_days": 7, "recovery_days": 7},
            "1+2": {"grace_days": 1, "recovery_days": 2}, "0+0": {"recovery_days": 0},
        },
        "autorenewals": {
            "daily-t9": {"schedule": [days(-9, "expiry".into())]},
            "intl": {"schedule": [-3, -1, 0, 6, 14], "enable_until_days": 14},
            "huawei": {"at": "03:00", "schedule": [days(-7, "release".into())]},
        },
        "reminders": {
            "default": {},
            "tencent": {"before_days": [7, 5, 3, 1], "after_days": [1, 3, 5, 7]},
        },
        "products": {
            "vps": product("0+15", "daily-t9", "default"),
            "intl": product("15+15", "intl", "default"),
            "huawei": product("7+7", "huawei", "tencent"),
            "short": product("1+2", "daily-t9", "default"),
            "plan": product("0+0", "daily-t9", "default"),
            "slow": product("0+15", "daily-t9", "default"),
            "quota": product("0+0", "daily-t9", "default"),
            "vm": metered("intl", 0, json!({"cpu": time("0.36")})),
            "debt": metered("tencent-hourly", 1, json!({"cpu": time("0.60")})),
            "at-once": metered("immediate", 0, json!({"cpu": time("0.60")})),
            "net": metered("intl", 0, json!({
                "traffic": traffic, "peak": counted("max", "0.50"), "seats": counted("last", "0.25"),
            })),
            "by-day": {"name": "by the day", "regions": ["eu"],
                "payg": {"cycle": "day", "meters": {"cpu": time("0.60"), "peak": counted("max", "0.5")}}},
            "by-month": {"name": "by the month", "regions": ["eu"],
                "payg": {"cycle": "month", "meters": {"peak": counted("max", "2")}}},
        },
    });
    book["products"]["slow"]["acknowledge"] = json!(["new", "renew", "upgrade", "downgrade"]);
    book["products"]["quota"]["plans"]["small"]["package"] =
        json!({"product": "net", "meter": "traffic", "quantity": "10"});
    let zone = random.pick(&ZONES).copied().unwrap_or("UTC");
    book["bill"] = json!({"zone": zone});
    if random.chance(400) {
        book["closure"] = json!({"quiet": "2d"});
    }
    let mut rules: Rules = match serde_json::from_value(book) {
        Ok(rules) => rules,
        Err(error) => panic!("the book of the world: {error}"),
    };
    let inclusive = random.chance(500);
    rules.tax.extend(random.chance(500).then(|| TaxRate {
        country: "DE".into(),
        kind: None,
        name: "VAT".into(),
        rate: 19.into(),
        inclusive,
    }));
    rules
}

/// Another price list for later: dearer, or with other schedules.
pub(crate) fn amended(rules: &Rules, random: &mut Random) -> Rules {
    let mut rules = rules.clone();
    match random.below(3) {
        0 => {
            let price = random.within(1, 30);
            for product in rules.products.values_mut() {
                let Some(small) = product.plans.get_mut("small") else { continue };
                for prices in small.prices.values_mut() {
                    prices.week = Some(price.into());
                    prices.month = Some((2 * price).into());
                }
            }
        }
        1 => {
            for product in rules.products.values_mut() {
                if product.autorenewal == "daily-t9" {
                    product.autorenewal = "intl".into();
                }
            }
        }
        _ => drop(rules.products.remove("short")),
    }
    rules
}

/// How the daemon of a world is set up.
pub(crate) fn config(random: &mut Random) -> Config {
    let mut config = Config::default();
    config.mail.backend = MailBackend::Memory;
    config.mail.operator = "operator@provider.example".to_owned();
    config.schedulers.concurrency = u32::try_from(random.within(1, 4)).unwrap_or(1);
    config.schedulers.housekeeping =
        if random.chance(300) { "30 7 * * * *" } else { "30 7 3 * * *" }.to_owned();
    // Where few may live, they are read again all the time.
    let live_max = if random.chance(250) { random.within(2, 9) } else { 1_000 };
    config.daemon.live_accounts_max = u32::try_from(live_max).unwrap_or(2);
    config.daemon.retire_after = Length(Duration::from_hours(24));
    if random.chance(600) {
        let (url, secret) = ("https://panel.example/".to_owned(), String::new());
        config.webhooks.insert("panel".to_owned(), Webhook { url, secret });
    }
    if random.chance(150) {
        let (url, secret) = ("https://books.example/".to_owned(), String::new());
        config.webhooks.insert("books".to_owned(), Webhook { url, secret });
    }
    // Settled deliveries are only looked through again and again.
    config.outbox.keep = Length(Duration::from_hours(24 * random.within(2, 20)));
    config
}

/// Whoever slept through what many lose finds all of it at once, and the brake would hold it (D38).
pub(crate) const fn never_brake(config: &mut Config) {
    config.brake.min = u32::MAX;
}

/// A release that waits for its notice is later for whoever slept.
pub(crate) fn release_without_notice(rules: &mut Rules) {
    for lifecycle in rules.lifecycles.values_mut() {
        lifecycle.release_needs_notice = Length(Duration::ZERO);
    }
    rules.overdue.release_notice = Length(Duration::ZERO);
}
