//! What is due, when, for whom; what is stale; what is parked; what schedulers did.

use std::collections::BTreeMap;

use renewd::domain::agenda::Job;
use renewd::domain::calendar::Timestamp;
use renewd::domain::ids::StreamId;
use renewd::domain::stream::Tally;
use renewd::store::codec::RUNS_KEPT;
use renewd::store::{Chore, DueQuery, DueRow, JobRun, Store};

use crate::samples::{account, at, commit, due, token};
use crate::{chores, promises, put};

promises!(
    the_oldest_due_comes_first,
    a_job_sees_its_own,
    what_is_due_for_long_is_taken_by_any_job,
    due_streams_are_read_in_pages,
    the_next_due_is_known_for_each_job,
    a_parked_stream_is_not_due,
    a_commit_leaves_a_stream_parked,
    stale_accounts_are_found_in_pages,
    runs_are_listed_newest_first,
    old_runs_are_forgotten,
    old_tokens_are_forgotten,
);

fn query(job: Job, until: i64) -> DueQuery {
    DueQuery { job, until: at(until), any_until: Timestamp::MIN, after: None, limit: 99 }
}

async fn numbers(store: &dyn Store, query: DueQuery) -> Vec<StreamId> {
    store.due(query).await.expect("read").iter().map(|row| row.stream).collect()
}

async fn the_oldest_due_comes_first(store: &dyn Store) {
    let commits = [
        due(account(1), Job::Renewals, at(30)),
        due(account(3), Job::Renewals, at(10)),
        due(account(2), Job::Renewals, at(10)),
        due(account(4), Job::Renewals, at(31)),
        due(account(5), Job::Renewals, Timestamp::MAX),
        due(StreamId::House, Job::Renewals, at(10)),
    ];
    put(store, &commits).await;
    let rows = store.due(query(Job::Renewals, 30)).await.expect("read");
    let row = |stream, seconds| DueRow { stream, due_at: at(seconds), job: Job::Renewals };
    let expected =
        [row(account(2), 10), row(account(3), 10), row(StreamId::House, 10), row(account(1), 30)];
    assert_eq!(rows, expected);
    let never = DueQuery { until: Timestamp::MAX, ..query(Job::Renewals, 0) };
    assert_eq!(numbers(store, never).await.len(), 5, "the end of time does not come");
}

async fn a_job_sees_its_own(store: &dyn Store) {
    let commits: Vec<_> =
        Job::ALL.iter().zip(1..).map(|(job, bits)| due(account(bits), *job, at(10))).collect();
    put(store, &commits).await;
    for (job, bits) in Job::ALL.into_iter().zip(1..) {
        let rows = store.due(query(job, 10)).await.expect("read");
        assert_eq!(rows, [DueRow { stream: account(bits), due_at: at(10), job }]);
        assert_eq!(store.due(query(job, 9)).await.expect("read"), []);
    }
}

async fn what_is_due_for_long_is_taken_by_any_job(store: &dyn Store) {
    let commits = [
        due(account(1), Job::Orders, at(10)),
        due(account(2), Job::Reminders, at(20)),
        due(account(3), Job::Renewals, at(25)),
        due(account(4), Job::Renewals, at(5)),
        due(account(5), Job::Lifecycle, at(21)),
    ];
    put(store, &commits).await;
    let asked = DueQuery { any_until: at(20), ..query(Job::Renewals, 30) };
    let rows = store.due(asked).await.expect("read");
    let row = |bits, seconds, job| DueRow { stream: account(bits), due_at: at(seconds), job };
    let expected = [
        row(4, 5, Job::Renewals),
        row(1, 10, Job::Orders),
        row(2, 20, Job::Reminders),
        row(3, 25, Job::Renewals),
    ];
    assert_eq!(rows, expected);
    let asked = DueQuery { any_until: at(25), ..query(Job::Renewals, 0) };
    assert_eq!(numbers(store, asked).await.len(), 5, "its own are due for long as well");
    let asked = DueQuery { limit: 2, ..asked };
    assert_eq!(numbers(store, asked).await, [account(4), account(1)]);
}

async fn due_streams_are_read_in_pages(store: &dyn Store) {
    let commits: Vec<_> = (0..40)
        .map(|bits| {
            let job = Job::ALL[usize::try_from(bits % 3).unwrap_or(0)];
            due(account(bits), job, at(i64::try_from(bits / 7).unwrap_or(0)))
        })
        .collect();
    put(store, &commits).await;
    let mut asked = DueQuery { any_until: at(3), limit: 6, ..query(Job::Renewals, 30) };
    let mut rows = Vec::new();
    loop {
        let page = store.due(asked).await.expect("read");
        let Some(last) = page.last() else { break };
        asked.after = Some((last.due_at, last.stream));
        rows.extend(page);
    }
    let whole = DueQuery { after: None, limit: 99, ..asked };
    assert_eq!(rows, store.due(whole).await.expect("read"));
    let expected =
        commits.iter().filter(|c| c.head.due_job == Job::Renewals || c.head.due_at <= at(3));
    assert_eq!(rows.len(), expected.count());
}

async fn the_next_due_is_known_for_each_job(store: &dyn Store) {
    let commits = [
        due(account(1), Job::Orders, at(10)),
        due(account(2), Job::Orders, at(9)),
        due(account(3), Job::Reminders, at(20)),
        due(account(4), Job::Lifecycle, Timestamp::MAX),
    ];
    put(store, &commits).await;
    let next = store.next_due().await.expect("read");
    assert_eq!(next, BTreeMap::from([(Job::Orders, at(9)), (Job::Reminders, at(20))]));
}

