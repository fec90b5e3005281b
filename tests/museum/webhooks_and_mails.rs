//! Sixth room: webhooks and mails that came early, never, twice, or all at once.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use renewd::config::{MailBackend, Webhook};
use renewd::domain::agenda::Job;
use renewd::domain::ids::StreamId;
use renewd::store::{Chore, DeliveryState, EffectKey, Handle};
use serde_json::json;

use crate::harness::Receiver;
use crate::house::{Answer, BOOK, House, Setting, at, usd};
use crate::people::{Customer, text};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// Nobody listens there.
const CLOSED: &str = "smtp://127.0.0.1:9";

/// A house that tells a panel at that address.
fn telling(url: &str) -> Setting {
    let mut setting = Setting::default();
    let panel = Webhook { url: url.to_owned(), secret: SECRET.to_owned() };
    setting.config.webhooks.insert("panel".to_owned(), panel);
    setting
}

/// A house whose mail server is down.
fn without_mail() -> Setting {
    let mut setting = Setting::default();
    setting.config.mail.backend = MailBackend::Smtp;
    setting.config.mail.smtp_url = CLOSED.to_owned();
    setting
}

/// A panel that looks for the record behind each webhook before it takes it: was it there?
struct Panel {
    url: String,
    /// The house's store, once there is one.
    store: Arc<Mutex<Option<Handle>>>,
    found: Arc<Mutex<Vec<(String, bool)>>>,
}

impl Panel {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let (store, found) = (Arc::<Mutex<Option<Handle>>>::default(), Arc::default());
        let panel = Self { url, store: Arc::clone(&store), found: Arc::clone(&found) };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.expect("a connection");
                let mut head = Vec::new();
                for line in BufReader::new(&stream).lines() {
                    match line.expect("a header") {
                        line if line.is_empty() => break,
                        line => head.push(line.to_lowercase()),
                    }
                }
                let id = head.iter().find_map(|line| line.strip_prefix("webhook-id: msg_"));
                let id = id.expect("an id").to_owned();
                let store = store.lock().expect("a store").clone().expect("a store");
                let is_there = looks_up(&store, &id);
                found.lock().expect("whole").push((id, is_there));
                let answer = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
                (&stream).write_all(answer).expect("somebody who reads the answer");
            }
        });
        panel
    }
}

/// Is the record there that `account_record_number` names?
fn looks_up(store: &Handle, id: &str) -> bool {
    let mut parts = id.rsplitn(3, '_');
    let (_, seq, stream) = (parts.next(), parts.next(), parts.next());
    let stream: StreamId = stream.expect("a stream").parse().expect("a stream");
    let seq: u64 = seq.and_then(|seq| seq.parse().ok()).expect("a record");
    let journal = actix_rt::System::new().block_on(store.journal(stream, seq - 1, 1));
    journal.expect("read").first().is_some_and(|record| record.seq == seq)
}

/// There, a webhook arrived before the row that it spoke of was committed, and whoever asked for it
/// was told that it did not exist. Here what is to be told is committed with what happened, and is
/// sent from there: whoever asks finds it.
#[actix_rt::test]
async fn lago_1373_no_webhook_runs_ahead_of_its_record() {
    let panel = Panel::start();
    let house = House::of(telling(&panel.url)).await;
    *panel.store.lock().expect("a store") = Some(Arc::clone(&house.store));
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "54.00").await;
    ada.buys(&house, "AutoRenewal").await;
    ada.buys(&house, "ManualRenewal").await;
    house.until("2026-03-01T00:00:00Z").await;
    let found = panel.found.lock().expect("whole").clone();
    assert!(found.len() > 10, "{found:?}");
    assert!(found.iter().all(|(_, is_there)| *is_there), "{found:?}");
    let told = house.list("/v1/deliveries?channel=webhook").await;
    assert_eq!(told.len(), found.len());
    house.close().await;
}

/// There, the webhook that should have confirmed a payment never came, and the order was stuck for
/// ever. Here whatever waits for somebody has a deadline that is due like everything else: what is
/// paid and never confirmed is given back whole, and a confirmation after that changes nothing.
#[actix_rt::test]
async fn lago_6420_btcpayserver_3146_what_nobody_confirms_is_given_back() {
    let book = BOOK.replacen("[products.rds]\n", "[products.rds]\nacknowledge = [\"new\"]\n", 1);
    let mut house = House::of(Setting { book, ..Setting::default() }).await;
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "18.00").await;
    let (sub, order) = ada.places(&house, &Customer::order("AutoRenewal", true)).await;
    assert_eq!(sub.state(&house).await, "PendingPayment");
    house.is_killed_and_started_again().await;
    house.until("2026-01-02T00:00:00Z").await;
    let shown = house.get(&ada.path(&format!("/orders/{order}"))).await.ok();
    assert_eq!((&shown["state"], &shown["failed_for"]), (&"Failed".into(), &"timed_out".into()));
    assert_eq!(ada.cash(&house).await, "18.00");
    let late = ada.path(&format!("/orders/{order}/provisioned"));
    house.post(&late, &json!({})).await.ok();
    assert_eq!(
        (ada.cash(&house).await, sub.state(&house).await),
        ("18.00".into(), "Cancelled".into())
    );
    assert!(house.letters(&ada).contains(&"order_failed"), "and its owner was told");
    house.close().await;
}

