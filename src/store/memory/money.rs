//! Reading the money side: orders, coupons, ledger lines, what was paid for which time.

use std::collections::BTreeMap;

use super::{Tables, page};
use crate::domain::calendar::Timestamp;
use crate::domain::ids::{OrderId, StreamId};
use crate::domain::money::Currency;
use crate::domain::nouns::order::Order;
use crate::domain::nouns::withdrawal::Withdrawal;
use crate::domain::rows::{CouponRow, CoverageRow};
use crate::domain::trial_balance::Balance;
use crate::store::{
    CouponQuery, EntryQuery, LedgerRow, OrderQuery, StoreError, WithdrawalQuery, codec,
};

impl Tables {
    pub(super) fn list_orders(&self, query: &OrderQuery) -> Vec<Order> {
        let account = query.of_account();
        // Of one account all were made at one instant, so that only the number counts.
        let place = |at: Timestamp, id: OrderId| match account {
            Some(_) => (Timestamp::MIN, id),
            None => (at, id),
        };
        let asked = |order: &&Order| {
            account.is_none_or(|account| order.id.account == account)
                && query.subscription.is_none_or(|id| order.subscription == id)
                && query.state.is_none_or(|state| order.state == state)
                && query.kind.is_none_or(|kind| order.kind == kind)
                && query.product.as_ref().is_none_or(|product| order.product == *product)
                && query.created_from.is_none_or(|from| order.created_at >= from)
                && query.created_before.is_none_or(|before| order.created_at < before)
                && query
                    .before
                    .is_none_or(|(at, id)| place(order.created_at, order.id) < place(at, id))
        };
        let mut orders: Vec<_> = self.orders.values().filter(asked).cloned().collect();
        orders.sort_by_key(|order| std::cmp::Reverse(place(order.created_at, order.id)));
        page(orders.into_iter(), query.limit)
    }

    pub(super) fn list_coupons(&self, query: &CouponQuery) -> Vec<CouponRow> {
        let by_expiry = query.is_by_expiry();
        let place = |at: Timestamp, id| if by_expiry { (at, id) } else { (Timestamp::MIN, id) };
        let asked = |row: &&CouponRow| {
            let coupon = &row.coupon;
            query.account.is_none_or(|account| coupon.id.account == account)
                && (query.states.is_empty() || query.states.contains(&coupon.state))
                && query.campaign.is_none_or(|campaign| coupon.campaign == Some(campaign))
                && query.expires_before.is_none_or(|before| coupon.expires_at < before)
                && query
                    .after
                    .is_none_or(|(at, id)| place(coupon.expires_at, coupon.id) > place(at, id))
        };
        let mut coupons: Vec<_> = self.coupons.values().filter(asked).cloned().collect();
        coupons.sort_by_key(|row| place(row.coupon.expires_at, row.coupon.id));
        page(coupons.into_iter(), query.limit)
    }

    pub(super) fn list_withdrawals(&self, query: WithdrawalQuery) -> Vec<Withdrawal> {
        let asked = self.withdrawals.values().rev().filter(|row| {
            row.id.account == query.account
                && query.state.is_none_or(|state| row.state == state)
                && query.before.is_none_or(|before| row.id.number < before)
        });
        page(asked.cloned(), query.limit)
    }

    pub(super) fn list_entries(&self, query: &EntryQuery) -> Vec<(StreamId, LedgerRow)> {
        // Streams are ordered by their text, as in a database.
        let place = |stream: StreamId, seq: u64, line: u32| match query.stream {
            Some(_) => (String::new(), seq, line),
            None => (stream.to_string(), seq, line),
        };
        let after = query.after.map(|(stream, seq, line)| place(stream, seq, line));
        let entries = self.entries.iter().filter(|((stream, ..), entry)| {
            query.stream.is_none_or(|asked| *stream == asked)
                && query.chart.as_ref().is_none_or(|chart| chart.holds(&entry.account))
                && query.from.is_none_or(|from| entry.at >= from)
                && query.before.is_none_or(|before| entry.at < before)
        });
        let mut entries: Vec<_> = entries
            .map(|((stream, seq, line), entry)| {
                (place(*stream, *seq, *line), (*stream, entry.clone()))
            })
            .filter(|(place, _)| {
                let is_behind =
                    |after: &_| if query.newest_first { place < after } else { place > after };
                after.as_ref().is_none_or(is_behind)
            })
            .collect();
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        if query.newest_first {
            entries.reverse();
        }
        page(entries.into_iter().map(|(_, row)| row), query.limit)
    }

    pub(super) fn sum_entries(&self, as_of: Timestamp) -> Result<Vec<Balance>, StoreError> {
        let mut sums: BTreeMap<(Currency, &str), i128> = BTreeMap::new();
        for entry in self.entries.values().filter(|entry| entry.at <= as_of) {
            let key = (entry.amount.currency(), entry.account.as_str());
            *sums.entry(key).or_default() += i128::from(entry.amount.minor());
        }
        let balances = sums.into_iter().map(|((currency, account), minor)| {
            codec::sum(minor, currency, account)
                .map(|amount| Balance { account: account.to_owned(), amount })
        });
        balances.collect()
    }

    pub(super) fn list_coverages(
        &self,
        began_by: Timestamp,
        after: Option<(Timestamp, OrderId)>,
        limit: u32,
    ) -> Vec<CoverageRow> {
        let rows = self
            .coverages
            .iter()
            .filter(|(place, _)| place.0 <= began_by && after.is_none_or(|after| **place > after));
        page(rows.map(|(_, row)| row.clone()), limit)
    }

    pub(super) fn coverages_at(&self, places: &[(Timestamp, OrderId)]) -> Vec<CoverageRow> {
        let mut rows: Vec<_> =
            places.iter().filter_map(|place| self.coverages.get(place)).cloned().collect();
        rows.sort_unstable_by_key(|row| (row.starts_at, row.order));
        rows
    }
}
