//! What `renewd bench` is asked for on the command line, and how it answers.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::Value;

use super::house::Place;
use super::{commands, large_account, orders, recovery, renewals, start, table, usage};
use crate::domain::rules::Rules;

/// What is measured, and at which size.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, after_long_help = EXPLAINED)]
pub struct Bench {
    /// One measure alone; without one all of them, in one table.
    #[command(subcommand)]
    one: Option<One>,
    /// How large the books of the table are.
    #[arg(long, value_enum, default_value_t = Size::Moderate)]
    size: Size,
    #[command(flatten)]
    common: Common,
}

const EXPLAINED: &str = "\
Every measure goes the daemon's own way over a book of its own, which is removed afterwards, and \
stands beside a floor: what takes its time whatever a daemon is like, measured in the same run on the \
same disk. The ratio says how near it comes; 0.5 takes twice as long as the floor.

  renewals, commands,     the rows that the daemon wrote, written again into a copy of the tables as
  orders, usage           they were before, in transactions as large as the daemon's, by what is
                          quickest: a bare prepared statement a row in a file, one statement with an
                          array a column on a server
  recovery                the same rows read by bare statements and their JSON parsed; nothing is
                          replayed, and nothing kept
  start                   a process that does nothing, and one row read by bare means
  large-account           the rows of its renewals, as above, in one transaction

With --store the books are databases that are made on that server and removed again; its user must \
be allowed to make some. docs/performance.md says what limits each.";

/// How large the books of the table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Size {
    /// Seconds: to see that every bench works.
    Small,
    /// Minutes.
    Moderate,
    /// The sizes that the aims speak of: a quarter of an hour, and 10 GB of disk.
    Large,
}

/// Where, and how it is told.
#[derive(Args)]
pub(super) struct Common {
    /// Below which directory the bench's files are kept meanwhile.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// Keep the books on this server instead: `postgres://user@host/database`. The database itself
    /// is only the door to it.
    #[arg(long, value_name = "URL")]
    pub store: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

#[derive(Subcommand)]
enum One {
    /// Automatic renewals that are due in the same slot.
    Renewals {
        /// How many accounts, with one renewal each.
        #[arg(long, default_value_t = 100_000)]
        accounts: u64,
        #[command(flatten)]
        common: Common,
    },
    /// Single durable commands from concurrent clients.
    Commands {
        /// Clients at once.
        #[arg(long, default_value_t = 64)]
        clients: u64,
        /// Commands in all.
        #[arg(long, default_value_t = 50_000)]
        commands: u64,
        /// Accounts that they go to.
        #[arg(long, default_value_t = 10_000)]
        accounts: u64,
        #[command(flatten)]
        common: Common,
    },
    /// Orders that freeze a coupon, half of them paid and half cancelled, from concurrent clients.
    Orders {
        /// Clients at once.
        #[arg(long, default_value_t = 64)]
        clients: u64,
        /// Orders in all: two commands each.
        #[arg(long, default_value_t = 20_000)]
        orders: u64,
        /// Accounts that they are of.
        #[arg(long, default_value_t = 5_000)]
        accounts: u64,
        #[command(flatten)]
        common: Common,
    },
    /// Reports of usage in batches of 1, 100 and 1,000, and the settlement of running resources.
    Usage {
        /// Accounts that usage is reported of.
        #[arg(long, default_value_t = 10_000)]
        accounts: u64,
        /// Events for each size of batch; a tenth of that one by one.
        #[arg(long, default_value_t = 200_000)]
        events: u64,
        /// Accounts with a running resource that are settled; 0 leaves settlement out.
        #[arg(long, default_value_t = 100_000)]
        settled: u64,
        /// Hours that they are settled for.
        #[arg(long, default_value_t = 10)]
        hours: u64,
        #[command(flatten)]
        common: Common,
    },
    /// Reading every account of a book back, as after a restart.
    Recovery {
        /// How many accounts.
        #[arg(long, default_value_t = 100_000)]
        accounts: u64,
        /// Months that they have lived.
        #[arg(long, default_value_t = 3)]
        months: u64,
        #[command(flatten)]
        common: Common,
    },
    /// A cold start over a large book, also after a kill; and memory, idle and with live accounts.
    Start {
        /// How many accounts the book has.
        #[arg(long, default_value_t = 1_000_000)]
        accounts: u64,
        #[command(flatten)]
        common: Common,
    },
    /// One account with very many renewals in one slot, beside one with a tenth of them.
    LargeAccount {
        /// How many subscriptions it has.
        #[arg(long, default_value_t = 10_000)]
        subscriptions: u64,
        #[command(flatten)]
        common: Common,
    },
}

impl Bench {
    /// Measures, and prints what came out.
    pub async fn run(self, rules: Rules) -> anyhow::Result<()> {
        match self.one {
            Some(one) => one.run(rules).await,
            None => table::run(self.size, &self.common),
        }
    }
}

impl Common {
    fn place(&self) -> Place {
        Place { directory: self.dir.clone(), server: self.store.clone() }
    }
}

impl One {
    async fn run(self, rules: Rules) -> anyhow::Result<()> {
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg} {elapsed}");
        bar.set_style(style.unwrap_or(ProgressStyle::default_bar()));
        let tell = |stage: &str, count| {
            bar.set_message(stage.to_owned());
            bar.set_position(count);
        };
        let (measured, json) = match self {
            Self::Renewals { accounts, common } => {
                bar.set_length(accounts);
                let measured = renewals::run(&common.place(), rules, accounts, tell).await?;
                (told(&measured)?, common.json)
            }
            Self::Commands { clients, commands, accounts, common } => {
                bar.set_length(accounts);
                let place = common.place();
                let run = commands::run(&place, rules, accounts, clients, commands, tell);
                (told(&run.await?)?, common.json)
            }
            Self::Orders { clients, orders, accounts, common } => {
                bar.set_length(accounts);
                let place = common.place();
                let run = orders::run(&place, rules, accounts, clients, orders, tell);
                (told(&run.await?)?, common.json)
            }
            Self::Usage { accounts, events, settled, hours, common } => {
                bar.set_length(accounts.max(settled));
                let size = usage::Size { accounts, events, settled, hours };
                (told(&usage::run(&common.place(), rules, size, tell).await?)?, common.json)
            }
            Self::Recovery { accounts, months, common } => {
                bar.set_length(accounts);
                let place = common.place();
                let run = recovery::run(&place, rules, accounts, months, tell);
                (told(&run.await?)?, common.json)
            }
            Self::Start { accounts, common } => {
                bar.set_length(accounts);
                (told(&start::run(&common.place(), rules, accounts, tell).await?)?, common.json)
            }
            Self::LargeAccount { subscriptions, common } => {
                bar.set_length(subscriptions);
                let place = common.place();
                let run = large_account::run(&place, rules, subscriptions, tell);
                (told(&run.await?)?, common.json)
            }
        };
        bar.finish_and_clear();
        if json {
            println!("{measured}");
        } else {
            print_figures("", &measured);
        }
        Ok(())
    }
}

fn told(measured: &impl Serialize) -> anyhow::Result<Value> {
    Ok(serde_json::to_value(measured)?)
}

/// One line a figure.
fn print_figures(within: &str, figures: &Value) {
    for (name, value) in figures.as_object().into_iter().flatten() {
        let name = format!("{within}{name}");
        if value.is_object() {
            print_figures(&format!("{name}."), value);
        } else if let Some(number) = value.as_f64().filter(|_| value.is_f64()) {
            println!("{name:<40} {number:>12.2}");
        } else {
            println!("{name:<40} {value:>12}");
        }
    }
}
