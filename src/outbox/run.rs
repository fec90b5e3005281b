//! What a run of the outbox did.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::calendar::Timestamp;
use crate::domain::effects::Template;
use crate::store::{Channel, DeliveryState};

/// How the deliveries of a channel went in a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Taken by the other side.
    pub sent: u64,
    /// Failed, and tried again later.
    pub failed: u64,
    /// Not sent, for a reason.
    pub void: u64,
    /// Given up.
    pub dead: u64,
    /// Not tried, because the other side doesn't answer anybody.
    pub postponed: u64,
}

impl Counts {
    /// An attempt that left its delivery in `state`.
    pub(super) fn one(state: DeliveryState) -> Self {
        let none = Self::default();
        match state {
            DeliveryState::Sent => Self { sent: 1, ..none },
            DeliveryState::Waiting => Self { failed: 1, ..none },
            DeliveryState::Void => Self { void: 1, ..none },
            DeliveryState::Dead => Self { dead: 1, ..none },
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.failed += other.failed;
        self.void += other.void;
        self.dead += other.dead;
        self.postponed += other.postponed;
    }

    /// Did anything happen?
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// A mail that went out in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SentMail {
    /// The stream that caused it.
    pub stream: String,
    /// When it was caused.
    pub at: Timestamp,
    /// Its template.
    pub template: Template,
    /// Its subject, as it was written.
    pub subject: String,
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Run {
    /// How the deliveries went, by channel; channels on which nothing happened are absent.
    pub channels: BTreeMap<Channel, Counts>,
    /// The mails that went out, in the order in which they did.
    pub mails: Vec<SentMail>,
    /// When the next attempt is due; `None` if nothing waits.
    pub next_at: Option<Timestamp>,
}

impl Run {
    /// Did it find nothing to do?
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.channels.is_empty()
    }

    /// All channels together.
    #[must_use]
    pub fn total(&self) -> Counts {
        let mut total = Counts::default();
        self.channels.values().for_each(|counts| total.add(*counts));
        total
    }

    pub(super) fn count(&mut self, channel: Channel, counts: Counts) {
        if !counts.is_nothing() {
            self.channels.entry(channel).or_default().add(counts);
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (channel, counts) in other.channels {
            self.count(channel, counts);
        }
        self.mails.extend(other.mails);
    }
}
