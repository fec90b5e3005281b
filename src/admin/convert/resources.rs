//! Pay-as-you-go resources.

use super::text;
use crate::admin::wire;
use crate::domain::account::Open;
use crate::domain::nouns::resource::Resource;
use crate::domain::rows::ResourceRow;
use crate::domain::rules::Timeline;
use crate::domain::verbs::so_far::debt_ahead;

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
        halts_at: None,
        releases_at: None,
    }
}

/// A resource as it stands, and what debt will do to it.
#[must_use]
pub fn resource_with_debt(timeline: &Timeline, open: &Open, live: &Resource) -> wire::Resource {
    let (halts_at, releases_at) = debt_ahead(timeline, open, live);
    wire::Resource {
        halts_at: halts_at.map(text),
        releases_at: releases_at.map(text),
        ..resource(live)
    }
}

/// A resource as it stands.
#[must_use]
pub fn resource(live: &Resource) -> wire::Resource {
    resource_row(&live.into())
}
