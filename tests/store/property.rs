//! Whatever is written in whatever batches, all stores answer the same and hold the same.

use std::collections::BTreeMap;

use proptest::prelude::*;
use renewd::domain::agenda::Job;
use renewd::domain::calendar::Timestamp;
use renewd::domain::facts::Question;
use renewd::domain::ids::{CouponId, DocumentId, OrderId, ResourceId, StreamId, SubscriptionId};
use renewd::domain::nouns::statement::{self, Statement};
use renewd::domain::nouns::subscription::{Mode, State};
use renewd::domain::nouns::{coupon, order, resource};
use renewd::domain::usage::Seen;
use renewd::store::{
    BillLineQuery, Channel, Chore, Commit, CouponQuery, DeliveryQuery, DeliveryState,
    DocumentQuery, DueQuery, EffectKey, EntryQuery, ErasureStage, JobRun, LegalHold, OrderQuery,
    ResourceQuery, Retained, SealedRow, Snapshot, StatementQuery, Store, SubscriptionQuery,
    Written,
};

use crate::samples::{
    account, at, bare_bill_line, bare_coupon, bare_document, bare_order, bare_resource,
    bare_subscription, bill_line_row, claim, commit, coupon_row, coverage, coverage_row,
    document_row, effect, expiring, full_bill_line, full_coupon, full_document, full_order,
    full_resource, full_statement, id, month, order_row, pair, resource_row, seen, statement_row,
    subscription_row, token, totals, usage_key,
};

/// Few streams, claims and tokens, so that commits meet each other.
const STREAMS: u64 = 4;

fn stream(number: u64) -> StreamId {
    if number == STREAMS { StreamId::House } else { account(number) }
}

/// A commit that follows its stream's head by guess: `lag` is how far the guess is off.
#[derive(Debug, Clone)]
struct Draft {
    stream: u64,
    lag: u64,
    count: u64,
    due: i64,
    job: usize,
    rules_version: u32,
    claims: Vec<u8>,
    tokens: Vec<u8>,
    sealed: Vec<u32>,
    seen: Vec<u32>,
    nouns: Vec<(u8, u32, bool)>,
    entries: u32,
    effects: Vec<(u8, u8)>,
    voids: Vec<u8>,
    snapshot: Option<bool>,
    erase: bool,
}

fn draft() -> impl Strategy<Value = Draft> {
    (
        (
            0..=STREAMS,
            prop_oneof![8 => Just(0_u64), 1 => 1..3_u64],
            prop_oneof![1 => Just(0_u64), 6 => 1..3_u64],
            0..6_i64,
            0..5_usize,
        ),
        (
            0..3_u32,
            prop::collection::vec(0..6_u8, 0..2),
            prop::collection::vec(0..3_u8, 0..2),
            prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(0..9_u32, 1..2)],
            prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(0..9_u32, 1..3)],
            prop::collection::vec((0..8_u8, 0..3_u32, any::<bool>()), 0..5),
        ),
        (
            0..3_u32,
            prop::collection::vec((0..3_u8, 0..3_u8), 0..3),
            prop::collection::vec(0..3_u8, 0..2),
            prop::option::of(any::<bool>()),
            prop_oneof![9 => Just(false), 1 => Just(true)],
        ),
    )
        .prop_map(
            |(
                (stream, lag, count, due, job),
                (rules_version, claims, tokens, sealed, seen, nouns),
                (entries, effects, voids, snapshot, erase),
            )| Draft {
                stream,
                lag,
                count,
                due,
                job,
                rules_version,
                claims,
                tokens,
                sealed,
                seen,
                nouns,
                entries,
                effects,
                voids,
                snapshot,
                erase,
            },
        )
}

