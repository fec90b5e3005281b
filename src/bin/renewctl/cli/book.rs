//! Verbs about the book: accounts, money, orders, subscriptions.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use renewd::admin::wire::{Money, RenewDay};

use super::coupons::amount;
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
        /// A line of the postal address for invoices; once for each line. It is sealed, and only
        /// ever printed.
        #[arg(long, value_name = "LINE")]
        address: Vec<String>,
        /// The number that tax authorities know the owner under; likewise.
        #[arg(long, value_name = "ID")]
        tax_id: Option<String>,
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
    /// Choose the day of the month that renewals can be aligned to.
    #[command(after_help = "\
It moves nothing by itself: `renewctl subscription renew ACCOUNT SUBSCRIPTION --renew-day unified` \
asks for it.

Examples:
  renewctl account unified-day acc_k3f9x2m7qd 15")]
    UnifiedDay {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// The day, 1 to 28.
        #[arg(value_parser = clap::value_parser!(u32).range(1..=28))]
        day: u32,
        #[command(flatten)]
        write: Write,
    },
    /// Give everything that is known of the account's owner, as JSON.
    #[command(after_help = "\
Who it is, what was noted, bought and billed, and which mails went out. It is personal: keep it from \
others' eyes.

Examples:
  renewctl account export acc_k3f9x2m7qd -o acc_k3f9x2m7qd.json")]
    Export {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// Where to; `-`, or nothing, is stdout. A file that is there is replaced.
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Hold up what closing the account would erase, or let it go on.
    #[command(after_help = "\
Without an option it says how that stands. The account can be closed under a hold: its personal data \
then stays until the hold is lifted.

Examples:
  renewctl account legal-hold acc_k3f9x2m7qd --reason case-118-2026
  renewctl account legal-hold acc_k3f9x2m7qd --lift")]
    LegalHold {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// Hold, for this reason: the reference of the case, without personal data.
        #[arg(long, value_name = "TEXT", conflicts_with = "lift")]
        reason: Option<String>,
        /// Lift the hold.
        #[arg(long)]
        lift: bool,
        #[command(flatten)]
        once: Once,
    },
    /// Certify what of a closed account was erased, and what is kept, why, and until when.
    #[command(after_help = "\
Examples:
  renewctl account certificate acc_k3f9x2m7qd
  renewctl account certificate acc_k3f9x2m7qd --html -o certificate.html")]
    Certificate {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// As a page that prints well.
        #[arg(long)]
        html: bool,
        /// Where to; `-`, or nothing, is stdout. A file that is there is replaced.
        #[arg(long, short, value_name = "FILE", requires = "html")]
        output: Option<PathBuf>,
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

/// What an order is to cost.
#[derive(Debug, Clone, Args)]
pub(crate) struct Price {
    /// The coupon to use: its id, `none`, or `auto` for the one that the rule picks, as if nothing
    /// was said.
    #[arg(long, value_name = "COUPON", value_parser = id)]
    pub(crate) coupon: Option<String>,
    /// Refuse if it costs anything else, such as 9.00USD: what a dry run said.
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    pub(crate) expect: Option<Money>,
    /// Pay from the balance at once; otherwise the order waits unpaid.
    #[arg(long)]
    pub(crate) pay_now: bool,
}

/// About orders.
#[derive(Debug, Subcommand)]
pub(crate) enum OrderVerb {
    /// Buy a new subscription.
    #[command(after_help = "\
With --dry-run it is a quote: the price in its parts, the period, and until when the prices stand. \
The order that follows costs exactly that; --expect makes sure of it.

Examples:
  renewctl order buy acc_k3f9x2m7qd ecs small eu-central-1 P1M --dry-run
  renewctl order buy acc_k3f9x2m7qd ecs small eu-central-1 P1M --pay-now --expect 9.00USD
  renewctl order buy acc_k3f9x2m7qd ecs small eu-central-1 P1Y --coupon cpn_k3f9x2m7qd_7 \
--price-lock
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
        #[command(flatten)]
        price: Price,
        /// Keep the prices of today for its renewals.
        #[arg(long)]
        price_lock: bool,
        /// The provider's own name for the resource.
        #[arg(long, value_name = "NAME")]
        external_id: Option<String>,
        /// A subscription of the same account that it may not outlive.
        #[arg(long, value_name = "SUBSCRIPTION", value_parser = id)]
        expires_not_after: Option<String>,
        #[command(flatten)]
        write: Write,
    },
    /// List orders: of an account, or of all.
    #[command(after_help = "\
Over all accounts, without --from and --to, it lists the last 30 days.

Examples:
  renewctl order list acc_k3f9x2m7qd
  renewctl order list --state Unpaid
  renewctl order list --type refund --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z --all")]
    List {
        /// Only of this account.
        #[arg(value_parser = id)]
        account: Option<String>,
        /// Only in this state: Unpaid, Processing, Paid, Cancelled, Failed or Refunded.
        #[arg(long)]
        state: Option<String>,
        /// Only of this type: new, renew, upgrade, downgrade or refund.
        #[arg(long = "type", value_name = "TYPE")]
        kind: Option<String>,
        /// Only of this product.
        #[arg(long)]
        product: Option<String>,
        /// Only made at or after this instant.
        #[arg(long, value_name = "INSTANT")]
        from: Option<String>,
        /// Only made before this instant.
        #[arg(long, value_name = "INSTANT")]
        to: Option<String>,
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
    /// Pay unpaid orders from the balance.
    #[command(after_help = "\
Several are paid together, as far as money goes all or none; those that changed meanwhile are \
skipped and named.

Examples:
  renewctl order pay acc_k3f9x2m7qd ord_k3f9x2m7qd_2
  renewctl order pay acc_k3f9x2m7qd ord_k3f9x2m7qd_2 ord_k3f9x2m7qd_5")]
    Pay {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// The orders.
        #[arg(value_name = "ORDER", value_parser = id, required = true)]
        orders: Vec<String>,
        #[command(flatten)]
        write: Write,
    },
    /// Choose the coupon of an unpaid order, or none.
    #[command(after_help = "\
`renewctl coupon list ACCOUNT --for-order ORDER` shows which suit it, and why the others don't.

Examples:
  renewctl order coupon acc_k3f9x2m7qd ord_k3f9x2m7qd_2 cpn_k3f9x2m7qd_7
  renewctl order coupon acc_k3f9x2m7qd ord_k3f9x2m7qd_2 none")]
    Coupon {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// The order.
        #[arg(value_parser = id)]
        order: String,
        /// The coupon's id, `none`, or `auto` for the one that the rule picks.
        #[arg(value_parser = id)]
        coupon: String,
        #[command(flatten)]
        write: Write,
    },
    /// Report that a paid order was delivered.
    Provisioned {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// The order.
        #[arg(value_parser = id)]
        order: String,
        #[command(flatten)]
        write: Write,
    },
    /// Report that a paid order could not be delivered: everything is given back.
    #[command(after_help = "\
Examples:
  renewctl order provision-failed acc_k3f9x2m7qd ord_k3f9x2m7qd_2 --reason no_stock")]
    ProvisionFailed {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// The order.
        #[arg(value_parser = id)]
        order: String,
        /// Why, as a code; nothing personal: it is kept in the journal.
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        write: Write,
    },
    /// Give money back for an order.
    #[command(after_help = "\
With --amount a part of what it paid; without, the whole period that it paid, which must not have \
begun. `renewctl subscription unsubscribe` gives up what is running.

Examples:
  renewctl order refund acc_k3f9x2m7qd ord_k3f9x2m7qd_2 --amount 5.00USD
  renewctl order refund acc_k3f9x2m7qd ord_k3f9x2m7qd_5 --dry-run")]
    Refund {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// The order.
        #[arg(value_parser = id)]
        order: String,
        /// How much, tax included.
        #[arg(long, value_parser = amount)]
        amount: Option<Money>,
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
has moved meanwhile, so that two people don't renew twice. With --dry-run it is a quote.

Examples:
  renewctl subscription renew acc_k3f9x2m7qd sub_k3f9x2m7qd_1 P1M --pay-now
  renewctl subscription renew acc_k3f9x2m7qd sub_k3f9x2m7qd_1 --renew-day unified --dry-run
  renewctl subscription renew acc_k3f9x2m7qd sub_k3f9x2m7qd_1 P1Y --plan large --coupon none")]
    Renew {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// The subscription.
        #[arg(value_parser = id)]
        subscription: String,
        /// How long.
        #[arg(required_unless_present = "renew_day", conflicts_with = "renew_day")]
        period: Option<String>,
        /// Until which day of the month, 1 to 28, or `unified` for the account's.
        #[arg(long, value_name = "DAY", value_parser = renew_day)]
        renew_day: Option<RenewDay>,
        /// With another plan from the new period on.
        #[arg(long)]
        plan: Option<String>,
        #[command(flatten)]
        price: Price,
        /// The expiry that was seen.
        #[arg(long, value_name = "INSTANT")]
        expected_expires_at: Option<String>,
        #[command(flatten)]
        write: Write,
    },
    /// Renew up to 100 subscriptions of an account; each is answered for itself.
    #[command(after_help = "\
Asked again under the same --token, what was done is not done twice, and what was refused is tried \
again. An alignment to a day fails whole if one of them has expired.

Examples:
  renewctl subscription renew-batch acc_k3f9x2m7qd sub_k3f9x2m7qd_1 sub_k3f9x2m7qd_4 \
--period P1M --pay-now
  renewctl subscription renew-batch acc_k3f9x2m7qd sub_k3f9x2m7qd_1 sub_k3f9x2m7qd_4 \
--renew-day unified --dry-run")]
    RenewBatch {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// The subscriptions.
        #[arg(value_name = "SUBSCRIPTION", value_parser = id, required = true)]
        subscriptions: Vec<String>,
        /// How long.
        #[arg(long, required_unless_present = "renew_day", conflicts_with = "renew_day")]
        period: Option<String>,
        /// Until which day of the month, 1 to 28, or `unified` for the account's.
        #[arg(long, value_name = "DAY", value_parser = renew_day)]
        renew_day: Option<RenewDay>,
        /// With another plan from the new period on.
        #[arg(long)]
        plan: Option<String>,
        /// Use no coupons; otherwise each uses the one that the rule picks.
        #[arg(long)]
        no_coupon: bool,
        /// Pay from the balance at once; otherwise the orders wait unpaid.
        #[arg(long)]
        pay_now: bool,
        #[command(flatten)]
        write: Write,
    },
    /// Change the plan: a dearer one is paid for the time that is left, a cheaper one gives money
    /// back.
    #[command(after_help = "\
Examples:
  renewctl subscription change acc_k3f9x2m7qd sub_k3f9x2m7qd_1 large --dry-run
  renewctl subscription change acc_k3f9x2m7qd sub_k3f9x2m7qd_1 large --pay-now \
--until 2026-12-24T00:00:00Z")]
    Change {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// The subscription.
        #[arg(value_parser = id)]
        subscription: String,
        /// The plan that it is to have.
        plan: String,
        /// Only until then; a renewal continues the plan before it.
        #[arg(long, value_name = "INSTANT")]
        until: Option<String>,
        #[command(flatten)]
        price: Price,
        #[command(flatten)]
        write: Write,
    },
    /// Give a subscription up before its end: what is left of what was paid comes back.
    #[command(after_help = "\
Examples:
  renewctl subscription unsubscribe acc_k3f9x2m7qd sub_k3f9x2m7qd_1 --dry-run
  renewctl subscription unsubscribe acc_k3f9x2m7qd sub_k3f9x2m7qd_1 --unused")]
    Unsubscribe {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// The subscription.
        #[arg(value_parser = id)]
        subscription: String,
        /// It was never used: within the first days everything is given back then.
        #[arg(long)]
        unused: bool,
        #[command(flatten)]
        write: Write,
    },
    /// Release a suspended subscription at once: its data are lost.
    #[command(after_help = "\
Examples:
  renewctl subscription release acc_k3f9x2m7qd sub_k3f9x2m7qd_1 --confirm")]
    Release {
        /// The account.
        #[arg(value_parser = id)]
        account: String,
        /// The subscription.
        #[arg(value_parser = id)]
        subscription: String,
        /// Yes, destroy it now, and give nothing back.
        #[arg(long)]
        confirm: bool,
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

/// A day of the month, or `unified`.
fn renew_day(text: &str) -> Result<RenewDay, String> {
    match text.parse() {
        Ok(day @ 1..=28) => Ok(RenewDay::Day(day)),
        Err(_) if text == "unified" => Ok(RenewDay::Word(text.to_owned())),
        Ok(_) | Err(_) => Err("a day is 1 to 28, or `unified`".to_owned()),
    }
}
