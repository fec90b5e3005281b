//! Orders.

use renewd::admin::wire::{Order, OrderQuery, Ordered, PlaceOrder, Placed, Receipt};

use super::{Desk, would};
use crate::cli::{OrderVerb, Write};
use crate::client::Call;
use crate::failure::Failure;
use crate::output::{self, Output, money, or_nothing, yes};

/// About orders.
pub(super) async fn run(desk: &Desk, verb: &OrderVerb) -> Result<(), Failure> {
    match verb {
        OrderVerb::Buy {
            account,
            product,
            plan,
            region,
            period,
            mode,
            pay_now,
            external_id,
            expires_not_after,
            write,
        } => {
            let order = PlaceOrder::New {
                product: product.clone(),
                plan: plan.clone(),
                region: region.clone(),
                period: period.clone(),
                renewal_mode: Some(mode.as_str().to_owned()),
                pay_now: *pay_now,
                external_id: external_id.clone(),
                expires_not_after: expires_not_after.clone(),
            };
            let call = Call::post(&["v1", "accounts", account, "orders"], write).json(&order)?;
            desk.ask(&call, placed).await
        }
        OrderVerb::List { account, state, slice } => {
            let filter = OrderQuery { state: state.clone(), ..OrderQuery::default() };
            let call = Call::get(&["v1", "accounts", account, "orders"]).filter(&filter)?;
            let columns = [
                "ID",
                "KIND",
                "SUBSCRIPTION",
                "PRODUCT",
                "PERIOD",
                ">PAYABLE",
                "STATE",
                "MADE",
                "DEADLINE OR CLOSED",
            ];
            desk.list(&call, slice, &columns, row).await
        }
        OrderVerb::Show { account, order } => {
            let call = Call::get(&["v1", "accounts", account, "orders", order]);
            desk.ask(&call, |_, order: Order| Ok(output::card(&card(&order))?)).await
        }
        OrderVerb::Pay { account, order, write } => {
            settle(desk, account, order, write, "pay").await
        }
        OrderVerb::Cancel { account, order, write } => {
            settle(desk, account, order, write, "cancel").await
        }
    }
}

async fn settle(
    desk: &Desk,
    account: &str,
    order: &str,
    write: &Write,
    how: &str,
) -> Result<(), Failure> {
    let call = Call::post(&["v1", "accounts", account, "orders", order, how], write);
    desk.ask(&call, |output, receipt: Receipt<Ordered>| {
        let Ordered { order, subscription, cash } = receipt.answer;
        say(output, receipt.dry_run, &order);
        let mut fields = card(&order);
        fields.push(("now", subscription.state));
        fields.push(("cash", money(&cash)));
        Ok(output::card(&fields)?)
    })
    .await
}

/// Shows what became of a request to order.
pub(super) fn placed(output: Output, receipt: Receipt<Placed>) -> Result<(), Failure> {
    match receipt.answer {
        Placed::Ordered { order, subscription, cash } => {
            say(output, receipt.dry_run, &order);
            let mut fields = card(&order);
            fields.push(("now", subscription.state));
            fields.push(("renewal", subscription.mode));
            fields.push(("cash", money(&cash)));
            Ok(output::card(&fields)?)
        }
        Placed::AlreadyRenewed { last_order, expires_at } => {
            output.say("the expiry has moved meanwhile: nothing was done");
            let last_order = or_nothing(last_order.as_ref());
            Ok(output::card(&[("expires", expires_at), ("order", last_order)])?)
        }
    }
}

fn say(output: Output, dry_run: bool, order: &Order) {
    let state = match order.state.as_str() {
        "Unpaid" => format!("{} waits to be paid until {}", order.id, order.deadline),
        "Paid" => format!("{} is paid", order.id),
        "Cancelled" => format!("{} is cancelled", order.id),
        other => format!("{} is {other}", order.id),
    };
    output.say(&format!("{}{state}", would(dry_run)));
}

fn row(order: Order) -> Vec<String> {
    vec![
        order.id,
        order.kind,
        order.subscription,
        format!("{} {}", order.product, order.plan),
        order.period,
        money(&order.payable),
        order.state,
        order.created_at,
        order.closed_at.unwrap_or(order.deadline),
    ]
}

fn card(order: &Order) -> Vec<(&'static str, String)> {
    let unpaid = order.state == "Unpaid";
    let list = if order.list == order.payable { String::new() } else { money(&order.list) };
    vec![
        ("order", order.id.clone()),
        ("kind", order.kind.clone()),
        ("subscription", order.subscription.clone()),
        ("product", format!("{} {}", order.product, order.plan)),
        ("period", format!("{} (number {})", order.period, order.period_no)),
        ("starts", or_nothing(order.starts_at.as_ref())),
        ("ends", or_nothing(order.ends_at.as_ref())),
        ("list price", list),
        ("payable", money(&order.payable)),
        ("automatic", yes(order.automatic)),
        ("state", order.state.clone()),
        ("deadline", if unpaid { order.deadline.clone() } else { String::new() }),
        ("closed", or_nothing(order.closed_at.as_ref())),
        ("because", or_nothing(order.cancelled_for.as_ref())),
    ]
}
