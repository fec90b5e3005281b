//! One subscription from its purchase to its release: money, mail, webhooks, ledger, journal.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::harness::{Customer, Daemon, Home, Mail, Receiver, Sub, words};

/// A customer who bought a database for January with automatic renewal, and has money for two
/// more months.
fn begins() -> (Daemon, Receiver, Customer, Sub) {
    let (home, panel) = (Home::new(), Receiver::start());
    home.configure(&panel.config());
    let daemon = home.start();
    let catalogue = daemon.get("/v1/catalogue").ok();
    assert_eq!(catalogue["version"], 1);
    assert!(catalogue["rules"]["products"]["rds"].is_object(), "{catalogue}");
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "59.50");
    let database = ada.buys(&daemon, "AutoRenewal");
    (daemon, panel, ada, database)
}

fn subjects_by_template<'a>(mails: &'a [Mail], template: &str) -> Vec<&'a str> {
    let mails = mails.iter().filter(|mail| mail.template == template);
    mails.map(|mail| mail.subject.as_str()).collect()
}

#[test]
fn it_renews_itself_while_there_is_money() {
    let (daemon, panel, ada, database) = begins();
    assert_eq!(database.expires_at(&daemon), "2026-02-01T00:00:00Z");
    let shown = database.shown(&daemon);
    assert_eq!((&shown["mode"], &shown["auto_period"]), (&"AutoRenewal".into(), &"P1M".into()));
    assert_eq!(ada.cash(&daemon), "41.50");

    daemon.until("2026-01-22T00:00:00Z");
    assert_eq!(words(&ada.mails(&daemon)), ["topped_up", "activated", "renewal_ahead"]);
    assert_eq!(ada.cash(&daemon), "41.50", "nothing is taken before its day");

    // 08:00, nine days before the expiry (R2.3); the new period starts at the old expiry (R1.8).
    daemon.until("2026-01-23T08:00:00Z");
    assert_eq!(ada.cash(&daemon), "23.50");
    assert_eq!(database.expires_at(&daemon), "2026-03-01T00:00:00Z");
    daemon.until("2026-02-20T08:00:00Z");
    assert_eq!(ada.cash(&daemon), "5.50");
    assert_eq!(database.expires_at(&daemon), "2026-04-01T00:00:00Z", "counted from the anchor");

    let mails = ada.mails(&daemon);
    assert_eq!(
        words(&mails),
        [
            "topped_up",
            "activated",
            "renewal_ahead",
            "renewed",
            "statement_ready",
            "renewal_ahead",
            "renewed"
        ]
    );
    let ids: BTreeSet<&str> = mails.iter().map(|mail| mail.message_id.as_str()).collect();
    assert_eq!(ids.len(), mails.len(), "each mail has an id of its own");
    for mail in &mails {
        assert_eq!(mail.message_id, format!("<{}.{}.{}@localhost>", ada.id, mail.seq, mail.n));
        assert!(mail.to.contains("ada@customer.example"), "{mail:?}");
    }
    assert_eq!(
        panel.whats("subscription"),
        ["subscription.activated", "subscription.renewed", "subscription.renewed"]
    );
    assert_eq!(panel.whats("order"), ["order.paid"; 3]);
    webhooks_are_sound(&panel, &ada, &database);
    the_ledger_sums_to_zero(&daemon, &ada);
    the_journal_shows_causes(&daemon, &ada);
}

fn webhooks_are_sound(panel: &Receiver, ada: &Customer, database: &Sub) {
    let hooks = panel.hooks();
    assert!(hooks.iter().all(|hook| hook.is_signed), "{hooks:?}");
    let ids: BTreeSet<&str> = hooks.iter().map(|hook| hook.id.as_str()).collect();
    assert_eq!(ids.len(), hooks.len(), "each once: {hooks:?}");
    let seqs: Vec<u64> = hooks.iter().filter_map(|hook| hook.data["seq"].as_u64()).collect();
    assert!(seqs.is_sorted(), "in the order in which it happened: {seqs:?}");
    for hook in &hooks {
        assert_eq!(hook.data["account"], *ada.id);
        let told = hook.data.to_string();
        assert!(!told.contains("customer.example"), "no address leaves by webhook: {told}");
        if hook.what.starts_with("subscription.") {
            assert_eq!(hook.data["subscription"]["id"], *database.id);
        }
    }
}

fn the_ledger_sums_to_zero(daemon: &Daemon, customer: &Customer) {
    let mut sums: BTreeMap<u64, i64> = BTreeMap::new();
    let mut unearned = 0;
    for line in daemon.list(&customer.path("/ledger")) {
        let amount = line["amount"]["amount"].as_str().expect("an amount");
        let cents: i64 = amount.replace('.', "").parse().expect("two decimals");
        *sums.entry(line["seq"].as_u64().expect("a record")).or_default() += cents;
        if line["ledger_account"] == "unearned:rds" {
            unearned += cents;
        }
    }
    assert!(sums.values().all(|sum| *sum == 0), "{sums:?}");
    assert_eq!(unearned, -3 * 1800, "three months were paid for");
}

