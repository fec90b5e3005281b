//! The gate: which commits may be written. Deciding it needs to know where heads stand, which
//! claims are held and which tokens were used; whoever asks says where that comes from.
//!
//! First it is hoped that every commit passes, which is nearly always so: then nothing is read,
//! and the writes themselves prove it, because each must change as many rows as were sent. If
//! one does not, or a commit loses against another of its batch, the transaction is rolled back
//! and heads, claims and tokens are read. If it fails even so, it is the data: then each commit is
//! tried for itself inside the transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;

use super::rows::Columns;
use super::{Channel, Claim, Commit, LedgerRow, StoreError, Written, codec};
use crate::domain::ids::{AccountId, StreamId};
use crate::domain::money::{Currency, Money};
use crate::domain::nouns::order::Order;
use crate::domain::nouns::statement::{Charged, Totals};
use crate::domain::rows::Row;

/// How the gate learns what it must know.
#[derive(Debug, Clone, Copy)]
pub(super) enum Gate {
    /// It hopes.
    Hopeful,
    /// It reads.
    Informed,
    /// It reads for each commit, and a commit that fails is undone alone.
    OneByOne,
}

impl Gate {
    /// What is tried next where this one failed on the data.
    pub(super) const fn next(self) -> Option<Self> {
        match self {
            Self::Hopeful => Some(Self::Informed),
            Self::Informed => Some(Self::OneByOne),
            Self::OneByOne => None,
        }
    }
}

/// Asks the gate for one commit after the other.
pub(super) fn judge(commits: &[Commit], mut known: Known) -> Vec<Written> {
    commits.iter().map(|commit| known.pass(commit)).collect()
}

/// Answers all commits without a look, or says why there is no hope for them.
pub(super) fn hope(commits: &[Commit]) -> Result<Vec<Written>, &'static str> {
    if commits.iter().any(|commit| commit.erase) {
        // Who may have the claims that it releases depends on who asks before it.
        return Err("a commit of the batch releases claims");
    }
    let written = judge(commits, Known::hopeful(commits));
    if written.iter().any(|one| *one != Written::Done) {
        // Of those that lose hope knows neither the reason nor whom they kept out.
        return Err("a commit loses within the batch");
    }
    Ok(written)
}

/// What must be read for commits to be judged, each thing once and in the order of its key.
pub(super) struct Questions<'a> {
    /// The texts of the streams' ids.
    pub(super) streams: Vec<String>,
    pub(super) claims: Vec<&'a Claim>,
    pub(super) tokens: Vec<(StreamId, &'a str)>,
}

impl<'a> Questions<'a> {
    pub(super) fn of(commits: &'a [Commit]) -> Self {
        let streams = commits.iter().map(|commit| commit.stream.to_string());
        let claims = commits.iter().flat_map(|commit| &commit.claims);
        let tokens = commits
            .iter()
            .flat_map(|commit| commit.tokens.iter().map(|row| (commit.stream, row.token.as_str())));
        Self {
            streams: distinct_of(streams),
            claims: distinct_of(claims),
            tokens: distinct_of(tokens),
        }
    }
}

fn distinct_of<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let items: BTreeSet<_> = items.collect();
    items.into_iter().collect()
}

/// What commits are held against.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Where heads stand; a stream that is not here does not exist.
    pub(super) heads: HashMap<StreamId, u64>,
    /// Claims that are held, each with its holder.
    pub(super) claims: BTreeMap<Claim, StreamId>,
    /// Tokens that were used.
    pub(super) tokens: HashSet<(StreamId, String)>,
}

impl Known {
    /// The world as all of `commits` hope it is: nearly always it is so, and then the writes
    /// themselves prove it and nothing need be read.
    pub(super) fn hopeful(commits: &[Commit]) -> Self {
        let mut heads = HashMap::with_capacity(commits.len());
        for commit in commits {
            heads.entry(commit.stream).or_insert(commit.expected_seq);
        }
        Self { heads, ..Self::default() }
    }

