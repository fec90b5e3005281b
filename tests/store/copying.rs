//! A book moves from one database to another, whole.

use async_trait::async_trait;
use renewd::domain::agenda::Job;
use renewd::store::copy::{Cell, Cells, Copied, CopyError, Filler, Stage, Table, Tables, copy};
use renewd::store::postgres::PostgresStore;
use renewd::store::sqlite::SqliteStore;
use renewd::store::{
    Chore, DeliveryQuery, DeliveryState, EffectKey, JobRun, LegalHold, Retained, Store, StoreError,
};

use crate::contents::assert_holds;
use crate::samples::{account, at, commit, everything};
use crate::server::{self, Database};
use crate::{Scratch, campaigns, chores, put};

/// Every table has rows, and those of the longest are more than are read at once.
async fn fill(store: &dyn Store) {
    let opened: Vec<_> = (0..190).map(everything).collect();
    put(store, &opened).await;
    let more: Vec<_> = (1_000..1_600).map(|bits| commit(account(bits), 0, 2)).collect();
    put(store, &more).await;
    let mut closing = commit(account(3), opened[3].head.seq, 1);
    closing.erase = true;
    put(store, &[closing]).await;
    let mut gone = commit(account(1_000), 2, 1);
    gone.erase = true;
    put(store, &[gone]).await;
    campaigns::shelve(store, &[campaigns::full(1)]).await;
    let retained = Some(Retained { wrapped: vec![7; 60], sealed: vec![8; 99] });
    let destroy = Chore::Destroy { stream: account(1_000), at: at(80), retained, mail_count: 2 };
    let hold = LegalHold { held_at: at(3), uid: 7, reason: "a court".into() };
    let run = JobRun {
        job: Job::Renewals,
        at: at(1),
        took_ms: 5,
        advanced_count: 4,
        failed_count: 3,
        steps: std::collections::BTreeMap::new(),
    };
    let park = Chore::Park { stream: account(2), at: at(1), reason: "r".into() };
    let set = Chore::SetLegalHold { stream: account(4), hold: Some(hold) };
    chores(store, vec![park, set, Chore::JobRun(run), destroy]).await;
}

async fn row_counts(store: &dyn Tables) -> Vec<(String, u64)> {
    let mut counts = Vec::new();
    for table in store.tables().await.expect("tables") {
        let count = store.count(&table).await.expect("a count");
        counts.push((table.name, count));
    }
    counts
}

async fn open(database: &Database<'_>) -> PostgresStore {
    PostgresStore::open(&database.url(), None).await.expect("an open store")
}

#[tokio::test]
async fn a_book_moves_to_the_server_and_back() {
    let Some(server) = server::shared() else { return };
    let (first, second) = (Scratch::new(), Scratch::new());
    let database = server.database(None);
    let file = SqliteStore::open(first.file()).await.expect("an open store");
    fill(&file).await;
    let counts = row_counts(&file).await;
    assert!(counts.iter().any(|(_, count)| *count > 1_000), "{counts:?}");
    let empty: Vec<_> = counts.iter().filter(|(_, count)| *count == 0).collect();
    assert!(empty.is_empty(), "{empty:?}");
    let total: u64 = counts.iter().map(|(_, count)| count).sum();
    {
        let store = open(&database).await;
        let mut told = Vec::new();
        let copied = copy(&file, &store, |stage, done, of| told.push((stage, done, of))).await;
        assert_eq!(copied.expect("copied"), Copied { row_count: total, changed_count: 0 });
        assert!(told.contains(&(Stage::Copied, total, total)));
        assert_eq!(told.last(), Some(&(Stage::Compared, total, total)));
        assert_eq!(row_counts(&store).await, counts);
        let again = copy(&file, &store, |_, _, _| {}).await;
        assert!(matches!(again, Err(CopyError::NotEmpty(_))), "{again:?}");
    }
    let store = open(&database).await;
    assert_eq!(store.account_count().await.expect("read"), 790);
    assert_holds(&store, &[everything(0), everything(189)]).await;
    let back = SqliteStore::open(second.file()).await.expect("an open store");
    copy(&store, &back, |_, _, _| {}).await.expect("copied");
    drop(back);
    let back = SqliteStore::open(second.file()).await.expect("an open store");
    assert_eq!(back.account_count().await.expect("read"), 790);
    assert_holds(&back, &[everything(0), everything(189)]).await;
    assert_eq!(row_counts(&back).await, counts);
}

