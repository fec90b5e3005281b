//! Mutation of the core, all mutants in one build: a copy of `src/domain` is made in which each
//! mutant sleeps behind its number, and is woken by a variable of the environment. So a mutant
//! costs a run of the few tests that come past it, not a build.
//!
//! `mutants COPY [--again] [--slow] [--afresh] [FILE…]`, called in the repository, works in the folder COPY,
//! which is kept for the next time; it looks at all of the core, or at those of its files whose path
//! has one of the given texts in it, in the order of the texts. What was tried is not tried again:
//! `--again` does so with those that nobody noticed, `--slow` asks the slowest tests too, and
//! `--afresh` forgets everything.

mod asked;
mod book;
mod copy;
mod plant;
mod run;

use std::path::{Path, PathBuf};

use book::{Book, Outcome};
use plant::Mutant;

const OPTIONS: &[&str] = &["--again", "--slow", "--afresh"];

fn main() {
    let mut arguments = std::env::args().skip(1);
    let copy = PathBuf::from(arguments.next().expect("the folder of the copy"));
    std::fs::create_dir_all(&copy).expect("a folder");
    // The tests run there, so its name must not depend on where one stands.
    let copy = copy.canonicalize().expect("the folder of the copy");
    let (options, files): (Vec<String>, Vec<String>) =
        arguments.partition(|argument| argument.starts_with('-'));
    let is_wanted = |option: &str| options.iter().any(|wanted| wanted == option);
    if let Some(unknown) = options.iter().find(|option| !OPTIONS.contains(&option.as_str())) {
        eprintln!("{unknown} is unknown: there are {}", OPTIONS.join(", "));
        std::process::exit(2);
    }
    let (binary, mutants) = copy::make(Path::new("."), &copy);
    let mut book = Book::open(&copy.join("outcomes.tsv"), is_wanted("--afresh"));
    let (asked, again) = (chosen(mutants, &files), is_wanted("--again"));
    let is_open = |mutant: &&Mutant| match book.outcome(mutant) {
        None => true,
        Some(Outcome::Missed | Outcome::Uncovered) => again,
        Some(Outcome::Caught | Outcome::Endless) => false,
    };
    let left: Vec<&Mutant> = asked.iter().filter(is_open).collect();
    eprintln!("{} mutants, {} to try", asked.len(), left.len());
    run::all(&copy, &binary, &left, is_wanted("--slow"), &mut book);
    book.print(&asked);
}

/// Those in files that were asked for, in the order in which they were asked for.
fn chosen(mutants: Vec<Mutant>, files: &[String]) -> Vec<Mutant> {
    if files.is_empty() {
        return mutants;
    }
    let place = |mutant: &Mutant| files.iter().position(|file| mutant.file.contains(file));
    let mut chosen: Vec<Mutant> =
        mutants.into_iter().filter(|mutant| place(mutant).is_some()).collect();
    chosen.sort_by_key(|mutant| place(mutant));
    chosen
}

#[cfg(test)]
mod tests;
