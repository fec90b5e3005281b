//! Verbs about coupons.

use clap::{Args, Subcommand};
use renewd::admin::wire::Money;

use super::{Slice, Write, id};

/// An amount with its currency: `9.00USD`, or `'9.00 USD'`.
pub(super) fn amount(text: &str) -> Result<Money, String> {
    let bad = || "an amount has its currency behind it, such as 9.00USD".to_owned();
    let split = text.len().checked_sub(3).filter(|split| text.is_char_boundary(*split));
    let (amount, currency) = text.split_at(split.ok_or_else(bad)?);
    let amount = amount.trim_end();
    if amount.is_empty() || !currency.bytes().all(|c| c.is_ascii_alphabetic()) {
        return Err(bad());
    }
    Ok(Money { amount: amount.to_owned(), currency: currency.to_uppercase() })
}

/// What a coupon takes off, and what it is good for.
#[derive(Debug, Clone, Args)]
#[command(group = clap::ArgGroup::new("benefit").required(true).args(["cash", "off", "percent"]))]
pub(crate) struct Gift {
    /// Stored value: used until it is spent.
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    pub(crate) cash: Option<Money>,
    /// A fixed amount off, once, from --threshold on.
    #[arg(long, value_name = "AMOUNT", value_parser = amount, requires = "threshold")]
    pub(crate) off: Option<Money>,
    /// What must be reached for --off, before tax.
    #[arg(long, value_name = "AMOUNT", value_parser = amount, requires = "off")]
    pub(crate) threshold: Option<Money>,
    /// Per cent off, once.
    #[arg(long, value_name = "PERCENT")]
    pub(crate) percent: Option<String>,
    /// The most that --percent takes off.
    #[arg(long, value_name = "AMOUNT", value_parser = amount, requires = "percent")]
    pub(crate) cap: Option<Money>,
    /// Only for these products.
    #[arg(long, value_name = "PRODUCT", value_delimiter = ',')]
    pub(crate) product: Vec<String>,
    /// Not for these products.
    #[arg(long, value_name = "PRODUCT", value_delimiter = ',')]
    pub(crate) not_product: Vec<String>,
    /// Only for these types of order: new, renew, upgrade.
    #[arg(long, value_name = "TYPE", value_delimiter = ',')]
    pub(crate) order_type: Vec<String>,
    /// Only for this billing method: subscription or payg.
    #[arg(long)]
    pub(crate) billing: Option<String>,
    /// From this amount on, before tax.
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    pub(crate) min_spend: Option<Money>,
    /// Only for periods of this length at least.
    #[arg(long, value_name = "PERIOD")]
    pub(crate) min_period: Option<String>,
    /// Only for periods of this length at the most.
    #[arg(long, value_name = "PERIOD")]
    pub(crate) max_period: Option<String>,
    /// What it says to people.
    #[arg(long)]
    pub(crate) description: Option<String>,
    /// How many days it is good.
    #[arg(long, conflicts_with = "until", required_unless_present = "until")]
    pub(crate) days: Option<u16>,
    /// Until when it is good, excluded.
    #[arg(long, value_name = "INSTANT")]
    pub(crate) until: Option<String>,
}

/// About coupons.
#[derive(Debug, Subcommand)]
pub(crate) enum CouponVerb {
    /// Grant a coupon to an account.
    #[command(after_help = "\
Examples:
  renewctl coupon grant acc_k3f9x2m7qd --cash 20.00USD --days 90
  renewctl coupon grant acc_k3f9x2m7qd --percent 20 --cap 50.00USD --product ecs --days 30
  renewctl coupon grant acc_k3f9x2m7qd --off 10.00USD --threshold 50.00USD --order-type new,renew \
--until 2027-01-01T00:00:00Z")]
    Grant {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        #[command(flatten)]
        gift: Box<Gift>,
        /// From when it is good; from now on if not given.
        #[arg(long, value_name = "INSTANT")]
        from: Option<String>,
        #[command(flatten)]
        write: Write,
    },
    /// List coupons: of an account, or of all.
    #[command(after_help = "\
With --for-order, or with --product, --plan and --period, each coupon of the account says whether \
it could be used for that, or everything that stands against it.

Examples:
  renewctl coupon list acc_k3f9x2m7qd --state Available,Frozen
  renewctl coupon list acc_k3f9x2m7qd --for-order ord_k3f9x2m7qd_2
  renewctl coupon list acc_k3f9x2m7qd --product ecs --plan small --period P1Y
  renewctl coupon list --state Available --expires-before 2026-12-01T00:00:00Z")]
    List {
        /// Only of this account.
        #[arg(value_parser = id)]
        account: Option<String>,
        /// Only in these states: Available, Frozen, Used, Expired, …
        #[arg(long, value_delimiter = ',')]
        state: Vec<String>,
        /// How each suits this unpaid order.
        #[arg(long, value_name = "ORDER", value_parser = id, requires = "account",
              conflicts_with_all = ["product", "plan", "period", "kind"])]
        for_order: Option<String>,
        /// How each suits a purchase of this product.
        #[arg(long, requires_all = ["account", "plan", "period"])]
        product: Option<String>,
        /// Of this plan.
        #[arg(long, requires = "product")]
        plan: Option<String>,
        /// For so long.
        #[arg(long, requires = "product")]
        period: Option<String>,
        /// As `new` or `renew`.
        #[arg(long = "type", value_name = "TYPE", requires = "product")]
        kind: Option<String>,
        /// Over all accounts: only from this campaign.
        #[arg(long, value_parser = id, conflicts_with = "account")]
        campaign: Option<String>,
        /// Over all accounts: only expiring before this instant.
        #[arg(long, value_name = "INSTANT", conflicts_with = "account")]
        expires_before: Option<String>,
        #[command(flatten)]
        slice: Slice,
    },
    /// Show a coupon.
    Show {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// The coupon.
        #[arg(value_parser = id)]
        coupon: String,
    },
    /// Take a coupon back.
    Cancel {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// The coupon.
        #[arg(value_parser = id)]
        coupon: String,
        #[command(flatten)]
        write: Write,
    },
    /// Redeem a code for an account; upper and lower case matter.
    #[command(after_help = "Examples:\n  renewctl coupon redeem acc_k3f9x2m7qd Spring-2027")]
    Redeem {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// The code.
        code: String,
        #[command(flatten)]
        write: Write,
    },
}
