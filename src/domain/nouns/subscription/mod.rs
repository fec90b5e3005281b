//! Term subscriptions: prepaid, with an end, renewed by hand, by themselves, or not at all.

mod event;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use self::event::{Event, Failure};
use super::coverage::Coverage;
use super::{notice, order};
use crate::domain::calendar::{Course, Period, Timestamp, Zone};
use crate::domain::ids::{OrderId, SubscriptionId};
use crate::domain::money::Money;
use crate::domain::rules::{Prices, Span, Terms};
use crate::domain::text::text_serde;

/// Where a subscription stands (R1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum State {
    /// Its first order is not paid yet.
    PendingPayment,
    /// Paid and running.
    Active,
    /// Expired and still serving.
    Grace,
    /// Stopped, data kept.
    Suspended,
    /// Gone; final.
    Released,
    /// Never paid; final.
    Cancelled,
    /// Given back before its end; final.
    Unsubscribed,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::PendingPayment,
        Self::Active,
        Self::Grace,
        Self::Suspended,
        Self::Released,
        Self::Cancelled,
        Self::Unsubscribed,
    ];

    /// The rulebook's name for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PendingPayment => "PendingPayment",
            Self::Active => "Active",
            Self::Grace => "Grace",
            Self::Suspended => "Suspended",
            Self::Released => "Released",
            Self::Cancelled => "Cancelled",
            Self::Unsubscribed => "Unsubscribed",
        }
    }
}

/// How a subscription is renewed (R2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Mode {
    /// By itself, from the account's funds.
    AutoRenewal,
    /// By hand; the default (R2.2).
    #[default]
    ManualRenewal,
    /// Not at all: no expiry reminders, recovery, release (R2.18).
    NotRenewal,
}

impl Mode {
    /// The rulebook's name for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AutoRenewal => "AutoRenewal",
            Self::ManualRenewal => "ManualRenewal",
            Self::NotRenewal => "NotRenewal",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Mode {
    type Err = String;

    /// Reads the three names, and the alias `Normal` (R2.1).
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "AutoRenewal" => Ok(Self::AutoRenewal),
            "ManualRenewal" | "Normal" => Ok(Self::ManualRenewal),
            "NotRenewal" => Ok(Self::NotRenewal),
            _ => Err(format!("{text:?} is not AutoRenewal, ManualRenewal or NotRenewal")),
        }
    }
}

text_serde!(Mode);

/// A paid period: everything that its event fixed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    /// Its number, from 1, never reused (R2.11).
    pub period_no: u32,
    /// Its length.
    pub period: Period,
    /// Where it stands on the calendar.
    pub course: Course,
    /// Its start.
    pub started_at: Timestamp,
    /// Its end, excluded.
    pub expires_at: Timestamp,
    /// What was promised for it.
    pub terms: Terms,
}

impl Paid {
    /// Was its end set by alignment to a day (R1.22)? Then its course starts there.
    #[must_use]
    pub const fn is_aligned(&self) -> bool {
        self.course.months_from_anchor == 0 && self.course.weeks_from_anchor == 0
    }
}

/// What a subscription is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The product.
    pub product: String,
    /// Its plan.
    pub plan: String,
    /// The region.
    pub region: String,
    /// The zone that its days are counted in, fixed at purchase (D37).
    pub zone: Zone,
    /// The provider's own name for the resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The subscription that it may not outlive (R1.17).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_not_after: Option<SubscriptionId>,
}

