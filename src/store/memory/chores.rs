//! The small writes that are no commit.

use super::Tables;
use crate::domain::ids::StreamId;
use crate::store::{Chore, DeliveryState, codec};

impl Tables {
    pub(super) fn chore(&mut self, chore: Chore) {
        match chore {
            Chore::Delivery { key, state, attempts, next_at, outcome } => {
                self.outbox.change(key, |delivery| {
                    if delivery.state != DeliveryState::Void || state == DeliveryState::Sent {
                        delivery.state = state;
                        delivery.attempts = attempts;
                        delivery.next_at = next_at;
                        delivery.outcome = outcome;
                    }
                });
            }
            Chore::JobRun(run) => {
                let runs = self.runs.entry(run.job).or_default();
                runs.push(run);
                if runs.len() > codec::RUNS_KEPT as usize {
                    runs.remove(0);
                }
            }
            Chore::ForgetTokens { before } => {
                let mut old: Vec<_> = self
                    .tokens
                    .iter()
                    .filter(|((stream, _), row)| {
                        row.at < before && !matches!(stream, StreamId::Series(_))
                    })
                    .map(|((stream, token), row)| {
                        (row.at, stream.to_string(), *stream, token.clone())
                    })
                    .collect();
                old.sort_unstable();
                for (_, _, stream, token) in old.into_iter().take(codec::FORGOTTEN_MAX as usize) {
                    self.tokens.remove(&(stream, token));
                }
            }
            Chore::ForgetDeliveries { before } => {
                self.outbox.forget(before, codec::FORGOTTEN_MAX as usize);
            }
            Chore::ForgetUsage { before, after, through } => {
                self.usage.retain(|place, seen| {
                    let is_among = after.is_none_or(|after| *place > after)
                        && through.is_none_or(|through| *place <= through);
                    !is_among || seen.at >= before
                });
            }
            Chore::Park { stream, at, reason } => {
                if self.heads.contains_key(&stream) {
                    self.parked.insert(stream, (at, reason));
                }
            }
            Chore::Unpark { stream } => {
                self.parked.remove(&stream);
            }
            Chore::Destroy { stream, at, retained, mail_count } => {
                self.destroy(stream, at, retained, mail_count);
            }
            Chore::Sweep { stream, at } => self.sweep(stream, at),
            Chore::Scrubbed { stream, at } => self.scrubbed(stream, at),
            Chore::SetLegalHold { stream, hold } => match hold {
                Some(hold) => drop(self.legal_holds.insert(stream, hold)),
                None => drop(self.legal_holds.remove(&stream)),
            },
        }
    }
}
