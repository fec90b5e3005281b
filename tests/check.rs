//! Does `renewd check` find nothing in a book that is whole, and everything in one that is not?

#![expect(clippy::expect_used, reason = "a test says what it expects")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use renewd::actors::{Lane, Request};
use renewd::app::App;
use renewd::check::{Checked, check};
use renewd::clock::{Clock, ManualClock};
use renewd::config::{Config, MailBackend, parse_rules};
use renewd::domain::account::{Kind, Terms};
use renewd::domain::calendar::{Timestamp, Zone};
use renewd::domain::command::{Answer, Command};
use renewd::domain::event::SealedRef;
use renewd::domain::ids::AccountId;
use renewd::domain::money::Money;
use renewd::domain::nouns::campaign::Validity;
use renewd::domain::nouns::coupon::{Benefit, Scope};
use renewd::domain::nouns::order;
use renewd::domain::nouns::subscription::Mode;
use renewd::domain::record::Cause;
use renewd::domain::verbs::bill::IssueInvoice;
use renewd::domain::verbs::change::Change;
use renewd::domain::verbs::coupons::Grant;
use renewd::domain::verbs::open::Open;
use renewd::domain::verbs::pricing::CouponChoice;
use renewd::domain::verbs::purchase::Purchase;
use renewd::domain::verbs::refund::Refund;
use renewd::domain::verbs::top_up::TopUp;
use renewd::store::sqlite::SqliteStore;
use renewd::store::{DocumentQuery, Handle, OrderQuery};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};

const ACCOUNT: AccountId = AccountId::from_bits(7);

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn usd(minor: i64) -> Money {
    Money::from_minor(minor, "USD".parse().expect("a currency"))
}

/// A directory that is removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let name = format!("renewd-check-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("renewd.db")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

struct World {
    house: App,
    clock: ManualClock,
}

impl World {
    async fn start(directory: &Path) -> Self {
        let mut config = Config::default();
        config.daemon.data = directory.to_owned();
        config.mail.backend = MailBackend::Memory;
        let rules = include_str!("../config/catalogue.toml")
            .replace("[products.rds]\n", "[products.rds]\nacknowledge = ['new']\n");
        let rules = parse_rules(&rules).expect("rules");
        let Clock::Manual(clock) = Clock::manual(at("2026-01-10T00:00:00Z")) else {
            panic!("a clock that is moved by hand")
        };
        let house = App::start(&config, Clock::Manual(clock.clone()), Some(rules)).await;
        Self { house: house.expect("a house"), clock }
    }

    /// Opens the account, with money in its wallet.
    async fn fund(&self) {
        let terms = Terms {
            kind: Kind::Corporate,
            currency: usd(0).currency(),
            country: None,
            zone: Zone::UTC,
            language: "en".to_owned(),
        };
        self.order(Command::Open(Open { account: ACCOUNT, terms, profile: SealedRef(0) })).await;
        let top_up = TopUp {
            amount: usd(100_000),
            method: "bank".to_owned(),
            channel: "api".to_owned(),
            reference: None,
        };
        self.order(Command::TopUp(top_up)).await;
    }

