//! The balance: credit limit and alert.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, put};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::admin::problem::Problem;
use crate::admin::request::{OfAccount, Write};
use crate::admin::{Admin, door, reply, wire};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(set_credit_limit).service(set_balance_alert);
}

/// Sets the credit limit: a ceiling on what the account may owe. What is owed beyond it is paid
/// from the cash at once.
#[utoipa::path(
    tag = "balance",
    params(
        ("account" = String, Path, description = "The account's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::SetCreditLimit,
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::Done>),
        Problem
    )
)]
#[put("/v1/accounts/{account}/credit-limit")]
async fn set_credit_limit(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    write: Write<wire::SetCreditLimit>,
) -> Result<HttpResponse, Problem> {
    let asked = door::set_credit_limit(&write.body)?;
    let receipt = admin.carry_out(id, asked, &write.asking, write.dry_run).await?;
    Ok(reply(StatusCode::OK, &receipt, write.dry_run, wire::Done {}))
}

/// Sets the low-balance alert, or switches it off. It is told once each time that available credit
/// drops below it; switching it on while it is below already tells nothing.
#[utoipa::path(
    tag = "balance",
    params(
        ("account" = String, Path, description = "The account's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::SetBalanceAlert,
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::Done>),
        Problem
    )
)]
#[put("/v1/accounts/{account}/balance-alert")]
async fn set_balance_alert(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    write: Write<wire::SetBalanceAlert>,
) -> Result<HttpResponse, Problem> {
    let asked = door::set_alert(&write.body)?;
    let receipt = admin.carry_out(id, asked, &write.asking, write.dry_run).await?;
    Ok(reply(StatusCode::OK, &receipt, write.dry_run, wire::Done {}))
}
