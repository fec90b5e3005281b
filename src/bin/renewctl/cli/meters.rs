//! Verbs about meters.

use clap::Subcommand;

/// About meters.
#[derive(Debug, Subcommand)]
pub(crate) enum MeterVerb {
    /// List the meters of the rules in force, and what they cost.
    List {
        /// Only of this product.
        #[arg(long)]
        product: Option<String>,
    },
    /// Say what some use would cost, tier by tier; nothing is written.
    #[command(after_help = "\
Quantities are in the meter's unit; where each clock hour is priced, in clock hours. Before \
coupons, tax and the minimum of a cycle.

Examples:
  renewctl meter quote compute cpu small USD 720
  renewctl meter quote compute traffic small USD 50 --before 90")]
    Quote {
        /// The product.
        product: String,
        /// Its meter.
        meter: String,
        /// The plan of the resource.
        plan: String,
        /// The currency of the account.
        currency: String,
        /// How much is used.
        #[arg(allow_negative_numbers = true)]
        quantity: String,
        /// How much the resource used in this calendar month before.
        #[arg(long, value_name = "QUANTITY")]
        before: Option<String>,
    },
}
