//! A restart changes nothing: what the daemon had in memory is what its journal tells, digest by
//! digest, and the due row is what the agenda of that state says (design, sections 2 and 5).

use std::collections::BTreeMap;

use renewd::domain::ids::StreamId;
use renewd::domain::rules::Timeline;
use renewd::domain::stream::State;
use renewd::store::codec;

use crate::history::{History, Seen, Stream};

pub(crate) fn broken(history: &History) -> Vec<String> {
    let mut broken = Vec::new();
    let mut seen: BTreeMap<StreamId, Vec<&Seen>> = BTreeMap::new();
    for view in &history.seen {
        if view.seq > 0 && !history.streams.contains_key(&view.stream) {
            broken.push(format!("{} was seen, and never written", view.stream));
        }
        seen.entry(view.stream).or_default().push(view);
    }
    for (id, stream) in &history.streams {
        in_memory(*id, stream, seen.remove(id).unwrap_or_default(), &mut broken);
        let mut digest = codec::GENESIS;
        for (place, stored) in stream.stored.iter().enumerate() {
            digest = codec::digest(&digest, &stored.body);
            let is_next = stored.seq == place as u64 + 1;
            if !is_next || stored.digest != digest {
                broken.push(format!("{id}/{}: does not follow the one before", stored.seq));
            }
        }
        let head = history.heads.get(id);
        if head.map(|head| (head.seq, head.digest)) != Some((stream.stored.len() as u64, digest)) {
            broken.push(format!("{id}: the head is not the end of its journal"));
        }
        let snapshot = serde_json::to_string(&stream.state).unwrap_or_default();
        let read: Option<State> = serde_json::from_str(&snapshot).ok();
        if read.as_ref() != Some(&stream.state) {
            broken.push(format!("{id}: a snapshot of it is something else"));
        }
        if let (Some(head), Some(house)) = (head, history.house()) {
            due_row(*id, stream, head, &house.timeline, &mut broken);
        }
    }
    broken
}

fn due_row(
    id: StreamId,
    stream: &Stream,
    head: &renewd::store::Head,
    timeline: &Timeline,
    broken: &mut Vec<String>,
) {
    let Some(account) = stream.state.account() else { return };
    let due = stream.state.agenda(timeline).next(account, false);
    let expected = due.map_or(renewd::domain::calendar::Timestamp::MAX, |due| due.at);
    if head.due_at != expected {
        broken.push(format!("{id}: is due at {}, its agenda says {expected}", head.due_at));
    }
}

/// What the daemon had in memory is what the records up to there tell.
fn in_memory(id: StreamId, stream: &Stream, mut seen: Vec<&Seen>, broken: &mut Vec<String>) {
    seen.sort_by_key(|view| view.seq);
    let mut state = State::empty(id);
    let mut records = stream.records.iter();
    let mut seq = 0;
    for view in seen {
        while seq < view.seq {
            for event in records.next().iter().flat_map(|record| &record.events) {
                state.apply(event);
            }
            state.end_record();
            seq += 1;
        }
        if state != view.state {
            broken.push(format!("{id}/{seq}: the daemon had another state"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::breaking::is_found;
    use super::*;

    #[test]
    fn a_state_that_no_journal_tells_is_found() {
        is_found(broken, |history| {
            let Some(seen) = history.seen.iter_mut().find(|seen| seen.seq > 3) else {
                return false;
            };
            seen.seq -= 1;
            true
        });
    }

    #[test]
    fn a_record_that_was_changed_is_found() {
        is_found(broken, |history| {
            let stream = history.streams.values_mut().next().expect("a stream");
            stream.stored[0].body.push(' ');
            true
        });
    }

    #[test]
    fn a_due_row_that_is_wrong_is_found() {
        is_found(broken, |history| {
            let mut heads = history.heads.iter_mut();
            let head = heads.find(|(id, _)| matches!(id, StreamId::Account(_)));
            let Some((_, head)) = head else { return false };
            head.due_at = head.due_at.minus(std::time::Duration::from_secs(1));
            true
        });
    }
}
