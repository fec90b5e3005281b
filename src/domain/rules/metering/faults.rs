//! What is wrong with the meters, tariffs and packages of a version of the rules, each with its
//! place.

use std::collections::BTreeMap;
use std::time::Duration;

use rust_decimal::Decimal;

use super::{
    Aggregation, Cycle, LATE_DAYS_MAX, Meter, Model, PRICE_DECIMALS, Package, Payg, PaygRules,
    QUANTITY_DECIMALS, QUANTITY_MAX, Tariff,
};
use crate::domain::money::{Currency, Money};
use crate::domain::rules::Rules;

impl PaygRules {
    pub(in crate::domain::rules) fn faults(
        &self,
        path: &str,
        fault: &mut impl FnMut(String, String),
    ) {
        if self.settle_delay.0 > Duration::from_hours(1) {
            fault(format!("{path}.settle_delay"), "is longer than an hour".into());
        }
        if self.late_adjustment < self.late_line {
            fault(format!("{path}.late_adjustment"), "is shorter than late_line".into());
        }
        if self.late_adjustment.0 > Duration::from_hours(24 * LATE_DAYS_MAX) {
            let detail = format!("is longer than {LATE_DAYS_MAX} days, which is what is kept");
            fault(format!("{path}.late_adjustment"), detail);
        }
        if self.ahead.0 > Duration::from_hours(1) {
            fault(format!("{path}.ahead"), "is longer than an hour".into());
        }
        not_negative(format!("{path}.min_lifetime_charge"), self.min_lifetime_charge, fault);
        for (currency, amount) in &self.min_available {
            exact_money(format!("{path}.min_available.{currency}"), *amount, *currency, fault);
        }
    }
}

impl Package {
    pub(in crate::domain::rules) fn faults(
        &self,
        path: &str,
        rules: &Rules,
        fault: &mut impl FnMut(String, String),
    ) {
        let payg = rules.products.get(&self.product).and_then(|product| product.payg.as_ref());
        match payg.map(|payg| payg.meters.get(&self.meter)) {
            None => {
                let detail = format!("there is no metered product {:?}", self.product);
                fault(format!("{path}.product"), detail);
            }
            Some(None) => {
                let detail = format!("{:?} has no meter {:?}", self.product, self.meter);
                fault(format!("{path}.meter"), detail);
            }
            Some(Some(meter)) => match meter.aggregation {
                Aggregation::Sum | Aggregation::Duration => {}
                // A level is not used up.
                Aggregation::Max | Aggregation::Last | Aggregation::UniqueCount => {
                    fault(format!("{path}.meter"), "must be a sum or a duration".into());
                }
            },
        }
        if self.quantity <= Decimal::ZERO {
            fault(format!("{path}.quantity"), "must be above 0".into());
        }
        quantity_fault(format!("{path}.quantity"), self.quantity, fault);
    }
}

impl Payg {
    pub(in crate::domain::rules) fn faults(
        &self,
        path: &str,
        fault: &mut impl FnMut(String, String),
    ) {
        if self.meters.is_empty() {
            fault(format!("{path}.meters"), "is empty".into());
        }
        for (name, meter) in &self.meters {
            meter.faults(&format!("{path}.meters.{name}"), self.cycle, fault);
        }
        self.faults_of_currencies(path, fault);
    }

    /// A plan that one meter prices in a currency and another does not would be free on the other
    /// for whoever pays in it, which nobody means.
    fn faults_of_currencies(&self, path: &str, fault: &mut impl FnMut(String, String)) {
        for (name, meter) in &self.meters {
            for (plan, tariffs) in &meter.plans {
                let elsewhere = self.meters.values().filter_map(|other| other.plans.get(plan));
                let mut missing: Vec<Currency> = elsewhere
                    .flat_map(BTreeMap::keys)
                    .filter(|currency| !tariffs.contains_key(currency))
                    .copied()
                    .collect();
                missing.sort_unstable();
                missing.dedup();
                for currency in missing {
                    fault(
                        format!("{path}.meters.{name}.plans.{plan}.{currency}"),
                        "is missing, but another meter prices the plan in it".into(),
                    );
                }
            }
        }
    }
}

