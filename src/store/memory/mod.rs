//! The store in memory: the readable reference. It forgets everything at the end, keeps every
//! promise of [`Store`], and commits are gated one after the other as the promise is worded.

mod chores;
mod deliveries;
mod erasure;
mod money;
mod resources;
mod rows;
mod statements;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use self::deliveries::Deliveries;
use super::{
    BillLineQuery, CampaignQuery, Channel, Chore, Claim, Commit, CouponQuery, Delivery,
    DeliveryQuery, DocumentQuery, DueQuery, DueRow, EntryQuery, Erasure, ErasureStage, Head,
    JobRun, LedgerRow, LegalHold, Loaded, OldUsage, OrderQuery, OutboxDepth, ResourceQuery,
    Retained, SealedRow, Snapshot, StatementQuery, Store, StoreError, StoredRecord,
    SubscriptionQuery, TokenRow, UsagePlace, WithdrawalQuery, Written, codec, gate,
};
use crate::domain::agenda::Job;
use crate::domain::calendar::Timestamp;
use crate::domain::facts::{Facts, Question};
use crate::domain::ids::{
    AccountId, CampaignId, CouponId, DocumentId, OrderId, ResourceId, StreamId, SubscriptionId,
    WithdrawalId,
};
use crate::domain::month::Month;
use crate::domain::nouns::closure::Stage;
use crate::domain::nouns::house::MonthSum;
use crate::domain::nouns::order::Order;
use crate::domain::nouns::statement::{BillLine, Document, Statement};
use crate::domain::nouns::withdrawal::Withdrawal;
use crate::domain::rows::{CampaignRow, CouponRow, CoverageRow, ResourceRow, SubscriptionRow};
use crate::domain::trial_balance::Balance;
use crate::domain::usage::{Seen, UsageKey};

/// The store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    heads: BTreeMap<StreamId, Head>,
    parked: BTreeMap<StreamId, (Timestamp, String)>,
    journal: BTreeMap<(StreamId, u64), StoredRecord>,
    snapshots: BTreeMap<StreamId, Snapshot>,
    claims: BTreeMap<Claim, StreamId>,
    tokens: BTreeMap<(StreamId, String), TokenRow>,
    keys: BTreeMap<StreamId, Vec<u8>>,
    sealed: BTreeMap<(StreamId, u32), SealedRow>,
    usage: BTreeMap<UsagePlace, Seen>,
    subscriptions: BTreeMap<SubscriptionId, SubscriptionRow>,
    resources: BTreeMap<ResourceId, ResourceRow>,
    orders: BTreeMap<OrderId, Order>,
    coupons: BTreeMap<CouponId, CouponRow>,
    coverages: BTreeMap<(Timestamp, OrderId), CoverageRow>,
    campaigns: BTreeMap<CampaignId, CampaignRow>,
    bill_lines: BTreeMap<(Month, AccountId, u32), BillLine>,
    statements: BTreeMap<(Month, AccountId), Statement>,
    documents: BTreeMap<DocumentId, Document>,
    withdrawals: BTreeMap<WithdrawalId, Withdrawal>,
    entries: BTreeMap<(StreamId, u64, u32), LedgerRow>,
    outbox: Deliveries,
    erasures: BTreeMap<StreamId, Erasure>,
    retained: BTreeMap<StreamId, Retained>,
    legal_holds: BTreeMap<StreamId, LegalHold>,
    runs: BTreeMap<Job, Vec<JobRun>>,
}

impl MemoryStore {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing in here panics half-way through a change, so a poisoned lock guards sound tables.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    fn commit(&mut self, commit: Commit) -> Written {
        let gated = self.gate(&commit);
        if gated == Written::Done {
            self.put(commit);
        }
        gated
    }

