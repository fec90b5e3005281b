//! Meters: what is measured, what it costs, and what some use would cost.

use actix_web::web::{Data, Json};
use actix_web::{get, post};
use rust_decimal::Decimal;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::admin::problem::{Code, Problem};
use crate::admin::request::{Asking, Asks};
use crate::admin::{Admin, convert, fields, wire};
use crate::domain::metering::{self, Wanted};
use crate::domain::rejection::Rejection;
use crate::domain::rules::Version;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_meters).service(quote_use);
}

/// The version of the rules in force.
async fn in_force(admin: &Admin) -> Result<Version, Problem> {
    let timeline = admin.house().await?.timeline;
    let version = timeline.in_force(admin.clock.now()).cloned();
    version.ok_or_else(|| Problem::new(Code::CatalogueNotFound, "there are no rules yet"))
}

/// Lists the meters of the rules in force, by product and name, each with its tariffs.
#[utoipa::path(
    tag = "meters",
    params(wire::MeterQuery),
    responses((status = 200, description = "All of them", body = wire::Page<wire::Meter>), Problem)
)]
#[get("/v1/meters")]
async fn list_meters(
    admin: Data<Admin>,
    Asks(query): Asks<wire::MeterQuery>,
) -> Result<Json<wire::Page<wire::Meter>>, Problem> {
    let rules = in_force(&admin).await?.rules;
    if let Some(product) = query.product.as_ref().filter(|name| !rules.products.contains_key(*name))
    {
        return Err(Rejection::UnknownProduct { product: product.clone() }.into());
    }
    let items = convert::meters(&rules, query.product.as_deref());
    Ok(Json(wire::Page { items, next: None, window: None }))
}

/// Says what some use would cost by the rules in force, tier by tier, before coupons and tax and
/// without the minimum of a cycle. Nothing is written.
#[utoipa::path(
    tag = "meters",
    request_body = wire::QuoteUse,
    responses((status = 200, description = "What it would cost", body = wire::UseQuote), Problem)
)]
#[post("/v1/meters/quote")]
async fn quote_use(admin: Data<Admin>, asking: Asking) -> Result<Json<wire::UseQuote>, Problem> {
    let asked: wire::QuoteUse = asking.json()?;
    let rules = in_force(&admin).await?.rules;
    let before = asked.before.as_deref().map(|text| fields::quantity("before", text));
    let before = before.transpose()?.unwrap_or_default();
    if before < Decimal::ZERO {
        return Err(Problem::field("before", "it is below zero"));
    }
    let wanted = Wanted {
        product: &asked.product,
        meter: &asked.meter,
        plan: &asked.plan,
        currency: fields::currency("currency", &asked.currency)?,
        before,
        quantity: fields::quantity("quantity", &asked.quantity)?,
    };
    let quote = metering::quote(&rules, &wanted)?;
    // The quote knows the meter, so it is there.
    let meter = rules.meter(wanted.product, wanted.meter);
    let meter = meter.ok_or_else(|| Problem::broken("a quote of no meter"))?;
    if wanted.quantity < Decimal::ZERO && !meter.allow_negative {
        return Err(Problem::field("quantity", "this meter has no readings below zero"));
    }
    Ok(Json(convert::use_quote(meter, &quote)))
}
