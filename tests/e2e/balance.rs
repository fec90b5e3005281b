//! The balance over the socket and by `renewctl`: credit, withdrawals, transfers, channels.

use serde_json::{Value, json};

use crate::harness::{Ask, Customer, Daemon, Home, Receiver, words};

fn usd(amount: &str) -> Value {
    json!({"amount": amount, "currency": "USD"})
}

#[track_caller]
fn balance(daemon: &Daemon, customer: &Customer) -> Value {
    daemon.get(&customer.path("/balance")).ok()
}

#[test]
fn credit_is_drawn_shown_and_paid_back() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    daemon.get("/v1/accounts/acc_0000000000/balance").refused(404, "AccountNotFound");
    let limit = Ask::put(ada.path("/credit-limit"), &json!({"limit": usd("500.00")})).token("l");
    daemon.send(&limit).ok();
    assert!(daemon.send(&limit).is_replayed());
    let alert = ada.path("/balance-alert");
    daemon.put(&alert, &json!({"below": usd("490.00")})).ok();
    daemon.put(&alert, &json!({})).refused(400, "MalformedRequest");
    let negative = json!({"limit": usd("-1.00")});
    daemon.put(&ada.path("/credit-limit"), &negative).refused(422, "AmountNegative");
    let euros = json!({"limit": {"amount": "1.00", "currency": "EUR"}});
    daemon.put(&ada.path("/credit-limit"), &euros).refused(422, "WrongCurrency");

    let bought = daemon.post(&ada.path("/orders"), &Customer::order("ManualRenewal", true)).ok();
    let price = bought["order"]["payable"]["amount"].as_str().expect("a price").to_owned();
    let drawn = balance(&daemon, &ada);
    assert_eq!((&drawn["cash"], &drawn["debt"]), (&usd("0.00"), &usd(&price)));
    assert_eq!(drawn["owed"][0]["month"], "2026-01");
    assert_eq!(drawn["owed"][0]["due_at"], "2026-02-23T12:00:00Z", "20 days after the statement");
    assert_eq!(drawn["standing"], json!({"state": "good"}));
    assert_eq!(drawn["alert"], json!({"below": usd("490.00"), "armed": false}));
    daemon.until("2026-01-01T00:01:00Z");
    assert!(words(&ada.mails(&daemon)).contains(&"low_balance"));
    let listed = &daemon.list("/v1/accounts")[0];
    assert_eq!(listed["available"], drawn["available"]);

    // Every line says what stood afterwards, back to the beginning, page by page.
    ada.tops_up(&daemon, "5.00");
    daemon.put(&ada.path("/credit-limit"), &json!({"limit": usd("0.00")})).ok();
    let whole = daemon.list(&ada.path("/movements"));
    let told: Vec<_> = whole.iter().map(|line| (&line["what"], &line["of"])).collect();
    let expected = [
        ("credit_repaid", "debt"),
        ("credit_repaid", "cash"),
        ("top_up", "cash"),
        ("order_paid", "cash"),
        ("credit_drawn", "cash"),
        ("credit_drawn", "debt"),
    ];
    let expected = expected.map(|(what, of)| (Value::from(what), Value::from(of)));
    assert_eq!(told, expected.iter().map(|(what, of)| (what, of)).collect::<Vec<_>>());
    assert_eq!((&whole[1]["amount"], &whole[1]["balance"]), (&usd("-5.00"), &usd("0.00")));
    assert_eq!((&whole[5]["amount"], &whole[5]["balance"]), (&usd(&price), &usd(&price)));
    assert_eq!(whole[3]["order"], bought["order"]["id"]);
    let mut cursor = String::new();
    for line in &whole {
        let page = daemon.get(&ada.path(&format!("/movements?limit=1{cursor}"))).ok();
        assert_eq!(page["items"], json!([line]));
        cursor = page["next"].as_str().map_or(String::new(), |next| format!("&cursor={next}"));
    }
    assert!(cursor.is_empty(), "the last page has no next");
    daemon.stop().run("check", &[]).ok();
}

