//! The tests that are asked: how long each takes, and whom it comes past.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Cases of each property, where nothing else is asked for.
const CASES: &str = "24";

/// A test.
pub struct Test {
    pub name: String,
    /// Time of a processor.
    pub takes: Duration,
    /// Numbers of mutants.
    pub passes: BTreeSet<usize>,
}

/// The tests that succeed without a mutant, the quick ones first: as they are noted in the copy, if
/// the tests are still the same, else run one by one.
pub fn tests(copy: &Path, binary: &Path) -> Vec<Test> {
    let path = copy.join("tests.tsv");
    let stamp = stamp(binary);
    let noted = fs::read_to_string(&path).unwrap_or_default();
    let mut tests = match noted.split_once('\n') {
        Some((first, rest)) if first == stamp => rest.lines().filter_map(read).collect(),
        _ => {
            let tests = trace(copy, binary);
            let lines: String = tests.iter().map(line).collect();
            fs::write(&path, format!("{stamp}\n{lines}")).expect("a file");
            tests
        }
    };
    tests.sort_by_key(|test| test.takes);
    tests
}

/// Tests of the copy, to be run from `arguments` on.
pub fn command(binary: &Path, copy: &Path) -> Command {
    let mut command = Command::new("sh");
    // An endless one is ended by its processor's time: on a busy machine a clock tells nothing. And
    // an endless one may be an endless list.
    command.args(["-c", r#"ulimit -v 4000000; ulimit -t "$SECONDS_MAX"; exec "$0" "$@""#]);
    command.arg(binary).current_dir(copy).env("SECONDS_MAX", "600");
    if std::env::var_os("PROPTEST_CASES").is_none() {
        command.env("PROPTEST_CASES", CASES);
    }
    // The same lives every time, and the first that fails is enough.
    command.env("PROPTEST_RNG_SEED", "1").env("PROPTEST_MAX_SHRINK_ITERS", "0");
    command.env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1");
    command.env("INSTA_UPDATE", "no").env("INSTA_FORCE_PASS", "0");
    command.env("INSTA_WORKSPACE_ROOT", copy).env("RUST_BACKTRACE", "0");
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
    let path = copy.join("trace");
    let mut tests = Vec::new();
    for (count, name) in names.iter().enumerate() {
        if count % 50 == 0 {
            eprintln!("looks whom the tests come past: {count} of {}", names.len());
        }
        let _ = fs::remove_file(&path);
        let before = time_of_children();
        let mut command = command(binary, copy);
        command.env("MUTANT", "0").env("MUTANT_TRACE", &path);
        let status = command.args(["--exact", name, "--test-threads", "1"]).status();
        let takes = time_of_children().saturating_sub(before);
        if !status.expect("a test").success() {
            eprintln!("{name} fails without a mutant: left out");
            continue;
        }
        let passed = fs::read_to_string(&path).unwrap_or_default();
        let passes = passed.lines().filter_map(|line| line.parse().ok()).collect();
        tests.push(Test { name: (*name).to_owned(), takes, passes });
    }
    tests
}

/// Time of the processors that ended children took, in hundredths of a second.
fn time_of_children() -> Duration {
    let text = fs::read_to_string("/proc/self/stat").expect("Linux");
    let (_, fields) = text.rsplit_once(')').expect("a name in brackets");
    // `cutime` and `cstime` are the 16th and the 17th field of proc_pid_stat(5).
    let ticks = fields.split_whitespace().skip(13).take(2).map(|field| {
        let ticks: u64 = field.parse().expect("ticks");
        ticks
    });
    Duration::from_millis(10 * ticks.sum::<u64>())
}

fn stamp(binary: &Path) -> String {
    let about = fs::metadata(binary).expect("the tests");
    let cases = std::env::var("PROPTEST_CASES").unwrap_or_else(|_| CASES.to_owned());
    format!("{} {:?} {cases}", about.len(), about.modified().expect("a time"))
}

fn line(test: &Test) -> String {
    let passes: Vec<String> = test.passes.iter().map(ToString::to_string).collect();
    format!("{}\t{}\t{}\n", test.name, test.takes.as_millis(), passes.join(" "))
}

fn read(line: &str) -> Option<Test> {
    let mut parts = line.split('\t');
    let name = parts.next()?.to_owned();
    let takes = Duration::from_millis(parts.next()?.parse().ok()?);
    let passes = parts.next()?.split(' ').filter_map(|number| number.parse().ok()).collect();
    Some(Test { name, takes, passes })
}
