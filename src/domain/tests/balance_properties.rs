//! For every life of a wallet: cash is what its lots hold, the ledger says the same, and no more is
//! paid out than was topped up (R7.1, R7.5, R7.6, D47).

#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for the events that it is about")]

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::balance_words::OTHER;
use super::scenario::{ACCOUNT, World, instant, run, usd};
use crate::domain::account::Account;
use crate::domain::agenda::Agenda;
use crate::domain::command::Command;
use crate::domain::event::Event;
use crate::domain::ids::{ResourceId, SubscriptionId, WithdrawalId};
use crate::domain::ledger::{self, Account as Chart};
use crate::domain::money::Money;
use crate::domain::nouns::subscription::Mode;
use crate::domain::nouns::wallet::{self, Origin};
use crate::domain::nouns::withdrawal;
use crate::domain::stream::State;
use crate::domain::verbs;
use crate::domain::verbs::pricing::CouponChoice;

/// Something that happens to a wallet. Numbers are picked among what exists.
#[derive(Debug, Clone)]
enum Act {
    TopUp(u16),
    Limit(u16),
    Purchase,
    Unsubscribe(u8),
    OpenResource(bool),
    ReleaseResource(u8),
    Withdraw(Option<u16>),
    Report { pick: u8, is_paid: bool },
    Send(u16),
    Answer { pick: u8, is_taken: bool },
    Take(u16),
}

fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![
        5 => (1_u16..4_000).prop_map(Act::TopUp),
        2 => (0_u16..3_000).prop_map(Act::Limit),
        3 => Just(Act::Purchase),
        3 => any::<u8>().prop_map(Act::Unsubscribe),
        2 => any::<bool>().prop_map(Act::OpenResource),
        2 => any::<u8>().prop_map(Act::ReleaseResource),
        4 => prop::option::of(1_u16..2_000).prop_map(Act::Withdraw),
        4 => (any::<u8>(), any::<bool>()).prop_map(|(pick, is_paid)| Act::Report { pick, is_paid }),
        3 => (1_u16..2_000).prop_map(Act::Send),
        3 => (any::<u8>(), any::<bool>()).prop_map(|(pick, is_taken)| Act::Answer { pick, is_taken }),
        3 => (1_u16..3_000).prop_map(Act::Take),
    ]
}

/// What happens, each some hours after the one before.
fn lives() -> impl Strategy<Value = Vec<(u16, Act)>> {
    prop::collection::vec((prop_oneof![3 => 0_u16..30, 1 => 30_u16..1_500], acts()), 1..40)
}

fn cents(minor: u16) -> Money {
    Money::from_minor(minor.into(), usd("1").currency())
}

fn picked<T: Copy>(all: impl Iterator<Item = T>, pick: u8) -> Option<T> {
    let all: Vec<T> = all.collect();
    all.get(usize::from(pick) % all.len().max(1)).copied()
}

