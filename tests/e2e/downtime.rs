//! The daemon slept while things became due: everything is done once, in time order, and what
//! takes away from customers in a mass waits for an operator.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{Ask, Customer, Daemon, Home, Receiver, mails_in, words};

/// What happened to an account by itself or by request, without the notices (which collapse) and
/// without the time at which it was recorded.
fn deeds(customer: &Customer, daemon: &Daemon) -> Vec<String> {
    let events = customer.events(daemon).into_iter();
    events.filter(|event| !event.starts_with("notice.")).collect()
}

/// Three customers' subscriptions, up to the tenth of January.
fn begins(home: &Home) -> (Daemon, Customer) {
    let daemon = home.start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "100.00");
    ada.buys(&daemon, "ManualRenewal");
    ada.buys(&daemon, "AutoRenewal");
    ada.buys(&daemon, "NotRenewal");
    daemon.post(&ada.path("/orders"), &Customer::order("ManualRenewal", false)).ok();
    daemon.until("2026-01-06T00:00:00Z");
    (daemon, ada)
}

/// How the subscriptions stand, by id.
fn standing(daemon: &Daemon) -> BTreeMap<String, [Value; 4]> {
    let subs = daemon.list("/v1/subscriptions").into_iter();
    subs.map(|sub| {
        let id = sub["id"].as_str().expect("an id");
        // Ids hold chance and number: the number tells them apart.
        let number = id.rsplit('_').next().expect("a number").to_owned();
        let fields = ["state", "expires_at", "period_no", "price"];
        (number, fields.map(|field| sub[field].clone()))
    })
    .collect()
}

#[test]
fn who_slept_and_who_did_not_come_to_the_same() {
    let (awake_home, asleep_home) = (Home::new(), Home::new());
    let (awake, ada) = begins(&awake_home);
    awake.until("2026-02-05T00:00:00Z");

    let (daemon, bob) = begins(&asleep_home);
    let mails_before = bob.mails(&daemon).len();
    let home = daemon.stop();
    let daemon = home.start_at("2026-02-05T00:00:00Z");
    // What is late is there to be seen before anything is done about it.
    let status = daemon.get("/v1/status").ok();
    assert_eq!(status["lag_seconds"], 29 * 86_400, "since the warning on the 7th: {status}");
    let moved = daemon.until("2026-02-05T00:01:00Z");
    let late = &moved["steps"];
    let lags: Vec<u64> = late
        .as_object()
        .expect("steps")
        .values()
        .filter_map(|tally| tally["lag_seconds_max"].as_u64())
        .collect();
    assert_eq!(lags.iter().max(), Some(&(29 * 86_400)), "{moved}");

    // The same money, periods, states (D30).
    assert_eq!(standing(&daemon), standing(&awake));
    assert_eq!(bob.cash(&daemon), ada.cash(&awake));
    let mut expected = deeds(&ada, &awake);
    let mut found = deeds(&bob, &daemon);
    // Accounts of one daemon record in time order; what falls on one instant may stand either way.
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected);
    in_time_order(&bob.journal(&daemon));
    // Each reminder collapsed to what still matters (R3.7): no reminder of an expiry that is past.
    let mails = bob.mails(&daemon).split_off(mails_before);
    let mut words = words(&mails);
    words.sort_unstable();
    assert_eq!(words, ["order_cancelled", "renewed", "statement_ready", "suspended", "suspended"]);
    assert!(ada.mails(&awake).len() > mails_before + mails.len(), "awake it had reminded");

    // The catch-up is told: on the schedulers' page, and in the log.
    let schedulers = daemon.get("/v1/schedulers").ok();
    let told = schedulers["items"].as_array().expect("schedulers").iter();
    let latest: u64 = told
        .flat_map(|scheduler| scheduler["runs"].as_array().cloned().unwrap_or_default())
        .flat_map(|run| run["steps"].as_object().cloned().unwrap_or_default())
        .filter_map(|(_, tally)| tally["lag_seconds_max"].as_u64())
        .max()
        .unwrap_or(0);
    assert_eq!(latest, 29 * 86_400, "{schedulers}");
    assert_eq!(daemon.get("/v1/status").ok()["lag_seconds"], 0);

    // Once: neither another look nor another start does anything again.
    let records = bob.journal(&daemon).len();
    for job in ["orders", "renewals", "lifecycle", "reminders"] {
        let ran = daemon.post(&format!("/v1/schedulers/{job}/run"), &json!({})).ok();
        assert_eq!(ran["steps"], json!({}), "{ran}");
    }
    let daemon = daemon.kill().start_at("2026-02-05T00:01:00Z");
    daemon.until("2026-02-05T00:05:00Z");
    assert_eq!(bob.journal(&daemon).len(), records);
    daemon.stop().run("check", &[]).ok();
}

