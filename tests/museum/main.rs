//! The museum: what hurt the users of other billing engines, each case acted again on renewd. A
//! room for each kind of pain; `docs/museum.md` is the catalogue.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

mod house;
mod people;

#[path = "../e2e/harness/mod.rs"]
#[allow(dead_code, unused_imports, reason = "stories of the whole daemon need more of it")]
mod harness;

mod catalogue;
mod double_charges;
mod forecasts_and_closures;
mod missed_renewals;
mod slow_runs_and_installs;
mod time_zones;
mod wallets_and_coupons;
mod webhooks_and_mails;
