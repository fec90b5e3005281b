//! Coupon campaigns: their quota, their window, what an account may get of them.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::scenario::{ACCOUNT, instant, usd};
use crate::domain::agenda::Agenda;
use crate::domain::calendar::Timestamp;
use crate::domain::command::{Answer, Command};
use crate::domain::effects::{Effect, Outgoing};
use crate::domain::event::Event;
use crate::domain::facts::{Facts, Question};
use crate::domain::ids::{AccountId, CampaignId, StreamId};
use crate::domain::nouns::campaign::{self, Campaign, Terms, Validity};
use crate::domain::nouns::coupon::{Benefit, Billing, Scope};
use crate::domain::rejection::Rejection;
use crate::domain::rows::{CampaignRow, Row};
use crate::domain::rules::Timeline;
use crate::domain::stream::{Context, Executed, State};
use crate::domain::verbs;
use crate::domain::verbs::campaign::{CloseCampaign, GiveBack, OpenCampaign, Take};

const CAMPAIGN: CampaignId = CampaignId::from_bits(11);

fn at(day: &str) -> Timestamp {
    instant(day, "12:00")
}

/// Ten coupons in May, two for each account.
fn terms() -> Terms {
    Terms {
        name: "Spring".into(),
        description: "10 off in spring".into(),
        benefit: Benefit::Cash { value: usd("10") },
        scope: Scope::default(),
        quota: Some(10),
        per_account: 2,
        starts_at: at("2026-05-01"),
        ends_at: at("2026-06-01"),
        validity: Validity::Days(30),
        has_code: false,
    }
}

fn account(number: u64) -> AccountId {
    AccountId::from_bits(number)
}

/// A campaign, and what was asked of it.
struct World {
    state: State,
    facts: Facts,
}

impl World {
    /// Nothing was opened yet; the accounts 1 to 20 exist.
    fn new() -> Self {
        let found = (1..=20).map(|number| Question::Account(account(number))).collect();
        Self {
            state: State::empty(StreamId::Campaign(CAMPAIGN)),
            facts: Facts { found, ..Facts::default() },
        }
    }

    fn opened(terms: Terms) -> Self {
        let mut world = Self::new();
        let opened = world.tell("2026-04-01", &Command::OpenCampaign(OpenCampaign { terms }));
        opened.answer.expect("an open campaign");
        world
    }

    fn execute(&mut self, at: Timestamp, command: &Command) -> Executed {
        let timeline = Timeline::default();
        let context = Context { timeline: &timeline, at, brake: false, closed_through: None };
        let before = self.state.clone();
        let executed = self.state.execute(&mut Agenda::default(), command, &self.facts, &context);
        let mut replayed = before;
        for event in &executed.events {
            replayed.apply(event);
        }
        assert_eq!(replayed, self.state, "a replay comes to the same");
        executed
    }

    fn tell(&mut self, day: &str, command: &Command) -> Executed {
        self.execute(at(day), command)
    }

    fn take(&mut self, day: &str, accounts: &[u64]) -> Result<u32, Rejection> {
        let executed = self.tell(day, &take(accounts));
        assert_eq!(executed.events.len(), executed.outgoing.len(), "each is told, and nobody else");
        taken(executed.answer)
    }

    fn give_back(&mut self, number: u64) -> Result<u32, Rejection> {
        let back = Command::GiveBack(GiveBack { account: account(number) });
        taken(self.tell("2026-05-20", &back).answer)
    }

    fn campaign(&self) -> &Campaign {
        let State::Campaign(campaign) = &self.state else { panic!("{:?}", self.state) };
        campaign
    }
}

fn take(accounts: &[u64]) -> Command {
    let accounts = accounts.iter().map(|number| account(*number)).collect();
    Command::Take(Take { accounts })
}

/// How much of the quota is taken, by the answer.
fn taken(answer: Result<Answer, Rejection>) -> Result<u32, Rejection> {
    let Answer::Campaign { campaign } = answer? else { panic!("another answer") };
    Ok(campaign.taken)
}

