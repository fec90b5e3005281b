//! Verbs about campaigns and the ledger.

use clap::Subcommand;

use super::coupons::Gift;
use super::{Of, Slice, Write, id};

/// About campaigns.
#[derive(Debug, Subcommand)]
pub(crate) enum CampaignVerb {
    /// Open a campaign: coupons for many, out of one quota.
    #[command(after_help = "\
What it grants is fixed from now on. With --code its coupons can be had by \
`renewctl coupon redeem`; upper and lower case matter.

Examples:
  renewctl campaign open Spring --percent 20 --product ecs --quota 500 --ends \
2027-06-01T00:00:00Z --days 30 --code Spring-2027
  renewctl campaign open Thanks --cash 10.00USD --ends 2027-01-01T00:00:00Z \
--until 2027-07-01T00:00:00Z")]
    Open {
        /// Its name for operators.
        name: String,
        #[command(flatten)]
        gift: Box<Gift>,
        /// How many coupons it grants at the most; as many as are asked for if not given.
        #[arg(long)]
        quota: Option<u32>,
        /// How many of them one account may get.
        #[arg(long, value_name = "COUNT", default_value_t = 1)]
        per_account: u32,
        /// From when it grants; from now on if not given.
        #[arg(long, value_name = "INSTANT")]
        starts: Option<String>,
        /// Until when it grants, excluded.
        #[arg(long, value_name = "INSTANT")]
        ends: String,
        /// A redemption code by which its coupons can be had.
        #[arg(long)]
        code: Option<String>,
        #[command(flatten)]
        write: Write,
    },
    /// List campaigns, the last opened first.
    List {
        /// Only those with this in their name.
        #[arg(long)]
        name: Option<String>,
        /// Only those that grant now.
        #[arg(long)]
        running: bool,
        #[command(flatten)]
        slice: Slice,
    },
    /// Show a campaign.
    Show {
        /// The campaign.
        #[arg(value_parser = id)]
        campaign: String,
    },
    /// Grant a coupon to each of these accounts, or to none if the quota does not suffice.
    #[command(after_help = "\
What an account cannot take goes back to the quota.

Examples:
  renewctl campaign grant cmp_k3f9x2m7qd acc_k3f9x2m7qd acc_0c2m8v1x4b")]
    Grant {
        /// The campaign.
        #[arg(value_parser = id)]
        campaign: String,
        /// The accounts; one that is named twice gets two.
        #[arg(value_name = "ACCOUNT", value_parser = id, required = true)]
        accounts: Vec<String>,
        #[command(flatten)]
        write: Write,
    },
    /// Close a campaign before its end; what was granted stays good.
    Close {
        /// The campaign.
        #[arg(value_parser = id)]
        campaign: String,
        #[command(flatten)]
        write: Write,
    },
}

/// About the ledger.
#[derive(Debug, Subcommand)]
pub(crate) enum LedgerVerb {
    /// The double entries of an account.
    Of(Of),
    /// The double entries of all accounts.
    #[command(after_help = "\
With --csv all of them are printed, whatever --limit says.

Examples:
  renewctl ledger entries --chart unearned: --from 2026-11-01T00:00:00Z
  renewctl ledger entries --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z --csv")]
    Entries {
        /// Only of this account.
        #[arg(long, value_parser = id)]
        account: Option<String>,
        /// Only on this account of the chart; with a colon at the end, on all that begin so.
        #[arg(long, value_name = "LEDGER_ACCOUNT")]
        chart: Option<String>,
        /// Only posted at or after this instant.
        #[arg(long, value_name = "INSTANT")]
        from: Option<String>,
        /// Only posted before this instant.
        #[arg(long, value_name = "INSTANT")]
        to: Option<String>,
        /// Print all of it as CSV.
        #[arg(long)]
        csv: bool,
        #[command(flatten)]
        slice: Slice,
    },
    /// What stands on every account of the chart; it sums to zero in every currency.
    #[command(after_help = "\
Examples:
  renewctl ledger trial-balance
  renewctl ledger trial-balance --as-of 2026-12-01T00:00:00Z --currency USD --csv")]
    TrialBalance {
        /// By which instant; now if not given.
        #[arg(long, value_name = "INSTANT")]
        as_of: Option<String>,
        /// Only in this currency.
        #[arg(long, value_name = "CODE")]
        currency: Option<String>,
        /// Print it as CSV.
        #[arg(long)]
        csv: bool,
    },
}
