//! The turn of a stream: look up, settle what is due, decide, one commit of consecutive records,
//! keep. Whatever waits is decided in turn on one state; answers go out only when the commit is
//! durable. Any failure of the store leaves the slot empty, and the next turn reloads.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::failure::Failure;
use super::gather::Gathered;
use super::journal::Journal;
use super::slot::{BUILD, Slot};
use super::{Ask, Committed, ExecuteError, Lane, Ports, Receipt, Reply, Request, View};
use crate::domain::agenda::Job;
use crate::domain::calendar::Timestamp;
use crate::domain::facts::Facts;
use crate::domain::ids::StreamId;
use crate::domain::record::Record;
use crate::domain::rejection::Rejection;
use crate::domain::rows::{Row, Summary};
use crate::domain::stream::{self, Context, Executed, State};
use crate::store::seal::StreamKey;
use crate::store::{Chore, ClaimKind, Commit, SealedRow, Snapshot, TokenRow, Written};

/// Times a turn is decided again because the head had moved.
const CONFLICTS_MAX: u32 = 5;
/// A tail of records shorter than this is not worth a snapshot, in bytes.
const TAIL_MIN: usize = 16 * 1024;

/// How a turn ended.
pub(super) struct Ended {
    /// The slot to keep; none if the next turn must reload.
    pub slot: Option<Slot>,
    /// Did the core give up on this stream?
    pub panicked: bool,
}

/// Takes the next turn from what waits. A request that makes claims has a turn of its own, so
/// that a claim that is taken fails nobody else.
pub(super) fn next_turn(waiting: &mut VecDeque<Ask>, turn_max: usize) -> Vec<Ask> {
    let claims = |ask: &Ask| matches!(ask, Ask::Execute(request, _) if !request.claims.is_empty());
    let mut turn = Vec::new();
    while turn.len() < turn_max {
        match waiting.front() {
            Some(ask) if claims(ask) && !turn.is_empty() => break,
            Some(ask) => {
                let alone = claims(ask);
                turn.extend(waiting.pop_front());
                if alone {
                    break;
                }
            }
            None => break,
        }
    }
    turn
}

/// One turn. `is_last_chance` parks the stream if the core gives up on it again.
pub(super) async fn turn(
    ports: Ports,
    journal: Journal,
    stream: StreamId,
    slot: Option<Slot>,
    asks: Vec<Ask>,
    is_last_chance: bool,
) -> Ended {
    let mut commands = Vec::new();
    let mut looks = Vec::new();
    for ask in asks {
        match ask {
            Ask::Execute(request, reply) => commands.push((request, reply)),
            Ask::Preview(..) | Ask::View(_) => looks.push(ask),
        }
    }
    let turn = Turn { ports: &ports, journal: &journal, stream };
    let executed = turn.execute_and_answer(slot, commands).await;
    let looked = match executed {
        Ok(slot) => turn.look(slot, looks).await,
        Err(failure) => {
            for ask in looks {
                ask.refuse(failure.error());
            }
            Err(failure)
        }
    };
    match looked {
        Ok(slot) => Ended { slot, panicked: false },
        Err(Failure::Panicked) => {
            if is_last_chance {
                turn.park().await;
            }
            Ended { slot: None, panicked: true }
        }
        // What was refused may be written all the same, and everybody decides by what the house says.
        Err(Failure::Store(_)) if stream == StreamId::House => {
            Ended { slot: turn.load().await.ok(), panicked: false }
        }
        Err(Failure::Store(_) | Failure::Parked(_)) => Ended { slot: None, panicked: false },
    }
}

/// What was looked up for the commands of a turn.
#[derive(Default)]
pub(super) struct Lookups {
    facts: Facts,
    pub(super) tokens: BTreeMap<String, TokenRow>,
    /// The stream's key, where something is to be sealed: with its wrapped form if it is new.
    key: Option<(StreamKey, Option<Vec<u8>>)>,
}

type Commands = [(Box<Request>, Reply<Receipt>)];
type Answers = Vec<Result<Receipt, ExecuteError>>;

struct Turn<'a> {
    ports: &'a Ports,
    journal: &'a Journal,
    stream: StreamId,
}