impl Meter {
    fn faults(&self, path: &str, cycle: Cycle, fault: &mut impl FnMut(String, String)) {
        let duration = self.aggregation == Aggregation::Duration;
        if duration && self.unit_seconds().is_none() {
            fault(format!("{path}.unit"), "must be second, minute or hour".into());
        } else if self.unit.is_empty() {
            fault(format!("{path}.unit"), "is empty".into());
        }
        let may_fall = matches!(self.aggregation, Aggregation::Sum | Aggregation::Last);
        if self.allow_negative && !may_fall {
            fault(format!("{path}.allow_negative"), "is only for sum and last".into());
        }
        if self.plans.is_empty() {
            fault(format!("{path}.plans"), "is empty".into());
        }
        for (plan, tariffs) in &self.plans {
            if tariffs.is_empty() {
                fault(format!("{path}.plans.{plan}"), "is empty".into());
            }
            for (currency, tariff) in tariffs {
                let path = format!("{path}.plans.{plan}.{currency}");
                tariff.faults(&path, self, cycle, *currency, fault);
            }
        }
    }
}

impl Tariff {
    fn faults(
        &self,
        path: &str,
        meter: &Meter,
        cycle: Cycle,
        currency: Currency,
        fault: &mut impl FnMut(String, String),
    ) {
        match self.model {
            Model::Flat | Model::Package => {}
            Model::Hourly => {
                if meter.unit_seconds() != Some(3600) {
                    let detail = "hourly is only for a duration whose unit is hour";
                    fault(format!("{path}.model"), detail.into());
                }
            }
            Model::Tiered => self.faults_of_tiers(path, fault),
            Model::Volume => {
                self.faults_of_tiers(path, fault);
                if cycle != Cycle::Month {
                    let detail = "volume is only for products that are settled by the month";
                    fault(format!("{path}.model"), detail.into());
                }
            }
        }
        let by_tier = matches!(self.model, Model::Tiered | Model::Volume);
        match self.price {
            Some(price) if !by_tier => price_fault(format!("{path}.price"), price, fault),
            None if !by_tier => fault(format!("{path}.price"), "is missing".into()),
            Some(_) => fault(format!("{path}.price"), "each tier has its own".into()),
            None => {}
        }
        if !by_tier && !self.tiers.is_empty() {
            fault(format!("{path}.tiers"), "are only for tiered and volume".into());
        }
        match (self.model, self.size) {
            (Model::Package, None) => fault(format!("{path}.size"), "is missing".into()),
            (Model::Package, Some(size)) => {
                if size <= Decimal::ZERO {
                    fault(format!("{path}.size"), "must be above 0".into());
                }
                quantity_fault(format!("{path}.size"), size, fault);
            }
            (Model::Flat | Model::Tiered | Model::Volume | Model::Hourly, Some(_)) => {
                fault(format!("{path}.size"), "is only for package".into());
            }
            (Model::Flat | Model::Tiered | Model::Volume | Model::Hourly, None) => {}
        }
        not_negative(format!("{path}.included"), self.included, fault);
        quantity_fault(format!("{path}.included"), self.included, fault);
        exact_money(format!("{path}.minimum"), self.minimum, currency, fault);
        if meter.allow_negative && !self.minimum.is_zero() {
            let detail = "does not go with allow_negative: a credit would be made a charge";
            fault(format!("{path}.minimum"), detail.into());
        }
    }

    fn faults_of_tiers(&self, path: &str, fault: &mut impl FnMut(String, String)) {
        let Some((last, bounded)) = self.tiers.split_last() else {
            fault(format!("{path}.tiers"), "is empty".into());
            return;
        };
        let mut reached = Decimal::ZERO;
        for (place, tier) in bounded.iter().enumerate() {
            let path = format!("{path}.tiers.{place}.up_to");
            match tier.up_to {
                None => fault(path, "is missing: only the last tier has no end".into()),
                Some(up_to) if up_to <= reached => {
                    fault(path, format!("must be above {reached}"));
                }
                Some(up_to) => {
                    quantity_fault(path, up_to, fault);
                    reached = up_to;
                }
            }
        }
        if last.up_to.is_some() {
            let path = format!("{path}.tiers.{}.up_to", bounded.len());
            fault(path, "the last tier must have no end".into());
        }
        for (place, tier) in self.tiers.iter().enumerate() {
            price_fault(format!("{path}.tiers.{place}.price"), tier.price, fault);
        }
    }
}

