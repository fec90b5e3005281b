//! Second room: renewals that were missed, and what happened after downtime.

use renewd::domain::agenda::Job;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};

use crate::harness::{self, Ask, Home, Receiver};
use crate::house::{BOOK, House, Setting, usd};
use crate::people::{Customer, Sub, follow_each_other};

/// A gateway that renews itself on the day of its expiry, for 28.00.
fn gateway() -> Value {
    json!({
        "kind": "new", "product": "nat", "plan": "small", "region": "eu-central-1",
        "period": "P1M", "renewal_mode": "AutoRenewal", "pay_now": true
    })
}

/// There, the clock process was broken from the 1st to the 11th of April, and the invoice of the
/// 10th was never made; the advice was to run that date by hand. Here what is due is read from the
/// state: whoever wakes does it, at its own instant, and says how late it was.
#[actix_rt::test]
async fn lago_354_a_missed_day_is_not_a_missed_invoice() {
    let mut house = House::start_at("2026-03-10T00:00:00Z").await;
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "100.00").await;
    let (line, _) = ada.places(&house, &gateway()).await;
    house.until("2026-04-01T00:00:00Z").await;
    house.dies().await;
    house.sleeps_until("2026-04-11T12:00:00Z");
    house.awake().await;
    assert_eq!(house.lag().await, 8 * 86_400, "since March was to be closed, on the 3rd");
    let moved = house.until("2026-04-11T12:01:00Z").await;
    let lag = moved["steps"]["renewal_attempted"]["lag_seconds_max"].as_u64().expect("an attempt");
    assert_eq!(lag, 28 * 3600, "the attempt of the 10th at 08:00: {moved}");
    let renewed = ada.events(&house, &["subscription.renewed"]).await;
    let [renewed] = renewed.as_slice() else { panic!("{renewed:?}") };
    assert_eq!(renewed.word("at"), "2026-04-10T08:00:00Z", "its own instant");
    assert_eq!(renewed.at, "2026-04-11T12:00:00Z", "and when that was done");
    assert_eq!(line.expires_at(&house).await, "2026-05-10T00:00:00Z", "no day was given away");
    // The statement of March is made, and April has the line of the 10th.
    let march = house.get(&ada.path("/statements/2026-03")).await.ok();
    assert_eq!(march["totals"]["total"], usd("28.00"), "{march}");
    let april = house.get(&ada.path("/statements/2026-04")).await.ok();
    assert_eq!(april["lines"][0]["at"], "2026-04-10T08:00:00Z", "{april}");
    house.close().await;
}

/// There, the clock or a worker hung for days, while its container looked healthy. Here the status
/// says how late the oldest due thing is, whoever should have done it, and for whom.
#[actix_rt::test]
async fn lago_188_462_a_clock_that_hangs_is_seen() {
    let house = House::start().await;
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "18.00").await;
    ada.buys(&house, "ManualRenewal").await;
    house.until("2026-01-17T09:01:00Z").await;
    assert_eq!(house.lag().await, 0);
    // The reminder of the 17th was sent; that of the 25th is not, for two days.
    house.sleeps_until("2026-01-27T00:00:00Z");
    let status = house.get("/v1/status").await.ok();
    let schedulers = status["schedulers"].as_array().expect("schedulers");
    let late = schedulers.iter().filter(|it| it["due"]["lag_seconds"].as_u64() > Some(0));
    let late: Vec<_> = late.map(|it| (it["job"].clone(), it["due"]["at"].clone())).collect();
    assert_eq!(late, [("reminders".into(), "2026-01-25T09:00:00Z".into())], "{status}");
    assert_eq!(status["lag_seconds"], 39 * 3600);
    house.run(Job::Reminders).await;
    assert_eq!(house.lag().await, 0);
    house.close().await;
}

