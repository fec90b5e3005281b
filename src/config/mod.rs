//! The daemon's configuration: what a provider's operator sets. Business numbers are not here:
//! they are rules, and live in the catalogue.
//!
//! Every key has a default, written with a comment in `config/renewd.toml`. Over the defaults come
//! a file, the environment (`RENEWD_MAIL__BACKEND=smtp`) and the command line, in this order. Keys
//! that are not known are refused.

mod load;
mod paths;
mod validate;

pub use load::{ConfigError, parse_rules};
pub use paths::Book;

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::Months;
use serde::{Deserialize, Serialize};

use crate::domain::agenda::Job;
use crate::domain::calendar::{Timestamp, Zone};
use crate::domain::rules::Length;

/// The whole configuration.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The daemon itself.
    pub daemon: Daemon,
    /// Where the book is kept.
    pub store: Store,
    /// Time.
    pub time: Time,
    /// When schedulers look.
    pub schedulers: Schedulers,
    /// The brake on mass destruction (D38).
    pub brake: Brake,
    /// Tokens of requests (R4.11–R4.13).
    pub tokens: Tokens,
    /// Mail.
    pub mail: Mail,
    /// Who sells, as it stands on statements and invoices.
    pub seller: Seller,
    /// Webhook endpoints by name.
    pub webhooks: BTreeMap<String, Webhook>,
    /// How deliveries are retried.
    pub outbox: Outbox,
    /// What is kept of accounts that were closed.
    pub retention: Retention,
}

/// The daemon itself.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Daemon {
    /// The directory that holds everything that is not set otherwise.
    pub data: PathBuf,
    /// The control socket; `renewd.sock` in the data directory if empty.
    pub socket: PathBuf,
    /// The key that account keys are wrapped under; `deployment.key` in the data directory if
    /// empty. Keep it outside the database's backups.
    pub key: PathBuf,
    /// User ids that may use the socket beside root and the daemon's own; its mode and group
    /// decide as well.
    pub allow_uids: Vec<u32>,
    /// Group ids whose members may use the socket.
    pub allow_gids: Vec<u32>,
    /// Account actors that may live at once.
    pub live_accounts_max: u32,
    /// An account actor that was idle for so long is retired.
    pub retire_after: Length,
    /// Connections that the socket serves at once; others wait. Each takes an open file, and the
    /// database needs some of those that a process may have.
    pub connections_max: u32,
    /// The largest request body, in bytes.
    pub body_max: u32,
    /// Events of usage that one call may bring.
    pub usage_batch_max: u32,
    /// The largest body of such a call, in bytes.
    pub usage_body_max: u32,
}

impl Default for Daemon {
    fn default() -> Self {
        Self {
            data: PathBuf::from("renewd-data"),
            socket: PathBuf::new(),
            key: PathBuf::new(),
            allow_uids: Vec::new(),
            allow_gids: Vec::new(),
            live_accounts_max: 10_000,
            retire_after: seconds(60),
            connections_max: 512,
            body_max: 1_048_576,
            usage_batch_max: 10_000,
            usage_body_max: 16_777_216,
        }
    }
}

/// Where the book is kept.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    /// The database file; `renewd.db` in the data directory if empty.
    pub path: PathBuf,
    /// Instead of a file: `postgres://user@host:port/database`, or `sqlite:` and a path.
    #[serde(serialize_with = "paths::without_password")]
    pub url: String,
    /// A file with the password to the database; if empty it is in the URL, in `PGPASSWORD`, or in
    /// the file that `PGPASSFILE` names.
    pub password_file: PathBuf,
    /// Connections to a server that write at the same time; 0 for as many as suit it, which is 4.
    /// A file has one.
    pub writers: u32,
}

/// Time.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Time {
    /// The zone of accounts that name none (D3).
    pub billing_tz: Zone,
}

impl Default for Time {
    fn default() -> Self {
        Self { billing_tz: Zone::UTC }
    }
}

/// When schedulers look: cron lines with seconds, in UTC.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Schedulers {
    /// Notices.
    pub reminders: String,
    /// Accounts are closed, stage by stage.
    pub closures: String,
    /// Cron line of the scheduler that closes months.
    pub statements: String,
    /// Automatic renewals.
    pub renewals: String,
    /// Usage is settled.
    pub settlement: String,
    /// Due dates, and what happens for debt.
    pub dunning: String,
    /// Expiry, suspension, release.
    pub lifecycle: String,
    /// Unpaid orders time out.
    pub orders: String,
    /// Sweeps.
    pub housekeeping: String,
    /// Accounts that one scheduler advances at once.
    pub concurrency: u32,
    /// Something due for longer than this is taken by any scheduler, whatever its label.
    pub any_after: Length,
}

impl Default for Schedulers {
    fn default() -> Self {
        let minutely = || "0 * * * * *".to_owned();
        Self {
            reminders: minutely(),
            closures: minutely(),
            statements: minutely(),
            renewals: minutely(),
            settlement: minutely(),
            dunning: minutely(),
            lifecycle: minutely(),
            orders: minutely(),
            housekeeping: "30 7 * * * *".to_owned(),
            concurrency: 512,
            any_after: seconds(600),
        }
    }
}

