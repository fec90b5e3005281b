//! Campaigns.

use super::coupons::{benefit, scope};
use super::text;
use crate::admin::wire;
use crate::domain::calendar::Timestamp;
use crate::domain::nouns::campaign::Validity;
use crate::domain::rows::CampaignRow;

/// A campaign as it stands at `now`.
#[must_use]
pub fn campaign(row: &CampaignRow, now: Timestamp) -> wire::Campaign {
    let terms = &row.terms;
    let left = terms.quota.map(|quota| quota.saturating_sub(row.taken));
    let (expires_at, valid_days) = match terms.validity {
        Validity::Until(until) => (Some(text(until)), None),
        Validity::Days(days) => (None, Some(days)),
    };
    let state = if row.closed_at.is_some() {
        "closed"
    } else if now >= terms.ends_at {
        "over"
    } else if left == Some(0) {
        "exhausted"
    } else if now < terms.starts_at {
        "planned"
    } else {
        "running"
    };
    wire::Campaign {
        id: row.id.to_string(),
        name: terms.name.clone(),
        description: Some(terms.description.clone()).filter(|text| !text.is_empty()),
        benefit: benefit(&terms.benefit),
        scope: scope(&terms.scope),
        state: state.to_owned(),
        quota: terms.quota,
        taken: row.taken,
        left,
        per_account: terms.per_account,
        starts_at: text(terms.starts_at),
        ends_at: text(terms.ends_at),
        expires_at,
        valid_days,
        has_code: terms.has_code,
        opened_at: text(row.opened_at),
        closed_at: row.closed_at.map(text),
    }
}
