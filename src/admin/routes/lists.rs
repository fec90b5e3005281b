//! What happened: journal, ledger, notices, deliveries.

use actix_web::get;
use actix_web::web::{Data, Json};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::admin::problem::Problem;
use crate::admin::request::{Asks, OfAccount};
use crate::admin::{Admin, convert, cursor, fields, wire};
use crate::domain::calendar::Timestamp;
use crate::store::{Channel, Delivery, DeliveryQuery, EffectKey, LedgerRow, StoredRecord};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_journal)
        .service(list_ledger)
        .service(list_notices)
        .service(list_deliveries);
}

/// Lists the journal of an account, oldest first.
#[utoipa::path(
    tag = "history",
    params(("account" = String, Path, description = "The account's id"), wire::PageQuery),
    responses((status = 200, description = "A page", body = wire::Page<wire::Record>), Problem)
)]
#[get("/v1/accounts/{account}/journal")]
async fn list_journal(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    Asks(query): Asks<wire::PageQuery>,
) -> Result<Json<wire::Page<wire::Record>>, Problem> {
    let limit = cursor::limit(query.limit)?;
    let after = cursor::read("journal", query.cursor.as_deref(), |fields| match fields {
        [seq] => seq.parse().ok(),
        _ => None,
    })?;
    let rows = admin.store.journal(id.into(), after.unwrap_or(0), limit + 1).await?;
    if rows.is_empty() {
        admin.must_exist(id).await?;
    }
    let behind = |record: &StoredRecord| cursor::write("journal", &[record.seq.to_string()]);
    cursor::page(rows, limit, behind, |row| convert::record(&row)).map(Json)
}

/// Lists the ledger lines of an account, oldest first.
#[utoipa::path(
    tag = "history",
    params(("account" = String, Path, description = "The account's id"), wire::PageQuery),
    responses((status = 200, description = "A page", body = wire::Page<wire::LedgerLine>), Problem)
)]
#[get("/v1/accounts/{account}/ledger")]
async fn list_ledger(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    Asks(query): Asks<wire::PageQuery>,
) -> Result<Json<wire::Page<wire::LedgerLine>>, Problem> {
    let limit = cursor::limit(query.limit)?;
    let after = cursor::read("ledger", query.cursor.as_deref(), |fields| match fields {
        [seq, line] => Some((seq.parse().ok()?, line.parse().ok()?)),
        _ => None,
    })?;
    let rows = admin.store.ledger(id.into(), after, limit + 1).await?;
    if rows.is_empty() {
        admin.must_exist(id).await?;
    }
    let behind =
        |row: &LedgerRow| cursor::write("ledger", &[row.seq.to_string(), row.line.to_string()]);
    cursor::page(rows, limit, behind, |row| Ok(convert::ledger_line(&row))).map(Json)
}

/// Lists the mails for an account, newest first.
#[utoipa::path(
    tag = "history",
    params(("account" = String, Path, description = "The account's id"), wire::DeliveryQuery),
    responses((status = 200, description = "A page", body = wire::Page<wire::Delivery>), Problem)
)]
#[get("/v1/accounts/{account}/notices")]
async fn list_notices(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    Asks(query): Asks<wire::DeliveryQuery>,
) -> Result<Json<wire::Page<wire::Delivery>>, Problem> {
    if query.channel.as_deref().is_some_and(|channel| channel != Channel::Mail.as_str()) {
        return Err(Problem::field("channel", "notices are mail; see /v1/deliveries"));
    }
    let mut asked = selection(&query)?;
    asked.stream = Some(id.into());
    asked.channel = Some(Channel::Mail);
    let page = deliveries(&admin, asked).await?;
    if page.items.is_empty() {
        admin.must_exist(id).await?;
    }
    Ok(Json(page))
}

/// Lists mails and webhooks over all accounts, newest first.
#[utoipa::path(
    tag = "history",
    params(wire::DeliveryQuery),
    responses((status = 200, description = "A page", body = wire::Page<wire::Delivery>), Problem)
)]
#[get("/v1/deliveries")]
async fn list_deliveries(
    admin: Data<Admin>,
    Asks(query): Asks<wire::DeliveryQuery>,
) -> Result<Json<wire::Page<wire::Delivery>>, Problem> {
    deliveries(&admin, selection(&query)?).await.map(Json)
}

/// Which deliveries a query selects; its limit is the page's.
fn selection(query: &wire::DeliveryQuery) -> Result<DeliveryQuery, Problem> {
    Ok(DeliveryQuery {
        stream: None,
        state: query.state.as_deref().map(|state| fields::word("state", state)).transpose()?,
        channel: query
            .channel
            .as_deref()
            .map(|channel| fields::word("channel", channel))
            .transpose()?,
        before: cursor::read("deliveries", query.cursor.as_deref(), before)?,
        limit: cursor::limit(query.limit)?,
    })
}

fn before(fields: &[&str]) -> Option<(Timestamp, EffectKey)> {
    let [at, stream, seq, n] = fields else { return None };
    let key =
        EffectKey { stream: stream.parse().ok()?, seq: seq.parse().ok()?, n: n.parse().ok()? };
    Some((at.parse().ok()?, key))
}

fn behind(delivery: &Delivery) -> String {
    let EffectKey { stream, seq, n } = delivery.key();
    let fields = [delivery.row.at.to_string(), stream.to_string(), seq.to_string(), n.to_string()];
    cursor::write("deliveries", &fields)
}

async fn deliveries(
    admin: &Admin,
    asked: DeliveryQuery,
) -> Result<wire::Page<wire::Delivery>, Problem> {
    let limit = asked.limit;
    let rows = admin.store.deliveries(DeliveryQuery { limit: limit + 1, ..asked }).await?;
    cursor::page(rows, limit, behind, |row| convert::delivery(&row))
}
