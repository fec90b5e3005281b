//! Fuzz targets on a stable compiler: their seeds, what was found before, and thousands of inputs
//! made of these, the same in every run. `scripts/fuzz` runs the same targets under cargo-fuzz.
//!
//! `RENEWD_FUZZ_INPUTS=100000 RENEWD_SEED=7 cargo test --test fuzz` looks further.

#![expect(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

mod mutate;
mod targets;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

use mutate::{Random, mutate};
use targets::{TARGETS, Target};

/// Inputs that are made for each target in a usual run.
const INPUTS: u64 = 1_000;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn target(name: &str) -> &'static Target {
    TARGETS.iter().find(|target| target.name == name).expect("a target")
}

/// What was found before: it stays found.
fn corpus(target: &Target) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target.name);
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).expect("a file")).collect()
}

/// Says which input it was, if it fails.
fn run(target: &Target, input: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (target.run)(input))) {
        let path = std::env::temp_dir().join(format!("renewd-fuzz-{}", target.name));
        let kept = fs::write(&path, input);
        eprintln!("{} fails with {} ({kept:?})", target.name, path.display());
        resume_unwind(panic);
    }
}

fn survives(name: &str) {
    let target = target(name);
    let mut seeds = (target.seeds)();
    seeds.extend(corpus(target));
    for seed in &seeds {
        run(target, seed);
    }
    let mut random = Random::new(setting("RENEWD_SEED").unwrap_or(1));
    for _ in 0..setting("RENEWD_FUZZ_INPUTS").unwrap_or(INPUTS) {
        let seed = &seeds[random.below(seeds.len())];
        run(target, &mutate(seed, &seeds, &mut random));
    }
}

#[test]
fn requests_are_answered_whatever_they_say() {
    survives("requests");
}

#[test]
fn lines_of_a_book_are_answered_whatever_they_say() {
    survives("imports");
}

#[test]
fn what_reads_out_of_the_journal_is_written_as_it_was() {
    survives("journal");
}

#[test]
fn a_configuration_is_read_or_refused() {
    survives("configuration");
}

#[test]
fn texts_are_read_or_refused() {
    survives("texts");
}

#[test]
fn every_request_of_the_description_is_understood() {
    let house = targets::house::House::new();
    let mut taken = 0;
    let seeds = targets::requests::seeds();
    for seed in &seeds {
        let ask = targets::house::Ask::read(seed).expect("a request");
        let answer = house.ask(&ask);
        let malformed = answer.json()["code"] == "MalformedRequest";
        assert!(!malformed, "{}\n{}", String::from_utf8_lossy(seed), answer.json());
        taken += usize::from(answer.status.is_success());
    }
    assert!(taken * 2 > seeds.len(), "{taken} of {} were taken", seeds.len());
}

/// Writes the seeds out for cargo-fuzz.
#[test]
#[ignore = "scripts/fuzz asks for it"]
fn write_seeds() {
    let folder = PathBuf::from(std::env::var_os("RENEWD_FUZZ_SEEDS").expect("a folder"));
    for target in TARGETS {
        let folder = folder.join(target.name);
        fs::create_dir_all(&folder).expect("a folder");
        for (number, seed) in (1..).zip((target.seeds)().into_iter().chain(corpus(target))) {
            fs::write(folder.join(format!("seed-{number:03}")), seed).expect("a file");
        }
    }
}
