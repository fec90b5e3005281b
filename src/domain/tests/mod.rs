//! Is the core right? Rule by rule in a small language of scripts, in tables, for every input
//! (properties), and byte by byte where others depend on it (golden files).

mod book;
mod campaigns;
mod changes;
mod coupons;
mod golden;
mod house;
mod lifecycle;
mod machines;
mod orders;
mod properties;
mod reminders;
mod renewals;
mod scenario;
mod statements;
mod told;
