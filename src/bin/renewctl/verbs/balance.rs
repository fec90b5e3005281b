//! The balance: what is there and how far it reaches, its movements, credit limit and alert.

use renewd::admin::wire::{
    Balance, CashLot, Done, Movement, OwedMonth, Receipt, SetBalanceAlert, SetCreditLimit,
    Transfer, Transferred,
};

use super::{Desk, chart, would};
use crate::cli::{self, AlertVerb, CreditVerb, Of};
use crate::client::Call;
use crate::failure::Failure;
use crate::output::{self, Output, length, money, or_nothing, yes};

/// What an account has, what it owes, and how far that reaches.
pub(super) async fn balance(desk: &Desk, asked: &cli::Balance) -> Result<(), Failure> {
    let call = Call::get(&["v1", "accounts", &asked.account, "balance"]);
    desk.ask(&call, |output, balance: Balance| {
        output::card(&card(&balance))?;
        tables(output, &balance)?;
        if asked.chart {
            let chart = chart::draw(&balance.burn.hourly, &balance.burn.projection);
            output::line(&chart)?;
        }
        Ok(())
    })
    .await
}

fn card(balance: &Balance) -> Vec<(&'static str, String)> {
    let (standing, burn) = (&balance.standing, &balance.burn);
    let state = match (&standing.since, &standing.to_pay) {
        (Some(since), Some(to_pay)) => {
            format!("{} since {since}, {} to pay", standing.state, money(to_pay))
        }
        (Some(_) | None, Some(_) | None) => standing.state.clone(),
    };
    let alert = balance.alert.as_ref().map(|alert| format!("below {}", money(&alert.below)));
    let reach = burn.hours_left.map(|hours| length(hours.saturating_mul(3_600)));
    vec![
        ("available", money(&balance.available)),
        ("cash", money(&balance.cash)),
        ("spendable", money(&balance.spendable)),
        ("withdrawable", money(&balance.withdrawable)),
        ("transferable", money(&balance.transferable)),
        ("on its way", money(&balance.in_transit)),
        ("credit limit", money(&balance.credit_limit)),
        ("owed", money(&balance.debt)),
        ("standing", state),
        ("alert", or_nothing(alert.as_ref())),
        ("last 24 hours", money(&burn.last_24_hours)),
        ("used up in", or_nothing(reach.as_ref())),
    ]
}

/// What is owed, held and there, part by part.
fn tables(output: Output, balance: &Balance) -> Result<(), Failure> {
    if !balance.owed.is_empty() {
        let owed = balance.owed.iter().map(|owed: &OwedMonth| {
            vec![owed.month.clone(), money(&owed.amount), owed.due_at.clone(), yes(owed.past_due)]
        });
        output.table(&["OWED FOR", ">AMOUNT", "DUE", "PAST DUE"], owed.collect())?;
    }
    if !balance.holds.is_empty() {
        let holds =
            balance.holds.iter().map(|hold| vec![hold.resource.clone(), money(&hold.amount)]);
        output.table(&["HELD FOR", ">AMOUNT"], holds.collect())?;
    }
    if !balance.lots.is_empty() {
        let lots = balance.lots.iter().map(|lot: &CashLot| {
            vec![
                lot.origin.clone(),
                or_nothing(lot.method.as_ref()),
                or_nothing(lot.at.as_ref()),
                money(&lot.amount),
                money(&lot.left),
                yes(lot.withdrawable),
            ]
        });
        let columns = ["CASH FROM", "METHOD", "AT", ">AMOUNT", ">LEFT", "WITHDRAWABLE"];
        output.table(&columns, lots.collect())?;
    }
    Ok(())
}

/// What moved the cash of an account and what it owes.
pub(super) async fn movements(desk: &Desk, of: &Of) -> Result<(), Failure> {
    let call = Call::get(&["v1", "accounts", &of.account, "movements"]);
    let columns = [">SEQ", "AT", "WHAT", "ABOUT", "OF", ">AMOUNT", ">BALANCE"];
    desk.list(&call, &of.slice, &columns, |movement: Movement| {
        let Movement { order, resource, withdrawal, account, month, method, .. } = movement;
        let about = [order, resource, withdrawal, account, month, method];
        let about: Vec<String> = about.into_iter().flatten().collect();
        vec![
            movement.seq.to_string(),
            movement.at,
            movement.what,
            about.join(" "),
            movement.of,
            money(&movement.amount),
            money(&movement.balance),
        ]
    })
    .await
}

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

/// Transfers cash to another account.
pub(super) async fn transfer(desk: &Desk, asked: &cli::Transfer) -> Result<(), Failure> {
    let body = Transfer { to: asked.to.clone(), amount: asked.amount.clone() };
    let call = Call::post(&["v1", "accounts", &asked.from, "transfers"], &asked.write);
    desk.ask(&call.json(&body)?, |output, receipt: Receipt<Transferred>| {
        let dry_run = would(receipt.dry_run);
        let Transferred { to, amount, state, reason, cash } = receipt.answer;
        output.say(&format!("{dry_run}{} to {to}: {}", money(&amount), state.replace('_', " ")));
        Ok(output::card(&[("reason", or_nothing(reason.as_ref())), ("cash", money(&cash))])?)
    })
    .await
}
