//! A world: a house, its customers, and an outside that means no good, all drawn from one seed.

mod asking;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use renewd::actors::Request;
use renewd::clock::Clock;
use renewd::domain::calendar::Timestamp;
use renewd::domain::command::Command;
use renewd::domain::ids::{AccountId, StreamId};
use renewd::domain::rules::Rules;
use renewd::domain::verbs;
use renewd::stepper::StepError;
use renewd::store::{DueQuery, Handle, Store as _};

use crate::book;
use crate::faulty::{Faulty, Weather};
use crate::habits::{Customer, Wish, parsed};
use crate::history::{History, Rest, Seen};
use crate::house::{Down, House, Site};
use crate::outside::Got;
use crate::random::Random;

/// Where time begins: before changes of the clocks, ends of months, the 29th of February.
const STARTS: [&str; 7] = [
    "2026-03-08T05:59:30Z",
    "2026-01-28T22:10:00Z",
    "2025-10-12T07:00:00Z",
    "2028-01-30T12:00:00Z",
    "2027-12-29T23:59:59Z",
    "2026-08-31T15:20:10Z",
    "2028-02-26T03:00:00Z",
];
/// For so long a request is made again under its token.
const TOKENS_KEPT: Duration = Duration::from_hours(6 * 24);
/// People of the crowd have higher numbers than this.
const CROWD_FROM: u64 = 10_000;
/// What fails so often in a row is left alone for a while.
const FAILURES_MAX: u32 = 40;

/// What kind of world it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) seed: u64,
    /// Does anything fail?
    pub(crate) hostile: bool,
    /// Do streams speak to each other?
    pub(crate) social: bool,
    /// Does it last for a year or so?
    pub(crate) is_long: bool,
    /// How many live in it besides who are seldom heard of.
    pub(crate) crowd: u64,
}

impl Setting {
    /// Every fourth world is a quiet one. They are long with `RENEWD_LONG=1`, and hold a crowd with
    /// `RENEWD_CROWD=100`.
    pub(crate) fn of(seed: u64) -> Self {
        let is_long = crate::runs::setting("RENEWD_LONG").is_some();
        let crowd = crate::runs::setting("RENEWD_CROWD").unwrap_or(0);
        Self { seed, hostile: !seed.is_multiple_of(4), social: true, is_long, crowd }
    }

    /// Days that it lasts, from and to.
    const fn days(self) -> (u64, u64) {
        if self.is_long { (200, 500) } else { (20, 80) }
    }

    /// How many live in it at the most.
    const fn customers(self) -> u64 {
        if self.is_long { 9 } else { 6 }
    }
}

/// Something that is going to happen.
#[derive(Debug, Clone)]
enum Plan {
    /// A customer asks for something.
    Act(usize),
    /// A request is made, perhaps again.
    Ask {
        asked: usize,
        tries: u32,
    },
    Weather,
    MailDown(bool),
    HooksDown(bool),
    /// The machine's clock jumps ahead, or the machine slept.
    Jump(Duration),
    Kill,
    Amend,
    Campaign,
    /// What the daemon has in memory is looked at.
    Look,
    ReleaseBrake,
}

/// What was asked for, as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) at: Timestamp,
    pub(crate) stream: StreamId,
    pub(crate) request: Request,
}

/// What happened in a world, for people; it outlives a world that ends in a panic.
pub(crate) type Story = Arc<Mutex<Vec<(Timestamp, String)>>>;

/// A world in the making.
pub(crate) struct World {
    pub(crate) setting: Setting,
    pub(crate) site: Site,
    pub(crate) rules: Rules,
    pub(crate) history: History,
    /// Everything that was asked, in order, with the instant.
    pub(crate) script: Vec<Sent>,
    /// What happened, for people.
    story: Story,
    pub(crate) started_at: Timestamp,
    told: bool,
    random: Random,
    house: Option<House>,
    /// It is not earlier than this.
    now: Timestamp,
    failed_at: Timestamp,
    /// Calls of the store that had failed when it was last looked at.
    faults: u64,
    customers: Vec<Customer>,
    requests: Vec<Request>,
    plans: BTreeMap<(Timestamp, u64), Plan>,
    planned: u64,
    end: Timestamp,
}

