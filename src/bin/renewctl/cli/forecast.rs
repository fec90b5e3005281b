//! The verb that looks ahead.

use clap::Args;

use super::id;

/// What will happen if nobody asks for anything.
#[derive(Debug, Args)]
#[command(after_help = "\
The daemon walks a copy of each account through everything that is due on the way: renewals, use, \
notices, stops and releases, by the rules of then. Nobody is taken to order, pay, top up or change \
anything; what runs runs on, and what is reported goes on at the rate of the last 24 hours. Over a \
stretch in which nobody asks for anything, it is what then happens.

Without an account it is the whole book: money in and out per day, and who will fall short.

Examples:
  renewctl forecast acc_k3f9x2m7qd
  renewctl forecast acc_k3f9x2m7qd --days 90 --chart
  renewctl forecast --until 2027-01-01T00:00:00Z")]
pub(crate) struct Forecast {
    /// The account; all of them if not given.
    #[arg(value_parser = id)]
    pub(crate) account: Option<String>,
    /// How many days ahead: 30 if not given, at most 400.
    #[arg(long, value_name = "DAYS")]
    pub(crate) days: Option<u32>,
    /// Up to which instant.
    #[arg(long, value_name = "INSTANT", conflicts_with = "days")]
    pub(crate) until: Option<String>,
    /// Draw money in and out, and the balance.
    #[arg(long)]
    pub(crate) chart: bool,
}
