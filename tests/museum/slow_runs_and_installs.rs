//! Fifth room: slow runs, heavy machines, installs and upgrades.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};

use futures_util::future::{join, join_all};
use renewd::domain::agenda::Job;
use renewd::store::StoreError;
use renewd::store::sqlite::SqliteStore;
use serde_json::{Value, json};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqlSafeStr as _, SqliteConnection};

use crate::harness::{self, Ask, Daemon, Home, renewd};
use crate::house::{House, Setting};
use crate::people::{Customer, text};

/// Customers that all renew at one instant: more than a scheduler reads at once.
const CROWD: usize = 1_100;

/// There, the jobs of billing day took over an hour, were put into the queue again before they had
/// ended, and died by the thousand; all subscriptions were once loaded by one query. Here there is no
/// queue: a run asks who is due, page by page, and a second one meanwhile finds them done.
#[actix_rt::test]
async fn lago_1741_1988_3109_billing_day_is_run_twice_and_done_once() {
    let house = House::start().await;
    let line = |number: usize| {
        let name = format!("customer{number}");
        let sub = json!({
            "external_id": format!("db-{number}"), "product": "rds", "plan": "basic",
            "region": "eu-central-1", "anchor": "2025-12-20T00:00:00Z",
            "expires_at": "2026-01-20T00:00:00Z", "period": "P1M", "mode": "AutoRenewal"
        });
        let account = Customer::form(&name, "UTC");
        json!({"external_id": name, "account": account, "cash": "36.00", "subscriptions": [sub]})
            .to_string()
    };
    let lines: Vec<String> = (0..CROWD).map(line).collect();
    let request = actix_web::test::TestRequest::post().uri("/v1/imports");
    let request = request.insert_header(("content-type", "application/x-ndjson"));
    assert_eq!(house.send(request.set_payload(lines.join("\n"))).await.status, 200);
    house.sleeps_until("2026-01-11T08:00:00Z");
    let runs = join_all((0..3).map(|_| house.run(Job::Renewals))).await;
    let advanced: u64 = runs.iter().filter_map(|run| run["advanced_count"].as_u64()).sum();
    let attempted: u64 =
        runs.iter().filter_map(|run| run["steps"]["renewal_attempted"]["count"].as_u64()).sum();
    assert_eq!((advanced, attempted), (CROWD as u64, CROWD as u64), "{runs:?}");
    let subs = house.list("/v1/subscriptions").await;
    assert_eq!(subs.len(), CROWD);
    assert!(subs.iter().all(|sub| sub["period_no"] == 2), "each once");
    assert_eq!(house.lag().await, 0, "nothing is left to be put into any queue");
    house.goes().await;
}

/// There, the limit of the list of dead jobs was raised from 10,000 to 100,000, lest failures get
/// lost. Here a failure is a row beside what failed: it is as long as the list of what was to be
/// done, and says why.
#[actix_rt::test]
async fn lago_1284_no_failure_falls_off_a_list() {
    let mut setting = Setting::default();
    let closed = "http://127.0.0.1:9/".to_owned();
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned();
    let panel = renewd::config::Webhook { url: closed, secret };
    setting.config.webhooks.insert("panel".to_owned(), panel);
    setting.config.outbox.give_up_after = "1h".parse().expect("a length");
    let house = House::of(setting).await;
    for number in 0..30 {
        let customer = Customer::open(&house, &format!("customer{number}")).await;
        customer.tops_up(&house, "18.00").await;
        customer.buys(&house, "NotRenewal").await;
    }
    let all = house.list("/v1/deliveries?channel=webhook").await;
    assert!(all.len() >= 60, "{}", all.len());
    house.until("2026-01-03T00:00:00Z").await;
    let dead = house.list("/v1/deliveries?channel=webhook&state=dead").await;
    assert_eq!(dead.len(), all.len());
    for delivery in &dead {
        let outcome = delivery["outcome"].as_str().expect("words");
        assert!(!outcome.is_empty(), "{delivery}");
    }
    house.close().await;
}

