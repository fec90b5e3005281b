//! A closed account: its claims are free at once, what is personal goes when its last letter went,
//! and who bought is kept for its invoices until the retention ends.

use renewd::domain::calendar::Timestamp;
use renewd::domain::ids::StreamId;
use renewd::store::{
    Channel, Chore, Commit, DeliveryQuery, DeliveryState, EffectKey, Erasure, ErasureStage,
    LegalHold, Retained, SealedRow, Store, Written,
};

use crate::samples::{account, at, claim, commit, effect};
use crate::{Scratch, chores, promises, put, write};

promises!(
    closing_releases_the_claims_and_nothing_else,
    a_claim_that_is_released_is_free_for_whoever_asks_behind_it,
    an_account_is_closed_once,
    only_an_account_is_closed_and_by_a_record,
    the_key_goes_when_the_last_letter_went,
    a_legal_hold_keeps_everything,
    who_bought_is_kept_until_the_retention_ends,
    erasures_are_listed_in_the_order_of_closing,
    what_is_erased_leaves_its_neighbours_alone,
);

/// An account with a claim, a key, two sealed texts and a mail.
fn opened(bits: u64) -> Commit {
    let mut commit = commit(account(bits), 0, 1);
    let byte = u8::try_from(bits).expect("few");
    commit.claims = vec![claim(byte)];
    commit.key = Some(vec![byte; 60]);
    commit.sealed = vec![
        SealedRow { number: 1, sealed: vec![byte; 90] },
        SealedRow { number: 2, sealed: vec![byte; 9] },
    ];
    commit.outbox = vec![effect(1, 0, Channel::Mail, "")];
    commit
}

fn closing(bits: u64) -> Commit {
    let mut commit = commit(account(bits), 1, 1);
    commit.outbox = vec![effect(2, 0, Channel::Mail, "")];
    commit.erase = true;
    commit
}

fn sent(stream: StreamId, seq: u64) -> Chore {
    Chore::Delivery {
        key: EffectKey { stream, seq, n: 0 },
        state: DeliveryState::Sent,
        attempts: 1,
        next_at: at(70),
        outcome: "taken".to_owned(),
    }
}

fn retained() -> Retained {
    Retained { wrapped: vec![7; 60], sealed: vec![8; 99] }
}

fn destroy(bits: u64, retained: Option<Retained>) -> Chore {
    Chore::Destroy { stream: account(bits), at: at(80), retained, mail_count: 3 }
}

fn scrubbed(bits: u64) -> Chore {
    Chore::Scrubbed { stream: account(bits), at: at(81) }
}

fn hold() -> LegalHold {
    LegalHold { held_at: at(60), uid: 1_001, reason: "case 7 \u{e4}".to_owned() }
}

async fn closed(store: &dyn Store, bits: u64) {
    put(store, &[opened(bits)]).await;
    put(store, &[closing(bits)]).await;
}

async fn all_is_sent(store: &dyn Store, bits: u64) {
    chores(store, vec![sent(account(bits), 1), sent(account(bits), 2)]).await;
}

async fn erasure(store: &dyn Store, bits: u64) -> Option<Erasure> {
    store.erasure(account(bits)).await.expect("read")
}

async fn stage(store: &dyn Store, bits: u64) -> Option<ErasureStage> {
    erasure(store, bits).await.map(|erasure| erasure.stage)
}

async fn key(store: &dyn Store, bits: u64) -> Option<(Vec<u8>, Vec<SealedRow>)> {
    store.sealed(account(bits), &[1, 2]).await.expect("read")
}

async fn deliveries(store: &dyn Store, bits: u64) -> usize {
    let query =
        DeliveryQuery { stream: Some(account(bits)), limit: 99, ..DeliveryQuery::default() };
    store.deliveries(query).await.expect("read").len()
}

async fn next(store: &dyn Store, stage: ErasureStage) -> Vec<StreamId> {
    let found = store.erasures(stage, Timestamp::MAX, 99).await.expect("read");
    found.into_iter().map(|erasure| erasure.stream).collect()
}

