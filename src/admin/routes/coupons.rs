//! Coupons: grant, list with what each is good for, show, take back.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, get, post};
use utoipa_actix_web::service_config::ServiceConfig;

use super::accounts::Nothing;
use crate::actors::Receipt;
use crate::admin::problem::Problem;
use crate::admin::request::{Asks, OfAccount, OfCoupon, Write};
use crate::admin::{Admin, convert, cursor, door, fields, reply, unexpected, wire};
use crate::domain::account::Open;
use crate::domain::calendar::Timestamp;
use crate::domain::command::{Answer, Command};
use crate::domain::fit::{Against, Wanted};
use crate::domain::ids::{CouponId, OrderId};
use crate::domain::nouns::order::{self, Kind, Order};
use crate::domain::rejection::Rejection;
use crate::domain::rows::CouponRow;
use crate::domain::rules::Timeline;
use crate::domain::verbs::coupons::CancelCoupon;
use crate::store::CouponQuery;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(grant_coupon)
        .service(list_account_coupons)
        .service(list_coupons)
        .service(show_coupon)
        .service(cancel_coupon);
}

/// Grants a coupon to an account.
#[utoipa::path(
    tag = "coupons",
    params(
        ("account" = String, Path, description = "The account's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::GrantCoupon,
    responses(
        (status = 201, description = "It is recorded", body = wire::Receipt<wire::CouponIs>),
        (status = 200, description = "A dry run", body = wire::Receipt<wire::CouponIs>),
        Problem
    )
)]
#[post("/v1/accounts/{account}/coupons")]
async fn grant_coupon(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    write: Write<wire::GrantCoupon>,
) -> Result<HttpResponse, Problem> {
    let asked = door::grant_coupon(&write.body)?;
    let receipt = admin.carry_out(id, asked, &write.asking, write.dry_run).await?;
    Ok(reply(StatusCode::CREATED, &receipt, write.dry_run, coupon_is(&receipt)?))
}

/// The coupon that an answer speaks of.
pub(super) fn coupon_is(receipt: &Receipt) -> Result<wire::CouponIs, Problem> {
    if let Answer::CouponDeclined { fault } = &receipt.answer {
        let problem = Problem::from(Rejection::InvalidCoupon { fault: fault.clone() });
        return Err(problem.saying(format!("the account cannot take the coupon: {fault}")));
    }
    let Answer::Coupon { coupon } = &receipt.answer else { return Err(unexpected(receipt)) };
    Ok(wire::CouponIs { coupon: convert::coupon(coupon, None) })
}

/// Takes a coupon back. One that an order holds can't be: that is paid or cancelled first.
#[utoipa::path(
    tag = "coupons",
    params(
        ("account" = String, Path, description = "The account's id"),
        ("coupon" = String, Path, description = "The coupon's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::CouponIs>),
        Problem
    )
)]
#[post("/v1/accounts/{account}/coupons/{coupon}/cancel")]
async fn cancel_coupon(
    admin: Data<Admin>,
    OfCoupon(id): OfCoupon,
    write: Write<Nothing>,
) -> Result<HttpResponse, Problem> {
    let asked = Command::CancelCoupon(CancelCoupon { coupon: id }).into();
    let receipt = admin.carry_out(id.account, asked, &write.asking, write.dry_run).await?;
    Ok(reply(StatusCode::OK, &receipt, write.dry_run, coupon_is(&receipt)?))
}

/// What coupons are held against.
enum Question {
    Order(Box<Order>),
    Offer { product: String, plan: String, period: crate::domain::calendar::Period, kind: Kind },
}

impl Question {
    fn against<'a>(
        &'a self,
        timeline: &Timeline,
        open: &Open,
        at: Timestamp,
    ) -> Result<Against<'a>, Problem> {
        match self {
            Self::Order(order) => Ok(Against::order(timeline, open, order, at)),
            Self::Offer { product, plan, period, kind } => {
                let wanted = Wanted { product, plan, period: *period, kind: *kind };
                Ok(Against::offer(timeline, open, wanted, at)?)
            }
        }
    }
}

