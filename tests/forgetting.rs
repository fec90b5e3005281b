//! What may be forgotten is forgotten in the end, however much of it there is, and nothing else.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

use std::sync::Arc;

use renewd::app::App;
use renewd::clock::{Clock, ManualClock};
use renewd::config::{Config, MailBackend, parse_rules};
use renewd::domain::agenda::Job;
use renewd::domain::calendar::Timestamp;
use renewd::domain::facts::Question;
use renewd::domain::ids::{AccountId, ResourceId, StreamId};
use renewd::domain::usage::{Seen, UsageKey};
use renewd::store::memory::MemoryStore;
use renewd::store::{Commit, Handle, Head, StoredRecord, Written, codec};

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

const REPORTER: AccountId = AccountId::from_bits(7);

fn key(number: u32) -> UsageKey {
    UsageKey(u128::from(number).to_be_bytes())
}

/// A commit that reports usage of these instants; nobody ever does anything else with its account.
fn reports(used: &[Timestamp]) -> Commit {
    let body = "{}".to_owned();
    let digest = codec::digest(&codec::GENESIS, &body);
    let recorded_at = at("2026-01-01T00:00:00Z");
    let seen = |(number, at): (u32, &Timestamp)| {
        let resource = ResourceId::new(REPORTER, 1);
        let quantity = "1".parse().expect("a quantity");
        (key(number), Seen { resource, quantity, value: None, at: *at })
    };
    Commit {
        stream: StreamId::Account(REPORTER),
        expected_seq: 0,
        records: vec![StoredRecord { seq: 1, at: recorded_at, body, digest }],
        head: Head {
            seq: 1,
            at: recorded_at,
            digest,
            due_at: Timestamp::MAX,
            due_job: Job::Lifecycle,
            rules_version: u32::MAX,
            summary: "{}".to_owned(),
        },
        claims: Vec::new(),
        tokens: Vec::new(),
        key: None,
        sealed: Vec::new(),
        seen: (0..).zip(used).map(seen).collect(),
        rows: Vec::new(),
        entries: Vec::new(),
        voids: Vec::new(),
        outbox: Vec::new(),
        snapshot: None,
        erase: false,
    }
}

/// A house under a manual clock, whose store has these reports.
async fn house(clock: ManualClock, store: &Handle, used: &[Timestamp]) -> App {
    let mut config = Config::default();
    config.daemon.data =
        std::env::temp_dir().join(format!("renewd-forgetting-{}", std::process::id()));
    std::fs::create_dir_all(&config.daemon.data).expect("a directory");
    config.mail.backend = MailBackend::Memory;
    let rules = parse_rules(include_str!("../config/catalogue.toml")).expect("rules");
    let started = App::start_over(&config, Clock::Manual(clock), Some(rules), Arc::clone(store));
    let house = started.await.expect("a house");
    let written = store.write(vec![reports(used)], Vec::new()).await.expect("written");
    assert_eq!(written, [Written::Done]);
    house
}

/// More than is looked through at once, the old and the young mixed.
#[actix_rt::test]
async fn reports_of_usage_are_forgotten_after_five_weeks() {
    let (old, young) = (at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00Z"));
    let used: Vec<_> = (0..25_000).map(|n| if n % 3 == 0 { young } else { old }).collect();
    let Clock::Manual(clock) = Clock::manual(at("2026-02-05T00:00:00Z")) else {
        panic!("a clock that is moved by hand")
    };
    let store: Handle = Arc::new(MemoryStore::new());
    let house = house(clock.clone(), &store, &used).await;
    let known = async || {
        let asked: Vec<_> = (0..25_000).map(|n| Question::Usage(REPORTER, key(n))).collect();
        store.facts(&asked).await.expect("read").usage
    };
    let mut left = Vec::new();
    // 35 days and later 36 after the older ones; a sweep of the same day looks no further.
    for now in ["2026-02-05T00:00:00Z", "2026-02-06T12:00:00Z", "2026-02-07T11:00:00Z"] {
        clock.set(at(now));
        house.schedulers.run(Job::Housekeeping, clock.now()).await.expect("a run");
        left.push(known().await.len());
    }
    assert_eq!(left, [25_000, 8_334, 8_334]);
    assert!(known().await.values().all(|seen| seen.at == young));
    clock.set(at("2026-02-07T12:00:00Z"));
    house.schedulers.run(Job::Housekeeping, clock.now()).await.expect("a run");
    assert_eq!(known().await.len(), 0);
    house.close().await;
}