#[test]
fn what_is_taken_is_told_to_the_account() {
    let mut world = World::opened(terms());
    let executed = world.tell("2026-05-02", &take(&[3, 4]));
    let expected = [3, 4].map(|number| {
        let event = campaign::Event::Taken { account: account(number), at: at("2026-05-02") };
        Event::Campaign(event)
    });
    assert_eq!(executed.events, expected);
    let told: Vec<_> = executed
        .outgoing
        .into_iter()
        .map(|outgoing| {
            let Outgoing::Send { effect: Effect::Tell { to, command }, .. } = outgoing else {
                panic!("{outgoing:?}")
            };
            (to, *command)
        })
        .collect();
    assert_eq!(
        told.iter().map(|(to, _)| *to).collect::<Vec<_>>(),
        [account(3).into(), account(4).into()]
    );
    let Command::GrantCoupon(grant) = &told[0].1 else { panic!("{told:?}") };
    assert_eq!(grant.campaign, Some(CAMPAIGN));
    assert_eq!((grant.benefit, grant.validity), (terms().benefit, terms().validity));
    assert_eq!((&grant.description, &grant.scope), (&terms().description, &terms().scope));
    assert!(executed.touched.campaign);
    let row = CampaignRow::of(world.campaign()).expect("a row");
    assert_eq!((row.taken, row.terms), (2, terms()));
}

#[test]
fn the_quota_is_granted_whole_and_no_more() {
    let mut world = World::opened(Terms { per_account: 1, ..terms() });
    for number in 1..=10 {
        assert_eq!(world.take("2026-05-02", &[number]), Ok(u32::try_from(number).expect("small")));
    }
    let none = Rejection::QuotaExhausted { left: 0, asked: 1 };
    assert_eq!(world.take("2026-05-02", &[11]), Err(none));
    assert_eq!(world.give_back(7), Ok(9));
    assert_eq!(world.take("2026-05-02", &[11]), Ok(10));
}

#[test]
fn many_get_theirs_or_nobody() {
    let mut world = World::opened(terms());
    assert_eq!(world.take("2026-05-02", &[1, 2, 3, 4, 5, 6, 7, 8]), Ok(8));
    let short = Rejection::QuotaExhausted { left: 2, asked: 3 };
    assert_eq!(world.take("2026-05-02", &[9, 10, 11]), Err(short));
    let unknown = Rejection::UnknownAccounts { accounts: vec![account(98), account(99)] };
    assert_eq!(world.take("2026-05-02", &[99, 9, 98]), Err(unknown));
    assert_eq!(world.take("2026-05-02", &[99]), Err(Rejection::AccountNotFound));
    assert_eq!(world.campaign().taken, 8, "nobody got anything of these");
    assert_eq!(world.take("2026-05-02", &[9, 10]), Ok(10));
}

#[test]
fn an_account_gets_so_many_and_no_more() {
    let mut world = World::opened(terms());
    let limit = |number| Err(Rejection::CampaignLimit { account: account(number), limit: 2 });
    assert_eq!(world.take("2026-05-02", &[1, 2, 2, 2]), limit(2), "counted within a request");
    assert_eq!(world.take("2026-05-02", &[1, 1]), Ok(2));
    assert_eq!(world.take("2026-05-02", &[3, 1]), limit(1), "and over several");
    assert_eq!(world.give_back(1), Ok(1));
    assert_eq!(world.take("2026-05-02", &[3, 1]), Ok(3), "what went back does not count");
}

#[test]
fn it_grants_from_its_start_to_its_end_or_until_it_is_closed() {
    let mut world = World::opened(terms());
    let closed = |ends_at| {
        Err(Rejection::CampaignNotRunning { starts_at: at("2026-05-01"), ends_at: at(ends_at) })
    };
    assert_eq!(world.take("2026-04-30", &[1]), closed("2026-06-01"));
    assert_eq!(world.take("2026-05-01", &[1]), Ok(1));
    assert_eq!(world.take("2026-06-01", &[2]), closed("2026-06-01"), "the end is excluded");
    let close = Command::CloseCampaign(CloseCampaign {});
    assert_eq!(taken(world.tell("2026-05-10", &close).answer), Ok(1));
    assert_eq!(world.take("2026-05-10", &[2]), closed("2026-05-10"));
    assert_eq!(world.tell("2026-05-11", &close).events, [], "closed once is closed");
    assert_eq!(world.give_back(1), Ok(0), "what comes back still comes back");
}

#[test]
fn what_was_not_taken_cannot_come_back() {
    let mut world = World::opened(terms());
    world.take("2026-05-02", &[1]).expect("taken");
    assert_eq!(world.give_back(2), Ok(1));
    assert_eq!(world.give_back(1), Ok(0));
    assert_eq!(world.give_back(1), Ok(0));
}

