//! `renewd demo`: two months of a sample book, or a machine that is paid for by use, played in
//! front of the reader.

pub mod payg;
pub mod story;

use std::collections::BTreeMap;
use std::io::Write;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

use self::story::Story;
use crate::actors::Committed;
use crate::app::{self, App};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::calendar::Timestamp;
use crate::domain::rules::Rules;
use crate::serve;
use crate::store::{Channel, DeliveryQuery, DeliveryState};

/// When the demo begins.
pub const BEGINS: &str = "2026-01-01T00:00:00Z";
/// When it ends.
pub const ENDS: &str = "2026-03-01T00:00:00Z";

/// Plays until `until`, one line for everything that happens, when it happens.
pub async fn play(
    app: &App,
    story: &mut Story,
    until: Timestamp,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (_, mut stepper) =
        app.stepper().ok_or_else(|| anyhow::anyhow!("the demo needs a manual clock"))?;
    let mut feed = app.accounts.ports().watch();
    let mut failed = None;
    stepper
        .advance_to(until, |_| {
            let lines = heard(&mut feed, story);
            for line in lines {
                if let Err(error) = writeln!(out, "{}", line.trim_end()) {
                    failed = Some(error);
                }
            }
        })
        .await?;
    match failed {
        // A reader who closed the pipe has seen enough.
        Some(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// The lines of what was heard of since the last time.
fn heard(feed: &mut Receiver<Committed>, story: &mut Story) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        match feed.try_recv() {
            Ok(committed) => lines.extend(story.tell(&committed)),
            Err(TryRecvError::Lagged(_)) => {}
            Err(TryRecvError::Empty | TryRecvError::Closed) => break,
        }
    }
    // Accounts run side by side; the reader wants one order. What happened to one subscription
    // stays in the order in which it happened.
    lines.sort_by(|a, b| order_of(a).cmp(&order_of(b)));
    lines
}

/// When, and to whom: what lines of one instant are ordered by.
fn order_of(line: &str) -> (&str, &str) {
    let when = line.get(..16).unwrap_or(line);
    let whom = line.get(35..).unwrap_or("");
    let whom_ends = whom.char_indices().nth(56).map_or(whom.len(), |(place, _)| place);
    (when, &whom[..whom_ends])
}

/// How many mails were delivered.
pub async fn mail_count(app: &App) -> anyhow::Result<u64> {
    let mut count = 0;
    let mut before = None;
    loop {
        let query = DeliveryQuery {
            state: Some(DeliveryState::Sent),
            channel: Some(Channel::Mail),
            before,
            limit: 500,
            ..DeliveryQuery::default()
        };
        let page = app.store.deliveries(query).await?;
        let Some(last) = page.last() else { return Ok(count) };
        before = Some((last.row.at, last.key()));
        count += u64::try_from(page.len())?;
    }
}

/// Starts the demo on an empty directory, plays it, and sums up; then stays up until it is
/// stopped, unless `exit` is set.
pub async fn run(
    config: &Config,
    rules: Rules,
    book: &str,
    exit: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (begins, ends): (Timestamp, Timestamp) = (BEGINS.parse()?, ENDS.parse()?);
    let (app, mut story) = begin(config, rules, book).await?;
    let count = story.owner_count();
    writeln!(
        out,
        "A provider loads its book on {}: {} customers, {} subscriptions, in all modes, with and\n\
         without money. From now on renewd reminds, deducts, suspends and releases by itself.\n",
        begins.utc().format("%-d %B %Y"),
        count,
        story.known_count(),
    )?;
    play(&app, &mut story, ends, out).await?;
    writeln!(out, "\nTwo months later, on {}:", ends.utc().format("%-d %B %Y"))?;
    for line in story.summary() {
        writeln!(out, "{line}")?;
    }
    writeln!(out, "  {:>5}  mails", mail_count(&app).await?)?;
    let visits =
        ["status", "subscription urgent", "account list", "clock advance 15d"].map(str::to_owned);
    end(config, app, ends, &visits, exit, out).await
}

/// Starts the house on the book; what it is, and the accounts' owners in a story.
async fn begin(config: &Config, rules: Rules, book: &str) -> anyhow::Result<(App, Story)> {
    let app = App::start(config, Clock::manual(BEGINS.parse()?), Some(rules)).await?;
    let mut feed = app.accounts.ports().watch();
    let imported = serve::import(&app, book, false, |_| {}).await;
    anyhow::ensure!(imported.failed.is_empty(), "the sample book has bad lines: {imported:?}");
    let mut owners = BTreeMap::new();
    for account in &imported.accounts {
        if let Some(profile) = app.vault.profile((*account).into()).await? {
            owners.insert(*account, profile.name);
        }
    }
    let mut story = Story::about(owners);
    while let Ok(committed) = feed.try_recv() {
        story.meet(&committed);
    }
    Ok((app, story))
}

/// Ends the demo: at once, or when whoever looks at it has seen enough.
async fn end(
    config: &Config,
    app: App,
    ends: Timestamp,
    visits: &[String],
    exit: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    if exit {
        app.close().await;
        return Ok(());
    }
    let data = config.daemon.data.display();
    let visits: String = visits.iter().map(|words| format!("\x20 renewctl {words}\n")).collect();
    writeln!(
        out,
        "\nThe mails lie in {mails}, the book in {data}.\n\
         The daemon stays up, its clock standing at {ends}. In another terminal:\n\n\
         \x20 export RENEWCTL_SOCKET={socket}\n\
         {visits}\n\
         Stop it with Ctrl-C.",
        mails = config.mail_dir().display(),
        socket = config.socket_path().display(),
    )?;
    out.flush()?;
    serve::stay_up(app).await?;
    app::stop();
    Ok(())
}
