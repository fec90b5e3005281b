//! The store in a SQLite file: one writer on a thread of its own, a pool of readers beside it,
//! and a lock for life, so that no second daemon opens the same file.

mod campaigns;
mod checkpoint;
mod chores;
mod columns;
mod erasure;
mod fault;
mod ladder;
mod lists;
mod money;
mod open;
mod resources;
mod statements;
mod streams;
mod tables;
mod usage;
mod withdrawals;
mod write;
mod writer;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use sqlx::SqlitePool;

use self::writer::Writer;
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
use crate::failpoint::{self, Point};

/// The store in a SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    // Dropped in this order: the writer ends its last batch before the file is unlocked.
    writer: Writer,
    readers: SqlitePool,
    account_count: AccountCount,
    _lock: File,
}

impl SqliteStore {
    /// Opens the database at `path`, makes it if there is none, and brings its tables up to
    /// date. Refused if another daemon has it open or a newer one has written it.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let lock = open::lock(path)?;
        let mut conn = open::writer(path).await?;
        failpoint::pass(Point::StoreBeforeMigrations);
        open::migrate(&mut conn).await?;
        failpoint::pass(Point::StoreAfterMigrations);
        let readers = open::readers(path);
        let account_count = AccountCount::new();
        streams::count_accounts(&readers, &account_count).await?;
        let writer = Writer::start(path, conn, account_count.clone())?;
        Ok(Self { path: path.to_owned(), writer, readers, account_count, _lock: lock })
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn name(&self) -> String {
        format!("sqlite:{}", self.path.display())
    }

    async fn write(
        &self,
        commits: Vec<Commit>,
        chores: Vec<Chore>,
    ) -> Result<Vec<Written>, StoreError> {
        self.writer.write(commits, chores).await
    }

    async fn close(&self) {
        self.writer.close().await;
    }

    async fn load_many(
        &self,
        streams: &[StreamId],
        build: &str,
    ) -> Result<Vec<Option<Loaded>>, StoreError> {
        streams::load_many(&self.readers, streams, build).await
    }

    async fn tokens(
        &self,
        stream: StreamId,
        tokens: &[String],
    ) -> Result<Vec<TokenRow>, StoreError> {
        streams::tokens(&self.readers, stream, tokens).await
    }

    async fn facts(&self, questions: &[Question]) -> Result<Facts, StoreError> {
        lists::facts(&self.readers, questions).await
    }

    async fn old_usage(
        &self,
        before: Timestamp,
        after: Option<UsagePlace>,
        limit: u32,
    ) -> Result<OldUsage, StoreError> {
        usage::old(&self.readers, before, after, limit).await
    }

    async fn holder(&self, claim: &Claim) -> Result<Option<StreamId>, StoreError> {
        streams::holder(&self.readers, claim).await
    }

    async fn due(&self, query: DueQuery) -> Result<Vec<DueRow>, StoreError> {
        streams::due(&self.readers, query).await
    }

    async fn next_due(&self) -> Result<BTreeMap<Job, Timestamp>, StoreError> {
        streams::next_due(&self.readers).await
    }

    async fn stale(
        &self,
        rules_version: u32,
        after: Option<StreamId>,
        limit: u32,
    ) -> Result<Vec<StreamId>, StoreError> {
        streams::stale(&self.readers, rules_version, after, limit).await
    }