/// There, a node was killed in the middle of its work, and rows that it had marked as being
/// processed were never picked up again. Here nothing says "in process": what is due ceases to be
/// due in the transaction that records what came of it.
#[test]
fn killbill_commons_169_nobody_stays_in_processing() {
    let (home, panel) = (Home::new(), Receiver::start());
    home.configure(&panel.config());
    let daemon = home.start();
    let line = |number: usize| {
        let (name, id) = (format!("customer{number}"), format!("db-{number}"));
        let sub = json!({
            "external_id": id, "product": "rds", "plan": "basic", "region": "eu-central-1",
            "anchor": "2025-12-20T00:00:00Z", "expires_at": "2026-01-20T00:00:00Z",
            "period": "P1M", "mode": "AutoRenewal", "price": "18.00"
        });
        let account = harness::Customer::form(&name);
        json!({"external_id": name, "account": account, "cash": "18.00", "subscriptions": [sub]})
            .to_string()
    };
    let lines: Vec<String> = (0..40).map(line).collect();
    daemon.import("", &lines);
    // All are due at one instant. The node dies as soon as the first renewal is heard of.
    let (told, socket) = (panel.hooks().len(), home.socket());
    let stretch = Ask::post("/v1/clock", &json!({"to": "2026-01-11T08:00:00Z"}));
    std::thread::scope(|scope| {
        scope.spawn(|| stretch.try_send(&socket));
        panel.await_hooks(told + 1);
        daemon.kill();
    });
    let daemon = home.start_at("2026-01-11T08:00:00Z");
    daemon.until("2026-01-11T08:01:00Z");
    let subs = daemon.list("/v1/subscriptions");
    assert_eq!(subs.len(), 40);
    for sub in &subs {
        assert_eq!(
            (&sub["expires_at"], &sub["period_no"]),
            (&"2026-02-20T00:00:00Z".into(), &2.into())
        );
    }
    assert_eq!(daemon.get("/v1/status").ok()["lag_seconds"], 0);
    let checked = daemon.stop().run("check", &[]).ok();
    assert!(checked.out.contains("0 findings"), "{checked:?}");
}

/// There, an order was suspended though no invoice had ever been made, and no log said why. Here
/// what comes before a suspension stands in the journal before it: each reminder, sent or given up
/// for a reason, or each attempt with what it lacked; also if everybody slept meanwhile.
#[actix_rt::test]
async fn fossbilling_3425_2655_no_suspension_without_what_led_to_it() {
    let mut house = House::start().await;
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "36.00").await;
    let manual = ada.buys(&house, "ManualRenewal").await;
    let auto = ada.buys(&house, "AutoRenewal").await;
    house.until("2026-01-02T00:00:00Z").await;
    house.dies().await;
    house.sleeps_until("2026-02-20T12:00:00Z");
    house.awake().await;
    house.until("2026-02-20T12:01:00Z").await;
    let history = ada.history(&house).await;
    let led_to = |sub: &Sub, name: &str| {
        let of_it = history
            .iter()
            .filter(|it| [it.word("id"), it.word("subscription")].contains(&sub.id.as_str()));
        let before = of_it.take_while(|it| it.name != "subscription.suspended");
        let what = |it: &crate::people::Happened| {
            format!(
                "{} {}",
                it.word("due_at"),
                it.what
                    .get("reason")
                    .or(it.what["failure"].get("not_enough_funds"))
                    .unwrap_or(&Value::Null)
            )
        };
        before.filter(|it| it.name == name).map(what).collect::<Vec<_>>()
    };
    assert!(history.iter().any(|it| it.name == "subscription.suspended"));
    let skipped = led_to(&manual, "notice.skipped");
    for day in ["2026-01-17", "2026-01-25", "2026-01-29", "2026-01-31"] {
        assert!(skipped.contains(&format!("{day}T09:00:00Z \"superseded\"")), "{skipped:#?}");
    }
    let failed = led_to(&auto, "subscription.attempt_failed");
    assert_eq!(failed.len(), 9, "from the 23rd at 08:00 to the 31st: {failed:#?}");
    assert!(failed.iter().all(|slot| slot.contains("0.00")), "what there was: {failed:#?}");
    // And nothing is released before its owner was told, a day ahead (D38).
    assert_eq!(
        (manual.state(&house).await, auto.state(&house).await),
        ("Suspended".to_owned(), "Suspended".to_owned())
    );
    house.until("2026-02-21T11:59:00Z").await;
    assert_eq!(manual.state(&house).await, "Suspended");
    house.until("2026-02-21T12:01:00Z").await;
    assert_eq!(manual.state(&house).await, "Released");
    let letters = house.letters(&ada);
    let place = |word: &str| {
        letters
            .iter()
            .position(|letter| *letter == word)
            .unwrap_or_else(|| panic!("no {word} in {letters:?}"))
    };
    assert!(place("release_ahead") < place("released"), "{letters:?}");
    let mails = house.list("/v1/deliveries?channel=mail&state=void").await;
    let unsent = mails.iter().find(|mail| mail["what"] == "suspended").expect("one that was late");
    assert_eq!(unsent["outcome"], "useless after 2026-02-16T00:00:00Z", "why it was not sent");
    house.close().await;
}

