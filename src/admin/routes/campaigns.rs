//! Campaigns: open, list, show, grant to many, close; and the redemption of codes.
//!
//! A campaign and its accounts are streams of their own. What is taken from the quota is durable
//! before an account is told; here the account is told at once, by the same request that the relay
//! would make, so whoever comes second changes nothing.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, get, post};
use futures_util::{StreamExt as _, stream};
use utoipa_actix_web::service_config::ServiceConfig;

use super::accounts::Nothing;
use super::coupons::coupon_is;
use crate::actors::{ExecuteError, Receipt, Token};
use crate::admin::problem::Problem;
use crate::admin::request::{Asking, Asks, OfAccount, OfCampaign, Write};
use crate::admin::{Admin, convert, cursor, door, reply, unexpected, wire};
use crate::domain::calendar::Timestamp;
use crate::domain::command::{Answer, Command};
use crate::domain::ids::{AccountId, CampaignId, StreamId};
use crate::domain::rejection::Rejection;
use crate::domain::rows::CampaignRow;
use crate::domain::stream::State;
use crate::domain::verbs::campaign::{self, CloseCampaign, Take};
use crate::store::CampaignQuery;

/// Coupons that are brought to their accounts at once.
const CONCURRENCY: usize = 64;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(open_campaign)
        .service(list_campaigns)
        .service(show_campaign)
        .service(grant_many)
        .service(close_campaign)
        .service(redeem_code);
}

/// Opens a campaign.
#[utoipa::path(
    tag = "campaigns",
    params(wire::WriteQuery, wire::WriteHeaders),
    request_body = wire::OpenCampaign,
    responses(
        (status = 201, description = "It is recorded", body = wire::Receipt<wire::CampaignIs>),
        (status = 200, description = "A dry run", body = wire::Receipt<wire::CampaignIs>),
        Problem
    )
)]
#[post("/v1/campaigns")]
async fn open_campaign(
    admin: Data<Admin>,
    write: Write<wire::OpenCampaign>,
) -> Result<HttpResponse, Problem> {
    let token = write.asking.token.as_ref().filter(|_| !write.dry_run);
    let token = token.map(|token| token.text.as_str());
    let (id, asked) = admin.door().open_campaign(&write.body, token, admin.clock.now())?;
    let stream = StreamId::Campaign(id);
    let receipt = admin.carry_out(stream, asked, &write.asking, write.dry_run).await?;
    Ok(reply(StatusCode::CREATED, &receipt, write.dry_run, campaign_is(&receipt)?))
}

fn campaign_is(receipt: &Receipt) -> Result<wire::CampaignIs, Problem> {
    let Answer::Campaign { campaign } = &receipt.answer else { return Err(unexpected(receipt)) };
    Ok(wire::CampaignIs { campaign: convert::campaign(campaign, receipt.at) })
}

/// Lists campaigns, the last opened first.
#[utoipa::path(
    tag = "campaigns",
    params(wire::CampaignQuery),
    responses((status = 200, description = "A page", body = wire::Page<wire::Campaign>), Problem)
)]
#[get("/v1/campaigns")]
async fn list_campaigns(
    admin: Data<Admin>,
    Asks(query): Asks<wire::CampaignQuery>,
) -> Result<Json<wire::Page<wire::Campaign>>, Problem> {
    let limit = cursor::limit(query.limit)?;
    let now = admin.clock.now();
    let asked = CampaignQuery {
        name: query.name.clone(),
        running_at: query.running.then_some(now),
        before: cursor::read("campaigns", query.cursor.as_deref(), |fields| match fields {
            [at, id] => Some((Timestamp::from_micros(at.parse().ok()?), id.parse().ok()?)),
            _ => None,
        })?,
        limit: limit + 1,
    };
    let rows = admin.store.campaigns(asked).await?;
    let behind = |row: &CampaignRow| {
        cursor::write("campaigns", &[row.opened_at.micros().to_string(), row.id.to_string()])
    };
    cursor::page(rows, limit, behind, |row| Ok(convert::campaign(&row, now))).map(Json)
}

/// Shows a campaign.
#[utoipa::path(
    tag = "campaigns",
    params(("campaign" = String, Path, description = "The campaign's id")),
    responses((status = 200, description = "As it stands", body = wire::Campaign), Problem)
)]
#[get("/v1/campaigns/{campaign}")]
async fn show_campaign(
    admin: Data<Admin>,
    OfCampaign(id): OfCampaign,
) -> Result<Json<wire::Campaign>, Problem> {
    let row = admin.store.campaign(id).await?.ok_or(Rejection::CampaignNotFound)?;
    Ok(Json(convert::campaign(&row, admin.clock.now())))
}

/// Closes a campaign before its end: nothing more is granted. What was granted stays good.
#[utoipa::path(
    tag = "campaigns",
    params(
        ("campaign" = String, Path, description = "The campaign's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::CampaignIs>),
        Problem
    )
)]
#[post("/v1/campaigns/{campaign}/close")]
async fn close_campaign(
    admin: Data<Admin>,
    OfCampaign(id): OfCampaign,
    write: Write<Nothing>,
) -> Result<HttpResponse, Problem> {
    let asked = Command::CloseCampaign(CloseCampaign {}).into();
    let stream = StreamId::Campaign(id);
    let receipt = admin.carry_out(stream, asked, &write.asking, write.dry_run).await?;
    Ok(reply(StatusCode::OK, &receipt, write.dry_run, campaign_is(&receipt)?))
}

