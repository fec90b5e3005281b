//! What looking costs: whoever has nothing to do asks the store once, and says nothing.

use renewd::domain::agenda::Job;
use renewd::domain::calendar::Timestamp;
use renewd::store::Store as _;

use crate::book;
use crate::faulty::Faulty;
use crate::habits::parsed;
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
