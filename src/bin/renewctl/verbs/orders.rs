//! Orders.

use std::fmt::Write as _;

use renewd::admin::wire::{
    CouponWish, GiveBack, Order, OrderLine, OrderQuery, Ordered, PaidTogether, PayTogether,
    PlaceOrder, Placed, ProvisionFailed, Receipt, Reported, SetCoupon,
};

use super::{Desk, would};
use crate::cli::{OrderVerb, Write};
use crate::client::Call;
use crate::failure::Failure;
use crate::output::{self, Output, money, or_nothing, yes};

const COLUMNS: [&str; 9] = [
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
            price,
            price_lock,
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
                pay_now: price.pay_now,
                external_id: external_id.clone(),
                expires_not_after: expires_not_after.clone(),
                coupon: price.coupon.clone().map(CouponWish::One),
                price_lock: *price_lock,
                expected_payable: price.expect.clone(),
            };
            let call = Call::post(&["v1", "accounts", account, "orders"], write).json(&order)?;
            desk.ask(&call, placed).await
        }
        OrderVerb::List { account, state, kind, product, from, to, slice } => {
            let filter = OrderQuery {
                state: state.clone(),
                kind: kind.clone(),
                product: product.clone(),
                created_from: from.clone(),
                created_to: to.clone(),
                ..OrderQuery::default()
            };
            let call = match account {
                Some(account) => Call::get(&["v1", "accounts", account, "orders"]),
                None => Call::get(&["v1", "orders"]),
            };
            desk.list(&call.filter(&filter)?, slice, &COLUMNS, row).await
        }
        OrderVerb::Show { account, order } => {
            let call = Call::get(&["v1", "accounts", account, "orders", order]);
            desk.ask(&call, |_, order: Order| Ok(output::card(&card(&order))?)).await
        }
        OrderVerb::Pay { account, orders, write } => pay(desk, account, orders, write).await,
        OrderVerb::Cancel { account, order, write } => {
            let path = ["v1", "accounts", account, "orders", order, "cancel"];
            desk.ask(&Call::post(&path, write), settled).await
        }
        OrderVerb::Coupon { account, order, coupon, write } => {
            let set = SetCoupon { coupon: CouponWish::One(coupon.clone()) };
            let path = ["v1", "accounts", account, "orders", order, "coupon"];
            desk.ask(&Call::put(&path, write).json(&set)?, settled).await
        }
        OrderVerb::Provisioned { account, order, write } => {
            let path = ["v1", "accounts", account, "orders", order, "provisioned"];
            desk.ask(&Call::post(&path, write), reported).await
        }
        OrderVerb::ProvisionFailed { account, order, reason, write } => {
            let failed = ProvisionFailed { reason: reason.clone() };
            let path = ["v1", "accounts", account, "orders", order, "provision-failed"];
            desk.ask(&Call::post(&path, write).json(&failed)?, reported).await
        }
        OrderVerb::Refund { account, order, amount, write } => {
            let back = GiveBack { amount: amount.clone() };
            let path = ["v1", "accounts", account, "orders", order, "refunds"];
            desk.ask(&Call::post(&path, write).json(&back)?, settled).await
        }
    }
}

async fn pay(desk: &Desk, account: &str, orders: &[String], write: &Write) -> Result<(), Failure> {
    if let [order] = orders {
        let path = ["v1", "accounts", account, "orders", order, "pay"];
        return desk.ask(&Call::post(&path, write), settled).await;
    }
    let together = PayTogether { orders: orders.to_vec() };
    let call = Call::post(&["v1", "accounts", account, "payments"], write).json(&together)?;
    desk.ask(&call, |output, receipt: Receipt<PaidTogether>| {
        let PaidTogether { paid, skipped, cash } = receipt.answer;
        let paid_count = paid.len();
        output.say(&format!("{}{paid_count} are paid", would(receipt.dry_run)));
        for skipped in &skipped {
            output.say(&format!("{} was skipped: {}", skipped.order, skipped.code));
        }
        output.table(&COLUMNS, paid.into_iter().map(row).collect())?;
        Ok(output::card(&[("cash", money(&cash))])?)
    })
    .await
}

/// Shows an order that was made, paid, changed or closed.
pub(super) fn settled(output: Output, receipt: Receipt<Ordered>) -> Result<(), Failure> {
    let Ordered { order, subscription, cash } = receipt.answer;
    say(output, receipt.dry_run, &order);
    let mut fields = card(&order);
    fields.push(("now", subscription.state));
    fields.push(("cash", money(&cash)));
    Ok(output::card(&fields)?)
}

