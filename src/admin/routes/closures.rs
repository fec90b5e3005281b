//! Closing an account: may it be, ask for it, confirm, approve, revoke; the list of those under way;
//! and what the provider's other systems hold for an account.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, delete, get, post};
use utoipa_actix_web::service_config::ServiceConfig;

use super::accounts::Nothing;
use crate::actors::Receipt;
use crate::admin::problem::{Code, Problem};
use crate::admin::request::{Asks, OfAccount, Write};
use crate::admin::{Admin, convert, cursor, door, fields, reply, unexpected, wire};
use crate::domain::command::{Answer, Command};
use crate::domain::ids::AccountId;
use crate::domain::nouns::closure::Closure;
use crate::domain::rejection::Rejection;
use crate::domain::rows::Summary;
use crate::domain::verbs::closure::{Eligibility, LoginSeen, RevokeClosure, blockers};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(show_eligibility)
        .service(request_closure)
        .service(show_closure)
        .service(revoke_closure)
        .service(confirm_closure)
        .service(approve_closure)
        .service(report_login)
        .service(list_closures)
        .service(list_holdings)
        .service(report_holding)
        .service(clear_holding);
}

/// The closure in an answer. What stands in its way is looked up with it where it is shown alone.
async fn closure_is(
    admin: &Admin,
    id: AccountId,
    receipt: &Receipt,
) -> Result<wire::Closure, Problem> {
    if let Answer::ClosureCodeMissed { tries_left } = &receipt.answer {
        let detail = format!("the code is wrong; {tries_left} more tries are taken");
        return Err(Problem::new(Code::WrongCode, detail).with("tries_left", *tries_left));
    }
    let Answer::Closure { closure } = &receipt.answer else { return Err(unexpected(receipt)) };
    Ok(convert::closure(id, closure, reason(admin, id, closure).await, &[]))
}

/// Why an operator began it, if one did and that is not erased.
async fn reason(admin: &Admin, account: AccountId, closure: &Closure) -> Option<String> {
    let number = closure.by_operator.as_ref()?.reason.0;
    match admin.profiles.notes(account.into(), &[number]).await {
        Ok(mut notes) => notes.remove(&number),
        Err(error) => {
            tracing::error!(%account, %error, "the reason of a closure cannot be opened");
            None
        }
    }
}

/// Says whether an account can be closed: everything that stands in the way, each with what to do
/// about it, and what its owner should know.
#[utoipa::path(
    tag = "closures",
    params(
        ("account" = String, Path, description = "The account's id"),
        wire::EligibilityQuery
    ),
    responses((status = 200, description = "As it stands", body = wire::ClosureEligibility), Problem)
)]
#[get("/v1/accounts/{account}/closure/eligibility")]
async fn show_eligibility(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    Asks(query): Asks<wire::EligibilityQuery>,
) -> Result<Json<wire::ClosureEligibility>, Problem> {
    let (open, _) = admin.account(id).await?;
    if open.closure.as_deref().is_some_and(|closure| closure.closed_at.is_some()) {
        return Err(Rejection::AccountClosed.into());
    }
    let house = admin.house().await?;
    let forfeit = open.closure.as_deref().map_or(query.forfeit, |closure| closure.forfeit);
    let eligibility = Eligibility::of(&house.timeline, &open, forfeit);
    Ok(Json(convert::eligibility(&open, &eligibility)))
}

/// Asks for an account to be closed. Its owner is mailed a one-time code; where an operator begins
/// it on the owner's behalf, no code is needed, and the owner is mailed why and how to revoke it. If
/// anything stands in the way, all of it is answered, and nothing changes.
#[utoipa::path(
    tag = "closures",
    params(
        ("account" = String, Path, description = "The account's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::RequestClosure,
    responses(
        (status = 201, description = "It is recorded", body = wire::Receipt<wire::Closure>),
        (status = 200, description = "A dry run", body = wire::Receipt<wire::Closure>),
        Problem
    )
)]
#[post("/v1/accounts/{account}/closure")]
async fn request_closure(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    write: Write<wire::RequestClosure>,
) -> Result<HttpResponse, Problem> {
    let asked = admin.door().request_closure(id, &write.body)?;
    let receipt = admin.carry_out(id, asked, &write.asking, write.dry_run).await?;
    Ok(reply(StatusCode::CREATED, &receipt, write.dry_run, closure_is(&admin, id, &receipt).await?))
}

/// Shows the closure of an account: its stage, what comes next, and what stands in the way.
#[utoipa::path(
    tag = "closures",
    params(("account" = String, Path, description = "The account's id")),
    responses((status = 200, description = "As it stands", body = wire::Closure), Problem)
)]
#[get("/v1/accounts/{account}/closure")]
async fn show_closure(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
) -> Result<Json<wire::Closure>, Problem> {
    let (open, _) = admin.account(id).await?;
    let closure = open.closure.as_deref().ok_or(Rejection::NoClosure)?;
    let in_the_way = if closure.is_under_way() {
        blockers(&admin.house().await?.timeline, &open, closure.forfeit)
    } else {
        Vec::new()
    };
    let reason = reason(&admin, id, closure).await;
    Ok(Json(convert::closure(id, closure, reason, &in_the_way)))
}

/// Revokes the closing of an account: it is in service again.
#[utoipa::path(
    tag = "closures",
    params(
        ("account" = String, Path, description = "The account's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::Closure>),
        Problem
    )
)]
#[delete("/v1/accounts/{account}/closure")]
async fn revoke_closure(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    write: Write<Nothing>,
) -> Result<HttpResponse, Problem> {
    let asked = Command::RevokeClosure(RevokeClosure {}).into();
    let receipt = admin.carry_out(id, asked, &write.asking, write.dry_run).await?;
    Ok(reply(StatusCode::OK, &receipt, write.dry_run, closure_is(&admin, id, &receipt).await?))
}

