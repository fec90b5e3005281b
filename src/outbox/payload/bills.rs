//! Statements and documents, as webhooks tell of them.

use serde::Serialize;

use super::Money;
use crate::domain::calendar::Timestamp;
use crate::domain::ids::{DocumentId, DocumentKind};
use crate::domain::month::Month;
use crate::domain::nouns::statement;

/// A month of bills that was closed.
#[derive(Debug, Serialize)]
pub(super) struct Statement {
    month: Month,
    state: statement::State,
    line_count: u32,
    #[serde(flatten)]
    totals: Totals,
    closed_at: Option<Timestamp>,
}

/// An invoice or a credit note.
#[derive(Debug, Serialize)]
pub(super) struct Document {
    id: DocumentId,
    kind: DocumentKind,
    number: Option<String>,
    month: Month,
    #[serde(flatten)]
    totals: Totals,
    related: Option<DocumentId>,
    issued_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct Totals {
    net: Money,
    tax: Money,
    total: Money,
    outstanding: Money,
}

impl From<&statement::Statement> for Statement {
    fn from(statement: &statement::Statement) -> Self {
        Self {
            month: statement.month,
            state: statement.state(),
            line_count: statement.line_count,
            totals: (&statement.standing()).into(),
            closed_at: statement.closed_at,
        }
    }
}

impl From<&statement::Document> for Document {
    fn from(document: &statement::Document) -> Self {
        Self {
            id: document.id,
            kind: document.series.kind,
            number: document.number.clone(),
            month: document.month,
            totals: (&document.totals).into(),
            related: document.related,
            issued_at: document.issued_at,
        }
    }
}

impl From<&statement::Totals> for Totals {
    fn from(totals: &statement::Totals) -> Self {
        Self {
            net: totals.net.into(),
            tax: totals.tax.into(),
            total: totals.total.into(),
            outstanding: totals.outstanding().into(),
        }
    }
}
