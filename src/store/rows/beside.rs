//! The rows of facts beside the journal: claims, keys, reports of usage, erasures, legal holds; and
//! the values of what is changed in the outbox.

use super::{Columns, Values};
use crate::domain::ids::ResourceId;
use crate::domain::usage::{Seen, UsageKey};
use crate::store::batch::Void;
use crate::store::chores::Moved;
use crate::store::{Claim, Erasure, LegalHold, StoreError, codec};

/// Of `claims`.
pub(in crate::store) const CLAIM: &str = "kind, hash, stream";

pub(in crate::store) fn bind_claim(values: &mut impl Values, stream: &str, claim: &Claim) {
    values.text(claim.kind.as_str()).blob(&claim.hash).text(stream);
}

/// Of `keys`.
pub(in crate::store) const KEY: &str = "stream, wrapped";

pub(in crate::store) fn bind_key(values: &mut impl Values, stream: &str, wrapped: &[u8]) {
    values.text(stream).blob(wrapped);
}

/// A topic of a stream, through which record, and when it is void.
pub(in crate::store) fn bind_void(values: &mut impl Values, void: &Void<'_>) {
    values.text(void.stream).text(void.topic).int(codec::whole(void.through)).int(void.at.micros());
}

/// The key of a delivery, and how it stands: `state`, `attempts`, `next_at`, `outcome`.
pub(in crate::store) fn bind_moved(values: &mut impl Values, moved: &Moved<'_>) {
    values
        .text(&moved.key.stream.to_string())
        .int(codec::whole(moved.key.seq))
        .int(moved.key.n)
        .text(moved.state.as_str())
        .int(moved.attempts)
        .int(moved.next_at.micros())
        .text(moved.outcome);
}

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
