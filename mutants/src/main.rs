//! Mutation of the core, all mutants in one build: a copy of `src/domain` is made in which each
//! mutant sleeps behind its number, and is woken by a variable of the environment. So a mutant
//! costs a run of the few tests that come past it, not a build.
//!
//! `mutants COPY [FILE…]`, called in the repository, works in the folder COPY, which is kept for the
//! next time; it looks at all of the core, or at those of its files whose path has one of the given
//! texts in it.

mod copy;
mod plant;
mod run;

use std::path::{Path, PathBuf};

use plant::Mutant;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let copy = PathBuf::from(arguments.next().expect("the folder of the copy"));
    std::fs::create_dir_all(&copy).expect("a folder");
    // The tests run there, so its name must not depend on where one stands.
    let copy = copy.canonicalize().expect("the folder of the copy");
    let files: Vec<String> = arguments.collect();
    let (tests, mutants) = copy::make(Path::new("."), &copy);
    run::all(&copy, &tests, &chosen(mutants, &files));
}

/// Those in files that were asked for.
fn chosen(mutants: Vec<Mutant>, files: &[String]) -> Vec<Mutant> {
    let asked =
        |mutant: &Mutant| files.is_empty() || files.iter().any(|file| mutant.file.contains(file));
    mutants.into_iter().filter(asked).collect()
}