    fn gate(&self, commit: &Commit) -> Written {
        if gate::unsound(commit).is_some() {
            return Written::Refused;
        }
        if self.heads.get(&commit.stream).map_or(0, |head| head.seq) != commit.expected_seq {
            return Written::Conflict;
        }
        if let Some(held) = commit.claims.iter().find(|claim| self.claims.contains_key(claim)) {
            return Written::Taken(held.kind);
        }
        let used = |row: &TokenRow| self.tokens.contains_key(&(commit.stream, row.token.clone()));
        if commit.tokens.iter().any(used) {
            return Written::TokenUsed;
        }
        if commit.sealed.iter().any(|row| self.sealed.contains_key(&(commit.stream, row.number))) {
            return Written::Refused;
        }
        let known = |(key, seen): &(UsageKey, Seen)| {
            self.usage.contains_key(&(seen.resource.account, *key))
        };
        if commit.seen.iter().any(known) {
            return Written::Refused;
        }
        if commit.erase && self.erasures.contains_key(&commit.stream) {
            return Written::Refused;
        }
        Written::Done
    }

    fn put(&mut self, commit: Commit) {
        let stream = commit.stream;
        self.outbox.void(stream, &commit.voids, commit.head.at);
        if commit.erase {
            self.begin_erasure(stream, &commit.head);
        }
        self.heads.insert(stream, commit.head);
        self.journal
            .extend(commit.records.into_iter().map(|record| ((stream, record.seq), record)));
        self.claims.extend(commit.claims.into_iter().map(|claim| (claim, stream)));
        self.tokens.extend(commit.tokens.into_iter().map(|row| ((stream, row.token.clone()), row)));
        self.keys.extend(commit.key.map(|wrapped| (stream, wrapped)));
        self.sealed.extend(commit.sealed.into_iter().map(|row| ((stream, row.number), row)));
        self.usage.extend(
            commit.seen.into_iter().map(|(key, seen)| ((seen.resource.account, key), seen)),
        );
        for row in commit.rows {
            self.put_row(row);
        }
        self.entries
            .extend(commit.entries.into_iter().map(|row| ((stream, row.seq, row.line), row)));
        for row in commit.outbox {
            self.outbox.add(stream, row);
        }
        self.snapshots.extend(commit.snapshot.map(|snapshot| (stream, snapshot)));
    }
}

/// Streams are ordered by their text, as in a database; it matters for the house only.
fn age(delivery: &Delivery) -> (Timestamp, String, u64, u32) {
    (delivery.row.at, delivery.stream.to_string(), delivery.row.seq, delivery.row.n)
}

fn page<T>(rows: impl Iterator<Item = T>, limit: u32) -> Vec<T> {
    rows.take(limit as usize).collect()
}

#[async_trait]
impl Store for MemoryStore {
    fn name(&self) -> String {
        "memory".to_owned()
    }

    async fn write(
        &self,
        commits: Vec<Commit>,
        chores: Vec<Chore>,
    ) -> Result<Vec<Written>, StoreError> {
        let mut tables = self.tables();
        let written = commits.into_iter().map(|commit| tables.commit(commit)).collect();
        for chore in chores {
            tables.chore(chore);
        }
        Ok(written)
    }

    async fn load_many(
        &self,
        streams: &[StreamId],
        build: &str,
    ) -> Result<Vec<Option<Loaded>>, StoreError> {
        let tables = self.tables();
        let load = |stream: &StreamId| {
            let head = tables.heads.get(stream)?.clone();
            let snapshot =
                tables.snapshots.get(stream).filter(|snapshot| snapshot.build == build).cloned();
            let after = snapshot.as_ref().map_or(0, |snapshot| snapshot.seq);
            let records = tables.journal.range((*stream, after + 1)..=(*stream, u64::MAX));
            let bodies: Vec<_> = records.map(|(_, record)| record.body.as_str()).collect();
            let tail = bodies.join("\n");
            let parked = tables.parked.get(stream).map(|(_, reason)| reason.clone());
            Some(Loaded { head, snapshot, tail, parked })
        };
        Ok(streams.iter().map(load).collect())
    }

