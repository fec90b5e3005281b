//! What is stored as JSON: what reads back is written as it was read, byte by byte, so that a
//! record's digest holds for ever.

use std::fmt::Debug;

use renewd::domain::command::{Answer, Command};
use renewd::domain::effects::Effect;
use renewd::domain::event::Event;
use renewd::domain::ids::StreamId;
use renewd::domain::record::Record;
use renewd::domain::stream::State;
use renewd::store::codec::{GENESIS, digest};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::house::House;

const EVENTS: &str = include_str!("../../../src/domain/tests/golden_events.jsonl");

/// Reads it as everything that is stored, and writes what could be read.
pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    comes_back::<Event>(text);
    comes_back::<Record>(text);
    comes_back::<State>(text);
    comes_back::<Command>(text);
    comes_back::<Answer>(text);
    comes_back::<Effect>(text);
}

fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(text: &str) {
    let Ok(read) = serde_json::from_str::<T>(text) else { return };
    let written = serde_json::to_string(&read).expect("what was read can be written");
    let again: T = serde_json::from_str(&written)
        .unwrap_or_else(|error| panic!("{written} does not read back: {error}"));
    assert_eq!(again, read, "{written}");
    let twice = serde_json::to_string(&again).expect("what was read can be written");
    assert_eq!(digest(&GENESIS, &twice), digest(&GENESIS, &written), "{written}");
}

/// The golden lines; the records of a book, its states, and what it has to tell.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<String> = EVENTS.lines().map(ToOwned::to_owned).collect();
    let house = House::new();
    let (admin, names) = (house.admin.clone(), &house.names);
    let ids = names.iter().filter_map(|(_, id)| id.parse::<StreamId>().ok());
    house.block_on(async {
        for id in ids.chain([StreamId::House]) {
            let Ok(view) = admin.accounts.view(id).await else { continue };
            seeds.push(serde_json::to_string(&view.state).expect("a state"));
            let records = admin.store.journal(id, 0, 100).await.expect("a journal");
            seeds.extend(records.into_iter().map(|record| record.body));
        }
    });
    seeds.into_iter().map(String::into_bytes).collect()
}
