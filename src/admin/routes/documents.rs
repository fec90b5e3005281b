//! Invoices and credit notes: list, show, print. Whoever prints gets the owner's name and address
//! with it; neither is kept (D50).

use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::web::{Data, Json, block};
use actix_web::{HttpRequest, HttpResponse, get};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::admin::format::{Format, Print};
use crate::admin::paper::{self, Paper, Subject};
use crate::admin::problem::{Code, Problem};
use crate::admin::request::{Asks, OfAccount, OfDocument, no_document};
use crate::admin::{Admin, convert, cursor, fields, wire};
use crate::config::Seller;
use crate::documents::{self, Fonts};
use crate::domain::account::Open;
use crate::domain::ids::AccountId;
use crate::domain::month::Month;
use crate::domain::nouns::statement::{BillLine, Document, Runs};
use crate::store::{BillLineQuery, DocumentQuery};

/// Lines that are read at once where all are.
const READ_AT_ONCE: u32 = 1_000;
/// Lines on one printed document.
const PRINTED_MAX: usize = 20_000;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_documents).service(show_document);
}

/// Which lines of a month: those of a statement or of a document.
#[derive(Debug)]
pub(super) struct Lines {
    pub(super) account: AccountId,
    pub(super) month: Month,
    pub(super) runs: Runs,
}

impl Lines {
    /// The first `limit` of them after number `after`.
    async fn read(&self, admin: &Admin, after: u32, limit: u32) -> Result<Vec<BillLine>, Problem> {
        let mut lines = Vec::new();
        let mut left = limit;
        for (first, last) in &self.runs {
            let after = after.max(first.saturating_sub(1));
            let count = last.saturating_sub(after).min(left);
            if count == 0 {
                continue;
            }
            let query = BillLineQuery {
                account: self.account,
                month: self.month,
                after: Some(after),
                limit: count,
            };
            lines.extend(admin.store.bill_lines(query).await?);
            left -= count;
        }
        Ok(lines)
    }

    /// A page of them.
    pub(super) async fn page(
        &self,
        admin: &Admin,
        query: &wire::ShownQuery,
    ) -> Result<wire::Page<wire::BillLine>, Problem> {
        let limit = cursor::limit(query.limit)?;
        let after = cursor::read("bill-lines", query.cursor.as_deref(), |fields| match fields {
            [number] => number.parse().ok(),
            _ => None,
        })?;
        let lines = self.read(admin, after.unwrap_or(0), limit + 1).await?;
        let behind = |line: &BillLine| cursor::write("bill-lines", &[line.number.to_string()]);
        cursor::page(lines, limit, behind, |line| Ok(convert::bill_line(&line)))
    }

    /// All of them.
    async fn all(&self, admin: &Admin) -> Result<Vec<BillLine>, Problem> {
        let mut lines: Vec<BillLine> = Vec::new();
        loop {
            let after = lines.last().map_or(0, |line| line.number);
            let page = self.read(admin, after, READ_AT_ONCE).await?;
            let is_last = page.len() < READ_AT_ONCE as usize;
            lines.extend(page);
            if lines.len() > PRINTED_MAX {
                let detail = format!(
                    "it has more than {PRINTED_MAX} lines, which no paper holds: read it as JSON"
                );
                return Err(Problem::new(Code::TooManyItems, detail));
            }
            if is_last {
                return Ok(lines);
            }
        }
    }
}

/// Lists the invoices and credit notes of an account, the last issued first.
#[utoipa::path(
    tag = "statements",
    params(("account" = String, Path, description = "The account's id"), wire::DocumentQuery),
    responses((status = 200, description = "A page", body = wire::Page<wire::Document>), Problem)
)]
#[get("/v1/accounts/{account}/documents")]
async fn list_documents(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    Asks(query): Asks<wire::DocumentQuery>,
) -> Result<Json<wire::Page<wire::Document>>, Problem> {
    let limit = cursor::limit(query.limit)?;
    let asked = DocumentQuery {
        account: id,
        month: fields::parse_some("month", query.month.as_deref())?,
        before: cursor::read("documents", query.cursor.as_deref(), |fields| match fields {
            [number] => number.parse().ok(),
            _ => None,
        })?,
        limit: limit + 1,
    };
    let rows = admin.store.documents(asked).await?;
    if rows.is_empty() {
        admin.must_exist(id).await?;
    }
    let behind =
        |document: &Document| cursor::write("documents", &[document.id.number.to_string()]);
    cursor::page(rows, limit, behind, |document| Ok(convert::document(&document))).map(Json)
}

