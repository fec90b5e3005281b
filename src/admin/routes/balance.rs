//! The balance: what is there and how far it reaches, its movements, credit limit and alert.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, get, put};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::admin::problem::Problem;
use crate::admin::request::{Asks, OfAccount, Write};
use crate::admin::{Admin, convert, cursor, door, reply, wire};
use crate::domain::ids::AccountId;
use crate::domain::ledger;
use crate::domain::money::Money;
use crate::domain::movement::{Movement, movements};
use crate::domain::record::Record;
use crate::store::{ChartFilter, EntryQuery, LedgerRow};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(show_balance)
        .service(list_movements)
        .service(set_credit_limit)
        .service(set_balance_alert);
}

/// Shows the balance as it stands: what is there, what is owed, and how far it reaches.
#[utoipa::path(
    tag = "balance",
    params(("account" = String, Path, description = "The account's id")),
    responses((status = 200, description = "As it stands", body = wire::Balance), Problem)
)]
#[get("/v1/accounts/{account}/balance")]
async fn show_balance(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
) -> Result<Json<wire::Balance>, Problem> {
    let (open, _) = admin.account(id).await?;
    let house = admin.house().await?;
    Ok(Json(convert::balance(&house.timeline, &open, admin.clock.now())))
}

/// Where a page of movements ended, and what cash and debt were before its last one.
struct Place {
    seq: u64,
    line: u32,
    cash: i64,
    debt: i64,
}

impl Place {
    fn read(fields: &[&str]) -> Option<Self> {
        let [seq, line, cash, debt] = fields else { return None };
        Some(Self {
            seq: seq.parse().ok()?,
            line: line.parse().ok()?,
            cash: cash.parse().ok()?,
            debt: debt.parse().ok()?,
        })
    }

    fn write(&self) -> String {
        let Self { seq, line, cash, debt } = self;
        let fields = [seq.to_string(), line.to_string(), cash.to_string(), debt.to_string()];
        cursor::write("movements", &fields)
    }

    /// What a line moved, with what it came to; afterwards the place is before that line.
    fn step(&mut self, row: &LedgerRow, movement: Option<&Movement>) -> wire::Movement {
        let is_cash = row.account == ledger::Account::CustomerCash.to_string();
        // Cash is owed to customers: credit adds to it.
        let (amount, stood) = if is_cash {
            (row.amount.negated(), &mut self.cash)
        } else {
            (row.amount, &mut self.debt)
        };
        let balance = Money::from_minor(*stood, amount.currency());
        *stood = stood.saturating_sub(amount.minor());
        (self.seq, self.line) = (row.seq, row.line);
        convert::movement(row, is_cash, amount, balance, movement)
    }
}

/// Lists what moved an account's cash and what it owes, newest first.
#[utoipa::path(
    tag = "balance",
    params(("account" = String, Path, description = "The account's id"), wire::PageQuery),
    responses((status = 200, description = "A page", body = wire::Page<wire::Movement>), Problem)
)]
#[get("/v1/accounts/{account}/movements")]
async fn list_movements(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    Asks(query): Asks<wire::PageQuery>,
) -> Result<Json<wire::Page<wire::Movement>>, Problem> {
    let limit = cursor::limit(query.limit)?;
    let (open, seq) = admin.account(id).await?;
    let (cash, debt) = (open.wallet.cash.minor(), open.wallet.debt().minor());
    let place = cursor::read("movements", query.cursor.as_deref(), Place::read)?;
    // What is recorded from here on is not in the balance that is counted back from.
    let mut place = place.unwrap_or(Place { seq: seq + 1, line: 0, cash, debt });
    let chart = [ledger::Account::CustomerCash, ledger::Account::Receivable];
    let asked = EntryQuery {
        stream: Some(id.into()),
        chart: Some(ChartFilter::OneOf(chart.iter().map(ToString::to_string).collect())),
        newest_first: true,
        after: Some((id.into(), place.seq, place.line)),
        limit: limit + 1,
        ..EntryQuery::default()
    };
    let mut rows = admin.store.entries(asked).await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let mut items = Vec::with_capacity(rows.len());
    let mut of_record: Option<(u64, Vec<Movement>)> = None;
    for (_, row) in rows {
        if of_record.as_ref().is_none_or(|(seq, _)| *seq != row.seq) {
            of_record = Some((row.seq, told(&admin, id, row.seq).await?));
        }
        let line = usize::try_from(row.line).unwrap_or(usize::MAX);
        let movement = of_record.as_ref().and_then(|(_, movements)| movements.get(line));
        items.push(place.step(&row, movement));
    }
    let next = has_more.then(|| place.write());
    Ok(Json(wire::Page { items, next, window: None }))
}

/// What the ledger lines of a record are about, in their order.
async fn told(admin: &Admin, id: AccountId, seq: u64) -> Result<Vec<Movement>, Problem> {
    let Some(stored) = admin.store.journal(id.into(), seq.saturating_sub(1), 1).await?.pop() else {
        return Ok(Vec::new());
    };
    let record: Record = serde_json::from_str(&stored.body)
        .map_err(|error| Problem::broken(format!("record {seq} of {id}: {error}")))?;
    Ok(movements(&record.events).into_iter().map(|(_, movement)| movement).collect())
}

/// Sets the credit limit: a ceiling on what the account may owe. What is owed beyond it is paid
/// from the cash at once.
#[utoipa::path(
    tag = "balance",
    params(
        ("account" = String, Path, description = "The account's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::SetCreditLimit,
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::Done>),
        Problem
    )
)]
#[put("/v1/accounts/{account}/credit-limit")]
async fn set_credit_limit(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    write: Write<wire::SetCreditLimit>,
) -> Result<HttpResponse, Problem> {
    let asked = door::set_credit_limit(&write.body)?;
    let receipt = admin.carry_out(id, asked, &write.asking, write.dry_run).await?;
    Ok(reply(StatusCode::OK, &receipt, write.dry_run, wire::Done {}))
}

/// Sets the low-balance alert, or switches it off. It is told once each time that available credit
/// drops below it; switching it on while it is below already tells nothing.
#[utoipa::path(
    tag = "balance",
    params(
        ("account" = String, Path, description = "The account's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::SetBalanceAlert,
    responses(
        (status = 200, description = "It is recorded", body = wire::Receipt<wire::Done>),
        Problem
    )
)]
#[put("/v1/accounts/{account}/balance-alert")]
async fn set_balance_alert(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    write: Write<wire::SetBalanceAlert>,
) -> Result<HttpResponse, Problem> {
    let asked = door::set_alert(&write.body)?;
    let receipt = admin.carry_out(id, asked, &write.asking, write.dry_run).await?;
    Ok(reply(StatusCode::OK, &receipt, write.dry_run, wire::Done {}))
}