#[test]
fn a_power_cut_in_the_middle_of_it_changes_nothing() {
    let (home, panel) = (Home::new(), Receiver::start());
    let (awake, ada) = begins(&Home::new());
    awake.until("2026-02-05T00:00:00Z");
    home.configure(&panel.config());
    let (daemon, bob) = begins(&home);
    let told = panel.hooks().len();
    // The power goes as soon as the first thing of the stretch is heard of outside.
    let socket = home.socket();
    let stretch = Ask::post("/v1/clock", &json!({"to": "2026-02-05T00:00:00Z"}));
    std::thread::scope(|scope| {
        scope.spawn(|| stretch.try_send(&socket));
        panel.await_hooks(told + 1);
        daemon.kill();
    });
    // The manual clock begins again where the stretch began: behind what is recorded.
    let daemon = home.start_at("2026-01-06T00:00:00Z");
    daemon.until("2026-02-05T00:00:00Z");
    assert_eq!(standing(&daemon), standing(&awake));
    assert_eq!(bob.cash(&daemon), ada.cash(&awake));
    assert_eq!(bob.events(&daemon), ada.events(&awake));
    let (bobs, adas) = (bob.mails(&daemon), ada.mails(&awake));
    assert_eq!(words(&bobs), words(&adas), "each mail once: a second has the name of the first");
    let mut whats = panel.hooks();
    // What the daemon was about to note as delivered may come again, under its id.
    whats.sort_by(|a, b| a.id.cmp(&b.id));
    whats.dedup_by(|a, b| a.id == b.id);
    let delivered = daemon.list("/v1/deliveries?channel=webhook");
    assert_eq!(whats.len(), delivered.len());
    assert!(delivered.iter().all(|hook| hook["state"] == "sent"), "{delivered:?}");
    daemon.stop().run("check", &[]).ok();
}

/// The instants at which things were due, as far as records name them, never go back.
fn in_time_order(journal: &[Value]) {
    let mut records: Vec<&Value> = journal.iter().collect();
    records.sort_by_key(|record| record["seq"].as_u64());
    let due: Vec<&str> = records
        .iter()
        .flat_map(|record| record["events"].as_array().expect("events"))
        .filter_map(|event| event.as_object()?.values().next()?.as_object()?.values().next())
        .filter_map(|event| event["due_at"].as_str())
        .collect();
    assert!(!due.is_empty() && due.is_sorted(), "{due:?}");
}

/// Forty customers whose databases expire on the 20th, and one who renews by itself.
pub(crate) fn forty_lapse_while_it_sleeps(home: &Home, more: &str) -> Daemon {
    home.configure(&format!("mail.operator = \"night-shift@provider.example\"\n{more}"));
    let daemon = home.start();
    let line = |number: usize, mode: &str, cash: &str| {
        let (id, name) = (format!("book-{number}"), format!("customer{number}"));
        let subscription = json!({
            "external_id": format!("db-{number}"), "product": "rds", "plan": "basic",
            "region": "eu-central-1", "anchor": "2025-12-20T00:00:00Z",
            "expires_at": "2026-01-20T00:00:00Z", "period": "P1M", "mode": mode, "price": "18.00"
        });
        json!({
            "external_id": id, "account": Customer::form(&name), "cash": cash,
            "subscriptions": [subscription]
        })
        .to_string()
    };
    let mut lines: Vec<String> =
        (0..40).map(|number| line(number, "ManualRenewal", "0.00")).collect();
    lines.push(line(40, "AutoRenewal", "100.00"));
    let answers = daemon.import("", &lines);
    assert!(answers.iter().all(|answer| answer["outcome"] == "imported"), "{answers:?}");
    daemon.stop().start_at("2026-01-25T00:00:00Z")
}

