//! A small language for the life of one account. A script has a line for each action, with its
//! instant in UTC:
//!
//! ```text
//! 2024-01-31 12:00  open Europe/Berlin
//! 2024-01-31 12:00  top-up 50
//! 2024-01-31 12:00  purchase ecs small 1 month auto
//! 2024-02-20 08:00  step
//! ```
//!
//! `#3` is whatever has the number 3 in the account. `advance` leaps to its instant; `step` stops
//! at every instant at which something is due on the way. The answer is what happened, a line for
//! each event, and a line with an exclamation mark for each refusal.

use std::fmt::Write as _;
use std::sync::Arc;

use super::book::book;
use crate::domain::account;
use crate::domain::agenda::Agenda;
use crate::domain::calendar::{Period, Timestamp, Unit, Zone};
use crate::domain::command::{Answer, Command};
use crate::domain::draft::Touched;
use crate::domain::effects::{Effect, Outgoing};
use crate::domain::event::{Event, SealedRef};
use crate::domain::facts::{Facts, Question};
use crate::domain::ids::{AccountId, OrderId, SubscriptionId};
use crate::domain::money::Money;
use crate::domain::nouns::subscription::{Mode, Paid, Subscription};
use crate::domain::nouns::{notice, order, subscription, wallet};
use crate::domain::record::{Cause, Record};
use crate::domain::rejection::Rejection;
use crate::domain::rules::{Rules, Timeline, Version};
use crate::domain::stream::{Context, Executed, State};
use crate::domain::verbs;

pub(super) const ACCOUNT: AccountId = AccountId::from_bits(7);

/// One account, its rules, and everything that was recorded of it.
#[derive(Clone)]
pub(super) struct World {
    pub(super) timeline: Timeline,
    pub(super) state: State,
    pub(super) agenda: Agenda,
    pub(super) records: Vec<Record>,
    pub(super) outgoing: Vec<(Timestamp, Outgoing)>,
    pub(super) brake: bool,
    pub(super) facts: Facts,
}

impl World {
    pub(super) fn new(timeline: Timeline) -> Self {
        Self {
            state: State::empty(ACCOUNT.into()),
            agenda: Agenda::of(&timeline, &account::Account::Unopened(ACCOUNT)),
            timeline,
            records: Vec::new(),
            outgoing: Vec::new(),
            brake: false,
            facts: Facts::default(),
        }
    }

    pub(super) fn open(&self) -> &account::Open {
        self.state.account().and_then(account::Account::open).expect("an open account")
    }

    pub(super) fn live(&self, number: u32) -> Option<&Subscription> {
        let live = self.open().subscriptions.get(&SubscriptionId::new(ACCOUNT, number));
        live.map(Arc::as_ref)
    }

    /// Executes one command and records what came of it.
    pub(super) fn execute(&mut self, at: Timestamp, command: &Command) -> Executed {
        let context = Context { timeline: &self.timeline, at, brake: self.brake };
        let executed = self.state.execute(&mut self.agenda, command, &self.facts, &context);
        for id in &executed.touched.orders {
            self.facts.found.insert(Question::Order(*id));
        }
        for id in &executed.touched.subscriptions {
            self.facts.found.insert(Question::Subscription(*id));
        }
        self.state.end_record();
        self.outgoing.extend(executed.outgoing.iter().cloned().map(|out| (at, out)));
        self.records.push(Record {
            at,
            cause: Cause::Daemon,
            token: None,
            rules_version: self.timeline.newest(),
            events: executed.events.clone(),
        });
        executed
    }

    /// When something is due next.
    pub(super) fn due_at(&self) -> Option<Timestamp> {
        let account = self.state.account()?;
        self.agenda.next(account, self.brake).map(|due| due.at)
    }

    /// Advances to `until`, stopping at every instant at which something is due on the way.
    pub(super) fn step(&mut self, until: Timestamp) {
        while let Some(at) = self.due_at().filter(|at| *at <= until) {
            self.execute(at, &Command::Advance);
        }
        self.execute(until, &Command::Advance);
    }

    pub(super) fn amend(&mut self, at: Timestamp, change: impl FnOnce(&mut Rules)) {
        let mut rules = self.timeline.in_force(at).map_or_else(book, |v| v.rules.as_ref().clone());
        change(&mut rules);
        let number = self.timeline.newest() + 1;
        self.timeline.push(Version { number, effective_at: at, rules: Arc::new(rules) });
    }
}

