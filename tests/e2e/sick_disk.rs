//! The disk is full, read-only, or was cut off in the middle of a word: the daemon says what to do,
//! loses nothing that it had answered, and leaves a book that is whole.

use std::fs::{self, OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::harness::{Ask, Customer, Home};

/// A top-up of one dollar, under a key.
fn dollar(customer: &Customer, token: usize) -> Ask {
    let form = json!({
        "amount": {"amount": "1.00", "currency": "USD"}, "method": "bank_transfer",
        "channel": "operator"
    });
    Ask::post(customer.path("/top-ups"), &form).token(&token.to_string())
}

#[track_caller]
fn is_whole(home: &Home) {
    let checked = home.run("check", &[]).ok();
    assert!(checked.out.contains("0 findings"), "{checked:?}");
}

#[test]
fn a_full_disk_refuses_and_goes_on_when_there_is_space() {
    let home = Home::in_file();
    // What it begins with takes about two thirds of it.
    let daemon = home.start_with_files_of(1_000);
    let ada = Customer::open(&daemon, "ada");
    let mut taken = 0;
    let refused = loop {
        let answer = daemon.send(&dollar(&ada, taken));
        if answer.status >= 300 {
            break answer;
        }
        taken += 1;
        assert!(taken < 2_000, "it never fills");
    };
    assert!(taken > 0, "{refused:?}");
    refused.refused(503, "StoreUnavailable");
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    daemon.log_once(|log| log.contains("see to its free space"));
    // What was answered is there, and can be read; what was refused is not.
    assert_eq!(ada.cash(&daemon), format!("{taken}.00"));
    daemon.send(&dollar(&ada, taken)).refused(503, "StoreUnavailable");
    daemon.frees_space();
    daemon.send(&dollar(&ada, taken)).ok();
    assert!(daemon.send(&dollar(&ada, taken)).is_replayed());
    assert!(daemon.send(&dollar(&ada, 0)).is_replayed(), "what was taken is not taken again");
    let cash = format!("{}.00", taken + 1);
    assert_eq!(ada.cash(&daemon), cash);
    let home = daemon.kill();
    is_whole(&home);
    let daemon = home.start();
    assert_eq!(ada.cash(&daemon), cash);
    assert_eq!(ada.events(&daemon).len(), taken + 2, "one for each, and the opening");
    is_whole(&daemon.stop());
}

#[test]
fn a_database_that_cannot_be_written_is_refused_at_the_start() {
    let daemon = Home::in_file().start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "5.00");
    let home = daemon.stop();
    for beside in ["renewd.db-wal", "renewd.db-shm"] {
        // A graceful stop leaves nothing in them.
        let _ = fs::remove_file(home.data().join(beside));
    }
    // The file itself; and its directory, in which nothing can be made beside it.
    for (path, mode, told) in [
        (home.data().join("renewd.db"), 0o400, "renewd.db: Permission denied"),
        (home.data(), 0o500, "the database cannot be written"),
    ] {
        let permissions = fs::metadata(&path).expect("it is there").permissions();
        fs::set_permissions(&path, Permissions::from_mode(mode)).expect("a change");
        // Elsewhere, so that only the store stands in the way.
        let socket = home.path("elsewhere.sock");
        home.configure(&format!("daemon.socket = \"{}\"\n", socket.display()));
        let refused = home.refuses_bound_by_permissions();
        assert_eq!(refused.code(), 1);
        for word in ["renewd.db", told, "see to the permissions", "read-only"] {
            assert!(refused.err.contains(word), "{word}: {refused:?}");
        }
        assert!(!socket.exists(), "nobody is told that it is ready");
        fs::set_permissions(&path, permissions).expect("a change");
        home.configure("");
    }
    let daemon = home.start();
    assert_eq!(ada.cash(&daemon), "5.00");
    is_whole(&daemon.stop());
}

/// A book of twenty records behind what the file itself holds, and the power is gone.
fn killed_with_a_wal() -> (Home, Customer, Vec<Value>) {
    let daemon = Home::in_file().start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "5.00");
    // A graceful stop leaves all in the one file; what follows is in the WAL.
    let daemon = daemon.stop().start();
    for token in 0..20 {
        daemon.send(&dollar(&ada, token)).ok();
    }
    let journal = ada.journal(&daemon);
    (daemon.kill(), ada, journal)
}

#[test]
fn a_torn_end_of_the_wal_loses_nothing_that_was_answered() {
    let (home, ada, journal) = killed_with_a_wal();
    let wal = home.data().join("renewd.db-wal");
    let mut torn = OpenOptions::new().append(true).open(&wal).expect("a WAL");
    torn.write_all(&[0xA5; 3_000]).expect("half a frame");
    drop(torn);
    let daemon = home.start();
    assert_eq!(ada.journal(&daemon), journal);
    daemon.send(&dollar(&ada, 20)).ok();
    assert_eq!(ada.cash(&daemon), "26.00");
    is_whole(&daemon.stop());
}

/// What a disk has lost nobody brings back, but the book is one that was: not a record is half there,
/// and the caller's keys make good what is missing.
#[test]
fn a_truncated_wal_leaves_an_earlier_book_that_is_whole() {
    let (home, ada, journal) = killed_with_a_wal();
    let wal = OpenOptions::new().write(true).open(home.data().join("renewd.db-wal"));
    let wal = wal.expect("a WAL");
    let length = wal.metadata().expect("a length").len();
    wal.set_len(length / 2 + 1).expect("a cut");
    drop(wal);
    is_whole(&home);
    let daemon = home.start();
    let left = ada.journal(&daemon);
    assert!(left.len() > 2 && left.len() < journal.len(), "{} of {}", left.len(), journal.len());
    assert!(left.iter().all(|record| journal.contains(record)), "none that was not");
    for token in 0..20 {
        daemon.send(&dollar(&ada, token)).ok();
    }
    assert_eq!(ada.cash(&daemon), "25.00");
    is_whole(&daemon.stop());
}
