//! Reading configuration and rules from text; figment's home.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use figment::providers::{Format, Serialized, Toml};
use figment::util::nest;
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::Config;
use crate::domain::rules::Rules;

/// A configuration that can't be used: everything that is wrong with it, each with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// What is wrong.
    pub problems: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("\n"))
    }
}

impl std::error::Error for ConfigError {}

impl From<figment::Error> for ConfigError {
    fn from(error: figment::Error) -> Self {
        Self { problems: error.into_iter().map(|error| error.to_string()).collect() }
    }
}

impl Config {
    /// The defaults, over them the file, the environment, and what `adjust` sets (the command
    /// line). In the environment two underscores stand between section and key:
    /// `RENEWD_MAIL__BACKEND=smtp`; a name without them is no key, so it is left alone.
    pub fn load(file: Option<&Path>, adjust: impl FnOnce(&mut Self)) -> Result<Self, ConfigError> {
        Self::read(file, Variable::all(std::env::vars_os()), adjust)
    }

    fn read(
        file: Option<&Path>,
        environment: Vec<Variable>,
        adjust: impl FnOnce(&mut Self),
    ) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(path) = file {
            // A file that is named must be there: figment would take none for an empty one.
            std::fs::File::open(path).map_err(|error| ConfigError {
                problems: vec![format!("{}: {error}", path.display())],
            })?;
            figment = figment.merge(Toml::file_exact(path));
        }
        let mut config: Self = environment.into_iter().fold(figment, Figment::merge).extract()?;
        adjust(&mut config);
        let problems = config.problems();
        if problems.is_empty() { Ok(config) } else { Err(ConfigError { problems }) }
    }
}

/// A variable of the environment that is a key: `section.key` and its value.
struct Variable(String, String);

impl Variable {
    fn all(environment: impl Iterator<Item = (OsString, OsString)>) -> Vec<Self> {
        let key = |(name, value): (OsString, OsString)| {
            let name = name.into_string().ok()?;
            let key = name.strip_prefix("RENEWD_").filter(|key| key.contains("__"))?;
            Some(Self(key.to_lowercase().replace("__", "."), value.into_string().ok()?))
        };
        environment.filter_map(key).collect()
    }
}

impl Provider for Variable {
    fn metadata(&self) -> Metadata {
        let variable =
            |_: &Profile, keys: &[&str]| format!("RENEWD_{}", keys.join("__").to_uppercase());
        Metadata::named("environment").interpolater(variable)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let Ok(value): Result<Value, std::convert::Infallible> = self.1.parse();
        let tree = nest(&self.0, value).into_dict().unwrap_or_default();
        Ok(Profile::default().collect(tree))
    }
}

