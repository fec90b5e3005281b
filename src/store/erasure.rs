//! The erasure of closed accounts. The record that closes an account releases its claims and opens
//! its erasure ([`super::Commit::erase`]); its key, what is sealed and its deliveries go when
//! nothing waits to be sent any more, because the last letter needs an address. Who bought stays
//! sealed under a key of its own, for the invoices that are kept, until the retention ends (D49).

use serde::{Deserialize, Serialize};

use crate::domain::calendar::Timestamp;
use crate::domain::ids::StreamId;

/// How far an erasure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErasureStage {
    /// Something waits to be sent, or nobody has looked since it went out.
    Waiting,
    /// The key is destroyed; mail files and traces in the database's files are being removed.
    Scrubbing,
    /// Nothing personal is left but the buyer on invoices that are kept.
    Erased,
    /// The retention has ended and the buyer's key is destroyed; its traces are being removed.
    Sweeping,
    /// Nothing personal is left.
    Swept,
}

impl ErasureStage {
    /// All of them, in their order.
    pub const ALL: [Self; 5] =
        [Self::Waiting, Self::Scrubbing, Self::Erased, Self::Sweeping, Self::Swept];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Scrubbing => "scrubbing",
            Self::Erased => "erased",
            Self::Sweeping => "sweeping",
            Self::Swept => "swept",
        }
    }
}

/// The erasure of a closed account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Which account's stream.
    pub stream: StreamId,
    /// How far it is.
    pub stage: ErasureStage,
    /// The last record of the commit that closed it.
    pub seq: u64,
    /// When it was closed.
    pub closed_at: Timestamp,
    /// When its key was destroyed.
    pub destroyed_at: Option<Timestamp>,
    /// When its last trace was removed.
    pub erased_at: Option<Timestamp>,
    /// When the buyer on its invoices was destroyed.
    pub swept_at: Option<Timestamp>,
    /// Claims that were released.
    pub claim_count: u64,
    /// Sealed texts that were destroyed.
    pub sealed_count: u64,
    /// Deliveries that were deleted.
    pub delivery_count: u64,
    /// Mail files that were deleted.
    pub mail_count: u64,
}

/// Who bought, sealed for the invoices of a closed account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retained {
    /// The retention key, wrapped.
    pub wrapped: Vec<u8>,
    /// What is sealed under it: the JSON of a [`super::seal::Buyer`].
    pub sealed: Vec<u8>,
}

/// Nothing of the account may be erased for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegalHold {
    /// Since when.
    pub held_at: Timestamp,
    /// The user id of who asked for it.
    pub uid: u32,
    /// Why, for people.
    pub reason: String,
}
