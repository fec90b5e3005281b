//! May an account be closed? Everything that stands in the way, at once, and what is to be said
//! besides (R8.2, R8.3, R8.5). A reading: it changes nothing.

use crate::domain::account::Open;
use crate::domain::calendar::Timestamp;
use crate::domain::money::Money;
use crate::domain::month::Month;
use crate::domain::nouns::closure::{Blocker, Claim};
use crate::domain::nouns::{order, subscription};
use crate::domain::rules::Timeline;
use crate::domain::verbs::{accrue, withdraw};

/// What an account's owner should know before closing it; it does not stand in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// Lines of a month are on no invoice: none is issued once the account is closed. The remedy is
    /// the invoice on demand.
    NotInvoiced {
        /// The month.
        month: Month,
        /// What they come to.
        amount: Money,
    },
    /// Coupons will be void (R5.16).
    Coupons {
        /// How many.
        count: u32,
    },
}

impl Warning {
    /// Its stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotInvoiced { .. } => "NotInvoiced",
            Self::Coupons { .. } => "Coupons",
        }
    }
}

/// Everything that stands in the way, and what to say besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eligibility {
    /// What stands in the way.
    pub blockers: Vec<Blocker>,
    /// What does not.
    pub warnings: Vec<Warning>,
}

impl Eligibility {
    /// Of an account whose owner gives up the cash that is left, or does not.
    #[must_use]
    pub fn of(timeline: &Timeline, open: &Open, forfeit: bool) -> Self {
        Self { blockers: blockers(timeline, open, forfeit), warnings: warnings(open) }
    }

    /// Can a closure be asked for? Usage that is not settled yet is waited for (R8.5).
    #[must_use]
    pub fn may_request(&self) -> bool {
        self.blockers.iter().all(Blocker::is_awaited)
    }
}

/// Everything that stands in the way, in the order in which it is best dealt with.
#[must_use]
pub fn blockers(timeline: &Timeline, open: &Open, forfeit: bool) -> Vec<Blocker> {
    let mut blockers = Vec::new();
    blockers.extend(open.subscriptions.values().filter_map(|live| match live.state {
        // Its order says what is to be done.
        subscription::State::PendingPayment
        | subscription::State::Released
        | subscription::State::Cancelled
        | subscription::State::Unsubscribed => None,
        subscription::State::Active
        | subscription::State::Grace
        | subscription::State::Suspended => {
            let span = live.span();
            Some(Blocker::LiveSubscription {
                id: live.id,
                state: live.state,
                mode: live.renewal.mode,
                expires_at: span.as_ref().map(|span| span.expires_at),
                releases_at: span.map(|span| span.releases_at),
            })
        }
    }));
    let unreleased = open.resources.values().filter(|resource| resource.released_at.is_none());
    blockers.extend(
        unreleased.map(|live| Blocker::UnreleasedResource { id: live.id, state: live.state() }),
    );
    let is_open = |state| match state {
        order::State::Unpaid | order::State::Processing => true,
        order::State::Paid
        | order::State::Cancelled
        | order::State::Failed
        | order::State::Refunded => false,
    };
    let orders = open.orders.values().filter(|order| is_open(order.state));
    blockers.extend(orders.map(|order| Blocker::OpenOrder { id: order.id, state: order.state }));
    let released = open.resources.values().filter(|resource| resource.released_at.is_some());
    blockers.extend(released.filter_map(|resource| {
        let settles_at = accrue::due_at(timeline, resource)?;
        Some(Blocker::UnsettledUsage { resource: resource.id, settles_at })
    }));
    let amount = open.wallet.debt();
    if !amount.is_zero() {
        blockers.push(Blocker::Owed { amount, past_due: open.wallet.past_due() });
    }
    blockers.extend(owed_to_customer(timeline, open));
    let amount = open.wallet.spendable();
    if amount.minor() > 0 && !forfeit {
        blockers.push(Blocker::PositiveCash { amount, withdrawable: open.wallet.withdrawable() });
    }
    blockers.extend(open.holdings.values().cloned().map(Blocker::Holding));
    blockers
}

/// Money of the customer that is on its way, or held.
fn owed_to_customer<'a>(
    timeline: &'a Timeline,
    open: &'a Open,
) -> impl Iterator<Item = Blocker> + 'a {
    let withdrawals = open.withdrawals.values().filter(|asked| !asked.is_final());
    let withdrawals = withdrawals.map(|asked| {
        let expected_by = withdraw::expected_by(timeline, asked);
        (Claim::Withdrawal(asked.id), asked.amount, expected_by)
    });
    let transfers = open.wallet.in_transit.iter();
    let transfers = transfers.map(|(number, sent)| (Claim::Transfer(*number), sent.amount, None));
    let deposits = open.wallet.holds.iter().map(|(id, amount)| {
        let resource = open.resources.get(id).filter(|resource| resource.released_at.is_some());
        let free_at = resource.and_then(|resource| accrue::due_at(timeline, resource));
        (Claim::Deposit(*id), *amount, free_at)
    });
    withdrawals
        .chain(transfers)
        .chain(deposits)
        .map(|(claim, amount, expected_by)| Blocker::OwedToCustomer { claim, amount, expected_by })
}

fn warnings(open: &Open) -> Vec<Warning> {
    let months = open.bills.months.values().filter(|month| !month.pending.is_empty());
    let not_invoiced = months.map(|month| Warning::NotInvoiced {
        month: month.month,
        amount: month.pending_totals.total,
    });
    let count = open.coupons.values().filter(|coupon| !coupon.is_final()).count();
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    let coupons = (count > 0).then_some(Warning::Coupons { count });
    not_invoiced.chain(coupons).collect()
}

/// When something was last metered, as far as usage can still be billed: a resource is metered
/// until it is released (R8.5). What is over does not count, also in the record in which it ended: it
/// is forgotten with that, and whoever slept must wait for the same as whoever was awake (D30).
#[must_use]
pub(super) fn last_used(open: &Open) -> Option<Timestamp> {
    let can_be_billed = open.resources.values().filter(|resource| !resource.is_over);
    can_be_billed.filter_map(|resource| resource.released_at).max()
}
