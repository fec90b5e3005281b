//! A pay-as-you-go resource, as webhooks show it.

use serde::Serialize;

use crate::domain::calendar::Timestamp;
use crate::domain::ids::ResourceId;
use crate::domain::nouns::resource;

#[derive(Debug, Serialize)]
pub(super) struct Resource {
    id: ResourceId,
    state: resource::State,
    product: String,
    plan: String,
    region: String,
    external_id: Option<String>,
    opened_at: Timestamp,
    /// Since when its owner keeps it stopped.
    stopped_at: Option<Timestamp>,
    /// Since when it is stopped for debt.
    halted_at: Option<Timestamp>,
    released_at: Option<Timestamp>,
}

impl From<&resource::Resource> for Resource {
    fn from(live: &resource::Resource) -> Self {
        Self {
            id: live.id,
            state: live.state(),
            product: live.subject.product.clone(),
            plan: live.plan.clone(),
            region: live.subject.region.clone(),
            external_id: live.subject.external_id.clone(),
            opened_at: live.opened_at,
            stopped_at: live.stopped_at,
            halted_at: live.halted_at,
            released_at: live.released_at,
        }
    }
}
