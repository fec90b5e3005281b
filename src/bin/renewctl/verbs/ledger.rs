//! The ledger: entries and the trial balance.

use renewd::admin::wire::{
    EntryQuery, LedgerEntry, LedgerLine, Money, TrialBalance, TrialBalanceQuery,
};

use super::Desk;
use crate::cli::{LedgerVerb, Of};
use crate::client::Call;
use crate::failure::Failure;
use crate::output::{self, money};

/// About the ledger.
pub(super) async fn run(desk: &Desk, verb: &LedgerVerb) -> Result<(), Failure> {
    match verb {
        LedgerVerb::Of(of) => of_account(desk, of).await,
        LedgerVerb::Entries { account, chart, from, to, csv, slice } => {
            let filter = EntryQuery {
                account: account.clone(),
                ledger_account: chart.clone(),
                from: from.clone(),
                to: to.clone(),
                format: csv.then(|| "csv".to_owned()),
                ..EntryQuery::default()
            };
            let call = Call::get(&["v1", "ledger", "entries"]).filter(&filter)?;
            if *csv {
                return print(desk, &call).await;
            }
            let columns = ["ACCOUNT", ">SEQ", "AT", "LEDGER ACCOUNT", ">DEBIT", ">CREDIT"];
            desk.list(&call, slice, &columns, |entry: LedgerEntry| {
                let mut row = vec![entry.account];
                row.extend(line(entry.line));
                row
            })
            .await
        }
        LedgerVerb::TrialBalance { as_of, currency, csv } => {
            let query = TrialBalanceQuery {
                as_of: as_of.clone(),
                currency: currency.clone(),
                format: csv.then(|| "csv".to_owned()),
            };
            let call = Call::get(&["v1", "ledger", "trial-balance"]).filter(&query)?;
            if *csv {
                return print(desk, &call).await;
            }
            trial_balance(desk, &call).await
        }
    }
}

/// Prints an answer as it came.
async fn print(desk: &Desk, call: &Call) -> Result<(), Failure> {
    let answer = desk.client.send(call).await?;
    Ok(output::line(&answer.text())?)
}

async fn of_account(desk: &Desk, of: &Of) -> Result<(), Failure> {
    let call = Call::get(&["v1", "accounts", &of.account, "ledger"]);
    let columns = [">SEQ", "AT", "LEDGER ACCOUNT", ">DEBIT", ">CREDIT"];
    desk.list(&call, &of.slice, &columns, |entry: LedgerLine| line(entry).to_vec()).await
}

fn line(line: LedgerLine) -> [String; 5] {
    let amount = money(&line.amount);
    let (debit, credit) = match amount.strip_prefix('-') {
        Some(credit) => (String::new(), credit.to_owned()),
        None => (amount, String::new()),
    };
    [line.seq.to_string(), line.at, line.ledger_account, debit, credit]
}

async fn trial_balance(desk: &Desk, call: &Call) -> Result<(), Failure> {
    desk.ask(call, |output, balance: TrialBalance| {
        output.say(&format!("as of {}", balance.as_of));
        let side = |side: Option<&Money>| side.map(money).unwrap_or_default();
        let lines = balance.lines.iter().map(|line| {
            let (debit, credit) = (side(line.debit.as_ref()), side(line.credit.as_ref()));
            vec![line.ledger_account.clone(), debit, credit]
        });
        let totals = balance
            .totals
            .iter()
            .map(|total| vec!["total".to_owned(), money(&total.debit), money(&total.credit)]);
        output.table(&["LEDGER ACCOUNT", ">DEBIT", ">CREDIT"], lines.chain(totals).collect())?;
        Ok(())
    })
    .await
}
