//! What the control socket asks of the rest of the house, beside the accounts and the store. The
//! shell gives it to [`super::Admin`] when it builds the house.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::domain::agenda::Job;
use crate::domain::calendar::Timestamp;
use crate::domain::ids::StreamId;
use crate::domain::stream::Tally;
use crate::store::{JobRun, StoreError};

/// Hashes under the deployment's key, and chance.
pub trait Sealing: Send + Sync {
    /// Bits that nobody can guess.
    fn random_bits(&self) -> u64;

    /// The hash of `text` under the deployment's key; hashes for different purposes have nothing
    /// in common.
    fn keyed_hash(&self, purpose: &str, text: &[u8]) -> [u8; 32];
}

/// Who owns an account: what is sealed when it is opened, as the JSON of this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The owner's name.
    pub name: String,
    /// Where mail goes; empty if that is not known.
    pub email: String,
    /// The postal address for invoices, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub address: Vec<String>,
    /// The number that tax authorities know the owner under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_id: Option<String>,
}

/// Opens sealed profiles.
#[async_trait(?Send)]
pub trait Profiles: Send + Sync {
    /// Who owns an account; `None` if that is not known, or no longer.
    async fn profile(&self, stream: StreamId) -> Option<Profile>;

    /// Who bought, for the invoices of a closed account: without where to write to.
    async fn buyer(&self, stream: StreamId) -> Option<Profile>;

    /// What else is sealed of an account under these numbers; what is not there, or no longer, is
    /// left out.
    async fn notes(
        &self,
        stream: StreamId,
        numbers: &[u32],
    ) -> Result<BTreeMap<u32, String>, StoreError>;
}

/// A scheduler as the shell runs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchedulerStatus {
    /// Its job.
    pub job: Job,
    /// Its cron line.
    pub cron: String,
    /// When it looks next.
    pub next_run_at: Option<Timestamp>,
}

/// What moving the clock did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StepReport {
    /// At how many instants something was done.
    pub stop_count: u64,
    /// Steps that were settled, by kind.
    pub steps: BTreeMap<String, Tally>,
    /// Mails and webhooks that were delivered.
    pub delivered_count: u64,
}

/// What only the shell can do. Both calls run to their end even if the client that asked has
/// gone; errors are for the operator to read.
#[async_trait(?Send)]
pub trait Control: Send + Sync {
    /// Runs one scheduler now, whatever its cron line says.
    async fn run_job(&self, job: Job) -> Result<JobRun, String>;

    /// Moves the manual clock to `to` through every due instant, cron tick and retry on the way.
    /// Only called where the clock is manual, and with an instant that is not before now.
    async fn advance_clock(&self, to: Timestamp) -> Result<StepReport, String>;

    /// The schedulers that run.
    fn schedulers(&self) -> Vec<SchedulerStatus>;
}
