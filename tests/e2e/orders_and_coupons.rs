//! Orders with coupons, paid together, renewed in batches, changed, delivered, given back.

use serde_json::{Value, json};

use crate::harness::{Ask, Customer, Daemon, Sub};

fn usd(amount: &str) -> Value {
    json!({"amount": amount, "currency": "USD"})
}

fn id(answer: &Value) -> String {
    answer["order"]["id"].as_str().expect("an order").to_owned()
}

/// Grants a coupon; its id.
#[track_caller]
fn grant(daemon: &Daemon, customer: &Customer, benefit: &Value, scope: &Value) -> String {
    let form = json!({"benefit": benefit, "scope": scope, "valid_days": 30});
    let granted = daemon.post(&customer.path("/coupons"), &form).ok();
    granted["coupon"]["id"].as_str().expect("a coupon").to_owned()
}

#[track_caller]
fn grant_cash(daemon: &Daemon, customer: &Customer, amount: &str) -> String {
    grant(daemon, customer, &json!({"type": "cash", "value": usd(amount)}), &json!({}))
}

#[track_caller]
fn coupon(daemon: &Daemon, customer: &Customer, id: &str) -> Value {
    daemon.get(&customer.path(&format!("/coupons/{id}"))).ok()
}

/// An order of a database for a month that names its coupon.
fn order_with(coupon: &str, pay_now: bool) -> Value {
    let mut form = Customer::order("ManualRenewal", pay_now);
    form["coupon"] = coupon.into();
    form
}

/// The codes of the predicates that did not hold.
fn unmet(value: &Value) -> Vec<&str> {
    let unmet = value["unmet"].as_array().expect("predicates").iter();
    unmet.map(|unmet| unmet["code"].as_str().expect("a code")).collect()
}

/// A product that is only given when the provider's system says so.
fn with_acknowledgement(daemon: &Daemon) {
    let book = include_str!("../../config/catalogue.toml").replacen(
        "name = \"ApsaraDB RDS\"",
        "name = \"ApsaraDB RDS\"\nacknowledge = [\"new\", \"renew\"]",
        1,
    );
    daemon.send(&Ask::new("PUT", "/v1/catalogue").body("application/toml", book)).ok();
}

#[test]
fn a_coupon_is_frozen_while_its_order_is_unpaid_and_free_when_it_is_cancelled() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    let voucher = grant_cash(&daemon, &ada, "5.00");
    // Nobody named it: the rule picks it (R4.6).
    let placed = daemon.post(&ada.path("/orders"), &Customer::order("ManualRenewal", false)).ok();
    let order = &placed["order"];
    assert_eq!(order["coupon"], json!({"id": voucher, "amount": usd("5.00")}));
    assert_eq!((&order["list"], &order["payable"]), (&usd("18.00"), &usd("13.00")));
    assert_eq!(order["lines"][0]["coupon"], usd("5.00"), "{order}");
    let listed = daemon.list(&ada.path("/coupons"));
    let frozen = &listed[0];
    assert_eq!(frozen["state"], "Frozen");
    let holder = json!({"order": order["id"], "until": "2026-01-08T00:00:00Z"});
    assert_eq!(frozen["held_by"], holder, "who holds it, and until when");
    assert_eq!(coupon(&daemon, &ada, &voucher)["held_by"], holder);
    // It can't be taken back, nor used for another order, nor by somebody else.
    let cancel = ada.path(&format!("/coupons/{voucher}/cancel"));
    let refused = daemon.post(&cancel, &json!({})).refused(409, "CouponHeld");
    assert_eq!(refused["order"], order["id"]);
    let refused = daemon
        .post(&ada.path("/orders"), &order_with(&voucher, false))
        .refused(422, "CouponNotUsable");
    assert_eq!(unmet(&refused), ["frozen"]);
    assert_eq!(refused["unmet"][0]["order"], order["id"]);
    let bob = Customer::open(&daemon, "bob");
    daemon.post(&bob.path("/orders"), &order_with(&voucher, false)).refused(404, "CouponNotFound");
    let path = ada.path(&format!("/orders/{}/cancel", id(&placed)));
    daemon.post(&path, &json!({})).ok();
    let free = coupon(&daemon, &ada, &voucher);
    assert_eq!((&free["state"], &free["held_by"]), (&"Available".into(), &Value::Null));
    let gone = daemon.post(&cancel, &json!({})).ok();
    assert_eq!(gone["coupon"]["state"], "Cancelled");
    daemon.post(&ada.path("/orders"), &order_with(&voucher, false)).refused(409, "CouponOver");
    daemon.post(&cancel, &json!({})).refused(409, "CouponOver");
}