impl Draft {
    fn commit(&self, heads: &BTreeMap<u64, u64>) -> Commit {
        let expected = heads.get(&self.stream).copied().unwrap_or(0).saturating_sub(self.lag);
        let mut commit = commit(stream(self.stream), expected, self.count);
        commit.head.due_at = if self.due == 5 { Timestamp::MAX } else { at(self.due) };
        commit.head.due_job = Job::ALL[self.job];
        commit.head.rules_version = self.rules_version;
        commit.claims = self.claims.iter().map(|byte| claim(*byte)).collect();
        commit.tokens = self.tokens.iter().map(|byte| token(&format!("t{byte}"), 1)).collect();
        commit.key = (expected == 0).then(|| vec![7]);
        commit.sealed = self
            .sealed
            .iter()
            .map(|number| SealedRow { number: *number, sealed: expected.to_be_bytes().to_vec() })
            .collect();
        let reports = self.seen.iter().map(|number| {
            let seen = Seen { at: at(self.due), ..seen(id(self.stream), *number) };
            (usage_key(*number), seen)
        });
        commit.seen = reports.collect();
        // The house has no nouns; such a commit would only be refused.
        let nouns = if self.stream == STREAMS { &[] } else { self.nouns.as_slice() };
        for (noun, number, bare) in nouns {
            let owner = id(self.stream);
            commit.rows.push(match (noun, bare) {
                (0, true) => order_row(&bare_order(owner, *number)),
                (0, false) => order_row(&full_order(owner, *number)),
                (1, true) => coupon_row(&bare_coupon(owner, *number)),
                (1, false) => {
                    let mut row = full_coupon(owner, *number);
                    row.coupon.expires_at = at(self.due);
                    row.coupon.state = coupon::State::NotEffective;
                    coupon_row(&row)
                }
                (2, _) => {
                    let ends = if *bare { 2 } else { self.due + 2 };
                    coverage_row(&coverage(owner, *number, (i64::from(*number), ends), self.due))
                }
                (3, true) => bill_line_row(owner, &bare_bill_line(owner, "2026-04", *number)),
                (3, false) => {
                    let text = if self.due < 3 { "2026-04" } else { "2026-05" };
                    bill_line_row(owner, &full_bill_line(owner, text, *number))
                }
                (4, true) => {
                    let totals = totals(1, self.due, 9, self.due + 6);
                    let row = full_statement(&format!("2026-0{}", number + 3));
                    statement_row(owner, &Statement { totals, ..row })
                }
                (4, false) => {
                    let row = full_statement(&format!("2026-0{}", number + 3));
                    statement_row(owner, &row)
                }
                (5, true) => document_row(&bare_document(owner, *number)),
                (5, false) => document_row(&full_document(owner, *number)),
                (6, true) => resource_row(&bare_resource(owner, *number)),
                (6, false) => resource_row(&full_resource(owner, *number)),
                (_, true) => subscription_row(&bare_subscription(owner, *number)),
                (_, false) => subscription_row(&expiring(owner, *number, at(self.due))),
            });
        }
        let last = commit.head.seq;
        commit.entries =
            (0..self.entries).flat_map(|n| pair(last, 2 * n, i64::from(n) + 1)).collect();
        commit.outbox = (0..)
            .zip(&self.effects)
            .map(|(n, (channel, topic))| {
                let channel =
                    [Channel::Mail, Channel::Webhook, Channel::Tell][usize::from(*channel)];
                effect(last, n, channel, ["", "a", "b"][usize::from(*topic)])
            })
            .collect();
        commit.voids =
            self.voids.iter().map(|topic| ["", "a", "b"][usize::from(*topic)].to_owned()).collect();
        commit.snapshot = self.snapshot.map(|here| Snapshot {
            seq: last,
            build: if here { "here" } else { "there" }.to_owned(),
            body: format!("{{\"at\":  {last}}}"),
        });
        commit.erase = self.erase;
        commit
    }
}

