//! Fourth room: races for wallets and coupons, and cents that went astray.

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use crate::house::{Answer, BOOK, House, Setting, usd};
use crate::people::{Customer, text};

/// Cents of an amount as it is shown.
fn cents(amount: &Value) -> i64 {
    let amount = text(&amount["amount"]);
    assert_eq!(amount.rsplit_once('.').map(|(_, cents)| cents.len()), Some(2), "{amount}");
    amount.replace('.', "").parse().expect("cents")
}

/// Grants a coupon; its id.
async fn grant(house: &House, customer: &Customer, benefit: &Value) -> String {
    let form = json!({"benefit": benefit, "valid_days": 60});
    let granted = house.post(&customer.path("/coupons"), &form).await.ok();
    text(&granted["coupon"]["id"])
}

async fn coupon(house: &House, customer: &Customer, id: &str) -> Value {
    house.get(&customer.path(&format!("/coupons/{id}"))).await.ok()
}

fn order_with(coupon: &str, pay_now: bool) -> Value {
    let mut form = Customer::order("NotRenewal", pay_now);
    form["coupon"] = coupon.into();
    form
}

/// There, a purchase of credits was settled twice within milliseconds, and the repair was to retry
/// more often. Here a wallet has one owner, who takes one request after the other: the same one is
/// credited once, different ones all, and nothing is locked or tried again.
#[actix_rt::test]
async fn lago_2664_3618_credits_that_are_settled_twice_count_once() {
    let house = House::start().await;
    let ada = Customer::open(&house, "ada").await;
    let same = join_all((0..20).map(|_| ada.tops_up_once(&house, "credits-1", "10.00")));
    let others = join_all((2..22).map(|n| {
        let (house, ada) = (&house, &ada);
        async move { ada.tops_up_once(house, &format!("credits-{n}"), "0.01").await }
    }));
    let (same, others) = join(same, others).await;
    assert!(same.iter().chain(&others).all(Answer::is_ok));
    assert_eq!(same.iter().filter(|answer| !answer.is_replayed).count(), 1);
    assert_eq!(ada.cash(&house).await, "10.20");
    assert_eq!(ada.count(&house, "wallet.topped_up").await, 21);
    house.close().await;
}

/// There, requests at the same time applied a coupon several times that could be used once. Here
/// coupons live with their account: the first order freezes it, and the others are told which one
/// has it.
#[actix_rt::test]
async fn lago_5980_a_coupon_for_one_order_goes_to_one() {
    let house = House::start().await;
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "200.00").await;
    let half = grant(&house, &ada, &json!({"type": "discount", "percent": "50"})).await;
    let (path, named) = (ada.path("/orders"), order_with(&half, true));
    let orders = join_all((0..10).map(|_| house.post(&path, &named))).await;
    let placed: Vec<&Answer> = orders.iter().filter(|order| order.is_ok()).collect();
    assert_eq!(placed.len(), 1, "{orders:?}");
    assert_eq!(placed[0].ok()["order"]["payable"], usd("9.00"));
    for refused in orders.iter().filter(|order| !order.is_ok()) {
        refused.refused(409, "CouponOver");
    }
    // Unpaid orders that name none: one of them gets the next coupon.
    grant(&house, &ada, &json!({"type": "discount", "percent": "50"})).await;
    let unpaid = Customer::order("NotRenewal", false);
    let orders = join_all((0..10).map(|_| house.post(&path, &unpaid))).await;
    let halved = orders.iter().filter(|order| order.ok()["order"]["payable"] == usd("9.00"));
    assert_eq!(halved.count(), 1);
    assert_eq!(ada.cash(&house).await, "191.00");
    house.close().await;
}

