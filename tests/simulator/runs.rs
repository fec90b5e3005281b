//! Many worlds, one after the other or on several threads, and what is told of one that fails.

use std::io::{IsTerminal as _, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::laws;
use crate::world::{Days, Setting, Story, World};

/// Failing worlds after which a run ends.
const FAILURES_MAX: usize = 10;
/// Lines of a story that are told at the most.
const LINES_MAX: usize = 400;

/// A number from the environment.
pub(crate) fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    match text.parse() {
        Ok(number) => Some(number),
        Err(error) => panic!("{name}={text}: {error}"),
    }
}

/// Worlds to be lived.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) first: u64,
    pub(crate) count: u64,
    pub(crate) threads: u64,
    /// Does it show how far it is?
    pub(crate) shows: bool,
}

/// How far a run is.
#[derive(Debug, Default)]
struct Tally {
    next: AtomicU64,
    done: AtomicU64,
    days: AtomicU64,
    /// Those of the crowd.
    crowd_days: AtomicU64,
    faults: AtomicU64,
    failed: Mutex<Vec<u64>>,
}

impl Run {
    /// Lives them, and fails if any of them breaks a law.
    pub(crate) fn go(self) {
        let tally = Tally::default();
        let began = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                scope.spawn(|| self.work(&tally, began));
            }
        });
        let failed = tally.failed.into_inner().expect("nobody holds it");
        let (days, seconds) = (tally.days.into_inner(), began.elapsed().as_secs_f64());
        if self.shows {
            eprintln!();
        }
        let crowd = tally.crowd_days.into_inner();
        let crowd = match crowd * 100 / days.max(1) {
            0 => String::new(),
            share => format!(" ({share} % of them the crowd's)"),
        };
        eprintln!(
            "{} worlds, {days} account-days{crowd} with {} faults in {seconds:.1} s: {:.0} \
             account-days/s",
            tally.done.into_inner(),
            tally.faults.into_inner(),
            float(days) / seconds.max(0.001),
        );
        assert!(failed.is_empty(), "worlds {failed:?} broke a law; what they did stands above");
    }

    fn work(self, tally: &Tally, began: Instant) {
        let mut shown = began;
        loop {
            let place = tally.next.fetch_add(1, Ordering::Relaxed);
            let is_over = tally.failed.lock().expect("the list").len() >= FAILURES_MAX;
            if place >= self.count || is_over {
                return;
            }
            let seed = self.first + place;
            match live(seed) {
                Ok((days, faults)) => {
                    tally.days.fetch_add(days.all, Ordering::Relaxed);
                    tally.crowd_days.fetch_add(days.crowd, Ordering::Relaxed);
                    tally.faults.fetch_add(faults, Ordering::Relaxed);
                }
                Err(broken) => {
                    let mut failed = tally.failed.lock().expect("the list");
                    failed.push(seed);
                    tell(seed, &broken);
                }
            }
            let done = tally.done.fetch_add(1, Ordering::Relaxed) + 1;
            let every = if std::io::stderr().is_terminal() { 500 } else { 10_000 };
            if self.shows && shown.elapsed() > Duration::from_millis(every) {
                shown = Instant::now();
                self.show(tally, done, began);
            }
        }
    }

    fn show(self, tally: &Tally, done: u64, began: Instant) {
        let (seconds, days) = (began.elapsed().as_secs_f64(), tally.days.load(Ordering::Relaxed));
        let full = usize::try_from(done * 30 / self.count.max(1)).unwrap_or(0).min(30);
        let bar = "#".repeat(full) + &".".repeat(30 - full);
        let left = seconds / float(done) * float(self.count - done);
        let line = format!(
            "[{bar}] {done}/{} worlds, {:.0} account-days/s, {left:.0} s left",
            self.count,
            float(days) / seconds,
        );
        let mut out = std::io::stderr().lock();
        // Nobody looking is no failure.
        if out.is_terminal() {
            let _ = write!(out, "\r{line}  ");
            let _ = out.flush();
        } else {
            let _ = writeln!(out, "{line}");
        }
    }
}

/// A count as a number that rates are made of.
fn float(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

/// Lives a world; answers its account-days and faults, or what broke which law.
pub(crate) fn live(seed: u64) -> Result<(Days, u64), Vec<String>> {
    let lived = catch_unwind(|| {
        let of = Setting::of(seed);
        let lived = World::live(of);
        let mut broken = laws::broken(&lived.history);
        let mut days = lived.days;
        if !of.hostile {
            let (slept, more) = laws::sleep::broken_in(of);
            broken.extend(slept.into_iter().map(|what| format!("sleep: {what}")));
            days += more;
        }
        (broken, days, lived.faults)
    });
    match lived {
        Ok((broken, days, faults)) if broken.is_empty() => Ok((days, faults)),
        Ok((broken, ..)) => Err(broken),
        Err(panic) => Err(vec![format!("it ended in a panic: {}", words(panic.as_ref()))]),
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

/// Tells of a world that failed: what is broken, how to repeat it, and its last day.
fn tell(seed: u64, broken: &[String]) {
    eprintln!("\nworld {seed} breaks {} laws:", broken.len());
    for what in broken.iter().take(20) {
        eprintln!("- {what}");
    }
    let story = Story::default();
    let _ = catch_unwind(AssertUnwindSafe(|| World::tell_of(Setting::of(seed), &story)));
    let story = story.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(path) = std::env::var_os("RENEWD_STORY") {
        let lines: Vec<String> = story.iter().map(|(at, what)| format!("{at} {what}")).collect();
        if let Err(error) = std::fs::write(&path, lines.join("\n")) {
            eprintln!("{}: {error}", path.display());
        }
    }
    // Five days in which nobody asks for anything come last.
    let is_asked = |(_, what): &&(_, String)| !what.starts_with("  ");
    let last = story.iter().rev().filter(is_asked).nth(1).map(|(at, _)| *at);
    if let Some(last) = last {
        let day = last.minus(Duration::from_hours(24));
        let lines: Vec<_> = story.iter().filter(|(at, _)| *at >= day).collect();
        for (at, what) in lines.iter().skip(lines.len().saturating_sub(LINES_MAX)) {
            eprintln!("  {at} {}", what.chars().take(600).collect::<String>());
        }
    }
    let of = Setting::of(seed);
    let long = if of.is_long { "RENEWD_LONG=1 " } else { "" };
    let crowd = if of.crowd > 0 { format!("RENEWD_CROWD={} ", of.crowd) } else { String::new() };
    eprintln!("again: {long}{crowd}RENEWD_SEED={seed} cargo test --test simulator every_world");
    eprintln!("its whole life into a file: RENEWD_STORY=FILE beside it\n");
}
