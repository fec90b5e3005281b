//! Only what passes the gate is written, whole; nothing else leaves a trace.

use renewd::domain::agenda::Job;
use renewd::domain::calendar::Timestamp;
use renewd::store::{
    Channel, Claim, ClaimKind, Commit, DeliveryQuery, DeliveryState, OrderQuery, SealedRow, Store,
    SubscriptionQuery, Written,
};

use crate::contents::assert_holds;
use crate::samples::{
    account, at, claim, commit, effect, entry, everything, full_order, hash, id, order_row, pair,
    token,
};
use crate::{promises, put, write};

promises!(
    a_head_that_moved_is_a_conflict,
    a_stream_begins_once,
    of_two_commits_on_one_head_the_first_wins,
    a_loser_keeps_nobody_out,
    a_chain_of_commits_in_one_batch_is_written,
    a_claim_has_one_holder,
    the_first_claim_of_a_batch_wins,
    a_claim_of_a_loser_stays_free,
    a_token_is_used_once_per_stream,
    a_commit_without_records_refreshes_the_head,
    a_commit_without_records_passes_the_gate,
    a_refused_commit_fails_alone,
    a_commit_that_cannot_be_true_is_refused,
    voids_reach_what_waits_from_earlier_records,
    losers_of_every_kind_leave_no_trace,
    nothing_is_written_for_nothing,
);

async fn a_head_that_moved_is_a_conflict(store: &dyn Store) {
    put(store, &[commit(account(1), 0, 2)]).await;
    for expected in [1, 3] {
        assert_eq!(write(store, &[commit(account(1), expected, 1)]).await, [Written::Conflict]);
    }
    assert_eq!(write(store, &[commit(account(2), 1, 1)]).await, [Written::Conflict], "no stream");
    assert_holds(store, &[commit(account(1), 0, 2)]).await;
    assert_eq!(store.load_many(&[account(2)], "b").await.expect("read"), [None]);
    put(store, &[commit(account(1), 2, 1)]).await;
}

async fn a_stream_begins_once(store: &dyn Store) {
    put(store, &[commit(account(1), 0, 2)]).await;
    assert_eq!(write(store, &[commit(account(1), 0, 1)]).await, [Written::Conflict]);
    assert_holds(store, &[commit(account(1), 0, 2)]).await;
}

async fn of_two_commits_on_one_head_the_first_wins(store: &dyn Store) {
    let mut rival = commit(account(1), 0, 3);
    rival.claims = vec![claim(1)];
    let batch = [commit(account(1), 0, 2), rival, commit(account(2), 0, 1)];
    let written = write(store, &batch).await;
    assert_eq!(written, [Written::Done, Written::Conflict, Written::Done]);
    assert_holds(store, &[commit(account(1), 0, 2), commit(account(2), 0, 1)]).await;
    assert_eq!(store.holder(&claim(1)).await.expect("read"), None);
    assert_eq!(store.account_count().await.expect("read"), 2);
}

/// What the first of a stream expects says nothing about what the second may expect.
async fn a_loser_keeps_nobody_out(store: &dyn Store) {
    let mut first = commit(account(1), 0, 3);
    first.claims = vec![claim(1)];
    put(store, &[first, commit(account(2), 0, 3)]).await;
    let mut refused = commit(account(1), 1, 1);
    refused.records[0].seq = 9;
    let mut taken = commit(account(2), 3, 1);
    taken.claims = vec![claim(1)];
    taken.tokens = vec![token("a", 4)];
    let mut used = commit(account(2), 3, 1);
    used.tokens = vec![token("a", 4)];
    let mut both = commit(account(2), 4, 1);
    both.tokens = vec![token("a", 5)];
    both.claims = vec![claim(1)];
    let batch = [refused, commit(account(1), 3, 1), taken, used, both];
    let written = write(store, &batch).await;
    let taken = Written::Taken(ClaimKind::Email);
    assert_eq!(written, [Written::Refused, Written::Done, taken, Written::Done, taken]);
}

