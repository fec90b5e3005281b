//! The copy of the core with its mutants. Those that do not compile are left out, round by round.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::plant::{self, Mutant};

/// Rounds after which the compiler must be content.
const ROUNDS_MAX: usize = 40;

const MANIFEST: &str = r#"[package]
name = "mutated"
version = "0.0.0"
edition = "2024"

[workspace]

[lib]
doctest = false

[profile.dev]
debug = false

[profile.dev.package."*"]
opt-level = 2

"#;

/// Wakes the mutant that `MUTANT` names; with `MUTANT=0` and a file in `MUTANT_TRACE`, notes there
/// whom the run came past.
const WAKER: &str = r#"#![allow(warnings, clippy::all)]
pub mod domain;

pub mod mutant {
    use std::io::Write as _;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicBool, Ordering};

    static AWAKE: LazyLock<usize> = LazyLock::new(|| {
        std::env::var("MUTANT").ok().and_then(|text| text.parse().ok()).unwrap_or(0)
    });
    static TRACE: LazyLock<Option<std::fs::File>> = LazyLock::new(|| {
        let path = std::env::var_os("MUTANT_TRACE")?;
        std::fs::OpenOptions::new().create(true).append(true).open(path).ok()
    });
    static PASSED: [AtomicBool; 20_000] = [const { AtomicBool::new(false) }; 20_000];

    pub fn is(number: usize) -> bool {
        if *AWAKE == 0 && !PASSED[number].swap(true, Ordering::Relaxed)
            && let Some(mut file) = TRACE.as_ref()
        {
            let _ = file.write_all(format!("{number}\n").as_bytes());
        }
        *AWAKE == number
    }

    pub fn eq<A: PartialEq<B> + ?Sized, B: ?Sized>(number: usize, a: &A, b: &B) -> bool {
        is(number) ^ (a == b)
    }
    pub fn ne<A: PartialEq<B> + ?Sized, B: ?Sized>(number: usize, a: &A, b: &B) -> bool {
        is(number) ^ (a != b)
    }
    pub fn lt<A: PartialOrd<B> + ?Sized, B: ?Sized>(number: usize, a: &A, b: &B) -> bool {
        if is(number) { a <= b } else { a < b }
    }
    pub fn le<A: PartialOrd<B> + ?Sized, B: ?Sized>(number: usize, a: &A, b: &B) -> bool {
        if is(number) { a < b } else { a <= b }
    }
    pub fn gt<A: PartialOrd<B> + ?Sized, B: ?Sized>(number: usize, a: &A, b: &B) -> bool {
        if is(number) { a >= b } else { a > b }
    }
    pub fn ge<A: PartialOrd<B> + ?Sized, B: ?Sized>(number: usize, a: &A, b: &B) -> bool {
        if is(number) { a > b } else { a >= b }
    }
}
"#;

/// Makes it, and builds its tests: where they are, and the mutants in them.
pub fn make(root: &Path, copy: &Path) -> (PathBuf, Vec<Mutant>) {
    let from = root.join("src/domain");
    let mut files = Vec::new();
    walk(&from, &mut files);
    files.sort();
    fs::create_dir_all(copy.join("src")).expect("a folder");
    write(&copy.join("Cargo.toml"), &manifest(root));
    write(&copy.join("src/lib.rs"), WAKER);
    let lock = fs::read_to_string(root.join("Cargo.lock")).expect("the versions");
    if !copy.join("Cargo.lock").exists() {
        write(&copy.join("Cargo.lock"), &lock);
    }
    // Read once: who works on the core meanwhile changes nothing here.
    let read = |file: &PathBuf| (file.clone(), fs::read_to_string(file).expect("a text"));
    let files: Vec<(PathBuf, String)> = files.iter().map(read).collect();
    let kept = copy.join("skipped");
    let mut skipped: BTreeSet<String> =
        fs::read_to_string(&kept).unwrap_or_default().lines().map(str::to_owned).collect();
    for round in 1..=ROUNDS_MAX {
        let mut mutants = Vec::new();
        for (file, text) in &files {
            let name = file.strip_prefix(&from).expect("inside").to_string_lossy().into_owned();
            let place = copy.join("src/domain").join(&name);
            let is_code = file.extension().is_some_and(|ending| ending == "rs");
            let is_test = name.starts_with("tests/") || name.ends_with("tests.rs");
            let text = if is_code && !is_test {
                plant::plant(&name, text, &mut mutants, &|mutant| skipped.contains(&mutant.name()))
            } else {
                text.clone()
            };
            write(&place, &text);
        }
        let planted = mutants.iter().filter(|mutant| !skipped.contains(&mutant.name())).count();
        eprintln!("round {round}: builds the copy with {planted} mutants");
        let (tests, bad) = build(copy);
        eprintln!("round {round}: {} of them do not compile", bad.len());
        if let Some(tests) = tests {
            // What did not compile is known the next time.
            let names: Vec<&str> = skipped.iter().map(String::as_str).collect();
            fs::write(&kept, names.join("\n")).expect("a file");
            mutants.retain(|mutant| !skipped.contains(&mutant.name()));
            return (tests, mutants);
        }
        assert!(!bad.is_empty(), "the copy does not compile, and not for its mutants");
        let is_bad = |mutant: &&Mutant| bad.contains(&mutant.number);
        skipped.extend(mutants.iter().filter(is_bad).map(Mutant::name));
    }
    panic!("after {ROUNDS_MAX} rounds the copy does not compile");
}

