//! Wakes one mutant after the other, and runs the tests that come past it, the quick ones first,
//! until one of them fails.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::plant::Mutant;

/// Cases of each property, where nothing else is asked for.
const CASES: &str = "24";
/// Tests that are run in one process: few while they are quick, so that few are run for nothing.
const CHUNKS: &[usize] = &[6, 40, 10_000];
/// A run that takes so many times as long as it should, and this on top, has no end.
const PATIENCE: u32 = 4;
const PATIENCE_LEAST: Duration = Duration::from_secs(20);

/// A test, how long it takes, and whom it comes past.
struct Test {
    name: String,
    takes: Duration,
    passes: BTreeSet<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Caught,
    Endless,
    Missed,
    Uncovered,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Caught => "caught",
            Self::Endless => "endless",
            Self::Missed => "MISSED",
            Self::Uncovered => "UNCOVERED",
        }
    }
}

/// Tries all of these, and says what became of them, also in `outcomes.tsv` in the copy.
pub fn all(copy: &Path, binary: &Path, mutants: &[Mutant]) {
    let mut tests = trace(copy, binary);
    tests.sort_by_key(|test| test.takes);
    let path = copy.join("outcomes.tsv");
    let mut file = OpenOptions::new().create(true).append(true).open(&path).expect("a file");
    let mut tally: BTreeMap<Outcome, usize> = BTreeMap::new();
    for (count, mutant) in (1..).zip(mutants) {
        let outcome = outcome(binary, copy, mutant, &tests);
        *tally.entry(outcome).or_default() += 1;
        let Mutant { number, file: name, line, change } = mutant;
        let said = outcome.as_str();
        writeln!(file, "{said}\t{number}\t{name}:{line}\t{change}").expect("a line");
        if matches!(outcome, Outcome::Missed | Outcome::Uncovered) {
            println!("{said} {name}:{line} {change}");
        }
        if count % 100 == 0 {
            eprintln!("{count} of {}: {tally:?}", mutants.len());
        }
    }
    println!("{} mutants: {tally:?}; all in {}", mutants.len(), path.display());
}

fn command(binary: &Path, copy: &Path) -> Command {
    let mut command = Command::new(binary);
    command.current_dir(copy);
    if std::env::var_os("PROPTEST_CASES").is_none() {
        command.env("PROPTEST_CASES", CASES);
    }
    // The same lives every time.
    command.env("PROPTEST_RNG_SEED", "1").env("INSTA_UPDATE", "no").env("INSTA_FORCE_PASS", "0");
    command.env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Runs each test by itself, and notes whom it comes past.
fn trace(copy: &Path, binary: &Path) -> Vec<Test> {
    let listed = command(binary, copy)
        .args(["--list", "--format", "terse"])
        .stdout(Stdio::piped())
        .output()
        .expect("the tests");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let names: Vec<&str> = listed.lines().filter_map(|line| line.strip_suffix(": test")).collect();
    eprintln!("{} tests", names.len());
    let path = copy.join("trace");
    names
        .into_iter()
        .filter_map(|name| {
            let _ = fs::remove_file(&path);
            let start = Instant::now();
            let mut command = command(binary, copy);
            command.env("MUTANT", "0").env("MUTANT_TRACE", &path);
            let status = command.args(["--exact", name, "--test-threads", "1"]).status();
            let takes = start.elapsed();
            if !status.expect("a test").success() {
                eprintln!("{name} fails without a mutant: left out");
                return None;
            }
            let passed = fs::read_to_string(&path).unwrap_or_default();
            let passes = passed.lines().filter_map(|line| line.parse().ok()).collect();
            Some(Test { name: name.to_owned(), takes, passes })
        })
        .collect()
}

fn outcome(binary: &Path, copy: &Path, mutant: &Mutant, tests: &[Test]) -> Outcome {
    let mut left: Vec<&Test> =
        tests.iter().filter(|test| test.passes.contains(&mutant.number)).collect();
    if left.is_empty() {
        return Outcome::Uncovered;
    }
    for &size in CHUNKS {
        let rest = left.split_off(left.len().min(size));
        match attempt(binary, copy, mutant.number, &left) {
            Outcome::Missed => {}
            other => return other,
        }
        left = rest;
        if left.is_empty() {
            break;
        }
    }
    Outcome::Missed
}

/// Runs some tests with a mutant awake, until one fails.
fn attempt(binary: &Path, copy: &Path, number: usize, tests: &[&Test]) -> Outcome {
    let mut command = command(binary, copy);
    command.env("MUTANT", number.to_string()).stdout(Stdio::piped());
    command.args(["--exact", "--test-threads", "1"]).args(tests.iter().map(|test| &test.name));
    let mut child = command.spawn().expect("the tests");
    let output = child.stdout.take().expect("their output");
    let (tell, told) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if line.ends_with("FAILED") {
                let _ = tell.send(true);
                return;
            }
        }
        let _ = tell.send(false);
    });
    let expected: Duration = tests.iter().map(|test| test.takes).sum();
    let outcome = match told.recv_timeout(expected * PATIENCE + PATIENCE_LEAST) {
        Ok(true) => Outcome::Caught,
        Ok(false) => {
            let fine = child.wait().is_ok_and(|status| status.success());
            if fine { Outcome::Missed } else { Outcome::Caught }
        }
        Err(_) => Outcome::Endless,
    };
    let _ = child.kill();
    let _ = child.wait();
    let _ = reader.join();
    outcome
}
