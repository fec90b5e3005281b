//! Small writes that are no commit: how deliveries went, what schedulers did, what is forgotten.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{DeliveryState, EffectKey, LegalHold, Retained};
use crate::domain::agenda::Job;
use crate::domain::calendar::Timestamp;
use crate::domain::ids::{AccountId, StreamId};
use crate::domain::stream::Tally;
use crate::domain::usage::UsageKey;

/// Small writes that are no commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chore {
    /// How a delivery went. What was voided meanwhile stays void, unless it was sent.
    Delivery {
        /// Which.
        key: EffectKey,
        /// Where it stands now.
        state: DeliveryState,
        /// Attempts so far.
        attempts: u32,
        /// When the next attempt is due, or when it was settled.
        next_at: Timestamp,
        /// What the attempt came to.
        outcome: String,
    },
    /// A scheduler's run; the last [`super::codec::RUNS_KEPT`] of each are kept.
    JobRun(JobRun),
    /// Forget tokens older than this (R4.13): the oldest first, and at most
    /// [`super::codec::FORGOTTEN_MAX`] of them. Those of number series stay: a number is given once for
    /// each token, however late it is asked for again (R10.6).
    ForgetTokens {
        /// Older than this.
        before: Timestamp,
    },
    /// Forget deliveries that were caused before this and no longer wait: the oldest first, and at
    /// most [`super::codec::FORGOTTEN_MAX`] of them.
    ForgetDeliveries {
        /// Older than this.
        before: Timestamp,
    },
    /// Forget reports of usage from before this, of those that [`super::Store::old_usage`] looked
    /// through.
    ForgetUsage {
        /// Older than this.
        before: Timestamp,
        /// Behind this place; none for the first of all.
        after: Option<UsagePlace>,
        /// Up to this place, included; none for all that are left.
        through: Option<UsagePlace>,
    },
    /// Set an account aside after repeated failure; it is due no more.
    Park {
        /// Which.
        stream: StreamId,
        /// When.
        at: Timestamp,
        /// Why.
        reason: String,
    },
    /// Take it back.
    Unpark {
        /// Which.
        stream: StreamId,
    },
    /// Destroy the key of a closed account, what is sealed there, and its deliveries. Nothing
    /// happens unless its erasure waits, nothing of it waits to be sent, and no legal hold keeps it.
    Destroy {
        /// Which.
        stream: StreamId,
        /// When.
        at: Timestamp,
        /// Who bought, where there are invoices to keep.
        retained: Option<Retained>,
        /// Mail files that are going to be deleted. They are counted before the first of them goes,
        /// so that the number is right however often their deletion is begun.
        mail_count: u64,
    },
    /// Destroy who bought as well: the retention has ended. Nothing happens unless the account is
    /// erased and no legal hold keeps it.
    Sweep {
        /// Which.
        stream: StreamId,
        /// When.
        at: Timestamp,
    },
    /// The traces of what was destroyed are removed, after [`Chore::Destroy`] or
    /// [`Chore::Sweep`].
    Scrubbed {
        /// Whose.
        stream: StreamId,
        /// When.
        at: Timestamp,
    },
    /// Set or lift the legal hold of an account.
    SetLegalHold {
        /// Which.
        stream: StreamId,
        /// The hold; none to lift it.
        hold: Option<LegalHold>,
    },
}

impl Chore {
    const fn is_delivery(&self) -> bool {
        matches!(self, Self::Delivery { .. })
    }
}

/// Chores in the order given, in which deliveries that follow each other go together.
pub(super) fn together(chores: &[Chore]) -> impl Iterator<Item = &[Chore]> {
    chores.chunk_by(|a, b| a.is_delivery() && b.is_delivery())
}

/// How a delivery went.
pub(super) struct Moved<'a> {
    pub(super) key: EffectKey,
    pub(super) state: DeliveryState,
    pub(super) attempts: u32,
    pub(super) next_at: Timestamp,
    pub(super) outcome: &'a str,
}

/// Those of the chores that are deliveries.
pub(super) fn moved(chores: &[Chore]) -> Vec<Moved<'_>> {
    let moved = |chore| match chore {
        &Chore::Delivery { key, state, attempts, next_at, ref outcome } => {
            Some(Moved { key, state, attempts, next_at, outcome })
        }
        Chore::JobRun(_)
        | Chore::ForgetTokens { .. }
        | Chore::ForgetDeliveries { .. }
        | Chore::ForgetUsage { .. }
        | Chore::Park { .. }
        | Chore::Unpark { .. }
        | Chore::Destroy { .. }
        | Chore::Sweep { .. }
        | Chore::Scrubbed { .. }
        | Chore::SetLegalHold { .. } => None,
    };
    chores.iter().filter_map(moved).collect()
}

/// Where a report of usage stands among all: its account, and its key there.
pub type UsagePlace = (AccountId, UsageKey);

/// Some reports of usage, looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OldUsage {
    /// The place of the last of them; none if these were all that are left.
    pub through: Option<UsagePlace>,
    /// How many of them are old.
    pub count: u64,
}

/// What a run of a scheduler did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRun {
    /// Which scheduler.
    pub job: Job,
    /// When it looked.
    pub at: Timestamp,
    /// How long it took, in milliseconds of the wall clock.
    pub took_ms: u64,
    /// Accounts that it advanced.
    pub advanced_count: u64,
    /// Accounts that failed and will be tried again.
    pub failed_count: u64,
    /// Steps by kind, with the longest lag of each.
    pub steps: BTreeMap<String, Tally>,
}
