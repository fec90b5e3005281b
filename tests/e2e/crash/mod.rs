//! Power cuts at every fail point of the real daemon: whatever it dies of, the next one goes on, and
//! its book, its mails and its webhooks are those of a life without a death.
//!
//! A story is told once without a death; then again, with the daemon killed behind each step, and the
//! book kept as that leaves it. Each case begins with such a copy, tells that one step with a death in
//! it, and compares. In some the next daemon dies in its turn while it recovers, or one after the other
//! does. In CI it is a sample, spread evenly, with each point in it; `scripts/crash` tells them all.

mod kept;
mod life;
mod picture;
mod story;
mod upgrade;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use renewd::failpoint::Point;

use self::life::{Death, Then, Told};

/// Deaths in a sample, beside the one of each point; second deaths, and crashes on and on.
const MORE: usize = 5;
const AGAIN: usize = 6;
const ON_AND_ON: usize = 1;
/// Second deaths are at one of so many passes of the daemon that recovers: its start has some, and
/// what was left undone has the others.
const RECOVERY: u64 = 16;
/// The first deaths at these points in each chapter are followed by the rest of the story.
const TO_THE_END: [Point; 2] = [Point::TellAfter, Point::MonthAfterSeal];
/// Chapters that are told at once.
const AT_ONCE: usize = 2;

/// Is it the death that is named, `11/tell.after:2`, or one in the chapter that is, `11/`?
fn is_among(death: &Death, named: &str) -> bool {
    let name = death.to_string();
    name == named || (named.ends_with('/') && name.starts_with(named))
}

/// Some of all, spread evenly.
fn spread(all: &[Death], count: usize) -> impl Iterator<Item = Death> {
    let count = count.min(all.len());
    (0..count).map(move |place| all[place * all.len() / count])
}

/// The first pass of each point in each chapter, and a death of the daemon that recovers from it,
/// each at another of its passes.
fn second_deaths(all: &[Death]) -> Vec<Death> {
    let firsts = all.iter().filter(|death| death.n == 1);
    let passes = (1..=RECOVERY).cycle();
    firsts.zip(passes).map(|(death, n)| Death { then: Then::DiesAt(n), ..*death }).collect()
}

/// The first death of each chapter, and no daemon that lives for long.
fn crashes_on_and_on(all: &[Death]) -> Vec<Death> {
    let mut firsts = all.to_vec();
    firsts.dedup_by_key(|death| death.chapter);
    firsts.into_iter().map(|death| Death { then: Then::DieOnAndOn, ..death }).collect()
}

/// The first pass of each point, and some of all others, spread evenly.
fn sample(all: &[Death]) -> Vec<Death> {
    let mut chosen = BTreeSet::new();
    for point in Point::ALL {
        chosen.extend(all.iter().find(|death| death.point == point));
    }
    let rest: Vec<_> = all.iter().filter(|death| !chosen.contains(*death)).copied().collect();
    chosen.extend(spread(&rest, MORE));
    chosen.extend(spread(&second_deaths(all), AGAIN));
    let longest = crashes_on_and_on(all);
    chosen.extend(spread(&longest[longest.len() / 2..], ON_AND_ON));
    chosen.into_iter().collect()
}

/// Lives through deaths, some at once; which points were died at, and what was found.
fn live_through(told: &Told, deaths: &[Death]) -> (BTreeSet<Point>, Vec<String>) {
    let next = AtomicUsize::new(0);
    let found = Mutex::new((BTreeSet::new(), Vec::new(), 0, 0));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(death) = deaths.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // A few lives are told to the end of the story.
                    let is_one = death.n == 1 && death.then == Then::Lives;
                    let to_the_end = is_one && TO_THE_END.contains(&death.point);
                    let last = if to_the_end { told.last() } else { death.chapter };
                    let relive = || told.relive(*death, last);
                    let relived = catch_unwind(AssertUnwindSafe(relive));
                    let mut found = found.lock().expect("what was found");
                    let (died, all, missed, count) = &mut *found;
                    let case = format!("{death} ({})", told.name(death.chapter));
                    match relived {
                        Ok(relived) => {
                            *count += relived.death_count;
                            if relived.death_count > 0 {
                                died.insert(death.point);
                            } else {
                                *missed += 1;
                            }
                            for difference in relived.differences.into_iter().take(6) {
                                eprintln!("{case}: {difference}");
                                all.push(format!("{case}: {difference}"));
                            }
                        }
                        Err(_) => all.push(format!("{case}: see the panic above")),
                    }
                    let done = next.load(Ordering::Relaxed).min(deaths.len());
                    if done.is_multiple_of(25) || done == deaths.len() {
                        eprintln!(
                            "{done} of {} lives, {count} deaths, {missed} not come to, {} findings",
                            deaths.len(),
                            all.len()
                        );
                    }
                }
            });
        }
    });
    let (died, all, ..) = found.into_inner().expect("what was found");
    (died, all)
}

#[test]
fn a_death_anywhere_changes_nothing() {
    let (told, differences) = Told::new();
    assert!(told.is_whole());
    assert!(differences.is_empty(), "killed between steps:\n{}", differences.join("\n"));
    let all = told.deaths();
    let passed: BTreeSet<_> = all.iter().map(|death| death.point).collect();
    assert_eq!(passed, BTreeSet::from(Point::ALL), "the story passes each point");
    let asked = std::env::var("RENEWD_CRASH").unwrap_or_default();
    let single = all.len();
    let mut each = [all.clone(), second_deaths(&all), crashes_on_and_on(&all)].concat();
    // Whoever breaks it off has seen each point in each chapter before its later passes.
    each.sort_by_key(|death| (death.n, death.then, death.chapter));
    let deaths = match asked.as_str() {
        "" => sample(&all),
        "all" => each,
        some => each.into_iter().filter(|death| is_among(death, some)).collect(),
    };
    assert!(!deaths.is_empty(), "RENEWD_CRASH={asked}: there is no such death");
    eprintln!("{} lives; {single} single deaths in all", deaths.len());
    let (died, found) = live_through(&told, &deaths);
    assert!(found.is_empty(), "{} findings:\n{}", found.len(), found.join("\n"));
    let meant: BTreeSet<_> = deaths.iter().map(|death| death.point).collect();
    assert_eq!(died, meant, "each point was died at");
}