pub(crate) fn count_of(daemon: &Daemon, state: &str) -> usize {
    daemon.list(&format!("/v1/subscriptions?state={state}")).len()
}

#[test]
fn a_mass_of_suspensions_waits_for_an_operator() {
    let home = Home::new();
    let daemon = forty_lapse_while_it_sleeps(&home, "");
    daemon.until("2026-01-25T00:05:00Z");
    let brake = daemon.get("/v1/brake").ok();
    assert_eq!((&brake["engaged"], &brake["limit"]), (&true.into(), &20.into()), "{brake}");
    assert_eq!(daemon.get("/v1/status").ok()["brake"]["engaged"], true);
    assert_eq!(count_of(&daemon, "Suspended"), 0, "nothing is taken from anybody");
    assert_eq!(count_of(&daemon, "Grace"), 40, "expired, and served as before");
    // Everything else goes on: the renewal that was due on the 11th, and the mail about it.
    let renewed = daemon.list("/v1/subscriptions?mode=AutoRenewal");
    assert_eq!(renewed[0]["expires_at"], "2026-02-20T00:00:00Z");
    let told: Vec<_> = daemon.mails().into_iter().filter(|mail| mail.stream == "house").collect();
    assert_eq!(words(&told), ["brake_engaged"]);
    assert_eq!(told[0].subject, "The brake holds back 40 suspensions, releases and closings");
    assert_eq!(brake["held_count"], 40);
    assert!(told[0].to.contains("night-shift@provider.example"), "{told:?}");
    // A day later it still waits, and says so no second time.
    daemon.until("2026-01-26T00:05:00Z");
    assert_eq!(count_of(&daemon, "Suspended"), 0);
    let shown = daemon.renewctl(&["brake", "show"]).ok();
    assert!(shown.out.contains("ENGAGED"), "{shown:?}");

    let released = daemon.renewctl(&["brake", "release"]).ok();
    assert!(released.err.is_empty() || !released.err.contains("error"), "{released:?}");
    daemon.until("2026-01-26T00:10:00Z");
    assert_eq!(daemon.get("/v1/brake").ok()["engaged"], false);
    assert_eq!(count_of(&daemon, "Suspended"), 40);
    let told = mails_in(&home.path("data/mail"));
    let count = |template: &str| told.iter().filter(|mail| mail.template == template).count();
    assert_eq!((count("suspended"), count("brake_engaged"), count("renewed")), (40, 1, 1));
    // Release is not early for it: fifteen days after the expiry, and after its notice.
    let suspended = daemon.list("/v1/subscriptions?state=Suspended");
    assert!(suspended.iter().all(|sub| sub["releases_at"] == "2026-02-04T00:00:00Z"));
    daemon.renewctl(&["brake", "release"]).ended(1);
    daemon.stop().run("check", &[]).ok();
}

#[test]
fn who_logs_to_nobody_goes_on_and_stops() {
    let home = Home::new();
    let daemon = home.start_unheard();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "18.00");
    let database = ada.buys(&daemon, "AutoRenewal");
    // Runs and deliveries say so in the log.
    daemon.until("2026-01-20T12:00:00Z");
    assert_eq!(database.state(&daemon), "Active");
    let home = daemon.stop();
    assert!(home.run("check", &[]).ok().out.contains("0 findings"));
}