/// Grants a coupon to each of up to 1000 accounts, or to none if the quota does not suffice. Each
/// is told at once; what an account cannot take goes back to the quota, and what could not be
/// brought at once comes by itself.
#[utoipa::path(
    tag = "campaigns",
    params(
        ("campaign" = String, Path, description = "The campaign's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::GrantMany,
    responses(
        (status = 201, description = "It is recorded", body = wire::Receipt<wire::GrantedMany>),
        (status = 200, description = "A dry run", body = wire::Receipt<wire::GrantedMany>),
        Problem
    )
)]
#[post("/v1/campaigns/{campaign}/grants")]
async fn grant_many(
    admin: Data<Admin>,
    OfCampaign(id): OfCampaign,
    write: Write<wire::GrantMany>,
) -> Result<HttpResponse, Problem> {
    let take = door::take(&write.body)?;
    let accounts = take.accounts.clone();
    let stream = StreamId::Campaign(id);
    let asked = Command::Take(take).into();
    let receipt = admin.carry_out(stream, asked, &write.asking, write.dry_run).await?;
    let Answer::Campaign { campaign } = &receipt.answer else { return Err(unexpected(&receipt)) };
    let items = stream::iter(accounts.into_iter().zip(0..))
        .map(|(account, n)| {
            let (admin, receipt) = (&admin, &receipt);
            async move {
                if write.dry_run {
                    pending(account)
                } else {
                    bring(admin, receipt, account, n).await
                }
            }
        })
        .buffered(CONCURRENCY)
        .collect()
        .await;
    let answer = wire::GrantedMany { campaign: convert::campaign(campaign, receipt.at), items };
    Ok(reply(StatusCode::CREATED, &receipt, write.dry_run, answer))
}

fn pending(account: AccountId) -> wire::GrantedItem {
    wire::GrantedItem { account: account.to_string(), coupon: None, problem: None, pending: true }
}

/// Brings an account the coupon that the effect `n` of `receipt` tells it of. Only a refusal is a
/// problem: whatever else stands in the way, the relay comes again.
async fn bring(admin: &Admin, receipt: &Receipt, account: AccountId, n: u32) -> wire::GrantedItem {
    let refused = |problem: Problem| wire::GrantedItem {
        problem: Some(problem.to_wire()),
        pending: false,
        ..pending(account)
    };
    match admin.accounts.tell_now(receipt, n).await {
        Ok(Some(told)) => match coupon_is(&told) {
            Ok(is) => {
                wire::GrantedItem { coupon: Some(is.coupon), pending: false, ..pending(account) }
            }
            Err(problem) => refused(problem),
        },
        Err(ExecuteError::Rejected(rejection)) => refused(rejection.into()),
        Ok(None)
        | Err(
            ExecuteError::Busy
            | ExecuteError::Store(_)
            | ExecuteError::OutcomeUnknown
            | ExecuteError::Parked(_),
        ) => pending(account),
    }
}

/// Redeems a code: the account gets a coupon of the campaign that has it.
#[utoipa::path(
    tag = "campaigns",
    params(
        ("account" = String, Path, description = "The account's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::Redeem,
    responses(
        (status = 201, description = "It is recorded", body = wire::Receipt<wire::Redeemed>),
        (status = 200, description = "A dry run", body = wire::Receipt<wire::Redeemed>),
        Problem
    )
)]
#[post("/v1/accounts/{account}/redemptions")]
async fn redeem_code(
    admin: Data<Admin>,
    OfAccount(account): OfAccount,
    write: Write<wire::Redeem>,
) -> Result<HttpResponse, Problem> {
    let code = door::code(&write.body.code)?;
    // Who is no account learns nothing about codes.
    admin.account(account).await?;
    let id = admin.accounts.campaign_of(&code).await?;
    let told = if write.dry_run {
        Some(try_redemption(&admin, account, id, &write.asking).await?)
    } else {
        let receipt = take_one(&admin, account, id, &write.asking).await?;
        admin
            .accounts
            .tell_now(&receipt, 0)
            .await?
            .map(|told| Receipt { replayed: receipt.replayed, ..told })
    };
    let campaign = id.to_string();
    if let Some(told) = told {
        let coupon = Some(coupon_is(&told)?.coupon);
        let answer = wire::Redeemed { campaign, coupon };
        return Ok(reply(StatusCode::CREATED, &told, write.dry_run, answer));
    }
    // It was redeemed under this token so long ago that the way of its coupon is forgotten.
    let receipt = take_one(&admin, account, id, &write.asking).await?;
    Ok(reply(StatusCode::OK, &receipt, false, wire::Redeemed { campaign, coupon: None }))
}

/// Takes one coupon from the quota. In the campaign's stream tokens of all accounts meet, so each
/// has the account's name before it.
async fn take_one(
    admin: &Admin,
    account: AccountId,
    campaign: CampaignId,
    asking: &Asking,
) -> Result<Receipt, Problem> {
    let command = Command::Take(Take { accounts: vec![account] });
    let mut request = asking.request(command.into(), false);
    request.token = request.token.map(|token| Token {
        text: format!("{account}/{}", token.text),
        fingerprint: token.fingerprint,
    });
    Ok(admin.accounts.execute(StreamId::Campaign(campaign), request).await?)
}

/// What the redemption would come to, on both sides.
async fn try_redemption(
    admin: &Admin,
    account: AccountId,
    campaign: CampaignId,
    asking: &Asking,
) -> Result<Receipt, Problem> {
    let stream = StreamId::Campaign(campaign);
    let take = Command::Take(Take { accounts: vec![account] });
    admin.carry_out(stream, take.into(), asking, true).await?;
    let view = admin.accounts.view(stream).await?;
    let State::Campaign(known) = &view.state else {
        return Err(Problem::broken("the campaign is another stream"));
    };
    let grant = campaign::grant(known).ok_or(Rejection::CampaignNotFound)?;
    admin.carry_out(account, Command::GrantCoupon(grant).into(), asking, true).await
}
