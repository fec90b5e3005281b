//! What went wrong with a statement: the data, the moment, or the database.

use sqlx::migrate::MigrateError;

use crate::store::StoreError;
use crate::store::codec::corrupt;

/// Why a transaction failed.
#[derive(Debug)]
pub(super) enum Fault {
    /// The data do not fit what is stored: another set of commits may pass.
    Data(String),
    /// It got into another transaction's way, and would pass if it were tried again.
    Again(String),
    /// The database: no commit can pass.
    Store(StoreError),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        let Some(code) = code(&error) else { return Self::Store(other(&error)) };
        match (code.get(..2).unwrap_or_default(), code.as_str()) {
            // serialization_failure, deadlock_detected, lock_not_available.
            (_, "40001" | "40P01" | "55P03") => Self::Again(error.to_string()),
            // A value out of range or of characters, a constraint, a row met twice, a value that
            // is too large for an index.
            ("21" | "22" | "23", _) | (_, "54000") => Self::Data(error.to_string()),
            // A statement that does not fit the schema, damaged pages.
            ("42" | "XX", _) => Self::Store(corrupt(error)),
            // Everything else passes with time, or with an operator.
            _ => Self::Store(StoreError::Unavailable(error.to_string())),
        }
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Data(what) => Self::Corrupt(what),
            Fault::Again(what) => Self::Unavailable(what),
            Fault::Store(error) => error,
        }
    }
}

/// The error of a read, where nothing can be wrong with the data that were sent.
pub(super) fn failed(error: sqlx::Error) -> StoreError {
    Fault::from(error).into()
}

/// The error of a migration.
pub(super) fn migration(error: MigrateError) -> StoreError {
    if let MigrateError::VersionMissing(version) = error {
        return StoreError::Unavailable(format!(
            "the database was written by a newer version of renewd (its migration {version} is \
             not known here): upgrade renewd or restore a backup"
        ));
    }
    if let MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) = error {
        return failed(error);
    }
    corrupt(error)
}

/// The SQLSTATE that the server answered.
pub(super) fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(std::borrow::Cow::into_owned)
}

fn other(error: &sqlx::Error) -> StoreError {
    let nonsense = matches!(
        error,
        sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::Decode(_)
            | sqlx::Error::Encode(_)
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::ColumnIndexOutOfBounds { .. }
            | sqlx::Error::RowNotFound
            | sqlx::Error::TypeNotFound { .. }
    );
    if nonsense { corrupt(error) } else { StoreError::Unavailable(error.to_string()) }
}
