//! Bills: which month a line is billed in, the closing of a month, and the documents that are made
//! of its lines (R10.5–R10.7).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::calendar::{Timestamp, Zone};
use crate::domain::command::Answer;
use crate::domain::draft::Draft;
use crate::domain::ids::{DocumentId, DocumentKind, SeriesId};
use crate::domain::money::Money;
use crate::domain::month::Month;
use crate::domain::nouns::house::{self, House, MonthSum};
use crate::domain::nouns::series::{self, Series};
use crate::domain::nouns::statement::{Document, Event, Runs, Totals, Uncredited, add_to_runs};
use crate::domain::rejection::Rejection;
use crate::domain::rules::{Bill, Timeline};

/// Issue an invoice for the lines of a month that are on no document yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueInvoice {
    /// The month.
    pub month: Month,
}

/// To an account: its document has this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignNumber {
    /// Which document.
    pub document: DocumentId,
    /// Its number in its series.
    pub number: u32,
}

/// To a series: a document asks for a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Number {
    /// Which document.
    pub document: DocumentId,
}

/// To the house: seal a month. No account has anything left to do in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealMonth {
    /// Which.
    pub month: Month,
}

/// To the house: close a month that is sealed, with its figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseMonth {
    /// Which.
    pub month: Month,
    /// What all accounts together were billed in it.
    pub sums: Vec<MonthSum>,
}

/// The settings of bills in force at `at`.
#[must_use]
pub fn settings(timeline: &Timeline, at: Timestamp) -> Bill {
    timeline.in_force(at).map(|version| version.rules.bill.clone()).unwrap_or_default()
}

/// When a month is closed: on a day of the next month, by the settings in force when it ended
/// (R10.5).
#[must_use]
pub fn final_at(timeline: &Timeline, month: Month) -> Timestamp {
    let bill = settings(timeline, month.next().starts_at(Zone::UTC));
    month.next().instant(bill.final_day, bill.final_at.0, bill.zone)
}

/// The month that a line of `at` is billed in, where it is not the month of `at` in UTC: the month
/// in the billing zone, or, if that is closed already, the first that is not. Whoever was held
/// while a month was closed is billed in a later one.
#[must_use]
pub fn cycle(draft: &Draft<'_>, at: Timestamp) -> Option<Month> {
    let month = Month::of(at, settings(draft.timeline, at).zone);
    let of_account = draft.books().ok().and_then(|open| open.bills.closed_through);
    let closed = of_account.max(draft.closed_through);
    let month = closed.map_or(month, |closed| month.max(closed.next()));
    (month != Month::of(at, Zone::UTC)).then_some(month)
}

/// Closes a month of an account: its figures never move again. Of months that lie further back
/// than documents are issued for, nothing is kept.
pub fn close(draft: &mut Draft<'_>, month: Month, due_at: Timestamp) {
    let Ok(open) = draft.books() else { return };
    let Some(statement) = open.bills.months.get(&month) else { return };
    let reach = u32::from(settings(draft.timeline, due_at).invoice_within_months);
    let forgets_through =
        open.bills.months.keys().copied().filter(|older| month.since(*older) >= reach.max(1)).max();
    let (line_count, totals) = (statement.line_count, statement.totals);
    draft.push(Event::Closed { month, line_count, totals, due_at, forgets_through });
}

/// Issues an invoice; it may be asked for before the month is closed, and again when there are
/// more lines. What has come to less than nothing is a credit note.
pub fn issue(draft: &mut Draft<'_>, issue: IssueInvoice) -> Result<Answer, Rejection> {
    let open = draft.open()?;
    let month = issue.month;
    let statement = open.bills.months.get(&month).filter(|month| !month.pending.is_empty());
    let Some(statement) = statement else {
        return Err(Rejection::NothingToInvoice { month });
    };
    let totals = statement.pending_totals;
    let kind =
        if totals.total.is_negative() { DocumentKind::CreditNote } else { DocumentKind::Invoice };
    let document = Document {
        id: DocumentId::new(open.id, open.next_number),
        series: series_of(draft, kind, draft.at),
        month,
        lines: statement.pending.clone(),
        totals,
        related: None,
        issued_at: draft.at,
        number: None,
    };
    draft.push(Event::DocumentIssued(Box::new(document.clone())));
    // What was given back of it meanwhile.
    issue_credit_notes(draft, draft.at);
    Ok(Answer::Document { document: Box::new(document) })
}

