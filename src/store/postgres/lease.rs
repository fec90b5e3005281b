//! One daemon on one database: a row that says who it is and until when. Its holder renews it
//! and, on a clock of its own that nobody sets, stops working well before others may take it. So
//! two never work at once even where the holder is cut off from the database.
//!
//! Many nodes on one database come later: then this row says who runs the clockwork.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ring::rand::{SecureRandom, SystemRandom};
use sqlx::PgConnection;

use super::fault::{self, failed};
use crate::store::StoreError;

/// How long the row is valid, by the clock of the server.
const VALID_FOR: Duration = Duration::from_secs(15);
/// How long its holder works without having renewed it, by its own clock.
const HELD_FOR: Duration = Duration::from_secs(10);
/// How often it is renewed.
pub(super) const RENEWED_EVERY: Duration = Duration::from_secs(3);
/// How often whoever waits for it looks.
const LOOKED_AT_EVERY: Duration = Duration::from_millis(200);

const TABLE: &str = "CREATE TABLE IF NOT EXISTS leases (name TEXT NOT NULL PRIMARY KEY, \
    owner TEXT NOT NULL, valid_until BIGINT NOT NULL)";

/// The clock of the server, in microseconds.
macro_rules! now {
    () => {
        "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT"
    };
}

/// Takes or renews it, if it is ours, has run out, or is of somebody who is known to be dead.
const TAKE: &str = concat!(
    "INSERT INTO leases (name, owner, valid_until) VALUES ('daemon', $1, ",
    now!(),
    " + $2) ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, \
     valid_until = excluded.valid_until WHERE leases.owner IN ($1, $3) OR leases.valid_until < ",
    now!()
);
/// Who has it, until when, and for how long yet.
const LOOK: &str = concat!(
    "SELECT owner, valid_until, valid_until - ",
    now!(),
    " FROM leases WHERE name = 'daemon'"
);
const RELEASE: &str = "DELETE FROM leases WHERE name = 'daemon' AND owner = $1";

/// The lease of this daemon.
#[derive(Debug)]
pub(super) struct Lease {
    owner: String,
    began_at: Instant,
    /// Until when it is held, in milliseconds after `began_at`.
    held_until: AtomicU64,
}

impl Lease {
    /// Waits until the lease is free, and takes it. Refused as soon as somebody else is seen to
    /// hold it.
    pub(super) async fn take(conn: &mut PgConnection) -> Result<Self, StoreError> {
        make_table(conn).await?;
        let lease =
            Self { owner: own_name(), began_at: Instant::now(), held_until: AtomicU64::new(0) };
        let mut seen: Option<(String, i64)> = None;
        while !lease.renewed(conn, seen.as_ref().map_or("", |(dead, _)| dead.as_str())).await? {
            let found: Option<(String, i64, i64)> =
                sqlx::query_as(LOOK).fetch_optional(&mut *conn).await.map_err(failed)?;
            // It may have been released meanwhile.
            let Some((owner, valid_until, left)) = found else { continue };
            let in_use = || StoreError::InUse("another daemon has this database open".to_owned());
            match alive(&owner) {
                Some(true) => return Err(in_use()),
                Some(false) => {
                    tracing::info!("the daemon that had the database has died: it is replaced");
                    seen = Some((owner, valid_until));
                    continue;
                }
                None => {}
            }
            match &seen {
                Some((_, before)) if *before != valid_until => return Err(in_use()),
                Some(_) => {}
                None => {
                    let seconds = left.max(0) / 1_000_000 + 1;
                    tracing::info!(
                        seconds,
                        "a daemon on another machine, or in another container, has the database: \
                         if it has died, it is replaced when its lease runs out"
                    );
                    seen = Some((String::new(), valid_until));
                }
            }
            tokio::time::sleep(LOOKED_AT_EVERY).await;
        }
        Ok(lease)
    }

    /// Renews it; says so if somebody else has it.
    pub(super) async fn renew(&self, conn: &mut PgConnection) -> Result<(), StoreError> {
        if self.renewed(conn, "").await? {
            return Ok(());
        }
        self.held_until.store(0, Ordering::Relaxed);
        Err(taken_over())
    }

