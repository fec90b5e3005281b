//! What is asked of a coupon campaign. Its stream is shared by all accounts: what it decides is
//! durable before an account is told.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::coupons::Grant;
use crate::domain::calendar::Timestamp;
use crate::domain::facts::Facts;
use crate::domain::ids::AccountId;
use crate::domain::money::Money;
use crate::domain::nouns::campaign::{Campaign, Event, Terms, Validity};
use crate::domain::nouns::coupon::Billing;
use crate::domain::rejection::Rejection;

/// Open a campaign. Its redemption code, if it has one, comes as a claim beside the command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenCampaign {
    /// What it grants, to how many, and when.
    pub terms: Terms,
}

/// Take coupons from the quota: one for each account named, or none at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Take {
    /// For whom. An account named twice gets two.
    pub accounts: Vec<AccountId>,
}

/// An account could not take the coupon: it goes back to the quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiveBack {
    /// Which account.
    pub account: AccountId,
}

/// Close a campaign before its end: nothing more is granted. What was granted stays good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseCampaign {}

/// Opens it. Its id derives from the request, so the same terms again are the same request, and
/// other ones a token that is used twice (R4.12).
pub fn open(
    campaign: &Campaign,
    open: &OpenCampaign,
    at: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    let mut terms = open.terms.clone();
    // Codes apply on subscription purchases only (R5.2).
    if terms.has_code && terms.scope.billing.is_none() {
        terms.scope.billing = Some(Billing::Subscription);
    }
    if let Some(known) = &campaign.terms {
        return if *known == terms { Ok(Vec::new()) } else { Err(Rejection::TokenMismatch) };
    }
    if let Some(fault) = fault(&terms, at) {
        return Err(Rejection::InvalidCoupon { fault: fault.to_owned() });
    }
    Ok(vec![Event::Opened { terms: Box::new(terms), at }])
}

/// What is wrong with a campaign that is opened at `at`, if anything.
fn fault(terms: &Terms, at: Timestamp) -> Option<&'static str> {
    let currencies = terms.benefit.currency().zip(terms.scope.min_spend.map(Money::currency));
    let is_over_early = match terms.validity {
        Validity::Until(until) => until < terms.ends_at,
        Validity::Days(days) => days == 0,
    };
    let checks = [
        (terms.name.is_empty(), "a campaign needs a name"),
        (terms.quota == Some(0), "its quota must be at least 1"),
        (terms.per_account == 0, "an account must be able to get at least 1"),
        (
            terms.quota.is_some_and(|quota| terms.per_account > quota),
            "an account cannot get more than the quota",
        ),
        (terms.starts_at >= terms.ends_at, "it must end after it starts"),
        (terms.ends_at <= at, "it must end in the future"),
        (is_over_early, "its coupons must be good for a day at least, or until the campaign ends"),
        (
            terms.scope.min_spend.is_some_and(|min| min.minor() < 0),
            "its minimum spend must not be below zero",
        ),
        (
            currencies.is_some_and(|(benefit, scope)| benefit != scope),
            "what it takes off and its minimum spend must be in one currency",
        ),
        (
            terms.has_code && terms.scope.billing == Some(Billing::Payg),
            "a redemption code is for subscriptions: its coupons cannot be for pay-as-you-go",
        ),
    ];
    let own = checks.into_iter().find_map(|(wrong, why)| wrong.then_some(why));
    terms.benefit.fault().or(own)
}

/// Takes from the quota, all or nothing.
pub fn take(
    campaign: &Campaign,
    take: &Take,
    facts: &Facts,
    at: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    let terms = terms(campaign)?;
    check_known(&take.accounts, facts)?;
    let ends_at = campaign.closed_at.map_or(terms.ends_at, |closed| closed.min(terms.ends_at));
    if at < terms.starts_at || at >= ends_at {
        return Err(Rejection::CampaignNotRunning { starts_at: terms.starts_at, ends_at });
    }
    let asked = u32::try_from(take.accounts.len()).unwrap_or(u32::MAX);
    // What is counted must stay countable, quota or not.
    let left = campaign.left().unwrap_or(u32::MAX - campaign.taken);
    if asked > left {
        return Err(Rejection::QuotaExhausted { left, asked });
    }
    let mut counts: BTreeMap<AccountId, u32> = BTreeMap::new();
    for account in &take.accounts {
        let had = campaign.by_account.get(account).copied().unwrap_or(0);
        let count = counts.entry(*account).or_insert(had);
        *count = count.saturating_add(1);
        if *count > terms.per_account {
            let (account, limit) = (*account, terms.per_account);
            return Err(Rejection::CampaignLimit { account, limit });
        }
    }
    Ok(take.accounts.iter().map(|account| Event::Taken { account: *account, at }).collect())
}

/// Who is no account gets no coupon. An account that exists goes on existing, so what was looked
/// up holds, although it is of other streams.
fn check_known(accounts: &[AccountId], facts: &Facts) -> Result<(), Rejection> {
    let unknown: BTreeSet<_> =
        accounts.iter().copied().filter(|account| !facts.knows_account(*account)).collect();
    if unknown.is_empty() {
        Ok(())
    } else if accounts.len() == 1 {
        Err(Rejection::AccountNotFound)
    } else {
        Err(Rejection::UnknownAccounts { accounts: unknown.into_iter().collect() })
    }
}

/// Puts back what an account could not take. It is a fact: a campaign that was opened never
/// refuses it, and what it does not know to be taken changes nothing.
pub fn give_back(
    campaign: &Campaign,
    back: GiveBack,
    at: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    terms(campaign)?;
    let has_some = campaign.by_account.contains_key(&back.account);
    let event = Event::GivenBack { account: back.account, at };
    Ok(has_some.then_some(event).into_iter().collect())
}

/// Closes it; closed once is closed.
pub fn close(campaign: &Campaign, at: Timestamp) -> Result<Vec<Event>, Rejection> {
    terms(campaign)?;
    let event = Event::Closed { at };
    Ok(campaign.closed_at.is_none().then_some(event).into_iter().collect())
}

/// The terms of a campaign that was opened, or a rejection.
pub fn terms(campaign: &Campaign) -> Result<&Terms, Rejection> {
    campaign.terms.as_ref().ok_or(Rejection::CampaignNotFound)
}

/// The coupon that an account is granted for what was taken.
#[must_use]
pub fn grant(campaign: &Campaign) -> Option<Grant> {
    let terms = campaign.terms.as_ref()?;
    Some(Grant {
        campaign: Some(campaign.id),
        description: terms.description.clone(),
        benefit: terms.benefit,
        scope: terms.scope.clone(),
        effective_at: None,
        validity: terms.validity,
    })
}
