//! Closing many accounts on their owners' behalf, with an answer for each.

use actix_web::post;
use actix_web::web::{Data, Json};
use futures_util::{StreamExt as _, stream};
use utoipa_actix_web::service_config::ServiceConfig;

use super::renewals::tokens;
use crate::actors::{ExecuteError, Receipt, Token};
use crate::admin::problem::Problem;
use crate::admin::request::{Asking, Write};
use crate::admin::{Admin, door, patiently, unexpected, wire};
use crate::domain::command::Answer;
use crate::domain::nouns::closure::Stage;
use crate::domain::rejection::Rejection;

/// Accounts that are asked at once.
const CONCURRENCY: usize = 64;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(begin_closures);
}

/// Begins to close up to 1000 accounts on their owners' behalf. Each is asked for itself, under the
/// token of the request and its place (`token/0`, `token/1`, …): asked again under the same token,
/// what was begun is answered alike, and what was rejected is tried again. A dry run says which of
/// them could be closed, and what stands in the way of the others.
#[utoipa::path(
    tag = "closures",
    params(wire::WriteQuery, wire::WriteHeaders),
    request_body = wire::BeginClosures,
    responses(
        (status = 200, description = "An answer for each account", body = wire::BegunClosures),
        Problem
    )
)]
#[post("/v1/closures")]
async fn begin_closures(
    admin: Data<Admin>,
    write: Write<wire::BeginClosures>,
) -> Result<Json<wire::BegunClosures>, Problem> {
    let begins = door::begin_closures(&write.body)?;
    let tokens = tokens(&admin, &write.asking, begins.len(), write.dry_run);
    let items = stream::iter(begins.into_iter().zip(tokens))
        .map(|(begin, token)| begin_one(&admin, begin, token, &write.asking, write.dry_run))
        .buffered(CONCURRENCY)
        .collect()
        .await;
    Ok(Json(wire::BegunClosures { dry_run: write.dry_run, items }))
}

async fn begin_one(
    admin: &Admin,
    (name, begin): door::Begin,
    token: Option<Token>,
    asking: &Asking,
    dry_run: bool,
) -> wire::BegunClosure {
    let (account, asked) = match begin {
        Ok(begin) => begin,
        Err(problem) => return rejected(name, &problem),
    };
    let mut request = asking.request(asked, dry_run);
    request.token = token;
    let answer = patiently(&admin.accounts, account.into(), request, dry_run).await;
    match answer {
        Ok(receipt) => begun(name, &receipt),
        Err(ExecuteError::Rejected(Rejection::ClosureStage { stage })) => {
            at_stage(stage, plain(name, wire::BegunOutcome::UnderWay))
        }
        Err(ExecuteError::Rejected(Rejection::AccountClosed)) => {
            at_stage(Stage::Closed, plain(name, wire::BegunOutcome::Closed))
        }
        Err(error) => rejected(name, &error.into()),
    }
}

fn begun(name: String, receipt: &Receipt) -> wire::BegunClosure {
    let Answer::Closure { closure } = &receipt.answer else {
        return rejected(name, &unexpected(receipt));
    };
    let begun = wire::BegunClosure {
        until: closure.until.map(|until| until.to_string()),
        replayed: receipt.replayed,
        ..plain(name, wire::BegunOutcome::Begun)
    };
    at_stage(closure.stage, begun)
}

fn rejected(name: String, problem: &Problem) -> wire::BegunClosure {
    let problem = Some(problem.to_wire());
    wire::BegunClosure { problem, ..plain(name, wire::BegunOutcome::Rejected) }
}

fn at_stage(stage: Stage, item: wire::BegunClosure) -> wire::BegunClosure {
    wire::BegunClosure { stage: Some(stage.as_str().to_owned()), ..item }
}

const fn plain(account: String, outcome: wire::BegunOutcome) -> wire::BegunClosure {
    wire::BegunClosure {
        account,
        outcome,
        stage: None,
        until: None,
        replayed: false,
        problem: None,
    }
}