/// There, a database died of the memory that counting events took, and a queue of the jobs that they
/// fanned out to. Here usage is added up as it comes: an account that reported three thousand times
/// in an hour is no larger than one that reported ten times.
#[actix_rt::test]
async fn lago_3864_5725_events_are_counted_without_being_kept() {
    let house = House::start().await;
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "1000.00").await;
    let machine = ada.starts_a_machine(&house).await;
    house.until("2026-01-01T00:30:00Z").await;
    let event = |number: u32| {
        json!({
            "id": number.to_string(), "source": "dc1", "resource": machine, "meter": "traffic",
            "quantity": "0.125", "at": "2026-01-01T00:10:00Z"
        })
    };
    let report = async |numbers: std::ops::Range<u32>| {
        let events: Vec<Value> = numbers.map(event).collect();
        house.post("/v1/usage", &json!(events)).await.ok()
    };
    let size = async || {
        let id = ada.id.parse().expect("an account's id");
        let stream = renewd::domain::ids::StreamId::Account(id);
        let view = house.app().accounts.view(stream).await.expect("a view");
        serde_json::to_string(&view.state).expect("JSON").len()
    };
    report(0..10).await;
    let small = size().await;
    let told = report(10..3_000).await;
    assert_eq!(told["accepted_count"], 2_990, "{told}");
    assert!(size().await <= small + 8, "{small} bytes, and then {}", size().await);
    assert_eq!(report(0..3_000).await["duplicate_count"], 3_000, "each is known all the same");
    let usage = house.get(&format!("/v1/resources/{machine}/usage")).await.ok();
    let meters = usage["meters"].as_array().expect("meters");
    let traffic = meters.iter().find(|meter| meter["meter"] == "traffic").expect("a meter");
    assert_eq!(traffic["unsettled"], "375", "{usage}");
    house.close().await;
}

/// A daemon as a process, with nothing of its surroundings.
struct Bare(Child);

impl Bare {
    /// Starts in an empty environment and an empty directory, and waits until somebody answers.
    fn start(directory: &Path) -> Self {
        let mut command = renewd();
        command.env_clear().current_dir(directory).args(["serve", "--data", "data"]);
        let started = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut bare = Self(started.expect("renewd"));
        while Ask::get("/v1/status").try_send(&directory.join("data/renewd.sock")).is_none() {
            assert!(bare.0.try_wait().expect("a process").is_none(), "it ended");
            std::thread::yield_now();
        }
        bare
    }

    /// The memory that it has, in kibibytes.
    fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).expect("status");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("its memory");
        line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// There, the published minimum is seven processes of six and a half gibibytes, before their two
/// databases; rivals start seven to eleven containers. Here it is one process and one directory: two
/// hundred mebibytes are plenty even for a build with its debug information.
#[test]
fn lago_6_gib_one_process_and_one_directory() {
    let home = Home::new();
    let bare = Bare::start(&home.path(""));
    assert!(bare.memory() < 200 * 1024, "{} KiB", bare.memory());
    let children = format!("/proc/{0}/task/{0}/children", bare.0.id());
    let children = fs::read_to_string(children).unwrap_or_default();
    assert_eq!(children.trim(), "", "no process beside it");
    let files = fs::read_dir(home.data()).expect("a directory");
    let mut names: Vec<String> = files
        .map(|file| file.expect("a file").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort_unstable();
    let known = ["deployment.key", "mail", "renewd.db", "renewd.db-shm", "renewd.db-wal"];
    let known = [&known[..], &["renewd.db.lock", "renewd.sock"]].concat();
    assert!(names.iter().all(|name| known.contains(&name.as_str())), "{names:?}");
}

/// There, a fresh install was broken: a port, a version of Redis, a worker that crashed over and over.
/// Here a fresh install is the program: in an empty directory and an empty environment it starts, sells
/// and is in order.
#[test]
fn lago_185_198_373_525_a_fresh_install_sells() {
    let home = Home::new();
    let bare = Bare::start(&home.path(""));
    let socket = home.socket();
    let post = |path: &str, form: &Value| Ask::post(path, form).send(&socket).ok();
    let ada = harness::Customer {
        id: text(&post("/v1/accounts", &harness::Customer::form("ada"))["id"]),
    };
    post(&ada.path("/top-ups"), &Customer::money_in("18.00"));
    let placed = post(&ada.path("/orders"), &Customer::order("AutoRenewal", true));
    assert_eq!(placed["order"]["state"], "Paid", "{placed}");
    drop(bare);
    let mut check = renewd();
    check.env_clear().args(["check", "--data"]).arg(home.data());
    let checked = harness::Ran::of(&mut check).ok();
    assert!(checked.out.contains("0 findings"), "{checked:?}");
}

async fn connect(file: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    options.connect().await.expect("a connection")
}

/// There, a downgrade in the middle of an update left a database that neither version understood.
/// Here a daemon that finds tables of a later one says so and touches nothing; the later one goes on.
#[test]
fn flexprice_2597_fossbilling_4165_a_downgrade_is_refused_and_harms_nothing() {
    let daemon = Daemon::start();
    let ada = harness::Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "18.00");
    let home = daemon.stop();
    let file = home.data().join("renewd.db");
    let sql = |text: &'static str| {
        let file = file.clone();
        actix_rt::System::new().block_on(async move {
            let mut conn = connect(&file).await;
            let done = sqlx::query(text).execute(&mut conn).await.expect("written");
            conn.close().await.expect("closed");
            done.rows_affected()
        })
    };
    let later = "INSERT INTO _sqlx_migrations \
        (version, description, success, checksum, execution_time) VALUES (9999, 'later', 1, x'00', 1)";
    assert_eq!(sql(later), 1);
    let before = fs::read(&file).expect("a database");
    let refused = home.refuses_at("2026-01-02T00:00:00Z");
    assert_eq!(refused.code(), 1);
    assert!(refused.err.contains("newer"), "{refused:?}");
    assert!(before == fs::read(&file).expect("a database"), "not a byte has changed");
    assert!(!home.socket().exists());
    assert_eq!(sql("DELETE FROM _sqlx_migrations WHERE version = 9999"), 1);
    let daemon = home.start_at("2026-01-02T00:00:00Z");
    assert_eq!(ada.cash(&daemon), "18.00");
    daemon.stop().run("check", &[]).ok();
}

