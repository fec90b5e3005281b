//! Customers and their subscriptions, as stories speak of them.

use serde_json::{Value, json};

use crate::house::{Answer, House, usd};

/// A customer's account.
#[derive(Debug, Clone)]
pub(crate) struct Customer {
    pub(crate) id: String,
}

/// A customer's subscription.
#[derive(Debug, Clone)]
pub(crate) struct Sub {
    account: String,
    pub(crate) id: String,
}

/// Something that happened to a customer.
#[derive(Debug, Clone)]
pub(crate) struct Happened {
    /// Its noun and its verb: `subscription.renewed`.
    pub(crate) name: String,
    /// When it was recorded.
    pub(crate) at: String,
    /// Everything else about it.
    pub(crate) what: Value,
}

impl Happened {
    /// A word that it says about itself; empty if it says none.
    pub(crate) fn word(&self, field: &str) -> &str {
        self.what[field].as_str().unwrap_or_default()
    }
}

impl Customer {
    /// Opens an account in US dollars, with its days counted in UTC.
    pub(crate) async fn open(house: &House, name: &str) -> Self {
        Self::open_in(house, name, "UTC").await
    }

    /// Opens an account with its days counted in `zone`.
    pub(crate) async fn open_in(house: &House, name: &str, zone: &str) -> Self {
        let opened = house.post("/v1/accounts", &Self::form(name, zone)).await.ok();
        Self { id: text(&opened["id"]) }
    }

    /// What an account is opened with.
    pub(crate) fn form(name: &str, zone: &str) -> Value {
        json!({
            "name": name, "email": format!("{name}@customer.example"), "kind": "individual",
            "country": "DE", "currency": "USD", "time_zone": zone, "language": "en"
        })
    }

    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/v1/accounts/{}{rest}", self.id)
    }

    pub(crate) async fn tops_up(&self, house: &House, amount: &str) {
        house.post(&self.path("/top-ups"), &Self::money_in(amount)).await.ok();
    }

    /// Tops up under an idempotency key.
    pub(crate) async fn tops_up_once(&self, house: &House, token: &str, amount: &str) -> Answer {
        house.post_once(token, &self.path("/top-ups"), &Self::money_in(amount)).await
    }

    /// What a top-up asks for.
    pub(crate) fn money_in(amount: &str) -> Value {
        json!({"amount": usd(amount), "method": "bank_transfer", "channel": "operator"})
    }

    /// What an order of a database for a month asks for.
    pub(crate) fn order(mode: &str, pay_now: bool) -> Value {
        json!({
            "kind": "new", "product": "rds", "plan": "basic", "region": "eu-central-1",
            "period": "P1M", "renewal_mode": mode, "pay_now": pay_now
        })
    }

    /// Buys a database for a month.
    pub(crate) async fn buys(&self, house: &House, mode: &str) -> Sub {
        self.places(house, &Self::order(mode, true)).await.0
    }

    /// Places an order: its subscription, and its id.
    pub(crate) async fn places(&self, house: &House, form: &Value) -> (Sub, String) {
        let placed = house.post(&self.path("/orders"), form).await.ok();
        let sub = Sub { account: self.id.clone(), id: text(&placed["subscription"]["id"]) };
        (sub, text(&placed["order"]["id"]))
    }

    pub(crate) async fn pays(&self, house: &House, order: &str) -> Answer {
        house.post(&self.path(&format!("/orders/{order}/pay")), &json!({})).await
    }

    /// Opens a virtual machine that is paid for by use.
    pub(crate) async fn starts_a_machine(&self, house: &House) -> String {
        let form = json!({"product": "compute", "plan": "small", "region": "eu-central-1"});
        let opened = house.post(&self.path("/resources"), &form).await.ok();
        text(&opened["resource"]["id"])
    }

    pub(crate) async fn cash(&self, house: &House) -> String {
        text(&house.get(&self.path("")).await.ok()["cash"]["amount"])
    }

    /// Its records, the first one first.
    pub(crate) async fn records(&self, house: &House) -> Vec<Value> {
        let mut records = house.list(&self.path("/journal")).await;
        records.sort_by_key(|record| record["seq"].as_u64());
        records
    }

    /// Everything that happened to it, in order.
    pub(crate) async fn history(&self, house: &House) -> Vec<Happened> {
        let records = self.records(house).await;
        let of_record = |record: Value| {
            let at = text(&record["at"]);
            let events = record["events"].as_array().expect("events").clone();
            events.into_iter().map(move |event| happened(&event, at.clone()))
        };
        records.into_iter().flat_map(of_record).collect()
    }

    /// What happened to it under a name, or under several.
    pub(crate) async fn events(&self, house: &House, names: &[&str]) -> Vec<Happened> {
        let history = self.history(house).await.into_iter();
        history.filter(|happened| names.contains(&happened.name.as_str())).collect()
    }

    /// How often something happened to it.
    pub(crate) async fn count(&self, house: &House, name: &str) -> usize {
        self.events(house, &[name]).await.len()
    }

    /// Imports an account with one database, paid until an instant, with what else is said of it.
    pub(crate) async fn import(
        house: &House,
        name: &str,
        zone: &str,
        cash: &str,
        sub: &Value,
    ) -> (Self, Sub) {
        let mut imported = json!({
            "external_id": format!("db-{name}"), "product": "rds", "plan": "basic",
            "region": "eu-central-1", "period": "P1M", "mode": "ManualRenewal"
        });
        for (field, value) in sub.as_object().expect("fields") {
            imported[field] = value.clone();
        }
        let line = json!({
            "external_id": format!("book-{name}"), "account": Self::form(name, zone),
            "cash": cash, "subscriptions": [imported]
        });
        let request = actix_web::test::TestRequest::post().uri("/v1/imports");
        let request = request.insert_header(("content-type", "application/x-ndjson"));
        let answer = house.send(request.set_payload(line.to_string())).await.ok();
        assert_eq!(answer["outcome"], "imported", "{answer}");
        let id = text(&answer["account"]);
        let subs = house.list(&format!("/v1/accounts/{id}/subscriptions")).await;
        let sub = Sub { account: id.clone(), id: text(&subs[0]["id"]) };
        (Self { id }, sub)
    }
}

