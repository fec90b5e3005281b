//! First room: double charges and double renewals.

use std::process::Stdio;

use futures_util::future::{join, join_all};
use renewd::domain::agenda::Job;
use serde_json::{Value, json};

use crate::harness::{Ask, Home};
use crate::house::{BOOK, House};
use crate::people::{Customer, follow_each_other, text};

/// A renewal for a month, by somebody who saw that expiry.
fn renewal_seen_at(expires_at: &str) -> Value {
    json!({"period": "P1M", "pay_now": true, "expected_expires_at": expires_at})
}

/// There, one payment renewed an order twice, by the gateway's webhook and then by cron, and its
/// expiry moved by two months. Here the webhook's renewal names the expiry that the customer saw,
/// and an automatic attempt names its period: whoever comes second finds the period paid.
#[actix_rt::test]
async fn fossbilling_3106_paid_twice_moves_the_expiry_once() {
    let house = House::start().await;
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "18.00").await;
    let hosting = ada.buys(&house, "AutoRenewal").await;
    house.until("2026-01-22T00:00:00Z").await;
    // The webhook is first, and delivered twice; the gateway's id of the payment is its key.
    let renewals = hosting.path("/renewals");
    let seen = renewal_seen_at("2026-02-01T00:00:00Z");
    for _ in 0..2 {
        ada.tops_up_once(&house, "pi_1", "18.00").await.ok();
        house.post_once("pi_1/renewal", &renewals, &seen).await.ok();
    }
    house.until("2026-01-25T00:00:00Z").await;
    assert_eq!(hosting.expires_at(&house).await, "2026-03-01T00:00:00Z", "one month");
    assert_eq!(ada.cash(&house).await, "0.00");

    // The other way round: cron is first, and the webhook comes after it.
    house.until("2026-02-19T00:00:00Z").await;
    ada.tops_up_once(&house, "pi_2", "18.00").await.ok();
    house.until("2026-02-20T08:00:00Z").await;
    assert_eq!(hosting.expires_at(&house).await, "2026-04-01T00:00:00Z");
    ada.tops_up(&house, "18.00").await;
    let seen = renewal_seen_at("2026-03-01T00:00:00Z");
    let answer = house.post_once("pi_2/renewal", &renewals, &seen).await.ok();
    assert_eq!(answer["outcome"], "already_renewed", "{answer}");
    assert_eq!(hosting.expires_at(&house).await, "2026-04-01T00:00:00Z");
    assert_eq!(ada.cash(&house).await, "18.00", "it was not charged for that");

    // And both in the same instant.
    house.until("2026-03-23T07:59:00Z").await;
    house.sleeps_until("2026-03-23T08:00:00Z");
    let seen = renewal_seen_at("2026-04-01T00:00:00Z");
    let webhook = house.post_once("pi_3/renewal", &renewals, &seen);
    let (answer, _) = join(webhook, house.run(Job::Renewals)).await;
    assert!(answer.is_ok(), "{answer:?}");
    assert_eq!(hosting.expires_at(&house).await, "2026-05-01T00:00:00Z");
    let periods = hosting.periods(&house).await;
    follow_each_other(&periods);
    assert_eq!((periods.len(), ada.count(&house, "order.paid").await), (4, 4));
    house.close().await;
}

