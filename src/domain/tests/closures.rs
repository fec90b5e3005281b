//! Closing an account: what stands in the way, the stages, what ends it, and what is left
//! (R8.1–R8.11, D20, D21, D49).

use insta::assert_snapshot;

use super::closure_words::in_the_way;
use super::scenario::{instant, play, play_only, run};
use crate::domain::account::Account;
use crate::domain::agenda::Agenda;
use crate::domain::command::{Answer, Command};
use crate::domain::nouns::closure::Stage;
use crate::domain::rejection::Rejection;
use crate::domain::verbs;
use crate::domain::verbs::closure::{Eligibility, Warning};

/// What stands in the way after a script.
fn blockers(script: &str, forfeit: bool) -> String {
    let (world, _) = run(script);
    let eligibility = Eligibility::of(&world.timeline, world.open(), forfeit);
    let blockers = in_the_way(&eligibility.blockers).replace("; ", "\n");
    let warnings = eligibility.warnings.iter().map(|warning| match warning {
        Warning::NotInvoiced { month, amount } => format!("\n- {amount} of {month} not invoiced"),
        Warning::Coupons { count } => format!("\n- {count} coupons"),
    });
    format!("{}\n{blockers}{}", eligibility.may_request(), warnings.collect::<String>())
}

#[test]
fn s0_an_account_with_nothing_is_closed_as_soon_as_it_is_confirmed() {
    let script = "
        2026-03-01 10:00  closure settle 0s quiet 0s approval none
        2026-03-02 10:00  close
        2026-03-02 10:03  confirm
        2026-03-02 10:04  top-up 5
        2026-03-02 10:04  purchase ecs small 1 month
        2026-03-02 10:05  close
        2026-03-02 10:05  hold
        2026-03-02 10:05  open
        2026-03-02 10:06  revoke
    ";
    assert_snapshot!(play(script), @r"
    2026-03-02 10:00 closure requested, code until 2026-03-02 10:10
    2026-03-02 10:03 closure confirmed
    2026-03-02 10:03 settling due 2026-03-02 10:03 until 2026-03-02 10:03
    2026-03-02 10:03 quiet due 2026-03-02 10:03 until 2026-03-02 10:03
    2026-03-02 10:03 closed due 2026-03-02 10:03
    2026-03-02 10:04 ! AccountClosed: the account is closed
    2026-03-02 10:04 ! AccountClosed: the account is closed
    2026-03-02 10:05 ! AccountClosed: the account is closed
    2026-03-02 10:05 ! AccountClosed: the account is closed
    2026-03-02 10:05 ! AccountExists: the account is open already
    2026-03-02 10:06 ! AccountClosed: the account is closed
    ");
    let (world, _) = run(script);
    assert!(matches!(world.state.account(), Some(Account::Closed(_))));
    assert!(world.records.iter().filter(|record| !record.events.is_empty()).count() == 3);
}

#[test]
fn s1_everything_that_stands_in_the_way_is_named_at_once() {
    let script = "
        2026-03-01 10:00  closure approval none
        2026-03-01 10:00  top-up 100
        2026-03-01 10:00  limit 50
        2026-03-01 10:00  purchase ecs small 1 month auto
        2026-03-01 10:00  purchase quiet large 1 month unpaid
        2026-03-01 10:00  open-resource vm small
        2026-03-01 10:00  open-resource debt small
        2026-03-01 10:30  stop #5
        2026-03-01 10:40  cash-out 20
        2026-03-01 10:41  send 7
        2026-03-01 10:42  holding domain example.com
        2026-03-01 10:42  holding access_key k-1
        2026-03-01 10:43  grant cash 5
        2026-03-01 10:44  release-resource #6
        2026-03-01 10:45  close
    ";
    assert_snapshot!(blockers(script, false), @r"
    false
    LiveSubscription #1 Active to 2026-04-01 10:00 (switch_off_renewal)
    UnreleasedResource #5 stopped (release_resource)
    OpenOrder #4 Unpaid (pay_or_cancel)
    UnsettledUsage #6 at 2026-03-01 11:05 (wait_for_settlement)
    OwedToCustomer withdrawal #7 20.00 USD by 2026-03-06 10:40 (wait_for_money)
    OwedToCustomer transfer #8 7.00 USD (wait_for_money)
    OwedToCustomer deposit of #6 0.60 USD by 2026-03-01 11:05 (wait_for_money)
    PositiveCash 62.40 USD, 62.40 USD withdrawable (withdraw_or_forfeit)
    Holding access_key k-1 (clear_holding)
    Holding domain example.com (clear_holding)
    - 10.00 USD of 2026-03 not invoiced
    - 1 coupons
    ");
    assert_snapshot!(play_only(&[" ! "], script), @"2026-03-01 10:45 ! ClosureBlocked: the account cannot be closed yet: LiveSubscription, UnreleasedResource, OpenOrder, UnsettledUsage, OwedToCustomer, PositiveCash, Holding");
    let (world, _) = run(script);
    assert!(world.open().closure.is_none(), "a refused request leaves no trace");
}

#[test]
fn s1_the_customer_does_what_is_asked_and_leaves() {
    assert_snapshot!(play_only(&["clos", "quiet", "settling", "withdrawal", "release"], "
        2026-03-01 10:00  closure approval none
        2026-03-01 10:00  top-up 100
        2026-03-01 10:00  purchase ecs small 1 month auto
        2026-03-05 10:00  open-resource vm small
        2026-03-06 10:00  close
        2026-03-06 10:10  mode #1 none
        2026-03-06 10:20  release-resource #3
        2026-04-02 10:00  step
        2026-04-02 10:00  release #1
        2026-04-02 10:01  close
        2026-04-02 10:02  cash-out all
        2026-04-04 10:00  paid-out #4
        2026-04-04 10:01  close
        2026-04-04 10:05  confirm
        2026-04-04 10:06  purchase ecs small 1 month
        2026-05-01 10:00  step
    "), @r"
    2026-03-06 10:00 ! ClosureBlocked: the account cannot be closed yet: LiveSubscription, UnreleasedResource, PositiveCash
    2026-03-06 10:20   resource #3 released at 2026-03-06 10:20
    2026-04-02 10:00 #1 released due 2026-04-02 10:00
    2026-04-02 10:01 ! ClosureBlocked: the account cannot be closed yet: PositiveCash
    2026-04-02 10:02   withdrawal #4 89.13 USD requested: 89.13 USD of 2026-03-01 10:00 by bank_transfer
    2026-04-04 10:00 2026-03 closed: 26 lines, 10.87 USD due 2026-04-03 12:00
    2026-04-04 10:00   withdrawal #4 paid: 89.13 USD by bank_transfer
    2026-04-04 10:01 closure requested, code until 2026-04-04 10:11
    2026-04-04 10:05 closure confirmed
    2026-04-04 10:05 settling due 2026-04-04 10:05 until 2026-04-04 10:05
    2026-04-04 10:05 quiet due 2026-04-04 10:05 until 2026-04-19 10:05
    2026-04-04 10:06 ! AccountClosing: the account is being closed (quiet): it can only pay, withdraw, release and revoke
    2026-04-19 10:05 closed due 2026-04-19 10:05
    ");
}

#[test]
fn s2_the_last_use_is_charged_and_paid_before_the_quiet_begins() {
    let script = "
        2026-03-01 10:00  closure approval none
        2026-03-02 18:10  top-up 5
        2026-03-02 18:10  open-resource vm small
        2026-03-02 20:30  release-resource #1
        2026-03-02 20:31  cash-out all
        2026-03-02 20:35  paid-out #2
        2026-03-02 20:40  close
        2026-03-02 20:41  confirm
        2026-03-04 20:30  step
        2026-03-05 09:00  step
        2026-03-06 12:00  top-up 5
        2026-03-06 12:01  cash-out all
        2026-03-07 12:00  paid-out #3
        2026-03-30 00:00  step
    ";
    assert_snapshot!(play(script), @r"
    2026-03-02 18:10 +5.00 USD
    2026-03-02 18:10   resource #1 opened vm small
    2026-03-02 20:30   settled due 2026-03-02 19:05: 0.03 USD paid [#1 cpu small 0.833333 hour of tier 1 at 0.036 2026-03-02 18:10 to 2026-03-02 19:00 = 0.03 USD]
    2026-03-02 20:30   settled due 2026-03-02 20:05: 0.03 USD paid [#1 cpu small 1 hour of tier 1 at 0.036 2026-03-02 19:00 to 2026-03-02 20:00 = 0.03 USD]
    2026-03-02 20:30   resource #1 released at 2026-03-02 20:30
    2026-03-02 20:31   withdrawal #2 4.94 USD requested: 4.94 USD of 2026-03-02 18:10 by bank_transfer
    2026-03-02 20:35   withdrawal #2 paid: 4.94 USD by bank_transfer
    2026-03-02 20:40 closure requested, code until 2026-03-02 20:50
    2026-03-02 20:41 closure confirmed
    2026-03-02 20:41 settling due 2026-03-02 20:41 until 2026-03-04 20:30
    2026-03-02 21:05   settled due 2026-03-02 21:05: 0.00 USD paid, 0.02 USD owed [#1 cpu small 0.5 hour of tier 1 at 0.036 2026-03-02 20:00 to 2026-03-02 20:30 = 0.02 USD]
    2026-03-02 21:05   overdue: 0.02 USD to pay, available -0.02 USD
    2026-03-06 12:00 +5.00 USD
    2026-03-06 12:00 repaid 0.02 USD for 2026-03
    2026-03-06 12:00   in good standing
    2026-03-06 12:01   withdrawal #3 4.98 USD requested: 4.98 USD of 2026-03-06 12:00 by bank_transfer
    2026-03-06 12:01   will run short: 0.08 USD needed, 0.00 USD there, due 2026-03-03 14:00
    2026-03-07 12:00   withdrawal #3 paid: 4.98 USD by bank_transfer
    2026-03-07 12:00 quiet due 2026-03-07 12:00 until 2026-03-22 12:00
    2026-03-22 12:00 closed due 2026-03-22 12:00
    ");
}

#[test]
fn r8_6_late_usage_in_the_quiet_returns_to_settling() {
    assert_snapshot!(play_only(&["clos", "quiet", "settl", "repaid", "+"], "
        2026-03-01 10:00  closure approval none
        2026-03-01 10:00  top-up 1
        2026-03-01 10:00  open-resource net small
        2026-03-01 10:00  cash-out all
        2026-03-01 10:01  paid-out #2
        2026-03-02 20:30  release-resource #1
        2026-03-02 22:00  step
        2026-03-02 22:40  close
        2026-03-02 22:41  confirm
        2026-03-06 20:30  step
        2026-03-07 09:00  report #1 peak 4 at 2026-03-02 19:10
        2026-03-08 09:00  step
        2026-03-10 09:00  top-up 2
        2026-03-30 09:00  step
    "), @r"
    2026-03-01 10:00 +1.00 USD
    2026-03-02 21:05   settled due 2026-03-02 21:05: 0.00 USD paid []
    2026-03-02 22:40 closure requested, code until 2026-03-02 22:50
    2026-03-02 22:41 closure confirmed
    2026-03-02 22:41 settling due 2026-03-02 22:41 until 2026-03-04 20:30
    2026-03-04 20:30 quiet due 2026-03-04 20:30 until 2026-03-19 20:30
    2026-03-07 09:00 settling again due 2026-03-07 09:00 until 2026-03-07 09:00: UnsettledUsage #1 at 2026-03-07 10:05 (wait_for_settlement)
    2026-03-07 10:05   settled due 2026-03-07 10:05: 0.00 USD paid, 2.00 USD owed [adjustment #1 peak small 4 piece of tier 1 at 0.5 2026-03-02 19:00 to 2026-03-02 20:00 = 2.00 USD]
    2026-03-10 09:00 +2.00 USD
    2026-03-10 09:00 repaid 2.00 USD for 2026-03
    2026-03-10 09:00 quiet due 2026-03-10 09:00 until 2026-03-25 09:00
    2026-03-25 09:00 closed due 2026-03-25 09:00
    ");
}

#[test]
fn r8_6_what_is_no_charge_puts_the_account_back_in_service() {
    assert_snapshot!(play("
        2026-03-01 10:00  closure approval none
        2026-03-02 10:00  close
        2026-03-02 10:01  confirm
        2026-03-09 10:00  holding sub_user u-7
        2026-03-09 10:01  top-up 20
        2026-03-09 10:01  purchase ecs small 1 month
        2026-03-09 10:02  revoke
    "), @r"
    2026-03-02 10:00 closure requested, code until 2026-03-02 10:10
    2026-03-02 10:01 closure confirmed
    2026-03-02 10:01 settling due 2026-03-02 10:01 until 2026-03-02 10:01
    2026-03-02 10:01 quiet due 2026-03-02 10:01 until 2026-03-17 10:01
    2026-03-09 10:00 holds sub_user u-7
    2026-03-09 10:00 closure interrupted due 2026-03-09 10:00: Holding sub_user u-7 (clear_holding)
    2026-03-09 10:01 +20.00 USD
    2026-03-09 10:01 #1 order #2 new P1M 10.00 USD by 2026-03-16 10:01
    2026-03-09 10:01   order #2 paid 10.00 USD
    2026-03-09 10:01 #1 active 2026-03-09 10:01 to 2026-04-09 10:01
    2026-03-09 10:02 ! NoClosure: the account is not being closed
    ");
}

#[test]
fn r8_2_what_turns_up_before_the_code_is_given_rejects_it() {
    assert_snapshot!(play("
        2026-03-01 10:00  closure approval none
        2026-03-02 10:00  close
        2026-03-02 10:01  holding finance_link org-1
        2026-03-02 10:02  confirm
        2026-03-02 10:03  confirm
        2026-03-02 10:04  cleared finance_link org-1
        2026-03-02 10:04  cleared finance_link org-1
        2026-03-02 10:05  close
        2026-03-02 10:06  confirm
    "), @r"
    2026-03-02 10:00 closure requested, code until 2026-03-02 10:10
    2026-03-02 10:01 holds finance_link org-1
    2026-03-02 10:02 closure confirmed
    2026-03-02 10:02 closure rejected: Holding finance_link org-1 (clear_holding)
    2026-03-02 10:03 ! NoClosure: the account is not being closed
    2026-03-02 10:04 cleared finance_link org-1
    2026-03-02 10:05 closure requested, code until 2026-03-02 10:15
    2026-03-02 10:06 closure confirmed
    2026-03-02 10:06 settling due 2026-03-02 10:06 until 2026-03-02 10:06
    2026-03-02 10:06 quiet due 2026-03-02 10:06 until 2026-03-17 10:06
    ");
}

#[test]
fn d49_the_code_lives_ten_minutes_and_takes_five_tries() {
    assert_snapshot!(play("
        2026-03-01 10:00  closure approval none
        2026-03-02 10:00  close unread
        2026-03-02 10:00  close
        2026-03-02 10:01  close
        2026-03-02 10:10  confirm
        2026-03-02 11:00  close
        2026-03-02 11:01  confirm wrong
        2026-03-02 11:02  confirm wrong
        2026-03-02 11:03  confirm wrong
        2026-03-02 11:04  confirm wrong
        2026-03-02 11:05  confirm wrong
        2026-03-02 11:06  confirm
        2026-03-02 12:00  close
        2026-03-02 12:01  confirm wrong
        2026-03-02 12:09:59  confirm
    "), @r#"
    2026-03-02 10:00 ! DisclaimerRequired: the disclaimer must be acknowledged: a closed account cannot be reopened
    2026-03-02 10:00 closure requested, code until 2026-03-02 10:10
    2026-03-02 10:01 ! ClosureStage: the closure is at the stage "requested"
    2026-03-02 10:10 closure revoked by code_expired due 2026-03-02 10:10
    2026-03-02 10:10 ! NoClosure: the account is not being closed
    2026-03-02 11:00 closure requested, code until 2026-03-02 11:10
    2026-03-02 11:01 wrong code, 4 tries left
    2026-03-02 11:02 wrong code, 3 tries left
    2026-03-02 11:03 wrong code, 2 tries left
    2026-03-02 11:04 wrong code, 1 tries left
    2026-03-02 11:05 wrong code, 0 tries left
    2026-03-02 11:05 closure revoked by code_missed due 2026-03-02 11:05
    2026-03-02 11:06 ! NoClosure: the account is not being closed
    2026-03-02 12:00 closure requested, code until 2026-03-02 12:10
    2026-03-02 12:01 wrong code, 4 tries left
    2026-03-02 12:09:59 closure confirmed
    2026-03-02 12:09:59 settling due 2026-03-02 12:09:59 until 2026-03-02 12:09:59
    2026-03-02 12:09:59 quiet due 2026-03-02 12:09:59 until 2026-03-17 12:09:59
    "#);
}

#[test]
fn r8_11_a_company_waits_for_approval_and_settles_then() {
    assert_snapshot!(play("
        2026-03-02 10:00  close
        2026-03-02 10:01  approve DOC-7
        2026-03-02 10:02  confirm
        2026-03-09 10:00  step
        2026-03-09 10:00  approve DOC-7
        2026-03-10 10:00  approve DOC-8
        2026-03-30 10:00  step
    "), @r#"
    2026-03-02 10:00 closure requested, code until 2026-03-02 10:10
    2026-03-02 10:01 ! ClosureStage: the closure is at the stage "requested"
    2026-03-02 10:02 closure confirmed
    2026-03-02 10:02 closure waits for approval
    2026-03-09 10:00 closure approved on DOC-7
    2026-03-09 10:00 settling due 2026-03-09 10:00 until 2026-03-09 10:00
    2026-03-09 10:00 quiet due 2026-03-09 10:00 until 2026-03-24 10:00
    2026-03-10 10:00 ! ClosureStage: the closure is at the stage "quiet"
    2026-03-24 10:00 closed due 2026-03-24 10:00
    "#);
}

#[test]
fn r8_9_logging_in_revokes_only_where_it_is_configured() {
    assert_snapshot!(play("
        2026-03-01 10:00  closure approval none
        2026-03-01 10:00  log-in
        2026-03-02 10:00  close
        2026-03-02 10:01  confirm
        2026-03-03 10:00  log-in
        2026-03-04 10:00  closure log-in yes
        2026-03-04 10:00  log-in
        2026-03-04 10:00  top-up 20
    "), @r"
    2026-03-01 10:00 ! NoClosure: the account is not being closed
    2026-03-02 10:00 closure requested, code until 2026-03-02 10:10
    2026-03-02 10:01 closure confirmed
    2026-03-02 10:01 settling due 2026-03-02 10:01 until 2026-03-02 10:01
    2026-03-02 10:01 quiet due 2026-03-02 10:01 until 2026-03-17 10:01
    2026-03-04 10:00 closure revoked by login due 2026-03-04 10:00
    2026-03-04 10:00 +20.00 USD
    ");
}

#[test]
fn an_operator_begins_it_without_a_code_and_its_owner_revokes_it() {
    assert_snapshot!(play("
        2026-03-01 10:00  closure approval none
        2026-03-01 10:00  top-up 5
        2026-03-01 10:00  open-resource vm small
        2026-03-01 10:30  begin
        2026-03-01 10:40  release-resource #1
        2026-03-01 10:41  begin forfeit
        2026-03-01 10:42  begin
        2026-03-01 10:42  confirm
        2026-03-04 10:00  step
        2026-03-05 10:00  revoke
        2026-03-06 10:00  begin forfeit
        2026-03-30 10:00  step
        2026-03-30 10:00  begin
    "), @r#"
    2026-03-01 10:00 +5.00 USD
    2026-03-01 10:00   resource #1 opened vm small
    2026-03-01 10:30 ! ClosureBlocked: the account cannot be closed yet: UnreleasedResource, PositiveCash
    2026-03-01 10:40   resource #1 released at 2026-03-01 10:40
    2026-03-01 10:41 closure begun by an operator, cash given up
    2026-03-01 10:41 settling due 2026-03-01 10:41 until 2026-03-03 10:40
    2026-03-01 10:42 ! ClosureStage: the closure is at the stage "settling"
    2026-03-01 10:42 ! ClosureStage: the closure is at the stage "settling"
    2026-03-01 11:05   settled due 2026-03-01 11:05: 0.02 USD paid [#1 cpu small 0.666667 hour of tier 1 at 0.036 2026-03-01 10:00 to 2026-03-01 10:40 = 0.02 USD]
    2026-03-03 10:40 quiet due 2026-03-03 10:40 until 2026-03-18 10:40
    2026-03-05 10:00 closure revoked by request due 2026-03-05 10:00
    2026-03-06 10:00 closure begun by an operator, cash given up
    2026-03-06 10:00 settling due 2026-03-06 10:00 until 2026-03-06 10:00
    2026-03-06 10:00 quiet due 2026-03-06 10:00 until 2026-03-21 10:00
    2026-03-21 10:00 4.98 USD forfeited
    2026-03-21 10:00 closed due 2026-03-21 10:00
    2026-03-30 10:00 ! AccountClosed: the account is closed
    "#);
}

#[test]
fn r8_11_a_company_s_closing_waits_for_approval_whoever_begins_it() {
    assert_snapshot!(play("
        2026-03-01 10:00  closure approval corporate
        2026-03-01 10:00  begin
        2026-03-02 10:00  approve DOC-1
    "), @r"
    2026-03-01 10:00 closure begun by an operator
    2026-03-01 10:00 closure waits for approval
    2026-03-02 10:00 closure approved on DOC-1
    2026-03-02 10:00 settling due 2026-03-02 10:00 until 2026-03-02 10:00
    2026-03-02 10:00 quiet due 2026-03-02 10:00 until 2026-03-17 10:00
    ");
}

#[test]
fn r8_8_while_closing_only_paying_and_leaving_is_possible() {
    assert_snapshot!(play("
        2026-03-01 10:00  closure approval none
        2026-03-01 10:00  close
        2026-03-01 10:00  purchase ecs small 1 month
        2026-03-01 10:00  open-resource vm small
        2026-03-01 10:00  limit 5
        2026-03-01 10:00  alert 5
        2026-03-01 10:00  unified 5
        2026-03-01 10:00  send 5
        2026-03-01 10:00  take 5
        2026-03-01 10:00  grant cash 5
        2026-03-01 10:00  grant cash 5 campaign
        2026-03-01 10:00  invoice 2026-03
        2026-03-01 10:01  top-up 5
        2026-03-01 10:01  cash-out 5
        2026-03-01 10:01  confirm
        2026-03-09 10:01  step
        2026-03-09 10:01  paid-out #1
        2026-03-10 10:01  revoke
        2026-03-10 10:02  purchase ecs free 1 month
    "), @r"
    2026-03-01 10:00 closure requested, code until 2026-03-01 10:10
    2026-03-01 10:00 ! AccountClosing: the account is being closed (requested): it can only pay, withdraw, release and revoke
    2026-03-01 10:00 ! AccountClosing: the account is being closed (requested): it can only pay, withdraw, release and revoke
    2026-03-01 10:00 ! AccountClosing: the account is being closed (requested): it can only pay, withdraw, release and revoke
    2026-03-01 10:00 ! AccountClosing: the account is being closed (requested): it can only pay, withdraw, release and revoke
    2026-03-01 10:00 ! AccountClosing: the account is being closed (requested): it can only pay, withdraw, release and revoke
    2026-03-01 10:00 ! AccountClosing: the account is being closed (requested): it can only pay, withdraw, release and revoke
    2026-03-01 10:00 5.00 USD from acc_0000000008 declined for AccountClosing
    2026-03-01 10:00 ! AccountClosing: the account is being closed (requested): it can only pay, withdraw, release and revoke
    2026-03-01 10:00 coupon declined
    2026-03-01 10:00 ! NothingToInvoice: there is nothing of 2026-03 to invoice
    2026-03-01 10:01 +5.00 USD
    2026-03-01 10:01   withdrawal #1 5.00 USD requested: 5.00 USD of 2026-03-01 10:01 by bank_transfer
    2026-03-01 10:01 closure confirmed
    2026-03-01 10:01 settling due 2026-03-01 10:01 until 2026-03-01 10:01
    2026-03-09 10:01   withdrawal #1 paid: 5.00 USD by bank_transfer
    2026-03-09 10:01 quiet due 2026-03-09 10:01 until 2026-03-24 10:01
    2026-03-10 10:01 closure revoked by request due 2026-03-10 10:01
    2026-03-10 10:02 #2 order #3 new P1M 0.00 USD by 2026-03-17 10:02
    2026-03-10 10:02   order #3 paid 0.00 USD
    2026-03-10 10:02 #2 active 2026-03-10 10:02 to 2026-04-10 10:02
    ");
}

#[test]
fn r5_16_r8_3_coupons_are_void_and_the_cash_given_up_is_forfeited() {
    let script = "
        2026-03-01 10:00  closure approval none quiet 2h
        2026-03-01 10:00  top-up 0.07
        2026-03-01 10:00  take 3
        2026-03-01 10:00  grant cash 5
        2026-03-01 10:00  grant off 15 from 2026-04-01 00:00
        2026-03-01 10:00  close
        2026-03-01 10:00  close forfeit
        2026-03-01 10:01  confirm
        2026-03-01 13:00  step
        2026-03-01 13:00  take 5
        2026-03-01 13:00  grant cash 5 campaign
        2026-03-01 13:00  grant cash 5
        2026-03-01 13:00  arrived 9
    ";
    assert_snapshot!(play(script), @r"
    2026-03-01 10:00 +0.07 USD
    2026-03-01 10:00 +3.00 USD from acc_0000000008
    2026-03-01 10:00   coupon #1 cash 5.00 USD granted until 2026-04-30 10:00
    2026-03-01 10:00   coupon #2 discount granted until 2026-05-31 00:00
    2026-03-01 10:00 ! ClosureBlocked: the account cannot be closed yet: PositiveCash
    2026-03-01 10:00 closure requested, code until 2026-03-01 10:10, cash given up
    2026-03-01 10:01 closure confirmed
    2026-03-01 10:01 settling due 2026-03-01 10:01 until 2026-03-01 10:01
    2026-03-01 10:01 quiet due 2026-03-01 10:01 until 2026-03-01 12:01
    2026-03-01 12:01   coupon #1 taken back
    2026-03-01 12:01   coupon #2 taken back
    2026-03-01 12:01 3.07 USD forfeited
    2026-03-01 12:01 closed due 2026-03-01 12:01
    2026-03-01 13:00 5.00 USD from acc_0000000008 declined for AccountClosed
    2026-03-01 13:00 coupon declined
    2026-03-01 13:00 ! AccountClosed: the account is closed
    ");
    let (world, _) = run(script);
    assert!(world.books().wallet.cash.is_zero() && world.books().coupons.is_empty());
}

#[test]
fn r8_12_the_last_month_of_a_closed_account_is_closed_all_the_same() {
    let script = "
        2026-03-01 10:00  closure approval none settle 0s quiet 0s
        2026-03-01 10:00  top-up 10
        2026-03-01 10:00  purchase plan small 1 month
        2026-03-01 10:01  invoice 2026-03
        2026-03-03 10:00  unsubscribe #1
        2026-03-03 10:01  close forfeit
        2026-03-03 10:02  confirm
        2026-03-03 11:00  number #3 1
        2026-03-03 11:00  report #1 peak 4
        2026-03-03 11:00  invoice 2026-03
        2026-05-03 13:00  step
    ";
    assert_snapshot!(play(script), @r"
    2026-03-01 10:00 +10.00 USD
    2026-03-01 10:00 #1 order #2 new P1M 10.00 USD by 2026-03-08 10:00
    2026-03-01 10:00   order #2 paid 10.00 USD
    2026-03-01 10:00 #1 active 2026-03-01 10:00 to 2026-04-01 10:00
    2026-03-01 10:01 invoice #3 of 2026-03 [(1, 1)] 10.00 USD
    2026-03-03 10:00   order #4 gives 9.35 USD back
    2026-03-03 10:00 credit_note #5 for #3 of 2026-03 [(2, 2)] -9.35 USD
    2026-03-03 10:00 #1 unsubscribed
    2026-03-03 10:01 closure requested, code until 2026-03-03 10:11, cash given up
    2026-03-03 10:02 closure confirmed
    2026-03-03 10:02 settling due 2026-03-03 10:02 until 2026-03-03 10:02
    2026-03-03 10:02 quiet due 2026-03-03 10:02 until 2026-03-03 10:02
    2026-03-03 10:02 9.35 USD forfeited
    2026-03-03 10:02 closed due 2026-03-03 10:02
    2026-03-03 11:00 document #3 is INV-2026-000001
    2026-03-03 11:00 ! AccountClosed: the account is closed
    2026-03-03 11:00 ! AccountClosed: the account is closed
    2026-04-03 12:00 2026-03 closed: 2 lines, 0.65 USD due 2026-04-03 12:00
    ");
    let (world, _) = run(script);
    let account = world.state.account().expect("an account");
    assert_eq!(world.agenda, Agenda::of(&world.timeline, account));
    assert_eq!(world.agenda.next(account, false), None, "nothing is left to do");
}

#[test]
fn d30_a_daemon_that_slept_closes_at_the_same_instants() {
    let life = |how: &str| {
        let story = play(&format!(
            "
            2026-03-01 10:00  closure approval none
            2026-03-01 10:00  top-up 5
            2026-03-01 10:00  open-resource vm small
            2026-03-02 20:30  release-resource #1
            2026-03-02 20:40  close forfeit
            2026-03-02 20:41  confirm
            2026-04-09 12:00  {how}
        "
        ));
        let due = story.lines().filter(|line| line.contains(" due "));
        due.map(|line| line[17..].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(life("step"), life("advance"));
    assert!(life("advance").iter().any(|line| line.starts_with("closed due 2026-03-19 20:30")));
}

/// Whoever slept settles the last use in the record of the confirmation itself.
#[test]
fn d30_what_was_settled_for_good_is_waited_for_by_nobody() {
    let life = |last: &str| {
        let story = play(&format!(
            "
            2026-03-01 10:00  closure approval none
            2026-03-01 10:00  top-up 5
            2026-03-01 10:00  open-resource vm small
            2026-03-02 20:30  release-resource #1
            2026-03-02 21:00  close forfeit
            {last}
            2026-03-02 21:06  confirm
        "
        ));
        story.lines().find(|line| line.contains("settling due")).map(str::to_owned)
    };
    let settling = "2026-03-02 21:06 settling due 2026-03-02 21:06 until 2026-03-02 21:06";
    assert_eq!(life("2026-03-02 21:05  step").as_deref(), Some(settling));
    assert_eq!(life("").as_deref(), Some(settling));
}

#[test]
fn d38_the_brake_holds_a_closing_back_and_a_hold_everything() {
    assert_snapshot!(play("
        2026-03-01 10:00  closure approval none
        2026-03-02 10:00  close
        2026-03-02 10:01  confirm
        2026-03-03 10:00  brake on
        2026-03-18 10:00  step
        2026-03-18 11:00  hold
        2026-03-18 11:00  brake off
        2026-03-18 12:00  step
        2026-03-18 13:00  let-go
    "), @r"
    2026-03-02 10:00 closure requested, code until 2026-03-02 10:10
    2026-03-02 10:01 closure confirmed
    2026-03-02 10:01 settling due 2026-03-02 10:01 until 2026-03-02 10:01
    2026-03-02 10:01 quiet due 2026-03-02 10:01 until 2026-03-17 10:01
    2026-03-18 11:00 held
    2026-03-18 13:00 let go
    2026-03-18 13:00 closed due 2026-03-17 10:01
    ");
}

#[test]
fn the_answer_says_where_it_stands_after_what_was_due_at_once() {
    let (mut world, _) = run("
        2026-03-01 10:00  closure approval none settle 0s quiet 0s
        2026-03-02 10:00  close
    ");
    let confirm = verbs::closure::ConfirmClosure { code: super::closure_words::CODE };
    let at = instant("2026-03-02", "10:01");
    let executed = world.execute(at, &Command::ConfirmClosure(confirm));
    let Ok(Answer::Closure { closure }) = executed.answer else { panic!("{executed:?}") };
    assert_eq!((closure.stage, closure.closed_at), (Stage::Closed, Some(at)));
    assert!(executed.erases, "the commit erases what is personal");
    let again = world.execute(at, &Command::ConfirmClosure(confirm));
    assert!(matches!(again.answer, Err(Rejection::AccountClosed)) && !again.erases);
}

#[test]
fn r8_12_of_a_closed_account_nothing_is_left_but_its_books() {
    let script = "
        2026-03-01 10:00  closure approval none settle 0s quiet 1d
        2026-03-01 10:00  top-up 100
        2026-03-01 10:00  unified 5
        2026-03-01 10:00  limit 10
        2026-03-01 10:00  alert 5
        2026-03-01 10:00  purchase quota small 1 month
        2026-03-01 10:00  open-resource net small
        2026-03-01 12:30  unsubscribe #1 unused
        2026-03-01 12:30  release-resource #3
        2026-03-01 14:00  step
        2026-03-01 14:00  close forfeit
        2026-03-01 14:01  confirm
    ";
    let (before, _) = run(script);
    let open = before.open();
    assert!(!open.wallet.lots.is_empty() && !open.full_refunds.is_empty());
    assert!(!open.standing.is_default() && open.unified_day.is_some());
    assert!(!open.resources.is_empty() && open.wallet.limit.is_some());
    assert!(open.next_sealed > 2, "the note of the request has its number");
    let (world, _) = run(&format!("{script}\n2026-03-04 10:00  step"));
    let books = world.books();
    assert!(matches!(world.state.account(), Some(Account::Closed(_))));
    assert!(books.wallet.cash.is_zero() && books.wallet.lots.is_empty());
    assert_eq!((books.wallet.limit, books.unified_day), (None, None));
    assert!(books.full_refunds.is_empty() && books.packages.is_empty());
    assert!(books.standing.is_default(), "{:?}", books.standing);
    assert!(books.resources.is_empty() && books.coupons.is_empty());
}

#[test]
fn d49_a_note_that_an_operator_wrote_has_its_number() {
    let (world, _) = run("
        2026-03-01 10:00  closure approval none
        2026-03-01 10:00  begin
    ");
    assert_eq!(world.open().next_sealed, 3);
}
