//! Months are closed for everybody: in time, one after another, and only when no account has
//! anything left to do in them.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use renewd::actors::{Lane, Request};
use renewd::app::App;
use renewd::check::check;
use renewd::clock::{Clock, ManualClock};
use renewd::config::{Config, MailBackend, parse_rules};
use renewd::domain::account::{Kind, Terms};
use renewd::domain::agenda::Job;
use renewd::domain::calendar::{Timestamp, Zone};
use renewd::domain::command::Command;
use renewd::domain::event::{Event, SealedRef};
use renewd::domain::ids::{AccountId, StreamId};
use renewd::domain::money::Money;
use renewd::domain::month::Month;
use renewd::domain::nouns::house::{self, MonthSum};
use renewd::domain::nouns::statement::State;
use renewd::domain::nouns::subscription::Mode;
use renewd::domain::record::{Cause, Record};
use renewd::domain::verbs::open::Open;
use renewd::domain::verbs::pricing::CouponChoice;
use renewd::domain::verbs::purchase::Purchase;
use renewd::domain::verbs::top_up::TopUp;
use renewd::store::memory::MemoryStore;
use renewd::store::{Chore, Handle, StatementQuery};

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn usd(minor: i64) -> Money {
    Money::from_minor(minor, "USD".parse().expect("a currency"))
}

fn account(number: u64) -> AccountId {
    AccountId::from_bits(number)
}

/// A house under a manual clock, in which nothing happens by itself.
struct World {
    directory: PathBuf,
    store: Handle,
    house: App,
    clock: ManualClock,
}

