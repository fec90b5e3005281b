//! What the house asks of a database. [`Store`] is the whole of it; SQLite, PostgreSQL and memory
//! keep it, and one conformance suite (`tests/store`) says what keeping it means.
//!
//! Three classes of tables, written only in [`Store::write`]: **readings** (subscriptions,
//! resources, orders, coupons, coverages, ledger entries, bill lines, closed months, documents),
//! which can be rebuilt from the journal; **facts beside the journal** (sealed profiles and their
//! keys, claims, tokens, reports of usage, erasures, legal holds); **machinery** (stream heads with their due row, the
//! outbox, job runs, snapshots).

mod account_count;
mod batch;
mod chores;
pub mod codec;
pub mod copy;
mod erasure;
mod gate;
pub mod memory;
pub mod postgres;
mod queries;
mod rows;
pub mod seal;
pub mod sqlite;
mod walks;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::domain::agenda::Job;
use crate::domain::calendar::Timestamp;
use crate::domain::facts::{Facts, Question};
use crate::domain::ids::{
    AccountId, CampaignId, CouponId, DocumentId, OrderId, ResourceId, StreamId, SubscriptionId,
};
use crate::domain::money::Money;
use crate::domain::month::Month;
use crate::domain::nouns::closure::Stage;
use crate::domain::nouns::house::MonthSum;
use crate::domain::nouns::order::Order;
use crate::domain::nouns::statement::{BillLine, Document, Statement};
use crate::domain::nouns::withdrawal::Withdrawal;
use crate::domain::rows::{CampaignRow, CouponRow, CoverageRow, ResourceRow, Row, SubscriptionRow};
use crate::domain::trial_balance::{Balance, Earned, TrialBalance};
use crate::domain::usage::{Seen, UsageKey};

pub use chores::{Chore, JobRun, OldUsage, UsagePlace};
pub use erasure::{Erasure, ErasureStage, LegalHold, Retained};
pub use queries::{
    BillLineQuery, CampaignQuery, ChartFilter, CouponQuery, DeliveryQuery, DocumentQuery,
    EntryQuery, OrderQuery, ResourceQuery, StatementQuery, SubscriptionQuery, WithdrawalQuery,
};

/// Why a database did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached or refuses for now. Nothing was written; only where a connection broke
    /// while a transaction was being committed nobody knows, and whoever reads again finds out.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// What it holds or was given cannot be true.
    #[error("the store is corrupt: {0}")]
    Corrupt(String),
    /// Another daemon has it open.
    #[error("the store is in use: {0}")]
    InUse(String),
}

/// The digest of a record: over its predecessor's digest and its stored bytes.
pub type Digest = [u8; 32];

/// A record as it is stored: its bytes are never touched again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// Its number in the stream, from 1.
    pub seq: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// The JSON of a [`crate::domain::record::Record`].
    pub body: String,
    /// Over the predecessor's digest and `body`.
    pub digest: Digest,
}

/// The head of a stream: where its journal ends, and when it is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The number of its last record.
    pub seq: u64,
    /// When that was recorded.
    pub at: Timestamp,
    /// Its digest.
    pub digest: Digest,
    /// When it next needs attention; [`Timestamp::MAX`] for never.
    pub due_at: Timestamp,
    /// The scheduler that looks after that.
    pub due_job: Job,
    /// The newest version of the rules that the due row was computed under.
    pub rules_version: u32,
    /// The JSON of a [`crate::domain::rows::Summary`]; `{}` for a stream that is no account.
    pub summary: String,
}

/// What a claim is on; unique over all streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimKind {
    /// An e-mail address.
    Email,
    /// An external id of the import.
    ExternalId,
    /// The redemption code of a campaign, which is case-sensitive (R5.2).
    Code,
}

impl ClaimKind {
    /// The word for it in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::ExternalId => "external_id",
            Self::Code => "code",
        }
    }
}

/// A claim, known by a keyed hash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claim {
    /// On what.
    pub kind: ClaimKind,
    /// The keyed hash of it.
    pub hash: Digest,
}

