//! Records: one accepted command each, with what it made happen and who asked. The journal is
//! made of them.

use serde::{Deserialize, Serialize};

use super::agenda::Job;
use super::calendar::Timestamp;
use super::event::Event;
use super::ids::StreamId;

/// Who asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Somebody at the control socket, by user id.
    Operator {
        /// The user id of the peer.
        uid: u32,
    },
    /// A scheduler.
    Job(Job),
    /// The import of an existing book.
    Import,
    /// The daemon itself, at its start.
    Daemon,
    /// Another stream, by its record and the effect's number there.
    Stream {
        /// Which stream.
        from: StreamId,
        /// Its record.
        seq: u64,
        /// The effect of that record.
        n: u32,
    },
}

/// What a journal row holds. `seq` counts from 1 within its stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// When it was recorded; never before its predecessor.
    pub at: Timestamp,
    /// Who asked.
    pub cause: Cause,
    /// The token that the request came under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The version of the rules in force.
    pub rules_version: u32,
    /// What happened; nothing for a no-op that is remembered.
    pub events: Vec<Event>,
}
