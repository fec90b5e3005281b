//! Each reminder is said once at the most, and none is missing without a recorded reason (R3.1,
//! R3.7, D25); what is said goes out; and nothing is released whose owner was not told at least 24
//! hours before (D38).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use renewd::domain::calendar::Timestamp;
use renewd::domain::event::Event;
use renewd::domain::ids::{StreamId, SubscriptionId};
use renewd::domain::nouns::notice::{self, Kind};
use renewd::domain::nouns::subscription::{self, Mode};
use renewd::domain::rules::Timeline;
use renewd::store::Channel;

use crate::faulty::Noted;
use crate::history::{History, Stream};
use crate::stretches::{self, Stretch};

pub(crate) fn broken(history: &History) -> Vec<String> {
    let mut broken = Vec::new();
    let Some(house) = history.house() else { return broken };
    let mails = mails(history);
    for (id, stream) in history.accounts() {
        once(stream, &house.timeline, &mut broken);
        sent(id.into(), stream, &mails, &mut broken);
        let settled: BTreeSet<_> = stream
            .events()
            .filter_map(|(_, event)| {
                let Event::Notice(notice) = event else { return None };
                Some((notice.subscription(), notice.due_at()))
            })
            .collect();
        for stretch in stretches::of(history, stream) {
            let missed = marks(&house.timeline, &stretch).into_iter();
            let missed = missed.filter(|at| !settled.contains(&(stretch.id, *at)));
            broken.extend(missed.map(|at| format!("the mark {at} was missed in {stretch:?}")));
        }
    }
    broken
}

/// The marks at nine: 15, 7, 3 and 1 days before expiry and on its day, for whoever renews by hand.
fn marks(timeline: &Timeline, stretch: &Stretch) -> Vec<Timestamp> {
    if stretch.mode != Mode::ManualRenewal || stretch.muted {
        return Vec::new();
    }
    [15, 7, 3, 1, 0]
        .into_iter()
        .filter(|days| !(stretch.ends_at_expiry && *days == 1))
        .map(|days| stretch.before_expiry(days, 9))
        .filter(|at| *at < stretch.expires_at && *at > stretch.started_at && stretch.has(*at))
        .filter(|at| {
            let product =
                stretch.rules(timeline, *at).map(|rules| &rules.products[&stretch.product]);
            product.is_some_and(|product| product.reminders == "default")
        })
        .collect()
}

fn once(stream: &Stream, timeline: &Timeline, broken: &mut Vec<String>) {
    // Of each period that was paid, the latest last: one that is taken back leaves the one before.
    let mut expiries: BTreeMap<SubscriptionId, Vec<Timestamp>> = BTreeMap::new();
    let mut products: BTreeMap<SubscriptionId, String> = BTreeMap::new();
    let mut noticed: BTreeMap<SubscriptionId, Timestamp> = BTreeMap::new();
    let mut said = BTreeSet::new();
    for (record, event) in stream.events() {
        match event {
            Event::Subscription(subscription::Event::Ordered { id, subject, .. }) => {
                products.insert(*id, subject.product.clone());
            }
            Event::Subscription(subscription::Event::Imported { id, subject, paid, .. }) => {
                products.insert(*id, subject.product.clone());
                expiries.insert(*id, vec![paid.expires_at]);
            }
            Event::Subscription(
                subscription::Event::Activated { id, paid, .. }
                | subscription::Event::Renewed { id, paid, .. },
            ) => {
                expiries.entry(*id).or_default().push(paid.expires_at);
                noticed.remove(id);
            }
            Event::Subscription(subscription::Event::PeriodCancelled { id, .. }) => {
                expiries.get_mut(id).and_then(Vec::pop);
            }
            Event::Notice(notice::Event::Issued { subscription, kind, at, .. }) => {
                let is_release = matches!(kind, Kind::ReleaseAhead(_));
                let expires_at = expiries.get(subscription).and_then(|of| of.last()).copied();
                if !said.insert((*subscription, expires_at, *kind)) && !is_release {
                    broken.push(format!("{kind:?} was said twice of {subscription}, at {at}"));
                }
                if *at != record.at {
                    broken.push(format!("{kind:?} of {subscription} is dated {at}"));
                }
                if is_release {
                    noticed.insert(*subscription, *at);
                }
            }
            Event::Subscription(subscription::Event::Released { id, asked: false, due_at }) => {
                let needed = products.get(id).and_then(|product| {
                    let rules = &timeline.in_force(*due_at)?.rules;
                    let product = rules.products.get(product)?;
                    Some(rules.lifecycles.get(&product.lifecycle)?.release_needs_notice.0)
                });
                let needed = needed.unwrap_or(Duration::from_hours(24));
                let since = noticed.get(id).map(|at| record.at.since(*at));
                if !needed.is_zero() && since.is_none_or(|since| since < needed) {
                    broken.push(format!("{id} was released {since:?} after its notice"));
                }
            }
            Event::Subscription(
                subscription::Event::Released { asked: true, .. }
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
                | subscription::Event::Cancelled { .. },
            )
            | Event::Notice(notice::Event::Skipped { .. })
            | Event::Account(_)
            | Event::Wallet(_)
            | Event::Withdrawal(_)
            | Event::Order(_)
            | Event::Coupon(_)
            | Event::Resource(_)
            | Event::Usage(_)
            | Event::Standing(_)
            | Event::Closure(_)
            | Event::Statement(_)
            | Event::House(_)
            | Event::Campaign(_)
            | Event::Series(_) => {}
        }
    }
}

