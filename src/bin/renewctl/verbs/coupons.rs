//! Coupons.

use renewd::admin::wire::{
    Benefit, Coupon, CouponIs, CouponQuery, Fit, GrantCoupon, Receipt, Scope,
};

use super::{Desk, campaigns, would};
use crate::cli::{CouponVerb, Gift};
use crate::client::Call;
use crate::failure::Failure;
use crate::output::{self, Output, money, or_nothing};

const COLUMNS: [&str; 7] = ["ID", "TAKES OFF", ">LEFT", "FOR", "STATE", "GOOD UNTIL", "HELD BY"];
const FITTING: [&str; 6] = ["ID", "TAKES OFF", "STATE", "USABLE", ">OFF THIS ORDER", "BECAUSE"];

/// About coupons.
pub(super) async fn run(desk: &Desk, verb: &CouponVerb) -> Result<(), Failure> {
    match verb {
        CouponVerb::Grant { account, gift, from, write } => {
            let grant = GrantCoupon {
                description: gift.description.clone(),
                benefit: benefit(gift),
                scope: scope(gift),
                effective_at: from.clone(),
                expires_at: gift.until.clone(),
                valid_days: gift.days,
            };
            let call = Call::post(&["v1", "accounts", account, "coupons"], write).json(&grant)?;
            desk.ask(&call, |output, receipt| told(output, receipt, "is granted")).await
        }
        CouponVerb::List {
            account: Some(account),
            state,
            for_order,
            product,
            plan,
            period,
            kind,
            slice,
            ..
        } => {
            let filter = CouponQuery {
                state: (!state.is_empty()).then(|| state.join(",")),
                for_order: for_order.clone(),
                product: product.clone(),
                plan: plan.clone(),
                period: period.clone(),
                kind: kind.clone(),
                ..CouponQuery::default()
            };
            let call = Call::get(&["v1", "accounts", account, "coupons"]).filter(&filter)?;
            if for_order.is_some() || product.is_some() {
                desk.list(&call, slice, &FITTING, fitting).await
            } else {
                desk.list(&call, slice, &COLUMNS, |coupon| row(&coupon)).await
            }
        }
        CouponVerb::List { account: None, state, campaign, expires_before, slice, .. } => {
            let call = Call::get(&["v1", "coupons"])
                .query("state", (!state.is_empty()).then(|| state.join(",")))
                .query("campaign", campaign.as_ref())
                .query("expires_before", expires_before.as_ref());
            desk.list(&call, slice, &COLUMNS, |coupon| row(&coupon)).await
        }
        CouponVerb::Show { account, coupon } => {
            let call = Call::get(&["v1", "accounts", account, "coupons", coupon]);
            desk.ask(&call, |_, coupon: Coupon| Ok(output::card(&card(&coupon))?)).await
        }
        CouponVerb::Cancel { account, coupon, write } => {
            let path = ["v1", "accounts", account, "coupons", coupon, "cancel"];
            desk.ask(&Call::post(&path, write), |output, receipt| {
                told(output, receipt, "is taken back")
            })
            .await
        }
        CouponVerb::Redeem { account, code, write } => {
            campaigns::redeem(desk, account, code, write).await
        }
    }
}

/// Says what became of a coupon, and shows it.
fn told(output: Output, receipt: Receipt<CouponIs>, what: &str) -> Result<(), Failure> {
    let coupon = receipt.answer.coupon;
    output.say(&format!("{}{} {what}", would(receipt.dry_run), coupon.id));
    Ok(output::card(&card(&coupon))?)
}

/// What the flags take off; the command line has seen to it that one of three is there.
pub(super) fn benefit(gift: &Gift) -> Benefit {
    match (&gift.cash, &gift.off, &gift.threshold) {
        (Some(value), _, _) => Benefit::Cash { value: value.clone() },
        (None, Some(off), Some(threshold)) => {
            Benefit::SpendAndSave { threshold: threshold.clone(), off: off.clone() }
        }
        (None, _, _) => Benefit::Discount {
            percent: gift.percent.clone().unwrap_or_default(),
            cap: gift.cap.clone(),
        },
    }
}

