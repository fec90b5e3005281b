//! A stream's state, and the one way in which a command is executed on it: settle what is due,
//! then decide.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::account::Account;
use super::agenda::{self, Agenda, Due};
use super::calendar::Timestamp;
use super::command::{Answer, Command};
use super::draft::{Draft, Touched};
use super::effects::{self, Outgoing};
use super::event::Event;
use super::facts::Facts;
use super::ids::StreamId;
use super::month::Month;
use super::nouns::campaign::Campaign;
use super::nouns::house::House;
use super::nouns::series::Series;
use super::nouns::usage;
use super::rejection::Rejection;
use super::rows::{self, CampaignRow, Row};
use super::rules::Timeline;
use super::usage::{Seen, UsageKey};
use super::verbs::{
    advance, align, apply_rules, bill, brake, campaign, cancel, change, channel, closure, coupons,
    credit_limit, deliver, hold, import, open, pay, purchase, record_usage, refund, renew,
    resource, set_renewal_mode, standing, top_up, transfer, withdraw,
};

/// The state of a stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum State {
    /// An account.
    Account(Account),
    /// The house.
    House(House),
    /// A coupon campaign.
    Campaign(Box<Campaign>),
    /// A number series.
    Series(Series),
}

/// What a decision is made under.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The rules of all times.
    pub timeline: &'a Timeline,
    /// The instant of the record.
    pub at: Timestamp,
    /// Is the brake engaged?
    pub brake: bool,
    /// The latest month that the house has closed.
    pub closed_through: Option<Month>,
}

/// What executing a command came to. Events may have happened even if the command was rejected:
/// what was due by then was settled first.
#[derive(Debug)]
pub struct Executed {
    /// What happened.
    pub events: Vec<Event>,
    /// What the world must be told.
    pub outgoing: Vec<Outgoing>,
    /// Which nouns were touched.
    pub touched: Touched,
    /// The usage events that were counted.
    pub seen: Vec<(UsageKey, Seen)>,
    /// Was the account closed? Then its claims are released in the same commit, and its erasure
    /// begins (R8.10, D49).
    pub erases: bool,
    /// The due steps that were settled.
    pub steps: Vec<Due>,
    /// The answer, or why not.
    pub answer: Result<Answer, Rejection>,
}

impl Executed {
    /// Nothing happened.
    fn rejected(rejection: Rejection) -> Self {
        Self {
            events: Vec::new(),
            outgoing: Vec::new(),
            touched: Touched::default(),
            seen: Vec::new(),
            erases: false,
            steps: Vec::new(),
            answer: Err(rejection),
        }
    }
}

impl State {
    /// A stream in which nothing happened yet.
    #[must_use]
    pub fn empty(id: StreamId) -> Self {
        match id {
            StreamId::House => Self::House(House::default()),
            StreamId::Account(id) => Self::Account(Account::Unopened(id)),
            StreamId::Campaign(id) => Self::Campaign(Box::new(Campaign::unopened(id))),
            StreamId::Series(id) => Self::Series(Series::unused(id)),
        }
    }

    /// The account, if it is one.
    #[must_use]
    pub const fn account(&self) -> Option<&Account> {
        match self {
            Self::Account(account) => Some(account),
            Self::House(_) | Self::Campaign(_) | Self::Series(_) => None,
        }
    }

    /// Changes the state by one event of a record that is being replayed.
    pub fn apply(&mut self, event: &Event) {
        match (self, event) {
            (Self::Account(account), event) => account.apply(event),
            (Self::House(house), Event::House(event)) => house.apply(event),
            (Self::Campaign(campaign), Event::Campaign(event)) => campaign.apply(event),
            (Self::Series(series), Event::Series(event)) => series.apply(event),
            (Self::House(_) | Self::Campaign(_) | Self::Series(_), event) => {
                panic!("broken journal: {event:?} in another kind of stream")
            }
        }
    }

    /// One row for each noun that a record touched, as it stands after it, before what became
    /// final is forgotten.
    #[must_use]
    pub fn rows(&self, touched: &Touched) -> Vec<Row> {
        match self {
            Self::Account(account) => rows::rows(touched, account),
            Self::Campaign(campaign) if touched.campaign => {
                let row = CampaignRow::of(campaign);
                row.map(|row| Row::Campaign(Box::new(row))).into_iter().collect()
            }
            Self::House(_) | Self::Campaign(_) | Self::Series(_) => Vec::new(),
        }
    }

