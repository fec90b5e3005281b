//! What goes out, and how it stands. What was neither delivered nor given up as not needed is kept
//! in a list of its own: that is what is asked for again and again.

use std::collections::{BTreeMap, BTreeSet};

use super::{age, page};
use crate::domain::calendar::Timestamp;
use crate::domain::ids::StreamId;
use crate::store::{
    Channel, Delivery, DeliveryQuery, DeliveryState, EffectKey, OutboxDepth, OutboxRow,
};

/// All deliveries.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    rows: BTreeMap<EffectKey, Delivery>,
    /// Those that wait or are dead.
    open: BTreeSet<EffectKey>,
}

const fn is_open(state: DeliveryState) -> bool {
    match state {
        DeliveryState::Waiting | DeliveryState::Dead => true,
        DeliveryState::Sent | DeliveryState::Void => false,
    }
}

impl Deliveries {
    /// Keeps what a commit causes.
    pub(super) fn add(&mut self, stream: StreamId, row: OutboxRow) {
        let delivery = Delivery {
            stream,
            state: DeliveryState::Waiting,
            attempts: 0,
            next_at: row.at,
            outcome: String::new(),
            row,
        };
        self.open.insert(delivery.key());
        self.rows.insert(delivery.key(), delivery);
    }

    /// Changes one, if it is there.
    pub(super) fn change(&mut self, key: EffectKey, change: impl FnOnce(&mut Delivery)) {
        let Some(delivery) = self.rows.get_mut(&key) else { return };
        change(delivery);
        if is_open(delivery.state) {
            self.open.insert(key);
        } else {
            self.open.remove(&key);
        }
    }

    /// Voids what a stream said about `topics` and was not sent.
    pub(super) fn void(&mut self, stream: StreamId, topics: &[String], at: Timestamp) {
        if topics.is_empty() {
            return;
        }
        let is_told = |delivery: &&Delivery| {
            let topic = &delivery.row.topic;
            delivery.stream == stream && !topic.is_empty() && topics.contains(topic)
        };
        let keys: Vec<EffectKey> = self.waiting().filter(is_told).map(Delivery::key).collect();
        for key in keys {
            self.change(key, |delivery| {
                delivery.state = DeliveryState::Void;
                delivery.next_at = at;
            });
        }
    }

    fn open(&self) -> impl Iterator<Item = &Delivery> {
        self.open.iter().filter_map(|key| self.rows.get(key))
    }

    fn waiting(&self) -> impl Iterator<Item = &Delivery> {
        self.open().filter(|delivery| delivery.state == DeliveryState::Waiting)
    }

    /// Does anything of a stream wait?
    pub(super) fn waits(&self, stream: StreamId) -> bool {
        self.waiting().any(|delivery| delivery.stream == stream)
    }

    /// Forgets the oldest that were settled before an instant.
    pub(super) fn forget(&mut self, before: Timestamp, limit: usize) {
        let is_old = |delivery: &&Delivery| {
            delivery.row.at < before && delivery.state != DeliveryState::Waiting
        };
        let old = self.rows.values().filter(is_old);
        let mut old: Vec<_> = old.map(|delivery| (age(delivery), delivery.key())).collect();
        old.sort_unstable();
        for (_, key) in old.into_iter().take(limit) {
            self.rows.remove(&key);
            self.open.remove(&key);
        }
    }

    /// Forgets all of a stream; answers how many there were.
    pub(super) fn forget_all(&mut self, stream: StreamId) -> usize {
        let before = self.rows.len();
        self.rows.retain(|key, _| key.stream != stream);
        self.open.retain(|key| key.stream != stream);
        before - self.rows.len()
    }

    pub(super) fn ready(&self, channel: Channel, now: Timestamp, limit: u32) -> Vec<Delivery> {
        let mut ahead = BTreeSet::new();
        let mut ready = Vec::new();
        for delivery in self.waiting().filter(|delivery| delivery.row.channel == channel) {
            let first = channel != Channel::Webhook
                || ahead.insert((delivery.stream, delivery.row.endpoint.clone()));
            if delivery.next_at <= now && first {
                ready.push(delivery.clone());
            }
        }
        ready.sort_by_cached_key(|delivery| {
            (delivery.next_at, delivery.stream.to_string(), delivery.row.seq, delivery.row.n)
        });
        page(ready.into_iter(), limit)
    }

    pub(super) fn list(&self, query: &DeliveryQuery) -> Vec<Delivery> {
        let before = query.before.map(|(at, key)| (at, key.stream.to_string(), key.seq, key.n));
        let asked = |delivery: &&Delivery| {
            query.stream.is_none_or(|stream| delivery.stream == stream)
                && query.state.is_none_or(|state| delivery.state == state)
                && query.channel.is_none_or(|channel| delivery.row.channel == channel)
                && before.as_ref().is_none_or(|before| age(delivery) < *before)
        };
        let mut rows: Vec<_> = self.rows.values().filter(asked).cloned().collect();
        rows.sort_by_cached_key(|delivery| std::cmp::Reverse(age(delivery)));
        page(rows.into_iter(), query.limit)
    }

    pub(super) fn depth(&self) -> BTreeMap<Channel, OutboxDepth> {
        let mut depths: BTreeMap<Channel, OutboxDepth> = BTreeMap::new();
        for delivery in self.open() {
            let depth = depths.entry(delivery.row.channel).or_default();
            if delivery.state == DeliveryState::Dead {
                depth.dead_count += 1;
                continue;
            }
            let least =
                |known: Option<Timestamp>, at: Timestamp| Some(known.map_or(at, |k| at.min(k)));
            depth.waiting_count += 1;
            depth.oldest_at = least(depth.oldest_at, delivery.row.at);
            depth.next_at = least(depth.next_at, delivery.next_at);
        }
        depths
    }
}
