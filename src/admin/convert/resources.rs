//! Pay-as-you-go resources.

use super::text;
use crate::admin::wire;
use crate::domain::nouns::resource::Resource;
use crate::domain::rows::ResourceRow;

/// A resource as it is listed.
#[must_use]
pub fn resource_row(row: &ResourceRow) -> wire::Resource {
    wire::Resource {
        id: row.id.to_string(),
        account: row.id.account.to_string(),
        external_id: row.external_id.clone(),
        product: row.product.clone(),
        plan: row.plan.clone(),
        region: row.region.clone(),
        state: row.state.as_str().to_owned(),
        opened_at: text(row.opened_at),
        stopped_at: row.stopped_at.map(text),
        halted_at: row.halted_at.map(text),
        released_at: row.released_at.map(text),
    }
}

/// A resource as it stands.
#[must_use]
pub fn resource(live: &Resource) -> wire::Resource {
    resource_row(&live.into())
}