impl World {
    async fn start(now: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("renewd-months-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&directory).expect("a directory");
        let mut config = Config::default();
        config.daemon.data = directory.clone();
        config.mail.backend = MailBackend::Memory;
        let rules = parse_rules(include_str!("../config/catalogue.toml")).expect("rules");
        let store: Handle = Arc::new(MemoryStore::new());
        let Clock::Manual(clock) = Clock::manual(at(now)) else {
            panic!("a clock that is moved by hand")
        };
        let started = Clock::Manual(clock.clone());
        let house = App::start_over(&config, started, Some(rules), Arc::clone(&store)).await;
        Self { directory, store, house: house.expect("a house"), clock }
    }

    async fn execute(&self, number: u64, command: Command) {
        let mut request = Request::new(command, Cause::Operator { uid: 0 }, Lane::People);
        if matches!(request.command, Command::Open(_)) {
            request.sidecar = vec![format!(r#"{{"name":"A","email":"{number}@x.example"}}"#)];
        }
        let receipt = self.house.accounts.execute(account(number).into(), request).await;
        receipt.expect("carried out");
    }

    async fn open(&self, number: u64) {
        let terms = Terms {
            kind: Kind::Corporate,
            currency: usd(0).currency(),
            country: None,
            zone: Zone::UTC,
            language: "en".to_owned(),
        };
        let open = Open { account: account(number), terms, profile: SealedRef(0) };
        self.execute(number, Command::Open(open)).await;
        let top_up = TopUp {
            amount: usd(100_000),
            method: "bank".to_owned(),
            channel: "api".to_owned(),
            reference: None,
        };
        self.execute(number, Command::TopUp(top_up)).await;
    }

    async fn buy(&self, number: u64) {
        let purchase = Purchase {
            product: "ecs".to_owned(),
            plan: "small".to_owned(),
            region: "eu-central-1".to_owned(),
            period: "P1M".parse().expect("a period"),
            renewal_mode: Mode::ManualRenewal,
            pay_now: true,
            external_id: None,
            expires_not_after: None,
            coupon: CouponChoice::Decline,
            price_lock: false,
            expected_payable: None,
        };
        self.execute(number, Command::Purchase(purchase)).await;
    }

    /// Moves the clock and does nothing.
    fn sleep_until(&self, text: &str) {
        self.clock.set(at(text));
    }

    async fn run(&self, job: Job) {
        self.house.schedulers.run(job, self.clock.now()).await.expect("a run");
    }

    /// Whatever is due is done, except for the sweep.
    async fn settle(&self) {
        for job in Job::ALL.into_iter().filter(|job| *job != Job::Housekeeping) {
            self.run(job).await;
        }
    }

    /// The months that the journal of the house says were closed, with their sums.
    async fn closed(&self) -> Vec<(String, Vec<MonthSum>)> {
        let records = self.store.journal(StreamId::House, 0, u32::MAX).await.expect("read");
        let events = records.iter().flat_map(|record| {
            serde_json::from_str::<Record>(&record.body).expect("a record").events
        });
        let closed = events.filter_map(|event| {
            let Event::House(house::Event::MonthClosed { month, sums, .. }) = event else {
                return None;
            };
            Some((month.to_string(), sums))
        });
        closed.collect()
    }

    async fn closed_months(&self) -> Vec<String> {
        self.closed().await.into_iter().map(|(month, _)| month).collect()
    }

    async fn close(self) {
        let checked = check(&self.store, |_| {}).await.expect("a check");
        assert_eq!(checked.findings, []);
        self.house.close().await;
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

#[actix_rt::test]
async fn a_month_is_closed_an_hour_after_the_accounts_closed_it() {
    let world = World::start("2026-01-10T00:00:00Z").await;
    for number in [1, 2] {
        world.open(number).await;
        world.buy(number).await;
    }
    world.buy(2).await;
    world.run(Job::Housekeeping).await;
    assert_eq!(world.closed().await, [("2025-12".to_owned(), Vec::new())]);
    world.sleep_until("2026-02-03T12:00:00Z");
    world.settle().await;
    let query = StatementQuery { limit: 9, ..StatementQuery::default() };
    let statements = world.store.statements(query).await.expect("read");
    assert_eq!(statements.len(), 2);
    assert!(statements.iter().all(|(_, statement)| statement.state() == State::Cleared));
    world.sleep_until("2026-02-03T12:59:59Z");
    world.run(Job::Housekeeping).await;
    assert_eq!(world.closed_months().await, ["2025-12"]);
    world.sleep_until("2026-02-03T13:00:00Z");
    world.run(Job::Housekeeping).await;
    let january: Month = "2026-01".parse().expect("a month");
    let closed = world.closed().await;
    assert_eq!(world.closed_months().await, ["2025-12", "2026-01"]);
    let sums = world.store.month_sums(january).await.expect("read");
    assert_eq!(closed[1].1, sums);
    assert_eq!((sums[0].account_count, sums[0].line_count, sums.len()), (2, 3, 1));
    let paid: i64 = statements.iter().map(|(_, statement)| statement.totals.total.minor()).sum();
    assert_eq!(sums[0].total, usd(paid));
    assert!(paid > 0);
    world.run(Job::Housekeeping).await;
    assert_eq!(world.closed_months().await.len(), 2, "once");
    world.close().await;
}

#[actix_rt::test]
async fn a_month_waits_for_whoever_has_something_to_do_in_it() {
    let world = World::start("2026-01-10T00:00:00Z").await;
    world.open(1).await;
    world.buy(1).await;
    world.sleep_until("2026-02-05T00:00:00Z");
    world.run(Job::Housekeeping).await;
    assert_eq!(world.closed_months().await, [""; 0], "January has something due");
    world.settle().await;
    world.run(Job::Housekeeping).await;
    assert_eq!(world.closed_months().await, ["2026-01"]);
    world.close().await;
}

#[actix_rt::test]
async fn months_are_caught_up_with_one_after_another() {
    let world = World::start("2026-01-10T00:00:00Z").await;
    world.open(1).await;
    world.buy(1).await;
    world.sleep_until("2026-03-20T00:00:00Z");
    world.settle().await;
    world.buy(1).await;
    world.sleep_until("2026-06-03T12:30:00Z");
    world.settle().await;
    world.run(Job::Housekeeping).await;
    // None was ever closed: the first is the one in which something was billed first. May ended,
    // but its hour has not passed.
    let closed = world.closed().await;
    let lines: Vec<_> = closed
        .iter()
        .map(|(month, sums)| (month.as_str(), sums.iter().map(|sum| sum.line_count).sum::<u64>()))
        .collect();
    assert_eq!(lines, [("2026-01", 1), ("2026-02", 0), ("2026-03", 1), ("2026-04", 0)]);
    world.close().await;
}

/// Whoever is set aside is not due: what it has left to do is billed in a later month.
#[actix_rt::test]
async fn an_account_that_is_set_aside_holds_up_no_month() {
    let world = World::start("2026-01-10T00:00:00Z").await;
    world.open(1).await;
    world.buy(1).await;
    let stream = StreamId::Account(account(1));
    let park = Chore::Park { stream, at: world.clock.now(), reason: "a test".to_owned() };
    world.house.accounts.chores(vec![park]).await.expect("written");
    world.sleep_until("2026-02-05T00:00:00Z");
    world.run(Job::Housekeeping).await;
    assert_eq!(world.closed_months().await, ["2026-01"]);
    world.close().await;
}
