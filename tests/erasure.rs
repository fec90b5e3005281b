//! An account is closed: its personal data is gone when the last letter went, the books are whole,
//! and its invoices still name the buyer until the retention ends (R8.10, R8.12, D49).

#![expect(clippy::expect_used, reason = "a test says what it expects")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::Data;
use renewd::actors::{Lane, Receipt, Request};
use renewd::admin::routes;
use renewd::app::App;
use renewd::check::check;
use renewd::clock::{Clock, ManualClock};
use renewd::config::{Config, parse_rules};
use renewd::domain::account::{Kind, Terms};
use renewd::domain::calendar::{Timestamp, Zone};
use renewd::domain::command::Command;
use renewd::domain::event::SealedRef;
use renewd::domain::ids::{AccountId, StreamId};
use renewd::domain::money::Money;
use renewd::domain::nouns::closure::CodeHash;
use renewd::domain::nouns::subscription::Mode;
use renewd::domain::record::Cause;
use renewd::domain::rules::{Length, Wait};
use renewd::domain::verbs::bill::IssueInvoice;
use renewd::domain::verbs::closure::{ConfirmClosure, RequestClosure};
use renewd::domain::verbs::open::Open;
use renewd::domain::verbs::pricing::CouponChoice;
use renewd::domain::verbs::purchase::Purchase;
use renewd::domain::verbs::top_up::TopUp;
use renewd::serve;
use renewd::stepper::Stepper;
use renewd::store::sqlite::SqliteStore;
use renewd::store::{Chore, ClaimKind, Erasure, ErasureStage, Handle, LegalHold};
use serde_json::{Value, json};

const ADA: AccountId = AccountId::from_bits(1);
const BOB: AccountId = AccountId::from_bits(2);

#[path = "../src/documents/tests/reader.rs"]
mod reader;

/// What is known of Ada: each found nowhere else.
const NAME: &str = "Zw\u{f6}lfpfund Unikat GmbH";
const EMAIL: &str = "unikat@zwoelfpfund.example";
const STREET: &str = "Quittenstra\u{df}e 4711";
const TAX_ID: &str = "DE817263545";
const REFERENCE: &str = "Zahlung Zw\u{f6}lfpfund 0815";

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn usd(minor: i64) -> Money {
    Money::from_minor(minor, "USD".parse().expect("a currency"))
}

/// A house under a manual clock, with a database and a mail directory on the disk.
struct World {
    directory: PathBuf,
    store: Handle,
    house: App,
    clock: ManualClock,
    stepper: Stepper,
}

