//! Usage: reports by the thousand, over many accounts, and what a resource has used so far.

use std::collections::BTreeMap;

use actix_web::web::{Data, Json, Payload};
use actix_web::{HttpRequest, get, post};
use futures_util::{StreamExt as _, stream};
use utoipa_actix_web::service_config::ServiceConfig;

use super::imports::executed;
use crate::actors::{Lane, Request};
use crate::admin::door::{Event, Refused};
use crate::admin::problem::{Code, Problem};
use crate::admin::request::{OfResource, body, media_type, query};
use crate::admin::{Admin, auth, convert, door, unexpected, wire};
use crate::domain::command::{Answer, Command};
use crate::domain::ids::AccountId;
use crate::domain::record::Cause;
use crate::domain::rejection::Rejection;
use crate::domain::usage::UsageKey;
use crate::domain::verbs::record_usage::{Fault, Outcome, RecordUsage, Reported};
use crate::domain::verbs::so_far::so_far;

/// Accounts that are worked on at once.
const CONCURRENCY: usize = 64;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(report_usage).service(show_usage);
}

/// Takes reports of usage, of any accounts, in any order: a JSON array, JSON lines, or CloudEvents
/// 1.0. Each event has an outcome of its own; none stops another. An event is counted once however
/// often it is sent, so this needs no `Idempotency-Key`, and a call whose answer was lost is sent
/// again as it is.
#[utoipa::path(
    tag = "usage",
    params(wire::UsageQuery),
    request_body(content(
        (Vec<wire::UsageEvent> = "application/json"),
        (wire::UsageEvent = "application/x-ndjson"),
        (wire::CloudEvent = "application/cloudevents+json"),
        (Vec<wire::CloudEvent> = "application/cloudevents-batch+json")
    )),
    responses(
        (status = 200, description = "What became of each event", body = wire::UsageTaken),
        Problem
    )
)]
#[post("/v1/usage")]
async fn report_usage(
    admin: Data<Admin>,
    request: HttpRequest,
    mut payload: Payload,
) -> Result<Json<wire::UsageTaken>, Problem> {
    let query: wire::UsageQuery = query(request.query_string())?;
    let lists_all = match query.results.as_deref() {
        None => false,
        Some("all") => true,
        Some(other) => {
            return Err(Problem::field("results", format!("{other:?} is not all")));
        }
    };
    let cause = auth::cause(&request)?;
    let max = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let daemon = &admin.config.daemon;
    let body = body(&mut payload, max(daemon.usage_body_max)).await?;
    let media_type = media_type(&request);
    let events = door::usage(media_type.as_deref(), &body, max(daemon.usage_batch_max))?;
    let taken = take(&admin, &cause, events, query.dry_run).await;
    Ok(Json(answered(&taken, lists_all, query.dry_run)))
}

/// An event, and what became of it.
struct Taken<'a> {
    id: Option<std::borrow::Cow<'a, str>>,
    became: Became,
}

/// What became of an event.
#[derive(Clone)]
enum Became {
    /// The account has an answer.
    Answered(Outcome),
    /// It was no report, or its account takes none.
    Refused(&'static str, String),
    /// Its account could not answer for now.
    Failed(&'static str, String),
}

/// Gives the reports to their accounts, and puts the answers into the order of the request.
async fn take<'a>(
    admin: &Admin,
    cause: &Cause,
    events: Vec<Event<'a>>,
    dry_run: bool,
) -> Vec<Taken<'a>> {
    let mut taken = Vec::with_capacity(events.len());
    let mut accounts: BTreeMap<AccountId, (Vec<usize>, Vec<Reported>)> = BTreeMap::new();
    for (index, Event { id, reported }) in events.into_iter().enumerate() {
        let became = match reported {
            Ok(reported) => {
                let (places, readings) = accounts.entry(reported.resource.account).or_default();
                places.push(index);
                readings.push(reported);
                Became::Failed(Code::InternalError.as_str(), String::new())
            }
            Err(Refused { code, detail }) => Became::Refused(code.as_str(), detail),
        };
        taken.push(Taken { id, became });
    }
    let answers = stream::iter(accounts)
        .map(|(account, (places, readings))| async move {
            (places, record(admin, cause, account, readings, dry_run).await)
        })
        .buffer_unordered(CONCURRENCY)
        .collect::<Vec<_>>()
        .await;
    for (places, became) in answers {
        for (place, became) in places.into_iter().zip(became) {
            taken[place].became = became;
        }
    }
    taken
}

/// Gives an account its reports; answers what became of each.
async fn record(
    admin: &Admin,
    cause: &Cause,
    account: AccountId,
    readings: Vec<Reported>,
    dry_run: bool,
) -> Vec<Became> {
    let count = readings.len();
    let keys: Vec<UsageKey> = readings.iter().map(|reading| reading.key).collect();
    let command = Command::RecordUsage(RecordUsage { readings });
    let request = Request::new(command, cause.clone(), Lane::Clockwork);
    let all = |became| vec![became; count];
    match executed(admin, account.into(), request, dry_run).await {
        Ok(receipt) => match &receipt.answer {
            Answer::UsageRecorded { outcomes } if outcomes.len() == count => {
                for (outcome, key) in outcomes.iter().zip(&keys) {
                    if *outcome == Outcome::Rejected(Fault::Conflict) {
                        tracing::warn!(
                            stream = %account,
                            %key,
                            "usage was reported again with other content; the first report stands"
                        );
                    }
                }
                outcomes.iter().copied().map(Became::Answered).collect()
            }
            _ => all(failed(&unexpected(&receipt))),
        },
        Err(error) => {
            let problem = Problem::from(error);
            // Whatever the business says no to stays so; what the machinery says no to may not.
            if problem.is_server_error() || problem.code() == Code::AccountParked.as_str() {
                all(failed(&problem))
            } else {
                all(Became::Refused(problem.code(), problem.detail().to_owned()))
            }
        }
    }
}

