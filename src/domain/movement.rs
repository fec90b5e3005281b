//! Movements: what a ledger line of an account is about, in words that its owner knows.

use super::event::Event;
use super::ids::{AccountId, OrderId, ResourceId, WithdrawalId};
use super::ledger::{self, Posting};
use super::month::Month;
use super::nouns::{order, usage, wallet, withdrawal};

/// Why money moved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Movement {
    /// What happened, as a stable word.
    pub what: &'static str,
    /// The order.
    pub order: Option<OrderId>,
    /// The resource, if it is about one only.
    pub resource: Option<ResourceId>,
    /// The other account of a transfer.
    pub account: Option<AccountId>,
    /// The withdrawal.
    pub withdrawal: Option<WithdrawalId>,
    /// The month that is billed or paid back.
    pub month: Option<Month>,
    /// By which method money came or went.
    pub method: Option<String>,
}

/// The ledger lines of a record, each with why it is there.
#[must_use]
pub fn movements(events: &[Event]) -> Vec<(Posting, Movement)> {
    let lines = |event| {
        let movement = of(event);
        let postings = ledger::postings(event).into_iter().enumerate();
        postings.map(move |(line, posting)| (posting, at_line(event, line, movement.clone())))
    };
    events.iter().flat_map(lines).collect()
}

/// A repayment has a pair of lines for each month.
fn at_line(event: &Event, line: usize, movement: Movement) -> Movement {
    let Event::Wallet(wallet::Event::Repaid { parts, .. }) = event else { return movement };
    let paid: Vec<_> = parts.iter().filter(|part| !part.amount.is_zero()).collect();
    Movement { month: paid.get(line / 2).map(|part| part.month), ..movement }
}

fn of(event: &Event) -> Movement {
    let what = |what| Movement { what, ..Movement::default() };
    let of_order =
        |what, order: &OrderId| Movement { what, order: Some(*order), ..Movement::default() };
    match event {
        Event::Wallet(event) => match event {
            wallet::Event::ToppedUp { method, .. } => {
                Movement { method: Some(method.clone()), ..what("top_up") }
            }
            wallet::Event::BroughtIn { .. } => what("brought_in"),
            wallet::Event::Lent { month, .. } => {
                Movement { month: Some(*month), ..what("credit_drawn") }
            }
            wallet::Event::Repaid { .. } => what("credit_repaid"),
            wallet::Event::Sent { to, .. } => {
                Movement { account: Some(*to), ..what("transfer_sent") }
            }
            wallet::Event::Received { from, .. } => {
                Movement { account: Some(*from), ..what("transfer_received") }
            }
            wallet::Event::Returned { .. } => what("transfer_returned"),
            wallet::Event::Forfeited { .. } => what("forfeited"),
            wallet::Event::LimitSet { .. }
            | wallet::Event::FellDue { .. }
            | wallet::Event::DepositHeld { .. }
            | wallet::Event::Arrived { .. }
            | wallet::Event::Declined { .. }
            | wallet::Event::DepositReleased { .. } => Movement::default(),
        },
        Event::Withdrawal(event) => Movement {
            withdrawal: Some(event.withdrawal()),
            ..what(match event {
                withdrawal::Event::Requested(_) => "withdrawal_requested",
                withdrawal::Event::Paid { .. } | withdrawal::Event::PaidAfterAll { .. } => {
                    "withdrawal_paid"
                }
                withdrawal::Event::Failed { .. } | withdrawal::Event::FailedAfterAll { .. } => {
                    "withdrawal_failed"
                }
                withdrawal::Event::ReportedAgain { .. } => "",
            })
        },
        Event::Order(event) => match event {
            order::Event::Paid { order, .. } | order::Event::Processing { order, .. } => {
                of_order("order_paid", order)
            }
            order::Event::Failed { order, .. } => of_order("order_failed", order),
            order::Event::Refunded { order, .. } => of_order("refund", order),
            order::Event::Opened(_)
            | order::Event::Repriced { .. }
            | order::Event::Warned { .. }
            | order::Event::Provisioned { .. }
            | order::Event::Cancelled { .. }
            | order::Event::ReportedLate { .. } => Movement::default(),
        },
        Event::Usage(usage::Event::Settled(settlement)) => {
            let mut resources = settlement.lines.iter().map(|line| line.resource);
            let first = resources.next().filter(|first| resources.all(|other| other == *first));
            Movement { resource: first, month: Some(settlement.month), ..what("usage_settled") }
        }
        Event::Usage(
            usage::Event::Recorded { .. }
            | usage::Event::PackageFilled(_)
            | usage::Event::PackageDropped { .. },
        )
        | Event::Account(_)
        | Event::Resource(_)
        | Event::Standing(_)
        | Event::Subscription(_)
        | Event::Coupon(_)
        | Event::Closure(_)
        | Event::Statement(_)
        | Event::Notice(_)
        | Event::House(_)
        | Event::Campaign(_)
        | Event::Series(_) => Movement::default(),
    }
}