/// Plays a script under the book and tells what happened.
pub(super) fn play(script: &str) -> String {
    tell(script, |_| true)
}

/// Plays a script and tells the lines that contain one of `words`, and refusals.
pub(super) fn play_only(words: &[&str], script: &str) -> String {
    tell(script, |line| line.contains(" ! ") || words.iter().any(|word| line.contains(word)))
}

fn tell(script: &str, wanted: impl Fn(&str) -> bool) -> String {
    let (world, story) = run(script);
    assert_eq!(
        world.state.account().map(|account| Agenda::of(&world.timeline, account)),
        Some(world.agenda),
        "the agenda is what a full scan finds"
    );
    story.lines().filter(|line| wanted(line)).fold(String::new(), |told, line| told + line + "\n")
}

/// Plays a script; answers the world and the whole story.
pub(super) fn run(script: &str) -> (World, String) {
    let mut world = World::new(Timeline::of(book()));
    let mut story = String::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [date, time, verb, args @ ..] = words.as_slice() else {
            panic!("{line:?} is not an instant and an action")
        };
        let at = instant(date, time);
        let seen = world.records.len();
        if world.state.account().is_some_and(|account| account.open().is_none())
            && !matches!(*verb, "open" | "import")
        {
            world.execute(at, &open(&[])).answer.expect("it opens");
        }
        let seen = if seen == 0 { world.records.len() } else { seen };
        let refused = act(&mut world, at, verb, args);
        for record in &world.records[seen..] {
            for event in &record.events {
                if let Some(text) = of_event(event) {
                    writeln!(story, "{} {text}", short(record.at)).expect("a string grows");
                }
            }
        }
        if let Some(rejection) = refused {
            let text = rejection.to_string().replace("_0000000007_", "#");
            writeln!(story, "{} ! {}: {text}", short(at), rejection.code()).expect("it grows");
        }
    }
    (world, story)
}

/// What mail went out, by template, after a script.
pub(super) fn mails(script: &str) -> String {
    let (world, _) = run(script);
    let mut told = String::new();
    for (at, out) in &world.outgoing {
        if let Outgoing::Send { effect: Effect::Mail { template, .. }, .. } = out {
            writeln!(told, "{} {}", short(*at), template.as_str()).expect("a string grows");
        }
    }
    told
}

fn act(world: &mut World, at: Timestamp, verb: &str, args: &[&str]) -> Option<Rejection> {
    let command = match verb {
        "step" => {
            world.step(at);
            return None;
        }
        "brake" => {
            world.brake = args == ["on"];
            return None;
        }
        "price" => {
            let [product, plan, unit, price] = args else { panic!("price of what?") };
            let price = price.parse().expect("a price");
            world.amend(at, |rules| {
                let product = rules.products.get_mut(*product).expect("a product");
                let plan = product.plans.get_mut(*plan).expect("a plan");
                for prices in plan.prices.values_mut() {
                    match *unit {
                        "week" => prices.week = Some(price),
                        "month" => prices.month = Some(price),
                        "year" => prices.year = Some(price),
                        _ => panic!("{unit:?} is no unit"),
                    }
                }
            });
            return None;
        }
        "preset" => {
            let [product, kind, name] = args else { panic!("which preset of what?") };
            world.amend(at, |rules| {
                let product = rules.products.get_mut(*product).expect("a product");
                match *kind {
                    "lifecycle" => product.lifecycle = (*name).into(),
                    "autorenewal" => product.autorenewal = (*name).into(),
                    "reminders" => product.reminders = (*name).into(),
                    _ => panic!("{kind:?} is no preset"),
                }
            });
            return None;
        }
        "withdraw" => {
            world.amend(at, |rules| {
                rules.products.remove(args[0]);
            });
            return None;
        }
        "open" => open(args),
        "import" => import(args),
        "advance" => Command::Advance,
        "hold" => Command::Hold(verbs::hold::Hold {}),
        "let-go" => Command::LetGo(verbs::hold::LetGo {}),
        "top-up" => Command::TopUp(verbs::top_up::TopUp {
            amount: usd(args[0]),
            method: "bank_transfer".into(),
            channel: "operator".into(),
            reference: None,
        }),
        "purchase" => Command::Purchase(verbs::purchase::Purchase {
            product: args[0].into(),
            plan: args[1].into(),
            region: "eu".into(),
            period: period(args[2], args[3]),
            renewal_mode: mode_in(args).unwrap_or_default(),
            pay_now: !args.contains(&"unpaid"),
            external_id: None,
            expires_not_after: after(args, "under").map(|rest| sub(rest[0])),
        }),
        "renew" => Command::Renew(verbs::renew::Renew {
            subscription: sub(args[0]),
            period: period(args[1], args[2]),
            pay_now: !args.contains(&"unpaid"),
            expected_expires_at: after(args, "seen").map(|rest| instant(rest[0], rest[1])),
        }),
        "pay" => Command::Pay(verbs::pay::Pay { order: order_id(args[0]) }),
        "cancel" => Command::Cancel(verbs::cancel::Cancel { order: order_id(args[0]) }),
        "mode" => Command::SetRenewalMode(verbs::set_renewal_mode::SetRenewalMode {
            subscription: sub(args[0]),
            mode: mode_in(args).expect("a mode"),
            period: after(args, "by").map(|rest| period(rest[0], rest[1])),
            muted: if args.contains(&"muted") {
                Some(true)
            } else {
                args.contains(&"heard").then_some(false)
            },
        }),
        _ => panic!("{verb:?} is no action"),
    };
    world.execute(at, &command).answer.err()
}