#[test]
fn every_coupon_says_what_it_is_good_for() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    let spend = json!({"type": "spend_and_save", "threshold": usd("50.00"), "off": usd("10.00")});
    let narrow = json!({
        "products_denied": ["rds"], "order_types": ["renew"], "min_period": "P3M",
        "max_period": "P6M"
    });
    let narrow = grant(&daemon, &ada, &spend, &narrow);
    let fifth = json!({"type": "discount", "percent": "20", "cap": usd("50.00")});
    let fifth = grant(&daemon, &ada, &fifth, &json!({"products": ["rds"]}));
    let voucher = grant_cash(&daemon, &ada, "2.00");
    let placed = daemon.post(&ada.path("/orders"), &order_with("none", false)).ok();
    assert_eq!(placed["order"]["coupon"], Value::Null, "declined");
    let listed = daemon.list(&ada.path(&format!("/coupons?for_order={}", id(&placed))));
    let fit = |id: &str| {
        let found = listed.iter().find(|coupon| coupon["id"] == *id);
        found.expect("a coupon")["fit"].clone()
    };
    let no = fit(&narrow);
    assert_eq!((&no["usable"], &no["deductible"]), (&false.into(), &Value::Null));
    assert_eq!(
        unmet(&no),
        ["product", "order_type", "min_spend", "min_period"],
        "every predicate that does not hold (R5.17)"
    );
    let min_spend = &no["unmet"][2];
    assert_eq!((&min_spend["needed"], &min_spend["eligible"]), (&usd("50.00"), &usd("0.00")));
    let yes = fit(&fifth);
    assert_eq!((&yes["usable"], &yes["deductible"]), (&true.into(), &usd("3.60")));
    assert_eq!((&yes["picked"], &fit(&voucher)["picked"]), (&true.into(), &false.into()));
    // What would be bought can be asked about too.
    let offer = "/coupons?product=ecs&plan=large&period=P3M&type=renew";
    let listed = daemon.list(&ada.path(offer));
    let usable = |place: usize| listed[place]["fit"]["usable"].as_bool().expect("a verdict");
    assert_eq!([usable(0), usable(1), usable(2)], [true, false, true]);
    let plain = daemon.list(&ada.path("/coupons"));
    assert!(plain.iter().all(|coupon| coupon["fit"].is_null()), "only if it is asked");
    for (query, status, code) in [
        ("?product=ecs", 422, "InvalidField"),
        ("?type=new", 422, "InvalidField"),
        ("?product=moon&plan=x&period=P1M", 422, "UnknownProduct"),
        ("?product=ecs&plan=x&period=P1M", 422, "UnknownPlan"),
        ("?product=ecs&plan=small&period=P13M", 422, "PeriodNotOffered"),
        ("?product=ecs&plan=small&period=P1M&type=upgrade", 422, "InvalidField"),
        ("?for_order=ord_0000000000_1", 404, "OrderNotFound"),
        ("?state=Lost", 422, "InvalidField"),
    ] {
        daemon.get(&ada.path(&format!("/coupons{query}"))).refused(status, code);
    }
    // The coupon of an unpaid order is chosen, changed and declined (R4.6).
    let set = ada.path(&format!("/orders/{}/coupon", id(&placed)));
    for (choice, payable) in
        [(fifth.as_str(), "14.40"), (&voucher, "16.00"), ("none", "18.00"), ("auto", "14.40")]
    {
        let changed = daemon.put(&set, &json!({"coupon": choice})).ok();
        assert_eq!(changed["order"]["payable"], usd(payable), "{choice}");
    }
    assert_eq!(coupon(&daemon, &ada, &fifth)["state"], "Frozen");
    assert_eq!(coupon(&daemon, &ada, &voucher)["state"], "Available");
    let refused = daemon.put(&set, &json!({"coupon": narrow})).refused(422, "CouponNotUsable");
    assert_eq!(unmet(&refused), ["product", "order_type", "min_spend", "min_period"]);
    daemon.put(&set, &json!({"coupon": [fifth, voucher]})).refused(422, "OneCouponPerOrder");
    daemon.put(&set, &json!({"coupon": "SPRING"})).refused(422, "InvalidField");
    // Over all accounts.
    let live = daemon.list("/v1/coupons?state=Available,Frozen");
    assert_eq!(live.len(), 3);
    assert_eq!(daemon.list("/v1/coupons?expires_before=2026-01-02T00:00:00Z").len(), 0);
    ada.tops_up(&daemon, "100.00");
    let pay = ada.path(&format!("/orders/{}/pay", id(&placed)));
    assert_eq!(daemon.post(&pay, &json!({})).ok()["cash"], usd("85.60"));
    assert_eq!(coupon(&daemon, &ada, &fifth)["state"], "Used");
    let closed = ada.path(&format!("/coupons?for_order={}", id(&placed)));
    daemon.get(&closed).refused(409, "OrderClosed");
    daemon.put(&set, &json!({"coupon": "none"})).refused(409, "OrderClosed");
}

