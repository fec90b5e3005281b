//! The story: two weeks in the life of six customers that touch each family of commands and each
//! job, told step by step. A step is a few requests, and a move of the clock.

use serde_json::{Value, json};

use crate::harness::{Ask, Customer, Daemon};

/// When it begins.
pub(super) const BEGINNING: &str = "2026-01-27T00:00:00Z";

/// A step of the story.
pub(super) struct Step {
    pub(super) name: &'static str,
    /// What is asked, in order, by the book as it stands when the step begins.
    pub(super) asks: fn(&Book<'_>) -> Vec<Ask>,
    /// Where the clock is moved to afterwards.
    pub(super) until: &'static str,
}

const fn step(name: &'static str, asks: fn(&Book<'_>) -> Vec<Ask>, until: &'static str) -> Step {
    Step { name, asks, until }
}

/// What is told once a daemon has been started on an empty directory.
pub(super) const STEPS: &[Step] = &[
    step("accounts are opened", open, "2026-01-27T00:01:00Z"),
    step("money comes in", top_up, "2026-01-27T00:02:00Z"),
    step("a campaign begins", campaign, "2026-01-27T00:03:00Z"),
    step("its code is redeemed", redeem, "2026-01-27T00:04:00Z"),
    step("orders are placed", order, "2026-01-27T00:06:00Z"),
    step("an order is paid", pay, "2026-01-27T00:07:00Z"),
    step("a subscription is renewed", renew, "2026-01-27T00:08:00Z"),
    step("a plan is changed", change, "2026-01-27T00:09:00Z"),
    step("an order is refunded", refund, "2026-01-27T00:10:00Z"),
    step("machines are started", machines, "2026-01-27T00:20:00Z"),
    step("usage is reported", usage, "2026-01-27T01:10:00Z"),
    step("a machine is released", release, "2026-01-27T02:20:00Z"),
    step("cash is transferred", transfer, "2026-01-27T02:21:00Z"),
    step("a transfer cannot arrive", transfer_back, "2026-01-27T02:22:00Z"),
    step("cash is withdrawn", withdraw, "2026-01-27T02:23:00Z"),
    step("it is paid out", paid, "2026-01-27T02:24:00Z"),
    step("a book comes along", import, "2026-01-27T02:25:00Z"),
    step("who owes is stopped", nothing, "2026-01-28T06:00:00Z"),
    step("an order times out", nothing, "2026-01-29T12:00:00Z"),
    step("it is renewed by itself", nothing, "2026-02-01T00:00:00Z"),
    step("others expire", nothing, "2026-02-03T11:00:00Z"),
    step("a month is closed", nothing, "2026-02-04T04:00:00Z"),
    step("it is invoiced", invoice, "2026-02-04T04:01:00Z"),
    step("an invoice is corrected", correct, "2026-02-04T04:02:00Z"),
    step("what expired is released", nothing, "2026-02-07T00:00:00Z"),
    step("an account is to be closed", close, "2026-02-07T00:01:00Z"),
    step("it is closed and erased", confirm, "2026-02-07T00:30:00Z"),
    step("the next day passes", nothing, "2026-02-08T04:00:00Z"),
];

/// The price list: as it comes along, with everything within days.
pub(super) fn catalogue() -> String {
    let mut book = include_str!("../../../config/catalogue.toml").to_owned();
    let mut set = |was: &str, is: &str| {
        assert!(book.contains(was), "the price list has no {was}");
        book = book.replacen(was, is, 1);
    };
    set("unpaid_ttl = \"7d\"", "unpaid_ttl = \"2d\"");
    set("settle = \"48h\"", "settle = \"0s\"");
    set("quiet = \"15d\"", "quiet = \"0s\"");
    set("dunning = \"intl\"", "dunning = \"tencent-hourly\"");
    set(
        "lifecycle = \"alibaba-rds\"\nautorenewal = \"daily-t9\"",
        "lifecycle = \"brief\"\nautorenewal = \"intl\"",
    );
    book.push_str(
        "\n[lifecycles.brief]\ngrace_days = 0\nrecovery_days = 2\nmax_horizon_years = 10\n\
         round_up_to_midnight = false\nrelease_needs_notice = \"24h\"\n",
    );
    book
}

/// The book as a step finds it.
pub(super) struct Book<'a> {
    pub(super) daemon: &'a Daemon,
    /// The ids of accounts, by the names of their owners.
    pub(super) accounts: &'a dyn Fn(&str) -> String,
}

