//! Verbs about the book: accounts, money, orders, subscriptions.

use clap::{Args, Subcommand, ValueEnum};

use super::{Of, Once, Slice, Write, id};

const OPEN: &str = "\
Examples:
  renewctl account open --name 'Ada Ltd' --email ops@ada.example --kind corporate --country DE \
--currency USD --time-zone Europe/Berlin --language en";

/// About accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountVerb {
    /// Open an account.
    #[command(after_help = OPEN)]
    Open {
        /// The owner's name.
        #[arg(long)]
        name: String,
        /// Where mail goes; one account an address.
        #[arg(long)]
        email: String,
        /// Whose it is.
        #[arg(long, value_enum, default_value_t = Kind::Corporate)]
        kind: Kind,
        /// Country of residence, two letters.
        #[arg(long, value_name = "CC")]
        country: Option<String>,
        /// The settlement currency (ISO 4217), fixed from now on.
        #[arg(long, value_name = "CODE")]
        currency: String,
        /// The zone in which its days are counted, such as Europe/Berlin; the house's if not
        /// given.
        #[arg(long, value_name = "ZONE")]
        time_zone: Option<String>,
        /// The language of its mail; the house's if not given.
        #[arg(long, value_name = "LANG")]
        language: Option<String>,
        #[command(flatten)]
        write: Write,
    },
    /// List accounts.
    List {
        #[command(flatten)]
        slice: Slice,
    },
    /// Show an account.
    Show {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
    },
    /// Hold an account: nothing happens to it by itself until it is let go.
    Hold {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        #[command(flatten)]
        write: Write,
    },
    /// Let a held account go, such as one that was imported held.
    LetGo {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        #[command(flatten)]
        write: Write,
    },
    /// Take an account back that was set aside after repeated failure.
    Unpark {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        #[command(flatten)]
        once: Once,
    },
}

/// Whose an account is.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    /// A person's.
    Individual,
    /// An organisation's.
    Corporate,
}

impl Kind {
    /// As it stands in a request.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Individual => "individual",
            Self::Corporate => "corporate",
        }
    }
}

/// Credit cash that was received.
#[derive(Debug, Args)]
#[command(after_help = "\
Topping up pays no open order: `renewctl order pay` does.

Examples:
  renewctl top-up acc_k3f9x2m7qd 59.50 USD --method bank_transfer --reference 2026-118")]
pub(crate) struct TopUp {
    /// The account.
    #[arg(value_parser = id)]
    pub(crate) account: String,
    /// How much, as a decimal number.
    #[arg(allow_negative_numbers = true)]
    pub(crate) amount: String,
    /// In which currency; the account's.
    pub(crate) currency: String,
    /// By which method it was paid.
    #[arg(long, default_value = "bank_transfer")]
    pub(crate) method: String,
    /// Through which channel it came in.
    #[arg(long, default_value = "operator")]
    pub(crate) channel: String,
    /// The payer's reference.
    #[arg(long)]
    pub(crate) reference: Option<String>,
    #[command(flatten)]
    pub(crate) write: Write,
}

/// About orders.
#[derive(Debug, Subcommand)]
pub(crate) enum OrderVerb {
    /// Buy a new subscription.
    #[command(after_help = "\
Examples:
  renewctl order buy acc_k3f9x2m7qd ecs small eu-central-1 P1M --pay-now
  renewctl order buy acc_k3f9x2m7qd domain com global P1Y --mode AutoRenewal")]
    Buy {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// The product, by its name in the catalogue.
        product: String,
        /// Its plan.
        plan: String,
        /// The region.
        region: String,
        /// The length of the first period.
        period: String,
        /// How it is to be renewed.
        #[arg(long, value_enum, ignore_case = true, default_value_t = Mode::ManualRenewal)]
        mode: Mode,
        /// Pay from the balance at once; otherwise the order waits unpaid.
        #[arg(long)]
        pay_now: bool,
        /// The provider's own name for the resource.
        #[arg(long, value_name = "NAME")]
        external_id: Option<String>,
        /// A subscription of the same account that it may not outlive.
        #[arg(long, value_name = "SUBSCRIPTION", value_parser = id)]
        expires_not_after: Option<String>,
        #[command(flatten)]
        write: Write,
    },
    /// List an account's orders.
    List {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// Only in this state: Unpaid, Paid or Cancelled.
        #[arg(long)]
        state: Option<String>,
        #[command(flatten)]
        slice: Slice,
    },
    /// Show an order.
    Show {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// The order.
        #[arg(value_parser = id)]
        order: String,
    },
    /// Pay an unpaid order from the balance.
    Pay {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// The order.
        #[arg(value_parser = id)]
        order: String,
        #[command(flatten)]
        write: Write,
    },
    /// Cancel an unpaid order.
    Cancel {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// The order.
        #[arg(value_parser = id)]
        order: String,
        #[command(flatten)]
        write: Write,
    },
}