impl World {
    async fn start(now: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("renewd-erasure-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory).expect("a directory");
        Self::start_in(directory, now).await
    }

    async fn start_in(directory: PathBuf, now: &str) -> Self {
        let mut config = Config::default();
        config.daemon.data = directory.clone();
        config.schedulers.housekeeping = "30 0 3 * * *".to_owned();
        let mut rules = parse_rules(include_str!("../config/catalogue.toml")).expect("rules");
        rules.closure.settle = Length(std::time::Duration::ZERO);
        rules.closure.quiet = Wait::Days(0);
        rules.closure.approval_for = Vec::new();
        let store = SqliteStore::open(directory.join("renewd.db")).await.expect("a store");
        let store: Handle = Arc::new(store);
        let house =
            App::start_over(&config, Clock::manual(at(now)), Some(rules), Arc::clone(&store));
        let house = house.await.expect("a house");
        let (clock, stepper) = house.stepper().expect("a manual clock");
        Self { directory, store, house, clock, stepper }
    }

    async fn until(&mut self, instant: &str) {
        self.stepper.advance_to(at(instant), |_| {}).await.expect("stepped");
    }

    async fn execute(&self, account: AccountId, request: Request) -> Receipt {
        let receipt = self.house.accounts.execute(account.into(), request).await;
        receipt.expect("carried out")
    }

    async fn ask(&self, account: AccountId, command: Command) -> Receipt {
        self.execute(account, Request::new(command, Cause::Operator { uid: 0 }, Lane::People)).await
    }

    async fn open(&self, account: AccountId, profile: Value) {
        let terms = Terms {
            kind: Kind::Corporate,
            currency: usd(0).currency(),
            country: None,
            zone: Zone::UTC,
            language: "de".to_owned(),
        };
        let command = Command::Open(Open { account, terms, profile: SealedRef(0) });
        let mut request = Request::new(command, Cause::Operator { uid: 0 }, Lane::People);
        let email = profile["email"].as_str().expect("an address");
        request.claims = vec![self.house.sealer.claim(ClaimKind::Email, email)];
        request.sidecar = vec![profile.to_string()];
        self.execute(account, request).await;
        let command = Command::TopUp(TopUp {
            amount: usd(100_000),
            method: "bank".to_owned(),
            channel: "api".to_owned(),
            reference: Some(SealedRef(0)),
        });
        let mut request = Request::new(command, Cause::Operator { uid: 0 }, Lane::People);
        request.sidecar = vec![REFERENCE.replace("Zw\u{f6}lfpfund", &account.to_string())];
        if account == ADA {
            request.sidecar = vec![REFERENCE.to_owned()];
        }
        self.execute(account, request).await;
    }

    async fn buy(&self, account: AccountId) {
        let purchase = Purchase {
            product: "ecs".to_owned(),
            plan: "small".to_owned(),
            region: "eu-central-1".to_owned(),
            period: "P1M".parse().expect("a period"),
            renewal_mode: Mode::NotRenewal,
            pay_now: true,
            external_id: None,
            expires_not_after: None,
            coupon: CouponChoice::Decline,
            price_lock: false,
            expected_payable: None,
        };
        self.ask(account, Command::Purchase(purchase)).await;
    }

    /// Asks for the end of Ada's account, and confirms it.
    async fn close_ada(&self) {
        let code = CodeHash([7; 32]);
        let command = Command::RequestClosure(RequestClosure {
            disclaimer: true,
            forfeit: true,
            code,
            note: SealedRef(0),
        });
        let mut request = Request::new(command, Cause::Operator { uid: 0 }, Lane::People);
        request.sidecar = vec!["123456".to_owned()];
        self.execute(ADA, request).await;
        self.ask(ADA, Command::ConfirmClosure(ConfirmClosure { code })).await;
    }

    async fn erasure(&self) -> Erasure {
        self.store.erasure(ADA.into()).await.expect("read").expect("an erasure")
    }

    /// What a route answers.
    async fn get(&self, path: &str) -> (StatusCode, String) {
        let (status, bytes) = self.bytes(path).await;
        (status, String::from_utf8(bytes).expect("a text"))
    }

    /// The text of a file that is printed.
    async fn pdf(&self, path: &str) -> String {
        let (status, file) = self.bytes(&format!("{path}?format=pdf")).await;
        assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&file));
        assert!(file.starts_with(b"%PDF"));
        reader::pages(&file).iter().map(|page| reader::text(page)).collect()
    }

    async fn bytes(&self, path: &str) -> (StatusCode, Vec<u8>) {
        let service = routes::app().0.app_data(Data::new(serve::admin(&self.house)));
        let service = init_service(service).await;
        let answer = call_service(&service, TestRequest::get().uri(path).to_request()).await;
        let status = answer.status();
        (status, read_body(answer).await.to_vec())
    }

    async fn json(&self, path: &str) -> Value {
        let (status, text) = self.get(path).await;
        assert_eq!(status, StatusCode::OK, "{text}");
        serde_json::from_str(&text).expect("JSON")
    }

    /// The files of the house in which `text` is found, in any of the forms that mail has it in.
    fn found(&self, text: &str) -> Vec<PathBuf> {
        let marks = forms(text);
        let holds = |path: &PathBuf| {
            let raw = std::fs::read(path).expect("a file");
            marks.iter().any(|mark| raw.windows(mark.len()).any(|window| window == mark))
        };
        files(&self.directory).into_iter().filter(holds).collect()
    }

    async fn close(self) {
        let checked = check(&self.store, |_| {}).await.expect("a check");
        assert_eq!(checked.findings, []);
        self.house.close().await;
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// A text as it is, quoted as in the body of a mail, and in base64 at each of its three places.
fn forms(text: &str) -> Vec<Vec<u8>> {
    let quoted: String = text
        .bytes()
        .map(|b| if b.is_ascii() { char::from(b).to_string() } else { format!("={b:02X}") })
        .collect();
    let mut forms = vec![text.as_bytes().to_vec(), quoted.into_bytes()];
    for skipped in 0..3 {
        // What is before it in its group of three bytes is not known: whole groups are compared.
        let whole = text.as_bytes().get(skipped..).unwrap_or_default();
        forms.push(base64(&whole[..whole.len() / 3 * 3]));
    }
    forms
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |group: u32, place: u32| DIGITS[(group >> (18 - 6 * place)) as usize & 63];
    let groups = bytes
        .chunks_exact(3)
        .map(|chunk| chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)));
    groups.flat_map(|group| (0..4).map(move |place| digit(group, place))).collect()
}

fn ada() -> Value {
    json!({"name": NAME, "email": EMAIL, "address": [STREET, "04109 Leipzig"], "tax_id": TAX_ID})
}

fn invoice(id: AccountId) -> String {
    format!("/v1/accounts/{id}/documents")
}

