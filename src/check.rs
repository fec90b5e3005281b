//! `renewd check`: every digest chain, every ledger sum, and every readable table against a
//! replay of the journal. Account by account, in short reads.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::account::Account;
use crate::domain::calendar::Timestamp;
use crate::domain::draft::Touched;
use crate::domain::event::Event;
use crate::domain::ids::{
    AccountId, CampaignId, CouponId, DocumentId, OrderId, ResourceId, StreamId, SubscriptionId,
    WithdrawalId,
};
use crate::domain::ledger;
use crate::domain::money::{Currency, Money};
use crate::domain::month::Month;
use crate::domain::nouns::house::{self, MonthSum};
use crate::domain::nouns::order::{self, Order};
use crate::domain::nouns::statement::{BillLine, Document, Statement};
use crate::domain::nouns::withdrawal::Withdrawal;
use crate::domain::record::Record;
use crate::domain::rows::{
    CampaignRow, CouponRow, CoverageRow, ResourceRow, Row, SubscriptionRow, Summary,
};
use crate::domain::stream::State;
use crate::domain::trial_balance::{Earned, TrialBalance};
use crate::store::{
    BillLineQuery, CouponQuery, Digest, DocumentQuery, Handle, Head, LedgerRow, OrderQuery,
    ResourceQuery, StatementQuery, StoreError, StoredRecord, SubscriptionQuery, WithdrawalQuery,
    codec,
};

/// Rows read at once.
const PAGE: u32 = 500;

/// How the accounts of what is paid and not earned yet begin.
const UNEARNED: &str = "unearned:";

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
    let mut book = Book::default();
    let mut after: Option<StreamId> = None;
    loop {
        let page = store.shared_streams(after, PAGE).await?;
        let Some((last, _)) = page.last() else { break };
        after = Some(*last);
        for (stream, head) in &page {
            check_stream(store, *stream, head, &mut book, &mut checked).await?;
            progress(&checked);
        }
    }
    let mut after: Option<AccountId> = None;
    loop {
        let page = store.accounts(after, PAGE).await?;
        let Some((last, _)) = page.last() else { break };
        after = Some(*last);
        for (account, head) in &page {
            check_stream(store, (*account).into(), head, &mut book, &mut checked).await?;
            progress(&checked);
        }
    }
    let findings = book.check(store).await?;
    let of_house = findings.into_iter().map(|what| Finding { stream: StreamId::House, what });
    checked.findings.extend(of_house);
    Ok(checked)
}

/// What all streams together say must stand in the ledger.
#[derive(Debug, Default)]
struct Book {
    /// What all wallets hold.
    cash: BTreeMap<Currency, i128>,
    /// Cash on its way between accounts, or arrived where its sender does not know it yet.
    sent: BTreeMap<Currency, i128>,
    /// What was paid by orders that are not delivered yet, and so for no time yet, by currency and
    /// product.
    undelivered: BTreeMap<(Currency, String), i128>,
    /// Times that were paid for.
    coverage_count: u64,
    /// What everybody was billed, by month and currency.
    billed: BTreeMap<Month, BTreeMap<Currency, MonthSum>>,
    /// Months that the house closed, with what it says was billed in them.
    closed: BTreeMap<Month, Vec<MonthSum>>,
    /// Is there a stream whose journal could not be followed? Then no total can be compared.
    is_partial: bool,
}

impl Book {
    fn add(&mut self, replayed: &Replayed) {
        self.coverage_count += replayed.coverages.len() as u64;
        if let Some((currency, sent)) = replayed.sent() {
            *self.sent.entry(currency).or_default() += sent;
        }
        if let Some((currency, cash)) = replayed.wallet() {
            *self.cash.entry(currency).or_default() += cash;
        }
        let waiting = |order: &&Order| order.state == order::State::Processing;
        for order in replayed.orders.values().filter(waiting) {
            let revenue = order.parts().revenue();
            let key = (revenue.currency(), order.product.clone());
            *self.undelivered.entry(key).or_default() += i128::from(revenue.minor());
        }
        self.closed.extend(replayed.closed.iter().map(|(month, sums)| (*month, sums.clone())));
        for (month, lines) in &replayed.bill_lines {
            let sums = self.billed.entry(*month).or_default();
            for (currency, sum) in sum_up(lines.values()) {
                let all = sums.entry(currency).or_insert_with(|| nothing(currency));
                add(all, &sum);
            }
        }
    }

