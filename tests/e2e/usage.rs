//! Reports of usage: nothing is lost, and nothing is counted twice.

use serde_json::{Value, json};

use crate::harness::{Answer, Ask, Customer, Daemon};

/// An account with money and a machine.
struct Site {
    customer: Customer,
    machine: String,
}

impl Site {
    #[track_caller]
    fn open(daemon: &Daemon, name: &str) -> Self {
        let customer = Customer::open(daemon, name);
        customer.tops_up(daemon, "100.00");
        let form = json!({"product": "compute", "plan": "small", "region": "eu-central-1"});
        let opened = daemon.post(&customer.path("/resources"), &form).ok();
        let machine = opened["resource"]["id"].as_str().expect("an id").to_owned();
        Self { customer, machine }
    }

    fn event(&self, id: &str, quantity: &str) -> Value {
        json!({
            "id": id, "source": "dc1", "resource": self.machine, "meter": "traffic",
            "quantity": quantity, "at": "2026-01-01T00:30:00Z"
        })
    }

    /// What is settled and what is not on the meter of traffic.
    #[track_caller]
    fn traffic(&self, daemon: &Daemon) -> (String, String) {
        let usage = daemon.get(&format!("/v1/resources/{}/usage", self.machine)).ok();
        let meters = usage["meters"].as_array().expect("meters");
        let on = meters.iter().find(|on| on["meter"] == "traffic").expect("the meter");
        let text = |name: &str| on[name].as_str().expect("a number").to_owned();
        (text("settled"), text("unsettled"))
    }
}

fn report(daemon: &Daemon, events: &[Value]) -> Answer {
    daemon.post("/v1/usage", &json!(events))
}

/// How many were accepted, duplicates, rejected, failed.
#[track_caller]
fn counts(answer: &Value) -> [u64; 4] {
    ["accepted_count", "duplicate_count", "rejected_count", "failed_count"]
        .map(|name| answer[name].as_u64().expect("a count"))
}

#[track_caller]
fn codes(answer: &Value) -> Vec<&str> {
    let results = answer["results"].as_array().expect("results");
    results.iter().filter_map(|result| result["code"].as_str()).collect()
}

#[test]
fn ten_thousand_events_with_three_bad_ones() {
    let daemon = Daemon::start();
    let (ada, bob) = (Site::open(&daemon, "ada"), Site::open(&daemon, "bob"));
    daemon.until("2026-01-01T00:40:00Z");
    let mut events: Vec<Value> = (0..10_000)
        .map(|n| if n % 2 == 0 { &ada } else { &bob }.event(&n.to_string(), "0.05"))
        .collect();
    events[17].as_object_mut().expect("an object").remove("meter");
    events[4711]["quantity"] = "NaN".into();
    events[9999]["resource"] = "web-1".into();
    let answer = report(&daemon, &events).ok();
    assert_eq!(counts(&answer), [9_997, 0, 3, 0]);
    let results = answer["results"].as_array().expect("results");
    let bad: Vec<(u64, &str, &str)> = results
        .iter()
        .map(|result| {
            let text = |name: &str| result[name].as_str().expect("a text");
            (result["index"].as_u64().expect("a place"), text("id"), text("code"))
        })
        .collect();
    let expected = [
        (17, "17", "MalformedRequest"),
        (4_711, "4711", "InvalidField"),
        (9_999, "9999", "InvalidField"),
    ];
    assert_eq!(bad, expected);
    assert_eq!(ada.traffic(&daemon), ("0".into(), "250".into()));
    assert_eq!(bob.traffic(&daemon), ("0".into(), "249.85".into()));

    // Sent again, mended: only what was bad counts now.
    events[17]["meter"] = "traffic".into();
    events[4711]["quantity"] = 0.05.into();
    events[9999]["resource"] = bob.machine.as_str().into();
    let again = report(&daemon, &events).ok();
    assert_eq!(counts(&again), [3, 9_997, 0, 0]);
    assert_eq!(bob.traffic(&daemon), ("0".into(), "250".into()));

    // 100 GB are free, 150 cost 0.08 each; an hour of the machine costs a cent, and some is
    // carried.
    daemon.until("2026-01-01T01:05:00Z");
    for site in [&ada, &bob] {
        assert_eq!(site.traffic(&daemon), ("250".into(), "0".into()));
        assert_eq!(site.customer.cash(&daemon), "87.99");
    }
    assert_eq!(counts(&report(&daemon, &events).ok()), [0, 10_000, 0, 0], "also once settled");

    // One more is one too many; nothing of such a call is taken.
    events.push(ada.event("one more", "1"));
    let refused = report(&daemon, &events).refused(422, "TooManyItems");
    assert_eq!(refused["limit"], 10_000);
    daemon.stop().run("check", &[]).ok();
}

