//! All streams together: what wallets hold, what was billed and what is earned, against the ledger.

use std::collections::{BTreeMap, BTreeSet};

use super::PAGE;
use super::replayed::Replayed;
use crate::domain::calendar::Timestamp;
use crate::domain::ledger;
use crate::domain::money::{Currency, Money};
use crate::domain::month::Month;
use crate::domain::nouns::house::MonthSum;
use crate::domain::nouns::order::{self, Order};
use crate::domain::nouns::statement::BillLine;
use crate::domain::trial_balance::{Earned, TrialBalance};
use crate::store::{Handle, StoreError};

/// How the accounts of what is paid and not earned yet begin.
const UNEARNED: &str = "unearned:";

/// What all streams together say must stand in the ledger.
#[derive(Debug, Default)]
pub(super) struct Book {
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
    /// A journal could not be followed.
    pub(super) const fn misses_one(&mut self) {
        self.is_partial = true;
    }

    /// Adds what a stream says.
    pub(super) fn add(&mut self, replayed: &Replayed) {
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
    pub(super) async fn check(mut self, store: &Handle) -> Result<Vec<String>, StoreError> {
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
