//! The three renewal modes, side by side on one account.

use serde_json::json;

use crate::harness::{Customer, Daemon, Mail, Sub};

/// What was mailed about a subscription.
fn about<'a>(mails: &'a [Mail], sub: &Sub) -> Vec<&'a str> {
    let mails = mails.iter().filter(|mail| mail.text.contains(&sub.id));
    mails.map(|mail| mail.template.as_str()).collect()
}

#[test]
fn each_mode_is_reminded_renewed_and_released_in_its_own_way() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "500.00");
    let manual = ada.buys(&daemon, "ManualRenewal");
    let auto = ada.buys(&daemon, "AutoRenewal");
    let not = ada.buys(&daemon, "NotRenewal");
    let kept = ada.buys(&daemon, "NotRenewal");
    assert_eq!(ada.cash(&daemon), "428.00");

    // Renewed by hand ten days ahead: there is no second charge (R2.10), and the next attempt is
    // nine days before the new expiry.
    daemon.until("2026-01-22T00:00:00Z");
    auto.renew(&daemon, "P1M").ok();
    kept.renew(&daemon, "P1M").ok();
    daemon.until("2026-01-31T23:00:00Z");
    assert_eq!(ada.cash(&daemon), "392.00");
    assert_eq!(auto.expires_at(&daemon), "2026-03-01T00:00:00Z");
    let mails = ada.mails(&daemon);
    assert_eq!(
        about(&mails, &manual),
        ["activated", "expiring", "expiring", "expiring", "expiring"]
    );
    assert_eq!(about(&mails, &auto), ["activated", "renewal_ahead", "renewed"]);
    assert_eq!(about(&mails, &not), ["activated"], "no expiry reminders (R2.18)");
    assert_eq!(about(&mails, &kept), ["activated", "renewed"]);
    assert_eq!(kept.shown(&daemon)["mode"], "NotRenewal", "a renewal leaves the mode (R2.19)");

    // The reminder of the day itself would fall after the expiry at midnight: it gives way to the
    // notice of the suspension (R3.7).
    daemon.until("2026-02-01T12:00:00Z");
    let mails = ada.mails(&daemon);
    assert_eq!(about(&mails, &manual).last(), Some(&"suspended"));
    assert_eq!(about(&mails, &not), ["activated", "suspended"]);

    // Release comes to both, with the last notice before it.
    daemon.until("2026-02-18T00:00:00Z");
    assert_eq!(manual.state(&daemon), "Released");
    assert_eq!(not.state(&daemon), "Released");
    let mails = ada.mails(&daemon);
    assert_eq!(about(&mails, &not), ["activated", "suspended", "release_ahead", "released"]);
    assert_eq!(auto.state(&daemon), "Active");
    daemon.until("2026-02-20T08:00:00Z");
    assert_eq!(auto.expires_at(&daemon), "2026-04-01T00:00:00Z");
    assert_eq!(ada.cash(&daemon), "374.00", "one deduction for one period");
    daemon.until("2026-03-05T00:00:00Z");
    assert_eq!(kept.state(&daemon), "Suspended");
    kept.renew(&daemon, "P1M").ok();
    assert_eq!(kept.state(&daemon), "Active", "still renewable by hand");
    let home = daemon.stop();
    home.run("check", &[]).ok();
}

#[test]
fn manual_renewal_is_reminded_on_the_day_itself_too() {
    let daemon = crate::harness::Home::new().start_at("2026-01-01T12:00:00Z");
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "18.00");
    let manual = ada.buys(&daemon, "ManualRenewal");
    daemon.until("2026-02-01T11:00:00Z");
    let mails = ada.mails(&daemon);
    assert_eq!(about(&mails, &manual), [vec!["activated"], vec!["expiring"; 5]].concat());
    // 15, 7, 3, 1 and 0 days before, at 09:00, each once (R3.1, R3.7).
    let journal = ada.journal(&daemon);
    let mut at: Vec<&str> = journal
        .iter()
        .filter(|record| record["events"][0]["notice"].is_object())
        .filter_map(|record| record["at"].as_str())
        .collect();
    at.sort_unstable();
    let days = ["2026-01-17", "2026-01-25", "2026-01-29", "2026-01-31", "2026-02-01"];
    assert_eq!(at, days.map(|day| format!("{day}T09:00:00Z")));
}

#[test]
fn a_mode_can_be_changed_and_only_later_marks_apply() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "100.00");
    let sub = ada.buys(&daemon, "NotRenewal");
    daemon.until("2026-01-26T00:00:00Z");
    let set = sub.set_mode(&daemon, &json!({"mode": "ManualRenewal"})).ok();
    assert_eq!(set["subscription"]["mode"], "ManualRenewal");
    assert!(set["next_attempt_at"].is_null(), "{set}");
    daemon.until("2026-01-31T12:00:00Z");
    let mails = ada.mails(&daemon);
    assert_eq!(about(&mails, &sub), ["activated", "expiring", "expiring"], "three days, one day");
    // Switched on when the slot of today is over: attempted at the next one, or at once if there
    // is none before expiry (R2.9).
    let set = sub.set_mode(&daemon, &json!({"mode": "AutoRenewal"})).ok();
    assert_eq!(set["subscription"]["auto_period"], "P1M", "derived from what was bought (R2.13)");
    daemon.until("2026-02-01T00:00:00Z");
    assert_eq!(sub.expires_at(&daemon), "2026-03-01T00:00:00Z");
    assert_eq!(ada.cash(&daemon), "64.00");
    // Once it has stopped, it is too late to switch on (R2.7).
    sub.set_mode(&daemon, &json!({"mode": "NotRenewal"})).ok();
    daemon.until("2026-03-02T00:00:00Z");
    assert_eq!(sub.state(&daemon), "Suspended");
    sub.set_mode(&daemon, &json!({"mode": "AutoRenewal"})).refused(409, "TooLateForMode");
}
