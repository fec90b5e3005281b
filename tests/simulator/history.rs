//! What a world leaves behind, for the laws to look through.

use std::collections::BTreeMap;
use std::time::Duration;

use renewd::check::Finding;
use renewd::domain::account::Open;
use renewd::domain::calendar::Timestamp;
use renewd::domain::event::Event;
use renewd::domain::ids::{AccountId, StreamId};
use renewd::domain::nouns::closure;
use renewd::domain::nouns::house::House;
use renewd::domain::record::Record;
use renewd::domain::stream::State;
use renewd::store::{Delivery, DueRow, Head, StoredRecord};

use crate::faulty::Noted;
use crate::outside::Got;
use crate::world::Days;

/// A stream, as its journal tells it.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    pub(crate) stored: Vec<StoredRecord>,
    pub(crate) records: Vec<Record>,
    pub(crate) state: State,
}

/// What was still due after a pass.
#[derive(Debug, Clone)]
pub(crate) struct Rest {
    /// The pass ended here.
    pub(crate) at: Timestamp,
    /// When something failed for the last time.
    pub(crate) failed_at: Timestamp,
    pub(crate) due: Vec<DueRow>,
    pub(crate) braked: bool,
}

/// A stream as the living daemon had it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) stream: StreamId,
    pub(crate) seq: u64,
    pub(crate) state: State,
}

/// A request, and what it came to each time that it was made.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) stream: StreamId,
    pub(crate) token: Option<String>,
    /// When it was asked for the first time.
    pub(crate) at: Timestamp,
    /// What was asked, for people.
    pub(crate) words: String,
    /// The record that each answer names, the answer as JSON, and whether it was a repetition.
    pub(crate) answers: Vec<(u64, String, bool)>,
}

/// Everything that happened in a world.
#[derive(Debug, Clone)]
pub(crate) struct History {
    pub(crate) streams: BTreeMap<StreamId, Stream>,
    /// What was written, in order.
    pub(crate) noted: Vec<(Timestamp, Noted)>,
    /// What came through to the outside, in order.
    pub(crate) got: Vec<(Timestamp, Got)>,
    pub(crate) rests: Vec<Rest>,
    pub(crate) seen: Vec<Seen>,
    pub(crate) asked: Vec<Asked>,
    /// Heads as they are stored at the end.
    pub(crate) heads: BTreeMap<StreamId, Head>,
    /// Deliveries as they are stored at the end.
    pub(crate) deliveries: Vec<Delivery>,
    /// What `renewd check` finds at the end.
    pub(crate) findings: Vec<Finding>,
    /// Streams that were set aside.
    pub(crate) parked: Vec<(StreamId, String)>,
    pub(crate) ended_at: Timestamp,
}

impl History {
    /// Nothing happened yet.
    pub(crate) const fn new() -> Self {
        Self {
            streams: BTreeMap::new(),
            noted: Vec::new(),
            got: Vec::new(),
            rests: Vec::new(),
            seen: Vec::new(),
            asked: Vec::new(),
            heads: BTreeMap::new(),
            deliveries: Vec::new(),
            findings: Vec::new(),
            parked: Vec::new(),
            ended_at: Timestamp::MIN,
        }
    }

    /// Takes in what was written.
    pub(crate) fn follow(&mut self, at: Timestamp, noted: Noted) {
        if let Noted::Record { stream, record, .. } = &noted {
            let (stream, stored) = (*stream, record.clone());
            let read: Record = match serde_json::from_str(&stored.body) {
                Ok(read) => read,
                Err(error) => panic!("{stream}/{}: {error}", stored.seq),
            };
            let of = self.streams.entry(stream).or_insert_with(|| Stream {
                stored: Vec::new(),
                records: Vec::new(),
                state: State::empty(stream),
            });
            for event in &read.events {
                of.state.apply(event);
            }
            of.state.end_record();
            of.records.push(read);
            of.stored.push(stored);
        }
        self.noted.push((at, noted));
    }

    /// The account as its journal tells it, if it is in service or was.
    pub(crate) fn books(&self, id: AccountId) -> Option<&Open> {
        self.streams.get(&StreamId::Account(id))?.state.account()?.books()
    }

    pub(crate) fn house(&self) -> Option<&House> {
        match &self.streams.get(&StreamId::House)?.state {
            State::House(house) => Some(house),
            State::Account(_) | State::Campaign(_) | State::Series(_) => None,
        }
    }

    /// The accounts with their streams.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = (AccountId, &Stream)> {
        self.streams.iter().filter_map(|(id, stream)| match id {
            StreamId::Account(id) => Some((*id, stream)),
            StreamId::House | StreamId::Campaign(_) | StreamId::Series(_) => None,
        })
    }

    /// How long its accounts were in service, together.
    pub(crate) fn days(&self, is_of_crowd: impl Fn(AccountId) -> bool) -> Days {
        let (mut all, mut crowd) = (0, 0);
        for (id, stream) in self.accounts() {
            let seconds = stream.served_until(self.ended_at).as_secs();
            all += seconds;
            crowd += if is_of_crowd(id) { seconds } else { 0 };
        }
        Days { all: all / 86_400, crowd: crowd / 86_400 }
    }

    /// Every journal, digest by digest: worlds with the same are the same.
    pub(crate) fn digests(&self) -> Vec<(StreamId, u64, renewd::store::Digest)> {
        let last = |(id, stream): (&StreamId, &Stream)| {
            stream.stored.last().map(|record| (*id, record.seq, record.digest))
        };
        self.streams.iter().filter_map(last).collect()
    }
}

impl Stream {
    /// For how long an account was in service, if it was looked at in the end.
    fn served_until(&self, end: Timestamp) -> Duration {
        let began = self.records.first().map_or(end, |record| record.at);
        let is_closing =
            |event: &Event| matches!(event, Event::Closure(closure::Event::Closed { .. }));
        let closed =
            self.events().find(|(_, event)| is_closing(event)).map(|(record, _)| record.at);
        closed.unwrap_or(end).since(began)
    }

    /// Its events in order, each with its record.
    pub(crate) fn events(&self) -> impl Iterator<Item = (&Record, &Event)> {
        self.records.iter().flat_map(|record| record.events.iter().map(move |e| (record, e)))
    }
}
