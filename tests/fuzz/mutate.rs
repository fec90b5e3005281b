//! Inputs made of other inputs: JSON is changed as JSON, text as text, both with values that are
//! known to hurt. The same seed changes the same input in the same way.

use serde_json::{Map, Value};

/// A source of random numbers that is the same for a seed on every machine (`SplitMix64`).
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to `count`, excluded; 0 for none.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        let count = u64::try_from(count).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.bits() % count).unwrap_or(0)
    }

    fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// Texts that have hurt somebody.
const TEXTS: &[&str] = &[
    "",
    " ",
    "\0",
    "\u{1}\u{7f}",
    "\u{202e}",
    "\u{feff}",
    "\u{fffd}",
    "\u{10ffff}",
    "e\u{301}",
    "\u{130}",
    "\u{1f469}\u{200d}\u{1f692}",
    "\u{665}",
    "../../etc/passwd",
    "{{ 7 * 7 }}",
    "';--",
    "a\r\nBcc: x@y.example",
    "0",
    "-0",
    "-1",
    "+1",
    "1e9",
    "0.1",
    "0.000000001",
    "0.0000000000000000000000000001",
    "NaN",
    "inf",
    "1_000",
    "1,000.00",
    "9223372036854775807",
    "92233720368547758.07",
    "-9223372036854775808",
    "18446744073709551616",
    "79228162514264337593543950335",
    "99999999999999999999999999999999999999",
    "0001-01-01T00:00:00Z",
    "1969-12-31T23:59:59Z",
    "1970-01-01T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-03-29T02:30:00+01:00",
    "2026-12-31T23:59:60Z",
    "9999-12-31T23:59:59Z",
    "+262142-12-31T23:59:59Z",
    "P0D",
    "P1D",
    "P1W",
    "P1M",
    "P5Y",
    "P1Y2M3DT4H",
    "P4294967295M",
    "P4294967296Y",
    "P99999999999999999999W",
    "PT99999999999999S",
    "2026-00",
    "2026-13",
    "0000-01",
    "9999-12",
    "65535-12",
    "24:00",
    "23:59:60",
    "USD",
    "usd",
    "JPY",
    "KWD",
    "XXX",
    "XAU",
    "UTC",
    "Europe/Berlin",
    "Pacific/Apia",
    "America/Scoresbysund",
    "AutoRenewal",
    "none",
    "auto",
    "unified",
    "acc_0000000000",
    "acc_zzzzzzzzzz",
    "sub_0000000007_4294967295",
    "cpn_0000000007_4294967296",
    "null",
    "true",
];

/// Numbers that have hurt somebody, as JSON writes them.
const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "-1",
    "1",
    "28",
    "29",
    "31",
    "32",
    "255",
    "256",
    "32768",
    "65535",
    "65536",
    "2147483647",
    "-2147483648",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "0.5",
    "1e18",
    "-1e-7",
    "1e308",
];

/// How deep a value may be put into lists.
const DEPTHS: &[usize] = &[1, 3, 100, 200];

/// Changes an input a few times.
pub(crate) fn mutate(input: &[u8], others: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = input.to_vec();
    for _ in 0..=random.below(3) {
        input = match (random.below(4), json_in(&input)) {
            (0, _) | (_, None) => of_bytes(input, others, random),
            (_, Some((head, value))) => {
                let mut whole = input[..head].to_vec();
                whole.extend(of_json(value, others, random).into_bytes());
                whole
            }
        };
    }
    input
}

/// The JSON that an input ends with, and where it begins.
fn json_in(input: &[u8]) -> Option<(usize, Value)> {
    let text = std::str::from_utf8(input).ok()?;
    let start = match text.find("\n\n") {
        Some(head) => head + 2,
        None if text.starts_with(['{', '[']) => 0,
        None => return None,
    };
    Some((start, serde_json::from_str(text.get(start..)?).ok()?))
}

/// A text that says the value in another way, or another value.
fn of_json(mut value: Value, others: &[Vec<u8>], random: &mut Random) -> String {
    let place = random.below(count(&value));
    if random.below(12) == 0 {
        return doubled(&value, random);
    }
    let donor = random.pick_some(others).and_then(|other| json_in(other)).map(|(_, value)| value);
    let mut left = place;
    change(&mut value, &mut left, donor, random);
    value.to_string()
}

impl Random {
    fn pick_some<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }
}

/// How many values there are in a value.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// The value with one of its fields twice.
fn doubled(value: &Value, random: &mut Random) -> String {
    let Value::Object(fields) = value else { return format!("[{value},{value}]") };
    let Some((name, twice)) = fields.iter().nth(random.below(fields.len())) else {
        return value.to_string();
    };
    let rest = value.to_string();
    format!("{{{}:{twice},{}", Value::from(name.as_str()), &rest[1..])
}

/// Goes to the value at a place, and changes it.
fn change(value: &mut Value, left: &mut usize, donor: Option<Value>, random: &mut Random) {
    if *left == 0 {
        *value = changed(value.take(), donor, random);
        return;
    }
    *left -= 1;
    let inner: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(fields) => fields.values_mut().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    for value in inner {
        let size = count(value);
        if *left < size {
            return change(value, left, donor, random);
        }
        *left -= size;
    }
}

