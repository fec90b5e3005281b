//! Batches that are written at the same time: each is as if it were alone before the others or
//! behind them.

use futures_util::future::{join, join_all};
use renewd::domain::ids::StreamId;
use renewd::store::{
    Channel, Chore, ClaimKind, Commit, DeliveryQuery, DeliveryState, EffectKey, JobRun, Store,
    Written,
};

use crate::contents::assert_holds;
use crate::samples::{account, at, claim, commit, effect, everything, pair, token};
use crate::{promises, put, write};

promises!(
    of_batches_that_ask_for_one_claim_one_gets_it,
    of_batches_on_one_head_one_moves_it,
    of_batches_that_open_one_account_one_does,
    claims_in_any_order_never_block_each_other_for_good,
    a_claim_that_is_released_meanwhile_goes_to_one_of_those_who_ask,
    what_fails_on_its_data_takes_nobody_along,
    streams_that_many_write_to_lose_nothing,
    runs_of_one_job_at_the_same_time_are_all_kept,
    what_is_sent_and_voided_at_the_same_time_is_one_of_both,
);

const BATCHES: u64 = 12;

/// Writes batches at the same time, each with its answer.
async fn race(store: &dyn Store, batches: Vec<Vec<Commit>>) -> Vec<Vec<Written>> {
    let writes = batches.into_iter().map(|batch| store.write(batch, Vec::new()));
    join_all(writes).await.into_iter().map(|written| written.expect("written")).collect()
}

fn count(written: &[Written], which: Written) -> usize {
    written.iter().filter(|one| **one == which).count()
}

/// Who asks beside the race gets what it asked for, whoever wins.
async fn of_batches_that_ask_for_one_claim_one_gets_it(store: &dyn Store) {
    let batch = |n: u64| {
        let mut racer = commit(account(n), 0, 1);
        racer.claims = vec![claim(1)];
        let mut bystander = commit(account(100 + n), 0, 1);
        bystander.claims = vec![claim(u8::try_from(100 + n).expect("few"))];
        bystander.entries = pair(1, 0, 7).to_vec();
        vec![racer, bystander]
    };
    let written = race(store, (0..BATCHES).map(batch).collect()).await;
    let racers: Vec<_> = written.iter().map(|written| written[0]).collect();
    assert_eq!(count(&racers, Written::Done), 1, "{racers:?}");
    let lost = Written::Taken(ClaimKind::Email);
    assert_eq!(count(&racers, lost), racers.len() - 1, "{racers:?}");
    let winner = (0..).zip(&racers).find(|(_, one)| **one == Written::Done).expect("a winner").0;
    assert_eq!(store.holder(&claim(1)).await.expect("read"), Some(account(winner)));
    for n in 0..BATCHES {
        assert_holds(store, &[batch(n).remove(1)]).await;
        let journal = store.journal(account(n), 0, 9).await.expect("read");
        assert_eq!(journal.len(), usize::from(n == winner));
    }
    assert_eq!(store.account_count().await.expect("read"), BATCHES + 1);
}

async fn of_batches_on_one_head_one_moves_it(store: &dyn Store) {
    put(store, &[commit(account(1), 0, 1)]).await;
    let batch = |n: u64| {
        let mut racer = commit(account(1), 1, 1);
        racer.tokens = vec![token(&format!("t{n}"), 2)];
        vec![racer, commit(account(100 + n), 0, 1)]
    };
    let written = race(store, (0..BATCHES).map(batch).collect()).await.concat();
    assert_eq!(count(&written, Written::Conflict), written.len() / 2 - 1, "{written:?}");
    assert_eq!(count(&written, Written::Done), written.len() / 2 + 1, "{written:?}");
    assert_eq!(store.journal(account(1), 0, 9).await.expect("read").len(), 2);
    let tokens: Vec<_> = (0..BATCHES).map(|n| format!("t{n}")).collect();
    assert_eq!(store.tokens(account(1), &tokens).await.expect("read").len(), 1);
    assert_eq!(store.account_count().await.expect("read"), BATCHES + 1);
}

