//! Documents of all accounts are numbered by one series: are its numbers without gaps, whoever
//! asks how often, and whoever crashes in between?

#![expect(clippy::expect_used, reason = "a test says what it expects")]

use std::path::Path;
use std::sync::Arc;

use futures_util::future::join_all;
use renewd::actors::{Lane, Receipt, Request};
use renewd::app::App;
use renewd::check::check;
use renewd::clock::Clock;
use renewd::config::{Config, MailBackend, parse_rules};
use renewd::domain::account::{Kind, Terms};
use renewd::domain::calendar::{Period, Timestamp, Unit, Zone};
use renewd::domain::command::{Answer, Command};
use renewd::domain::event::SealedRef;
use renewd::domain::ids::{AccountId, DocumentId};
use renewd::domain::money::Money;
use renewd::domain::nouns::subscription::Mode;
use renewd::domain::record::Cause;
use renewd::domain::verbs::bill::IssueInvoice;
use renewd::domain::verbs::open::Open;
use renewd::domain::verbs::pricing::CouponChoice;
use renewd::domain::verbs::purchase::Purchase;
use renewd::domain::verbs::top_up::TopUp;
use renewd::store::Handle;
use renewd::store::memory::MemoryStore;

fn now() -> Timestamp {
    "2026-05-02T12:00:00Z".parse().expect("an instant")
}

/// The house over a store that outlives it.
async fn house(directory: &Path, store: &Handle) -> App {
    let mut config = Config::default();
    config.daemon.data = directory.to_owned();
    config.mail.backend = MailBackend::Memory;
    let rules = parse_rules(include_str!("../config/catalogue.toml")).expect("a catalogue");
    let clock = Clock::manual(now());
    App::start_over(&config, clock, Some(rules), Arc::clone(store)).await.expect("a house")
}

async fn execute(house: &App, account: AccountId, command: Command, sidecar: &[&str]) -> Receipt {
    let mut request = Request::new(command, Cause::Operator { uid: 0 }, Lane::People);
    request.sidecar = sidecar.iter().map(|&text| text.to_owned()).collect();
    house.accounts.execute(account.into(), request).await.expect("carried out")
}

/// An account that bought something, with an invoice for it that has no number yet.
async fn invoiced(house: &App, number: u64) -> (Receipt, DocumentId) {
    let account = AccountId::from_bits(number);
    let currency = "USD".parse().expect("a currency");
    let terms = Terms {
        kind: Kind::Corporate,
        currency,
        country: Some("DE".to_owned()),
        zone: Zone::UTC,
        language: "en".to_owned(),
    };
    let open = Command::Open(Open { account, terms, profile: SealedRef(0) });
    let profile = format!(r#"{{"name":"A","email":"{number}@x.example"}}"#);
    execute(house, account, open, &[&profile]).await;
    let top_up = TopUp {
        amount: Money::from_minor(10_000, currency),
        method: "bank_transfer".to_owned(),
        channel: "operator".to_owned(),
        reference: None,
    };
    execute(house, account, Command::TopUp(top_up), &[]).await;
    let purchase = Purchase {
        product: "rds".to_owned(),
        plan: "basic".to_owned(),
        region: "eu-central-1".to_owned(),
        period: Period::new(1, Unit::Month),
        renewal_mode: Mode::ManualRenewal,
        pay_now: true,
        external_id: None,
        expires_not_after: None,
        coupon: CouponChoice::default(),
        price_lock: false,
        expected_payable: None,
    };
    execute(house, account, Command::Purchase(purchase), &[]).await;
    let issue = IssueInvoice { month: "2026-05".parse().expect("a month") };
    let receipt = execute(house, account, Command::IssueInvoice(issue), &[]).await;
    let Answer::Document { document } = &receipt.answer else { panic!("{receipt:?}") };
    let id = document.id;
    (receipt, id)
}

async fn relay(house: &App) {
    while !house.sender.run_once(now()).await.expect("a run").is_idle() {}
}

async fn numbers(store: &Handle, documents: &[DocumentId]) -> Vec<Option<String>> {
    let read = documents.iter().map(|id| store.document(*id));
    let read = join_all(read).await.into_iter();
    read.map(|document| document.expect("read").expect("a document").number).collect()
}

#[actix_rt::test]
async fn numbers_have_no_gaps_whoever_asks_and_whoever_crashes() {
    let directory = std::env::temp_dir().join(format!("renewd-numbers-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    let store: Handle = Arc::new(MemoryStore::new());
    let first = house(&directory, &store).await;
    let issued: Vec<(Receipt, DocumentId)> =
        join_all((1..=10).map(|number| invoiced(&first, number))).await;
    let documents: Vec<DocumentId> = issued.iter().map(|(_, id)| *id).collect();
    assert_eq!(numbers(&store, &documents).await, vec![None; 10]);

    // Eight ask at once, each twice, while the relay does the same.
    let ask = |house: &App, place: usize| {
        let (accounts, (receipt, id)) = (house.accounts.clone(), issued[place].clone());
        async move { accounts.number_now(&receipt, id).await.expect("a number") }
    };
    let asked = join_all((0..8).chain(0..8).map(|place| ask(&first, place)));
    futures_util::future::join(asked, relay(&first)).await;
    let known = numbers(&store, &documents[..8]).await;
    assert!(known.iter().all(Option::is_some), "{known:?}");

    // One more asks nobody before a crash; the relay of the next house brings its number.
    let (_, late) = invoiced(&first, 11).await;
    first.close().await;
    let second = house(&directory, &store).await;
    assert_eq!(numbers(&store, &[late]).await, [None]);
    relay(&second).await;
    for place in 0..10 {
        ask(&second, place).await;
    }
    relay(&second).await;
    assert_eq!(numbers(&store, &documents[..8]).await, known, "a number stays");
    let mut all = numbers(&store, &[documents.as_slice(), &[late]].concat()).await;
    all.sort();
    let gapless: Vec<_> = (1..=11).map(|number| Some(format!("INV-2026-{number:06}"))).collect();
    assert_eq!(all, gapless);

    let checked = check(&store, |_| {}).await.expect("a check");
    assert_eq!(checked.findings, []);
    second.close().await;
    let _ = std::fs::remove_dir_all(&directory);
}