/// The dependencies are those of the house.
fn manifest(root: &Path) -> String {
    let house = fs::read_to_string(root.join("Cargo.toml")).expect("the manifest");
    let start = house.find("[dependencies]").expect("dependencies");
    let names = [
        "chrono",
        "chrono-tz",
        "iso_currency",
        "rust_decimal",
        "serde",
        "serde_json",
        "thiserror",
        "insta",
        "proptest",
    ];
    let lines = house[start..].lines().filter(|line| {
        line.starts_with("[dependencies]")
            || line.starts_with("[dev-dependencies]")
            || line.split_once(" = ").is_some_and(|(name, _)| names.contains(&name))
    });
    let lines: Vec<&str> = lines.collect();
    format!("{MANIFEST}{}\n", lines.join("\n"))
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}

/// Writes it where it is not there already: what is the same is not compiled again.
fn write(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|there| there == text) {
        return;
    }
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
}

/// Builds the tests: where they are, or which mutants do not compile.
fn build(copy: &Path) -> (Option<PathBuf>, BTreeSet<usize>) {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["test", "--lib", "--no-run", "--message-format", "json"]).current_dir(copy);
    command.env("CARGO_TARGET_DIR", copy.join("target")).env("CARGO_INCREMENTAL", "1");
    let output = command.output().expect("cargo");
    let (mut tests, mut bad) = (None, BTreeSet::new());
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else { continue };
        if let Some(path) = message["executable"].as_str() {
            tests = Some(PathBuf::from(path));
        }
        if message["message"]["level"] == "error" {
            let found = numbers(&message["message"], copy);
            if found.is_empty() {
                eprintln!("{}", message["message"]["rendered"].as_str().unwrap_or_default());
            }
            bad.extend(found);
        }
    }
    if output.status.success() {
        (tests, BTreeSet::new())
    } else {
        if bad.is_empty() {
            eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        }
        (None, bad)
    }
}

/// The mutants that an error is about: those in what it points at, or in its lines, or the last
/// one before.
fn numbers(error: &Value, copy: &Path) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    for span in error["spans"].as_array().into_iter().flatten() {
        if span["is_primary"] != true {
            continue;
        }
        let place = |name: &str| {
            usize::try_from(span[name].as_u64().unwrap_or_default()).unwrap_or_default()
        };
        let file = copy.join(span["file_name"].as_str().unwrap_or_default());
        let text = fs::read_to_string(file).unwrap_or_default();
        let (start, end) = (place("byte_start"), place("byte_end"));
        let mut here = planted(text.get(start..end).unwrap_or_default());
        if here.is_empty() {
            let from = text[..start].rfind('\n').map_or(0, |at| at + 1);
            let to = text[end..].find('\n').map_or(text.len(), |at| end + at);
            here = planted(&text[from..to]);
        }
        if here.is_empty() {
            here = planted(&text[..start]).into_iter().next_back().into_iter().collect();
        }
        found.extend(here);
    }
    found
}

fn planted(text: &str) -> Vec<usize> {
    text.split("crate::mutant::")
        .skip(1)
        .filter_map(|rest| {
            let digits = rest.split_once('(')?.1;
            let end = digits.find(|c: char| !c.is_ascii_digit())?;
            digits[..end].parse().ok()
        })
        .collect()
}
