//! Money is conserved: what came in is in the wallets, on its way, to be paid out, or was spent,
//! in every account and over the house; and cash that is sent arrives once or comes back once
//! (R2.16, R7.5, R7.6, D36, D47; design, section 6).

use std::collections::BTreeMap;

use renewd::domain::event::Event;
use renewd::domain::ids::AccountId;
use renewd::domain::money::Money;
use renewd::domain::nouns::{order, usage, wallet, withdrawal};

use crate::history::{History, Stream};

pub(crate) fn broken(history: &History) -> Vec<String> {
    let mut broken = Vec::new();
    let (mut inflow, mut kept) = (0_i128, 0_i128);
    for (id, stream) in history.accounts() {
        let flow = Flow::of(stream);
        let Some(books) = history.books(id) else { continue };
        let cash = i128::from(books.wallet.cash.minor());
        if flow.cash() != cash {
            let told = flow.cash();
            broken
                .push(format!("{id}: the wallet holds {cash}, its journal tells {told}: {flow:?}"));
        }
        let waiting: i128 =
            books.withdrawals.values().map(|asked| i128::from(asked.amount.minor())).sum();
        if flow.withdrawn != flow.paid_out + waiting {
            broken.push(format!("{id}: withdrawn, and neither paid out nor waiting: {flow:?}"));
        }
        let debt = i128::from(books.wallet.debt().minor());
        if flow.lent + flow.owed != flow.repaid + debt {
            broken.push(format!("{id}: owes {debt}, its journal tells {flow:?}"));
        }
        inflow += flow.topped_up + flow.lent;
        kept += cash + flow.spent + flow.repaid + flow.paid_out + waiting + flow.forfeited;
    }
    let transit = transfers(history, &mut broken);
    if inflow != kept + transit {
        broken.push(format!("the house took {inflow} in and can tell of {}", kept + transit));
    }
    broken
}

/// Where cash came from and went, in minor units.
#[derive(Debug, Default)]
struct Flow {
    topped_up: i128,
    lent: i128,
    repaid: i128,
    /// What usage came to that no cash paid.
    owed: i128,
    received: i128,
    sent: i128,
    spent: i128,
    withdrawn: i128,
    paid_out: i128,
    forfeited: i128,
}

impl Flow {
    fn cash(&self) -> i128 {
        self.topped_up + self.lent + self.received
            - (self.repaid + self.sent + self.spent + self.withdrawn + self.forfeited)
    }

    fn of(stream: &Stream) -> Self {
        let mut flow = Self::default();
        let minor = |amount: &Money| i128::from(amount.minor());
        for (_, event) in stream.events() {
            match event {
                Event::Wallet(event) => flow.wallet(event),
                Event::Order(order::Event::Paid { cash, .. }) => flow.spent += minor(cash),
                Event::Order(order::Event::Processing { parts, .. }) => {
                    flow.spent += minor(&parts.cash);
                }
                Event::Order(
                    order::Event::Failed { parts, .. } | order::Event::Refunded { parts, .. },
                ) => flow.spent -= minor(&parts.cash),
                Event::Usage(usage::Event::Settled(settlement)) => {
                    flow.spent += minor(&settlement.cash);
                    flow.owed += minor(&settlement.owed);
                }
                Event::Withdrawal(event) => flow.withdrawal(event),
                Event::Order(
                    order::Event::Opened(_)
                    | order::Event::Repriced { .. }
                    | order::Event::Warned { .. }
                    | order::Event::Provisioned { .. }
                    | order::Event::Cancelled { .. }
                    | order::Event::ReportedLate { .. },
                )
                | Event::Usage(
                    usage::Event::Recorded { .. }
                    | usage::Event::PackageFilled(_)
                    | usage::Event::PackageDropped { .. },
                )
                | Event::Account(_)
                | Event::Subscription(_)
                | Event::Coupon(_)
                | Event::Resource(_)
                | Event::Standing(_)
                | Event::Closure(_)
                | Event::Statement(_)
                | Event::Notice(_)
                | Event::House(_)
                | Event::Campaign(_)
                | Event::Series(_) => {}
            }
        }
        flow
    }

    fn withdrawal(&mut self, event: &withdrawal::Event) {
        let minor = |amount: &Money| i128::from(amount.minor());
        let out = |paid: &[withdrawal::PaidOut]| paid.iter().map(|out| minor(&out.amount)).sum();
        match event {
            withdrawal::Event::Requested(asked) => self.withdrawn += minor(&asked.amount),
            withdrawal::Event::Failed { amount, .. } => self.withdrawn -= minor(amount),
            withdrawal::Event::Paid { paid, .. } => self.paid_out += out(paid),
            // It was said to have failed before, or to be paid.
            withdrawal::Event::PaidAfterAll { paid, .. } => {
                let out: i128 = out(paid);
                self.withdrawn += out;
                self.paid_out += out;
            }
            withdrawal::Event::FailedAfterAll { paid, .. } => {
                let out: i128 = out(paid);
                self.withdrawn -= out;
                self.paid_out -= out;
            }
            withdrawal::Event::ReportedAgain { .. } => {}
        }
    }

