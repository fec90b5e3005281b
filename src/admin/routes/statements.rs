//! Monthly statements: list, show, print, and invoices on demand (R10.5, R10.6).
//!
//! A month that is closed is read from the store; one that is not is read from the account, whose
//! state sums it up. A closed month's figures never move, so both say the same of it.

use std::cmp::Reverse;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse, get, post};
use utoipa_actix_web::service_config::ServiceConfig;

use super::accounts::Nothing;
use super::documents::{Lines, print};
use crate::actors::Receipt;
use crate::admin::format::Format;
use crate::admin::paper::Subject;
use crate::admin::problem::{Code, Problem};
use crate::admin::request::{Asks, OfAccount, OfMonth, Write};
use crate::admin::{Admin, convert, cursor, fields, reply, unexpected, wire};
use crate::domain::account::Open;
use crate::domain::command::{Answer, Command};
use crate::domain::ids::AccountId;
use crate::domain::month::Month;
use crate::domain::nouns::statement::{Document, State, Statement};
use crate::domain::verbs::bill::{self, IssueInvoice};
use crate::store::StatementQuery;

/// Closed months of an account that are read at once.
const READ_AT_ONCE: u32 = 300;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_statements)
        .service(show_statement)
        .service(issue_invoice)
        .service(list_all_statements);
}

/// A statement as it is shown.
pub(super) fn shown(admin: &Admin, account: AccountId, statement: &Statement) -> wire::Statement {
    let house = admin.accounts.ports().house();
    convert::statement(account, statement, bill::final_at(&house.timeline, statement.month))
}

/// Lists the months of an account in which something was billed, the latest first, whether they
/// are closed or not.
#[utoipa::path(
    tag = "statements",
    params(("account" = String, Path, description = "The account's id"), wire::PageQuery),
    responses((status = 200, description = "A page", body = wire::Page<wire::Statement>), Problem)
)]
#[get("/v1/accounts/{account}/statements")]
async fn list_statements(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    Asks(query): Asks<wire::PageQuery>,
) -> Result<Json<wire::Page<wire::Statement>>, Problem> {
    let limit = cursor::limit(query.limit)?;
    let before: Option<Month> =
        cursor::read("statements", query.cursor.as_deref(), |fields| match fields {
            [month] => month.parse().ok(),
            _ => None,
        })?;
    let (open, _) = admin.account(id).await?;
    let mut statements = closed(&admin, id).await?;
    let running = open.bills.months.into_values().filter(|month| month.closed_at.is_none());
    for statement in running {
        // It may have been closed in between.
        if statements.iter().all(|closed| closed.month != statement.month) {
            statements.push(*statement);
        }
    }
    statements.retain(|statement| before.is_none_or(|before| statement.month < before));
    statements.sort_by_key(|statement| Reverse(statement.month));
    let behind =
        |statement: &Statement| cursor::write("statements", &[statement.month.to_string()]);
    cursor::page(statements, limit, behind, |statement| Ok(shown(&admin, id, &statement))).map(Json)
}

/// All closed months of an account: twelve a year at the most.
async fn closed(admin: &Admin, account: AccountId) -> Result<Vec<Statement>, Problem> {
    let mut statements: Vec<Statement> = Vec::new();
    loop {
        let asked = StatementQuery {
            account: Some(account),
            after: statements.last().map(|statement| (statement.month, account)),
            limit: READ_AT_ONCE,
            ..StatementQuery::default()
        };
        let page = admin.store.statements(asked).await?;
        let is_last = page.len() < READ_AT_ONCE as usize;
        statements.extend(page.into_iter().map(|(_, statement)| statement));
        if is_last {
            return Ok(statements);
        }
    }
}

/// A month of an account.
async fn find(admin: &Admin, open: &Open, month: Month) -> Result<Statement, Problem> {
    if let Some(statement) = open.bills.months.get(&month) {
        return Ok(statement.as_ref().clone());
    }
    admin.store.statement(open.id, month).await?.ok_or_else(|| {
        let detail = format!("nothing is billed to this account in {month}");
        Problem::new(Code::StatementNotFound, detail).with("month", month.to_string())
    })
}

