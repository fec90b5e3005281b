//! `renewd check`: every digest chain, every ledger sum, and every readable table against a
//! replay of the journal. Account by account, in short reads.

use std::collections::BTreeMap;

use crate::domain::draft::Touched;
use crate::domain::ids::{AccountId, CampaignId, OrderId, StreamId, SubscriptionId};
use crate::domain::ledger;
use crate::domain::nouns::order::Order;
use crate::domain::record::Record;
use crate::domain::rows::{CampaignRow, Row, SubscriptionRow, Summary};
use crate::domain::stream::State;
use crate::store::{
    Digest, Handle, Head, LedgerRow, OrderQuery, StoreError, StoredRecord, SubscriptionQuery, codec,
};

/// Rows read at once.
const PAGE: u32 = 500;

/// Something that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where.
    pub stream: StreamId,
    /// What.
    pub what: String,
}

/// What a check came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Streams that were looked at.
    pub stream_count: u64,
    /// Records that were replayed.
    pub record_count: u64,
    /// Ledger lines that were compared.
    pub entry_count: u64,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// Checks the whole book; `progress` is told after each stream.
pub async fn check(
    store: &Handle,
    mut progress: impl FnMut(&Checked),
) -> Result<Checked, StoreError> {
    let mut checked = Checked::default();
    let mut after: Option<StreamId> = None;
    loop {
        let page = store.shared_streams(after, PAGE).await?;
        let Some((last, _)) = page.last() else { break };
        after = Some(*last);
        for (stream, head) in &page {
            check_stream(store, *stream, head, &mut checked).await?;
            progress(&checked);
        }
    }
    let mut after: Option<AccountId> = None;
    loop {
        let page = store.accounts(after, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(checked) };
        after = Some(*last);
        for (account, head) in &page {
            check_stream(store, (*account).into(), head, &mut checked).await?;
            progress(&checked);
        }
    }
}

/// What a replay of a stream's journal says must be there.
struct Replayed {
    state: State,
    seq: u64,
    digest: Digest,
    orders: BTreeMap<OrderId, Order>,
    subscriptions: BTreeMap<SubscriptionId, SubscriptionRow>,
    campaign: BTreeMap<CampaignId, CampaignRow>,
    entries: Vec<LedgerRow>,
    cash: BTreeMap<&'static str, i128>,
}

async fn check_stream(
    store: &Handle,
    stream: StreamId,
    head: &Head,
    checked: &mut Checked,
) -> Result<(), StoreError> {
    checked.stream_count += 1;
    let mut findings = Vec::new();
    let mut replayed = Replayed {
        state: State::empty(stream),
        seq: 0,
        digest: codec::GENESIS,
        orders: BTreeMap::new(),
        subscriptions: BTreeMap::new(),
        campaign: BTreeMap::new(),
        entries: Vec::new(),
        cash: BTreeMap::new(),
    };
    loop {
        let page = store.journal(stream, replayed.seq, PAGE).await?;
        if page.is_empty() {
            break;
        }
        for record in page {
            checked.record_count += 1;
            if let Err(what) = replayed.follow(&record) {
                findings.push(what);
                checked.findings.extend(findings.into_iter().map(|what| Finding { stream, what }));
                return Ok(());
            }
        }
    }
    replayed.check_head(head, &mut findings);
    match stream {
        StreamId::Account(account) => {
            replayed.check_readings(store, account, &mut findings).await?;
        }
        StreamId::Campaign(id) => replayed.check_campaign(store, id, &mut findings).await?,
        StreamId::House | StreamId::Series(_) => {}
    }
    checked.entry_count += replayed.check_ledger(store, stream, &mut findings).await?;
    checked.findings.extend(findings.into_iter().map(|what| Finding { stream, what }));
    Ok(())
}