#[test]
fn each_bad_event_has_its_code() {
    let daemon = Daemon::start();
    let ada = Site::open(&daemon, "ada");
    daemon.until("2026-01-01T00:40:00Z");
    let with = |field: &str, value: &str| {
        let mut event = ada.event(&format!("{field} {value}"), "1");
        event[field] = value.into();
        event
    };
    let other = format!("{}9", &ada.machine[..ada.machine.len() - 1]);
    let events = [
        with("meter", "moonlight"),
        with("meter", "cpu"),
        with("quantity", "-1"),
        with("quantity", "1e30"),
        with("quantity", "inf"),
        with("resource", &other),
        with("resource", "res_0000000000_1"),
        with("at", "2025-12-31T23:59:59Z"),
        with("at", "2025-11-20T00:00:00Z"),
        with("at", "2026-01-01T00:45:01Z"),
        with("at", "tomorrow"),
        with("source", ""),
        with("colour", "red"),
        // A clock that runs ahead a little is no fault.
        with("at", "2026-01-01T00:45:00Z"),
    ];
    let answer = report(&daemon, &events).ok();
    assert_eq!(counts(&answer), [1, 0, 13, 0]);
    assert_eq!(
        codes(&answer),
        [
            "UnknownMeter",
            "MeteredByTime",
            "NegativeQuantity",
            "InvalidField",
            "InvalidField",
            "ResourceNotFound",
            "AccountNotFound",
            "UsageBeforeOpening",
            "UsageTooLate",
            "UsageInFuture",
            "InvalidField",
            "InvalidField",
            "MalformedRequest",
        ]
    );
    let all = daemon.post("/v1/usage?results=all", &json!(events)).ok();
    assert_eq!(counts(&all), [0, 1, 13, 0]);
    assert_eq!(all["results"].as_array().map(Vec::len), Some(14));
    daemon.post("/v1/usage?results=some", &json!([])).refused(422, "InvalidField");

    // What is no JSON is refused as a whole, with its place; in JSON lines only its line is.
    let broken = format!("[{},\n{{\"quantity\": NaN}}]", ada.event("broken", "1"));
    let refused = daemon
        .send(&Ask::new("POST", "/v1/usage").body("application/json", broken.clone()))
        .refused(400, "MalformedRequest");
    assert_eq!((&refused["line"], &refused["column"]), (&2.into(), &14.into()));
    let lines = broken.trim_matches(['[', ']']).replace(",\n", "\n");
    let lines = Ask::new("POST", "/v1/usage").body("application/x-ndjson", lines);
    assert_eq!(counts(&daemon.send(&lines).ok()), [1, 0, 1, 0]);
    let csv = Ask::new("POST", "/v1/usage").body("text/csv", "1,2");
    daemon.send(&csv).refused(415, "WrongContentType");
    assert_eq!(ada.traffic(&daemon).1, "2");

    // After its release nothing more can be used.
    let release = format!("/v1/resources/{}/release", ada.machine);
    daemon.post(&release, &json!({"confirm": true})).ok();
    daemon.until("2026-01-01T00:50:00Z");
    let late = [with("at", "2026-01-01T00:41:00Z"), with("at", "2026-01-01T00:39:00Z")];
    let answer = report(&daemon, &late).ok();
    assert_eq!((counts(&answer), codes(&answer)), ([1, 0, 1, 0], vec!["UsageAfterRelease"]));
}

#[test]
fn a_duplicate_with_other_content_is_refused_and_logged() {
    let daemon = Daemon::start();
    let ada = Site::open(&daemon, "ada");
    daemon.until("2026-01-01T00:40:00Z");
    let answer = report(&daemon, &[ada.event("7", "1"), ada.event("7", "2")]).ok();
    assert_eq!((counts(&answer), codes(&answer)), ([1, 0, 1, 0], vec!["UsageConflict"]));
    let answer = report(&daemon, &[ada.event("7", "3"), ada.event("7", "1.0")]).ok();
    assert_eq!((counts(&answer), codes(&answer)), ([0, 1, 1, 0], vec!["UsageConflict"]));
    assert_eq!(ada.traffic(&daemon).1, "1", "the first report stands");
    let warned = |line: &&str| line.contains("\"WARN\"") && line.contains(&ada.customer.id);
    let told = daemon.log_once(|log| log.lines().filter(warned).count() >= 2);
    assert_eq!(told.lines().filter(warned).count(), 2, "{told}");
}

