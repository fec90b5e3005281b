//! Orders: unpaid, paid, cancelled, timed out, and only asked about.

use serde_json::json;

use crate::harness::{Ask, Customer, Daemon, words};

fn id(answer: &serde_json::Value) -> String {
    answer["order"]["id"].as_str().expect("an order").to_owned()
}

#[test]
fn an_order_waits_to_be_paid_and_is_paid_once() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    let placed = daemon.post(&ada.path("/orders"), &Customer::order("ManualRenewal", false)).ok();
    assert_eq!(placed["outcome"], "ordered");
    assert_eq!(placed["order"]["state"], "Unpaid");
    assert_eq!(placed["order"]["payable"], json!({"amount": "18.00", "currency": "USD"}));
    assert_eq!(placed["order"]["deadline"], "2026-01-08T00:00:00Z", "7 days (R4.3)");
    assert_eq!(placed["subscription"]["state"], "PendingPayment");
    let pay = ada.path(&format!("/orders/{}/pay", id(&placed)));
    let refused = daemon.post(&pay, &json!({})).refused(402, "NotEnoughFunds");
    assert_eq!(refused["needed"], json!({"amount": "18.00", "currency": "USD"}));
    ada.tops_up(&daemon, "20.00");
    let order = daemon.get(&ada.path(&format!("/orders/{}", id(&placed)))).ok();
    assert_eq!(order["state"], "Unpaid", "topping up pays nothing by itself (R4.5)");
    daemon.until("2026-01-03T12:00:00Z");
    let paid = daemon.post(&pay, &json!({})).ok();
    assert_eq!(paid["order"]["state"], "Paid");
    assert_eq!(paid["subscription"]["state"], "Active");
    assert_eq!(paid["subscription"]["expires_at"], "2026-02-03T12:00:00Z", "from the payment");
    daemon.post(&pay, &json!({})).refused(409, "OrderClosed");
    assert_eq!(ada.cash(&daemon), "2.00");
    // Its time-out has gone with its payment.
    daemon.until("2026-01-10T00:00:00Z");
    let orders = daemon.list(&ada.path("/orders"));
    assert_eq!((orders.len(), &orders[0]["state"]), (1, &"Paid".into()));
}

#[test]
fn an_unpaid_order_times_out_at_its_deadline() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    let placed = daemon.post(&ada.path("/orders"), &Customer::order("ManualRenewal", false)).ok();
    let order = ada.path(&format!("/orders/{}", id(&placed)));
    daemon.until("2026-01-07T23:59:59Z");
    assert_eq!(daemon.get(&order).ok()["state"], "Unpaid");
    let moved = daemon.until("2026-01-08T00:00:00Z");
    assert!(!moved["steps"].as_object().expect("steps").is_empty(), "{moved}");
    let shown = daemon.get(&order).ok();
    assert_eq!(
        (&shown["state"], &shown["cancelled_for"]),
        (&"Cancelled".into(), &"timed_out".into())
    );
    ada.tops_up(&daemon, "20.00");
    daemon.post(&format!("{order}/pay"), &json!({})).refused(409, "OrderClosed");
    assert_eq!(ada.sub(&placed).state(&daemon), "Cancelled");
    let journal = ada.journal(&daemon);
    let timed_out = journal.iter().find(|record| record["cause"] == json!({"job": "orders"}));
    assert!(timed_out.is_some(), "the scheduler did it: {journal:?}");
    daemon.until("2026-01-09T00:00:00Z");
    assert_eq!(
        words(&ada.mails(&daemon)),
        ["order_unpaid", "order_timing_out", "order_cancelled", "topped_up"],
        "warned before (D48)"
    );
}

