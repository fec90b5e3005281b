//! What cannot be carried out is answered with a status and a code, and changes nothing.

use serde_json::{Value, json};

use crate::harness::{Ask, Customer, Daemon, Home};

/// What may go wrong with an order of a database, field by field.
const BAD_ORDERS: &[(&str, &str, u16, &str)] = &[
    ("product", r#""moonbase""#, 422, "UnknownProduct"),
    ("plan", r#""gigantic""#, 422, "UnknownPlan"),
    ("region", r#""mars""#, 422, "UnknownRegion"),
    ("period", r#""P13M""#, 422, "PeriodNotOffered"),
    ("period", r#""P6Y""#, 422, "PeriodNotOffered"),
    ("period", r#""P1D""#, 422, "InvalidField"),
    ("period", r#""P0M""#, 422, "InvalidField"),
    ("period", r#""a month""#, 422, "InvalidField"),
    ("period", "1", 400, "MalformedRequest"),
    ("period", "null", 400, "MalformedRequest"),
    ("renewal_mode", r#""Sometimes""#, 422, "InvalidField"),
    ("pay_now", r#""yes""#, 400, "MalformedRequest"),
    ("kind", r#""gift""#, 400, "MalformedRequest"),
    ("coupon", r#""SPRING""#, 422, "InvalidField"),
    ("coupon", "7", 400, "MalformedRequest"),
    ("coupon", r#"["cpn_0000000000_1", "cpn_0000000000_2"]"#, 422, "OneCouponPerOrder"),
    ("coupon", r#""cpn_0000000000_1""#, 404, "CouponNotFound"),
    ("voucher", r#""SPRING""#, 400, "MalformedRequest"),
    ("price_lock", r#""yes""#, 400, "MalformedRequest"),
    ("expected_payable", r#"{"amount": "1.00", "currency": "USD"}"#, 409, "PriceChanged"),
    ("expected_payable", r#""18.00""#, 400, "MalformedRequest"),
    ("expires_not_after", r#""sub_1""#, 422, "InvalidField"),
    ("plan", r#""large""#, 402, "NotEnoughFunds"),
];

/// What may go wrong with a top-up.
const BAD_TOP_UPS: &[(&str, &str, u16, &str)] = &[
    ("/amount/currency", r#""EUR""#, 422, "WrongCurrency"),
    ("/amount/currency", r#""XXQ""#, 422, "UnknownCurrency"),
    ("/amount/amount", r#""-5.00""#, 422, "AmountNotPositive"),
    ("/amount/amount", r#""0.00""#, 422, "AmountNotPositive"),
    ("/amount/amount", r#""1.001""#, 422, "AmountTooPrecise"),
    ("/amount/amount", r#""1e3""#, 422, "InvalidField"),
    ("/amount/amount", r#""a lot""#, 422, "InvalidField"),
    ("/amount/amount", r#""""#, 422, "InvalidField"),
    ("/amount/amount", r#""NaN""#, 422, "InvalidField"),
    ("/amount/amount", r#""99999999999999999999999999""#, 422, "AmountTooLarge"),
    ("/amount/amount", r#""92233720368547758.07""#, 422, "AmountTooLarge"),
    ("/amount/amount", "59.5", 400, "MalformedRequest"),
    ("/amount", r#""59.50 USD""#, 400, "MalformedRequest"),
    ("/method", r#""""#, 422, "InvalidField"),
    ("/method", "7", 400, "MalformedRequest"),
];

/// What may go wrong when an account is opened.
const BAD_ACCOUNTS: &[(&str, &str, u16, &str)] = &[
    ("/name", r#"" ""#, 422, "InvalidField"),
    ("/name", r#""a\nb""#, 422, "InvalidField"),
    ("/email", r#""nowhere""#, 422, "InvalidField"),
    ("/email", r#""ada@customer.example""#, 409, "EmailTaken"),
    ("/email", r#""ADA@Customer.Example""#, 409, "EmailTaken"),
    ("/kind", r#""ghost""#, 422, "InvalidField"),
    ("/country", r#""Atlantis""#, 422, "InvalidField"),
    ("/currency", r#""XXQ""#, 422, "UnknownCurrency"),
    ("/time_zone", r#""Mars/Olympus""#, 422, "InvalidField"),
    ("/language", r#""""#, 422, "InvalidField"),
    ("/email", "null", 400, "MalformedRequest"),
];

fn with(form: &Value, pointer: &str, value: &str) -> Value {
    let value = serde_json::from_str(value).expect("JSON");
    let mut form = form.clone();
    match form.pointer_mut(pointer) {
        Some(place) => *place = value,
        None => form[pointer.trim_start_matches('/')] = value,
    }
    form
}

struct World {
    daemon: Daemon,
    ada: Customer,
}

impl World {
    /// Everything that a refused request must not change.
    fn state(&self) -> (Vec<Value>, Vec<Value>, Value, usize, usize) {
        let daemon = &self.daemon;
        let accounts = daemon.list("/v1/accounts");
        let journal = self.ada.journal(daemon);
        let rules = daemon.get("/v1/catalogue").ok()["version"].clone();
        let subscriptions = daemon.list("/v1/subscriptions").len();
        (accounts, journal, rules, subscriptions, daemon.list("/v1/deliveries").len())
    }
}

fn world() -> World {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "100.00");
    World { daemon, ada }
}

#[test]
fn values_that_cannot_be_used_are_named_and_change_nothing() {
    let world = world();
    let World { daemon, ada } = &world;
    let before = world.state();
    let order = Customer::order("ManualRenewal", true);
    for (field, value, status, code) in BAD_ORDERS {
        let form = with(&order, &format!("/{field}"), value);
        let problem = daemon.post(&ada.path("/orders"), &form).refused(*status, code);
        if *code == "InvalidField" {
            assert_eq!(problem["field"], *field, "{problem}");
        }
    }
    let top_up =
        json!({"amount": {"amount": "5.00", "currency": "USD"}, "method": "bank_transfer"});
    for (pointer, value, status, code) in BAD_TOP_UPS {
        let form = with(&top_up, pointer, value);
        daemon.post(&ada.path("/top-ups"), &form).refused(*status, code);
    }
    let open = Customer::form("eve");
    for (pointer, value, status, code) in BAD_ACCOUNTS {
        daemon.post("/v1/accounts", &with(&open, pointer, value)).refused(*status, code);
    }
    assert_eq!(world.state(), before);
}

#[test]
fn forms_that_cannot_be_read_change_nothing() {
    let world = world();
    let World { daemon, ada } = &world;
    let before = world.state();
    let orders = ada.path("/orders");
    let order = Customer::order("ManualRenewal", true);
    for body in
        ["{", "[]", "7", r#"{"kind":"new"}"#, "{}", "\u{0}", r#"{"kind":"new","kind":"new"}"#]
    {
        let ask = Ask::new("POST", &orders).body("application/json", body);
        daemon.send(&ask).refused(400, "MalformedRequest");
    }
    let not_utf8 = Ask::new("POST", &orders).body("application/json", vec![b'"', 0xff, b'"']);
    daemon.send(&not_utf8).refused(400, "MalformedRequest");
    let deep = "[".repeat(200_000);
    daemon
        .send(&Ask::new("POST", &orders).body("application/json", deep))
        .refused(400, "MalformedRequest");
    let form = Ask::new("POST", &orders).body("application/x-www-form-urlencoded", "kind=new");
    daemon.send(&form).refused(415, "WrongContentType");
    let huge = format!("{{\"kind\":\"{}\"}}", "n".repeat(1_100_000));
    let huge = Ask::new("POST", &orders).body("application/json", huge);
    let problem = daemon.send(&huge).refused(413, "BodyTooLarge");
    assert_eq!(problem["bytes_max"], 1_048_576);
    for token in [&"t".repeat(65), "", "schl\u{fc}ssel"] {
        let ask = Ask::post(&orders, &order).token(token);
        daemon.send(&ask).refused(400, "InvalidToken");
    }
    let two = Ask::post(&orders, &order).token("one").token("two");
    daemon.send(&two).refused(400, "InvalidToken");
    let maybe = format!("{orders}?dry_run=maybe");
    daemon.post(&maybe, &order).refused(400, "MalformedRequest");
    let unknown = format!("{orders}?dryrun=true");
    daemon.post(&unknown, &order).refused(400, "MalformedRequest");
    daemon.get("/v1/accounts?limit=0").refused(422, "InvalidField");
    daemon.get("/v1/accounts?limit=301").refused(422, "InvalidField");
    daemon.get("/v1/accounts?limit=-1").refused(400, "MalformedRequest");
    daemon.get("/v1/accounts?cursor=nonsense").refused(400, "InvalidCursor");
    daemon.get("/v1/subscriptions?state=Sleeping").refused(422, "InvalidField");
    daemon.get("/v1/subscriptions?expires_within=soon").refused(422, "InvalidField");
    assert_eq!(world.state(), before);
}

#[test]
fn places_that_are_not_there_are_said_to_be_so() {
    let world = world();
    let World { daemon, ada } = &world;
    let before = world.state();
    let form = json!({"period": "P1M"});
    daemon.get("/v1/nothing").refused(404, "NoSuchRoute");
    daemon.get("/").refused(404, "NoSuchRoute");
    let answer = daemon.send(&Ask::new("DELETE", "/v1/accounts"));
    answer.refused(405, "MethodNotAllowed");
    assert_eq!(answer.header("allow"), Some("GET, POST"), "{answer:?}");
    for path in ["/v1/accounts/acc_0000000000", "/v1/accounts/nobody", "/v1/accounts/%2e%2e"] {
        daemon.get(path).refused(404, "AccountNotFound");
        daemon
            .post(
                &format!("{path}/top-ups"),
                &json!({
                    "amount": {"amount": "5.00", "currency": "USD"}, "method": "card"
                }),
            )
            .refused(404, "AccountNotFound");
    }
    for id in ["sub_1", "nothing", &ada.id.replace("acc_", "sub_")] {
        let path = ada.path(&format!("/subscriptions/{id}"));
        daemon.get(&path).refused(404, "SubscriptionNotFound");
        daemon.post(&format!("{path}/renewals"), &form).refused(404, "SubscriptionNotFound");
    }
    let own = format!("{}_99", ada.id.replace("acc_", "sub_"));
    let path = ada.path(&format!("/subscriptions/{own}/renewals"));
    daemon.post(&path, &form).refused(404, "SubscriptionNotFound");
    let own = own.replace("sub_", "ord_");
    daemon.get(&ada.path(&format!("/orders/{own}"))).refused(404, "OrderNotFound");
    daemon.post(&ada.path("/orders/nothing/pay"), &json!({})).refused(404, "OrderNotFound");
    daemon.post("/v1/schedulers/dishes/run", &json!({})).refused(404, "SchedulerNotFound");
    daemon
        .post("/v1/schedulers/orders/run?dry_run=true", &json!({}))
        .refused(422, "DryRunNotPossible");
    daemon.post("/v1/brake/release", &json!({})).refused(409, "BrakeNotEngaged");
    daemon.post("/v1/clock", &json!({"to": "2025-01-01T00:00:00Z"})).refused(422, "ClockInPast");
    daemon.post("/v1/clock", &json!({"advance": "P1M"})).refused(422, "InvalidField");
    daemon.post(&ada.path("/let-go"), &json!({})).refused(409, "AccountNotHeld");
    daemon.post(&ada.path("/unpark"), &json!({})).refused(409, "AccountNotParked");
    assert_eq!(world.state(), before);
}

#[test]
fn a_subscription_keeps_its_bounds() {
    let World { daemon, ada } = &world();
    ada.tops_up(daemon, "5000.00");
    let form = with(&Customer::order("ManualRenewal", true), "/period", r#""P5Y""#);
    let parent = ada.sub(&daemon.post(&ada.path("/orders"), &form).ok());
    assert_eq!(parent.expires_at(daemon), "2031-01-01T00:00:00Z");
    parent.renew(daemon, "P5Y").ok();
    let refused =
        parent.renew(daemon, "P1M").refused(422, "InvalidPeriod.ExceededMaximumExpirationDate");
    assert_eq!(refused["limit"], "2036-01-01T00:00:00Z", "ten years (R1.16)");
    // A child may not outlive its parent (R1.17).
    let month = ada.buys(daemon, "ManualRenewal");
    let mut child = Customer::order("ManualRenewal", true);
    child["expires_not_after"] = json!(month.id);
    child["period"] = json!("P2M");
    daemon.post(&ada.path("/orders"), &child).refused(422, "InvalidPeriod.ExceededDedicatedHost");
    // Renewing so late that the new period would be over already is refused (D7).
    let mut week = Customer::order("ManualRenewal", true);
    week["period"] = json!("P1W");
    let week = ada.sub(&daemon.post(&ada.path("/orders"), &week).ok());
    daemon.until("2026-01-18T00:00:00Z");
    assert_eq!(week.state(daemon), "Suspended");
    let refused = week.renew(daemon, "P1W").refused(422, "PeriodInPast");
    assert_eq!(refused["minimum"], "P2W");
    // A released one is not renewed, nor is its mode changed.
    daemon.until("2026-01-26T00:00:00Z");
    assert_eq!(week.state(daemon), "Released");
    week.renew(daemon, "P3W").refused(409, "SubscriptionEnded");
    week.set_mode(daemon, &json!({"mode": "AutoRenewal"})).refused(409, "SubscriptionEnded");
}

#[test]
fn a_bad_catalogue_is_refused_with_every_fault() {
    let world = world();
    let daemon = &world.daemon;
    let before = world.state();
    let put =
        |text: &str| daemon.send(&Ask::new("PUT", "/v1/catalogue").body("application/toml", text));
    put("products = 7").refused(400, "MalformedRequest");
    put("[prodcuts.ecs]").refused(400, "MalformedRequest");
    let book = include_str!("../../config/catalogue.toml");
    let faulty = book
        .replacen("lifecycle = \"alibaba-ecs\"", "lifecycle = \"eternal\"", 1)
        .replacen("autorenewal = \"daily-t9\"", "autorenewal = \"hourly\"", 1);
    let refused = put(&faulty).refused(422, "InvalidRules");
    assert_eq!(refused["faults"].as_array().map(Vec::len), Some(2), "{refused}");
    put(&book.replacen("USD = { week = \"3.60\"", "USD = { week = \"-3.60\"", 1));
    assert_eq!(world.state(), before);
}

#[test]
fn a_configuration_with_unknown_keys_is_refused() {
    let home = Home::new();
    home.configure("[dameon]\nretire_after = \"1m\"\n");
    let ran = home.refuses_at("2026-01-01T00:00:00Z");
    assert_eq!(ran.code(), 1);
    assert!(ran.err.contains("dameon"), "{ran:?}");
    assert!(!home.socket().exists(), "nothing was begun");
    home.configure("[daemon]\nretire_after = \"soon\"\n");
    let ran = home.run("check-config", &[]).ended(1);
    assert!(ran.err.contains("retire_after"), "{ran:?}");
}