/// What the flags are good for.
pub(super) fn scope(gift: &Gift) -> Scope {
    Scope {
        products: gift.product.clone(),
        products_denied: gift.not_product.clone(),
        order_types: gift.order_type.clone(),
        billing: gift.billing.clone(),
        min_spend: gift.min_spend.clone(),
        min_period: gift.min_period.clone(),
        max_period: gift.max_period.clone(),
    }
}

/// What it takes off, in words.
pub(super) fn takes_off(benefit: &Benefit) -> String {
    match benefit {
        Benefit::Cash { value } => money(value),
        Benefit::SpendAndSave { threshold, off } => {
            format!("{} from {} on", money(off), money(threshold))
        }
        Benefit::Discount { percent, cap: Some(cap) } => {
            format!("{percent} %, {} at most", money(cap))
        }
        Benefit::Discount { percent, cap: None } => format!("{percent} %"),
    }
}

/// What it is good for, in words.
pub(super) fn good_for(scope: &Scope) -> String {
    let mut parts = Vec::new();
    let mut part = |name: &str, words: String| {
        if !words.is_empty() {
            parts.push(format!("{name}{words}"));
        }
    };
    part("", scope.products.join(", "));
    part("not ", scope.products_denied.join(", "));
    part("", scope.order_types.join(" or "));
    part("", or_nothing(scope.billing.as_ref()));
    part("from ", scope.min_spend.as_ref().map(money).unwrap_or_default());
    part("at least ", or_nothing(scope.min_period.as_ref()));
    part("at most ", or_nothing(scope.max_period.as_ref()));
    if parts.is_empty() { "all".to_owned() } else { parts.join("; ") }
}

fn held_by(coupon: &Coupon) -> String {
    let Some(holder) = &coupon.held_by else { return String::new() };
    match &holder.until {
        Some(until) => format!("{} until {until}", holder.order),
        None => holder.order.clone(),
    }
}

fn row(coupon: &Coupon) -> Vec<String> {
    vec![
        coupon.id.clone(),
        takes_off(&coupon.benefit),
        coupon.balance.as_ref().map(money).unwrap_or_default(),
        good_for(&coupon.scope),
        coupon.state.clone(),
        coupon.expires_at.clone(),
        held_by(coupon),
    ]
}

fn fitting(coupon: Coupon) -> Vec<String> {
    let takes_off = takes_off(&coupon.benefit);
    let (usable, off, because) = coupon.fit.map(verdict).unwrap_or_default();
    vec![coupon.id, takes_off, coupon.state, usable, off, because]
}

fn verdict(fit: Fit) -> (String, String, String) {
    let usable = match (fit.usable, fit.picked) {
        (true, true) => "picked",
        (true, false) => "yes",
        (false, _) => "no",
    };
    let because: Vec<String> = fit.unmet.into_iter().map(|unmet| unmet.detail).collect();
    let off = fit.deductible.as_ref().map(money).unwrap_or_default();
    (usable.to_owned(), off, because.join("\n"))
}

/// A coupon.
pub(super) fn card(coupon: &Coupon) -> Vec<(&'static str, String)> {
    vec![
        ("coupon", coupon.id.clone()),
        ("account", coupon.account.clone()),
        ("campaign", or_nothing(coupon.campaign.as_ref())),
        ("description", or_nothing(coupon.description.as_ref())),
        ("takes off", takes_off(&coupon.benefit)),
        ("left", coupon.balance.as_ref().map(money).unwrap_or_default()),
        ("for", good_for(&coupon.scope)),
        ("state", coupon.state.clone()),
        ("granted", coupon.granted_at.clone()),
        ("good from", coupon.effective_at.clone()),
        ("good until", coupon.expires_at.clone()),
        ("held by", held_by(coupon)),
        ("again for", or_nothing(coupon.again_for.as_ref())),
    ]
}
