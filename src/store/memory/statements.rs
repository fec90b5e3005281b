//! Reading bills: their lines, closed months, documents.

use std::collections::{BTreeMap, BTreeSet};

use super::{Tables, page};
use crate::domain::ids::AccountId;
use crate::domain::money::Currency;
use crate::domain::month::Month;
use crate::domain::nouns::house::MonthSum;
use crate::domain::nouns::statement::{BillLine, Document, Statement};
use crate::store::{BillLineQuery, DocumentQuery, StatementQuery, StoreError, codec};

impl Tables {
    pub(super) fn list_bill_lines(&self, query: BillLineQuery) -> Vec<BillLine> {
        let BillLineQuery { account, month, after, limit } = query;
        let lines = self.bill_lines.range((month, account, 0)..=(month, account, u32::MAX));
        let lines = lines.filter(|((.., number), _)| after.is_none_or(|after| *number > after));
        page(lines.map(|(_, line)| line.clone()), limit)
    }

    pub(super) fn billed_months(&self) -> Vec<Month> {
        let months: BTreeSet<_> = self.bill_lines.keys().map(|(month, ..)| *month).collect();
        months.into_iter().collect()
    }

    pub(super) fn month_sums(&self, month: Month) -> Result<Vec<MonthSum>, StoreError> {
        let mut lines_of: BTreeMap<Currency, Vec<(AccountId, &BillLine)>> = BTreeMap::new();
        for ((of, account, _), line) in &self.bill_lines {
            if *of == month {
                lines_of.entry(line.total.currency()).or_default().push((*account, line));
            }
        }
        let sums = lines_of.into_iter().map(|(currency, lines)| {
            let sum = |part: fn(&BillLine) -> i64| {
                let minor = lines.iter().map(|(_, line)| i128::from(part(line))).sum();
                codec::sum(minor, currency, &month.to_string())
            };
            let accounts: BTreeSet<_> = lines.iter().map(|(account, _)| *account).collect();
            Ok(MonthSum {
                line_count: lines.len() as u64,
                account_count: accounts.len() as u64,
                net: sum(|line| line.net.minor())?,
                tax: sum(|line| line.tax_amount.minor())?,
                total: sum(|line| line.total.minor())?,
            })
        });
        sums.collect()
    }

    pub(super) fn list_statements(&self, query: StatementQuery) -> Vec<(AccountId, Statement)> {
        let asked = self.statements.iter().filter(|((month, account), statement)| {
            query.account.is_none_or(|asked| *account == asked)
                && query.month.is_none_or(|asked| *month == asked)
                && query.state.is_none_or(|state| statement.state() == state)
                && query.after.is_none_or(|after| (*month, *account) > after)
        });
        let rows = asked.map(|((_, account), statement)| (*account, statement.clone()));
        page(rows, query.limit)
    }

    pub(super) fn list_documents(&self, query: DocumentQuery) -> Vec<Document> {
        let asked = self.documents.values().rev().filter(|document| {
            document.id.account == query.account
                && query.month.is_none_or(|month| document.month == month)
                && query.before.is_none_or(|before| document.id.number < before)
        });
        page(asked.cloned(), query.limit)
    }
}
