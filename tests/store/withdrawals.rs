//! Withdrawals: what was asked, and how it went.

use renewd::domain::facts::Question;
use renewd::domain::ids::WithdrawalId;
use renewd::domain::nouns::withdrawal::{State, Withdrawal};
use renewd::store::{Store, WithdrawalQuery, Written};

use crate::samples::{account, bare_withdrawal, commit, full_withdrawal, id, withdrawal_row};
use crate::{promises, put, write};

promises!(
    withdrawals_are_listed_the_last_requested_first,
    a_withdrawal_is_replaced_whole,
    a_withdrawal_is_known_once_it_was_requested,
    a_withdrawal_of_another_account_is_refused,
    an_empty_reason_is_none,
);

fn of(bits: u64) -> WithdrawalQuery {
    WithdrawalQuery { account: id(bits), state: None, before: None, limit: 999 }
}

async fn numbers(store: &dyn Store, query: WithdrawalQuery) -> Vec<u32> {
    let rows = store.withdrawals(query).await.expect("read");
    rows.iter().map(|row| row.id.number).collect()
}

async fn put_rows(store: &dyn Store, bits: u64, rows: &[Withdrawal]) {
    let mut commit = commit(account(bits), 0, 1);
    commit.rows = rows.iter().map(withdrawal_row).collect();
    put(store, &[commit]).await;
}

async fn withdrawals_are_listed_the_last_requested_first(store: &dyn Store) {
    let rows = [2, 7, 11].map(|number| full_withdrawal(id(1), number));
    put_rows(store, 1, &rows).await;
    put_rows(store, 2, &[full_withdrawal(id(2), 3), bare_withdrawal(id(2), 4)]).await;
    assert_eq!(numbers(store, of(1)).await, [11, 7, 2]);
    assert_eq!(numbers(store, WithdrawalQuery { limit: 2, ..of(1) }).await, [11, 7]);
    assert_eq!(numbers(store, WithdrawalQuery { before: Some(7), ..of(1) }).await, [2]);
    let requested = WithdrawalQuery { state: Some(State::Requested), ..of(2) };
    assert_eq!(numbers(store, requested).await, [4]);
    let paid = WithdrawalQuery { state: Some(State::Paid), ..of(2) };
    assert_eq!(numbers(store, paid).await, [0; 0]);
    assert_eq!(numbers(store, of(3)).await, [0; 0]);
}

async fn a_withdrawal_is_replaced_whole(store: &dyn Store) {
    put_rows(store, 1, &[full_withdrawal(id(1), 2)]).await;
    let mut second = commit(account(1), 1, 1);
    second.rows = vec![withdrawal_row(&bare_withdrawal(id(1), 2))];
    put(store, &[second]).await;
    let rows = store.withdrawals(of(1)).await.expect("read");
    assert_eq!(rows, [bare_withdrawal(id(1), 2)]);
}

async fn a_withdrawal_is_known_once_it_was_requested(store: &dyn Store) {
    put_rows(store, 1, &[bare_withdrawal(id(1), 2)]).await;
    let known = Question::Withdrawal(WithdrawalId::new(id(1), 2));
    let unknown = [(1, 3), (2, 2)].map(|(bits, number)| WithdrawalId::new(id(bits), number));
    let asked = [known, Question::Withdrawal(unknown[0]), Question::Withdrawal(unknown[1])];
    let facts = store.facts(&asked).await.expect("read");
    assert_eq!(facts.found, [known].into());
    let stands = bare_withdrawal(id(1), 2);
    assert_eq!(facts.withdrawals, [(stands.id, stands)].into(), "and how it stands");
}

async fn a_withdrawal_of_another_account_is_refused(store: &dyn Store) {
    let mut wrong = commit(account(1), 0, 1);
    wrong.rows = vec![withdrawal_row(&full_withdrawal(id(2), 2))];
    assert_eq!(write(store, &[wrong]).await, [Written::Refused]);
}

async fn an_empty_reason_is_none(store: &dyn Store) {
    let asked = Withdrawal { reason: Some(String::new()), ..full_withdrawal(id(1), 2) };
    put_rows(store, 1, &[asked]).await;
    let [found] = store.withdrawals(of(1)).await.expect("read").try_into().expect("one");
    assert_eq!(found.reason, None);
}
