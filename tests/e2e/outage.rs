//! The database is lost for a while: stopped, crashed, its connections cut. Whoever asks is told
//! to try again, nothing is lost and nothing done twice, and the clockwork goes on where it was.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::downtime::{count_of, forty_lapse_while_it_sleeps};
use crate::harness::proxy::{Cut, Proxy};
use crate::harness::server::{self, Server};
use crate::harness::{Answer, Ask, Customer, Daemon, Home};

/// Longer than any lease, on a loaded machine.
const PATIENCE: Duration = Duration::from_mins(4);
const TARGET: &str = "2026-02-05T00:00:00Z";

/// Asks under a token until the answer is not "later"; how often that was said.
fn insist(daemon: &Daemon, ask: &Ask) -> (Answer, u32) {
    let (began_at, mut later_count) = (Instant::now(), 0);
    loop {
        let answer = daemon.send(ask);
        if answer.status != 503 {
            return (answer, later_count);
        }
        assert!(answer.header("retry-after").is_some(), "{answer:?}");
        assert!(began_at.elapsed() < PATIENCE, "{answer:?}\n{}", daemon.log());
        later_count += 1;
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn top_up(customer: &Customer, amount: &str, token: &str) -> Ask {
    let form = json!({
        "amount": {"amount": amount, "currency": "USD"}, "method": "bank_transfer",
        "channel": "operator", "reference": token
    });
    Ask::post(customer.path("/top-ups"), &form).token(token)
}

fn begins(home: &Home) -> (Daemon, Customer) {
    let daemon = home.start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "100.00");
    for mode in ["ManualRenewal", "AutoRenewal", "NotRenewal"] {
        ada.buys(&daemon, mode);
    }
    daemon.until("2026-01-06T00:00:00Z");
    (daemon, ada)
}

/// How the subscriptions stand, by number.
fn standing(daemon: &Daemon) -> BTreeMap<String, [Value; 3]> {
    let subs = daemon.list("/v1/subscriptions").into_iter();
    subs.map(|sub| {
        let id = sub["id"].as_str().expect("an id");
        let number = id.rsplit('_').next().expect("a number").to_owned();
        (number, ["state", "expires_at", "period_no"].map(|field| sub[field].clone()))
    })
    .collect()
}

/// A page of a table that cannot be written is no reason to stop: whoever asks is told to come again,
/// what is there can be read, and once there is space it goes on by itself.
#[test]
fn a_server_whose_disk_is_full_refuses_and_goes_on_when_there_is_space() {
    let Some(server) = Server::start_with_small_disk(64 * 1024) else { return };
    // It goes with this process.
    let server: &'static Server = Box::leak(Box::new(server));
    let daemon = Home::on(server.small_database()).start();
    let ada = Customer::open(&daemon, "ada");
    server.fill_disk(256);
    let ask = |number: usize| top_up(&ada, "1.00", &number.to_string());
    let mut taken = 0;
    let refused = loop {
        let answer = daemon.send(&ask(taken));
        if answer.status >= 300 {
            break answer;
        }
        taken += 1;
        assert!(taken < 4_000, "it never fills");
    };
    assert!(taken > 0, "{refused:?}");
    refused.refused(503, "StoreUnavailable");
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    daemon.log_once(|log| log.contains("No space left on device"));
    // What was answered is there, and can be read; what was refused is not.
    assert_eq!(ada.cash(&daemon), format!("{taken}.00"));
    daemon.send(&ask(taken)).refused(503, "StoreUnavailable");
    // Nor does a daemon that was killed with a full disk lose anything.
    let daemon = daemon.kill().start();
    assert_eq!(ada.cash(&daemon), format!("{taken}.00"));
    server.free_disk();
    let (answer, _) = insist(&daemon, &ask(taken));
    answer.ok();
    assert!(daemon.send(&ask(taken)).is_replayed());
    assert!(daemon.send(&ask(0)).is_replayed(), "what was taken is not taken again");
    assert_eq!(ada.cash(&daemon), format!("{}.00", taken + 1));
    assert_eq!(ada.events(&daemon).len(), taken + 2, "one for each, and the opening");
    let checked = daemon.stop().run("check", &[]).ok();
    assert!(checked.out.contains("0 findings"), "{checked:?}");
}

#[test]
fn a_server_that_was_stopped_or_crashed_is_found_again_and_nothing_is_lost() {
    let Some(server) = Server::start() else { return };
    // It goes with this process.
    let server: &'static Server = Box::leak(Box::new(server));
    let (daemon, ada) = begins(&Home::on(server.database(None)));
    let before = ada.cash(&daemon);
    for (token, away) in [("t1", Server::stop as fn(&Server)), ("t2", Server::crash)] {
        away(server);
        let refused = daemon.send(&top_up(&ada, "10.00", token));
        refused.refused(503, "StoreUnavailable");
        assert!(refused.header("retry-after").is_some(), "{refused:?}");
        daemon.get(&ada.path("/orders")).refused(503, "StoreUnavailable");
        server.resume();
        insist(&daemon, &top_up(&ada, "10.00", token)).0.ok();
        // Each reader finds out for itself that its connection is gone.
        insist(&daemon, &Ask::get(ada.path("/orders"))).0.ok();
        assert!(insist(&daemon, &top_up(&ada, "10.00", token)).0.is_replayed());
    }
    daemon.log_once(|log| log.contains("the database is in reach again"));
    let cash = |text: &str| text.replace('.', "").parse::<i64>().expect("an amount");
    assert_eq!(cash(&ada.cash(&daemon)), cash(&before) + 20_00);
    let stretch = Ask::post("/v1/clock", &json!({ "to": TARGET }));
    insist(&daemon, &stretch).0.ok();
    let told = standing(&daemon);
    let states: Vec<_> = told.values().map(|fields| fields[0].as_str()).collect();
    assert_eq!(states, [Some("Suspended"), Some("Active"), Some("Suspended")], "{told:?}");
    daemon.stop().run("check", &[]).ok();
}

#[test]
fn connections_that_are_cut_under_load_change_nothing() {
    const CLIENTS: usize = 4;
    const TOP_UPS: usize = 25;
    let Some(server) = server::shared() else { return };
    let (quiet, eve) = begins(&Home::on(server.database(None)));
    quiet.until(TARGET);
    let (daemon, ada) = begins(&Home::on(server.database(None)));
    let database = daemon.home.database().expect("a database");
    let others: Vec<_> =
        (0..CLIENTS).map(|n| Customer::open(&daemon, &format!("client-{n}"))).collect();
    let is_over = AtomicBool::new(false);
    let later_count: u32 = std::thread::scope(|scope| {
        let clients: Vec<_> = others
            .iter()
            .map(|customer| {
                let daemon = &daemon;
                scope.spawn(move || {
                    let asks = (0..TOP_UPS).map(|n| top_up(customer, "1.00", &format!("t{n}")));
                    let told = asks.map(|ask| {
                        let (answer, later_count) = insist(daemon, &ask);
                        answer.ok();
                        later_count
                    });
                    told.sum::<u32>()
                })
            })
            .collect();
        let clockwork = scope.spawn(|| {
            let stretch = Ask::post("/v1/clock", &json!({ "to": TARGET }));
            let (answer, later_count) = insist(&daemon, &stretch);
            answer.ok();
            later_count
        });
        let cutter = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                database.cut();
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        let mut later_count = 0;
        for client in clients {
            later_count += client.join().expect("a client");
        }
        later_count += clockwork.join().expect("the clockwork");
        is_over.store(true, Ordering::Relaxed);
        cutter.join().expect("whoever cuts");
        later_count
    });
    assert!(later_count > 0, "nothing was ever cut");
    let asked = Ask::get("/v1/clock");
    insist(&daemon, &asked).0.ok();
    // What was cut off in the middle of it is done by now, or with the next look.
    insist(&daemon, &Ask::post("/v1/clock", &json!({ "advance": "1h" }))).0.ok();
    for customer in &others {
        let shown = insist(&daemon, &Ask::get(customer.path(""))).0.ok();
        assert_eq!(shown["cash"]["amount"], format!("{TOP_UPS}.00"));
    }
    assert_eq!(ada.cash(&daemon), eve.cash(&quiet));
    assert_eq!(standing(&daemon), standing(&quiet));
    daemon.stop().run("check", &[]).ok();
}

/// The brake is released, and then the connection breaks: nobody is told. Whoever asks again gets
/// the answer, and the clockwork goes by what is written.
#[test]
fn a_brake_whose_release_nobody_was_told_of_is_released() {
    let Some(server) = server::shared() else { return };
    let (database, proxy) = (server.database(None), Proxy::before(server));
    let home = Home::in_file();
    let place = format!("store.url = \"{}\"\n", proxy.url(&database));
    let daemon = forty_lapse_while_it_sleeps(&home, &place);
    daemon.until("2026-01-25T00:05:00Z");
    assert_eq!(daemon.get("/v1/brake").ok()["engaged"], true);
    let release = Ask::post("/v1/brake/release", &json!({})).token("t1");
    proxy.cut_at_next(Cut::BehindCommit);
    daemon.send(&release).refused(503, "StoreUnavailable");
    let (answer, _) = insist(&daemon, &release);
    assert!(answer.is_replayed(), "{answer:?}");
    insist(&daemon, &Ask::post("/v1/clock", &json!({ "advance": "5m" }))).0.ok();
    assert_eq!(count_of(&daemon, "Suspended"), 40);
    daemon.stop().run("check", &[]).ok();
    drop(database);
}

/// As after a failover to a standby: the server answers, reads go on, and nothing can be written.
#[test]
fn a_server_that_can_only_be_read_is_refused_at_the_start_and_waited_for_later() {
    let Some(server) = server::shared() else { return };
    let home = Home::on(server.database(None));
    let database = home.database().expect("a database");
    let name = database.sql("SELECT CURRENT_DATABASE()");
    // It says so in whatever database is asked.
    let read_only = |is: &str| {
        server.sql(
            "postgres",
            &format!("ALTER DATABASE {name} SET default_transaction_read_only = {is}"),
        );
        database.cut();
    };
    read_only("on");
    let refused = home.refuses_at("2026-01-01T00:00:00Z");
    assert_eq!(refused.code(), 1);
    assert!(refused.err.contains("read-only transaction"), "{refused:?}");
    read_only("off");
    let (daemon, ada) = begins(&home);
    let before = ada.cash(&daemon);
    read_only("on");
    let top_up = top_up(&ada, "10.00", "t1");
    for _ in 0..3 {
        let refused = daemon.send(&top_up);
        refused.refused(503, "StoreUnavailable");
        assert!(refused.header("retry-after").is_some(), "{refused:?}");
    }
    read_only("off");
    insist(&daemon, &top_up).0.ok();
    assert!(insist(&daemon, &top_up).0.is_replayed());
    let cash = |text: &str| text.replace('.', "").parse::<i64>().expect("an amount");
    assert_eq!(cash(&ada.cash(&daemon)), cash(&before) + 10_00);
    daemon.stop().run("check", &[]).ok();
}
