//! `renewd demo`: two months of a sample book, played in front of the reader.

use std::collections::BTreeMap;
use std::io::Write;

use tokio::sync::broadcast::error::TryRecvError;

use crate::actors::Committed;
use crate::app::{self, App};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::calendar::Timestamp;
use crate::domain::event::Event;
use crate::domain::ids::{AccountId, StreamId, SubscriptionId};
use crate::domain::money::Money;
use crate::domain::nouns::notice::{self, Kind};
use crate::domain::nouns::order;
use crate::domain::nouns::subscription::{self, Failure};
use crate::domain::rules::Rules;
use crate::serve;
use crate::store::{Channel, DeliveryQuery, DeliveryState};

/// When the demo begins.
pub const BEGINS: &str = "2026-01-01T00:00:00Z";
/// When it ends.
pub const ENDS: &str = "2026-03-01T00:00:00Z";

/// What the demo knows of a subscription that it speaks of.
struct Known {
    owner: String,
    what: String,
}

/// The demo as it is being told.
pub struct Story {
    owners: BTreeMap<AccountId, String>,
    known: BTreeMap<SubscriptionId, Known>,
    counts: BTreeMap<&'static str, u64>,
    deducted: BTreeMap<&'static str, i64>,
}

impl Story {
    /// A story about these accounts.
    #[must_use]
    pub const fn about(owners: BTreeMap<AccountId, String>) -> Self {
        Self { owners, known: BTreeMap::new(), counts: BTreeMap::new(), deducted: BTreeMap::new() }
    }

    /// Gets to know what a record brought along.
    pub fn meet(&mut self, committed: &Committed) {
        let StreamId::Account(account) = committed.stream else { return };
        for event in committed.events.iter() {
            if let Event::Subscription(
                subscription::Event::Imported { id, subject, .. }
                | subscription::Event::Ordered { id, subject, .. },
            ) = event
            {
                let owner = self.owners.get(&account).cloned().unwrap_or_default();
                let name = subject.external_id.as_deref().unwrap_or("");
                let what = format!("{} {} {name}", subject.product, subject.plan);
                self.known.insert(*id, Known { owner, what });
            }
        }
    }

    /// The lines of a record, one for each thing that a customer or an operator would notice.
    pub fn tell(&mut self, committed: &Committed) -> Vec<String> {
        self.meet(committed);
        let mut paid = None;
        let mut lines = Vec::new();
        for event in committed.events.iter() {
            if let Event::Order(order::Event::Paid { cash, .. }) = event {
                paid = Some(*cash);
            }
            if let Some((at, id, word, text)) = told(event, paid, committed.at) {
                *self.counts.entry(word).or_default() += 1;
                if let (Event::Subscription(subscription::Event::Renewed { .. }), Some(cash)) =
                    (event, paid)
                {
                    *self.deducted.entry(cash.currency().code()).or_default() += cash.minor();
                }
                lines.push(self.line(at, id, word, &text));
            }
        }
        lines
    }

    fn line(&self, at: Timestamp, id: SubscriptionId, word: &str, text: &str) -> String {
        let (owner, what) = self
            .known
            .get(&id)
            .map_or(("", ""), |known| (known.owner.as_str(), known.what.as_str()));
        let at = at.utc().format("%Y-%m-%d %H:%M");
        format!("{at}  {word:<15} {owner:<22} {what:<34} {text}")
    }

    /// What it all came to.
    #[must_use]
    pub fn summary(&self) -> Vec<String> {
        let mut lines: Vec<String> =
            self.counts.iter().map(|(word, count)| format!("  {count:>5}  {word}")).collect();
        for (currency, minor) in &self.deducted {
            if let Ok(currency) = currency.parse() {
                lines.push(format!("  renewals in {}", Money::from_minor(*minor, currency)));
            }
        }
        lines
    }
}

