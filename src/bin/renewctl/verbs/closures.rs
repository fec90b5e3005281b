//! Closing accounts, and what other systems hold for them.

use renewd::admin::wire::{
    ApproveClosure, ClearHolding, Closure, ClosureBlocker, ClosureEligibility, ClosureItem,
    ClosureQuery, ClosureWarning, ConfirmClosure, Done, EligibilityQuery, Holding, OnBehalf, Page,
    Receipt, ReportHolding, RequestClosure,
};

use super::{Desk, many_closures, would};
use crate::cli::{ClosureVerb, HoldingVerb};
use crate::client::Call;
use crate::failure::Failure;
use crate::output::{self, Output, money, or_nothing};

/// About closing accounts.
pub(super) async fn run(desk: &Desk, verb: &ClosureVerb) -> Result<(), Failure> {
    match verb {
        ClosureVerb::Check { account, forfeit } => {
            let call = Call::get(&["v1", "accounts", account, "closure", "eligibility"])
                .filter(&EligibilityQuery { forfeit: *forfeit })?;
            desk.ask(&call, |output, found: ClosureEligibility| {
                let may = if found.eligible { "can be closed" } else { "cannot be closed now" };
                output.say(&format!("{} {may}", found.account));
                blockers(output, found.blockers)?;
                warnings(output, found.warnings)
            })
            .await
        }
        ClosureVerb::Request {
            account,
            disclaimer,
            forfeit,
            operator: _,
            reason,
            reference,
            write,
        } => {
            let by_operator =
                reason.clone().map(|reason| OnBehalf { reason, reference: reference.clone() });
            let body = RequestClosure { disclaimer: *disclaimer, forfeit: *forfeit, by_operator };
            let call = Call::post(&["v1", "accounts", account, "closure"], write);
            ask(desk, &call.json(&body)?).await
        }
        ClosureVerb::RequestMany { file, reason, reference, forfeit, write } => {
            let by_operator = OnBehalf { reason: reason.clone(), reference: reference.clone() };
            many_closures::run(desk, file, &by_operator, *forfeit, write).await
        }
        ClosureVerb::Confirm { account, code, write } => {
            let body = ConfirmClosure { code: code.clone() };
            let call = Call::post(&["v1", "accounts", account, "closure", "confirm"], write);
            ask(desk, &call.json(&body)?).await
        }
        ClosureVerb::Approve { account, reference, write } => {
            let body = ApproveClosure { reference: reference.clone() };
            let call = Call::post(&["v1", "accounts", account, "closure", "approve"], write);
            ask(desk, &call.json(&body)?).await
        }
        ClosureVerb::Revoke { account, write } => {
            ask(desk, &Call::delete(&["v1", "accounts", account, "closure"], write)).await
        }
        ClosureVerb::Show { account } => {
            let call = Call::get(&["v1", "accounts", account, "closure"]);
            desk.ask(&call, show).await
        }
        ClosureVerb::List { stage, slice } => {
            let filter = ClosureQuery { stage: stage.clone(), ..ClosureQuery::default() };
            let call = Call::get(&["v1", "closures"]).filter(&filter)?;
            let columns = ["ACCOUNT", "STAGE", "NEXT", "NOT BEFORE", "REQUESTED", "CLOSED"];
            desk.list(&call, slice, &columns, |item: ClosureItem| {
                vec![
                    item.account,
                    item.stage,
                    or_nothing(item.next.as_ref()),
                    or_nothing(item.until.as_ref()),
                    item.requested_at,
                    or_nothing(item.closed_at.as_ref()),
                ]
            })
            .await
        }
    }
}

async fn ask(desk: &Desk, call: &Call) -> Result<(), Failure> {
    desk.ask(call, |output, receipt: Receipt<Closure>| {
        let (dry_run, closure) = (would(receipt.dry_run), receipt.answer);
        output.say(&format!("{dry_run}closure of {}: {}", closure.account, closure.stage));
        show(output, closure)
    })
    .await
}

