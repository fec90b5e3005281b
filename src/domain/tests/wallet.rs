//! The wallet and its lots: what is drawn first, what comes back where, and what is let go (D47).

use insta::assert_snapshot;

use super::scenario::{instant, play_only, run, usd};
use crate::domain::calendar::Timestamp;
use crate::domain::money::Money;
use crate::domain::month::Month;
use crate::domain::nouns::standing::Standing;
use crate::domain::nouns::wallet::{Event, LOT_DAYS, Origin, Taken, Wallet};
use crate::domain::verbs::standing;

fn day(day: i32) -> Timestamp {
    crate::domain::calendar::Zone::UTC.plus_days(instant("2026-01-01", "00:00"), day)
}

fn by(method: &str) -> Origin {
    Origin::TopUp { method: method.to_owned(), reference: None }
}

/// A wallet with a top-up of so much on each day from the first on.
fn wallet(amounts: &[&str]) -> Wallet {
    let mut wallet = Wallet::empty(usd("0"));
    for (place, amount) in (0..).zip(amounts) {
        wallet.bring(usd(amount), Some(day(place)), by("card"));
    }
    wallet
}

/// What each lot was and has left; the cash is checked against them.
fn lots(wallet: &Wallet) -> Vec<(String, String)> {
    let left: i64 = wallet.lots.iter().map(|lot| lot.left.minor()).sum();
    let lent = wallet.lent.map_or(0, Money::minor);
    assert_eq!(wallet.cash.minor(), left + lent, "cash is in lots, or lent");
    wallet.lots.iter().map(|lot| (lot.amount.amount(), lot.left.amount())).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(amount, left)| ((*amount).to_owned(), (*left).to_owned())).collect()
}

#[test]
fn d47_spending_takes_what_came_in_first_and_comes_back_to_what_was_spent_last() {
    let mut wallet = wallet(&["5", "6", "7"]);
    wallet.draw(usd("8"));
    assert_eq!(lots(&wallet), pairs(&[("5.00", "0.00"), ("6.00", "3.00"), ("7.00", "7.00")]));
    wallet.give_back(usd("4"));
    assert_eq!(lots(&wallet), pairs(&[("5.00", "1.00"), ("6.00", "6.00"), ("7.00", "7.00")]));
    wallet.give_back(usd("6"));
    assert_eq!(
        lots(&wallet),
        pairs(&[("5.00", "5.00"), ("6.00", "6.00"), ("7.00", "7.00"), ("2.00", "2.00")])
    );
    let refund = wallet.lots.last().expect("a lot");
    assert_eq!((&refund.origin, refund.at), (&Origin::Refund, None));
    assert_eq!(wallet.withdrawable(), usd("18"), "money back that no lot had paid is nobody's own");
}

#[test]
fn r7_3_what_was_lent_is_spent_before_any_lot() {
    let mut wallet = wallet(&["5"]);
    let month: Month = "2026-01".parse().expect("a month");
    wallet.apply(&Event::Lent { amount: usd("10"), month, at: day(0) });
    assert_eq!((wallet.cash, wallet.lent, wallet.debt()), (usd("15"), Some(usd("10")), usd("10")));
    wallet.draw(usd("4"));
    assert_eq!((wallet.lent, lots(&wallet)), (Some(usd("6")), pairs(&[("5.00", "5.00")])));
    wallet.draw(usd("8"));
    assert_eq!((wallet.lent, lots(&wallet)), (None, pairs(&[("5.00", "3.00")])));
}