    fn wallet(&mut self, event: &wallet::Event) {
        let minor = |amount: &Money| i128::from(amount.minor());
        match event {
            wallet::Event::ToppedUp { amount, .. } | wallet::Event::BroughtIn { amount } => {
                self.topped_up += minor(amount);
            }
            wallet::Event::Lent { amount, .. } => self.lent += minor(amount),
            wallet::Event::Repaid { parts, .. } => {
                self.repaid += parts.iter().map(|part| minor(&part.amount)).sum::<i128>();
            }
            wallet::Event::Forfeited { amount, .. } => self.forfeited += minor(amount),
            wallet::Event::Sent { amount, .. } => self.sent += minor(amount),
            wallet::Event::Returned { amount, .. } => self.sent -= minor(amount),
            wallet::Event::Received { amount, .. } => self.received += minor(amount),
            wallet::Event::LimitSet { .. }
            | wallet::Event::FellDue { .. }
            | wallet::Event::DepositHeld { .. }
            | wallet::Event::DepositReleased { .. }
            | wallet::Event::Arrived { .. }
            | wallet::Event::Declined { .. } => {}
        }
    }
}

/// A transfer, as both ends tell it.
#[derive(Debug, Default)]
struct Transfer {
    sent: Vec<Money>,
    received: Vec<Money>,
    returned: Vec<Money>,
    arrived: u32,
    declined: u32,
}

/// Every transfer was sent once, and received or returned once at the most, whole; answers what is
/// on its way still.
fn transfers(history: &History, broken: &mut Vec<String>) -> i128 {
    let mut all: BTreeMap<(AccountId, u32), Transfer> = BTreeMap::new();
    for (id, stream) in history.accounts() {
        for (_, event) in stream.events() {
            let Event::Wallet(event) = event else { continue };
            match event {
                wallet::Event::Sent { number, amount, .. } => {
                    all.entry((id, *number)).or_default().sent.push(*amount);
                }
                wallet::Event::Returned { number, amount, .. } => {
                    all.entry((id, *number)).or_default().returned.push(*amount);
                }
                wallet::Event::Arrived { number, .. } => {
                    all.entry((id, *number)).or_default().arrived += 1;
                }
                wallet::Event::Received { from, number, amount, .. } => {
                    all.entry((*from, *number)).or_default().received.push(*amount);
                }
                wallet::Event::Declined { from, number, .. } => {
                    all.entry((*from, *number)).or_default().declined += 1;
                }
                wallet::Event::ToppedUp { .. }
                | wallet::Event::BroughtIn { .. }
                | wallet::Event::LimitSet { .. }
                | wallet::Event::Lent { .. }
                | wallet::Event::Repaid { .. }
                | wallet::Event::FellDue { .. }
                | wallet::Event::Forfeited { .. }
                | wallet::Event::DepositHeld { .. }
                | wallet::Event::DepositReleased { .. } => {}
            }
        }
    }
    let mut transit = 0;
    for ((from, number), it) in all {
        let [sent] = it.sent.as_slice() else {
            broken.push(format!("transfer {number} of {from} was not sent once: {it:?}"));
            continue;
        };
        let came: Vec<&Money> = it.received.iter().chain(&it.returned).collect();
        if came.len() > 1 || came.iter().any(|came| *came != sent) {
            broken.push(format!("transfer {number} of {from} came twice, or in part: {it:?}"));
        }
        if it.arrived > 0 && it.received.is_empty() {
            broken.push(format!("transfer {number} of {from} arrived nowhere: {it:?}"));
        }
        if came.is_empty() {
            transit += i128::from(sent.minor());
            // Everybody was awake for days: nothing is on its way any more.
            broken.push(format!("transfer {number} of {from} is lost: {it:?}"));
        }
    }
    transit
}

#[cfg(test)]
mod tests {
    use super::super::breaking::{change_event, is_found};
    use super::*;

    #[test]
    fn a_top_up_that_was_lost_is_found() {
        is_found(broken, |history| {
            let is = |event: &Event| matches!(event, Event::Wallet(wallet::Event::ToppedUp { .. }));
            change_event(history, is, |records, place, event| {
                drop(records[place].events.remove(event));
            })
        });
    }

    #[test]
    fn cash_that_arrived_twice_is_found() {
        is_found(broken, |history| {
            let is = |event: &Event| matches!(event, Event::Wallet(wallet::Event::Received { .. }));
            change_event(history, is, |records, place, event| {
                let again = records[place].events[event].clone();
                records[place].events.push(again);
            })
        });
    }
}
