//! The rules as data: price list, lifecycles, schedules and reminders, and the timeline of their
//! versions.
//!
//! Every number here is a setting (rulebook, section 15). A version is whole, never deleted, and
//! takes effect from an instant that is not in the past; what an account was promised in a paid
//! period (its [`Terms`]) is frozen there, everything else is read from the version in force.

mod closure;
mod commerce;
mod metering;
mod schedule;
mod standing;
mod timeline;
mod units;

use std::collections::BTreeMap;
use std::time::Duration;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub use self::closure::Closure;
pub use self::commerce::{Bill, Coupons, Downgrades, Pick, Refunds, TaxRate, Unified};
pub use self::metering::{
    Aggregation, Cycle, LATE_DAYS_MAX, Meter, Model, PRICE_DECIMALS, Package, Payg, PaygRules,
    QUANTITY_DECIMALS, QUANTITY_MAX, Tariff, Tier,
};
pub use self::schedule::{AutoRenewals, Edge, Lifecycle, Mark, Reminders, Slots, Span};
pub use self::standing::{Alerts, Channel, Credit, Dunning, Overdue, Withdraw};
pub use self::timeline::{Timeline, Version};
pub use self::units::{Length, Wait, WallTime};
use super::account::Kind;
use super::calendar::{Period, Timestamp, Unit};
use super::money::{Currency, Money, Rounding};
use super::nouns::{order, wallet};
use super::price::Rate;

/// One version of the rules, as `config/catalogue.toml` writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// What orders have in common.
    #[serde(default)]
    pub orders: Orders,
    /// How coupons are chosen (R5.7).
    #[serde(default)]
    pub coupons: Coupons,
    /// What is given back, and when (R10.9).
    #[serde(default)]
    pub refund: Refunds,
    /// Cheaper plans (R1.20, R10.15).
    #[serde(default)]
    pub downgrade: Downgrades,
    /// The day that renewals can be aligned to (R1.22).
    #[serde(default)]
    pub unified: Unified,
    /// Statements and invoices (R10.5).
    #[serde(default)]
    pub bill: Bill,
    /// Taxes by country and kind of account; the first that fits is charged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tax: Vec<TaxRate>,
    /// What all metered products have in common (R6.1, D44).
    #[serde(default)]
    pub payg: PaygRules,
    /// Credit (R7.3).
    #[serde(default)]
    pub credit: Credit,
    /// What becomes of the resources of an account that owes money, by name (R6.9, R6.10).
    #[serde(default = "standing::dunning_presets")]
    #[serde(deserialize_with = "standing::with_dunning_presets")]
    pub dunning: BTreeMap<String, Dunning>,
    /// What is said to its owner (R6.9).
    #[serde(default)]
    pub overdue: Overdue,
    /// What is said before money runs out (R6.18).
    #[serde(default)]
    pub alerts: Alerts,
    /// Money back to its owner (R7.5).
    #[serde(default)]
    pub withdraw: Withdraw,
    /// How an account is closed (R8.5–R8.11).
    #[serde(default)]
    pub closure: Closure,
    /// What can be done through a channel, by its name (R7.16); others allow everything.
    #[serde(default = "standing::known_channels")]
    #[serde(deserialize_with = "standing::with_known_channels")]
    pub channels: BTreeMap<String, Channel>,
    /// Lifecycle presets by name (R1.1–R1.5).
    #[serde(default)]
    pub lifecycles: BTreeMap<String, Lifecycle>,
    /// Auto-renewal presets by name (R2.3, R2.5).
    #[serde(default)]
    pub autorenewals: BTreeMap<String, AutoRenewals>,
    /// Reminder presets by name (R3.1–R3.7).
    #[serde(default)]
    pub reminders: BTreeMap<String, Reminders>,
    /// What is sold, by the name that orders use.
    pub products: BTreeMap<String, Product>,
}

/// What orders have in common (R4.3, D53).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Orders {
    /// How long an order waits to be paid, unless its product says otherwise (R4.3).
    pub unpaid_ttl: Length,
    /// What an account must have before it may purchase (D53); empty by default.
    pub purchase_requires: Vec<Requirement>,
    /// How long a paid order waits to be delivered (D41).
    pub processing_ttl: Length,
    /// How long before its time-out the owner of an order is warned (D48); at most a quarter of
    /// the order's life. `0s` is off.
    pub warn_before_timeout: Length,
    /// How many orders can be paid together (R4.15).
    pub together_max: u32,
}

