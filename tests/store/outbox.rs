//! What is to be sent, in which order, and how that went.

use renewd::domain::calendar::Timestamp;
use renewd::domain::ids::StreamId;
use renewd::store::{
    Channel, Chore, Delivery, DeliveryQuery, DeliveryState, EffectKey, OutboxDepth, Store,
};

use crate::samples::{account, at, commit, effect};
use crate::{chores, promises, put};

/// What is asked, what it means, how many there are.
type Case<'a> = (DeliveryQuery, &'a dyn Fn(&Delivery) -> bool, usize);

promises!(
    what_is_due_is_ready_oldest_first,
    a_webhook_waits_for_those_before_it,
    a_delivery_is_changed_by_its_chore,
    of_two_chores_the_last_one_stays,
    what_was_voided_stays_void_unless_it_was_sent,
    deliveries_are_filtered_and_read_in_pages,
    the_depth_counts_what_waits_and_what_is_dead,
    old_settled_deliveries_are_forgotten,
);

fn key(stream: StreamId, seq: u64, n: u32) -> EffectKey {
    EffectKey { stream, seq, n }
}

fn moved(key: EffectKey, state: DeliveryState, seconds: i64) -> Chore {
    Chore::Delivery {
        key,
        state,
        attempts: 2,
        next_at: at(seconds),
        outcome: format!("{} ü", state.as_str()),
    }
}

async fn ready(store: &dyn Store, channel: Channel, seconds: i64) -> Vec<(StreamId, u64, u32)> {
    let ready = store.ready(channel, at(seconds), 99).await.expect("read");
    ready.iter().map(|row| (row.stream, row.row.seq, row.row.n)).collect()
}

async fn all(store: &dyn Store) -> Vec<Delivery> {
    let query = DeliveryQuery { limit: 99, ..DeliveryQuery::default() };
    let mut rows = store.deliveries(query).await.expect("read");
    rows.sort_by_key(Delivery::key);
    rows
}

async fn what_is_due_is_ready_oldest_first(store: &dyn Store) {
    let mut first = commit(account(1), 0, 3);
    first.outbox = vec![
        effect(1, 0, Channel::Mail, ""),
        effect(1, 1, Channel::Tell, ""),
        effect(2, 0, Channel::Mail, ""),
        effect(3, 0, Channel::Mail, ""),
    ];
    let mut other = commit(account(2), 0, 2);
    other.outbox = vec![effect(2, 0, Channel::Mail, "t"), effect(1, 0, Channel::Mail, "t")];
    put(store, &[first, other]).await;
    let (a, b) = (account(1), account(2));
    let expected = [(a, 1, 0), (b, 1, 0), (a, 2, 0), (b, 2, 0)];
    assert_eq!(ready(store, Channel::Mail, 2).await, expected);
    assert_eq!(ready(store, Channel::Tell, 2).await, [(a, 1, 1)]);
    assert_eq!(ready(store, Channel::Webhook, 99).await, []);
    assert_eq!(ready(store, Channel::Mail, 0).await, []);
    assert_eq!(store.ready(Channel::Mail, at(2), 3).await.expect("read").len(), 3);
    chores(store, vec![moved(key(a, 1, 0), DeliveryState::Waiting, 3)]).await;
    let expected = [(b, 1, 0), (a, 2, 0), (b, 2, 0), (a, 1, 0), (a, 3, 0)];
    assert_eq!(ready(store, Channel::Mail, 3).await, expected, "a retry queues up again");
    for state in [DeliveryState::Sent, DeliveryState::Void, DeliveryState::Dead] {
        chores(store, vec![moved(key(b, 1, 0), state, 1)]).await;
        assert!(!ready(store, Channel::Mail, 3).await.contains(&(b, 1, 0)), "{state:?}");
    }
}

async fn a_webhook_waits_for_those_before_it(store: &dyn Store) {
    let at_endpoint = |seq, n, endpoint: &str| {
        let mut row = effect(seq, n, Channel::Webhook, "");
        row.endpoint = endpoint.to_owned();
        row
    };
    let mut first = commit(account(1), 0, 3);
    first.outbox = vec![
        effect(1, 0, Channel::Mail, ""),
        at_endpoint(1, 1, "crm"),
        at_endpoint(1, 2, "audit"),
        at_endpoint(2, 0, "crm"),
        at_endpoint(2, 1, "audit"),
        at_endpoint(3, 0, "crm"),
    ];
    let mut other = commit(account(2), 0, 1);
    other.outbox = vec![at_endpoint(1, 0, "crm")];
    put(store, &[first, other]).await;
    let (a, b) = (account(1), account(2));
    let now = 50;
    let expected = [(a, 1, 1), (a, 1, 2), (b, 1, 0)];
    assert_eq!(ready(store, Channel::Webhook, now).await, expected);
    // It is tried again later: what follows it waits, and the other endpoint goes on.
    let waiting = moved(key(a, 1, 1), DeliveryState::Waiting, 60);
    chores(store, vec![waiting, moved(key(a, 1, 2), DeliveryState::Sent, 50)]).await;
    assert_eq!(ready(store, Channel::Webhook, now).await, [(b, 1, 0), (a, 2, 1)]);
    chores(store, vec![moved(key(a, 1, 1), DeliveryState::Dead, 60)]).await;
    let expected = [(b, 1, 0), (a, 2, 0), (a, 2, 1)];
    assert_eq!(ready(store, Channel::Webhook, now).await, expected);
}

