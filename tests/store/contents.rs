//! Everything comes back as it was written, field by field, from every table.

use renewd::domain::facts::Question;
use renewd::domain::ids::{CouponId, OrderId, ResourceId, StreamId, SubscriptionId};
use renewd::domain::rows::Row;
use renewd::store::{
    BillLineQuery, Channel, Commit, Delivery, DeliveryQuery, DeliveryState, Loaded, OrderQuery,
    Snapshot, Store, StoredRecord, SubscriptionQuery, WithdrawalQuery,
};

use crate::samples::{
    account, at, bare_order, bare_subscription, commit, coupon_row, coverage, coverage_row, entry,
    everything, full_coupon, full_order, full_resource, full_subscription, id, order_row, pair,
    resource_row, subscription_row, token,
};
use crate::{promises, put};

promises!(
    everything_reads_back_as_it_was_written,
    every_page_of_a_large_commit_reads_back,
    what_does_not_exist_is_not_found,
    a_row_is_replaced_whole_and_the_last_one_wins,
    an_empty_external_id_is_none,
    streams_load_in_the_order_asked,
    a_snapshot_of_another_build_is_passed_over,
    a_snapshot_replaces_the_last_one,
    a_journal_is_read_in_pages,
    a_ledger_is_read_in_pages,
    what_is_sealed_is_given_by_number,
    tokens_are_known_per_stream,
    facts_are_what_exists,
    the_house_is_a_stream_but_no_account,
);

/// The bodies of records as they are loaded: one a line.
fn lines<'a>(records: impl IntoIterator<Item = &'a StoredRecord>) -> String {
    let bodies: Vec<_> = records.into_iter().map(|record| record.body.as_str()).collect();
    bodies.join("\n")
}

/// Every table of the store holds exactly what these commits wrote, which wrote no noun twice.
pub(crate) async fn assert_holds(store: &dyn Store, commits: &[Commit]) {
    for written in commits {
        let stream = written.stream;
        let snapshot = written.snapshot.clone();
        let build = snapshot.as_ref().map_or_else(String::new, |snapshot| snapshot.build.clone());
        let after = snapshot.as_ref().map_or(0, |snapshot| snapshot.seq);
        let loaded = store.load_many(&[stream], &build).await.expect("loaded");
        let records = written.records.iter().filter(|record| record.seq > after);
        let tail = lines(records);
        let expected = Loaded { head: written.head.clone(), snapshot, tail, parked: None };
        assert_eq!(loaded, [Some(expected)]);
        let journal = store.journal(stream, 0, u32::MAX).await.expect("read");
        assert_eq!(journal, written.records);
        for claim in &written.claims {
            assert_eq!(store.holder(claim).await.expect("read"), Some(stream));
        }
        let names: Vec<_> = written.tokens.iter().map(|row| row.token.clone()).collect();
        assert_eq!(store.tokens(stream, &names).await.expect("read"), written.tokens);
        let numbers: Vec<_> = written.sealed.iter().map(|row| row.number).collect();
        let sealed = store.sealed(stream, &numbers).await.expect("read");
        assert_eq!(sealed, written.key.clone().map(|key| (key, written.sealed.clone())));
        let asked: Vec<_> = written
            .seen
            .iter()
            .map(|(key, seen)| Question::Usage(seen.resource.account, *key))
            .collect();
        let known = store.facts(&asked).await.expect("read").usage;
        assert_eq!(known, written.seen.iter().copied().collect());
        for row in &written.rows {
            match row {
                Row::Order(order) => {
                    let found = store.order(order.id).await.expect("read");
                    assert_eq!(found.as_ref(), Some(order.as_ref()));
                }
                Row::Withdrawal(row) => {
                    let before = row.id.number.checked_add(1);
                    let account = row.id.account;
                    let query = WithdrawalQuery { account, state: None, before, limit: 1 };
                    let found = store.withdrawals(query).await.expect("read");
                    assert_eq!(found, std::slice::from_ref(row.as_ref()));
                }
                Row::Subscription(row) => {
                    let found = store.subscription(row.id).await.expect("read");
                    assert_eq!(found.as_ref(), Some(row.as_ref()));
                }
                Row::Resource(row) => {
                    let found = store.resource(row.id).await.expect("read");
                    assert_eq!(found.as_ref(), Some(row.as_ref()));
                }
                Row::Coupon(row) => {
                    let found = store.coupon(row.coupon.id).await.expect("read");
                    assert_eq!(found.as_ref(), Some(row.as_ref()));
                }
                Row::Campaign(row) => {
                    let found = store.campaign(row.id).await.expect("read");
                    assert_eq!(found.as_ref(), Some(row.as_ref()));
                }
                Row::Coverage(row) => {
                    let place = (row.starts_at, row.order);
                    let found = store.coverages_at(&[place]).await.expect("read");
                    assert_eq!(found, std::slice::from_ref(row.as_ref()));
                }
                Row::BillLine(account, line) => {
                    let (month, after) = (line.month, line.number.checked_sub(1));
                    let query = BillLineQuery { account: *account, month, after, limit: 1 };
                    let found = store.bill_lines(query).await.expect("read");
                    assert_eq!(found, std::slice::from_ref(line.as_ref()));
                }
                Row::Statement(account, statement) => {
                    let found = store.statement(*account, statement.month).await.expect("read");
                    assert_eq!(found.as_ref(), Some(statement.as_ref()));
                }
                Row::Document(document) => {
                    let found = store.document(document.id).await.expect("read");
                    assert_eq!(found.as_ref(), Some(document.as_ref()));
                }
            }
        }
        let ledger = store.ledger(stream, None, u32::MAX).await.expect("read");
        assert_eq!(ledger, written.entries);
        let query =
            DeliveryQuery { stream: Some(stream), limit: u32::MAX, ..DeliveryQuery::default() };
        let mut deliveries = store.deliveries(query).await.expect("read");
        deliveries.sort_by_key(Delivery::key);
        let expected: Vec<_> = written
            .outbox
            .iter()
            .map(|row| Delivery {
                stream,
                row: row.clone(),
                state: DeliveryState::Waiting,
                attempts: 0,
                next_at: row.at,
                outcome: String::new(),
            })
            .collect();
        assert_eq!(deliveries, expected);
    }
}

