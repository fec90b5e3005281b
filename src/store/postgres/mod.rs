//! The store in a PostgreSQL database: writers on a thread of their own, a pool of readers on
//! another, and a lease, so that no second daemon works on the same database.

/// As many zeros as `wrapped` has bytes.
macro_rules! zeros {
    () => {
        "decode(repeat('00', octet_length(wrapped)), 'hex')"
    };
}

mod campaigns;
mod chores;
mod columns;
mod erasure;
mod fault;
mod lease;
mod lists;
mod money;
mod open;
mod readers;
mod resources;
mod statements;
mod streams;
mod tables;
mod unnest;
mod usage;
mod withdrawals;
mod write;
mod writer;
mod writers;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;

use self::open::{Address, Trust};
use self::readers::Readers;
use self::writers::Writers;
use super::account_count::AccountCount;
use super::{
    BillLineQuery, CampaignQuery, Channel, Chore, Claim, Commit, CouponQuery, Delivery,
    DeliveryQuery, DocumentQuery, DueQuery, DueRow, EntryQuery, Erasure, ErasureStage, Head,
    JobRun, LedgerRow, LegalHold, Loaded, OldUsage, OrderQuery, OutboxDepth, ResourceQuery,
    Retained, SealedRow, StatementQuery, Store, StoreError, StoredRecord, SubscriptionQuery,
    TokenRow, UsagePlace, WithdrawalQuery, Written,
};
use crate::domain::agenda::Job;
use crate::domain::calendar::Timestamp;
use crate::domain::facts::{Facts, Question};
use crate::domain::ids::{
    AccountId, CampaignId, CouponId, DocumentId, OrderId, ResourceId, StreamId, SubscriptionId,
};
use crate::domain::month::Month;
use crate::domain::nouns::closure::Stage;
use crate::domain::nouns::house::MonthSum;
use crate::domain::nouns::order::Order;
use crate::domain::nouns::statement::{BillLine, Document, Statement};
use crate::domain::nouns::withdrawal::Withdrawal;
use crate::domain::rows::{CampaignRow, CouponRow, CoverageRow, ResourceRow, SubscriptionRow};
use crate::domain::trial_balance::Balance;

/// Batches that are written at the same time where nothing else is said.
pub const WRITERS: usize = 4;

/// The store in a PostgreSQL database. One daemon works on it at a time: many nodes on one
/// database come later.
#[derive(Debug)]
pub struct PostgresStore {
    address: Address,
    readers: Readers,
    writers: Writers,
    account_count: AccountCount,
}

impl PostgresStore {
    /// Opens the database at `url`, `postgres://user@host:port/database`, and brings its tables up
    /// to date. The password comes from `password`, from the URL, from `PGPASSWORD`, or from the
    /// file that `PGPASSFILE` names, in this order. Refused if another daemon works on it or a
    /// newer one has written it; where a daemon on another machine has died, its lease is waited
    /// for. [`WRITERS`] batches are written at the same time.
    pub async fn open(url: &str, password: Option<&str>) -> Result<Self, StoreError> {
        Self::open_with(url, password, WRITERS).await
    }

    /// The same, with as many writers; there is one at the least.
    pub async fn open_with(
        url: &str,
        password: Option<&str>,
        writers: usize,
    ) -> Result<Self, StoreError> {
        let address = Address::new(url, password)?;
        let account_count = AccountCount::new();
        let trust = Arc::new(Trust::new());
        let (trusted, counted) = (Arc::clone(&trust), account_count.clone());
        let starting = Writers::start(address.clone(), trusted, counted, writers.max(1));
        let (writers, lease) = starting.await?;
        let readers = Readers::start(&address, lease, trust)?;
        Ok(Self { address, readers, writers, account_count })
    }

    /// The directory of the server's socket, if it is reached by one.
    #[must_use]
    pub fn socket(&self) -> Option<PathBuf> {
        self.address.socket()
    }
}

#[async_trait]
impl Store for PostgresStore {
    fn name(&self) -> String {
        self.address.name()
    }

    async fn write(
        &self,
        commits: Vec<Commit>,
        chores: Vec<Chore>,
    ) -> Result<Vec<Written>, StoreError> {
        self.writers.write(commits, chores).await
    }

    fn writers(&self) -> usize {
        self.writers.count()
    }

    async fn close(&self) {
        self.writers.close().await;
    }

    async fn load_many(
        &self,
        streams: &[StreamId],
        build: &str,
    ) -> Result<Vec<Option<Loaded>>, StoreError> {
        let (streams, build) = (streams.to_vec(), build.to_owned());
        self.readers
            .ask(move |pool| async move { streams::load_many(&pool, &streams, &build).await })
            .await
    }

    async fn tokens(
        &self,
        stream: StreamId,
        tokens: &[String],
    ) -> Result<Vec<TokenRow>, StoreError> {
        let tokens = tokens.to_vec();
        self.readers
            .ask(move |pool| async move { streams::tokens(&pool, stream, &tokens).await })
            .await
    }

