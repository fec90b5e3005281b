//! One daemon on one store, one socket in front of it.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;

use crate::harness::server;
use crate::harness::{Customer, Daemon, Home};

const NEW_YEAR: &str = "2026-01-01T00:00:00Z";

#[test]
fn a_second_daemon_is_refused_and_the_first_goes_on() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    let ran = daemon.home.refuses_at(NEW_YEAR);
    assert_eq!(ran.code(), 1);
    assert!(ran.err.contains("renewd.sock"), "it names what is taken: {ran:?}");
    assert_eq!(ada.cash(&daemon), "0.00");
    // Behind another socket it is the store that is taken.
    let home = &daemon.home;
    home.configure(&format!("daemon.socket = \"{}\"\n", home.path("other.sock").display()));
    let ran = home.refuses_at(NEW_YEAR);
    assert_eq!(ran.code(), 1);
    assert!(ran.err.contains("another daemon has"), "{ran:?}");
    assert!(!home.path("other.sock").exists(), "nothing is left of it");
    assert_eq!(ada.cash(&daemon), "0.00");
}

#[test]
fn the_socket_is_for_owner_and_group_and_goes_with_the_daemon() {
    let daemon = Daemon::start();
    let socket = daemon.home.socket();
    let about = fs::metadata(&socket).expect("a socket");
    assert!(about.file_type().is_socket());
    assert_eq!(about.permissions().mode() & 0o777, 0o660);
    let data = fs::metadata(daemon.home.data()).expect("a directory");
    assert_eq!(data.permissions().mode() & 0o007, 0, "nothing for others");
    let is_a_file = daemon.home.database().is_none();
    let files = if is_a_file { &["renewd.db", "deployment.key"][..] } else { &["deployment.key"] };
    for name in files {
        let about = fs::metadata(daemon.home.data().join(name)).expect(name);
        assert_eq!(about.permissions().mode() & 0o077, 0, "{name} is for its owner only");
    }
    let ada = Customer::open(&daemon, "ada");
    let home = daemon.stop();
    assert!(!socket.exists(), "a graceful stop takes the socket away");
    if !is_a_file {
        return;
    }
    // And it leaves a database that is whole in its one file, for whoever copies it.
    let copy = Home::new();
    fs::create_dir_all(copy.data()).expect("a directory");
    for name in ["renewd.db", "deployment.key"] {
        fs::copy(home.data().join(name), copy.data().join(name)).expect(name);
    }
    let daemon = copy.start();
    assert_eq!(ada.cash(&daemon), "0.00");
}

#[test]
fn a_stale_socket_is_removed_and_a_file_is_not() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    let home = daemon.kill();
    assert!(home.socket().exists(), "a power cut leaves it behind");
    let daemon = home.start();
    assert_eq!(ada.cash(&daemon), "0.00", "what was answered is kept");
    let home = daemon.stop();
    // One that somebody else answers at is left alone.
    let other = UnixListener::bind(home.socket()).expect("a socket");
    let ran = home.refuses_at(NEW_YEAR);
    assert!(ran.err.contains("renewd.sock"), "{ran:?}");
    drop(other);
    fs::remove_file(home.socket()).expect("a socket");
    fs::write(home.socket(), "precious").expect("a file");
    let ran = home.refuses_at(NEW_YEAR);
    assert!(ran.err.contains("renewd.sock"), "{ran:?}");
    assert_eq!(fs::read_to_string(home.socket()).expect("a file"), "precious");
}

#[test]
fn a_database_that_is_none_is_refused() {
    let home = Home::new();
    if home.database().is_some() {
        return;
    }
    fs::create_dir_all(home.data()).expect("a directory");
    fs::write(home.data().join("renewd.db"), "this is no database, whatever it is called")
        .expect("a file");
    let ran = home.refuses_at(NEW_YEAR);
    assert_eq!(ran.code(), 1);
    assert!(ran.err.contains("renewd.db"), "{ran:?}");
    assert!(!home.socket().exists(), "nothing is left of it");
}

/// A provider's service manager starts it again at once, and at once it works again: nobody waits for
/// the lease of a process of which it is known that it has died.
#[test]
fn a_daemon_that_was_killed_is_replaced_at_once_and_one_elsewhere_is_waited_for() {
    let Some(server) = server::shared() else { return };
    let daemon = Home::on(server.database(None)).start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "5.00");
    let home = daemon.kill();
    let daemon = home.start();
    let log = daemon.log();
    assert!(log.contains("has died: it is replaced"), "{log}");
    assert!(!log.contains("when its lease runs out"), "{log}");
    ada.tops_up(&daemon, "5.00");
    // Of one in another container nobody here knows whether it lives.
    let home = daemon.kill();
    let database = home.database().expect("a database");
    database.sql(
        "UPDATE leases SET owner = 'elsewhere', \
         valid_until = (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT + 3000000",
    );
    let daemon = home.start();
    let log = daemon.log();
    assert!(!log.contains("has died: it is replaced"), "{log}");
    assert!(log.contains("when its lease runs out"), "{log}");
    ada.tops_up(&daemon, "5.00");
    assert_eq!(ada.cash(&daemon), "15.00");
    daemon.stop().run("check", &[]).ok();
}
