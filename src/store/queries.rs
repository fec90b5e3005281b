//! What can be asked by lists: subscriptions, resources, orders, coupons, ledger lines, bills and their
//! documents, deliveries. All come in pages; a page goes on after the last row of the one before.

use crate::domain::calendar::Timestamp;
use crate::domain::ids::{
    AccountId, CampaignId, CouponId, OrderId, ResourceId, StreamId, SubscriptionId,
};
use crate::domain::month::Month;
use crate::domain::nouns::subscription::{self, Mode};
use crate::domain::nouns::{coupon, order, resource, statement, withdrawal};
use crate::store::{Channel, DeliveryState, EffectKey};

/// Which subscriptions to list over all accounts (R2.24), ordered by expiry and id; those that
/// were never paid come last.
#[derive(Debug, Clone, Default)]
pub struct SubscriptionQuery {
    /// Only of this account.
    pub account: Option<AccountId>,
    /// Only expiring at or after this.
    pub expires_from: Option<Timestamp>,
    /// Only expiring before this.
    pub expires_before: Option<Timestamp>,
    /// Only in these modes; empty for all.
    pub modes: Vec<Mode>,
    /// Only in these states; empty for all.
    pub states: Vec<subscription::State>,
    /// Only of this product.
    pub product: Option<String>,
    /// Only in this region.
    pub region: Option<String>,
    /// After this row of the last page: expiry ([`Timestamp::MAX`] for none) and id.
    pub after: Option<(Timestamp, SubscriptionId)>,
    /// How many at the most.
    pub limit: u32,
}

/// Which pay-as-you-go resources to list, by id.
#[derive(Debug, Clone, Default)]
pub struct ResourceQuery {
    /// Only of this account.
    pub account: Option<AccountId>,
    /// Only in this state.
    pub state: Option<resource::State>,
    /// Only of this product.
    pub product: Option<String>,
    /// Only in this region.
    pub region: Option<String>,
    /// After this one of the last page.
    pub after: Option<ResourceId>,
    /// How many at the most.
    pub limit: u32,
}

/// Which orders to list, newest first: those of one account by number, those of all accounts by
/// the instant in which they were made, then by id.
#[derive(Debug, Clone, Default)]
pub struct OrderQuery {
    /// Only of this account.
    pub account: Option<AccountId>,
    /// Only on this subscription, and so of its account.
    pub subscription: Option<SubscriptionId>,
    /// Only in this state.
    pub state: Option<order::State>,
    /// Only of this kind.
    pub kind: Option<order::Kind>,
    /// Only of this product.
    pub product: Option<String>,
    /// Only made at or after this.
    pub created_from: Option<Timestamp>,
    /// Only made before this.
    pub created_before: Option<Timestamp>,
    /// Behind this row of the last page: when it was made, and its id. In the list of one account
    /// only the number counts.
    pub before: Option<(Timestamp, OrderId)>,
    /// How many at the most.
    pub limit: u32,
}

impl OrderQuery {
    /// The one account that is asked about, if it is one.
    #[must_use]
    pub fn of_account(&self) -> Option<AccountId> {
        self.account.or(self.subscription.map(|subscription| subscription.account))
    }
}

/// Which coupons to list: by id; over all accounts and only in states in which they can still be
/// used, by expiry and id.
#[derive(Debug, Clone, Default)]
pub struct CouponQuery {
    /// Only of this account.
    pub account: Option<AccountId>,
    /// Only in these states; empty for all.
    pub states: Vec<coupon::State>,
    /// Only from this campaign.
    pub campaign: Option<CampaignId>,
    /// Only expiring before this.
    pub expires_before: Option<Timestamp>,
    /// After this row of the last page: its expiry, which counts only in a list by expiry, and id.
    pub after: Option<(Timestamp, CouponId)>,
    /// How many at the most.
    pub limit: u32,
}

impl CouponQuery {
    /// Is it answered by expiry rather than by id?
    #[must_use]
    pub fn is_by_expiry(&self) -> bool {
        let is_live = |state: &coupon::State| match state {
            coupon::State::NotEffective | coupon::State::Available | coupon::State::Frozen => true,
            coupon::State::Used | coupon::State::Expired | coupon::State::Cancelled => false,
        };
        self.account.is_none() && !self.states.is_empty() && self.states.iter().all(is_live)
    }
}

