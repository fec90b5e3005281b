//! The forecast: what will happen to an account if nobody asks for anything. It is the way of the
//! daemon itself, [`State::execute`] at one due instant after the other, on a copy and ahead of
//! the clock; so over a stretch without commands it is event for event what then happens.
//!
//! [`walk`](Walk) goes there, [`usage`] reports what is expected to be reported on the way, and
//! [`reading`] tells what it came to.

mod reading;
mod usage;

pub use self::reading::{About, Day, Forecast, Item, Reader, Shortfall};
use self::usage::Carried;
pub use self::usage::GoingOn;
use super::account::Account;
use super::agenda::Agenda;
use super::calendar::Timestamp;
use super::command::Command;
use super::event::Event;
use super::facts::Facts;
use super::month::Month;
use super::rules::Timeline;
use super::stream::{Context, State};

/// How far ahead a forecast may look, in days: the longest period that is sold by length, with
/// the month before its end in which its reminders lie.
pub const DAYS_MAX: u32 = 400;
/// Events after which a forecast of one account stops where it is. A machine that is settled by
/// the hour has about twenty thousand in 400 days.
pub const EVENTS_MAX: usize = 100_000;

/// What a forecast is made under: the rules of all times, and the house as it stands.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The rules of all times: versions that are to take effect do so on the way.
    pub timeline: &'a Timeline,
    /// Now.
    pub from: Timestamp,
    /// Up to when, included.
    pub until: Timestamp,
    /// Is the brake engaged? It stays so.
    pub brake: bool,
    /// The latest month that the house has closed.
    pub closed_through: Option<Month>,
    /// Events after which it stops where it is.
    pub events_max: usize,
}

/// What a forecast takes for granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Assumption {
    /// Nobody asks for anything.
    NoCommands,
    /// Each thing is done when it is due.
    OnTime,
    /// The rules change as they are scheduled to, and not otherwise.
    RulesAsScheduled,
    /// What runs runs on, and what is reported goes on at the rate of the last 24 hours, or of its
    /// cycle where that is longer.
    UsageGoesOn,
    /// Different things that are counted are not counted ahead.
    UniqueCountsEnd,
    /// No delivery is reported.
    NoDeliveries,
    /// The account stays held.
    StaysHeld,
    /// The brake stays engaged.
    BrakeStays,
}

impl Assumption {
    /// The stable word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoCommands => "no_commands",
            Self::OnTime => "on_time",
            Self::RulesAsScheduled => "rules_as_scheduled",
            Self::UsageGoesOn => "usage_goes_on",
            Self::UniqueCountsEnd => "unique_counts_end",
            Self::NoDeliveries => "no_deliveries",
            Self::StaysHeld => "stays_held",
            Self::BrakeStays => "brake_stays",
        }
    }

    /// The same as a sentence.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::NoCommands => "nobody orders, pays, tops up, changes or stops anything",
            Self::OnTime => "each thing is done at the instant at which it is due",
            Self::RulesAsScheduled => "the rules change as they are scheduled to, not otherwise",
            Self::UsageGoesOn => {
                "what runs runs on, and reported usage goes on at the rate of the last 24 hours, or \
                 of its cycle where that is longer"
            }
            Self::UniqueCountsEnd => "meters that count different things count none of them ahead",
            Self::NoDeliveries => {
                "no delivery is reported: what waits for one fails when its time is up"
            }
            Self::StaysHeld => "the account stays held: nothing is due in it",
            Self::BrakeStays => "the brake stays engaged: suspensions and releases wait",
        }
    }
}

/// What happens at one instant ahead.
#[derive(Debug)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// What happens.
    pub events: Vec<Event>,
}

/// The way ahead: one due instant after the other.
#[derive(Debug)]
pub struct Walk<'a> {
    asked: Asked<'a>,
    state: State,
    agenda: Agenda,
    facts: Facts,
    carried: Carried,
    at: Timestamp,
    event_count: usize,
    is_cut: bool,
}

impl<'a> Walk<'a> {
    /// At its start: `account` as it stands at `asked.from`.
    #[must_use]
    pub fn new(asked: Asked<'a>, account: Account) -> Self {
        let agenda = Agenda::of(asked.timeline, &account);
        let carried = match account.open().filter(|open| open.held_at.is_none()) {
            Some(open) => Carried::of(asked.timeline, open, asked.from),
            None => Carried::default(),
        };
        Self {
            asked,
            state: State::Account(account),
            agenda,
            facts: Facts::default(),
            carried,
            at: asked.from,
            event_count: 0,
            is_cut: false,
        }
    }

    /// The account as it stands there.
    #[must_use]
    pub fn account(&self) -> Option<&Account> {
        self.state.account()
    }

    /// Up to when everything is told: the end that was asked for, unless there was too much.
    #[must_use]
    pub const fn through(&self) -> Timestamp {
        if self.is_cut { self.at } else { self.asked.until }
    }

    /// Did it stop before the end, because there was too much?
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// How many events happened on the way.
    #[must_use]
    pub const fn event_count(&self) -> usize {
        self.event_count
    }

    /// The reported usage that it takes to go on.
    #[must_use]
    pub fn going_on(&self) -> &[GoingOn] {
        self.carried.going_on()
    }

    /// Does it leave out what a meter of different things would count?
    #[must_use]
    pub const fn leaves_out_counts(&self) -> bool {
        self.carried.leaves_out_counts()
    }

    /// What happens next; nothing at the end.
    pub fn step(&mut self) -> Option<Moment> {
        loop {
            let due = self.agenda.next(self.state.account()?, self.asked.brake);
            let due = due.map(|due| due.at.max(self.at));
            let report = self.carried.next_at();
            let is_report = report.is_some_and(|report| due.is_none_or(|due| report < due));
            let at = if is_report { report } else { due }.filter(|at| *at <= self.asked.until)?;
            if self.event_count >= self.asked.events_max {
                self.is_cut = true;
                return None;
            }
            self.at = at;
            let command = if is_report {
                let open = self.state.account().and_then(Account::open);
                match open.and_then(|open| self.carried.report(self.asked.timeline, open, at)) {
                    Some(report) => Command::RecordUsage(report),
                    None => continue,
                }
            } else {
                Command::Advance
            };
            let context = Context {
                timeline: self.asked.timeline,
                at,
                brake: self.asked.brake,
                closed_through: self.asked.closed_through,
            };
            let executed = self.state.execute(&mut self.agenda, &command, &self.facts, &context);
            self.state.end_record();
            self.event_count += executed.events.len().max(1);
            return Some(Moment { at, events: executed.events });
        }
    }
}
