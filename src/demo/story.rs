//! The demo as it is told: a line for each thing that a customer or an operator would notice.

use std::collections::BTreeMap;

use crate::actors::Committed;
use crate::domain::calendar::Timestamp;
use crate::domain::event::Event;
use crate::domain::ids::{AccountId, ResourceId, StreamId, SubscriptionId};
use crate::domain::money::Money;
use crate::domain::nouns::notice::{self, Kind};
use crate::domain::nouns::subscription::{self, Failure};
use crate::domain::nouns::usage::{self, Settlement};
use crate::domain::nouns::{order, resource, standing};

/// What the demo speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    Subscription(SubscriptionId),
    Resource(ResourceId),
    Account(AccountId),
}

/// What it knows of that.
struct Known {
    owner: String,
    what: String,
}

/// The demo as it is being told.
pub struct Story {
    owners: BTreeMap<AccountId, String>,
    known: BTreeMap<About, Known>,
    counts: BTreeMap<&'static str, u64>,
    deducted: BTreeMap<&'static str, i64>,
    /// What settlements were paid since the last line about them, and what of them is owed.
    settled: BTreeMap<AccountId, (Money, Money)>,
}

impl Story {
    /// A story about these accounts.
    #[must_use]
    pub const fn about(owners: BTreeMap<AccountId, String>) -> Self {
        Self {
            owners,
            known: BTreeMap::new(),
            counts: BTreeMap::new(),
            deducted: BTreeMap::new(),
            settled: BTreeMap::new(),
        }
    }

    /// How many subscriptions and resources it knows.
    #[must_use]
    pub fn known_count(&self) -> usize {
        self.known.len()
    }

