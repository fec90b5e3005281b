//! Reading resources.

use super::{Tables, page};
use crate::domain::rows::ResourceRow;
use crate::store::ResourceQuery;

impl Tables {
    pub(super) fn list_resources(&self, query: &ResourceQuery) -> Vec<ResourceRow> {
        let asked = self.resources.values().filter(|row| {
            query.account.is_none_or(|account| row.id.account == account)
                && query.state.is_none_or(|state| row.state == state)
                && query.product.as_ref().is_none_or(|product| row.product == *product)
                && query.region.as_ref().is_none_or(|region| row.region == *region)
                && query.after.is_none_or(|after| row.id > after)
        });
        page(asked.cloned(), query.limit)
    }
}
