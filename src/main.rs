//! renewd: serve · demo · import · check · bench …

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use renewd::app::{self, App};
use renewd::clock::Clock;
use renewd::config::{self, Book, Config};
use renewd::domain::ids::StreamId;
use renewd::domain::rules::Rules;
use renewd::store::copy;
use renewd::{bench, check, demo, serve};

/// A commit is made on one thread, bound on a second and written on a third: memory that is given
/// back elsewhere than it was taken is what the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The price list that comes along: it seeds an empty rules timeline.
const CATALOGUE: &str = include_str!("../config/catalogue.toml");
/// The book that the demo plays.
const SAMPLE_BOOK: &str = include_str!("../config/sample-book.jsonl");

/// renewd keeps every customer's money and time: prepaid balances, orders, term subscriptions,
/// reminders, renewals, suspension and release: on time, and exactly once.
#[derive(Parser)]
#[command(version, about, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

const EXAMPLES: &str = "\
Examples:
  renewd demo                         two months of a sample book, played before your eyes
  renewd demo --payg                  a machine that is paid for by use, and runs out of money
  renewd serve --data ./renewd-data   the daemon, everything in one directory
  renewctl --help                     how to talk to it

Settings come from --config, then from RENEWD_… in the environment
(RENEWD_MAIL__BACKEND=smtp); config/renewd.toml names every key.";

#[derive(Subcommand)]
enum Verb {
    /// Run the daemon.
    Serve(Serve),
    /// Play two months of a sample book, then stay up to be looked at.
    Demo(Demo),
    /// Bring an existing book along, while no daemon runs (otherwise: renewctl import).
    Import(Import),
    /// Verify digest chains, ledger sums, and every table against a replay of the journal.
    Check(Settings),
    /// The database itself.
    #[command(subcommand)]
    Store(StoreVerb),
    /// Read the configuration and say what is wrong with it, or print what is in force.
    CheckConfig(Settings),
    /// Render every mail template with sample values and say what is wrong.
    CheckTemplates(Settings),
    /// Measure the daemon beside what no daemon could do faster.
    Bench(bench::arguments::Bench),
}

