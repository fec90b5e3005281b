//! Two accounts are streams that only speak by the relay: does cash that is sent arrive once, whoever
//! crashes, and does what cannot arrive come back?

#![expect(clippy::expect_used, reason = "a test says what it expects")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use renewd::actors::{ExecuteError, Lane, Receipt, Request, Token};
use renewd::app::App;
use renewd::check::check;
use renewd::clock::Clock;
use renewd::config::{Config, MailBackend};
use renewd::domain::account::{Kind, Open as Account, Terms};
use renewd::domain::calendar::{Timestamp, Zone};
use renewd::domain::command::{Answer, Command};
use renewd::domain::event::SealedRef;
use renewd::domain::ids::{AccountId, StreamId};
use renewd::domain::money::Money;
use renewd::domain::nouns::wallet::Origin;
use renewd::domain::record::Cause;
use renewd::domain::rejection::Rejection;
use renewd::domain::verbs::open::Open;
use renewd::domain::verbs::top_up::TopUp;
use renewd::domain::verbs::transfer::Transfer;
use renewd::store::Handle;
use renewd::store::memory::MemoryStore;

fn now() -> Timestamp {
    "2026-05-02T12:00:00Z".parse().expect("an instant")
}

fn account(number: u64) -> AccountId {
    AccountId::from_bits(number)
}

fn money(minor: i64, currency: &str) -> Money {
    Money::from_minor(minor, currency.parse().expect("a currency"))
}

fn usd(minor: i64) -> Money {
    money(minor, "USD")
}

/// The house over a store that outlives it.
struct World {
    directory: PathBuf,
    store: Handle,
    house: Option<App>,
}

impl World {
    /// Accounts 1 and 2 in dollars, 3 in euros; the first has 100.
    async fn start() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("renewd-transfers-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&directory).expect("a directory");
        let store: Handle = Arc::new(MemoryStore::new());
        let house = Some(house(&directory, &store).await);
        let world = Self { directory, store, house };
        for (number, currency) in [(1, "USD"), (2, "USD"), (3, "EUR")] {
            world.open(number, currency).await;
        }
        let top_up = TopUp {
            amount: usd(10_000),
            method: "card".to_owned(),
            channel: "operator".to_owned(),
            reference: None,
        };
        world.execute(1, Command::TopUp(top_up), None).await.expect("cash");
        world
    }

    fn house(&self) -> &App {
        self.house.as_ref().expect("a house that runs")
    }

    /// The house ends here, and another one starts over what it left.
    async fn crash(&mut self) {
        if let Some(house) = self.house.take() {
            house.close().await;
        }
        self.house = Some(house(&self.directory, &self.store).await);
    }