async fn everything_reads_back_as_it_was_written(store: &dyn Store) {
    let commits = [everything(1), everything(2)];
    put(store, &commits).await;
    assert_holds(store, &commits).await;
}

/// More rows of each table than the largest statement takes, so that none is lost between two.
async fn every_page_of_a_large_commit_reads_back(store: &dyn Store) {
    let mut large = commit(account(1), 0, 150);
    large.key = Some(vec![3]);
    for number in 0..150_u32 {
        large.tokens.push(token(&format!("t{number:03}"), 1));
        large.sealed.push(renewd::store::SealedRow { number, sealed: vec![1; number as usize] });
        large.rows.push(order_row(&full_order(id(1), number)));
        large.rows.push(subscription_row(&full_subscription(id(1), number)));
        large.rows.push(resource_row(&full_resource(id(1), number)));
        large.rows.push(coupon_row(&full_coupon(id(1), number)));
        large.rows.push(coverage_row(&coverage(id(1), number, (i64::from(number % 7), 9), 1)));
        let amount = i64::from(number / 2 + 1);
        large.entries.push(entry(7, number, if number % 2 == 0 { amount } else { -amount }));
        large.outbox.push(crate::samples::effect(8, number, Channel::Mail, ""));
        large.claims.push(crate::samples::claim(u8::try_from(number).unwrap_or(0)));
    }
    put(store, std::slice::from_ref(&large)).await;
    assert_holds(store, &[large]).await;
}

async fn what_does_not_exist_is_not_found(store: &dyn Store) {
    assert_eq!(store.load_many(&[account(1)], "b").await.expect("read"), [None]);
    assert_eq!(store.load_many(&[], "b").await.expect("read"), []);
    assert_eq!(store.order(OrderId::new(id(1), 1)).await.expect("read"), None);
    assert_eq!(store.subscription(SubscriptionId::new(id(1), 1)).await.expect("read"), None);
    assert_eq!(store.coupon(CouponId::new(id(1), 1)).await.expect("read"), None);
    let place = (at(1), OrderId::new(id(1), 1));
    assert_eq!(store.coverages_at(&[place]).await.expect("read"), []);
    assert_eq!(store.coverages_at(&[]).await.expect("read"), []);
    assert_eq!(store.coverages(at(99), None, 9).await.expect("read"), []);
    assert_eq!(store.balances(at(99)).await.expect("read"), []);
    assert_eq!(store.sealed(account(1), &[1]).await.expect("read"), None);
    assert_eq!(store.holder(&crate::samples::claim(1)).await.expect("read"), None);
    assert_eq!(store.journal(account(1), 0, 9).await.expect("read"), []);
    assert_eq!(store.tokens(account(1), &["a".to_owned()]).await.expect("read"), []);
    assert_eq!(store.account_count().await.expect("read"), 0);
    assert_eq!(store.parked().await.expect("read"), []);
    assert!(store.next_due().await.expect("read").is_empty());
    assert!(store.outbox_depth().await.expect("read").is_empty());
}

