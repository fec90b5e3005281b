//! Mails that were written into a directory: what a file is called, and how those of an account are
//! found again.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use crate::domain::effects::Template;
use crate::domain::ids::StreamId;
use crate::failpoint::{self, Point};
use crate::store::Delivery;

/// What follows the name of a mail that is not written to its end.
const PART: &str = ".part";

/// Sorts by time, and says what it is and whose.
pub(super) fn file_name(delivery: &Delivery, template: Template) -> String {
    let row = &delivery.row;
    let at = row.at.to_string().replace(':', "");
    format!("{at}_{}_{}_{}-{}.eml", delivery.stream, template.as_str(), row.seq, row.n)
}

/// What a mail is called until it is written to its end.
pub(super) fn part_name(name: &str) -> String {
    format!(".{name}{PART}")
}

/// Whose mail it is, by the name of its file; none if it is no mail.
fn owner(name: &str) -> Option<StreamId> {
    let name = name.strip_prefix('.').and_then(|name| name.strip_suffix(PART)).unwrap_or(name);
    let (_, behind) = name.strip_suffix(".eml")?.split_once('_')?;
    // Ids are a word and, but for the house, a text behind it: `acc_938nkrkayd`.
    let ends = behind.match_indices('_').map(|(place, _)| place).take(2);
    ends.filter_map(|end| behind[..end].parse().ok()).last()
}

/// The mail files of these streams. A directory that does not exist has none.
fn mails_of(
    directory: &Path,
    streams: &BTreeSet<StreamId>,
) -> io::Result<Vec<(StreamId, PathBuf)>> {
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut mails = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let owner = name.to_str().and_then(owner).filter(|owner| streams.contains(owner));
        mails.extend(owner.map(|owner| (owner, entry.path())));
    }
    Ok(mails)
}

/// How many mails of each of these streams there are.
pub(super) fn count(
    directory: &Path,
    streams: &BTreeSet<StreamId>,
) -> io::Result<BTreeMap<StreamId, u64>> {
    let mut counts: BTreeMap<StreamId, u64> = BTreeMap::new();
    for (owner, _) in mails_of(directory, streams)? {
        *counts.entry(owner).or_default() += 1;
    }
    Ok(counts)
}

/// Deletes the mails of these streams.
pub(super) fn delete(directory: &Path, streams: &BTreeSet<StreamId>) -> io::Result<()> {
    for (_, mail) in mails_of(directory, streams)? {
        std::fs::remove_file(mail)?;
        failpoint::pass(Point::EraserMailDeleted);
    }
    // Also where an earlier run died behind the last of them.
    match std::fs::File::open(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        directory => directory?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::{account, mail};
    use super::*;
    use crate::domain::ids::AccountId;

    #[test]
    fn a_mail_says_whose_it_is() {
        let name = file_name(&mail(12, 1), Template::Renewed);
        assert_eq!(owner(&name), Some(account().into()));
        assert_eq!(owner(&part_name(&name)), Some(account().into()));
        let mut of_house = mail(3, 0);
        of_house.stream = StreamId::House;
        assert_eq!(owner(&file_name(&of_house, Template::Renewed)), Some(StreamId::House));
        for other in ["notes.txt", "acc_938nkrkayd.eml", "x_acc_938nkrkayd", "_.eml", ".part"] {
            assert_eq!(owner(other), None, "{other}");
        }
    }

    #[test]
    fn the_mails_of_an_account_are_deleted_and_no_others() {
        let directory = std::env::temp_dir().join(format!("renewd-files-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&directory);
        let stream = StreamId::from(account());
        let streams = BTreeSet::from([stream]);
        assert_eq!(count(&directory, &streams).expect("no directory"), BTreeMap::new());
        delete(&directory, &streams).expect("no directory");
        std::fs::create_dir_all(&directory).expect("a directory");
        let mut other = mail(1, 0);
        other.stream = AccountId::from_bits(7).into();
        let kept = file_name(&other, Template::Renewed);
        let own = file_name(&mail(1, 0), Template::Renewed);
        let names = [own.clone(), part_name(&own), kept.clone(), "notes.txt".to_owned()];
        for name in &names {
            std::fs::write(directory.join(name), "a mail").expect("written");
        }
        assert_eq!(count(&directory, &streams).expect("counted"), BTreeMap::from([(stream, 2)]));
        delete(&directory, &streams).expect("deleted");
        let mut left: Vec<_> = std::fs::read_dir(&directory)
            .expect("the directory")
            .map(|entry| entry.expect("a file").file_name().into_string().expect("UTF-8"))
            .collect();
        left.sort();
        assert_eq!(left, [kept, "notes.txt".to_owned()]);
        std::fs::remove_dir_all(directory).expect("removed");
    }
}
