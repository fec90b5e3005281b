//! A forecast over a stretch without commands is, event for event and instant for instant, what
//! then happens (design, section 2: a forecast is the same code run by another clock).
//!
//! Where usage was reported, it takes for granted that more will be: there the law does not hold.

use std::time::Duration;

use renewd::domain::account::Account;
use renewd::domain::calendar::Timestamp;
use renewd::domain::event::Event;
use renewd::domain::forecast::{Asked, EVENTS_MAX, Walk};
use renewd::domain::ids::{AccountId, StreamId};
use renewd::domain::nouns::house::House;
use renewd::domain::record::{Cause, Record};
use renewd::domain::stream::State;

use crate::history::{History, Stream};

/// Looks from every record that somebody asked for to the next one, or to the next change of the
/// house, which no forecast knows.
pub(crate) fn broken(history: &History) -> Vec<String> {
    let houses = houses(history);
    let of = |(id, stream)| of_account(history, id, stream, &houses);
    history.accounts().filter_map(of).collect()
}

/// The house after each of its records, with when that was.
fn houses(history: &History) -> Vec<(Timestamp, House)> {
    let mut state = State::empty(StreamId::House);
    let records = history.streams.get(&StreamId::House).map_or(&[][..], |house| &house.records);
    let after = |record: &Record| {
        apply(&mut state, record);
        match &state {
            State::House(house) => Some((record.at, house.clone())),
            State::Account(_) | State::Campaign(_) | State::Series(_) => None,
        }
    };
    records.iter().filter_map(after).collect()
}

/// The first stretch that was foretold otherwise.
fn of_account(
    history: &History,
    id: AccountId,
    stream: &Stream,
    houses: &[(Timestamp, House)],
) -> Option<String> {
    let mut state = State::empty(id.into());
    for (place, record) in stream.records.iter().enumerate() {
        apply(&mut state, record);
        if !is_asked(record) {
            continue;
        }
        let account = state.account()?;
        let later = &stream.records[place + 1..];
        let next = later.iter().find(|record| is_asked(record)).map(|record| record.at);
        let change = houses.iter().map(|(at, _)| *at).find(|at| *at > record.at);
        let until = next.unwrap_or(history.ended_at).min(change.unwrap_or(Timestamp::MAX));
        // What is due at the very instant of a change is decided before it, or after.
        let until = until.minus(Duration::from_secs(1));
        if until <= record.at {
            continue;
        }
        let happened = later.iter().take_while(|record| !is_asked(record) && record.at <= until);
        let happened: Vec<_> =
            happened.flat_map(|of| of.events.iter().map(|event| (of.at, event))).collect();
        let house = houses.iter().rev().find(|(at, _)| *at <= record.at).map(|(_, house)| house)?;
        if let Some(what) = compare(house, account, record.at, until, &happened) {
            return Some(format!("forecast: {id} from {} to {until}: {what}", record.at));
        }
    }
    None
}

fn compare(
    house: &House,
    account: &Account,
    from: Timestamp,
    until: Timestamp,
    happened: &[(Timestamp, &Event)],
) -> Option<String> {
    let asked = Asked {
        timeline: &house.timeline,
        from,
        until,
        brake: house.brake.is_some(),
        closed_through: house.closed_through,
        events_max: EVENTS_MAX,
    };
    let mut walk = Walk::new(asked, account.clone());
    if !walk.going_on().is_empty() || walk.leaves_out_counts() {
        return None;
    }
    let mut foretold = Vec::new();
    while let Some(moment) = walk.step() {
        // Schedulers look on the minute.
        let late = u64::try_from(moment.at.seconds().rem_euclid(60)).unwrap_or(0);
        let at = moment.at.plus(Duration::from_secs((60 - late) % 60));
        if at <= until {
            foretold.extend(moment.events.into_iter().map(|event| (at, event)));
        }
    }
    let mut pairs = foretold.iter().zip(happened);
    let differs = pairs.find(|(told, was)| (told.0, &told.1) != **was);
    if let Some((told, was)) = differs {
        return Some(format!("foretold {told:?}\n  happened {was:?}"));
    }
    let (told, was) = (foretold.len(), happened.len());
    (told != was).then(|| {
        let more = foretold.get(was).map(|more| format!("foretold only: {more:?}"));
        let more =
            more.or_else(|| happened.get(told).map(|more| format!("only happened: {more:?}")));
        format!("{told} events foretold, {was} happened; {}", more.unwrap_or_default())
    })
}

/// Did somebody ask for it? What time brings about is recorded for a scheduler.
fn is_asked(record: &Record) -> bool {
    !matches!(record.cause, Cause::Job(_))
}

fn apply(state: &mut State, record: &Record) {
    for event in &record.events {
        state.apply(event);
    }
    state.end_record();
}

#[test]
fn what_was_not_foretold_is_found() {
    use renewd::domain::nouns::subscription;

    for seed in 1..=super::breaking::WORLDS {
        let mut history = super::breaking::quiet(seed, false);
        assert_eq!(broken(&history), Vec::<String>::new());
        let is = |event: &Event| {
            matches!(
                event,
                Event::Subscription(subscription::Event::Renewed { automatic: true, .. })
            )
        };
        let found = super::breaking::change_event(&mut history, is, |records, place, event| {
            if let Event::Subscription(subscription::Event::Renewed { at, .. }) =
                &mut records[place].events[event]
            {
                *at = at.plus(Duration::from_secs(1));
            }
        });
        if found {
            assert_ne!(broken(&history), Vec::<String>::new());
            return;
        }
    }
    panic!("nothing is renewed by itself in any world");
}
