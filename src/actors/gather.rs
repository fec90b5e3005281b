//! A commit in the making: records, rows, ledger lines and effects of one turn, gathered so that
//! the journal has nothing left to decide.

use std::collections::{BTreeMap, BTreeSet};

use super::execute::{Lookups, to_json};
use super::failure::Failure;
use super::{Committed, ExecuteError, Receipt, Request};
use crate::domain::calendar::Timestamp;
use crate::domain::command::Answer;
use crate::domain::effects::{Effect, Outgoing};
use crate::domain::ids::StreamId;
use crate::domain::ledger;
use crate::domain::record::Record;
use crate::domain::rejection::Rejection;
use crate::domain::rows::{self, Row};
use crate::store::{Channel, Commit, Head, LedgerRow, OutboxRow, StoreError, StoredRecord, codec};

/// A commit in the making.
pub(super) struct Gathered {
    pub(super) commit: Commit,
    rows: BTreeMap<rows::Key, Row>,
    pub(super) committed: Vec<Committed>,
}

impl Gathered {
    pub(super) fn new(stream: StreamId, head: Head) -> Self {
        Self {
            commit: Commit {
                stream,
                expected_seq: head.seq,
                records: Vec::new(),
                head,
                claims: Vec::new(),
                tokens: Vec::new(),
                key: None,
                sealed: Vec::new(),
                seen: Vec::new(),
                rows: Vec::new(),
                entries: Vec::new(),
                voids: Vec::new(),
                outbox: Vec::new(),
                snapshot: None,
                erase: false,
            },
            rows: BTreeMap::new(),
            committed: Vec::new(),
        }
    }

    /// The answer of a request that was made before under the same token (R4.11, R4.12).
    pub(super) fn repeated(
        &self,
        request: &Request,
        lookups: &Lookups,
    ) -> Option<Result<Receipt, ExecuteError>> {
        let token = request.token.as_ref()?;
        let in_this_turn = self.commit.tokens.iter().find(|row| row.token == token.text);
        let row = in_this_turn.or_else(|| lookups.tokens.get(&token.text))?;
        if row.fingerprint != token.fingerprint {
            return Some(Err(ExecuteError::Rejected(Rejection::TokenMismatch)));
        }
        Some(
            serde_json::from_str::<Answer>(&row.answer)
                .map(|answer| Receipt {
                    stream: self.commit.stream,
                    seq: row.seq,
                    at: row.at,
                    answer,
                    replayed: true,
                    steps: BTreeMap::new(),
                })
                .map_err(|error| {
                    ExecuteError::Store(StoreError::Corrupt(format!(
                        "token {}: {error}",
                        row.token
                    )))
                }),
        )
    }

    /// A noun's row; a later one of the same noun replaces it.
    pub(super) fn row(&mut self, row: Row) {
        self.rows.insert(row.key(), row);
    }

    /// Adds a record with its ledger lines and effects; answers its number.
    pub(super) fn record(
        &mut self,
        record: &Record,
        outgoing: Vec<Outgoing>,
        endpoints: &[String],
    ) -> Result<u64, Failure> {
        let commit = &mut self.commit;
        let seq = commit.head.seq + 1;
        let body = to_json(record)?;
        let digest = codec::digest(&commit.head.digest, &body);
        let postings: Vec<_> = record.events.iter().flat_map(ledger::postings).collect();
        assert!(ledger::is_balanced(&postings), "unbalanced postings of {record:?}");
        for (line, posting) in (0..).zip(postings) {
            commit.entries.push(LedgerRow {
                seq,
                line,
                at: record.at,
                account: posting.account.to_string(),
                amount: posting.amount,
            });
        }
        // What this record voids of its own it has dropped already: earlier ones are looked through
        // once, however much is void.
        let voids: BTreeSet<String> = outgoing
            .iter()
            .filter_map(|outgoing| match outgoing {
                Outgoing::Void(topic) => Some(codec::topic(*topic)),
                Outgoing::Send { .. } => None,
            })
            .collect();
        if !voids.is_empty() {
            commit.outbox.retain(|row| !voids.contains(&row.topic));
            commit.voids.extend(voids);
        }
        let mut n = 0;
        for outgoing in outgoing {
            match outgoing {
                Outgoing::Void(_) => {}
                Outgoing::Send { effect: Effect::Webhook { .. }, .. } if endpoints.is_empty() => {}
                Outgoing::Send { effect, topic, worth_until } => {
                    let body = to_json(&effect)?;
                    let mut send = |channel: Channel, endpoint: &str| {
                        commit.outbox.push(OutboxRow {
                            seq,
                            n,
                            channel,
                            endpoint: endpoint.to_owned(),
                            topic: codec::topic(topic),
                            worth_until: worth_until.unwrap_or(Timestamp::MAX),
                            at: record.at,
                            body: body.clone(),
                        });
                        n += 1;
                    };
                    match effect {
                        Effect::Mail { .. } => send(Channel::Mail, ""),
                        Effect::Tell { .. } => send(Channel::Tell, ""),
                        Effect::Webhook { .. } => {
                            for endpoint in endpoints {
                                send(Channel::Webhook, endpoint);
                            }
                        }
                    }
                }
            }
        }
        commit.records.push(StoredRecord { seq, at: record.at, body, digest });
        (commit.head.seq, commit.head.at, commit.head.digest) = (seq, record.at, digest);
        Ok(seq)
    }

    pub(super) fn finish(mut self) -> (Commit, Vec<Committed>) {
        self.commit.rows = self.rows.into_values().collect();
        self.commit.voids.sort_unstable();
        self.commit.voids.dedup();
        (self.commit, self.committed)
    }
}