fn not_negative(path: String, number: Decimal, fault: &mut impl FnMut(String, String)) {
    if number < Decimal::ZERO {
        fault(path, "is negative".into());
    }
}

fn price_fault(path: String, price: Decimal, fault: &mut impl FnMut(String, String)) {
    if price.normalize().scale() > PRICE_DECIMALS {
        fault(path, format!("has more than {PRICE_DECIMALS} decimals"));
    } else {
        not_negative(path, price, fault);
    }
}

fn quantity_fault(path: String, quantity: Decimal, fault: &mut impl FnMut(String, String)) {
    if quantity.normalize().scale() > QUANTITY_DECIMALS {
        fault(path, format!("has more than {QUANTITY_DECIMALS} decimals"));
    } else if quantity > QUANTITY_MAX {
        fault(path, format!("is above {QUANTITY_MAX}"));
    }
}

fn exact_money(
    path: String,
    amount: Decimal,
    currency: Currency,
    fault: &mut impl FnMut(String, String),
) {
    match Money::exact(amount, currency) {
        Ok(amount) if amount.is_negative() => fault(path, "is negative".into()),
        Ok(_) => {}
        Err(error) => fault(path, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// One metered product, sold for its use alone.
    fn catalogue() -> Value {
        json!({ "products": { "compute": {
            "name": "Compute", "regions": ["eu"],
            "payg": { "meters": {
                "cpu": { "unit": "hour", "aggregation": "duration", "plans": { "small": {
                    "USD": { "price": "0.0199" },
                } } },
                "traffic": { "unit": "GB", "aggregation": "sum", "plans": { "small": {
                    "USD": {
                        "model": "tiered", "included": "100",
                        "tiers": [{ "up_to": "1000", "price": "0.08" }, { "price": "0.05" }],
                    },
                } } },
            } },
        } } })
    }

    fn rules(value: Value) -> Rules {
        serde_json::from_value(value).expect("rules")
    }

    fn faults(value: Value) -> String {
        let faults = rules(value).faults();
        let lines: Vec<String> =
            faults.into_iter().map(|fault| format!("{}: {}", fault.path, fault.detail)).collect();
        lines.join("\n")
    }

    /// The faults of the catalogue with a meter replaced.
    fn faults_of_meter(cycle: &str, meter: &Value) -> String {
        let mut catalogue = catalogue();
        catalogue["products"]["compute"]["payg"] = json!({
            "cycle": cycle, "meters": { "it": meter },
        });
        faults(catalogue).replace("products.compute.payg.meters.it", "it")
    }

    #[test]
    fn a_product_that_is_only_metered_needs_no_presets_and_no_plans() {
        assert_eq!(faults(catalogue()), "");
        let mut unmetered = catalogue();
        unmetered["products"]["compute"]["payg"] = Value::Null;
        insta::assert_snapshot!(faults(unmetered), @r#"
        products.compute.lifecycle: there is no preset ""
        products.compute.autorenewal: there is no preset ""
        products.compute.reminders: there is no preset ""
        products.compute.plans: is empty
        "#);
        let mut misnamed = catalogue();
        misnamed["products"]["compute"]["lifecycle"] = json!("none");
        assert_eq!(faults(misnamed), "products.compute.lifecycle: there is no preset \"none\"");
    }

    #[test]
    fn everything_that_is_wrong_with_a_meter_is_said_at_once() {
        insta::assert_snapshot!(faults_of_meter("hour", &json!({
            "unit": "day", "aggregation": "duration", "allow_negative": true, "plans": {
                "none": {},
                "small": { "USD": { "model": "volume", "price": "1", "minimum": "0.005" } },
                "large": { "USD": {
                    "model": "tiered", "size": "3", "included": "-1", "tiers": [
                        { "up_to": "10", "price": "-0.5" }, { "price": "0.0000000000001" },
                        { "up_to": "10", "price": "0.5" }, { "up_to": "20", "price": "0" },
                    ],
                } },
                "huge": { "USD": { "model": "hourly", "minimum": "1" } },
                "packed": { "USD": { "model": "package", "price": "1", "tiers": [{ "price": "1" }] } },
            },
        })), @r"
        it.unit: must be second, minute or hour
        it.allow_negative: is only for sum and last
        it.plans.huge.USD.model: hourly is only for a duration whose unit is hour
        it.plans.huge.USD.price: is missing
        it.plans.huge.USD.minimum: does not go with allow_negative: a credit would be made a charge
        it.plans.large.USD.tiers.1.up_to: is missing: only the last tier has no end
        it.plans.large.USD.tiers.2.up_to: must be above 10
        it.plans.large.USD.tiers.3.up_to: the last tier must have no end
        it.plans.large.USD.tiers.0.price: is negative
        it.plans.large.USD.tiers.1.price: has more than 12 decimals
        it.plans.large.USD.size: is only for package
        it.plans.large.USD.included: is negative
        it.plans.none: is empty
        it.plans.packed.USD.tiers: are only for tiered and volume
        it.plans.packed.USD.size: is missing
        it.plans.small.USD.tiers: is empty
        it.plans.small.USD.model: volume is only for products that are settled by the month
        it.plans.small.USD.price: each tier has its own
        it.plans.small.USD.minimum: USD has 2 decimals; 0.005 has more
        it.plans.small.USD.minimum: does not go with allow_negative: a credit would be made a charge
        ");
        insta::assert_snapshot!(faults_of_meter("month", &json!({
            "unit": "", "aggregation": "max", "allow_negative": true, "plans": {
                "hours": { "USD": { "model": "hourly", "price": "1" } },
                "packed": { "USD": { "model": "package", "price": "1", "size": "0" } },
                "volume": { "USD": { "model": "volume", "tiers": [{ "price": "1" }] } },
            },
        })), @r"
        it.unit: is empty
        it.allow_negative: is only for sum and last
        it.plans.hours.USD.model: hourly is only for a duration whose unit is hour
        it.plans.packed.USD.size: must be above 0
        ");
    }

    #[test]
    fn a_credit_is_never_made_a_charge() {
        let tariff = json!({ "small": { "USD": { "price": "1", "minimum": "0.10" } } });
        let meter = |allow_negative| {
            json!({
                "unit": "GB", "aggregation": "sum", "allow_negative": allow_negative, "plans": tariff,
            })
        };
        assert_eq!(faults_of_meter("hour", &meter(false)), "");
        assert_eq!(
            faults_of_meter("hour", &meter(true)),
            "it.plans.small.USD.minimum: does not go with allow_negative: a credit would be made \
             a charge"
        );
    }

    #[test]
    fn no_meter_is_free_in_one_currency_alone() {
        let mut catalogue = catalogue();
        let payg = &mut catalogue["products"]["compute"]["payg"];
        payg["meters"]["cpu"]["plans"]["small"]["EUR"] = json!({ "price": "0.0189" });
        // A plan that a meter does not name at all is free on it, on purpose.
        payg["meters"]["cpu"]["plans"]["large"] = json!({ "USD": { "price": "0.04" } });
        assert_eq!(
            faults(catalogue),
            "products.compute.payg.meters.traffic.plans.small.EUR: is missing, but another meter \
             prices the plan in it"
        );
    }

    #[test]
    fn what_the_settings_of_use_cannot_be() {
        let mut catalogue = catalogue();
        catalogue["products"]["compute"]["payg"]["dunning"] = json!("gentle");
        catalogue["overdue"] = json!({ "preset": "gentle" });
        catalogue["dunning"] = json!({
            "odd": { "notices": [0, 7, 7], "stop": "1d", "release_after_stop": "0s" },
        });
        catalogue["payg"] = json!({
            "settle_delay": "2h", "late_line": "36d", "ahead": "1d", "min_lifetime_charge": "-1",
            "min_available": { "JPY": "0.5", "USD": "-1" },
        });
        insta::assert_snapshot!(faults(catalogue), @r#"
        products.compute.payg.dunning: there is no preset "gentle"
        payg.settle_delay: is longer than an hour
        payg.late_adjustment: is shorter than late_line
        payg.ahead: is longer than an hour
        payg.min_lifetime_charge: is negative
        payg.min_available.JPY: JPY has 0 decimals; 0.5 has more
        payg.min_available.USD: is negative
        dunning.odd.notices: must be in order, each day once
        overdue.preset: there is no preset "gentle"
        "#);
    }

    #[test]
    fn nothing_is_asked_for_longer_than_it_is_kept() {
        let mut catalogue = catalogue();
        catalogue["payg"] = json!({ "late_adjustment": "45d" });
        catalogue["withdraw"] = json!({ "original_route_days": 401 });
        insta::assert_snapshot!(faults(catalogue), @r"
        withdraw.original_route_days: is more than 400, which is what is kept
        payg.late_adjustment: is longer than 44 days, which is what is kept
        ");
    }

    #[test]
    fn what_lies_on_a_limit_is_allowed_and_one_step_beyond_is_not() {
        let mut settings = catalogue();
        settings["payg"] = json!({
            "settle_delay": "1h", "late_line": "44d", "late_adjustment": "44d", "ahead": "1h",
        });
        settings["withdraw"] = json!({ "original_route_days": 400 });
        assert_eq!(faults(settings), "");
        let meter = |quantity: &str, price: &str| {
            json!({ "unit": "GB", "aggregation": "sum", "plans": { "small": { "USD": {
                "model": "tiered", "included": quantity, "tiers": [
                    { "up_to": quantity, "price": price }, { "price": price },
                ],
            } }, "packed": { "USD": { "model": "package", "price": "1", "size": quantity } } } })
        };
        let most = faults_of_meter("hour", &meter("1000000000000", "0.000000000001"));
        let finest = faults_of_meter("hour", &meter("0.000000001", "0"));
        assert_eq!((most.as_str(), finest.as_str()), ("", ""));
        insta::assert_snapshot!(
            faults_of_meter("hour", &meter("1000000000000.000000001", "0")), @r"
        it.plans.packed.USD.size: is above 1000000000000
        it.plans.small.USD.tiers.0.up_to: is above 1000000000000
        it.plans.small.USD.included: is above 1000000000000
        ");
        insta::assert_snapshot!(faults_of_meter("hour", &meter("0.0000000001", "0")), @r"
        it.plans.packed.USD.size: has more than 9 decimals
        it.plans.small.USD.tiers.0.up_to: has more than 9 decimals
        it.plans.small.USD.included: has more than 9 decimals
        ");
    }

    #[test]
    fn what_is_metered_has_a_meter_and_a_meter_has_a_price() {
        let mut catalogue = catalogue();
        catalogue["products"]["compute"]["payg"]["meters"] = json!({});
        assert_eq!(faults(catalogue), "products.compute.payg.meters: is empty");
        let free = json!({ "unit": "GB", "aggregation": "sum", "plans": {} });
        assert_eq!(faults_of_meter("hour", &free), "it.plans: is empty");
    }

    #[test]
    fn each_currency_that_is_missing_is_named_once_and_in_order() {
        let mut catalogue = catalogue();
        let meters = &mut catalogue["products"]["compute"]["payg"]["meters"];
        for (meter, other) in [("first", "JPY"), ("second", "CHF")] {
            let mut prices = json!({ "USD": { "price": "1" }, "EUR": { "price": "1" } });
            prices[other] = json!({ "price": "1" });
            meters[meter] =
                json!({ "unit": "GB", "aggregation": "sum", "plans": { "small": prices } });
        }
        let said = faults(catalogue).replace("products.compute.payg.meters.", "");
        let of_traffic: Vec<&str> =
            said.lines().filter_map(|line| line.strip_prefix("traffic.plans.small.")).collect();
        let currencies: Vec<&str> = of_traffic.iter().map(|line| &line[..3]).collect();
        assert_eq!(currencies, ["CHF", "EUR", "JPY"]);
    }

    #[test]
    fn r6_20_a_package_is_of_something_that_is_used_up() {
        let mut catalogue = catalogue();
        catalogue["lifecycles"] = json!({ "default": {} });
        catalogue["autorenewals"] = json!({ "daily": { "schedule": [-1] } });
        catalogue["reminders"] = json!({ "default": {} });
        let meters = &mut catalogue["products"]["compute"]["payg"]["meters"];
        meters["disk"] = json!({
            "unit": "GB", "aggregation": "max", "plans": { "small": { "USD": { "price": "1" } } },
        });
        let plan = |product: &str, meter: &str, quantity: &str| {
            json!({
                "prices": { "USD": { "month": "40" } },
                "package": { "product": product, "meter": meter, "quantity": quantity },
            })
        };
        catalogue["products"]["traffic-plan"] = json!({
            "name": "Traffic ahead", "regions": ["eu"],
            "lifecycle": "default", "autorenewal": "daily", "reminders": "default",
            "plans": {
                "1": plan("compute", "traffic", "1000"),
                "2": plan("compute", "cpu", "720"),
                "3": plan("compute", "disk", "0"),
                "4": plan("compute", "tape", "0.0000000001"),
                "5": plan("traffic-plan", "traffic", "1000000000001"),
            },
        });
        insta::assert_snapshot!(faults(catalogue), @r#"
        products.traffic-plan.plans.3.package.meter: must be a sum or a duration
        products.traffic-plan.plans.3.package.quantity: must be above 0
        products.traffic-plan.plans.4.package.meter: "compute" has no meter "tape"
        products.traffic-plan.plans.4.package.quantity: has more than 9 decimals
        products.traffic-plan.plans.5.package.product: there is no metered product "traffic-plan"
        products.traffic-plan.plans.5.package.quantity: is above 1000000000000
        "#);
    }

    #[test]
    fn r6_10_a_catalogue_adds_to_the_presets_and_replaces_by_name() {
        let wait = |text: &str| text.parse::<crate::domain::rules::Wait>().expect("a wait");
        let plain = rules(catalogue());
        let names: Vec<&str> = plain.dunning.keys().map(String::as_str).collect();
        assert_eq!(names, ["1d", "immediate", "intl", "tencent-daily", "tencent-hourly"]);
        let mut catalogue = catalogue();
        catalogue["dunning"] = json!({
            "1d": { "stop": "24h", "release_after_stop": "7d" },
            "mine": { "stop": "0s", "release_after_stop": "0s" },
        });
        catalogue["channels"] = json!({ "kiosk": { "top_up": ["cash"] } });
        let rules = rules(catalogue);
        assert_eq!(rules.dunning.len(), 6);
        assert_eq!(rules.dunning["1d"].stop, wait("24h"));
        assert_eq!(rules.dunning["intl"], plain.dunning["intl"]);
        assert_eq!(plain.dunning["intl"].notices, [0, 7, 14]);
        assert_eq!(plain.dunning["tencent-hourly"].stop, wait("2h"));
        let again = serde_json::to_value(&rules).expect("JSON");
        assert_eq!(serde_json::from_value::<Rules>(again).expect("the same"), rules);
        let app = &rules.channels["app"];
        assert!(!app.set_mode && rules.channels["kiosk"].set_mode);
        let allows = crate::domain::rules::Channel::allows;
        assert!(allows(app.renew.as_deref(), "alipay") && allows(app.renew.as_deref(), "balance"));
        assert!(
            !allows(app.purchase.as_deref(), "card") && !allows(app.top_up.as_deref(), "balance")
        );
        assert!(allows(rules.channels["kiosk"].renew.as_deref(), "anything"));
    }

    #[test]
    fn a_plan_is_one_of_the_product_if_a_meter_prices_it() {
        let rules = rules(catalogue());
        let payg = rules.products["compute"].payg.as_ref().expect("metered");
        let usd: Currency = "USD".parse().expect("a currency");
        assert!(payg.has_plan("small") && !payg.has_plan("large"));
        assert!(payg.sells("small", usd) && !payg.sells("small", "EUR".parse().expect("euros")));
        let cpu = rules.meter("compute", "cpu").expect("a meter");
        assert_eq!((cpu.unit_seconds(), cpu.tariff("large", usd)), (Some(3600), None));
        assert_eq!(rules.meter("compute", "traffic").expect("a meter").unit_seconds(), None);
        assert!(rules.meter("compute", "tape").is_none() && rules.meter("ecs", "cpu").is_none());
    }
}
