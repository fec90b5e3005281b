//! What a life leaves behind, kept so that others begin with it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::Home;
use crate::harness::server::Database;

/// The files of a life that is over, and its database if the book is in none of them.
#[derive(Debug)]
pub(super) struct Kept {
    directory: PathBuf,
    database: Option<Database<'static>>,
}

impl Kept {
    /// Keeps what is there, in a directory that is made.
    pub(super) fn of(home: &Home, directory: PathBuf) -> Self {
        copy(&home.data(), &directory);
        Self { directory, database: home.database().map(Database::copy) }
    }

    /// A home with all of it.
    pub(super) fn home(&self) -> Home {
        let home = self.database.as_ref().map_or_else(Home::in_file, |kept| Home::on(kept.copy()));
        copy(&self.directory, &home.data());
        home
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("a file");
        let (name, target) = (entry.file_name(), to.join(entry.file_name()));
        let name = name.to_string_lossy();
        // What only a process has that runs.
        if [".sock", ".lock", "-shm"].iter().any(|end| name.ends_with(end)) {
            continue;
        }
        if entry.file_type().expect("a file").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
