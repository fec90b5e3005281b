//! A store that fails on request, and notes what was written. What it does to whom is drawn from
//! the seed, call by call.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use renewd::domain::agenda::Job;
use renewd::domain::calendar::Timestamp;
use renewd::domain::facts::{Facts, Question};
use renewd::domain::ids::{
    AccountId, CampaignId, CouponId, DocumentId, OrderId, ResourceId, StreamId, SubscriptionId,
};
use renewd::domain::month::Month;
use renewd::domain::nouns::closure::Stage;
use renewd::domain::nouns::house::MonthSum;
use renewd::domain::nouns::order::Order;
use renewd::domain::nouns::statement::{BillLine, Document, Statement};
use renewd::domain::nouns::withdrawal::Withdrawal;
use renewd::domain::rows::{CampaignRow, CouponRow, CoverageRow, ResourceRow, SubscriptionRow};
use renewd::domain::trial_balance::Balance;
use renewd::store::memory::MemoryStore;
use renewd::store::{
    BillLineQuery, CampaignQuery, Channel, Chore, Claim, Commit, CouponQuery, Delivery,
    DeliveryQuery, DeliveryState, DocumentQuery, DueQuery, DueRow, EffectKey, EntryQuery, Erasure,
    ErasureStage, Head, JobRun, LedgerRow, LegalHold, Loaded, OldUsage, OrderQuery, OutboxDepth,
    OutboxRow, ResourceQuery, Retained, SealedRow, StatementQuery, Store, StoreError, StoredRecord,
    SubscriptionQuery, TokenRow, UsagePlace, WithdrawalQuery, Written,
};
use tokio::sync::Notify;

use crate::random::Random;

/// How often what goes wrong, in thousandths of the calls.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weather {
    /// A read is refused.
    pub(crate) read_fails: u64,
    /// A write is refused, and nothing was written.
    pub(crate) write_fails: u64,
    /// A write is refused although it was written.
    pub(crate) reply_lost: u64,
    /// The daemon dies before a call, or after a write.
    pub(crate) killed: u64,
}

/// What was written beside the journal, in order.
#[derive(Debug, Clone)]
pub(crate) enum Noted {
    /// A record was written: at the instant, with its effects.
    Record { stream: StreamId, record: StoredRecord, outbox: Vec<OutboxRow>, voids: Vec<String> },
    /// A delivery was settled, or is to be tried again.
    Delivery { key: EffectKey, state: DeliveryState },
}

#[derive(Debug)]
struct Inside {
    random: Random,
    weather: Weather,
    is_dead: bool,
    noted: Vec<Noted>,
    calls: u64,
    faults: u64,
}

/// The store of a world.
pub(crate) struct Faulty {
    inner: Arc<MemoryStore>,
    inside: Mutex<Inside>,
    death: Notify,
}

impl Faulty {
    pub(crate) fn new(random: Random) -> Self {
        let (weather, noted) = (Weather::default(), Vec::new());
        let inside = Inside { random, weather, is_dead: false, noted, calls: 0, faults: 0 };
        let inner = Arc::new(MemoryStore::new());
        Self { inner, inside: Mutex::new(inside), death: Notify::new() }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it holds, asked for without faults.
    pub(crate) fn kept(&self) -> Arc<MemoryStore> {
        Arc::clone(&self.inner)
    }

    pub(crate) fn set_weather(&self, weather: Weather) {
        self.inside().weather = weather;
    }

    /// What was written since the last time.
    pub(crate) fn take_noted(&self) -> Vec<Noted> {
        std::mem::take(&mut self.inside().noted)
    }

    /// Calls so far, and how many of them failed.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let inside = self.inside();
        (inside.calls, inside.faults)
    }

    /// Waits until the daemon is to die: from then on no call returns.
    pub(crate) async fn death(&self) {
        self.death.notified().await;
    }

    /// Another daemon stands over it.
    pub(crate) fn revive(&self) {
        self.inside().is_dead = false;
    }

    fn die(&self, inside: &mut Inside) {
        inside.is_dead = true;
        inside.faults += 1;
        self.death.notify_one();
    }