impl Schedulers {
    /// The cron line of a job.
    #[must_use]
    pub fn cron(&self, job: Job) -> &str {
        match job {
            Job::Reminders => &self.reminders,
            Job::Closures => &self.closures,
            Job::Statements => &self.statements,
            Job::Renewals => &self.renewals,
            Job::Settlement => &self.settlement,
            Job::Dunning => &self.dunning,
            Job::Lifecycle => &self.lifecycle,
            Job::Orders => &self.orders,
            Job::Housekeeping => &self.housekeeping,
        }
    }
}

/// The brake on mass destruction (D38).
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Brake {
    /// So many suspensions, releases and closings in a pass are always let through.
    pub min: u32,
    /// And so many in a hundred accounts.
    pub share_percent: u32,
    /// What is due for longer than this is counted: it is not the day's ordinary work.
    pub gap: Length,
}

impl Default for Brake {
    fn default() -> Self {
        Self { min: 20, share_percent: 1, gap: seconds(900) }
    }
}

/// Tokens of requests (R4.11–R4.13).
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tokens {
    /// The longest token, in ASCII characters.
    pub max_len: u32,
    /// How long a token is remembered.
    pub keep: Length,
}

impl Default for Tokens {
    fn default() -> Self {
        Self { max_len: 64, keep: seconds(7 * 86_400) }
    }
}

/// How mail goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MailBackend {
    /// Each mail is a file in a directory.
    Directory,
    /// By SMTP.
    Smtp,
    /// Kept in memory, for tests.
    Memory,
}

/// Mail.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    /// How mail goes out.
    pub backend: MailBackend,
    /// The directory of `.eml` files; `mail` in the data directory if empty.
    pub directory: PathBuf,
    /// `smtp://user:password@host:port`, `smtps://…`, with `?tls=required` or `?tls=opportunistic`.
    pub smtp_url: String,
    /// The sender.
    pub from: String,
    /// Who is told of what needs an operator; nobody if empty.
    pub operator: String,
    /// The provider's name, as it signs its mail.
    pub provider: String,
    /// Templates that replace the built-in ones, by language and name.
    pub templates: PathBuf,
    /// Connections to the SMTP server at once.
    pub connections_max: u32,
    /// The language of accounts that name none.
    pub language: String,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            backend: MailBackend::Directory,
            directory: PathBuf::new(),
            smtp_url: String::new(),
            from: "renewd <billing@localhost>".to_owned(),
            operator: String::new(),
            provider: "renewd".to_owned(),
            templates: PathBuf::new(),
            connections_max: 4,
            language: "en".to_owned(),
        }
    }
}

/// Who sells, as it stands on statements, invoices and credit notes.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Seller {
    /// The name, as registered; `mail.provider` if empty.
    pub name: String,
    /// The address, a line each, the country last.
    pub address: Vec<String>,
    /// The number that tax authorities know it under; none if empty.
    pub tax_id: String,
    /// Ways to reach it, a line each: mail, telephone, web.
    pub contact: Vec<String>,
    /// Paragraphs under the sums: terms of payment, grounds of an exemption.
    pub notes: Vec<String>,
    /// A TrueType or OpenType file for names that the built-in fonts cannot write, such as Chinese
    /// ones; none if empty. It is read whenever a PDF is printed.
    pub fallback_font: PathBuf,
    /// The font's place, where that file is a collection.
    pub fallback_font_index: u32,
}

/// A webhook endpoint.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Where to.
    pub url: String,
    /// The secret that signs, `whsec_…`.
    #[serde(skip_serializing)]
    pub secret: String,
}

/// How deliveries are retried.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Outbox {
    /// The wait after the first failure; it doubles with each further one.
    pub retry_first: Length,
    /// The longest wait.
    pub retry_max: Length,
    /// A delivery that failed for so long is given up.
    pub give_up_after: Length,
    /// How long one attempt may take.
    pub timeout: Length,
    /// How long settled deliveries are listed.
    pub keep: Length,
    /// How often the outbox is looked at.
    pub every: Length,
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            retry_first: seconds(5),
            retry_max: seconds(4 * 3600),
            give_up_after: seconds(3 * 86_400),
            timeout: seconds(20),
            keep: seconds(90 * 86_400),
            every: seconds(1),
        }
    }
}

/// What is kept of accounts that were closed, and for how long.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Who bought stays on the invoices of a closed account for so many years (D22, D49).
    pub retention_years: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { retention_years: 10 }
    }
}

impl Retention {
    fn months(self) -> Months {
        Months::new(self.retention_years.saturating_mul(12))
    }

    /// Until when who bought is kept of an account that was closed then.
    #[must_use]
    pub fn until(self, closed_at: Timestamp) -> Timestamp {
        let until = Zone::UTC.local(closed_at).checked_add_months(self.months());
        until.map_or(Timestamp::MAX, |until| Zone::UTC.instant(until))
    }

    /// The retention has ended for accounts that were closed by then.
    #[must_use]
    pub fn ended_for(self, now: Timestamp) -> Timestamp {
        let closed_by = Zone::UTC.local(now).checked_sub_months(self.months());
        closed_by.map_or(Timestamp::MIN, |closed_by| Zone::UTC.instant(closed_by))
    }
}

const fn seconds(count: u64) -> Length {
    Length(std::time::Duration::from_secs(count))
}
