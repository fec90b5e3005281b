//! Subscriptions: list and show, renew by hand, choose the mode; and renewal management over all
//! accounts.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, get, post, put};
use utoipa_actix_web::service_config::ServiceConfig;

use super::orders::{made, placed};
use crate::admin::problem::Problem;
use crate::admin::request::{Asks, OfAccount, OfSubscription, Write};
use crate::admin::{Admin, convert, cursor, door, fields, reply, unexpected, wire};
use crate::domain::calendar::Timestamp;
use crate::domain::command::Answer;
use crate::domain::nouns::subscription::State;
use crate::domain::rejection::Rejection;
use crate::domain::rows::SubscriptionRow;
use crate::store::SubscriptionQuery;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_subscriptions)
        .service(list_account_subscriptions)
        .service(show_subscription)
        .service(renew_subscription)
        .service(set_renewal_mode)
        .service(change_subscription)
        .service(unsubscribe)
        .service(release_subscription);
}

/// Lists subscriptions over all accounts, nearest expiry first.
#[utoipa::path(
    tag = "subscriptions",
    params(wire::SubscriptionQuery),
    responses(
        (status = 200, description = "A page", body = wire::Page<wire::Subscription>),
        Problem
    )
)]
#[get("/v1/subscriptions")]
async fn list_subscriptions(
    admin: Data<Admin>,
    Asks(query): Asks<wire::SubscriptionQuery>,
) -> Result<Json<wire::Page<wire::Subscription>>, Problem> {
    let limit = cursor::limit(query.limit)?;
    let asked = SubscriptionQuery {
        after: after(query.cursor.as_deref())?,
        limit: limit + 1,
        ..selection(&query, admin.clock.now())?
    };
    let rows = admin.store.subscriptions(asked).await?;
    cursor::page(rows, limit, behind, |row| Ok(convert::subscription(&row))).map(Json)
}

/// Which subscriptions a query selects. `expires_within` is the urgent list: what expires by
/// then, and what has expired and can still be renewed.
fn selection(
    query: &wire::SubscriptionQuery,
    now: Timestamp,
) -> Result<SubscriptionQuery, Problem> {
    let mut selected = SubscriptionQuery {
        account: fields::parse_some("account", query.account.as_deref())?,
        expires_from: fields::parse_some("expires_from", query.expires_from.as_deref())?,
        expires_before: fields::parse_some("expires_before", query.expires_before.as_deref())?,
        modes: fields::words("mode", query.mode.as_deref())?,
        states: fields::words("state", query.state.as_deref())?,
        product: query.product.clone(),
        region: query.region.clone(),
        after: None,
        limit: 0,
    };
    if let Some(within) = &query.expires_within {
        if selected.expires_before.is_some() {
            let detail = "together with expires_before it says two things";
            return Err(Problem::field("expires_within", detail));
        }
        let end = now.plus(fields::length("expires_within", within)?);
        selected.expires_before = Some(end.plus(std::time::Duration::from_secs(1)));
        if selected.states.is_empty() {
            selected.states = vec![State::Active, State::Grace, State::Suspended];
        }
    }
    Ok(selected)
}

fn after(
    cursor: Option<&str>,
) -> Result<Option<(Timestamp, crate::domain::ids::SubscriptionId)>, Problem> {
    cursor::read("subscriptions", cursor, |fields| match fields {
        [expires_at, id] => Some((expires_at.parse().ok()?, id.parse().ok()?)),
        _ => None,
    })
}

fn behind(row: &SubscriptionRow) -> String {
    let expires_at = row.paid.as_ref().map_or(Timestamp::MAX, |paid| paid.expires_at);
    cursor::write("subscriptions", &[expires_at.to_string(), row.id.to_string()])
}