    async fn accounts(
        &self,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<(AccountId, Head)>, StoreError> {
        streams::accounts(&self.readers, after, limit).await
    }

    async fn closures(
        &self,
        stage: Option<Stage>,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<(AccountId, Head)>, StoreError> {
        streams::closures(&self.readers, stage, after, limit).await
    }

    async fn shared_streams(
        &self,
        after: Option<StreamId>,
        limit: u32,
    ) -> Result<Vec<(StreamId, Head)>, StoreError> {
        streams::shared(&self.readers, after, limit).await
    }

    async fn account_count(&self) -> Result<u64, StoreError> {
        self.account_count.get().await
    }

    async fn subscriptions(
        &self,
        query: SubscriptionQuery,
    ) -> Result<Vec<SubscriptionRow>, StoreError> {
        lists::subscriptions(&self.readers, query).await
    }

    async fn subscription(
        &self,
        id: SubscriptionId,
    ) -> Result<Option<SubscriptionRow>, StoreError> {
        lists::subscription(&self.readers, id).await
    }

    async fn resources(&self, query: ResourceQuery) -> Result<Vec<ResourceRow>, StoreError> {
        resources::list(&self.readers, query).await
    }

    async fn resource(&self, id: ResourceId) -> Result<Option<ResourceRow>, StoreError> {
        resources::one(&self.readers, id).await
    }

    async fn orders(&self, query: OrderQuery) -> Result<Vec<Order>, StoreError> {
        money::orders(&self.readers, query).await
    }

    async fn order(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        lists::order(&self.readers, id).await
    }

    async fn coupons(&self, query: CouponQuery) -> Result<Vec<CouponRow>, StoreError> {
        money::coupons(&self.readers, query).await
    }

    async fn coupon(&self, id: CouponId) -> Result<Option<CouponRow>, StoreError> {
        money::coupon(&self.readers, id).await
    }

    async fn entries(&self, query: EntryQuery) -> Result<Vec<(StreamId, LedgerRow)>, StoreError> {
        money::entries(&self.readers, query).await
    }

    async fn balances(&self, as_of: Timestamp) -> Result<Vec<Balance>, StoreError> {
        money::balances(&self.readers, as_of).await
    }

    async fn coverages(
        &self,
        began_by: Timestamp,
        after: Option<(Timestamp, OrderId)>,
        limit: u32,
    ) -> Result<Vec<CoverageRow>, StoreError> {
        money::coverages(&self.readers, began_by, after, limit).await
    }

    async fn coverages_at(
        &self,
        places: &[(Timestamp, OrderId)],
    ) -> Result<Vec<CoverageRow>, StoreError> {
        money::coverages_at(&self.readers, places).await
    }

    async fn campaigns(&self, query: CampaignQuery) -> Result<Vec<CampaignRow>, StoreError> {
        campaigns::list(&self.readers, query).await
    }

    async fn campaign(&self, id: CampaignId) -> Result<Option<CampaignRow>, StoreError> {
        campaigns::one(&self.readers, id).await
    }

    async fn bill_lines(&self, query: BillLineQuery) -> Result<Vec<BillLine>, StoreError> {
        statements::bill_lines(&self.readers, query).await
    }

    async fn billed_months(&self) -> Result<Vec<Month>, StoreError> {
        statements::billed_months(&self.readers).await
    }

    async fn month_sums(&self, month: Month) -> Result<Vec<MonthSum>, StoreError> {
        statements::month_sums(&self.readers, month).await
    }

    async fn statements(
        &self,
        query: StatementQuery,
    ) -> Result<Vec<(AccountId, Statement)>, StoreError> {
        statements::statements(&self.readers, query).await
    }

    async fn statement(
        &self,
        account: AccountId,
        month: Month,
    ) -> Result<Option<Statement>, StoreError> {
        statements::one_statement(&self.readers, account, month).await
    }

    async fn documents(&self, query: DocumentQuery) -> Result<Vec<Document>, StoreError> {
        statements::documents(&self.readers, query).await
    }

    async fn withdrawals(&self, query: WithdrawalQuery) -> Result<Vec<Withdrawal>, StoreError> {
        withdrawals::list(&self.readers, query).await
    }

    async fn document(&self, id: DocumentId) -> Result<Option<Document>, StoreError> {
        statements::one_document(&self.readers, id).await
    }

    async fn journal(
        &self,
        stream: StreamId,
        after_seq: u64,
        limit: u32,
    ) -> Result<Vec<StoredRecord>, StoreError> {
        streams::journal(&self.readers, stream, after_seq, limit).await
    }

    async fn ledger(
        &self,
        stream: StreamId,
        after: Option<(u64, u32)>,
        limit: u32,
    ) -> Result<Vec<LedgerRow>, StoreError> {
        lists::ledger(&self.readers, stream, after, limit).await
    }

    async fn sealed(
        &self,
        stream: StreamId,
        numbers: &[u32],
    ) -> Result<Option<(Vec<u8>, Vec<SealedRow>)>, StoreError> {
        streams::sealed(&self.readers, stream, numbers).await
    }

    async fn erasure(&self, stream: StreamId) -> Result<Option<Erasure>, StoreError> {
        erasure::one(&self.readers, stream).await
    }

    async fn erasures(
        &self,
        stage: ErasureStage,
        closed_by: Timestamp,
        limit: u32,
    ) -> Result<Vec<Erasure>, StoreError> {
        erasure::list(&self.readers, stage, closed_by, limit).await
    }

    async fn retained(&self, stream: StreamId) -> Result<Option<Retained>, StoreError> {
        erasure::retained(&self.readers, stream).await
    }

    async fn legal_hold(&self, stream: StreamId) -> Result<Option<LegalHold>, StoreError> {
        erasure::hold(&self.readers, stream).await
    }

    async fn scrub(&self) -> Result<bool, StoreError> {
        self.writer.scrub().await
    }

    async fn ready(
        &self,
        channel: Channel,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        lists::ready(&self.readers, channel, now, limit).await
    }

    async fn deliveries(&self, query: DeliveryQuery) -> Result<Vec<Delivery>, StoreError> {
        lists::deliveries(&self.readers, query).await
    }

    async fn outbox_depth(&self) -> Result<BTreeMap<Channel, OutboxDepth>, StoreError> {
        lists::outbox_depth(&self.readers).await
    }

    async fn job_runs(&self, limit: u32) -> Result<Vec<JobRun>, StoreError> {
        lists::job_runs(&self.readers, limit).await
    }

    async fn parked(&self) -> Result<Vec<(StreamId, Timestamp, String)>, StoreError> {
        streams::parked(&self.readers).await
    }
}

#[cfg(test)]
mod tests {
    use sqlx::{Row, SqliteConnection};

    use super::{
        campaigns, chores, erasure, lists, money, open, resources, statements, streams, usage,
        write,
    };

    /// A plan that walks through a table, or sorts it, is right on ten rows and a disaster on ten
    /// million.
    #[tokio::test]
    async fn no_statement_walks_through_a_table_or_sorts_it() {
        let path = std::env::temp_dir().join(format!("renewd-plans-{}.db", std::process::id()));
        let mut conn = open::writer(&path).await.expect("a connection");
        open::migrate(&mut conn).await.expect("tables");
        let keyed = [
            write::keyed(),
            streams::keyed(),
            lists::keyed(),
            money::keyed(),
            chores::keyed(),
            erasure::keyed(),
            campaigns::keyed(),
            statements::keyed(),
            usage::keyed(),
            resources::keyed(),
        ]
        .concat();
        for text in keyed {
            for step in plan(&mut conn, text).await {
                let harmless = ["SCAN v", "SCAN (", "CONSTANT ROW", "VALUES CLAUSE"];
                let walks = step.contains("SCAN") && !harmless.iter().any(|h| step.contains(h));
                assert!(!walks, "{step}: {text:.120}");
            }
        }
        let in_order = [
            lists::in_order(),
            erasure::in_order(),
            money::in_order(),
            campaigns::in_order(),
            statements::in_order(),
            resources::in_order(),
        ]
        .concat();
        for text in in_order {
            for step in plan(&mut conn, &text).await {
                assert!(!step.contains("TEMP B-TREE"), "{step}: {text}");
                assert!(!step.contains("SCAN") || step.contains("USING INDEX"), "{step}: {text}");
            }
        }
        for end in ["db", "db-wal", "db-shm"] {
            let _ = std::fs::remove_file(path.with_extension(end));
        }
    }

    async fn plan(conn: &mut SqliteConnection, text: &str) -> Vec<String> {
        let explained = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}"));
        let steps = sqlx::query(explained).fetch_all(conn).await.expect("a plan");
        steps.iter().map(|step| step.get("detail")).collect()
    }
}
