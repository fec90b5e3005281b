//! Reports of usage. They come by the thousand, so they are read where they lie, one by one: what
//! is wrong with one is the answer to that one.

use std::borrow::Cow;

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::admin::problem::{Code, Problem};
use crate::admin::request::JSON;
use crate::domain::calendar::Timestamp;
use crate::domain::ids::ResourceId;
use crate::domain::verbs::record_usage::Reported;
use crate::store::codec;

/// A batch of `CloudEvents` 1.0.
const CLOUD_BATCH: &str = "application/cloudevents-batch+json";
/// One of them.
const CLOUD_EVENT: &str = "application/cloudevents+json";
/// JSON lines, by all their names.
const LINES: [&str; 3] = ["application/x-ndjson", "application/ndjson", "application/jsonl"];
/// Bytes of an event's id, a source, a value.
const TEXT_MAX: usize = 512;
/// Bytes of a meter's name.
const METER_MAX: usize = 100;
/// Digits that a quantity is read with: as many as are computed with exactly.
const DIGITS_MAX: usize = 28;

/// An event as it came in.
#[derive(Debug)]
pub struct Event<'a> {
    /// Its id, as far as it can be read.
    pub id: Option<Cow<'a, str>>,
    /// What it reports, or why it can't be a report.
    pub reported: Result<Reported, Refused>,
}

/// Why an event can't be a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The stable code.
    pub code: Code,
    /// In words.
    pub detail: String,
}

/// Reads a body of reports: a JSON array, JSON lines, or `CloudEvents`.
pub fn usage<'a>(
    media_type: Option<&str>,
    body: &'a [u8],
    events_max: usize,
) -> Result<Vec<Event<'a>>, Problem> {
    let events = match media_type.unwrap_or(JSON) {
        JSON => array(body, events_max)?.into_iter().map(own).collect(),
        CLOUD_BATCH => array(body, events_max)?.into_iter().map(cloud).collect(),
        CLOUD_EVENT => vec![cloud(serde_json::from_slice::<&RawValue>(body).map_err(no)?)],
        given if LINES.contains(&given) => {
            let lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
            let lines: Vec<_> =
                lines.filter(|line| !line.is_empty()).take(events_max + 1).collect();
            few(lines.len(), events_max)?;
            lines.into_iter().map(line).collect()
        }
        given => {
            let read = [JSON, LINES[0], CLOUD_EVENT, CLOUD_BATCH].join(", ");
            let detail = format!("the body must be one of {read}, not {given}");
            return Err(Problem::new(Code::WrongContentType, detail));
        }
    };
    Ok(events)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn no(error: serde_json::Error) -> Problem {
    Problem::malformed(&error)
}

/// The elements of an array, unread; one event alone needs no array.
fn array(body: &[u8], events_max: usize) -> Result<Vec<&RawValue>, Problem> {
    if body.trim_ascii_start().first() == Some(&b'{') {
        return Ok(vec![serde_json::from_slice(body).map_err(no)?]);
    }
    let elements: Vec<&RawValue> = serde_json::from_slice(body).map_err(no)?;
    few(elements.len(), events_max)?;
    Ok(elements)
}

fn few(count: usize, max: usize) -> Result<(), Problem> {
    if count <= max {
        return Ok(());
    }
    let detail = format!("one call takes up to {max} events: send them in batches");
    Err(Problem::new(Code::TooManyItems, detail).with("limit", max))
}

/// The house's own form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an event of usage")]
struct Own<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow)]
    resource: Cow<'a, str>,
    #[serde(borrow)]
    meter: Cow<'a, str>,
    #[serde(borrow)]
    quantity: Option<&'a RawValue>,
    #[serde(borrow)]
    value: Option<Cow<'a, str>>,
    #[serde(borrow)]
    at: Cow<'a, str>,
}

/// A `CloudEvent` 1.0: what is not named here is somebody else's.
#[derive(Deserialize)]
#[serde(expecting = "a CloudEvent")]
struct Cloud<'a> {
    #[serde(borrow)]
    specversion: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow)]
    subject: Cow<'a, str>,
    #[serde(borrow)]
    time: Cow<'a, str>,
    #[serde(borrow)]
    data: CloudData<'a>,
}

