//! The erasure of a closed account, and what is left of it.

use super::text;
use crate::admin::wire;
use crate::documents::{Certificate, Gone, Kept, Language};
use crate::store::{Erasure, LegalHold};

/// Whether anything of an account may be erased.
#[must_use]
pub fn legal_hold(hold: Option<&LegalHold>) -> wire::LegalHold {
    wire::LegalHold {
        held: hold.is_some(),
        held_at: hold.map(|hold| text(hold.held_at)),
        uid: hold.map(|hold| hold.uid),
        reason: hold.map(|hold| hold.reason.clone()),
    }
}

/// What of a closed account was erased, and what is kept.
#[must_use]
pub fn certificate(
    certificate: &Certificate,
    erasure: &Erasure,
    waiting_count: u64,
    hold: Option<&LegalHold>,
) -> wire::ClosureCertificate {
    let gone = |gone: &Gone| wire::ErasedItem {
        what: gone.matter.as_str().to_owned(),
        description: gone.matter.name(Language::En).to_owned(),
        count: gone.count,
        at: gone.at.map(text),
    };
    let kept = |kept: &Kept| wire::KeptItem {
        what: kept.matter.as_str().to_owned(),
        description: kept.matter.name(Language::En).to_owned(),
        count: kept.count,
        why: kept.matter.reason(Language::En).to_owned(),
        until: text(kept.until),
    };
    wire::ClosureCertificate {
        account: certificate.account.clone(),
        closed_at: text(erasure.closed_at),
        stage: erasure.stage.as_str().to_owned(),
        erased_at: erasure.erased_at.map(text),
        swept_at: erasure.swept_at.map(text),
        waiting_count,
        legal_hold: legal_hold(hold),
        erased: certificate.gone.iter().map(gone).collect(),
        kept: certificate.kept.iter().map(kept).collect(),
    }
}
