//! Power cuts, one at a time, at every fail point of the real daemon: whatever it dies of, the next
//! one goes on, and its book, its mails and its webhooks are those of a life without a death.
//!
//! A story is told once without a death, and its directory kept as it is before each step. Then each
//! case begins with such a copy, tells that one step with a death in it, and compares. In CI it is a
//! sample, spread evenly, with each point in it; `scripts/crash` tells them all.

mod life;
mod picture;
mod story;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use renewd::failpoint::Point;

use self::life::{Death, Told};

/// Deaths in a sample, beside the one of each point.
const MORE: usize = 13;
/// The first deaths at these points in each chapter are followed by the rest of the story.
const TO_THE_END: [Point; 2] = [Point::TellAfter, Point::MonthAfterSeal];
/// Chapters that are told at once.
const AT_ONCE: usize = 2;

/// Is it the death that is named, `11/tell.after:2`, or one in the chapter that is, `11/`?
fn is_among(death: &Death, named: &str) -> bool {
    let name = format!("{}/{}:{}", death.chapter, death.point.name(), death.n);
    name == named || (named.ends_with('/') && name.starts_with(named))
}

/// The first pass of each point, and some of all others, spread evenly.
fn sample(all: &[Death], more: usize) -> Vec<Death> {
    let mut chosen = BTreeSet::new();
    for point in Point::ALL {
        chosen.extend(all.iter().find(|death| death.point == point));
    }
    let rest: Vec<_> = all.iter().filter(|death| !chosen.contains(*death)).copied().collect();
    chosen.extend((0..more.min(rest.len())).map(|place| rest[place * rest.len() / more]));
    chosen.into_iter().collect()
}

/// Lives through deaths, some at once; which points were died at, and what was found.
fn live_through(told: &Told, deaths: &[Death]) -> (BTreeSet<Point>, Vec<String>) {
    let next = AtomicUsize::new(0);
    let found = Mutex::new((BTreeSet::new(), Vec::new(), 0));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(death) = deaths.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // A few lives are told to the end of the story.
                    let to_the_end = death.n == 1 && TO_THE_END.contains(&death.point);
                    let last = if to_the_end { told.last() } else { death.chapter };
                    let relive = || told.relive(*death, last);
                    let relived = catch_unwind(AssertUnwindSafe(relive));
                    let mut found = found.lock().expect("what was found");
                    let (died, all, missed) = &mut *found;
                    let Death { chapter, point, n } = death;
                    let case = format!("{chapter}/{}:{n} ({})", point.name(), told.name(*chapter));
                    match relived {
                        Ok(relived) => {
                            if relived.died {
                                died.insert(*point);
                            } else {
                                *missed += 1;
                            }
                            let some = relived.differences.into_iter().take(6);
                            all.extend(some.map(|difference| format!("{case}: {difference}")));
                        }
                        Err(_) => all.push(format!("{case}: see the panic above")),
                    }
                    let done = next.load(Ordering::Relaxed).min(deaths.len());
                    if done.is_multiple_of(25) || done == deaths.len() {
                        eprintln!(
                            "{done} of {} deaths, {missed} not come to, {} findings",
                            deaths.len(),
                            all.len()
                        );
                    }
                }
            });
        }
    });
    let (died, all, _) = found.into_inner().expect("what was found");
    (died, all)
}

#[test]
fn a_death_anywhere_changes_nothing() {
    // Each case begins with a copy of a data directory, in which a book on PostgreSQL is not.
    if std::env::var("RENEWD_TEST_STORE").is_ok_and(|store| store == "postgres") {
        eprintln!("deaths at fail points were NOT tried on PostgreSQL: they are on SQLite");
        return;
    }
    let told = Told::new();
    assert!(told.is_whole());
    let all = told.deaths();
    let passed: BTreeSet<_> = all.iter().map(|death| death.point).collect();
    assert_eq!(passed, BTreeSet::from(Point::ALL), "the story passes each point");
    let asked = std::env::var("RENEWD_CRASH").unwrap_or_default();
    let deaths = match asked.as_str() {
        "" => sample(&all, MORE),
        "all" => all.clone(),
        some => all.iter().filter(|death| is_among(death, some)).copied().collect(),
    };
    assert!(!deaths.is_empty(), "RENEWD_CRASH={asked}: there is no such death");
    eprintln!("{} deaths of {}", deaths.len(), all.len());
    let (died, found) = live_through(&told, &deaths);
    assert!(found.is_empty(), "{} findings:\n{}", found.len(), found.join("\n"));
    let meant: BTreeSet<_> = deaths.iter().map(|death| death.point).collect();
    assert_eq!(died, meant, "each point was died at");
}
