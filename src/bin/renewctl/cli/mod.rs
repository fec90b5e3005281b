//! The command line: one verb for each thing that people do.

mod balance;
mod book;
mod campaigns;
mod closures;
mod coupons;
mod forecast;
mod house;
mod meters;
mod resources;
mod statements;
mod usage;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use balance::{AlertVerb, Balance, CreditVerb, Transfer, WithdrawVerb};
pub(crate) use book::{AccountVerb, Filter, OrderVerb, SubscriptionVerb, TopUp};
pub(crate) use campaigns::{CampaignVerb, LedgerVerb};
pub(crate) use closures::{ClosureVerb, HoldingVerb};
pub(crate) use coupons::{CouponVerb, Gift};
pub(crate) use forecast::Forecast;
pub(crate) use house::{BrakeVerb, CatalogueVerb, ClockVerb, Deliveries, Import, ScheduleVerb};
pub(crate) use meters::MeterVerb;
pub(crate) use resources::ResourceVerb;
pub(crate) use statements::{DocumentVerb, Format, OnPaper, StatementVerb};
pub(crate) use usage::UsageVerb;

const EXAMPLES: &str = "\
Examples:
  renewctl status
  renewctl catalogue apply config/catalogue.toml
  renewctl account open --name 'Ada Ltd' --email ops@ada.example --currency USD
  renewctl top-up acc_k3f9x2m7qd 59.50 USD --reference 2026-118
  renewctl order buy acc_k3f9x2m7qd ecs small eu-central-1 P1M --pay-now
  renewctl subscription urgent
  renewctl coupon grant acc_k3f9x2m7qd --percent 20 --days 30
  renewctl statement print acc_k3f9x2m7qd 2026-04 -o april.pdf
  renewctl notices acc_k3f9x2m7qd

Instants are RFC 3339 (2026-12-01T10:00:00Z), periods ISO 8601 (P1W, P1M, P1Y).

Exit codes:
  0 done   1 rejected   2 usage   3 the daemon can't be reached   4 the daemon failed";

/// What operators ask of a running renewd.
#[derive(Debug, Parser)]
#[command(name = "renewctl", version, after_help = EXAMPLES, max_term_width = 100)]
pub(crate) struct Cli {
    /// The daemon's control socket [default: ./renewd-data/renewd.sock, then
    /// /run/renewd/renewd.sock].
    #[arg(
        long,
        global = true,
        env = "RENEWCTL_SOCKET",
        hide_env_values = true,
        value_name = "PATH"
    )]
    pub(crate) socket: Option<PathBuf>,

    /// Print JSON, as the daemon answers it.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Say nothing beside the data but errors.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,

    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What can be asked.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// How the daemon stands: clock, schedulers, outbox, what is late.
    Status,
    /// The price list and the rules beside it.
    #[command(subcommand)]
    Catalogue(CatalogueVerb),
    /// What is metered, at which price, and what some use would cost.
    #[command(subcommand)]
    Meter(MeterVerb),
    /// Open, list, show and hold accounts.
    #[command(subcommand)]
    Account(AccountVerb),
    /// Credit cash that was received.
    TopUp(TopUp),
    /// What an account has, what it owes, and how far that reaches.
    Balance(Balance),
    /// What will happen, and when money falls short, if nobody asks for anything.
    Forecast(Forecast),
    /// What moved the cash of an account and what it owes, newest first.
    Movements(Of),
    /// Pay cash out to its owner, list what was, report how it went.
    #[command(subcommand)]
    Withdraw(WithdrawVerb),
    /// Transfer cash to another account.
    Transfer(Transfer),
    /// Close an account: check, ask, confirm, approve, revoke, watch.
    #[command(subcommand)]
    Closure(ClosureVerb),
    /// What the provider's other systems hold for an account.
    #[command(subcommand)]
    Holding(HoldingVerb),
    /// Set the credit limit of an account.
    #[command(subcommand)]
    Credit(CreditVerb),
    /// Set the low-balance alert of an account.
    #[command(subcommand)]
    Alert(AlertVerb),
    /// Buy, list, show, pay, deliver, refund and cancel orders.
    #[command(subcommand)]
    Order(OrderVerb),
    /// Renewal management: list what expires, renew, change the plan, give up.
    #[command(subcommand, alias = "sub")]
    Subscription(SubscriptionVerb),
    /// What is paid for after use: open, list, start, stop, change, release.
    #[command(subcommand)]
    Resource(ResourceVerb),
    /// Report what resources used, and see what is counted.
    #[command(subcommand)]
    Usage(UsageVerb),
    /// Grant, redeem and list coupons, see what each is good for, take them back.
    #[command(subcommand)]
    Coupon(CouponVerb),
    /// Coupons for many, out of one quota.
    #[command(subcommand)]
    Campaign(CampaignVerb),
    /// Monthly statements: list, show, print; invoices on demand.
    #[command(subcommand)]
    Statement(StatementVerb),
    /// Invoices and credit notes: list, show, print.
    #[command(subcommand)]
    Document(DocumentVerb),
    /// What happened to an account, record by record.
    Journal(Of),
    /// What was mailed to an account, and what will be.
    Notices(Of),
    /// The double entries, and the trial balance.
    #[command(subcommand)]
    Ledger(LedgerVerb),
    /// Mails and webhooks of all accounts, and how their delivery stands.
    Deliveries(Deliveries),
    /// The schedulers and their runs.
    #[command(subcommand)]
    Schedule(ScheduleVerb),
    /// Read the clock; move a manual one.
    #[command(subcommand)]
    Clock(ClockVerb),
    /// Bring an existing book along: one account a line.
    Import(Import),
    /// The brake on mass suspension and release.
    #[command(subcommand)]
    Brake(BrakeVerb),
    /// Accounts that were set aside after repeated failure.
    Parked,
    /// The control socket's OpenAPI description.
    Openapi,
    /// Print a completion script.
    #[command(after_help = "Examples:\n  renewctl completions bash > \
                            /usr/share/bash-completion/completions/renewctl")]
    Completions {
        /// For which shell.
        shell: Shell,
    },
    /// Write the manual pages into a directory.
    #[command(after_help = "Examples:\n  renewctl man /usr/local/share/man/man1")]
    Man {
        /// Where to.
        directory: PathBuf,
    },
}

