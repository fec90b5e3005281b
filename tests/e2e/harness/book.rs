//! Customers and their subscriptions, as stories speak of them.

use serde_json::{Value, json};

use super::daemon::Daemon;
use super::http::{Answer, Ask};
use super::mail::Mail;

/// A customer's account with a daemon.
#[derive(Debug, Clone)]
pub(crate) struct Customer {
    pub(crate) id: String,
}

/// A customer's subscription.
#[derive(Debug, Clone)]
pub(crate) struct Sub {
    pub(crate) account: String,
    pub(crate) id: String,
}

impl Customer {
    /// Opens an account in US dollars, with its days counted in UTC.
    #[track_caller]
    pub(crate) fn open(daemon: &Daemon, name: &str) -> Self {
        let opened = daemon.post("/v1/accounts", &Self::form(name)).ok();
        Self { id: opened["id"].as_str().expect("an id").to_owned() }
    }

    /// What an account is opened with.
    pub(crate) fn form(name: &str) -> Value {
        json!({
            "name": name, "email": format!("{name}@customer.example"), "kind": "corporate",
            "country": "DE", "currency": "USD", "time_zone": "UTC", "language": "en"
        })
    }

    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/v1/accounts/{}{rest}", self.id)
    }

    #[track_caller]
    pub(crate) fn tops_up(&self, daemon: &Daemon, amount: &str) {
        let form = json!({
            "amount": {"amount": amount, "currency": "USD"}, "method": "bank_transfer",
            "channel": "operator", "reference": "2026-118"
        });
        daemon.post(&self.path("/top-ups"), &form).ok();
    }

    /// What an order of a database for a month asks for.
    pub(crate) fn order(mode: &str, pay_now: bool) -> Value {
        json!({
            "kind": "new", "product": "rds", "plan": "basic", "region": "eu-central-1",
            "period": "P1M", "renewal_mode": mode, "pay_now": pay_now
        })
    }

    /// Buys a database for a month.
    #[track_caller]
    pub(crate) fn buys(&self, daemon: &Daemon, mode: &str) -> Sub {
        let bought = daemon.post(&self.path("/orders"), &Self::order(mode, true)).ok();
        self.sub(&bought)
    }

    /// The subscription that an answer speaks of.
    pub(crate) fn sub(&self, answer: &Value) -> Sub {
        let id = answer["subscription"]["id"].as_str().expect("a subscription").to_owned();
        Sub { account: self.id.clone(), id }
    }

    /// The cash in its wallet.
    #[track_caller]
    pub(crate) fn cash(&self, daemon: &Daemon) -> String {
        let shown = daemon.get(&self.path("")).ok();
        shown["cash"]["amount"].as_str().expect("an amount").to_owned()
    }

    #[track_caller]
    pub(crate) fn journal(&self, daemon: &Daemon) -> Vec<Value> {
        daemon.list(&self.path("/journal"))
    }

    /// Everything that happened to it, by name, in order: `subscription.renewed`, ….
    #[track_caller]
    pub(crate) fn events(&self, daemon: &Daemon) -> Vec<String> {
        let mut records = self.journal(daemon);
        records.sort_by_key(|record| record["seq"].as_u64());
        let events = records.iter().flat_map(|record| record["events"].as_array().expect("events"));
        events.map(name_of).collect()
    }

    /// The mails to it.
    pub(crate) fn mails(&self, daemon: &Daemon) -> Vec<Mail> {
        daemon.mails().into_iter().filter(|mail| mail.stream == self.id).collect()
    }
}

/// An event's name: its noun, and what happened to it.
fn name_of(event: &Value) -> String {
    let (noun, inner) = event.as_object().and_then(|event| event.iter().next()).expect("a noun");
    let what = inner.as_str().or_else(|| Some(inner.as_object()?.keys().next()?.as_str()));
    format!("{noun}.{}", what.unwrap_or_else(|| panic!("an event {event}")))
}

impl Sub {
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/v1/accounts/{}/subscriptions/{}{rest}", self.account, self.id)
    }

    #[track_caller]
    pub(crate) fn shown(&self, daemon: &Daemon) -> Value {
        daemon.get(&self.path("")).ok()
    }

    /// Its state and expiry, in one word each.
    #[track_caller]
    pub(crate) fn state(&self, daemon: &Daemon) -> String {
        let shown = self.shown(daemon);
        shown["state"].as_str().expect("a state").to_owned()
    }

    #[track_caller]
    pub(crate) fn expires_at(&self, daemon: &Daemon) -> String {
        let shown = self.shown(daemon);
        shown["expires_at"].as_str().expect("an expiry").to_owned()
    }

    /// Renews it by hand, paid at once.
    pub(crate) fn renew(&self, daemon: &Daemon, period: &str) -> Answer {
        let form = json!({"period": period, "pay_now": true});
        daemon.send(&Ask::post(self.path("/renewals"), &form))
    }

    pub(crate) fn set_mode(&self, daemon: &Daemon, form: &Value) -> Answer {
        daemon.put(&self.path("/renewal-mode"), form)
    }
}
