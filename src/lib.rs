//! renewd keeps every customer's money and time: prepaid balances, coupons, orders, term
//! subscriptions, statements; reminders, renewals, suspension and release, on time and exactly
//! once.
//!
//! # The idea
//!
//! Everything that happens to an account is an event in its journal, and everything else is a
//! reading of it. The core ([`domain`]) is pure; the rooms around it bring requests in, make what
//! was decided durable, and carry it out. `ARCHITECTURE.md` says why.
//!
//! # The map, in the order in which to read it
//!
//! - [`domain`]: what the business rules are. Start at `domain::stream::State::execute`, then a
//!   noun (`nouns::subscription`) and a verb (`verbs::renew`).
//! - [`store`]: what the house asks of a database; SQLite, PostgreSQL, memory, and what seals
//!   beside them.
//! - [`actors`]: one writer a stream; `actors::execute` is the way of a command.
//! - [`scheduler`]: one actor a job, who asks who is due. [`outbox`]: what goes out.
//! - [`eraser`]: what happens to a closed account after its last letter.
//! - [`documents`]: statements, invoices and credit notes as HTML and PDF.
//! - [`admin`]: the control socket. [`stepper`]: all of it under a clock that is moved by hand.
//! - [`failpoint`]: where a test can have the daemon die; empty in a release build.
//! - [`app`] builds the house, [`serve`] puts the socket in front of it; [`check`], [`demo`] and
//!   [`bench`] look at it from outside. [`config`] and [`catalogue`] are what people write,
//!   [`clock`] the one door to the time of day.
//!
//! Imports point down, rooms of one floor are strangers, and a third-party crate has one home:
//! `tests/architecture.rs` holds it.
//!
//! # Words
//!
//! One word an idea, in code, API, command line, log and mail: *account*, *wallet*, *order*,
//! *subscription*, *period* (what is paid), *mode* (how it is renewed), *notice* (what is said),
//! *mark* (when), *slot* (when a renewal is attempted), *due* and *advance* (settle what is due),
//! *lot* (cash that came in at once), *withdrawal* (cash back to its owner), *transfer* (cash to
//! another account), *channel* (through which something is asked), *standing* (good or overdue),
//! *closure* (of an account, stage by stage), *blocker* (what stands in its way), *holding* (what
//! other systems hold for an account),
//! *coupon* (a voucher, a spend-and-save, a percentage), *campaign* (what grants them), *coverage*
//! (what was paid, over the time that it pays for), *delivery* of an order (the provider's system
//! has done it), *bill line*, *statement* (a month of them), *document* (an invoice or a credit
//! note), *series* (what numbers documents), *record* (one accepted command in the journal),
//! *stream* (what a journal is of: an account, or something that accounts share: a campaign, a
//! series, the house), *effect* (what the world must be told), *delivery* (its way out),
//! *claim* (what is unique), *token* (what makes a repeated request one), *hold*, *park*, *brake*.
//!
//! # What is deliberately absent
//!
//! No transaction over two streams, no lock around an account, no clock in a decision, no float
//! near money, no rule outside the core, no address in the journal.

pub mod actors;
pub mod admin;
pub mod app;
pub mod bench;
pub mod catalogue;
pub mod check;
pub mod clock;
pub mod config;
pub mod demo;
pub mod documents;
pub mod domain;
pub mod eraser;
pub mod failpoint;
pub mod outbox;
pub mod scheduler;
pub mod serve;
pub mod stepper;
pub mod store;
