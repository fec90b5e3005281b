//! From the purchase to the paper: months that are closed by themselves, invoices, credit notes.

use serde_json::{Value, json};

use crate::harness::{Answer, Ask, Customer, Daemon, Home, words};

const ADDRESS: &str = "Lindenstra\u{df}e 12";
const TAX_ID: &str = "DE812345678";

/// A seller with a name and an address, and a tax in Germany.
fn begins() -> Daemon {
    let home = Home::new();
    home.configure(
        "seller.name = \"Example Cloud GmbH\"\n\
         seller.address = [\"Marktplatz 1\", \"04109 Leipzig\", \"Germany\"]\n\
         seller.tax_id = \"DE999999999\"\n\
         seller.contact = [\"billing@example.com\"]\n\
         seller.notes = [\"Paid from the prepaid balance: nothing is to be transferred.\"]\n",
    );
    let daemon = home.start();
    let book = include_str!("../../config/catalogue.toml");
    let taxed = format!("{book}\n[[tax]]\ncountry = \"DE\"\nname = \"VAT\"\nrate = \"19\"\n");
    daemon.send(&Ask::new("PUT", "/v1/catalogue").body("application/toml", taxed)).ok();
    daemon
}

/// Opens an account with an address, and money.
#[track_caller]
fn opens(daemon: &Daemon, name: &str) -> Customer {
    let mut form = Customer::form(name);
    form["address"] = json!([ADDRESS, "10969 Berlin"]);
    form["tax_id"] = TAX_ID.into();
    let opened = daemon.post("/v1/accounts", &form).ok();
    let customer = Customer { id: opened["id"].as_str().expect("an id").to_owned() };
    customer.tops_up(daemon, "200.00");
    customer
}

