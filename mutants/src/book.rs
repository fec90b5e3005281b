//! What became of each mutant, kept in a file: a run goes on where the last one stopped.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use crate::plant::Mutant;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// A test fails.
    Caught,
    /// The tests have no end any more.
    Endless,
    /// Tests come past it, and none fails.
    Missed,
    /// No test comes past it.
    Uncovered,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Caught, Self::Endless, Self::Missed, Self::Uncovered];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Caught => "caught",
            Self::Endless => "endless",
            Self::Missed => "MISSED",
            Self::Uncovered => "UNCOVERED",
        }
    }
}

pub struct Book {
    file: File,
    known: BTreeMap<String, Outcome>,
}

impl Book {
    /// The book in this file, or an empty one.
    pub fn open(path: &Path, afresh: bool) -> Self {
        if afresh {
            let _ = fs::remove_file(path);
        }
        let text = fs::read_to_string(path).unwrap_or_default();
        let file = OpenOptions::new().create(true).append(true).open(path).expect("a file");
        // What was written later counts.
        Self { file, known: text.lines().filter_map(read).collect() }
    }

    pub fn outcome(&self, mutant: &Mutant) -> Option<Outcome> {
        self.known.get(&mutant.name()).copied()
    }

    /// Notes an outcome, and who noticed.
    pub fn note(&mut self, mutant: &Mutant, outcome: Outcome, by: &str) {
        let name = mutant.name();
        writeln!(self.file, "{}\t{name}\t{by}", outcome.as_str()).expect("a line");
        self.known.insert(name, outcome);
    }

    /// Says who was not noticed, and how many of each file were.
    pub fn print(&self, mutants: &[Mutant]) {
        let mut files: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
        for mutant in mutants {
            let Some(outcome) = self.outcome(mutant) else { continue };
            files.entry(&mutant.file).or_default()[outcome as usize] += 1;
            if matches!(outcome, Outcome::Missed | Outcome::Uncovered) {
                println!("{} {}:{} {}", outcome.as_str(), mutant.file, mutant.line, mutant.change);
            }
        }
        let mut all = [0; 4];
        for (file, counts) in files {
            println!("| `{file}` | {} | {} | {} |", counts[0] + counts[1], counts[2], counts[3]);
            all.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
        println!("| all | {} | {} | {} |", all[0] + all[1], all[2], all[3]);
    }
}

fn read(line: &str) -> Option<(String, Outcome)> {
    let (outcome, rest) = line.split_once('\t')?;
    let (name, _) = rest.rsplit_once('\t')?;
    let outcome = Outcome::ALL.into_iter().find(|known| known.as_str() == outcome)?;
    Some((name.to_owned(), outcome))
}
