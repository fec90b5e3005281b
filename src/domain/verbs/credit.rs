//! Credit: what an order lacks is lent, and whatever comes in pays back what must be paid (R7.3,
//! D15, D36, D43).

use std::time::Duration;

use super::{bill, standing};
use crate::domain::calendar::{Timestamp, Zone};
use crate::domain::draft::Draft;
use crate::domain::money::Money;
use crate::domain::month::Month;
use crate::domain::nouns::wallet::{Event, Repayment};
use crate::domain::rules::Timeline;

/// Lends what the spendable cash lacks to pay `needed`. That the credit suffices was checked.
pub fn lend(draft: &mut Draft<'_>, needed: Money, at: Timestamp) {
    let Ok(open) = draft.open() else { return };
    let spendable = open.wallet.spendable();
    if spendable.covers(needed) {
        return;
    }
    let amount = Money::from_minor(needed.minor() - spendable.minor().max(0), needed.currency());
    let month = month_of(draft, at);
    draft.push(Event::Lent { amount, month, at });
}

/// Pays back what must be paid: what is past due, and what is owed beyond the limit; the oldest
/// month first (R6.15). What is owed within the limit waits for its due date.
pub fn repay(draft: &mut Draft<'_>, at: Timestamp) {
    let Ok(open) = draft.open() else { return };
    let due = due(open);
    let amount = open.wallet.spendable().minor().min(due.minor());
    if amount > 0 {
        let amount = Money::from_minor(amount, due.currency());
        let parts = oldest_first(draft, amount, None);
        draft.push(Event::Repaid { parts, at });
    }
    standing::recover(draft, at);
}

/// Money back pays back what is owed first, whether it is due or not (D43).
pub fn repay_from_refund(draft: &mut Draft<'_>, refund: Money, at: Timestamp) {
    let Ok(open) = draft.open() else { return };
    let debt = open.wallet.debt().minor();
    let amount = refund.minor().min(debt).min(open.wallet.spendable().minor());
    if amount > 0 {
        let amount = Money::from_minor(amount, refund.currency());
        let parts = oldest_first(draft, amount, None);
        draft.push(Event::Repaid { parts, at });
    }
    repay(draft, at);
}

/// What must be paid for a good standing: what is past due, or what is owed beyond the limit if
/// that is more.
#[must_use]
pub fn due(open: &crate::domain::account::Open) -> Money {
    let wallet = &open.wallet;
    let beyond = wallet.debt().minor() - wallet.limit().minor();
    Money::from_minor(beyond.max(wallet.past_due().minor()).max(0), wallet.cash.currency())
}

/// The due date of a month has come (R7.3): the cash pays what it can, the rest is past due.
pub fn fall_due(draft: &mut Draft<'_>, month: Month, due_at: Timestamp) {
    let Ok(open) = draft.open() else { return };
    let Some(owed) = open.wallet.owed.get(&month).copied() else { return };
    let amount = open.wallet.spendable().minor().clamp(0, owed.amount.minor());
    if amount > 0 {
        let amount = Money::from_minor(amount, owed.amount.currency());
        let parts = oldest_first(draft, amount, Some(month));
        draft.push(Event::Repaid { parts, at: due_at });
    }
    let left = draft.open().ok().and_then(|open| open.wallet.owed.get(&month).copied());
    if let Some(left) = left.filter(|left| left.amount.minor() > 0) {
        draft.push(Event::FellDue { month, amount: left.amount, due_at });
    }
    standing::review(draft, due_at);
}

/// When what is owed for a month is due: some days after its statement (R7.3).
#[must_use]
pub fn due_at(timeline: &Timeline, month: Month) -> Timestamp {
    let final_at = bill::final_at(timeline, month);
    let days = timeline.in_force(final_at).map_or(0, |version| version.rules.credit.due_days);
    final_at.plus(Duration::from_hours(24 * u64::from(days)))
}

/// The month that what happens at `at` is owed for.
#[must_use]
pub fn month_of(draft: &Draft<'_>, at: Timestamp) -> Month {
    bill::cycle(draft, at).unwrap_or_else(|| Month::of(at, Zone::UTC))
}

/// How `amount` is spread over the months that are owed for, oldest first, up to `last`.
fn oldest_first(draft: &Draft<'_>, amount: Money, last: Option<Month>) -> Vec<Repayment> {
    let Ok(open) = draft.open() else { return Vec::new() };
    let mut rest = amount.minor();
    let mut parts = Vec::new();
    for (month, owed) in &open.wallet.owed {
        let part = owed.amount.minor().clamp(0, rest);
        if part > 0 && last.is_none_or(|last| *month <= last) {
            rest -= part;
            let amount = Money::from_minor(part, amount.currency());
            parts.push(Repayment { month: *month, amount });
        }
    }
    parts
}
