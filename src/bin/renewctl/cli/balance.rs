//! Verbs about the balance.

use clap::{Args, Subcommand};
use renewd::admin::wire::Money;

use super::coupons::amount;
use super::{Write, id};

/// The balance of an account.
#[derive(Debug, Args)]
#[command(after_help = "\
The chart shows what each of the last 24 hours cost, and the available credit ahead if it goes on \
like that.

Examples:
  renewctl balance acc_k3f9x2m7qd
  renewctl balance acc_k3f9x2m7qd --chart")]
pub(crate) struct Balance {
    /// The account.
    #[arg(value_parser = id)]
    pub(crate) account: String,
    /// Draw what was used up, and how far the rest reaches.
    #[arg(long)]
    pub(crate) chart: bool,
}

/// About credit.
#[derive(Debug, Subcommand)]
pub(crate) enum CreditVerb {
    /// Set the ceiling on what an account may owe; zero takes credit away.
    #[command(after_help = "\
Examples:
  renewctl credit set acc_k3f9x2m7qd 500.00USD")]
    Set {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// To how much, such as 500.00USD.
        #[arg(value_parser = amount)]
        limit: Money,
        #[command(flatten)]
        write: Write,
    },
}

/// About the low-balance alert.
#[derive(Debug, Subcommand)]
pub(crate) enum AlertVerb {
    /// Tell the owner each time that available credit drops below an amount, or never.
    #[command(after_help = "\
Examples:
  renewctl alert set acc_k3f9x2m7qd 20.00USD
  renewctl alert set acc_k3f9x2m7qd off")]
    Set {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// Below which amount, such as 20.00USD; `off` for never.
        #[arg(value_name = "AMOUNT|off", value_parser = below)]
        below: Below,
        #[command(flatten)]
        write: Write,
    },
}

/// Below which amount an alert is told.
#[derive(Debug, Clone)]
pub(crate) struct Below(pub(crate) Option<Money>);

fn below(text: &str) -> Result<Below, String> {
    if text == "off" { Ok(Below(None)) } else { amount(text).map(|below| Below(Some(below))) }
}