pub(super) fn open(args: &[&str]) -> Command {
    Command::Open(verbs::open::Open {
        account: ACCOUNT,
        terms: account::Terms {
            kind: account::Kind::Corporate,
            currency: "USD".parse().expect("a currency"),
            country: None,
            zone: args.first().map_or(Zone::UTC, |zone| zone.parse().expect("a zone")),
            language: "en".into(),
        },
        profile: SealedRef(1),
    })
}

/// `import ecs small 1 month auto until 2024-03-01 00:00 from 2023-08-31 00:00 cash 50 held`
fn import(args: &[&str]) -> Command {
    let Command::Open(open) = open(&after(args, "in").map_or(Vec::new(), |rest| vec![rest[0]]))
    else {
        unreachable!("open makes an opening")
    };
    let until = after(args, "until").expect("an expiry");
    Command::Import(verbs::import::Import {
        open,
        cash: after(args, "cash").map(|rest| usd(rest[0])),
        subscriptions: vec![verbs::import::Imported {
            external_id: "srv-1".into(),
            product: args[0].into(),
            plan: args[1].into(),
            region: "eu".into(),
            anchor: after(args, "from").map(|rest| instant(rest[0], rest[1])),
            expires_at: instant(until[0], until[1]),
            period: period(args[2], args[3]),
            mode: mode_in(args).unwrap_or_default(),
            price: None,
        }],
        held: args.contains(&"held"),
    })
}

