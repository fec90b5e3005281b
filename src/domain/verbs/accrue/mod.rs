//! Accrue: what a resource used within a cycle, at which price, and what of it comes to a line
//! (R6.1–R6.5, D19, D44).

mod time;

use std::collections::BTreeMap;

use rust_decimal::Decimal;

pub use self::time::ran;
use self::time::{first_cost, running};

use crate::domain::calendar::Timestamp;
use crate::domain::metering::Part;
use crate::domain::money::{Currency, Money, Rounding};
use crate::domain::month::Month;
use crate::domain::nouns::resource::{Held, Metered, Resource, Slot};
use crate::domain::nouns::usage::{Accrual, Metering, Package, PackageDraw, UsageLine};
use crate::domain::rules::{Aggregation, Meter, Model, Payg, PaygRules, Rules, Timeline};

/// The rules of a pay-as-you-go product at `at`, or as they were last.
#[must_use]
pub fn payg<'a>(
    timeline: &'a Timeline,
    product: &str,
    at: Timestamp,
) -> Option<(&'a Rules, &'a Payg)> {
    let (rules, product) = timeline.product(timeline.in_force(at)?, product)?;
    Some((rules, product.payg.as_ref()?))
}

/// How a resource is paid for at `at`.
fn payg_of<'a>(timeline: &'a Timeline, resource: &Resource, at: Timestamp) -> Option<&'a Payg> {
    payg(timeline, &resource.subject.product, at).map(|(_, payg)| payg)
}

/// The cycle that `at` lies in.
fn cycle(rules: &Rules, payg: &Payg, at: Timestamp) -> (Timestamp, Timestamp) {
    payg.cycle.interval(at, rules.bill.zone)
}

/// The start of the interval that a report of `at` counts in, the cycle or the last change of plan
/// within it (R6.3), and the end of the cycle.
#[must_use]
pub fn slot_of(
    rules: &Rules,
    payg: &Payg,
    resource: &Resource,
    at: Timestamp,
) -> (Timestamp, Timestamp) {
    let (start, end) = cycle(rules, payg, at);
    (resource.plan_changes(start).filter(|change| *change <= at).last().unwrap_or(start), end)
}

/// When reports of an interval are settled: with its cycle, or, if they came later, with the cycle
/// that they came in.
fn slot_due_at(timeline: &Timeline, resource: &Resource, slot: &Slot) -> Option<Timestamp> {
    if let Some(late) = slot.late_since {
        return cycle_due_at(timeline, resource, late);
    }
    let (rules, _) = payg(timeline, &resource.subject.product, slot.until)?;
    Some(slot.until.plus(rules.payg.settle_delay.0))
}

/// When a resource is to be settled next, if there is anything to settle.
#[must_use]
pub fn due_at(timeline: &Timeline, resource: &Resource) -> Option<Timestamp> {
    let due = |at: Timestamp| cycle_due_at(timeline, resource, at);
    let time = first_cost(timeline, resource).and_then(due);
    let reports = resource.meters.values().flat_map(|metered| &metered.open);
    let reports = reports.filter_map(|(_, slot)| slot_due_at(timeline, resource, slot)).min();
    let end = resource.released_at.filter(|_| !resource.is_settled);
    let end = end.and_then(|at| due(before(at, resource.opened_at)));
    [time, reports, end].into_iter().flatten().min()
}

/// When the cycle that `at` lies in is settled, by the rules of then.
fn cycle_due_at(timeline: &Timeline, resource: &Resource, at: Timestamp) -> Option<Timestamp> {
    let (rules, payg) = payg(timeline, &resource.subject.product, at)?;
    Some(cycle(rules, payg, at).1.plus(rules.payg.settle_delay.0))
}

/// The last instant before a release.
fn before(at: Timestamp, opened_at: Timestamp) -> Timestamp {
    at.minus(std::time::Duration::from_micros(1)).max(opened_at)
}

/// Something used: under one plan, within one interval.
#[derive(Debug, Clone)]
struct Piece {
    plan: String,
    from: Timestamp,
    to: Timestamp,
    quantity: Decimal,
    is_adjustment: bool,
    /// May a minimum apply (only where a whole cycle is settled)?
    is_late: bool,
}

/// What a settlement is made with.
#[derive(Debug)]
pub struct Settling<'a> {
    timeline: &'a Timeline,
    currency: Currency,
    due_at: Timestamp,
    /// Packages, as they stand; those that end first are drawn first.
    packages: Vec<Package>,
    /// What was drawn from them.
    pub draws: Vec<PackageDraw>,
    /// The lines so far: before coupon and tax.
    pub lines: Vec<UsageLine>,
}

