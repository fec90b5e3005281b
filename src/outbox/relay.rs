//! The relay: commands from one stream to another. Delivered at least once; the receiver's token
//! check makes that exactly once.

use crate::actors::{ExecuteError, Lane, Request, Token};
use crate::domain::effects::Effect;
use crate::domain::record::Cause;
use crate::store::Delivery;

use super::{Desk, Outcome};

/// Executes the command that `delivery` carries on the stream that it names. A rejection is an
/// answer: the other stream has decided, and asking again would not change it.
pub(super) async fn deliver(desk: &dyn Desk, delivery: &Delivery) -> Outcome {
    let (to, command) = match serde_json::from_str(&delivery.row.body) {
        Ok(Effect::Tell { to, command }) => (to, command),
        Ok(Effect::Mail { .. } | Effect::Webhook { .. }) => {
            return Outcome::Dead("this is no command".to_owned());
        }
        Err(error) => return Outcome::Dead(format!("the effect cannot be read: {error}")),
    };
    let (from, seq, n) = (delivery.stream, delivery.row.seq, delivery.row.n);
    let mut request = Request::new(*command, Cause::Stream { from, seq, n }, Lane::Clockwork);
    // The token names one effect, whose command never changes: there are no parameters to tell
    // apart by a fingerprint.
    request.token = Some(Token { text: format!("{from}/{seq}/{n}"), fingerprint: [0; 32] });
    match desk.execute(to, request).await {
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
