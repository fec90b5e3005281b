//! A core of two functions, from its mutants to the book.

use std::fs;

use crate::book::{Book, Outcome};
use crate::plant::Mutant;
use crate::{chosen, copy, run};

const CORE: &str = "
pub mod small;
pub mod large;
";
const SMALL: &str = "
pub fn is_small(number: u32) -> bool {
    number < 3
}
#[cfg(test)]
#[test]
fn two_is_small_and_four_is_not() {
    assert!(is_small(2) && !is_small(4));
}
";
const LARGE: &str = "
pub fn steps(to: u32) -> u32 {
    let (mut at, mut steps) = (0, 0);
    while at < to {
        at += 5;
        steps += 1;
    }
    steps
}
pub fn unasked(text: &str) -> bool {
    text.is_empty() || text == LARGE
}
const LARGE: &str = \"large\";
#[cfg(test)]
#[test]
fn eleven_are_three_steps() {
    assert_eq!(steps(11), 3);
}
";

#[test]
fn what_a_test_notices_is_told_from_what_it_does_not() {
    let root = std::env::temp_dir().join(format!("renewd-mutants-{}", std::process::id()));
    let folder = root.join("src/domain");
    fs::create_dir_all(&folder).unwrap();
    fs::write(root.join("Cargo.toml"), "[dependencies]\n").unwrap();
    fs::write(root.join("Cargo.lock"), "version = 4\n").unwrap();
    fs::write(folder.join("mod.rs"), CORE).unwrap();
    fs::write(folder.join("small.rs"), SMALL).unwrap();
    fs::write(folder.join("large.rs"), LARGE).unwrap();
    let copy = root.join("copy");
    let (binary, mutants) = copy::make(&root, &copy);
    let path = copy.join("outcomes.tsv");
    let mut book = Book::open(&path, true);
    let all: Vec<&Mutant> = mutants.iter().collect();
    run::all(&copy, &binary, &all, true, &mut book);
    // Said anew, from the file.
    let book = Book::open(&path, false);
    let outcome = |change: &str| {
        let mut found = mutants.iter().filter(|mutant| mutant.change.starts_with(change));
        let mutant = found.next().unwrap_or_else(|| panic!("no mutant {change}"));
        book.outcome(mutant)
    };
    assert_eq!(outcome("`number < 3` with <="), Some(Outcome::Missed));
    assert_eq!(outcome("the whole function answers true in is_small"), Some(Outcome::Caught));
    assert_eq!(outcome("the whole function answers false in is_small"), Some(Outcome::Caught));
    assert_eq!(outcome("`at < to` with <="), Some(Outcome::Missed));
    assert_eq!(outcome("`steps += 1` with -="), Some(Outcome::Caught));
    assert_eq!(outcome("`text.is_empty() || text == LARGE` with &&"), Some(Outcome::Uncovered));
    let names: Vec<String> = chosen(mutants, &["small".into(), "large".into()])
        .into_iter()
        .map(|mutant| mutant.file)
        .collect();
    assert!(names.is_sorted_by_key(|name| name == "large.rs") && names[0] == "small.rs");
    fs::remove_dir_all(&root).unwrap();
}
