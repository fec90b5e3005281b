//! The rules as data: price list, lifecycles, schedules and reminders, and the timeline of their
//! versions.
//!
//! Every number here is a setting (rulebook, section 15). A version is whole, never deleted, and
//! takes effect from an instant that is not in the past; what an account was promised in a paid
//! period (its [`Terms`]) is frozen there, everything else is read from the version in force.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveTime;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::calendar::{CalendarError, Period, Timestamp, Unit, Zone};
use super::money::{Currency, Money, Rounding};

/// Days around a mark that are looked at, at the most: a schedule is a list, not a loop.
const DAYS_MAX: i32 = 400;

/// An exact length written as people do: `7d`, `24h`, `5m`, `30s`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Length(pub Duration);

impl FromStr for Length {
    type Err = CalendarError;

    fn from_str(text: &str) -> Result<Self, CalendarError> {
        let parse = || {
            let unit = match text.as_bytes().last()? {
                b'd' => 86_400,
                b'h' => 3_600,
                b'm' => 60,
                b's' => 1,
                _ => return None,
            };
            let count: u64 = text[..text.len() - 1].parse().ok()?;
            Some(Self(Duration::from_secs(count.checked_mul(unit)?)))
        };
        parse().ok_or_else(|| CalendarError {
            text: text.to_owned(),
            expected: "a length such as 7d, 24h, 5m or 30s",
        })
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (count, unit) = [(86_400, 'd'), (3_600, 'h'), (60, 'm')]
            .into_iter()
            .find(|(size, _)| seconds > 0 && seconds.is_multiple_of(*size))
            .map_or((seconds, 's'), |(size, unit)| (seconds / size, unit));
        write!(f, "{count}{unit}")
    }
}