    async fn open(&self, number: u64, currency: &str) {
        let terms = Terms {
            kind: Kind::Corporate,
            currency: currency.parse().expect("a currency"),
            country: None,
            zone: Zone::UTC,
            language: "en".to_owned(),
        };
        let open = Open { account: account(number), terms, profile: SealedRef(0) };
        let cause = Cause::Operator { uid: 0 };
        let mut request = Request::new(Command::Open(open), cause, Lane::People);
        request.sidecar = vec![format!(r#"{{"name":"A","email":"{number}@x.example"}}"#)];
        let opened = self.house().accounts.execute(account(number).into(), request).await;
        opened.expect("an account");
    }

    async fn execute(
        &self,
        number: u64,
        command: Command,
        token: Option<&str>,
    ) -> Result<Receipt, ExecuteError> {
        let mut request = Request::new(command, Cause::Operator { uid: 0 }, Lane::People);
        request.token = token.map(|text| Token { text: text.to_owned(), fingerprint: [1; 32] });
        self.house().accounts.execute(account(number).into(), request).await
    }

    async fn send(&self, to: u64, minor: i64, token: &str) -> Result<Receipt, ExecuteError> {
        let transfer = Transfer { to: account(to), amount: usd(minor) };
        self.execute(1, Command::Transfer(transfer), Some(token)).await
    }

    /// The relay runs until nothing waits.
    async fn relay(&self) {
        let sender = &self.house().sender;
        while !sender.run_once(now()).await.expect("a run").is_idle() {}
    }

    async fn account(&self, number: u64) -> Account {
        let stream = StreamId::Account(account(number));
        let view = self.house().accounts.view(stream).await.expect("a view");
        view.state.account().and_then(|account| account.open()).expect("an account").clone()
    }

    /// The cash of each account, and what the first one has on its way, in minor units.
    async fn cash(&self) -> [i64; 4] {
        let first = self.account(1).await.wallet;
        let (second, third) = (self.account(2).await.wallet, self.account(3).await.wallet);
        [first.cash, second.cash, third.cash, first.sent()].map(Money::minor)
    }

    async fn check(&self) {
        let checked = check(&self.store, |_| {}).await.expect("a check");
        assert_eq!(checked.findings, []);
        assert!(checked.record_count > 0);
    }

    async fn close(mut self) {
        self.check().await;
        if let Some(house) = self.house.take() {
            house.close().await;
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

async fn house(directory: &Path, store: &Handle) -> App {
    let mut config = Config::default();
    config.daemon.data = directory.to_owned();
    config.mail.backend = MailBackend::Memory;
    let clock = Clock::manual(now());
    App::start_over(&config, clock, None, Arc::clone(store)).await.expect("a house")
}

#[actix_rt::test]
async fn r7_6_cash_arrives_once_although_the_house_crashed_before_it_was_told() {
    let mut world = World::start().await;
    world.send(2, 2_500, "t").await.expect("sent");
    assert_eq!(world.cash().await, [7_500, 0, 0, 2_500]);
    world.check().await;
    world.crash().await;
    world.relay().await;
    assert_eq!(world.cash().await, [7_500, 2_500, 0, 0]);
    assert!(world.send(2, 2_500, "t").await.expect("the same answer").replayed);
    world.relay().await;
    assert_eq!(world.cash().await, [7_500, 2_500, 0, 0]);
    let lots = world.account(2).await.wallet.lots;
    assert_eq!((lots.len(), &lots[0].origin), (1, &Origin::Transfer));
    world.close().await;
}

#[actix_rt::test]
async fn r7_6_cash_arrives_at_once_and_the_relay_adds_none() {
    let mut world = World::start().await;
    let receipt = world.send(2, 2_500, "t").await.expect("sent");
    let Answer::Transferred { number, .. } = receipt.answer else { panic!("{receipt:?}") };
    let accounts = &world.house().accounts;
    let decided = accounts.transfer_now(&receipt, number).await.expect("told").expect("decided");
    assert_eq!(decided.answer, Answer::TransferDecided { declined: None });
    assert_eq!(world.cash().await, [7_500, 2_500, 0, 0]);
    world.crash().await;
    world.relay().await;
    let accounts = &world.house().accounts;
    let again = accounts.transfer_now(&receipt, number).await.expect("told").expect("decided");
    assert_eq!((again.replayed, &again.answer), (true, &decided.answer));
    assert_eq!(world.cash().await, [7_500, 2_500, 0, 0]);
    world.close().await;
}

#[actix_rt::test]
async fn r7_6_what_is_in_another_currency_comes_back_whoever_crashes() {
    let mut world = World::start().await;
    let receipt = world.send(3, 2_500, "t").await.expect("sent");
    // It is declined there, and the house ends before the sender is told.
    let declined = world.house().accounts.tell_now(&receipt, 0).await.expect("told");
    let declined = declined.expect("an effect").answer;
    let reason = Some("WrongCurrency".to_owned());
    assert_eq!(declined, Answer::TransferDecided { declined: reason });
    assert_eq!(world.cash().await, [7_500, 0, 0, 2_500]);
    world.check().await;
    world.crash().await;
    world.relay().await;
    assert_eq!(world.cash().await, [10_000, 0, 0, 0]);
    world.relay().await;
    let wallet = world.account(1).await.wallet;
    let [lot] = wallet.lots.as_slice() else { panic!("{wallet:?}") };
    assert_eq!((lot.amount, lot.left), (usd(10_000), usd(10_000)));
    world.close().await;
}

/// A request of the account's own that came under the very token of the effect: the account refuses
/// the cash for good, so it comes back.
#[actix_rt::test]
async fn r7_6_what_an_account_refuses_comes_back_once() {
    let mut world = World::start().await;
    let token = format!("{}/3/0", account(1));
    world.execute(2, Command::Advance, Some(&token)).await.expect("done");
    let receipt = world.send(2, 2_500, "t").await.expect("sent");
    assert_eq!(receipt.seq, 3);
    world.relay().await;
    assert_eq!(world.cash().await, [10_000, 0, 0, 0]);
    world.crash().await;
    let again = world.house().accounts.tell_now(&receipt, 0).await;
    assert!(matches!(again, Err(ExecuteError::Rejected(Rejection::TokenMismatch))), "{again:?}");
    world.relay().await;
    assert_eq!(world.cash().await, [10_000, 0, 0, 0]);
    world.close().await;
}

#[actix_rt::test]
async fn r7_6_nothing_is_sent_to_an_account_that_is_not_there() {
    let world = World::start().await;
    let missing = world.send(9, 2_500, "t").await.expect_err("nobody");
    let ExecuteError::Rejected(Rejection::PayeeNotFound { account: asked }) = missing else {
        panic!("{missing}")
    };
    assert_eq!(asked, account(9));
    assert_eq!(world.cash().await, [10_000, 0, 0, 0]);
    world.close().await;
}
