//! What is read of accounts, campaigns, series and the house, and what holds for months and rules.

use insta::assert_snapshot;

use super::book::book;
use super::scenario::{ACCOUNT, World, instant, period, run, usd};
use crate::domain::account::Kind;
use crate::domain::agenda::Agenda;
use crate::domain::calendar::Timestamp;
use crate::domain::command::Command;
use crate::domain::effects::{Effect, Hook, Outgoing, Recipient, Template};
use crate::domain::event::SealedRef;
use crate::domain::facts::Facts;
use crate::domain::fit::{Against, Wanted};
use crate::domain::ids::{CampaignId, DocumentId, DocumentKind, SeriesId, StreamId};
use crate::domain::money::Money;
use crate::domain::month::Month;
use crate::domain::movement::movements;
use crate::domain::nouns::campaign::{Terms, Validity};
use crate::domain::nouns::coupon::{Benefit, Scope, Unmet};
use crate::domain::nouns::order;
use crate::domain::nouns::subscription::Subscription;
use crate::domain::rows::{CampaignRow, Summary};
use crate::domain::rules::{Slots, Span, TaxRate, Timeline};
use crate::domain::stream::{self, Context, Executed, State};
use crate::domain::verbs::{bill, brake};

fn tell(state: &mut State, at: Timestamp, command: &Command) -> Executed {
    let timeline = Timeline::default();
    let context = Context { timeline: &timeline, at, brake: false, closed_through: None };
    state.execute(&mut Agenda::default(), command, &Facts::default(), &context)
}

fn month(text: &str) -> Month {
    text.parse().expect("a month")
}

/// What each ledger line of a script is about.
fn moved(script: &str) -> String {
    let (world, _) = run(script);
    let lines = world.records.iter().flat_map(|record| movements(&record.events));
    lines
        .map(|(posting, it)| {
            let number = |name: &str, number: Option<u32>| {
                number.map_or(String::new(), |number| format!(" {name} #{number}"))
            };
            let month = it.month.map_or(String::new(), |month| format!(" {month}"));
            let method = it.method.map_or(String::new(), |method| format!(" by {method}"));
            let account = it.account.map_or(String::new(), |account| format!(" {account}"));
            format!(
                "{} {} {}{}{}{}{month}{method}{account}\n",
                posting.account,
                posting.amount.amount(),
                it.what,
                number("order", it.order.map(|id| id.number)),
                number("resource", it.resource.map(|id| id.number)),
                number("withdrawal", it.withdrawal.map(|id| id.number)),
            )
        })
        .collect()
}

