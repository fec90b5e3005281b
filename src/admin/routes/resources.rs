//! Pay-as-you-go resources: open, start, stop, change, release; show, list.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, get, post};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::actors::Receipt;
use crate::admin::problem::Problem;
use crate::admin::request::{Asks, OfAccount, OfResource, Write};
use crate::admin::{Admin, convert, cursor, door, fields, reply, unexpected, wire};
use crate::domain::command::{Answer, Command};
use crate::domain::ids::{AccountId, ResourceId};
use crate::domain::rejection::Rejection;
use crate::domain::rows::ResourceRow;
use crate::domain::verbs::resource::SetPower;
use crate::store::ResourceQuery;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_resources)
        .service(list_account_resources)
        .service(open_resource)
        .service(show_resource)
        .service(start_resource)
        .service(stop_resource)
        .service(change_resource)
        .service(release_resource);
}

/// Lists the resources of all accounts, by id.
#[utoipa::path(
    tag = "resources",
    params(wire::ResourceQuery),
    responses(
        (status = 200, description = "A page", body = wire::Page<wire::Resource>),
        Problem
    )
)]
#[get("/v1/resources")]
async fn list_resources(
    admin: Data<Admin>,
    Asks(query): Asks<wire::ResourceQuery>,
) -> Result<Json<wire::Page<wire::Resource>>, Problem> {
    Ok(Json(listed(&admin, None, query).await?))
}

/// Lists the resources of an account, by id, those that were released included.
#[utoipa::path(
    tag = "resources",
    params(("account" = String, Path, description = "The account's id"), wire::ResourceQuery),
    responses(
        (status = 200, description = "A page", body = wire::Page<wire::Resource>),
        Problem
    )
)]
#[get("/v1/accounts/{account}/resources")]
async fn list_account_resources(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    Asks(query): Asks<wire::ResourceQuery>,
) -> Result<Json<wire::Page<wire::Resource>>, Problem> {
    let page = listed(&admin, Some(id), query).await?;
    if page.items.is_empty() {
        admin.must_exist(id).await?;
    }
    Ok(Json(page))
}

async fn listed(
    admin: &Admin,
    account: Option<AccountId>,
    query: wire::ResourceQuery,
) -> Result<wire::Page<wire::Resource>, Problem> {
    let limit = cursor::limit(query.limit)?;
    let after = cursor::read("resources", query.cursor.as_deref(), |fields| match fields {
        [id] => id.parse().ok(),
        _ => None,
    })?;
    let state = query.state.as_deref().map(|state| fields::word("state", state)).transpose()?;
    let (product, region) = (query.product, query.region);
    let asked = ResourceQuery { account, state, product, region, after, limit: limit + 1 };
    let rows = admin.store.resources(asked).await?;
    let behind = |row: &ResourceRow| cursor::write("resources", &[row.id.to_string()]);
    cursor::page(rows, limit, behind, |row| Ok(convert::resource_row(&row)))
}

/// Opens a resource that is paid for after use; it runs. Its running time is metered by the
/// daemon; what else it uses is reported to `/v1/usage`.
#[utoipa::path(
    tag = "resources",
    params(
        ("account" = String, Path, description = "The account's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::OpenResource,
    responses(
        (status = 201, description = "It is recorded", body = wire::Receipt<wire::ResourceIs>),
        (status = 200, description = "A dry run", body = wire::Receipt<wire::ResourceIs>),
        Problem
    )
)]
#[post("/v1/accounts/{account}/resources")]
async fn open_resource(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    write: Write<wire::OpenResource>,
) -> Result<HttpResponse, Problem> {
    let asked = door::open_resource(&write.body)?;
    let receipt = admin.carry_out(id, asked, &write.asking, write.dry_run).await?;
    stands(StatusCode::CREATED, &receipt, write.dry_run)
}

