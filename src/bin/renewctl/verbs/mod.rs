//! What each verb asks, and how its answer is shown.

mod accounts;
mod balance;
mod campaigns;
mod catalogue;
mod chart;
mod closures;
mod coupons;
mod erasure;
mod forecast;
mod house;
mod import;
mod ledger;
mod lists;
mod many_closures;
mod meters;
mod orders;
mod pages;
mod resources;
mod statements;
mod subscriptions;
mod usage;
mod withdrawals;

use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use clap_complete::Shell;
use serde::de::DeserializeOwned;

use crate::cli::{Cli, Verb};
use crate::client::{Call, Client};
use crate::failure::Failure;
use crate::output::{self, Output};

/// Where a daemon puts its socket if nobody says otherwise.
const SOCKETS: [&str; 2] = ["./renewd-data/renewd.sock", "/run/renewd/renewd.sock"];

/// Does what was asked.
pub(crate) async fn run(cli: &Cli) -> Result<(), Failure> {
    let desk = Desk { client: Client::new(&socket(cli))?, output: Output::new(cli) };
    match &cli.verb {
        Verb::Status => house::status(&desk).await,
        Verb::Catalogue(verb) => catalogue::run(&desk, verb).await,
        Verb::Meter(verb) => meters::run(&desk, verb).await,
        Verb::Account(verb) => accounts::run(&desk, verb).await,
        Verb::TopUp(top_up) => accounts::top_up(&desk, top_up).await,
        Verb::Balance(verb) => balance::balance(&desk, verb).await,
        Verb::Forecast(verb) => forecast::run(&desk, verb).await,
        Verb::Movements(of) => balance::movements(&desk, of).await,
        Verb::Withdraw(verb) => withdrawals::run(&desk, verb).await,
        Verb::Transfer(transfer) => balance::transfer(&desk, transfer).await,
        Verb::Closure(verb) => closures::run(&desk, verb).await,
        Verb::Holding(verb) => closures::holdings(&desk, verb).await,
        Verb::Credit(verb) => balance::credit(&desk, verb).await,
        Verb::Alert(verb) => balance::alert(&desk, verb).await,
        Verb::Order(verb) => orders::run(&desk, verb).await,
        Verb::Subscription(verb) => subscriptions::run(&desk, verb).await,
        Verb::Resource(verb) => resources::run(&desk, verb).await,
        Verb::Usage(verb) => usage::run(&desk, verb).await,
        Verb::Coupon(verb) => coupons::run(&desk, verb).await,
        Verb::Campaign(verb) => campaigns::run(&desk, verb).await,
        Verb::Statement(verb) => statements::run(&desk, verb).await,
        Verb::Document(verb) => statements::documents(&desk, verb).await,
        Verb::Journal(of) => lists::journal(&desk, of).await,
        Verb::Notices(of) => lists::notices(&desk, of).await,
        Verb::Ledger(verb) => ledger::run(&desk, verb).await,
        Verb::Deliveries(deliveries) => lists::deliveries(&desk, deliveries).await,
        Verb::Schedule(verb) => house::schedule(&desk, verb).await,
        Verb::Clock(verb) => house::clock(&desk, verb).await,
        Verb::Import(import) => import::run(&desk, import).await,
        Verb::Brake(verb) => house::brake(&desk, verb).await,
        Verb::Parked => house::parked(&desk).await,
        Verb::Openapi => {
            let answer = desk.client.send(&Call::get(&["openapi.json"])).await?;
            Ok(output::line(&answer.text())?)
        }
        Verb::Completions { shell } => completions(*shell),
        Verb::Man { directory } => man(directory),
    }
}

/// Whom to ask, and how to print.
struct Desk {
    client: Client,
    output: Output,
}

impl Desk {
    /// Asks, and prints the answer: as it came, or as `show` has it.
    async fn ask<T: DeserializeOwned>(
        &self,
        call: &Call,
        show: impl FnOnce(Output, T) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let answer = self.client.send(call).await?;
        if self.output.json {
            return Ok(output::line(&answer.text())?);
        }
        show(self.output, answer.read()?)
    }
}

/// Where the daemon's socket is.
fn socket(cli: &Cli) -> PathBuf {
    cli.socket.clone().unwrap_or_else(|| {
        let there = SOCKETS.iter().map(Path::new).find(|path| path.exists());
        there.unwrap_or(Path::new(SOCKETS[0])).to_owned()
    })
}

fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "renewctl", &mut script);
    Ok(std::io::Write::write_all(&mut std::io::stdout().lock(), &script)?)
}

fn man(directory: &Path) -> Result<(), Failure> {
    let no = |error: std::io::Error| Failure::local(&directory.display().to_string(), &error);
    std::fs::create_dir_all(directory).map_err(no)?;
    clap_mangen::generate_to(Cli::command(), directory).map_err(no)
}

/// The bytes of a file, or of stdin for `-`.
fn contents(file: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes)
    } else {
        std::fs::File::open(file)
            .and_then(|mut open| std::io::Read::read_to_end(&mut open, &mut bytes))
    };
    read.map_err(|error| Failure::local(&file.display().to_string(), &error))?;
    Ok(bytes)
}

/// What a write under `--dry-run` is said to be.
const fn would(dry_run: bool) -> &'static str {
    if dry_run { "dry run, nothing was written: " } else { "" }
}