/// Buys a database for three months.
#[track_caller]
fn buys(daemon: &Daemon, customer: &Customer) -> Value {
    let mut form = Customer::order("ManualRenewal", true);
    form["period"] = "P3M".into();
    daemon.post(&customer.path("/orders"), &form).ok()
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn invoice(daemon: &Daemon, customer: &Customer, month: &str, token: &str) -> Answer {
    let path = customer.path(&format!("/statements/{month}/invoice"));
    daemon.send(&Ask::post(path, &json!({})).token(token))
}

#[track_caller]
fn statement(daemon: &Daemon, customer: &Customer, month: &str) -> Value {
    daemon.get(&customer.path(&format!("/statements/{month}"))).ok()
}

#[test]
fn a_month_closes_and_its_invoice_is_corrected_by_a_credit_note() {
    let daemon = begins();
    let (ada, bob) = (opens(&daemon, "ada"), opens(&daemon, "bob"));
    let bought = buys(&daemon, &ada);
    let sub = ada.sub(&bought);
    let payable = bought["order"]["payable"].clone();

    // The month runs: its figures may change.
    let running = statement(&daemon, &ada, "2026-01");
    assert_eq!((&running["state"], &running["closed_at"]), (&"Generating".into(), &Value::Null));
    assert_eq!(running["final_at"], "2026-02-03T12:00:00Z");
    assert_eq!((&running["totals"]["total"], &running["line_count"]), (&payable, &1.into()));
    let line = &running["lines"][0];
    assert_eq!(
        (&line["item_type"], &line["order"]),
        (&"SubscriptionOrder".into(), &bought["order"]["id"])
    );
    assert_eq!(line["tax"], json!({"name": "VAT", "rate": "19"}));
    let page = daemon.get(&ada.path("/statements/2026-01?format=html"));
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("Generating") && page.text.contains("2026-01"), "{}", page.text);
    daemon.get(&ada.path("/statements/2025-12")).refused(404, "StatementNotFound");

    // It is closed by itself on the 3rd at 12:00 (R10.5), and its owner hears of it.
    daemon.until("2026-02-03T11:59:00Z");
    assert_eq!(statement(&daemon, &ada, "2026-01")["state"], "Generating");
    assert!(!words(&ada.mails(&daemon)).contains(&"statement_ready"));
    daemon.until("2026-02-03T12:05:00Z");
    let closed = statement(&daemon, &ada, "2026-01");
    assert_eq!((&closed["state"], &closed["closed_at"]), (&"Cleared".into(), &closed["final_at"]));
    assert_eq!((&closed["totals"], &closed["lines"]), (&running["totals"], &running["lines"]));
    assert_eq!(
        words(&ada.mails(&daemon)).iter().filter(|word| **word == "statement_ready").count(),
        1
    );
    assert_eq!(closed["uninvoiced_line_count"], 1);

    // The invoice has its number at once; under its token it is issued once.
    let path = ada.path("/statements/2026-01/invoice?dry_run=true");
    let dry = daemon.post(&path, &json!({})).ok();
    assert_eq!((&dry["dry_run"], &dry["document"]["number"]), (&true.into(), &Value::Null));
    let issued = invoice(&daemon, &ada, "2026-01", "first");
    assert_eq!(issued.status, 201);
    let document = issued.ok()["document"].clone();
    assert_eq!(
        (&document["kind"], &document["number"]),
        (&"invoice".into(), &"INV-2026-000001".into())
    );
    assert_eq!(document["totals"], closed["totals"]);
    let again = invoice(&daemon, &ada, "2026-01", "first");
    assert!(again.is_replayed());
    assert_eq!(again.ok()["document"], document);
    let refused = invoice(&daemon, &ada, "2026-01", "second").refused(409, "NothingToInvoice");
    assert_eq!(refused["month"], "2026-01");

    // The next number goes to the next account; its month need not be closed.
    buys(&daemon, &bob);
    let other = invoice(&daemon, &bob, "2026-02", "first").ok();
    assert_eq!(other["document"]["number"], "INV-2026-000002");

    // What is given back stands in its own month, and on a credit note.
    let invoiced = statement(&daemon, &ada, "2026-01");
    assert_eq!(invoiced["uninvoiced_line_count"], 0);
    daemon.until("2026-02-10T09:00:00Z");
    let refund = daemon.post(&sub.path("/unsubscribe"), &json!({})).ok();
    daemon.until("2026-02-10T09:05:00Z");
    assert_eq!(statement(&daemon, &ada, "2026-01"), invoiced, "its figures never move");
    let february = statement(&daemon, &ada, "2026-02");
    let line = &february["lines"][0];
    assert_eq!((&line["item_type"], &line["related"]), (&"Refund".into(), &bought["order"]["id"]));
    let amount = text(&refund["order"]["refund"]["amount"]);
    assert_eq!(february["totals"]["total"]["amount"], format!("-{amount}"));
    let documents = daemon.list(&ada.path("/documents"));
    let [note, first] = &documents[..] else { panic!("{documents:?}") };
    assert_eq!(first, &document);
    assert_eq!((&note["kind"], &note["number"]), (&"credit_note".into(), &"CN-2026-000001".into()));
    assert_eq!((&note["related"], &note["totals"]), (&document["id"], &february["totals"]));
    assert_eq!(daemon.list(&ada.path("/documents?month=2026-02")), std::slice::from_ref(note));

    is_on_paper(&daemon, &ada, note, &february);

    // Over all accounts, closed months only.
    let listed = daemon.list("/v1/statements?month=2026-01&state=Cleared");
    assert_eq!(listed.len(), 1, "bob bought in February: {listed:?}");
    assert_eq!(listed[0]["account"], *ada.id);
    assert_eq!(daemon.list("/v1/statements?state=Uncleared"), Vec::<Value>::new());
    let months = daemon.list(&ada.path("/statements"));
    let months: Vec<_> =
        months.iter().map(|month| (text(&month["month"]), text(&month["state"]))).collect();
    assert_eq!(months, [("2026-02", "Generating"), ("2026-01", "Cleared")]);

    // Where somebody lives is on paper only (D50).
    let journal =
        json!([ada.journal(&daemon), daemon.get(&ada.path("")).ok(), documents]).to_string();
    for told in [journal, daemon.log()] {
        assert!(!told.contains(ADDRESS) && !told.contains(TAX_ID));
    }
    daemon.stop().run("check", &[]).ok();
}

