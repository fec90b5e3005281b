//! Coupons, and how each suits an order.

use serde_json::{Map, Value, json};

use super::{money, text};
use crate::admin::wire;
use crate::domain::calendar::Timestamp;
use crate::domain::fit::Fit;
use crate::domain::nouns::coupon::{Benefit, Billing, Coupon, Scope, Unmet};
use crate::domain::rows::CouponRow;

/// A coupon; `held_until` is when the order that holds it must be done.
#[must_use]
pub fn coupon(coupon: &Coupon, held_until: Option<Timestamp>) -> wire::Coupon {
    wire::Coupon {
        id: coupon.id.to_string(),
        account: coupon.id.account.to_string(),
        campaign: coupon.campaign.map(|campaign| campaign.to_string()),
        description: Some(coupon.description.clone()).filter(|text| !text.is_empty()),
        state: coupon.state.as_str().to_owned(),
        benefit: benefit(&coupon.benefit),
        balance: coupon.balance.map(money),
        scope: scope(&coupon.scope),
        granted_at: text(coupon.granted_at),
        effective_at: text(coupon.effective_at),
        expires_at: text(coupon.expires_at),
        held_by: coupon
            .order
            .map(|order| wire::Holder { order: order.to_string(), until: held_until.map(text) }),
        again_for: coupon.again_for.map(|before| before.to_string()),
        fit: None,
    }
}

/// A coupon as it is listed.
#[must_use]
pub fn coupon_row(row: &CouponRow) -> wire::Coupon {
    coupon(&row.coupon, row.held_until)
}

/// What a coupon takes off.
pub(super) fn benefit(benefit: &Benefit) -> wire::Benefit {
    match benefit {
        Benefit::Cash { value } => wire::Benefit::Cash { value: money(*value) },
        Benefit::SpendAndSave { threshold, off } => {
            wire::Benefit::SpendAndSave { threshold: money(*threshold), off: money(*off) }
        }
        Benefit::Discount { percent, cap } => wire::Benefit::Discount {
            percent: percent.normalize().to_string(),
            cap: cap.map(money),
        },
    }
}

/// What a coupon may be used for.
pub(super) fn scope(scope: &Scope) -> wire::Scope {
    wire::Scope {
        products: scope.products.clone(),
        products_denied: scope.products_denied.clone(),
        order_types: scope.order_types.iter().map(|kind| kind.as_str().to_owned()).collect(),
        billing: scope.billing.map(|billing| {
            match billing {
                Billing::Subscription => "subscription",
                Billing::Payg => "payg",
            }
            .to_owned()
        }),
        min_spend: scope.min_spend.map(money),
        min_period: scope.min_period.map(|period| period.to_string()),
        max_period: scope.max_period.map(|period| period.to_string()),
    }
}

/// How a coupon suits an order.
#[must_use]
pub fn fit(fit: &Fit) -> wire::Fit {
    wire::Fit {
        usable: fit.unmet.is_empty(),
        picked: fit.is_picked,
        deductible: fit.deductible.map(money),
        unmet: fit.unmet.iter().map(unmet).collect(),
    }
}

/// A predicate that does not hold, with its values.
#[must_use]
pub fn unmet(unmet: &Unmet) -> wire::Unmet {
    let values = match unmet {
        Unmet::NotEffective { effective_at } => json!({ "effective_at": text(*effective_at) }),
        Unmet::Frozen { order } => json!({ "order": order }),
        Unmet::Expired { expires_at } => json!({ "expires_at": text(*expires_at) }),
        Unmet::MinSpend { needed, eligible } => {
            json!({ "needed": money(*needed), "eligible": money(*eligible) })
        }
        Unmet::MinPeriod { shortest } => json!({ "shortest": shortest.to_string() }),
        Unmet::MaxPeriod { longest } => json!({ "longest": longest.to_string() }),
        Unmet::Used
        | Unmet::Cancelled
        | Unmet::Currency
        | Unmet::Product
        | Unmet::OrderType
        | Unmet::Billing
        | Unmet::Excluded
        | Unmet::NothingToDeduct => json!({}),
    };
    let values = match values {
        Value::Object(values) => values,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    };
    wire::Unmet { code: unmet.code().to_owned(), detail: in_words(unmet), values }
}

/// A predicate that does not hold, in words.
#[must_use]
pub fn in_words(unmet: &Unmet) -> String {
    match unmet {
        Unmet::NotEffective { effective_at } => format!("it is good from {effective_at} on"),
        Unmet::Frozen { order } => format!("{order} holds it: pay that order or cancel it"),
        Unmet::Used => "it is spent".to_owned(),
        Unmet::Expired { expires_at } => format!("it expired at {expires_at}"),
        Unmet::Cancelled => "it was taken back".to_owned(),
        Unmet::Currency => "it is of another currency than the order".to_owned(),
        Unmet::Product => "it is not good for this product".to_owned(),
        Unmet::OrderType => "it is not good for this type of order".to_owned(),
        Unmet::Billing => "it is not good for this billing method".to_owned(),
        Unmet::MinSpend { needed, eligible } => {
            format!("{needed} must be reached, and {eligible} counts")
        }
        Unmet::MinPeriod { shortest } => format!("the period must be {shortest} at least"),
        Unmet::MaxPeriod { longest } => format!("the period must be {longest} at the most"),
        Unmet::Excluded => "what is ordered takes no coupons".to_owned(),
        Unmet::NothingToDeduct => "there is nothing that it could take off".to_owned(),
    }
}