/// How a subscription is to be renewed, and whether its owner wants reminders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewal {
    /// The mode.
    pub mode: Mode,
    /// The length of an automatic renewal; kept while the mode is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// Expiry reminders are muted; notices of loss and of failure are not (R3.5).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub muted: bool,
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Its id.
    pub id: SubscriptionId,
    /// What it is of.
    pub subject: Subject,
    /// Where it stands.
    pub state: State,
    /// How it is renewed.
    pub renewal: Renewal,
    /// When the mode was last set: only later marks and slots apply (R3.7).
    pub mode_set_at: Timestamp,
    /// The latest paid period; none before the first payment.
    pub paid: Option<Paid>,
    /// The unpaid order on it: there is never more than one (R1.18).
    pub open_order: Option<OrderId>,
    /// The order that made the latest paid period; none if it was imported, or free and is the
    /// latest again since a later one was taken back.
    pub last_order: Option<OrderId>,
    /// Marks up to here are settled.
    pub noticed_through: Timestamp,
    /// Slots up to here are settled.
    pub attempted_through: Timestamp,
    /// What a sent notice said that this renewal will cost (R2.17).
    pub quote: Option<Money>,
    /// The same of the period that followed one with this number: it holds again if that period is
    /// taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier_quote: Option<(u32, Money)>,
    /// When the notice of the coming release was recorded (D38).
    pub release_noticed_at: Option<Timestamp>,
    /// The highest period number that was given away when its owner was last told of what is to
    /// come or was lost; 0 for none.
    pub told_in_period: u32,
    /// Is the order on it paid, and waits to be delivered (D41)?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub processing: bool,
    /// What was paid for time that is not over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coverages: Vec<Coverage>,
    /// Paid periods before the latest that are not over, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Paid>,
    /// The highest period number that was given away, where a later period was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_period_no: Option<u32>,
    /// The plan that takes effect with a period that was paid ahead (R1.20).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_plan: Option<NextPlan>,
    /// The plan for a while, beside the one that is renewed (R1.19).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporary: Option<Temporary>,
    /// How many times it was downgraded before its end (R10.15).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub downgrades: u32,
    /// The prices that it keeps (D31).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked: Option<Prices>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde asks for")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// A plan that takes effect later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextPlan {
    /// Which.
    pub plan: String,
    /// When.
    pub at: Timestamp,
    /// The prices that were kept before it was paid, if its period is taken back (D31).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Prices>,
}

/// A plan for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Temporary {
    /// Which.
    pub plan: String,
    /// Until when.
    pub until: Timestamp,
}

impl Subscription {
    /// The subscription that an event begins: ordered or imported. Any other is a broken
    /// journal.
    #[must_use]
    pub fn begin(event: &Event) -> Self {
        match event {
            Event::Ordered { id, subject, renewal, order, at, locked } => {
                let mut begun = Self::new(*id, subject, *renewal, *at);
                begun.open_order = Some(*order);
                begun.locked = *locked;
                begun
            }
            Event::Imported { id, subject, renewal, paid, at } => {
                let mut begun = Self::new(*id, subject, *renewal, *at);
                begun.state = State::Active;
                begun.paid = Some(paid.as_ref().clone());
                begun
            }
            Event::Activated { .. }
            | Event::Renewed { .. }
            | Event::RenewalOrdered { .. }
            | Event::ChangeOrdered { .. }
            | Event::OrderClosed { .. }
            | Event::PlanChanged { .. }
            | Event::PlanTookEffect { .. }
            | Event::PeriodCancelled { .. }
            | Event::Unsubscribed { .. }
            | Event::AttemptFailed { .. }
            | Event::ModeSet { .. }
            | Event::Expired { .. }
            | Event::Suspended { .. }
            | Event::Released { .. }
            | Event::Cancelled { .. } => {
                panic!("broken journal: no live subscription for {event:?}")
            }
        }
    }

    fn new(id: SubscriptionId, subject: &Subject, renewal: Renewal, at: Timestamp) -> Self {
        Self {
            id,
            subject: subject.clone(),
            state: State::PendingPayment,
            renewal,
            mode_set_at: at,
            paid: None,
            open_order: None,
            last_order: None,
            noticed_through: at,
            attempted_through: at,
            quote: None,
            earlier_quote: None,
            release_noticed_at: None,
            told_in_period: 0,
            processing: false,
            coverages: Vec::new(),
            earlier: Vec::new(),
            last_period_no: None,
            next_plan: None,
            temporary: None,
            downgrades: 0,
            locked: None,
        }
    }

