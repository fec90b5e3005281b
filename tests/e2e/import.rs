//! A provider's existing book comes along: good lines, bad lines, twice, held.

use serde_json::{Value, json};

use crate::harness::{Customer, Daemon, Home, words};

fn line(number: u32) -> Value {
    json!({
        "external_id": format!("whmcs-{number}"), "account": Customer::form(&format!("c{number}")),
        "cash": "120.00",
        "subscriptions": [{
            "external_id": format!("srv-{number}"), "product": "rds", "plan": "basic",
            "region": "eu-central-1", "anchor": "2025-08-31T00:00:00Z",
            "expires_at": "2026-01-31T00:00:00Z", "period": "P1M", "mode": "AutoRenewal",
            "price": "12.00"
        }]
    })
}

/// A line that is like the first but for one value.
fn bad(number: u32, pointer: &str, value: Value) -> Value {
    let mut line = line(number);
    match line.pointer_mut(pointer) {
        Some(place) => *place = value,
        None => line[pointer.trim_start_matches('/')] = value,
    }
    line
}

/// Bad lines, each with the code that it is refused with.
fn bad_lines() -> Vec<(String, &'static str)> {
    let lines = [
        (bad(50, "/cash", json!("12.345")), "AmountTooPrecise"),
        (bad(51, "/cash", json!("-1.00")), "AmountNotPositive"),
        (bad(52, "/account/currency", json!("XXQ")), "UnknownCurrency"),
        (bad(53, "/account/email", json!("c1@customer.example")), "EmailTaken"),
        (bad(54, "/subscriptions/0/product", json!("moonbase")), "UnknownProduct"),
        (bad(55, "/subscriptions/0/plan", json!("gigantic")), "UnknownPlan"),
        (bad(56, "/subscriptions/0/region", json!("mars")), "UnknownRegion"),
        (bad(57, "/subscriptions/0/expires_at", json!("2026-01-30T00:00:00Z")), "OffAnchor"),
        (bad(58, "/subscriptions/0/period", json!("P5D")), "InvalidField"),
        (bad(59, "/subscriptions/0/mode", json!("Sometimes")), "InvalidField"),
        (bad(60, "/subscriptions/0/price", json!("cheap")), "InvalidField"),
        (bad(61, "/note", json!("a friend")), "MalformedRequest"),
        (bad(62, "/subscriptions", json!(7)), "MalformedRequest"),
        (bad(63, "/external_id", json!("")), "InvalidField"),
    ];
    let mut lines: Vec<_> =
        lines.into_iter().map(|(line, code)| (line.to_string(), code)).collect();
    lines.push(("{".to_owned(), "MalformedRequest"));
    lines.push(("Kunde;Betrag".to_owned(), "MalformedRequest"));
    lines
}

#[test]
fn a_bad_line_is_named_and_stops_nothing_else() {
    let daemon = Daemon::start();
    let bad = bad_lines();
    // A good line, the bad ones, an empty one (which counts), a good line.
    let mut lines = vec![line(1).to_string()];
    lines.extend(bad.iter().map(|(line, _)| line.clone()));
    lines.push(String::new());
    lines.push(line(2).to_string());
    let answers = daemon.import("", &lines);
    assert_eq!(answers.len(), lines.len() - 1);
    for (answer, (line, code)) in answers[1..].iter().zip(&bad) {
        assert_eq!(answer["outcome"], "rejected", "{line}\n{answer}");
        assert_eq!(answer["problem"]["code"], *code, "{line}\n{answer}");
    }
    let numbers: Vec<u64> = answers.iter().filter_map(|answer| answer["line"].as_u64()).collect();
    assert_eq!(*numbers.last().expect("a line"), lines.len() as u64, "{numbers:?}");
    assert_eq!(answers.last().expect("a line")["outcome"], "imported");
    assert_eq!(daemon.list("/v1/accounts").len(), 2);

    // Twice imports nothing twice.
    let again = daemon.import("", &[line(1).to_string(), line(2).to_string(), line(3).to_string()]);
    let outcomes: Vec<&Value> = again.iter().map(|answer| &answer["outcome"]).collect();
    assert_eq!(outcomes, ["already_imported", "already_imported", "imported"]);
    assert_eq!(again[0]["account"], answers[0]["account"]);
    let accounts = daemon.list("/v1/accounts");
    assert_eq!(accounts.len(), 3);
    assert!(accounts.iter().all(|account| account["cash"]["amount"] == "120.00"), "{accounts:?}");
    // A dry run of a new line imports nothing.
    let would = daemon.import("?dry_run=true", &[line(4).to_string()]);
    assert_eq!((&would[0]["outcome"], &would[0]["dry_run"]), (&"imported".into(), &true.into()));
    assert_eq!(daemon.list("/v1/accounts").len(), 3);
}

