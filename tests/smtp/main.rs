//! Does mail go out through a real SMTP server? aiosmtpd, as `scripts/setup-test-tools` installs
//! it, takes it into a Maildir, and what lies there is read back.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

use std::collections::BTreeMap;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use renewd::actors::{ExecuteError, Receipt, Request};
use renewd::config::{Config, MailBackend};
use renewd::domain::calendar::Timestamp;
use renewd::domain::effects::{About, Effect, Recipient, Template};
use renewd::domain::ids::{AccountId, StreamId};
use renewd::domain::money::Money;
use renewd::outbox::{Addresses, Counts, Desk, Outbox, Profile, Run};
use renewd::store::{
    Channel, Chore, Delivery, DeliveryQuery, DeliveryState, OutboxDepth, OutboxRow, StoreError,
};

/// An SMTP server with its Maildir; stopped and gone when dropped.
struct Server {
    process: Child,
    port: u16,
    root: PathBuf,
}

impl Server {
    fn start(name: &str) -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = source.join("target/test-tools/bin/python");
        assert!(
            python.exists(),
            "{} is missing: run scripts/setup-test-tools first",
            python.display()
        );
        let root = std::env::temp_dir().join(format!("renewd-smtp-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&root).expect("a directory");
        let port = free_port();
        let process = Command::new(python)
            .args(["-m", "aiosmtpd", "-n", "-l"])
            .arg(format!("127.0.0.1:{port}"))
            .args(["-c", "picky.Picky"])
            .arg(root.join("maildir"))
            .env("PYTHONPATH", source.join("tests/smtp"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null())
            .spawn()
            .expect("aiosmtpd; run scripts/setup-test-tools first");
        let mut server = Self { process, port, root };
        server.wait();
        server
    }

    /// Until it takes connections.
    fn wait(&mut self) {
        let patience = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.process.try_wait().expect("a process");
            assert!(
                ended.is_none(),
                "aiosmtpd ended with {ended:?}: run scripts/setup-test-tools again"
            );
            assert!(Instant::now() < patience, "aiosmtpd does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The mails that it took, in no order.
    fn mails(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.root.join("maildir/new")) else {
            return Vec::new();
        };
        entries
            .map(|entry| std::fs::read_to_string(entry.expect("a file").path()).expect("a mail"))
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// As much of a house as mail needs.
struct House(Mutex<Vec<Delivery>>);

#[async_trait(?Send)]
impl Desk for House {
    async fn ready(
        &self,
        channel: Channel,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let is_ready = |it: &&Delivery| {
            it.row.channel == channel && it.state == DeliveryState::Waiting && it.next_at <= now
        };
        let deliveries = self.0.lock().expect("deliveries");
        Ok(deliveries.iter().filter(is_ready).take(limit as usize).cloned().collect())
    }

    async fn deliveries(&self, _: DeliveryQuery) -> Result<Vec<Delivery>, StoreError> {
        Ok(Vec::new())
    }

    async fn depth(&self) -> Result<BTreeMap<Channel, OutboxDepth>, StoreError> {
        Ok(BTreeMap::new())
    }

    async fn chores(&self, chores: Vec<Chore>) -> Result<(), ExecuteError> {
        let mut deliveries = self.0.lock().expect("deliveries");
        for chore in chores {
            let Chore::Delivery { key, state, attempts, next_at, outcome } = chore else {
                panic!("{chore:?}");
            };
            let it = deliveries.iter_mut().find(|it| it.key() == key).expect("a delivery");
            (it.state, it.attempts, it.next_at, it.outcome) = (state, attempts, next_at, outcome);
        }
        Ok(())
    }

    async fn execute(&self, _: StreamId, request: Request) -> Result<Receipt, ExecuteError> {
        panic!("{request:?} from a mailer")
    }
}

struct Profiles(&'static str);

#[async_trait]
impl Addresses for Profiles {
    async fn profile(&self, _: StreamId) -> Result<Option<Profile>, StoreError> {
        Ok(Some(Profile { name: "Ada Lovelace".into(), email: self.0.into() }))
    }

    async fn note(
        &self,
        _: StreamId,
        _: renewd::domain::event::SealedRef,
    ) -> Result<Option<String>, StoreError> {
        Ok(None)
    }
}

fn now() -> Timestamp {
    "2026-02-05T08:00:00Z".parse().expect("an instant")
}

fn mail(seq: u64) -> Delivery {
    let usd = "USD".parse().expect("a currency");
    let about = About {
        language: "de".into(),
        zone: Some("Europe/Berlin".parse().expect("a zone")),
        amount: Some(Money::from_minor(5950, usd)),
        cash: Some(Money::from_minor(124_050, usd)),
        ..About::default()
    };
    let effect = Effect::Mail {
        to: Recipient::Customer,
        template: Template::ToppedUp,
        about: Box::new(about),
    };
    Delivery {
        stream: AccountId::from_bits(0x1_2345_6789_abcd).into(),
        row: OutboxRow {
            seq,
            n: 0,
            channel: Channel::Mail,
            endpoint: String::new(),
            topic: String::new(),
            worth_until: Timestamp::MAX,
            at: now(),
            body: serde_json::to_string(&effect).expect("JSON"),
        },
        state: DeliveryState::Waiting,
        attempts: 0,
        next_at: now(),
        outcome: String::new(),
    }
}

/// Sends `count` mails to `address` by the server at `port`.
async fn send(port: u16, address: &'static str, count: u64) -> (Run, Vec<Delivery>) {
    let mut config = Config::default();
    config.mail.backend = MailBackend::Smtp;
    config.mail.smtp_url = format!("smtp://127.0.0.1:{port}");
    config.mail.from = "Example Cloud <billing@example.com>".into();
    let house = Arc::new(House(Mutex::new((1..=count).map(mail).collect())));
    let desk: Arc<dyn Desk> = Arc::clone(&house) as _;
    let outbox = Outbox::over(&config, desk, Arc::new(Profiles(address)), Arc::new(|_| None))
        .expect("an outbox");
    let run = outbox.run_once(now()).await.expect("a run");
    let deliveries = house.0.lock().expect("deliveries").clone();
    (run, deliveries)
}

#[tokio::test]
async fn mail_goes_out_by_smtp() {
    let server = Server::start("out");
    let (run, deliveries) = send(server.port, "ada@example.com", 20).await;
    assert_eq!(run.total(), Counts { sent: 20, ..Counts::default() }, "{deliveries:?}");
    assert!(deliveries[0].outcome.starts_with("a…@example.com: 250 "), "{:?}", deliveries[0]);
    let mut mails = server.mails();
    assert_eq!(mails.len(), 20);
    mails.retain(|mail| mail.contains("Message-ID: <acc_938nkrkayd.7.0@example.com>\n"));
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    for line in [
        "From: \"Example Cloud\" <billing@example.com>\n",
        "To: \"Ada Lovelace\" <ada@example.com>\n",
        "Subject: 59,50 USD sind eingegangen\n",
        "Date: Thu, 05 Feb 2026 08:00:00 +0000\n",
        "Auto-Submitted: auto-generated\n",
        "Content-Type: multipart/alternative;",
        "Content-Type: text/plain; charset=utf-8\n",
        "Content-Type: text/html; charset=utf-8\n",
        "  Eingegangen     59,50 USD\n",
        "<html lang=",
    ] {
        assert!(mail.contains(line), "{line:?} is not in {mail}");
    }
}

#[tokio::test]
async fn a_recipient_that_is_unknown_is_given_up_at_once() {
    let server = Server::start("unknown");
    let (run, deliveries) = send(server.port, "nobody@example.com", 1).await;
    assert_eq!(run.total(), Counts { dead: 1, ..Counts::default() });
    assert_eq!(deliveries[0].state, DeliveryState::Dead);
    assert!(deliveries[0].outcome.contains("user unknown"), "{:?}", deliveries[0].outcome);
    assert!(!deliveries[0].outcome.contains("nobody"), "{:?}", deliveries[0].outcome);
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let server = Server::start("later");
    for address in ["later@example.com", "login@example.com"] {
        let (run, deliveries) = send(server.port, address, 1).await;
        assert_eq!(run.total(), Counts { failed: 1, ..Counts::default() }, "{deliveries:?}");
        assert_eq!((deliveries[0].state, deliveries[0].attempts), (DeliveryState::Waiting, 1));
        assert!(deliveries[0].next_at > now());
    }
}

#[tokio::test]
async fn a_server_that_is_down_is_left_alone() {
    let (run, deliveries) = send(free_port(), "ada@example.com", 50).await;
    let counts = run.total();
    assert_eq!(counts.failed + counts.postponed, 50, "{deliveries:?}");
    assert!(counts.failed < 10, "{counts:?}");
}
