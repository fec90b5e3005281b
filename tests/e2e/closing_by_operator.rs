//! Accounts are closed on their owners' behalf: one with a reason, and many from a list.

use serde_json::{Value, json};

use crate::harness::{Customer, Daemon, Home, words};

#[test]
fn an_operator_begins_it_and_its_owner_is_told_why_and_revokes_it() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    let (closure, reason) = (ada.path("/closure"), "Ada Ltd was dissolved");
    let begin = json!({"by_operator": {"reason": reason, "reference": "letter-118"}});
    let refused = daemon.post(&format!("{closure}?channel=app"), &begin);
    assert_eq!(refused.refused(422, "OperatorOnly")["channel"], "app");
    let unsaid = json!({"by_operator": {"reason": " "}});
    daemon.post(&closure, &unsaid).refused(422, "InvalidField");
    let begun = daemon.post(&closure, &begin).ok();
    assert_eq!(begun["stage"], "approval", "of a company it is approved all the same");
    assert_eq!(begun["by_operator"], json!({"reason": reason, "reference": "letter-118"}));
    daemon.until("2026-01-01T00:01:00Z");
    let mails = ada.mails(&daemon);
    assert!(!words(&mails).contains(&"closure_code"), "no code is asked for");
    let told = mails.iter().find(|mail| mail.template == "closure_begun").expect("a letter");
    assert!(told.text.contains(reason), "{told:?}");
    daemon.renewctl(&["closure", "revoke", &ada.id]).ok();
    daemon.get(&closure).refused(409, "NoClosure");

    let request = ["closure", "request", &ada.id, "--operator"];
    daemon.renewctl(&request).ended(2);
    let again = [&request[..], &["--reason", reason, "--reference", "letter-119"]].concat();
    let tried = daemon.renewctl(&[&again[..], &["--dry-run"]].concat()).ok();
    assert!(tried.err.contains("dry run"), "{tried:?}");
    let shown = daemon.renewctl(&again).ok();
    assert!(shown.out.contains(reason) && shown.out.contains("letter-119"), "{shown:?}");
    daemon.renewctl(&["closure", "approve", &ada.id, "--reference", "form-7"]).ok();
    daemon.until("2026-01-17T00:00:00Z");
    let closed = daemon.get(&closure).ok();
    assert_eq!(closed["stage"], "closed");
    assert_eq!(closed["by_operator"], json!({"reference": "letter-119"}), "the reason is erased");
    assert!(!Value::from(ada.journal(&daemon)).to_string().contains("dissolved"));
    daemon.stop().run("check", &[]).ok();
}

/// Twenty-five people without anything, and one with a server.
fn people(daemon: &Daemon) -> Vec<String> {
    let line = |number: usize, subscriptions: Value| {
        let mut form = Customer::form(&format!("customer{number}"));
        form["kind"] = "individual".into();
        let id = format!("book-{number}");
        json!({
            "external_id": id, "account": form, "cash": "0.00", "subscriptions": subscriptions
        })
        .to_string()
    };
    let mut lines: Vec<String> = (0..25).map(|number| line(number, json!([]))).collect();
    let server = json!({
        "external_id": "db-1", "product": "rds", "plan": "basic", "region": "eu-central-1",
        "anchor": "2025-12-20T00:00:00Z", "expires_at": "2026-06-20T00:00:00Z", "period": "P1M",
        "mode": "ManualRenewal", "price": "18.00"
    });
    lines.push(line(25, json!([server])));
    let answers = daemon.import("", &lines);
    let id = |answer: &Value| answer["account"].as_str().expect("an account").to_owned();
    answers.iter().map(id).collect()
}

fn count(items: &Value, outcome: &str) -> usize {
    let items = items["items"].as_array().expect("items").iter();
    items.filter(|item| item["outcome"] == outcome).count()
}

#[test]
fn d38_many_are_begun_once_each_and_their_closing_is_held_back_after_a_sleep() {
    let home = Home::new();
    let daemon = home.start();
    let people = people(&daemon);
    let ask = json!({"disclaimer": true});
    daemon.post(&format!("/v1/accounts/{}/closure", people[0]), &ask).ok();
    let list = home.path("dormant.txt");
    let text = format!("# dormant\n\n{}\nacc_nobody\n", people.join("\n"));
    std::fs::write(&list, text).expect("a file");
    let list = list.to_str().expect("UTF-8");
    let request = ["closure", "request-many", list, "--reason", "Nobody came for years"];
    let request = [&request[..], &["--token", "batch-1"]].concat();
    let as_json = |more: &[&str]| {
        let words = [&["--json"][..], &request[..], more].concat();
        daemon.renewctl(&words).ended(1).json()
    };

    let tried = as_json(&["--dry-run"]);
    assert_eq!((&tried["dry_run"], count(&tried, "begun")), (&true.into(), 24));
    assert_eq!(daemon.list("/v1/closures").len(), 1, "nothing was begun");
    let begun = as_json(&[]);
    let counts = ["begun", "under_way", "rejected"].map(|outcome| count(&begun, outcome));
    assert_eq!(counts, [24, 1, 2], "{begun}");
    let server = &begun["items"][25]["problem"];
    assert_eq!(server["code"], "ClosureBlocked");
    assert_eq!(server["blockers"][0]["code"], "LiveSubscription", "with what to do about it");
    assert_eq!(begun["items"][26]["problem"]["code"], "AccountNotFound");
    let again = as_json(&[]);
    assert_eq!(count(&again, "begun"), 24);
    assert!(again["items"][1]["replayed"] == true, "{again}");
    let shown = daemon.renewctl(&request).ended(1);
    for told in ["begun before", "under way", "ClosureBlocked", "AccountNotFound"] {
        assert!(shown.out.contains(told), "{told}: {shown:?}");
    }
    assert!(shown.err.contains("24 begun, 1 under way already, 0 closed already, 2 rejected"));
    daemon.until("2026-01-02T00:00:00Z");
    let told = daemon.mails().into_iter().filter(|mail| mail.template == "closure_begun").count();
    assert_eq!(told, 24, "once each");

    // It sleeps over the end of the quiet period: an operator is asked before anything is lost.
    let daemon = daemon.stop().start_at("2026-02-01T00:00:00Z");
    daemon.until("2026-02-01T00:05:00Z");
    let brake = daemon.get("/v1/brake").ok();
    assert_eq!((&brake["engaged"], &brake["held_count"]), (&true.into(), &24.into()), "{brake}");
    assert_eq!(daemon.list("/v1/closures?stage=quiet").len(), 24);
    daemon.renewctl(&["brake", "release"]).ok();
    daemon.until("2026-02-01T00:10:00Z");
    assert_eq!(daemon.list("/v1/closures?stage=closed").len(), 24);
    daemon.stop().run("check", &[]).ok();
}
