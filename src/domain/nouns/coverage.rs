//! Coverage: what was paid, over the time that it pays for. It is what a refund gives back from
//! (R10.13), and what revenue is earned along (D43).

use serde::{Deserialize, Serialize};

use super::coupon::Coupon;
use super::order::Parts;
use crate::domain::calendar::Timestamp;
use crate::domain::ids::OrderId;
use crate::domain::money::Money;

/// What one order paid, over the time that it pays for. After a refund it is in two: what was
/// consumed, and what is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// The order.
    pub order: OrderId,
    /// The number of the period in its subscription, for an order that gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period_no: Option<u32>,
    /// Start of the time.
    pub starts_at: Timestamp,
    /// End of the time, excluded.
    pub ends_at: Timestamp,
    /// What was paid for it.
    pub parts: Parts,
    /// The coupon that was used, as it was then, while it can still be given back: until the
    /// period begins (R5.14).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<Box<Coupon>>,
    /// Cash that was given back for it beside what its time is worth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_back: Option<Money>,
    /// Is it over, in the record at hand?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_closed: bool,
}

impl Coverage {
    /// The cash that was paid and not given back yet.
    #[must_use]
    pub fn refundable(&self) -> Money {
        let given_back = self.given_back.map_or(0, Money::minor);
        Money::from_minor(self.parts.cash.minor() - given_back, self.parts.cash.currency())
    }

    /// Does its time begin only after `at`?
    #[must_use]
    pub fn is_ahead(&self, at: Timestamp) -> bool {
        self.starts_at > at
    }

    /// What of its revenue is earned by `at`: by the second, cumulatively, so that the end takes
    /// the remainder (D43).
    #[must_use]
    pub fn earned(&self, at: Timestamp) -> Money {
        earned(self.parts.revenue(), self.starts_at, self.ends_at, at)
    }
}

/// What of `revenue` over a time is earned by `at` (D43): by the second, cumulatively, rounded
/// down, so that the end takes the remainder.
#[must_use]
pub fn earned(revenue: Money, starts_at: Timestamp, ends_at: Timestamp, at: Timestamp) -> Money {
    if at >= ends_at {
        return revenue;
    }
    // In whole numbers: a quotient of decimals would fall short of a share that comes out even.
    let total = i128::from(ends_at.since(starts_at).as_secs()).max(1);
    let past = i128::from(at.since(starts_at).as_secs());
    let earned = (i128::from(revenue.minor()) * past).div_euclid(total);
    // A share of an amount fits where the amount does.
    Money::from_minor(i64::try_from(earned).unwrap_or(revenue.minor()), revenue.currency())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(minor: i64) -> Money {
        Money::from_minor(minor, "USD".parse().expect("a currency"))
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn a_share_that_comes_out_even_is_earned_whole() {
        for total in 1..=200 {
            for past in 0..=total {
                let of = |minor: i64| earned(usd(minor), at(0), at(total), at(past)).minor();
                assert_eq!(of(total * 100), past * 100, "{past} of {total} s");
                assert_eq!(of(total * 100 - 1), (past * (total * 100 - 1)) / total);
            }
        }
    }

    #[test]
    fn nothing_is_earned_before_the_start_and_all_at_the_end() {
        let of = |seconds: i64| earned(usd(1_000), at(10), at(17), at(seconds)).minor();
        assert_eq!([of(0), of(10), of(11), of(16), of(17), of(99)], [0, 0, 142, 857, 1_000, 1_000]);
        // Given back before it began: there is no time to earn along.
        assert_eq!(earned(usd(5), at(10), at(10), at(10)), usd(5));
    }
}