/// There, the test whether a day was billed already compared dates of two zones, missed, and the
/// period was billed again. Here a period is a whole number counted from the anchor, and paid once;
/// no date is compared with any other.
#[actix_rt::test]
async fn killbill_1856_a_period_is_a_number_and_no_date() {
    let house = House::start_at("2026-01-15T11:30:00Z").await;
    let mut subs = Vec::new();
    for (name, zone) in
        [("kiri", "Pacific/Kiritimati"), ("pago", "Pacific/Pago_Pago"), ("ada", "UTC")]
    {
        let customer = Customer::open_in(&house, name, zone).await;
        customer.tops_up(&house, "100.00").await;
        let sub = customer.buys(&house, "AutoRenewal").await;
        subs.push((customer, sub));
    }
    // It is the same day nowhere, and the scheduler looks every hour around each renewal.
    for day in ["2026-02-05", "2026-02-06", "2026-03-05", "2026-03-06"] {
        for hour in 0..24 {
            house.until(&format!("{day}T{hour:02}:00:00Z")).await;
            house.run(Job::Renewals).await;
        }
    }
    for (customer, sub) in &subs {
        let periods = sub.periods(&house).await;
        follow_each_other(&periods);
        assert_eq!(periods.iter().map(|period| period.0).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(customer.cash(&house).await, "46.00", "three periods of 18.00");
    }
    house.close().await;
}

/// There, an error was swallowed where existing items were read, and each run made the same items
/// anew, for ever. Here what cannot be renewed is a failed attempt, recorded once for each slot,
/// and looking again writes nothing.
#[actix_rt::test]
async fn killbill_640_a_failure_does_not_make_item_after_item() {
    let house = House::start().await;
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "100.00").await;
    let database = ada.buys(&house, "AutoRenewal").await;
    let price = "prices.USD = { week = \"5.40\", month = \"18.00\", year = \"180.00\" }\n";
    house.put_book(&BOOK.replacen(price, "", 1)).await.ok();
    house.until("2026-01-24T12:00:00Z").await;
    let failures = ada.events(&house, &["subscription.attempt_failed"]).await;
    let slots: Vec<&str> = failures.iter().map(|failed| failed.word("due_at")).collect();
    assert_eq!(slots, ["2026-01-23T08:00:00Z", "2026-01-24T08:00:00Z"]);
    let records = ada.records(&house).await.len();
    for _ in 0..20 {
        house.run_all().await;
    }
    assert_eq!(ada.records(&house).await.len(), records, "nothing is made by looking");
    assert_eq!(ada.cash(&house).await, "82.00");
    assert_eq!(ada.count(&house, "order.opened").await, 1);
    // The price is back: the next slot renews, once.
    house.put_book(BOOK).await.ok();
    house.until("2026-01-27T00:00:00Z").await;
    assert_eq!(database.periods(&house).await.len(), 2);
    assert_eq!(ada.cash(&house).await, "64.00");
    house.close().await;
}

/// There, the same loop began where the database lived in another zone than the application. Here
/// instants are stored as microseconds, and zones come from the customer: the machine's own zone is
/// never asked.
#[test]
fn killbill_150_the_machines_zone_changes_nothing() {
    let zones = ["Pacific/Kiritimati", "America/Los_Angeles"];
    let [east, west] = std::thread::scope(|scope| {
        let lives = zones.map(|zone| scope.spawn(move || two_months_on_a_machine_in(zone)));
        lives.map(|life| life.join().expect("a life"))
    });
    assert_eq!(east, west);
    assert_eq!(east.iter().filter(|line| line.contains("renewed")).count(), 2, "{east:#?}");
}

/// What happened to a customer within two months, with its instants.
fn two_months_on_a_machine_in(zone: &str) -> Vec<String> {
    let home = Home::new();
    let mut daemon = home.renewd("serve");
    daemon.args(["--clock", "manual:2026-01-01T00:00:00Z"]).env("TZ", zone);
    let mut daemon = daemon.stderr(Stdio::null()).spawn().expect("renewd");
    let socket = home.socket();
    while Ask::get("/v1/clock").try_send(&socket).is_none() {
        std::thread::yield_now();
    }
    let post = |path: &str, form: &Value| Ask::post(path, form).send(&socket).ok();
    let form = Customer::form("ada", "Europe/Berlin");
    let ada = Customer { id: text(&post("/v1/accounts", &form)["id"]) };
    post(&ada.path("/top-ups"), &Customer::money_in("100.00"));
    post(&ada.path("/orders"), &Customer::order("AutoRenewal", true));
    post("/v1/clock", &json!({"to": "2026-03-01T00:00:00Z"}));
    let journal = Ask::get(ada.path("/journal?limit=300")).send(&socket).ok();
    daemon.kill().expect("a process to kill");
    daemon.wait().expect("an end");
    assert!(home.run("check", &[]).ok().out.contains("0 findings"));
    let records = journal["items"].as_array().expect("records").iter();
    records.map(|it| format!("{} {}", it["at"], it["events"]).replace(&ada.id[4..], "")).collect()
}

