//! Accrue: what a resource used within a cycle, at which price, and what of it comes to a line
//! (R6.1–R6.5, D19, D44).

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::domain::calendar::Timestamp;
use crate::domain::metering::Part;
use crate::domain::money::{Currency, Money, Rounding};
use crate::domain::month::Month;
use crate::domain::nouns::resource::{Held, Metered, Resource, State};
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

/// The cycle that `at` lies in.
fn cycle(rules: &Rules, payg: &Payg, at: Timestamp) -> (Timestamp, Timestamp) {
    payg.cycle.interval(at, rules.bill.zone)
}

/// The start of the interval that a report of `at` counts in: the cycle, or the last change of
/// plan within it (R6.3).
#[must_use]
pub fn slot_of(rules: &Rules, payg: &Payg, resource: &Resource, at: Timestamp) -> Timestamp {
    let (start, _) = cycle(rules, payg, at);
    resource.plan_changes(start).filter(|change| *change <= at).last().unwrap_or(start)
}

/// When the interval of a report is settled, if the report comes in time.
#[must_use]
pub fn slot_due_at(rules: &Rules, payg: &Payg, slot: Timestamp) -> Timestamp {
    cycle(rules, payg, slot).1.plus(rules.payg.settle_delay.0)
}

/// When a resource is to be settled next, if there is anything to settle.
#[must_use]
pub fn due_at(timeline: &Timeline, resource: &Resource) -> Option<Timestamp> {
    let due = |at: Timestamp| {
        let (rules, payg) = payg(timeline, &resource.subject.product, at)?;
        Some(slot_due_at(rules, payg, at))
    };
    let time = first_cost(timeline, resource).and_then(due);
    let reports = resource.meters.values().flat_map(|metered| &metered.open);
    let reports = reports.filter_map(|(start, slot)| due(slot.late_since.unwrap_or(*start))).min();
    let end = resource.released_at.filter(|_| !resource.is_settled);
    let end = end.and_then(|at| due(before(at, resource.opened_at)));
    [time, reports, end].into_iter().flatten().min()
}

/// The last instant before a release.
fn before(at: Timestamp, opened_at: Timestamp) -> Timestamp {
    at.minus(std::time::Duration::from_micros(1)).max(opened_at)
}

/// The first instant that is not settled and costs by its time.
fn first_cost(timeline: &Timeline, resource: &Resource) -> Option<Timestamp> {
    let (_, payg) = payg(timeline, &resource.subject.product, resource.settled_through)?;
    let is_metered = |state: State| payg.meters.values().any(|meter| costs(meter, state));
    let from = resource.settled_through;
    stretches(resource, from, Timestamp::MAX)
        .find(|stretch| is_metered(stretch.state))
        .map(|stretch| stretch.from)
}

/// Does the time of a resource in this state cost on this meter?
fn costs(meter: &Meter, state: State) -> bool {
    let is_time = meter.aggregation == Aggregation::Duration;
    is_time
        && match state {
            State::Running => true,
            State::Stopped => meter.while_stopped,
            State::Halted | State::Released => false,
        }
}

/// A stretch of a resource's life within an interval.
#[derive(Debug, Clone, Copy)]
struct Stretch<'a> {
    from: Timestamp,
    to: Timestamp,
    plan: &'a str,
    state: State,
}