    /// Each month sums to what all accounts were billed in it, and what the house closed it with
    /// still holds.
    async fn check_months(
        &self,
        store: &Handle,
        findings: &mut Vec<String>,
    ) -> Result<(), StoreError> {
        let mut months: BTreeSet<Month> = store.billed_months().await?.into_iter().collect();
        months.extend(self.billed.keys().chain(self.closed.keys()));
        for month in months {
            let sums = store.month_sums(month).await?;
            let billed = self.billed.get(&month).into_iter().flat_map(BTreeMap::values);
            if !self.is_partial && !billed.eq(&sums) {
                findings.push(format!("{month} sums to something else than the replay says"));
            }
            if self.closed.get(&month).is_some_and(|closed| *closed != sums) {
                findings.push(format!("{month} sums to something else than it was closed with"));
            }
        }
        Ok(())
    }

    /// The whole ledger sums to zero; it owes to customers what their wallets hold; and at the end
    /// of time everything is earned that was paid for a time.
    async fn check(mut self, store: &Handle) -> Result<Vec<String>, StoreError> {
        let mut findings = Vec::new();
        self.check_months(store, &mut findings).await?;
        let balances = store.balances(Timestamp::MAX).await?;
        let mut earned = Earned::by(Timestamp::MAX);
        let (mut after, mut count) = (None, 0);
        loop {
            let page = store.coverages(Timestamp::MAX, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some((last.starts_at, last.order));
            count += page.len() as u64;
            for row in &page {
                earned.add(row);
            }
        }
        let trial_balance = match TrialBalance::new(&balances, &earned) {
            Ok(trial_balance) => trial_balance,
            Err(error) => {
                findings.push(error.to_string());
                return Ok(findings);
            }
        };
        if self.is_partial {
            return Ok(findings);
        }
        if count != self.coverage_count {
            findings.push(format!(
                "{count} coverages stand in their table, the replay says {}",
                self.coverage_count
            ));
        }
        let customer_cash = ledger::Account::CustomerCash.to_string();
        let in_transit = ledger::Account::InTransit.to_string();
        for balance in trial_balance.balances() {
            let currency = balance.amount.currency();
            if balance.account == in_transit {
                // What has arrived is on its way for its sender until that is told.
                let sent = self.sent.get(&currency).copied().unwrap_or(0);
                if !(-sent..=0).contains(&i128::from(balance.amount.minor())) {
                    let amount = balance.amount;
                    findings.push(format!(
                        "{in_transit} is {amount}, and accounts sent {sent} minor units"
                    ));
                }
                continue;
            }
            let expected = if balance.account == customer_cash {
                self.cash.remove(&currency).unwrap_or(0)
            } else if let Some(product) = balance.account.strip_prefix(UNEARNED) {
                self.undelivered.remove(&(currency, product.to_owned())).unwrap_or(0)
            } else {
                continue;
            };
            if i128::from(balance.amount.minor()) != -expected {
                let (account, amount) = (&balance.account, balance.amount);
                findings.push(format!(
                    "at the end of time {account} is {amount}, the replay says {} minor units",
                    -expected
                ));
            }
        }
        for (currency, cash) in self.cash.into_iter().filter(|(_, cash)| *cash != 0) {
            findings.push(format!(
                "wallets hold {cash} minor units of {currency} of which the ledger knows nothing"
            ));
        }
        for ((currency, product), paid) in self.undelivered.into_iter().filter(|(_, p)| *p != 0) {
            findings.push(format!(
                "{paid} minor units of {currency} were paid for {product} that the ledger does not know"
            ));
        }
        Ok(findings)
    }
}

/// A month in which nothing is billed.
const fn nothing(currency: Currency) -> MonthSum {
    let zero = Money::zero(currency);
    MonthSum { line_count: 0, account_count: 0, net: zero, tax: zero, total: zero }
}

/// What lines of one account come to, by currency.
fn sum_up<'a>(lines: impl Iterator<Item = &'a BillLine>) -> BTreeMap<Currency, MonthSum> {
    let mut sums = BTreeMap::new();
    for line in lines {
        let currency = line.total.currency();
        let (net, tax, total) = (line.net, line.tax_amount, line.total);
        let sum = sums
            .entry(currency)
            .or_insert_with(|| MonthSum { account_count: 1, ..nothing(currency) });
        add(sum, &MonthSum { line_count: 1, account_count: 0, net, tax, total });
    }
    sums
}

