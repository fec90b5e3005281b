//! What is paid for by use: it runs, is settled hour by hour, and falls with the money.

use serde_json::{Value, json};

use crate::harness::{Ask, Customer, Daemon, Home, Receiver, words};

/// Opens a virtual machine.
#[track_caller]
fn opens(daemon: &Daemon, customer: &Customer) -> String {
    let opened = daemon.post(&customer.path("/resources"), &machine()).ok();
    opened["resource"]["id"].as_str().expect("an id").to_owned()
}

fn machine() -> Value {
    json!({
        "product": "compute", "plan": "small", "region": "eu-central-1", "external_id": "web-1"
    })
}

#[track_caller]
fn shown(daemon: &Daemon, resource: &str) -> Value {
    daemon.get(&format!("/v1/resources/{resource}")).ok()
}

#[track_caller]
fn state(daemon: &Daemon, resource: &str) -> String {
    shown(daemon, resource)["state"].as_str().expect("a state").to_owned()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, from the first hour to the last cent")]
fn a_machine_stops_for_debt_and_runs_again_once_it_is_paid() {
    let receiver = Receiver::start();
    let home = Home::new();
    home.configure(&receiver.config());
    let daemon = home.start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "0.50");
    let dry = daemon.post(&ada.path("/resources?dry_run=true"), &machine());
    assert_eq!((dry.status, &dry.ok()["dry_run"]), (200, &true.into()));
    let opening = Ask::post(ada.path("/resources"), &machine()).token("web-1");
    let opened = daemon.send(&opening);
    assert_eq!(opened.status, 201);
    assert!(daemon.send(&opening).is_replayed());
    let web = opened.ok()["resource"]["id"].as_str().expect("an id").to_owned();
    assert_eq!(opened.ok()["resource"], shown(&daemon, &web));

    let alert = json!({"below": {"amount": "0.20", "currency": "USD"}});
    daemon.put(&ada.path("/balance-alert"), &alert).ok();

    // An hour is settled five minutes after its end (R6.1): 0.0199 for the time and 0.004 for the
    // disk, of which as much is billed as comes to cents; the rest is carried on (D19).
    daemon.until("2026-01-01T01:04:59Z");
    assert_eq!(ada.cash(&daemon), "0.50");
    daemon.until("2026-01-01T01:05:00Z");
    assert_eq!(ada.cash(&daemon), "0.49");
    let usage = daemon.get(&format!("/v1/resources/{web}/usage")).ok();
    assert_eq!(
        (&usage["settled_through"], &usage["settles_at"]),
        (&"2026-01-01T01:00:00Z".into(), &"2026-01-01T02:05:00Z".into())
    );
    let cpu = &usage["meters"][0];
    assert_eq!((&cpu["meter"], &cpu["settled"]), (&"cpu".into(), &"1".into()));
    assert_eq!(cpu["unsettled"], "0.083333", "five minutes");
    let statement = daemon.get(&ada.path("/statements/2026-01")).ok();
    let line = &statement["lines"][0];
    assert_eq!(
        (&line["item_type"], &line["external_id"]),
        (&"PayAsYouGoBill".into(), &"web-1".into())
    );
    assert_eq!(
        (&line["usage"]["resource"], &line["usage"]["meter"]),
        (&web.as_str().into(), &"cpu".into())
    );

    // Its owner is told once that it drops below the alert (R6.16).
    daemon.until("2026-01-01T13:04:00Z");
    assert_eq!(ada.cash(&daemon), "0.23");
    assert!(!words(&ada.mails(&daemon)).contains(&"low_balance"));
    daemon.until("2026-01-01T20:05:00Z");
    let mails = ada.mails(&daemon);
    assert_eq!(words(&mails).iter().filter(|word| **word == "low_balance").count(), 1);

    // The balance will not last another day like this, which is said at 14:00 (R6.18).
    daemon.until("2026-01-01T21:05:00Z");
    assert!(words(&ada.mails(&daemon)).contains(&"will_run_short"));
    assert!(!words(&ada.mails(&daemon)).contains(&"overdue"));

    // The 22nd hour is not covered: overdue. What runs goes on running; nothing new begins (R6.8).
    daemon.until("2026-01-01T22:05:00Z");
    let mails = ada.mails(&daemon);
    let overdue = mails.iter().find(|mail| mail.template == "overdue").expect("a mail");
    assert_eq!(overdue.subject, "Your account is overdue: please pay 0.01 USD");
    let ahead = shown(&daemon, &web);
    assert_eq!(ahead["state"], "running");
    assert_eq!(
        (&ahead["halts_at"], &ahead["releases_at"]),
        (&"2026-01-16T22:05:00Z".into(), &"2026-01-31T22:05:00Z".into())
    );
    let refused = daemon.post(&ada.path("/resources"), &machine()).refused(402, "AccountOverdue");
    assert_eq!(refused["amount"]["amount"], "0.01");
    let change = json!({"plan": "large"});
    let path = format!("/v1/resources/{web}/change");
    daemon.post(&path, &change).refused(402, "AccountOverdue");

    // It is told again after a week and after two, and stopped after 15 days (R6.9).
    daemon.until("2026-01-16T22:04:00Z");
    assert_eq!(state(&daemon, &web), "running");
    let told = ada.mails(&daemon);
    assert_eq!(words(&told).iter().filter(|word| **word == "overdue").count(), 3);
    daemon.until("2026-01-16T22:05:00Z");
    let halted = shown(&daemon, &web);
    assert_eq!(
        (&halted["state"], &halted["halted_at"]),
        (&"halted".into(), &"2026-01-16T22:05:00Z".into())
    );
    assert_eq!(
        (&halted["halts_at"], &halted["releases_at"]),
        (&Value::Null, &"2026-01-31T22:05:00Z".into())
    );
    assert!(words(&ada.mails(&daemon)).contains(&"resource_halted"));
    daemon.until("2026-01-20T00:00:00Z");
    let usage = daemon.get(&format!("/v1/resources/{web}/usage")).ok();
    assert_eq!(usage["settles_at"], Value::Null, "its time costs nothing");

    // What comes in pays the debt, and the machine runs again at once (R6.12).
    ada.tops_up(&daemon, "100.00");
    assert_eq!(state(&daemon, &web), "running");
    daemon.until("2026-01-20T00:01:00Z");
    let mails = ada.mails(&daemon);
    for template in ["debt_settled", "resource_restored"] {
        assert!(words(&mails).contains(&template), "{template}");
    }

    // A stop by its owner keeps the disk, which still costs.
    daemon.post(&format!("/v1/resources/{web}/stop"), &json!({})).ok();
    daemon.until("2026-01-20T02:05:00Z");
    let usage = daemon.get(&format!("/v1/resources/{web}/usage")).ok();
    assert_eq!(usage["meters"][0]["unsettled"], "0");
    assert_eq!(usage["meters"][1]["unsettled"], "0.083333");
    daemon.post(&format!("/v1/resources/{web}/start"), &json!({})).ok();
    daemon.post(&path, &change).ok();
    assert_eq!(shown(&daemon, &web)["plan"], "large");

    // A release needs an explicit word, and is never undone.
    let release = format!("/v1/resources/{web}/release");
    daemon.post(&release, &json!({"confirm": false})).refused(422, "ConfirmationRequired");
    daemon.post(&release, &json!({"confirm": true})).ok();
    assert_eq!(state(&daemon, &web), "released");
    daemon.post(&release, &json!({"confirm": true})).refused(409, "ResourceReleased");
    daemon.until("2026-02-03T12:05:00Z");
    let statement = daemon.get(&ada.path("/statements/2026-01")).ok();
    assert_eq!(statement["state"], "Cleared");
    let total = statement["totals"]["total"]["amount"].as_str().expect("a total");
    let cents = |text: &str| text.replace('.', "").parse::<i64>().expect("cents");
    assert_eq!(cents(total) + cents(&ada.cash(&daemon)), cents("100.50"), "{total}");

    receiver.await_hooks(7);
    assert_eq!(
        receiver.whats("resource."),
        [
            "resource.opened",
            "resource.halted",
            "resource.restored",
            "resource.stopped",
            "resource.started",
            "resource.changed",
            "resource.released",
        ]
    );
    daemon.stop().run("check", &[]).ok();
}