/// The command for an act, as the account stands.
fn command(act: &Act, world: &World) -> Command {
    let open = world.open();
    match act {
        Act::TopUp(amount) => Command::TopUp(verbs::top_up::TopUp {
            amount: cents(*amount),
            method: if amount % 2 == 0 { "card" } else { "bank_transfer" }.into(),
            channel: "api".into(),
            reference: None,
        }),
        Act::Limit(limit) => {
            let limit = cents(*limit);
            Command::SetCreditLimit(verbs::credit_limit::SetCreditLimit { limit })
        }
        Act::Purchase => Command::Purchase(verbs::purchase::Purchase {
            product: "quiet".into(),
            plan: "small".into(),
            region: "eu".into(),
            period: "P1M".parse().expect("a period"),
            renewal_mode: Mode::NotRenewal,
            pay_now: true,
            external_id: None,
            expires_not_after: None,
            coupon: CouponChoice::Decline,
            price_lock: false,
            expected_payable: None,
        }),
        Act::Unsubscribe(pick) => Command::Unsubscribe(verbs::refund::Unsubscribe {
            subscription: picked(open.subscriptions.keys().copied(), *pick)
                .unwrap_or(SubscriptionId::new(ACCOUNT, 99)),
            unused: pick % 2 == 0,
        }),
        Act::OpenResource(with_deposit) => Command::OpenResource(verbs::resource::OpenResource {
            product: if *with_deposit { "debt" } else { "at-once" }.into(),
            plan: "large".into(),
            region: "eu".into(),
            external_id: None,
        }),
        Act::ReleaseResource(pick) => Command::ReleaseResource(verbs::resource::ReleaseResource {
            resource: picked(open.resources.keys().copied(), *pick)
                .unwrap_or(ResourceId::new(ACCOUNT, 99)),
        }),
        Act::Withdraw(amount) => {
            Command::Withdraw(verbs::withdraw::Withdraw { amount: amount.map(cents) })
        }
        Act::Report { pick, is_paid } => {
            // What is settled is reported again, and otherwise than before.
            let withdrawal = picked(world.facts.withdrawals.keys().copied(), *pick)
                .unwrap_or(WithdrawalId::new(ACCOUNT, 99));
            if *is_paid {
                Command::WithdrawalPaid(verbs::withdraw::WithdrawalPaid { withdrawal })
            } else {
                let reason = None;
                Command::WithdrawalFailed(verbs::withdraw::WithdrawalFailed { withdrawal, reason })
            }
        }
        Act::Send(amount) => {
            Command::Transfer(verbs::transfer::Transfer { to: OTHER, amount: cents(*amount) })
        }
        Act::Answer { pick, is_taken } => {
            Command::TransferAnswered(verbs::transfer::TransferAnswered {
                number: picked(open.wallet.in_transit.keys().copied(), *pick).unwrap_or(99),
                declined: (!is_taken).then(|| "AmountTooLarge".to_owned()),
            })
        }
        Act::Take(amount) => Command::TakeTransfer(verbs::transfer::TakeTransfer {
            from: OTHER,
            number: 1,
            amount: cents(*amount),
        }),
    }
}

/// What came and went for good, in minor units.
#[derive(Debug, Default)]
struct Flow {
    topped_up: i64,
    received: i64,
    sent: i64,
    returned: i64,
    withdrawn: i64,
    paid_out: i64,
    /// Paid out although it had gone back to the wallet and was no longer in its lots: owed.
    paid_twice: i64,
}

fn flow(world: &World) -> Flow {
    let mut flow = Flow::default();
    for event in world.records.iter().flat_map(|record| &record.events) {
        match event {
            Event::Wallet(wallet::Event::ToppedUp { amount, .. }) => {
                flow.topped_up += amount.minor();
            }
            Event::Wallet(wallet::Event::Received { amount, .. }) => {
                flow.received += amount.minor();
            }
            Event::Wallet(wallet::Event::Sent { amount, .. }) => flow.sent += amount.minor(),
            Event::Wallet(wallet::Event::Returned { amount, .. }) => {
                flow.returned += amount.minor();
            }
            Event::Withdrawal(withdrawal::Event::Requested(asked)) => {
                flow.withdrawn += asked.amount.minor();
            }
            Event::Withdrawal(withdrawal::Event::Failed { amount, .. }) => {
                flow.withdrawn -= amount.minor();
            }
            Event::Withdrawal(withdrawal::Event::PaidAfterAll {
                withdrawal: asked, taken, ..
            }) => {
                let amount = asked.amount.minor();
                flow.withdrawn += amount;
                flow.paid_out += amount;
                flow.paid_twice += amount;
                flow.paid_twice -= taken.iter().map(|taken| taken.amount.minor()).sum::<i64>();
            }
            Event::Withdrawal(withdrawal::Event::FailedAfterAll { withdrawal: asked, .. }) => {
                flow.withdrawn -= asked.amount.minor();
                flow.paid_out -= asked.amount.minor();
            }
            Event::Withdrawal(withdrawal::Event::Paid { paid, .. }) => {
                flow.paid_out += paid.iter().map(|paid| paid.amount.minor()).sum::<i64>();
            }
            _ => {}
        }
    }
    flow
}

