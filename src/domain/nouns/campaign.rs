//! A coupon campaign: what it grants, and how much of its quota is taken. All accounts share it,
//! so it is a stream of its own; the quota is taken here, durably, before a coupon is granted
//! there, and told back if it can't be.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::coupon::{Benefit, Scope};
use crate::domain::calendar::Timestamp;
use crate::domain::ids::{AccountId, CampaignId};

/// What a campaign grants, to how many, and when; fixed when it is opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Its name for operators.
    pub name: String,
    /// What its coupons say to people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What its coupons take off.
    pub benefit: Benefit,
    /// What they may be used for.
    #[serde(default)]
    pub scope: Scope,
    /// How many coupons it grants at the most; without, as many as are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<u32>,
    /// How many of them one account may get.
    pub per_account: u32,
    /// From when it grants.
    pub starts_at: Timestamp,
    /// Until when, excluded.
    pub ends_at: Timestamp,
    /// How long its coupons are good.
    pub validity: Validity,
    /// Can they be had by a redemption code (R5.2)? The code itself is kept as a claim.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_code: bool,
}

/// How long a coupon is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Validity {
    /// Until an instant, excluded.
    Until(Timestamp),
    /// So many days of 24 hours after it was granted (D37).
    Days(u16),
}

/// A campaign as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// Its id.
    pub id: CampaignId,
    /// What it grants; none before it is opened.
    pub terms: Option<Terms>,
    /// When it was opened.
    pub opened_at: Option<Timestamp>,
    /// How much of the quota is taken.
    pub taken: u32,
    /// How many each account got.
    pub by_account: BTreeMap<AccountId, u32>,
    /// When it was closed before its end.
    pub closed_at: Option<Timestamp>,
}

/// What happened to a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// It was opened.
    Opened {
        /// What it grants.
        terms: Box<Terms>,
        /// When.
        at: Timestamp,
    },
    /// A coupon was taken from the quota for an account.
    Taken {
        /// Which account.
        account: AccountId,
        /// When.
        at: Timestamp,
    },
    /// An account could not take it: it is back in the quota.
    GivenBack {
        /// Which account.
        account: AccountId,
        /// When.
        at: Timestamp,
    },
    /// It was closed: nothing more is granted.
    Closed {
        /// When.
        at: Timestamp,
    },
}

impl Campaign {
    /// A campaign that was not opened yet.
    #[must_use]
    pub const fn unopened(id: CampaignId) -> Self {
        Self {
            id,
            terms: None,
            opened_at: None,
            taken: 0,
            by_account: BTreeMap::new(),
            closed_at: None,
        }
    }

    /// How many more it can grant; `None` without a quota.
    #[must_use]
    pub fn left(&self) -> Option<u32> {
        let quota = self.terms.as_ref()?.quota?;
        Some(quota.saturating_sub(self.taken))
    }

    /// Changes the campaign by what happened. What cannot follow is a broken journal.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Opened { terms, at } => {
                assert!(self.terms.is_none(), "broken journal: {} was opened twice", self.id);
                self.terms = Some(terms.as_ref().clone());
                self.opened_at = Some(*at);
            }
            Event::Taken { account, .. } => {
                assert!(self.left() != Some(0), "broken journal: {} is overdrawn", self.id);
                self.taken += 1;
                *self.by_account.entry(*account).or_default() += 1;
            }
            Event::GivenBack { account, .. } => {
                let Some(count) = self.by_account.get_mut(account) else {
                    panic!("broken journal: {account} got nothing of {}", self.id)
                };
                *count -= 1;
                if *count == 0 {
                    self.by_account.remove(account);
                }
                self.taken -= 1;
            }
            Event::Closed { at } => self.closed_at = Some(*at),
        }
    }
}
