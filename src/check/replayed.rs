//! What the journal of a stream says, followed record by record.

use std::collections::BTreeMap;

use crate::domain::calendar::Timestamp;
use crate::domain::draft::Touched;
use crate::domain::event::Event;
use crate::domain::ids::{
    CampaignId, CouponId, DocumentId, OrderId, ResourceId, StreamId, SubscriptionId, WithdrawalId,
};
use crate::domain::ledger;
use crate::domain::money::{Currency, Money};
use crate::domain::month::Month;
use crate::domain::nouns::house::{self, MonthSum};
use crate::domain::nouns::order::Order;
use crate::domain::nouns::statement::{BillLine, Document, Statement};
use crate::domain::nouns::withdrawal::Withdrawal;
use crate::domain::record::Record;
use crate::domain::rows::{CampaignRow, CouponRow, CoverageRow, ResourceRow, Row, SubscriptionRow};
use crate::domain::stream::State;
use crate::store::{Digest, LedgerRow, StoredRecord, codec};

/// What a replay of a stream's journal says must be there.
pub(super) struct Replayed {
    pub(super) state: State,
    pub(super) seq: u64,
    pub(super) digest: Digest,
    pub(super) orders: BTreeMap<OrderId, Order>,
    pub(super) subscriptions: BTreeMap<SubscriptionId, SubscriptionRow>,
    pub(super) coupons: BTreeMap<CouponId, CouponRow>,
    pub(super) resources: BTreeMap<ResourceId, ResourceRow>,
    pub(super) coverages: BTreeMap<(Timestamp, OrderId), CoverageRow>,
    pub(super) campaign: BTreeMap<CampaignId, CampaignRow>,
    pub(super) bill_lines: BTreeMap<Month, BTreeMap<u32, BillLine>>,
    pub(super) statements: BTreeMap<Month, Statement>,
    pub(super) documents: BTreeMap<DocumentId, Document>,
    pub(super) withdrawals: BTreeMap<WithdrawalId, Withdrawal>,
    pub(super) closed: Vec<(Month, Vec<MonthSum>)>,
    pub(super) entries: Vec<LedgerRow>,
}

impl Replayed {
    /// Before the first record.
    pub(super) fn empty(stream: StreamId) -> Self {
        Self {
            state: State::empty(stream),
            seq: 0,
            digest: codec::GENESIS,
            orders: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            coupons: BTreeMap::new(),
            resources: BTreeMap::new(),
            coverages: BTreeMap::new(),
            campaign: BTreeMap::new(),
            bill_lines: BTreeMap::new(),
            statements: BTreeMap::new(),
            documents: BTreeMap::new(),
            withdrawals: BTreeMap::new(),
            closed: Vec::new(),
            entries: Vec::new(),
        }
    }

    /// Follows the journal by one record.
    pub(super) fn follow(&mut self, stored: &StoredRecord) -> Result<(), String> {
        if stored.seq != self.seq + 1 {
            return Err(format!("record {} is missing", self.seq + 1));
        }
        self.seq = stored.seq;
        self.digest = codec::digest(&self.digest, &stored.body);
        if self.digest != stored.digest {
            return Err(format!("record {} does not fit its digest", stored.seq));
        }
        let record: Record = serde_json::from_str(&stored.body)
            .map_err(|error| format!("record {} cannot be read: {error}", stored.seq))?;
        if record.at != stored.at {
            return Err(format!("record {} is filed under another instant", stored.seq));
        }
        let mut line = 0;
        let mut touched = Touched::default();
        for event in &record.events {
            self.state.apply(event);
            touched.note(event);
            if let Event::House(house::Event::MonthClosed { month, sums, .. }) = event {
                self.closed.push((*month, sums.clone()));
            }
            for posting in ledger::postings(event) {
                self.entries.push(LedgerRow {
                    seq: stored.seq,
                    line,
                    at: stored.at,
                    account: posting.account.to_string(),
                    amount: posting.amount,
                });
                line += 1;
            }
        }
        for row in self.state.rows(&touched) {
            match row {
                Row::Order(order) => drop(self.orders.insert(order.id, *order)),
                Row::Subscription(live) => drop(self.subscriptions.insert(live.id, *live)),
                Row::Coupon(row) => drop(self.coupons.insert(row.coupon.id, *row)),
                Row::Withdrawal(row) => drop(self.withdrawals.insert(row.id, *row)),
                Row::Resource(row) => drop(self.resources.insert(row.id, *row)),
                Row::Coverage(row) => {
                    self.coverages.insert((row.starts_at, row.order), *row);
                }
                Row::BillLine(_, line) => {
                    self.bill_lines.entry(line.month).or_default().insert(line.number, *line);
                }
                Row::Statement(_, statement) => {
                    self.statements.insert(statement.month, *statement);
                }
                Row::Document(document) => drop(self.documents.insert(document.id, *document)),
                Row::Campaign(row) => drop(self.campaign.insert(row.id, *row)),
            }
        }
        self.state.end_record();
        Ok(())
    }

    /// What the wallet holds.
    pub(super) fn wallet(&self) -> Option<(Currency, i128)> {
        let open = self.state.account()?.books()?;
        Some((open.wallet.cash.currency(), i128::from(open.wallet.cash.minor())))
    }

    /// What must stand on accounts of the chart by what the account holds, in minor units.
    pub(super) fn balances(&self) -> BTreeMap<String, i128> {
        let Some(open) = self.state.account().and_then(|account| account.books()) else {
            return BTreeMap::new();
        };
        let minor = |amount: Money| i128::from(amount.minor());
        let waiting = open.withdrawals.values().map(|asked| minor(asked.amount)).sum::<i128>();
        [
            (ledger::Account::CustomerCash, -minor(open.wallet.cash)),
            (ledger::Account::Receivable, minor(open.wallet.debt())),
            (ledger::Account::Withdrawals, -waiting),
        ]
        .map(|(account, minor)| (account.to_string(), minor))
        .into()
    }

    /// Cash on its way to other accounts.
    pub(super) fn sent(&self) -> Option<(Currency, i128)> {
        let sent = self.state.account()?.books()?.wallet.sent();
        Some((sent.currency(), i128::from(sent.minor())))
    }
}