/// A token that a request came under, with the answer to repeat (R4.11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// The token.
    pub token: String,
    /// The keyed hash of the parameters.
    pub fingerprint: Digest,
    /// The record it led to.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// The JSON of the [`crate::domain::command::Answer`].
    pub answer: String,
}

/// Something personal, sealed under the stream's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRow {
    /// Its number: `note#7`.
    pub number: u32,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
}

/// A ledger line as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// The record that posted it.
    pub seq: u64,
    /// Its number in that record, from 0.
    pub line: u32,
    /// When.
    pub at: Timestamp,
    /// The account of the chart.
    pub account: String,
    /// Debit above zero, credit below.
    pub amount: Money,
}

/// Where an effect goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Out by mail.
    Mail,
    /// To a webhook endpoint.
    Webhook,
    /// To another stream.
    Tell,
}

impl Channel {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Webhook => "webhook",
            Self::Tell => "tell",
        }
    }
}

/// An effect on its way out. `(stream, seq, n)` is its key for ever: Message-ID, webhook id and
/// token derive from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// The record that caused it.
    pub seq: u64,
    /// Its number in that record, from 0.
    pub n: u32,
    /// Where it goes.
    pub channel: Channel,
    /// The webhook endpoint's name; empty otherwise.
    pub endpoint: String,
    /// What may void it; empty for nothing.
    pub topic: String,
    /// Useless after this instant.
    pub worth_until: Timestamp,
    /// When it was caused: the first attempt is due then.
    pub at: Timestamp,
    /// The JSON of a [`crate::domain::effects::Effect`].
    pub body: String,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Waits for its next attempt.
    Waiting,
    /// Was taken by the other side.
    Sent,
    /// Was not sent, for a reason: voided by a later event, or useless by now.
    Void,
    /// Was given up.
    Dead,
}

impl DeliveryState {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Void => "void",
            Self::Dead => "dead",
        }
    }
}

/// The key of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EffectKey {
    /// The stream.
    pub stream: StreamId,
    /// The record.
    pub seq: u64,
    /// The effect of that record.
    pub n: u32,
}

/// An effect and how its delivery stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its stream.
    pub stream: StreamId,
    /// The effect.
    pub row: OutboxRow,
    /// How it stands.
    pub state: DeliveryState,
    /// Attempts so far.
    pub attempts: u32,
    /// When the next attempt is due, or when it was settled.
    pub next_at: Timestamp,
    /// What the last attempt came to; empty before the first.
    pub outcome: String,
}

impl Delivery {
    /// Its key.
    #[must_use]
    pub const fn key(&self) -> EffectKey {
        EffectKey { stream: self.stream, seq: self.row.seq, n: self.row.n }
    }
}

/// A state of the stream, so that its journal need not be read from the start. Never migrated:
/// one of another build is thrown away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The last record it covers.
    pub seq: u64,
    /// The build that wrote it.
    pub build: String,
    /// The JSON of a [`crate::domain::stream::State`].
    pub body: String,
}

/// Everything that one turn of a stream writes: all or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Which stream.
    pub stream: StreamId,
    /// The head's number that the decision saw; 0 if the stream must not exist.
    pub expected_seq: u64,
    /// Consecutive records from `expected_seq + 1`. None only refreshes the due row.
    pub records: Vec<StoredRecord>,
    /// The head afterwards.
    pub head: Head,
    /// Claims that must be free.
    pub claims: Vec<Claim>,
    /// Tokens that must be new in this stream.
    pub tokens: Vec<TokenRow>,
    /// The stream's key, wrapped; only with the first record.
    pub key: Option<Vec<u8>>,
    /// What is sealed beside the journal.
    pub sealed: Vec<SealedRow>,
    /// Reports of usage that were counted, which must be new in this account (D34).
    pub seen: Vec<(UsageKey, Seen)>,
    /// Rows of readable tables, each noun at most once.
    pub rows: Vec<Row>,
    /// Ledger lines.
    pub entries: Vec<LedgerRow>,
    /// Topics that no longer hold: what waits under them from earlier records is void.
    pub voids: Vec<String>,
    /// Effects.
    pub outbox: Vec<OutboxRow>,
    /// A snapshot that replaces the last one.
    pub snapshot: Option<Snapshot>,
    /// It closes the account: its claims are released and its erasure begins. Once in its life.
    pub erase: bool,
}

