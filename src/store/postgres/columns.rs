//! A row as PostgreSQL gives it.

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::fault::failed;
use crate::store::{StoreError, rows};

/// A row that is read column by column.
pub(super) struct Columns<'r>(&'r PgRow, usize);

impl<'r> Columns<'r> {
    pub(super) fn of(row: &'r PgRow) -> Self {
        Self(row, 0)
    }

    pub(super) fn next<T>(&mut self) -> Result<T, StoreError>
    where
        T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
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
        self.next()
    }

    fn str(&mut self) -> Result<&'r str, StoreError> {
        self.next()
    }

    fn blob(&mut self) -> Result<&'r [u8], StoreError> {
        self.next()
    }
}
