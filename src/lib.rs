//! renewd keeps every customer's money and time.
pub mod actors;
pub mod admin;
pub mod app;
pub mod bench;
pub mod catalogue;
pub mod check;
pub mod clock;
pub mod config;
pub mod demo;
pub mod domain;
pub mod outbox;
pub mod scheduler;
pub mod serve;
pub mod stepper;
pub mod store;
