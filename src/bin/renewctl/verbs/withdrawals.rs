//! Withdrawals.

use renewd::admin::wire::{
    Receipt, Withdraw, Withdrawal, WithdrawalFailed, WithdrawalIs, WithdrawalQuery,
};

use super::{Desk, would};
use crate::cli::WithdrawVerb;
use crate::client::Call;
use crate::failure::Failure;
use crate::output::{self, money, or_nothing};

/// About withdrawals.
pub(super) async fn run(desk: &Desk, verb: &WithdrawVerb) -> Result<(), Failure> {
    match verb {
        WithdrawVerb::Request { account, amount, write } => {
            let body = Withdraw { amount: amount.clone() };
            let call = Call::post(&["v1", "accounts", account, "withdrawals"], write);
            ask(desk, &call.json(&body)?).await
        }
        WithdrawVerb::List { account, state, slice } => {
            let filter = WithdrawalQuery { state: state.clone(), ..WithdrawalQuery::default() };
            let call = Call::get(&["v1", "accounts", account, "withdrawals"]).filter(&filter)?;
            let columns =
                ["ID", "STATE", ">AMOUNT", "WAYS", "REQUESTED", "EXPECTED BY", "SETTLED", "REASON"];
            desk.list(&call, slice, &columns, row).await
        }
        WithdrawVerb::Paid { withdrawal, write } => {
            ask(desk, &Call::post(&["v1", "withdrawals", withdrawal, "paid"], write)).await
        }
        WithdrawVerb::Failed { withdrawal, reason, write } => {
            let body = WithdrawalFailed { reason: reason.clone() };
            let call = Call::post(&["v1", "withdrawals", withdrawal, "failed"], write);
            ask(desk, &call.json(&body)?).await
        }
    }
}

async fn ask(desk: &Desk, call: &Call) -> Result<(), Failure> {
    desk.ask(call, |output, receipt: Receipt<WithdrawalIs>| {
        let WithdrawalIs { withdrawal, cash } = receipt.answer;
        let (dry_run, state) = (would(receipt.dry_run), &withdrawal.state);
        output.say(&format!("{dry_run}{} of {} {state}", withdrawal.id, money(&withdrawal.amount)));
        let ways = ways(&withdrawal);
        Ok(output::card(&[
            ("withdrawal", withdrawal.id),
            ("ways", ways),
            ("expected by", or_nothing(withdrawal.expected_by.as_ref())),
            ("cash", money(&cash)),
        ])?)
    })
    .await
}

fn row(withdrawal: Withdrawal) -> Vec<String> {
    let ways = ways(&withdrawal);
    vec![
        withdrawal.id,
        withdrawal.state,
        money(&withdrawal.amount),
        ways,
        withdrawal.requested_at,
        or_nothing(withdrawal.expected_by.as_ref()),
        or_nothing(withdrawal.settled_at.as_ref()),
        or_nothing(withdrawal.reason.as_ref()),
    ]
}

/// Which part goes which way: `30.00 USD by card, 10.00 USD by operator`.
fn ways(withdrawal: &Withdrawal) -> String {
    let way =
        withdrawal.parts.iter().map(|part| format!("{} by {}", money(&part.amount), part.method));
    way.collect::<Vec<_>>().join(", ")
}