/// Accounts of the chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChartFilter {
    /// This one: `customer_cash`.
    Account(String),
    /// All that begin so: `unearned:`.
    Under(String),
    /// Any of these.
    OneOf(Vec<String>),
}

impl ChartFilter {
    /// Is `account` one of them?
    #[must_use]
    pub fn holds(&self, account: &str) -> bool {
        match self {
            Self::Account(name) => account == name,
            Self::Under(prefix) => account.starts_with(prefix.as_str()),
            Self::OneOf(names) => names.iter().any(|name| account == name),
        }
    }
}

/// Which ledger lines to list, by stream, record and line. Over all streams there is no way to the
/// lines of an instant but past all others: an index on it would cost a page a commit.
#[derive(Debug, Clone, Default)]
pub struct EntryQuery {
    /// Only of this stream.
    pub stream: Option<StreamId>,
    /// Only on these accounts of the chart.
    pub chart: Option<ChartFilter>,
    /// Only posted at or after this.
    pub from: Option<Timestamp>,
    /// Only posted before this.
    pub before: Option<Timestamp>,
    /// The last posted first.
    pub newest_first: bool,
    /// After this row of the last page: stream, which counts only if it is asked for all of them,
    /// record and line.
    pub after: Option<(StreamId, u64, u32)>,
    /// How many at the most.
    pub limit: u32,
}

/// Which campaigns to list, the last opened first.
#[derive(Debug, Clone, Default)]
pub struct CampaignQuery {
    /// Only those with this in their name; upper and lower case of ASCII letters are alike.
    pub name: Option<String>,
    /// Only those that grant at this instant, as long as their quota lasts.
    pub running_at: Option<Timestamp>,
    /// Before this row of the last page: when it was opened, and its id.
    pub before: Option<(Timestamp, CampaignId)>,
    /// How many at the most.
    pub limit: u32,
}

/// Which lines of a bill to list, by number.
#[derive(Debug, Clone, Copy)]
pub struct BillLineQuery {
    /// Of this account.
    pub account: AccountId,
    /// In this month.
    pub month: Month,
    /// After this number, the last of the page before.
    pub after: Option<u32>,
    /// How many at the most.
    pub limit: u32,
}

/// Which closed months to list, by month and account.
#[derive(Debug, Clone, Copy, Default)]
pub struct StatementQuery {
    /// Only of this account.
    pub account: Option<AccountId>,
    /// Only this month.
    pub month: Option<Month>,
    /// Only in this state.
    pub state: Option<statement::State>,
    /// After this row of the last page.
    pub after: Option<(Month, AccountId)>,
    /// How many at the most.
    pub limit: u32,
}

/// Which withdrawals of an account to list, the last requested first.
#[derive(Debug, Clone, Copy)]
pub struct WithdrawalQuery {
    /// Of this account.
    pub account: AccountId,
    /// Only in this state.
    pub state: Option<withdrawal::State>,
    /// Before the one with this number in its id, the last of the page before.
    pub before: Option<u32>,
    /// How many at the most.
    pub limit: u32,
}

/// Which documents of an account to list, the last issued first.
#[derive(Debug, Clone, Copy)]
pub struct DocumentQuery {
    /// Of this account.
    pub account: AccountId,
    /// Only of lines of this month.
    pub month: Option<Month>,
    /// Before the one with this number in its id, the last of the page before.
    pub before: Option<u32>,
    /// How many at the most.
    pub limit: u32,
}

/// Which deliveries to list, newest first.
#[derive(Debug, Clone, Default)]
pub struct DeliveryQuery {
    /// Only of this stream.
    pub stream: Option<StreamId>,
    /// Only in this state.
    pub state: Option<DeliveryState>,
    /// Only on this channel.
    pub channel: Option<Channel>,
    /// Before this row of the last page: instant caused and key.
    pub before: Option<(Timestamp, EffectKey)>,
    /// How many at the most.
    pub limit: u32,
}