/// There, a job that was retried charged fees in advance a second time. Here paying is a step from
/// one state to the next: the same request again is answered with what it came to the first time,
/// and another one is told that the order is paid.
#[actix_rt::test]
async fn lago_4227_what_is_paid_is_not_paid_again() {
    let mut house = House::start().await;
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "100.00").await;
    let (_, order) = ada.places(&house, &Customer::order("ManualRenewal", false)).await;
    let pay = ada.path(&format!("/orders/{order}/pay"));
    let nothing = json!({});
    let answers = join_all((0..8).map(|_| house.post_once("job-7", &pay, &nothing))).await;
    assert!(answers.iter().all(|answer| answer.ok()["order"]["state"] == "Paid"));
    assert_eq!(answers.iter().filter(|answer| !answer.is_replayed).count(), 1);
    house.is_killed_and_started_again().await;
    assert!(house.post_once("job-7", &pay, &nothing).await.is_replayed, "after a crash, too");
    house.post_once("job-8", &pay, &nothing).await.refused(409, "OrderClosed");
    let other = ada.path("/orders");
    let reused = house.post_once("job-7", &other, &Customer::order("ManualRenewal", true)).await;
    reused.refused(422, "IdempotenceParamNotMatch");
    assert_eq!(ada.cash(&house).await, "82.00");
    assert_eq!(ada.count(&house, "order.paid").await, 1);
    house.close().await;
}

/// There, a worker that ran twice finalised an invoice twice. Here a month is closed by one event
/// of its account, an invoice takes the lines that are on none, and its number is asked for under
/// the invoice's own id.
#[actix_rt::test]
async fn lago_5523_an_invoice_is_finalised_once() {
    let mut house = House::start().await;
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "100.00").await;
    ada.buys(&house, "NotRenewal").await;
    house.until("2026-02-03T11:59:00Z").await;
    house.sleeps_until("2026-02-03T12:00:00Z");
    join_all((0..4).map(|_| house.run(Job::Statements))).await;
    house.is_killed_and_started_again().await;
    house.run_all().await;
    assert_eq!(ada.count(&house, "statement.closed").await, 1);
    let invoice = ada.path("/statements/2026-01/invoice");
    let nothing = json!({});
    let issued = join_all((0..6).map(|_| house.post_once("inv", &invoice, &nothing))).await;
    let ids: Vec<String> =
        issued.iter().map(|answer| text(&answer.ok()["document"]["id"])).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    house.post(&invoice, &nothing).await.refused(409, "NothingToInvoice");
    house.until("2026-02-04T00:00:00Z").await;
    let documents = house.list(&ada.path("/documents")).await;
    assert_eq!(documents.len(), 1, "{documents:?}");
    assert_eq!(documents[0]["number"], "INV-2026-000001");
    house.close().await;
}

/// There, a gateway repeated the notice of a sign-up, and each made a subscription. Here the
/// notice's id is the key of the request that it leads to; what comes under a key again, at the same
/// time or after a crash, is answered and not done.
#[actix_rt::test]
async fn fossbilling_3927_a_repeated_sign_up_is_one_subscription() {
    let mut house = House::start().await;
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "100.00").await;
    let orders = ada.path("/orders");
    let form = Customer::order("AutoRenewal", true);
    let notices = join_all((0..5).map(|_| house.post_once("WH-1", &orders, &form))).await;
    house.is_killed_and_started_again().await;
    let late = house.post_once("WH-1", &orders, &form).await;
    let subscription = |answer: &crate::house::Answer| text(&answer.ok()["subscription"]["id"]);
    assert!(notices.iter().all(|notice| subscription(notice) == subscription(&late)));
    assert_eq!(house.list(&ada.path("/subscriptions")).await.len(), 1);
    assert_eq!(ada.cash(&house).await, "82.00");
    house.close().await;
}