async fn closing_releases_the_claims_and_nothing_else(store: &dyn Store) {
    put(store, &[opened(1)]).await;
    assert_eq!(erasure(store, 1).await, None);
    put(store, &[closing(1)]).await;
    assert_eq!(store.holder(&claim(1)).await.expect("read"), None);
    assert_eq!(key(store, 1).await, opened(1).key.map(|key| (key, opened(1).sealed)));
    assert_eq!(deliveries(store, 1).await, 2);
    let expected = Erasure {
        stream: account(1),
        stage: ErasureStage::Waiting,
        seq: 2,
        closed_at: at(2),
        destroyed_at: None,
        erased_at: None,
        swept_at: None,
        claim_count: 1,
        sealed_count: 0,
        delivery_count: 0,
        mail_count: 0,
    };
    assert_eq!(erasure(store, 1).await, Some(expected));
    let mut again = commit(account(2), 0, 1);
    again.claims = vec![claim(1)];
    put(store, &[again]).await;
    assert_eq!(store.holder(&claim(1)).await.expect("read"), Some(account(2)));
}

/// Also in one batch, and in no other order (R8.10).
async fn a_claim_that_is_released_is_free_for_whoever_asks_behind_it(store: &dyn Store) {
    put(store, &[opened(1)]).await;
    let asking = |bits| {
        let mut commit = commit(account(bits), 0, 1);
        commit.claims = vec![claim(1)];
        commit
    };
    let written = write(store, &[asking(2), closing(1), asking(3)]).await;
    assert!(
        matches!(written[..], [Written::Taken(_), Written::Done, Written::Done]),
        "{written:?}"
    );
    assert_eq!(store.holder(&claim(1)).await.expect("read"), Some(account(3)));
    // A claim that is made and released in one batch was never held.
    let written = write(store, &[opened(4), closing(4), commit(account(4), 2, 1)]).await;
    assert_eq!(written, [Written::Done; 3]);
    assert_eq!(store.holder(&claim(4)).await.expect("read"), None);
    assert_eq!(
        erasure(store, 4).await.map(|erasure| (erasure.seq, erasure.claim_count)),
        Some((2, 1))
    );
}

async fn an_account_is_closed_once(store: &dyn Store) {
    closed(store, 1).await;
    let mut again = commit(account(1), 2, 1);
    again.erase = true;
    let neighbour = commit(account(2), 0, 1);
    assert_eq!(write(store, &[again, neighbour]).await, [Written::Refused, Written::Done]);
    assert_eq!(erasure(store, 1).await.map(|erasure| erasure.seq), Some(2));
}

async fn only_an_account_is_closed_and_by_a_record(store: &dyn Store) {
    let mut house = commit(StreamId::House, 0, 1);
    house.erase = true;
    let mut claims = opened(1);
    claims.erase = true;
    assert_eq!(write(store, &[house, claims]).await, [Written::Refused; 2]);
    put(store, &[opened(1)]).await;
    let mut empty = commit(account(1), 1, 0);
    empty.head = opened(1).head;
    empty.erase = true;
    assert_eq!(write(store, &[empty]).await, [Written::Refused]);
    assert_eq!(erasure(store, 1).await, None);
    assert_eq!(store.holder(&claim(1)).await.expect("read"), Some(account(1)));
}

async fn the_key_goes_when_the_last_letter_went(store: &dyn Store) {
    put(store, &[opened(1)]).await;
    chores(store, vec![destroy(1, None)]).await;
    assert!(key(store, 1).await.is_some(), "it is not closed");
    put(store, &[closing(1)]).await;
    chores(store, vec![sent(account(1), 1), destroy(1, None)]).await;
    assert_eq!(stage(store, 1).await, Some(ErasureStage::Waiting), "a letter waits");
    assert!(key(store, 1).await.is_some());
    assert_eq!(next(store, ErasureStage::Waiting).await, []);
    chores(store, vec![scrubbed(1)]).await;
    assert_eq!(stage(store, 1).await, Some(ErasureStage::Waiting), "nothing was destroyed");
    // Given up is as good as sent.
    let given_up = Chore::Delivery {
        key: EffectKey { stream: account(1), seq: 2, n: 0 },
        state: DeliveryState::Dead,
        attempts: 9,
        next_at: at(70),
        outcome: "given up".to_owned(),
    };
    chores(store, vec![given_up]).await;
    assert_eq!(next(store, ErasureStage::Waiting).await, [account(1)]);
    chores(store, vec![destroy(1, None)]).await;
    assert_eq!((key(store, 1).await, deliveries(store, 1).await), (None, 0));
    assert_eq!(store.retained(account(1)).await.expect("read"), None);
    assert_eq!(next(store, ErasureStage::Scrubbing).await, [account(1)]);
    assert!(store.scrub().await.expect("scrubbed"));
    chores(store, vec![scrubbed(1)]).await;
    let erasure = erasure(store, 1).await.expect("an erasure");
    assert_eq!((erasure.stage, erasure.swept_at), (ErasureStage::Erased, None));
    assert_eq!((erasure.destroyed_at, erasure.erased_at), (Some(at(80)), Some(at(81))));
    assert_eq!((erasure.sealed_count, erasure.delivery_count, erasure.mail_count), (2, 2, 3));
    // The journal is whole.
    assert_eq!(store.journal(account(1), 0, 9).await.expect("read").len(), 2);
}

