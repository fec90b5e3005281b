//! What is said of statements, invoices and credit notes.

use super::{About, Hook, Noun, Outgoing, Template, Topic, base, hook, mail, tell};
use crate::domain::account::Open;
use crate::domain::command::Command;
use crate::domain::ids::StreamId;
use crate::domain::nouns::statement;
use crate::domain::verbs::bill::Number;

/// What the world must be told of what happened to a statement or a document.
pub(super) fn told(event: &statement::Event, open: &Open, out: &mut Vec<Outgoing>) {
    match event {
        statement::Event::Closed { month, line_count, totals, due_at, .. } => {
            let about = About {
                month: Some(*month),
                amount: Some(totals.total),
                count: Some(*line_count),
                due_at: Some(*due_at),
                ..base(open)
            };
            out.push(mail(Template::StatementReady, about, Topic::None, None));
            if let Some(statement) = open.bills.months.get(month) {
                let noun = Noun::Statement(statement.as_ref().clone());
                out.push(hook(Hook::StatementClosed, noun));
            }
        }
        statement::Event::DocumentIssued(document) => {
            let series = StreamId::Series(document.series);
            out.push(tell(series, Command::Number(Number { document: document.id })));
        }
        statement::Event::DocumentNumbered { document, .. } => {
            if let Some(document) = open.bills.documents.get(document) {
                let noun = Noun::Document(document.clone());
                out.push(hook(Hook::DocumentIssued, noun));
            }
        }
    }
}
