//! A number series: the documents of one kind and one year, numbered without gaps (R10.6). A
//! number is given once, durably, to a document that asked for it; a repeated delivery of the
//! same request is answered by its token.

use serde::{Deserialize, Serialize};

use crate::domain::calendar::Timestamp;
use crate::domain::ids::{DocumentId, SeriesId};

/// A series as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// Its id.
    pub id: SeriesId,
    /// The last number that was given; 0 before the first.
    pub last: u32,
}

/// What happened to a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A document got the next number.
    Numbered {
        /// Which document.
        document: DocumentId,
        /// Its number.
        number: u32,
        /// When.
        at: Timestamp,
    },
}

impl Series {
    /// A series that gave no number yet.
    #[must_use]
    pub const fn unused(id: SeriesId) -> Self {
        Self { id, last: 0 }
    }

    /// Changes the series by what happened. A gap is a broken journal.
    pub fn apply(&mut self, event: &Event) {
        let Event::Numbered { number, .. } = event;
        assert!(*number == self.last + 1, "broken journal: {number} after {}", self.last);
        self.last = *number;
    }
}
