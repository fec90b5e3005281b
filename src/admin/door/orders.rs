//! Requests about orders: to make, renew, change, pay, and give back.

use std::collections::BTreeSet;

use super::{Asked, TEXT_MAX, external_id, mode, own_subscription};
use crate::admin::problem::{Code, Problem};
use crate::admin::{fields, wire};
use crate::domain::command::Command;
use crate::domain::ids::{AccountId, CouponId, OrderId, SubscriptionId};
use crate::domain::money::Money;
use crate::domain::rejection::Rejection;
use crate::domain::verbs::align::SetUnifiedDay;
use crate::domain::verbs::change::Change;
use crate::domain::verbs::coupons::SetCoupon;
use crate::domain::verbs::deliver::ProvisionFailed;
use crate::domain::verbs::pay::PayTogether;
use crate::domain::verbs::pricing::CouponChoice;
use crate::domain::verbs::purchase::Purchase;
use crate::domain::verbs::refund::{Refund, Release, Unsubscribe};
use crate::domain::verbs::renew::{Renew, Term};

/// Renewals in one batch.
const ITEMS_MAX: usize = 100;
/// Orders that can be named for one payment; how many are paid together the rules say (R4.15).
const ORDERS_MAX: usize = 1_000;

/// A request to order.
pub fn place(account: AccountId, asked: &wire::PlaceOrder) -> Result<Asked, Problem> {
    match asked {
        wire::PlaceOrder::New {
            product,
            plan,
            region,
            period,
            renewal_mode,
            pay_now,
            external_id,
            expires_not_after,
            coupon,
            price_lock,
            expected_payable,
        } => {
            let command = Command::Purchase(Purchase {
                product: fields::name("product", product)?,
                plan: fields::name("plan", plan)?,
                region: fields::name("region", region)?,
                period: fields::parse("period", period)?,
                renewal_mode: mode("renewal_mode", renewal_mode.as_deref())?,
                pay_now: *pay_now,
                external_id: external_id
                    .as_deref()
                    .map(|id| self::external_id("external_id", id))
                    .transpose()?,
                expires_not_after: expires_not_after
                    .as_deref()
                    .map(|parent| own_subscription("expires_not_after", account, parent))
                    .transpose()?,
                coupon: choice("coupon", account, coupon.as_ref())?,
                price_lock: *price_lock,
                expected_payable: expected("expected_payable", expected_payable.as_ref())?,
            });
            Ok(command.into())
        }
        wire::PlaceOrder::Renew {
            subscription,
            period,
            expected_renew_day,
            plan,
            pay_now,
            expected_expires_at,
            coupon,
            expected_payable,
        } => {
            let asked = wire::Renew {
                period: period.clone(),
                expected_renew_day: expected_renew_day.clone(),
                plan: plan.clone(),
                pay_now: *pay_now,
                expected_expires_at: expected_expires_at.clone(),
                coupon: coupon.clone(),
                expected_payable: expected_payable.clone(),
            };
            renew(own_subscription("subscription", account, subscription)?, &asked)
        }
    }
}

/// A request to renew.
pub fn renew(subscription: SubscriptionId, asked: &wire::Renew) -> Result<Asked, Problem> {
    Ok(Command::Renew(renewal(subscription, asked, "")?).into())
}

fn renewal(id: SubscriptionId, asked: &wire::Renew, within: &str) -> Result<Renew, Problem> {
    let field = |name: &str| format!("{within}{name}");
    let expires_at = asked.expected_expires_at.as_deref();
    let plan = asked.plan.as_deref();
    Ok(Renew {
        subscription: id,
        term: term(asked.period.as_deref(), asked.expected_renew_day.as_ref(), within)?,
        plan: plan.map(|plan| fields::name(&field("plan"), plan)).transpose()?,
        pay_now: asked.pay_now,
        expected_expires_at: fields::parse_some(&field("expected_expires_at"), expires_at)?,
        coupon: choice(&field("coupon"), id.account, asked.coupon.as_ref())?,
        expected_payable: expected(&field("expected_payable"), asked.expected_payable.as_ref())?,
    })
}

/// A length or a day of the month, one of the two (R1.26).
fn term(period: Option<&str>, day: Option<&wire::RenewDay>, within: &str) -> Result<Term, Problem> {
    match (period, day) {
        (Some(period), None) => fields::parse(&format!("{within}period"), period).map(Term::Period),
        (None, Some(wire::RenewDay::Word(word))) if word == "unified" => Ok(Term::UnifiedDay),
        (None, Some(wire::RenewDay::Word(word))) => {
            let detail = format!("{word:?} is not a day of the month, nor \"unified\"");
            Err(Problem::field(format!("{within}expected_renew_day"), detail))
        }
        (None, Some(wire::RenewDay::Day(day))) => {
            day_of_month(&format!("{within}expected_renew_day"), *day).map(Term::Day)
        }
        (Some(_), Some(_)) => Err(Problem::new(
            Code::PeriodOrRenewDay,
            "`period` and `expected_renew_day` exclude each other: send the one that is meant",
        )
        .at(format!("{within}expected_renew_day"))),
        (None, None) => Err(Problem::new(
            Code::PeriodOrRenewDay,
            "say how long with `period`, or until which day with `expected_renew_day`",
        )
        .at(format!("{within}period"))),
    }
}