fn failed(problem: &Problem) -> Became {
    Became::Failed(problem.code(), problem.detail().to_owned())
}

fn answered(taken: &[Taken<'_>], lists_all: bool, dry_run: bool) -> wire::UsageTaken {
    let mut answer = wire::UsageTaken { dry_run, ..wire::UsageTaken::default() };
    for (index, Taken { id, became }) in (0..).zip(taken) {
        let (count, outcome, code, detail) = match became {
            Became::Answered(Outcome::Accepted) => {
                (&mut answer.accepted_count, "accepted", None, None)
            }
            Became::Answered(Outcome::Duplicate) => {
                (&mut answer.duplicate_count, "duplicate", None, None)
            }
            Became::Answered(Outcome::Rejected(fault)) => (
                &mut answer.rejected_count,
                "rejected",
                Some(fault.code()),
                Some(convert::fault_in_words(*fault)),
            ),
            Became::Refused(code, detail) => {
                (&mut answer.rejected_count, "rejected", Some(*code), Some(detail.as_str()))
            }
            Became::Failed(code, detail) => {
                (&mut answer.failed_count, "failed", Some(*code), Some(detail.as_str()))
            }
        };
        *count += 1;
        if lists_all || outcome != "accepted" {
            answer.results.push(wire::UsageResult {
                index,
                id: id.as_deref().map(str::to_owned),
                outcome: outcome.to_owned(),
                code: code.map(str::to_owned),
                detail: detail.map(str::to_owned),
            });
        }
    }
    answer
}

/// Shows what a resource has used so far: what was settled in this month on each meter, what is
/// not settled yet, and when it will be.
#[utoipa::path(
    tag = "usage",
    params(("resource" = String, Path, description = "The resource's id")),
    responses((status = 200, description = "As it stands", body = wire::ResourceUsage), Problem)
)]
#[get("/v1/resources/{resource}/usage")]
async fn show_usage(
    admin: Data<Admin>,
    OfResource(id): OfResource,
) -> Result<Json<wire::ResourceUsage>, Problem> {
    let (open, _) = admin.account(id.account).await?;
    let Some(live) = open.resources.get(&id) else {
        let was_there = admin.store.resource(id).await?.is_some();
        return Err(if was_there {
            Rejection::ResourceReleased { resource: id }.into()
        } else {
            Rejection::ResourceNotFound { resource: id }.into()
        });
    };
    let house = admin.accounts.ports().house();
    let currency = open.terms.currency;
    let so_far = so_far(&house.timeline, currency, live, admin.clock.now());
    let so_far =
        so_far.ok_or(Rejection::UnknownProduct { product: live.subject.product.clone() })?;
    Ok(Json(convert::resource_usage(live, currency, &so_far)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::routes;

    #[test]
    fn the_description_names_every_form_of_a_report() {
        let text = routes::app().1.to_json().expect("JSON");
        let described: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let content = &described["paths"]["/v1/usage"]["post"]["requestBody"]["content"];
        let forms: Vec<&str> =
            content.as_object().expect("forms").keys().map(String::as_str).collect();
        insta::assert_snapshot!(forms.join("\n"), @r"
        application/cloudevents+json
        application/cloudevents-batch+json
        application/json
        application/x-ndjson
        ");
        for form in forms {
            // Each that is described is read.
            assert!(door::usage(Some(form), b"[]", 1).is_ok());
        }
    }

    #[test]
    fn every_event_is_counted_by_what_became_of_it_and_listed_where_it_matters() {
        let refused = || Became::Refused("InvalidField", "at: no".into());
        let became = [
            Became::Answered(Outcome::Accepted),
            Became::Answered(Outcome::Duplicate),
            Became::Answered(Outcome::Rejected(Fault::TooLate)),
            refused(),
            Became::Failed("Busy", "later".into()),
        ];
        let taken: Vec<Taken<'_>> =
            became.into_iter().map(|became| Taken { id: None, became }).collect();
        let answer = answered(&taken, false, false);
        assert_eq!(
            (answer.accepted_count, answer.duplicate_count, answer.rejected_count),
            (1, 1, 2)
        );
        assert_eq!(answer.failed_count, 1);
        let listed = |answer: &wire::UsageTaken| -> Vec<(u32, Option<String>)> {
            answer.results.iter().map(|one| (one.index, one.code.clone())).collect()
        };
        assert_eq!(
            listed(&answer),
            [
                (1, None),
                (2, Some("UsageTooLate".into())),
                (3, Some("InvalidField".into())),
                (4, Some("Busy".into()))
            ]
        );
        assert_eq!(answered(&taken, true, false).results.len(), 5);
    }

    #[test]
    fn every_fault_has_words_of_its_own() {
        let words: std::collections::BTreeSet<&str> =
            Fault::ALL.into_iter().map(convert::fault_in_words).collect();
        assert_eq!(words.len(), Fault::ALL.len());
    }
}