/// Lists the subscriptions of an account, nearest expiry first.
#[utoipa::path(
    tag = "subscriptions",
    params(("account" = String, Path, description = "The account's id"), wire::PageQuery),
    responses(
        (status = 200, description = "A page", body = wire::Page<wire::Subscription>),
        Problem
    )
)]
#[get("/v1/accounts/{account}/subscriptions")]
async fn list_account_subscriptions(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    Asks(query): Asks<wire::PageQuery>,
) -> Result<Json<wire::Page<wire::Subscription>>, Problem> {
    let limit = cursor::limit(query.limit)?;
    let after = after(query.cursor.as_deref())?;
    let (open, _) = admin.account(id).await?;
    let asked =
        SubscriptionQuery { account: Some(id), after, limit: limit + 1, ..Default::default() };
    let rows = admin.store.subscriptions(asked).await?;
    let show = |row: SubscriptionRow| {
        let live = open.subscriptions.get(&row.id);
        Ok(live.map_or_else(|| convert::subscription(&row), |live| convert::live(live)))
    };
    cursor::page(rows, limit, behind, show).map(Json)
}

/// Shows a subscription.
#[utoipa::path(
    tag = "subscriptions",
    params(
        ("account" = String, Path, description = "The account's id"),
        ("subscription" = String, Path, description = "The subscription's id")
    ),
    responses((status = 200, description = "As it stands", body = wire::Subscription), Problem)
)]
#[get("/v1/accounts/{account}/subscriptions/{subscription}")]
async fn show_subscription(
    admin: Data<Admin>,
    OfSubscription(id): OfSubscription,
) -> Result<Json<wire::Subscription>, Problem> {
    let unknown = Rejection::SubscriptionNotFound { subscription: id };
    let (open, _) = admin.account(id.account).await?;
    if let Some(live) = open.subscriptions.get(&id) {
        return Ok(Json(convert::live(live)));
    }
    let row = admin.store.subscription(id).await?.ok_or(unknown)?;
    Ok(Json(convert::subscription(&row)))
}

/// Orders one more period by hand.
#[utoipa::path(
    tag = "subscriptions",
    params(
        ("account" = String, Path, description = "The account's id"),
        ("subscription" = String, Path, description = "The subscription's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::Renew,
    responses(
        (status = 201, description = "It is recorded", body = wire::Receipt<wire::Placed>),
        (status = 200, description = "A dry run, or a renewal that is not needed any more",
            body = wire::Receipt<wire::Placed>),
        Problem
    )
)]
#[post("/v1/accounts/{account}/subscriptions/{subscription}/renewals")]
async fn renew_subscription(
    admin: Data<Admin>,
    OfSubscription(id): OfSubscription,
    write: Write<wire::Renew>,
) -> Result<HttpResponse, Problem> {
    let asked = door::renew(id, &write.body)?;
    let receipt = admin.carry_out(id.account, asked, &write.asking, write.dry_run).await?;
    placed(&admin, &receipt, write.dry_run)
}

/// Chooses how a subscription is renewed.
#[utoipa::path(
    tag = "subscriptions",
    params(
        ("account" = String, Path, description = "The account's id"),
        ("subscription" = String, Path, description = "The subscription's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::SetRenewalMode,
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::ModeSet>),
        Problem
    )
)]
#[put("/v1/accounts/{account}/subscriptions/{subscription}/renewal-mode")]
async fn set_renewal_mode(
    admin: Data<Admin>,
    OfSubscription(id): OfSubscription,
    write: Write<wire::SetRenewalMode>,
) -> Result<HttpResponse, Problem> {
    let asked = door::set_renewal_mode(id, &write.body)?;
    let receipt = admin.carry_out(id.account, asked, &write.asking, write.dry_run).await?;
    let Answer::ModeSet { subscription, next_attempt_at } = &receipt.answer else {
        return Err(unexpected(&receipt));
    };
    let answer = wire::ModeSet {
        subscription: convert::live(subscription),
        next_attempt_at: next_attempt_at.map(|at| at.to_string()),
    };
    Ok(reply(StatusCode::OK, &receipt, write.dry_run, answer))
}

/// Changes the plan: a dearer one is paid for the time that is left, a cheaper one gives money
/// back for it. The expiry stays where it is.
#[utoipa::path(
    tag = "subscriptions",
    params(
        ("account" = String, Path, description = "The account's id"),
        ("subscription" = String, Path, description = "The subscription's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::ChangePlan,
    responses(
        (status = 201, description = "It is recorded", body = wire::Receipt<wire::Placed>),
        (status = 200, description = "A dry run", body = wire::Receipt<wire::Placed>),
        Problem
    )
)]
#[post("/v1/accounts/{account}/subscriptions/{subscription}/changes")]
async fn change_subscription(
    admin: Data<Admin>,
    OfSubscription(id): OfSubscription,
    write: Write<wire::ChangePlan>,
) -> Result<HttpResponse, Problem> {
    let asked = door::change(id, &write.body)?;
    let receipt = admin.carry_out(id.account, asked, &write.asking, write.dry_run).await?;
    placed(&admin, &receipt, write.dry_run)
}