#[tokio::test]
async fn nothing_is_not_copied() {
    let Some(server) = server::shared() else { return };
    let (scratch, database) = (Scratch::new(), server.database(None));
    let file = SqliteStore::open(scratch.file()).await.expect("an open store");
    let nothing = copy(&open(&database).await, &file, |_, _, _| {}).await;
    assert!(matches!(nothing, Err(CopyError::Nothing(_))), "{nothing:?}");
}

/// A server keeps no character 0: what a webhook's endpoint has answered may hold it in a file, and
/// must not keep the book from moving.
#[tokio::test]
async fn a_text_that_the_server_refuses_is_copied_without_the_character() {
    let Some(server) = server::shared() else { return };
    let (scratch, database) = (Scratch::new(), server.database(None));
    let file = SqliteStore::open(scratch.file()).await.expect("an open store");
    put(&file, &[everything(1)]).await;
    let key = EffectKey { stream: account(1), seq: 1, n: 0 };
    let delivery = Chore::Delivery {
        key,
        state: DeliveryState::Waiting,
        attempts: 1,
        next_at: at(5),
        outcome: "a\0b".into(),
    };
    let park = Chore::Park { stream: account(1), at: at(1), reason: "\0\0".into() };
    chores(&file, vec![delivery, park]).await;
    let store = open(&database).await;
    let copied = copy(&file, &store, |_, _, _| {}).await.expect("copied");
    assert_eq!(copied.changed_count, 2);
    let query = DeliveryQuery { limit: 9, ..DeliveryQuery::default() };
    let deliveries = store.deliveries(query).await.expect("read");
    let found = deliveries.iter().find(|delivery| delivery.key() == key).expect("a delivery");
    assert_eq!(found.outcome, "a\u{fffd}b");
    let parked = store.parked().await.expect("read");
    assert_eq!(parked, [(account(1), at(1), "\u{fffd}\u{fffd}".to_owned())]);
}

/// How a copy is spoilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spoilt {
    RowLost,
    ByteChanged,
    BreaksOff,
}

/// A store that is filled badly.
struct Bad<'s>(&'s SqliteStore, Spoilt);

struct BadFiller(Box<dyn Filler>, Spoilt);

#[async_trait]
impl Tables for Bad<'_> {
    fn place(&self) -> String {
        self.0.place()
    }

    async fn tables(&self) -> Result<Vec<Table>, StoreError> {
        self.0.tables().await
    }

    async fn count(&self, table: &Table) -> Result<u64, StoreError> {
        self.0.count(table).await
    }

    async fn page(
        &self,
        table: &Table,
        after: Option<&[Cell]>,
        limit: u32,
    ) -> Result<Vec<Cells>, StoreError> {
        self.0.page(table, after, limit).await
    }

    async fn filler(&self) -> Result<Box<dyn Filler>, StoreError> {
        Ok(Box::new(BadFiller(self.0.filler().await?, self.1)))
    }
}

#[async_trait]
impl Filler for BadFiller {
    async fn fill(&mut self, table: &Table, mut rows: Vec<Cells>) -> Result<(), StoreError> {
        if table.name == "journal" {
            match self.1 {
                Spoilt::RowLost => drop(rows.pop()),
                Spoilt::ByteChanged => {
                    for cell in rows.iter_mut().flatten() {
                        if let Cell::Blob(bytes) = cell {
                            bytes[0] ^= 1;
                        }
                    }
                }
                Spoilt::BreaksOff => return Err(StoreError::Unavailable("a cut".into())),
            }
        }
        self.0.fill(table, rows).await
    }

    async fn finish(self: Box<Self>) -> Result<(), StoreError> {
        self.0.finish().await
    }
}

#[tokio::test]
async fn a_spoilt_copy_is_found_and_a_broken_one_leaves_nothing() {
    let scratch = Scratch::new();
    let file = SqliteStore::open(scratch.file()).await.expect("an open store");
    put(&file, &[everything(1), everything(2)]).await;
    for spoilt in [Spoilt::RowLost, Spoilt::ByteChanged, Spoilt::BreaksOff] {
        let target = Scratch::new();
        let other = SqliteStore::open(target.file()).await.expect("an open store");
        let copied = copy(&file, &Bad(&other, spoilt), |_, _, _| {}).await;
        match spoilt {
            Spoilt::RowLost | Spoilt::ByteChanged => {
                let told = copied.expect_err("unequal").to_string();
                assert!(told.ends_with("journal"), "{told}");
            }
            Spoilt::BreaksOff => {
                assert!(matches!(copied, Err(CopyError::Store(_))), "{copied:?}");
                copy(&file, &other, |_, _, _| {}).await.expect("copied into what is empty still");
            }
        }
    }
}
