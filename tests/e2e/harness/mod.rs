//! What every story needs: a daemon of its own, a client, a mail directory, a webhook receiver.

mod book;
mod daemon;
mod hooks;
mod http;
mod mail;
#[path = "../../support/proxy.rs"]
pub(crate) mod proxy;
#[path = "../../support/postgres.rs"]
pub(crate) mod server;
pub(crate) mod tables;

pub(crate) use book::{Customer, Sub};
pub(crate) use daemon::{Daemon, Home, Ran, renewd};
pub(crate) use hooks::{Hook, Receiver};
pub(crate) use http::{Answer, Ask};
pub(crate) use mail::{Mail, mails_in, words};
