//! Why a turn came to nothing.

use super::ExecuteError;
use crate::store::StoreError;

/// Why a turn came to nothing. Whatever it was, nothing is kept of the stream in memory.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    /// The store did not answer, or not with what can be read.
    Store(String),
    /// The stream was set aside, for this reason.
    Parked(String),
    /// The core gave up.
    Panicked,
}

impl Failure {
    /// What those who asked are told.
    pub(super) fn error(&self) -> ExecuteError {
        match self {
            Self::Store(error) => ExecuteError::Store(StoreError::Unavailable(error.clone())),
            Self::Parked(reason) => ExecuteError::Parked(reason.clone()),
            Self::Panicked => ExecuteError::OutcomeUnknown,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(match error {
            StoreError::Unavailable(what) => what,
            StoreError::Corrupt(_) | StoreError::InUse(_) => error.to_string(),
        })
    }
}