impl Replayed {
    /// Follows the journal by one record.
    fn follow(&mut self, stored: &StoredRecord) -> Result<(), String> {
        if stored.seq != self.seq + 1 {
            return Err(format!("record {} is missing", self.seq + 1));
        }
        self.seq = stored.seq;
        self.digest = codec::digest(&self.digest, &stored.body);
        if self.digest != stored.digest {
            return Err(format!("record {} does not fit its digest", stored.seq));
        }
        let record: Record = serde_json::from_str(&stored.body)
            .map_err(|error| format!("record {} cannot be read: {error}", stored.seq))?;
        if record.at != stored.at {
            return Err(format!("record {} is filed under another instant", stored.seq));
        }
        let mut line = 0;
        let mut touched = Touched::default();
        for event in &record.events {
            self.state.apply(event);
            touched.note(event);
            for posting in ledger::postings(event) {
                *self.cash.entry(posting.amount.currency().code()).or_default() +=
                    i128::from(posting.amount.minor());
                self.entries.push(LedgerRow {
                    seq: stored.seq,
                    line,
                    at: stored.at,
                    account: posting.account.to_string(),
                    amount: posting.amount,
                });
                line += 1;
            }
        }
        for row in self.state.rows(&touched) {
            match row {
                Row::Order(order) => drop(self.orders.insert(order.id, *order)),
                Row::Subscription(live) => drop(self.subscriptions.insert(live.id, *live)),
                Row::Coupon(_) | Row::Coverage(_) => {}
                Row::Campaign(row) => drop(self.campaign.insert(row.id, *row)),
            }
        }
        self.state.end_record();
        Ok(())
    }

    fn check_head(&self, head: &Head, findings: &mut Vec<String>) {
        if head.seq != self.seq {
            findings.push(format!("the head is {}, the journal ends at {}", head.seq, self.seq));
        }
        if head.digest != self.digest {
            findings.push("the head has another digest than the journal".to_owned());
        }
        let open = self.state.account().and_then(|account| account.open());
        let summary = serde_json::from_str::<Summary>(&head.summary).ok();
        if open.map(Summary::of) != summary {
            findings.push("the summary differs from the replay".to_owned());
        }
    }

    async fn check_readings(
        &self,
        store: &Handle,
        account: AccountId,
        findings: &mut Vec<String>,
    ) -> Result<(), StoreError> {
        let mut orders = BTreeMap::new();
        let mut before = None;
        loop {
            let query = OrderQuery { state: None, before, limit: PAGE };
            let page = store.orders(account, query).await?;
            let Some(last) = page.last() else { break };
            before = Some(last.id.number);
            orders.extend(page.into_iter().map(|order| (order.id, order)));
        }
        compare("order", &self.orders, &orders, findings);
        let mut subscriptions = BTreeMap::new();
        let mut after = None;
        loop {
            let query = SubscriptionQuery {
                account: Some(account),
                after,
                limit: PAGE,
                ..SubscriptionQuery::default()
            };
            let page = store.subscriptions(query).await?;
            let Some(last) = page.last() else { break };
            let expires_at = last.paid.as_ref().map(|paid| paid.expires_at);
            after = Some((expires_at.unwrap_or(crate::domain::calendar::Timestamp::MAX), last.id));
            subscriptions.extend(page.into_iter().map(|live| (live.id, live)));
        }
        compare("subscription", &self.subscriptions, &subscriptions, findings);
        Ok(())
    }

    async fn check_campaign(
        &self,
        store: &Handle,
        id: CampaignId,
        findings: &mut Vec<String>,
    ) -> Result<(), StoreError> {
        let found = store.campaign(id).await?.into_iter().map(|row| (row.id, row)).collect();
        compare("campaign", &self.campaign, &found, findings);
        Ok(())
    }

    async fn check_ledger(
        &self,
        store: &Handle,
        stream: StreamId,
        findings: &mut Vec<String>,
    ) -> Result<u64, StoreError> {
        for (currency, sum) in &self.cash {
            if *sum != 0 {
                findings.push(format!("the ledger does not sum to zero in {currency}: {sum}"));
            }
        }
        let mut expected = self.entries.iter();
        let mut count = 0;
        let mut after = None;
        loop {
            let page = store.ledger(stream, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some((last.seq, last.line));
            for row in &page {
                count += 1;
                if expected.next() != Some(row) {
                    findings.push(format!("ledger line {}/{} differs", row.seq, row.line));
                }
            }
        }
        let missing = expected.count();
        if missing > 0 {
            findings.push(format!("{missing} ledger lines are missing"));
        }
        Ok(count)
    }
}

fn compare<K: Ord + std::fmt::Display, V: PartialEq>(
    what: &str,
    expected: &BTreeMap<K, V>,
    found: &BTreeMap<K, V>,
    findings: &mut Vec<String>,
) {
    for (id, row) in expected {
        match found.get(id) {
            None => findings.push(format!("{what} {id} is missing from its table")),
            Some(there) if there != row => {
                findings.push(format!("{what} {id} differs from the replay"));
            }
            Some(_) => {}
        }
    }
    for id in found.keys().filter(|id| !expected.contains_key(id)) {
        findings.push(format!("{what} {id} stands in its table, but never happened"));
    }
}