/// Gives a subscription up before its end: what is left of what was paid comes back.
#[utoipa::path(
    tag = "subscriptions",
    params(
        ("account" = String, Path, description = "The account's id"),
        ("subscription" = String, Path, description = "The subscription's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::Unsubscribe,
    responses(
        (status = 201, description = "It is recorded", body = wire::Receipt<wire::Ordered>),
        (status = 200, description = "A dry run", body = wire::Receipt<wire::Ordered>),
        Problem
    )
)]
#[post("/v1/accounts/{account}/subscriptions/{subscription}/unsubscribe")]
async fn unsubscribe(
    admin: Data<Admin>,
    OfSubscription(id): OfSubscription,
    write: Write<wire::Unsubscribe>,
) -> Result<HttpResponse, Problem> {
    let asked = door::unsubscribe(id, &write.body);
    let receipt = admin.carry_out(id.account, asked, &write.asking, write.dry_run).await?;
    made(&receipt, write.dry_run)
}

/// Releases a suspended subscription at once, by its owner's explicit word. Its data are lost.
#[utoipa::path(
    tag = "subscriptions",
    params(
        ("account" = String, Path, description = "The account's id"),
        ("subscription" = String, Path, description = "The subscription's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::ReleaseNow,
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::Released>),
        Problem
    )
)]
#[post("/v1/accounts/{account}/subscriptions/{subscription}/release")]
async fn release_subscription(
    admin: Data<Admin>,
    OfSubscription(id): OfSubscription,
    write: Write<wire::ReleaseNow>,
) -> Result<HttpResponse, Problem> {
    let asked = door::release(id, &write.body)?;
    let receipt = admin.carry_out(id.account, asked, &write.asking, write.dry_run).await?;
    let Answer::Released { subscription } = &receipt.answer else {
        return Err(unexpected(&receipt));
    };
    let answer = wire::Released { subscription: convert::live(subscription) };
    Ok(reply(StatusCode::OK, &receipt, write.dry_run, answer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::nouns::subscription::Mode;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn the_urgent_list_is_what_expires_soon_and_what_can_still_be_renewed() {
        let now = at("2026-01-01T00:00:00Z");
        for within in ["15d", "P15D"] {
            let query = wire::SubscriptionQuery {
                expires_within: Some(within.to_owned()),
                ..Default::default()
            };
            let selected = selection(&query, now).expect("a selection");
            assert_eq!(selected.expires_before, Some(at("2026-01-16T00:00:01Z")), "included");
            assert_eq!(selected.expires_from, None, "what has expired is urgent");
            assert_eq!(selected.states, [State::Active, State::Grace, State::Suspended]);
            assert!(selected.modes.is_empty(), "in all modes");
        }
    }

    #[test]
    fn filters_narrow_the_list() {
        let query = wire::SubscriptionQuery {
            mode: Some("AutoRenewal,Normal".to_owned()),
            state: Some("Grace".to_owned()),
            expires_from: Some("2026-01-01T00:00:00+01:00".to_owned()),
            ..Default::default()
        };
        let selected = selection(&query, at("2026-01-01T00:00:00Z")).expect("a selection");
        assert_eq!(selected.modes, [Mode::AutoRenewal, Mode::ManualRenewal]);
        assert_eq!(selected.states, [State::Grace]);
        assert_eq!(selected.expires_from, Some(at("2025-12-31T23:00:00Z")));
        let twice = wire::SubscriptionQuery {
            expires_within: Some("1d".to_owned()),
            expires_before: Some("2026-01-01T00:00:00Z".to_owned()),
            ..Default::default()
        };
        assert!(selection(&twice, at("2026-01-01T00:00:00Z")).is_err());
    }
}
