//! Campaigns, and whatever else is a stream that accounts share.

use renewd::domain::facts::Question;
use renewd::domain::ids::{CampaignId, DocumentKind, SeriesId, StreamId};
use renewd::domain::nouns::campaign::{Terms, Validity};
use renewd::domain::nouns::coupon::{Benefit, Billing, Scope};
use renewd::domain::nouns::order;
use renewd::domain::rows::{CampaignRow, Row};
use renewd::store::{CampaignQuery, Claim, ClaimKind, Commit, Store, Written};

use crate::samples::{account, at, commit, hash, id, usd};
use crate::{promises, put, write};

promises!(
    a_campaign_reads_back_as_it_was_written,
    a_campaign_is_replaced_whole,
    more_campaigns_than_a_statement_takes_read_back,
    campaigns_are_listed_the_last_opened_first,
    campaigns_are_filtered,
    campaigns_are_read_in_pages,
    a_row_of_another_campaign_is_refused,
    a_code_is_claimed_once,
    shared_streams_are_listed_by_their_text,
    accounts_that_exist_are_known,
);

fn campaign(bits: u64) -> CampaignId {
    CampaignId::from_bits(bits)
}

fn stream(bits: u64) -> StreamId {
    StreamId::Campaign(campaign(bits))
}

/// A campaign in which nothing is absent.
pub(crate) fn full(bits: u64) -> CampaignRow {
    CampaignRow {
        id: campaign(bits),
        terms: Terms {
            name: "Frühling".to_owned(),
            description: "10 off \"in\" spring".to_owned(),
            benefit: Benefit::SpendAndSave { threshold: usd(90), off: usd(12) },
            scope: Scope {
                products: vec!["vm".to_owned()],
                products_denied: vec!["disk".to_owned()],
                order_types: vec![order::Kind::New, order::Kind::Renew],
                billing: Some(Billing::Subscription),
                min_spend: Some(usd(33)),
                min_period: Some("P1M".parse().expect("a period")),
                max_period: Some("P1Y".parse().expect("a period")),
            },
            quota: Some(u32::MAX),
            per_account: 4,
            starts_at: at(10),
            ends_at: at(20),
            validity: Validity::Until(at(30)),
            has_code: true,
        },
        taken: u32::MAX - 1,
        opened_at: at(5),
        closed_at: Some(at(15)),
    }
}

/// A campaign in which everything is absent that can be.
fn bare(bits: u64) -> CampaignRow {
    CampaignRow {
        terms: Terms {
            description: String::new(),
            benefit: Benefit::Discount { percent: 15.into(), cap: None },
            scope: Scope::default(),
            quota: None,
            validity: Validity::Days(30),
            has_code: false,
            ..full(bits).terms
        },
        taken: 0,
        closed_at: None,
        ..full(bits)
    }
}

fn named(bits: u64, name: &str, opened: i64) -> CampaignRow {
    let bare = bare(bits);
    let terms = Terms { name: name.to_owned(), ..bare.terms };
    CampaignRow { terms, opened_at: at(opened), ..bare }
}

fn of(row: &CampaignRow) -> Commit {
    let mut commit = commit(StreamId::Campaign(row.id), 0, 1);
    commit.rows = vec![Row::Campaign(Box::new(row.clone()))];
    commit
}

pub(crate) async fn shelve(store: &dyn Store, rows: &[CampaignRow]) {
    put(store, &rows.iter().map(of).collect::<Vec<_>>()).await;
}

async fn list(store: &dyn Store, query: CampaignQuery) -> Vec<CampaignRow> {
    store.campaigns(query).await.expect("read")
}

fn every() -> CampaignQuery {
    CampaignQuery { limit: 999, ..CampaignQuery::default() }
}

async fn a_campaign_reads_back_as_it_was_written(store: &dyn Store) {
    shelve(store, &[full(1), bare(2)]).await;
    assert_eq!(store.campaign(campaign(1)).await.expect("read"), Some(full(1)));
    assert_eq!(store.campaign(campaign(2)).await.expect("read"), Some(bare(2)));
    assert_eq!(store.campaign(campaign(3)).await.expect("read"), None);
    assert_eq!(list(store, every()).await, [bare(2), full(1)]);
}

async fn a_campaign_is_replaced_whole(store: &dyn Store) {
    shelve(store, &[bare(1)]).await;
    let mut second = commit(stream(1), 1, 1);
    second.rows = vec![Row::Campaign(Box::new(full(1)))];
    let mut third = commit(stream(1), 2, 1);
    let last = CampaignRow { taken: 7, ..named(1, "Autumn", 6) };
    third.rows = vec![Row::Campaign(Box::new(last.clone()))];
    put(store, &[second, third]).await;
    assert_eq!(list(store, every()).await, [last]);
}

async fn more_campaigns_than_a_statement_takes_read_back(store: &dyn Store) {
    let mut rows: Vec<_> = (1..=150).map(full).collect();
    shelve(store, &rows).await;
    rows.reverse();
    assert_eq!(list(store, every()).await, rows);
}

async fn campaigns_are_listed_the_last_opened_first(store: &dyn Store) {
    let rows = [named(1, "a", 7), named(2, "b", 9), named(3, "c", 8), named(4, "d", 9)];
    shelve(store, &rows).await;
    let names: Vec<_> = list(store, every()).await.into_iter().map(|row| row.terms.name).collect();
    assert_eq!(names, ["d", "b", "c", "a"]);
}