#[test]
fn a_cancelled_order_is_final() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "20.00");
    let placed = daemon.post(&ada.path("/orders"), &Customer::order("ManualRenewal", false)).ok();
    let order = ada.path(&format!("/orders/{}", id(&placed)));
    let cancelled = daemon.post(&format!("{order}/cancel"), &json!({})).ok();
    assert_eq!(cancelled["order"]["state"], "Cancelled");
    assert_eq!(cancelled["order"]["cancelled_for"], "requested");
    assert_eq!(cancelled["subscription"]["state"], "Cancelled");
    for verb in ["pay", "cancel"] {
        daemon.post(&format!("{order}/{verb}"), &json!({})).refused(409, "OrderClosed");
    }
    ada.sub(&placed).renew(&daemon, "P1M").refused(409, "SubscriptionEnded");
    assert_eq!(ada.cash(&daemon), "20.00");
}

#[test]
fn an_unpaid_renewal_blocks_another() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "100.00");
    let sub = ada.buys(&daemon, "ManualRenewal");
    let form = json!({"period": "P1M"});
    let placed = daemon.post(&sub.path("/renewals"), &form).ok();
    assert_eq!(placed["order"]["state"], "Unpaid");
    let refused = sub.renew(&daemon, "P2M").refused(409, "UnpaidOrder");
    assert_eq!(refused["order"], *id(&placed));
    assert_eq!(sub.shown(&daemon)["open_order"], *id(&placed));
    let order = ada.path(&format!("/orders/{}", id(&placed)));
    daemon.post(&format!("{order}/cancel"), &json!({})).ok();
    let renewed = sub.renew(&daemon, "P2M").ok();
    assert_eq!(renewed["subscription"]["expires_at"], "2026-04-01T00:00:00Z");
    assert_eq!(renewed["order"]["period_no"], 2, "{renewed}");
    assert_eq!(ada.cash(&daemon), "46.00");

    // Who expected another expiry is told which order moved it, and nothing is done (D26).
    let form =
        json!({"period": "P1M", "pay_now": true, "expected_expires_at": "2026-02-01T00:00:00Z"});
    let again = daemon.post(&sub.path("/renewals"), &form).ok();
    assert_eq!(again["outcome"], "already_renewed");
    assert_eq!(again["last_order"], renewed["order"]["id"]);
    assert_eq!(ada.cash(&daemon), "46.00");
}

#[test]
fn a_dry_run_writes_nothing() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "100.00");
    let sub = ada.buys(&daemon, "ManualRenewal");
    let before = (ada.journal(&daemon), daemon.get(&ada.path("")).ok());
    let form = Customer::order("AutoRenewal", true);
    let asked = Ask::post(format!("{}?dry_run=true", ada.path("/orders")), &form).token("dry");
    let would = daemon.send(&asked);
    assert_eq!(would.status, 200, "nothing was created");
    let would = would.ok();
    assert_eq!(would["dry_run"], true);
    assert_eq!(would["order"]["state"], "Paid");
    assert_eq!(would["cash"]["amount"], "64.00");
    let renewals = format!("{}?dry_run=true", sub.path("/renewals"));
    let would = daemon.post(&renewals, &json!({"period": "P1Y", "pay_now": true}));
    would.refused(402, "NotEnoughFunds");
    let would = daemon.post(&renewals, &json!({"period": "P1M", "pay_now": true})).ok();
    assert_eq!(would["subscription"]["expires_at"], "2026-03-01T00:00:00Z");
    let top_up = json!({"amount": {"amount": "5.00", "currency": "USD"}, "method": "card"});
    daemon.post(&format!("{}?dry_run=true", ada.path("/top-ups")), &top_up).ok();
    let name = Customer::form("bob");
    daemon.post("/v1/accounts?dry_run=true", &name).ok();
    assert_eq!(daemon.list("/v1/accounts").len(), 1);
    assert_eq!((ada.journal(&daemon), daemon.get(&ada.path("")).ok()), before);
    // Nothing is remembered of its token either.
    let placed = daemon.send(&Ask::post(ada.path("/orders"), &form).token("dry"));
    assert!(!placed.is_replayed());
    assert_eq!(placed.status, 201);
}
