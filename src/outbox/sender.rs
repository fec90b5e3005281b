//! The senders: one actor a channel around [`Outbox::run_channel`], so that a slow webhook
//! endpoint holds up no mail.

use std::sync::Arc;
use std::time::Duration;

use actix::{
    Actor, ActorFutureExt, Addr, ArbiterHandle, AsyncContext, AtomicResponse, Context, Handler,
    Message, WrapFuture,
};

use super::{Outbox, Run};
use crate::clock::Clock;
use crate::domain::calendar::Timestamp;
use crate::store::{Channel, StoreError};

/// The handle to all senders.
#[derive(Clone)]
pub struct Sender {
    actors: Arc<[(Channel, Addr<SenderActor>)]>,
    outbox: Arc<Outbox>,
}

impl Sender {
    /// Starts one actor a channel on `arbiter`, each looking `every` so often. Under a manual
    /// clock they only run when told.
    #[must_use]
    pub fn start(outbox: Outbox, clock: &Clock, every: Duration, arbiter: &ArbiterHandle) -> Self {
        let outbox = Arc::new(outbox);
        let actors = [Channel::Mail, Channel::Webhook, Channel::Tell]
            .into_iter()
            .map(|channel| {
                let (outbox, clock) = (Arc::clone(&outbox), clock.clone());
                let actor = SenderActor::start_in_arbiter(arbiter, move |_| SenderActor {
                    channel,
                    outbox,
                    clock,
                    every,
                });
                (channel, actor)
            })
            .collect();
        Self { actors, outbox }
    }

    /// What they send from.
    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Lets every channel on which something waits send once what is ready at `now`.
    pub async fn run_once(&self, now: Timestamp) -> Result<Run, StoreError> {
        let waiting = self.outbox.waiting(now).await?;
        let mut run = Run::default();
        for (_, actor) in self.actors.iter().filter(|(channel, _)| waiting.contains(channel)) {
            let gone = |_| StoreError::Unavailable("a sender is gone".to_owned());
            run.merge(actor.send(Send { now }).await.map_err(gone)??);
        }
        Ok(run)
    }
}

struct SenderActor {
    channel: Channel,
    outbox: Arc<Outbox>,
    clock: Clock,
    every: Duration,
}

impl SenderActor {
    fn wake_later(&self, context: &mut Context<Self>) {
        context.run_later(self.every, |_, context| context.notify(Tick));
    }
}

impl Actor for SenderActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        if !self.clock.is_manual() {
            context.notify(Tick);
        }
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Tick;

impl Handler<Tick> for SenderActor {
    type Result = ();

    fn handle(&mut self, _: Tick, context: &mut Context<Self>) {
        let me = context.address();
        let now = self.clock.now();
        let run = async move { me.send(Send { now }).await };
        context.spawn(run.into_actor(self).map(|ran, actor, context| {
            if let Ok(Err(error)) = ran {
                tracing::error!(%error, "sending was broken off; it is tried again shortly");
            }
            actor.wake_later(context);
        }));
    }
}

#[derive(Message)]
#[rtype(result = "Result<Run, StoreError>")]
struct Send {
    now: Timestamp,
}

impl Handler<Send> for SenderActor {
    type Result = AtomicResponse<Self, Result<Run, StoreError>>;

    fn handle(&mut self, Send { now }: Send, _: &mut Context<Self>) -> Self::Result {
        let (outbox, channel) = (Arc::clone(&self.outbox), self.channel);
        let run = async move { outbox.run_channel(channel, now).await };
        AtomicResponse::new(Box::pin(run.into_actor(self)))
    }
}
