//! Lives told state by state: what each event changes in what is kept of an account, what is
//! listed of it, and what goes out. What is kept is the stored form of a snapshot, so that
//! `golden_lives.snap` guards its names as well; `INSTA_UPDATE=always` writes it anew, to be read
//! before it is believed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use insta::assert_snapshot;
use serde_json::Value;

use super::going_out;
use super::golden::{VARIANTS, variant};
use super::scenario::{ACCOUNT, run, short};
use crate::domain::account::Account;
use crate::domain::draft::Touched;
use crate::domain::event::Event;
use crate::domain::rows::{Key, Row};
use crate::domain::stream::State;

/// Each with its script.
const LIVES: &[(&str, &str)] = &[
    ("renewed by hand and by itself, and lost", "
        2026-01-01 00:00 top-up 25 noted
        2026-01-01 00:00 alert 20
        2026-01-01 00:00 purchase intl small 1 month auto unpaid
        2026-01-01 12:00 pay #2
        2026-01-02 00:00 renew #1 1 month
        2026-01-02 00:00 purchase ecs free 1 month none
        2026-01-02 00:00 renew #1 1 week unpaid
        2026-01-03 00:00 cancel #6
        2026-01-03 00:00 top-up 20
        2026-02-01 12:00 renew #1 1 month
        2026-05-01 12:00 step
        2026-05-02 12:00 top-up 10
        2026-05-02 12:00 renew #1 1 week
        2026-05-04 12:00 step
    "),
    ("paid ahead, taken back, changed for a while and for good, given up", "
        2026-04-01 00:00 top-up 900
        2026-04-01 00:00 purchase ecs small 1 month auto lock
        2026-04-02 00:00 price ecs small month 12
        2026-04-02 00:00 renew #1 1 week
        2026-04-23 09:00 step
        2026-04-24 00:00 refund #3
        2026-04-25 00:00 renew #1 1 month
        2026-04-26 00:00 renew #1 1 month
        2026-04-26 00:00 refund #5 1
        2026-05-01 00:00 renew #1 1 month
        2026-05-02 00:00 change #1 large until 2026-05-20 00:00
        2026-05-20 00:00 step
        2026-07-17 09:00 step
        2026-07-17 10:00 change #1 large unpaid
        2026-07-17 11:00 pay #11
        2026-07-17 12:00 mode #1 auto by 1 week
        2026-07-17 12:00 mode #1 manual muted
        2026-07-18 00:00 change #1 small
        2026-07-18 00:00 renew #1 1 month
        2026-07-19 00:00 unsubscribe #1
    "),
    ("a cheaper plan for the next period", "
        2026-04-01 00:00 top-up 300
        2026-04-01 00:00 purchase ecs large 1 month lock
        2026-04-20 00:00 renew #1 1 month plan small
        2026-05-01 00:00 step
        2026-05-20 00:00 renew #1 1 month plan large
        2026-05-21 00:00 refund #4
        2026-06-05 00:00 renew #1 1 month plan large
        2026-06-06 00:00 purchase ecs small 1 month
        2026-06-06 00:00 renew #7 1 month
        2026-06-06 00:00 change #7 large
        2026-06-07 00:00 refund #9
        2026-06-08 00:00 unsubscribe #7
        2026-06-08 00:00 purchase ecs small 1 month
        2026-06-08 00:00 unsubscribe #13 unused
    "),
    ("delivered, late, or not at all", "
        2026-04-01 00:00 top-up 300
        2026-04-01 00:00 acknowledge ecs new renew upgrade downgrade
        2026-04-01 00:00 purchase ecs small 1 month auto
        2026-04-01 00:00 purchase ecs small 1 month
        2026-04-01 01:00 provisioned #2
        2026-04-01 01:00 provision-failed #4
        2026-04-01 02:00 provisioned #4
        2026-04-02 00:00 change #1 large
        2026-04-02 01:00 provision-failed #5
        2026-04-03 00:00 change #1 large
        2026-04-03 01:00 provisioned #6
        2026-04-16 09:00 step
        2026-04-17 00:00 change #1 small
        2026-04-17 12:00 provisioned #7
        2026-04-22 08:00 step
        2026-04-22 09:00 provision-failed #8
        2026-04-23 08:00 step
        2026-04-23 09:00 provisioned #9
        2026-04-24 00:00 grant cash 2
        2026-04-24 00:00 purchase ecs small 1 month unpaid coupon #10
        2026-04-24 01:00 pay #12
        2026-04-24 02:00 provisioned #12
    "),
    ("orders that wait, and coupons", "
        2026-02-01 00:00 open UTC of DE
        2026-02-01 00:00 tax DE VAT 19
        2026-02-01 00:00 top-up 100
        2026-02-01 00:00 grant cash 4 until 2026-09-01 00:00
        2026-02-01 00:00 grant off 50 from 2026-02-03 00:00 until 2026-02-20 00:00
        2026-02-01 00:00 grant cash 9 until 2026-03-10 00:00
        2026-02-01 00:00 purchase ecs small 1 month unpaid coupon #1
        2026-02-02 00:00 use #5 coupon none
        2026-02-02 01:00 use #5 coupon #1
        2026-02-02 02:00 pay #5
        2026-02-03 00:00 purchase ecs small 1 month unpaid coupon #2
        2026-02-03 01:00 take-back #3
        2026-02-10 00:00 step
        2026-02-11 00:00 renew #4 1 month coupon #2
        2026-02-12 00:00 refund #8
        2026-02-12 01:00 grant cash 15 until 2026-03-09 00:00
        2026-02-12 02:00 renew #4 1 month coupon #11
        2026-02-12 03:00 refund #12
        2026-09-02 00:00 step
    "),
    ("credit, bills and their documents", "
        2026-01-20 00:00 open UTC of DE
        2026-01-20 00:00 tax DE VAT 19
        2026-01-20 00:00 limit 50
        2026-01-20 00:00 purchase intl small 1 month
        2026-01-20 00:00 invoice 2026-01
        2026-01-20 01:00 number #3 1
        2026-01-21 00:00 renew #1 1 month
        2026-02-01 00:00 house-closes 2026-01
        2026-02-03 12:00 step
        2026-02-05 00:00 refund #4 1
        2026-02-06 00:00 invoice 2026-01
        2026-02-06 01:00 refund #4 1
        2026-02-07 00:00 unsubscribe #1
        2026-02-23 12:00 step
        2026-02-24 12:00 top-up 60
        2026-03-03 12:00 step
    "),
    ("less used than was said, after the invoice", "
        2026-03-31 10:00 top-up 10
        2026-03-31 10:00 open-resource net small
        2026-03-31 22:00 report #1 traffic 12
        2026-03-31 23:10 step
        2026-03-31 23:20 invoice 2026-03
        2026-04-01 00:30 report #1 traffic -8 as corrected at 2026-03-31 22:30
        2026-04-01 02:00 step
        2026-04-01 03:00 invoice 2026-04
    "),
    ("paid for after use, until it is released for debt", "
        2026-03-01 10:00 top-up 17
        2026-03-01 10:00 purchase quota small 1 month
        2026-03-01 10:00 grant cash 0.50
        2026-03-01 10:00 open-resource net small
        2026-03-01 10:10 report #4 traffic 12 as a
        2026-03-01 10:00 open-resource debt small
        2026-03-01 10:10 purchase quiet small 1 week auto coupon none
        2026-03-01 10:30 plan #5 large
        2026-03-01 10:40 stop #5
        2026-03-01 10:50 start #5
        2026-03-01 11:10 step
        2026-03-01 11:20 report #4 seats 7 as b
        2026-03-01 13:10 step
        2026-03-01 14:10 step
        2026-03-01 18:00 top-up 5
        2026-03-03 00:10 step
        2026-03-03 00:20 release-resource #4
        2026-03-09 00:00 step
        2026-03-10 00:00 unsubscribe #1
        2026-04-08 00:00 step
    "),
    ("cash that goes out, and comes back", "
        2026-03-01 10:00 top-up 50
        2026-03-01 10:01 cash-out 10
        2026-03-01 10:02 paid-out #1
        2026-03-01 10:03 cash-out 20
        2026-03-01 10:04 not-paid-out #2 account_closed
        2026-03-01 10:05 paid-out #2
        2026-03-01 10:05 paid-out #2
        2026-03-01 10:06 not-paid-out #1
        2026-03-01 10:07 send 5
        2026-03-01 10:08 declined 3
        2026-03-01 10:09 send 6
        2026-03-01 10:10 arrived 4
        2026-03-01 10:11 take 7
        2026-03-01 10:12 take 7 EUR
    "),
    ("imported, held, aligned", "
        2026-02-10 10:00 import ecs small 1 month auto until 2026-03-01 00:00 from 2026-01-01 00:00 cash 500 held
        2026-02-10 11:00 let-go
        2026-02-14 09:00 step
        2026-02-14 10:00 mode #1 auto by 3 months
        2026-02-14 11:00 mode #1 auto by 1 month
        2026-02-15 00:00 unified 15
        2026-02-15 00:00 renew #1 day unified unpaid
        2026-02-15 01:00 grant cash 3
        2026-02-15 02:00 use #2 coupon #3
        2026-02-15 03:00 pay #2
        2026-02-16 00:00 hold
        2026-05-20 00:00 step
        2026-05-20 00:00 let-go
    "),
    ("closed at the third try", "
        2026-03-01 10:00 closure approval none
        2026-03-01 10:00 top-up 5
        2026-03-01 10:00 open-resource vm small
        2026-03-01 10:30 release-resource #1
        2026-03-01 10:40 close forfeit
        2026-03-01 10:41 confirm wrong
        2026-03-01 10:42 revoke
        2026-03-01 10:43 close forfeit
        2026-03-01 10:44 holding domain example.com
        2026-03-01 10:45 confirm
        2026-03-01 10:46 cleared domain example.com
        2026-03-01 10:47 closure approval corporate
        2026-03-01 10:48 begin forfeit
        2026-03-01 10:49 approve DOC-7
        2026-03-01 10:50 revoke
        2026-03-01 10:51 open-resource net small
        2026-03-01 10:52 release-resource #2
        2026-03-04 10:53 begin forfeit
        2026-03-04 10:54 approve DOC-8
        2026-03-04 10:55 step
        2026-03-04 11:00 report #2 peak 40 at 2026-03-01 10:51:30
        2026-03-04 11:10 step
        2026-03-04 12:00 top-up 30
        2026-03-04 12:05 step
        2026-03-05 11:00 holding domain example.com
        2026-03-05 12:00 cleared domain example.com
        2026-03-05 12:00 grant cash 2
        2026-03-12 12:00 close forfeit
        2026-03-12 12:01 confirm
        2026-03-12 12:02 approve DOC-9
        2026-04-20 12:00 step
        2026-04-21 12:00 grant cash 2 campaign nine
    "),
];

/// What is kept of the account, and in which phase it is.
fn kept(state: &State) -> Value {
    let account = state.account().expect("an account");
    let kept = serde_json::to_value(account).expect("JSON");
    let Value::Object(phases) = kept else { panic!("{kept} is no account") };
    let (phase, kept) = phases.into_iter().next().expect("a phase");
    let mut kept = match kept {
        Value::Object(values) => values,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            serde_json::Map::new()
        }
    };
    kept.insert("phase".into(), phase.into());
    Value::Object(kept)
}

/// The lines for what differs.
fn differences(path: &str, old: &Value, new: &Value, told: &mut String) {
    let inside =
        |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match (old, new) {
        _ if old == new => {}
        // What lines come to is said at once.
        (Value::Object(_), Value::Object(now)) if now.contains_key("net") => {
            line(path, &format!("{} -> {}", text(old), text(new)), told);
        }
        (Value::Object(old), Value::Object(new)) => {
            let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for name in names {
                let value = |of: &serde_json::Map<String, Value>| of.get(name).cloned();
                match (value(old), value(new)) {
                    (Some(old), Some(new)) => differences(&inside(name), &old, &new, told),
                    (Some(old), None) => line(&inside(name), &format!("- {}", brief(&old)), told),
                    (None, Some(new)) => line(&inside(name), &format!("+ {}", text(&new)), told),
                    (None, None) => {}
                }
            }
        }
        (Value::Array(old), Value::Array(new)) if is_within(new, old) => {
            let gone = old.iter().enumerate().filter(|(_, value)| !new.contains(value));
            for (place, value) in gone {
                line(&format!("{path}[{place}]"), &format!("- {}", brief(value)), told);
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for place in 0..old.len().max(new.len()) {
                let path = format!("{path}[{place}]");
                match (old.get(place), new.get(place)) {
                    (Some(old), Some(new)) => differences(&path, old, new, told),
                    (Some(old), None) => line(&path, &format!("- {}", brief(old)), told),
                    (None, Some(new)) => line(&path, &format!("+ {}", text(new)), told),
                    (None, None) => {}
                }
            }
        }
        _ => line(path, &format!("{} -> {}", text(old), text(new)), told),
    }
}

/// Is `some` what is left of `all`, each of which is there once?
fn is_within(some: &[Value], all: &[Value]) -> bool {
    let left: Vec<&Value> = all.iter().filter(|value| some.contains(value)).collect();
    left.len() == some.len() && left.iter().zip(some).all(|(left, some)| *left == some)
}

fn line(path: &str, what: &str, told: &mut String) {
    let named = format!("{path} {what}").replace("_0000000007_", "#").replace("T00:00:00Z", "");
    writeln!(told, "    {named}").expect("a string grows");
}

/// What went away was told when it came.
fn brief(value: &Value) -> String {
    if value.is_object() { "…".to_owned() } else { text(value) }
}

/// JSON without quotes.
fn text(value: &Value) -> String {
    value.to_string().replace('"', "")
}

/// What is listed of the account is what is kept of it: no record leaves a row as it was before.
fn check_rows(state: &State, events: &[Event], rows: &mut BTreeMap<Key, Row>, title: &str) {
    let mut touched = Touched::default();
    for event in events {
        touched.note(event);
    }
    rows.extend(state.rows(&touched).into_iter().map(|row| (row.key(), row)));
    let mut account = state.account().expect("an account").clone();
    let (Account::Open(open) | Account::Closed(open)) = &mut account else {
        panic!("{title}: it is opened first")
    };
    open.bills.touched = open.bills.months.keys().copied().collect();
    let all = Touched {
        orders: open.orders.keys().copied().collect(),
        subscriptions: open.subscriptions.keys().copied().collect(),
        coupons: open.coupons.keys().copied().collect(),
        resources: open.resources.keys().copied().collect(),
        withdrawals: open.withdrawals.keys().copied().collect(),
        covering: open.orders.keys().copied().collect(),
        documents: open.bills.documents.keys().copied().collect(),
        campaign: false,
    };
    let kept = State::Account(account).rows(&all).into_iter().map(|row| (row.key(), row));
    // Of two rows of one key the later one stays.
    for (key, row) in kept.collect::<BTreeMap<_, _>>() {
        assert_eq!(rows.get(&key), Some(&row), "{title}: {events:?}");
    }
}

fn tell(title: &str, script: &str, seen: &mut BTreeSet<&'static str>) -> String {
    let (world, story) = run(script);
    let refused: Vec<&str> = story.lines().filter(|line| line.contains(" ! ")).collect();
    assert!(refused.is_empty(), "{title}: {refused:#?}");
    let mut told = format!("== {title}\n");
    let mut state = State::empty(ACCOUNT.into());
    let mut rows = BTreeMap::new();
    let mut was = kept(&state);
    let mut later = world.records.iter().filter(|record| !record.events.is_empty()).peekable();
    while let Some(record) = later.next() {
        writeln!(told, "{}", short(record.at)).expect("a string grows");
        for event in &record.events {
            seen.insert(variant(event));
            state.apply(event);
            let is = kept(&state);
            writeln!(told, "  {}", variant(event)).expect("a string grows");
            differences("", &was, &is, &mut told);
            was = is;
        }
        // Records of one instant go out in their order; what they say is told with the last.
        if later.peek().is_none_or(|next| next.at != record.at) {
            let gone = world.outgoing.iter().filter(|(at, _)| *at == record.at);
            for (_, out) in gone {
                writeln!(told, "  > {}", going_out::brief(out)).expect("a string grows");
            }
        }
        check_rows(&state, &record.events, &mut rows, title);
        state.end_record();
        let is = kept(&state);
        let mut end = String::new();
        differences("", &was, &is, &mut end);
        if !end.is_empty() {
            write!(told, "  end of record\n{end}").expect("a string grows");
        }
        was = is;
    }
    assert_eq!(state, world.state, "{title}: a replay comes to the same");
    let read: State = serde_json::from_value(serde_json::to_value(&state).expect("JSON"))
        .expect("a snapshot is read");
    assert_eq!(read, state, "{title}: a snapshot comes to the same");
    told
}

#[test]
fn every_event_leaves_the_state_that_it_always_left() {
    let mut seen = BTreeSet::new();
    let told: Vec<String> =
        LIVES.iter().map(|(title, script)| tell(title, script, &mut seen)).collect();
    let told = told.join("\n");
    let elsewhere = ["house.", "campaign.", "series."];
    let missing: Vec<&&str> = VARIANTS
        .iter()
        .filter(|name| !seen.contains(*name))
        .filter(|name| !elsewhere.iter().any(|stream| name.starts_with(stream)))
        .collect();
    assert!(missing.is_empty(), "no life has {missing:?}");
    insta::with_settings!({
        snapshot_path => ".",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        assert_snapshot!("golden_lives", told);
    });
}
