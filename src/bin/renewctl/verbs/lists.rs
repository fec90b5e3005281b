//! What happened: journal, notices, deliveries.

use renewd::admin::wire::{Delivery, DeliveryQuery, Record};

use super::Desk;
use crate::cli::{Deliveries, Of};
use crate::client::Call;
use crate::failure::Failure;
use crate::output::{or_nothing, tag};

const DELIVERY: [&str; 8] = ["ID", "AT", "CHANNEL", "WHAT", "STATE", ">TRIES", "NEXT", "OUTCOME"];

/// The records of an account.
pub(super) async fn journal(desk: &Desk, of: &Of) -> Result<(), Failure> {
    let call = Call::get(&["v1", "accounts", &of.account, "journal"]);
    let columns = [">SEQ", "AT", "CAUSE", "EVENTS"];
    desk.list(&call, &of.slice, &columns, |record: Record| {
        let events: Vec<String> = record.events.iter().map(|event| tag(event, 2)).collect();
        vec![record.seq.to_string(), record.at, tag(&record.cause, 1), events.join("\n")]
    })
    .await
}

/// What was mailed to an account, and what will be.
pub(super) async fn notices(desk: &Desk, of: &Of) -> Result<(), Failure> {
    let call = Call::get(&["v1", "accounts", &of.account, "notices"]);
    desk.list(&call, &of.slice, &DELIVERY, delivery).await
}

/// What goes out to anybody.
pub(super) async fn deliveries(desk: &Desk, deliveries: &Deliveries) -> Result<(), Failure> {
    let filter = DeliveryQuery {
        state: deliveries.state.clone(),
        channel: deliveries.channel.clone(),
        ..DeliveryQuery::default()
    };
    let call = Call::get(&["v1", "deliveries"]).filter(&filter)?;
    desk.list(&call, &deliveries.slice, &DELIVERY, delivery).await
}

fn delivery(delivery: Delivery) -> Vec<String> {
    let channel = match delivery.endpoint {
        Some(endpoint) => format!("{} {endpoint}", delivery.channel),
        None => delivery.channel,
    };
    vec![
        delivery.id,
        delivery.at,
        channel,
        delivery.what,
        delivery.state,
        delivery.attempts.to_string(),
        delivery.next_at,
        or_nothing(delivery.outcome.as_ref()),
    ]
}