#[test]
fn every_line_of_an_account_s_ledger_says_what_it_is_about() {
    assert_snapshot!(moved("
        2026-01-10 10:00  limit 100
        2026-01-10 10:00  purchase quiet small 1 month
        2026-02-10 10:00  purchase quiet small 1 month
        2026-02-10 11:00  open-resource vm small
        2026-02-10 11:00  open-resource at-once small
        2026-02-10 12:10  release-resource #6
        2026-02-10 13:10  step
        2026-02-10 13:20  top-up 40 by card
        2026-02-10 13:20  limit 0
        2026-02-10 13:20  top-up 30 by card
        2026-02-10 13:21  cash-out 2
        2026-02-10 13:22  paid-out #7
        2026-02-10 13:23  cash-out 2
        2026-02-10 13:24  not-paid-out #8
        2026-02-10 13:24  send 2
        2026-02-10 13:25  declined 9
        2026-02-10 13:25  take 2
        2026-02-10 13:26  unsubscribe #3
    "), @r"
        receivable 10.00 credit_drawn 2026-01
        customer_cash -10.00 credit_drawn 2026-01
        customer_cash 10.00 order_paid order #2
        unearned:quiet -10.00 order_paid order #2
        receivable 10.00 credit_drawn 2026-02
        customer_cash -10.00 credit_drawn 2026-02
        customer_cash 10.00 order_paid order #4
        unearned:quiet -10.00 order_paid order #4
        receivable 0.63 usage_settled 2026-02
        earned:at-once -0.60 usage_settled 2026-02
        earned:vm -0.03 usage_settled 2026-02
        receivable 0.14 usage_settled 2026-02
        earned:at-once -0.10 usage_settled 2026-02
        earned:vm -0.04 usage_settled 2026-02
        clearing:card 40.00 top_up by card
        customer_cash -40.00 top_up by card
        customer_cash 10.00 credit_repaid 2026-01
        receivable -10.00 credit_repaid 2026-01
        customer_cash 10.77 credit_repaid 2026-02
        receivable -10.77 credit_repaid 2026-02
        clearing:card 30.00 top_up by card
        customer_cash -30.00 top_up by card
        customer_cash 2.00 withdrawal_requested withdrawal #7
        withdrawals -2.00 withdrawal_requested withdrawal #7
        withdrawals 2.00 withdrawal_paid withdrawal #7
        clearing:card -2.00 withdrawal_paid withdrawal #7
        customer_cash 2.00 withdrawal_requested withdrawal #8
        withdrawals -2.00 withdrawal_requested withdrawal #8
        withdrawals 2.00 withdrawal_failed withdrawal #8
        customer_cash -2.00 withdrawal_failed withdrawal #8
        customer_cash 2.00 transfer_sent acc_0000000008
        in_transit -2.00 transfer_sent acc_0000000008
        in_transit 2.00 transfer_returned
        customer_cash -2.00 transfer_returned
        in_transit 2.00 transfer_received acc_0000000008
        customer_cash -2.00 transfer_received acc_0000000008
        customer_cash -9.95 refund order #10
        unearned:quiet 9.95 refund order #10
        ");
}

#[test]
fn r10_5_a_month_is_sealed_and_closed_once_and_never_goes_back() {
    let mut house = State::empty(StreamId::House);
    let at = instant("2026-05-03", "12:00");
    let mut told = |command: &Command| tell(&mut house, at, command).events.len();
    let seal = |text| Command::SealMonth(bill::SealMonth { month: month(text) });
    let close =
        |text| Command::CloseMonth(bill::CloseMonth { month: month(text), sums: Vec::new() });
    assert_eq!(told(&seal("2026-04")), 1);
    assert_eq!(told(&seal("2026-04")), 0);
    assert_eq!(told(&seal("2026-03")), 0);
    assert_eq!(told(&close("2026-04")), 1);
    assert_eq!(told(&close("2026-04")), 0);
    assert_eq!(told(&close("2026-06")), 1);
    assert_eq!(told(&seal("2026-06")), 0, "what is closed is sealed");
    assert_eq!(told(&seal("2026-07")), 1);
    let State::House(house) = house else { panic!("the house") };
    let through = (house.closed_through, house.summed_through);
    assert_eq!(through, (Some(month("2026-07")), Some(month("2026-06"))));
}

#[test]
fn d38_the_operator_is_told_of_the_brake_and_what_was_let_through_is_kept() {
    let mut house = State::empty(StreamId::House);
    let at = instant("2026-05-03", "12:00");
    let engage = Command::EngageBrake(brake::Engage { held_count: 31, limit: 20 });
    let executed = tell(&mut house, at, &engage);
    let [Outgoing::Send { effect: Effect::Mail { to, template, about }, .. }] =
        executed.outgoing.as_slice()
    else {
        panic!("{:?}", executed.outgoing)
    };
    assert_eq!((to, template), (&Recipient::Operator, &Template::BrakeEngaged));
    assert_eq!((about.count, about.due_at), (Some(31), Some(at)));
    tell(&mut house, at, &Command::ReleaseBrake(brake::Release {}));
    let State::House(house) = house else { panic!("the house") };
    assert_eq!((house.brake, house.released_through), (None, Some(at)));
}

#[test]
fn r10_6_a_series_numbers_without_a_gap_and_tells_each_document() {
    let id = SeriesId { kind: DocumentKind::Invoice, year: 2026 };
    let mut series = State::empty(StreamId::Series(id));
    let at = instant("2026-05-03", "12:00");
    for number in 1..=3 {
        let document = DocumentId::new(ACCOUNT, 10 + number);
        let executed = tell(&mut series, at, &Command::Number(bill::Number { document }));
        let [Outgoing::Send { effect: Effect::Tell { to, command }, .. }] =
            executed.outgoing.as_slice()
        else {
            panic!("{:?}", executed.outgoing)
        };
        assert_eq!(*to, StreamId::Account(ACCOUNT));
        let assign = bill::AssignNumber { document, number };
        assert_eq!(command.as_ref(), &Command::AssignNumber(assign));
    }
}

#[test]
fn a_campaign_runs_from_its_start_to_before_its_end_or_its_closing() {
    let (start, end) = (instant("2026-05-01", "00:00"), instant("2026-06-01", "00:00"));
    let second = std::time::Duration::from_secs(1);
    let mut row = CampaignRow {
        id: CampaignId::from_bits(11),
        terms: Terms {
            name: "Spring".into(),
            description: String::new(),
            benefit: Benefit::Cash { value: usd("10") },
            scope: Scope::default(),
            quota: None,
            per_account: 1,
            starts_at: start,
            ends_at: end,
            validity: Validity::Days(30),
            has_code: false,
        },
        taken: 0,
        opened_at: start,
        closed_at: None,
    };
    let runs = |row: &CampaignRow, at: &[Timestamp]| {
        at.iter().map(|at| row.is_running(*at)).collect::<Vec<_>>()
    };
    let edges = [start.minus(second), start, end.minus(second), end];
    assert_eq!(runs(&row, &edges), [false, true, true, false]);
    let closed = instant("2026-05-10", "00:00");
    row.closed_at = Some(closed);
    assert_eq!(runs(&row, &[closed.minus(second), closed]), [true, false]);
}

#[test]
fn a_summary_tells_available_credit_where_it_is_not_the_cash() {
    let summary = |script: &str| Summary::of(run(script).0.open());
    let plain = summary("2026-03-01 10:00 top-up 20");
    assert_eq!((plain.cash, plain.available), (usd("20"), None));
    let credit = summary("2026-03-01 10:00 top-up 20\n2026-03-01 10:00 limit 5");
    assert_eq!((credit.cash, credit.available), (usd("20"), Some(usd("25"))));
}

#[test]
fn r5_17_coupons_are_held_against_an_order_and_against_what_would_be_bought() {
    let (world, _) = run("
        2026-03-01 10:00 coupons ecs free no
        2026-03-01 10:00 top-up 20
        2026-03-01 10:00 grant cash 4 until 2026-05-01 00:00
        2026-03-01 10:00 grant cash 3 until 2026-04-01 00:00
        2026-03-01 10:00 purchase ecs small 1 month unpaid
    ");
    let (open, at) = (world.open(), instant("2026-03-02", "10:00"));
    let told = |against: &Against<'_>| {
        let fits = open.coupons.values().map(|coupon| {
            let fit = against.fit(coupon);
            let codes: Vec<_> = fit.unmet.iter().map(Unmet::code).collect();
            (fit.deductible.map(Money::amount), fit.is_picked, codes.join(" "))
        });
        fits.collect::<Vec<_>>()
    };
    let some = |amount: &str| Some(amount.to_owned());
    let order = open.orders.values().next().expect("an order");
    assert_eq!(
        told(&Against::order(&world.timeline, open, order, at)),
        [(some("4.00"), false, String::new()), (some("3.00"), true, String::new())]
    );
    let wanted = |plan| Wanted {
        product: "ecs",
        plan,
        period: period("1", "month"),
        kind: order::Kind::New,
    };
    let offer = |plan| Against::offer(&world.timeline, open, wanted(plan), at).expect("an offer");
    assert_eq!(
        told(&offer("small")),
        [(some("4.00"), true, String::new()), (None, false, "frozen".to_owned())]
    );
    let free = told(&offer("free"));
    assert!(free.iter().all(|(off, _, unmet)| off.is_none() && unmet.contains("excluded")));
}

#[test]
fn what_was_settled_is_counted_by_kind_with_the_longest_delay() {
    let at = |day: &str| instant(day, "09:00");
    let (mut world, _) = run("
        2026-01-01 00:00 top-up 10
        2026-01-01 00:00 purchase ecs small 1 month
    ");
    let executed = world.execute(at("2026-01-26"), &Command::Advance);
    let tally = stream::tally(&executed.steps, at("2026-01-26"));
    let counts: Vec<_> =
        tally.iter().map(|(kind, it)| (*kind, it.count, it.lag_seconds_max)).collect();
    assert_eq!(counts, [("notice", 2, 9 * 86_400)]);
}

#[test]
fn what_is_sealed_at_the_door_gets_the_numbers_of_its_stream() {
    let numbered = |mut command: Command| {
        command.number_sealed(40);
        command
    };
    let opened = numbered(super::scenario::open(&[]));
    let Command::Open(open) = &opened else { panic!("{opened:?}") };
    assert_eq!(open.profile, SealedRef(41));
    let begin = |words: &[&str]| super::closure_words::command("begin", words).expect("a word");
    let Command::BeginClosure(begun) = numbered(begin(&[])) else { panic!("a closure") };
    assert_eq!(begun.by_operator.reason, SealedRef(42));
    let close = super::closure_words::command("close", &[]).expect("a word");
    let Command::RequestClosure(asked) = numbered(close) else { panic!("a request") };
    assert_eq!(asked.note, SealedRef(42));
    let top_up = crate::domain::verbs::top_up::TopUp {
        amount: usd("1"),
        method: "card".into(),
        channel: "operator".into(),
        reference: Some(SealedRef(0)),
    };
    let Command::TopUp(topped_up) = numbered(Command::TopUp(top_up)) else { panic!("a top-up") };
    assert_eq!(topped_up.reference, Some(SealedRef(40)));
}

#[test]
fn r7_8_a_tax_is_of_a_country_and_where_it_says_so_of_one_kind_of_account() {
    let rate = |kind| TaxRate {
        country: "DE".into(),
        kind,
        name: "VAT".into(),
        rate: "19".parse().expect("a rate"),
        inclusive: false,
    };
    assert!(rate(None).fits(Kind::Corporate, Some("DE")));
    assert!(!rate(None).fits(Kind::Corporate, Some("FR")));
    assert!(!rate(None).fits(Kind::Corporate, None));
    assert!(rate(Some(Kind::Individual)).fits(Kind::Individual, Some("DE")));
    assert!(!rate(Some(Kind::Individual)).fits(Kind::Corporate, Some("DE")));
    assert!(!rate(Some(Kind::Individual)).fits(Kind::Individual, Some("FR")));
}

#[test]
fn d39_slots_are_in_order_each_once_and_the_first_is_the_day_after_the_start() {
    let (world, _) = run("
        2026-03-02 08:00 top-up 10
        2026-03-02 08:00 purchase quiet small 1 week
    ");
    let span: Span = world.live(1).and_then(Subscription::span).expect("a span");
    let mut rules = book();
    let renewals = rules.autorenewals.get_mut("daily-t9").expect("a preset");
    let mut slots = |days: &[i32]| {
        renewals.schedule = days.iter().map(|day| Slots::Day(*day)).collect();
        let slots = renewals.slots(&span, 9);
        slots.iter().map(|slot| slot.to_string()[5..13].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(slots(&[-1, -3, -1, -2]), ["03-06T08", "03-07T08", "03-08T08"]);
    assert_eq!(slots(&[-6]), ["03-03T08"], "the first that may be is one of the schedule");
    assert_eq!(slots(&[-8, -7]), ["03-03T08"], "earlier ones come together in it");
    assert_eq!(slots(&[-8, -6]), ["03-03T08"]);
}

#[test]
fn d30_each_version_of_the_rules_is_in_force_for_its_own_stretch() {
    let mut world = World::new(Timeline::of(book()));
    let at = |day: &str| instant(day, "00:00");
    for day in ["2026-03-01", "2026-04-01"] {
        world.amend(at(day), |_| {});
    }
    let stretches = |from: &str| {
        let of = |(version, start, end): (&crate::domain::rules::Version, Timestamp, Timestamp)| {
            (version.number, start, end)
        };
        world.timeline.stretches(at(from)).map(of).collect::<Vec<_>>()
    };
    let (march, april) = (at("2026-03-01"), at("2026-04-01"));
    let first = world.timeline.in_force(at("2026-02-01")).expect("a version").number;
    let rest = [(first + 1, march, april), (first + 2, april, Timestamp::MAX)];
    assert_eq!(stretches("2026-03-01"), rest);
    assert_eq!(stretches("2026-02-01")[0], (first, at("2026-02-01"), march));
    assert_eq!(stretches("2026-02-01")[1..], rest);
    assert_eq!(stretches("2026-04-01"), rest[1..]);
}

#[test]
fn who_has_left_is_told_of_nothing_but_that() {
    let (world, _) = run("
        2026-03-01 10:00  closure approval none settle 0s quiet 0s
        2026-03-01 10:00  top-up 10
        2026-03-01 10:00  purchase ecs small 1 month
        2026-03-02 10:00  unsubscribe #1
        2026-03-02 10:00  close forfeit
        2026-03-02 10:01  confirm
        2026-04-05 10:00  step
    ");
    let closed = instant("2026-03-02", "10:01");
    let after = world.outgoing.iter().filter(|(at, _)| *at > closed);
    let told = after.filter_map(|(_, out)| match out {
        Outgoing::Send { effect: Effect::Mail { template, .. }, .. } => Some(template.as_str()),
        Outgoing::Send { effect: Effect::Webhook { hook, .. }, .. } => Some(Hook::as_str(*hook)),
        Outgoing::Send { .. } | Outgoing::Void(_) => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), ["statement.closed"]);
}