    /// Where a head stands: `stream`, `seq`.
    pub(super) fn head<'r>(&mut self, columns: &mut impl Columns<'r>) -> Result<(), StoreError> {
        self.heads.insert(columns.stream()?, columns.natural()?);
        Ok(())
    }

    /// A claim that is held: `kind`, `hash`, `stream`.
    pub(super) fn claim<'r>(&mut self, columns: &mut impl Columns<'r>) -> Result<(), StoreError> {
        let kind = codec::claim_kind(columns.str()?)?;
        let claim = Claim { kind, hash: codec::hash(columns.blob()?)? };
        self.claims.insert(claim, columns.stream()?);
        Ok(())
    }

    /// A token that was used: `stream`, `token`.
    pub(super) fn token<'r>(&mut self, columns: &mut impl Columns<'r>) -> Result<(), StoreError> {
        self.tokens.insert((columns.stream()?, columns.string()?));
        Ok(())
    }

    /// May it be written? If so, what it changes is known from now on.
    pub(super) fn pass(&mut self, commit: &Commit) -> Written {
        if unsound(commit).is_some() {
            return Written::Refused;
        }
        if self.heads.get(&commit.stream).copied().unwrap_or(0) != commit.expected_seq {
            return Written::Conflict;
        }
        if let Some(held) = commit.claims.iter().find(|claim| self.claims.contains_key(claim)) {
            return Written::Taken(held.kind);
        }
        let used = |token: &String| self.tokens.contains(&(commit.stream, token.clone()));
        if commit.tokens.iter().any(|row| used(&row.token)) {
            return Written::TokenUsed;
        }
        self.heads.insert(commit.stream, commit.head.seq);
        if commit.erase {
            self.claims.retain(|_, holder| *holder != commit.stream);
        }
        self.claims.extend(commit.claims.iter().map(|claim| (claim.clone(), commit.stream)));
        self.tokens.extend(commit.tokens.iter().map(|row| (commit.stream, row.token.clone())));
        Written::Done
    }
}

/// Why a commit cannot be true, whatever is stored: then it is refused without being tried.
pub(super) fn unsound(commit: &Commit) -> Option<&'static str> {
    let first = commit.expected_seq.saturating_add(1);
    let last = commit.head.seq;
    let own = |seq: u64| (first..=last).contains(&seq);
    let checks = [
        (i64::try_from(last).is_err(), "numbers beyond what can be stored"),
        (last == 0, "a stream without a record"),
        (
            !commit.records.iter().map(|record| record.seq).eq(first..=last),
            "records that do not lead from the expected head to the new one",
        ),
        (
            commit.records.last().is_some_and(|record| {
                (record.at, record.digest) != (commit.head.at, commit.head.digest)
            }),
            "a head that is not its last record's",
        ),
        (commit.key.is_some() && commit.expected_seq > 0, "a second key"),
        (
            commit.snapshot.as_ref().is_some_and(|snapshot| snapshot.seq > last),
            "a snapshot of the future",
        ),
        (
            !commit.entries.iter().all(|entry| own(entry.seq))
                || !commit.outbox.iter().all(|row| own(row.seq)),
            "consequences of a record that is not its own",
        ),
        (
            commit
                .outbox
                .iter()
                .any(|row| (row.channel == Channel::Webhook) == row.endpoint.is_empty()),
            "a webhook without an endpoint, or an endpoint without a webhook",
        ),
        (
            commit.tokens.iter().any(|row| i64::try_from(row.seq).is_err()),
            "numbers beyond what can be stored",
        ),
        (
            !commit
                .seen
                .iter()
                .all(|(_, seen)| StreamId::Account(seen.resource.account) == commit.stream),
            "usage of another account",
        ),
        (
            commit.erase
                && (commit.records.is_empty()
                    || !commit.claims.is_empty()
                    || !matches!(commit.stream, StreamId::Account(_))),
            "an account that is closed without a record, or with a claim, or is none",
        ),
        (!balances(&commit.entries), "ledger lines that do not sum to zero"),
        (
            !commit.rows.iter().all(|row| belongs(row, commit.stream)),
            "a row of another account, or one that contradicts itself",
        ),
        (
            !distinct(commit.claims.iter())
                || !distinct(commit.tokens.iter().map(|row| &row.token))
                || !distinct(commit.sealed.iter().map(|row| row.number))
                || !distinct(commit.seen.iter().map(|(key, _)| key))
                || !distinct(commit.entries.iter().map(|row| (row.seq, row.line)))
                || !distinct(commit.outbox.iter().map(|row| (row.seq, row.n)))
                || !distinct(commit.rows.iter().map(Row::key)),
            "something twice",
        ),
    ];
    checks.into_iter().find_map(|(wrong, why)| wrong.then_some(why))
}