impl Default for Orders {
    fn default() -> Self {
        Self {
            unpaid_ttl: Length(Duration::from_hours(7 * 24)),
            purchase_requires: Vec::new(),
            processing_ttl: Length(Duration::from_hours(24)),
            warn_before_timeout: Length(Duration::from_hours(24)),
            together_max: 30,
        }
    }
}

/// What a purchase may require of an account (D53).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    /// A country of residence.
    Country,
}

/// Something that is sold: for a term, for its use, or for both. What is only paid for after use
/// has no plans here and none of the three presets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Its name for people.
    pub name: String,
    /// Where it is sold.
    pub regions: Vec<String>,
    /// Its lifecycle preset.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub lifecycle: String,
    /// Its auto-renewal preset.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub autorenewal: String,
    /// Its reminder preset.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reminders: String,
    /// Periods that can be bought and renewed by hand (R1.15).
    #[serde(default = "menu")]
    pub periods: Vec<Period>,
    /// Periods that auto-renewal can be set to (R2.12).
    #[serde(default = "auto_menu")]
    pub auto_periods: Vec<Period>,
    /// How long its orders wait to be paid (R4.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unpaid_ttl: Option<Length>,
    /// The order types that the provider's system must say are delivered (D41); others are done
    /// when they are paid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acknowledge: Vec<order::Kind>,
    /// Is what was paid for it given back (R10.11)?
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub refundable: bool,
    /// Its plans by the name that orders use.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub plans: BTreeMap<String, Plan>,
    /// How it is paid for after use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payg: Option<Payg>,
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde asks for")]
const fn is_yes(value: &bool) -> bool {
    *value
}

fn menu() -> Vec<Period> {
    let weeks = (1..=3).map(|count| Period::new(count, Unit::Week));
    let months = (1..=12).map(|count| Period::new(count, Unit::Month));
    let years = (1..=5).map(|count| Period::new(count, Unit::Year));
    weeks.chain(months).chain(years).collect()
}

fn auto_menu() -> Vec<Period> {
    let weeks = (1..=3).map(|count| Period::new(count, Unit::Week));
    let months = [1, 2, 3, 6, 12].map(|count| Period::new(count, Unit::Month));
    let years = (1..=3).map(|count| Period::new(count, Unit::Year));
    weeks.chain(months).chain(years).collect()
}

impl Product {
    /// Can `period` be bought? Twelve months are a year (D40).
    #[must_use]
    pub fn sells(&self, period: Period) -> bool {
        self.periods.iter().any(|p| p.is_as_long_as(period))
    }

    /// Can auto-renewal be set to `period`?
    #[must_use]
    pub fn renews_by_itself(&self, period: Period) -> bool {
        self.auto_periods.iter().any(|p| p.is_as_long_as(period))
    }
}

/// One configuration of a product, with its prices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Its name for people; the plan's key if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// From when it can no longer be bought (D40).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired_at: Option<Timestamp>,
    /// From when it can no longer be renewed either (D40).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewal_ends: Option<Timestamp>,
    /// Does it take coupons? A promotional plan may not (R5.17).
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub coupons: bool,
    /// What of a meter comes with each of its paid periods (R6.20).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<Package>,
    /// List prices by currency.
    pub prices: BTreeMap<Currency, Prices>,
}

/// List prices in one currency; a length without a price is not sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// One week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub week: Option<Decimal>,
    /// One month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month: Option<Decimal>,
    /// One year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<Decimal>,
}

impl Prices {
    /// The list price of `period`: whole years at the year price, other months at the month
    /// price, weeks at the week price (D40). `None` if that length is not sold.
    #[must_use]
    pub fn of(&self, period: Period, currency: Currency) -> Option<Money> {
        let (unit, count) = match period.months() {
            None => (self.week?, period.count()),
            Some(months) if months.is_multiple_of(12) && self.year.is_some() => {
                (self.year?, months / 12)
            }
            Some(months) => (self.month?, months),
        };
        let price = unit.checked_mul(Decimal::from(count))?;
        Money::from_decimal(price, currency, Rounding::Down).ok()
    }
}