/// There, suspension ran before the gateway's payment arrived, and the payment was refused since the
/// order was no longer "active". Here what is suspended can be renewed by definition, until it is
/// released, and runs again at once; the days count from the old expiry.
#[actix_rt::test]
async fn fossbilling_4242_a_payment_after_the_suspension_revives() {
    let house = House::start().await;
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "18.00").await;
    let hosting = ada.buys(&house, "ManualRenewal").await;
    house.until("2026-01-31T00:00:00Z").await;
    let renewal = json!({"kind": "renew", "subscription": hosting.id, "period": "P1M"});
    let (_, invoice) = ada.places(&house, &renewal).await;
    house.until("2026-02-03T00:00:00Z").await;
    assert_eq!(hosting.state(&house).await, "Suspended");
    ada.tops_up(&house, "18.00").await;
    let paid = ada.pays(&house, &invoice).await.ok();
    assert_eq!(paid["order"]["state"], "Paid", "{paid}");
    assert_eq!(hosting.state(&house).await, "Active");
    assert_eq!(hosting.expires_at(&house).await, "2026-03-01T00:00:00Z");
    follow_each_other(&hosting.periods(&house).await);
    house.close().await;
}

/// There, one path forgot to schedule the next notification, and billing never resumed. Here nobody
/// schedules: after each record, when an account is due next is read from what it has become. So
/// there is no path to forget it on; many are walked all the same.
#[actix_rt::test]
async fn killbill_98_billing_goes_on_whatever_was_done_before() {
    let house = House::start().await;
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "500.00").await;
    let database = ada.buys(&house, "AutoRenewal").await;
    let is_awaited = async |done: &str| {
        let shown = house.get(&ada.path("")).await.ok();
        assert!(shown["next_due"]["at"].is_string(), "after {done}: {shown}");
    };
    is_awaited("a purchase").await;
    let renewal = json!({"kind": "renew", "subscription": database.id, "period": "P1M"});
    let (_, order) = ada.places(&house, &renewal).await;
    is_awaited("an order").await;
    house.post(&ada.path(&format!("/orders/{order}/cancel")), &json!({})).await.ok();
    is_awaited("an order that was cancelled").await;
    for mode in ["NotRenewal", "ManualRenewal", "AutoRenewal"] {
        database.set_mode(&house, mode).await.ok();
        is_awaited(mode).await;
    }
    house
        .post(&database.path("/changes"), &json!({"plan": "standard", "pay_now": true}))
        .await
        .ok();
    is_awaited("a change of its plan").await;
    house.put_book(&BOOK.replacen("\"65.00\"", "\"66.00\"", 1)).await.ok();
    is_awaited("another price list").await;
    database.renew(&house).await.ok();
    is_awaited("a renewal by hand").await;
    // It is put on ice over the slot of its renewal, and let go a day later.
    house.until("2026-02-19T00:00:00Z").await;
    house.post(&ada.path("/hold"), &json!({})).await.ok();
    house.until("2026-02-21T00:00:00Z").await;
    assert_eq!(database.expires_at(&house).await, "2026-03-01T00:00:00Z", "nothing happens to it");
    house.post(&ada.path("/let-go"), &json!({})).await.ok();
    is_awaited("a hold").await;
    house.until("2026-02-21T09:00:00Z").await;
    assert_eq!(database.expires_at(&house).await, "2026-04-01T00:00:00Z", "billing goes on");
    house.until("2026-05-01T00:00:00Z").await;
    assert_eq!(database.expires_at(&house).await, "2026-06-01T00:00:00Z");
    follow_each_other(&database.periods(&house).await);
    house.close().await;
}

/// There, the first notice to somebody overdue was never scheduled. Here the notices of an overdue
/// account are days from the instant at which it fell overdue, the first of them zero days.
#[actix_rt::test]
async fn killbill_846_the_first_notice_of_a_debt_is_sent() {
    let house = House::start().await;
    let bob = Customer::open(&house, "bob").await;
    bob.tops_up(&house, "0.01").await;
    bob.starts_a_machine(&house).await;
    house.until("2026-01-02T00:00:00Z").await;
    let shown = house.get(&bob.path("")).await.ok();
    let since = shown["overdue_since"].as_str().expect("an instant").to_owned();
    let first = house.letter(&bob, "overdue");
    assert_eq!(first.subject, "Your account is overdue: please pay 0.02 USD");
    let overdue = bob.events(&house, &["standing.fell_overdue", "standing.noticed"]).await;
    assert!(overdue.iter().all(|it| it.at == since), "in the same hour: {overdue:?}");
    house.until("2026-01-17T00:00:00Z").await;
    let letters = house.letters(&bob);
    assert_eq!(letters.iter().filter(|letter| **letter == "overdue").count(), 3, "0, 7, 14 days");
    house.close().await;
}

