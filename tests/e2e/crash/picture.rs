//! All that can be seen of a book, in words that do not depend on chance: ids are random, so that
//! their owners' names stand for them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::harness::tables::{Row, tables};
use crate::harness::{Daemon, Hook, Mail};

/// The lists that an account has.
const OF_ACCOUNT: [&str; 11] = [
    "journal",
    "ledger",
    "movements",
    "orders",
    "subscriptions",
    "coupons",
    "resources",
    "withdrawals",
    "statements",
    "documents",
    "notices",
];

/// Tables that say how the daemons ran, not what came of it.
const MACHINERY: [&str; 2] = ["job_runs", "snapshots"];
/// Columns that are random, sealed, or made of what is.
const BY_CHANCE: [&str; 6] = ["digest", "hash", "fingerprint", "key", "sealed", "wrapped"];

/// What the random parts of ids are called.
#[derive(Debug, Clone, Default)]
pub(super) struct Names(BTreeMap<String, String>);

impl Names {
    /// Learns who was opened since.
    pub(super) fn learn(&mut self, daemon: &Daemon) {
        for list in ["/v1/accounts", "/v1/campaigns"] {
            for one in daemon.list(list) {
                let id = one["id"].as_str().expect("an id");
                let (_, chance) = id.split_once('_').expect("a random part");
                if let Some(name) = one["name"].as_str().filter(|name| !name.is_empty()) {
                    self.0.entry(chance.to_owned()).or_insert_with(|| format!("<{name}>"));
                }
            }
        }
    }

    /// The account of somebody.
    pub(super) fn account(&self, name: &str) -> String {
        let label = format!("<{name}>");
        let found = self.0.iter().find(|(_, name)| **name == label);
        format!("acc_{}", found.unwrap_or_else(|| panic!("nobody is called {name}")).0)
    }

    pub(super) fn tell(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (chance, name) in &self.0 {
            text = text.replace(chance, name);
        }
        text
    }
}

/// A code is random, and so is what is kept of it.
fn without_code(events: &mut Value) {
    for event in events.as_array_mut().into_iter().flatten() {
        if let Some(code) = event.pointer_mut("/closure/requested/code") {
            *code = "(of a random code)".into();
        }
    }
}

/// What is in a column of JSON.
fn in_json(column: &Value) -> Value {
    let text = column.as_str().expect("a text");
    serde_json::from_str(text).unwrap_or_else(|_| column.clone())
}

/// A row of a table as it can be compared.
fn comparable(table: &str, mut row: Row) -> Value {
    let zeros = |bytes: &Value| {
        bytes.as_str().is_some_and(|hex| hex.trim_start_matches("\\x").bytes().all(|c| c == b'0'))
    };
    let is_destroyed = row.get("wrapped").is_some_and(zeros);
    row.retain(|column, _| !BY_CHANCE.contains(&column.as_str()));
    if is_destroyed {
        row.insert("wrapped".to_owned(), "destroyed".into());
    }
    if table == "outbox" && row.get("channel").is_some_and(|channel| channel == "tell") {
        // Who was told something already says so.
        row.remove("outcome");
    }
    if table == "tokens"
        && let Some(answer) = row.get_mut("answer")
    {
        *answer = in_json(answer);
        for path in ["/closure/closure/code/hash", "/closure/code/hash"] {
            if let Some(hash) = answer.pointer_mut(path) {
                *hash = "(of a random code)".into();
            }
        }
    }
    if table == "journal"
        && let Some(body) = row.get_mut("body")
    {
        let mut record = in_json(body);
        record.get_mut("events").into_iter().for_each(without_code);
        *body = record;
    }
    row.into()
}

/// What is seen, by where it is seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Picture(BTreeMap<String, Vec<String>>);

