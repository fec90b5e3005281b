//! Every verb of `renewctl`, said to a daemon that runs, and to none.

use std::fs;
use std::io::Read as _;
use std::os::unix::net::UnixListener;

use serde_json::Value;

use crate::harness::{Customer, Daemon, Home, Ran};

/// Says the same to people and to machines: both succeed, and machines can read theirs.
#[track_caller]
fn shows(daemon: &Daemon, words: &[&str]) -> (String, Value) {
    let shown = daemon.renewctl(words).ok();
    assert!(!shown.out.trim().is_empty(), "{words:?} shows something: {shown:?}");
    let machine = daemon.renewctl(&[&["--json"], words].concat()).ok();
    (shown.out.clone(), machine.json())
}

/// A write, told as JSON.
#[track_caller]
fn does(daemon: &Daemon, words: &[&str]) -> Value {
    daemon.renewctl(&[&["--json"], words].concat()).ok().json()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}")).to_owned()
}

/// An account with a subscription and an unpaid order, all by command.
fn book(daemon: &Daemon) -> (String, String, String) {
    let opened = does(
        daemon,
        &[
            "account",
            "open",
            "--name",
            "Ada Ltd",
            "--email",
            "ops@ada.example",
            "--kind",
            "corporate",
            "--country",
            "DE",
            "--currency",
            "USD",
            "--time-zone",
            "Europe/Berlin",
            "--language",
            "en",
        ],
    );
    let ada = text(&opened["id"]);
    let credited = does(daemon, &["top-up", &ada, "100.00", "USD", "--reference", "2026-118"]);
    assert_eq!(credited["cash"]["amount"], "100.00");
    let buy = ["order", "buy", &ada, "rds", "basic", "eu-central-1", "P1M"];
    let bought = does(daemon, &[&buy[..], &["--pay-now", "--mode", "AutoRenewal"]].concat());
    assert_eq!(bought["order"]["state"], "Paid");
    let ordered = does(daemon, &[&buy[..], &["--token", "once"]].concat());
    assert_eq!(ordered["order"]["state"], "Unpaid");
    let again = does(daemon, &[&buy[..], &["--token", "once"]].concat());
    assert_eq!(again["order"]["id"], ordered["order"]["id"]);
    (ada, text(&bought["subscription"]["id"]), text(&ordered["order"]["id"]))
}

#[test]
fn every_verb_is_carried_out() {
    let daemon = Daemon::start();
    let (ada, sub, order) = book(&daemon);
    let shown = shows(&daemon, &["account", "list"]);
    assert!(shown.0.contains("Ada Ltd"), "{}", shown.0);
    assert!(shows(&daemon, &["account", "show", &ada]).0.contains("ops@ada.example"));
    assert!(shows(&daemon, &["order", "list", &ada]).0.contains(&order));
    assert!(shows(&daemon, &["order", "show", &ada, &order]).0.contains("Unpaid"));
    let paid = does(&daemon, &["order", "pay", &ada, &order]);
    assert_eq!(paid["order"]["state"], "Paid");
    let buy = ["order", "buy", &ada, "rds", "basic", "eu-central-1", "P1M"];
    let other = text(&does(&daemon, &buy)["order"]["id"]);
    let would = does(&daemon, &["order", "cancel", &ada, &other, "--dry-run"]);
    assert_eq!(would["dry_run"], true);
    let cancelled = does(&daemon, &["order", "cancel", &ada, &other]);
    assert_eq!(cancelled["order"]["state"], "Cancelled");

    assert!(shows(&daemon, &["subscription", "list", "--account", &ada]).0.contains(&sub));
    let renewed = does(&daemon, &["sub", "renew", &ada, &sub, "P1M", "--pay-now"]);
    assert_eq!(renewed["outcome"], "ordered");
    let set = does(&daemon, &["subscription", "mode", &ada, &sub, "NotRenewal"]);
    assert_eq!(set["subscription"]["mode"], "NotRenewal");
    for verb in ["hold", "let-go"] {
        does(&daemon, &["account", verb, &ada]);
    }

    does(&daemon, &["clock", "advance", "15d"]);
    let moved = does(&daemon, &["clock", "to", "2026-01-25T12:00:00Z"]);
    assert_eq!(moved["to"], "2026-01-25T12:00:00Z");
    assert!(shows(&daemon, &["clock", "show"]).0.contains("2026-01-25"));
    let urgent = shows(&daemon, &["subscription", "urgent"]);
    assert!(!urgent.0.contains(&sub) && urgent.0.contains("rds"), "{}", urgent.0);
    assert!(shows(&daemon, &["journal", &ada]).0.contains("renewed"));
    assert!(shows(&daemon, &["notices", &ada]).0.contains("expiring"));
    assert!(shows(&daemon, &["ledger", "of", &ada]).0.contains("unearned:rds"));
    assert!(shows(&daemon, &["deliveries", "--state", "sent"]).0.contains("mail"));
    assert!(shows(&daemon, &["schedule", "list"]).0.contains("housekeeping"));
    for job in ["orders", "renewals", "lifecycle", "reminders", "statements", "housekeeping"] {
        let ran = does(&daemon, &["schedule", "run", job]);
        assert_eq!(ran["job"], job);
    }
    let (told, status) = shows(&daemon, &["status"]);
    assert!(told.contains("manual"), "{told}");
    assert_eq!((&status["account_count"], &status["live_account_count"]), (&1.into(), &1.into()));
    shows(&daemon, &["brake", "show"]);
    daemon.renewctl(&["parked"]).ok();
    assert_eq!(daemon.renewctl(&["--json", "parked"]).ok().json()["items"], serde_json::json!([]));
}

