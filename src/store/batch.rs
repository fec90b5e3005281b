//! What a batch comes to, whatever database it goes to: the rows of the commits that may be
//! written, table by table, so that a store has only its statements left to run.

use std::collections::HashSet;
use std::hash::Hash;

use super::{
    Claim, Commit, Head, LedgerRow, OutboxRow, SealedRow, Snapshot, StoredRecord, TokenRow,
    Written, gate,
};
use crate::domain::calendar::Timestamp;
use crate::domain::nouns::order::Order;
use crate::domain::nouns::statement::{BillLine, Document, Statement};
use crate::domain::nouns::withdrawal::Withdrawal;
use crate::domain::rows::{CampaignRow, CouponRow, CoverageRow, ResourceRow, Row, SubscriptionRow};
use crate::domain::usage::{Seen, UsageKey};

/// A commit that may be written, with the text of its stream's id.
pub(super) type Winner<'a> = (String, &'a Commit);

/// Something of a stream, with the text of its id.
pub(super) type Of<'a, T> = (&'a str, &'a T);

/// A head that moves once, however many commits of its stream are written.
pub(super) struct Move<'a> {
    pub(super) stream: &'a str,
    /// Where it must stand.
    pub(super) from: u64,
    pub(super) head: &'a Head,
}

/// An account that is closed: what it claimed is free.
pub(super) struct Closing<'a> {
    pub(super) stream: &'a str,
    pub(super) head: &'a Head,
    /// Claims that it made in this very batch, and that are not written therefore.
    pub(super) unwritten: u64,
}

/// A topic that no longer holds: what waits under it is void.
pub(super) struct Void<'a> {
    pub(super) stream: &'a str,
    pub(super) topic: &'a str,
    /// As far as it is of this record or an earlier one.
    pub(super) through: u64,
    pub(super) at: Timestamp,
}

/// The rows of a batch, a field a table. Neighbours share pages, and whoever writes at the same
/// time locks rows in the same order: so all are sorted by stream, or by the key of their table
/// where that begins with something else. Of a row that several commits write the last is left.
#[derive(Default)]
pub(super) struct Batch<'a> {
    /// Heads of streams that do not exist yet.
    pub(super) fresh: Vec<Move<'a>>,
    /// Heads of those that do.
    pub(super) moves: Vec<Move<'a>>,
    /// They come before the claims: what is free may be claimed by another stream of the batch.
    pub(super) closings: Vec<Closing<'a>>,
    pub(super) claims: Vec<Of<'a, Claim>>,
    pub(super) tokens: Vec<Of<'a, TokenRow>>,
    pub(super) keys: Vec<Of<'a, Vec<u8>>>,
    pub(super) sealed: Vec<Of<'a, SealedRow>>,
    pub(super) seen: Vec<Of<'a, (UsageKey, Seen)>>,
    pub(super) orders: Vec<Of<'a, Order>>,
    pub(super) subscriptions: Vec<Of<'a, SubscriptionRow>>,
    pub(super) resources: Vec<Of<'a, ResourceRow>>,
    pub(super) coupons: Vec<Of<'a, CouponRow>>,
    pub(super) coverages: Vec<Of<'a, CoverageRow>>,
    pub(super) withdrawals: Vec<Of<'a, Withdrawal>>,
    pub(super) bill_lines: Vec<Of<'a, BillLine>>,
    pub(super) statements: Vec<Of<'a, Statement>>,
    pub(super) documents: Vec<Of<'a, Document>>,
    pub(super) campaigns: Vec<Of<'a, CampaignRow>>,
    pub(super) entries: Vec<Of<'a, LedgerRow>>,
    pub(super) effects: Vec<Of<'a, OutboxRow>>,
    /// They come after the effects: a later commit may void what an earlier one sends.
    pub(super) voids: Vec<Void<'a>>,
    pub(super) records: Vec<Of<'a, StoredRecord>>,
    pub(super) snapshots: Vec<Of<'a, Snapshot>>,
    /// Has a stream two commits in it?
    pub(super) has_sequels: bool,
}

/// Those of `commits` that the gate let pass, sorted by the text of their stream; of one stream
/// the order is kept.
pub(super) fn winners<'a>(commits: &'a [Commit], written: &[Written]) -> Vec<Winner<'a>> {
    let mut winners = Vec::with_capacity(commits.len());
    for (commit, written) in commits.iter().zip(written) {
        if *written == Written::Done {
            winners.push((commit.stream.to_string(), commit));
        } else if let Some(reason) = gate::unsound(commit) {
            tracing::error!(stream.id = %commit.stream, reason, "a commit cannot be true");
        }
    }
    winners.sort_by(|a, b| a.0.cmp(&b.0));
    winners
}