/// What was promised for a paid period and does not change within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// What the period cost.
    pub price: Money,
    /// Calendar days of grace.
    pub grace_days: u16,
    /// Calendar days of recovery.
    pub recovery_days: u16,
    /// Days before expiry at which an automatic attempt may come.
    pub lead_days: u16,
}

impl Terms {
    /// The terms of a period bought at `price` under these presets.
    #[must_use]
    pub fn of(lifecycle: &Lifecycle, autorenewals: &AutoRenewals, price: Money) -> Self {
        Self {
            price,
            grace_days: lifecycle.grace_days,
            recovery_days: lifecycle.recovery_days,
            lead_days: autorenewals.lead_days(),
        }
    }
}

/// What a product's names stand for in one version of the rules.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    /// The product.
    pub product: &'a Product,
    /// Its plan.
    pub plan: &'a Plan,
    /// Its lifecycle.
    pub lifecycle: &'a Lifecycle,
    /// Its auto-renewal schedule.
    pub autorenewals: &'a AutoRenewals,
    /// Its reminders.
    pub reminders: &'a Reminders,
}

impl Offer<'_> {
    /// The terms of a period bought now at `price`.
    #[must_use]
    pub fn terms(&self, price: Money) -> Terms {
        Terms::of(self.lifecycle, self.autorenewals, price)
    }

    /// The list price of `period` in `currency`.
    #[must_use]
    pub fn price(&self, period: Period, currency: Currency) -> Option<Money> {
        self.plan.prices.get(&currency)?.of(period, currency)
    }
}

/// Something wrong in a version of the rules, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The place, as a path of names.
    pub path: String,
    /// What is wrong with it.
    pub detail: String,
}

impl Rules {
    /// What `product` and `plan` stand for.
    #[must_use]
    pub fn offer(&self, product: &str, plan: &str) -> Option<Offer<'_>> {
        let product = self.products.get(product)?;
        Some(Offer {
            product,
            plan: product.plans.get(plan)?,
            lifecycle: self.lifecycles.get(&product.lifecycle)?,
            autorenewals: self.autorenewals.get(&product.autorenewal)?,
            reminders: self.reminders.get(&product.reminders)?,
        })
    }

    /// The meter of that name of `product`.
    #[must_use]
    pub fn meter(&self, product: &str, meter: &str) -> Option<&Meter> {
        self.products.get(product)?.payg.as_ref()?.meters.get(meter)
    }

    /// The rate of tax of an account; none where the table names none.
    #[must_use]
    pub fn tax_rate(&self, kind: Kind, country: Option<&str>) -> Option<Rate<'_>> {
        self.tax.iter().find(|rate| rate.fits(kind, country)).map(TaxRate::rate)
    }

    /// Everything that is wrong with this version, all at once; nothing if it can be used.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |path: String, detail: String| faults.push(Fault { path, detail });
        for (name, preset) in &self.autorenewals {
            if preset.schedule.is_empty() {
                fault(format!("autorenewals.{name}.schedule"), "names no day".into());
            }
            for slots in &preset.schedule {
                if let Slots::Range { from, to, every } = slots {
                    let reversed = matches!(to, Edge::Day(to) if to < from);
                    if *every == 0 || reversed {
                        fault(
                            format!("autorenewals.{name}.schedule"),
                            format!("from {from} it never comes to an end"),
                        );
                    }
                }
            }
        }
        for (name, preset) in &self.lifecycles {
            if preset.max_horizon_years == 0 || preset.max_horizon_years > 100 {
                fault(format!("lifecycles.{name}.max_horizon_years"), "must be 1 to 100".into());
            }
        }
        for (name, product) in &self.products {
            product.faults(&format!("products.{name}"), self, &mut fault);
        }
        if self.orders.unpaid_ttl.0.is_zero() {
            fault("orders.unpaid_ttl".into(), "leaves no time to pay".into());
        }
        if self.orders.processing_ttl.0.is_zero() {
            fault("orders.processing_ttl".into(), "leaves no time to deliver".into());
        }
        if self.orders.together_max == 0 {
            fault("orders.together_max".into(), "must be 1 at least".into());
        }
        if self.coupons.pick.is_empty() {
            fault("coupons.pick".into(), "names nothing to pick by".into());
        }
        if !(1..=28).contains(&self.unified.default_day) {
            fault("unified.default_day".into(), "must be 1 to 28".into());
        }
        if self.withdraw.original_route_days > wallet::LOT_DAYS {
            let detail = format!("is more than {}, which is what is kept", wallet::LOT_DAYS);
            fault("withdraw.original_route_days".into(), detail);
        }
        if self.unified.month_days == 0 {
            fault("unified.month_days".into(), "must be 1 at least".into());
        }
        if !(1..=28).contains(&self.bill.final_day) {
            fault("bill.final_day".into(), "must be 1 to 28".into());
        }
        let templates = [
            ("bill.invoice_number", &self.bill.invoice_number),
            ("bill.credit_note_number", &self.bill.credit_note_number),
        ];
        for (path, template) in templates {
            if !template.contains("{number}") || !template.contains("{year}") {
                fault(path.into(), "must contain {year} and {number}".into());
            }
        }
        for (place, rate) in self.tax.iter().enumerate() {
            if rate.rate.is_sign_negative() || rate.rate > Decimal::ONE_HUNDRED {
                fault(format!("tax.{place}.rate"), "must be 0 to 100".into());
            }
            if rate.country.len() != 2 {
                fault(format!("tax.{place}.country"), "must be two letters".into());
            }
        }
        self.payg.faults("payg", &mut fault);
        for (name, preset) in &self.dunning {
            preset.faults(&format!("dunning.{name}"), &mut fault);
        }
        if !self.dunning.contains_key(&self.overdue.preset) {
            let detail = format!("there is no preset {:?}", self.overdue.preset);
            fault("overdue.preset".into(), detail);
        }
        self.closure.faults("closure", &mut fault);
        if self.products.is_empty() {
            fault("products".into(), "nothing is sold".into());
        }
        faults
    }
}