fn changed(value: Value, donor: Option<Value>, random: &mut Random) -> Value {
    match (random.below(8), value) {
        (0, value) => deep(value, *random.pick(DEPTHS)),
        (1, value) => donor.map_or(value, |donor| any_of(donor, random)),
        (2, _) => odd(random),
        (_, Value::Object(fields)) => Value::Object(other_fields(fields, random)),
        (_, Value::Array(items)) => Value::Array(other_items(items, random)),
        (_, Value::String(text)) => other_text(&text, random),
        (_, Value::Number(_) | Value::Bool(_) | Value::Null) => {
            number(random.pick::<&str>(NUMBERS))
        }
    }
}

fn deep(mut value: Value, depth: usize) -> Value {
    for _ in 0..depth {
        value = Value::Array(vec![value]);
    }
    value
}

/// One of the values in a value.
fn any_of(value: Value, random: &mut Random) -> Value {
    match value {
        Value::Array(mut items) if !items.is_empty() => {
            items.swap_remove(random.below(items.len()))
        }
        Value::Object(fields) if !fields.is_empty() => {
            let place = random.below(fields.len());
            fields.into_iter().nth(place).map_or(Value::Null, |(_, value)| value)
        }
        value => value,
    }
}

fn number(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

fn odd(random: &mut Random) -> Value {
    match random.below(6) {
        0 => Value::Null,
        1 => Value::Bool(true),
        2 => Value::Array(Vec::new()),
        3 => Value::Object(Map::new()),
        4 => number(random.pick::<&str>(NUMBERS)),
        _ => Value::from(*random.pick(TEXTS)),
    }
}

fn other_fields(mut fields: Map<String, Value>, random: &mut Random) -> Map<String, Value> {
    let names: Vec<String> = fields.keys().cloned().collect();
    let Some(name) = random.pick_some(&names) else {
        fields.insert((*random.pick(TEXTS)).to_owned(), odd(random));
        return fields;
    };
    match random.below(4) {
        0 => drop(fields.remove(name)),
        1 => {
            let value = fields.remove(name).unwrap_or_default();
            fields.insert(format!("{name}{}", random.pick(TEXTS)), value);
        }
        2 => {
            let other = random.pick(&names);
            let value = fields[name].clone();
            fields.insert(other.clone(), value);
        }
        _ => drop(fields.insert(name.clone(), odd(random))),
    }
    fields
}

fn other_items(mut items: Vec<Value>, random: &mut Random) -> Vec<Value> {
    let place = random.below(items.len());
    match random.below(4) {
        0 if !items.is_empty() => drop(items.remove(place)),
        1 if !items.is_empty() => {
            let item = items[place].clone();
            items.resize(items.len() + *random.pick(DEPTHS), item);
        }
        2 => items.reverse(),
        _ => items.push(odd(random)),
    }
    items
}

fn other_text(text: &str, random: &mut Random) -> Value {
    let other = random.pick(TEXTS);
    match random.below(7) {
        0 => Value::from(format!("{text}{other}")),
        1 => Value::from(format!("{other}{text}")),
        2 => Value::from(text.repeat(*random.pick(&[2, 20, 300]))),
        3 => Value::from(String::from_utf8_lossy(&bent(text.as_bytes().to_vec(), random))),
        _ => Value::from(*other),
    }
}

/// Changes text, or what is none.
fn of_bytes(mut input: Vec<u8>, others: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let (from, to) = stretch(&input, random);
    match random.below(7) {
        0 => drop(input.drain(from..to)),
        1 => {
            let twice = input[from..to].to_vec();
            input.splice(to..to, twice);
        }
        2 => drop(input.splice(from..from, random.pick(TEXTS).bytes())),
        3 => {
            let other = random.pick_some(others).cloned().unwrap_or_default();
            let (start, end) = stretch(&other, random);
            input.splice(from..to, other[start..end].iter().copied());
        }
        4 => {
            let digits: Vec<usize> =
                (0..input.len()).filter(|&place| input[place].is_ascii_digit()).collect();
            if let Some(&start) = random.pick_some(&digits) {
                let rest = input[start..].iter().take_while(|byte| byte.is_ascii_digit());
                let end = start + rest.count();
                input.splice(start..end, random.pick(NUMBERS).bytes());
            }
        }
        _ => return bent(input, random),
    }
    input
}

/// One bit the other way.
fn bent(mut input: Vec<u8>, random: &mut Random) -> Vec<u8> {
    let (place, bit) = (random.below(input.len()), random.below(8));
    if let Some(byte) = input.get_mut(place) {
        *byte ^= 1 << bit;
    }
    input
}

fn stretch(input: &[u8], random: &mut Random) -> (usize, usize) {
    let from = random.below(input.len());
    let most = *random.pick(&[2, 8, 40, 400]);
    let length = random.below(most).min(input.len() - from);
    (from, from + length)
}