async fn a_row_is_replaced_whole_and_the_last_one_wins(store: &dyn Store) {
    let mut first = commit(account(1), 0, 1);
    first.rows = vec![
        order_row(&bare_order(id(1), 1)),
        subscription_row(&bare_subscription(id(1), 2)),
        order_row(&full_order(id(1), 3)),
        subscription_row(&full_subscription(id(1), 4)),
    ];
    put(store, &[first]).await;
    // Both in one batch: what the last one says is what stays.
    let mut second = commit(account(1), 1, 1);
    second.rows = vec![
        order_row(&bare_order(id(1), 3)),
        order_row(&bare_order(id(1), 1)),
        subscription_row(&bare_subscription(id(1), 2)),
    ];
    let mut third = commit(account(1), 2, 1);
    third.rows = vec![
        order_row(&full_order(id(1), 1)),
        subscription_row(&full_subscription(id(1), 2)),
        subscription_row(&bare_subscription(id(1), 4)),
    ];
    put(store, &[second, third]).await;
    let order = |number| OrderId::new(id(1), number);
    let subscription = |number| SubscriptionId::new(id(1), number);
    let read = store.order(order(1)).await.expect("read");
    assert_eq!(read, Some(full_order(id(1), 1)));
    assert_eq!(store.order(order(3)).await.expect("read"), Some(bare_order(id(1), 3)));
    let read = store.subscription(subscription(2)).await.expect("read");
    assert_eq!(read, Some(full_subscription(id(1), 2)));
    let read = store.subscription(subscription(4)).await.expect("read");
    assert_eq!(read, Some(bare_subscription(id(1), 4)));
    let query = SubscriptionQuery { limit: 9, ..SubscriptionQuery::default() };
    assert_eq!(store.subscriptions(query).await.expect("read").len(), 2);
    let query = OrderQuery { account: Some(id(1)), limit: 9, ..OrderQuery::default() };
    assert_eq!(store.orders(query).await.expect("read").len(), 2);
}

async fn an_empty_external_id_is_none(store: &dyn Store) {
    let mut row = full_subscription(id(1), 1);
    row.external_id = Some(String::new());
    let mut first = commit(account(1), 0, 1);
    first.rows = vec![subscription_row(&row)];
    put(store, &[first]).await;
    let read = store.subscription(row.id).await.expect("read").expect("found");
    assert_eq!(read.external_id, None);
}

async fn streams_load_in_the_order_asked(store: &dyn Store) {
    let commits: Vec<_> = (0..70).map(|bits| commit(account(bits), 0, 1)).collect();
    put(store, &commits).await;
    let asked: Vec<_> = (0..80).rev().map(account).collect();
    let loaded = store.load_many(&asked, "b").await.expect("loaded");
    assert_eq!(loaded.len(), asked.len());
    for (stream, loaded) in asked.iter().zip(loaded) {
        let written = commits.iter().find(|commit| commit.stream == *stream);
        assert_eq!(loaded.map(|l| l.tail), written.map(|w| lines(&w.records)), "{stream}");
    }
}

async fn a_snapshot_of_another_build_is_passed_over(store: &dyn Store) {
    put(store, &[everything(1)]).await;
    let loaded = store.load_many(&[account(1)], "b2").await.expect("loaded").remove(0);
    let loaded = loaded.expect("found");
    assert_eq!(loaded.snapshot, None);
    assert_eq!(loaded.tail.lines().count(), 2);
}

async fn a_snapshot_replaces_the_last_one(store: &dyn Store) {
    put(store, &[everything(1)]).await;
    let mut next = commit(account(1), 2, 1);
    let snapshot = Snapshot { seq: 3, build: "b2".to_owned(), body: "{}".to_owned() };
    next.snapshot = Some(snapshot.clone());
    put(store, &[next]).await;
    let loaded = store.load_many(&[account(1)], "b2").await.expect("loaded").remove(0);
    let loaded = loaded.expect("found");
    assert_eq!(loaded.snapshot, Some(snapshot));
    assert_eq!(loaded.tail, "");
    let loaded = store.load_many(&[account(1)], "b1").await.expect("loaded").remove(0);
    assert_eq!(loaded.expect("found").tail.lines().count(), 3, "the old one is gone");
}