#[actix_rt::test]
async fn a_closed_account_leaves_its_books_and_nothing_of_its_owner() {
    let mut world = World::start("2026-01-10T00:00:00Z").await;
    world.open(ADA, ada()).await;
    world.open(BOB, json!({"name": "Bob", "email": "bob@neighbour.example"})).await;
    world.buy(ADA).await;
    world.buy(BOB).await;
    world.until("2026-04-10T00:00:00Z").await;
    let month = "2026-01".parse().expect("a month");
    world.ask(ADA, Command::IssueInvoice(IssueInvoice { month })).await;
    world.until("2026-04-11T00:00:00Z").await;
    let documents = world.json(&invoice(ADA)).await;
    let document = documents["items"][0]["id"].as_str().expect("an invoice").to_owned();

    // What is known is given to its owner.
    let export = world.json(&format!("/v1/accounts/{ADA}/export")).await;
    assert_eq!(export["profile"], ada());
    assert_eq!(export["notes"], json!({"2": REFERENCE}));
    assert_eq!(export["documents"], documents["items"]);
    for (what, count) in [("orders", 1), ("subscriptions", 1), ("resources", 0)] {
        assert_eq!(export[what].as_array().map(Vec::len), Some(count), "{what}");
    }
    assert!(export["statements"].as_array().is_some_and(|months| !months.is_empty()));
    assert!(export["mails"].as_array().is_some_and(|mails| mails.len() > 2));
    let (status, _) = world.get(&format!("/v1/accounts/{ADA}/closure/certificate")).await;
    assert_eq!(status, StatusCode::CONFLICT, "it is not closed");
    assert!(!world.found(EMAIL).is_empty() && !world.found(NAME).is_empty(), "in its mails");
    let of_bob = world.found("bob@neighbour.example");

    // A court holds the erasure up.
    let hold = LegalHold { held_at: world.clock.now(), uid: 0, reason: "case 118".to_owned() };
    let set = |hold| vec![Chore::SetLegalHold { stream: StreamId::from(ADA), hold }];
    world.house.accounts.chores(set(Some(hold))).await.expect("held");
    world.close_ada().await;
    world.until("2026-04-12T00:00:00Z").await;
    assert_eq!(world.erasure().await.stage, ErasureStage::Waiting);
    assert!(world.house.vault.profile(ADA.into()).await.expect("opened").is_some());
    let path = format!("/v1/accounts/{ADA}/closure/certificate");
    let held = world.json(&path).await;
    assert_eq!((&held["legal_hold"]["held"], &held["erased_at"]), (&json!(true), &Value::Null));
    // The address is free at once (R8.10).
    let again = AccountId::from_bits(3);
    let other = json!({"name": "Nachfolger", "email": EMAIL});
    let holder = world.house.sealer.claim(ClaimKind::Email, EMAIL);
    assert_eq!(world.store.holder(&holder).await.expect("read"), None);
    world.house.accounts.chores(set(None)).await.expect("let go");
    world.until("2026-04-12T00:01:00Z").await;

    let erasure = world.erasure().await;
    assert_eq!((erasure.stage, erasure.claim_count), (ErasureStage::Erased, 1));
    assert!(erasure.sealed_count >= 3 && erasure.mail_count > 2, "{erasure:?}");
    for text in [NAME, EMAIL, STREET, TAX_ID, REFERENCE] {
        assert_eq!(world.found(text), Vec::<PathBuf>::new(), "{text}");
    }
    assert_eq!(world.found("bob@neighbour.example"), of_bob, "its neighbour's mails are there");
    let own = files(&world.directory);
    assert!(!own.iter().any(|path| path.to_string_lossy().contains(&ADA.to_string())), "{own:?}");
    assert_eq!(world.house.vault.profile(ADA.into()).await.expect("opened"), None);

    // The invoice still names who bought, and not where to write to; the statement names nobody.
    let printed = format!("/v1/accounts/{ADA}/documents/{document}?format=html");
    let (status, page) = world.get(&printed).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(page.contains(NAME) && page.contains(STREET) && page.contains(TAX_ID), "{page}");
    assert!(!page.contains(EMAIL), "{page}");
    let paper = world.pdf(&format!("/v1/accounts/{ADA}/documents/{document}")).await;
    for known in [NAME, STREET, TAX_ID] {
        assert!(paper.contains(known), "{known}: {paper}");
    }
    assert!(!paper.contains(EMAIL), "{paper}");
    let (_, month) = world.get(&format!("/v1/accounts/{ADA}/statements/2026-01?format=html")).await;
    assert!(month.contains(&ADA.to_string()) && !month.contains(NAME), "{month}");
    let export = world.json(&format!("/v1/accounts/{ADA}/export")).await;
    assert_eq!((&export["profile"], &export["notes"]), (&Value::Null, &json!({})));

    // It is certified.
    let shown = world.json(&path).await;
    assert_eq!((&shown["stage"], &shown["waiting_count"]), (&json!("erased"), &json!(0)));
    let kept: Vec<_> = shown["kept"].as_array().expect("kept").iter().collect();
    let words: Vec<_> = kept.iter().filter_map(|item| item["what"].as_str()).collect();
    assert_eq!(words, ["journal", "ledger", "orders", "statements", "documents", "buyer"]);
    assert!(kept.iter().all(|item| item["count"].as_u64() > Some(0) && item["why"] != ""));
    let until = shown["kept"][5]["until"].as_str().map(|until| until[..10].to_owned());
    assert_eq!(until.as_deref(), Some("2036-04-11"));
    let (_, page) = world.get(&format!("{path}?format=html")).await;
    assert!(page.contains("L\u{f6}schbescheinigung") && page.contains("2036-04-11"), "{page}");
    let checked = check(&world.store, |_| {}).await.expect("a check");
    assert_eq!(checked.findings, [], "the books are whole");

    // The address signs up again, as another account.
    world.open(again, other).await;
    assert_eq!(world.store.holder(&holder).await.expect("read"), Some(again.into()));

    // Ten years later nobody knows who bought.
    world.clock.set(at("2036-04-10T23:59:59Z"));
    let ran = world.house.eraser.run_once(world.clock.now()).await.expect("a run");
    assert!(ran.is_idle(), "{ran:?}");
    world.clock.set(at("2036-04-12T00:00:00Z"));
    let ran = world.house.eraser.run_once(world.clock.now()).await.expect("a run");
    assert_eq!((ran.swept_count, world.erasure().await.stage), (1, ErasureStage::Swept));
    assert_eq!(world.house.vault.buyer(ADA.into()).await.expect("opened"), None);
    let (_, page) = world.get(&printed).await;
    assert!(page.contains(&ADA.to_string()) && !page.contains(NAME), "{page}");
    let paper = world.pdf(&format!("/v1/accounts/{ADA}/documents/{document}")).await;
    assert!(paper.contains(&ADA.to_string()), "{paper}");
    for forgotten in [NAME, STREET, TAX_ID] {
        assert!(!paper.contains(forgotten), "{forgotten}: {paper}");
    }
    let shown = world.json(&path).await;
    assert_eq!(shown["erased"][4]["what"], "buyer");
    world.close().await;
}

