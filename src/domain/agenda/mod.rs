//! The agenda: when an account next needs attention, and for what. It is a reading of the state
//! and the rules; nobody remembers to schedule anything.

mod account;
mod charges;
mod step;
mod subscription;

use std::collections::{BTreeMap, BTreeSet};

use self::account::{
    account_needs, closure_needs, coupon_needs, of_all, order_needs, resource_needs,
};
use self::charges::Charges;
pub use self::charges::charge_by;
pub use self::step::{Due, Job, Step};
use self::subscription::needs_of;
pub use self::subscription::{
    charge_of, next_attempt, next_attempt_after, next_mark_after, release_at, release_needs,
};
use super::account::{Account, Open};
use super::calendar::Timestamp;
use super::ids::{CouponId, OrderId, ResourceId, SubscriptionId};
use super::money::Money;
use super::rules::Timeline;
use super::verbs::{accrue, bill, standing};

/// What a noun needs next, and, where that takes something away, what it needs next besides:
/// while the brake holds the one back, the other goes ahead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Needs {
    taking: Option<Due>,
    other: Option<Due>,
}

/// The next due steps of every live noun of an account, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agenda {
    rules_version: u32,
    /// Steps that take something away from the customer.
    taking: BTreeSet<Due>,
    /// All others.
    others: BTreeSet<Due>,
    of_orders: BTreeMap<OrderId, Needs>,
    of_subscriptions: BTreeMap<SubscriptionId, Needs>,
    of_coupons: BTreeMap<CouponId, Due>,
    of_bills: Option<Due>,
    of_resources: BTreeMap<ResourceId, Needs>,
    /// When each resource is to be settled: an account is settled at the first of these instants.
    settled_at: BTreeMap<ResourceId, Timestamp>,
    settlements: BTreeSet<(Timestamp, ResourceId)>,
    of_usage: Option<Due>,
    of_account: Option<Due>,
    of_closure: Needs,
    /// What the renewals take that the next forecast looks at.
    charges: Charges,
}

impl Agenda {
    /// The whole agenda of an account under the rules as they are.
    #[must_use]
    pub fn of(timeline: &Timeline, account: &Account) -> Self {
        let mut agenda = Self { rules_version: timeline.newest(), ..Self::default() };
        if let Account::Closed(books) = account {
            agenda.refresh_bills(timeline, books);
        }
        if let Some(open) = account.open() {
            for id in open.orders.keys() {
                agenda.refresh_order(timeline, open, *id);
            }
            for id in open.coupons.keys() {
                agenda.refresh_coupon(timeline, open, *id);
            }
            agenda.refresh_bills(timeline, open);
            agenda.refresh_resources(timeline, open);
            agenda.refresh_account(timeline, open);
            agenda.refresh_closure(timeline, open);
            for id in open.subscriptions.keys() {
                agenda.refresh_subscription(timeline, open, *id);
            }
        }
        agenda
    }

    /// The newest version of the rules that it was computed under.
    #[must_use]
    pub const fn rules_version(&self) -> u32 {
        self.rules_version
    }

    /// What comes next. While the brake is engaged, what takes something away is passed over.
    #[must_use]
    pub fn next(&self, account: &Account, brake: bool) -> Option<Due> {
        if account.books()?.held_at.is_some() {
            return None;
        }
        let taking = self.taking.first().filter(|_| !brake);
        taking.into_iter().chain(self.others.first()).min().copied()
    }

    /// Looks again at an order that was touched.
    pub fn refresh_order(&mut self, timeline: &Timeline, open: &Open, id: OrderId) {
        let needed = open.orders.get(&id).and_then(|order| order_needs(timeline, order));
        let due = needed.map(|(order, at, step)| Due {
            at,
            rank: step.rank(),
            expires_at: order.ends_at.unwrap_or(order.deadline),
            minor: order.payable.minor(),
            number: id.number,
            step,
        });
        let old = match due {
            Some(_) => self.of_orders.insert(id, Needs { taking: None, other: due }),
            None => self.of_orders.remove(&id),
        };
        replace(&mut self.others, old.and_then(|old| old.other), due);
    }

    /// Looks again at a coupon that was touched.
    pub fn refresh_coupon(&mut self, timeline: &Timeline, open: &Open, id: CouponId) {
        let needed = open.coupons.get(&id).and_then(|coupon| coupon_needs(timeline, coupon));
        let due = needed.map(|(coupon, at, step)| Due {
            at,
            rank: step.rank(),
            expires_at: coupon.expires_at,
            minor: coupon.balance.map_or(0, Money::minor),
            number: id.number,
            step,
        });
        let old = match due {
            Some(due) => self.of_coupons.insert(id, due),
            None => self.of_coupons.remove(&id),
        };
        replace(&mut self.others, old, due);
    }

