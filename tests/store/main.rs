//! Do all stores keep the promise? One suite, in which each promise is one function; each store
//! runs all of it.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

mod campaigns;
mod closures;
mod contents;
mod copying;
mod erasure;
mod gate;
mod lists;
mod money;
mod outbox;
mod postgres;
mod property;
#[path = "../support/proxy.rs"]
mod proxy;
mod races;
mod resources;
mod samples;
mod schedule;
#[path = "../support/postgres.rs"]
mod server;
mod sqlite;
mod statements;
mod tls;
mod usage;
mod vault;
mod withdrawals;
mod writers;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use renewd::store::memory::MemoryStore;
use renewd::store::postgres::PostgresStore;
use renewd::store::sqlite::SqliteStore;
use renewd::store::{Chore, Commit, Handle, Store, Written};
use tokio::sync::OnceCell;

use crate::server::Database;

/// A store of its own for one test, and what must outlive it.
pub(crate) struct World {
    pub(crate) store: Handle,
    _rest: Rest,
}

/// What a store stands on.
#[expect(dead_code, reason = "it is held, not read")]
enum Rest {
    Nothing,
    Scratch(Scratch),
    Database(Database<'static>),
}

/// A directory that is removed at the end.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("renewd-store-{}-{number}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.path().join("renewd.db")
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[expect(clippy::unused_async, reason = "every world is opened alike")]
pub(crate) async fn memory() -> World {
    World { store: Arc::new(MemoryStore::new()), _rest: Rest::Nothing }
}

pub(crate) async fn sqlite() -> World {
    let scratch = Scratch::new();
    let store = SqliteStore::open(scratch.file()).await.expect("an open store");
    World { store: Arc::new(store), _rest: Rest::Scratch(scratch) }
}

/// A store in a database of its own; none where PostgreSQL is not installed.
pub(crate) async fn postgres() -> Option<World> {
    static TEMPLATE: OnceCell<Database<'static>> = OnceCell::const_new();
    let server = server::shared()?;
    let template = TEMPLATE.get_or_init(|| async {
        let database = server.database(None);
        let store = PostgresStore::open(&database.url(), None).await.expect("an open store");
        store.close().await;
        database
    });
    let database = server.database(Some(template.await));
    let store = PostgresStore::open(&database.url(), None).await.expect("an open store");
    Some(World { store: Arc::new(store), _rest: Rest::Database(database) })
}

/// Runs promises on every store. Another store joins by one more line.
macro_rules! promises {
    ($($name:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::memory().await.store.as_ref()).await;
            })*
        }
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                let world = crate::sqlite().await;
                super::$name(world.store.as_ref()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                if let Some(world) = crate::postgres().await {
                    super::$name(world.store.as_ref()).await;
                }
            })*
        }
    };
}
pub(crate) use promises;

/// Writes commits that must all pass.
pub(crate) async fn put(store: &dyn Store, commits: &[Commit]) {
    let written = write(store, commits).await;
    assert!(written.iter().all(|one| *one == Written::Done), "{written:?}");
}

pub(crate) async fn write(store: &dyn Store, commits: &[Commit]) -> Vec<Written> {
    store.write(commits.to_vec(), Vec::new()).await.expect("written")
}

pub(crate) async fn chores(store: &dyn Store, chores: Vec<Chore>) {
    store.write(Vec::new(), chores).await.expect("written");
}