/// There, credits were spent wrongly when several invoices were made at once. Here cash for three
/// orders pays three of five, whoever asks first, and is never below zero.
#[actix_rt::test]
async fn lago_5020_credits_for_three_orders_pay_three() {
    let house = House::start().await;
    let ada = Customer::open(&house, "ada").await;
    let mut orders = Vec::new();
    for _ in 0..5 {
        orders.push(ada.places(&house, &Customer::order("NotRenewal", false)).await.1);
    }
    ada.tops_up(&house, "60.00").await;
    let paid = join_all(orders.iter().map(|order| ada.pays(&house, order))).await;
    assert_eq!(paid.iter().filter(|answer| answer.is_ok()).count(), 3, "{paid:?}");
    for refused in paid.iter().filter(|answer| !answer.is_ok()) {
        assert_eq!(refused.refused(402, "NotEnoughFunds")["available"], usd("6.00"));
    }
    assert_eq!(ada.cash(&house).await, "6.00");
    house.close().await;
}

/// There, balance, stock and the limits of promotions were checked without locks. Here what all
/// accounts share is one stream: a campaign of five gives five, however many redeem at once, and
/// one to each.
#[actix_rt::test]
async fn fossbilling_4132_a_limit_holds_in_a_rush() {
    let house = House::start().await;
    let campaign = json!({
        "name": "Spring", "benefit": {"type": "cash", "value": usd("5.00")}, "quota": 5,
        "per_account": 1, "ends_at": "2026-03-01T00:00:00Z", "valid_days": 30, "code": "Spring"
    });
    let opened = house.post("/v1/campaigns", &campaign).await.ok();
    let mut customers = Vec::new();
    for number in 0..8 {
        customers.push(Customer::open(&house, &format!("customer{number}")).await);
    }
    let code = json!({"code": "Spring"});
    let paths: Vec<String> = customers.iter().map(|it| it.path("/redemptions")).collect();
    let rush = paths.iter().chain(&paths).map(|path| house.post(path, &code));
    let redeemed = join_all(rush).await;
    assert_eq!(redeemed.iter().filter(|answer| answer.is_ok()).count(), 5, "{redeemed:?}");
    let mut granted = 0;
    for customer in &customers {
        let coupons = house.list(&customer.path("/coupons")).await;
        assert!(coupons.len() <= 1, "{coupons:?}");
        granted += coupons.len();
    }
    assert_eq!(granted, 5);
    let path = format!("/v1/campaigns/{}", text(&opened["campaign"]["id"]));
    let shown = house.get(&path).await.ok();
    assert_eq!((&shown["taken"], &shown["left"]), (&5.into(), &0.into()), "{shown}");
    house.close().await;
}

/// There, two invoices got one number. Here a series gives numbers, one after the other without a
/// gap, and gives the same document the same one however often it asks, also after a crash.
#[actix_rt::test]
async fn paymenter_1244_no_two_invoices_have_one_number() {
    let mut house = House::start().await;
    let mut customers = Vec::new();
    for number in 0..6 {
        let customer = Customer::open(&house, &format!("customer{number}")).await;
        customer.tops_up(&house, "18.00").await;
        customer.buys(&house, "NotRenewal").await;
        customers.push(customer);
    }
    let invoices: Vec<String> =
        customers.iter().map(|it| it.path("/statements/2026-01/invoice")).collect();
    let nothing = json!({});
    let issued = join_all(invoices.iter().map(|path| house.post(path, &nothing))).await;
    assert!(issued.iter().all(Answer::is_ok), "{issued:?}");
    house.is_killed_and_started_again().await;
    house.until("2026-01-02T00:00:00Z").await;
    let mut numbers = Vec::new();
    for customer in &customers {
        let documents = house.list(&customer.path("/documents")).await;
        numbers.extend(documents.iter().map(|document| text(&document["number"])));
    }
    numbers.sort_unstable();
    let expected: Vec<String> = (1..=6).map(|number| format!("INV-2026-{number:06}")).collect();
    assert_eq!(numbers, expected);
    house.close().await;
}