fn after<'a>(args: &'a [&'a str], word: &str) -> Option<&'a [&'a str]> {
    let place = args.iter().position(|arg| *arg == word)?;
    Some(&args[place + 1..])
}

fn mode_in(args: &[&str]) -> Option<Mode> {
    args.iter().find_map(|arg| match *arg {
        "auto" => Some(Mode::AutoRenewal),
        "manual" => Some(Mode::ManualRenewal),
        "none" => Some(Mode::NotRenewal),
        _ => None,
    })
}

fn number(text: &str) -> u32 {
    text.strip_prefix('#').and_then(|n| n.parse().ok()).expect("a number such as #3")
}

fn sub(text: &str) -> SubscriptionId {
    SubscriptionId::new(ACCOUNT, number(text))
}

fn order_id(text: &str) -> OrderId {
    OrderId::new(ACCOUNT, number(text))
}

pub(super) fn usd(text: &str) -> Money {
    Money::parse(text, "USD".parse().expect("a currency")).expect("an amount")
}

pub(super) fn instant(date: &str, time: &str) -> Timestamp {
    let seconds = if time.len() == 5 { ":00Z" } else { "Z" };
    format!("{date}T{time}{seconds}").parse().expect("an instant")
}

pub(super) fn period(count: &str, unit: &str) -> Period {
    let unit = match unit.trim_end_matches('s') {
        "week" => Unit::Week,
        "month" => Unit::Month,
        "year" => Unit::Year,
        _ => panic!("{unit:?} is no unit"),
    };
    Period::new(count.parse().expect("a count"), unit)
}

/// `2024-01-31 12:00`, with seconds where there are some.
pub(super) fn short(at: Timestamp) -> String {
    let text = at.to_string();
    let time = if &text[17..19] == "00" { &text[11..16] } else { &text[11..19] };
    format!("{} {time}", &text[..10])
}

fn until(paid: &Paid) -> String {
    format!("{} to {}", short(paid.started_at), short(paid.expires_at))
}

/// An event in a line. What an order's payment and its subscription both say is said once.
fn of_event(event: &Event) -> Option<String> {
    Some(match event {
        Event::Account(account::Event::Opened { .. }) => return None,
        Event::Account(account::Event::Held { .. }) => "held".into(),
        Event::Account(account::Event::LetGo { .. }) => "let go".into(),
        Event::Wallet(wallet::Event::ToppedUp { amount, .. }) => format!("+{amount}"),
        Event::Wallet(wallet::Event::BroughtIn { amount }) => format!("+{amount} brought in"),
        Event::Order(order::Event::Opened(order)) => {
            let deadline = short(order.deadline);
            let (id, of) = (order.id.number, order.subscription.number);
            let (kind, period) = (order.kind.as_str(), order.period);
            format!("#{of} order #{id} {kind} {period} {} by {deadline}", order.payable)
        }
        Event::Order(order::Event::Paid { order, cash, .. }) => {
            format!("  order #{} paid {cash}", order.number)
        }
        Event::Order(order::Event::Cancelled { order, reason, at }) => {
            format!("  order #{} cancelled {reason:?} due {}", order.number, short(*at))
        }
        Event::Subscription(event) => {
            let id = event.subscription().number;
            let text = match event {
                subscription::Event::Ordered { .. }
                | subscription::Event::RenewalOrdered { .. }
                | subscription::Event::OrderClosed { .. } => return None,
                subscription::Event::Activated { paid, .. } => {
                    format!("active {}", until(paid))
                }
                subscription::Event::Imported { paid, .. } => {
                    format!("imported {}", until(paid))
                }
                subscription::Event::Renewed { paid, at, automatic, .. } => {
                    let how = if *automatic { "renewed by itself" } else { "renewed" };
                    format!("{how} {} due {}", until(paid), short(*at))
                }
                subscription::Event::AttemptFailed {
                    due_at, quote, failure, superseded, ..
                } => {
                    let quote = quote.map_or(String::new(), |quote| format!(" {quote}"));
                    let silent = if *superseded { " (silent)" } else { "" };
                    format!("failed {}{quote} due {}{silent}", failure.code(), short(*due_at))
                }
                subscription::Event::ModeSet { renewal, .. } => {
                    let period =
                        renewal.period.map_or(String::new(), |period| format!(" {period}"));
                    let muted = if renewal.muted { " muted" } else { "" };
                    format!("{}{period}{muted}", renewal.mode)
                }
                subscription::Event::Expired { due_at, .. } => {
                    format!("expired due {}", short(*due_at))
                }
                subscription::Event::Suspended { due_at, .. } => {
                    format!("suspended due {}", short(*due_at))
                }
                subscription::Event::Released { due_at, .. } => {
                    format!("released due {}", short(*due_at))
                }
                subscription::Event::Cancelled { .. } => "never began".into(),
            };
            format!("#{id} {text}")
        }
        Event::Notice(notice::Event::Issued {
            subscription,
            kind,
            due_at,
            amount,
            covered,
            moved_to,
            ..
        }) => {
            let amount = amount.map_or(String::new(), |amount| format!(" {amount}"));
            let short_of = if *covered == Some(false) { " short" } else { "" };
            let moved =
                moved_to.map_or(String::new(), |to| format!(", release moves to {}", short(to)));
            format!(
                "#{} notice {}({}){amount}{short_of} due {}{moved}",
                subscription.number,
                kind.as_str(),
                kind.days(),
                short(*due_at)
            )
        }
        Event::Notice(notice::Event::Skipped { subscription, kind, due_at, reason, .. }) => {
            format!(
                "#{} no notice {}({}): {reason:?} due {}",
                subscription.number,
                kind.as_str(),
                kind.days(),
                short(*due_at)
            )
        }
        Event::House(_) => return None,
    })
}

/// The order of an answer.
pub(super) fn ordered(answer: Result<Answer, Rejection>) -> order::Order {
    match answer {
        Ok(Answer::Ordered { order, .. }) => *order,
        other => panic!("{other:?} is no order"),
    }
}

/// The nouns that a record touched are named once each.
pub(super) fn assert_once_each(touched: &Touched) {
    let mut orders = touched.orders.clone();
    orders.sort_unstable();
    orders.dedup();
    assert_eq!(orders.len(), touched.orders.len());
}