async fn of_batches_that_open_one_account_one_does(store: &dyn Store) {
    let written = race(store, (0..BATCHES).map(|_| vec![everything(1)]).collect()).await.concat();
    assert_eq!(count(&written, Written::Done), 1, "{written:?}");
    assert_eq!(count(&written, Written::Conflict), written.len() - 1, "{written:?}");
    assert_holds(store, &[everything(1)]).await;
    assert_eq!(store.account_count().await.expect("read"), 1);
}

/// Each batch asks for all claims, in an order of its own, by commits in an order of their own.
async fn claims_in_any_order_never_block_each_other_for_good(store: &dyn Store) {
    let batch = |n: u64| {
        let mut batch: Vec<_> = (0..8_u64)
            .map(|k| {
                let mut commit = commit(account(n * 8 + k), 0, 1);
                let byte = u8::try_from((n + k * 3) % 8).expect("few");
                commit.claims = vec![claim(byte)];
                commit
            })
            .collect();
        if n.is_multiple_of(2) {
            batch.reverse();
        }
        batch
    };
    let written = race(store, (0..BATCHES).map(batch).collect()).await.concat();
    assert_eq!(count(&written, Written::Done), 8, "{written:?}");
    let lost = Written::Taken(ClaimKind::Email);
    assert_eq!(count(&written, lost), written.len() - 8, "{written:?}");
    for byte in 0..8 {
        assert!(store.holder(&claim(byte)).await.expect("read").is_some());
    }
}

async fn a_claim_that_is_released_meanwhile_goes_to_one_of_those_who_ask(store: &dyn Store) {
    for round in 0..5_u64 {
        let (owner, asks) = (1_000 + round * 100, |n: u64| account(2_000 + round * 100 + n));
        let byte = u8::try_from(round).expect("few");
        let mut opened = commit(account(owner), 0, 1);
        opened.claims = vec![claim(byte)];
        put(store, &[opened]).await;
        let mut closing = commit(account(owner), 1, 1);
        closing.erase = true;
        let mut batches: Vec<_> = (0..BATCHES)
            .map(|n| {
                let mut racer = commit(asks(n), 0, 1);
                racer.claims = vec![claim(byte)];
                vec![racer]
            })
            .collect();
        batches.insert(batches.len() / 2, vec![closing]);
        let mut written = race(store, batches).await.concat();
        assert_eq!(written.remove(written.len() / 2), Written::Done, "it is closed");
        let done = count(&written, Written::Done);
        let lost = count(&written, Written::Taken(ClaimKind::Email));
        assert!(done <= 1 && done + lost == written.len(), "{written:?}");
        let winner = written.iter().position(|one| *one == Written::Done);
        let winner = winner.map(|place| asks(u64::try_from(place).expect("few")));
        assert_eq!(store.holder(&claim(byte)).await.expect("read"), winner);
        let erasure = store.erasure(account(owner)).await.expect("read").expect("an erasure");
        assert_eq!(erasure.claim_count, 1);
    }
}

/// Something sealed twice under one number: the commit is refused, its neighbours are written.
async fn what_fails_on_its_data_takes_nobody_along(store: &dyn Store) {
    put(store, &(0..BATCHES).map(everything).collect::<Vec<_>>()).await;
    let batch = |n: u64| {
        let mut culprit = commit(account(n), 2, 1);
        culprit.sealed = everything(n).sealed;
        culprit.claims = vec![claim(200)];
        vec![culprit, commit(account(100 + n), 0, 1)]
    };
    let written = race(store, (0..BATCHES).map(batch).collect()).await;
    assert!(written.iter().all(|one| *one == [Written::Refused, Written::Done]), "{written:?}");
    assert_eq!(store.holder(&claim(200)).await.expect("read"), None);
    assert_eq!(store.account_count().await.expect("read"), 2 * BATCHES);
}