    /// Looks again at what was billed: the oldest month that is not closed comes next.
    pub fn refresh_bills(&mut self, timeline: &Timeline, open: &Open) {
        let next = open.bills.months.values().find(|month| month.closed_at.is_none());
        let due = next.map(|statement| {
            let at = bill::final_at(timeline, statement.month);
            let step = Step::CloseStatement(statement.month);
            Due {
                at,
                rank: step.rank(),
                expires_at: at,
                minor: statement.totals.total.minor(),
                number: 0,
                step,
            }
        });
        let old = std::mem::replace(&mut self.of_bills, due);
        replace(&mut self.others, old, due);
    }

    /// Looks again at a resource that was touched.
    pub fn refresh_resource(&mut self, timeline: &Timeline, open: &Open, id: ResourceId) {
        let needs = open.resources.get(&id).and_then(|live| resource_needs(timeline, open, live));
        let old = match needs {
            Some(needs) => self.of_resources.insert(id, needs),
            None => self.of_resources.remove(&id),
        };
        let (old, new) = (old.unwrap_or_default(), needs.unwrap_or_default());
        replace(&mut self.taking, old.taking, new.taking);
        replace(&mut self.others, old.other, new.other);
        self.refresh_settlement(timeline, open, id);
    }

    /// Looks again at all resources: the standing of the account has changed.
    pub fn refresh_resources(&mut self, timeline: &Timeline, open: &Open) {
        for id in open.resources.keys() {
            self.refresh_resource(timeline, open, *id);
        }
    }

    /// Looks again at when a resource is to be settled.
    fn refresh_settlement(&mut self, timeline: &Timeline, open: &Open, id: ResourceId) {
        let live = open.resources.get(&id);
        let at = live.and_then(|live| accrue::due_at(timeline, live));
        let old = match at {
            Some(at) => self.settled_at.insert(id, at),
            None => self.settled_at.remove(&id),
        };
        if old != at {
            if let Some(old) = old {
                self.settlements.remove(&(old, id));
            }
            self.settlements.extend(at.map(|at| (at, id)));
        }
        let first = self.settlements.first();
        let due = first.map(|(at, _)| of_all(*at, Step::Settle, 0));
        let old = std::mem::replace(&mut self.of_usage, due);
        replace(&mut self.others, old, due);
    }

    /// Looks again at what the account as a whole needs: due dates, notices of debt, the forecast.
    pub fn refresh_account(&mut self, timeline: &Timeline, open: &Open) {
        let has_none = open.wallet.owed.is_empty()
            && !open.standing.is_overdue()
            && open.standing.burn.is_empty();
        let due = if has_none {
            self.charges.up_to(timeline, open, None);
            None
        } else {
            // The sum of the charges is what an event changes of them; the forecast is of a day.
            let forecast_at = standing::next_forecast(timeline, open);
            let until = forecast_at.map(standing::forecast_until);
            self.charges.up_to(timeline, open, until);
            let charges = self.charges.sum();
            let short_at = forecast_at.filter(|at| standing::is_short(open, *at, charges));
            account_needs(timeline, open, short_at)
        };
        let old = std::mem::replace(&mut self.of_account, due);
        replace(&mut self.others, old, due);
    }

    /// Looks again at the closure: anything that happens may stand in its way.
    pub fn refresh_closure(&mut self, timeline: &Timeline, open: &Open) {
        let needs = closure_needs(timeline, open);
        let old = std::mem::replace(&mut self.of_closure, needs);
        replace(&mut self.taking, old.taking, needs.taking);
        replace(&mut self.others, old.other, needs.other);
    }

    /// Looks again at a subscription that was touched.
    pub fn refresh_subscription(&mut self, timeline: &Timeline, open: &Open, id: SubscriptionId) {
        let live = open.subscriptions.get(&id);
        self.charges.refresh(timeline, open, id);
        let needs = live.and_then(|subscription| needs_of(timeline, subscription));
        let old = match needs {
            Some(needs) => self.of_subscriptions.insert(id, needs),
            None => self.of_subscriptions.remove(&id),
        };
        let (old, new) = (old.unwrap_or_default(), needs.unwrap_or_default());
        replace(&mut self.taking, old.taking, new.taking);
        replace(&mut self.others, old.other, new.other);
    }
}

fn replace(dues: &mut BTreeSet<Due>, old: Option<Due>, new: Option<Due>) {
    if old == new {
        return;
    }
    if let Some(old) = old {
        dues.remove(&old);
    }
    if let Some(new) = new {
        dues.insert(new);
    }
}