/// What every write can be told.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Write {
    /// Ask under this token: the same request under the same token is never done twice. Random
    /// if not given.
    #[arg(long, value_name = "TOKEN", value_parser = token)]
    pub(crate) token: Option<String>,

    /// Only say what would happen.
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Ask as if through this channel, such as app: with what it may do.
    #[arg(long = "through", id = "through", value_name = "CHANNEL")]
    pub(crate) channel: Option<String>,
}

/// What a write can be told that can't be tried without doing it.
#[derive(Debug, Clone, Args)]
pub(crate) struct Once {
    /// Ask under this token: the same request under the same token is never done twice. Random
    /// if not given.
    #[arg(long, value_name = "TOKEN", value_parser = token)]
    token: Option<String>,
}

impl From<&Once> for Write {
    fn from(once: &Once) -> Self {
        Self { token: once.token.clone(), dry_run: false, channel: None }
    }
}

/// How much of a list to show.
#[derive(Debug, Clone, Args)]
pub(crate) struct Slice {
    /// Rows at the most.
    #[arg(long, value_name = "ROWS", default_value_t = 100,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,

    /// All rows, however many there are.
    #[arg(long, conflicts_with = "limit")]
    pub(crate) all: bool,

    /// Go on where the last answer ended.
    #[arg(long, value_name = "CURSOR")]
    pub(crate) cursor: Option<String>,
}

/// One account's list.
#[derive(Debug, Args)]
pub(crate) struct Of {
    /// The account.
    #[arg(value_parser = id)]
    pub(crate) account: String,

    #[command(flatten)]
    pub(crate) slice: Slice,
}

/// An id as it stands in a path.
fn id(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if text.is_empty() || !text.chars().all(plain) {
        return Err("an id has letters, digits and underscores, such as acc_k3f9x2m7qd".to_owned());
    }
    Ok(text.to_owned())
}

