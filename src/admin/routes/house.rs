//! The house: status, brake, parked streams.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, get, post};
use utoipa_actix_web::service_config::ServiceConfig;

use super::accounts::Nothing;
use super::time;
use crate::admin::problem::{Code, Problem};
use crate::admin::request::{OfAccount, Write};
use crate::admin::{Admin, convert, reply, wire};
use crate::domain::command::Command;
use crate::domain::ids::StreamId;
use crate::domain::verbs::brake::Release;
use crate::store::Chore;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(status)
        .service(show_brake)
        .service(release_brake)
        .service(list_parked)
        .service(unpark_account);
}

/// Says how the daemon stands.
#[utoipa::path(
    tag = "house",
    responses((status = 200, description = "As it stands", body = wire::Status), Problem)
)]
#[get("/v1/status")]
async fn status(admin: Data<Admin>) -> Result<Json<wire::Status>, Problem> {
    let now = admin.clock.now();
    let house = admin.house().await?;
    let oldest = admin.store.next_due().await?.into_values().min();
    let depths: BTreeMap<_, _> = admin.store.outbox_depth().await?;
    Ok(Json(wire::Status {
        version: admin.version.to_owned(),
        clock: time::shown(&admin),
        store: admin.store.name(),
        account_count: admin.store.account_count().await?,
        live_account_count: admin.accounts.live_count(),
        parked_count: u64::try_from(admin.store.parked().await?.len()).unwrap_or(u64::MAX),
        rules_version: house.timeline.in_force(now).map_or(0, |version| version.number),
        lag_seconds: oldest.map_or(0, |at| now.since(at).as_secs()),
        schedulers: time::schedulers(&admin, 1).await?,
        outbox: depths
            .iter()
            .map(|(channel, depth)| convert::outbox(*channel, depth, now))
            .collect(),
        brake: convert::brake(&house),
    }))
}

/// Shows the brake on mass destruction.
#[utoipa::path(
    tag = "house",
    responses((status = 200, description = "As it stands", body = wire::Brake), Problem)
)]
#[get("/v1/brake")]
async fn show_brake(admin: Data<Admin>) -> Result<Json<wire::Brake>, Problem> {
    Ok(Json(convert::brake(&admin.house().await?)))
}

/// Releases the brake: what is due by now goes ahead.
#[utoipa::path(
    tag = "house",
    params(wire::WriteQuery, wire::WriteHeaders),
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::Done>),
        Problem
    )
)]
#[post("/v1/brake/release")]
async fn release_brake(admin: Data<Admin>, write: Write<Nothing>) -> Result<HttpResponse, Problem> {
    let asked = Command::ReleaseBrake(Release {}).into();
    let receipt = admin.carry_out(StreamId::House, asked, &write.asking, write.dry_run).await?;
    Ok(reply(StatusCode::OK, &receipt, write.dry_run, wire::Done {}))
}

/// Lists the streams that were set aside after repeated failure.
#[utoipa::path(
    tag = "house",
    responses((status = 200, description = "A page", body = wire::Page<wire::Parked>), Problem)
)]
#[get("/v1/parked")]
async fn list_parked(admin: Data<Admin>) -> Result<Json<wire::Page<wire::Parked>>, Problem> {
    let parked = admin.store.parked().await?.into_iter().map(|(stream, at, reason)| wire::Parked {
        stream: stream.to_string(),
        at: at.to_string(),
        reason,
    });
    Ok(Json(wire::Page { items: parked.collect(), next: None, window: None }))
}

/// Takes an account back that was set aside.
#[utoipa::path(
    tag = "accounts",
    params(
        ("account" = String, Path, description = "The account's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    responses((status = 200, description = "Done", body = wire::Done), Problem)
)]
#[post("/v1/accounts/{account}/unpark")]
async fn unpark_account(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    write: Write<Nothing>,
) -> Result<HttpResponse, Problem> {
    time::must_be_meant(write.dry_run)?;
    let stream = StreamId::from(id);
    let work = async {
        admin.must_exist(id).await?;
        if !admin.store.parked().await?.iter().any(|(parked, ..)| *parked == stream) {
            return Err(Problem::new(Code::AccountNotParked, "the account is not parked"));
        }
        admin.accounts.chores(vec![Chore::Unpark { stream }]).await?;
        serde_json::to_string(&wire::Done {}).map_err(Problem::broken)
    };
    let (done, replayed) = admin.replies.once(write.asking.token.as_ref(), work).await?;
    Ok(time::answered(done, replayed))
}
