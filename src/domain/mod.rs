//! The core: what the business rules are. Pure: nothing here reads a clock, a database, a random
//! number or the network, so a restart, an audit, a preview and a simulation are the same code
//! run over another list of events or another clock.
//!
//! One function writes, five read:
//!
//! | function | from | to |
//! |---|---|---|
//! | [`stream::State::execute`] | a command, the state, what was looked up | events, or a rejection |
//! | [`account::Account::apply`] | an event | the next state |
//! | [`ledger::postings`] | an event | balanced ledger lines |
//! | [`effects::effects`] | an event, the account after it | what the world must be told |
//! | [`rows::rows`] | what a record touched | one row for each noun |
//! | [`agenda::Agenda::of`] | the state and the rules | when attention is needed next, and for what |
//!
//! [`forecast`] is the writing one, run ahead on a copy.

pub mod account;
pub mod agenda;
pub mod calendar;
pub mod command;
pub mod draft;
pub mod effects;
pub mod event;
pub mod facts;
pub mod fit;
pub mod forecast;
pub mod ids;
pub mod ledger;
pub mod metering;
pub mod money;
pub mod month;
pub mod movement;
pub mod nouns;
pub mod price;
pub mod record;
pub mod rejection;
pub mod rows;
pub mod rules;
pub mod stream;
mod text;
pub mod trial_balance;
pub mod usage;
pub mod verbs;

#[cfg(test)]
mod tests;