impl Turn<'_> {
    /// Executes the commands as one commit, and answers them. If the core gives up on them, each
    /// is tried alone, so that only the culprit fails.
    async fn execute_and_answer(
        &self,
        slot: Option<Slot>,
        commands: Vec<(Box<Request>, Reply<Receipt>)>,
    ) -> Result<Option<Slot>, Failure> {
        match self.execute(slot, &commands).await {
            Ok((slot, answers)) => {
                for ((_, reply), answer) in commands.into_iter().zip(answers) {
                    // Whoever asked may have gone; what is written stays written.
                    let _ = reply.send(answer);
                }
                Ok(slot)
            }
            Err(Failure::Panicked) if commands.len() > 1 => {
                let mut result = Ok(None);
                for (request, reply) in commands {
                    let alone = [(request, reply)];
                    let executed = self.execute(None, &alone).await;
                    let [(_, reply)] = alone;
                    match executed {
                        Ok((_, mut answers)) => {
                            let answer = answers.pop();
                            let _ = reply.send(answer.unwrap_or(Err(ExecuteError::OutcomeUnknown)));
                        }
                        Err(failure) => {
                            let _ = reply.send(Err(failure.error()));
                            result = Err(failure);
                        }
                    }
                }
                result
            }
            Err(failure) => {
                for (_, reply) in commands {
                    let _ = reply.send(Err(failure.error()));
                }
                Err(failure)
            }
        }
    }

    async fn execute(
        &self,
        slot: Option<Slot>,
        commands: &Commands,
    ) -> Result<(Option<Slot>, Answers), Failure> {
        let mut slot = slot;
        if commands.is_empty() {
            return Ok((slot, Vec::new()));
        }
        for _ in 0..CONFLICTS_MAX {
            let mut warm = match slot.take() {
                Some(slot) => slot,
                None => self.load().await?,
            };
            let lookups = self.look_up(&warm, commands).await?;
            let decided =
                catch_unwind(AssertUnwindSafe(|| self.decide(&mut warm, commands, lookups)));
            let Ok(decided) = decided else { return Err(Failure::Panicked) };
            let Decided { commit, answers, committed } = decided?;
            let Some(commit) = commit else { return Ok((Some(warm), answers)) };
            let lane = lane_of(commands);
            let (head, snapshot) = (commit.head.clone(), commit.snapshot.as_ref());
            let snapshot = snapshot.map(|snapshot| snapshot.body.len());
            match self.journal.append(commit, lane).await? {
                Written::Done => {
                    warm.head = head;
                    if let Some(bytes) = snapshot {
                        (warm.snapshot, warm.tail) = (bytes, 0);
                    }
                    for committed in committed {
                        self.ports.tell(committed);
                    }
                    if let State::House(house) = &warm.state {
                        self.ports.publish_house(house.clone());
                    }
                    return Ok((Some(warm), answers));
                }
                Written::Conflict | Written::TokenUsed => {}
                Written::Taken(kind) => return Ok((None, taken(commands, kind))),
                Written::Refused => {
                    tracing::error!(stream = %self.stream, "a commit was refused by the store");
                    return Err(Failure::Store("the store refused the commit".to_owned()));
                }
            }
        }
        Err(Failure::Store("the stream is written elsewhere all the time".to_owned()))
    }

    /// Reads the stream and replays it. What the house says is published: its last commit may have
    /// been written and not answered.
    async fn load(&self) -> Result<Slot, Failure> {
        let slot = self.ports.loader.load(self.stream).await?;
        if let State::House(house) = &slot.state {
            self.ports.publish_house(house.clone());
        }
        Ok(slot)
    }

    async fn look_up(&self, slot: &Slot, commands: &Commands) -> Result<Lookups, Failure> {
        let mut lookups = Lookups::default();
        let questions: Vec<_> =
            commands.iter().flat_map(|(request, _)| request.command.questions()).collect();
        if !questions.is_empty() {
            lookups.facts = self.ports.store.facts(&questions).await?;
        }
        let tokens: Vec<String> = commands
            .iter()
            .filter_map(|(request, _)| Some(request.token.as_ref()?.text.clone()))
            .collect();
        if !tokens.is_empty() && slot.head.seq > 0 {
            let used = self.ports.store.tokens(self.stream, &tokens).await?;
            lookups.tokens = used.into_iter().map(|row| (row.token.clone(), row)).collect();
        }
        if commands.iter().any(|(request, _)| !request.sidecar.is_empty()) {
            let sealer = &self.ports.sealer;
            let wrapped = if slot.head.seq > 0 {
                self.ports.store.sealed(self.stream, &[]).await?
            } else {
                None
            };
            let failed = |error: crate::store::seal::SealError| Failure::Store(error.to_string());
            lookups.key = Some(if let Some((wrapped, _)) = wrapped {
                (sealer.unwrap_key(&wrapped).map_err(failed)?, None)
            } else {
                let (key, wrapped) = sealer.new_key().map_err(failed)?;
                (key, Some(wrapped))
            });
        }
        Ok(lookups)
    }

    /// Decides the commands one after the other, and gathers one commit.
    fn decide(
        &self,
        slot: &mut Slot,
        commands: &Commands,
        mut lookups: Lookups,
    ) -> Result<Decided, Failure> {
        let house = self.ports.house();
        if slot.agenda.rules_version() != house.timeline.newest() {
            slot.agenda = slot.state.agenda(&house.timeline);
        }
        let context = Context {
            timeline: &house.timeline,
            at: self.ports.clock.now().max(slot.head.at),
            brake: house.brake.is_some(),
            closed_through: house.closed_through,
        };
        let rules_version = house.timeline.in_force(context.at).map_or(0, |v| v.number);
        let mut gathered = Gathered::new(self.stream, slot.head.clone());
        let mut answers = Vec::with_capacity(commands.len());
        for (request, _) in commands {
            if let Some(answer) = gathered.repeated(request, &lookups) {
                answers.push(answer);
                continue;
            }
            let lookups = &mut lookups;
            let answer =
                self.decide_one(slot, request, lookups, &context, rules_version, &mut gathered)?;
            answers.push(answer);
        }
        let due = match &slot.state {
            State::Account(account) => slot.agenda.next(account, false),
            State::House(_) | State::Campaign(_) | State::Series(_) => None,
        };
        let head = &mut gathered.commit.head;
        head.due_at = due.map_or(Timestamp::MAX, |due| due.at);
        head.due_job = due.map_or(Job::Housekeeping, |due| due.step.job());
        head.rules_version = house.timeline.newest();
        if let Some(open) = slot.state.account().and_then(|account| account.books()) {
            head.summary = to_json(&Summary::of(open))?;
        }
        let nothing = gathered.commit.records.is_empty() && *head == slot.head;
        // Nothing is kept of a stream that does not exist and was not begun.
        if nothing || head.seq == 0 {
            return Ok(Decided { commit: None, answers, committed: Vec::new() });
        }
        slot.tail += gathered.commit.records.iter().map(|record| record.body.len()).sum::<usize>();
        if slot.tail > TAIL_MIN.max(2 * slot.snapshot) {
            gathered.commit.snapshot = Some(Snapshot {
                seq: gathered.commit.head.seq,
                build: BUILD.to_owned(),
                body: to_json(&slot.state)?,
            });
        }
        let (commit, committed) = gathered.finish();
        Ok(Decided { commit: Some(commit), answers, committed })
    }

    fn decide_one(
        &self,
        slot: &mut Slot,
        request: &Request,
        lookups: &mut Lookups,
        context: &Context<'_>,
        rules_version: u32,
        gathered: &mut Gathered,
    ) -> Result<Result<Receipt, ExecuteError>, Failure> {
        let mut command = request.command.clone();
        let base = match slot.state.account().and_then(|account| account.books()) {
            Some(open) => open.next_sealed,
            None => 1,
        };
        command.number_sealed(base);
        let executed = slot.state.execute(&mut slot.agenda, &command, &lookups.facts, context);
        let Executed { events, outgoing, touched, seen, steps, answer, erases } = executed;
        lookups.facts.learn(&seen);
        gathered.commit.seen.extend(seen);
        gathered.commit.erase |= erases;
        let token = request.token.as_ref().filter(|_| answer.is_ok());
        let receipt_seq;
        if events.is_empty() && token.is_none() {
            receipt_seq = gathered.commit.head.seq;
        } else {
            for row in slot.state.rows(&touched) {
                if let Row::Withdrawal(withdrawal) = &row {
                    lookups.facts.learn_withdrawal(withdrawal);
                }
                gathered.row(row);
            }
            let record = Record {
                at: context.at,
                cause: request.cause.clone(),
                token: token.map(|token| token.text.clone()),
                rules_version,
                events,
            };
            receipt_seq = gathered.record(&record, outgoing, &self.ports.endpoints)?;
            if self.ports.is_watched() {
                gathered.committed.push(Committed {
                    stream: self.stream,
                    seq: receipt_seq,
                    at: context.at,
                    events: record.events.into(),
                });
            }
            slot.state.end_record();
        }
        if let Ok(answer) = &answer {
            if let Some(token) = token {
                gathered.commit.tokens.push(TokenRow {
                    token: token.text.clone(),
                    fingerprint: token.fingerprint,
                    seq: receipt_seq,
                    at: context.at,
                    answer: to_json(answer)?,
                });
            }
            gathered.commit.claims.extend(request.claims.iter().cloned());
            self.seal(request, base, lookups, gathered)?;
        }
        Ok(answer.map_err(ExecuteError::Rejected).map(|answer| Receipt {
            stream: self.stream,
            seq: receipt_seq,
            at: context.at,
            answer,
            replayed: false,
            steps: stream::tally(&steps, context.at),
        }))
    }

    fn seal(
        &self,
        request: &Request,
        base: u32,
        lookups: &Lookups,
        gathered: &mut Gathered,
    ) -> Result<(), Failure> {
        let Some((key, wrapped)) = &lookups.key else { return Ok(()) };
        for (number, text) in (base..).zip(&request.sidecar) {
            let sealed = self
                .ports
                .sealer
                .seal(key, self.stream, number, text.as_bytes())
                .map_err(|error| Failure::Store(error.to_string()))?;
            gathered.commit.sealed.push(SealedRow { number, sealed });
            gathered.commit.key.clone_from(wrapped);
        }
        Ok(())
    }

    /// Answers previews and views from what is committed.
    async fn look(&self, slot: Option<Slot>, looks: Vec<Ask>) -> Result<Option<Slot>, Failure> {
        if looks.is_empty() {
            return Ok(slot);
        }
        let slot = match slot {
            Some(slot) => slot,
            None => match self.load().await {
                Ok(slot) => slot,
                Err(failure) => {
                    for ask in looks {
                        ask.refuse(failure.error());
                    }
                    return Err(failure);
                }
            },
        };
        for ask in looks {
            match ask {
                Ask::View(reply) => {
                    let view = View { state: slot.state.clone(), seq: slot.head.seq };
                    let _ = reply.send(Ok(view));
                }
                Ask::Preview(request, reply) | Ask::Execute(request, reply) => {
                    let answer = self.preview(&slot, *request, reply).await;
                    answer?;
                }
            }
        }
        Ok(Some(slot))
    }

    async fn preview(
        &self,
        slot: &Slot,
        request: Request,
        reply: Reply<Receipt>,
    ) -> Result<(), Failure> {
        let mut copy = slot.clone();
        let (unused, _) = tokio::sync::oneshot::channel();
        let mut taken = Ok(());
        for claim in &request.claims {
            match self.ports.store.holder(claim).await {
                Ok(Some(_)) => taken = Err(ExecuteError::Rejected(taken_by(claim.kind))),
                Ok(None) => {}
                Err(error) => taken = Err(ExecuteError::Store(error)),
            }
        }
        let commands = [(Box::new(request), unused)];
        let lookups = self.look_up(slot, &commands).await?;
        let decided = catch_unwind(AssertUnwindSafe(|| self.decide(&mut copy, &commands, lookups)));
        let Ok(decided) = decided else {
            let _ = reply.send(Err(ExecuteError::OutcomeUnknown));
            return Err(Failure::Panicked);
        };
        let mut answers = decided?.answers;
        let answer = taken.and_then(|()| answers.pop().unwrap_or(Err(ExecuteError::Busy)));
        let _ = reply.send(answer);
        Ok(())
    }

    async fn park(&self) {
        let reason = "the core gave up on it three times in a row; see the log".to_owned();
        tracing::error!(stream = %self.stream, "parked: {reason}");
        self.ports.note_parked(self.ports.clock.now());
        let park = Chore::Park { stream: self.stream, at: self.ports.clock.now(), reason };
        if let Err(error) = self.journal.chores(vec![park]).await {
            tracing::error!(%error, stream = %self.stream, "could not be parked");
        }
    }
}

