//! Reports of usage: known once, by account and key, and forgotten when they are old.

use std::collections::BTreeMap;

use renewd::domain::facts::{Facts, Question};
use renewd::domain::usage::Seen;
use renewd::store::{Chore, Commit, OldUsage, Store, UsagePlace, Written};

use crate::contents::assert_holds;
use crate::samples::{account, at, commit, everything, id, seen, token, usage_key};
use crate::{chores, promises, put, write};

promises!(
    usage_is_known_by_account_and_key,
    more_usage_than_a_statement_takes_reads_back,
    usage_that_is_known_fails_its_commit_alone,
    a_loser_leaves_no_usage,
    usage_that_contradicts_itself_is_refused,
    old_usage_is_found_page_by_page,
    old_usage_alone_is_forgotten,
    forgotten_usage_may_be_seen_again,
);

/// A first commit of an account that counted these: what each is known by, and when it was used.
fn counted(bits: u64, reports: &[(u32, i64)]) -> Commit {
    let mut commit = commit(account(bits), 0, 1);
    commit.seen = reports.iter().map(|(number, when)| report(bits, *number, *when)).collect();
    commit
}

fn report(bits: u64, number: u32, when: i64) -> (renewd::domain::usage::UsageKey, Seen) {
    (usage_key(number), Seen { at: at(when), ..seen(id(bits), number) })
}

async fn known(store: &dyn Store, bits: u64, numbers: impl Iterator<Item = u32>) -> Facts {
    let asked: Vec<_> = numbers.map(|n| Question::Usage(id(bits), usage_key(n))).collect();
    store.facts(&asked).await.expect("read")
}

/// The numbers of what an account is known to have reported.
async fn numbers(store: &dyn Store, bits: u64) -> Vec<u32> {
    let facts = known(store, bits, 0..400).await;
    let of = |key| (0..400).find(|number| usage_key(*number) == key).expect("one of these");
    let mut numbers: Vec<_> = facts.usage.into_keys().map(of).collect();
    numbers.sort_unstable();
    numbers
}

async fn usage_is_known_by_account_and_key(store: &dyn Store) {
    let first = counted(1, &[(1, 5), (2, 6), (300, 7)]);
    put(store, &[first.clone(), counted(2, &[(2, 9)])]).await;
    let facts = known(store, 1, [2, 3, 300, 2].into_iter()).await;
    let expected: BTreeMap<_, _> = first.seen[1..].iter().copied().collect();
    assert_eq!(facts, Facts { usage: expected, ..Facts::default() });
    let facts = known(store, 2, [1, 2].into_iter()).await;
    assert_eq!(facts.usage, [report(2, 2, 9)].into());
    assert_eq!(known(store, 3, 0..9).await, Facts::default());
}

async fn more_usage_than_a_statement_takes_reads_back(store: &dyn Store) {
    let reports: Vec<_> = (0..400).map(|number| (number, i64::from(number % 7))).collect();
    let commit = counted(1, &reports);
    put(store, std::slice::from_ref(&commit)).await;
    assert_holds(store, &[commit]).await;
    assert_eq!(numbers(store, 1).await.len(), 400);
}

/// That it is known cannot be seen before it is tried.
async fn usage_that_is_known_fails_its_commit_alone(store: &dyn Store) {
    put(store, &[counted(1, &[(1, 5)])]).await;
    let mut again = commit(account(1), 1, 1);
    again.seen = vec![report(1, 2, 6), report(1, 1, 5)];
    again.tokens = vec![token("a", 2)];
    let batch = [counted(2, &[(1, 5)]), again.clone(), everything(3)];
    let done = Written::Done;
    assert_eq!(write(store, &batch).await, [done, Written::Refused, done]);
    assert_holds(store, &[counted(1, &[(1, 5)]), counted(2, &[(1, 5)]), everything(3)]).await;
    assert_eq!(numbers(store, 1).await, [1]);
    again.seen.pop();
    let mut next = commit(account(1), 2, 1);
    next.seen = vec![report(1, 2, 6)];
    assert_eq!(write(store, &[again, next]).await, [done, Written::Refused], "in one batch too");
    assert_eq!(numbers(store, 1).await, [1, 2]);
}

