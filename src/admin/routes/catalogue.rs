//! The catalogue: show it, try a new version, apply it.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, get, put};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::actors::ExecuteError;
use crate::admin::problem::{Code, Problem};
use crate::admin::request::{Asking, JSON, media_type_is};
use crate::admin::{Admin, convert, fields, reply, unexpected, wire};
use crate::catalogue::difference;
use crate::config::parse_rules;
use crate::domain::agenda::Job;
use crate::domain::command::{Answer, Command};
use crate::domain::ids::StreamId;
use crate::domain::rejection::Rejection;
use crate::domain::rules::Rules;
use crate::domain::verbs::apply_rules::ApplyRules;

/// TOML's media type.
const TOML: &str = "application/toml";

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(show_catalogue).service(apply_catalogue);
}

/// Shows the rules in force, and the versions there are.
#[utoipa::path(
    tag = "catalogue",
    responses((status = 200, description = "As it stands", body = wire::Catalogue), Problem)
)]
#[get("/v1/catalogue")]
async fn show_catalogue(admin: Data<Admin>) -> Result<Json<wire::Catalogue>, Problem> {
    let timeline = admin.house().await?.timeline;
    let Some(in_force) = timeline.in_force(admin.clock.now()) else {
        return Err(Problem::new(Code::CatalogueNotFound, "there are no rules yet"));
    };
    Ok(Json(wire::Catalogue {
        version: in_force.number,
        effective_at: in_force.effective_at.to_string(),
        rules: serde_json::to_value(&in_force.rules).map_err(Problem::broken)?,
        versions: timeline.versions().iter().map(convert::version).collect(),
    }))
}

/// Puts a version of the rules on the timeline; with `dry_run` it answers the difference from the
/// newest version, and everything that is wrong with the new one.
#[utoipa::path(
    tag = "catalogue",
    params(wire::CatalogueQuery, wire::WriteHeaders),
    request_body(
        description = "The rules, in the form of `config/catalogue.toml`",
        content((String = "application/toml"), (Object = "application/json"))
    ),
    responses(
        (status = 200, body = wire::Receipt<wire::CatalogueApplied>,
            description = "It stands on the timeline; a dry run answers a CatalogueDifference"),
        Problem
    )
)]
#[put("/v1/catalogue")]
async fn apply_catalogue(admin: Data<Admin>, asking: Asking) -> Result<HttpResponse, Problem> {
    let query: wire::CatalogueQuery = asking.query()?;
    let effective_at = fields::parse_some("effective_at", query.effective_at.as_deref())?;
    let rules = Arc::new(read(&asking)?);
    let apply = ApplyRules { rules: Arc::clone(&rules), effective_at };
    if query.dry_run {
        return Ok(HttpResponse::Ok().json(tried(&admin, &asking, apply).await?));
    }
    let asked = Command::ApplyRules(apply).into();
    let receipt = admin.carry_out(StreamId::House, asked, &asking, false).await?;
    let Answer::RulesApplied { version, effective_at } = receipt.answer else {
        return Err(unexpected(&receipt));
    };
    if !receipt.replayed {
        // What is due is looked at again under the new rules now, not at the next sweep.
        let control = Arc::clone(&admin.control);
        actix_web::rt::spawn(async move {
            if let Err(error) = control.run_job(Job::Housekeeping).await {
                tracing::warn!(%error, "due rows were not refreshed; the next sweep does it");
            }
        });
    }
    let answer = wire::CatalogueApplied { version, effective_at: effective_at.to_string() };
    Ok(reply(StatusCode::OK, &receipt, false, answer))
}

/// Reads the rules, in TOML or in JSON.
fn read(asking: &Asking) -> Result<Rules, Problem> {
    media_type_is(asking.media_type.as_deref(), &[TOML, "text/toml", JSON])?;
    if asking.media_type.as_deref() == Some(JSON) {
        return serde_json::from_slice(&asking.body).map_err(|error| Problem::malformed(&error));
    }
    let malformed = |detail: String| Problem::new(Code::MalformedRequest, detail);
    let text = std::str::from_utf8(&asking.body).map_err(|error| malformed(error.to_string()))?;
    parse_rules(text).map_err(|error| {
        malformed(error.problems.join("; ")).with("problems", error.problems.clone())
    })
}

/// What a version would change and what is wrong with it.
async fn tried(
    admin: &Admin,
    asking: &Asking,
    apply: ApplyRules,
) -> Result<wire::CatalogueDifference, Problem> {
    let timeline = admin.house().await?.timeline;
    let newest = timeline.versions().last();
    let changes = difference(newest.map(|version| version.rules.as_ref()), &apply.rules);
    let request = asking.request(Command::ApplyRules(apply).into(), true);
    let (effective_at, faults) = match admin.accounts.preview(StreamId::House, request).await {
        Ok(receipt) => {
            let Answer::RulesApplied { effective_at, .. } = receipt.answer else {
                return Err(unexpected(&receipt));
            };
            (Some(effective_at), Vec::new())
        }
        Err(ExecuteError::Rejected(Rejection::InvalidRules { faults })) => (None, faults),
        Err(error) => return Err(error.into()),
    };
    Ok(wire::CatalogueDifference {
        dry_run: true,
        version: timeline.newest(),
        effective_at: effective_at.map(|at| at.to_string()),
        changes: changes.into_iter().map(convert::change).collect(),
        faults: faults.into_iter().map(convert::fault).collect(),
    })
}