async fn campaigns_are_filtered(store: &dyn Store) {
    let early = named(1, "Spring 100%", 1);
    let closed = CampaignRow { closed_at: Some(at(15)), ..named(2, "spring_b", 2) };
    let other = named(3, "Autumn", 3);
    shelve(store, &[early, closed, other]).await;
    let names = async |query| {
        let rows = list(store, query).await;
        rows.into_iter().map(|row| row.terms.name).collect::<Vec<_>>()
    };
    let name = |name: &str| CampaignQuery { name: Some(name.to_owned()), ..every() };
    let running = |seconds| CampaignQuery { running_at: Some(at(seconds)), ..every() };
    assert_eq!(names(name("SPRING")).await, ["spring_b", "Spring 100%"]);
    assert_eq!(names(name("%")).await, ["Spring 100%"], "not a pattern");
    assert_eq!(names(name("_")).await, ["spring_b"], "not a pattern");
    assert_eq!(names(name("")).await.len(), 3);
    assert_eq!(names(name("' OR 1")).await, [""; 0]);
    assert_eq!(names(running(9)).await, [""; 0]);
    assert_eq!(names(running(10)).await.len(), 3, "the start is included");
    assert_eq!(names(running(14)).await.len(), 3);
    assert_eq!(names(running(15)).await, ["Autumn", "Spring 100%"], "closed is over");
    assert_eq!(names(running(19)).await, ["Autumn", "Spring 100%"]);
    assert_eq!(names(running(20)).await, [""; 0], "the end is not");
    let both = CampaignQuery { running_at: Some(at(15)), ..name("spring") };
    assert_eq!(names(both).await, ["Spring 100%"]);
}

async fn campaigns_are_read_in_pages(store: &dyn Store) {
    let rows: Vec<_> =
        (1..=7).map(|bits| named(bits, "x", i64::try_from(bits / 3).expect("small"))).collect();
    shelve(store, &rows).await;
    let all = list(store, every()).await;
    assert_eq!(all.len(), 7);
    for limit in 1..=4 {
        let mut query = CampaignQuery { limit, ..every() };
        let mut read = Vec::new();
        loop {
            let page = list(store, query.clone()).await;
            let Some(last) = page.last() else { break };
            assert!(page.len() <= limit as usize);
            query.before = Some((last.opened_at, last.id));
            read.extend(page);
        }
        assert_eq!(read, all);
    }
}

async fn a_row_of_another_campaign_is_refused(store: &dyn Store) {
    let mut wrong = of(&full(1));
    wrong.rows = vec![Row::Campaign(Box::new(full(2)))];
    assert_eq!(write(store, &[wrong, of(&full(3))]).await, [Written::Refused, Written::Done]);
    assert_eq!(list(store, every()).await, [full(3)]);
}

async fn a_code_is_claimed_once(store: &dyn Store) {
    let code = || Claim { kind: ClaimKind::Code, hash: hash(7) };
    let mut first = of(&full(1));
    first.claims = vec![code()];
    let mut second = of(&full(2));
    second.claims = vec![code()];
    let lost = Written::Taken(ClaimKind::Code);
    assert_eq!(write(store, &[first, second.clone()]).await, [Written::Done, lost]);
    assert_eq!(write(store, &[second]).await, [lost]);
    assert_eq!(store.holder(&code()).await.expect("read"), Some(stream(1)));
    assert_eq!(list(store, every()).await, [full(1)]);
}

async fn shared_streams_are_listed_by_their_text(store: &dyn Store) {
    let series = StreamId::Series(SeriesId { kind: DocumentKind::Invoice, year: 2026 });
    let shared = [stream(1), stream(2), StreamId::House, series];
    let commits: Vec<_> = [series, account(1), stream(2), StreamId::House, stream(1), account(2)]
        .map(|stream| commit(stream, 0, 1))
        .into();
    put(store, &commits).await;
    let all = store.shared_streams(None, 9).await.expect("read");
    assert_eq!(all.iter().map(|(stream, _)| *stream).collect::<Vec<_>>(), shared);
    for (stream, head) in &all {
        assert_eq!(*head, commit(*stream, 0, 1).head);
    }
    let mut read = Vec::new();
    let mut after = None;
    loop {
        let page = store.shared_streams(after, 1).await.expect("read");
        let [(stream, _)] = page.as_slice() else { break };
        after = Some(*stream);
        read.push(*stream);
    }
    assert_eq!(read, shared);
}

async fn accounts_that_exist_are_known(store: &dyn Store) {
    put(store, &[commit(account(1), 0, 1), commit(account(3), 0, 1), of(&full(2))]).await;
    let asked: Vec<_> = [1, 2, 3, 3].map(|bits| Question::Account(id(bits))).into();
    let facts = store.facts(&asked).await.expect("read");
    let known: Vec<_> = facts.found.iter().copied().collect();
    assert_eq!(known, [Question::Account(id(1)), Question::Account(id(3))]);
    assert!(facts.knows_account(id(3)) && !facts.knows_account(id(2)));
    let many: Vec<_> = (1..=300).map(|bits| Question::Account(id(bits))).collect();
    assert_eq!(store.facts(&many).await.expect("read").found.len(), 2);
}