#[test]
fn a_debt_that_nobody_pays_ends_with_a_release_that_no_payment_undoes() {
    let daemon = Daemon::start();
    let bob = Customer::open(&daemon, "bob");
    bob.tops_up(&daemon, "0.01");
    let web = opens(&daemon, &bob);
    daemon.until("2026-02-10T00:00:00Z");
    let mails = bob.mails(&daemon);
    let told: Vec<&str> = words(&mails).into_iter().filter(|w| *w != "topped_up").collect();
    assert_eq!(told.iter().filter(|word| **word == "overdue").count(), 3, "{told:?}");
    let after = |word: &str| told.iter().position(|told| *told == word).expect("a mail");
    assert!(after("resource_halted") < after("resource_release_ahead"), "{told:?}");
    assert!(after("resource_release_ahead") < after("resource_released"), "{told:?}");
    assert_eq!(state(&daemon, &web), "released");
    bob.tops_up(&daemon, "100.00");
    assert_eq!(state(&daemon, &web), "released", "after release payment restores nothing (R6.12)");
    daemon.until("2026-02-10T00:05:00Z");
    let mails = bob.mails(&daemon);
    assert!(words(&mails).contains(&"debt_settled"));
    assert!(!words(&mails).contains(&"resource_restored"));
    daemon.stop().run("check", &[]).ok();
}

