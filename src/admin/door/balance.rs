//! Requests about the balance.

use super::Asked;
use crate::admin::problem::Problem;
use crate::admin::{fields, wire};
use crate::domain::command::Command;
use crate::domain::verbs::credit_limit::SetCreditLimit;
use crate::domain::verbs::standing::SetAlert;

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
