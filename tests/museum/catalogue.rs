//! The catalogue of the museum names what it shows, and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The tests of a room, as its source has them.
fn shown_in(room: &Path) -> Vec<String> {
    let source = fs::read_to_string(room).expect("a room");
    let lines: Vec<&str> = source.lines().collect();
    let name = |line: &str| {
        let (_, name) = line.split_once("fn ")?;
        name.split_once('(').map(|(name, _)| name.to_owned())
    };
    let tests = lines.windows(2).filter(|pair| pair[0].ends_with("test]"));
    tests.map(|pair| name(pair[1]).unwrap_or_else(|| panic!("a test in {}", pair[1]))).collect()
}

/// The cells of the tables that have four of them.
fn rows(catalogue: &str) -> Vec<Vec<&str>> {
    let lines = catalogue.lines().filter(|line| line.starts_with("| "));
    let rows =
        lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    rows.filter(|cells| cells.len() == 4 && cells[3] != "Test").collect()
}

#[test]
fn every_case_has_its_test_and_every_test_its_case() {
    let rooms = fs::read_dir(root().join("tests/museum")).expect("a folder");
    let rooms = rooms.map(|room| room.expect("a file").path());
    let is_room =
        |path: &PathBuf| !["catalogue.rs", "main.rs"].iter().any(|name| path.ends_with(name));
    let shown: BTreeSet<String> = rooms.filter(is_room).flat_map(|room| shown_in(&room)).collect();
    let catalogue = fs::read_to_string(root().join("docs/museum.md")).expect("the catalogue");
    let rows = rows(&catalogue);
    let mut named = BTreeSet::new();
    for cells in &rows {
        assert!(cells.iter().all(|cell| !cell.is_empty()), "{cells:?}");
        for name in cells[3].split(", ") {
            let name = name.trim_matches('`').to_owned();
            // A test is named after its source: by numbers, or at least a word.
            let source = cells[0].to_lowercase();
            let is_number =
                |word: &&str| word.len() > 1 && word.bytes().all(|c| c.is_ascii_digit());
            let strange = name.split('_').filter(is_number).find(|word| !source.contains(word));
            assert_eq!(strange, None, "{name} has a number that is not of {source}");
            let known = name.split('_').any(|word| word.len() > 3 && source.contains(word));
            assert!(known, "{name} says nothing of {source}");
            assert!(named.insert(name), "{cells:?} names a test that another row names");
        }
    }
    let missing: Vec<_> = named.difference(&shown).collect();
    assert!(missing.is_empty(), "in the catalogue, and not shown: {missing:?}");
    let unnamed: Vec<_> = shown.difference(&named).collect();
    assert!(unnamed.is_empty(), "shown, and not in the catalogue: {unnamed:?}");
    assert!(rows.len() >= 50, "{} cases", rows.len());
}
