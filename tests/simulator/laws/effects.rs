//! Every effect has one cause, and every cause one effect: what goes out was written with the
//! record that caused it, under a key of its own, came through at least once, and whenever it came
//! again it was the same (design, sections 6 and 8; R4.11, R4.12). A token acts once, whoever asks
//! again, and is answered alike.

use std::collections::{BTreeMap, BTreeSet};

use renewd::domain::effects::Effect;
use renewd::domain::ids::StreamId;
use renewd::domain::record::Cause;
use renewd::store::{Channel, DeliveryState, EffectKey, OutboxRow};

use crate::faulty::Noted;
use crate::history::History;
use crate::outside::Got;

/// An effect and what became of it.
struct Fate<'a> {
    row: &'a OutboxRow,
    /// What came through, each time.
    got: Vec<&'a Got>,
    is_sent: bool,
    is_settled: bool,
}

pub(crate) fn broken(history: &History) -> Vec<String> {
    let mut broken = Vec::new();
    let mut fates = written(history, &mut broken);
    arrived(history, &mut fates, &mut broken);
    for (key, fate) in &fates {
        let name = || format!("{}/{}/{}", key.stream, key.seq, key.n);
        if fate.is_sent && fate.got.is_empty() && fate.row.channel != Channel::Tell {
            broken.push(format!("{} is said to be sent, and never came", name()));
        }
        if !fate.is_settled && fate.row.channel != Channel::Webhook {
            broken.push(format!("{} was neither sent nor given up", name()));
        }
        if fate.got.windows(2).any(|pair| !is_same(pair[0], pair[1])) {
            broken.push(format!("{} came again and said something else", name()));
        }
        if fate.row.channel == Channel::Tell && fate.row.worth_until < history.ended_at {
            broken.push(format!("{} was told until {} only", name(), fate.row.worth_until));
        }
    }
    told(history, &fates, &mut broken);
    tokens(history, &mut broken);
    broken
}

fn is_same(one: &Got, other: &Got) -> bool {
    match (one, other) {
        // What a mail says of today is written when it is sent.
        (Got::Mail { message_id: one, .. }, Got::Mail { message_id: other, .. }) => one == other,
        (one, other) => one == other,
    }
}

/// Everything that was written to go out, with what was noted of it.
fn written<'a>(history: &'a History, broken: &mut Vec<String>) -> BTreeMap<EffectKey, Fate<'a>> {
    let mut fates: BTreeMap<EffectKey, Fate<'a>> = BTreeMap::new();
    for (_, noted) in &history.noted {
        match noted {
            Noted::Record { stream, record, outbox, .. } => {
                for row in outbox {
                    let key = EffectKey { stream: *stream, seq: row.seq, n: row.n };
                    let fate = Fate { row, got: Vec::new(), is_sent: false, is_settled: false };
                    if row.seq != record.seq || fates.insert(key, fate).is_some() {
                        broken.push(format!("{stream}/{}/{} has two causes", row.seq, row.n));
                    }
                }
            }
            Noted::Delivery { key, state, .. } => {
                let Some(fate) = fates.get_mut(key) else {
                    broken.push(format!("{key:?} was delivered, and nothing caused it"));
                    continue;
                };
                fate.is_sent |= *state == DeliveryState::Sent;
                fate.is_settled |= *state != DeliveryState::Waiting;
            }
        }
    }
    // A later record makes void what still waits, in the store itself.
    for delivery in &history.deliveries {
        if let Some(fate) = fates.get_mut(&delivery.key()) {
            fate.is_settled |= delivery.state != DeliveryState::Waiting;
        }
    }
    let voided = history.noted.iter().filter_map(|(_, noted)| match noted {
        Noted::Record { stream, record, voids, .. } => Some((*stream, record.seq, voids)),
        Noted::Delivery { .. } => None,
    });
    for (stream, seq, voids) in voided.filter(|(_, _, voids)| !voids.is_empty()) {
        let first = |seq| EffectKey { stream, seq, n: 0 };
        for (_, fate) in fates.range_mut(first(0)..first(seq)) {
            fate.is_settled |= voids.contains(&fate.row.topic);
        }
    }
    fates
}

/// What came through was written before.
fn arrived<'a>(
    history: &'a History,
    fates: &mut BTreeMap<EffectKey, Fate<'a>>,
    broken: &mut Vec<String>,
) {
    let mut ids: BTreeMap<String, EffectKey> = BTreeMap::new();
    for (key, fate) in fates.iter() {
        if fate.row.channel == Channel::Mail {
            ids.insert(format!("<{}.{}.{}@localhost>", key.stream, key.seq, key.n), *key);
        }
    }
    for (at, got) in &history.got {
        let key = match got {
            Got::Mail { message_id, .. } => ids.get(message_id).copied(),
            Got::Webhook { key, .. } => Some(*key),
        };
        match key.and_then(|key| fates.get_mut(&key)) {
            Some(fate) => fate.got.push(got),
            None => broken.push(format!("at {at} came what nothing caused: {got:?}")),
        }
    }
}