/// A credit note, and the month that it stands in, are shown and printed in every form.
#[track_caller]
fn is_on_paper(daemon: &Daemon, customer: &Customer, note: &Value, month: &Value) {
    let shown = |rest: &str| customer.path(&format!("/documents/{}{rest}", text(&note["id"])));
    assert_eq!(daemon.get(&shown("")).ok()["lines"], month["lines"]);
    let page = daemon.send(&Ask::get(shown("")).header("accept", "text/html"));
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    for words in [
        "CN-2026-000001",
        "INV-2026-000001",
        "Credit note",
        "ada@customer.example",
        ADDRESS,
        TAX_ID,
        "Example Cloud GmbH",
        "DE999999999",
        "ApsaraDB RDS",
    ] {
        assert!(page.text.contains(words), "{words} is not in\n{}", page.text);
    }
    for path in [shown("?format=pdf"), customer.path("/statements/2026-02?format=pdf")] {
        let file = daemon.get(&path);
        assert_eq!((file.status, file.header("content-type")), (200, Some("application/pdf")));
        assert_eq!(file.header("cache-control"), Some("private, no-store"));
        assert!(file.bytes.starts_with(b"%PDF") && file.bytes.len() > 5_000);
    }
    let once = daemon.get(&shown("?format=pdf"));
    assert_eq!(once.bytes, daemon.get(&shown("?format=pdf")).bytes, "the same whenever printed");
}

#[test]
fn what_cannot_be_shown_is_refused_by_name() {
    let daemon = begins();
    let (ada, bob) = (opens(&daemon, "ada"), opens(&daemon, "bob"));
    buys(&daemon, &ada);
    let issued = invoice(&daemon, &ada, "2026-01", "first").ok();
    let id = text(&issued["document"]["id"]);
    for (path, status, code) in [
        (ada.path("/statements/2026-13"), 422, "InvalidField"),
        (ada.path("/statements/january"), 422, "InvalidField"),
        (ada.path("/statements/2026-01?format=xml"), 422, "InvalidField"),
        (ada.path("/statements/2026-01?format=pdf&limit=3"), 422, "InvalidField"),
        (ada.path("/statements/2026-01?cursor=x"), 400, "InvalidCursor"),
        (ada.path("/statements?month=2026-01"), 400, "MalformedRequest"),
        (ada.path("/documents/doc_1"), 404, "DocumentNotFound"),
        (ada.path(&format!("/documents/{id}0")), 404, "DocumentNotFound"),
        (bob.path(&format!("/documents/{id}")), 404, "DocumentNotFound"),
        (bob.path("/statements/2026-01"), 404, "StatementNotFound"),
        ("/v1/accounts/acc_0000000000/statements".to_owned(), 404, "AccountNotFound"),
        ("/v1/accounts/acc_0000000000/statements/2026-01".to_owned(), 404, "AccountNotFound"),
        ("/v1/accounts/acc_0000000000/documents".to_owned(), 404, "AccountNotFound"),
        ("/v1/statements?month=2026".to_owned(), 422, "InvalidField"),
        ("/v1/statements?state=Generating".to_owned(), 422, "InvalidField"),
        ("/v1/statements?state=cleared".to_owned(), 422, "InvalidField"),
    ] {
        daemon.get(&path).refused(status, code);
    }
    let image = Ask::get(ada.path("/statements/2026-01")).header("accept", "image/png");
    daemon.send(&image).refused(406, "NotAcceptable");
    let path = ada.path("/statements/2026-1/invoice");
    daemon.post(&path, &json!({})).refused(422, "InvalidField");
    daemon
        .post(&bob.path("/statements/2026-01/invoice"), &json!({}))
        .refused(409, "NothingToInvoice");
    let path = bob.path("/statements/2026-01/invoice");
    daemon.post(&path, &json!({"month": "2026-01"})).refused(400, "MalformedRequest");
}

#[test]
fn what_is_not_printed_is_told_in_the_log() {
    let home = Home::new();
    home.configure("seller.fallback_font = \"/nowhere/font.ttf\"\n");
    let daemon = home.start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "59.50");
    ada.buys(&daemon, "ManualRenewal");
    let path = ada.path("/statements/2026-01");
    daemon.get(&format!("{path}?format=pdf")).refused(500, "NotPrinted");
    daemon.log_once(|log| log.contains("seller.fallback_font: /nowhere/font.ttf"));
    let page = daemon.get(&format!("{path}?format=html"));
    assert!(page.text.contains("ada@customer.example"), "a page needs no fonts");
}