    /// Draws whether a call fails: `None` if the daemon is dead.
    fn draw(&self, chance: impl Fn(&Weather) -> u64) -> Option<bool> {
        let mut inside = self.inside();
        inside.calls += 1;
        let weather = inside.weather;
        if inside.is_dead {
            return None;
        }
        if weather.killed > 0 && inside.random.chance(weather.killed) {
            self.die(&mut inside);
            return None;
        }
        let thousandth = chance(&weather);
        let fails = thousandth > 0 && inside.random.chance(thousandth);
        inside.faults += u64::from(fails);
        Some(fails)
    }

    async fn reading(&self) -> Result<(), StoreError> {
        match self.draw(|weather| weather.read_fails) {
            Some(false) => Ok(()),
            Some(true) => Err(refused("a read")),
            None => std::future::pending().await,
        }
    }

    /// What is to be noted of a commit, if it is written.
    fn note(commit: &Commit) -> Vec<Noted> {
        let note = |record: &StoredRecord| {
            let own = |row: &&OutboxRow| row.seq == record.seq;
            let outbox = commit.outbox.iter().filter(own).cloned().collect();
            let is_first = commit.expected_seq + 1 == record.seq;
            let voids = if is_first { commit.voids.clone() } else { Vec::new() };
            let (stream, record) = (commit.stream, record.clone());
            Noted::Record { stream, record, outbox, voids }
        };
        commit.records.iter().map(note).collect()
    }

    fn note_chores(chores: &[Chore]) -> Vec<Noted> {
        let mut noted = Vec::new();
        for chore in chores {
            match chore {
                Chore::Delivery { key, state, .. } => {
                    noted.push(Noted::Delivery { key: *key, state: *state });
                }
                Chore::Destroy { .. }
                | Chore::JobRun(_)
                | Chore::ForgetTokens { .. }
                | Chore::ForgetDeliveries { .. }
                | Chore::ForgetUsage { .. }
                | Chore::Park { .. }
                | Chore::Unpark { .. }
                | Chore::Sweep { .. }
                | Chore::Scrubbed { .. }
                | Chore::SetLegalHold { .. } => {}
            }
        }
        noted
    }
}

fn refused(what: &str) -> StoreError {
    StoreError::Unavailable(format!("{what} was refused"))
}

#[async_trait]
impl Store for Faulty {
    fn name(&self) -> String {
        "faulty".to_owned()
    }

    async fn write(
        &self,
        commits: Vec<Commit>,
        chores: Vec<Chore>,
    ) -> Result<Vec<Written>, StoreError> {
        match self.draw(|weather| weather.write_fails) {
            Some(false) => {}
            Some(true) => return Err(refused("a write")),
            None => std::future::pending().await,
        }
        let noted: Vec<_> = commits.iter().map(Self::note).collect();
        let by_chores = Self::note_chores(&chores);
        let written = self.inner.write(commits, chores).await?;
        let is_done = |(_, written): &(Vec<Noted>, &Written)| **written == Written::Done;
        let noted = noted.into_iter().zip(&written).filter(is_done).flat_map(|(noted, _)| noted);
        self.inside().noted.extend(noted.chain(by_chores));
        match self.draw(|weather| weather.reply_lost) {
            Some(false) => Ok(written),
            Some(true) => Err(refused("the reply to a write")),
            None => std::future::pending().await,
        }
    }

    async fn load_many(
        &self,
        streams: &[StreamId],
        build: &str,
    ) -> Result<Vec<Option<Loaded>>, StoreError> {
        self.reading().await?;
        self.inner.load_many(streams, build).await
    }

    async fn tokens(
        &self,
        stream: StreamId,
        tokens: &[String],
    ) -> Result<Vec<TokenRow>, StoreError> {
        self.reading().await?;
        self.inner.tokens(stream, tokens).await
    }

    async fn facts(&self, questions: &[Question]) -> Result<Facts, StoreError> {
        self.reading().await?;
        self.inner.facts(questions).await
    }

    async fn old_usage(
        &self,
        before: Timestamp,
        after: Option<UsagePlace>,
        limit: u32,
    ) -> Result<OldUsage, StoreError> {
        self.reading().await?;
        self.inner.old_usage(before, after, limit).await
    }