/// What is asked about in a query: an unpaid order, or what would be bought.
async fn question(
    admin: &Admin,
    open: &Open,
    query: &wire::CouponQuery,
) -> Result<Option<Question>, Problem> {
    let is_offer = query.product.is_some() || query.plan.is_some() || query.period.is_some();
    if let Some(text) = &query.for_order {
        if is_offer || query.kind.is_some() {
            let detail = "together with product, plan, period or type it says two things";
            return Err(Problem::field("for_order", detail));
        }
        let id: OrderId = fields::parse("for_order", text)?;
        return match open.orders.get(&id) {
            Some(order) if order.state == order::State::Unpaid => {
                Ok(Some(Question::Order(Box::new(order.as_ref().clone()))))
            }
            Some(_) => Err(Rejection::OrderClosed { order: id }.into()),
            None if id.account == open.id && admin.store.order(id).await?.is_some() => {
                Err(Rejection::OrderClosed { order: id }.into())
            }
            None => Err(Problem::from(Rejection::OrderNotFound { order: id }).at("for_order")),
        };
    }
    let (product, plan, period) = match (&query.product, &query.plan, &query.period) {
        (Some(product), Some(plan), Some(period)) => (product, plan, period),
        (None, None, None) if query.kind.is_none() => return Ok(None),
        (None, _, _) => return Err(Problem::field("product", WHOLE)),
        (_, None, _) => return Err(Problem::field("plan", WHOLE)),
        (_, _, None) => return Err(Problem::field("period", WHOLE)),
    };
    let kind = match query.kind.as_deref() {
        None | Some("new") => Kind::New,
        Some("renew") => Kind::Renew,
        Some(other) => {
            let detail = format!(
                "{other:?} is not new or renew; for a change of plan make the order and ask with \
                 for_order"
            );
            return Err(Problem::field("type", detail));
        }
    };
    Ok(Some(Question::Offer {
        product: product.clone(),
        plan: plan.clone(),
        period: fields::parse("period", period)?,
        kind,
    }))
}

/// What a question about a purchase needs.
const WHOLE: &str = "what would be bought needs product, plan and period";

/// Lists the coupons of an account, by id. Asked with `for_order`, or with `product`, `plan` and
/// `period`, each says whether it could be used, what it would take off, every predicate that
/// does not hold, and whether it is the one that the rule picks.
#[utoipa::path(
    tag = "coupons",
    params(("account" = String, Path, description = "The account's id"), wire::CouponQuery),
    responses((status = 200, description = "A page", body = wire::Page<wire::Coupon>), Problem)
)]
#[get("/v1/accounts/{account}/coupons")]
async fn list_account_coupons(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    Asks(query): Asks<wire::CouponQuery>,
) -> Result<Json<wire::Page<wire::Coupon>>, Problem> {
    let limit = cursor::limit(query.limit)?;
    let states = fields::words("state", query.state.as_deref())?;
    let after = after(query.cursor.as_deref())?;
    let (open, _) = admin.account(id).await?;
    let house = admin.accounts.ports().house();
    let question = question(&admin, &open, &query).await?;
    let now = admin.clock.now();
    let against = question
        .as_ref()
        .map(|question| question.against(&house.timeline, &open, now))
        .transpose()?;
    let asked =
        CouponQuery { account: Some(id), states, after, limit: limit + 1, ..Default::default() };
    let rows = admin.store.coupons(asked).await?;
    cursor::page(rows, limit, behind, |row| {
        let fit = against.as_ref().map(|against| convert::fit(&against.fit(&row.coupon)));
        Ok(wire::Coupon { fit, ..convert::coupon_row(&row) })
    })
    .map(Json)
}

/// Lists coupons over all accounts: by expiry if only those are asked for that can still be used,
/// by id otherwise.
#[utoipa::path(
    tag = "coupons",
    params(wire::AllCouponsQuery),
    responses((status = 200, description = "A page", body = wire::Page<wire::Coupon>), Problem)
)]
#[get("/v1/coupons")]
async fn list_coupons(
    admin: Data<Admin>,
    Asks(query): Asks<wire::AllCouponsQuery>,
) -> Result<Json<wire::Page<wire::Coupon>>, Problem> {
    let limit = cursor::limit(query.limit)?;
    let asked = CouponQuery {
        account: None,
        states: fields::words("state", query.state.as_deref())?,
        campaign: fields::parse_some("campaign", query.campaign.as_deref())?,
        expires_before: fields::parse_some("expires_before", query.expires_before.as_deref())?,
        after: after(query.cursor.as_deref())?,
        limit: limit + 1,
    };
    let rows = admin.store.coupons(asked).await?;
    cursor::page(rows, limit, behind, |row| Ok(convert::coupon_row(&row))).map(Json)
}

fn after(cursor: Option<&str>) -> Result<Option<(Timestamp, CouponId)>, Problem> {
    cursor::read("coupons", cursor, |fields| match fields {
        [at, id] => Some((Timestamp::from_micros(at.parse().ok()?), id.parse().ok()?)),
        _ => None,
    })
}

fn behind(row: &CouponRow) -> String {
    let expires_at = row.coupon.expires_at.micros().to_string();
    cursor::write("coupons", &[expires_at, row.coupon.id.to_string()])
}

/// Shows a coupon.
#[utoipa::path(
    tag = "coupons",
    params(
        ("account" = String, Path, description = "The account's id"),
        ("coupon" = String, Path, description = "The coupon's id")
    ),
    responses((status = 200, description = "As it stands", body = wire::Coupon), Problem)
)]
#[get("/v1/accounts/{account}/coupons/{coupon}")]
async fn show_coupon(
    admin: Data<Admin>,
    OfCoupon(id): OfCoupon,
) -> Result<Json<wire::Coupon>, Problem> {
    let row = admin.store.coupon(id).await?.ok_or(Rejection::CouponNotFound { coupon: id })?;
    Ok(Json(convert::coupon_row(&row)))
}
