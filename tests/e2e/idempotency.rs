//! The same request twice is done once: under a token, at once, and across a power cut.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc;

use serde_json::{Value, json};

use crate::harness::{Ask, Customer, Daemon};

fn purchase(customer: &Customer, token: &str) -> Ask {
    Ask::post(customer.path("/orders"), &Customer::order("ManualRenewal", true)).token(token)
}

#[test]
fn the_same_request_under_the_same_token_is_answered_alike() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "100.00");
    let first = daemon.send(&purchase(&ada, "t-1"));
    assert!(first.status == 201 && !first.is_replayed(), "{first:?}");
    let again = daemon.send(&purchase(&ada, "t-1"));
    assert!(again.is_replayed(), "{again:?}");
    assert_eq!((again.status, again.json()), (first.status, first.json()));
    // It is the first answer, not the present state.
    daemon.until("2026-02-05T00:00:00Z");
    let late = daemon.send(&purchase(&ada, "t-2"));
    assert!(!late.is_replayed());
    // Another body under the token is refused (R4.12), and so is the token at another place.
    let other = Ask::post(ada.path("/orders"), &Customer::order("AutoRenewal", true)).token("t-2");
    daemon.send(&other).refused(422, "IdempotenceParamNotMatch");
    let top_up = json!({"amount": {"amount": "5.00", "currency": "USD"}, "method": "card"});
    let other = Ask::post(ada.path("/top-ups"), &top_up).token("t-2");
    daemon.send(&other).refused(422, "IdempotenceParamNotMatch");
    assert_eq!(daemon.list(&ada.path("/orders")).len(), 2);
    // What was refused is not remembered (R4.13).
    let dear = json!({
        "kind": "new", "product": "rds", "plan": "large", "region": "eu-central-1",
        "period": "P1M", "pay_now": true
    });
    let dear = Ask::post(ada.path("/orders"), &dear).token("t-3");
    daemon.send(&dear).refused(402, "NotEnoughFunds");
    ada.tops_up(&daemon, "1000.00");
    assert_eq!(daemon.send(&dear).status, 201);
}

#[test]
fn an_account_is_opened_once() {
    let daemon = Daemon::start();
    let open = Ask::post("/v1/accounts", &Customer::form("ada")).token("open-ada");
    let first = daemon.send(&open);
    assert_eq!(first.status, 201);
    let again = daemon.send(&open);
    assert!(again.is_replayed(), "{again:?}");
    assert_eq!(again.json()["id"], first.json()["id"]);
    assert_eq!(daemon.list("/v1/accounts").len(), 1);
    // Without the token the address is taken; and another owner is another request.
    daemon.post("/v1/accounts", &Customer::form("ada")).refused(409, "EmailTaken");
    let other = Ask::post("/v1/accounts", &Customer::form("bob")).token("open-ada");
    daemon.send(&other).refused(422, "IdempotenceParamNotMatch");
    assert_eq!(daemon.list("/v1/accounts").len(), 1);
}

#[test]
fn sixteen_at_once_are_one() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "500.00");
    let answers: Vec<_> = std::thread::scope(|scope| {
        let asking: Vec<_> =
            (0..16).map(|_| scope.spawn(|| daemon.send(&purchase(&ada, "at-once")))).collect();
        asking.into_iter().map(|asking| asking.join().expect("an answer")).collect()
    });
    let orders: BTreeSet<String> =
        answers.iter().map(|answer| answer.ok()["order"]["id"].to_string()).collect();
    assert_eq!(orders.len(), 1, "{orders:?}");
    assert_eq!(answers.iter().filter(|answer| !answer.is_replayed()).count(), 1);
    assert_eq!(daemon.list(&ada.path("/orders")).len(), 1);
    assert_eq!(ada.cash(&daemon), "482.00");
    // Of sixteen who open an account for one address without a token, one does.
    let opened: Vec<u16> = std::thread::scope(|scope| {
        let form = Customer::form("bob");
        let asking: Vec<_> = (0..16)
            .map(|_| {
                let ask = Ask::post("/v1/accounts", &form);
                let daemon = &daemon;
                scope.spawn(move || daemon.send(&ask).status)
            })
            .collect();
        asking.into_iter().map(|asking| asking.join().expect("an answer")).collect()
    });
    assert_eq!(opened.iter().filter(|status| **status == 201).count(), 1, "{opened:?}");
    assert!(opened.iter().all(|status| [201, 409].contains(status)), "{opened:?}");
    // The clock is moved once, too.
    let advance = Ask::post("/v1/clock", &json!({"advance": "P1D"})).token("tomorrow");
    daemon.send(&advance).ok();
    assert!(daemon.send(&advance).is_replayed());
    assert_eq!(daemon.get("/v1/clock").ok()["now"], "2026-01-02T00:00:00Z");
}

#[test]
fn a_power_cut_does_not_make_it_twice() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "100.00");
    let first = daemon.send(&purchase(&ada, "before-the-cut")).ok();
    let home = daemon.kill();
    let daemon = home.start_at("2026-01-01T00:10:00Z");
    let again = daemon.send(&purchase(&ada, "before-the-cut"));
    assert!(again.is_replayed(), "{again:?}");
    assert_eq!(again.json(), first, "the first receipt");
    assert_eq!(ada.cash(&daemon), "82.00");
    // Tokens are remembered for a week (R4.13), and a new day's request is a new one.
    daemon.until("2026-01-10T00:00:00Z");
    let new: Value = daemon.send(&purchase(&ada, "before-the-cut")).ok();
    assert_ne!(new["order"]["id"], first["order"]["id"]);
    let home = daemon.stop();
    home.run("check", &[]).ok();
}

#[test]
fn a_power_cut_under_load_loses_nothing_that_was_answered() {
    let daemon = Daemon::start();
    let customers: Vec<Customer> = (0..8)
        .map(|number| {
            let customer = Customer::open(&daemon, &format!("customer{number}"));
            customer.tops_up(&daemon, "9000.00");
            customer
        })
        .collect();
    let socket = daemon.home.socket();
    let (tell, told) = mpsc::channel();
    // Eight customers buy without pause; the power goes when they have forty answers.
    let (home, asked) = std::thread::scope(|scope| {
        let buying: Vec<_> = customers
            .iter()
            .map(|customer| {
                let (tell, socket) = (tell.clone(), &socket);
                scope.spawn(move || {
                    let mut asked = BTreeMap::new();
                    for number in 0.. {
                        let token = format!("t-{number}");
                        let answer = purchase(customer, &token).try_send(socket);
                        let receipt = answer.map(|answer| answer.ok());
                        let is_over = receipt.is_none();
                        asked.insert(token, receipt);
                        if is_over {
                            break;
                        }
                        let _ = tell.send(());
                    }
                    asked
                })
            })
            .collect();
        assert_eq!(told.iter().take(40).count(), 40);
        let home = daemon.kill();
        let asked: Vec<_> =
            buying.into_iter().map(|buying| buying.join().expect("what was asked")).collect();
        (home, asked)
    });
    let daemon = home.start();
    for (customer, asked) in customers.iter().zip(&asked) {
        // What was answered is there, and answered again; the one that was not is done now, or was.
        for (token, receipt) in asked {
            let again = daemon.send(&purchase(customer, token));
            if let Some(receipt) = receipt {
                assert!(again.is_replayed(), "{again:?}");
                assert_eq!(&again.ok(), receipt);
            } else {
                again.ok();
            }
        }
        assert_eq!(daemon.list(&customer.path("/orders")).len(), asked.len(), "each once");
    }
    daemon.stop().run("check", &[]).ok();
}