#[test]
fn cash_is_withdrawn_and_the_provider_says_how_it_went() {
    let receiver = Receiver::start();
    let home = Home::new();
    home.configure(&receiver.config());
    let daemon = home.start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "30.00");
    let path = ada.path("/withdrawals");
    let dry = daemon.post(&format!("{path}?dry_run=true"), &json!({"amount": "all"})).ok();
    assert_eq!(dry["withdrawal"]["amount"], usd("30.00"));
    daemon.post(&path, &json!({"amount": "some"})).refused(422, "InvalidField");
    let refused = daemon.post(&path, &json!({"amount": usd("30.01")}));
    assert_eq!(refused.refused(402, "NotWithdrawable")["withdrawable"], usd("30.00"));
    let asked = Ask::post(path.clone(), &json!({"amount": usd("12.00")})).token("w");
    let first = daemon.send(&asked).ok();
    assert!(daemon.send(&asked).is_replayed());
    let part = json!({
        "amount": usd("12.00"), "route": "original", "method": "bank_transfer",
        "reference": "2026-118", "topped_up_at": first["withdrawal"]["requested_at"]
    });
    assert_eq!(first["withdrawal"]["parts"], json!([part]));
    assert_eq!(ada.cash(&daemon), "18.00");
    let second = daemon.post(&path, &json!({"amount": "all"})).ok();
    assert_eq!(ada.cash(&daemon), "0.00");
    let id = |answer: &Value| answer["withdrawal"]["id"].as_str().expect("an id").to_owned();
    let report = |id: &str, how: &str| format!("/v1/withdrawals/{id}/{how}");
    daemon.post(&report(&id(&first), "paid"), &json!({})).ok();
    let again = daemon.post(&report(&id(&first), "paid"), &json!({})).ok();
    assert_eq!(again["withdrawal"]["state"], "paid", "said again, it changes nothing");
    assert_eq!(ada.cash(&daemon), "0.00");
    let failed = daemon.post(&report(&id(&second), "failed"), &json!({"reason": "closed"})).ok();
    assert_eq!(
        (&failed["withdrawal"]["state"], &failed["cash"]),
        (&"failed".into(), &usd("18.00"))
    );
    daemon.post(&report("wdr_1", "paid"), &json!({})).refused(404, "WithdrawalNotFound");
    let unknown = format!("{}9", id(&second));
    daemon.post(&report(&unknown, "paid"), &json!({})).refused(404, "WithdrawalNotFound");
    let states: Vec<_> =
        daemon.list(&path).iter().map(|row| row["state"].as_str().map(str::to_owned)).collect();
    assert_eq!(states, [Some("failed".to_owned()), Some("paid".to_owned())]);
    assert_eq!(daemon.list(&format!("{path}?state=paid")).len(), 1);
    daemon.until("2026-01-01T00:01:00Z");
    let mails = ada.mails(&daemon);
    let told = words(&mails);
    for word in ["withdrawal_requested", "withdrawal_paid", "withdrawal_failed"] {
        assert!(told.contains(&word), "{told:?}");
    }
    daemon.stop().run("check", &[]).ok();
}

#[test]
fn cash_is_transferred_and_what_cannot_arrive_comes_back() {
    let daemon = Daemon::start();
    let (ada, bob) = (Customer::open(&daemon, "ada"), Customer::open(&daemon, "bob"));
    let mut form = Customer::form("eve");
    form["currency"] = "EUR".into();
    let eve = daemon.post("/v1/accounts", &form).ok()["id"].as_str().expect("an id").to_owned();
    ada.tops_up(&daemon, "30.00");
    let path = ada.path("/transfers");
    let to = |id: &str, amount: &str| json!({"to": id, "amount": usd(amount)});
    let asked = Ask::post(path.clone(), &to(&bob.id, "10.00")).token("t");
    let sent = daemon.send(&asked);
    assert_eq!((&sent.ok()["state"], &sent.ok()["cash"]), (&"arrived".into(), &usd("20.00")));
    assert!(daemon.send(&asked).is_replayed());
    assert_eq!((ada.cash(&daemon), bob.cash(&daemon)), ("20.00".into(), "10.00".into()));
    let back = daemon.post(&path, &to(&eve, "5.00")).ok();
    assert_eq!(
        (&back["state"], &back["reason"], &back["cash"]),
        (&"returned".into(), &"WrongCurrency".into(), &usd("20.00"))
    );
    daemon.post(&path, &to("acc_0000000000", "5.00")).refused(404, "PayeeNotFound");
    daemon.post(&path, &to(&ada.id, "5.00")).refused(422, "TransferToSelf");
    let more = daemon.post(&bob.path("/transfers"), &to(&ada.id, "1.00"));
    assert_eq!(more.refused(402, "NotTransferable")["transferable"], usd("0.00"));
    let withdrawn = daemon.post(&bob.path("/withdrawals"), &json!({"amount": usd("1.00")}));
    withdrawn.refused(402, "NotWithdrawable");
    let came = &daemon.list(&bob.path("/movements"))[0];
    assert_eq!((&came["what"], &came["account"]), (&"transfer_received".into(), &ada.id.into()));
    daemon.until("2026-01-01T00:01:00Z");
    assert_eq!(bob.cash(&daemon), "10.00", "the relay adds nothing");
    daemon.stop().run("check", &[]).ok();
}

