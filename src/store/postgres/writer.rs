//! A connection that writes, and what it has in common with its neighbours.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};
use tokio::sync::{Mutex, oneshot};
use tokio::time::timeout;

use super::lease::Lease;
use super::open::{Address, TRUSTED_FOR, Trust};
use super::{fault, open, streams, write};
use crate::domain::ids::StreamId;
use crate::failpoint::{self, Point};
use crate::store::account_count::AccountCount;
use crate::store::{Chore, Commit, StoreError, Written};

/// A batch that takes longer has lost its connection without being told.
const WRITE_TIMEOUT: Duration = Duration::from_mins(1);
/// How long a connection or a renewal may take.
const REACH_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) type Answer = Result<Vec<Written>, StoreError>;

/// A batch, and who waits for its answer.
pub(super) struct Batch {
    pub(super) commits: Vec<Commit>,
    pub(super) chores: Vec<Chore>,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// What all writers work with.
pub(super) struct Common {
    pub(super) lease: Arc<Lease>,
    address: Address,
    trust: Arc<Trust>,
    accounts: Accounts,
    /// Chores are written by one at a time: some look at what others have written.
    chores: Mutex<()>,
    /// Was the server out of reach when it was last needed?
    is_away: AtomicBool,
}

/// How many accounts there are, where several write at the same time.
struct Accounts {
    count: AccountCount,
    /// Times that a batch which opens accounts was begun or ended.
    changes: AtomicU64,
    /// Such batches that are being written.
    opening: AtomicU64,
    /// Does nobody know whether such a batch was written?
    is_doubtful: AtomicBool,
}

impl Accounts {
    const fn new(count: AccountCount) -> Self {
        let (changes, opening) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { count, changes, opening, is_doubtful: AtomicBool::new(false) }
    }

    /// Which of the commits open an account.
    fn opening(commits: &[Commit]) -> impl Iterator<Item = bool> {
        commits
            .iter()
            .map(|commit| commit.expected_seq == 0 && matches!(commit.stream, StreamId::Account(_)))
    }

    /// Answers whether the commits open any.
    fn begin(&self, commits: &[Commit]) -> bool {
        let opens = Self::opening(commits).any(|opens| opens);
        if opens {
            self.changes.fetch_add(1, Ordering::Relaxed);
            self.opening.fetch_add(1, Ordering::Relaxed);
        }
        opens
    }

    /// The end of what was begun, if it opens any.
    fn end(&self, commits: &[Commit], written: &Answer) {
        match written {
            Ok(written) => {
                let opened = Self::opening(commits)
                    .zip(written)
                    .filter(|(opens, written)| *opens && **written == Written::Done);
                self.count.add(u64::try_from(opened.count()).unwrap_or(0));
            }
            Err(_) => self.is_doubtful.store(true, Ordering::Relaxed),
        }
        self.changes.fetch_add(1, Ordering::Relaxed);
        self.opening.fetch_sub(1, Ordering::Relaxed);
    }