    /// The accounts that it is about.
    pub fn owners(&self) -> impl Iterator<Item = AccountId> + '_ {
        self.owners.keys().copied()
    }

    /// How many accounts it is about.
    #[must_use]
    pub fn owner_count(&self) -> usize {
        self.owners.len()
    }

    /// Gets to know what a record brought along.
    pub fn meet(&mut self, committed: &Committed) {
        let StreamId::Account(account) = committed.stream else { return };
        for event in committed.events.iter() {
            let (about, product, plan, name) = if let Event::Subscription(
                subscription::Event::Imported { id, subject, .. }
                | subscription::Event::Ordered { id, subject, .. },
            ) = event
            {
                let name = &subject.external_id;
                (About::Subscription(*id), &subject.product, &subject.plan, name)
            } else if let Event::Resource(resource::Event::Opened { id, subject, plan, .. }) = event
            {
                (About::Resource(*id), &subject.product, plan, &subject.external_id)
            } else {
                continue;
            };
            let owner = self.owners.get(&account).cloned().unwrap_or_default();
            let name = name.as_deref().unwrap_or("");
            let what = format!("{product} {plan} {name}");
            self.known.insert(about, Known { owner, what });
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
            let told = if let Event::Usage(usage::Event::Settled(settled)) = event {
                self.day(committed, settled)
            } else {
                told(event, paid, committed)
            };
            if let Some((at, about, word, text)) = self.before(event, committed.stream) {
                *self.counts.entry(word).or_default() += 1;
                lines.push(self.line(at, about, word, &text));
            }
            if let Some((at, about, word, text)) = told {
                *self.counts.entry(word).or_default() += 1;
                if let (Event::Subscription(subscription::Event::Renewed { .. }), Some(cash)) =
                    (event, paid)
                {
                    *self.deducted.entry(cash.currency().code()).or_default() += cash.minor();
                }
                lines.push(self.line(at, about, word, &text));
            }
        }
        lines
    }

    /// A settlement an hour is much to read: a line says what a day came to.
    fn day(&mut self, committed: &Committed, settled: &Settlement) -> Option<Told> {
        let StreamId::Account(account) = committed.stream else { return None };
        let nothing = Money::zero(settled.cash.currency());
        let (cash, owed) = self.settled.entry(account).or_insert((nothing, nothing));
        *cash = cash.checked_add(settled.cash).unwrap_or(*cash);
        *owed = owed.checked_add(settled.owed).unwrap_or(*owed);
        // The last hour of a day is settled on the next.
        let is_last = settled.due_at.utc().format("%H").to_string() == "00";
        is_last.then(|| self.spent(account, settled.due_at, "for the day"))?
    }

    /// What is to be said of settlements before the day is over: a stop for debt ends them, and
    /// its last minutes are settled while it lasts.
    fn before(&mut self, event: &Event, stream: StreamId) -> Option<Told> {
        if let Event::Resource(resource::Event::Halted { id, due_at, .. }) = event {
            return self.spent(id.account, *due_at, "since midnight");
        }
        let Event::Standing(standing::Event::Recovered { at }) = event else { return None };
        let StreamId::Account(account) = stream else { return None };
        self.spent(account, *at, "up to the stop")
    }

    /// What settlements came to since the last line about them.
    fn spent(&mut self, account: AccountId, at: Timestamp, since: &str) -> Option<Told> {
        let (cash, owed) = self.settled.remove(&account)?;
        let mut text = format!("{} {since}", cash.checked_add(owed).unwrap_or(cash));
        if !owed.is_zero() {
            text = format!("{text}, {owed} of it owed");
        }
        Some((at, About::Account(account), "settled", text))
    }

    fn line(&self, at: Timestamp, about: About, word: &str, text: &str) -> String {
        let (owner, what) = match about {
            About::Account(account) => (self.owners.get(&account).map_or("", String::as_str), ""),
            About::Subscription(_) | About::Resource(_) => self
                .known
                .get(&about)
                .map_or(("", ""), |known| (known.owner.as_str(), known.what.as_str())),
        };
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

type Told = (Timestamp, About, &'static str, String);

fn told(event: &Event, paid: Option<Money>, committed: &Committed) -> Option<Told> {
    match event {
        Event::Notice(notice::Event::Issued { subscription, kind, amount, covered, .. }) => {
            let (word, text) = said(*kind, *amount, *covered);
            Some((committed.at, About::Subscription(*subscription), word, text))
        }
        Event::Subscription(event) => {
            let (at, id, word, text) = happened(event, paid)?;
            Some((at, About::Subscription(id), word, text))
        }
        Event::Resource(event) => {
            let (at, word, text) = ran(event)?;
            Some((at, About::Resource(event.resource()), word, text))
        }
        Event::Standing(event) => {
            let StreamId::Account(account) = committed.stream else { return None };
            let (at, word, text) = stood(event)?;
            Some((at, About::Account(account), word, text))
        }
        Event::Notice(notice::Event::Skipped { .. })
        | Event::Account(_)
        | Event::Wallet(_)
        | Event::Withdrawal(_)
        | Event::Order(_)
        | Event::Coupon(_)
        | Event::Usage(_)
        | Event::Closure(_)
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

fn date(at: Timestamp) -> String {
    at.utc().format("%Y-%m-%d").to_string()
}

/// What happened to a resource.
fn ran(event: &resource::Event) -> Option<(Timestamp, &'static str, String)> {
    Some(match event {
        resource::Event::Opened { at, .. } => (*at, "opened", "runs, paid by use".to_owned()),
        resource::Event::Halted { due_at, releases_at, .. } => {
            (*due_at, "halted", format!("stopped for debt, data kept until {}", date(*releases_at)))
        }
        resource::Event::ReleaseNoticed { at, releases_at, .. } => {
            (*at, "last notice", format!("will be released on {}, data lost", date(*releases_at)))
        }
        resource::Event::Restored { at, .. } => (*at, "restored", "runs again".to_owned()),
        resource::Event::Released { at, .. } => (*at, "released", "gone, with its data".to_owned()),
        resource::Event::Started { at, .. } => (*at, "started", String::new()),
        resource::Event::Stopped { at, .. } => (*at, "stopped", "by its owner".to_owned()),
        resource::Event::PlanChanged { plan, at, .. } => (*at, "changed", format!("now {plan}")),
        resource::Event::Closed { .. } => return None,
    })
}

/// How an account came to stand.
fn stood(event: &standing::Event) -> Option<(Timestamp, &'static str, String)> {
    Some(match event {
        standing::Event::FellOverdue { amount, at, .. } => {
            (*at, "overdue", format!("{amount} to pay; what runs goes on running"))
        }
        standing::Event::OverdueNoticed { amount, due_at, .. } => {
            (*due_at, "overdue", format!("{amount} to pay, told again"))
        }
        standing::Event::Recovered { at } => (*at, "paid", "all debt, oldest first".to_owned()),
        standing::Event::RanLow { available, at } => {
            (*at, "low balance", format!("{available} left"))
        }
        standing::Event::WillRunShort { needed, available, due_at } => {
            let text = format!("the next day needs {needed}, {available} is there");
            (*due_at, "will run short", text)
        }
        standing::Event::AlertSet { .. } | standing::Event::Refilled { .. } => return None,
    })
}

/// When something happened to a subscription, in a word and in a few more.
type Happened = (Timestamp, SubscriptionId, &'static str, String);

fn happened(event: &subscription::Event, paid: Option<Money>) -> Option<Happened> {
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
