//! A row as SQLite gives it.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::fault::failed;
use crate::store::{StoreError, codec, rows};

/// A row that is read column by column.
pub(super) struct Columns<'r>(&'r SqliteRow, usize);

impl<'r> Columns<'r> {
    pub(super) fn of(row: &'r SqliteRow) -> Self {
        Self(row, 0)
    }

    fn next<T>(&mut self) -> Result<T, StoreError>
    where
        T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
    {
        let place = self.1;
        self.1 += 1;
        self.0.try_get(place).map_err(failed)
    }
}

impl<'r> rows::Columns<'r> for Columns<'r> {
    fn int(&mut self) -> Result<i64, StoreError> {
        self.next()
    }

    fn flag(&mut self) -> Result<bool, StoreError> {
        codec::flag(self.next()?)
    }

    fn str(&mut self) -> Result<&'r str, StoreError> {
        self.next()
    }

    fn blob(&mut self) -> Result<&'r [u8], StoreError> {
        self.next()
    }
}