fn day_of_month(field: &str, day: u32) -> Result<u8, Problem> {
    let day = u8::try_from(day).ok().filter(|day| (1..=28).contains(day));
    day.ok_or_else(|| Problem::from(Rejection::InvalidUnifiedDay).at(field))
}

/// A batch of renewals. What could not be a command refuses the whole of it, before anything is
/// done.
pub fn renew_many(account: AccountId, asked: &wire::RenewMany) -> Result<Vec<Renew>, Problem> {
    check_count("items", asked.items.len(), ITEMS_MAX)?;
    let mut seen = BTreeSet::new();
    let mut renewals = Vec::with_capacity(asked.items.len());
    for (place, item) in asked.items.iter().enumerate() {
        let within = format!("items[{place}].");
        let field = format!("{within}subscription");
        let subscription = own_subscription(&field, account, &item.subscription)?;
        if !seen.insert(subscription) {
            return Err(Problem::field(field, format!("{subscription} is named before")));
        }
        let item = wire::Renew {
            period: item.period.clone(),
            expected_renew_day: item.expected_renew_day.clone(),
            plan: item.plan.clone(),
            pay_now: item.pay_now,
            expected_expires_at: item.expected_expires_at.clone(),
            coupon: item.coupon.clone(),
            expected_payable: item.expected_payable.clone(),
        };
        renewals.push(renewal(subscription, &item, &within)?);
    }
    Ok(renewals)
}

/// A request to pay several orders together.
pub fn pay_together(account: AccountId, asked: &wire::PayTogether) -> Result<Asked, Problem> {
    check_count("orders", asked.orders.len(), ORDERS_MAX)?;
    let mut orders = Vec::with_capacity(asked.orders.len());
    let mut seen = BTreeSet::new();
    for (place, text) in asked.orders.iter().enumerate() {
        let field = format!("orders[{place}]");
        let order: OrderId = fields::parse(&field, text)?;
        if order.account != account {
            return Err(Problem::from(Rejection::OrderNotFound { order }).at(field));
        }
        if !seen.insert(order) {
            return Err(Problem::field(field, format!("{order} is named before")));
        }
        orders.push(order);
    }
    Ok(Command::PayTogether(PayTogether { orders }).into())
}

/// Is there something, and not too much of it?
pub(super) fn check_count(field: &str, count: usize, limit: usize) -> Result<(), Problem> {
    if count == 0 {
        return Err(Problem::field(field, "it is empty: name one at least"));
    }
    if count > limit {
        let detail = format!("{count} are too many at once: send them in parts of {limit}");
        let problem = Problem::new(Code::TooManyItems, detail).at(field);
        return Err(problem.with("count", count).with("limit", limit));
    }
    Ok(())
}

/// A request to choose the coupon of an unpaid order.
pub fn set_coupon(order: OrderId, asked: &wire::SetCoupon) -> Result<Asked, Problem> {
    let coupon = choice("coupon", order.account, Some(&asked.coupon))?;
    Ok(Command::SetCoupon(SetCoupon { order, coupon }).into())
}

/// A report that an order could not be delivered.
pub fn fail_provision(order: OrderId, asked: &wire::ProvisionFailed) -> Result<Asked, Problem> {
    let reason = asked.reason.as_deref();
    let detail = reason.map(|reason| fields::line("reason", reason, TEXT_MAX)).transpose()?;
    Ok(Command::ProvisionFailed(ProvisionFailed { order, detail }).into())
}

/// A request to give money back for an order.
pub fn refund(order: OrderId, asked: &wire::GiveBack) -> Result<Asked, Problem> {
    let amount = expected("amount", asked.amount.as_ref())?;
    Ok(Command::Refund(Refund { order, amount }).into())
}

/// A request to change the plan.
pub fn change(subscription: SubscriptionId, asked: &wire::ChangePlan) -> Result<Asked, Problem> {
    let command = Command::Change(Change {
        subscription,
        plan: fields::name("plan", &asked.plan)?,
        until: fields::parse_some("until", asked.until.as_deref())?,
        pay_now: asked.pay_now,
        coupon: choice("coupon", subscription.account, asked.coupon.as_ref())?,
        expected_payable: expected("expected_payable", asked.expected_payable.as_ref())?,
    });
    Ok(command.into())
}