/// There, pressing "apply" fast enough applied a coupon repeatedly. Here the coupon of an order is
/// set, not added: the price is made anew from the list price, and the second press changes nothing.
#[actix_rt::test]
async fn paymenter_8f281679_pressing_apply_fast_applies_once() {
    let house = House::start().await;
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "18.00").await;
    let (_, order) = ada.places(&house, &order_with("none", false)).await;
    let fifth = grant(&house, &ada, &json!({"type": "discount", "percent": "20"})).await;
    let (path, form) = (ada.path(&format!("/orders/{order}/coupon")), json!({"coupon": fifth}));
    let pressed = join_all((0..12).map(|_| house.put(&path, &form))).await;
    for answer in &pressed {
        assert_eq!(answer.ok()["order"]["payable"], usd("14.40"));
    }
    ada.pays(&house, &order).await.ok();
    assert_eq!(ada.cash(&house).await, "3.60");
    assert_eq!(coupon(&house, &ada, &fifth).await["state"], "Used");
    house.close().await;
}

/// There, negative rates, a negative trial and a coupon of minus fifty per cent went through,
/// because overrides were not checked as their originals are. Here each has one constructor, at the
/// door and in the price list alike.
#[actix_rt::test]
async fn lago_5868_less_than_nothing_is_refused_everywhere() {
    let house = House::start().await;
    let ada = Customer::open(&house, "ada").await;
    let coupon = |benefit: Value| json!({"benefit": benefit, "valid_days": 30});
    let coupons = [
        json!({"type": "discount", "percent": "-50"}),
        json!({"type": "discount", "percent": "150"}),
        json!({"type": "cash", "value": usd("-5.00")}),
        json!({"type": "spend_and_save", "threshold": usd("-9.00"), "off": usd("1.00")}),
        json!({"type": "discount", "percent": "10", "cap": usd("-1.00")}),
    ];
    for benefit in coupons {
        house.post(&ada.path("/coupons"), &coupon(benefit)).await.refused(422, "InvalidCoupon");
    }
    let top_up = Customer::money_in("-10.00");
    house.post(&ada.path("/top-ups"), &top_up).await.refused(422, "AmountNotPositive");
    let limit = json!({"limit": usd("-1.00")});
    house.put(&ada.path("/credit-limit"), &limit).await.refused(422, "AmountNegative");
    // What overrides a price: of a book that is brought along, and of the next price list.
    let line = json!({
        "external_id": "1", "account": Customer::form("bob", "UTC"), "cash": "0.00",
        "subscriptions": [{
            "external_id": "srv-1", "product": "rds", "plan": "basic", "region": "eu-central-1",
            "expires_at": "2026-02-01T00:00:00Z", "period": "P1M", "price": "-18.00"
        }]
    });
    let request = actix_web::test::TestRequest::post().uri("/v1/imports");
    let request = request.insert_header(("content-type", "application/x-ndjson"));
    let told = house.send(request.set_payload(line.to_string())).await.ok();
    assert_eq!(told["outcome"], "rejected", "{told}");
    for (right, wrong, place) in [
        ("month = \"18.00\"", "month = \"-18.00\"", "plans.basic.prices.USD.month"),
        ("recovery_days = 15", "recovery_days = -15", "lifecycles.default.recovery_days"),
        ("price = \"0.0199\"", "price = \"-0.0199\"", "meters.cpu.plans.small.USD"),
        ("\n[payg]\n", "\n[[tax]]\nname = \"VAT\"\nrate = \"-19\"\n\n[payg]\n", "tax"),
    ] {
        let book = BOOK.replacen(right, wrong, 1);
        assert_ne!(book, BOOK);
        let answer = house.put_book(&book).await;
        assert!([400, 422].contains(&answer.status), "{wrong}: {answer:?}");
        assert!(answer.text.contains(place), "{place}: {answer:?}");
    }
    assert_eq!(ada.count(&house, "coupon.granted").await, 0);
    house.close().await;
}