    /// Can `event` happen to it as it stands? The state machine of the rulebook, section 14.
    #[must_use]
    pub fn allows(&self, event: &Event) -> bool {
        match event {
            Event::Ordered { .. } | Event::Imported { .. } => false,
            Event::Activated { paid, .. } => {
                self.state == State::PendingPayment && paid.period_no == 1
            }
            Event::Renewed { paid, .. } => {
                self.is_renewable() && paid.period_no == self.next_period_no()
            }
            Event::RenewalOrdered { .. } | Event::ChangeOrdered { .. } => {
                self.is_renewable() && self.open_order.is_none()
            }
            Event::PlanTookEffect { .. } => self.next_plan.is_some() || self.temporary.is_some(),
            Event::PeriodCancelled { .. } => self.is_renewable() && !self.earlier.is_empty(),
            Event::Unsubscribed { .. } => self.is_renewable() && self.open_order.is_none(),
            Event::OrderClosed { .. } => self.is_renewable() && self.open_order.is_some(),
            Event::AttemptFailed { .. } | Event::PlanChanged { .. } => self.is_renewable(),
            Event::ModeSet { .. } => !self.is_final(),
            Event::Expired { .. } => self.state == State::Active,
            Event::Suspended { .. } => self.state == State::Grace,
            Event::Released { .. } => self.state == State::Suspended,
            Event::Cancelled { .. } => self.state == State::PendingPayment,
        }
    }

    /// Changes the subscription by what happened after it began. What cannot follow is a broken
    /// journal.
    pub fn apply(&mut self, event: &Event) {
        assert!(self.allows(event), "broken journal: {event:?} cannot happen to {self:?}");
        match event {
            Event::Ordered { id, .. } | Event::Imported { id, .. } => {
                panic!("broken journal: {id} began twice")
            }
            Event::Activated { order, paid, .. } => {
                self.begin_period(paid, *order, paid.started_at);
            }
            Event::Renewed { order, paid, at, plan, locked, .. } => {
                if let Some(last) = self.paid.take().filter(|last| last.expires_at > *at) {
                    self.earlier.retain(|earlier| earlier.expires_at > *at);
                    if let Some(quote) = self.quote {
                        self.earlier_quote = Some((last.period_no, quote));
                    }
                    self.earlier.push(last);
                } else {
                    self.earlier.clear();
                    self.earlier_quote = None;
                }
                self.begin_period(paid, *order, *at);
                if let Some(plan) = plan {
                    self.take_plan(plan, paid.started_at, *at, *locked);
                }
            }
            Event::RenewalOrdered { order, .. } | Event::ChangeOrdered { order, .. } => {
                self.open_order = Some(*order);
            }
            Event::OrderClosed { .. } => {
                self.open_order = None;
                self.processing = false;
            }
            Event::PlanChanged { plan, until, locked, downgrade, .. } => {
                self.downgrades += u32::from(*downgrade);
                self.open_order = None;
                self.processing = false;
                match until {
                    Some(until) => {
                        self.temporary = Some(Temporary { plan: plan.clone(), until: *until });
                    }
                    None => self.subject.plan.clone_from(plan),
                }
                self.locked = *locked;
                // What was promised was promised for another plan.
                (self.quote, self.earlier_quote) = (None, None);
            }
            Event::PlanTookEffect { due_at, .. } => {
                self.temporary = self.temporary.take().filter(|plan| plan.until > *due_at);
                if let Some(next) = self.next_plan.take_if(|next| next.at <= *due_at) {
                    self.subject.plan = next.plan;
                }
            }
            Event::PeriodCancelled { at, .. } => {
                self.last_period_no = Some(self.next_period_no() - 1);
                self.paid = self.earlier.pop();
                self.last_order = self.paid.as_ref().and_then(|paid| self.order_of(paid));
                let last_no = self.paid.as_ref().map(|paid| paid.period_no);
                let promised = self.earlier_quote.take_if(|(after, _)| Some(*after) == last_no);
                self.quote = promised.map(|(_, quote)| quote);
                self.attempted_through = self.attempted_through.max(*at);
                // What comes before the end of the period before is to be said now.
                self.noticed_through = *at;
                let ends_at = self.paid.as_ref().map(|paid| paid.expires_at);
                if let Some(next) = self.next_plan.take_if(|next| Some(next.at) >= ends_at) {
                    self.locked = next.kept.or(self.locked);
                }
                if let (Some(temporary), Some(ends_at)) = (&mut self.temporary, ends_at) {
                    // What it cost beyond was given back as well.
                    temporary.until = temporary.until.min(ends_at);
                }
            }
            Event::Unsubscribed { .. } => self.state = State::Unsubscribed,
            Event::AttemptFailed { due_at, .. } => {
                self.attempted_through = self.attempted_through.max(*due_at);
                self.told();
            }
            Event::ModeSet { renewal, at, .. } => {
                // What was promised was promised for another length.
                if renewal.period != self.renewal.period {
                    (self.quote, self.earlier_quote) = (None, None);
                }
                self.renewal = *renewal;
                self.mode_set_at = *at;
                self.noticed_through = self.noticed_through.max(*at);
                self.attempted_through = self.attempted_through.max(*at);
            }
            Event::Expired { .. } => {
                self.state = State::Grace;
                self.told();
            }
            Event::Suspended { .. } => self.state = State::Suspended,
            Event::Released { .. } => self.state = State::Released,
            Event::Cancelled { .. } => {
                self.state = State::Cancelled;
                self.open_order = None;
                self.processing = false;
            }
        }
    }