#[derive(Args)]
struct Settings {
    /// The configuration file.
    #[arg(long, value_name = "FILE", env = "RENEWD_CONFIG")]
    config: Option<PathBuf>,
    /// The directory that holds everything that is not set otherwise.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where the book is kept: `postgres://user@host/database`, or `sqlite:` and a path. Passwords
    /// belong elsewhere: see `store.password_file`.
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

impl Settings {
    fn load(&self) -> anyhow::Result<Config> {
        Ok(Config::load(self.config.as_deref(), |config| {
            if let Some(data) = &self.data {
                config.daemon.data.clone_from(data);
            }
            if let Some(url) = &self.store {
                config.store.url.clone_from(url);
                config.store.path = PathBuf::new();
            }
        })?)
    }
}

#[derive(Args)]
struct Serve {
    #[command(flatten)]
    settings: Settings,
    /// `system`, or `manual:2026-01-01T00:00:00Z` for a clock that only moves when told
    /// (renewctl clock advance).
    #[arg(long, value_name = "CLOCK", default_value = "system", value_parser = parse_clock)]
    clock: Clock,
    /// The price list that seeds an empty database; the one that comes along if none is given.
    #[arg(long, value_name = "FILE")]
    catalogue: Option<PathBuf>,
    /// Write the log as JSON lines.
    #[arg(long)]
    log_json: bool,
}

#[derive(Args)]
struct Demo {
    /// Where the demo keeps its database, socket and mail.
    #[arg(long, value_name = "DIR", default_value = "renewd-demo")]
    data: PathBuf,
    /// Keep the demo's book in an empty database instead: `postgres://user@host/database`.
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// Play another story: a machine that is paid for by use outruns its balance, is stopped, and
    /// comes back.
    #[arg(long)]
    payg: bool,
    /// End after the summary instead of staying up.
    #[arg(long)]
    exit: bool,
}

#[derive(Args)]
struct Import {
    #[command(flatten)]
    settings: Settings,
    /// The book, one JSON object a line.
    file: PathBuf,
    /// Start the accounts held, until an operator lets them go.
    #[arg(long)]
    held: bool,
}

#[derive(Subcommand)]
enum StoreVerb {
    /// Copy the whole book into an empty database, while no daemon works on either, and compare
    /// them row by row. The deployment key is not in the book: take it along.
    Copy {
        /// Where the book is: `postgres://user@host/database`, or `sqlite:` and a path.
        #[arg(long, value_name = "URL", value_parser = parse_book)]
        from: Book,
        /// Where it is to be.
        #[arg(long, value_name = "URL", value_parser = parse_book)]
        to: Book,
        /// A file with the password to the server; otherwise it is in the URL, in PGPASSWORD, or
        /// in the file that PGPASSFILE names.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
}

fn parse_book(text: &str) -> Result<Book, String> {
    Book::at(text).ok_or_else(|| "expected postgres://…, or sqlite: and a path".to_owned())
}

fn parse_clock(text: &str) -> Result<Clock, String> {
    if text == "system" {
        return Ok(Clock::System);
    }
    let instant = text
        .strip_prefix("manual:")
        .ok_or_else(|| "expected system, or manual: and an instant".to_owned())?;
    instant.parse().map(Clock::manual).map_err(|error| format!("{error}"))
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let log_json = matches!(&cli.verb, Verb::Serve(serve) if serve.log_json);
    let quiet = !matches!(cli.verb, Verb::Serve(_));
    start_log(log_json, quiet);
    let ran = actix_rt::System::new().block_on(run(cli.verb));
    match ran {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The log goes to standard error; `RUST_LOG` says how much of it.
fn start_log(json: bool, quiet: bool) {
    use tracing_subscriber::{EnvFilter, fmt};
    let usual = if quiet { "error" } else { "info" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    let log = fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    // Where nobody reads the log any more there is nobody to tell, and trying to would panic.
    let log = log.log_internal_errors(false);
    if json {
        log.json().flatten_event(true).init();
    } else {
        log.init();
    }
}

async fn run(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Serve(verb) => {
            let config = verb.settings.load()?;
            let rules = rules(verb.catalogue.as_deref())?;
            serve::serve(&config, verb.clock, rules).await?;
        }
        Verb::Demo(verb) => play(verb).await?,
        Verb::Import(verb) => return import(verb).await,
        Verb::Check(settings) => return check_book(&settings.load()?).await,
        Verb::Store(StoreVerb::Copy { from, to, password_file }) => {
            copy_book(&from, &to, &password_file.unwrap_or_default()).await?;
        }
        Verb::CheckConfig(settings) => {
            let config = settings.load()?;
            app::cron_lines(&config)?;
            println!("{}", serde_json::to_string_pretty(&config)?);
        }
        Verb::CheckTemplates(settings) => return check_templates(&settings.load()?),
        Verb::Bench(verb) => verb.run(rules(None)?).await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn rules(file: Option<&Path>) -> anyhow::Result<Rules> {
    let text = match file {
        Some(file) => std::fs::read_to_string(file)
            .with_context(|| format!("the catalogue {}", file.display()))?,
        None => CATALOGUE.to_owned(),
    };
    Ok(config::parse_rules(&text)?)
}

async fn play(verb: Demo) -> anyhow::Result<()> {
    let mut config = Config::default();
    config.daemon.data = verb.data;
    config.store.url = verb.store.unwrap_or_default();
    if let Some(problem) = config.problems().first() {
        anyhow::bail!("{problem}");
    }
    let is_played = match config.book() {
        Book::File(path) => path.exists(),
        Book::Server(_) => {
            let store = app::open_store(&config).await?;
            let house = store.journal(StreamId::House, 0, 1).await?;
            store.close().await;
            !house.is_empty()
        }
    };
    anyhow::ensure!(
        !is_played,
        "{} holds a demo already; remove it, or name another directory with --data",
        config.daemon.data.display()
    );
    let out = &mut std::io::stdout();
    if verb.payg {
        return demo::payg::run(&config, rules(None)?, verb.exit, out).await;
    }
    demo::run(&config, rules(None)?, SAMPLE_BOOK, verb.exit, out).await
}

async fn import(verb: Import) -> anyhow::Result<ExitCode> {
    let config = verb.settings.load()?;
    let text = std::fs::read_to_string(&verb.file)
        .with_context(|| format!("the book {}", verb.file.display()))?;
    let app = App::start(&config, Clock::System, Some(rules(None)?))
        .await
        .context("nothing was imported; a daemon that runs is asked by `renewctl import`")?;
    let bar = progress_bar(text.lines().count() as u64, "imported");
    let report = serve::import(&app, &text, verb.held, |done| bar.set_position(done)).await;
    app.close().await;
    bar.finish_and_clear();
    for (line, reason) in &report.failed {
        eprintln!("line {line}: {reason}");
    }
    println!(
        "{} imported, {} imported before, {} bad",
        report.imported_count,
        report.known_count,
        report.failed.len()
    );
    Ok(if report.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn check_book(config: &Config) -> anyhow::Result<ExitCode> {
    if let Book::File(path) = config.book() {
        anyhow::ensure!(path.exists(), "there is no {}", path.display());
    }
    let store = app::open_store(config).await?;
    let is_empty =
        store.account_count().await? == 0 && store.journal(StreamId::House, 0, 1).await?.is_empty();
    anyhow::ensure!(!is_empty, "there is no book in {}", store.name());
    let bar = progress_bar(store.account_count().await? + 1, "checked");
    let checked = check::check(&store, |checked| bar.set_position(checked.stream_count)).await?;
    bar.finish_and_clear();
    for finding in &checked.findings {
        println!("{}: {}", finding.stream, finding.what);
    }
    println!(
        "{} streams, {} records, {} ledger lines: {} findings",
        checked.stream_count,
        checked.record_count,
        checked.entry_count,
        checked.findings.len()
    );
    Ok(if checked.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn copy_book(from: &Book, to: &Book, password_file: &Path) -> anyhow::Result<()> {
    let password = app::read_password(password_file)?;
    if let Book::File(path) = from {
        anyhow::ensure!(path.exists(), "there is no {}", path.display());
    }
    let from = app::open_tables(from, password.as_deref()).await?;
    let to = app::open_tables(to, password.as_deref()).await?;
    let bar = progress_bar(0, "");
    let copied = copy::copy(from.as_ref(), to.as_ref(), |stage, done, of| {
        bar.set_length(of);
        bar.set_message(match stage {
            copy::Stage::Copied => "copied",
            copy::Stage::Compared => "compared",
        });
        bar.set_position(done);
    })
    .await?;
    bar.finish_and_clear();
    let (row_count, from, to) = (copied.row_count, from.place(), to.place());
    println!("{row_count} rows copied from {from} to {to}, and equal");
    if copied.changed_count > 0 {
        let count = copied.changed_count;
        println!("{count} texts held the character U+0000, which is U+FFFD there");
    }
    Ok(())
}

fn check_templates(config: &Config) -> anyhow::Result<ExitCode> {
    let problems = renewd::outbox::templates::Templates::load(&config.mail)?.check();
    for problem in &problems {
        println!("{problem}");
    }
    println!("{} findings", problems.len());
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn progress_bar(length: u64, message: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(length).with_message(message);
    let style = "{bar:40} {pos}/{len} {msg} {elapsed}";
    bar.with_style(ProgressStyle::with_template(style).unwrap_or(ProgressStyle::default_bar()))
}
