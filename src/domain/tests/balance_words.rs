//! The words of scripts for credit, withdrawals and transfers, and how their events are told.

use super::scenario::{ACCOUNT, short, usd};
use crate::domain::command::Command;
use crate::domain::ids::{AccountId, WithdrawalId};
use crate::domain::money::Money;
use crate::domain::nouns::withdrawal;
use crate::domain::verbs;

/// The account that cash is sent to, and comes from.
pub(super) const OTHER: AccountId = AccountId::from_bits(8);

/// `limit 500`, `cash-out 40`, `cash-out all`, `paid-out #3`, `not-paid-out #3 account_closed`,
/// `send 5`, `send 5 here`, `take 5`, `take 5 EUR`, `arrived 3`, `declined 3`.
pub(super) fn command(verb: &str, args: &[&str]) -> Option<Command> {
    let withdrawal = |text: &str| {
        let number = text.strip_prefix('#').and_then(|n| n.parse().ok()).expect("such as #3");
        WithdrawalId::new(ACCOUNT, number)
    };
    let command = match verb {
        "limit" => {
            Command::SetCreditLimit(verbs::credit_limit::SetCreditLimit { limit: usd(args[0]) })
        }
        "cash-out" => Command::Withdraw(verbs::withdraw::Withdraw {
            amount: (args[0] != "all").then(|| usd(args[0])),
        }),
        "paid-out" => Command::WithdrawalPaid(verbs::withdraw::WithdrawalPaid {
            withdrawal: withdrawal(args[0]),
        }),
        "not-paid-out" => Command::WithdrawalFailed(verbs::withdraw::WithdrawalFailed {
            withdrawal: withdrawal(args[0]),
            reason: args.get(1).map(|reason| (*reason).to_owned()),
        }),
        "send" => Command::Transfer(verbs::transfer::Transfer {
            to: args.get(1).map_or(OTHER, |_| ACCOUNT),
            amount: usd(args[0]),
        }),
        "take" => Command::TakeTransfer(verbs::transfer::TakeTransfer {
            from: OTHER,
            number: 1,
            amount: args.get(1).map_or_else(
                || usd(args[0]),
                |currency| {
                    let currency = currency.parse().expect("a currency");
                    Money::parse(args[0], currency).expect("an amount")
                },
            ),
        }),
        "arrived" | "declined" => Command::TransferAnswered(verbs::transfer::TransferAnswered {
            number: args[0].parse().expect("a number"),
            declined: (verb == "declined").then(|| "WrongCurrency".to_owned()),
        }),
        _ => return None,
    };
    Some(command)
}

pub(super) fn withdrawal_told(event: &withdrawal::Event) -> String {
    let id = event.withdrawal().number;
    let text = match event {
        withdrawal::Event::Requested(asked) => {
            let part = |part: &withdrawal::Part| {
                let came = part.taken.at.map_or(String::new(), |at| format!(" of {}", short(at)));
                format!("{}{came} by {}", part.taken.amount, part.method())
            };
            let parts: Vec<_> = asked.parts.iter().map(part).collect();
            format!("{} requested: {}", asked.amount, parts.join(", "))
        }
        withdrawal::Event::Paid { paid, .. } => {
            let paid: Vec<_> =
                paid.iter().map(|paid| format!("{} by {}", paid.amount, paid.method)).collect();
            format!("paid: {}", paid.join(", "))
        }
        withdrawal::Event::Failed { amount, .. } => format!("failed: {amount} back"),
        withdrawal::Event::PaidAfterAll { withdrawal, taken, .. } => {
            let zero = Money::zero(withdrawal.amount.currency());
            let own = taken.iter().try_fold(zero, |sum, taken| sum.checked_add(taken.amount));
            let own = own.expect("a sum");
            format!("paid after all: {} taken again, {own} of it own", withdrawal.amount)
        }
        withdrawal::Event::FailedAfterAll { withdrawal, .. } => {
            format!("failed after all: {} back", withdrawal.amount)
        }
        withdrawal::Event::ReportedAgain { is_paid, .. } => {
            format!("reported again: {}", if *is_paid { "paid" } else { "failed" })
        }
    };
    format!("  withdrawal #{id} {text}")
}
