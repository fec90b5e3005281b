//! The rows of facts beside the journal: reports of usage, erasures, legal holds.

use super::{Columns, Values};
use crate::domain::ids::ResourceId;
use crate::domain::usage::{Seen, UsageKey};
use crate::store::{Erasure, LegalHold, StoreError, codec};

/// Of `usage_seen`.
pub(in crate::store) const SEEN: &str = "stream, key, resource, quantity, value, at";

pub(in crate::store) fn bind_seen(
    values: &mut impl Values,
    stream: &str,
    key: &UsageKey,
    seen: &Seen,
) {
    let value = seen.value.map(u64::to_be_bytes);
    values
        .text(stream)
        .blob(&key.0)
        .int(seen.resource.number)
        .text(&seen.quantity.to_string())
        .blob(value.as_ref().map_or(&[], <[u8; 8]>::as_slice))
        .int(seen.at.micros());
}

pub(in crate::store) fn seen<'r>(
    columns: &mut impl Columns<'r>,
) -> Result<(UsageKey, Seen), StoreError> {
    let account = codec::account(columns.stream()?)?;
    let key = codec::usage_key(columns.blob()?)?;
    let seen = Seen {
        resource: ResourceId::new(account, columns.natural()?),
        quantity: codec::parsed(columns.str()?)?,
        value: codec::usage_value(columns.blob()?)?,
        at: columns.at()?,
    };
    Ok((key, seen))
}

pub(in crate::store) const ERASURE: &str = "stream, stage, seq, closed_at, destroyed_at, erased_at, swept_at, \
    claim_count, sealed_count, delivery_count, mail_count";

pub(in crate::store) fn erasure<'r>(columns: &mut impl Columns<'r>) -> Result<Erasure, StoreError> {
    Ok(Erasure {
        stream: columns.stream()?,
        stage: codec::stage(columns.str()?)?,
        seq: columns.natural()?,
        closed_at: columns.at()?,
        destroyed_at: codec::some_instant(columns.int()?)?,
        erased_at: codec::some_instant(columns.int()?)?,
        swept_at: codec::some_instant(columns.int()?)?,
        claim_count: columns.natural()?,
        sealed_count: columns.natural()?,
        delivery_count: columns.natural()?,
        mail_count: columns.natural()?,
    })
}

/// Of `legal_holds`: `held_at`, `uid`, `reason`.
pub(in crate::store) fn hold<'r>(columns: &mut impl Columns<'r>) -> Result<LegalHold, StoreError> {
    Ok(LegalHold { held_at: columns.at()?, uid: columns.natural()?, reason: columns.string()? })
}
