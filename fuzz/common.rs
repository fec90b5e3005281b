//! The targets under libFuzzer: the bodies of `tests/fuzz`, and their way of making inputs of others.
//! All are compiled once, here; the programs are no more than their names.

#[path = "../tests/fuzz/mutate.rs"]
pub mod mutate;
#[path = "../tests/fuzz/targets/mod.rs"]
pub mod targets;

/// A program of a target. Half of its inputs are made by libFuzzer, half by [`mutate`].
#[macro_export]
macro_rules! fuzz {
    ($name:literal) => {
        libfuzzer_sys::fuzz_target!(|input: &[u8]| $crate::run($name, input));

        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            if seed % 2 == 0 {
                libfuzzer_sys::fuzzer_mutate(data, size, max_size)
            } else {
                $crate::change($name, data, size, max_size, seed)
            }
        });
    };
}

thread_local! {
    static SEEDS: std::cell::OnceCell<Vec<Vec<u8>>> = const { std::cell::OnceCell::new() };
}

fn target(name: &str) -> &'static targets::Target {
    targets::TARGETS.iter().find(|target| target.name == name).expect("a target")
}

/// Takes an input.
pub fn run(name: &str, input: &[u8]) {
    (target(name).run)(input);
}

/// Changes an input in its place; returns how long it is now.
pub fn change(name: &str, data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut random = mutate::Random::new(seed.into());
    let changed = SEEDS.with(|seeds| {
        let seeds = seeds.get_or_init(|| (target(name).seeds)());
        mutate::mutate(&data[..size], seeds, &mut random)
    });
    let length = changed.len().min(max_size);
    data[..length].copy_from_slice(&changed[..length]);
    length
}