    fn begin_period(&mut self, paid: &Paid, order: OrderId, at: Timestamp) {
        self.state = State::Active;
        self.noticed_through = self.noticed_through.max(at).max(paid.started_at);
        self.attempted_through = self.attempted_through.max(at);
        self.paid = Some(paid.clone());
        self.open_order = None;
        self.processing = false;
        self.last_period_no = None;
        self.last_order = Some(order);
        self.quote = None;
        self.release_noticed_at = None;
    }

    fn take_plan(
        &mut self,
        plan: &str,
        starts_at: Timestamp,
        at: Timestamp,
        locked: Option<Prices>,
    ) {
        let kept = locked.and(self.locked);
        self.locked = locked.or(self.locked);
        if starts_at <= at {
            // A plan that was to come has come. One for a while is over with the time that was
            // paid, unless a journal of old has it last longer.
            plan.clone_into(&mut self.subject.plan);
            self.temporary = None;
        } else {
            self.next_plan = Some(NextPlan { plan: plan.to_owned(), at: starts_at, kept });
        }
    }

    /// The order on it is paid, and waits to be delivered.
    pub fn begin_delivery(&mut self, at: Timestamp) {
        self.processing = true;
        self.settle_attempts(at);
    }

    /// Slots up to `at` are settled: what could not be delivered is tried again at the next.
    pub fn settle_attempts(&mut self, at: Timestamp) {
        self.attempted_through = self.attempted_through.max(at);
    }

    /// Remembers what an order paid for a time, and closes what is over.
    pub fn cover(&mut self, coverage: Coverage, at: Timestamp) {
        for over in self.coverages.iter_mut().filter(|coverage| coverage.ends_at <= at) {
            over.is_closed = true;
        }
        self.coverages.push(coverage);
    }

    /// Gives back from coverages, as a refund at `at` says.
    pub fn uncover(&mut self, cuts: &[order::Cut], at: Timestamp) {
        for cut in cuts {
            let found = self.coverages.iter_mut().find(|coverage| {
                coverage.order == cut.order
                    && coverage.starts_at == cut.starts_at
                    && !coverage.is_closed
            });
            let Some(coverage) = found else {
                panic!("broken journal: {cut:?} cuts nothing of {}", self.id)
            };
            let mut rest = coverage.clone();
            coverage.ends_at = cut.at;
            coverage.parts = cut.consumed.clone();
            coverage.coupon = None;
            coverage.is_closed = cut.at <= at || cut.at <= coverage.starts_at;
            if let Some(parts) = &cut.rest {
                rest.starts_at = cut.at;
                rest.parts = parts.clone();
                rest.given_back = None;
                self.coverages.push(rest);
            }
        }
    }

    /// Remembers cash that was given back for an order beside what its time is worth.
    pub fn give_back(&mut self, order: OrderId, amount: Money) {
        let found = self.coverages.iter_mut().find(|coverage| coverage.order == order);
        let Some(coverage) = found else {
            panic!("broken journal: nothing is paid by {order} in {}", self.id)
        };
        let given_back =
            coverage.given_back.map_or(Some(amount), |given| given.checked_add(amount));
        coverage.given_back = given_back;
    }