impl<'a> Batch<'a> {
    pub(super) fn of(winners: &'a [Winner<'a>]) -> Self {
        let mut batch = Self::default();
        let mut last: Option<Move<'_>> = None;
        for (stream, commit) in winners {
            match &mut last {
                Some(last) if last.stream == stream => {
                    last.head = &commit.head;
                    batch.has_sequels = true;
                }
                Some(_) | None => {
                    let from = commit.expected_seq;
                    let ended = last.replace(Move { stream, from, head: &commit.head });
                    batch.take_move(ended);
                }
            }
            batch.take(stream, commit);
        }
        batch.take_move(last);
        batch.sort();
        batch
    }

    fn take_move(&mut self, moved: Option<Move<'a>>) {
        let Some(moved) = moved else { return };
        let moves = if moved.from == 0 { &mut self.fresh } else { &mut self.moves };
        moves.push(moved);
    }

    fn take(&mut self, stream: &'a str, commit: &'a Commit) {
        if commit.erase {
            let before = self.claims.len();
            self.claims.retain(|(holder, _)| *holder != stream);
            let unwritten = (before - self.claims.len()) as u64;
            self.closings.push(Closing { stream, head: &commit.head, unwritten });
        }
        self.claims.extend(each(stream, &commit.claims));
        self.tokens.extend(each(stream, &commit.tokens));
        self.keys.extend(each(stream, &commit.key));
        self.sealed.extend(each(stream, &commit.sealed));
        self.seen.extend(each(stream, &commit.seen));
        for row in &commit.rows {
            self.take_row(stream, row);
        }
        self.entries.extend(each(stream, &commit.entries));
        self.effects.extend(each(stream, &commit.outbox));
        let topics = commit.voids.iter().filter(|topic| !topic.is_empty());
        let (through, at) = (commit.expected_seq, commit.head.at);
        self.voids.extend(topics.map(|topic| Void { stream, topic, through, at }));
        self.records.extend(each(stream, &commit.records));
        self.snapshots.extend(each(stream, &commit.snapshot));
    }

    fn take_row(&mut self, stream: &'a str, row: &'a Row) {
        match row {
            Row::Order(row) => self.orders.push((stream, row.as_ref())),
            Row::Subscription(row) => self.subscriptions.push((stream, row.as_ref())),
            Row::Resource(row) => self.resources.push((stream, row.as_ref())),
            Row::Coupon(row) => self.coupons.push((stream, row.as_ref())),
            Row::Withdrawal(row) => self.withdrawals.push((stream, row.as_ref())),
            Row::Coverage(row) => self.coverages.push((stream, row.as_ref())),
            Row::BillLine(_, row) => self.bill_lines.push((stream, row.as_ref())),
            Row::Statement(_, row) => self.statements.push((stream, row.as_ref())),
            Row::Document(row) => self.documents.push((stream, row.as_ref())),
            Row::Campaign(row) => self.campaigns.push((stream, row.as_ref())),
        }
    }

    fn sort(&mut self) {
        self.claims.sort_unstable_by_key(|(_, claim)| *claim);
        self.tokens.sort_unstable_by_key(|(stream, row)| (*stream, row.token.as_str()));
        self.seen.sort_unstable_by_key(|(stream, (key, _))| (*stream, *key));
        last_of_each(&mut self.orders, |(stream, row)| (*stream, row.id.number));
        last_of_each(&mut self.subscriptions, |(stream, row)| (*stream, row.id.number));
        last_of_each(&mut self.resources, |(stream, row)| (*stream, row.id.number));
        last_of_each(&mut self.coupons, |(stream, row)| (*stream, row.coupon.id.number));
        last_of_each(&mut self.coverages, |(stream, row)| {
            (row.starts_at, *stream, row.order.number)
        });
        last_of_each(&mut self.withdrawals, |(stream, row)| (*stream, row.id.number));
        last_of_each(&mut self.bill_lines, |(stream, row)| (row.month, *stream, row.number));
        last_of_each(&mut self.statements, |(stream, row)| (*stream, row.month));
        last_of_each(&mut self.documents, |(stream, row)| (*stream, row.id.number));
        last_of_each(&mut self.campaigns, |(stream, _)| *stream);
        last_of_each(&mut self.snapshots, |(stream, _)| *stream);
    }

    /// The voids in runs: no run has a topic of a stream twice.
    pub(super) fn void_runs(&self) -> Vec<&[Void<'a>]> {
        runs(&self.voids, |void| (void.stream, void.topic))
    }
}

fn each<'a, T: 'a>(
    stream: &'a str,
    items: impl IntoIterator<Item = &'a T>,
) -> impl Iterator<Item = Of<'a, T>> {
    items.into_iter().map(move |item| (stream, item))
}

/// Sorts rows by their key, and leaves the last of each.
fn last_of_each<'a, T, K: Ord>(rows: &mut Vec<Of<'a, T>>, key: impl Fn(&Of<'a, T>) -> K) {
    rows.reverse();
    rows.sort_by_key(&key);
    rows.dedup_by_key(|row| key(row));
}

/// Cuts `items` so that no run has the same key twice: an update that meets a row twice takes
/// either.
pub(super) fn runs<T, K: Eq + Hash>(items: &[T], key: impl Fn(&T) -> K) -> Vec<&[T]> {
    let mut runs = Vec::new();
    let mut seen = HashSet::new();
    let mut start = 0;
    for (place, item) in items.iter().enumerate() {
        if !seen.insert(key(item)) {
            runs.push(&items[start..place]);
            start = place;
            seen.clear();
            seen.insert(key(item));
        }
    }
    runs.push(&items[start..]);
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_run_has_a_key_twice() {
        assert_eq!(runs(&[1, 2, 1, 1, 3], |n| *n), [&[1, 2][..], &[1], &[1, 3]]);
        assert_eq!(runs(&[] as &[u8], |n| *n), [&[] as &[u8]]);
    }

    #[test]
    fn of_each_key_the_last_is_left_and_all_are_sorted() {
        let sent = [("b", 1, 'p'), ("a", 2, 'q'), ("b", 1, 'r'), ("a", 1, 's'), ("b", 1, 't')];
        let mut rows: Vec<_> = sent.iter().map(|row| (row.0, row)).collect();
        last_of_each(&mut rows, |(stream, row)| (*stream, row.1));
        let left: Vec<_> = rows.into_iter().map(|(_, row)| row.2).collect();
        assert_eq!(left, ['s', 'q', 't']);
    }
}
