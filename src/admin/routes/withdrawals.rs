//! Withdrawals: ask for one, list them, and the provider's reports.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, get, post};
use utoipa_actix_web::service_config::ServiceConfig;

use super::accounts::Nothing;
use crate::actors::Receipt;
use crate::admin::problem::Problem;
use crate::admin::request::{Asks, OfAccount, OfWithdrawal, Write};
use crate::admin::{Admin, convert, cursor, door, fields, reply, unexpected, wire};
use crate::domain::command::{Answer, Command};
use crate::domain::ids::AccountId;
use crate::domain::nouns::withdrawal::{Part, Withdrawal};
use crate::domain::verbs::withdraw::WithdrawalPaid;
use crate::store::WithdrawalQuery;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(withdraw).service(list_withdrawals).service(report_paid).service(report_failed);
}

async fn withdrawal_is(admin: &Admin, receipt: &Receipt) -> Result<wire::WithdrawalIs, Problem> {
    let Answer::Withdrawal { withdrawal, cash } = &receipt.answer else {
        return Err(unexpected(receipt));
    };
    let notes = references(admin, withdrawal.id.account, [withdrawal.as_ref()]).await;
    let house = admin.house().await?;
    let withdrawal = convert::withdrawal(withdrawal, &house.timeline, &notes);
    Ok(wire::WithdrawalIs { withdrawal, cash: convert::money(*cash) })
}

/// The references of the payers: whoever pays back needs them.
async fn references<'a>(
    admin: &Admin,
    account: AccountId,
    withdrawals: impl IntoIterator<Item = &'a Withdrawal>,
) -> BTreeMap<u32, String> {
    let parts = withdrawals.into_iter().flat_map(|asked| &asked.parts);
    let numbers: BTreeSet<u32> = parts.filter_map(Part::reference).map(|note| note.0).collect();
    if numbers.is_empty() {
        return BTreeMap::new();
    }
    let numbers: Vec<u32> = numbers.into_iter().collect();
    admin.profiles.notes(account.into(), &numbers).await.unwrap_or_else(|error| {
        tracing::error!(%account, %error, "a reference cannot be opened");
        BTreeMap::new()
    })
}

/// Asks for cash to be paid out: own top-ups only, the last that came in first, each part the way
/// that it came. It leaves the balance at once.
#[utoipa::path(
    tag = "balance",
    params(
        ("account" = String, Path, description = "The account's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::Withdraw,
    responses(
        (status = 201, description = "It is recorded", body = wire::Receipt<wire::WithdrawalIs>),
        (status = 200, description = "A dry run", body = wire::Receipt<wire::WithdrawalIs>),
        Problem
    )
)]
#[post("/v1/accounts/{account}/withdrawals")]
async fn withdraw(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    write: Write<wire::Withdraw>,
) -> Result<HttpResponse, Problem> {
    let asked = door::withdraw(&write.body)?;
    let receipt = admin.carry_out(id, asked, &write.asking, write.dry_run).await?;
    Ok(reply(StatusCode::CREATED, &receipt, write.dry_run, withdrawal_is(&admin, &receipt).await?))
}

/// Lists the withdrawals of an account, the last requested first.
#[utoipa::path(
    tag = "balance",
    params(("account" = String, Path, description = "The account's id"), wire::WithdrawalQuery),
    responses((status = 200, description = "A page", body = wire::Page<wire::Withdrawal>), Problem)
)]
#[get("/v1/accounts/{account}/withdrawals")]
async fn list_withdrawals(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    Asks(query): Asks<wire::WithdrawalQuery>,
) -> Result<Json<wire::Page<wire::Withdrawal>>, Problem> {
    let limit = cursor::limit(query.limit)?;
    let asked = WithdrawalQuery {
        account: id,
        state: query.state.as_deref().map(|state| fields::word("state", state)).transpose()?,
        before: cursor::read("withdrawals", query.cursor.as_deref(), |fields| match fields {
            [number] => number.parse().ok(),
            _ => None,
        })?,
        limit: limit + 1,
    };
    let rows = admin.store.withdrawals(asked).await?;
    if rows.is_empty() {
        admin.must_exist(id).await?;
    }
    let behind = |row: &Withdrawal| cursor::write("withdrawals", &[row.id.number.to_string()]);
    let notes = references(&admin, id, &rows).await;
    let house = admin.house().await?;
    let shown = |row: Withdrawal| Ok(convert::withdrawal(&row, &house.timeline, &notes));
    cursor::page(rows, limit, behind, shown).map(Json)
}

/// Reports that a withdrawal was paid. It is never refused: said again, it changes nothing; said of
/// one that had failed, the cash is taken again, and what is lacking is owed.
#[utoipa::path(
    tag = "balance",
    params(
        ("withdrawal" = String, Path, description = "The withdrawal's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::WithdrawalIs>),
        Problem
    )
)]
#[post("/v1/withdrawals/{withdrawal}/paid")]
async fn report_paid(
    admin: Data<Admin>,
    OfWithdrawal(withdrawal): OfWithdrawal,
    write: Write<Nothing>,
) -> Result<HttpResponse, Problem> {
    let asked = Command::WithdrawalPaid(WithdrawalPaid { withdrawal }).into();
    let account = withdrawal.account;
    let receipt = admin.carry_out(account, asked, &write.asking, write.dry_run).await?;
    Ok(reply(StatusCode::OK, &receipt, write.dry_run, withdrawal_is(&admin, &receipt).await?))
}

/// Reports that a withdrawal could not be paid, or came back: the cash is back in the balance, and
/// pays what must be paid. It is never refused: said again, it changes nothing.
#[utoipa::path(
    tag = "balance",
    params(
        ("withdrawal" = String, Path, description = "The withdrawal's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::WithdrawalFailed,
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::WithdrawalIs>),
        Problem
    )
)]
#[post("/v1/withdrawals/{withdrawal}/failed")]
async fn report_failed(
    admin: Data<Admin>,
    OfWithdrawal(withdrawal): OfWithdrawal,
    write: Write<wire::WithdrawalFailed>,
) -> Result<HttpResponse, Problem> {
    let asked = door::fail_withdrawal(withdrawal, &write.body)?;
    let account = withdrawal.account;
    let receipt = admin.carry_out(account, asked, &write.asking, write.dry_run).await?;
    Ok(reply(StatusCode::OK, &receipt, write.dry_run, withdrawal_is(&admin, &receipt).await?))
}
