//! Running time: the stretches of a resource's life, and what of them costs (R6.1, R6.2).

use std::collections::BTreeMap;
use std::time::Duration;

use rust_decimal::Decimal;

use super::{Piece, payg};
use crate::domain::calendar::{Timestamp, Zone};
use crate::domain::money::Currency;
use crate::domain::nouns::resource::{Resource, State};
use crate::domain::rules::{Aggregation, Cycle, Meter, Model, Timeline};

/// The first instant that is not settled and costs by its time.
pub(super) fn first_cost(timeline: &Timeline, resource: &Resource) -> Option<Timestamp> {
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
pub(super) fn running(
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
            hour = hour.plus(Duration::from_hours(1));
        }
    }
    for (hour, (_, plan)) in hours {
        let end = hour.plus(Duration::from_hours(1));
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
    Decimal::from(to.seconds() - from.seconds())
}

/// The start of the clock hour of UTC that `at` lies in.
fn clock_hour(at: Timestamp) -> Timestamp {
    Cycle::Hour.interval(at, Zone::UTC).0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::ids::{AccountId, ResourceId};
    use crate::domain::nouns::resource::{Event, Subject};

    fn resource(from: Timestamp, to: Timestamp) -> Resource {
        let id = ResourceId::new(AccountId::from_bits(7), 1);
        let (product, region) = ("vm".to_owned(), "eu".to_owned());
        let subject = Subject { external_id: None, product, region };
        let mut resource = Resource::begin(id, subject, "small".to_owned(), from);
        resource.apply(&Event::Released { id, at: to, for_debt: false });
        resource
    }

    fn meter(model: &str) -> Meter {
        serde_json::from_value(serde_json::json!({
            "unit": "hour", "aggregation": "duration",
            "plans": {"small": {"USD": {"model": model, "price": "1"}}},
        }))
        .expect("a meter")
    }

    /// From a quarter past six on, under plans that cost so much an hour.
    fn hours(small: &str, large: &str, changes: &[Event], to: u64) -> Vec<(String, u64, u64)> {
        let at = |minutes| Timestamp::from_micros(0).plus(Duration::from_mins(minutes));
        let meter: Meter = serde_json::from_value(serde_json::json!({
            "unit": "hour", "aggregation": "duration", "plans": {
                "small": {"USD": {"model": "hourly", "price": small}},
                "large": {"USD": {"model": "hourly", "price": large}},
            },
        }))
        .expect("a meter");
        let start = at(6 * 60 + 15);
        let Resource { id, subject, plan, .. } = resource(start, at(to));
        let mut live = Resource::begin(id, subject, plan, start);
        for event in changes {
            live.apply(event);
        }
        live.apply(&Event::Released { id, at: at(to), for_debt: false });
        let usd = "USD".parse().expect("a currency");
        let pieces = running(&live, &meter, usd, start, at(to));
        let of = |piece: &Piece| {
            assert_eq!(piece.quantity, Decimal::from(piece.to.since(piece.from).as_secs() / 3_600));
            let hour = |at: Timestamp| at.seconds().unsigned_abs() / 3_600;
            (piece.plan.clone(), hour(piece.from), hour(piece.to))
        };
        pieces.iter().map(of).collect()
    }

    #[test]
    fn r6_1_hours_side_by_side_are_one_piece_and_each_is_at_its_dearest_plan() {
        let id = ResourceId::new(AccountId::from_bits(7), 1);
        let at = |minutes| Timestamp::from_micros(0).plus(Duration::from_mins(minutes));
        let piece = |plan: &str, from, to| (plan.to_owned(), from, to);
        assert_eq!(hours("1", "2", &[], 9 * 60), [piece("small", 6, 9)]);
        let stopped = [
            Event::Stopped { id, at: at(7 * 60 + 30) },
            Event::Started { id, at: at(9 * 60 + 30) },
        ];
        let gap = [piece("small", 6, 8), piece("small", 9, 11)];
        assert_eq!(hours("1", "2", &stopped, 11 * 60), gap);
        let changed = || [Event::PlanChanged { id, plan: "large".to_owned(), at: at(7 * 60 + 30) }];
        let dearest = [piece("small", 6, 7), piece("large", 7, 9)];
        assert_eq!(hours("1", "2", &changed(), 9 * 60), dearest);
        let first = [piece("small", 6, 8), piece("large", 8, 9)];
        assert_eq!(hours("2", "2", &changed(), 9 * 60), first, "of two alike the first");
        assert_eq!(hours("2", "1", &changed(), 9 * 60), first);
    }

    proptest! {
        /// R6.1, R6.2: however its life is cut into the cycles that settle it.
        #[test]
        fn seconds_and_hours_are_those_of_a_clock_that_ticks(
            start in 1_700_000_000_i64..1_700_010_000,
            length in 1_i64..8_000,
            cut in 0_i64..8_000,
        ) {
            let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
            let cut = start + cut.min(length);
            let live = resource(at(start), at(start + length));
            let usd = "USD".parse().expect("a currency");
            let counted = |model, from, to| ran(&live, &meter(model), usd, at(from), at(to));
            prop_assert_eq!(counted("flat", start, cut), Decimal::from(cut - start));
            prop_assert_eq!(counted("flat", cut, start + length), Decimal::from(start + length - cut));
            let mut hours: Vec<i64> = (start..start + length).map(|tick| tick / 3_600).collect();
            hours.dedup();
            let halves = counted("hourly", start, cut) + counted("hourly", cut, start + length);
            prop_assert_eq!(halves, Decimal::from(hours.len()), "each hour once");
        }
    }
}