/// Adds what is in the same currency. No sum of amounts can overflow.
fn add(sum: &mut MonthSum, more: &MonthSum) {
    let plus = |a: Money, b: Money| a.checked_add(b).unwrap_or(a);
    *sum = MonthSum {
        line_count: sum.line_count + more.line_count,
        account_count: sum.account_count + more.account_count,
        net: plus(sum.net, more.net),
        tax: plus(sum.tax, more.tax),
        total: plus(sum.total, more.total),
    };
}

/// What a replay of a stream's journal says must be there.
struct Replayed {
    state: State,
    seq: u64,
    digest: Digest,
    orders: BTreeMap<OrderId, Order>,
    subscriptions: BTreeMap<SubscriptionId, SubscriptionRow>,
    coupons: BTreeMap<CouponId, CouponRow>,
    resources: BTreeMap<ResourceId, ResourceRow>,
    coverages: BTreeMap<(Timestamp, OrderId), CoverageRow>,
    campaign: BTreeMap<CampaignId, CampaignRow>,
    bill_lines: BTreeMap<Month, BTreeMap<u32, BillLine>>,
    statements: BTreeMap<Month, Statement>,
    documents: BTreeMap<DocumentId, Document>,
    withdrawals: BTreeMap<WithdrawalId, Withdrawal>,
    closed: Vec<(Month, Vec<MonthSum>)>,
    entries: Vec<LedgerRow>,
}

