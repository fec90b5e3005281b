//! Verbs about usage.

use std::path::PathBuf;

use clap::Subcommand;

use super::id;

/// About usage.
#[derive(Debug, Subcommand)]
pub(crate) enum UsageVerb {
    /// Report what resources used.
    #[command(after_help = "\
Each line is an event, in JSON; events of any accounts, in any order. An event is known by its \
meter, source and id, and counted once however often it is sent: what broke off is sent again from \
the start. A bad event is named by its line with its reason, and stops nothing else. `quantity` is \
a decimal number, best as text; a meter that counts different things takes a `value` instead.

A line (here in two):
  {\"id\":\"7-112\",\"source\":\"dc1\",\"resource\":\"res_k3f9x2m7qd_4\",\"meter\":\"traffic\",
   \"quantity\":\"1.25\",\"at\":\"2026-12-01T10:00:00Z\"}

Examples:
  renewctl usage send events.jsonl
  renewctl usage send events.jsonl --dry-run
  renewctl usage send -

Exit codes:
  0 all are counted, now or before   1 some were refused")]
    Send {
        /// The events, as JSON lines; `-` reads stdin.
        #[arg(default_value = "-")]
        file: PathBuf,
        /// Only say what would happen.
        #[arg(long)]
        dry_run: bool,
    },
    /// Show what a resource has used so far: settled in this month, and not yet settled.
    #[command(after_help = "Examples:\n  renewctl usage show res_k3f9x2m7qd_4")]
    Show {
        /// The resource.
        #[arg(value_parser = id)]
        resource: String,
    },
}