/// A stream as it is stored, and when its last record was written. No actor is started for it, and
/// nothing is kept.
pub(super) async fn peek(ports: &Ports, stream: StreamId) -> Result<(View, Timestamp), Failure> {
    let slot = ports.loader.load(stream).await?;
    Ok((View { state: slot.state, seq: slot.head.seq }, slot.head.at))
}

struct Decided {
    /// Nothing if nothing is to be written.
    commit: Option<Commit>,
    answers: Answers,
    committed: Vec<Committed>,
}

fn lane_of(commands: &Commands) -> Lane {
    let people = commands.iter().any(|(request, _)| request.lane == Lane::People);
    if people { Lane::People } else { Lane::Clockwork }
}

fn taken(commands: &Commands, kind: ClaimKind) -> Answers {
    commands.iter().map(|_| Err(ExecuteError::Rejected(taken_by(kind)))).collect()
}

const fn taken_by(kind: ClaimKind) -> Rejection {
    match kind {
        ClaimKind::Email => Rejection::EmailTaken,
        ClaimKind::ExternalId => Rejection::ExternalIdTaken,
        ClaimKind::Code => Rejection::CodeTaken,
    }
}

pub(super) fn to_json<T: serde::Serialize>(value: &T) -> Result<String, Failure> {
    // Most of what is written is about as long: the text is not moved while it grows.
    let mut text = Vec::with_capacity(1024);
    serde_json::to_writer(&mut text, value).map_err(|error| Failure::Store(error.to_string()))?;
    String::from_utf8(text).map_err(|error| Failure::Store(error.to_string()))
}
