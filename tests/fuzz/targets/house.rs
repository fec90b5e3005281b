//! A house behind its real routes, over a store in memory, on one thread; with a book in which
//! there is something of everything. Its ids are the same in every life.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_rt::{Arbiter, System, SystemRunner};
use actix_web::body::{MessageBody as _, to_bytes};
use actix_web::dev::{Service as _, ServiceResponse};
use actix_web::http::{Method, StatusCode, Uri};
use actix_web::test::{TestRequest, init_service};
use actix_web::web::Data;
use actix_web::{Error, HttpMessage as _};
use renewd::admin::auth::Peer;
use renewd::admin::ports::Sealing;
use renewd::admin::turns::Turns;
use renewd::admin::{Admin, routes, wire};
use renewd::app::{App, Ground, Threads};
use renewd::clock::Clock;
use renewd::config::{Config, MailBackend, parse_rules};
use renewd::outbox::Receiver;
use renewd::outbox::mailer::Kept;
use renewd::outbox::webhooks::Posted;
use renewd::serve;
use renewd::store::memory::MemoryStore;
use renewd::store::seal::Sealer;
use serde_json::{Value, json};

/// When each life begins.
const NOW: &str = "2026-01-10T12:00:00Z";
/// The price list that is shipped.
pub(crate) const CATALOGUE: &str = include_str!("../../../config/catalogue.toml");
const KEY: [u8; 32] = [7; 32];

/// The answers of the routes, whatever their types are.
type Answering = Pin<Box<dyn Future<Output = Result<ServiceResponse, Error>>>>;
type Served = Box<dyn Fn(TestRequest) -> Answering>;

/// A request, as an input writes it: method and path, headers, an empty line, a body.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Ask {
    /// Reads it, if a client could have sent it.
    pub(crate) fn read(input: &[u8]) -> Option<Self> {
        let end = input.windows(2).position(|pair| pair == b"\n\n");
        let (head, body) = match end {
            Some(end) => (&input[..end], &input[end + 2..]),
            None => (input, &[][..]),
        };
        let mut lines = std::str::from_utf8(head).ok()?.lines();
        let (method, uri) = lines.next()?.split_once(' ')?;
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            let value = value.trim();
            actix_web::http::header::HeaderName::from_bytes(name.as_bytes()).ok()?;
            actix_web::http::header::HeaderValue::from_str(value).ok()?;
            Some((name.to_owned(), value.to_owned()))
        };
        Some(Self {
            method: Method::from_bytes(method.as_bytes()).ok()?,
            uri: Uri::try_from(uri).ok().filter(|uri| uri.path().starts_with('/'))?,
            headers: lines.filter_map(header).collect(),
            body: body.to_vec(),
        })
    }

    /// Writes it, as it is read.
    pub(crate) fn write(method: &str, path: &str, media_type: &str, body: &str) -> Vec<u8> {
        format!("{method} {path}\ncontent-type: {media_type}\n\n{body}").into_bytes()
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) media_type: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// A house with its book.
pub(crate) struct House {
    pub(crate) admin: Admin,
    /// What the book names: the value of each parameter of a path.
    pub(crate) names: Vec<(&'static str, String)>,
    served: Served,
    /// Last, so that everything that lives on it goes first.
    runner: SystemRunner,
}

impl House {
    pub(crate) fn new() -> Self {
        let runner = System::with_tokio_rt(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            runtime.expect("a runtime")
        });
        let mut config = Config::default();
        config.mail.backend = MailBackend::Memory;
        let (admin, served) = runner.block_on(async move {
            let thread = Arbiter::current();
            let ground = Ground {
                store: Arc::new(MemoryStore::new()),
                sealer: Sealer::from_key(KEY),
                receiver: Some(Arc::new(Outside)),
                threads: Threads::one(&thread),
            };
            let clock = Clock::manual(NOW.parse().expect("an instant"));
            let rules = parse_rules(CATALOGUE).expect("a catalogue");
            let app = App::start_on(&config, clock, Some(rules), ground).await.expect("a house");
            let sealing =
                Arc::new(Counting { sealer: app.sealer.clone(), drawn: AtomicU64::new(1) });
            let admin = Admin { sealing, ..serve::admin(&app) };
            let app = routes::app().0.app_data(Data::new(admin.clone()));
            let service = Rc::new(init_service(app).await);
            let served: Served = Box::new(move |request: TestRequest| {
                let request = request.to_request();
                request.extensions_mut().insert(Peer { uid: 1000, gid: 1000 });
                Box::pin(service.call(request))
            });
            (admin, served)
        });
        let mut house = Self { admin, names: Vec::new(), served, runner };
        house.furnish();
        house
    }