impl Book<'_> {
    fn path(&self, name: &str, rest: &str) -> String {
        format!("/v1/accounts/{}{rest}", (self.accounts)(name))
    }

    /// The id of the only thing in a list that is so.
    #[track_caller]
    fn find(&self, path: &str, is: impl Fn(&Value) -> bool) -> String {
        let all = self.daemon.list(path);
        let mut found = all.iter().filter(|one| is(one));
        match (found.next(), found.next()) {
            (Some(one), None) => one["id"].as_str().expect("an id").to_owned(),
            _ => panic!("not one of {path}: {}", json!(all)),
        }
    }

    /// The subscription of a customer in a renewal mode.
    #[track_caller]
    fn sub(&self, name: &str, mode: &str, rest: &str) -> String {
        let id = self.find(&self.path(name, "/subscriptions"), |sub| sub["mode"] == mode);
        self.path(name, &format!("/subscriptions/{id}{rest}"))
    }
}

/// A request under a token of its own.
fn ask(token: &str, path: String, body: &Value) -> Ask {
    Ask::post(path, body).token(token)
}

fn nothing(_: &Book<'_>) -> Vec<Ask> {
    Vec::new()
}

fn usd(amount: &str) -> Value {
    json!({"amount": amount, "currency": "USD"})
}

fn open(_: &Book<'_>) -> Vec<Ask> {
    let customer = |name: &str, kind: &str, currency: &str| {
        let mut form = Customer::form(name);
        form["kind"] = kind.into();
        form["currency"] = currency.into();
        ask(&format!("open-{name}"), "/v1/accounts".to_owned(), &form)
    };
    vec![
        customer("ada", "corporate", "USD"),
        customer("bob", "corporate", "USD"),
        customer("eva", "individual", "USD"),
        customer("fritz", "corporate", "EUR"),
    ]
}

fn top_up(book: &Book<'_>) -> Vec<Ask> {
    let cash = |name: &str, amount: &str| {
        let form = json!({
            "amount": usd(amount), "method": "bank_transfer", "channel": "operator",
            "reference": "2026-118"
        });
        ask("top-up", book.path(name, "/top-ups"), &form)
    };
    let limit = json!({"limit": usd("0.00")});
    let limit = Ask::put(book.path("bob", "/credit-limit"), &limit).token("limit");
    vec![cash("ada", "400.00"), cash("bob", "0.02"), cash("eva", "60.00"), limit]
}

fn campaign(_: &Book<'_>) -> Vec<Ask> {
    let form = json!({
        "name": "Spring", "benefit": {"type": "cash", "value": usd("2.00")}, "quota": 3,
        "ends_at": "2026-03-01T00:00:00Z", "valid_days": 4, "code": "Spring-2026"
    });
    vec![ask("campaign", "/v1/campaigns".to_owned(), &form)]
}

fn redeem(book: &Book<'_>) -> Vec<Ask> {
    let code = json!({"code": "Spring-2026"});
    let redeem = |name: &str| ask("redeem", book.path(name, "/redemptions"), &code);
    vec![redeem("ada"), redeem("eva")]
}

/// What an order of a database for a week asks for.
fn week(mode: &str, pay_now: bool) -> Value {
    let mut form = Customer::order(mode, pay_now);
    form["period"] = "P1W".into();
    form
}

fn order(book: &Book<'_>) -> Vec<Ask> {
    let order =
        |token: &str, name: &str, form: &Value| ask(token, book.path(name, "/orders"), form);
    let mut plain = week("ManualRenewal", true);
    plain["coupon"] = "none".into();
    let mut later = week("ManualRenewal", false);
    later["coupon"] = "none".into();
    later["region"] = "us-east-1".into();
    let mut never = week("ManualRenewal", false);
    never["coupon"] = "none".into();
    never["plan"] = "large".into();
    vec![
        order("with-coupon", "ada", &week("AutoRenewal", true)),
        order("plain", "ada", &plain),
        order("later", "ada", &later),
        order("never", "ada", &never),
        order("eva", "eva", &week("NotRenewal", true)),
    ]
}

fn pay(book: &Book<'_>) -> Vec<Ask> {
    let unpaid = |order: &Value| order["state"] == "Unpaid" && order["plan"] == "basic";
    let id = book.find(&book.path("ada", "/orders"), unpaid);
    vec![ask("pay", book.path("ada", &format!("/orders/{id}/pay")), &json!({}))]
}

/// The two subscriptions of ada that are renewed by hand, by their regions.
fn manual(book: &Book<'_>, region: &str, rest: &str) -> String {
    let is = |sub: &Value| {
        sub["region"] == region && sub["mode"] == "ManualRenewal" && sub["plan"] == "basic"
    };
    let id = book.find(&book.path("ada", "/subscriptions"), is);
    book.path("ada", &format!("/subscriptions/{id}{rest}"))
}

fn renew(book: &Book<'_>) -> Vec<Ask> {
    let form = json!({"period": "P1W", "pay_now": true});
    vec![ask("renew", manual(book, "eu-central-1", "/renewals"), &form)]
}

