//! Events: what happened, with every number that replay needs. Two levels, so that each noun
//! owns its own. Events only ever gain optional fields; a changed meaning is a new variant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::account;
use super::nouns::{
    campaign, closure, coupon, house, notice, order, resource, series, standing, statement,
    subscription, usage, wallet, withdrawal,
};
use super::text::text_serde;

/// Something that happened in a stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// To the account itself.
    Account(account::Event),
    /// To its wallet.
    Wallet(wallet::Event),
    /// To one of its withdrawals.
    Withdrawal(withdrawal::Event),
    /// To one of its orders.
    Order(order::Event),
    /// To one of its subscriptions.
    Subscription(subscription::Event),
    /// To one of its coupons.
    Coupon(coupon::Event),
    /// To one of its pay-as-you-go resources.
    Resource(resource::Event),
    /// To its usage.
    Usage(usage::Event),
    /// To its standing.
    Standing(standing::Event),
    /// To its closure, and to what stands in the way of it.
    Closure(closure::Event),
    /// To its statements and documents.
    Statement(statement::Event),
    /// About a notice.
    Notice(notice::Event),
    /// To the house.
    House(house::Event),
    /// To a coupon campaign.
    Campaign(campaign::Event),
    /// To a number series.
    Series(series::Event),
}

/// A reference to something personal that is sealed beside the journal: `note#7` is the seventh
/// thing that was sealed in this stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SealedRef(pub u32);

impl fmt::Display for SealedRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "note#{}", self.0)
    }
}

impl FromStr for SealedRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.strip_prefix("note#")
            .and_then(|number| number.parse().ok())
            .map(Self)
            .ok_or_else(|| format!("{text:?} is not a reference such as note#7"))
    }
}

text_serde!(SealedRef);