#[test]
fn the_catalogue_is_tried_applied_and_shown() {
    let daemon = Daemon::start();
    let home = &daemon.home;
    assert!(shows(&daemon, &["catalogue", "show"]).0.contains("rds"));
    let old = include_str!("../../config/catalogue.toml");
    let new = old.replacen("month = \"18.00\"", "month = \"19.00\"", 1);
    assert_ne!(old, new);
    let file = home.write("catalogue.toml", &new);
    let file = file.to_str().expect("a path");
    let tried = daemon.renewctl(&["catalogue", "apply", file, "--dry-run"]).ok();
    let told = format!("{}{}", tried.out, tried.err);
    assert!(told.contains("products.rds.plans.basic.prices.USD.month"), "{told}");
    assert!(told.contains("18.00") && told.contains("19.00"), "{told}");
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "100.00");
    let before = daemon.post(&ada.path("/orders"), &Customer::order("ManualRenewal", false)).ok();
    let apply = ["catalogue", "apply", file, "--effective-at", "2026-01-02T00:00:00Z"];
    let applied = does(&daemon, &apply);
    assert_eq!(applied["version"], 2, "{applied}");
    // The order keeps the price that it was made at; new ones have the new price from its instant.
    let now = daemon.post(&ada.path("/orders"), &Customer::order("ManualRenewal", true)).ok();
    assert_eq!(now["order"]["payable"]["amount"], "18.00");
    daemon.until("2026-01-02T00:00:00Z");
    let later = daemon.post(&ada.path("/orders"), &Customer::order("ManualRenewal", true)).ok();
    assert_eq!(later["order"]["payable"]["amount"], "19.00");
    let order = text(&before["order"]["id"]);
    let paid = does(&daemon, &["order", "pay", &ada.id, &order]);
    assert_eq!(paid["order"]["payable"]["amount"], "18.00");
    assert_eq!(ada.cash(&daemon), "45.00");
    // A faulty one is refused with its faults, and from the past nothing takes effect.
    let faulty = new.replacen("lifecycle = \"alibaba-ecs\"", "lifecycle = \"eternal\"", 1);
    let file = home.write("faulty.toml", &faulty);
    let refused = daemon.renewctl(&["catalogue", "apply", file.to_str().expect("a path")]).ended(1);
    assert!(refused.err.contains("eternal"), "{refused:?}");
    let late = ["catalogue", "apply", apply[2], "--effective-at", "2025-01-02T00:00:00Z"];
    let refused = daemon.renewctl(&late).ended(1);
    assert!(refused.err.contains("EffectiveInPast"), "{refused:?}");
}