/// How a subscription is renewed.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[expect(clippy::enum_variant_names, reason = "the rulebook's names")]
#[value(rename_all = "PascalCase")]
pub(crate) enum Mode {
    /// By itself, from the account's funds.
    #[value(alias = "auto")]
    AutoRenewal,
    /// By hand.
    #[value(aliases = ["manual", "Normal"])]
    ManualRenewal,
    /// Not at all: no expiry reminders, then recovery and release.
    #[value(alias = "none")]
    NotRenewal,
}

impl Mode {
    /// As it stands in a request.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::AutoRenewal => "AutoRenewal",
            Self::ManualRenewal => "ManualRenewal",
            Self::NotRenewal => "NotRenewal",
        }
    }
}

/// Which subscriptions to list.
#[derive(Debug, Args)]
pub(crate) struct Filter {
    /// Only of this account.
    #[arg(long, value_parser = id)]
    pub(crate) account: Option<String>,
    /// Only in these modes.
    #[arg(long, value_enum, ignore_case = true, value_delimiter = ',')]
    pub(crate) mode: Vec<Mode>,
    /// Only in these states: Active, Grace, Suspended, …
    #[arg(long, value_delimiter = ',')]
    pub(crate) state: Vec<String>,
    /// Only of this product.
    #[arg(long)]
    pub(crate) product: Option<String>,
    /// Only in this region.
    #[arg(long)]
    pub(crate) region: Option<String>,
}

/// About subscriptions.
#[derive(Debug, Subcommand)]
pub(crate) enum SubscriptionVerb {
    /// List subscriptions, nearest expiry first.
    #[command(after_help = "\
Examples:
  renewctl subscription list --account acc_k3f9x2m7qd
  renewctl subscription list --product ecs --mode ManualRenewal --expires-before \
2026-12-01T00:00:00Z
  renewctl subscription list --state Grace,Suspended --all --json")]
    List {
        #[command(flatten)]
        filter: Filter,
        /// Only expiring at or after this instant.
        #[arg(long, value_name = "INSTANT")]
        expires_from: Option<String>,
        /// Only expiring before this instant.
        #[arg(long, value_name = "INSTANT")]
        expires_before: Option<String>,
        #[command(flatten)]
        slice: Slice,
    },
    /// The urgent list: what expires soon, and what has expired and can still be renewed.
    #[command(after_help = "\
Examples:
  renewctl subscription urgent
  renewctl subscription urgent --within 3d --mode ManualRenewal")]
    Urgent {
        /// How soon.
        #[arg(long, value_name = "LENGTH", default_value = "15d")]
        within: String,
        #[command(flatten)]
        filter: Filter,
        #[command(flatten)]
        slice: Slice,
    },
    /// List the subscriptions of an account.
    Of(Of),
    /// Show a subscription.
    Show {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// The subscription.
        #[arg(value_parser = id)]
        subscription: String,
    },
    /// Renew a subscription by hand.
    #[command(after_help = "\
The new period starts at the old expiry. With --expected-expires-at nothing is done if the expiry \
has moved meanwhile, so that two people don't renew twice.

Examples:
  renewctl subscription renew acc_k3f9x2m7qd sub_k3f9x2m7qd_1 P1M --pay-now")]
    Renew {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// The subscription.
        #[arg(value_parser = id)]
        subscription: String,
        /// How long.
        period: String,
        /// Pay from the balance at once; otherwise the order waits unpaid.
        #[arg(long)]
        pay_now: bool,
        /// The expiry that was seen.
        #[arg(long, value_name = "INSTANT")]
        expected_expires_at: Option<String>,
        #[command(flatten)]
        write: Write,
    },
    /// Choose how a subscription is renewed.
    #[command(after_help = "\
Examples:
  renewctl subscription mode acc_k3f9x2m7qd sub_k3f9x2m7qd_1 AutoRenewal --period P1M
  renewctl subscription mode acc_k3f9x2m7qd sub_k3f9x2m7qd_1 NotRenewal")]
    Mode {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// The subscription.
        #[arg(value_parser = id)]
        subscription: String,
        /// How.
        #[arg(value_enum, ignore_case = true)]
        mode: Mode,
        /// The length of an automatic renewal; what stands, or what was bought implies, if not
        /// given.
        #[arg(long)]
        period: Option<String>,
        /// Send no expiry reminders. Notices of loss still come.
        #[arg(long, conflicts_with = "unmute")]
        mute: bool,
        /// Send expiry reminders again.
        #[arg(long)]
        unmute: bool,
        #[command(flatten)]
        write: Write,
    },
}
