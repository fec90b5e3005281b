//! Verbs about monthly statements, invoices and credit notes.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{Slice, Write, id};

/// About monthly statements.
#[derive(Debug, Subcommand)]
pub(crate) enum StatementVerb {
    /// List the months of an account, the latest first; without an account, the closed months of
    /// all of them.
    #[command(after_help = "\
A month is Generating until it is closed (on the 3rd of the next month at 12:00, if the rules say \
nothing else), then Uncleared or Cleared: from then on its figures never move. What is given back \
later stands in the month in which it is given back.

Examples:
  renewctl statement list acc_k3f9x2m7qd
  renewctl statement list --month 2026-04 --state Uncleared --all")]
    List {
        /// The account.
        #[arg(value_parser = id)]
        account: Option<String>,
        /// Only this month; without an account.
        #[arg(long, value_name = "YYYY-MM", conflicts_with = "account")]
        month: Option<String>,
        /// Only in this state, Uncleared or Cleared; without an account.
        #[arg(long, conflicts_with = "account")]
        state: Option<String>,
        #[command(flatten)]
        slice: Slice,
    },
    /// Show a month: what it comes to, and its lines.
    #[command(after_help = "Examples:\n  renewctl statement show acc_k3f9x2m7qd 2026-04")]
    Show {
        #[command(flatten)]
        of: OfMonth,
        #[command(flatten)]
        slice: Slice,
    },
    /// Issue an invoice for what is on no invoice yet.
    #[command(after_help = "\
It need not wait until the month is closed; what is billed after it goes on a further invoice. An \
invoice is never edited: what is given back after it goes on a credit note, by itself. Numbers \
have no gaps.

Examples:
  renewctl statement invoice acc_k3f9x2m7qd 2026-04 --dry-run
  renewctl statement invoice acc_k3f9x2m7qd 2026-04")]
    Invoice {
        #[command(flatten)]
        of: OfMonth,
        #[command(flatten)]
        write: Write,
    },
    /// Print a month, closed or not, with the owner's name and address on it.
    #[command(after_help = "\
Examples:
  renewctl statement print acc_k3f9x2m7qd 2026-04 -o april.pdf
  renewctl statement print acc_k3f9x2m7qd 2026-04 --format html > april.html")]
    Print {
        #[command(flatten)]
        of: OfMonth,
        #[command(flatten)]
        print: OnPaper,
    },
}

/// About invoices and credit notes.
#[derive(Debug, Subcommand)]
pub(crate) enum DocumentVerb {
    /// List the invoices and credit notes of an account, the last issued first.
    #[command(after_help = "\
One without a number waits for it; it comes by itself.

Examples:
  renewctl document list acc_k3f9x2m7qd
  renewctl document list acc_k3f9x2m7qd --month 2026-04")]
    List {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// Only for lines of this month.
        #[arg(long, value_name = "YYYY-MM")]
        month: Option<String>,
        #[command(flatten)]
        slice: Slice,
    },
    /// Show an invoice or a credit note: what it comes to, and its lines.
    #[command(after_help = "Examples:\n  renewctl document show acc_k3f9x2m7qd doc_k3f9x2m7qd_9")]
    Show {
        #[command(flatten)]
        of: OfDocument,
        #[command(flatten)]
        slice: Slice,
    },
    /// Print an invoice or a credit note, with the owner's name and address on it.
    #[command(after_help = "\
Examples:
  renewctl document print acc_k3f9x2m7qd doc_k3f9x2m7qd_9 -o invoice.pdf
  renewctl document print acc_k3f9x2m7qd doc_k3f9x2m7qd_9 --format html -o invoice.html")]
    Print {
        #[command(flatten)]
        of: OfDocument,
        #[command(flatten)]
        print: OnPaper,
    },
}

/// A month of an account.
#[derive(Debug, Args)]
pub(crate) struct OfMonth {
    /// The account.
    #[arg(value_parser = id)]
    pub(crate) account: String,
    /// The month, such as 2026-04.
    #[arg(value_name = "YYYY-MM", value_parser = id)]
    pub(crate) month: String,
}

/// A document of an account.
#[derive(Debug, Args)]
pub(crate) struct OfDocument {
    /// The account.
    #[arg(value_parser = id)]
    pub(crate) account: String,
    /// The document.
    #[arg(value_parser = id)]
    pub(crate) document: String,
}

/// How to print.
#[derive(Debug, Args)]
pub(crate) struct OnPaper {
    /// As what.
    #[arg(long, value_enum, default_value_t = Format::Pdf)]
    pub(crate) format: Format,
    /// Where to; `-`, or nothing, is stdout. A file that is there is replaced.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// What can be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A page for a browser, which prints well.
    Html,
    /// A file to keep and to send.
    Pdf,
}

impl Format {
    /// As it stands in a query.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Pdf => "pdf",
        }
    }
}
