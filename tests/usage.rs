//! A report of usage is counted once, whoever sends it how often, at once, and after a restart.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use futures_util::future::join_all;
use renewd::actors::{Lane, Receipt, Request};
use renewd::app::App;
use renewd::check::check;
use renewd::clock::Clock;
use renewd::config::{Config, MailBackend, parse_rules};
use renewd::domain::account::{Kind, Terms};
use renewd::domain::calendar::{Timestamp, Zone};
use renewd::domain::command::{Answer, Command};
use renewd::domain::event::SealedRef;
use renewd::domain::ids::{AccountId, ResourceId};
use renewd::domain::record::Cause;
use renewd::domain::usage::UsageKey;
use renewd::domain::verbs::open::Open;
use renewd::domain::verbs::record_usage::{Fault, Outcome, RecordUsage, Reported};
use renewd::domain::verbs::resource::OpenResource;
use renewd::store::Handle;
use renewd::store::memory::MemoryStore;

const ACCOUNT: AccountId = AccountId::from_bits(7);

const METERED: &str = r#"
[products.metered]
name = "Metered"
regions = ["eu"]

[products.metered.payg]
cycle = "hour"
dunning = "intl"

[products.metered.payg.meters.traffic]
unit = "GB"
aggregation = "sum"

[products.metered.payg.meters.traffic.plans.small.USD]
model = "flat"
price = "0.08"
"#;

fn now() -> Timestamp {
    "2026-05-02T12:00:00Z".parse().expect("an instant")
}

async fn house(directory: &Path, store: &Handle) -> App {
    let mut config = Config::default();
    config.daemon.data = directory.to_owned();
    config.mail.backend = MailBackend::Memory;
    let catalogue = format!("{}{METERED}", include_str!("../config/catalogue.toml"));
    let rules = parse_rules(&catalogue).expect("a catalogue");
    let clock = Clock::manual(now());
    App::start_over(&config, clock, Some(rules), Arc::clone(store)).await.expect("a house")
}

async fn execute(house: &App, command: Command, sidecar: &[&str]) -> Receipt {
    let mut request = Request::new(command, Cause::Operator { uid: 0 }, Lane::People);
    request.sidecar = sidecar.iter().map(|&text| text.to_owned()).collect();
    house.accounts.execute(ACCOUNT.into(), request).await.expect("carried out")
}

/// A resource of an account of its own.
async fn resource(house: &App) -> ResourceId {
    let terms = Terms {
        kind: Kind::Corporate,
        currency: "USD".parse().expect("a currency"),
        country: None,
        zone: Zone::UTC,
        language: "en".to_owned(),
    };
    let open = Command::Open(Open { account: ACCOUNT, terms, profile: SealedRef(0) });
    execute(house, open, &[r#"{"name":"A","email":"a@x.example"}"#]).await;
    let open = OpenResource {
        product: "metered".to_owned(),
        plan: "small".to_owned(),
        region: "eu".to_owned(),
        external_id: None,
    };
    let receipt = execute(house, Command::OpenResource(open), &[]).await;
    let Answer::Resource { resource } = receipt.answer else { panic!("{receipt:?}") };
    resource.id
}

/// Reports so much under a key.
async fn report(house: &App, resource: ResourceId, key: u8, quantity: &str) -> Outcome {
    let reading = Reported {
        key: UsageKey([key; 16]),
        resource,
        meter: "traffic".to_owned(),
        quantity: quantity.parse().expect("a quantity"),
        value: None,
        at: now(),
    };
    let record = RecordUsage { readings: vec![reading] };
    let receipt = execute(house, Command::RecordUsage(record), &[]).await;
    let Answer::UsageRecorded { outcomes } = receipt.answer else { panic!("{receipt:?}") };
    assert_eq!(outcomes.len(), 1);
    outcomes[0]
}

#[actix_rt::test]
async fn a_report_is_counted_once() {
    let directory = std::env::temp_dir().join(format!("renewd-usage-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    let store: Handle = Arc::new(MemoryStore::new());
    let first = house(&directory, &store).await;
    let resource = resource(&first).await;

    // What waits is decided together, on what was looked up once.
    let asked = (0..40).map(|n| report(&first, resource, n % 4, "1.5"));
    let outcomes = join_all(asked).await;
    let mut counts: BTreeMap<usize, [u32; 2]> = BTreeMap::new();
    for (n, outcome) in outcomes.into_iter().enumerate() {
        let [accepted, duplicate] = counts.entry(n % 4).or_default();
        match outcome {
            Outcome::Accepted => *accepted += 1,
            Outcome::Duplicate => *duplicate += 1,
            Outcome::Rejected(fault) => panic!("{fault:?}"),
        }
    }
    assert_eq!(counts.into_values().collect::<Vec<_>>(), [[1, 9]; 4]);
    let other = report(&first, resource, 3, "1.6").await;
    assert_eq!(other, Outcome::Rejected(Fault::Conflict), "what was counted stands");
    first.close().await;

    let second = house(&directory, &store).await;
    assert_eq!(report(&second, resource, 3, "1.50").await, Outcome::Duplicate);
    assert_eq!(report(&second, resource, 4, "1.5").await, Outcome::Accepted);
    let checked = check(&store, |_| {}).await.expect("a check");
    assert_eq!(checked.findings, []);
    second.close().await;
    let _ = std::fs::remove_dir_all(&directory);
}