    /// Lets go of what became final in the record that is complete now.
    pub fn end_record(&mut self) {
        if let Self::Account(account) = self {
            account.forget_final();
        }
    }

    /// The agenda of this state under the rules as they are; only accounts have one.
    #[must_use]
    pub fn agenda(&self, timeline: &Timeline) -> Agenda {
        match self {
            Self::Account(account) => Agenda::of(timeline, account),
            Self::House(_) | Self::Campaign(_) | Self::Series(_) => Agenda::default(),
        }
    }

    /// Executes `command`: time first, then the decision, then what the decision made due.
    /// The state keeps what became final until [`State::end_record`], so that rows can be read.
    pub fn execute(
        &mut self,
        agenda: &mut Agenda,
        command: &Command,
        facts: &Facts,
        context: &Context<'_>,
    ) -> Executed {
        match self {
            Self::Account(account) => {
                // An agenda of older rules knows nothing of what the newer ones make due.
                if agenda.rules_version() != context.timeline.newest() {
                    *agenda = Agenda::of(context.timeline, account);
                }
                let mut draft = Draft::new(context, facts, account, agenda);
                let mut steps = advance::advance(&mut draft);
                let settled = draft.events.len();
                let mut answer = decide(&mut draft, command);
                assert!(
                    answer.is_ok() || draft.events.len() == settled,
                    "a rejected command left a trace: {command:?}"
                );
                if let Ok(answer) = &mut answer {
                    let due = advance::advance(&mut draft);
                    if !due.is_empty() {
                        bring_up_to_date(answer, &draft);
                    }
                    steps.extend(due);
                }
                standing::watch(&mut draft);
                effects::drop_voided(&mut draft.outgoing);
                Executed {
                    seen: seen(&draft.events),
                    erases: draft.events.iter().any(closes),
                    events: draft.events,
                    outgoing: draft.outgoing,
                    touched: draft.touched,
                    steps,
                    answer,
                }
            }
            Self::House(house) => {
                let decided = decide_house(house, command.asked(), context.at);
                let (events, answer) = match decided {
                    Ok((events, answer)) => (events, Ok(answer)),
                    Err(rejection) => (Vec::new(), Err(rejection)),
                };
                let mut outgoing = Vec::new();
                for event in &events {
                    house.apply(event);
                    effects::house_effects(event, &mut outgoing);
                }
                Executed {
                    events: events.into_iter().map(Event::House).collect(),
                    outgoing,
                    touched: Touched::default(),
                    seen: Vec::new(),
                    erases: false,
                    steps: Vec::new(),
                    answer,
                }
            }
            Self::Campaign(campaign) => {
                execute_campaign(campaign, command.asked(), facts, context.at)
            }
            Self::Series(series) => execute_series(series, command.asked(), context.at),
        }
    }
}

/// Does that close the account?
const fn closes(event: &Event) -> bool {
    matches!(event, Event::Closure(super::nouns::closure::Event::Closed { .. }))
}

/// The usage events that a record counted: they are known from then on.
#[must_use]
pub fn seen(events: &[Event]) -> Vec<(UsageKey, Seen)> {
    let recorded = events.iter().filter_map(|event| {
        let Event::Usage(usage::Event::Recorded { batches, .. }) = event else { return None };
        Some(batches)
    });
    let batches = recorded.flatten();
    let readings = batches.flat_map(|batch| batch.readings.iter().map(move |read| (batch, read)));
    readings
        .map(|(batch, read)| {
            let seen = Seen {
                resource: batch.resource,
                quantity: read.quantity,
                value: read.value,
                at: read.at,
            };
            (read.key, seen)
        })
        .collect()
}

/// Steps that were settled, by the word for their kind, with the longest delay of each in
/// seconds.
#[must_use]
pub fn tally(steps: &[Due], at: Timestamp) -> BTreeMap<&'static str, Tally> {
    let mut tally: BTreeMap<&'static str, Tally> = BTreeMap::new();
    for due in steps {
        let entry = tally.entry(due.step.kind()).or_default();
        entry.count += 1;
        entry.lag_seconds_max = entry.lag_seconds_max.max(at.since(due.at).as_secs());
    }
    tally
}

/// How many steps of a kind were settled, and how late the latest was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// The longest delay behind the due instant, in seconds.
    pub lag_seconds_max: u64,
}