/// Shows an invoice or a credit note with its lines, or prints it.
#[utoipa::path(
    tag = "statements",
    params(
        ("account" = String, Path, description = "The account's id"),
        ("document" = String, Path, description = "The document's id"),
        wire::ShownQuery
    ),
    responses(
        (status = 200, description = "As it was issued", content(
            (wire::DocumentShown = "application/json"),
            (String = "text/html"),
            (Vec<u8> = "application/pdf")
        )),
        Problem
    )
)]
#[get("/v1/accounts/{account}/documents/{document}")]
async fn show_document(
    admin: Data<Admin>,
    request: HttpRequest,
    OfDocument(id): OfDocument,
    Asks(query): Asks<wire::ShownQuery>,
) -> Result<HttpResponse, Problem> {
    let format = Format::of(query.format.as_deref(), &request)?;
    let (open, _) = admin.account(id.account).await?;
    let found = admin.store.document(id).await?;
    let document = found.ok_or_else(|| no_document(&id.to_string()))?;
    let lines = Lines { account: id.account, month: document.month, runs: document.lines.clone() };
    if let Format::Printed(as_what) = format {
        let related = related(&admin, &document).await?;
        let subject = Subject::Document { document: &document, related: related.as_deref() };
        return print(&admin, &open, subject, &lines, &query, as_what).await;
    }
    let page = lines.page(&admin, &query).await?;
    Ok(HttpResponse::Ok().json(wire::DocumentShown {
        document: convert::document(&document),
        lines: page.items,
        next: page.next,
    }))
}

/// What the invoice that a credit note corrects is called: by its number, or by its id as long as
/// it has none.
async fn related(admin: &Admin, document: &Document) -> Result<Option<String>, Problem> {
    let Some(id) = document.related else { return Ok(None) };
    let number = admin.store.document(id).await?.and_then(|invoice| invoice.number);
    Ok(Some(number.unwrap_or_else(|| id.to_string())))
}

/// Prints `subject`, which has these lines.
pub(super) async fn print(
    admin: &Admin,
    open: &Open,
    subject: Subject<'_>,
    lines: &Lines,
    query: &wire::ShownQuery,
    as_what: Print,
) -> Result<HttpResponse, Problem> {
    for (field, is_given) in [("limit", query.limit.is_some()), ("cursor", query.cursor.is_some())]
    {
        if is_given {
            return Err(Problem::field(field, "what is printed comes whole"));
        }
    }
    let lines = lines.all(admin).await?;
    let mut buyer = admin.profiles.profile(open.id.into()).await;
    // Of a closed account invoices still name who bought; nothing else does (D49).
    if buyer.is_none() && matches!(subject, Subject::Document { .. }) {
        buyer = admin.profiles.buyer(open.id.into()).await;
    }
    let house = admin.accounts.ports().house();
    let paper = Paper {
        config: &admin.config,
        timeline: &house.timeline,
        account: open,
        buyer: buyer.as_ref(),
    };
    let document = paper.document(subject, &lines);
    let name = paper::file_name(subject);
    let config = Arc::clone(&admin.config);
    // Setting a long document takes a while, and nobody else should wait for it.
    let printed = block(move || printed(&document, &config.seller, as_what)).await;
    let printed = printed.map_err(Problem::broken)?.map_err(|reason| {
        tracing::error!(account = %open.id, document = %name, reason, "a document was not printed");
        Problem::new(Code::NotPrinted, "the document was not printed; the log says why")
    })?;
    let disposition = format!("inline; filename=\"{name}.{}\"", as_what.suffix());
    Ok(HttpResponse::Ok()
        .content_type(as_what.media_type())
        .insert_header((CONTENT_DISPOSITION, disposition))
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .body(printed))
}

fn printed(
    document: &documents::Document,
    seller: &Seller,
    as_what: Print,
) -> Result<Vec<u8>, String> {
    match as_what {
        Print::Html => documents::html(document).map(String::into_bytes),
        Print::Pdf if seller.fallback_font.as_os_str().is_empty() => {
            documents::pdf(document, &Fonts::built_in())
        }
        Print::Pdf => {
            let path = &seller.fallback_font;
            let no = |error: &dyn std::fmt::Display| {
                format!("seller.fallback_font: {}: {error}", path.display())
            };
            let file = std::fs::read(path).map_err(|error| no(&error))?;
            let fonts = Fonts::built_in().with_fallback(&file, seller.fallback_font_index);
            documents::pdf(document, &fonts.map_err(|error| no(&error))?)
        }
    }
    .map_err(|error| error.to_string())
}
