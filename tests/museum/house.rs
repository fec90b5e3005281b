//! The house of the museum: the real one, from its door to its store, in this process and under a
//! clock that is moved by hand. Nothing happens in it by itself.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use actix_web::HttpMessage as _;
use actix_web::http::Method;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::Data;
use futures_util::future::LocalBoxFuture;
use renewd::admin::auth::Peer;
use renewd::admin::routes;
use renewd::app::App;
use renewd::check::check;
use renewd::clock::{Clock, ManualClock};
use renewd::config::{Config, MailBackend, parse_rules};
use renewd::domain::agenda::Job;
use renewd::domain::calendar::Timestamp;
use renewd::outbox::mailer::Kept;
use renewd::serve;
use renewd::store::Handle;
use renewd::store::memory::MemoryStore;
use renewd::store::sqlite::SqliteStore;
use serde_json::{Value, json};

use crate::people::Customer;

/// The price list that the daemon is shipped with.
pub(crate) const BOOK: &str = include_str!("../../config/catalogue.toml");

/// What goes through the door, and what comes back.
type Door = Box<dyn Fn(TestRequest) -> LocalBoxFuture<'static, Answer>>;

/// How a house begins.
pub(crate) struct Setting {
    pub(crate) now: &'static str,
    pub(crate) book: String,
    pub(crate) config: Config,
    /// On the disk, or in memory.
    pub(crate) on_disk: bool,
}

impl Default for Setting {
    /// New Year 2026, the shipped price list, mail that is kept. A sweep a day is enough: sweeps
    /// would be most of the work when months are stepped through.
    fn default() -> Self {
        let mut config = Config::default();
        config.mail.backend = MailBackend::Memory;
        config.mail.operator = "night-shift@provider.example".to_owned();
        config.schedulers.housekeeping = "30 0 3 * * *".to_owned();
        Self { now: "2026-01-01T00:00:00Z", book: BOOK.to_owned(), config, on_disk: false }
    }
}

/// A house over a store that outlives it.
pub(crate) struct House {
    directory: PathBuf,
    pub(crate) config: Config,
    book: String,
    on_disk: bool,
    pub(crate) store: Handle,
    pub(crate) clock: ManualClock,
    life: Option<(App, Door)>,
    /// Mails of the lives before this one.
    mails: Vec<Kept>,
}

impl House {
    /// A house as it is shipped, at New Year 2026.
    pub(crate) async fn start() -> Self {
        Self::of(Setting::default()).await
    }

    pub(crate) async fn start_at(now: &'static str) -> Self {
        Self::of(Setting { now, ..Setting::default() }).await
    }

    pub(crate) async fn of(setting: Setting) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("renewd-museum-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory).expect("a directory");
        let Setting { now, book, mut config, on_disk } = setting;
        config.daemon.data = directory.clone();
        let Clock::Manual(clock) = Clock::manual(at(now)) else {
            panic!("a clock that is moved by hand")
        };
        let store = if on_disk { disk(&directory).await } else { memory() };
        let mails = Vec::new();
        let mut house = Self { directory, config, book, on_disk, store, clock, life: None, mails };
        house.awake().await;
        house
    }

    /// Begins to live over what is stored.
    pub(crate) async fn awake(&mut self) {
        let clock = Clock::Manual(self.clock.clone());
        let rules = parse_rules(&self.book).expect("rules");
        let store = Arc::clone(&self.store);
        let app = App::start_over(&self.config, clock, Some(rules), store).await.expect("a house");
        let door = door(&app).await;
        self.life = Some((app, door));
    }

    /// Ends, with whatever is under way; the store stays.
    pub(crate) async fn dies(&mut self) {
        self.mails = self.mails();
        if let Some((app, door)) = self.life.take() {
            drop(door);
            app.close().await;
        }
        if self.on_disk {
            // Two cannot have the file open.
            self.store = memory();
            self.store = disk(&self.directory).await;
        }
    }

    /// Ends, and another one begins over what it left.
    pub(crate) async fn is_killed_and_started_again(&mut self) {
        self.dies().await;
        self.awake().await;
    }

    /// The house is in order to the last cent, and goes.
    pub(crate) async fn close(self) {
        assert_eq!(self.findings().await, [""; 0]);
        self.goes().await;
    }

    /// What `renewd check` finds.
    pub(crate) async fn findings(&self) -> Vec<String> {
        let checked = check(&self.store, |_| {}).await.expect("a check");
        assert!(checked.record_count > 0);
        let findings = checked.findings.into_iter();
        findings.map(|found| format!("{}: {}", found.stream, found.what)).collect()
    }

    pub(crate) async fn goes(mut self) {
        self.dies().await;
        let _ = std::fs::remove_dir_all(&self.directory);
    }

    pub(crate) fn app(&self) -> &App {
        &self.life.as_ref().expect("a house that lives").0
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.directory.join("renewd.db")
    }