/// A world that came to its end.
pub(crate) struct Lived {
    pub(crate) history: History,
    pub(crate) script: Vec<Sent>,
    pub(crate) days: Days,
    pub(crate) faults: u64,
    pub(crate) calls: u64,
}

/// Account-days that were lived: an account's begin with its first record, and end with its
/// closing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Days {
    pub(crate) all: u64,
    /// Those of the crowd.
    pub(crate) crowd: u64,
}

impl std::ops::AddAssign for Days {
    fn add_assign(&mut self, more: Self) {
        self.all += more.all;
        self.crowd += more.crowd;
    }
}

impl World {
    /// Before anything happened.
    pub(crate) fn new(setting: Setting, story: Option<Story>) -> Self {
        let mut random = Random::new(setting.seed ^ 0x5eed);
        let store = Faulty::new(random.branch());
        let mut rules = book::rules(&mut random);
        let mut config = book::config(&mut random);
        // The crowd has places of its own: how few may live is a question to the restless.
        config.daemon.live_accounts_max += u32::try_from(setting.crowd).unwrap_or(0);
        if !setting.social {
            book::release_without_notice(&mut rules);
            book::never_brake(&mut config);
        }
        let site = Site::new(config, store);
        let started_at: Timestamp = parsed(random.pick(&STARTS).copied().unwrap_or(STARTS[0]));
        let (least, most) = setting.days();
        let end = started_at.plus(random.seconds(least * 86_400, most * 86_400));
        let count = random.within(1, setting.customers());
        let hourly = random.chance(300);
        let mut customers: Vec<_> = (1..=count)
            .map(|number| {
                let id = AccountId::from_bits(random.bits());
                Customer::new(id, number, hourly, random.branch())
            })
            .collect();
        customers.extend((1..=setting.crowd).map(|number| {
            let id = AccountId::from_bits(random.bits());
            Customer::settled(id, CROWD_FROM + number, random.branch())
        }));
        Self {
            setting,
            site,
            rules,
            history: History::new(),
            script: Vec::new(),
            told: story.is_some(),
            story: story.unwrap_or_default(),
            started_at,
            random,
            house: None,
            now: started_at,
            failed_at: Timestamp::MIN,
            faults: 0,
            customers,
            requests: Vec::new(),
            plans: BTreeMap::new(),
            planned: 0,
            end,
        }
    }

    /// Lives it to its end.
    pub(crate) fn live(setting: Setting) -> Lived {
        Self::new(setting, None).lived()
    }

    /// The same, with a story.
    pub(crate) fn tell_of(setting: Setting, story: &Story) -> Lived {
        Self::new(setting, Some(Arc::clone(story))).lived()
    }

    fn lived(self) -> Lived {
        let mut world = self;
        world.plan_ahead();
        while let Some(((at, _), plan)) = world.plans.pop_first() {
            if at > world.end {
                break;
            }
            world.carry_out(at, &plan);
        }
        world.finish()
    }

    /// The same world again, whose daemon wakes only when somebody asks for something.
    pub(crate) fn sleep(setting: Setting, script: &[Sent]) -> Lived {
        let mut world = Self::new(setting, None);
        // It was there from the start, and had its price list.
        world.up();
        world.take_in();
        for Sent { at, stream, request } in script {
            world.now = *at;
            if let Clock::Manual(clock) = &world.up().app.clock {
                clock.set(*at);
            }
            let (stream, request) = (*stream, request.clone());
            // What it comes to is in the journal.
            let _ = world.up().run(async |app, _| app.accounts.execute(stream, request).await);
            world.take_in();
        }
        world.finish()
    }