/// There, a wallet and its transactions came to differ by a cent, and the totals of credit notes
/// were patched three times and then given a tolerance. Here amounts are whole cents, each line is
/// rounded once, and what a wallet holds is what its movements come to, through coupons, taxes,
/// changes and refunds of crooked amounts.
#[actix_rt::test]
async fn lago_4373_4411_4449_4553_4639_4641_not_a_cent_is_lost() {
    let vat = "\n[[tax]]\ncountry = \"DE\"\nname = \"VAT\"\nrate = \"19\"\ninclusive = true\n";
    let book = BOOK.replacen("\n[payg]\n", &format!("{vat}\n[payg]\n"), 1);
    let book = book.replacen("month = \"18.00\"", "month = \"17.99\"", 1);
    let house = House::of(Setting { book, ..Setting::default() }).await;
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "333.33").await;
    let machine = ada.starts_a_machine(&house).await;
    for percent in ["33.3333", "12.5", "7"] {
        grant(&house, &ada, &json!({"type": "discount", "percent": percent})).await;
        ada.buys(&house, "AutoRenewal").await;
    }
    house.until("2026-01-03T10:20:30Z").await;
    let release = format!("/v1/resources/{machine}/release");
    house.post(&release, &json!({"confirm": true})).await.ok();
    house.until("2026-01-11T03:04:05Z").await;
    let subs = house.list(&ada.path("/subscriptions")).await;
    let of = |place: usize, what: &str| {
        ada.path(&format!("/subscriptions/{}/{what}", text(&subs[place]["id"])))
    };
    let change = json!({"plan": "standard", "pay_now": true});
    house.post(&of(0, "changes"), &change).await.ok();
    house.post(&of(1, "unsubscribe"), &json!({})).await.ok();
    house.post(&ada.path("/statements/2026-01/invoice"), &json!({})).await.ok();
    house.until("2026-01-19T17:16:15Z").await;
    let back = json!({"plan": "basic", "pay_now": true});
    house.post(&of(0, "changes"), &back).await.ok();
    house.until("2026-02-04T00:00:00Z").await;

    let movements = house.list(&ada.path("/movements")).await;
    let on_cash = movements.iter().filter(|line| line["of"] == "cash");
    let sum: i64 = on_cash.map(|line| cents(&line["amount"])).sum();
    let shown = house.get(&ada.path("")).await.ok();
    assert_eq!(sum, cents(&shown["cash"]), "{movements:#?}");
    assert!(movements.len() > 60, "one for each hour, and more: {}", movements.len());
    let ledger = house.list(&ada.path("/ledger")).await;
    let sum: i64 = ledger.iter().map(|line| cents(&line["amount"])).sum();
    assert_eq!(sum, 0, "debit and credit");
    let balance = house.get("/v1/ledger/trial-balance").await.ok();
    for total in balance["totals"].as_array().expect("totals") {
        assert_eq!(total["debit"], total["credit"], "{balance}");
    }
    // The lines of a month are its total, and those of an invoice and its credit notes theirs.
    let month = house.get(&ada.path("/statements/2026-01?limit=300")).await.ok();
    let lines = month["lines"].as_array().expect("lines");
    assert_eq!(month["line_count"], lines.len(), "on one page");
    let sum: i64 = lines.iter().map(|line| cents(&line["total"])).sum();
    assert_eq!(sum, cents(&month["totals"]["total"]), "{month}");
    let net: i64 = lines.iter().map(|line| cents(&line["net"])).sum();
    assert_eq!(net + cents(&month["totals"]["tax"]), sum);
    let documents = house.list(&ada.path("/documents")).await;
    assert!(documents.len() > 1, "an invoice and a credit note: {documents:?}");
    for document in documents {
        let totals = &document["totals"];
        assert_eq!(cents(&totals["net"]) + cents(&totals["tax"]), cents(&totals["total"]));
    }
    house.close().await;
}

