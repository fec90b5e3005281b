//! Monthly statements, invoices and credit notes.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use renewd::admin::wire::{
    BillLine, BillTotals, BilledUsage, Document, DocumentIs, DocumentQuery, DocumentShown, Receipt,
    Statement, StatementQuery, StatementShown,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Desk, would};
use crate::cli::{DocumentVerb, Format, OnPaper, Slice, StatementVerb, Write};
use crate::client::Call;
use crate::failure::Failure;
use crate::output::{self, money, or_nothing};

/// The longest page that the daemon gives.
const PAGE_MAX: usize = 300;

/// About monthly statements.
pub(super) async fn run(desk: &Desk, verb: &StatementVerb) -> Result<(), Failure> {
    match verb {
        StatementVerb::List { account: Some(account), slice, .. } => {
            let call = Call::get(&["v1", "accounts", account, "statements"]);
            let columns = ["MONTH", "STATE", ">LINES", ">TOTAL", ">PAID", ">OUTSTANDING", "CLOSED"];
            desk.list(&call, slice, &columns, row).await
        }
        StatementVerb::List { account: None, month, state, slice } => {
            let filter = StatementQuery {
                month: month.clone(),
                state: state.clone(),
                ..StatementQuery::default()
            };
            let call = Call::get(&["v1", "statements"]).filter(&filter)?;
            let columns = [
                "ACCOUNT",
                "MONTH",
                "STATE",
                ">LINES",
                ">TOTAL",
                ">PAID",
                ">OUTSTANDING",
                "CLOSED",
            ];
            desk.list(&call, slice, &columns, |statement: Statement| {
                let mut cells = vec![statement.account.clone()];
                cells.extend(row(statement));
                cells
            })
            .await
        }
        StatementVerb::Show { of, slice } => {
            let call = Call::get(&["v1", "accounts", &of.account, "statements", &of.month]);
            let shown: Option<StatementShown> = with_lines(desk, &call, slice).await?;
            let Some(StatementShown { statement, lines, next }) = shown else { return Ok(()) };
            output::card(&card(&statement))?;
            show_lines(desk, lines, next)
        }
        StatementVerb::Invoice { of, write } => {
            let path = ["v1", "accounts", &of.account, "statements", &of.month, "invoice"];
            invoice(desk, &path, write).await
        }
        StatementVerb::Print { of, print } => {
            let call = Call::get(&["v1", "accounts", &of.account, "statements", &of.month]);
            self::print(desk, call, print).await
        }
    }
}

/// About invoices and credit notes.
pub(super) async fn documents(desk: &Desk, verb: &DocumentVerb) -> Result<(), Failure> {
    match verb {
        DocumentVerb::List { account, month, slice } => {
            let filter = DocumentQuery { month: month.clone(), ..DocumentQuery::default() };
            let call = Call::get(&["v1", "accounts", account, "documents"]).filter(&filter)?;
            let columns =
                ["ID", "KIND", "NUMBER", "MONTH", ">LINES", ">TOTAL", "CORRECTS", "ISSUED"];
            desk.list(&call, slice, &columns, document_row).await
        }
        DocumentVerb::Show { of, slice } => {
            let call = Call::get(&["v1", "accounts", &of.account, "documents", &of.document]);
            let shown: Option<DocumentShown> = with_lines(desk, &call, slice).await?;
            let Some(DocumentShown { document, lines, next }) = shown else { return Ok(()) };
            output::card(&document_card(&document))?;
            show_lines(desk, lines, next)
        }
        DocumentVerb::Print { of, print } => {
            let call = Call::get(&["v1", "accounts", &of.account, "documents", &of.document]);
            self::print(desk, call, print).await
        }
    }
}

async fn invoice(desk: &Desk, path: &[&str], write: &Write) -> Result<(), Failure> {
    let call = Call::post(path, write);
    desk.ask(&call, |output, receipt: Receipt<DocumentIs>| {
        let document = receipt.answer.document;
        let dry_run = would(receipt.dry_run);
        let kind = document.kind.replace('_', " ");
        match &document.number {
            Some(number) => output.say(&format!("{dry_run}{kind} {number} is issued")),
            None if receipt.dry_run => output.say(&format!("{dry_run}the {kind} would be issued")),
            None => output.say(&format!(
                "the {kind} is issued; its number comes by itself: `renewctl document show {} {}`",
                document.account, document.id
            )),
        }
        Ok(output::card(&document_card(&document))?)
    })
    .await
}

