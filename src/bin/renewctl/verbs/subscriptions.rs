//! Renewal management.

use renewd::admin::wire::{
    ChangePlan, CouponWish, ModeSet, Placed, Receipt, ReleaseNow, Released, Renew, RenewItem,
    RenewMany, RenewedItem, RenewedMany, SetRenewalMode, Subscription, SubscriptionQuery,
    Unsubscribe,
};

use super::{Desk, orders, would};
use crate::cli::{Filter, Slice, SubscriptionVerb, Write};
use crate::client::Call;
use crate::failure::Failure;
use crate::output::{self, money, or_nothing, yes};

const COLUMNS: [&str; 9] =
    ["ID", "NAME", "ACCOUNT", "PRODUCT", "REGION", "STATE", "MODE", "EXPIRES", ">PRICE"];

/// About subscriptions.
pub(super) async fn run(desk: &Desk, verb: &SubscriptionVerb) -> Result<(), Failure> {
    match verb {
        SubscriptionVerb::List { filter, expires_from, expires_before, slice } => {
            let query = SubscriptionQuery {
                expires_from: expires_from.clone(),
                expires_before: expires_before.clone(),
                ..query(filter)
            };
            list(desk, &query, slice).await
        }
        SubscriptionVerb::Urgent { within, filter, slice } => {
            let query = SubscriptionQuery { expires_within: Some(within.clone()), ..query(filter) };
            list(desk, &query, slice).await
        }
        SubscriptionVerb::Of(of) => {
            let call = Call::get(&["v1", "accounts", &of.account, "subscriptions"]);
            desk.list(&call, &of.slice, &COLUMNS, row).await
        }
        SubscriptionVerb::Show { account, subscription } => {
            let call = Call::get(&["v1", "accounts", account, "subscriptions", subscription]);
            desk.ask(&call, |_, subscription: Subscription| Ok(output::card(&card(&subscription))?))
                .await
        }
        SubscriptionVerb::Renew {
            account,
            subscription,
            period,
            renew_day,
            plan,
            price,
            expected_expires_at,
            write,
        } => {
            let renew = Renew {
                period: period.clone(),
                expected_renew_day: renew_day.clone(),
                plan: plan.clone(),
                pay_now: price.pay_now,
                expected_expires_at: expected_expires_at.clone(),
                coupon: price.coupon.clone().map(CouponWish::One),
                expected_payable: price.expect.clone(),
            };
            let path = ["v1", "accounts", account, "subscriptions", subscription, "renewals"];
            desk.ask(&Call::post(&path, write).json(&renew)?, orders::placed).await
        }
        SubscriptionVerb::RenewBatch {
            account,
            subscriptions,
            period,
            renew_day,
            plan,
            no_coupon,
            pay_now,
            write,
        } => {
            let like = RenewItem {
                subscription: String::new(),
                period: period.clone(),
                expected_renew_day: renew_day.clone(),
                plan: plan.clone(),
                pay_now: *pay_now,
                expected_expires_at: None,
                coupon: no_coupon.then(|| CouponWish::One("none".to_owned())),
                expected_payable: None,
            };
            renew_batch(desk, account, subscriptions, &like, write).await
        }
        SubscriptionVerb::Change { account, subscription, plan, until, price, write } => {
            let change = ChangePlan {
                plan: plan.clone(),
                until: until.clone(),
                pay_now: price.pay_now,
                coupon: price.coupon.clone().map(CouponWish::One),
                expected_payable: price.expect.clone(),
            };
            let path = ["v1", "accounts", account, "subscriptions", subscription, "changes"];
            desk.ask(&Call::post(&path, write).json(&change)?, orders::placed).await
        }
        SubscriptionVerb::Unsubscribe { account, subscription, unused, write } => {
            let given_up = Unsubscribe { unused: *unused };
            let path = ["v1", "accounts", account, "subscriptions", subscription, "unsubscribe"];
            desk.ask(&Call::post(&path, write).json(&given_up)?, orders::settled).await
        }
        SubscriptionVerb::Release { account, subscription, confirm, write } => {
            release(desk, account, subscription, *confirm, write).await
        }
        SubscriptionVerb::Mode { account, subscription, mode, period, mute, unmute, write } => {
            let set = SetRenewalMode {
                mode: mode.as_str().to_owned(),
                period: period.clone(),
                muted: (*mute || *unmute).then_some(*mute),
            };
            set_mode(desk, account, subscription, &set, write).await
        }
    }
}

/// Releases a suspended one at once.
async fn release(
    desk: &Desk,
    account: &str,
    subscription: &str,
    confirm: bool,
    write: &Write,
) -> Result<(), Failure> {
    let path = ["v1", "accounts", account, "subscriptions", subscription, "release"];
    let call = Call::post(&path, write).json(&ReleaseNow { confirm })?;
    desk.ask(&call, |output, receipt: Receipt<Released>| {
        let subscription = receipt.answer.subscription;
        output.say(&format!("{}{} is released", would(receipt.dry_run), subscription.id));
        Ok(output::card(&card(&subscription))?)
    })
    .await
}

/// Chooses how it is renewed.
async fn set_mode(
    desk: &Desk,
    account: &str,
    subscription: &str,
    set: &SetRenewalMode,
    write: &Write,
) -> Result<(), Failure> {
    let path = ["v1", "accounts", account, "subscriptions", subscription, "renewal-mode"];
    desk.ask(&Call::put(&path, write).json(set)?, |output, receipt: Receipt<ModeSet>| {
        let ModeSet { subscription, next_attempt_at } = receipt.answer;
        output.say(&format!(
            "{}{} is in {}",
            would(receipt.dry_run),
            subscription.id,
            subscription.mode
        ));
        let mut fields = card(&subscription);
        fields.push(("next attempt", or_nothing(next_attempt_at.as_ref())));
        Ok(output::card(&fields)?)
    })
    .await
}