type Told = (Timestamp, SubscriptionId, &'static str, String);

fn told(event: &Event, paid: Option<Money>, at: Timestamp) -> Option<Told> {
    match event {
        Event::Notice(notice::Event::Issued { subscription, kind, amount, covered, .. }) => {
            let (word, text) = said(*kind, *amount, *covered);
            Some((at, *subscription, word, text))
        }
        Event::Subscription(event) => happened(event, paid),
        Event::Notice(notice::Event::Skipped { .. })
        | Event::Account(_)
        | Event::Wallet(_)
        | Event::Withdrawal(_)
        | Event::Order(_)
        | Event::Coupon(_)
        | Event::Resource(_)
        | Event::Usage(_)
        | Event::Standing(_)
        | Event::Statement(_)
        | Event::House(_)
        | Event::Campaign(_)
        | Event::Series(_) => None,
    }
}

fn said(kind: Kind, amount: Option<Money>, covered: Option<bool>) -> (&'static str, String) {
    let amount = amount.map_or_else(String::new, |amount| amount.to_string());
    let funds = if covered == Some(true) { "the funds cover it" } else { "the funds fall short" };
    match kind {
        Kind::Expiring(0) => ("reminder", "expires today".to_owned()),
        Kind::Expiring(1) => ("reminder", "expires tomorrow".to_owned()),
        Kind::Expiring(days) => ("reminder", format!("expires in {days} days")),
        Kind::ExpiredFor(days) => ("reminder", format!("expired {days} days ago")),
        Kind::RenewalAhead(_) => ("renewal ahead", format!("{amount}, {funds}")),
        Kind::TopUp(_) => ("top up", format!("{amount} needed, {funds}")),
        Kind::ReleaseAhead(_) => ("last notice", "will be released, data lost".to_owned()),
    }
}

fn happened(event: &subscription::Event, paid: Option<Money>) -> Option<Told> {
    let date = |at: Timestamp| at.utc().format("%Y-%m-%d").to_string();
    match event {
        subscription::Event::Renewed { id, paid: period, at, automatic, .. } => {
            let amount = paid.unwrap_or(period.terms.price);
            let word = if *automatic { "deducted" } else { "renewed" };
            let text = format!("{amount}, paid until {}", date(period.expires_at));
            Some((*at, *id, word, text))
        }
        subscription::Event::AttemptFailed { id, due_at, quote, failure, .. } => {
            let text = match (failure, quote) {
                (Failure::NotEnoughFunds { available }, Some(quote)) => {
                    format!("{quote} needed, {available} there")
                }
                (failure, _) => failure.code().to_owned(),
            };
            Some((*due_at, *id, "renewal failed", text))
        }
        subscription::Event::Expired { id, due_at } => {
            Some((*due_at, *id, "expired", String::new()))
        }
        subscription::Event::Suspended { id, due_at } => {
            Some((*due_at, *id, "suspended", "stopped, data kept".to_owned()))
        }
        subscription::Event::Released { id, due_at, .. } => {
            Some((*due_at, *id, "released", "gone, with its data".to_owned()))
        }
        subscription::Event::Ordered { .. }
        | subscription::Event::Activated { .. }
        | subscription::Event::Imported { .. }
        | subscription::Event::RenewalOrdered { .. }
        | subscription::Event::ChangeOrdered { .. }
        | subscription::Event::OrderClosed { .. }
        | subscription::Event::PlanChanged { .. }
        | subscription::Event::PlanTookEffect { .. }
        | subscription::Event::PeriodCancelled { .. }
        | subscription::Event::Unsubscribed { .. }
        | subscription::Event::ModeSet { .. }
        | subscription::Event::Cancelled { .. } => None,
    }
}

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
            let mut lines = Vec::new();
            loop {
                match feed.try_recv() {
                    Ok(committed) => lines.extend(story.tell(&committed)),
                    Err(TryRecvError::Lagged(_)) => {}
                    Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                }
            }
            // Accounts run side by side; the reader wants one order. What happened to one
            // subscription stays in the order in which it happened.
            lines.sort_by(|a, b| order_of(a).cmp(&order_of(b)));
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
    let app = App::start(config, Clock::manual(begins), Some(rules)).await?;
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
    writeln!(
        out,
        "A provider loads its book on {}: {} customers, {} subscriptions, in all modes, with and\n\
         without money. From now on renewd reminds, deducts, suspends and releases by itself.\n",
        begins.utc().format("%-d %B %Y"),
        imported.accounts.len(),
        story.known.len(),
    )?;
    play(&app, &mut story, ends, out).await?;
    writeln!(out, "\nTwo months later, on {}:", ends.utc().format("%-d %B %Y"))?;
    for line in story.summary() {
        writeln!(out, "{line}")?;
    }
    writeln!(out, "  {:>5}  mails", mail_count(&app).await?)?;
    if exit {
        app.close().await;
        return Ok(());
    }
    let data = config.daemon.data.display();
    writeln!(
        out,
        "\nThe mails lie in {mails}, the book in {data}.\n\
         The daemon stays up, its clock standing at {ends}. In another terminal:\n\n\
         \x20 export RENEWCTL_SOCKET={socket}\n\
         \x20 renewctl status\n\
         \x20 renewctl subscription urgent\n\
         \x20 renewctl account list\n\
         \x20 renewctl clock advance 15d\n\n\
         Stop it with Ctrl-C.",
        mails = config.mail_dir().display(),
        socket = config.socket_path().display(),
    )?;
    out.flush()?;
    serve::stay_up(app).await?;
    app::stop();
    Ok(())
}
