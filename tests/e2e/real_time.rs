//! By the machine's clock everything goes by itself, and nothing moves the clock.

use serde_json::json;

use crate::harness::{Customer, Home, Receiver, words};

#[test]
fn by_the_machines_clock_deliveries_go_out_by_themselves() {
    let (home, panel) = (Home::new(), Receiver::start());
    home.configure(&panel.config());
    let daemon = home.start_by("system");
    assert_eq!(daemon.get("/v1/clock").ok()["kind"], "system");
    daemon.post("/v1/clock", &json!({"advance": "P1D"})).refused(409, "ClockNotManual");
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "18.00");
    let database = ada.buys(&daemon, "ManualRenewal");
    let hooks = panel.await_hooks(2);
    assert!(hooks.iter().all(|hook| hook.is_signed), "{hooks:?}");
    assert_eq!(database.state(&daemon), "Active");
    let status = daemon.get("/v1/status").ok();
    assert_eq!((&status["account_count"], &status["lag_seconds"]), (&1.into(), &0.into()));
    let jobs = renewd::domain::agenda::Job::ALL.len();
    assert!(status["schedulers"].as_array().is_some_and(|all| all.len() == jobs), "{status}");
    let ran = daemon.post("/v1/schedulers/renewals/run", &json!({})).ok();
    assert_eq!(ran["failed_count"], 0, "{ran}");
    // A graceful stop keeps what waits: under a manual clock it goes out when time goes on.
    let home = daemon.stop();
    let sent = home.run("check", &[]).ok();
    assert!(sent.out.contains("0 findings"), "{sent:?}");
    let mails = crate::harness::mails_in(&home.path("data/mail"));
    assert!(words(&mails).iter().all(|word| ["topped_up", "activated"].contains(word)));
}
