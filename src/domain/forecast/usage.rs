//! Usage that is expected to be reported: it goes on at the rate of the last 24 hours, reported
//! cycle by cycle as the provider's systems do.

use std::collections::BTreeSet;
use std::time::Duration;

use rust_decimal::Decimal;

use crate::domain::account::Open;
use crate::domain::calendar::Timestamp;
use crate::domain::ids::ResourceId;
use crate::domain::nouns::resource::{Metered, Resource, State};
use crate::domain::rules::{Aggregation, QUANTITY_DECIMALS, QUANTITY_MAX, Timeline};
use crate::domain::usage::UsageKey;
use crate::domain::verbs::accrue;
use crate::domain::verbs::record_usage::{RecordUsage, Reported};

const DAY: Duration = Duration::from_hours(24);

/// Reported usage that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoingOn {
    /// Of which resource.
    pub resource: ResourceId,
    /// On which meter.
    pub meter: String,
    /// The meter's unit.
    pub unit: String,
    /// How it goes on.
    pub pace: Pace,
}

/// How reported usage goes on, in the meter's unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// So much within so long: what is summed.
    Rate(Decimal, Duration),
    /// So much in each cycle, on average: what is the largest, or the latest value of one.
    Level(Decimal),
}

impl GoingOn {
    /// What it comes to within a day; within a cycle, where it is a level.
    #[must_use]
    pub fn daily(&self) -> Decimal {
        self.within(DAY).unwrap_or_default()
    }

    fn within(&self, length: Duration) -> Option<Decimal> {
        let quantity = match self.pace {
            Pace::Level(level) => level,
            Pace::Rate(quantity, window) => {
                // By the second: a microsecond more or less changes no price.
                let share = Decimal::from(length.as_secs())
                    .checked_div(Decimal::from(window.as_secs().max(1)))?;
                quantity.checked_mul(share)?
            }
        };
        Some(quantity.round_dp(QUANTITY_DECIMALS).min(QUANTITY_MAX).normalize())
    }
}

/// What goes on, and when each is reported next.
#[derive(Debug, Default)]
pub(super) struct Carried {
    going_on: Vec<GoingOn>,
    /// When each is reported next: just before the end of its cycle. With it the start of what is
    /// not reported.
    next: BTreeSet<(Timestamp, usize, Timestamp)>,
    leaves_out_counts: bool,
    report_count: u64,
}

impl Carried {
    /// What goes on in an account from `from` on.
    pub(super) fn of(timeline: &Timeline, open: &Open, from: Timestamp) -> Self {
        let mut carried = Self::default();
        for live in open.resources.values().filter(|live| live.state() == State::Running) {
            let known = accrue::payg(timeline, &live.subject.product, from);
            let Some((rules, payg)) = known else { continue };
            for (name, metered) in &live.meters {
                let Some(meter) = payg.meters.get(name) else { continue };
                let cycle = |at| accrue::slot_of(rules, payg, live, at);
                let (pace, since) = match meter.aggregation {
                    Aggregation::Sum => (rate(live, metered, from), from),
                    Aggregation::Max | Aggregation::Last => {
                        // What was reported in this cycle stands for all of it.
                        let (start, end) = cycle(from);
                        let is_known = metered.open.contains_key(&start);
                        (level(live, metered, from, cycle), if is_known { end } else { from })
                    }
                    Aggregation::UniqueCount => {
                        let level = level(live, metered, from, cycle);
                        carried.leaves_out_counts |= level.is_some();
                        (None, from)
                    }
                    Aggregation::Duration => (None, from),
                };
                if let Some(pace) = pace {
                    let (meter, unit) = (name.clone(), meter.unit.clone());
                    carried.going_on.push(GoingOn { resource: live.id, meter, unit, pace });
                    carried.plan(timeline, live, carried.going_on.len() - 1, since);
                }
            }
        }
        carried
    }

    pub(super) fn going_on(&self) -> &[GoingOn] {
        &self.going_on
    }