/// There, a clean-up deleted old invoices in the database, behind the back of the application, and
/// what they had reserved was never free again. Here a time-out is an event: the order is cancelled
/// and its coupon free in the same record.
#[actix_rt::test]
async fn fossbilling_4180_what_times_out_gives_back_what_it_held() {
    let house = House::start().await;
    let ada = Customer::open(&house, "ada").await;
    let voucher = grant(&house, &ada, &json!({"type": "cash", "value": usd("5.00")})).await;
    let (sub, order) = ada.places(&house, &Customer::order("AutoRenewal", false)).await;
    assert_eq!(coupon(&house, &ada, &voucher).await["held_by"]["order"], order.as_str());
    house.until("2026-01-08T00:00:00Z").await;
    let free = coupon(&house, &ada, &voucher).await;
    assert_eq!((&free["state"], &free["balance"]), (&"Available".into(), &usd("5.00")));
    let records = ada.records(&house).await;
    let happened = |record: &Value, noun: &str, verb: &str| {
        let events = record["events"].as_array().expect("events");
        events.iter().any(|event| event[noun].get(verb).is_some())
    };
    let record = records.iter().find(|record| happened(record, "order", "cancelled"));
    let record = record.expect("a record");
    assert!(happened(record, "coupon", "unfrozen"), "{record}");
    assert!(happened(record, "subscription", "cancelled"), "{record}");
    // Nothing dangles: the order is there to be read, with its subscription.
    let shown = house.get(&ada.path(&format!("/orders/{order}"))).await.ok();
    assert_eq!((&shown["state"], &shown["subscription"]), (&"Cancelled".into(), &sub.id.into()));
    house.close().await;
}

/// There, an amount had other decimals on each screen. Here its currency says how many it has, and
/// one function writes it: at the door, in the ledger, in mails and on paper.
#[actix_rt::test]
async fn fossbilling_1344_an_amount_is_written_in_one_way() {
    let house = House::start().await;
    for (currency, amount, price) in [("USD", "30.00", "18.00"), ("JPY", "3000", "2700")] {
        let mut form = Customer::form(&currency.to_lowercase(), "UTC");
        form["currency"] = currency.into();
        let id = text(&house.post("/v1/accounts", &form).await.ok()["id"]);
        let customer = Customer { id };
        let money = |amount: &str| json!({"amount": amount, "currency": currency});
        let mut top_up = Customer::money_in("1.00");
        top_up["amount"] = money(amount);
        house.post(&customer.path("/top-ups"), &top_up).await.ok();
        top_up["amount"] = money(&format!("{amount}.001"));
        let refused = house.post(&customer.path("/top-ups"), &top_up).await;
        assert_eq!(refused.status, 422, "{refused:?}");
        let order = Customer::order("NotRenewal", true);
        let placed = house.post(&customer.path("/orders"), &order).await.ok();
        assert_eq!(placed["order"]["payable"], money(price));
        let ledger = house.list(&customer.path("/ledger")).await;
        let on = |amount: &str| ledger.iter().any(|line| line["amount"] == money(amount));
        assert!(on(price) && on(&format!("-{price}")), "{ledger:?}");
        let month = house.get(&customer.path("/statements/2026-01")).await.ok();
        assert_eq!(month["totals"]["total"], money(price));
        let request = actix_web::test::TestRequest::get();
        let request = request.uri(&customer.path("/statements/2026-01"));
        let paper = house.send(request.insert_header(("accept", "text/html"))).await.text;
        house
            .until(if currency == "USD" { "2026-01-01T00:01:00Z" } else { "2026-01-01T00:02:00Z" })
            .await;
        let letter = house.letter(&customer, "activated").text;
        let decimal = price.replace("2700", "2,700");
        for told in [&paper, &letter] {
            let is_told = told.contains(price) || told.contains(&decimal);
            assert!(is_told && !told.contains(&format!("{price}.0")), "{told}");
        }
    }
    house.close().await;
}