/// What became of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is durable.
    Done,
    /// The head had moved: reload and decide again.
    Conflict,
    /// A claim is held by another stream.
    Taken(ClaimKind),
    /// A token was used before.
    TokenUsed,
    /// The data themselves cannot be written, or contradict each other; only this commit failed.
    Refused,
}

/// A stream as it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// Its head.
    pub head: Head,
    /// Its last snapshot.
    pub snapshot: Option<Snapshot>,
    /// The bodies of the records after the snapshot, or of all, in their order, one a line.
    pub tail: String,
    /// Why it was parked, if it was.
    pub parked: Option<String>,
}

/// A stream that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueRow {
    /// Which.
    pub stream: StreamId,
    /// Since when.
    pub due_at: Timestamp,
    /// For which scheduler.
    pub job: Job,
}

/// Which streams are due: those of a job by `until`, and any that were due by `any_until`; the
/// oldest first, after a cursor.
#[derive(Debug, Clone, Copy)]
pub struct DueQuery {
    /// The job.
    pub job: Job,
    /// Its streams due at or before this.
    pub until: Timestamp,
    /// Streams of any job due at or before this.
    pub any_until: Timestamp,
    /// After this row of the last page.
    pub after: Option<(Timestamp, StreamId)>,
    /// How many at the most.
    pub limit: u32,
}

/// How the outbox stands on a channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxDepth {
    /// Deliveries that wait.
    pub waiting_count: u64,
    /// Deliveries that were given up.
    pub dead_count: u64,
    /// When the oldest that waits was caused.
    pub oldest_at: Option<Timestamp>,
    /// When the next attempt is due.
    pub next_at: Option<Timestamp>,
}

/// Coverages that a trial balance reads at once.
const COVERAGES_READ: u32 = 5_000;