    /// Asks at the door.
    pub(crate) async fn send(&self, request: TestRequest) -> Answer {
        let (_, door) = self.life.as_ref().expect("a house that lives");
        door(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(TestRequest::get().uri(path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(asking(Method::POST, path, body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(asking(Method::PUT, path, body)).await
    }

    /// A post under an idempotency key.
    pub(crate) async fn post_once(&self, token: &str, path: &str, body: &Value) -> Answer {
        let request = asking(Method::POST, path, body);
        self.send(request.insert_header(("Idempotency-Key", token))).await
    }

    /// Another price list, from now on.
    pub(crate) async fn put_book(&self, book: &str) -> Answer {
        let request = TestRequest::put().uri("/v1/catalogue");
        let request = request.insert_header((CONTENT_TYPE, "application/toml"));
        self.send(request.set_payload(book.to_owned())).await
    }

    /// All items of a list, over its pages.
    pub(crate) async fn list(&self, path: &str) -> Vec<Value> {
        let join = if path.contains('?') { '&' } else { '?' };
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{path}{join}limit=300{cursor}")).await.ok();
            items.extend(page["items"].as_array().expect("items").iter().cloned());
            let Some(next) = page["next"].as_str() else { return items };
            cursor = format!("&cursor={next}");
        }
    }

    /// Moves the clock to an instant, through everything on the way.
    pub(crate) async fn until(&self, instant: &str) -> Value {
        self.post("/v1/clock", &json!({ "to": instant })).await.ok()
    }

    /// The clock goes on, and nobody looks.
    pub(crate) fn sleeps_until(&self, instant: &str) {
        self.clock.set(at(instant));
    }

    /// A scheduler looks, whatever its cron line says.
    pub(crate) async fn run(&self, job: Job) -> Value {
        self.post(&format!("/v1/schedulers/{job}/run"), &json!({})).await.ok()
    }

    /// Every scheduler looks once.
    pub(crate) async fn run_all(&self) {
        for job in Job::ALL {
            self.run(job).await;
        }
    }

    /// How late the oldest due thing is, in seconds.
    pub(crate) async fn lag(&self) -> u64 {
        let status = self.get("/v1/status").await.ok();
        status["lag_seconds"].as_u64().expect("a lag")
    }

    /// The mails that went out, in all lives.
    pub(crate) fn mails(&self) -> Vec<Kept> {
        let memory = self.life.as_ref().and_then(|(app, _)| app.sender.outbox().memory());
        let fresh = memory.map(|memory| memory.mails()).unwrap_or_default();
        self.mails.iter().cloned().chain(fresh).collect()
    }

    /// The mails to a customer, by template.
    pub(crate) fn letters(&self, customer: &Customer) -> Vec<&'static str> {
        let to = self.mails().into_iter().filter(|mail| mail.stream.to_string() == customer.id);
        to.map(|mail| mail.template.as_str()).collect()
    }

    /// The text of the mail to a customer that was the last of its template.
    pub(crate) fn letter(&self, customer: &Customer, template: &str) -> Kept {
        let is_it = |mail: &Kept| {
            mail.stream.to_string() == customer.id && mail.template.as_str() == template
        };
        let found = self.mails().into_iter().rev().find(is_it);
        found.unwrap_or_else(|| panic!("no {template} in {:?}", self.letters(customer)))
    }
}

/// What the house answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    asked: String,
    pub(crate) status: u16,
    pub(crate) is_replayed: bool,
    pub(crate) text: String,
}

impl Answer {
    /// What was answered, by a house that did what it was asked.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert!(self.is_ok(), "{}", self.told());
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{}: {error}", self.told()))
    }

    /// The problem that it was refused with.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.told());
        let problem: Value = serde_json::from_str(&self.text).expect("a problem");
        assert_eq!(problem["code"], code, "{}", self.told());
        problem
    }

    fn told(&self) -> String {
        format!("{}\n{} {}", self.asked, self.status, self.text)
    }

    pub(crate) const fn is_ok(&self) -> bool {
        self.status >= 200 && self.status < 300
    }
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

pub(crate) fn usd(amount: &str) -> Value {
    json!({"amount": amount, "currency": "USD"})
}

fn asking(method: Method, path: &str, body: &Value) -> TestRequest {
    let request = TestRequest::default().method(method).uri(path);
    request.insert_header((CONTENT_TYPE, "application/json")).set_payload(body.to_string())
}

/// The door of a house, with root at it.
async fn door(app: &App) -> Door {
    let service = routes::app().0.app_data(Data::new(serve::admin(app)));
    let service = Rc::new(init_service(service).await);
    Box::new(move |request| {
        let service = Rc::clone(&service);
        Box::pin(async move {
            let request = request.to_request();
            let asked = format!("{} {}", request.method(), request.uri());
            request.extensions_mut().insert(Peer { uid: 0, gid: 0 });
            let answer = call_service(&*service, request).await;
            let status = answer.status().as_u16();
            let is_replayed = answer.headers().contains_key("idempotent-replayed");
            let text = read_body(answer).await.to_vec();
            Answer { asked, status, is_replayed, text: String::from_utf8_lossy(&text).into_owned() }
        })
    })
}

fn memory() -> Handle {
    Arc::new(MemoryStore::new())
}

async fn disk(directory: &Path) -> Handle {
    Arc::new(SqliteStore::open(directory.join("renewd.db")).await.expect("a store"))
}
