//! No period is paid twice: a period has one number, and one order at the most that paid it and
//! was not given back; a scheduler and a customer at the same instant pay it once (R2.10, R2.11,
//! D26, D28). Periods follow each other without a gap or an overlap (R1.8, R1.9).

use std::collections::{BTreeMap, BTreeSet};

use renewd::domain::event::Event;
use renewd::domain::nouns::order::Kind;
use renewd::domain::nouns::{order, subscription};

use crate::history::{History, Stream};

pub(crate) fn broken(history: &History) -> Vec<String> {
    history.accounts().flat_map(|(_, stream)| of_account(stream)).collect()
}

fn of_account(stream: &Stream) -> Vec<String> {
    let mut broken = Vec::new();
    // By order: the period that it is for, and whether it may begin late (R1.10).
    let mut orders = BTreeMap::new();
    let mut paid = BTreeMap::new();
    let mut ends = BTreeMap::new();
    let mut settled = BTreeSet::new();
    for (record, event) in stream.events() {
        match event {
            Event::Order(order::Event::Opened(order)) => {
                if matches!(order.kind, Kind::New | Kind::Renew) {
                    let period = (order.subscription, order.period_no);
                    orders.insert(order.id, (period, order.from_plan.is_some()));
                }
            }
            Event::Order(order::Event::Processing { order, .. }) if !settled.insert(*order) => {
                broken.push(format!("{order} was paid twice, at {}", record.at));
            }
            Event::Order(
                order::Event::Paid { order, starts_at, ends_at, .. }
                | order::Event::Provisioned { order, starts_at, ends_at, .. },
            ) => {
                let is_payment = matches!(event, Event::Order(order::Event::Paid { .. }));
                if is_payment && !settled.insert(*order) {
                    broken.push(format!("{order} was paid twice, at {}", record.at));
                }
                let Some((period, changes_plan)) = orders.get(order) else { continue };
                if let Some(before) = paid.insert(*period, *order) {
                    broken.push(format!("period {period:?} was paid by {before} and by {order}"));
                }
                if starts_at >= ends_at {
                    broken.push(format!("{order} paid for no time at all"));
                }
                if let Some(end) = ends.insert(period.0, *ends_at)
                    && end != *starts_at
                    && !(*changes_plan && end < *starts_at)
                {
                    broken.push(format!("{order} pays from {starts_at}, the last ended {end}"));
                }
            }
            Event::Subscription(subscription::Event::PeriodCancelled { id, .. }) => {
                // The next one starts where the one before ended, which the tables know.
                ends.remove(id);
            }
            Event::Order(
                order::Event::Processing { .. }
                | order::Event::Repriced { .. }
                | order::Event::Warned { .. }
                | order::Event::Failed { .. }
                | order::Event::Refunded { .. }
                | order::Event::Cancelled { .. }
                | order::Event::ReportedLate { .. },
            )
            | Event::Subscription(
                subscription::Event::Ordered { .. }
                | subscription::Event::Activated { .. }
                | subscription::Event::Imported { .. }
                | subscription::Event::Renewed { .. }
                | subscription::Event::RenewalOrdered { .. }
                | subscription::Event::ChangeOrdered { .. }
                | subscription::Event::OrderClosed { .. }
                | subscription::Event::PlanChanged { .. }
                | subscription::Event::PlanTookEffect { .. }
                | subscription::Event::Unsubscribed { .. }
                | subscription::Event::AttemptFailed { .. }
                | subscription::Event::ModeSet { .. }
                | subscription::Event::Expired { .. }
                | subscription::Event::Suspended { .. }
                | subscription::Event::Released { .. }
                | subscription::Event::Cancelled { .. },
            )
            | Event::Account(_)
            | Event::Wallet(_)
            | Event::Withdrawal(_)
            | Event::Coupon(_)
            | Event::Resource(_)
            | Event::Usage(_)
            | Event::Standing(_)
            | Event::Closure(_)
            | Event::Statement(_)
            | Event::Notice(_)
            | Event::House(_)
            | Event::Campaign(_)
            | Event::Series(_) => {}
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::super::breaking::{change_event, is_found};
    use super::*;

    #[test]
    fn a_second_payment_of_a_period_is_found() {
        is_found(broken, |history| {
            let is = |event: &Event| matches!(event, Event::Order(order::Event::Paid { .. }));
            change_event(history, is, |records, place, event| {
                let again = records[place].events[event].clone();
                records.last_mut().expect("a record").events.push(again);
            })
        });
    }

    #[test]
    fn a_gap_between_periods_is_found() {
        is_found(broken, |history| {
            let is = |event: &Event| {
                matches!(event, Event::Order(order::Event::Opened(order)) if order.period_no == 2
                    && order.from_plan.is_none())
            };
            let mut second = None;
            if !change_event(history, is, |records, place, event| {
                if let Event::Order(order::Event::Opened(order)) = &records[place].events[event] {
                    second = Some(order.id);
                }
            }) {
                return false;
            }
            let is = |event: &Event| {
                matches!(event, Event::Order(order::Event::Paid { order, .. })
                    if Some(*order) == second)
            };
            change_event(history, is, |records, place, event| {
                if let Event::Order(order::Event::Paid { starts_at, .. }) =
                    &mut records[place].events[event]
                {
                    *starts_at = starts_at.plus(std::time::Duration::from_secs(1));
                }
            })
        });
    }
}