impl fmt::Debug for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A time on the wall, `08:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WallTime(pub NaiveTime);

impl FromStr for WallTime {
    type Err = CalendarError;

    fn from_str(text: &str) -> Result<Self, CalendarError> {
        NaiveTime::parse_from_str(text, "%H:%M").map(Self).map_err(|_| CalendarError {
            text: text.to_owned(),
            expected: "a time of day such as 08:00",
        })
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%H:%M"))
    }
}

macro_rules! text_serde {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    };
}
text_serde!(Length);
text_serde!(WallTime);

/// One version of the rules, as `config/catalogue.toml` writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// What orders have in common.
    #[serde(default)]
    pub orders: Orders,
    /// Lifecycle presets by name (R1.1–R1.5).
    pub lifecycles: BTreeMap<String, Lifecycle>,
    /// Auto-renewal presets by name (R2.3, R2.5).
    pub autorenewals: BTreeMap<String, AutoRenewals>,
    /// Reminder presets by name (R3.1–R3.7).
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
}

impl Default for Orders {
    fn default() -> Self {
        Self { unpaid_ttl: Length(Duration::from_hours(7 * 24)), purchase_requires: Vec::new() }
    }
}

/// What a purchase may require of an account (D53).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    /// A country of residence.
    Country,
}

/// What happens to a subscription that is not renewed (R1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lifecycle {
    /// Calendar days after expiry in which it still serves (R1.2).
    pub grace_days: u16,
    /// Calendar days suspended, data kept, before release (R1.2).
    pub recovery_days: u16,
    /// Furthest expiry, in years from now (R1.16).
    pub max_horizon_years: u16,
    /// Round an expiry up to midnight in the subscription's zone (D4).
    pub round_up_to_midnight: bool,
    /// How long before a release its last notice must have been recorded (D38); `0s` is off.
    pub release_needs_notice: Length,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self {
            grace_days: 0,
            recovery_days: 15,
            max_horizon_years: 10,
            round_up_to_midnight: false,
            release_needs_notice: Length(Duration::from_hours(24)),
        }
    }
}

/// Where a range of days ends (D39).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// The instant of expiry: the last slot lies before it.
    Expiry,
    /// The end of grace.
    Suspension,
    /// The end of recovery.
    Release,
}

/// The end of a range of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Edge {
    /// A day counted from the expiry date, included.
    Day(i32),
    /// Everything before a mark.
    Mark(Mark),
}

/// One entry of a schedule: a day from the expiry date, or a range of days (D39).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Slots {
    /// One day.
    Day(i32),
    /// Every `every` days.
    Range {
        /// First day.
        from: i32,
        /// Last day, or the mark before which it ends.
        to: Edge,
        /// Step in days.
        every: u16,
    },
}

/// When renewals are attempted by themselves (R2.3, R2.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutoRenewals {
    /// Time of day in the subscription's zone.
    #[serde(default = "eight")]
    pub at: WallTime,
    /// The days, counted from the local date of expiry.
    pub schedule: Vec<Slots>,
    /// Days after expiry until which auto-renewal may still be switched on (R2.7).
    #[serde(default)]
    pub enable_until_days: u16,
}

fn eight() -> WallTime {
    WallTime(NaiveTime::from_hms_opt(8, 0, 0).unwrap_or_default())
}

fn nine() -> WallTime {
    WallTime(NaiveTime::from_hms_opt(9, 0, 0).unwrap_or_default())
}

/// What a schedule is laid around.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// The zone that days are counted in.
    pub zone: Zone,
    /// Start of the latest paid period.
    pub started_at: Timestamp,
    /// End of the paid time.
    pub expires_at: Timestamp,
    /// End of grace.
    pub suspends_at: Timestamp,
    /// End of recovery.
    pub releases_at: Timestamp,
}

impl AutoRenewals {
    /// The days from expiry that the schedule names, with the mark that bounds each.
    fn offsets(&self) -> impl Iterator<Item = (i32, Mark)> {
        self.schedule.iter().flat_map(|slots| {
            let (from, to, every, mark) = match *slots {
                Slots::Day(day) => (day, day, 1, Mark::Release),
                Slots::Range { from, to: Edge::Day(to), every } => (from, to, every, Mark::Release),
                Slots::Range { from, to: Edge::Mark(Mark::Expiry), every } => {
                    (from, 0, every, Mark::Expiry)
                }
                Slots::Range { from, to: Edge::Mark(mark), every } => (from, DAYS_MAX, every, mark),
            };
            (from.max(-DAYS_MAX)..=to.min(DAYS_MAX))
                .step_by(usize::from(every.max(1)))
                .map(move |day| (day, mark))
        })
    }

    /// How many days before expiry the first attempt may come: a term of the period.
    #[must_use]
    pub fn lead_days(&self) -> u16 {
        let first = self.offsets().map(|(day, _)| day).min().unwrap_or(0);
        u16::try_from(first.min(0).unsigned_abs()).unwrap_or(u16::MAX)
    }

    /// The slots of one period, in order: never before the day after the period's start (R2.8),
    /// never more than `lead_days` before expiry, none at or after release (D39).
    #[must_use]
    pub fn slots(&self, span: &Span, lead_days: u16) -> Vec<Timestamp> {
        let first = span.zone.on_day(span.started_at, 1, self.at.0);
        let mut too_early = false;
        let mut slots = Vec::new();
        for (day, mark) in self.offsets() {
            if day < -i32::from(lead_days) {
                continue;
            }
            let slot = span.zone.on_day(span.expires_at, day, self.at.0);
            let end = match mark {
                Mark::Expiry => span.expires_at,
                Mark::Suspension => span.suspends_at,
                Mark::Release => span.releases_at,
            };
            if slot >= end.min(span.releases_at) {
                continue;
            }
            if slot < first {
                too_early = true;
            } else {
                slots.push(slot);
            }
        }
        if too_early && first < span.expires_at {
            slots.push(first);
        }
        slots.sort_unstable();
        slots.dedup();
        slots
    }
}

/// What is said, and how long before (R3.1–R3.7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reminders {
    /// Time of day in the subscription's zone.
    pub at: WallTime,
    /// Days before expiry, for manual renewal.
    pub before_days: Vec<u16>,
    /// On the day of expiry, if it is still ahead at that time of day.
    pub on_expiry: bool,
    /// Days after expiry, until release (R3.3).
    pub after_days: Vec<u16>,
    /// Days before release; may not be muted (R3.5).
    pub before_release_days: Vec<u16>,
    /// Days before expiry for subscriptions that are not to be renewed (R2.18).
    pub not_renewal_days: Vec<u16>,
    /// Days before expiry of the "renewal ahead" notice (R2.17).
    pub auto_renewal_days: Vec<u16>,
    /// Days before expiry of the "top up" notice while funds are short (R2.17).
    pub topup_days: Vec<u16>,
}

impl Default for Reminders {
    fn default() -> Self {
        Self {
            at: nine(),
            before_days: vec![15, 7, 3, 1],
            on_expiry: true,
            after_days: Vec::new(),
            before_release_days: vec![1],
            not_renewal_days: Vec::new(),
            auto_renewal_days: vec![15],
            topup_days: vec![13, 11],
        }
    }
}

/// Something that is sold for a term.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Its name for people.
    pub name: String,
    /// Where it is sold.
    pub regions: Vec<String>,
    /// Its lifecycle preset.
    pub lifecycle: String,
    /// Its auto-renewal preset.
    pub autorenewal: String,
    /// Its reminder preset.
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
    /// Its plans by the name that orders use.
    pub plans: BTreeMap<String, Plan>,
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
        for (field, name, known) in presets {
            if !known {
                fault(format!("{path}.{field}"), format!("there is no preset {name:?}"));
            }
        }
        if self.unpaid_ttl.is_some_and(|ttl| ttl.0.is_zero()) {
            fault(format!("{path}.unpaid_ttl"), "leaves no time to pay".into());
        }
        if self.regions.is_empty() {
            fault(format!("{path}.regions"), "is empty".into());
        }
        if self.plans.is_empty() {
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

/// One version on the timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// Its number, from 1.
    pub number: u32,
    /// From when it is in force.
    pub effective_at: Timestamp,
    /// What it says.
    pub rules: Arc<Rules>,
}

/// All versions of the rules, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    versions: Vec<Version>,
}

impl Timeline {
    /// The timeline of one version that has always been in force; for tests and previews.
    #[must_use]
    pub fn of(rules: Rules) -> Self {
        let mut timeline = Self::default();
        timeline.push(Version { number: 1, effective_at: Timestamp::MIN, rules: Arc::new(rules) });
        timeline
    }

    /// Adds the next version. One that takes effect no later than its predecessor replaces it
    /// from there on.
    pub fn push(&mut self, version: Version) {
        self.versions.push(version);
    }

    /// The number of the newest version, in force or not; 0 if there is none.
    #[must_use]
    pub fn newest(&self) -> u32 {
        self.versions.last().map_or(0, |version| version.number)
    }

    /// All versions, oldest first.
    #[must_use]
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// The version in force at `at`: the newest that is effective by then. Before the first one
    /// takes effect, the first one.
    #[must_use]
    pub fn in_force(&self, at: Timestamp) -> Option<&Version> {
        self.versions
            .iter()
            .rev()
            .find(|version| version.effective_at <= at)
            .or_else(|| self.versions.first())
    }

    /// The product as `version` has it; or, once it is gone from the rules, as the last version
    /// that knew it had it: whoever still has one is reminded, and keeps the lifecycle.
    #[must_use]
    pub fn product<'a>(
        &'a self,
        version: &'a Version,
        product: &str,
    ) -> Option<(&'a Rules, &'a Product)> {
        let known = |version: &'a Version| {
            let rules = version.rules.as_ref();
            rules.products.get(product).map(|product| (rules, product))
        };
        known(version).or_else(|| {
            self.versions.iter().rev().filter(|older| older.number < version.number).find_map(known)
        })
    }

    /// The lifecycle and the auto-renewal schedule that a product has at `at`, or had last.
    #[must_use]
    pub fn presets(&self, product: &str, at: Timestamp) -> Option<(&Lifecycle, &AutoRenewals)> {
        let (rules, product) = self.product(self.in_force(at)?, product)?;
        Some((
            rules.lifecycles.get(&product.lifecycle)?,
            rules.autorenewals.get(&product.autorenewal)?,
        ))
    }

    /// The stretches from `from` on in which one version is in force: `(version, start, end)`,
    /// half-open, in order.
    pub fn stretches(
        &self,
        from: Timestamp,
    ) -> impl Iterator<Item = (&Version, Timestamp, Timestamp)> {
        let mut next = Some(from);
        std::iter::from_fn(move || {
            let start = next?;
            let version = self.in_force(start)?;
            let end = self
                .versions
                .iter()
                .filter(|later| later.number > version.number && later.effective_at > start)
                .map(|later| later.effective_at)
                .min();
            next = end;
            Some((version, start, end.unwrap_or(Timestamp::MAX)))
        })
    }
}
