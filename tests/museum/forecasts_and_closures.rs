//! Seventh room: what nobody could foresee, explain, close or forget.

use std::fs;
use std::path::Path;

use futures_util::future::join;
use renewd::config::Webhook;
use renewd::domain::agenda::Job;
use serde_json::{Value, json};

use crate::house::{Answer, BOOK, House, Setting, usd};
use crate::people::{Customer, text};

/// There, a dry run of an invoice was asked for in 2022, and came in 2025 for the next invoice alone.
/// Here whatever can be asked can be asked as a question: it is decided by the same code on a copy,
/// with coupon, tax and promise, and nothing of it is written.
#[actix_rt::test]
async fn lago_52_what_it_will_cost_is_what_it_costs() {
    let vat = "\n[[tax]]\ncountry = \"DE\"\nname = \"VAT\"\nrate = \"19\"\n\n[payg]\n";
    let book = BOOK.replacen("\n[payg]\n", vat, 1);
    let house = House::of(Setting { book, ..Setting::default() }).await;
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "500.00").await;
    let coupon = json!({"benefit": {"type": "discount", "percent": "12.5"}, "valid_days": 30});
    let asked_and_done = async |path: &str, form: &Value| {
        house.post(&ada.path("/coupons"), &coupon).await.ok();
        let records = ada.records(&house).await.len();
        let question = house.post(&format!("{path}?dry_run=true"), form).await.ok();
        assert_eq!(
            (&question["dry_run"], ada.records(&house).await.len()),
            (&true.into(), records)
        );
        let done = house.post(path, form).await.ok();
        assert_eq!(done["order"], question["order"], "{path}");
        assert_eq!(done["cash"], question["cash"], "{path}");
        done
    };
    let bought =
        asked_and_done(&ada.path("/orders"), &Customer::order("ManualRenewal", true)).await;
    assert_eq!(bought["order"]["payable"], usd("18.74"), "15.75, and 19 % of it: {bought}");
    let sub = ada.path(&format!("/subscriptions/{}", text(&bought["subscription"]["id"])));
    let renewal = json!({"period": "P3M", "pay_now": true});
    asked_and_done(&format!("{sub}/renewals"), &renewal).await;
    house.until("2026-01-12T13:14:15Z").await;
    let change = json!({"plan": "standard", "pay_now": true});
    asked_and_done(&format!("{sub}/changes"), &change).await;
    house.until("2026-02-12T13:14:15Z").await;
    asked_and_done(&format!("{sub}/unsubscribe"), &json!({})).await;
    house.close().await;
}

/// And not the next invoice alone: what the next four months bring is told by running the same code
/// ahead on a copy. It is then what happens, to the instant and the cent.
#[actix_rt::test]
async fn lago_52_what_is_foretold_is_what_happens() {
    let house = House::start().await;
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "60.00").await;
    ada.buys(&house, "AutoRenewal").await;
    ada.buys(&house, "NotRenewal").await;
    let (end, mut foretold, mut cursor) = ("2026-05-01T00:00:00Z", Vec::new(), String::new());
    let told = loop {
        let path = format!("/forecast?until={end}&limit=300{cursor}");
        let page = house.get(&ada.path(&path)).await.ok();
        foretold.extend(page["items"].as_array().expect("items").iter().cloned());
        let Some(next) = page["next"].as_str() else { break page };
        cursor = format!("&cursor={next}");
    };
    house.until(end).await;
    let happened = [
        ("renewed", "subscription.renewed", "at"),
        ("renewal_failed", "subscription.attempt_failed", "due_at"),
        ("expired", "subscription.expired", "due_at"),
        ("suspended", "subscription.suspended", "due_at"),
        ("released", "subscription.released", "due_at"),
    ];
    for (word, name, instant) in happened {
        let events = ada.events(&house, &[name]).await;
        let came: Vec<&str> = events.iter().map(|event| event.word(instant)).collect();
        let said = foretold.iter().filter(|item| item["what"] == word);
        let said: Vec<_> = said.map(|item| item["at"].as_str().expect("an instant")).collect();
        assert_eq!(said, came, "{word}");
        assert!(!came.is_empty(), "{word} is part of the story");
    }
    assert_eq!(told["cash_at_end"], usd(&ada.cash(&house).await));
    let short = told["shortfall"]["at"].as_str().expect("an instant");
    let failed = ada.events(&house, &["subscription.attempt_failed"]).await;
    assert_eq!(failed[0].word("due_at"), short, "and when the money would not do");
    house.close().await;
}