/// What the decision made due at once is in its answer too: it tells things as they stand.
fn bring_up_to_date(answer: &mut Answer, draft: &Draft<'_>) {
    let Some(open) = draft.account().books() else { return };
    match answer {
        Answer::Ordered { order, subscription, cash } => {
            if let Some(now) = open.orders.get(&order.id) {
                **order = now.as_ref().clone();
            }
            if let Some(now) = open.subscriptions.get(&subscription.id) {
                **subscription = now.as_ref().clone();
            }
            *cash = open.wallet.cash;
        }
        Answer::ModeSet { subscription, next_attempt_at } => {
            if let Some(now) = open.subscriptions.get(&subscription.id) {
                **subscription = now.as_ref().clone();
            }
            *next_attempt_at = subscription
                .span()
                .and_then(|span| agenda::next_attempt(draft.timeline, subscription, &span));
        }
        // Cash changes with orders only, and a top-up pays none (R4.5). What was paid together,
        // given back or granted is not touched by what is due at this instant.
        Answer::Closure { closure } => {
            if let Some(now) = &open.closure {
                closure.clone_from(now);
            }
        }
        Answer::Resource { resource } => {
            if let Some(now) = open.resources.get(&resource.id) {
                **resource = now.as_ref().clone();
            }
        }
        Answer::Withdrawal { cash, .. } | Answer::Transferred { cash, .. } => {
            *cash = open.wallet.cash;
        }
        Answer::PaidTogether { .. }
        | Answer::TransferDecided { .. }
        | Answer::UsageRecorded { .. }
        | Answer::ClosureCodeMissed { .. }
        | Answer::ReportedLate { .. }
        | Answer::Coupon { .. }
        | Answer::CouponDeclined { .. }
        | Answer::Campaign { .. }
        | Answer::Released { .. }
        | Answer::Document { .. }
        | Answer::ToppedUp { .. }
        | Answer::Opened { .. }
        | Answer::Imported { .. }
        | Answer::AlreadyRenewed { .. }
        | Answer::Done
        | Answer::RulesApplied { .. } => {}
    }
}

fn decide(draft: &mut Draft<'_>, command: &Command) -> Result<Answer, Rejection> {
    closure::gate(draft, command)?;
    match command {
        Command::Open(command) => open::decide(draft, command),
        Command::Import(command) => import::decide(draft, command),
        Command::TopUp(command) => top_up::decide(draft, command),
        Command::Purchase(command) => purchase::decide(draft, command),
        Command::Pay(command) => pay::decide(draft, command),
        Command::PayTogether(command) => pay::together(draft, command),
        Command::SetCoupon(command) => coupons::set(draft, command),
        Command::Provisioned(command) => deliver::provisioned(draft, command),
        Command::ProvisionFailed(command) => deliver::failed(draft, command),
        Command::Cancel(command) => cancel::decide(draft, command),
        Command::Renew(command) => renew::decide(draft, command),
        Command::Change(command) => change::decide(draft, command),
        Command::Unsubscribe(command) => refund::unsubscribe(draft, command),
        Command::Release(command) => refund::release(draft, command),
        Command::Refund(command) => refund::refund(draft, command),
        Command::SetUnifiedDay(command) => align::set_unified_day(draft, *command),
        Command::GrantCoupon(command) => coupons::grant(draft, command),
        Command::CancelCoupon(command) => coupons::cancel(draft, command),
        Command::SetRenewalMode(command) => set_renewal_mode::decide(draft, command),
        Command::OpenResource(command) => resource::open(draft, command),
        Command::SetPower(command) => resource::set_power(draft, *command),
        Command::ChangeResource(command) => resource::change(draft, command),
        Command::ReleaseResource(command) => resource::release(draft, *command),
        Command::RecordUsage(command) => record_usage::decide(draft, command),
        Command::Withdraw(command) => withdraw::request(draft, command),
        Command::WithdrawalPaid(command) => withdraw::paid(draft, *command),
        Command::WithdrawalFailed(command) => withdraw::failed(draft, command),
        Command::Transfer(command) => transfer::send(draft, *command),
        Command::TakeTransfer(command) => transfer::take(draft, *command),
        Command::TransferAnswered(command) => transfer::answered(draft, command),
        Command::RequestClosure(command) => closure::request(draft, command),
        Command::BeginClosure(command) => closure::begin(draft, command),
        Command::ConfirmClosure(command) => closure::confirm(draft, *command),
        Command::ApproveClosure(command) => closure::approve(draft, command),
        Command::RevokeClosure(_) => closure::revoke(draft),
        Command::LoginSeen(_) => closure::login_seen(draft),
        Command::ReportHolding(command) => closure::report_holding(draft, command),
        Command::ClearHolding(command) => closure::clear_holding(draft, command),
        Command::Through(through) => {
            channel::check(draft, through)?;
            decide(draft, &through.command)
        }
        Command::SetCreditLimit(command) => credit_limit::decide(draft, *command),
        Command::SetAlert(command) => standing::set_alert(draft, *command),
        Command::IssueInvoice(command) => bill::issue(draft, *command),
        Command::AssignNumber(command) => bill::assign(draft, *command),
        Command::Hold(_) => hold::hold(draft),
        Command::LetGo(_) => hold::let_go(draft),
        Command::Advance => draft.books().map(|_| Answer::Done),
        Command::OpenCampaign(_)
        | Command::Take(_)
        | Command::GiveBack(_)
        | Command::CloseCampaign(_)
        | Command::Number(_)
        | Command::SealMonth(_)
        | Command::CloseMonth(_)
        | Command::ApplyRules(_)
        | Command::EngageBrake(_)
        | Command::ReleaseBrake(_) => Err(Rejection::AccountNotFound),
    }
}

