//! A stream in memory, and how it is replayed from what is stored.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::failure::Failure;
use crate::domain::agenda::{Agenda, Job};
use crate::domain::calendar::Timestamp;
use crate::domain::ids::StreamId;
use crate::domain::record::Record;
use crate::domain::rules::Timeline;
use crate::domain::stream::State;
use crate::store::{Head, Loaded, codec};

/// The build that snapshots are good for.
pub(super) const BUILD: &str = env!("RENEWD_DOMAIN_HASH");

/// A stream in memory: its state after its last record, and nothing uncommitted.
#[derive(Clone)]
pub(super) struct Slot {
    pub(super) state: State,
    pub(super) agenda: Agenda,
    pub(super) head: Head,
    /// Bytes of journal since the last snapshot.
    pub(super) tail: usize,
    /// Bytes of the last snapshot.
    pub(super) snapshot: usize,
}

impl Slot {
    /// A stream in which nothing happened yet.
    pub(super) fn empty(stream: StreamId) -> Self {
        Self {
            state: State::empty(stream),
            agenda: Agenda::default(),
            head: Head {
                seq: 0,
                at: Timestamp::MIN,
                digest: codec::GENESIS,
                due_at: Timestamp::MAX,
                due_job: Job::Housekeeping,
                rules_version: 0,
                summary: "{}".to_owned(),
            },
            tail: 0,
            snapshot: 0,
        }
    }

    /// The stream after what is stored of it, with its agenda under these rules.
    pub(super) fn replay(
        stream: StreamId,
        loaded: Loaded,
        timeline: &Timeline,
    ) -> Result<Self, Failure> {
        if let Some(reason) = loaded.parked {
            return Err(Failure::Parked(reason));
        }
        // The core gives up on a journal that contradicts itself.
        let replayed = catch_unwind(AssertUnwindSafe(|| replay(stream, loaded, timeline)));
        replayed.unwrap_or(Err(Failure::Panicked))
    }
}

fn replay(stream: StreamId, loaded: Loaded, timeline: &Timeline) -> Result<Slot, Failure> {
    let snapshot = loaded.snapshot.as_ref();
    let mut state = match snapshot.map(|snapshot| serde_json::from_str(&snapshot.body)) {
        Some(Ok(state)) => state,
        Some(Err(error)) => return Err(corrupt(stream, &error)),
        None => State::empty(stream),
    };
    for record in serde_json::Deserializer::from_str(&loaded.tail).into_iter::<Record>() {
        for event in &record.map_err(|error| corrupt(stream, &error))?.events {
            state.apply(event);
        }
        state.end_record();
    }
    let agenda = state.agenda(timeline);
    let snapshot = snapshot.map_or(0, |snapshot| snapshot.body.len());
    Ok(Slot { state, agenda, head: loaded.head, tail: loaded.tail.len(), snapshot })
}

fn corrupt(stream: StreamId, error: &serde_json::Error) -> Failure {
    tracing::error!(%stream, %error, "the journal cannot be read");
    Failure::Store(format!("the journal of {stream} cannot be read: {error}"))
}
