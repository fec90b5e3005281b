//! Copying a whole book into another database, table by table in short reads, byte for byte but for
//! characters that the other one cannot keep. The tables are what the databases themselves say they
//! have, so that none can be forgotten.

use async_trait::async_trait;

use super::StoreError;

/// Rows that are read and written at once.
const PAGE: u32 = 1_000;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Int,
    /// Yes or no; where a database knows no such thing, 1 or 0.
    Flag,
    /// A text.
    Text,
    /// Bytes.
    Blob,
}

/// A table as a database describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns by name.
    pub columns: Vec<(String, Kind)>,
    /// The names of the columns of its key, in order.
    pub key: Vec<String>,
}

impl Table {
    /// Could rows of the other be rows of this one?
    fn is_like(&self, other: &Self) -> bool {
        let alike = |(a, b): (&(String, Kind), &(String, Kind))| {
            let plain = |kind| if kind == Kind::Flag { Kind::Int } else { kind };
            a.0 == b.0 && plain(a.1) == plain(b.1)
        };
        self.name == other.name
            && self.key == other.key
            && self.columns.len() == other.columns.len()
            && self.columns.iter().zip(&other.columns).all(alike)
    }

    /// The values of its key in a row.
    fn key_of(&self, row: &[Cell]) -> Vec<Cell> {
        let place = |name| self.columns.iter().position(|(column, _)| column == name);
        self.key.iter().filter_map(|name| row.get(place(name)?).cloned()).collect()
    }
}

/// A value of a row. A flag is a number here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// A whole number, or 1 or 0.
    Int(i64),
    /// A text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// The values of the columns, in the order of [`Table::columns`].
pub type Cells = Vec<Cell>;

/// A store that can be copied: it is open, and so no daemon works on it.
#[async_trait]
pub trait Tables: Send + Sync {
    /// Its name for people.
    fn place(&self) -> String;

    /// Its tables by name, without those of its own machinery, the columns by name.
    async fn tables(&self) -> Result<Vec<Table>, StoreError>;

    /// How many rows there are.
    async fn count(&self, table: &Table) -> Result<u64, StoreError>;

    /// Rows in the order of the key, behind one.
    async fn page(
        &self,
        table: &Table,
        after: Option<&[Cell]>,
        limit: u32,
    ) -> Result<Vec<Cells>, StoreError>;

    /// A text as it is kept there, where that is not as it is.
    fn kept(&self, _text: &str) -> Option<String> {
        None
    }

    /// Begins to fill it.
    async fn filler(&self) -> Result<Box<dyn Filler>, StoreError>;
}

/// Fills a store, in one transaction: a copy that breaks off leaves nothing.
#[async_trait]
pub trait Filler: Send {
    /// Adds rows.
    async fn fill(&mut self, table: &Table, rows: Vec<Cells>) -> Result<(), StoreError>;

    /// Makes all of it durable.
    async fn finish(self: Box<Self>) -> Result<(), StoreError>;
}

/// Why a book was not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// A database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The tables are not the same ones.
    #[error("{from} and {to} have different tables: {table}")]
    Different {
        /// Where it was to be copied from.
        from: String,
        /// Where to.
        to: String,
        /// The first table that differs.
        table: String,
    },
    /// There is nothing to copy.
    #[error("there is no book in {0}")]
    Nothing(String),
    /// Something is there already.
    #[error("{0} holds a book already: copy into an empty one")]
    NotEmpty(String),
    /// What was written is not what was read.
    #[error("{to} came out different from {from}: {table}")]
    Unequal {
        /// Where it was copied from.
        from: String,
        /// Where to.
        to: String,
        /// The first table that differs.
        table: String,
    },
}

/// What is being done to rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// They are copied.
    Copied,
    /// They are compared with their copies.
    Compared,
}

/// What a copy came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// How many rows there are.
    pub row_count: u64,
    /// Texts that could not be kept as they were: a character in them was replaced.
    pub changed_count: u64,
}

/// Copies the whole book into an empty store, and compares them. `progress` is told how many rows
/// of how many are done.
pub async fn copy(
    from: &dyn Tables,
    to: &dyn Tables,
    mut progress: impl FnMut(Stage, u64, u64),
) -> Result<Copied, CopyError> {
    let (tables, targets) = (from.tables().await?, to.tables().await?);
    let pairs = pair(from, to, &tables, &targets)?;
    for (_, target) in &pairs {
        if to.count(target).await? > 0 {
            return Err(CopyError::NotEmpty(to.place()));
        }
    }
    let mut row_count = 0;
    for table in &tables {
        row_count += from.count(table).await?;
    }
    if row_count == 0 {
        return Err(CopyError::Nothing(from.place()));
    }
    let (mut done, mut changed_count) = (0, 0);
    let mut filler = to.filler().await?;
    for (table, target) in &pairs {
        let mut after: Option<Cells> = None;
        loop {
            let mut page = from.page(table, after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(table.key_of(last));
            done += page.len() as u64;
            changed_count += keep(to, table, &mut page);
            filler.fill(target, page).await?;
            progress(Stage::Copied, done, row_count);
        }
    }
    filler.finish().await?;
    compare(from, to, &pairs, |done| progress(Stage::Compared, done, row_count)).await?;
    Ok(Copied { row_count, changed_count })
}

/// Makes texts what the other store keeps of them, and answers how many have changed. Keys stay as
/// they are: with another one a row would be another row.
fn keep(to: &dyn Tables, table: &Table, page: &mut [Cells]) -> u64 {
    let mut changed_count = 0;
    for row in page {
        for (cell, (column, _)) in row.iter_mut().zip(&table.columns) {
            if let Cell::Text(text) = cell
                && let Some(kept) = to.kept(text)
                && !table.key.contains(column)
            {
                *text = kept;
                changed_count += 1;
            }
        }
    }
    changed_count
}

type Pairs<'t> = Vec<(&'t Table, &'t Table)>;

fn pair<'t>(
    from: &dyn Tables,
    to: &dyn Tables,
    tables: &'t [Table],
    targets: &'t [Table],
) -> Result<Pairs<'t>, CopyError> {
    let pairs: Pairs<'t> = tables.iter().zip(targets).collect();
    let wrong = pairs.iter().find(|(table, target)| !table.is_like(target));
    let rest = tables.get(pairs.len()).or(targets.get(pairs.len()));
    match wrong.map(|(table, _)| *table).or(rest) {
        None => Ok(pairs),
        Some(table) => Err(CopyError::Different {
            from: from.place(),
            to: to.place(),
            table: table.name.clone(),
        }),
    }
}

async fn compare(
    from: &dyn Tables,
    to: &dyn Tables,
    pairs: &Pairs<'_>,
    mut progress: impl FnMut(u64),
) -> Result<(), CopyError> {
    let mut done = 0;
    for (table, target) in pairs {
        let mut after: Option<Cells> = None;
        loop {
            let mut read = from.page(table, after.as_deref(), PAGE).await?;
            keep(to, table, &mut read);
            let written = to.page(target, after.as_deref(), PAGE).await?;
            if read != written {
                let (from, to, table) = (from.place(), to.place(), table.name.clone());
                return Err(CopyError::Unequal { from, to, table });
            }
            let Some(last) = read.last() else { break };
            after = Some(table.key_of(last));
            done += read.len() as u64;
            progress(done);
        }
    }
    Ok(())
}
