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

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use super::book::book;
use super::{balance_words, closure_words, payg_words, properties};
use crate::domain::account;
use crate::domain::agenda::Agenda;
use crate::domain::calendar::{Period, Timestamp, Unit, Zone};
use crate::domain::command::{Answer, Command};
use crate::domain::effects::{Effect, Outgoing};
use crate::domain::event::{Event, SealedRef};
use crate::domain::facts::{Facts, Question};
use crate::domain::ids::{AccountId, CampaignId, CouponId, DocumentId, OrderId, SubscriptionId};
use crate::domain::money::Money;
use crate::domain::month::Month;
use crate::domain::nouns::campaign::Validity;
use crate::domain::nouns::coupon::{Benefit, Scope};
use crate::domain::nouns::subscription::{Mode, Paid, Subscription};
use crate::domain::nouns::{coupon, notice, order, statement, subscription, wallet};
use crate::domain::record::{Cause, Record};
use crate::domain::rejection::Rejection;
use crate::domain::rows::{self, Row};
use crate::domain::rules::{Rules, TaxRate, Timeline, Version};
use crate::domain::stream::{Context, Executed, State};
use crate::domain::verbs;
use crate::domain::verbs::pricing::CouponChoice;
use crate::domain::verbs::renew::Term;

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
    /// The rows as they were last written.
    pub(super) rows: BTreeMap<rows::Key, Row>,
    pub(super) closed_through: Option<Month>,
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
            facts: Facts {
                found: [Question::Account(balance_words::OTHER)].into(),
                ..Facts::default()
            },
            rows: BTreeMap::new(),
            closed_through: None,
        }
    }

    pub(super) fn open(&self) -> &account::Open {
        self.state.account().and_then(account::Account::open).expect("an open account")
    }

    pub(super) fn books(&self) -> &account::Open {
        self.state.account().and_then(account::Account::books).expect("an account")
    }

    pub(super) fn live(&self, number: u32) -> Option<&Subscription> {
        let live = self.open().subscriptions.get(&SubscriptionId::new(ACCOUNT, number));
        live.map(Arc::as_ref)
    }

    /// Executes one command and records what came of it.
    pub(super) fn execute(&mut self, at: Timestamp, command: &Command) -> Executed {
        let context = Context {
            timeline: &self.timeline,
            at,
            brake: self.brake,
            closed_through: self.closed_through,
        };
        let executed = self.state.execute(&mut self.agenda, command, &self.facts, &context);
        for id in &executed.touched.orders {
            self.facts.found.insert(Question::Order(*id));
        }
        for id in &executed.touched.subscriptions {
            self.facts.found.insert(Question::Subscription(*id));
        }
        for id in &executed.touched.resources {
            self.facts.found.insert(Question::Resource(*id));
        }
        self.facts.learn(&executed.seen);
        for id in &executed.touched.withdrawals {
            self.facts.found.insert(Question::Withdrawal(*id));
        }
        for id in &executed.touched.coupons {
            self.facts.found.insert(Question::Coupon(*id));
        }
        if let Some(account) = self.state.account() {
            let written = rows::rows(&executed.touched, account);
            for row in &written {
                if let rows::Row::Withdrawal(withdrawal) = row {
                    self.facts.learn_withdrawal(withdrawal);
                }
            }
            self.rows.extend(written.into_iter().map(|row| (row.key(), row)));
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
    properties::check_money(&world);
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
        if world.state.account().is_some_and(|account| account.books().is_none())
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

pub(super) fn act(
    world: &mut World,
    at: Timestamp,
    verb: &str,
    args: &[&str],
) -> Option<Rejection> {
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
            method: after(args, "by").map_or("bank_transfer", |rest| rest[0]).into(),
            channel: "operator".into(),
            reference: args.contains(&"noted").then_some(SealedRef(5)),
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
            coupon: coupon_in(args),
            price_lock: args.contains(&"lock"),
            expected_payable: after(args, "expect").map(|rest| usd(rest[0])),
        }),
        "renew" => Command::Renew(verbs::renew::Renew {
            subscription: sub(args[0]),
            term: match after(args, "day") {
                Some(["unified", ..]) => Term::UnifiedDay,
                Some(rest) => Term::Day(rest[0].parse().expect("a day")),
                None => Term::Period(period(args[1], args[2])),
            },
            plan: after(args, "plan").map(|rest| rest[0].to_owned()),
            pay_now: !args.contains(&"unpaid"),
            expected_expires_at: after(args, "seen").map(|rest| instant(rest[0], rest[1])),
            coupon: coupon_in(args),
            expected_payable: after(args, "expect").map(|rest| usd(rest[0])),
        }),
        "closure" => {
            world.amend(at, |rules| closure_words::set(&mut rules.closure, args));
            return None;
        }
        "acknowledge" | "tax" | "refundable" | "coupons" | "billing-zone" => {
            set_rule(world, at, verb, args);
            return None;
        }
        "change" => Command::Change(verbs::change::Change {
            subscription: sub(args[0]),
            plan: args[1].to_owned(),
            until: after(args, "until").map(|rest| instant(rest[0], rest[1])),
            pay_now: !args.contains(&"unpaid"),
            coupon: coupon_in(args),
            expected_payable: after(args, "expect").map(|rest| usd(rest[0])),
        }),
        "unsubscribe" => Command::Unsubscribe(verbs::refund::Unsubscribe {
            subscription: sub(args[0]),
            unused: args.contains(&"unused"),
        }),
        "release" => Command::Release(verbs::refund::Release { subscription: sub(args[0]) }),
        "refund" => Command::Refund(verbs::refund::Refund {
            order: order_id(args[0]),
            amount: args.get(1).map(|amount| usd(amount)),
        }),
        "unified" => Command::SetUnifiedDay(verbs::align::SetUnifiedDay {
            day: args[0].parse().expect("a day"),
        }),
        "grant" => grant(args),
        "invoice" => Command::IssueInvoice(verbs::bill::IssueInvoice {
            month: args[0].parse().expect("a month"),
        }),
        "number" => Command::AssignNumber(verbs::bill::AssignNumber {
            document: DocumentId::new(ACCOUNT, number(args[0])),
            number: args[1].parse().expect("a number"),
        }),
        "house-closes" => {
            world.closed_through = Some(args[0].parse().expect("a month"));
            return None;
        }
        "take-back" => {
            Command::CancelCoupon(verbs::coupons::CancelCoupon { coupon: coupon_id(args[0]) })
        }
        "use" => Command::SetCoupon(verbs::coupons::SetCoupon {
            order: order_id(args[0]),
            coupon: coupon_in(args),
        }),
        "provisioned" => {
            Command::Provisioned(verbs::deliver::Provisioned { order: order_id(args[0]) })
        }
        "provision-failed" => Command::ProvisionFailed(verbs::deliver::ProvisionFailed {
            order: order_id(args[0]),
            detail: None,
        }),
        "pay-together" => Command::PayTogether(verbs::pay::PayTogether {
            orders: args.iter().map(|order| order_id(order)).collect(),
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
        _ => payg_words::command(at, verb, args)
            .or_else(|| balance_words::command(verb, args))
            .or_else(|| closure_words::command(verb, args))
            .unwrap_or_else(|| panic!("{verb:?} is no action")),
    };
    world.execute(at, &command).answer.err()
}

/// `acknowledge ecs new renew`, `tax US VAT 19 inclusive`, `refundable ecs no`, `coupons ecs small
/// no`
fn set_rule(world: &mut World, at: Timestamp, verb: &str, args: &[&str]) {
    world.amend(at, |rules| match verb {
        "tax" => rules.tax.push(TaxRate {
            country: args[0].to_owned(),
            kind: None,
            name: args[1].to_owned(),
            rate: args[2].parse().expect("a rate"),
            inclusive: args.contains(&"inclusive"),
        }),
        "billing-zone" => rules.bill.zone = args[0].parse().expect("a zone"),
        "acknowledge" => {
            let product = rules.products.get_mut(args[0]).expect("a product");
            let is_named = |kind: &order::Kind| args[1..].contains(&kind.as_str());
            product.acknowledge = order::Kind::ALL.into_iter().filter(is_named).collect();
        }
        "refundable" => {
            rules.products.get_mut(args[0]).expect("a product").refundable = args[1] == "yes";
        }
        "coupons" => {
            let product = rules.products.get_mut(args[0]).expect("a product");
            product.plans.get_mut(args[1]).expect("a plan").coupons = args[2] == "yes";
        }
        _ => panic!("{verb:?} sets nothing"),
    });
}

/// `grant cash 10 until 2026-03-09 00:00`, `grant save 100 20 …`, `grant off 15 cap 5 …`; with
/// `from DATE TIME`, `for renew`, `product ecs`, `not ecs`, `min 20`, `at-least 3 months`,
/// `at-most 1 month`, and days instead of an end: `days 7`.
pub(super) fn grant(args: &[&str]) -> Command {
    let benefit = match args {
        ["cash", value, ..] => Benefit::Cash { value: usd(value) },
        ["save", threshold, off, ..] => {
            Benefit::SpendAndSave { threshold: usd(threshold), off: usd(off) }
        }
        ["off", percent, ..] => Benefit::Discount {
            percent: percent.parse().expect("a percentage"),
            cap: after(args, "cap").map(|rest| usd(rest[0])),
        },
        _ => panic!("{args:?} is no benefit"),
    };
    let named = |word| after(args, word).map(|rest| rest[0].to_owned()).into_iter().collect();
    let order_type = after(args, "for")
        .and_then(|rest| order::Kind::ALL.into_iter().find(|kind| kind.as_str() == rest[0]));
    let validity = match (after(args, "until"), after(args, "days")) {
        (Some(until), _) => Validity::Until(instant(until[0], until[1])),
        (None, Some(days)) => Validity::Days(days[0].parse().expect("days")),
        (None, None) => Validity::Days(60),
    };
    let campaign = after(args, "campaign").map(|_| CampaignId::from_bits(9));
    Command::GrantCoupon(verbs::coupons::Grant {
        campaign,
        description: String::new(),
        benefit,
        scope: Scope {
            products: named("product"),
            products_denied: named("not"),
            order_types: order_type.into_iter().collect(),
            billing: None,
            min_spend: after(args, "min").map(|rest| usd(rest[0])),
            min_period: after(args, "at-least").map(|rest| period(rest[0], rest[1])),
            max_period: after(args, "at-most").map(|rest| period(rest[0], rest[1])),
        },
        effective_at: after(args, "from").map(|rest| instant(rest[0], rest[1])),
        validity,
    })
}

fn coupon_in(args: &[&str]) -> CouponChoice {
    match after(args, "coupon") {
        None => CouponChoice::Auto,
        Some(["none", ..]) => CouponChoice::Decline,
        Some(rest) => CouponChoice::This(coupon_id(rest[0])),
    }
}

fn coupon_id(text: &str) -> CouponId {
    CouponId::new(ACCOUNT, number(text))
}

pub(super) fn open(args: &[&str]) -> Command {
    Command::Open(verbs::open::Open {
        account: ACCOUNT,
        terms: account::Terms {
            kind: account::Kind::Corporate,
            currency: "USD".parse().expect("a currency"),
            country: after(args, "of").map(|rest| rest[0].to_owned()),
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
        // Mails tell of a warning; the story would be full of it.
        Event::Account(account::Event::Opened { .. })
        | Event::Order(order::Event::Warned { .. })
        | Event::House(_)
        | Event::Campaign(_)
        | Event::Series(_) => return None,
        Event::Account(account::Event::UnifiedDaySet { day, .. }) => format!("unified day {day}"),
        Event::Account(account::Event::CouponDeclined { .. }) => "coupon declined".into(),
        Event::Coupon(event) => coupon_told(event)?,
        Event::Resource(event) => payg_words::resource_told(event),
        Event::Usage(event) => payg_words::usage_told(event),
        Event::Standing(event) => payg_words::standing_told(event),
        Event::Closure(event) => closure_words::told(event),
        Event::Statement(event) => statement_told(event),
        Event::Account(account::Event::Held { .. }) => "held".into(),
        Event::Account(account::Event::LetGo { .. }) => "let go".into(),
        Event::Wallet(wallet::Event::ToppedUp { amount, .. }) => format!("+{amount}"),
        Event::Wallet(wallet::Event::BroughtIn { amount }) => format!("+{amount} brought in"),
        Event::Wallet(wallet::Event::LimitSet { limit, .. }) => format!("credit limit {limit}"),
        Event::Wallet(wallet::Event::Lent { amount, month, .. }) => {
            format!("{amount} lent for {month}")
        }
        Event::Wallet(wallet::Event::Repaid { parts, .. }) => {
            let of = |part: &wallet::Repayment| format!("{} for {}", part.amount, part.month);
            format!("repaid {}", parts.iter().map(of).collect::<Vec<_>>().join(", "))
        }
        Event::Wallet(wallet::Event::FellDue { month, amount, due_at }) => {
            format!("{amount} of {month} past due since {}", short(*due_at))
        }
        Event::Wallet(wallet::Event::Forfeited { amount, .. }) => format!("{amount} forfeited"),
        Event::Wallet(wallet::Event::DepositHeld { resource, amount, .. }) => {
            format!("deposit {amount} held for #{}", resource.number)
        }
        Event::Wallet(wallet::Event::DepositReleased { resource, amount, .. }) => {
            format!("deposit {amount} of #{} free", resource.number)
        }
        Event::Wallet(wallet::Event::Sent { number, to, amount, .. }) => {
            format!("transfer #{number}: {amount} sent to {to}")
        }
        Event::Wallet(wallet::Event::Arrived { number, .. }) => {
            format!("transfer #{number} arrived")
        }
        Event::Wallet(wallet::Event::Returned { number, amount, reason, .. }) => {
            format!("transfer #{number}: {amount} back for {reason}")
        }
        Event::Wallet(wallet::Event::Received { from, amount, .. }) => {
            format!("+{amount} from {from}")
        }
        Event::Wallet(wallet::Event::Declined { from, amount, reason, .. }) => {
            format!("{amount} from {from} declined for {reason}")
        }
        Event::Withdrawal(event) => balance_words::withdrawal_told(event),
        Event::Order(order::Event::Opened(order)) => {
            let deadline = short(order.deadline);
            let (id, of) = (order.id.number, order.subscription.number);
            let (kind, period) = (order.kind.as_str(), order.period);
            if order.kind == order::Kind::Refund {
                return None;
            }
            let coupon = order.coupon.map_or(String::new(), |coupon| {
                format!(" with coupon #{} {}", coupon.id.number, coupon.amount)
            });
            let tax =
                order.tax.as_ref().map_or(String::new(), |tax| format!(" tax {}", tax.amount));
            let refund = order.refund.map_or(String::new(), |refund| format!(" back {refund}"));
            format!(
                "#{of} order #{id} {kind} {period} {}{refund}{coupon}{tax} by {deadline}",
                order.payable
            )
        }
        Event::Order(order::Event::Repriced { order, payable, coupon, .. }) => {
            let coupon = coupon.map_or(String::new(), |coupon| {
                format!(" with coupon #{} {}", coupon.id.number, coupon.amount)
            });
            format!("  order #{} costs {payable}{coupon}", order.number)
        }
        Event::Order(order::Event::Processing { order, parts, deliver_until, .. }) => {
            let until = short(*deliver_until);
            format!("  order #{} paid {}, delivery by {until}", order.number, parts.cash)
        }
        Event::Order(order::Event::Provisioned { order, .. }) => {
            format!("  order #{} delivered", order.number)
        }
        Event::Order(order::Event::Failed { order, parts, reason, at, .. }) => {
            let (reason, at) = (reason.as_str(), short(*at));
            format!("  order #{} failed {reason}, {} back due {at}", order.number, parts.cash)
        }
        Event::Order(order::Event::Refunded { order, parts, is_full, .. }) => {
            let full = if *is_full { " in full" } else { "" };
            format!("  order #{} gives {} back{full}", order.number, parts.cash)
        }
        Event::Order(order::Event::ReportedLate { order, .. }) => {
            format!("  order #{} reported late", order.number)
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
                | subscription::Event::ChangeOrdered { .. }
                | subscription::Event::OrderClosed { .. } => return None,
                subscription::Event::PlanChanged { plan, until, .. } => {
                    let until = until.map_or(String::new(), |at| format!(" until {}", short(at)));
                    format!("is {plan}{until}")
                }
                subscription::Event::PlanTookEffect { plan, due_at, .. } => {
                    format!("is {plan} due {}", short(*due_at))
                }
                subscription::Event::PeriodCancelled { .. } => "period taken back".into(),
                subscription::Event::Unsubscribed { .. } => "unsubscribed".into(),
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
            payable,
            coupon,
            covered,
            moved_to,
            ..
        }) => {
            let amount = amount.map_or(String::new(), |amount| format!(" {amount}"));
            let coupon = coupon.map_or(String::new(), |coupon| format!(" coupon {coupon}"));
            let payable =
                payable.map_or(String::new(), |payable| format!("{coupon} takes {payable}"));
            let short_of = if *covered == Some(false) { " short" } else { "" };
            let moved =
                moved_to.map_or(String::new(), |to| format!(", release moves to {}", short(to)));
            format!(
                "#{} notice {}({}){amount}{payable}{short_of} due {}{moved}",
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
    })
}

fn statement_told(event: &statement::Event) -> String {
    match event {
        statement::Event::Closed { month, line_count, totals, due_at, .. } => {
            let (total, due) = (totals.total, short(*due_at));
            format!("{month} closed: {line_count} lines, {total} due {due}")
        }
        statement::Event::DocumentIssued(document) => {
            let kind = document.series.kind.as_str();
            let of = document.related.map_or(String::new(), |of| format!(" for #{}", of.number));
            let (id, month, total) = (document.id.number, document.month, document.totals.total);
            format!("{kind} #{id}{of} of {month} {:?} {total}", document.lines)
        }
        statement::Event::DocumentNumbered { document, number, .. } => {
            format!("document #{} is {number}", document.number)
        }
    }
}

fn coupon_told(event: &coupon::Event) -> Option<String> {
    let id = event.coupon().number;
    let text = match event {
        coupon::Event::Granted(coupon) => {
            let worth = coupon.benefit.nominal().map_or(String::new(), |m| format!(" {m}"));
            let again = coupon.again_for.map_or(String::new(), |o| format!(" for #{}", o.number));
            let until = short(coupon.expires_at);
            format!("{}{worth} granted{again} until {until}", coupon.benefit.as_str())
        }
        coupon::Event::BecameEffective { due_at, .. } => format!("good due {}", short(*due_at)),
        coupon::Event::Frozen { order, .. } => format!("frozen by #{}", order.number),
        coupon::Event::Unfrozen { expires_at, .. } => match expires_at {
            Some(at) => format!("free again until {}", short(*at)),
            None => "free again".into(),
        },
        coupon::Event::Redeemed { amount, .. } => format!("took {amount} off"),
        coupon::Event::Spent { amount, .. } => format!("paid {amount} of usage"),
        coupon::Event::Restored { amount, .. } => format!("got {amount} back"),
        coupon::Event::Reminded { .. } => return None,
        coupon::Event::Expired { due_at, .. } => format!("expired due {}", short(*due_at)),
        coupon::Event::Cancelled { .. } => "taken back".into(),
    };
    Some(format!("  coupon #{id} {text}"))
}

/// The order of an answer.
pub(super) fn ordered(answer: Result<Answer, Rejection>) -> order::Order {
    match answer {
        Ok(Answer::Ordered { order, .. }) => *order,
        other => panic!("{other:?} is no order"),
    }
}
