//! Requests about coupons: what they take off, what they are good for, and how long.

use rust_decimal::Decimal;

use super::{Asked, TEXT_MAX};
use crate::admin::problem::Problem;
use crate::admin::{fields, wire};
use crate::domain::command::Command;
use crate::domain::nouns::campaign::Validity;
use crate::domain::nouns::coupon::{Benefit, Scope};
use crate::domain::rejection::Rejection;
use crate::domain::verbs::coupons::Grant;

/// Names in one list of a scope.
const NAMES_MAX: usize = 100;
/// Decimals of a percentage.
const PERCENT_DECIMALS_MAX: u32 = 4;

/// A request to grant a coupon.
pub fn grant_coupon(asked: &wire::GrantCoupon) -> Result<Asked, Problem> {
    let effective_at = asked.effective_at.as_deref();
    let command = Command::GrantCoupon(Grant {
        campaign: None,
        description: description(asked.description.as_deref())?,
        benefit: benefit("benefit", &asked.benefit)?,
        scope: scope("scope", &asked.scope)?,
        effective_at: fields::parse_some("effective_at", effective_at)?,
        validity: validity("", asked.expires_at.as_deref(), asked.valid_days)?,
    });
    Ok(command.into())
}

/// What a coupon says to people.
pub(super) fn description(text: Option<&str>) -> Result<String, Problem> {
    let text = text.filter(|text| !text.trim().is_empty());
    text.map_or_else(|| Ok(String::new()), |text| fields::line("description", text, TEXT_MAX))
}

/// What a coupon takes off; one that cannot be like that is refused here.
pub(super) fn benefit(field: &str, asked: &wire::Benefit) -> Result<Benefit, Problem> {
    let at = |name: &str| format!("{field}.{name}");
    let benefit = match asked {
        wire::Benefit::Cash { value } => {
            Benefit::Cash { value: fields::money(&at("value"), value)? }
        }
        wire::Benefit::SpendAndSave { threshold, off } => Benefit::SpendAndSave {
            threshold: fields::money(&at("threshold"), threshold)?,
            off: fields::money(&at("off"), off)?,
        },
        wire::Benefit::Discount { percent, cap } => Benefit::Discount {
            percent: percentage(&at("percent"), percent)?,
            cap: cap.as_ref().map(|cap| fields::money(&at("cap"), cap)).transpose()?,
        },
    };
    match benefit.fault() {
        None => Ok(benefit),
        Some(fault) => {
            let rejection = Rejection::InvalidCoupon { fault: fault.to_owned() };
            Err(Problem::from(rejection).at(field))
        }
    }
}

fn percentage(field: &str, text: &str) -> Result<Decimal, Problem> {
    let is_plain = text.bytes().all(|c| c.is_ascii_digit() || matches!(c, b'.' | b'-'));
    let number = Decimal::from_str_exact(text).ok().filter(|_| is_plain && text.len() <= 20);
    let number = number.filter(|number| number.scale() <= PERCENT_DECIMALS_MAX);
    number.map(|number| number.normalize()).ok_or_else(|| {
        let detail = format!(
            "{text:?} is not a percentage such as 20 or 12.5, with {PERCENT_DECIMALS_MAX} \
             decimals at the most"
        );
        Problem::field(field, detail)
    })
}

/// What a coupon may be used for.
pub(super) fn scope(field: &str, asked: &wire::Scope) -> Result<Scope, Problem> {
    let at = |name: &str| format!("{field}.{name}");
    let names = |name: &str, texts: &[String]| {
        if texts.len() > NAMES_MAX {
            return Err(Problem::field(at(name), format!("there are more than {NAMES_MAX}")));
        }
        texts.iter().map(|text| fields::name(&at(name), text)).collect::<Result<Vec<_>, _>>()
    };
    let mut order_types = Vec::new();
    for text in names("order_types", &asked.order_types)? {
        order_types.push(fields::word(&at("order_types"), &text)?);
    }
    let (billing, min_spend) = (asked.billing.as_deref(), asked.min_spend.as_ref());
    let scope = Scope {
        products: names("products", &asked.products)?,
        products_denied: names("products_denied", &asked.products_denied)?,
        order_types,
        billing: billing.map(|text| fields::word(&at("billing"), text)).transpose()?,
        min_spend: min_spend.map(|least| fields::money(&at("min_spend"), least)).transpose()?,
        min_period: fields::parse_some(&at("min_period"), asked.min_period.as_deref())?,
        max_period: fields::parse_some(&at("max_period"), asked.max_period.as_deref())?,
    };
    if let (Some(shortest), Some(longest)) = (scope.min_period, scope.max_period)
        && shortest.days_about() > longest.days_about()
    {
        return Err(Problem::field(at("min_period"), "it is longer than max_period"));
    }
    Ok(scope)
}