/// Renews several, and shows what became of each. Some that were refused are a failure, although
/// the others are done.
async fn renew_batch(
    desk: &Desk,
    account: &str,
    subscriptions: &[String],
    like: &RenewItem,
    write: &Write,
) -> Result<(), Failure> {
    let item = |id: &String| RenewItem { subscription: id.clone(), ..like.clone() };
    let batch = RenewMany { items: subscriptions.iter().map(item).collect() };
    let call = Call::post(&["v1", "accounts", account, "renewals"], write).json(&batch)?;
    let answer = desk.client.send(&call).await?;
    let renewed: RenewedMany = answer.read()?;
    let (done, refused) = (renewed.done_count, renewed.refused_count);
    if desk.output.json {
        output::line(&answer.text())?;
    } else {
        let dry_run = would(renewed.dry_run);
        desk.output.say(&format!("{dry_run}{done} are ordered, {refused} were refused"));
        let columns = ["SUBSCRIPTION", "ORDER", ">PAYABLE", "STATE", "EXPIRES", "BECAUSE"];
        desk.output.table(&columns, renewed.items.into_iter().map(renewed_row).collect())?;
    }
    if refused > 0 { Err(Failure::PartlyRejected) } else { Ok(()) }
}

fn renewed_row(item: RenewedItem) -> Vec<String> {
    let RenewedItem { subscription, result, problem, .. } = item;
    let nothing = String::new;
    match result {
        Some(Placed::Ordered { order, .. }) => vec![
            subscription,
            order.id,
            money(&order.payable),
            order.state,
            order.ends_at.unwrap_or_default(),
            nothing(),
        ],
        Some(Placed::AlreadyRenewed { last_order, expires_at }) => vec![
            subscription,
            last_order.unwrap_or_default(),
            nothing(),
            "already renewed".to_owned(),
            expires_at,
            nothing(),
        ],
        None => {
            let because = problem.map(|no| format!("{}: {}", no.code, no.detail));
            let because = because.unwrap_or_default();
            vec![subscription, nothing(), nothing(), "refused".to_owned(), nothing(), because]
        }
    }
}

fn query(filter: &Filter) -> SubscriptionQuery {
    let modes: Vec<&str> = filter.mode.iter().map(|mode| mode.as_str()).collect();
    SubscriptionQuery {
        account: filter.account.clone(),
        mode: (!modes.is_empty()).then(|| modes.join(",")),
        state: (!filter.state.is_empty()).then(|| filter.state.join(",")),
        product: filter.product.clone(),
        region: filter.region.clone(),
        ..SubscriptionQuery::default()
    }
}

async fn list(desk: &Desk, query: &SubscriptionQuery, slice: &Slice) -> Result<(), Failure> {
    let call = Call::get(&["v1", "subscriptions"]).filter(query)?;
    desk.list(&call, slice, &COLUMNS, row).await
}

fn row(subscription: Subscription) -> Vec<String> {
    vec![
        subscription.id,
        or_nothing(subscription.external_id.as_ref()),
        subscription.account,
        format!("{} {}", subscription.product, subscription.plan),
        subscription.region,
        subscription.state,
        subscription.mode,
        or_nothing(subscription.expires_at.as_ref()),
        subscription.price.as_ref().map(money).unwrap_or_default(),
    ]
}

fn card(subscription: &Subscription) -> Vec<(&'static str, String)> {
    let renews_by = match &subscription.auto_period {
        Some(period) => format!("{} by {period}", subscription.mode),
        None => subscription.mode.clone(),
    };
    let next_plan =
        subscription.next_plan.as_ref().map(|next| format!("{} from {}", next.plan, next.at));
    let temporary = subscription
        .temporary_plan
        .as_ref()
        .map(|other| format!("{} until {}", other.plan, other.until));
    let downgrades = subscription.downgrades_used;
    vec![
        ("subscription", subscription.id.clone()),
        ("name", or_nothing(subscription.external_id.as_ref())),
        ("account", subscription.account.clone()),
        ("product", format!("{} {}", subscription.product, subscription.plan)),
        ("region", subscription.region.clone()),
        ("state", subscription.state.clone()),
        ("renewal", renews_by),
        ("muted", yes(subscription.muted)),
        ("time zone", subscription.time_zone.clone()),
        ("period", or_nothing(subscription.period.as_ref())),
        ("anchor", or_nothing(subscription.anchor.as_ref())),
        ("started", or_nothing(subscription.started_at.as_ref())),
        ("expires", or_nothing(subscription.expires_at.as_ref())),
        ("suspends", or_nothing(subscription.suspends_at.as_ref())),
        ("releases", or_nothing(subscription.releases_at.as_ref())),
        ("price", subscription.price.as_ref().map(money).unwrap_or_default()),
        ("price lock", yes(subscription.price_lock)),
        ("next plan", next_plan.unwrap_or_default()),
        ("for a while", temporary.unwrap_or_default()),
        ("downgrades", if downgrades > 0 { downgrades.to_string() } else { String::new() }),
        (
            if subscription.processing { "in delivery" } else { "unpaid order" },
            or_nothing(subscription.open_order.as_ref()),
        ),
        ("not after", or_nothing(subscription.expires_not_after.as_ref())),
    ]
}
