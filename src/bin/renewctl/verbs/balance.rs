//! The balance: credit limit and alert.

use renewd::admin::wire::{Done, Receipt, SetBalanceAlert, SetCreditLimit};

use super::{Desk, would};
use crate::cli::{AlertVerb, CreditVerb};
use crate::client::Call;
use crate::failure::Failure;
use crate::output::money;

/// About credit.
pub(super) async fn credit(desk: &Desk, verb: &CreditVerb) -> Result<(), Failure> {
    let CreditVerb::Set { account, limit, write } = verb;
    let set = SetCreditLimit { limit: limit.clone() };
    let call = Call::put(&["v1", "accounts", account, "credit-limit"], write).json(&set)?;
    desk.ask(&call, |output, receipt: Receipt<Done>| {
        let dry_run = would(receipt.dry_run);
        output.say(&format!("{dry_run}{account} may owe {}", money(limit)));
        Ok(())
    })
    .await
}

/// About the low-balance alert.
pub(super) async fn alert(desk: &Desk, verb: &AlertVerb) -> Result<(), Failure> {
    let AlertVerb::Set { account, below, write } = verb;
    let set = SetBalanceAlert { below: below.0.clone() };
    let call = Call::put(&["v1", "accounts", account, "balance-alert"], write).json(&set)?;
    desk.ask(&call, |output, receipt: Receipt<Done>| {
        let dry_run = would(receipt.dry_run);
        output.say(&match &below.0 {
            Some(below) => format!("{dry_run}{account} is told of less than {}", money(below)),
            None => format!("{dry_run}{account} is told of no low balance"),
        });
        Ok(())
    })
    .await
}
