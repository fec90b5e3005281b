//! Closing many accounts: in batches, so that a list of any length fits through the socket and the
//! bar moves.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use renewd::admin::wire::{BeginClosures, BegunClosure, BegunClosures, BegunOutcome, OnBehalf};

use super::{Desk, contents, would};
use crate::cli::Write;
use crate::client::Call;
use crate::failure::Failure;
use crate::output::{self, or_nothing};

const BATCH_MAX: usize = 100;

/// Begins to close the accounts of a list, and shows what became of each. Those that were rejected
/// are a failure, although the others are begun.
pub(super) async fn run(
    desk: &Desk,
    file: &Path,
    by_operator: &OnBehalf,
    forfeit: bool,
    write: &Write,
) -> Result<(), Failure> {
    let list = contents(file)?;
    let list = std::str::from_utf8(&list)
        .map_err(|error| Failure::local(&file.display().to_string(), &error))?;
    let accounts = accounts(list);
    if accounts.is_empty() {
        return Err(Failure::local(&file.display().to_string(), &"it names no account"));
    }
    let bar = bar(desk, accounts.len());
    let call = Call::post(&["v1", "closures"], write);
    let mut items: Vec<BegunClosure> = Vec::new();
    for batch in accounts.chunks(BATCH_MAX) {
        let token = format!("{}.{}", call.token().unwrap_or_default(), items.len() + 1);
        let body =
            BeginClosures { accounts: batch.to_vec(), by_operator: by_operator.clone(), forfeit };
        let answer = desk.client.send(&call.clone().under(token).json(&body)?).await;
        let begun = match answer.and_then(|answer| answer.read::<BegunClosures>()) {
            Ok(begun) => begun,
            // What was begun before it is told all the same.
            Err(failure) => {
                bar.finish_and_clear();
                show(desk, items, write.dry_run)?;
                return Err(failure);
            }
        };
        bar.inc(begun.items.len() as u64);
        items.extend(begun.items);
    }
    bar.finish_and_clear();
    let rejected = items.iter().any(|item| item.outcome == BegunOutcome::Rejected);
    show(desk, items, write.dry_run)?;
    if rejected { Err(Failure::PartlyRejected) } else { Ok(()) }
}

/// The accounts that a list names.
fn accounts(list: &str) -> Vec<String> {
    let named = list.lines().map(|line| line.split('#').next().unwrap_or(line).trim());
    named.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn bar(desk: &Desk, count: usize) -> ProgressBar {
    if desk.output.is_quiet() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(count as u64);
    let template = "{bar:40} {pos}/{len} accounts {per_sec} {eta}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

fn show(desk: &Desk, items: Vec<BegunClosure>, dry_run: bool) -> Result<(), Failure> {
    let count = |outcome| items.iter().filter(|item| item.outcome == outcome).count();
    desk.output.say(&format!(
        "{}{} begun, {} under way already, {} closed already, {} rejected",
        would(dry_run),
        count(BegunOutcome::Begun),
        count(BegunOutcome::UnderWay),
        count(BegunOutcome::Closed),
        count(BegunOutcome::Rejected)
    ));
    if desk.output.json {
        let answer = BegunClosures { dry_run, items };
        let text = serde_json::to_string(&answer).map_err(|e| Failure::local("the answer", &e))?;
        return Ok(output::line(&text)?);
    }
    let columns = ["ACCOUNT", "OUTCOME", "STAGE", "NOT BEFORE", "BECAUSE"];
    Ok(desk.output.table(&columns, items.into_iter().map(row).collect())?)
}

fn row(item: BegunClosure) -> Vec<String> {
    let outcome = match item.outcome {
        BegunOutcome::Begun if item.replayed => "begun before",
        BegunOutcome::Begun => "begun",
        BegunOutcome::UnderWay => "under way",
        BegunOutcome::Closed => "closed",
        BegunOutcome::Rejected => "rejected",
    };
    let because = item.problem.map(|problem| format!("{}: {}", problem.code, problem.detail));
    vec![
        item.account,
        outcome.to_owned(),
        or_nothing(item.stage.as_ref()),
        or_nothing(item.until.as_ref()),
        or_nothing(because.as_ref()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_an_account_a_line() {
        let list = "acc_1\n\n# those of May\n  acc_2 # dormant\r\nacc_1\n";
        assert_eq!(accounts(list), ["acc_1", "acc_2", "acc_1"]);
        assert!(accounts("# nothing\n \n").is_empty());
    }
}