    pub(super) const fn leaves_out_counts(&self) -> bool {
        self.leaves_out_counts
    }

    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.next.first().map(|(at, ..)| *at)
    }

    /// What is reported at `at`; nothing if what was to be reported no longer runs.
    pub(super) fn report(
        &mut self,
        timeline: &Timeline,
        open: &Open,
        at: Timestamp,
    ) -> Option<RecordUsage> {
        let mut readings = Vec::new();
        while let Some((_, place, since)) = self.next.first().copied().filter(|it| it.0 <= at) {
            self.next.pop_first();
            let Some(going_on) = self.going_on.get(place) else { continue };
            // What was stopped for debt, or released, uses nothing from then on.
            let live = open.resources.get(&going_on.resource);
            let Some(live) = live.filter(|live| live.state() == State::Running) else { continue };
            let end = at.plus(TICK);
            if let Some(quantity) = going_on.within(end.since(since)) {
                self.report_count += 1;
                readings.push(Reported {
                    key: UsageKey(u128::from(self.report_count).to_be_bytes()),
                    resource: going_on.resource,
                    meter: going_on.meter.clone(),
                    quantity,
                    value: None,
                    at,
                });
            }
            self.plan(timeline, live, place, end);
        }
        (!readings.is_empty()).then_some(RecordUsage { readings })
    }

    /// Plans the report of the cycle that `since` lies in.
    fn plan(&mut self, timeline: &Timeline, live: &Resource, place: usize, since: Timestamp) {
        let payg = accrue::payg(timeline, &live.subject.product, since);
        if let Some((rules, payg)) = payg {
            let (_, end) = accrue::slot_of(rules, payg, live, since);
            self.next.insert((end.minus(TICK), place, since));
        }
    }
}

/// A report comes this long before the end of its cycle: instants are whole seconds (D37).
const TICK: Duration = Duration::from_secs(1);

/// What was summed in the cycles that the last 24 hours reach into, and how long they were.
fn rate(live: &Resource, metered: &Metered, from: Timestamp) -> Option<Pace> {
    let day_ago = from.minus(DAY);
    let settled = metered.recent.iter().filter(|used| used.settled_at > day_ago);
    let settled = settled.map(|used| (used.since, used.quantity));
    let open = metered.open.iter().filter(|(_, slot)| slot.late_since.is_none());
    let open = open.map(|(start, slot)| (*start, slot.tally.quantity()));
    let (mut since, mut sum) = (day_ago, Decimal::ZERO);
    for (start, quantity) in settled.chain(open) {
        since = since.min(start);
        sum = sum.checked_add(quantity)?;
    }
    let window = from.since(since.max(live.opened_at));
    (sum > Decimal::ZERO && !window.is_zero()).then_some(Pace::Rate(sum, window))
}

/// What the cycles that ended within the last 24 hours came to on average; what this one has come
/// to so far, where none ended.
fn level(
    live: &Resource,
    metered: &Metered,
    from: Timestamp,
    cycle: impl Fn(Timestamp) -> (Timestamp, Timestamp),
) -> Option<Pace> {
    let (this, _) = cycle(from);
    let (first, mut end) = cycle(from.minus(DAY).max(live.opened_at));
    let mut count = 0_u32;
    while end <= this {
        count += 1;
        end = cycle(end).1;
    }
    let settled = metered.recent.iter().map(|used| (used.since, used.quantity));
    let open = metered.open.iter().filter(|(_, slot)| slot.late_since.is_none());
    let open = open.map(|(start, slot)| (*start, slot.tally.quantity()));
    let (mut sum, mut so_far) = (Decimal::ZERO, Decimal::ZERO);
    for (start, quantity) in settled.chain(open) {
        if start == this {
            so_far = quantity;
        } else if start >= first {
            sum = sum.checked_add(quantity)?;
        }
    }
    let level = if count == 0 { so_far } else { sum.checked_div(Decimal::from(count))? };
    (level > Decimal::ZERO).then_some(Pace::Level(level))
}