fn check_wallet(world: &World) {
    let open = world.open();
    let wallet = &open.wallet;
    let minor = |amount: Money| amount.minor();
    let lots: i64 = wallet.lots.iter().map(|lot| lot.left.minor()).sum();
    assert_eq!((minor(wallet.cash), wallet.lent), (lots, None), "cash is what the lots hold");
    for lot in &wallet.lots {
        let (amount, left) = (lot.amount.minor(), lot.left.minor());
        assert!(0 <= left && left <= amount && amount > 0, "{lot:?}");
    }
    let available = minor(wallet.cash) + minor(wallet.limit()) - minor(wallet.held());
    assert_eq!(minor(wallet.available()), available - minor(wallet.debt()), "R7.1");
    let flow = flow(world);
    let own: i64 = wallet
        .lots
        .iter()
        .filter(|lot| matches!(lot.origin, Origin::TopUp { .. }))
        .map(|lot| lot.amount.minor())
        .sum();
    let may_leave = flow.topped_up + flow.paid_twice;
    assert!(own + flow.withdrawn <= may_leave, "own money only: {flow:?}");
    assert!(flow.paid_out <= flow.withdrawn && flow.withdrawn <= may_leave, "{flow:?}");
    assert!(minor(wallet.withdrawable()) >= 0 && minor(wallet.transferable()) >= 0);
    assert!(wallet.withdrawable().minor() <= may_leave - flow.withdrawn, "{flow:?}");
    let mut books: BTreeMap<Chart, i64> = BTreeMap::new();
    for record in &world.records {
        let lines: Vec<_> = record.events.iter().flat_map(ledger::postings).collect();
        assert_eq!(lines.iter().map(|line| line.amount.minor()).sum::<i64>(), 0, "it balances");
        for line in lines {
            *books.entry(line.account).or_default() += line.amount.minor();
        }
    }
    let book = |account: &Chart| books.get(account).copied().unwrap_or(0);
    assert_eq!(book(&Chart::CustomerCash), -minor(wallet.cash));
    assert_eq!(book(&Chart::Receivable), minor(wallet.debt()));
    let waiting: i64 = open.withdrawals.values().map(|asked| asked.amount.minor()).sum();
    assert_eq!(book(&Chart::Withdrawals), -waiting);
    assert_eq!(waiting, flow.withdrawn - flow.paid_out);
    assert_eq!(book(&Chart::InTransit), flow.received + flow.returned - flow.sent);
    assert!(minor(wallet.sent()) <= flow.sent - flow.returned);
}

fn live(life: &[(u16, Act)]) -> World {
    let (mut world, _) = run("2026-02-10 06:30  open");
    let mut at = instant("2026-02-10", "06:30");
    for (hours, act) in life {
        at = at.plus(Duration::from_hours(u64::from(*hours)));
        world.step(at);
        check_wallet(&world);
        let was_overdue = world.open().standing.is_overdue();
        let command = command(act, &world);
        let executed = world.execute(at, &command);
        if was_overdue && matches!(act, Act::Withdraw(_) | Act::Send(_)) {
            assert!(executed.answer.is_err(), "none while overdue: {command:?}");
        }
        check_wallet(&world);
    }
    world
}

proptest! {
    #[test]
    fn cash_is_what_its_lots_hold_and_own_money_alone_is_paid_out(life in lives()) {
        let world = live(&life);
        let account = world.state.account().expect("an account");
        prop_assert_eq!(&world.agenda, &Agenda::of(&world.timeline, account));
        let mut state = State::Account(Account::Unopened(ACCOUNT));
        for record in &world.records {
            for event in &record.events {
                let text = serde_json::to_string(event).expect("an event is written");
                let read: Event = serde_json::from_str(&text).expect("an event is read");
                prop_assert_eq!(&read, event);
                state.apply(&read);
            }
            state.end_record();
        }
        prop_assert_eq!(state, world.state, "the journal says the same");
    }
}