#[test]
fn a_quote_says_what_the_order_will_cost() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "100.00");
    grant_cash(&daemon, &ada, "5.00");
    let book = include_str!("../../config/catalogue.toml");
    let dearer = book.replacen("month = \"18.00\"", "month = \"19.00\"", 1);
    let put = Ask::new("PUT", "/v1/catalogue?effective_at=2026-01-03T00:00:00Z");
    daemon.send(&put.body("application/toml", dearer)).ok();
    let mut form = Customer::order("ManualRenewal", false);
    form["price_lock"] = true.into();
    let dry = format!("{}?dry_run=true", ada.path("/orders"));
    let quote = daemon.post(&dry, &form).ok();
    assert_eq!(quote["valid_until"], "2026-01-03T00:00:00Z");
    assert_eq!(daemon.list(&ada.path("/orders")).len(), 0, "nothing was written");
    let mut wrong = form.clone();
    wrong["expected_payable"] = usd("12.99");
    let refused = daemon.post(&ada.path("/orders"), &wrong).refused(409, "PriceChanged");
    assert_eq!((&refused["expected"], &refused["payable"]), (&usd("12.99"), &usd("13.00")));
    form["expected_payable"] = quote["order"]["payable"].clone();
    let placed = daemon.post(&ada.path("/orders"), &form).ok();
    assert_eq!(placed["order"], quote["order"], "the order is what the quote was");
    assert_eq!(placed["valid_until"], Value::Null, "an order keeps its price");
    let pay = ada.path(&format!("/orders/{}/pay", id(&placed)));
    daemon.until("2026-01-03T00:00:00Z");
    assert_eq!(daemon.post(&pay, &json!({})).ok()["cash"], usd("87.00"));
    let sub = ada.sub(&placed);
    assert_eq!(sub.shown(&daemon)["price_lock"], true);
    let quote = daemon.post(
        &format!("{}?dry_run=true", sub.path("/renewals")),
        &json!({
            "period": "P1M"
        }),
    );
    let quote = quote.ok();
    let order = &quote["order"];
    assert_eq!((&order["list"], &order["discount"]), (&usd("19.00"), &usd("1.00")), "the lock");
    assert_eq!((&order["payable"], &quote["valid_until"]), (&usd("18.00"), &Value::Null));
    let told = daemon.renewctl(&[
        "sub",
        "renew",
        &ada.id,
        &sub.id,
        "P1M",
        "--dry-run",
        "--expect",
        "18.00USD",
    ]);
    let told = told.ok();
    for part in ["list price", "19.00 USD", "discount", "-1.00 USD", "payable", "18.00 USD"] {
        assert!(told.out.contains(part), "{part}: {told:?}");
    }
    assert!(told.err.contains("dry run"), "{told:?}");
}

#[test]
fn a_price_is_shown_in_its_parts() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "100.00");
    grant_cash(&daemon, &ada, "8.00");
    let vat = "[[tax]]\ncountry = \"DE\"\nname = \"VAT\"\nrate = \"19\"\n";
    let book = format!("{}\n{vat}", include_str!("../../config/catalogue.toml"));
    daemon.send(&Ask::new("PUT", "/v1/catalogue").body("application/toml", book)).ok();
    let placed = daemon.post(&ada.path("/orders"), &Customer::order("ManualRenewal", true)).ok();
    let order = &placed["order"];
    assert_eq!((&order["list"], &order["coupon"]["amount"]), (&usd("18.00"), &usd("8.00")));
    let tax = json!({"name": "VAT", "rate": "19", "inclusive": false, "amount": usd("1.90")});
    assert_eq!(order["tax"], tax, "on what the coupon leaves");
    assert_eq!((&order["payable"], &order["rules_version"]), (&usd("11.90"), &2.into()));
    assert_eq!(
        order["lines"],
        json!([{
            "item": "period", "list": usd("18.00"), "discount": usd("0.00"),
            "coupon": usd("8.00"), "tax": usd("1.90"), "payable": usd("11.90")
        }])
    );
    assert_eq!(placed["cash"], usd("88.10"));
    let shown = daemon.renewctl(&["order", "show", &ada.id, &id(&placed)]).ok();
    assert!(shown.out.contains("1.90 USD (VAT 19 %)"), "{shown:?}");
}

#[test]
fn orders_are_paid_together_or_not_at_all() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    let form = Customer::order("ManualRenewal", false);
    let orders: Vec<String> =
        (0..3).map(|_| id(&daemon.post(&ada.path("/orders"), &form).ok())).collect();
    let payments = ada.path("/payments");
    let pay = |orders: &[&str]| daemon.post(&payments, &json!({"orders": orders}));
    let [one, two, three] = [&*orders[0], &*orders[1], &*orders[2]];
    ada.tops_up(&daemon, "40.00");
    let refused = pay(&[one, two, three]).refused(402, "NotEnoughFunds");
    assert_eq!(refused["needed"], usd("54.00"));
    assert_eq!(ada.cash(&daemon), "40.00", "none of them");
    daemon.post(&ada.path(&format!("/orders/{three}/cancel")), &json!({})).ok();
    let paid = pay(&[one, three, two]).ok();
    let ids: Vec<&str> = paid["paid"]
        .as_array()
        .expect("orders")
        .iter()
        .map(|order| order["id"].as_str().expect("an id"))
        .collect();
    assert_eq!(ids, [one, two]);
    assert_eq!(paid["skipped"], json!([{"order": three, "code": "OrderClosed"}]), "R4.15");
    assert_eq!(paid["cash"], usd("4.00"));
    // Paying twice, paying what was cancelled, and what nobody can pay.
    for order in [one, three] {
        let pay = ada.path(&format!("/orders/{order}/pay"));
        daemon.post(&pay, &json!({})).refused(409, "OrderClosed");
    }
    pay(&[]).refused(422, "InvalidField");
    pay(&[one, one]).refused(422, "InvalidField");
    pay(&["ord_0000000000_1"]).refused(404, "OrderNotFound");
    let many: Vec<String> =
        (1..=31).map(|n| format!("{}_{n}", one.rsplit_once('_').expect("an id").0)).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let refused = pay(&many).refused(422, "TooManyOrders");
    assert_eq!((&refused["count"], &refused["limit"]), (&31.into(), &30.into()));
    let listed = daemon.get("/v1/orders?state=Paid&type=new").ok();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(2));
    let window = json!({"from": "2025-12-02T00:00:00Z", "is_default": true});
    assert_eq!(listed["window"], window, "30 days, and it says so (R4.14)");
    daemon.until("2026-02-05T00:00:00Z");
    assert_eq!(daemon.list("/v1/orders").len(), 0);
    let all = daemon.get("/v1/orders?created_from=2025-01-01T00:00:00Z&product=rds").ok();
    assert_eq!(all["items"].as_array().map(Vec::len), Some(3));
    assert_eq!(all["window"], json!({"from": "2025-01-01T00:00:00Z"}));
    let told = daemon.renewctl(&["order", "list"]).ok();
    assert!(told.err.contains("last 30 days"), "{told:?}");
}

