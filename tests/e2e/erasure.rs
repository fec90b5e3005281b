//! What an operator has in hand before an account is closed: the export for its owner, and the hold
//! that a law puts on its erasure.

use serde_json::{Value, json};

use crate::harness::{Customer, Daemon};

#[test]
fn a_legal_hold_is_set_and_lifted_by_an_operator() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    let path = ada.path("/legal-hold");
    assert_eq!(daemon.get(&path).ok(), json!({"held": false}));
    let no_reason = daemon.put(&path, &json!({"held": true}));
    assert_eq!(no_reason.refused(422, "InvalidField")["field"], "reason");
    let held = daemon.put(&path, &json!({"held": true, "reason": "case 118/2026"})).ok();
    assert_eq!((&held["held"], &held["reason"]), (&true.into(), &"case 118/2026".into()));
    assert_eq!(held["held_at"], "2026-01-01T00:00:00Z");
    assert_eq!(daemon.get(&path).ok(), held);
    let shown = daemon.renewctl(&["--json", "account", "legal-hold", &ada.id]).ok();
    assert_eq!(shown.json(), held);
    daemon.put(&path, &json!({"held": false, "reason": "x"})).refused(422, "InvalidField");
    daemon
        .put(&format!("{path}?dry_run=true"), &json!({"held": false}))
        .refused(422, "DryRunNotPossible");
    let lifted = daemon.renewctl(&["account", "legal-hold", &ada.id, "--lift"]).ok();
    assert_eq!(lifted.out, "held  no\n");
    assert_eq!(daemon.get(&path).ok(), json!({"held": false}));
    let nobody = "/v1/accounts/acc_0000000000/legal-hold";
    daemon.get(nobody).refused(404, "AccountNotFound");
    daemon.put(nobody, &json!({"held": false})).refused(404, "AccountNotFound");
    daemon.stop().run("check", &[]).ok();
}

#[test]
fn an_owner_is_given_everything_that_is_known() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "200.00");
    daemon.post(&ada.path("/orders"), &Customer::order("ManualRenewal", true)).ok();
    daemon.until("2026-01-01T00:01:00Z");
    let file = daemon.home.path("ada.json");
    let name = file.to_str().expect("UTF-8");
    daemon.renewctl(&["account", "export", &ada.id, "-o", name]).ok();
    let export: Value =
        serde_json::from_slice(&std::fs::read(&file).expect("a file")).expect("JSON");
    assert_eq!(export["profile"]["email"], "ada@customer.example");
    assert_eq!(export["account"], daemon.get(&ada.path("")).ok());
    assert_eq!(export["orders"], Value::from(daemon.list(&ada.path("/orders"))));
    assert_eq!(export["subscriptions"], Value::from(daemon.list(&ada.path("/subscriptions"))));
    assert_eq!(export["mails"], Value::from(daemon.list(&ada.path("/notices"))));
    daemon.get("/v1/accounts/acc_0000000000/export").refused(404, "AccountNotFound");
    let refused = daemon.renewctl(&["account", "certificate", &ada.id]).ended(1);
    assert!(refused.err.contains("the account is not closed"), "{refused:?}");
    assert!(!daemon.log().contains("ada@customer.example"));
    daemon.stop();
}
