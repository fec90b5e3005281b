//! Orders: place, list, show, pay, cancel, choose the coupon, report on deliveries, give back.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, get, post, put};
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
use crate::domain::verbs::deliver::Provisioned;
use crate::domain::verbs::pay::Pay;
use crate::store::OrderQuery;

/// How far back the list over all accounts goes if nobody says (R4.14).
const WINDOW: Duration = Duration::from_hours(30 * 24);

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(place_order)
        .service(list_orders)
        .service(list_all_orders)
        .service(show_order)
        .service(pay_order)
        .service(cancel_order)
        .service(set_order_coupon)
        .service(report_provisioned)
        .service(report_provision_failed)
        .service(refund_order)
        .service(pay_together);
}

/// What a request to order came to: a new order, or the news that it is not needed any more. A
/// dry run is a quote: it says until when the prices that it was made by stand.
pub(super) fn placed(
    admin: &Admin,
    receipt: &Receipt,
    dry_run: bool,
) -> Result<HttpResponse, Problem> {
    let (status, answer) = placement(admin, receipt, dry_run)?;
    Ok(reply(status, receipt, dry_run, answer))
}

/// The same as a value, for where it is not the whole answer.
pub(super) fn placement(
    admin: &Admin,
    receipt: &Receipt,
    dry_run: bool,
) -> Result<(StatusCode, wire::Placed), Problem> {
    if let Answer::AlreadyRenewed { order, expires_at } = &receipt.answer {
        let placed = wire::Placed::AlreadyRenewed {
            last_order: order.map(|order| order.to_string()),
            expires_at: expires_at.to_string(),
        };
        return Ok((StatusCode::OK, placed));
    }
    let wire::Ordered { order, subscription, cash } = ordered(receipt)?;
    let placed = wire::Placed::Ordered {
        order: Box::new(order),
        subscription: Box::new(subscription),
        cash,
        valid_until: if dry_run { next_version(admin, receipt.at) } else { None },
    };
    Ok((StatusCode::CREATED, placed))
}

/// When the version of the rules that is in force at `at` gives way to the next.
fn next_version(admin: &Admin, at: Timestamp) -> Option<String> {
    let house = admin.accounts.ports().house();
    let (_, _, end) = house.timeline.stretches(at).next()?;
    (end < Timestamp::MAX).then(|| end.to_string())
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
    placed(&admin, &receipt, write.dry_run)
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
    let (limit, asked) = selection(&query)?;
    let rows = admin.store.orders(OrderQuery { account: Some(id), ..asked }).await?;
    if rows.is_empty() {
        admin.must_exist(id).await?;
    }
    cursor::page(rows, limit, behind, |order| Ok(convert::order(&order))).map(Json)
}

/// Lists orders over all accounts, newest first. Without a window it lists the last 30 days, and
/// says so.
#[utoipa::path(
    tag = "orders",
    params(wire::OrderQuery),
    responses((status = 200, description = "A page", body = wire::Page<wire::Order>), Problem)
)]
#[get("/v1/orders")]
async fn list_all_orders(
    admin: Data<Admin>,
    Asks(query): Asks<wire::OrderQuery>,
) -> Result<Json<wire::Page<wire::Order>>, Problem> {
    let (limit, mut asked) = selection(&query)?;
    let is_default = asked.created_from.is_none() && asked.created_before.is_none();
    if is_default {
        asked.created_from = Some(admin.clock.now().minus(WINDOW));
    }
    let window = wire::Window {
        from: asked.created_from.map(|at| at.to_string()),
        to: asked.created_before.map(|at| at.to_string()),
        is_default,
    };
    let rows = admin.store.orders(asked).await?;
    let page = cursor::page(rows, limit, behind, |order| Ok(convert::order(&order)))?;
    Ok(Json(wire::Page { window: Some(window), ..page }))
}