    fn plan(&mut self, at: Timestamp, plan: Plan) {
        self.planned += 1;
        // Where it is compared to the second what happens when, all is asked on the minute, as
        // schedulers look.
        let late = u64::try_from(at.seconds().rem_euclid(60)).unwrap_or(0);
        let at = if self.setting.social || late == 0 {
            at
        } else {
            at.plus(Duration::from_secs(60 - late))
        };
        // But not new rules: of what is due in the very instant from which they are in force, whoever
        // is awake did it before they came, and whoever slept goes by them.
        let is_amended = matches!(plan, Plan::Amend) && !self.setting.social;
        let at = if is_amended { at.plus(Duration::from_secs(30)) } else { at };
        self.plans.insert((at, self.planned), plan);
    }

    fn plan_ahead(&mut self) {
        for place in 0..self.customers.len() {
            let at = self.started_at.plus(self.random.seconds(0, 200_000));
            self.plan(at, Plan::Act(place));
        }
        let days = self.end.since(self.started_at).as_secs() / 86_400;
        for day in (0..days).step_by(9) {
            let at = self.started_at.plus(Duration::from_secs(day * 86_400 + 77));
            self.plan(at, Plan::Look);
        }
        let instant = |random: &mut Random, start: Timestamp, end: Timestamp| {
            start.plus(random.seconds(0, end.since(start).as_secs()))
        };
        let (start, end) = (self.started_at, self.end);
        for _ in 0..self.random.below(3) {
            let at = instant(&mut self.random, start, end);
            self.plan(at, Plan::Amend);
        }
        if self.setting.social {
            self.plan(start.plus(Duration::from_secs(10)), Plan::Campaign);
            for _ in 0..self.random.below(6) {
                let at = instant(&mut self.random, start, end);
                self.plan(at, Plan::Campaign);
            }
        }
        if !self.setting.hostile {
            return;
        }
        for _ in 0..days / 4 {
            let at = instant(&mut self.random, start, end);
            self.plan(at, Plan::Weather);
        }
        for _ in 0..days / 15 {
            let at = instant(&mut self.random, start, end);
            self.plan(at, Plan::Kill);
        }
        for _ in 0..self.random.below(4) {
            let at = instant(&mut self.random, start, end);
            let hours = self.random.within(1, 96);
            let until = at.plus(Duration::from_secs(hours * 3_600));
            let is_mail = self.random.chance(500);
            let down = |down| if is_mail { Plan::MailDown(down) } else { Plan::HooksDown(down) };
            self.plan(at, down(true));
            self.plan(until, down(false));
        }
        for _ in 0..self.random.below(4) {
            let at = instant(&mut self.random, start, end);
            let length = self.nap();
            self.plan(at, Plan::Jump(length));
        }
    }

    /// How long nobody looks: mostly not long.
    fn nap(&mut self) -> Duration {
        let random = &mut self.random;
        match random.below(8) {
            0..4 => random.seconds(0, 120),
            4 => random.seconds(120, 9_000),
            5 => random.seconds(9_000, 200_000),
            6 => random.seconds(200_000, 900_000),
            _ => random.seconds(900_000, 2_500_000),
        }
    }

    fn carry_out(&mut self, at: Timestamp, plan: &Plan) {
        match *plan {
            Plan::Act(place) => self.act(at, place),
            Plan::Ask { asked, tries } => {
                self.reach(at);
                // Tokens are remembered for seven days; nobody repeats a request after that.
                if self.now.since(self.history.asked[asked].at) < TOKENS_KEPT || tries == 0 {
                    self.ask(asked, tries);
                }
            }
            Plan::Weather => {
                let weather = self.weather();
                self.tell(|| format!("weather {weather:?}"));
                self.site.store.set_weather(weather);
            }
            Plan::MailDown(down) => {
                self.reach(at);
                self.tell(|| format!("mail server down: {down}"));
                self.site.outside.set_mail_down(down);
            }
            Plan::HooksDown(down) => {
                self.reach(at);
                self.tell(|| format!("endpoints down: {down}"));
                self.site.outside.set_hooks_down(down);
            }
            Plan::Jump(length) => {
                self.reach(at);
                self.jump(length);
            }
            Plan::Kill => {
                self.reach(at);
                self.died();
            }
            Plan::Amend => {
                self.reach(at);
                let rules = book::amended(&self.rules, &mut self.random);
                self.rules = rules.clone();
                let apply =
                    verbs::apply_rules::ApplyRules { rules: rules.into(), effective_at: None };
                let wish = Wish::of(Command::ApplyRules(apply));
                self.send(StreamId::House, wish, true);
            }
            Plan::Campaign => {
                self.reach(at);
                self.campaign(at);
            }
            Plan::Look => {
                self.reach(at);
                self.look();
            }
            Plan::ReleaseBrake => {
                self.reach(at);
                let release = verbs::brake::Release {};
                self.send(StreamId::House, Wish::of(Command::ReleaseBrake(release)), false);
            }
        }
        self.take_in();
    }