impl Sub {
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/v1/accounts/{}/subscriptions/{}{rest}", self.account, self.id)
    }

    pub(crate) async fn shown(&self, house: &House) -> Value {
        house.get(&self.path("")).await.ok()
    }

    pub(crate) async fn state(&self, house: &House) -> String {
        text(&self.shown(house).await["state"])
    }

    pub(crate) async fn expires_at(&self, house: &House) -> String {
        text(&self.shown(house).await["expires_at"])
    }

    /// Renews it by hand for a month, paid at once.
    pub(crate) async fn renew(&self, house: &House) -> Answer {
        house.post(&self.path("/renewals"), &json!({"period": "P1M", "pay_now": true})).await
    }

    pub(crate) async fn set_mode(&self, house: &House, mode: &str) -> Answer {
        house.put(&self.path("/renewal-mode"), &json!({"mode": mode})).await
    }

    /// The periods that were paid: number, start and end.
    pub(crate) async fn periods(&self, house: &House) -> Vec<(u64, String, String)> {
        let customer = Customer { id: self.account.clone() };
        let paid = ["subscription.activated", "subscription.renewed"];
        let paid = customer.events(house, &paid).await.into_iter();
        let of_it = paid.filter(|happened| happened.word("id") == self.id);
        let period = |happened: Happened| {
            let paid = &happened.what["paid"];
            let number = paid["period_no"].as_u64().expect("a number");
            (number, text(&paid["started_at"]), text(&paid["expires_at"]))
        };
        of_it.map(period).collect()
    }
}

/// Each period follows the one before, and none is paid twice.
#[track_caller]
pub(crate) fn follow_each_other(periods: &[(u64, String, String)]) {
    for pair in periods.windows(2) {
        assert_eq!((pair[1].0, &pair[1].1), (pair[0].0 + 1, &pair[0].2), "{periods:#?}");
    }
}

#[track_caller]
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

fn happened(event: &Value, at: String) -> Happened {
    let (noun, inner) = event.as_object().and_then(|event| event.iter().next()).expect("a noun");
    let verb_alone = inner.as_str().map(|verb| (verb.to_owned(), Value::Null));
    let with_more = || {
        let (verb, what) = inner.as_object()?.iter().next()?;
        Some((verb.clone(), what.clone()))
    };
    let (verb, what) = verb_alone.or_else(with_more).expect("a verb");
    Happened { name: format!("{noun}.{verb}"), at, what }
}