#[test]
fn cloud_events_are_the_same_events() {
    let daemon = Daemon::start();
    let ada = Site::open(&daemon, "ada");
    daemon.until("2026-01-01T00:40:00Z");
    let cloud = |id: &str| {
        json!({
            "specversion": "1.0", "id": id, "source": "dc1", "type": "com.example.traffic",
            "subject": ada.machine, "time": "2026-01-01T01:30:00+01:00",
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "data": {"quantity": 1.5, "unit": "GB"}
        })
    };
    let one = cloud("1").to_string();
    let one =
        Ask::new("POST", "/v1/usage").body("application/cloudevents+json; charset=utf-8", one);
    assert_eq!(counts(&daemon.send(&one).ok()), [1, 0, 0, 0]);
    let two = json!([cloud("1"), cloud("2")]).to_string();
    let two = Ask::new("POST", "/v1/usage").body("application/cloudevents-batch+json", two);
    assert_eq!(counts(&daemon.send(&two).ok()), [1, 1, 0, 0]);
    let own = [ada.event("1", "1.5"), ada.event("2", "1.50"), ada.event("3", "1")];
    assert_eq!(counts(&report(&daemon, &own).ok()), [1, 2, 0, 0]);
    assert_eq!(ada.traffic(&daemon).1, "4");
}

#[test]
fn a_dry_run_counts_nothing() {
    let daemon = Daemon::start();
    let ada = Site::open(&daemon, "ada");
    daemon.until("2026-01-01T00:40:00Z");
    let events = json!([ada.event("1", "1"), ada.event("1", "1")]);
    let dry = daemon.post("/v1/usage?dry_run=true", &events).ok();
    assert_eq!((counts(&dry), &dry["dry_run"]), ([1, 1, 0, 0], &true.into()));
    assert_eq!(ada.traffic(&daemon).1, "0");
}

#[test]
fn a_power_cut_loses_nothing_and_counts_nothing_twice() {
    let daemon = Daemon::start();
    let sites = ["ada", "bob", "cyd"].map(|name| Site::open(&daemon, name));
    daemon.until("2026-01-01T00:40:00Z");
    let batches: Vec<Ask> = (0..30)
        .map(|batch| {
            let of = |n: usize| sites[n % 3].event(&format!("{batch}-{n}"), "0.01");
            Ask::post("/v1/usage", &json!((0..300).map(of).collect::<Vec<_>>()))
        })
        .collect();
    let socket = daemon.home.socket();
    let sending = std::thread::spawn({
        let batches = batches.clone();
        // What was answered as counted, until the daemon is gone.
        move || batches.iter().map_while(|batch| batch.try_send(&socket)).count()
    });
    while sites[0].traffic(&daemon).1 == "0" {}
    let home = daemon.kill();
    let answered = sending.join().expect("a sender");
    let daemon = home.start_at("2026-01-01T00:40:00Z");
    let mut new = 0;
    for (place, batch) in batches.iter().enumerate() {
        let [accepted, duplicates, rejected, failed] = counts(&daemon.send(batch).ok());
        assert_eq!((accepted + duplicates, rejected + failed), (300, 0));
        assert!(place >= answered || accepted == 0, "batch {place} was answered, and lost");
        new += accepted;
    }
    assert!(new > 0 || answered == 30);
    for site in &sites {
        assert_eq!(site.traffic(&daemon).1, "30");
    }
    daemon.stop().run("check", &[]).ok();
}

#[test]
fn usage_is_sent_from_the_command_line() {
    let daemon = Daemon::start();
    let ada = Site::open(&daemon, "ada");
    daemon.until("2026-01-01T00:40:00Z");
    let mut lines: Vec<String> =
        (0..2_500).map(|n| ada.event(&n.to_string(), "0.01").to_string()).collect();
    lines.insert(1, String::new());
    let file = daemon.home.write("events.jsonl", &lines.join("\n"));
    let file = file.to_str().expect("a path");
    let ran = daemon.home.renewctl(&["usage", "send", file]).ok();
    assert_eq!(
        (ran.out.as_str(), ran.err.trim()),
        ("", "2500 counted, 0 counted before, 0 refused")
    );
    lines[2_000] = ada.event("bad", "NaN").to_string();
    daemon.home.write("events.jsonl", &lines.join("\n"));
    let ran = daemon.home.renewctl(&["usage", "send", file]).ended(1);
    assert_eq!(
        ran.out,
        "line 2001 (bad): InvalidField: quantity: \"NaN\" is not a decimal number\n"
    );
    assert_eq!(ran.err.trim(), "0 counted, 2499 counted before, 1 refused");
    let ran = daemon.home.renewctl(&["--json", "usage", "send", "--dry-run", file]).ended(1);
    assert_eq!(ran.json()["results"][0]["index"], 2_000);
    let ran = daemon.home.renewctl(&["usage", "show", &ada.machine]).ok();
    assert!(
        ran.out.contains("| traffic | sum      | GB   |                  0 |       25 |"),
        "{}",
        ran.out
    );
    let ran = daemon.home.renewctl(&["resource", "stop", &ada.machine]).ok();
    assert!(ran.out.contains("state     stopped\n"), "{}", ran.out);
    daemon.home.renewctl(&["resource", "release", &ada.machine]).ended(1);
    daemon.home.renewctl(&["resource", "release", &ada.machine, "--confirm"]).ok();
    daemon.home.renewctl(&["usage", "show", "res_0000000000_1"]).ended(1);
}