/// The series of documents of a kind that are issued at `at`.
fn series_of(draft: &Draft<'_>, kind: DocumentKind, at: Timestamp) -> SeriesId {
    let zone = settings(draft.timeline, at).zone;
    SeriesId { kind, year: Month::of(at, zone).year() }
}

/// Puts every line that corrects an invoice on a credit note for it, in the same record: a
/// document is never edited (R10.6, R10.7).
pub fn issue_credit_notes(draft: &mut Draft<'_>, at: Timestamp) {
    let Ok(open) = draft.open() else { return };
    let mut notes: BTreeMap<(DocumentId, Month), (Runs, Totals)> = BTreeMap::new();
    for Uncredited { invoice, month, number, totals } in &open.bills.uncredited {
        let zero = Totals::zero(totals.total.currency());
        let (lines, sum) = notes.entry((*invoice, *month)).or_insert_with(|| (Runs::new(), zero));
        add_to_runs(lines, *number);
        let plus = |a: Money, b: Money| a.checked_add(b).unwrap_or(a);
        *sum = Totals {
            net: plus(sum.net, totals.net),
            tax: plus(sum.tax, totals.tax),
            total: plus(sum.total, totals.total),
            paid: plus(sum.paid, totals.paid),
        };
    }
    for ((invoice, month), (lines, totals)) in notes {
        let Ok(open) = draft.open() else { return };
        let document = Document {
            id: DocumentId::new(open.id, open.next_number),
            series: series_of(draft, DocumentKind::CreditNote, at),
            month,
            lines,
            totals,
            related: Some(invoice),
            issued_at: at,
            number: None,
        };
        draft.push(Event::DocumentIssued(Box::new(document)));
    }
}

/// Takes the number that a series gave: a fact. A document that has one keeps it.
pub fn assign(draft: &mut Draft<'_>, assign: AssignNumber) -> Result<Answer, Rejection> {
    let open = draft.books()?;
    let waiting = open.bills.documents.get(&assign.document);
    if let Some(document) = waiting.filter(|document| document.number.is_none()) {
        let bill = settings(draft.timeline, document.issued_at);
        let template = match document.series.kind {
            DocumentKind::Invoice => &bill.invoice_number,
            DocumentKind::CreditNote => &bill.credit_note_number,
        };
        let year = document.series.year;
        let number = template
            .replace("{year}", &format!("{year:04}"))
            .replace("{number}", &format!("{:06}", assign.number));
        draft.push(Event::DocumentNumbered { document: assign.document, number, at: draft.at });
    }
    Ok(Answer::Done)
}

/// Gives the next number of a series. That a document asks once only is its token's business.
#[must_use]
pub fn number(series: &Series, number: Number, at: Timestamp) -> series::Event {
    series::Event::Numbered { document: number.document, number: series.last + 1, at }
}

/// Seals a month, once: its figures are read only after that, so that nothing can slip between
/// them and their record.
#[must_use]
pub fn seal_month(house: &House, seal: SealMonth, at: Timestamp) -> Vec<house::Event> {
    if house.closed_through >= Some(seal.month) {
        return Vec::new();
    }
    vec![house::Event::MonthSealed { month: seal.month, at }]
}

/// Closes a month for everybody, once.
#[must_use]
pub fn close_month(house: &House, close: &CloseMonth, at: Timestamp) -> Vec<house::Event> {
    if house.summed_through >= Some(close.month) {
        return Vec::new();
    }
    vec![house::Event::MonthClosed { month: close.month, sums: close.sums.clone(), at }]
}
