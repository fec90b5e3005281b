//! A book moves from a file to a server and back: `renewd store copy`.

use std::path::Path;

use serde_json::json;

use crate::harness::server::{self, Database};
use crate::harness::{Customer, Home, Ran, renewd};

fn copy(from: &str, to: &str) -> Ran {
    Ran::of(renewd().args(["store", "copy", "--from", from, "--to", to]))
}

fn check(store: &str) -> Ran {
    Ran::of(renewd().args(["check", "--store", store]))
}

fn in_file(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

#[test]
fn a_book_moves_between_a_file_and_a_server_and_the_daemon_with_it() {
    let Some(server) = server::shared() else { return };
    let places: [Database<'static>; 2] = [server.database(None), server.database(None)];
    let [one, other] = places;
    let home = Home::on(one);
    // Whatever the other stories are told on, this one begins in a file.
    let file = in_file(&home.path("book.db"));
    let begin = Home::in_file();
    let daemon = begin.start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "100.00");
    let sub = ada.buys(&daemon, "AutoRenewal");
    ada.buys(&daemon, "NotRenewal");
    daemon.until("2026-02-05T00:00:00Z");
    let (cash, journal) = (ada.cash(&daemon), ada.journal(&daemon));
    let book = in_file(&begin.path("data/renewd.db"));
    let url = home.database().expect("a database").url();
    assert!(copy(&book, &url).ended(1).err.contains("another daemon has"));
    let begin = daemon.stop();

    let copied = copy(&book, &url).ok();
    assert!(copied.out.contains("and equal"), "{copied:?}");
    let checked = [check(&book).ok(), check(&url).ok()].map(|ran| ran.out);
    assert!(checked[0].contains(" 0 findings"), "{checked:?}");
    assert_eq!(checked[0], checked[1]);
    let refused = copy(&book, &url).ended(1);
    assert!(refused.err.contains("holds a book already"), "{refused:?}");

    // The daemon goes on there, with its key.
    std::fs::create_dir_all(home.data()).expect("a directory");
    let key = "data/deployment.key";
    std::fs::copy(begin.path(key), home.path(key)).expect("a key");
    let daemon = home.start_at("2026-02-05T00:00:00Z");
    assert_eq!(ada.cash(&daemon), cash);
    assert_eq!(ada.journal(&daemon), journal);
    let refused = copy(&url, &other.url()).ended(1);
    assert!(refused.err.contains("another daemon has"), "{refused:?}");
    ada.tops_up(&daemon, "7.00");
    daemon.until("2026-03-05T00:00:00Z");
    let subs = daemon.list("/v1/subscriptions");
    let shown = subs.iter().find(|shown| shown["id"] == sub.id.as_str()).expect("a subscription");
    assert_eq!((&shown["state"], &shown["period_no"]), (&json!("Active"), &json!(3)), "{shown}");
    let home = daemon.stop();

    copy(&url, &file).ok();
    let checked = [check(&file).ok(), check(&url).ok()].map(|ran| ran.out);
    assert_eq!(checked[0], checked[1]);
    copy(&url, &other.url()).ok();
    assert_eq!(check(&other.url()).ok().out, checked[0]);
    drop(home);
}

#[test]
fn what_cannot_be_copied_is_told() {
    let home = Home::in_file();
    let (nowhere, file) = (in_file(&home.path("no.db")), in_file(&home.path("book.db")));
    assert!(copy(&nowhere, &file).ended(1).err.contains("there is no"));
    copy("mysql://a/b", &file).ended(2);
    home.start().stop();
    let book = in_file(&home.path("data/renewd.db"));
    let unreachable = copy(&book, "postgres://a:s3cret@localhost:1/b").ended(1);
    assert!(!unreachable.err.contains("s3cret"), "{unreachable:?}");
}
