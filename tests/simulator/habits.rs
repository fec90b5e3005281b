//! Customers and their habits: what they ask for, as their accounts stand.

use std::time::Duration;

use renewd::domain::account::{Kind, Open, Terms};
use renewd::domain::calendar::{Period, Timestamp, Unit};
use renewd::domain::command::Command;
use renewd::domain::event::SealedRef;
use renewd::domain::ids::{AccountId, CouponId, OrderId, ResourceId, SubscriptionId, WithdrawalId};
use renewd::domain::money::Money;
use renewd::domain::nouns::campaign::Validity;
use renewd::domain::nouns::closure::{CodeHash, HoldingKind};
use renewd::domain::nouns::coupon::{Benefit, Scope};
use renewd::domain::nouns::order;
use renewd::domain::nouns::subscription::Mode;
use renewd::domain::usage::UsageKey;
use renewd::domain::verbs;
use renewd::domain::verbs::closure::{
    ApproveClosure, ClearHolding, ConfirmClosure, LoginSeen, ReportHolding, RequestClosure,
    RevokeClosure,
};
use renewd::domain::verbs::pricing::CouponChoice;
use renewd::domain::verbs::renew::Term;
use renewd::store::codec;
use rust_decimal::Decimal;

use crate::book::{HOURLY, METERED, TERMED, ZONES};
use crate::random::Random;

/// The one-time code of every closure.
const CODE: &str = "042917";

/// What somebody mostly does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habit {
    /// Rents for terms, and lets it renew itself.
    Renter,
    /// Rents for terms, and renews by hand, in time or late.
    Keeper,
    /// Pays for use.
    Metered,
    /// Moves money about.
    Trader,
    /// Wants to leave, and comes back.
    Leaver,
    /// Has what it wants for months, pays ahead, and is seldom heard of.
    Settled,
}

/// What can be asked for.
#[derive(Debug, Clone, Copy)]
enum Act {
    TopUp,
    Purchase,
    Renew,
    RenewTo,
    Pay,
    PayTogether,
    Cancel,
    Change,
    Unsubscribe,
    Refund,
    Release,
    Grant,
    SetCoupon,
    TakeBack,
    SetMode,
    Hold,
    LetGo,
    Credit,
    Alert,
    Withdraw,
    PaidOut,
    Transfer,
    OpenResource,
    Power,
    Plan,
    ReleaseResource,
    Report,
    Leave,
    Confirm,
    Approve,
    Revoke,
    Holding,
    LogIn,
    UnifiedDay,
    Invoice,
}

/// Somebody who has an account.
#[derive(Debug, Clone)]
pub(crate) struct Customer {
    pub(crate) id: AccountId,
    /// Accounts of one person have one address.
    pub(crate) person: u64,
    pub(crate) random: Random,
    habit: Habit,
    /// Is something sold by the hour in this world?
    hourly: bool,
    /// How many readings were reported, and when the last one was.
    reported: u64,
    reported_at: Timestamp,
}

/// What is asked, and what comes sealed with it.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) command: Command,
    pub(crate) sidecar: Vec<String>,
}

impl Wish {
    pub(crate) const fn of(command: Command) -> Self {
        Self { command, sidecar: Vec::new() }
    }
}

impl Customer {
    pub(crate) fn new(id: AccountId, person: u64, hourly: bool, mut random: Random) -> Self {
        let habits = [Habit::Renter, Habit::Keeper, Habit::Metered, Habit::Trader, Habit::Leaver];
        let habit = random.pick(&habits).copied().unwrap_or(Habit::Renter);
        Self { id, person, random, habit, hourly, reported: 0, reported_at: Timestamp::MIN }
    }

    /// One of the many who give little to do: see [`Habit::Settled`].
    pub(crate) const fn settled(id: AccountId, person: u64, random: Random) -> Self {
        let (habit, reported_at) = (Habit::Settled, Timestamp::MIN);
        Self { id, person, random, habit, hourly: false, reported: 0, reported_at }
    }

    pub(crate) fn email(&self) -> String {
        format!("{}@people.example", self.person)
    }

