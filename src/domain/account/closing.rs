//! The closure of an account, applied.

use super::Open;
use crate::domain::calendar::Timestamp;
use crate::domain::event::Event;
use crate::domain::nouns::closure::{self, Closure, Holding};
use crate::domain::nouns::standing::Standing;
use crate::domain::nouns::{order, usage, wallet, withdrawal};

impl Open {
    pub(super) fn apply_closure(&mut self, event: &closure::Event) {
        match event {
            closure::Event::Requested { code, note, expires_at, tries, forfeit, at } => {
                assert!(self.closure.is_none(), "broken journal: {} is being closed", self.id);
                self.next_sealed = self.next_sealed.max(note.0 + 1);
                let (hash, expires_at, tries_left) = (*code, *expires_at, *tries);
                let code = closure::Code { hash, expires_at, tries_left };
                self.closure = Some(Box::new(Closure::requested(code, *forfeit, *at)));
                return;
            }
            closure::Event::Begun { by_operator, forfeit, at } => {
                assert!(self.closure.is_none(), "broken journal: {} is being closed", self.id);
                self.next_sealed = self.next_sealed.max(by_operator.reason.0 + 1);
                self.closure = Some(Box::new(Closure::begun(by_operator.clone(), *forfeit, *at)));
                return;
            }
            closure::Event::HoldingReported(holding) => {
                self.holdings.insert(Holding::key(holding.kind, &holding.id), holding.clone());
            }
            closure::Event::HoldingCleared { kind, id, .. } => {
                self.holdings.remove(&Holding::key(*kind, id));
            }
            closure::Event::CodeMissed { .. }
            | closure::Event::Confirmed { .. }
            | closure::Event::ApprovalAsked { .. }
            | closure::Event::Approved { .. }
            | closure::Event::SettlingBegan { .. }
            | closure::Event::QuietBegan { .. }
            | closure::Event::ReturnedToSettling { .. }
            | closure::Event::Rejected { .. }
            | closure::Event::Revoked { .. }
            | closure::Event::Interrupted { .. }
            | closure::Event::Closed { .. } => {
                assert!(self.closure.is_some(), "broken journal: {} is not being closed", self.id);
            }
        }
        if let Some(closure) = &mut self.closure {
            closure.apply(event);
        }
        // What is over leaves the account as it was.
        self.closure.take_if(|closure| closure.stage == closure::Stage::Ended);
    }

    /// Lets go of all that a closed account no longer needs; nothing of it was in the way.
    pub(super) fn close(&mut self) {
        self.ended.resources.extend(self.resources.keys());
        self.packages.clear();
        self.standing = Standing::default();
        self.unified_day = None;
        self.full_refunds.clear();
        self.wallet.lots.clear();
        self.wallet.limit = None;
    }
}

/// When something happened that may stand in the way of a closure, or no longer does: money moved,
/// or something was used.
pub(super) fn moved_at(event: &Event) -> Option<Timestamp> {
    match event {
        Event::Usage(event) => match event {
            usage::Event::Recorded { at, .. } => Some(*at),
            usage::Event::Settled(settlement) => Some(settlement.due_at),
            usage::Event::PackageFilled(_) | usage::Event::PackageDropped { .. } => None,
        },
        Event::Wallet(event) => match event {
            wallet::Event::ToppedUp { at, .. } => *at,
            wallet::Event::Lent { at, .. }
            | wallet::Event::Repaid { at, .. }
            | wallet::Event::DepositReleased { at, .. }
            | wallet::Event::Sent { at, .. }
            | wallet::Event::Arrived { at, .. }
            | wallet::Event::Returned { at, .. }
            | wallet::Event::Received { at, .. } => Some(*at),
            wallet::Event::BroughtIn { .. }
            | wallet::Event::LimitSet { .. }
            | wallet::Event::FellDue { .. }
            | wallet::Event::Forfeited { .. }
            | wallet::Event::DepositHeld { .. }
            | wallet::Event::Declined { .. } => None,
        },
        Event::Withdrawal(event) => match event {
            withdrawal::Event::Requested(asked) => Some(asked.requested_at),
            withdrawal::Event::Paid { at, .. } | withdrawal::Event::Failed { at, .. } => Some(*at),
            withdrawal::Event::PaidAfterAll { withdrawal, .. }
            | withdrawal::Event::FailedAfterAll { withdrawal, .. } => withdrawal.settled_at,
            withdrawal::Event::ReportedAgain { .. } => None,
        },
        Event::Order(event) => match event {
            order::Event::Refunded { at, .. } => Some(*at),
            order::Event::Opened(_)
            | order::Event::Repriced { .. }
            | order::Event::Paid { .. }
            | order::Event::Warned { .. }
            | order::Event::Processing { .. }
            | order::Event::Provisioned { .. }
            | order::Event::Failed { .. }
            | order::Event::Cancelled { .. }
            | order::Event::ReportedLate { .. } => None,
        },
        // A closure says itself when it moved; nothing else happens while there is one.
        Event::Account(_)
        | Event::Subscription(_)
        | Event::Coupon(_)
        | Event::Resource(_)
        | Event::Standing(_)
        | Event::Closure(_)
        | Event::Statement(_)
        | Event::Notice(_)
        | Event::House(_)
        | Event::Campaign(_)
        | Event::Series(_) => None,
    }
}