/// Shows a month with its lines, or prints it. One that is not closed yet is marked `Generating`:
/// its figures may change.
#[utoipa::path(
    tag = "statements",
    params(
        ("account" = String, Path, description = "The account's id"),
        ("month" = String, Path, description = "The month", example = "2026-04"),
        wire::ShownQuery
    ),
    responses(
        (status = 200, description = "As it stands", content(
            (wire::StatementShown = "application/json"),
            (String = "text/html"),
            (Vec<u8> = "application/pdf")
        )),
        Problem
    )
)]
#[get("/v1/accounts/{account}/statements/{month}")]
async fn show_statement(
    admin: Data<Admin>,
    request: HttpRequest,
    OfMonth((id, month)): OfMonth,
    Asks(query): Asks<wire::ShownQuery>,
) -> Result<HttpResponse, Problem> {
    let format = Format::of(query.format.as_deref(), &request)?;
    let (open, _) = admin.account(id).await?;
    let statement = find(&admin, &open, month).await?;
    // What is billed after this moment is not on it.
    let runs = (statement.line_count > 0).then_some((1, statement.line_count));
    let lines = Lines { account: id, month, runs: runs.into_iter().collect() };
    if let Format::Printed(as_what) = format {
        let subject = Subject::Statement { statement: &statement, now: admin.clock.now() };
        return print(&admin, &open, subject, &lines, &query, as_what).await;
    }
    let page = lines.page(&admin, &query).await?;
    Ok(HttpResponse::Ok().json(wire::StatementShown {
        statement: shown(&admin, id, &statement),
        lines: page.items,
        next: page.next,
    }))
}

/// Issues an invoice for the lines of a month that are on no invoice and no credit note yet,
/// whether the month is closed or not. What comes to less than nothing is a credit note. The
/// number is null if its series did not answer at once: it comes by itself.
#[utoipa::path(
    tag = "statements",
    params(
        ("account" = String, Path, description = "The account's id"),
        ("month" = String, Path, description = "The month", example = "2026-04"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    responses(
        (status = 201, description = "It is recorded", body = wire::Receipt<wire::DocumentIs>),
        (status = 200, description = "A dry run", body = wire::Receipt<wire::DocumentIs>),
        Problem
    )
)]
#[post("/v1/accounts/{account}/statements/{month}/invoice")]
async fn issue_invoice(
    admin: Data<Admin>,
    OfMonth((id, month)): OfMonth,
    write: Write<Nothing>,
) -> Result<HttpResponse, Problem> {
    let asked = Command::IssueInvoice(IssueInvoice { month }).into();
    let receipt = admin.carry_out(id, asked, &write.asking, write.dry_run).await?;
    let Answer::Document { document } = &receipt.answer else { return Err(unexpected(&receipt)) };
    let numbered = if write.dry_run { None } else { numbered(&admin, &receipt, document).await };
    let document = convert::document(numbered.as_ref().unwrap_or(document));
    let answer = wire::DocumentIs { document };
    Ok(reply(StatusCode::CREATED, &receipt, write.dry_run, answer))
}

/// The document with its number, which is asked for at once. The document stands whatever becomes
/// of that: the relay comes again.
async fn numbered(admin: &Admin, receipt: &Receipt, document: &Document) -> Option<Document> {
    if let Err(error) = admin.accounts.number_now(receipt, document.id).await {
        tracing::warn!(document = %document.id, %error, "its number comes later");
    }
    match admin.store.document(document.id).await {
        Ok(stored) => stored,
        Err(error) => {
            tracing::warn!(document = %document.id, %error, "its number cannot be read");
            None
        }
    }
}

/// Lists closed months of all accounts, by month and account.
#[utoipa::path(
    tag = "statements",
    params(wire::StatementQuery),
    responses((status = 200, description = "A page", body = wire::Page<wire::Statement>), Problem)
)]
#[get("/v1/statements")]
async fn list_all_statements(
    admin: Data<Admin>,
    Asks(query): Asks<wire::StatementQuery>,
) -> Result<Json<wire::Page<wire::Statement>>, Problem> {
    let limit = cursor::limit(query.limit)?;
    let state: Option<State> =
        query.state.as_deref().map(|state| fields::word("state", state)).transpose()?;
    if state == Some(State::Generating) {
        let detail = "months that are not closed are listed by account: \
                      /v1/accounts/{account}/statements";
        return Err(Problem::field("state", detail));
    }
    let asked = StatementQuery {
        account: None,
        month: fields::parse_some("month", query.month.as_deref())?,
        state,
        after: cursor::read("all-statements", query.cursor.as_deref(), |fields| match fields {
            [month, account] => Some((month.parse().ok()?, account.parse().ok()?)),
            _ => None,
        })?,
        limit: limit + 1,
    };
    let rows = admin.store.statements(asked).await?;
    let behind = |(account, statement): &(AccountId, Statement)| {
        cursor::write("all-statements", &[statement.month.to_string(), account.to_string()])
    };
    cursor::page(rows, limit, behind, |(account, statement)| Ok(shown(&admin, account, &statement)))
        .map(Json)
}