async fn a_loser_leaves_no_usage(store: &dyn Store) {
    let mut first = counted(1, &[(1, 5)]);
    first.tokens = vec![token("a", 1)];
    put(store, &[first]).await;
    let mut late = counted(1, &[(2, 5)]);
    late.seen.push(report(1, 3, 5));
    let mut used = commit(account(1), 1, 1);
    used.tokens = vec![token("a", 2)];
    used.seen = vec![report(1, 4, 5)];
    let written = write(store, &[late, used]).await;
    assert_eq!(written, [Written::Conflict, Written::TokenUsed]);
    assert_eq!(numbers(store, 1).await, [1]);
}

async fn usage_that_contradicts_itself_is_refused(store: &dyn Store) {
    let mut of_another = commit(account(1), 0, 1);
    of_another.seen = vec![report(2, 1, 5)];
    let mut of_none = commit(renewd::domain::ids::StreamId::House, 0, 1);
    of_none.seen = vec![report(1, 1, 5)];
    let twice = counted(1, &[(1, 5), (1, 6)]);
    for wrong in [of_another, of_none, twice] {
        assert_eq!(write(store, &[wrong]).await, [Written::Refused]);
    }
    assert_eq!(numbers(store, 1).await, [0_u32; 0]);
    assert_eq!(numbers(store, 2).await, [0_u32; 0]);
}

/// What three accounts reported; of it these are used before 10.
const OLD: [(u64, u32); 4] = [(1, 2), (1, 4), (3, 1), (3, 2)];

async fn reported(store: &dyn Store) {
    let first = counted(1, &[(1, 10), (2, 9), (3, 11), (4, 1)]);
    put(store, &[first, counted(2, &[(7, 99)]), counted(3, &[(1, 3), (2, 4)])]).await;
}

async fn old_usage_is_found_page_by_page(store: &dyn Store) {
    let none = OldUsage { through: None, count: 0 };
    assert_eq!(store.old_usage(at(10), None, 3).await.expect("read"), none);
    reported(store).await;
    for limit in 1..=8 {
        let (mut after, mut counts, mut places) = (None, Vec::new(), Vec::new());
        loop {
            let page = store.old_usage(at(10), after, limit).await.expect("read");
            counts.push(page.count);
            after = page.through;
            places.extend(after);
            if after.is_none() {
                break;
            }
        }
        assert_eq!(counts.iter().sum::<u64>(), OLD.len() as u64, "{limit}: {counts:?}");
        assert_eq!(places.len(), 7 / limit as usize, "each page is full but the last");
        assert!(places.is_sorted(), "{places:?}");
    }
    let behind_all = Some((id(3), usage_key(2)));
    assert_eq!(store.old_usage(at(10), behind_all, 3).await.expect("read"), none);
}

async fn old_usage_alone_is_forgotten(store: &dyn Store) {
    reported(store).await;
    let place = |(bits, number): (u64, u32)| -> UsagePlace { (id(bits), usage_key(number)) };
    let forget = async |after: Option<(u64, u32)>, through: Option<(u64, u32)>| {
        let (after, through) = (after.map(place), through.map(place));
        chores(store, vec![Chore::ForgetUsage { before: at(10), after, through }]).await;
        let mut left = Vec::new();
        for bits in 1..=3 {
            left.push(numbers(store, bits).await);
        }
        left
    };
    // Behind the second of the first account, up to the first of the third.
    let left = forget(Some((1, 2)), Some((3, 1))).await;
    assert_eq!(left, [vec![1, 2, 3], vec![7], vec![2]]);
    let left = forget(None, Some((1, 1))).await;
    assert_eq!(left, [vec![1, 2, 3], vec![7], vec![2]], "it is not old");
    assert_eq!(forget(None, None).await, [vec![1, 3], vec![7], vec![]]);
}

async fn forgotten_usage_may_be_seen_again(store: &dyn Store) {
    put(store, &[counted(1, &[(1, 5)])]).await;
    let all = Chore::ForgetUsage { before: at(6), after: None, through: None };
    let mut again = commit(account(1), 1, 1);
    again.seen = vec![report(1, 1, 5)];
    // Chores come after the commits.
    let written = store.write(vec![again.clone()], vec![all]).await.expect("written");
    assert_eq!(written, [Written::Refused]);
    put(store, &[again]).await;
    assert_eq!(numbers(store, 1).await, [1]);
}
