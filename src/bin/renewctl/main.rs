//! renewctl: what operators ask of a running renewd, over its control socket.
//!
//! Data goes to stdout, words to stderr. Exit codes: 0 done, 1 rejected, 2 usage, 3 the daemon
//! can't be reached, 4 the daemon failed.

mod cli;
mod client;
mod failure;
mod output;
mod verbs;

use std::process::ExitCode;

use clap::Parser;

use cli::Cli;
use failure::Failure;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(cli: &Cli) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::local("the runtime", &error))?;
    runtime.block_on(verbs::run(cli))
}