/// There, a notification was handled twice, and an account was found overdue before the payment that
/// had come in was recorded. Here an account does one thing after the other: what was recorded first
/// counts, and a report that comes again finds that it is known.
#[actix_rt::test]
async fn killbill_472_475_a_payment_that_was_first_counts_first() {
    let book = BOOK.replacen("[products.rds]\n", "[products.rds]\nacknowledge = [\"new\"]\n", 1);
    let house = House::of(Setting { book, ..Setting::default() }).await;
    let bob = Customer::open(&house, "bob").await;
    bob.tops_up(&house, "0.01").await;
    bob.starts_a_machine(&house).await;
    // The second hour costs more than there is, and is settled at five past two.
    house.until("2026-01-01T02:04:59Z").await;
    bob.tops_up(&house, "20.00").await;
    house.sleeps_until("2026-01-01T02:05:00Z");
    let jobs = [Job::Settlement, Job::Dunning, Job::Settlement, Job::Dunning];
    join_all(jobs.map(|job| house.run(job))).await;
    assert_eq!(bob.count(&house, "standing.fell_overdue").await, 0);
    let hours = bob.events(&house, &["usage.settled"]).await;
    assert_eq!(hours.len(), 2, "each hour once: {hours:?}");
    // And what is reported twice at once happens once.
    let (database, order) = bob.places(&house, &Customer::order("ManualRenewal", true)).await;
    let (done, nothing) = (bob.path(&format!("/orders/{order}/provisioned")), json!({}));
    let reports = join_all((0..4).map(|_| house.post(&done, &nothing))).await;
    assert!(reports.iter().all(Answer::is_ok), "a report is a fact: {reports:?}");
    assert_eq!(bob.count(&house, "subscription.activated").await, 1);
    assert_eq!(database.periods(&house).await.len(), 1);
    house.close().await;
}

/// There, each customer got the overdue reminder four times, and others got duplicates of theirs.
/// Here a reminder is an event of its subscription, its expiry and its mark, recorded before it is
/// sent; and a mail that is sent again after a crash has the Message-ID of the first.
#[actix_rt::test]
async fn fossbilling_3726_invoiceninja_2449_4609_10863_each_reminder_once() {
    let mut house = House::start_at("2026-01-01T12:00:00Z").await;
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "18.00").await;
    ada.buys(&house, "ManualRenewal").await;
    for day in ["01-17", "01-25", "01-29", "01-31", "02-01"] {
        house.until(&format!("2026-{day}T08:59:00Z")).await;
        house.sleeps_until(&format!("2026-{day}T09:00:00Z"));
        join_all((0..4).map(|_| house.run(Job::Reminders))).await;
        house.is_killed_and_started_again().await;
        house.run(Job::Reminders).await;
    }
    house.until("2026-02-01T11:00:00Z").await;
    let reminders: Vec<_> =
        house.mails().into_iter().filter(|mail| mail.template.as_str() == "expiring").collect();
    let mut ids: Vec<&str> = reminders.iter().map(|mail| mail.message_id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((reminders.len(), ids.len()), (5, 5), "15, 7, 3, 1 and 0 days, each once");

    // The power went after the last was sent, and before that was written down.
    let sent = house.list("/v1/deliveries?channel=mail").await;
    let last = sent.iter().find(|mail| mail["what"] == "expiring").expect("a delivery");
    let id = text(&last["id"]);
    let [stream, seq, n] = id.split('-').collect::<Vec<_>>()[..] else { panic!("{id}") };
    let key = EffectKey {
        stream: stream.parse().expect("a stream"),
        seq: seq.parse().expect("a record"),
        n: n.parse().expect("a number"),
    };
    let (state, next_at) = (DeliveryState::Waiting, at("2026-02-01T11:00:00Z"));
    let chore = Chore::Delivery { key, state, attempts: 0, next_at, outcome: String::new() };
    house.app().accounts.chores(vec![chore]).await.expect("written");
    house.until("2026-02-01T11:01:00Z").await;
    let again: Vec<_> =
        house.mails().into_iter().filter(|mail| mail.template.as_str() == "expiring").collect();
    assert_eq!(again.len(), 6);
    assert!(ids.contains(&again[5].message_id.as_str()), "it is recognised");
    house.close().await;
}

