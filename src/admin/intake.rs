//! The intake of usage: a call brings reports of many accounts, and each account takes its share.

use std::borrow::Cow;
use std::collections::BTreeMap;

use futures_util::{StreamExt as _, stream};

use super::door::{Event, Refused};
use super::problem::{Code, Problem};
use super::{patiently, unexpected};
use crate::actors::{Accounts, Lane, Request};
use crate::domain::command::{Answer, Command};
use crate::domain::ids::AccountId;
use crate::domain::record::Cause;
use crate::domain::usage::UsageKey;
use crate::domain::verbs::record_usage::{Fault, Outcome, RecordUsage, Reported};

/// Accounts that are worked on at once: commits are written in groups, so that the more there are
/// the fewer a call waits for.
const CONCURRENCY: usize = 1_024;

/// An event, and what became of it.
#[derive(Debug)]
pub struct Taken<'a> {
    /// Its id, as far as it can be read.
    pub id: Option<Cow<'a, str>>,
    /// What became of it.
    pub became: Became,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Became {
    /// The account has an answer.
    Answered(Outcome),
    /// It was no report, or its account takes none: the code, and words.
    Refused(&'static str, String),
    /// Its account could not answer for now: likewise.
    Failed(&'static str, String),
}

/// Gives the reports to their accounts, and puts the answers into the order of the request.
pub async fn take<'a>(
    accounts: &Accounts,
    cause: &Cause,
    events: Vec<Event<'a>>,
    dry_run: bool,
) -> Vec<Taken<'a>> {
    let mut taken = Vec::with_capacity(events.len());
    let mut shares: BTreeMap<AccountId, (Vec<usize>, Vec<Reported>)> = BTreeMap::new();
    for (index, Event { id, reported }) in events.into_iter().enumerate() {
        let became = match reported {
            Ok(reported) => {
                let (places, readings) = shares.entry(reported.resource.account).or_default();
                places.push(index);
                readings.push(reported);
                Became::Failed(Code::InternalError.as_str(), String::new())
            }
            Err(Refused { code, detail }) => Became::Refused(code.as_str(), detail),
        };
        taken.push(Taken { id, became });
    }
    let answers = stream::iter(shares)
        .map(|(account, (places, readings))| async move {
            (places, record(accounts, cause, account, readings, dry_run).await)
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
    accounts: &Accounts,
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
    match patiently(accounts, account.into(), request, dry_run).await {
        Ok(receipt) => {
            let Answer::UsageRecorded { outcomes } = &receipt.answer else {
                return all(failed(&unexpected(&receipt)));
            };
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