impl<'a> Settling<'a> {
    /// A settlement in which nothing accrued yet.
    #[must_use]
    pub fn new(
        timeline: &'a Timeline,
        currency: Currency,
        due_at: Timestamp,
        packages: &[Package],
    ) -> Self {
        let mut packages = packages.to_vec();
        packages.sort_by_key(|package| (package.ends_at, package.subscription));
        Self { timeline, currency, due_at, packages, draws: Vec::new(), lines: Vec::new() }
    }

    /// Accrues what is due of a resource.
    pub fn accrue(&mut self, resource: &Resource) -> Option<Accrual> {
        let first = first_cost(self.timeline, resource);
        let start = first.unwrap_or(resource.settled_through);
        let (rules, payg) = payg(self.timeline, &resource.subject.product, start)?;
        let (_, end) = cycle(rules, payg, start);
        let is_due = |at| {
            cycle_due_at(self.timeline, resource, at).is_some_and(|due_at| due_at <= self.due_at)
        };
        let until = if first.is_some_and(is_due) { end } else { resource.settled_through };
        let ended_at = resource.released_at.filter(|_| !resource.is_settled);
        let is_final = ended_at.is_some_and(|at| is_due(before(at, resource.opened_at)));
        let lines_before = self.lines.len();
        let mut meters = Vec::new();
        // What was reported on a meter that newer rules have no longer was used all the same.
        let now = payg_of(self.timeline, resource, self.due_at);
        let gone = resource.meters.keys().filter(|name| !payg.meters.contains_key(*name));
        let gone = gone.filter_map(|name| Some((name, now?.meters.get(name)?)));
        for (name, meter) in payg.meters.iter().chain(gone) {
            let metered = resource.meters.get(name);
            let (mut pieces, slots) = self.reported(resource, metered);
            pieces.extend(running(resource, meter, self.currency, start, until));
            let is_held = metered.is_some_and(|metered| metered.held.is_some());
            if pieces.is_empty() && slots.is_empty() && !(is_final && is_held) {
                continue;
            }
            let at = Meters { timeline: self.timeline, resource, name, meter, rules };
            meters.push(self.meter(&at, metered, pieces, slots, is_final));
        }
        if is_final {
            self.raise_to_minimum(resource, &rules.payg, &mut meters, lines_before);
        }
        let billed = self.lines[lines_before..].iter().map(|line| line.list.decimal()).sum();
        let has_reports = payg.meters.values().any(|m| m.aggregation != Aggregation::Duration);
        let kept = if has_reports {
            self.due_at.minus(rules.payg.late_adjustment.0)
        } else {
            // A clock hour that a stop fell into may be touched again.
            until.minus(std::time::Duration::from_hours(1))
        };
        let is_worth_forgetting = resource.phases.get(1).is_some_and(|next| next.from <= kept)
            || resource
                .meters
                .values()
                .any(|metered| metered.closed.keys().next().is_some_and(|oldest| *oldest < kept));
        Some(Accrual {
            resource: resource.id,
            through: until,
            is_final,
            is_over: is_final && !has_reports,
            meters,
            billed,
            forgets_before: is_worth_forgetting.then_some(kept),
        })
    }

    /// What was reported in intervals that are due, and those intervals.
    fn reported(
        &self,
        resource: &Resource,
        metered: Option<&Metered>,
    ) -> (Vec<Piece>, Vec<Timestamp>) {
        let (mut pieces, mut slots) = (Vec::new(), Vec::new());
        for (start, slot) in metered.iter().flat_map(|metered| &metered.open) {
            let due_at = slot_due_at(self.timeline, resource, slot);
            let known = payg(self.timeline, &resource.subject.product, slot.until);
            let Some((rules, _)) = known.filter(|_| due_at <= Some(self.due_at)) else {
                continue;
            };
            slots.push(*start);
            let quantity = slot.tally.quantity() - slot.billed;
            let end = slot.until;
            let change = resource.plan_changes(*start).find(|change| *change < end);
            let plan = resource.phase_at((*start).max(resource.opened_at));
            let late_line = end.plus(rules.payg.late_line.0);
            if !quantity.is_zero() {
                pieces.push(Piece {
                    plan: plan.map_or_else(|| resource.plan.clone(), |phase| phase.plan.clone()),
                    from: *start,
                    to: change.unwrap_or(end),
                    quantity,
                    is_adjustment: slot.late_since.is_some_and(|late| late > late_line),
                    is_late: slot.late_since.is_some(),
                });
            }
        }
        (pieces, slots)
    }

