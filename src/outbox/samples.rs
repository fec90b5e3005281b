//! Sample values, to try templates with before a customer does.

use rust_decimal::Decimal;

use crate::domain::calendar::{Period, Timestamp, Unit, Zone};
use crate::domain::effects::{About, Template};
use crate::domain::ids::{AccountId, CouponId, OrderId, StreamId, SubscriptionId};
use crate::domain::money::Money;
use crate::domain::nouns::subscription::Mode;

/// Every reason that a template may have to put into words.
const REASONS: [&str; 11] = [
    "NotEnoughFunds",
    "UnpaidOrder",
    "PlanRetired",
    "PeriodNotOffered",
    "InvalidPeriod.ExceededMaximumExpirationDate",
    "InvalidPeriod.ExceededDedicatedHost",
    "PeriodInPast",
    "requested",
    "timed_out",
    "released",
    "SomethingNew",
];

const MODES: [Mode; 3] = [Mode::AutoRenewal, Mode::ManualRenewal, Mode::NotRenewal];

fn account() -> AccountId {
    AccountId::from_bits(0x1_2345_6789_abcd)
}

/// The stream that a sample is of.
pub(super) fn stream(template: Template) -> StreamId {
    if template == Template::BrakeEngaged { StreamId::House } else { account().into() }
}

/// When a sample was caused: 2026-03-01T08:00:00Z.
pub(super) fn now() -> Timestamp {
    Timestamp::from_micros(1_772_352_000_000_000)
}

/// Values for `template` as they come up: every mode near and far, before and after
/// expiry, covered or not, every reason; and at last the least that there can be.
pub(super) fn of(template: Template, language: &str) -> Vec<About> {
    let mut all = Vec::new();
    if template == Template::BrakeEngaged {
        let about = About { count: Some(41), due_at: Some(now()), ..About::default() };
        all.push(about);
    } else {
        for days_left in [-40, -1, 0, 1, 15] {
            for mode in MODES {
                all.push(About { mode: Some(mode), ..full(days_left) });
            }
        }
        for covered in [Some(true), Some(false), None] {
            all.push(About { covered, automatic: covered, ..full(15) });
        }
        if matches!(template, Template::OrderCancelled | Template::RenewalFailed) {
            for reason in REASONS {
                all.push(About { reason: Some(reason.to_owned()), ..full(1) });
            }
        }
        // An order for a new subscription: nothing is paid yet, so nothing expires.
        all.push(About {
            expires_at: None,
            suspends_at: None,
            releases_at: None,
            starts_at: None,
            external_id: None,
            ..full(15)
        });
        all.push(About { amount: None, covered: None, ..full(15) });
        // Covered by itself, but not after what is due before it.
        all.push(About { cash: full(15).amount, covered: Some(false), ..full(15) });
    }
    all.push(About::default());
    for about in &mut all {
        language.clone_into(&mut about.language);
    }
    all
}

/// Does it hold what such a mail always holds? Then no sentence may have a gap.
pub(super) fn is_complete(template: Template, about: &About) -> bool {
    let paid = about.expires_at.is_some();
    let priced = about.amount.is_some();
    match template {
        Template::BrakeEngaged => about.count.is_some(),
        Template::ToppedUp | Template::OrderUnpaid => priced,
        Template::OrderCancelled | Template::OrderProcessing => about.product.is_some(),
        Template::OrderTimingOut => priced && about.deadline.is_some(),
        Template::OrderFailed | Template::Refunded => about.refund.is_some(),
        Template::PlanChanged => about.plan.is_some() && about.from_plan.is_some(),
        Template::CouponGranted | Template::CouponExpiring => {
            about.coupon.is_some() && about.expires_at.is_some()
        }
        Template::Activated | Template::Renewed | Template::TopUp => paid && priced,
        Template::Expiring
        | Template::ExpiredFor
        | Template::RenewalAhead
        | Template::RenewalFailed
        | Template::Expired
        | Template::Suspended
        | Template::ReleaseAhead
        | Template::Released => paid,
    }
}

fn full(days_left: i32) -> About {
    let zone: Zone = "Europe/Berlin".parse().unwrap_or(Zone::UTC);
    let later = |days: i32| Some(zone.plus_days(now(), days_left + days));
    let money = |minor| "EUR".parse().ok().map(|currency| Money::from_minor(minor, currency));
    About {
        language: String::new(),
        zone: Some(zone),
        subscription: Some(SubscriptionId::new(account(), 4)),
        external_id: Some("web-1".to_owned()),
        product: Some("vm".to_owned()),
        plan: Some("small".to_owned()),
        region: Some("eu-central".to_owned()),
        mode: Some(Mode::AutoRenewal),
        period: Some(Period::new(1, Unit::Month)),
        starts_at: later(-31),
        expires_at: later(0),
        suspends_at: later(7),
        releases_at: later(22),
        order: Some(OrderId::new(account(), 17)),
        deadline: later(1),
        amount: money(123_450),
        cash: money(2_000),
        covered: Some(false),
        automatic: Some(true),
        days: Some(3),
        due_at: Some(now()),
        attempt_at: later(-9),
        reason: Some("NotEnoughFunds".to_owned()),
        coupon: Some(CouponId::new(account(), 21)),
        description: Some("Welcome".to_owned()),
        coupon_amount: money(1_000),
        percent: Some(Decimal::from(15)),
        list: money(124_450),
        tax: money(19_711),
        tax_name: Some("VAT".to_owned()),
        refund: money(1_333),
        from_plan: Some("tiny".to_owned()),
        count: None,
    }
}