/// Something with its lines, as many as `slice` asks for. `None` if it was printed as JSON.
async fn with_lines<T: DeserializeOwned>(
    desk: &Desk,
    call: &Call,
    slice: &Slice,
) -> Result<Option<T>, Failure> {
    let wanted = if slice.all { usize::MAX } else { slice.limit as usize };
    let mut whole: Option<Value> = None;
    let mut lines: Vec<Value> = Vec::new();
    let mut next = slice.cursor.clone();
    loop {
        let limit = PAGE_MAX.min(wanted - lines.len());
        let page = call.clone().query("limit", Some(limit)).query("cursor", next.as_ref());
        let mut page: Value = desk.client.send(&page).await?.read()?;
        let fresh = page.get_mut("lines").and_then(Value::as_array_mut).map(std::mem::take);
        next = page.get("next").and_then(Value::as_str).map(str::to_owned);
        let is_empty = fresh.as_ref().is_none_or(Vec::is_empty);
        lines.extend(fresh.unwrap_or_default());
        whole.get_or_insert(page);
        if next.is_none() || is_empty || lines.len() >= wanted {
            break;
        }
    }
    let mut whole = whole.unwrap_or_default();
    if let Some(table) = whole.as_object_mut() {
        table.insert("lines".to_owned(), lines.into());
        table.remove("next");
        table.extend(next.map(|next| ("next".to_owned(), next.into())));
    }
    if desk.output.json {
        output::line(&whole.to_string())?;
        return Ok(None);
    }
    let read = serde_json::from_value(whole);
    read.map(Some)
        .map_err(|error| Failure::Daemon(format!("an answer that can't be read: {error}")))
}

fn show_lines(desk: &Desk, lines: Vec<BillLine>, next: Option<String>) -> Result<(), Failure> {
    if !lines.is_empty() {
        let columns = [">NO", "AT", "ITEM", "OF", "FOR", "PLAN", ">NET", ">TAX", ">TOTAL", ">PAID"];
        desk.output.table(&columns, lines.into_iter().map(line).collect())?;
    }
    if let Some(next) = next {
        desk.output.say(&format!("there is more: --all, or --cursor {next}"));
    }
    Ok(())
}

/// Prints into a file, or on stdout. A PDF is nothing for a terminal.
async fn print(desk: &Desk, call: Call, print: &OnPaper) -> Result<(), Failure> {
    let file = print.output.as_deref().filter(|file| *file != Path::new("-"));
    if file.is_none() && print.format == Format::Pdf && std::io::stdout().is_terminal() {
        let reason =
            "a PDF is nothing for a terminal: name a file with -o FILE, or use --format html";
        return Err(Failure::Local(reason.to_owned()));
    }
    let call = call.query("format", Some(print.format.as_str()));
    let answer = desk.client.send(&call).await?;
    match file {
        Some(file) => {
            let name = file.display().to_string();
            std::fs::write(file, answer.bytes()).map_err(|error| Failure::local(&name, &error))?;
            desk.output.say(&format!("printed into {name}"));
            Ok(())
        }
        None => Ok(std::io::stdout().lock().write_all(answer.bytes())?),
    }
}

fn row(statement: Statement) -> Vec<String> {
    vec![
        statement.month,
        statement.state,
        statement.line_count.to_string(),
        money(&statement.totals.total),
        money(&statement.totals.paid),
        money(&statement.totals.outstanding),
        or_nothing(statement.closed_at.as_ref()),
    ]
}

fn card(statement: &Statement) -> Vec<(&'static str, String)> {
    let closes = match &statement.closed_at {
        Some(_) => String::new(),
        None => statement.final_at.clone(),
    };
    let mut card = vec![
        ("account", statement.account.clone()),
        ("month", statement.month.clone()),
        ("state", statement.state.clone()),
        ("closes", closes),
        ("closed", or_nothing(statement.closed_at.as_ref())),
        ("lines", statement.line_count.to_string()),
    ];
    card.extend(totals(&statement.totals));
    let uninvoiced = statement.uninvoiced_line_count;
    let not_invoiced = format!("{uninvoiced} lines, {}", money(&statement.uninvoiced_total));
    card.push(("not invoiced", if uninvoiced == 0 { String::new() } else { not_invoiced }));
    card
}

fn totals(totals: &BillTotals) -> [(&'static str, String); 5] {
    [
        ("net", money(&totals.net)),
        ("tax", money(&totals.tax)),
        ("total", money(&totals.total)),
        ("paid", money(&totals.paid)),
        ("outstanding", money(&totals.outstanding)),
    ]
}

fn document_row(document: Document) -> Vec<String> {
    vec![
        document.id,
        document.kind,
        document.number.unwrap_or_else(|| "pending".to_owned()),
        document.month,
        document.line_count.to_string(),
        money(&document.totals.total),
        or_nothing(document.related.as_ref()),
        document.issued_at,
    ]
}

fn document_card(document: &Document) -> Vec<(&'static str, String)> {
    let mut card = vec![
        ("document", document.id.clone()),
        ("kind", document.kind.clone()),
        ("number", document.number.clone().unwrap_or_else(|| "pending".to_owned())),
        ("account", document.account.clone()),
        ("month", document.month.clone()),
        ("corrects", or_nothing(document.related.as_ref())),
        ("issued", document.issued_at.clone()),
        ("lines", document.line_count.to_string()),
    ];
    card.extend(totals(&document.totals));
    card
}

fn line(line: BillLine) -> Vec<String> {
    let (of, what) = match line.usage {
        Some(BilledUsage { resource, meter, unit, quantity, .. }) => {
            (resource, format!("{meter} {quantity} {unit}"))
        }
        None => (line.order.unwrap_or_default(), line.order_type.unwrap_or_default()),
    };
    vec![
        line.number.to_string(),
        line.at,
        line.item_type,
        of,
        what,
        format!("{} {}", line.product, line.plan),
        money(&line.net),
        money(&line.tax_amount),
        money(&line.total),
        money(&line.paid),
    ]
}
