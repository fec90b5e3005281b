//! renewd keeps every customer's money and time.
pub mod actors;
pub mod admin;
pub mod catalogue;
pub mod clock;
pub mod config;
pub mod domain;
pub mod outbox;
pub mod scheduler;
pub mod store;