fn change(book: &Book<'_>) -> Vec<Ask> {
    let form = json!({"plan": "standard", "pay_now": true});
    vec![ask("change", book.sub("ada", "AutoRenewal", "/changes"), &form)]
}

fn refund(book: &Book<'_>) -> Vec<Ask> {
    let path = manual(book, "us-east-1", "/unsubscribe");
    vec![ask("refund", path, &json!({"unused": true}))]
}

fn machines(book: &Book<'_>) -> Vec<Ask> {
    let form = json!({"product": "compute", "plan": "small", "region": "eu-central-1"});
    let opens = |name: &str| ask("machine", book.path(name, "/resources"), &form);
    vec![opens("ada"), opens("bob")]
}

fn machine(book: &Book<'_>, name: &str) -> String {
    book.find(&book.path(name, "/resources"), |_| true)
}

fn usage(book: &Book<'_>) -> Vec<Ask> {
    let event = |name: &str, id: &str, quantity: &str| {
        json!({
            "id": id, "source": "dc1", "resource": machine(book, name), "meter": "traffic",
            "quantity": quantity, "at": "2026-01-27T00:15:00Z"
        })
    };
    let events = [event("ada", "1", "120"), event("ada", "2", "5"), event("bob", "1", "7")];
    vec![Ask::post("/v1/usage", &json!(events))]
}

fn release(book: &Book<'_>) -> Vec<Ask> {
    let path = |how: &str| format!("/v1/resources/{}/{how}", machine(book, "ada"));
    vec![
        ask("stop", path("stop"), &json!({})),
        ask("release", path("release"), &json!({"confirm": true})),
    ]
}

fn transfer(book: &Book<'_>) -> Vec<Ask> {
    let form = json!({"to": (book.accounts)("eva"), "amount": usd("3.00")});
    vec![ask("transfer", book.path("ada", "/transfers"), &form)]
}

fn transfer_back(book: &Book<'_>) -> Vec<Ask> {
    let form = json!({"to": (book.accounts)("fritz"), "amount": usd("4.00")});
    vec![ask("transfer-back", book.path("ada", "/transfers"), &form)]
}

fn withdraw(book: &Book<'_>) -> Vec<Ask> {
    let path = book.path("ada", "/withdrawals");
    let amount = |amount: &str| json!({"amount": usd(amount)});
    vec![ask("w-1", path.clone(), &amount("12.00")), ask("w-2", path, &amount("13.00"))]
}

fn paid(book: &Book<'_>) -> Vec<Ask> {
    let withdrawal = |amount: &str| {
        let is = |row: &Value| row["amount"] == usd(amount);
        book.find(&book.path("ada", "/withdrawals"), is)
    };
    let report = |id: String, how: &str| format!("/v1/withdrawals/{id}/{how}");
    vec![
        ask("paid", report(withdrawal("12.00"), "paid"), &json!({})),
        ask("failed", report(withdrawal("13.00"), "failed"), &json!({"reason": "closed"})),
    ]
}

fn import(_: &Book<'_>) -> Vec<Ask> {
    let line = |name: &str| {
        json!({
            "external_id": format!("whmcs-{name}"), "account": Customer::form(name), "cash": "50.00",
            "subscriptions": [{
                "external_id": format!("srv-{name}"), "product": "rds", "plan": "basic",
                "region": "eu-central-1", "anchor": "2026-01-30T00:00:00Z",
                "expires_at": "2026-01-30T00:00:00Z", "period": "P1M", "mode": "AutoRenewal",
                "price": "12.00"
            }]
        })
        .to_string()
    };
    let lines = [line("gus"), line("hal")].join("\n");
    vec![Ask::new("POST", "/v1/imports").body("application/x-ndjson", lines)]
}

fn invoice(book: &Book<'_>) -> Vec<Ask> {
    let invoice =
        |name: &str| ask("invoice", book.path(name, "/statements/2026-01/invoice"), &json!({}));
    vec![invoice("ada"), invoice("eva")]
}

fn correct(book: &Book<'_>) -> Vec<Ask> {
    let path = book.sub("ada", "AutoRenewal", "/unsubscribe");
    vec![ask("correct", path, &json!({}))]
}

fn close(book: &Book<'_>) -> Vec<Ask> {
    let form = json!({"disclaimer": true, "forfeit": true});
    vec![ask("close", book.path("eva", "/closure"), &form)]
}

/// The code that eva was mailed.
fn confirm(book: &Book<'_>) -> Vec<Ask> {
    let mails = book.daemon.mails();
    let letter = mails.iter().find(|mail| mail.template == "closure_code").expect("a letter");
    let digits = |word: &&str| word.len() == 6 && word.bytes().all(|c| c.is_ascii_digit());
    let code = letter.text.split_whitespace().find(digits).expect("a code");
    vec![ask("confirm", book.path("eva", "/closure/confirm"), &json!({"code": code}))]
}
