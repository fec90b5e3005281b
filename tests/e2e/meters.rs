//! What is metered can be seen, and what use would cost asked, over HTTP and by command.

use serde_json::{Value, json};

use crate::harness::{Ask, Daemon};

fn asked(more: &Value) -> Value {
    let mut asked = json!({
        "product": "compute", "meter": "traffic", "plan": "small", "currency": "USD",
        "quantity": "50",
    });
    let fields = asked.as_object_mut().expect("fields");
    fields.extend(more.as_object().expect("fields").clone());
    asked
}

#[test]
fn meters_are_listed_with_their_prices() {
    let daemon = Daemon::start();
    // All of them at once: this list has no pages.
    let list = |path: &str| daemon.get(path).ok()["items"].as_array().expect("a list").clone();
    let meters = list("/v1/meters");
    let names: Vec<&str> = meters.iter().filter_map(|meter| meter["meter"].as_str()).collect();
    assert_eq!(names, ["cpu", "disk", "traffic"]);
    let (cpu, disk, traffic) = (&meters[0], &meters[1], &meters[2]);
    assert_eq!((&cpu["aggregation"], &cpu["while_stopped"]), (&json!("duration"), &json!(false)));
    assert_eq!(disk["while_stopped"], true);
    let tariffs = traffic["tariffs"].as_array().expect("tariffs");
    assert_eq!(tariffs.len(), 6, "two plans in three currencies");
    let small = tariffs.iter().find(|t| t["plan"] == "small" && t["currency"] == "USD");
    assert_eq!(
        small.expect("a tariff"),
        &json!({
            "plan": "small", "currency": "USD", "model": "tiered", "included": "100",
            "tiers": [{"up_to": "10240", "price": "0.08"}, {"price": "0.05"}],
        })
    );
    assert_eq!(list("/v1/meters?product=compute"), meters);
    assert_eq!(list("/v1/meters?product=ecs"), Vec::<Value>::new());
    daemon.get("/v1/meters?product=boats").refused(422, "UnknownProduct");
    daemon.get("/v1/meters?meter=cpu").refused(400, "MalformedRequest");

    let shown = daemon.renewctl(&["meter", "list", "--product", "compute"]).ok().out;
    assert!(shown.contains("0.0199 per hour") && shown.contains("0.08 up to 10240"), "{shown}");
    let said = daemon.renewctl(&["meter", "list", "--product", "ecs"]).ok().err;
    assert!(said.contains("nothing is metered"), "{said}");
    let machine = daemon.renewctl(&["--json", "meter", "list"]).ok().json();
    assert_eq!(machine["items"].as_array(), Some(&meters));
}

#[test]
fn use_is_quoted_tier_by_tier() {
    let daemon = Daemon::start();
    let quote = |more: Value| daemon.post("/v1/meters/quote", &asked(&more)).ok();
    assert_eq!(
        quote(json!({"before": "90", "quantity": "50"})),
        json!({
            "unit": "GB", "amount": "3.2", "billed": {"amount": "3.20", "currency": "USD"},
            "parts": [
                {"tier": 0, "price": "0", "quantity": "10", "amount": "0"},
                {"tier": 1, "price": "0.08", "quantity": "40", "amount": "3.2"},
            ],
        })
    );
    // V17: 0.0199 an hour for 720 hours.
    let month = quote(json!({"meter": "cpu", "quantity": "720"}));
    assert_eq!((&month["amount"], &month["billed"]["amount"]), (&json!("14.328"), &json!("14.32")));
    for (more, code) in [
        (json!({"product": "boats"}), "UnknownProduct"),
        (json!({"product": "ecs"}), "NotPayAsYouGo"),
        (json!({"meter": "tape"}), "UnknownMeter"),
        (json!({"plan": "gigantic"}), "UnknownPlan"),
        (json!({"currency": "JPY"}), "CurrencyNotOffered"),
        (json!({"currency": "XXQ"}), "UnknownCurrency"),
        (json!({"quantity": "NaN"}), "InvalidField"),
        (json!({"quantity": "-1"}), "InvalidField"),
        (json!({"quantity": "1000000000001"}), "InvalidField"),
        (json!({"before": "-0.000000001"}), "InvalidField"),
        (json!({"before": "0.0000000001"}), "InvalidField"),
        (json!({"quantity": "1000000000000"}), "AmountTooLarge"),
    ] {
        daemon.post("/v1/meters/quote", &asked(&more)).refused(422, code);
    }
    for body in [json!({}), asked(&json!({"coupon": "SPRING"})), asked(&json!({"quantity": 5}))] {
        daemon.post("/v1/meters/quote", &body).refused(400, "MalformedRequest");
    }
    let get = Ask::get("/v1/meters/quote");
    daemon.send(&get).refused(405, "MethodNotAllowed");

    let words = ["meter", "quote", "compute", "traffic", "small", "USD", "50", "--before", "90"];
    let shown = daemon.renewctl(&words).ok().out;
    assert!(shown.contains("free") && shown.contains("3.20 USD"), "{shown}");
    let refused = daemon.renewctl(&["meter", "quote", "compute", "tape", "small", "USD", "1"]);
    let said = refused.ended(1).err;
    assert!(said.contains("no meter") && said.contains("renewctl meter list"), "{said}");
}
