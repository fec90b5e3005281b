//! What stands in the tables of a stream, against what its journal says.

use std::collections::BTreeMap;

use super::PAGE;
use super::replayed::Replayed;
use crate::domain::account::Account;
use crate::domain::calendar::Timestamp;
use crate::domain::ids::{AccountId, CampaignId, StreamId};
use crate::domain::money::Currency;
use crate::domain::rows::Summary;
use crate::domain::stream::State;
use crate::store::{
    BillLineQuery, CouponQuery, DocumentQuery, Handle, Head, OrderQuery, ResourceQuery,
    StatementQuery, StoreError, SubscriptionQuery, WithdrawalQuery,
};

impl Replayed {
    pub(super) fn check_head(&self, head: &Head, findings: &mut Vec<String>) {
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

    pub(super) async fn check_readings(
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

    pub(super) async fn check_bills(
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

    pub(super) async fn check_campaign(
        &self,
        store: &Handle,
        id: CampaignId,
        findings: &mut Vec<String>,
    ) -> Result<(), StoreError> {
        let found = store.campaign(id).await?.into_iter().map(|row| (row.id, row)).collect();
        compare("campaign", &self.campaign, &found, findings);
        Ok(())
    }

    pub(super) async fn check_ledger(
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

    /// An account is closed exactly if its erasure has begun, and one that is erased has no key.
    pub(super) async fn check_erasure(
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
}

/// Finds what is missing from a table, differs in it, or should not be there.
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