#[test]
fn d47_cash_that_left_comes_back_to_its_place() {
    let mut wallet = wallet(&["5", "6", "7"]);
    let taken = wallet.last_of(usd("9"), Origin::is_own);
    let said = |taken: &[Taken]| {
        taken.iter().map(|taken| (taken.amount.amount(), taken.at)).collect::<Vec<_>>()
    };
    let expected = [("7.00".to_owned(), Some(day(2))), ("2.00".to_owned(), Some(day(1)))];
    assert_eq!(said(&taken), expected);
    wallet.take(taken.iter());
    assert_eq!(lots(&wallet), pairs(&[("5.00", "5.00"), ("4.00", "4.00")]));
    wallet.put_back(taken.iter());
    assert_eq!(lots(&wallet), pairs(&[("5.00", "5.00"), ("6.00", "6.00"), ("7.00", "7.00")]));
    let first = [Taken { amount: usd("5"), at: Some(day(0)), origin: by("card") }];
    wallet.take(first.iter());
    wallet.put_back(first.iter());
    assert_eq!(lots(&wallet)[0], ("5.00".to_owned(), "5.00".to_owned()), "spent first again");
    // What came at the same instant by another way stands before it.
    wallet.bring(usd("1"), Some(day(2)), by("alipay"));
    let card = [Taken { amount: usd("7"), at: Some(day(2)), origin: by("card") }];
    wallet.take(card.iter());
    wallet.put_back(card.iter());
    assert_eq!(lots(&wallet)[2..], pairs(&[("1.00", "1.00"), ("7.00", "7.00")]));
}

#[test]
fn d47_what_leaves_again_after_it_was_spent_leaves_no_room_for_a_refund() {
    let mut wallet = wallet(&["5", "6"]);
    wallet.draw(usd("7"));
    // 6 leave although 4 are there: what the first lot spent stays spent.
    wallet.bring(usd("9"), Some(day(3)), Origin::Transfer);
    wallet
        .take_again(usd("6"), &[Taken { amount: usd("4"), at: Some(day(1)), origin: by("card") }]);
    assert_eq!(lots(&wallet), pairs(&[("5.00", "0.00"), ("9.00", "7.00")]));
    wallet.give_back(usd("7"));
    assert_eq!(wallet.withdrawable(), usd("5"), "not more than was its own");
}

#[test]
fn d47_what_leaves_again_takes_no_more_room_than_a_lot_has() {
    let mut wallet = Wallet::empty(usd("0"));
    wallet.bring(usd("2"), Some(day(0)), Origin::Transfer);
    wallet.bring(usd("7"), Some(day(1)), by("card"));
    wallet.bring(usd("4"), Some(day(2)), by("card"));
    let back = [Taken { amount: usd("4"), at: Some(day(2)), origin: by("card") }];
    wallet.take_again(usd("7"), &back);
    assert_eq!(lots(&wallet), pairs(&[("2.00", "0.00"), ("6.00", "6.00")]));
}

#[test]
fn a_spent_lot_is_let_go_once_no_refund_can_reach_it() {
    let spent = || {
        let mut wallet = wallet(&["5", "6"]);
        wallet.draw(usd("5"));
        wallet
    };
    let reach = i32::from(LOT_DAYS);
    for (at, kept) in [(reach - 1, 3), (reach, 2)] {
        let mut wallet = spent();
        wallet.bring(usd("1"), Some(day(at)), by("card"));
        assert_eq!(wallet.lots.len(), kept, "after {at} days");
    }
    let mut wallet = spent();
    wallet.bring(usd("1"), Some(day(2 * reach)), by("card"));
    assert_eq!(lots(&wallet), pairs(&[("6.00", "6.00"), ("1.00", "1.00")]), "money is kept");
}

#[test]
fn r6_18_a_day_of_use_is_the_24_hours_before() {
    let mut standing = Standing::default();
    let hour = |hour: u32| {
        instant("2026-03-01", "00:00").plus(std::time::Duration::from_hours(hour.into()))
    };
    standing.burn(hour(1), usd("1"));
    standing.burn(hour(2), usd("2"));
    standing.burn(hour(2), usd("0"));
    assert_eq!((standing.burnt(hour(0)), standing.burn.len()), (None, 2));
    assert_eq!(standing.burnt(hour(1)), Some(usd("1")));
    assert_eq!(standing.burnt(hour(2)), Some(usd("3")));
    assert_eq!(standing.burnt(hour(25)), Some(usd("2")));
    assert_eq!(standing.burnt(hour(26)), None);
    standing.burn(hour(25), usd("4"));
    assert_eq!(standing.burn.len(), 2, "what is a day old is forgotten");
}