    async fn tokens(
        &self,
        stream: StreamId,
        tokens: &[String],
    ) -> Result<Vec<TokenRow>, StoreError> {
        let tables = self.tables();
        let asked: BTreeSet<_> = tokens.iter().collect();
        let found =
            asked.into_iter().filter_map(|token| tables.tokens.get(&(stream, token.clone())));
        Ok(found.cloned().collect())
    }

    async fn facts(&self, questions: &[Question]) -> Result<Facts, StoreError> {
        let tables = self.tables();
        let (mut usage, mut withdrawals) = (BTreeMap::new(), BTreeMap::new());
        let known = |question: &&Question| match question {
            Question::Usage(account, key) => {
                usage.extend(tables.usage.get(&(*account, *key)).map(|seen| (*key, *seen)));
                false
            }
            Question::Order(id) => tables.orders.contains_key(id),
            Question::Subscription(id) => tables.subscriptions.contains_key(id),
            Question::Coupon(id) => tables.coupons.contains_key(id),
            Question::Account(id) => tables.heads.contains_key(&StreamId::Account(*id)),
            Question::Withdrawal(id) => {
                let known = tables.withdrawals.get(id);
                withdrawals.extend(known.map(|known| (*id, known.clone())));
                known.is_some()
            }
            Question::Resource(id) => tables.resources.contains_key(id),
        };
        let found = questions.iter().filter(known).copied().collect();
        Ok(Facts { found, withdrawals, usage })
    }

    async fn old_usage(
        &self,
        before: Timestamp,
        after: Option<UsagePlace>,
        limit: u32,
    ) -> Result<OldUsage, StoreError> {
        let tables = self.tables();
        let (mut count, mut through) = (0, None);
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        let behind = tables.usage.range((after, Bound::Unbounded));
        for (n, (place, seen)) in (1..=limit).zip(behind) {
            count += u64::from(seen.at < before);
            through = Some(*place).filter(|_| n == limit);
        }
        Ok(OldUsage { through, count })
    }

    async fn holder(&self, claim: &Claim) -> Result<Option<StreamId>, StoreError> {
        Ok(self.tables().claims.get(claim).copied())
    }

    async fn due(&self, query: DueQuery) -> Result<Vec<DueRow>, StoreError> {
        let tables = self.tables();
        let mut due: Vec<_> = tables
            .heads
            .iter()
            .filter(|(stream, head)| {
                let own = head.due_job == query.job && head.due_at <= query.until;
                head.due_at < Timestamp::MAX
                    && (own || head.due_at <= query.any_until)
                    && !tables.parked.contains_key(stream)
            })
            .map(|(stream, head)| {
                let row = DueRow { stream: *stream, due_at: head.due_at, job: head.due_job };
                ((head.due_at, stream.to_string()), row)
            })
            .collect();
        due.sort_by(|(a, _), (b, _)| a.cmp(b));
        let after = query.after.map(|(at, stream)| (at, stream.to_string()));
        let due = due.into_iter().filter(|(place, _)| after.as_ref().is_none_or(|a| place > a));
        Ok(page(due.map(|(_, row)| row), query.limit))
    }

    async fn next_due(&self) -> Result<BTreeMap<Job, Timestamp>, StoreError> {
        let tables = self.tables();
        let mut next: BTreeMap<Job, Timestamp> = BTreeMap::new();
        for (stream, head) in &tables.heads {
            if head.due_at < Timestamp::MAX && !tables.parked.contains_key(stream) {
                let first = next.entry(head.due_job).or_insert(head.due_at);
                *first = head.due_at.min(*first);
            }
        }
        Ok(next)
    }

