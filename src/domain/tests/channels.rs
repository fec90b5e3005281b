//! What may be done through a channel, and paid by what (R7.16).

use super::scenario::{ACCOUNT, World, instant, period, run, usd};
use crate::domain::command::Command;
use crate::domain::event::SealedRef;
use crate::domain::ids::{OrderId, SubscriptionId};
use crate::domain::nouns::closure::OnBehalf;
use crate::domain::nouns::subscription::Mode;
use crate::domain::rejection::Rejection;
use crate::domain::rules::Channel;
use crate::domain::verbs::change::Change;
use crate::domain::verbs::channel::{Action, Through};
use crate::domain::verbs::closure::BeginClosure;
use crate::domain::verbs::pay::{Pay, PayTogether};
use crate::domain::verbs::pricing::CouponChoice;
use crate::domain::verbs::purchase::Purchase;
use crate::domain::verbs::renew::{Renew, Term};
use crate::domain::verbs::set_renewal_mode::SetRenewalMode;
use crate::domain::verbs::top_up::TopUp;

/// An account with 100, the subscription 1 that is paid, and the orders 4 and 7, a purchase and a
/// renewal, that are not. `kiosk` takes Alipay only.
fn world() -> World {
    let (mut world, _) = run("
        2026-03-01 10:00  top-up 110
        2026-03-01 10:00  purchase ecs small 1 month
        2026-03-01 10:00  purchase ecs small 1 month unpaid
        2026-03-01 10:00  purchase quiet small 1 month
        2026-03-01 10:00  renew #5 1 month unpaid
    ");
    world.amend(instant("2026-03-01", "10:00"), |rules| {
        let alipay = || Some(vec!["alipay".to_owned()]);
        let kiosk =
            Channel { top_up: alipay(), purchase: alipay(), renew: alipay(), set_mode: true };
        rules.channels.insert("kiosk".to_owned(), kiosk);
    });
    world
}

fn order(number: u32) -> OrderId {
    OrderId::new(ACCOUNT, number)
}

fn asked(world: &World, channel: Option<&str>, command: Command) -> Result<(), Rejection> {
    let command = match channel {
        Some(channel) => {
            Command::Through(Through { channel: channel.to_owned(), command: Box::new(command) })
        }
        None => command,
    };
    let answer = world.clone().execute(instant("2026-03-01", "11:00"), &command).answer;
    answer.map(drop)
}

fn purchase(pay_now: bool) -> Command {
    Command::Purchase(Purchase {
        product: "ecs".into(),
        plan: "small".into(),
        region: "eu".into(),
        period: period("1", "month"),
        renewal_mode: Mode::default(),
        pay_now,
        external_id: None,
        expires_not_after: None,
        coupon: CouponChoice::Auto,
        price_lock: false,
        expected_payable: None,
    })
}

fn renew(pay_now: bool) -> Command {
    Command::Renew(Renew {
        subscription: SubscriptionId::new(ACCOUNT, 1),
        term: Term::Period(period("1", "month")),
        plan: None,
        pay_now,
        expected_expires_at: None,
        coupon: CouponChoice::Auto,
        expected_payable: None,
    })
}

fn change(pay_now: bool) -> Command {
    Command::Change(Change {
        subscription: SubscriptionId::new(ACCOUNT, 1),
        plan: "large".into(),
        until: None,
        pay_now,
        coupon: CouponChoice::Auto,
        expected_payable: None,
    })
}

#[test]
fn r7_16_a_top_up_comes_by_what_its_channel_takes() {
    let table = [
        ("app", "alipay", true),
        ("app", "unionpay", true),
        ("app", "huabei", false),
        ("app", "alipay_credit_card", false),
        ("app", "card", false),
        ("console", "huabei", true),
        ("operator", "bank_transfer", true),
        ("kiosk", "alipay", true),
        ("kiosk", "unionpay", false),
    ];
    let world = world();
    for (channel, method, is_allowed) in table {
        let top_up = TopUp {
            amount: usd("5"),
            method: method.to_owned(),
            channel: channel.to_owned(),
            reference: None,
        };
        let answer = asked(&world, None, Command::TopUp(top_up.clone()));
        let allowed = if channel == "app" { vec!["alipay", "unionpay"] } else { vec!["alipay"] };
        let refused = Rejection::PaymentMethodNotAllowed {
            channel: channel.to_owned(),
            action: Action::TopUp,
            method: method.to_owned(),
            allowed: allowed.into_iter().map(str::to_owned).collect(),
        };
        let expected = if is_allowed { Ok(()) } else { Err(refused) };
        assert_eq!(answer, expected, "{channel} {method}");
        // What the request came through counts as well as what it says.
        let other = TopUp { channel: "operator".to_owned(), ..top_up };
        let answer = asked(&world, Some(channel), Command::TopUp(other));
        assert_eq!(answer, expected, "{channel} {method}");
    }
}

#[test]
fn r7_16_orders_are_paid_through_a_channel_that_takes_the_balance() {
    let world = world();
    let pays = [
        (purchase(true), Action::Purchase),
        (renew(true), Action::Renew),
        (change(true), Action::Purchase),
        (Command::Pay(Pay { order: order(4) }), Action::Purchase),
        (Command::Pay(Pay { order: order(7) }), Action::Renew),
        (Command::PayTogether(PayTogether { orders: vec![order(4), order(7)] }), Action::Purchase),
        (Command::PayTogether(PayTogether { orders: vec![order(7)] }), Action::Renew),
    ];
    for (command, action) in pays {
        for channel in [None, Some("app"), Some("console")] {
            assert_eq!(asked(&world, channel, command.clone()), Ok(()), "{channel:?} {command:?}");
        }
        let refused = Rejection::PaymentMethodNotAllowed {
            channel: "kiosk".to_owned(),
            action,
            method: "balance".to_owned(),
            allowed: vec!["alipay".to_owned()],
        };
        assert_eq!(asked(&world, Some("kiosk"), command.clone()), Err(refused), "{command:?}");
    }
    // What is only ordered is paid by nothing yet.
    for command in [purchase(false), renew(false), change(false)] {
        assert_eq!(asked(&world, Some("kiosk"), command), Ok(()));
    }
}

#[test]
fn r7_16_the_app_may_look_at_the_mode_and_not_change_it() {
    let world = world();
    let set = |mode| {
        Command::SetRenewalMode(SetRenewalMode {
            subscription: SubscriptionId::new(ACCOUNT, 1),
            mode,
            period: None,
            muted: None,
        })
    };
    for mode in [Mode::AutoRenewal, Mode::ManualRenewal, Mode::NotRenewal] {
        for channel in [None, Some("console"), Some("kiosk")] {
            assert_eq!(asked(&world, channel, set(mode)), Ok(()), "{channel:?}");
        }
        let refused = Rejection::ChannelReadOnly { channel: "app".to_owned() };
        assert_eq!(asked(&world, Some("app"), set(mode)), Err(refused));
    }
}

#[test]
fn an_operator_s_closing_is_begun_by_operators_only() {
    let world = world();
    let begin = || {
        let by_operator = OnBehalf { reason: SealedRef(2), reference: None };
        Command::BeginClosure(BeginClosure { by_operator, forfeit: true })
    };
    for channel in [Some("app"), Some("console"), Some("kiosk")] {
        let refused = Rejection::OperatorOnly { channel: channel.unwrap_or_default().to_owned() };
        assert_eq!(asked(&world, channel, begin()), Err(refused));
    }
    for channel in [None, Some("operator")] {
        assert_ne!(
            asked(&world, channel, begin()).map_err(|refused| refused.code()),
            Err("OperatorOnly")
        );
    }
}

#[test]
fn an_account_that_is_not_there_is_not_there_through_any_channel() {
    let world = World::new(world().timeline);
    assert_eq!(asked(&world, Some("kiosk"), purchase(true)), Err(Rejection::AccountNotFound));
}
