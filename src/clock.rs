//! Clocks: the only door to the time of day.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::domain::calendar::Timestamp;

/// The clock that a daemon runs by.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's.
    System,
    /// One that only moves when told.
    Manual(ManualClock),
}

impl Clock {
    /// A manual clock that stands at `at`.
    #[must_use]
    pub fn manual(at: Timestamp) -> Self {
        Self::Manual(ManualClock(Arc::new(AtomicI64::new(at.micros()))))
    }

    /// What it shows, in whole seconds.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
            Self::System => chrono::Utc::now().into(),
            Self::Manual(clock) => clock.now(),
        }
    }

    /// Is it a manual one?
    #[must_use]
    pub const fn is_manual(&self) -> bool {
        matches!(self, Self::Manual(_))
    }
}

/// A clock that only moves when told, and never back.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// What it shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }

    /// Moves it to `at`, unless it is there or beyond.
    pub fn set(&self, at: Timestamp) {
        self.0.fetch_max(at.micros(), Ordering::SeqCst);
    }
}