async fn a_delivery_is_changed_by_its_chore(store: &dyn Store) {
    let mut first = commit(account(1), 0, 1);
    first.outbox = (0..70).map(|n| effect(1, n, Channel::Mail, "t")).collect();
    put(store, &[first.clone()]).await;
    let moves = (0..70).map(|n| Chore::Delivery {
        key: key(account(1), 1, n),
        state: if n % 2 == 0 { DeliveryState::Sent } else { DeliveryState::Waiting },
        attempts: n,
        next_at: at(i64::from(n) + 100),
        outcome: format!("outcome {n}"),
    });
    let nobody = moved(key(account(9), 1, 0), DeliveryState::Sent, 1);
    chores(store, moves.chain([nobody]).collect()).await;
    let rows = all(store).await;
    assert_eq!(rows.len(), 70);
    for (n, (row, written)) in (0..).zip(rows.iter().zip(&first.outbox)) {
        let state = if n % 2 == 0 { DeliveryState::Sent } else { DeliveryState::Waiting };
        let expected = Delivery {
            stream: account(1),
            row: written.clone(),
            state,
            attempts: n,
            next_at: at(i64::from(n) + 100),
            outcome: format!("outcome {n}"),
        };
        assert_eq!(*row, expected);
    }
}

async fn of_two_chores_the_last_one_stays(store: &dyn Store) {
    let mut first = commit(account(1), 0, 1);
    first.outbox = vec![effect(1, 0, Channel::Mail, ""), effect(1, 1, Channel::Mail, "")];
    put(store, &[first]).await;
    let (a, b) = (key(account(1), 1, 0), key(account(1), 1, 1));
    let moves = vec![
        moved(a, DeliveryState::Dead, 10),
        moved(b, DeliveryState::Sent, 11),
        moved(a, DeliveryState::Waiting, 12),
        moved(a, DeliveryState::Sent, 13),
        moved(b, DeliveryState::Waiting, 14),
    ];
    chores(store, moves).await;
    let states: Vec<_> = all(store).await.iter().map(|row| (row.state, row.next_at)).collect();
    assert_eq!(states, [(DeliveryState::Sent, at(13)), (DeliveryState::Waiting, at(14))]);
}

async fn what_was_voided_stays_void_unless_it_was_sent(store: &dyn Store) {
    let mut first = commit(account(1), 0, 1);
    first.outbox = (0..3).map(|n| effect(1, n, Channel::Mail, "t")).collect();
    put(store, &[first]).await;
    let mut second = commit(account(1), 1, 1);
    second.voids = vec!["t".to_owned()];
    // The attempts ended while the commit was on its way.
    let moves = [DeliveryState::Waiting, DeliveryState::Dead, DeliveryState::Sent];
    let moves = (0..).zip(moves).map(|(n, state)| moved(key(account(1), 1, n), state, 30));
    store.write(vec![second], moves.collect()).await.expect("written");
    let states: Vec<_> = all(store).await.iter().map(|row| (row.state, row.attempts)).collect();
    let void = (DeliveryState::Void, 0);
    assert_eq!(states, [void, void, (DeliveryState::Sent, 2)]);
}

