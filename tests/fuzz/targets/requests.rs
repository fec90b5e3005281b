//! Requests, through the routes, the door and the core to the store and back: whatever is asked,
//! the answer is one that was meant, and the books balance.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::mem::ManuallyDrop;
use std::time::Duration;

use actix_web::http::Method;
use renewd::admin::{fields, routes, wire};
use renewd::config::parse_rules;
use renewd::domain::calendar::Timestamp;
use serde_json::{Map, Value};

use super::house::{Answer, Ask, CATALOGUE, House};

/// Requests of one life of the house.
const LIFE: usize = 512;
/// How often the books are looked at.
const LOOK: usize = 64;
/// How far one request may move the clock.
const LEAP: Duration = Duration::from_hours(40 * 24);
/// Between the requests of one input.
const BETWEEN: &[u8] = b"\n=====\n";

/// A house, and what it was asked.
struct Life {
    house: House,
    asked: Vec<Vec<u8>>,
}

thread_local! {
    // Not dropped with the thread: its actors would look for what went before them.
    static LIFE_NOW: RefCell<Option<ManuallyDrop<Life>>> = const { RefCell::new(None) };
}

/// Asks everything that an input asks.
pub(crate) fn run(input: &[u8]) {
    LIFE_NOW.with_borrow_mut(|now| {
        let new = || Life { house: House::new(), asked: Vec::new() };
        let mut life = now.take().map_or_else(new, ManuallyDrop::into_inner);
        for request in cut(input) {
            if let Some(ask) = Ask::read(request) {
                life.take(request, &ask);
            }
        }
        *now = Some(life).filter(|life| life.asked.len() < LIFE).map(ManuallyDrop::new);
    });
}

fn cut(input: &[u8]) -> Vec<&[u8]> {
    let mut rest = input;
    let mut requests = Vec::new();
    while let Some(end) = rest.windows(BETWEEN.len()).position(|part| part == BETWEEN) {
        requests.push(&rest[..end]);
        rest = &rest[end + BETWEEN.len()..];
    }
    requests.push(rest);
    requests
}

impl Life {
    fn take(&mut self, request: &[u8], ask: &Ask) {
        if self.leaps(ask) {
            return;
        }
        self.asked.push(request.to_vec());
        let answer = self.house.ask(ask);
        if let Some(fault) = fault(&answer) {
            self.fail(&fault, &answer);
        }
        if self.asked.len().is_multiple_of(LOOK) {
            for path in ["/v1/ledger/trial-balance", "/v1/parked"] {
                let answer = self.get(path);
                let parked =
                    path.ends_with("parked") && answer.json()["items"] != Value::from([0; 0]);
                if !answer.status.is_success() || parked {
                    self.fail("the house is not in order", &answer);
                }
            }
        }
    }

    fn get(&self, path: &str) -> Answer {
        let ask = Ask::read(format!("GET {path}").as_bytes());
        self.house.ask(&ask.expect("a request"))
    }

    /// Would it move the clock further than there is time to wait for?
    fn leaps(&self, ask: &Ask) -> bool {
        if ask.method != Method::POST || !ask.uri.path().contains("clock") {
            return false;
        }
        let form: Value = serde_json::from_slice(&ask.body).unwrap_or_default();
        let far = |to: Timestamp| to > self.house.admin.clock.now().plus(LEAP);
        let to = form["to"].as_str().and_then(|text| text.trim().parse().ok());
        let by = form["advance"].as_str().and_then(|text| fields::length("", text.trim()).ok());
        to.is_some_and(far) || by.is_some_and(|by| by > LEAP)
    }

    /// Says what was asked so far, as an input that asks it again.
    fn fail(&self, fault: &str, answer: &Answer) -> ! {
        let path = std::env::temp_dir().join(format!("renewd-fuzz-{}.txt", std::process::id()));
        let written = std::fs::write(&path, self.asked.join(BETWEEN));
        let last = self.asked.last().map(|ask| String::from_utf8_lossy(ask)).unwrap_or_default();
        panic!(
            "{fault}: {} {}\nasked: {last}\nall that was asked: {} ({written:?})",
            answer.status,
            String::from_utf8_lossy(&answer.body),
            path.display()
        );
    }
}

/// What is wrong with an answer.
fn fault(answer: &Answer) -> Option<String> {
    let status = answer.status;
    if status.is_server_error() {
        return Some("a fault of the house's own".to_owned());
    }
    if status.is_client_error() {
        let problem: Result<wire::Problem, _> = serde_json::from_slice(&answer.body);
        return match problem {
            Ok(problem) if problem.status == status.as_u16() && !problem.code.is_empty() => None,
            Ok(_) => Some("a problem that contradicts itself".to_owned()),
            Err(error) => Some(format!("no problem: {error}")),
        };
    }
    let is_json = answer.media_type.starts_with("application/json");
    let unread = is_json.then(|| serde_json::from_slice::<Value>(&answer.body).err()).flatten();
    unread.map(|error| format!("no JSON: {error}"))
}

/// One request for each operation and media type, as the description of the API says.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let description = serde_json::to_value(routes::app().1).expect("a description");
    let house = House::new();
    let mut seeds = Vec::new();
    let paths = description["paths"].as_object().expect("paths");
    for (path, item) in paths {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let method = method.to_uppercase();
            let place = named(path, &house) + &asked_behind(operation, &description);
            let Some(content) = operation["requestBody"]["content"].as_object() else {
                seeds.push(Ask::write(&method, &place, "application/json", ""));
                continue;
            };
            for (media_type, form) in content {
                let body = match media_type.as_str() {
                    _ if place == "/v1/catalogue" => catalogue(media_type),
                    _ => example(&form["schema"], &description, 0).to_string(),
                };
                let body = named(&body, &house);
                seeds.push(Ask::write(&method, &place, media_type, &body));
            }
        }
    }
    seeds.extend(BY_HAND.iter().map(|(method, path, body)| {
        Ask::write(method, &named(path, &house), "application/json", &named(body, &house))
    }));
    let paths: BTreeSet<&str> = paths.keys().map(String::as_str).collect();
    assert!(seeds.len() > paths.len(), "each path has a request");
    seeds
}