fn chore() -> impl Strategy<Value = Chore> {
    let state = prop::sample::select(vec![
        DeliveryState::Waiting,
        DeliveryState::Sent,
        DeliveryState::Void,
        DeliveryState::Dead,
    ]);
    prop_oneof![
        5 => (0..=STREAMS, 1..5_u64, 0..2_u32, state, 0..3_u32, 0..9_i64).prop_map(
            |(number, seq, n, state, attempts, seconds)| Chore::Delivery {
                key: EffectKey { stream: stream(number), seq, n },
                state,
                attempts,
                next_at: at(seconds),
                outcome: format!("{attempts} attempts"),
            }
        ),
        1 => (0..=STREAMS, 0..9_i64).prop_map(|(number, seconds)| Chore::Park {
            stream: stream(number),
            at: at(seconds),
            reason: format!("reason {seconds}"),
        }),
        1 => (0..=STREAMS).prop_map(|number| Chore::Unpark { stream: stream(number) }),
        2 => (0..STREAMS, 0..5_u8).prop_map(|(number, step)| erasing(account(number), step)),
        1 => (38..44_i64).prop_map(|seconds| Chore::ForgetTokens { before: at(seconds) }),
        1 => (0..4_i64).prop_map(|seconds| Chore::ForgetDeliveries { before: at(seconds) }),
        1 => (0..6_i64, prop::option::of(0..STREAMS), prop::option::of(0..STREAMS)).prop_map(
            |(seconds, after, through)| Chore::ForgetUsage {
                before: at(seconds),
                after: after.map(|number| (id(number), usage_key(4))),
                through: through.map(|number| (id(number), usage_key(5))),
            }
        ),
        1 => (0..5_usize, 0..9_i64).prop_map(|(job, seconds)| Chore::JobRun(JobRun {
            job: Job::ALL[job],
            at: at(seconds),
            took_ms: 1,
            advanced_count: 2,
            failed_count: 3,
            steps: BTreeMap::new(),
        })),
    ]
}

/// A step of an erasure, or what stands in its way.
fn erasing(stream: StreamId, step: u8) -> Chore {
    match step {
        0 => {
            let retained = Some(Retained { wrapped: vec![1, 2], sealed: vec![3] });
            Chore::Destroy { stream, at: at(4), retained, mail_count: 6 }
        }
        1 => Chore::Scrubbed { stream, at: at(5) },
        2 => Chore::Sweep { stream, at: at(7) },
        3 => Chore::SetLegalHold { stream, hold: None },
        _ => {
            let hold = LegalHold { held_at: at(8), uid: 9, reason: "r".to_owned() };
            Chore::SetLegalHold { stream, hold: Some(hold) }
        }
    }
}