/// Reads a version of the rules, written in TOML or in JSON. An error names the key. What is
/// wrong beyond the form is [`Rules::faults`]' to say.
pub fn parse_rules(text: &str) -> Result<Rules, ConfigError> {
    let figment = if text.trim_start().starts_with('{') {
        let value: serde_json::Value = serde_json::from_str(text)
            .map_err(|error| ConfigError { problems: vec![error.to_string()] })?;
        Figment::from(Serialized::defaults(value))
    } else {
        Figment::from(Toml::string(text))
    };
    Ok(figment.extract()?)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::Value;

    use super::*;
    use crate::config::MailBackend;
    use crate::domain::calendar::{Course, Period, Timestamp, Zone};
    use crate::domain::money::{Currency, Money};
    use crate::domain::nouns::subscription::Mode;
    use crate::domain::rules::{Lifecycle, Product, Reminders};

    const CONFIG: &str = include_str!("../../config/renewd.toml");
    const CATALOGUE: &str = include_str!("../../config/catalogue.toml");
    const SAMPLE_BOOK: &str = include_str!("../../config/sample-book.jsonl");

    fn value(config: &Config) -> Value {
        serde_json::to_value(config).expect("a value")
    }

    fn leaves(path: &str, value: &Value, into: &mut BTreeMap<String, Value>) {
        match value.as_object().filter(|table| path.is_empty() || !table.is_empty()) {
            Some(table) => {
                for (name, value) in table {
                    leaves(&format!("{path}/{name}"), value, into);
                }
            }
            None => drop(into.insert(path.to_owned(), value.clone())),
        }
    }

    #[test]
    fn the_shipped_file_says_every_key_with_its_default() {
        let written: Value = Figment::from(Toml::string(CONFIG)).extract().expect("valid TOML");
        let (mut in_file, mut by_default) = (BTreeMap::new(), BTreeMap::new());
        leaves("", &written, &mut in_file);
        leaves("", &value(&Config::default()), &mut by_default);
        assert_eq!(in_file, by_default);
    }

    #[test]
    fn every_key_of_the_shipped_file_has_a_comment() {
        let lines: Vec<&str> = CONFIG.lines().collect();
        for pair in lines.windows(2) {
            let is_key = pair[1].contains(" = ") && !pair[1].starts_with('#');
            assert!(!is_key || pair[0].starts_with("# "), "{}", pair[1]);
        }
    }

    /// Reads a file of this text under these variables.
    fn read(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
        use std::sync::atomic::{AtomicU32, Ordering};
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("renewd-config-{}-{number}.toml", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).expect("a file");
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
        let set = |config: &mut Config| config.mail.provider.push('!');
        let config = Config::read(Some(&path), Variable::all(variables), set);
        std::fs::remove_file(&path).expect("the file");
        config.map_err(|error| error.to_string())
    }

    #[test]
    fn the_environment_overrides_the_file_and_the_command_line_both() {
        let config = read(
            "[mail]\nprovider = \"A\"\n[daemon]\nbody_max = 2048\n",
            &[
                ("RENEWD_DAEMON__BODY_MAX", "4096"),
                ("RENEWD_DAEMON__ALLOW_UIDS", "[1000, 1001]"),
                ("RENEWD_MAIL__BACKEND", "memory"),
                ("RENEWD_WEBHOOKS__PANEL__URL", "https://panel.example/hook"),
                ("RENEWD_WEBHOOKS__PANEL__SECRET", "whsec_c2VjcmV0"),
                ("RENEWD_LOG", "info"),
                ("HOME__X", "y"),
            ],
        )
        .expect("a configuration");
        assert_eq!(config.mail.provider, "A!");
        assert_eq!(config.daemon.body_max, 4096);
        assert_eq!(config.daemon.allow_uids, [1000, 1001]);
        assert_eq!(config.mail.backend, MailBackend::Memory);
        assert_eq!(config.webhooks["panel"].secret, "whsec_c2VjcmV0");
    }

    #[test]
    fn a_key_that_is_not_known_is_refused_by_name() {
        let error = read("[outbox]\nretry_frist = \"5s\"\n", &[]).expect_err("a typo");
        assert!(error.contains("retry_frist"), "{error}");
        let error = read("", &[("RENEWD_OUTBOX__EVRY", "1s")]).expect_err("a typo");
        assert!(error.contains("evry"), "{error}");
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_refused_with_its_key_and_its_source() {
        let error = read("[outbox]\nretry_first = \"5 parsecs\"\n", &[]).expect_err("no length");
        assert!(error.contains("outbox.retry_first"), "{error}");
        assert!(error.contains("renewd-config-"), "{error}");
        let error = read("", &[("RENEWD_BRAKE__MIN", "few")]).expect_err("no number");
        assert!(error.contains("RENEWD_BRAKE__MIN"), "{error}");
    }

    #[test]
    fn a_file_that_is_not_there_is_no_empty_file() {
        let path = Path::new("/nowhere/renewd.toml");
        let error = Config::load(Some(path), |_| {}).expect_err("no file");
        assert!(error.to_string().starts_with("/nowhere/renewd.toml: "), "{error}");
    }

    #[test]
    fn the_shipped_catalogue_has_no_faults() {
        let rules = parse_rules(CATALOGUE).expect("a catalogue");
        assert_eq!(rules.faults(), []);
        let for_a_term = rules.products.values().filter(|product| !product.plans.is_empty());
        assert_eq!(for_a_term.count(), 21, "all that the app page names");
        for name in ["default", "alibaba-ecs", "alibaba-rds", "intl", "huawei", "tencent"] {
            assert!(rules.lifecycles.contains_key(name), "{name}");
        }
        assert_eq!(rules.autorenewals["intl"].enable_until_days, 14);
        assert_eq!(rules.autorenewals["daily-t9"].lead_days(), 9);
        assert_eq!(rules.reminders["default"], Reminders::default());
        assert_eq!(rules.lifecycles["default"], Lifecycle::default());
    }

    #[test]
    fn the_shipped_catalogue_spells_out_what_holds_without_it() {
        let rules = parse_rules(CATALOGUE).expect("a catalogue");
        let nothing = parse_rules("[products]").expect("rules");
        assert_eq!(rules.payg, nothing.payg);
        assert_eq!(rules.credit, nothing.credit);
        assert_eq!(rules.dunning, nothing.dunning);
        assert_eq!(rules.overdue, nothing.overdue);
        assert_eq!(rules.alerts, nothing.alerts);
        assert_eq!(rules.withdraw, nothing.withdraw);
        assert_eq!(rules.channels, nothing.channels);
    }

    #[test]
    fn every_preset_of_the_shipped_catalogue_is_used_or_named_by_the_rulebook() {
        let rules = parse_rules(CATALOGUE).expect("a catalogue");
        let used = |pick: fn(&Product) -> &String, name: &String| {
            rules.products.values().any(|product| pick(product) == name)
        };
        assert!(rules.reminders.keys().all(|name| used(|product| &product.reminders, name)));
        assert!(rules.autorenewals.keys().all(|name| used(|product| &product.autorenewal, name)));
    }

    #[test]
    fn every_length_on_a_menu_of_the_shipped_catalogue_has_a_price_in_every_currency() {
        let rules = parse_rules(CATALOGUE).expect("a catalogue");
        for (name, product) in &rules.products {
            for (plan_name, plan) in &product.plans {
                for code in ["USD", "EUR", "CNY"] {
                    let currency: Currency = code.parse().expect("a currency");
                    assert!(plan.prices.contains_key(&currency), "{name} {plan_name} {code}");
                }
                for (&currency, prices) in &plan.prices {
                    let menu = product.periods.iter().chain(&product.auto_periods);
                    for &period in menu {
                        let price = prices.of(period, currency);
                        assert!(
                            price.is_some_and(|price| price.minor() > 0),
                            "{name} {plan_name} {period} {currency}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn rules_can_be_written_in_json_too() {
        let rules = parse_rules(CATALOGUE).expect("a catalogue");
        let json = serde_json::to_string(&rules).expect("JSON");
        assert_eq!(parse_rules(&json).expect("the same"), rules);
    }

    #[test]
    fn an_error_in_the_rules_names_the_key() {
        let fails = |old: &str, new: &str| {
            assert!(CATALOGUE.contains(old), "{old}");
            parse_rules(&CATALOGUE.replacen(old, new, 1)).expect_err(new).to_string()
        };
        let error = fails("grace_days = 7", "grace_days = \"seven\"");
        assert!(error.contains("lifecycles.tencent.grace_days"), "{error}");
        let error = fails("grace_days = 7", "grace_day = 7");
        assert!(error.contains("grace_day"), "{error}");
        let error = fails("prices.USD", "prices.XXQ");
        assert!(error.contains("XXQ"), "{error}");
        let error = fails("periods = [\"P1Y\"", "periods = [\"P1D\"");
        assert!(error.contains("products.domain.periods"), "{error}");
        let error = fails("stop = \"2h\"", "stop = \"2 hours\"");
        assert!(error.contains("dunning.tencent-hourly.stop"), "{error}");
        let error = fails("aggregation = \"sum\"", "aggregation = \"mean\"");
        assert!(error.contains("products.compute.payg.meters.traffic.aggregation"), "{error}");
        let error = fails("[orders]", "[orders");
        assert!(error.contains("TOML"), "{error}");
        let json = parse_rules("{\"products\": 1}").expect_err("no table").to_string();
        assert!(json.contains("products") || json.contains("lifecycles"), "{json}");
        assert!(parse_rules("{").is_err());
    }

    #[test]
    fn the_sample_book_fits_the_shipped_catalogue() {
        let rules = parse_rules(CATALOGUE).expect("a catalogue");
        let text = |value: &Value, key: &str| value[key].as_str().expect(key).to_owned();
        let (mut products, mut modes, mut external_ids) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut accounts = 0;
        for line in SAMPLE_BOOK.lines() {
            accounts += 1;
            let line: Value = serde_json::from_str(line).expect("JSON");
            assert!(external_ids.insert(text(&line, "external_id")));
            let account = &line["account"];
            assert!(text(account, "email").ends_with(".example"));
            let zone: Zone = text(account, "time_zone").parse().expect("a zone");
            let currency: Currency = text(account, "currency").parse().expect("a currency");
            Money::parse(&text(&line, "cash"), currency).expect("cash");
            for subscription in line["subscriptions"].as_array().expect("a list") {
                let id = text(subscription, "external_id");
                assert!(external_ids.insert(id.clone()));
                let product = text(subscription, "product");
                let offer = rules.offer(&product, &text(subscription, "plan")).expect(&id);
                assert!(offer.product.regions.contains(&text(subscription, "region")), "{id}");
                let period: Period = text(subscription, "period").parse().expect("a period");
                let mode: Mode = text(subscription, "mode").parse().expect("a mode");
                assert!(offer.product.sells(period) && offer.price(period, currency).is_some());
                Money::parse(&text(subscription, "price"), currency).expect(&id);
                let at =
                    |key: &str| text(subscription, key).parse::<Timestamp>().expect("an instant");
                let (anchor, expires_at) = (at("anchor"), at("expires_at"));
                assert!(Course::ending(anchor, expires_at, period.unit(), zone).is_some(), "{id}");
                let from = "2026-01-02T00:00:00Z".parse().expect("an instant");
                let to = "2026-03-11T00:00:00Z".parse().expect("an instant");
                assert!((from..to).contains(&expires_at), "{id}");
                products.insert(product);
                modes.insert(mode);
            }
        }
        assert_eq!(accounts, 42);
        let for_a_term = rules.products.iter().filter(|(_, product)| !product.plans.is_empty());
        assert!(
            products.iter().eq(for_a_term.map(|(name, _)| name)),
            "all that is sold for a term"
        );
        assert_eq!(modes.len(), 3);
    }
}