#[test]
fn what_is_not_there_and_not_sold_by_use_is_refused() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    let web = opens(&daemon, &ada);
    for (field, value, status, code) in [
        ("product", "moonbase", 422, "UnknownProduct"),
        ("product", "rds", 422, "NotPayAsYouGo"),
        ("plan", "gigantic", 422, "UnknownPlan"),
        ("region", "mars", 422, "UnknownRegion"),
        ("external_id", " ", 422, "InvalidField"),
        ("colour", "red", 400, "MalformedRequest"),
    ] {
        let mut form = machine();
        form[field] = value.into();
        daemon.post(&ada.path("/resources"), &form).refused(status, code);
    }
    let other = format!("{}9", &web[..web.len() - 1]);
    for resource in ["web-1", "res_0000000000_1", &other] {
        let code =
            if resource == "res_0000000000_1" { "AccountNotFound" } else { "ResourceNotFound" };
        daemon.get(&format!("/v1/resources/{resource}")).refused(404, code);
        daemon.post(&format!("/v1/resources/{resource}/stop"), &json!({})).refused(404, code);
    }
}

#[test]
fn resources_are_listed_over_all_accounts_and_of_one() {
    let daemon = Daemon::start();
    let (ada, bob) = (Customer::open(&daemon, "ada"), Customer::open(&daemon, "bob"));
    ada.tops_up(&daemon, "100.00");
    bob.tops_up(&daemon, "100.00");
    let [first, second] = [(); 2].map(|()| opens(&daemon, &ada));
    let third = opens(&daemon, &bob);
    daemon.post(&format!("/v1/resources/{first}/stop"), &json!({})).ok();
    daemon.post(&format!("/v1/resources/{second}/release"), &json!({"confirm": true})).ok();
    let ids = |path: &str| {
        let ids = daemon.list(path).into_iter().map(|row| row["id"].as_str().map(str::to_owned));
        ids.collect::<Option<Vec<String>>>().expect("ids")
    };
    assert_eq!(ids(&ada.path("/resources")), [first.clone(), second.clone()]);
    assert_eq!(ids(&ada.path("/resources?state=stopped")), std::slice::from_ref(&first));
    assert_eq!(ids("/v1/resources?state=running"), std::slice::from_ref(&third));
    assert_eq!(ids("/v1/resources?product=compute").len(), 3);
    assert!(ids("/v1/resources?product=rds").is_empty());
    let page = daemon.get("/v1/resources?limit=2").ok();
    let next = page["next"].as_str().expect("a cursor");
    let rest = daemon.get(&format!("/v1/resources?limit=2&cursor={next}")).ok();
    assert_eq!((rest["items"].as_array().map(Vec::len), &rest["next"]), (Some(1), &Value::Null));
    daemon.get("/v1/resources?state=Running").refused(422, "InvalidField");
    daemon.get("/v1/accounts/acc_0000000000/resources").refused(404, "AccountNotFound");

    // What was released is forgotten by its account after a while, not by the book.
    daemon.until("2026-03-01T00:00:00Z");
    assert_eq!(state(&daemon, &second), "released");
    daemon.get(&format!("/v1/resources/{second}/usage")).refused(409, "ResourceReleased");
    let ran = daemon.home.renewctl(&["resource", "list", "--state", "released"]).ok();
    assert!(ran.out.contains(&second) && !ran.out.contains(&third), "{}", ran.out);
}