/// Everything that can be asked.
async fn everything_of(store: &dyn Store) -> Vec<String> {
    let mut said = Vec::new();
    let streams: Vec<_> = (0..=STREAMS).map(stream).collect();
    for build in ["here", "there"] {
        said.push(format!("{:?}", store.load_many(&streams, build).await));
    }
    for (number, stream) in (0..).zip(&streams) {
        let names: Vec<_> = (0..8).map(|byte| format!("t{byte}")).collect();
        said.push(format!("{:?}", store.tokens(*stream, &names).await));
        said.push(format!("{:?}", store.journal(*stream, 1, 9).await));
        said.push(format!("{:?}", store.ledger(*stream, Some((1, 0)), 9).await));
        said.push(format!("{:?}", store.sealed(*stream, &[0, 1, 2, 3, 4, 5, 6, 7, 8]).await));
        let query = OrderQuery { account: Some(id(number)), limit: 9, ..OrderQuery::default() };
        said.push(format!("{:?}", store.orders(query).await));
        let asked: Vec<_> = (0..4)
            .flat_map(|noun| {
                [
                    Question::Order(OrderId::new(id(number), noun)),
                    Question::Subscription(SubscriptionId::new(id(number), noun)),
                    Question::Coupon(CouponId::new(id(number), noun)),
                    Question::Resource(ResourceId::new(id(number), noun)),
                ]
            })
            .collect();
        said.push(format!("{:?}", store.facts(&asked).await));
        let asked: Vec<_> = (0..9).map(|n| Question::Usage(id(number), usage_key(n))).collect();
        said.push(format!("{:?}", store.facts(&asked).await));
        let after = Some((id(number), usage_key(3)));
        said.push(format!("{:?}", store.old_usage(at(3), after, 2).await));
        let query = DeliveryQuery { stream: Some(*stream), limit: 99, ..DeliveryQuery::default() };
        said.push(format!("{:?}", store.deliveries(query).await));
        said.push(format!("{:?}", store.erasure(*stream).await));
        said.push(format!("{:?}", store.retained(*stream).await));
        said.push(format!("{:?}", store.legal_hold(*stream).await));
    }
    for stage in ErasureStage::ALL {
        said.push(format!("{:?}", store.erasures(stage, at(3), 3).await));
    }
    for byte in 0..6 {
        said.push(format!("{:?}", store.holder(&claim(byte)).await));
    }
    for job in Job::ALL {
        for any_until in [0, 3] {
            let after = Some((at(1), account(1)));
            let query =
                DueQuery { job, until: at(4), any_until: at(any_until), after: None, limit: 3 };
            said.push(format!("{:?}", store.due(query).await));
            said.push(format!("{:?}", store.due(DueQuery { after, limit: 9, ..query }).await));
        }
    }
    said.push(format!("{:?}", store.next_due().await));
    said.push(format!("{:?}", store.stale(2, None, 9).await));
    said.push(format!("{:?}", store.accounts(None, 9).await));
    said.push(format!("{:?}", store.account_count().await));
    let every = SubscriptionQuery { limit: 9, ..SubscriptionQuery::default() };
    said.push(format!("{:?}", store.subscriptions(every.clone()).await));
    let some = SubscriptionQuery {
        modes: vec![Mode::AutoRenewal],
        states: vec![State::Grace],
        expires_from: Some(at(1)),
        expires_before: Some(at(4)),
        after: Some((at(2), SubscriptionId::new(id(1), 1))),
        ..every
    };
    said.push(format!("{:?}", store.subscriptions(some).await));
    let every = ResourceQuery { limit: 9, ..ResourceQuery::default() };
    said.push(format!("{:?}", store.resources(every.clone()).await));
    let state = Some(resource::State::Halted);
    let some = ResourceQuery { state, after: Some(ResourceId::new(id(1), 1)), ..every };
    said.push(format!("{:?}", store.resources(some).await));
    money_side_of(store, &mut said).await;
    bills_of(store, &mut said).await;
    for channel in [Channel::Mail, Channel::Webhook, Channel::Tell] {
        said.push(format!("{:?}", store.ready(channel, at(3), 9).await));
        let query = DeliveryQuery { channel: Some(channel), limit: 9, ..DeliveryQuery::default() };
        said.push(format!("{:?}", store.deliveries(query).await));
    }
    said.push(format!("{:?}", store.outbox_depth().await));
    said.push(format!("{:?}", store.job_runs(3).await));
    said.push(format!("{:?}", store.parked().await));
    said
}