    async fn stale(
        &self,
        rules_version: u32,
        after: Option<StreamId>,
        limit: u32,
    ) -> Result<Vec<StreamId>, StoreError> {
        let tables = self.tables();
        let stale = tables.heads.iter().filter(|(stream, head)| {
            matches!(stream, StreamId::Account(_))
                && head.rules_version < rules_version
                && after.is_none_or(|after| stream.to_string() > after.to_string())
        });
        Ok(page(stale.map(|(stream, _)| *stream), limit))
    }

    async fn accounts(
        &self,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<(AccountId, Head)>, StoreError> {
        let tables = self.tables();
        let accounts = tables.heads.iter().filter_map(|(stream, head)| match stream {
            StreamId::Account(id) if after.is_none_or(|after| *id > after) => {
                Some((*id, head.clone()))
            }
            StreamId::Account(_)
            | StreamId::House
            | StreamId::Campaign(_)
            | StreamId::Series(_) => None,
        });
        Ok(page(accounts, limit))
    }

    async fn closures(
        &self,
        stage: Option<Stage>,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<(AccountId, Head)>, StoreError> {
        let tables = self.tables();
        let said = codec::at_stage(stage);
        let accounts = tables.heads.iter().filter(|(_, head)| head.summary.contains(&said));
        let accounts = accounts.filter_map(|(stream, head)| match stream {
            StreamId::Account(id) if after.is_none_or(|after| *id > after) => {
                Some((*id, head.clone()))
            }
            StreamId::Account(_)
            | StreamId::House
            | StreamId::Campaign(_)
            | StreamId::Series(_) => None,
        });
        Ok(page(accounts, limit))
    }

    async fn shared_streams(
        &self,
        after: Option<StreamId>,
        limit: u32,
    ) -> Result<Vec<(StreamId, Head)>, StoreError> {
        let tables = self.tables();
        let after = after.map(|stream| stream.to_string());
        let mut shared: Vec<_> = tables
            .heads
            .iter()
            .filter(|(stream, _)| !matches!(stream, StreamId::Account(_)))
            .map(|(stream, head)| (stream.to_string(), (*stream, head.clone())))
            .filter(|(text, _)| after.as_ref().is_none_or(|after| text > after))
            .collect();
        shared.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(page(shared.into_iter().map(|(_, shared)| shared), limit))
    }

    async fn account_count(&self) -> Result<u64, StoreError> {
        let tables = self.tables();
        let accounts = tables.heads.keys().filter(|id| matches!(id, StreamId::Account(_)));
        Ok(accounts.map(|_| 1).sum())
    }

    async fn subscriptions(
        &self,
        query: SubscriptionQuery,
    ) -> Result<Vec<SubscriptionRow>, StoreError> {
        let tables = self.tables();
        let place = |row: &SubscriptionRow| {
            (row.paid.as_ref().map_or(Timestamp::MAX, |paid| paid.expires_at), row.id)
        };
        let asked = |row: &&SubscriptionRow| {
            let expires_at = row.paid.as_ref().map(|paid| paid.expires_at);
            let from = |from| expires_at.is_some_and(|at| at >= from);
            let before = |before| expires_at.is_some_and(|at| at < before);
            query.account.is_none_or(|account| row.id.account == account)
                && query.expires_from.is_none_or(from)
                && query.expires_before.is_none_or(before)
                && (query.modes.is_empty() || query.modes.contains(&row.mode))
                && (query.states.is_empty() || query.states.contains(&row.state))
                && query.product.as_ref().is_none_or(|product| row.product == *product)
                && query.region.as_ref().is_none_or(|region| row.region == *region)
                && query.after.is_none_or(|after| place(row) > after)
        };
        let mut rows: Vec<_> = tables.subscriptions.values().filter(asked).cloned().collect();
        rows.sort_by_key(place);
        Ok(page(rows.into_iter(), query.limit))
    }

    async fn subscription(
        &self,
        id: SubscriptionId,
    ) -> Result<Option<SubscriptionRow>, StoreError> {
        Ok(self.tables().subscriptions.get(&id).cloned())
    }

    async fn resources(&self, query: ResourceQuery) -> Result<Vec<ResourceRow>, StoreError> {
        Ok(self.tables().list_resources(&query))
    }

    async fn resource(&self, id: ResourceId) -> Result<Option<ResourceRow>, StoreError> {
        Ok(self.tables().resources.get(&id).cloned())
    }

    async fn orders(&self, query: OrderQuery) -> Result<Vec<Order>, StoreError> {
        Ok(self.tables().list_orders(&query))
    }

    async fn order(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        Ok(self.tables().orders.get(&id).cloned())
    }

    async fn coupons(&self, query: CouponQuery) -> Result<Vec<CouponRow>, StoreError> {
        Ok(self.tables().list_coupons(&query))
    }

    async fn coupon(&self, id: CouponId) -> Result<Option<CouponRow>, StoreError> {
        Ok(self.tables().coupons.get(&id).cloned())
    }

    async fn entries(&self, query: EntryQuery) -> Result<Vec<(StreamId, LedgerRow)>, StoreError> {
        Ok(self.tables().list_entries(&query))
    }

    async fn balances(&self, as_of: Timestamp) -> Result<Vec<Balance>, StoreError> {
        self.tables().sum_entries(as_of)
    }

    async fn coverages(
        &self,
        began_by: Timestamp,
        after: Option<(Timestamp, OrderId)>,
        limit: u32,
    ) -> Result<Vec<CoverageRow>, StoreError> {
        Ok(self.tables().list_coverages(began_by, after, limit))
    }

    async fn coverages_at(
        &self,
        places: &[(Timestamp, OrderId)],
    ) -> Result<Vec<CoverageRow>, StoreError> {
        Ok(self.tables().coverages_at(places))
    }

    async fn campaigns(&self, query: CampaignQuery) -> Result<Vec<CampaignRow>, StoreError> {
        let tables = self.tables();
        let place = |row: &CampaignRow| (row.opened_at, row.id);
        let wanted = query.name.as_ref().map(|name| name.to_ascii_lowercase());
        let asked = |row: &&CampaignRow| {
            let name = row.terms.name.to_ascii_lowercase();
            wanted.as_ref().is_none_or(|wanted| name.contains(wanted))
                && query.running_at.is_none_or(|at| row.is_running(at))
                && query.before.is_none_or(|before| place(row) < before)
        };
        let mut rows: Vec<_> = tables.campaigns.values().filter(asked).cloned().collect();
        rows.sort_by_key(|row| std::cmp::Reverse(place(row)));
        Ok(page(rows.into_iter(), query.limit))
    }

    async fn campaign(&self, id: CampaignId) -> Result<Option<CampaignRow>, StoreError> {
        Ok(self.tables().campaigns.get(&id).cloned())
    }

    async fn bill_lines(&self, query: BillLineQuery) -> Result<Vec<BillLine>, StoreError> {
        Ok(self.tables().list_bill_lines(query))
    }

    async fn billed_months(&self) -> Result<Vec<Month>, StoreError> {
        Ok(self.tables().billed_months())
    }

    async fn month_sums(&self, month: Month) -> Result<Vec<MonthSum>, StoreError> {
        self.tables().month_sums(month)
    }

    async fn statements(
        &self,
        query: StatementQuery,
    ) -> Result<Vec<(AccountId, Statement)>, StoreError> {
        Ok(self.tables().list_statements(query))
    }

    async fn statement(
        &self,
        account: AccountId,
        month: Month,
    ) -> Result<Option<Statement>, StoreError> {
        Ok(self.tables().statements.get(&(month, account)).cloned())
    }

    async fn documents(&self, query: DocumentQuery) -> Result<Vec<Document>, StoreError> {
        Ok(self.tables().list_documents(query))
    }

    async fn withdrawals(&self, query: WithdrawalQuery) -> Result<Vec<Withdrawal>, StoreError> {
        Ok(self.tables().list_withdrawals(query))
    }

    async fn document(&self, id: DocumentId) -> Result<Option<Document>, StoreError> {
        Ok(self.tables().documents.get(&id).cloned())
    }

    async fn journal(
        &self,
        stream: StreamId,
        after_seq: u64,
        limit: u32,
    ) -> Result<Vec<StoredRecord>, StoreError> {
        let tables = self.tables();
        let after = Bound::Excluded((stream, after_seq));
        let records = tables.journal.range((after, Bound::Included((stream, u64::MAX))));
        Ok(page(records.map(|(_, record)| record.clone()), limit))
    }

    async fn ledger(
        &self,
        stream: StreamId,
        after: Option<(u64, u32)>,
        limit: u32,
    ) -> Result<Vec<LedgerRow>, StoreError> {
        let tables = self.tables();
        let entries = tables.entries.range((stream, 0, 0)..=(stream, u64::MAX, u32::MAX));
        let entries = entries
            .filter(|((_, seq, line), _)| after.is_none_or(|after| (*seq, *line) > after))
            .map(|(_, entry)| entry.clone());
        Ok(page(entries, limit))
    }

    async fn sealed(
        &self,
        stream: StreamId,
        numbers: &[u32],
    ) -> Result<Option<(Vec<u8>, Vec<SealedRow>)>, StoreError> {
        let tables = self.tables();
        let asked: BTreeSet<_> = numbers.iter().collect();
        let rows = asked.into_iter().filter_map(|number| tables.sealed.get(&(stream, *number)));
        let rows = rows.cloned().collect();
        Ok(tables.keys.get(&stream).map(|wrapped| (wrapped.clone(), rows)))
    }

    async fn erasure(&self, stream: StreamId) -> Result<Option<Erasure>, StoreError> {
        Ok(self.tables().erasures.get(&stream).cloned())
    }

    async fn erasures(
        &self,
        stage: ErasureStage,
        closed_by: Timestamp,
        limit: u32,
    ) -> Result<Vec<Erasure>, StoreError> {
        Ok(self.tables().list_erasures(stage, closed_by, limit))
    }

    async fn retained(&self, stream: StreamId) -> Result<Option<Retained>, StoreError> {
        Ok(self.tables().retained.get(&stream).cloned())
    }

    async fn legal_hold(&self, stream: StreamId) -> Result<Option<LegalHold>, StoreError> {
        Ok(self.tables().legal_holds.get(&stream).cloned())
    }

    async fn scrub(&self) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn ready(
        &self,
        channel: Channel,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        Ok(self.tables().outbox.ready(channel, now, limit))
    }

    async fn deliveries(&self, query: DeliveryQuery) -> Result<Vec<Delivery>, StoreError> {
        Ok(self.tables().outbox.list(&query))
    }

    async fn outbox_depth(&self) -> Result<BTreeMap<Channel, OutboxDepth>, StoreError> {
        Ok(self.tables().outbox.depth())
    }

    async fn job_runs(&self, limit: u32) -> Result<Vec<JobRun>, StoreError> {
        let tables = self.tables();
        let latest = tables.runs.values().flat_map(|runs| page(runs.iter().rev(), limit));
        let mut runs: Vec<_> = latest.cloned().collect();
        runs.sort_by(|a, b| (b.at, a.job).cmp(&(a.at, b.job)));
        Ok(runs)
    }

    async fn parked(&self) -> Result<Vec<(StreamId, Timestamp, String)>, StoreError> {
        let tables = self.tables();
        let parked = tables.parked.iter();
        let mut parked: Vec<_> =
            parked.map(|(stream, (at, reason))| (*stream, *at, reason.clone())).collect();
        parked.sort_by_cached_key(|(stream, at, _)| (*at, stream.to_string()));
        Ok(parked)
    }
}
