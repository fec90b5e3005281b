//! Is the core right? Rule by rule in a small language of scripts, in tables, for every input
//! (properties), and byte by byte where others depend on it (golden files).

#![expect(clippy::too_many_lines, reason = "tables of events, and a language with many words")]

mod balance;
mod balance_properties;
mod balance_words;
mod book;
mod campaigns;
mod changes;
mod channels;
mod closure_properties;
mod closure_words;
mod closures;
mod corners;
mod coupon_predicates;
mod coupons;
mod forecast;
mod forecast_properties;
mod gates;
mod going_out;
mod golden;
mod house;
mod instants;
mod lifecycle;
mod lives;
mod machines;
mod metered;
mod orders;
mod payg;
mod payg_properties;
mod payg_words;
mod properties;
mod readings;
mod refunds;
mod reminders;
mod renewals;
mod rules_faults;
mod scenario;
mod statements;
mod states;
mod told;
mod wallet;
