//! Sample values, to try templates with before a customer does.

use rust_decimal::Decimal;

use crate::domain::calendar::{Period, Timestamp, Unit, Zone};
use crate::domain::effects::{About, Template};
use crate::domain::event::SealedRef;
use crate::domain::ids::{
    AccountId, CouponId, OrderId, ResourceId, StreamId, SubscriptionId, WithdrawalId,
};
use crate::domain::money::Money;
use crate::domain::month::Month;
use crate::domain::nouns::coupon::{Billing, Scope};
use crate::domain::nouns::order;
use crate::domain::nouns::subscription::Mode;

/// Every reason that a template may have to put into words.
const REASONS: [&str; 28] = [
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
    "reported",
    "unsubscribed",
    "unsubscribed_in_full",
    "period_cancelled",
    "part",
    "again",
    "request",
    "operator",
    "after_all",
    "login",
    "code_missed",
    "LiveSubscription",
    "UnreleasedResource",
    "OpenOrder",
    "Holding",
    "UnsettledUsage",
    "PositiveCash",
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
        if matches!(
            template,
            Template::OrderCancelled
                | Template::OrderFailed
                | Template::Refunded
                | Template::RenewalFailed
                | Template::CouponGranted
                | Template::WithdrawalPaid
                | Template::WithdrawalFailed
                | Template::ClosureApproval
                | Template::ClosureSettling
                | Template::ClosureReturned
                | Template::ClosureInterrupted
                | Template::ClosureRevoked
        ) {
            for reason in REASONS {
                all.push(About { reason: Some(reason.to_owned()), ..full(1) });
                // Nothing is left to be given back.
                let refund = full(1).refund.map(|refund| Money::zero(refund.currency()));
                all.push(About { reason: Some(reason.to_owned()), refund, ..full(1) });
            }
        }
        all.extend(orders());
        all.extend(coupons());
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
        all.push(About { until: full(15).expires_at, ..full(15) });
        // Covered by itself, but not after what is due before it.
        all.push(About { cash: full(15).amount, covered: Some(false), ..full(15) });
    }
    all.push(About::default());
    for about in &mut all {
        language.clone_into(&mut about.language);
    }
    all
}

/// Orders of each kind: for a while or for good, with a coupon that ends before them, priced
/// without parts, paid by a coupon alone.
fn orders() -> Vec<About> {
    let mut all = Vec::new();
    for kind in order::Kind::ALL {
        let is_change = matches!(kind, order::Kind::Upgrade | order::Kind::Downgrade);
        let about = || About { kind: Some(kind), ..full(15) };
        all.push(about());
        all.push(About { until: about().expires_at, starts_at: Some(now()), ..about() });
        all.push(About { coupon_expires_at: Some(now()), ..about() });
        all.push(About { amount: about().amount.map(|it| Money::zero(it.currency())), ..about() });
        all.push(About {
            // A change always replaces a plan.
            from_plan: about().from_plan.filter(|_| is_change),
            list: None,
            discount: None,
            coupon: None,
            coupon_amount: None,
            coupon_expires_at: None,
            description: None,
            tax: None,
            tax_name: None,
            tax_rate: None,
            ..about()
        });
    }
    all
}

/// Coupons of each kind: percentages with and without a cap, what is used once, what is used up;
/// good for everything, or for little.
fn coupons() -> Vec<About> {
    let narrow = Scope {
        products: vec!["vm".to_owned(), "db".to_owned()],
        products_denied: vec!["disk".to_owned()],
        order_types: order::Kind::ALL.to_vec(),
        billing: Some(Billing::Subscription),
        min_spend: full(15).list,
        min_period: Some(Period::new(1, Unit::Month)),
        max_period: Some(Period::new(1, Unit::Year)),
    };
    let mut all = Vec::new();
    for scope in
        [Scope::default(), narrow.clone(), Scope { billing: Some(Billing::Payg), ..narrow }]
    {
        let about = || About { scope: Some(scope.clone()), percent: None, ..full(15) };
        all.push(About { percent: Some(Decimal::from(15)), single_use: Some(true), ..about() });
        all.push(About {
            percent: Some(Decimal::new(75, 1)),
            single_use: Some(true),
            coupon_amount: None,
            ..about()
        });
        all.push(About { single_use: Some(true), description: None, ..about() });
        all.push(About { single_use: Some(false), ..about() });
    }
    all
}

/// Does it hold what such a mail always holds? Then no sentence may have a gap.
pub(super) fn is_complete(template: Template, about: &About) -> bool {
    let paid = about.expires_at.is_some();
    let priced = about.amount.is_some();
    match template {
        Template::BrakeEngaged => about.count.is_some(),
        Template::LowBalance
        | Template::WillRunShort
        | Template::Overdue
        | Template::ResourceHalted
        | Template::ResourceReleaseAhead => priced && about.available.is_some(),
        Template::DebtSettled => about.available.is_some(),
        Template::ResourceReleased | Template::ResourceRestored => about.resource.is_some(),
        Template::WithdrawalRequested | Template::WithdrawalPaid | Template::WithdrawalFailed => {
            priced && about.withdrawal.is_some()
        }
        Template::ClosureBegun => about.note.is_some() && about.due_at.is_some(),
        Template::ClosureCode => about.code.is_some() && about.until.is_some(),
        Template::ClosureSettling | Template::ClosureQuiet | Template::ClosureReturned => {
            about.until.is_some()
        }
        Template::ClosureApproval | Template::AccountClosed => about.due_at.is_some(),
        Template::ClosureInterrupted | Template::ClosureRevoked => about.reason.is_some(),
        Template::StatementReady => priced && about.month.is_some(),
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
        resource: Some(ResourceId::new(account(), 31)),
        withdrawal: Some(WithdrawalId::new(account(), 41)),
        available: money(-10_458),
        code: Some(SealedRef(3)),
        note: Some(SealedRef(4)),
        forfeit: Some(true),
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
        kind: Some(order::Kind::Renew),
        refund_of: Some(OrderId::new(account(), 11)),
        until: None,
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
        coupon_expires_at: later(40),
        single_use: Some(true),
        scope: None,
        list: money(105_739),
        discount: money(1_000),
        tax: money(19_711),
        tax_name: Some("VAT".to_owned()),
        tax_rate: Some(Decimal::from(19)),
        refund: money(1_333),
        from_plan: Some("tiny".to_owned()),
        month: Some(Month::of(now(), zone)),
        count: None,
    }
}