    /// Somebody else with the same habits about to open an account.
    pub(crate) fn again(&mut self, person: u64) -> Self {
        let id = AccountId::from_bits(self.random.bits());
        Self::new(id, person, self.hourly, self.random.branch())
    }

    /// The opening of the account.
    pub(crate) fn opening(&mut self) -> Wish {
        let random = &mut self.random;
        let zone = random.pick(&ZONES).copied().unwrap_or("UTC");
        let terms = Terms {
            kind: if random.chance(300) { Kind::Corporate } else { Kind::Individual },
            currency: usd(1).currency(),
            country: random.chance(700).then(|| "DE".to_owned()),
            zone: parsed(zone),
            language: "en".to_owned(),
        };
        let profile = format!(r#"{{"name":"P{}","email":"{}"}}"#, self.person, self.email());
        let open = verbs::open::Open { account: self.id, terms, profile: SealedRef(0) };
        Wish { command: Command::Open(open), sidecar: vec![profile] }
    }

    /// How long until the next act: at once, in minutes, days, or weeks; or exactly when something
    /// is due, or a second before or after it.
    pub(crate) fn next_at(&mut self, now: Timestamp, open: Option<&Open>) -> Timestamp {
        let random = &mut self.random;
        if self.habit == Habit::Settled {
            let has_all = open.is_some_and(|open| !open.subscriptions.is_empty());
            let (least, most) = if has_all { (400_000, 3_400_000) } else { (60, 9_000) };
            return now.plus(random.seconds(least, most));
        }
        let aims = open.map_or_else(Vec::new, |open| aims(open, now));
        if random.chance(400)
            && let Some(aim) = random.pick(&aims)
        {
            return match random.below(4) {
                0 => aim.minus(Duration::from_secs(1)).max(now),
                1 => aim.plus(Duration::from_secs(1)),
                _ => *aim,
            };
        }
        let wait = random.weighted(&[(2, 0), (4, 1), (4, 2), (4, 3), (1, 4)]);
        let wait = match wait {
            0 => random.seconds(0, 2),
            1 => random.seconds(30, 600),
            2 => random.seconds(1_800, 40_000),
            3 => random.seconds(40_000, 500_000),
            _ => random.seconds(500_000, 2_000_000),
        };
        now.plus(wait)
    }

    /// What is asked for now.
    pub(crate) fn wish(
        &mut self,
        open: &Open,
        peers: &[AccountId],
        now: Timestamp,
    ) -> Option<Wish> {
        let act = self.act(open);
        if let Act::Leave = act {
            return Some(self.leaving());
        }
        self.command(act, open, peers, now).map(Wish::of)
    }

    fn act(&mut self, open: &Open) -> Act {
        if open.closure.is_some() && self.random.chance(700) {
            return self.random.weighted(&[
                (8, Act::Confirm),
                (4, Act::Approve),
                (1, Act::Revoke),
                (3, Act::Withdraw),
                (4, Act::PaidOut),
                (1, Act::LogIn),
                (2, Act::ReleaseResource),
                (1, Act::TopUp),
            ]);
        }
        let all: &[(u64, Act)] = match self.habit {
            Habit::Renter => &[
                (8, Act::TopUp),
                (6, Act::Purchase),
                (1, Act::Renew),
                (1, Act::Pay),
                (4, Act::SetMode),
                (2, Act::Change),
                (1, Act::Unsubscribe),
                (2, Act::Grant),
                (1, Act::Credit),
                (1, Act::Invoice),
                (1, Act::Hold),
                (3, Act::LetGo),
            ],
            Habit::Keeper => &[
                (6, Act::TopUp),
                (4, Act::Purchase),
                (8, Act::Renew),
                (3, Act::RenewTo),
                (4, Act::Pay),
                (2, Act::PayTogether),
                (2, Act::Cancel),
                (2, Act::Change),
                (4, Act::Grant),
                (3, Act::SetCoupon),
                (1, Act::TakeBack),
                (2, Act::Refund),
                (1, Act::Release),
                (1, Act::UnifiedDay),
                (2, Act::SetMode),
                (1, Act::Invoice),
            ],
            Habit::Metered => &[
                (6, Act::TopUp),
                (4, Act::OpenResource),
                (2, Act::Power),
                (2, Act::Plan),
                (1, Act::ReleaseResource),
                (9, Act::Report),
                (1, Act::Credit),
                (1, Act::Alert),
                (2, Act::Grant),
                (1, Act::Purchase),
                (1, Act::Invoice),
            ],
            Habit::Trader => &[
                (8, Act::TopUp),
                (8, Act::Transfer),
                (5, Act::Withdraw),
                (5, Act::PaidOut),
                (2, Act::Purchase),
                (2, Act::Renew),
                (1, Act::Refund),
                (1, Act::Unsubscribe),
                (1, Act::Credit),
                (1, Act::OpenResource),
                (1, Act::Report),
            ],
            Habit::Leaver => &[
                (3, Act::TopUp),
                (2, Act::Purchase),
                (3, Act::Unsubscribe),
                (3, Act::Withdraw),
                (3, Act::PaidOut),
                (1, Act::OpenResource),
                (3, Act::ReleaseResource),
                (8, Act::Leave),
                (6, Act::Confirm),
                (3, Act::Holding),
                (1, Act::Transfer),
                (1, Act::Invoice),
            ],
            Habit::Settled if open.wallet.cash.minor() < 6_000 => &[(1, Act::TopUp)],
            Habit::Settled if open.subscriptions.is_empty() => &[(1, Act::Purchase)],
            Habit::Settled => &[
                (6, Act::TopUp),
                (1, Act::Purchase),
                (2, Act::Renew),
                (2, Act::Pay),
                (2, Act::SetMode),
                (1, Act::Change),
                (1, Act::Invoice),
                (1, Act::UnifiedDay),
            ],
        };
        self.random.weighted(all)
    }

    fn leaving(&mut self) -> Wish {
        let forfeit = self.random.chance(700);
        let request =
            RequestClosure { disclaimer: true, forfeit, code: code(CODE), note: SealedRef(0) };
        Wish { command: Command::RequestClosure(request), sidecar: vec![CODE.to_owned()] }
    }

    #[expect(clippy::too_many_lines, reason = "one arm an act")]
    fn command(
        &mut self,
        act: Act,
        open: &Open,
        peers: &[AccountId],
        now: Timestamp,
    ) -> Option<Command> {
        let random = &mut self.random;
        Some(match act {
            Act::TopUp => Command::TopUp(verbs::top_up::TopUp {
                amount: usd(i64::try_from(top_up(random, self.habit)).unwrap_or(1)),
                method: if random.chance(500) { "card" } else { "bank_transfer" }.to_owned(),
                channel: "api".to_owned(),
                reference: None,
            }),
            Act::Purchase => purchase(random, self.habit),
            Act::Renew => renew(random, open)?,
            Act::RenewTo => Command::Renew(verbs::renew::Renew {
                subscription: subscription(random, open)?,
                term: match random.below(3) {
                    0 => Term::UnifiedDay,
                    1 => Term::Day(u8::try_from(random.within(1, 28)).unwrap_or(1)),
                    _ => Term::Period(Period::new(1, Unit::Month)),
                },
                plan: random.chance(300).then(|| plan(random)),
                pay_now: random.chance(700),
                expected_expires_at: None,
                coupon: CouponChoice::Auto,
                expected_payable: None,
            }),
            Act::Pay => Command::Pay(verbs::pay::Pay { order: unpaid(random, open)? }),
            Act::PayTogether => {
                let orders = (0..3).filter_map(|_| unpaid(random, open)).collect();
                Command::PayTogether(verbs::pay::PayTogether { orders })
            }
            Act::Cancel => Command::Cancel(verbs::cancel::Cancel { order: unpaid(random, open)? }),
            Act::Change => Command::Change(verbs::change::Change {
                subscription: subscription(random, open)?,
                plan: plan(random),
                until: random.chance(200).then(|| now.plus(random.seconds(90_000, 900_000))),
                pay_now: random.chance(800),
                coupon: CouponChoice::Auto,
                expected_payable: None,
            }),
            Act::Unsubscribe => Command::Unsubscribe(verbs::refund::Unsubscribe {
                subscription: subscription(random, open)?,
                unused: random.chance(500),
            }),
            Act::Refund => {
                let covering: Vec<OrderId> = open
                    .subscriptions
                    .values()
                    .flat_map(|live| live.coverages.iter().map(|coverage| coverage.order))
                    .collect();
                let order = *random.pick(&covering)?;
                let amount = random.chance(500).then(|| random.within(1, 900));
                let amount = amount.map(|minor| usd(i64::try_from(minor).unwrap_or(1)));
                Command::Refund(verbs::refund::Refund { order, amount })
            }
            Act::Release => Command::Release(verbs::refund::Release {
                subscription: subscription(random, open)?,
            }),
            Act::Grant => grant(random),
            Act::SetCoupon => {
                let coupons: Vec<CouponId> = open.coupons.keys().copied().collect();
                let coupon = random
                    .pick(&coupons)
                    .map_or(CouponChoice::Decline, |coupon| CouponChoice::This(*coupon));
                let order = unpaid(random, open)?;
                Command::SetCoupon(verbs::coupons::SetCoupon { order, coupon })
            }
            Act::TakeBack => {
                let coupons: Vec<CouponId> = open.coupons.keys().copied().collect();
                let coupon = *random.pick(&coupons)?;
                Command::CancelCoupon(verbs::coupons::CancelCoupon { coupon })
            }
            Act::SetMode => Command::SetRenewalMode(verbs::set_renewal_mode::SetRenewalMode {
                subscription: subscription(random, open)?,
                mode: mode(random),
                period: random.chance(300).then(|| period(random)),
                muted: random.chance(150).then(|| random.chance(500)),
            }),
            Act::Hold => Command::Hold(verbs::hold::Hold {}),
            Act::LetGo => Command::LetGo(verbs::hold::LetGo {}),
            Act::Credit => Command::SetCreditLimit(verbs::credit_limit::SetCreditLimit {
                limit: usd(i64::try_from(random.below(5_000)).unwrap_or(0)),
            }),
            Act::Alert => Command::SetAlert(verbs::standing::SetAlert {
                below: random.chance(800).then(|| usd(1_000)),
            }),
            Act::Withdraw => {
                let amount = random.chance(300).then(|| usd(500));
                Command::Withdraw(verbs::withdraw::Withdraw { amount })
            }
            Act::PaidOut => {
                let waiting: Vec<WithdrawalId> = open.withdrawals.keys().copied().collect();
                let withdrawal = *random.pick(&waiting)?;
                if random.chance(700) {
                    Command::WithdrawalPaid(verbs::withdraw::WithdrawalPaid { withdrawal })
                } else {
                    let failed = verbs::withdraw::WithdrawalFailed { withdrawal, reason: None };
                    Command::WithdrawalFailed(failed)
                }
            }
            Act::Transfer => {
                let others: Vec<AccountId> =
                    peers.iter().copied().filter(|peer| *peer != open.id).collect();
                let to = *random.pick(&others)?;
                let amount = usd(i64::try_from(random.within(1, 3_000)).unwrap_or(1));
                Command::Transfer(verbs::transfer::Transfer { to, amount })
            }
            Act::OpenResource => {
                let by_hour = self.hourly && random.chance(700);
                let products: &[&str] = if by_hour { &HOURLY } else { &METERED };
                let product = random.pick(products).copied().unwrap_or("vm");
                let small = matches!(product, "by-month" | "by-day");
                Command::OpenResource(verbs::resource::OpenResource {
                    product: product.to_owned(),
                    plan: if small { "small".to_owned() } else { plan(random) },
                    region: "eu".to_owned(),
                    external_id: None,
                })
            }
            Act::Power => Command::SetPower(verbs::resource::SetPower {
                resource: resource(random, open)?,
                run: random.chance(600),
            }),
            Act::Plan => Command::ChangeResource(verbs::resource::ChangeResource {
                resource: resource(random, open)?,
                plan: plan(random),
            }),
            Act::ReleaseResource => {
                let resource = resource(random, open)?;
                Command::ReleaseResource(verbs::resource::ReleaseResource { resource })
            }
            Act::Report => self.report(open, now)?,
            Act::Confirm => {
                let right = random.chance(900);
                let code = if right { code(CODE) } else { CodeHash([0; 32]) };
                Command::ConfirmClosure(ConfirmClosure { code })
            }
            Act::Approve => Command::ApproveClosure(ApproveClosure { reference: "D-1".into() }),
            Act::Revoke => Command::RevokeClosure(RevokeClosure {}),
            Act::LogIn => Command::LoginSeen(LoginSeen {}),
            Act::Holding => holding(random),
            Act::UnifiedDay => Command::SetUnifiedDay(verbs::align::SetUnifiedDay {
                day: u8::try_from(random.within(1, 28)).unwrap_or(1),
            }),
            Act::Invoice => {
                let months: Vec<_> = open.bills.months.keys().copied().collect();
                let month = *random.pick(&months)?;
                Command::IssueInvoice(verbs::bill::IssueInvoice { month })
            }
            Act::Leave => self.leaving().command,
        })
    }

    /// Usage, now and then reported late, twice, or with another quantity.
    fn report(&mut self, open: &Open, now: Timestamp) -> Option<Command> {
        let random = &mut self.random;
        let resource = resource(random, open)?;
        let product = &open.resources.get(&resource)?.subject.product;
        let meters: &[&str] = match product.as_str() {
            "net" => &["traffic", "peak", "seats"],
            "by-day" | "by-month" => &["peak"],
            _ => &["cpu"],
        };
        let meter = random.pick(meters).copied().unwrap_or("peak");
        // The same again, while the first is surely known: until 36 days after its use, which may
        // lie 35 days back (D44). Whoever slept forgets later.
        let is_known = now.since(self.reported_at) < Duration::from_hours(20);
        if !is_known || random.chance(800) {
            self.reported += 1;
            self.reported_at = now;
        }
        let event = self.reported;
        let ago = match random.below(4) {
            0 => random.seconds(0, 60),
            1 => random.seconds(60, 7_200),
            2 => random.seconds(7_200, 200_000),
            _ => random.seconds(200_000, 3_200_000),
        };
        let mut key = [0; 16];
        key[..8].copy_from_slice(&event.to_be_bytes());
        let tenths = i64::try_from(random.within(0, 90)).unwrap_or(0);
        let tenths = if meter == "traffic" && random.chance(100) { -tenths } else { tenths };
        let reading = verbs::record_usage::Reported {
            key: UsageKey(key),
            resource,
            meter: meter.to_owned(),
            quantity: Decimal::new(tenths, 1),
            value: None,
            at: now.minus(ago),
        };
        let mut readings = vec![reading.clone()];
        if random.chance(300) {
            readings.push(reading);
        }
        Some(Command::RecordUsage(verbs::record_usage::RecordUsage { readings }))
    }
}

/// Instants at which something of the account comes to its end, or is looked after.
fn aims(open: &Open, now: Timestamp) -> Vec<Timestamp> {
    let mut aims = Vec::new();
    for live in open.subscriptions.values() {
        let Some(paid) = &live.paid else { continue };
        aims.push(paid.expires_at);
        let zone = live.subject.zone;
        for (days, hour) in [(-9, 8), (-8, 8), (-3, 8), (-1, 8), (-15, 9), (-1, 9), (0, 9), (14, 9)]
        {
            let at = chrono::NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
            aims.push(zone.on_day(paid.expires_at, days, at));
        }
        aims.push(zone.plus_days(paid.expires_at, 15));
    }
    aims.extend(open.orders.values().map(|order| order.deadline));
    aims.extend(open.coupons.values().map(|coupon| coupon.expires_at));
    aims.retain(|at| *at >= now);
    aims
}

fn subscription(random: &mut Random, open: &Open) -> Option<SubscriptionId> {
    let all: Vec<_> = open.subscriptions.keys().copied().collect();
    random.pick(&all).copied()
}

fn resource(random: &mut Random, open: &Open) -> Option<ResourceId> {
    let all: Vec<_> = open.resources.keys().copied().collect();
    random.pick(&all).copied()
}

fn unpaid(random: &mut Random, open: &Open) -> Option<OrderId> {
    let all: Vec<_> = open.orders.keys().copied().collect();
    random.pick(&all).copied()
}

fn plan(random: &mut Random) -> String {
    if random.chance(700) { "small" } else { "large" }.to_owned()
}

fn period(random: &mut Random) -> Period {
    random.weighted(&[
        (4, Period::new(1, Unit::Week)),
        (1, Period::new(3, Unit::Week)),
        (6, Period::new(1, Unit::Month)),
        (1, Period::new(3, Unit::Month)),
        (1, Period::new(1, Unit::Year)),
    ])
}

fn mode(random: &mut Random) -> Mode {
    random.weighted(&[(6, Mode::AutoRenewal), (3, Mode::ManualRenewal), (1, Mode::NotRenewal)])
}

/// Whoever is settled pays ahead.
fn top_up(random: &mut Random, habit: Habit) -> u64 {
    if habit == Habit::Settled { random.within(5_000, 60_000) } else { random.within(1, 12_000) }
}

fn purchase(random: &mut Random, habit: Habit) -> Command {
    let is_settled = habit == Habit::Settled;
    let month = is_settled && random.chance(700);
    Command::Purchase(verbs::purchase::Purchase {
        product: random.pick(&TERMED).copied().unwrap_or("vps").to_owned(),
        plan: plan(random),
        region: "eu".to_owned(),
        period: if month { Period::new(1, Unit::Month) } else { period(random) },
        renewal_mode: mode(random),
        pay_now: is_settled || random.chance(750),
        external_id: None,
        expires_not_after: None,
        coupon: CouponChoice::Auto,
        price_lock: random.chance(200),
        expected_payable: None,
    })
}

fn renew(random: &mut Random, open: &Open) -> Option<Command> {
    let subscription = subscription(random, open)?;
    let paid = open.subscriptions.get(&subscription)?.paid.as_ref();
    Some(Command::Renew(verbs::renew::Renew {
        subscription,
        term: Term::Period(period(random)),
        plan: None,
        pay_now: random.chance(700),
        expected_expires_at: paid.filter(|_| random.chance(500)).map(|paid| paid.expires_at),
        coupon: if random.chance(900) { CouponChoice::Auto } else { CouponChoice::Decline },
        expected_payable: None,
    }))
}

fn grant(random: &mut Random) -> Command {
    let value = usd(i64::try_from(random.within(1, 4_000)).unwrap_or(1));
    let benefit = match random.below(4) {
        0 | 1 => Benefit::Cash { value },
        2 => Benefit::SpendAndSave { threshold: usd(900), off: usd(300) },
        _ => Benefit::Discount { percent: random.within(1, 60).into(), cap: None },
    };
    let kinds = [order::Kind::New, order::Kind::Renew, order::Kind::Upgrade];
    let only = random.chance(300).then(|| random.pick(&kinds).copied()).flatten();
    Command::GrantCoupon(verbs::coupons::Grant {
        campaign: None,
        description: String::new(),
        benefit,
        scope: Scope { order_types: only.into_iter().collect(), ..Scope::default() },
        effective_at: None,
        validity: Validity::Days(u16::try_from(random.within(1, 60)).unwrap_or(1)),
    })
}

fn holding(random: &mut Random) -> Command {
    let (kind, id) = (HoldingKind::Domain, "example.com".to_owned());
    if random.chance(400) {
        Command::ReportHolding(ReportHolding { kind, id, label: None })
    } else {
        Command::ClearHolding(ClearHolding { kind, id })
    }
}

/// The hash of a code, as the door would make one.
fn code(text: &str) -> CodeHash {
    CodeHash(codec::digest(&codec::GENESIS, text))
}

pub(crate) fn usd(minor: i64) -> Money {
    Money::from_minor(minor, parsed("USD"))
}

pub(crate) fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> T {
    match text.parse() {
        Ok(value) => value,
        Err(error) => panic!("{text}: {error}"),
    }
}
