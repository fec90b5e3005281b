//! Schedulers: one actor per job, woken by its cron line.

pub mod cron;