/// There, a reminder before a manual invoice was due needed another system. Here everything that
/// ends is said before it does: an order that waits, a coupon, a paid time, data in the recycle bin.
#[actix_rt::test]
async fn killbill_1978_everything_that_ends_is_said_before() {
    let house = House::start().await;
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "18.00").await;
    ada.buys(&house, "ManualRenewal").await;
    let voucher = json!({"benefit": {"type": "cash", "value": usd("5.00")}, "valid_days": 10});
    house.post(&ada.path("/coupons"), &voucher).await.ok();
    let mut invoice = Customer::order("ManualRenewal", false);
    invoice["coupon"] = "none".into();
    ada.places(&house, &invoice).await;
    house.until("2026-02-17T00:00:00Z").await;
    // When each was said, and when it came.
    for (notice, said, end, came) in [
        ("order.warned", "2026-01-07T00:00:00Z", "order.cancelled", "2026-01-08T00:00:00Z"),
        ("coupon.reminded", "2026-01-08T00:00:00Z", "coupon.expired", "2026-01-11T00:00:00Z"),
        ("notice.issued", "2026-01-31T09:00:00Z", "subscription.expired", "2026-02-01T00:00:00Z"),
        ("notice.issued", "2026-02-14T09:00:00Z", "subscription.released", "2026-02-16T00:00:00Z"),
    ] {
        let at = async |name: &str, at: &str| {
            let events = ada.events(&house, &[name]).await;
            assert!(events.iter().any(|event| event.at == at), "{name} at {at}: {events:#?}");
        };
        at(notice, said).await;
        at(end, came).await;
    }
    let letters = house.letters(&ada);
    for letter in ["order_timing_out", "coupon_expiring", "expiring", "release_ahead"] {
        assert!(letters.contains(&letter), "{letter}: {letters:?}");
    }
    house.close().await;
}

/// There, people asked for days of grace, a last warning, a word to the staff and the reason of a
/// suspension; elsewhere its mail did not even say which invoice it was about. Here all of these are
/// defaults, and each mail names what it is about, until when, and why.
#[actix_rt::test]
async fn fossbilling_1675_paymenter_1246_a_suspension_says_of_what_and_why() {
    let mut setting = Setting::default();
    let (url, secret) = ("http://127.0.0.1:9/".to_owned(), "whsec_MfKQ9r8GKYqrTwjU".to_owned());
    setting.config.webhooks.insert("staff".to_owned(), Webhook { url, secret });
    let house = House::of(setting).await;
    let ada = Customer::open(&house, "ada").await;
    ada.tops_up(&house, "12.00").await;
    let server = json!({
        "kind": "new", "product": "ecs", "plan": "small", "region": "eu-central-1",
        "period": "P1M", "renewal_mode": "AutoRenewal", "pay_now": true, "external_id": "web-1"
    });
    ada.places(&house, &server).await;
    house.until("2026-03-05T00:00:00Z").await;
    let letters = house.letters(&ada);
    let place = |word: &str| {
        let found = letters.iter().position(|letter| *letter == word);
        found.unwrap_or_else(|| panic!("no {word} in {letters:?}"))
    };
    let expected = ["renewal_failed", "expired", "suspended", "release_ahead", "released"];
    assert!(expected.map(place).is_sorted(), "fifteen days of grace among them: {letters:?}");
    let failed = house.letter(&ada, "renewal_failed").text;
    assert!(
        failed.contains("The reason: the renewal costs 12.00 USD, but your balance is 0.00 USD"),
        "{failed}"
    );
    let suspended = house.letter(&ada, "suspended");
    for word in ["web-1", "Elastic Compute Service", "was not renewed", "2026"] {
        assert!(suspended.text.contains(word), "{word}: {}", suspended.text);
    }
    assert!(suspended.subject.contains("web-1"), "{}", suspended.subject);
    let told = house.list("/v1/deliveries?channel=webhook").await;
    let to_staff = told.iter().find(|hook| hook["what"] == "subscription.suspended");
    let to_staff = to_staff.expect("a word to the staff").to_string();
    assert!(to_staff.contains("web-1"), "{to_staff}");
    house.close().await;
}

/// In which files below a directory a text is found.
fn found(directory: &Path, text: &str) -> Vec<String> {
    let holds = |path: &Path| {
        let bytes = fs::read(path).expect("a file");
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(self::found(&path, text));
        } else if holds(&path) {
            found.push(path.display().to_string());
        }
    }
    found
}

/// Confirms a closure by the code that came by mail.
async fn confirms(house: &House, customer: &Customer) -> Value {
    house.run(Job::Closures).await;
    let now = house.clock.now().to_string();
    house.until(&now).await;
    let letter = house.letter(customer, "closure_code").text;
    let is_code = |word: &&str| word.len() == 6 && word.bytes().all(|c| c.is_ascii_digit());
    let code = letter.split_whitespace().find(is_code).expect("a code");
    house.post(&customer.path("/closure/confirm"), &json!({"code": code})).await.ok()
}