#[test]
fn what_was_due_before_the_import_counts_as_settled() {
    let home = Home::new();
    // In the middle of the reminders and of the attempts.
    let daemon = home.start_at("2026-01-26T12:00:00Z");
    let answers = daemon.import("", &[line(1).to_string()]);
    let ada = Customer { id: answers[0]["account"].as_str().expect("an account").to_owned() };
    assert_eq!(words(&ada.mails(&daemon)), Vec::<&str>::new());
    daemon.until("2026-01-27T07:59:00Z");
    assert_eq!(words(&ada.mails(&daemon)), Vec::<&str>::new(), "no mark of the past is made up");
    assert_eq!(ada.cash(&daemon), "120.00");
    // The next slot takes the list price, and the month goes on from its anchor (R1.12, R1.21).
    daemon.until("2026-01-27T08:00:00Z");
    assert_eq!(ada.cash(&daemon), "102.00");
    let subs = daemon.list(&ada.path("/subscriptions"));
    assert_eq!(subs[0]["expires_at"], "2026-02-28T00:00:00Z");
    assert_eq!(subs[0]["external_id"], "srv-1");
    daemon.until("2026-02-19T08:00:00Z");
    let subs = daemon.list(&ada.path("/subscriptions"));
    assert_eq!(subs[0]["expires_at"], "2026-03-31T00:00:00Z", "the 31st again");
}

#[test]
fn held_accounts_rest_until_they_are_let_go() {
    let daemon = Daemon::start();
    let answers = daemon.import("?held=true", &[line(1).to_string()]);
    let ada = Customer { id: answers[0]["account"].as_str().expect("an account").to_owned() };
    daemon.until("2026-02-03T00:00:00Z");
    assert_eq!((ada.cash(&daemon).as_str(), ada.mails(&daemon).len()), ("120.00", 0));
    let shown = daemon.get(&ada.path("")).ok();
    assert_eq!(shown["held"], true);
    daemon
        .post(&ada.path("/orders"), &Customer::order("ManualRenewal", true))
        .refused(409, "AccountHeld");
    // Let go, what became due meanwhile is settled at its own instant.
    daemon.renewctl(&["account", "let-go", &ada.id]).ok();
    daemon.until("2026-02-03T00:10:00Z");
    let subs = daemon.list(&ada.path("/subscriptions"));
    assert_eq!(
        (&subs[0]["state"], &subs[0]["expires_at"]),
        (&"Active".into(), &"2026-02-28T00:00:00Z".into())
    );
    assert_eq!(ada.cash(&daemon), "102.00");
}

#[test]
fn renewctl_imports_a_file_and_tells_by_its_exit_code() {
    let daemon = Daemon::start();
    let home = &daemon.home;
    let good: Vec<String> = (1..=300).map(|number| line(number).to_string()).collect();
    let file = home.write("book.jsonl", &good.join("\n"));
    let file = file.to_str().expect("a path");
    let ran = daemon.renewctl(&["import", file, "--dry-run"]).ok();
    assert!(format!("{}{}", ran.out, ran.err).contains("300 imported"), "{ran:?}");
    assert_eq!(daemon.list("/v1/accounts").len(), 0);
    let ran = daemon.renewctl(&["import", file]).ok();
    assert!(
        format!("{}{}", ran.out, ran.err).contains("300 imported, 0 imported before"),
        "{ran:?}"
    );
    let mixed = format!("{}\n\n{{\n{}\n", line(1), line(301));
    let file = home.write("mixed.jsonl", &mixed);
    let file = file.to_str().expect("a path");
    let ran = daemon.renewctl(&["import", file]).ended(1);
    let told = format!("{}{}", ran.out, ran.err);
    assert!(told.contains("1 imported, 1 imported before, 1 rejected"), "{told}");
    assert!(told.contains('3') && told.contains("MalformedRequest"), "the line's number: {told}");
    let ran = daemon.renewctl(&["--json", "import", file]).ended(1);
    let lines: Vec<Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).expect("JSON lines")).collect();
    let numbers: Vec<&Value> = lines.iter().map(|line| &line["line"]).collect();
    assert_eq!(numbers, [1, 3, 4]);
    daemon.renewctl(&["import", "/nowhere/book.jsonl"]).ended(2);
    assert_eq!(daemon.list("/v1/accounts").len(), 301);
}

#[test]
fn renewd_imports_while_no_daemon_runs() {
    let home = Home::new();
    let book = format!("{}\n{{\n{}\n", line(1), line(2));
    let file = home.write("book.jsonl", &book);
    let file = file.to_str().expect("a path");
    let daemon = home.start();
    let ran = home.run("import", &[file]).ended(1);
    assert!(ran.err.contains("another daemon has"), "{ran:?}");
    assert!(ran.err.contains("renewctl import"), "it says what to do instead: {ran:?}");
    assert_eq!(daemon.list("/v1/accounts").len(), 0);
    let home = daemon.stop();
    let ran = home.run("import", &[file, "--held"]).ended(1);
    assert!(ran.out.contains("2 imported, 0 imported before, 1 bad"), "{ran:?}");
    assert!(ran.err.contains("line 2: MalformedRequest"), "{ran:?}");
    let good = home.write("good.jsonl", &format!("{}\n", line(1)));
    let ran = home.run("import", &[good.to_str().expect("a path")]).ok();
    assert!(ran.out.contains("0 imported, 1 imported before, 0 bad"), "{ran:?}");
    home.run("check", &[]).ok();
}
