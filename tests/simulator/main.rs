//! Seeded worlds in virtual time: customers with habits, a hostile outside, a store that fails and
//! a daemon that dies, over the real actors, schedulers, senders and eraser; and the laws that
//! none of them may break.
//!
//! `RENEWD_SEED=7 cargo test --test simulator every_world` repeats world 7, and tells its last day
//! if it breaks a law. `scripts/simulate --worlds 100000` runs many.

#![expect(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

mod book;
mod cost;
mod faulty;
mod habits;
mod history;
mod house;
mod laws;
mod outside;
mod random;
mod runs;
mod seeds;
mod stretches;
mod world;

use runs::{Run, setting};
use world::World;

/// The daemon's own: a world is made of small pieces.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Worlds of a usual run of the tests.
const WORLDS: u64 = 6;

#[test]
fn every_world_keeps_the_laws() {
    if let Some(seed) = setting("RENEWD_SEED") {
        Run { first: seed, count: 1, threads: 1, shows: false }.go();
    } else {
        Run { first: 1, count: WORLDS, threads: 2, shows: false }.go();
    }
}

/// A long run, by `scripts/simulate`.
#[test]
#[ignore = "as long as it is told to be: scripts/simulate"]
fn many_worlds_keep_the_laws() {
    let first = setting("RENEWD_FIRST").unwrap_or(1);
    let count = setting("RENEWD_WORLDS").unwrap_or(1_000);
    let threads = setting("RENEWD_THREADS").unwrap_or(1);
    Run { first, count, threads, shows: true }.go();
}

#[test]
fn a_seed_repeats_itself() {
    for seed in 1..3 {
        let of = world::Setting::of(seed);
        let (one, other) = (World::live(of), World::live(of));
        assert!(!one.history.digests().is_empty());
        assert_eq!(one.history.digests(), other.history.digests(), "seed {seed}");
        assert_eq!((one.calls, one.faults), (other.calls, other.faults), "seed {seed}");
    }
}