/// The price list that is shipped, in either form.
fn catalogue(media_type: &str) -> String {
    if media_type.ends_with("toml") {
        return CATALOGUE.to_owned();
    }
    let rules = parse_rules(CATALOGUE).expect("a catalogue");
    serde_json::to_string(&rules).expect("rules")
}

/// What the description has no example of, and what moves an account on.
const BY_HAND: &[(&str, &str, &str)] = &[
    ("POST", "/v1/clock", r#"{"advance":"P31D"}"#),
    ("POST", "/v1/clock", r#"{"advance":"PT6H"}"#),
    (
        "POST",
        "/v1/accounts/{account}/orders?dry_run=true",
        r#"{"kind":"new","product":"ecs","plan":"small","region":"eu-central-1","period":"P1Y","renewal_mode":"AutoRenewal","pay_now":true,"coupon":"auto"}"#,
    ),
    (
        "POST",
        "/v1/accounts/{account}/orders",
        r#"{"kind":"new","product":"ecs","plan":"medium","region":"eu-central-1","period":"P1W","renewal_mode":"ManualRenewal","pay_now":true,"expires_not_after":"{subscription}"}"#,
    ),
    (
        "POST",
        "/v1/accounts/{account}/renewals",
        r#"{"items":[{"subscription":"{subscription}","period":"P1M","pay_now":true}]}"#,
    ),
    (
        "POST",
        "/v1/accounts/{account}/subscriptions/{subscription}/renewals",
        r#"{"expected_renew_day":28,"pay_now":true}"#,
    ),
    (
        "POST",
        "/v1/accounts/{account}/subscriptions/{subscription}/changes",
        r#"{"plan":"standard","pay_now":true}"#,
    ),
    (
        "PUT",
        "/v1/accounts/{account}/credit-limit",
        r#"{"limit":{"amount":"300.00","currency":"USD"}}"#,
    ),
    (
        "POST",
        "/v1/accounts/{account}/transfers",
        r#"{"to":"{other}","amount":{"amount":"7.00","currency":"USD"}}"#,
    ),
    (
        "POST",
        "/v1/usage",
        r#"[{"id":"1","source":"dc1","resource":"{resource}","meter":"traffic","quantity":"12.5","at":"2026-01-10T11:00:00Z"}]"#,
    ),
    ("POST", "/v1/accounts/{account}/closure", r#"{"disclaimer":true,"forfeit":true}"#),
];

/// The text with names in it that are there: where it has a place for one, and for each id.
fn named(text: &str, house: &House) -> String {
    let placed = house
        .names
        .iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value));
    let is_id = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = placed.split_inclusive(|c| !is_id(c)).map(|part| {
        let word = part.trim_end_matches(|c| !is_id(c));
        let prefix = word.find('_').map_or("", |end| &word[..=end]);
        let known = house.names.iter().find(|(_, id)| prefix.len() == 4 && id.starts_with(prefix));
        match known {
            Some((_, id)) if !house.names.iter().any(|(_, id)| id == word) => {
                part.replace(word, id)
            }
            Some(_) | None => part.to_owned(),
        }
    });
    words.collect()
}

/// What an operation takes behind the `?`, each once.
fn asked_behind(operation: &Value, description: &Value) -> String {
    let mut query = String::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default();
        // A book that asks only to be told what would happen stays as it is.
        if parameter["in"] == "query" && name != "dry_run" && name != "cursor" {
            let value = match &parameter["example"] {
                Value::Null => example(&parameter["schema"], description, 0),
                value => value.clone(),
            };
            let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
            if parameter["required"] == true {
                let between = if query.is_empty() { '?' } else { '&' };
                let _ = write!(query, "{between}{name}={value}");
            }
        }
    }
    query
}

/// A value that a schema describes: its example, or one made up.
fn example(schema: &Value, description: &Value, depth: usize) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        let pointer = name.trim_start_matches('#');
        return description
            .pointer(pointer)
            .map_or(Value::Null, |schema| example(schema, description, depth + 1));
    }
    if !schema["example"].is_null() {
        return schema["example"].clone();
    }
    if let Some(example) = schema["examples"].as_array().and_then(|examples| examples.first()) {
        return example.clone();
    }
    if let Some(one) = schema["enum"].as_array().and_then(|all| all.first()) {
        return one.clone();
    }
    for choice in ["oneOf", "anyOf"] {
        let mut all = schema[choice].as_array().into_iter().flatten();
        if let Some(one) = all.find(|one| one["type"] != "null") {
            return example(one, description, depth);
        }
    }
    let parts = schema["allOf"].as_array().into_iter().flatten();
    let mut fields: Map<String, Value> = parts
        .filter_map(|part| example(part, description, depth).as_object().cloned())
        .flatten()
        .collect();
    if depth < 6 {
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            fields.insert(name.clone(), example(field, description, depth + 1));
        }
    }
    let kinds = [&schema["type"], &schema["type"][0]];
    match kinds.iter().find_map(|kind| kind.as_str()).unwrap_or("object") {
        "array" => Value::from(vec![example(&schema["items"], description, depth + 1)]),
        "string" => Value::from("1"),
        "integer" | "number" => Value::from(1),
        "boolean" => Value::from(true),
        _ => Value::Object(fields),
    }
}