#[derive(Deserialize)]
struct CloudData<'a> {
    #[serde(borrow)]
    quantity: Option<&'a RawValue>,
    #[serde(borrow)]
    value: Option<Cow<'a, str>>,
}

/// What can still be said of an event that can't be read.
#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
}

fn own(raw: &RawValue) -> Event<'_> {
    read(raw.get().as_bytes())
}

fn line(line: &[u8]) -> Event<'_> {
    read(line)
}

fn read(text: &[u8]) -> Event<'_> {
    match serde_json::from_slice::<Own<'_>>(text) {
        Ok(own) => {
            let reported = reported(&Said {
                id: &own.id,
                source: &own.source,
                resource: ("resource", &own.resource),
                meter: ("meter", &own.meter),
                quantity: own.quantity,
                value: own.value.as_deref(),
                at: ("at", &own.at),
            });
            Event { id: Some(own.id), reported }
        }
        Err(error) => unread(text, &error),
    }
}

fn cloud(raw: &RawValue) -> Event<'_> {
    let text = raw.get().as_bytes();
    match serde_json::from_slice::<Cloud<'_>>(text) {
        Ok(event) => {
            let meter = event.r#type.rsplit('.').next().unwrap_or_default();
            let said = Said {
                id: &event.id,
                source: &event.source,
                resource: ("subject", &event.subject),
                meter: ("type", meter),
                quantity: event.data.quantity,
                value: event.data.value.as_deref(),
                at: ("time", &event.time),
            };
            let reported = if event.specversion == "1.0" {
                reported(&said)
            } else {
                Err(unfit("specversion", format_args!("{:?} is not 1.0", event.specversion)))
            };
            Event { id: Some(event.id), reported }
        }
        Err(error) => unread(text, &error),
    }
}

fn unread<'a>(text: &'a [u8], error: &serde_json::Error) -> Event<'a> {
    let named = serde_json::from_slice::<Named<'a>>(text);
    let refused = Refused { code: Code::MalformedRequest, detail: error.to_string() };
    Event { id: named.ok().and_then(|named| named.id), reported: Err(refused) }
}

/// What an event says, in whichever form; with the names of its fields there.
struct Said<'a> {
    id: &'a str,
    source: &'a str,
    resource: (&'static str, &'a str),
    meter: (&'static str, &'a str),
    quantity: Option<&'a RawValue>,
    value: Option<&'a str>,
    at: (&'static str, &'a str),
}

fn reported(said: &Said<'_>) -> Result<Reported, Refused> {
    let (field, text) = said.resource;
    let resource: ResourceId = text.parse().map_err(|error| unfit(field, error))?;
    fits("id", said.id, TEXT_MAX)?;
    fits("source", said.source, TEXT_MAX)?;
    let (field, meter) = said.meter;
    fits(field, meter, METER_MAX)?;
    let value = said.value.map(|value| fits("value", value, TEXT_MAX).map(|()| value));
    let value = value.transpose()?;
    let quantity = match (said.quantity, value) {
        (Some(quantity), _) => self::quantity(quantity)?,
        // A thing that is counted is one.
        (None, Some(_)) => Decimal::ONE,
        (None, None) => return Err(unfit("quantity", "it is missing")),
    };
    let (field, text) = said.at;
    let at: Timestamp = text.parse().map_err(|error| unfit(field, error))?;
    Ok(Reported {
        key: codec::report_key(meter, said.source, said.id),
        resource,
        meter: meter.to_owned(),
        quantity,
        value: value.map(codec::value_hash),
        at,
    })
}

fn unfit(field: &str, detail: impl std::fmt::Display) -> Refused {
    Refused { code: Code::InvalidField, detail: format!("{field}: {detail}") }
}

fn fits(field: &str, text: &str, max: usize) -> Result<(), Refused> {
    if text.is_empty() {
        return Err(unfit(field, "it is empty"));
    }
    if text.len() > max {
        return Err(unfit(field, format_args!("it is longer than {max} bytes")));
    }
    Ok(())
}

/// A quantity, exactly as it is written: no float lies between.
fn quantity(raw: &RawValue) -> Result<Decimal, Refused> {
    let raw = raw.get();
    let text: Cow<'_, str> = if raw.starts_with('"') {
        serde_json::from_str(raw).map_err(|error| unfit("quantity", error))?
    } else {
        Cow::Borrowed(raw)
    };
    decimal(&text)
        .ok_or_else(|| unfit("quantity", format_args!("{text:?} is not a decimal number")))
}