    fn weather(&mut self) -> Weather {
        let random = &mut self.random;
        let mut often = |thousandth| if random.chance(500) { thousandth } else { 0 };
        let weather = Weather {
            read_fails: often(8),
            write_fails: often(40),
            reply_lost: often(40),
            killed: often(6),
        };
        if random.chance(300) { Weather::default() } else { weather }
    }

    /// The clock shows something later than it should.
    fn jump(&mut self, length: Duration) {
        let Some(house) = &self.house else { return };
        let to = house.now().plus(length);
        if let Clock::Manual(clock) = &house.app.clock {
            clock.set(to);
        }
        self.now = self.now.max(to);
        self.failed_at = self.now;
        self.tell(|| format!("the clock jumps by {} s", length.as_secs()));
    }

    fn tell(&mut self, what: impl FnOnce() -> String) {
        if self.told {
            let at = self.house.as_ref().map_or(self.now, House::now);
            self.story.lock().unwrap_or_else(PoisonError::into_inner).push((at, what()));
        }
    }

    /// The daemon is dead. Somebody starts it again, at once or when it is noticed.
    fn died(&mut self) {
        if let Some(house) = self.house.take() {
            self.now = self.now.max(house.now());
        }
        let nap = self.nap();
        self.tell(|| format!("killed; down for {} s", nap.as_secs()));
        self.now = self.now.plus(nap);
        self.failed_at = self.now;
        self.take_in();
    }

    /// A daemon that runs.
    fn up(&mut self) -> &mut House {
        let mut failures = 0;
        while self.house.is_none() {
            let rules = self.history.streams.is_empty().then(|| self.rules.clone());
            match House::start(&self.site, self.now, rules) {
                Ok(house) => self.house = Some(house),
                Err(Down::Killed) => self.died(),
                Err(Down::Refused(why)) => self.tell(|| format!("it does not start: {why}")),
            }
            failures += 1;
            if failures > FAILURES_MAX {
                self.site.store.set_weather(Weather::default());
            }
            assert!(failures < 10 * FAILURES_MAX, "the daemon does not start");
        }
        match &mut self.house {
            Some(house) => house,
            None => unreachable!("it was just started"),
        }
    }

    /// Lets time pass to `at`, with everything on the way.
    fn reach(&mut self, at: Timestamp) {
        for failures in 0.. {
            if failures > FAILURES_MAX {
                self.site.store.set_weather(Weather::default());
            }
            assert!(failures < 10 * FAILURES_MAX, "time does not go on");
            let stepped = self.up().run(async |_, stepper| stepper.advance_to(at, |_| ()).await);
            match stepped {
                None => self.died(),
                Some(Ok(_) | Err(StepError::Backwards { .. })) => break,
                Some(Err(error)) => self.failed(&error),
            }
        }
        self.rested();
    }

    fn failed(&mut self, error: &StepError) {
        if let Some(house) = &self.house {
            self.now = self.now.max(house.now());
        }
        self.failed_at = self.now;
        self.tell(|| format!("broken off: {error}"));
    }

