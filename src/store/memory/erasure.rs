//! The erasure of closed accounts, step by step.

use super::{Tables, page};
use crate::domain::calendar::Timestamp;
use crate::domain::ids::StreamId;
use crate::store::{Erasure, ErasureStage, Head, Retained};

fn count(found: usize) -> u64 {
    u64::try_from(found).unwrap_or(u64::MAX)
}

impl Tables {
    /// Releases the claims of an account that is closed by the commit with this head.
    pub(super) fn begin_erasure(&mut self, stream: StreamId, head: &Head) {
        let before = self.claims.len();
        self.claims.retain(|_, holder| *holder != stream);
        let erasure = Erasure {
            stream,
            stage: ErasureStage::Waiting,
            seq: head.seq,
            closed_at: head.at,
            destroyed_at: None,
            erased_at: None,
            swept_at: None,
            claim_count: count(before - self.claims.len()),
            sealed_count: 0,
            delivery_count: 0,
            mail_count: 0,
        };
        self.erasures.insert(stream, erasure);
    }

    /// May an erasure in this stage take its next step?
    fn is_free(&self, stream: StreamId, stage: ErasureStage) -> bool {
        self.erasures.get(&stream).is_some_and(|erasure| erasure.stage == stage)
            && !self.legal_holds.contains_key(&stream)
            && !(stage == ErasureStage::Waiting && self.outbox.waits(stream))
    }

    pub(super) fn destroy(
        &mut self,
        stream: StreamId,
        at: Timestamp,
        retained: Option<Retained>,
        mail_count: u64,
    ) {
        if !self.is_free(stream, ErasureStage::Waiting) {
            return;
        }
        let sealed = self.sealed.len();
        self.sealed.retain(|(of, _), _| *of != stream);
        let sealed = sealed - self.sealed.len();
        let deliveries = self.outbox.forget_all(stream);
        self.keys.remove(&stream);
        self.retained.extend(retained.map(|retained| (stream, retained)));
        if let Some(erasure) = self.erasures.get_mut(&stream) {
            erasure.stage = ErasureStage::Scrubbing;
            erasure.destroyed_at = Some(at);
            erasure.sealed_count = count(sealed);
            erasure.delivery_count = count(deliveries);
            erasure.mail_count = mail_count;
        }
    }

    pub(super) fn sweep(&mut self, stream: StreamId, at: Timestamp) {
        if !self.is_free(stream, ErasureStage::Erased) {
            return;
        }
        self.retained.remove(&stream);
        if let Some(erasure) = self.erasures.get_mut(&stream) {
            (erasure.stage, erasure.swept_at) = (ErasureStage::Sweeping, Some(at));
        }
    }

    pub(super) fn scrubbed(&mut self, stream: StreamId, at: Timestamp) {
        let Some(erasure) = self.erasures.get_mut(&stream) else { return };
        match erasure.stage {
            ErasureStage::Scrubbing => {
                (erasure.stage, erasure.erased_at) = (ErasureStage::Erased, Some(at));
            }
            ErasureStage::Sweeping => erasure.stage = ErasureStage::Swept,
            ErasureStage::Waiting | ErasureStage::Erased | ErasureStage::Swept => {}
        }
    }

    pub(super) fn list_erasures(
        &self,
        stage: ErasureStage,
        closed_by: Timestamp,
        limit: u32,
    ) -> Vec<Erasure> {
        let mut found: Vec<_> = self
            .erasures
            .values()
            .filter(|erasure| erasure.closed_at <= closed_by && self.is_free(erasure.stream, stage))
            .cloned()
            .collect();
        found.sort_by_cached_key(|erasure| (erasure.closed_at, erasure.stream.to_string()));
        page(found.into_iter(), limit)
    }
}