#[test]
fn a_batch_of_renewals_answers_each_item() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "90.00");
    let subs: Vec<Sub> = (0..3).map(|_| ada.buys(&daemon, "ManualRenewal")).collect();
    assert_eq!(ada.cash(&daemon), "36.00");
    let item = |sub: &Sub, period: &str| json!({"subscription": sub.id, "period": period, "pay_now": true});
    let body = json!({"items": [
        item(&subs[0], "P1M"), item(&subs[1], "P1Y"), item(&subs[2], "P1M")
    ]});
    let ask = || Ask::post(ada.path("/renewals"), &body).token("batch");
    let done = daemon.send(&ask()).ok();
    assert_eq!((&done["done_count"], &done["refused_count"]), (&2.into(), &1.into()));
    assert_eq!(done["items"][0]["result"]["order"]["state"], "Paid");
    let problem = &done["items"][1]["problem"];
    assert_eq!((&problem["code"], &problem["status"]), (&"NotEnoughFunds".into(), &402.into()));
    assert_eq!(done["items"][1]["subscription"], *subs[1].id);
    assert_eq!(ada.cash(&daemon), "0.00");
    // Asked again under the same token: what was done is told again, what was refused is tried.
    ada.tops_up(&daemon, "200.00");
    let again = daemon.send(&ask()).ok();
    let orders =
        |answer: &Value, place: usize| answer["items"][place]["result"]["order"]["id"].clone();
    assert_eq!((orders(&again, 0), orders(&again, 2)), (orders(&done, 0), orders(&done, 2)));
    assert_eq!(again["items"][0]["replayed"], true);
    assert_eq!(again["items"][1]["result"]["order"]["state"], "Paid");
    assert_eq!(ada.cash(&daemon), "20.00");
    assert_eq!(daemon.send(&ask()).ok()["done_count"], 3);
    assert_eq!(ada.cash(&daemon), "20.00");
    // Another batch under this token is refused whole.
    let other = json!({"items": [item(&subs[0], "P1M"), item(&subs[1], "P1M")]});
    let other = Ask::post(ada.path("/renewals"), &other).token("batch");
    daemon.send(&other).refused(422, "IdempotenceParamNotMatch");
    let both = json!({"items": [
        {"subscription": subs[0].id, "period": "P1M", "expected_renew_day": 3}
    ]});
    let refused = daemon.post(&ada.path("/renewals"), &both).refused(422, "PeriodOrRenewDay");
    assert_eq!(refused["field"], "items[0].expected_renew_day");
    daemon.post(&ada.path("/renewals"), &json!({"items": []})).refused(422, "InvalidField");
    let table = daemon.renewctl(&[
        "sub",
        "renew-batch",
        &ada.id,
        &subs[0].id,
        &subs[1].id,
        "--period",
        "P1M",
        "--pay-now",
    ]);
    let table = table.ended(1);
    assert!(
        table.out.contains("NotEnoughFunds") && table.err.contains("1 were refused"),
        "{table:?}"
    );
}

#[test]
fn an_alignment_fails_whole_if_one_has_expired() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "500.00");
    let old = ada.buys(&daemon, "ManualRenewal");
    daemon.until("2026-01-20T00:00:00Z");
    let new = ada.buys(&daemon, "ManualRenewal");
    daemon.put(&ada.path("/unified-day"), &json!({"day": 29})).refused(422, "InvalidUnifiedDay");
    daemon.put(&ada.path("/unified-day"), &json!({"day": 5})).ok();
    assert_eq!(daemon.get(&ada.path("")).ok()["unified_day"], 5);
    daemon.until("2026-02-02T00:00:00Z");
    let items = |subs: &[&Sub]| {
        let items: Vec<Value> = subs
            .iter()
            .map(|sub| json!({"subscription": sub.id, "expected_renew_day": "unified", "pay_now": true}))
            .collect();
        json!({ "items": items })
    };
    let before = ada.cash(&daemon);
    let refused = daemon
        .post(&ada.path("/renewals"), &items(&[&new, &old]))
        .refused(422, "ExpiredForAlignment");
    assert_eq!(
        (&refused["subscription"], &refused["field"]),
        (&old.id.as_str().into(), &"items[1].subscription".into())
    );
    assert_eq!(ada.cash(&daemon), before, "nothing was done (R1.25)");
    let aligned = daemon.post(&ada.path("/renewals"), &items(&[&new])).ok();
    let order = &aligned["items"][0]["result"]["order"];
    // From 20 February at least 30 days on, the first 5th (R1.23): one month and 16 days.
    assert_eq!(order["aligned_to"], "2026-04-05T00:00:00Z", "{order}");
    assert_eq!(order["lines"].as_array().map(Vec::len), Some(2));
    assert_eq!(order["lines"][1]["days"], 16);
    assert_eq!(order["payable"], usd("27.60"), "18.00 + 16 days at 0.60 (R1.24)");
    assert_eq!(new.expires_at(&daemon), "2026-04-05T00:00:00Z");
    let both = json!({"period": "P1M", "expected_renew_day": 5});
    daemon.post(&new.path("/renewals"), &both).refused(422, "PeriodOrRenewDay");
    daemon.post(&new.path("/renewals"), &json!({})).refused(422, "PeriodOrRenewDay");
}

