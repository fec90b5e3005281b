//! The rows of resources, withdrawals and campaigns.

use super::{Columns, Values};
use crate::domain::ids::{ResourceId, StreamId, WithdrawalId};
use crate::domain::nouns::withdrawal::Withdrawal;
use crate::domain::rows::{CampaignRow, ResourceRow};
use crate::store::{StoreError, codec};

pub(in crate::store) const RESOURCE: &str = "stream, number, external_id, product, plan, region, state, opened_at, \
    stopped_at, halted_at, released_at";

pub(in crate::store) fn bind_resource(values: &mut impl Values, stream: &str, row: &ResourceRow) {
    values
        .text(stream)
        .int(row.id.number)
        .text(codec::text(row.external_id.as_deref()))
        .text(&row.product)
        .text(&row.plan)
        .text(&row.region)
        .text(row.state.as_str())
        .int(row.opened_at.micros())
        .int(codec::micros(row.stopped_at))
        .int(codec::micros(row.halted_at))
        .int(codec::micros(row.released_at));
}

pub(in crate::store) fn resource<'r>(
    columns: &mut impl Columns<'r>,
) -> Result<ResourceRow, StoreError> {
    let account = codec::account(columns.stream()?)?;
    Ok(ResourceRow {
        id: ResourceId::new(account, columns.natural()?),
        external_id: codec::some_text(columns.string()?),
        product: columns.string()?,
        plan: columns.string()?,
        region: columns.string()?,
        state: codec::resource_state(columns.str()?)?,
        opened_at: columns.at()?,
        stopped_at: codec::some_instant(columns.int()?)?,
        halted_at: codec::some_instant(columns.int()?)?,
        released_at: codec::some_instant(columns.int()?)?,
    })
}

pub(in crate::store) const WITHDRAWAL: &str =
    "stream, number, state, minor, currency, requested_at, settled_at, reason, parts";

pub(in crate::store) fn bind_withdrawal(values: &mut impl Values, stream: &str, row: &Withdrawal) {
    values
        .text(stream)
        .int(row.id.number)
        .text(row.state.as_str())
        .int(row.amount.minor())
        .text(row.amount.currency().code())
        .int(row.requested_at.micros())
        .int(codec::micros(row.settled_at))
        .text(codec::text(row.reason.as_deref()))
        .json(&row.parts);
}

pub(in crate::store) fn withdrawal<'r>(
    columns: &mut impl Columns<'r>,
) -> Result<Withdrawal, StoreError> {
    let account = codec::account(columns.stream()?)?;
    let id = WithdrawalId::new(account, columns.natural()?);
    let state = codec::withdrawal_state(columns.str()?)?;
    Ok(Withdrawal {
        id,
        state,
        amount: codec::money(columns.int()?, columns.str()?)?,
        requested_at: columns.at()?,
        settled_at: codec::some_instant(columns.int()?)?,
        reason: codec::some_text(columns.string()?),
        parts: codec::from_json(columns.str()?)?,
    })
}

pub(in crate::store) const CAMPAIGN: &str =
    "stream, name, starts_at, ends_at, opened_at, closed_at, taken, terms";

pub(in crate::store) fn bind_campaign(values: &mut impl Values, stream: &str, row: &CampaignRow) {
    values
        .text(stream)
        .text(&row.terms.name)
        .int(row.terms.starts_at.micros())
        .int(row.terms.ends_at.micros())
        .int(row.opened_at.micros())
        .int(codec::micros(row.closed_at))
        .int(row.taken)
        .json(&row.terms);
}

pub(in crate::store) fn campaign<'r>(
    columns: &mut impl Columns<'r>,
) -> Result<CampaignRow, StoreError> {
    let id = match columns.stream()? {
        StreamId::Campaign(id) => id,
        other @ (StreamId::Account(_) | StreamId::House | StreamId::Series(_)) => {
            return Err(codec::corrupt(format_args!("{other} where a campaign must be")));
        }
    };
    // These are in the terms as well.
    let (_name, _starts_at, _ends_at) = (columns.str()?, columns.at()?, columns.at()?);
    Ok(CampaignRow {
        id,
        opened_at: columns.at()?,
        closed_at: codec::some_instant(columns.int()?)?,
        taken: columns.natural()?,
        terms: serde_json::from_str(columns.str()?).map_err(codec::corrupt)?,
    })
}