/// Each writer reads where the heads stand, and writes behind them until all of its records are
/// in: what is said to be written is there once, and nothing else.
async fn streams_that_many_write_to_lose_nothing(store: &dyn Store) {
    const STREAMS: u64 = 3;
    const RECORDS: u64 = 4;
    let writer = |n: u64| async move {
        let (mut done, mut turn) = (0, n);
        while done < RECORDS {
            let stream = account(turn % STREAMS);
            let loaded = store.load_many(&[stream], "b").await.expect("read").remove(0);
            let seq = loaded.map_or(0, |loaded| loaded.head.seq);
            let mut commit = commit(stream, seq, 1);
            commit.tokens = vec![token(&format!("{n}/{done}"), seq + 1)];
            commit.entries = pair(seq + 1, 0, 1).to_vec();
            match write(store, &[commit]).await.remove(0) {
                Written::Done => (done, turn) = (done + 1, turn + 1),
                Written::Conflict => {}
                other @ (Written::Taken(_) | Written::TokenUsed | Written::Refused) => panic!("{other:?}"),
            }
        }
    };
    join_all((0..6).map(writer)).await;
    let mut records = 0;
    for stream in (0..STREAMS).map(account) {
        let journal = store.journal(stream, 0, 99).await.expect("read");
        let seqs: Vec<_> = journal.iter().map(|record| record.seq).collect();
        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
        assert_eq!(store.ledger(stream, None, 99).await.expect("read").len(), 2 * seqs.len());
        records += seqs.len() as u64;
    }
    assert_eq!(records, 6 * RECORDS);
    assert_eq!(store.account_count().await.expect("read"), STREAMS);
}

async fn runs_of_one_job_at_the_same_time_are_all_kept(store: &dyn Store) {
    let run = |n: u64| JobRun {
        job: renewd::domain::agenda::Job::Renewals,
        at: at(i64::try_from(n).expect("few")),
        took_ms: 1,
        advanced_count: n,
        failed_count: 0,
        steps: std::collections::BTreeMap::new(),
    };
    let writes = (0..BATCHES).map(|n| {
        let commits = vec![commit(account(n), 0, 1)];
        store.write(commits, vec![Chore::JobRun(run(n))])
    });
    for written in join_all(writes).await {
        assert_eq!(written.expect("written"), [Written::Done]);
    }
    let mut found = store.job_runs(99).await.expect("read");
    found.sort_by_key(|run| run.advanced_count);
    assert_eq!(found, (0..BATCHES).map(run).collect::<Vec<_>>());
}

/// One batch says that deliveries went out, another that nothing under their topic holds any more:
/// what went out stays sent, whoever comes first.
async fn what_is_sent_and_voided_at_the_same_time_is_one_of_both(store: &dyn Store) {
    const MAILS: u32 = 9;
    let stream: StreamId = account(1);
    let mut first = commit(stream, 0, 1);
    first.outbox = (0..MAILS).map(|n| effect(1, n, Channel::Mail, "order:1")).collect();
    put(store, &[first]).await;
    let moved = |n: u32| Chore::Delivery {
        key: EffectKey { stream, seq: 1, n },
        state: if n.is_multiple_of(2) { DeliveryState::Sent } else { DeliveryState::Waiting },
        attempts: 1,
        next_at: at(50),
        outcome: String::new(),
    };
    let mut second = commit(stream, 1, 1);
    second.voids = vec!["order:1".to_owned()];
    let chores = (0..MAILS).rev().map(moved).collect();
    let (sent, voided) =
        join(store.write(Vec::new(), chores), store.write(vec![second], Vec::new())).await;
    assert_eq!(sent.expect("written"), []);
    assert_eq!(voided.expect("written"), [Written::Done]);
    let query = DeliveryQuery { stream: Some(stream), limit: 99, ..DeliveryQuery::default() };
    for delivery in store.deliveries(query).await.expect("read") {
        let wanted =
            if delivery.row.n % 2 == 0 { DeliveryState::Sent } else { DeliveryState::Void };
        assert_eq!(delivery.state, wanted, "{}", delivery.row.n);
    }
}
