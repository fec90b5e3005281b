//! Lists of subscriptions and orders: filters, order, pages.

use renewd::domain::calendar::Timestamp;
use renewd::domain::nouns::order;
use renewd::domain::nouns::subscription::{Mode, State};
use renewd::domain::rows::SubscriptionRow;
use renewd::store::{OrderQuery, Store, SubscriptionQuery};

use crate::samples::{
    account, at, bare_order, bare_subscription, commit, expiring, full_order, id, order_row,
    subscription_row,
};
use crate::{promises, put};

/// What is asked, what it means, how many there are.
type Case<'a> = (SubscriptionQuery, &'a dyn Fn(&SubscriptionRow) -> bool, usize);

promises!(
    subscriptions_are_listed_by_expiry_and_id,
    subscriptions_are_filtered,
    subscriptions_are_read_in_pages,
    orders_are_listed_newest_first,
    orders_are_read_in_pages,
);

/// Some subscriptions of three accounts, two of them never paid.
fn book() -> Vec<SubscriptionRow> {
    let mut suspended = expiring(id(1), 10, at(30));
    suspended.state = State::Suspended;
    suspended.mode = Mode::NotRenewal;
    let mut disk = expiring(id(2), 1, at(30));
    disk.product = "disk".to_owned();
    disk.mode = Mode::ManualRenewal;
    let mut released = expiring(id(3), 1, at(5));
    released.state = State::Released;
    released.region = "ams1".to_owned();
    vec![
        expiring(id(1), 2, at(20)),
        bare_subscription(id(1), 3),
        suspended,
        disk,
        expiring(id(2), 9, at(40)),
        bare_subscription(id(2), 11),
        released,
    ]
}

async fn shelve(store: &dyn Store) -> Vec<SubscriptionRow> {
    let mut rows = book();
    let commits: Vec<_> = (1..=3)
        .map(|bits| {
            let mut commit = commit(account(bits), 0, 1);
            let own = rows.iter().filter(|row| row.id.account == id(bits));
            commit.rows = own.map(subscription_row).collect();
            commit
        })
        .collect();
    put(store, &commits).await;
    rows.sort_by_key(place);
    rows
}

fn place(row: &SubscriptionRow) -> (Timestamp, renewd::domain::ids::SubscriptionId) {
    (row.paid.as_ref().map_or(Timestamp::MAX, |paid| paid.expires_at), row.id)
}

fn every() -> SubscriptionQuery {
    SubscriptionQuery { limit: 99, ..SubscriptionQuery::default() }
}

async fn subscriptions_are_listed_by_expiry_and_id(store: &dyn Store) {
    let rows = shelve(store).await;
    assert_eq!(store.subscriptions(every()).await.expect("read"), rows);
    assert_eq!(rows.last().map(|row| row.paid.is_none()), Some(true));
}

async fn subscriptions_are_filtered(store: &dyn Store) {
    let rows = shelve(store).await;
    let cases: [Case<'_>; 10] = [
        (SubscriptionQuery { account: Some(id(1)), ..every() }, &|row| row.id.account == id(1), 3),
        (
            SubscriptionQuery { expires_from: Some(at(20)), ..every() },
            &|row| row.paid.is_some() && place(row).0 >= at(20),
            4,
        ),
        (
            SubscriptionQuery { expires_before: Some(at(30)), ..every() },
            &|row| place(row).0 < at(30),
            2,
        ),
        (
            SubscriptionQuery { expires_before: Some(Timestamp::MAX), ..every() },
            &|row| row.paid.is_some(),
            5,
        ),
        (
            SubscriptionQuery { modes: vec![Mode::NotRenewal, Mode::AutoRenewal], ..every() },
            &|row| row.mode != Mode::ManualRenewal,
            4,
        ),
        (
            SubscriptionQuery { states: vec![State::Suspended, State::Released], ..every() },
            &|row| matches!(row.state, State::Suspended | State::Released),
            2,
        ),
        (
            SubscriptionQuery { product: Some("disk".to_owned()), ..every() },
            &|row| row.product == "disk",
            1,
        ),
        (
            SubscriptionQuery { region: Some("ams1".to_owned()), ..every() },
            &|row| row.region == "ams1",
            1,
        ),
        (
            SubscriptionQuery {
                account: Some(id(1)),
                expires_from: Some(at(20)),
                expires_before: Some(at(31)),
                modes: vec![Mode::NotRenewal],
                states: vec![State::Suspended],
                product: Some("vm".to_owned()),
                region: Some("fra1".to_owned()),
                after: Some((at(30), renewd::domain::ids::SubscriptionId::new(id(1), 9))),
                limit: 1,
            },
            &|row| row.state == State::Suspended,
            1,
        ),
        (SubscriptionQuery { product: Some("' OR 1".to_owned()), ..every() }, &|_| false, 0),
    ];
    for (query, wanted, count) in cases {
        let expected: Vec<_> = rows.iter().filter(|row| wanted(row)).cloned().collect();
        assert_eq!(expected.len(), count, "{query:?}");
        assert_eq!(store.subscriptions(query.clone()).await.expect("read"), expected, "{query:?}");
    }
}

async fn subscriptions_are_read_in_pages(store: &dyn Store) {
    let rows = shelve(store).await;
    for limit in 1..=4 {
        let mut query = SubscriptionQuery { limit, ..every() };
        let mut read = Vec::new();
        loop {
            let page = store.subscriptions(query.clone()).await.expect("read");
            let Some(last) = page.last() else { break };
            query.after = Some(place(last));
            read.extend(page);
        }
        assert_eq!(read, rows);
    }
}

async fn orders_are_listed_newest_first(store: &dyn Store) {
    let mut first = commit(account(1), 0, 1);
    first.rows = [9, 10, 2].map(|number| order_row(&bare_order(id(1), number))).to_vec();
    first.rows.push(order_row(&full_order(id(1), 3)));
    let mut other = commit(account(2), 0, 1);
    other.rows = vec![order_row(&full_order(id(2), 4))];
    put(store, &[first, other]).await;
    let query = OrderQuery { account: Some(id(1)), limit: 9, ..OrderQuery::default() };
    let orders = store.orders(query.clone()).await.expect("read");
    assert_eq!(orders.iter().map(|order| order.id.number).collect::<Vec<_>>(), [10, 9, 3, 2]);
    let query = OrderQuery { state: Some(order::State::Failed), ..query };
    assert_eq!(store.orders(query).await.expect("read"), [full_order(id(1), 3)]);
}

async fn orders_are_read_in_pages(store: &dyn Store) {
    let mut first = commit(account(1), 0, 1);
    first.rows = (1..=12).map(|number| order_row(&bare_order(id(1), number))).collect();
    put(store, &[first]).await;
    let mut query = OrderQuery { account: Some(id(1)), limit: 5, ..OrderQuery::default() };
    let mut numbers = Vec::new();
    loop {
        let page = store.orders(query.clone()).await.expect("read");
        let Some(last) = page.last() else { break };
        query.before = Some((last.created_at, last.id));
        numbers.extend(page.iter().map(|order| order.id.number));
    }
    assert_eq!(numbers, (1..=12).rev().collect::<Vec<_>>());
}