#[test]
fn a_plan_is_changed_up_and_down() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "200.00");
    let sub = ada.buys(&daemon, "ManualRenewal");
    // Half of January's 31 days: 15.5 of 31.
    daemon.until("2026-01-16T12:00:00Z");
    let changes = sub.path("/changes");
    daemon.post(&changes, &json!({"plan": "basic"})).refused(422, "SamePlan");
    daemon.post(&changes, &json!({"plan": "gigantic"})).refused(422, "UnknownPlan");
    daemon.post(&changes, &json!({"plan": "large"})).ok();
    let refused = daemon.post(&changes, &json!({"plan": "standard"})).refused(409, "UnpaidOrder");
    let order = refused["order"].as_str().expect("an order");
    daemon.post(&ada.path(&format!("/orders/{order}/cancel")), &json!({})).ok();
    let up = json!({"plan": "standard", "pay_now": true});
    let quote = daemon.post(&format!("{changes}?dry_run=true"), &up).ok();
    let changed = daemon.post(&changes, &up).ok();
    assert_eq!(changed["order"]["payable"], quote["order"]["payable"]);
    assert_eq!(changed["order"]["kind"], "upgrade");
    assert_eq!(changed["order"]["from_plan"], "basic");
    assert_eq!(changed["order"]["payable"], usd("23.50"), "half of 65.00 - 18.00 (R10.12)");
    assert_eq!(changed["subscription"]["plan"], "standard");
    assert_eq!(changed["cash"], usd("158.50"));
    let down = daemon.post(&changes, &json!({"plan": "basic"})).ok();
    assert_eq!(down["order"]["kind"], "downgrade");
    let back = &down["order"]["refund"];
    assert_eq!(back, &usd("23.50"), "what is left, by the ratio of the prices (R10.13)");
    assert_eq!(down["subscription"]["downgrades_used"], 1);
    assert_eq!(down["subscription"]["plan"], "basic");
    let until = json!({
        "plan": "large", "until": "2026-01-20T12:00:00Z", "pay_now": true
    });
    let shown = daemon.post(&changes, &until).ok();
    let temporary = json!({"plan": "large", "until": "2026-01-20T12:00:00Z"});
    assert_eq!(shown["subscription"]["temporary_plan"], temporary);
    let refused = daemon.post(&changes, &json!({"plan": "standard"})).refused(409, "ChangePending");
    assert_eq!(refused["until"], "2026-01-20T12:00:00Z");
    daemon.until("2026-01-21T00:00:00Z");
    assert_eq!(sub.shown(&daemon)["temporary_plan"], Value::Null);
    // With a period paid ahead in another plan, the next plan is shown.
    let ahead = json!({"period": "P1M", "plan": "standard", "pay_now": true});
    let ahead = daemon.post(&sub.path("/renewals"), &ahead).ok();
    let next = json!({"plan": "standard", "at": "2026-02-01T00:00:00Z"});
    assert_eq!(ahead["subscription"]["next_plan"], next, "{ahead}");
    assert_eq!(ahead["subscription"]["plan"], "basic");
}

#[test]
fn what_is_given_up_is_given_back() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "100.00");
    let voucher = grant_cash(&daemon, &ada, "3.00");
    let fresh = ada.sub(&daemon.post(&ada.path("/orders"), &order_with("none", true)).ok());
    let used = ada.sub(&daemon.post(&ada.path("/orders"), &order_with(&voucher, true)).ok());
    assert_eq!(ada.cash(&daemon), "67.00");
    daemon.until("2026-01-04T00:00:00Z");
    let whole = daemon.post(&fresh.path("/unsubscribe"), &json!({"unused": true})).ok();
    assert_eq!(
        (&whole["order"]["kind"], &whole["order"]["state"]),
        (&"refund".into(), &"Refunded".into())
    );
    assert_eq!(whole["order"]["refund"], usd("18.00"), "all of it within 5 days (R10.9)");
    assert_eq!(whole["subscription"]["state"], "Unsubscribed");
    daemon.post(&fresh.path("/unsubscribe"), &json!({})).refused(409, "SubscriptionEnded");
    daemon.until("2026-01-16T12:00:00Z");
    let dry = daemon.post(&format!("{}?dry_run=true", used.path("/unsubscribe")), &json!({})).ok();
    let rest = daemon.post(&used.path("/unsubscribe"), &json!({})).ok();
    assert_eq!(rest["order"], dry["order"]);
    assert_eq!(rest["order"]["refund"], usd("7.50"), "half of the cash, not of the coupon (R5.13)");
    assert_eq!(ada.cash(&daemon), "92.50");
    // A part of an order, and a period that has not begun.
    let bought = daemon.post(&ada.path("/orders"), &order_with("none", true)).ok();
    let refunds = |order: &str| ada.path(&format!("/orders/{order}/refunds"));
    let refused = daemon
        .post(&refunds(&id(&bought)), &json!({"amount": usd("18.01")}))
        .refused(422, "RefundExceedsPaid");
    assert_eq!(refused["refundable"], usd("18.00"));
    daemon.post(&refunds(&id(&bought)), &json!({})).refused(409, "NothingToRefund");
    let part = daemon.post(&refunds(&id(&bought)), &json!({"amount": usd("5.00")})).ok();
    assert_eq!(part["order"]["refund_of"], *id(&bought));
    let sub = ada.sub(&bought);
    let renewed = sub.renew(&daemon, "P1M").ok();
    let back = daemon.post(&refunds(&id(&renewed)), &json!({})).ok();
    assert_eq!(back["order"]["refund"], usd("18.00"));
    assert_eq!(back["subscription"]["expires_at"], bought["subscription"]["expires_at"]);
    assert_eq!(ada.cash(&daemon), "79.50");
    let balance = daemon.get("/v1/ledger/trial-balance").ok();
    let total = &balance["totals"][0];
    assert_eq!(total["debit"], total["credit"], "{balance}");
    let cash = balance["lines"].as_array().expect("lines").iter();
    let cash = cash.clone().find(|line| line["ledger_account"] == "customer_cash");
    assert_eq!(cash.expect("cash")["credit"], usd("79.50"));
    let csv = daemon.send(&Ask::get("/v1/ledger/trial-balance").header("accept", "text/csv"));
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    assert!(csv.text.contains("customer_cash,,79.50,USD\r\n"), "{}", csv.text);
    let ahead = "/v1/ledger/trial-balance?as_of=2026-02-01T00:00:00Z";
    daemon.get(ahead).refused(422, "InvalidField");
    let entries = daemon.list("/v1/ledger/entries?ledger_account=unearned:");
    assert!(!entries.is_empty());
    let csv = daemon.get("/v1/ledger/entries?format=csv");
    let lines = csv.text.lines().count();
    assert_eq!(lines, daemon.list("/v1/ledger/entries").len() + 1, "all of them, under a head");
}