/// Which orders a query selects, and how many go on a page: one more is asked for.
fn selection(query: &wire::OrderQuery) -> Result<(u32, OrderQuery), Problem> {
    let limit = cursor::limit(query.limit)?;
    let (state, kind) = (query.state.as_deref(), query.kind.as_deref());
    let created_from = fields::parse_some("created_from", query.created_from.as_deref())?;
    let created_before = fields::parse_some("created_to", query.created_to.as_deref())?;
    if let (Some(from), Some(to)) = (created_from, created_before)
        && from >= to
    {
        return Err(Problem::field("created_to", "it must lie after created_from"));
    }
    let selected = OrderQuery {
        account: None,
        subscription: None,
        state: state.map(|state| fields::word("state", state)).transpose()?,
        kind: kind.map(|kind| fields::word("type", kind)).transpose()?,
        product: query.product.clone(),
        created_from,
        created_before,
        before: cursor::read("orders", query.cursor.as_deref(), |fields| match fields {
            [at, order] => Some((Timestamp::from_micros(at.parse().ok()?), order.parse().ok()?)),
            _ => None,
        })?,
        limit: limit + 1,
    };
    Ok((limit, selected))
}

fn behind(order: &Order) -> String {
    cursor::write("orders", &[order.created_at.micros().to_string(), order.id.to_string()])
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

/// Chooses the coupon of an unpaid order, or none. The one that it held is free again; an order
/// that a coupon covers whole is done at once.
#[utoipa::path(
    tag = "orders",
    params(
        ("account" = String, Path, description = "The account's id"),
        ("order" = String, Path, description = "The order's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::SetCoupon,
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::Ordered>),
        Problem
    )
)]
#[put("/v1/accounts/{account}/orders/{order}/coupon")]
async fn set_order_coupon(
    admin: Data<Admin>,
    OfOrder(order): OfOrder,
    write: Write<wire::SetCoupon>,
) -> Result<HttpResponse, Problem> {
    let asked = door::set_coupon(order, &write.body)?;
    let receipt = admin.carry_out(order.account, asked, &write.asking, write.dry_run).await?;
    closed(&receipt, write.dry_run)
}

/// Reports that a paid order was delivered: what was ordered is given as of now. A report on an
/// order that is closed is recorded, and changes nothing.
#[utoipa::path(
    tag = "orders",
    params(
        ("account" = String, Path, description = "The account's id"),
        ("order" = String, Path, description = "The order's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::Reported>),
        Problem
    )
)]
#[post("/v1/accounts/{account}/orders/{order}/provisioned")]
async fn report_provisioned(
    admin: Data<Admin>,
    OfOrder(order): OfOrder,
    write: Write<Nothing>,
) -> Result<HttpResponse, Problem> {
    let asked = Command::Provisioned(Provisioned { order }).into();
    let receipt = admin.carry_out(order.account, asked, &write.asking, write.dry_run).await?;
    reported(&receipt, write.dry_run)
}

/// Reports that a paid order could not be delivered: everything is given back, and its coupon is
/// free again. A report on an order that is closed is recorded, and changes nothing.
#[utoipa::path(
    tag = "orders",
    params(
        ("account" = String, Path, description = "The account's id"),
        ("order" = String, Path, description = "The order's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::ProvisionFailed,
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::Reported>),
        Problem
    )
)]
#[post("/v1/accounts/{account}/orders/{order}/provision-failed")]
async fn report_provision_failed(
    admin: Data<Admin>,
    OfOrder(order): OfOrder,
    write: Write<wire::ProvisionFailed>,
) -> Result<HttpResponse, Problem> {
    let asked = door::fail_provision(order, &write.body)?;
    let receipt = admin.carry_out(order.account, asked, &write.asking, write.dry_run).await?;
    reported(&receipt, write.dry_run)
}

fn reported(receipt: &Receipt, dry_run: bool) -> Result<HttpResponse, Problem> {
    let answer = if let Answer::ReportedLate { order } = &receipt.answer {
        wire::Reported::Late { order: order.to_string() }
    } else {
        let wire::Ordered { order, subscription, cash } = ordered(receipt)?;
        let (order, subscription) = (Box::new(order), Box::new(subscription));
        wire::Reported::Settled { order, subscription, cash }
    };
    Ok(reply(StatusCode::OK, receipt, dry_run, answer))
}

