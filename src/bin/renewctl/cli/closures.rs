//! Verbs about closing accounts.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::{Slice, Write, id};

/// About closing accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum ClosureVerb {
    /// Say what stands in the way of closing an account, and what to do about it.
    Check {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// As if the cash that is left were given up.
        #[arg(long)]
        forfeit: bool,
    },
    /// Ask for an account to be closed: its owner is mailed a one-time code.
    #[command(after_help = "\
A closed account cannot be reopened: its personal data is destroyed, and its coupons are void.

With --operator you begin it on the owner's behalf, without a code: you acknowledge that, and the \
owner is mailed the reason and how to revoke it.

Examples:
  renewctl closure request acc_k3f9x2m7qd --disclaimer
  renewctl closure request acc_k3f9x2m7qd --disclaimer --forfeit
  renewctl closure request acc_k3f9x2m7qd --operator --reason 'As you asked by letter' \
--reference letter-118")]
    Request {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// The owner acknowledged that nothing of it can be undone.
        #[arg(long)]
        disclaimer: bool,
        /// The owner gives up the cash that is left at the end.
        #[arg(long)]
        forfeit: bool,
        /// Begin it on the owner's behalf, without a code.
        #[arg(long, requires = "reason")]
        operator: bool,
        /// Why, as the owner is told.
        #[arg(long, requires = "operator")]
        reason: Option<String>,
        /// The reference of a document that says so; nothing personal: it is kept with the books.
        #[arg(long, requires = "operator")]
        reference: Option<String>,
        #[command(flatten)]
        write: Write,
    },
    /// Begin to close many accounts on their owners' behalf.
    #[command(after_help = "\
The file names an account a line; blank lines, and what stands behind a #, are skipped. Each account \
is asked for itself, by the same checks as one alone. The same file under the same --token begins \
nothing twice, and tries again what was rejected. Each owner is mailed the reason and how to revoke \
it. By asking you acknowledge that a closed account cannot be reopened.

Examples:
  renewctl closure request-many dormant.txt --reason 'The service ends in June' --dry-run
  renewctl closure request-many dormant.txt --reason 'The service ends in June' --token end-2027
  renewctl account list --json | jq -r '.items[].id' | \
renewctl closure request-many - --reason 'The service ends in June' --dry-run")]
    RequestMany {
        /// The accounts, one a line; `-` reads stdin.
        file: PathBuf,
        /// Why, as each owner is told.
        #[arg(long)]
        reason: String,
        /// The reference of a document that says so; nothing personal: it is kept with the books.
        #[arg(long)]
        reference: Option<String>,
        /// The owners gave up the cash that is left at the end.
        #[arg(long)]
        forfeit: bool,
        #[command(flatten)]
        write: Write,
    },
    /// Confirm it by the code that the owner was mailed.
    Confirm {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// The code.
        code: String,
        #[command(flatten)]
        write: Write,
    },
    /// Approve the closing of an account of a company, on a document.
    Approve {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// The reference of the document; nothing personal: it is kept with the books.
        #[arg(long)]
        reference: String,
        #[command(flatten)]
        write: Write,
    },
    /// Revoke it: the account is in service again.
    Revoke {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        #[command(flatten)]
        write: Write,
    },
    /// Show where it stands, what comes next, and what stands in the way.
    Show {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
    },
    /// List the accounts that are being closed or are closed.
    List {
        /// Only at this stage: requested, approval, settling, quiet or closed.
        #[arg(long)]
        stage: Option<String>,
        #[command(flatten)]
        slice: Slice,
    },
}

/// What is held elsewhere.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A domain name.
    Domain,
    /// A user below the account.
    SubUser,
    /// A key to an interface.
    AccessKey,
    /// A link by which another account pays or sees.
    FinanceLink,
    /// Something else.
    Other,
}

impl Kind {
    /// As it goes over the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::SubUser => "sub_user",
            Self::AccessKey => "access_key",
            Self::FinanceLink => "finance_link",
            Self::Other => "other",
        }
    }
}

/// About what the provider's other systems hold for an account.
#[derive(Debug, Subcommand)]
pub(crate) enum HoldingVerb {
    /// Report that something is held: it stands in the way of closing the account.
    #[command(after_help = "\
Examples:
  renewctl holding report acc_k3f9x2m7qd domain example.com")]
    Report {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// What it is.
        kind: Kind,
        /// Its id over there; nothing personal.
        id: String,
        /// What to call it; nothing personal.
        #[arg(long)]
        label: Option<String>,
        #[command(flatten)]
        write: Write,
    },
    /// Report that it is no longer held.
    Clear {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// What it was.
        kind: Kind,
        /// Its id over there.
        id: String,
        #[command(flatten)]
        write: Write,
    },
    /// List what is held for an account.
    List {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
    },
}
