//! Orders: place, list, show, pay, cancel.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, get, post};
use utoipa_actix_web::service_config::ServiceConfig;

use super::accounts::Nothing;
use crate::actors::Receipt;
use crate::admin::problem::Problem;
use crate::admin::request::{Asks, OfAccount, OfOrder, Write};
use crate::admin::{Admin, convert, cursor, door, fields, reply, unexpected, wire};
use crate::domain::calendar::Timestamp;
use crate::domain::command::{Answer, Command};
use crate::domain::nouns::order::Order;
use crate::domain::rejection::Rejection;
use crate::domain::verbs::cancel::Cancel;
use crate::domain::verbs::pay::Pay;
use crate::store::OrderQuery;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(place_order)
        .service(list_orders)
        .service(show_order)
        .service(pay_order)
        .service(cancel_order);
}

/// What a request to order came to: a new order, or the news that it is not needed any more.
pub(super) fn placed(receipt: &Receipt, dry_run: bool) -> Result<HttpResponse, Problem> {
    match &receipt.answer {
        Answer::Ordered { order, subscription, cash } => {
            let placed = wire::Placed::Ordered {
                order: Box::new(convert::order(order)),
                subscription: Box::new(convert::live(subscription)),
                cash: convert::money(*cash),
            };
            Ok(reply(StatusCode::CREATED, receipt, dry_run, placed))
        }
        Answer::AlreadyRenewed { order, expires_at } => {
            let placed = wire::Placed::AlreadyRenewed {
                last_order: order.map(|order| order.to_string()),
                expires_at: expires_at.to_string(),
            };
            Ok(reply(StatusCode::OK, receipt, dry_run, placed))
        }
        Answer::Opened { .. }
        | Answer::PaidTogether { .. }
        | Answer::ReportedLate { .. }
        | Answer::Coupon { .. }
        | Answer::CouponDeclined { .. }
        | Answer::Campaign { .. }
        | Answer::Released { .. }
        | Answer::Imported { .. }
        | Answer::ToppedUp { .. }
        | Answer::ModeSet { .. }
        | Answer::Done
        | Answer::RulesApplied { .. } => Err(unexpected(receipt)),
    }
}

/// Orders a new subscription, or one more period of one.
#[utoipa::path(
    tag = "orders",
    params(
        ("account" = String, Path, description = "The account's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::PlaceOrder,
    responses(
        (status = 201, description = "It is recorded", body = wire::Receipt<wire::Placed>),
        (status = 200, description = "A dry run, or a renewal that is not needed any more",
            body = wire::Receipt<wire::Placed>),
        Problem
    )
)]
#[post("/v1/accounts/{account}/orders")]
async fn place_order(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    write: Write<wire::PlaceOrder>,
) -> Result<HttpResponse, Problem> {
    let asked = door::place(id, &write.body)?;
    let receipt = admin.carry_out(id, asked, &write.asking, write.dry_run).await?;
    placed(&receipt, write.dry_run)
}

/// Lists the orders of an account, newest first.
#[utoipa::path(
    tag = "orders",
    params(("account" = String, Path, description = "The account's id"), wire::OrderQuery),
    responses((status = 200, description = "A page", body = wire::Page<wire::Order>), Problem)
)]
#[get("/v1/accounts/{account}/orders")]
async fn list_orders(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    Asks(query): Asks<wire::OrderQuery>,
) -> Result<Json<wire::Page<wire::Order>>, Problem> {
    let limit = cursor::limit(query.limit)?;
    let state = query.state.as_deref().map(|state| fields::word("state", state)).transpose()?;
    let before = cursor::read("orders", query.cursor.as_deref(), |fields| match fields {
        [at, order] => Some((Timestamp::from_micros(at.parse().ok()?), order.parse().ok()?)),
        _ => None,
    })?;
    let asked =
        OrderQuery { account: Some(id), state, before, limit: limit + 1, ..OrderQuery::default() };
    let rows = admin.store.orders(asked).await?;
    if rows.is_empty() {
        admin.must_exist(id).await?;
    }
    let behind = |order: &Order| {
        cursor::write("orders", &[order.created_at.micros().to_string(), order.id.to_string()])
    };
    cursor::page(rows, limit, behind, |order| Ok(convert::order(&order))).map(Json)
}

/// Shows an order.
#[utoipa::path(
    tag = "orders",
    params(
        ("account" = String, Path, description = "The account's id"),
        ("order" = String, Path, description = "The order's id")
    ),
    responses((status = 200, description = "As it stands", body = wire::Order), Problem)
)]
#[get("/v1/accounts/{account}/orders/{order}")]
async fn show_order(
    admin: Data<Admin>,
    OfOrder(id): OfOrder,
) -> Result<Json<wire::Order>, Problem> {
    let order = admin.store.order(id).await?.ok_or(Rejection::OrderNotFound { order: id })?;
    Ok(Json(convert::order(&order)))
}

/// Pays an unpaid order from the balance, whole or not at all.
#[utoipa::path(
    tag = "orders",
    params(
        ("account" = String, Path, description = "The account's id"),
        ("order" = String, Path, description = "The order's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::Ordered>),
        Problem
    )
)]
#[post("/v1/accounts/{account}/orders/{order}/pay")]
async fn pay_order(
    admin: Data<Admin>,
    OfOrder(order): OfOrder,
    write: Write<Nothing>,
) -> Result<HttpResponse, Problem> {
    let asked = Command::Pay(Pay { order }).into();
    let receipt = admin.carry_out(order.account, asked, &write.asking, write.dry_run).await?;
    closed(&receipt, write.dry_run)
}

/// Closes an unpaid order.
#[utoipa::path(
    tag = "orders",
    params(
        ("account" = String, Path, description = "The account's id"),
        ("order" = String, Path, description = "The order's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::Ordered>),
        Problem
    )
)]
#[post("/v1/accounts/{account}/orders/{order}/cancel")]
async fn cancel_order(
    admin: Data<Admin>,
    OfOrder(order): OfOrder,
    write: Write<Nothing>,
) -> Result<HttpResponse, Problem> {
    let asked = Command::Cancel(Cancel { order }).into();
    let receipt = admin.carry_out(order.account, asked, &write.asking, write.dry_run).await?;
    closed(&receipt, write.dry_run)
}

fn closed(receipt: &Receipt, dry_run: bool) -> Result<HttpResponse, Problem> {
    let Answer::Ordered { order, subscription, cash } = &receipt.answer else {
        return Err(unexpected(receipt));
    };
    let ordered = wire::Ordered {
        order: convert::order(order),
        subscription: convert::live(subscription),
        cash: convert::money(*cash),
    };
    Ok(reply(StatusCode::OK, receipt, dry_run, ordered))
}
