//! Renewal management.

use renewd::admin::wire::{
    ModeSet, Receipt, Renew, SetRenewalMode, Subscription, SubscriptionQuery,
};

use super::{Desk, orders, would};
use crate::cli::{Filter, Slice, SubscriptionVerb};
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
            pay_now,
            expected_expires_at,
            write,
        } => {
            let renew = Renew {
                period: period.clone(),
                pay_now: *pay_now,
                expected_expires_at: expected_expires_at.clone(),
            };
            let path = ["v1", "accounts", account, "subscriptions", subscription, "renewals"];
            desk.ask(&Call::post(&path, write).json(&renew)?, orders::placed).await
        }
        SubscriptionVerb::Mode { account, subscription, mode, period, mute, unmute, write } => {
            let set = SetRenewalMode {
                mode: mode.as_str().to_owned(),
                period: period.clone(),
                muted: (*mute || *unmute).then_some(*mute),
            };
            let path = ["v1", "accounts", account, "subscriptions", subscription, "renewal-mode"];
            desk.ask(&Call::put(&path, write).json(&set)?, |output, receipt: Receipt<ModeSet>| {
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
        ("unpaid order", or_nothing(subscription.open_order.as_ref())),
        ("not after", or_nothing(subscription.expires_not_after.as_ref())),
    ]
}
