//! What looking costs: whoever has nothing to do asks the store once, and says nothing.

use renewd::actors::{Lane, Request};
use renewd::domain::agenda::Job;
use renewd::domain::calendar::Timestamp;
use renewd::domain::command::Command;
use renewd::domain::ids::{AccountId, StreamId};
use renewd::domain::record::Cause;
use renewd::domain::verbs::apply_rules::ApplyRules;
use renewd::store::Store as _;

use crate::book;
use crate::faulty::Faulty;
use crate::habits::{Customer, parsed};
use crate::house::{House, Site};
use crate::random::Random;
use crate::world::now;

#[test]
fn a_job_with_nothing_to_do_asks_once_and_writes_nothing() {
    let site = Site::new(book::config(&mut Random::new(1)), Faulty::new(Random::new(1)));
    let at: Timestamp = parsed("2026-03-01T12:00:00Z");
    let rules = book::rules(&mut Random::new(1));
    let mut house = House::start(&site, at, Some(rules)).expect("a house");
    for job in Job::ALL.into_iter().filter(|job| *job != Job::Housekeeping) {
        let (before, _) = site.store.counts();
        let ran = house.run(async |app, _| app.schedulers.run(job, at).await);
        assert_eq!(ran.expect("it lives").expect("a run").advanced_count, 0, "{job}");
        assert_eq!(site.store.counts().0 - before, 1, "{job}");
    }
    assert_eq!(now(site.store.kept().job_runs(9)).expect("runs"), []);
}

#[test]
fn senders_with_nothing_to_send_ask_once() {
    let site = Site::new(book::config(&mut Random::new(1)), Faulty::new(Random::new(1)));
    let at: Timestamp = parsed("2026-03-01T12:00:00Z");
    let mut house = House::start(&site, at, None).expect("a house");
    let (before, _) = site.store.counts();
    let sent = house.run(async |app, _| app.sender.run_once(at).await);
    assert!(sent.expect("it lives").expect("a run").is_idle());
    assert_eq!(site.store.counts().0 - before, 1);
}

/// Looking for accounts whose next due instant was reckoned under older rules walks through all of
/// them: that is done once for each change of the rules, and after a start.
#[test]
fn due_rows_are_looked_through_once_for_each_change_of_the_rules() {
    let site = Site::new(book::config(&mut Random::new(1)), Faulty::new(Random::new(1)));
    let at: Timestamp = parsed("2026-03-01T12:00:00Z");
    let rules = book::rules(&mut Random::new(1));
    let mut house = House::start(&site, at, Some(rules.clone())).expect("a house");
    let id = AccountId::from_bits(5);
    let opening = Customer::new(id, 1, false, Random::new(3)).opening();
    let opened = Request::new(opening.command, Cause::Daemon, Lane::People);
    let opened = Request { sidecar: opening.sidecar, ..opened };
    let opened = house.run(async |app, _| app.accounts.execute(id.into(), opened).await);
    opened.expect("it lives").expect("an account");
    let sweep = |house: &mut House| {
        let (before, _) = site.store.counts();
        let ran = house.run(async |app, _| app.schedulers.run(Job::Housekeeping, at).await);
        ran.expect("it lives").expect("a run");
        site.store.counts().0 - before
    };
    sweep(&mut house);
    let idle = sweep(&mut house);
    let amended = book::amended(&rules, &mut Random::new(2));
    let apply = ApplyRules { rules: amended.into(), effective_at: None };
    let apply = Request::new(Command::ApplyRules(apply), Cause::Daemon, Lane::People);
    let applied = house.run(async |app, _| app.accounts.execute(StreamId::House, apply).await);
    applied.expect("it lives").expect("new rules");
    let version = || {
        let accounts = now(site.store.kept().accounts(None, 9)).expect("read");
        accounts.first().map(|(_, head)| head.rules_version).expect("an account")
    };
    let before = version();
    assert!(sweep(&mut house) > idle, "it looks for those of older rules");
    let after = version();
    assert!(after > before, "{before}, then {after}");
    // Once more, for what was decided under the older rules meanwhile.
    assert!(sweep(&mut house) > idle, "it looks whether there are none left");
    assert_eq!(sweep(&mut house), idle);
}