#[test]
fn the_app_may_look_at_the_mode_and_pays_by_its_own_methods() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    let top_up =
        |method: &str| json!({"amount": usd("200.00"), "method": method, "channel": "app"});
    let refused = daemon.post(&ada.path("/top-ups"), &top_up("huabei"));
    let refused = refused.refused(422, "PaymentMethodNotAllowed");
    assert_eq!(refused["allowed"], json!(["alipay", "unionpay"]));
    daemon.post(&ada.path("/top-ups"), &top_up("alipay")).ok();
    let through = ada.path("/orders?channel=app");
    let bought = daemon.post(&through, &Customer::order("ManualRenewal", true)).ok();
    let sub = ada.sub(&bought);
    let mode = json!({"mode": "AutoRenewal"});
    let refused = daemon.put(&sub.path("/renewal-mode?channel=app"), &mode);
    assert_eq!(refused.refused(422, "ChannelReadOnly")["channel"], "app");
    daemon.put(&sub.path("/renewal-mode?channel=console"), &mode).ok();
    let hold = daemon.post(&ada.path("/hold?channel=app"), &json!({}));
    hold.ok();
}

#[test]
fn renewctl_speaks_of_the_balance() {
    let daemon = Daemon::start();
    let (ada, bob) = (Customer::open(&daemon, "ada"), Customer::open(&daemon, "bob"));
    ada.tops_up(&daemon, "30.00");
    let machine = json!({"product": "compute", "plan": "small", "region": "eu-central-1"});
    daemon.post(&ada.path("/resources"), &machine).ok();
    daemon.until("2026-01-02T12:00:00Z");
    let id = ada.id.as_str();
    let ran = daemon.renewctl(&["balance", id, "--chart"]).ok();
    assert!(ran.out.contains("settled in each of the last 24 hours"), "{ran:?}");
    assert!(ran.out.contains("available credit, if it goes on like that"), "{ran:?}");
    let shown = daemon.renewctl(&["--json", "balance", id]).ok().json();
    assert_eq!(shown["burn"]["hourly"].as_array().map(Vec::len), Some(24));
    assert!(shown["burn"]["hours_left"].as_u64().is_some_and(|hours| hours > 24), "{shown}");
    daemon.renewctl(&["credit", "set", id, "50.00USD"]).ok();
    daemon.renewctl(&["alert", "set", id, "10.00USD"]).ok();
    daemon.renewctl(&["alert", "set", id, "off"]).ok();
    let moved = daemon.renewctl(&["movements", id]).ok();
    assert!(moved.out.contains("usage_settled"), "{moved:?}");
    daemon.renewctl(&["transfer", id, &bob.id, "5.00USD"]).ok();
    let asked = ["--json", "withdraw", "request", id, "10.00USD"];
    let asked = daemon.renewctl(&asked).ok().json();
    let withdrawal = asked["withdrawal"]["id"].as_str().expect("an id");
    daemon.renewctl(&["withdraw", "paid", withdrawal]).ok();
    daemon.renewctl(&["withdraw", "failed", withdrawal]).ok();
    let listed = daemon.renewctl(&["withdraw", "list", id]).ok();
    assert!(listed.out.contains("10.00 USD by bank_transfer"), "{listed:?}");
    daemon.stop().run("check", &[]).ok();
}
