//! No period is missed: every slot at which a subscription was to be renewed by itself was settled
//! at its own instant, by a renewal or by a failure with its reason (R2.3, R2.8, R2.16, D30), and
//! all running time up to the last settlement was settled, to the second (R6.1, R6.2).

use std::collections::{BTreeMap, BTreeSet};

use renewd::domain::calendar::Timestamp;
use renewd::domain::event::Event;
use renewd::domain::ids::ResourceId;
use renewd::domain::nouns::subscription::{self, Mode};
use renewd::domain::nouns::{resource, usage};
use renewd::domain::rules::Timeline;
use rust_decimal::Decimal;

use crate::history::{History, Stream};
use crate::stretches::{self, Stretch};

pub(crate) fn broken(history: &History) -> Vec<String> {
    let mut broken = Vec::new();
    let Some(house) = history.house() else { return broken };
    for (_, stream) in history.accounts() {
        let mut settled = BTreeSet::new();
        for (_, event) in stream.events() {
            if let Event::Subscription(
                subscription::Event::AttemptFailed { id, due_at, .. }
                | subscription::Event::Renewed { id, at: due_at, automatic: true, .. },
            ) = event
            {
                settled.insert((*id, *due_at));
            }
        }
        for stretch in stretches::of(history, stream) {
            let missed = slots(&house.timeline, &stretch);
            let missed = missed.into_iter().filter(|at| !settled.contains(&(stretch.id, *at)));
            broken.extend(missed.map(|at| format!("the slot {at} was missed in {stretch:?}")));
        }
        running_time(stream, &mut broken);
    }
    broken
}

/// The slots of the schedule that begins nine days before expiry, at eight, once a day.
fn slots(timeline: &Timeline, stretch: &Stretch) -> Vec<Timestamp> {
    if stretch.mode != Mode::AutoRenewal || stretch.processing {
        return Vec::new();
    }
    let first = stretch.zone.date(stretch.started_at).succ_opt();
    (0..=9)
        .map(|days| stretch.before_expiry(days, 8))
        .filter(|at| *at < stretch.expires_at && stretch.has(*at))
        .filter(|at| Some(stretch.zone.date(*at)) >= first)
        .filter(|at| {
            let product =
                stretch.rules(timeline, *at).map(|rules| &rules.products[&stretch.product]);
            product.is_some_and(|product| product.autorenewal == "daily-t9")
        })
        .collect()
}

/// When a resource ran, and what was settled of it.
#[derive(Debug, Default)]
struct Running {
    /// From when to when.
    spans: Vec<(Timestamp, Timestamp)>,
    since: Option<Timestamp>,
    stopped: bool,
    halted: bool,
    settled: Option<(Timestamp, Decimal)>,
}

impl Running {
    fn turn(&mut self, at: Timestamp, stopped: Option<bool>, halted: Option<bool>) {
        if let Some(since) = self.since.take() {
            self.spans.push((since, at));
        }
        self.stopped = stopped.unwrap_or(self.stopped);
        self.halted = halted.unwrap_or(self.halted);
        self.since = (!self.stopped && !self.halted).then_some(at);
    }

    /// Seconds that it ran until `through`.
    fn ran(&self, through: Timestamp) -> i64 {
        let open = self.since.map(|since| (since, through));
        let spans = self.spans.iter().copied().chain(open);
        spans
            .map(|(from, to)| (to.min(through).seconds() - from.min(through).seconds()).max(0))
            .sum()
    }
}

fn running_time(stream: &Stream, broken: &mut Vec<String>) {
    let mut all: BTreeMap<ResourceId, Running> = BTreeMap::new();
    for (_, event) in stream.events() {
        match event {
            Event::Resource(event) => {
                let (at, stopped, halted) = match event {
                    resource::Event::Opened { at, .. } => (*at, Some(false), Some(false)),
                    resource::Event::Started { at, .. } => (*at, Some(false), None),
                    resource::Event::Stopped { at, .. } => (*at, Some(true), None),
                    resource::Event::Halted { due_at, .. } => (*due_at, None, Some(true)),
                    resource::Event::Restored { at, .. } => (*at, None, Some(false)),
                    resource::Event::Released { at, .. } => (*at, Some(true), Some(true)),
                    resource::Event::PlanChanged { .. }
                    | resource::Event::ReleaseNoticed { .. }
                    | resource::Event::Closed { .. } => continue,
                };
                all.entry(event.resource()).or_default().turn(at, stopped, halted);
            }
            Event::Usage(usage::Event::Settled(settlement)) => {
                for accrual in &settlement.accruals {
                    let running = all.entry(accrual.resource).or_default();
                    for metering in accrual.meters.iter().filter(|it| it.meter == "cpu") {
                        let (through, sum) =
                            running.settled.unwrap_or((Timestamp::MIN, Decimal::ZERO));
                        let through = through.max(accrual.through);
                        running.settled = Some((through, sum + metering.quantity));
                    }
                }
            }
            Event::Usage(
                usage::Event::Recorded { .. }
                | usage::Event::PackageFilled(_)
                | usage::Event::PackageDropped { .. },
            )
            | Event::Account(_)
            | Event::Wallet(_)
            | Event::Withdrawal(_)
            | Event::Order(_)
            | Event::Subscription(_)
            | Event::Coupon(_)
            | Event::Standing(_)
            | Event::Closure(_)
            | Event::Statement(_)
            | Event::Notice(_)
            | Event::House(_)
            | Event::Campaign(_)
            | Event::Series(_) => {}
        }
    }
    for (id, running) in all {
        let Some((through, settled)) = running.settled else { continue };
        let ran = running.ran(through);
        if settled != Decimal::from(ran) {
            broken.push(format!("{id} ran for {ran} s by {through}, settled are {settled}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::breaking::{change_event, is_found};
    use super::*;

    #[test]
    fn a_slot_that_was_missed_is_found() {
        is_found(broken, |history| {
            let timeline = history.house().expect("a house").timeline.clone();
            let expected: BTreeSet<_> = history
                .accounts()
                .flat_map(|(_, stream)| stretches::of(history, stream))
                .flat_map(|of| slots(&timeline, &of).into_iter().map(move |at| (of.id, at)))
                .collect();
            let is = |event: &Event| {
                matches!(event, Event::Subscription(subscription::Event::AttemptFailed {
                    id, due_at, .. }) if expected.contains(&(*id, *due_at)))
            };
            change_event(history, is, |records, place, event| {
                drop(records[place].events.remove(event));
            })
        });
    }

    #[test]
    fn an_hour_that_was_not_settled_is_found() {
        is_found(broken, |history| {
            let is = |event: &Event| {
                let Event::Usage(usage::Event::Settled(it)) = event else { return false };
                let time = it.accruals.iter().flat_map(|accrual| &accrual.meters);
                time.clone().any(|it| it.meter == "cpu" && !it.quantity.is_zero())
            };
            change_event(history, is, |records, place, event| {
                drop(records[place].events.remove(event));
            })
        });
    }
}