    /// Notes what is still due.
    fn rested(&mut self) {
        self.take_in();
        let Some(house) = &self.house else { return };
        let at = house.now();
        self.now = self.now.max(at);
        let (_, faults) = self.site.store.counts();
        if std::mem::replace(&mut self.faults, faults) != faults {
            self.failed_at = at;
        }
        let query = DueQuery {
            job: renewd::domain::agenda::Job::Housekeeping,
            until: at,
            any_until: at,
            after: None,
            limit: 100,
        };
        let due = now(self.site.store.kept().due(query)).unwrap_or_default();
        let braked = self.history.house().is_some_and(|house| house.brake.is_some());
        if !due.is_empty() {
            let rest = Rest { at, failed_at: self.failed_at, due, braked };
            self.history.rests.push(rest);
        }
        if braked && self.random.chance(200) {
            let later = at.plus(self.random.seconds(60, 200_000));
            self.plan(later, Plan::ReleaseBrake);
        }
    }

    /// Takes in what was written and what came through.
    fn take_in(&mut self) {
        let at = self.now;
        for noted in self.site.store.take_noted() {
            if let crate::faulty::Noted::Record { stream, record, .. } = &noted {
                self.tell(|| format!("  {stream}/{} {}", record.seq, record.body));
            }
            self.history.follow(at, noted);
        }
        for got in self.site.outside.take() {
            if let Got::Webhook { body, .. } = &got {
                self.heard(body);
            }
            self.history.got.push((at, got));
        }
    }

    /// Looks at what the daemon has in memory.
    fn look(&mut self) {
        let streams: Vec<StreamId> = self.history.streams.keys().copied().collect();
        for stream in streams {
            match self.up().run(async |app, _| app.accounts.view(stream).await) {
                None => return self.died(),
                Some(Ok(view)) => {
                    let seen = Seen { stream, seq: view.seq, state: view.state };
                    self.history.seen.push(seen);
                }
                Some(Err(_)) => self.failed_at = self.now,
            }
        }
        self.take_in();
    }

    /// Everything works again, and nobody asks for anything more.
    fn finish(mut self) -> Lived {
        self.site.store.set_weather(Weather::default());
        self.site.outside.set_mail_down(false);
        self.site.outside.set_hooks_down(false);
        self.tell(|| "the weather is fine from now on".to_owned());
        self.end = self.end.max(self.now);
        self.reach(self.end);
        self.end = self.end.plus(Duration::from_hours(5 * 24));
        self.reach(self.end);
        self.look();
        // Once more, cold.
        self.house = None;
        self.look();
        self.take_in();
        let kept = self.site.store.kept();
        let handle: Handle = kept.clone();
        let checked = now(renewd::check::check(&handle, |_| {}));
        match checked {
            Ok(checked) => self.history.findings = checked.findings,
            Err(error) => panic!("the book cannot be checked: {error}"),
        }
        let parked = now(kept.parked()).unwrap_or_default();
        self.history.parked = parked.into_iter().map(|(stream, _, why)| (stream, why)).collect();
        let accounts = now(kept.accounts(None, 1_000)).unwrap_or_default();
        let shared = now(kept.shared_streams(None, 1_000)).unwrap_or_default();
        let heads = accounts.into_iter().map(|(id, head)| (StreamId::Account(id), head));
        self.history.heads = heads.chain(shared).collect();
        let query = renewd::store::DeliveryQuery { limit: 1_000_000, ..Default::default() };
        self.history.deliveries = now(kept.deliveries(query)).unwrap_or_default();
        self.history.ended_at = self.now;
        let crowd: BTreeSet<AccountId> = self
            .customers
            .iter()
            .filter(|customer| customer.person > CROWD_FROM)
            .map(|customer| customer.id)
            .collect();
        let (calls, faults) = self.site.store.counts();
        Lived {
            days: self.history.days(|id| crowd.contains(&id)),
            history: self.history,
            script: self.script,
            faults,
            calls,
        }
    }
}

/// What the store in memory answers, which it does at once.
pub(crate) fn now<T>(answer: impl Future<Output = T>) -> T {
    match answer.now_or_never() {
        Some(answer) => answer,
        None => unreachable!("the store in memory waits for nothing"),
    }
}