/// There, export and erasure are done by hand in the database, since 2022 and since 2025. Here
/// everything known of an owner is one request; and what is personal is sealed under a key of its
/// account, which goes when the account is closed, while its books stay whole.
#[actix_rt::test]
async fn fossbilling_254_paymenter_659_who_leaves_is_given_all_and_forgotten() {
    let mut house = House::of(Setting { on_disk: true, ..Setting::default() }).await;
    let ada = Customer::open(&house, "quittenzweig").await;
    let mut top_up = Customer::money_in("20.00");
    top_up["reference"] = "wire 4711-quitte".into();
    house.post(&ada.path("/top-ups"), &top_up).await.ok();
    let database = ada.buys(&house, "NotRenewal").await;
    let export = house.get(&ada.path("/export")).await.ok();
    assert_eq!(export["profile"]["email"], "quittenzweig@customer.example");
    for part in ["orders", "subscriptions"] {
        assert_eq!(export[part].as_array().map(Vec::len), Some(1), "{part}");
    }
    house.until("2026-02-20T00:00:00Z").await;
    assert_eq!(database.state(&house).await, "Released");
    let closure = json!({"disclaimer": true, "forfeit": true});
    house.post(&ada.path("/closure"), &closure).await.ok();
    confirms(&house, &ada).await;
    house.until("2026-03-20T00:00:00Z").await;
    let certificate = house.get(&ada.path("/closure/certificate")).await.ok();
    assert_eq!(certificate["stage"], "erased", "{certificate}");
    let is_clean = |message: &str| !message.contains("quittenzweig");
    assert!(house.mails().iter().all(|mail| mail.message.as_deref().is_some_and(is_clean)));
    let records = ada.records(&house).await.len();
    house.is_killed_and_started_again().await;
    let directory = house.file().parent().expect("a directory").to_owned();
    for trace in ["quittenzweig", "4711-quitte"] {
        assert_eq!(found(&directory, trace), [""; 0], "{trace}");
    }
    let shown = house.get(&ada.path("")).await;
    assert!(!shown.text.contains("quittenzweig"), "{shown:?}");
    assert_eq!(ada.records(&house).await.len(), records, "the books are as they were");
    let ledger = house.list("/v1/ledger/entries").await;
    assert!(ledger.iter().any(|line| line["amount"] == usd("18.00")), "and sum up");
    house.close().await;
}

/// There, a customer was being deleted by steps of their own while a payment went through. Here
/// closing is decided by the account itself: whichever comes first, the other one knows of it.
#[actix_rt::test]
async fn lago_4201_a_payment_and_a_closure_know_of_each_other() {
    let house = House::start().await;
    let closure = json!({"disclaimer": true, "forfeit": true});
    for number in 0..6 {
        let customer = Customer::open(&house, &format!("customer{number}")).await;
        customer.tops_up(&house, "18.00").await;
        let (closing, orders) = (customer.path("/closure"), customer.path("/orders"));
        let order = Customer::order("NotRenewal", true);
        let (close, buy) = (house.post(&closing, &closure), house.post(&orders, &order));
        let (closed, bought) = if number % 2 == 0 {
            join(close, buy).await
        } else {
            let (bought, closed) = join(buy, close).await;
            (closed, bought)
        };
        assert_ne!(closed.is_ok(), bought.is_ok(), "{closed:?} {bought:?}");
        if bought.is_ok() {
            let refused = closed.refused(409, "ClosureBlocked");
            assert_eq!(refused["blockers"][0]["code"], "LiveSubscription", "{refused}");
            assert_eq!(customer.cash(&house).await, "0.00");
        } else {
            bought.refused(409, "AccountClosing");
            assert_eq!(customer.cash(&house).await, "18.00", "and nothing was taken");
        }
    }
    // A payment in the last second is money that is settled first; one second later it is refused.
    let ada = Customer::open(&house, "ada").await;
    let closing = ada.path("/closure");
    house.post(&closing, &json!({"disclaimer": true})).await.ok();
    confirms(&house, &ada).await;
    house.until("2026-01-15T23:59:59Z").await;
    assert_eq!(house.get(&closing).await.ok()["stage"], "quiet");
    ada.tops_up(&house, "5.00").await;
    house.sleeps_until("2026-01-16T00:00:00Z");
    house.run(Job::Closures).await;
    assert_eq!(
        house.get(&closing).await.ok()["stage"],
        "settling",
        "the money waits for its owner"
    );
    let withdrawn = house.post(&ada.path("/withdrawals"), &json!({"amount": "all"})).await.ok();
    let paid = format!("/v1/withdrawals/{}/paid", text(&withdrawn["withdrawal"]["id"]));
    house.post(&paid, &json!({})).await.ok();
    house.until("2026-01-30T23:59:00Z").await;
    house.sleeps_until("2026-01-31T00:00:00Z");
    let (path, money) = (ada.path("/top-ups"), Customer::money_in("5.00"));
    let (late, _): (Answer, Value) =
        join(house.post(&path, &money), house.run(Job::Closures)).await;
    late.refused(409, "AccountClosed");
    house.close().await;
}
