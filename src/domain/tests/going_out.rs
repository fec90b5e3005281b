//! What goes out of the core, each with what it says: mails, webhooks, commands for other streams,
//! and what is void of what still waits.

use std::fmt::Write as _;

use insta::assert_snapshot;
use serde_json::Value;

use super::scenario::{run, short};
use crate::domain::calendar::Timestamp;
use crate::domain::effects::{About, Effect, Hook, Noun, Outgoing, Topic};

/// Values that say of what a mail is, not what it says of it.
const ALWAYS: &[&str] = &[
    "language",
    "zone",
    "cash",
    "available",
    "subscription",
    "product",
    "plan",
    "region",
    "mode",
    "kind",
    "period",
    "suspends_at",
    "releases_at",
    "tax_name",
    "tax_rate",
];

fn value(value: &Value) -> String {
    match value {
        Value::String(text) => text.replace("_0000000007_", "#"),
        Value::Object(parts) => {
            let amount = parts.get("amount").and_then(Value::as_str);
            amount.map_or_else(|| Value::Object(parts.clone()).to_string(), str::to_owned)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => value.to_string(),
    }
}

fn said(about: &About) -> String {
    let Value::Object(values) = serde_json::to_value(about).expect("values") else {
        panic!("{about:?} has no names")
    };
    let wanted = values.iter().filter(|(name, _)| !ALWAYS.contains(&name.as_str()));
    wanted.fold(String::new(), |text, (name, it)| format!("{text} {name}={}", value(it)))
}

fn told(topic: Topic) -> String {
    format!("{topic:?}").replace("_0000000007_", "#")
}

fn waits(topic: Topic, worth_until: Option<Timestamp>) -> String {
    let topic = if topic == Topic::None { String::new() } else { format!(" [{}]", told(topic)) };
    let until = worth_until.map_or(String::new(), |at| format!(" until {}", short(at)));
    format!("{topic}{until}")
}

/// What goes out, without what it says.
pub(super) fn brief(out: &Outgoing) -> String {
    let line = match out {
        Outgoing::Void(topic) => format!("void [{}]", told(*topic)),
        Outgoing::Send { effect, topic, worth_until } => match effect {
            Effect::Mail { to, template, .. } => {
                format!("{to:?}: {}{}", template.as_str(), waits(*topic, *worth_until))
            }
            Effect::Webhook { hook, .. } => Hook::as_str(*hook).to_owned(),
            Effect::Tell { to, .. } => format!("to {to}"),
        },
    };
    line.replace("_0000000007_", "#")
}

/// A line for everything that goes out. Of a webhook's noun it is told what no event says.
fn outgoing(script: &str) -> String {
    let (world, _) = run(script);
    let mut text = String::new();
    for (at, out) in &world.outgoing {
        let line = match out {
            Outgoing::Void(topic) => format!("void [{}]", told(*topic)),
            Outgoing::Send { effect, topic, worth_until } => match effect {
                Effect::Mail { to, template, about } => {
                    let waits = waits(*topic, *worth_until);
                    format!("{to:?}: {}{}{waits}", template.as_str(), said(about))
                }
                Effect::Webhook { hook, noun } => {
                    let noun = match noun.as_ref() {
                        Noun::Closure(closure) => {
                            let until =
                                closure.until.map_or(String::new(), |at| format!(" {}", short(at)));
                            format!(" {:?}{until} {:?}", closure.stage, closure.reasons)
                        }
                        Noun::Order(ordered) => format!(" {}", ordered.order.state.as_str()),
                        Noun::Subscription(_)
                        | Noun::Coupon(_)
                        | Noun::Resource(_)
                        | Noun::Withdrawal(_)
                        | Noun::Statement(_)
                        | Noun::Document(_) => String::new(),
                    };
                    format!("{}{noun}", Hook::as_str(*hook))
                }
                Effect::Tell { to, command } => format!("to {to}: {command:?}"),
            },
        };
        writeln!(text, "{} {}", short(*at), line.replace("_0000000007_", "#")).expect("it grows");
    }
    text
}

#[test]
fn r8_6_every_stage_of_a_closure_is_told_and_voids_the_one_before() {
    assert_snapshot!(outgoing("
        2026-03-02 10:00  close
        2026-03-02 10:02  confirm
        2026-03-09 10:00  approve DOC-7
        2026-03-30 10:00  step
    "), @r"
        2026-03-02 10:00 Customer: closure_code code=note#2 until=2026-03-02T10:10:00Z [Closure] until 2026-03-02 10:10
        2026-03-02 10:00 closure.requested Requested []
        2026-03-02 10:02 void [Closure]
        2026-03-02 10:02 closure.confirmed Checking []
        2026-03-02 10:02 Operator: closure_approval due_at=2026-03-02T10:02:00Z [Closure]
        2026-03-09 10:00 void [Closure]
        2026-03-09 10:00 Customer: closure_quiet forfeit=false until=2026-03-24T10:00:00Z [Closure] until 2026-03-24 10:00
        2026-03-24 10:00 void [Closure]
        2026-03-24 10:00 Customer: account_closed due_at=2026-03-24T10:00:00Z
        2026-03-24 10:00 closure.closed Closed []
        ");
}

#[test]
fn r8_6_what_ends_a_closure_is_told_with_its_reason() {
    assert_snapshot!(outgoing("
        2026-03-01 10:00  closure approval none
        2026-03-02 10:00  close
        2026-03-02 10:20  step
        2026-03-03 10:00  close
        2026-03-03 10:01  confirm
        2026-03-04 10:00  revoke
        2026-03-05 10:00  close
        2026-03-05 10:01  holding domain example.com
        2026-03-05 10:01  holding domain example.org
        2026-03-05 10:01  holding finance_link org-1
        2026-03-05 10:02  confirm
        2026-03-05 10:03  cleared domain example.com
        2026-03-05 10:03  cleared domain example.org
        2026-03-05 10:03  cleared finance_link org-1
        2026-03-06 10:00  close
        2026-03-06 10:01  confirm
        2026-03-07 10:00  holding sub_user u-7
    "), @r#"
        2026-03-02 10:00 Customer: closure_code code=note#2 until=2026-03-02T10:10:00Z [Closure] until 2026-03-02 10:10
        2026-03-02 10:00 closure.requested Requested []
        2026-03-02 10:10 void [Closure]
        2026-03-02 10:10 closure.revoked Ended ["code_expired"]
        2026-03-03 10:00 Customer: closure_code code=note#2 until=2026-03-03T10:10:00Z [Closure] until 2026-03-03 10:10
        2026-03-03 10:00 closure.requested Requested []
        2026-03-03 10:01 closure.confirmed Checking []
        2026-03-03 10:01 void [Closure]
        2026-03-03 10:01 Customer: closure_quiet forfeit=false until=2026-03-18T10:01:00Z [Closure] until 2026-03-18 10:01
        2026-03-04 10:00 void [Closure]
        2026-03-04 10:00 Customer: closure_revoked due_at=2026-03-04T10:00:00Z reason=request
        2026-03-04 10:00 closure.revoked Ended ["request"]
        2026-03-05 10:00 Customer: closure_code code=note#2 until=2026-03-05T10:10:00Z [Closure] until 2026-03-05 10:10
        2026-03-05 10:00 closure.requested Requested []
        2026-03-05 10:02 closure.confirmed Checking []
        2026-03-05 10:02 void [Closure]
        2026-03-05 10:02 Customer: closure_interrupted due_at=2026-03-05T10:02:00Z reason=Holding
        2026-03-05 10:02 closure.interrupted Ended ["Holding"]
        2026-03-06 10:00 Customer: closure_code code=note#2 until=2026-03-06T10:10:00Z [Closure] until 2026-03-06 10:10
        2026-03-06 10:00 closure.requested Requested []
        2026-03-06 10:01 closure.confirmed Checking []
        2026-03-06 10:01 void [Closure]
        2026-03-06 10:01 Customer: closure_quiet forfeit=false until=2026-03-21T10:01:00Z [Closure] until 2026-03-21 10:01
        2026-03-07 10:00 void [Closure]
        2026-03-07 10:00 Customer: closure_interrupted due_at=2026-03-07T10:00:00Z reason=Holding
        2026-03-07 10:00 closure.interrupted Ended ["Holding"]
        "#);
}

#[test]
fn r8_6_who_returns_to_settling_is_told_what_is_owed() {
    assert_snapshot!(outgoing("
        2026-03-01 10:00  closure approval none
        2026-03-01 10:00  open-resource net small
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
        2026-03-01 10:00 resource.opened
        2026-03-02 20:30 resource.released
        2026-03-02 22:40 Customer: closure_code code=note#2 until=2026-03-02T22:50:00Z [Closure] until 2026-03-02 22:50
        2026-03-02 22:40 closure.requested Requested []
        2026-03-02 22:41 closure.confirmed Checking []
        2026-03-02 22:41 void [Closure]
        2026-03-02 22:41 Customer: closure_settling forfeit=false until=2026-03-04T20:30:00Z [Closure]
        2026-03-04 20:30 void [Closure]
        2026-03-04 20:30 Customer: closure_quiet forfeit=false until=2026-03-19T20:30:00Z [Closure] until 2026-03-19 20:30
        2026-03-07 09:00 void [Closure]
        2026-03-07 09:00 Customer: closure_returned reason=UnsettledUsage until=2026-03-07T09:00:00Z [Closure]
        2026-03-07 10:05 Customer: overdue amount=2.00 USD due_at=2026-03-07T10:05:00Z [Debt]
        2026-03-10 09:00 Customer: topped_up amount=2.00 USD
        2026-03-10 09:00 void [Debt]
        2026-03-10 09:00 Customer: debt_settled due_at=2026-03-10T09:00:00Z
        2026-03-10 09:00 Customer: will_run_short amount=2.00 USD due_at=2026-03-07T14:00:00Z [LowBalance] until 2026-03-08 14:00
        2026-03-10 09:00 void [Closure]
        2026-03-10 09:00 Customer: closure_quiet forfeit=false until=2026-03-25T09:00:00Z [Closure] until 2026-03-25 09:00
        2026-03-25 09:00 void [Closure]
        2026-03-25 09:00 Customer: account_closed due_at=2026-03-25T09:00:00Z
        2026-03-25 09:00 closure.closed Closed []
        ");
}

#[test]
fn r8_11_what_an_operator_begins_is_told_to_its_owner_at_once() {
    assert_snapshot!(outgoing("
        2026-03-01 10:00  begin
        2026-03-02 10:00  approve DOC-1
        2026-03-03 10:00  revoke
        2026-03-04 10:00  closure approval none
        2026-03-05 10:00  begin forfeit
    "), @r#"
        2026-03-01 10:00 closure.requested Checking ["operator"]
        2026-03-01 10:00 Operator: closure_approval due_at=2026-03-01T10:00:00Z reason=operator [Closure]
        2026-03-01 10:00 Customer: closure_begun due_at=2026-03-01T10:00:00Z forfeit=false note=note#2
        2026-03-02 10:00 void [Closure]
        2026-03-02 10:00 Customer: closure_quiet forfeit=false until=2026-03-17T10:00:00Z [Closure] until 2026-03-17 10:00
        2026-03-03 10:00 void [Closure]
        2026-03-03 10:00 Customer: closure_revoked due_at=2026-03-03T10:00:00Z reason=request
        2026-03-03 10:00 closure.revoked Ended ["request"]
        2026-03-05 10:00 closure.requested Checking ["operator"]
        2026-03-05 10:00 Customer: closure_begun due_at=2026-03-05T10:00:00Z forfeit=true note=note#2 until=2026-03-05T10:00:00Z
        2026-03-05 10:00 void [Closure]
        2026-03-05 10:00 Customer: closure_quiet forfeit=true until=2026-03-20T10:00:00Z [Closure] until 2026-03-20 10:00
        "#);
}

#[test]
fn r4_7_what_is_told_of_orders_and_their_coupons() {
    assert_snapshot!(outgoing("
        2026-04-01 00:00 open UTC of DE
        2026-04-01 00:00 tax DE VAT 19
        2026-04-01 00:00 top-up 100
        2026-04-01 00:00 grant save 10 4 until 2026-06-01 00:00
        2026-04-01 00:00 purchase ecs small 1 month unpaid
        2026-04-02 00:00 pay #3
        2026-04-03 00:00 purchase ecs small 1 month unpaid
        2026-04-10 00:00 step
        2026-04-11 00:00 grant cash 4 until 2026-06-01 00:00
        2026-04-12 00:00 take-back #6
        2026-04-12 00:00 acknowledge ecs renew
        2026-04-12 00:00 renew #2 1 month
        2026-04-12 01:00 provision-failed #7
        2026-04-12 02:00 refund #3 1
    "), @r#"
        2026-04-01 00:00 Customer: topped_up amount=100.00 USD
        2026-04-01 00:00 Customer: coupon_granted coupon=cpn#1 coupon_amount=4.00 USD expires_at=2026-06-01T00:00:00Z scope={"min_spend":"10.00 USD"} single_use=true starts_at=2026-04-01T00:00:00Z [Coupon(cpn#1)] until 2026-06-01 00:00
        2026-04-01 00:00 coupon.granted
        2026-04-01 00:00 Customer: order_unpaid amount=7.14 USD coupon=cpn#1 coupon_amount=4.00 USD coupon_expires_at=2026-06-01T00:00:00Z deadline=2026-04-08T00:00:00Z list=10.00 USD order=ord#3 tax=1.14 USD [Order(ord#3)] until 2026-04-08 00:00
        2026-04-02 00:00 order.paid Paid
        2026-04-02 00:00 void [Coupon(cpn#1)]
        2026-04-02 00:00 void [Order(ord#3)]
        2026-04-02 00:00 Customer: activated amount=7.14 USD coupon=cpn#1 coupon_amount=4.00 USD coupon_expires_at=2026-06-01T00:00:00Z expires_at=2026-05-02T00:00:00Z list=10.00 USD order=ord#3 starts_at=2026-04-02T00:00:00Z tax=1.14 USD
        2026-04-02 00:00 subscription.activated
        2026-04-03 00:00 Customer: order_unpaid amount=11.90 USD deadline=2026-04-10T00:00:00Z list=10.00 USD order=ord#5 tax=1.90 USD [Order(ord#5)] until 2026-04-10 00:00
        2026-04-09 00:00 Customer: order_timing_out amount=11.90 USD deadline=2026-04-10T00:00:00Z due_at=2026-04-09T00:00:00Z list=10.00 USD order=ord#5 tax=1.90 USD [Order(ord#5)] until 2026-04-10 00:00
        2026-04-10 00:00 void [Order(ord#5)]
        2026-04-10 00:00 Customer: order_cancelled amount=11.90 USD deadline=2026-04-10T00:00:00Z due_at=2026-04-10T00:00:00Z list=10.00 USD order=ord#5 reason=timed_out tax=1.90 USD
        2026-04-10 00:00 order.cancelled Cancelled
        2026-04-11 00:00 Customer: coupon_granted coupon=cpn#6 coupon_amount=4.00 USD expires_at=2026-06-01T00:00:00Z scope={} single_use=false starts_at=2026-04-11T00:00:00Z [Coupon(cpn#6)] until 2026-06-01 00:00
        2026-04-11 00:00 coupon.granted
        2026-04-12 00:00 void [Coupon(cpn#6)]
        2026-04-12 00:00 void [Order(ord#7)]
        2026-04-12 00:00 Customer: order_processing amount=11.90 USD deadline=2026-04-13T00:00:00Z expires_at=2026-05-02T00:00:00Z list=10.00 USD order=ord#7 tax=1.90 USD
        2026-04-12 00:00 order.processing Processing
        2026-04-12 01:00 Customer: order_failed amount=11.90 USD deadline=2026-04-19T00:00:00Z due_at=2026-04-12T01:00:00Z expires_at=2026-05-02T00:00:00Z list=10.00 USD order=ord#7 reason=reported refund=11.90 USD tax=1.90 USD
        2026-04-12 01:00 order.failed Failed
        2026-04-12 02:00 Customer: refunded due_at=2026-04-12T02:00:00Z expires_at=2026-05-02T00:00:00Z order=ord#8 reason=part refund=1.00 USD refund_of=ord#3
        2026-04-12 02:00 order.refunded Refunded
        "#);
}

#[test]
fn r3_8_what_is_told_of_a_subscription_to_its_end() {
    assert_snapshot!(outgoing("
        2026-04-01 00:00 top-up 30
        2026-04-01 00:00 purchase intl small 1 month auto
        2026-05-20 00:00 step
        2026-05-20 00:00 mode #1 manual
        2026-05-21 00:00 step
        2026-06-30 00:00 step
        2026-07-20 00:00 step
    "), @r"
        2026-04-01 00:00 Customer: topped_up amount=30.00 USD
        2026-04-01 00:00 order.paid Paid
        2026-04-01 00:00 void [Order(ord#2)]
        2026-04-01 00:00 Customer: activated amount=10.00 USD expires_at=2026-05-01T00:00:00Z order=ord#2 starts_at=2026-04-01T00:00:00Z
        2026-04-01 00:00 subscription.activated
        2026-04-16 09:00 Customer: renewal_ahead amount=10.00 USD attempt_at=2026-04-28T08:00:00Z covered=true days=15 due_at=2026-04-16T09:00:00Z expires_at=2026-05-01T00:00:00Z [Reminders(sub#1)] until 2026-05-01 00:00
        2026-04-28 08:00 order.paid Paid
        2026-04-28 08:00 void [Reminders(sub#1)]
        2026-04-28 08:00 void [Losses(sub#1)]
        2026-04-28 08:00 Customer: renewed amount=10.00 USD automatic=true due_at=2026-04-28T08:00:00Z expires_at=2026-06-01T00:00:00Z order=ord#3 starts_at=2026-05-01T00:00:00Z
        2026-04-28 08:00 subscription.renewed
        2026-05-03 12:00 Customer: statement_ready amount=20.00 USD count=2 due_at=2026-05-03T12:00:00Z month=2026-04
        2026-05-03 12:00 statement.closed
        2026-05-17 09:00 Customer: renewal_ahead amount=10.00 USD attempt_at=2026-05-29T08:00:00Z covered=true days=15 due_at=2026-05-17T09:00:00Z expires_at=2026-06-01T00:00:00Z [Reminders(sub#1)] until 2026-06-01 00:00
        2026-05-20 00:00 void [Reminders(sub#1)]
        2026-05-25 09:00 Customer: expiring days=7 due_at=2026-05-25T09:00:00Z expires_at=2026-06-01T00:00:00Z [Reminders(sub#1)] until 2026-06-01 00:00
        2026-05-29 09:00 Customer: expiring days=3 due_at=2026-05-29T09:00:00Z expires_at=2026-06-01T00:00:00Z [Reminders(sub#1)] until 2026-06-01 00:00
        2026-05-31 09:00 Customer: expiring days=1 due_at=2026-05-31T09:00:00Z expires_at=2026-06-01T00:00:00Z [Reminders(sub#1)] until 2026-06-01 00:00
        2026-06-01 00:00 subscription.expired
        2026-06-01 00:00 Customer: expired due_at=2026-06-01T00:00:00Z expires_at=2026-06-01T00:00:00Z [Losses(sub#1)] until 2026-07-01 00:00
        2026-06-16 00:00 Customer: suspended due_at=2026-06-16T00:00:00Z expires_at=2026-06-01T00:00:00Z [Losses(sub#1)] until 2026-07-01 00:00
        2026-06-16 00:00 subscription.suspended
        2026-06-29 09:00 Customer: release_ahead days=1 due_at=2026-06-29T09:00:00Z expires_at=2026-06-01T00:00:00Z [Losses(sub#1)]
        2026-07-01 00:00 void [Losses(sub#1)]
        2026-07-01 00:00 Customer: released due_at=2026-07-01T00:00:00Z expires_at=2026-06-01T00:00:00Z
        2026-07-01 00:00 subscription.released
        ");
}

#[test]
fn r6_9_what_is_told_of_debt_and_of_what_it_stops() {
    assert_snapshot!(outgoing("
        2026-03-01 10:00  top-up 1
        2026-03-01 10:00  alert 0.90
        2026-03-01 10:00  open-resource at-once small
        2026-03-01 13:00  step
        2026-03-03 10:00  top-up 5
        2026-03-04 00:00  plan #1 large
        2026-03-04 00:00  stop #1
        2026-03-04 01:00  start #1
        2026-03-04 02:00  alert 1000
        2026-04-01 00:00  step
    "), @r"
        2026-03-01 10:00 Customer: topped_up amount=1.00 USD
        2026-03-01 10:00 resource.opened
        2026-03-01 11:05 Customer: low_balance amount=0.90 USD [LowBalance]
        2026-03-01 12:05 Customer: overdue amount=0.20 USD due_at=2026-03-01T12:05:00Z [Debt]
        2026-03-01 12:05 Customer: resource_halted amount=0.20 USD due_at=2026-03-01T12:05:00Z resource=res#1 [Debt]
        2026-03-01 12:05 resource.halted
        2026-03-03 10:00 Customer: topped_up amount=5.00 USD
        2026-03-03 10:00 void [Debt]
        2026-03-03 10:00 Customer: debt_settled due_at=2026-03-03T10:00:00Z
        2026-03-03 10:00 Customer: resource_restored resource=res#1
        2026-03-03 10:00 resource.restored
        2026-03-03 10:00 void [LowBalance]
        2026-03-04 00:00 Customer: overdue amount=0.05 USD due_at=2026-03-03T18:05:00Z [Debt]
        2026-03-04 00:00 Customer: resource_halted amount=0.05 USD due_at=2026-03-03T18:05:00Z resource=res#1 [Debt]
        2026-03-04 00:00 resource.halted
        2026-03-04 00:00 Customer: low_balance amount=0.90 USD [LowBalance]
        2026-03-04 00:00 resource.stopped
        2026-03-10 18:05 Customer: overdue amount=0.10 USD due_at=2026-03-10T18:05:00Z [Debt]
        2026-03-17 18:05 Customer: overdue amount=0.10 USD due_at=2026-03-17T18:05:00Z [Debt]
        2026-03-17 18:05 Customer: resource_release_ahead amount=0.10 USD due_at=2026-03-17T18:05:00Z resource=res#1 [Debt]
        2026-03-18 18:05 Customer: resource_released due_at=2026-03-18T18:05:00Z resource=res#1
        2026-03-18 18:05 resource.released
        ");
}

#[test]
fn r7_5_what_is_told_of_withdrawals_transfers_and_bills() {
    assert_snapshot!(outgoing("
        2026-03-01 10:00  top-up 20 by card
        2026-03-01 10:00  purchase ecs free 1 month
        2026-03-01 11:00  cash-out 5
        2026-03-02 10:00  paid-out #3
        2026-03-02 11:00  cash-out 5
        2026-03-03 10:00  not-paid-out #4 account_closed
        2026-03-04 10:00  paid-out #4
        2026-03-05 10:00  not-paid-out #4 returned
        2026-03-05 10:00  send 1
        2026-03-05 10:00  take 1
        2026-03-05 10:00  take 1 EUR
        2026-03-05 10:00  grant cash 5 until 2026-01-01 00:00 campaign
        2026-03-06 10:00  invoice 2026-03
        2026-03-06 10:00  number #6 4711
        2026-04-05 00:00  step
    "), @r#"
        2026-03-01 10:00 Customer: topped_up amount=20.00 USD
        2026-03-01 10:00 order.paid Paid
        2026-03-01 10:00 void [Order(ord#2)]
        2026-03-01 10:00 Customer: activated amount=0.00 USD expires_at=2026-04-01T10:00:00Z order=ord#2 starts_at=2026-03-01T10:00:00Z
        2026-03-01 10:00 subscription.activated
        2026-03-01 11:00 Customer: withdrawal_requested amount=5.00 USD withdrawal=wdr#3
        2026-03-01 11:00 withdrawal.requested
        2026-03-02 10:00 Customer: withdrawal_paid amount=5.00 USD withdrawal=wdr#3
        2026-03-02 10:00 withdrawal.paid
        2026-03-02 11:00 Customer: withdrawal_requested amount=5.00 USD withdrawal=wdr#4
        2026-03-02 11:00 withdrawal.requested
        2026-03-03 10:00 Customer: withdrawal_failed amount=5.00 USD reason=account_closed withdrawal=wdr#4
        2026-03-03 10:00 withdrawal.failed
        2026-03-04 10:00 Customer: withdrawal_paid amount=5.00 USD reason=after_all withdrawal=wdr#4
        2026-03-04 10:00 withdrawal.paid
        2026-03-05 10:00 Customer: withdrawal_failed amount=5.00 USD reason=after_all withdrawal=wdr#4
        2026-03-05 10:00 withdrawal.failed
        2026-03-05 10:00 to acc_0000000008: TakeTransfer(TakeTransfer { from: acc_0000000007, number: 5, amount: 1.00 USD })
        2026-03-05 10:00 to acc_0000000008: TransferAnswered(TransferAnswered { number: 1, declined: None })
        2026-03-05 10:00 to acc_0000000008: TransferAnswered(TransferAnswered { number: 1, declined: Some("WrongCurrency") })
        2026-03-05 10:00 to cmp_0000000009: GiveBack(GiveBack { account: acc_0000000007 })
        2026-03-06 10:00 to series_invoice_2026: Number(Number { document: doc#6 })
        2026-03-06 10:00 document.issued
        2026-03-17 09:00 Customer: expiring days=15 due_at=2026-03-17T09:00:00Z expires_at=2026-04-01T10:00:00Z [Reminders(sub#1)] until 2026-04-01 10:00
        2026-03-25 09:00 Customer: expiring days=7 due_at=2026-03-25T09:00:00Z expires_at=2026-04-01T10:00:00Z [Reminders(sub#1)] until 2026-04-01 10:00
        2026-03-29 09:00 Customer: expiring days=3 due_at=2026-03-29T09:00:00Z expires_at=2026-04-01T10:00:00Z [Reminders(sub#1)] until 2026-04-01 10:00
        2026-03-31 09:00 Customer: expiring days=1 due_at=2026-03-31T09:00:00Z expires_at=2026-04-01T10:00:00Z [Reminders(sub#1)] until 2026-04-01 10:00
        2026-04-01 09:00 Customer: expiring days=0 due_at=2026-04-01T09:00:00Z expires_at=2026-04-01T10:00:00Z [Reminders(sub#1)] until 2026-04-01 10:00
        2026-04-01 10:00 subscription.expired
        2026-04-01 10:00 Customer: suspended due_at=2026-04-01T10:00:00Z expires_at=2026-04-01T10:00:00Z [Losses(sub#1)] until 2026-04-16 10:00
        2026-04-01 10:00 subscription.suspended
        2026-04-03 12:00 Customer: statement_ready amount=0.00 USD count=1 due_at=2026-04-03T12:00:00Z month=2026-03
        2026-04-03 12:00 statement.closed
        "#);
}