/// Confirms the closing by the one-time code. A wrong code is counted; after the last try it has to
/// be asked for again.
#[utoipa::path(
    tag = "closures",
    params(
        ("account" = String, Path, description = "The account's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::ConfirmClosure,
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::Closure>),
        Problem
    )
)]
#[post("/v1/accounts/{account}/closure/confirm")]
async fn confirm_closure(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    write: Write<wire::ConfirmClosure>,
) -> Result<HttpResponse, Problem> {
    let asked = admin.door().confirm_closure(id, &write.body)?;
    let receipt = admin.carry_out(id, asked, &write.asking, write.dry_run).await?;
    Ok(reply(StatusCode::OK, &receipt, write.dry_run, closure_is(&admin, id, &receipt).await?))
}

/// Approves the closing of an account of a kind that needs it, on a document.
#[utoipa::path(
    tag = "closures",
    params(
        ("account" = String, Path, description = "The account's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::ApproveClosure,
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::Closure>),
        Problem
    )
)]
#[post("/v1/accounts/{account}/closure/approve")]
async fn approve_closure(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    write: Write<wire::ApproveClosure>,
) -> Result<HttpResponse, Problem> {
    let asked = door::approve_closure(&write.body)?;
    let receipt = admin.carry_out(id, asked, &write.asking, write.dry_run).await?;
    Ok(reply(StatusCode::OK, &receipt, write.dry_run, closure_is(&admin, id, &receipt).await?))
}

/// Reports that the owner logged in while the account is being closed. That revokes it only where
/// the rules say so.
#[utoipa::path(
    tag = "closures",
    params(
        ("account" = String, Path, description = "The account's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::Closure>),
        Problem
    )
)]
#[post("/v1/accounts/{account}/closure/login-seen")]
async fn report_login(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    write: Write<Nothing>,
) -> Result<HttpResponse, Problem> {
    let asked = Command::LoginSeen(LoginSeen {}).into();
    let receipt = admin.carry_out(id, asked, &write.asking, write.dry_run).await?;
    Ok(reply(StatusCode::OK, &receipt, write.dry_run, closure_is(&admin, id, &receipt).await?))
}

/// Lists the accounts that are being closed or are closed, by id, with what comes next.
#[utoipa::path(
    tag = "closures",
    params(wire::ClosureQuery),
    responses((status = 200, description = "A page", body = wire::Page<wire::ClosureItem>), Problem)
)]
#[get("/v1/closures")]
async fn list_closures(
    admin: Data<Admin>,
    Asks(query): Asks<wire::ClosureQuery>,
) -> Result<Json<wire::Page<wire::ClosureItem>>, Problem> {
    let limit = cursor::limit(query.limit)?;
    let after = cursor::read("closures", query.cursor.as_deref(), |fields| match fields {
        [id] => id.parse().ok(),
        _ => None,
    })?;
    let stage = query.stage.as_deref().map(|stage| fields::word("stage", stage)).transpose()?;
    let rows = admin.store.closures(stage, after, limit + 1).await?;
    let behind = |row: &(_, _)| cursor::write("closures", &[format!("{}", row.0)]);
    cursor::page(rows, limit, behind, |(id, head)| {
        let summary: Summary = serde_json::from_str(&head.summary)
            .map_err(|error| Problem::broken(format!("the summary of {id}: {error}")))?;
        let closure = summary.closure.ok_or_else(|| Problem::broken(format!("{id} is open")))?;
        Ok(convert::closure_item(id, &closure))
    })
    .map(Json)
}

/// Lists what the provider's other systems hold for an account, by kind and id.
#[utoipa::path(
    tag = "closures",
    params(("account" = String, Path, description = "The account's id")),
    responses((status = 200, description = "All of it", body = wire::Page<wire::Holding>), Problem)
)]
#[get("/v1/accounts/{account}/holdings")]
async fn list_holdings(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
) -> Result<Json<wire::Page<wire::Holding>>, Problem> {
    let (open, _) = admin.account(id).await?;
    let items = open.holdings.values().map(convert::holding).collect();
    Ok(Json(wire::Page { items, next: None, window: None }))
}

/// Reports what another of the provider's systems holds for an account. It stands in the way of
/// closing it, and puts an account back in service that is being closed.
#[utoipa::path(
    tag = "closures",
    params(
        ("account" = String, Path, description = "The account's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::ReportHolding,
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::Done>),
        Problem
    )
)]
#[post("/v1/accounts/{account}/holdings")]
async fn report_holding(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    write: Write<wire::ReportHolding>,
) -> Result<HttpResponse, Problem> {
    let asked = door::report_holding(&write.body)?;
    let receipt = admin.carry_out(id, asked, &write.asking, write.dry_run).await?;
    Ok(reply(StatusCode::OK, &receipt, write.dry_run, wire::Done {}))
}

/// Reports that something is no longer held.
#[utoipa::path(
    tag = "closures",
    params(
        ("account" = String, Path, description = "The account's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::ClearHolding,
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::Done>),
        Problem
    )
)]
#[delete("/v1/accounts/{account}/holdings")]
async fn clear_holding(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    write: Write<wire::ClearHolding>,
) -> Result<HttpResponse, Problem> {
    let asked = door::clear_holding(&write.body)?;
    let receipt = admin.carry_out(id, asked, &write.asking, write.dry_run).await?;
    Ok(reply(StatusCode::OK, &receipt, write.dry_run, wire::Done {}))
}