fn belongs(row: &Row, stream: StreamId) -> bool {
    match row {
        Row::Order(order) => {
            let account = order.id.account;
            StreamId::Account(account) == stream
                && order.subscription.account == account
                && order.coupon.is_none_or(|coupon| coupon.id.account == account)
                && order.refund_of.is_none_or(|order| order.account == account)
                && is_in_one_currency(order)
        }
        Row::Subscription(row) => {
            StreamId::Account(row.id.account) == stream
                && row.open_order.is_none_or(|order| order.account == row.id.account)
        }
        Row::Coupon(row) => {
            let coupon = &row.coupon;
            let account = coupon.id.account;
            let currency = coupon.balance.map(Money::currency);
            StreamId::Account(account) == stream
                && coupon.again_for.is_none_or(|other| other.account == account)
                && coupon.order.is_none_or(|order| order.account == account)
                && currency.is_none_or(|currency| coupon.benefit.currency() == Some(currency))
                && !coupon.balance.is_some_and(Money::is_negative)
        }
        Row::Resource(row) => StreamId::Account(row.id.account) == stream,
        Row::Withdrawal(row) => {
            let amounts: Vec<Money> =
                row.taken().map(|taken| taken.amount).chain([row.amount]).collect();
            StreamId::Account(row.id.account) == stream && are_alike(&amounts)
        }
        Row::Coverage(row) => {
            StreamId::Account(row.order.account) == stream && row.ends_at >= row.starts_at
        }
        Row::BillLine(account, line) => {
            let amounts = [
                line.list,
                line.discount,
                line.coupon,
                line.net,
                line.tax_amount,
                line.total,
                line.paid,
            ];
            StreamId::Account(*account) == stream
                && is_charged_to(&line.charged, *account)
                && are_alike(&amounts)
        }
        Row::Statement(account, statement) => {
            let (all, pending) = (&statement.totals, &statement.pending_totals);
            let sums = [all, pending].map(|sum| [sum.net, sum.tax, sum.total, sum.paid]);
            let amounts: Vec<Money> = sums.into_iter().flatten().chain(statement.repaid).collect();
            StreamId::Account(*account) == stream && are_alike(&amounts)
        }
        Row::Document(document) => {
            let account = document.id.account;
            let Totals { net, tax, total, paid } = document.totals;
            StreamId::Account(account) == stream
                && document.related.is_none_or(|related| related.account == account)
                && are_alike(&[net, tax, total, paid])
        }
        Row::Campaign(row) => StreamId::Campaign(row.id) == stream,
    }
}

/// Is it all of the account?
fn is_charged_to(charged: &Charged, account: AccountId) -> bool {
    match charged {
        Charged::Order { order, related, subscription, .. } => {
            order.account == account
                && related.is_none_or(|order| order.account == account)
                && subscription.account == account
        }
        Charged::Usage { resource, .. } => resource.account == account,
    }
}

/// Are they all in one currency? A row has one column for it.
fn are_alike(amounts: &[Money]) -> bool {
    amounts.windows(2).all(|pair| pair[0].currency() == pair[1].currency())
}

/// A row has one column for its currency, and what may be absent is stored as below zero then.
fn is_in_one_currency(order: &Order) -> bool {
    let currency = order.payable.currency();
    let coupon = order.coupon.map(|coupon| coupon.amount);
    let tax = order.tax.as_ref().map(|tax| tax.amount);
    let optional = [order.discount, order.refund];
    [Some(order.list), coupon, tax]
        .into_iter()
        .chain(optional)
        .flatten()
        .all(|amount| amount.currency() == currency)
        && !optional.into_iter().flatten().any(Money::is_negative)
}

/// Do the lines of each record sum to zero in each currency?
fn balances(entries: &[LedgerRow]) -> bool {
    let mut sums: BTreeMap<(u64, Currency), i128> = BTreeMap::new();
    for entry in entries {
        *sums.entry((entry.seq, entry.amount.currency())).or_default() +=
            i128::from(entry.amount.minor());
    }
    sums.values().all(|sum| *sum == 0)
}

/// Are they all different? Nearly always there are none, one or two.
fn distinct<T: Eq + Hash>(items: impl ExactSizeIterator<Item = T>) -> bool {
    if items.len() < 2 {
        return true;
    }
    let mut seen = HashSet::with_capacity(items.len());
    items.into_iter().all(|item| seen.insert(item))
}