/// The records with which a mail went to the outbox.
fn mails(history: &History) -> BTreeSet<(StreamId, u64)> {
    let caused = history.noted.iter().filter_map(|(_, noted)| match noted {
        Noted::Record { stream, record, outbox, .. } => {
            let has_mail = outbox.iter().any(|row| row.channel == Channel::Mail);
            has_mail.then_some((*stream, record.seq))
        }
        Noted::Delivery { .. } => None,
    });
    caused.collect()
}

/// Whatever was issued went to the outbox with its record, unless the same record made it void:
/// whoever renews has nothing to be told of any more.
fn sent(
    id: StreamId,
    stream: &Stream,
    mails: &BTreeSet<(StreamId, u64)>,
    broken: &mut Vec<String>,
) {
    for (seq, record) in (1_u64..).zip(&stream.records) {
        for (place, event) in record.events.iter().enumerate() {
            let Event::Notice(notice::Event::Issued { subscription, kind, .. }) = event else {
                continue;
            };
            let is_over = record.events[place..].iter().any(|later| {
                matches!(later, Event::Subscription(later) if later.subscription() == *subscription)
            });
            if !is_over && !mails.contains(&(id, seq)) {
                broken.push(format!("{kind:?} of {subscription} was issued, and no mail with it"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::breaking::{change_event, is_found};
    use super::*;

    fn is_expiring(event: &Event) -> bool {
        matches!(event, Event::Notice(notice::Event::Issued { kind: Kind::Expiring(_), .. }))
    }

    #[test]
    fn a_reminder_that_was_said_twice_is_found() {
        is_found(broken, |history| {
            change_event(history, is_expiring, |records, place, event| {
                let again = records[place].events[event].clone();
                records[place].events.push(again);
            })
        });
    }

    #[test]
    fn a_reminder_that_is_missing_is_found() {
        is_found(broken, |history| {
            let timeline = history.house().expect("a house").timeline.clone();
            let expected: BTreeSet<_> = history
                .accounts()
                .flat_map(|(_, stream)| stretches::of(history, stream))
                .flat_map(|of| marks(&timeline, &of).into_iter().map(move |at| (of.id, at)))
                .collect();
            let is = |event: &Event| {
                matches!(event, Event::Notice(notice)
                    if expected.contains(&(notice.subscription(), notice.due_at())))
            };
            change_event(history, is, |records, place, event| {
                drop(records[place].events.remove(event));
            })
        });
    }

    #[test]
    fn a_reminder_without_a_mail_is_found() {
        is_found(broken, |history| {
            let alone = history.streams.iter().find_map(|(id, stream)| {
                let is = |record: &renewd::domain::record::Record| {
                    record.events.len() == 1 && is_expiring(&record.events[0])
                };
                let place = stream.records.iter().position(is)?;
                Some((*id, place as u64 + 1))
            });
            let Some((id, seq)) = alone else { return false };
            for (_, noted) in &mut history.noted {
                if let Noted::Record { stream, record, outbox, .. } = noted
                    && (*stream, record.seq) == (id, seq)
                {
                    outbox.clear();
                }
            }
            true
        });
    }

    #[test]
    fn a_release_that_nobody_was_told_of_is_found() {
        is_found(broken, |history| {
            let is = |event: &Event| {
                matches!(
                    event,
                    Event::Subscription(subscription::Event::Released { asked: false, .. })
                )
            };
            change_event(history, is, |records, _, _| {
                for record in records {
                    record.events.retain(|event| {
                        !matches!(
                            event,
                            Event::Notice(notice::Event::Issued {
                                kind: Kind::ReleaseAhead(_),
                                ..
                            })
                        )
                    });
                }
            })
        });
    }
}
