//! Rows of readable tables, as they are kept.

use super::Tables;
use crate::domain::rows::Row;
use crate::store::codec;

impl Tables {
    /// Keeps a row; a later one with the same key replaces it.
    pub(super) fn put_row(&mut self, row: Row) {
        match row {
            Row::Order(mut order) => {
                codec::storable(&mut order);
                self.orders.insert(order.id, *order);
            }
            Row::Subscription(mut row) => {
                row.external_id = row.external_id.filter(|text| !text.is_empty());
                self.subscriptions.insert(row.id, *row);
            }
            Row::Coupon(row) => {
                self.coupons.insert(row.coupon.id, *row);
            }
            Row::Withdrawal(mut row) => {
                row.reason = row.reason.take().filter(|reason| !reason.is_empty());
                self.withdrawals.insert(row.id, *row);
            }
            Row::Resource(mut row) => {
                row.external_id = row.external_id.filter(|text| !text.is_empty());
                self.resources.insert(row.id, *row);
            }
            Row::Coverage(row) => {
                self.coverages.insert((row.starts_at, row.order), *row);
            }
            Row::BillLine(account, mut line) => {
                codec::storable_line(&mut line);
                self.bill_lines.insert((line.month, account, line.number), *line);
            }
            Row::Statement(account, mut statement) => {
                statement.repaid = codec::repaid(statement.repaid);
                self.statements.insert((statement.month, account), *statement);
            }
            Row::Document(mut document) => {
                codec::storable_document(&mut document);
                self.documents.insert(document.id, *document);
            }
            Row::Campaign(row) => {
                self.campaigns.insert(row.id, *row);
            }
        }
    }
}
