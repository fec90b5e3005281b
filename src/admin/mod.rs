//! The control socket: HTTP and JSON over a Unix socket, for operators, `renewctl` and the
//! provider's own systems.
//!
//! A request comes in at [`server`], which lets in who may speak ([`auth`]); a handler in
//! [`routes`] reads it ([`request`]), the [`door`] turns it into a command, the accounts carry it
//! out ([`intake`]: reports of usage, by the thousand), and [`convert`] puts the answer into the
//! forms of [`wire`], or [`paper`] onto what is printed. Whatever goes wrong leaves as a
//! [`problem`]. Nothing is decided here, and nothing is kept but the replies to machinery.

pub mod auth;
pub mod convert;
pub mod cursor;
pub mod door;
pub mod fields;
pub mod format;
pub mod intake;
pub mod paper;
pub mod ports;
pub mod problem;
pub mod replies;
pub mod request;
pub mod routes;
pub mod server;
pub mod turns;
pub mod wire;

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::rt::time::sleep;
use serde::Serialize;

use self::door::{Asked, Door};
use self::ports::{Control, Profiles, Sealing};
use self::problem::Problem;
use self::replies::Replies;
use self::request::Asking;
use crate::actors::{Accounts, ExecuteError, Receipt, Request};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::account::Open;
use crate::domain::ids::{AccountId, StreamId};
use crate::domain::nouns::house::House;
use crate::domain::rejection::Rejection;
use crate::domain::stream::State;
use crate::store;

/// What the control socket works with.
#[derive(Clone)]
pub struct Admin {
    /// All streams.
    pub accounts: Accounts,
    /// The store, to read lists from.
    pub store: store::Handle,
    /// The clock.
    pub clock: Clock,
    /// What only the shell can do.
    pub control: Arc<dyn Control>,
    /// Keyed hashes, and chance.
    pub sealing: Arc<dyn Sealing>,
    /// Who owns an account.
    pub profiles: Arc<dyn Profiles>,
    /// The configuration.
    pub config: Arc<Config>,
    /// The daemon's version.
    pub version: &'static str,
    /// Replies to machinery that came under a token; [`Replies::default`].
    pub replies: Arc<Replies>,
}

impl Admin {
    /// The door.
    #[must_use]
    pub fn door(&self) -> Door<'_> {
        Door { sealing: self.sealing.as_ref(), config: &self.config }
    }

    /// Carries out what was asked of a stream, or only says what would happen.
    async fn carry_out(
        &self,
        stream: impl Into<StreamId>,
        asked: Asked,
        asking: &Asking,
        dry_run: bool,
    ) -> Result<Receipt, Problem> {
        let request = asking.request(asked, dry_run);
        let carried_out = if dry_run {
            self.accounts.preview(stream.into(), request).await
        } else {
            self.accounts.execute(stream.into(), request).await
        };
        Ok(carried_out?)
    }

    /// The house as it stands.
    async fn house(&self) -> Result<House, Problem> {
        match self.accounts.view(StreamId::House).await?.state {
            State::House(house) => Ok(house),
            State::Account(_) | State::Campaign(_) | State::Series(_) => {
                Err(Problem::broken("the house is another stream"))
            }
        }
    }

    /// The books of an account, in service or closed, and the number of its last record.
    async fn account(&self, id: AccountId) -> Result<(Open, u64), Problem> {
        let view = self.accounts.view(id.into()).await?;
        let open = view.state.account().and_then(|account| account.books());
        open.map(|open| (open.clone(), view.seq)).ok_or_else(|| Rejection::AccountNotFound.into())
    }

    /// Refuses an account that was never opened: asked where a list came out empty.
    async fn must_exist(&self, id: AccountId) -> Result<(), Problem> {
        if self.store.journal(id.into(), 0, 1).await?.is_empty() {
            return Err(Rejection::AccountNotFound.into());
        }
        Ok(())
    }
}

/// How often a request is tried again where too much waits, and after which wait.
const BUSY_MAX: u32 = 100;
const BUSY_WAIT: Duration = Duration::from_millis(50);

/// Executes a request, or only says what would happen; where too much waits, a little later. It is
/// for what comes in masses, and slows nobody but itself.
async fn patiently(
    accounts: &Accounts,
    stream: StreamId,
    request: Request,
    dry_run: bool,
) -> Result<Receipt, ExecuteError> {
    for _ in 0..BUSY_MAX {
        let executed = if dry_run {
            accounts.preview(stream, request.clone()).await
        } else {
            accounts.execute(stream, request.clone()).await
        };
        match executed {
            Err(ExecuteError::Busy) => sleep(BUSY_WAIT).await,
            Ok(_) | Err(_) => return executed,
        }
    }
    Err(ExecuteError::Busy)
}

/// The answer to a write.
fn reply(
    status: StatusCode,
    receipt: &Receipt,
    dry_run: bool,
    answer: impl Serialize,
) -> HttpResponse {
    let mut response = HttpResponse::build(if dry_run { StatusCode::OK } else { status });
    if receipt.replayed {
        response.insert_header(("Idempotent-Replayed", "true"));
    }
    let at = receipt.at.to_string();
    response.json(wire::Receipt { seq: receipt.seq, at, dry_run, answer })
}

/// An answer that does not belong to what was asked: a bug.
fn unexpected(receipt: &Receipt) -> Problem {
    Problem::broken(format!("this is no answer to what was asked: {:?}", receipt.answer))
}