/// A request to give a subscription up.
#[must_use]
pub fn unsubscribe(subscription: SubscriptionId, asked: &wire::Unsubscribe) -> Asked {
    Command::Unsubscribe(Unsubscribe { subscription, unused: asked.unused }).into()
}

/// A request to release a suspended subscription at once, with the explicit word for it (R8.4).
pub fn release(subscription: SubscriptionId, asked: &wire::ReleaseNow) -> Result<Asked, Problem> {
    if !asked.confirm {
        let detail = "its data are lost and nothing is given back: send {\"confirm\": true} if \
                      that is meant";
        return Err(Problem::new(Code::ConfirmationRequired, detail).at("confirm"));
    }
    Ok(Command::Release(Release { subscription }).into())
}

/// A request to choose the day that renewals can be aligned to.
pub fn set_unified_day(asked: &wire::SetUnifiedDay) -> Result<Asked, Problem> {
    let day = day_of_month("day", asked.day)?;
    Ok(Command::SetUnifiedDay(SetUnifiedDay { day }).into())
}

fn expected(field: &str, amount: Option<&wire::Money>) -> Result<Option<Money>, Problem> {
    amount.map(|amount| fields::money(field, amount)).transpose()
}

/// One coupon, none, or the one that the rule picks (R4.6). Another account's is not found here.
fn choice(
    field: &str,
    account: AccountId,
    wish: Option<&wire::CouponWish>,
) -> Result<CouponChoice, Problem> {
    let one_only = || {
        let detail = "one order takes one coupon: send the id of the one that is meant";
        Err(Problem::new(Code::OneCouponPerOrder, detail).at(field))
    };
    match wish {
        None => Ok(CouponChoice::Auto),
        Some(wire::CouponWish::Several(_)) => one_only(),
        Some(wire::CouponWish::One(text)) => match text.as_str() {
            "auto" => Ok(CouponChoice::Auto),
            "none" => Ok(CouponChoice::Decline),
            text if text.contains(',') => one_only(),
            text => own_coupon(field, account, text).map(CouponChoice::This),
        },
    }
}