async fn a_legal_hold_keeps_everything(store: &dyn Store) {
    closed(store, 1).await;
    all_is_sent(store, 1).await;
    let set = |hold| Chore::SetLegalHold { stream: account(1), hold };
    let other = LegalHold { reason: "case 8".to_owned(), ..hold() };
    chores(store, vec![set(Some(other)), set(Some(hold()))]).await;
    assert_eq!(store.legal_hold(account(1)).await.expect("read"), Some(hold()));
    assert_eq!(store.legal_hold(account(2)).await.expect("read"), None);
    assert_eq!(next(store, ErasureStage::Waiting).await, []);
    chores(store, vec![destroy(1, None)]).await;
    assert!(key(store, 1).await.is_some());
    chores(store, vec![set(None), destroy(1, Some(retained())), scrubbed(1), set(Some(hold()))])
        .await;
    assert_eq!(key(store, 1).await, None);
    assert_eq!(next(store, ErasureStage::Erased).await, []);
    chores(store, vec![Chore::Sweep { stream: account(1), at: at(90) }]).await;
    assert_eq!(store.retained(account(1)).await.expect("read"), Some(retained()));
    assert_eq!(stage(store, 1).await, Some(ErasureStage::Erased));
    chores(store, vec![set(None)]).await;
    assert_eq!(next(store, ErasureStage::Erased).await, [account(1)]);
    assert_eq!(store.legal_hold(account(1)).await.expect("read"), None);
}

async fn who_bought_is_kept_until_the_retention_ends(store: &dyn Store) {
    closed(store, 1).await;
    all_is_sent(store, 1).await;
    let sweep = || Chore::Sweep { stream: account(1), at: at(90) };
    chores(store, vec![sweep(), destroy(1, Some(retained())), sweep()]).await;
    assert_eq!(store.retained(account(1)).await.expect("read"), Some(retained()));
    assert_eq!(stage(store, 1).await, Some(ErasureStage::Scrubbing), "one thing after the other");
    chores(store, vec![scrubbed(1), destroy(1, None)]).await;
    assert_eq!(store.retained(account(1)).await.expect("read"), Some(retained()));
    chores(store, vec![sweep()]).await;
    assert_eq!(store.retained(account(1)).await.expect("read"), None);
    assert_eq!(stage(store, 1).await, Some(ErasureStage::Sweeping));
    chores(store, vec![scrubbed(1)]).await;
    let erasure = erasure(store, 1).await.expect("an erasure");
    assert_eq!((erasure.stage, erasure.swept_at), (ErasureStage::Swept, Some(at(90))));
    assert_eq!((erasure.erased_at, erasure.mail_count), (Some(at(81)), 3), "as it was");
}

async fn erasures_are_listed_in_the_order_of_closing(store: &dyn Store) {
    for (bits, records) in [(1, 9), (2, 3), (3, 6)] {
        let mut closing = commit(account(bits), 0, records);
        closing.erase = true;
        put(store, &[closing]).await;
    }
    let asked = async |seconds, limit| {
        let found = store.erasures(ErasureStage::Waiting, at(seconds), limit).await.expect("read");
        found.iter().map(|erasure| erasure.stream).collect::<Vec<_>>()
    };
    assert_eq!(asked(99, 99).await, [account(2), account(3), account(1)]);
    assert_eq!(asked(99, 2).await, [account(2), account(3)]);
    assert_eq!(asked(6, 99).await, [account(2), account(3)]);
    assert_eq!(asked(2, 99).await, []);
    assert_eq!(next(store, ErasureStage::Erased).await, []);
}

