//! The relay: commands from one stream to another. Delivered at least once; the receiver's token
//! check makes that exactly once.

use crate::actors::{ExecuteError, Lane, tell};
use crate::store::Delivery;

use super::{Desk, Outcome};

/// Executes the command that `delivery` carries on the stream that it names. A rejection is an
/// answer: the other stream has decided, and asking again would not change it.
pub(super) async fn deliver(desk: &dyn Desk, delivery: &Delivery) -> Outcome {
    let (to, command) = match tell::told(delivery) {
        Ok(told) => told,
        Err(what) => return Outcome::Dead(what),
    };
    let execute = async |stream, request| desk.execute(stream, request).await;
    match tell::tell(execute, delivery.key(), to, command, Lane::Clockwork).await {
        Ok(receipt) if receipt.replayed => {
            Outcome::Sent(format!("{to} had it in record {} already", receipt.seq))
        }
        Ok(receipt) => Outcome::Sent(format!("{to} took it in record {}", receipt.seq)),
        Err(ExecuteError::Rejected(rejection)) => {
            Outcome::Sent(format!("{to} rejected it: {}", rejection.code()))
        }
        Err(error @ (ExecuteError::Busy | ExecuteError::Parked(_))) => {
            Outcome::Failed(format!("{to}: {error}"))
        }
        Err(ExecuteError::Store(error)) => Outcome::Unreachable(error.to_string()),
        Err(error @ ExecuteError::OutcomeUnknown) => Outcome::Failed(format!("{to}: {error}")),
    }
}