async fn deliveries_are_filtered_and_read_in_pages(store: &dyn Store) {
    let mut commits = Vec::new();
    for bits in 1..=3 {
        let mut commit = commit(account(bits), 0, 3);
        for seq in 1..=3 {
            commit.outbox.push(effect(seq, 0, Channel::Mail, ""));
            commit.outbox.push(effect(seq, 1, Channel::Webhook, ""));
        }
        commits.push(commit);
    }
    put(store, &commits).await;
    chores(
        store,
        vec![
            moved(key(account(1), 1, 0), DeliveryState::Sent, 9),
            moved(key(account(2), 2, 1), DeliveryState::Dead, 9),
            moved(key(account(2), 3, 1), DeliveryState::Void, 9),
        ],
    )
    .await;
    let every = DeliveryQuery { limit: 99, ..DeliveryQuery::default() };
    let listed = store.deliveries(every.clone()).await.expect("read");
    assert_eq!(listed.len(), 18);
    let places: Vec<_> = listed.iter().map(|row| (row.row.at, row.key())).collect();
    let mut sorted = places.clone();
    sorted.sort_by(|a, b| b.cmp(a));
    assert_eq!(places, sorted, "newest first");
    let cases: [Case<'_>; 6] = [
        (
            DeliveryQuery { stream: Some(account(2)), ..every.clone() },
            &|row| row.stream == account(2),
            6,
        ),
        (
            DeliveryQuery { state: Some(DeliveryState::Waiting), ..every.clone() },
            &|row| row.state == DeliveryState::Waiting,
            15,
        ),
        (
            DeliveryQuery { state: Some(DeliveryState::Dead), ..every.clone() },
            &|row| row.state == DeliveryState::Dead,
            1,
        ),
        (
            DeliveryQuery { state: Some(DeliveryState::Sent), ..every.clone() },
            &|row| row.state == DeliveryState::Sent,
            1,
        ),
        (
            DeliveryQuery { channel: Some(Channel::Webhook), ..every.clone() },
            &|row| row.row.channel == Channel::Webhook,
            9,
        ),
        (
            DeliveryQuery {
                stream: Some(account(2)),
                state: Some(DeliveryState::Waiting),
                channel: Some(Channel::Webhook),
                ..every.clone()
            },
            &|row| {
                row.stream == account(2)
                    && row.state == DeliveryState::Waiting
                    && row.row.channel == Channel::Webhook
            },
            1,
        ),
    ];
    for (query, wanted, count) in cases {
        let expected: Vec<_> = listed.iter().filter(|row| wanted(row)).cloned().collect();
        assert_eq!(expected.len(), count, "{query:?}");
        assert_eq!(store.deliveries(query.clone()).await.expect("read"), expected, "{query:?}");
    }
    let mut query = DeliveryQuery { limit: 4, ..every };
    let mut read = Vec::new();
    loop {
        let page = store.deliveries(query.clone()).await.expect("read");
        let Some(last) = page.last() else { break };
        query.before = Some((last.row.at, last.key()));
        read.extend(page);
    }
    assert_eq!(read, listed);
}

async fn the_depth_counts_what_waits_and_what_is_dead(store: &dyn Store) {
    let mut first = commit(account(1), 0, 4);
    first.outbox = (1..=4).map(|seq| effect(seq, 0, Channel::Mail, "")).collect();
    first.outbox.push(effect(2, 1, Channel::Webhook, ""));
    first.outbox.push(effect(2, 2, Channel::Tell, ""));
    put(store, &[first]).await;
    chores(
        store,
        vec![
            moved(key(account(1), 1, 0), DeliveryState::Sent, 5),
            moved(key(account(1), 2, 0), DeliveryState::Waiting, 80),
            moved(key(account(1), 4, 0), DeliveryState::Dead, 6),
            moved(key(account(1), 2, 1), DeliveryState::Dead, 7),
            moved(key(account(1), 2, 2), DeliveryState::Void, 7),
        ],
    )
    .await;
    let depth = store.outbox_depth().await.expect("read");
    let mail = OutboxDepth {
        waiting_count: 2,
        dead_count: 1,
        oldest_at: Some(at(2)),
        next_at: Some(at(3)),
    };
    let webhook = OutboxDepth { dead_count: 1, ..OutboxDepth::default() };
    assert_eq!(depth.get(&Channel::Mail), Some(&mail));
    assert_eq!(depth.get(&Channel::Webhook), Some(&webhook));
    assert_eq!(depth.len(), 2);
}

async fn old_settled_deliveries_are_forgotten(store: &dyn Store) {
    let mut first = commit(account(1), 0, 5);
    first.outbox = (1..=5).map(|seq| effect(seq, 0, Channel::Mail, "")).collect();
    put(store, &[first]).await;
    let states = [DeliveryState::Sent, DeliveryState::Void, DeliveryState::Dead];
    let moves = (1..).zip(states).map(|(seq, state)| moved(key(account(1), seq, 0), state, 90));
    chores(store, moves.chain([moved(key(account(1), 5, 0), DeliveryState::Sent, 90)]).collect())
        .await;
    chores(store, vec![Chore::ForgetDeliveries { before: at(3) }]).await;
    let left: Vec<_> = all(store).await.iter().map(|row| row.row.seq).collect();
    assert_eq!(left, [3, 4, 5]);
    chores(store, vec![Chore::ForgetDeliveries { before: Timestamp::MAX }]).await;
    let left: Vec<_> = all(store).await.iter().map(|row| row.row.seq).collect();
    assert_eq!(left, [4], "what waits is never forgotten");
}