/// Whatever is broken off goes on from there, in another daemon as well.
#[actix_rt::test]
async fn an_erasure_that_was_broken_off_goes_on() {
    let world = World::start("2026-01-10T00:00:00Z").await;
    world.open(ADA, ada()).await;
    world.house.sender.run_once(world.clock.now()).await.expect("sent");
    world.close_ada().await;
    world.house.sender.run_once(world.clock.now()).await.expect("sent");
    assert_eq!(world.erasure().await.stage, ErasureStage::Waiting);
    assert!(!world.found(EMAIL).is_empty(), "in its mails");
    // The daemon ends when the key is gone and nothing else.
    let (stream, now) = (ADA.into(), world.clock.now());
    let destroy = Chore::Destroy { stream, at: now, retained: None, mail_count: 7 };
    world.house.accounts.chores(vec![destroy]).await.expect("written");
    assert_eq!(world.erasure().await.stage, ErasureStage::Scrubbing);
    let World { directory, store, house, stepper, .. } = world;
    house.close().await;
    drop((stepper, store));

    let mut world = World::start_in(directory, "2026-01-11T00:00:00Z").await;
    assert!(!world.found(EMAIL).is_empty(), "nobody has looked yet");
    world.until("2026-01-11T00:00:00Z").await;
    let erasure = world.erasure().await;
    assert_eq!((erasure.stage, erasure.erased_at), (ErasureStage::Erased, Some(world.clock.now())));
    assert_eq!(erasure.destroyed_at, Some(at("2026-01-10T00:00:00Z")));
    assert_eq!(erasure.mail_count, 7, "as it was counted before it died");
    assert_eq!(world.found(EMAIL), Vec::<PathBuf>::new());
    // Without an invoice nobody needs to know who bought.
    assert_eq!(world.store.retained(ADA.into()).await.expect("read"), None);
    let shown = world.json(&format!("/v1/accounts/{ADA}/closure/certificate")).await;
    assert!(!shown["kept"].to_string().contains("buyer"), "{shown}");
    let again = world.house.eraser.run_once(world.clock.now()).await.expect("a run");
    assert!(again.is_idle(), "once");
    world.close().await;
}