/// What the house asks of a database.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Its name for people: `sqlite:/var/lib/renewd/renewd.db`.
    fn name(&self) -> String;

    /// Writes commits and chores in one durable transaction, and answers each commit. Gate, then
    /// write: only commits whose head stands where they expect it, whose claims are free and
    /// whose tokens are new are written, each whole; the others leave no trace. They are gated in
    /// the order given, each as if those before it had been written alone; the chores come after
    /// them. Dropping the future cannot stop a write half-way: it is written or it is not. Of
    /// writes that are asked for at the same time each is as if the others had come before or
    /// after it, in whatever order.
    async fn write(
        &self,
        commits: Vec<Commit>,
        chores: Vec<Chore>,
    ) -> Result<Vec<Written>, StoreError>;

    /// How many writes it works on at the same time; others wait for them.
    fn writers(&self) -> usize {
        1
    }

    /// Takes no more writes, and leaves what was written where a copy of it is whole. Reading goes
    /// on.
    async fn close(&self) {}

    /// The streams as they were stored, in the order asked, each of which is asked for once; `None`
    /// for those that do not exist. A snapshot of another build than `build` is passed over.
    async fn load_many(
        &self,
        streams: &[StreamId],
        build: &str,
    ) -> Result<Vec<Option<Loaded>>, StoreError>;

    /// The tokens that were used before, of those asked.
    async fn tokens(
        &self,
        stream: StreamId,
        tokens: &[String],
    ) -> Result<Vec<TokenRow>, StoreError>;

    /// What is known of the questions.
    async fn facts(&self, questions: &[Question]) -> Result<Facts, StoreError>;

    /// Looks through the next `limit` reports of usage, by account and key, for those from before
    /// `before`. A list of them by age would cost every report a second write, so whoever forgets
    /// the old ones walks through all in the order in which they are stored, a few at a time.
    async fn old_usage(
        &self,
        before: Timestamp,
        after: Option<UsagePlace>,
        limit: u32,
    ) -> Result<OldUsage, StoreError>;

    /// The stream that holds a claim.
    async fn holder(&self, claim: &Claim) -> Result<Option<StreamId>, StoreError>;

    /// A page of streams that are due. Parked ones are not.
    async fn due(&self, query: DueQuery) -> Result<Vec<DueRow>, StoreError>;

    /// For each job, the earliest instant at which anything of it is due.
    async fn next_due(&self) -> Result<BTreeMap<Job, Timestamp>, StoreError>;

    /// A page of accounts whose due row was computed under an older version of the rules.
    async fn stale(
        &self,
        rules_version: u32,
        after: Option<StreamId>,
        limit: u32,
    ) -> Result<Vec<StreamId>, StoreError>;

    /// A page of accounts by id, with their heads.
    async fn accounts(
        &self,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<(AccountId, Head)>, StoreError>;

    /// A page of accounts that are being closed or are closed, by id, with their heads; those at a
    /// stage only, if one is named.
    async fn closures(
        &self,
        stage: Option<Stage>,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<(AccountId, Head)>, StoreError>;

    /// A page of the streams that accounts share, with their heads, ordered by the text of their
    /// ids: campaigns, the house, number series.
    async fn shared_streams(
        &self,
        after: Option<StreamId>,
        limit: u32,
    ) -> Result<Vec<(StreamId, Head)>, StoreError>;

    /// How many accounts there are.
    async fn account_count(&self) -> Result<u64, StoreError>;

    /// A page of subscriptions.
    async fn subscriptions(
        &self,
        query: SubscriptionQuery,
    ) -> Result<Vec<SubscriptionRow>, StoreError>;

    /// One subscription.
    async fn subscription(&self, id: SubscriptionId)
    -> Result<Option<SubscriptionRow>, StoreError>;

    /// A page of pay-as-you-go resources.
    async fn resources(&self, query: ResourceQuery) -> Result<Vec<ResourceRow>, StoreError>;

    /// One resource.
    async fn resource(&self, id: ResourceId) -> Result<Option<ResourceRow>, StoreError>;

    /// A page of orders.
    async fn orders(&self, query: OrderQuery) -> Result<Vec<Order>, StoreError>;

    /// One order.
    async fn order(&self, id: OrderId) -> Result<Option<Order>, StoreError>;

    /// A page of coupons.
    async fn coupons(&self, query: CouponQuery) -> Result<Vec<CouponRow>, StoreError>;

    /// One coupon.
    async fn coupon(&self, id: CouponId) -> Result<Option<CouponRow>, StoreError>;

    /// A page of ledger lines with their streams.
    async fn entries(&self, query: EntryQuery) -> Result<Vec<(StreamId, LedgerRow)>, StoreError>;

    /// The sums of all ledger lines posted at or before `as_of`, by currency and account of the
    /// chart.
    async fn balances(&self, as_of: Timestamp) -> Result<Vec<Balance>, StoreError>;

    /// A page of what was paid for times that began at or before `began_by`: by their start and
    /// the order, after such a place.
    async fn coverages(
        &self,
        began_by: Timestamp,
        after: Option<(Timestamp, OrderId)>,
        limit: u32,
    ) -> Result<Vec<CoverageRow>, StoreError>;

    /// What was paid for the times that begin at these places, of those that exist; by place.
    async fn coverages_at(
        &self,
        places: &[(Timestamp, OrderId)],
    ) -> Result<Vec<CoverageRow>, StoreError>;

    /// The trial balance by `as_of`: what was posted by then, and what of it is earned by then
    /// along the times that were paid for, as they stand now (D43). It is put together in short
    /// reads; what is written meanwhile may be in it or not, but whole.
    async fn trial_balance(&self, as_of: Timestamp) -> Result<TrialBalance, StoreError> {
        let balances = self.balances(as_of).await?;
        let mut earned = Earned::by(as_of);
        let mut after = None;
        loop {
            let page = self.coverages(as_of, after, COVERAGES_READ).await?;
            for row in &page {
                earned.add(row);
            }
            match page.last() {
                Some(last) => after = Some((last.starts_at, last.order)),
                None => break,
            }
        }
        TrialBalance::new(&balances, &earned).map_err(codec::corrupt)
    }

    /// A page of campaigns.
    async fn campaigns(&self, query: CampaignQuery) -> Result<Vec<CampaignRow>, StoreError>;

    /// One campaign.
    async fn campaign(&self, id: CampaignId) -> Result<Option<CampaignRow>, StoreError>;

    /// A page of the lines of a bill.
    async fn bill_lines(&self, query: BillLineQuery) -> Result<Vec<BillLine>, StoreError>;

    /// The months in which anything is billed, the first one first.
    async fn billed_months(&self) -> Result<Vec<Month>, StoreError>;

    /// What all accounts together are billed in a month, by currency. It is put together in short
    /// reads; of what is written meanwhile an account's lines are in it or not.
    async fn month_sums(&self, month: Month) -> Result<Vec<MonthSum>, StoreError>;

    /// A page of closed months with their accounts.
    async fn statements(
        &self,
        query: StatementQuery,
    ) -> Result<Vec<(AccountId, Statement)>, StoreError>;

    /// One closed month of an account.
    async fn statement(
        &self,
        account: AccountId,
        month: Month,
    ) -> Result<Option<Statement>, StoreError>;

    /// A page of documents.
    async fn documents(&self, query: DocumentQuery) -> Result<Vec<Document>, StoreError>;

    /// One document.
    async fn document(&self, id: DocumentId) -> Result<Option<Document>, StoreError>;

    /// A page of withdrawals.
    async fn withdrawals(&self, query: WithdrawalQuery) -> Result<Vec<Withdrawal>, StoreError>;

    /// A page of a stream's journal, oldest first, after `after_seq`.
    async fn journal(
        &self,
        stream: StreamId,
        after_seq: u64,
        limit: u32,
    ) -> Result<Vec<StoredRecord>, StoreError>;

    /// A page of a stream's ledger lines, oldest first, after `(seq, line)`.
    async fn ledger(
        &self,
        stream: StreamId,
        after: Option<(u64, u32)>,
        limit: u32,
    ) -> Result<Vec<LedgerRow>, StoreError>;

    /// A stream's wrapped key, and what was asked of what is sealed there.
    async fn sealed(
        &self,
        stream: StreamId,
        numbers: &[u32],
    ) -> Result<Option<(Vec<u8>, Vec<SealedRow>)>, StoreError>;

    /// How far the erasure of an account is; none if it was never closed.
    async fn erasure(&self, stream: StreamId) -> Result<Option<Erasure>, StoreError>;

    /// Erasures in a stage, of accounts that were closed at or before `closed_by` and that no
    /// legal hold keeps, the first closed first. Of those that wait only those for whom nothing
    /// waits to be sent.
    async fn erasures(
        &self,
        stage: ErasureStage,
        closed_by: Timestamp,
        limit: u32,
    ) -> Result<Vec<Erasure>, StoreError>;

    /// Who bought, of a closed account whose invoices are kept.
    async fn retained(&self, stream: StreamId) -> Result<Option<Retained>, StoreError>;

    /// The legal hold of an account, if there is one.
    async fn legal_hold(&self, stream: StreamId) -> Result<Option<LegalHold>, StoreError>;

    /// Removes the traces that what was deleted has left in the store's own files. Answers whether
    /// that came about: whoever reads just then may stand in its way.
    async fn scrub(&self) -> Result<bool, StoreError>;

    /// Deliveries on a channel whose next attempt is due, oldest first. For webhooks only the
    /// oldest that waits for each endpoint and stream.
    async fn ready(
        &self,
        channel: Channel,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// A page of deliveries.
    async fn deliveries(&self, query: DeliveryQuery) -> Result<Vec<Delivery>, StoreError>;

    /// How the outbox stands, by channel.
    async fn outbox_depth(&self) -> Result<BTreeMap<Channel, OutboxDepth>, StoreError>;

    /// The latest runs of each scheduler, newest first, at most `limit` of each.
    async fn job_runs(&self, limit: u32) -> Result<Vec<JobRun>, StoreError>;

    /// The parked streams: which, since when, why.
    async fn parked(&self) -> Result<Vec<(StreamId, Timestamp, String)>, StoreError>;
}

/// The store as the house holds it.
pub type Handle = Arc<dyn Store>;
