//! Verbs about the balance.

use clap::{Args, Subcommand};
use renewd::admin::wire::{Money, WithdrawAmount};

use super::coupons::amount;
use super::{Slice, Write, id};

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

/// Transfer cash to another account.
#[derive(Debug, Args)]
#[command(after_help = "\
Cash that was transferred in is not passed on, and neither is what a deposit holds.

Examples:
  renewctl transfer acc_k3f9x2m7qd acc_p4c8w1n6rb 25.00USD")]
pub(crate) struct Transfer {
    /// From which account.
    #[arg(value_parser = id)]
    pub(crate) from: String,
    /// To which account.
    #[arg(value_parser = id)]
    pub(crate) to: String,
    /// How much, such as 25.00USD.
    #[arg(value_parser = amount)]
    pub(crate) amount: Money,
    #[command(flatten)]
    pub(crate) write: Write,
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

/// About withdrawals.
#[derive(Debug, Subcommand)]
pub(crate) enum WithdrawVerb {
    /// Pay cash out to its owner: own top-ups, the last that came in first.
    #[command(after_help = "\
Examples:
  renewctl withdraw request acc_k3f9x2m7qd 40.00USD
  renewctl withdraw request acc_k3f9x2m7qd all --dry-run")]
    Request {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// How much, such as 40.00USD; `all` for all that can be withdrawn.
        #[arg(value_name = "AMOUNT|all", value_parser = withdrawn)]
        amount: WithdrawAmount,
        #[command(flatten)]
        write: Write,
    },
    /// List the withdrawals of an account, the last requested first.
    List {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// Only in this state: requested, paid or failed.
        #[arg(long)]
        state: Option<String>,
        #[command(flatten)]
        slice: Slice,
    },
    /// Report that a withdrawal was paid.
    Paid {
        /// The withdrawal.
        #[arg(value_parser = id)]
        withdrawal: String,
        #[command(flatten)]
        write: Write,
    },
    /// Report that a withdrawal could not be paid: the cash is back in the balance.
    #[command(after_help = "\
Examples:
  renewctl withdraw failed wdr_k3f9x2m7qd_9 --reason account_closed")]
    Failed {
        /// The withdrawal.
        #[arg(value_parser = id)]
        withdrawal: String,
        /// Why, as a code; nothing personal: it is kept in the journal.
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        write: Write,
    },
}

fn withdrawn(text: &str) -> Result<WithdrawAmount, String> {
    if text == "all" {
        return Ok(WithdrawAmount::Word(text.to_owned()));
    }
    amount(text).map(WithdrawAmount::Amount)
}