/// Shows a resource.
#[utoipa::path(
    tag = "resources",
    params(("resource" = String, Path, description = "The resource's id")),
    responses((status = 200, description = "As it stands", body = wire::Resource), Problem)
)]
#[get("/v1/resources/{resource}")]
async fn show_resource(
    admin: Data<Admin>,
    OfResource(id): OfResource,
) -> Result<Json<wire::Resource>, Problem> {
    let (open, _) = admin.account(id.account).await?;
    if let Some(live) = open.resources.get(&id) {
        let house = admin.accounts.ports().house();
        return Ok(Json(convert::resource_with_debt(&house.timeline, &open, live)));
    }
    let unknown = Rejection::ResourceNotFound { resource: id };
    let row = admin.store.resource(id).await?.ok_or(unknown)?;
    Ok(Json(convert::resource_row(&row)))
}

/// Starts a resource that its owner stopped; one that is not stopped is left alone. What was
/// stopped for debt runs again by itself once the debt is paid.
#[utoipa::path(
    tag = "resources",
    params(
        ("resource" = String, Path, description = "The resource's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::SetPower,
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::ResourceIs>),
        Problem
    )
)]
#[post("/v1/resources/{resource}/start")]
async fn start_resource(
    admin: Data<Admin>,
    OfResource(id): OfResource,
    write: Write<wire::SetPower>,
) -> Result<HttpResponse, Problem> {
    set_power(&admin, id, &write, true).await
}

/// Stops a resource. It may still cost: each meter of its product says so.
#[utoipa::path(
    tag = "resources",
    params(
        ("resource" = String, Path, description = "The resource's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::SetPower,
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::ResourceIs>),
        Problem
    )
)]
#[post("/v1/resources/{resource}/stop")]
async fn stop_resource(
    admin: Data<Admin>,
    OfResource(id): OfResource,
    write: Write<wire::SetPower>,
) -> Result<HttpResponse, Problem> {
    set_power(&admin, id, &write, false).await
}

async fn set_power(
    admin: &Admin,
    resource: ResourceId,
    write: &Write<wire::SetPower>,
    run: bool,
) -> Result<HttpResponse, Problem> {
    let asked = Command::SetPower(SetPower { resource, run }).into();
    let receipt = admin.carry_out(resource.account, asked, &write.asking, write.dry_run).await?;
    stands(StatusCode::OK, &receipt, write.dry_run)
}

/// Gives a resource another plan. What it uses from now on is a line of its own.
#[utoipa::path(
    tag = "resources",
    params(
        ("resource" = String, Path, description = "The resource's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::ChangeResource,
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::ResourceIs>),
        Problem
    )
)]
#[post("/v1/resources/{resource}/change")]
async fn change_resource(
    admin: Data<Admin>,
    OfResource(id): OfResource,
    write: Write<wire::ChangeResource>,
) -> Result<HttpResponse, Problem> {
    let asked = door::change_resource(id, &write.body)?;
    let receipt = admin.carry_out(id.account, asked, &write.asking, write.dry_run).await?;
    stands(StatusCode::OK, &receipt, write.dry_run)
}

/// Releases a resource, also while the account is overdue. Its data are lost; what it used is
/// settled with its last cycle.
#[utoipa::path(
    tag = "resources",
    params(
        ("resource" = String, Path, description = "The resource's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::ReleaseNow,
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::ResourceIs>),
        Problem
    )
)]
#[post("/v1/resources/{resource}/release")]
async fn release_resource(
    admin: Data<Admin>,
    OfResource(id): OfResource,
    write: Write<wire::ReleaseNow>,
) -> Result<HttpResponse, Problem> {
    let asked = door::release_resource(id, &write.body)?;
    let receipt = admin.carry_out(id.account, asked, &write.asking, write.dry_run).await?;
    stands(StatusCode::OK, &receipt, write.dry_run)
}

/// The answer to a write about a resource.
fn stands(status: StatusCode, receipt: &Receipt, dry_run: bool) -> Result<HttpResponse, Problem> {
    let Answer::Resource { resource } = &receipt.answer else {
        return Err(unexpected(receipt));
    };
    let answer = wire::ResourceIs { resource: convert::resource(resource) };
    Ok(reply(status, receipt, dry_run, answer))
}
