//! Billing documents on paper: a statement, an invoice, a credit note, as HTML and as PDF; and the
//! certificate of an account that was closed.
//!
//! Printing is pure. What is printed, its figures included, is decided by the caller; this room
//! only looks whether the figures agree with each other, and refuses those that do not: a wrong
//! invoice is worse than none. The same [`Document`] makes the same bytes, so that a document
//! need not be kept to be shown again.
//!
//! A [`document::Document`] is turned into words once (`view`), and both [`html`] and [`pdf`]
//! show these. The PDF is set by hand (`layout`, on `sheet`): a table, some blocks and lines of
//! text are little work, and an engine for typesetting would take longer to build than the rest
//! of the house.

mod certificate;
mod document;
mod fonts;
mod html;
mod layout;
mod sheet;
mod sums;
#[cfg(test)]
mod tests;
mod text;
mod view;
mod words;

pub use certificate::{Certificate, Gone, Kept, Matter};
pub use document::{
    Document, ItemType, Kind, Language, Line, Party, Span, State, TaxTotal, Totals,
};
pub use fonts::{FontError, Fonts};
pub use sums::SumError;

use sheet::About;
use view::{View, clean};

/// Why a document was not printed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Its figures contradict each other.
    #[error("the figures of the document contradict each other: {0}")]
    Sums(#[from] SumError),
    /// A font cannot be used.
    #[error("the document cannot be set: {0}")]
    Font(#[from] FontError),
}

/// The document as one page of HTML that needs nothing else: its style is in it, and prints on
/// A4.
pub fn html(document: &Document) -> Result<String, DocumentError> {
    sums::check(document)?;
    Ok(html::html(&View::of(document)))
}

/// The document as a PDF on A4, with the fonts in it. A character that no font has is printed as
/// an empty box.
pub fn pdf(document: &Document, fonts: &Fonts<'_>) -> Result<Vec<u8>, DocumentError> {
    sums::check(document)?;
    let view = View::of(document);
    let author = clean(&document.seller.name);
    let about = About {
        title: view.name(),
        author: &author,
        language: view.words.tag,
        at: document.issued_at,
    };
    Ok(layout::pdf(&view, fonts, &about)?)
}