    /// Prices what was used on one meter, piece by piece, and bills what comes to a line.
    fn meter(
        &mut self,
        at: &Meters<'_>,
        metered: Option<&Metered>,
        mut pieces: Vec<Piece>,
        slots: Vec<Timestamp>,
        is_final: bool,
    ) -> Metering {
        pieces.sort_by_key(|piece| piece.from);
        let none = Metered::default();
        let metered = metered.unwrap_or(&none);
        let (mut carry, mut held) = (metered.carry, metered.held.clone());
        let mut counted: BTreeMap<Month, Decimal> = BTreeMap::new();
        let (mut quantity, mut amount) = (Decimal::ZERO, Decimal::ZERO);
        let zone = at.rules.bill.zone;
        let minimum = self.minimum(at, &pieces);
        let last = pieces.len().saturating_sub(1);
        for (place, piece) in pieces.into_iter().enumerate() {
            quantity += piece.quantity;
            let month = Month::of(piece.from, zone);
            let known = metered.counted.get(&month).copied().unwrap_or_default();
            let before = counted.entry(month).or_insert(known);
            let charged = self.draw_packages(at, &piece);
            let mut parts = at.parts(&piece, self.currency, *before, charged);
            *before += charged;
            let cost: Decimal = amount + parts.iter().map(|part| part.amount).sum::<Decimal>();
            if let Some(part) = parts.last_mut()
                && place == last
                && minimum.is_some_and(|minimum| cost < minimum)
            {
                part.amount += minimum.unwrap_or_default() - cost;
            }
            for part in parts {
                amount += part.amount;
                carry += part.amount;
                self.hold(at, &mut held, &piece, &part, month);
                carry = self.bill(at, &mut held, carry, false);
            }
        }
        if is_final {
            carry = self.bill(at, &mut held, carry, true);
        }
        Metering {
            meter: at.name.to_owned(),
            quantity: quantity.normalize(),
            amount: amount.normalize(),
            counted: counted.into_iter().map(|(month, sum)| (month, sum.normalize())).collect(),
            carry: carry.normalize(),
            held,
            slots,
        }
    }

    /// The minimum of a cycle in which anything was used; late reports are not of a whole cycle.
    fn minimum(&self, at: &Meters<'_>, pieces: &[Piece]) -> Option<Decimal> {
        let piece = pieces.last().filter(|_| pieces.iter().all(|piece| !piece.is_late))?;
        let minimum = at.meter_at(piece.from)?.tariff(&piece.plan, self.currency)?.minimum;
        let is_used = pieces.iter().any(|piece| !piece.quantity.is_zero());
        Some(minimum).filter(|minimum| is_used && !minimum.is_zero())
    }

    /// Draws from packages what they have (R6.20); answers what is left to be paid for.
    fn draw_packages(&mut self, at: &Meters<'_>, piece: &Piece) -> Decimal {
        let mut rest = piece.quantity;
        for package in &mut self.packages {
            // A package is good for every cycle that its time reaches into: a month's too.
            let is_good = package.starts_at < piece.to
                && piece.from < package.ends_at
                && package.product == at.resource.subject.product
                && package.meter == at.name;
            let taken = package.left.min(rest);
            if !is_good || taken <= Decimal::ZERO {
                continue;
            }
            package.left -= taken;
            rest -= taken;
            self.draws.push(PackageDraw {
                subscription: package.subscription,
                starts_at: package.starts_at,
                quantity: taken,
            });
        }
        rest
    }

    /// Adds a part to what the next line will say; what is at another price is a line of its own.
    fn hold(
        &mut self,
        at: &Meters<'_>,
        held: &mut Option<Held>,
        piece: &Piece,
        part: &Part,
        month: Month,
    ) {
        let is_same = |held: &Held| {
            held.plan == piece.plan
                && held.tier == part.tier
                && held.price == part.price
                && held.month == month
                && held.is_adjustment == piece.is_adjustment
        };
        if let Some(other) = held.take_if(|held| !is_same(held)) {
            self.lines.push(at.line(&other, Money::zero(self.currency)));
        }
        match held {
            Some(held) => {
                held.quantity += part.quantity;
                held.since = held.since.min(piece.from);
                held.until = held.until.max(piece.to);
            }
            None => {
                *held = Some(Held {
                    plan: piece.plan.clone(),
                    tier: part.tier,
                    price: part.price,
                    month,
                    quantity: part.quantity,
                    since: piece.from,
                    until: piece.to,
                    is_adjustment: piece.is_adjustment,
                });
            }
        }
    }

    /// Writes the line if what accrued comes to the smallest unit of the currency: rounded down
    /// once, and what is left over is carried on (D19). Answers what is left over.
    fn bill(
        &mut self,
        at: &Meters<'_>,
        held: &mut Option<Held>,
        carry: Decimal,
        is_last: bool,
    ) -> Decimal {
        let list = floor(carry, self.currency);
        if list.is_zero() && !is_last {
            return carry;
        }
        if let Some(held) = held.take() {
            self.lines.push(at.line(&held, list));
        }
        carry - list.decimal()
    }