#[test]
fn lines_come_in_pages_and_on_paper_whole() {
    let daemon = begins();
    let ada = opens(&daemon, "ada");
    for _ in 0..5 {
        ada.buys(&daemon, "ManualRenewal");
    }
    let whole = statement(&daemon, &ada, "2026-01");
    assert_eq!(whole["lines"].as_array().expect("lines").len(), 5);
    let (mut lines, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = daemon.get(&ada.path(&format!("/statements/2026-01?limit=2{cursor}"))).ok();
        assert_eq!(page["totals"], whole["totals"], "of all lines, on every page");
        lines.extend(page["lines"].as_array().expect("lines").clone());
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(Value::from(lines), whole["lines"]);
    // Two invoices of one month, each with its own lines.
    let first = invoice(&daemon, &ada, "2026-01", "first").ok();
    ada.buys(&daemon, "ManualRenewal");
    let second = invoice(&daemon, &ada, "2026-01", "second").ok();
    let shown = |issued: &Value| {
        let id = text(&issued["document"]["id"]);
        let document = daemon.get(&ada.path(&format!("/documents/{id}"))).ok();
        let lines = document["lines"].as_array().expect("lines").iter();
        lines.map(|line| line["number"].as_u64().expect("a number")).collect::<Vec<_>>()
    };
    assert_eq!((shown(&first), shown(&second)), (vec![1, 2, 3, 4, 5], vec![6]));
    assert_eq!(second["document"]["number"], "INV-2026-000002");
}

#[test]
fn the_command_line_prints_into_files() {
    let daemon = begins();
    let ada = opens(&daemon, "ada");
    buys(&daemon, &ada);
    let account = ada.id.as_str();
    let listed = daemon.renewctl(&["statement", "list", account]).ok();
    assert!(listed.out.contains("2026-01") && listed.out.contains("Generating"), "{}", listed.out);
    let dry = daemon.renewctl(&["statement", "invoice", account, "2026-01", "--dry-run"]).ok();
    assert!(dry.err.contains("nothing was written"), "{}", dry.err);
    let issued = daemon.renewctl(&["statement", "invoice", account, "2026-01"]).ok();
    assert!(issued.err.contains("invoice INV-2026-000001 is issued"), "{}", issued.err);
    let refused = daemon.renewctl(&["statement", "invoice", account, "2026-01"]).ended(1);
    assert!(refused.err.contains("NothingToInvoice"), "{}", refused.err);
    let shown = daemon.renewctl(&["statement", "show", account, "2026-01"]).ok();
    assert!(shown.out.contains("rds basic") && shown.out.contains("outstanding"), "{}", shown.out);
    let json = daemon.renewctl(&["statement", "show", account, "2026-01", "--json"]).ok().json();
    assert_eq!(json, statement(&daemon, &ada, "2026-01"));

    let listed = daemon.renewctl(&["document", "list", account, "--json"]).ok().json();
    let id = text(&listed["items"][0]["id"]).to_owned();
    let card = daemon.renewctl(&["document", "show", account, &id]).ok();
    assert!(card.out.contains("INV-2026-000001"), "{}", card.out);
    let file = daemon.home.path("invoice.pdf");
    let name = file.to_str().expect("a name");
    let printed = daemon.renewctl(&["document", "print", account, &id, "-o", name]).ok();
    assert!(printed.err.contains("invoice.pdf") && printed.out.is_empty(), "{printed:?}");
    assert!(std::fs::read(&file).expect("a file").starts_with(b"%PDF"));
    let page =
        daemon.renewctl(&["statement", "print", account, "2026-01", "--format", "html"]).ok();
    assert!(page.out.starts_with("<!doctype html>") && page.out.contains(ADDRESS), "{}", page.out);
    let bad = daemon.renewctl(&["statement", "print", account, "2026-02", "-o", name]).ended(1);
    assert!(bad.err.contains("StatementNotFound"), "{}", bad.err);
    assert!(std::fs::read(&file).expect("a file").starts_with(b"%PDF"), "it is as it was");
    daemon.until("2026-02-04T00:00:00Z");
    let all =
        daemon.renewctl(&["statement", "list", "--month", "2026-01", "--state", "Cleared"]).ok();
    assert!(all.out.contains(account), "{}", all.out);
}