    /// Was a coverage closed in the record at hand?
    #[must_use]
    pub fn has_closed(&self) -> bool {
        self.coverages.iter().any(|coverage| coverage.is_closed)
    }

    /// Lets go of coverages that were closed in the record that is complete now.
    pub fn forget_closed(&mut self) {
        self.coverages.retain(|coverage| !coverage.is_closed);
    }

    /// The number of the next period: none is given away twice (R2.11).
    #[must_use]
    pub fn next_period_no(&self) -> u32 {
        self.paid.as_ref().map_or(0, |paid| paid.period_no).max(self.last_period_no.unwrap_or(0))
            + 1
    }

    /// The plan that it has now.
    #[must_use]
    pub fn plan(&self) -> &str {
        self.temporary.as_ref().map_or(&self.subject.plan, |temporary| &temporary.plan)
    }

    /// The plan that a renewal continues: the one that its paid time ends with (R1.19).
    #[must_use]
    pub fn renewed_plan(&self) -> &str {
        self.next_plan.as_ref().map_or(&self.subject.plan, |next| &next.plan)
    }

    /// The order that paid for a period that is not over; none if it was imported, or free.
    fn order_of(&self, paid: &Paid) -> Option<OrderId> {
        let of_it = |coverage: &&Coverage| coverage.period_no == Some(paid.period_no);
        self.coverages.iter().find(of_it).map(|coverage| coverage.order)
    }

    fn told(&mut self) {
        self.told_in_period = self.next_period_no() - 1;
    }

    /// Remembers what was said about it.
    pub fn apply_notice(&mut self, event: &notice::Event) {
        self.noticed_through = self.noticed_through.max(event.due_at());
        // A promise that a sleeping daemon was too late to send is kept all the same: what is
        // paid may not depend on when the daemon woke (D30).
        let (notice::Event::Issued { amount, .. } | notice::Event::Skipped { amount, .. }) = event;
        if amount.is_some() {
            self.quote = *amount;
        }
        if let notice::Event::Issued { kind, at, .. } = event {
            self.told();
            if let notice::Kind::ReleaseAhead(_) = kind {
                self.release_noticed_at = Some(*at);
            }
        }
    }

    /// The length of an automatic renewal: chosen, or derived from what was bought (R2.13).
    #[must_use]
    pub fn auto_period(&self) -> Option<Period> {
        let bought = self.paid.as_ref().map(|paid| Period::new(1, paid.period.unit()));
        self.renewal.period.or(bought)
    }

    /// What a period at `list` costs if the subscription keeps a lower price (D31).
    #[must_use]
    pub fn kept(&self, list: Money, period: Period) -> Money {
        let kept = self.locked.and_then(|locked| locked.of(period, list.currency()));
        kept.filter(|kept| list.covers(*kept)).unwrap_or(list)
    }

    /// What a renewal at `list` costs if a notice said less (R2.17).
    #[must_use]
    pub fn honoured(&self, list: Money) -> Money {
        self.quote.filter(|quote| list.covers(*quote)).unwrap_or(list)
    }

    /// Is there nothing more that can happen to it?
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self.state, State::Released | State::Cancelled | State::Unsubscribed)
    }

    /// Can it be renewed (R1.7)?
    #[must_use]
    pub fn is_renewable(&self) -> bool {
        matches!(self.state, State::Active | State::Grace | State::Suspended)
    }

    /// What schedules are laid around: the latest paid period and what follows it. Grace is not
    /// served where the subscription is not to be renewed, and release stays where it would have
    /// been (R2.20).
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        let paid = self.paid.as_ref()?;
        let zone = self.subject.zone;
        let grace = i32::from(paid.terms.grace_days);
        let recovery = i32::from(paid.terms.recovery_days);
        let grace_ends = zone.plus_days(paid.expires_at, grace);
        let suspends_at = match self.renewal.mode {
            Mode::AutoRenewal | Mode::ManualRenewal => grace_ends,
            Mode::NotRenewal => paid.expires_at,
        };
        Some(Span {
            zone,
            started_at: paid.started_at,
            expires_at: paid.expires_at,
            suspends_at,
            releases_at: zone.plus_days(paid.expires_at, grace + recovery),
        })
    }
}
