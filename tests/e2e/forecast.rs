//! Forecasts over the socket and by `renewctl`: what they say, and that it is what then happens.

use serde_json::{Value, json};

use crate::harness::{Customer, Daemon};

fn usd(amount: &str) -> Value {
    json!({"amount": amount, "currency": "USD"})
}

#[track_caller]
fn ahead(daemon: &Daemon, customer: &Customer, query: &str) -> Value {
    daemon.get(&customer.path(&format!("/forecast{query}"))).ok()
}

fn words_of(forecast: &Value) -> Vec<&str> {
    let items = forecast["items"].as_array().expect("items");
    items.iter().map(|item| item["what"].as_str().expect("a word")).collect()
}

#[test]
fn a_forecast_says_when_money_falls_short_and_that_is_when_it_does() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "25.00");
    let sub = ada.buys(&daemon, "AutoRenewal");
    daemon.get("/v1/accounts/acc_0000000000/forecast").refused(404, "AccountNotFound");
    let told = ahead(&daemon, &ada, "?days=60&limit=300");
    let until = "2026-03-02T00:00:00Z";
    assert_eq!((&told["from"], &told["until"]), (&"2026-01-01T00:00:00Z".into(), &until.into()));
    assert_eq!(told["next"], Value::Null);
    let short = &told["shortfall"];
    assert_eq!(
        (&short["subscription"], &short["missing"]),
        (&sub.id.clone().into(), &usd("11.00"))
    );
    let words = words_of(&told);
    for word in ["notice", "renewal_failed", "expired", "suspended", "released"] {
        assert!(words.contains(&word), "{word} in {words:?}");
    }
    let codes: Vec<_> =
        told["assumptions"].as_array().expect("some").iter().map(|it| &it["code"]).collect();
    assert_eq!(codes, ["no_commands", "on_time", "rules_as_scheduled"]);
    assert_eq!(told["days"].as_array().map(Vec::len), Some(61));
    assert_eq!((&told["balance"], &told["cash_at_end"]), (&usd("7.00"), &usd("7.00")));

    // Page by page it is the same, until something happens.
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = ahead(&daemon, &ada, &format!("?days=60&limit=2{cursor}"));
        assert_eq!(page["days"], told["days"]);
        items.extend(page["items"].as_array().expect("items").clone());
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(Value::from(items), told["items"]);
    let first = ahead(&daemon, &ada, "?days=60&limit=2");
    let next = first["next"].as_str().expect("a second page");

    // It is what then happens.
    let at = short["at"].as_str().expect("an instant");
    daemon.until(at);
    let failed = ada.journal(&daemon).iter().any(|record| {
        let text = record.to_string();
        text.contains("attempt_failed") && text.contains(at)
    });
    assert!(failed, "the renewal failed at {at}");
    daemon.get(&ada.path(&format!("/forecast?cursor={next}"))).refused(400, "InvalidCursor");
    daemon.until(until);
    assert_eq!(ada.cash(&daemon), "7.00");
    let shown = daemon.list(&ada.path("/subscriptions"));
    assert!(shown.iter().all(|row| row["state"] == "Released"), "{shown:?}");
    daemon.stop().run("check", &[]).ok();
}

#[test]
fn a_forecast_has_bounds() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    for path in [ada.path("/forecast"), "/v1/forecast".to_owned()] {
        let far = daemon.get(&format!("{path}?days=401")).refused(422, "ForecastTooFar");
        assert_eq!(
            (&far["field"], &far["latest"]),
            (&"days".into(), &"2027-02-05T00:00:00Z".into())
        );
        daemon.get(&format!("{path}?until=2027-02-05T00:00:01Z")).refused(422, "ForecastTooFar");
        daemon.get(&format!("{path}?until=2025-12-31T00:00:00Z")).refused(422, "InvalidField");
        let both = format!("{path}?days=3&until=2026-01-02T00:00:00Z");
        daemon.get(&both).refused(422, "InvalidField");
        daemon.get(&format!("{path}?limit=0")).refused(422, "InvalidField");
        daemon.get(&format!("{path}?cursor=x")).refused(400, "InvalidCursor");
        daemon.get(&format!("{path}?horizon=3")).refused(400, "MalformedRequest");
        daemon.get(&format!("{path}?days=400")).ok();
    }
}