async fn check_stream(
    store: &Handle,
    stream: StreamId,
    head: &Head,
    book: &mut Book,
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
        coupons: BTreeMap::new(),
        resources: BTreeMap::new(),
        coverages: BTreeMap::new(),
        campaign: BTreeMap::new(),
        bill_lines: BTreeMap::new(),
        statements: BTreeMap::new(),
        documents: BTreeMap::new(),
        withdrawals: BTreeMap::new(),
        closed: Vec::new(),
        entries: Vec::new(),
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
                book.is_partial = true;
                checked.findings.extend(findings.into_iter().map(|what| Finding { stream, what }));
                return Ok(());
            }
        }
    }
    replayed.check_head(head, &mut findings);
    match stream {
        StreamId::Account(account) => {
            replayed.check_readings(store, account, &mut findings).await?;
            replayed.check_bills(store, account, &mut findings).await?;
            replayed.check_erasure(store, stream, &mut findings).await?;
        }
        StreamId::Campaign(id) => replayed.check_campaign(store, id, &mut findings).await?,
        StreamId::House | StreamId::Series(_) => {}
    }
    checked.entry_count += replayed.check_ledger(store, stream, &mut findings).await?;
    book.add(&replayed);
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
            if let Event::House(house::Event::MonthClosed { month, sums, .. }) = event {
                self.closed.push((*month, sums.clone()));
            }
            for posting in ledger::postings(event) {
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
                Row::Coupon(row) => drop(self.coupons.insert(row.coupon.id, *row)),
                Row::Withdrawal(row) => drop(self.withdrawals.insert(row.id, *row)),
                Row::Resource(row) => drop(self.resources.insert(row.id, *row)),
                Row::Coverage(row) => {
                    self.coverages.insert((row.starts_at, row.order), *row);
                }
                Row::BillLine(_, line) => {
                    self.bill_lines.entry(line.month).or_default().insert(line.number, *line);
                }
                Row::Statement(_, statement) => {
                    self.statements.insert(statement.month, *statement);
                }
                Row::Document(document) => drop(self.documents.insert(document.id, *document)),
                Row::Campaign(row) => drop(self.campaign.insert(row.id, *row)),
            }
        }
        self.state.end_record();
        Ok(())
    }

    /// An account is closed exactly if its erasure has begun, and one that is erased has no key.
    async fn check_erasure(
        &self,
        store: &Handle,
        stream: StreamId,
        findings: &mut Vec<String>,
    ) -> Result<(), StoreError> {
        let is_closed = matches!(self.state, State::Account(Account::Closed(_)));
        let erasure = store.erasure(stream).await?;
        if erasure.is_some() != is_closed {
            let what =
                if is_closed { "is closed and not erased" } else { "is erased and in service" };
            findings.push(format!("the account {what}"));
        }
        let is_destroyed = erasure.is_some_and(|erasure| erasure.destroyed_at.is_some());
        if is_destroyed && store.sealed(stream, &[]).await?.is_some() {
            findings.push("its key is there, and is said to be destroyed".to_owned());
        }
        Ok(())
    }

    /// What the wallet holds.
    fn wallet(&self) -> Option<(Currency, i128)> {
        let open = self.state.account()?.books()?;
        Some((open.wallet.cash.currency(), i128::from(open.wallet.cash.minor())))
    }

    /// What must stand on accounts of the chart by what the account holds, in minor units.
    fn balances(&self) -> BTreeMap<String, i128> {
        let Some(open) = self.state.account().and_then(|account| account.books()) else {
            return BTreeMap::new();
        };
        let minor = |amount: Money| i128::from(amount.minor());
        let waiting = open.withdrawals.values().map(|asked| minor(asked.amount)).sum::<i128>();
        [
            (ledger::Account::CustomerCash, -minor(open.wallet.cash)),
            (ledger::Account::Receivable, minor(open.wallet.debt())),
            (ledger::Account::Withdrawals, -waiting),
        ]
        .map(|(account, minor)| (account.to_string(), minor))
        .into()
    }

    /// Cash on its way to other accounts.
    fn sent(&self) -> Option<(Currency, i128)> {
        let sent = self.state.account()?.books()?.wallet.sent();
        Some((sent.currency(), i128::from(sent.minor())))
    }

    fn check_head(&self, head: &Head, findings: &mut Vec<String>) {
        if head.seq != self.seq {
            findings.push(format!("the head is {}, the journal ends at {}", head.seq, self.seq));
        }
        if head.digest != self.digest {
            findings.push("the head has another digest than the journal".to_owned());
        }
        let open = self.state.account().and_then(|account| account.books());
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
            let query =
                OrderQuery { account: Some(account), before, limit: PAGE, ..OrderQuery::default() };
            let page = store.orders(query).await?;
            let Some(last) = page.last() else { break };
            before = Some((last.created_at, last.id));
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
            after = Some((expires_at.unwrap_or(Timestamp::MAX), last.id));
            subscriptions.extend(page.into_iter().map(|live| (live.id, live)));
        }
        compare("subscription", &self.subscriptions, &subscriptions, findings);
        let mut coupons = BTreeMap::new();
        let mut after = None;
        loop {
            let query = CouponQuery {
                account: Some(account),
                after,
                limit: PAGE,
                ..CouponQuery::default()
            };
            let page = store.coupons(query).await?;
            let Some(last) = page.last() else { break };
            after = Some((last.coupon.expires_at, last.coupon.id));
            coupons.extend(page.into_iter().map(|row| (row.coupon.id, row)));
        }
        compare("coupon", &self.coupons, &coupons, findings);
        let mut resources = BTreeMap::new();
        let mut after = None;
        loop {
            let query = ResourceQuery {
                account: Some(account),
                after,
                limit: PAGE,
                ..ResourceQuery::default()
            };
            let page = store.resources(query).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            resources.extend(page.into_iter().map(|row| (row.id, row)));
        }
        compare("resource", &self.resources, &resources, findings);
        // They are asked for by their places; those that never happened show in the count of all.
        let places: Vec<_> = self.coverages.keys().copied().collect();
        let mut coverages = BTreeMap::new();
        for places in places.chunks(PAGE as usize) {
            let page = store.coverages_at(places).await?;
            coverages.extend(page.into_iter().map(|row| ((row.starts_at, row.order), row)));
        }
        compare("coverage", &self.coverages, &coverages, findings);
        Ok(())
    }

    async fn check_bills(
        &self,
        store: &Handle,
        account: AccountId,
        findings: &mut Vec<String>,
    ) -> Result<(), StoreError> {
        // Months in which nothing ever happened show in the sums of all accounts.
        for (month, expected) in &self.bill_lines {
            let mut lines = BTreeMap::new();
            let mut after = None;
            loop {
                let query = BillLineQuery { account, month: *month, after, limit: PAGE };
                let page = store.bill_lines(query).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.number);
                lines.extend(page.into_iter().map(|line| (line.number, line)));
            }
            compare(&format!("bill line of {month}"), expected, &lines, findings);
        }
        let mut statements = BTreeMap::new();
        let mut after = None;
        loop {
            let query = StatementQuery {
                account: Some(account),
                after,
                limit: PAGE,
                ..StatementQuery::default()
            };
            let page = store.statements(query).await?;
            let Some((_, last)) = page.last() else { break };
            after = Some((last.month, account));
            statements.extend(page.into_iter().map(|(_, month)| (month.month, month)));
        }
        compare("statement", &self.statements, &statements, findings);
        let mut documents = BTreeMap::new();
        let mut before = None;
        loop {
            let query = DocumentQuery { account, month: None, before, limit: PAGE };
            let page = store.documents(query).await?;
            let Some(last) = page.last() else { break };
            before = Some(last.id.number);
            documents.extend(page.into_iter().map(|document| (document.id, document)));
        }
        compare("document", &self.documents, &documents, findings);
        let mut withdrawals = BTreeMap::new();
        let mut before = None;
        loop {
            let query = WithdrawalQuery { account, state: None, before, limit: PAGE };
            let page = store.withdrawals(query).await?;
            let Some(last) = page.last() else { break };
            before = Some(last.id.number);
            withdrawals.extend(page.into_iter().map(|row| (row.id, row)));
        }
        compare("withdrawal", &self.withdrawals, &withdrawals, findings);
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
        let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
        let mut held = self.balances();
        for entry in &self.entries {
            let (currency, minor) = (entry.amount.currency(), i128::from(entry.amount.minor()));
            *sums.entry(currency).or_default() += minor;
            if let Some(rest) = held.get_mut(entry.account.as_str()) {
                *rest -= minor;
            }
        }
        for (currency, sum) in sums.into_iter().filter(|(_, sum)| *sum != 0) {
            findings.push(format!("the ledger does not sum to zero in {currency}: {sum}"));
        }
        for (account, difference) in held.into_iter().filter(|(_, rest)| *rest != 0) {
            findings.push(format!("the wallet and {account} differ by {difference} minor units"));
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

fn compare<K: Ord + std::fmt::Debug, V: PartialEq>(
    what: &str,
    expected: &BTreeMap<K, V>,
    found: &BTreeMap<K, V>,
    findings: &mut Vec<String>,
) {
    for (id, row) in expected {
        match found.get(id) {
            None => findings.push(format!("{what} {id:?} is missing from its table")),
            Some(there) if there != row => {
                findings.push(format!("{what} {id:?} differs from the replay"));
            }
            Some(_) => {}
        }
    }
    for id in found.keys().filter(|id| !expected.contains_key(id)) {
        findings.push(format!("{what} {id:?} stands in its table, but never happened"));
    }
}