/// As if each had been written alone: the second sees the head that the first left.
async fn a_chain_of_commits_in_one_batch_is_written(store: &dyn Store) {
    let mut first = commit(account(1), 0, 1);
    first.outbox = vec![effect(1, 0, Channel::Mail, "order:1")];
    let mut second = commit(account(1), 1, 2);
    second.voids = vec!["order:1".to_owned()];
    let third = commit(account(1), 3, 1);
    let late = commit(account(1), 1, 1);
    let written = write(store, &[first, second, late, third.clone()]).await;
    assert_eq!(written, [Written::Done, Written::Done, Written::Conflict, Written::Done]);
    let loaded = store.load_many(&[account(1)], "b").await.expect("read").remove(0);
    let loaded = loaded.expect("found");
    assert_eq!(loaded.head, third.head);
    let journal = store.journal(account(1), 0, u32::MAX).await.expect("read");
    assert_eq!(journal.iter().map(|record| record.seq).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(loaded.tail.lines().count(), 4);
    let states = states(store).await;
    assert_eq!(states, [(1, DeliveryState::Void, at(3))]);
}

async fn states(store: &dyn Store) -> Vec<(u64, DeliveryState, Timestamp)> {
    let query = DeliveryQuery { limit: 99, ..DeliveryQuery::default() };
    let deliveries = store.deliveries(query).await.expect("read");
    let mut states: Vec<_> =
        deliveries.iter().map(|row| (row.row.seq, row.state, row.next_at)).collect();
    states.sort();
    states
}

async fn a_claim_has_one_holder(store: &dyn Store) {
    let mut first = commit(account(1), 0, 1);
    first.claims = vec![claim(1)];
    put(store, &[first]).await;
    let mut second = commit(account(2), 0, 1);
    second.claims = vec![claim(2), claim(1)];
    second.outbox = vec![effect(1, 0, Channel::Mail, "")];
    let written = write(store, &[second.clone(), commit(account(3), 0, 1)]).await;
    assert_eq!(written, [Written::Taken(ClaimKind::Email), Written::Done]);
    assert_eq!(store.holder(&claim(1)).await.expect("read"), Some(account(1)));
    assert_eq!(store.holder(&claim(2)).await.expect("read"), None);
    assert_eq!(store.load_many(&[account(2)], "b").await.expect("read"), [None]);
    assert_eq!(store.journal(account(2), 0, 9).await.expect("read"), []);
    assert_eq!(states(store).await, []);
    second.claims = vec![Claim { kind: ClaimKind::ExternalId, hash: hash(1) }];
    put(store, &[second]).await;
}

async fn the_first_claim_of_a_batch_wins(store: &dyn Store) {
    // The second stream sorts first, the first in the batch wins nevertheless.
    let mut first = commit(account(9), 0, 1);
    first.claims = vec![claim(1)];
    let mut second = commit(account(1), 0, 1);
    second.claims = vec![claim(1)];
    let written = write(store, &[first.clone(), second]).await;
    assert_eq!(written, [Written::Done, Written::Taken(ClaimKind::Email)]);
    assert_holds(store, &[first]).await;
    assert_eq!(store.load_many(&[account(1)], "b").await.expect("read"), [None]);
}

async fn a_claim_of_a_loser_stays_free(store: &dyn Store) {
    put(store, &[commit(account(1), 0, 1)]).await;
    let mut loser = commit(account(1), 7, 1);
    loser.claims = vec![claim(1)];
    let mut next = commit(account(2), 0, 1);
    next.claims = vec![claim(1)];
    let written = write(store, &[loser, next]).await;
    assert_eq!(written, [Written::Conflict, Written::Done]);
    assert_eq!(store.holder(&claim(1)).await.expect("read"), Some(account(2)));
}

async fn a_token_is_used_once_per_stream(store: &dyn Store) {
    let with = |stream, expected, text: &str| {
        let mut commit = commit(stream, expected, 1);
        commit.tokens = vec![token(text, expected + 1)];
        commit
    };
    put(store, &[with(account(1), 0, "a"), with(account(2), 0, "a")]).await;
    let batch = [with(account(1), 1, "a"), with(account(2), 1, "b"), with(account(2), 2, "b")];
    let written = write(store, &batch).await;
    assert_eq!(written, [Written::TokenUsed, Written::Done, Written::TokenUsed]);
    let found = store.tokens(account(2), &["a".into(), "b".into()]).await.expect("read");
    assert_eq!(found, [token("a", 1), token("b", 2)]);
    assert_eq!(store.journal(account(1), 0, 9).await.expect("read").len(), 1);
    assert_eq!(store.journal(account(2), 0, 9).await.expect("read").len(), 2);
}

fn refresh(commit: &Commit, seq: u64, due_at: Timestamp) -> Commit {
    let mut refresh = commit.clone();
    refresh.expected_seq = seq;
    refresh.records = Vec::new();
    refresh.head.due_at = due_at;
    refresh.head.due_job = Job::Reminders;
    refresh.head.rules_version = 8;
    refresh
}

async fn a_commit_without_records_refreshes_the_head(store: &dyn Store) {
    let first = commit(account(1), 0, 2);
    put(store, std::slice::from_ref(&first)).await;
    let refresh = refresh(&first, 2, at(500));
    put(store, std::slice::from_ref(&refresh)).await;
    assert_holds(store, &[Commit { records: first.records, ..refresh }]).await;
    assert_eq!(store.next_due().await.expect("read").get(&Job::Reminders), Some(&at(500)));
    assert_eq!(store.stale(8, None, 9).await.expect("read"), []);
}

async fn a_commit_without_records_passes_the_gate(store: &dyn Store) {
    let first = commit(account(1), 0, 2);
    put(store, std::slice::from_ref(&first)).await;
    let mut stale = refresh(&first, 1, at(500));
    stale.head.seq = 1;
    assert_eq!(write(store, &[stale]).await, [Written::Conflict]);
    assert_eq!(store.next_due().await.expect("read").len(), 0);
    let mut nobody = refresh(&commit(account(2), 0, 1), 1, at(500));
    nobody.head.seq = 1;
    assert_eq!(write(store, &[nobody]).await, [Written::Conflict]);
}

/// Something sealed twice under one number cannot be seen before it is tried.
async fn a_refused_commit_fails_alone(store: &dyn Store) {
    put(store, &[everything(1)]).await;
    let mut culprit = commit(account(1), 2, 1);
    culprit.sealed = vec![SealedRow { number: 2, sealed: vec![7] }];
    culprit.claims = vec![claim(99)];
    culprit.entries = pair(3, 0, 1).to_vec();
    let mut after = commit(account(4), 0, 1);
    after.claims = vec![claim(99)];
    let batch = [everything(2), culprit, everything(3), after.clone(), commit(account(1), 2, 1)];
    let chore = renewd::store::Chore::Park { stream: account(3), at: at(1), reason: "r".into() };
    let written = store.write(batch.to_vec(), vec![chore]).await.expect("written");
    let done = Written::Done;
    assert_eq!(written, [done, Written::Refused, done, done, done]);
    assert_holds(store, &[everything(2), after]).await;
    let (_, sealed) = store.sealed(account(1), &[2]).await.expect("read").expect("a key");
    assert_eq!(sealed, everything(1).sealed[1..]);
    assert_eq!(store.ledger(account(1), None, 9).await.expect("read").len(), 4);
    assert_eq!(store.journal(account(1), 0, 9).await.expect("read").len(), 3);
    assert_eq!(store.parked().await.expect("read").len(), 1, "chores are written all the same");
    assert_eq!(store.account_count().await.expect("read"), 4);
}

async fn a_commit_that_cannot_be_true_is_refused(store: &dyn Store) {
    put(store, &[commit(account(1), 0, 2)]).await;
    let good = commit(account(1), 2, 1);
    let wrong = |change: &dyn Fn(&mut Commit)| {
        let mut commit = good.clone();
        change(&mut commit);
        commit
    };
    let batch = [
        wrong(&|commit| commit.records[0].seq = 4),
        wrong(&|commit| commit.head.seq = 4),
        wrong(&|commit| commit.head.at = at(99)),
        wrong(&|commit| commit.head.digest = hash(9)),
        wrong(&|commit| commit.key = Some(vec![1])),
        wrong(&|commit| commit.entries = pair(2, 0, 1).to_vec()),
        wrong(&|commit| commit.entries = vec![entry(3, 0, 1)]),
        wrong(&|commit| commit.outbox = vec![effect(4, 0, Channel::Mail, "")]),
        wrong(&|commit| {
            commit.outbox = vec![effect(3, 0, Channel::Webhook, "")];
            commit.outbox[0].endpoint = String::new();
        }),
        wrong(&|commit| commit.rows = vec![order_row(&full_order(id(2), 1))]),
        wrong(&|commit| commit.rows = vec![order_row(&full_order(id(1), 1)); 2]),
        wrong(&|commit| commit.claims = vec![claim(1), claim(1)]),
        wrong(&|commit| commit.tokens = vec![token("a", 3), token("a", 3)]),
        wrong(&|commit| commit.tokens = vec![token("a", u64::MAX)]),
        commit(account(2), 0, 0),
    ];
    let written = write(store, &batch).await;
    assert_eq!(written, vec![Written::Refused; batch.len()]);
    assert_holds(store, &[commit(account(1), 0, 2)]).await;
    put(store, &[good]).await;
}

async fn voids_reach_what_waits_from_earlier_records(store: &dyn Store) {
    let mut first = commit(account(1), 0, 2);
    first.outbox = vec![
        effect(1, 0, Channel::Mail, "order:1"),
        effect(1, 1, Channel::Mail, "order:2"),
        effect(1, 2, Channel::Mail, ""),
        effect(2, 0, Channel::Webhook, "order:1"),
        effect(2, 1, Channel::Mail, "order:1"),
    ];
    let mut other = commit(account(2), 0, 1);
    other.outbox = vec![effect(1, 0, Channel::Mail, "order:1")];
    put(store, &[first, other]).await;
    let sent = renewd::store::Chore::Delivery {
        key: renewd::store::EffectKey { stream: account(1), seq: 2, n: 1 },
        state: DeliveryState::Sent,
        attempts: 1,
        next_at: at(10),
        outcome: "250 ok".to_owned(),
    };
    crate::chores(store, vec![sent]).await;
    let mut second = commit(account(1), 2, 1);
    second.voids = vec!["order:1".to_owned(), String::new(), "order:9".to_owned()];
    second.outbox = vec![effect(3, 0, Channel::Mail, "order:1")];
    put(store, &[second]).await;
    let query = DeliveryQuery { stream: Some(account(1)), limit: 9, ..DeliveryQuery::default() };
    let mut rows = store.deliveries(query).await.expect("read");
    rows.sort_by_key(renewd::store::Delivery::key);
    let states: Vec<_> =
        rows.iter().map(|row| (row.row.seq, row.row.n, row.state, row.next_at)).collect();
    let (waiting, void) = (DeliveryState::Waiting, DeliveryState::Void);
    assert_eq!(
        states,
        [
            (1, 0, void, at(3)),
            (1, 1, waiting, at(1)),
            (1, 2, waiting, at(1)),
            (2, 0, void, at(3)),
            (2, 1, DeliveryState::Sent, at(10)),
            (3, 0, waiting, at(3)),
        ]
    );
    let query = DeliveryQuery { stream: Some(account(2)), limit: 9, ..DeliveryQuery::default() };
    assert_eq!(store.deliveries(query).await.expect("read")[0].state, waiting);
}

async fn losers_of_every_kind_leave_no_trace(store: &dyn Store) {
    put(store, &[everything(1)]).await;
    let mut stale = everything(1);
    stale.claims = vec![claim(50)];
    let mut taken = everything(2);
    taken.claims = vec![claim(51), claim(1)];
    let mut used = commit(account(1), 2, 1);
    used.tokens = vec![token("new", 3), token("open", 3)];
    used.claims = vec![claim(52)];
    used.voids = vec!["reminders:sub_1".to_owned()];
    let written = write(store, &[stale, taken, used]).await;
    let lost = [Written::Conflict, Written::Taken(ClaimKind::Email), Written::TokenUsed];
    assert_eq!(written, lost);
    assert_holds(store, &[everything(1)]).await;
    for byte in [50, 51, 52] {
        assert_eq!(store.holder(&claim(byte)).await.expect("read"), None);
    }
    assert_eq!(store.tokens(account(1), &["new".to_owned()]).await.expect("read"), []);
    assert_eq!(store.sealed(account(2), &[1]).await.expect("read"), None);
    assert_eq!(store.tokens(account(2), &["open".to_owned()]).await.expect("read"), []);
    assert_eq!(store.ledger(account(2), None, 9).await.expect("read"), []);
    let query = OrderQuery { account: Some(id(2)), limit: 9, ..OrderQuery::default() };
    assert_eq!(store.orders(query).await.expect("read"), []);
    let query =
        SubscriptionQuery { account: Some(id(2)), limit: 9, ..SubscriptionQuery::default() };
    assert_eq!(store.subscriptions(query).await.expect("read"), []);
    assert_eq!(states(store).await.len(), 3);
    assert_eq!(store.account_count().await.expect("read"), 1);
}

async fn nothing_is_written_for_nothing(store: &dyn Store) {
    assert_eq!(write(store, &[]).await, []);
    assert_eq!(store.account_count().await.expect("read"), 0);
}
