//! A coupon is frozen exactly while an open order holds it, is in one order at a time, never goes
//! below zero (R4.7, R5.8, D12), and a campaign grants no more than its quota, each coupon once
//! (R5.6; design, section 6).

use std::collections::{BTreeMap, BTreeSet};

use renewd::domain::account::{self, Open};
use renewd::domain::event::Event;
use renewd::domain::ids::{AccountId, CampaignId, StreamId};
use renewd::domain::money::Money;
use renewd::domain::nouns::{campaign, coupon};
use renewd::domain::stream::State;

use crate::history::History;

pub(crate) fn broken(history: &History) -> Vec<String> {
    let mut broken = Vec::new();
    for (id, stream) in history.accounts() {
        let touches = |event: &Event| matches!(event, Event::Coupon(_) | Event::Order(_));
        if !stream.events().any(|(_, event)| matches!(event, Event::Coupon(_))) {
            continue;
        }
        let mut state = State::empty(id.into());
        for (place, record) in stream.records.iter().enumerate() {
            for event in &record.events {
                state.apply(event);
            }
            state.end_record();
            if let Some(open) = state.account().and_then(|account| account.open())
                && record.events.iter().any(touches)
            {
                let what = of_account(open);
                broken.extend(what.into_iter().map(|what| format!("{id}/{}: {what}", place + 1)));
            }
        }
    }
    campaigns(history, &mut broken);
    broken
}

fn of_account(open: &Open) -> Vec<String> {
    let mut broken = Vec::new();
    let mut holding = BTreeMap::new();
    for order in open.orders.values() {
        let Some(applied) = order.coupon else { continue };
        if let Some(other) = holding.insert(applied.id, order.id) {
            broken.push(format!("{} is in {other} and in {}", applied.id, order.id));
        }
    }
    let frozen: BTreeMap<_, _> = open
        .coupons
        .values()
        .filter(|coupon| coupon.state == coupon::State::Frozen)
        .filter_map(|coupon| Some((coupon.id, coupon.order?)))
        .collect();
    if frozen != holding {
        broken.push(format!("frozen are {frozen:?}, held by open orders {holding:?}"));
    }
    for coupon in open.coupons.values() {
        if coupon.balance.is_some_and(Money::is_negative) {
            broken.push(format!("{} is below zero", coupon.id));
        }
        if coupon.state == coupon::State::Frozen && coupon.order.is_none() {
            broken.push(format!("{} is frozen by nobody", coupon.id));
        }
    }
    broken
}

/// What each campaign took from its quota was granted or declined once, by the account for which
/// it was taken.
fn campaigns(history: &History, broken: &mut Vec<String>) {
    let mut granted: BTreeMap<(CampaignId, AccountId), u32> = BTreeMap::new();
    let mut declined: BTreeMap<(CampaignId, AccountId), u32> = BTreeMap::new();
    for (id, stream) in history.accounts() {
        for (_, event) in stream.events() {
            match event {
                Event::Coupon(coupon::Event::Granted(coupon)) => {
                    let Some(campaign) = coupon.campaign else { continue };
                    // One that is granted again was restored.
                    if coupon.again_for.is_none() {
                        *granted.entry((campaign, id)).or_default() += 1;
                    }
                }
                Event::Account(account::Event::CouponDeclined { campaign, .. }) => {
                    *declined.entry((*campaign, id)).or_default() += 1;
                }
                Event::Coupon(
                    coupon::Event::BecameEffective { .. }
                    | coupon::Event::Frozen { .. }
                    | coupon::Event::Unfrozen { .. }
                    | coupon::Event::Redeemed { .. }
                    | coupon::Event::Spent { .. }
                    | coupon::Event::Restored { .. }
                    | coupon::Event::Reminded { .. }
                    | coupon::Event::Expired { .. }
                    | coupon::Event::Cancelled { .. },
                )
                | Event::Account(
                    account::Event::Opened { .. }
                    | account::Event::Held { .. }
                    | account::Event::LetGo { .. }
                    | account::Event::UnifiedDaySet { .. },
                )
                | Event::Wallet(_)
                | Event::Withdrawal(_)
                | Event::Order(_)
                | Event::Subscription(_)
                | Event::Resource(_)
                | Event::Usage(_)
                | Event::Standing(_)
                | Event::Closure(_)
                | Event::Statement(_)
                | Event::Notice(_)
                | Event::House(_)
                | Event::Campaign(_)
                | Event::Series(_) => {}
            }
        }
    }
    for (stream, of) in &history.streams {
        let StreamId::Campaign(id) = stream else { continue };
        let (mut taken, mut back) = (BTreeMap::new(), BTreeMap::new());
        let mut quota = None;
        let (mut out, mut most) = (0_u32, 0);
        for (_, event) in of.events() {
            let Event::Campaign(event) = event else {
                broken.push(format!("{id} was told {event:?}"));
                continue;
            };
            match event {
                campaign::Event::Opened { terms, .. } => quota = terms.quota,
                campaign::Event::Taken { account, .. } => {
                    *taken.entry(*account).or_insert(0_u32) += 1;
                    out += 1;
                    most = most.max(out);
                }
                campaign::Event::GivenBack { account, .. } => {
                    *back.entry(*account).or_insert(0_u32) += 1;
                    out = out.saturating_sub(1);
                }
                campaign::Event::Closed { .. } => {}
            }
        }
        if quota.is_some_and(|quota| most > quota) {
            broken.push(format!("{id} granted {most} of {quota:?}"));
        }
        let known = granted.keys().chain(declined.keys());
        let mut accounts: BTreeSet<AccountId> =
            known.filter(|(campaign, _)| campaign == id).map(|(_, account)| *account).collect();
        accounts.extend(taken.keys());
        for account in accounts {
            let count = |of: &BTreeMap<_, u32>| of.get(&(*id, account)).copied().unwrap_or(0);
            let taken = taken.get(&account).copied().unwrap_or(0);
            let back = back.get(&account).copied().unwrap_or(0);
            let (granted, declined) = (count(&granted), count(&declined));
            if taken != granted + back || back < declined {
                broken.push(format!(
                    "{id} and {account}: {taken} taken, {granted} granted, {declined} declined, \
                     {back} given back"
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::breaking::{change_event, is_found};
    use super::*;

    #[test]
    fn a_coupon_that_stays_frozen_is_found() {
        is_found(broken, |history| {
            let is = |event: &Event| matches!(event, Event::Coupon(coupon::Event::Unfrozen { .. }));
            change_event(history, is, |records, place, event| {
                drop(records[place].events.remove(event));
                records.truncate(place + 1);
            })
        });
    }

    #[test]
    fn a_coupon_that_was_granted_twice_is_found() {
        is_found(broken, |history| {
            let is = |event: &Event| {
                matches!(event, Event::Coupon(coupon::Event::Granted(coupon))
                    if coupon.campaign.is_some())
            };
            change_event(history, is, |records, place, event| {
                let mut again = records[place].events[event].clone();
                if let Event::Coupon(coupon::Event::Granted(coupon)) = &mut again {
                    coupon.id.number += 1_000;
                }
                records.truncate(place + 1);
                records[place].events.push(again);
            })
        });
    }
}