/// A token that can stand in a header.
fn token(text: &str) -> Result<String, String> {
    if text.is_empty() || !text.chars().all(|c| c.is_ascii_graphic()) {
        return Err("a token has letters, digits and signs, without blanks".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_verbs_are_these() {
        let mut command = Cli::command().term_width(100).version("0.0.0");
        insta::assert_snapshot!(command.render_help(), @r"
        What operators ask of a running renewd

        Usage: renewctl [OPTIONS] <COMMAND>

        Commands:
          status        How the daemon stands: clock, schedulers, outbox, what is late
          catalogue     The price list and the rules beside it
          meter         What is metered, at which price, and what some use would cost
          account       Open, list, show and hold accounts
          top-up        Credit cash that was received
          balance       What an account has, what it owes, and how far that reaches
          forecast      What will happen, and when money falls short, if nobody asks for anything
          movements     What moved the cash of an account and what it owes, newest first
          withdraw      Pay cash out to its owner, list what was, report how it went
          transfer      Transfer cash to another account
          closure       Close an account: check, ask, confirm, approve, revoke, watch
          holding       What the provider's other systems hold for an account
          credit        Set the credit limit of an account
          alert         Set the low-balance alert of an account
          order         Buy, list, show, pay, deliver, refund and cancel orders
          subscription  Renewal management: list what expires, renew, change the plan, give up
          resource      What is paid for after use: open, list, start, stop, change, release
          usage         Report what resources used, and see what is counted
          coupon        Grant, redeem and list coupons, see what each is good for, take them back
          campaign      Coupons for many, out of one quota
          statement     Monthly statements: list, show, print; invoices on demand
          document      Invoices and credit notes: list, show, print
          journal       What happened to an account, record by record
          notices       What was mailed to an account, and what will be
          ledger        The double entries, and the trial balance
          deliveries    Mails and webhooks of all accounts, and how their delivery stands
          schedule      The schedulers and their runs
          clock         Read the clock; move a manual one
          import        Bring an existing book along: one account a line
          brake         The brake on mass suspension and release
          parked        Accounts that were set aside after repeated failure
          openapi       The control socket's OpenAPI description
          completions   Print a completion script
          man           Write the manual pages into a directory
          help          Print this message or the help of the given subcommand(s)

        Options:
              --socket <PATH>  The daemon's control socket [default: ./renewd-data/renewd.sock, then
                               /run/renewd/renewd.sock] [env: RENEWCTL_SOCKET]
              --json           Print JSON, as the daemon answers it
          -q, --quiet          Say nothing beside the data but errors
          -h, --help           Print help
          -V, --version        Print version

        Examples:
          renewctl status
          renewctl catalogue apply config/catalogue.toml
          renewctl account open --name 'Ada Ltd' --email ops@ada.example --currency USD
          renewctl top-up acc_k3f9x2m7qd 59.50 USD --reference 2026-118
          renewctl order buy acc_k3f9x2m7qd ecs small eu-central-1 P1M --pay-now
          renewctl subscription urgent
          renewctl coupon grant acc_k3f9x2m7qd --percent 20 --days 30
          renewctl statement print acc_k3f9x2m7qd 2026-04 -o april.pdf
          renewctl notices acc_k3f9x2m7qd

        Instants are RFC 3339 (2026-12-01T10:00:00Z), periods ISO 8601 (P1W, P1M, P1Y).

        Exit codes:
          0 done   1 rejected   2 usage   3 the daemon can't be reached   4 the daemon failed
        ");
    }

    #[test]
    fn every_verb_says_what_it_is_for() {
        fn check(command: &clap::Command, path: &str) {
            for verb in command.get_subcommands() {
                let path = format!("{path} {}", verb.get_name());
                assert!(verb.get_about().is_some(), "{path}");
                for argument in verb.get_arguments() {
                    assert!(argument.get_help().is_some(), "{path} {}", argument.get_id());
                }
                check(verb, &path);
            }
        }
        check(&Cli::command(), "renewctl");
    }

    #[test]
    fn what_cannot_stand_in_a_path_or_a_header_is_a_usage_error() {
        for words in [
            &["renewctl", "account", "show", ".."][..],
            &["renewctl", "account", "show", ""],
            &["renewctl", "account", "hold", "acc_1", "--token", "a b"],
            &["renewctl", "account", "list", "--limit", "0"],
            &["renewctl", "subscription", "mode", "acc_1", "sub_1", "Sometimes"],
            &["renewctl", "clock"],
            &["renewctl", "meter", "quote", "compute", "cpu", "small", "USD"],
            &["renewctl", "clock", "advance", "1d", "--dry-run"],
            &["renewctl", "order", "pay", "acc_1"],
            &["renewctl", "sub", "renew", "acc_1", "sub_1"],
            &["renewctl", "sub", "renew", "acc_1", "sub_1", "P1M", "--renew-day", "3"],
            &["renewctl", "sub", "renew", "acc_1", "sub_1", "--renew-day", "29"],
            &["renewctl", "order", "refund", "acc_1", "ord_1", "--amount", "5"],
            &["renewctl", "coupon", "grant", "acc_1", "--days", "3"],
            &["renewctl", "coupon", "grant", "acc_1", "--off", "5.00USD", "--days", "3"],
            &[
                "renewctl",
                "coupon",
                "grant",
                "acc_1",
                "--cash",
                "5.00USD",
                "--percent",
                "3",
                "--days",
                "3",
            ],
            &["renewctl", "coupon", "grant", "acc_1", "--cash", "5.00USD"],
            &["renewctl", "coupon", "list", "--for-order", "ord_1"],
            &["renewctl", "campaign", "open", "Spring", "--percent", "20", "--days", "30"],
            &["renewctl", "campaign", "grant", "cmp_1"],
            &["renewctl", "ledger", "acc_1"],
            &["renewctl", "statement", "show", "acc_1"],
            &["renewctl", "statement", "show", "acc_1", "2026/04"],
            &["renewctl", "statement", "list", "acc_1", "--month", "2026-04"],
            &["renewctl", "document", "print", "acc_1", "doc_1", "--format", "json"],
        ] {
            let error = Cli::try_parse_from(words).expect_err("a usage error");
            assert_eq!(error.exit_code(), 2, "{words:?}");
        }
    }

    /// The words of a line as a shell has them: what is between quotes is one.
    fn words(line: &str) -> Vec<String> {
        let parts = line.split('\'').enumerate();
        let words = parts.flat_map(|(number, part)| match number % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        });
        words.collect()
    }

    #[test]
    fn examples_can_be_run() {
        fn check(command: &clap::Command) {
            let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let lines = text.lines().flat_map(|line| line.split(" | ")).map(str::trim);
            for line in lines.filter(|line| line.starts_with("renewctl ")) {
                let line = line.split(" > ").next().unwrap_or_default();
                let parsed = Cli::try_parse_from(words(line));
                assert!(
                    parsed.is_ok(),
                    "{line}: {}",
                    parsed.err().map_or_else(String::new, |e| e.to_string())
                );
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }
}
