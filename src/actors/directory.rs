//! The directory: finds the actor of a stream, starts it on demand, retires the idle, and bounds
//! how many live. It never awaits.

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Instant;

use actix::{Actor, Addr, ArbiterHandle, AsyncContext, Context, Handler, Message};

use super::account::{AccountActor, Enter, Retire};
use super::journal::Journal;
use super::{Ask, ExecuteError, Ports, mailbox};
use crate::domain::ids::StreamId;

/// Questions that may wait to be forwarded.
const WAITING_MAX: usize = 65_536;
/// Actors that are looked at, at the most, to find one to retire.
const LOOK_MAX: usize = 64;

/// Knows where every stream's actor is.
pub(super) struct Directory {
    ports: Ports,
    journal: Journal,
    entries: BTreeMap<StreamId, Entry>,
    /// Streams in the order in which they were last seen; used again since then counts later.
    seen: VecDeque<StreamId>,
}

struct Entry {
    actor: Addr<AccountActor>,
    pending: Rc<Cell<usize>>,
    used_at: Instant,
    /// Used since it was put at the end of `seen`.
    used_again: bool,
}

impl Directory {
    /// Starts the directory on `arbiter`; the actors live beside it.
    pub(super) fn start(ports: Ports, journal: Journal, arbiter: &ArbiterHandle) -> Addr<Self> {
        mailbox::start_on(arbiter, WAITING_MAX, || Self {
            ports,
            journal,
            entries: BTreeMap::new(),
            seen: VecDeque::new(),
        })
    }

    fn entry(&mut self, stream: StreamId) -> &mut Entry {
        if self.entries.get(&stream).is_some_and(|entry| !entry.actor.connected()) {
            self.entries.remove(&stream);
        }
        if !self.entries.contains_key(&stream) {
            self.make_room();
            self.seen.push_back(stream);
        }
        let (ports, journal) = (&self.ports, &self.journal);
        let entry = self.entries.entry(stream).or_insert_with(|| {
            let pending = Rc::new(Cell::new(0));
            let actor =
                AccountActor::new(stream, ports.clone(), journal.clone(), Rc::clone(&pending));
            let actor = mailbox::start(ports.limits.waiting_max, actor);
            Entry { actor, pending, used_at: Instant::now(), used_again: false }
        });
        entry.used_again = true;
        entry.used_at = Instant::now();
        entry
    }

    /// Retires the actor that was idle longest, if as many live as may.
    fn make_room(&mut self) {
        let mut looks = 0;
        while self.entries.len() >= self.ports.limits.live_max && looks < LOOK_MAX {
            looks += 1;
            let Some(stream) = self.seen.pop_front() else { return };
            let Some(entry) = self.entries.get_mut(&stream) else { continue };
            if entry.pending.get() > 0 || std::mem::take(&mut entry.used_again) {
                self.seen.push_back(stream);
            } else {
                self.retire(stream);
            }
        }
    }

    /// Retires whatever was idle for long enough.
    fn retire_idle(&mut self) {
        let retire_after = self.ports.limits.retire_after;
        let idle: Vec<StreamId> = self
            .entries
            .iter()
            .filter(|(_, entry)| {
                entry.pending.get() == 0 && entry.used_at.elapsed() >= retire_after
            })
            .map(|(stream, _)| *stream)
            .collect();
        for stream in idle {
            self.retire(stream);
        }
        self.seen.retain(|stream| self.entries.contains_key(stream));
        self.note_live_count();
    }

    /// Notes how many accounts live; the house is none.
    fn note_live_count(&self) {
        let house = usize::from(self.entries.contains_key(&StreamId::House));
        self.ports.set_live_count(self.entries.len() - house);
    }

    fn retire(&mut self, stream: StreamId) {
        if let Some(entry) = self.entries.remove(&stream) {
            // It may be gone already; that is what was wanted.
            let _ = entry.actor.try_send(Retire);
        }
    }
}

impl Actor for Directory {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        let every = (self.ports.limits.retire_after / 4).max(std::time::Duration::from_secs(1));
        context.run_interval(every, |directory, _| directory.retire_idle());
    }
}

/// A question on its way to its stream.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Forward {
    /// Which stream.
    pub stream: StreamId,
    /// What is asked.
    pub ask: Ask,
}

impl Handler<Forward> for Directory {
    type Result = ();

    fn handle(&mut self, Forward { stream, ask }: Forward, _: &mut Context<Self>) {
        let entry = self.entry(stream);
        entry.pending.set(entry.pending.get() + 1);
        match entry.actor.try_send(Enter(ask)) {
            Ok(()) => {}
            Err(actix::prelude::SendError::Full(Enter(ask))) => {
                entry.pending.set(entry.pending.get().saturating_sub(1));
                ask.refuse(ExecuteError::Busy);
            }
            Err(actix::prelude::SendError::Closed(Enter(ask))) => {
                self.entries.remove(&stream);
                ask.refuse(ExecuteError::OutcomeUnknown);
            }
        }
        self.note_live_count();
    }
}