    /// Asks, and waits for the answer.
    pub(crate) fn ask(&self, ask: &Ask) -> Answer {
        let mut request = TestRequest::with_uri(&ask.uri.to_string()).method(ask.method.clone());
        for (name, value) in &ask.headers {
            request = request.append_header((name.as_str(), value.as_str()));
        }
        let answer = (self.served)(request.set_payload(ask.body.clone()));
        self.runner.block_on(async {
            let answer = match answer.await {
                Ok(answer) => answer.into_parts().1,
                Err(error) => error.error_response(),
            };
            let media_type = answer.headers().get("content-type").and_then(|one| one.to_str().ok());
            let (status, media_type) = (answer.status(), media_type.unwrap_or_default().to_owned());
            let body = to_bytes(answer.into_body().boxed()).await.expect("a body to its end");
            Answer { status, media_type, body: body.to_vec() }
        })
    }

    /// Brings one line of a book along.
    pub(crate) fn import(&self, line: &str) -> wire::ImportAnswer {
        let query = wire::ImportQuery { held: false, dry_run: false };
        self.runner.block_on(self.admin.import_line(1, line, &query, &Turns::default()))
    }

    /// Lets it do something on its own thread.
    pub(crate) fn block_on<T>(&self, what: impl Future<Output = T>) -> T {
        self.runner.block_on(what)
    }

    /// A write that must be taken: what it says of the noun.
    fn made(&self, path: &str, form: &Value, noun: &str) -> String {
        let ask = Ask::write("POST", path, "application/json", &form.to_string());
        let answer = self.ask(&Ask::read(&ask).expect("a request"));
        let said = answer.json();
        let id = if noun.is_empty() { &said["id"] } else { &said[noun]["id"] };
        assert!(answer.status.is_success(), "{path}: {said}");
        id.as_str().unwrap_or_default().to_owned()
    }

    /// Something of everything.
    fn furnish(&mut self) {
        let usd = |amount: &str| json!({"amount": amount, "currency": "USD"});
        let open = |name: &str, zone: &str| {
            json!({
                "name": name, "email": format!("{name}@customer.example"), "kind": "corporate",
                "country": "DE", "currency": "USD", "time_zone": zone, "language": "en"
            })
        };
        let account = self.made("/v1/accounts", &open("ada", "Europe/Berlin"), "");
        let other = self.made("/v1/accounts", &open("bob", "UTC"), "");
        let of = |rest: &str| format!("/v1/accounts/{account}{rest}");
        let top_up = json!({"amount": usd("900.00"), "method": "bank_transfer"});
        self.made(&of("/top-ups"), &top_up, "");
        self.made(&format!("/v1/accounts/{other}/top-ups"), &top_up, "");
        let mut order = json!({
            "kind": "new", "product": "rds", "plan": "basic", "region": "eu-central-1",
            "period": "P1M", "renewal_mode": "AutoRenewal", "pay_now": true
        });
        let subscription = self.made(&of("/orders"), &order, "subscription");
        order["pay_now"] = json!(false);
        let order = self.made(&of("/orders"), &order, "order");
        let benefit = json!({"type": "cash", "value": usd("5.00")});
        let granted = json!({"benefit": benefit, "scope": {}, "valid_days": 30});
        let coupon = self.made(&of("/coupons"), &granted, "coupon");
        let machine = json!({"product": "compute", "plan": "small", "region": "eu-central-1"});
        let resource = self.made(&of("/resources"), &machine, "resource");
        let withdrawal = json!({"amount": usd("5.00")});
        let withdrawal = self.made(&of("/withdrawals"), &withdrawal, "withdrawal");
        let campaign = json!({
            "name": "spring", "code": "Spring-2026", "quota": 1000, "benefit": benefit,
            "scope": {}, "valid_days": 30, "ends_at": "2026-12-01T00:00:00Z"
        });
        let campaign = self.made("/v1/campaigns", &campaign, "campaign");
        let document = self.made(&of("/statements/2026-01/invoice"), &json!({}), "document");
        self.names = vec![
            ("account", account),
            ("other", other),
            ("order", order),
            ("subscription", subscription),
            ("coupon", coupon),
            ("resource", resource),
            ("withdrawal", withdrawal),
            ("campaign", campaign),
            ("document", document),
            ("month", "2026-01".to_owned()),
            ("job", "renewals".to_owned()),
        ];
    }
}

/// Hashes under the key; chance that is the same in every life.
struct Counting {
    sealer: Sealer,
    drawn: AtomicU64,
}

impl Sealing for Counting {
    fn random_bits(&self) -> u64 {
        self.drawn.fetch_add(1, Ordering::Relaxed)
    }

    fn keyed_hash(&self, purpose: &str, text: &[u8]) -> [u8; 32] {
        self.sealer.keyed_hash(purpose, text)
    }
}

/// Takes all mail.
struct Outside;

impl Receiver for Outside {
    fn mail(&self, _mail: Kept) -> Result<(), String> {
        Ok(())
    }

    fn webhook(&self, _webhook: Posted) -> Result<(), String> {
        Ok(())
    }
}