    async fn facts(&self, questions: &[Question]) -> Result<Facts, StoreError> {
        let questions = questions.to_vec();
        self.readers.ask(move |pool| async move { lists::facts(&pool, &questions).await }).await
    }

    async fn old_usage(
        &self,
        before: Timestamp,
        after: Option<UsagePlace>,
        limit: u32,
    ) -> Result<OldUsage, StoreError> {
        self.readers
            .ask(move |pool| async move { usage::old(&pool, before, after, limit).await })
            .await
    }

    async fn holder(&self, claim: &Claim) -> Result<Option<StreamId>, StoreError> {
        let claim = claim.clone();
        self.readers.ask(move |pool| async move { streams::holder(&pool, &claim).await }).await
    }

    async fn due(&self, query: DueQuery) -> Result<Vec<DueRow>, StoreError> {
        self.readers.ask(move |pool| async move { streams::due(&pool, query).await }).await
    }

    async fn next_due(&self) -> Result<BTreeMap<Job, Timestamp>, StoreError> {
        self.readers.ask(move |pool| async move { streams::next_due(&pool).await }).await
    }

    async fn stale(
        &self,
        rules_version: u32,
        after: Option<StreamId>,
        limit: u32,
    ) -> Result<Vec<StreamId>, StoreError> {
        self.readers
            .ask(
                move |pool| async move { streams::stale(&pool, rules_version, after, limit).await },
            )
            .await
    }

