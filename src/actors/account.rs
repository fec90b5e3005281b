//! The account actor: a mailbox and a slot. While its turn is under way it queues; when the turn
//! is over, all that wait are taken into the next one.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture,
};

use super::execute;
use super::journal::Journal;
use super::slot::Slot;
use super::{Ask, ExecuteError, Ports};
use crate::domain::ids::StreamId;

/// Panics in a row after which the account is parked.
const PANICS_MAX: u32 = 3;

/// One writer for one stream.
pub(super) struct AccountActor {
    stream: StreamId,
    ports: Ports,
    journal: Journal,
    waiting: VecDeque<Ask>,
    /// Empty while a turn is under way, and after any failure: cold is the only recovery state.
    slot: Option<Slot>,
    is_busy: bool,
    panics: u32,
    /// Questions that are not answered yet, shared with the directory on the same thread.
    pending: Rc<Cell<usize>>,
}

impl AccountActor {
    /// An actor that knows nothing yet.
    pub(super) const fn new(
        stream: StreamId,
        ports: Ports,
        journal: Journal,
        pending: Rc<Cell<usize>>,
    ) -> Self {
        Self {
            stream,
            ports,
            journal,
            waiting: VecDeque::new(),
            slot: None,
            is_busy: false,
            panics: 0,
            pending,
        }
    }

    fn begin_turn(&mut self, context: &mut Context<Self>) {
        if self.is_busy || self.waiting.is_empty() {
            return;
        }
        self.is_busy = true;
        let asks = execute::next_turn(&mut self.waiting, self.ports.limits.turn_max);
        let count = asks.len();
        let turn = execute::turn(
            self.ports.clone(),
            self.journal.clone(),
            self.stream,
            self.slot.take(),
            asks,
            self.panics + 1 >= PANICS_MAX,
        );
        context.spawn(turn.into_actor(self).map(move |ended, actor, context| {
            actor.is_busy = false;
            actor.slot = ended.slot;
            actor.panics = if ended.panicked { actor.panics + 1 } else { 0 };
            actor.pending.set(actor.pending.get().saturating_sub(count));
            actor.begin_turn(context);
        }));
    }
}

impl Actor for AccountActor {
    type Context = Context<Self>;
}

/// A question for this stream.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Enter(pub Ask);

impl Handler<Enter> for AccountActor {
    type Result = ();

    fn handle(&mut self, Enter(ask): Enter, context: &mut Context<Self>) {
        if self.waiting.len() >= self.ports.limits.waiting_max {
            self.pending.set(self.pending.get().saturating_sub(1));
            ask.refuse(ExecuteError::Busy);
            return;
        }
        self.waiting.push_back(ask);
        self.begin_turn(context);
    }
}

/// Go: nothing is pending.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Retire;

impl Handler<Retire> for AccountActor {
    type Result = ();

    fn handle(&mut self, _: Retire, context: &mut Context<Self>) {
        context.stop();
    }
}

impl Ask {
    /// Answers with a failure.
    pub(super) fn refuse(self, error: ExecuteError) {
        // Whoever asked may have gone.
        match self {
            Self::Execute(_, reply) | Self::Preview(_, reply) => drop(reply.send(Err(error))),
            Self::View(reply) => drop(reply.send(Err(error))),
        }
    }
}
