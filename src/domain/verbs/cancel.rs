//! Close an unpaid order: asked for, timed out, or with its subscription.

use serde::{Deserialize, Serialize};

use super::pay;
use crate::domain::calendar::Timestamp;
use crate::domain::command::Answer;
use crate::domain::draft::Draft;
use crate::domain::ids::OrderId;
use crate::domain::nouns::order::{CancelReason, Event, Kind};
use crate::domain::nouns::{coupon, subscription};
use crate::domain::rejection::Rejection;

/// Close an unpaid order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancel {
    /// Which.
    pub order: OrderId,
}

/// Closes it; final (R4.4).
pub fn decide(draft: &mut Draft<'_>, cancel: &Cancel) -> Result<Answer, Rejection> {
    draft.unpaid_order(cancel.order)?;
    close(draft, cancel.order, CancelReason::Requested, draft.at);
    pay::answer(draft, cancel.order)
}

/// Closes an order that is unpaid: its coupon is free again in the same commit (R4.7), and a
/// first order takes its subscription along, which never began.
pub fn close(draft: &mut Draft<'_>, id: OrderId, reason: CancelReason, at: Timestamp) {
    let Ok(order) = draft.unpaid_order(id) else { return };
    let (kind, subscription, applied) = (order.kind, order.subscription, order.coupon);
    draft.push(Event::Cancelled { order: id, reason, at });
    if let Some(applied) = applied {
        draft.push(coupon::Event::Unfrozen { id: applied.id, at, expires_at: None });
    }
    draft.push(match kind {
        Kind::New => subscription::Event::Cancelled { id: subscription, at },
        Kind::Renew | Kind::Upgrade | Kind::Downgrade | Kind::Refund => {
            subscription::Event::OrderClosed { id: subscription }
        }
    });
}