fn the_journal_shows_causes(daemon: &Daemon, customer: &Customer) {
    let mut records = customer.journal(daemon);
    records.sort_by_key(|record| record["seq"].as_u64());
    let numbers: Vec<u64> = records.iter().filter_map(|record| record["seq"].as_u64()).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "no gap");
    let cause = |record: &Value| record["cause"].to_string();
    let by_people = records.iter().filter(|record| cause(record).contains("operator")).count();
    let by_renewals = records.iter().filter(|record| cause(record).contains("renewals")).count();
    assert_eq!((by_people, by_renewals), (3, 2), "open, top up, buy; two deductions");
}

#[test]
fn without_money_it_is_suspended_brought_back_and_released() {
    let (daemon, panel, ada, database) = begins();
    daemon.until("2026-02-20T08:00:00Z");
    let before = ada.mails(&daemon).len();
    // Two notices while funds are short, then a failure a day (R2.3, R2.17).
    daemon.until("2026-03-31T12:00:00Z");
    let mails = ada.mails(&daemon).split_off(before);
    let mut expected = vec!["statement_ready", "renewal_ahead", "top_up", "top_up"];
    expected.extend(["renewal_failed"; 9]);
    assert_eq!(words(&mails), expected, "{:?}", subjects_by_template(&mails, "renewal_failed"));
    assert_eq!(ada.cash(&daemon), "5.50", "a failed attempt takes nothing (R2.16)");
    assert_eq!(panel.whats("subscription.renewal_failed").len(), 9);
    let orders = daemon.list(&ada.path("/orders"));
    assert_eq!(orders.len(), 3, "a failed attempt leaves no order (R2.16): {orders:?}");

    daemon.until("2026-04-01T00:00:00Z");
    assert_eq!(database.state(&daemon), "Suspended");
    // With the default preset money that comes later revives nothing by itself (R2.6).
    ada.tops_up(&daemon, "20.00");
    daemon.until("2026-04-05T12:00:00Z");
    assert_eq!(database.state(&daemon), "Suspended");
    // A suspended one is renewed from its old expiry, and restarted (R1.7, R1.9).
    let renewed = database.renew(&daemon, "P1M").ok();
    assert_eq!(renewed["subscription"]["state"], "Active");
    assert_eq!(renewed["subscription"]["expires_at"], "2026-05-01T00:00:00Z");
    assert_eq!(ada.cash(&daemon), "7.50");

    let before = ada.mails(&daemon).len();
    daemon.until("2026-05-15T12:00:00Z");
    let mails = ada.mails(&daemon).split_off(before);
    let mut expected = vec!["renewed", "renewal_ahead", "top_up", "top_up"];
    expected.extend(["renewal_failed"; 9]);
    expected.extend(["suspended", "statement_ready", "release_ahead"]);
    assert_eq!(words(&mails), expected);
    assert_eq!(database.state(&daemon), "Suspended");
    daemon.until("2026-05-15T23:59:59Z");
    assert_eq!(database.state(&daemon), "Suspended");
    daemon.until("2026-05-16T00:00:00Z");
    assert_eq!(database.state(&daemon), "Released", "fifteen days later (R1.2), to the second");
    assert_eq!(ada.mails(&daemon).last().expect("a mail").template, "released");
    ada.tops_up(&daemon, "100.00");
    database.renew(&daemon, "P1M").refused(409, "SubscriptionEnded");

    let transitions: Vec<String> = panel
        .whats("subscription")
        .into_iter()
        .filter(|what| what != "subscription.renewal_failed")
        .map(|what| what.replace("subscription.", ""))
        .collect();
    assert_eq!(
        transitions,
        [
            "activated",
            "renewed",
            "renewed",
            "expired",
            "suspended",
            "renewed",
            "expired",
            "suspended",
            "released"
        ]
    );
    let home = daemon.stop();
    home.run("check", &[]).ok();
}

#[test]
fn a_panel_that_was_away_is_told_later_each_once() {
    let (home, panel) = (Home::new(), Receiver::start_with_failures(5));
    home.configure(&panel.config());
    let daemon = home.start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "60.00");
    let database = ada.buys(&daemon, "ManualRenewal");
    daemon.until("2026-01-01T00:00:01Z");
    assert_eq!(panel.hooks().len(), 0);
    let waiting = daemon.list("/v1/deliveries?channel=webhook&state=waiting");
    assert_eq!(waiting.len(), 2, "{waiting:?}");
    // What came later waits behind what failed, so that nothing overtakes.
    let attempts: u64 = waiting.iter().filter_map(|hook| hook["attempts"].as_u64()).sum();
    assert_eq!(attempts, 1, "{waiting:?}");
    database.renew(&daemon, "P1M").ok();
    daemon.until("2026-01-02T00:00:00Z");
    let whats = panel.whats("subscription");
    assert_eq!(whats, ["subscription.activated", "subscription.renewed"]);
    assert_eq!(panel.whats("order"), ["order.paid"; 2]);
    webhooks_are_sound(&panel, &ada, &database);
    let left = daemon.list("/v1/deliveries?channel=webhook&state=waiting");
    assert_eq!(left.len(), 0, "{left:?}");
}