#[test]
fn what_is_paid_is_given_when_it_is_delivered() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "100.00");
    let voucher = grant_cash(&daemon, &ada, "5.00");
    with_acknowledgement(&daemon);
    let placed = daemon.post(&ada.path("/orders"), &order_with("auto", false)).ok();
    let order = |placed: &Value, rest: &str| ada.path(&format!("/orders/{}{rest}", id(placed)));
    let nothing = json!({});
    daemon.post(&order(&placed, "/provisioned"), &nothing).refused(409, "OrderNotPaid");
    let paid = daemon.post(&order(&placed, "/pay"), &nothing).ok();
    assert_eq!(paid["order"]["state"], "Processing");
    assert_eq!(paid["order"]["deliver_until"], "2026-01-02T00:00:00Z");
    assert_eq!(daemon.get(&ada.path("")).ok()["processing_order_count"], 1);
    let held = coupon(&daemon, &ada, &voucher);
    assert_eq!(held["held_by"]["until"], "2026-01-02T00:00:00Z", "{held}");
    let reason = json!({"reason": "no_stock"});
    let failed = daemon.post(&order(&placed, "/provision-failed"), &reason).ok();
    assert_eq!(
        (&failed["outcome"], &failed["order"]["state"]),
        (&"settled".into(), &"Failed".into())
    );
    assert_eq!(failed["order"]["failed_reason"], "no_stock");
    assert_eq!(failed["cash"], usd("100.00"), "all of it comes back (R4.16)");
    assert_eq!(coupon(&daemon, &ada, &voucher)["state"], "Available", "and the coupon (R5.14)");
    let late = daemon.post(&order(&placed, "/provisioned"), &nothing).ok();
    assert_eq!(late["outcome"], "late");

    let placed = daemon.post(&ada.path("/orders"), &order_with("none", true)).ok();
    assert_eq!(placed["order"]["state"], "Processing");
    daemon.until("2026-01-01T12:00:00Z");
    let done = daemon.post(&order(&placed, "/provisioned"), &nothing).ok();
    assert_eq!(done["order"]["state"], "Paid");
    assert_eq!(done["subscription"]["started_at"], "2026-01-01T12:00:00Z", "from its delivery");
    let sub = ada.sub(&done);
    let renewed = sub.renew(&daemon, "P1M").ok();
    assert_eq!(renewed["order"]["state"], "Processing");
    sub.renew(&daemon, "P1M").refused(409, "LastOrderProcessing");
    assert_eq!(sub.shown(&daemon)["processing"], true);
    // Nobody says anything: it is given back.
    daemon.until("2026-01-03T00:00:00Z");
    let shown = daemon.get(&order(&renewed, "")).ok();
    assert_eq!((&shown["state"], &shown["failed_for"]), (&"Failed".into(), &"timed_out".into()));
    assert_eq!(ada.cash(&daemon), "82.00");
    daemon.stop().run("check", &[]).ok();
}

