//! What is left of a closed account, and what is given to its owner before.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Account, Delivery, Document, Order, Resource, Statement, Subscription};

/// `PUT /v1/accounts/{id}/legal-hold`: nothing of the account may be erased, or may again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"held": true, "reason": "case 118/2026"}))]
pub struct SetLegalHold {
    /// Is erasure held up?
    pub held: bool,
    /// Why: the reference of the case, without personal data. A hold needs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Whether anything of an account may be erased.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LegalHold {
    /// Is erasure held up?
    pub held: bool,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_at: Option<String>,
    /// The user id of who asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Of `GET /v1/accounts/{account}/closure/certificate`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct CertificateQuery {
    /// `json` or `html`; as the `Accept` header has it if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(pattern = "^(json|html)$")]
    pub format: Option<String>,
}

/// What of a closed account was erased, and what is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClosureCertificate {
    /// The account.
    #[schema(example = "acc_k3f9x2m7qd")]
    pub account: String,
    /// When it was closed.
    pub closed_at: String,
    /// `waiting` for the last messages to go out, `scrubbing` traces, `erased`, `sweeping` once the
    /// retention has ended, `swept`.
    pub stage: String,
    /// When the last trace of personal data was removed, but for the buyer on invoices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<String>,
    /// When the buyer on invoices was destroyed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swept_at: Option<String>,
    /// Messages that wait to be sent, which the erasure waits for.
    pub waiting_count: u64,
    /// Whether a law holds up what is left to erase.
    pub legal_hold: LegalHold,
    /// What was erased, or is going to be.
    pub erased: Vec<ErasedItem>,
    /// What is kept.
    pub kept: Vec<KeptItem>,
}

/// Something that was erased, or is going to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErasedItem {
    /// `claims`, `personal_data`, `deliveries`, `mails` or `buyer`.
    pub what: String,
    /// In words.
    pub description: String,
    /// How many; absent as long as that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// When; absent as long as it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// Something that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeptItem {
    /// `journal`, `ledger`, `orders`, `statements`, `documents` or `buyer`.
    pub what: String,
    /// In words.
    pub description: String,
    /// How many.
    pub count: u64,
    /// Why.
    pub why: String,
    /// At least until then.
    pub until: String,
}

/// Everything that is known of an account's owner, for its owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Export {
    /// When it was put together.
    pub at: String,
    /// The account.
    pub account: Account,
    /// Who owns it; absent once that is erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<ExportedProfile>,
    /// What else is sealed, by number: payment references and the like.
    #[schema(value_type = BTreeMap<String, String>)]
    pub notes: BTreeMap<u32, String>,
    /// Its orders.
    pub orders: Vec<Order>,
    /// Its subscriptions.
    pub subscriptions: Vec<Subscription>,
    /// Its pay-as-you-go resources.
    pub resources: Vec<Resource>,
    /// Its closed months.
    pub statements: Vec<Statement>,
    /// Its invoices and credit notes.
    pub documents: Vec<Document>,
    /// The mails that were sent, or are to be; as long as they are listed.
    pub mails: Vec<Delivery>,
}

/// Who owns an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExportedProfile {
    /// The owner's name.
    pub name: String,
    /// Where mail goes.
    pub email: String,
    /// The postal address for invoices, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub address: Vec<String>,
    /// The number that tax authorities know the owner under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_id: Option<String>,
}