/// There, an update got stuck in its migrations, or two ran them at once. Here tables are brought up
/// to date at the start, each step whole or not at all, by the one who has the lock on the file.
#[actix_rt::test]
async fn fossbilling_1480_lago_1864_an_old_database_is_brought_up_once() {
    let home = Home::new();
    let file = home.path("renewd.db");
    let mut conn = connect(&file).await;
    let first = include_str!("../../migrations/sqlite/0001_book.sql").into_sql_str();
    let first = Migration::new(1, "book".into(), MigrationType::Simple, first, false);
    let migrator = Migrator::with_migrations(vec![first]);
    migrator.run_direct(None, &mut conn, false).await.expect("the tables of the first release");
    conn.close().await.expect("closed");
    let (one, other) = join(SqliteStore::open(&file), SqliteStore::open(&file)).await;
    let opened = [one, other];
    assert_eq!(opened.iter().filter(|store| store.is_ok()).count(), 1);
    let refused = opened.iter().find_map(|store| store.as_ref().err());
    assert!(matches!(refused, Some(StoreError::InUse(_))), "{refused:?}");
    drop(opened);
    let mut conn = connect(&file).await;
    let steps: i64 = sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations WHERE success = 1")
        .fetch_one(&mut conn)
        .await
        .expect("read");
    let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite"));
    assert_eq!(usize::try_from(steps), Ok(files.expect("a directory").count()));
}

/// There, a new version misread what the old one had derived. Here only the journal is kept for ever,
/// and what was derived is made again from it: a state that another build wrote is thrown away.
#[actix_rt::test]
async fn fossbilling_4165_what_an_old_version_derived_is_derived_again() {
    let mut house = House::of(Setting { on_disk: true, ..Setting::default() }).await;
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "500.00").await;
    let database = ada.buys(&house, "AutoRenewal").await;
    ada.starts_a_machine(&house).await;
    house.until("2026-01-04T00:00:00Z").await;
    let (cash, shown) = (ada.cash(&house).await, database.shown(&house).await);
    house.dies().await;
    let mut conn = connect(&house.file()).await;
    let spoilt = "UPDATE snapshots SET build = '0.0.9', body = '{\"cash\": \"1000000.00 USD\"}'";
    let done = sqlx::query(spoilt).execute(&mut conn).await.expect("written");
    assert!(done.rows_affected() > 0, "three days of hours are worth a snapshot");
    conn.close().await.expect("closed");
    house.awake().await;
    assert_eq!((ada.cash(&house).await, database.shown(&house).await), (cash, shown));
    house.until("2026-01-05T00:00:00Z").await;
    house.close().await;
}