async fn what_is_erased_leaves_its_neighbours_alone(store: &dyn Store) {
    for bits in 1..=3 {
        closed(store, bits).await;
        all_is_sent(store, bits).await;
    }
    chores(store, vec![destroy(2, Some(retained()))]).await;
    for bits in [1, 3] {
        assert_eq!(key(store, bits).await, opened(bits).key.map(|key| (key, opened(bits).sealed)));
        assert_eq!(
            (deliveries(store, bits).await, stage(store, bits).await),
            (2, Some(ErasureStage::Waiting))
        );
        assert_eq!(store.retained(account(bits)).await.expect("read"), None);
    }
}

/// Of a key that was destroyed there is no byte in the database or its log, however its pages were
/// split and filled before: what was sealed under it is lost, wherever a copy of it stayed.
#[tokio::test]
async fn no_byte_of_a_destroyed_key_is_in_the_files() {
    let scratch = Scratch::new();
    let store = renewd::store::sqlite::SqliteStore::open(scratch.file()).await.expect("a store");
    // Account ids are random, so that keys are inserted all over the table.
    let id = |n: u64| account(n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16);
    let bytes = |n: u64, part: u8, count: usize| {
        let mut text = format!("{part}-{n:05}-").into_bytes();
        text.resize(count, part + 100);
        text
    };
    let sizes = |n: u64| 40 + usize::try_from(n * 37 % 700).expect("few");
    for batch in 0..100 {
        let commits: Vec<_> = (batch * 25..batch * 25 + 25)
            .map(|n| {
                let mut commit = commit(id(n), 0, 1);
                commit.key = Some(bytes(n, 1, 60));
                commit.sealed = vec![
                    SealedRow { number: 1, sealed: bytes(n, 2, sizes(n)) },
                    SealedRow { number: 2, sealed: bytes(n, 3, sizes(n + 5)) },
                ];
                commit
            })
            .collect();
        put(&store, &commits).await;
    }
    let raw = || {
        let mut raw = std::fs::read(scratch.file()).expect("the file");
        raw.extend(std::fs::read(scratch.path().join("renewd.db-wal")).expect("its log"));
        raw
    };
    let is_in = |raw: &[u8], n: u64, part: u8| {
        let mark = format!("{part}-{n:05}-").into_bytes();
        raw.windows(mark.len()).any(|window| window == mark)
    };
    let closed: Vec<u64> = (0..2_500).filter(|n| n % 83 == 5).collect();
    for n in &closed {
        let mut closing = commit(id(*n), 1, 1);
        closing.erase = true;
        put(&store, &[closing]).await;
        let retained = Some(Retained { wrapped: bytes(*n, 4, 60), sealed: bytes(*n, 5, 99) });
        let (stream, at) = (id(*n), at(80));
        chores(&store, vec![Chore::Destroy { stream, at, retained, mail_count: 0 }]).await;
    }
    let before = raw();
    assert!(is_in(&before, closed[0], 1), "the log has the pages as they were");
    assert!(store.scrub().await.expect("scrubbed"));
    let after = raw();
    for n in &closed {
        assert!(!is_in(&after, *n, 1), "{n}: the key is there");
        assert!(is_in(&after, *n, 4) && is_in(&after, *n, 5), "{n}: the buyer is kept");
    }
    assert!(is_in(&after, 6, 1) && is_in(&after, 6, 2), "what is not erased is there");
    for n in &closed {
        let scrubbed = Chore::Scrubbed { stream: id(*n), at: at(81) };
        chores(&store, vec![scrubbed, Chore::Sweep { stream: id(*n), at: at(82) }]).await;
    }
    assert!(store.scrub().await.expect("scrubbed"));
    let swept = raw();
    for n in &closed {
        assert!(!is_in(&swept, *n, 4), "{n}: the retention key is there");
    }
}

/// Whoever reads keeps the log as it is: it is said, and tried again.
#[tokio::test]
async fn a_reader_in_the_way_is_told() {
    use sqlx::{Connection, SqliteConnection};
    let scratch = Scratch::new();
    let store = renewd::store::sqlite::SqliteStore::open(scratch.file()).await.expect("a store");
    put(&store, &[opened(1)]).await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(scratch.file());
    let mut reader = SqliteConnection::connect_with(&options).await.expect("a connection");
    let mut reading = reader.begin().await.expect("a transaction");
    sqlx::query("SELECT * FROM keys").fetch_all(&mut *reading).await.expect("read");
    put(&store, &[opened(2)]).await;
    assert!(!store.scrub().await.expect("asked"));
    reading.rollback().await.expect("ended");
    assert!(store.scrub().await.expect("asked"));
}