#[test]
fn r6_18_what_is_burnt_is_told_by_the_hour_and_looked_ahead_of() {
    let (world, _) = run("
        2026-03-01 10:00  top-up 10.20
        2026-03-01 10:00  open-resource debt small
        2026-03-01 13:00  step
    ");
    let (open, at) = (world.open(), instant("2026-03-01", "13:05"));
    let burn = standing::hourly_burn(open, at);
    assert_eq!(burn.len(), 24);
    let spent: Vec<_> = burn.iter().rev().take(4).map(|burn| burn.amount.amount()).collect();
    assert_eq!(spent, ["0.00", "0.60", "0.60", "0.00"], "at 13:05, 12:05, 11:05");
    assert_eq!(burn[23].at, at);
    // 8.40 are free, and a day costs 1.20: 168 hours, in steps of eight.
    assert_eq!(standing::hours_left(open, at), Some(168));
    let ahead = standing::projection(open, at);
    let hours: Vec<_> = ahead.iter().map(|point| point.at.since(at).as_secs() / 3600).collect();
    assert_eq!((ahead.len(), hours[1], hours[22]), (23, 8, 176));
    assert_eq!((ahead[0].amount, ahead[1].amount), (usd("8.40"), usd("8")));
    assert_eq!((ahead[20].amount, ahead[21].amount), (usd("0.40"), usd("0")));
}

#[test]
fn r6_18_the_renewals_of_the_next_day_count() {
    // 0.86 a day of use; the renewal of 10 is attempted on 23 March at 08:00, so that it counts
    // from 14:00 of the day before on.
    let script = |cash: &str| {
        play_only(
            &["will run short"],
            &format!(
                "
            2026-03-01 10:00  top-up {cash}
            2026-03-01 10:00  purchase ecs small 1 month auto
            2026-03-01 10:00  open-resource vm small
            2026-03-22 20:00  step
        "
            ),
        )
    };
    assert_snapshot!(script("39.07"), @"2026-03-22 14:00   will run short: 10.87 USD needed, 10.82 USD there, due 2026-03-22 14:00");
    assert_snapshot!(script("39.12"), @"");
}

#[test]
fn r6_18_a_renewal_that_is_switched_off_no_longer_counts() {
    assert_snapshot!(play_only(&["will run short"], "
        2026-03-01 10:00  top-up 38
        2026-03-01 10:00  purchase ecs small 1 month auto
        2026-03-01 10:00  open-resource vm small
        2026-03-22 13:30  step
        2026-03-22 13:30  mode #1 manual
        2026-03-22 20:00  step
    "), @"");
}

#[test]
fn r7_3_what_falls_due_is_paid_by_what_is_there_the_oldest_month_first() {
    assert_snapshot!(play_only(&["owed", "repaid", "past due", "overdue", "standing", "lent"], "
        2026-01-10 10:00  limit 100
        2026-01-10 10:00  purchase quiet small 1 month
        2026-02-10 10:00  purchase quiet small 1 month
        2026-02-10 11:00  top-up 4
        2026-02-23 12:00  step
        2026-02-24 12:00  top-up 6
        2026-02-24 12:00  top-up 25
        2026-04-01 12:00  step
    "), @r"
        2026-01-10 10:00 10.00 USD lent for 2026-01
        2026-02-10 10:00 10.00 USD lent for 2026-02
        2026-02-23 12:00 repaid 4.00 USD for 2026-01
        2026-02-23 12:00 6.00 USD of 2026-01 past due since 2026-02-23 12:00
        2026-02-23 12:00   overdue: 6.00 USD to pay, available 84.00 USD
        2026-02-24 12:00 repaid 6.00 USD for 2026-01
        2026-02-24 12:00   in good standing
        2026-03-23 12:00 repaid 10.00 USD for 2026-02
        ");
}

#[test]
fn d43_money_back_repays_what_is_owed_also_before_it_is_due() {
    assert_snapshot!(play_only(&["repaid", "back"], "
        2026-01-10 00:00  limit 100
        2026-01-10 00:00  purchase quiet small 1 month
        2026-01-10 00:00  top-up 3
        2026-01-11 00:00  purchase quiet large 1 month
        2026-01-12 00:00  unsubscribe #3
        2026-01-12 00:00  unsubscribe #1
    "), @r"
        2026-01-12 00:00   order #5 gives 48.39 USD back
        2026-01-12 00:00 repaid 48.39 USD for 2026-01
        2026-01-12 00:00   order #6 gives 9.35 USD back
        2026-01-12 00:00 repaid 8.61 USD for 2026-01
        ");
}