#[test]
fn the_book_is_told_page_by_page_and_nothing_is_kept_live() {
    let daemon = Daemon::start();
    let (ada, bob) = (Customer::open(&daemon, "ada"), Customer::open(&daemon, "bob"));
    let eve = Customer::open(&daemon, "eve");
    for (customer, cash) in [(&ada, "25.00"), (&bob, "100.00"), (&eve, "18.00")] {
        customer.tops_up(&daemon, cash);
        customer.buys(&daemon, if cash == "18.00" { "NotRenewal" } else { "AutoRenewal" });
    }
    // Cold again.
    let daemon = daemon.stop().start();
    let live = |daemon: &Daemon| daemon.get("/v1/status").ok()["live_account_count"].clone();
    let before = live(&daemon);
    let whole = daemon.get("/v1/forecast?days=60").ok();
    assert_eq!(whole["account_count"], 3);
    let short: Vec<_> =
        whole["short"].as_array().expect("accounts").iter().map(|it| &it["account"]).collect();
    assert_eq!(short, [&Value::from(ada.id.clone())]);
    let sum: Vec<_> = whole["days"].as_array().expect("days").iter().collect();
    assert!(sum.iter().all(|day| day["money_out"] == usd("18.00")), "{sum:?}");
    assert_eq!(sum.len(), 2, "bob renews twice");
    let (mut days, mut count, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let page = daemon.get(&format!("/v1/forecast?days=60&limit=1{cursor}")).ok();
        count += page["account_count"].as_u64().expect("a number");
        days.extend(page["days"].as_array().expect("days").clone());
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!((Value::from(days), count), (whole["days"].clone(), 3));
    assert_eq!(live(&daemon), before);
    daemon.stop();
}

#[test]
fn renewctl_draws_what_is_ahead() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "40.00");
    let sub = ada.buys(&daemon, "AutoRenewal");
    let machine = json!({"product": "compute", "plan": "small", "region": "eu-central-1"});
    daemon.post(&ada.path("/resources"), &machine).ok();
    daemon.until("2026-01-15T00:00:00Z");
    // Ids are as long as any other, so that the columns stay as wide.
    let bare = ada.id.trim_start_matches("acc_").to_owned();
    let plain = |text: &str| text.replace(&bare, "k3f9x2m7qd");
    let ran = daemon.renewctl(&["forecast", &ada.id, "--days", "30", "--chart"]).ok();
    insta::assert_snapshot!("forecast_of_an_account", plain(&ran.out));
    assert!(ran.out.contains(&sub.id), "{}", ran.out);
    assert!(ran.err.contains("taken for granted: nobody orders"), "{}", ran.err);
    let machine = daemon.renewctl(&["--json", "forecast", &ada.id]).ok().json();
    assert_eq!(machine["account"], Value::from(ada.id.clone()));
    assert_eq!(machine["next"], Value::Null);
    let book = daemon.renewctl(&["forecast", "--until", "2026-02-14T00:00:00Z", "--chart"]).ok();
    insta::assert_snapshot!("forecast_of_the_book", plain(&book.out));
    let whole = daemon.renewctl(&["--json", "forecast"]).ok().json();
    assert_eq!(whole["account_count"], 1);
    let far = daemon.renewctl(&["forecast", "--days", "401"]).ended(1);
    assert!(far.err.contains("ForecastTooFar"), "{}", far.err);
    daemon.renewctl(&["forecast", "--days", "3", "--until", "2026-02-14T00:00:00Z"]).ended(2);
    let help = daemon.renewctl(&["forecast", "--help"]).ok();
    assert!(help.out.contains("it is what then happens"), "{}", help.out);
}
