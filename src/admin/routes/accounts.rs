//! Accounts: open, list, show, top up, hold, let go, choose the unified day.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, get, post, put};
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::admin::problem::Problem;
use crate::admin::request::{Asks, OfAccount, Write};
use crate::admin::{Admin, convert, cursor, door, reply, unexpected, wire};
use crate::domain::account::{Account, Open};
use crate::domain::agenda::Agenda;
use crate::domain::command::{Answer, Command};
use crate::domain::verbs::hold::{Hold, LetGo};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(open_account)
        .service(list_accounts)
        .service(show_account)
        .service(top_up)
        .service(hold_account)
        .service(let_account_go)
        .service(set_unified_day);
}

/// A body that says nothing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Opens an account.
#[utoipa::path(
    tag = "accounts",
    params(wire::WriteQuery, wire::WriteHeaders),
    request_body = wire::OpenAccount,
    responses(
        (status = 201, description = "It is recorded", body = wire::Receipt<wire::Opened>),
        (status = 200, description = "A dry run", body = wire::Receipt<wire::Opened>),
        Problem
    )
)]
#[post("/v1/accounts")]
async fn open_account(
    admin: Data<Admin>,
    write: Write<wire::OpenAccount>,
) -> Result<HttpResponse, Problem> {
    let token = write.asking.token.as_ref().filter(|_| !write.dry_run);
    let token = token.map(|token| token.text.as_str());
    let (id, asked) = admin.door().open(&write.body, token)?;
    let receipt = admin.carry_out(id, asked, &write.asking, write.dry_run).await?;
    let Answer::Opened { account } = receipt.answer else { return Err(unexpected(&receipt)) };
    let opened = wire::Opened { id: account.to_string() };
    Ok(reply(StatusCode::CREATED, &receipt, write.dry_run, opened))
}

/// Lists accounts, by id.
#[utoipa::path(
    tag = "accounts",
    params(wire::PageQuery),
    responses(
        (status = 200, description = "A page", body = wire::Page<wire::AccountSummary>),
        Problem
    )
)]
#[get("/v1/accounts")]
async fn list_accounts(
    admin: Data<Admin>,
    Asks(query): Asks<wire::PageQuery>,
) -> Result<Json<wire::Page<wire::AccountSummary>>, Problem> {
    let limit = cursor::limit(query.limit)?;
    let after = cursor::read("accounts", query.cursor.as_deref(), |fields| match fields {
        [id] => id.parse().ok(),
        _ => None,
    })?;
    let rows = admin.store.accounts(after, limit + 1).await?;
    let behind = |row: &(_, _)| cursor::write("accounts", &[format!("{}", row.0)]);
    let page = cursor::page(rows, limit, behind, Ok)?;
    let mut items = Vec::with_capacity(page.items.len());
    for (id, head) in page.items {
        let profile = admin.profiles.profile(id.into()).await;
        items.push(convert::summary(id, &head, profile)?);
    }
    Ok(Json(wire::Page { items, next: page.next, window: None }))
}

/// Shows an account.
#[utoipa::path(
    tag = "accounts",
    params(("account" = String, Path, description = "The account's id")),
    responses((status = 200, description = "As it stands", body = wire::Account), Problem)
)]
#[get("/v1/accounts/{account}")]
async fn show_account(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
) -> Result<Json<wire::Account>, Problem> {
    let (open, seq) = admin.account(id).await?;
    shown(&admin, &open, seq).await.map(Json)
}

/// An account as it stands after its record `seq`, with what is due next.
pub(super) async fn shown(admin: &Admin, open: &Open, seq: u64) -> Result<wire::Account, Problem> {
    let house = admin.house().await?;
    let is_closed = open.closure.as_deref().is_some_and(|closure| closure.closed_at.is_some());
    let account = if is_closed { Account::Closed } else { Account::Open };
    let account = account(Box::new(open.clone()));
    let due = Agenda::of(&house.timeline, &account).next(&account, house.brake.is_some());
    let profile = admin.profiles.profile(open.id.into()).await;
    Ok(convert::account(open, seq, due, profile))
}

/// Credits cash that was received.
#[utoipa::path(
    tag = "accounts",
    params(
        ("account" = String, Path, description = "The account's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::TopUp,
    responses(
        (status = 201, description = "It is recorded", body = wire::Receipt<wire::ToppedUp>),
        (status = 200, description = "A dry run", body = wire::Receipt<wire::ToppedUp>),
        Problem
    )
)]
#[post("/v1/accounts/{account}/top-ups")]
async fn top_up(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    write: Write<wire::TopUp>,
) -> Result<HttpResponse, Problem> {
    let asked = door::top_up(&write.body)?;
    let receipt = admin.carry_out(id, asked, &write.asking, write.dry_run).await?;
    let Answer::ToppedUp { amount, cash } = receipt.answer else {
        return Err(unexpected(&receipt));
    };
    let answer = wire::ToppedUp { amount: convert::money(amount), cash: convert::money(cash) };
    Ok(reply(StatusCode::CREATED, &receipt, write.dry_run, answer))
}

/// Holds an account: nothing happens to it by itself until it is let go.
#[utoipa::path(
    tag = "accounts",
    params(
        ("account" = String, Path, description = "The account's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::Done>),
        Problem
    )
)]
#[post("/v1/accounts/{account}/hold")]
async fn hold_account(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    write: Write<Nothing>,
) -> Result<HttpResponse, Problem> {
    let asked = Command::Hold(Hold {}).into();
    let receipt = admin.carry_out(id, asked, &write.asking, write.dry_run).await?;
    Ok(reply(StatusCode::OK, &receipt, write.dry_run, wire::Done {}))
}

/// Lets a held account go; what became due meanwhile is settled.
#[utoipa::path(
    tag = "accounts",
    params(
        ("account" = String, Path, description = "The account's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::Done>),
        Problem
    )
)]
#[post("/v1/accounts/{account}/let-go")]
async fn let_account_go(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    write: Write<Nothing>,
) -> Result<HttpResponse, Problem> {
    let asked = Command::LetGo(LetGo {}).into();
    let receipt = admin.carry_out(id, asked, &write.asking, write.dry_run).await?;
    Ok(reply(StatusCode::OK, &receipt, write.dry_run, wire::Done {}))
}

/// Chooses the day of the month that renewals can be aligned to. It moves nothing by itself: a
/// renewal asks for it with `"expected_renew_day": "unified"`.
#[utoipa::path(
    tag = "accounts",
    params(
        ("account" = String, Path, description = "The account's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::SetUnifiedDay,
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::Done>),
        Problem
    )
)]
#[put("/v1/accounts/{account}/unified-day")]
async fn set_unified_day(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    write: Write<wire::SetUnifiedDay>,
) -> Result<HttpResponse, Problem> {
    let asked = door::set_unified_day(&write.body)?;
    let receipt = admin.carry_out(id, asked, &write.asking, write.dry_run).await?;
    Ok(reply(StatusCode::OK, &receipt, write.dry_run, wire::Done {}))
}
