//! Wakes one mutant after the other, and runs the tests that come past it, those first who noticed
//! its neighbours, then the quick ones, until one of them fails.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::asked::{self, Test};
use crate::book::{Book, Outcome};
use crate::plant::Mutant;

/// Tests that are run in one process: few while they are likely, so that few are run for nothing.
const CHUNKS: &[usize] = &[4, 12, 60, 10_000];
/// Tests that take more than this part of the time of all are the slowest.
const HEAVY: u32 = 12;
/// A run that takes so many times as long as it should, and this on top, has no end.
const PATIENCE: u32 = 4;
const PATIENCE_LEAST: Duration = Duration::from_secs(3);
/// How often it is said how far it is.
const EVERY: Duration = Duration::from_secs(20);

/// How often a test noticed a mutant of a file.
type Noticed = BTreeMap<(String, String), u32>;

/// Tries all of these, and notes what became of them.
pub fn all(copy: &Path, binary: &Path, mutants: &[&Mutant], slow: bool, book: &mut Book) {
    if mutants.is_empty() {
        return;
    }
    let mut tests = asked::tests(copy, binary);
    let sum: Duration = tests.iter().map(|test| test.takes).sum();
    eprintln!("{} tests take {} s", tests.len(), sum.as_secs());
    if !slow {
        tests.retain(|test| test.takes <= sum / HEAVY);
    }
    let mut noticed = Noticed::new();
    let mut tally: BTreeMap<Outcome, usize> = BTreeMap::new();
    let (start, mut said) = (Instant::now(), Instant::now());
    for (count, mutant) in (1_u32..).zip(mutants) {
        let (outcome, by) = outcome(binary, copy, mutant, &tests, &noticed);
        if !by.is_empty() {
            *noticed.entry((mutant.file.clone(), by.clone())).or_default() += 1;
        }
        *tally.entry(outcome).or_default() += 1;
        book.note(mutant, outcome, &by);
        if said.elapsed() > EVERY {
            said = Instant::now();
            let each = start.elapsed() / count;
            let Mutant { file, line, .. } = mutant;
            eprintln!("{count} of {}, {each:.1?} each: {tally:?}, {file}:{line}", mutants.len());
        }
    }
}

fn outcome(
    binary: &Path,
    copy: &Path,
    mutant: &Mutant,
    tests: &[Test],
    noticed: &Noticed,
) -> (Outcome, String) {
    let mut left: Vec<&Test> =
        tests.iter().filter(|test| test.passes.contains(&mutant.number)).collect();
    if left.is_empty() {
        return (Outcome::Uncovered, String::new());
    }
    // The order by time stays where nobody noticed anything.
    left.sort_by_key(|test| {
        let times = noticed.get(&(mutant.file.clone(), test.name.clone())).copied();
        u32::MAX - times.unwrap_or_default()
    });
    for &size in CHUNKS {
        let rest = left.split_off(left.len().min(size));
        match attempt(binary, copy, mutant.number, &left) {
            (Outcome::Missed, _) => {}
            other => return other,
        }
        left = rest;
        if left.is_empty() {
            break;
        }
    }
    (Outcome::Missed, String::new())
}

/// Runs some tests with a mutant awake, until one fails: who it was, if it is known.
fn attempt(binary: &Path, copy: &Path, number: usize, tests: &[&Test]) -> (Outcome, String) {
    let expected: Duration = tests.iter().map(|test| test.takes).sum();
    let limit = expected * PATIENCE + PATIENCE_LEAST;
    let mut command = asked::command(binary, copy);
    command.env("MUTANT", number.to_string()).stdout(Stdio::piped());
    command.env("SECONDS_MAX", limit.as_secs().to_string());
    command.args(["--exact", "--test-threads", "1"]).args(tests.iter().map(|test| &test.name));
    let mut child = command.spawn().expect("the tests");
    let output = BufReader::new(child.stdout.take().expect("their output"));
    let failed = output.lines().map_while(Result::ok).find_map(|line| {
        let name = line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?;
        Some(name.trim_end_matches(" - should panic").to_owned())
    });
    if let Some(name) = failed {
        let _ = child.kill();
        let _ = child.wait();
        return (Outcome::Caught, name);
    }
    let status = child.wait().expect("its end");
    let outcome = match std::os::unix::process::ExitStatusExt::signal(&status) {
        // SIGXCPU, or SIGKILL where the first was not enough.
        Some(24 | 9) => Outcome::Endless,
        _ if status.success() => Outcome::Missed,
        _ => Outcome::Caught,
    };
    (outcome, String::new())
}
