//! Transfers of cash between accounts.
//!
//! Each account is a stream of its own. What is sent is durable before the other account is told;
//! here it is told at once, by the same request that the relay would make, so whoever comes second
//! changes nothing.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::actors::Receipt;
use crate::admin::problem::Problem;
use crate::admin::request::{OfAccount, Write};
use crate::admin::{Admin, convert, door, reply, unexpected, wire};
use crate::domain::command::Answer;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(transfer);
}

/// Transfers cash to another account in the same currency: no cash that was transferred in, and
/// none while the account is overdue.
#[utoipa::path(
    tag = "balance",
    params(
        ("account" = String, Path, description = "The account's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::Transfer,
    responses(
        (status = 201, description = "It is recorded", body = wire::Receipt<wire::Transferred>),
        (status = 200, description = "A dry run", body = wire::Receipt<wire::Transferred>),
        Problem
    )
)]
#[post("/v1/accounts/{account}/transfers")]
async fn transfer(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    write: Write<wire::Transfer>,
) -> Result<HttpResponse, Problem> {
    let asked = door::transfer(&write.body)?;
    let receipt = admin.carry_out(id, asked, &write.asking, write.dry_run).await?;
    let Answer::Transferred { number, to, amount, cash } = receipt.answer else {
        return Err(unexpected(&receipt));
    };
    let mut answer = wire::Transferred {
        to: to.to_string(),
        amount: convert::money(amount),
        state: "in_transit".to_owned(),
        reason: None,
        cash: convert::money(cash),
    };
    // Whatever stands in the way of telling it at once, the relay comes again.
    if !write.dry_run
        && let Ok(Some(Receipt { answer: Answer::TransferDecided { declined }, .. })) =
            admin.accounts.transfer_now(&receipt, number).await
    {
        if declined.is_some() {
            // It is back: that is cash again.
            answer.cash = convert::money(admin.account(id).await?.0.wallet.cash);
        }
        answer.state = if declined.is_some() { "returned" } else { "arrived" }.to_owned();
        answer.reason = declined;
    }
    Ok(reply(StatusCode::CREATED, &receipt, write.dry_run, answer))
}