async fn a_parked_stream_is_not_due(store: &dyn Store) {
    put(store, &[due(account(1), Job::Orders, at(10)), due(account(2), Job::Orders, at(11))]).await;
    let park = |bits, seconds, reason: &str| Chore::Park {
        stream: account(bits),
        at: at(seconds),
        reason: reason.to_owned(),
    };
    chores(store, vec![park(1, 50, "it panicked"), park(9, 51, "nobody")]).await;
    assert_eq!(numbers(store, query(Job::Orders, 99)).await, [account(2)]);
    assert_eq!(store.next_due().await.expect("read").get(&Job::Orders), Some(&at(11)));
    let parked = store.parked().await.expect("read");
    assert_eq!(parked, [(account(1), at(50), "it panicked".to_owned())]);
    let loaded = store.load_many(&[account(1), account(2)], "b").await.expect("read");
    let reasons: Vec<_> = loaded.into_iter().flatten().map(|loaded| loaded.parked).collect();
    assert_eq!(reasons, [Some("it panicked".to_owned()), None]);
    chores(store, vec![park(2, 40, ""), park(1, 52, "again")]).await;
    let parked = store.parked().await.expect("read");
    let expected = [(account(2), at(40), String::new()), (account(1), at(52), "again".to_owned())];
    assert_eq!(parked, expected, "a reason may be empty");
    let unpark = |bits| Chore::Unpark { stream: account(bits) };
    chores(store, vec![unpark(1), unpark(2), unpark(9)]).await;
    assert_eq!(store.parked().await.expect("read"), []);
    assert_eq!(numbers(store, query(Job::Orders, 99)).await, [account(1), account(2)]);
}

async fn a_commit_leaves_a_stream_parked(store: &dyn Store) {
    put(store, &[due(account(1), Job::Orders, at(10))]).await;
    chores(store, vec![Chore::Park { stream: account(1), at: at(1), reason: "r".into() }]).await;
    let mut next = commit(account(1), 1, 1);
    next.head.due_at = at(12);
    put(store, &[next]).await;
    assert_eq!(store.parked().await.expect("read").len(), 1);
    assert_eq!(numbers(store, query(Job::Lifecycle, 99)).await, []);
}

async fn stale_accounts_are_found_in_pages(store: &dyn Store) {
    let commits: Vec<_> = (1..=9)
        .map(|bits| {
            let mut commit = commit(account(bits), 0, 1);
            commit.head.rules_version = u32::try_from(bits % 3).unwrap_or(0);
            commit
        })
        .collect();
    put(store, &commits).await;
    let first = store.stale(2, None, 4).await.expect("read");
    assert_eq!(first, [account(1), account(3), account(4), account(6)]);
    let rest = store.stale(2, Some(account(6)), 4).await.expect("read");
    assert_eq!(rest, [account(7), account(9)]);
    assert_eq!(store.stale(0, None, 4).await.expect("read"), []);
}

fn run(job: Job, seconds: i64, count: u64) -> JobRun {
    JobRun {
        job,
        at: at(seconds),
        took_ms: 17,
        advanced_count: count,
        failed_count: 3,
        steps: BTreeMap::from([
            ("expire".to_owned(), Tally { count: 4, lag_seconds_max: 5 }),
            ("attempt".to_owned(), Tally { count: 6, lag_seconds_max: 7 }),
        ]),
    }
}

async fn runs_are_listed_newest_first(store: &dyn Store) {
    let runs = [
        run(Job::Orders, 1, 1),
        run(Job::Renewals, 1, 2),
        run(Job::Orders, 2, 3),
        run(Job::Orders, 2, 4),
        run(Job::Renewals, 3, 5),
    ];
    chores(store, runs.clone().map(Chore::JobRun).to_vec()).await;
    let expected = [4, 3, 2, 0, 1].map(|place: usize| runs[place].clone());
    assert_eq!(store.job_runs(9).await.expect("read"), expected);
    assert_eq!(store.job_runs(1).await.expect("read"), expected[..2]);
}

async fn old_runs_are_forgotten(store: &dyn Store) {
    let count = u64::from(RUNS_KEPT) + 5;
    let runs = (0..count).map(|n| Chore::JobRun(run(Job::Orders, 1, n)));
    chores(store, runs.chain([Chore::JobRun(run(Job::Renewals, 1, 0))]).collect()).await;
    let kept = store.job_runs(u32::MAX).await.expect("read");
    let orders: Vec<_> = kept.iter().filter(|run| run.job == Job::Orders).collect();
    assert_eq!(orders.len(), RUNS_KEPT as usize);
    assert_eq!(orders.iter().map(|run| run.advanced_count).min(), Some(5));
    assert_eq!(kept.len(), orders.len() + 1);
}

async fn old_tokens_are_forgotten(store: &dyn Store) {
    let mut first = commit(account(1), 0, 1);
    let dated = |text: &str, seconds| {
        let mut row = token(text, 1);
        row.at = at(seconds);
        row
    };
    first.tokens = vec![dated("a", 9), dated("b", 10), dated("c", 11)];
    put(store, &[first.clone()]).await;
    chores(store, vec![Chore::ForgetTokens { before: at(10) }]).await;
    let asked: Vec<_> = first.tokens.iter().map(|row| row.token.clone()).collect();
    assert_eq!(store.tokens(account(1), &asked).await.expect("read"), first.tokens[1..]);
    let mut again = commit(account(1), 1, 1);
    again.tokens = vec![token("a", 2)];
    put(store, &[again]).await;
}
