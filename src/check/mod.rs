//! `renewd check`: every digest chain, every ledger sum, and every readable table against a
//! replay of the journal. Account by account, in short reads.

mod book;
mod replayed;
mod tables;

use book::Book;
use replayed::Replayed;

use crate::domain::ids::{AccountId, StreamId};
use crate::store::{Handle, Head, StoreError};

/// Rows read at once.
const PAGE: u32 = 500;

/// Something that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where.
    pub stream: StreamId,
    /// What.
    pub what: String,
}

/// What a check came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Streams that were looked at.
    pub stream_count: u64,
    /// Records that were replayed.
    pub record_count: u64,
    /// Ledger lines that were compared.
    pub entry_count: u64,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// Checks the whole book; `progress` is told after each stream.
pub async fn check(
    store: &Handle,
    mut progress: impl FnMut(&Checked),
) -> Result<Checked, StoreError> {
    let mut checked = Checked::default();
    let mut book = Book::default();
    let mut after: Option<StreamId> = None;
    loop {
        let page = store.shared_streams(after, PAGE).await?;
        let Some((last, _)) = page.last() else { break };
        after = Some(*last);
        for (stream, head) in &page {
            check_stream(store, *stream, head, &mut book, &mut checked).await?;
            progress(&checked);
        }
    }
    let mut after: Option<AccountId> = None;
    loop {
        let page = store.accounts(after, PAGE).await?;
        let Some((last, _)) = page.last() else { break };
        after = Some(*last);
        for (account, head) in &page {
            check_stream(store, (*account).into(), head, &mut book, &mut checked).await?;
            progress(&checked);
        }
    }
    let findings = book.check(store).await?;
    let of_house = findings.into_iter().map(|what| Finding { stream: StreamId::House, what });
    checked.findings.extend(of_house);
    Ok(checked)
}

async fn check_stream(
    store: &Handle,
    stream: StreamId,
    head: &Head,
    book: &mut Book,
    checked: &mut Checked,
) -> Result<(), StoreError> {
    checked.stream_count += 1;
    let mut findings = Vec::new();
    let mut replayed = Replayed::empty(stream);
    loop {
        let page = store.journal(stream, replayed.seq, PAGE).await?;
        if page.is_empty() {
            break;
        }
        for record in page {
            checked.record_count += 1;
            if let Err(what) = replayed.follow(&record) {
                findings.push(what);
                book.misses_one();
                checked.findings.extend(findings.into_iter().map(|what| Finding { stream, what }));
                return Ok(());
            }
        }
    }
    replayed.check_head(head, &mut findings);
    match stream {
        StreamId::Account(account) => {
            replayed.check_readings(store, account, &mut findings).await?;
            replayed.check_bills(store, account, &mut findings).await?;
            replayed.check_erasure(store, stream, &mut findings).await?;
        }
        StreamId::Campaign(id) => replayed.check_campaign(store, id, &mut findings).await?,
        StreamId::House | StreamId::Series(_) => {}
    }
    checked.entry_count += replayed.check_ledger(store, stream, &mut findings).await?;
    book.add(&replayed);
    checked.findings.extend(findings.into_iter().map(|what| Finding { stream, what }));
    Ok(())
}