fn show(output: Output, closure: Closure) -> Result<(), Failure> {
    let tries_left = closure.tries_left.map(|tries| tries.to_string());
    let (reason, reference) = match closure.by_operator {
        Some(begun) => (begun.reason, begun.reference),
        None => (None, None),
    };
    output::card(&[
        ("account", closure.account),
        ("stage", closure.stage),
        ("next", or_nothing(closure.next.as_ref())),
        ("not before", or_nothing(closure.until.as_ref())),
        ("requested", closure.requested_at),
        ("by an operator", or_nothing(reason.as_ref())),
        ("document", or_nothing(reference.as_ref())),
        ("confirmed", or_nothing(closure.confirmed_at.as_ref())),
        ("approved on", or_nothing(closure.approval.as_ref())),
        ("closed", or_nothing(closure.closed_at.as_ref())),
        ("cash", if closure.forfeit { "given up" } else { "not given up" }.to_owned()),
        ("tries left", or_nothing(tries_left.as_ref())),
    ])?;
    blockers(output, closure.blockers)
}

/// What stands in the way: what it is, why, and what to do.
fn blockers(output: Output, blockers: Vec<ClosureBlocker>) -> Result<(), Failure> {
    if blockers.is_empty() {
        return Ok(());
    }
    let rows = blockers.into_iter().map(|blocker| {
        let what = [blocker.kind, blocker.id, blocker.label, blocker.state, blocker.mode];
        let what: Vec<String> = what.into_iter().flatten().collect();
        vec![
            blocker.code,
            what.join(" "),
            or_nothing(blocker.amount.as_ref().map(money).as_ref()),
            or_nothing(blocker.expected_at.or(blocker.expires_at).as_ref()),
            blocker.why,
            blocker.remedy.replace('_', " "),
        ]
    });
    let columns = ["IN THE WAY", "WHAT", ">AMOUNT", "UNTIL", "WHY", "WHAT TO DO"];
    Ok(output.table(&columns, rows.collect())?)
}

fn warnings(output: Output, warnings: Vec<ClosureWarning>) -> Result<(), Failure> {
    if warnings.is_empty() {
        return Ok(());
    }
    let rows = warnings.into_iter().map(|warning| {
        let about = warning.month.or(warning.count.map(|count| count.to_string()));
        vec![
            warning.code,
            or_nothing(about.as_ref()),
            or_nothing(warning.amount.as_ref().map(money).as_ref()),
            warning.remedy.replace('_', " "),
        ]
    });
    Ok(output.table(&["TO KNOW", "WHAT", ">AMOUNT", "WHAT TO DO"], rows.collect())?)
}

/// About what other systems hold.
pub(super) async fn holdings(desk: &Desk, verb: &HoldingVerb) -> Result<(), Failure> {
    match verb {
        HoldingVerb::Report { account, kind, id, label, write } => {
            let kind = kind.as_str().to_owned();
            let body = ReportHolding { kind, id: id.clone(), label: label.clone() };
            let call = Call::post(&["v1", "accounts", account, "holdings"], write);
            let said = format!("{account} holds {} {id}", body.kind);
            tell(desk, &call.json(&body)?, &said).await
        }
        HoldingVerb::Clear { account, kind, id, write } => {
            let body = ClearHolding { kind: kind.as_str().to_owned(), id: id.clone() };
            let call = Call::delete(&["v1", "accounts", account, "holdings"], write);
            let said = format!("{account} no longer holds {} {id}", body.kind);
            tell(desk, &call.json(&body)?, &said).await
        }
        HoldingVerb::List { account } => {
            let call = Call::get(&["v1", "accounts", account, "holdings"]);
            desk.ask(&call, |output, page: Page<Holding>| {
                let rows = page.items.into_iter().map(|held| {
                    vec![held.kind, held.id, or_nothing(held.label.as_ref()), held.reported_at]
                });
                Ok(output.table(&["KIND", "ID", "LABEL", "REPORTED"], rows.collect())?)
            })
            .await
        }
    }
}

async fn tell(desk: &Desk, call: &Call, said: &str) -> Result<(), Failure> {
    desk.ask(call, |output, receipt: Receipt<Done>| {
        output.say(&format!("{}{said}", would(receipt.dry_run)));
        Ok(())
    })
    .await
}