    async fn renewed(&self, conn: &mut PgConnection, dead: &str) -> Result<bool, StoreError> {
        // Before it is asked for: the way to the server counts against its holder.
        let asked_at = Instant::now();
        let valid_for = i64::try_from(VALID_FOR.as_micros()).unwrap_or(i64::MAX);
        let taken = sqlx::query(TAKE)
            .bind(self.owner.as_str())
            .bind(valid_for)
            .bind(if dead.is_empty() { self.owner.as_str() } else { dead })
            .execute(conn)
            .await
            .map_err(failed)?;
        let is_ours = taken.rows_affected() == 1;
        if is_ours {
            let held_until = (asked_at + HELD_FOR).duration_since(self.began_at).as_millis();
            let held_until = u64::try_from(held_until).unwrap_or(u64::MAX);
            self.held_until.store(held_until, Ordering::Relaxed);
        }
        Ok(is_ours)
    }

    /// Is it held right now?
    pub(super) fn is_held(&self) -> bool {
        self.left() > Duration::ZERO
    }

    /// Is it known that somebody else has it?
    pub(super) fn is_lost(&self) -> bool {
        self.held_until.load(Ordering::Relaxed) == 0
    }

    /// Should it be renewed by now?
    pub(super) fn is_due(&self) -> bool {
        self.left() + RENEWED_EVERY <= HELD_FOR
    }

    fn left(&self) -> Duration {
        let held_until = Duration::from_millis(self.held_until.load(Ordering::Relaxed));
        held_until.saturating_sub(self.began_at.elapsed())
    }

    /// Gives it back. Reading goes on: nothing follows from it any more.
    pub(super) async fn release(&self, conn: &mut PgConnection) -> Result<(), StoreError> {
        self.held_until.store(u64::MAX, Ordering::Relaxed);
        sqlx::query(RELEASE).bind(self.owner.as_str()).execute(conn).await.map_err(failed)?;
        Ok(())
    }
}

/// The error of a daemon whose lease somebody else has.
pub(super) fn taken_over() -> StoreError {
    StoreError::Unavailable("another daemon has taken the database over".to_owned())
}

/// The table is no migration, because it guards these.
async fn make_table(conn: &mut PgConnection) -> Result<(), StoreError> {
    let made = sqlx::query(TABLE).execute(&mut *conn).await;
    // Two that make it at once get into each other's way; then it is there.
    let made = match made {
        Err(error)
            if fault::code(&error).is_some_and(|code| code == "23505" || code == "42P07") =>
        {
            sqlx::query(TABLE).execute(conn).await
        }
        made => made,
    };
    // Whoever may not make tables is no sign of a book that cannot be trusted.
    made.map(drop).map_err(|error| StoreError::Unavailable(error.to_string()))
}

/// Who this is: the machine's boot, the namespace of process ids, the process and when it
/// started, and which of its stores. Whoever runs beside it can tell that it has died.
fn own_name() -> String {
    static OPENED: AtomicU64 = AtomicU64::new(0);
    let number = OPENED.fetch_add(1, Ordering::Relaxed);
    let pid = std::process::id();
    let place = place().unwrap_or_else(somewhere);
    let started = started(pid).unwrap_or_default();
    format!("{place}/{pid}/{started}/{number}")
}

/// The machine since its start, and the namespace of process ids.
fn place() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{}/{}", boot.trim(), namespace.display()))
}

/// A name for a place that cannot be told: nobody takes its holder for dead.
fn somewhere() -> String {
    let mut bytes = [0; 8];
    // Without randomness the daemon does not get far: it makes keys.
    let _ = SystemRandom::new().fill(&mut bytes);
    format!("somewhere-{:x}", u64::from_ne_bytes(bytes))
}

/// When a process was started, in ticks since the boot; none if there is no such process.
fn started(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is a name in parentheses, which may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let is_zombie = fields.next()? == "Z";
    fields.nth(18).filter(|_| !is_zombie).map(str::to_owned)
}

/// Is the holder alive, as far as that can be told from here?
fn alive(owner: &str) -> Option<bool> {
    let own_place = place()?;
    let mut parts = owner.strip_prefix(&own_place)?.split('/').skip(1);
    let (pid, when) = (parts.next()?.parse().ok()?, parts.next()?);
    Some(started(pid).is_some_and(|started| started == when))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_of_this_machine_is_known_to_live_or_to_be_dead() {
        let own = own_name();
        assert_ne!(own, own_name(), "each store of a process is another owner");
        assert_eq!(alive(&own), Some(true));
        let pid = std::process::id();
        let earlier = own.replace(&format!("/{pid}/"), &format!("/{pid}/1"));
        assert_eq!(alive(&earlier), Some(false), "another process had its number");
        assert_eq!(alive(&format!("elsewhere{own}")), None);
        assert_eq!(alive(""), None);
    }
}
