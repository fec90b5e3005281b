//! The balance of an account, its movements and withdrawals.

use std::collections::BTreeMap;

use super::{money, text};
use crate::admin::wire;
use crate::domain::account::Open;
use crate::domain::calendar::Timestamp;
use crate::domain::money::Money;
use crate::domain::movement::Movement;
use crate::domain::nouns::standing::Burn;
use crate::domain::nouns::wallet::{Lot, Origin};
use crate::domain::nouns::withdrawal;
use crate::domain::rules::Timeline;
use crate::domain::verbs::{credit, standing, withdraw};
use crate::store::LedgerRow;

/// The balance as it stands at `at`.
#[must_use]
pub fn balance(timeline: &Timeline, open: &Open, at: Timestamp) -> wire::Balance {
    let wallet = &open.wallet;
    let zero = Money::zero(open.terms.currency);
    let owed = wallet.owed.iter().map(|(month, owed)| wire::OwedMonth {
        month: month.to_string(),
        amount: money(owed.amount),
        past_due: owed.past_due,
        due_at: text(credit::due_at(timeline, *month)),
    });
    let holds = wallet.holds.iter().map(|(resource, amount)| wire::Hold {
        resource: resource.to_string(),
        amount: money(*amount),
    });
    let overdue = open.standing.overdue;
    let is_overdue = overdue.is_some();
    wire::Balance {
        account: open.id.to_string(),
        as_of: text(at),
        available: money(wallet.available()),
        cash: money(wallet.cash),
        spendable: money(wallet.spendable()),
        withdrawable: money(if is_overdue { zero } else { wallet.withdrawable() }),
        transferable: money(if is_overdue { zero } else { wallet.transferable() }),
        in_transit: money(wallet.sent()),
        credit_limit: money(wallet.limit()),
        debt: money(wallet.debt()),
        holds: holds.collect(),
        owed: owed.collect(),
        standing: wire::StandingShown {
            state: if is_overdue { "overdue" } else { "good" }.to_owned(),
            since: overdue.map(|overdue| text(overdue.since)),
            to_pay: overdue.map(|_| money(standing::to_pay(open))),
        },
        alert: open
            .standing
            .alert
            .map(|alert| wire::AlertShown { below: money(alert.below), armed: alert.armed }),
        burn: wire::BurnShown {
            last_24_hours: money(open.standing.burnt(at).unwrap_or(zero)),
            hours_left: standing::hours_left(open, at),
            hourly: standing::hourly_burn(open, at).iter().map(amount_at).collect(),
            projection: standing::projection(open, at).iter().map(amount_at).collect(),
        },
        lots: wallet.lots.iter().filter(|lot| !lot.left.is_zero()).map(lot).collect(),
    }
}

fn amount_at(burn: &Burn) -> wire::AmountAt {
    wire::AmountAt { at: text(burn.at), amount: money(burn.amount) }
}

fn lot(lot: &Lot) -> wire::CashLot {
    let method = match &lot.origin {
        Origin::TopUp { method, .. } => Some(method.clone()),
        Origin::Transfer | Origin::Import | Origin::Refund => None,
    };
    wire::CashLot {
        origin: lot.origin.as_str().to_owned(),
        method,
        at: lot.at.map(text),
        amount: money(lot.amount),
        left: money(lot.left),
        withdrawable: lot.origin.is_own(),
    }
}

/// A movement: by how much cash or debt grew, and what it was then.
#[must_use]
pub fn movement(
    row: &LedgerRow,
    is_cash: bool,
    amount: Money,
    balance: Money,
    movement: Option<&Movement>,
) -> wire::Movement {
    wire::Movement {
        seq: row.seq,
        line: row.line,
        at: text(row.at),
        of: if is_cash { "cash" } else { "debt" }.to_owned(),
        what: movement.map_or("other", |movement| movement.what).to_owned(),
        amount: money(amount),
        balance: money(balance),
        order: movement.and_then(|of| of.order).map(|id| id.to_string()),
        resource: movement.and_then(|of| of.resource).map(|id| id.to_string()),
        account: movement.and_then(|of| of.account).map(|id| id.to_string()),
        withdrawal: movement.and_then(|of| of.withdrawal).map(|id| id.to_string()),
        month: movement.and_then(|of| of.month).map(|month| month.to_string()),
        method: movement.and_then(|of| of.method.clone()),
    }
}

/// A withdrawal, with the references of its payers as far as they can be opened.
#[must_use]
pub fn withdrawal(
    asked: &withdrawal::Withdrawal,
    timeline: &Timeline,
    notes: &BTreeMap<u32, String>,
) -> wire::Withdrawal {
    wire::Withdrawal {
        id: asked.id.to_string(),
        account: asked.id.account.to_string(),
        state: asked.state.as_str().to_owned(),
        amount: money(asked.amount),
        parts: asked.parts.iter().map(|of| part(of, notes)).collect(),
        requested_at: text(asked.requested_at),
        expected_by: withdraw::expected_by(timeline, asked).map(text),
        settled_at: asked.settled_at.map(text),
        reason: asked.reason.clone(),
    }
}

fn part(part: &withdrawal::Part, notes: &BTreeMap<u32, String>) -> wire::WithdrawalPart {
    wire::WithdrawalPart {
        amount: money(part.taken.amount),
        route: part.route.as_str().to_owned(),
        method: part.method().to_owned(),
        reference: part.reference().and_then(|note| notes.get(&note.0).cloned()),
        topped_up_at: part.taken.at.map(text),
    }
}