    async fn order(&self, command: Command) -> Answer {
        let mut request = Request::new(command, Cause::Operator { uid: 0 }, Lane::People);
        if matches!(request.command, Command::Open(_)) {
            request.sidecar = vec![r#"{"name":"A","email":"a@x.example"}"#.to_owned()];
        }
        let receipt = self.house.accounts.execute(ACCOUNT.into(), request).await;
        receipt.expect("carried out").answer
    }
}

fn purchase(product: &str, plan: &str, pay_now: bool) -> Command {
    Command::Purchase(Purchase {
        product: product.to_owned(),
        plan: plan.to_owned(),
        region: "eu-central-1".to_owned(),
        period: "P1M".parse().expect("a period"),
        renewal_mode: Mode::ManualRenewal,
        pay_now,
        external_id: None,
        expires_not_after: None,
        coupon: CouponChoice::Auto,
        price_lock: false,
        expected_payable: None,
    })
}

/// A book with an order in every place: paid with a coupon and refunded in part, changed twice,
/// not delivered in time, waiting to be delivered, waiting to be paid with a coupon frozen on it.
async fn write_book(directory: &Path) {
    use order::State::{Failed, Paid, Processing, Refunded, Unpaid};

    let world = World::start(directory).await;
    world.fund().await;
    for value in [500, 700, 900] {
        let grant = Grant {
            campaign: None,
            description: "Welcome".to_owned(),
            benefit: Benefit::Cash { value: usd(value) },
            scope: Scope::default(),
            effective_at: None,
            validity: Validity::Days(30),
        };
        world.order(Command::GrantCoupon(grant)).await;
    }
    world.order(purchase("ecs", "small", true)).await;
    world.order(purchase("rds", "basic", true)).await;
    world.clock.set(at("2026-01-17T12:34:56Z"));
    let store = &world.house.store;
    let paid = OrderQuery { state: Some(order::State::Paid), limit: 9, ..OrderQuery::default() };
    let orders = store.orders(paid).await.expect("read");
    let [first] = orders.as_slice() else { panic!("{orders:?}") };
    let refund = Refund { order: first.id, amount: Some(usd(100)) };
    world.order(Command::Refund(refund)).await;
    let change = Change {
        subscription: first.subscription,
        plan: "medium".to_owned(),
        until: None,
        pay_now: true,
        coupon: CouponChoice::Decline,
        expected_payable: None,
    };
    world.order(Command::Change(change.clone())).await;
    world.clock.set(at("2026-01-20T00:00:00Z"));
    world.order(Command::Change(Change { plan: "small".to_owned(), ..change })).await;
    world.order(purchase("rds", "basic", true)).await;
    world.order(purchase("ecs", "medium", false)).await;
    let states: Vec<_> = store
        .orders(OrderQuery { limit: 99, ..OrderQuery::default() })
        .await
        .expect("read")
        .iter()
        .map(|order| order.state)
        .collect();
    for state in [Failed, Paid, Processing, Refunded, Unpaid] {
        assert!(states.contains(&state), "{states:?}");
    }
    world.house.close().await;
}

/// A book with a month that is closed for everybody, whose lines are on an invoice and, what was
/// given back afterwards, on a credit note; and with a line in the running month.
async fn write_bills(directory: &Path) {
    let world = World::start(directory).await;
    world.fund().await;
    world.order(purchase("ecs", "small", true)).await;
    let month = "2026-01".parse().expect("a month");
    world.order(Command::IssueInvoice(IssueInvoice { month })).await;
    world.order(purchase("ecs", "medium", true)).await;
    let store = &world.house.store;
    let paid = OrderQuery { state: Some(order::State::Paid), limit: 9, ..OrderQuery::default() };
    let orders = store.orders(paid).await.expect("read");
    let [_, invoiced] = orders.as_slice() else { panic!("{orders:?}") };
    let refund = Refund { order: invoiced.id, amount: Some(usd(100)) };
    world.order(Command::Refund(refund)).await;
    let (_, mut stepper) = world.house.stepper().expect("a clock that is moved by hand");
    stepper.advance_to(at("2026-02-04T00:00:00Z"), |_| {}).await.expect("moved");
    world.order(purchase("ecs", "small", true)).await;
    let documents = DocumentQuery { account: ACCOUNT, month: None, before: None, limit: 9 };
    let documents = store.documents(documents).await.expect("read");
    let [note, invoice] = documents.as_slice() else { panic!("{documents:?}") };
    assert_eq!((note.related, invoice.related), (Some(invoice.id), None));
    assert!(store.statement(ACCOUNT, month).await.expect("read").is_some());
    assert_eq!(world.house.accounts.ports().house().closed_through, Some(month));
    world.house.close().await;
}

async fn check_file(file: &Path) -> Checked {
    let store: Handle = Arc::new(SqliteStore::open(file).await.expect("a store"));
    check(&store, |_| {}).await.expect("a check")
}

/// Runs one statement on a copy of the book, and says what is found then.
async fn after(scratch: &Scratch, sql: &'static str) -> String {
    let copy = scratch.0.join("copy.db");
    for end in ["db", "db-wal", "db-shm"] {
        let _ = std::fs::remove_file(copy.with_extension(end));
    }
    std::fs::copy(scratch.file(), &copy).expect("a copy");
    let options = SqliteConnectOptions::new().filename(&copy);
    let mut conn = SqliteConnection::connect_with(&options).await.expect("a connection");
    let done = sqlx::query(sql).execute(&mut conn).await.expect("done");
    assert!(done.rows_affected() > 0, "{sql} changed nothing");
    conn.close().await.expect("closed");
    let checked = check_file(&copy).await;
    checked.findings.iter().map(|finding| format!("{}\n", finding.what)).collect()
}

#[actix_rt::test]
async fn a_whole_book_is_found_whole_and_every_damage_is_found() {
    let scratch = Scratch::new("damage");
    write_book(&scratch.0).await;
    let checked = check_file(&scratch.file()).await;
    assert_eq!(checked.findings, []);
    assert!(checked.entry_count > 10, "{checked:?}");
    let damages = [
        ("UPDATE orders SET tax_minor = 1, tax_rate = '1'", "order ord_"),
        ("DELETE FROM orders WHERE state = 'Processing'", "is missing from its table"),
        ("UPDATE coupons SET balance_minor = 1 WHERE state <> 'Used'", "coupon cpn_"),
        ("DELETE FROM coupons WHERE state = 'Frozen'", "is missing from its table"),
        (
            "INSERT INTO coupons SELECT stream, 99, campaign, again_for, description, type, \
             benefit, nominal_minor, balance_minor, currency, scope, granted_at, effective_at, \
             expires_at, state, frozen_by, frozen_at, held_until, reminded FROM coupons LIMIT 1",
            "never happened",
        ),
        ("UPDATE coverages SET ends_at = ends_at + 1000000", "coverage ("),
        (
            "DELETE FROM coverages WHERE starts_at = (SELECT MAX(starts_at) FROM coverages)",
            "is missing from its table",
        ),
        (
            "INSERT INTO coverages SELECT starts_at + 1000000, stream, number, ends_at, product, \
             revenue_minor, currency FROM coverages LIMIT 1",
            "coverages stand in their table, the replay says",
        ),
        (
            "UPDATE ledger_entries SET minor = minor + 1 WHERE account = 'customer_cash'",
            "the ledger does not sum to zero in USD",
        ),
        (
            "UPDATE ledger_entries SET account = 'tax' WHERE account = 'customer_cash'",
            "wallets hold",
        ),
        (
            "UPDATE ledger_entries SET account = 'unearned:vm' WHERE account = 'unearned:rds'",
            "were paid for rds that the ledger does not know",
        ),
        ("UPDATE coverages SET product = 'rds'", "at the end of time unearned:"),
        ("UPDATE streams SET digest = zeroblob(32)", "another digest"),
    ];
    for (damage, expected) in damages {
        let found = after(&scratch, damage).await;
        assert!(found.contains(expected), "{damage}: {found}");
    }
}

#[actix_rt::test]
async fn every_damage_of_bills_is_found() {
    let scratch = Scratch::new("bills");
    write_bills(&scratch.0).await;
    let checked = check_file(&scratch.file()).await;
    assert_eq!(checked.findings, []);
    let damages = [
        ("UPDATE bill_lines SET tax_name = 'VAT', tax_rate = '1'", "differs from the replay"),
        ("UPDATE bill_lines SET plan = 'large' WHERE month = '2026-02'", "bill line of 2026-02"),
        ("DELETE FROM bill_lines WHERE number = 1", "is missing from its table"),
        (
            "UPDATE bill_lines SET net_minor = net_minor + 1 WHERE month = '2026-01'",
            "2026-01 sums to something else than it was closed with",
        ),
        (
            "UPDATE bill_lines SET net_minor = net_minor + 1 WHERE month = '2026-02'",
            "2026-02 sums to something else than the replay says",
        ),
        ("UPDATE bill_lines SET number = number + 9 WHERE number = 1", "never happened"),
        (
            "UPDATE bill_lines SET month = '2019-07' WHERE month = '2026-02'",
            "2019-07 sums to something else than the replay says",
        ),
        (
            "UPDATE bill_lines SET stream = 'acc_0000000009' WHERE month = '2026-01'",
            "is missing from its table",
        ),
        ("UPDATE statements SET closed_at = closed_at + 1000000", "statement 2026-01 differs"),
        ("UPDATE statements SET repaid_minor = 1", "statement 2026-01 differs"),
        ("DELETE FROM statements", "statement 2026-01 is missing"),
        ("UPDATE statements SET month = '2025-11'", "statement 2025-11 stands in its table"),
        ("UPDATE documents SET printed_number = 'X'", "document doc_"),
        ("DELETE FROM documents WHERE kind = 'credit_note'", "is missing from its table"),
        ("UPDATE documents SET number = number + 99", "never happened"),
    ];
    for (damage, expected) in damages {
        let found = after(&scratch, damage).await;
        assert!(found.contains(expected), "{damage}: {found}");
    }
}
