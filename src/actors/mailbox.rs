//! Mailboxes that are as large as they will be before anybody has the address. What actix starts
//! takes 16 messages until its own thread has come to it, and refuses the others: on a busy machine
//! those were the first questions of a house that had just been started.

use actix::dev::channel::channel;
use actix::{Actor, Addr, ArbiterHandle, Context};

/// Starts an actor on `arbiter`, with room for `capacity` messages.
pub(super) fn start_on<A: Actor<Context = Context<A>>>(
    arbiter: &ArbiterHandle,
    capacity: usize,
    actor: impl FnOnce() -> A + Send + 'static,
) -> Addr<A> {
    let (sender, receiver) = channel(capacity);
    // A thread that has ended closes the mailbox, which is what whoever sends is told.
    arbiter.spawn_fn(move || {
        Context::with_receiver(receiver).run(actor());
    });
    Addr::new(sender)
}

/// Starts an actor on this thread, with room for `capacity` messages.
pub(super) fn start<A: Actor<Context = Context<A>>>(capacity: usize, actor: A) -> Addr<A> {
    A::create(|context| {
        context.set_mailbox_capacity(capacity);
        actor
    })
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};

    use actix::{Arbiter, System};
    use futures_util::future::{join, join_all};

    use crate::actors::{Accounts, Journal, Limits, Ports};
    use crate::clock::Clock;
    use crate::domain::calendar::Timestamp;
    use crate::domain::ids::AccountId;
    use crate::domain::nouns::house::House;
    use crate::store::memory::MemoryStore;
    use crate::store::seal::Sealer;
    use crate::store::{Chore, Handle};

    /// A house is asked before its threads have come to anything: nobody is told that it is busy.
    #[test]
    fn what_is_asked_at_once_after_a_start_is_answered() {
        System::new().block_on(async {
            let arbiters = [Arbiter::new(), Arbiter::new()];
            let gates = [&arbiters[0], &arbiters[1]].map(|arbiter| {
                let (gate, opened) = mpsc::channel::<()>();
                // Until the gate is dropped.
                arbiter.spawn_fn(move || {
                    let _ = opened.recv();
                });
                gate
            });
            let [streams, clockwork] = [arbiters[0].handle(), arbiters[1].handle()];
            let store: Handle = Arc::new(MemoryStore::new());
            let ports = Ports::start(
                std::slice::from_ref(&streams),
                Arc::clone(&store),
                Sealer::from_key([7; 32]),
                Clock::manual(Timestamp::MIN),
                Vec::new(),
                Limits::default(),
                House::default(),
            );
            let journal = Journal::start(store, &clockwork);
            let accounts = Accounts::start(ports, journal, &streams);

            let one = AccountId::from_bits(1);
            let views = (0..200).map(|_| accounts.view(one.into()));
            let forget = || vec![Chore::ForgetTokens { before: Timestamp::MIN }];
            let chores = (0..200).map(|_| accounts.chores(forget()));
            let asked = join(join_all(views), join_all(chores));
            // What is asked is polled first, so it waits when the threads begin.
            let ((views, chores), ()) = join(asked, async { drop(gates) }).await;
            for view in views {
                assert_eq!(view.expect("a view").seq, 0);
            }
            for chore in chores {
                chore.expect("a chore");
            }
            for arbiter in arbiters {
                arbiter.stop();
                arbiter.join().expect("a thread");
            }
        });
    }
}