#[test]
fn what_a_campaign_is_listed_with_is_how_it_stands() {
    let mut world = World::opened(terms());
    let executed = world.tell("2026-05-02", &take(&[1]));
    let [Row::Campaign(row)] = &world.state.rows(&executed.touched)[..] else {
        panic!("one row of it")
    };
    assert_eq!((row.id, row.taken), (CAMPAIGN, 1));
    let back = Command::GiveBack(GiveBack { account: account(2) });
    let executed = world.tell("2026-05-02", &back);
    assert_eq!(world.state.rows(&executed.touched), [], "nothing happened to it");
}

#[test]
fn a_coupon_may_need_no_spending_at_all() {
    let scope = Scope { min_spend: Some(usd("0")), ..Scope::default() };
    World::opened(Terms { scope, ..terms() });
}

#[test]
fn a_campaign_that_was_never_opened_is_not_there() {
    for command in [
        take(&[1]),
        Command::GiveBack(GiveBack { account: account(1) }),
        Command::CloseCampaign(CloseCampaign {}),
        Command::Advance,
        Command::LetGo(crate::domain::verbs::hold::LetGo {}),
    ] {
        let executed = World::new().tell("2026-05-02", &command);
        assert_eq!(executed.answer, Err(Rejection::CampaignNotFound), "{command:?}");
        assert_eq!(executed.events, []);
    }
    let unopened = Campaign::unopened(CAMPAIGN);
    let back = GiveBack { account: account(1) };
    let answer = verbs::campaign::give_back(&unopened, back, at("2026-05-02"));
    assert_eq!(answer, Err(Rejection::CampaignNotFound));
}

#[test]
fn a_campaign_is_asked_what_is_due_and_has_nothing() {
    let advanced = World::opened(terms()).tell("2026-05-02", &Command::Advance);
    assert_eq!((taken(advanced.answer), advanced.events), (Ok(0), Vec::new()));
}

#[test]
fn the_same_terms_again_open_nothing_and_others_are_another_request() {
    let mut world = World::opened(terms());
    let mut open = |terms| world.tell("2026-07-01", &Command::OpenCampaign(OpenCampaign { terms }));
    let again = open(terms());
    assert_eq!((taken(again.answer), again.events), (Ok(0), Vec::new()));
    let other = open(Terms { quota: Some(11), ..terms() });
    assert_eq!(other.answer, Err(Rejection::TokenMismatch));
}

#[test]
fn r5_2_a_code_is_for_subscriptions() {
    let world = World::opened(Terms { has_code: true, ..terms() });
    let billing = world.campaign().terms.as_ref().and_then(|terms| terms.scope.billing);
    assert_eq!(billing, Some(Billing::Subscription));
}

#[test]
fn terms_that_cannot_be_are_refused() {
    let scope = |scope| Terms { scope, ..terms() };
    let min = |amount: &str, currency: &str| {
        let currency = currency.parse().expect("a currency");
        let min = crate::domain::money::Money::parse(amount, currency).expect("money");
        Scope { min_spend: Some(min), ..Scope::default() }
    };
    let payg = Scope { billing: Some(Billing::Payg), ..Scope::default() };
    let free = Benefit::Discount { percent: 101.into(), cap: None };
    for (terms, word) in [
        (Terms { benefit: free, ..terms() }, "at most 100"),
        (Terms { name: String::new(), ..terms() }, "name"),
        (Terms { quota: Some(0), ..terms() }, "quota"),
        (Terms { per_account: 0, ..terms() }, "at least 1"),
        (Terms { per_account: 11, ..terms() }, "more than the quota"),
        (Terms { starts_at: at("2026-06-01"), ..terms() }, "after it starts"),
        (
            Terms { starts_at: at("2026-01-01"), ends_at: at("2026-04-01"), ..terms() },
            "in the future",
        ),
        (Terms { validity: Validity::Days(0), ..terms() }, "good for a day"),
        (Terms { validity: Validity::Until(at("2026-05-31")), ..terms() }, "good for a day"),
        (scope(min("5", "EUR")), "one currency"),
        (scope(min("-5", "USD")), "below zero"),
        (Terms { has_code: true, ..scope(payg) }, "pay-as-you-go"),
    ] {
        let open = Command::OpenCampaign(OpenCampaign { terms });
        let answer = World::new().tell("2026-04-01", &open).answer;
        let Err(Rejection::InvalidCoupon { fault }) = &answer else { panic!("{answer:?}") };
        assert!(fault.contains(word), "{fault:?} does not say {word:?}");
    }
    for terms in [
        Terms { validity: Validity::Until(at("2026-06-01")), ..terms() },
        Terms { quota: None, per_account: u32::MAX, ..terms() },
        scope(min("5", "USD")),
    ] {
        World::opened(terms);
    }
}

