//! Verbs about the house: catalogue, schedulers, clock, import, brake, deliveries.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{Once, Slice, Write};

/// About the catalogue.
#[derive(Debug, Subcommand)]
pub(crate) enum CatalogueVerb {
    /// Show what is sold, where, and at which price; with --json all the rules.
    Show,
    /// Validate a catalogue, show what it changes, and put it in force.
    #[command(after_help = "\
Orders keep the price they were made at, paid periods their terms.

Examples:
  renewctl catalogue apply config/catalogue.toml --dry-run
  renewctl catalogue apply config/catalogue.toml --effective-at 2027-01-01T00:00:00Z")]
    Apply {
        /// The catalogue, in TOML or JSON; `-` reads stdin.
        file: PathBuf,
        /// From when it is in force; at once if not given. Never in the past.
        #[arg(long, value_name = "INSTANT")]
        effective_at: Option<String>,
        #[command(flatten)]
        write: Write,
    },
}

/// Which deliveries to list.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  renewctl deliveries --state waiting
  renewctl deliveries --state dead --channel webhook --all")]
pub(crate) struct Deliveries {
    /// Only in this state: waiting, sent, void or dead.
    #[arg(long)]
    pub(crate) state: Option<String>,
    /// Only on this channel: mail, webhook or tell.
    #[arg(long)]
    pub(crate) channel: Option<String>,
    #[command(flatten)]
    pub(crate) slice: Slice,
}

/// About schedulers.
#[derive(Debug, Subcommand)]
pub(crate) enum ScheduleVerb {
    /// List the schedulers: when they look, what is due, what they did last.
    List,
    /// Run one now, and say what it did.
    #[command(after_help = "Examples:\n  renewctl schedule run renewals")]
    Run {
        /// Which.
        #[arg(value_enum)]
        job: Job,
        #[command(flatten)]
        once: Once,
    },
}

/// A scheduler's job.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Job {
    /// Unpaid orders time out.
    Orders,
    /// Automatic renewals.
    Renewals,
    /// Expiry, suspension, release.
    Lifecycle,
    /// Notices.
    Reminders,
    /// Usage is settled.
    Settlement,
    /// Due dates, and what happens for debt.
    Dunning,
    /// Accounts are closed, stage by stage.
    Closures,
    /// Months are closed, and statements said.
    Statements,
    /// Sweeps: changed rules, old tokens, old deliveries.
    Housekeeping,
}

impl Job {
    /// As it stands in a path.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Renewals => "renewals",
            Self::Lifecycle => "lifecycle",
            Self::Reminders => "reminders",
            Self::Settlement => "settlement",
            Self::Dunning => "dunning",
            Self::Closures => "closures",
            Self::Statements => "statements",
            Self::Housekeeping => "housekeeping",
        }
    }
}

/// About the clock.
#[derive(Debug, Subcommand)]
pub(crate) enum ClockVerb {
    /// Show what the clock shows.
    Show,
    /// Move a manual clock by a length, through everything that is due on the way.
    #[command(
        after_help = "Examples:\n  renewctl clock advance 15d\n  renewctl clock advance PT6H"
    )]
    Advance {
        /// How far: 15d, 6h, 30m, P15D, PT6H.
        length: String,
        #[command(flatten)]
        once: Once,
    },
    /// Move a manual clock to an instant, through everything that is due on the way.
    #[command(after_help = "Examples:\n  renewctl clock to 2026-02-01T00:00:00Z")]
    To {
        /// Where to.
        instant: String,
        #[command(flatten)]
        once: Once,
    },
}

/// Bring an existing book along.
#[derive(Debug, Args)]
#[command(after_help = "\
Each line is an account with its balance and its live subscriptions, in JSON. A bad line is named \
by its number with its reason, and stops nothing else; nothing is imported twice under one \
external_id, so the whole file can be sent again.

A line (here in several):
  {\"external_id\":\"whmcs-812\",\"cash\":\"120.00\",
   \"account\":{\"name\":\"Ada Ltd\",\"email\":\"ops@ada.example\",\"kind\":\"corporate\",
              \"country\":\"DE\",\"currency\":\"USD\",\"time_zone\":\"Europe/Berlin\",\"language\":\"en\"},
   \"subscriptions\":[{\"external_id\":\"srv-9\",\"product\":\"ecs\",\"plan\":\"small\",
              \"region\":\"eu-central-1\",\"anchor\":\"2025-08-31T00:00:00Z\",
              \"expires_at\":\"2026-11-30T00:00:00Z\",\"period\":\"P1M\",\"mode\":\"AutoRenewal\",
              \"price\":\"12.00\"}]}

Examples:
  renewctl import book.jsonl --dry-run
  renewctl import book.jsonl --held")]
pub(crate) struct Import {
    /// The book, as JSON lines; `-` reads stdin.
    pub(crate) file: PathBuf,
    /// Start the accounts held, until `renewctl account let-go`.
    #[arg(long)]
    pub(crate) held: bool,
    #[command(flatten)]
    pub(crate) write: Write,
}

/// About the brake.
#[derive(Debug, Subcommand)]
pub(crate) enum BrakeVerb {
    /// Show whether suspensions, releases and closings are held back.
    Show,
    /// Let through what is held back.
    Release {
        #[command(flatten)]
        write: Write,
    },
}