/// A command from another stream was told there, and is carried out once.
fn told(history: &History, fates: &BTreeMap<EffectKey, Fate<'_>>, broken: &mut Vec<String>) {
    let mut carried_out: BTreeMap<String, StreamId> = BTreeMap::new();
    for (id, stream) in &history.streams {
        for (place, record) in stream.records.iter().enumerate() {
            let Cause::Stream { from, seq, n } = &record.cause else { continue };
            let (seq, n) = (*seq, *n);
            let key = EffectKey { stream: *from, seq, n };
            let token = record.token.clone().unwrap_or_default();
            let is_back = token == format!("{from}/{seq}/{n}/back");
            let to = fates.get(&key).and_then(|fate| match serde_json::from_str(&fate.row.body) {
                Ok(Effect::Tell { to, .. }) => Some(to),
                Ok(Effect::Mail { .. } | Effect::Webhook { .. }) | Err(_) => None,
            });
            let place = format!("{id}/{}", place + 1);
            match to {
                None => broken.push(format!("{place} was caused by {key:?}, which told nothing")),
                Some(to) if !is_back && to != *id => {
                    broken.push(format!("{place} was caused by what was told to {to}"));
                }
                Some(_) => {}
            }
            if carried_out.insert(format!("{id} {token}"), *id).is_some() {
                broken.push(format!("{place}: {token} was carried out before"));
            }
        }
    }
}

/// A token is in one record, and whoever asks again gets the same answer.
fn tokens(history: &History, broken: &mut Vec<String>) {
    for (id, stream) in &history.streams {
        let mut seen = BTreeSet::new();
        for record in &stream.records {
            if let Some(token) = &record.token
                && !seen.insert(token)
            {
                broken.push(format!("{id}: the token {token} acted twice"));
            }
        }
    }
    for asked in &history.asked {
        let Some(token) = &asked.token else { continue };
        let mut answers = asked.answers.iter();
        let Some((seq, first, _)) = answers.next() else { continue };
        for (again, answer, is_repeated) in answers {
            if (again, answer, *is_repeated) != (seq, first, true) {
                let stream = asked.stream;
                broken.push(format!(
                    "{stream}: {token} was answered in {seq} with {first}, then in {again} with \
                     {answer}"
                ));
            }
        }
        let stream = history.streams.get(&asked.stream);
        let place = usize::try_from(*seq).unwrap_or(0).wrapping_sub(1);
        let record = stream.and_then(|stream| stream.records.get(place));
        if record.and_then(|record| record.token.as_ref()) != Some(token) {
            broken.push(format!("{}/{seq} is not what {token} asked for", asked.stream));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::breaking::is_found;
    use super::*;

    #[test]
    fn a_mail_that_nothing_caused_is_found() {
        is_found(broken, |history| {
            let message_id = "<acc_0000000000.1.0@localhost>".to_owned();
            let (subject, text) = (String::new(), String::new());
            history.got.push((history.ended_at, Got::Mail { message_id, subject, text }));
            true
        });
    }

    #[test]
    fn a_mail_that_never_came_is_found() {
        is_found(broken, |history| {
            let place = history.got.iter().position(|(_, got)| matches!(got, Got::Mail { .. }));
            place.map(|place| history.got.remove(place)).is_some()
        });
    }

    #[test]
    fn a_webhook_that_came_again_otherwise_is_found() {
        is_found(broken, |history| {
            let hook = history.got.iter().find(|(_, got)| matches!(got, Got::Webhook { .. }));
            let Some((at, Got::Webhook { key, endpoint, .. })) = hook.cloned() else {
                return false;
            };
            history.got.push((at, Got::Webhook { key, endpoint, body: "{}".to_owned() }));
            true
        });
    }

    #[test]
    fn a_token_that_acted_twice_is_found() {
        is_found(broken, |history| {
            let with_token = history.streams.values_mut().find_map(|stream| {
                let record = stream.records.iter().find(|record| record.token.is_some())?.clone();
                Some((stream, record))
            });
            let Some((stream, record)) = with_token else { return false };
            stream.records.push(record);
            true
        });
    }

    #[test]
    fn a_command_that_was_told_twice_is_found() {
        is_found(broken, |history| {
            let told = history.streams.values_mut().find_map(|stream| {
                let is = |cause: &Cause| matches!(cause, Cause::Stream { .. });
                let record = stream.records.iter().find(|record| is(&record.cause))?.clone();
                Some((stream, record))
            });
            let Some((stream, mut record)) = told else { return false };
            record.token = record.token.map(|token| format!("{token}/again"));
            record.cause = Cause::Stream { from: StreamId::House, seq: 1, n: 99 };
            stream.records.push(record);
            true
        });
    }
}