#[test]
fn a_suspended_one_is_released_by_an_explicit_word() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "20.00");
    let sub = ada.buys(&daemon, "ManualRenewal");
    let release = sub.path("/release");
    let confirmed = json!({"confirm": true});
    let refused = daemon.post(&release, &confirmed).refused(409, "WrongState");
    assert_eq!(refused["state"], "Active");
    daemon.until("2026-02-02T00:00:00Z");
    assert_eq!(sub.state(&daemon), "Suspended");
    let refused = daemon.post(&release, &json!({})).refused(422, "ConfirmationRequired");
    assert!(refused["detail"].as_str().expect("words").contains(r#"{"confirm": true}"#));
    let ran = daemon.renewctl(&["sub", "release", &ada.id, &sub.id]).ended(1);
    assert!(ran.err.contains("--confirm"), "{ran:?}");
    let released = daemon.post(&release, &confirmed).ok();
    assert_eq!(released["subscription"]["state"], "Released");
    daemon.post(&release, &confirmed).refused(409, "SubscriptionEnded");
}

#[test]
fn a_campaign_grants_out_of_its_quota() {
    let daemon = Daemon::start();
    let [ada, bob] = ["ada", "bob"].map(|name| Customer::open(&daemon, name));
    let mut form = json!({
        "name": "Spring 2026", "benefit": {"type": "discount", "percent": "20"},
        "quota": 3, "ends_at": "2026-03-01T00:00:00Z", "valid_days": 30, "code": "Spring-2026"
    });
    let open =
        |form: &Value, token: &str| daemon.send(&Ask::post("/v1/campaigns", form).token(token));
    let opened = open(&form, "spring").ok();
    let campaign = opened["campaign"]["id"].as_str().expect("a campaign").to_owned();
    assert_eq!(open(&form, "spring").ok()["campaign"]["id"], *campaign);
    open(&form, "again").refused(409, "CodeTaken");
    form["benefit"]["percent"] = "101".into();
    open(&form, "dear").refused(422, "InvalidCoupon");
    let redeem = |customer: &Customer, code: &str| {
        daemon.post(&customer.path("/redemptions"), &json!({"code": code}))
    };
    redeem(&ada, "spring-2026").refused(404, "UnknownCode");
    let dry = format!("{}?dry_run=true", ada.path("/redemptions"));
    let would = daemon.post(&dry, &json!({"code": "Spring-2026"})).ok();
    assert_eq!((&would["dry_run"], &would["campaign"]), (&true.into(), &campaign.as_str().into()));
    assert_eq!(daemon.list(&ada.path("/coupons")).len(), 0);
    let redeemed = redeem(&ada, "Spring-2026").ok();
    assert_eq!(redeemed["coupon"]["campaign"], *campaign);
    assert_eq!(redeemed["coupon"]["state"], "Available", "it is there at once");
    redeem(&ada, "Spring-2026").refused(409, "CampaignLimit");
    // Who cannot take it gives it back, and a repeated request is answered alike.
    let mut form = Customer::form("eva");
    form["currency"] = "EUR".into();
    let eva = daemon.post("/v1/accounts", &form).ok()["id"].as_str().expect("an id").to_owned();
    let cash = json!({
        "name": "Dollars", "benefit": {"type": "cash", "value": usd("5.00")}, "quota": 1,
        "ends_at": "2026-03-01T00:00:00Z", "valid_days": 30, "code": "Dollars"
    });
    let dollars = open(&cash, "dollars").ok()["campaign"]["id"].as_str().expect("one").to_owned();
    let to_eva = Ask::post(format!("/v1/accounts/{eva}/redemptions"), &json!({"code": "Dollars"}));
    for _ in 0..2 {
        daemon.send(&to_eva.clone().token("t")).refused(422, "InvalidCoupon");
    }
    let to_ada = Ask::post(ada.path("/redemptions"), &json!({"code": "Dollars"})).token("t");
    daemon.until("2026-01-01T00:00:01Z");
    let first = daemon.send(&to_ada).ok();
    let again = daemon.send(&to_ada);
    assert!(again.is_replayed(), "{again:?}");
    assert_eq!(again.ok()["coupon"]["id"], first["coupon"]["id"]);
    let dollars = daemon.get(&format!("/v1/campaigns/{dollars}")).ok();
    assert_eq!((&dollars["state"], &dollars["left"]), (&"exhausted".into(), &0.into()));
    let grants = format!("/v1/campaigns/{campaign}/grants");
    let grant = |accounts: &[&str]| daemon.post(&grants, &json!({"accounts": accounts}));
    let refused = grant(&[&bob.id, "acc_0000000000"]).refused(422, "UnknownAccounts");
    assert_eq!(refused["accounts"], json!(["acc_0000000000"]));
    let granted = grant(&[&bob.id]).ok();
    assert_eq!(granted["items"][0]["account"], *bob.id);
    assert_eq!(granted["items"][0]["coupon"]["state"], "Available");
    assert_eq!(
        (&granted["campaign"]["taken"], &granted["campaign"]["left"]),
        (&2.into(), &1.into())
    );
    let shown = daemon.get(&format!("/v1/campaigns/{campaign}")).ok();
    assert_eq!((&shown["state"], &shown["taken"]), (&"running".into(), &2.into()));
    assert_eq!(daemon.list("/v1/campaigns?name=spring&running=true").len(), 1);
    assert_eq!(daemon.list(&format!("/v1/coupons?campaign={campaign}")).len(), 2);
    let closed = daemon.post(&format!("/v1/campaigns/{campaign}/close"), &json!({})).ok();
    assert_eq!(closed["campaign"]["state"], "closed");
    let carl = Customer::open(&daemon, "carl");
    redeem(&carl, "Spring-2026").refused(409, "CampaignNotRunning");
    daemon.get("/v1/campaigns/cmp_0000000000").refused(404, "CampaignNotFound");
    // The relay comes later, and changes nothing.
    daemon.until("2026-01-02T00:00:00Z");
    assert_eq!(daemon.list(&ada.path("/coupons")).len(), 2);
    assert_eq!(daemon.list(&bob.path("/coupons")).len(), 1);
}

#[test]
fn the_command_line_speaks_of_all_of_it() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "300.00");
    let shows = |words: &[&str]| {
        let shown = daemon.renewctl(words).ok();
        assert!(!shown.out.trim().is_empty(), "{words:?}: {shown:?}");
        daemon.renewctl(&[&["--json"], words].concat()).ok().json();
        shown.out
    };
    let does = |words: &[&str]| daemon.renewctl(&[&["--json"], words].concat()).ok().json();
    let granted =
        does(&["coupon", "grant", &ada.id, "--percent", "20", "--product", "rds", "--days", "30"]);
    let fifth = granted["coupon"]["id"].as_str().expect("a coupon").to_owned();
    let buy = ["order", "buy", &ada.id, "rds", "basic", "eu-central-1", "P1M"];
    let order = id(&does(&[&buy[..], &["--coupon", "none"]].concat()));
    assert!(shows(&["coupon", "list", &ada.id]).contains("20 %"));
    let fits = shows(&["coupon", "list", &ada.id, "--for-order", &order]);
    assert!(fits.contains("picked") && fits.contains("3.60 USD"), "{fits}");
    let fits = shows(&[
        "coupon",
        "list",
        &ada.id,
        "--product",
        "ecs",
        "--plan",
        "small",
        "--period",
        "P1M",
    ]);
    assert!(fits.contains("it is not good for this product"), "{fits}");
    let set = daemon.renewctl(&["order", "coupon", &ada.id, &order, &fifth]).ok();
    assert!(set.out.contains("-3.60 USD by cpn_"), "{set:?}");
    assert!(shows(&["coupon", "show", &ada.id, &fifth]).contains(&format!("{order} until")));
    let refused = daemon.renewctl(&["coupon", "cancel", &ada.id, &fifth]).ended(1);
    assert!(refused.err.contains("CouponHeld"), "{refused:?}");
    let other = id(&does(&[&buy[..], &["--coupon", "none"]].concat()));
    let paid = does(&["order", "pay", &ada.id, &order, &other]);
    assert_eq!(paid["paid"].as_array().map(Vec::len), Some(2));
    let sub = paid["paid"][0]["subscription"].as_str().expect("a subscription").to_owned();
    assert!(shows(&["order", "list", "--state", "Paid"]).contains(&order));
    assert!(shows(&["order", "list", &ada.id, "--type", "new"]).contains(&other));
    does(&["account", "unified-day", &ada.id, "15"]);
    assert!(shows(&["account", "show", &ada.id]).contains("unified day"));
    let aligned = does(&["sub", "renew", &ada.id, &sub, "--renew-day", "unified", "--dry-run"]);
    assert_eq!(aligned["order"]["aligned_to"], "2026-03-15T00:00:00Z");
    let changed = does(&["sub", "change", &ada.id, &sub, "standard", "--pay-now"]);
    assert_eq!(changed["order"]["kind"], "upgrade");
    let refunded = does(&["order", "refund", &ada.id, &other, "--amount", "2.00USD"]);
    assert_eq!(refunded["order"]["refund"], usd("2.00"));
    let given_up = does(&["sub", "unsubscribe", &ada.id, &sub]);
    assert_eq!(given_up["subscription"]["state"], "Unsubscribed");
    let late = daemon.renewctl(&["order", "provisioned", &ada.id, &other]).ok();
    assert!(late.err.contains("nothing changed"), "{late:?}");
    daemon.renewctl(&["order", "provision-failed", &ada.id, &other, "--reason", "x"]).ok();

    let opened = does(&[
        "campaign",
        "open",
        "Spring",
        "--cash",
        "10.00USD",
        "--quota",
        "5",
        "--ends",
        "2026-03-01T00:00:00Z",
        "--until",
        "2026-06-01T00:00:00Z",
        "--code",
        "Spring",
    ]);
    let campaign = opened["campaign"]["id"].as_str().expect("a campaign").to_owned();
    assert!(shows(&["campaign", "list", "--running"]).contains("10.00 USD"));
    assert!(shows(&["campaign", "show", &campaign]).contains("Spring"));
    let redeemed = daemon.renewctl(&["coupon", "redeem", &ada.id, "Spring"]).ok();
    assert!(redeemed.out.contains(&campaign), "{redeemed:?}");
    let bob = Customer::open(&daemon, "bob");
    assert!(does(&["campaign", "grant", &campaign, &bob.id])["items"][0]["coupon"].is_object());
    let ran = daemon.renewctl(&["campaign", "grant", &campaign, &bob.id]).ended(1);
    assert!(ran.err.contains("CampaignLimit"), "{ran:?}");
    assert!(shows(&["coupon", "list", "--campaign", &campaign]).contains("Available"));
    does(&["campaign", "close", &campaign]);

    assert!(shows(&["ledger", "of", &ada.id]).contains("unearned:rds"));
    assert!(shows(&["ledger", "entries", "--chart", "customer_cash"]).contains(&ada.id));
    assert!(shows(&["ledger", "trial-balance"]).contains("total"));
    let csv = daemon.renewctl(&["ledger", "entries", "--csv"]).ok();
    assert!(csv.out.starts_with("account,seq,line,at,ledger_account,amount,currency"), "{csv:?}");
    let csv = daemon.renewctl(&["ledger", "trial-balance", "--csv", "--currency", "USD"]).ok();
    assert!(csv.out.starts_with("ledger_account,debit,credit,currency"), "{csv:?}");
    daemon.stop().run("check", &[]).ok();
}