/// A series gives its next number to whoever asks.
fn execute_series(series: &mut Series, command: &Command, at: Timestamp) -> Executed {
    let Command::Number(number) = command else {
        return Executed::rejected(Rejection::AccountNotFound);
    };
    let event = bill::number(series, *number, at);
    series.apply(&event);
    let mut outgoing = Vec::new();
    effects::series_effects(&event, &mut outgoing);
    Executed {
        events: vec![Event::Series(event)],
        outgoing,
        touched: Touched::default(),
        seen: Vec::new(),
        erases: false,
        steps: Vec::new(),
        answer: Ok(Answer::Done),
    }
}

/// A campaign decides, applies, and answers as it stands then. Nothing is ever due in it.
fn execute_campaign(
    campaign: &mut Campaign,
    command: &Command,
    facts: &Facts,
    at: Timestamp,
) -> Executed {
    let events = match decide_campaign(campaign, command, facts, at) {
        Ok(events) => events,
        Err(rejection) => return Executed::rejected(rejection),
    };
    let mut outgoing = Vec::new();
    for event in &events {
        campaign.apply(event);
        effects::campaign_effects(event, campaign, &mut outgoing);
    }
    let events: Vec<_> = events.into_iter().map(Event::Campaign).collect();
    let mut touched = Touched::default();
    for event in &events {
        touched.note(event);
    }
    let answer = CampaignRow::of(campaign).ok_or(Rejection::CampaignNotFound);
    let answer = answer.map(|row| Answer::Campaign { campaign: Box::new(row) });
    Executed {
        events,
        outgoing,
        touched,
        seen: Vec::new(),
        erases: false,
        steps: Vec::new(),
        answer,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "all others are of accounts and of the house")]
fn decide_campaign(
    campaign: &Campaign,
    command: &Command,
    facts: &Facts,
    at: Timestamp,
) -> Result<Vec<super::nouns::campaign::Event>, Rejection> {
    match command {
        Command::OpenCampaign(command) => campaign::open(campaign, command, at),
        Command::Take(command) => campaign::take(campaign, command, facts, at),
        Command::GiveBack(command) => campaign::give_back(campaign, *command, at),
        Command::CloseCampaign(_) => campaign::close(campaign, at),
        Command::Advance => campaign::terms(campaign).map(|_| Vec::new()),
        _ => Err(Rejection::CampaignNotFound),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "all others are of accounts and of campaigns")]
fn decide_house(
    house: &House,
    command: &Command,
    at: Timestamp,
) -> Result<(Vec<super::nouns::house::Event>, Answer), Rejection> {
    match command {
        Command::ApplyRules(command) => apply_rules::decide(house, command, at),
        Command::EngageBrake(command) => Ok(brake::engage(house, command, at)),
        Command::ReleaseBrake(_) => brake::release(house, at),
        Command::SealMonth(command) => Ok((bill::seal_month(house, *command, at), Answer::Done)),
        Command::CloseMonth(command) => Ok((bill::close_month(house, command, at), Answer::Done)),
        _ => Err(Rejection::AccountNotFound),
    }
}