/// Gives money back for an order: a part of what it paid, or the whole period that it paid if
/// that has not begun.
#[utoipa::path(
    tag = "orders",
    params(
        ("account" = String, Path, description = "The account's id"),
        ("order" = String, Path, description = "The order's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::GiveBack,
    responses(
        (status = 201, description = "It is recorded", body = wire::Receipt<wire::Ordered>),
        (status = 200, description = "A dry run", body = wire::Receipt<wire::Ordered>),
        Problem
    )
)]
#[post("/v1/accounts/{account}/orders/{order}/refunds")]
async fn refund_order(
    admin: Data<Admin>,
    OfOrder(order): OfOrder,
    write: Write<wire::GiveBack>,
) -> Result<HttpResponse, Problem> {
    let asked = door::refund(order, &write.body)?;
    let receipt = admin.carry_out(order.account, asked, &write.asking, write.dry_run).await?;
    made(&receipt, write.dry_run)
}

/// Pays several unpaid orders together from the balance: as far as money goes all or none. Those
/// that changed meanwhile are skipped and named; each keeps its own coupon.
#[utoipa::path(
    tag = "orders",
    params(
        ("account" = String, Path, description = "The account's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::PayTogether,
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::PaidTogether>),
        Problem
    )
)]
#[post("/v1/accounts/{account}/payments")]
async fn pay_together(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    write: Write<wire::PayTogether>,
) -> Result<HttpResponse, Problem> {
    let asked = door::pay_together(id, &write.body)?;
    let receipt = admin.carry_out(id, asked, &write.asking, write.dry_run).await?;
    let Answer::PaidTogether { paid, skipped, cash } = &receipt.answer else {
        return Err(unexpected(&receipt));
    };
    let skipped = skipped.iter().map(|skipped| wire::SkippedOrder {
        order: skipped.order.to_string(),
        code: skipped.code.clone(),
    });
    let answer = wire::PaidTogether {
        paid: paid.iter().map(convert::order).collect(),
        skipped: skipped.collect(),
        cash: convert::money(*cash),
    };
    Ok(reply(StatusCode::OK, &receipt, write.dry_run, answer))
}

/// The answer about an order that was changed.
fn closed(receipt: &Receipt, dry_run: bool) -> Result<HttpResponse, Problem> {
    Ok(reply(StatusCode::OK, receipt, dry_run, ordered(receipt)?))
}

/// The answer about an order that was made.
pub(super) fn made(receipt: &Receipt, dry_run: bool) -> Result<HttpResponse, Problem> {
    Ok(reply(StatusCode::CREATED, receipt, dry_run, ordered(receipt)?))
}

fn ordered(receipt: &Receipt) -> Result<wire::Ordered, Problem> {
    let Answer::Ordered { order, subscription, cash } = &receipt.answer else {
        return Err(unexpected(receipt));
    };
    Ok(convert::ordered(order, subscription, *cash))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::nouns::order::{Kind, State};

    #[test]
    fn orders_are_selected_by_state_type_product_and_window() {
        let query = wire::OrderQuery {
            state: Some("Refunded".to_owned()),
            kind: Some("refund".to_owned()),
            product: Some("ecs".to_owned()),
            created_from: Some("2026-01-01T00:00:00Z".to_owned()),
            created_to: Some("2026-02-01T00:00:00Z".to_owned()),
            limit: Some(50),
            ..wire::OrderQuery::default()
        };
        let (limit, asked) = selection(&query).expect("a selection");
        assert_eq!((limit, asked.limit), (50, 51), "one more tells whether there is a next page");
        assert_eq!((asked.state, asked.kind), (Some(State::Refunded), Some(Kind::Refund)));
        assert_eq!(asked.product.as_deref(), Some("ecs"));
        assert!(asked.created_from < asked.created_before);
        let refused = |query: wire::OrderQuery| selection(&query).expect_err("refused").code();
        let backwards = wire::OrderQuery {
            created_from: query.created_to.clone(),
            created_to: query.created_from.clone(),
            ..Default::default()
        };
        assert_eq!(refused(backwards), "InvalidField");
        let unknown = |state: &str, kind: &str| wire::OrderQuery {
            state: Some(state.to_owned()),
            kind: Some(kind.to_owned()),
            ..Default::default()
        };
        assert_eq!(refused(unknown("Lost", "new")), "InvalidField");
        assert_eq!(refused(unknown("Paid", "gift")), "InvalidField");
    }
}