/// There, cron said "success" and no mail had gone; errors were swallowed. Here a mail that did not go
/// waits, in a list with the reason and in the status with its age, until it goes.
#[actix_rt::test]
async fn fossbilling_2843_3012_4112_a_mail_that_did_not_go_is_seen() {
    let mut house = House::of(without_mail()).await;
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "18.00").await;
    ada.buys(&house, "ManualRenewal").await;
    house.until("2026-01-01T02:00:00Z").await;
    let status = house.get("/v1/status").await.ok();
    let mail = status["outbox"].as_array().expect("channels").iter();
    let mail = mail.clone().find(|it| it["channel"] == "mail").expect("the mail");
    assert_eq!((&mail["waiting_count"], &mail["age_seconds"]), (&2.into(), &7200.into()), "{mail}");
    let waiting = house.list("/v1/deliveries?channel=mail&state=waiting").await;
    let tried = waiting.iter().find(|mail| mail["attempts"].as_u64() > Some(0)).expect("one tried");
    assert!(!text(&tried["outcome"]).is_empty(), "why: {tried}");
    // The server is back.
    house.dies().await;
    house.config.mail.backend = MailBackend::Memory;
    house.awake().await;
    house.until("2026-01-01T08:00:00Z").await;
    let mut letters = house.letters(&ada);
    letters.sort_unstable();
    assert_eq!(letters, ["activated", "topped_up"]);
    assert!(house.list("/v1/deliveries?channel=mail&state=waiting").await.is_empty());
    house.close().await;
}

/// There, reminders had been broken for long, and to repair them would have sent all that had piled
/// up. Here a mail says from when on it is useless: those are recorded as not sent, with the reason,
/// and what still matters goes.
#[actix_rt::test]
async fn leaky_paywall_44_a_repair_sends_no_backlog() {
    let mut setting = without_mail();
    // Nothing is given up, and a try a day is enough.
    let length = |text: &str| text.parse().expect("a length");
    setting.config.outbox.give_up_after = length("90d");
    (setting.config.outbox.retry_first, setting.config.outbox.retry_max) =
        (length("1d"), length("1d"));
    let mut house = House::of(setting).await;
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "36.00").await;
    let gone = ada.buys(&house, "ManualRenewal").await;
    let kept = ada.buys(&house, "ManualRenewal").await;
    house.until("2026-01-26T00:00:00Z").await;
    ada.tops_up(&house, "18.00").await;
    kept.renew(&house).await.ok();
    house.until("2026-02-10T00:00:00Z").await;
    assert_eq!(gone.state(&house).await, "Suspended");
    let waiting = house.list("/v1/deliveries?channel=mail&state=waiting").await;
    assert!(waiting.len() > 5, "a backlog: {}", waiting.len());
    house.dies().await;
    house.config.mail.backend = MailBackend::Memory;
    house.awake().await;
    house.until("2026-02-11T00:00:00Z").await;
    let letters = house.letters(&ada);
    assert!(!letters.contains(&"expiring"), "nothing about an expiry that is past: {letters:?}");
    assert_eq!(letters.iter().filter(|letter| **letter == "suspended").count(), 1, "{letters:?}");
    let void = house.list("/v1/deliveries?channel=mail&state=void").await;
    let reminders: Vec<_> = void.iter().filter(|mail| mail["what"] == "expiring").collect();
    assert!(reminders.len() >= 6, "{reminders:?}");
    for reminder in reminders {
        assert!(!text(&reminder["outcome"]).is_empty(), "{reminder}");
    }
    house.close().await;
}

/// There, a webhook that had failed several times silently stopped for good. Here each delivery is
/// tried again until its time is over, those behind it wait for their turn, and the list says so.
#[actix_rt::test]
async fn btcpayserver_3146_a_webhook_that_fails_is_tried_again() {
    let panel = Receiver::start_with_failures(7);
    let config = panel.config();
    let house = House::of(telling(config.split('"').nth(1).expect("an address"))).await;
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "36.00").await;
    ada.buys(&house, "AutoRenewal").await;
    house.until("2026-01-01T00:00:30Z").await;
    let waiting = house.list("/v1/deliveries?channel=webhook&state=waiting").await;
    assert!(!waiting.is_empty(), "the panel is down");
    house.until("2026-01-24T00:00:00Z").await;
    let hooks = panel.hooks();
    assert!(hooks.iter().all(|hook| hook.is_signed));
    let whats: Vec<&str> = hooks.iter().map(|hook| hook.what.as_str()).collect();
    let place = |what: &str| {
        whats.iter().position(|it| *it == what).unwrap_or_else(|| panic!("{what}: {whats:?}"))
    };
    assert!(place("subscription.activated") < place("subscription.renewed"), "{whats:?}");
    let all = house.list("/v1/deliveries?channel=webhook").await;
    assert!(all.iter().all(|hook| hook["state"] == "sent"), "{all:?}");
    assert_eq!(all.len(), hooks.len(), "and each came once");
    assert_eq!(house.get(&ada.path("")).await.ok()["cash"], usd("0.00"));
    house.close().await;
}
