//! Requests about the balance.

use super::{Asked, TEXT_MAX};
use crate::admin::problem::Problem;
use crate::admin::{fields, wire};
use crate::domain::command::Command;
use crate::domain::ids::WithdrawalId;
use crate::domain::verbs::credit_limit::SetCreditLimit;
use crate::domain::verbs::standing::SetAlert;
use crate::domain::verbs::transfer::Transfer;
use crate::domain::verbs::withdraw::{Withdraw, WithdrawalFailed};

/// A request to set the credit limit.
pub fn set_credit_limit(asked: &wire::SetCreditLimit) -> Result<Asked, Problem> {
    let limit = fields::money("limit", &asked.limit)?;
    Ok(Command::SetCreditLimit(SetCreditLimit { limit }).into())
}

/// A request to set the low-balance alert, or to switch it off.
pub fn set_alert(asked: &wire::SetBalanceAlert) -> Result<Asked, Problem> {
    let below = asked.below.as_ref();
    let below = below.map(|below| fields::money("below", below)).transpose()?;
    Ok(Command::SetAlert(SetAlert { below }).into())
}

/// A request to withdraw an amount, or all.
pub fn withdraw(asked: &wire::Withdraw) -> Result<Asked, Problem> {
    let amount = match &asked.amount {
        wire::WithdrawAmount::Amount(amount) => Some(fields::money("amount", amount)?),
        wire::WithdrawAmount::Word(word) if word == "all" => None,
        wire::WithdrawAmount::Word(_) => {
            return Err(Problem::field("amount", "it is an amount with its currency, or \"all\""));
        }
    };
    Ok(Command::Withdraw(Withdraw { amount }).into())
}

/// The report that a withdrawal could not be paid.
pub fn fail_withdrawal(
    withdrawal: WithdrawalId,
    asked: &wire::WithdrawalFailed,
) -> Result<Asked, Problem> {
    let reason = asked.reason.as_deref();
    let reason = reason.map(|reason| fields::line("reason", reason, TEXT_MAX)).transpose()?;
    Ok(Command::WithdrawalFailed(WithdrawalFailed { withdrawal, reason }).into())
}

/// A request to transfer cash to another account.
pub fn transfer(asked: &wire::Transfer) -> Result<Asked, Problem> {
    let to = fields::parse("to", &asked.to)?;
    let amount = fields::money("amount", &asked.amount)?;
    Ok(Command::Transfer(Transfer { to, amount }).into())
}