/// A coupon of this account.
fn own_coupon(field: &str, account: AccountId, text: &str) -> Result<CouponId, Problem> {
    let coupon: CouponId = fields::parse(field, text)?;
    if coupon.account == account {
        Ok(coupon)
    } else {
        Err(Problem::from(Rejection::CouponNotFound { coupon }).at(field))
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::*;

    const ACCOUNT: AccountId = AccountId::from_bits(7);

    fn read<T: DeserializeOwned>(body: Value) -> T {
        serde_json::from_value(body).expect("a request")
    }

    fn subscription() -> SubscriptionId {
        SubscriptionId::new(ACCOUNT, 1)
    }

    fn refused<T: std::fmt::Debug>(result: Result<T, Problem>) -> (&'static str, Value) {
        let problem = result.expect_err("refused");
        (problem.code(), problem.to_wire().values.remove("field").unwrap_or_default())
    }

    fn renewed(body: Value) -> Result<Renew, Problem> {
        let asked = renew(subscription(), &read(body))?;
        let Command::Renew(renew) = asked.command else { panic!("{asked:?}") };
        Ok(renew)
    }

    #[test]
    fn a_renewal_goes_for_a_length_or_to_a_day() {
        for (body, term) in [
            (json!({"period": "P1M"}), Term::Period("P1M".parse().expect("a period"))),
            (json!({"expected_renew_day": 28}), Term::Day(28)),
            (json!({"expected_renew_day": "unified"}), Term::UnifiedDay),
        ] {
            assert_eq!(renewed(body).expect("a renewal").term, term);
        }
        for (body, code, field) in [
            (
                json!({"period": "P1M", "expected_renew_day": 1}),
                "PeriodOrRenewDay",
                "expected_renew_day",
            ),
            (json!({}), "PeriodOrRenewDay", "period"),
            (json!({"expected_renew_day": 29}), "InvalidUnifiedDay", "expected_renew_day"),
            (json!({"expected_renew_day": 0}), "InvalidUnifiedDay", "expected_renew_day"),
            (json!({"expected_renew_day": "monday"}), "InvalidField", "expected_renew_day"),
        ] {
            assert_eq!(refused(renewed(body)), (code, field.into()));
        }
        let wrong = json!({"expected_renew_day": -1});
        let error = serde_json::from_value::<wire::Renew>(wrong).expect_err("no day");
        assert!(error.to_string().contains("1 to 28"), "{error}");
    }

    #[test]
    fn one_order_takes_one_coupon_of_its_account() {
        let own = CouponId::new(ACCOUNT, 3);
        let body = |coupon: Value| json!({"period": "P1M", "coupon": coupon});
        for (coupon, choice) in [
            (json!(own), CouponChoice::This(own)),
            (json!("none"), CouponChoice::Decline),
            (json!("auto"), CouponChoice::Auto),
        ] {
            assert_eq!(renewed(body(coupon)).expect("a renewal").coupon, choice);
        }
        assert_eq!(renewed(json!({"period": "P1M"})).expect("one").coupon, CouponChoice::Auto);
        let other = CouponId::new(AccountId::from_bits(8), 3);
        for (coupon, code) in [
            (json!([own, own]), "OneCouponPerOrder"),
            (json!([own]), "OneCouponPerOrder"),
            (json!(format!("{own},{own}")), "OneCouponPerOrder"),
            (json!(other), "CouponNotFound"),
            (json!("SPRING"), "InvalidField"),
        ] {
            assert_eq!(refused(renewed(body(coupon))), (code, "coupon".into()));
        }
        let number = serde_json::from_value::<wire::Renew>(body(json!(7))).expect_err("no coupon");
        assert!(number.to_string().contains("the id of a coupon"), "{number}");
    }

    #[test]
    fn a_batch_has_1_to_100_items_each_of_another_subscription() {
        let item = |number: u32| json!({"subscription": SubscriptionId::new(ACCOUNT, number), "period": "P1M"});
        let batch = |items: Vec<Value>| renew_many(ACCOUNT, &read(json!({"items": items})));
        assert_eq!(batch((1..=100).map(item).collect()).expect("a batch").len(), 100);
        let refusals = [
            (batch(Vec::new()), "InvalidField", "items"),
            (batch((1..=101).map(item).collect()), "TooManyItems", "items"),
            (batch(vec![item(1), item(1)]), "InvalidField", "items[1].subscription"),
            (
                batch(vec![item(1), json!({"subscription": "sub_x", "period": "P1M"})]),
                "InvalidField",
                "items[1].subscription",
            ),
            (
                batch(vec![json!({"subscription": subscription(), "period": "P1D"})]),
                "InvalidField",
                "items[0].period",
            ),
            (
                batch(vec![json!({
                    "subscription": subscription(), "period": "P1M", "expected_renew_day": 3
                })]),
                "PeriodOrRenewDay",
                "items[0].expected_renew_day",
            ),
        ];
        for (result, code, field) in refusals {
            assert_eq!(refused(result), (code, field.into()));
        }
    }

    #[test]
    fn orders_that_are_paid_together_are_named_once() {
        let order = |number| OrderId::new(ACCOUNT, number);
        let pay = |orders: Value| pay_together(ACCOUNT, &read(json!({"orders": orders})));
        let asked = pay(json!([order(1), order(2)])).expect("a payment");
        let orders = vec![order(1), order(2)];
        assert_eq!(asked.command, Command::PayTogether(PayTogether { orders }));
        let other = OrderId::new(AccountId::from_bits(8), 1);
        for (orders, code, field) in [
            (json!([]), "InvalidField", "orders"),
            (json!([order(1), order(1)]), "InvalidField", "orders[1]"),
            (json!([order(1), other]), "OrderNotFound", "orders[1]"),
            (json!(["ord_1"]), "InvalidField", "orders[0]"),
        ] {
            assert_eq!(refused(pay(orders)), (code, field.into()));
        }
        assert!(serde_json::from_value::<wire::PayTogether>(json!({"orders": "ord_1"})).is_err());
    }

    #[test]
    fn a_release_needs_its_word() {
        for body in [json!({}), json!({"confirm": false})] {
            let problem = release(subscription(), &read(body)).expect_err("refused");
            assert_eq!(problem.code(), "ConfirmationRequired");
            assert!(problem.to_wire().detail.contains(r#"{"confirm": true}"#));
        }
        let asked = release(subscription(), &read(json!({"confirm": true}))).expect("a release");
        let expected = Command::Release(Release { subscription: subscription() });
        assert_eq!(asked.command, expected);
    }

    #[test]
    fn amounts_are_texts_in_a_currency() {
        let order = OrderId::new(ACCOUNT, 2);
        let asked = |amount: &str| {
            refund(order, &read(json!({"amount": {"amount": amount, "currency": "USD"}})))
        };
        assert!(asked("5.00").is_ok());
        assert_eq!(refused(asked("5.001")), ("AmountTooPrecise", "amount.amount".into()));
        let number = json!({"amount": {"amount": 5, "currency": "USD"}});
        assert!(serde_json::from_value::<wire::GiveBack>(number).is_err());
        let day = set_unified_day(&read(json!({"day": 31})));
        assert_eq!(refused(day), ("InvalidUnifiedDay", "day".into()));
    }
}