    /// Begins to count them again if it must. What is being written while the count begins would be
    /// counted twice or not at all: then it is left to the next occasion.
    async fn settle(&self, address: &Address) -> Result<(), StoreError> {
        let changes = self.changes.load(Ordering::Relaxed);
        let is_quiet = || {
            self.opening.load(Ordering::Relaxed) == 0
                && self.changes.load(Ordering::Relaxed) == changes
        };
        let is_doubtful = self.is_doubtful.load(Ordering::Relaxed) || self.count.has_failed();
        if is_doubtful
            && is_quiet()
            && streams::count_accounts(address, &self.count, is_quiet).await?
        {
            self.is_doubtful.store(false, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// A writer: batches go through it one after the other.
pub(super) struct Writer {
    /// None before the first batch, and after an error of the database: then the connection is
    /// not trusted again.
    conn: Option<PgConnection>,
    used_at: Instant,
    common: Arc<Common>,
}

impl Writer {
    /// Connects, takes the lease and brings the tables up to date.
    pub(super) async fn open(
        address: Address,
        trust: Arc<Trust>,
        account_count: AccountCount,
    ) -> Result<Self, StoreError> {
        let connecting = timeout(REACH_TIMEOUT, address.writer());
        let mut conn = connecting.await.map_err(|_| too_slow())??;
        let lease = Arc::new(Lease::take(&mut conn).await?);
        if let Err(error) = prepared(&mut conn, &address, &lease, &account_count).await {
            // Whoever comes next, perhaps a newer daemon on another machine, need not wait.
            let _ = timeout(REACH_TIMEOUT, lease.release(&mut conn)).await;
            return Err(error);
        }
        let accounts = Accounts::new(account_count);
        let (chores, is_away) = (Mutex::new(()), AtomicBool::new(false));
        let common = Arc::new(Common { lease, address, trust, accounts, chores, is_away });
        Ok(Self { conn: Some(conn), ..Self::new(common) })
    }

    /// One that connects when it is first needed.
    pub(super) fn new(common: Arc<Common>) -> Self {
        Self { conn: None, used_at: Instant::now(), common }
    }

    pub(super) const fn common(&self) -> &Arc<Common> {
        &self.common
    }

    pub(super) const fn is_connected(&self) -> bool {
        self.conn.is_some()
    }

    /// Writes a batch if there is one, and sees to the connection and the lease in any case.
    pub(super) async fn serve(mut self, batch: Option<Batch>) -> Self {
        let ready = self.be_ready().await;
        let Some(Batch { commits, chores, answer }) = batch else { return self };
        let written = match ready {
            Ok(()) => self.write(&commits, &chores).await,
            Err(error) => Err(error),
        };
        // Whoever asked may have gone: what is written stays written.
        let _ = answer.send(written);
        self
    }

    /// Sees to it that there is a connection and that the lease is held.
    async fn be_ready(&mut self) -> Result<(), StoreError> {
        let is_trusted = self.used_at.elapsed() < TRUSTED_FOR && !self.common.trust.is_shaken();
        if self.conn.is_some() && is_trusted && !self.common.lease.is_due() {
            return Ok(());
        }
        let ready = match timeout(REACH_TIMEOUT, self.reach()).await {
            Ok(ready) => ready,
            Err(_) => Err(too_slow()),
        };
        match &ready {
            Ok(()) => {
                self.used_at = Instant::now();
                if self.common.is_away.swap(false, Ordering::Relaxed) {
                    tracing::info!("the database is in reach again");
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the database is out of reach");
                self.common.is_away.store(true, Ordering::Relaxed);
                self.common.trust.shake();
                self.conn = None;
            }
        }
        ready
    }

    async fn reach(&mut self) -> Result<(), StoreError> {
        let common = &self.common;
        if let Some(conn) = &mut self.conn {
            let kept = if common.lease.is_due() {
                common.lease.renew(conn).await
            } else {
                conn.ping().await.map_err(fault::failed)
            };
            match kept {
                Ok(()) => return common.accounts.settle(&common.address).await,
                Err(error) => {
                    tracing::warn!(%error, "a connection that writes was lost");
                    common.is_away.store(true, Ordering::Relaxed);
                    common.trust.shake();
                }
            }
            self.conn = None;
        }
        let mut conn = common.address.writer().await?;
        common.lease.renew(&mut conn).await?;
        common.accounts.settle(&common.address).await?;
        self.conn = Some(conn);
        Ok(())
    }

    /// Writes a batch. If the connection breaks while it is committed, nobody knows whether it
    /// was: then whoever asked reads what is there, and the gate keeps the same commit from being
    /// written twice.
    async fn write(&mut self, commits: &[Commit], chores: &[Chore]) -> Answer {
        let Some(mut conn) = self.conn.take() else { return Err(too_slow()) };
        let common = Arc::clone(&self.common);
        let turn = if chores.is_empty() { None } else { Some(common.chores.lock().await) };
        let opens = common.accounts.begin(commits);
        let writing = write::write(&mut conn, commits, chores, &common.lease);
        let written = match timeout(WRITE_TIMEOUT, writing).await {
            Ok(written) => written,
            Err(_) => Err(too_slow()),
        };
        drop(turn);
        if opens {
            common.accounts.end(commits, &written);
        }
        match &written {
            Ok(_) => {
                self.conn = Some(conn);
                self.used_at = Instant::now();
            }
            Err(error) => {
                tracing::error!(%error, "a batch could not be written");
                common.is_away.store(true, Ordering::Relaxed);
                common.trust.shake();
                let _ = timeout(REACH_TIMEOUT, conn.close()).await;
            }
        }
        written
    }

    /// Gives `lease` back, if there is one to give back, and closes the connection. Answers
    /// whether the lease is given back.
    pub(super) async fn end(self, lease: Option<&Lease>) -> bool {
        let Some(mut conn) = self.conn else { return false };
        let mut is_released = false;
        let ended = timeout(REACH_TIMEOUT, async {
            if let Some(lease) = lease {
                lease.release(&mut conn).await?;
                is_released = true;
            }
            conn.close().await.map_err(fault::failed)
        });
        match ended.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the database did not close well"),
            Err(_) => tracing::warn!("the database did not close in time"),
        }
        is_released
    }
}

/// Brings the tables up to date, and begins to count the accounts.
async fn prepared(
    conn: &mut PgConnection,
    address: &Address,
    lease: &Lease,
    account_count: &AccountCount,
) -> Result<(), StoreError> {
    failpoint::pass(Point::StoreBeforeMigrations);
    open::migrate(conn).await?;
    failpoint::pass(Point::StoreAfterMigrations);
    streams::count_accounts(address, account_count, || true).await?;
    lease.renew(conn).await
}

fn too_slow() -> StoreError {
    StoreError::Unavailable("the database does not answer".to_owned())
}