async fn money_side_of(store: &dyn Store, said: &mut Vec<String>) {
    let every = OrderQuery { limit: 9, ..OrderQuery::default() };
    said.push(format!("{:?}", store.orders(every.clone()).await));
    for state in [order::State::Unpaid, order::State::Failed] {
        let before = Some((at(52), OrderId::new(id(2), 1)));
        let query = OrderQuery { state: Some(state), before, ..every.clone() };
        said.push(format!("{:?}", store.orders(query).await));
    }
    for states in [vec![], vec![coupon::State::NotEffective, coupon::State::Available]] {
        let query = CouponQuery { states, limit: 9, ..CouponQuery::default() };
        said.push(format!("{:?}", store.coupons(query.clone()).await));
        let after = Some((at(2), CouponId::new(id(1), 1)));
        said.push(format!("{:?}", store.coupons(CouponQuery { after, ..query }).await));
    }
    said.push(format!("{:?}", store.coverages(at(1), None, 5).await));
    let after = Some((at(1), OrderId::new(id(1), 1)));
    said.push(format!("{:?}", store.coverages(at(9), after, 9).await));
    let query = EntryQuery { limit: 9, ..EntryQuery::default() };
    said.push(format!("{:?}", store.entries(query.clone()).await));
    let after = Some((account(1), 1, 1));
    said.push(format!("{:?}", store.entries(EntryQuery { after, ..query }).await));
    for seconds in [1, 3, 99] {
        said.push(format!("{:?}", store.trial_balance(at(seconds)).await));
    }
}

async fn bills_of(store: &dyn Store, said: &mut Vec<String>) {
    for text in ["2026-04", "2026-05"] {
        for number in 0..STREAMS {
            let query = BillLineQuery {
                account: id(number),
                month: month(text),
                after: (number == 0).then_some(1),
                limit: 9,
            };
            said.push(format!("{:?}", store.bill_lines(query).await));
            said.push(format!("{:?}", store.statement(id(number), month(text)).await));
        }
        said.push(format!("{:?}", store.month_sums(month(text)).await));
    }
    said.push(format!("{:?}", store.billed_months().await));
    let every = StatementQuery { limit: 9, ..StatementQuery::default() };
    let after = Some((month("2026-04"), id(1)));
    for state in [None, Some(statement::State::Uncleared), Some(statement::State::Cleared)] {
        let query = StatementQuery { state, ..every };
        said.push(format!("{:?}", store.statements(query).await));
        said.push(format!("{:?}", store.statements(StatementQuery { after, ..query }).await));
        let query = StatementQuery { account: Some(id(1)), ..query };
        said.push(format!("{:?}", store.statements(query).await));
    }
    for number in 0..STREAMS {
        let query = DocumentQuery { account: id(number), month: None, before: None, limit: 9 };
        said.push(format!("{:?}", store.documents(query).await));
        let query = DocumentQuery { before: Some(2), ..query };
        said.push(format!("{:?}", store.documents(query).await));
        said.push(format!("{:?}", store.document(DocumentId::new(id(number), 1)).await));
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_stores_answer_alike(
        batches in prop::collection::vec(
            (prop::collection::vec(draft(), 0..6), prop::collection::vec(chore(), 0..4)),
            1..8,
        ),
    ) {
        runtime().block_on(async {
            let memory = crate::memory().await;
            let mut others = vec![crate::sqlite().await];
            others.extend(crate::postgres().await);
            let mut heads: BTreeMap<u64, u64> = BTreeMap::new();
            for (drafts, chores) in batches {
                // Commits of a batch see each other's heads only if they are meant to chain.
                let mut guessed = heads.clone();
                let commits: Vec<_> = drafts
                    .iter()
                    .map(|draft| {
                        let commit = draft.commit(&guessed);
                        guessed.insert(draft.stream, commit.head.seq);
                        commit
                    })
                    .collect();
                let a = memory.store.write(commits.clone(), chores.clone()).await.expect("written");
                for other in &others {
                    let b = other.store.write(commits.clone(), chores.clone()).await;
                    prop_assert_eq!(&a, &b.expect("written"), "{}", other.store.name());
                }
                for ((draft, commit), written) in drafts.iter().zip(&commits).zip(&a) {
                    if *written == Written::Done {
                        heads.insert(draft.stream, commit.head.seq);
                    }
                }
            }
            let a = everything_of(memory.store.as_ref()).await;
            for other in &others {
                let b = everything_of(other.store.as_ref()).await;
                for (a, b) in a.iter().zip(&b) {
                    prop_assert_eq!(a, b, "{}", other.store.name());
                }
            }
            Ok(())
        })?;
    }
}
