//! Pay-as-you-go resources and their lists.

use renewd::domain::ids::ResourceId;
use renewd::domain::nouns::resource::State;
use renewd::domain::rows::ResourceRow;
use renewd::store::{ResourceQuery, Store, Written};

use crate::samples::{account, bare_resource, commit, full_resource, id, resource_row};
use crate::{promises, put, write};

/// What is asked, what it means, how many there are.
type Case<'a> = (ResourceQuery, &'a dyn Fn(&ResourceRow) -> bool, usize);

promises!(
    a_resource_reads_back_as_it_was_written_last,
    every_state_of_a_resource_reads_back,
    resources_are_filtered,
    resources_are_read_in_pages,
    a_resource_of_another_account_is_refused,
);

fn every() -> ResourceQuery {
    ResourceQuery { limit: 99, ..ResourceQuery::default() }
}

/// Resources of three accounts, by id.
async fn shelve(store: &dyn Store) -> Vec<ResourceRow> {
    let mut rows = Vec::new();
    for (bits, numbers) in [(1, [2, 10, 11].as_slice()), (2, &[1, 3]), (3, &[1, 2, 100])] {
        let mut commit = commit(account(bits), 0, 1);
        for number in numbers {
            let row = match number % 3 {
                0 => ResourceRow { product: "disk".to_owned(), ..bare_resource(id(bits), *number) },
                1 => full_resource(id(bits), *number),
                _ => ResourceRow { region: "ams1".to_owned(), ..bare_resource(id(bits), *number) },
            };
            commit.rows.push(resource_row(&row));
            rows.push(row);
        }
        // The order of writing is not that of the list.
        commit.rows.reverse();
        put(store, &[commit]).await;
    }
    rows
}

async fn a_resource_reads_back_as_it_was_written_last(store: &dyn Store) {
    let (full, bare) = (full_resource(id(1), 7), bare_resource(id(1), 7));
    for (expected, row) in [(0, &bare), (1, &full), (2, &bare)] {
        let mut commit = commit(account(1), expected, 1);
        commit.rows = vec![resource_row(row)];
        put(store, &[commit]).await;
        assert_eq!(store.resource(row.id).await.expect("read").as_ref(), Some(row));
        assert_eq!(store.resources(every()).await.expect("read"), std::slice::from_ref(row));
    }
    let mut last = commit(account(1), 3, 1);
    let named = ResourceRow { external_id: Some(String::new()), ..bare.clone() };
    last.rows = vec![resource_row(&named)];
    put(store, &[last]).await;
    assert_eq!(store.resource(bare.id).await.expect("read"), Some(bare), "an empty name is none");
    for other in [ResourceId::new(id(1), 8), ResourceId::new(id(2), 7)] {
        assert_eq!(store.resource(other).await.expect("read"), None);
    }
}

async fn every_state_of_a_resource_reads_back(store: &dyn Store) {
    let rows: Vec<_> = (1..)
        .zip(State::ALL)
        .map(|(number, state)| ResourceRow { state, ..bare_resource(id(1), number) })
        .collect();
    let mut commit = commit(account(1), 0, 1);
    commit.rows = rows.iter().map(resource_row).collect();
    put(store, &[commit]).await;
    assert_eq!(store.resources(every()).await.expect("read"), rows);
    for row in &rows {
        let query = ResourceQuery { state: Some(row.state), ..every() };
        assert_eq!(store.resources(query).await.expect("read"), std::slice::from_ref(row));
    }
}

async fn resources_are_filtered(store: &dyn Store) {
    let rows = shelve(store).await;
    let cases: [Case<'_>; 8] = [
        (every(), &|_| true, 8),
        (ResourceQuery { account: Some(id(1)), ..every() }, &|row| row.id.account == id(1), 3),
        (
            ResourceQuery { state: Some(State::Halted), ..every() },
            &|row| row.state == State::Halted,
            4,
        ),
        (
            ResourceQuery { product: Some("disk".to_owned()), ..every() },
            &|row| row.product == "disk",
            1,
        ),
        (
            ResourceQuery { region: Some("ams1".to_owned()), ..every() },
            &|row| row.region == "ams1",
            3,
        ),
        (
            ResourceQuery { account: Some(id(1)), state: Some(State::Halted), ..every() },
            &|row| row.id == ResourceId::new(id(1), 10),
            1,
        ),
        (
            ResourceQuery {
                account: Some(id(1)),
                state: Some(State::Running),
                product: Some("vm".to_owned()),
                region: Some("ams1".to_owned()),
                after: Some(ResourceId::new(id(1), 10)),
                limit: 1,
            },
            &|row| row.id == ResourceId::new(id(1), 11),
            1,
        ),
        (ResourceQuery { product: Some("' OR 1".to_owned()), ..every() }, &|_| false, 0),
    ];
    for (query, wanted, count) in cases {
        let expected: Vec<_> = rows.iter().filter(|row| wanted(row)).cloned().collect();
        assert_eq!(expected.len(), count, "{query:?}");
        assert_eq!(store.resources(query.clone()).await.expect("read"), expected, "{query:?}");
    }
}

async fn resources_are_read_in_pages(store: &dyn Store) {
    shelve(store).await;
    let halted = ResourceQuery { state: Some(State::Halted), ..every() };
    let of_one = ResourceQuery { account: Some(id(3)), ..every() };
    for asked in [every(), halted, of_one] {
        let all = store.resources(asked.clone()).await.expect("read");
        assert!(all.len() >= 3);
        for limit in 1..=4 {
            let mut query = ResourceQuery { limit, ..asked.clone() };
            let mut read = Vec::new();
            loop {
                let page = store.resources(query.clone()).await.expect("read");
                let Some(last) = page.last() else { break };
                assert!(page.len() <= limit as usize);
                query.after = Some(last.id);
                read.extend(page);
            }
            assert_eq!(read, all);
        }
    }
}

async fn a_resource_of_another_account_is_refused(store: &dyn Store) {
    let mut wrong = commit(account(1), 0, 1);
    wrong.rows = vec![resource_row(&full_resource(id(2), 1))];
    assert_eq!(write(store, &[wrong]).await, [Written::Refused]);
    assert_eq!(store.resources(every()).await.expect("read"), []);
}
