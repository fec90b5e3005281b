//! Verbs about what is paid for after use.

use clap::Subcommand;

use super::{Slice, Write, id};

/// About pay-as-you-go resources.
#[derive(Debug, Subcommand)]
pub(crate) enum ResourceVerb {
    /// Open a resource; it runs, and is paid for after use.
    #[command(after_help = "\
`renewctl catalogue show` lists what is sold by use. Running time is metered by the daemon; what \
else a resource uses is reported with `renewctl usage send`. An account that is overdue can't open \
anything.

Examples:
  renewctl resource open acc_k3f9x2m7qd compute small eu-central-1 --external-id web-1
  renewctl resource open acc_k3f9x2m7qd compute small eu-central-1 --dry-run")]
    Open {
        /// The account that pays for it.
        #[arg(value_parser = id)]
        account: String,
        /// The product.
        product: String,
        /// Its plan.
        plan: String,
        /// The region.
        region: String,
        /// The provider's own name for it.
        #[arg(long, value_name = "NAME")]
        external_id: Option<String>,
        #[command(flatten)]
        write: Write,
    },
    /// List resources: of an account, or of all.
    #[command(after_help = "\
Examples:
  renewctl resource list acc_k3f9x2m7qd
  renewctl resource list --state halted --all")]
    List {
        /// Only of this account.
        #[arg(value_parser = id)]
        account: Option<String>,
        /// Only in this state: running, stopped, halted or released.
        #[arg(long)]
        state: Option<String>,
        /// Only of this product.
        #[arg(long)]
        product: Option<String>,
        /// Only in this region.
        #[arg(long)]
        region: Option<String>,
        #[command(flatten)]
        slice: Slice,
    },
    /// Show a resource.
    Show {
        /// The resource.
        #[arg(value_parser = id)]
        resource: String,
    },
    /// Start a resource that its owner stopped.
    #[command(after_help = "\
What was stopped for debt runs again by itself once all due debt is paid.

Examples:
  renewctl resource start res_k3f9x2m7qd_4")]
    Start {
        /// The resource.
        #[arg(value_parser = id)]
        resource: String,
        #[command(flatten)]
        write: Write,
    },
    /// Stop a resource. It still costs what its product says of a stopped one.
    Stop {
        /// The resource.
        #[arg(value_parser = id)]
        resource: String,
        #[command(flatten)]
        write: Write,
    },
    /// Give a resource another plan: what it uses from now on is a line of its own.
    #[command(after_help = "Examples:\n  renewctl resource change res_k3f9x2m7qd_4 large")]
    Change {
        /// The resource.
        #[arg(value_parser = id)]
        resource: String,
        /// The plan.
        plan: String,
        #[command(flatten)]
        write: Write,
    },
    /// Release a resource: its data are lost. What it used is settled with its last cycle.
    #[command(after_help = "\
It works while the account is overdue, too, so that a debt stops growing.

Examples:
  renewctl resource release res_k3f9x2m7qd_4 --confirm")]
    Release {
        /// The resource.
        #[arg(value_parser = id)]
        resource: String,
        /// Yes, its data shall be lost.
        #[arg(long)]
        confirm: bool,
        #[command(flatten)]
        write: Write,
    },
}