/// How long a coupon is good: until an instant, or for some days.
pub(super) fn validity(
    within: &str,
    expires_at: Option<&str>,
    days: Option<u16>,
) -> Result<Validity, Problem> {
    let field = |name: &str| format!("{within}{name}");
    match (expires_at, days) {
        (Some(text), None) => fields::parse(&field("expires_at"), text).map(Validity::Until),
        (None, Some(0)) => Err(Problem::field(field("valid_days"), "it must be 1 at least")),
        (None, Some(days)) => Ok(Validity::Days(days)),
        (Some(_), Some(_)) => {
            Err(Problem::field(field("valid_days"), "together with expires_at it says two things"))
        }
        (None, None) => {
            let detail = "say how long it is good: expires_at or valid_days";
            Err(Problem::field(field("expires_at"), detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn grant(body: Value) -> Result<Grant, Problem> {
        let asked: wire::GrantCoupon = serde_json::from_value(body).expect("a request");
        let asked = grant_coupon(&asked)?;
        let Command::GrantCoupon(grant) = asked.command else { panic!("{asked:?}") };
        Ok(grant)
    }

    fn with(pointer: &str, value: Value) -> Value {
        let mut body = json!({
            "benefit": {"type": "discount", "percent": "20"},
            "scope": {"products": ["ecs"], "order_types": ["new", "renew"], "min_period": "P3M"},
            "valid_days": 30
        });
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        body.pointer_mut(parent).expect("a parent")[name] = value;
        body
    }

    fn usd(amount: &str) -> Value {
        json!({"amount": amount, "currency": "USD"})
    }

    #[test]
    fn a_coupon_is_read_with_its_scope() {
        let granted = grant(with("/description", json!("Spring"))).expect("a coupon");
        assert_eq!(granted.description, "Spring");
        assert_eq!(granted.benefit, Benefit::Discount { percent: 20.into(), cap: None });
        assert_eq!(granted.scope.products, ["ecs"]);
        assert_eq!(granted.scope.order_types.len(), 2);
        assert_eq!(granted.validity, Validity::Days(30));
        let cash = json!({"type": "cash", "value": usd("20.00")});
        let cash = grant(with("/benefit", cash)).expect("a coupon");
        assert_eq!(cash.benefit.nominal().expect("a value").amount(), "20.00");
    }

    #[test]
    fn what_cannot_be_a_coupon_is_named() {
        let percent = |text: &str| json!({"type": "discount", "percent": text});
        let save = |threshold: &str, off: &str| json!({"type": "spend_and_save", "threshold": usd(threshold), "off": usd(off)});
        for (pointer, value, code, field) in [
            ("/benefit", percent("101"), "InvalidCoupon", "benefit"),
            ("/benefit", percent("100.01"), "InvalidCoupon", "benefit"),
            ("/benefit", percent("0"), "InvalidCoupon", "benefit"),
            ("/benefit", percent("-5"), "InvalidCoupon", "benefit"),
            ("/benefit", percent("20%"), "InvalidField", "benefit.percent"),
            ("/benefit", percent("1e1"), "InvalidField", "benefit.percent"),
            ("/benefit", percent("0.00001"), "InvalidField", "benefit.percent"),
            ("/benefit", json!({"type": "cash", "value": usd("0.00")}), "InvalidCoupon", "benefit"),
            (
                "/benefit",
                json!({"type": "cash", "value": usd("1.001")}),
                "AmountTooPrecise",
                "benefit.value.amount",
            ),
            ("/benefit", save("10.00", "20.00"), "InvalidCoupon", "benefit"),
            ("/scope/order_types", json!(["gift"]), "InvalidField", "scope.order_types"),
            ("/scope/billing", json!("barter"), "InvalidField", "scope.billing"),
            ("/scope/max_period", json!("P1M"), "InvalidField", "scope.min_period"),
            ("/scope/products", json!([""]), "InvalidField", "scope.products"),
            ("/expires_at", json!("2027-01-01T00:00:00Z"), "InvalidField", "valid_days"),
            ("/valid_days", json!(0), "InvalidField", "valid_days"),
            ("/valid_days", Value::Null, "InvalidField", "expires_at"),
        ] {
            let problem = grant(with(pointer, value.clone())).expect_err("refused");
            let told = problem.to_wire();
            assert_eq!((problem.code(), &told.values["field"]), (code, &field.into()), "{value}");
        }
    }

    #[test]
    fn what_is_of_another_type_is_no_request() {
        for (pointer, value) in [
            ("/benefit", json!({"type": "discount", "percent": 20})),
            ("/benefit", json!({"type": "gift"})),
            ("/benefit", json!("20 %")),
            ("/scope/product", json!("ecs")),
            ("/valid_days", json!(-1)),
        ] {
            let body = with(pointer, value);
            assert!(serde_json::from_value::<wire::GrantCoupon>(body.clone()).is_err(), "{body}");
        }
    }
}
