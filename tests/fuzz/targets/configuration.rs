//! What people write for the daemon: its configuration, and the price list.

use std::path::PathBuf;

use renewd::catalogue::difference;
use renewd::config::{Config, parse_rules};
use renewd::domain::agenda::Job;
use renewd::scheduler::cron::CronLine;

const CONFIG: &str = include_str!("../../../config/renewd.toml");
const CATALOGUE: &str = include_str!("../../../config/catalogue.toml");

/// A file that goes with its thread.
struct File(PathBuf);

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

thread_local! {
    static FILE: File = {
        let thread = std::thread::current().id();
        let name = format!("renewd-fuzz-{}-{thread:?}.toml", std::process::id());
        File(std::env::temp_dir().join(name))
    };
}

/// Reads it as either.
pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    FILE.with(|File(path)| {
        std::fs::write(path, text).expect("a file");
        if let Ok(config) = Config::load(Some(path), |_| {}) {
            for job in Job::ALL {
                let _ = CronLine::for_job(job, config.schedulers.cron(job));
            }
        }
    });
    rules(text);
}

fn rules(text: &str) {
    let Ok(rules) = parse_rules(text) else { return };
    let faults = rules.faults();
    assert_eq!(difference(Some(&rules), &rules), [], "nothing differs from itself");
    // A version is kept as JSON, in an event.
    let written = serde_json::to_string(&rules).expect("rules");
    let again = parse_rules(&written).unwrap_or_else(|error| panic!("{written}: {error}"));
    assert_eq!(again, rules);
    assert_eq!(again.faults(), faults);
}

/// What is shipped: as a whole, and each of its sections.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![CONFIG.to_owned(), CATALOGUE.to_owned()];
    for text in [CONFIG, CATALOGUE] {
        seeds.extend(text.split_inclusive("\n\n").map(ToOwned::to_owned));
    }
    let rules = parse_rules(CATALOGUE).expect("a catalogue");
    seeds.push(serde_json::to_string(&rules).expect("rules"));
    seeds.into_iter().map(String::into_bytes).collect()
}