#[test]
fn an_account_that_cannot_take_a_coupon_tells_it_back() {
    let mut world = super::scenario::run("2026-05-01 12:00 top-up 10").0;
    let mut grant = super::super::verbs::campaign::grant(World::opened(terms()).campaign())
        .expect("a coupon to grant");
    let euros = crate::domain::money::Money::parse("10", "EUR".parse().expect("a currency"));
    grant.benefit = Benefit::Cash { value: euros.expect("money") };
    let executed = world.execute(at("2026-05-02"), &Command::GrantCoupon(grant));
    assert!(matches!(executed.answer, Ok(Answer::CouponDeclined { .. })), "{executed:?}");
    let back = Command::GiveBack(GiveBack { account: ACCOUNT });
    let told = Effect::Tell { to: StreamId::Campaign(CAMPAIGN), command: Box::new(back) };
    let [Outgoing::Send { effect, .. }] = executed.outgoing.as_slice() else {
        panic!("{executed:?}")
    };
    assert_eq!(*effect, told);
}

/// Something that happens to a campaign.
#[derive(Debug, Clone)]
enum Act {
    Take(Vec<u64>),
    GiveBack(u64),
    Close,
}

fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => prop::collection::vec(1_u64..6, 0..5).prop_map(Act::Take),
        4 => (1_u64..7).prop_map(Act::GiveBack),
        1 => Just(Act::Close),
    ]
}

proptest! {
    /// Whatever is asked of it, in any order and as often as one likes: what it granted and did
    /// not get back is never more than the quota, nor more than one account may have; and what it
    /// says to be taken is exactly that.
    #[test]
    fn a_campaign_is_never_overdrawn(
        quota in prop::option::of(3_u32..8),
        per_account in 1_u32..4,
        acts in prop::collection::vec((0_u32..50, acts()), 0..60),
    ) {
        let mut world = World::opened(Terms { quota, per_account, ..terms() });
        let mut held: BTreeMap<AccountId, u32> = BTreeMap::new();
        let mut closed = false;
        let mut when: Vec<u32> = acts.iter().map(|(day, _)| *day).collect();
        when.sort_unstable();
        for (day, (_, act)) in when.into_iter().zip(acts) {
            let at = at("2026-04-20").plus(std::time::Duration::from_hours(24 * u64::from(day)));
            let running = !closed && at >= terms().starts_at && at < terms().ends_at;
            match act {
                Act::Take(numbers) => {
                    let executed = world.execute(at, &take(&numbers));
                    let mut after = held.clone();
                    for number in &numbers {
                        *after.entry(account(*number)).or_default() += 1;
                    }
                    let fits = running
                        && after.values().all(|count| *count <= per_account)
                        && quota.is_none_or(|quota| after.values().sum::<u32>() <= quota);
                    prop_assert_eq!(executed.answer.is_ok(), fits, "{:?}", executed.answer);
                    prop_assert_eq!(executed.outgoing.len(), if fits { numbers.len() } else { 0 });
                    if fits {
                        held = after;
                    }
                }
                Act::GiveBack(number) => {
                    let back = GiveBack { account: account(number) };
                    let executed = world.execute(at, &Command::GiveBack(back));
                    prop_assert!(executed.answer.is_ok());
                    let had = held.get_mut(&account(number)).filter(|count| **count > 0);
                    prop_assert_eq!(executed.events.len(), usize::from(had.is_some()));
                    if let Some(count) = had {
                        *count -= 1;
                    }
                }
                Act::Close => {
                    let close = Command::CloseCampaign(CloseCampaign {});
                    prop_assert!(world.execute(at, &close).answer.is_ok());
                    closed = true;
                }
            }
            let sum: u32 = held.values().sum();
            prop_assert_eq!(world.campaign().taken, sum);
            prop_assert!(quota.is_none_or(|quota| sum <= quota));
            let known: u32 = world.campaign().by_account.values().sum();
            prop_assert_eq!(known, sum);
        }
    }
}

#[test]
#[should_panic(expected = "is overdrawn")]
fn an_overdrawn_campaign_is_a_broken_journal() {
    let mut campaign = Campaign::unopened(CAMPAIGN);
    let opened = Terms { quota: Some(1), ..terms() };
    campaign.apply(&campaign::Event::Opened { terms: Box::new(opened), at: at("2026-04-01") });
    for number in 1..=2 {
        let taken = campaign::Event::Taken { account: account(number), at: at("2026-05-02") };
        campaign.apply(&taken);
    }
}