/// A number as JSON writes it; nothing is rounded to make it fit.
fn decimal(text: &str) -> Option<Decimal> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, parts) = match mantissa.split_once('.') {
        Some((_, "")) => return None,
        Some((whole, parts)) => (whole, parts),
        None => (mantissa, ""),
    };
    let are_digits = |text: &str| text.bytes().all(|c| c.is_ascii_digit());
    let fits = !whole.is_empty()
        && are_digits(whole)
        && are_digits(parts)
        && whole.len() + parts.len() <= DIGITS_MAX;
    if !fits {
        return None;
    }
    let Some(exponent) = exponent else { return Decimal::from_str_exact(text).ok() };
    let power = exponent.trim_start_matches(['+', '-']);
    let is_plain =
        matches!(power.len(), 1..=2) && are_digits(power) && exponent.len() - power.len() <= 1;
    if is_plain { Decimal::from_scientific(text).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::admin::wire;
    use crate::domain::ids::AccountId;

    fn event() -> serde_json::Value {
        json!({
            "id": "7", "source": "dc1", "resource": resource().to_string(), "meter": "traffic",
            "quantity": "1.5", "at": "2026-04-01T10:00:00Z"
        })
    }

    fn resource() -> ResourceId {
        ResourceId::new(AccountId::from_bits(7), 3)
    }

    /// What became of the events: the quantity, or code and detail.
    fn taken(media_type: Option<&str>, body: &str) -> Vec<Result<String, String>> {
        let events = usage(media_type, body.as_bytes(), 100).expect("a body");
        let outcome = |event: Event<'_>| match event.reported {
            Ok(reported) => Ok(reported.quantity.to_string()),
            Err(Refused { code, detail }) => Err(format!("{} {detail}", code.as_str())),
        };
        events.into_iter().map(outcome).collect()
    }

    fn refused(media_type: Option<&str>, body: &str) -> &'static str {
        usage(media_type, body.as_bytes(), 2).expect_err("no").code()
    }

    #[test]
    fn all_forms_say_the_same() {
        let own = event().to_string();
        let cloud = json!({
            "specversion": "1.0", "id": "7", "source": "dc1", "type": "com.example.traffic",
            "subject": resource().to_string(), "time": "2026-04-01T12:00:00+02:00",
            "datacontenttype": "application/json", "traceparent": "00-1",
            "data": {"quantity": 1.50, "unit": "GB"}
        })
        .to_string();
        let as_promised = serde_json::to_string(&wire::UsageEvent {
            id: "7".into(),
            source: "dc1".into(),
            resource: resource().to_string(),
            meter: "traffic".into(),
            quantity: Some("1.5".into()),
            value: None,
            at: "2026-04-01T10:00:00Z".into(),
        })
        .expect("JSON");
        let one = |media_type: Option<&str>, body: &str| {
            let mut events = usage(media_type, body.as_bytes(), 1).expect("a body");
            assert_eq!(events[0].id.as_deref(), Some("7"));
            events.remove(0).reported.expect("a report")
        };
        let expected = Reported {
            key: codec::report_key("traffic", "dc1", "7"),
            resource: resource(),
            meter: "traffic".into(),
            quantity: Decimal::new(15, 1),
            value: None,
            at: "2026-04-01T10:00:00Z".parse().expect("an instant"),
        };
        assert_eq!(one(None, &own), expected);
        assert_eq!(one(None, &as_promised), expected);
        assert_eq!(one(Some(JSON), &format!(" [{own}]")), expected);
        assert_eq!(one(Some("application/x-ndjson"), &format!("\n{own}\r\n\n")), expected);
        assert_eq!(one(Some(CLOUD_EVENT), &cloud), expected);
        assert_eq!(one(Some(CLOUD_BATCH), &format!("[{cloud}]")), expected);
    }

    #[test]
    fn a_bad_event_is_refused_by_itself() {
        let with = |field: &str, value: serde_json::Value| {
            let mut event = event();
            event[field] = value;
            event
        };
        let mut without = event();
        without.as_object_mut().expect("an object").remove("meter");
        let mut no_quantity = event();
        no_quantity.as_object_mut().expect("an object").remove("quantity");
        let body = json!([
            event(),
            with("quantity", "NaN".into()),
            with("quantity", "1_000".into()),
            with("resource", "web-1".into()),
            with("id", "".into()),
            with("at", "yesterday".into()),
            with("colour", "red".into()),
            with("quantity", true.into()),
            without,
            no_quantity,
            42,
            with("quantity", 2.into())
        ]);
        let answers = taken(None, &body.to_string());
        assert_eq!((&answers[0], &answers[11]), (&Ok("1.5".into()), &Ok("2".into())));
        let told: Vec<String> = answers.into_iter().filter_map(Result::err).collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        InvalidField quantity: "NaN" is not a decimal number
        InvalidField quantity: "1_000" is not a decimal number
        InvalidField resource: "web-1" is not a resource id
        InvalidField id: it is empty
        InvalidField at: "yesterday" is not an instant such as 2026-12-01T10:00:00Z
        MalformedRequest unknown field `colour`, expected one of `id`, `source`, `resource`, `meter`, `quantity`, `value`, `at` at line 1 column 37
        InvalidField quantity: "true" is not a decimal number
        MalformedRequest missing field `meter` at line 1 column 100
        InvalidField quantity: it is missing
        MalformedRequest invalid type: integer `42`, expected an event of usage at line 1 column 2
        "#);
    }

    #[test]
    fn a_line_that_is_no_json_stops_no_other() {
        let body = format!("{}\n{{\"id\": \"8\", \"quantity\": NaN}}\n{}\n", event(), event());
        let answers = taken(Some("application/x-ndjson"), &body);
        assert!(answers[0].is_ok() && answers[2].is_ok());
        assert!(answers[1].as_ref().is_err_and(|told| told.starts_with("MalformedRequest ")));
    }

    #[test]
    fn what_is_no_list_of_events_is_refused_as_a_whole() {
        assert_eq!(refused(None, "[{\"id\": NaN}]"), "MalformedRequest");
        assert_eq!(refused(None, ""), "MalformedRequest");
        assert_eq!(refused(None, "\"events\""), "MalformedRequest");
        assert_eq!(refused(Some("text/csv"), "a,b"), "WrongContentType");
        assert_eq!(refused(None, "[1,2,3]"), "TooManyItems");
        assert_eq!(refused(Some("application/jsonl"), "1\n2\n3\n"), "TooManyItems");
        assert!(usage(None, b"[]", 2).expect("none").is_empty());
    }

    #[test]
    fn a_quantity_is_read_exactly_or_not_at_all() {
        let read = |text: &str| decimal(text).map(|number| number.normalize().to_string());
        for (text, expected) in [
            ("0", "0"),
            ("-1.5", "-1.5"),
            ("0.000000001", "0.000000001"),
            ("1e3", "1000"),
            ("1.5E+2", "150"),
            ("2.5e-7", "0.00000025"),
            ("9999999999999999999999999999", "9999999999999999999999999999"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "-",
            "+1",
            "1.",
            ".5",
            "1_0",
            "NaN",
            "inf",
            "-Infinity",
            "1e",
            "1e+-2",
            "1e999",
            "1,5",
            " 1",
            "0x1",
            "--1",
            "12345678901234567890123456789",
            "9e28",
            "1e-40",
            "null",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_counted_by_value_needs_no_quantity() {
        let body = json!({
            "specversion": "1.0", "id": "7", "source": "dc1", "type": "visitors",
            "subject": resource().to_string(), "time": "2026-04-01T12:00:00Z",
            "data": {"value": "10.0.0.1"}
        });
        let body = body.to_string();
        let mut events = usage(Some(CLOUD_EVENT), body.as_bytes(), 1).expect("a body");
        let reported = events.remove(0).reported.expect("a report");
        assert_eq!(reported.value, Some(codec::value_hash("10.0.0.1")));
        assert_eq!((reported.quantity, reported.meter.as_str()), (Decimal::ONE, "visitors"));
        let other = body.replace("\"1.0\"", "\"0.3\"");
        let told = taken(Some(CLOUD_EVENT), &other);
        assert_eq!(told, [Err("InvalidField specversion: \"0.3\" is not 1.0".to_owned())]);
    }
}
