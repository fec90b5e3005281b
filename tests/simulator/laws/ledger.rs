//! The ledger balances: every record sums to zero in each currency, what is owed to customers is
//! what their wallets hold, and every table says what the journal says (R10.12, D43; design,
//! sections 2 and 7).

use std::collections::BTreeMap;

use renewd::domain::ledger;
use renewd::domain::money::Currency;

use crate::history::History;

pub(crate) fn broken(history: &History) -> Vec<String> {
    let mut broken: Vec<String> = history
        .findings
        .iter()
        .map(|finding| format!("renewd check: {}: {}", finding.stream, finding.what))
        .collect();
    for (id, stream) in history.accounts() {
        let mut sums: BTreeMap<ledger::Account, i128> = BTreeMap::new();
        for (place, record) in stream.records.iter().enumerate() {
            let mut balance: BTreeMap<Currency, i128> = BTreeMap::new();
            for posting in record.events.iter().flat_map(ledger::postings) {
                let minor = i128::from(posting.amount.minor());
                *balance.entry(posting.amount.currency()).or_default() += minor;
                *sums.entry(posting.account).or_default() += minor;
            }
            if balance.values().any(|sum| *sum != 0) {
                broken.push(format!("{id}/{}: does not balance: {balance:?}", place + 1));
            }
        }
        let Some(books) = history.books(id) else { continue };
        let waiting: i128 =
            books.withdrawals.values().map(|asked| i128::from(asked.amount.minor())).sum();
        let expected = [
            (ledger::Account::CustomerCash, -i128::from(books.wallet.cash.minor())),
            (ledger::Account::Receivable, i128::from(books.wallet.debt().minor())),
            (ledger::Account::Withdrawals, -waiting),
        ];
        for (account, expected) in expected {
            let found = sums.get(&account).copied().unwrap_or(0);
            if found != expected {
                broken.push(format!("{id}: {account} is {found}, the account says {expected}"));
            }
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use renewd::domain::event::Event;
    use renewd::domain::nouns::order;

    use super::super::breaking::{change_event, is_found};
    use super::*;

    #[test]
    fn an_order_that_was_paid_twice_is_found() {
        is_found(broken, |history| {
            let is = |event: &Event| matches!(event, Event::Order(order::Event::Paid { cash, .. }) if !cash.is_zero());
            change_event(history, is, |records, place, event| {
                let again = records[place].events[event].clone();
                records[place].events.push(again);
            })
        });
    }

    #[test]
    fn what_renewd_check_finds_is_told() {
        is_found(broken, |history| {
            let stream = renewd::domain::ids::StreamId::House;
            let what = "the ledger does not sum to zero".to_owned();
            history.findings.push(renewd::check::Finding { stream, what });
            true
        });
    }
}