/// There, a release replayed every missed period, and five weeks later another deliberately forgave
/// them. Here there is one answer: whoever slept comes to the same money, periods and states as
/// whoever did not, each period charged at its own instant as long as there was money for it then.
#[actix_rt::test]
async fn lago_5698_5935_who_slept_owes_what_everybody_owes() {
    let begin = async || {
        let house = House::start().await;
        let ada = Customer::open(&house, "ada").await;
        // Enough for two renewals of three.
        ada.tops_up(&house, "60.00").await;
        let database = ada.buys(&house, "AutoRenewal").await;
        house.until("2026-01-02T00:00:00Z").await;
        (house, ada, database)
    };
    let (awake, ada, steady) = begin().await;
    awake.until("2026-04-05T00:00:00Z").await;
    let (mut asleep, bob, rested) = begin().await;
    asleep.dies().await;
    asleep.sleeps_until("2026-04-05T00:00:00Z");
    asleep.awake().await;
    asleep.until("2026-04-05T00:01:00Z").await;
    let charged = rested.periods(&asleep).await;
    assert_eq!(charged, steady.periods(&awake).await);
    assert_eq!(charged.len(), 3, "{charged:?}");
    assert_eq!(
        (bob.cash(&asleep).await, ada.cash(&awake).await),
        ("6.00".to_owned(), "6.00".to_owned())
    );
    for state in [rested.state(&asleep).await, steady.state(&awake).await] {
        assert_eq!(state, "Suspended", "for the fourth there was no money in March");
    }
    let slots = async |house: &House, customer: &Customer| {
        let deeds =
            ["subscription.renewed", "subscription.attempt_failed", "subscription.suspended"];
        let deeds = customer.events(house, &deeds).await.into_iter();
        let slot = |it: crate::people::Happened| {
            format!("{} {}{}", it.name, it.word("at"), it.word("due_at"))
        };
        deeds.map(slot).collect::<Vec<_>>()
    };
    assert_eq!(slots(&asleep, &bob).await, slots(&awake, &ada).await);
    asleep.close().await;
    awake.close().await;
}

/// There, periods that were skipped left a subscription stuck: the scheduler said "complete" and made
/// nothing, day after day. Here one run does all that is due, however many periods that is, and
/// nothing is due behind it.
#[actix_rt::test]
async fn erpnext_46080_53308_a_run_that_is_complete_leaves_nothing_due() {
    let mut house = House::start().await;
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "100.00").await;
    let mut weekly = Customer::order("AutoRenewal", true);
    weekly["period"] = "P1W".into();
    let (database, _) = ada.places(&house, &weekly).await;
    house.dies().await;
    house.sleeps_until("2026-02-12T12:00:00Z");
    house.awake().await;
    let ran = house.run(Job::Renewals).await;
    assert_eq!(ran["advanced_count"], 1, "{ran}");
    assert_eq!(ran["steps"]["renewal_attempted"]["count"], 6, "six weeks at once: {ran}");
    assert_eq!(house.lag().await, 0);
    let periods = database.periods(&house).await;
    follow_each_other(&periods);
    assert_eq!(periods.last().map(|last| last.2.as_str()), Some("2026-02-19T00:00:00Z"));
    house.until("2026-02-20T00:00:00Z").await;
    assert_eq!(database.periods(&house).await.len(), 8, "and it goes on");
    house.close().await;
}

/// There, the daily run is one transaction: a single bad service rolled back every customer's. Here
/// each account is a commit of its own. One whose journal was tampered with is set aside and named,
/// and everybody else is renewed in the same run.
#[actix_rt::test]
async fn paymenter_one_bad_service_spoils_nobody_elses_day() {
    let mut house = House::of(Setting { on_disk: true, ..Setting::default() }).await;
    let mut customers = Vec::new();
    for name in ["ada", "bob", "eve"] {
        let customer = Customer::open(&house, name).await;
        customer.tops_up(&house, "100.00").await;
        let database = customer.buys(&house, "AutoRenewal").await;
        customers.push((customer, database));
    }
    house.dies().await;
    let bad = &customers[1].0;
    let opened_twice = "UPDATE journal SET body = (SELECT body FROM journal AS first \
        WHERE first.stream = journal.stream AND first.seq = 1) WHERE stream = ? AND seq = 2";
    let options = SqliteConnectOptions::new().filename(house.file());
    let mut conn = SqliteConnection::connect_with(&options).await.expect("a connection");
    let done = sqlx::query(opened_twice).bind(&bad.id).execute(&mut conn).await.expect("tampered");
    assert_eq!(done.rows_affected(), 1);
    conn.close().await.expect("closed");
    house.awake().await;
    house.until("2026-01-24T00:00:00Z").await;
    for place in [0, 2] {
        let (customer, database) = &customers[place];
        assert_eq!(database.expires_at(&house).await, "2026-03-01T00:00:00Z");
        assert_eq!(customer.cash(&house).await, "64.00");
    }
    let parked = house.list("/v1/parked").await;
    assert_eq!(parked.len(), 1, "{parked:?}");
    assert_eq!(parked[0]["stream"], bad.id.as_str());
    assert_eq!(house.get("/v1/status").await.ok()["parked_count"], 1);
    assert!(house.findings().await.iter().all(|found| found.contains(&bad.id)));
    house.goes().await;
}
