//! What went wrong with a statement: the data, or the database.

use sqlx::migrate::MigrateError;

use crate::store::StoreError;
use crate::store::codec::corrupt;

/// What an operator can do where the database itself says little.
pub(super) const SEE_TO_IT: &str = "see to the permissions of the file and of its directory, and that \
    its disk is not mounted read-only";
const DISK_REFUSES: &str = "the disk refuses to read or write: see to its free space, to the limits \
    of the process, and to the log of the system; what was answered is kept, and the daemon goes on \
    as soon as it can write";
const DISK_FULL: &str = "the disk is full: free some space; what was answered is kept, and the \
    daemon goes on as soon as it can write";
const DAMAGED: &str = "the database is damaged: stop the daemon, keep the files as they are, and \
    restore a backup";

/// Why a transaction failed.
#[derive(Debug)]
pub(super) enum Fault {
    /// The data do not fit what is stored: another set of commits may pass.
    Data(String),
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
        let unavailable = |what: String| Self::Store(StoreError::Unavailable(what));
        match primary_code(&error) {
            // TOOBIG, CONSTRAINT, MISMATCH, RANGE.
            Some(18 | 19 | 20 | 25) => Self::Data(error.to_string()),
            // ERROR: a statement that does not fit the schema.
            Some(1) => Self::Store(corrupt(error)),
            // CORRUPT, NOTADB.
            Some(11 | 26) => Self::Store(corrupt(format!("{DAMAGED} ({error})"))),
            Some(8) => {
                unavailable(format!("the database cannot be written: {SEE_TO_IT} ({error})"))
            }
            Some(10) => unavailable(format!("{DISK_REFUSES} ({error})")),
            Some(13) => unavailable(format!("{DISK_FULL} ({error})")),
            Some(14) => unavailable(format!(
                "a file of the database, or the one beside it that ends in -wal, cannot be opened: \
                 {SEE_TO_IT} ({error})"
            )),
            Some(_) => unavailable(error.to_string()),
            None => Self::Store(other(&error)),
        }
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Data(what) => Self::Corrupt(what),
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

fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let code = error.as_database_error()?.code()?;
    code.parse::<i32>().ok().map(|code| code & 0xff)
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
