//! Closures: which accounts are being closed or are closed, by what their summary says.

use renewd::domain::ids::AccountId;
use renewd::domain::nouns::closure::Stage;
use renewd::domain::rows::ClosureSummary;
use renewd::store::{Commit, Store};

use crate::samples::{account, at, commit, id};
use crate::{promises, put};

promises!(closures_are_listed_by_account_and_stage, a_closure_that_is_over_is_not_listed,);

/// A commit of an account at a stage of being closed, or in service.
fn at_stage(bits: u64, seq: u64, stage: Option<Stage>) -> Commit {
    let mut commit = commit(account(bits), seq, 1);
    let (requested_at, until, closed_at) = (at(1), Some(at(9)), None);
    let closure = stage.map(|stage| ClosureSummary { stage, requested_at, until, closed_at });
    let closure = closure.map_or(String::new(), |closure| {
        format!(",\"closure\":{}", serde_json::to_string(&closure).expect("JSON"))
    });
    commit.head.summary = format!("{{\"cash\":\"0.00 USD\"{closure}}}");
    commit
}

async fn listed(
    store: &dyn Store,
    stage: Option<Stage>,
    after: Option<AccountId>,
    limit: u32,
) -> Vec<AccountId> {
    let rows = store.closures(stage, after, limit).await.expect("read");
    rows.into_iter().map(|(id, _)| id).collect()
}

async fn closures_are_listed_by_account_and_stage(store: &dyn Store) {
    let commits = [
        at_stage(3, 0, Some(Stage::Quiet)),
        at_stage(1, 0, Some(Stage::Closed)),
        at_stage(2, 0, None),
        at_stage(4, 0, Some(Stage::Quiet)),
        commit(renewd::domain::ids::StreamId::House, 0, 1),
    ];
    put(store, &commits).await;
    assert_eq!(listed(store, None, None, 9).await, [id(1), id(3), id(4)]);
    assert_eq!(listed(store, None, Some(id(1)), 1).await, [id(3)]);
    assert_eq!(listed(store, Some(Stage::Quiet), None, 9).await, [id(3), id(4)]);
    assert_eq!(listed(store, Some(Stage::Quiet), Some(id(3)), 9).await, [id(4)]);
    assert_eq!(listed(store, Some(Stage::Approval), None, 9).await, []);
}

async fn a_closure_that_is_over_is_not_listed(store: &dyn Store) {
    put(store, &[at_stage(1, 0, Some(Stage::Requested))]).await;
    assert_eq!(listed(store, None, None, 9).await, [id(1)]);
    put(store, &[at_stage(1, 1, None)]).await;
    assert_eq!(listed(store, None, None, 9).await, []);
}
