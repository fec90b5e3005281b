//! Fail points: places at which a test can have the daemon die as by a power cut, around every
//! durable write and every call outward.
//!
//! They exist in builds with debug assertions only. There `RENEWD_DIE_AT=tell.after:3` kills the
//! process with SIGKILL when it passes that point the third time since its start: nothing unwinds,
//! nothing is flushed. `RENEWD_DIE_AT=any:3` does so at the third pass of whatever point, for deaths
//! during a recovery of which nobody knows what it will pass. `RENEWD_COUNT_PASSES=FILE` appends a line
//! to a file at each pass, the name of the point. In a release build [`pass`] is empty, and nothing
//! reads either variable.

#[cfg(debug_assertions)]
mod armed;

/// A place at which a test can have the daemon die.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// The database is locked, and its tables are as an earlier release left them.
    StoreBeforeMigrations,
    /// One step brought its tables further, and the next has not begun.
    StoreMigrated,
    /// Its tables are those of this release, and nobody has read them.
    StoreAfterMigrations,
    /// The deployment key is written beside its place.
    KeyBeforeLink,
    /// The deployment key is in its place.
    KeyAfterLink,
    /// A batch is cut, and the store has not heard of it.
    JournalBeforeBatch,
    /// A batch is durable, and nobody was answered.
    JournalAfterBatch,
    /// All rows of a batch are written, and not committed.
    StoreBeforeCommit,
    /// A batch is committed, and the writer has told nobody.
    StoreAfterCommit,
    /// The store is about to bring its log into its one file, or to give its lease back, and to close.
    StoreBeforeClose,
    /// The store is closed.
    StoreAfterClose,
    /// A mail is about to go out.
    MailBefore,
    /// A mail is whole on the disk, but not in its place.
    MailBeforeRename,
    /// A mail went out, and nothing says so.
    MailAfter,
    /// A webhook is about to go out.
    WebhookBefore,
    /// A webhook was answered, and nothing says so.
    WebhookAfter,
    /// A stream is about to be told another's command.
    TellBefore,
    /// It has taken the command, and nothing says so.
    TellAfter,
    /// The eraser is about to destroy keys.
    EraserBeforeDestroy,
    /// Keys are destroyed, traces are left.
    EraserAfterDestroy,
    /// The store's files have no traces, mail files are left.
    EraserAfterScrub,
    /// One mail file of a closed account is deleted.
    EraserMailDeleted,
    /// No mail files are left, and nothing says so.
    EraserAfterMails,
    /// The erasure has come to its end.
    EraserAfterEnd,
    /// A scheduler's run has advanced whoever was due, and is not recorded.
    SchedulerBeforeRecord,
    /// A scheduler's run is recorded.
    SchedulerAfterRecord,
    /// A month is sealed for everybody, and not summed up.
    MonthAfterSeal,
    /// A month is summed up.
    MonthAfterSums,
}

impl Point {
    /// All of them.
    pub const ALL: [Self; 28] = [
        Self::StoreBeforeMigrations,
        Self::StoreMigrated,
        Self::StoreAfterMigrations,
        Self::KeyBeforeLink,
        Self::KeyAfterLink,
        Self::JournalBeforeBatch,
        Self::JournalAfterBatch,
        Self::StoreBeforeCommit,
        Self::StoreAfterCommit,
        Self::StoreBeforeClose,
        Self::StoreAfterClose,
        Self::MailBefore,
        Self::MailBeforeRename,
        Self::MailAfter,
        Self::WebhookBefore,
        Self::WebhookAfter,
        Self::TellBefore,
        Self::TellAfter,
        Self::EraserBeforeDestroy,
        Self::EraserAfterDestroy,
        Self::EraserAfterScrub,
        Self::EraserMailDeleted,
        Self::EraserAfterMails,
        Self::EraserAfterEnd,
        Self::SchedulerBeforeRecord,
        Self::SchedulerAfterRecord,
        Self::MonthAfterSeal,
        Self::MonthAfterSums,
    ];

    /// How the environment and the file of passes call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::StoreBeforeMigrations => "store.before_migrations",
            Self::StoreMigrated => "store.migrated",
            Self::StoreAfterMigrations => "store.after_migrations",
            Self::KeyBeforeLink => "key.before_link",
            Self::KeyAfterLink => "key.after_link",
            Self::JournalBeforeBatch => "journal.before_batch",
            Self::JournalAfterBatch => "journal.after_batch",
            Self::StoreBeforeCommit => "store.before_commit",
            Self::StoreAfterCommit => "store.after_commit",
            Self::StoreBeforeClose => "store.before_close",
            Self::StoreAfterClose => "store.after_close",
            Self::MailBefore => "mail.before",
            Self::MailBeforeRename => "mail.before_rename",
            Self::MailAfter => "mail.after",
            Self::WebhookBefore => "webhook.before",
            Self::WebhookAfter => "webhook.after",
            Self::TellBefore => "tell.before",
            Self::TellAfter => "tell.after",
            Self::EraserBeforeDestroy => "eraser.before_destroy",
            Self::EraserAfterDestroy => "eraser.after_destroy",
            Self::EraserAfterScrub => "eraser.after_scrub",
            Self::EraserMailDeleted => "eraser.mail_deleted",
            Self::EraserAfterMails => "eraser.after_mails",
            Self::EraserAfterEnd => "eraser.after_end",
            Self::SchedulerBeforeRecord => "scheduler.before_record",
            Self::SchedulerAfterRecord => "scheduler.after_record",
            Self::MonthAfterSeal => "month.after_seal",
            Self::MonthAfterSums => "month.after_sums",
        }
    }
}

/// Passes a point; the process may not survive it. Nothing in a release build.
#[inline]
pub fn pass(point: Point) {
    #[cfg(debug_assertions)]
    armed::pass(point);
    #[cfg(not(debug_assertions))]
    let _ = point;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_point_is_listed_once_and_has_a_name_of_its_own() {
        // Listed in the order in which they are declared: whoever adds one is told.
        assert!(Point::ALL.windows(2).all(|two| two[0] < two[1]));
        let last = Point::ALL.last().map(|last| *last as usize);
        assert_eq!(last, Some(Point::ALL.len() - 1));
        let names: BTreeSet<_> = Point::ALL.into_iter().map(Point::name).collect();
        assert_eq!(names.len(), Point::ALL.len());
    }
}
