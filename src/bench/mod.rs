//! `renewd bench`: what the daemon's own path costs beside a floor that writes the same rows with
//! bare prepared statements in equally large transactions, on the same disk, in the same run.

pub mod arguments;
pub mod commands;
mod copies;
mod daemon;
mod floor;
mod house;
pub mod large_account;
mod mark;
pub mod orders;
mod processors;
pub mod recovery;
pub mod renewals;
mod server;
pub mod start;
mod table;
pub mod usage;

use std::time::Duration;

pub use house::Place;

/// The value below which `share` of the sorted samples lie, in milliseconds.
fn percentile_ms(samples: &mut [Duration], share: f64) -> f64 {
    samples.sort_unstable();
    if samples.is_empty() {
        return 0.0;
    }
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in a list of samples"
    )]
    let place = ((samples.len() - 1) as f64 * share).round() as usize;
    samples.get(place).map_or(0.0, |sample| sample.as_secs_f64() * 1000.0)
}

/// What each of `count` took, in microseconds.
fn micros_each(count: u64, took: Duration) -> f64 {
    1e6 / per_second(count, took)
}

/// How many in a second.
fn per_second(count: u64, took: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let count = count as f64;
    count / took.as_secs_f64().max(f64::MIN_POSITIVE)
}

/// The largest resident set of this process so far, in MiB; 0 where the system does not tell.
fn peak_rss_mib() -> f64 {
    status_mib("self", "VmHWM:")
}

/// The resident set of this process now, in MiB.
fn rss_mib() -> f64 {
    status_mib("self", "VmRSS:")
}

/// A size of a process, in MiB; 0 where the system does not tell.
fn status_mib(process: &str, field: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}
