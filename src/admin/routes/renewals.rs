//! Batches of renewals: up to 100 subscriptions of an account, with an answer for each.

use actix_web::post;
use actix_web::web::{Data, Json};
use futures_util::future::join_all;
use utoipa_actix_web::service_config::ServiceConfig;

use super::orders::placement;
use crate::actors::{ExecuteError, Receipt, Token};
use crate::admin::problem::Problem;
use crate::admin::request::{Asking, OfAccount, Write};
use crate::admin::{Admin, door, wire};
use crate::domain::command::Command;
use crate::domain::ids::{AccountId, StreamId};
use crate::domain::rejection::Rejection;
use crate::domain::verbs::renew::{Renew, Term};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(renew_many);
}

/// Orders one more period of up to 100 subscriptions. Each item is carried out for itself, under
/// the token of the request and its place (`token/0`, `token/1`, …), and answered by a result or
/// a problem: asked again under the same token, what was done is answered alike and what was
/// refused is tried again. An alignment to a day fails whole, before anything is done, if one of
/// its subscriptions has expired.
#[utoipa::path(
    tag = "subscriptions",
    params(
        ("account" = String, Path, description = "The account's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::RenewMany,
    responses(
        (status = 200, description = "An answer for each item", body = wire::RenewedMany),
        Problem
    )
)]
#[post("/v1/accounts/{account}/renewals")]
async fn renew_many(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    write: Write<wire::RenewMany>,
) -> Result<Json<wire::RenewedMany>, Problem> {
    let renewals = door::renew_many(id, &write.body)?;
    let tokens = tokens(&admin, &write.asking, renewals.len(), write.dry_run);
    let done = done_before(&admin, id, &tokens).await?;
    check_alignment(&admin, id, &renewals, &done).await?;
    let carried_out = renewals.iter().zip(tokens).map(|(renew, token)| {
        carry_out(&admin, id, renew.clone(), token, &write.asking, write.dry_run)
    });
    // They are asked in their order, so the stream decides them in it.
    let answers = join_all(carried_out).await;
    let items: Vec<_> = renewals
        .iter()
        .zip(answers)
        .map(|(renew, answer)| item(&admin, renew, answer, write.dry_run))
        .collect();
    let count = |is_done: bool| {
        let count = items.iter().filter(|item| item.result.is_some() == is_done).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    };
    Ok(Json(wire::RenewedMany {
        dry_run: write.dry_run,
        done_count: count(true),
        refused_count: count(false),
        items,
    }))
}

/// The token of each item. Its fingerprint is that of the whole request: a token that comes with
/// another batch is refused.
pub(super) fn tokens(
    admin: &Admin,
    asking: &Asking,
    count: usize,
    dry_run: bool,
) -> Vec<Option<Token>> {
    let token = asking.token.as_ref().filter(|_| !dry_run);
    (0..count)
        .map(|place| {
            token.map(|token| {
                let parameters = [&token.fingerprint[..], place.to_string().as_bytes()].concat();
                Token {
                    text: format!("{}/{place}", token.text),
                    fingerprint: admin.sealing.keyed_hash("request-item", &parameters),
                }
            })
        })
        .collect()
}

/// Which items were done before, under their tokens. If one was done with other parameters, the
/// whole request is refused: another batch had this token.
async fn done_before(
    admin: &Admin,
    account: AccountId,
    tokens: &[Option<Token>],
) -> Result<Vec<bool>, Problem> {
    let texts: Vec<String> = tokens.iter().flatten().map(|token| token.text.clone()).collect();
    if texts.is_empty() {
        return Ok(vec![false; tokens.len()]);
    }
    let known = admin.store.tokens(StreamId::from(account), &texts).await?;
    let is_done = |token: &Option<Token>| {
        let Some(token) = token else { return Ok(false) };
        match known.iter().find(|row| row.token == token.text) {
            Some(row) if row.fingerprint != token.fingerprint => Err(Rejection::TokenMismatch),
            row => Ok(row.is_some()),
        }
    };
    Ok(tokens.iter().map(is_done).collect::<Result<_, _>>()?)
}

/// One expired subscription fails the alignment of all (R1.25).
async fn check_alignment(
    admin: &Admin,
    account: AccountId,
    renewals: &[Renew],
    done: &[bool],
) -> Result<(), Problem> {
    let now = admin.clock.now();
    let (open, _) = admin.account(account).await?;
    for (place, renew) in renewals.iter().enumerate() {
        if matches!(renew.term, Term::Period(_)) || done.get(place) == Some(&true) {
            continue;
        }
        let live = open.subscriptions.get(&renew.subscription);
        if live.and_then(|live| live.paid.as_ref()).is_some_and(|paid| paid.expires_at <= now) {
            let subscription = renew.subscription;
            let problem = Problem::from(Rejection::ExpiredForAlignment { subscription });
            return Err(problem.at(format!("items[{place}].subscription")).saying(format!(
                "{subscription} has expired, so nothing was aligned: renew it by a period first, \
                 or leave it out"
            )));
        }
    }
    Ok(())
}

async fn carry_out(
    admin: &Admin,
    account: AccountId,
    renew: Renew,
    token: Option<Token>,
    asking: &Asking,
    dry_run: bool,
) -> Result<Receipt, ExecuteError> {
    let mut request = asking.request(Command::Renew(renew).into(), dry_run);
    request.token = token;
    if dry_run {
        admin.accounts.preview(account.into(), request).await
    } else {
        admin.accounts.execute(account.into(), request).await
    }
}

fn item(
    admin: &Admin,
    renew: &Renew,
    answer: Result<Receipt, ExecuteError>,
    dry_run: bool,
) -> wire::RenewedItem {
    let placed = answer.map_err(Problem::from).and_then(|receipt| {
        let (_, placed) = placement(admin, &receipt, dry_run)?;
        Ok((receipt, placed))
    });
    let subscription = renew.subscription.to_string();
    match placed {
        Ok((receipt, placed)) => wire::RenewedItem {
            subscription,
            seq: Some(receipt.seq),
            replayed: receipt.replayed,
            result: Some(placed),
            problem: None,
        },
        Err(problem) => wire::RenewedItem {
            subscription,
            seq: None,
            replayed: false,
            result: None,
            problem: Some(problem.to_wire()),
        },
    }
}
