//! The words of scripts for credit.

use super::scenario::usd;
use crate::domain::command::Command;
use crate::domain::verbs;

/// `limit 500`.
pub(super) fn command(verb: &str, args: &[&str]) -> Option<Command> {
    let command = match verb {
        "limit" => {
            Command::SetCreditLimit(verbs::credit_limit::SetCreditLimit { limit: usd(args[0]) })
        }
        _ => return None,
    };
    Some(command)
}
