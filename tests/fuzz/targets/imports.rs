//! Lines of a book that is brought along: a bad one is answered with its reason, a good one is
//! brought along once.

use std::cell::RefCell;
use std::mem::ManuallyDrop;

use renewd::admin::wire::ImportOutcome;

use super::house::House;

const SAMPLE_BOOK: &str = include_str!("../../../config/sample-book.jsonl");
/// Lines of one life of the house.
const LIFE: usize = 2_000;

thread_local! {
    // Not dropped with the thread: its actors would look for what went before them.
    static HOUSE: RefCell<Option<(ManuallyDrop<House>, usize)>> = const { RefCell::new(None) };
}

/// Brings one line along, twice.
pub(crate) fn run(input: &[u8]) {
    let Ok(line) = std::str::from_utf8(input) else { return };
    HOUSE.with_borrow_mut(|now| {
        let new = || (ManuallyDrop::new(House::new()), 0);
        let (house, count) = now.take().unwrap_or_else(new);
        let (first, again) = (house.import(line), house.import(line));
        for answer in [&first, &again] {
            let fine = match (&answer.problem, answer.outcome) {
                (Some(problem), ImportOutcome::Rejected) => problem.status < 500,
                (None, ImportOutcome::Imported | ImportOutcome::AlreadyImported) => {
                    answer.account.is_some() && answer.external_id.is_some()
                }
                (Some(_) | None, _) => false,
            };
            assert!(fine, "{line:?} is answered with {answer:?}");
        }
        if first.outcome == ImportOutcome::Rejected {
            assert_eq!(again, first, "{line:?}");
        } else {
            assert_eq!(again.outcome, ImportOutcome::AlreadyImported, "{line:?}");
            assert_eq!(again.account, first.account, "{line:?}");
        }
        if count < LIFE {
            *now = Some((house, count + 1));
        } else {
            drop(ManuallyDrop::into_inner(house));
        }
    });
}

/// The lines of the book that is shipped.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> =
        SAMPLE_BOOK.lines().map(|line| line.as_bytes().to_vec()).collect();
    seeds.push(
        br#"{"external_id":"7","account":{"name":"Ada","email":"7@ada.example","kind":"personal","country":"DE","currency":"USD","time_zone":"UTC","language":"en"}}"#
            .to_vec(),
    );
    seeds
}