    async fn holder(&self, claim: &Claim) -> Result<Option<StreamId>, StoreError> {
        self.reading().await?;
        self.inner.holder(claim).await
    }

    async fn due(&self, query: DueQuery) -> Result<Vec<DueRow>, StoreError> {
        self.reading().await?;
        self.inner.due(query).await
    }

    async fn next_due(&self) -> Result<BTreeMap<Job, Timestamp>, StoreError> {
        self.reading().await?;
        self.inner.next_due().await
    }

    async fn stale(
        &self,
        rules_version: u32,
        after: Option<StreamId>,
        limit: u32,
    ) -> Result<Vec<StreamId>, StoreError> {
        self.reading().await?;
        self.inner.stale(rules_version, after, limit).await
    }

    async fn accounts(
        &self,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<(AccountId, Head)>, StoreError> {
        self.reading().await?;
        self.inner.accounts(after, limit).await
    }

    async fn closures(
        &self,
        stage: Option<Stage>,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<(AccountId, Head)>, StoreError> {
        self.reading().await?;
        self.inner.closures(stage, after, limit).await
    }

    async fn shared_streams(
        &self,
        after: Option<StreamId>,
        limit: u32,
    ) -> Result<Vec<(StreamId, Head)>, StoreError> {
        self.reading().await?;
        self.inner.shared_streams(after, limit).await
    }

    async fn account_count(&self) -> Result<u64, StoreError> {
        self.reading().await?;
        self.inner.account_count().await
    }

    async fn subscriptions(
        &self,
        query: SubscriptionQuery,
    ) -> Result<Vec<SubscriptionRow>, StoreError> {
        self.reading().await?;
        self.inner.subscriptions(query).await
    }

    async fn subscription(
        &self,
        id: SubscriptionId,
    ) -> Result<Option<SubscriptionRow>, StoreError> {
        self.reading().await?;
        self.inner.subscription(id).await
    }

    async fn resources(&self, query: ResourceQuery) -> Result<Vec<ResourceRow>, StoreError> {
        self.reading().await?;
        self.inner.resources(query).await
    }

    async fn resource(&self, id: ResourceId) -> Result<Option<ResourceRow>, StoreError> {
        self.reading().await?;
        self.inner.resource(id).await
    }

    async fn orders(&self, query: OrderQuery) -> Result<Vec<Order>, StoreError> {
        self.reading().await?;
        self.inner.orders(query).await
    }

    async fn order(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        self.reading().await?;
        self.inner.order(id).await
    }

    async fn coupons(&self, query: CouponQuery) -> Result<Vec<CouponRow>, StoreError> {
        self.reading().await?;
        self.inner.coupons(query).await
    }

    async fn coupon(&self, id: CouponId) -> Result<Option<CouponRow>, StoreError> {
        self.reading().await?;
        self.inner.coupon(id).await
    }

    async fn entries(&self, query: EntryQuery) -> Result<Vec<(StreamId, LedgerRow)>, StoreError> {
        self.reading().await?;
        self.inner.entries(query).await
    }

    async fn balances(&self, as_of: Timestamp) -> Result<Vec<Balance>, StoreError> {
        self.reading().await?;
        self.inner.balances(as_of).await
    }

    async fn campaigns(&self, query: CampaignQuery) -> Result<Vec<CampaignRow>, StoreError> {
        self.reading().await?;
        self.inner.campaigns(query).await
    }

    async fn campaign(&self, id: CampaignId) -> Result<Option<CampaignRow>, StoreError> {
        self.reading().await?;
        self.inner.campaign(id).await
    }

    async fn bill_lines(&self, query: BillLineQuery) -> Result<Vec<BillLine>, StoreError> {
        self.reading().await?;
        self.inner.bill_lines(query).await
    }

    async fn billed_months(&self) -> Result<Vec<Month>, StoreError> {
        self.reading().await?;
        self.inner.billed_months().await
    }

    async fn month_sums(&self, month: Month) -> Result<Vec<MonthSum>, StoreError> {
        self.reading().await?;
        self.inner.month_sums(month).await
    }

    async fn statements(
        &self,
        query: StatementQuery,
    ) -> Result<Vec<(AccountId, Statement)>, StoreError> {
        self.reading().await?;
        self.inner.statements(query).await
    }

    async fn statement(
        &self,
        account: AccountId,
        month: Month,
    ) -> Result<Option<Statement>, StoreError> {
        self.reading().await?;
        self.inner.statement(account, month).await
    }

    async fn documents(&self, query: DocumentQuery) -> Result<Vec<Document>, StoreError> {
        self.reading().await?;
        self.inner.documents(query).await
    }

    async fn document(&self, id: DocumentId) -> Result<Option<Document>, StoreError> {
        self.reading().await?;
        self.inner.document(id).await
    }

    async fn withdrawals(&self, query: WithdrawalQuery) -> Result<Vec<Withdrawal>, StoreError> {
        self.reading().await?;
        self.inner.withdrawals(query).await
    }

    async fn journal(
        &self,
        stream: StreamId,
        after_seq: u64,
        limit: u32,
    ) -> Result<Vec<StoredRecord>, StoreError> {
        self.reading().await?;
        self.inner.journal(stream, after_seq, limit).await
    }

    async fn sealed(
        &self,
        stream: StreamId,
        numbers: &[u32],
    ) -> Result<Option<(Vec<u8>, Vec<SealedRow>)>, StoreError> {
        self.reading().await?;
        self.inner.sealed(stream, numbers).await
    }

    async fn erasure(&self, stream: StreamId) -> Result<Option<Erasure>, StoreError> {
        self.reading().await?;
        self.inner.erasure(stream).await
    }

    async fn erasures(
        &self,
        stage: ErasureStage,
        closed_by: Timestamp,
        limit: u32,
    ) -> Result<Vec<Erasure>, StoreError> {
        self.reading().await?;
        self.inner.erasures(stage, closed_by, limit).await
    }

    async fn retained(&self, stream: StreamId) -> Result<Option<Retained>, StoreError> {
        self.reading().await?;
        self.inner.retained(stream).await
    }

    async fn legal_hold(&self, stream: StreamId) -> Result<Option<LegalHold>, StoreError> {
        self.reading().await?;
        self.inner.legal_hold(stream).await
    }

    async fn scrub(&self) -> Result<bool, StoreError> {
        self.reading().await?;
        self.inner.scrub().await
    }

    async fn ready(
        &self,
        channel: Channel,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.reading().await?;
        self.inner.ready(channel, now, limit).await
    }

    async fn deliveries(&self, query: DeliveryQuery) -> Result<Vec<Delivery>, StoreError> {
        self.reading().await?;
        self.inner.deliveries(query).await
    }

    async fn outbox_depth(&self) -> Result<BTreeMap<Channel, OutboxDepth>, StoreError> {
        self.reading().await?;
        self.inner.outbox_depth().await
    }

    async fn job_runs(&self, limit: u32) -> Result<Vec<JobRun>, StoreError> {
        self.reading().await?;
        self.inner.job_runs(limit).await
    }

    async fn parked(&self) -> Result<Vec<(StreamId, Timestamp, String)>, StoreError> {
        self.reading().await?;
        self.inner.parked().await
    }

    async fn coverages(
        &self,
        began_by: Timestamp,
        after: Option<(Timestamp, OrderId)>,
        limit: u32,
    ) -> Result<Vec<CoverageRow>, StoreError> {
        self.reading().await?;
        self.inner.coverages(began_by, after, limit).await
    }

    async fn coverages_at(
        &self,
        places: &[(Timestamp, OrderId)],
    ) -> Result<Vec<CoverageRow>, StoreError> {
        self.reading().await?;
        self.inner.coverages_at(places).await
    }

    async fn ledger(
        &self,
        stream: StreamId,
        after: Option<(u64, u32)>,
        limit: u32,
    ) -> Result<Vec<LedgerRow>, StoreError> {
        self.reading().await?;
        self.inner.ledger(stream, after, limit).await
    }
}