#[test]
fn exit_codes_tell_who_has_to_do_something() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    // 1: rejected, with its code and what to do about it.
    let buy = ["order", "buy", &ada.id, "rds", "basic", "eu-central-1", "P1M", "--pay-now"];
    let ran = daemon.renewctl(&buy).ended(1);
    assert!(ran.err.contains("NotEnoughFunds") && ran.err.contains("renewctl top-up"), "{ran:?}");
    assert!(ran.out.is_empty(), "{ran:?}");
    let ran = daemon.renewctl(&["account", "show", "acc_0000000000"]).ended(1);
    assert!(ran.err.contains("AccountNotFound"), "{ran:?}");
    let ran = daemon.renewctl(&["top-up", &ada.id, "-5", "USD"]).ended(1);
    assert!(ran.err.contains("AmountNotPositive"), "{ran:?}");
    let ran = daemon.renewctl(&["--json", "top-up", &ada.id, "5", "EUR"]).ended(1);
    assert!(ran.err.contains("WrongCurrency"), "{ran:?}");
    // 2: not understood, before anything is asked.
    for words in
        [&["dance"][..], &["order", "buy"], &["clock", "advance"], &["account", "show", ".."]]
    {
        daemon.renewctl(words).ended(2);
    }
    daemon.renewctl(&["catalogue", "apply", "/nowhere.toml"]).ended(2);
    // 3: nobody there.
    let home = daemon.stop();
    let ran = home.renewctl(&["status"]).ended(3);
    assert!(ran.err.contains("renewd serve"), "{ran:?}");
    let ran = Home::new().renewctl(&["status"]).ended(3);
    assert!(ran.err.contains("no daemon answers at"), "{ran:?}");
}

#[test]
fn who_loses_the_daemon_is_told_how_to_ask_again() {
    let home = Home::new();
    fs::create_dir_all(home.data()).expect("a directory");
    let listener = UnixListener::bind(home.socket()).expect("a socket");
    let ran = std::thread::scope(|scope| {
        // A daemon that takes the request and goes away for good.
        scope.spawn(|| {
            let (mut stream, _) = listener.accept().expect("a connection");
            stream.read_exact(&mut [0; 16]).expect("a request");
            fs::remove_file(home.socket()).expect("the socket");
        });
        home.renewctl(&["clock", "advance", "15d", "--token", "mid-january"])
    });
    let ran = ran.ended(3);
    assert!(ran.err.contains("the connection was lost"), "{ran:?}");
    assert!(ran.err.contains("--token mid-january"), "{ran:?}");
}

#[test]
fn what_needs_no_account_works_as_well() {
    let daemon = Daemon::start();
    let description = daemon.renewctl(&["openapi"]).ok().json();
    assert!(description["paths"]["/v1/accounts/{account}/orders"]["post"].is_object());
    let home = daemon.stop();
    // These need no daemon.
    for shell in ["bash", "zsh", "fish"] {
        let script = home.renewctl(&["completions", shell]).ok();
        assert!(script.out.contains("renewctl"), "{shell}");
    }
    let pages = home.path("man");
    home.renewctl(&["man", pages.to_str().expect("a path")]).ok();
    let page = fs::read_to_string(pages.join("renewctl.1")).expect("the first page");
    assert!(page.contains(".TH"), "{page}");
    assert!(fs::read_dir(&pages).expect("pages").count() > 10);
    assert!(home.renewctl(&["--help"]).ok().out.contains("Exit codes"));
    assert!(home.renewctl(&["--version"]).ok().out.starts_with("renewctl "));
}

#[test]
fn renewd_says_what_it_is_set_to() {
    let home = Home::new();
    home.configure("mail.provider = \"Example Cloud\"\n");
    let config = home.run("check-config", &[]).ok().json();
    assert_eq!(config["mail"]["provider"], "Example Cloud");
    let mut command = home.renewd("check-config");
    let set = Ran::of(command.env("RENEWD_MAIL__PROVIDER", "Other Cloud")).ok().json();
    assert_eq!(set["mail"]["provider"], "Other Cloud", "the environment is stronger");
    assert!(home.run("check-templates", &[]).ok().out.contains("0 findings"));
    home.run("check", &[]).ended(1);
    assert!(home.run("check", &[]).err.contains("there is no"), "no book yet");
    let daemon = home.start();
    Customer::open(&daemon, "ada");
    // A book that is in use can't be checked.
    assert!(home.run("check", &[]).ended(1).err.contains("another daemon has"));
    let home = daemon.stop();
    assert!(home.run("check", &[]).ok().out.contains("0 findings"));
}