/// The stretches of a resource's life within `from..to`.
fn stretches(
    resource: &Resource,
    from: Timestamp,
    to: Timestamp,
) -> impl Iterator<Item = Stretch<'_>> {
    let phases = &resource.phases;
    phases.iter().enumerate().filter_map(move |(place, phase)| {
        let ends = phases.get(place + 1).map_or(Timestamp::MAX, |next| next.from);
        let (from, to) = (phase.from.max(from), ends.min(to));
        let stretch = Stretch { from, to, plan: &phase.plan, state: phase.state };
        (from < to).then_some(stretch)
    })
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
        let is_time_due = end.plus(rules.payg.settle_delay.0) <= self.due_at;
        let until = if first.is_some() && is_time_due { end } else { resource.settled_through };
        let ended_at = resource.released_at.filter(|_| !resource.is_settled);
        let is_final = ended_at.is_some_and(|at| {
            slot_due_at(rules, payg, before(at, resource.opened_at)) <= self.due_at
        });
        let lines_before = self.lines.len();
        let mut meters = Vec::new();
        for (name, meter) in &payg.meters {
            let metered = resource.meters.get(name);
            let (mut pieces, slots) = reported(rules, payg, resource, metered, self.due_at);
            pieces.extend(running(resource, meter, self.currency, start, until));
            let is_held = metered.is_some_and(|metered| metered.held.is_some());
            if pieces.is_empty() && slots.is_empty() && !(is_final && is_held) {
                continue;
            }
            let at = Meters { resource, name, meter, rules };
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
            let mut parts = at.parts(&piece.plan, self.currency, *before, charged);
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
                self.hold(at, &mut held, &piece, &part, month, piece.is_adjustment);
                carry = self.bill(at, &mut held, carry, piece.is_adjustment, false);
            }
        }
        if is_final {
            carry = self.bill(at, &mut held, carry, false, true);
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
        let minimum = at.meter.plans.get(&piece.plan)?.get(&self.currency)?.minimum;
        let is_used = pieces.iter().any(|piece| !piece.quantity.is_zero());
        Some(minimum).filter(|minimum| is_used && !minimum.is_zero())
    }

    /// Draws from packages what they have (R6.20); answers what is left to be paid for.
    fn draw_packages(&mut self, at: &Meters<'_>, piece: &Piece) -> Decimal {
        let mut rest = piece.quantity;
        for package in &mut self.packages {
            let is_good = package.starts_at <= piece.from
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
        is_adjustment: bool,
    ) {
        let is_same = |held: &Held| {
            held.plan == piece.plan
                && held.tier == part.tier
                && held.price == part.price
                && held.month == month
        };
        if let Some(other) = held.take_if(|held| !is_same(held)) {
            self.lines.push(at.line(&other, Money::zero(self.currency), is_adjustment));
        }
        let part_quantity = part.quantity;
        match held {
            Some(held) => {
                held.quantity += part_quantity;
                held.since = held.since.min(piece.from);
                held.until = held.until.max(piece.to);
            }
            None => {
                *held = Some(Held {
                    plan: piece.plan.clone(),
                    tier: part.tier,
                    price: part.price,
                    month,
                    quantity: part_quantity,
                    since: piece.from,
                    until: piece.to,
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
        is_adjustment: bool,
        is_last: bool,
    ) -> Decimal {
        let list = floor(carry, self.currency);
        if list.is_zero() && !is_last {
            return carry;
        }
        if let Some(held) = held.take() {
            self.lines.push(at.line(&held, list, is_adjustment));
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
    resource: &'a Resource,
    name: &'a str,
    meter: &'a Meter,
    rules: &'a Rules,
}

impl Meters<'_> {
    /// What a quantity costs on a plan; nothing where the meter does not price it.
    fn parts(
        &self,
        plan: &str,
        currency: Currency,
        before: Decimal,
        quantity: Decimal,
    ) -> Vec<Part> {
        let tariff = self.meter.plans.get(plan).and_then(|prices| prices.get(&currency));
        match tariff {
            Some(tariff) if !quantity.is_zero() => {
                tariff.parts(self.meter.unit_seconds(), before, quantity)
            }
            Some(_) | None => Vec::new(),
        }
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
    fn line(&self, held: &Held, list: Money, is_adjustment: bool) -> UsageLine {
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
            is_adjustment,
            list,
            coupon: zero,
            tax: zero,
            payable: list,
        }
    }
}

/// What was reported in intervals that are due, and those intervals.
fn reported(
    rules: &Rules,
    payg: &Payg,
    resource: &Resource,
    metered: Option<&Metered>,
    due_at: Timestamp,
) -> (Vec<Piece>, Vec<Timestamp>) {
    let (mut pieces, mut slots) = (Vec::new(), Vec::new());
    for (start, slot) in metered.iter().flat_map(|metered| &metered.open) {
        let asked = slot.late_since.unwrap_or(*start);
        if slot_due_at(rules, payg, asked) > due_at {
            continue;
        }
        slots.push(*start);
        let quantity = slot.tally.quantity() - slot.billed;
        let (_, end) = cycle(rules, payg, *start);
        let change = resource.plan_changes(*start).find(|change| *change < end);
        let plan = resource.phase_at((*start).max(resource.opened_at));
        let is_adjustment =
            slot.late_since.is_some_and(|late| late > end.plus(rules.payg.late_line.0));
        if !quantity.is_zero() {
            pieces.push(Piece {
                plan: plan.map_or_else(|| resource.plan.clone(), |phase| phase.plan.clone()),
                from: *start,
                to: change.unwrap_or(end),
                quantity,
                is_adjustment,
                is_late: slot.late_since.is_some(),
            });
        }
    }
    (pieces, slots)
}

/// How long a resource ran within `from..to`, as [`running`] counts it.
#[must_use]
pub fn ran(
    resource: &Resource,
    meter: &Meter,
    currency: Currency,
    from: Timestamp,
    to: Timestamp,
) -> Decimal {
    running(resource, meter, currency, from, to).iter().map(|piece| piece.quantity).sum()
}

/// The time that a resource ran within `from..to`: in whole seconds, or in clock hours that it
/// touched where its price is by the hour (R6.1).
fn running(
    resource: &Resource,
    meter: &Meter,
    currency: Currency,
    from: Timestamp,
    to: Timestamp,
) -> Vec<Piece> {
    let piece = |plan: &str, from, to, quantity| Piece {
        plan: plan.to_owned(),
        from,
        to,
        quantity,
        is_adjustment: false,
        is_late: false,
    };
    let by_hour = |plan: &str| {
        let tariff = meter.plans.get(plan).and_then(|prices| prices.get(&currency));
        tariff.filter(|tariff| tariff.model == Model::Hourly).and_then(|tariff| tariff.price)
    };
    let mut pieces: Vec<Piece> = Vec::new();
    let mut hours: BTreeMap<Timestamp, (Decimal, &str)> = BTreeMap::new();
    for stretch in stretches(resource, from, to).filter(|stretch| costs(meter, stretch.state)) {
        let Some(price) = by_hour(stretch.plan) else {
            let seconds = seconds(stretch.from, stretch.to);
            match pieces.last_mut() {
                // Stopped and started again under one plan: one line.
                Some(last) if last.plan == stretch.plan => {
                    last.to = stretch.to;
                    last.quantity += seconds;
                }
                Some(_) | None => {
                    pieces.push(piece(stretch.plan, stretch.from, stretch.to, seconds));
                }
            }
            continue;
        };
        let mut hour = clock_hour(stretch.from);
        while hour < stretch.to {
            // Counted where it was touched first, at the dearest price that it was touched at.
            let was_touched = hour < from
                && stretches(resource, hour, from).any(|earlier| costs(meter, earlier.state));
            if !was_touched {
                let dearest = hours.entry(hour).or_insert((price, stretch.plan));
                if dearest.0 < price {
                    *dearest = (price, stretch.plan);
                }
            }
            hour = hour.plus(std::time::Duration::from_hours(1));
        }
    }
    for (hour, (_, plan)) in hours {
        let end = hour.plus(std::time::Duration::from_hours(1));
        match pieces.last_mut() {
            Some(last) if last.plan == plan && last.to == hour => {
                last.to = end;
                last.quantity += Decimal::ONE;
            }
            Some(_) | None => pieces.push(piece(plan, hour, end, Decimal::ONE)),
        }
    }
    pieces
}

/// The whole seconds between two instants: what lies between two seconds belongs to the earlier
/// one, so that stretches side by side sum to their whole.
fn seconds(from: Timestamp, to: Timestamp) -> Decimal {
    let second = |at: Timestamp| at.utc().timestamp();
    Decimal::from(second(to) - second(from))
}

fn clock_hour(at: Timestamp) -> Timestamp {
    let seconds = at.utc().timestamp();
    let within = u64::try_from(seconds.rem_euclid(3_600)).unwrap_or_default();
    let micros = u64::from(at.utc().timestamp_subsec_micros());
    at.minus(std::time::Duration::from_micros(within * 1_000_000 + micros))
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