/// Shows what became of a report on a delivery.
fn reported(output: Output, receipt: Receipt<Reported>) -> Result<(), Failure> {
    match receipt.answer {
        Reported::Settled { order, subscription, cash } => {
            let ordered = Ordered { order: *order, subscription: *subscription, cash };
            let Receipt { seq, at, dry_run, .. } = receipt;
            settled(output, Receipt { seq, at, dry_run, answer: ordered })
        }
        Reported::Late { order } => {
            output.say(&format!(
                "{}{order} is closed: the report is recorded, and nothing changed",
                would(receipt.dry_run)
            ));
            Ok(())
        }
    }
}

/// Shows what became of a request to order; a dry run is a quote.
pub(super) fn placed(output: Output, receipt: Receipt<Placed>) -> Result<(), Failure> {
    match receipt.answer {
        Placed::Ordered { order, subscription, cash, valid_until } => {
            say(output, receipt.dry_run, &order);
            let mut fields = card(&order);
            if receipt.dry_run {
                let until = valid_until.as_ref().map_or_else(
                    || "the prices change; no change is planned".to_owned(),
                    ToString::to_string,
                );
                fields.push(("stands until", until));
            }
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
        "Processing" => {
            let until = order.deliver_until.as_deref().unwrap_or_default();
            format!("{} is paid, and must be delivered until {until}", order.id)
        }
        "Paid" => format!("{} is paid", order.id),
        "Cancelled" => format!("{} is cancelled", order.id),
        "Failed" => format!("{} failed, and everything is given back", order.id),
        "Refunded" => format!(
            "{} gives {} back",
            order.id,
            order.refund.as_ref().map(money).unwrap_or_default()
        ),
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

/// An order with its price in parts.
fn card(order: &Order) -> Vec<(&'static str, String)> {
    let unpaid = order.state == "Unpaid";
    let processing = order.state == "Processing";
    let gives_back = matches!(order.kind.as_str(), "downgrade" | "refund");
    let plan = match &order.from_plan {
        Some(from) => format!("{} {from} -> {}", order.product, order.plan),
        None => format!("{} {}", order.product, order.plan),
    };
    let coupon = order
        .coupon
        .as_ref()
        .map(|applied| format!("-{} by {}", money(&applied.amount), applied.id));
    let tax = order.tax.as_ref().map(|tax| {
        let included = if tax.inclusive { ", in the list price" } else { "" };
        format!("{} ({} {} %{included})", money(&tax.amount), tax.name, tax.rate)
    });
    let because = order.cancelled_for.as_ref().or(order.failed_for.as_ref());
    let mut fields = vec![
        ("order", order.id.clone()),
        ("kind", order.kind.clone()),
        ("subscription", order.subscription.clone()),
        ("product", plan),
        ("period", format!("{} (number {})", order.period, order.period_no)),
        ("starts", or_nothing(order.starts_at.as_ref())),
        ("ends", or_nothing(order.ends_at.as_ref())),
        ("until", or_nothing(order.until.as_ref())),
        ("list price", if gives_back { String::new() } else { money(&order.list) }),
        (
            "discount",
            order.discount.as_ref().map(|off| format!("-{}", money(off))).unwrap_or_default(),
        ),
        ("coupon", coupon.unwrap_or_default()),
        ("tax", tax.unwrap_or_default()),
    ];
    if order.lines.len() > 1 {
        fields.extend(order.lines.iter().map(|line| ("line", told(line))));
    }
    fields.extend([
        ("payable", if gives_back { String::new() } else { money(&order.payable) }),
        ("given back", order.refund.as_ref().map(money).unwrap_or_default()),
        ("for order", or_nothing(order.refund_of.as_ref())),
        ("automatic", yes(order.automatic)),
        ("rules", format!("version {}", order.rules_version)),
        ("state", order.state.clone()),
        ("deadline", if unpaid { order.deadline.clone() } else { String::new() }),
        ("deliver until", order.deliver_until.clone().filter(|_| processing).unwrap_or_default()),
        ("closed", or_nothing(order.closed_at.as_ref())),
        ("because", or_nothing(because)),
        ("reported", or_nothing(order.failed_reason.as_ref())),
    ]);
    fields
}

fn told(line: &OrderLine) -> String {
    let item = match line.days {
        Some(days) => format!("{days} {}", line.item),
        None => line.item.clone(),
    };
    let mut told = format!("{item}: {}", money(&line.list));
    for (sign, name, part) in
        [("-", "discount", &line.discount), ("-", "coupon", &line.coupon), ("+", "tax", &line.tax)]
    {
        if part.amount.bytes().any(|c| matches!(c, b'1'..=b'9')) {
            let _ = write!(told, " {sign} {name} {}", money(part));
        }
    }
    format!("{told} = {}", money(&line.payable))
}