async fn a_journal_is_read_in_pages(store: &dyn Store) {
    put(store, &[commit(account(1), 0, 7), commit(account(2), 0, 2)]).await;
    let mut numbers = Vec::new();
    let mut after = 0;
    loop {
        let page = store.journal(account(1), after, 3).await.expect("read");
        let Some(last) = page.last() else { break };
        after = last.seq;
        numbers.extend(page.iter().map(|record| record.seq));
    }
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
}

async fn a_ledger_is_read_in_pages(store: &dyn Store) {
    let mut first = commit(account(1), 0, 2);
    first.entries = [pair(1, 0, 1).to_vec(), pair(2, 0, 2).to_vec(), vec![entry(2, 2, 0)]].concat();
    put(store, &[first.clone(), commit(account(2), 0, 2)]).await;
    let mut entries = Vec::new();
    let mut after = None;
    loop {
        let page = store.ledger(account(1), after, 2).await.expect("read");
        let Some(last) = page.last() else { break };
        after = Some((last.seq, last.line));
        entries.extend(page);
    }
    assert_eq!(entries, first.entries);
    assert_eq!(store.ledger(account(2), None, 9).await.expect("read"), []);
}

async fn what_is_sealed_is_given_by_number(store: &dyn Store) {
    put(store, &[everything(1)]).await;
    let (key, rows) = store.sealed(account(1), &[]).await.expect("read").expect("a key");
    assert_eq!((key, rows.len()), (vec![1, 0, 2], 0));
    let (_, rows) = store.sealed(account(1), &[7, 2, 2]).await.expect("read").expect("a key");
    assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [2]);
}

async fn tokens_are_known_per_stream(store: &dyn Store) {
    put(store, &[everything(1), commit(account(2), 0, 1)]).await;
    let asked = ["open/1".to_owned(), "other".to_owned(), "open".to_owned(), "open".to_owned()];
    let found = store.tokens(account(1), &asked).await.expect("read");
    assert_eq!(found, [token("open", 1), token("open/1", 2)]);
    assert_eq!(store.tokens(account(2), &asked).await.expect("read"), []);
}

async fn facts_are_what_exists(store: &dyn Store) {
    put(store, &[everything(1)]).await;
    let order = |number| Question::Order(OrderId::new(id(1), number));
    let subscription = |number| Question::Subscription(SubscriptionId::new(id(1), number));
    let coupon = |number| Question::Coupon(CouponId::new(id(1), number));
    let resource = |number| Question::Resource(ResourceId::new(id(1), number));
    let asked = [
        coupon(1),
        order(1),
        order(3),
        subscription(3),
        subscription(1),
        resource(1),
        resource(10),
        coupon(5),
        order(5),
    ];
    let facts = store.facts(&asked).await.expect("read");
    let found: Vec<_> = facts.found.iter().copied().collect();
    assert_eq!(found, [order(1), subscription(3), coupon(5), resource(10)]);
    assert!(facts.knows_coupon(CouponId::new(id(1), 5)));
    assert!(facts.knows_resource(ResourceId::new(id(1), 10)));
    assert_eq!(store.facts(&[]).await.expect("read").found.len(), 0);
}

async fn the_house_is_a_stream_but_no_account(store: &dyn Store) {
    let mut house = commit(StreamId::House, 0, 1);
    house.head.summary = "{}".to_owned();
    put(store, &[house, commit(account(2), 0, 1), commit(account(1), 0, 1)]).await;
    assert_eq!(store.account_count().await.expect("read"), 2);
    let accounts = store.accounts(None, 9).await.expect("read");
    assert_eq!(accounts.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [id(1), id(2)]);
    assert_eq!(accounts[0].1, commit(account(1), 0, 1).head);
    let rest = store.accounts(Some(id(1)), 9).await.expect("read");
    assert_eq!(rest.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [id(2)]);
    assert_eq!(store.accounts(None, 1).await.expect("read").len(), 1);
    assert_eq!(store.stale(2, None, 9).await.expect("read"), [account(1), account(2)]);
    assert_eq!(store.journal(StreamId::House, 0, 9).await.expect("read").len(), 1);
}