impl Picture {
    /// The book as a daemon shows it.
    pub(super) fn of(daemon: &Daemon, names: &Names) -> Self {
        let mut picture = Self::default();
        for list in ["/v1/accounts", "/v1/campaigns", "/v1/closures", "/v1/statements"] {
            picture.see(list, daemon.list(list), names);
        }
        for account in daemon.list("/v1/accounts") {
            let path = format!("/v1/accounts/{}", account["id"].as_str().expect("an id"));
            for list in OF_ACCOUNT {
                let at = format!("{path}/{list}");
                picture.see(&at, daemon.list(&at), names);
            }
            let at = format!("{path}/balance");
            let balance = daemon.get(&at);
            picture.see(&at, vec![balance.json()], names);
        }
        for channel in ["webhook", "tell"] {
            let at = format!("/v1/deliveries?channel={channel}");
            picture.see(&at, daemon.list(&at), names);
        }
        let at = "/v1/ledger/trial-balance";
        picture.see(at, vec![daemon.get(at).ok()], names);
        // What no list shows: the journals of the house, of campaigns and of series, what is due to
        // whom, tokens, claims, reports of usage, what is sealed, erasures.
        for (table, rows) in tables(&daemon.home) {
            if !MACHINERY.contains(&table.as_str()) {
                let rows = rows.into_iter().map(|row| comparable(&table, row)).collect();
                picture.see(&format!("table {table}"), rows, names);
            }
        }
        picture
    }

    /// Lists are in the order of random ids, or of what happened at one instant.
    fn see(&mut self, at: &str, items: Vec<Value>, names: &Names) {
        let mut items: Vec<String> = items
            .into_iter()
            .map(|mut item| {
                if let Some(fields) = item.as_object_mut() {
                    // It is over the random ids.
                    fields.remove("digest");
                    fields.get_mut("events").into_iter().for_each(without_code);
                    // Who was told something already says so.
                    if fields.get("channel").is_some_and(|channel| channel == "tell") {
                        fields.remove("outcome");
                    }
                }
                names.tell(&item.to_string())
            })
            .collect();
        items.sort();
        self.0.insert(names.tell(at), items);
    }

    /// The mails that lie in a directory.
    pub(super) fn of_mails(mails: &[Mail], names: &Names) -> Self {
        let seen = mails.iter().map(|mail| {
            let key = format!("mail {}/{}/{} {}", mail.stream, mail.seq, mail.n, mail.template);
            let is_secret = mail.template == "closure_code";
            // Lines are broken at their length, which may be in the middle of an id.
            let text = mail.text.replace("=\n", "");
            let text = if is_secret { "(with a code)" } else { &text };
            let seen = format!("{} {} {}\n{text}", mail.to, mail.subject, mail.message_id);
            (names.tell(&key), vec![names.tell(&seen)])
        });
        Self(seen.collect())
    }

    /// The webhooks that came in, each once; and which of them came in more than once.
    pub(super) fn of_hooks(hooks: &[Hook], names: &Names) -> (Self, BTreeMap<String, usize>) {
        let (mut picture, mut counts) = (Self::default(), BTreeMap::new());
        for hook in hooks {
            let at = names.tell(&format!("webhook {}", hook.id));
            *counts.entry(at.clone()).or_insert(0) += 1;
            let seen = format!("{} {} {}", hook.what, hook.is_signed, hook.data);
            let seen = names.tell(&seen);
            let all: &mut Vec<String> = picture.0.entry(at).or_default();
            if !all.contains(&seen) {
                all.push(seen);
            }
        }
        (picture, counts)
    }

    /// Adds what is seen elsewhere.
    pub(super) fn and(&mut self, other: &Self) {
        self.0.extend(other.0.clone());
    }

    /// How many places it has.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// Where this one is not like the other, which is as it should be.
    pub(super) fn differences(&self, right: &Self) -> Vec<String> {
        let none = Vec::new();
        let mut places: Vec<_> = self.0.keys().chain(right.0.keys()).collect();
        places.sort();
        places.dedup();
        let mut differences = Vec::new();
        for at in places {
            let (is, should) = (self.0.get(at).unwrap_or(&none), right.0.get(at).unwrap_or(&none));
            let more = is.iter().filter(|item| !should.contains(item));
            differences.extend(more.map(|item| format!("{at}: there is {item}")));
            let less = should.iter().filter(|item| !is.contains(item));
            differences.extend(less.map(|item| format!("{at}: there is no {item}")));
            if is.len() != should.len() {
                differences.push(format!("{at}: {} items, not {}", is.len(), should.len()));
            }
        }
        differences
    }
}
