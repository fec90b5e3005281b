//! Balance and credit, rule by rule.

use insta::assert_snapshot;

use super::balance_words::OTHER;
use super::scenario::{World, instant, mails, play, play_only, run, usd};
use crate::domain::command::Command;
use crate::domain::effects::{Effect, Outgoing};
use crate::domain::nouns::wallet::Lot;
use crate::domain::verbs;
use crate::domain::verbs::standing::{hourly_burn, hours_left, projection};

#[test]
fn v9_a_balance_below_zero_is_overdue_until_it_is_topped_up() {
    let script = "
        2026-03-01 10:00  limit 1017.33
        2026-03-01 10:00  open-resource net small
        2026-03-01 10:10  report #1 traffic 22428.2 as a
        2026-03-01 12:00  step
    ";
    let (world, _) = run(script);
    assert_eq!(world.open().wallet.available(), usd("-104.58"));
    assert!(world.open().standing.is_overdue());
    let script = format!("{script}\n2026-03-01 13:00  top-up 104.58");
    let (world, story) = run(&script);
    assert_eq!(world.open().wallet.available(), usd("0"));
    assert!(!world.open().standing.is_overdue(), "{story}");
}

#[test]
fn v12_available_credit_counts_cash_limit_and_what_is_owed() {
    let (world, story) = run("
        2026-02-01 10:00  limit 5000
        2026-02-01 10:00  open-resource net small
        2026-02-01 10:10  report #1 traffic 59990 as a
        2026-03-01 10:10  report #1 traffic 59990 as b
        2026-03-01 12:00  step
        2026-03-01 13:00  top-up 10200
        2026-03-01 13:00  purchase ecs yearly 2 year
        2026-03-01 14:00  unsubscribe #2 unused
    ");
    assert_eq!(world.open().wallet.available(), usd("9200"), "{story}");
}

#[test]
fn r7_3_credit_is_a_ceiling_and_a_lower_one_is_paid_down_to() {
    assert_snapshot!(play_only(&["credit", "paid", "owed", "+", "standing", "overdue"], "
        2026-03-01 10:00  purchase ecs small 1 month
        2026-03-01 10:00  limit 15
        2026-03-01 10:00  purchase ecs small 1 month
        2026-03-01 10:00  purchase ecs small 1 month
        2026-03-01 11:00  top-up 4
        2026-03-01 12:00  limit 8
        2026-03-01 12:00  limit 8
        2026-03-01 13:00  limit 0
        2026-03-01 13:00  limit -1
        2026-03-01 14:00  top-up 10
    "), @r"
    2026-03-01 10:00 ! NotEnoughFunds: 10.00 USD is needed, 0.00 USD is there
    2026-03-01 10:00 credit limit 15.00 USD
    2026-03-01 10:00   order #2 paid 10.00 USD
    2026-03-01 10:00 ! NotEnoughFunds: 10.00 USD is needed, 5.00 USD is there
    2026-03-01 11:00 +4.00 USD
    2026-03-01 12:00 credit limit 8.00 USD
    2026-03-01 12:00 repaid 2.00 USD for 2026-03
    2026-03-01 13:00 credit limit 0.00 USD
    2026-03-01 13:00 repaid 2.00 USD for 2026-03
    2026-03-01 13:00 ! AmountNegative: -1.00 USD is below zero
    2026-03-01 14:00 +10.00 USD
    2026-03-01 14:00 repaid 6.00 USD for 2026-03
    ");
}

#[test]
fn r6_15_the_oldest_month_is_repaid_first() {
    assert_snapshot!(play_only(&["owed", "repaid", "back", "credit", "+"], "
        2026-02-10 10:00  limit 100
        2026-02-10 10:00  purchase ecs small 1 month
        2026-03-10 10:00  purchase ecs small 1 month
        2026-03-20 10:00  limit 15
        2026-03-20 11:00  top-up 3
        2026-03-20 11:00  limit 0
        2026-03-20 12:00  top-up 9
    "), @r"
    2026-02-10 10:00 credit limit 100.00 USD
    2026-03-20 10:00 credit limit 15.00 USD
    2026-03-20 11:00 +3.00 USD
    2026-03-20 11:00 repaid 3.00 USD for 2026-02
    2026-03-20 11:00 credit limit 0.00 USD
    2026-03-20 12:00 +9.00 USD
    2026-03-20 12:00 repaid 7.00 USD for 2026-02, 2.00 USD for 2026-03
    ");
}

#[test]
fn the_last_day_says_how_far_the_balance_reaches() {
    let (world, _) = run("
        2026-03-01 00:00  top-up 40
        2026-03-01 00:00  open-resource at-once small
        2026-03-02 02:30  step
    ");
    let (open, now) = (world.open(), instant("2026-03-02", "02:30"));
    // 0.60 an hour: 26 hours cost 15.60, and 24.40 are left.
    assert_eq!(open.wallet.available(), usd("24.40"));
    assert_eq!(open.standing.burnt(now), Some(usd("14.40")));
    assert_eq!(hours_left(open, now), Some(40));
    let hourly = hourly_burn(open, now);
    assert_eq!(hourly.len(), 24);
    assert!(hourly.iter().all(|hour| hour.amount == usd("0.60")), "{hourly:?}");
    assert_eq!(hourly.last().map(|hour| hour.at), Some(now));
    let ahead = projection(open, now);
    let told: Vec<_> = ahead.iter().map(|point| point.amount).collect();
    assert_eq!((told[0], told[1]), (usd("24.40"), usd("23.20")), "two hours a step");
    assert_eq!(told.last(), Some(&usd("0")));
    assert_eq!(told.iter().filter(|left| left.is_zero()).count(), 1, "it ends there: {told:?}");
    let later = instant("2026-03-04", "00:00");
    assert_eq!((hours_left(open, later), projection(open, later)), (None, Vec::new()));
}

/// What is left of each lot, the oldest first.
fn left(world: &World) -> Vec<String> {
    world.open().wallet.lots.iter().map(|lot: &Lot| lot.left.to_string()).collect()
}

#[test]
fn d47_a_withdrawal_takes_the_last_top_up_first_and_spending_the_first() {
    assert_snapshot!(play_only(&["withdrawal"], "
        2025-01-10 10:00  top-up 30 by card
        2026-03-01 10:00  top-up 20 by card
        2026-03-02 10:00  top-up 10 by alipay
        2026-03-03 10:00  purchase ecs small 1 month
        2026-03-04 10:00  cash-out 35
        2026-03-05 10:00  paid-out #3
        2026-03-05 10:00  paid-out #3
        2026-03-05 10:00  not-paid-out #9
        2026-03-06 10:00  cash-out 15.01
        2026-03-06 10:00  cash-out all
        2026-03-06 10:00  cash-out all
    "), @r"
    2026-03-04 10:00   withdrawal #3 35.00 USD requested: 10.00 USD of 2026-03-02 10:00 by alipay, 20.00 USD of 2026-03-01 10:00 by card, 5.00 USD of 2025-01-10 10:00 by operator
    2026-03-05 10:00   withdrawal #3 paid: 10.00 USD by alipay, 20.00 USD by card, 5.00 USD by operator
    2026-03-05 10:00   withdrawal #3 reported again: paid
    2026-03-05 10:00 ! WithdrawalNotFound: there is no withdrawal wdr#9 in this account
    2026-03-06 10:00 ! NotWithdrawable: 15.00 USD can be withdrawn, not 15.01 USD
    2026-03-06 10:00   withdrawal #4 15.00 USD requested: 15.00 USD of 2025-01-10 10:00 by operator
    2026-03-06 10:00 ! NotWithdrawable: 0.00 USD can be withdrawn, not 0.00 USD
    ");
}

#[test]
fn d47_the_original_way_is_open_for_360_days() {
    assert_snapshot!(play_only(&["withdrawal"], "
        2025-01-01 10:00  top-up 30 by card
        2025-12-27 09:59  cash-out 10
        2025-12-27 10:00  cash-out 10
    "), @r"
    2025-12-27 09:59   withdrawal #1 10.00 USD requested: 10.00 USD of 2025-01-01 10:00 by card
    2025-12-27 10:00   withdrawal #2 10.00 USD requested: 10.00 USD of 2025-01-01 10:00 by operator
    ");
}

#[test]
fn r7_5_what_is_held_owed_or_given_is_not_withdrawn() {
    assert_snapshot!(play_only(&["withdrawal"], "
        2026-03-01 10:00  limit 20
        2026-03-01 10:00  purchase ecs small 1 month
        2026-03-01 11:00  top-up 15
        2026-03-01 11:00  cash-out 5.01
        2026-03-01 11:00  cash-out 0
        2026-03-01 11:00  cash-out -1
        2026-03-01 12:00  open-resource debt small
        2026-03-01 12:00  cash-out 4.41
        2026-03-01 12:00  cash-out 4.40
    "), @r"
    2026-03-01 11:00 ! NotWithdrawable: 5.00 USD can be withdrawn, not 5.01 USD
    2026-03-01 11:00 ! AmountNotPositive: 0.00 USD is not above zero
    2026-03-01 11:00 ! AmountNotPositive: -1.00 USD is not above zero
    2026-03-01 12:00 ! NotWithdrawable: 4.40 USD can be withdrawn, not 4.41 USD
    2026-03-01 12:00   withdrawal #4 4.40 USD requested: 4.40 USD of 2026-03-01 11:00 by bank_transfer
    ");
}

#[test]
fn r7_5_an_overdue_account_withdraws_nothing() {
    assert_snapshot!(play_only(&["withdrawal", "overdue"], "
        2026-03-01 10:00  top-up 1
        2026-03-01 10:00  open-resource at-once small
        2026-03-01 13:00  step
        2026-03-01 13:00  cash-out all
    "), @r"
    2026-03-01 12:05   overdue: 0.20 USD to pay, available -0.20 USD
    2026-03-01 13:00 ! AccountOverdue: the account is overdue: 0.20 USD must be paid first
    ");
}

#[test]
fn r7_5_a_withdrawal_that_fails_is_back_in_its_lots_and_pays_what_is_due() {
    let script = "
        2026-03-01 10:00  top-up 10 by card
        2026-03-02 10:00  top-up 10 by alipay
        2026-03-02 11:00  cash-out 15
        2026-03-02 12:00  open-resource by-hour large
        2026-03-02 15:10  step
    ";
    let (world, _) = run(script);
    assert_eq!(left(&world), ["0.00 USD"], "what left the wallet leaves no room behind");
    assert!(world.open().standing.is_overdue());
    let script = format!("{script}\n2026-03-02 15:20  not-paid-out #1 account_closed");
    assert_snapshot!(play_only(&["withdrawal", "standing", "repaid"], &script), @r"
    2026-03-02 11:00   withdrawal #1 15.00 USD requested: 10.00 USD of 2026-03-02 10:00 by alipay, 5.00 USD of 2026-03-01 10:00 by card
    2026-03-02 15:20   withdrawal #1 failed: 15.00 USD back
    2026-03-02 15:20 repaid 1.00 USD for 2026-03
    2026-03-02 15:20   in good standing
    ");
    let (world, _) = run(&script);
    assert_eq!(left(&world), ["4.00 USD", "10.00 USD"], "the oldest pays first");
    assert!(world.open().withdrawals.is_empty(), "it is settled");
}

#[test]
fn a_withdrawal_that_was_paid_after_all_is_taken_again_and_what_is_spent_is_owed() {
    let script = "
        2026-03-01 10:00  top-up 20 by card
        2026-03-01 11:00  cash-out 15
        2026-03-02 10:00  not-paid-out #1 account_closed
        2026-03-02 10:00  not-paid-out #1 account_closed
        2026-03-02 11:00  purchase ecs small 1 month
        2026-03-03 10:00  paid-out #1
        2026-03-03 10:01  paid-out #1
        2026-03-03 10:02  cash-out all
        2026-03-04 10:00  top-up 5 by alipay
        2026-03-05 10:00  not-paid-out #1 returned
    ";
    assert_snapshot!(play(script), @r"
    2026-03-01 10:00 +20.00 USD
    2026-03-01 11:00   withdrawal #1 15.00 USD requested: 15.00 USD of 2026-03-01 10:00 by card
    2026-03-02 10:00   withdrawal #1 failed: 15.00 USD back
    2026-03-02 10:00   withdrawal #1 reported again: failed
    2026-03-02 11:00 #2 order #3 new P1M 10.00 USD by 2026-03-09 11:00
    2026-03-02 11:00   order #3 paid 10.00 USD
    2026-03-02 11:00 #2 active 2026-03-02 11:00 to 2026-04-02 11:00
    2026-03-03 10:00 5.00 USD lent for 2026-03
    2026-03-03 10:00   withdrawal #1 paid after all: 15.00 USD taken again, 10.00 USD of it own
    2026-03-03 10:00   overdue: 5.00 USD to pay, available -5.00 USD
    2026-03-03 10:01   withdrawal #1 reported again: paid
    2026-03-03 10:02 ! AccountOverdue: the account is overdue: 5.00 USD must be paid first
    2026-03-04 10:00 +5.00 USD
    2026-03-04 10:00 repaid 5.00 USD for 2026-03
    2026-03-04 10:00   in good standing
    2026-03-05 10:00   withdrawal #1 failed after all: 15.00 USD back
    ");
    let (world, _) = run(script);
    let wallet = &world.open().wallet;
    assert_eq!((wallet.cash, wallet.debt()), (usd("15.00"), usd("0")));
    assert_eq!(wallet.withdrawable(), usd("15.00"), "all of it is own money");
}

#[test]
fn a_report_on_a_withdrawal_of_a_closed_account_is_recorded() {
    assert_snapshot!(play_only(&["withdrawal", "closed", "!"], "
        2026-03-01 10:00  closure approval none settle 0s quiet 0s
        2026-03-01 10:00  top-up 5 by card
        2026-03-01 10:00  cash-out all
        2026-03-02 10:00  paid-out #1
        2026-03-02 11:00  close
        2026-03-02 11:01  confirm
        2026-03-03 10:00  paid-out #1
        2026-03-04 10:00  not-paid-out #1 returned
        2026-03-04 10:00  not-paid-out #2
    "), @r"
    2026-03-01 10:00   withdrawal #1 5.00 USD requested: 5.00 USD of 2026-03-01 10:00 by card
    2026-03-02 10:00   withdrawal #1 paid: 5.00 USD by card
    2026-03-02 11:01 closed due 2026-03-02 11:01
    2026-03-03 10:00   withdrawal #1 reported again: paid
    2026-03-04 10:00   withdrawal #1 reported again: failed
    2026-03-04 10:00 ! WithdrawalNotFound: there is no withdrawal wdr#2 in this account
    ");
}

#[test]
fn a_payout_that_comes_back_while_closing_is_settled_first() {
    assert_snapshot!(play_only(&["withdrawal", "settling", "quiet", "closed"], "
        2026-03-01 10:00  closure approval none settle 0s
        2026-03-01 10:00  top-up 5 by card
        2026-03-01 10:00  cash-out all
        2026-03-02 10:00  paid-out #1
        2026-03-02 11:00  close
        2026-03-02 11:01  confirm
        2026-03-04 10:00  not-paid-out #1 returned
        2026-03-05 10:00  cash-out all
        2026-03-06 10:00  paid-out #2
        2026-04-06 10:00  step
    "), @r"
    2026-03-01 10:00   withdrawal #1 5.00 USD requested: 5.00 USD of 2026-03-01 10:00 by card
    2026-03-02 10:00   withdrawal #1 paid: 5.00 USD by card
    2026-03-02 11:01 settling due 2026-03-02 11:01 until 2026-03-02 11:01
    2026-03-02 11:01 quiet due 2026-03-02 11:01 until 2026-03-17 11:01
    2026-03-04 10:00   withdrawal #1 failed after all: 5.00 USD back
    2026-03-04 10:00 settling again due 2026-03-04 10:00 until 2026-03-04 10:00: PositiveCash 5.00 USD, 5.00 USD withdrawable (withdraw_or_forfeit)
    2026-03-05 10:00   withdrawal #2 5.00 USD requested: 5.00 USD of 2026-03-01 10:00 by card
    2026-03-06 10:00   withdrawal #2 paid: 5.00 USD by card
    2026-03-06 10:00 quiet due 2026-03-06 10:00 until 2026-03-21 10:00
    2026-03-21 10:00 closed due 2026-03-21 10:00
    ");
}

#[test]
fn a_withdrawal_is_expected_by_a_date_as_long_as_it_is_under_way() {
    let (mut world, _) = run("
        2026-03-01 10:00  top-up 5 by card
        2026-03-01 11:00  top-up 5 by alipay
    ");
    world.amend(instant("2026-03-02", "00:00"), |rules| {
        rules.withdraw.payout_days_by_method.insert("card".into(), 10);
    });
    let asked = |at, amount| {
        let (mut world, amount) = (world.clone(), Some(usd(amount)));
        let withdraw = Command::Withdraw(verbs::withdraw::Withdraw { amount });
        world.execute(at, &withdraw).answer.expect("an answer");
        let withdrawals = &world.open().withdrawals;
        let asked = withdrawals.values().next().expect("a withdrawal");
        verbs::withdraw::expected_by(&world.timeline, asked)
    };
    let (before, after) = (instant("2026-03-01", "12:00"), instant("2026-03-02", "12:00"));
    assert_eq!(asked(before, "10"), Some(instant("2026-03-06", "12:00")));
    assert_eq!(asked(after, "5"), Some(instant("2026-03-07", "12:00")), "by alipay only");
    assert_eq!(asked(after, "6"), Some(instant("2026-03-12", "12:00")), "the slowest counts");
}

#[test]
fn a_withdrawal_is_told_to_its_owner() {
    assert_snapshot!(mails("
        2026-03-01 10:00  top-up 10
        2026-03-01 10:00  cash-out 4
        2026-03-01 10:00  cash-out all
        2026-03-02 10:00  paid-out #1
        2026-03-02 10:00  not-paid-out #2
    "), @r"
    2026-03-01 10:00 topped_up
    2026-03-01 10:00 withdrawal_requested
    2026-03-01 10:00 withdrawal_requested
    2026-03-02 10:00 withdrawal_paid
    2026-03-02 10:00 withdrawal_failed
    ");
}

#[test]
fn a_refund_finds_no_room_in_what_was_withdrawn() {
    let (world, story) = run("
        2026-03-01 10:00  top-up 20
        2026-03-01 10:00  purchase ecs small 1 month
        2026-03-01 10:00  cash-out all
        2026-03-01 11:00  unsubscribe #1 unused
    ");
    let lots = &world.open().wallet.lots;
    assert_eq!((lots.len(), lots[0].amount, lots[0].left), (1, usd("10"), usd("10")), "{story}");
    assert_eq!(world.open().wallet.withdrawable(), usd("10"), "20 came in, 20 may go out");
}

#[test]
fn r7_6_own_cash_is_transferred_and_what_came_by_transfer_is_not_passed_on() {
    assert_snapshot!(play_only(&["transfer", "from", "withdrawal"], "
        2026-03-01 10:00  top-up 10
        2026-03-01 10:00  take 20
        2026-03-01 10:00  open-resource debt small
        2026-03-01 10:10  send 9.41
        2026-03-01 10:10  send 0
        2026-03-01 10:10  send 5 here
        2026-03-01 10:10  send 9.40
        2026-03-01 10:10  cash-out all
        2026-03-01 10:11  arrived 2
        2026-03-01 10:11  arrived 2
        2026-03-01 10:12  declined 2
    "), @r"
    2026-03-01 10:00 +20.00 USD from acc_0000000008
    2026-03-01 10:10 ! NotTransferable: 9.40 USD can be transferred, not 9.41 USD
    2026-03-01 10:10 ! AmountNotPositive: 0.00 USD is not above zero
    2026-03-01 10:10 ! TransferToSelf: a transfer goes to another account
    2026-03-01 10:10 transfer #2: 9.40 USD sent to acc_0000000008
    2026-03-01 10:10   withdrawal #3 0.60 USD requested: 0.60 USD of 2026-03-01 10:00 by bank_transfer
    2026-03-01 10:11 transfer #2 arrived
    ");
}

#[test]
fn r7_6_what_is_owed_within_the_limit_stays_covered() {
    assert_snapshot!(play_only(&["transfer"], "
        2026-03-01 10:00  limit 12
        2026-03-01 10:00  purchase ecs small 1 month
        2026-03-01 10:00  top-up 15
        2026-03-01 11:00  send 15
        2026-03-01 12:00  purchase ecs small 1 month
    "), @r"
    2026-03-01 11:00 transfer #3: 15.00 USD sent to acc_0000000008
    2026-03-01 12:00 ! NotEnoughFunds: 10.00 USD is needed, 2.00 USD is there
    ");
}

#[test]
fn r7_6_an_overdue_account_transfers_nothing() {
    assert_snapshot!(play_only(&["transfer"], "
        2026-03-01 10:00  top-up 1
        2026-03-01 10:00  open-resource at-once small
        2026-03-01 13:00  step
        2026-03-01 13:00  send 1
    "), @r"
    2026-03-01 13:00 ! AccountOverdue: the account is overdue: 0.20 USD must be paid first
    ");
}

#[test]
fn r7_6_what_is_declined_is_back_in_its_lots_and_pays_what_is_due() {
    let script = "
        2026-03-01 10:00  top-up 10
        2026-03-01 11:00  top-up 10
        2026-03-02 11:00  send 15
        2026-03-02 12:00  open-resource by-hour large
        2026-03-02 15:10  step
        2026-03-02 15:20  declined 1
        2026-03-02 15:20  declined 1
    ";
    assert_snapshot!(play_only(&["transfer", "standing", "repaid"], script), @r"
    2026-03-02 11:00 transfer #1: 15.00 USD sent to acc_0000000008
    2026-03-02 15:20 transfer #1: 15.00 USD back for WrongCurrency
    2026-03-02 15:20 repaid 1.00 USD for 2026-03
    2026-03-02 15:20   in good standing
    ");
    let (world, _) = run(script);
    assert_eq!(left(&world), ["4.00 USD", "10.00 USD"]);
    assert!(world.open().wallet.in_transit.is_empty());
}

#[test]
fn r7_6_what_cannot_be_taken_is_told_back_once_and_for_all() {
    let (world, story) = run("
        2026-03-01 10:00  limit 5
        2026-03-01 10:00  take 3 EUR
        2026-03-01 10:00  top-up 100
        2026-03-01 10:00  take 9999999999.99
        2026-03-01 10:00  take 4
    ");
    assert_snapshot!(story, @r"
    2026-03-01 10:00 credit limit 5.00 USD
    2026-03-01 10:00 3.00 EUR from acc_0000000008 declined for WrongCurrency
    2026-03-01 10:00 +100.00 USD
    2026-03-01 10:00 9999999999.99 USD from acc_0000000008 declined for AmountTooLarge
    2026-03-01 10:00 +4.00 USD from acc_0000000008
    ");
    let told: Vec<_> = world
        .outgoing
        .iter()
        .filter_map(|(_, out)| match out {
            Outgoing::Send { effect: Effect::Tell { to, command }, .. } => {
                Some((*to, serde_json::to_string(command).expect("a command")))
            }
            Outgoing::Send { .. } | Outgoing::Void(_) => None,
        })
        .collect();
    assert!(told.iter().all(|(to, _)| *to == OTHER.into()), "{told:?}");
    let told: Vec<_> = told.into_iter().map(|(_, command)| command).collect();
    assert_snapshot!(told.join("\n"), @r#"
    {"transfer_answered":{"number":1,"declined":"WrongCurrency"}}
    {"transfer_answered":{"number":1,"declined":"AmountTooLarge"}}
    {"transfer_answered":{"number":1,"declined":null}}
    "#);
}

#[test]
fn d43_a_refund_repays_what_is_owed_before_it_is_cash() {
    let (world, story) = run("
        2026-03-01 10:00  limit 20
        2026-03-01 10:00  top-up 4
        2026-03-01 10:00  purchase ecs small 1 month
        2026-03-01 11:00  unsubscribe #1 unused
    ");
    let wallet = &world.open().wallet;
    assert_eq!((wallet.cash, wallet.debt()), (usd("4"), usd("0")), "{story}");
    assert!(story.contains("repaid 6.00 USD for 2026-03"), "due or not: {story}");
}
