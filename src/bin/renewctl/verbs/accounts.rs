//! Accounts and their money.

use renewd::admin::wire::{
    Account, AccountSummary, Done, Money, OpenAccount, Opened, Receipt, SetUnifiedDay, ToppedUp,
};

use super::{Desk, erasure, would};
use crate::cli::{AccountVerb, TopUp, Write};
use crate::client::Call;
use crate::failure::Failure;
use crate::output::{self, money, or_nothing, yes};

/// About accounts.
pub(super) async fn run(desk: &Desk, verb: &AccountVerb) -> Result<(), Failure> {
    match verb {
        AccountVerb::Open {
            name,
            email,
            kind,
            country,
            currency,
            time_zone,
            language,
            address,
            tax_id,
            write,
        } => {
            let open = OpenAccount {
                name: name.clone(),
                email: email.clone(),
                kind: kind.as_str().to_owned(),
                country: country.clone(),
                currency: currency.clone(),
                time_zone: time_zone.clone(),
                language: language.clone(),
                address: address.clone(),
                tax_id: tax_id.clone(),
            };
            let call = Call::post(&["v1", "accounts"], write).json(&open)?;
            desk.ask(&call, |output, receipt: Receipt<Opened>| {
                output.say(&format!("{}the account is open", would(receipt.dry_run)));
                Ok(output::line(&receipt.answer.id)?)
            })
            .await
        }
        AccountVerb::List { slice } => {
            let columns =
                ["ID", "NAME", "E-MAIL", ">CASH", ">SUBSCRIPTIONS", "HELD", "NEXT DUE", "FOR"];
            desk.list(&Call::get(&["v1", "accounts"]), slice, &columns, row).await
        }
        AccountVerb::Show { account } => {
            let call = Call::get(&["v1", "accounts", account]);
            desk.ask(&call, |_, account: Account| Ok(output::card(&card(&account))?)).await
        }
        AccountVerb::Hold { account, write } => {
            mark(desk, account, write, "hold", "held: nothing happens to it by itself").await
        }
        AccountVerb::LetGo { account, write } => {
            mark(desk, account, write, "let-go", "no longer held").await
        }
        AccountVerb::UnifiedDay { account, day, write } => {
            let set = SetUnifiedDay { day: *day };
            let call = Call::put(&["v1", "accounts", account, "unified-day"], write).json(&set)?;
            desk.ask(&call, |output, receipt: Receipt<Done>| {
                let dry_run = would(receipt.dry_run);
                output.say(&format!("{dry_run}renewals of {account} can be aligned to day {day}"));
                Ok(())
            })
            .await
        }
        AccountVerb::Export { account, output } => {
            let call = Call::get(&["v1", "accounts", account, "export"]);
            erasure::save(desk, &call, output.as_deref()).await
        }
        AccountVerb::LegalHold { account, reason, lift, once } => {
            erasure::legal_hold(desk, account, reason.as_ref(), *lift, once).await
        }
        AccountVerb::Certificate { account, html, output } => {
            erasure::certificate(desk, account, *html, output.as_deref()).await
        }
        AccountVerb::Unpark { account, once } => {
            let call = Call::post(&["v1", "accounts", account, "unpark"], &once.into());
            desk.ask(&call, |output, _: Done| {
                output.say(&format!("{account} is in service again"));
                Ok(())
            })
            .await
        }
    }
}

async fn mark(
    desk: &Desk,
    account: &str,
    write: &Write,
    what: &str,
    done: &str,
) -> Result<(), Failure> {
    let call = Call::post(&["v1", "accounts", account, what], write);
    desk.ask(&call, |output, receipt: Receipt<Done>| {
        output.say(&format!("{}{account} is {done}", would(receipt.dry_run)));
        Ok(())
    })
    .await
}

/// Credits cash that was received.
pub(super) async fn top_up(desk: &Desk, top_up: &TopUp) -> Result<(), Failure> {
    let body = renewd::admin::wire::TopUp {
        amount: Money { amount: top_up.amount.clone(), currency: top_up.currency.to_uppercase() },
        method: top_up.method.clone(),
        channel: Some(top_up.channel.clone()),
        reference: top_up.reference.clone(),
    };
    let call = Call::post(&["v1", "accounts", &top_up.account, "top-ups"], &top_up.write);
    desk.ask(&call.json(&body)?, |output, receipt: Receipt<ToppedUp>| {
        let amount = money(&receipt.answer.amount);
        output.say(&format!("{}{amount} credited", would(receipt.dry_run)));
        Ok(output::card(&[("cash", money(&receipt.answer.cash))])?)
    })
    .await
}

fn row(account: AccountSummary) -> Vec<String> {
    let (at, job) = account.next_due.map(|due| (due.at, due.job)).unwrap_or_default();
    vec![
        account.id,
        or_nothing(account.name.as_ref()),
        or_nothing(account.email.as_ref()),
        money(&account.cash),
        account.subscription_count.to_string(),
        yes(account.held),
        at,
        job,
    ]
}

fn card(account: &Account) -> Vec<(&'static str, String)> {
    let summary = &account.summary;
    let next_due = summary.next_due.as_ref().map(|due| format!("{} for {}", due.at, due.job));
    vec![
        ("id", summary.id.clone()),
        ("name", or_nothing(summary.name.as_ref())),
        ("e-mail", or_nothing(summary.email.as_ref())),
        ("kind", summary.kind.clone()),
        ("country", or_nothing(summary.country.as_ref())),
        ("currency", summary.currency.clone()),
        ("cash", money(&summary.cash)),
        ("time zone", account.time_zone.clone()),
        ("language", account.language.clone()),
        ("opened", summary.opened_at.clone()),
        ("held", if summary.held { held_since(account) } else { String::new() }),
        ("subscriptions", summary.subscription_count.to_string()),
        ("unpaid orders", account.unpaid_order_count.to_string()),
        ("in delivery", account.processing_order_count.to_string()),
        ("unified day", or_nothing(account.unified_day.as_ref())),
        ("next due", or_nothing(next_due.as_ref())),
        ("last record", summary.seq.to_string()),
    ]
}

fn held_since(account: &Account) -> String {
    account.held_at.as_ref().map_or_else(|| "yes".to_owned(), |at| format!("since {at}"))
}
