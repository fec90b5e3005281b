//! What a version of the rules cannot say, each at its limit and one step beyond.

use std::time::Duration;

use super::book::book;
use crate::domain::account::Kind;
use crate::domain::rules::{Length, Rules, Slots, Wait};

/// The paths of what is wrong with the book after a change.
fn paths(change: impl FnOnce(&mut Rules)) -> Vec<String> {
    let mut rules = book();
    change(&mut rules);
    rules.faults().into_iter().map(|fault| fault.path).collect()
}

const NONE: [&str; 0] = [];

#[test]
fn d49_a_closure_leaves_time_and_tries_to_confirm_it() {
    assert_eq!(
        paths(|rules| {
            rules.closure.code_ttl = Length(Duration::ZERO);
            rules.closure.code_tries = 0;
            rules.closure.approval_for = vec![Kind::Corporate, Kind::Corporate];
        }),
        ["closure.code_ttl", "closure.code_tries", "closure.approval_for"]
    );
    assert_eq!(
        paths(|rules| {
            rules.closure.code_ttl = Length(Duration::from_secs(1));
            rules.closure.code_tries = 1;
            rules.closure.approval_for = vec![Kind::Corporate, Kind::Individual];
            rules.closure.quiet = Wait::Days(0);
        }),
        NONE
    );
}

#[test]
fn r4_3_orders_and_coupons_leave_time_and_a_way() {
    assert_eq!(
        paths(|rules| {
            rules.orders.unpaid_ttl = Length(Duration::ZERO);
            rules.orders.processing_ttl = Length(Duration::ZERO);
            rules.orders.together_max = 0;
            rules.coupons.pick.clear();
        }),
        ["orders.unpaid_ttl", "orders.processing_ttl", "orders.together_max", "coupons.pick"]
    );
    assert_eq!(paths(|rules| rules.orders.together_max = 1), NONE);
}

#[test]
fn r1_22_days_and_years_stay_within_the_calendar() {
    for (day, faulty) in [(0, true), (1, false), (28, false), (29, true)] {
        let found = paths(|rules| {
            rules.unified.default_day = day;
            rules.bill.final_day = day;
        });
        let expected: &[&str] =
            if faulty { &["unified.default_day", "bill.final_day"] } else { &NONE };
        assert_eq!(found, expected, "{day}");
    }
    for (years, faulty) in [(0, true), (1, false), (100, false), (101, true)] {
        let found = paths(|rules| {
            rules.lifecycles.get_mut("0+15").expect("a preset").max_horizon_years = years;
        });
        assert_eq!(!found.is_empty(), faulty, "{years}: {found:?}");
    }
    assert_eq!(paths(|rules| rules.unified.month_days = 0), ["unified.month_days"]);
    assert_eq!(paths(|rules| rules.unified.month_days = 1), NONE);
}

#[test]
fn d39_a_schedule_names_days_and_comes_to_an_end() {
    let schedule = |slots: &str| {
        let slots: Vec<Slots> = serde_json::from_str(slots).expect("slots");
        paths(|rules| rules.autorenewals.get_mut("intl").expect("a preset").schedule = slots)
    };
    assert_eq!(schedule("[]"), ["autorenewals.intl.schedule"]);
    let range = |to: &str, every: u32| {
        schedule(&format!(r#"[{{"from": -9, "to": {to}, "every": {every}}}]"#))
    };
    assert_eq!(range("-9", 1), NONE);
    assert_eq!(range("\"expiry\"", 1), NONE);
    assert_eq!(range("-10", 1), ["autorenewals.intl.schedule"]);
    assert_eq!(range("\"expiry\"", 0), ["autorenewals.intl.schedule"]);
}

#[test]
fn r10_2_taxes_and_numbers_of_documents_can_be_written() {
    let tax = |country: &str, rate: &str| {
        let rate = serde_json::json!({ "country": country, "name": "VAT", "rate": rate });
        paths(|rules| rules.tax.push(serde_json::from_value(rate).expect("a rate")))
    };
    assert_eq!(tax("DE", "0"), NONE);
    assert_eq!(tax("DE", "100"), NONE);
    assert_eq!(tax("DE", "100.01"), ["tax.0.rate"]);
    assert_eq!(tax("DEU", "-1"), ["tax.0.rate", "tax.0.country"]);
    for (template, faulty) in
        [("{year}-{number}", false), ("{number}", true), ("{year}", true), ("", true)]
    {
        let found = paths(|rules| {
            template.clone_into(&mut rules.bill.invoice_number);
            template.clone_into(&mut rules.bill.credit_note_number);
        });
        let expected: &[&str] =
            if faulty { &["bill.invoice_number", "bill.credit_note_number"] } else { &NONE };
        assert_eq!(found, expected, "{template:?}");
    }
}

#[test]
fn what_is_sold_has_presets_regions_plans_and_prices() {
    let product = |change: fn(&mut crate::domain::rules::Product)| {
        paths(|rules| change(rules.products.get_mut("ecs").expect("a product")))
    };
    assert_eq!(product(|it| it.lifecycle = "none".into()), ["products.ecs.lifecycle"]);
    assert_eq!(product(|it| it.autorenewal = "none".into()), ["products.ecs.autorenewal"]);
    assert_eq!(product(|it| it.reminders = "none of them".into()), ["products.ecs.reminders"]);
    assert_eq!(product(|it| it.regions.clear()), ["products.ecs.regions"]);
    assert_eq!(product(|it| it.plans.clear()), ["products.ecs.plans"]);
    let zero = |it: &mut crate::domain::rules::Product| {
        it.unpaid_ttl = Some(Length(Duration::ZERO));
    };
    assert_eq!(product(zero), ["products.ecs.unpaid_ttl"]);
    assert_eq!(product(|it| it.unpaid_ttl = Some(Length(Duration::from_secs(1)))), NONE);
    let plan = |change: fn(&mut crate::domain::rules::Plan)| {
        paths(|rules| {
            let product = rules.products.get_mut("ecs").expect("a product");
            change(product.plans.get_mut("old").expect("a plan"));
        })
    };
    assert_eq!(plan(|it| it.prices.clear()), ["products.ecs.plans.old.prices"]);
    assert_eq!(plan(|it| it.renewal_ends = it.retired_at), NONE);
    assert_eq!(
        plan(|it| std::mem::swap(&mut it.renewal_ends, &mut it.retired_at)),
        ["products.ecs.plans.old.renewal_ends"]
    );
    let price = |text: &'static str| {
        paths(move |rules| {
            let product = rules.products.get_mut("ecs").expect("a product");
            let prices = &mut product.plans.get_mut("old").expect("a plan").prices;
            for price in prices.values_mut() {
                price.month = Some(text.parse().expect("a price"));
            }
        })
    };
    assert_eq!(price("0"), NONE);
    assert_eq!(price("-0.01"), ["products.ecs.plans.old.prices.USD.month"]);
    assert_eq!(price("0.001"), ["products.ecs.plans.old.prices.USD.month"]);
    assert_eq!(paths(|rules| rules.overdue.preset = "gentle".into()), ["overdue.preset"]);
    assert_eq!(paths(|rules| rules.products.clear()), ["products"]);
}