    async fn accounts(
        &self,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<(AccountId, Head)>, StoreError> {
        self.readers
            .ask(move |pool| async move { streams::accounts(&pool, after, limit).await })
            .await
    }

    async fn closures(
        &self,
        stage: Option<Stage>,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<(AccountId, Head)>, StoreError> {
        self.readers
            .ask(move |pool| async move { streams::closures(&pool, stage, after, limit).await })
            .await
    }

    async fn shared_streams(
        &self,
        after: Option<StreamId>,
        limit: u32,
    ) -> Result<Vec<(StreamId, Head)>, StoreError> {
        self.readers
            .ask(move |pool| async move { streams::shared(&pool, after, limit).await })
            .await
    }

    async fn account_count(&self) -> Result<u64, StoreError> {
        self.account_count.get().await
    }

    async fn subscriptions(
        &self,
        query: SubscriptionQuery,
    ) -> Result<Vec<SubscriptionRow>, StoreError> {
        self.readers.ask(move |pool| async move { lists::subscriptions(&pool, query).await }).await
    }

    async fn subscription(
        &self,
        id: SubscriptionId,
    ) -> Result<Option<SubscriptionRow>, StoreError> {
        self.readers.ask(move |pool| async move { lists::subscription(&pool, id).await }).await
    }

    async fn resources(&self, query: ResourceQuery) -> Result<Vec<ResourceRow>, StoreError> {
        self.readers.ask(move |pool| async move { resources::list(&pool, query).await }).await
    }

    async fn resource(&self, id: ResourceId) -> Result<Option<ResourceRow>, StoreError> {
        self.readers.ask(move |pool| async move { resources::one(&pool, id).await }).await
    }

    async fn orders(&self, query: OrderQuery) -> Result<Vec<Order>, StoreError> {
        self.readers.ask(move |pool| async move { money::orders(&pool, query).await }).await
    }

    async fn order(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        self.readers.ask(move |pool| async move { lists::order(&pool, id).await }).await
    }

    async fn coupons(&self, query: CouponQuery) -> Result<Vec<CouponRow>, StoreError> {
        self.readers.ask(move |pool| async move { money::coupons(&pool, query).await }).await
    }

    async fn coupon(&self, id: CouponId) -> Result<Option<CouponRow>, StoreError> {
        self.readers.ask(move |pool| async move { money::coupon(&pool, id).await }).await
    }

    async fn entries(&self, query: EntryQuery) -> Result<Vec<(StreamId, LedgerRow)>, StoreError> {
        self.readers.ask(move |pool| async move { money::entries(&pool, query).await }).await
    }

    async fn balances(&self, as_of: Timestamp) -> Result<Vec<Balance>, StoreError> {
        self.readers.ask(move |pool| async move { money::balances(&pool, as_of).await }).await
    }

    async fn coverages(
        &self,
        began_by: Timestamp,
        after: Option<(Timestamp, OrderId)>,
        limit: u32,
    ) -> Result<Vec<CoverageRow>, StoreError> {
        self.readers
            .ask(move |pool| async move { money::coverages(&pool, began_by, after, limit).await })
            .await
    }

    async fn coverages_at(
        &self,
        places: &[(Timestamp, OrderId)],
    ) -> Result<Vec<CoverageRow>, StoreError> {
        let places = places.to_vec();
        self.readers.ask(move |pool| async move { money::coverages_at(&pool, &places).await }).await
    }

    async fn campaigns(&self, query: CampaignQuery) -> Result<Vec<CampaignRow>, StoreError> {
        self.readers.ask(move |pool| async move { campaigns::list(&pool, query).await }).await
    }

    async fn campaign(&self, id: CampaignId) -> Result<Option<CampaignRow>, StoreError> {
        self.readers.ask(move |pool| async move { campaigns::one(&pool, id).await }).await
    }

    async fn bill_lines(&self, query: BillLineQuery) -> Result<Vec<BillLine>, StoreError> {
        self.readers
            .ask(move |pool| async move { statements::bill_lines(&pool, query).await })
            .await
    }

    async fn billed_months(&self) -> Result<Vec<Month>, StoreError> {
        self.readers.ask(move |pool| async move { statements::billed_months(&pool).await }).await
    }

    async fn month_sums(&self, month: Month) -> Result<Vec<MonthSum>, StoreError> {
        self.readers
            .ask(move |pool| async move { statements::month_sums(&pool, month).await })
            .await
    }

    async fn statements(
        &self,
        query: StatementQuery,
    ) -> Result<Vec<(AccountId, Statement)>, StoreError> {
        self.readers
            .ask(move |pool| async move { statements::statements(&pool, query).await })
            .await
    }

    async fn statement(
        &self,
        account: AccountId,
        month: Month,
    ) -> Result<Option<Statement>, StoreError> {
        self.readers
            .ask(move |pool| async move { statements::one_statement(&pool, account, month).await })
            .await
    }

    async fn documents(&self, query: DocumentQuery) -> Result<Vec<Document>, StoreError> {
        self.readers.ask(move |pool| async move { statements::documents(&pool, query).await }).await
    }

    async fn withdrawals(&self, query: WithdrawalQuery) -> Result<Vec<Withdrawal>, StoreError> {
        self.readers.ask(move |pool| async move { withdrawals::list(&pool, query).await }).await
    }

    async fn document(&self, id: DocumentId) -> Result<Option<Document>, StoreError> {
        self.readers.ask(move |pool| async move { statements::one_document(&pool, id).await }).await
    }

    async fn journal(
        &self,
        stream: StreamId,
        after_seq: u64,
        limit: u32,
    ) -> Result<Vec<StoredRecord>, StoreError> {
        self.readers
            .ask(move |pool| async move { streams::journal(&pool, stream, after_seq, limit).await })
            .await
    }

    async fn ledger(
        &self,
        stream: StreamId,
        after: Option<(u64, u32)>,
        limit: u32,
    ) -> Result<Vec<LedgerRow>, StoreError> {
        self.readers
            .ask(move |pool| async move { lists::ledger(&pool, stream, after, limit).await })
            .await
    }

    async fn sealed(
        &self,
        stream: StreamId,
        numbers: &[u32],
    ) -> Result<Option<(Vec<u8>, Vec<SealedRow>)>, StoreError> {
        let numbers = numbers.to_vec();
        self.readers
            .ask(move |pool| async move { streams::sealed(&pool, stream, &numbers).await })
            .await
    }

    async fn erasure(&self, stream: StreamId) -> Result<Option<Erasure>, StoreError> {
        self.readers.ask(move |pool| async move { erasure::one(&pool, stream).await }).await
    }

    async fn erasures(
        &self,
        stage: ErasureStage,
        closed_by: Timestamp,
        limit: u32,
    ) -> Result<Vec<Erasure>, StoreError> {
        self.readers
            .ask(move |pool| async move { erasure::list(&pool, stage, closed_by, limit).await })
            .await
    }

    async fn retained(&self, stream: StreamId) -> Result<Option<Retained>, StoreError> {
        self.readers.ask(move |pool| async move { erasure::retained(&pool, stream).await }).await
    }

    async fn legal_hold(&self, stream: StreamId) -> Result<Option<LegalHold>, StoreError> {
        self.readers.ask(move |pool| async move { erasure::hold(&pool, stream).await }).await
    }

    async fn scrub(&self) -> Result<bool, StoreError> {
        let address = self.address.clone();
        self.readers.ask(move |_| writers::scrub(address)).await
    }

    async fn ready(
        &self,
        channel: Channel,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.readers
            .ask(move |pool| async move { lists::ready(&pool, channel, now, limit).await })
            .await
    }

    async fn deliveries(&self, query: DeliveryQuery) -> Result<Vec<Delivery>, StoreError> {
        self.readers.ask(move |pool| async move { lists::deliveries(&pool, query).await }).await
    }

    async fn outbox_depth(&self) -> Result<BTreeMap<Channel, OutboxDepth>, StoreError> {
        self.readers.ask(move |pool| async move { lists::outbox_depth(&pool).await }).await
    }

    async fn job_runs(&self, limit: u32) -> Result<Vec<JobRun>, StoreError> {
        self.readers.ask(move |pool| async move { lists::job_runs(&pool, limit).await }).await
    }

    async fn parked(&self) -> Result<Vec<(StreamId, Timestamp, String)>, StoreError> {
        self.readers.ask(move |pool| async move { streams::parked(&pool).await }).await
    }
}