    /// What a resource cost in its whole life is raised to the least charge, once, at its release
    /// (R6.4).
    fn raise_to_minimum(
        &mut self,
        resource: &Resource,
        rules: &PaygRules,
        meters: &mut [Metering],
        from: usize,
    ) {
        let lines = &mut self.lines[from..];
        let billed: Decimal = lines.iter().map(|line| line.list.decimal()).sum();
        let touched = |name: &str| meters.iter().any(|metering| metering.meter == name);
        let untouched = resource.meters.iter().filter(|(name, _)| !touched(name));
        let carried: Decimal = meters.iter().map(|metering| metering.carry).sum::<Decimal>()
            + untouched.map(|(_, metered)| metered.carry).sum::<Decimal>();
        let charged = resource.billed + billed;
        let least = ceil(rules.min_lifetime_charge, self.currency);
        if charged + carried <= Decimal::ZERO || charged >= least.decimal() {
            return;
        }
        let lacking = least.decimal() - charged;
        let lacking = Money::from_decimal(lacking, self.currency, Rounding::Down);
        if let (Ok(lacking), Some(line)) = (lacking, lines.last_mut()) {
            line.list = line.list.checked_add(lacking).unwrap_or(line.list);
            for metering in meters {
                metering.carry = Decimal::ZERO;
            }
        }
    }
}

/// A meter of a resource.
struct Meters<'a> {
    timeline: &'a Timeline,
    resource: &'a Resource,
    name: &'a str,
    meter: &'a Meter,
    rules: &'a Rules,
}

impl Meters<'_> {
    /// The meter as it was at `at`: prices are those of the time of use, whenever it is reported.
    fn meter_at(&self, at: Timestamp) -> Option<&Meter> {
        payg_of(self.timeline, self.resource, at)?.meters.get(self.name)
    }

    /// What a quantity costs on the plan of its time; nothing where the meter does not price it.
    fn parts(
        &self,
        piece: &Piece,
        currency: Currency,
        before: Decimal,
        quantity: Decimal,
    ) -> Vec<Part> {
        let meter = self.meter_at(piece.from).filter(|_| !quantity.is_zero());
        let parts = meter.and_then(|meter| {
            let tariff = meter.tariff(&piece.plan, currency)?;
            Some(tariff.parts(meter.unit_seconds(), before, quantity))
        });
        parts.unwrap_or_default()
    }

    /// What is held, in the meter's unit: seconds of running time may be no round part of an
    /// hour, and a line says as much as anybody reads.
    fn in_units(&self, held: &Held) -> Decimal {
        let tariffs = self.meter.plans.get(&held.plan).into_iter().flat_map(BTreeMap::values);
        let counts_hours = tariffs.into_iter().any(|tariff| tariff.model == Model::Hourly);
        match self.meter.unit_seconds() {
            Some(seconds) if !counts_hours => {
                let units = held.quantity.checked_div(Decimal::from(seconds));
                units.unwrap_or(held.quantity).round_dp(6).normalize()
            }
            Some(_) | None => held.quantity,
        }
    }

    /// A line before coupon and tax.
    fn line(&self, held: &Held, list: Money) -> UsageLine {
        let zero = Money::zero(list.currency());
        UsageLine {
            resource: self.resource.id,
            product: self.resource.subject.product.clone(),
            plan: held.plan.clone(),
            meter: self.name.to_owned(),
            unit: self.meter.unit.clone(),
            tier: held.tier,
            price: held.price,
            quantity: self.in_units(held),
            since: held.since,
            until: held.until,
            is_adjustment: held.is_adjustment,
            list,
            coupon: zero,
            tax: zero,
            payable: list,
        }
    }
}

/// `amount` rounded down, also below zero: what is billed never runs ahead of what accrued.
fn floor(amount: Decimal, currency: Currency) -> Money {
    let down = amount.round_dp_with_strategy(
        currency.exponent(),
        rust_decimal::RoundingStrategy::ToNegativeInfinity,
    );
    Money::from_decimal(down, currency, Rounding::Down).unwrap_or_else(|_| Money::zero(currency))
}

fn ceil(amount: Decimal, currency: Currency) -> Money {
    let up = amount.round_dp_with_strategy(
        currency.exponent(),
        rust_decimal::RoundingStrategy::ToPositiveInfinity,
    );
    Money::from_decimal(up, currency, Rounding::Down).unwrap_or_else(|_| Money::zero(currency))
}