impl Product {
    fn faults(&self, path: &str, rules: &Rules, fault: &mut impl FnMut(String, String)) {
        let presets = [
            ("lifecycle", &self.lifecycle, rules.lifecycles.contains_key(&self.lifecycle)),
            ("autorenewal", &self.autorenewal, rules.autorenewals.contains_key(&self.autorenewal)),
            ("reminders", &self.reminders, rules.reminders.contains_key(&self.reminders)),
        ];
        let only_payg = self.plans.is_empty() && self.payg.is_some();
        for (field, name, known) in presets {
            let left_out = only_payg && name.is_empty();
            if !known && !left_out {
                fault(format!("{path}.{field}"), format!("there is no preset {name:?}"));
            }
        }
        if self.unpaid_ttl.is_some_and(|ttl| ttl.0.is_zero()) {
            fault(format!("{path}.unpaid_ttl"), "leaves no time to pay".into());
        }
        if self.regions.is_empty() {
            fault(format!("{path}.regions"), "is empty".into());
        }
        if let Some(payg) = &self.payg {
            let path = format!("{path}.payg");
            if !rules.dunning.contains_key(&payg.dunning) {
                let detail = format!("there is no preset {:?}", payg.dunning);
                fault(format!("{path}.dunning"), detail);
            }
            payg.faults(&path, fault);
        }
        if self.plans.is_empty() && !only_payg {
            fault(format!("{path}.plans"), "is empty".into());
        }
        for (name, plan) in &self.plans {
            let path = format!("{path}.plans.{name}");
            if plan.prices.is_empty() {
                fault(format!("{path}.prices"), "is empty".into());
            }
            if let (Some(retired), Some(ends)) = (plan.retired_at, plan.renewal_ends)
                && ends < retired
            {
                fault(format!("{path}.renewal_ends"), "is before retired_at".into());
            }
            if let Some(package) = &plan.package {
                package.faults(&format!("{path}.package"), rules, fault);
            }
            for (currency, prices) in &plan.prices {
                let units = [("week", prices.week), ("month", prices.month), ("year", prices.year)];
                for (unit, price) in units {
                    let Some(price) = price else { continue };
                    let path = format!("{path}.prices.{currency}.{unit}");
                    match Money::exact(price, *currency) {
                        Ok(price) if price.is_negative() => fault(path, "is negative".into()),
                        Ok(_) => {}
                        Err(error) => fault(path, error.to_string()),
                    }
                }
            }
        }
    }
}
